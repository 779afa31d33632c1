/*
 * --format html: one page that needs nothing else: no script, no picture, no font from elsewhere;
 * it says so to the browser too. Rows stream; the summary is written last and shown first (CSS
 * order).
 */
#include "report.h"

#include "overt/version.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>overt scan "
    "report</title>\n<style>\n"
    ":root{--ink:#1b1f24;--dim:#59636e;--line:#d1d9e0;--paper:#fff;--red:#b3261e;--amber:#8a5300;--"
    "green:#1a7f37}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9198a1;--line:#3d444d;--paper:#"
    "0d1117;"
    "--red:#ff7b72;--amber:#e3b341;--green:#3fb950}}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:64rem;margin:0 auto;padding:1.5rem;display:flex;flex-direction:column}\n"
    "header,section.summary{order:-1}\nheader{order:-2}\nh1{font-size:1.4rem;margin:0 0 .5rem}\n"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}\n"
    "th,td{text-align:left;vertical-align:top;padding:.45rem .8rem .45rem 0;border-bottom:1px "
    "solid var(--line)}\n"
    "th{color:var(--dim);font-weight:500}\ntd.place{overflow-wrap:anywhere;font-family:ui-"
    "monospace,monospace;"
    "font-size:.9rem}\n"
    ".found{color:var(--red);font-weight:600}.notread{color:var(--amber);font-weight:600}"
    ".good{color:var(--green);font-weight:600}\n.dim{color:var(--dim)}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.5rem 0}\n"
    "dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}\n"
    "@media(max-width:40rem){th:first-child,td:first-child{width:5rem}}\n</style></"
    "head>\n<body><main>\n"
    "<header><h1>overt scan report</h1></header>\n"
    "<table><thead><tr><th>Result</th><th>Where</th><th>What</th></tr></thead>\n<tbody>\n";

static void row(struct report *r, const char *class, const char *word, const struct run_file *f,
		const struct overt_text *layer, size_t nlayer)
{
	r->shown++;
	cli_fmt(r->out, "<tr><td class=\"%s\">%s</td><td class=\"place\">", class, word);
	if (f->is_stdin)
		cli_put(r->out, "standard input");
	else
		cli_html(r->out, f->path);
	for (size_t i = 0; i < nlayer; i++) {
		cli_put(r->out, " &gt; ");
		cli_html(r->out, cli_str(layer[i]));
	}
	cli_put(r->out, "</td><td>");
}

static void detection(struct report *r, const struct run_file *f, const struct overt_detection *d,
		      bool counts)
{
	row(r, counts ? "found" : "notread", counts ? "found" : "reported", f, d->layer, d->nlayer);
	cli_html(r->out, cli_str(d->name));
	cli_put(r->out, "<br><span class=\"dim\">");
	if (d->severity != OVERT_UNGRADED)
		cli_fmt(r->out, "%s, ", overt_severity_name(d->severity));
	cli_html(r->out, ov_str_of(d->kind));
	cli_put(r->out, " signature from ");
	cli_html(r->out, cli_str(d->source));
	cli_fmt(r->out, ", at byte %llu", (unsigned long long)d->offset);
	if (d->view != OVERT_VIEW_BYTES)
		cli_fmt(r->out, " of its %s form", overt_view_name(d->view));
	cli_put(r->out, "</span></td></tr>\n");
}

static void incomplete(struct report *r, const struct run_file *f, const struct overt_incomplete *i)
{
	row(r, "notread", "not read", f, i->layer, i->nlayer);
	cli_put(r->out, report_reason_words(i->reason));
	if (i->detail.length > 0) {
		cli_put(r->out, ": ");
		cli_html(r->out, cli_str(i->detail));
	}
	cli_put(r->out, "<br><span class=\"dim\">");
	cli_put(r->out, report_advice(i->reason));
	cli_put(r->out, "</span></td></tr>\n");
}

static void file(struct report *r, const struct run_file *f)
{
	const struct overt_verdict *v = f->verdict;

	if (f->kind == WALK_SKIPPED)
		return;
	if (run_kind(f) == OVERT_ERROR) {
		row(r, "notread", "failed", f, NULL, 0);
		cli_html(r->out, f->error);
		cli_put(r->out, "</td></tr>\n");
		return;
	}
	for (size_t i = 0; v != NULL && i < v->ndetections; i++)
		detection(r, f, &v->detections[i], true);
	for (size_t i = 0; v != NULL && i < v->nreported; i++)
		detection(r, f, &v->reported[i], false);
	for (size_t i = 0; v != NULL && i < v->nincompletes; i++)
		incomplete(r, f, &v->incompletes[i]);
	if (r->is_verbose && run_kind(f) == OVERT_CLEAN) {
		row(r, "good", "clean", f, NULL, 0);
		cli_put(r->out, "</td></tr>\n");
	}
}

static void begin(struct report *r)
{
	cli_put(r->out, head);
}

static void fact(struct cli_out *out, const char *name, const char *value)
{
	cli_fmt(out, "<dt>%s</dt><dd>", name);
	cli_html(out, ov_str_of(value));
	cli_put(out, "</dd>\n");
}

static void verdict(struct report *r, const struct run_counts *n)
{
	char a[CLI_NUMBER_MAX];

	cli_put(r->out, "<p>");
	if (n->detections > 0)
		cli_fmt(r->out, "<span class=\"found\">%s detection%s</span>",
			cli_count(n->detections, a), cli_s(n->detections));
	else
		cli_fmt(r->out, "<span class=\"%s\">Nothing found</span>",
			n->incomplete > 0 ? "notread" : "good");
	if (n->incomplete + n->partly > 0)
		cli_fmt(r->out, ", <span class=\"notread\">%s not fully read</span>",
			cli_count(n->incomplete + n->partly, a));
	if (n->reported > 0)
		cli_fmt(r->out, ", <span class=\"notread\">%s reported</span>",
			cli_count(n->reported, a));
	if (n->errors > 0)
		cli_fmt(r->out, ", <span class=\"notread\">%s failed</span>",
			cli_count(n->errors, a));
	cli_fmt(r->out, ", %s clean. Nothing was changed.</p>\n", cli_count(n->clean, a));
}

static void end(struct report *r, const struct run_counts *n, const char *failure)
{
	char a[CLI_NUMBER_MAX];

	if (r->shown == 0)
		cli_put(r->out, "<tr><td colspan=\"3\" class=\"dim\">Nothing to list.</td></tr>\n");
	cli_put(r->out, "</tbody></table>\n<section class=\"summary\">\n");
	verdict(r, n);
	if (failure != NULL || n->signal != 0) {
		cli_put(r->out, "<p class=\"notread\">The scan ended early: ");
		cli_html(r->out, ov_str_of(failure != NULL ? failure : "it was interrupted"));
		cli_put(r->out, "</p>\n");
	}
	cli_put(r->out, "<dl>\n");
	fact(r->out, "Command", r->command_line);
	fact(r->out, "Date", cli_date(r->now, a));
	fact(r->out, "Files", cli_count(n->files, a));
	fact(r->out, "Bytes", cli_bytes(n->bytes, a));
	fact(r->out, "Time", cli_seconds(n->seconds, a));
	fact(r->out, "Signatures", cli_count(r->database->signatures, a));
	fact(r->out, "Database", r->database->id);
	fact(r->out, "Program", "overt " OVERT_VERSION);
	cli_put(r->out, "</dl>\n</section>\n</main></body></html>\n");
}

const struct report_form report_html = { "html", true, begin, file, end };
