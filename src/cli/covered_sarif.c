/*
 * `overt covered --format sarif`: SARIF 2.1.0 (OASIS, 2020-03-27), one run. A rule of the list is a
 * rule of SARIF. A found component gives one result for each rule that prohibits it ("error") or
 * leaves it open ("warning"); what is only worth a look is a "note". What nobody can tell, and what
 * was not read, are results too: who lists results must not take silence for "nothing there".
 */
#include "covered_words.h"

#include "overt/version.h"

struct sarif {
	struct covered_writer w;
	size_t n; /* results written */
};

enum { OWN_LOOK = 0, OWN_UNJUDGED, OWN_UNDETERMINED, OWN_UNREAD, OWNS };

static const struct {
	const char *id, *text;
} own[OWNS] = {
	{ "overt/look-here", "Something bears the name; the evidence is too weak to say more." },
	{ "overt/found", "Found, and no rule that binds this reader prohibits it." },
	{ "overt/undetermined", "Privileged, and nobody can tell whose it is." },
	{ "overt/unread", "Could not be read; nothing is said of it." },
};

static void rule(struct cli_out *out, const struct ov_cov_rule *r)
{
	cli_put(out, ",\n{\"id\":");
	inventory_string(out, r->id);
	cli_put(out, ",\"shortDescription\":{\"text\":");
	inventory_string(out, r->name);
	cli_put(out, "},\"fullDescription\":{\"text\":");
	inventory_string(out, r->what);
	cli_put(out, "},\"properties\":{\"issuer\":");
	inventory_string(out, r->issuer);
	cli_put(out, ",\"for\":");
	inventory_string(out, r->whom);
	cli_put(out, ",\"citations\":");
	inventory_strings(out, r->citations.v, r->citations.n);
	cli_put(out, "}}");
}

static void begin(struct sarif *s)
{
	struct cli_out *out = s->w.out;
	const struct ov_cov_list *l = s->w.r->list;

	cli_put(
	    out,
	    "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
	    "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"overt\",\"semanticVersion\":"
	    "\"" OVERT_VERSION "\",\"rules\":[");
	for (size_t i = 0; i < OWNS; i++)
		cli_fmt(out, "%s\n{\"id\":\"%s\",\"shortDescription\":{\"text\":\"%s\"}}",
			i > 0 ? "," : "", own[i].id, own[i].text);
	for (size_t i = 0; i < l->nrules; i++)
		if (covered_applies(s->w.r, &l->rules[i]))
			rule(out, &l->rules[i]);
	cli_put(out, "]}},\"automationDetails\":{\"guid\":");
	covered_uuid(&s->w, "run", 0);
	cli_put(out, "},\"results\":[");
}

/* The outermost element is the artifact; what lies inside it has names only. */
static void location(struct sarif *s, const struct ov_str *path, uint32_t n)
{
	struct cli_out *out = s->w.out;

	cli_put(out, ",\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"");
	cli_uri(out, n > 0 ? path[0] : s->w.r->inventory->target);
	cli_put(out, "\"}}");
	for (uint32_t i = 1; i < n; i++) {
		cli_put(out, i == 1 ? ",\"logicalLocations\":[{\"name\":" : ",{\"name\":");
		inventory_string(out, path[i]);
		cli_put(out, ",\"kind\":\"member\"}");
	}
	cli_put(out, n > 1 ? "]}]" : "}]");
}

static void head(struct sarif *s, const char *level)
{
	cli_fmt(s->w.out, "%s\n{\"guid\":", s->n > 0 ? "," : "");
	covered_uuid(&s->w, "result", s->n++);
	cli_fmt(s->w.out, ",\"level\":\"%s\",\"ruleId\":", level);
}

static void tail(struct sarif *s, const struct ov_cov_finding *f)
{
	static const char *const still[] = { "null", "true", "false" };
	const struct ov_inv_component *c = f->component;
	struct cli_out *out = s->w.out;

	location(s, c->path, c->npath);
	cli_put(out, ",\"properties\":{\"entity\":");
	inventory_string(out, f->product->entity);
	inventory_field(out, "product", f->product->name);
	cli_fmt(out, ",\"class\":\"%s\",\"grade\":\"E%u\",\"state\":\"%s\"",
		ov_cov_class_name(f->class_), (unsigned)f->grade, f->state);
	cli_put(out, ",\"since\":{\"earliest\":");
	inventory_date(out, c->since.earliest);
	cli_put(out, ",\"latest\":");
	inventory_date(out, c->since.latest);
	cli_fmt(out, "},\"updatesStill\":%s", still[f->still]);
	inventory_field(out, "next", f->product->next);
	cli_put(out, "}}");
}

static void finding(struct sarif *s, const struct ov_cov_finding *f)
{
	struct cli_out *out = s->w.out;
	size_t told = 0;

	for (size_t i = 0; i < f->nverdicts && f->grade >= OV_E3; i++) {
		const struct ov_cov_verdict *v = &f->verdicts[i];

		if (v->answer == OV_COV_NO || v->since == NULL)
			continue;
		head(s, v->answer == OV_COV_YES ? "error" : "warning");
		inventory_string(out, v->rule->id);
		cli_put(out, ",\"message\":{\"text\":");
		covered_verdict(out, f, v);
		cli_put(out, "}");
		tail(s, f);
		told++;
	}
	if (told > 0)
		return;
	head(s, "note");
	cli_fmt(out, "\"%s\",\"message\":{\"text\":",
		own[f->grade >= OV_E3 ? OWN_UNJUDGED : OWN_LOOK].id);
	covered_what(out, f);
	cli_put(out, "}");
	tail(s, f);
}

static void gaps(struct sarif *s)
{
	const struct ov_inventory *inv = s->w.r->inventory;
	struct cli_out *out = s->w.out;

	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		const struct ov_inv_component *c = &inv->components[i];

		if (!c->is_undetermined)
			continue;
		head(s, "warning");
		cli_fmt(out, "\"%s\",\"message\":{\"text\":\"%s\"}", own[OWN_UNDETERMINED].id,
			own[OWN_UNDETERMINED].text);
		location(s, c->path, c->npath);
		cli_put(out, "}");
	}
	for (uint32_t i = 0; i < inv->nunread; i++) {
		const struct ov_inv_unread *u = &inv->unread[i];

		head(s, "warning");
		cli_fmt(out, "\"%s\",\"message\":{\"text\":\"%s\"}", own[OWN_UNREAD].id,
			own[OWN_UNREAD].text);
		location(s, u->path, u->npath);
		cli_put(out, ",\"properties\":{\"reason\":");
		inventory_string(out, u->reason);
		inventory_field(out, "detail", u->detail);
		cli_put(out, "}}");
	}
}

void covered_sarif(struct cli_out *out, const struct covered_report *r)
{
	struct sarif s = { .n = 0 };

	if (!covered_writer_open(&s.w, out, r))
		return;
	begin(&s);
	for (size_t i = 0; i < r->result->nfindings; i++)
		finding(&s, &r->result->findings[i]);
	gaps(&s);
	cli_put(out, "],\"invocations\":[{\"executionSuccessful\":true,\"endTimeUtc\":");
	inventory_date(out, r->inventory->taken);
	cli_put(out, "}],\"properties\":{\"target\":");
	inventory_string(out, r->inventory->target);
	cli_put(out, ",\"at\":");
	inventory_date(out, r->at);
	inventory_field(out, "profile", r->profile);
	cli_fmt(out, ",\"found\":%zu,\"undetermined\":%zu,\"unread\":%u}}]}\n", r->result->nfound,
		r->result->nundetermined, r->inventory->nunread);
	covered_writer_close(&s.w);
}
