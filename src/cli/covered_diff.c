/* overt covered diff: what is new, gone or judged otherwise between two days, two machines, or
 * before and after a move. Both sides are judged by the same list. */
#include "covered_diff.h"

#include <stddef.h>

#include "covered_lists.h"
#include "inventory_out.h"

/* docs/COVERED.md: its own codes. */
enum { DIFF_SAME = 0, DIFF_DIFFERS = 1, DIFF_UNKNOWN = 2, DIFF_ERROR = 3 };

static const char *const forms[] = { "text", "json", NULL };
enum { FORM_TEXT, FORM_JSON };

struct diff_settings {
	const char *profile;
	struct cli_list at, lists;
	bool only_lists, one_fs;
	int format;
};

#define AT(member) offsetof(struct diff_settings, member)

static const struct cli_option options[] = {
	{ "profile", 0, CLI_TEXT, AT(profile), "WHO", "only the rules that bind this reader", NULL,
	  0, 0 },
	{ "at", 0, CLI_LIST, AT(at), "DATE",
	  "as of this day, else today; given twice: the first for\nOLD, the second for NEW", NULL,
	  0, 0 },
	{ "list", 0, CLI_LIST, AT(lists), "FILE", "a list of your own, beside the built-in one",
	  NULL, 0, 0 },
	{ "only-lists", 0, CLI_FLAG, AT(only_lists), NULL, "without the built-in list", NULL, 0,
	  0 },
	{ "one-file-system", 'x', CLI_FLAG, AT(one_fs), NULL, "stay on a root's file system", NULL,
	  0, 0 },
	{ "format", 0, CLI_CHOICE, AT(format), "FORM", "text or json", forms, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_covered_diff_spec = {
	.command = "overt covered diff",
	.usage = "[OPTION]... OLD NEW\n--at DATE --at DATE [OPTION]... TARGET",
	.intro =
	    "Says what is new, what is gone and what is judged otherwise. OLD and NEW are what "
	    "overt\ncovered takes, or reports that overt inventory --json or overt covered "
	    "--format json made,\non this machine or another; a report is judged anew, by the list "
	    "at hand.",
	.after = "Exit status: 0 nothing differs; 1 something does; 2 nothing differs, but not all "
		 "could\nbe read or told apart; 3 an error.\nManual: man overt-covered",
	.options = options,
};

struct side {
	const char *target;
	int64_t at;
	struct inventory_what what;
	struct inventory_taken *taken;
	const struct ov_inventory *inventory;
	struct ov_cov_result result;
};

struct diff {
	struct cli *c;
	const struct diff_settings *s;
	struct covered_lists lists;
	struct ov_arena arena;
	struct side side[2]; /* old, new */
	struct ov_cov_diff d;
};

static const struct {
	unsigned bit;
	const char *name;
} whats[] = {
	{ OV_COV_DIFF_GRADE, "grade" },	    { OV_COV_DIFF_CLASS, "class" },
	{ OV_COV_DIFF_STATE, "state" },	    { OV_COV_DIFF_VERSION, "version" },
	{ OV_COV_DIFF_UPDATES, "updates" }, { OV_COV_DIFF_RULES, "rules" },
};
#define WHATS (sizeof whats / sizeof *whats)

/* ---- rules that say something else ---- */

/* The verdicts of one rule on both sides; false when they are alike. */
static bool differs(const struct ov_cov_difference *d, const struct ov_cov_rule *rule,
		    const struct ov_cov_verdict *v[2])
{
	v[0] = ov_cov_says(d->before, rule);
	v[1] = ov_cov_says(d->after, rule);
	if (v[0] == NULL || v[1] == NULL)
		return v[0] != v[1];
	return v[0]->answer != v[1]->answer || v[0]->since != v[1]->since;
}

/* ---- text ---- */

static void brief(struct cli_out *out, const struct ov_cov_finding *f)
{
	cli_fmt(out, "E%u, class %s, %s", (unsigned)f->grade, ov_cov_class_name(f->class_),
		f->state);
	if (f->component->version.n > 0) {
		cli_put(out, ", version ");
		cli_shown(out, f->component->version);
	}
	if (f->still == OV_COV_STILL_YES)
		cli_put(out, ", updates after they were prohibited");
}

static void day(struct cli_out *out, int64_t at)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);

	if (ov_inv_iso(&b, at) == OV_OK && b.n >= 10)
		cli_fmt(out, "%.10s", (const char *)b.p);
}

static void said(struct cli_out *out, const struct ov_cov_verdict *v)
{
	static const char *const words[] = { "not said", "prohibited", "not prohibited", "ask" };

	if (v == NULL) {
		cli_put(out, "no such rule");
	} else if (v->since == NULL) {
		cli_put(out, "not in force");
	} else {
		cli_fmt(out, "%s since ", words[v->answer]);
		day(out, v->since->at);
		cli_put(out, " (");
		cli_shown(out, v->since->what);
		cli_put(out, ")");
	}
}

static void text_rules(struct diff *x, const struct ov_cov_difference *d)
{
	struct cli_out *out = &x->c->out;

	for (size_t i = 0; i < x->lists.list.nrules; i++) {
		const struct ov_cov_verdict *v[2];

		if (!differs(d, &x->lists.list.rules[i], v))
			continue;
		cli_put(out, "    ");
		cli_shown(out, x->lists.list.rules[i].name);
		cli_put(out, ": was ");
		said(out, v[0]);
		cli_put(out, ", is ");
		said(out, v[1]);
		cli_put(out, "\n");
	}
}

static void text_one(struct diff *x, const struct ov_cov_difference *d)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);
	const struct ov_cov_finding *f = d->after != NULL ? d->after : d->before;
	struct cli_out *out = &x->c->out;

	cli_put(out, "  ");
	cli_style(out, d->change == OV_COV_GONE	 ? CLI_GREEN
		       : d->change == OV_COV_NEW ? CLI_RED
						 : CLI_YELLOW);
	cli_fmt(out, "%-7s  ", ov_cov_change_name(d->change));
	cli_style(out, CLI_PLAIN);
	cli_shown(out, f->product->name);
	cli_put(out, "\n    ");
	cli_shown(out, inventory_chain(&b, f->component->path, f->component->npath));
	if (d->before != NULL) {
		cli_put(out, "\n    was ");
		brief(out, d->before);
	}
	if (d->after != NULL) {
		cli_put(out, "\n    is  ");
		brief(out, d->after);
	}
	cli_put(out, "\n");
	if (d->change == OV_COV_CHANGED)
		text_rules(x, d);
}

static void text(struct diff *x)
{
	struct cli_out *out = &x->c->out;

	for (int i = 0; i < 2; i++) {
		const struct side *s = &x->side[i];

		cli_put(out, i == 0 ? "  old  " : "  new  ");
		cli_shown(out, s->inventory->target);
		cli_put(out, ", as of ");
		day(out, s->at);
		cli_fmt(out, ": %zu found, %zu undetermined, %u not read\n", s->result.nfound,
			s->result.nundetermined, s->inventory->nunread);
	}
	cli_put(out, "\n");
	for (size_t i = 0; i < x->d.n; i++)
		text_one(x, &x->d.d[i]);
	cli_fmt(out, "%s  %zu differ, %zu are the same. Not legal advice.\n",
		x->d.n > 0 ? "\n" : "", x->d.n, x->d.same);
}

/* ---- JSON ---- */

static void json_finding(struct cli_out *out, const char *name, const struct ov_cov_finding *f)
{
	static const char *const still[] = { "null", "true", "false" };

	cli_fmt(out, ",\"%s\":", name);
	if (f == NULL) {
		cli_put(out, "null");
		return;
	}
	cli_fmt(out, "{\"class\":\"%s\",\"grade\":\"E%u\",\"state\":\"%s\",\"still\":%s",
		ov_cov_class_name(f->class_), (unsigned)f->grade, f->state, still[f->still]);
	inventory_field(out, "version", f->component->version);
	cli_put(out, ",\"path\":[");
	for (uint32_t i = 0; i < f->component->npath; i++) {
		cli_put(out, i > 0 ? "," : "");
		inventory_string(out, f->component->path[i]);
	}
	cli_put(out, "]}");
}

static void json_verdict(struct cli_out *out, const char *name, const struct ov_cov_verdict *v)
{
	static const char *const answers[] = { "\"ask\"", "true", "false", "\"ask\"" };

	cli_fmt(out, ",\"%s\":", name);
	if (v == NULL) {
		cli_put(out, "null");
		return;
	}
	cli_fmt(out, "{\"prohibited\":%s,\"from\":", answers[v->answer]);
	inventory_date(out, v->since != NULL ? v->since->at : OV_INV_NO_DATE);
	cli_put(out, "}");
}

static void json_one(struct diff *x, const struct ov_cov_difference *d)
{
	const struct ov_cov_finding *f = d->after != NULL ? d->after : d->before;
	struct cli_out *out = &x->c->out;
	bool has = false;

	cli_fmt(out, "{\"change\":\"%s\",\"entity\":", ov_cov_change_name(d->change));
	inventory_string(out, f->product->entity);
	inventory_field(out, "product", f->product->name);
	inventory_field(out, "name", f->component->name);
	cli_put(out, ",\"what\":[");
	for (size_t i = 0; i < WHATS; i++) {
		if ((d->what & whats[i].bit) == 0)
			continue;
		cli_fmt(out, "%s\"%s\"", has ? "," : "", whats[i].name);
		has = true;
	}
	cli_put(out, "]");
	json_finding(out, "before", d->before);
	json_finding(out, "after", d->after);
	cli_put(out, ",\"rules\":[");
	has = false;
	for (size_t i = 0; d->change == OV_COV_CHANGED && i < x->lists.list.nrules; i++) {
		const struct ov_cov_verdict *v[2];

		if (!differs(d, &x->lists.list.rules[i], v))
			continue;
		cli_put(out, has ? ",{\"id\":" : "{\"id\":");
		inventory_string(out, x->lists.list.rules[i].id);
		json_verdict(out, "before", v[0]);
		json_verdict(out, "after", v[1]);
		cli_put(out, "}");
		has = true;
	}
	cli_put(out, "]}");
}

static void json(struct diff *x)
{
	struct cli_out *out = &x->c->out;

	cli_put(out, "{\"profile\":");
	inventory_string(out, ov_str_of(x->s->profile));
	for (int i = 0; i < 2; i++) {
		const struct side *s = &x->side[i];

		cli_put(out, i == 0 ? ",\"old\":{\"target\":" : ",\"new\":{\"target\":");
		inventory_string(out, s->inventory->target);
		cli_put(out, ",\"at\":");
		inventory_date(out, s->at);
		cli_fmt(out, ",\"found\":%zu,\"undetermined\":%zu,\"unread\":%u}", s->result.nfound,
			s->result.nundetermined, s->inventory->nunread);
	}
	cli_fmt(out, ",\"same\":%zu,\"differences\":[", x->d.same);
	for (size_t i = 0; i < x->d.n; i++) {
		cli_put(out, i > 0 ? ",\n" : "\n");
		json_one(x, &x->d.d[i]);
	}
	cli_put(out, "]}\n");
}

/* ---- the run ---- */

static int take(struct diff *x, struct side *s)
{
	int code;

	s->what = (struct inventory_what){ .root = s->target, .one_fs = x->s->one_fs };
	code = covered_lists_take(&x->lists, &s->what, &s->taken, &s->inventory);
	if (code != COVERED_NONE)
		return code;
	if (ov_cov_judge(&x->lists.list, s->inventory, ov_str_of(x->s->profile), s->at, &x->arena,
			 &s->result) == OV_OK)
		return COVERED_NONE;
	(void)cli_fail(x->c, "overt covered diff", "out of memory", NULL);
	return COVERED_ERROR;
}

static int compare(struct diff *x)
{
	struct ov_cov_side side[2];

	if (!covered_lists_open(&x->lists, x->c, "overt covered diff", &x->s->lists,
				x->s->only_lists) ||
	    !covered_lists_profile(&x->lists, x->s->profile))
		return DIFF_ERROR;
	for (int i = 0; i < 2; i++) {
		if (take(x, &x->side[i]) != COVERED_NONE)
			return DIFF_ERROR;
		side[i] = (struct ov_cov_side){ x->side[i].inventory, &x->side[i].result };
	}
	if (ov_cov_compare(&side[0], &side[1], &x->arena, &x->d) != OV_OK)
		return cli_fail(x->c, "overt covered diff", "out of memory", NULL), (int)DIFF_ERROR;
	if (x->s->format == FORM_JSON)
		json(x);
	else
		text(x);
	if (x->d.n > 0)
		return DIFF_DIFFERS;
	for (int i = 0; i < 2; i++)
		if (x->side[i].result.nundetermined > 0 || x->side[i].inventory->nunread > 0)
			return DIFF_UNKNOWN;
	return DIFF_SAME;
}

/* One target is for both days; one day is for both targets. */
static bool settle(struct diff *x, const struct cli_list *targets)
{
	const struct cli_list *at = &x->s->at;

	if (at->n > 2 || targets->n < 1 || targets->n > 2 || (targets->n == 1 && at->n < 2)) {
		(void)cli_usage(x->c, &cli_covered_diff_spec,
				"two targets, or one target and --at twice");
		return false;
	}
	for (size_t i = 0; i < 2; i++) {
		x->side[i].target = targets->v[i < targets->n ? i : 0];
		if (!covered_day(x->c, "overt covered diff",
				 at->n == 0 ? NULL : at->v[i < at->n ? i : 0], &x->side[i].at))
			return false;
	}
	return true;
}

int cli_covered_diff(struct cli *c, int argc, char *const *argv)
{
	struct diff_settings s = { .profile = "" };
	struct cli_list targets = { 0 };
	struct diff x = { .c = c, .s = &s };
	int code = cli_begin(c, &cli_covered_diff_spec, argc, argv, &s, &targets);

	if (code == CLI_FAILED)
		code = DIFF_ERROR;
	if (code < 0) {
		ov_arena_init(&x.arena, (size_t)512 << 20);
		code = settle(&x, &targets) ? compare(&x) : DIFF_ERROR;
		for (int i = 0; i < 2; i++)
			inventory_drop(&x.side[i].taken);
		ov_arena_free(&x.arena);
		covered_lists_close(&x.lists);
	}
	cli_list_free(&s.at);
	cli_list_free(&s.lists);
	cli_list_free(&targets);
	return code;
}
