/* One part of a pattern, tried where its key was met: does a rule deserve to be woken? */
#include "checked.h"
#include "finder_int.h"

#define PROBE_COST 16u	       /* steps of a look that ends at once: as much time as that */
#define PROBE_STEPS_MAX 65536u /* of one look: more than that, the finder shall decide    */

/* A part by its number among those of all variants. */
static bool find_part(const struct ov_pats *pats, uint32_t pattern, uint32_t number,
		      struct part_view *out)
{
	struct pattern_view p;

	if (pattern >= pats->count)
		return false;
	p = pattern_of(pats, pattern);
	for (uint32_t i = 0; i < p.nvariants; i++) {
		const struct variant_view v = variant_of(pats, p.first_variant + i);

		if (number < v.nparts) {
			*out = part_of(pats, v.first_part + number);
			return true;
		}
		number -= v.nparts;
	}
	return false;
}

ov_status ov_finder_probe(struct ov_finder *f, const struct ov_pats *pats,
			  const struct ov_probe *what, uint64_t at, uint64_t *steps)
{
	const struct pat_text text = {
		.p = what->p, .n = what->n, .base = what->base, .size = what->size
	};
	uint64_t left = ov_min_u64(*steps, PROBE_STEPS_MAX);
	const uint64_t begun = left;
	ov_status s = OV_END;
	struct part_view p;

	if (left <= PROBE_COST || !find_part(pats, what->pattern, what->part, &p))
		return OV_SHORT;
	left -= PROBE_COST;
	for (uint64_t d = p.dist_max + (uint64_t)1; d-- > p.dist_min && s == OV_END;) {
		if (at < d)
			continue;
		left -= ov_min_u64(left, PROBE_COST);
		f->exec.steps = left;
		s = left > 0 ? pat_run(&p, &text, at - d, &f->exec) : OV_LIMIT;
		left = left > 0 ? f->exec.steps : 0;
	}
	*steps -= begun - left;
	return s == OV_LIMIT ? OV_SHORT : s;
}
