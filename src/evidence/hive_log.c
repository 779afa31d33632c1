/*
 * Transaction logs of registry hives (M. Suhanov, "Windows registry file format specification":
 * transaction log files, dirty state, multiple logs). A hive whose two sequence numbers differ, or
 * whose base block has a wrong checksum, was being written: the logs beside it hold what is
 * missing.
 *
 *   log:    a base block of 512 bytes (kind at 28), then from 512 on
 *   kind 6: entries on 512-byte boundaries: "HvLE", size, flags, sequence number, size of the bins,
 *           pages, two hashes at 24 and 32; { offset, size } of each page at 40; the pages
 *   kind 1: "DIRT", a bit for each 512 bytes of the bins, then from the next sector on those pages
 *
 * Entries count from the hive's own sequence number on, one after the other; the first that does
 * not hold ends it.
 */
#include "hive.h"

#define BASE 4096u
#define SECTOR 512u
#define LOG_MAX ((size_t)256 << 20)
#define BINS_MAX ((uint64_t)512 << 20)
#define HASHED 40u /* before what the first hash covers */

struct base {
	uint32_t first, second, kind, bins;
	uint64_t written;
	bool is_sound;
};

struct image { /* the hive, as it is put together */
	uint8_t *bytes;
	size_t n, room;
	uint32_t next;	  /* sequence number of the entry that may follow */
	uint32_t applied; /* entries, or logs of the old kind */
};

static struct base read_base(struct ov_cur c)
{
	struct base b = { .first = 0 };
	struct ov_cur all = c;
	uint32_t sum = 0;

	if (c.len < SECTOR)
		return b;
	for (unsigned i = 0; i < 127; i++)
		sum ^= ov_cur_soft_u32le(&all);
	b.is_sound = sum == ov_cur_soft_u32le(&all) && ov_cur_looking_at(&c, "regf", 4);
	c.pos = 4;
	b.first = ov_cur_soft_u32le(&c);
	b.second = ov_cur_soft_u32le(&c);
	b.written = ov_cur_soft_u64le(&c);
	c.pos = 28;
	b.kind = ov_cur_soft_u32le(&c);
	c.pos = 40;
	b.bins = ov_cur_soft_u32le(&c);
	return b;
}

static uint32_t turn(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void mix(uint32_t *a, uint32_t *b)
{
	*b ^= *a;
	*a = turn(*a, 20) + *b;
	*b = turn(*b, 9) ^ *a;
	*a = turn(*a, 27) + *b;
	*b = turn(*b, 19);
}

/* Marvin32 with the registry's seed. */
static uint64_t marvin(struct ov_cur c)
{
	uint32_t a = 0x7a4e55c5, b = 0x82ef4d88, tail = 0x80;

	while (ov_cur_left(&c) >= 4) {
		a += ov_cur_soft_u32le(&c);
		mix(&a, &b);
	}
	for (size_t n = c.len; n > c.pos; n--) /* the last bytes, and a bit behind them */
		tail = tail << 8 | c.base[n - 1];
	a += tail;
	mix(&a, &b);
	mix(&a, &b);
	return (uint64_t)b << 32 | a;
}

/* Pages go where they belong; the bins may have grown. */
static ov_status put_page(struct image *m, uint64_t off, struct ov_cur page)
{
	if (off > m->room - BASE || page.len > m->room - BASE - off)
		return OV_BAD;
	return ov_cur_copy(&page, m->bytes + BASE + off, page.len);
}

static ov_status put_entry(struct image *m, struct ov_cur entry, uint32_t bins, uint32_t pages)
{
	struct ov_cur refs, data = entry;

	OV_TRY(ov_cur_seek(&entry, HASHED));
	OV_TRY(ov_cur_take(&entry, (uint64_t)pages * 8, &refs));
	OV_TRY(ov_cur_seek(&data, entry.pos));
	for (uint32_t i = 0; i < pages; i++) {
		const uint32_t off = ov_cur_soft_u32le(&refs), size = ov_cur_soft_u32le(&refs);
		struct ov_cur page;

		OV_TRY(ov_cur_take(&data, size, &page));
		OV_TRY(put_page(m, off, page));
	}
	m->n = (size_t)BASE + bins;
	m->applied++;
	return OV_OK;
}

/* One entry. @return OV_END: the log ends here. */
static ov_status next_entry(struct ov_cur *c, struct ov_cur *entry, uint32_t *number,
			    uint32_t *bins, uint32_t *pages)
{
	struct ov_cur head = *c, body, told;
	uint32_t size;
	uint64_t first, second;

	if (ov_cur_expect(&head, "HvLE") != OV_OK || ov_cur_u32le(&head, &size) != OV_OK ||
	    size < HASHED || size % SECTOR != 0 || ov_cur_take(c, size, entry) != OV_OK)
		return OV_END;
	ov_cur_soft_skip(&head, 4);
	*number = ov_cur_soft_u32le(&head);
	*bins = ov_cur_soft_u32le(&head);
	*pages = ov_cur_soft_u32le(&head);
	first = ov_cur_soft_u64le(&head);
	second = ov_cur_soft_u64le(&head);
	OV_TRY(ov_cur_sub(entry, HASHED, size - HASHED, &body));
	OV_TRY(ov_cur_sub(entry, 0, 32, &told));
	return first == marvin(body) && second == marvin(told) ? OV_OK : OV_END;
}

static ov_status put_entries(struct image *m, struct ov_cur log)
{
	OV_TRY(ov_cur_seek(&log, SECTOR));
	for (;;) { /* each turn takes an entry */
		uint32_t number, bins, pages;
		struct ov_cur entry;

		if (next_entry(&log, &entry, &number, &bins, &pages) != OV_OK)
			return OV_OK;
		if (m->applied > 0 ? number != m->next : number < m->next)
			continue; /* written before, and applied then */
		if (bins > m->room - BASE || put_entry(m, entry, bins, pages) != OV_OK)
			return OV_OK;
		m->next = number + 1;
	}
}

static ov_status put_dirty(struct image *m, struct ov_cur log, const struct base *b)
{
	const uint32_t pages = b->bins / SECTOR;
	struct ov_cur bits, page;

	OV_TRY(ov_cur_seek(&log, SECTOR));
	OV_TRY(ov_cur_expect(&log, "DIRT"));
	OV_TRY(ov_cur_take(&log, (uint64_t)pages / 8 + (pages % 8 != 0), &bits));
	OV_TRY(ov_cur_seek(&log, ((uint64_t)log.pos + SECTOR - 1) / SECTOR * SECTOR));
	for (uint32_t i = 0; i < pages; i++) {
		if ((bits.base[i / 8] >> i % 8 & 1) == 0)
			continue;
		OV_TRY(ov_cur_take(&log, SECTOR, &page));
		OV_TRY(put_page(m, (uint64_t)i * SECTOR, page));
	}
	m->n = (size_t)BASE + b->bins;
	m->applied++;
	return OV_OK;
}

/* What a log holds at most, so that there is room for it. */
static uint64_t room_of(struct ov_cur log, const struct base *b)
{
	uint64_t most = b->bins;
	uint32_t number, bins, pages;
	struct ov_cur entry;

	if (b->kind != 6 || ov_cur_seek(&log, SECTOR) != OV_OK)
		return most;
	while (next_entry(&log, &entry, &number, &bins, &pages) == OV_OK)
		most = ov_max_u64(most, bins);
	return most;
}

struct log {
	struct ov_cur c;
	struct base base;
	uint32_t first; /* number of its first entry that may count */
};

static ov_status open_log(struct ov_ev *e, const struct ov_ev_file *f, const char *suffix,
			  struct log *out)
{
	const struct ov_src *src = ov_ev_companion(e, f, suffix);

	if (src == NULL || src->size < SECTOR)
		return OV_END;
	if (src->size > LOG_MAX)
		return OV_LIMIT;
	OV_TRY(ov_src_view(src, 0, (size_t)src->size, &e->arena, &out->c));
	out->base = read_base(out->c);
	out->first = UINT32_MAX;
	return out->base.is_sound ? OV_OK : OV_END;
}

/* The number at which a log of the new kind goes on from `from`. */
static void find_first(struct log *l, uint32_t from)
{
	struct ov_cur c = l->c, entry;
	uint32_t number, bins, pages;

	if (l->base.kind != 6 || ov_cur_seek(&c, SECTOR) != OV_OK)
		return;
	while (next_entry(&c, &entry, &number, &bins, &pages) == OV_OK)
		if (number >= from && number < l->first)
			l->first = number;
}

static ov_status apply(struct image *m, const struct log *l, const struct base *hive)
{
	if (l->base.kind == 6)
		return put_entries(m, l->c);
	if (l->base.kind != 1 || l->base.first != l->base.second ||
	    (hive->is_sound && l->base.written != hive->written) || m->applied > 0)
		return OV_OK;
	return put_dirty(m, l->c, &l->base);
}

/* The hive and room for what the logs add; a broken base block comes from the newest log. */
static ov_status prepare(struct ov_ev *e, struct ov_cur hive, const struct base *own,
			 const struct log logs[3], unsigned n, struct image *m)
{
	const struct log *newest = &logs[0];
	uint64_t most = hive.len - BASE;

	for (unsigned i = 0; i < n; i++) {
		most = ov_max_u64(most, room_of(logs[i].c, &logs[i].base));
		if (logs[i].base.first > newest->base.first)
			newest = &logs[i];
	}
	if (most > BINS_MAX)
		return OV_LIMIT;
	m->room = (size_t)most + BASE;
	OV_TRY(ov_arena_array(&e->arena, m->room, &m->bytes));
	memcpy(m->bytes, hive.base, hive.len);
	if (!own->is_sound)
		memcpy(m->bytes, newest->c.base, SECTOR);
	m->n = hive.len;
	m->next = own->is_sound ? own->first : 0;
	return OV_OK;
}

ov_status ov_hive_recover(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur *hive,
			  bool *is_dirty)
{
	static const char *const suffixes[] = { ".LOG1", ".LOG2", ".LOG" };
	const struct base own = read_base(*hive);
	struct log logs[3];
	struct image m = { .n = 0 };
	unsigned n = 0;

	*is_dirty = !own.is_sound || own.first != own.second;
	if (!*is_dirty)
		return OV_OK;
	for (unsigned i = 0; i < 3; i++) {
		const ov_status st = open_log(e, f, suffixes[i], &logs[n]);

		if (st != OV_OK && st != OV_END)
			return st;
		n += st == OV_OK;
	}
	if (n == 0)
		return OV_OK;
	OV_TRY(prepare(e, *hive, &own, logs, n, &m));
	for (unsigned i = 0; i < n; i++)
		find_first(&logs[i], m.next);
	if (n > 1 && logs[1].first < logs[0].first) {
		const struct log second = logs[0];

		logs[0] = logs[1];
		logs[1] = second;
	}
	for (unsigned i = 0; i < n; i++)
		OV_TRY(apply(&m, &logs[i], &own));
	if (m.applied == 0)
		return OV_OK;
	*hive = ov_cur_of(m.bytes, m.n);
	*is_dirty = false;
	return OV_OK;
}
