/*
 * What is switched off: signatures by their names (categories of possibly unwanted applications,
 * phishing), and the opening of types.
 */
#include "engine_int.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static bool starts(struct ov_str s, const char *with)
{
	const size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

/* "PUA.Win.Packer.X" is of the categories Win and Packer: all between the first dot and the last.
 */
static bool is_of(struct ov_str name, struct ov_str category)
{
	size_t end = name.n;

	while (end > 0 && name.p[end - 1] != '.')
		end--;
	for (size_t at = 3; at + category.n + 2 <= end; at++)
		if (name.p[at] == '.' && name.p[at + category.n + 1] == '.' &&
		    memcmp(name.p + at + 1, category.p, category.n) == 0)
			return true;
	return false;
}

static bool is_wanted_pua(const struct ov_scan_options *o, struct ov_str name)
{
	struct ov_str rest = ov_str_of(o->pua), category;

	while (ov_text_split(&rest, ',', &category))
		if (category.n > 0 && is_of(name, category))
			return !o->pua_excludes;
	return o->pua_excludes;
}

uint64_t ov_detected_severities(const struct ov_engine *e)
{
	return e->o->detect | 1U << OVERT_UNGRADED | 1U << OVERT_MALWARE;
}

uint64_t ov_wanted_severities(const struct ov_engine *e)
{
	return ov_detected_severities(e) | e->o->report;
}

bool ov_name_counts(const struct ov_engine *e, struct ov_str name)
{
	if (e->o->pua != NULL && e->o->pua[0] != '\0' && starts(name, "PUA.") &&
	    !is_wanted_pua(e->o, name))
		return false;
	return ov_is_on(e, OVERT_FEATURE_PHISHING_SIGNATURES) ||
	       (!starts(name, "HTML.Phishing") && !starts(name, "Email.Phishing"));
}

/* The feature that opens a type; OVERT_FEATURE_COUNT when it is always opened. */
static enum overt_feature feature_of(enum ov_type t)
{
	switch (t) {
	case OV_T_MAIL:
		return OVERT_FEATURE_MAIL;
	case OV_T_PDF:
		return OVERT_FEATURE_PDF;
	case OV_T_SWF:
		return OVERT_FEATURE_SWF;
	case OV_T_MSOLE2:
	case OV_T_HWPOLE2:
		return OVERT_FEATURE_OLE2;
	case OV_T_XML_WORD:
	case OV_T_XML_XL:
	case OV_T_XML_HWP:
		return OVERT_FEATURE_XMLDOCS;
	case OV_T_HWP3:
		return OVERT_FEATURE_HWP3;
	case OV_T_ONENOTE:
		return OVERT_FEATURE_ONENOTE;
	default:
		return OVERT_FEATURE_COUNT;
	}
}

static uint32_t max_depth(const struct ov_engine *e)
{
	const uint32_t given = e->o->limits.max_depth;

	if (given == OVERT_RECURSION_NONE)
		return 0;
	return given == 0 || given > OV_LAYER_DEPTH_MAX ? OV_LAYER_DEPTH_MAX : given;
}

bool ov_may_open(struct ov_engine *e, struct ov_node *n)
{
	const enum overt_feature f = feature_of(n->type);
	char detail[160];
	bool was_done;

	if (f != OVERT_FEATURE_COUNT && !ov_is_on(e, f)) {
		(void)snprintf(detail, sizeof detail, "%s is not opened, %s", ov_type_name(n->type),
			       (e->o->features_off >> f & 1) != 0
				   ? "as asked"
				   : "because a database switches it off");
		ov_report_incomplete(e, n, OVERT_UNSUPPORTED, (struct ov_str){ 0 }, detail);
		return false;
	}
	was_done = n->carve_done;
	n->carve_done = true; /* what is not opened is not searched either */
	if (e->o->no_archives) {
		ov_report_incomplete(e, n, OVERT_UNSUPPORTED, (struct ov_str){ 0 },
				     "containers are not opened, as asked");
		return false;
	}
	if (e->budget.is_spent)
		return false; /* noted where it was spent */
	if (n->depth >= max_depth(e)) {
		ov_report_incomplete(
		    e, n, OVERT_LIMIT_DEPTH, (struct ov_str){ 0 },
		    "nested too deep: its bytes were matched, its parts were not opened "
		    "(--max-recursion)");
		return false;
	}
	n->carve_done = was_done;
	return true;
}
