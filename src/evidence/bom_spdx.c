/* SPDX: 2.2 and 2.3 as JSON and as tags and values, 3.0 as JSON-LD. Packages, their suppliers and
 * external names, and relations of containing and depending. Snippets and licences are not read. */
#include "doc.h"
#include "bom.h"

/* "Organization: X (mail)", "Person: Y", "NOASSERTION". */
static struct ov_str actor(struct ov_str s)
{
	struct ov_str key, value;

	if (ov_str_is(s, "NOASSERTION") || ov_str_is(s, "NONE"))
		return (struct ov_str){ .p = "", .n = 0 };
	if (ov_ev_pair(s, ':', &key, &value) &&
	    (ov_str_is(key, "Organization") || ov_str_is(key, "Person") || ov_str_is(key, "Tool")))
		s = value;
	if (s.n > 2 && s.p[s.n - 1] == ')') { /* the address behind it */
		const char *open = memrchr(s.p, '(', s.n);

		if (open != NULL)
			s.n = (size_t)(open - s.p);
	}
	return ov_ev_trim(s);
}

static void take_actors(struct ov_bom_part *p, struct ov_str supplier, struct ov_str originator)
{
	p->supplier = actor(supplier);
	p->supplier_from = OV_STR("supplier");
	p->other_supplier = actor(originator);
	p->other_from = OV_STR("originator");
	if (p->supplier.n == 0) {
		p->supplier = p->other_supplier;
		p->supplier_from = p->other_from;
	}
}

static void take_external(struct ov_bom_part *p, struct ov_str type, struct ov_str value)
{
	if (ov_ev_has(type, "purl") || ov_str_is(type, "packageUrl"))
		p->purl = value;
	else if (ov_ev_has(type, "cpe2"))
		p->cpe = value;
	else if (ov_ev_has(type, "swid"))
		p->swid = value;
}

enum relation { RELATION_NONE = 0, RELATION_DOWN, RELATION_UP };

/* Which way a relation goes: from the whole to its part, or the other way. */
static enum relation relation_of(struct ov_str type)
{
	static const char *const down[] = { "CONTAINS",	      "DEPENDS_ON",	  "DYNAMIC_LINK",
					    "STATIC_LINK",    "ANCESTOR_OF",	  "DESCRIBES",
					    "GENERATED_FROM", "HAS_PREREQUISITE", "dependsOn",
					    "hasDynamicLink", "hasStaticLink" };
	static const char *const up[] = { "CONTAINED_BY",	    "DEPENDENCY_OF",
					  "DESCENDANT_OF",	    "PACKAGE_OF",
					  "DESCRIBED_BY",	    "GENERATES",
					  "BUILD_DEPENDENCY_OF",    "RUNTIME_DEPENDENCY_OF",
					  "PROVIDED_DEPENDENCY_OF", "DEV_DEPENDENCY_OF",
					  "OPTIONAL_DEPENDENCY_OF", "PREREQUISITE_FOR" };

	for (size_t i = 0; i < sizeof down / sizeof down[0]; i++)
		if (ov_text_same(type, ov_str_of(down[i])))
			return RELATION_DOWN;
	for (size_t i = 0; i < sizeof up / sizeof up[0]; i++)
		if (ov_text_same(type, ov_str_of(up[i])))
			return RELATION_UP;
	return RELATION_NONE;
}

static ov_status relate(struct ov_ev *e, struct ov_bom *b, struct ov_str from, struct ov_str type,
			struct ov_str to)
{
	switch (relation_of(type)) {
	case RELATION_DOWN:
		return ov_bom_relate(e, b, from, to);
	case RELATION_UP:
		return ov_bom_relate(e, b, to, from);
	default:
		return OV_OK;
	}
}

static ov_status take_package(struct ov_ev *e, struct ov_bom *b, const struct ov_doc *n)
{
	const struct ov_doc *list = ov_doc_get(n, "externalRefs");
	struct ov_bom_part *p;
	uint32_t at;

	OV_TRY(ov_bom_add(e, b, &at));
	p = &b->parts[at];
	p->ref = ov_doc_text(n, "SPDXID");
	p->name = ov_doc_text(n, "name");
	p->version = ov_doc_text(n, "versionInfo");
	take_actors(p, ov_doc_text(n, "supplier"), ov_doc_text(n, "originator"));
	for (const struct ov_doc *x = list != NULL ? list->child : NULL; x != NULL; x = x->next)
		take_external(p, ov_doc_text(x, "referenceType"),
			      ov_doc_text(x, "referenceLocator"));
	return OV_OK;
}

ov_status ov_bom_spdx2(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b)
{
	const struct ov_doc *list = ov_doc_get(root, "packages");

	b->format = "SPDX";
	b->version = ov_doc_text(root, "spdxVersion");
	b->document = ov_doc_text(root, "name");
	b->made = ov_ev_time(ov_doc_text(ov_doc_get(root, "creationInfo"), "created"));
	for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL; n = n->next)
		OV_TRY(take_package(e, b, n));
	list = ov_doc_get(root, "relationships");
	for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL; n = n->next)
		OV_TRY(relate(e, b, ov_doc_text(n, "spdxElementId"),
			      ov_doc_text(n, "relationshipType"),
			      ov_doc_text(n, "relatedSpdxElement")));
	return OV_OK;
}

/* JSON-LD may spell both keys either way. */
static struct ov_str id_of(const struct ov_doc *n)
{
	const struct ov_str s = ov_doc_text(n, "spdxId");

	return s.n > 0 ? s : ov_doc_text(n, "@id");
}

static struct ov_str type_of(const struct ov_doc *n)
{
	const struct ov_str s = ov_doc_text(n, "type");

	return s.n > 0 ? s : ov_doc_text(n, "@type");
}

static bool is_package3(struct ov_str type)
{
	return ov_text_ends_with(type, OV_STR("software_Package")) ||
	       ov_text_ends_with(type, OV_STR("software_File")) ||
	       ov_text_ends_with(type, OV_STR("Software/Package")) ||
	       ov_text_ends_with(type, OV_STR("ai_AIPackage")) ||
	       ov_text_ends_with(type, OV_STR("dataset_DatasetPackage"));
}

/* One text, or the first of a list. */
static struct ov_str first_of(const struct ov_doc *n)
{
	if (n != NULL && n->kind == OV_DOC_ARRAY)
		n = n->child;
	if (n != NULL && n->kind == OV_DOC_OBJECT)
		return ov_doc_text(n, "name").n > 0 ? ov_doc_text(n, "name") : id_of(n);
	return n != NULL ? n->text : (struct ov_str){ .p = "", .n = 0 };
}

static ov_status take_package3(struct ov_ev *e, struct ov_bom *b, const struct ov_doc *n)
{
	const struct ov_doc *list = ov_doc_get(n, "externalIdentifier");
	struct ov_bom_part *p;
	uint32_t at;

	OV_TRY(ov_bom_add(e, b, &at));
	p = &b->parts[at];
	p->ref = id_of(n);
	p->name = ov_doc_text(n, "name");
	p->version = ov_doc_text(n, "software_packageVersion");
	if (p->version.n == 0)
		p->version = ov_doc_text(n, "packageVersion");
	p->purl = ov_doc_text(n, "software_packageUrl");
	if (p->purl.n == 0)
		p->purl = ov_doc_text(n, "packageUrl");
	take_actors(p, first_of(ov_doc_get(n, "suppliedBy")),
		    first_of(ov_doc_get(n, "originatedBy")));
	for (const struct ov_doc *x = list != NULL ? list->child : NULL; x != NULL; x = x->next)
		take_external(p, ov_doc_text(x, "externalIdentifierType"),
			      ov_doc_text(x, "identifier"));
	return OV_OK;
}

/* Suppliers are told by reference: the name of the element that has this id. */
static void resolve(const struct ov_doc *graph, struct ov_str *id)
{
	if (id->n == 0)
		return;
	for (const struct ov_doc *n = graph->child; n != NULL; n = n->next)
		if (ov_str_eq(id_of(n), *id)) {
			if (ov_doc_text(n, "name").n > 0)
				*id = ov_doc_text(n, "name");
			return;
		}
}

static ov_status relate3(struct ov_ev *e, struct ov_bom *b, const struct ov_doc *n)
{
	const struct ov_doc *to = ov_doc_get(n, "to");
	const struct ov_str from = first_of(ov_doc_get(n, "from"));
	const struct ov_str type = ov_doc_text(n, "relationshipType");

	if (to == NULL)
		return OV_OK;
	if (to->kind != OV_DOC_ARRAY)
		return relate(e, b, from, type, first_of(to));
	for (const struct ov_doc *x = to->child; x != NULL; x = x->next)
		OV_TRY(relate(e, b, from, type, first_of(x)));
	return OV_OK;
}

ov_status ov_bom_spdx3(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b)
{
	const struct ov_doc *graph = ov_doc_get(root, "@graph");

	b->format = "SPDX";
	b->version = OV_STR("SPDX-3.0");
	if (graph == NULL)
		return OV_BAD;
	for (const struct ov_doc *n = graph->child; n != NULL; n = n->next) {
		const struct ov_str type = type_of(n);

		if (is_package3(type))
			OV_TRY(take_package3(e, b, n));
		else if (ov_text_ends_with(type, OV_STR("SpdxDocument")))
			b->document = ov_doc_text(n, "name");
		else if (ov_text_ends_with(type, OV_STR("CreationInfo")))
			b->made = ov_ev_time(ov_doc_text(n, "created"));
	}
	/* Few suppliers stand for many packages; the search is bounded by the product of both. */
	for (uint32_t i = 0; i < b->n && b->n < 20000; i++) {
		resolve(graph, &b->parts[i].supplier);
		resolve(graph, &b->parts[i].other_supplier);
	}
	for (const struct ov_doc *n = graph->child; n != NULL; n = n->next)
		if (ov_text_ends_with(type_of(n), OV_STR("Relationship")))
			OV_TRY(relate3(e, b, n));
	return OV_OK;
}

struct relation_line {
	struct ov_str from, type, to;
};

/* "SPDXRef-a CONTAINS SPDXRef-b" */
static bool split3(struct ov_str s, struct relation_line *r)
{
	return ov_text_split(&s, ' ', &r->from) && ov_text_split(&s, ' ', &r->type) &&
	       ov_text_split(&s, ' ', &r->to);
}

static void take_tag(struct ov_bom *b, struct ov_bom_part *p, struct ov_str key,
		     struct ov_str value)
{
	struct relation_line r;

	if (ov_str_is(key, "SPDXVersion"))
		b->version = value;
	else if (ov_str_is(key, "DocumentName"))
		b->document = value;
	else if (ov_str_is(key, "Created"))
		b->made = ov_ev_time(value);
	if (p == NULL)
		return;
	if (ov_str_is(key, "SPDXID"))
		p->ref = value;
	else if (ov_str_is(key, "PackageVersion"))
		p->version = value;
	else if (ov_str_is(key, "PackageSupplier"))
		take_actors(p, value, p->other_supplier);
	else if (ov_str_is(key, "PackageOriginator"))
		take_actors(p, p->supplier, value);
	else if (ov_str_is(key, "ExternalRef") && split3(value, &r))
		take_external(p, r.type, r.to);
}

static ov_status take_tags(struct ov_ev *e, struct ov_cur text, struct ov_bom *b, bool is_second)
{
	struct ov_bom_part *p = NULL;
	struct ov_str line, key, value;
	struct relation_line r;
	uint32_t at = 0;

	while (ov_cur_line(&text, &line) == OV_OK) {
		if (!ov_ev_pair(line, ':', &key, &value))
			continue;
		if (is_second) {
			if (ov_str_is(key, "Relationship") && split3(value, &r))
				OV_TRY(relate(e, b, r.from, r.type, r.to));
			continue;
		}
		if (ov_str_is(key, "PackageName")) {
			OV_TRY(ov_bom_add(e, b, &at));
			p = &b->parts[at];
			p->name = value;
		} else if (ov_str_is(key, "FileName") || ov_str_is(key, "SnippetSPDXID")) {
			p = NULL;
		}
		take_tag(b, p, key, value);
	}
	return OV_OK;
}

ov_status ov_bom_spdx_tags(struct ov_ev *e, struct ov_cur text, struct ov_bom *b)
{
	b->format = "SPDX";
	OV_TRY(take_tags(e, text, b, false));
	return take_tags(e, text, b, true); /* relations, when all parts are there */
}
