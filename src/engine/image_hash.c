/* Image hashes of layers. See image_hash.h; decoding and hashing are the format folder's. */
#include "image_hash.h"

#include "image.h"

static bool compute(struct ov_engine *e, struct ov_node *n)
{
	const struct ov_arena_mark mark = ov_arena_mark(&n->arena);
	ov_status s;

	if (n->view_of != NULL || !ov_image_is(n->type) || !ov_is_on(e, OVERT_FEATURE_IMAGE) ||
	    !ov_is_on(e, OVERT_FEATURE_IMAGE_HASH))
		return false;
	s = ov_image_hash(n->type, &n->src, &n->arena, &n->image_hash);
	ov_arena_release(&n->arena, mark);
	if (s != OV_OK)
		ov_report_incomplete(
		    e, n, ov_reason_of(s), (struct ov_str){ 0 },
		    "its picture could not be decoded, so image hashes (fuzzy_img) "
		    "were not compared");
	return s == OV_OK;
}

bool ov_image_hash_of(struct ov_engine *e, struct ov_node *n, uint64_t *out)
{
	if (n->image == 0)
		n->image = compute(e, n) ? 1 : -1;
	if (n->image != 1)
		return false;
	*out = n->image_hash;
	return true;
}
