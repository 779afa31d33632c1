/* dex: where things stand, and what classes have. */
#include <string.h>

#include "checked.h"
#include "dex_int.h"
#include "ymod_give.h"

#define MEMBERS_MAX 262144u

static ov_status read_map(struct dex *d)
{
	struct ov_cur c;
	const uint64_t size = d->win.src->size;

	if (d->h.map_off == 0 || d->h.map_off > size || size - d->h.map_off < 4)
		return OV_OK;
	OV_TRY(ov_window_get(&d->win, d->h.map_off, 4, &c));
	d->has_map = true;
	d->map_size = ov_cur_soft_u32le(&c);
	d->nmap = (uint32_t)ov_min_u64(d->map_size, (size - d->h.map_off - 4) / 12);
	return OV_OK;
}

ov_status dex_load(struct ov_yenv *env, unsigned module, struct dex **out)
{
	struct dex *d = env->state[module];

	*out = NULL;
	if (env->is_process)
		return OV_OK;
	if (d == NULL) {
		bool all = true;
		ov_status s;

		OV_TRY(ov_arena_new(env->arena, &d));
		OV_TRY(ov_window_init(&d->win, env->src, env->arena));
		OV_TRY(ov_window_init(&d->names, env->src, env->arena));
		s = ov_dex_open(&d->win, &d->h);
		d->is_dex = s == OV_OK;
		for (int t = 0; d->is_dex && t < OV_DEX_TABLES; t++) {
			all = all && ov_dex_has_table(&d->h, env->src->size, (enum ov_dex_table)t);
			d->has[t] = all;
		}
		if (d->is_dex &&
		    d->has[OV_DEX_METHODS]) /* as yara: not behind a table that is cut */
			s = read_map(d);
		if (s != OV_OK && s != OV_BAD && s != OV_SHORT)
			return s;
		env->state[module] = d;
	}
	*out = d->is_dex ? d : NULL;
	return OV_OK;
}

/* A string as a view of the file, or a copy of the arena; p NULL: there is none. */
ov_status dex_text(struct ov_yenv *env, struct dex *d, uint64_t i, uint32_t *off, uint32_t *units,
		   struct ov_str *out)
{
	const ov_status s = ov_dex_string(&d->h, &d->names, i, off, units, out);

	if (s != OV_OK)
		*out = (struct ov_str){ .p = NULL };
	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	OV_TRY(ov_ymod_spend(env, 1 + out->n / 16));
	return env->src->mem != NULL ? OV_OK : ov_arena_str(env->arena, *out, out);
}

ov_status dex_string(struct ov_yenv *env, struct dex *d, uint64_t i, struct ov_str *out)
{
	uint32_t off, units;

	return dex_text(env, d, i, &off, &units, out);
}

/* A row; fields of a row that is not there are NO_INDEX, which names nothing. */
ov_status dex_row(struct dex *d, enum ov_dex_table t, uint64_t i, uint32_t row[8])
{
	const ov_status s = ov_dex_row(&d->h, &d->win, t, i, row);

	for (int k = 0; s == OV_END && k < 8; k++)
		row[k] = OV_DEX_NO_INDEX;
	return s == OV_END ? OV_OK : s;
}

ov_status dex_type_name(struct ov_yenv *env, struct dex *d, uint32_t i, struct ov_str *out)
{
	uint32_t row[8];

	OV_TRY(dex_row(d, OV_DEX_TYPES, i, row));
	return dex_string(env, d, row[0], out);
}

/* ---- what classes have ---- */

static ov_status add_member(struct ov_yenv *env, struct members *l, struct member m)
{
	struct member *more = NULL;

	if (l->n == MEMBERS_MAX) {
		ov_ymod_note(env, OV_LIMIT, "more fields or methods of a DEX file than are listed");
		return OV_END;
	}
	if (l->n == l->room) {
		const uint32_t room = l->room == 0 ? 64 : l->room * 2;

		OV_TRY(ov_arena_array(env->arena, room, &more));
		if (l->n > 0)
			memcpy(more, l->m, l->n * sizeof *more);
		l->m = more;
		l->room = room;
	}
	l->m[l->n++] = m;
	return OV_OK;
}

/* Numbers of a class's data come from a cursor that is made anew where a window ends. */
struct reader {
	struct dex *d;
	uint64_t at;
};

static ov_status next(struct reader *r, uint32_t *out)
{
	struct ov_cur c;

	OV_TRY(ov_window_upto(&r->d->win, r->at, 5, &c));
	OV_TRY(ov_dex_uleb(&c, out));
	r->at += c.pos;
	return OV_OK;
}

static ov_status read_members(struct ov_yenv *env, struct reader *r, int kind, uint32_t n)
{
	const bool is_method = kind >= 2;
	uint32_t index = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct member m = { .is_direct = kind == 2, .is_virtual = kind == 3 };

		OV_TRY(ov_ymod_spend(env, 4));
		OV_TRY(next(r, &m.diff));
		OV_TRY(next(r, &m.flags));
		if (is_method)
			OV_TRY(next(r, &m.code_off));
		index += m.diff; /* wraps: then it names nothing */
		m.index = index;
		OV_TRY(add_member(env, is_method ? &r->d->methods : &r->d->fields, m));
	}
	return OV_OK;
}

static ov_status read_class(struct ov_yenv *env, struct dex *d, uint32_t at)
{
	struct class_data *data = &d->data[d->ndata];
	struct reader r = { .d = d, .at = at };

	for (int k = 0; k < 4; k++)
		OV_TRY(next(&r, &data->sizes[k]));
	d->ndata++;
	for (int k = 0; k < 4; k++)
		OV_TRY(read_members(env, &r, k, data->sizes[k]));
	return OV_OK;
}

static ov_status read_classes(struct ov_yenv *env, struct dex *d)
{
	uint32_t row[8];

	OV_TRY(ov_arena_array(env->arena, d->h.n[OV_DEX_CLASSES], &d->data));
	for (uint32_t i = 0; i < d->h.n[OV_DEX_CLASSES]; i++) {
		OV_TRY(ov_ymod_spend(env, 4));
		OV_TRY(ov_dex_row(&d->h, &d->win, OV_DEX_CLASSES, i, row));
		if (row[6] != 0)
			OV_TRY(read_class(env, d, row[6]));
	}
	d->is_whole = true;
	return OV_OK;
}

ov_status dex_members(struct ov_yenv *env, unsigned module, struct dex **out)
{
	struct dex *d = NULL;

	OV_TRY(dex_load(env, module, out));
	d = *out;
	if (d == NULL || d->has_members)
		return OV_OK;
	d->fields.n = d->methods.n = d->ndata = 0;
	if (d->has[OV_DEX_CLASSES]) {
		const ov_status s = read_classes(env, d);

		if (s != OV_OK && s != OV_END && s != OV_SHORT && s != OV_BAD)
			return s;
	}
	d->has_members = true;
	return OV_OK;
}
