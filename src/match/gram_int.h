/* What the parts of the gram filter share: the table's layout, its hashes and the kernels'
 * interface. */
#ifndef OV_GRAM_INT_H
#define OV_GRAM_INT_H

#include <stddef.h>
#include <stdint.h>

#include "gram.h"
#include "le.h"

/*
 * A table, little-endian; offsets from its first byte:
 *
 *   0       4          8           12        16      20
 *   | magic | bits_log2| bucket_log2| nentries| bytes | 0 0 0 | filter | buckets | (pad to 8) |
 * entries |
 *
 * filter:  2^bits_log2 bits in 32-bit words; a gram sets two bits of one word.
 * buckets: 2^bucket_log2 + 1 entry numbers; bucket b owns entries buckets[b] .. buckets[b + 1] - 1.
 * entries: 40 bytes each, ordered inside a bucket by (is short, folded second dword, key):
 *          value[16] mask[16] token n same[3]
 *          same: how many entries of the same key follow, at most GRAM_SAME_MAX
 */
#define GRAM_MAGIC 0x31474f56u /* "VOG1" */
#define GRAM_HEAD 32u
#define GRAM_ENTRY 40u
#define GRAM_BITS_MIN 12u /* 512 bytes */
#define GRAM_BITS_MAX 23u /* 1 MiB: above, the second-level cache is lost */
#define GRAM_BUCKET_MIN 4u
#define GRAM_BUCKET_MAX 22u
#define GRAM_ENTRIES_MAX (1u << 24)
#define GRAM_SAME_MAX 0xffffu

#define GRAM_FOLD 0x20202020u

/* Odd multipliers with well spread bits (from the golden ratio and two of its xxHash relatives). */
#define GRAM_MUL_WORD 0x9e3779b1u
#define GRAM_MUL_BITS 0x85ebca77u
#define GRAM_MUL_BUCKET 0xc2b2ae3du

static inline uint32_t gram_word(uint32_t folded, uint32_t bits_log2)
{
	return (folded * GRAM_MUL_WORD) >> (32 - (bits_log2 - 5));
}

/* The two bits of a gram inside its word. */
static inline uint32_t gram_bits(uint32_t folded)
{
	const uint32_t h = folded * GRAM_MUL_BITS;

	return 1u << (h >> 27) | 1u << (h >> 22 & 31);
}

/* How many entries after `e` have its key. */
static inline uint32_t gram_same(const uint8_t *e)
{
	return ov_le16(e + 37);
}

static inline uint32_t gram_bucket(uint32_t folded, uint32_t bucket_log2)
{
	return (folded * GRAM_MUL_BUCKET) >> (32 - bucket_log2);
}

/*
 * A kernel looks at positions from .. to - 1 of p, where at least `to + 3` bytes can be read, and
 * writes those that pass the filter to `cand`, in order. It stops before `cand` (room for
 * GRAM_CAND) could overflow.
 * @return the first position not looked at; *ncand positions were written.
 */
#define GRAM_CAND 1024u
typedef size_t (*gram_kernel_fn)(const struct ov_gram *g, const uint8_t *p, size_t from, size_t to,
				 uint32_t *cand, size_t *ncand);

size_t gram_kernel_scalar(const struct ov_gram *g, const uint8_t *p, size_t from, size_t to,
			  uint32_t *cand, size_t *ncand);

#if defined(__x86_64__)
size_t gram_kernel_avx2(const struct ov_gram *g, const uint8_t *p, size_t from, size_t to,
			uint32_t *cand, size_t *ncand);
size_t gram_kernel_avx512(const struct ov_gram *g, const uint8_t *p, size_t from, size_t to,
			  uint32_t *cand, size_t *ncand);
#elif defined(__aarch64__)
size_t gram_kernel_neon(const struct ov_gram *g, const uint8_t *p, size_t from, size_t to,
			uint32_t *cand, size_t *ncand);
#endif

/* The kernel of kind `k` if this processor can run it, else NULL. OV_KERNEL_AUTO: the best one. */
gram_kernel_fn gram_kernel(enum ov_kernel k);

#endif
