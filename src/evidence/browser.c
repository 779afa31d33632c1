/*
 * Browser extensions and native messaging hosts: manifests of Chromium's and Mozilla's, in profiles
 * and where systems install them, and Mozilla's list of add-ons. Names that are messages
 * ("__MSG_name__") stay as they are: the id is what tells.
 */
#include "doc.h"
#include "ev_sources.h"

#define MANIFEST_MAX ((size_t)16 << 20)

static bool is_host(const struct ov_ev_file *f)
{
	return (ov_ev_has(f->path, "NativeMessagingHosts/") ||
		ov_ev_has(f->path, "native-messaging-hosts/")) &&
	       ov_ev_ends(f, ".json");
}

/* .../Extensions/<32 letters>/<version>/manifest.json */
static struct ov_str chrome_id(struct ov_str path)
{
	static const char mark[] = "Extensions/";
	const char *at = path.n > 0 ? memmem(path.p, path.n, mark, sizeof mark - 1) : NULL;
	struct ov_str id;

	if (at == NULL)
		return (struct ov_str){ .p = "", .n = 0 };
	id.p = at + sizeof mark - 1;
	id.n = path.n - (size_t)(id.p - path.p);
	if (id.n < 33 || id.p[32] != '/')
		return (struct ov_str){ .p = "", .n = 0 };
	id.n = 32;
	for (size_t i = 0; i < 32; i++)
		if (id.p[i] < 'a' || id.p[i] > 'p')
			return (struct ov_str){ .p = "", .n = 0 };
	return id;
}

static bool is_external(const struct ov_ev_file *f)
{
	return ov_ev_has(f->path, "External Extensions/") ||
	       ov_ev_has(f->path, "chrome/extensions/") ||
	       ov_ev_has(f->path, "chromium/extensions/");
}

bool ov_ev_browser_wants(const struct ov_ev_file *f)
{
	if (ov_ev_named(f, "manifest.json"))
		return chrome_id(f->path).n > 0 || ov_ev_has(f->path, "extensions/");
	return is_host(f) || ov_ev_named(f, "extensions.json") ||
	       (is_external(f) && ov_ev_ends(f, ".json"));
}

static ov_status host(struct ov_ev *e, const struct ov_ev_file *f, const struct ov_doc *root)
{
	const struct ov_doc *from = ov_doc_get(root, "allowed_origins");
	struct ov_ev_found x;

	if (from == NULL)
		from = ov_doc_get(root, "allowed_extensions");
	ov_ev_begin(&x, OV_WHAT_NATIVE_HOST, ov_doc_text(root, "name"));
	x.c.is_privileged = true;
	x.c.id = ov_doc_text(root, "name");
	ov_ev_add(&x, OV_EV_NATIVE_HOST, OV_E3, ov_doc_text(root, "name"), f->path);
	ov_ev_add(&x, OV_EV_FIELD, OV_E0,
		  ov_ev_fmt(e, "path=%.*s", (int)ov_min_size(ov_doc_text(root, "path").n, 4000),
			    ov_doc_text(root, "path").p),
		  f->path);
	for (const struct ov_doc *o = from != NULL ? from->child : NULL; o != NULL; o = o->next) {
		struct ov_str id = o->text;

		if (ov_str_starts(id, OV_STR("chrome-extension://"))) {
			id.p += 19;
			id.n -= 19;
		}
		while (id.n > 0 && id.p[id.n - 1] == '/')
			id.n--;
		ov_ev_add(&x, OV_EV_EXT_ID, OV_E1, id, OV_STR("allowed_origins"));
	}
	return ov_ev_emit(e, &x);
}

static ov_status extension(struct ov_ev *e, struct ov_str id, struct ov_str name,
			   struct ov_str version, struct ov_str author, struct ov_str where)
{
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_EXTENSION, name.n > 0 ? name : id);
	x.c.is_privileged = true;
	x.c.version = version;
	x.c.supplier = author;
	x.c.id = id;
	ov_ev_add(&x, OV_EV_EXT_ID, OV_E3, id, where);
	ov_ev_add(&x, OV_EV_SUPPLIER, OV_E2, author, where);
	return ov_ev_emit(e, &x);
}

static struct ov_str author_of(const struct ov_doc *n)
{
	const struct ov_doc *a = ov_doc_get(n, "author");

	if (a == NULL)
		a = ov_doc_get(n, "creator");
	if (a != NULL && a->kind == OV_DOC_OBJECT)
		return ov_doc_text(a, "email");
	return a != NULL ? a->text : (struct ov_str){ .p = "", .n = 0 };
}

/* Mozilla: { "addons": [ { "id", "version", "defaultLocale": { "name", "creator" } } ] } */
static ov_status addons(struct ov_ev *e, const struct ov_doc *list)
{
	for (const struct ov_doc *n = list->child; n != NULL; n = n->next) {
		const struct ov_doc *words = ov_doc_get(n, "defaultLocale");

		if (ov_doc_text(n, "id").n == 0 ||
		    ov_str_is(ov_doc_text(n, "location"), "app-builtin") ||
		    ov_str_is(ov_doc_text(n, "location"), "app-system-defaults"))
			continue;
		OV_TRY(extension(e, ov_doc_text(n, "id"), ov_doc_text(words, "name"),
				 ov_doc_text(n, "version"), author_of(words),
				 ov_doc_text(n, "location")));
	}
	return OV_OK;
}

static ov_status manifest(struct ov_ev *e, const struct ov_ev_file *f, const struct ov_doc *root)
{
	struct ov_str id = chrome_id(f->path);

	if (ov_doc_get(root, "manifest_version") == NULL)
		return OV_OK;
	if (id.n == 0)
		id = ov_doc_text(ov_doc_path(root, "browser_specific_settings/gecko"), "id");
	if (id.n == 0)
		id = ov_doc_text(ov_doc_path(root, "applications/gecko"), "id");
	return extension(e, id, ov_doc_text(root, "name"), ov_doc_text(root, "version"),
			 author_of(root), f->path);
}

ov_status ov_ev_browser_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	const struct ov_doc *list;
	struct ov_doc *root = NULL;
	struct ov_cur c;
	ov_status parsed, st = OV_OK;

	OV_TRY(ov_ev_load(e, f, MANIFEST_MAX, &c));
	parsed = ov_doc_json(c, &e->arena, &root);
	if (root == NULL)
		return parsed;
	list = ov_doc_get(root, "addons");
	if (is_host(f))
		st = host(e, f, root);
	else if (ov_ev_named(f, "extensions.json"))
		st = list != NULL ? addons(e, list) : OV_OK;
	else if (ov_ev_named(f, "manifest.json"))
		st = manifest(e, f, root);
	else if (f->name.n == 37) /* <id>.json asks for an extension to be installed */
		st =
		    extension(e, (struct ov_str){ .p = f->name.p, .n = 32 }, (struct ov_str){ 0 },
			      ov_doc_text(root, "external_version"), (struct ov_str){ 0 }, f->path);
	OV_TRY(st);
	return parsed;
}
