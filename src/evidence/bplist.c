/*
 * Binary property lists (Apple's open CoreFoundation, CFBinaryPList.c, describes them):
 *
 *   "bplist00" | objects | table of offsets | trailer of 32 bytes: 6 unused, bytes of an offset,
 *                                             bytes of a reference, objects, topmost, table's place
 *   object: marker, upper four bits the kind (5 text of 8 bits, 6 of 16, d dictionary), lower four
 *           the count, 15: an integer with the count follows
 *   dictionary: references of keys, then of values
 *
 * Only the topmost dictionary is looked at, so that nothing recurses and no circle matters.
 */
#include "bplist.h"

#include <string.h>

#include "checked.h"
#include "utf16.h"

#define TRAILER 32

struct plist {
	struct ov_cur all;
	unsigned offset_bytes, ref_bytes;
	uint64_t objects, top, table;
};

static ov_status number(struct ov_cur *c, unsigned bytes, uint64_t *out)
{
	struct ov_cur part;

	OV_TRY(ov_cur_take(c, bytes, &part));
	*out = 0;
	for (unsigned i = 0; i < bytes; i++)
		*out = *out << 8 | part.base[i];
	return OV_OK;
}

static ov_status open_list(struct ov_cur in, struct plist *p)
{
	struct ov_cur c = in;
	uint8_t a, b;

	*p = (struct plist){ .all = in };
	if (in.len < TRAILER + 8 || !ov_cur_looking_at(&in, "bplist0", 7))
		return OV_BAD;
	OV_TRY(ov_cur_seek(&c, in.len - TRAILER));
	OV_TRY(ov_cur_skip(&c, 6));
	OV_TRY(ov_cur_u8(&c, &a));
	OV_TRY(ov_cur_u8(&c, &b));
	OV_TRY(number(&c, 8, &p->objects));
	OV_TRY(number(&c, 8, &p->top));
	OV_TRY(number(&c, 8, &p->table));
	p->offset_bytes = a;
	p->ref_bytes = b;
	if (a == 0 || a > 8 || b == 0 || b > 8 || p->top >= p->objects || p->objects > in.len)
		return OV_BAD;
	return OV_OK;
}

/* An object's marker and count; the cursor then stands on what it holds. */
static ov_status open_object(const struct plist *p, uint64_t ref, struct ov_cur *c, unsigned *kind,
			     uint64_t *count)
{
	uint64_t at, place;
	uint8_t marker, size;

	if (ref >= p->objects)
		return OV_BAD;
	*c = p->all;
	OV_TRY(ov_add_u64(p->table, ref * p->offset_bytes, &place));
	OV_TRY(ov_cur_seek(c, place));
	OV_TRY(number(c, p->offset_bytes, &at));
	OV_TRY(ov_cur_seek(c, at));
	OV_TRY(ov_cur_u8(c, &marker));
	*kind = marker >> 4;
	*count = marker & 15;
	if (*count < 15 || *kind < 4)
		return OV_OK;
	OV_TRY(ov_cur_u8(c, &size));
	if (size >> 4 != 1 || (size & 15) > 3)
		return OV_BAD;
	return number(c, 1U << (size & 15), count);
}

static ov_status from_big_endian(struct ov_arena *a, struct ov_cur c, struct ov_str *out)
{
	uint8_t *to = NULL;

	OV_TRY(ov_arena_array(a, c.len + 1, &to));
	for (size_t i = 0; i + 1 < c.len; i += 2) {
		to[i] = c.base[i + 1];
		to[i + 1] = c.base[i];
	}
	return ov_utf16_str(a, ov_cur_of(to, c.len), out);
}

/* @return OV_END when it is no text. */
static ov_status text(const struct plist *p, uint64_t ref, struct ov_arena *a, struct ov_str *out)
{
	struct ov_cur c, part;
	unsigned kind;
	uint64_t n;

	OV_TRY(open_object(p, ref, &c, &kind, &n));
	if (kind == 5) {
		OV_TRY(ov_cur_take(&c, n, &part));
		*out = (struct ov_str){ (const char *)part.base, part.len };
		return OV_OK;
	}
	if (kind != 6)
		return OV_END;
	if (n > c.len)
		return OV_SHORT;
	OV_TRY(ov_cur_take(&c, 2 * n, &part));
	return from_big_endian(a, part, out);
}

/* Keys that are looked for are ASCII, and such texts are written with 8 bits. */
static ov_status is_key(const struct plist *p, uint64_t ref, const char *key, bool *out)
{
	const size_t length = strlen(key);
	struct ov_cur c;
	unsigned kind;
	uint64_t n;

	OV_TRY(open_object(p, ref, &c, &kind, &n));
	if (kind != 5 && kind != 6)
		return OV_BAD;
	*out = kind == 5 && n == length && ov_cur_looking_at(&c, key, length);
	return OV_OK;
}

ov_status ov_ev_bplist_text(struct ov_cur in, const char *key, struct ov_arena *a,
			    struct ov_str *out)
{
	struct ov_cur keys, values, skip;
	struct plist p;
	unsigned kind;
	uint64_t n;

	OV_TRY(open_list(in, &p));
	OV_TRY(open_object(&p, p.top, &keys, &kind, &n));
	if (kind != 0xd)
		return OV_UNSUPPORTED;
	if (n > in.len)
		return OV_BAD;
	values = keys;
	OV_TRY(ov_cur_take(&values, n * p.ref_bytes, &skip));
	for (uint64_t i = 0; i < n; i++) {
		bool is_it = false;
		uint64_t k, v;

		OV_TRY(number(&keys, p.ref_bytes, &k));
		OV_TRY(number(&values, p.ref_bytes, &v));
		OV_TRY(is_key(&p, k, key, &is_it));
		if (is_it)
			return text(&p, v, a, out);
	}
	return OV_END;
}
