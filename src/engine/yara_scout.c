/*
 * Scouts: rules that keys alone can't wake stand on a list that is gone through for each file. Most
 * of them need some string nevertheless, a short one or an expression. Those strings are looked for
 * before all others, one match each; a rule that no key woke and that has none of its scouts can't
 * hold. The rules are the same for most files, so what was asked for and its plan are kept.
 */
#include "yara_scan.h"

#include <string.h>

/* Whether one of a rule's scouts was found, or could not be looked for. */
static bool is_met(const struct ov_yara *y, const struct ov_ydoor *d, uint32_t first_slot)
{
	for (uint32_t i = 0; i < d->nscouts; i++) {
		const struct ov_ylist l = ov_ysearch_list(y->scout, first_slot + i);

		if (l.n > 0 || (l.flags & OV_YLIST_SPENT) != 0)
			return true;
	}
	return false;
}

static ov_status ask(struct ov_yara *y)
{
	const uint32_t nasking = y->nasking;
	uint32_t slot = 0;

	if (nasking == y->nscouted &&
	    memcmp(y->asking, y->scouted, nasking * sizeof *y->scouted) == 0) {
		ov_ysearch_again(y->scout);
		return OV_OK;
	}
	ov_ysearch_begin(y->scout);
	y->nscouted = 0;
	for (uint32_t k = 0; k < nasking; k++) {
		const struct ov_ydoor d = ov_yimage_door(y->image, y->asking[k]);

		for (uint32_t i = 0; i < d.nscouts; i++) {
			struct ov_ystring str;

			ov_yimage_string(y->image, ov_yimage_scout(y->image, d.first_scout + i),
					 &str);
			OV_TRY(ov_ysearch_add(y->scout, str.code, 1, &slot));
		}
	}
	memcpy(y->scouted, y->asking, nasking * sizeof *y->scouted);
	y->nscouted = nasking;
	return OV_OK;
}

/* Those that no key has woken: all, or those whose scouts were met. */
static void wake(struct ov_engine *e, bool is_all)
{
	struct ov_yara *y = e->yara;
	uint32_t slot = 0;

	for (uint32_t k = 0; k < y->nasking; k++) {
		const uint32_t id = y->asking[k];
		const struct ov_ydoor d = ov_yimage_door(y->image, id);

		for (uint32_t i = 0; y->costs != NULL && !is_all && i < d.nscouts; i++)
			ov_yara_charge(y, id, ov_yimage_scout(y->image, d.first_scout + i),
				       y->scout, slot + i);
		if (y->woken_in[id] != y->generation && (is_all || is_met(y, &d, slot)))
			ov_yara_wake(e, id);
		slot += d.nscouts;
	}
}

ov_status ov_yara_scout(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;
	struct ov_src src;
	ov_status s;

	if (y->nasking == 0)
		return OV_OK;
	OV_TRY(ask(y));
	OV_TRY(ov_src_slice(&n->src, 0, n->match_size, &src));
	s = ov_ysearch_run(y->scout, &src, 0, e->budget.deadline_ns, &y->steps);
	if (s == OV_LIMIT || s == OV_IO || s == OV_SHORT) {
		wake(e, true); /* the search that follows tells */
		return OV_OK;
	}
	OV_TRY(s);
	wake(e, false);
	return OV_OK;
}
