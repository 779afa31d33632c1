/* Choosing anchors: the literal run of a pattern that is rarest in ordinary files. */
#include <string.h>

#include "checked.h"
#include "pattern_int.h"

#define FLAT                                                                                       \
	512u /* positions looked at together; runs longer than that are cut into overlapping       \
		stretches */

#define COMMON 8000u /* hits per 1000 MB from which ov_gram_cost() was counted, not estimated */

struct flat { /* a stretch in which each byte's distance from the stretch's start is fixed */
	uint8_t value[FLAT], mask[FLAT];
	size_t n;
	uint64_t min, max; /* distance of its first byte from the search's start */
	struct anchor_best *best;
};

static bool is_certain(uint8_t value, uint8_t mask)
{
	return mask == 0xff || (mask == 0xdf && value >= 'A' && value <= 'Z');
}

/* May a key begin here: four certain bytes, not all the same once folded. */
static bool can_begin(const struct flat *f, size_t at)
{
	bool differ = false;

	if (f->n - at < OV_GRAM_MIN)
		return false;
	for (size_t i = at; i < at + OV_GRAM_MIN; i++) {
		if (!is_certain(f->value[i], f->mask[i]))
			return false;
		differ |= (f->value[i] | 0x20) != (f->value[at] | 0x20);
	}
	return differ;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t r;

	return ov_mul_u64(a, b, &r) == OV_OK ? r : UINT64_MAX;
}

static void weigh_key(struct flat *f, const uint32_t *cost, size_t at)
{
	size_t n = ov_min_size(OV_GRAM_MAX, f->n - at), certain = 0;
	uint64_t wake = UINT64_MAX, score;
	struct anchor_best *b = f->best;

	while (f->mask[at + n - 1] == 0)
		n--;
	for (size_t i = at; i < at + n; i++)
		certain += is_certain(f->value[i], f->mask[i]);
	for (size_t i = at; i + OV_GRAM_MIN <= at + n; i++)
		wake = ov_min_u64(wake, cost[i]);
	/*
	 * Each further byte makes a chance match rarer; halving is careful. In a run of common
	 * grams, which is text or padding, one byte tells the next, and length helps little.
	 */
	certain = certain > OV_GRAM_MIN ? ov_min_size(certain - OV_GRAM_MIN, OV_GRAM_MAX) : 0;
	wake = 1 + (wake << 8 >> (wake < COMMON ? certain : certain / 4));
	/* A wake costs more than a look at a bucket, which the first dword alone decides; but it
	 * happens once a file. */
	score = wake * 16 + ((uint64_t)cost[at] << 8);
	if (f->max != f->min)
		score = times(score, ov_min_u64(f->max - f->min, 255) + 2);
	if (b->is_set && b->score <= score)
		return;
	*b = (struct anchor_best){ .is_set = true,
				   .dist_min = f->min + at,
				   .dist_max = f->max == OV_JUMP_INF ? OV_JUMP_INF : f->max + at,
				   .score = score,
				   .cost = (wake + 255) >> 8,
				   .has_byte = b->has_byte,
				   .byte = b->byte,
				   .byte_min = b->byte_min,
				   .byte_max = b->byte_max };
	memcpy(b->key.value, f->value + at, n);
	memcpy(b->key.mask, f->mask + at, n);
	b->key.n = (uint8_t)n;
}

unsigned pat_byte_weight(uint8_t b)
{
	if (b == 0)
		return 9;
	if (b == 0xff || b == ' ')
		return 8;
	if (b == 'e' || b == 't' || b == 'a' || b == 'o' || b == 'n' || b == 'i' || b == 'r' ||
	    b == 's')
		return 7;
	if ((b >= 'a' && b <= 'z') || b == 1 || b == 0x8b || b == 0x48 || b == '\n')
		return 6;
	return b < 0x20 ? 5 : (b < 0x7f ? 4 : 3);
}

static void weigh_byte(struct flat *f, size_t at)
{
	struct anchor_best *b = f->best;

	if (f->mask[at] != 0xff || f->max - f->min > WALK_MAX)
		return;
	if (b->has_byte && pat_byte_weight(b->byte) <= pat_byte_weight(f->value[at]))
		return;
	b->has_byte = true;
	b->byte = f->value[at];
	b->byte_min = f->min + at;
	b->byte_max = f->max + at;
}

/* Looks at the stretch, then forgets it but for the last `keep` bytes. */
static void flush(struct flat *f, size_t keep)
{
	uint32_t cost[FLAT];
	const size_t done = f->n - ov_min_size(keep, f->n);

	for (size_t i = 0; i < f->n; i++) {
		bool is_gram = f->n - i >= OV_GRAM_MIN;

		for (size_t k = i; is_gram && k < i + OV_GRAM_MIN; k++)
			is_gram = is_certain(f->value[k], f->mask[k]);
		cost[i] = is_gram ? ov_gram_cost(f->value + i, f->mask + i) : UINT32_MAX;
	}
	for (size_t i = 0; i < f->n; i++) {
		if (can_begin(f, i))
			weigh_key(f, cost, i);
		weigh_byte(f, i);
	}
	memmove(f->value, f->value + done, f->n - done);
	memmove(f->mask, f->mask + done, f->n - done);
	f->n -= done;
	f->min += done;
	f->max = f->max == OV_JUMP_INF ? OV_JUMP_INF : f->max + done;
}

static void push(struct flat *f, uint8_t value, uint8_t mask)
{
	if (f->n == FLAT)
		flush(f, OV_GRAM_MAX - 1);
	f->value[f->n] = value;
	f->mask[f->n++] = mask;
}

/* Something of lo..hi bytes that tells nothing. */
static void skip(struct flat *f, uint64_t lo, uint64_t hi)
{
	if (lo == hi && lo <= OV_GRAM_MAX) {
		for (uint64_t i = 0; i < lo; i++)
			push(f, 0, 0);
		return;
	}
	flush(f, 0);
	f->min = f->min > OV_JUMP_INF - lo ? OV_JUMP_INF : f->min + lo;
	f->max = hi == OV_JUMP_INF || f->max > OV_JUMP_INF - hi ? OV_JUMP_INF : f->max + hi;
}

void anchor_find(const struct ov_pn *first, const struct ov_pn *end, struct anchor_best *out)
{
	struct flat f = { .best = out };
	bool is_start = true, after_jump = false;

	*out = (struct anchor_best){ 0 };
	for (const struct ov_pn *n = first; n != end; n = n->next) {
		uint64_t lo, hi;

		if (n->kind == OV_PN_BYTES) {
			for (size_t i = 0; i < n->n; i++)
				push(&f, n->value[i], n->mask[i]);
		} else if (n->kind == OV_PN_ASSERT) {
			/* Between bytes it takes one; beside a jump that depends on where parts are
			 * cut. */
			if (!is_start)
				skip(&f,
				     after_jump || n->next == NULL || n->next->kind == OV_PN_JUMP
					 ? 0
					 : 1,
				     1);
		} else if (node_length(n, &lo, &hi) == OV_OK) {
			skip(&f, lo, hi);
		} else {
			break; /* too deep: the compiler refuses it */
		}
		is_start &= n->kind == OV_PN_ASSERT;
		after_jump = n->kind == OV_PN_JUMP || (after_jump && n->kind == OV_PN_ASSERT);
	}
	flush(&f, 0);
}

ov_status ov_pat_anchor(const struct ov_pn *variant, struct ov_anchor *out)
{
	struct anchor_best b;

	anchor_find(variant, NULL, &b);
	if (!b.is_set)
		return OV_END;
	*out = (struct ov_anchor){ .key = b.key,
				   .is_fixed = b.dist_min == b.dist_max && b.dist_max <= UINT32_MAX,
				   .cost = b.cost };
	out->distance = out->is_fixed ? (uint32_t)b.dist_min : 0;
	return OV_OK;
}
