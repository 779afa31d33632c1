/* `overt covered --format json`: the fields are a contract with other programs; new ones may be
 * added. */
#include "covered_out.h"
#include "inventory_out.h"

static void evidence(struct cli_out *out, const struct ov_cov_finding *f)
{
	cli_put(out, ",\"evidence\":[");
	for (size_t i = 0; i < f->nhits; i++) {
		const struct ov_inv_evidence *e = f->hits[i].evidence;

		cli_fmt(out, "%s{\"kind\":\"%s\",\"value\":", i > 0 ? "," : "",
			ov_inv_kind_name(e->kind));
		inventory_string(out, e->value);
		cli_put(out, ",\"where\":");
		inventory_string(out, e->where);
		inventory_field(out, "detail", e->detail);
		cli_fmt(out, ",\"grade\":\"E%u\"}", (unsigned)f->hits[i].grade);
	}
	cli_put(out, "]");
}

static void rules(struct cli_out *out, const struct ov_cov_finding *f)
{
	static const char *const answers[] = { "\"ask\"", "true", "false", "\"ask\"" };

	cli_put(out, ",\"rules\":[");
	for (size_t i = 0; i < f->nverdicts; i++) {
		const struct ov_cov_verdict *v = &f->verdicts[i];

		cli_fmt(out, "%s{\"id\":", i > 0 ? "," : "");
		inventory_string(out, v->rule->id);
		cli_fmt(out, ",\"prohibited\":%s,\"what\":", answers[v->answer]);
		inventory_string(out, v->rule->what);
		cli_put(out, ",\"for\":");
		inventory_string(out, v->rule->whom);
		cli_put(out, ",\"from\":");
		inventory_date(out, v->since != NULL ? v->since->at : OV_INV_NO_DATE);
		cli_put(out, ",\"name\":");
		inventory_string(out, v->rule->name);
		cli_put(out, ",\"citations\":");
		inventory_strings(out, v->rule->citations.v, v->rule->citations.n);
		cli_put(out, "}");
	}
	cli_put(out, "]}");
}

static void finding(struct cli_out *out, const struct ov_cov_finding *f)
{
	static const char *const still[] = { "null", "true", "false" };
	const struct ov_inv_component *c = f->component;

	cli_put(out, "{\"entity\":");
	inventory_string(out, f->product->entity);
	cli_put(out, ",\"product\":");
	inventory_string(out, f->product->name);
	cli_fmt(out, ",\"class\":\"%s\",\"grade\":\"E%u\",\"state\":\"%s\",\"path\":",
		ov_cov_class_name(f->class_), (unsigned)f->grade, f->state);
	inventory_strings(out, c->path, c->npath);
	cli_fmt(out, ",\"type\":\"%s\"", ov_inv_what_name(c->what));
	inventory_field(out, "name", c->name);
	inventory_field(out, "version", c->version);
	cli_put(out, ",\"since\":{\"earliest\":");
	inventory_date(out, c->since.earliest);
	cli_put(out, ",\"latest\":");
	inventory_date(out, c->since.latest);
	cli_put(out, ",\"from\":");
	inventory_string(out, c->since.from);
	cli_put(out, "},\"updates\":{\"last\":");
	inventory_date(out, c->updates.last);
	cli_fmt(out, ",\"still\":%s}", still[f->still]);
	evidence(out, f);
	if (f->embedding != NULL) {
		cli_put(out, ",\"embedding\":{\"id\":");
		inventory_string(out, f->embedding->id);
		inventory_field(out, "host", f->embedding->host);
		inventory_field(out, "versions", f->embedding->versions);
		inventory_field(out, "state", f->embedding->state);
		inventory_field(out, "since", f->embedding->since);
		cli_put(out, "}");
	}
	cli_put(out, ",\"next\":");
	inventory_string(out, f->product->next);
	rules(out, f);
}

void covered_json(struct cli_out *out, const struct covered_report *r)
{
	const struct ov_inventory *inv = r->inventory;
	bool is_first = true;

	cli_put(out, "{\"target\":");
	inventory_string(out, inv->target);
	cli_put(out, ",\"at\":");
	inventory_date(out, r->at);
	cli_put(out, ",\"profile\":");
	inventory_string(out, r->profile);
	cli_put(out, ",\"findings\":[");
	for (size_t i = 0; i < r->result->nfindings; i++) {
		cli_put(out, i > 0 ? "," : "");
		finding(out, &r->result->findings[i]);
	}
	cli_put(out, "],\"undetermined\":[");
	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		const struct ov_inv_component *c = &inv->components[i];

		if (!c->is_undetermined)
			continue;
		cli_put(out, is_first ? "{\"path\":" : ",{\"path\":");
		inventory_strings(out, c->path, c->npath);
		cli_fmt(out, ",\"type\":\"%s\"}", ov_inv_what_name(c->what));
		is_first = false;
	}
	cli_put(out, "],\"unread\":");
	inventory_unread(out, inv, "");
	cli_put(out, "}\n");
}
