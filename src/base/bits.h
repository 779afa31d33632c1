/*
 * Bit readers over a bounded cursor: least significant bit first (deflate, LZX-like) and most
 * significant bit first (bzip2, RAR-like). At most 32 bits a read.
 */
#ifndef OV_BITS_H
#define OV_BITS_H

#include <stdint.h>

#include "cursor.h"
#include "status.h"

struct ov_bits {
	struct ov_cur *in; /* borrowed; bytes are taken from it one by one, as needed */
	uint64_t hold;	   /* bits taken from `in` and not yet given                   */
	unsigned nbits;	   /* how many of them, 0..63                                  */
};

/** Starts at the cursor's next byte. The cursor must outlive the reader. */
static inline struct ov_bits ov_bits_of(struct ov_cur *in)
{
	return (struct ov_bits){ .in = in, .hold = 0, .nbits = 0 };
}

/**
 * Reads `n` (0..32) bits, least significant first. Nothing is lost when it fails.
 * @return OV_OK; OV_SHORT at the end of the input; OV_BUG when n > 32.
 */
OV_MUST_USE ov_status ov_bits_lsb(struct ov_bits *b, unsigned n, uint32_t *out);

/** Reads `n` (0..32) bits, most significant first. Do not mix with ov_bits_lsb on one reader. */
OV_MUST_USE ov_status ov_bits_msb(struct ov_bits *b, unsigned n, uint32_t *out);

/** Drops bits up to the next byte border of the input, so that the cursor's own position counts
 * again. */
void ov_bits_align(struct ov_bits *b);

#endif
