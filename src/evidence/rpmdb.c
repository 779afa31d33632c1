/*
 * RPM databases: which packages are installed, since when, and which files are theirs.
 *
 *   rpmdb.sqlite   a table "Packages" of blobs (rpm 4.16 and later)
 *   Packages       Berkeley DB, hash (rpm before)
 *   Packages.db    ndb, SUSE's
 *
 * The readers are bounded and know no more of these formats than it takes to come to the blobs.
 * Documents: rpm's "Header structure" and "Package tags"; "Database File Format" (sqlite.org);
 * db_page.h as described in Berkeley DB's documentation; rpm's ndb notes. SQLite's write-ahead log
 * is applied when it was handed over (companions.h), else told. rpm keeps packages in hash tables
 * of Berkeley DB only; its b-trees are indexes of them, and not needed.
 */
#include "rpmdb.h"
#include "sqlite.h"

#define DB_MAX ((size_t)640 << 20)
#define BLOB_MAX ((size_t)64 << 20)
#define PACKAGES_MAX 500000u

enum tag {
	TAG_NAME = 1000,
	TAG_VERSION = 1001,
	TAG_RELEASE = 1002,
	TAG_EPOCH = 1003,
	TAG_INSTALLTIME = 1008,
	TAG_VENDOR = 1011,
	TAG_PACKAGER = 1015,
	TAG_URL = 1020,
	TAG_ARCH = 1022,
	TAG_DIRINDEXES = 1116,
	TAG_BASENAMES = 1117,
	TAG_DIRNAMES = 1118
};

struct header {
	struct ov_cur rows, data;
	uint32_t n;
};

static ov_status open_header(struct ov_cur c, struct header *h)
{
	uint32_t bytes;

	OV_TRY(ov_cur_u32be(&c, &h->n));
	OV_TRY(ov_cur_u32be(&c, &bytes));
	if (h->n > 65536)
		return OV_BAD;
	OV_TRY(ov_cur_take(&c, (uint64_t)h->n * 16, &h->rows));
	return ov_cur_take(&c, bytes, &h->data);
}

/* The data of a tag, from its first byte on. */
static bool find(const struct header *h, uint32_t tag, uint32_t *count, struct ov_cur *out)
{
	struct ov_cur rows = h->rows;

	for (uint32_t i = 0; i < h->n; i++) {
		const uint32_t t = ov_cur_soft_u32be(&rows);
		uint32_t off;

		ov_cur_soft_skip(&rows, 4);
		off = ov_cur_soft_u32be(&rows);
		*count = ov_cur_soft_u32be(&rows);
		if (t != tag)
			continue;
		*out = h->data;
		return ov_cur_seek(out, off) == OV_OK;
	}
	return false;
}

static struct ov_str text(const struct header *h, uint32_t tag)
{
	struct ov_str s = { .p = "", .n = 0 };
	uint32_t count;
	struct ov_cur c;

	if (!find(h, tag, &count, &c) || ov_cur_zstr(&c, 4096, &s) != OV_OK)
		return (struct ov_str){ .p = "", .n = 0 };
	return s;
}

static bool number(const struct header *h, uint32_t tag, uint32_t *out)
{
	uint32_t count;
	struct ov_cur c;

	return find(h, tag, &count, &c) && ov_cur_u32be(&c, out) == OV_OK;
}

/* Folder names are a list; each file has an index into it and a base name. */
static ov_status files(struct ov_ev *e, const struct header *h, struct ov_ev_owned *o)
{
	struct ov_cur names, folders, indexes;
	uint32_t n, nfolders, nindexes;
	struct ov_str *list = NULL;

	if (!find(h, TAG_BASENAMES, &n, &names) || !find(h, TAG_DIRNAMES, &nfolders, &folders) ||
	    !find(h, TAG_DIRINDEXES, &nindexes, &indexes))
		return OV_OK; /* a package without files */
	if (nfolders > ov_cur_left(&folders) || n != nindexes)
		return OV_BAD;
	OV_TRY(ov_arena_array(&e->arena, nfolders, &list));
	for (uint32_t i = 0; i < nfolders; i++)
		OV_TRY(ov_cur_zstr(&folders, 65536, &list[i]));
	for (uint32_t i = 0; i < n; i++) {
		char path[8192];
		struct ov_str base;
		uint32_t at;

		OV_TRY(ov_cur_zstr(&names, 4096, &base));
		OV_TRY(ov_cur_u32be(&indexes, &at));
		if (at >= nfolders || list[at].n > sizeof path - base.n)
			return OV_BAD;
		memcpy(path, list[at].p, list[at].n);
		if (base.n > 0)
			memcpy(path + list[at].n, base.p, base.n);
		OV_TRY(ov_ev_owned_path(
		    e, o, (struct ov_str){ .p = path, .n = list[at].n + base.n }, false));
	}
	return OV_OK;
}

ov_status ov_rpm_header(struct ov_ev *e, struct ov_cur c, struct ov_str where)
{
	struct ov_ev_owned owned;
	struct ov_ev_found x;
	struct ov_str version, release;
	uint32_t epoch, installed;
	struct header h;
	ov_status st;

	OV_TRY(open_header(c, &h));
	ov_ev_begin(&x, OV_WHAT_RPM, text(&h, TAG_NAME));
	if (x.c.name.n == 0)
		return OV_BAD;
	if (ov_str_is(x.c.name, "gpg-pubkey"))
		return OV_OK; /* a key, kept as if it were a package */
	version = text(&h, TAG_VERSION);
	release = text(&h, TAG_RELEASE);
	x.c.version =
	    number(&h, TAG_EPOCH, &epoch)
		? ov_ev_fmt(e, "%u:%.*s-%.*s", epoch, (int)version.n, version.p, (int)release.n,
			    release.p)
		: ov_ev_fmt(e, "%.*s-%.*s", (int)version.n, version.p, (int)release.n, release.p);
	x.c.arch = text(&h, TAG_ARCH);
	x.c.supplier = text(&h, TAG_VENDOR);
	if (x.c.supplier.n == 0)
		x.c.supplier = text(&h, TAG_PACKAGER);
	if (number(&h, TAG_INSTALLTIME, &installed)) {
		x.c.since.latest = x.c.updates.last = installed;
		x.c.since.from = x.c.updates.from = OV_STR("rpm INSTALLTIME");
	}
	x.c.key = ov_ev_fmt(e, "rpm:%.*s:%.*s:%.*s", (int)x.c.name.n, x.c.name.p,
			    (int)x.c.version.n, x.c.version.p, (int)x.c.arch.n, x.c.arch.p);
	ov_ev_add(&x, OV_EV_RPM, OV_E3, x.c.name, where);
	ov_ev_add(&x, OV_EV_SUPPLIER, OV_E2, x.c.supplier, where);
	if (text(&h, TAG_URL).n > 0)
		ov_ev_add(&x, OV_EV_FIELD, OV_E0,
			  ov_ev_fmt(e, "URL=%.*s", (int)text(&h, TAG_URL).n, text(&h, TAG_URL).p),
			  where);
	OV_TRY(ov_ev_emit(e, &x));
	OV_TRY(ov_ev_owned_begin(e, &owned, OV_WHAT_RPM, x.c.name, x.c.arch, OV_INV_NO_DATE));
	st = files(e, &h, &owned);
	OV_TRY(e->broke);
	OV_TRY(ov_ev_owned_end(e, &owned));
	return st;
}

/* One package of a database; a broken one is counted and the rest goes on. */
struct reading {
	struct ov_ev *e;
	uint32_t n, broken;
};

static ov_status take(struct reading *r, struct ov_cur blob)
{
	const struct ov_arena_mark mark = ov_arena_mark(&r->e->arena);
	ov_status st;

	if (++r->n > PACKAGES_MAX)
		return OV_LIMIT;
	st = ov_rpm_header(r->e, blob, ov_ev_fmt(r->e, "package %u", r->n));
	ov_arena_release(&r->e->arena, mark);
	OV_TRY(r->e->broke);
	r->broken += st == OV_BAD || st == OV_SHORT;
	return st == OV_BAD || st == OV_SHORT ? OV_OK : st;
}

/* ndb: "RpmP" header with the number of slot pages; slots { "Slot", package, block offset, blocks
 * }; blobs { "BlbS", package, generation, length } and the header. Blocks have 16 bytes. */
static ov_status ndb(struct reading *r, struct ov_cur all)
{
	struct ov_cur c = all;
	uint32_t pages;

	OV_TRY(ov_cur_expect(&c, "RpmP"));
	OV_TRY(ov_cur_skip(&c, 8));
	OV_TRY(ov_cur_u32le(&c, &pages));
	if (pages == 0 || pages > 65536)
		return OV_BAD;
	for (uint64_t at = 32; at + 16 <= (uint64_t)pages * 4096; at += 16) {
		uint32_t package, block, blocks, size;
		struct ov_cur slot, blob, head;

		OV_TRY(ov_cur_sub(&all, at, 16, &slot));
		if (ov_cur_expect(&slot, "Slot") != OV_OK)
			return OV_BAD;
		package = ov_cur_soft_u32le(&slot);
		block = ov_cur_soft_u32le(&slot);
		blocks = ov_cur_soft_u32le(&slot);
		if (package == 0 || block == 0)
			continue;
		if (ov_cur_sub(&all, (uint64_t)block * 16, (uint64_t)blocks * 16, &blob) != OV_OK ||
		    ov_cur_expect(&blob, "BlbS") != OV_OK) {
			r->broken++;
			continue;
		}
		ov_cur_soft_skip(&blob, 8);
		size = ov_cur_soft_u32le(&blob);
		if (ov_cur_take(&blob, size, &head) != OV_OK) {
			r->broken++;
			continue;
		}
		OV_TRY(take(r, head));
	}
	return OV_OK;
}

/* Berkeley DB, hash access method: pages { lsn 8, number, previous, next, entries u16, free u16,
 * level, type }, then offsets of items. Pairs of key and data; data of type 3 stands on overflow
 * pages { page u32, length u32 }. */
static ov_status overflow(struct reading *r, struct ov_cur all, uint32_t page_size, uint32_t page,
			  uint32_t length, struct ov_cur *out)
{
	uint8_t *to = NULL;
	size_t n = 0;

	if (length > BLOB_MAX || length > all.len)
		return OV_BAD;
	OV_TRY(ov_arena_array(&r->e->arena, length, &to));
	while (n < length) { /* each turn copies a byte at least */
		struct ov_cur c;
		uint32_t next;
		uint16_t used;

		OV_TRY(ov_cur_sub(&all, (uint64_t)page * page_size, page_size, &c));
		ov_cur_soft_skip(&c, 16);
		next = ov_cur_soft_u32le(&c);
		ov_cur_soft_skip(&c, 2);
		used = ov_cur_soft_u16le(&c);
		ov_cur_soft_skip(&c, 1);
		if (ov_cur_soft_u8(&c) != 7 || used == 0 || used > length - n)
			return OV_BAD;
		OV_TRY(ov_cur_copy(&c, to + n, used));
		n += used;
		page = next;
	}
	*out = ov_cur_of(to, n);
	return OV_OK;
}

/* Items grow from the page's end: one goes up to where the one before it begins. Short ones are
 * the counter of packages. */
static ov_status inline_item(struct reading *r, struct ov_cur page, uint32_t i, uint16_t off)
{
	struct ov_cur c = page, blob;
	uint16_t before;

	OV_TRY(ov_cur_seek(&c, 26 + (uint64_t)(i - 1) * 2));
	OV_TRY(ov_cur_u16le(&c, &before));
	if (before <= off + 1 || ov_cur_sub(&page, off + 1u, before - off - 1u, &blob) != OV_OK)
		return OV_BAD;
	return blob.len > 32 ? take(r, blob) : OV_OK;
}

static ov_status hash_page(struct reading *r, struct ov_cur all, struct ov_cur page,
			   uint32_t page_size)
{
	struct ov_cur c = page;
	uint16_t n;

	c.pos = 20;
	n = ov_cur_soft_u16le(&c);
	for (uint32_t i = 1; i < n; i += 2) { /* keys are even */
		const struct ov_arena_mark mark = ov_arena_mark(&r->e->arena);
		struct ov_cur item = page, blob;
		uint32_t at, length;
		uint16_t off;
		ov_status st;

		OV_TRY(ov_cur_seek(&c, 26 + (uint64_t)i * 2));
		OV_TRY(ov_cur_u16le(&c, &off));
		if (ov_cur_seek(&item, off) != OV_OK)
			return OV_BAD;
		if (item.pos < item.len && item.base[item.pos] == 1) { /* it stands here */
			OV_TRY(inline_item(r, page, i, off));
			continue;
		}
		if (ov_cur_soft_u8(&item) != 3)
			continue; /* duplicates: rpm has none */
		ov_cur_soft_skip(&item, 3);
		at = ov_cur_soft_u32le(&item);
		length = ov_cur_soft_u32le(&item);
		OV_TRY(ov_cur_status(&item));
		st = overflow(r, all, page_size, at, length, &blob);
		r->broken += st == OV_BAD || st == OV_SHORT;
		if (st == OV_OK)
			st = take(r, blob);
		ov_arena_release(&r->e->arena, mark);
		if (st != OV_OK && st != OV_BAD && st != OV_SHORT)
			return st;
	}
	return OV_OK;
}

static ov_status berkeley(struct reading *r, struct ov_cur all)
{
	struct ov_cur c = all, page;
	uint32_t page_size;

	OV_TRY(ov_cur_seek(&c, 20));
	OV_TRY(ov_cur_u32le(&c, &page_size));
	if (page_size < 512 || page_size > 65536 || (page_size & (page_size - 1)) != 0)
		return OV_BAD;
	for (uint64_t at = page_size; at < all.len; at += page_size) {
		if (ov_cur_sub(&all, at, page_size, &page) != OV_OK)
			return OV_SHORT;
		if (page.base[25] == 13 || page.base[25] == 2) /* hash: sorted, unsorted */
			OV_TRY(hash_page(r, all, page, page_size));
	}
	return OV_OK;
}

static ov_status package_row(void *ctx, struct ov_cur record)
{
	struct ov_cur blob;
	uint64_t type;

	OV_TRY(ov_sqlite_column(record, 1, &type, &blob));
	return take(ctx, blob);
}

static ov_status sqlite(struct reading *r, struct ov_cur all, const struct ov_src *wal)
{
	struct ov_sqlite q;
	ov_status st;

	OV_TRY(ov_sqlite_open(r->e, all, wal, &q));
	st = ov_sqlite_table(&q, "Packages", package_row, r);
	r->broken += q.broken;
	return st == OV_END ? OV_BAD : st;
}

bool ov_ev_rpmdb_wants(const struct ov_ev_file *f)
{
	return (ov_ev_under(f, "var/lib/rpm/") || ov_ev_under(f, "usr/lib/sysimage/rpm/") ||
		ov_ev_under(f, "usr/share/rpm/")) &&
	       (ov_ev_named(f, "Packages") || ov_ev_named(f, "Packages.db") ||
		ov_ev_named(f, "rpmdb.sqlite") || ov_ev_named(f, "rpmdb.sqlite-wal"));
}

ov_status ov_ev_rpmdb_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct reading r = { .e = e };
	struct ov_cur c;
	ov_status st;

	if (ov_ev_named(f, "rpmdb.sqlite-wal"))
		return ov_ev_unread(e, OV_UNSUPPORTED, (struct ov_str){ 0 },
				    "changes that are not in the database yet are not read");
	OV_TRY(ov_ev_load(e, f, DB_MAX, &c));
	if (ov_ev_head_is(f, "SQLite format 3", 16))
		st = sqlite(&r, c, ov_ev_companion(e, f, "-wal"));
	else if (ov_ev_head_is(f, "RpmP", 4))
		st = ndb(&r, c);
	else if (c.len > 16 && memcmp(c.base + 12, "\x61\x15\x06\x00", 4) == 0)
		st = berkeley(&r, c);
	else
		st = OV_UNSUPPORTED;
	OV_TRY(st);
	return r.broken > 0 ? OV_BAD : OV_OK;
}
