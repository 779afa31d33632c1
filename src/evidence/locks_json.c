/*
 * Lock files in JSON: npm (package-lock.json, npm-shrinkwrap.json, versions 1 to 3), Pipfile.lock,
 * composer.lock, NuGet's packages.lock.json; and package.json of an installed npm package, which
 * names its author. Not read: which of several versions a program takes.
 */
#include "doc.h"
#include "locks.h"

bool ov_ev_locks_json_wants(const struct ov_ev_file *f)
{
	return ov_ev_named(f, "package-lock.json") || ov_ev_named(f, "npm-shrinkwrap.json") ||
	       ov_ev_named(f, ".package-lock.json") || ov_ev_named(f, "Pipfile.lock") ||
	       ov_ev_named(f, "composer.lock") || ov_ev_named(f, "packages.lock.json") ||
	       ov_ev_named(f, "package.json");
}

static struct ov_str from_pointer(struct ov_str key)
{
	static const char mark[] = "node_modules/";

	for (size_t i = key.n; i >= sizeof mark - 1; i--) {
		const struct ov_str tail = { .p = key.p + i - (sizeof mark - 1),
					     .n = sizeof mark - 1 };

		if (ov_str_is(tail, mark))
			return (struct ov_str){ .p = key.p + i, .n = key.n - i };
	}
	return (struct ov_str){ .p = "", .n = 0 };
}

/* "author": "Name <mail> (url)", or { "name": "Name" }. */
static struct ov_str author_of(const struct ov_doc *n)
{
	const struct ov_doc *a = ov_doc_get(n, "author");

	if (a != NULL && a->kind == OV_DOC_OBJECT)
		return ov_doc_text(a, "name");
	return a != NULL ? a->text : (struct ov_str){ .p = "", .n = 0 };
}

static ov_status npm_packages(struct ov_ev *e, const struct ov_doc *list)
{
	for (const struct ov_doc *n = list->child; n != NULL; n = n->next) {
		struct ov_lock l = { .type = "npm",
				     .name = ov_doc_text(n, "name"),
				     .version = ov_doc_text(n, "version"),
				     .supplier = author_of(n),
				     .where = n->key };

		if (l.name.n == 0)
			l.name = from_pointer(n->key);
		if (ov_str_is(ov_doc_text(n, "link"), "true"))
			continue;
		OV_TRY(ov_lock_emit(e, &l));
	}
	return OV_OK;
}

/* Version 1: dependencies inside dependencies. */
static ov_status npm_tree(struct ov_ev *e, const struct ov_doc *root)
{
	for (const struct ov_doc *n = root; n != NULL; n = ov_doc_walk(n, root)) {
		if (n->kind != OV_DOC_OBJECT || n->parent == NULL ||
		    !ov_str_is(n->parent->key, "dependencies"))
			continue;
		OV_TRY(ov_lock_emit(e, &(struct ov_lock){ .type = "npm",
							  .name = n->key,
							  .version = ov_doc_text(n, "version"),
							  .where = n->key }));
	}
	return OV_OK;
}

static ov_status npm(struct ov_ev *e, const struct ov_doc *root)
{
	const struct ov_doc *packages = ov_doc_get(root, "packages");

	return packages != NULL ? npm_packages(e, packages) : npm_tree(e, root);
}

static ov_status npm_manifest(struct ov_ev *e, const struct ov_ev_file *f,
			      const struct ov_doc *root)
{
	static const char *const keys[] = { "dependencies", "devDependencies", "peerDependencies",
					    "optionalDependencies" };
	const struct ov_lock l = { .type = "npm",
				   .name = ov_doc_text(root, "name"),
				   .version = ov_doc_text(root, "version"),
				   .supplier = author_of(root),
				   .where = OV_STR("author"),
				   .is_installed = true };

	if (ov_ev_has(f->path, "node_modules/"))
		return l.version.n > 0 ? ov_lock_emit(e, &l) : OV_OK;
	OV_TRY(ov_lock_emit(e, &l));
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const struct ov_doc *list = ov_doc_get(root, keys[i]);

		for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL;
		     n = n->next)
			OV_TRY(ov_lock_emit(e, &(struct ov_lock){ .type = "npm",
								  .name = n->key,
								  .where = ov_str_of(keys[i]) }));
	}
	return OV_OK;
}

static struct ov_str exact(struct ov_str version)
{
	while (version.n > 0 && strchr("=v ", version.p[0]) != NULL) {
		version.p++;
		version.n--;
	}
	return version;
}

static ov_status pipfile(struct ov_ev *e, const struct ov_doc *root)
{
	for (const struct ov_doc *set = root->child; set != NULL; set = set->next)
		for (const struct ov_doc *n = set->child; n != NULL; n = n->next)
			if (!ov_str_is(set->key, "_meta"))
				OV_TRY(ov_lock_emit(
				    e,
				    &(struct ov_lock){ .type = "pypi",
						       .name = n->key,
						       .version = exact(ov_doc_text(n, "version")),
						       .where = set->key }));
	return OV_OK;
}

static ov_status composer(struct ov_ev *e, const struct ov_doc *root)
{
	static const char *const keys[] = { "packages", "packages-dev" };

	for (size_t i = 0; i < 2; i++) {
		const struct ov_doc *list = ov_doc_get(root, keys[i]);

		for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL;
		     n = n->next)
			OV_TRY(ov_lock_emit(
			    e, &(struct ov_lock){ .type = "composer",
						  .name = ov_doc_text(n, "name"),
						  .version = exact(ov_doc_text(n, "version")),
						  .where = ov_str_of(keys[i]) }));
	}
	return OV_OK;
}

static ov_status nuget(struct ov_ev *e, const struct ov_doc *root)
{
	const struct ov_doc *sets = ov_doc_get(root, "dependencies");

	for (const struct ov_doc *set = sets != NULL ? sets->child : NULL; set != NULL;
	     set = set->next)
		for (const struct ov_doc *n = set->child; n != NULL; n = n->next)
			OV_TRY(ov_lock_emit(
			    e, &(struct ov_lock){ .type = "nuget",
						  .name = n->key,
						  .version = ov_doc_text(n, "resolved"),
						  .where = set->key }));
	return OV_OK;
}

ov_status ov_ev_locks_json_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_doc *root = NULL;
	ov_status parsed, st;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	parsed = ov_doc_json(c, &e->arena, &root);
	if (root == NULL)
		return parsed;
	if (ov_ev_named(f, "package.json"))
		st = npm_manifest(e, f, root);
	else if (ov_ev_named(f, "Pipfile.lock"))
		st = pipfile(e, root);
	else if (ov_ev_named(f, "composer.lock"))
		st = composer(e, root);
	else if (ov_ev_named(f, "packages.lock.json"))
		st = nuget(e, root);
	else
		st = npm(e, root);
	OV_TRY(st);
	return parsed;
}
