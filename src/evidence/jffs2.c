/*
 * JFFS2: a log of nodes on 4-byte boundaries, in either byte order, erased flash between them.
 *
 *   node:   magic 0x1985, type u16, length u32, checksum of these
 *   name:   folder u32 at 12, version, inode (0: removed), time, length u8 at 28, kind, bytes at 40
 *   inode:  inode u32 at 12, version, mode, owners, size at 28, times, offset at 44, packed and
 *           plain size at 48, coding u8 at 56, bytes at 68: one piece of a file, and what holds for
 *           all of it
 *
 * Only the header's checksum is verified.
 */
#include "jffs2.h"

#include <stdlib.h>

#define HEAD 12u
#define NAME_AT 40u
#define DATA_AT 68u
#define GAP_MAX ((uint64_t)1 << 20) /* without a node: the file system ended before */
#define NODES_MAX (8u << 20)
#define WINDOW ((size_t)64 << 10)

enum { TYPE_NAME = 0xe001, TYPE_INODE = 0xe002 };

/* Reads go through a window: erased flash is looked at four bytes at a time. */
struct scan {
	const struct ov_src *src;
	bool is_big;
	uint64_t at, window_at;
	size_t window_n;
	uint8_t window[WINDOW];
};

static uint16_t u16(const struct ov_jffs2 *j, struct ov_cur *c)
{
	return j->is_big ? ov_cur_soft_u16be(c) : ov_cur_soft_u16le(c);
}

static uint32_t u32(const struct ov_jffs2 *j, struct ov_cur *c)
{
	return j->is_big ? ov_cur_soft_u32be(c) : ov_cur_soft_u32le(c);
}

/* CRC-32 of the header's first 8 bytes; it starts at 0 and is not inverted. */
static uint32_t sum_of(const uint8_t raw[8])
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 8; i++) {
		sum ^= raw[i];
		for (unsigned k = 0; k < 8; k++)
			sum = sum >> 1 ^ ((sum & 1) != 0 ? 0xedb88320U : 0);
	}
	return sum;
}

static bool is_head(struct ov_cur c, bool is_big, uint16_t *type, uint32_t *len)
{
	const struct ov_jffs2 j = { .is_big = is_big };
	const uint8_t *const raw = c.base;
	uint32_t sum;

	if (c.len < HEAD || u16(&j, &c) != 0x1985)
		return false;
	*type = u16(&j, &c);
	*len = u32(&j, &c);
	sum = u32(&j, &c);
	return *len >= HEAD && sum_of(raw) == sum;
}

bool ov_jffs2_is(const struct ov_src *src, bool *is_big)
{
	uint8_t raw[HEAD];
	uint16_t type;
	uint32_t len;

	if (src->size < HEAD || ov_src_read(src, 0, raw, sizeof raw) != OV_OK)
		return false;
	*is_big = raw[0] == 0x19;
	return is_head(ov_cur_of(raw, sizeof raw), *is_big, &type, &len) && len <= src->size;
}

/* The next node; *at: where it stands. @return OV_END when none follows; OV_SHORT: it is cut. */
static ov_status next_node(struct scan *s, uint64_t *at, uint16_t *type, uint32_t *len)
{
	const uint64_t begun = s->at;

	for (; s->at < s->src->size && s->at - begun <= GAP_MAX; s->at += 4) {
		struct ov_cur c;

		if (s->at < s->window_at || s->at - s->window_at + HEAD > s->window_n) {
			OV_TRY(ov_src_read_upto(s->src, s->at, s->window, WINDOW, &s->window_n));
			s->window_at = s->at;
			if (s->window_n < HEAD)
				return OV_END;
		}
		c = ov_cur_of(s->window + (s->at - s->window_at), HEAD);
		if (!is_head(c, s->is_big, type, len))
			continue;
		*at = s->at;
		if (*len > s->src->size - s->at)
			return OV_SHORT;
		s->at += ((uint64_t)*len + 3) & ~(uint64_t)3;
		return OV_OK;
	}
	return OV_END;
}

uint64_t ov_jffs2_extent(struct ov_ev *e, const struct ov_src *src, bool is_big)
{
	const struct ov_arena_mark mark = ov_arena_mark(&e->arena);
	struct scan *s = NULL;
	uint64_t at, end = 0;
	uint16_t type;
	uint32_t len;

	if (ov_arena_new(&e->arena, &s) != OV_OK)
		return 0;
	s->src = src;
	s->is_big = is_big;
	while (next_node(s, &at, &type, &len) == OV_OK)
		end = at + len;
	ov_arena_release(&e->arena, mark);
	return end;
}

/* Room for one more row of `each` bytes. */
static ov_status grow(struct ov_jffs2 *j, struct ov_jffs2_list *l, size_t each, void **row)
{
	if (l->n == NODES_MAX)
		return OV_LIMIT;
	if (l->n == l->cap) {
		const uint32_t cap = l->cap == 0 ? 256 : l->cap * 2;
		void *rows;

		OV_TRY(ov_arena_array_(&j->e->kept, cap, each, &rows));
		if (l->n > 0)
			memcpy(rows, l->rows, l->n * each);
		l->rows = rows;
		l->cap = cap;
	}
	*row = (uint8_t *)l->rows + (size_t)l->n++ * each;
	return OV_OK;
}

static ov_status take_name(struct ov_jffs2 *j, uint64_t at, uint32_t len)
{
	struct ov_jffs2_name *n = NULL;
	uint8_t raw[NAME_AT];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);
	char *text;
	void *row;

	if (len < NAME_AT)
		return OV_BAD;
	OV_TRY(ov_src_read(j->src, at, raw, sizeof raw));
	if (raw[28] == 0 || raw[28] > len - NAME_AT)
		return OV_BAD;
	OV_TRY(ov_arena_array(&j->e->kept, (size_t)raw[28], &text));
	OV_TRY(ov_src_read(j->src, at + NAME_AT, text, raw[28]));
	if (memchr(text, '/', raw[28]) != NULL || memchr(text, '\0', raw[28]) != NULL)
		return OV_BAD;
	OV_TRY(grow(j, &j->names, sizeof *n, &row));
	n = row;
	c.pos = HEAD;
	n->folder = u32(j, &c);
	n->version = u32(j, &c);
	n->inode = u32(j, &c);
	n->n = raw[28];
	n->kind = raw[29];
	n->text = text;
	return OV_OK;
}

static ov_status take_piece(struct ov_jffs2 *j, uint64_t at, uint32_t len)
{
	struct ov_jffs2_piece *p = NULL;
	uint8_t raw[DATA_AT];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);
	void *row;

	if (len < DATA_AT)
		return OV_BAD;
	OV_TRY(ov_src_read(j->src, at, raw, sizeof raw));
	OV_TRY(grow(j, &j->pieces, sizeof *p, &row));
	p = row;
	c.pos = HEAD;
	p->inode = u32(j, &c);
	p->version = u32(j, &c);
	p->mode = u32(j, &c);
	ov_cur_soft_skip(&c, 4);
	p->size = u32(j, &c);
	ov_cur_soft_skip(&c, 4);
	p->mtime = u32(j, &c);
	ov_cur_soft_skip(&c, 4);
	p->offset = u32(j, &c);
	p->packed = u32(j, &c);
	p->plain = u32(j, &c);
	p->coding = ov_cur_soft_u8(&c);
	p->at = at + DATA_AT;
	if (p->packed > len - DATA_AT ||
	    (p->plain > OV_JFFS2_PLAIN_MAX && p->coding != OV_JFFS2_ZERO)) {
		j->pieces.n--;
		return OV_BAD;
	}
	return OV_OK;
}

static int by_name(const void *pa, const void *pb)
{
	const struct ov_jffs2_name *a = pa, *b = pb;
	int d;

	if (a->folder != b->folder)
		return a->folder < b->folder ? -1 : 1;
	d = memcmp(a->text, b->text, ov_min_size(a->n, b->n));
	if (d != 0)
		return d;
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return (a->version < b->version) - (a->version > b->version); /* the newest first */
}

static int by_place(const void *pa, const void *pb)
{
	const struct ov_jffs2_piece *a = pa, *b = pb;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->version < b->version) - (a->version > b->version);
}

/* All nodes; broken ones are counted and the rest goes on. */
ov_status ov_jffs2_nodes(struct ov_jffs2 *j)
{
	uint32_t broken = 0, len;
	struct scan *s = NULL;
	uint64_t at;
	uint16_t type;
	ov_status st;

	OV_TRY(ov_arena_new(&j->e->arena, &s));
	s->src = j->src;
	s->is_big = j->is_big;
	while ((st = next_node(s, &at, &type, &len)) == OV_OK) {
		if (type == TYPE_NAME)
			st = take_name(j, at, len);
		else if (type == TYPE_INODE)
			st = take_piece(j, at, len);
		if (st == OV_LIMIT || st == OV_NOMEM || st == OV_IO)
			return st;
		broken += st != OV_OK;
	}
	if (j->names.n > 1)
		qsort(j->names.rows, j->names.n, sizeof(struct ov_jffs2_name), by_name);
	if (j->pieces.n > 1)
		qsort(j->pieces.rows, j->pieces.n, sizeof(struct ov_jffs2_piece), by_place);
	if (st == OV_END && broken > 0)
		st = OV_BAD;
	return st != OV_END
		   ? ov_ev_unread(j->e, st, (struct ov_str){ 0 }, "JFFS2: nodes can't be read")
		   : OV_OK;
}
