/*
 * File type magic that databases carry (.ftm): bodies of OV_EXTRA_MAGIC records.
 *
 *   0      2      4       6        8        12      16
 *   | type | from | kind  | nbytes | offset | shift | bytes ... | patterns ... |
 *
 * Kind 0: the bytes stand at `offset`. Kind 1: the pattern (a section of one, pattern.h) begins at
 * offset .. offset + shift; the bytes are a run of it that must occur.
 */
#ifndef OV_MAGIC_H
#define OV_MAGIC_H

#include "buf.h"
#include "cursor.h"
#include "pattern.h"
#include "status.h"
#include "str.h"
#include "type.h"

#define OV_MAGIC_BYTES 64   /* most that are kept */
#define OV_MAGIC_HEAD 1024u /* bytes of a layer that patterns are looked for in, as in clamscan */

struct ov_magic {
	enum ov_type type, from; /* from: OV_T_ANY for all */
	bool is_pattern;
	uint32_t offset, shift;
	struct ov_str bytes;
	struct ov_cur pattern; /* kind 1: the section */
};

/** Appends a body. @return OV_OK; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_magic_put(const struct ov_magic *m, struct ov_buf *out);

/** Reads a body, with views into it. @return OV_OK or OV_BAD, which no verified body gives. */
OV_MUST_USE ov_status ov_magic_get(struct ov_cur body, struct ov_magic *out);

/** Verifies a body as hostile input, its pattern too. */
OV_MUST_USE ov_status ov_magic_verify(struct ov_cur body);

/** True when it says that a layer beginning with `head`, so far taken for `own`, is of its type. */
bool ov_magic_holds(const struct ov_magic *m, struct ov_cur head, enum ov_type own);

#endif
