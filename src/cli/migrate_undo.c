/* overt migrate undo: what a run did, taken back step by step, the newest first. */
#include "migrate_run.h"

static int note(struct run *r, enum ov_run_event event, size_t step, size_t group, const char *how)
{
	struct ov_run_entry e = { .event = event, .step = step, .group = group };

	return migrate_note(r, &e, &(struct run_note){ .how = how }) ? COVERED_NONE : COVERED_ERROR;
}

/* The step and group that changed last, older than `before`. */
static bool newest(const struct run *r, size_t before, size_t *step, size_t *group, size_t *at)
{
	bool has = false;

	for (size_t i = 0; i < r->plan.nsteps; i++)
		for (size_t g = 0; g < r->plan.ngroups; g++) {
			const struct ov_run_unit *u = ov_run_unit(&r->state, i, g);

			if ((u->status != OV_RUN_IS_DONE && u->status != OV_RUN_PART) ||
			    u->last >= before || (has && u->last < *at) || !migrate_has_group(r, g))
				continue;
			has = true;
			*step = i;
			*group = g;
			*at = u->last;
		}
	return has;
}

static int take_back(struct run *r, size_t step, size_t group, size_t nacts)
{
	int code = note(r, OV_RUN_CONSENT, step, group,
			migrate_listed(r, &r->s->yes, step, group) ? "--yes, to undo"
								   : "on the terminal, to undo");

	if (code == COVERED_NONE)
		code = migrate_acts(r, step, group, OV_RUN_UNDO);
	if (code == COVERED_NONE)
		code = note(r, OV_RUN_UNDONE, step, group, nacts > 0 ? NULL : "by hand");
	if (code == COVERED_NONE)
		cli_fmt(&r->c->out, "  undone: %.*s@%.*s\n", (int)r->plan.steps[step].id.n,
			r->plan.steps[step].id.p, (int)r->plan.groups[group].id.n,
			r->plan.groups[group].id.p);
	return code;
}

static int undo_one(struct run *r, size_t step, size_t group)
{
	const struct ov_run_step *s = &r->plan.steps[step];
	const char *question = "Undo this?";
	struct ov_run_act *acts;
	enum run_answer answer;
	size_t n = 0;
	int code = migrate_settle(r, step, group);

	if (code != COVERED_NONE)
		return code;
	if (ov_run_acts(&r->plan, step, group, OV_RUN_UNDO, &r->arena, &acts, &n) != OV_OK ||
	    !migrate_show(r, step, group, OV_RUN_UNDO))
		return migrate_tell(r, step, group, "out of memory");
	if (n == 0)
		question = s->no_undo.n > 0 ? "It can't be undone. Is that taken into account?"
					    : "Did you undo this?";
	answer = migrate_consent(r, step, group, question);
	if (answer == RUN_YES && (n > 0 || s->no_undo.n == 0))
		return take_back(r, step, group, n);
	if (answer == RUN_YES || answer == RUN_SKIP) {
		cli_put(&r->c->out, "  it stays as it is\n");
		return COVERED_NONE;
	}
	(void)migrate_tell(
	    r, step, group,
	    answer == RUN_NOBODY
		? "nobody said yes to undo this step for this group: --yes STEP@GROUP, "
		  "or --skip STEP@GROUP leaves it as it is"
		: "not undone; it stops here");
	return COVERED_UNDETERMINED;
}

int migrate_undo_all(struct run *r)
{
	size_t before = SIZE_MAX, step = 0, group = 0, at = 0;
	int code = COVERED_NONE;

	while (code == COVERED_NONE && newest(r, before, &step, &group, &at)) {
		before = at;
		code = undo_one(r, step, group);
	}
	return code;
}

int migrate_undo(struct cli *c, const struct migrate_settings *s, const char *plan)
{
	struct run r = { .c = c, .s = s, .path = plan };
	int code = COVERED_ERROR;

	if (migrate_run_open(&r, false)) {
		code = migrate_undo_all(&r);
		if (code == COVERED_NONE)
			cli_put(&c->out, "nothing more to undo\n");
	}
	migrate_run_close(&r);
	return code;
}
