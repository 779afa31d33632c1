/*
 * Windows registry hives ("regf"): installed programs (uninstall keys), services and drivers with
 * their start and filter altitudes, and the keys of security products that tell dates. Follows the
 * published analyses of the format (M. Suhanov, "Windows registry file format specification").
 * Only cells that are reached from the root are read. Transaction logs are applied by hive_log.c.
 */
#include "ev_sources.h"
#include "hive.h"

#define HIVE_MAX ((size_t)512 << 20)
#define NAME_BYTES 1024

bool ov_ev_hive_wants(const struct ov_ev_file *f)
{
	return ov_ev_head_is(f, "regf", 4) && f->src->size > 4096 + 32;
}

/* The cell at an offset of the bins: its content. */
static ov_status cell(const struct ov_hive *h, uint32_t at, struct ov_cur *out)
{
	struct ov_cur c = h->bins;
	uint32_t raw;

	OV_TRY(ov_cur_seek(&c, at));
	OV_TRY(ov_cur_u32le(&c, &raw));
	if ((raw & 0x80000000u) == 0)
		return OV_BAD; /* free */
	raw = 0u - raw;
	if (raw < 8)
		return OV_BAD;
	return ov_cur_take(&c, ov_min_u64(raw - 4, ov_cur_left(&c)), out);
}

/* Names are Latin-1 or UTF-16; texts come out as UTF-8. */
static size_t put_unit(char *to, uint32_t u)
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
	if (u < 0x10000) {
		to[0] = (char)(0xe0 | u >> 12);
		to[1] = (char)(0x80 | (u >> 6 & 63));
		to[2] = (char)(0x80 | (u & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | u >> 18);
	to[1] = (char)(0x80 | (u >> 12 & 63));
	to[2] = (char)(0x80 | (u >> 6 & 63));
	to[3] = (char)(0x80 | (u & 63));
	return 4;
}

static ov_status text_of(struct ov_hive *h, struct ov_cur c, bool is_wide, struct ov_str *out)
{
	char *to = NULL;
	size_t n = 0;

	OV_TRY(ov_arena_array(&h->e->arena, c.len * 2 + 4, &to));
	while (ov_cur_left(&c) >= (is_wide ? 2U : 1U)) {
		uint32_t u = is_wide ? ov_cur_soft_u16le(&c) : ov_cur_soft_u8(&c);

		if (u == 0)
			break;
		if (u >= 0xd800 && u < 0xdc00 && ov_cur_left(&c) >= 2) {
			struct ov_cur ahead = c;
			const uint32_t low = ov_cur_soft_u16le(&ahead);

			if (low >= 0xdc00 && low < 0xe000) {
				u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
				c = ahead;
			}
		}
		if (u >= 0xd800 && u < 0xe000)
			u = 0xfffd;
		n += put_unit(to + n, u);
	}
	*out = (struct ov_str){ .p = to, .n = n };
	return OV_OK;
}

ov_status ov_hive_key(struct ov_hive *h, uint32_t at, struct ov_hive_key *out)
{
	struct ov_cur c, name;
	uint16_t flags, n;

	OV_TRY(cell(h, at, &c));
	OV_TRY(ov_cur_expect(&c, "nk"));
	flags = ov_cur_soft_u16le(&c);
	out->written = ov_cur_soft_u64le(&c);
	ov_cur_soft_skip(&c, 8);
	out->nkeys = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	out->keys = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	out->nvalues = ov_cur_soft_u32le(&c);
	out->values = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 28);
	n = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2);
	OV_TRY(ov_cur_status(&c));
	if (n > NAME_BYTES)
		return OV_BAD;
	OV_TRY(ov_cur_take(&c, n, &name));
	return text_of(h, name, (flags & 0x20) == 0, &out->name);
}

/* Lists of subkeys: lf and lh have a hash with each, li none; ri is a list of such lists. */
ov_status ov_hive_keys(struct ov_hive *h, uint32_t at, struct ov_hive_list *l)
{
	struct ov_cur c;

	OV_TRY(cell(h, at, &c));
	l->is_outer = ov_cur_looking_at(&c, "ri", 2);
	l->each = ov_cur_looking_at(&c, "lf", 2) || ov_cur_looking_at(&c, "lh", 2) ? 8 : 4;
	if (!l->is_outer && l->each == 4 && !ov_cur_looking_at(&c, "li", 2))
		return OV_BAD;
	ov_cur_soft_skip(&c, 2);
	l->left = ov_cur_soft_u16le(&c);
	l->c = c;
	return ov_cur_status(&c);
}

bool ov_hive_next(struct ov_hive_list *l, uint32_t *at)
{
	struct ov_cur row;

	if (l->left == 0 || ov_cur_take(&l->c, l->each, &row) != OV_OK)
		return false;
	l->left--;
	*at = ov_cur_soft_u32le(&row);
	return true;
}

ov_status ov_hive_child(struct ov_hive *h, const struct ov_hive_key *k, const char *name,
			struct ov_hive_key *out)
{
	struct ov_hive_walk w;
	struct ov_hive_key child;

	OV_TRY(ov_hive_walk(h, k, &w));
	while (ov_hive_step(h, &w, &child))
		if (ov_text_same(child.name, ov_str_of(name))) {
			*out = child;
			return OV_OK;
		}
	return OV_END;
}

ov_status ov_hive_walk(struct ov_hive *h, const struct ov_hive_key *k, struct ov_hive_walk *w)
{
	*w = (struct ov_hive_walk){ .inner = { .left = 0 } };
	if (k->nkeys == 0 || k->keys == UINT32_MAX)
		return OV_OK;
	OV_TRY(ov_hive_keys(h, k->keys, &w->outer));
	if (!w->outer.is_outer) {
		w->inner = w->outer;
		w->outer.left = 0;
	}
	return OV_OK;
}

bool ov_hive_step(struct ov_hive *h, struct ov_hive_walk *w, struct ov_hive_key *out)
{
	uint32_t at;

	for (;;) { /* each turn takes a row of a list */
		if (++h->steps > OV_HIVE_STEPS)
			return false;
		if (ov_hive_next(&w->inner, &at)) {
			if (ov_hive_key(h, at, out) == OV_OK)
				return true;
			h->broken++;
			continue;
		}
		if (!ov_hive_next(&w->outer, &at))
			return false;
		if (ov_hive_keys(h, at, &w->inner) != OV_OK || w->inner.is_outer) {
			w->inner.left = 0;
			h->broken++;
		}
	}
}

/* A value's bytes; large ones are left out ("db" cells are not needed for texts). */
static ov_status data_of(struct ov_hive *h, uint32_t size, uint32_t at, struct ov_cur row,
			 struct ov_cur *out)
{
	const uint32_t n = size & 0x7fffffff;
	struct ov_cur c;

	if ((size & 0x80000000u) != 0) /* up to four bytes stand in the offset's place */
		return ov_cur_sub(&row, 8, ov_min_u64(n, 4), out);
	OV_TRY(cell(h, at, &c));
	return ov_cur_take(&c, ov_min_u64(n, ov_cur_left(&c)), out);
}

ov_status ov_hive_value(struct ov_hive *h, const struct ov_hive_key *k, const char *name,
			struct ov_str *text, uint32_t *number)
{
	struct ov_cur list, c, data, label;
	struct ov_str found;

	*text = (struct ov_str){ .p = "", .n = 0 };
	*number = UINT32_MAX;
	if (k->nvalues == 0 || k->values == UINT32_MAX)
		return OV_END;
	OV_TRY(cell(h, k->values, &list));
	for (uint32_t i = 0; i < k->nvalues && ov_cur_left(&list) >= 4; i++) {
		const uint32_t at = ov_cur_soft_u32le(&list);
		uint32_t size, off, type;
		uint16_t n, flags;

		if (++h->steps > OV_HIVE_STEPS)
			return OV_LIMIT;
		if (cell(h, at, &c) != OV_OK || !ov_cur_looking_at(&c, "vk", 2)) {
			h->broken++;
			continue;
		}
		data = c;
		ov_cur_soft_skip(&c, 2);
		n = ov_cur_soft_u16le(&c);
		size = ov_cur_soft_u32le(&c);
		off = ov_cur_soft_u32le(&c);
		type = ov_cur_soft_u32le(&c);
		flags = ov_cur_soft_u16le(&c);
		ov_cur_soft_skip(&c, 2);
		if (ov_cur_status(&c) != OV_OK || n > NAME_BYTES ||
		    ov_cur_take(&c, n, &label) != OV_OK ||
		    text_of(h, label, (flags & 1) == 0, &found) != OV_OK ||
		    !ov_text_same(found, ov_str_of(name)))
			continue;
		OV_TRY(data_of(h, size, off, data, &data));
		if (type == 4) {
			*number = ov_cur_soft_u32le(&data);
			*text = ov_ev_fmt(h->e, "%u", *number);
			return ov_cur_status(&data);
		}
		return type == 1 || type == 2 || type == 7 ? text_of(h, data, true, text)
							   : OV_UNSUPPORTED;
	}
	return OV_END;
}

struct ov_str ov_hive_text(struct ov_hive *h, const struct ov_hive_key *k, const char *name)
{
	struct ov_str s;
	uint32_t number;

	return ov_hive_value(h, k, name, &s, &number) == OV_OK ? s
							       : (struct ov_str){ .p = "", .n = 0 };
}

bool ov_hive_path(struct ov_hive *h, const struct ov_hive_key *from, const char *path,
		  struct ov_hive_key *out)
{
	struct ov_str rest = ov_str_of(path), part;
	struct ov_hive_key at = *from;

	while (ov_text_split(&rest, '\\', &part)) {
		char name[256];

		if (part.n >= sizeof name)
			return false;
		memcpy(name, part.p, part.n);
		name[part.n] = '\0';
		if (ov_hive_child(h, &at, name, &at) != OV_OK)
			return false;
	}
	*out = at;
	return true;
}

/* 100 ns since 1601. */
int64_t ov_hive_time(uint64_t written)
{
	const uint64_t seconds = written / 10000000;

	return seconds < 11644473600ULL ? OV_INV_NO_DATE : (int64_t)(seconds - 11644473600ULL);
}

ov_status ov_ev_hive_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_hive h = { .e = e, .file = f };
	struct ov_hive_key root;
	struct ov_cur c, head;
	bool is_dirty;
	uint32_t at;
	ov_status st;

	OV_TRY(ov_ev_load(e, f, HIVE_MAX, &c));
	st = ov_hive_recover(e, f, &c, &is_dirty);
	if (st == OV_NOMEM)
		return st;
	if (st != OV_OK)
		OV_TRY(ov_ev_unread(e, st, OV_STR("transaction logs"), "they can't be read"));
	head = c;
	head.pos = 36;
	at = ov_cur_soft_u32le(&head);
	OV_TRY(ov_cur_sub(&c, 4096, c.len - 4096, &h.bins));
	OV_TRY(ov_hive_key(&h, at, &root));
	OV_TRY(ov_hive_report(&h, &root));
	if (st == OV_OK && is_dirty)
		OV_TRY(
		    ov_ev_unread(e, OV_UNSUPPORTED, OV_STR("transaction logs"),
				 "the hive was in use, and no log beside it fits: what they hold "
				 "is missing"));
	if (h.steps > OV_HIVE_STEPS)
		return OV_LIMIT;
	return h.broken > 0 ? OV_BAD : OV_OK;
}
