/*
 * Bits, lowest first, from packed input, and canonical Huffman codes (RFC 1951, 3.2.2) over them:
 * for deflate64 and implode.
 */
#ifndef OV_HUFF_H
#define OV_HUFF_H

#include "decoder_int.h"

#define OV_HUFF_FAST 10 /* bits looked up at once */
#define OV_HUFF_LENGTHS 16
#define OV_HUFF_SYMBOLS 288

struct ov_lsb {
	uint64_t hold; /* bits taken from the input and not yet used */
	unsigned n;    /* how many, 0..63                            */
};

/* Takes whole bytes until more than 48 bits are there, or the input ends. @return OV_OK; OV_IO. */
OV_MUST_USE ov_status ov_lsb_refill(struct ov_inflow *in, struct ov_lsb *b);

/* The next `n` <= 32 bits. @return OV_OK; OV_SHORT; OV_IO. */
OV_MUST_USE static inline ov_status ov_lsb_take(struct ov_inflow *in, struct ov_lsb *b, unsigned n,
						uint32_t *out)
{
	if (b->n < n) {
		OV_TRY(ov_lsb_refill(in, b));
		if (b->n < n)
			return OV_SHORT;
	}
	*out = (uint32_t)(b->hold & ((UINT64_C(1) << n) - 1));
	b->hold >>= n;
	b->n -= n;
	return OV_OK;
}

struct ov_huff {
	uint64_t invert;		  /* all ones: the code's bits stand inverted (implode) */
	uint16_t fast[1 << OV_HUFF_FAST]; /* by next bits: symbol << 4 | length; 0: a longer code */
	uint16_t count[OV_HUFF_LENGTHS + 1];
	uint16_t symbol[OV_HUFF_SYMBOLS]; /* in code order */
};

/*
 * Builds a code from the lengths (0..16) of its `n` symbols. As zlib does, refuses a set with too
 * many codes, and one with too few unless it is a single code of one bit (and `may_be_poor`) or
 * none at all. `invert` stays.
 */
OV_MUST_USE ov_status ov_huff_build(struct ov_huff *c, const uint8_t *lengths, unsigned n,
				    bool may_be_poor);

/* Codes longer than OV_HUFF_FAST, bit by bit; also whatever stands in the last few bits of the
 * input. */
OV_MUST_USE ov_status ov_huff_take_slowly(struct ov_lsb *b, const struct ov_huff *c, unsigned *out);

/* The next symbol. @return OV_OK; OV_SHORT; OV_BAD for bits that are no code; OV_IO. */
OV_MUST_USE static inline ov_status ov_huff_take(struct ov_inflow *in, struct ov_lsb *b,
						 const struct ov_huff *c, unsigned *out)
{
	unsigned e;

	if (b->n < OV_HUFF_LENGTHS)
		OV_TRY(ov_lsb_refill(in, b));
	e = c->fast[(b->hold ^ c->invert) & ((1u << OV_HUFF_FAST) - 1)];
	if (e == 0 || (e & 15) > b->n)
		return ov_huff_take_slowly(b, c, out);
	b->hold >>= e & 15;
	b->n -= e & 15;
	*out = e >> 4;
	return OV_OK;
}

#endif
