/*
 * A tlog-proof (C2SP): an entry's proof of inclusion with the checkpoint that it leads to, as one
 * file that needs no network to verify.
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64>                  optional; not authenticated by the proof itself
 *   index <n>
 *   <base64 hash>                   sibling first, one a line
 *                                   an empty line
 *   <checkpoint, a signed note>
 */
#ifndef OV_PROOF_H
#define OV_PROOF_H

#include "checkpoint.h"

struct ov_tlog_proof {
	bool has_extra;
	struct ov_cur extra; /* in the arena */
	uint64_t index;
	struct ov_merkle_proof hashes;
	struct ov_note note; /* the checkpoint's */
	struct ov_checkpoint checkpoint;
};

/** Parses; verifies no signature and no hash. Views point into `bytes`. @return OV_OK; OV_BAD;
 * OV_LIMIT; arena's. */
OV_MUST_USE ov_status ov_tlog_proof_parse(struct ov_str bytes, struct ov_arena *a,
					  struct ov_tlog_proof *out);

/** Does the proof lead from the entry to its checkpoint's root? @return OV_OK yes; OV_BAD no. */
OV_MUST_USE ov_status ov_tlog_proof_check(struct ov_hasher *h, const struct ov_tlog_proof *p,
					  const void *entry, size_t n);

/** Appends a proof. @param note  The signed checkpoint, verbatim. @param extra  May be empty: left
 * out. */
OV_MUST_USE ov_status ov_tlog_proof_write(uint64_t index, const struct ov_merkle_proof *p,
					  struct ov_cur extra, struct ov_str note,
					  struct ov_buf *out);

#endif
