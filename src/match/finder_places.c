/*
 * The finder in small layers whose places are known: each part is looked up where its key's rarest
 * gram stands. No table of keys is made, which for hundreds of patterns and a few thousand bytes
 * costs more than all else; and a part that must stand behind another is tried only there.
 */
#include "finder_int.h"
#include "places_int.h"

#include "checked.h"

/* Places that are looked at, at most, for a part and for a byte: above, a table is cheaper. */
#define PLACES_A_PART 16u
#define PLACES_A_BYTE 4u

static uint64_t places_in_all(const struct ov_finder *f, uint64_t *parts)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < f->nodes.n; i++) {
		const struct node *nd = node_at(f, i);
		const struct ov_places_slot *s;
		uint32_t at;

		if (nd->how != HOW_GRAM)
			continue;
		s = places_rarest(f->places, &nd->part, &at);
		sum += s != NULL ? s->count : 0;
		(*parts)++;
	}
	return sum;
}

void finder_plan_places(struct ov_finder *f, const struct ov_src *src)
{
	uint64_t parts = 0;

	if (f->places == NULL || src->mem == NULL || f->places->n != src->size)
		return;
	if (places_in_all(f, &parts) > parts * PLACES_A_PART + src->size * PLACES_A_BYTE)
		return;
	for (uint32_t i = 0; i < f->nodes.n; i++)
		if (node_at(f, i)->how == HOW_GRAM)
			node_at(f, i)->how = HOW_PLACES;
}

/* Where a part's key may stand, by what was found of the part before it. */
static struct ov_range key_range(const struct node *nd)
{
	const struct node *before = nd - 1;
	struct ov_range r = { 0, UINT64_MAX };

	if (nd->k == 0 || before->how != HOW_PLACES)
		return r;
	if (!before->has_match)
		return (struct ov_range){ 1, 0 };
	if (nd->part.gap_min > UINT64_MAX / 4) /* beyond any layer */
		return (struct ov_range){ 1, 0 };
	r.lo = before->first_end + nd->part.gap_min + nd->part.dist_min;
	if (nd->part.gap_max < UINT64_MAX / 4)
		r.hi = before->latest_end + nd->part.gap_max + nd->part.dist_max;
	return r;
}

static void search_node(struct ov_finder *f, uint32_t node)
{
	const struct node *nd = node_at(f, node);
	const struct ov_range r = key_range(nd);
	const struct ov_places_slot *s;
	uint32_t into = 0;

	if (r.lo > r.hi)
		return;
	s = places_rarest(f->places, &nd->part, &into);
	if (s == NULL)
		return;
	for (uint16_t i = s->first; i != 0 && f->trouble == OV_OK && f->left > 0;
	     i = f->places->next[i]) {
		const uint64_t gram = i - 1u;

		if (gram < r.lo + into)
			continue;
		if (gram - into > r.hi)
			return;
		if (finder_has_key(f, nd, gram - into))
			finder_try_key(f, node, gram - into);
	}
}

void finder_search_places(struct ov_finder *f)
{
	for (uint32_t i = 0; i < f->slots.n; i++) {
		const struct slot *s = slot_at(f, i);
		const size_t first = f->events.n;
		uint32_t found_here = 0;

		for (uint32_t k = s->first_node; k < s->first_node + s->nnodes; k++) {
			const enum how how = node_at(f, k)->how;

			if (how == HOW_PLACES)
				search_node(f, k);
			found_here += how == HOW_PLACES || how == HOW_FOLLOW;
		}
		if (found_here == s->nnodes) /* nothing more comes of it */
			finder_join(f, first, UINT64_MAX);
	}
}
