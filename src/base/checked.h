/* Arithmetic on values that came from outside: each operation tells when it would wrap. */
#ifndef OV_CHECKED_H
#define OV_CHECKED_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Each writes *out only on OV_OK and returns OV_LIMIT where the result does not fit. Thread-safe.
 */

OV_MUST_USE static inline ov_status ov_add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	if (a > UINT64_MAX - b)
		return OV_LIMIT;
	*out = a + b;
	return OV_OK;
}

OV_MUST_USE static inline ov_status ov_sub_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	if (a < b)
		return OV_LIMIT;
	*out = a - b;
	return OV_OK;
}

OV_MUST_USE static inline ov_status ov_mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
	uint64_t r;

	if (__builtin_mul_overflow(a, b, &r))
		return OV_LIMIT;
	*out = r;
	return OV_OK;
}

OV_MUST_USE static inline ov_status ov_add_size(size_t a, size_t b, size_t *out)
{
	if (a > SIZE_MAX - b)
		return OV_LIMIT;
	*out = a + b;
	return OV_OK;
}

OV_MUST_USE static inline ov_status ov_mul_size(size_t a, size_t b, size_t *out)
{
	size_t r;

	if (__builtin_mul_overflow(a, b, &r))
		return OV_LIMIT;
	*out = r;
	return OV_OK;
}

/* Narrows a 64-bit value read from a file to a size in memory. */
OV_MUST_USE static inline ov_status ov_size_of_u64(uint64_t v, size_t *out)
{
	if (v > SIZE_MAX)
		return OV_LIMIT;
	*out = (size_t)v;
	return OV_OK;
}

OV_MUST_USE static inline ov_status ov_u32_of_size(size_t v, uint32_t *out)
{
	if (v > UINT32_MAX)
		return OV_LIMIT;
	*out = (uint32_t)v;
	return OV_OK;
}

static inline uint64_t ov_min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t ov_max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline size_t ov_min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

#endif
