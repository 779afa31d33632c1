/* The census of grams. */
#include "census.h"

#include <string.h>

#include "gram_int.h"
#include "pattern_int.h"

#define BITS_MIN 13u
#define BITS_MAX 24u
#define BITS_A_BYTE 4u /* so that at most a quarter of them is set; keys have up to 13 grams */

static uint32_t slot_of(uint32_t folded, uint32_t bits_log2)
{
	return (folded * GRAM_MUL_WORD) >> (32 - bits_log2);
}

ov_status ov_census_take(struct ov_census *c, const uint8_t *p, size_t n)
{
	uint32_t log2 = BITS_MIN;

	ov_census_drop(c);
	if (n <= OV_PLACES_MAX)
		return ov_places_take(&c->places, p, n);
	while (log2 < BITS_MAX && (uint64_t)1 << log2 < (uint64_t)n * BITS_A_BYTE)
		log2++;
	if (c->bits.max == 0)
		c->bits = ov_buf_of((size_t)1 << (BITS_MAX - 3));
	c->bits.n = 0;
	OV_TRY(ov_buf_zero(&c->bits, (size_t)1 << (log2 - 3)));
	c->bits_log2 = log2;
	for (size_t i = 0; i + OV_GRAM_MIN <= n; i++) {
		const uint32_t slot = slot_of(ov_le32(p + i) | GRAM_FOLD, log2);

		c->bits.p[slot / 8] |= (uint8_t)(1u << slot % 8);
	}
	return OV_OK;
}

void ov_census_free(struct ov_census *c)
{
	ov_buf_free(&c->bits);
	ov_places_free(&c->places);
}

void ov_census_drop(struct ov_census *c)
{
	c->bits_log2 = 0;
	c->places.n = 0;
}

static bool may_have_part(const struct ov_census *c, const struct part_view *part)
{
	for (uint32_t i = 0; i + OV_GRAM_MIN <= part->key_n; i = gram_next(i, part->key_n)) {
		const uint8_t *value = part->key + i;
		uint32_t slot;

		if ((ov_le32(value + OV_GRAM_MAX) | GRAM_FOLD) != UINT32_MAX)
			continue;
		slot = slot_of(ov_le32(value) | GRAM_FOLD, c->bits_log2);
		if ((c->bits.p[slot / 8] >> slot % 8 & 1) == 0)
			return false;
	}
	return true;
}

static bool may_have_variant(const struct ov_census *c, const struct ov_pats *pats,
			     struct variant_view v)
{
	if (!has_parts(pats, &v))
		return true;
	for (uint32_t k = 0; k < v.nparts; k++) {
		const struct part_view part = part_of(pats, v.first_part + k);

		if (part.key_n <= OV_GRAM_MAX && !may_have_part(c, &part))
			return false;
	}
	return true;
}

bool ov_census_may_have(const struct ov_census *c, const struct ov_pats *pats, uint32_t pattern)
{
	struct pattern_view p;

	if (c->places.n > 0)
		return ov_places_may_have(&c->places, pats, pattern);
	if (c->bits_log2 == 0 || pattern >= pats->count)
		return true;
	p = pattern_of(pats, pattern);
	if (!has_variants(pats, &p))
		return true;
	for (uint32_t i = 0; i < p.nvariants; i++)
		if (may_have_variant(c, pats, variant_of(pats, p.first_variant + i)))
			return true;
	return false;
}

void ov_census_ask_ahead(const struct ov_census *c, const struct ov_pats *pats, uint32_t pattern)
{
	struct pattern_view p;
	struct variant_view v;
	struct part_view part;

	if (c->bits_log2 == 0 || pattern >= pats->count)
		return;
	p = pattern_of(pats, pattern);
	if (p.nvariants == 0 || !has_variants(pats, &p))
		return;
	v = variant_of(pats, p.first_variant);
	if (v.nparts == 0 || !has_parts(pats, &v))
		return;
	part = part_of(pats, v.first_part);
	for (uint32_t i = 0; i + OV_GRAM_MIN <= part.key_n && i < OV_GRAM_MAX;
	     i = gram_next(i, part.key_n))
		__builtin_prefetch(c->bits.p +
				   slot_of(ov_le32(part.key + i) | GRAM_FOLD, c->bits_log2) / 8);
}
