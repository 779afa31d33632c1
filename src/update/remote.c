#include "remote.h"

#include "tile.h"

#define BUNDLE_MAX ((size_t)OV_TILE_WIDTH * (OV_ENTRY_MAX + 2))

ov_status ov_remote_tile(struct ov_remote *r, struct ov_tile tile, struct ov_buf *out)
{
	const size_t max = tile.is_entries ? BUNDLE_MAX : OV_TILE_BYTES;
	OV_CLEANUP(ov_buf_free) struct ov_buf path = ov_buf_of(512);

	for (;;) {
		ov_status s;

		path.n = 0;
		OV_TRY(ov_tile_path(&path, &tile));
		OV_TRY(ov_buf_u8(&path, 0));
		s = ov_fetch_get(r->f, (const char *)path.p, max, out);
		if (s != OV_END || tile.width == OV_TILE_WIDTH)
			return s == OV_END ? OV_IO : s;
		tile.width = OV_TILE_WIDTH; /* partial tiles may go once they are full */
	}
}

ov_status ov_remote_hash(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out)
{
	struct ov_remote *r = ctx;
	OV_CLEANUP(ov_buf_free) struct ov_buf bytes = ov_buf_of(1 << 20);
	struct ov_tile tile;

	OV_TRY(ov_tile_of(level, index, r->size, &tile));
	OV_TRY(ov_remote_tile(r, tile, &bytes));
	return ov_tile_hash(r->h, &tile, ov_buf_cur(&bytes), level, index, out);
}

ov_status ov_remote_entry(struct ov_remote *r, uint64_t index, struct ov_buf *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf bytes = ov_buf_of(BUNDLE_MAX * 2);
	struct ov_cur bundle, entry = ov_cur_of(NULL, 0);

	if (index >= r->size)
		return OV_END;
	OV_TRY(ov_remote_tile(r, ov_tile_of_entry(index, r->size), &bytes));
	bundle = ov_buf_cur(&bytes);
	for (uint64_t i = 0; i <= index % OV_TILE_WIDTH; i++)
		if (ov_entry_next(&bundle, &entry) != OV_OK)
			return OV_BAD;
	return ov_buf_put(out, entry.base, entry.len);
}
