/*
 * Pass 2: the woken rules' patterns are searched exactly, comparisons and regular expressions
 * follow, and each rule's condition decides.
 *
 * Order of detections: body signatures by where they matched first, then logical ones in database
 * order.
 */
#include "cond.h"
#include "engine_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "checked.h"
#include "icons.h"
#include "image_hash.h"
#include "macro.h"
#include "pcre_cache.h"

#define NO_SLOT UINT32_MAX
#define PCRE_LAYER_MAX ((uint64_t)100 << 20)

/* A woken rule while it is judged. */
struct judged {
	struct ov_rule rule;
	uint32_t *slots;	       /* finder slot of each subsignature, or NO_SLOT   */
	uint64_t *counts;	       /* matches of each subsignature                   */
	struct ov_find *finds;	       /* where                                          */
	struct ov_macro_slots *macros; /* of each macro among them; NULL: none   */
	struct ov_macro_hits *hits;    /* and its matches                        */
	bool is_limited, is_hit;
	uint64_t first; /* of the first subsignature that matched         */
};

/* Asks the finder for the patterns of a macro's group. */
static ov_status ask_macro(struct ov_engine *e, struct judged *j, uint32_t i,
			   const struct ov_macro *m)
{
	if (j->macros == NULL) {
		OV_TRY(ov_arena_array(&e->scratch, j->rule.nsubs, &j->macros));
		OV_TRY(ov_arena_array(&e->scratch, j->rule.nsubs, &j->hits));
	}
	return ov_macro_ask(e, j->rule.target, m, &j->macros[i]);
}

/* Asks the finder for each of a rule's patterns that has a place in this layer. */
static ov_status ask(struct ov_engine *e, struct ov_node *n, struct judged *j)
{
	OV_TRY(ov_arena_array(&e->scratch, j->rule.nsubs, &j->slots));
	OV_TRY(ov_arena_array(&e->scratch, j->rule.nsubs, &j->counts));
	OV_TRY(ov_arena_array(&e->scratch, j->rule.nsubs, &j->finds));
	for (uint32_t i = 0; i < j->rule.nsubs; i++) {
		struct ov_range *ranges = NULL;
		size_t nranges = 0;
		struct ov_sub sub;
		ov_status s;

		j->slots[i] = NO_SLOT;
		ov_odb_sub(e->db, j->rule.first_sub + i, &sub);
		if (sub.kind == OV_SUB_MACRO)
			OV_TRY(ask_macro(e, j, i, &sub.macro));
		if (sub.kind != OV_SUB_PATTERN)
			continue;
		s = ov_place_resolve(n, &sub.place, &e->scratch, &ranges, &nranges);
		if (s == OV_END)
			continue; /* nowhere: it has no match */
		OV_TRY(s);
		OV_TRY(ov_finder_add(e->finder, sub.pattern, ranges, nranges, &j->slots[i]));
	}
	return OV_OK;
}

/* The layer as one piece of memory, for regular expressions. @return OV_LIMIT when it is too large.
 */
static ov_status whole(struct ov_engine *e, struct ov_node *n, struct ov_cur *out)
{
	if (n->src.mem != NULL || n->src.size == 0) {
		if (n->src.size > PCRE_LAYER_MAX)
			return OV_LIMIT;
		*out = ov_cur_of(n->src.mem, (size_t)n->src.size);
		return OV_OK;
	}
	if (n->src.size > PCRE_LAYER_MAX)
		return OV_LIMIT;
	return ov_pcre_cache_layer(e->pcre, &n->src, out);
}

static ov_status run_pcre(struct ov_engine *e, struct ov_node *n, struct judged *j, uint32_t i,
			  const struct ov_sub *sub)
{
	struct ov_range *ranges = NULL;
	struct ov_range anywhere = { 0, UINT64_MAX };
	size_t nranges = 0;
	struct ov_cur bytes;
	uint64_t work = 0;
	ov_status s;

	if (!ov_cond_eval(sub->trigger, j->counts, j->rule.nsubs)) {
		j->finds[i].is_limited = j->is_limited; /* more matches might have triggered it */
		return OV_OK;
	}
	s = ov_place_resolve(n, &sub->place, &e->scratch, &ranges, &nranges);
	if (s == OV_END)
		return OV_OK;
	OV_TRY(s);
	if (nranges == 0) {
		ranges = &anywhere;
		nranges = 1;
	}
	s = whole(e, n, &bytes);
	if (s != OV_OK) {
		j->is_limited = j->finds[i].is_limited = true;
		return s == OV_LIMIT ? OV_OK : s;
	}
	for (size_t k = 0; k < nranges && j->counts[i] == 0; k++) {
		s = ov_pcre_cache_match(e->pcre, j->rule.first_sub + i, sub, bytes, ranges[k],
					&j->finds[i], &work);
		if (s == OV_LIMIT)
			j->is_limited = j->finds[i].is_limited = true;
		else if (s != OV_OK && s != OV_END)
			return s;
		j->counts[i] = j->finds[i].count;
	}
	ov_add_work(e, j->rule.id, work);
	return OV_OK;
}

/* A macro's matches, by those of the subsignature before it. */
static ov_status run_macro(struct ov_engine *e, struct judged *j, uint32_t i,
			   const struct ov_macro *m)
{
	struct ov_macro_hits before = { 0 };
	struct ov_range ends[2];

	if (i == 0 || j->macros == NULL || j->counts[i - 1] == 0)
		return OV_OK;
	if (j->slots[i - 1] != NO_SLOT) {
		before.n = ov_finder_matches(e->finder, j->slots[i - 1], &before.at);
	} else if (j->hits[i - 1].n > 0) {
		before = j->hits[i - 1];
	} else { /* of an expression the first and the last match are known */
		const struct ov_find *f = &j->finds[i - 1];

		ends[0] = (struct ov_range){ .lo = f->first, .hi = f->first + f->first_len };
		ends[1] = (struct ov_range){ .lo = f->last, .hi = f->last + f->last_len };
		before = (struct ov_macro_hits){ .at = ends, .n = 2 };
	}
	before.is_cut |= before.n < j->counts[i - 1];
	OV_TRY(ov_macro_match(e, m, &j->macros[i], &before, &j->hits[i], &j->finds[i]));
	j->counts[i] = j->finds[i].count;
	j->is_limited |= j->finds[i].is_limited;
	return OV_OK;
}

static void run_image(struct ov_engine *e, struct ov_node *n, struct judged *j, uint32_t i,
		      uint64_t want)
{
	uint64_t hash;

	if (!ov_image_hash_of(e, n, &hash) || hash != want)
		return;
	j->counts[i] = 1;
	j->finds[i] =
	    (struct ov_find){ .count = 1, .first_len = n->src.size, .last_len = n->src.size };
}

static ov_status run_icon(struct ov_engine *e, struct ov_node *n, struct judged *j, uint32_t i,
			  const struct ov_str group[2])
{
	uint64_t at = 0;
	const ov_status s = ov_icons_find(e, n, group, &at);

	if (s == OV_OK) {
		j->counts[i] = 1;
		j->finds[i] = (struct ov_find){ .count = 1, .first = at, .last = at };
	}
	return s == OV_END ? OV_OK : s;
}

/* Counts of all subsignatures. Comparisons and expressions come after the patterns that they refer
 * to. */
static ov_status count_subs(struct ov_engine *e, struct ov_node *n, struct judged *j)
{
	for (uint32_t i = 0; i < j->rule.nsubs; i++) {
		if (j->slots[i] == NO_SLOT)
			continue;
		j->finds[i] = *ov_finder_result(e->finder, j->slots[i]);
		ov_add_work(e, j->rule.id, ov_finder_work(e->finder, j->slots[i]));
		j->counts[i] = j->finds[i].count;
		j->is_limited |= j->finds[i].is_limited;
	}
	for (uint32_t i = 0; i < j->rule.nsubs; i++) {
		struct ov_sub sub;

		ov_odb_sub(e->db, j->rule.first_sub + i, &sub);
		if (sub.kind == OV_SUB_PCRE)
			OV_TRY(run_pcre(e, n, j, i, &sub));
		else if (sub.kind == OV_SUB_MACRO)
			OV_TRY(run_macro(e, j, i, &sub.macro));
		else if (sub.kind == OV_SUB_IMAGE)
			run_image(e, n, j, i, sub.image);
		else if (sub.kind == OV_SUB_ICON)
			OV_TRY(run_icon(e, n, j, i, sub.icon));
		if (sub.kind != OV_SUB_COMPARE || sub.compare.ref >= j->rule.nsubs ||
		    j->counts[sub.compare.ref] == 0)
			continue;
		if (ov_compare_holds(&n->src, &sub.compare, j->finds[sub.compare.ref].last)) {
			j->counts[i] = 1;
			j->finds[i] = j->finds[sub.compare.ref];
		}
	}
	return OV_OK;
}

static ov_status report_rule(struct ov_engine *e, struct ov_node *n, const struct judged *j)
{
	struct ov_report_detection d = {
		.name = j->rule.name,
		.kind = j->rule.kind,
		.source = j->rule.source,
		.line = j->rule.line,
		.rule = j->rule.id,
		.rule_text = j->rule.text,
	};
	struct ov_report_match **tail = &d.matches;

	for (uint32_t i = 0; i < j->rule.nsubs; i++) {
		struct ov_report_match *m = NULL;

		if (j->counts[i] == 0)
			continue;
		OV_TRY(ov_arena_new(&e->scratch, &m));
		m->sub = i;
		m->off = j->finds[i].first;
		m->len = j->finds[i].first_len;
		if (tail == &d.matches) {
			d.off = m->off;
			d.len = m->len;
		}
		*tail = m;
		tail = &m->next;
	}
	return ov_report_detection(e, n, &d);
}

/*
 * Where a limit kept matches from being counted, "none" and "fewer than" prove nothing: a rule
 * holds only if it also holds with as many more as there may be.
 */
static bool holds_with_more(const struct ov_node *n, const struct judged *j)
{
	uint64_t most[OV_COND_SUBS] = { 0 };

	for (uint32_t i = 0; i < j->rule.nsubs && i < OV_COND_SUBS; i++)
		most[i] = n->is_cut || j->finds[i].is_limited ? UINT32_MAX : j->counts[i];
	return ov_cond_eval(j->rule.condition, most, j->rule.nsubs);
}

static ov_status judge(struct ov_engine *e, struct ov_node *n, struct judged *j)
{
	OV_TRY(count_subs(e, n, j));
	j->is_hit = ov_cond_eval(j->rule.condition, j->counts, j->rule.nsubs);
	if (j->is_hit && (j->is_limited || n->is_cut))
		j->is_hit = holds_with_more(n, j);
	j->first = UINT64_MAX;
	for (uint32_t i = 0; i < j->rule.nsubs; i++)
		if (j->counts[i] > 0 && j->finds[i].first < j->first)
			j->first = j->finds[i].first;
	return OV_OK;
}

static int by_order(const void *pa, const void *pb)
{
	const struct judged *a = *(const struct judged *const *)pa;
	const struct judged *b = *(const struct judged *const *)pb;
	const int body_a = a->rule.kind == OV_RULE_BODY, body_b = b->rule.kind == OV_RULE_BODY;

	if (body_a != body_b)
		return body_b - body_a;
	if (body_a && a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->rule.id > b->rule.id) - (a->rule.id < b->rule.id);
}

/* A layer that was made to be slow: one note for all that could not be decided. */
static void note_spent(struct ov_engine *e, struct ov_node *n, const struct judged *all)
{
	const struct judged *first = NULL;
	uint32_t undecided = 0;
	char detail[256];

	for (uint32_t i = 0; i < e->nwoken; i++) {
		if (all[i].is_hit || !all[i].is_limited)
			continue;
		if (undecided++ == 0)
			first = &all[i];
	}
	if (first == NULL)
		return;
	(void)snprintf(detail, sizeof detail,
		       "%u signatures could not be decided (%.*s first): verifying them takes more "
		       "steps than its size has",
		       undecided, (int)ov_min_size(first->rule.name.n, 100), first->rule.name.p);
	ov_report_incomplete(e, n, OVERT_LIMIT_TIME, (struct ov_str){ 0 }, detail);
}

static void note_limited(struct ov_engine *e, struct ov_node *n, const struct judged *j)
{
	char detail[256];

	(void)snprintf(detail, sizeof detail,
		       "signature %.*s could not be decided: a step limit was reached",
		       (int)ov_min_size(j->rule.name.n, 120), j->rule.name.p);
	ov_report_incomplete(e, n, OVERT_LIMIT_TIME, (struct ov_str){ 0 }, detail);
}

/* Reports the hits in order; a rule that asks for another type changes the layer's instead. */
static ov_status report_hits(struct ov_engine *e, struct ov_node *n, struct judged *all)
{
	struct judged **hits = NULL;
	uint32_t nhits = 0;

	OV_TRY(ov_arena_array(&e->scratch, e->nwoken, &hits));
	for (uint32_t i = 0; i < e->nwoken; i++) {
		if (all[i].is_hit)
			hits[nhits++] = &all[i];
		else if (all[i].is_limited && !ov_finder_is_spent(e->finder))
			note_limited(e, n, &all[i]);
	}
	if (ov_finder_is_spent(e->finder))
		note_spent(e, n, all);
	qsort(hits, nhits, sizeof *hits, by_order);
	for (uint32_t i = 0; i < nhits && !e->is_done; i++) {
		if (hits[i]->rule.has_handler)
			ov_layer_read_as(e, n, hits[i]->rule.handler);
		OV_TRY(report_rule(e, n, hits[i]));
	}
	return OV_OK;
}

ov_status ov_rules_evaluate(struct ov_engine *e, struct ov_node *n)
{
	struct judged *all = NULL;
	struct ov_src src;
	ov_status s;

	e->search_steps = ov_finder_steps(n->match_size);
	OV_TRY(ov_winnow(e, n));
	OV_TRY(ov_triage(e, n));
	if (e->nwoken == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&e->scratch, e->nwoken, &all));
	ov_finder_begin(e->finder, &e->db->pats);
	for (uint32_t i = 0; i < e->nwoken; i++) {
		ov_odb_rule(e->db, e->woken[i].rule, &all[i].rule);
		OV_TRY(ask(e, n, &all[i]));
	}
	OV_TRY(ov_src_slice(&n->src, 0, n->match_size, &src));
	ov_finder_allow(e->finder, e->search_steps);
	ov_finder_places(e->finder, ov_winnow_places(e));
	s = ov_finder_run(e->finder, &src, e->budget.deadline_ns);
	if (s == OV_LIMIT)
		ov_report_incomplete(
		    e, n, OVERT_LIMIT_TIME, (struct ov_str){ 0 },
		    "the time for this file was spent while signatures were verified");
	else if (s == OV_IO || s == OV_SHORT)
		ov_report_incomplete(e, n, OVERT_UNREADABLE, (struct ov_str){ 0 },
				     "it changed while it was read");
	else
		OV_TRY(s);
	ov_pcre_cache_new_layer(e->pcre);
	for (uint32_t i = 0; i < e->nwoken; i++)
		OV_TRY(judge(e, n, &all[i]));
	return report_hits(e, n, all);
}
