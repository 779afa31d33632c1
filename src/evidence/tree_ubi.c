/*
 * UBI images (Linux drivers/mtd/ubi/ubi-media.h): flash whose erase blocks each say to which volume
 * they belong, in any order. The volumes are put together and shown as files; what is in them (a
 * squashfs, mostly, or UBIFS) is opened like any image.
 *
 *   erase block:  EC header "UBI#", at vid_hdr_offset VID header "UBI!", at data_offset the data
 *   VID header:   volume id at 8, block's number in it at 12, size of data (static volumes) at 20,
 *                 sequence number at 40: of two blocks of one number the higher counts
 *   volume 0x7fffefff: the table of volumes, 172 bytes each, name at 16, its length at 14
 *
 * Checksums are not verified: what is broken shows itself in what is inside.
 */
#include <stdlib.h>

#include "tree.h"

#define EC_SIZE 64
#define VID_SIZE 64
#define TABLE_ID 0x7fffefffu
#define TABLE_ROW 172
#define VOLUMES 128
#define PEB_MIN ((uint64_t)2048)
#define PEB_MAX ((uint64_t)16 << 20)
#define PEBS_MAX (1U << 20)

struct block {
	uint32_t volume, number, data_size;
	uint64_t seq;
	uint32_t peb;
	bool is_static;
};

struct ubi {
	const struct ov_src *src;
	uint64_t peb; /* bytes of an erase block */
	uint32_t vid_at, data_at;
	uint32_t leb; /* bytes of data of an erase block */
	struct block *blocks;
	uint32_t n;
};

/* One volume as a source: its blocks by their numbers. */
struct volume {
	const struct ubi *u;
	const struct block *first;
	uint32_t n;
	uint64_t size;
};

static bool read_ec(const struct ov_src *src, uint64_t at, uint32_t *vid_at, uint32_t *data_at)
{
	uint8_t b[EC_SIZE];
	struct ov_cur c;
	size_t got = 0;

	if (ov_src_read_upto(src, at, b, sizeof b, &got) != OV_OK || got < sizeof b)
		return false;
	c = ov_cur_of(b, sizeof b);
	if (!ov_cur_looking_at(&c, "UBI#\1", 5) || ov_cur_skip(&c, 16) != OV_OK)
		return false;
	*vid_at = ov_cur_soft_u32be(&c);
	*data_at = ov_cur_soft_u32be(&c);
	return *vid_at >= EC_SIZE && *data_at >= *vid_at + VID_SIZE && *data_at < PEB_MAX / 2;
}

/* The least distance of the first blocks: some may be erased. A single one ends with the image. */
static uint64_t find_peb(const struct ov_src *src, uint32_t data_at)
{
	uint64_t last = 0, least = 0;
	unsigned met = 0;
	uint32_t a, b;

	for (uint64_t p = PEB_MIN; p <= 2 * PEB_MAX && p < src->size && met < 16; p += PEB_MIN) {
		if (p - last <= data_at || !read_ec(src, p, &a, &b) || b != data_at)
			continue;
		least = least == 0 || p - last < least ? p - last : least;
		last = p;
		met++;
	}
	if (least == 0)
		least = src->size;
	return least > data_at && least <= PEB_MAX ? least : 0;
}

/* Up to the last block: what follows is something else. */
static uint64_t extent(const struct ov_src *src, uint64_t peb, uint32_t data_at)
{
	uint64_t end = peb;
	uint32_t a, b;

	for (uint32_t i = 1; i < PEBS_MAX && i * peb < src->size; i++)
		if (read_ec(src, i * peb, &a, &b) && b == data_at)
			end = (i + 1) * peb;
	return end < src->size ? end : src->size;
}

static bool probe(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts)
{
	uint32_t vid_at, data_at;
	uint64_t peb;

	(void)e;
	if (!read_ec(src, 0, &vid_at, &data_at))
		return false;
	peb = find_peb(src, data_at);
	if (peb == 0)
		return false;
	*facts =
	    (struct ov_tree_facts){ .made = OV_INV_NO_DATE, .size = extent(src, peb, data_at) };
	return true;
}

static bool read_vid(const struct ubi *u, uint32_t peb, struct block *out)
{
	uint8_t b[VID_SIZE];
	struct ov_cur c;
	size_t got = 0;

	if (ov_src_read_upto(u->src, peb * u->peb + u->vid_at, b, sizeof b, &got) != OV_OK ||
	    got < sizeof b)
		return false;
	c = ov_cur_of(b, sizeof b);
	if (!ov_cur_looking_at(&c, "UBI!\1", 5))
		return false;
	*out = (struct block){ .peb = peb, .is_static = b[5] == 2 };
	if (ov_cur_skip(&c, 8) != OV_OK)
		return false;
	out->volume = ov_cur_soft_u32be(&c);
	out->number = ov_cur_soft_u32be(&c);
	(void)ov_cur_soft_u32be(&c);
	out->data_size = ov_cur_soft_u32be(&c);
	if (ov_cur_skip(&c, 16) != OV_OK)
		return false;
	out->seq = ov_cur_soft_u64be(&c);
	return out->number < PEBS_MAX;
}

static int by_place(const void *pa, const void *pb)
{
	const struct block *a = pa, *b = pb;

	if (a->volume != b->volume)
		return a->volume < b->volume ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	if (a->seq != b->seq)
		return a->seq > b->seq ? -1 : 1; /* the newest first */
	return (a->peb > b->peb) - (a->peb < b->peb);
}

/* All blocks, sorted, older copies dropped. */
static ov_status read_blocks(struct ov_ev *e, struct ubi *u)
{
	const uint64_t pebs = (u->src->size + u->peb - 1) / u->peb;
	uint32_t kept = 0;

	if (pebs > PEBS_MAX)
		return OV_LIMIT;
	OV_TRY(ov_arena_array(&e->kept, (size_t)pebs, &u->blocks));
	for (uint32_t i = 0; i < pebs; i++) {
		uint32_t vid_at, data_at;

		if (!read_ec(u->src, i * u->peb, &vid_at, &data_at) || vid_at != u->vid_at ||
		    data_at != u->data_at)
			continue; /* erased, or no block of this image */
		u->n += read_vid(u, i, &u->blocks[u->n]);
	}
	if (u->n > 1)
		qsort(u->blocks, u->n, sizeof *u->blocks, by_place);
	for (uint32_t i = 0; i < u->n; i++)
		if (kept == 0 || u->blocks[i].volume != u->blocks[kept - 1].volume ||
		    u->blocks[i].number != u->blocks[kept - 1].number)
			u->blocks[kept++] = u->blocks[i];
	u->n = kept;
	return OV_OK;
}

/* Blocks that are not there read as erased flash. */
static ov_status read_volume(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct volume *v = ctx;
	const struct ubi *u = v->u;
	size_t done = 0;

	if (off >= v->size)
		n = 0;
	else if (n > v->size - off)
		n = (size_t)(v->size - off);
	while (done < n) {
		const uint64_t number = (off + done) / u->leb, inside = (off + done) % u->leb;
		const struct block key = { .volume = v->first->volume, .number = (uint32_t)number };
		size_t part =
		    (size_t)(u->leb - inside) < n - done ? (size_t)(u->leb - inside) : n - done;
		uint32_t lo = 0, hi = v->n;

		while (lo < hi) {
			const uint32_t mid = lo + (hi - lo) / 2;

			if (v->first[mid].number < key.number)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < v->n && v->first[lo].number == key.number) {
			size_t some = 0;

			OV_TRY(ov_src_read_upto(u->src,
						v->first[lo].peb * u->peb + u->data_at + inside,
						to + done, part, &some));
			if (some == 0)
				break; /* the image is cut here */
			part = some;
		} else {
			memset(to + done, 0xff, part);
		}
		done += part;
	}
	*got = done;
	return OV_OK;
}

static void measure(struct volume *v)
{
	const struct block *last = &v->first[v->n - 1];

	if (last->is_static && last->data_size <= v->u->leb)
		v->size = (uint64_t)last->number * v->u->leb + last->data_size;
	else
		v->size = ((uint64_t)last->number + 1) * v->u->leb;
}

/* The volume's name in the table; "volume 3" without one. */
static struct ov_str name_of(struct ov_ev *e, const struct volume *table, uint32_t id)
{
	uint8_t row[TABLE_ROW];
	size_t got = 0;

	if (table->n > 0 && id < VOLUMES &&
	    read_volume((void *)(uintptr_t)table, (uint64_t)id * TABLE_ROW, row, sizeof row,
			&got) == OV_OK &&
	    got == sizeof row) {
		const size_t n = (size_t)row[14] << 8 | row[15];

		if (n > 0 && n < 128 && memchr(row + 16, '/', n) == NULL)
			return ov_ev_fmt(e, "%.*s", (int)n, (const char *)row + 16);
	}
	return ov_ev_fmt(e, "volume %u", id);
}

static ov_status show(struct ov_ev *e, const struct volume *v, const struct volume *table,
		      const struct ov_tree_visitor *visitor)
{
	struct ov_tree_entry t = { .kind = OV_TREE_FILE, .mtime = OV_INV_NO_DATE };
	struct volume *kept = NULL;
	struct ov_src src;

	OV_TRY(ov_arena_new(&e->kept, &kept));
	*kept = *v;
	t.path = name_of(e, table, v->first->volume);
	src = ov_tree_src(read_volume, kept, v->size);
	t.src = &src;
	return visitor->entry(visitor->ctx, &t);
}

static ov_status read(struct ov_ev *e, const struct ov_src *src, const struct ov_tree_visitor *v)
{
	struct volume table = { .n = 0 };
	struct ov_src *own = NULL;
	struct ubi *u = NULL;
	unsigned shown = 0;

	/* Volumes that wait to be opened read through these later: kept as long as they wait. */
	OV_TRY(ov_arena_new(&e->kept, &u));
	OV_TRY(ov_arena_new(&e->kept, &own));
	*own = *src;
	*u = (struct ubi){ .src = own };
	if (!read_ec(src, 0, &u->vid_at, &u->data_at))
		return OV_BAD;
	u->peb = find_peb(src, u->data_at);
	if (u->peb <= u->data_at)
		return OV_BAD;
	u->leb = (uint32_t)(u->peb - u->data_at);
	OV_TRY(read_blocks(e, u));
	for (uint32_t i = 0, k; i < u->n; i = k) {
		struct volume x = { .u = u, .first = &u->blocks[i] };

		for (k = i; k < u->n && u->blocks[k].volume == u->blocks[i].volume; k++)
			x.n++;
		measure(&x);
		if (u->blocks[i].volume == TABLE_ID)
			table = x;
	}
	for (uint32_t i = 0, k; i < u->n; i = k) {
		struct volume x = { .u = u, .first = &u->blocks[i] };

		for (k = i; k < u->n && u->blocks[k].volume == u->blocks[i].volume; k++)
			x.n++;
		if (x.first->volume >= TABLE_ID)
			continue;
		if (++shown > VOLUMES)
			return OV_LIMIT;
		measure(&x);
		OV_TRY(show(e, &x, &table, v));
	}
	return OV_OK;
}

const struct ov_tree_form ov_tree_ubi = { .name = "UBI", .probe = probe, .read = read };
