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
#include "image_hash.h"
#include "le.h"

#define RULE_PAGES 5 /* row, subsignatures, condition, patterns' parts and code */
/*
 * Ordinary files bring a few dozen rules that were never needed before. For one that wakes
 * thousands, the rules' pages stay mapped: to drop them again and again costs more than the rest.
 */
#define CHECKED_MAX 1024u

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

bool ov_rule_is_sound(struct ov_engine *e, uint32_t id)
{
	if (id >= e->db->nrules)
		return false;
	if (e->sound[id] == OV_SOUND_UNKNOWN) {
		e->sound[id] = ov_odb_check_rule(e->db, id) == OV_OK ? OV_SOUND_YES : OV_SOUND_NO;
		if (e->nchecked++ < CHECKED_MAX)
			ov_touch(e, RULE_PAGES);
	}
	if (e->sound[id] == OV_SOUND_NO)
		e->is_damaged = true;
	return e->sound[id] == OV_SOUND_YES;
}

ov_status ov_engine_count_costs(struct ov_engine *e)
{
	if (e->costs == NULL)
		e->costs = calloc((size_t)e->db->nrules + 1, sizeof *e->costs);
	return e->costs != NULL ? ov_yara_count_costs(e) : OV_NOMEM;
}

void ov_engine_cost(const struct ov_engine *e, uint32_t id, struct ov_rule_cost *out)
{
	*out = e->costs != NULL && id < e->db->nrules ? e->costs[id] : (struct ov_rule_cost){ 0 };
}

/* @param by  The anchor that was met, or NULL. */
static void wake_rule(struct ov_engine *e, const struct ov_node *n, uint32_t id,
		      const struct ov_odb_anchor *by)
{
	struct ov_rule r;

	if (id >= e->db->nrules || e->woken_in[id] == e->generation)
		return;
	e->woken_in[id] = e->generation;
	if (!ov_rule_is_sound(e, id))
		return;
	ov_odb_rule(e->db, id, &r);
	if (!facts_fit(n, &r))
		return;
	e->woken[e->nwoken++] = (struct ov_woken){
		.rule = id,
		.sub = by != NULL ? (uint16_t)(by->sub - r.first_sub) : OV_WOKEN_NO_SUB,
		.part = by != NULL ? by->part : OV_ODB_NO_PART,
	};
	if (e->costs != NULL)
		e->costs[id].woken++;
}

struct pass {
	struct ov_engine *e;
	const struct ov_node *n;
	const uint8_t *p; /* the bytes that are looked at now: [base, base + len) of the layer */
	size_t len;
	uint64_t base;
	uint64_t steps; /* left for looks at where anchors were met; without any, they wake at once
			 */
};

/* An anchor at a known distance tells where its pattern would start: a place that excludes it saves
 * waking. */
static bool place_fits(const struct pass *p, const struct ov_odb_anchor *a,
		       const struct ov_place *place, uint64_t at)
{
	const struct ov_arena_mark mark = ov_arena_mark(&p->e->scratch);
	struct ov_range *r = NULL;
	size_t n = 0;
	ov_status s;
	bool fits = false;

	if (a->distance == OV_ODB_NO_DISTANCE || place->kind == OV_PLACE_ANY)
		return true;
	if (at < a->distance)
		return false;
	s = ov_place_resolve(p->n, place, &p->e->scratch, &r, &n);
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
	struct ov_sub sub;
	uint64_t before;
	ov_status s;

	if (p->e->costs != NULL)
		p->e->costs[a->rule].met++;
	ov_odb_sub(p->e->db, a->sub, &sub);
	if (sub.kind != OV_SUB_PATTERN || p->steps <= LOOK_COST)
		return true;
	p->steps -= LOOK_COST;
	if (!place_fits(p, a, &sub.place, at))
		return false;
	what.pattern = sub.pattern;
	before = p->steps;
	s = ov_finder_probe(p->e->finder, &p->e->db->pats, &what, at, &p->steps);
	ov_add_work(p->e, a->rule, before - p->steps);
	return s != OV_END;
}

/* A rule that is awake needs no further anchor: with all rules of a key awake, the key is passed
 * over. */
static enum ov_wake on_anchor(void *ctx, uint32_t token, uint64_t at)
{
	struct pass *p = ctx;
	struct ov_odb_anchor a;

	ov_odb_anchor(p->e->db, token, &a);
	if (a.rule >= p->e->db->nrules)
		return OV_WAKE_SETTLED; /* tokens inside the key tables are not verified when a
				database is opened */
	if (!ov_rule_is_sound(p->e, a.rule) || !ov_odb_is_sub_of(p->e->db, a.rule, a.sub))
		return OV_WAKE_SETTLED;
	if (p->e->woken_in[a.rule] != p->e->generation && sub_fits(p, &a, at))
		wake_rule(p->e, p->n, a.rule, &a);
	return p->e->woken_in[a.rule] == p->e->generation ? OV_WAKE_SETTLED : OV_WAKE_MORE;
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
	struct pass p = { .e = e, .n = n, .p = n->src.mem };
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
	memset(e->settled, 0, ov_gram_settled_bytes(g));
	ov_arena_reset(&e->scratch, (size_t)1 << 20);
	for (uint32_t i = 0; i < ov_odb_always_count(e->db, t); i++)
		wake_rule(e, n, ov_odb_always(e->db, t, i), NULL);
	wake_fixed(e, n, t);
	p.len = n->src.mem != NULL ? (size_t)size : 0;
	n->match_size = size;
	n->is_cut |= size < n->src.size;
	p.steps = LOOKS_LEAST + size;
	if (n->src.mem != NULL)
		s = ov_gram_wake(g, e->settled, n->src.mem, (size_t)size, 0, on_anchor, &p);
	else if (size > 0)
		s = scan_windows(e, n, g, &p, size);
	if (n->view_of == NULL)
		e->report.bytes += size;
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
