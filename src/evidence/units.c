/* What starts by itself or is offered to people: systemd units, init scripts' headers, desktop
 * entries (freedesktop.org), macOS property lists of bundles and launch jobs. */
#include "bplist.h"
#include "doc.h"
#include "ev_sources.h"

#define TEXT_MAX ((size_t)1 << 20)

static bool is_unit(const struct ov_ev_file *f)
{
	return ov_ev_has(f->path, "systemd/") && ov_ev_ends(f, ".service") &&
	       (ov_ev_under(f, "etc/") || ov_ev_under(f, "lib/") || ov_ev_under(f, "usr/lib/") ||
		ov_ev_under(f, "run/") || ov_ev_under(f, "usr/local/lib/"));
}

static bool is_desktop(const struct ov_ev_file *f)
{
	return ov_ev_ends(f, ".desktop") && ov_ev_has(f->path, "applications/");
}

/* What a package manager put aside is started by nobody (insserv passes such names over). */
static bool is_put_aside(const struct ov_ev_file *f)
{
	return ov_ev_has(f->name, ".dpkg-") || ov_ev_has(f->name, ".ucf-") ||
	       ov_ev_has(f->name, ".rpm") || ov_ev_ends(f, "~");
}

static bool is_script(const struct ov_ev_file *f)
{
	return ov_ev_under(f, "etc/init.d/") && ov_ev_head_is(f, "#!", 2) && !is_put_aside(f);
}

static bool is_plist(const struct ov_ev_file *f)
{
	return ov_ev_ends(f, ".plist") &&
	       (ov_ev_named(f, "Info.plist") || ov_ev_has(f->path, "LaunchDaemons/") ||
		ov_ev_has(f->path, "LaunchAgents/"));
}

bool ov_ev_units_wants(const struct ov_ev_file *f)
{
	return is_unit(f) || is_desktop(f) || is_script(f) || is_plist(f);
}

static ov_status unit(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	struct ov_str line, key, value;
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_SERVICE, f->name);
	x.c.id = f->name;
	x.c.is_privileged = true;
	x.is_minor = true;
	x.c.since.latest = f->mtime;
	x.c.since.from = OV_STR("unit file's time");
	ov_ev_add(&x, OV_EV_UNIT, OV_E3, f->name, f->path);
	while (ov_cur_line(&c, &line) == OV_OK) {
		if (!ov_ev_pair(line, '=', &key, &value))
			continue;
		if (ov_str_is(key, "Description"))
			x.c.name = value;
		else if (ov_str_is(key, "ExecStart") || ov_str_is(key, "User"))
			ov_ev_add(&x, OV_EV_FIELD, OV_E1,
				  ov_ev_fmt(e, "%.*s=%.*s", (int)key.n, key.p,
					    (int)ov_min_size(value.n, 2000), value.p),
				  f->path);
	}
	return ov_ev_emit(e, &x);
}

static ov_status script(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	struct ov_str line, key, value;
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_SERVICE, f->name);
	x.c.id = f->name;
	x.c.is_privileged = true;
	x.is_minor = true;
	ov_ev_add(&x, OV_EV_SERVICE, OV_E3, f->name, f->path);
	while (ov_cur_line(&c, &line) == OV_OK && x.c.nevidence < 8)
		if (ov_str_starts(line, OV_STR("#")) && ov_ev_pair(line, ':', &key, &value) &&
		    ov_ev_has(key, "Short-Description"))
			ov_ev_add(&x, OV_EV_NAME, OV_E1, value, f->path);
	return ov_ev_emit(e, &x);
}

static ov_status desktop(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	struct ov_str line, key, value;
	struct ov_ev_found x;
	bool is_main = false;

	ov_ev_begin(&x, OV_WHAT_DESKTOP, f->name);
	x.c.id = f->name;
	x.is_minor = true;
	while (ov_cur_line(&c, &line) == OV_OK) {
		if (line.n > 0 && line.p[0] == '[')
			is_main = ov_str_is(line, "[Desktop Entry]");
		if (!is_main || !ov_ev_pair(line, '=', &key, &value))
			continue;
		if (ov_str_is(key, "Name"))
			x.c.name = value;
		else if (ov_str_is(key, "Exec"))
			ov_ev_add(
			    &x, OV_EV_FIELD, OV_E1,
			    ov_ev_fmt(e, "Exec=%.*s", (int)ov_min_size(value.n, 2000), value.p),
			    f->path);
	}
	ov_ev_add(&x, OV_EV_NAME, OV_E1, x.c.name, f->path);
	return ov_ev_emit(e, &x);
}

/* <dict><key>CFBundleIdentifier</key><string>x</string>...: a value follows its key. */
static struct ov_str plist_text(const struct ov_doc *dict, const char *key)
{
	for (const struct ov_doc *n = dict != NULL ? dict->child : NULL; n != NULL; n = n->next)
		if (ov_str_is(n->key, "key") && ov_str_is(n->text, key) && n->next != NULL)
			return n->next->text;
	return (struct ov_str){ .p = "", .n = 0 };
}

/* A DTD's name stands before each property list; it brings no entities, and is stepped over. */
static struct ov_cur without_doctype(struct ov_cur c)
{
	const char *at = c.len > 0 ? memmem(c.base, c.len, "<plist", 6) : NULL;
	struct ov_cur rest = c;

	if (at == NULL || ov_cur_seek(&rest, (uint64_t)((const uint8_t *)at - c.base)) != OV_OK ||
	    ov_cur_take(&rest, ov_cur_left(&rest), &c) != OV_OK)
		return c;
	return c;
}

/* Three texts of a property list, in either form; "" for one that is not there. */
static ov_status plist_texts(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c,
			     const char *const keys[3], struct ov_str *const out[3])
{
	const bool is_binary = ov_ev_head_is(f, "bplist", 6);
	struct ov_doc *root = NULL;

	for (int i = 0; i < 3; i++)
		*out[i] = (struct ov_str){ .p = "", .n = 0 };
	if (!is_binary)
		OV_TRY(ov_doc_xml(without_doctype(c), &e->arena, &root));
	for (int i = 0; i < 3; i++) {
		ov_status s = OV_OK;

		if (!is_binary)
			*out[i] = plist_text(ov_doc_get(root, "dict"), keys[i]);
		else
			s = ov_ev_bplist_text(c, keys[i], &e->arena, out[i]);
		if (s != OV_OK && s != OV_END)
			return s;
	}
	return OV_OK;
}

static ov_status plist(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	const bool is_job = !ov_ev_named(f, "Info.plist");
	struct ov_str name, id, version;
	struct ov_ev_found x;

	OV_TRY(plist_texts(e, f, c,
			   (const char *const[3]){ is_job ? "Label" : "CFBundleName",
						   is_job ? "Label" : "CFBundleIdentifier",
						   "CFBundleShortVersionString" },
			   (struct ov_str *const[3]){ &name, &id, &version }));
	ov_ev_begin(&x, is_job ? OV_WHAT_SERVICE : OV_WHAT_INSTALLED, name);
	x.c.id = id;
	x.c.version = version;
	x.c.is_privileged = is_job && ov_ev_has(f->path, "LaunchDaemons/");
	if (x.c.name.n == 0)
		x.c.name = x.c.id;
	if (x.c.name.n == 0)
		return OV_OK;
	ov_ev_add(&x, is_job ? OV_EV_SERVICE : OV_EV_BUNDLE_ID, OV_E2, x.c.id, f->path);
	return ov_ev_emit(e, &x);
}

ov_status ov_ev_units_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, TEXT_MAX, &c));
	if (is_unit(f))
		return unit(e, f, c);
	if (is_desktop(f))
		return desktop(e, f, c);
	return is_script(f) ? script(e, f, c) : plist(e, f, c);
}
