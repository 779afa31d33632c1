/*
 * `overt covered --format cyclonedx`: CycloneDX 1.6 (ECMA-424). What was found are components with
 * their evidence; the rules that bind the reader are standards, each with one requirement; a
 * verdict is a claim about a component, and stands against the requirement when the rule prohibits
 * or may prohibit it. Nothing is called a vulnerability: a prohibition is none.
 */
#include "covered_words.h"

#include <stdio.h>

#include "overt/version.h"

static void head(struct covered_writer *w)
{
	struct cli_out *out = w->out;
	const struct covered_report *r = w->r;

	cli_put(out, "{\"$schema\":\"http://cyclonedx.org/schema/bom-1.6.schema.json\","
		     "\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"version\":1,\n"
		     "\"serialNumber\":\"urn:uuid:");
	covered_uuid_bare(w, "document", 0);
	cli_put(out, "\",\n\"metadata\":{\"timestamp\":");
	inventory_date(out, r->inventory->taken);
	cli_put(out, ",\"tools\":{\"components\":[{\"type\":\"application\",\"name\":\"overt\","
		     "\"version\":\"" OVERT_VERSION "\"}]},"
		     "\"component\":{\"type\":\"file\",\"bom-ref\":\"target\",\"name\":");
	inventory_string(out, r->inventory->target);
	cli_put(out, "},\"properties\":[{\"name\":\"overt:judged-as-of\",\"value\":");
	inventory_date(out, r->at);
	cli_put(out, "},{\"name\":\"overt:profile\",\"value\":");
	inventory_string(out, r->profile.n > 0 ? r->profile : OV_STR("all"));
	cli_put(out, "},{\"name\":\"overt:legal\",\"value\":\"Not legal advice.\"}");
	for (uint32_t i = 0; i < r->inventory->ncomponents; i++) {
		if (!r->inventory->components[i].is_undetermined)
			continue;
		cli_put(out, ",{\"name\":\"overt:undetermined\",\"value\":");
		covered_place(out, r, &r->inventory->components[i]);
		cli_put(out, "}");
	}
	for (uint32_t i = 0; i < r->inventory->nunread; i++) {
		const struct ov_inv_unread *u = &r->inventory->unread[i];
		const struct ov_inv_component c = { .path = u->path, .npath = u->npath };

		cli_fmt(out, ",{\"name\":\"overt:unread:%s\",\"value\":", ov_inv_reason(u->why));
		covered_place(out, r, &c);
		cli_put(out, "}");
	}
	cli_put(out, "]},\n\"components\":[");
}

static void standards(struct covered_writer *w)
{
	const struct ov_cov_list *l = w->r->list;
	struct cli_out *out = w->out;
	size_t n = 0;

	cli_put(out, "],\n\"definitions\":{\"standards\":[");
	for (size_t i = 0; i < l->nrules; i++) {
		const struct ov_cov_rule *rule = &l->rules[i];

		if (!covered_applies(w->r, rule))
			continue;
		cli_fmt(out, "%s\n{\"bom-ref\":\"standard-%zu\",\"name\":", n++ > 0 ? "," : "", i);
		inventory_string(out, rule->name);
		inventory_field(out, "owner", rule->issuer);
		cli_fmt(out, ",\"requirements\":[{\"bom-ref\":\"rule-%zu\",\"identifier\":", i);
		inventory_string(out, rule->id);
		inventory_field(out, "title", rule->name);
		inventory_field(out, "text", rule->what);
		cli_put(out, ",\"descriptions\":[");
		for (size_t k = 0; k < rule->citations.n; k++) {
			cli_put(out, k > 0 ? "," : "");
			inventory_string(out, rule->citations.v[k]);
		}
		cli_put(out, "],\"properties\":[{\"name\":\"overt:for\",\"value\":");
		inventory_string(out, rule->whom);
		cli_put(out, "}]}]}");
	}
	cli_put(out, "]},\n");
}

/* ---- claims ---- */

/* Does it stand against the requirement? */
static bool is_counter(const struct ov_cov_finding *f, const struct ov_cov_verdict *v)
{
	return f->grade >= OV_E3 && v->since != NULL && v->answer != OV_COV_NO;
}

static void claims(struct covered_writer *w)
{
	struct cli_out *out = w->out;
	size_t n = 0;

	cli_put(out, "],\"claims\":[");
	for (size_t i = 0; i < w->r->result->nfindings; i++) {
		const struct ov_cov_finding *f = &w->r->result->findings[i];

		for (size_t k = 0; k < f->nverdicts; k++) {
			const size_t rule = (size_t)(f->verdicts[k].rule - w->r->list->rules);

			cli_fmt(out,
				"%s\n{\"bom-ref\":\"claim-%zu-%zu\",\"target\":\"found-%zu\","
				"\"predicate\":",
				n++ > 0 ? "," : "", i, rule, i);
			covered_verdict(out, f, &f->verdicts[k]);
			cli_fmt(out, ",\"evidence\":[\"evidence-%zu\"],\"reasoning\":", i);
			covered_what(out, f);
			cli_put(out, "}");
		}
	}
	cli_put(out, "],\"evidence\":[");
	for (size_t i = 0; i < w->r->result->nfindings; i++) {
		cli_fmt(out, "%s\n{\"bom-ref\":\"evidence-%zu\",\"description\":", i > 0 ? "," : "",
			i);
		covered_what(out, &w->r->result->findings[i]);
		cli_put(out, ",\"created\":");
		inventory_date(out, w->r->inventory->taken);
		cli_put(out, "}");
	}
	cli_put(out, "]}}\n");
}

static void references(struct covered_writer *w, size_t rule, const char *name, bool is_against)
{
	bool has = false;

	for (size_t i = 0; i < w->r->result->nfindings; i++) {
		const struct ov_cov_finding *f = &w->r->result->findings[i];
		const struct ov_cov_verdict *v = ov_cov_says(f, &w->r->list->rules[rule]);

		if (v == NULL || is_counter(f, v) != is_against)
			continue;
		if (!has)
			cli_fmt(w->out, ",\"%s\":[", name);
		cli_fmt(w->out, "%s\"claim-%zu-%zu\"", has ? "," : "", i, rule);
		has = true;
	}
	cli_put(w->out, has ? "]" : "");
}

/* 0: something found is prohibited. 1: nothing is, and all was read. Else nobody knows: no score.
 */
static void conformance(struct covered_writer *w, size_t rule)
{
	bool is_prohibited = false, is_open = covered_has_gaps(w->r);

	for (size_t i = 0; i < w->r->result->nfindings; i++) {
		const struct ov_cov_finding *f = &w->r->result->findings[i];
		const struct ov_cov_verdict *v = ov_cov_says(f, &w->r->list->rules[rule]);

		if (v == NULL || !is_counter(f, v))
			continue;
		is_prohibited |= v->answer == OV_COV_YES;
		is_open = true;
	}
	if (is_prohibited)
		cli_put(w->out, ",\"conformance\":{\"score\":0,\"rationale\":\"Something found at "
				"E3 or above is prohibited.\"}");
	else if (is_open)
		cli_put(w->out, ",\"conformance\":{\"rationale\":\"Open: the rule leaves it to be "
				"asked, or not all could be read or told apart.\"}");
	else
		cli_put(w->out, ",\"conformance\":{\"score\":1,\"rationale\":\"Nothing found at E3 "
				"or above is prohibited, and all was read.\"}");
}

static void attestations(struct covered_writer *w)
{
	const struct ov_cov_list *l = w->r->list;
	size_t n = 0;

	cli_put(w->out,
		"\"declarations\":{\"assessors\":[{\"bom-ref\":\"assessor\",\"thirdParty\":false,"
		"\"organization\":{\"name\":\"overt, run by its user\"}}],\n"
		"\"attestations\":[{\"summary\":\"Inventory judged by the covered list\","
		"\"assessor\":\"assessor\",\"map\":[");
	for (size_t i = 0; i < l->nrules; i++) {
		if (!covered_applies(w->r, &l->rules[i]))
			continue;
		cli_fmt(w->out, "%s\n{\"requirement\":\"rule-%zu\"", n++ > 0 ? "," : "", i);
		references(w, i, "claims", false);
		references(w, i, "counterClaims", true);
		conformance(w, i);
		cli_put(w->out, "}");
	}
	cli_put(w->out, "]}");
}

static void component(struct covered_writer *w, size_t i)
{
	static const char *const still[] = { "unknown", "true", "false" };
	const struct ov_cov_finding *f = &w->r->result->findings[i];
	char name[32], text[256];

	(void)snprintf(name, sizeof name, "found-%zu", i);
	(void)snprintf(text, sizeof text,
		       ",{\"name\":\"overt:covered:grade\",\"value\":\"E%u\"},"
		       "{\"name\":\"overt:covered:class\",\"value\":\"%s\"},"
		       "{\"name\":\"overt:covered:state\",\"value\":\"%s\"},"
		       "{\"name\":\"overt:covered:updates-still\",\"value\":\"%s\"}",
		       (unsigned)f->grade, ov_cov_class_name(f->class_), f->state, still[f->still]);
	cli_put(w->out, i > 0 ? ",\n" : "\n");
	inventory_bom_component(w->out, f->component, name, text);
}

void covered_cyclonedx(struct cli_out *out, const struct covered_report *r)
{
	struct covered_writer w;

	if (!covered_writer_open(&w, out, r))
		return;
	head(&w);
	for (size_t i = 0; i < r->result->nfindings; i++)
		component(&w, i);
	standards(&w);
	attestations(&w);
	claims(&w);
	covered_writer_close(&w);
}
