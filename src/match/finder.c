/* The finder: asking, searching, windows. What is done with matches of parts is in finder_join.c.
 */
#include "finder_int.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checked.h"

#define WINDOW ((size_t)4 << 20)

ov_status ov_finder_new(struct ov_finder **out)
{
	struct ov_finder *f = calloc(1, sizeof *f);

	if (f == NULL)
		return OV_NOMEM;
	f->magic = FINDER_MAGIC;
	f->window_bytes = WINDOW;
	f->sieve_max = OV_SIEVE_KEYS;
	f->table = ov_buf_of((size_t)1 << 28);
	*out = f;
	return OV_OK;
}

void ov_finder_free(struct ov_finder **pf)
{
	struct ov_finder *f = *pf;

	if (f == NULL)
		return;
	for (size_t i = 0; i < f->slots.cap; i++) {
		free(slot_at(f, (uint32_t)i)->kept.p);
		free(slot_at(f, (uint32_t)i)->done.p);
	}
	for (size_t i = 0; i < f->nodes.cap; i++)
		free(node_at(f, (uint32_t)i)->links.p);
	free(f->slots.p);
	free(f->nodes.p);
	free(f->ranges.p);
	free(f->keys.p);
	free(f->events.p);
	free(f->window);
	ov_gram_room_free(&f->room);
	ov_buf_free(&f->table);
	free(f);
	*pf = NULL;
}

void ov_finder_set_window(struct ov_finder *f, size_t bytes)
{
	f->window_bytes = bytes < 64 ? 64 : bytes;
}

void ov_finder_set_sieve(struct ov_finder *f, enum ov_kernel k, size_t keys)
{
	f->kernel = k;
	f->sieve_max = ov_min_size(keys, OV_SIEVE_KEYS);
}

void ov_finder_begin(struct ov_finder *f, const struct ov_pats *pats)
{
	f->pats = pats;
	f->slots.n = f->nodes.n = f->ranges.n = f->keys.n = f->events.n = 0;
}

/* Takes back a slot of the vector, with the memory that its lists had. */
static void reset_slot(struct slot *s)
{
	struct vec kept = s->kept, done = s->done;

	kept.n = done.n = 0;
	*s = (struct slot){ .kept = kept, .done = done };
}

static void reset_node(struct node *nd)
{
	struct vec links = nd->links;

	links.n = 0;
	*nd = (struct node){ .links = links };
}

static ov_status add_node(struct ov_finder *f, uint32_t slot, const struct variant_view *v,
			  uint32_t k)
{
	struct node *nd;

	OV_TRY(vec_more(&f->nodes, sizeof *nd, FINDER_NODES_MAX));
	nd = node_at(f, (uint32_t)f->nodes.n);
	reset_node(nd);
	nd->part = part_of(f->pats, v->first_part + k);
	nd->slot = slot;
	nd->k = k;
	nd->is_last = k + 1 == v->nparts;
	nd->how =
	    nd->part.key_n >= OV_GRAM_MIN ? HOW_GRAM : (nd->part.key_n == 1 ? HOW_BYTE : HOW_EACH);
	if (!nd->is_last)
		nd->next_gap_max = part_of(f->pats, v->first_part + k + 1).gap_max;
	nd->needs_one_end = nd->is_last || nd->next_gap_max == OV_JUMP_INF;
	f->nodes.n++;
	return OV_OK;
}

static ov_status add_nodes(struct ov_finder *f, uint32_t slot, struct slot *s,
			   const struct pattern_view *p)
{
	s->first_node = (uint32_t)f->nodes.n;
	for (uint32_t i = 0; i < p->nvariants; i++) {
		const struct variant_view v = variant_of(f->pats, p->first_variant + i);

		s->is_joined |= v.nparts > 1;
		for (uint32_t k = 0; k < v.nparts; k++)
			OV_TRY(add_node(f, slot, &v, k));
	}
	s->nnodes = (uint32_t)f->nodes.n - s->first_node;
	return OV_OK;
}

static ov_status add_ranges(struct ov_finder *f, struct slot *s, const struct ov_range *ranges,
			    size_t n)
{
	uint64_t total = 0;

	s->first_range = (uint32_t)f->ranges.n;
	s->nranges = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		OV_TRY(vec_more(&f->ranges, sizeof *ranges, FINDER_NODES_MAX));
		((struct ov_range *)f->ranges.p)[f->ranges.n++] = ranges[i];
		if (ranges[i].hi >= ranges[i].lo)
			total += ov_min_u64(ranges[i].hi - ranges[i].lo, FINDER_DIRECT_MAX) + 1;
		total = ov_min_u64(total, FINDER_DIRECT_MAX + 1);
	}
	for (uint32_t i = s->first_node;
	     n > 0 && total <= FINDER_DIRECT_MAX && i < s->first_node + s->nnodes; i++)
		if (node_at(f, i)->k == 0)
			node_at(f, i)->how = HOW_DIRECT;
	return OV_OK;
}

ov_status ov_finder_add(struct ov_finder *f, uint32_t pattern, const struct ov_range *ranges,
			size_t nranges, uint32_t *slot)
{
	const size_t nodes = f->nodes.n, old_ranges = f->ranges.n;
	struct pattern_view p;
	const struct node *nd;
	struct slot *s;
	ov_status st;

	OV_TRY(ov_check(f, FINDER_MAGIC));
	if (f->pats == NULL || pattern >= f->pats->count)
		return OV_BUG;
	OV_TRY(vec_more(&f->slots, sizeof *s, FINDER_SLOTS_MAX));
	p = pattern_of(f->pats, pattern);
	s = slot_at(f, (uint32_t)f->slots.n);
	reset_slot(s);
	s->pattern = pattern;
	s->mode = p.mode;
	st = add_nodes(f, (uint32_t)f->slots.n, s, &p);
	if (st == OV_OK)
		st = add_ranges(f, s, ranges, nranges);
	if (st != OV_OK) {
		f->nodes.n = nodes;
		f->ranges.n = old_ranges;
		return st;
	}
	nd = node_at(f, s->first_node);
	s->is_plain =
	    s->nnodes == 1 && nd->how != HOW_DIRECT && nd->part.dist_min == nd->part.dist_max;
	*slot = (uint32_t)f->slots.n++;
	return OV_OK;
}

static ov_status build_table(struct ov_finder *f, const struct ov_src *src)
{
	const uint64_t size = ov_min_u64(src->size, UINT64_MAX / 64);
	uint64_t reach = 0; /* from where a part begins to where those end that follow it */

	OV_TRY(finder_plan(f));
	finder_plan_places(f, src);
	f->span = 0;
	f->keys.n = 0;
	for (uint32_t i = 0; i < f->slots.n; i++)
		slot_at(f, i)->steps = FINDER_SLOT_STEPS + size * 16;
	for (uint32_t i = 0; i < f->nodes.n; i++) {
		const struct node *nd = node_at(f, i);
		struct ov_gram_key *k;

		/* Parts are some 2^17 bytes at most, and nodes 2^18. */
		reach = (nd->how == HOW_FOLLOW ? reach + nd->part.gap_max : 0) + nd->part.max;
		f->span = ov_max_u64(f->span, reach);
		if (nd->how != HOW_GRAM)
			continue;
		OV_TRY(vec_more(&f->keys, sizeof *k, FINDER_NODES_MAX));
		k = (struct ov_gram_key *)f->keys.p + f->keys.n++;
		memcpy(k->value, nd->part.key, OV_GRAM_MAX);
		memcpy(k->mask, nd->part.key + OV_GRAM_MAX, OV_GRAM_MAX);
		k->n = (uint8_t)nd->part.key_n;
		k->token = i;
	}
	f->span += OV_GRAM_MAX; /* room for borders and for a key's whole window */
	f->table.n = 0;
	f->gram = (struct ov_gram){ 0 };
	if (f->keys.n == 0)
		return OV_OK;
	OV_TRY(ov_gram_build_with(&f->room, f->keys.p, f->keys.n, &f->table));
	return ov_gram_view(ov_buf_cur(&f->table), &f->gram);
}

void finder_try_key(struct ov_finder *f, uint32_t node, uint64_t at)
{
	const struct part_view *p = &node_at(f, node)->part;

	for (uint64_t d = p->dist_max + (uint64_t)1; d-- > p->dist_min;)
		if (at >= d)
			finder_try(f, node, at - d);
}

static bool on_key(void *ctx, uint32_t token, uint64_t at)
{
	struct ov_finder *f = ctx;

	if (at >= f->chunk_end)
		return false; /* the next chunk meets it again; positions come in order */
	finder_try_key(f, token, at);
	return f->trouble == OV_OK && f->left > 0;
}

/* Can this part still be needed at or behind `at`? Only parts without a key ask. */
static bool is_awake(const struct ov_finder *f, const struct node *nd, uint64_t from, uint64_t to)
{
	const struct slot *s = slot_at(f, nd->slot);

	if (nd->k > 0) {
		const uint64_t max = nd->part.gap_max, last = (nd - 1)->latest_end;

		return (nd - 1)->has_match &&
		       (max > UINT64_MAX - last || last + max >= from - ov_min_u64(from, f->span));
	}
	for (uint32_t i = 0; i < s->nranges; i++)
		if (range_at(f, s, i)->lo < to &&
		    range_at(f, s, i)->hi >= from - ov_min_u64(from, f->span))
			return true;
	return s->nranges == 0;
}

/* Where in [*from, *to) a part's key may stand, by what was found of the part before it. */
static void narrow(const struct node *nd, uint64_t *from, uint64_t *to)
{
	const struct node *before = nd - 1;
	uint64_t end;

	if (nd->k == 0)
		return;
	if (ov_add_u64(before->first_end + nd->part.dist_min, nd->part.gap_min, &end) != OV_OK)
		end = UINT64_MAX;
	*from = ov_max_u64(*from, end);
	if (ov_add_u64(before->latest_end + nd->part.dist_max + 1, nd->part.gap_max, &end) == OV_OK)
		*to = ov_min_u64(*to, end);
}

/* The bytes of [from, to), which lie in the window. */
static void search_bytes(struct ov_finder *f, uint32_t node, uint64_t from, uint64_t to)
{
	const struct node *nd = node_at(f, node);
	const uint8_t *p = f->text.p + (from - f->text.base), *const start = p,
		      *const end = p + (to - from);

	while (p < end && f->trouble == OV_OK && f->left > 0) {
		if (nd->how == HOW_BYTE)
			p = memchr(p, nd->part.key[0], (size_t)(end - p));
		if (p == NULL)
			return;
		finder_try_key(f, node, from + (uint64_t)(p - start));
		nd = node_at(f, node);
		p++;
	}
}

static void search_direct(struct ov_finder *f, uint32_t node, uint64_t from, uint64_t to)
{
	const struct slot *s = slot_at(f, node_at(f, node)->slot);

	for (uint32_t i = 0; i < s->nranges; i++) {
		const struct ov_range *r = range_at(f, s, i);
		const uint64_t hi = ov_min_u64(r->hi, to - 1);

		for (uint64_t at = ov_max_u64(r->lo, from); at <= hi && f->left > 0; at++)
			finder_try(f, node, at);
	}
}

static void search_keyless(struct ov_finder *f, uint64_t from, uint64_t to)
{
	for (uint32_t i = 0; i < f->nodes.n; i++) {
		const struct node *nd = node_at(f, i);

		if ((nd->how != HOW_BYTE && nd->how != HOW_EACH && nd->how != HOW_DIRECT) ||
		    !is_awake(f, nd, from, to))
			continue;
		if (nd->how == HOW_DIRECT) {
			search_direct(f, i, from, to);
		} else {
			uint64_t lo = from, hi = to;

			narrow(nd, &lo, &hi);
			if (lo < hi)
				search_bytes(f, i, lo, hi);
		}
	}
}

/* Looks at keys that stand in [from, to) of the file; the window holds `span` bytes more on both
 * sides. */
static ov_status search_chunk(struct ov_finder *f, uint64_t from, uint64_t to)
{
	const uint64_t window_end = f->text.base + f->text.n;
	const size_t n = (size_t)(ov_min_u64(to + OV_GRAM_MAX - 1, window_end) - from);
	const ov_status s =
	    (f->chunk_end = to,
	     ov_gram_scan(&f->gram, f->text.p + (from - f->text.base), n, from, on_key, f));

	if (s != OV_OK && s != OV_END)
		return s;
	finder_search_places(f);
	OV_TRY(finder_sift(f, from, to));
	search_keyless(f, from, to);
	/* What comes later stands `span` bytes before its key at most. */
	finder_join(f, 0, to == f->text.size ? UINT64_MAX : to - ov_min_u64(to, f->span));
	return f->trouble;
}

static bool is_late(uint64_t deadline_ns)
{
	struct timespec t;

	if (deadline_ns == 0 || clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		return false;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec >= deadline_ns;
}

/* Looks at keys in [from, to); all bytes that matter are in f->text. */
static ov_status search_window(struct ov_finder *f, uint64_t from, uint64_t to,
			       uint64_t deadline_ns)
{
	while (from < to && f->left > 0) {
		const uint64_t next = from + ov_min_u64(FINDER_CHUNK, to - from);

		if (is_late(deadline_ns))
			return OV_LIMIT;
		OV_TRY(search_chunk(f, from, next));
		from = next;
	}
	return OV_OK;
}

/* Is there anything to look for in [from, to)? Windows of a file that only fixed places need are
 * not read. */
static bool is_needed(const struct ov_finder *f, uint64_t from, uint64_t to)
{
	if (f->keys.n > 0 || f->nsieve > 0)
		return true;
	for (uint32_t i = 0; i < f->nodes.n; i++)
		if (is_awake(f, node_at(f, i), from, to))
			return true;
	return false;
}

static ov_status search_file(struct ov_finder *f, const struct ov_src *src, uint64_t deadline_ns)
{
	const size_t span = (size_t)f->span, bytes = f->window_bytes + 2 * span;

	if (bytes > f->window_cap) {
		uint8_t *p = realloc(f->window, bytes);

		if (p == NULL)
			return OV_NOMEM;
		f->window = p;
		f->window_cap = bytes;
	}
	for (uint64_t at = 0, next; at < src->size && f->left > 0; at = next) {
		const uint64_t base = at - ov_min_u64(at, span);
		size_t want, got = 0;

		next = at + ov_min_u64(f->window_bytes, src->size - at);
		if (!is_needed(f, at, next) && next < src->size)
			continue;
		want = (size_t)(ov_min_u64(span, src->size - next) + (next - base));
		OV_TRY(ov_src_read_upto(src, base, f->window, want, &got));
		if (got != want)
			return OV_IO; /* it shrank under us */
		f->text =
		    (struct pat_text){ .p = f->window, .n = got, .base = base, .size = src->size };
		OV_TRY(search_window(f, at, next, deadline_ns));
	}
	return OV_OK;
}

uint64_t ov_finder_steps(uint64_t size)
{
	return FINDER_LAYER_STEPS + ov_min_u64(size, UINT64_MAX / 64) * FINDER_LAYER_STEPS_A_BYTE;
}

void ov_finder_allow(struct ov_finder *f, uint64_t steps)
{
	f->allowed = steps > 0 ? steps : 1;
}

void ov_finder_places(struct ov_finder *f, const struct ov_places *places)
{
	f->places = places;
}

uint64_t ov_finder_left(const struct ov_finder *f)
{
	return f->left;
}

ov_status ov_finder_run(struct ov_finder *f, const struct ov_src *src, uint64_t deadline_ns)
{
	ov_status s;

	OV_TRY(ov_check(f, FINDER_MAGIC));
	f->trouble = OV_OK;
	f->events.n = 0;
	f->left = f->allowed > 0 ? f->allowed : ov_finder_steps(src->size);
	f->allowed = 0;
	if (f->slots.n == 0 || src->size == 0) {
		f->places = NULL;
		return OV_OK;
	}
	s = build_table(f, src);
	if (s == OV_OK && src->mem != NULL) {
		f->text =
		    (struct pat_text){ .p = src->mem, .n = (size_t)src->size, .size = src->size };
		s = search_window(f, 0, src->size, deadline_ns);
	} else if (s == OV_OK) {
		s = search_file(f, src, deadline_ns);
	}
	if (s != OV_OK || f->left == 0)
		finder_join(f, 0, UINT64_MAX);
	finder_finish(f);
	f->places = NULL;
	if (s == OV_OK)
		s = f->trouble;
	for (uint32_t i = 0; (s != OV_OK || f->left == 0) && i < f->slots.n; i++)
		slot_at(f, i)->find.is_limited = true;
	return s;
}

bool ov_finder_is_spent(const struct ov_finder *f)
{
	return f->left == 0;
}

uint64_t ov_finder_work(const struct ov_finder *f, uint32_t slot)
{
	return slot_at(f, slot)->work;
}

const struct ov_find *ov_finder_result(const struct ov_finder *f, uint32_t slot)
{
	return &slot_at(f, slot)->find;
}

size_t ov_finder_matches(const struct ov_finder *f, uint32_t slot, const struct ov_range **spans)
{
	const struct slot *s = slot_at(f, slot);

	*spans = s->kept.p;
	return s->kept.n;
}
