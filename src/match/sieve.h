/*
 * The sieve: finds up to 64 short masked keys (1 to 4 bytes) in one pass, many bytes at a time.
 *
 * Each byte's two halves are looked up in tables of 16 with one vector instruction; a bit of the
 * result stands for an eighth of the keys. What passes for four bytes in a row is compared exactly.
 * For the few patterns of the second pass this is faster than the gram filter, and it needs no four
 * certain bytes. Nothing is missed and nothing reported that does not match: tests hold it against
 * a naive search.
 *
 * Source: the idea is well known from Teddy in Hyperscan (NSDI 2019, described there); own code.
 */
#ifndef OV_SIEVE_H
#define OV_SIEVE_H

#include <stddef.h>
#include <stdint.h>

#include "gram.h"
#include "status.h"

#define OV_SIEVE_KEYS 64u
#define OV_SIEVE_WIDTH 4u
#define OV_SIEVE_BUCKETS 8u

struct ov_sieve_key {
	uint32_t value, mask; /* little-endian: matches when (dword & mask) == value */
	uint32_t token;	      /* the caller's                                        */
	uint8_t n;	      /* bytes that it needs, 1 to 4: up to its last with a mask */
};

struct ov_sieve { /* made by ov_sieve_build(); immutable then */
	uint8_t lo[OV_SIEVE_WIDTH][16], hi[OV_SIEVE_WIDTH][16];
	struct ov_sieve_key keys[OV_SIEVE_KEYS]; /* bucket b owns first[b] .. first[b + 1] - 1 */
	uint8_t first[OV_SIEVE_BUCKETS + 1];
};

/** Builds a sieve of n <= OV_SIEVE_KEYS keys. @return OV_OK; OV_LIMIT too many; OV_BAD for a key
 * without any masked bit, or with a value outside its mask. */
OV_MUST_USE ov_status ov_sieve_build(struct ov_sieve *s, const struct ov_sieve_key *keys, size_t n);

/**
 * Reports each key's match that begins in the first `positions` bytes of [p, p + n) and lies wholly
 * in [p, p + n), in order of places.
 *
 * @param base  Added to places in reports.
 * @return OV_OK; OV_END when `hit` stopped it; OV_UNSUPPORTED for a kernel of another CPU.
 * Threads: no shared state; allocates nothing.
 */
OV_MUST_USE ov_status ov_sieve_scan(enum ov_kernel k, const struct ov_sieve *s, const uint8_t *p,
				    size_t n, size_t positions, uint64_t base, ov_gram_hit_fn hit,
				    void *ctx);

#endif
