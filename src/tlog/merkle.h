/*
 * The Merkle tree of a transparency log (RFC 6962, section 2): hashes, inclusion and consistency
 * proofs, made and verified.
 *
 *   level 2            h(0..3)                    A subtree at level l and index i covers the
 *   level 1      h(0..1)     h(2..3)   h(4..5)    leaves i << l .. (i + 1) << l; it is "complete"
 *   level 0     l0    l1    l2    l3   l4    l5   when the tree has all of them.
 *
 * No input or output, no recursion: whoever proves gives a function that reads hashes of complete
 * subtrees. Threads: no shared state but the hasher that is passed in.
 */
#ifndef OV_MERKLE_H
#define OV_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "status.h"

#define OV_MERKLE_HASH 32
#define OV_MERKLE_PROOF_MAX 64 /* hashes of a proof, for any tree size */
#define OV_MERKLE_SIZE_MAX ((uint64_t)1 << 62)

struct ov_merkle_hash {
	uint8_t b[OV_MERKLE_HASH];
};

struct ov_merkle_proof {
	struct ov_merkle_hash h[OV_MERKLE_PROOF_MAX]; /* sibling of the leaf first */
	size_t n;
};

/** SHA-256 of 0x00 and the entry. @param h  A SHA-256 hasher, here and below. */
OV_MUST_USE ov_status ov_merkle_leaf(struct ov_hasher *h, const void *entry, size_t n,
				     struct ov_merkle_hash *out);

/** SHA-256 of 0x01 and both children. `out` may be one of them. */
OV_MUST_USE ov_status ov_merkle_node(struct ov_hasher *h, const struct ov_merkle_hash *left,
				     const struct ov_merkle_hash *right,
				     struct ov_merkle_hash *out);

/** Root of the tree without leaves: SHA-256 of nothing. */
OV_MUST_USE ov_status ov_merkle_empty(struct ov_hasher *h, struct ov_merkle_hash *out);

/*
 * The edge of a growing tree: the roots of its complete subtrees, one for each set bit of `size`.
 * Enough to append and to tell the root, in memory that does not grow.
 */
struct ov_merkle_edge {
	uint64_t size;
	struct ov_merkle_hash h[64]; /* h[l] counts when bit l of size is set */
};

/** Appends a leaf's hash. @return OV_OK; OV_LIMIT past OV_MERKLE_SIZE_MAX. */
OV_MUST_USE ov_status ov_merkle_append(struct ov_hasher *h, struct ov_merkle_edge *e,
				       const struct ov_merkle_hash *leaf);
OV_MUST_USE ov_status ov_merkle_root(struct ov_hasher *h, const struct ov_merkle_edge *e,
				     struct ov_merkle_hash *out);

/** Reads the hash of a complete subtree. @return OV_OK, or why it can't be had. */
typedef ov_status (*ov_merkle_read_fn)(void *ctx, unsigned level, uint64_t index,
				       struct ov_merkle_hash *out);

/** Root of the leaves [lo, hi) of a tree; lo must be a multiple of the power of two that is not
 * below hi - lo, as in every proof. hi > lo. */
OV_MUST_USE ov_status ov_merkle_range(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx,
				      uint64_t lo, uint64_t hi, struct ov_merkle_hash *out);

/** Proof that leaf `index` is in the tree of `size` leaves. @return OV_OK; OV_BUG unless index <
 * size; what `read` said. */
OV_MUST_USE ov_status ov_merkle_prove(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx,
				      uint64_t index, uint64_t size, struct ov_merkle_proof *out);

/** Proof that the tree of `size` begins with that of `old`. Empty when old is 0 or size. */
OV_MUST_USE ov_status ov_merkle_prove_growth(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx,
					     uint64_t old, uint64_t size,
					     struct ov_merkle_proof *out);

/**
 * Proof that the tree of `size` holds the subtree of the leaves [lo, hi) (draft-ietf-plants
 * merkle-tree-certs, "Subtree Consistency Proofs"): an inclusion proof when it is one leaf, a
 * growth proof when lo is 0. `lo` must be a multiple of the power of two that is not below hi - lo.
 * @return OV_OK; OV_BUG for a subtree that is none; what `read` said.
 */
OV_MUST_USE ov_status ov_merkle_prove_subtree(struct ov_hasher *h, ov_merkle_read_fn read,
					      void *ctx, uint64_t lo, uint64_t hi, uint64_t size,
					      struct ov_merkle_proof *out);

/** Does the proof lead from the subtree's root to that of the tree of `size`? @return OV_OK yes;
 * OV_BAD no, or no subtree. */
OV_MUST_USE ov_status ov_merkle_verify_subtree(struct ov_hasher *h, const struct ov_merkle_proof *p,
					       uint64_t lo, uint64_t hi,
					       const struct ov_merkle_hash *subtree, uint64_t size,
					       const struct ov_merkle_hash *root);

/** Does the proof lead from the leaf to the root? @return OV_OK yes; OV_BAD no. */
OV_MUST_USE ov_status ov_merkle_verify(struct ov_hasher *h, const struct ov_merkle_proof *p,
				       uint64_t index, uint64_t size,
				       const struct ov_merkle_hash *leaf,
				       const struct ov_merkle_hash *root);

/**
 * Does the tree (size, root) begin with the tree (old, old_root)? A proof longer or shorter than
 * needed is refused; for old 0 and old == size it must be empty, and the roots must be right.
 * @return OV_OK yes; OV_BAD no.
 */
OV_MUST_USE ov_status ov_merkle_verify_growth(struct ov_hasher *h, const struct ov_merkle_proof *p,
					      uint64_t old, const struct ov_merkle_hash *old_root,
					      uint64_t size, const struct ov_merkle_hash *root);

#endif
