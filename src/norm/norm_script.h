/*
 * JavaScript as ClamAV's signatures see it: see norm_script.c. The rules were found by running
 * `sigtool --html-normalise` on made input.
 */
#ifndef OV_NORM_SCRIPT_H
#define OV_NORM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "status.h"
#include "str.h"

/* Bytes of output for n bytes of a script, beside "<script>" and "</script>". */
#define OV_NORM_SCRIPT_BYTES(n) (3 * (n) + 64)

struct ov_norm_script;

/** A normaliser with its memory; used for one page after the other. */
OV_MUST_USE ov_status ov_norm_script_new(struct ov_norm_script **out);
void ov_norm_script_free(struct ov_norm_script **s);

/** Forgets the names of the page before. */
void ov_norm_script_begin(struct ov_norm_script *s);

/**
 * Appends one script of a page, normalised, to `out`.
 * @return OV_OK; OV_NOMEM; OV_LIMIT from the buffer.
 * Time and memory are linear in its bytes; no recursion. Threads: one at a time per normaliser.
 */
OV_MUST_USE ov_status ov_norm_script(struct ov_norm_script *s, struct ov_str body,
				     struct ov_buf *out);

#endif
