/*
 * Debian's package database: var/lib/dpkg/status (and status.d/ of images without dpkg), the lists
 * of files in var/lib/dpkg/info, and dpkg's log. Follows dpkg(1), deb-control(5) and dpkg-query(1);
 * md5sums stand in for lists where there are none. Not read: diversions, triggers.
 */
#include "ev_sources.h"

#define STATUS "var/lib/dpkg/status"
#define STATUS_D "var/lib/dpkg/status.d/"
#define INFO "var/lib/dpkg/info/"
#define LOG "var/log/dpkg.log"

bool ov_ev_deb_status_wants(const struct ov_ev_file *f)
{
	return ov_ev_is(f, STATUS) || (ov_ev_under(f, STATUS_D) && !ov_ev_ends(f, ".md5sums"));
}

struct stanza {
	struct ov_str package, version, arch, maintainer, source, homepage, status;
	uint64_t line; /* of its first field */
};

static void take_field(struct stanza *s, struct ov_str key, struct ov_str value)
{
	const struct {
		const char *name;
		struct ov_str *to;
	} fields[] = {
		{ "Package", &s->package },   { "Version", &s->version },
		{ "Architecture", &s->arch }, { "Maintainer", &s->maintainer },
		{ "Source", &s->source },     { "Homepage", &s->homepage },
		{ "Status", &s->status },
	};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (ov_text_same(key, ov_str_of(fields[i].name)))
			*fields[i].to = value;
}

/* "want flag state"; images without dpkg leave the field out. */
static bool is_installed(const struct stanza *s)
{
	return s->status.n == 0 || ov_text_ends_with(s->status, OV_STR(" installed")) ||
	       ov_text_ends_with(s->status, OV_STR(" half-installed")) ||
	       ov_text_ends_with(s->status, OV_STR(" unpacked")) ||
	       ov_text_ends_with(s->status, OV_STR(" half-configured")) ||
	       ov_text_ends_with(s->status, OV_STR(" triggers-awaited")) ||
	       ov_text_ends_with(s->status, OV_STR(" triggers-pending"));
}

static ov_status give(struct ov_ev *e, const struct ov_ev_file *f, const struct stanza *s)
{
	const struct ov_str where =
	    ov_ev_fmt(e, "%.*s:%llu", (int)f->name.n, f->name.p, (unsigned long long)s->line);
	struct ov_ev_found x;

	if (s->package.n == 0)
		return OV_BAD;
	if (!is_installed(s) && !ov_text_ends_with(s->status, OV_STR(" config-files")))
		return OV_OK; /* "not-installed": dpkg merely knows the name */
	ov_ev_begin(&x, OV_WHAT_DEB, s->package);
	x.c.version = s->version;
	x.c.arch = s->arch;
	x.c.supplier = s->maintainer;
	x.c.state = is_installed(s) ? OV_STATE_PRESENT : OV_STATE_REMOVED;
	x.c.key = ov_ev_fmt(e, "deb:%.*s:%.*s", (int)s->package.n, s->package.p, (int)s->arch.n,
			    s->arch.p);
	ov_ev_add(&x, OV_EV_DEB, x.c.state == OV_STATE_PRESENT ? OV_E3 : OV_E1, s->package, where);
	ov_ev_add(&x, OV_EV_SUPPLIER, OV_E2, s->maintainer, where);
	if (s->source.n > 0)
		ov_ev_add(&x, OV_EV_FIELD, OV_E0,
			  ov_ev_fmt(e, "Source=%.*s", (int)s->source.n, s->source.p), where);
	if (s->homepage.n > 0)
		ov_ev_add(&x, OV_EV_FIELD, OV_E0,
			  ov_ev_fmt(e, "Homepage=%.*s", (int)s->homepage.n, s->homepage.p), where);
	return ov_ev_emit(e, &x);
}

ov_status ov_ev_deb_status_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct stanza s = { .line = 0 };
	struct ov_str line, key, value;
	uint64_t number = 0, broken = 0;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		if (line.n == 0) {
			const ov_status st = s.line > 0 ? give(e, f, &s) : OV_OK;

			broken += st == OV_BAD;
			if (st != OV_OK && st != OV_BAD)
				return st;
			s = (struct stanza){ .line = 0 };
		} else if (line.p[0] == ' ' || line.p[0] == '\t') {
			continue; /* a field goes on: none that is of use here */
		} else if (ov_ev_pair(line, ':', &key, &value)) {
			if (s.line == 0)
				s.line = number;
			take_field(&s, key, value);
		} else {
			broken++;
		}
	}
	if (s.line > 0) {
		const ov_status st = give(e, f, &s);

		broken += st == OV_BAD;
		if (st != OV_OK && st != OV_BAD)
			return st;
	}
	return broken > 0 ? OV_BAD : OV_OK;
}

bool ov_ev_deb_list_wants(const struct ov_ev_file *f)
{
	return (ov_ev_under(f, INFO) && ov_ev_ends(f, ".list")) ||
	       (ov_ev_under(f, STATUS_D) && ov_ev_ends(f, ".md5sums"));
}

/* A folder's path begins the next line's. */
static bool is_folder_of(struct ov_str path, struct ov_str next)
{
	return next.n > path.n && next.p[path.n] == '/' && ov_str_starts(next, path);
}

static struct ov_str path_of(struct ov_str line, bool is_sums)
{
	if (!is_sums)
		return line;
	if (line.n < 34) /* 32 digits, two spaces */
		return (struct ov_str){ .p = "", .n = 0 };
	return (struct ov_str){ .p = line.p + 34, .n = line.n - 34 };
}

ov_status ov_ev_deb_list_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	const bool is_sums = ov_ev_ends(f, ".md5sums");
	struct ov_ev_owned owned;
	struct ov_str line, path, name = f->name, arch = { .p = "", .n = 0 };
	const char *colon;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	name.n -= is_sums ? 8 : 5;
	colon = memchr(name.p, ':', name.n);
	if (colon != NULL) {
		arch =
		    (struct ov_str){ .p = colon + 1, .n = name.n - (size_t)(colon + 1 - name.p) };
		name.n = (size_t)(colon - name.p);
	}
	OV_TRY(ov_ev_owned_begin(e, &owned, OV_WHAT_DEB, name, arch, f->mtime));
	path = (struct ov_str){ .p = "", .n = 0 };
	while (ov_cur_line(&c, &line) == OV_OK) {
		line = path_of(line, is_sums);
		if (path.n > 1 && line.n > 0)
			OV_TRY(ov_ev_owned_path(e, &owned, path, is_folder_of(path, line)));
		if (line.n > 0)
			path = line;
	}
	if (path.n > 1)
		OV_TRY(ov_ev_owned_path(e, &owned, path, false));
	return ov_ev_owned_end(e, &owned);
}

bool ov_ev_deb_log_wants(const struct ov_ev_file *f)
{
	return ov_ev_under(f, LOG) && f->path.n <= sizeof LOG - 1 + 2 && !ov_ev_ends(f, "gz");
}

/* "2024-01-31 10:00:00 install name:arch <old> <new>". The log has local times without a zone:
 * they are bounds, wide by a day. */
static ov_status log_line(struct ov_ev *e, struct ov_str line, uint64_t number)
{
	struct ov_str rest = line, day, clock, what, package, old, new, name, arch;
	const int64_t at = ov_ev_time(line);
	struct ov_ev_found x;

	if (at == OV_INV_NO_DATE || !ov_text_split(&rest, ' ', &day) ||
	    !ov_text_split(&rest, ' ', &clock) || !ov_text_split(&rest, ' ', &what) ||
	    (!ov_str_is(what, "install") && !ov_str_is(what, "upgrade")) ||
	    !ov_text_split(&rest, ' ', &package) || !ov_text_split(&rest, ' ', &old) ||
	    !ov_text_split(&rest, ' ', &new))
		return OV_OK;
	if (!ov_ev_pair(package, ':', &name, &arch))
		return OV_OK;
	ov_ev_begin(&x, OV_WHAT_DEB, name);
	x.is_supplement = true;
	x.c.key = ov_ev_fmt(e, "deb:%.*s:%.*s", (int)name.n, name.p, (int)arch.n, arch.p);
	if (ov_str_is(what, "install")) {
		x.c.since = (struct ov_inv_since){ .earliest = at - 86400,
						   .latest = at + 86400,
						   .from = OV_STR("dpkg.log install") };
	}
	x.c.updates = (struct ov_inv_updates){ .last = at, .from = OV_STR("dpkg.log") };
	ov_ev_add(&x, OV_EV_DATE, OV_E1,
		  ov_ev_fmt(e, "%.*s=%.*s %.*s", (int)what.n, what.p, (int)day.n, day.p,
			    (int)clock.n, clock.p),
		  ov_ev_fmt(e, "dpkg.log:%llu", (unsigned long long)number));
	return ov_ev_emit(e, &x);
}

ov_status ov_ev_deb_log_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	uint64_t number = 0;
	struct ov_str line;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	while (ov_cur_line(&c, &line) == OV_OK)
		OV_TRY(log_line(e, line, ++number));
	return OV_OK;
}
