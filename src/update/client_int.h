/* What the client's files share: one run. */
#ifndef OV_CLIENT_INT_H
#define OV_CLIENT_INT_H

#include "client.h"
#include "evidence.h"

#define OV_CLIENT_PROOF_MAX ((size_t)256 << 10)

struct ov_client_run {
	const struct ov_client_options *o;
	struct ov_client_report *r;
	struct ov_hasher *h;
	struct ov_fetch *f;
	struct ov_arena arena, root_arena;
	struct ov_buf memory_text, root_bytes;
	struct ov_buf proof_bytes, best_bytes; /* as they come; the one that is judged */
	struct ov_memory memory;
	struct ov_root root;
	struct ov_judgement j;
	struct ov_contradiction fork; /* when the judgement is OV_REFUSED_FORK */
	bool has_new_root;	      /* in this run */
	bool has_lost;		      /* a request that could not be put on the ledger */
	int lock;
};

/* Writes the reason and returns `s`. */
ov_status ov_client_fail(struct ov_client_run *x, ov_status s, const char *fmt, ...)
    OV_PRINTF(3, 4);

/* client_state.c */
OV_MUST_USE ov_status ov_client_load(struct ov_client_run *x);
OV_MUST_USE ov_status ov_client_save(struct ov_client_run *x);
OV_MUST_USE ov_status ov_client_roots(struct ov_client_run *x);

/* Remembers that a database must not serve on this machine. */
OV_MUST_USE ov_status ov_client_set_aside(struct ov_client_run *x,
					  const uint8_t sha256[OV_SHA256_BYTES], const char *why);
/* Points the name that scanners use at a database. */
OV_MUST_USE ov_status ov_client_activate(struct ov_client_run *x, struct ov_str name,
					 const uint8_t sha256[OV_SHA256_BYTES]);

/* client_judge.c: asks the mirrors and judges what they offer; keeps what was taken; keeps two
 * notes that can't both be true. */
OV_MUST_USE ov_status ov_client_judge(struct ov_client_run *x);
OV_MUST_USE ov_status ov_client_accept(struct ov_client_run *x);
OV_MUST_USE ov_status ov_client_evidence(struct ov_client_run *x);

/* Removes databases, and their proofs, that the memory does not name any more. */
OV_MUST_USE ov_status ov_client_sweep(struct ov_client_run *x);

/* client_take.c: what the state that was taken says of each artifact. */
OV_MUST_USE ov_status ov_client_take(struct ov_client_run *x);

#endif
