/*
 * Fork evidence: two checkpoints that one log signed and that can't both be true, in one file that
 * anybody can verify, without the log and without trusting who kept it.
 *
 *   overt-fork/v1
 *   log <verifier key>
 *   prefix <base64 hash>     only when the sizes differ: the root that the larger tree has at the
 *   <base64 hash>            smaller one's size, and the consistency proof that shows it
 *                            an empty line
 *   <the smaller checkpoint, a signed note>
 *                            an empty line
 *   <the larger checkpoint, a signed note>
 *
 * Of one size, two roots are enough. Of two sizes, the larger tree is shown to begin with another
 * tree than the smaller checkpoint says. Cosignatures are kept with the notes: whoever signed both
 * vouched for a fork.
 */
#ifndef OV_EVIDENCE_H
#define OV_EVIDENCE_H

#include "checkpoint.h"

#define OV_EVIDENCE_MAX (3 * OV_NOTE_MAX) /* bytes of a file */
#define OV_EVIDENCE_NAME 32		  /* "fork-999.evidence" */

/* How the larger of two trees contradicts the smaller. */
struct ov_contradiction {
	bool has_prefix; /* false: of one size */
	struct ov_merkle_hash prefix;
	struct ov_merkle_proof proof;
};

struct ov_evidence { /* texts are views into what was parsed */
	struct ov_vkey log;
	struct ov_note note[2];		    /* the smaller one first */
	struct ov_checkpoint checkpoint[2]; /* theirs */
	struct ov_contradiction how;
};

/**
 * Does the larger tree begin with the smaller? The hashes that `read` gives are trusted for
 * nothing: they count when they lead to the larger tree's root.
 * @param read  An ov_merkle_read_fn of the larger tree; not called when the sizes are equal.
 * @return OV_OK one history; OV_END two, and *how shows it; OV_BAD the hashes are not the larger
 * tree's: whoever gave them lies, which says nothing of the log; what `read` said; OV_BUG unless
 * small->size <= large->size.
 */
OV_MUST_USE ov_status ov_evidence_compare(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx,
					  const struct ov_checkpoint *small,
					  const struct ov_checkpoint *large,
					  struct ov_contradiction *how);

/** Appends evidence. @param small, large  The signed notes, verbatim. @return OV_OK; OV_LIMIT;
 * OV_NOMEM. */
OV_MUST_USE ov_status ov_evidence_write(const struct ov_vkey *log, struct ov_str small,
					struct ov_str large, const struct ov_contradiction *how,
					struct ov_buf *out);

/** Writes evidence into `folder` under the next free name, unless the same bytes are there already.
 * @return OV_OK with its name; OV_LIMIT a thousand are there; OV_IO with errno; OV_NOMEM. */
OV_MUST_USE ov_status ov_evidence_keep(const char *folder, struct ov_str bytes,
				       char name[OV_EVIDENCE_NAME]);

/** Parses; verifies nothing. @return OV_OK; OV_BAD; OV_UNSUPPORTED another version; OV_LIMIT;
 * arena's. */
OV_MUST_USE ov_status ov_evidence_parse(struct ov_hasher *h, struct ov_str bytes,
					struct ov_arena *a, struct ov_evidence *out);

/** True when a file begins as evidence does. */
bool ov_evidence_is(struct ov_str bytes);

/**
 * Is it proved that `e->log` signed two histories? The caller knows whether that log is one that
 * counts (compare e->log with the root's).
 * @return OV_OK proved; OV_END a note is not signed by the log that is named; OV_BAD both are, and
 * don't contradict each other; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_evidence_check(struct ov_hasher *h, const struct ov_evidence *e);

#endif
