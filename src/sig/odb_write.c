/* Writes what the builder holds as an .odb. Deterministic: everything is in order of arrival or
 * sorted by all its bytes. */
#include <stdlib.h>
#include <string.h>

#include "le.h"
#include "write_int.h"

static struct b_rule *rule_at(struct ov_odb_builder *b, uint32_t i)
{
	return rows_of(b->rules, struct b_rule) + i;
}

ov_status ov_write_begin(struct ov_writer *w, enum odb_section s)
{
	while ((w->out->n - w->start) % ODB_ALIGN != 0)
		OV_TRY(ov_buf_u8(w->out, 0));
	w->off[s] = w->out->n - w->start;
	return OV_OK;
}

void ov_write_end(struct ov_writer *w, enum odb_section s)
{
	w->len[s] = w->out->n - w->start - w->off[s];
}

ov_status ov_write_bytes(struct ov_writer *w, enum odb_section s, const struct ov_buf *from)
{
	OV_TRY(ov_write_begin(w, s));
	OV_TRY(ov_buf_put(w->out, from->p, from->n));
	ov_write_end(w, s);
	return OV_OK;
}

static ov_status put_range(struct ov_buf *o, struct ov_u64_range r)
{
	OV_TRY(ov_buf_u64(o, r.lo));
	return ov_buf_u64(o, r.hi);
}

/* 96 bytes: see docs/formats/odb.md. */
static ov_status put_rule(struct ov_buf *o, const struct b_rule *r, uint32_t first_sub)
{
	OV_TRY(ov_buf_u32(o, (uint32_t)r->name.at));
	OV_TRY(ov_buf_u16(o, (uint16_t)r->name.n));
	OV_TRY(ov_buf_u8(o, (uint8_t)r->kind));
	OV_TRY(ov_buf_u8(o, (uint8_t)r->target));
	OV_TRY(ov_buf_u32(o, (uint32_t)r->text.at));
	OV_TRY(ov_buf_u32(o, r->text.n));
	OV_TRY(ov_buf_u32(o, r->source));
	OV_TRY(ov_buf_u32(o, r->line));
	OV_TRY(put_range(o, r->file_size));
	OV_TRY(put_range(o, r->entry_point));
	OV_TRY(put_range(o, r->nsections));
	OV_TRY(ov_buf_u32(o, first_sub));
	OV_TRY(ov_buf_u32(o, (uint32_t)r->cond.at));
	OV_TRY(ov_buf_u32(o, r->cond.n));
	OV_TRY(ov_buf_u16(o, (uint16_t)r->nsubs));
	OV_TRY(ov_buf_u8(o, r->flags));
	OV_TRY(ov_buf_u8(o, (uint8_t)r->ninter));
	OV_TRY(ov_buf_u16(o, r->container));
	OV_TRY(ov_buf_u16(o, r->handler));
	/* where its intermediates stand: at the end of the rules section, 16 u16 a rule that has
	 * some */
	return ov_buf_u32(o, 0);
}

static ov_status put_inter(struct ov_writer *w, const struct b_rule *r, size_t at_field)
{
	if (r->ninter == 0)
		return OV_OK;
	ov_put_le32(w->out->p + at_field, (uint32_t)(w->out->n - w->start - w->off[ODB_RULES]));
	for (uint32_t i = 0; i < r->ninter; i++)
		OV_TRY(ov_buf_u16(w->out, r->inter[i]));
	return OV_OK;
}

ov_status ov_write_rules(struct ov_writer *w)
{
	const size_t n = rows_count(w->b->rules, struct b_rule);
	uint32_t first_sub = 0, id = 0;

	OV_TRY(ov_write_begin(w, ODB_RULES));
	OV_TRY(ov_buf_u32(w->out, w->nrules));
	OV_TRY(ov_buf_u32(w->out, 0));
	for (uint32_t i = 0; i < n; i++) {
		struct b_rule *r = rule_at(w->b, i);

		if (r->is_ignored)
			continue;
		r->new_id = id++;
		OV_TRY(put_rule(w->out, r, first_sub));
		first_sub += r->nsubs;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct b_rule *r = rule_at(w->b, i);
		const size_t row =
		    w->start + (size_t)w->off[ODB_RULES] + 8 + (size_t)r->new_id * ODB_RULE_SIZE;

		if (!r->is_ignored)
			OV_TRY(put_inter(w, r, row + ODB_RULE_SIZE - 4));
	}
	ov_write_end(w, ODB_RULES);
	return OV_OK;
}

static ov_status put_place(struct ov_buf *o, const struct ov_place *p)
{
	OV_TRY(ov_buf_u64(o, (uint64_t)p->n));
	OV_TRY(ov_buf_u32(o, p->shift));
	return ov_buf_u32(o, p->section);
}

/* 56 bytes: kind, place kind, compare's letters, then by kind. */
static ov_status put_sub(struct ov_buf *o, const struct b_sub *s)
{
	const size_t at = o->n;
	const struct ov_compare *c = &s->compare;

	OV_TRY(ov_buf_u8(o, (uint8_t)s->kind));
	OV_TRY(ov_buf_u8(o, (uint8_t)s->place.kind));
	OV_TRY(ov_buf_u8(o, (uint8_t)c->form));
	OV_TRY(ov_buf_u8(
	    o, (uint8_t)((c->is_big ? 1 : 0) | (c->is_exact ? 2 : 0) | (c->is_little ? 4 : 0))));
	OV_TRY(ov_buf_u8(o, (uint8_t)c->ncmp));
	OV_TRY(ov_buf_u8(o, (uint8_t)c->op[0]));
	OV_TRY(ov_buf_u8(o, (uint8_t)c->op[1]));
	OV_TRY(ov_buf_u8(o, 0));
	OV_TRY(put_place(o, &s->place));
	if (s->kind == OV_SUB_PATTERN) {
		OV_TRY(ov_buf_u32(o, s->pattern));
	} else if (s->kind == OV_SUB_PCRE) {
		OV_TRY(ov_buf_u32(o, (uint32_t)s->regex.at));
		OV_TRY(ov_buf_u32(o, s->regex.n));
		OV_TRY(ov_buf_u32(o, (uint32_t)s->flags.at));
		OV_TRY(ov_buf_u32(o, s->flags.n));
		OV_TRY(ov_buf_u32(o, (uint32_t)s->trigger.at));
		OV_TRY(ov_buf_u32(o, s->trigger.n));
	} else if (s->kind == OV_SUB_MACRO) {
		OV_TRY(ov_buf_u32(o, s->macro.group));
		OV_TRY(ov_buf_u32(o, s->macro.lo));
		OV_TRY(ov_buf_u32(o, s->macro.hi));
	} else if (s->kind == OV_SUB_IMAGE) {
		OV_TRY(ov_buf_u64(o, s->image));
	} else if (s->kind == OV_SUB_ICON) {
		for (int g = 0; g < 2; g++) {
			OV_TRY(ov_buf_u32(o, (uint32_t)s->icon[g].at));
			OV_TRY(ov_buf_u32(o, s->icon[g].n));
		}
	} else {
		OV_TRY(ov_buf_u32(o, c->ref));
		OV_TRY(ov_buf_u32(o, c->width));
		OV_TRY(ov_buf_u64(o, (uint64_t)c->off));
		OV_TRY(ov_buf_u64(o, c->value[0]));
		OV_TRY(ov_buf_u64(o, c->value[1]));
	}
	return ov_buf_zero(o, ODB_SUB_SIZE - (o->n - at));
}

/* New number of a sub of a kept rule. */
static uint32_t new_sub(struct ov_odb_builder *b, const uint32_t *firsts, uint32_t rule,
			uint32_t sub)
{
	return firsts[rule] + (sub - rule_at(b, rule)->first_sub);
}

ov_status ov_write_subs(struct ov_writer *w)
{
	const size_t n = rows_count(w->b->subs, struct b_sub);
	const struct b_sub *subs = rows_of(w->b->subs, struct b_sub);

	OV_TRY(ov_write_begin(w, ODB_SUBS));
	for (size_t i = 0; i < n; i++)
		if (!rule_at(w->b, subs[i].rule)->is_ignored)
			OV_TRY(put_sub(w->out, &subs[i]));
	ov_write_end(w, ODB_SUBS);
	return OV_OK;
}

static bool in_target(const struct b_rule *r, int target)
{
	return !r->is_ignored && (r->target == OV_TARGET_ANY || (int)r->target == target);
}

/* Anchors in order of arrival; their number is the gram tables' token. */
ov_status ov_write_anchors(struct ov_writer *w, const uint32_t *firsts, uint32_t *tokens)
{
	const size_t n = rows_count(w->b->anchors, struct b_anchor);
	const struct b_anchor *rows = rows_of(w->b->anchors, struct b_anchor);
	uint32_t token = 0;

	OV_TRY(ov_write_begin(w, ODB_ANCHORS));
	for (size_t i = 0; i < n; i++) {
		const struct b_rule *r = rule_at(w->b, rows[i].rule);

		if (r->is_ignored)
			continue;
		tokens[i] = token++;
		OV_TRY(ov_buf_u32(w->out, r->new_id));
		OV_TRY(ov_buf_u32(w->out, new_sub(w->b, firsts, rows[i].rule, rows[i].sub)));
		OV_TRY(ov_buf_u32(w->out, rows[i].distance));
		OV_TRY(ov_buf_u32(w->out, rows[i].part));
	}
	ov_write_end(w, ODB_ANCHORS);
	return OV_OK;
}

static ov_status put_gram(struct ov_writer *w, int target, const uint32_t *tokens,
			  struct ov_gram_key *keys)
{
	const size_t n = rows_count(w->b->anchors, struct b_anchor);
	const struct b_anchor *rows = rows_of(w->b->anchors, struct b_anchor);
	const enum odb_section s = (enum odb_section)(ODB_GRAM + target);
	bool has_own = target == 0;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		const struct b_rule *r = rule_at(w->b, rows[i].rule);

		if (!in_target(r, target))
			continue;
		has_own = has_own || r->target != OV_TARGET_ANY;
		keys[used] = rows[i].key;
		keys[used++].token = tokens[i];
	}
	if (!has_own) { /* same keys as target "any": the same bytes serve both */
		w->off[s] = w->off[ODB_GRAM];
		w->len[s] = w->len[ODB_GRAM];
		return OV_OK;
	}
	OV_TRY(ov_write_begin(w, s));
	OV_TRY(ov_gram_build(keys, used, w->out));
	ov_write_end(w, s);
	return OV_OK;
}

ov_status ov_write_grams(struct ov_writer *w, const uint32_t *tokens)
{
	const size_t n = rows_count(w->b->anchors, struct b_anchor);
	struct ov_gram_key *keys = calloc(n + 1, sizeof *keys);
	ov_status s = keys != NULL ? OV_OK : OV_NOMEM;

	for (int t = 0; s == OV_OK && t < OV_TARGET_COUNT; t++)
		s = put_gram(w, t, tokens, keys);
	free(keys);
	return s;
}

#define COMPARE(a, b)                                                                              \
	do {                                                                                       \
		if ((a) != (b))                                                                    \
			return (a) < (b) ? -1 : 1;                                                 \
	} while (0)

static int compare_places(const struct ov_place *a, const struct ov_place *b)
{
	COMPARE(a->kind, b->kind);
	COMPARE(a->section, b->section);
	COMPARE(a->n, b->n);
	return 0;
}

static int compare_fixed(const void *pa, const void *pb)
{
	const struct b_fixed *a = pa, *b = pb;
	const int by_place = compare_places(&a->place, &b->place);

	if (by_place != 0)
		return by_place;
	COMPARE(a->dword, b->dword);
	COMPARE(a->mask, b->mask);
	COMPARE(a->rule, b->rule);
	COMPARE(a->sub, b->sub);
	return 0;
}

struct target_rows {
	uint32_t first_group, ngroups, first_always, nalways;
};

/* Groups of one target; the entries go to `entries`, which becomes a section of its own. */
static ov_status put_groups(struct ov_writer *w, int target, const uint32_t *firsts,
			    struct ov_buf *entries, struct target_rows *t)
{
	const size_t n = rows_count(w->b->fixed, struct b_fixed);
	const struct b_fixed *rows = rows_of(w->b->fixed, struct b_fixed);
	const struct ov_place *place = NULL;
	size_t count_at = 0;

	t->first_group = (uint32_t)((w->out->n - w->start - w->off[ODB_GROUPS]) / ODB_GROUP_SIZE);
	for (size_t i = 0; i < n; i++) {
		const struct b_rule *r = rule_at(w->b, rows[i].rule);

		if (!in_target(r, target))
			continue;
		if (place == NULL || compare_places(place, &rows[i].place) != 0) {
			place = &rows[i].place;
			OV_TRY(ov_buf_u64(w->out, (uint64_t)place->kind));
			OV_TRY(put_place(w->out, place));
			OV_TRY(ov_buf_u32(w->out, (uint32_t)(entries->n / ODB_FIXED_SIZE)));
			count_at = w->out->n;
			OV_TRY(ov_buf_u32(w->out, 0));
			t->ngroups++;
		}
		OV_TRY(ov_buf_u32(entries, rows[i].dword));
		OV_TRY(ov_buf_u32(entries, rows[i].mask));
		OV_TRY(ov_buf_u32(entries, r->new_id));
		OV_TRY(ov_buf_u32(entries, new_sub(w->b, firsts, rows[i].rule, rows[i].sub)));
		ov_put_le32(w->out->p + count_at, ov_le32(w->out->p + count_at) + 1);
	}
	return OV_OK;
}

static ov_status put_always(struct ov_writer *w, int target, struct target_rows *t)
{
	const size_t n = rows_count(w->b->rules, struct b_rule);

	t->first_always = (uint32_t)((w->out->n - w->start - w->off[ODB_ALWAYS]) / 4);
	for (uint32_t i = 0; i < n; i++) {
		const struct b_rule *r = rule_at(w->b, i);

		if (!r->is_always || !in_target(r, target))
			continue;
		OV_TRY(ov_buf_u32(w->out, r->new_id));
		t->nalways++;
	}
	return OV_OK;
}

ov_status ov_write_targets(struct ov_writer *w, const uint32_t *firsts)
{
	struct target_rows t[OV_TARGET_COUNT] = { 0 };
	struct ov_buf entries = ov_buf_of(w->out->max);
	const size_t n = rows_count(w->b->fixed, struct b_fixed);
	ov_status s = ov_write_begin(w, ODB_GROUPS);

	if (n > 0)
		qsort(w->b->fixed.p, n, sizeof(struct b_fixed), compare_fixed);
	for (int i = 0; s == OV_OK && i < OV_TARGET_COUNT; i++)
		s = put_groups(w, i, firsts, &entries, &t[i]);
	ov_write_end(w, ODB_GROUPS);
	if (s == OV_OK)
		s = ov_write_bytes(w, ODB_FIXED, &entries);
	ov_buf_free(&entries);
	OV_TRY(s);
	OV_TRY(ov_write_begin(w, ODB_ALWAYS));
	for (int i = 0; i < OV_TARGET_COUNT; i++)
		OV_TRY(put_always(w, i, &t[i]));
	ov_write_end(w, ODB_ALWAYS);
	OV_TRY(ov_write_begin(w, ODB_TARGETS));
	for (int i = 0; i < OV_TARGET_COUNT; i++) {
		OV_TRY(ov_buf_u32(w->out, t[i].first_group));
		OV_TRY(ov_buf_u32(w->out, t[i].ngroups));
		OV_TRY(ov_buf_u32(w->out, t[i].first_always));
		OV_TRY(ov_buf_u32(w->out, t[i].nalways));
	}
	ov_write_end(w, ODB_TARGETS);
	return OV_OK;
}

ov_status ov_write_sources(struct ov_writer *w)
{
	const struct b_source *rows = rows_of(w->b->sources, struct b_source);

	OV_TRY(ov_write_begin(w, ODB_SOURCES));
	for (size_t i = 0; i < rows_count(w->b->sources, struct b_source); i++) {
		const struct b_source *s = &rows[i];

		OV_TRY(ov_buf_u32(w->out, (uint32_t)s->name.at));
		OV_TRY(ov_buf_u32(w->out, s->name.n));
		OV_TRY(ov_buf_u32(w->out, (uint32_t)s->label.at));
		OV_TRY(ov_buf_u32(w->out, s->label.n));
		OV_TRY(ov_buf_u64(w->out, s->version));
		OV_TRY(ov_buf_u64(w->out, s->built));
		OV_TRY(ov_buf_u64(w->out, s->nsignatures));
		OV_TRY(ov_buf_u64(w->out, s->nrefused));
		OV_TRY(ov_buf_u64(w->out, s->nskipped));
		OV_TRY(ov_buf_u64(w->out, s->is_signed ? 1 : 0));
	}
	ov_write_end(w, ODB_SOURCES);
	return OV_OK;
}
