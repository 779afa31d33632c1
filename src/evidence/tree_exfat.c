/*
 * exFAT. Follows "exFAT file system specification" (Microsoft, 1.00).
 *
 *   sector 0: "EXFAT   " at 3; sectors of the volume u64 at 72; table at 80; clusters at 88, their
 *             number, root at 96; bytes of a sector and sectors of a cluster as powers of two at
 * 108 folder:   entries of 32 bytes. 0x85 file, 0xc0 its stream, 0xc1 parts of its name stream:
 * flags at 1 (2: its clusters follow each other, the table says nothing), length of the name at 3,
 * bytes that were written u64 at 8, first cluster at 20, size u64 at 24
 *
 * Left out: deleted entries, checksums.
 */
#include "tree.h"
#include "utf16.h"

#define ENTRY 32u
#define FOLDER_MAX ((uint64_t)256 << 20) /* what the format allows */
#define CHAIN_MAX (1u << 24)		 /* clusters of one file */
#define NAME_UNITS 15u

struct exfat {
	struct ov_ev *e;
	const struct ov_src *src;
	uint64_t table_at, data_at, total;
	uint32_t clusters, root, cluster; /* cluster: bytes */
};

/* What a file's entries say. */
struct stream {
	uint64_t size, written;
	uint32_t first;
	bool is_plain; /* one cluster after the other */
};

struct file {
	struct exfat *x;
	struct stream s;
	uint32_t *chain; /* NULL: is_plain */
	uint32_t n;
};

static bool read_boot(const struct ov_src *src, struct exfat *x)
{
	uint8_t raw[512], sector_bits, cluster_bits;
	struct ov_cur c = ov_cur_of(raw, sizeof raw);

	if (src->size < sizeof raw || ov_src_read(src, 0, raw, sizeof raw) != OV_OK ||
	    memcmp(raw + 3, "EXFAT   ", 8) != 0 || raw[510] != 0x55 || raw[511] != 0xaa)
		return false;
	sector_bits = raw[108];
	cluster_bits = raw[109];
	if (sector_bits < 9 || sector_bits > 12 || cluster_bits > 25 - sector_bits)
		return false;
	c.pos = 72;
	x->total = ov_cur_soft_u64le(&c);
	x->table_at = (uint64_t)ov_cur_soft_u32le(&c) << sector_bits;
	ov_cur_soft_skip(&c, 4);
	x->data_at = (uint64_t)ov_cur_soft_u32le(&c) << sector_bits;
	x->clusters = ov_cur_soft_u32le(&c);
	x->root = ov_cur_soft_u32le(&c);
	x->cluster = 1U << (sector_bits + cluster_bits);
	if (x->total > UINT64_MAX >> sector_bits)
		return false;
	x->total <<= sector_bits;
	return x->table_at >= 512 && x->data_at > x->table_at && x->data_at < x->total &&
	       x->clusters <= (x->total - x->data_at) / x->cluster && x->root >= 2 &&
	       x->root - 2 < x->clusters;
}

static bool probe(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts)
{
	struct exfat x;

	(void)e;
	if (!read_boot(src, &x))
		return false;
	*facts = (struct ov_tree_facts){ .made = OV_INV_NO_DATE, .size = x.total };
	return true;
}

static ov_status next_cluster(const struct exfat *x, uint32_t n, uint32_t *out)
{
	uint8_t raw[4];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);

	OV_TRY(ov_src_read(x->src, x->table_at + (uint64_t)n * 4, raw, sizeof raw));
	*out = ov_cur_soft_u32le(&c);
	return OV_OK;
}

/* `most` clusters by the table, or up to one that is out of range. */
static ov_status read_table(struct file *f, uint64_t most)
{
	const struct exfat *x = f->x;
	uint32_t at = f->s.first, cap = 0;

	while (f->n < most && f->n < CHAIN_MAX && at >= 2 && at - 2 < x->clusters) {
		if (f->n == cap) {
			uint32_t *list;

			cap = cap == 0 ? 16 : cap * 2;
			OV_TRY(ov_arena_array(&x->e->arena, cap, &list));
			if (f->n > 0)
				memcpy(list, f->chain, f->n * sizeof *list);
			f->chain = list;
		}
		f->chain[f->n++] = at;
		OV_TRY(next_cluster(x, at, &at));
	}
	return OV_OK;
}

static ov_status read_stream(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct file *f = ctx;
	const struct exfat *x = f->x;

	*got = 0;
	while (n > 0 && off < f->s.size) {
		const uint64_t number = off / x->cluster, inside = off % x->cluster;
		size_t k = (size_t)ov_min_u64(x->cluster - inside, f->s.size - off);

		k = ov_min_size(k, n);
		if (off >= f->s.written) {
			memset(to, 0, k); /* allocated, never written */
		} else {
			const uint64_t cluster =
			    f->chain == NULL ? f->s.first + number : f->chain[number];

			k = ov_min_size(k, (size_t)ov_min_u64(k, f->s.written - off));
			OV_TRY(ov_src_read(x->src, x->data_at + (cluster - 2) * x->cluster + inside,
					   to, k) == OV_OK
				   ? OV_OK
				   : OV_IO);
		}
		to += k;
		off += k;
		n -= k;
		*got += k;
	}
	return OV_OK;
}

/* @param is_open_end  A folder whose size nobody told: as many clusters as the table has. */
static ov_status open_stream(struct exfat *x, struct stream s, bool is_open_end,
			     struct ov_src **out)
{
	const uint64_t most = is_open_end ? FOLDER_MAX / x->cluster
					  : s.size / x->cluster + (s.size % x->cluster != 0);
	struct file *f = NULL;

	OV_TRY(ov_arena_new(&x->e->arena, &f));
	OV_TRY(ov_arena_new(&x->e->arena, out));
	*f = (struct file){ .x = x, .s = s };
	if (most > x->clusters && !is_open_end)
		return OV_SHORT;
	if (s.is_plain && most > 0) {
		if (s.first < 2 || s.first - 2 > x->clusters - most)
			return OV_SHORT;
	} else {
		OV_TRY(read_table(f, ov_min_u64(most, x->clusters)));
		if (f->n < most && !is_open_end)
			return OV_SHORT;
	}
	if (is_open_end)
		f->s.size = f->s.written = (uint64_t)f->n * x->cluster;
	**out = ov_tree_src(read_stream, f, f->s.size);
	return OV_OK;
}

/* The entries that belong to one file: `c` stands at its first, `n` bytes in all. */
struct entry {
	struct ov_tree_entry t;
	struct stream s;
	struct ov_str name;
};

static ov_status take_name(struct exfat *x, struct ov_cur c, uint8_t units, struct ov_str *out)
{
	uint8_t text[256 * 2];
	size_t n = 0;

	while (n < units && ov_cur_left(&c) >= ENTRY) {
		const size_t k = ov_min_size(NAME_UNITS, units - n);
		struct ov_cur part;

		OV_TRY(ov_cur_take(&c, ENTRY, &part));
		if (ov_cur_soft_u8(&part) != 0xc1)
			return OV_BAD;
		ov_cur_soft_skip(&part, 1);
		OV_TRY(ov_cur_copy(&part, text + n * 2, k * 2));
		n += k;
	}
	if (n == 0 || n < units)
		return OV_BAD;
	OV_TRY(ov_utf16_str(&x->e->arena, ov_cur_of(text, n * 2), out));
	return out->n > 0 && memchr(out->p, '/', out->n) == NULL ? OV_OK : OV_BAD;
}

static ov_status take_entry(struct exfat *x, struct ov_cur c, struct entry *out)
{
	struct ov_cur file, s;
	uint16_t clock, date;
	uint8_t flags, units, zone;

	OV_TRY(ov_cur_take(&c, ENTRY, &file));
	OV_TRY(ov_cur_take(&c, ENTRY, &s));
	if (ov_cur_soft_u8(&s) != 0xc0)
		return OV_BAD;
	flags = ov_cur_soft_u8(&s);
	ov_cur_soft_skip(&s, 1);
	units = ov_cur_soft_u8(&s);
	ov_cur_soft_skip(&s, 4);
	out->s.written = ov_cur_soft_u64le(&s);
	ov_cur_soft_skip(&s, 4);
	out->s.first = ov_cur_soft_u32le(&s);
	out->s.size = ov_cur_soft_u64le(&s);
	out->s.is_plain = (flags & 2) != 0;
	file.pos = 4;
	out->t.kind = (ov_cur_soft_u16le(&file) & 0x10) != 0 ? OV_TREE_FOLDER : OV_TREE_FILE;
	file.pos = 12;
	clock = ov_cur_soft_u16le(&file);
	date = ov_cur_soft_u16le(&file);
	zone = file.base[23];
	out->t.mtime = ov_tree_dos_time(date, clock);
	if (out->t.mtime != OV_INV_NO_DATE && (zone & 0x80) != 0) /* quarters of an hour, 7 bits */
		out->t.mtime -= ((int64_t)(zone & 0x3f) - (zone & 0x40)) * 900;
	return take_name(x, c, units, &out->name);
}

/* A folder that waits: first cluster, whether one follows the other, number of clusters. */
static uint64_t ref_of(const struct exfat *x, const struct stream *s)
{
	return (uint64_t)s->first | (uint64_t)s->is_plain << 32 |
	       (s->size / x->cluster + (s->size % x->cluster != 0)) << 33;
}

static ov_status open_folder(struct exfat *x, uint64_t ref, struct ov_src **out)
{
	struct stream s = { .first = (uint32_t)ref,
			    .is_plain = (ref >> 32 & 1) != 0,
			    .size = (ref >> 33) * x->cluster };

	s.written = s.size;
	if (ref == 0)
		return open_stream(x, (struct stream){ .first = x->root }, true, out);
	return open_stream(x, s, false, out);
}

static ov_status show(struct exfat *x, const struct ov_tree_visitor *v, struct ov_tree_todo *todo,
		      const struct ov_tree_dir *dir, struct entry *n)
{
	struct ov_src *src = NULL;
	ov_status st;

	if (++todo->entries > OV_TREE_ENTRIES_MAX)
		return OV_LIMIT;
	if (n->t.kind == OV_TREE_FOLDER && n->s.size > 0 && n->s.size <= FOLDER_MAX) {
		OV_TRY(ov_tree_push(&x->e->arena, todo, dir->path, n->name, ref_of(x, &n->s),
				    dir->depth + 1, &n->t.path));
		return v->entry(v->ctx, &n->t);
	}
	OV_TRY(ov_tree_join(&x->e->arena, dir->path, n->name, &n->t.path));
	st = n->t.kind == OV_TREE_FOLDER ? OV_BAD : open_stream(x, n->s, false, &src);
	n->t.src = src;
	if (st != OV_OK) {
		n->t.src = NULL;
		OV_TRY(ov_ev_unread(x->e, st, n->t.path,
				    n->t.kind == OV_TREE_FOLDER
					? "exFAT: a folder without clusters"
					: "exFAT: its clusters end too early"));
	}
	return v->entry(v->ctx, &n->t);
}

/* A file's entries may go on in the next cluster, so each set is read by itself. */
static ov_status read_folder(struct exfat *x, const struct ov_tree_visitor *v,
			     struct ov_tree_todo *todo, struct ov_tree_dir dir)
{
	struct ov_src *src = NULL;
	ov_status broken = OV_OK;

	OV_TRY(open_folder(x, dir.ref, &src));
	for (uint64_t off = 0; off + ENTRY <= src->size;) { /* each turn moves */
		uint8_t raw[ENTRY * 19];
		struct entry n = { .t = { .mtime = OV_INV_NO_DATE } };
		size_t size;
		ov_status st;

		OV_TRY(ov_src_read(src, off, raw, ENTRY));
		if (raw[0] == 0)
			break;
		size = ((size_t)raw[1] + 1) * ENTRY;
		if (raw[0] != 0x85) { /* the volume's own, or no longer in use */
			off += ENTRY;
			continue;
		}
		st = size <= sizeof raw && size > (size_t)2 * ENTRY
			 ? ov_src_read(src, off, raw, size)
			 : OV_BAD;
		if (st == OV_OK)
			st = take_entry(x, ov_cur_of(raw, size), &n);
		off += st == OV_OK ? size : ENTRY;
		if (st == OV_OK)
			OV_TRY(show(x, v, todo, &dir, &n));
		else if (st == OV_LIMIT || st == OV_NOMEM)
			return st;
		else
			broken = st;
	}
	return broken;
}

static ov_status read(struct ov_ev *e, const struct ov_src *src, const struct ov_tree_visitor *v)
{
	struct ov_tree_todo todo = { .n = 0 };
	struct ov_str path;
	struct exfat *x;

	OV_TRY(ov_arena_new(&e->arena, &x));
	x->e = e;
	x->src = src;
	if (!read_boot(src, x))
		return OV_BAD;
	OV_TRY(ov_tree_push(&e->arena, &todo, (struct ov_str){ 0 }, (struct ov_str){ 0 }, 0, 0,
			    &path));
	while (todo.n > 0) {
		const struct ov_tree_dir dir = todo.list[--todo.n];
		const ov_status st = read_folder(x, v, &todo, dir);

		OV_TRY(e->broke);
		if (st == OV_LIMIT && todo.entries > OV_TREE_ENTRIES_MAX)
			return st;
		if (st != OV_OK)
			OV_TRY(ov_ev_unread(e, st, dir.path, "exFAT: this folder can't be read"));
	}
	return OV_OK;
}

const struct ov_tree_form ov_tree_exfat = { .name = "exFAT", .probe = probe, .read = read };
