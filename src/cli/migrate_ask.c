/* What a person sees and says before a step runs for a group. */
#include "migrate_run.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "text.h"

int migrate_tell(struct run *r, size_t step, size_t group, const char *what)
{
	char place[300];

	(void)snprintf(place, sizeof place, "%.*s@%.*s", (int)r->plan.steps[step].id.n,
		       r->plan.steps[step].id.p, (int)r->plan.groups[group].id.n,
		       r->plan.groups[group].id.p);
	cli_flush(&r->c->out); /* in the order in which it happened */
	(void)cli_fail(r->c, "overt migrate", place, what);
	cli_flush(&r->c->err);
	return COVERED_ERROR;
}

bool migrate_has_group(const struct run *r, size_t group)
{
	for (size_t i = 0; i < r->s->groups.n; i++)
		if (ov_str_is(r->plan.groups[group].id, r->s->groups.v[i]))
			return true;
	return r->s->groups.n == 0;
}

/* ---- lists ---- */

static bool names(const struct run *r, const char *word, size_t step, size_t group)
{
	struct ov_str rest = ov_str_of(word), head;

	return ov_text_split(&rest, '@', &head) && rest.p != NULL &&
	       ov_str_eq(head, r->plan.steps[step].id) && ov_str_eq(rest, r->plan.groups[group].id);
}

bool migrate_listed(const struct run *r, const struct cli_list *l, size_t step, size_t group)
{
	for (size_t i = 0; i < l->n; i++)
		if (names(r, l->v[i], step, group))
			return true;
	return false;
}

static bool is_of_plan(const struct run *r, const char *word)
{
	for (size_t i = 0; i < r->plan.nsteps; i++)
		for (size_t g = 0; g < r->plan.ngroups; g++)
			if (r->plan.steps[i].has_group[g] && names(r, word, i, g))
				return true;
	return false;
}

bool migrate_check_lists(struct run *r)
{
	const struct cli_list *const lists[] = { &r->s->yes, &r->s->skip, &r->s->again,
						 &r->s->ended };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (size_t k = 0; k < lists[i]->n; k++)
			if (!is_of_plan(r, lists[i]->v[k])) {
				(void)cli_fail(r->c, "overt migrate", lists[i]->v[k],
					       "names no step and group of the plan, as "
					       "STEP@GROUP; nothing stands for all of them");
				return false;
			}
	for (size_t i = 0; i < r->s->groups.n; i++)
		if (ov_run_group_by_id(&r->plan, ov_str_of(r->s->groups.v[i])) == SIZE_MAX) {
			(void)cli_fail(r->c, "overt migrate", r->s->groups.v[i],
				       "the plan has no such group");
			return false;
		}
	return true;
}

/* ---- showing ---- */

static void texts(struct cli_out *out, const char *word, const struct ov_cov_texts *t)
{
	for (size_t i = 0; i < t->n; i++) {
		cli_fmt(out, "  %-9s ", word);
		cli_shown(out, t->v[i]);
		cli_put(out, "\n");
	}
}

static bool commands(struct run *r, size_t step, size_t group, enum ov_run_way way,
		     const char *word)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);
	struct cli_out *out = &r->c->out;
	struct ov_run_act *acts;
	size_t n;

	if (ov_run_acts(&r->plan, step, group, way, &r->arena, &acts, &n) != OV_OK)
		return false;
	for (size_t i = 0; i < n; i++) {
		b.n = 0;
		if (ov_run_line(&b, acts[i].argv) != OV_OK)
			return false;
		cli_fmt(out, "  %-9s ", word);
		cli_shown(out, ov_buf_text(&b));
		cli_put(out, ov_run_has_ended(&r->state, step, group, &acts[i])
				 ? "   (ended well already)\n"
				 : "\n");
	}
	return true;
}

bool migrate_show(struct run *r, size_t step, size_t group, enum ov_run_way way)
{
	const struct ov_run_step *s = &r->plan.steps[step];
	const struct ov_run_group *g = &r->plan.groups[group];
	struct cli_out *out = &r->c->out;
	bool ok;

	cli_fmt(out, "\nstep %zu of %zu: ", step + 1, r->plan.nsteps);
	cli_style(out, CLI_BOLD);
	cli_shown(out, s->name);
	cli_style(out, CLI_PLAIN);
	cli_fmt(out, "  (%.*s@%.*s, %zu host%s)\n", (int)s->id.n, s->id.p, (int)g->id.n, g->id.p,
		g->hosts.n, cli_s(g->hosts.n));
	if (way == OV_RUN_UNDO) {
		ok = commands(r, step, group, OV_RUN_UNDO, "undoes");
	} else {
		texts(out, "by hand", &s->by_hand);
		ok = commands(r, step, group, OV_RUN_DO, "runs") &&
		     commands(r, step, group, OV_RUN_VERIFY, "then sees");
		texts(out, "check", &s->checks);
		ok = ok && commands(r, step, group, OV_RUN_UNDO, "undo");
	}
	texts(out, "undo",
	      &(struct ov_cov_texts){ .v = (struct ov_str *)&s->undo_by_hand,
				      .n = s->undo_by_hand.n > 0 });
	texts(out, "no undo",
	      &(struct ov_cov_texts){ .v = (struct ov_str *)&s->no_undo, .n = s->no_undo.n > 0 });
	return ok;
}

/* ---- asking ---- */

static bool has_word(const char *words, const char *word)
{
	struct ov_str rest = ov_str_of(words), head;

	while (ov_text_split(&rest, ' ', &head))
		if (ov_str_is(head, word))
			return true;
	return false;
}

enum run_answer migrate_ask(struct run *r, const char *question, const char *words)
{
	static const char *const names_[] = { "no", "yes", "skip", "again", "done" };
	char line[64];

	if (!r->has_terminal)
		return RUN_NOBODY;
	for (int tries = 0; tries < 3; tries++) {
		/* What was typed or pasted before the question is no answer to it. */
		(void)tcflush(STDIN_FILENO, TCIFLUSH);
		cli_fmt(&r->c->out, "%s Type one of: %s > ", question, words);
		cli_flush(&r->c->out);
		cli_flush(&r->c->err);
		if (fgets(line, sizeof line, stdin) == NULL)
			break;
		line[strcspn(line, "\r\n")] = '\0';
		for (int i = 0; i < 5; i++)
			if (strcmp(line, names_[i]) == 0 && has_word(words, line))
				return (enum run_answer)i;
		cli_put(&r->c->out, "Only a whole word counts. ");
	}
	return RUN_NO;
}

enum run_answer migrate_consent(struct run *r, size_t step, size_t group, const char *question)
{
	if (migrate_listed(r, &r->s->skip, step, group))
		return RUN_SKIP;
	if (migrate_listed(r, &r->s->yes, step, group))
		return RUN_YES;
	return migrate_ask(r, question, "yes skip no");
}
