/*
 * A log's checkpoint (C2SP tlog-checkpoint): a note whose text is three lines: origin, size, root
 * in base64. Lines beyond are refused: not each kind of signature covers them.
 */
#ifndef OV_CHECKPOINT_H
#define OV_CHECKPOINT_H

#include "merkle.h"
#include "note.h"

struct ov_checkpoint {
	struct ov_str origin; /* a view into the text */
	uint64_t size;
	struct ov_merkle_hash root;
};

/** Parses a note's text. @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status ov_checkpoint_parse(struct ov_str text, struct ov_checkpoint *out);

/** Appends the text. @return OV_OK; OV_BAD for an origin that can't be one; OV_NOMEM. */
OV_MUST_USE ov_status ov_checkpoint_write(const struct ov_checkpoint *c, struct ov_buf *out);

/** Reads a decimal number without leading zeros. @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status ov_checkpoint_number(struct ov_str s, uint64_t *out);

/** Reads a hash in base64. @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status ov_checkpoint_hash(struct ov_str s, struct ov_merkle_hash *out);

#endif
