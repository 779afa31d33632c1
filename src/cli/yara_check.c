/* `overt yara check`: all that is wrong with rules, with file, line, column and how to mend it. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "yara_tools.h"

#define COMMAND "overt yara check"
#define BATCH 512 /* sources that one worker is given at a time */

struct check_settings {
	struct cli_list defines;
	bool strict, json, quiet;
	uint64_t max_strings;
};

#define AT(member) offsetof(struct check_settings, member)

static const struct cli_option options[] = {
	{ "define", 'd', CLI_LIST, AT(defines), "VAR=VALUE", "define an external variable", NULL, 0,
	  0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs: one object an error, then totals",
	  NULL, 0, 0 },
	{ "max-strings-per-rule", 0, CLI_NUMBER, AT(max_strings), "NUMBER",
	  "refuse rules with more strings (10000)", NULL, 0, 0 },
	{ "quiet", 'q', CLI_FLAG, AT(quiet), NULL, "no totals", NULL, 0, 0 },
	{ "strict", 'E', CLI_FLAG, AT(strict), NULL,
	  "where YARA and YARA-X contradict each other, as YARA-X", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_yara_check_spec = {
	.command = COMMAND,
	.usage = "[OPTION]... FILE|FOLDER...",
	.intro = "Compiles rules, each file by itself, and tells all that is wrong with them. Of "
		 "folders, files\nnamed *.yar and *.yara.",
	.after = "filename, filepath, extension, filetype and owner are known, as empty texts.\n"
		 "Exit: 0 nothing is wrong; 1 something is; 2 it could not be done.\n"
		 "Manual: man overt-yara",
	.options = options,
};

struct check {
	struct cli *c;
	const struct check_settings *s;
	struct overt_options *o;
	uint64_t files, errors, rules, in_batch;
	bool has_failed;
};

static void put_text(struct check *x, const struct overt_diagnostic *d)
{
	struct cli_out *out = &x->c->out;

	cli_shown(out, cli_str(d->file));
	if (d->line > 0)
		cli_fmt(out, ":%llu", (unsigned long long)d->line);
	if (d->line > 0 && d->column > 0)
		cli_fmt(out, ":%u", d->column);
	cli_put(out, ": error: ");
	if (d->text.length > 0) {
		cli_put(out, "rule \"");
		cli_shown(out, cli_str(d->text));
		cli_put(out, "\": ");
	}
	cli_shown(out, cli_str(d->reason));
	cli_put(out, "\n");
}

static void put_json(struct check *x, const struct overt_diagnostic *d)
{
	struct cli_out *out = &x->c->out;

	cli_put(out, "{\"file\":");
	cli_json(out, cli_str(d->file));
	cli_fmt(out, ",\"line\":%llu,\"column\":%u,\"rule\":", (unsigned long long)d->line,
		d->column);
	cli_json(out, cli_str(d->text));
	cli_put(out, ",\"error\":");
	cli_json(out, cli_str(d->reason));
	cli_put(out, "}\n");
}

static void diagnostic(void *context, const struct overt_diagnostic *d)
{
	struct check *x = context;

	if (d->is_skipped)
		return;
	x->errors++;
	if (x->s->json)
		put_json(x, d);
	else
		put_text(x, d);
}

static void count(void *context, const struct overt_database_facts *f)
{
	struct check *x = context;

	x->rules += f->signatures;
}

static bool begin(struct check *x)
{
	x->o = overt_options_new();
	x->in_batch = 0;
	if (x->o == NULL)
		return false;
	overt_options_on_diagnostic(x->o, diagnostic, x);
	(void)overt_options_set(x->o, OVERT_OPT_YARA_ONLY, 1);
	(void)overt_options_set(x->o, OVERT_OPT_YARA_STRICT, x->s->strict);
	(void)overt_options_set(x->o, OVERT_OPT_YARA_STRINGS, x->s->max_strings);
	return overt_options_set_cache(x->o, NULL) == OVERT_OK &&
	       yara_usual_defines(x->c, COMMAND, x->o, &x->s->defines);
}

static void finish(struct check *x)
{
	char error[512] = "";

	if (x->o != NULL && x->in_batch > 0 && !x->has_failed &&
	    overt_database_facts(x->o, count, x, error) != OVERT_OK) {
		(void)cli_fail(x->c, COMMAND, error, NULL);
		x->has_failed = true;
	}
	overt_options_free(&x->o);
}

/* Each file is a namespace of its own: files need not go together. */
static void add(void *context, struct ov_str path, int fd)
{
	struct check *x = context;

	(void)close(fd);
	if (x->o == NULL || x->in_batch == BATCH) {
		finish(x);
		if (!begin(x))
			x->has_failed = true;
	}
	if (!x->has_failed && overt_options_add_rules(x->o, path.p, path.p) == OVERT_OK) {
		x->files++;
		x->in_batch++;
	}
}

static void put_totals(struct check *x)
{
	struct cli_out *out = &x->c->out;
	char a[CLI_NUMBER_MAX], b[CLI_NUMBER_MAX], d[CLI_NUMBER_MAX];

	if (x->s->json) {
		cli_fmt(out, "{\"summary\":{\"files\":%llu,\"rules\":%llu,\"errors\":%llu}}\n",
			(unsigned long long)x->files, (unsigned long long)x->rules,
			(unsigned long long)x->errors);
		return;
	}
	if (!x->s->quiet)
		cli_fmt(out, "%s file%s: %s rule%s compiled, %s error%s.\n", cli_count(x->files, a),
			cli_s(x->files), cli_count(x->rules, b), cli_s(x->rules),
			cli_count(x->errors, d), cli_s(x->errors));
}

int cli_yara_check(struct cli *c, int argc, char *const *argv)
{
	struct check_settings s = { .strict = false };
	struct check x = { .c = c, .s = &s };
	struct cli_list operands = { 0 };
	int code = cli_begin(c, &cli_yara_check_spec, argc, argv, &s, &operands);

	if (code < 0 && operands.n == 0)
		code = cli_usage(c, &cli_yara_check_spec, "which rules? Give a FILE or FOLDER");
	if (code < 0) {
		x.has_failed |= yara_each_source(c, COMMAND, &operands, add, &x) > 0;
		finish(&x);
		put_totals(&x);
		code = x.has_failed ? CLI_FAILED : x.errors > 0 ? CLI_FOUND : CLI_OK;
	}
	cli_list_free(&s.defines);
	cli_list_free(&operands);
	return code;
}
