/*
 * `overt yara`, also under the name `yara`: rules, then what to scan; yara's options, lines and
 * exit codes. And `overt yarac`: rules to a compiled database.
 */
#include "yara.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "operands.h"
#include "overt/version.h"

#define AT(member) offsetof(struct yara_settings, member)

enum { YARA_OK = 0, YARA_FAILED = 1 };

static const char *const formats[] = { "text", "json", "ndjson", NULL };

/* clang-format off */
static const struct cli_option options[] = {
	{ "atom-quality-table", 0, CLI_TEXT, AT(atom_table), "FILE", "accepted, without effect: overt weighs atoms by its own table", NULL, 0, 0 },
	{ "compiled-rules", 'C', CLI_FLAG, AT(compiled), NULL, "RULES_FILE was compiled by overt yarac or overt db build", NULL, 0, 0 },
	{ "count", 'c', CLI_FLAG, AT(count), NULL, "print only the number of matches", NULL, 0, 0 },
	{ "define", 'd', CLI_LIST, AT(defines), "VAR=VALUE", "define an external variable", NULL, 0, 0 },
	{ "disable-console-logs", 'q', CLI_FLAG, AT(disable_console), NULL, "print nothing of console.log()", NULL, 0, 0 },
	{ "fail-on-warnings", 0, CLI_FLAG, AT(fail_on_warnings), NULL, "a warning is an error", NULL, 0, 0 },
	{ "fast-scan", 'f', CLI_FLAG, AT(fast), NULL, "of a string whose presence alone counts, look for one match", NULL, 0, 0 },
	{ "format", 0, CLI_CHOICE, AT(format), "FORM", "text, json or ndjson", formats, 0, 0 },
	{ "identifier", 'i', CLI_LIST, AT(identifiers), "IDENTIFIER", "print only rules of this name", NULL, 0, 0 },
	{ "max-process-memory-chunk", 0, CLI_NUMBER, AT(max_chunk), "NUMBER", "accepted, without effect: processes are read in windows", NULL, 0, 0 },
	{ "max-rules", 'l', CLI_NUMBER, AT(max_rules), "NUMBER", "tell of a file at most that many rules", NULL, 0, 0 },
	{ "max-strings-per-rule", 0, CLI_NUMBER, AT(max_strings), "NUMBER", "refuse rules with more strings (10000)", NULL, 0, 0 },
	{ "module-data", 'x', CLI_LIST, AT(module_data), "MODULE=FILE", "give FILE to a module", NULL, 0, 0 },
	{ "negate", 'n', CLI_FLAG, AT(negate), NULL, "print rules that do not hold", NULL, 0, 0 },
	{ "no-follow-symlinks", 'N', CLI_FLAG, AT(no_follow), NULL, "don't follow links", NULL, 0, 0 },
	{ "no-warnings", 'w', CLI_FLAG, AT(no_warnings), NULL, "print no warnings", NULL, 0, 0 },
	{ "print-meta", 'm', CLI_FLAG, AT(metadata), NULL, "print metadata", NULL, 0, 0 },
	{ "print-module-data", 'D', CLI_FLAG, AT(module_dump), NULL, "print what modules see in each file", NULL, 0, 0 },
	{ "print-namespace", 'e', CLI_FLAG, AT(namespaces), NULL, "print the rules' namespaces", NULL, 0, 0 },
	{ "print-stats", 'S', CLI_FLAG, AT(stats), NULL, "print figures of the compiled rules", NULL, 0, 0 },
	{ "print-string-length", 'L', CLI_FLAG, AT(lengths), NULL, "print lengths of matches", NULL, 0, 0 },
	{ "print-strings", 's', CLI_FLAG, AT(strings), NULL, "print matches of strings", NULL, 0, 0 },
	{ "print-tags", 'g', CLI_FLAG, AT(print_tags), NULL, "print tags", NULL, 0, 0 },
	{ "print-xor-key", 'X', CLI_FLAG, AT(xor_keys), NULL, "print keys and plain texts of xor matches", NULL, 0, 0 },
	{ "recursive", 'r', CLI_FLAG, AT(recursive), NULL, "search folders within folders", NULL, 0, 0 },
	{ "scan-list", 0, CLI_FLAG, AT(scan_list), NULL, "scan the files that FILE lists, one a line", NULL, 0, 0 },
	{ "skip-larger", 'z', CLI_NUMBER, AT(skip_larger), "NUMBER", "skip files of more bytes in folders", NULL, 0, 0 },
	{ "stack-size", 'k', CLI_NUMBER, AT(stack), "SLOTS", "accepted, without effect: conditions are checked when compiled", NULL, 0, 0 },
	{ "strict", 'E', CLI_FLAG, AT(strict), NULL, "where YARA and YARA-X contradict each other, as YARA-X", NULL, 0, 0 },
	{ "tag", 't', CLI_LIST, AT(tags), "TAG", "print only rules with this tag", NULL, 0, 0 },
	{ "threads", 'p', CLI_NUMBER, AT(threads), "NUMBER", "scan with that many workers", NULL, 0, OVERT_WORKERS_MAX },
	{ "timeout", 'a', CLI_NUMBER, AT(timeout), "SECONDS", "give a file up after that long", NULL, 0, 0 },
	{ "version", 'v', CLI_FLAG, AT(version), NULL, "print the version and exit", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

static const struct cli_option compiler_options[] = {
	{ "atom-quality-table", 0, CLI_TEXT, AT(atom_table), "FILE", "accepted, without effect", NULL, 0, 0 },
	{ "define", 'd', CLI_LIST, AT(defines), "VAR=VALUE", "define an external variable", NULL, 0, 0 },
	{ "fail-on-warnings", 0, CLI_FLAG, AT(fail_on_warnings), NULL, "a warning is an error", NULL, 0, 0 },
	{ "max-strings-per-rule", 0, CLI_NUMBER, AT(max_strings), "NUMBER", "refuse rules with more strings (10000)", NULL, 0, 0 },
	{ "no-warnings", 'w', CLI_FLAG, AT(no_warnings), NULL, "print no warnings", NULL, 0, 0 },
	{ "strict", 'E', CLI_FLAG, AT(strict), NULL, "where YARA and YARA-X contradict each other, as YARA-X", NULL, 0, 0 },
	{ "version", 'v', CLI_FLAG, AT(version), NULL, "print the version and exit", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec cli_yara_spec = {
	.command = "overt yara",
	.usage = "[OPTION]... [NAMESPACE:]RULES_FILE... FILE|FOLDER|PID",
	.intro = "Finds files that YARA rules describe; yara's options, lines and exit codes.\n"
		 "`overt scan -d rules.yar` does the same inside archives and documents.",
	.after = "Exit: 0 scanned, whatever was found; 1 it could not be done.",
	.options = options,
	.takes_prefix = true,
};

const struct cli_spec cli_yarac_spec = {
	.command = "overt yarac",
	.usage = "[OPTION]... [NAMESPACE:]SOURCE_FILE... OUTPUT_FILE",
	.intro = "Compiles YARA rules to a database, for `overt yara -C` and `overt scan -d`.",
	.after = "Exit: 0 compiled; 1 not.",
	.options = compiler_options,
	.takes_prefix = true,
};

static bool is_file(const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || stat(path, &st) == 0;
}

bool yara_add_rules(struct cli *c, struct overt_options *o, const char *operand, bool is_compiled)
{
	const char *colon = strchr(operand, ':');
	char space[256] = "";
	enum overt_status st;

	if (is_compiled)
		return overt_options_add_compiled(o, operand) == OVERT_OK;
	if (colon != NULL && !is_file(operand) && (size_t)(colon - operand) < sizeof space) {
		memcpy(space, operand, (size_t)(colon - operand));
		operand = colon + 1;
	}
	if (!is_file(operand)) {
		cli_put(&c->err, "error: could not open file: ");
		cli_shown(&c->err, ov_str_of(operand));
		cli_put(&c->err, "\n");
		return false;
	}
	st = overt_options_add_rules(o, operand, space);
	return st == OVERT_OK;
}

static bool add_module_data(struct cli *c, struct overt_options *o, const char *definition)
{
	const enum overt_status st = overt_options_add_module_data(o, definition);

	if (st == OVERT_IO) {
		cli_put(&c->err, "error: could not open file \"");
		cli_shown(&c->err, ov_str_of(strchr(definition, '=') + 1));
		cli_put(&c->err, "\".\n");
	} else if (st != OVERT_OK) {
		cli_put(&c->err, "error: wrong syntax for `-x` option.\n");
	}
	return st == OVERT_OK;
}

static void warn(void *context, const char *line)
{
	struct cli_out *err = context;

	cli_put(err, "warning: ");
	cli_shown(err, ov_str_of(line));
	cli_put(err, "\n");
}

/* What rules compile with, and how files are scanned. @return NULL after a message. */
static struct overt_options *make_options(struct cli *c, const struct yara_settings *s,
					  const struct cli_list *operands)
{
	struct overt_options *o = overt_options_new();
	bool is_good = o != NULL;

	if (o == NULL)
		return NULL;
	overt_options_on_warning(o, warn, &c->err);
	overt_options_on_diagnostic(o, yara_diagnostic, &c->err);
	(void)overt_options_set(o, OVERT_OPT_YARA_ONLY, 1);
	(void)overt_options_set(o, OVERT_OPT_STRICT, 1);
	(void)overt_options_set(o, OVERT_OPT_YARA_NEGATE, s->negate);
	(void)overt_options_set(o, OVERT_OPT_YARA_FAST, s->fast);
	(void)overt_options_set(o, OVERT_OPT_YARA_STRICT, s->strict);
	(void)overt_options_set(o, OVERT_OPT_YARA_STRINGS, s->max_strings);
	(void)overt_options_set(o, OVERT_OPT_WORKERS, s->threads);
	(void)overt_options_set(o, OVERT_OPT_MAX_SCANTIME, s->timeout * 1000);
	if (s->module_dump)
		(void)overt_options_set(o, OVERT_OPT_YARA_DUMP,
					s->format == YARA_TEXT || s->count ? OVERT_YARA_DUMP_YARA
									   : OVERT_YARA_DUMP_JSON);
	if (s->strings || s->lengths || s->xor_keys)
		(void)overt_options_set(o, OVERT_OPT_YARA_MATCHES, UINT32_MAX);
	is_good = overt_options_set_cache(o, NULL) == OVERT_OK;
	for (size_t i = 0; i < s->defines.n; i++) /* as yara: told, and passed over */
		if (overt_options_define(o, s->defines.v[i]) != OVERT_OK)
			cli_put(&c->err, "error: wrong syntax for `-d` option.\n");
	for (size_t i = 0; i < s->module_data.n && is_good; i++)
		is_good = add_module_data(c, o, s->module_data.v[i]);
	for (size_t i = 0; i + 1 < operands->n && is_good; i++)
		is_good = yara_add_rules(c, o, operands->v[i], s->compiled);
	if (!is_good)
		overt_options_free(&o);
	return o;
}

static int usage(struct cli *c, const char *name, const struct cli_spec *spec)
{
	cli_fmt(&c->err,
		"%s: wrong number of arguments\nUsage: %s %s\n\nTry `--help` for more options\n",
		name, name, spec->usage);
	return YARA_FAILED;
}

static int show_version(struct cli *c)
{
	cli_put(&c->out, "4.5 (overt " OVERT_VERSION ")\n");
	return YARA_OK;
}

static int begin(struct cli *c, const struct cli_spec *spec, int argc, char *const *argv,
		 struct yara_settings *s, struct cli_list *operands)
{
	const int code = cli_begin(c, spec, argc, argv, s, operands);

	if (code == CLI_FAILED)
		return YARA_FAILED;
	if (code < 0 && s->version)
		return show_version(c);
	return code;
}

/* ---- yara ---- */

static void on_file(void *context, const struct run_file *f)
{
	yara_print(context, f);
}

/* What is scanned. */
struct targets {
	struct operands paths;
	uint64_t limit; /* bytes of a file in a folder; 0: none */
	bool is_single;
};

static const char *next_target(void *context)
{
	struct targets *x = context;

	return operands_next(&x->paths);
}

static bool accept_size(void *context, struct ov_str path, size_t name_at, bool is_dir)
{
	const struct targets *x = context;
	struct stat st;

	(void)name_at;
	if (is_dir || x->limit == 0 || x->is_single || stat(path.p, &st) != 0)
		return true;
	return (uint64_t)st.st_size <= x->limit;
}

static int scan(struct yara *y, struct overt_engine *engine, const char *target)
{
	const struct yara_settings *s = y->s;
	struct cli_list targets = { .n = 0 };
	struct targets given = { .paths = { .fd = -1 }, .limit = s->skip_larger };
	struct run_sink sink = { .file = on_file, .context = y, .in_order = true };
	struct walk_options walk = { .follow_dirs = s->no_follow ? WALK_GIVEN : WALK_ALWAYS,
				     .follow_files = s->no_follow ? WALK_GIVEN : WALK_ALWAYS,
				     .is_flat = !s->recursive,
				     .kernel_fs = true,
				     .next_operand = next_target,
				     .accept = accept_size,
				     .context = &given };
	struct run_counts counts = { 0 };
	struct stat st;
	char error[512] = "";
	bool is_open;

	y->is_single = !s->scan_list && (stat(target, &st) != 0 || !S_ISDIR(st.st_mode));
	is_open = s->scan_list || cli_list_add(&targets, target) == OV_OK;
	if (is_open)
		is_open = operands_open(&given.paths, &targets, s->scan_list ? target : NULL, '\n');
	given.is_single = y->is_single;
	if (!is_open) {
		cli_put(&y->c->err, "error: could not open file: ");
		cli_shown(&y->c->err, ov_str_of(target));
		cli_put(&y->c->err, "\n");
		return YARA_FAILED;
	}
	yara_print_begin(y);
	if (run_scan(engine, &walk, &sink, &y->c->out, &counts, error) != OV_OK) {
		(void)cli_fail(y->c, y->command, error, NULL);
		y->has_failed = true;
	}
	yara_print_end(y);
	operands_close(&given.paths);
	cli_list_free(&targets);
	if (counts.signal != 0)
		return 128 + counts.signal;
	return y->has_failed ? YARA_FAILED : YARA_OK;
}

static void put_stats(void *context, const struct overt_database_facts *f)
{
	struct cli_out *o = context;

	cli_fmt(o, "number of rules                    : %llu\n",
		(unsigned long long)f->by_kind[7]);
	cli_fmt(o, "number of strings                  : %llu\n",
		(unsigned long long)f->yara_strings);
	cli_fmt(o, "number of keys that wake rules     : %llu\n",
		(unsigned long long)f->yara_anchors);
	cli_fmt(o, "number of rules that no key wakes  : %llu\n",
		(unsigned long long)f->yara_always);
	cli_fmt(o, "bytes of the compiled rules        : %llu\n", (unsigned long long)f->bytes);
}

/* -S. YARA's own figures are of an automaton, which overt has none of. @return false after a
 * message. */
static bool show_stats(struct cli *c, const struct overt_options *o)
{
	char error[512] = "";

	if (overt_database_facts(o, put_stats, &c->out, error) == OVERT_OK)
		return true;
	if (error[0] != '\0')
		cli_fmt(&c->err, "error: %s\n", error);
	return false;
}

/* Digits that name no file: a process. */
static long pid_of(const char *target)
{
	char *end = NULL;
	const long pid = strtol(target, &end, 10);

	return *target != '\0' && *end == '\0' && pid > 0 && !is_file(target) ? pid : 0;
}

static int scan_process(struct yara *y, struct overt_engine *engine, const char *target, long pid)
{
	struct run_file f = { .kind = WALK_FILE, .path = ov_str_of(target) };
	struct overt_verdict *v = NULL;
	int cut = 0;
	const int fd = overt_process_open(pid, &cut);

	y->is_single = true;
	if (fd < 0) {
		cli_fmt(&y->c->err,
			"error scanning %s: can not attach to process (try running as root)\n",
			target);
		return YARA_FAILED;
	}
	if (cut != 0)
		cli_fmt(&y->c->err, "warning: %s: not all of its memory could be kept\n", target);
	if (overt_engine_submit(engine, fd, 0) != OVERT_OK ||
	    overt_engine_next(engine, -1, &v) != OVERT_OK) {
		(void)cli_fail(y->c, y->command, overt_engine_error(engine), NULL);
		return YARA_FAILED;
	}
	f.verdict = v;
	yara_print_begin(y);
	yara_print(y, &f);
	yara_print_end(y);
	overt_verdict_free(&v);
	return y->has_failed ? YARA_FAILED : YARA_OK;
}

static int yara(struct cli *c, const struct yara_settings *s, const struct cli_list *operands)
{
	struct yara y = { .c = c, .s = s, .command = "overt yara" };
	struct overt_options *o;
	struct overt_engine *engine = NULL;
	int code = YARA_FAILED;
	const char *target;
	long pid;

	if (operands->n < 2)
		return usage(c, "yara", &cli_yara_spec);
	target = operands->v[operands->n - 1];
	o = make_options(c, s, operands);
	if (o == NULL)
		return YARA_FAILED;
	pid = s->scan_list ? 0 : pid_of(target);
	(void)overt_options_set(o, OVERT_OPT_YARA_PROCESS, pid != 0);
	if (s->stats && !show_stats(c, o))
		code = YARA_FAILED;
	else if (overt_engine_open(o, &engine) == OVERT_OK)
		code = pid != 0 ? scan_process(&y, engine, target, pid) : scan(&y, engine, target);
	else if (overt_engine_error(engine)[0] != '\0')
		cli_fmt(&c->err, "error: %s\n", overt_engine_error(engine));
	overt_engine_close(&engine);
	overt_options_free(&o);
	return code;
}

static void free_settings(struct yara_settings *s, struct cli_list *operands)
{
	cli_list_free(&s->defines);
	cli_list_free(&s->identifiers);
	cli_list_free(&s->tags);
	cli_list_free(&s->module_data);
	cli_list_free(operands);
}

int cli_yara_alone(struct cli *c, int argc, char *const *argv)
{
	struct yara_settings s = { .timeout = 0 };
	struct cli_list operands = { .n = 0 };
	int code = begin(c, &cli_yara_spec, argc, argv, &s, &operands);

	if (code < 0)
		code = yara(c, &s, &operands);
	free_settings(&s, &operands);
	return code;
}

/* ---- yarac ---- */

static int compile(struct cli *c, const struct yara_settings *s, const struct cli_list *operands)
{
	struct overt_build_result result;
	struct overt_options *o;
	char error[512] = "";
	enum overt_status st;

	if (operands->n < 2)
		return usage(c, "yarac", &cli_yarac_spec);
	o = make_options(c, s, operands);
	if (o == NULL)
		return YARA_FAILED;
	st = overt_database_build(o, operands->v[operands->n - 1], yara_diagnostic, &c->err,
				  &result, error);
	overt_options_free(&o);
	if (st != OVERT_OK)
		cli_fmt(&c->err, "error: %s\n", error);
	return st == OVERT_OK ? YARA_OK : YARA_FAILED;
}

int cli_yarac(struct cli *c, int argc, char *const *argv)
{
	struct yara_settings s = { .timeout = 0 };
	struct cli_list operands = { .n = 0 };
	int code = begin(c, &cli_yarac_spec, argc, argv, &s, &operands);

	if (code < 0)
		code = compile(c, &s, &operands);
	free_settings(&s, &operands);
	return code;
}
