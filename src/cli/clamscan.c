/*
 * overt clamscan: clamscan's lines, summary and exit codes over overt's scan. What differs is in
 * docs/COMPATIBILITY.md: above all, "OK" is only said of files that were scanned as a whole
 * (promise P1).
 */
#include "clam.h"
#include "operands.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "overt/version.h"

struct clamscan {
	struct cli *c;
	const struct clam_settings *s;
	struct cli_out *say, *err; /* results; messages */
	struct cli_out log;	   /* fd -1: none                                              */
	struct clam_filters *filters;
	struct clam_action action;
	struct operands operands;
	uint64_t infected, errors, incomplete, scanned;
};

static bool accept(void *context, struct ov_str path, size_t name_at, bool is_dir)
{
	const struct clamscan *x = context;

	(void)name_at;
	return clam_accept(x->filters, path, is_dir);
}

static const char *next_operand(void *context)
{
	struct clamscan *x = context;

	return operands_next(&x->operands);
}

/* One line about a file to one output. `suffix` follows the text. */
static void line_to(struct cli_out *out, const struct run_file *f, struct ov_str text,
		    const char *suffix)
{
	if (f->is_stdin)
		cli_put(out, "stdin");
	else
		cli_shown(out, f->path);
	cli_put(out, ": ");
	cli_shown(out, text);
	cli_put(out, suffix);
	cli_put(out, "\n");
}

static void line(struct clamscan *x, struct cli_out *out, const struct run_file *f,
		 struct ov_str text, const char *suffix, bool is_logged)
{
	line_to(out, f, text, suffix);
	if (is_logged && x->log.fd >= 0)
		line_to(&x->log, f, text, suffix);
}

static const char *suffix_of(const struct overt_detection *d)
{
	const bool is_own = d->source_is_signed || strcmp(d->kind, "heuristic") == 0 ||
			    strcmp(d->kind, "certificate") == 0;

	return is_own ? " FOUND" : ".UNOFFICIAL FOUND";
}

/* clamscan's "file!(depth)member" line. */
static void member_line(struct clamscan *x, const struct run_file *f,
			const struct overt_detection *d)
{
	cli_shown(x->say, f->path);
	cli_fmt(x->say, "!(%zu)", d->nlayer);
	if (d->nlayer > 0)
		cli_shown(x->say, cli_str(d->layer[d->nlayer - 1]));
	cli_put(x->say, ": ");
	cli_shown(x->say, cli_str(d->name));
	cli_put(x->say, suffix_of(d));
	cli_put(x->say, "\n");
}

static void found(struct clamscan *x, const struct run_file *f)
{
	const struct overt_verdict *v = f->verdict;

	x->infected++;
	for (size_t i = 0; i < v->ndetections && !x->s->quiet; i++) {
		const struct overt_detection *d = &v->detections[i];
		struct ov_buf name = ov_buf_of((size_t)1 << 20);

		if (strcmp(d->kind, "yara") == 0 && ov_buf_str(&name, OV_STR("YARA.")) == OV_OK &&
		    ov_buf_str(&name, cli_str(d->name)) == OV_OK)
			line(x, x->say, f, ov_buf_text(&name), suffix_of(d), true);
		else
			line(x, x->say, f, cli_str(d->name), suffix_of(d), true);
		ov_buf_free(&name);
		if (x->s->archive_verbose)
			member_line(x, f, d);
	}
	if (x->s->bell && x->say->is_tty)
		cli_put(x->say, "\a");
	cli_flush(x->say);
	clam_action_do(&x->action, f, x->say, x->err);
}

/* Never "OK": what was left out, and where. To the error output when the normal one is for infected
 * files only. */
static void not_fully(struct clamscan *x, const struct run_file *f)
{
	const struct overt_incomplete *i =
	    f->verdict->nincompletes > 0 ? &f->verdict->incompletes[0] : NULL;
	struct ov_buf b = ov_buf_of((size_t)1 << 20);
	const char *reason = i != NULL ? overt_reason_name(i->reason) : "incomplete";
	ov_status s = ov_buf_fmt(&b, "Not fully scanned (%s", reason);

	x->incomplete++;
	for (size_t k = 0; i != NULL && k < i->nlayer && s == OV_OK; k++) {
		s = ov_buf_str(&b, k == 0 ? OV_STR(": ") : OV_STR(" > "));
		if (s == OV_OK)
			s = ov_buf_str(&b, cli_str(i->layer[k]));
	}
	if (s == OV_OK && i != NULL && i->nlayer == 0 && i->detail.length > 0) {
		s = ov_buf_str(&b, OV_STR(": "));
		if (s == OV_OK)
			s = ov_buf_str(&b, cli_str(i->detail));
	}
	if (s == OV_OK && f->verdict->incompletes_total > 1)
		s = ov_buf_fmt(&b, ", and %llu more",
			       (unsigned long long)(f->verdict->incompletes_total - 1));
	if (s == OV_OK)
		s = ov_buf_str(&b, OV_STR(")"));
	line(x, x->s->infected || x->s->quiet ? x->err : x->say, f,
	     s == OV_OK ? ov_buf_text(&b) : OV_STR("Not fully scanned"), " WARNING", true);
	ov_buf_free(&b);
}

static void skipped(struct clamscan *x, const struct run_file *f)
{
	const bool is_shown = !x->s->infected && !x->s->quiet;

	switch (f->skip) {
	case WALK_LINK:
		if (is_shown)
			line(x, x->say, f, OV_STR("Symbolic link"), "", true);
		break;
	case WALK_EXCLUDED:
		if (is_shown)
			line(x, x->say, f, OV_STR("Excluded"), "", true);
		break;
	case WALK_DEPTH:
		if (is_shown)
			line(x, x->say, f, OV_STR("Not scanned (--max-dir-recursion)"), "", true);
		break;
	default:
		if (is_shown && x->s->verbose)
			line(x, x->say, f, ov_str_of(walk_skip_text(f->skip)), " (skipped)", true);
		break;
	}
}

static void failed(struct clamscan *x, const struct run_file *f)
{
	x->errors++;
	if (f->kind == WALK_ERROR && f->is_dir) {
		line(x, x->say, f, OV_STR("Can't open directory."), "", true);
	} else if (f->kind == WALK_ERROR && f->error_number == EACCES) {
		line(x, x->say, f, OV_STR("Access denied"), "", true);
	} else if (f->kind == WALK_ERROR && f->error_number == ENOENT) {
		line_to(x->err, f, OV_STR("No such file or directory"), "");
		cli_put(x->err, "WARNING: ");
		line(x, x->err, f, OV_STR("Can't access file"), "", false);
	} else if (f->kind == WALK_ERROR && f->error_number == 0) {
		cli_put(x->err, "WARNING: ");
		line(x, x->err, f, OV_STR("Not supported file type"), "", false);
	} else {
		line(x, x->err, f, f->error, " ERROR", true);
	}
}

static void on_file(void *context, const struct run_file *f)
{
	struct clamscan *x = context;

	if (f->kind == WALK_SKIPPED) {
		skipped(x, f);
		return;
	}
	if (f->is_empty) {
		if (!x->s->infected && !x->s->quiet)
			line(x, x->say, f, OV_STR("Empty file"), "", true);
		return;
	}
	x->scanned += f->kind == WALK_FILE;
	if (x->s->verbose && !x->s->quiet && f->kind == WALK_FILE) {
		cli_put(x->say, "Scanning ");
		cli_shown(x->say, f->path);
		cli_put(x->say, "\n");
	}
	if (f->verdict != NULL && run_kind(f) == OVERT_DETECTED)
		found(x, f);
	else if (run_kind(f) == OVERT_ERROR)
		failed(x, f);
	else if (f->verdict != NULL && run_kind(f) == OVERT_INCOMPLETE)
		not_fully(x, f);
	else if (!x->s->infected && !x->s->hides_ok && !x->s->quiet)
		line(x, x->say, f, OV_STR("OK"), "", x->s->verbose);
}

static void summary_date(struct cli_out *out, const char *what, time_t t)
{
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(text, sizeof text, "%Y:%m:%d %H:%M:%S", &tm);
	cli_fmt(out, "%s%s\n", what, text);
}

static void summary(struct cli_out *out, const struct clamscan *x, const struct run_counts *n,
		    time_t from, uint64_t signatures)
{
	const double read_mb = (double)n->bytes / 1048576,
		     scanned_mb = (double)n->matched / 1048576;

	cli_put(out, "\n----------- SCAN SUMMARY -----------\n");
	cli_fmt(out, "Known viruses: %llu\n", (unsigned long long)signatures);
	cli_put(out, "Engine version: " OVERT_VERSION " (overt)\n");
	cli_fmt(out, "Scanned directories: %llu\n", (unsigned long long)n->directories);
	cli_fmt(out, "Scanned files: %llu\n", (unsigned long long)x->scanned);
	cli_fmt(out, "Infected files: %llu\n", (unsigned long long)x->infected);
	if (x->incomplete > 0)
		cli_fmt(out, "Not fully scanned: %llu\n", (unsigned long long)x->incomplete);
	if (x->errors > 0)
		cli_fmt(out, "Total errors: %llu\n", (unsigned long long)x->errors);
	cli_fmt(out, "Data scanned: %.2f MB\n", scanned_mb);
	cli_fmt(out, "Data read: %.2f MB (ratio %.2f:1)\n", read_mb,
		n->bytes > 0 ? (double)n->matched / (double)n->bytes : 0.0);
	cli_fmt(out, "Time: %.3f sec (%llu m %llu s)\n", n->seconds,
		(unsigned long long)n->seconds / 60, (unsigned long long)n->seconds % 60);
	summary_date(out, "Start Date: ", from);
	summary_date(out, "End Date:   ", time(NULL));
}

static int scan(struct clamscan *x, struct overt_engine *engine)
{
	const struct clam_settings *s = x->s;
	const struct walk_options walk = {
		.follow_dirs = (int)s->follow_dirs,
		.follow_files = (int)s->follow_files,
		.is_flat = !s->recursive,
		.one_fs = !s->cross_fs,
		.max_depth = s->max_dir_depth,
		.accept = accept,
		.next_operand = next_operand,
		.context = x,
	};
	const struct run_sink sink = { .file = on_file,
				       .context = x,
				       .in_order = true,
				       .wants_skips = true,
				       .skips_empty = true };
	const time_t from = time(NULL);
	const uint64_t signatures = overt_engine_database(engine)->signatures;
	struct run_counts n;
	char error[512];
	const ov_status st = run_scan(engine, &walk, &sink, x->say, &n, error);

	if (st != OV_OK || x->operands.error != NULL) {
		x->errors++;
		cli_fmt(x->err, "ERROR: %s\n",
			st == OV_NOMEM ? "no memory"
			: st != OV_OK  ? error
				       : x->operands.error);
	}
	if (!s->no_summary && !s->quiet) {
		summary(x->say, x, &n, from, signatures);
		if (x->log.fd >= 0)
			summary(&x->log, x, &n, from, signatures);
	}
	if (n.signal != 0)
		return 128 + n.signal;
	if (x->infected > 0)
		return CLI_FOUND;
	return x->errors + x->incomplete + n.errors > 0 ? CLI_FAILED : CLI_OK;
}

static void defaults(struct clam_settings *s)
{
	*s = (struct clam_settings){ .cross_fs = true,
				     .scan_archive = true,
				     .follow_dirs = 1,
				     .follow_files = 1,
				     .oldest_days = CLI_UNSET,
				     .without_effect = ov_buf_of(8192) };
	for (int i = 0; i < OVERT_FEATURE_COUNT; i++)
		s->features[i] = true;
	cli_engine_init(&s->engine);
}

/* --structured-ssn-format: 0 with dashes, 1 without, 2 both; ours is 0 both, 1 with, 2 without. */
static uint64_t ssn_formats(uint64_t theirs)
{
	return theirs == 2 ? 0 : theirs + 1;
}

static void settle_switches(struct clam_settings *s)
{
	uint64_t off = 0, alerts = 0;

	if (s->no_certificates)
		s->features[OVERT_FEATURE_CERTIFICATES] = false;
	if (s->alert_encrypted)
		s->alerts[OVERT_ALERT_ENCRYPTED_ARCHIVE] = s->alerts[OVERT_ALERT_ENCRYPTED_DOC] =
		    true;
	for (int i = 0; i < OVERT_FEATURE_COUNT; i++)
		off |= s->features[i] ? 0 : UINT64_C(1) << i;
	for (int i = 0; i < OVERT_ALERT_COUNT; i++)
		alerts |= s->alerts[i] ? UINT64_C(1) << i : 0;
	s->engine.limits[OVERT_OPT_FEATURES_OFF] = off;
	s->engine.limits[OVERT_OPT_ALERTS] = alerts;
}

static void settle(struct clam_settings *s)
{
	uint64_t *depth = &s->engine.limits[OVERT_OPT_MAX_RECURSION];

	s->engine.pua = s->include_pua.n > 0 ? &s->include_pua : &s->exclude_pua;
	s->engine.pua_excludes = s->include_pua.n == 0;
	s->engine.limits[OVERT_OPT_SSN_FORMATS] = ssn_formats(s->ssn_format);
	if (s->all_matches)
		s->engine.limits[OVERT_OPT_ALL_MATCHES] = 1;
	if (s->pua)
		s->engine.limits[OVERT_OPT_PUA] = 1;
	if (s->pua)
		s->engine.limits[OVERT_OPT_DETECT] = UINT64_C(1) << OVERT_UNWANTED;
	if (!s->scan_archive)
		s->engine.limits[OVERT_OPT_NO_ARCHIVES] = 1;
	if (s->heuristics_first)
		s->engine.limits[OVERT_OPT_HEURISTICS_FIRST] = 1;
	settle_switches(s);
	/* clamscan counts the file itself, overt the parts within it. */
	if (*depth != CLI_UNSET && *depth > 0)
		*depth = *depth == 1 ? OVERT_RECURSION_NONE : *depth - 1;
}

struct age {
	uint64_t oldest; /* unix seconds of the oldest signed source */
	bool has_unsigned;
};

static void on_facts(void *context, const struct overt_database_facts *f)
{
	struct age *a = context;

	for (size_t i = 0; i < f->nsources; i++) {
		if (!f->sources[i].is_signed)
			a->has_unsigned = true;
		else if (f->sources[i].built < a->oldest)
			a->oldest = f->sources[i].built;
	}
}

/* --fail-if-cvd-older-than and --official-db-only. @return false after a message. */
static bool is_trusted(struct clamscan *x)
{
	struct age a = { .oldest = UINT64_MAX };
	struct overt_options *o = cli_engine_options(x->c, "overt clamscan", &x->s->engine);
	const uint64_t now = (uint64_t)time(NULL);
	char error[512] = "";
	enum overt_status st;

	if (o == NULL)
		return false;
	st = overt_database_facts(o, on_facts, &a, error);
	overt_options_free(&o);
	if (st != OVERT_OK) {
		(void)cli_fail(x->c, "overt clamscan", overt_status_text(st), error);
		return false;
	}
	if (x->s->official_only && a.has_unsigned) {
		cli_put(x->err, "ERROR: a database is not signed (--official-db-only)\n");
		return false;
	}
	if (x->s->oldest_days == CLI_UNSET || a.oldest == UINT64_MAX || a.oldest > now ||
	    (now - a.oldest) / 86400 <= x->s->oldest_days)
		return true;
	cli_fmt(x->err, "ERROR: a database is older than %llu days\n",
		(unsigned long long)x->s->oldest_days);
	return false;
}

static bool open_log(struct clamscan *x)
{
	const char *name = x->s->log;
	int fd = -1;

	if (name != NULL) {
		fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0640);
		if (fd < 0)
			return false;
	}
	cli_out_open(&x->log, fd);
	x->log.is_tty = x->log.has_color = false;
	if (fd >= 0)
		cli_put(&x->log, "\n---------------------------------------------------------------"
				 "----------------\n\n");
	return true;
}

static int open_all(struct clamscan *x, const struct cli_list *paths)
{
	const char *what = "";

	if (!open_log(x))
		return cli_fail(x->c, "overt clamscan", x->s->log, strerrordesc_np(errno));
	if (!clam_filters_open(x->s, &x->filters, x->err))
		return CLI_FAILED;
	if (!clam_action_open(&x->action, x->s, &what))
		return cli_fail(x->c, "overt clamscan", what, strerrordesc_np(errno));
	if (!operands_open(&x->operands, paths, x->s->file_list, '\n'))
		return cli_fail(x->c, "overt clamscan", x->s->file_list, x->operands.error);
	if (x->s->oldest_days == CLI_UNSET && !x->s->official_only)
		return CLI_OK;
	return is_trusted(x) ? CLI_OK : CLI_FAILED;
}

static int clamscan(struct cli *c, struct clam_settings *s, const struct cli_list *paths)
{
	struct clamscan x = { .c = c,
			      .s = s,
			      .say = &c->out,
			      .err = s->to_stdout ? &c->out : &c->err,
			      .log = { .fd = -1 },
			      .action = { .folder = -1 } };
	struct overt_engine *engine = NULL;
	int code;

	settle(s);
	if (s->without_effect.n > 0)
		cli_fmt(x.err, "WARNING: accepted, but without effect in overt: %.*s\n",
			(int)s->without_effect.n, (const char *)s->without_effect.p);
	x.operands.fd = -1;
	code = open_all(&x, paths);
	if (code == CLI_OK) {
		engine = cli_engine_open(c, "overt clamscan", &s->engine);
		code = engine != NULL ? scan(&x, engine) : CLI_FAILED;
	}
	overt_engine_close(&engine);
	operands_close(&x.operands);
	clam_action_close(&x.action);
	clam_filters_free(&x.filters);
	if (x.log.fd >= 0) {
		cli_out_close(&x.log);
		(void)close(x.log.fd);
	}
	return code;
}

/* Without a path clamscan scans the working folder, by its full name. */
static int begin(struct cli *c, struct clam_settings *s, struct cli_list *paths)
{
	char cwd[4096];

	if (s->version) {
		cli_put(&c->out, "overt " OVERT_VERSION " (in the manner of ClamAV 1.4)\n");
		return CLI_OK;
	}
	if (s->include_pua.n > 0 && s->exclude_pua.n > 0)
		return cli_fail(c, "overt clamscan",
				"--include-pua and --exclude-pua exclude each other", NULL);
	if (paths->n == 0 && s->file_list == NULL) {
		if (getcwd(cwd, sizeof cwd) == NULL || cli_list_add(paths, cwd) != OV_OK)
			return cli_fail(c, "overt clamscan", "no working folder", NULL);
	}
	return clamscan(c, s, paths);
}

int cli_clamscan(struct cli *c, int argc, char *const *argv)
{
	struct clam_settings s;
	struct cli_list paths = { 0 };
	int code;

	defaults(&s);
	code = cli_begin(c, &cli_clamscan_spec, argc, argv, &s, &paths);
	if (code < 0)
		code = begin(c, &s, &paths);
	cli_list_free(&paths);
	cli_list_free(&s.engine.databases);
	cli_list_free(&s.exclude);
	cli_list_free(&s.exclude_dir);
	cli_list_free(&s.include);
	cli_list_free(&s.include_dir);
	cli_list_free(&s.include_pua);
	cli_list_free(&s.exclude_pua);
	ov_buf_free(&s.without_effect);
	return code;
}
