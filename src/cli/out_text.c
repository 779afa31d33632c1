/*
 * --format text: what was found, where inside what, on whose word; what was not read, why, and what
 * to do next; then how much was scanned with what. Clean files are silent unless asked for.
 */
#include "report.h"

#include <string.h>

#define LABEL 12 /* "  not read  " */
#define NAME_COLUMN 44

static void label(struct cli_out *out, enum cli_style style, const char *text)
{
	cli_put(out, "  ");
	cli_style(out, style);
	cli_put(out, text);
	cli_style(out, CLI_PLAIN);
	cli_pad(out, strlen(text) < LABEL - 2 ? LABEL - 2 - strlen(text) : 1);
}

static void under(struct cli_out *out)
{
	cli_pad(out, LABEL);
}

static void detection(struct report *r, const struct run_file *f, const struct overt_detection *d,
		      uint64_t number)
{
	struct cli_out *out = r->out;
	size_t from;

	label(out, CLI_RED, "found");
	report_place(out, f->path, f->is_stdin, d->layer, d->nlayer);
	cli_put(out, "\n");
	under(out);
	from = out->buf.n;
	cli_style(out, CLI_RED);
	cli_shown(out, cli_str(d->name));
	cli_style(out, CLI_PLAIN);
	cli_put(out, "   ");
	cli_style(out, CLI_DIM);
	cli_shown(out, cli_str(d->source));
	cli_style(out, CLI_PLAIN);
	if (r->can_explain) {
		const size_t colours = out->has_color ? 19 : 0;
		const size_t n = out->buf.n > from + colours ? out->buf.n - from - colours : 0;

		cli_pad(out, n < NAME_COLUMN ? NAME_COLUMN - n : 3);
		cli_fmt(out, "why: overt explain %llu", (unsigned long long)number);
	}
	cli_put(out, "\n");
}

/* Told, and not counted: what it is, and by whose word. */
static void reported(struct report *r, const struct run_file *f, const struct overt_detection *d)
{
	struct cli_out *out = r->out;

	label(out, CLI_YELLOW, "reported");
	report_place(out, f->path, f->is_stdin, d->layer, d->nlayer);
	cli_put(out, "\n");
	under(out);
	cli_shown(out, cli_str(d->name));
	cli_fmt(out, "   %s   ", overt_severity_name(d->severity));
	cli_style(out, CLI_DIM);
	cli_shown(out, cli_str(d->source));
	cli_style(out, CLI_PLAIN);
	cli_put(out, "\n");
}

static void incomplete(struct report *r, const struct run_file *f, const struct overt_incomplete *i)
{
	struct cli_out *out = r->out;

	label(out, CLI_YELLOW, "not read");
	report_place(out, f->path, f->is_stdin, i->layer, i->nlayer);
	cli_put(out, "\n");
	under(out);
	cli_put(out, report_reason_words(i->reason));
	if (i->detail.length > 0) {
		cli_put(out, ": ");
		cli_shown(out, cli_str(i->detail));
	}
	cli_put(out, "\n");
}

/* A file can fail in a thousand places; people need the first ones and the number. */
#define INCOMPLETES_SHOWN 5

static void incompletes(struct report *r, const struct run_file *f)
{
	const struct overt_verdict *v = f->verdict;
	const size_t n = r->is_verbose || v->nincompletes <= INCOMPLETES_SHOWN ? v->nincompletes
									       : INCOMPLETES_SHOWN;

	for (size_t i = 0; i < v->nincompletes; i++) {
		if ((unsigned)v->incompletes[i].reason < OVERT_REASON_COUNT)
			r->reasons[v->incompletes[i].reason]++;
		if (i < n)
			incomplete(r, f, &v->incompletes[i]);
	}
	if (v->incompletes_total > n) {
		under(r->out);
		cli_fmt(r->out,
			"and %llu more part%s of it; all of them: --verbose or --format jsonl\n",
			(unsigned long long)(v->incompletes_total - n),
			cli_s(v->incompletes_total - n));
	}
}

static void one_line(struct report *r, const struct run_file *f, enum cli_style style,
		     const char *word, struct ov_str why)
{
	label(r->out, style, word);
	report_place(r->out, f->path, f->is_stdin, NULL, 0);
	if (why.n > 0) {
		cli_put(r->out, "   ");
		cli_shown(r->out, why);
	}
	cli_put(r->out, "\n");
}

static void file(struct report *r, const struct run_file *f)
{
	const struct overt_verdict *v = f->verdict;

	if (f->kind == WALK_SKIPPED) {
		if (r->is_verbose)
			one_line(r, f, CLI_DIM, "skipped", ov_str_of(walk_skip_text(f->skip)));
		return;
	}
	r->shown++;
	if (run_kind(f) == OVERT_ERROR) {
		one_line(r, f, CLI_YELLOW, "failed", f->error);
		return;
	}
	if (v == NULL || (v->kind == OVERT_CLEAN && v->nreported == 0)) {
		if (r->is_verbose)
			one_line(r, f, CLI_GREEN, "clean", (struct ov_str){ NULL, 0 });
		return;
	}
	for (size_t i = 0; i < v->ndetections; i++)
		detection(r, f, &v->detections[i], f->number + i);
	if (v->detections_total > v->ndetections) {
		under(r->out);
		cli_fmt(r->out, "and %llu more in this file\n",
			(unsigned long long)(v->detections_total - v->ndetections));
	}
	for (size_t i = 0; i < v->nreported; i++)
		reported(r, f, &v->reported[i]);
	if (v->reported_total > v->nreported) {
		under(r->out);
		cli_fmt(r->out, "and %llu more reported in this file\n",
			(unsigned long long)(v->reported_total - v->nreported));
	}
	if (!r->is_quiet || v->kind == OVERT_INCOMPLETE)
		incompletes(r, f);
}

static void begin(struct report *r)
{
	(void)r; /* nothing is known yet */
}

/* "3 links and 2 special files skipped": what the walk did not hand over. */
static void skips(struct report *r, const struct run_counts *n)
{
	static const struct {
		enum walk_skip skip;
		const char *one, *many;
	} rows[] = {
		{ WALK_LINK, "link not followed", "links not followed" },
		{ WALK_SPECIAL, "fifo, socket or device", "fifos, sockets or devices" },
		{ WALK_KERNEL_FS, "kernel file system (/proc, /sys, ...)",
		  "kernel file systems (/proc, /sys, ...)" },
		{ WALK_OTHER_FS, "path on another file system", "paths on other file systems" },
		{ WALK_EXCLUDED, "path excluded", "paths excluded" },
		{ WALK_VANISHED, "file vanished before it was opened",
		  "files vanished before they were opened" },
		{ WALK_LOOP, "directory met before", "directories met before" },
		{ WALK_DEPTH, "directory too deep", "directories too deep" },
	};
	char number[CLI_NUMBER_MAX];
	bool is_first = true;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const uint64_t v = n->skipped[rows[i].skip];

		if (v == 0)
			continue;
		cli_fmt(r->out, "%s%s %s", is_first ? "  Skipped: " : ", ", cli_count(v, number),
			v == 1 ? rows[i].one : rows[i].many);
		is_first = false;
	}
	if (!is_first)
		cli_put(r->out, r->is_verbose ? ".\n" : "; each by name: --verbose.\n");
}

static void table(struct report *r, const struct run_counts *n)
{
	struct cli_out *out = r->out;
	char a[CLI_NUMBER_MAX], b[CLI_NUMBER_MAX], t[CLI_NUMBER_MAX], rate[CLI_NUMBER_MAX];
	const double per_second = n->seconds > 0 ? (double)n->bytes / n->seconds : 0;

	cli_fmt(out, "  %s file%s, %s in %s", cli_count(n->files, a), cli_s(n->files),
		cli_bytes(n->bytes, b), cli_seconds(n->seconds, t));
	if (n->bytes > 0)
		cli_fmt(out, " (%s/s)", cli_bytes((uint64_t)per_second, rate));
	cli_put(out, "\n");
	cli_fmt(out, "  database: %s signature%s", cli_count(r->database->signatures, a),
		cli_s(r->database->signatures));
	if (r->database->built > 0)
		cli_fmt(out, ", %s", cli_age(r->database->built, r->now, b));
	for (size_t i = 0; r->database->sources != NULL && r->database->sources[i] != NULL && i < 3;
	     i++) {
		cli_put(out, i == 0 ? " (" : ", ");
		cli_shown(out, ov_str_of(r->database->sources[i]));
		if (r->database->sources[i + 1] == NULL || i == 2)
			cli_put(out, r->database->sources[i + 1] == NULL ? ")" : ", ...)");
	}
	cli_put(out, "\n");
	if (r->database->refused > 0)
		cli_fmt(out, "  %s line%s of it refused: overt db check SOURCE tells which\n",
			cli_count(r->database->refused, a), cli_s(r->database->refused));
}

/* What to do next about what was not read, once for each reason. */
static void advice(struct report *r)
{
	char number[CLI_NUMBER_MAX];

	for (int i = 0; i < OVERT_REASON_COUNT; i++) {
		if (r->reasons[i] == 0)
			continue;
		cli_fmt(r->out, "  %s %s: ", cli_count(r->reasons[i], number),
			report_reason_words((enum overt_reason)i));
		cli_put(r->out, report_advice((enum overt_reason)i));
		cli_put(r->out, "\n");
	}
}

static void sentence(struct report *r, const struct run_counts *n)
{
	struct cli_out *out = r->out;
	const uint64_t not_read = n->incomplete + n->partly;
	char a[CLI_NUMBER_MAX];

	cli_put(out, "  ");
	if (n->detected > 0) {
		cli_style(out, CLI_RED);
		cli_fmt(out, "%s detection%s", cli_count(n->detections, a), cli_s(n->detections));
		cli_style(out, CLI_PLAIN);
		if (n->detections != n->detected)
			cli_fmt(out, " in %s file%s", cli_count(n->detected, a),
				cli_s(n->detected));
	} else {
		cli_put(out, "Nothing found");
	}
	if (n->reported > 0)
		cli_fmt(out, ", %s reported (not counted)", cli_count(n->reported, a));
	if (not_read > 0)
		cli_fmt(out, ", %s file%s not fully read", cli_count(not_read, a), cli_s(not_read));
	if (n->errors > 0)
		cli_fmt(out, ", %s failed", cli_count(n->errors, a));
	cli_fmt(out, ", %s clean. Nothing was changed.\n", cli_count(n->clean, a));
}

static void end(struct report *r, const struct run_counts *n, const char *failure)
{
	if (failure != NULL || n->signal != 0) {
		cli_fmt(r->out, "%s  ", r->shown > 0 ? "\n" : "");
		cli_style(r->out, CLI_YELLOW);
		cli_put(r->out, failure != NULL ? "Stopped: " : "Interrupted");
		cli_style(r->out, CLI_PLAIN);
		if (failure != NULL)
			cli_shown(r->out, ov_str_of(failure));
		cli_put(r->out, failure != NULL
				    ? "\n"
				    : ": what follows is about the files scanned until then.\n");
	}
	if (r->is_quiet)
		return;
	if (n->detected + n->reported + n->incomplete + n->errors > 0 || r->is_verbose)
		cli_put(r->out, "\n");
	if (r->out->is_tty || r->is_verbose)
		table(r, n);
	advice(r);
	skips(r, n);
	sentence(r, n);
}

const struct report_form report_text = { "text", true, begin, file, end };
