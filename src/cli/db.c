/* overt db build and check: compile sources, and tell which lines were refused and why. */
#include "db_int.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

const struct cli_command cli_db_commands[] = {
	{ "build", "compile sources into one .odb file", cli_db_build, &cli_db_build_spec },
	{ "check", "look for bad lines and broken files", cli_db_check, &cli_db_check_spec },
	{ "info", "what is in a database", cli_db_info, &cli_db_info_spec },
	{ "list", "its signatures", cli_db_list, &cli_db_list_spec },
	{ "diff", "what one has and another has not", cli_db_diff, &cli_db_diff_spec },
	{ "cost", "what each signature costs on given files", cli_db_cost, &cli_db_cost_spec },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option build_options[] = {
	{ "output", 'o', CLI_TEXT, DB_AT(output), "FILE", "write the database here (needed)", NULL,
	  0, 0 },
	DB_STRICT,
	DB_PUA,
	{ "quiet", 'q', CLI_FLAG, DB_AT(quiet), NULL, "do not name refused lines, only count them",
	  NULL, 0, 0 },
	DB_JSON,
	CLI_HELP_OPTION,
	DB_END,
};

const struct cli_spec cli_db_build_spec = {
	.command = "overt db build",
	.usage = "-o OUT.odb [OPTION]... SOURCE...",
	.intro = "Compiles ClamAV databases (.cvd .cld .cud .hdb .hsb .mdb .msb .ndb .ldb .fp .sfp "
		 ".ign2 ...)\n"
		 "or folders of them into one file, which opens at once. The file is replaced as a "
		 "whole\n"
		 "or not at all. A bad line is refused and named; the rest goes on.",
	.after = "Exit status: 0 written; 2 nothing was written.\nManual: man overt-db",
	.options = build_options,
};

static const struct cli_option check_options[] = {
	DB_STRICT,
	DB_JSON,
	CLI_HELP_OPTION,
	DB_END,
};

const struct cli_spec cli_db_check_spec = {
	.command = "overt db check",
	.usage = "[OPTION]... SOURCE...",
	.intro =
	    "Reads databases as a scan would and names what is wrong. Writes nothing that stays.",
	.after = "Exit status: 0 all lines are good; 1 some were refused; 2 a source was refused "
		 "as a whole.\n"
		 "Manual: man overt-db",
	.options = check_options,
};

struct overt_options *db_options(struct cli *c, const char *command, const struct db_settings *s,
				 const struct cli_list *sources, size_t from, size_t to)
{
	struct cli_engine e;

	cli_engine_init(&e);
	e.databases = (struct cli_list){ .v = sources->v + from, .n = to - from };
	if (s->strict)
		e.limits[OVERT_OPT_STRICT] = 1;
	if (s->pua)
		e.limits[OVERT_OPT_PUA] = 1;
	return cli_engine_options(c, command, &e);
}

bool db_all_compiled(const struct cli_list *sources)
{
	for (size_t i = 0; i < sources->n; i++)
		if (!ov_text_ends_with(ov_str_of(sources->v[i]), OV_STR(".odb")))
			return false;
	return true;
}

#define LINE_SHOWN 100

void db_diagnostic(struct cli_out *out, const struct overt_diagnostic *d, bool json)
{
	if (json) {
		cli_put(out, "{\"file\":");
		cli_json(out, cli_str(d->file));
		cli_fmt(out,
			",\"line\":%llu,\"skipped\":%s,\"reason\":", (unsigned long long)d->line,
			d->is_skipped ? "true" : "false");
		cli_json(out, cli_str(d->reason));
		cli_put(out, ",\"text\":");
		cli_json(out, cli_str(d->text));
		cli_put(out, "}\n");
		return;
	}
	cli_shown(out, cli_str(d->file));
	if (d->line > 0)
		cli_fmt(out, ":%llu", (unsigned long long)d->line);
	cli_put(out, d->is_skipped ? ": skipped: " : ": refused: ");
	cli_shown(out, cli_str(d->reason));
	if (d->text.length > 0) {
		cli_put(out, ": ");
		cli_shown(out, (struct ov_str){ d->text.bytes, d->text.length < LINE_SHOWN
								   ? d->text.length
								   : LINE_SHOWN });
		if (d->text.length > LINE_SHOWN)
			cli_put(out, "...");
	}
	cli_put(out, "\n");
}

struct build {
	struct cli_out *out;
	bool json, is_silent;
};

static void on_diagnostic(void *context, const struct overt_diagnostic *d)
{
	const struct build *b = context;

	if (!b->is_silent)
		db_diagnostic(b->out, d, b->json);
}

static void json_result(struct cli_out *out, const struct overt_build_result *r)
{
	cli_fmt(
	    out,
	    "{\"id\":\"%s\",\"signatures\":%llu,\"refused\":%llu,\"skipped\":%llu,\"ignored\":%llu,"
	    "\"allowed\":%llu,\"bytes\":%llu}\n",
	    r->id, (unsigned long long)r->signatures, (unsigned long long)r->refused,
	    (unsigned long long)r->skipped, (unsigned long long)r->ignored,
	    (unsigned long long)r->allowed, (unsigned long long)r->bytes);
}

static void text_result(struct cli_out *out, const struct overt_build_result *r)
{
	char a[CLI_NUMBER_MAX];

	cli_fmt(out, "%s signature%s", cli_count(r->signatures, a), cli_s(r->signatures));
	if (r->allowed > 0)
		cli_fmt(out, ", %s allow-listed", cli_count(r->allowed, a));
	if (r->ignored > 0)
		cli_fmt(out, ", %s ignored by name", cli_count(r->ignored, a));
	if (r->refused > 0)
		cli_fmt(out, ", %s line%s refused", cli_count(r->refused, a), cli_s(r->refused));
	if (r->skipped > 0)
		cli_fmt(out, ", %s skipped (kinds that overt does not use yet)",
			cli_count(r->skipped, a));
}

static int build(struct cli *c, const struct db_settings *s, const struct cli_list *sources)
{
	struct build b = { .out = &c->err, .json = false, .is_silent = s->quiet };
	struct overt_options *o = db_options(c, "overt db build", s, sources, 0, sources->n);
	struct overt_build_result r = { 0 };
	char error[512] = "", size[CLI_NUMBER_MAX];
	enum overt_status st;

	if (o == NULL)
		return CLI_FAILED;
	st = overt_database_build(o, s->output, on_diagnostic, &b, &r, error);
	overt_options_free(&o);
	if (st != OVERT_OK)
		return cli_fail(c, "overt db build", overt_status_text(st), error);
	if (s->json) {
		json_result(&c->out, &r);
		return CLI_OK;
	}
	cli_shown(&c->out, ov_str_of(s->output));
	cli_put(&c->out, ": ");
	text_result(&c->out, &r);
	cli_fmt(&c->out, ", %s\n", cli_bytes(r.bytes, size));
	return CLI_OK;
}

int cli_db_build(struct cli *c, int argc, char *const *argv)
{
	struct db_settings s = { 0 };
	struct cli_list sources = { 0 };
	int code = cli_begin(c, &cli_db_build_spec, argc, argv, &s, &sources);

	if (code < 0 && s.output == NULL)
		code = cli_usage(c, &cli_db_build_spec, "where to? Give -o OUT.odb");
	if (code < 0 && sources.n == 0)
		code = cli_usage(c, &cli_db_build_spec, "of what? Give at least one SOURCE");
	if (code < 0)
		code = build(c, &s, &sources);
	cli_list_free(&sources);
	return code;
}

static void on_checked(void *context, const struct overt_database_facts *f)
{
	struct overt_build_result *r = context;

	r->signatures = f->signatures;
	r->allowed = f->allowed;
	r->bytes = f->bytes;
	(void)snprintf(r->id, sizeof r->id, "%s", f->id);
}

/* Builds into a folder of its own and drops the result. */
static enum overt_status build_and_drop(const struct overt_options *o, struct build *b,
					struct overt_build_result *r, char error[512])
{
	const char *base = getenv("TMPDIR");
	char folder[4096], path[4200];
	enum overt_status st;

	if (base == NULL || *base != '/')
		base = "/tmp";
	if (snprintf(folder, sizeof folder, "%s/overt-check-XXXXXX", base) >= (int)sizeof folder ||
	    mkdtemp(folder) == NULL) {
		(void)snprintf(error, 512, "no folder for temporary files below %.200s", base);
		return OVERT_IO;
	}
	(void)snprintf(path, sizeof path, "%s/check.odb", folder);
	st = overt_database_build(o, path, on_diagnostic, b, r, error);
	(void)unlink(path);
	(void)rmdir(folder);
	return st;
}

static int check(struct cli *c, const struct db_settings *s, const struct cli_list *sources)
{
	struct build b = { .out = &c->out, .json = s->json };
	struct overt_options *o = db_options(c, "overt db check", s, sources, 0, sources->n);
	struct overt_build_result r = { 0 };
	char error[512] = "";
	enum overt_status st;

	if (o == NULL)
		return CLI_FAILED;
	if (db_all_compiled(sources))
		st = overt_database_facts(o, on_checked, &r, error);
	else
		st = build_and_drop(o, &b, &r, error);
	overt_options_free(&o);
	if (st != OVERT_OK)
		return cli_fail(c, "overt db check", overt_status_text(st), error);
	if (s->json) {
		json_result(&c->out, &r);
	} else {
		text_result(&c->out, &r);
		cli_put(&c->out, ".\n");
	}
	return r.refused > 0 ? CLI_FOUND : CLI_OK;
}

int cli_db_check(struct cli *c, int argc, char *const *argv)
{
	struct db_settings s = { 0 };
	struct cli_list sources = { 0 };
	int code = cli_begin(c, &cli_db_check_spec, argc, argv, &s, &sources);

	if (code < 0 && sources.n == 0)
		code = cli_usage(c, &cli_db_check_spec, "which database? Give at least one SOURCE");
	if (code < 0)
		code = check(c, &s, &sources);
	cli_list_free(&sources);
	return code;
}
