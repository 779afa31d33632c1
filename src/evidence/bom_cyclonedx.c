/* CycloneDX 1.0 to 1.7, JSON and XML (ECMA-424): components and services at any depth, those of
 * metadata, ancestors of pedigrees, and the dependency graph where nothing else tells a place. */
#include "doc.h"
#include "bom.h"

static bool holds_parts(const struct ov_doc *n)
{
	static const char *const keys[] = { "components",  "services", "ancestors",
					    "descendants", "variants", "subcomponents" };

	for (size_t i = 0; n != NULL && i < sizeof keys / sizeof keys[0]; i++)
		if (ov_str_is(n->key, keys[i]))
			return true;
	return false;
}

static bool is_part(const struct ov_doc *n)
{
	if (n->kind != OV_DOC_OBJECT || n->parent == NULL)
		return false;
	if (holds_parts(n->parent))
		return !ov_str_is(n->parent->parent != NULL ? n->parent->parent->key
							    : (struct ov_str){ 0 },
				  "tools");
	return ov_str_is(n->key, "component") && ov_str_is(n->parent->key, "metadata");
}

/* The first of the names that the format gives for who made it, and another one. */
static void take_suppliers(const struct ov_doc *n, struct ov_bom_part *p)
{
	static const char *const paths[] = { "supplier/name",	  "publisher",
					     "manufacturer/name", "manufacture/name",
					     "provider/name",	  "author" };

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		const struct ov_doc *x = ov_doc_path(n, paths[i]);

		if (x == NULL || x->text.n == 0)
			continue;
		if (p->supplier.n == 0) {
			p->supplier = x->text;
			p->supplier_from = ov_str_of(paths[i]);
		} else if (p->other_supplier.n == 0 && !ov_str_eq(p->supplier, x->text)) {
			p->other_supplier = x->text;
			p->other_from = ov_str_of(paths[i]);
		}
	}
}

static void take_hash(const struct ov_doc *n, struct ov_bom_part *p)
{
	const struct ov_doc *list = ov_doc_get(n, "hashes");

	for (const struct ov_doc *h = list != NULL ? list->child : NULL; h != NULL; h = h->next)
		if (ov_str_is(ov_doc_text(h, "alg"), "SHA-256"))
			p->hash = h->text.n > 0 ? h->text : ov_doc_text(h, "content");
}

static ov_status take_part(struct ov_ev *e, struct ov_bom *b, struct ov_doc *n)
{
	struct ov_bom_part *p;
	uint32_t at;

	OV_TRY(ov_bom_add(e, b, &at));
	p = &b->parts[at];
	p->ref = ov_doc_text(n, "bom-ref");
	p->name = ov_doc_text(n, "name");
	p->group = ov_doc_text(n, "group");
	p->version = ov_doc_text(n, "version");
	p->purl = ov_doc_text(n, "purl");
	p->cpe = ov_doc_text(n, "cpe");
	p->swid = ov_doc_text(ov_doc_get(n, "swid"), "tagId");
	take_suppliers(n, p);
	take_hash(n, p);
	n->tag = at + (uint64_t)1;
	for (const struct ov_doc *up = n->parent; up != NULL; up = up->parent)
		if (up->tag != 0) {
			p->parent = (uint32_t)up->tag;
			break;
		}
	return OV_OK;
}

/* JSON: { "ref": "a", "dependsOn": ["b"] }; XML: <dependency ref="a"><dependency ref="b"/>. */
static ov_status take_graph(struct ov_ev *e, struct ov_bom *b, const struct ov_doc *root)
{
	const struct ov_doc *list = ov_doc_get(root, "dependencies");

	for (const struct ov_doc *d = list != NULL ? list->child : NULL; d != NULL; d = d->next) {
		const struct ov_str ref = ov_doc_text(d, "ref");
		const struct ov_doc *on = ov_doc_get(d, "dependsOn");

		for (const struct ov_doc *c = on != NULL ? on->child : d->child; c != NULL;
		     c = c->next)
			OV_TRY(ov_bom_relate(
			    e, b, ref, c->kind == OV_DOC_OBJECT ? ov_doc_text(c, "ref") : c->text));
	}
	return OV_OK;
}

ov_status ov_bom_cyclonedx(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b)
{
	const struct ov_doc *meta = ov_doc_path(root, "metadata/component");

	b->format = "CycloneDX";
	b->version = ov_doc_text(root, "specVersion");
	b->made = ov_ev_time(ov_doc_text(ov_doc_get(root, "metadata"), "timestamp"));
	b->document = ov_doc_text(meta, "name");
	for (const struct ov_doc *n = root; n != NULL; n = ov_doc_walk(n, root))
		if (is_part(n))
			/* The tree is this file's own; only the mark is written. */
			OV_TRY(take_part(e, b, (struct ov_doc *)(uintptr_t)n));
	OV_TRY(take_graph(e, b, root));
	/* What has no place elsewhere is a part of what the document is about. */
	for (uint32_t i = 0; meta != NULL && meta->tag != 0 && i < b->n; i++)
		if (b->parts[i].parent == 0 && i + 1 != meta->tag)
			b->parts[i].parent = (uint32_t)meta->tag;
	return OV_OK;
}
