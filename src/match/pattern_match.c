/* Matching a pattern at one place, for fixed offsets, tests and explanations. */
#include "checked.h"
#include "gram_int.h"
#include "pattern_int.h"

#define STEPS ((uint64_t)1 << 24)
#define ENDS_MAX 1024u

struct ends { /* ascending, distinct file offsets */
	uint32_t n;
	uint64_t at[ENDS_MAX];
};

struct matcher {
	const struct ov_pats *pats;
	const struct pat_text *text;
	struct pat_exec exec;
	struct ends a, b;
	bool is_short;
};

static ov_status add_end(struct ends *e, uint64_t at)
{
	uint32_t i = e->n;

	while (i > 0 && e->at[i - 1] > at)
		i--;
	if (i > 0 && e->at[i - 1] == at)
		return OV_OK;
	if (e->n == ENDS_MAX)
		return OV_LIMIT;
	for (uint32_t k = e->n++; k > i; k--)
		e->at[k] = e->at[k - 1];
	e->at[i] = at;
	return OV_OK;
}

/* Adds the ends of a part's matches at `start`. */
static ov_status run_at(struct matcher *m, const struct part_view *part, uint64_t start,
			struct ends *to)
{
	const ov_status s = pat_run(part, m->text, start, &m->exec);

	m->is_short |= m->exec.is_short;
	if (s == OV_LIMIT)
		return s;
	for (uint32_t i = 0; i < m->exec.nends; i++)
		OV_TRY(add_end(to, start + m->exec.ends[i]));
	return OV_OK;
}

/* Can the gap lead from one of the ends to `start`? */
static bool is_reached(const struct ends *e, const struct part_view *part, uint64_t start)
{
	for (uint32_t i = 0; i < e->n && e->at[i] <= start && start - e->at[i] >= part->gap_min;
	     i++)
		if (start - e->at[i] <= part->gap_max)
			return true;
	return false;
}

/* All ends of `part` behind the ends `from`, or only the earliest when that is enough. */
static ov_status next_part(struct matcher *m, const struct part_view *part, bool needs_one,
			   const struct ends *from, struct ends *to)
{
	const uint64_t last = from->at[from->n - 1], window_end = m->text->base + m->text->n;
	uint64_t start, stop = m->text->size;

	to->n = 0;
	if (part->gap_max < stop && last < stop - part->gap_max)
		stop = last + part->gap_max;
	if (part->gap_min > m->text->size - ov_min_u64(from->at[0], m->text->size))
		return OV_OK;
	for (start = from->at[0] + part->gap_min; start <= stop; start++) {
		if (needs_one && to->n > 0 && start + part->min > to->at[0])
			break;
		if (start >= window_end && window_end < m->text->size) {
			m->is_short = true;
			break;
		}
		if (m->exec.steps == 0)
			return OV_LIMIT;
		m->exec.steps--;
		if (is_reached(from, part, start))
			OV_TRY(run_at(m, part, start, to));
		if (needs_one && to->n > 1)
			to->n = 1;
	}
	return OV_OK;
}

/* @return OV_OK with *end the earliest; OV_END; OV_LIMIT. */
static ov_status match_variant(struct matcher *m, struct variant_view v, uint64_t at, uint64_t *end)
{
	struct ends *from = &m->a, *to = &m->b;
	struct part_view part = part_of(m->pats, v.first_part);

	from->n = 0;
	OV_TRY(run_at(m, &part, at, from));
	for (uint32_t k = 1; k < v.nparts && from->n > 0; k++) {
		struct ends *const t = from;
		bool needs_one = k + 1 == v.nparts;

		part = part_of(m->pats, v.first_part + k);
		needs_one =
		    needs_one || part_of(m->pats, v.first_part + k + 1).gap_max == OV_JUMP_INF;
		OV_TRY(next_part(m, &part, needs_one, from, to));
		from = to;
		to = t;
	}
	if (from->n == 0)
		return OV_END;
	*end = from->at[0];
	return OV_OK;
}

#define KEYLESS UINT64_C(1000000000) /* hits per 1000 MB of one byte, about */

static uint64_t variant_cost(const struct ov_pats *p, struct variant_view v)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t k = 0; k < v.nparts; k++) {
		const struct part_view part = part_of(p, v.first_part + k);

		struct ov_sieve_key window;
		uint32_t distance;
		const unsigned worth =
		    part.key_n < OV_GRAM_MIN ? pat_window(&part, &window, &distance) : 0;

		if (worth > 0)
			best = ov_min_u64(best, (KEYLESS << 8) >> ov_min_size(worth / 3, 24));
		for (uint32_t i = 0; i + OV_GRAM_MIN <= part.key_n && i < OV_GRAM_MAX; i++) {
			const uint32_t mask = ov_le32(part.key + OV_GRAM_MAX + i);

			if ((mask | GRAM_FOLD) == UINT32_MAX)
				best = ov_min_u64(
				    best, ov_gram_cost(part.key + i, part.key + OV_GRAM_MAX + i));
		}
	}
	return best;
}

void ov_pats_ask_ahead(const struct ov_pats *p, uint32_t id, uint32_t stage)
{
	const uint8_t *r;
	uint32_t i;

	if (id >= p->count)
		return;
	r = p->patterns + (size_t)id * PATTERN_SIZE;
	if (stage == 0) {
		__builtin_prefetch(r);
		return;
	}
	i = ov_le32(r);
	if (i >= p->nvariants)
		return;
	r = p->variants + (size_t)i * VARIANT_SIZE;
	if (stage == 1) {
		__builtin_prefetch(r);
		return;
	}
	i = ov_le32(r);
	if (i >= p->nparts)
		return;
	r = p->parts + (size_t)i * PART_SIZE;
	__builtin_prefetch(r);
	__builtin_prefetch(r + PART_SIZE - 1);
}

uint64_t ov_pats_cost(const struct ov_pats *p, uint32_t id)
{
	uint64_t sum = 0;
	struct pattern_view v;

	if (id >= p->count)
		return UINT64_MAX;
	v = pattern_of(p, id);
	for (uint32_t i = 0; i < v.nvariants; i++)
		if (ov_add_u64(sum, variant_cost(p, variant_of(p, v.first_variant + i)), &sum) !=
		    OV_OK)
			return UINT64_MAX;
	return sum;
}

ov_status ov_pat_match_at(const struct ov_pats *p, uint32_t id, const uint8_t *bytes, size_t n,
			  uint64_t base, uint64_t size, uint64_t at, uint64_t *len)
{
	const struct pat_text text = { .p = bytes, .n = n, .base = base, .size = size };
	struct matcher m = { .pats = p, .text = &text, .exec.steps = STEPS };
	uint64_t best = 0, end;
	bool is_found = false, is_limited = false;
	struct pattern_view v;

	if (id >= p->count || size > UINT64_MAX / 4)
		return OV_BUG;
	if (at > size)
		return OV_END;
	v = pattern_of(p, id);
	for (uint32_t i = 0; i < v.nvariants; i++) {
		const ov_status s = match_variant(&m, variant_of(p, v.first_variant + i), at, &end);

		is_limited |= s == OV_LIMIT;
		if (s == OV_OK && (!is_found || end < best)) {
			best = end;
			is_found = true;
		}
	}
	if (is_found) {
		*len = best - at;
		return OV_OK;
	}
	return is_limited ? OV_LIMIT : (m.is_short ? OV_SHORT : OV_END);
}
