/*
 * The finder's sieve: few patterns are searched by it, and those without a key of four certain
 * bytes whenever it has room.
 */
#include <string.h>

#include "checked.h"
#include "finder_int.h"
#include "gram_int.h"

/* The rarest four certain bytes in a row of a part's key; *distance from the key's start. */
static void window_of_key(const struct part_view *part, struct ov_sieve_key *k, uint32_t *distance)
{
	uint32_t best = UINT32_MAX;

	*distance = 0;
	for (uint32_t i = 0; i + OV_GRAM_MIN <= part->key_n; i++) {
		const uint8_t *value = part->key + i, *mask = value + OV_GRAM_MAX;
		uint32_t cost;

		if ((ov_le32(mask) | GRAM_FOLD) != UINT32_MAX)
			continue;
		cost = ov_gram_cost(value, mask);
		if (cost < best) {
			best = cost;
			*distance = i;
		}
	}
	*k = (struct ov_sieve_key){ .value = ov_le32(part->key + *distance),
				    .mask = ov_le32(part->key + OV_GRAM_MAX + *distance),
				    .n = OV_SIEVE_WIDTH };
}

/*
 * A part without a key that stands close behind the one before it: it is looked for there. The
 * matches before it come in order, so that each place is looked at once. Behind a part that has a
 * key, and so is rare, a wide gap is still cheaper than all bytes.
 */
static bool may_follow(const struct node *nd)
{
	const struct node *before = nd - 1;
	const struct part_view *p;
	uint64_t width;

	if (nd->k == 0 || nd->part.gap_max > FINDER_FOLLOW_GAP)
		return false;
	p = &before->part;
	width = nd->part.gap_max - nd->part.gap_min;
	if (width >= FINDER_FOLLOW_MAX && p->key_n < OV_GRAM_MIN)
		return false;
	return p->min == p->max && p->dist_min == p->dist_max && before->how != HOW_DIRECT;
}

static bool is_keyless(const struct node *nd)
{
	return nd->how == HOW_BYTE || nd->how == HOW_EACH;
}

/* Parts that follow others; of the rest, how many have a key, and how many need the sieve. */
static void plan_followers(struct ov_finder *f, size_t *grams, size_t *bytes)
{
	*grams = *bytes = 0;
	for (uint32_t i = 0; i < f->nodes.n; i++) {
		struct node *nd = node_at(f, i);
		struct ov_sieve_key k = { 0 };

		*grams += nd->how == HOW_GRAM;
		if (!is_keyless(nd))
			continue;
		if (pat_window(&nd->part, &k, &nd->sieve_dist) == 0)
			nd->sieve_dist = 0; /* nothing tells where it may start: any place */
		else
			*bytes += !may_follow(nd);
		if (!may_follow(nd))
			continue;
		nd->how = HOW_FOLLOW;
		nd->value = k.value;
		nd->mask = k.mask;
	}
}

ov_status finder_plan(struct ov_finder *f)
{
	size_t grams, bytes;

	f->nsieve = 0;
	plan_followers(f, &grams, &bytes);
	for (uint32_t i = 0; i < f->nodes.n && f->nsieve < f->sieve_max; i++) {
		struct node *nd = node_at(f, i);
		struct ov_sieve_key k;

		if (nd->how == HOW_GRAM && grams + bytes <= f->sieve_max) {
			window_of_key(&nd->part, &k, &nd->sieve_dist);
			nd->how = HOW_KEY;
		} else if (is_keyless(nd) && pat_window(&nd->part, &k, &nd->sieve_dist) > 0) {
			nd->how = HOW_BYTES;
		} else {
			continue;
		}
		k.token = i;
		f->sieve_keys[f->nsieve++] = k;
	}
	return ov_sieve_build(&f->sieve, f->sieve_keys, f->nsieve);
}

/*
 * Can a part be needed at `start`? What it must follow ends before it, so that its key was met
 * already: earlier in this pass, or in one of those before it.
 */
static bool is_awaited(const struct node *nd, uint64_t start)
{
	const struct node *before = nd - 1;
	const uint64_t max = nd->part.gap_max;

	if (nd->k == 0 || is_keyless(before) || before->how == HOW_DIRECT ||
	    before->how == HOW_FOLLOW)
		return true;
	return before->has_match &&
	       (max > UINT64_MAX - before->latest_end || before->latest_end + max >= start);
}

static bool on_sieve(void *ctx, uint32_t token, uint64_t at)
{
	struct ov_finder *f = ctx;
	const struct node *nd = node_at(f, token);

	if (at < nd->sieve_dist)
		return true;
	at -= nd->sieve_dist;
	if (nd->how == HOW_KEY) {
		if (finder_has_key(f, nd, at) &&
		    is_awaited(nd, at - ov_min_u64(at, nd->part.dist_max)))
			finder_try_key(f, token, at);
	} else if (is_awaited(nd, at)) {
		finder_try(f, token, at);
	}
	return f->trouble == OV_OK && f->left > 0;
}

ov_status finder_sift(struct ov_finder *f, uint64_t from, uint64_t to)
{
	const uint64_t end = f->text.base + f->text.n;
	ov_status s;

	if (f->nsieve == 0)
		return OV_OK;
	s = ov_sieve_scan(f->kernel, &f->sieve, f->text.p + (from - f->text.base),
			  (size_t)(ov_min_u64(to + OV_SIEVE_WIDTH - 1, end) - from),
			  (size_t)(to - from), from, on_sieve, f);
	return s == OV_END ? OV_OK : s;
}
