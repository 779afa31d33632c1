/*
 * A file of records that are added together: many of them with two syncs. What was committed is
 * told from what a crash cut short, so that nothing committed can be lost without being noticed.
 *
 *   0         2048      4096
 *   | mark 0  | mark 1  | records ...
 *
 *   mark      "overt-journal/v1 <20 digits: turn> <20 digits: bytes of the file> <16 hex>\n": the
 *             first 8 bytes of SHA-256 of what stands before them. Written in turns, after the
 *             records up to there are synced; the one with the larger turn counts
 *   record    u32 n, little-endian; the first 8 bytes of SHA-256 of the rest; n bytes
 *
 * Threads: ov_journal_take() and what adds to a batch are the caller's to order; commits are made
 * by one thread.
 */
#ifndef OV_JOURNAL_H
#define OV_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "digest.h"

#define OV_JOURNAL_RECORD ((size_t)1 << 20) /* bytes of a record, at most */

struct ov_journal {
	int fd;
	struct ov_hasher *h; /* its own */
	uint64_t turn, size; /* committed */
	bool is_broken;	     /* a commit failed: nothing can be promised any more */
};

/* Told of each record, oldest first. */
typedef ov_status (*ov_journal_fn)(void *ctx, struct ov_str record);

/**
 * Opens, or begins, a journal and tells its records. What stands behind the last commit and is
 * whole is told too (it may be a promise that was made and not answered); a torn end is cut off.
 * @return OV_OK; OV_BAD when what was committed is gone or damaged; what `fn` said; OV_IO with
 * errno; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_journal_open(const char *path, ov_journal_fn fn, void *ctx,
				      struct ov_journal *out);
void ov_journal_close(struct ov_journal *j);

/** Appends a record to a batch, which is a buffer of the caller's. @return OV_OK; OV_LIMIT;
 * OV_NOMEM. */
OV_MUST_USE ov_status ov_journal_put(struct ov_hasher *h, struct ov_buf *batch,
				     struct ov_str record);

/** Makes a batch durable. @return OV_OK; OV_IO with errno: the journal is broken then. */
OV_MUST_USE ov_status ov_journal_commit(struct ov_journal *j, const struct ov_buf *batch);

/** Puts a new journal with one batch in place of the old one, in one step. The journal is opened
 * at it. */
OV_MUST_USE ov_status ov_journal_replace(struct ov_journal *j, const char *path,
					 const struct ov_buf *batch);

#endif
