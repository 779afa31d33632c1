/* Names: texts kept once, rules by namespace and name, externals. */
#include "ycompile_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 0x9e3779b97f4a7c15u
#define INTERN_MAX 64u /* longer texts are not looked for: hardly any comes twice */
#define FIRST_TABLE 1024u

ov_status ov_yfail(struct ov_yerror *e, uint32_t line, uint32_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(e->why, sizeof e->why, fmt, ap);
	va_end(ap);
	e->line = line;
	e->column = column;
	return OV_BAD;
}

static uint32_t hash(struct ov_str s, uint64_t seed)
{
	uint64_t h = SEED ^ seed;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9u;
	return (uint32_t)(h >> 32);
}

/* Doubles a table of numbers plus one when it is half full; `hash_of` gives each number's place. */
static ov_status make_room(uint32_t **table, uint32_t *mask, uint32_t n,
			   uint32_t (*hash_of)(const struct ov_ycompiler *c, uint32_t i),
			   const struct ov_ycompiler *c)
{
	const uint32_t old = *table != NULL ? *mask + 1 : 0;
	const uint32_t room = old == 0 ? FIRST_TABLE : old * 2;
	uint32_t *more;

	if (old != 0 && n < old / 2)
		return OV_OK;
	if (room < old)
		return OV_LIMIT;
	more = calloc(room, sizeof *more);
	if (more == NULL)
		return OV_NOMEM;
	for (uint32_t i = 0; i < old; i++) {
		uint32_t h;

		if ((*table)[i] == 0)
			continue;
		for (h = hash_of(c, (*table)[i] - 1); more[h & (room - 1)] != 0;)
			h++;
		more[h & (room - 1)] = (*table)[i];
	}
	free(*table);
	*table = more;
	*mask = room - 1;
	return OV_OK;
}

static struct ov_str heap_text(const struct ov_ycompiler *c, uint32_t at, uint32_t n)
{
	return (struct ov_str){ .p = (const char *)c->sect[YI_TEXTS].p + at, .n = n };
}

static struct ov_str interned(const struct ov_ycompiler *c, uint32_t i)
{
	const uint32_t *r = yc_rows(c->text_rows, uint32_t) + 2 * (size_t)i;

	return heap_text(c, r[0], r[1]);
}

static uint32_t hash_of_text(const struct ov_ycompiler *c, uint32_t i)
{
	return hash(interned(c, i), 0);
}

static ov_status append(struct ov_ycompiler *c, struct ov_str s, uint32_t *at)
{
	struct ov_buf *heap = &c->sect[YI_TEXTS];

	if (heap->n > UINT32_MAX - s.n)
		return OV_LIMIT;
	*at = (uint32_t)heap->n;
	return ov_buf_str(heap, s);
}

ov_status ov_yc_text(struct ov_ycompiler *c, struct ov_str s, uint32_t *at)
{
	uint32_t h, row[2];

	if (s.n == 0) {
		*at = 0;
		return OV_OK;
	}
	if (s.n > INTERN_MAX)
		return append(c, s, at);
	OV_TRY(make_room(&c->texts, &c->texts_mask, c->ntexts, hash_of_text, c));
	for (h = hash(s, 0); c->texts[h & c->texts_mask] != 0; h++) {
		const uint32_t i = c->texts[h & c->texts_mask] - 1;

		if (ov_str_eq(interned(c, i), s)) {
			*at = yc_rows(c->text_rows, uint32_t)[2 * (size_t)i];
			return OV_OK;
		}
	}
	OV_TRY(append(c, s, at));
	row[0] = *at;
	row[1] = (uint32_t)s.n;
	OV_TRY(ov_buf_put(&c->text_rows, row, sizeof row));
	c->texts[h & c->texts_mask] = ++c->ntexts;
	return OV_OK;
}

static uint32_t rule_ns(const struct ov_ycompiler *c, uint32_t rule, struct ov_str *name)
{
	const uint8_t *r = c->sect[YI_RULES].p + (size_t)rule * YI_RULE;

	*name = heap_text(c, ov_le32(r + YR_NAME), ov_le32(r + YR_NAME + 4));
	return ov_le32(r + YR_NS);
}

static uint32_t hash_of_rule(const struct ov_ycompiler *c, uint32_t rule)
{
	struct ov_str name;
	const uint32_t ns = rule_ns(c, rule, &name);

	return hash(name, ns + 1);
}

ov_status ov_yc_name_rule(struct ov_ycompiler *c, uint32_t ns, struct ov_str name, uint32_t rule)
{
	uint32_t h;

	OV_TRY(make_room(&c->by_name, &c->by_name_mask, c->nby_name, hash_of_rule, c));
	for (h = hash(name, ns + 1); c->by_name[h & c->by_name_mask] != 0;)
		h++;
	c->by_name[h & c->by_name_mask] = rule + 1;
	c->nby_name++;
	return OV_OK;
}

bool ov_yc_find_rule(const struct ov_ycompiler *c, uint32_t ns, struct ov_str name, uint32_t *rule)
{
	if (c->by_name == NULL)
		return false;
	for (uint32_t h = hash(name, ns + 1);; h++) {
		const uint32_t i = c->by_name[h & c->by_name_mask];
		struct ov_str other;

		if (i == 0)
			return false;
		if (rule_ns(c, i - 1, &other) == ns && ov_str_eq(other, name)) {
			*rule = i - 1;
			return true;
		}
	}
}

bool ov_yc_find_external(const struct ov_ycompiler *c, struct ov_str name, uint32_t *id,
			 enum ov_ykind *kind)
{
	const struct ov_buf *b = &c->sect[YI_EXTERNALS];

	for (size_t at = 0; at + YI_META <= b->n; at += YI_META)
		if (ov_str_eq(heap_text(c, ov_le32(b->p + at), ov_le32(b->p + at + 4)), name)) {
			*id = (uint32_t)(at / YI_META);
			*kind = (enum ov_ykind)ov_le32(b->p + at + 8);
			return true;
		}
	return false;
}

ov_status ov_yc_value(struct ov_ycompiler *c, struct ov_buf *to, struct ov_str name,
		      const struct ov_yval *v)
{
	uint8_t row[YI_META] = { 0 };
	uint32_t at = 0;

	OV_TRY(ov_yc_text(c, name, &at));
	ov_put_le32(row, at);
	ov_put_le32(row + 4, (uint32_t)name.n);
	ov_put_le32(row + 8, (uint32_t)v->kind);
	if (v->kind == OV_Y_FLOAT) {
		memcpy(row + 16, &v->f, sizeof v->f);
	} else if (v->kind == OV_Y_STRING) {
		OV_TRY(ov_yc_text(c, v->s, &at));
		ov_put_le32(row + 16, at);
		ov_put_le32(row + 20, (uint32_t)v->s.n);
	} else {
		ov_put_le64(row + 16, (uint64_t)v->i);
	}
	return ov_buf_put(to, row, sizeof row);
}

ov_status ov_yc_import(struct ov_ycompiler *c, unsigned module)
{
	const struct ov_str name = ov_str_of(c->o.modules->rows[module]->name);
	const uint64_t bit = UINT64_C(1) << module;
	uint32_t at = 0;

	if ((c->imported & bit) != 0)
		return OV_OK;
	OV_TRY(ov_yc_text(c, name, &at));
	OV_TRY(ov_buf_u32(&c->sect[YI_IMPORTS], at));
	OV_TRY(ov_buf_u32(&c->sect[YI_IMPORTS], (uint32_t)name.n));
	c->imported |= bit;
	return OV_OK;
}
