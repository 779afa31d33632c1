/*
 * SQLite: b-trees of tables. Interior pages (5) have children, leaves (13) rows { length, number,
 * record }; what does not fit stands on overflow pages. sqlite.h names the document.
 *
 *   log:   magic u32, version, page size at 8, salts at 16, checksum at 24 of the first 24 bytes
 *   frame: page u32, pages of the database after a commit (else 0), salts, checksum; the page
 *
 * Bounded, and no more of the format than it takes to come to the rows: no indexes, no WITHOUT
 * ROWID.
 */
#include "sqlite.h"

#define BLOB_MAX ((size_t)64 << 20)
#define DB_MAX ((size_t)640 << 20)
#define SQL_MAX ((size_t)64 << 10)
#define WAL_HEAD 32u
#define FRAME_HEAD 24u

static ov_status varint(struct ov_cur *c, uint64_t *out)
{
	uint64_t v = 0;
	uint8_t b;

	for (int i = 0; i < 9; i++) {
		OV_TRY(ov_cur_u8(c, &b));
		if (i == 8) {
			*out = v << 8 | b;
			return OV_OK;
		}
		v = v << 7 | (b & 0x7f);
		if ((b & 0x80) == 0)
			break;
	}
	*out = v;
	return OV_OK;
}

static ov_status push(struct ov_sqlite *q, uint32_t page)
{
	if (page == 0 || page > q->pages || ++q->seen > q->pages + 1)
		return OV_BAD; /* each page is a child of one other */
	if (q->n == q->cap) {
		const uint32_t cap = q->cap == 0 ? 256 : q->cap * 2;
		uint32_t *list = NULL;

		OV_TRY(ov_arena_array(&q->e->kept, cap, &list));
		if (q->n > 0)
			memcpy(list, q->todo, q->n * sizeof *list);
		q->todo = list;
		q->cap = cap;
	}
	q->todo[q->n++] = page;
	return OV_OK;
}

static ov_status payload(struct ov_sqlite *q, struct ov_cur c, uint64_t length, struct ov_cur *out)
{
	const uint64_t max = q->usable - 35, min = (q->usable - 12) * 32 / 255 - 23;
	uint64_t local = length, n;
	uint8_t *to = NULL;
	uint32_t next;

	if (length > BLOB_MAX || length > q->all.len)
		return OV_BAD;
	if (length <= max)
		return ov_cur_take(&c, length, out);
	local = min + (length - min) % (q->usable - 4);
	if (local > max)
		local = min;
	OV_TRY(ov_arena_array(&q->e->arena, (size_t)length, &to));
	OV_TRY(ov_cur_copy(&c, to, (size_t)local));
	OV_TRY(ov_cur_u32be(&c, &next));
	for (n = local; n < length;) { /* each turn copies a byte at least */
		const uint64_t k = ov_min_u64(length - n, q->usable - 4);
		struct ov_cur page;

		if (next == 0 || next > q->pages)
			return OV_BAD;
		OV_TRY(ov_cur_sub(&q->all, (uint64_t)(next - 1) * q->page_size, q->usable, &page));
		next = ov_cur_soft_u32be(&page);
		OV_TRY(ov_cur_copy(&page, to + n, (size_t)k));
		n += k;
	}
	*out = ov_cur_of(to, (size_t)length);
	return OV_OK;
}

ov_status ov_sqlite_column(struct ov_cur rec, unsigned n, uint64_t *type, struct ov_cur *out)
{
	static const uint8_t sizes[] = { 0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0 };
	struct ov_cur head = rec;
	uint64_t size, at;

	OV_TRY(varint(&head, &size));
	at = size;
	for (unsigned i = 0;; i++) {
		uint64_t k;

		if (head.pos >= size)
			return OV_BAD;
		OV_TRY(varint(&head, type));
		k = *type < 12 ? sizes[*type] : (*type - 12) / 2;
		if (i == n)
			return ov_cur_sub(&rec, at, k, out);
		OV_TRY(ov_add_u64(at, k, &at));
	}
}

static ov_status leaf(struct ov_sqlite *q, struct ov_cur page, struct ov_cur cells, uint16_t n,
		      ov_sqlite_row take_row, void *ctx)
{
	for (uint16_t i = 0; i < n; i++) {
		const struct ov_arena_mark mark = ov_arena_mark(&q->e->arena);
		uint64_t length, number_of_row;
		struct ov_cur c = page, record;
		uint16_t off;
		ov_status st;

		OV_TRY(ov_cur_u16be(&cells, &off));
		st = ov_cur_seek(&c, off);
		if (st == OV_OK)
			st = varint(&c, &length);
		if (st == OV_OK)
			st = varint(&c, &number_of_row);
		if (st == OV_OK)
			st = payload(q, c, length, &record);
		if (st == OV_OK)
			st = take_row(ctx, record);
		ov_arena_release(&q->e->arena, mark);
		OV_TRY(q->e->broke);
		q->broken += st == OV_BAD || st == OV_SHORT;
		if (st != OV_OK && st != OV_BAD && st != OV_SHORT)
			return st;
	}
	return OV_OK;
}

static ov_status walk_table(struct ov_sqlite *q, uint32_t root, ov_sqlite_row take_row, void *ctx)
{
	q->n = q->seen = 0;
	OV_TRY(push(q, root));
	while (q->n > 0) {
		const uint32_t number_of_page = q->todo[--q->n];
		struct ov_cur page, c;
		uint16_t n, off;
		uint8_t kind;
		uint32_t child;

		OV_TRY(ov_cur_sub(&q->all, (uint64_t)(number_of_page - 1) * q->page_size, q->usable,
				  &page));
		c = page;
		if (number_of_page == 1)
			ov_cur_soft_skip(&c, 100);
		kind = ov_cur_soft_u8(&c);
		ov_cur_soft_skip(&c, 2);
		n = ov_cur_soft_u16be(&c);
		ov_cur_soft_skip(&c, 3);
		if (kind == 13) {
			OV_TRY(leaf(q, page, c, n, take_row, ctx));
			continue;
		}
		if (kind != 5) {
			q->broken++;
			continue;
		}
		child = ov_cur_soft_u32be(&c);
		OV_TRY(push(q, child));
		for (uint16_t i = 0; i < n; i++) {
			struct ov_cur at = page;

			OV_TRY(ov_cur_u16be(&c, &off));
			OV_TRY(ov_cur_seek(&at, off));
			OV_TRY(ov_cur_u32be(&at, &child));
			OV_TRY(push(q, child));
		}
	}
	return OV_OK;
}

/* sqlite_schema: type, name, tbl_name, rootpage, sql. */
struct wanted {
	struct ov_str name;
	char *sql; /* SQL_MAX bytes, or NULL */
	size_t nsql;
	uint32_t root;
};

static ov_status schema_row(void *ctx, struct ov_cur record)
{
	struct wanted *w = ctx;
	struct ov_cur name, page, sql;
	uint64_t type;

	OV_TRY(ov_sqlite_column(record, 1, &type, &name));
	if (w->root != 0 || name.len != w->name.n || memcmp(name.base, w->name.p, name.len) != 0)
		return OV_OK;
	OV_TRY(ov_sqlite_column(record, 3, &type, &page));
	OV_TRY(ov_sqlite_column(record, 4, &type, &sql));
	while (ov_cur_left(&page) > 0)
		w->root = w->root << 8 | ov_cur_soft_u8(&page);
	if (w->sql != NULL) {
		w->nsql = ov_min_size(sql.len, SQL_MAX);
		OV_TRY(ov_cur_copy(&sql, w->sql, w->nsql));
	}
	return OV_OK;
}

ov_status ov_sqlite_schema(struct ov_sqlite *q, const char *name, struct ov_str *sql)
{
	struct wanted w = { .name = ov_str_of(name) };

	OV_TRY(ov_arena_array(&q->e->arena, SQL_MAX, &w.sql));
	OV_TRY(walk_table(q, 1, schema_row, &w));
	*sql = (struct ov_str){ .p = w.sql, .n = w.nsql };
	return w.root == 0 ? OV_END : OV_OK;
}

ov_status ov_sqlite_table(struct ov_sqlite *q, const char *name, ov_sqlite_row row, void *ctx)
{
	struct wanted w = { .name = ov_str_of(name) };

	OV_TRY(walk_table(q, 1, schema_row, &w));
	return w.root == 0 ? OV_END : walk_table(q, w.root, row, ctx);
}

/* The log's checksum: two sums that feed each other, over pairs of 32-bit words. */
struct sums {
	uint32_t a, b;
	bool is_big;
};

static void add(struct sums *s, struct ov_cur c)
{
	while (ov_cur_left(&c) >= 8) {
		const uint32_t x = s->is_big ? ov_cur_soft_u32be(&c) : ov_cur_soft_u32le(&c);
		const uint32_t y = s->is_big ? ov_cur_soft_u32be(&c) : ov_cur_soft_u32le(&c);

		s->a += x + s->b;
		s->b += y + s->a;
	}
}

struct wal {
	struct ov_cur c; /* behind the header */
	struct sums sums;
	uint32_t salts[2];
};

/* @return OV_END: no log of this database that says anything. */
static ov_status open_wal(struct ov_cur c, uint32_t page_size, struct wal *out)
{
	struct ov_cur head, sum;
	uint32_t magic, size;

	if (ov_cur_take(&c, WAL_HEAD, &head) != OV_OK)
		return OV_END;
	sum = ov_cur_of(head.base, 24);
	magic = ov_cur_soft_u32be(&head);
	ov_cur_soft_skip(&head, 4);
	size = ov_cur_soft_u32be(&head);
	ov_cur_soft_skip(&head, 4);
	out->salts[0] = ov_cur_soft_u32be(&head);
	out->salts[1] = ov_cur_soft_u32be(&head);
	out->sums = (struct sums){ .is_big = (magic & 1) != 0 };
	out->c = c;
	add(&out->sums, sum);
	return (magic & ~1U) == 0x377f0682 && size == page_size &&
		       out->sums.a == ov_cur_soft_u32be(&head) &&
		       out->sums.b == ov_cur_soft_u32be(&head)
		   ? OV_OK
		   : OV_END;
}

/* The next frame that is whole. @return OV_END when none is. */
static ov_status next_frame(struct wal *w, uint32_t page_size, uint32_t *page, uint32_t *commit,
			    struct ov_cur *data)
{
	struct ov_cur head, sum;

	if (ov_cur_take(&w->c, FRAME_HEAD, &head) != OV_OK ||
	    ov_cur_take(&w->c, page_size, data) != OV_OK)
		return OV_END;
	sum = ov_cur_of(head.base, 8);
	*page = ov_cur_soft_u32be(&head);
	*commit = ov_cur_soft_u32be(&head);
	if (ov_cur_soft_u32be(&head) != w->salts[0] || ov_cur_soft_u32be(&head) != w->salts[1])
		return OV_END; /* of an earlier round */
	add(&w->sums, sum);
	add(&w->sums, *data);
	return w->sums.a == ov_cur_soft_u32be(&head) && w->sums.b == ov_cur_soft_u32be(&head)
		   ? OV_OK
		   : OV_END;
}

/* Frames up to the last commit, over a copy of the database. */
static ov_status apply(struct ov_sqlite *q, struct ov_cur log)
{
	uint32_t page, commit, frames = 0, committed = 0, pages = 0;
	struct ov_cur data;
	uint8_t *to = NULL;
	struct wal w;
	uint64_t size;

	if (open_wal(log, q->page_size, &w) != OV_OK)
		return OV_OK;
	while (next_frame(&w, q->page_size, &page, &commit, &data) == OV_OK) {
		frames++;
		if (commit != 0) {
			committed = frames;
			pages = commit;
		}
	}
	if (committed == 0)
		return OV_OK;
	size = (uint64_t)pages * q->page_size;
	if (size > DB_MAX)
		return OV_LIMIT;
	OV_TRY(ov_arena_array(&q->e->arena, (size_t)size, &to));
	memcpy(to, q->all.base, ov_min_size((size_t)size, q->all.len));
	OV_TRY(open_wal(log, q->page_size, &w));
	for (uint32_t i = 0; i < committed; i++) {
		OV_TRY(next_frame(&w, q->page_size, &page, &commit, &data));
		if (page > 0 && page <= pages)
			OV_TRY(ov_cur_copy(&data, to + (size_t)(page - 1) * q->page_size,
					   q->page_size));
	}
	q->all = ov_cur_of(to, (size_t)size);
	return OV_OK;
}

ov_status ov_sqlite_open(struct ov_ev *e, struct ov_cur db, const struct ov_src *wal,
			 struct ov_sqlite *out)
{
	struct ov_sqlite q = { .e = e, .all = db };
	struct ov_cur c = db, log;
	uint16_t size;
	uint8_t reserved;

	OV_TRY(ov_cur_expect_n(&c, "SQLite format 3", 16));
	OV_TRY(ov_cur_u16be(&c, &size));
	OV_TRY(ov_cur_skip(&c, 2));
	OV_TRY(ov_cur_u8(&c, &reserved));
	q.page_size = size == 1 ? 65536 : size;
	if (q.page_size < 512 || (q.page_size & (q.page_size - 1)) != 0 || reserved > 32)
		return OV_BAD;
	if (wal != NULL && wal->size > 0) {
		if (wal->size > DB_MAX)
			return OV_LIMIT;
		OV_TRY(ov_src_view(wal, 0, (size_t)wal->size, &e->arena, &log));
		OV_TRY(apply(&q, log));
	}
	q.usable = q.page_size - reserved;
	q.pages = (uint32_t)ov_min_u64(q.all.len / q.page_size, UINT32_MAX - 2);
	*out = q;
	return OV_OK;
}
