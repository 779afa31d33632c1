/* YARA rules, pass 1: what wakes them in a layer's bytes. */
#include "yara_scan.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "ymod.h"

#define ARENA_MAX ((size_t)64 << 20)
#define ARENA_KEEP ((size_t)64 << 10)
#define LOOKS_LEAST 65536u /* as in wake.c: looks in place, one a byte of the layer and some */
#define STEPS_LEAST ((uint64_t)1 << 26)
#define STEPS_BYTE 1024u /* steps of conditions and searches for each byte of a layer */
#define RULE_PAGES 6

void ov_yara_free(struct ov_yara **py)
{
	struct ov_yara *y = *py;

	if (y == NULL)
		return;
	ov_yvm_free(&y->vm);
	ov_ysearch_free(&y->search);
	ov_ysearch_free(&y->scout);
	ov_buf_free(&y->window);
	ov_yara_said_free(y);
	ov_arena_free(&y->arena);
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		ov_hasher_free(&y->env.hasher[k]);
	free(y->costs);
	free(y->string_costs);
	free(y->externals);
	free(y->settled);
	free(y->woken_in);
	free(y->result);
	free(y->sound);
	free(y->string_sound);
	free(y->gate_in);
	free(y->gate_open);
	free(y->slot_in);
	free(y->met_in);
	free(y->slot);
	free(y->woken);
	free(y->asking);
	free(y->scouted);
	free(y);
	*py = NULL;
}

static ov_status make(struct ov_yara *y)
{
	const size_t nrules = (size_t)y->image->nrules + 1;
	const size_t nstrings = (size_t)y->image->nstrings + 1;
	const size_t ngates = (size_t)y->image->ngates + 1;
	size_t settled = 1;

	for (int c = 0; c < OV_YCLASSES; c++) {
		const struct ov_gram *g = &y->image->gram[c];

		if (ov_gram_settled_bytes(g) > settled)
			settled = ov_gram_settled_bytes(g);
		y->is_few[c] = ov_gram_few(g, &y->few[c]) == OV_OK;
	}
	y->settled = calloc(settled, 1);
	y->woken_in = calloc(nrules, sizeof *y->woken_in);
	y->result = calloc(nrules, 1);
	y->sound = calloc(nrules, 1);
	y->woken = calloc(nrules, sizeof *y->woken);
	y->asking = calloc(nrules, sizeof *y->asking);
	y->scouted = calloc(nrules, sizeof *y->scouted);
	y->string_sound = calloc(nstrings, 1);
	y->slot_in = calloc(nstrings, sizeof *y->slot_in);
	y->slot = calloc(nstrings, sizeof *y->slot);
	y->met_in = calloc(nstrings, sizeof *y->met_in);
	y->gate_in = calloc(ngates, sizeof *y->gate_in);
	y->gate_open = calloc(ngates, 1);
	y->externals = calloc((size_t)y->image->nexternals + 1, sizeof *y->externals);
	if (y->settled == NULL || y->woken_in == NULL || y->result == NULL || y->sound == NULL ||
	    y->woken == NULL || y->asking == NULL || y->scouted == NULL ||
	    y->string_sound == NULL || y->slot_in == NULL || y->slot == NULL || y->met_in == NULL ||
	    y->gate_in == NULL || y->gate_open == NULL || y->externals == NULL)
		return OV_NOMEM;
	for (uint32_t i = 0; i < y->image->nexternals; i++) {
		struct ov_str name;

		ov_yimage_external(y->image, i, &name, &y->externals[i]);
	}
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		OV_TRY(ov_hasher_new((enum ov_digest_kind)k, &y->env.hasher[k]));
	OV_TRY(ov_ysearch_new(&y->search));
	OV_TRY(ov_ysearch_new(&y->scout));
	OV_TRY(ov_yara_said_new(y));
	y->window = ov_buf_of(SIZE_MAX);
	OV_TRY(ov_buf_reserve(&y->window, OV_WINDOW + OV_WINDOW_OVERLAP));
	return ov_yvm_new(&y->vm);
}

ov_status ov_yara_new(const struct ov_yimage *image, struct ov_yara **out)
{
	struct ov_yara *y;
	ov_status s;

	*out = NULL;
	if (image->nrules == 0)
		return OV_OK;
	y = calloc(1, sizeof *y);
	if (y == NULL)
		return OV_NOMEM;
	y->image = image;
	ov_arena_init(&y->arena, ARENA_MAX);
	s = make(y);
	if (s != OV_OK)
		ov_yara_free(&y);
	*out = y;
	return s;
}

void ov_engine_define(struct ov_engine *e, struct ov_str name, const struct ov_yval *value)
{
	struct ov_yara *y = e->yara;

	for (uint32_t i = 0; y != NULL && i < y->image->nexternals; i++) {
		struct ov_str its;
		struct ov_yval was;

		ov_yimage_external(y->image, i, &its, &was);
		if (ov_str_eq(its, name) && was.kind == value->kind)
			y->externals[i] = *value;
	}
}

void ov_engine_module_data(struct ov_engine *e, struct ov_str module, struct ov_cur bytes)
{
	const int m = ov_ymodule_find(&ov_ymodules_all, module);

	if (e->yara != NULL && m >= 0)
		e->yara->env.data[m] = bytes;
}

ov_status ov_yara_count_costs(struct ov_engine *e)
{
	struct ov_yara *y = e->yara;

	if (y == NULL || y->costs != NULL)
		return OV_OK;
	y->costs = calloc((size_t)y->image->nrules + 1, sizeof *y->costs);
	y->string_costs = calloc((size_t)y->image->nstrings + 1, sizeof *y->string_costs);
	return y->costs != NULL && y->string_costs != NULL ? OV_OK : OV_NOMEM;
}

void ov_engine_ystring_cost(const struct ov_engine *e, uint32_t string, struct ov_ystring_cost *out)
{
	const struct ov_yara *y = e->yara;

	*out = y != NULL && y->string_costs != NULL && string < y->image->nstrings
		   ? y->string_costs[string]
		   : (struct ov_ystring_cost){ 0 };
}

void ov_engine_yara_cost(const struct ov_engine *e, uint32_t id, struct ov_rule_cost *out)
{
	const struct ov_yara *y = e->yara;

	*out = y != NULL && y->costs != NULL && id < y->image->nrules ? y->costs[id]
								      : (struct ov_rule_cost){ 0 };
}

/* Gates are few, and shared by many rules: each is looked at once a layer. */
static bool is_gate_open(struct ov_yara *y, uint32_t gate)
{
	if (gate >= y->image->ngates)
		return true;
	if (y->env.is_process) /* has no size and no header: what wants them can't hold */
		return false;
	if (y->gate_in[gate] != y->generation) {
		y->gate_in[gate] = y->generation;
		y->gate_open[gate] =
		    ov_yimage_gate(y->image, gate, y->n->src.size, y->head, y->nhead);
	}
	return y->gate_open[gate] != 0;
}

static bool is_sound(struct ov_engine *e, uint32_t id)
{
	struct ov_yara *y = e->yara;

	if (y->sound[id] == OV_SOUND_UNKNOWN) {
		y->sound[id] =
		    ov_yimage_check_rule(y->image, id) == OV_OK ? OV_SOUND_YES : OV_SOUND_NO;
		ov_touch(e, RULE_PAGES);
	}
	if (y->sound[id] == OV_SOUND_NO)
		e->is_damaged = true;
	return y->sound[id] == OV_SOUND_YES;
}

static bool is_string_sound(struct ov_engine *e, uint32_t id, const struct ov_ystring *s)
{
	struct ov_yara *y = e->yara;

	if (y->string_sound[id] == OV_SOUND_UNKNOWN) {
		y->string_sound[id] = ov_ystr_check(s->code) == OV_OK ? OV_SOUND_YES : OV_SOUND_NO;
		ov_touch(e, 2);
	}
	if (y->string_sound[id] == OV_SOUND_NO)
		e->is_damaged = true;
	return y->string_sound[id] == OV_SOUND_YES;
}

/* Whether a rule's gate lets it be looked at in this layer; if not, that is settled. */
static bool may_wake(struct ov_yara *y, uint32_t id)
{
	struct ov_ydoor d;

	if (y->woken_in[id] == y->generation)
		return false;
	d = ov_yimage_door(y->image, id);
	if ((y->wanted >> ov_yrule_severity(d.flags) & 1) != 0 && is_gate_open(y, d.gate))
		return true;
	y->woken_in[id] = y->generation;
	y->result[id] = OV_YARA_SHUT;
	if (y->costs != NULL)
		y->costs[id].shut++;
	return false;
}

void ov_yara_wake(struct ov_engine *e, uint32_t id)
{
	struct ov_yara *y = e->yara;

	y->woken_in[id] = y->generation;
	y->result[id] = OV_YARA_SHUT;
	if (!is_sound(e, id))
		return;
	y->result[id] = OV_YR_UNKNOWN;
	if (y->costs != NULL)
		y->costs[id].woken++;
	y->woken[y->nwoken++] = id;
}

struct pass {
	struct ov_engine *e;
	struct ov_ybytes bytes;
	uint64_t steps;
};

static enum ov_wake on_anchor(void *ctx, uint32_t token, uint64_t at)
{
	struct pass *p = ctx;
	struct ov_yara *y = p->e->yara;
	struct ov_yanchor a;
	struct ov_ystring s;
	ov_status st = OV_SHORT;

	ov_yimage_anchor(y->image, token, &a);
	if (a.rule >= y->image->nrules || a.string >= y->image->nstrings)
		return OV_WAKE_SETTLED; /* tokens are not verified when a database is opened */
	if (!may_wake(y, a.rule)) {
		y->met_in[a.string] = y->generation;
		return OV_WAKE_SETTLED;
	}
	ov_yimage_string(y->image, a.string, &s);
	if (!is_string_sound(p->e, a.string, &s))
		return OV_WAKE_SETTLED;
	if (y->costs != NULL)
		y->costs[a.rule].met++;
	if (p->steps > 0)
		st = ov_ystr_probe(y->search, s.code, a.atom, &p->bytes, at, &p->steps);
	if (st == OV_END)
		return OV_WAKE_MORE;
	y->met_in[a.string] = y->generation;
	ov_yara_wake(p->e, a.rule);
	return OV_WAKE_SETTLED;
}

static ov_status find_keys(struct ov_yara *y, struct pass *p)
{
	const struct ov_gram *g = &y->image->gram[y->class];
	const struct ov_ybytes *b = &p->bytes;

	return y->is_few[y->class] ? ov_gram_wake_few(g, &y->few[y->class], y->settled, b->p, b->n,
						      b->base, on_anchor, p)
				   : ov_gram_wake(g, y->settled, b->p, b->n, b->base, on_anchor, p);
}

/* A source in windows; `base` is added to its offsets. */
static ov_status windows(struct ov_engine *e, const struct ov_src *src, uint64_t size,
			 uint64_t base, struct pass *p)
{
	struct ov_yara *y = e->yara;
	uint64_t off = 0;
	size_t carried = 0;

	p->bytes.size = base + size;
	while (off < size) {
		const size_t want = (size_t)ov_min_u64(size - off, OV_WINDOW);
		size_t got = 0;

		if (ov_budget_late(&e->budget))
			return OV_LIMIT;
		OV_TRY(ov_src_read_upto(src, off, y->window.p + carried, want, &got));
		p->bytes.p = y->window.p;
		p->bytes.n = carried + got;
		p->bytes.base = base + off - carried;
		OV_TRY(find_keys(y, p));
		if (got < want)
			return OV_SHORT;
		off += got;
		carried = ov_min_size(carried + got, OV_WINDOW_OVERLAP);
		memmove(y->window.p, y->window.p + p->bytes.n - carried, carried);
	}
	return OV_OK;
}

static ov_status regions(struct ov_engine *e, const struct ov_node *n, struct pass *p)
{
	struct ov_yara_walk w = { .i = 0 };
	struct ov_src part;
	uint64_t base;
	ov_status s;

	while ((s = ov_yara_region(n, &w, &part, &base)) == OV_OK)
		OV_TRY(windows(e, &part, part.size, base, p));
	return s == OV_END ? OV_OK : s;
}

/* Pass 1 over a layer's bytes. */
static ov_status look(struct ov_engine *e, const struct ov_node *n, struct pass *p)
{
	struct ov_yara *y = e->yara;
	const struct ov_gram *g = &y->image->gram[y->class];

	if (g->nentries == 0 || n->match_size == 0)
		return OV_OK;
	memset(y->settled, 0, ov_gram_settled_bytes(g));
	if (y->env.is_process)
		return regions(e, n, p);
	if (n->src.mem == NULL)
		return windows(e, &n->src, n->match_size, 0, p);
	p->bytes = (struct ov_ybytes){ .p = n->src.mem,
				       .n = (size_t)n->match_size,
				       .size = n->match_size };
	return find_keys(y, p);
}

static void begin(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;
	size_t got = 0;

	if (++y->generation == 0) { /* wrapped after 2^32 layers */
		memset(y->woken_in, 0, sizeof *y->woken_in * y->image->nrules);
		memset(y->gate_in, 0, sizeof *y->gate_in * y->image->ngates);
		memset(y->slot_in, 0, sizeof *y->slot_in * y->image->nstrings);
		memset(y->met_in, 0, sizeof *y->met_in * y->image->nstrings);
		y->generation = 1;
	}
	y->nwoken = y->nasking = 0;
	y->n = n;
	y->is_searched = y->is_seen = false;
	y->said.n = y->dump.n = 0;
	y->is_said_cut = false;
	if (ov_src_read_upto(&n->src, 0, y->head, sizeof y->head, &got) != OV_OK)
		got = 0;
	y->nhead = got;
	y->wanted = e->o->yara_only ? UINT64_MAX : ov_wanted_severities(e);
	y->env.is_process = e->o->yara_only && e->o->yara_process;
	y->class = y->env.is_process ? OV_YCLASS_OTHER : ov_yclass_of(y->head, got);
	ov_arena_reset(&y->arena, ARENA_KEEP);
	y->steps = STEPS_LEAST + n->match_size * STEPS_BYTE;
}

/* Rules that keys alone don't wake: those with scouts wait for what these find. A process has one
 * search of all its regions, which will do for scouts as well. */
static void wake_always(struct ov_engine *e)
{
	struct ov_yara *y = e->yara;

	for (uint32_t i = 0; i < ov_yimage_always_count(y->image, y->class); i++) {
		const uint32_t id = ov_yimage_always(y->image, y->class, i);
		struct ov_ydoor d;

		if (id >= y->image->nrules)
			continue;
		d = ov_yimage_door(y->image, id);
		if (!is_gate_open(y, d.wake) || !may_wake(y, id))
			continue;
		if (d.nscouts > 0 && !y->env.is_process && is_sound(e, id))
			y->asking[y->nasking++] = id;
		else
			ov_yara_wake(e, id);
	}
}

ov_status ov_yara_layer(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;
	struct pass p = { .e = e, .steps = LOOKS_LEAST + n->match_size };
	ov_status s = OV_OK;

	if (y == NULL || e->is_done)
		return OV_OK;
	if (e->o->yara_only) { /* nobody else told how much of it may be matched */
		n->match_size = n->src.size;
		e->report.bytes += n->src.size;
	}
	begin(e, n);
	wake_always(e);
	s = look(e, n, &p);
	y->is_seen = s == OV_OK;
	if (s == OV_LIMIT)
		ov_report_incomplete(
		    e, n, OVERT_LIMIT_TIME, (struct ov_str){ 0 },
		    "the time for this file was spent while YARA rules were matched");
	else if (s == OV_SHORT || s == OV_IO)
		ov_report_incomplete(e, n, OVERT_UNREADABLE, (struct ov_str){ 0 },
				     "it changed while it was read");
	else
		OV_TRY(s);
	OV_TRY(ov_yara_scout(e, n));
	if (y->nwoken > 0 || e->o->yara_negate || e->o->yara_dump != 0)
		OV_TRY(ov_yara_judge(e, n));
	return OV_OK;
}
