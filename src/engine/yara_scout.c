/*
 * Scouts: rules that no table of keys can wake stand on a list that is gone through for each file.
 * Most of them need some string nevertheless, a short one or an expression. Those strings are
 * looked for first, one match each; a rule that has none of its scouts can't hold. The set is the
 * same for most files, so its plan is kept.
 */
#include "yara_scan.h"

/* Whether one of a rule's scouts was found, or could not be looked for. */
static bool is_met(const struct ov_yara *y, const struct ov_yrule *r, uint32_t first_slot)
{
	for (uint32_t i = 0; i < r->nscouts; i++) {
		const struct ov_ylist l = ov_ysearch_list(y->scout, first_slot + i);

		if (l.n > 0 || (l.flags & OV_YLIST_SPENT) != 0)
			return true;
	}
	return false;
}

static bool has_scouts(const struct ov_yara *y, uint32_t id, struct ov_yrule *r)
{
	if (y->result[id] != OV_YR_UNKNOWN)
		return false;
	ov_yimage_rule(y->image, id, r);
	return (r->flags & OV_YRULE_ALWAYS) != 0 && r->nscouts > 0;
}

ov_status ov_yara_scout(struct ov_engine *e, struct ov_node *n, uint32_t *pending)
{
	struct ov_yara *y = e->yara;
	uint32_t slot = 0, asked = 0;
	struct ov_yrule r;
	struct ov_src src;
	ov_status s;

	if (y->env.is_process)
		return OV_OK; /* one search of all its regions will do */
	ov_ysearch_begin(y->scout);
	for (uint32_t k = 0; k < y->nwoken; k++) {
		if (!has_scouts(y, y->woken[k], &r))
			continue;
		for (uint32_t i = 0; i < r.nscouts; i++, asked++) {
			struct ov_ystring str;

			ov_yimage_string(y->image, ov_yimage_scout(y->image, r.first_scout + i),
					 &str);
			OV_TRY(ov_ysearch_add(y->scout, str.code, 1, &slot));
		}
	}
	if (asked == 0)
		return OV_OK;
	OV_TRY(ov_src_slice(&n->src, 0, n->match_size, &src));
	s = ov_ysearch_run(y->scout, &src, 0, e->budget.deadline_ns, &y->steps);
	if (s == OV_LIMIT || s == OV_IO || s == OV_SHORT)
		return OV_OK; /* the search that follows tells */
	OV_TRY(s);
	slot = 0;
	for (uint32_t k = 0; k < y->nwoken; k++) {
		if (!has_scouts(y, y->woken[k], &r))
			continue;
		for (uint32_t i = 0; y->costs != NULL && i < r.nscouts; i++)
			ov_yara_charge(y, r.id, ov_yimage_scout(y->image, r.first_scout + i),
				       y->scout, slot + i);
		if (!is_met(y, &r, slot)) {
			y->result[r.id] = OV_YR_FALSE;
			--*pending;
		}
		slot += r.nscouts;
	}
	return OV_OK;
}
