/*
 * The finder: exact search of a chosen few patterns in one layer, after the gram filter woke their
 * rules.
 *
 * Usage, per layer: begin, add ..., run, result ... . It builds a small sieve or gram table
 * from the patterns' anchors in its own scratch memory, passes once over the layer (in windows when
 * it is not in memory), verifies parts, joins them over gaps, and counts. No allocation after
 * ov_finder_new unless a layer needs more slots than any before.
 */
#ifndef OV_FINDER_H
#define OV_FINDER_H

#include <stdbool.h>
#include <stdint.h>

#include "pattern.h"
#include "places.h"
#include "source.h"
#include "status.h"

struct ov_finder;

struct ov_range {
	uint64_t lo, hi; /* a match of the first part must start in lo..hi, both included */
};

struct ov_find {		   /* what was found of one pattern */
	uint64_t count;		   /* as the pattern's count mode says                     */
	uint64_t first, first_len; /* offset and bytes of the first match, if count > 0    */
	uint64_t last, last_len;   /* and of the last counted one; of several first parts that fit,
				    * the   earliest, as ClamAV's byte compare takes it */
	bool is_limited;	   /* a step or list budget was spent: count may be too low */
};

OV_MUST_USE ov_status ov_finder_new(struct ov_finder **out);
void ov_finder_free(struct ov_finder **f);

/** Bytes read at a time from sources that are not in memory (4 MiB unless told; for tests). At
 * least 64. */
void ov_finder_set_window(struct ov_finder *f, size_t bytes);

/** For tests: the sieve's kernel (AUTO unless told; one that the CPU lacks fails runs), and how
 * many keys it may take (OV_SIEVE_KEYS unless told; 0: all is searched by the gram filter). */
void ov_finder_set_sieve(struct ov_finder *f, enum ov_kernel k, size_t keys);

/** Starts a layer. The section must outlive the layer. */
void ov_finder_begin(struct ov_finder *f, const struct ov_pats *pats);

/**
 * Asks for a pattern. Asking twice for the same pattern and ranges may give the same slot.
 * @param ranges  Copied. nranges 0: anywhere.
 * @return OV_OK; OV_LIMIT too many; OV_NOMEM; OV_BUG for a pattern number out of range.
 */
OV_MUST_USE ov_status ov_finder_add(struct ov_finder *f, uint32_t pattern,
				    const struct ov_range *ranges, size_t nranges, uint32_t *slot);

/**
 * Searches. @param deadline_ns CLOCK_MONOTONIC time at which to give up, 0: never; looked at about
 * once a MiB.
 * @return OV_OK; OV_LIMIT when the deadline passed (results so far stand, marked is_limited);
 * OV_IO; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_finder_run(struct ov_finder *f, const struct ov_src *src,
				    uint64_t deadline_ns);

struct ov_probe { /* a part of a pattern, and the bytes [base, base + n) of a layer of `size` */
	uint32_t pattern, part; /* as ov_pats_part_of_key() counts parts */
	const uint8_t *p;
	size_t n;
	uint64_t base, size;
};

/** Steps, of about 3 ns, that a layer of `size` bytes has for all its searches together. Ordinary
 * files need a hundredth of that. */
uint64_t ov_finder_steps(uint64_t size);

/** The next run may take so many steps (at least 1) instead of those that its bytes have. */
void ov_finder_allow(struct ov_finder *f, uint64_t steps);

/** Where the grams of the next run's bytes stand, if they are all in memory; NULL: not known. Then
 * many patterns are looked up there, and no table of their keys is made. */
void ov_finder_places(struct ov_finder *f, const struct ov_places *places);

/** Steps that the last run left. */
uint64_t ov_finder_left(const struct ov_finder *f);

/**
 * Tells whether a part can match with its key at offset `at` of the layer, without any search.
 * Needs no begin.
 *
 * @param steps  Budget; what was used is taken off, some for each call.
 * @return OV_OK it matches; OV_END it does not; OV_SHORT not to be told from these bytes or with
 * this budget.
 */
OV_MUST_USE ov_status ov_finder_probe(struct ov_finder *f, const struct ov_pats *pats,
				      const struct ov_probe *what, uint64_t at, uint64_t *steps);

/** True when the last run spent the steps that a layer of its size has: results are what was found
 * up to there, all marked is_limited. */
bool ov_finder_is_spent(const struct ov_finder *f);

/** Result of a slot, valid until the next begin. */
const struct ov_find *ov_finder_result(const struct ov_finder *f, uint32_t slot);

/** Work that a slot's pattern took in the last run: instructions, and some for each try. For `overt
 * db cost`. */
uint64_t ov_finder_work(const struct ov_finder *f, uint32_t slot);

/**
 * All counted match positions of a slot, in order, as far as they were kept (at most
 * OV_FINDER_KEPT).
 */
#define OV_FINDER_KEPT 4096
size_t ov_finder_matches(const struct ov_finder *f, uint32_t slot, const struct ov_range **spans);

#endif
