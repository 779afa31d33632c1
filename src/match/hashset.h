/*
 * Hash sets: millions of digests of one kind, with sizes, in a flat sorted table that is mapped,
 * not loaded.
 *
 * Keys are digests cut to 16 bytes, sorted, with a directory over their top bits; beside each key
 * its size (or "any size") and the caller's token. A prefilter over sizes says when a digest need
 * not be computed at all.
 */
#ifndef OV_HASHSET_H
#define OV_HASHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "cursor.h"
#include "status.h"

#define OV_HASH_KEY 16
#define OV_HASH_ANY_SIZE UINT32_MAX /* stored size of an entry that fits each size */

struct ov_hash_entry {
	uint8_t key[OV_HASH_KEY]; /* the digest's first 16 bytes                           */
	uint32_t size;		  /* bytes of what was hashed, or OV_HASH_ANY_SIZE         */
	uint32_t token;		  /* the caller's                                          */
};

struct ov_hashset { /* verified view; immutable, shared by threads */
	struct ov_cur directory, entries, sizes;
	uint64_t count;
	uint32_t directory_log2;
	bool has_any_size;
};

/** Sorts `e` in place and appends the table to `out`. Deterministic. n may be 0. */
OV_MUST_USE ov_status ov_hashset_build(struct ov_hash_entry *e, size_t n, struct ov_buf *out);

/** Verifies a stored table as hostile input, in time that grows with the directory only. */
OV_MUST_USE ov_status ov_hashset_open(struct ov_cur bytes, struct ov_hashset *out);

/** True when some entry could fit a thing of `size` bytes, so that its digest is worth computing.
 */
bool ov_hashset_wants(const struct ov_hashset *h, uint64_t size);

/**
 * Looks a digest up. @param token  Lowest token among equal entries that fit the size.
 * @return true when found. Threads: no shared state.
 */
bool ov_hashset_find(const struct ov_hashset *h, const uint8_t *digest, uint64_t size,
		     uint32_t *token);

/** Entry `i` (0..count-1) in table order, for listing. @return OV_OK or OV_END. */
OV_MUST_USE ov_status ov_hashset_at(const struct ov_hashset *h, uint64_t i,
				    struct ov_hash_entry *out);

#endif
