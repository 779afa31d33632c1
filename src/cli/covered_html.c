/* `overt covered --format html`: one page without anything from elsewhere, to read and to print. */
#include "covered_out.h"
#include "inventory_out.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<title>Covered software</title><style>\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a}\n"
    "h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}\n"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0}\n"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ccc}\n"
    "article{border:1px solid #999;border-left:.4rem solid #b58900;padding:.5rem 1rem;"
    "margin:1rem 0;-webkit-print-color-adjust:exact;print-color-adjust:exact}\n"
    "article.found{border-left-color:#b00020}\n"
    ".yes{color:#b00020;font-weight:600}.ask{color:#8a5a00;font-weight:600}\n"
    "code{word-break:break-all}.dim{color:#555}td:last-child{white-space:nowrap}\n"
    "@page{margin:15mm}\n"
    "@media print{body{margin:0;padding:0;max-width:none;font-size:10pt}tr,li{break-inside:avoid}"
    "h1,h2,h3{break-after:avoid}article{box-decoration-break:clone}}\n"
    "</style></head><body>\n";

static void clean(struct cli_out *out, struct ov_str s)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)16 << 20);

	if (ov_inv_utf8(&b, s) == OV_OK)
		cli_html(out, ov_buf_text(&b));
}

static void date(struct cli_out *out, int64_t at)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);

	if (ov_inv_iso(&b, at) == OV_OK && b.n >= 10)
		cli_fmt(out, "%.10s", (const char *)b.p);
	else
		cli_put(out, "unknown");
}

static void chain(struct cli_out *out, const struct ov_str *path, uint32_t n)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);

	cli_put(out, "<code>");
	clean(out, inventory_chain(&b, path, n));
	cli_put(out, "</code>");
}

static void rules(struct cli_out *out, const struct ov_cov_finding *f)
{
	static const char *const words[] = { "not said", "prohibited", "not prohibited", "ask" };
	static const char *const styles[] = { "", "yes", "", "ask" };

	if (f->nverdicts == 0)
		return;
	cli_put(out,
		"<table><thead><tr><th>Rule</th><th>For this</th><th>What</th><th>For whom</th>"
		"<th>Since</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < f->nverdicts; i++) {
		const struct ov_cov_verdict *v = &f->verdicts[i];

		cli_put(out, "<tr><td>");
		clean(out, v->rule->name);
		cli_put(out, "<br><span class=\"dim\">");
		for (size_t k = 0; k < v->rule->citations.n; k++) {
			cli_put(out, k > 0 ? "; " : "");
			clean(out, v->rule->citations.v[k]);
		}
		cli_fmt(out, "</span></td><td class=\"%s\">%s</td><td>", styles[v->answer],
			words[v->answer]);
		clean(out, v->rule->what);
		cli_put(out, "</td><td>");
		clean(out, v->rule->whom);
		cli_put(out, "</td><td>");
		if (v->since != NULL)
			date(out, v->since->at);
		else
			cli_put(out, "not in force");
		cli_put(out, "</td></tr>\n");
	}
	cli_put(out, "</tbody></table>\n");
}

static void evidence(struct cli_out *out, const struct ov_cov_finding *f)
{
	cli_put(out, "<ul>\n");
	for (size_t i = 0; i < f->nhits; i++) {
		const struct ov_inv_evidence *e = f->hits[i].evidence;

		cli_fmt(out, "<li>%s <code>", ov_inv_kind_name(e->kind));
		clean(out, e->value);
		cli_put(out, "</code>");
		if (e->where.n > 0) {
			cli_put(out, " in <code>");
			clean(out, e->where);
			cli_put(out, "</code>");
		}
		cli_fmt(out, " <span class=\"dim\">E%u", (unsigned)f->hits[i].grade);
		if (e->detail.n > 0) {
			cli_put(out, ", ");
			clean(out, e->detail);
		}
		cli_put(out, "</span></li>\n");
	}
	cli_put(out, "</ul>\n");
}

static void finding(struct cli_out *out, const struct ov_cov_finding *f)
{
	const struct ov_inv_component *c = f->component;

	cli_fmt(out, "<article class=\"%s\"><h3>", f->grade >= OV_E3 ? "found" : "look");
	clean(out, f->product->name);
	cli_put(out, "</h3><p>");
	chain(out, c->path, c->npath);
	cli_fmt(out, "<br>Grade E%u, class %s, %s", (unsigned)f->grade,
		ov_cov_class_name(f->class_), f->state);
	if (c->since.latest != OV_INV_NO_DATE || c->since.earliest != OV_INV_NO_DATE) {
		cli_put(out, "; there since ");
		date(out,
		     c->since.earliest != OV_INV_NO_DATE ? c->since.earliest : c->since.latest);
		cli_put(out, " (");
		clean(out, c->since.from);
		cli_put(out, ")");
	}
	if (c->updates.last != OV_INV_NO_DATE) {
		cli_put(out, "; last update ");
		date(out, c->updates.last);
		if (f->still == OV_COV_STILL_YES)
			cli_put(out, ", after updates were prohibited");
	}
	cli_put(out, "</p>\n");
	if (f->is_impersonation)
		cli_put(out, "<p>Its signature bears the name and does not hold: somebody else "
			     "made it.</p>");
	if (f->embedding != NULL) {
		cli_put(out, "<p>Documented: ");
		clean(out, f->embedding->host);
		cli_put(out, f->embedding->since.n > 0 ? "; " : "");
		clean(out, f->embedding->since);
		cli_put(out, "</p>\n");
	}
	evidence(out, f);
	rules(out, f);
	cli_put(out, "<p><b>Next:</b> ");
	clean(out, f->product->next);
	cli_put(out, "</p></article>\n");
}

static void lists(struct cli_out *out, const struct covered_report *r)
{
	const struct ov_inventory *inv = r->inventory;

	cli_put(out, "<h2>Privileged, and nobody can tell whose</h2><ul>\n");
	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		if (!inv->components[i].is_undetermined)
			continue;
		cli_put(out, "<li>");
		chain(out, inv->components[i].path, inv->components[i].npath);
		cli_fmt(out, " <span class=\"dim\">%s</span></li>\n",
			ov_inv_what_name(inv->components[i].what));
	}
	cli_put(out, r->result->nundetermined == 0 ? "<li>none</li></ul>\n" : "</ul>\n");
	cli_put(out, "<h2>Not read</h2><ul>\n");
	for (uint32_t i = 0; i < inv->nunread; i++) {
		cli_put(out, "<li>");
		chain(out, inv->unread[i].path, inv->unread[i].npath);
		cli_put(out, " ");
		clean(out, inv->unread[i].reason);
		cli_put(out, " <span class=\"dim\">");
		clean(out, inv->unread[i].detail);
		cli_put(out, "</span></li>\n");
	}
	cli_put(out, inv->nunread == 0 ? "<li>nothing</li></ul>\n" : "</ul>\n");
}

void covered_html(struct cli_out *out, const struct covered_report *r)
{
	cli_put(out, head);
	cli_put(out, "<h1>Covered software on <code>");
	clean(out, r->inventory->target);
	cli_put(out, "</code></h1><p>");
	cli_fmt(out,
		"<b>%zu found</b> (grade E3 and above), %zu to look at, %zu undetermined, %u not "
		"read. ",
		r->result->nfound, r->result->nfindings - r->result->nfound,
		r->result->nundetermined, r->inventory->nunread);
	cli_fmt(out, "%llu files and %u components as of ", (unsigned long long)r->inventory->files,
		r->inventory->ncomponents);
	date(out, r->at);
	cli_put(out, ", rules for ");
	clean(out, r->profile.n > 0 ? r->profile : OV_STR("all"));
	cli_put(out, ". List: ");
	clean(out, r->list->title);
	cli_put(out, ", ");
	clean(out, r->list->date);
	cli_put(out,
		".</p><p class=\"dim\">The list gives examples and is never complete. This is not "
		"legal advice.</p>\n<h2>Findings</h2>\n");
	for (size_t i = 0; i < r->result->nfindings; i++)
		finding(out, &r->result->findings[i]);
	if (r->result->nfindings == 0)
		cli_put(out, "<p>None.</p>\n");
	lists(out, r);
	cli_put(out, "</body></html>\n");
}
