/*
 * Deflate64 ("enhanced deflate", ZIP method 9): deflate with a 64 KiB window. Own code, as no
 * library of Debian's reads it.
 *
 * Follows RFC 1951 for blocks and Huffman codes. What differs (APPNOTE 4.4.5 names it only; the
 * facts are those that 7-Zip's and Mark Adler's public notes agree on): length code 285 is base 3
 * with 16 extra bits, and distance codes 30 and 31 (32769 and 49153, 14 extra bits) are in use.
 *
 *   packed bits -> hold (64 bits) -> symbols -> ring (64 KiB: the window) -> caller
 *
 * A call makes at most one ring of bytes, so nothing in the ring is overwritten before it is handed
 * out.
 */
#include "decoder_int.h"

#include <string.h>

#include "checked.h"
#include "huff.h"

#define RING ((size_t)1 << 16)
#define SYMBOLS_MAX OV_HUFF_SYMBOLS
#define DISTANCES_MAX 32

enum state { HEADER, STORED, CODED, FINISHED };

struct inflate64 {
	struct ov_lsb bits;
	enum state state;
	bool is_last;	   /* the block is the stream's last             */
	uint32_t stored;   /* bytes left of a stored block               */
	uint32_t length;   /* bytes left of a match ...                  */
	uint32_t distance; /* ... from this far back, 1..65536 and more  */
	uint64_t made;	   /* bytes made since the start                 */
	struct ov_huff literals, distances;
	uint8_t ring[RING];
};

/* RFC 1951, 3.2.6 */
static ov_status use_fixed_codes(struct inflate64 *x)
{
	uint8_t lengths[SYMBOLS_MAX];

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	OV_TRY(ov_huff_build(&x->literals, lengths, SYMBOLS_MAX, false));
	memset(lengths, 5, DISTANCES_MAX);
	return ov_huff_build(&x->distances, lengths, DISTANCES_MAX, false);
}

/* RFC 1951, 3.2.7: lengths of lengths, in an order that lets the rare ones be left out. */
static ov_status read_length_code(struct ov_inflow *in, struct inflate64 *x, unsigned n)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					   11, 4,  12, 3, 13, 2, 14, 1, 15 };
	uint8_t lengths[19] = { 0 };
	uint32_t v;

	for (unsigned i = 0; i < n; i++) {
		OV_TRY(ov_lsb_take(in, &x->bits, 3, &v));
		lengths[order[i]] = (uint8_t)v;
	}
	return ov_huff_build(&x->distances, lengths, 19,
			     false); /* the place is free at this time */
}

static ov_status read_dynamic_codes(struct ov_inflow *in, struct inflate64 *x)
{
	uint8_t lengths[SYMBOLS_MAX + DISTANCES_MAX] = { 0 };
	uint32_t nlit, ndist, nlen, more;
	unsigned i = 0;

	OV_TRY(ov_lsb_take(in, &x->bits, 5, &nlit));
	OV_TRY(ov_lsb_take(in, &x->bits, 5, &ndist));
	OV_TRY(ov_lsb_take(in, &x->bits, 4, &nlen));
	nlit += 257;
	ndist += 1;
	if (nlit > 286)
		return OV_BAD;
	OV_TRY(read_length_code(in, x, nlen + 4));
	while (i < nlit + ndist) {
		unsigned s, n = 1;
		uint8_t v = 0;

		OV_TRY(ov_huff_take(in, &x->bits, &x->distances, &s));
		if (s < 16) {
			v = (uint8_t)s;
		} else if (s == 16) { /* the last one again, 3 to 6 times */
			if (i == 0)
				return OV_BAD;
			v = lengths[i - 1];
			OV_TRY(ov_lsb_take(in, &x->bits, 2, &more));
			n = 3 + more;
		} else { /* zeros, 3 to 10 or 11 to 138 */
			OV_TRY(ov_lsb_take(in, &x->bits, s == 17 ? 3 : 7, &more));
			n = (s == 17 ? 3 : 11) + more;
		}
		if (n > nlit + ndist - i)
			return OV_BAD;
		memset(lengths + i, v, n);
		i += n;
	}
	if (lengths[256] == 0)
		return OV_BAD; /* the block could never end */
	OV_TRY(ov_huff_build(&x->literals, lengths, nlit, true));
	return ov_huff_build(&x->distances, lengths + nlit, ndist, true);
}

static ov_status read_header(struct ov_inflow *in, struct inflate64 *x)
{
	uint32_t last, kind, len, inverse;

	OV_TRY(ov_lsb_take(in, &x->bits, 1, &last));
	OV_TRY(ov_lsb_take(in, &x->bits, 2, &kind));
	x->is_last = last != 0;
	switch (kind) {
	case 0:
		x->bits.hold >>= x->bits.n % 8;
		x->bits.n -= x->bits.n % 8;
		OV_TRY(ov_lsb_take(in, &x->bits, 16, &len));
		OV_TRY(ov_lsb_take(in, &x->bits, 16, &inverse));
		if ((len ^ inverse) != 0xffff)
			return OV_BAD;
		x->stored = len;
		x->state = STORED;
		return OV_OK;
	case 1:
		OV_TRY(use_fixed_codes(x));
		break;
	case 2:
		OV_TRY(read_dynamic_codes(in, x));
		break;
	default:
		return OV_BAD;
	}
	x->state = CODED;
	return OV_OK;
}

static void end_block(struct inflate64 *x)
{
	x->state = x->is_last ? FINISHED : HEADER;
}

static void put(struct inflate64 *x, uint8_t v)
{
	x->ring[x->made++ % RING] = v;
}

static ov_status copy_stored(struct ov_inflow *in, struct inflate64 *x, uint64_t until)
{
	while (x->stored > 0 && x->made < until) {
		uint32_t v;
		ov_status s;

		if (x->bits.n >= 8) { /* bytes that were taken as bits come first */
			OV_TRY(ov_lsb_take(in, &x->bits, 8, &v));
		} else {
			uint8_t b;

			s = ov_in_u8(in, &b);
			if (s != OV_OK)
				return s;
			v = b;
		}
		put(x, (uint8_t)v);
		x->stored--;
	}
	if (x->stored == 0)
		end_block(x);
	return OV_OK;
}

static void copy_match(struct inflate64 *x, uint64_t until)
{
	const size_t n = (size_t)ov_min_u64(x->length, until - x->made);
	size_t to = (size_t)(x->made % RING);
	size_t from = (size_t)((x->made - x->distance) % RING);

	x->made += n;
	x->length -= (uint32_t)n;
	if (x->distance >= n && n <= RING - to && n <= RING - from) {
		memmove(x->ring + to, x->ring + from, n);
		return;
	}
	for (size_t i = 0; i < n; i++) /* byte by byte: a match may overlap itself */
		x->ring[(to + i) % RING] = x->ring[(from + i) % RING];
}

static ov_status read_match(struct ov_inflow *in, struct inflate64 *x, unsigned s)
{
	/* clang-format off */
	static const uint16_t base[29] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43,
		51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3 };
	static const uint8_t extra[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4,
		5, 5, 5, 5, 16 };
	/* clang-format on */
	uint32_t more;
	unsigned nbits;

	if (s - 257 >= 29)
		return OV_BAD;
	OV_TRY(ov_lsb_take(in, &x->bits, extra[s - 257], &more));
	x->length = base[s - 257] + more;
	OV_TRY(ov_huff_take(in, &x->bits, &x->distances, &s));
	/* Codes 0..3 are distances 1..4; then each pair of codes doubles the reach: 2 + n % 2 at n
	 * / 2 - 1 bits. */
	nbits = s < 4 ? 0 : s / 2 - 1;
	OV_TRY(ov_lsb_take(in, &x->bits, nbits, &more));
	x->distance = s < 4 ? s + 1 : ((2 + (s & 1)) << nbits) + 1 + more;
	if (x->distance > x->made) {
		x->length = 0;
		return OV_BAD; /* before the start */
	}
	return OV_OK;
}

static ov_status decode(struct ov_inflow *in, struct inflate64 *x, uint64_t until)
{
	while (x->made < until) {
		unsigned s;

		if (x->length > 0) {
			copy_match(x, until);
			continue;
		}
		OV_TRY(ov_huff_take(in, &x->bits, &x->literals, &s));
		if (s < 256) {
			put(x, (uint8_t)s);
		} else if (s == 256) {
			end_block(x);
			return OV_OK;
		} else {
			OV_TRY(read_match(in, x, s));
		}
	}
	return OV_OK;
}

/* Makes bytes until `until`; bytes made before a failure are in the ring. */
static ov_status make(struct ov_inflow *in, struct inflate64 *x, uint64_t until)
{
	while (x->made < until) {
		switch (x->state) {
		case HEADER:
			OV_TRY(read_header(in, x));
			break;
		case STORED:
			OV_TRY(copy_stored(in, x, until));
			break;
		case CODED:
			OV_TRY(decode(in, x, until));
			break;
		case FINISHED:
			return OV_END;
		}
	}
	return OV_OK;
}

static ov_status read_inflate64(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct inflate64 *x = d->own;
	const uint64_t from = x->made;
	const size_t at = (size_t)(from % RING);
	const ov_status s = make(&d->in, x, from + ov_min_size(n, RING));
	const size_t first = ov_min_size((size_t)(x->made - from), RING - at);

	*got = (size_t)(x->made - from);
	memcpy(to, x->ring + at, first);
	memcpy(to + first, x->ring, *got - first);
	d->in.ahead = x->bits.n / 8;
	return s;
}

static ov_status open_inflate64(struct ov_decoder *d)
{
	struct inflate64 *x;

	if (sizeof *x > d->params.max_memory)
		return OV_LIMIT;
	OV_TRY(ov_arena_new(d->arena, &x));
	d->own = x;
	return OV_OK;
}

const struct ov_codec_row ov_codec_inflate64 = { open_inflate64, read_inflate64, NULL };
