/*
 * The gram filter's first stage on arm64: NEON forms four grams and their hashes at a time; the
 * filter's words are loaded one by one, since NEON has no gather. Computes exactly what the scalar
 * kernel does.
 */
#include "gram_int.h"

#if defined(__aarch64__)
#include <arm_neon.h>

size_t gram_kernel_neon(const struct ov_gram *g, const uint8_t *p, size_t from, size_t to,
			uint32_t *cand, size_t *ncand)
{
	static const uint8_t spread_bytes[16] = { 0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6 };
	static const int32_t two_shifts[4] = { -27, -27, -27, -27 };
	const uint8x16_t spread = vld1q_u8(spread_bytes);
	const int32x4_t top5 = vld1q_s32(two_shifts);
	const int32x4_t down = vdupq_n_s32(-(int32_t)(32 - (g->filter_bits_log2 - 5)));
	const uint32x4_t fold = vdupq_n_u32(GRAM_FOLD), low5 = vdupq_n_u32(31);
	size_t n = 0, at = from, more = 0;

	/* 16 bytes are read at a time, of which the positions to come need 7. */
	for (; to - at >= 16 && n + 8 <= GRAM_CAND; at += 4) {
		const uint8x16_t raw = vld1q_u8(p + at);
		const uint32x4_t x = vorrq_u32(vreinterpretq_u32_u8(vqtbl1q_u8(raw, spread)), fold);
		const uint32x4_t i = vshlq_u32(vmulq_n_u32(x, GRAM_MUL_WORD), down);
		const uint32x4_t h = vmulq_n_u32(x, GRAM_MUL_BITS);
		uint32x4_t word =
		    vdupq_n_u32(ov_le32(g->filter + (size_t)vgetq_lane_u32(i, 0) * 4));
		uint32x4_t both;

		word =
		    vsetq_lane_u32(ov_le32(g->filter + (size_t)vgetq_lane_u32(i, 1) * 4), word, 1);
		word =
		    vsetq_lane_u32(ov_le32(g->filter + (size_t)vgetq_lane_u32(i, 2) * 4), word, 2);
		word =
		    vsetq_lane_u32(ov_le32(g->filter + (size_t)vgetq_lane_u32(i, 3) * 4), word, 3);
		both =
		    vandq_u32(vshlq_u32(word, vnegq_s32(vreinterpretq_s32_u32(vshlq_u32(h, top5)))),
			      vshlq_u32(word, vnegq_s32(vreinterpretq_s32_u32(
						  vandq_u32(vshrq_n_u32(h, 22), low5)))));
		both = vandq_u32(both, vdupq_n_u32(1));
		if (vmaxvq_u32(both) == 0)
			continue;
		cand[n] = (uint32_t)at;
		n += vgetq_lane_u32(both, 0);
		cand[n] = (uint32_t)at + 1;
		n += vgetq_lane_u32(both, 1);
		cand[n] = (uint32_t)at + 2;
		n += vgetq_lane_u32(both, 2);
		cand[n] = (uint32_t)at + 3;
		n += vgetq_lane_u32(both, 3);
	}
	if (n + 8 <= GRAM_CAND && to - at <= GRAM_CAND - n)
		at = gram_kernel_scalar(g, p, at, to, cand + n, &more);
	*ncand = n + more;
	return at;
}
#endif
