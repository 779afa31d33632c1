/* Places of grams. */
#include "places.h"

#include <string.h>

#include "checked.h"
#include "places_int.h"

#define SLOTS_MIN 8u /* log2 */
#define SLOTS_MAX 16u

ov_status ov_places_take(struct ov_places *l, const uint8_t *p, size_t n)
{
	uint32_t log2 = SLOTS_MIN;
	size_t slots;

	l->n = 0;
	if (n > OV_PLACES_MAX)
		return OV_LIMIT;
	while (log2 < SLOTS_MAX && (size_t)1 << log2 < n)
		log2++;
	slots = sizeof *l->slots << log2;
	l->memory.max = SIZE_MAX;
	l->memory.n = 0;
	OV_TRY(ov_buf_reserve(&l->memory, slots + (n + 1) * sizeof *l->next));
	memset(l->memory.p, 0, slots);
	l->slots = (struct ov_places_slot *)(void *)l->memory.p;
	l->next = (uint16_t *)(void *)(l->memory.p + slots);
	l->slots_log2 = log2;
	l->n = n;
	for (size_t i = 1; i + OV_GRAM_MIN <= n + 1; i++) {
		struct ov_places_slot *s =
		    &l->slots[((ov_le32(p + i - 1) | GRAM_FOLD) * GRAM_MUL_WORD) >> (32 - log2)];

		l->next[s->last] = (uint16_t)i; /* of none: the unused place 0 */
		l->next[i] = 0;
		s->first = s->count == 0 ? (uint16_t)i : s->first;
		s->last = (uint16_t)i;
		s->count++;
	}
	return OV_OK;
}

void ov_places_free(struct ov_places *l)
{
	ov_buf_free(&l->memory);
	l->n = 0;
}

const struct ov_places_slot *places_rarest(const struct ov_places *l, const struct part_view *part,
					   uint32_t *at)
{
	const struct ov_places_slot *best = NULL;

	for (uint32_t i = 0; i + OV_GRAM_MIN <= part->key_n; i++) {
		const struct ov_places_slot *s;
		uint32_t folded;

		if (!places_gram(part, i, &folded))
			continue;
		s = places_of(l, folded);
		if (s->count == 0)
			return NULL;
		if (best == NULL || s->count < best->count) {
			best = s;
			*at = i;
		}
	}
	return best;
}

/* Where a part may start: no earlier, no later. */
struct reach {
	uint64_t lo, hi;
};

/* By its key, if it has one. @return false: it is not there. */
static bool narrow_by_key(const struct ov_places *l, const struct part_view *part, struct reach *r)
{
	for (uint32_t i = 0; i + OV_GRAM_MIN <= part->key_n; i = gram_next(i, part->key_n)) {
		const struct ov_places_slot *s;
		uint64_t first, last;
		uint32_t folded;

		if (!places_gram(part, i, &folded))
			continue;
		s = places_of(l, folded);
		if (s->count == 0 || s->last <= part->dist_min + (uint64_t)i)
			return false;
		first = s->first - 1u;
		last = s->last - 1u - (part->dist_min + (uint64_t)i);
		first -= ov_min_u64(first, part->dist_max + (uint64_t)i);
		r->lo = ov_max_u64(r->lo, first);
		r->hi = ov_min_u64(r->hi, last);
	}
	return r->lo <= r->hi;
}

static bool may_have_variant(const struct ov_places *l, const struct ov_pats *pats,
			     struct variant_view v)
{
	struct reach end = { 0, 0 }; /* of the part before */

	if (!has_parts(pats, &v))
		return true;
	for (uint32_t k = 0; k < v.nparts; k++) {
		const struct part_view part = part_of(pats, v.first_part + k);
		struct reach start = { 0, l->n };

		if (part.key_n > OV_GRAM_MAX)
			return true; /* broken */
		if (part.min > l->n)
			return false;
		start.hi = l->n - part.min;
		if (k > 0) {
			if (part.gap_min > l->n)
				return false;
			start.lo = end.lo + part.gap_min;
			if (part.gap_max < l->n)
				start.hi = ov_min_u64(start.hi, end.hi + part.gap_max);
		}
		if (!narrow_by_key(l, &part, &start))
			return false;
		end.lo = start.lo + part.min;
		end.hi = start.hi + part.max;
	}
	return true;
}

bool ov_places_may_have(const struct ov_places *l, const struct ov_pats *pats, uint32_t pattern)
{
	struct pattern_view p;

	if (l->n == 0 || pattern >= pats->count)
		return true;
	p = pattern_of(pats, pattern);
	if (!has_variants(pats, &p))
		return true;
	for (uint32_t i = 0; i < p.nvariants; i++)
		if (may_have_variant(l, pats, variant_of(pats, p.first_variant + i)))
			return true;
	return false;
}
