/*
 * Disk images with a partition table: MBR with logical partitions, GPT, Apple's partition map. The
 * parts are slices of the image; what lies between them is matched with the image itself.
 *
 * Follows UEFI 2.10, chapter 5 (MBR, GPT), and "Inside Macintosh: Devices" (partition maps). A
 * GPT's second table is not compared with the first. A table with a wrong checksum is read, and
 * told.
 */
#include "format.h"
#include "formats.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "checked.h"
#include "overt/features.h"

#define SECTOR ((uint64_t)512)
#define PARTS_MAX 1024
#define LOGICAL_MAX 256
#define TABLE_MAX ((uint64_t)4 << 20) /* bytes of GPT's entries that are summed */

struct part {
	uint64_t first, end; /* bytes; end: behind the last */
	uint32_t number;
};

struct disk {
	const struct ov_fmt_env *env;
	struct part *parts;
	uint32_t nparts, at;
	bool is_capped;
	char name[32];
};

static void note(struct disk *d, ov_status why, const char *what)
{
	d->env->note(d->env->ctx, why, (struct ov_str){ 0 }, what);
}

static void add(struct disk *d, uint32_t number, uint64_t first, uint64_t count, uint64_t unit)
{
	struct part p = { .number = number };

	if (count == 0)
		return;
	if (d->nparts >= PARTS_MAX) {
		d->is_capped = true;
		return;
	}
	if (ov_add_u64(first, count, &p.end) != OV_OK || ov_mul_u64(p.end, unit, &p.end) != OV_OK) {
		note(d, OV_BAD, "a partition lies beyond any disk");
		return;
	}
	p.first = first * unit; /* less than p.end, which fits */
	d->parts[d->nparts++] = p;
}

/* Partitions that share bytes hide something from one of those who read them. */
static void intersect(struct disk *d, const char *name)
{
	for (uint32_t i = 0; i < d->nparts; i++)
		for (uint32_t k = i + 1; k < d->nparts; k++)
			if (d->parts[i].first < d->parts[k].end &&
			    d->parts[k].first < d->parts[i].end) {
				ov_fmt_heuristic(d->env, OVERT_ALERT_PARTITIONS, name);
				return;
			}
}

/* ---- MBR ---- */

struct row {
	uint8_t type;
	uint32_t first, count; /* sectors */
};

static ov_status read_rows(const struct disk *d, uint64_t sector, struct row rows[4])
{
	uint8_t bytes[512];
	struct ov_cur c = ov_cur_of(bytes, sizeof bytes);

	OV_TRY(ov_src_read(d->env->src, sector * SECTOR, bytes, sizeof bytes));
	ov_cur_soft_skip(&c, 446);
	for (int i = 0; i < 4; i++) {
		ov_cur_soft_skip(&c, 4);
		rows[i].type = ov_cur_soft_u8(&c);
		ov_cur_soft_skip(&c, 3);
		rows[i].first = ov_cur_soft_u32le(&c);
		rows[i].count = ov_cur_soft_u32le(&c);
	}
	return bytes[510] == 0x55 && bytes[511] == 0xaa ? ov_cur_status(&c) : OV_BAD;
}

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* Logical partitions: a chain of tables; the first row is the partition, the second the next table.
 */
static void read_logical(struct disk *d, uint32_t base)
{
	uint64_t at = base;

	for (uint32_t i = 0; i < LOGICAL_MAX; i++) {
		struct row rows[4];
		const ov_status s = read_rows(d, at, rows);

		if (s != OV_OK) {
			note(d, s, "the chain of logical partitions breaks off");
			return;
		}
		if (rows[0].type != 0)
			add(d, 5 + i, at + rows[0].first, rows[0].count, SECTOR);
		if (!is_extended(rows[1].type) || rows[1].count == 0)
			return;
		at = (uint64_t)base + rows[1].first;
	}
	d->is_capped = true;
}

static ov_status open_mbr(struct disk *d)
{
	struct row rows[4];

	OV_TRY(read_rows(d, 0, rows));
	for (uint32_t i = 0; i < 4; i++)
		if (rows[i].type != 0)
			add(d, i + 1, rows[i].first, rows[i].count, SECTOR);
	intersect(d, "Heuristics.MBRPartitionnIntersect"); /* ClamAV's spelling */
	d->nparts = 0;
	for (uint32_t i = 0; i < 4; i++) {
		if (is_extended(rows[i].type))
			read_logical(d, rows[i].first);
		else if (rows[i].type != 0)
			add(d, i + 1, rows[i].first, rows[i].count, SECTOR);
	}
	return OV_OK;
}

/* ---- GPT ---- */

/* The CRC-32 of `n` bytes at `at`, of which the four at `hole` count as zero. */
static ov_status sum_of(const struct disk *d, uint64_t at, uint64_t n, uint64_t hole, uint32_t *out)
{
	uint8_t bytes[512];
	uLong crc = 0;

	for (uint64_t done = 0; done < n;) {
		const size_t some = (size_t)ov_min_u64(sizeof bytes, n - done);

		OV_TRY(ov_src_read(d->env->src, at + done, bytes, some));
		for (uint64_t i = hole; i < hole + 4; i++)
			if (i >= done && i < done + some)
				bytes[i - done] = 0;
		crc = crc32(crc, bytes, (uInt)some);
		done += some;
	}
	*out = (uint32_t)crc;
	return OV_OK;
}

/* UEFI 5.3.2: the header's own sum at 16, that of the table at 88. */
static ov_status check_gpt(const struct disk *d, uint64_t header, uint64_t table, uint64_t n)
{
	uint8_t bytes[92];
	struct ov_cur c = ov_cur_of(bytes, sizeof bytes);
	uint32_t size, want, want_table, sum, sum_table;

	OV_TRY(ov_src_read(d->env->src, header, bytes, sizeof bytes));
	ov_cur_soft_skip(&c, 12);
	size = ov_cur_soft_u32le(&c);
	want = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 68);
	want_table = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	if (size < sizeof bytes || size > 4096 || n > TABLE_MAX)
		return OV_BAD;
	OV_TRY(sum_of(d, header, size, 16, &sum));
	OV_TRY(sum_of(d, table, n, UINT64_MAX - 8, &sum_table));
	return sum == want && sum_table == want_table ? OV_OK : OV_BAD;
}

static ov_status read_gpt(struct disk *d, uint64_t unit, uint64_t header)
{
	uint8_t bytes[128];
	struct ov_cur c = ov_cur_of(bytes, sizeof bytes);
	uint64_t table, at;
	uint32_t count, size;
	ov_status s;

	OV_TRY(ov_src_read(d->env->src, header, bytes, sizeof bytes));
	OV_TRY(ov_cur_expect(&c, "EFI PART"));
	ov_cur_soft_skip(&c, 64);
	table = ov_cur_soft_u64le(&c);
	count = ov_cur_soft_u32le(&c);
	size = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	if (size < 128 || size > 4096 || ov_mul_u64(table, unit, &at) != OV_OK)
		return OV_BAD;
	s = check_gpt(d, header, at, (uint64_t)count * size);
	if (s != OV_OK)
		note(d, s, "a checksum of the partition table is wrong");
	for (uint32_t i = 0; i < count; i++) {
		uint64_t first, last, type = 0;

		if (i >= PARTS_MAX) {
			d->is_capped = true;
			break;
		}
		if (at > d->env->src->size) /* also keeps the sum below from wrapping */
			return OV_SHORT;
		OV_TRY(ov_src_read(d->env->src, at, bytes, 48));
		c = ov_cur_of(bytes, 48);
		type = ov_cur_soft_u64le(&c); /* 16 bytes: all zero is no partition */
		type |= ov_cur_soft_u64le(&c);
		ov_cur_soft_skip(&c, 16);
		first = ov_cur_soft_u64le(&c);
		last = ov_cur_soft_u64le(&c);
		if (type != 0 && last >= first && last < UINT64_MAX)
			add(d, i + 1, first, last - first + 1, unit);
		else if (type != 0)
			note(d, OV_BAD, "a partition ends before it begins");
		at += size;
	}
	return OV_OK;
}

static ov_status open_gpt(struct disk *d)
{
	const uint64_t size = d->env->src->size;
	uint64_t unit = SECTOR;
	ov_status s = OV_BAD;

	for (; unit <= 4096 && s != OV_OK; unit *= 2) {
		d->nparts = 0;
		s = read_gpt(d, unit, unit);
		if (s != OV_OK && s != OV_BAD)
			note(d, s, "the first partition table is cut; the second is read");
		if (s != OV_OK && size >= unit) {
			d->nparts = 0;
			s = read_gpt(d, unit, size - unit);
		}
	}
	OV_TRY(s);
	intersect(d, "Heuristics.GPTPartitionIntersection");
	return OV_OK;
}

/* ---- Apple's partition map ---- */

static ov_status open_apm(struct disk *d)
{
	uint8_t bytes[16];
	struct ov_cur c = ov_cur_of(bytes, sizeof bytes);
	uint32_t unit, count = 1;

	OV_TRY(ov_src_read(d->env->src, 0, bytes, sizeof bytes));
	OV_TRY(ov_cur_expect(&c, "ER"));
	unit = ov_cur_soft_u16be(&c);
	if (unit < 512 || unit > 4096)
		unit = 512;
	for (uint32_t i = 1; i <= count && !d->is_capped; i++) {
		uint32_t first, size, told;

		OV_TRY(ov_src_read(d->env->src, (uint64_t)i * unit, bytes, sizeof bytes));
		c = ov_cur_of(bytes, sizeof bytes);
		OV_TRY(ov_cur_expect(&c, "PM"));
		ov_cur_soft_skip(&c, 2);
		told = ov_cur_soft_u32be(&c);
		if (i == 1)
			count = told;
		else if (told != count)
			note(d, OV_BAD, "its entries differ in how many they are");
		first = ov_cur_soft_u32be(&c);
		size = ov_cur_soft_u32be(&c);
		OV_TRY(ov_cur_status(&c));
		add(d, i, first, size, unit);
	}
	if (ov_src_read(d->env->src, ((uint64_t)count + 1) * unit, bytes, 2) == OV_OK &&
	    memcmp(bytes, "PM", 2) == 0)
		note(d, OV_BAD, "more entries stand behind its last one");
	intersect(d, "Heuristics.APMPartitionIntersection");
	return OV_OK;
}

/* ---- the format ---- */

static ov_status partition_open(const struct ov_fmt_env *env, void **state)
{
	struct disk *d = NULL;

	OV_TRY(ov_arena_new(env->arena, &d));
	d->env = env;
	OV_TRY(ov_arena_array(env->arena, PARTS_MAX, &d->parts));
	if (env->type == OV_T_GPT)
		OV_TRY(open_gpt(d));
	else if (env->type == OV_T_APM)
		OV_TRY(open_apm(d));
	else
		OV_TRY(open_mbr(d));
	if (d->is_capped)
		note(d, OV_LIMIT, "more than 1024 partitions: the rest were not opened");
	*state = d;
	return OV_OK;
}

/*
 * True when the bytes of parts[i], or some of them, were handed out with a part before it, or hold
 * this very table. Opening them again and again, within each other, would cost the square of the
 * image; they are matched with the image itself.
 */
static bool is_shared(const struct disk *d, uint32_t i)
{
	const struct part *p = &d->parts[i];

	for (uint32_t k = 0; k < i; k++)
		if (d->parts[k].first < p->end && p->first < d->parts[k].end)
			return true;
	return p->first == 0;
}

static ov_status partition_next(void *state, struct ov_child *out)
{
	struct disk *d = state;
	const uint64_t size = d->env->src->size;
	const struct part *p;

	if (d->at >= d->nparts)
		return OV_END;
	p = &d->parts[d->at++];
	*out = (struct ov_child){ .position = p->number, .packed = OV_SIZE_UNKNOWN };
	out->name.p = d->name;
	out->name.n = (size_t)snprintf(d->name, sizeof d->name, "partition %u", p->number);
	if (p->end > size)
		d->env->note(d->env->ctx, OV_SHORT, out->name,
			     "the image ends before this partition does");
	out->kind = OV_CHILD_NONE;
	if (p->first >= size)
		return OV_OK;
	if (is_shared(d, d->at - 1)) {
		d->env->note(d->env->ctx, OV_BAD, out->name,
			     "it shares bytes with another partition and was not opened");
		return OV_OK;
	}
	out->kind = OV_CHILD_SLICE;
	out->off = p->first;
	out->size = ov_min_u64(p->end, size) - p->first;
	return OV_OK;
}

const struct ov_format ov_format_partition = {
	.name = "partition",
	.open = partition_open,
	.next = partition_next,
};
