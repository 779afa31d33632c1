/* Running what stands in a plan for one step and group, with each start and end in the journal. */
#include "migrate_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* JOURNAL.out/000012: the output of the command whose start is entry 12. */
static char *output_path(struct run *r)
{
	char *folder = NULL, *path = NULL;
	struct stat s;
	bool ok;

	if (asprintf(&folder, "%s.out", r->journal) < 0)
		return NULL;
	ok = (mkdir(folder, 0700) == 0 || errno == EEXIST) && lstat(folder, &s) == 0;
	if (!ok)
		(void)cli_fail(r->c, "overt migrate", folder, strerror(errno));
	ok = ok && migrate_is_ours(r, folder, &s, "others can write there");
	if (ok && asprintf(&path, "%s/%06zu", folder, r->state.n) < 0)
		path = NULL;
	free(folder);
	return path;
}

static void show_line(struct run *r, const struct ov_run_act *a)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);

	if (ov_run_line(&b, a->argv) != OV_OK)
		return;
	cli_put(&r->c->out, "  $ ");
	cli_shown(&r->c->out, ov_buf_text(&b));
	cli_put(&r->c->out, "\n");
	cli_flush(&r->c->out);
}

static struct ov_run_entry entry(enum ov_run_event event, size_t step, size_t group,
				 const struct ov_run_act *a)
{
	return (struct ov_run_entry){ .event = event,
				      .step = step,
				      .group = group,
				      .host = a->host,
				      .way = a->way,
				      .command = ov_str_of(a->digest) };
}

static bool end(struct run *r, size_t step, size_t group, const struct ov_run_act *a,
		const struct run_ended *x, const char *how)
{
	struct ov_run_entry e = entry(OV_RUN_END, step, group, a);
	const struct run_note n = { .exit = x->exit,
				    .signal = x->signal,
				    .is_timeout = x->is_timeout,
				    .output = x->output[0] != '\0' ? x->output : NULL,
				    .bytes = x->bytes,
				    .ms = x->ms,
				    .how = how };

	e.is_good = x->exit == 0 && !x->is_timeout;
	return migrate_note(r, &e, &n);
}

static void say_failed(struct run *r, size_t step, size_t group, const struct run_ended *x,
		       const char *path)
{
	char what[400];

	if (x->is_timeout)
		(void)snprintf(what, sizeof what, "it took longer than its timeout; output: %s",
			       path);
	else if (x->signal != 0)
		(void)snprintf(what, sizeof what, "ended by signal %d; output: %s", x->signal,
			       path);
	else
		(void)snprintf(what, sizeof what, "exit code %d; output: %s", x->exit, path);
	(void)migrate_tell(r, step, group, what);
}

static int act(struct run *r, size_t step, size_t group, const struct ov_run_act *a)
{
	struct ov_run_entry e = entry(OV_RUN_BEGIN, step, group, a);
	const struct run_note n = { .argv = a->argv };
	char *path = output_path(r);
	struct run_ended x;
	int code = COVERED_ERROR;

	if (path == NULL)
		return code;
	show_line(r, a);
	if (migrate_note(r, &e, &n)) {
		const bool ok =
		    migrate_exec(r->c, a->argv, r->plan.steps[step].timeout_s, path, &x);

		if (end(r, step, group, a, &x, ok ? NULL : "could not be started or followed"))
			code = x.exit == 0 && ok && !x.is_timeout ? COVERED_NONE : COVERED_FOUND;
		if (ok && code == COVERED_FOUND)
			say_failed(r, step, group, &x, path);
	}
	free(path);
	return code;
}

int migrate_acts(struct run *r, size_t step, size_t group, enum ov_run_way way)
{
	struct ov_run_entry failed = { .event = OV_RUN_FAILED, .step = step, .group = group };
	struct ov_run_act *acts;
	int code = COVERED_NONE;
	size_t n;

	if (ov_run_acts(&r->plan, step, group, way, &r->arena, &acts, &n) != OV_OK)
		return migrate_tell(r, step, group, "out of memory");
	for (size_t i = 0; i < n && code == COVERED_NONE; i++)
		/* What is seen is looked at anew each time: it speaks of now. */
		if (way == OV_RUN_VERIFY || !ov_run_has_ended(&r->state, step, group, &acts[i]))
			code = act(r, step, group, &acts[i]);
	if (code == COVERED_FOUND && !migrate_note(r, &failed, NULL))
		code = COVERED_ERROR;
	return code;
}

/* ---- a command whose end nobody wrote down ---- */

static const struct ov_run_act *open_act(struct run *r, size_t step, size_t group)
{
	for (unsigned w = 0; w < OV_RUN_WAYS; w++) {
		struct ov_run_act *acts;
		size_t n;

		if (ov_run_acts(&r->plan, step, group, (enum ov_run_way)w, &r->arena, &acts, &n) !=
		    OV_OK)
			return NULL;
		for (size_t i = 0; i < n; i++)
			if (ov_run_is_open(&r->state, step, group, &acts[i]))
				return &acts[i];
	}
	return NULL;
}

/* The plan was changed since: all that is known is the entry. */
static struct ov_run_act from_entry(const struct ov_run_entry *e)
{
	struct ov_run_act a = { .way = e->way, .host = e->host };

	if (e->command.n < sizeof a.digest)
		memcpy(a.digest, e->command.p, e->command.n);
	return a;
}

int migrate_settle(struct run *r, size_t step, size_t group)
{
	const size_t open = ov_run_unit(&r->state, step, group)->open;
	struct run_ended x = { .exit = -1 };
	const struct ov_run_act *a;
	struct ov_run_act lost;
	enum run_answer answer;

	if (open == SIZE_MAX)
		return COVERED_NONE;
	a = open_act(r, step, group);
	lost = from_entry(&r->state.entries[open]);
	(void)migrate_tell(r, step, group,
			   "a command was begun, and how it ended was never written down:");
	if (a != NULL)
		show_line(r, a);
	cli_fmt(&r->c->out, "  begun %.*s, to %s\n", (int)r->state.entries[open].at.n,
		r->state.entries[open].at.p, ov_run_way_names[lost.way]);
	answer = migrate_listed(r, &r->s->again, step, group) ? RUN_AGAIN
		 : migrate_listed(r, &r->s->ended, step, group)
		     ? RUN_DONE
		     : migrate_ask(r, "Look there first: did it do its work?", "done again no");
	if (answer == RUN_DONE)
		x.exit = 0;
	if (answer == RUN_DONE || answer == RUN_AGAIN)
		return end(r, step, group, a != NULL ? a : &lost, &x,
			   answer == RUN_DONE ? "somebody looked: done" : "to be run again")
			   ? COVERED_NONE
			   : COVERED_ERROR;
	(void)migrate_tell(r, step, group,
			   "say what became of it: --ended STEP@GROUP, it did its work; --again "
			   "STEP@GROUP, run it again");
	return COVERED_UNDETERMINED;
}
