/*
 * UBIFS, formats 4 and 5 (the layouts of Linux fs/ubifs/ubifs-media.h): folders and files. The list
 * of where each node stands is made by ubifs.c. Left out: truncations that only the log knows,
 * extended attributes, encrypted files (told). Checksums are not verified.
 */
#include "decoder.h"
#include "lzo.h"
#include "ubifs.h"

#define SAME_MAX 64 /* names of one hash that are held against each other */
#define ROOT_INODE 1
#define ENCRYPTED 0x40u

struct file {
	struct ov_ubifs *u;
	uint32_t inode;
	uint64_t size;
};

static bool probe(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts)
{
	struct ov_ubifs u;

	(void)e;
	if (!ov_ubifs_super(src, &u))
		return false;
	*facts =
	    (struct ov_tree_facts){ .made = OV_INV_NO_DATE, .size = (uint64_t)u.lebs * u.leb_size };
	return true;
}

/* Data nodes: plain size u32 at 40, coding u16 at 44, bytes at 48. */
static ov_status decode(struct ov_ubifs *u, struct ov_cur c)
{
	static const enum ov_codec codecs[] = { OV_CODEC_STORED, OV_CODEC_COUNT, OV_CODEC_DEFLATE,
						OV_CODEC_ZSTD };
	const struct ov_decoder_params p = { .max_memory = (uint64_t)64 << 20,
					     .plain_size = UINT64_MAX };
	struct ov_decoder *d = NULL;
	uint32_t size;
	uint16_t coding;
	struct ov_src part;
	size_t n = 0, got;
	ov_status st = OV_OK;

	OV_TRY(ov_cur_skip(&c, 16));
	size = ov_cur_soft_u32le(&c);
	coding = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2);
	OV_TRY(ov_cur_status(&c));
	if (size > OV_UBIFS_BLOCK)
		return OV_BAD;
	memset(u->block, 0, OV_UBIFS_BLOCK);
	if (coding == 1)
		return ov_lzo_read(c, u->block, size, &n);
	if (coding >= sizeof codecs / sizeof codecs[0])
		return OV_UNSUPPORTED;
	part = ov_src_mem(ov_cur_rest(&c), ov_cur_left(&c));
	OV_TRY(ov_decoder_open(codecs[coding], &part, &p, &u->e->scratch, &d));
	while (n < size && st == OV_OK) {
		st = ov_decoder_read(d, u->block + n, size - n, &got);
		n += st == OV_OK ? got : 0;
	}
	ov_decoder_close(&d);
	return n == size ? OV_OK : st == OV_END ? OV_BAD : st;
}

static ov_status load(struct ov_ubifs *u, const struct ov_ubifs_leaf *l)
{
	const struct ov_arena_mark mark = ov_arena_mark(&u->e->arena),
				   inner = ov_arena_mark(&u->e->scratch);
	struct ov_ubifs_node node;
	ov_status st;

	if (u->held == l)
		return OV_OK;
	u->held = NULL;
	st = ov_ubifs_node(u, l->leb, l->off, OV_UBIFS_DATA, &node);
	if (st == OV_OK)
		st = decode(u, node.c);
	ov_arena_release(&u->e->scratch, inner);
	ov_arena_release(&u->e->arena, mark);
	if (st == OV_OK)
		u->held = l;
	return st;
}

/* Blocks without a node are holes. */
static ov_status read_file(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct file *f = ctx;

	*got = 0;
	while (n > 0 && off < f->size) {
		const size_t inside = (size_t)(off % OV_UBIFS_BLOCK);
		const size_t k =
		    ov_min_size(n, (size_t)ov_min_u64(OV_UBIFS_BLOCK - inside, f->size - off));
		const uint64_t number = off / OV_UBIFS_BLOCK;
		const struct ov_ubifs_leaf *l =
		    number < 1U << 29 ? ov_ubifs_find(f->u, f->inode, 1U << 29 | (uint32_t)number)
				      : NULL;

		if (l == NULL)
			memset(to, 0, k);
		else if (load(f->u, l) == OV_OK)
			memcpy(to, f->u->block + inside, k);
		else
			return OV_IO;
		to += k;
		off += k;
		n -= k;
		*got += k;
	}
	return OV_OK;
}

/* Inode nodes: size u64 at 48, time of change u64 at 72, mode at 104, flags at 108. */
static ov_status read_inode(struct ov_ubifs *u, uint32_t inode, struct ov_tree_entry *t,
			    uint64_t *size, uint32_t *flags)
{
	const struct ov_arena_mark mark = ov_arena_mark(&u->e->arena);
	const struct ov_ubifs_leaf *l = ov_ubifs_find(u, inode, 0);
	struct ov_ubifs_node node;

	if (l == NULL)
		return OV_BAD;
	OV_TRY(ov_ubifs_node(u, l->leb, l->off, OV_UBIFS_INODE, &node));
	ov_cur_soft_skip(&node.c, 24);
	*size = ov_cur_soft_u64le(&node.c);
	ov_cur_soft_skip(&node.c, 16);
	t->mtime = (int64_t)(ov_cur_soft_u64le(&node.c) & INT64_MAX);
	ov_cur_soft_skip(&node.c, 24);
	t->mode = ov_cur_soft_u32le(&node.c) & 07777;
	*flags = ov_cur_soft_u32le(&node.c);
	ov_arena_release(&u->e->arena, mark);
	return ov_cur_status(&node.c);
}

static ov_status open_file(struct ov_ubifs *u, uint32_t inode, struct ov_tree_entry *t)
{
	struct file *f = NULL;
	struct ov_src *src = NULL;
	uint32_t flags;
	uint64_t size;
	ov_status st = read_inode(u, inode, t, &size, &flags);

	if (st == OV_OK && (flags & ENCRYPTED) != 0)
		st = OV_ENCRYPTED;
	if (st != OV_OK)
		return ov_ev_unread(u->e, st, t->path,
				    st == OV_ENCRYPTED ? "UBIFS: an encrypted file"
						       : "UBIFS: its inode is broken");
	OV_TRY(ov_arena_new(&u->e->arena, &f));
	OV_TRY(ov_arena_new(&u->e->arena, &src));
	*f = (struct file){ .u = u, .inode = inode, .size = size };
	*src = ov_tree_src(read_file, f, size);
	t->src = src;
	return OV_OK;
}

struct name { /* target u64 at 40, kind u8 at 49, length u16 at 50, bytes at 56 */
	uint64_t inode;
	uint8_t kind;
	struct ov_str text;
};

static ov_status read_name(struct ov_ubifs *u, const struct ov_ubifs_leaf *l, struct name *out)
{
	struct ov_cur text;
	struct ov_ubifs_node node;
	uint16_t n;

	OV_TRY(ov_ubifs_node(u, l->leb, l->off, OV_UBIFS_NAME, &node));
	ov_cur_soft_skip(&node.c, 16);
	out->inode = ov_cur_soft_u64le(&node.c);
	ov_cur_soft_skip(&node.c, 1);
	out->kind = ov_cur_soft_u8(&node.c);
	n = ov_cur_soft_u16le(&node.c);
	ov_cur_soft_skip(&node.c, 4);
	OV_TRY(ov_cur_status(&node.c));
	OV_TRY(ov_cur_take(&node.c, n, &text));
	if (n == 0 || n > 255 || out->inode > UINT32_MAX || memchr(text.base, '/', n) != NULL ||
	    memchr(text.base, '\0', n) != NULL)
		return OV_BAD;
	out->text = (struct ov_str){ .p = (const char *)text.base, .n = n };
	return OV_OK;
}

/* Names may have the same hash: a newer node speaks only of its own name. */
static bool is_replaced(struct ov_ubifs *u, const struct ov_ubifs_leaf *l,
			const struct ov_ubifs_leaf *first, const struct name *name)
{
	if (l - first > SAME_MAX)
		first = l - SAME_MAX;
	for (const struct ov_ubifs_leaf *k = first; k < l; k++) {
		struct name newer;

		if (k->seq > l->seq && read_name(u, k, &newer) == OV_OK &&
		    newer.text.n == name->text.n &&
		    memcmp(newer.text.p, name->text.p, name->text.n) == 0)
			return true;
	}
	return false;
}

static ov_status show(struct ov_ubifs *u, const struct ov_tree_visitor *v,
		      struct ov_tree_todo *todo, const struct ov_tree_dir *dir,
		      const struct name *name)
{
	struct ov_tree_entry t = { .kind = OV_TREE_OTHER, .mtime = OV_INV_NO_DATE };

	if (++todo->entries > OV_TREE_ENTRIES_MAX)
		return OV_LIMIT;
	if (name->kind == 1) {
		t.kind = OV_TREE_FOLDER;
		OV_TRY(ov_tree_push(&u->e->arena, todo, dir->path, name->text, name->inode,
				    dir->depth + 1, &t.path));
		return v->entry(v->ctx, &t);
	}
	OV_TRY(ov_tree_join(&u->e->arena, dir->path, name->text, &t.path));
	if (name->kind == 0) {
		t.kind = OV_TREE_FILE;
		OV_TRY(open_file(u, (uint32_t)name->inode, &t));
	}
	return v->entry(v->ctx, &t);
}

static ov_status read_folder(struct ov_ubifs *u, const struct ov_tree_visitor *v,
			     struct ov_tree_todo *todo, struct ov_tree_dir dir)
{
	const uint32_t end = ov_ubifs_lower(u, (uint32_t)dir.ref, 3U << 29);
	uint32_t first = ov_ubifs_lower(u, (uint32_t)dir.ref, 2U << 29);
	ov_status broken = OV_OK;

	for (uint32_t i = first; i < end; i++) {
		struct name name;
		ov_status st;

		if (u->leaves[i].key != u->leaves[first].key)
			first = i;
		st = read_name(u, &u->leaves[i], &name);
		if (st == OV_OK && name.inode != 0 &&
		    !is_replaced(u, &u->leaves[i], &u->leaves[first], &name))
			OV_TRY(show(u, v, todo, &dir, &name));
		if (st == OV_LIMIT || st == OV_NOMEM)
			return st;
		broken = st != OV_OK ? st : broken;
	}
	return broken;
}

static ov_status read(struct ov_ev *e, const struct ov_src *src, const struct ov_tree_visitor *v)
{
	struct ov_tree_todo todo = { .n = 0 };
	struct ov_str path;
	struct ov_ubifs *u;

	OV_TRY(ov_arena_new(&e->kept, &u));
	u->e = e;
	u->src = src;
	if (!ov_ubifs_super(src, u))
		return OV_BAD;
	OV_TRY(ov_ubifs_leaves(u));
	OV_TRY(ov_tree_push(&e->arena, &todo, (struct ov_str){ 0 }, (struct ov_str){ 0 },
			    ROOT_INODE, 0, &path));
	while (todo.n > 0) {
		const struct ov_tree_dir dir = todo.list[--todo.n];
		const ov_status st = read_folder(u, v, &todo, dir);

		OV_TRY(e->broke);
		if (st == OV_LIMIT && todo.entries > OV_TREE_ENTRIES_MAX)
			return st;
		if (st != OV_OK)
			OV_TRY(ov_ev_unread(e, st, dir.path, "UBIFS: this folder can't be read"));
	}
	return OV_OK;
}

const struct ov_tree_form ov_tree_ubifs = { .name = "UBIFS", .probe = probe, .read = read };
