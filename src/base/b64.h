/*
 * Base64 (RFC 4648 section 4), strict: canonical padding, no white space, unused bits zero. One
 * value has one spelling, so that a signature can't be written in two ways.
 */
#ifndef OV_B64_H
#define OV_B64_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "status.h"
#include "str.h"

/** Characters that encode `n` bytes. */
#define OV_B64_SIZE(n) (((n) + 2) / 3 * 4)

/**
 * Decodes all of `s`.
 * @param max Room in `out`, bytes. @param n  Bytes written.
 * @return OV_OK; OV_BAD for anything but canonical base64; OV_LIMIT when it does not fit.
 */
OV_MUST_USE ov_status ov_b64_decode(struct ov_str s, uint8_t *out, size_t max, size_t *n);

/** Appends `n` bytes as text. @return OV_OK, OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_b64_encode(struct ov_buf *b, const void *p, size_t n);

#endif
