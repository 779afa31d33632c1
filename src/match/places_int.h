/* Inside src/match: how places are looked up. */
#ifndef OV_PLACES_INT_H
#define OV_PLACES_INT_H

#include "gram_int.h"
#include "pattern_int.h"
#include "places.h"

static inline const struct ov_places_slot *places_of(const struct ov_places *l, uint32_t folded)
{
	return &l->slots[(folded * GRAM_MUL_WORD) >> (32 - l->slots_log2)];
}

/* The gram at a byte of a part's key, if its four bytes are certain but for case. */
static inline bool places_gram(const struct part_view *part, uint32_t at, uint32_t *folded)
{
	const uint8_t *value = part->key + at;

	*folded = ov_le32(value) | GRAM_FOLD;
	return (ov_le32(value + OV_GRAM_MAX) | GRAM_FOLD) == UINT32_MAX;
}

/**
 * The rarest gram of a part's key, which has at least OV_GRAM_MIN bytes.
 * @param at  Its distance from the key's start.
 * @return its slot; NULL when one of the key's grams stands nowhere, so the key does not either.
 */
const struct ov_places_slot *places_rarest(const struct ov_places *l, const struct part_view *part,
					   uint32_t *at);

#endif
