/* A log as a repository serves it: hashes and entries out of tiles that are fetched as needed. */
#ifndef OV_REMOTE_H
#define OV_REMOTE_H

#include "fetch.h"
#include "merkle.h"
#include "tile.h"

struct ov_remote {
	struct ov_fetch *f;
	struct ov_hasher *h;
	uint64_t size; /* of the tree whose tiles are read */
};

/** A tile's bytes, in place of what is in `out`: of the file as wide as asked for, or of the full
 * one that replaced it. @return OV_OK; OV_IO also when it is not there; OV_LIMIT; OV_NOMEM. */
OV_MUST_USE ov_status ov_remote_tile(struct ov_remote *r, struct ov_tile tile, struct ov_buf *out);

/** An ov_merkle_read_fn; ctx is a struct ov_remote. Tiles that were partial may have become full.
 */
ov_status ov_remote_hash(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out);

/**
 * Appends an entry's bytes to `out`. What a repository says is proved by nothing here: hold its
 * hash against the tree. @return OV_OK; OV_END past the last; OV_BAD; OV_IO; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_remote_entry(struct ov_remote *r, uint64_t index, struct ov_buf *out);

#endif
