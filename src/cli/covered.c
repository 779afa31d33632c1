/* overt covered: software of covered entities, found by evidence and judged by the rule that binds
 * the reader. The inventory is taken by a jailed worker; the judge sees only records. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "covered_out.h"
#include "inventory_take.h"

#define LIST_MAX ((size_t)4 << 20)
#define ERRORS_SHOWN 20

/* Exit codes of this command (docs/COVERED.md): its own, because "found" must not be mistaken for a
 * scan's detection. */
enum { COVERED_NONE = 0, COVERED_FOUND = 1, COVERED_UNDETERMINED = 2, COVERED_ERROR = 3 };

enum { FORM_TEXT, FORM_JSON, FORM_HTML };

static const char *const forms[] = { "text", "json", "html", NULL };

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
	{ "format", 0, CLI_CHOICE, AT(format), "FORM", "text, json or html", forms, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_covered_spec = {
	.command = "overt covered",
	.usage = "[OPTION]... [TARGET]...",
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
	struct ov_cov_list list;
	char **texts; /* of the lists given */
	int64_t at;
	const char *file; /* being read */
	unsigned errors;
};

static void on_error(void *ctx, uint32_t line, const char *why)
{
	struct covered *x = ctx;
	char place[512];

	if (x->errors++ >= ERRORS_SHOWN)
		return;
	(void)snprintf(place, sizeof place, "%s:%u", x->file, line);
	(void)cli_fail(x->c, "overt covered", place, why);
}

static bool read_list(struct covered *x, const char *path, char **text)
{
	FILE *f = fopen(path, "re");
	size_t n;

	x->file = path;
	*text = malloc(LIST_MAX + 1);
	if (f == NULL || *text == NULL) {
		(void)cli_fail(x->c, "overt covered", path, strerror(errno));
		if (f != NULL)
			(void)fclose(f);
		return false;
	}
	n = fread(*text, 1, LIST_MAX + 1, f);
	(void)fclose(f);
	if (n > LIST_MAX) {
		(void)cli_fail(x->c, "overt covered", path, "a list may have 4 MiB");
		return false;
	}
	return ov_cov_list_add(&x->list, (struct ov_str){ *text, n }, on_error, x) == OV_OK;
}

static bool read_lists(struct covered *x)
{
	ov_cov_list_init(&x->list);
	x->file = "built-in list";
	if (!x->s->only_lists && ov_cov_list_add(&x->list, ov_cov_builtin(), on_error, x) != OV_OK)
		return false;
	x->texts = calloc(x->s->lists.n + 1, sizeof *x->texts);
	if (x->texts == NULL)
		return false;
	for (size_t i = 0; i < x->s->lists.n; i++)
		if (!read_list(x, x->s->lists.v[i], &x->texts[i]))
			return false;
	return true;
}

/* A profile that no rule knows is a slip of the pen: its answer would be "nothing is prohibited".
 */
static bool check_profile(struct covered *x)
{
	const struct ov_str p = ov_str_of(x->s->profile);

	for (size_t i = 0; i < x->list.nrules; i++)
		for (size_t k = 0; k < x->list.rules[i].profiles.n; k++)
			if (ov_str_eq(x->list.rules[i].profiles.v[k], p))
				return true;
	if (p.n == 0)
		return true;
	(void)cli_fail(x->c, "overt covered", x->s->profile,
		       "no rule of the lists is for this profile; --help names them");
	return false;
}

static int judge(struct covered *x, const struct ov_inventory *inv)
{
	struct covered_report r = {
		.list = &x->list, .inventory = inv, .profile = ov_str_of(x->s->profile), .at = x->at
	};
	struct ov_cov_result result;
	struct ov_arena a;
	int code = COVERED_NONE;

	ov_arena_init(&a, (size_t)256 << 20);
	if (ov_cov_judge(&x->list, inv, r.profile, r.at, &a, &result) != OV_OK) {
		ov_arena_free(&a);
		(void)cli_fail(x->c, "overt covered", "no memory", NULL);
		return COVERED_ERROR;
	}
	r.result = &result;
	if (x->s->format == FORM_JSON)
		covered_json(&x->c->out, &r);
	else if (x->s->format == FORM_HTML)
		covered_html(&x->c->out, &r);
	else
		covered_text(&x->c->out, &r);
	if (result.nfound > 0)
		code = COVERED_FOUND;
	else if (result.nundetermined > 0)
		code = COVERED_UNDETERMINED;
	ov_arena_free(&a);
	return code;
}

static int look_at(struct covered *x, const char *target)
{
	struct inventory_what what = { .command = "overt covered",
				       .root = target,
				       .one_fs = x->s->one_fs };
	const struct ov_inventory *inv = NULL;
	struct inventory_taken *t = NULL;
	struct ov_inv_watch *watch;
	int code;

	if (ov_cov_watches(&x->list, &watch, &what.nwatch) != OV_OK)
		return COVERED_ERROR;
	what.watch = watch;
	code = inventory_take(x->c, &what, &t, &inv);
	code = code == CLI_OK ? judge(x, inv) : COVERED_ERROR;
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

	if (!read_lists(x) || !check_profile(x))
		return COVERED_ERROR;
	for (size_t i = 0; i < targets->n; i++)
		code = worse(code, look_at(x, targets->v[i]));
	return targets->n > 0 ? code : look_at(x, "/");
}

int cli_covered(struct cli *c, int argc, char *const *argv)
{
	struct covered_settings s = { .profile = "", .at = NULL };
	struct cli_list targets = { 0 };
	struct covered x = { .c = c, .s = &s, .at = (int64_t)time(NULL) };
	int code = cli_begin(c, &cli_covered_spec, argc, argv, &s, &targets);

	if (code == CLI_FAILED)
		code = COVERED_ERROR;
	if (code < 0 && s.at != NULL && ov_cov_date(ov_str_of(s.at), &x.at) != OV_OK) {
		(void)cli_fail(c, "overt covered", s.at, "a date is like 2024-09-29");
		code = COVERED_ERROR;
	}
	if (code < 0)
		code = look_at_all(&x, &targets);
	for (size_t i = 0; x.texts != NULL && i < s.lists.n; i++)
		free(x.texts[i]);
	free(x.texts);
	ov_cov_list_free(&x.list);
	cli_list_free(&s.lists);
	cli_list_free(&targets);
	return code;
}
