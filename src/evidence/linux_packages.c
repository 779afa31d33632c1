/* Alpine's apk (lib/apk/db/installed), Arch's pacman (var/lib/pacman/local), flatpak's deployments,
 * opkg of OpenWrt. Snaps are images: image.c opens them; their meta/snap.yaml is read here. */
#include "ev_sources.h"

#define SNAP "meta/snap.yaml"

static bool is_apk(const struct ov_ev_file *f)
{
	return ov_ev_is(f, "lib/apk/db/installed") || ov_ev_is(f, "usr/lib/apk/db/installed");
}

static bool is_pacman(const struct ov_ev_file *f)
{
	return ov_ev_under(f, "var/lib/pacman/local/") &&
	       (ov_ev_named(f, "desc") || ov_ev_named(f, "files"));
}

static bool is_flatpak(const struct ov_ev_file *f)
{
	return ov_ev_named(f, "metadata") && ov_ev_has(f->path, "flatpak/") &&
	       (ov_ev_has(f->path, "/app/") || ov_ev_has(f->path, "/runtime/"));
}

static bool is_opkg(const struct ov_ev_file *f)
{
	return ov_ev_is(f, "usr/lib/opkg/status") || ov_ev_is(f, "var/lib/opkg/status");
}

bool ov_ev_linux_packages_wants(const struct ov_ev_file *f)
{
	return is_apk(f) || is_pacman(f) || is_flatpak(f) || is_opkg(f) || ov_ev_is(f, SNAP) ||
	       (ov_ev_named(f, "snap.yaml") && ov_ev_under(f, "snap/"));
}

struct package {
	enum ov_inv_what what;
	enum ov_inv_kind kind;
	struct ov_str name, version, arch, supplier, url;
	int64_t installed;
	uint64_t line;
};

static ov_status give(struct ov_ev *e, const struct ov_ev_file *f, const struct package *p)
{
	const struct ov_str where =
	    ov_ev_fmt(e, "%.*s:%llu", (int)f->name.n, f->name.p, (unsigned long long)p->line);
	struct ov_ev_found x;

	if (p->name.n == 0)
		return OV_BAD;
	ov_ev_begin(&x, p->what, p->name);
	x.c.version = p->version;
	x.c.arch = p->arch;
	x.c.supplier = p->supplier;
	x.c.since.latest = p->installed;
	if (p->installed != OV_INV_NO_DATE)
		x.c.since.from = OV_STR("package database");
	x.c.key = ov_ev_fmt(e, "%s:%.*s", ov_inv_what_name(p->what), (int)p->name.n, p->name.p);
	ov_ev_add(&x, p->kind, OV_E3, p->name, where);
	ov_ev_add(&x, OV_EV_SUPPLIER, OV_E2, p->supplier, where);
	if (p->url.n > 0)
		ov_ev_add(&x, OV_EV_FIELD, OV_E0, ov_ev_fmt(e, "URL=%.*s", (int)p->url.n, p->url.p),
			  where);
	return ov_ev_emit(e, &x);
}

/* "P:name", "V:version", ... F: folder, R: file in it; an empty line ends a package. */
static ov_status apk(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	const struct package none = { .what = OV_WHAT_APK,
				      .kind = OV_EV_APK,
				      .installed = OV_INV_NO_DATE };
	struct ov_str line, key, value, folder = { .p = "", .n = 0 };
	struct package p = none;
	struct ov_ev_owned owned;
	bool has_files = false;
	uint64_t number = 0;

	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		if (line.n == 0) {
			if (p.line > 0)
				OV_TRY(give(e, f, &p));
			if (has_files)
				OV_TRY(ov_ev_owned_end(e, &owned));
			p = none;
			has_files = false;
			continue;
		}
		if (line.n < 2 || line.p[1] != ':')
			return OV_BAD;
		key = (struct ov_str){ .p = line.p, .n = 1 };
		value = (struct ov_str){ .p = line.p + 2, .n = line.n - 2 };
		p.line = p.line == 0 ? number : p.line;
		switch (key.p[0]) {
		case 'P':
			p.name = value;
			OV_TRY(ov_ev_owned_begin(e, &owned, OV_WHAT_APK, value,
						 (struct ov_str){ 0 }, OV_INV_NO_DATE));
			has_files = true;
			break;
		case 'V':
			p.version = value;
			break;
		case 'A':
			p.arch = value;
			break;
		case 'm':
			p.supplier = value;
			break;
		case 'U':
			p.url = value;
			break;
		case 'F':
			folder = value;
			break;
		case 'R':
			if (has_files)
				OV_TRY(ov_ev_owned_path(e, &owned,
							ov_ev_fmt(e, "%.*s%s%.*s", (int)folder.n,
								  folder.p, folder.n > 0 ? "/" : "",
								  (int)value.n, value.p),
							false));
			break;
		default:
			break;
		}
	}
	if (p.line > 0)
		OV_TRY(give(e, f, &p));
	return has_files ? ov_ev_owned_end(e, &owned) : OV_OK;
}

/* "%NAME%" and its value on the next line. */
static ov_status pacman_desc(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	struct package p = {
		.what = OV_WHAT_PACMAN, .kind = OV_EV_PACMAN, .installed = OV_INV_NO_DATE, .line = 1
	};
	struct ov_str line, value;
	uint64_t seconds;

	while (ov_cur_line(&c, &line) == OV_OK) {
		if (line.n < 3 || line.p[0] != '%' || ov_cur_line(&c, &value) != OV_OK)
			continue;
		if (ov_str_is(line, "%NAME%"))
			p.name = value;
		else if (ov_str_is(line, "%VERSION%"))
			p.version = value;
		else if (ov_str_is(line, "%ARCH%"))
			p.arch = value;
		else if (ov_str_is(line, "%PACKAGER%"))
			p.supplier = value;
		else if (ov_str_is(line, "%URL%"))
			p.url = value;
		else if (ov_str_is(line, "%INSTALLDATE%") &&
			 ov_text_u64(value, &seconds) == OV_OK && seconds < INT64_MAX)
			p.installed = (int64_t)seconds;
	}
	return give(e, f, &p);
}

/* var/lib/pacman/local/<name>-<version>-<release>/files: the name is what stands before the last
 * two dashes. */
static ov_status pacman_files(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	static const char top[] = "var/lib/pacman/local/";
	struct ov_str name = { .p = f->path.p + sizeof top - 1, .n = f->path.n - (sizeof top - 1) };
	struct ov_ev_owned owned;
	bool is_inside = false;
	unsigned dashes = 0;
	struct ov_str line;

	name.n -= name.n > 6 ? 6 : name.n; /* "/files" */
	while (name.n > 0 && dashes < 2)
		dashes += name.p[--name.n] == '-';
	if (name.n == 0)
		return OV_BAD;
	OV_TRY(ov_ev_owned_begin(e, &owned, OV_WHAT_PACMAN, name, (struct ov_str){ 0 },
				 OV_INV_NO_DATE));
	while (ov_cur_line(&c, &line) == OV_OK) {
		if (line.n > 0 && line.p[0] == '%')
			is_inside = ov_str_is(line, "%FILES%");
		else if (is_inside && line.n > 0)
			OV_TRY(ov_ev_owned_path(e, &owned, line, line.p[line.n - 1] == '/'));
	}
	return ov_ev_owned_end(e, &owned);
}

/* [Application] or [Runtime], name=org.example.App. */
static ov_status flatpak(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	struct package p = {
		.what = OV_WHAT_FLATPAK, .kind = OV_EV_FLATPAK, .installed = f->mtime, .line = 1
	};
	struct ov_str line, key, value;

	while (ov_cur_line(&c, &line) == OV_OK)
		if (ov_ev_pair(line, '=', &key, &value) && ov_str_is(key, "name") && p.name.n == 0)
			p.name = value;
	return p.name.n > 0 ? give(e, f, &p) : OV_OK;
}

static ov_status snap(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	struct package p = {
		.what = OV_WHAT_SNAP, .kind = OV_EV_SNAP, .installed = f->mtime, .line = 1
	};
	struct ov_str line, key, value;

	while (ov_cur_line(&c, &line) == OV_OK) {
		if (line.n == 0 || line.p[0] == ' ' || !ov_ev_pair(line, ':', &key, &value))
			continue;
		value = ov_ev_unquote(value);
		if (ov_str_is(key, "name"))
			p.name = value;
		else if (ov_str_is(key, "version"))
			p.version = value;
		else if (ov_str_is(key, "contact"))
			p.supplier = value;
	}
	return give(e, f, &p);
}

/* As dpkg's status, with "Installed-Time". */
static ov_status opkg(struct ov_ev *e, const struct ov_ev_file *f, struct ov_cur c)
{
	const struct package none = { .what = OV_WHAT_DEB,
				      .kind = OV_EV_DEB,
				      .installed = OV_INV_NO_DATE };
	struct package p = none;
	struct ov_str line, key, value;
	uint64_t number = 0, seconds;

	for (;;) {
		const bool is_end = ov_cur_line(&c, &line) != OV_OK;

		number++;
		if (is_end || line.n == 0) {
			if (p.line > 0)
				OV_TRY(give(e, f, &p));
			if (is_end)
				return OV_OK;
			p = none;
			continue;
		}
		if (line.p[0] == ' ' || !ov_ev_pair(line, ':', &key, &value))
			continue;
		p.line = p.line == 0 ? number : p.line;
		if (ov_str_is(key, "Package"))
			p.name = value;
		else if (ov_str_is(key, "Version"))
			p.version = value;
		else if (ov_str_is(key, "Architecture"))
			p.arch = value;
		else if (ov_str_is(key, "Maintainer"))
			p.supplier = value;
		else if (ov_str_is(key, "Installed-Time") &&
			 ov_text_u64(value, &seconds) == OV_OK && seconds < INT64_MAX)
			p.installed = (int64_t)seconds;
	}
}

ov_status ov_ev_linux_packages_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	if (is_apk(f))
		return apk(e, f, c);
	if (is_opkg(f))
		return opkg(e, f, c);
	if (is_flatpak(f))
		return flatpak(e, f, c);
	if (is_pacman(f))
		return ov_ev_named(f, "desc") ? pacman_desc(e, f, c) : pacman_files(e, f, c);
	return snap(e, f, c);
}
