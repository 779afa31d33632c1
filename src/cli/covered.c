/* overt covered: software of covered entities, found by evidence and judged by the rule that binds
 * the reader. The inventory is taken by a jailed worker; the judge sees only records. */
#include <stddef.h>
#include <string.h>

#include "covered_lists.h"
#include "covered_out.h"

static const char *const forms[] = { "text", "json", "html", "oscal", "sarif", "cyclonedx", NULL };
static void (*const writers[])(struct cli_out *out, const struct covered_report *r) = {
	covered_text, covered_json, covered_html, covered_oscal, covered_sarif, covered_cyclonedx
};
#define FORM_DOCUMENTS 3 /* from here on a document holds one target */

struct covered_settings {
	const char *profile, *at;
	struct cli_list lists;
	bool only_lists, one_fs;
	int format;
};

#define AT(member) offsetof(struct covered_settings, member)

static const struct cli_option options[] = {
	{ "Who asks", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "profile", 0, CLI_TEXT, AT(profile), "WHO",
	  "only the rules that bind us-person, us-agency,\nus-contractor, us-carrier, us-maker, "
	  "au-gov, ca-gov,\nuk-gov, de-org, eu-org, it-gov or nl-gov",
	  NULL, 0, 0 },
	{ "at", 0, CLI_TEXT, AT(at), "DATE", "as of this day (2024-09-29), else today", NULL, 0,
	  0 },
	{ "What is covered", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "list", 0, CLI_LIST, AT(lists), "FILE", "a list of your own, beside the built-in one",
	  NULL, 0, 0 },
	{ "only-lists", 0, CLI_FLAG, AT(only_lists), NULL, "without the built-in list", NULL, 0,
	  0 },
	{ "one-file-system", 'x', CLI_FLAG, AT(one_fs), NULL, "stay on a root's file system", NULL,
	  0, 0 },
	{ "Report", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "format", 0, CLI_CHOICE, AT(format), "FORM",
	  "text, json, html, oscal, sarif or cyclonedx", forms, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_covered_spec = {
	.command = "overt covered",
	.usage = "[OPTION]... [TARGET]...\ndiff [OPTION]... OLD [NEW]",
	.intro =
	    "Finds software that a prohibition names, engines inside other products included, and\n"
	    "says what is prohibited, for whom, since when, whether updates still arrive, and what "
	    "to\ndo next. A TARGET is the root of a system, an image, a file or an SBOM; without "
	    "one it is\nthis machine. Not legal advice.",
	.after = "Exit status: 0 nothing at grade E3 or above; 1 found; 2 nothing found, but "
		 "privileged\n"
		 "programs of whom nobody can tell whose they are; 3 an error.\nManual: man "
		 "overt-covered",
	.options = options,
};

struct covered {
	struct cli *c;
	const struct covered_settings *s;
	struct covered_lists lists;
	int64_t at;
};

/* A file that was named itself and could not be read to its end: nothing can be said of it. */
static bool is_target_unread(const struct ov_inventory *inv)
{
	for (uint32_t i = 0; i < inv->nunread; i++)
		if (inv->files == 1 && inv->unread[i].npath == 1)
			return true;
	return false;
}

static int judge(struct covered *x, const struct ov_inventory *inv)
{
	struct covered_report r = { .list = &x->lists.list,
				    .inventory = inv,
				    .profile = ov_str_of(x->s->profile),
				    .at = x->at };
	struct ov_cov_result result;
	struct ov_arena a;
	int code = COVERED_NONE;

	ov_arena_init(&a, (size_t)256 << 20);
	if (ov_cov_judge(&x->lists.list, inv, r.profile, r.at, &a, &result) != OV_OK) {
		ov_arena_free(&a);
		(void)cli_fail(x->c, "overt covered", "no memory", NULL);
		return COVERED_ERROR;
	}
	r.result = &result;
	writers[x->s->format](&x->c->out, &r);
	if (result.nfound > 0)
		code = COVERED_FOUND;
	else if (result.nundetermined > 0 || is_target_unread(inv))
		code = COVERED_UNDETERMINED;
	ov_arena_free(&a);
	return code;
}

static int look_at(struct covered *x, const char *target)
{
	struct inventory_what what = { .root = target, .one_fs = x->s->one_fs };
	const struct ov_inventory *inv = NULL;
	struct inventory_taken *t = NULL;
	int code = covered_lists_take(&x->lists, &what, &t, &inv);

	if (code == COVERED_NONE)
		code = judge(x, inv);
	inventory_drop(&t);
	return code;
}

/* The worse of two: error, found, undetermined, none. */
static int worse(int a, int b)
{
	static const int order[] = { 0, 2, 1, 3 };

	return order[a] > order[b] ? a : b;
}

static int look_at_all(struct covered *x, const struct cli_list *targets)
{
	int code = COVERED_NONE;

	if (!covered_lists_open(&x->lists, x->c, "overt covered", &x->s->lists, x->s->only_lists) ||
	    !covered_lists_profile(&x->lists, x->s->profile))
		return COVERED_ERROR;
	for (size_t i = 0; i < targets->n; i++)
		code = worse(code, look_at(x, targets->v[i]));
	return targets->n > 0 ? code : look_at(x, "/");
}

int cli_covered(struct cli *c, int argc, char *const *argv)
{
	struct covered_settings s = { .profile = "", .at = NULL };
	struct cli_list targets = { 0 };
	struct covered x = { .c = c, .s = &s };
	int code;

	if (argc > 1 && strcmp(argv[1], "diff") == 0)
		return cli_covered_diff(c, argc - 1, argv + 1);
	code = cli_begin(c, &cli_covered_spec, argc, argv, &s, &targets);
	if (code == CLI_FAILED)
		code = COVERED_ERROR;
	if (code < 0 && !covered_day(c, "overt covered", s.at, &x.at))
		code = COVERED_ERROR;
	if (code < 0 && s.format >= FORM_DOCUMENTS && targets.n > 1) {
		(void)cli_fail(c, "overt covered", forms[s.format],
			       "a document of this form holds one TARGET");
		code = COVERED_ERROR;
	}
	if (code < 0) {
		code = look_at_all(&x, &targets);
		covered_lists_close(&x.lists);
	}
	cli_list_free(&s.lists);
	cli_list_free(&targets);
	return code;
}
