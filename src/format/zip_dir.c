/*
 * The directory of a ZIP file, after PKWARE's APPNOTE 6.3.10: end records, ZIP64, the central
 * directory, and its reconciliation with the local headers.
 *
 *   [junk] local data [descriptor] local data ... | central headers | [ZIP64 end, locator] end
 * comment [junk]
 *
 * Readers differ in which of these they believe. All are believed here: a member whose two headers
 * disagree is given twice, once as each header says.
 */
#include "zip_int.h"

#include <string.h>

#include "checked.h"

#define SIG_LOCAL UINT32_C(0x04034b50)
#define SIG_CENTRAL UINT32_C(0x02014b50)
#define SIG_END UINT32_C(0x06054b50)
#define SIG_END64 UINT32_C(0x06064b50)
#define SIG_LOCATOR UINT32_C(0x07064b50)

#define END_LEN 22
#define END64_LEN 56
#define LOCATOR_LEN 20
#define CENTRAL_LEN 46
#define LOCAL_LEN 30
#define EXTRA_ZIP64 0x0001
#define EXTRA_AES 0x9901
#define METHOD_AES 99
#define ENDS_TRIED 64 /* end records looked at: an attacker can write thousands into a comment */

struct end {
	uint64_t at; /* of the record that closes the directory */
	uint64_t cd, cd_size, total;
	uint16_t disk, cd_disk;
};

ov_status ov_zip_add(struct ov_zip_dir *d, const struct ov_zip_entry *e)
{
	struct ov_zip_chunk *c = d->last;

	if (d->is_full)
		return OV_OK;
	if (c == NULL || c->n == OV_ZIP_CHUNK) {
		const ov_status s = ov_arena_new(d->env->arena, &c);

		if (s == OV_LIMIT) {
			d->is_full = true;
			d->env->note(d->env->ctx, OV_LIMIT, OV_STR(""),
				     "more members than memory allows");
			return OV_OK;
		}
		OV_TRY(s);
		if (d->last != NULL)
			d->last->next = c;
		else
			d->first = c;
		d->last = c;
	}
	c->e[c->n++] = *e;
	d->n++;
	return OV_OK;
}

ov_status ov_zip_name(struct ov_zip_dir *d, const struct ov_zip_entry *e, struct ov_arena *a,
		      struct ov_str *out)
{
	struct ov_cur c;

	*out = OV_STR("");
	OV_TRY(ov_window_upto(&d->win, e->name_at, e->name_len, &c));
	return ov_arena_str(a, (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = c.len },
			    out);
}

/*
 * ZIP64 extended information (APPNOTE 4.5.3): 64-bit values, in this order, for those fields that
 * are all ones in the header. A field that is missing keeps its 32-bit value.
 */
static void read_zip64(struct ov_cur f, struct ov_zip_entry *e, bool is_central)
{
	if (e->plain == UINT32_MAX)
		(void)(ov_cur_u64le(&f, &e->plain) != OV_OK);
	if (e->packed == UINT32_MAX)
		(void)(ov_cur_u64le(&f, &e->packed) != OV_OK);
	if (is_central && e->local == UINT32_MAX)
		(void)(ov_cur_u64le(&f, &e->local) != OV_OK);
}

/* WinZip's AES: version, "AE", strength, method. The second version has no CRC. */
static void read_aes(struct ov_cur f, struct ov_zip_entry *e)
{
	const uint16_t version = ov_cur_soft_u16le(&f);
	uint8_t strength;

	ov_cur_soft_skip(&f, 2);
	strength = ov_cur_soft_u8(&f);
	e->aes_method = ov_cur_soft_u16le(&f);
	if (ov_cur_status(&f) != OV_OK || e->method != METHOD_AES)
		return;
	e->aes = strength;
	e->has_crc = e->has_crc && version != 2;
}

static void read_extra(struct ov_cur extra, struct ov_zip_entry *e, bool is_central)
{
	bool has_zip64 = false;

	while (ov_cur_left(&extra) >= 4) {
		const uint16_t id = ov_cur_soft_u16le(&extra);
		const uint16_t len = ov_cur_soft_u16le(&extra);
		struct ov_cur f;

		if (ov_cur_take(&extra, len, &f) != OV_OK)
			return; /* padding that is no field: harmless, seen in practice */
		if (id == EXTRA_ZIP64 && !has_zip64) {
			has_zip64 = true;
			read_zip64(f, e, is_central);
		} else if (id == EXTRA_AES && e->aes == 0) {
			read_aes(f, e);
		}
	}
}

ov_status ov_zip_local(struct ov_zip_dir *d, uint64_t at, struct ov_zip_entry *out)
{
	struct ov_zip_entry e = { .local = at, .has_local = true };
	struct ov_cur c;
	uint16_t extra;

	OV_TRY(ov_window_get(&d->local, at, LOCAL_LEN, &c));
	if (ov_cur_soft_u32le(&c) != SIG_LOCAL)
		return OV_BAD;
	ov_cur_soft_skip(&c, 2); /* version needed */
	e.flags = ov_cur_soft_u16le(&c);
	e.method = ov_cur_soft_u16le(&c);
	e.time = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2); /* date */
	e.crc = ov_cur_soft_u32le(&c);
	e.packed = ov_cur_soft_u32le(&c);
	e.plain = ov_cur_soft_u32le(&c);
	e.name_len = ov_cur_soft_u16le(&c);
	extra = ov_cur_soft_u16le(&c);
	OV_TRY(ov_cur_status(&c));
	e.name_at = at + LOCAL_LEN;
	e.data = e.name_at + e.name_len + extra;
	OV_TRY(ov_window_get(&d->local, e.name_at + e.name_len, extra, &c));
	e.has_crc = true;
	read_extra(c, &e, false);
	if ((e.flags & OV_ZIP_DESCRIPTOR) != 0 &&
	    e.packed == 0) { /* sizes and CRC follow the data */
		e.packed = e.plain = OV_SIZE_UNKNOWN;
		e.has_crc = false;
	}
	*out = e;
	return OV_OK;
}

/* Do the two headers lead to different bytes? Deflated data ends by itself, whatever its size is
 * said to be. */
static bool differs(const struct ov_zip_entry *central, const struct ov_zip_entry *local)
{
	if (local->method != central->method ||
	    ((local->flags ^ central->flags) & OV_ZIP_ENCRYPTED) != 0)
		return true;
	return local->packed != central->packed && local->packed != OV_SIZE_UNKNOWN &&
	       local->packed != 0 && local->method != 8 && local->method != 9;
}

/*
 * Holds a directory entry against its local header. `delta` is what stands before the archive:
 * offsets may count from the archive's start or from the file's.
 */
static ov_status reconcile(struct ov_zip_dir *d, struct ov_zip_entry *e, uint64_t delta)
{
	struct ov_zip_entry local;
	ov_status s;

	s = ov_zip_local(d, e->local + delta, &local);
	if ((s == OV_BAD || s == OV_SHORT) && delta != 0)
		s = ov_zip_local(d, e->local, &local);
	if (s != OV_OK)
		return s == OV_BAD || s == OV_SHORT ? OV_OK : s;
	e->has_local = true;
	e->local = local.local;
	e->data = local.data;
	e->differs = differs(e, &local);
	return OV_OK;
}

/* Adds what the local headers say of those of the first `n` entries whose two headers disagree. */
static ov_status add_second_readings(struct ov_zip_dir *d, uint64_t n)
{
	for (struct ov_zip_chunk *c = d->first; c != NULL && n > 0; c = c->next) {
		for (unsigned i = 0; i < c->n && n > 0; i++, n--) {
			struct ov_zip_entry local;

			if (!c->e[i].differs)
				continue;
			OV_TRY(ov_zip_local(d, c->e[i].local, &local));
			local.is_extra = true;
			OV_TRY(ov_zip_add(d, &local));
		}
	}
	return OV_OK;
}

static ov_status read_central(struct ov_zip_dir *d, uint64_t at, uint64_t delta, uint64_t *next)
{
	struct ov_zip_entry e = { .has_crc = true };
	uint16_t extra, comment;
	struct ov_cur c;

	OV_TRY(ov_window_get(&d->win, at, CENTRAL_LEN, &c));
	if (ov_cur_soft_u32le(&c) != SIG_CENTRAL)
		return OV_BAD;
	ov_cur_soft_skip(&c, 4); /* versions */
	e.flags = ov_cur_soft_u16le(&c);
	e.method = ov_cur_soft_u16le(&c);
	e.time = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2); /* date */
	e.crc = ov_cur_soft_u32le(&c);
	e.packed = ov_cur_soft_u32le(&c);
	e.plain = ov_cur_soft_u32le(&c);
	e.name_len = ov_cur_soft_u16le(&c);
	extra = ov_cur_soft_u16le(&c);
	comment = ov_cur_soft_u16le(&c);
	e.disk = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 6); /* attributes */
	e.local = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	e.name_at = at + CENTRAL_LEN;
	OV_TRY(ov_window_get(&d->win, e.name_at + e.name_len, extra, &c));
	read_extra(c, &e, true);
	*next = e.name_at + e.name_len + extra + comment;
	if (e.local <= UINT64_MAX - delta)
		OV_TRY(reconcile(d, &e, delta));
	return ov_zip_add(d, &e);
}

/* Walks the central directory until something else stands there. The declared counts bound nothing.
 */
static ov_status read_directory(struct ov_zip_dir *d, const struct end *end, uint64_t delta)
{
	uint64_t at = d->cd;

	while (at < end->at && !d->is_full) {
		const ov_status s = read_central(d, at, delta, &at);

		if (s == OV_NOMEM || s == OV_IO || s == OV_BUG)
			return s;
		if (s != OV_OK) {
			if (d->cd_n < end->total)
				d->env->note(d->env->ctx, OV_BAD, OV_STR(""),
					     "the central directory breaks off");
			return OV_OK;
		}
		d->cd_n++;
	}
	return OV_OK;
}

/* ZIP64: the locator stands right before the end record. A wrong offset is mended by looking before
 * it. */
static ov_status read_end64(struct ov_zip_dir *d, struct end *end)
{
	struct ov_cur c;
	uint64_t at;

	if (end->at < LOCATOR_LEN)
		return OV_OK;
	OV_TRY(ov_window_get(&d->win, end->at - LOCATOR_LEN, LOCATOR_LEN, &c));
	if (ov_cur_soft_u32le(&c) != SIG_LOCATOR)
		return OV_OK;
	ov_cur_soft_skip(&c, 4);
	at = ov_cur_soft_u64le(&c);
	for (int tries = 0; tries < 2; tries++) {
		const ov_status s = ov_window_get(&d->win, at, END64_LEN, &c);

		if (s == OV_IO)
			return s;
		if (s == OV_OK && ov_cur_soft_u32le(&c) == SIG_END64) {
			ov_cur_soft_skip(&c, 8 + 2 + 2);
			end->disk = (uint16_t)ov_cur_soft_u32le(&c);
			end->cd_disk = (uint16_t)ov_cur_soft_u32le(&c);
			ov_cur_soft_skip(&c, 8);
			end->total = ov_cur_soft_u64le(&c);
			end->cd_size = ov_cur_soft_u64le(&c);
			end->cd = ov_cur_soft_u64le(&c);
			end->at = at;
			return ov_cur_status(&c);
		}
		if (end->at < LOCATOR_LEN + END64_LEN)
			return OV_OK;
		at = end->at - LOCATOR_LEN - END64_LEN;
	}
	return OV_OK;
}

static bool is_central(struct ov_zip_dir *d, uint64_t at)
{
	struct ov_cur c;

	return ov_window_get(&d->win, at, 4, &c) == OV_OK && ov_cur_soft_u32le(&c) == SIG_CENTRAL;
}

/* Reads the end record at `at` and finds its directory. @return OV_OK; OV_BAD: not a usable end
 * record. */
static ov_status try_end(struct ov_zip_dir *d, uint64_t at, struct end *end, uint64_t *delta)
{
	struct ov_cur c;

	OV_TRY(ov_window_get(&d->win, at, END_LEN, &c));
	if (ov_cur_soft_u32le(&c) != SIG_END)
		return OV_BAD;
	*end = (struct end){ .at = at };
	end->disk = ov_cur_soft_u16le(&c);
	end->cd_disk = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2);
	end->total = ov_cur_soft_u16le(&c);
	end->cd_size = ov_cur_soft_u32le(&c);
	end->cd = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	OV_TRY(read_end64(d, end));
	*delta = 0;
	d->end = at;
	d->cd = end->cd;
	if (end->total == 0 && end->cd_size == 0)
		return OV_OK;
	if (end->cd_size <= end->at && is_central(d, end->at - end->cd_size)) {
		d->cd = end->at - end->cd_size;
		if (d->cd >= end->cd)
			*delta = d->cd - end->cd;
		return OV_OK;
	}
	return end->cd < end->at && is_central(d, end->cd) ? OV_OK : OV_BAD;
}

/*
 * The last end record that leads to a directory. A comment of up to 65,535 bytes may follow it, or
 * junk as long; more junk than that leaves the local headers to be found.
 */
static ov_status find_end(struct ov_zip_dir *d, struct end *end, uint64_t *delta)
{
	const uint64_t size = d->env->src->size;
	const uint64_t floor = size > END_LEN + 65535 ? size - END_LEN - 65535 : 0;
	unsigned tried = 0;

	if (size < END_LEN)
		return OV_END;
	for (uint64_t to = size; to > floor && tried < ENDS_TRIED;) {
		const uint8_t *p;
		struct ov_cur c;
		ov_status s;

		/* The whole tail fits in the window: `floor` is at most 64 KiB + 21 bytes away. */
		OV_TRY(ov_window_get(&d->win, floor, (size_t)(to - floor), &c));
		p = memrchr(ov_cur_rest(&c), 'P', ov_cur_left(&c));
		if (p == NULL)
			return OV_END;
		to = floor + (uint64_t)(p - ov_cur_rest(&c));
		OV_TRY(ov_window_upto(&d->win, to, 4, &c));
		if (!ov_cur_looking_at(&c, "PK\5\6", 4))
			continue;
		tried++;
		s = try_end(d, to, end, delta);
		if (s != OV_BAD && s != OV_SHORT)
			return s;
	}
	return OV_END;
}

ov_status ov_zip_dir_read(struct ov_zip_dir *d, const struct ov_fmt_env *env)
{
	uint64_t delta = 0;
	struct end end;
	ov_status s;

	d->env = env;
	OV_TRY(ov_window_init(&d->win, env->src, env->arena));
	OV_TRY(ov_window_init(&d->local, env->src, env->arena));
	s = find_end(d, &end, &delta);
	if (s == OV_OK) {
		d->has_end = true;
		if (end.total != 0)
			ov_fmt_proven(env);
		d->disk = end.disk == UINT16_MAX ? 0 : end.disk;
		if (d->disk != 0 || (end.cd_disk != 0 && end.cd_disk != UINT16_MAX))
			env->note(env->ctx, OV_UNSUPPORTED, OV_STR(""),
				  "one of several volumes: the others are not here");
		if (end.total != 0)
			OV_TRY(read_directory(d, &end, delta));
		OV_TRY(add_second_readings(d, d->n));
	} else if (s != OV_END) {
		return s;
	}
	OV_TRY(ov_zip_hunt(d));
	if (d->n == 0 && !d->has_end)
		return OV_BAD;
	if (!d->has_end)
		env->note(env->ctx, OV_BAD, OV_STR(""),
			  "no central directory: members were found by their local headers");
	return OV_OK;
}
