/*
 * The gate: which of a few patterns can't occur in a layer at all.
 *
 * One part of each variant of a pattern is searched, the rarest, until it is met for the first
 * time; a pattern of which no variant's part was met is not there. What is met is searched no
 * further, so a pass costs little more than the sieve's kernel, whatever the bytes are. Never says
 * that a pattern is absent which is there; may fail to say that one is absent.
 *
 * Usage, per layer: begin, add ..., run (once a window, in order), is_absent ...
 */
#ifndef OV_GATE_H
#define OV_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pattern.h"
#include "sieve.h"
#include "status.h"

#define OV_GATE_KEYS OV_SIEVE_KEYS
#define OV_GATE_PICKS 4u /* most variants of a pattern that are looked for */
#define OV_GATE_NO_SLOT UINT32_MAX
#define OV_GATE_NO_PART UINT32_MAX

/* What is searched of one variant: at most four bytes of a part. Found once, used for each layer.
 */
struct ov_gate_pick {
	struct ov_sieve_key key;     /* its token is not used                     */
	uint32_t part;		     /* number in the section                     */
	uint32_t dist_min, dist_max; /* from the part's start to the key          */
};

struct ov_gate;

OV_MUST_USE ov_status ov_gate_new(struct ov_gate **out);
void ov_gate_free(struct ov_gate **g);

/**
 * Chooses what to search for a pattern.
 *
 * @param met   A part that is known to be there and so tells nothing, as ov_pats_part_of_key()
 *              counts parts; OV_GATE_NO_PART: none.
 * @param cost  Roughly how often that is expected, in hits per 1000 MB.
 * @return How many of `out` are set; 0: there is nothing to search it by.
 */
size_t ov_gate_pick(const struct ov_pats *pats, uint32_t pattern, uint32_t met,
		    struct ov_gate_pick out[OV_GATE_PICKS], uint64_t *cost);

/** Starts a layer of `size` bytes. The section must outlive it; its patterns that are added must
 * have passed ov_pats_check(). */
void ov_gate_begin(struct ov_gate *g, const struct ov_pats *pats, uint64_t size);

/** Asks for a pattern by what was picked for it. @return its slot; OV_GATE_NO_SLOT: no room. */
uint32_t ov_gate_add(struct ov_gate *g, const struct ov_gate_pick *picks, size_t n);

/**
 * Searches bytes [base, base + n) of the layer. Windows come in order, and each holds the last
 * OV_SIEVE_WIDTH - 1 bytes of the one before.
 * @return OV_OK, OV_UNSUPPORTED (no kernel), OV_LIMIT (a window of 4 GiB).
 */
OV_MUST_USE ov_status ov_gate_run(struct ov_gate *g, const uint8_t *p, size_t n, uint64_t base);

/** True when nothing is left to search for in this layer. */
bool ov_gate_is_done(const struct ov_gate *g);

/** True when the whole layer was given to ov_gate_run() and no part of the slot's was met. */
bool ov_gate_is_absent(const struct ov_gate *g, uint32_t slot);

/** Steps that the layer took, about 3 ns each, the kernel's pass not included. */
uint64_t ov_gate_work(const struct ov_gate *g);

#endif
