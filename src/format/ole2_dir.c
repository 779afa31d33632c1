/*
 * OLE2 compound files, [MS-CFB]: header, FAT, mini FAT and directory, as bounded tables.
 *
 *   | header 512 | sector 0 | sector 1 | ...            sector n lies at (n + 1) << bits
 *
 * The FAT has one number for each sector: the next sector of its stream. Its own sectors are listed
 * in the header (109) and in a chain of DIFAT sectors. The FAT is never read further than the file
 * has sectors, so the tables take at most 1/64 of the file.
 */
#include "ole2.h"

#include "checked.h"
#include "utf16.h"
#include "window.h"

#define HEADER 512
#define IN_HEADER 109
#define ENTRY 128
#define SPECIAL 0xfffffffau /* and above: no sector */
#define ENTRIES_MAX 400000u

struct header {
	uint32_t dir, mini, nmini, difat, ndifat;
	uint32_t fat[IN_HEADER];
};

static void note(const struct ov_ole2 *o, ov_status why, const char *detail)
{
	o->env->note(o->env->ctx, why, OV_STR(""), detail);
}

static ov_status read_header(struct ov_ole2 *o, struct header *h)
{
	struct ov_cur c;
	uint16_t order, bits, mini_bits;
	uint64_t n;

	OV_TRY(ov_src_view(&o->src, 0, HEADER, o->env->arena, &c));
	OV_TRY(ov_cur_expect(&c, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"));
	ov_cur_soft_skip(&c, 16 + 4);
	order = ov_cur_soft_u16le(&c);
	bits = ov_cur_soft_u16le(&c);
	mini_bits = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 6 + 4 + 4); /* counts of directory and FAT sectors: not needed */
	h->dir = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	o->cutoff = ov_cur_soft_u32le(&c);
	h->mini = ov_cur_soft_u32le(&c);
	h->nmini = ov_cur_soft_u32le(&c);
	h->difat = ov_cur_soft_u32le(&c);
	h->ndifat = ov_cur_soft_u32le(&c);
	for (unsigned i = 0; i < IN_HEADER; i++)
		h->fat[i] = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	if (order != 0xfffe)
		note(o, OV_BAD, "its byte order is not little-endian: read as if it were");
	if (bits < 7 || bits > 20 || mini_bits < 3 || mini_bits > bits)
		return OV_BAD;
	o->bits = bits;
	o->mini_bits = mini_bits;
	n = o->src.size >> bits; /* the last one may be cut */
	if (n >= SPECIAL)
		return OV_LIMIT;
	o->nsectors = (uint32_t)n;
	o->steps = 8 * n + 4096;
	return OV_OK;
}

/* Adds the numbers of one FAT sector; what lies outside the file is free. */
static ov_status add_fat(struct ov_ole2 *o, struct ov_window *w, uint32_t sector, bool *wrong)
{
	const uint64_t at = ((uint64_t)sector + 1) << o->bits;
	uint32_t left = UINT32_C(1) << (o->bits - 2);

	if (sector >= o->nsectors)
		*wrong = true;
	for (uint64_t off = at; left > 0 && o->nfat < o->nsectors; off += 512) {
		const uint32_t n = left < 128 ? left : 128;
		struct ov_cur c;

		OV_TRY(ov_window_upto(w, off, (size_t)n * 4, &c));
		if (c.len < (size_t)n * 4)
			*wrong = true;
		for (uint32_t i = 0; i < n && o->nfat < o->nsectors; i++)
			o->fat[o->nfat++] =
			    ov_cur_left(&c) >= 4 ? ov_cur_soft_u32le(&c) : OV_OLE2_NONE;
		left -= n;
	}
	return OV_OK;
}

static ov_status read_fat(struct ov_ole2 *o, const struct header *h, struct ov_window *w)
{
	const uint32_t per = UINT32_C(1) << (o->bits - 2);
	uint32_t at = h->difat;
	bool wrong = false;

	OV_TRY(ov_arena_array(o->env->arena, (size_t)o->nsectors + 1, &o->fat));
	for (unsigned i = 0; i < IN_HEADER && h->fat[i] < SPECIAL; i++)
		OV_TRY(add_fat(o, w, h->fat[i], &wrong));
	/* Each turn fills a part of the FAT, which ends at nsectors; or it is the last. */
	for (uint32_t turns = 0; at < SPECIAL && o->nfat < o->nsectors; turns++) {
		const uint64_t off = ((uint64_t)at + 1) << o->bits;
		struct ov_cur c;

		if (at >= o->nsectors || turns > o->nsectors) {
			wrong = true;
			break;
		}
		for (uint32_t i = 0; i + 1 < per && o->nfat < o->nsectors; i++) {
			OV_TRY(ov_window_upto(w, off + (uint64_t)i * 4, 4, &c));
			const uint32_t sector = c.len == 4 ? ov_cur_soft_u32le(&c) : OV_OLE2_NONE;

			if (sector < SPECIAL)
				OV_TRY(add_fat(o, w, sector, &wrong));
		}
		OV_TRY(ov_window_upto(w, off + (uint64_t)(per - 1) * 4, 4, &c));
		at = c.len == 4 ? ov_cur_soft_u32le(&c) : OV_OLE2_NONE;
	}
	if (wrong)
		note(o, OV_BAD, "a part of its sector table lies outside the file");
	return OV_OK;
}

/*
 * The sectors of a chain, at most `max` of them, into `out`. A circle ends when more sectors were
 * met than there are.
 */
static uint32_t follow(const struct ov_ole2 *o, uint32_t at, uint32_t max, uint32_t *out,
		       const char **wrong)
{
	uint32_t n = 0;

	while (n < max && at < SPECIAL) {
		if (at >= o->nsectors || at >= o->nfat) {
			*wrong = "leaves the file";
			break;
		}
		if (n > o->nsectors) {
			*wrong = "runs in a circle";
			break;
		}
		if (out != NULL)
			out[n] = at;
		n++;
		at = o->fat[at];
	}
	return n;
}

static ov_status read_mini(struct ov_ole2 *o, const struct header *h, struct ov_window *w)
{
	const uint32_t per = UINT32_C(1) << (o->bits - 2);
	const char *wrong = NULL;
	uint32_t *chain, n;
	uint64_t count;

	n = follow(o, h->mini, h->nmini < o->nsectors ? h->nmini : o->nsectors, NULL, &wrong);
	OV_TRY(ov_arena_array(o->env->arena, (size_t)n + 1, &chain));
	(void)follow(o, h->mini, n, chain, &wrong);
	count = ov_min_u64((uint64_t)n * per, o->src.size >> o->mini_bits);
	OV_TRY(ov_arena_array(o->env->arena, (size_t)count + 1, &o->mini));
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < per && o->nmini < count; k++) {
			struct ov_cur c;

			OV_TRY(ov_window_upto(
			    w, (((uint64_t)chain[i] + 1) << o->bits) + (uint64_t)k * 4, 4, &c));
			o->mini[o->nmini++] = c.len == 4 ? ov_cur_soft_u32le(&c) : OV_OLE2_NONE;
		}
	/* The mini stream itself is the root entry's. */
	n = follow(o, o->e[0].start, o->nsectors, NULL, &wrong);
	OV_TRY(ov_arena_array(o->env->arena, (size_t)n + 1, &o->mini_at));
	o->nmini_at = follow(o, o->e[0].start, n, o->mini_at, &wrong);
	if (wrong != NULL)
		note(o, OV_BAD, "the chain of its small streams is broken");
	return OV_OK;
}

/* 2.6.1 */
static ov_status read_entry(struct ov_ole2 *o, struct ov_cur c, struct ov_ole2_entry *e)
{
	struct ov_cur name;
	uint16_t size;

	OV_TRY(ov_cur_take(&c, 64, &name));
	size = ov_cur_soft_u16le(&c);
	e->kind = ov_cur_soft_u8(&c);
	ov_cur_soft_skip(&c, 1);
	e->left = ov_cur_soft_u32le(&c);
	e->right = ov_cur_soft_u32le(&c);
	e->child = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 16 + 4 + 16);
	e->start = ov_cur_soft_u32le(&c);
	e->size = ov_cur_soft_u64le(&c);
	OV_TRY(ov_cur_status(&c));
	e->parent = OV_OLE2_NONE;
	if (o->bits <= 9) /* 2.6.3: the upper half may be junk in version 3 */
		e->size &= 0xffffffffu;
	/* A length that lies must not hide a name: then up to the NUL. */
	if (size >= 2 && size <= 64)
		OV_TRY(ov_cur_sub(&name, 0, size - 2u, &name));
	return ov_utf16_str(o->env->arena, name, &e->name);
}

static ov_status read_entries(struct ov_ole2 *o, const struct header *h, struct ov_window *w)
{
	const uint32_t per = (UINT32_C(1) << o->bits) / ENTRY;
	const char *wrong = NULL;
	const uint32_t nchain = follow(o, h->dir, o->nsectors, NULL, &wrong);
	uint32_t *chain;
	uint64_t most = (uint64_t)nchain * per;

	if (most > ENTRIES_MAX) {
		note(o, OV_LIMIT, "too many streams: the rest was not read");
		most = ENTRIES_MAX;
	}
	OV_TRY(ov_arena_array(o->env->arena, (size_t)nchain + 1, &chain));
	OV_TRY(ov_arena_array(o->env->arena, (size_t)most + 1, &o->e));
	(void)follow(o, h->dir, nchain, chain, &wrong);
	for (uint32_t i = 0; i < nchain && o->n < most; i++)
		for (uint32_t k = 0; k < per && o->n < most; k++) {
			struct ov_cur c;

			OV_TRY(ov_window_upto(
			    w, (((uint64_t)chain[i] + 1) << o->bits) + (uint64_t)k * ENTRY, ENTRY,
			    &c));
			if (c.len < ENTRY) {
				wrong = "is cut";
				break;
			}
			OV_TRY(read_entry(o, c, &o->e[o->n]));
			o->e[o->n].at = (((uint64_t)chain[i] + 1) << o->bits) + (uint64_t)k * ENTRY;
			o->n++;
		}
	if (wrong != NULL)
		note(o, OV_BAD, "its directory is broken: streams may be missing");
	return o->n > 0 ? OV_OK : OV_BAD;
}

/* Gives every entry its storage. Work list, each entry once: a circle of names ends at itself. */
static ov_status link_entries(struct ov_ole2 *o)
{
	uint32_t *list, n = 0;

	OV_TRY(ov_arena_array(o->env->arena, (size_t)o->n * 3 + 1, &list));
	o->e[0].is_seen = true;
	if (o->e[0].child < o->n) {
		o->e[o->e[0].child].parent = 0;
		list[n++] = o->e[0].child;
	}
	while (n > 0) {
		const uint32_t i = list[--n];
		struct ov_ole2_entry *e = &o->e[i];
		const uint32_t to[3] = { e->left, e->right, e->child };

		if (e->is_seen)
			continue;
		e->is_seen = true;
		for (unsigned k = 0; k < 3; k++) {
			if (to[k] >= o->n || o->e[to[k]].is_seen)
				continue;
			o->e[to[k]].parent = k == 2 ? i : e->parent;
			list[n++] = to[k];
		}
	}
	return OV_OK;
}

ov_status ov_ole2_read(struct ov_ole2 *o, const struct ov_fmt_env *env)
{
	struct ov_window w;
	struct header h;

	o->env = env;
	o->src = *env->src;
	OV_TRY(ov_window_init(&w, &o->src, env->arena));
	OV_TRY(read_header(o, &h));
	OV_TRY(read_fat(o, &h, &w));
	OV_TRY(read_entries(o, &h, &w));
	OV_TRY(read_mini(o, &h, &w));
	return link_entries(o);
}
