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

#define RING ((size_t)1 << 16)
#define LENGTHS_MAX 15
#define FAST 10 /* bits looked up at once */
#define SYMBOLS_MAX 288
#define DISTANCES_MAX 32

/* A canonical Huffman code. fast[next bits] is symbol << 4 | length, or 0 for codes longer than
 * FAST. */
struct code {
	uint16_t fast[1 << FAST];
	uint16_t count[LENGTHS_MAX + 1]; /* codes of each length     */
	uint16_t symbol[SYMBOLS_MAX];	 /* symbols in code order    */
};

enum state { HEADER, STORED, CODED, FINISHED };

struct inflate64 {
	uint64_t hold;
	unsigned nbits;
	enum state state;
	bool is_last;	   /* the block is the stream's last             */
	uint32_t stored;   /* bytes left of a stored block               */
	uint32_t length;   /* bytes left of a match ...                  */
	uint32_t distance; /* ... from this far back, 1..65536 and more  */
	uint64_t made;	   /* bytes made since the start                 */
	struct code literals, distances;
	uint8_t ring[RING];
};

/* Takes whole bytes into `hold` until at least 48 bits are there, or the input ends. */
static ov_status refill(struct ov_inflow *in, struct inflate64 *x)
{
	while (x->nbits <= 48) {
		const ov_status s = ov_in_fill(in);

		if (s != OV_OK)
			return s == OV_END ? OV_OK : s;
		while (in->left > 0 && x->nbits <= 48) {
			x->hold |= (uint64_t)*in->p << x->nbits;
			x->nbits += 8;
			ov_in_take(in, 1);
		}
	}
	return OV_OK;
}

static ov_status take_bits(struct ov_inflow *in, struct inflate64 *x, unsigned n, uint32_t *out)
{
	if (x->nbits < n) {
		OV_TRY(refill(in, x));
		if (x->nbits < n)
			return OV_SHORT;
	}
	*out = (uint32_t)(x->hold & ((UINT64_C(1) << n) - 1));
	x->hold >>= n;
	x->nbits -= n;
	return OV_OK;
}

/* Huffman codes stand with their first bit lowest; table indexes need them mirrored. */
static unsigned mirror(unsigned v, unsigned n)
{
	unsigned r = 0;

	for (; n > 0; n--, v >>= 1)
		r = r << 1 | (v & 1);
	return r;
}

static void fill_fast(struct code *c, const uint8_t *lengths, unsigned n)
{
	unsigned next[LENGTHS_MAX + 2] = { 0 };

	for (unsigned l = 1; l <= LENGTHS_MAX; l++)
		next[l + 1] = (next[l] + c->count[l]) << 1;
	memset(c->fast, 0, sizeof c->fast);
	for (unsigned s = 0; s < n; s++) {
		const unsigned l = lengths[s];
		unsigned at;

		if (l == 0)
			continue;
		at = mirror(next[l]++, l);
		for (; l <= FAST && at < 1u << FAST; at += 1u << l)
			c->fast[at] = (uint16_t)(s << 4 | l);
	}
}

/*
 * Builds a code from the lengths of its symbols. As zlib does, refuses a set with too many codes,
 * and one with too few unless it is a single code of one bit (and `may_be_poor`) or none at all.
 */
static ov_status build(struct code *c, const uint8_t *lengths, unsigned n, bool may_be_poor)
{
	uint16_t offset[LENGTHS_MAX + 2] = { 0 };
	int left = 1;
	unsigned longest = 0;

	memset(c->count, 0, sizeof c->count);
	for (unsigned s = 0; s < n; s++) {
		c->count[lengths[s]]++;
		longest = lengths[s] > longest ? lengths[s] : longest;
	}
	c->count[0] = 0;
	for (unsigned l = 1; l <= LENGTHS_MAX; l++) {
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

/* Codes longer than FAST, bit by bit; also whatever stands in the last few bits of the input. */
static ov_status take_symbol_slowly(struct inflate64 *x, const struct code *c, unsigned *out)
{
	unsigned code = 0, first = 0, index = 0;

	for (unsigned l = 1; l <= LENGTHS_MAX; l++) {
		if (l > x->nbits)
			return OV_SHORT;
		code |= (unsigned)(x->hold >> (l - 1)) & 1;
		if (code < first + c->count[l]) {
			*out = c->symbol[index + (code - first)];
			x->hold >>= l;
			x->nbits -= l;
			return OV_OK;
		}
		index += c->count[l];
		first = (first + c->count[l]) << 1;
		code <<= 1;
	}
	return OV_BAD; /* a pattern that no code has */
}

static inline ov_status take_symbol(struct ov_inflow *in, struct inflate64 *x, const struct code *c,
				    unsigned *out)
{
	unsigned e;

	if (x->nbits < LENGTHS_MAX)
		OV_TRY(refill(in, x));
	e = c->fast[x->hold & ((1u << FAST) - 1)];
	if (e == 0 || (e & 15) > x->nbits)
		return take_symbol_slowly(x, c, out);
	x->hold >>= e & 15;
	x->nbits -= e & 15;
	*out = e >> 4;
	return OV_OK;
}

/* RFC 1951, 3.2.6 */
static ov_status use_fixed_codes(struct inflate64 *x)
{
	uint8_t lengths[SYMBOLS_MAX];

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	OV_TRY(build(&x->literals, lengths, SYMBOLS_MAX, false));
	memset(lengths, 5, DISTANCES_MAX);
	return build(&x->distances, lengths, DISTANCES_MAX, false);
}

/* RFC 1951, 3.2.7: lengths of lengths, in an order that lets the rare ones be left out. */
static ov_status read_length_code(struct ov_inflow *in, struct inflate64 *x, unsigned n)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					   11, 4,  12, 3, 13, 2, 14, 1, 15 };
	uint8_t lengths[19] = { 0 };
	uint32_t v;

	for (unsigned i = 0; i < n; i++) {
		OV_TRY(take_bits(in, x, 3, &v));
		lengths[order[i]] = (uint8_t)v;
	}
	return build(&x->distances, lengths, 19, false); /* the place is free at this time */
}

static ov_status read_dynamic_codes(struct ov_inflow *in, struct inflate64 *x)
{
	uint8_t lengths[SYMBOLS_MAX + DISTANCES_MAX] = { 0 };
	uint32_t nlit, ndist, nlen, more;
	unsigned i = 0;

	OV_TRY(take_bits(in, x, 5, &nlit));
	OV_TRY(take_bits(in, x, 5, &ndist));
	OV_TRY(take_bits(in, x, 4, &nlen));
	nlit += 257;
	ndist += 1;
	if (nlit > 286)
		return OV_BAD;
	OV_TRY(read_length_code(in, x, nlen + 4));
	while (i < nlit + ndist) {
		unsigned s, n = 1;
		uint8_t v = 0;

		OV_TRY(take_symbol(in, x, &x->distances, &s));
		if (s < 16) {
			v = (uint8_t)s;
		} else if (s == 16) { /* the last one again, 3 to 6 times */
			if (i == 0)
				return OV_BAD;
			v = lengths[i - 1];
			OV_TRY(take_bits(in, x, 2, &more));
			n = 3 + more;
		} else { /* zeros, 3 to 10 or 11 to 138 */
			OV_TRY(take_bits(in, x, s == 17 ? 3 : 7, &more));
			n = (s == 17 ? 3 : 11) + more;
		}
		if (n > nlit + ndist - i)
			return OV_BAD;
		memset(lengths + i, v, n);
		i += n;
	}
	if (lengths[256] == 0)
		return OV_BAD; /* the block could never end */
	OV_TRY(build(&x->literals, lengths, nlit, true));
	return build(&x->distances, lengths + nlit, ndist, true);
}

static ov_status read_header(struct ov_inflow *in, struct inflate64 *x)
{
	uint32_t last, kind, len, inverse;

	OV_TRY(take_bits(in, x, 1, &last));
	OV_TRY(take_bits(in, x, 2, &kind));
	x->is_last = last != 0;
	switch (kind) {
	case 0:
		x->hold >>= x->nbits % 8;
		x->nbits -= x->nbits % 8;
		OV_TRY(take_bits(in, x, 16, &len));
		OV_TRY(take_bits(in, x, 16, &inverse));
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

		if (x->nbits >= 8) { /* bytes that were taken as bits come first */
			OV_TRY(take_bits(in, x, 8, &v));
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
	OV_TRY(take_bits(in, x, extra[s - 257], &more));
	x->length = base[s - 257] + more;
	OV_TRY(take_symbol(in, x, &x->distances, &s));
	/* Codes 0..3 are distances 1..4; then each pair of codes doubles the reach: 2 + n % 2 at n
	 * / 2 - 1 bits. */
	nbits = s < 4 ? 0 : s / 2 - 1;
	OV_TRY(take_bits(in, x, nbits, &more));
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
		OV_TRY(take_symbol(in, x, &x->literals, &s));
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
	d->in.ahead = x->nbits / 8;
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
