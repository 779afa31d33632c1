/* The gram filter's first stage, portable form, and the choice of a kernel. */
#include "gram_int.h"

size_t gram_kernel_scalar(const struct ov_gram *g, const uint8_t *p, size_t from, size_t to,
			  uint32_t *cand, size_t *ncand)
{
	const uint32_t bits_log2 = g->filter_bits_log2;
	size_t n = 0, at = from;

	for (; at < to && n < GRAM_CAND; at++) {
		const uint32_t x = ov_le32(p + at) | GRAM_FOLD;
		const uint32_t word = ov_le32(g->filter + (size_t)gram_word(x, bits_log2) * 4);
		const uint32_t h = x * GRAM_MUL_BITS;

		cand[n] = (uint32_t)
		    at; /* kept only if the next line counts it: no branch to mispredict */
		n += (word >> (h >> 27)) & (word >> (h >> 22 & 31)) & 1;
	}
	*ncand = n;
	return at;
}

#if defined(__x86_64__)
/* The compiler's runtime reads the processor's features once at start-up and asks whether the
 * system saves the registers. */
static gram_kernel_fn vector_kernel(enum ov_kernel k)
{
	const bool has_512 =
	    __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");

	if (has_512 && (k == OV_KERNEL_AUTO || k == OV_KERNEL_AVX512))
		return gram_kernel_avx512;
	if (__builtin_cpu_supports("avx2") && (k == OV_KERNEL_AUTO || k == OV_KERNEL_AVX2))
		return gram_kernel_avx2;
	return NULL;
}
#elif defined(__aarch64__)
static gram_kernel_fn vector_kernel(enum ov_kernel k)
{
	return k == OV_KERNEL_AUTO || k == OV_KERNEL_NEON ? gram_kernel_neon : NULL;
}
#else
static gram_kernel_fn vector_kernel(enum ov_kernel k)
{
	(void)k;
	return NULL;
}
#endif

gram_kernel_fn gram_kernel(enum ov_kernel k)
{
	const gram_kernel_fn vector = vector_kernel(k);

	if (vector != NULL)
		return vector;
	return k == OV_KERNEL_AUTO || k == OV_KERNEL_SCALAR ? gram_kernel_scalar : NULL;
}
