/* The memory of a verdict: one block with the received bytes behind it, and an arena when there are
 * lists. */
#ifndef OV_VERDICT_INT_H
#define OV_VERDICT_INT_H

#include "arena.h"
#include "overt/verdict.h"
#include "wire.h"

struct ov_box {
	struct ov_wire_verdict w; /* first, so that overt_verdict_free() finds the box again */
	struct ov_arena arena;
	struct ov_box *next; /* in the queue of finished ones */
	size_t nbody;
	uint8_t body[]; /* the texts point here */
};

/** A box with a copy of a VERDICT's body, parsed. @return also what ov_wire_get_verdict() says of
 * the bytes. */
OV_MUST_USE ov_status ov_box_received(struct ov_cur body, struct ov_box **out);

/**
 * A box with a verdict of the broker's own: OVERT_ERROR with a text, or OVERT_INCOMPLETE with a
 * reason.
 * @param text  Copied.
 */
OV_MUST_USE ov_status ov_box_error(const char *text, struct ov_box **out);
OV_MUST_USE ov_status ov_box_incomplete(enum overt_reason reason, const char *text,
					struct ov_box **out);
void ov_box_free(struct ov_box **b);

#endif
