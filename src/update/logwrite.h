/*
 * Writing a log's tiles and entry bundles into a folder (tlog-tiles), in memory that does not grow
 * with the log: only the edge of the tree is held, at most one unfinished tile of each level and
 * the unfinished bundle.
 *
 * A full tile is written as soon as it is full; unfinished ones when the writer is flushed. Files
 * are only added, and have the same bytes whenever they are written again; a partial tile is
 * removed once the full one is there (readers fall back to it, as tlog-tiles says). Writes no
 * checkpoint: what the tree's size is, the caller says.
 */
#ifndef OV_LOGWRITE_H
#define OV_LOGWRITE_H

#include "buf.h"
#include "merkle.h"
#include "tile.h"

#define OV_LOGWRITE_LEVELS 8

struct ov_logwriter {
	const char *folder; /* borrowed, as is the hasher */
	struct ov_hasher *h;
	struct ov_merkle_edge edge;		 /* its size is how many entries were taken */
	struct ov_buf bundle;			 /* the unfinished bundle                */
	struct ov_buf level[OV_LOGWRITE_LEVELS]; /* and the unfinished tiles               */
	bool is_dirty[OV_LOGWRITE_LEVELS + 1];	 /* behind its file; the last is the bundle */
	bool had_part[OV_LOGWRITE_LEVELS + 1];	 /* partial files of it are in the folder   */
	uint64_t written;			 /* bytes of files, since it was opened  */
	unsigned files; /* since the last flush; behind the first few they are synced together */
};

/** Opens at a tree of `size` entries, whose tiles must be in the folder. *out must be closed in any
 * case. @return OV_OK; OV_BAD the tiles don't hold so many; OV_IO; OV_NOMEM. */
OV_MUST_USE ov_status ov_logwriter_open(const char *folder, struct ov_hasher *h, uint64_t size,
					struct ov_logwriter *out);
void ov_logwriter_close(struct ov_logwriter *w);

/** Takes an entry. After a failure the writer must be opened anew. @return OV_OK; OV_LIMIT too long
 * an entry, or too large a log; OV_IO with errno; OV_NOMEM. */
OV_MUST_USE ov_status ov_logwriter_add(struct ov_logwriter *w, struct ov_cur entry);

/** Writes unfinished tiles. */
OV_MUST_USE ov_status ov_logwriter_flush(struct ov_logwriter *w);

/** Hash of a leaf of the unfinished tile: of entry (size & ~255) + nth. nth < size & 255. */
struct ov_merkle_hash ov_logwriter_leaf(const struct ov_logwriter *w, unsigned nth);

#endif
