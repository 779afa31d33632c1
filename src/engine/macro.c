/*
 * Macros: a pattern of a group, at a distance from where the subsignature before it matched.
 *
 * A group is the body lines ($g$) of one target; such a line is a rule that nothing wakes, kept for
 * its pattern. Which patterns a group has is learnt from all rules when the first macro is met.
 * ClamAV verifies a macro only when the subsignature before matches once more later; here one is
 * enough (docs/COMPATIBILITY.md).
 */
#include "macro.h"

#include <stdlib.h>

#include "checked.h"

struct member {
	uint32_t target, group, pattern;
};

struct ov_macros {
	struct ov_buf members; /* struct member, by target and group */
};

static int by_group(const void *pa, const void *pb)
{
	const struct member *a = pa, *b = pb;

	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->pattern > b->pattern) - (a->pattern < b->pattern);
}

static ov_status learn(struct ov_engine *e, struct ov_macros *m)
{
	const struct ov_odb *db = e->db;

	for (uint32_t i = 0; i < db->nrules; i++) {
		struct member row;
		struct ov_rule r;
		struct ov_sub s;

		ov_odb_rule(db, i, &r);
		if (r.nsubs != 1)
			continue;
		ov_odb_sub(db, r.first_sub, &s);
		if (s.kind != OV_SUB_PATTERN || s.place.kind != OV_PLACE_MACRO ||
		    !ov_rule_is_sound(e, i))
			continue;
		row = (struct member){ .target = (uint32_t)r.target,
				       .group = (uint32_t)s.place.n,
				       .pattern = s.pattern };
		OV_TRY(ov_buf_put(&m->members, &row, sizeof row));
	}
	if (m->members.n > 0)
		qsort(m->members.p, m->members.n / sizeof(struct member), sizeof(struct member),
		      by_group);
	return OV_OK;
}

void ov_macros_free(struct ov_macros **m)
{
	if (*m == NULL)
		return;
	ov_buf_free(&(*m)->members);
	free(*m);
	*m = NULL;
}

static ov_status get_macros(struct ov_engine *e, const struct ov_macros **out)
{
	if (e->macros == NULL) {
		struct ov_macros *m = calloc(1, sizeof *m);
		ov_status s;

		if (m == NULL)
			return OV_NOMEM;
		m->members = ov_buf_of(SIZE_MAX);
		s = learn(e, m);
		if (s != OV_OK) {
			ov_macros_free(&m);
			return s;
		}
		e->macros = m;
	}
	*out = e->macros;
	return OV_OK;
}

ov_status ov_macro_ask(struct ov_engine *e, enum ov_target target, const struct ov_macro *macro,
		       struct ov_macro_slots *out)
{
	const struct ov_macros *m = NULL;
	const struct member *rows;
	const struct member want = { .target = (uint32_t)target, .group = macro->group };
	size_t n, first = 0, end;

	OV_TRY(get_macros(e, &m));
	rows = (const struct member *)(const void *)m->members.p;
	n = m->members.n / sizeof *rows;
	for (size_t to = n; first < to;) { /* no pattern has a number below 0: the lower bound */
		const size_t mid = first + (to - first) / 2;

		if (by_group(&rows[mid], &want) < 0)
			first = mid + 1;
		else
			to = mid;
	}
	for (end = first;
	     end < n && rows[end].target == (uint32_t)target && rows[end].group == macro->group;)
		end++;
	OV_TRY(ov_arena_array(&e->scratch, end - first, &out->slots));
	for (out->n = 0; first < end; first++, out->n++)
		OV_TRY(ov_finder_add(e->finder, rows[first].pattern, NULL, 0, &out->slots[out->n]));
	return OV_OK;
}

static int by_start(const void *pa, const void *pb)
{
	const struct ov_range *a = pa, *b = pb;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

/* True when some match of the sorted `before` starts lo..hi bytes in front of `at`. */
static bool follows(const struct ov_macro *m, const struct ov_range *before, size_t n, uint64_t at)
{
	size_t from = 0, to = n;
	uint64_t least;

	if (at < m->lo)
		return false;
	least = at - ov_min_u64(at, m->hi);
	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (before[mid].lo < least)
			from = mid + 1;
		else
			to = mid;
	}
	return from < n && before[from].lo <= at - m->lo;
}

static void take(struct ov_find *f, const struct ov_range *hit)
{
	if (f->count++ == 0) {
		f->first = hit->lo;
		f->first_len = hit->hi - hit->lo;
	}
	f->last = hit->lo;
	f->last_len = hit->hi - hit->lo;
}

/* All members' matches, sorted by where they start. */
static ov_status gather(struct ov_engine *e, const struct ov_macro_slots *slots,
			struct ov_range **out, size_t *n, bool *is_limited)
{
	size_t sum = 0, at = 0;

	for (size_t i = 0; i < slots->n; i++) {
		const struct ov_find *f = ov_finder_result(e->finder, slots->slots[i]);
		const struct ov_range *spans;
		const size_t got = ov_finder_matches(e->finder, slots->slots[i], &spans);

		*is_limited |= f->is_limited || got < f->count;
		sum += got;
	}
	OV_TRY(ov_arena_array(&e->scratch, sum, out));
	for (size_t i = 0; i < slots->n; i++) {
		const struct ov_range *spans;
		const size_t got = ov_finder_matches(e->finder, slots->slots[i], &spans);

		for (size_t k = 0; k < got && at < sum; k++)
			(*out)[at++] = spans[k];
	}
	if (at > 0)
		qsort(*out, at, sizeof **out, by_start);
	*n = at;
	return OV_OK;
}

ov_status ov_macro_match(struct ov_engine *e, const struct ov_macro *macro,
			 const struct ov_macro_slots *slots, const struct ov_macro_hits *before,
			 struct ov_macro_hits *out, struct ov_find *find)
{
	bool is_limited = before->is_cut;
	struct ov_range *sorted = NULL, *hits = NULL;
	size_t n = 0;

	*find = (struct ov_find){ 0 };
	*out = (struct ov_macro_hits){ 0 };
	if (before->n > 0) {
		OV_TRY(ov_arena_array(&e->scratch, before->n, &sorted));
		memcpy(sorted, before->at, before->n * sizeof *sorted);
		qsort(sorted, before->n, sizeof *sorted, by_start);
		OV_TRY(gather(e, slots, &hits, &n, &is_limited));
	}
	for (size_t i = 0; i < n; i++) {
		if (!follows(macro, sorted, before->n, hits[i].lo) ||
		    (find->count > 0 && hits[i].lo == find->last))
			continue;
		take(find, &hits[i]);
		hits[out->n++] = hits[i];
	}
	out->at = hits;
	out->is_cut = find->is_limited = is_limited;
	return OV_OK;
}
