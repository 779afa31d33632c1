/*
 * YARA rules, pass 2: conditions of woken rules.
 *
 * Each is evaluated first with all strings unknown: what header fields, sizes or modules exclude
 * needs no search. The strings of the others are then searched in one pass, and their conditions
 * decide.
 */
#include "yara_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "ast.h"
#include "ymod.h"

#define RULE_STEPS ((uint64_t)1 << 24) /* of one condition */
#define RULE_STEPS_BYTE 64u

bool ov_yara_is_absent(const struct ov_yara *y, uint32_t string)
{
	const struct ov_ystring_facts f = ov_yimage_string_facts(y->image, string);

	if (!y->env.is_process && f.min_len > y->n->match_size)
		return true;
	return (f.flags & OV_YS_ANCHORED) != 0 && y->is_seen && y->met_in[string] != y->generation;
}

static bool list(void *ctx, uint32_t string, struct ov_ylist *out)
{
	struct ov_engine *e = ctx;
	struct ov_yara *y = e->yara;

	if (ov_yara_is_absent(y, string)) {
		*out = (struct ov_ylist){ .n = 0 };
		return true;
	}
	if (y->slot_in[string] != y->generation || !y->is_searched)
		return false;
	*out = ov_ysearch_list(y->search, y->slot[string]);
	return true;
}

static ov_status match_at(void *ctx, uint32_t string, uint64_t at)
{
	struct ov_engine *e = ctx;
	struct ov_yara *y = e->yara;
	const struct ov_node *n = y->n;
	struct ov_ybytes bytes = { .p = n->src.mem,
				   .n = (size_t)n->match_size,
				   .size = n->match_size };
	struct ov_ystring s;
	struct ov_ymatch m;

	if (y->env.is_process || (n->src.mem == NULL && n->match_size > 0))
		return OV_SHORT; /* a file of windows: its list tells */
	ov_yimage_string(y->image, string, &s);
	return ov_ystr_match_at(y->search, s.code, &bytes, at, &y->steps, &m);
}

static enum ov_yresult rule_result(void *ctx, uint32_t id)
{
	const struct ov_engine *e = ctx;
	const struct ov_yara *y = e->yara;

	if (id >= y->image->nrules || y->woken_in[id] != y->generation ||
	    y->result[id] == OV_YARA_SHUT)
		return OV_YR_FALSE; /* nothing woke it: it can't hold */
	return (enum ov_yresult)y->result[id];
}

static ov_status read_at(void *ctx, uint64_t at, uint8_t *to, size_t n)
{
	const struct ov_engine *e = ctx;

	return ov_yara_read(e->yara->n, e->yara->env.is_process, at, to, n);
}

static ov_status range(void *ctx, uint64_t at, uint64_t n, struct ov_src *out)
{
	const struct ov_engine *e = ctx;

	return ov_yara_range(e->yara->n, at, n, out);
}

static void note(void *ctx, ov_status why, const char *detail)
{
	struct ov_engine *e = ctx;

	ov_report_incomplete(e, e->yara->n, ov_reason_of(why), (struct ov_str){ 0 }, detail);
}

static void make_host(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;

	y->env.src = &n->src;
	y->env.arena = &y->arena;
	y->env.steps = &y->steps;
	y->env.deadline_ns = e->budget.deadline_ns;
	y->env.search = y->search;
	memset(y->env.state, 0, sizeof y->env.state);
	y->env.type = (uint32_t)n->type;
	y->env.exe = n->has_exe ? &n->exe : NULL;
	y->env.say = ov_yara_say;
	y->env.note = note;
	y->env.range = range;
	y->env.ctx = e;
	y->host =
	    (struct ov_yhost){ .image = y->image,
			       .modules = &ov_ymodules_all,
			       .env = &y->env,
			       .externals = y->externals,
			       .has_size = !y->env.is_process,
			       .size = n->src.size,
			       .has_entry = !y->env.is_process && n->has_exe && n->exe.has_entry,
			       .entry = n->exe.entry,
			       .list = list,
			       .match_at = match_at,
			       .rule = rule_result,
			       .read = read_at,
			       .ctx = e };
}

static void undecided(struct ov_engine *e, struct ov_node *n, const struct ov_yrule *r)
{
	char detail[256];

	(void)snprintf(
	    detail, sizeof detail,
	    "YARA rule %.*s could not be decided: a limit of steps or memory was reached",
	    (int)ov_min_size(r->name.n, 120), r->name.p);
	ov_report_incomplete(e, n, OVERT_LIMIT_TIME, (struct ov_str){ 0 }, detail);
}

/* Evaluates one rule. A limit is noted, and makes it not hold. */
static ov_status evaluate(struct ov_engine *e, struct ov_node *n, uint32_t id)
{
	struct ov_yara *y = e->yara;
	enum ov_yresult result = OV_YR_FALSE;
	/* No rule may starve those behind it. */
	const uint64_t most = ov_min_u64(y->steps, RULE_STEPS + n->match_size * RULE_STEPS_BYTE);
	const size_t said = y->said.n;
	uint64_t left = most;
	struct ov_yrule r;
	ov_status s;

	ov_yimage_rule(y->image, id, &r);
	y->env.steps = &left;
	s = ov_yvm_eval(y->vm, &y->host, &r, &result);
	y->env.steps = &y->steps;
	y->steps -= most - left;
	if (y->costs != NULL)
		y->costs[id].work += most - left;
	if (s == OV_LIMIT || s == OV_IO || s == OV_SHORT) {
		undecided(e, n, &r);
		result = OV_YR_FALSE;
	} else {
		OV_TRY(s);
	}
	y->result[id] = (uint8_t)result;
	if (result == OV_YR_UNKNOWN)
		y->said.n = said; /* it will be evaluated again */
	return OV_OK;
}

/* With its strings unknown. A rule that says something waits for them: it is to say it once. */
static ov_status evaluate_blind(struct ov_engine *e, struct ov_node *n, uint32_t id)
{
	struct ov_yrule r;

	ov_yimage_rule(e->yara->image, id, &r);
	return (r.flags & OV_YRULE_SAYS) != 0 ? OV_OK : evaluate(e, n, id);
}

static int by_number(const void *pa, const void *pb)
{
	const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

/* Asks for the strings of a rule that its condition needs. */
static ov_status ask(struct ov_yara *y, uint32_t id)
{
	struct ov_yrule r;

	ov_yimage_rule(y->image, id, &r);
	for (uint32_t i = 0; i < r.nstrings; i++) {
		const uint32_t str = r.first_string + i;
		struct ov_ystring s;

		if (y->slot_in[str] == y->generation || ov_yara_is_absent(y, str))
			continue;
		ov_yimage_string(y->image, str, &s);
		if ((s.flags & OV_YS_ELSEWHERE) == 0 && y->n->src.mem != NULL && !y->env.is_process)
			continue; /* looked at in place */
		OV_TRY(ov_ysearch_add(
		    y->search, s.code,
		    (s.flags & (OV_YS_LISTED | OV_YS_ELSEWHERE)) == OV_YS_ELSEWHERE ? 1
										    : OV_YMATCH_MAX,
		    &y->slot[str]));
		y->slot_in[str] = y->generation;
	}
	return OV_OK;
}

static ov_status run_search(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;
	struct ov_yara_walk w = { .i = 0 };
	struct ov_src src;
	uint64_t base;
	ov_status s;

	if (!y->env.is_process) {
		OV_TRY(ov_src_slice(&n->src, 0, n->match_size, &src));
		return ov_ysearch_run(y->search, &src, 0, e->budget.deadline_ns, &y->steps);
	}
	while ((s = ov_yara_region(n, &w, &src, &base)) == OV_OK)
		OV_TRY(ov_ysearch_run(y->search, &src, base, e->budget.deadline_ns, &y->steps));
	return s == OV_END ? OV_OK : s;
}

ov_status ov_yara_search(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;
	ov_status s;

	s = run_search(e, n);
	y->is_searched = true;
	if (s == OV_LIMIT)
		ov_report_incomplete(e, n, OVERT_LIMIT_TIME, (struct ov_str){ 0 },
				     "the steps or the time for this file were spent while YARA "
				     "strings were searched");
	else if (s == OV_IO || s == OV_SHORT)
		ov_report_incomplete(e, n, OVERT_UNREADABLE, (struct ov_str){ 0 },
				     "it changed while it was read");
	else
		return s;
	return OV_OK;
}

/* Global rules: when one of a namespace does not hold, none of it does. */
static bool is_muted(const struct ov_engine *e, uint32_t nsid)
{
	const struct ov_yara *y = e->yara;

	for (uint32_t i = 0; i < ov_yimage_globals_count(y->image); i++) {
		const uint32_t id = ov_yimage_global(y->image, i);
		struct ov_yrule r;

		ov_yimage_rule(y->image, id, &r);
		if (r.nsid == nsid && rule_result((void *)(uintptr_t)e, id) != OV_YR_TRUE)
			return true;
	}
	return false;
}

bool ov_yara_holds(const struct ov_engine *e, uint32_t id)
{
	struct ov_yrule r;

	if (rule_result((void *)(uintptr_t)e, id) != OV_YR_TRUE)
		return false;
	ov_yimage_rule(e->yara->image, id, &r);
	return !is_muted(e, r.nsid);
}

static ov_status report(struct ov_engine *e, struct ov_node *n, const struct ov_yrule *r)
{
	const struct ov_yara *y = e->yara;
	struct ov_report_detection d = { .name = r->name,
					 .kind = OV_RULE_YARA,
					 .severity =
					     (enum overt_severity)ov_yrule_severity(r->flags),
					 .source = r->source,
					 .line = r->line,
					 .rule = UINT32_MAX,
					 .rule_text = r->text };
	struct ov_report_match **tail = &d.matches;

	for (uint32_t i = 0; i < r->nstrings; i++) {
		const uint32_t str = r->first_string + i;
		struct ov_report_match *m = NULL;
		struct ov_ylist l;

		if (y->slot_in[str] != y->generation || !y->is_searched)
			continue;
		l = ov_ysearch_list(y->search, y->slot[str]);
		if (l.n == 0)
			continue;
		OV_TRY(ov_arena_new(&e->scratch, &m));
		m->sub = i;
		m->off = l.at[0].off;
		m->len = l.at[0].len;
		if (tail == &d.matches) {
			d.off = m->off;
			d.len = m->len;
		}
		*tail = m;
		tail = &m->next;
	}
	return ov_report_detection(e, n, &d);
}

/* What a string's search took, to its own account and the rule's. */
void ov_yara_charge(struct ov_yara *y, uint32_t rule, uint32_t string, const struct ov_ysearch *in,
		    uint32_t slot)
{
	struct ov_ystring_cost *c = &y->string_costs[string];
	const uint64_t work = ov_ysearch_work(in, slot);

	c->searched++;
	c->found += ov_ysearch_list(in, slot).n;
	c->work += work;
	y->costs[rule].work += work;
}

/* After the search: `pending` rules had no answer before it. */
static void count_work(struct ov_yara *y)
{
	for (uint32_t i = 0; y->costs != NULL && i < y->nwoken; i++) {
		struct ov_yrule r;

		ov_yimage_rule(y->image, y->woken[i], &r);
		y->costs[r.id].searched += y->result[r.id] == OV_YR_UNKNOWN;
		for (uint32_t k = r.first_string; k < r.first_string + r.nstrings; k++)
			if (y->slot_in[k] == y->generation)
				ov_yara_charge(y, r.id, k, y->search, y->slot[k]);
	}
}

/* Which of the woken were decided before the search, and which held. */
static void count_decided(struct ov_yara *y)
{
	for (uint32_t i = 0; y->costs != NULL && i < y->nwoken; i++)
		y->costs[y->woken[i]].decided += y->result[y->woken[i]] != OV_YR_UNKNOWN;
}

static void count_held(struct ov_engine *e)
{
	struct ov_yara *y = e->yara;

	for (uint32_t i = 0; y->costs != NULL && i < y->nwoken; i++)
		y->costs[y->woken[i]].held += ov_yara_holds(e, y->woken[i]);
}

ov_status ov_yara_judge(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;
	uint32_t pending = 0;

	make_host(e, n);
	OV_TRY(ov_yara_dump(e));
	if (y->nwoken > 1)
		qsort(y->woken, y->nwoken, sizeof *y->woken, by_number);
	for (uint32_t i = 0; i < y->nwoken; i++) {
		if (y->result[y->woken[i]] == OV_YR_UNKNOWN)
			OV_TRY(evaluate_blind(e, n, y->woken[i]));
		pending += y->result[y->woken[i]] == OV_YR_UNKNOWN;
	}
	count_decided(y);
	if (pending > 0) {
		ov_ysearch_begin(y->search);
		for (uint32_t i = 0; i < y->nwoken; i++)
			if (y->result[y->woken[i]] == OV_YR_UNKNOWN)
				OV_TRY(ask(y, y->woken[i]));
		OV_TRY(ov_yara_search(e, n));
		count_work(y);
		for (uint32_t i = 0; i < y->nwoken; i++)
			if (y->result[y->woken[i]] == OV_YR_UNKNOWN)
				OV_TRY(evaluate(e, n, y->woken[i]));
	}
	count_held(e);
	if (e->o->yara_only) {
		ov_yara_told(e);
		return ov_yara_list(e, n);
	}
	for (uint32_t i = 0; i < y->nwoken && !e->is_done; i++) {
		struct ov_yrule r;

		ov_yimage_rule(y->image, y->woken[i], &r);
		if ((r.flags & OV_YRULE_PRIVATE) == 0 && ov_yara_holds(e, y->woken[i]))
			OV_TRY(report(e, n, &r));
	}
	return OV_OK;
}
