/*
 * Heuristics: detections by what a layer is, not by a signature. The names and switches are
 * ClamAV's. They come last: anything that a signature says of the file goes first, unless the
 * caller wants otherwise. None takes away the note of what was not scanned.
 */
#include "engine_int.h"

#include <string.h>

#include "exe_fault.h"
#include "media.h"
#include "riff.h"

static bool is_asked(const struct ov_engine *e, int alert)
{
	if (alert == OV_JUDGED)
		return true;
	if (alert == OV_ALWAYS) /* those that are asked for by name are not switched off by it */
		return ov_is_on(e, OVERT_FEATURE_HEURISTICS);
	return (e->o->alerts >> alert & 1) != 0;
}

static ov_status detection_of(struct ov_engine *e, const struct ov_node *n, const char *name,
			      struct ov_report_detection *d)
{
	*d = (struct ov_report_detection){ .kind = OV_RULE_HEURISTIC,
					   .source = UINT32_MAX,
					   .rule = UINT32_MAX,
					   .len = n->src.size };
	return ov_arena_str(&e->report_arena, ov_str_of(name), &d->name);
}

ov_status ov_heuristic(struct ov_engine *e, struct ov_node *n, int alert, const char *name)
{
	struct ov_report_detection d;

	if (!is_asked(e, alert))
		return OV_OK;
	OV_TRY(detection_of(e, n, name, &d));
	return e->o->heuristics_first ? ov_report_detection(e, n, &d) : ov_report_held(e, n, &d);
}

/* ---- what could not be read, by its reason ---- */

struct encrypted {
	enum ov_type type;
	enum overt_alert alert;
	const char *name;
};

static const struct encrypted encrypted[] = {
	{ OV_T_ZIP, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.Zip" },
	{ OV_T_ZIPSFX, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.Zip" },
	{ OV_T_OOXML_WORD, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.Zip" },
	{ OV_T_OOXML_XL, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.Zip" },
	{ OV_T_OOXML_PPT, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.Zip" },
	{ OV_T_OOXML_HWP, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.Zip" },
	{ OV_T_7Z, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.7Zip" },
	{ OV_T_7ZSFX, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.7Zip" },
	{ OV_T_RAR, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.RAR" },
	{ OV_T_RARSFX, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.RAR" },
	{ OV_T_EGG, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.EGG" },
	{ OV_T_EGGSFX, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.EGG" },
	{ OV_T_PDF, OVERT_ALERT_ENCRYPTED_DOC, "Heuristics.Encrypted.PDF" },
	{ OV_T_MSOLE2, OVERT_ALERT_ENCRYPTED_DOC, "Heuristics.Encrypted.OLE2" },
};

/* Which row tells of an encrypted layer of this type; NULL: none. */
static const struct encrypted *encrypted_row(enum ov_type t)
{
	for (size_t i = 0; i < sizeof encrypted / sizeof *encrypted; i++)
		if (encrypted[i].type == t)
			return &encrypted[i];
	return NULL;
}

static ov_status note_encrypted(struct ov_engine *e, struct ov_node *n)
{
	const struct encrypted *row = encrypted_row(n->type);

	if (row == NULL) /* told for the part itself, before its type was known */
		row = encrypted_row(n->parent_type);
	if (row != NULL)
		return ov_heuristic(e, n, (int)row->alert, row->name);
	/* No name of ClamAV's: it says nothing of these. */
	return ov_heuristic(e, n, OVERT_ALERT_ENCRYPTED_ARCHIVE, "Heuristics.Encrypted.Archive");
}

static const char *limit_name(const struct ov_engine *e, enum overt_reason r)
{
	switch (r) {
	case OVERT_LIMIT_SIZE:
		return e->budget.is_cut_by_total ? "Heuristics.Limits.Exceeded.MaxScanSize"
						 : "Heuristics.Limits.Exceeded.MaxFileSize";
	case OVERT_LIMIT_RATIO:
		return "Heuristics.Limits.Exceeded.MaxScanSize";
	case OVERT_LIMIT_FILES:
		return "Heuristics.Limits.Exceeded.MaxFiles";
	case OVERT_LIMIT_DEPTH:
		return "Heuristics.Limits.Exceeded.MaxRecursion";
	case OVERT_LIMIT_TIME:
		return "Heuristics.Limits.Exceeded.MaxScanTime";
	default:
		return NULL;
	}
}

/* A limit is the last thing to be told, and once: only of a file of which there is nothing else to
 * tell. */
static ov_status note_limit(struct ov_engine *e, struct ov_node *n, const char *name)
{
	struct ov_report_detection d;

	if (e->limit != NULL || !is_asked(e, OVERT_ALERT_LIMITS))
		return OV_OK;
	OV_TRY(detection_of(e, n, name, &d));
	return ov_report_limit(e, n, &d);
}

ov_status ov_heuristic_note(struct ov_engine *e, struct ov_node *n, enum overt_reason r)
{
	const char *limit = limit_name(e, r);

	if (r == OVERT_ENCRYPTED)
		return note_encrypted(e, n);
	return limit != NULL ? note_limit(e, n, limit) : OV_OK;
}

/* ---- programs ---- */

static ov_status judge_exe(struct ov_engine *e, struct ov_node *n)
{
	const char *why;
	ov_status s;

	if (!is_asked(e, OVERT_ALERT_BROKEN) ||
	    (n->type == OV_T_MSEXE && !ov_is_on(e, OVERT_FEATURE_PE)) ||
	    (n->type == OV_T_ELF && !ov_is_on(e, OVERT_FEATURE_ELF)))
		return OV_OK;
	s = ov_exe_find_fault(n->type, &n->src, &n->arena, &why);
	if (s == OV_IO || s == OV_LIMIT)
		return OV_OK; /* noted where the facts were read */
	OV_TRY(s);
	return why != NULL ? ov_heuristic(e, n, OVERT_ALERT_BROKEN, "Heuristics.Broken.Executable")
			   : OV_OK;
}

static ov_status judge_media(struct ov_engine *e, struct ov_node *n)
{
	const char *name;
	ov_status s;

	/* Unlike the others that are asked for, these go with the heuristics that are on. */
	if (!is_asked(e, OVERT_ALERT_BROKEN_MEDIA) || !is_asked(e, OV_ALWAYS) ||
	    !ov_is_on(e, OVERT_FEATURE_IMAGE))
		return OV_OK;
	s = ov_media_find_fault(n->type, &n->src, &n->arena, &name);
	if (s == OV_IO || s == OV_LIMIT)
		return OV_OK; /* noted where the bytes were matched */
	OV_TRY(s);
	return name != NULL ? ov_heuristic(e, n, OVERT_ALERT_BROKEN_MEDIA, name) : OV_OK;
}

static ov_status judge_riff(struct ov_engine *e, struct ov_node *n)
{
	const char *name;
	ov_status s;

	if (!is_asked(e, OV_ALWAYS))
		return OV_OK;
	s = ov_riff_find_fault(&n->src, &n->arena, &name);
	if (s == OV_LIMIT)
		ov_report_incomplete(e, n, OVERT_LIMIT_FILES, (struct ov_str){ 0 },
				     "a RIFF file of so many chunks: not all were looked at");
	if (s == OV_IO || s == OV_LIMIT)
		return OV_OK; /* IO: noted where the bytes were matched */
	OV_TRY(s);
	return name != NULL ? ov_heuristic(e, n, OV_ALWAYS, name) : OV_OK;
}

ov_status ov_heuristic_layer(struct ov_engine *e, struct ov_node *n)
{
	if (ov_type_nature(n->type) == OV_NATURE_EXE)
		OV_TRY(judge_exe(e, n));
	if (ov_type_target(n->type) == OV_TARGET_GRAPHICS)
		OV_TRY(judge_media(e, n));
	if (n->type == OV_T_RIFF)
		OV_TRY(judge_riff(e, n));
	return ov_structured(e, n);
}
