/* `overt whois --format json`: one object a line, as docs/WHOIS.md describes. */
#include "inventory_out.h"
#include "whois_out.h"

static void key(struct cli_out *out, const char *name)
{
	cli_fmt(out, ",\"%s\":", name);
}

static void path(struct cli_out *out, const struct ov_inv_component *c)
{
	key(out, "path");
	inventory_strings(out, c->path, c->npath);
}

static void piece(struct cli_out *out, const struct ov_inv_evidence *e, bool is_first)
{
	cli_fmt(out, "%s{\"kind\":\"%s\"", is_first ? "" : ",", ov_inv_kind_name(e->kind));
	inventory_field(out, "value", e->value);
	inventory_field(out, "where", e->where);
	inventory_field(out, "detail", e->detail);
	cli_fmt(out, ",\"grade\":\"E%u\"}", (unsigned)e->grade);
}

static void engines(struct cli_out *out, const struct ov_whose_result *w)
{
	cli_put(out, ",\"engines\":[");
	for (size_t i = 0; i < w->nfound; i++) {
		const struct ov_whose *x = &w->found[i];
		bool is_first = true;

		cli_fmt(
		    out,
		    "%s{\"engine\":\"%s\",\"title\":\"%s\",\"relation\":\"%s\",\"grade\":\"E%u\"",
		    i > 0 ? "," : "", x->engine->id, x->engine->title,
		    ov_relation_name(x->relation), (unsigned)x->grade);
		inventory_field(out, "version", x->version);
		path(out, x->component);
		cli_put(out, ",\"evidence\":[");
		for (uint32_t k = 0; k < x->component->nevidence; k++, is_first = false)
			piece(out, &x->component->evidence[k], is_first);
		for (uint32_t k = 0; x->note != NULL && k < x->note->nevidence;
		     k++, is_first = false)
			piece(out, &x->note->evidence[k], is_first);
		cli_put(out, "]}");
	}
	cli_put(out, "]");
}

static void covered(struct cli_out *out, const struct ov_cov_result *r)
{
	cli_put(out, ",\"covered\":[");
	for (size_t i = 0; i < r->nfindings; i++) {
		const struct ov_cov_finding *f = &r->findings[i];

		cli_put(out, i > 0 ? ",{\"entity\":" : "{\"entity\":");
		inventory_string(out, f->entity->id);
		inventory_field(out, "product", f->product->id);
		inventory_field(out, "name", f->product->name);
		inventory_field(out, "version", f->component->version);
		cli_fmt(out, ",\"class\":\"%s\",\"grade\":\"E%u\",\"state\":\"%s\"",
			ov_cov_class_name(f->class_), (unsigned)f->grade, f->state);
		path(out, f->component);
		cli_put(out, ",\"evidence\":[");
		for (size_t k = 0; k < f->nhits; k++)
			piece(out, f->hits[k].evidence, k == 0);
		cli_put(out, "]}");
	}
	cli_put(out, "]");
}

static void packed(struct cli_out *out, const struct ov_whose_result *w)
{
	cli_put(out, ",\"packed\":[");
	for (size_t i = 0; i < w->npacked; i++) {
		cli_put(out, i > 0 ? ",{\"by\":" : "{\"by\":");
		inventory_string(out, ov_whose_packer(w->packed[i]));
		path(out, w->packed[i]);
		cli_put(out, "}");
	}
	cli_put(out, "]");
}

void whois_json(struct cli_out *out, const struct whois_report *r)
{
	cli_put(out, "{\"target\":");
	inventory_string(out, r->inventory->target);
	cli_fmt(out, ",\"files\":%llu,\"programs\":%llu", (unsigned long long)r->inventory->files,
		(unsigned long long)r->whose->programs);
	engines(out, r->whose);
	covered(out, r->covered);
	packed(out, r->whose);
	key(out, "unread");
	inventory_unread(out, r->inventory, "");
	cli_put(out, "}\n");
}
