/*
 * A slow and simple matcher for YARA's regular expressions, to hold the fast one against.
 *
 * Expressions are made from dice as a tree, and written down as text for the code under test; the
 * sets of places where a match of the tree can end are computed node by node, without programs,
 * atoms or order of preference. So it tells which matches may be reported and which must be.
 */
#ifndef OV_RE_REFERENCE_H
#define OV_RE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RR_TEXT 30u
#define RR_NODES 40u
#define RR_BODY 800u

struct rr_dice {
	const uint8_t *p;
	size_t n;
};

struct rr_node {
	char kind; /* byte b, any ., set [, sequence s, alternatives |, repetition *, edge B, begin
		      ^, end $ */
	uint8_t byte;
	int a, b;	   /* children, -1: none; of s and |: both */
	unsigned min, max; /* repetition */
};

struct rr {
	struct rr_node node[RR_NODES];
	int n, root;
	bool lazy, has_greedy, wide;
	char body[RR_BODY]; /* as a regular expression */
	size_t nbody;
};

unsigned rr_roll(struct rr_dice *d, unsigned n);
/** Makes an expression and writes it down. @return false when the dice ran into a limit. */
bool rr_make(struct rr *r, struct rr_dice *d);
/** Bit i: a match that begins at `from` can end at i. n <= RR_TEXT. */
uint64_t rr_ends(const struct rr *r, const uint8_t *text, size_t n, size_t from);

#endif
