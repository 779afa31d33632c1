/* The gate: choosing what to search of a pattern, and one pass that drops keys as they are met. */
#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "gram_int.h"
#include "pattern_int.h"

#define GATE_MAGIC 0x45544147u
#define LOOK_STEPS 16u		     /* of a look at one place                                    */
#define PART_STEPS 4096u	     /* of one part at one place: above, it counts as there       */
#define STARTS_MAX 64u		     /* a key that may stand further about counts as a part there */
#define STEPS_LEAST 65536u	     /* of a layer, and a quarter step for each of its bytes:     */
#define BYTES_A_STEP 4u		     /* when they are spent, what is left counts as there         */
#define KEYLESS UINT64_C(1000000000) /* hits per 1000 MB of a byte, about */

#define WASTE_MAX 64u /* looks for what was met already, until the sieve is made anew */

struct wanted { /* one key, and whose it is */
	struct ov_gate_pick pick;
	uint32_t slot;
};

struct ov_gate {
	uint32_t magic;
	const struct ov_pats *pats;
	struct wanted wanted[OV_GATE_KEYS];
	size_t nwanted;
	bool is_there[OV_GATE_KEYS]; /* by slot */
	uint32_t nslots, nmissing;   /* slots; those of which nothing was met yet */
	uint64_t steps, begun;	     /* left, and at the start */
	struct pat_text text;
	struct ov_sieve sieve; /* of the keys in `wanted`, when not stale */
	bool is_stale;
	uint32_t wasted; /* looks since the sieve was made that could tell nothing new */
	uint64_t resume; /* where the search goes on with a new sieve */
	struct pat_exec exec;
};

ov_status ov_gate_new(struct ov_gate **out)
{
	struct ov_gate *g = calloc(1, sizeof *g);

	if (g == NULL)
		return OV_NOMEM;
	g->magic = GATE_MAGIC;
	*out = g;
	return OV_OK;
}

void ov_gate_free(struct ov_gate **g)
{
	free(*g);
	*g = NULL;
}

/* The four certain bytes of a part's key that are rarest. */
static uint64_t pick_of_key(const struct part_view *part, struct ov_gate_pick *out)
{
	uint32_t best = UINT32_MAX, distance = 0;

	for (uint32_t i = 0; i + OV_GRAM_MIN <= part->key_n; i++) {
		const uint8_t *value = part->key + i, *mask = value + OV_GRAM_MAX;
		uint32_t cost;

		if ((ov_le32(mask) | GRAM_FOLD) != UINT32_MAX)
			continue;
		cost = ov_gram_cost(value, mask);
		if (cost < best) {
			best = cost;
			distance = i;
		}
	}
	out->key = (struct ov_sieve_key){ .value = ov_le32(part->key + distance),
					  .mask = ov_le32(part->key + OV_GRAM_MAX + distance),
					  .n = OV_SIEVE_WIDTH };
	out->dist_min = part->dist_min + distance;
	out->dist_max = part->dist_max + distance;
	return best;
}

/* @return about how often the key is expected in 1000 MB; UINT64_MAX: the part has none. */
static uint64_t pick_of_part(const struct ov_pats *pats, uint32_t number, struct ov_gate_pick *out)
{
	const struct part_view part = part_of(pats, number);
	uint32_t distance = 0;
	unsigned worth;

	out->part = number;
	if (part.key_n >= OV_GRAM_MIN)
		return pick_of_key(&part, out);
	worth = pat_window(&part, &out->key, &distance);
	if (worth == 0)
		return UINT64_MAX;
	out->dist_min = out->dist_max = distance;
	return (KEYLESS << 8) >> ov_min_size(worth / 3, 24);
}

/* `number` counts the parts of all variants. */
static uint64_t pick_of_variant(const struct ov_pats *pats, struct variant_view v, uint32_t number,
				uint32_t met, struct ov_gate_pick *out)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t k = 0; k < v.nparts; k++) {
		struct ov_gate_pick p;
		uint64_t cost;

		if (number + k == met)
			continue;
		cost = pick_of_part(pats, v.first_part + k, &p);
		if (cost < best) {
			best = cost;
			*out = p;
		}
	}
	return best;
}

size_t ov_gate_pick(const struct ov_pats *pats, uint32_t pattern, uint32_t met,
		    struct ov_gate_pick out[OV_GATE_PICKS], uint64_t *cost)
{
	struct pattern_view p;
	uint32_t number = 0;

	*cost = UINT64_MAX;
	if (pattern >= pats->count)
		return 0;
	p = pattern_of(pats, pattern);
	if (p.nvariants > OV_GATE_PICKS)
		return 0;
	*cost = 0;
	for (uint32_t i = 0; i < p.nvariants; i++) {
		const struct variant_view v = variant_of(pats, p.first_variant + i);
		const uint64_t c = pick_of_variant(pats, v, number, met, &out[i]);

		if (c == UINT64_MAX) {
			*cost = UINT64_MAX;
			return 0;
		}
		*cost += c;
		number += v.nparts;
	}
	return p.nvariants;
}

void ov_gate_begin(struct ov_gate *g, const struct ov_pats *pats, uint64_t size)
{
	g->pats = pats;
	g->nwanted = 0;
	g->nslots = g->nmissing = 0;
	g->begun = g->steps = STEPS_LEAST + size / BYTES_A_STEP;
	g->text = (struct pat_text){ .size = size };
	g->is_stale = true;
	g->resume = 0;
}

static bool is_same_pick(const struct ov_gate_pick *a, const struct ov_gate_pick *b)
{
	return a->part == b->part && a->key.value == b->key.value && a->key.mask == b->key.mask &&
	       a->dist_min == b->dist_min;
}

uint32_t ov_gate_add(struct ov_gate *g, const struct ov_gate_pick *picks, size_t n)
{
	if (n == 0 || n > OV_GATE_PICKS)
		return OV_GATE_NO_SLOT;
	for (size_t i = 0; n == 1 && i < g->nwanted; i++) /* two rules may ask for one pattern */
		if (is_same_pick(&g->wanted[i].pick, picks) &&
		    (i + 1 == g->nwanted || g->wanted[i + 1].slot != g->wanted[i].slot) &&
		    (i == 0 || g->wanted[i - 1].slot != g->wanted[i].slot))
			return g->wanted[i].slot;
	if (n > OV_GATE_KEYS - g->nwanted)
		return OV_GATE_NO_SLOT;
	for (size_t i = 0; i < n; i++)
		g->wanted[g->nwanted++] = (struct wanted){ .pick = picks[i], .slot = g->nslots };
	g->is_there[g->nslots] = false;
	g->nmissing++;
	return g->nslots++;
}

/* A gram part's whole key, before anything dearer. */
static bool has_key(const struct ov_gate *g, const struct part_view *part, uint64_t start)
{
	const uint8_t *key = part->key, *p;

	if (part->key_n < OV_GRAM_MIN || part->dist_min != part->dist_max)
		return true;
	start += part->dist_min;
	if (start < g->text.base || start - g->text.base > g->text.n ||
	    part->key_n > g->text.n - (start - g->text.base))
		return true; /* not in this window: not to be told here */
	p = g->text.p + (start - g->text.base);
	for (uint32_t i = 0; i < part->key_n; i++)
		if ((p[i] & key[OV_GRAM_MAX + i]) != key[i])
			return false;
	return true;
}

/* Its key stands at `at`: is the part there? What can't be told counts as there. */
static bool is_part_there(struct ov_gate *g, const struct wanted *w, uint64_t at)
{
	const struct part_view part = part_of(g->pats, w->pick.part);

	if (w->pick.dist_max - w->pick.dist_min >= STARTS_MAX)
		return true;
	for (uint64_t d = w->pick.dist_max + (uint64_t)1; d-- > w->pick.dist_min;) {
		if (at < d || !has_key(g, &part, at - d))
			continue;
		g->exec.steps = ov_min_u64(g->steps, PART_STEPS);
		g->steps -= g->exec.steps;
		if (pat_run(&part, &g->text, at - d, &g->exec) != OV_END || g->exec.is_short)
			return true;
		g->steps += g->exec.steps; /* what it left */
	}
	return false;
}

/* @return false to make a new sieve, or to end the search. */
static bool on_key(void *ctx, uint32_t token, uint64_t at)
{
	struct ov_gate *g = ctx;
	const struct wanted *w = &g->wanted[token];

	if (g->is_there[w->slot]) {
		g->resume = at; /* other keys may stand at the same place */
		g->is_stale = ++g->wasted == WASTE_MAX;
		return !g->is_stale;
	}
	g->steps -= ov_min_u64(g->steps, LOOK_STEPS);
	if (g->steps > 0 && !is_part_there(g, w, at))
		return true;
	g->is_there[w->slot] = true;
	g->nmissing = g->steps > 0 ? g->nmissing - 1 : 0;
	return g->nmissing > 0;
}

static ov_status build(struct ov_gate *g)
{
	struct ov_sieve_key keys[OV_GATE_KEYS] OV_SCRATCH;
	size_t kept = 0;

	for (size_t i = 0; i < g->nwanted; i++)
		if (!g->is_there[g->wanted[i].slot])
			g->wanted[kept++] = g->wanted[i];
	g->nwanted = kept;
	for (size_t i = 0; i < kept; i++) {
		keys[i] = g->wanted[i].pick.key;
		keys[i].token = (uint32_t)i;
	}
	g->is_stale = false;
	g->wasted = 0;
	return ov_sieve_build(&g->sieve, keys, g->nwanted);
}

ov_status ov_gate_run(struct ov_gate *g, const uint8_t *p, size_t n, uint64_t base)
{
	OV_TRY(ov_check(g, GATE_MAGIC));
	g->text.p = p;
	g->text.n = n;
	g->text.base = base;
	g->resume = base;
	while (g->nmissing > 0) {
		const size_t at = (size_t)(g->resume - base);
		ov_status s;

		if (g->is_stale)
			OV_TRY(build(g));
		s = ov_sieve_scan(OV_KERNEL_AUTO, &g->sieve, p + at, n - at, n - at, base + at,
				  on_key, g);
		if (s != OV_END || !g->is_stale)
			return s == OV_END ? OV_OK : s;
	}
	return OV_OK;
}

bool ov_gate_is_done(const struct ov_gate *g)
{
	return g->nmissing == 0;
}

bool ov_gate_is_absent(const struct ov_gate *g, uint32_t slot)
{
	return slot < g->nslots && g->steps > 0 && !g->is_there[slot];
}

uint64_t ov_gate_work(const struct ov_gate *g)
{
	return g->begun - g->steps;
}
