/* The sieve with NEON: 16 places at a time. Computes exactly what the scalar kernel does. */
#include "sieve_int.h"

#if defined(__aarch64__)
#include <arm_neon.h>

size_t sieve_kernel_neon(const struct ov_sieve *s, const uint8_t *p, size_t from, size_t to,
			 uint32_t *cand, size_t *ncand)
{
	const uint8x16_t low = vdupq_n_u8(15);
	uint8x16_t lo[OV_SIEVE_WIDTH], hi[OV_SIEVE_WIDTH];
	size_t n = 0, at = from;

	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
		lo[i] = vld1q_u8(s->lo[i]);
		hi[i] = vld1q_u8(s->hi[i]);
	}
	for (; to - at >= 16 && n + 16 <= SIEVE_CAND; at += 16) {
		uint8x16_t m = vdupq_n_u8(255);
		uint64_t mask;

		for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
			const uint8x16_t x = vld1q_u8(p + at + i);

			m = vandq_u8(m, vqtbl1q_u8(lo[i], vandq_u8(x, low)));
			m = vandq_u8(m, vqtbl1q_u8(hi[i], vshrq_n_u8(x, 4)));
		}
		m = vtstq_u8(m, m);
		/* four bits a place */
		mask =
		    vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(m), 4)), 0);
		for (; mask != 0; mask &= ~(UINT64_C(15) << (__builtin_ctzll(mask) & ~3)))
			cand[n++] = (uint32_t)at + ((uint32_t)__builtin_ctzll(mask) >> 2);
	}
	*ncand = n;
	return at;
}
#endif
