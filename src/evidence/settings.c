/*
 * Settings that an old product exported, for those who move off it: what it left out of its scans,
 * what it scanned, and when. Read only from a file that the user names.
 *
 * Kaspersky Endpoint Security for Linux, and Industrial CyberSecurity for Linux Nodes
 * (kics-control), by their help: what `kesl-control --get-settings ID --file` writes (sections
 * [ScanScope.item_NNNN] and [ExcludedFromScanScope.item_NNNN] with AreaDesc, UseScanArea, Path,
 * AreaMask.item_NNNN; [TrustedPrograms.item_NNNN] with ProgramPath) and what `kesl-control
 * --get-schedule ID --file` writes (RuleType, StartTime, RandomInterval, RunMissedStartRules,
 * UseWorkingTimeout, WorkingTimeout). Other sections and settings whose own name begins with
 * Exclude are listed by that name: rather one line too many than a hole that nobody sees.
 *
 * Left out: the form with --json, and all that is neither exclusion, scope nor schedule (told by
 * its count). Other products: settings_lines.c.
 */
#include "ev_sources.h"

#define LINES_MAX 100000

enum section { SECTION_OTHER = 0, SECTION_SCOPE, SECTION_EXCLUDED, SECTION_SCHEDULE };

struct settings {
	struct ov_ev *e;
	const struct ov_ev_file *f;
	struct ov_ev_found x;
	enum section at;
	bool has; /* something for the component at hand */
	uint64_t line, others;
};

bool ov_ev_settings_wants(const struct ov_ev_file *f)
{
	const struct ov_str head = { (const char *)f->head.base, f->head.len };

	return f->is_target && !ov_ev_plan_wants(f) &&
	       (ov_ev_has(head, "[ScanScope.item_") ||
		ov_ev_has(head, "[ExcludedFromScanScope.item_") ||
		ov_ev_has(head, "[TrustedPrograms.item_") ||
		(ov_ev_has(head, "RuleType=") && ov_ev_has(head, "StartTime=")));
}

static ov_status end_section(struct settings *s)
{
	const bool has = s->has;

	s->has = false;
	return has ? ov_ev_emit(s->e, &s->x) : OV_OK;
}

static void begin(struct settings *s, enum section at)
{
	static const char *const names[] = { "", "scanned", "excluded from scans", "schedule" };
	static const char *const ids[] = { "", "kesl:scope", "kesl:exclusion", "kesl:schedule" };

	s->at = at;
	if (at == SECTION_OTHER)
		return;
	ov_ev_begin(&s->x, OV_WHAT_CONFIG, ov_str_of(names[at]));
	s->x.c.id = ov_str_of(ids[at]);
	s->x.c.state = OV_STATE_NAMED;
	s->x.c.key = ov_ev_fmt(s->e, "settings:%llu", (unsigned long long)s->line);
}

static ov_status take_section(struct settings *s, struct ov_str line)
{
	OV_TRY(end_section(s));
	if (ov_str_starts(line, OV_STR("[ScanScope.item_")))
		begin(s, SECTION_SCOPE);
	else if (ov_str_starts(line, OV_STR("[Excluded")) ||
		 ov_str_starts(line, OV_STR("[TrustedPrograms.item_")))
		begin(s, SECTION_EXCLUDED);
	else
		begin(s, SECTION_OTHER);
	return OV_OK;
}

static bool is_of_schedule(struct ov_str key)
{
	static const char *const keys[] = { "RuleType",		 "StartTime",
					    "RandomInterval",	 "RunMissedStartRules",
					    "UseWorkingTimeout", "WorkingTimeout",
					    "ExecuteTimeLimit",	 NULL };

	for (size_t i = 0; keys[i] != NULL; i++)
		if (ov_str_is(key, keys[i]))
			return true;
	return false;
}

static bool is_of_area(struct ov_str key)
{
	return ov_str_is(key, "Path") || ov_str_is(key, "AreaDesc") ||
	       ov_str_is(key, "ProgramPath") || ov_str_is(key, "ApplyToDescendants") ||
	       ov_str_starts(key, OV_STR("Use")) || ov_str_starts(key, OV_STR("AreaMask.item_"));
}

/* A setting of its own that says what is left out: ExcludeMasks.item_0000=*.iso */
static bool is_exclusion(struct ov_str key)
{
	return ov_str_starts(key, OV_STR("Exclude"));
}

static void take_pair(struct settings *s, struct ov_str line, struct ov_str key)
{
	const bool is_schedule = is_of_schedule(key), is_out = is_exclusion(key);

	if (is_schedule && s->at != SECTION_SCHEDULE)
		begin(s, SECTION_SCHEDULE);
	if (is_out && s->at != SECTION_EXCLUDED)
		begin(s, SECTION_EXCLUDED);
	if (is_schedule || is_out ||
	    ((s->at == SECTION_SCOPE || s->at == SECTION_EXCLUDED) && is_of_area(key))) {
		ov_ev_add(&s->x, OV_EV_FIELD, OV_E0, line,
			  ov_ev_fmt(s->e, "line %llu", (unsigned long long)s->line));
		s->has = true;
	} else {
		s->others++;
	}
}

static ov_status take_line(struct settings *s, struct ov_str line)
{
	struct ov_str key, value;

	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return OV_OK;
	if (line.p[0] == '[')
		return take_section(s, line);
	if (!ov_ev_pair(line, '=', &key, &value) || key.n == 0)
		return ov_ev_unread(
		    s->e, OV_BAD, (struct ov_str){ 0 },
		    ov_ev_fmt(s->e, "line %llu is no setting", (unsigned long long)s->line).p);
	if ((is_of_schedule(key) && s->at != SECTION_SCHEDULE) ||
	    (is_exclusion(key) && s->at != SECTION_EXCLUDED))
		OV_TRY(end_section(s));
	take_pair(s, line, key);
	return OV_OK;
}

ov_status ov_ev_settings_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct settings *s = NULL;
	struct ov_str rest, line;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, (size_t)16 << 20, &c));
	OV_TRY(ov_arena_new(&e->arena, &s));
	s->e = e;
	s->f = f;
	rest = ov_ev_str(c);
	while (rest.n > 0 && ov_text_split(&rest, '\n', &line)) {
		if (++s->line > LINES_MAX)
			return OV_LIMIT;
		OV_TRY(take_line(s, ov_ev_trim(line)));
	}
	OV_TRY(end_section(s));
	if (s->others > 0)
		return ov_ev_unread(
		    e, OV_UNSUPPORTED, (struct ov_str){ 0 },
		    ov_ev_fmt(e, "%llu settings that are no exclusion, scope or schedule",
			      (unsigned long long)s->others)
			.p);
	return OV_OK;
}
