/* How far a plan is carried out. See run_state.h. */
#include "run_state.h"

#include <string.h>

#include "text.h"

#define ENTRIES_MAX 60000

const char *const ov_run_event_names[OV_RUN_EVENTS] = { "open",	  "consent", "begin",
							"end",	  "done",    "skip",
							"failed", "undone",  "record" };
const char *const ov_run_way_names[OV_RUN_WAYS] = { "do", "verify", "undo" };

ov_status ov_run_state_new(const struct ov_run_plan *p, struct ov_arena *a,
			   struct ov_run_state *out)
{
	const size_t n = p->nsteps * p->ngroups; /* 500 of each at most */

	*out = (struct ov_run_state){ .plan = p, .arena = a };
	OV_TRY(ov_arena_array(a, n + 1, &out->units));
	for (size_t i = 0; i < n; i++)
		out->units[i] = (struct ov_run_unit){ .open = SIZE_MAX };
	return OV_OK;
}

struct ov_run_unit *ov_run_unit(const struct ov_run_state *s, size_t step, size_t group)
{
	return &s->units[step * s->plan->ngroups + group];
}

static ov_status keep(struct ov_run_state *s, const struct ov_run_entry *e)
{
	struct ov_run_entry *more;

	if (s->n == ENTRIES_MAX)
		return OV_LIMIT;
	if (s->n == s->cap) {
		const size_t cap = s->cap == 0 ? 64 : 2 * s->cap;

		OV_TRY(ov_arena_array(s->arena, cap, &more));
		if (s->n > 0)
			memcpy(more, s->entries, s->n * sizeof *more);
		s->entries = more;
		s->cap = cap;
	}
	s->entries[s->n++] = *e;
	return OV_OK;
}

static void forget(struct ov_run_state *s, size_t step, size_t group)
{
	*ov_run_unit(s, step, group) = (struct ov_run_unit){ .since = s->n, .open = SIZE_MAX };
}

/* Undoing takes the proof away, too, from its first command on: the probe spoke of what is no more.
 */
static void forget_probes(struct ov_run_state *s, const struct ov_run_entry *e)
{
	for (size_t i = 0; i < s->plan->nsteps; i++)
		if (i != e->step && s->plan->steps[i].kind == OV_RUN_PROBE &&
		    ov_run_unit(s, i, e->group)->status == OV_RUN_IS_DONE)
			forget(s, i, e->group);
}

static void note_unit(struct ov_run_state *s, const struct ov_run_entry *e)
{
	struct ov_run_unit *u = ov_run_unit(s, e->step, e->group);

	switch (e->event) {
	case OV_RUN_BEGIN:
		u->open = s->n - 1;
		if ((e->way == OV_RUN_UNDO) != u->is_undoing) { /* what ran the other way is void */
			u->is_undoing = !u->is_undoing;
			u->since = s->n - 1;
		}
		if (u->is_undoing || u->status != OV_RUN_IS_DONE)
			u->status = OV_RUN_PART;
		if (u->is_undoing)
			forget_probes(s, e);
		break;
	case OV_RUN_END:
		u->open = SIZE_MAX;
		break;
	case OV_RUN_DONE:
		u->status = OV_RUN_IS_DONE;
		break;
	case OV_RUN_SKIP:
		if (u->status == OV_RUN_NONE)
			u->status = OV_RUN_SKIPPED;
		break;
	case OV_RUN_UNDONE:
		forget(s, e->step, e->group);
		forget_probes(s, e);
		return;
	default:
		return;
	}
	u->last = s->n - 1;
}

ov_status ov_run_note(struct ov_run_state *s, const struct ov_run_entry *e)
{
	const bool of_step = e->step != SIZE_MAX;

	if (of_step && (e->step >= s->plan->nsteps || e->group >= s->plan->ngroups))
		return OV_BAD;
	OV_TRY(keep(s, e));
	if (of_step)
		note_unit(s, e);
	else if (e->event == OV_RUN_RECORD)
		*(ov_str_is(e->value, "before") ? &s->before : &s->after) = e->file;
	return OV_OK;
}

/* ---- reading back ---- */

static bool event_of(struct ov_str name, enum ov_run_event *out)
{
	for (unsigned i = 0; i < OV_RUN_EVENTS; i++) {
		if (!ov_str_is(name, ov_run_event_names[i]))
			continue;
		*out = (enum ov_run_event)i;
		return true;
	}
	return false;
}

static const char *entry_of(const struct ov_run_state *s, const struct ov_inv_component *c,
			    struct ov_run_entry *e)
{
	const struct ov_str step = ov_run_field(c, "step"), way = ov_run_field(c, "way");

	*e = (struct ov_run_entry){ .step = SIZE_MAX,
				    .group = SIZE_MAX,
				    .host = ov_run_field(c, "host"),
				    .command = ov_run_field(c, "command"),
				    .at = ov_run_field(c, "at"),
				    .value = ov_run_field(c, "value"),
				    .file = ov_run_field(c, "file"),
				    .is_good = ov_str_is(ov_run_field(c, "exit"), "0") };
	if (!event_of(c->name, &e->event))
		return "an event that this overt does not know";
	for (unsigned i = 0; i < OV_RUN_WAYS; i++)
		if (ov_str_is(way, ov_run_way_names[i]))
			e->way = (enum ov_run_way)i;
	if (e->event == OV_RUN_OPEN && !ov_str_eq(ov_run_field(c, "plan"), s->plan->id))
		return "it is the journal of another plan";
	if (step.n == 0)
		return e->event >= OV_RUN_CONSENT && e->event <= OV_RUN_UNDONE
			   ? "an event without a step"
			   : NULL;
	e->step = ov_run_step_by_id(s->plan, step);
	e->group = ov_run_group_by_id(s->plan, ov_run_field(c, "group"));
	return e->step == SIZE_MAX || e->group == SIZE_MAX
		   ? "it tells of a step or a group that the plan does not have (any more)"
		   : NULL;
}

ov_status ov_run_journal(struct ov_run_state *s, const struct ov_inventory *inv,
			 ov_run_error_fn error, void *ctx, char sum[65], uint64_t *torn)
{
	const struct ov_inv_component **list;
	size_t n = 0;

	*torn = UINT64_MAX;
	memset(sum, '0', 64);
	sum[64] = '\0';
	OV_TRY(ov_run_sorted(inv, "overt.journal", s->arena, &list, &n));
	for (size_t i = 0; i < n; i++) {
		const struct ov_str last = ov_run_field(list[i], "sum");
		struct ov_run_entry e;
		const char *why;

		if (ov_str_is(list[i]->name, "torn") && i + 1 == n)
			return ov_text_u64(ov_run_field(list[i], "offset"), torn);
		why = entry_of(s, list[i], &e);
		if (i == 0 && e.event != OV_RUN_OPEN)
			why = "it does not begin with a run";
		if (why != NULL || last.n != 64) {
			error(ctx, list[i]->version, why != NULL ? why : "it has no sum");
			return OV_BAD;
		}
		memcpy(sum, last.p, 64);
		OV_TRY(ov_run_note(s, &e));
	}
	return OV_OK;
}

/* ---- asking ---- */

bool ov_run_has_ended(const struct ov_run_state *s, size_t step, size_t group,
		      const struct ov_run_act *a)
{
	bool has = false;

	for (size_t i = ov_run_unit(s, step, group)->since; i < s->n; i++) {
		const struct ov_run_entry *e = &s->entries[i];

		if (e->event == OV_RUN_END && e->step == step && e->group == group &&
		    e->way == a->way && ov_str_eq(e->host, a->host) &&
		    ov_str_is(e->command, a->digest))
			has = e->is_good;
	}
	return has;
}

bool ov_run_is_open(const struct ov_run_state *s, size_t step, size_t group,
		    const struct ov_run_act *a)
{
	const size_t open = ov_run_unit(s, step, group)->open;

	return open != SIZE_MAX && s->entries[open].way == a->way &&
	       ov_str_eq(s->entries[open].host, a->host) &&
	       ov_str_is(s->entries[open].command, a->digest);
}

static bool is_proved(const struct ov_run_state *s, size_t step, size_t group, size_t *missing)
{
	const struct ov_run_plan *p = s->plan;

	*missing = SIZE_MAX;
	for (size_t i = 0; i < step; i++) {
		if (p->steps[i].kind != OV_RUN_PROBE || !p->steps[i].has_group[group])
			continue;
		if (ov_run_unit(s, i, group)->status == OV_RUN_IS_DONE)
			return true;
		*missing = i;
	}
	return false;
}

const char *ov_run_hindrance(const struct ov_run_state *s, size_t step, size_t group,
			     size_t *missing)
{
	const struct ov_run_step *x = &s->plan->steps[step];

	*missing = SIZE_MAX;
	for (size_t i = 0; i < x->needs.n; i++) {
		const size_t need = ov_run_step_by_id(s->plan, x->needs.v[i]);

		if (need == SIZE_MAX || !s->plan->steps[need].has_group[group] ||
		    ov_run_unit(s, need, group)->status == OV_RUN_IS_DONE)
			continue;
		*missing = need;
		return "it needs a step that is not done";
	}
	if (x->kind == OV_RUN_REMOVE && !is_proved(s, step, group, missing))
		return "nothing has shown yet that what comes after detects: the old product stays";
	return NULL;
}
