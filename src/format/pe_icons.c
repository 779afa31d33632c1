/*
 * The icons that a program shows: those of its first icon group, which is the one that Explorer
 * takes. A group names icons by number; each icon is a resource of its own.
 * Source: "Resource formats", GRPICONDIR (Microsoft).
 */
#include "checked.h"
#include "pe_int.h"

#define RT_ICON 3
#define RT_GROUP_ICON 14

struct finder {
	const struct ov_exe *x;
	struct ov_window win;
};

static ov_status offset_of(const struct ov_exe *x, uint64_t rva, uint64_t *out)
{
	for (uint32_t i = 0; i < x->nsections; i++) {
		const struct ov_section *s = &x->sections[i];

		if (rva >= s->addr && rva - s->addr < s->size) {
			*out = s->off + (rva - s->addr);
			return OV_OK;
		}
	}
	return OV_BAD;
}

/* The entry `id` of a directory, or its first. */
static ov_status find_entry(struct finder *f, uint64_t at, bool by_id, uint32_t id, uint32_t *to)
{
	struct ov_pe_directory d;
	bool is_capped = false;

	OV_TRY(ov_pe_directory(&f->win, at, &d, &is_capped));
	for (uint32_t i = 0; i < d.n; i++) {
		uint32_t number;

		OV_TRY(ov_pe_directory_entry(&f->win, &d, i, &number, to));
		if (!by_id || number == id)
			return OV_OK;
	}
	return OV_END;
}

/* The bytes of a resource by its kind, and by its number or the first of its kind. */
static ov_status find_resource(struct finder *f, uint32_t kind, bool by_id, uint32_t id,
			       uint64_t *off, uint32_t *size)
{
	const uint64_t root = f->x->resources;
	uint32_t to, rva;
	struct ov_cur c;

	OV_TRY(find_entry(f, root, true, kind, &to));
	if ((to & OV_PE_SUBDIRECTORY) == 0)
		return OV_BAD;
	OV_TRY(find_entry(f, root + (to & ~OV_PE_SUBDIRECTORY), by_id, id, &to));
	if ((to & OV_PE_SUBDIRECTORY) != 0)
		OV_TRY(find_entry(f, root + (to & ~OV_PE_SUBDIRECTORY), false, 0, &to));
	if ((to & OV_PE_SUBDIRECTORY) != 0)
		return OV_BAD;
	OV_TRY(ov_window_get(&f->win, root + to, 16, &c));
	rva = ov_cur_soft_u32le(&c);
	*size = ov_cur_soft_u32le(&c);
	return offset_of(f->x, rva, off);
}

/* The numbers of a group's icons. */
static ov_status read_group(struct finder *f, uint64_t off, uint32_t size, uint16_t *ids,
			    size_t max, size_t *n, bool *has_more)
{
	struct ov_cur c;
	uint64_t room; /* a group of 65535 is larger than the window */
	uint16_t count;

	OV_TRY(ov_window_get(&f->win, off, 6, &c));
	ov_cur_soft_skip(&c, 4);
	count = ov_cur_soft_u16le(&c);
	room = ov_min_u64(14 * (uint64_t)ov_min_size(count, max), OV_WINDOW_MAX);
	OV_TRY(ov_window_upto(&f->win, off + 6, (size_t)ov_min_u64(size, room), &c));
	for (*n = 0; *n < count && *n < max && ov_cur_left(&c) >= 14; (*n)++) {
		ov_cur_soft_skip(&c, 12);
		ids[*n] = ov_cur_soft_u16le(&c);
	}
	*has_more = *n < count && *n == max;
	return OV_OK;
}

ov_status ov_exe_icons(const struct ov_exe *x, const struct ov_src *src, struct ov_arena *a,
		       size_t max, struct ov_icons *out)
{
	struct finder f = { .x = x };
	uint16_t *ids;
	uint64_t off;
	uint32_t size;
	size_t n = 0;
	ov_status s;

	*out = (struct ov_icons){ .n = 0 };
	if (x->resources == 0 || max == 0)
		return OV_OK;
	OV_TRY(ov_window_init(&f.win, src, a));
	s = find_resource(&f, RT_GROUP_ICON, false, 0, &off, &size);
	if (s != OV_OK)
		return ov_exe_is_news(s) || s == OV_END ? OV_OK : s;
	OV_TRY(ov_arena_array(a, max, &ids));
	s = read_group(&f, off, size, ids, max, &n, &out->has_more);
	if (s != OV_OK)
		return ov_exe_is_news(s) ? OV_OK : s;
	OV_TRY(ov_arena_array(a, n > 0 ? n : 1, &out->at));
	for (size_t i = 0; i < n; i++) {
		s = find_resource(&f, RT_ICON, true, ids[i], &off, &size);
		if (s == OV_OK)
			out->at[out->n++] = off;
		else if (!ov_exe_is_news(s) && s != OV_END)
			return s;
	}
	return OV_OK;
}
