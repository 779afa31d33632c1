/*
 * FAT12, FAT16 and FAT32 with long names. Follows "FAT: General Overview of On-Disk Format"
 * (Microsoft, 1.03). exFAT is tree_exfat.c's. Not read: deleted entries.
 */
#include "tree.h"

#define FOLDER_MAX ((uint64_t)16 << 20)
#define CHAIN_MAX (1u << 24) /* clusters of one file */

struct fat {
	struct ov_ev *e;
	const struct ov_src *src;
	uint32_t sector, cluster, reserved, fats, root_entries, fat_sectors, root_cluster, clusters;
	uint64_t fat_at, root_at, data_at, total;
	unsigned bits;
};

struct file {
	struct fat *x;
	uint32_t *chain;
	uint32_t n;
	uint64_t size;
};

static bool read_boot(struct ov_ev *e, const struct ov_src *src, struct fat *x)
{
	uint32_t total16, total32, fat16, fat32;
	uint8_t per;
	struct ov_cur c;

	if (src->size < 512 || ov_src_view(src, 0, 512, &e->arena, &c) != OV_OK ||
	    (c.base[0] != 0xeb && c.base[0] != 0xe9) || c.base[510] != 0x55 || c.base[511] != 0xaa)
		return false;
	x->e = e;
	x->src = src;
	c.pos = 11;
	x->sector = ov_cur_soft_u16le(&c);
	per = ov_cur_soft_u8(&c);
	x->reserved = ov_cur_soft_u16le(&c);
	x->fats = ov_cur_soft_u8(&c);
	x->root_entries = ov_cur_soft_u16le(&c);
	total16 = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 1);
	fat16 = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 8);
	total32 = ov_cur_soft_u32le(&c);
	fat32 = ov_cur_soft_u32le(&c);
	c.pos = 44;
	x->root_cluster = ov_cur_soft_u32le(&c);
	if ((x->sector != 512 && x->sector != 1024 && x->sector != 2048 && x->sector != 4096) ||
	    per == 0 || (per & (per - 1)) != 0 || x->fats == 0 || x->fats > 2 || x->reserved == 0)
		return false;
	x->cluster = x->sector * per;
	x->total = total16 != 0 ? total16 : total32;
	x->fat_sectors = fat16 != 0 ? fat16 : fat32;
	x->fat_at = (uint64_t)x->reserved * x->sector;
	x->root_at = x->fat_at + (uint64_t)x->fats * x->fat_sectors * x->sector;
	x->data_at =
	    x->root_at + ((uint64_t)x->root_entries * 32 + x->sector - 1) / x->sector * x->sector;
	if (x->fat_sectors == 0 || x->data_at >= x->total * x->sector)
		return false;
	x->clusters =
	    (uint32_t)ov_min_u64((x->total * x->sector - x->data_at) / x->cluster, 0x0ffffff0);
	x->bits = x->clusters < 4085 ? 12 : x->clusters < 65525 ? 16 : 32;
	return (x->bits == 32) == (fat16 == 0);
}

static bool probe(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts)
{
	struct fat x;

	if (!read_boot(e, src, &x))
		return false;
	*facts = (struct ov_tree_facts){ .made = OV_INV_NO_DATE, .size = x.total * x.sector };
	return true;
}

/* The cluster behind `n`; one out of range ends the chain. */
static ov_status next_cluster(struct fat *x, uint32_t n, uint32_t *out)
{
	const uint64_t at = x->bits == 12   ? (uint64_t)n + n / 2
			    : x->bits == 16 ? (uint64_t)n * 2
					    : (uint64_t)n * 4;
	uint8_t raw[4] = { 0 };
	uint32_t v;

	OV_TRY(ov_src_read(x->src, x->fat_at + at, raw, x->bits == 32 ? 4 : 2));
	v = (uint32_t)raw[0] | (uint32_t)raw[1] << 8 | (uint32_t)raw[2] << 16 |
	    (uint32_t)raw[3] << 24;
	if (x->bits == 12)
		v = (n & 1) != 0 ? v >> 4 : v & 0xfff;
	*out = v & 0x0fffffff;
	return OV_OK;
}

/* All clusters of a file of `size` bytes; of a folder (UINT64_MAX) as many as there are. */
static ov_status open_chain(struct fat *x, uint32_t first, uint64_t size, struct ov_src **out)
{
	const uint64_t most =
	    ov_min_u64(size == UINT64_MAX ? FOLDER_MAX / x->cluster
					  : size / x->cluster + (size % x->cluster != 0),
		       x->clusters);
	uint32_t at = first, cap = 0;
	struct file *f;

	OV_TRY(ov_arena_new(&x->e->arena, &f));
	OV_TRY(ov_arena_new(&x->e->arena, out));
	f->x = x;
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
	f->size = size == UINT64_MAX ? (uint64_t)f->n * x->cluster : size;
	if (size != UINT64_MAX && f->n < most)
		return OV_SHORT;
	**out = (struct ov_src){ .size = f->size, .ctx = f };
	return OV_OK;
}

static ov_status read_chain(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct file *f = ctx;
	const uint32_t size = f->x->cluster;

	*got = 0;
	while (n > 0 && off < f->size && off / size < f->n) {
		const uint64_t at =
		    f->x->data_at + (uint64_t)(f->chain[off / size] - 2) * size + off % size;
		size_t k = (size_t)ov_min_u64(size - off % size, f->size - off);

		k = ov_min_size(k, n);
		if (ov_src_read(f->x->src, at, to, k) != OV_OK)
			return OV_IO;
		to += k;
		off += k;
		n -= k;
		*got += k;
	}
	return OV_OK;
}

/* Long names stand in entries before the short one, last part first: 13 units each. */
struct long_name {
	uint16_t units[20 * 13 + 1];
	unsigned parts; /* 0: none */
	uint8_t sum;
};

static void take_part(struct long_name *l, struct ov_cur c)
{
	static const uint8_t at[13] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	const uint8_t order = c.base[0];
	const unsigned part = order & 0x1f;

	if (part == 0 || part > 20) {
		l->parts = 0;
		return;
	}
	if ((order & 0x40) != 0) {
		memset(l->units, 0, sizeof l->units);
		l->parts = part;
		l->sum = c.base[13];
	}
	for (unsigned k = 0; k < 13; k++) {
		c.pos = at[k];
		l->units[(part - 1) * 13 + k] = ov_cur_soft_u16le(&c);
	}
}

static uint8_t sum_of(struct ov_cur c)
{
	uint8_t sum = 0;

	for (unsigned k = 0; k < 11; k++)
		sum = (uint8_t)((uint8_t)((sum & 1) << 7) + (sum >> 1) + c.base[k]);
	return sum;
}

static size_t utf8_unit(char *to, uint16_t u)
{
	if (u < 0x80) {
		to[0] = (char)u;
		return 1;
	}
	if (u < 0x800) {
		to[0] = (char)(0xc0 | u >> 6);
		to[1] = (char)(0x80 | (u & 63));
		return 2;
	}
	if (u >= 0xd800 && u < 0xe000)
		u = 0xfffd; /* pairs are rare in names; told as unknown letters */
	to[0] = (char)(0xe0 | u >> 12);
	to[1] = (char)(0x80 | (u >> 6 & 63));
	to[2] = (char)(0x80 | (u & 63));
	return 3;
}

/* Windows NT keeps "all small letters" of a name's two parts in two bits. */
static char cased(uint8_t ch, bool is_small)
{
	return (char)(is_small && ch >= 'A' && ch <= 'Z' ? ch + 32 : ch);
}

static struct ov_str name_of(const struct long_name *l, struct ov_cur c, char to[800])
{
	size_t n = 0, end;

	if (l->parts > 0 && l->sum == sum_of(c)) {
		for (unsigned k = 0; k < l->parts * 13 && l->units[k] != 0 && l->units[k] != 0xffff;
		     k++)
			n += utf8_unit(to + n, l->units[k]);
		return (struct ov_str){ .p = to, .n = n };
	}
	for (end = 8; end > 0 && c.base[end - 1] == ' '; end--)
		;
	for (size_t k = 0; k < end; k++)
		to[n++] = cased(c.base[k], (c.base[12] & 0x08) != 0);
	for (end = 11; end > 8 && c.base[end - 1] == ' '; end--)
		;
	if (end > 8)
		to[n++] = '.';
	for (size_t k = 8; k < end; k++)
		to[n++] = cased(c.base[k], (c.base[12] & 0x10) != 0);
	return (struct ov_str){ .p = to, .n = n };
}

static ov_status show(struct fat *x, const struct ov_tree_visitor *v, struct ov_tree_todo *todo,
		      const struct ov_tree_dir *dir, struct ov_str name, struct ov_cur c)
{
	struct ov_tree_entry t = { .kind =
				       (c.base[11] & 0x10) != 0 ? OV_TREE_FOLDER : OV_TREE_FILE };
	struct ov_src *src = NULL;
	uint32_t cluster, size;
	uint16_t clock;
	ov_status st;

	c.pos = 20;
	cluster = (uint32_t)ov_cur_soft_u16le(&c) << 16;
	clock = ov_cur_soft_u16le(&c);
	t.mtime = ov_tree_dos_time(ov_cur_soft_u16le(&c), clock);
	cluster |= ov_cur_soft_u16le(&c);
	size = ov_cur_soft_u32le(&c);
	if (t.kind == OV_TREE_FOLDER) {
		OV_TRY(ov_tree_push(&x->e->arena, todo, dir->path, name, cluster, dir->depth + 1,
				    &t.path));
		return v->entry(v->ctx, &t);
	}
	OV_TRY(ov_tree_join(&x->e->arena, dir->path, name, &t.path));
	st = open_chain(x, cluster, size, &src);
	if (st == OV_OK) {
		src->read = read_chain;
		t.src = src;
	} else {
		OV_TRY(ov_ev_unread(x->e, st, t.path, "FAT: its clusters end too early"));
	}
	return v->entry(v->ctx, &t);
}

static ov_status read_entries(struct fat *x, const struct ov_tree_visitor *v,
			      struct ov_tree_todo *todo, struct ov_tree_dir dir,
			      const struct ov_src *src, uint64_t at, uint64_t size)
{
	struct long_name l = { .parts = 0 };

	for (uint64_t off = 0; off + 32 <= size; off += 32) {
		char text[800];
		uint8_t raw[32];
		struct ov_cur c = ov_cur_of(raw, sizeof raw);
		struct ov_str name;

		OV_TRY(ov_src_read(src, at + off, raw, 32));
		if (raw[0] == 0)
			return OV_OK;
		if (raw[0] == 0xe5) {
			l.parts = 0;
			continue;
		}
		if ((raw[11] & 0x3f) == 0x0f) {
			take_part(&l, c);
			continue;
		}
		name = name_of(&l, c, text);
		l.parts = 0;
		if ((raw[11] & 0x08) != 0 || ov_str_is(name, ".") || ov_str_is(name, ".."))
			continue;
		if (++todo->entries > OV_TREE_ENTRIES_MAX)
			return OV_LIMIT;
		OV_TRY(show(x, v, todo, &dir, name, c));
	}
	return OV_OK;
}

static ov_status read_folder(struct fat *x, const struct ov_tree_visitor *v,
			     struct ov_tree_todo *todo, struct ov_tree_dir dir)
{
	struct ov_src *src = NULL;

	if (dir.ref == 0 && x->bits != 32)
		return read_entries(x, v, todo, dir, x->src, x->root_at,
				    (uint64_t)x->root_entries * 32);
	OV_TRY(open_chain(x, dir.ref == 0 ? x->root_cluster : (uint32_t)dir.ref, UINT64_MAX, &src));
	src->read = read_chain;
	return read_entries(x, v, todo, dir, src, 0, src->size);
}

static ov_status read(struct ov_ev *e, const struct ov_src *src, const struct ov_tree_visitor *v)
{
	struct ov_tree_todo todo = { .n = 0 };
	struct ov_str path;
	struct fat *x;

	OV_TRY(ov_arena_new(&e->arena, &x));
	if (!read_boot(e, src, x))
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
			OV_TRY(ov_ev_unread(e, st, dir.path, "FAT: this folder can't be read"));
	}
	return OV_OK;
}

const struct ov_tree_form ov_tree_fat = { .name = "FAT", .probe = probe, .read = read };
