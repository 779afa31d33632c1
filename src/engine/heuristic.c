/*
 * Heuristics: detections by what a layer is, not by a signature. The names and switches are
 * ClamAV's. They come last: anything that a signature says of the file goes first, unless the
 * caller wants otherwise.
 */
#include "engine_int.h"

ov_status ov_heuristic(struct ov_engine *e, struct ov_node *n, int alert, const char *name)
{
	struct ov_report_detection d = { .kind = OV_RULE_HEURISTIC,
					 .source = UINT32_MAX,
					 .rule = UINT32_MAX,
					 .len = n->src.size };

	if (!ov_is_on(e, OVERT_FEATURE_HEURISTICS))
		return OV_OK;
	if (alert != OV_ALWAYS && (e->o->alerts >> alert & 1) == 0)
		return OV_OK;
	OV_TRY(ov_arena_str(&e->report_arena, ov_str_of(name), &d.name));
	return e->o->heuristics_first ? ov_report_detection(e, n, &d) : ov_report_held(e, n, &d);
}
