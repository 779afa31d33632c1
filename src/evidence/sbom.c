/* Bills of materials by their content: which form a document has. See bom.h. */
#include "doc.h"
#include "bom.h"
#include "ev_sources.h"

/* A JSON or XML text whose beginning, or name, speaks of a bill of materials. */
static bool head_has(const struct ov_ev_file *f, const char *word)
{
	return f->head.len > 0 && memmem(f->head.base, f->head.len, word, strlen(word)) != NULL;
}

static bool is_named_so(const struct ov_ev_file *f)
{
	static const char *const tails[] = { "bom.json",  "bom.xml",  "cdx.json",    "cdx.xml",
					     "spdx.json", ".spdx",    ".swidtag",    ".coswid",
					     "sbom.json", "sbom.xml", ".spdx3.json", ".jsonld" };

	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
		if (ov_ev_ends(f, tails[i]))
			return true;
	return false;
}

#define COSWID_TAG "\xda\x53\x57\x49\x44" /* tag 1398229316 */

static bool starts_with(const struct ov_ev_file *f, const char *chars)
{
	for (size_t i = 0; i < f->head.len; i++) {
		const char ch = (char)f->head.base[i];

		if (ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n' || (uint8_t)ch == 0xef ||
		    (uint8_t)ch == 0xbb || (uint8_t)ch == 0xbf)
			continue;
		return ch != 0 && strchr(chars, ch) != NULL;
	}
	return false;
}

bool ov_ev_sbom_wants(const struct ov_ev_file *f)
{
	if (ov_ev_head_is(f, COSWID_TAG, 5) || ov_ev_ends(f, ".coswid"))
		return true;
	if (head_has(f, "SPDXVersion: SPDX-"))
		return true;
	if (!starts_with(f, "{<[") || ov_ev_statement_wants(f))
		return false;
	return head_has(f, "\"bomFormat\"") || head_has(f, "cyclonedx.org/schema/bom") ||
	       head_has(f, "\"spdxVersion\"") || head_has(f, "spdx.org/rdf/3") ||
	       head_has(f, "<SoftwareIdentity") || head_has(f, "spdx.org/rdf/terms") ||
	       (is_named_so(f) ||
		(f->is_target && (ov_ev_ends(f, ".json") || ov_ev_ends(f, ".xml"))));
}

static ov_status read_tree(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b)
{
	if (ov_str_is(ov_doc_text(root, "bomFormat"), "CycloneDX") || ov_str_is(root->key, "bom"))
		return ov_bom_cyclonedx(e, root, b);
	if (ov_doc_get(root, "spdxVersion") != NULL)
		return ov_bom_spdx2(e, root, b);
	if (ov_doc_get(root, "@graph") != NULL)
		return ov_bom_spdx3(e, root, b);
	if (ov_str_is(root->key, "SoftwareIdentity"))
		return ov_bom_swid(e, root, b);
	if (ov_str_is(root->key, "RDF"))
		return OV_UNSUPPORTED;
	return OV_END; /* a document about something else */
}

static struct ov_str xmlns_version(const struct ov_doc *root)
{
	const struct ov_str ns = ov_doc_text(root, "xmlns");
	const char *slash = ns.n > 0 ? memrchr(ns.p, '/', ns.n) : NULL;

	if (slash == NULL)
		return (struct ov_str){ .p = "", .n = 0 };
	return (struct ov_str){ .p = slash + 1, .n = ns.n - (size_t)(slash + 1 - ns.p) };
}

ov_status ov_ev_sbom_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_bom b = { .made = OV_INV_NO_DATE, .format = "" };
	struct ov_doc *root = NULL;
	ov_status parsed = OV_OK, st;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	if (ov_ev_head_is(f, COSWID_TAG, 5) || ov_ev_ends(f, ".coswid")) {
		parsed = ov_doc_cbor(c, &e->arena, &root);
		st = root != NULL ? ov_bom_coswid(e, root, &b) : OV_BAD;
	} else if (!starts_with(f, "{<[")) {
		st = ov_bom_spdx_tags(e, c, &b);
	} else {
		parsed = starts_with(f, "<") ? ov_doc_xml(c, &e->arena, &root)
					     : ov_doc_json(c, &e->arena, &root);
		st = root != NULL ? read_tree(e, root, &b) : OV_END;
		if (st == OV_OK && b.version.n == 0 && root != NULL)
			b.version = xmlns_version(root);
	}
	if (st == OV_END) /* broken, and it looked like one: told */
		return parsed == OV_OK ? OV_OK : parsed;
	OV_TRY(st);
	OV_TRY(ov_bom_emit(e, &b, f));
	return parsed;
}
