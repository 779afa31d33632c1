/* A source of rules in one form: `overt yara fmt`. */
#ifndef OV_YARA_LAYOUT_H
#define OV_YARA_LAYOUT_H

#include "buf.h"
#include "parse.h"

/**
 * Appends a source, laid out anew: each section, entry and rule on lines of its own, conditions
 * indented by their parentheses. Words and comments stay as they are and in their order, which is
 * checked by reading what was written; a second time changes nothing.
 *
 * @param err  Where the source can't be read, and why.
 * @return OV_OK; OV_BAD with *err; OV_LIMIT, OV_NOMEM; OV_BUG: the result would not be the same
 * words.
 */
OV_MUST_USE ov_status ov_yformat(struct ov_cur bytes, struct ov_arena *a, struct ov_buf *out,
				 struct ov_yerror *err);

#endif
