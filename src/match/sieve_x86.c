/* The sieve with AVX2 and AVX-512: 32 or 64 places at a time. Computes exactly what the scalar
 * kernel does. */
#include "sieve_int.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Layers are larger than the second-level cache; what lies behind the next pages is asked for
 * early. A prefetch may be of any address. */
static void ahead(const uint8_t *p, size_t at)
{
	_mm_prefetch((const char *)((uintptr_t)p + at + 1536), _MM_HINT_T0);
}

__attribute__((target("avx2"))) static __m256i table2(const uint8_t t[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)t));
}

__attribute__((target("avx2"))) size_t sieve_kernel_avx2(const struct ov_sieve *s, const uint8_t *p,
							 size_t from, size_t to, uint32_t *cand,
							 size_t *ncand)
{
	const __m256i low = _mm256_set1_epi8(15);
	__m256i lo[OV_SIEVE_WIDTH], hi[OV_SIEVE_WIDTH];
	size_t n = 0, at = from;

	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
		lo[i] = table2(s->lo[i]);
		hi[i] = table2(s->hi[i]);
	}
	for (; to - at >= 32 && n + 32 <= SIEVE_CAND; at += 32) {
		__m256i m = _mm256_set1_epi8(-1);
		unsigned mask;

		for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
			const __m256i x =
			    _mm256_loadu_si256((const __m256i *)(const void *)(p + at + i));
			const __m256i h = _mm256_and_si256(_mm256_srli_epi16(x, 4), low);

			m = _mm256_and_si256(m,
					     _mm256_shuffle_epi8(lo[i], _mm256_and_si256(x, low)));
			m = _mm256_and_si256(m, _mm256_shuffle_epi8(hi[i], h));
		}
		mask =
		    ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(m, _mm256_setzero_si256()));
		for (; mask != 0; mask &= mask - 1)
			cand[n++] = (uint32_t)at + (uint32_t)__builtin_ctz(mask);
	}
	*ncand = n;
	return at;
}

__attribute__((target("avx512f,avx512bw"))) size_t
sieve_kernel_avx512(const struct ov_sieve *s, const uint8_t *p, size_t from, size_t to,
		    uint32_t *cand, size_t *ncand)
{
	const __m512i low = _mm512_set1_epi8(15);
	__m512i lo[OV_SIEVE_WIDTH], hi[OV_SIEVE_WIDTH];
	size_t n = 0, at = from;

	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
		lo[i] = _mm512_broadcast_i32x4(
		    _mm_loadu_si128((const __m128i *)(const void *)s->lo[i]));
		hi[i] = _mm512_broadcast_i32x4(
		    _mm_loadu_si128((const __m128i *)(const void *)s->hi[i]));
	}
	for (; to - at >= 64 && n + 64 <= SIEVE_CAND; at += 64) {
		__m512i m = _mm512_set1_epi8(-1);
		uint64_t mask;

		ahead(p, at);
		for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
			const __m512i x = _mm512_loadu_si512((const void *)(p + at + i));
			const __m512i h = _mm512_and_si512(_mm512_srli_epi16(x, 4), low);

			m = _mm512_and_si512(m,
					     _mm512_shuffle_epi8(lo[i], _mm512_and_si512(x, low)));
			m = _mm512_and_si512(m, _mm512_shuffle_epi8(hi[i], h));
		}
		mask = _mm512_test_epi8_mask(m, m);
		for (; mask != 0; mask &= mask - 1)
			cand[n++] = (uint32_t)at + (uint32_t)__builtin_ctzll(mask);
	}
	*ncand = n;
	return at;
}
#endif
