/*
 * overt migrate run, undo: a written plan is carried out, step by step and group by group, each
 * after a yes of its own; every start and end is in a journal before anything goes on; the first
 * failure stops it.
 */
#include "migrate_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mig_note.h"
#include "note.h"

/* ---- one step for one group ---- */

static int programs_there(struct run *r, size_t step, size_t group, enum ov_run_way way)
{
	struct ov_run_act *acts;
	char what[300];
	size_t n;

	if (ov_run_acts(&r->plan, step, group, way, &r->arena, &acts, &n) != OV_OK)
		return migrate_tell(r, step, group, "out of memory");
	for (size_t i = 0; i < n; i++) {
		char *path = migrate_program(acts[i].argv[0]);

		if (path == NULL) {
			(void)snprintf(what, sizeof what, "no such program is found: %s",
				       acts[i].argv[0]);
			return migrate_tell(r, step, group, what);
		}
		free(path);
	}
	return COVERED_NONE;
}

static int note_step(struct run *r, enum ov_run_event event, size_t step, size_t group,
		     const char *value, const char *how)
{
	struct ov_run_entry e = {
		.event = event, .step = step, .group = group, .value = ov_str_of(value)
	};

	return migrate_note(r, &e, &(struct run_note){ .how = how }) ? COVERED_NONE : COVERED_ERROR;
}

/* What was done stays done only while the plan still says the same. */
static int check_done(struct run *r, size_t step, size_t group)
{
	const struct ov_run_unit *u = ov_run_unit(&r->state, step, group);
	char hex[65];

	if (ov_run_digest(&r->plan, step, group, &r->arena, hex) != OV_OK)
		return migrate_tell(r, step, group, "out of memory");
	if (ov_str_is(r->state.entries[u->last].value, hex))
		return COVERED_NONE;
	return migrate_tell(r, step, group,
			    "the plan was changed after this was done: put it back, or give what "
			    "is new a step of its own");
}

/* @return COVERED_NONE: yes; COVERED_UNDETERMINED: left out, or nobody said yes. *go: do it. */
static int ask_for(struct run *r, size_t step, size_t group, bool *go)
{
	struct ov_run_act *acts;
	size_t n = 0;
	int code;

	*go = false;
	if (ov_run_acts(&r->plan, step, group, OV_RUN_DO, &r->arena, &acts, &n) != OV_OK ||
	    !migrate_show(r, step, group, OV_RUN_DO))
		return migrate_tell(r, step, group, "out of memory");
	switch (migrate_consent(r, step, group, n > 0 ? "Run this?" : "Did you do this?")) {
	case RUN_YES:
		*go = true;
		code = note_step(r, OV_RUN_CONSENT, step, group, "",
				 migrate_listed(r, &r->s->yes, step, group) ? "--yes"
									    : "on the terminal");
		return code;
	case RUN_SKIP:
		if (ov_run_unit(&r->state, step, group)->status == OV_RUN_PART) {
			(void)migrate_tell(r, step, group,
					   "it was begun, and can't be left out: undo it first");
			return COVERED_UNDETERMINED;
		}
		return note_step(r, OV_RUN_SKIP, step, group, "", NULL);
	case RUN_NOBODY:
		(void)migrate_tell(r, step, group,
				   "nobody said yes to this step for this group: --yes STEP@GROUP");
		return COVERED_UNDETERMINED;
	default:
		(void)migrate_tell(r, step, group, "not done; the run stops here");
		return COVERED_UNDETERMINED;
	}
}

static int hindered(struct run *r, size_t step, size_t group)
{
	size_t missing;
	const char *why = ov_run_hindrance(&r->state, step, group, &missing);
	char what[300];

	if (why == NULL)
		return COVERED_NONE;
	(void)snprintf(what, sizeof what, "%s%s%.*s", why, missing != SIZE_MAX ? ": " : "",
		       missing != SIZE_MAX ? (int)r->plan.steps[missing].id.n : 0,
		       missing != SIZE_MAX ? r->plan.steps[missing].id.p : "");
	return migrate_tell(r, step, group, what);
}

static int do_step(struct run *r, size_t step, size_t group)
{
	bool go = false;
	char hex[65];
	int code = programs_there(r, step, group, OV_RUN_DO);

	if (code == COVERED_NONE)
		code = programs_there(r, step, group, OV_RUN_VERIFY);
	if (code == COVERED_NONE)
		code = ask_for(r, step, group, &go);
	if (code != COVERED_NONE || !go)
		return code;
	code = migrate_acts(r, step, group, OV_RUN_DO);
	if (code == COVERED_NONE)
		code = migrate_acts(r, step, group, OV_RUN_VERIFY);
	if (code != COVERED_NONE)
		return code;
	if (ov_run_digest(&r->plan, step, group, &r->arena, hex) != OV_OK)
		return migrate_tell(r, step, group, "out of memory");
	code = note_step(r, OV_RUN_DONE, step, group, hex, NULL);
	if (code == COVERED_NONE)
		cli_fmt(&r->c->out, "  done: %.*s@%.*s\n", (int)r->plan.steps[step].id.n,
			r->plan.steps[step].id.p, (int)r->plan.groups[group].id.n,
			r->plan.groups[group].id.p);
	return code;
}

static int visit(struct run *r, size_t step, size_t group)
{
	int code = migrate_settle(r, step, group);

	if (code != COVERED_NONE)
		return code;
	switch (ov_run_unit(&r->state, step, group)->status) {
	case OV_RUN_IS_DONE:
		return check_done(r, step, group);
	case OV_RUN_SKIPPED:
		if (!migrate_listed(r, &r->s->yes, step, group))
			return COVERED_NONE;
		break;
	default:
		break;
	}
	code = hindered(r, step, group);
	return code != COVERED_NONE ? code : do_step(r, step, group);
}

/* Steps in order, each for all of its groups before the next one. */
static int walk(struct run *r)
{
	int code = COVERED_NONE;

	for (size_t i = 0; i < r->plan.nsteps && code == COVERED_NONE; i++)
		for (size_t g = 0; g < r->plan.ngroups && code == COVERED_NONE; g++)
			if (r->plan.steps[i].has_group[g] && migrate_has_group(r, g))
				code = visit(r, i, g);
	return code;
}

/* ---- records ---- */

/* A name beside the plan that is free: a record is never written over. */
static char *free_name(struct run *r, const char *word)
{
	char *path = NULL;

	for (int i = 1; i < 100; i++) {
		const int n = i == 1 ? asprintf(&path, "%s.%s.note", r->path, word)
				     : asprintf(&path, "%s.%s-%d.note", r->path, word, i);

		if (n < 0)
			return NULL;
		if (access(path, F_OK) != 0)
			return path;
		free(path);
	}
	return NULL;
}

static int record(struct run *r, const char *word)
{
	struct ov_run_entry e = { .event = OV_RUN_RECORD,
				  .step = SIZE_MAX,
				  .group = SIZE_MAX,
				  .value = ov_str_of(word) };
	struct migrate_settings s = *r->s;
	char *before = NULL, *path = free_name(r, word), *target = NULL;
	int code = COVERED_ERROR;

	if (path != NULL &&
	    asprintf(&target, "%.*s", (int)r->plan.target.n, r->plan.target.p) >= 0 &&
	    (r->state.before.n == 0 ||
	     asprintf(&before, "%.*s", (int)r->state.before.n, r->state.before.p) >= 0)) {
		s.output = path;
		s.before = before;
		code = migrate_record(r->c, &s, target);
		e.file = ov_str_of(path);
		if (code == COVERED_NONE && !migrate_note(r, &e, NULL))
			code = COVERED_ERROR;
		if (code == COVERED_NONE)
			cli_fmt(&r->c->out, "record of %s: %s\n", word, path);
	}
	free(path);
	free(before);
	free(target);
	return code;
}

/* What the record of after says: counts, as `verify` weighs them. */
static int weigh(struct run *r)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(OV_NOTE_MAX + 4096);
	struct ov_mig_record x = { .found = 0 };
	char *path = strndup(r->state.after.p, r->state.after.n);
	struct ov_note n;
	bool ok;

	ok = path != NULL && migrate_read(r->c, path, OV_NOTE_MAX, &b) &&
	     ov_note_parse(ov_buf_text(&b), &r->arena, &n) == OV_OK &&
	     ov_mig_read(n.text, &x) == OV_OK;
	free(path);
	if (!ok)
		return COVERED_ERROR;
	cli_fmt(&r->c->out,
		"after the move: %llu found, %llu undetermined, %llu not read\n"
		"overt migrate verify --verifier VKEY %.*s %.*s\n",
		(unsigned long long)x.found, (unsigned long long)x.undetermined,
		(unsigned long long)x.unread, (int)r->state.before.n, r->state.before.p,
		(int)r->state.after.n, r->state.after.p);
	return x.found + x.undetermined + x.unread == 0 ? COVERED_NONE : COVERED_UNDETERMINED;
}

static int finish(struct run *r)
{
	int code;

	if (!migrate_is_all_done(r)) {
		cli_put(&r->c->out, "done for these groups; the plan has others\n");
		return COVERED_UNDETERMINED;
	}
	if (r->state.after.n == 0) {
		code = record(r, "after");
		if (code != COVERED_NONE)
			return code;
	}
	return weigh(r);
}

/* ---- the command ---- */

static int after_failure(struct run *r)
{
	cli_put(&r->c->out, "\nThe run stopped at the first failure; what was done before it "
			    "stays as it is.\n");
	if (migrate_ask(r, "Undo what was done, step by step, the newest first?", "yes no") ==
	    RUN_YES)
		(void)migrate_undo_all(r);
	else
		cli_fmt(&r->c->out, "mend it and run the plan again, or: overt migrate undo %s\n",
			r->path);
	return COVERED_FOUND;
}

static int run(struct run *r)
{
	int code = COVERED_NONE;

	if (r->s->key == NULL && r->state.after.n == 0) {
		(void)cli_fail(r->c, "overt migrate", "run needs --key FILE",
			       "it signs a record before the first step and after the last one; "
			       "overt publish key NAME -o FILE makes a key");
		return COVERED_ERROR;
	}
	if (r->state.before.n == 0)
		code = record(r, "before");
	if (code == COVERED_NONE)
		code = walk(r);
	if (code == COVERED_FOUND)
		return after_failure(r);
	return code == COVERED_NONE ? finish(r) : code;
}

int migrate_run(struct cli *c, const struct migrate_settings *s, const char *plan)
{
	struct run r = { .c = c, .s = s, .path = plan };
	int code = COVERED_ERROR;

	if (migrate_run_open(&r, s->dry))
		code = s->dry ? migrate_dry(&r) : run(&r);
	migrate_run_close(&r);
	return code;
}
