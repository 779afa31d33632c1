/*
 * UBIFS: a volume of erase blocks (LEBs) that hold nodes.
 *
 *   node:   magic 0x06101831, checksum, sequence number u64, length u32, type u8 at 20, ... at 24
 *   LEB 0:  superblock      LEB 1, 2: copies of the master node, the newest counts
 *   LEB 3:  the log: which blocks were written since the index was
 *   index:  a tree whose leaves say where the node of a key stands
 *   key:    inode u32, then type << 29 | (hash of a name, or number of a block of 4,096 bytes)
 *
 * The leaves become one sorted list, with the nodes of the log's blocks before those of the index:
 * what was written last counts.
 */
#include "ubifs.h"

#include <stdlib.h>

#define HEAD 24u
#define LEB_MIN 15360u
#define LEB_MAX (16u << 20)
#define LEAVES_MAX (8u << 20)
#define LOG_LEB 3

static ov_status read_head(const struct ov_src *src, uint64_t at, struct ov_ubifs_node *out)
{
	uint8_t raw[HEAD];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);

	OV_TRY(ov_src_read(src, at, raw, sizeof raw));
	if (!ov_cur_looking_at(&c, "\x31\x18\x10\x06", 4))
		return OV_END;
	ov_cur_soft_skip(&c, 8);
	out->seq = ov_cur_soft_u64le(&c);
	out->len = ov_cur_soft_u32le(&c);
	out->type = ov_cur_soft_u8(&c);
	return ov_cur_status(&c);
}

/* A node of a type, in the arena when the source is no memory. */
static ov_status read_node(struct ov_ubifs *u, uint32_t leb, uint32_t off,
			   struct ov_ubifs_node *out)
{
	const uint64_t at = (uint64_t)leb * u->leb_size + off;

	if (leb >= u->lebs || off > u->leb_size - HEAD)
		return OV_BAD;
	OV_TRY(read_head(u->src, at, out));
	if (out->len < HEAD || out->len > u->leb_size - off)
		return OV_BAD;
	OV_TRY(ov_src_view(u->src, at, out->len, &u->e->arena, &out->c));
	return ov_cur_skip(&out->c, HEAD);
}

ov_status ov_ubifs_node(struct ov_ubifs *u, uint32_t leb, uint32_t off, enum ov_ubifs_type type,
			struct ov_ubifs_node *out)
{
	const ov_status st = read_node(u, leb, off, out);

	if (st == OV_END || (st == OV_OK && out->type != type))
		return OV_BAD;
	return st;
}

bool ov_ubifs_super(const struct ov_src *src, struct ov_ubifs *u)
{
	uint8_t raw[HEAD + 40];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);
	struct ov_ubifs_node n;
	uint8_t format;

	if (read_head(src, 0, &n) != OV_OK || n.type != OV_UBIFS_SUPER ||
	    ov_src_read(src, 0, raw, sizeof raw) != OV_OK)
		return false;
	c.pos = 27;
	format = ov_cur_soft_u8(&c);
	ov_cur_soft_skip(&c, 8);
	u->leb_size = ov_cur_soft_u32le(&c);
	u->lebs = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 12);
	u->log_lebs = ov_cur_soft_u32le(&c);
	return format == 0 && u->leb_size >= LEB_MIN && u->leb_size <= LEB_MAX &&
	       u->leb_size % 8 == 0 && u->lebs >= 4 && u->log_lebs < u->lebs;
}

/* The next node of an erase block from *off on; moves behind it. Padding nodes and bytes are
 * passed over. @return OV_END when nothing more was written. */
static ov_status next_node(struct ov_ubifs *u, uint32_t leb, uint32_t *off,
			   struct ov_ubifs_node *out)
{
	while (*off <= u->leb_size - HEAD) { /* each turn moves */
		const uint64_t at = (uint64_t)leb * u->leb_size + *off;
		uint32_t pad = 0;
		uint8_t first;

		OV_TRY(ov_src_read(u->src, at, &first, 1));
		if (first == 0xce) { /* too little room for a padding node */
			*off += 8;
			continue;
		}
		OV_TRY(read_node(u, leb, *off, out));
		if (out->type == OV_UBIFS_PAD)
			pad = ov_cur_soft_u32le(&out->c);
		if (pad > u->leb_size)
			return OV_BAD;
		*off += (out->len + pad + 7) & ~7U;
		if (out->type != OV_UBIFS_PAD)
			return OV_OK;
	}
	return OV_END;
}

static ov_status add_leaf(struct ov_ubifs *u, const struct ov_ubifs_leaf *leaf)
{
	if (u->n == LEAVES_MAX)
		return OV_LIMIT;
	if (u->n == u->cap) {
		const uint32_t cap = u->cap == 0 ? 1024 : u->cap * 2;
		struct ov_ubifs_leaf *list;

		OV_TRY(ov_arena_array(&u->e->kept, cap, &list));
		if (u->n > 0)
			memcpy(list, u->leaves, u->n * sizeof *list);
		u->leaves = list;
		u->cap = cap;
	}
	u->leaves[u->n++] = *leaf;
	return OV_OK;
}

/* Index nodes that wait; a child's level is one below its parent's. */
struct todo {
	struct row {
		uint32_t leb, off;
		uint16_t level;
	} * list;
	uint32_t n, cap, met;
};

static ov_status push(struct ov_ubifs *u, struct todo *t, struct row r)
{
	if (++t->met > LEAVES_MAX)
		return OV_LIMIT;
	if (t->n == t->cap) {
		const uint32_t cap = t->cap == 0 ? 64 : t->cap * 2;
		struct row *list;

		OV_TRY(ov_arena_array(&u->e->kept, cap, &list));
		if (t->n > 0)
			memcpy(list, t->list, t->n * sizeof *list);
		t->list = list;
		t->cap = cap;
	}
	t->list[t->n++] = r;
	return OV_OK;
}

/* Children u16 at 24, level u16; each: LEB, offset, length, key; with authentication a hash too. */
static ov_status index_node(struct ov_ubifs *u, struct todo *t, struct row at, bool is_root)
{
	struct ov_ubifs_node node;
	uint16_t children, level;
	uint32_t each;

	OV_TRY(ov_ubifs_node(u, at.leb, at.off, OV_UBIFS_INDEX, &node));
	children = ov_cur_soft_u16le(&node.c);
	level = ov_cur_soft_u16le(&node.c);
	OV_TRY(ov_cur_status(&node.c));
	if ((!is_root && level != at.level) || level > 512)
		return OV_BAD;
	if (children == 0)
		return OV_OK;
	each = (uint32_t)ov_cur_left(&node.c) / children;
	if (each < 20)
		return OV_BAD;
	for (uint16_t i = 0; i < children; i++) {
		struct ov_ubifs_leaf leaf = { .seq = 0 };
		struct ov_cur b;

		OV_TRY(ov_cur_take(&node.c, each, &b));
		leaf.leb = ov_cur_soft_u32le(&b);
		leaf.off = ov_cur_soft_u32le(&b);
		ov_cur_soft_skip(&b, 4);
		leaf.inode = ov_cur_soft_u32le(&b);
		leaf.key = ov_cur_soft_u32le(&b);
		if (level == 0)
			OV_TRY(add_leaf(u, &leaf));
		else
			OV_TRY(push(u, t,
				    (struct row){ .leb = leaf.leb,
						  .off = leaf.off,
						  .level = (uint16_t)(level - 1) }));
	}
	return OV_OK;
}

static ov_status read_index(struct ov_ubifs *u, uint32_t leb, uint32_t off)
{
	struct todo t = { .n = 0 };

	OV_TRY(push(u, &t, (struct row){ .leb = leb, .off = off }));
	while (t.n > 0) {
		const struct ov_arena_mark mark = ov_arena_mark(&u->e->arena);
		const struct row at = t.list[--t.n];
		const ov_status st = index_node(u, &t, at, t.met == 1);

		ov_arena_release(&u->e->arena, mark);
		if (st == OV_LIMIT || st == OV_NOMEM)
			return st;
		if (st != OV_OK)
			OV_TRY(ov_ev_unread(u->e, st, (struct ov_str){ 0 },
					    "UBIFS: a part of its index is broken"));
	}
	return OV_OK;
}

/* Nodes with keys that were written after the index. A write that was not finished ends it. */
static ov_status read_bud(struct ov_ubifs *u, uint32_t leb, uint32_t off)
{
	ov_status st = OV_OK;

	while (st == OV_OK) {
		const struct ov_arena_mark mark = ov_arena_mark(&u->e->arena);
		struct ov_ubifs_leaf leaf = { .leb = leb };
		struct ov_ubifs_node node;

		st = next_node(u, leb, &off, &node);
		if (st == OV_OK && node.type <= OV_UBIFS_NAME && node.seq > 0) {
			leaf.off = off - ((node.len + 7) & ~7U);
			leaf.seq = node.seq;
			leaf.inode = ov_cur_soft_u32le(&node.c);
			leaf.key = ov_cur_soft_u32le(&node.c);
			st = add_leaf(u, &leaf);
		}
		ov_arena_release(&u->e->arena, mark);
	}
	return st == OV_END || st == OV_BAD || st == OV_SHORT ? OV_OK : st;
}

/* One block of the log. The first begins with a commit; *begun is its number, and blocks that begin
 * with an older one are left from before. @return OV_END: the log ends here. */
static ov_status read_log_block(struct ov_ubifs *u, uint32_t leb, uint64_t *begun)
{
	bool is_first = true;
	uint32_t off = 0;

	for (;;) { /* next_node() moves */
		const struct ov_arena_mark mark = ov_arena_mark(&u->e->arena);
		uint32_t bud, from;
		struct ov_ubifs_node node;
		const ov_status st = next_node(u, leb, &off, &node);

		if (st == OV_END)
			return is_first ? OV_END : OV_OK;
		OV_TRY(st);
		if (is_first && *begun == 0 && node.type != OV_UBIFS_COMMIT)
			return OV_BAD;
		if (is_first && *begun == 0)
			*begun = node.seq;
		if (is_first && node.seq < *begun)
			return OV_END;
		is_first = false;
		bud = ov_cur_soft_u32le(&node.c);
		from = ov_cur_soft_u32le(&node.c);
		ov_arena_release(&u->e->arena, mark);
		if (node.type == OV_UBIFS_REFERENCE)
			OV_TRY(read_bud(u, bud, from));
	}
}

static ov_status read_log(struct ov_ubifs *u, uint32_t first)
{
	uint64_t begun = 0;

	if (first < LOG_LEB || first - LOG_LEB >= u->log_lebs)
		return OV_BAD;
	for (uint32_t i = 0; i < u->log_lebs; i++) {
		const ov_status st =
		    read_log_block(u, LOG_LEB + (first - LOG_LEB + i) % u->log_lebs, &begun);

		if (st == OV_END)
			return OV_OK;
		OV_TRY(st);
	}
	return OV_OK;
}

static int by_key(const void *pa, const void *pb)
{
	const struct ov_ubifs_leaf *a = pa, *b = pb;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq > b->seq ? -1 : 1; /* the newest first */
	if (a->leb != b->leb)
		return a->leb < b->leb ? -1 : 1;
	return (a->off > b->off) - (a->off < b->off);
}

/* The first leaf at or behind a key. */
uint32_t ov_ubifs_lower(const struct ov_ubifs *u, uint32_t inode, uint32_t key)
{
	uint32_t lo = 0, hi = u->n;

	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;
		const struct ov_ubifs_leaf *l = &u->leaves[mid];

		if (l->inode < inode || (l->inode == inode && l->key < key))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct ov_ubifs_leaf *ov_ubifs_find(const struct ov_ubifs *u, uint32_t inode, uint32_t key)
{
	const uint32_t i = ov_ubifs_lower(u, inode, key);

	return i < u->n && u->leaves[i].inode == inode && u->leaves[i].key == key ? &u->leaves[i]
										  : NULL;
}

/* Master nodes are written one behind the other, in two blocks alike. */
static ov_status read_master(struct ov_ubifs *u, uint32_t *log, uint32_t *leb, uint32_t *off)
{
	uint64_t newest = 0;
	bool has = false;

	for (uint32_t copy = 1; copy <= 2; copy++) {
		struct ov_ubifs_node node;
		uint32_t at = 0;

		while (next_node(u, copy, &at, &node) == OV_OK) {
			if (node.type != OV_UBIFS_MASTER || (has && node.seq <= newest))
				continue;
			ov_cur_soft_skip(&node.c, 20);
			*log = ov_cur_soft_u32le(&node.c);
			*leb = ov_cur_soft_u32le(&node.c);
			*off = ov_cur_soft_u32le(&node.c);
			OV_TRY(ov_cur_status(&node.c));
			newest = node.seq;
			has = true;
		}
	}
	return has ? OV_OK : OV_BAD;
}

ov_status ov_ubifs_leaves(struct ov_ubifs *u)
{
	uint32_t log = 0, leb = 0, off = 0;
	ov_status st;

	OV_TRY(read_master(u, &log, &leb, &off));
	OV_TRY(read_index(u, leb, off));
	st = read_log(u, log);
	if (st == OV_LIMIT || st == OV_NOMEM)
		return st;
	if (st != OV_OK)
		OV_TRY(
		    ov_ev_unread(u->e, st, (struct ov_str){ 0 }, "UBIFS: its log can't be read"));
	if (u->n > 1)
		qsort(u->leaves, u->n, sizeof *u->leaves, by_key);
	return OV_OK;
}
