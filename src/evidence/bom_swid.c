/* Software identification tags: SWID (ISO/IEC 19770-2:2015, XML) and CoSWID (RFC 9393, CBOR). */
#include "doc.h"
#include "bom.h"

ov_status ov_bom_swid(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b)
{
	struct ov_bom_part *p;
	uint32_t at;

	b->format = "SWID";
	b->document = ov_doc_text(root, "name");
	OV_TRY(ov_bom_add(e, b, &at));
	p = &b->parts[at];
	p->name = ov_doc_text(root, "name");
	p->version = ov_doc_text(root, "version");
	p->swid = ov_doc_text(root, "tagId");
	for (const struct ov_doc *n = root->child; n != NULL; n = n->next) {
		const struct ov_str role = ov_doc_text(n, "role");

		if (!ov_str_is(n->key, "Entity"))
			continue;
		if (p->supplier.n == 0 || ov_ev_has(role, "softwareCreator")) {
			p->other_supplier = p->supplier;
			p->other_from = p->supplier_from;
			p->supplier = ov_doc_text(n, "name");
			p->supplier_from = role;
		} else {
			p->other_supplier = ov_doc_text(n, "name");
			p->other_from = role;
		}
	}
	return p->name.n > 0 ? OV_OK : OV_BAD;
}

/* Numbers of RFC 9393, as texts: see doc.h. */
#define TAG_ID "0"
#define SOFTWARE_NAME "1"
#define ENTITY "2"
#define SOFTWARE_VERSION "13"
#define ENTITY_NAME "31"
#define ROLE "33"

static bool has_role(const struct ov_doc *entity, const char *role)
{
	const struct ov_doc *r = ov_doc_get(entity, ROLE);

	if (r == NULL)
		return false;
	if (r->child == NULL)
		return ov_str_is(r->text, role);
	for (r = r->child; r != NULL; r = r->next)
		if (ov_str_is(r->text, role))
			return true;
	return false;
}

static void take_entity(struct ov_bom_part *p, const struct ov_doc *n)
{
	const struct ov_str name = ov_doc_text(n, ENTITY_NAME);

	if (p->supplier.n == 0 || has_role(n, "2")) { /* software creator */
		p->other_supplier = p->supplier;
		p->other_from = p->supplier_from;
		p->supplier = name;
		p->supplier_from = OV_STR("entity");
	} else {
		p->other_supplier = name;
		p->other_from = OV_STR("entity");
	}
}

ov_status ov_bom_coswid(struct ov_ev *e, const struct ov_doc *root, struct ov_bom *b)
{
	const struct ov_doc *entity = ov_doc_get(root, ENTITY);
	struct ov_bom_part *p;
	uint32_t at;

	b->format = "CoSWID";
	b->document = ov_doc_text(root, SOFTWARE_NAME);
	OV_TRY(ov_bom_add(e, b, &at));
	p = &b->parts[at];
	p->name = ov_doc_text(root, SOFTWARE_NAME);
	p->version = ov_doc_text(root, SOFTWARE_VERSION);
	p->swid = ov_doc_text(root, TAG_ID);
	if (entity != NULL && entity->kind == OV_DOC_ARRAY)
		for (entity = entity->child; entity != NULL; entity = entity->next)
			take_entity(p, entity);
	else if (entity != NULL)
		take_entity(p, entity);
	return p->name.n > 0 ? OV_OK : OV_BAD;
}
