/*
 * PKZIP's implode (ZIP method 6, APPNOTE 5.3): LZ77 with Shannon-Fano codes whose bits stand
 * inverted. Own code, as no library of Debian's reads it.
 *
 *   [literal tree] length tree | distance tree | items
 *   item: 1 literal | 0 low bits of distance, high bits (coded), length (coded)
 *
 * A tree is a byte count - 1, then bytes of (times - 1) << 4 | (length - 1). There is no end mark:
 * the declared size ends it. Matches may reach before the start, where zeros stand.
 */
#include "decoder_int.h"

#include <string.h>

#include "checked.h"
#include "huff.h"

#define RING ((size_t)1 << 13)

struct explode {
	struct ov_lsb bits;
	bool has_literals, is_wide;
	uint64_t made;
	unsigned length, distance; /* what is left of a match */
	struct ov_huff literals, lengths, distances;
	uint8_t ring[RING];
};

static ov_status read_tree(struct ov_inflow *in, struct ov_huff *c, unsigned n)
{
	uint8_t lengths[256], count, b;
	unsigned at = 0;

	OV_TRY(ov_in_u8(in, &count));
	for (unsigned i = 0; i <= count; i++) {
		OV_TRY(ov_in_u8(in, &b));
		if ((b >> 4) + 1u > n - at)
			return OV_BAD;
		memset(lengths + at, (b & 15) + 1, (b >> 4) + 1u);
		at += (b >> 4) + 1u;
	}
	if (at != n)
		return OV_BAD;
	c->invert = UINT64_MAX;
	return ov_huff_build(c, lengths, n, false);
}

static ov_status open_explode(struct ov_decoder *d)
{
	struct explode *x;

	if (d->params.plain_size == UINT64_MAX)
		return OV_UNSUPPORTED; /* nothing else tells where it ends */
	if (sizeof *x > d->params.max_memory)
		return OV_LIMIT;
	OV_TRY(ov_arena_new(d->arena, &x));
	d->own = x;
	x->is_wide = (d->params.zip_flags & 2) != 0;
	x->has_literals = (d->params.zip_flags & 4) != 0;
	if (x->has_literals)
		OV_TRY(read_tree(&d->in, &x->literals, 256));
	OV_TRY(read_tree(&d->in, &x->lengths, 64));
	return read_tree(&d->in, &x->distances, 64);
}

static ov_status read_match(struct ov_inflow *in, struct explode *x)
{
	const unsigned nlow = x->is_wide ? 7 : 6;
	unsigned high, length;
	uint32_t low, more = 0;

	OV_TRY(ov_lsb_take(in, &x->bits, nlow, &low));
	OV_TRY(ov_huff_take(in, &x->bits, &x->distances, &high));
	OV_TRY(ov_huff_take(in, &x->bits, &x->lengths, &length));
	if (length == 63)
		OV_TRY(ov_lsb_take(in, &x->bits, 8, &more));
	x->distance = (high << nlow | low) + 1;
	x->length = length + more + (x->has_literals ? 3 : 2);
	return OV_OK;
}

/* One literal into *out, or a match begun. */
static ov_status read_item(struct ov_inflow *in, struct explode *x, unsigned *out, bool *is_literal)
{
	uint32_t v;

	OV_TRY(ov_lsb_take(in, &x->bits, 1, &v));
	*is_literal = v != 0;
	if (v == 0)
		return read_match(in, x);
	if (x->has_literals)
		return ov_huff_take(in, &x->bits, &x->literals, out);
	OV_TRY(ov_lsb_take(in, &x->bits, 8, &v));
	*out = v;
	return OV_OK;
}

static ov_status read_explode(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct explode *x = d->own;

	for (*got = 0; *got < n;) {
		unsigned b = 0;

		d->in.ahead = x->bits.n / 8;
		if (x->made >= d->params.plain_size)
			return OV_END;
		if (x->length == 0) {
			bool is_literal;

			OV_TRY(read_item(&d->in, x, &b, &is_literal));
			if (!is_literal)
				continue; /* a match of two bytes at least */
		} else {
			x->length--;
			b = x->ring[(x->made - x->distance) % RING];
		}
		x->ring[x->made++ % RING] = (uint8_t)b;
		to[(*got)++] = (uint8_t)b;
	}
	d->in.ahead = x->bits.n / 8;
	return OV_OK;
}

const struct ov_codec_row ov_codec_explode = { open_explode, read_explode, NULL };
