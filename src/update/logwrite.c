#include "logwrite.h"

#include <string.h>

#include "logdir.h"
#include "store.h"

#define MASK ((uint64_t)OV_TILE_WIDTH - 1)
#define BUNDLE OV_LOGWRITE_LEVELS /* its place in is_dirty and had_part */
#define FILES_ALONE 16 /* synced one by one; with more, one sync of the file system is cheaper */
#define BUNDLE_MAX ((size_t)OV_TILE_WIDTH * (OV_ENTRY_MAX + 2))

/* Hashes that a level of tiles has, in a tree of `size` entries. */
static uint64_t count_at(uint64_t size, unsigned level)
{
	return size >> (OV_TILE_LEVELS * level);
}

/* Cuts what was read from a wider file down to `n` entries. */
static ov_status cut_bundle(struct ov_buf *b, unsigned n)
{
	struct ov_cur c = ov_buf_cur(b), entry;

	for (unsigned i = 0; i < n; i++)
		if (ov_entry_next(&c, &entry) != OV_OK)
			return OV_BAD;
	b->n = c.pos;
	return OV_OK;
}

static ov_status load_level(struct ov_logwriter *w, unsigned level)
{
	const uint64_t count = count_at(w->edge.size, level);
	const struct ov_tile t = { .level = level,
				   .index = count / OV_TILE_WIDTH,
				   .width = (unsigned)(count & MASK) };
	const size_t bytes = (size_t)t.width * OV_MERKLE_HASH;

	if (t.width == 0)
		return OV_OK;
	OV_TRY(ov_logdir_tile(w->folder, t, &w->level[level]));
	w->had_part[level] = true;
	if (w->level[level].n < bytes)
		return OV_BAD;
	w->level[level].n = bytes;
	return OV_OK;
}

static ov_status load_edge(struct ov_logwriter *w)
{
	struct ov_logdir l = { .folder = w->folder, .h = w->h, .size = w->edge.size };

	for (unsigned i = 0; i < 62; i++)
		if ((w->edge.size >> i & 1) != 0)
			OV_TRY(ov_logdir_hash(&l, i, (w->edge.size >> i) - 1, &w->edge.h[i]));
	return OV_OK;
}

ov_status ov_logwriter_open(const char *folder, struct ov_hasher *h, uint64_t size,
			    struct ov_logwriter *out)
{
	struct ov_tile bundle = { .is_entries = true,
				  .index = size / OV_TILE_WIDTH,
				  .width = (unsigned)(size & MASK) };

	*out = (struct ov_logwriter){ .folder = folder, .h = h, .edge = { .size = size } };
	out->bundle = ov_buf_of(2 * BUNDLE_MAX);
	for (unsigned i = 0; i < OV_LOGWRITE_LEVELS; i++)
		out->level[i] = ov_buf_of(4 * OV_TILE_BYTES);
	for (unsigned i = 0; i < OV_LOGWRITE_LEVELS; i++)
		OV_TRY(load_level(out, i));
	OV_TRY(load_edge(out));
	if (bundle.width == 0)
		return OV_OK;
	OV_TRY(ov_logdir_tile(folder, bundle, &out->bundle));
	out->had_part[BUNDLE] = true;
	return cut_bundle(&out->bundle, bundle.width);
}

void ov_logwriter_close(struct ov_logwriter *w)
{
	ov_buf_free(&w->bundle);
	for (unsigned i = 0; i < OV_LOGWRITE_LEVELS; i++)
		ov_buf_free(&w->level[i]);
}

static ov_status write_tile(struct ov_logwriter *w, const struct ov_tile *t, const struct ov_buf *b)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf path = ov_buf_of(512);

	OV_TRY(ov_tile_path(&path, t));
	OV_TRY(ov_buf_u8(&path, 0));
	if (w->files++ < FILES_ALONE)
		OV_TRY(ov_store_write(w->folder, (const char *)path.p, b->p, b->n, false));
	else
		OV_TRY(ov_store_write_unsynced(w->folder, (const char *)path.p, b->p, b->n));
	w->written += b->n;
	return OV_OK;
}

/* A tile is full: it is written, and its partial files go. `number`: as in had_part. */
static ov_status finish_tile(struct ov_logwriter *w, unsigned number, struct ov_tile t,
			     struct ov_buf *b)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf path = ov_buf_of(512);

	t.width = OV_TILE_WIDTH;
	OV_TRY(write_tile(w, &t, b));
	b->n = 0;
	w->is_dirty[number] = false;
	if (!w->had_part[number])
		return OV_OK;
	w->had_part[number] = false;
	OV_TRY(ov_tile_path(&path, &t));
	OV_TRY(ov_buf_put(&path, ".p", 3)); /* with its NUL */
	return ov_store_clear(w->folder, (const char *)path.p);
}

/* A hash goes into the unfinished tile of its level; one that is full gives a hash to the next. */
static ov_status add_hash(struct ov_logwriter *w, uint64_t index, struct ov_merkle_hash up)
{
	for (unsigned level = 0; level < OV_LOGWRITE_LEVELS; level++) {
		struct ov_buf *b = &w->level[level];
		const struct ov_tile t = { .level = level,
					   .index = index / OV_TILE_WIDTH,
					   .width = OV_TILE_WIDTH };

		OV_TRY(ov_buf_put(b, up.b, sizeof up.b));
		w->is_dirty[level] = true;
		if (b->n < OV_TILE_BYTES)
			return OV_OK;
		OV_TRY(ov_tile_hash(w->h, &t, ov_buf_cur(b), OV_TILE_LEVELS * level + 7,
				    2 * t.index, &up));
		{
			struct ov_merkle_hash right;

			OV_TRY(ov_tile_hash(w->h, &t, ov_buf_cur(b), OV_TILE_LEVELS * level + 7,
					    2 * t.index + 1, &right));
			OV_TRY(ov_merkle_node(w->h, &up, &right, &up));
		}
		OV_TRY(finish_tile(w, level, t, b));
		index = t.index;
	}
	return OV_LIMIT;
}

ov_status ov_logwriter_add(struct ov_logwriter *w, struct ov_cur entry)
{
	const uint64_t index = w->edge.size;
	const struct ov_tile bundle = { .is_entries = true, .index = index / OV_TILE_WIDTH };
	struct ov_merkle_hash leaf;

	OV_TRY(ov_entry_put(&w->bundle, entry.base, entry.len));
	OV_TRY(ov_merkle_leaf(w->h, entry.base, entry.len, &leaf));
	w->is_dirty[BUNDLE] = true;
	if ((index & MASK) == MASK) /* entries first: a hash stands for an entry that is there */
		OV_TRY(finish_tile(w, BUNDLE, bundle, &w->bundle));
	OV_TRY(add_hash(w, index, leaf));
	return ov_merkle_append(w->h, &w->edge, &leaf);
}

ov_status ov_logwriter_flush(struct ov_logwriter *w)
{
	const uint64_t size = w->edge.size;
	struct ov_tile t = { .is_entries = true,
			     .index = size / OV_TILE_WIDTH,
			     .width = (unsigned)(size & MASK) };

	if (w->is_dirty[BUNDLE]) {
		OV_TRY(write_tile(w, &t, &w->bundle));
		w->had_part[BUNDLE] = true;
		w->is_dirty[BUNDLE] = false;
	}
	t.is_entries = false;
	for (unsigned i = 0; i < OV_LOGWRITE_LEVELS; i++) {
		if (!w->is_dirty[i])
			continue;
		t.level = i;
		t.index = count_at(size, i) / OV_TILE_WIDTH;
		t.width = (unsigned)(count_at(size, i) & MASK);
		OV_TRY(write_tile(w, &t, &w->level[i]));
		w->had_part[i] = true;
		w->is_dirty[i] = false;
	}
	if (w->files > FILES_ALONE)
		OV_TRY(ov_store_sync(w->folder));
	w->files = 0;
	return OV_OK;
}

struct ov_merkle_hash ov_logwriter_leaf(const struct ov_logwriter *w, unsigned nth)
{
	struct ov_merkle_hash h;

	memcpy(h.b, w->level[0].p + (size_t)nth * sizeof h.b, sizeof h.b);
	return h;
}
