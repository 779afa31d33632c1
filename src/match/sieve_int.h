/* Inside src/match: the sieve's kernels. */
#ifndef OV_SIEVE_INT_H
#define OV_SIEVE_INT_H

#include "sieve.h"

/*
 * A kernel looks at places from .. to - 1 of p, where `to + 3` bytes can be read, and writes those
 * that pass to `cand`, in order. It stops before `cand` could overflow, and may leave the last 66
 * places to the scalar one.
 * @return the first place not looked at; *ncand places were written.
 */
#define SIEVE_CAND 512u
typedef size_t (*sieve_kernel_fn)(const struct ov_sieve *s, const uint8_t *p, size_t from,
				  size_t to, uint32_t *cand, size_t *ncand);

size_t sieve_kernel_scalar(const struct ov_sieve *s, const uint8_t *p, size_t from, size_t to,
			   uint32_t *cand, size_t *ncand);
#if defined(__x86_64__)
size_t sieve_kernel_avx2(const struct ov_sieve *s, const uint8_t *p, size_t from, size_t to,
			 uint32_t *cand, size_t *ncand);
size_t sieve_kernel_avx512(const struct ov_sieve *s, const uint8_t *p, size_t from, size_t to,
			   uint32_t *cand, size_t *ncand);
#elif defined(__aarch64__)
size_t sieve_kernel_neon(const struct ov_sieve *s, const uint8_t *p, size_t from, size_t to,
			 uint32_t *cand, size_t *ncand);
#endif

#endif
