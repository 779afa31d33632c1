/*
 * The inventory as a bill of materials: CycloneDX 1.6 (ECMA-424) and SPDX 2.3, both JSON. Same
 * inventory, same bytes, but for the time it was taken.
 */
#include "inventory_out.h"

#include <stdio.h>

#include "overt/version.h"

#include "text.h"

static void property(struct cli_out *out, bool *has, const char *name, struct ov_str value)
{
	if (value.n == 0)
		return;
	cli_fmt(out, "%s{\"name\":\"overt:%s\",\"value\":", *has ? "," : "", name);
	inventory_string(out, value);
	cli_put(out, "}");
	*has = true;
}

static struct ov_str iso(struct ov_buf *b, int64_t seconds)
{
	b->n = 0;
	if (ov_inv_iso(b, seconds) != OV_OK)
		b->n = 0;
	return (struct ov_str){ .p = b->n > 0 ? (const char *)b->p : "", .n = b->n };
}

static void properties(struct cli_out *out, const struct ov_inv_component *c, const char *more)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);
	char grade[] = "E0";
	bool has = false;

	grade[1] = (char)('0' + ov_inv_grade(c));
	cli_put(out, ",\"properties\":[");
	property(out, &has, "type", ov_str_of(ov_inv_what_name(c->what)));
	property(out, &has, "state", ov_str_of(ov_inv_state_name(c->state)));
	property(out, &has, "grade", ov_str_of(grade));
	property(out, &has, "id", c->id);
	property(out, &has, "since:earliest", iso(&b, c->since.earliest));
	property(out, &has, "since:latest", iso(&b, c->since.latest));
	property(out, &has, "since:from", c->since.from);
	property(out, &has, "updates:last", iso(&b, c->updates.last));
	if (c->is_privileged)
		property(out, &has, "privileged", OV_STR("true"));
	if (c->is_undetermined)
		property(out, &has, "undetermined", OV_STR("true"));
	for (uint32_t i = 0; i < c->nevidence; i++) {
		const struct ov_inv_evidence *e = &c->evidence[i];
		char name[64];

		(void)snprintf(name, sizeof name, "evidence:E%u:%s", (unsigned)e->grade,
			       ov_inv_kind_name(e->kind));
		property(out, &has, name, e->value);
	}
	cli_put(out, more);
	cli_put(out, "]");
}

static const char *technique(enum ov_inv_what w)
{
	switch (w) {
	case OV_WHAT_PROGRAM:
	case OV_WHAT_MODULE:
	case OV_WHAT_DRIVER:
	case OV_WHAT_EMBEDDED:
	case OV_WHAT_ANDROID:
		return "binary-analysis";
	case OV_WHAT_TRACES:
		return "filename";
	default:
		return "manifest-analysis";
	}
}

static void bom_evidence(struct cli_out *out, const struct ov_inv_component *c)
{
	static const char *const confidence[OV_GRADES] = { "0.1", "0.2", "0.4", "0.6", "0.8", "1" };
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1 << 20);
	const char *how = confidence[ov_inv_grade(c)];
	const struct ov_str value = c->purl.n > 0 ? c->purl : c->name;

	cli_fmt(out,
		",\"evidence\":{\"identity\":[{\"field\":\"%s\",\"confidence\":%s,"
		"\"methods\":[{\"technique\":\"%s\",\"confidence\":%s",
		c->purl.n > 0 ? "purl" : "name", how, technique(c->what), how);
	inventory_field(out, "value", value);
	cli_put(out, "}]}]");
	if (c->npath > 0) {
		cli_put(out, ",\"occurrences\":[{\"location\":");
		inventory_string(out, inventory_chain(&b, c->path, c->npath));
		cli_put(out, "}]");
	}
	cli_put(out, "}");
}

void inventory_bom_component(struct cli_out *out, const struct ov_inv_component *c, const char *ref,
			     const char *more)
{
	cli_fmt(out,
		"{\"type\":\"%s\",\"bom-ref\":\"%s\",\"name\":", ov_inv_what_cyclonedx(c->what),
		ref);
	inventory_string(out, c->name.n > 0 ? c->name : OV_STR("(no name)"));
	inventory_field(out, "version", c->version);
	if (c->supplier.n > 0) {
		cli_put(out, ",\"supplier\":{\"name\":");
		inventory_string(out, c->supplier);
		cli_put(out, "}");
	}
	inventory_field(out, "cpe", c->cpe);
	inventory_field(out, "purl", c->purl);
	if (c->what != OV_WHAT_OS) /* tools want little of an operating system */
		bom_evidence(out, c);
	properties(out, c, more);
	cli_put(out, "}");
}

static void bom_unread(struct cli_out *out, const struct ov_inventory *inv)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1 << 20);
	bool has = false;

	for (uint32_t i = 0; i < inv->nunread; i++) {
		const struct ov_inv_unread *u = &inv->unread[i];

		(void)inventory_chain(&b, u->path, u->npath);
		if (ov_buf_str(&b, OV_STR(": ")) != OV_OK || ov_buf_str(&b, u->reason) != OV_OK ||
		    ov_buf_str(&b, OV_STR(": ")) != OV_OK || ov_buf_str(&b, u->detail) != OV_OK)
			continue;
		property(out, &has, "unread", (struct ov_str){ .p = (const char *)b.p, .n = b.n });
	}
}

void inventory_cyclonedx(struct cli_out *out, const struct ov_inventory *inv)
{
	cli_put(out, "{\"$schema\":\"http://cyclonedx.org/schema/bom-1.6.schema.json\","
		     "\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"version\":1,\n"
		     "\"metadata\":{\"timestamp\":");
	inventory_date(out, inv->taken);
	cli_put(out, ",\"tools\":{\"components\":[{\"type\":\"application\",\"name\":\"overt\","
		     "\"version\":\"" OVERT_VERSION "\"}]},"
		     "\"component\":{\"type\":\"file\",\"bom-ref\":\"target\",\"name\":");
	inventory_string(out, inv->target);
	cli_put(out, "},\"properties\":[");
	bom_unread(out, inv);
	cli_put(out, "]},\n\"components\":[");
	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		char ref[16];

		(void)snprintf(ref, sizeof ref, "%u", i + 1);
		cli_put(out, i > 0 ? ",\n" : "\n");
		inventory_bom_component(out, &inv->components[i], ref, "");
	}
	cli_fmt(out, "],\n\"compositions\":[{\"aggregate\":\"%s\",\"assemblies\":[\"target\"]}]}\n",
		inv->nunread > 0 ? "incomplete" : "unknown");
}

/* Two letters and digits of a name that stays the same for the same inventory: FNV-1a. */
static uint64_t add(uint64_t h, struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3ULL;
	return (h ^ 0xff) * 0x100000001b3ULL;
}

static uint64_t name_of(const struct ov_inventory *inv)
{
	uint64_t h = add(0xcbf29ce484222325ULL, inv->target);

	for (uint32_t i = 0; i < inv->ncomponents; i++)
		h = add(add(h, inv->components[i].name), inv->components[i].version);
	return h ^ (uint64_t)inv->taken;
}

/* A locator has no blanks. */
static bool is_locator(struct ov_str s, const char *head)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return ov_str_starts(s, ov_str_of(head));
}

/* "cpe:2.3:" and eleven parts, in which a colon is written "\\:" (NIST IR 7695). */
static bool is_cpe23(struct ov_str s)
{
	size_t colons = 0;

	for (size_t i = 0; i < s.n; i++)
		colons += s.p[i] == ':' && (i == 0 || s.p[i - 1] != '\\');
	return is_locator(s, "cpe:2.3:") && colons == 12;
}

static void spdx_ref(struct cli_out *out, bool *has, const char *category, const char *type,
		     struct ov_str locator)
{
	cli_fmt(out, "%s{\"referenceCategory\":\"%s\",\"referenceType\":\"%s\"",
		*has ? "," : ",\"externalRefs\":[", category, type);
	inventory_field(out, "referenceLocator", locator);
	cli_put(out, "}");
	*has = true;
}

/* What is none of SPDX's locators, though an SBOM called it so, stands in the comment. */
static void spdx_refs(struct cli_out *out, const struct ov_inv_component *c)
{
	const bool is_purl = is_locator(c->purl, "pkg:");
	const bool is_22 = is_locator(c->cpe, "cpe:/"), is_23 = is_cpe23(c->cpe);
	bool has = false;

	if (is_purl)
		spdx_ref(out, &has, "PACKAGE-MANAGER", "purl", c->purl);
	if (is_22 || is_23)
		spdx_ref(out, &has, "SECURITY", is_23 ? "cpe23Type" : "cpe22Type", c->cpe);
	cli_put(out, has ? "]" : "");
	if (c->purl.n > 0 && !is_purl)
		inventory_field(out, "comment", c->purl);
	else if (c->cpe.n > 0 && !is_22 && !is_23)
		inventory_field(out, "comment", c->cpe);
}

/* One line: "Organization: NAME". */
static void spdx_supplier(struct cli_out *out, struct ov_str name)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf line = ov_buf_of(1 << 20);
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1 << 20);
	bool ok = true;

	for (size_t i = 0; i < name.n && ok; i++)
		ok = ov_buf_u8(&line, (uint8_t)name.p[i] < ' ' ? ' ' : (uint8_t)name.p[i]) == OV_OK;
	name = ov_text_trim(ov_buf_text(&line));
	ok = ok && name.n > 0 && ov_buf_str(&b, OV_STR("Organization: ")) == OV_OK &&
	     ov_buf_str(&b, name) == OV_OK;
	if (ok)
		inventory_string(out, ov_buf_text(&b));
	else
		cli_put(out, "\"NOASSERTION\"");
}

static void spdx_package(struct cli_out *out, const struct ov_inv_component *c, uint32_t i)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1 << 20);

	cli_fmt(out, "{\"SPDXID\":\"SPDXRef-%u\",\"name\":", i + 1);
	inventory_string(out, c->name.n > 0 ? c->name : OV_STR("(no name)"));
	inventory_field(out, "versionInfo", c->version);
	cli_put(out, ",\"supplier\":");
	spdx_supplier(out, c->supplier);
	cli_put(out, ",\"downloadLocation\":\"NOASSERTION\",\"filesAnalyzed\":false,"
		     "\"licenseConcluded\":\"NOASSERTION\",\"licenseDeclared\":\"NOASSERTION\","
		     "\"copyrightText\":\"NOASSERTION\",\"sourceInfo\":");
	inventory_string(out, inventory_chain(&b, c->path, c->npath));
	spdx_refs(out, c);
	cli_put(out, "}");
}

void inventory_spdx(struct cli_out *out, const struct ov_inventory *inv)
{
	cli_put(out, "{\"spdxVersion\":\"SPDX-2.3\",\"dataLicense\":\"CC0-1.0\","
		     "\"SPDXID\":\"SPDXRef-DOCUMENT\",\"name\":");
	inventory_string(out, inv->target);
	cli_fmt(out, ",\"documentNamespace\":\"urn:overt:inventory:%016llx\",\n",
		(unsigned long long)name_of(inv));
	cli_put(out, "\"creationInfo\":{\"created\":");
	inventory_date(out, inv->taken);
	cli_put(out, ",\"creators\":[\"Tool: overt-" OVERT_VERSION "\"]}");
	if (inv->nunread > 0)
		cli_fmt(out, ",\"comment\":\"%u places could not be read: overt inventory --json\"",
			inv->nunread);
	cli_put(out, ",\n\"packages\":[");
	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		cli_put(out, i > 0 ? ",\n" : "\n");
		spdx_package(out, &inv->components[i], i);
	}
	cli_put(out, "],\n\"relationships\":[");
	for (uint32_t i = 0; i < inv->ncomponents; i++)
		cli_fmt(out,
			"%s{\"spdxElementId\":\"SPDXRef-DOCUMENT\",\"relationshipType\":"
			"\"DESCRIBES\",\"relatedSpdxElement\":\"SPDXRef-%u\"}",
			i > 0 ? ",\n" : "\n", i + 1);
	cli_put(out, "]}\n");
}
