/*
 * Hash sets: millions of digests of one kind, with sizes, in a flat sorted table that is mapped,
 * not loaded.
 *
 * Keys are digests cut to 120 bits, sorted, with a directory over their top bits, which the rows
 * leave out; beside each key its size (or "any size") and the caller's token, in as few bits as the
 * set's largest need. A prefilter over sizes says when a digest need not be computed at all.
 *
 * 120 bits: of the 2^32 files of a large house, held against 2^23 signatures, one is taken for
 * another's with odds of 2^-65, were sizes to count for nothing; and who wants a file that is taken
 * for one of 2^10 on an allow list tries 2^110 times.
 */
#ifndef OV_HASHSET_H
#define OV_HASHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "cursor.h"
#include "status.h"

#define OV_HASH_KEY 15
#define OV_HASH_ANY_SIZE UINT32_MAX /* stored size of an entry that fits each size */

struct ov_hash_entry {
	uint8_t key[OV_HASH_KEY]; /* the digest's first bytes                              */
	uint32_t size;		  /* bytes of what was hashed, or OV_HASH_ANY_SIZE         */
	uint32_t token;		  /* the caller's                                          */
};

struct ov_hashset { /* verified view; immutable, shared by threads */
	struct ov_cur directory, rows, chunks, sizes;
	uint64_t count;
	uint32_t directory_log2, row_bytes, size_bits, size_shift, token_bits;
	bool has_any_size;
};

/**
 * Sorts `e` in place by (key, size, token) and appends the table to `out`. Deterministic: the order
 * of `e` does not count. n may be 0. @return OV_OK; OV_LIMIT more than 2^28; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_hashset_build(struct ov_hash_entry *e, size_t n, struct ov_buf *out);

/** Verifies a stored table as hostile input, in time that grows with the directory only. */
OV_MUST_USE ov_status ov_hashset_open(struct ov_cur bytes, struct ov_hashset *out);

/** True when some entry could fit a thing of `size` bytes, so that its digest is worth computing.
 */
bool ov_hashset_wants(const struct ov_hashset *h, uint64_t size);

/**
 * Looks a digest up. @param token  Highest token among equal entries that fit the size.
 * @return true when found. Threads: no shared state.
 */
bool ov_hashset_find(const struct ov_hashset *h, const uint8_t *digest, uint64_t size,
		     uint32_t *token);

/** Entry `i` (0..count-1) in table order, for listing and joining. @return OV_OK or OV_END. */
OV_MUST_USE ov_status ov_hashset_at(const struct ov_hashset *h, uint64_t i,
				    struct ov_hash_entry *out);

/** Writes all entries in table order to `e`, with room for `count`. */
void ov_hashset_all(const struct ov_hashset *h, struct ov_hash_entry *e);

#endif
