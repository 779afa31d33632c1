/* Canonical Huffman codes: tables from lengths, and the slow path. */
#include "huff.h"

#include <string.h>

ov_status ov_lsb_refill(struct ov_inflow *in, struct ov_lsb *b)
{
	while (b->n <= 48) {
		const ov_status s = ov_in_fill(in);

		if (s != OV_OK)
			return s == OV_END ? OV_OK : s;
		while (in->left > 0 && b->n <= 48) {
			b->hold |= (uint64_t)*in->p << b->n;
			b->n += 8;
			ov_in_take(in, 1);
		}
	}
	return OV_OK;
}

/* Codes stand with their first bit lowest; table indexes need them mirrored. */
static unsigned mirror(unsigned v, unsigned n)
{
	unsigned r = 0;

	for (; n > 0; n--, v >>= 1)
		r = r << 1 | (v & 1);
	return r;
}

static void fill_fast(struct ov_huff *c, const uint8_t *lengths, unsigned n)
{
	unsigned next[OV_HUFF_LENGTHS + 2] = { 0 };

	for (unsigned l = 1; l <= OV_HUFF_LENGTHS; l++)
		next[l + 1] = (next[l] + c->count[l]) << 1;
	memset(c->fast, 0, sizeof c->fast);
	for (unsigned s = 0; s < n; s++) {
		const unsigned l = lengths[s];
		unsigned at;

		if (l == 0)
			continue;
		at = mirror(next[l]++, l);
		for (; l <= OV_HUFF_FAST && at < 1u << OV_HUFF_FAST; at += 1u << l)
			c->fast[at] = (uint16_t)(s << 4 | l);
	}
}

ov_status ov_huff_build(struct ov_huff *c, const uint8_t *lengths, unsigned n, bool may_be_poor)
{
	uint16_t offset[OV_HUFF_LENGTHS + 2] = { 0 };
	int left = 1;
	unsigned longest = 0;

	memset(c->count, 0, sizeof c->count);
	for (unsigned s = 0; s < n; s++) {
		c->count[lengths[s]]++;
		longest = lengths[s] > longest ? lengths[s] : longest;
	}
	c->count[0] = 0;
	for (unsigned l = 1; l <= OV_HUFF_LENGTHS; l++) {
		left = left * 2 - c->count[l];
		if (left < 0)
			return OV_BAD;
		offset[l + 1] = (uint16_t)(offset[l] + c->count[l]);
	}
	if (left > 0 && !(may_be_poor && longest <= 1))
		return OV_BAD;
	for (unsigned s = 0; s < n; s++)
		if (lengths[s] != 0)
			c->symbol[offset[lengths[s]]++] = (uint16_t)s;
	fill_fast(c, lengths, n);
	return OV_OK;
}

ov_status ov_huff_take_slowly(struct ov_lsb *b, const struct ov_huff *c, unsigned *out)
{
	const uint64_t bits = b->hold ^ c->invert;
	unsigned code = 0, first = 0, index = 0;

	for (unsigned l = 1; l <= OV_HUFF_LENGTHS; l++) {
		if (l > b->n)
			return OV_SHORT;
		code |= (unsigned)(bits >> (l - 1)) & 1;
		if (code < first + c->count[l]) {
			*out = c->symbol[index + (code - first)];
			b->hold >>= l;
			b->n -= l;
			return OV_OK;
		}
		index += c->count[l];
		first = (first + c->count[l]) << 1;
		code <<= 1;
	}
	return OV_BAD; /* a pattern that no code has */
}
