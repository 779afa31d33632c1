/*
 * Between the passes: most woken rules fall here. Of each rule only the one or two rarest patterns
 * are searched without which its condition can't hold; what lacks them is dropped. So the second
 * pass, which counts everything, runs over few layers, and over those for few rules.
 *
 * Nothing is decided here but "can't hold": results are those of the second pass alone.
 */
#include "engine_int.h"

#include <string.h>

#include "cond.h"

#define LEADS_UNKNOWN 0 /* leads are kept plus one */
#define LEADS_NONE 0xffu
#define NO_SLOT UINT32_MAX
#define WORTH 9u /* patterns in all from which two searches are cheaper than one */

static bool is_necessary(const struct ov_rule *r, uint32_t sub)
{
	const uint64_t none[OV_COND_SUBS] = { 0 };

	return !ov_cond_may(r->condition, none, UINT64_C(1) << sub, r->nsubs);
}

/* The rarest two subsignatures that must be there, by numbers plus one. */
static void find_leads(const struct ov_odb *db, const struct ov_rule *r, uint8_t leads[2])
{
	uint64_t cost[2] = { UINT64_MAX, UINT64_MAX };

	leads[0] = leads[1] = LEADS_NONE;
	for (uint32_t i = 0; i < r->nsubs && i < OV_COND_SUBS; i++) {
		struct ov_sub sub;
		uint64_t c;

		ov_odb_sub(db, r->first_sub + i, &sub);
		if (sub.kind != OV_SUB_PATTERN || !is_necessary(r, i))
			continue;
		c = ov_pats_cost(&db->pats, sub.pattern);
		if (c < cost[0]) {
			cost[1] = cost[0];
			leads[1] = leads[0];
			cost[0] = c;
			leads[0] = (uint8_t)(i + 1);
		} else if (c < cost[1]) {
			cost[1] = c;
			leads[1] = (uint8_t)(i + 1);
		}
	}
}

struct tried { /* a rule while its leads are searched */
	struct ov_rule rule;
	uint32_t slot[2], sub[2];
	uint64_t known; /* subsignatures that have no place in this layer: they count 0 */
};

static ov_status ask_lead(struct ov_engine *e, const struct ov_node *n, struct tried *t, int k)
{
	struct ov_range *ranges = NULL;
	size_t nranges = 0;
	struct ov_sub sub;
	ov_status s;

	ov_odb_sub(e->db, t->rule.first_sub + t->sub[k], &sub);
	s = ov_place_resolve(n, &sub.place, &e->scratch, &ranges, &nranges);
	if (s == OV_END) {
		t->known |= UINT64_C(1) << t->sub[k];
		return OV_OK;
	}
	OV_TRY(s);
	return ov_finder_add(e->finder, sub.pattern, ranges, nranges, &t->slot[k]);
}

static ov_status ask(struct ov_engine *e, const struct ov_node *n, uint32_t id, struct tried *t)
{
	uint8_t *leads = e->leads + 2 * (size_t)id;

	*t = (struct tried){ .slot = { NO_SLOT, NO_SLOT } };
	ov_odb_rule(e->db, id, &t->rule);
	if (leads[0] == LEADS_UNKNOWN)
		find_leads(e->db, &t->rule, leads);
	for (int k = 0; k < 2 && leads[k] != LEADS_NONE; k++) {
		t->sub[k] = leads[k] - 1u;
		OV_TRY(ask_lead(e, n, t, k));
	}
	return OV_OK;
}

static bool may_hold(struct ov_engine *e, const struct tried *t)
{
	uint64_t counts[OV_COND_SUBS] = { 0 }, known = t->known;

	for (int k = 0; k < 2; k++) {
		const struct ov_find *f;

		if (t->slot[k] == NO_SLOT)
			continue;
		f = ov_finder_result(e->finder, t->slot[k]);
		ov_add_work(e, t->rule.id, ov_finder_work(e->finder, t->slot[k]));
		if (f->is_limited)
			continue;
		counts[t->sub[k]] = f->count;
		known |= UINT64_C(1) << t->sub[k];
	}
	return ov_cond_may(t->rule.condition, counts, known, t->rule.nsubs);
}

/*
 * Is it worth it? Few patterns are searched at once as they are, and so are those of rules that
 * have no more than what would be searched here.
 */
static bool is_worth_it(const struct ov_engine *e)
{
	bool has_more = false;
	uint32_t total = 0;

	for (uint32_t i = 0; i < e->nwoken && (total < WORTH || !has_more); i++) {
		struct ov_rule r;

		ov_odb_rule(e->db, e->woken[i].rule, &r);
		total += r.nsubs;
		has_more |= r.nsubs > 2;
	}
	return total >= WORTH && has_more;
}

ov_status ov_triage(struct ov_engine *e, struct ov_node *n)
{
	const struct ov_arena_mark mark = ov_arena_mark(&e->scratch);
	struct tried *all = NULL;
	uint32_t kept = 0;
	struct ov_src src;
	ov_status s;

	if (!is_worth_it(e))
		return OV_OK;
	OV_TRY(ov_arena_array(&e->scratch, e->nwoken, &all));
	ov_finder_begin(e->finder, &e->db->pats);
	for (uint32_t i = 0; i < e->nwoken; i++)
		OV_TRY(ask(e, n, e->woken[i].rule, &all[i]));
	OV_TRY(ov_src_slice(&n->src, 0, n->match_size, &src));
	ov_finder_allow(e->finder, e->search_steps / 2);
	ov_finder_places(e->finder, ov_winnow_places(e));
	s = ov_finder_run(e->finder, &src, e->budget.deadline_ns);
	e->search_steps -= e->search_steps / 2 - ov_finder_left(e->finder);
	if (s == OV_OK) {
		for (uint32_t i = 0; i < e->nwoken; i++)
			if (may_hold(e, &all[i]))
				e->woken[kept++] = e->woken[i];
		e->nwoken = kept;
	} else if (s != OV_LIMIT && s != OV_IO && s != OV_SHORT) {
		return s;
	} /* else the second pass meets the same trouble, and tells */
	ov_arena_release(&e->scratch, mark);
	return OV_OK;
}
