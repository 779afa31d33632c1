/*
 * Settings of appliances that name their system and its version, so that an engine documented for
 * some versions of it can be told from the version that replaced it.
 *
 * Read: Junos OS, by its documentation: a configuration has a statement `version X;` at its top
 * ("show configuration"), or a line `set version X` ("display set"). Other appliances' settings
 * name no version that is documented: they are left out.
 */
#include "ev_sources.h"

#define TEXT_MAX ((uint64_t)1 << 20)
#define LINES_MAX 200 /* the statement stands at the top, behind comments */

static const char *const marks[] = { "\nversion ", "set version ", "version " };

bool ov_ev_appliance_wants(const struct ov_ev_file *f)
{
	const struct ov_str head = { (const char *)f->head.base, f->head.len };

	if (f->src->size < 12 || f->src->size > TEXT_MAX || head.n == 0)
		return false;
	if (memchr(head.p, 0, head.n) != NULL)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (memmem(head.p, head.n, marks[i], strlen(marks[i])) != NULL)
			return ov_ev_has(head, "system {") || ov_ev_has(head, "set system ") ||
			       ov_ev_has(head, "security {") || ov_ev_has(head, "set security ");
	return ov_str_starts(head, ov_str_of(marks[2])) && ov_ev_has(head, " {");
}

/* Junos: digits, then letters and digits with '.', '-': 18.4R1.8, 12.1X46-D40.2. */
static bool is_version(struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'A' && s.p[i] <= 'Z') &&
		    !(s.p[i] >= 'a' && s.p[i] <= 'z') && s.p[i] != '.' && s.p[i] != '-')
			return false;
	return s.n >= 3 && s.n < 64 && s.p[0] >= '0' && s.p[0] <= '9' &&
	       memchr(s.p, '.', s.n) != NULL;
}

static bool take_line(struct ov_str line, struct ov_str *version)
{
	if (ov_str_starts(line, OV_STR("set ")))
		line = (struct ov_str){ line.p + 4, line.n - 4 };
	else if (line.n == 0 || line.p[line.n - 1] != ';')
		return false;
	else
		line.n--;
	if (!ov_str_starts(line, OV_STR("version ")))
		return false;
	*version = ov_ev_trim((struct ov_str){ line.p + 8, line.n - 8 });
	*version = ov_ev_unquote(*version);
	return is_version(*version);
}

ov_status ov_ev_appliance_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_str rest = ov_ev_str(f->head), line, version;
	struct ov_ev_found x;
	unsigned n = 0;

	while (rest.n > 0 && n++ < LINES_MAX && ov_text_split(&rest, '\n', &line)) {
		if (!take_line(ov_ev_trim(line), &version))
			continue;
		ov_ev_begin(&x, OV_WHAT_CONFIG, OV_STR("Junos OS"));
		x.c.id = OV_STR("junos");
		x.c.version = version;
		x.c.state = OV_STATE_NAMED;
		x.c.key =
		    ov_ev_fmt(e, "appliance:%.*s", (int)ov_min_size(f->path.n, 8192), f->path.p);
		ov_ev_add(&x, OV_EV_FIELD, OV_E1,
			  ov_ev_fmt(e, "version=%.*s", (int)version.n, version.p),
			  ov_ev_fmt(e, "line %u", n));
		return ov_ev_emit(e, &x);
	}
	return OV_OK;
}
