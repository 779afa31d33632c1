/*
 * The gram filter's first stage with AVX2 and AVX-512 gathers. Each computes exactly what the
 * scalar kernel does; the last few positions are left to that. Compiled for the plain target, with
 * attributes: gram_kernel() asks the processor.
 */
#include "gram_int.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Positions behind the vectors, and what is left of the room. */
static size_t rest(const struct ov_gram *g, const uint8_t *p, size_t at, size_t to, uint32_t *cand,
		   size_t n, size_t *ncand)
{
	size_t more = 0;

	if (n + 16 <= GRAM_CAND && to - at <= GRAM_CAND - n)
		at = gram_kernel_scalar(g, p, at, to, cand + n, &more);
	*ncand = n + more;
	return at;
}

/* Four dwords that begin one byte apart: in each 128-bit lane, from its first seven bytes. */
#define SPREAD 0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6

__attribute__((target("avx2"))) size_t gram_kernel_avx2(const struct ov_gram *g, const uint8_t *p,
							size_t from, size_t to, uint32_t *cand,
							size_t *ncand)
{
	const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 1, 2, 3, 4);
	const __m256i spread = _mm256_setr_epi8(SPREAD, SPREAD);
	const __m256i fold = _mm256_set1_epi32((int)GRAM_FOLD);
	const __m256i mul_word = _mm256_set1_epi32((int)GRAM_MUL_WORD);
	const __m256i mul_bits = _mm256_set1_epi32((int)GRAM_MUL_BITS);
	const __m256i low5 = _mm256_set1_epi32(31);
	const __m128i down = _mm_cvtsi32_si128((int)(32 - (g->filter_bits_log2 - 5)));
	size_t n = 0, at = from;

	/* 32 bytes are read at a time, of which the positions to come need 11. */
	for (; to - at >= 32 && n + 16 <= GRAM_CAND; at += 8) {
		const __m256i raw = _mm256_loadu_si256((const __m256i *)(const void *)(p + at));
		const __m256i grams =
		    _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(raw, lanes), spread);
		const __m256i x = _mm256_or_si256(grams, fold);
		const __m256i word = _mm256_i32gather_epi32(
		    (const int *)(const void *)g->filter,
		    _mm256_srl_epi32(_mm256_mullo_epi32(x, mul_word), down), 4);
		const __m256i h = _mm256_mullo_epi32(x, mul_bits);
		const __m256i one = _mm256_srlv_epi32(word, _mm256_srli_epi32(h, 27));
		const __m256i two =
		    _mm256_srlv_epi32(word, _mm256_and_si256(_mm256_srli_epi32(h, 22), low5));
		const __m256i both = _mm256_slli_epi32(_mm256_and_si256(one, two), 31);
		unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(both));

		for (; mask != 0; mask &= mask - 1)
			cand[n++] = (uint32_t)at + (uint32_t)__builtin_ctz(mask);
	}
	return rest(g, p, at, to, cand, n, ncand);
}

__attribute__((target("avx512f,avx512bw"))) size_t gram_kernel_avx512(const struct ov_gram *g,
								      const uint8_t *p, size_t from,
								      size_t to, uint32_t *cand,
								      size_t *ncand)
{
	const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6);
	const __m512i spread = _mm512_broadcast_i32x4(_mm_setr_epi8(SPREAD));
	const __m512i fold = _mm512_set1_epi32((int)GRAM_FOLD);
	const __m512i mul_word = _mm512_set1_epi32((int)GRAM_MUL_WORD);
	const __m512i mul_bits = _mm512_set1_epi32((int)GRAM_MUL_BITS);
	const __m512i low5 = _mm512_set1_epi32(31), unit = _mm512_set1_epi32(1);
	const __m128i down = _mm_cvtsi32_si128((int)(32 - (g->filter_bits_log2 - 5)));
	size_t n = 0, at = from;

	/* 32 bytes are read at a time, of which the positions to come need 19. */
	for (; to - at >= 32 && n + 16 <= GRAM_CAND; at += 16) {
		/* Asked for early: see the sieve's kernel. */
		_mm_prefetch((const char *)((uintptr_t)p + at + 1024), _MM_HINT_T0);
		const __m512i raw = _mm512_castsi256_si512(
		    _mm256_loadu_si256((const __m256i *)(const void *)(p + at)));
		const __m512i grams =
		    _mm512_shuffle_epi8(_mm512_permutexvar_epi32(lanes, raw), spread);
		const __m512i x = _mm512_or_si512(grams, fold);
		const __m512i word = _mm512_i32gather_epi32(
		    _mm512_srl_epi32(_mm512_mullo_epi32(x, mul_word), down), g->filter, 4);
		const __m512i h = _mm512_mullo_epi32(x, mul_bits);
		const __m512i one = _mm512_srlv_epi32(word, _mm512_srli_epi32(h, 27));
		const __m512i two =
		    _mm512_srlv_epi32(word, _mm512_and_si512(_mm512_srli_epi32(h, 22), low5));
		unsigned mask = _mm512_test_epi32_mask(_mm512_and_si512(one, two), unit);

		for (; mask != 0; mask &= mask - 1)
			cand[n++] = (uint32_t)at + (uint32_t)__builtin_ctz(mask);
	}
	return rest(g, p, at, to, cand, n, ncand);
}
#endif
