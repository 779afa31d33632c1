/*
 * Settings of one line each, for those who move: what is left out of scans, what is scanned, and
 * when. Read only from a file that the user names.
 *
 * Dr.Web for UNIX, by its manuals' chapters on configuration parameters (drweb.ini, and what
 * `drweb-ctl cfshow` prints): ExcludedPath, ExcludedProc, IncludedPath, UpdateInterval.
 * ClamAV, by clamd.conf(5) and freshclam.conf(5), for those who compare or move from or to it:
 * ExcludePath, OnAccessExclude*, ExcludePUA, OnAccessIncludePath, OnAccessMountPath, Checks,
 * SelfCheck.
 *
 * Left out: all else, told by its count.
 */
#include "ev_sources.h"

#define LINES_MAX 100000

struct dialect {
	const char *id, *name; /* of its component: "drweb:exclusion" */
	char separator;	       /* between name and value */
	const char *const *exclusions, *const *scopes, *const *schedules; /* NULL at the end */
};

static const char *const drweb_out[] = { "ExcludedPath", "ExcludedProc", NULL };
static const char *const drweb_in[] = { "IncludedPath", NULL };
static const char *const drweb_when[] = { "UpdateInterval", NULL };
static const char *const clam_out[] = { "ExcludePath",
					"OnAccessExcludePath",
					"OnAccessExcludeUID",
					"OnAccessExcludeUname",
					"OnAccessExcludeRootUID",
					"ExcludePUA",
					NULL };
static const char *const clam_in[] = { "OnAccessIncludePath", "OnAccessMountPath", NULL };
static const char *const clam_when[] = { "Checks", "SelfCheck", NULL };

static const struct dialect drweb = { "drweb", "Dr.Web", '=', drweb_out, drweb_in, drweb_when };
static const struct dialect clam = { "clamav", "ClamAV", ' ', clam_out, clam_in, clam_when };

static const struct dialect *dialect_of(const struct ov_ev_file *f)
{
	const struct ov_str head = { (const char *)f->head.base, f->head.len };

	if (!f->is_target)
		return NULL;
	if (ov_ev_named(f, "drweb.ini") || ov_ev_has(head, "[LinuxSpider]"))
		return &drweb;
	return ov_ev_named(f, "clamd.conf") || ov_ev_named(f, "freshclam.conf") ||
		       ov_ev_named(f, "scan.conf")
		   ? &clam
		   : NULL;
}

bool ov_ev_settings_lines_wants(const struct ov_ev_file *f)
{
	return dialect_of(f) != NULL;
}

static bool is_one_of(struct ov_str name, const char *const *list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (ov_text_same(name, ov_str_of(list[i])))
			return true;
	return false;
}

static const char *kind_of(const struct dialect *d, struct ov_str name)
{
	return is_one_of(name, d->exclusions)  ? "exclusion"
	       : is_one_of(name, d->scopes)    ? "scope"
	       : is_one_of(name, d->schedules) ? "schedule"
					       : NULL;
}

/* clamd.conf: any white space after the name. */
static bool cut(const struct dialect *d, struct ov_str line, struct ov_str *name,
		struct ov_str *value)
{
	size_t n = 0;

	if (d->separator != ' ')
		return ov_ev_pair(line, d->separator, name, value);
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	*name = (struct ov_str){ line.p, n };
	*value = ov_ev_trim((struct ov_str){ line.p + n, line.n - n });
	return value->n > 0;
}

struct lines {
	struct ov_ev *e;
	const struct dialect *d;
	struct ov_str section; /* with its brackets, or "" */
	unsigned line, others;
};

static ov_status take_line(struct lines *l, struct ov_str line)
{
	struct ov_str name, value;
	struct ov_ev_found x;
	const char *kind;

	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return OV_OK;
	if (line.p[0] == '[') {
		l->section = line;
		return OV_OK;
	}
	if (!cut(l->d, line, &name, &value)) {
		l->others++; /* clamd.conf's Example and switches without a value */
		return OV_OK;
	}
	kind = kind_of(l->d, name);
	if (kind == NULL || value.n == 0) {
		l->others += kind == NULL;
		return OV_OK;
	}
	ov_ev_begin(&x, OV_WHAT_CONFIG, ov_ev_fmt(l->e, "%s, %s", l->d->name, kind));
	x.c.id = ov_ev_fmt(l->e, "%s:%s", l->d->id, kind);
	x.c.state = OV_STATE_NAMED;
	x.c.key = ov_ev_fmt(l->e, "settings:%u", l->line);
	if (l->section.n > 0)
		ov_ev_add(&x, OV_EV_FIELD, OV_E0, l->section, OV_STR("section"));
	ov_ev_add(&x, OV_EV_FIELD, OV_E0, line, ov_ev_fmt(l->e, "line %u", l->line));
	return ov_ev_emit(l->e, &x);
}

ov_status ov_ev_settings_lines_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct lines l = { .e = e, .d = dialect_of(f) };
	struct ov_str rest, line;
	struct ov_cur c;

	if (l.d == NULL)
		return OV_OK;
	OV_TRY(ov_ev_load(e, f, (size_t)16 << 20, &c));
	rest = ov_ev_str(c);
	while (rest.n > 0 && ov_text_split(&rest, '\n', &line)) {
		if (++l.line > LINES_MAX)
			return OV_LIMIT;
		OV_TRY(take_line(&l, ov_ev_trim(line)));
	}
	if (l.others > 0)
		return ov_ev_unread(
		    e, OV_UNSUPPORTED, (struct ov_str){ 0 },
		    ov_ev_fmt(e, "%u settings that are no exclusion, scope or schedule", l.others)
			.p);
	return OV_OK;
}
