/*
 * Where the folded grams of four bytes stand in a small layer: of each the first place, the last,
 * how many, and all of them in order.
 *
 * To hold hundreds of patterns against one small layer, where to make a table of their keys would
 * cost more than to search it. Grams that share a slot count as one: places are a superset, and no
 * place that a gram has is missing.
 */
#ifndef OV_PLACES_H
#define OV_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "pattern.h"
#include "status.h"

#define OV_PLACES_MAX ((size_t)1 << 15) /* bytes of a layer, at most */

struct ov_places_slot { /* places are counted from 1 here; 0: none */
	uint16_t first, last, count, spare;
};

struct ov_places { /* starts as zeros; used again for other bytes */
	struct ov_buf memory;
	struct ov_places_slot *slots; /* 2^slots_log2 */
	uint16_t *next;		      /* by place: the slot's next one, or 0 */
	uint32_t slots_log2;
	size_t n; /* bytes of the layer; 0: nothing is known */
};

/** Notes the places of n bytes. @return OV_OK; OV_LIMIT for more than OV_PLACES_MAX; OV_NOMEM: then
 * nothing is known. Its memory, 320 KiB at most, is kept. */
OV_MUST_USE ov_status ov_places_take(struct ov_places *l, const uint8_t *p, size_t n);
void ov_places_free(struct ov_places *l);

/**
 * Could the pattern be there: do its parts' grams stand in an order, and at distances, that its
 * gaps allow? Never false for a pattern that matches.
 *
 * @param pattern  It need not be verified: of a broken one anything may be said.
 */
bool ov_places_may_have(const struct ov_places *l, const struct ov_pats *pats, uint32_t pattern);

#endif
