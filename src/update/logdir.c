#include "logdir.h"

#include <string.h>

#include "store.h"
#include "tile.h"

#define BUNDLE_MAX ((size_t)OV_TILE_WIDTH * (OV_ENTRY_MAX + 2))

ov_status ov_logdir_open(const char *folder, struct ov_hasher *h, struct ov_logdir *out)
{
	struct ov_arena a;
	struct ov_note note;
	struct ov_checkpoint c;
	ov_status s;

	*out = (struct ov_logdir){ .folder = folder, .h = h, .note = ov_buf_of(OV_NOTE_MAX * 2) };
	s = ov_store_read(folder, "checkpoint", OV_NOTE_MAX, &out->note);
	if (s == OV_END) {
		out->note.n = 0;
		return ov_merkle_empty(h, &out->root);
	}
	OV_TRY(s);
	ov_arena_init(&a, 1 << 20);
	s = ov_note_parse((struct ov_str){ (const char *)out->note.p, out->note.n }, &a, &note);
	if (s == OV_OK)
		s = ov_checkpoint_parse(note.text, &c);
	ov_arena_free(&a);
	OV_TRY(s);
	out->size = c.size;
	out->root = c.root;
	return OV_OK;
}

void ov_logdir_close(struct ov_logdir *l)
{
	ov_buf_free(&l->note);
}

ov_status ov_logdir_tile(const char *folder, struct ov_tile t, struct ov_buf *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf path = ov_buf_of(512);
	ov_status s;

	for (;;) {
		path.n = 0;
		OV_TRY(ov_tile_path(&path, &t));
		OV_TRY(ov_buf_u8(&path, 0));
		s = ov_store_read(folder, (const char *)path.p,
				  t.is_entries ? BUNDLE_MAX : OV_TILE_BYTES, out);
		if (s != OV_END || t.width == OV_TILE_WIDTH)
			return s == OV_END ? OV_IO : s;
		t.width = OV_TILE_WIDTH;
	}
}

ov_status ov_logdir_hash(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out)
{
	struct ov_logdir *l = ctx;
	OV_CLEANUP(ov_buf_free) struct ov_buf bytes = ov_buf_of(OV_TILE_BYTES * 40);
	struct ov_tile t;

	OV_TRY(ov_tile_of(level, index, l->size, &t));
	OV_TRY(ov_logdir_tile(l->folder, t, &bytes));
	return ov_tile_hash(l->h, &t, ov_buf_cur(&bytes), level, index, out);
}

ov_status ov_logdir_entry(struct ov_logdir *l, uint64_t index, struct ov_buf *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf bytes = ov_buf_of(BUNDLE_MAX * 2);
	struct ov_cur bundle, entry = ov_cur_of(NULL, 0);

	if (index >= l->size)
		return OV_END;
	OV_TRY(ov_logdir_tile(l->folder, ov_tile_of_entry(index, l->size), &bytes));
	bundle = ov_buf_cur(&bytes);
	for (uint64_t i = 0; i <= index % OV_TILE_WIDTH; i++)
		if (ov_entry_next(&bundle, &entry) != OV_OK)
			return OV_BAD;
	return ov_buf_put(out, entry.base, entry.len);
}

static ov_status sign(const struct ov_logdir *grown, const struct ov_skey *log, struct ov_buf *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf sig = ov_buf_of(1 << 16);
	const struct ov_checkpoint c = { .origin = log->public.name,
					 .size = grown->size,
					 .root = grown->root };

	out->n = 0;
	OV_TRY(ov_checkpoint_write(&c, out));
	OV_TRY(ov_note_sign(log, ov_buf_text(out), 0, &sig));
	OV_TRY(ov_buf_u8(out, '\n'));
	return ov_buf_put(out, sig.p, sig.n);
}

ov_status ov_logdir_append(struct ov_logdir *l, const struct ov_skey *log, struct ov_cur entry)
{
	struct ov_logwriter w;
	ov_status s = ov_logwriter_open(l->folder, l->h, l->size, &w);

	if (s == OV_OK)
		s = ov_logwriter_add(&w, entry);
	if (s == OV_OK)
		s = ov_logdir_commit(l, &w, log);
	ov_logwriter_close(&w);
	return s;
}

ov_status ov_logdir_commit(struct ov_logdir *l, struct ov_logwriter *w, const struct ov_skey *log)
{
	struct ov_logdir grown = *l;

	OV_TRY(ov_logwriter_flush(w));
	grown.size = w->edge.size;
	OV_TRY(ov_merkle_root(l->h, &w->edge, &grown.root));
	OV_TRY(sign(&grown, log, &l->note));
	OV_TRY(ov_store_write(l->folder, "checkpoint", l->note.p, l->note.n, false));
	l->size = grown.size;
	l->root = grown.root;
	return OV_OK;
}
