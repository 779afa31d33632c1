/*
 * Tiles and entry bundles: how a log stands as static files (C2SP tlog-tiles).
 *
 *   tile/<level>/<N>[.p/<W>]     up to 256 hashes of level 8 * <level>, 32 bytes each
 *   tile/entries/<N>[.p/<W>]     up to 256 entries, each with its length before it (u16,
 * big-endian)
 *
 * N is written in groups of three digits, all but the last after an x: 1234067 is x001/x234/067. A
 * partial tile has its width W, 1 .. 255, in its name; full tiles never change.
 */
#ifndef OV_TILE_H
#define OV_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "cursor.h"
#include "merkle.h"

#define OV_TILE_WIDTH 256
#define OV_TILE_BYTES (OV_TILE_WIDTH * OV_MERKLE_HASH)
#define OV_TILE_LEVELS 8 /* levels of hashes in a tile */
#define OV_ENTRY_MAX 65535

struct ov_tile {
	bool is_entries; /* then level is 0 */
	unsigned level;	 /* 0 .. 7 */
	uint64_t index;
	unsigned width; /* 1 .. 256 */
};

/** Appends a tile's path, without a slash before it. */
OV_MUST_USE ov_status ov_tile_path(struct ov_buf *b, const struct ov_tile *t);

/** Reads a path back. Only the canonical spelling is taken. @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status ov_tile_parse(struct ov_str path, struct ov_tile *out);

/** The tile of a tree of `size` leaves that holds the subtree hash (level, index), as wide as it is
 * at that size. @return OV_OK; OV_BUG when the subtree is not complete. */
OV_MUST_USE ov_status ov_tile_of(unsigned level, uint64_t index, uint64_t size,
				 struct ov_tile *out);

/** The bundle that holds entry `index` of a log of `size` entries. index < size. */
struct ov_tile ov_tile_of_entry(uint64_t index, uint64_t size);

/**
 * The hash of subtree (level, index) out of its tile's bytes.
 * @param bytes  At least t->width hashes. @return OV_OK; OV_SHORT too few bytes; OV_BUG not in it.
 */
OV_MUST_USE ov_status ov_tile_hash(struct ov_hasher *h, const struct ov_tile *t,
				   struct ov_cur bytes, unsigned level, uint64_t index,
				   struct ov_merkle_hash *out);

/** Next entry of a bundle, a view. @return OV_OK; OV_END; OV_SHORT when it is cut. */
OV_MUST_USE ov_status ov_entry_next(struct ov_cur *bundle, struct ov_cur *out);

/** Appends an entry to a bundle. @return OV_OK; OV_LIMIT above OV_ENTRY_MAX bytes; OV_NOMEM. */
OV_MUST_USE ov_status ov_entry_put(struct ov_buf *b, const void *p, size_t n);

#endif
