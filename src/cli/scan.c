/* overt scan: options to engine, walk and report. */
#include "cli.h"
#include "guard.h"
#include "last.h"
#include "progress.h"
#include "recent.h"
#include "report.h"
#include "run.h"
#include "switches.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "operands.h"

struct scan_settings {
	struct cli_engine engine;
	struct cli_list includes, excludes, alerts, without, pua_only, pua_not, detect, report;
	const char *files_from;
	int format;
	bool all, sha256, no_archives, pua, strict, verbose, quiet, no_progress, null_names;
	bool follow, one_fs, kernel_fs, heuristics_first, no_recent;
};

static const char *const format_names[] = { "text", "jsonl", "sarif", "html", NULL };
static const struct report_form *const forms[] = { &report_text, &report_jsonl, &report_sarif,
						   &report_html };

#define AT(member) offsetof(struct scan_settings, member)
#define LIMIT(which) CLI_LIMIT(struct scan_settings, which)

/* clang-format off */
static const struct cli_option options[] = {
	{ "What to use", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	CLI_DATABASE_OPTION(struct scan_settings),
	{ "pua", 0, CLI_FLAG, AT(pua), NULL, "also use signatures of possibly unwanted applications", NULL, 0, 0 },
	{ "pua-only", 0, CLI_LIST, AT(pua_only), "CAT", "with --pua: only this category (such as Packer)", NULL, 0, 0 },
	{ "pua-not", 0, CLI_LIST, AT(pua_not), "CAT", "with --pua: not this category", NULL, 0, 0 },
	{ "strict", 0, CLI_FLAG, AT(strict), NULL, "refuse a database that has a bad line", NULL, 0, 0 },
	{ "cache", 0, CLI_TEXT, AT(engine.cache), "DIR", "keep compiled databases in DIR", NULL, 0, 0 },
	{ "no-cache", 0, CLI_FLAG, AT(engine.no_cache), NULL, "do not keep compiled databases", NULL, 0, 0 },
	{ "jobs", 'j', CLI_NUMBER, LIMIT(OVERT_OPT_WORKERS), "N", "scan N files at a time (default: one per CPU)", NULL, 1, 1024 },

	{ "What to scan", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "include", 0, CLI_LIST, AT(includes), "GLOB", "only files that match; a GLOB with a / is held against\nthe whole path, else against the name", NULL, 0, 0 },
	{ "exclude", 0, CLI_LIST, AT(excludes), "GLOB", "no files or folders that match", NULL, 0, 0 },
	{ "files-from", 0, CLI_TEXT, AT(files_from), "FILE", "scan the paths listed in FILE, one a line (-: standard\ninput)", NULL, 0, 0 },
	{ "null", '0', CLI_FLAG, AT(null_names), NULL, "paths in --files-from end in NUL instead", NULL, 0, 0 },
	{ "follow", 'L', CLI_FLAG, AT(follow), NULL, "follow links that are found (those given always are)", NULL, 0, 0 },
	{ "one-file-system", 'x', CLI_FLAG, AT(one_fs), NULL, "do not leave the file system of a given path", NULL, 0, 0 },
	{ "kernel-fs", 0, CLI_FLAG, AT(kernel_fs), NULL, "also /proc, /sys and other kernel file systems", NULL, 0, 0 },
	{ "no-archives", 0, CLI_FLAG, AT(no_archives), NULL, "do not look inside archives", NULL, 0, 0 },
	{ "without", 0, CLI_LIST, AT(without), "PART", "leave out a part of the engine:\n" CLI_FEATURE_NAMES, NULL, 0, 0 },
	CLI_PASSWORD_OPTIONS(struct scan_settings),
	{ "all", 'a', CLI_FLAG, AT(all), NULL, "list every match, not only the first of a file", NULL, 0, 0 },

	{ "What else counts as found", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "report", 0, CLI_LIST, AT(report), "GRADE", "also tell what overt's own rules call suspicious or\nunwanted (or all); it is no detection and changes no exit\nstatus", NULL, 0, 0 },
	{ "detect", 0, CLI_LIST, AT(detect), "GRADE", "count it as a detection: suspicious, unwanted or all", NULL, 0, 0 },
	{ "alert", 0, CLI_LIST, AT(alerts), "KIND", CLI_ALERT_NAMES, NULL, 0, 0 },
	{ "heuristics-first", 0, CLI_FLAG, AT(heuristics_first), NULL, "a name that begins with Heuristics ends the scan of a\nfile as any other does", NULL, 0, 0 },
	{ "min-cards", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MIN_CARDS), "N", "card numbers in a file that are too many (3)", NULL, 1, 0 },
	{ "min-ssns", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MIN_SSNS), "N", "social security numbers that are too many (3)", NULL, 1, 0 },

	{ "Limits (0: none); what one stops is reported as not read", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "max-filesize", 0, CLI_SIZE, LIMIT(OVERT_OPT_MAX_FILESIZE), "SIZE", "bytes of a file or a part of one", NULL, 0, 0 },
	{ "max-scansize", 0, CLI_SIZE, LIMIT(OVERT_OPT_MAX_SCANSIZE), "SIZE", "bytes of a file and all its parts together", NULL, 0, 0 },
	{ "max-files", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MAX_FILES), "N", "parts of a file", NULL, 0, 0 },
	{ "max-recursion", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MAX_RECURSION), "N", "parts within parts", NULL, 0, 0 },
	{ "max-ratio", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MAX_RATIO), "N", "how many times larger a part may become", NULL, 0, 0 },
	{ "max-scantime", 0, CLI_TIME, LIMIT(OVERT_OPT_MAX_SCANTIME), "TIME", "time for one file", NULL, 0, 0 },

	{ "What to print", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "format", 0, CLI_CHOICE, AT(format), "FORM", "text, jsonl, sarif or html", format_names, 0, 0 },
	{ "sha256", 0, CLI_FLAG, AT(sha256), NULL, "compute each file's SHA-256 (in jsonl)", NULL, 0, 0 },
	{ "verbose", 'v', CLI_FLAG, AT(verbose), NULL, "name clean and skipped files too", NULL, 0, 0 },
	{ "quiet", 'q', CLI_FLAG, AT(quiet), NULL, "no summary", NULL, 0, 0 },
	{ "no-recent", 0, CLI_FLAG, AT(no_recent), NULL, "do not keep the paths of the last files scanned, with which\novert update tries new databases on this machine", NULL, 0, 0 },
	{ "no-progress", 0, CLI_FLAG, AT(no_progress), NULL, "no progress line on a terminal", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec cli_scan_spec = {
	.command = "overt scan",
	.usage = "[OPTION]... PATH...\n[OPTION]... -",
	.intro = "Scans files, folders with all below them, or standard input (-).\n"
		 "Nothing is changed, moved or sent anywhere.",
	.after =
	    "Exit status: 0 all scanned, nothing found; 1 something found; 2 an error, such as\n"
	    "a file that could not be read; 3 nothing found, but something not fully scanned.\n"
	    "Manual: man overt-scan",
	.options = options,
};

/* Everything a running scan carries. */
struct scan {
	struct cli *c;
	struct scan_settings *s;
	const struct report_form *form;
	struct report report;
	struct progress progress;
	struct last_writer last;
	struct recent recent;
	struct guard guard;
	struct operands operands;
};

static bool glob_hits(const struct cli_list *globs, struct ov_str path, size_t name_at)
{
	for (size_t i = 0; i < globs->n; i++) {
		const struct ov_str glob = ov_str_of(globs->v[i]);
		const bool is_path = memchr(glob.p, '/', glob.n) != NULL;

		if (ov_text_glob(glob, is_path
					   ? path
					   : (struct ov_str){ path.p + name_at, path.n - name_at }))
			return true;
	}
	return false;
}

/* A given path is "a/b/c" as a whole: its name is what follows its last slash. */
static size_t own_name(struct ov_str path, size_t name_at)
{
	for (size_t i = path.n; i > name_at; i--)
		if (path.p[i - 1] == '/' && i < path.n)
			return i;
	return name_at;
}

static bool accept(void *context, struct ov_str path, size_t name_at, bool is_dir)
{
	const struct scan *x = context;
	const size_t at = own_name(path, name_at);

	if (glob_hits(&x->s->excludes, path, at))
		return false;
	return is_dir || x->s->includes.n == 0 || glob_hits(&x->s->includes, path, at);
}

static void on_file(void *context, const struct run_file *f)
{
	struct scan *x = context;

	if (x->progress.is_drawn)
		progress_clear(&x->progress);
	x->form->file(&x->report, f);
	guard_note(&x->guard, f);
	if (x->report.can_explain && !x->s->no_recent && f->kind == WALK_FILE &&
	    f->verdict != NULL && !f->is_stdin)
		recent_add(&x->recent, f->path);
	if (x->report.can_explain && f->verdict != NULL && f->verdict->ndetections > 0)
		last_add(&x->last, f);
}

static void on_progress(void *context, const struct run_counts *n, struct ov_str path)
{
	struct scan *x = context;

	progress_draw(&x->progress, n, path);
}

static const char *next_operand(void *context)
{
	struct scan *x = context;

	return operands_next(&x->operands);
}

/* The settings that are words. @return false after a message. */
static bool settle_words(struct cli *c, struct scan_settings *s)
{
	const char *wrong = "";

	if (cli_alerts(&s->alerts, &s->engine.limits[OVERT_OPT_ALERTS], &wrong) != OV_OK) {
		(void)cli_fail(c, "overt scan", wrong,
			       "no kind of alert; overt scan --help names them");
		return false;
	}
	if (cli_features(&s->without, &s->engine.limits[OVERT_OPT_FEATURES_OFF], &wrong) != OV_OK) {
		(void)cli_fail(c, "overt scan", wrong,
			       "no part of the engine; overt scan --help names them");
		return false;
	}
	if (cli_severities(&s->report, &s->engine.limits[OVERT_OPT_REPORT], &wrong) != OV_OK ||
	    cli_severities(&s->detect, &s->engine.limits[OVERT_OPT_DETECT], &wrong) != OV_OK) {
		(void)cli_fail(c, "overt scan", wrong,
			       "no grade; there are suspicious, unwanted and all");
		return false;
	}
	if (s->pua_only.n > 0 && s->pua_not.n > 0) {
		(void)cli_fail(c, "overt scan", "--pua-only and --pua-not exclude each other",
			       NULL);
		return false;
	}
	s->engine.pua = s->pua_only.n > 0 ? &s->pua_only : &s->pua_not;
	s->engine.pua_excludes = s->pua_only.n == 0;
	return true;
}

static void settle_settings(struct scan_settings *s)
{
	const struct {
		enum overt_option which;
		bool is_on;
	} flags[] = {
		{ OVERT_OPT_ALL_MATCHES, s->all },
		{ OVERT_OPT_SHA256, s->sha256 },
		{ OVERT_OPT_NO_ARCHIVES, s->no_archives },
		{ OVERT_OPT_PUA, s->pua },
		{ OVERT_OPT_STRICT, s->strict },
		{ OVERT_OPT_HEURISTICS_FIRST, s->heuristics_first },
	};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (flags[i].is_on)
			s->engine.limits[flags[i].which] = 1;
	if (s->pua)
		s->engine.limits[OVERT_OPT_DETECT] |= UINT64_C(1) << OVERT_UNWANTED;
}

static int run(struct scan *x, struct overt_engine *engine)
{
	struct scan_settings *s = x->s;
	const struct walk_options walk = {
		.follow_dirs = s->follow ? WALK_ALWAYS : WALK_GIVEN,
		.follow_files = s->follow ? WALK_ALWAYS : WALK_GIVEN,
		.one_fs = s->one_fs,
		.kernel_fs = s->kernel_fs,
		.accept = s->includes.n + s->excludes.n > 0 ? accept : NULL,
		.next_operand = next_operand,
		.context = x,
	};
	const struct run_sink sink = { .file = on_file,
				       .progress = on_progress,
				       .context = x,
				       .in_order = x->form->in_order,
				       .wants_skips = s->verbose };
	struct run_counts n;
	char error[512];
	const char *failure = NULL;
	ov_status st;

	x->form->begin(&x->report);
	st = run_scan(engine, &walk, &sink, &x->c->out, &n, error);
	progress_clear(&x->progress);
	if (st != OV_OK)
		failure = st == OV_NOMEM     ? "no memory"
			  : error[0] != '\0' ? error
					     : "the engine failed";
	if (failure == NULL && x->operands.error != NULL)
		failure = x->operands.error;
	x->form->end(&x->report, &n, failure);
	if (x->report.can_explain) { /* a scan is no worse for what can't be kept */
		(void)last_save(&x->last);
		(void)recent_save(&x->recent);
	}
	if (failure != NULL)
		(void)cli_fail(x->c, "overt scan", failure, NULL);
	return failure != NULL && n.detected == 0 ? CLI_FAILED : run_exit_code(&n);
}

static void command_line(struct ov_buf *b, int argc, char *const *argv)
{
	ov_status s = ov_buf_str(b, OV_STR("overt"));

	for (int i = 0; i < argc && s == OV_OK; i++)
		s = ov_buf_fmt(b, " %s", argv[i]);
	if (s == OV_OK)
		s = ov_buf_u8(b, 0);
	if (s != OV_OK && b->n > 0)
		b->p[b->n - 1] = '\0';
}

static int scan(struct cli *c, struct scan_settings *s, struct cli_list *paths, int argc,
		char *const *argv)
{
	struct scan x = { .c = c, .s = s, .form = forms[s->format] };
	struct overt_engine *engine;
	struct ov_buf line = ov_buf_of((size_t)1 << 20);
	int code = CLI_FAILED;
	bool has_started;

	if (!settle_words(c, s))
		return CLI_FAILED;
	if (!operands_open(&x.operands, paths, s->files_from, s->null_names ? '\0' : '\n'))
		return cli_fail(c, "overt scan", s->files_from, x.operands.error);
	settle_settings(s);
	engine = cli_engine_open(c, "overt scan", &s->engine);
	if (engine != NULL) {
		command_line(&line, argc, argv);
		x.report = (struct report){ .out = &c->out,
					    .database = overt_engine_database(engine),
					    .command_line = line.n > 0 ? (const char *)line.p : "",
					    .is_verbose = s->verbose,
					    .is_quiet = s->quiet,
					    .now = (uint64_t)time(NULL) };
		if (x.report.database->signatures == 0)
			(void)cli_fail(
			    c, "overt scan",
			    "the databases hold no signature in use: nothing can be found", NULL);
		x.report.can_explain = last_can_save();
		last_begin(&x.last, &s->engine);
		progress_init(&x.progress, &c->out, &c->err, !s->no_progress && !s->quiet);
		code = run(&x, engine);
	}
	ov_buf_free(&x.last.text);
	recent_free(&x.recent);
	ov_buf_free(&line);
	operands_close(&x.operands);
	has_started = engine != NULL;
	overt_engine_close(&engine);
	guard_tell(c, &s->engine, &x.guard, has_started);
	return code;
}

int cli_scan(struct cli *c, int argc, char *const *argv)
{
	struct scan_settings s = { .format = 0 };
	struct cli_list paths = { 0 };
	int code;

	cli_engine_init(&s.engine);
	code = cli_begin(c, &cli_scan_spec, argc, argv, &s, &paths);
	if (code < 0 && paths.n == 0 && s.files_from == NULL)
		code = cli_usage(
		    c, &cli_scan_spec,
		    "what shall be scanned? Give a file, a folder, or - for standard input");
	if (code < 0)
		code = scan(c, &s, &paths, argc, argv);
	cli_list_free(&paths);
	cli_list_free(&s.includes);
	cli_list_free(&s.excludes);
	cli_list_free(&s.alerts);
	cli_list_free(&s.without);
	cli_list_free(&s.detect);
	cli_list_free(&s.report);
	cli_list_free(&s.pua_only);
	cli_list_free(&s.pua_not);
	cli_list_free(&s.engine.databases);
	cli_list_free(&s.engine.passwords);
	return code;
}
