/*
 * Before any woken rule is searched exactly: which of them can't hold in this layer?
 *
 * Of each rule a few patterns are chosen, the rarest without which its condition can't hold: one,
 * if some pattern must be there, else a set of which one must. The pattern whose anchor woke the
 * rule is known to be there and tells nothing. The gate (gate.h) says in one cheap pass which of
 * them are absent, and rules that need them are dropped.
 *
 * Where many rules wake, more than the gate has room for, a census of the layer's grams (census.h)
 * is taken and each rule is held against it as it wakes: so a file made to wake thousands of rules
 * costs a look for each, not a search. Nothing is decided here but "can't hold".
 */
#include "engine_int.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

#include "census.h"
#include "cond.h"
#include "gate.h"

#define CHOICES 512u	  /* rules whose choice is remembered         */
#define CHOICE_SUBS 16u	  /* patterns that are looked for, at most    */
#define CENSUS_RULES 48u  /* from so many woken rules on it is worth it,  */
#define CENSUS_STEP 8192u /* and one more for so many bytes               */
#define CENSUS_BYTES ((uint64_t)16 << 20)
#define GATE_RULES 160u /* with more the gate has no room for most  */

struct choice { /* what the gate is asked for a rule, by what woke it */
	uint32_t rule, part;
	uint16_t sub;
	bool is_set;
	uint8_t nsubs, subs[CHOICE_SUBS], npicks[CHOICE_SUBS];
	struct ov_gate_pick picks[CHOICE_SUBS];
};

struct ov_winnow {
	struct ov_gate *gate;
	struct ov_census census;
	bool is_counted, has_census; /* of this layer: one was taken, or can't be; there is one */
	struct choice choices[CHOICES];
};

ov_status ov_winnow_new(struct ov_winnow **out)
{
	struct ov_winnow *w = calloc(1, sizeof *w);
	ov_status s;

	if (w == NULL)
		return OV_NOMEM;
	s = ov_gate_new(&w->gate);
	if (s != OV_OK) {
		free(w);
		return s;
	}
	*out = w;
	return OV_OK;
}

void ov_winnow_free(struct ov_winnow **pw)
{
	struct ov_winnow *w = *pw;

	if (w == NULL)
		return;
	ov_gate_free(&w->gate);
	ov_census_free(&w->census);
	free(w);
	*pw = NULL;
}

struct lead { /* a pattern that the gate could look for */
	uint64_t cost;
	uint32_t sub;
	size_t n;
	struct ov_gate_pick picks[OV_GATE_PICKS];
};

/* All that can be looked for, the rarest first. @return how many. */
static size_t find_leads(const struct ov_odb *db, const struct ov_rule *r, const struct ov_woken *w,
			 struct lead *leads)
{
	size_t n = 0;

	for (uint32_t i = 0; i < r->nsubs && i < OV_COND_SUBS; i++) {
		const uint32_t met = i == w->sub ? w->part : OV_GATE_NO_PART;
		struct lead lead = { .sub = i };
		struct ov_sub sub;
		size_t at = n;

		ov_odb_sub(db, r->first_sub + i, &sub);
		if (sub.kind != OV_SUB_PATTERN)
			continue;
		lead.n = ov_gate_pick(&db->pats, sub.pattern, met, lead.picks, &lead.cost);
		if (lead.n == 0)
			continue;
		for (; at > 0 && leads[at - 1].cost > lead.cost; at--)
			leads[at] = leads[at - 1];
		leads[at] = lead;
		n++;
	}
	return n;
}

static bool may_lack(const struct ov_rule *r, uint64_t absent)
{
	const uint64_t none[OV_COND_SUBS] = { 0 };

	return ov_cond_may(r->condition, none, absent, r->nsubs);
}

/* The rarest patterns that the rule can't do without all of; 0: there are none. */
static uint64_t find_cover(const struct ov_rule *r, const struct lead *leads, size_t n)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++) {
		set |= UINT64_C(1) << leads[i].sub;
		if (may_lack(r, set))
			continue;
		for (size_t k = i + 1; k-- > 0;) { /* which of them are not needed for it? */
			const uint64_t less = set & ~(UINT64_C(1) << leads[k].sub);

			set = may_lack(r, less) ? set : less;
		}
		return set;
	}
	return 0;
}

static void choose(const struct ov_odb *db, const struct ov_rule *r, const struct ov_woken *w,
		   struct choice *c)
{
	struct lead leads[OV_COND_SUBS] OV_SCRATCH;
	const size_t n = find_leads(db, r, w, leads);
	const uint64_t cover = find_cover(r, leads, n);
	size_t picks = 0;

	*c = (struct choice){ .rule = w->rule, .sub = w->sub, .part = w->part, .is_set = true };
	for (size_t i = 0; i < n; i++) {
		if ((cover >> leads[i].sub & 1) == 0)
			continue;
		if (c->nsubs == CHOICE_SUBS || leads[i].n > CHOICE_SUBS - picks) {
			c->nsubs = 0; /* too much: it is not looked for */
			return;
		}
		memcpy(c->picks + picks, leads[i].picks, leads[i].n * sizeof *c->picks);
		picks += leads[i].n;
		c->npicks[c->nsubs] = (uint8_t)leads[i].n;
		c->subs[c->nsubs++] = (uint8_t)leads[i].sub;
	}
}

static const struct choice *choice_of(struct ov_engine *e, const struct ov_woken *w)
{
	struct choice *c = &e->winnow->choices[w->rule % CHOICES];
	struct ov_rule r;

	if (c->is_set && c->rule == w->rule && c->sub == w->sub && c->part == w->part)
		return c;
	ov_odb_rule(e->db, w->rule, &r);
	choose(e->db, &r, w, c);
	return c;
}

struct asked { /* a woken rule at the gate */
	uint32_t slots[CHOICE_SUBS];
	uint8_t subs[CHOICE_SUBS], n;
};

static void ask(struct ov_engine *e, const struct ov_woken *w, struct asked *a)
{
	const struct choice *c = choice_of(e, w);
	size_t at = 0;

	*a = (struct asked){ 0 };
	for (uint8_t i = 0; i < c->nsubs; i++) {
		const uint32_t slot = ov_gate_add(e->winnow->gate, c->picks + at, c->npicks[i]);

		at += c->npicks[i];
		if (slot == OV_GATE_NO_SLOT)
			continue; /* no room: as if it was there */
		a->subs[a->n] = c->subs[i];
		a->slots[a->n++] = slot;
	}
}

/* @return OV_OK when all bytes went through the gate, or none are needed any more. */
static ov_status run_gate(struct ov_engine *e, const struct ov_node *n)
{
	struct ov_gate *g = e->winnow->gate;
	size_t carried = 0;
	uint64_t off = 0;

	if (n->src.mem != NULL)
		return ov_gate_run(g, n->src.mem, (size_t)n->match_size, 0);
	while (off < n->match_size && !ov_gate_is_done(g)) {
		const size_t want = (size_t)ov_min_u64(n->match_size - off, OV_WINDOW);
		const size_t all = carried + want;

		if (ov_budget_late(&e->budget))
			return OV_LIMIT;
		OV_TRY(ov_src_read(&n->src, off, e->window.p + carried, want));
		OV_TRY(ov_gate_run(g, e->window.p, all, off - carried));
		off += want;
		carried = ov_min_size(all, OV_WINDOW_OVERLAP);
		memmove(e->window.p, e->window.p + all - carried, carried);
	}
	return OV_OK;
}

static bool may_hold(struct ov_engine *e, const struct ov_woken *w, const struct asked *a)
{
	uint64_t absent = 0;
	struct ov_rule r;

	for (uint8_t i = 0; i < a->n; i++)
		if (ov_gate_is_absent(e->winnow->gate, a->slots[i]))
			absent |= UINT64_C(1) << a->subs[i];
	if (absent == 0)
		return true;
	ov_odb_rule(e->db, w->rule, &r);
	return may_lack(&r, absent);
}

static ov_status pass_gate(struct ov_engine *e, const struct ov_node *n)
{
	const struct ov_arena_mark mark = ov_arena_mark(&e->scratch);
	struct asked *all = NULL;
	uint32_t kept = 0;
	bool is_asked = false;

	OV_TRY(ov_arena_array(&e->scratch, e->nwoken, &all));
	ov_gate_begin(e->winnow->gate, &e->db->pats, n->match_size);
	for (uint32_t i = 0; i < e->nwoken; i++) {
		ask(e, &e->woken[i], &all[i]);
		is_asked |= all[i].n > 0;
	}
	/* In case of trouble the searches that follow meet the same, and tell. */
	if (is_asked && run_gate(e, n) == OV_OK) {
		for (uint32_t i = 0; i < e->nwoken; i++)
			if (may_hold(e, &e->woken[i], &all[i]))
				e->woken[kept++] = e->woken[i];
		e->nwoken = kept;
	}
	ov_arena_release(&e->scratch, mark);
	return OV_OK;
}

void ov_winnow_begin(struct ov_engine *e)
{
	e->winnow->is_counted = e->winnow->has_census = false;
	ov_census_drop(&e->winnow->census);
}

const struct ov_places *ov_winnow_places(const struct ov_engine *e)
{
	const struct ov_places *l = &e->winnow->census.places;

	return l->n > 0 ? l : NULL;
}

/*
 * Could it hold with the grams that the layer has? What was met is there, as far as grams tell.
 * Rules that fall here are not verified, which is most of the cost of those that no file needed
 * before: so nothing is taken for granted.
 */
static bool fits_census(struct ov_engine *e, uint32_t id, uint32_t met)
{
	const struct ov_census *c = &e->winnow->census;
	const struct ov_odb *db = e->db;
	uint64_t absent = 0, all_of = 0;
	struct ov_rule r OV_SCRATCH;

	if ((ov_rule_traits(e, id) & OV_TRAIT_ONE_PATTERN) != 0)
		return ov_census_may_have(c, &db->pats,
					  ov_odb_sub_pattern(db, ov_odb_first_sub(db, id)));
	ov_odb_rule_logic(db, id, &r);
	if (r.nsubs > OV_COND_SUBS)
		return true;
	for (uint32_t i = 0; i < r.nsubs; i++) {
		const uint32_t sub = r.first_sub + i, pattern = ov_odb_sub_pattern(db, sub);

		if (sub == met || pattern == UINT32_MAX ||
		    ov_census_may_have(c, &db->pats, pattern))
			continue;
		if (absent == 0)
			all_of = ov_cond_all_of(r.condition);
		absent |= UINT64_C(1) << i;
		if ((all_of & absent) != 0)
			return false;
	}
	return absent == 0 || may_lack(&r, absent);
}

/* Rules that woke before the census was taken are held against it now. */
static void take_census(struct ov_engine *e, const struct ov_node *n)
{
	uint32_t kept = 0;

	e->winnow->is_counted = true;
	if (n->src.mem == NULL || n->match_size > CENSUS_BYTES ||
	    ov_census_take(&e->winnow->census, n->src.mem, (size_t)n->match_size) != OV_OK)
		return; /* then all may occur */
	e->winnow->has_census = true;
	for (uint32_t i = 0; i < e->nwoken; i++)
		if (fits_census(e, e->woken[i].rule, UINT32_MAX))
			e->woken[kept++] = e->woken[i];
	e->nwoken = kept;
}

bool ov_winnow_keeps(struct ov_engine *e, const struct ov_node *n, uint32_t id, uint32_t met)
{
	if (!e->winnow->is_counted) {
		if (e->nwoken < CENSUS_RULES + n->match_size / CENSUS_STEP)
			return true;
		take_census(e, n);
	}
	return !e->winnow->has_census || fits_census(e, id, met);
}

void ov_winnow_ask_ahead(const struct ov_engine *e, struct ov_met *m, uint32_t stage)
{
	const struct ov_odb *db = e->db;

	if (stage == 1)
		m->ahead = ov_odb_sub_beside(db, m->a.rule, m->a.sub);
	if (stage == 2)
		m->ahead = ov_odb_sub_pattern(db, m->ahead); /* from here on a pattern's number */
	if (stage < 2)
		ov_odb_ask_ahead(db, m->a.rule, m->ahead, stage);
	else if (stage < 5)
		ov_pats_ask_ahead(&db->pats, m->ahead, stage - 2);
	else if (e->winnow->has_census)
		ov_census_ask_ahead(&e->winnow->census, &db->pats, m->ahead);
}

ov_status ov_winnow(struct ov_engine *e, struct ov_node *n)
{
	if (e->nwoken == 0 || e->nwoken > GATE_RULES || n->match_size == 0)
		return OV_OK;
	return pass_gate(e, n);
}
