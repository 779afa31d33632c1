/*
 * JFFS2 (the layouts of Linux include/uapi/linux/jffs2.h; "JFFS: The Journalling Flash File
 * System", D. Woodhouse 2001): folders and files from the nodes that jffs2.c lists. Of names and
 * pieces the highest version counts. Codings: none, zero, rtime, zlib, LZO. Left out, and told: the
 * rubin codings and LZMA (vendors').
 */
#include "decoder.h"
#include "jffs2.h"
#include "lzo.h"

#define STEPS_MAX (1u << 28) /* pieces looked at in one image */

struct file {
	struct ov_jffs2 *j;
	const struct ov_jffs2_piece *first;
	uint32_t n;
	uint64_t size;
};

static bool probe(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts)
{
	bool is_big;

	if (!ov_jffs2_is(src, &is_big))
		return false;
	*facts = (struct ov_tree_facts){ .made = OV_INV_NO_DATE,
					 .size = ov_jffs2_extent(e, src, is_big) };
	return true;
}

/* A byte, then how often what followed its last occurrence is repeated. */
static ov_status rtime(struct ov_cur c, uint8_t *to, size_t max)
{
	size_t last[256] = { 0 }, n = 0;

	while (n < max) {
		uint8_t byte, count;
		size_t from;

		OV_TRY(ov_cur_u8(&c, &byte));
		OV_TRY(ov_cur_u8(&c, &count));
		to[n++] = byte;
		from = last[byte];
		last[byte] = n;
		if (count > max - n)
			return OV_BAD;
		for (; count > 0; count--) /* from < n: what it reads was written */
			to[n++] = to[from++];
	}
	return OV_OK;
}

static ov_status inflate_piece(struct ov_jffs2 *j, struct ov_cur c, size_t max)
{
	const struct ov_decoder_params p = { .max_memory = (uint64_t)1 << 20,
					     .plain_size = UINT64_MAX };
	const struct ov_src part = ov_src_mem(c.base, c.len);
	struct ov_decoder *d = NULL;
	size_t n = 0, got;
	ov_status st = OV_OK;

	OV_TRY(ov_decoder_open(OV_CODEC_ZLIB, &part, &p, &j->e->scratch, &d));
	while (n < max && st == OV_OK) {
		st = ov_decoder_read(d, j->plain + n, max - n, &got);
		n += st == OV_OK ? got : 0;
	}
	ov_decoder_close(&d);
	return n == max ? OV_OK : OV_BAD;
}

static ov_status decode(struct ov_jffs2 *j, const struct ov_jffs2_piece *p)
{
	struct ov_cur c;
	size_t n;

	memset(j->plain, 0, OV_JFFS2_PLAIN_MAX);
	OV_TRY(ov_src_view(j->src, p->at, p->packed, &j->e->scratch, &c));
	switch (p->coding) {
	case OV_JFFS2_NONE:
	case OV_JFFS2_COPY:
		return ov_cur_copy(&c, j->plain, p->plain);
	case OV_JFFS2_RTIME:
		return rtime(c, j->plain, p->plain);
	case OV_JFFS2_ZLIB:
		return inflate_piece(j, c, p->plain);
	case OV_JFFS2_LZO:
		return ov_lzo_read(c, j->plain, p->plain, &n);
	default:
		return OV_UNSUPPORTED;
	}
}

static ov_status load(struct ov_jffs2 *j, const struct ov_jffs2_piece *p)
{
	const struct ov_arena_mark mark = ov_arena_mark(&j->e->scratch);
	ov_status st;

	if (j->held == p)
		return OV_OK;
	j->held = NULL;
	st = decode(j, p);
	ov_arena_release(&j->e->scratch, mark);
	if (st == OV_OK)
		j->held = p;
	return st;
}

/* The newest piece over `off`, or NULL, and how far nothing else begins: at most *n. Pieces with
 * bytes are short, so those that begin far before can't reach; holes may, and are zeros as well as
 * what is not there. */
static const struct ov_jffs2_piece *piece_at(const struct file *f, uint64_t off, size_t *n)
{
	const struct ov_jffs2_piece *best = NULL;
	uint32_t lo = 0, hi = f->n;

	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if ((uint64_t)f->first[mid].offset + OV_JFFS2_PLAIN_MAX <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < f->n && f->first[lo].offset <= off; lo++) {
		const struct ov_jffs2_piece *p = &f->first[lo];

		f->j->steps++;
		if (p->plain > off - p->offset && (best == NULL || p->version > best->version))
			best = p;
	}
	if (best != NULL)
		*n = ov_min_size(*n, best->plain - (size_t)(off - best->offset));
	for (; lo < f->n && f->first[lo].offset - off < *n; lo++) {
		f->j->steps++;
		if (best == NULL || f->first[lo].version > best->version)
			*n = (size_t)(f->first[lo].offset - off);
	}
	return best;
}

static ov_status read_file(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct file *f = ctx;

	*got = 0;
	while (n > 0 && off < f->size) {
		size_t k = (size_t)ov_min_u64(n, f->size - off);
		const struct ov_jffs2_piece *p = piece_at(f, off, &k);

		if (f->j->steps > STEPS_MAX)
			return OV_IO; /* pieces upon pieces: no file system writes so */
		if (p == NULL || p->coding == OV_JFFS2_ZERO)
			memset(to, 0, k);
		else if (load(f->j, p) == OV_OK)
			memcpy(to, f->j->plain + (off - p->offset), k);
		else
			return OV_IO;
		to += k;
		off += k;
		n -= k;
		*got += k;
	}
	return OV_OK;
}

static uint32_t first_piece(const struct ov_jffs2 *j, uint64_t inode)
{
	const struct ov_jffs2_piece *rows = j->pieces.rows;
	uint32_t lo = 0, hi = j->pieces.n;

	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (rows[mid].inode < inode)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_read(uint8_t coding)
{
	return coding <= OV_JFFS2_RTIME || coding == OV_JFFS2_COPY || coding == OV_JFFS2_ZLIB ||
	       coding == OV_JFFS2_LZO;
}

/* What the newest piece says holds for the whole file. */
static ov_status open_file(struct ov_jffs2 *j, uint32_t inode, struct ov_tree_entry *t)
{
	const uint32_t from = first_piece(j, inode), n = first_piece(j, (uint64_t)inode + 1) - from;
	const struct ov_jffs2_piece *rows = j->pieces.rows, *newest = NULL;
	struct ov_src *src = NULL;
	struct file *f = NULL;
	uint8_t coding = OV_JFFS2_NONE;

	for (uint32_t i = from; i < from + n; i++) {
		if (newest == NULL || rows[i].version > newest->version)
			newest = &rows[i];
		if (!is_read(rows[i].coding))
			coding = rows[i].coding;
	}
	if (n > STEPS_MAX - ov_min_size(j->steps, STEPS_MAX))
		return OV_LIMIT;
	j->steps += n;
	if (newest == NULL)
		return ov_ev_unread(j->e, OV_BAD, t->path, "JFFS2: nothing of this file is there");
	t->mode = newest->mode & 07777;
	t->mtime = newest->mtime;
	if (!is_read(coding))
		return ov_ev_unread(
		    j->e, OV_UNSUPPORTED, t->path,
		    ov_ev_fmt(j->e, "JFFS2: a coding that is not read (%u)", coding).p);
	OV_TRY(ov_arena_new(&j->e->arena, &f));
	OV_TRY(ov_arena_new(&j->e->arena, &src));
	*f = (struct file){ .j = j, .first = rows + from, .n = n, .size = newest->size };
	*src = ov_tree_src(read_file, f, newest->size);
	t->src = src;
	return OV_OK;
}

static ov_status show(struct ov_jffs2 *j, const struct ov_tree_visitor *v,
		      struct ov_tree_todo *todo, const struct ov_tree_dir *dir,
		      const struct ov_jffs2_name *n)
{
	const struct ov_str name = { .p = n->text, .n = n->n };
	struct ov_tree_entry t = { .kind = OV_TREE_OTHER, .mtime = OV_INV_NO_DATE };

	if (++todo->entries > OV_TREE_ENTRIES_MAX)
		return OV_LIMIT;
	if (n->kind == 4) {
		t.kind = OV_TREE_FOLDER;
		OV_TRY(ov_tree_push(&j->e->arena, todo, dir->path, name, n->inode, dir->depth + 1,
				    &t.path));
		return v->entry(v->ctx, &t);
	}
	OV_TRY(ov_tree_join(&j->e->arena, dir->path, name, &t.path));
	if (n->kind == 8) {
		t.kind = OV_TREE_FILE;
		OV_TRY(open_file(j, n->inode, &t));
	}
	return v->entry(v->ctx, &t);
}

/* Of several names alike the first is the newest; inode 0: removed. */
static ov_status read_folder(struct ov_jffs2 *j, const struct ov_tree_visitor *v,
			     struct ov_tree_todo *todo, struct ov_tree_dir dir)
{
	const struct ov_jffs2_name *rows = j->names.rows;
	uint32_t lo = 0, hi = j->names.n;

	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (rows[mid].folder < dir.ref)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t i = lo; i < j->names.n && rows[i].folder == dir.ref; i++) {
		const bool is_older = i > lo && rows[i].n == rows[i - 1].n &&
				      memcmp(rows[i].text, rows[i - 1].text, rows[i].n) == 0;

		if (!is_older && rows[i].inode != 0)
			OV_TRY(show(j, v, todo, &dir, &rows[i]));
	}
	return OV_OK;
}

static ov_status read(struct ov_ev *e, const struct ov_src *src, const struct ov_tree_visitor *v)
{
	struct ov_tree_todo todo = { .n = 0 };
	struct ov_str path;
	struct ov_jffs2 *j;

	OV_TRY(ov_arena_new(&e->kept, &j));
	j->e = e;
	j->src = src;
	if (!ov_jffs2_is(src, &j->is_big))
		return OV_BAD;
	OV_TRY(ov_arena_array(&e->kept, OV_JFFS2_PLAIN_MAX, &j->plain));
	OV_TRY(ov_jffs2_nodes(j));
	OV_TRY(ov_tree_push(&e->arena, &todo, (struct ov_str){ 0 }, (struct ov_str){ 0 }, 1, 0,
			    &path));
	while (todo.n > 0) {
		const struct ov_tree_dir dir = todo.list[--todo.n];
		const ov_status st = read_folder(j, v, &todo, dir);

		OV_TRY(e->broke);
		if (st == OV_LIMIT && todo.entries > OV_TREE_ENTRIES_MAX)
			return st;
		if (st != OV_OK)
			OV_TRY(ov_ev_unread(e, st, dir.path, "JFFS2: this folder can't be read"));
	}
	return OV_OK;
}

const struct ov_tree_form ov_tree_jffs2 = { .name = "JFFS2", .probe = probe, .read = read };
