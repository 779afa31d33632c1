/*
 * Pass 1 over a layer's bytes: which rules could match at all.
 *
 * A rule is woken by one of its anchors (gram table of the layer's target), by bytes at an exact
 * place, or because nothing rare covers it. A woken rule is looked at once a layer: facts that
 * exclude it (size, container, sections) put it aside at once. What remains in e->woken is a
 * superset of the rules that match.
 */
#include "engine_int.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "cond.h"
#include "image_hash.h"
#include "le.h"

#define RULE_PAGES 5 /* row, subsignatures, condition, patterns' parts and code */
/*
 * Ordinary files bring a few dozen rules that were never needed before. For one that wakes
 * thousands, the rules' pages stay mapped: to drop them again and again costs more than the rest.
 */
#define CHECKED_MAX 256u

/*
 * Looks at where anchors are met, in steps of about 3 ns: one a byte of the layer. Ordinary files
 * need a hundredth of that. When they are spent, each anchor wakes its rule, and the rule's keys
 * are passed over from then on: so no input makes pass 1 slow.
 */
#define LOOK_COST 8u
#define LOOKS_LEAST 65536u

static bool in_range(const struct ov_u64_range *r, uint64_t v)
{
	return v >= r->lo && v <= r->hi;
}

static bool is_open(const struct ov_u64_range *r)
{
	return r->lo == 0 && r->hi == UINT64_MAX;
}

/*
 * ClamAV's Intermediates: the types around a layer, the last is the direct parent's. "Any" stands
 * for one layer, says the manual; clamscan 1.4.6 takes it for none, when there are as many layers
 * as types. Either reading will do.
 */
static bool chain_fits(const struct ov_node *n, const struct ov_rule *r, bool any_is_one)
{
	const struct ov_node *at = n->parent;

	for (uint32_t i = r->nintermediates; i > 0; i--) {
		const uint16_t want = ov_le16(r->intermediates + 2 * (i - 1));

		if (want == 0xffff && !any_is_one)
			continue;
		if (at == NULL || (want != 0xffff && at->type != (enum ov_type)want))
			return false;
		at = at->parent;
	}
	return true;
}

/* ClamAV's Container: the direct parent's type; "any" means a file that lies in nothing. */
static bool container_fits(const struct ov_node *n, const struct ov_rule *r)
{
	const struct ov_node *at = n->parent;

	if (r->has_container) {
		if (r->container_is_top)
			return at == NULL;
		if (at == NULL || at->type != r->container)
			return false;
	}
	if (r->nintermediates == 0)
		return true;
	return chain_fits(n, r, true) || (n->depth >= r->nintermediates && chain_fits(n, r, false));
}

static bool facts_fit(const struct ov_node *n, const struct ov_rule *r)
{
	if (!in_range(&r->file_size, n->sees_raw_size ? n->view_of->src.size : n->src.size))
		return false;
	if (!is_open(&r->entry_point) &&
	    (!n->has_exe || !n->exe.has_entry || !in_range(&r->entry_point, n->exe.entry)))
		return false;
	if (!is_open(&r->nsections) && (!n->has_exe || !in_range(&r->nsections, n->exe.nsections)))
		return false;
	return container_fits(n, r);
}

void ov_engine_on_touches(struct ov_engine *e, void (*trim)(void *ctx), void *ctx)
{
	e->trim = trim;
	e->trim_ctx = ctx;
}

void ov_touch_end(struct ov_engine *e)
{
	if (e->nchecked > CHECKED_MAX && e->trim != NULL)
		e->trim(e->trim_ctx);
	e->nchecked = 0;
}

void ov_touch(struct ov_engine *e, uint32_t pages)
{
	e->touches += pages;
	if (e->touches < OV_ENGINE_TOUCHES)
		return;
	e->touches = 0;
	if (e->trim != NULL)
		e->trim(e->trim_ctx);
}

static uint8_t traits_of(const struct ov_engine *e, uint32_t id)
{
	static const uint64_t none[OV_COND_SUBS];
	uint8_t traits = OV_TRAIT_KNOWN;
	struct ov_rule r;

	ov_odb_rule(e->db, id, &r);
	if (!is_open(&r.file_size) || !is_open(&r.entry_point) || !is_open(&r.nsections) ||
	    r.has_container || r.nintermediates > 0)
		traits |= OV_TRAIT_ASKS_FACTS;
	if (r.nsubs == 1 && ov_odb_sub_pattern(e->db, r.first_sub) != UINT32_MAX &&
	    !ov_cond_may(r.condition, none, 1, 1))
		traits |= OV_TRAIT_ONE_PATTERN;
	if (r.target == OV_TARGET_ANY)
		traits |= OV_TRAIT_ANY_TARGET;
	return traits;
}

uint8_t ov_rule_traits(struct ov_engine *e, uint32_t id)
{
	if (e->traits[id] == 0) {
		e->traits[id] = traits_of(e, id);
		if (e->nchecked++ < CHECKED_MAX)
			ov_touch(e, RULE_PAGES);
	}
	return e->traits[id];
}

bool ov_rule_is_sound(struct ov_engine *e, uint32_t id)
{
	enum ov_soundness s;

	if (id >= e->db->nrules)
		return false;
	s = (enum ov_soundness)(ov_rule_traits(e, id) & OV_TRAIT_SOUNDNESS);
	if (s == OV_SOUND_UNKNOWN) {
		s = ov_odb_check_rule(e->db, id) == OV_OK ? OV_SOUND_YES : OV_SOUND_NO;
		e->traits[id] |= (uint8_t)s;
	}
	e->is_damaged |= s == OV_SOUND_NO;
	return s == OV_SOUND_YES;
}

ov_status ov_engine_count_costs(struct ov_engine *e)
{
	if (e->costs == NULL)
		e->costs = calloc((size_t)e->db->nrules + 1, sizeof *e->costs);
	return e->costs != NULL ? ov_yara_count_costs(e) : OV_NOMEM;
}

void ov_engine_cost(const struct ov_engine *e, uint32_t id, struct ov_rule_cost *out)
{
	struct ov_rule r;

	*out = (struct ov_rule_cost){ 0 };
	if (e->costs == NULL || id >= e->db->nrules)
		return;
	*out = e->costs[id];
	ov_odb_rule(e->db, id, &r);
	for (int t = 0; t < OV_TARGET_COUNT; t++)
		if (r.target == OV_TARGET_ANY || (int)r.target == t)
			out->bytes += e->cost_bytes[t];
}

uint64_t ov_engine_cost_layers(const struct ov_engine *e)
{
	return e->cost_layers;
}

/* What rules for any target say of a layer was said when it was read as what it is. */
static bool was_said(struct ov_engine *e, const struct ov_node *n, uint32_t id)
{
	return n->is_rescan && (ov_rule_traits(e, id) & OV_TRAIT_ANY_TARGET) != 0;
}

/* @param by  The anchor that was met, or NULL. */
static void wake_rule(struct ov_engine *e, const struct ov_node *n, uint32_t id,
		      const struct ov_odb_anchor *by)
{
	struct ov_woken w = { .rule = id, .sub = OV_WOKEN_NO_SUB, .part = OV_ODB_NO_PART };

	if (id >= e->db->nrules || e->woken_in[id] == e->generation)
		return;
	e->woken_in[id] = e->generation;
	if (by == NULL && (was_said(e, n, id) || !ov_winnow_keeps(e, n, id, UINT32_MAX)))
		return;
	if (!ov_rule_is_sound(e, id))
		return;
	if ((e->traits[id] & OV_TRAIT_ASKS_FACTS) != 0) {
		struct ov_rule r;

		ov_odb_rule(e->db, id, &r);
		if (!facts_fit(n, &r))
			return;
	}
	if (by != NULL) {
		w.sub = (uint16_t)(by->sub - ov_odb_first_sub(e->db, id));
		w.part = by->part;
	}
	if (e->costs != NULL)
		e->costs[id].woken++;
	e->woken[e->nwoken++] = w;
}

/*
 * Anchors that were met wait here for a while: each leads through five or six rows of the database
 * that are rarely in a cache, and while they come others are looked for.
 */
#define AHEAD 32u /* a power of two */
#define AHEAD_STEP 5u
#define AHEAD_STAGES 6u	  /* each so many anchors behind the one before */
#define AHEAD_RULES 4096u /* a database of fewer is in the cache soon */

struct pass {
	struct ov_engine *e;
	const struct ov_node *n;
	const uint8_t *p; /* the bytes that are looked at now: [base, base + len) of the layer */
	size_t len;
	uint64_t base;
	uint64_t steps; /* left for looks at where anchors were met; without any, they wake at once
			 */
	bool asks_ahead;
	struct ov_met queue[AHEAD];
	uint32_t nmet, ndone; /* of the layer; nmet - ndone of them wait */
};

/* An anchor at a known distance tells where its pattern would start: a place that excludes it saves
 * waking. */
static bool place_fits(const struct pass *p, const struct ov_odb_anchor *a, uint64_t at)
{
	struct ov_arena_mark mark;
	struct ov_range *r = NULL;
	struct ov_sub sub;
	size_t n = 0;
	ov_status s;
	bool fits = false;

	if (a->distance == OV_ODB_NO_DISTANCE || ov_odb_sub_is_anywhere(p->e->db, a->sub))
		return true;
	if (at < a->distance)
		return false;
	ov_odb_sub(p->e->db, a->sub, &sub);
	mark = ov_arena_mark(&p->e->scratch);
	s = ov_place_resolve(p->n, &sub.place, &p->e->scratch, &r, &n);
	if (s == OV_END)
		return false;
	if (s != OV_OK)
		return true; /* can't tell: wake it */
	for (size_t i = 0; i < n && !fits; i++)
		fits = at - a->distance >= r[i].lo && at - a->distance <= r[i].hi;
	ov_arena_release(&p->e->scratch, mark);
	return fits;
}

/* Could the anchor's subsignature be there? Its part is tried in place. */
static bool sub_fits(struct pass *p, const struct ov_odb_anchor *a, uint64_t at)
{
	struct ov_probe what = {
		.part = a->part, .p = p->p, .n = p->len, .base = p->base, .size = p->n->match_size
	};
	uint64_t before;
	ov_status s;

	what.pattern = ov_odb_sub_pattern(p->e->db, a->sub);
	if (what.pattern == UINT32_MAX || p->steps <= LOOK_COST)
		return true;
	p->steps -= LOOK_COST;
	if (!place_fits(p, a, at))
		return false;
	before = p->steps;
	s = ov_finder_probe(p->e->finder, &p->e->db->pats, &what, at, &p->steps);
	ov_add_work(p->e, a->rule, before - p->steps);
	return s != OV_END;
}

static void look_at(struct pass *p, const struct ov_met *m)
{
	struct ov_engine *e = p->e;
	const uint32_t id = m->a.rule;

	if (e->woken_in[id] == e->generation)
		return;
	if (e->costs != NULL)
		e->costs[id].met++;
	if (was_said(e, p->n, id) || !ov_winnow_keeps(e, p->n, id, m->a.sub)) {
		e->woken_in[id] = e->generation;
		return;
	}
	if (ov_rule_is_sound(e, id) && ov_odb_is_sub_of(e->db, id, m->a.sub) &&
	    sub_fits(p, &m->a, m->at))
		wake_rule(e, p->n, id, &m->a);
}

/* All that wait; the bytes that they stand in are still there. */
static void look_at_rest(struct pass *p)
{
	while (p->ndone != p->nmet)
		look_at(p, &p->queue[p->ndone++ % AHEAD]);
}

/*
 * A rule that is awake, or can't hold, needs no further anchor: with all rules of a key settled,
 * the key is passed over. Tokens inside the key tables are not verified when a database is opened.
 */
static enum ov_wake on_anchor(void *ctx, uint32_t token, uint64_t at)
{
	struct pass *p = ctx;
	struct ov_met *m = &p->queue[p->nmet % AHEAD];

	ov_odb_anchor(p->e->db, token, &m->a);
	if (m->a.rule >= p->e->db->nrules || p->e->woken_in[m->a.rule] == p->e->generation)
		return OV_WAKE_SETTLED;
	m->at = at;
	m->ahead = m->a.sub;
	if (!p->asks_ahead) {
		look_at(p, m);
		return p->e->woken_in[m->a.rule] == p->e->generation ? OV_WAKE_SETTLED
								     : OV_WAKE_MORE;
	}
	p->nmet++;
	for (uint32_t i = 0; i < AHEAD_STAGES && p->nmet - p->ndone > i * AHEAD_STEP; i++) {
		m = &p->queue[(p->nmet - 1 - i * AHEAD_STEP) % AHEAD];
		ov_winnow_ask_ahead(p->e, m, i);
	}
	if (p->nmet - p->ndone == AHEAD)
		look_at(p, &p->queue[p->ndone++ % AHEAD]);
	return OV_WAKE_MORE;
}

static ov_status scan_windows(struct ov_engine *e, const struct ov_node *n, const struct ov_gram *g,
			      struct pass *p, uint64_t size)
{
	size_t carried = 0; /* bytes kept from the window before */
	uint64_t off = 0;

	while (off < size) {
		const size_t want = (size_t)ov_min_u64(size - off, OV_WINDOW);
		size_t got = 0;

		if (ov_budget_late(&e->budget))
			return OV_LIMIT;
		OV_TRY(ov_src_read_upto(&n->src, off, e->window.p + carried, want, &got));
		p->p = e->window.p;
		p->len = carried + got;
		p->base = off - carried;
		OV_TRY(ov_gram_wake(g, e->settled, p->p, p->len, p->base, on_anchor, p));
		look_at_rest(p);
		if (got < want)
			return OV_SHORT;
		off += got;
		if (carried + got > OV_WINDOW_OVERLAP) {
			memmove(e->window.p, e->window.p + carried + got - OV_WINDOW_OVERLAP,
				OV_WINDOW_OVERLAP);
			carried = OV_WINDOW_OVERLAP;
		} else {
			carried += got;
		}
	}
	return OV_OK;
}

/* Rules that ask for an image hash. The image is decoded only now that some do. */
static void wake_images(struct ov_engine *e, struct ov_node *n, const struct ov_odb_fixed_group *g)
{
	uint64_t hash;

	if (!ov_image_hash_of(e, n, &hash))
		return;
	for (uint32_t k = 0; k < g->count; k++) {
		struct ov_odb_fixed f;

		ov_odb_fixed(e->db, g->first + k, &f);
		if ((uint32_t)hash == f.dword)
			wake_rule(e, n, f.rule, NULL);
	}
}

/* Rules that can be told by the first bytes at one place: no search, one comparison each. */
static void wake_fixed(struct ov_engine *e, struct ov_node *n, enum ov_target t)
{
	const uint32_t groups = ov_odb_fixed_groups(e->db, t);

	for (uint32_t i = 0; i < groups; i++) {
		struct ov_odb_fixed_group g;
		uint8_t there[4] = { 0 };
		uint64_t at = 0;
		size_t got = 0;
		uint32_t dword;

		ov_odb_fixed_group(e->db, t, i, &g);
		if (g.place.kind == OV_PLACE_IMAGE) {
			wake_images(e, n, &g);
			continue;
		}
		if (ov_place_exact(n, &g.place, &at) != OV_OK)
			continue;
		if (ov_src_read_upto(&n->src, at, there, sizeof there, &got) != OV_OK || got == 0)
			continue; /* fewer than four bytes: the rest counts as 0, and masks allow
				     for it */
		dword = ov_le32(there);
		for (uint32_t k = ov_odb_fixed_next(e->db, &g, 0, dword); k < g.count;
		     k = ov_odb_fixed_next(e->db, &g, k + 1, dword)) {
			struct ov_odb_fixed f;

			ov_odb_fixed(e->db, g.first + k, &f);
			wake_rule(e, n, f.rule, NULL);
		}
	}
}

/* A view is bounded by its layer, whose bytes the budget has counted. */
static uint64_t matched_bytes(struct ov_engine *e, const struct ov_node *n, enum overt_reason *why)
{
	return n->view_of != NULL ? n->src.size : ov_budget_bytes(&e->budget, n->src.size, why);
}

ov_status ov_wake(struct ov_engine *e, struct ov_node *n, enum ov_target t)
{
	const struct ov_gram *g = &e->db->gram[t];
	struct pass p OV_SCRATCH;
	enum overt_reason why = OVERT_LIMIT_SIZE;
	const uint64_t size = matched_bytes(e, n, &why);
	ov_status s = OV_OK;

	e->generation++;
	if (e->generation ==
	    0) { /* wrapped after 2^32 layers: old marks could be mistaken for new ones */
		memset(e->woken_in, 0, sizeof *e->woken_in * e->db->nrules);
		e->generation = 1;
	}
	e->nwoken = 0;
	ov_winnow_begin(e);
	n->match_size = size;
	n->is_cut |= size < n->src.size;
	memset(e->settled, 0, ov_gram_settled_bytes(g));
	ov_arena_reset(&e->scratch, (size_t)1 << 20);
	for (uint32_t i = 0; i < ov_odb_always_count(e->db, t); i++)
		wake_rule(e, n, ov_odb_always(e->db, t, i), NULL);
	wake_fixed(e, n, t);
	p.e = e;
	p.n = n;
	p.p = n->src.mem;
	p.len = n->src.mem != NULL ? (size_t)size : 0;
	p.base = 0;
	p.asks_ahead = e->db->nrules >= AHEAD_RULES;
	p.nmet = p.ndone = 0;
	p.steps = LOOKS_LEAST + size;
	if (n->src.mem != NULL)
		s = ov_gram_wake(g, e->settled, n->src.mem, (size_t)size, 0, on_anchor, &p);
	else if (size > 0)
		s = scan_windows(e, n, g, &p, size);
	look_at_rest(&p);
	if (n->view_of == NULL)
		e->report.bytes += size;
	e->cost_bytes[t] += size;
	e->cost_layers += n->view_of == NULL ? size : 0;
	if (size < n->src.size)
		ov_report_incomplete(
		    e, n, why, (struct ov_str){ 0 },
		    "only its first bytes were matched (--max-filesize, --max-scansize)");
	if (s == OV_LIMIT)
		ov_report_incomplete(
		    e, n, OVERT_LIMIT_TIME, (struct ov_str){ 0 },
		    "the time for this file was spent while its bytes were matched");
	else if (s == OV_SHORT || s == OV_IO)
		ov_report_incomplete(e, n, OVERT_UNREADABLE, (struct ov_str){ 0 },
				     s == OV_SHORT ? "it shrank while it was read"
						   : "it could not be read");
	return s == OV_BUG || s == OV_NOMEM ? s : OV_OK;
}
