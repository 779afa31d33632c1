/*
 * `overt covered --format oscal`: OSCAL assessment results 1.1.2 (NIST), JSON, one result. What was
 * found is an inventory item and an observation with its evidence; a rule that binds the reader is
 * a finding: "not-satisfied" when something at E3 or above is prohibited by it, or when that is
 * open: something to ask, privileged parts of unknown makers, places that could not be read.
 * "Satisfied" is said only when all was read. There is no assessment plan: import-ap leads to the
 * list, in the back matter.
 */
#include "covered_words.h"

#include "overt/version.h"

#include "text.h"

#define METHODS "\"methods\":[\"EXAMINE\"],\"types\":[\"finding\"]"

/* White space as OSCAL's patterns see it, but for the blank: controls, U+0085, 00A0, 1680,
 * 2000-200A, 2028, 2029, 202F, 205F, 3000, FEFF. @return its bytes; 0: none. */
static size_t space_at(struct ov_str s)
{
	static const char *const list[] = { "\xc2\x85",	    "\xc2\xa0",	    "\xe1\x9a\x80",
					    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
					    "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf" };

	if (s.n > 0 && (unsigned char)s.p[0] < ' ')
		return 1;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (ov_str_starts(s, ov_str_of(list[i])))
			return strlen(list[i]);
	return ov_str_starts(s, OV_STR("\xe2\x80")) && s.n > 2 && (unsigned char)s.p[2] >= 0x80 &&
		       (unsigned char)s.p[2] <= 0x8a
		   ? 3
		   : 0;
}

/* OSCAL's strings are one line, neither begin nor end with white space and are not empty. */
static void property(struct cli_out *out, bool *has, const char *name, struct ov_str value)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1 << 20);

	while (value.n > 0) {
		const size_t space = space_at(value), n = space > 0 ? space : 1;

		if (ov_buf_u8(&b, space > 0 ? ' ' : (uint8_t)value.p[0]) != OV_OK)
			break;
		value = (struct ov_str){ value.p + n, value.n - n };
	}
	value = ov_text_trim(ov_buf_text(&b));
	if (value.n == 0)
		return;
	cli_fmt(out, "%s{\"name\":\"%s\",\"ns\":\"https://overt.invalid/ns/oscal\",\"value\":",
		*has ? "," : "", name);
	inventory_string(out, value);
	cli_put(out, "}");
	*has = true;
}

static void date_property(struct cli_out *out, bool *has, const char *name, int64_t at)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);

	if (ov_inv_iso(&b, at) == OV_OK)
		property(out, has, name, ov_buf_text(&b));
}

/* A token: a letter or '_', then letters, digits, '.', '-' and '_'. Lists of others may name rules
 * as they like. */
static void token(struct cli_out *out, struct ov_str s)
{
	cli_put(out, "\"");
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		const bool is_inner = (c >= '0' && c <= '9') || c == '.' || c == '-';

		if (i == 0 && !is_letter)
			cli_put(out, "_");
		if (is_letter || is_inner)
			cli_raw(out, (struct ov_str){ &c, 1 });
		else
			cli_put(out, "_");
	}
	cli_put(out, "\"");
}

static void head(struct covered_writer *w)
{
	struct cli_out *out = w->out;

	cli_put(out, "{\"assessment-results\":{\"uuid\":");
	covered_uuid(w, "document", 0);
	cli_put(out,
		",\"metadata\":{\"title\":\"Software of covered entities\",\"last-modified\":");
	inventory_date(out, w->r->inventory->taken);
	cli_put(out, ",\"version\":\"" OVERT_VERSION "\",\"oscal-version\":\"1.1.2\",\"remarks\":"
		     "\"Made by overt. Not legal advice.\"},\n\"import-ap\":{\"href\":\"#");
}

/* `"#uuid"`: the quote is the caller's, so only the inside of the name. */
static void reference(struct covered_writer *w)
{
	cli_put(w->out, "\"},\n\"results\":[{\"uuid\":");
	covered_uuid(w, "result", 0);
	cli_put(w->out, ",\"title\":\"Inventory judged by the covered list\",\"description\":");
	inventory_string(w->out, w->r->inventory->target);
	cli_put(w->out, ",\"start\":");
	inventory_date(w->out, w->r->inventory->taken);
}

static void item(struct covered_writer *w, const struct ov_cov_finding *f, size_t i)
{
	bool has = true;

	cli_put(w->out, i > 0 ? ",\n{\"uuid\":" : "\n{\"uuid\":");
	covered_uuid(w, "item", i);
	cli_put(w->out, ",\"description\":");
	covered_place(w->out, w->r, f->component);
	cli_put(w->out, ",\"props\":[{\"name\":\"software-name\",\"value\":");
	inventory_string(w->out, f->product->name);
	cli_put(w->out, "}");
	property(w->out, &has, "software-version", f->component->version);
	cli_put(w->out, "]}");
}

static void evidence(struct covered_writer *w, const struct ov_cov_finding *f)
{
	struct cli_out *out = w->out;

	for (size_t i = 0; i < f->nhits; i++) {
		const struct ov_inv_evidence *e = f->hits[i].evidence;
		char grade[] = "E0";
		bool has = false;

		grade[1] = (char)('0' + f->hits[i].grade);
		cli_put(out, i == 0 ? ",\"relevant-evidence\":[{\"description\":"
				    : ",{\"description\":");
		inventory_string(out, e->value);
		cli_put(out, ",\"props\":[");
		property(out, &has, "kind", ov_str_of(ov_inv_kind_name(e->kind)));
		property(out, &has, "grade", ov_str_of(grade));
		property(out, &has, "where", e->where);
		property(out, &has, "detail", e->detail);
		cli_put(out, "]}");
	}
	cli_put(out, f->nhits > 0 ? "]" : "");
}

static void observation(struct covered_writer *w, const struct ov_cov_finding *f, size_t i)
{
	struct cli_out *out = w->out;
	char grade[] = "E0";
	bool has = false;

	grade[1] = (char)('0' + f->grade);
	cli_put(out, i > 0 ? ",\n{\"uuid\":" : "\n{\"uuid\":");
	covered_uuid(w, "observation", i);
	cli_put(out, ",\"title\":");
	inventory_string(out, f->product->name);
	cli_put(out, ",\"description\":");
	covered_what(out, f);
	cli_put(out, ",\"props\":[");
	property(out, &has, "entity", f->product->entity);
	property(out, &has, "class", ov_str_of(ov_cov_class_name(f->class_)));
	property(out, &has, "grade", ov_str_of(grade));
	property(out, &has, "state", ov_str_of(f->state));
	date_property(out, &has, "since-earliest", f->component->since.earliest);
	date_property(out, &has, "since-latest", f->component->since.latest);
	date_property(out, &has, "last-update", f->component->updates.last);
	if (f->still == OV_COV_STILL_YES)
		property(out, &has, "updates-after-prohibition", OV_STR("true"));
	cli_put(out, "]," METHODS ",\"subjects\":[{\"type\":\"inventory-item\",\"subject-uuid\":");
	covered_uuid(w, "item", i);
	cli_put(out, "}]");
	evidence(w, f);
	cli_put(out, ",\"collected\":");
	inventory_date(out, w->r->inventory->taken);
	cli_put(out, ",\"remarks\":");
	inventory_string(out, f->product->next);
	cli_put(out, "}");
}

static void gap(struct covered_writer *w, size_t *n, const char *title, const struct ov_str *path,
		uint32_t npath, struct ov_str why)
{
	const struct ov_inv_component c = { .path = (struct ov_str *)(uintptr_t)path,
					    .npath = npath };

	cli_put(w->out, *n > 0 ? ",\n{\"uuid\":" : "\n{\"uuid\":");
	covered_uuid(w, "observation", (*n)++);
	cli_fmt(w->out, ",\"title\":\"%s\",\"description\":", title);
	covered_place(w->out, w->r, &c);
	cli_put(w->out, "," METHODS ",\"collected\":");
	inventory_date(w->out, w->r->inventory->taken);
	inventory_field(w->out, "remarks", why);
	cli_put(w->out, "}");
}

static void observations(struct covered_writer *w)
{
	const struct ov_inventory *inv = w->r->inventory;
	size_t n = w->r->result->nfindings;

	if (n == 0 && !covered_has_gaps(w->r))
		return; /* OSCAL's lists are not empty */
	cli_put(w->out, ",\n\"observations\":[");
	for (size_t i = 0; i < w->r->result->nfindings; i++)
		observation(w, &w->r->result->findings[i], i);
	for (uint32_t i = 0; i < inv->ncomponents; i++)
		if (inv->components[i].is_undetermined)
			gap(w, &n, "Privileged, and nobody can tell whose it is",
			    inv->components[i].path, inv->components[i].npath, OV_STR(""));
	for (uint32_t i = 0; i < inv->nunread; i++)
		gap(w, &n, "Could not be read", inv->unread[i].path, inv->unread[i].npath,
		    inv->unread[i].detail.n > 0 ? inv->unread[i].detail : inv->unread[i].reason);
	cli_put(w->out, "]");
}

/* The strongest that a rule says of what was found: yes, ask, no. */
static enum ov_cov_answer strongest(const struct covered_report *r, const struct ov_cov_rule *rule)
{
	enum ov_cov_answer a = OV_COV_NO;

	for (size_t i = 0; i < r->result->nfindings; i++) {
		const struct ov_cov_finding *f = &r->result->findings[i];
		const struct ov_cov_verdict *v = ov_cov_says(f, rule);

		if (v == NULL || f->grade < OV_E3 || v->since == NULL)
			continue;
		if (v->answer == OV_COV_YES)
			return OV_COV_YES;
		if (v->answer != OV_COV_NO)
			a = OV_COV_ASK;
	}
	return a;
}

static void related(struct covered_writer *w, const struct ov_cov_rule *rule)
{
	bool has = false;

	for (size_t i = 0; i < w->r->result->nfindings; i++) {
		const struct ov_cov_finding *f = &w->r->result->findings[i];

		if (ov_cov_says(f, rule) == NULL || f->grade < OV_E3)
			continue;
		cli_put(w->out, has ? ",{\"observation-uuid\":"
				    : ",\"related-observations\":[{\"observation-uuid\":");
		covered_uuid(w, "observation", i);
		cli_put(w->out, "}");
		has = true;
	}
	cli_put(w->out, has ? "]" : "");
}

static void finding(struct covered_writer *w, const struct ov_cov_rule *rule, size_t i)
{
	const enum ov_cov_answer a = strongest(w->r, rule);
	const char *state = "not-satisfied", *reason = "other", *why;

	if (a == OV_COV_YES) {
		reason = "fail";
		why = "Something found at E3 or above is prohibited by this rule.";
	} else if (a == OV_COV_ASK) {
		why = "The rule leaves open whether what was found is prohibited: ask.";
	} else if (covered_has_gaps(w->r)) {
		why = "Nothing prohibited was found, but not all could be read or told apart.";
	} else {
		state = "satisfied";
		reason = "pass";
		why = "Nothing at E3 or above is prohibited by this rule, and all was read.";
	}
	cli_put(w->out, i > 0 ? ",\n{\"uuid\":" : "\n{\"uuid\":");
	covered_uuid(w, "finding", i);
	cli_put(w->out, ",\"title\":");
	inventory_string(w->out, rule->name);
	cli_put(w->out, ",\"description\":");
	inventory_string(w->out, rule->what);
	cli_put(w->out, ",\"target\":{\"type\":\"objective-id\",\"target-id\":");
	token(w->out, rule->id);
	cli_put(w->out, ",\"description\":");
	inventory_string(w->out, rule->whom);
	cli_fmt(w->out, ",\"status\":{\"state\":\"%s\",\"reason\":\"%s\",\"remarks\":\"%s\"}}",
		state, reason, why);
	related(w, rule);
	cli_put(w->out, "}");
}

static void findings(struct covered_writer *w)
{
	const struct ov_cov_list *l = w->r->list;
	size_t n = 0;

	for (size_t i = 0; i < l->nrules; i++) {
		if (!covered_applies(w->r, &l->rules[i]))
			continue;
		cli_put(w->out, n == 0 ? ",\n\"findings\":[" : "");
		finding(w, &l->rules[i], n++);
	}
	cli_put(w->out, n > 0 ? "]" : "");
}

static void back(struct covered_writer *w)
{
	bool has = false;

	cli_put(w->out, "}],\n\"back-matter\":{\"resources\":[{\"uuid\":");
	covered_uuid(w, "list", 0);
	cli_put(w->out, ",\"title\":");
	inventory_string(w->out,
			 w->r->list->title.n > 0 ? w->r->list->title : OV_STR("covered list"));
	cli_put(w->out, ",\"props\":[");
	property(w->out, &has, "list-date",
		 w->r->list->date.n > 0 ? w->r->list->date : OV_STR("unknown"));
	date_property(w->out, &has, "judged-as-of", w->r->at);
	property(w->out, &has, "profile", w->r->profile);
	cli_put(w->out, "]}]}}}\n");
}

void covered_oscal(struct cli_out *out, const struct covered_report *r)
{
	struct covered_writer w;

	if (!covered_writer_open(&w, out, r))
		return;
	head(&w);
	covered_uuid_bare(&w, "list", 0);
	reference(&w);
	cli_put(out, ",\"reviewed-controls\":{\"control-selections\":[{\"include-all\":{}}]}");
	if (r->result->nfindings > 0) {
		cli_put(out, ",\n\"local-definitions\":{\"inventory-items\":[");
		for (size_t i = 0; i < r->result->nfindings; i++)
			item(&w, &r->result->findings[i], i);
		cli_put(out, "]}");
	}
	observations(&w);
	findings(&w);
	back(&w);
	covered_writer_close(&w);
}
