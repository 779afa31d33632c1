/*
 * A log as static files in a folder, as tlog-tiles has them: reading hashes and entries, appending.
 *
 *   checkpoint           the log's own signature over the newest tree; written last
 *   tile/...             hashes and entries (logwrite.h); files are added, never changed
 *
 * The tree's size is what the checkpoint says. Tiles beyond it are of an append that was cut short:
 * the same entry must be appended again, and gives the same bytes.
 */
#ifndef OV_LOGDIR_H
#define OV_LOGDIR_H

#include "checkpoint.h"
#include "logwrite.h"
#include "proof.h"
#include "tile.h"

struct ov_logdir {
	const char *folder;
	struct ov_hasher *h;
	uint64_t size;
	struct ov_merkle_hash root;
	struct ov_buf note; /* the signed checkpoint; empty for a new log */
};

/** Opens; a folder without checkpoint is an empty log. Verifies no signature. @return OV_OK; OV_BAD
 * for a checkpoint that is none; OV_IO; OV_NOMEM. */
OV_MUST_USE ov_status ov_logdir_open(const char *folder, struct ov_hasher *h,
				     struct ov_logdir *out);
void ov_logdir_close(struct ov_logdir *l);

/** An ov_merkle_read_fn: hashes out of the tiles. ctx is a struct ov_logdir. */
ov_status ov_logdir_hash(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out);

/** Appends an entry's bytes to `out`. @return OV_OK; OV_END past the last; OV_BAD; OV_IO. */
OV_MUST_USE ov_status ov_logdir_entry(struct ov_logdir *l, uint64_t index, struct ov_buf *out);

/**
 * Appends an entry and signs the new checkpoint. Can be cut short anywhere: done again with the
 * same entry it ends the same.
 */
OV_MUST_USE ov_status ov_logdir_append(struct ov_logdir *l, const struct ov_skey *log,
				       struct ov_cur entry);

/** The same for all that a writer took since the checkpoint, in one step. */
OV_MUST_USE ov_status ov_logdir_commit(struct ov_logdir *l, struct ov_logwriter *w,
				       const struct ov_skey *log);

/** Appends a tile's bytes: of the file as wide as asked for, or of the full one, which may have
 * replaced it. @return OV_OK; OV_IO also when it is not there; OV_LIMIT; OV_NOMEM. */
OV_MUST_USE ov_status ov_logdir_tile(const char *folder, struct ov_tile t, struct ov_buf *out);

#endif
