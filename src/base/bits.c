/* Bit readers over the bounded cursor. */
#include "bits.h"

#define BITS_MAX 32

ov_status ov_bits_lsb(struct ov_bits *b, unsigned n, uint32_t *out)
{
	if (n > BITS_MAX)
		return OV_BUG;
	while (b->nbits < n) {
		uint8_t byte;

		OV_TRY(ov_cur_u8(b->in, &byte));
		b->hold |= (uint64_t)byte << b->nbits;
		b->nbits += 8;
	}
	*out = (uint32_t)(b->hold & ((UINT64_C(1) << n) - 1));
	b->hold >>= n;
	b->nbits -= n;
	return OV_OK;
}

ov_status ov_bits_msb(struct ov_bits *b, unsigned n, uint32_t *out)
{
	if (n > BITS_MAX)
		return OV_BUG;
	while (b->nbits < n) {
		uint8_t byte;

		OV_TRY(ov_cur_u8(b->in, &byte));
		b->hold = b->hold << 8 | byte;
		b->nbits += 8;
	}
	*out = (uint32_t)(b->hold >> (b->nbits - n) & ((UINT64_C(1) << n) - 1));
	b->nbits -= n;
	return OV_OK;
}

void ov_bits_align(struct ov_bits *b)
{
	/* A read that failed may have left whole bytes in hand: they go back to the input. */
	b->in->pos -= b->nbits / 8;
	b->hold = 0;
	b->nbits = 0;
}
