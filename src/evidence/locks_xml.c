/* Maven's pom.xml, Gradle's verification-metadata.xml, NuGet's packages.config. Properties of a pom
 * ("${version}") are put in where the same file tells them; parents are not fetched. */
#include "doc.h"
#include "locks.h"

bool ov_ev_locks_xml_wants(const struct ov_ev_file *f)
{
	return ov_ev_named(f, "pom.xml") || ov_ev_ends(f, ".pom") ||
	       ov_ev_named(f, "verification-metadata.xml") || ov_ev_named(f, "packages.config");
}

static struct ov_str filled(const struct ov_doc *root, struct ov_str s)
{
	const struct ov_doc *list = ov_doc_get(root, "properties");
	struct ov_str key;

	if (s.n < 4 || s.p[0] != '$' || s.p[1] != '{' || s.p[s.n - 1] != '}')
		return s;
	key = (struct ov_str){ .p = s.p + 2, .n = s.n - 3 };
	for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL; n = n->next)
		if (ov_str_eq(n->key, key))
			return n->text;
	return (struct ov_str){ .p = "", .n = 0 };
}

static ov_status pom(struct ov_ev *e, const struct ov_doc *root)
{
	struct ov_lock own = { .type = "maven",
			       .group = ov_doc_text(root, "groupId"),
			       .name = ov_doc_text(root, "artifactId"),
			       .version = filled(root, ov_doc_text(root, "version")),
			       .supplier = ov_doc_text(ov_doc_get(root, "organization"), "name"),
			       .where = OV_STR("project") };

	if (own.group.n == 0)
		own.group = ov_doc_text(ov_doc_get(root, "parent"), "groupId");
	OV_TRY(ov_lock_emit(e, &own));
	for (const struct ov_doc *n = root; n != NULL; n = ov_doc_walk(n, root)) {
		if (!ov_str_is(n->key, "dependency") && !ov_str_is(n->key, "plugin") &&
		    !ov_str_is(n->key, "parent"))
			continue;
		OV_TRY(ov_lock_emit(
		    e, &(struct ov_lock){ .type = "maven",
					  .group = filled(root, ov_doc_text(n, "groupId")),
					  .name = filled(root, ov_doc_text(n, "artifactId")),
					  .version = filled(root, ov_doc_text(n, "version")),
					  .where = n->key }));
	}
	return OV_OK;
}

static ov_status attributes(struct ov_ev *e, const struct ov_doc *root)
{
	for (const struct ov_doc *n = root; n != NULL; n = ov_doc_walk(n, root)) {
		if (ov_str_is(n->key, "component"))
			OV_TRY(ov_lock_emit(
			    e, &(struct ov_lock){ .type = "maven",
						  .group = ov_doc_text(n, "group"),
						  .name = ov_doc_text(n, "name"),
						  .version = ov_doc_text(n, "version") }));
		else if (ov_str_is(n->key, "package"))
			OV_TRY(ov_lock_emit(
			    e, &(struct ov_lock){ .type = "nuget",
						  .name = ov_doc_text(n, "id"),
						  .version = ov_doc_text(n, "version") }));
	}
	return OV_OK;
}

ov_status ov_ev_locks_xml_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_doc *root = NULL;
	struct ov_cur c;
	ov_status st;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	st = ov_doc_xml(c, &e->arena, &root);
	if (root == NULL)
		return st;
	OV_TRY(ov_str_is(root->key, "project") ? pom(e, root) : attributes(e, root));
	return st;
}
