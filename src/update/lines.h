/*
 * Strict line texts, as signed data is written here: words parted by one space, numbers without
 * leading zeros, digests in lower-case hexadecimal. One meaning has one spelling.
 */
#ifndef OV_LINES_H
#define OV_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "str.h"

#define OV_SHA256_BYTES 32

/** Splits a line into exactly `n` words, none empty; with `rest`, the last takes what is left.
 * @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status ov_lines_words(struct ov_str line, struct ov_str *words, size_t n, bool rest);

OV_MUST_USE ov_status ov_lines_u64(struct ov_str word, uint64_t *out);
OV_MUST_USE ov_status ov_lines_sha256(struct ov_str word, uint8_t out[OV_SHA256_BYTES]);

/** The first bytes of a digest, which tell files apart and prove nothing: 16 digits. */
#define OV_SHORT_BYTES 8
OV_MUST_USE ov_status ov_lines_short(struct ov_str word, uint8_t out[OV_SHORT_BYTES]);

/** True for a name of ours: 1 to 64 of [a-z0-9._+-], not beginning with a dot. */
bool ov_lines_name_ok(struct ov_str s);

#endif
