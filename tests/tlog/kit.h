/* What the tests of src/tlog share: a log in memory, and the key of the interoperability vectors.
 */
#ifndef OV_TESTS_TLOG_KIT_H
#define OV_TESTS_TLOG_KIT_H

#include "checkpoint.h"
#include "merkle.h"

struct kit_log { /* leaf i is "leaf <i>\n" */
	struct ov_hasher *h;
	struct ov_merkle_hash *leaves;
	size_t n;
};

/** A log of `n` leaves; fails the test when that fails. */
void kit_log_make(struct kit_log *l, size_t n);
void kit_log_free(struct kit_log *l);

/** An ov_merkle_read_fn over a struct kit_log: hashes each subtree from its leaves. */
ov_status kit_read(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out);

/** Root of the first `size` leaves, by the recursive definition of RFC 6962. */
void kit_root(struct kit_log *l, uint64_t lo, uint64_t hi, struct ov_merkle_hash *out);

/** Seed SHA-256("overt interop test"), name overt.example/db. */
void kit_key(struct ov_hasher *h, uint8_t type, struct ov_skey *out);

#endif
