/*
 * A slow, plain matcher over pattern trees and a generator of random trees, that the real code is
 * held against. Written from the comments of pattern.h and finder.h alone; shares no code with
 * src/match. For tests and fuzzing.
 */
#ifndef OV_TEST_REFERENCE_H
#define OV_TEST_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "finder.h"
#include "pattern.h"

#define REF_TEXT 512 /* most bytes of text */

struct ref_dice { /* random choices from bytes; 0 when they have run out */
	const uint8_t *p;
	size_t n;
};

unsigned ref_roll(struct ref_dice *d, unsigned sides);

/** Makes a random pattern with 1..2 variants. Everything lives in the arena. @return false when it
 * has no memory. */
bool ref_pattern(struct ref_dice *d, struct ov_arena *a, struct ov_pat_ir *out);

/** Fills text with bytes that the patterns like. @return its length. */
size_t ref_text(struct ref_dice *d, uint8_t text[REF_TEXT]);

struct ref_found {
	uint64_t count;
	uint64_t first; /* STARTS: the first start   */
	uint64_t first_len;
};

/** Counts matches the slow way. @param ranges  As in ov_finder_add. */
void ref_find(const struct ov_pat_ir *ir, const uint8_t *text, size_t n,
	      const struct ov_range *ranges, size_t nranges, struct ref_found *out);

/** True when the pattern matches exactly [start, start + len). */
bool ref_matches(const struct ov_pat_ir *ir, const uint8_t *text, size_t n, uint64_t start,
		 uint64_t len);

/** Shortest match at `start`. @return false when there is none. */
bool ref_shortest(const struct ov_pat_ir *ir, const uint8_t *text, size_t n, uint64_t start,
		  uint64_t *len);

#endif
