/*
 * Lists of matches of YARA strings.
 *
 * Of two matches that begin together YARA keeps the longer when the expression has a greedy
 * quantifier, else the one that it met first. Pieces of a chain are joined when the pass is over:
 * from each match of the first piece the chain that ends first counts.
 */
#include "ystr_find.h"

#include <stdlib.h>
#include <string.h>

static struct ov_ymatch *matches(const struct yf_list *l)
{
	return l->v.p;
}

/* Place of the first match that does not begin before `off`. */
static size_t lower_bound(const struct yf_list *l, uint64_t off)
{
	size_t lo = 0, hi = l->v.n;

	if (hi > 0 && matches(l)[hi - 1].off < off)
		return hi; /* nearly always */
	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (matches(l)[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static ov_status insert(struct ov_ysearch *s, struct yf_list *l, size_t at,
			const struct ov_ymatch *m)
{
	struct ov_ymatch *v;

	if (l->v.n >= l->max || s->kept >= YF_KEPT) {
		l->flags |= OV_YLIST_TOO_MANY;
		l->is_done = true;
		return OV_OK;
	}
	OV_TRY(vec_more(&l->v, sizeof *v, OV_YMATCH_MAX));
	v = matches(l);
	memmove(v + at + 1, v + at, (l->v.n - at) * sizeof *v);
	v[at] = *m;
	l->v.n++;
	s->kept++;
	l->is_done = l->v.n == l->max && l->max < OV_YMATCH_MAX;
	return OV_OK;
}

ov_status yf_add(struct ov_ysearch *s, struct yf_list *l, const struct ys_found *f,
		 struct ov_ymatch like)
{
	const uint64_t base = s->base + s->bytes.base;
	size_t at = f->n > 0 ? lower_bound(l, base + f->starts[0]) : 0;

	for (size_t i = 0; i < f->n && !l->is_done; i++) {
		struct ov_ymatch m = like;

		m.off = base + f->starts[i];
		m.len = f->end - f->starts[i];
		while (at < l->v.n && matches(l)[at].off < m.off)
			at++;
		if (at == l->v.n || matches(l)[at].off != m.off)
			OV_TRY(insert(s, l, at, &m));
		else if (l->is_greedy && m.len > matches(l)[at].len)
			matches(l)[at] = m;
	}
	return OV_OK;
}

#define NO_END UINT64_MAX

static ov_status vec_room(struct vec *v, size_t size, size_t n)
{
	void *p;

	if (n <= v->cap)
		return OV_OK;
	p = realloc(v->p, n * size);
	if (p == NULL)
		return OV_NOMEM;
	v->p = p;
	v->cap = n;
	return OV_OK;
}

/*
 * A tree of minima over n values: leaf i is v[n + i], node i is the less of nodes 2i and 2i + 1. So
 * the least of any stretch takes time logarithmic in n.
 */
static uint64_t *tree_room(struct vec *v, size_t n)
{
	return vec_room(v, sizeof(uint64_t), 2 * n + 1) == OV_OK ? v->p : NULL;
}

static void tree_build(uint64_t *t, size_t n)
{
	for (size_t i = n; i-- > 1;)
		t[i] = t[2 * i] < t[2 * i + 1] ? t[2 * i] : t[2 * i + 1];
}

static uint64_t tree_least(const uint64_t *t, size_t n, size_t from, size_t to)
{
	uint64_t least = NO_END;

	for (from += n, to += n; from < to; from /= 2, to /= 2) {
		if (from % 2 != 0 && t[from] < least)
			least = t[from];
		from += from % 2;
		if (to % 2 != 0 && t[to - 1] < least)
			least = t[to - 1];
	}
	return least;
}

/* Where the chain from a match on ends, by the ends `t` of the next piece's matches. */
static uint64_t end_of(const struct ov_ymatch *m, const struct yf_list *next, const uint64_t *t,
		       const struct ys_piece *gap)
{
	const uint64_t end = m->off + m->len, n = next->v.n;
	const size_t from = lower_bound(next, end + gap->gap_min);
	const size_t to =
	    gap->gap_max == RE_INF ? (size_t)n : lower_bound(next, end + gap->gap_max + 1);

	return from < to ? tree_least(t, (size_t)n, from, to) : NO_END;
}

/* From the last piece of a variant to its first: `s->ends` then tells where each match of that
 * ends.
 */
static ov_status join_variant(struct ov_ysearch *s, const struct yf_slot *slot, uint32_t first,
			      uint32_t last)
{
	const struct yf_list *l = yf_list_at(s, slot->first_list + 1 + last);
	uint64_t *t = tree_room(&s->ends, l->v.n);

	if (t == NULL)
		return OV_NOMEM;
	for (size_t i = 0; i < l->v.n; i++)
		t[l->v.n + i] = matches(l)[i].off + matches(l)[i].len;
	for (uint32_t k = last; k > first; k--) {
		const struct yf_list *next = yf_list_at(s, slot->first_list + 1 + k);
		struct vec swap = s->ends;
		struct ys_piece gap;
		uint64_t *mine;

		l = yf_list_at(s, slot->first_list + k);
		ys_piece_at(&slot->view, k, &gap);
		tree_build(t, next->v.n);
		mine = tree_room(&s->more_ends, l->v.n);
		if (mine == NULL)
			return OV_NOMEM;
		for (size_t i = 0; i < l->v.n; i++)
			mine[l->v.n + i] = end_of(&matches(l)[i], next, t, &gap);
		s->ends = s->more_ends;
		s->more_ends = swap;
		t = mine;
	}
	return OV_OK;
}

static ov_status take_variant(struct ov_ysearch *s, const struct yf_slot *slot, uint32_t first)
{
	struct yf_list *to = yf_list_at(s, slot->first_list);
	const struct yf_list *l = yf_list_at(s, slot->first_list + 1 + first);
	const uint64_t *ends = (const uint64_t *)s->ends.p + l->v.n;

	for (size_t i = 0; i < l->v.n && !to->is_done; i++) {
		struct ov_ymatch m = matches(l)[i];
		size_t at;

		if (ends[i] == NO_END)
			continue;
		m.len = ends[i] - m.off;
		at = lower_bound(to, m.off);
		if (at == to->v.n || matches(to)[at].off != m.off)
			OV_TRY(insert(s, to, at, &m));
	}
	return OV_OK;
}

static ov_status join_slot(struct ov_ysearch *s, const struct yf_slot *slot)
{
	struct yf_list *to = yf_list_at(s, slot->first_list);
	uint32_t flags = to->flags;

	s->kept -= to->v.n; /* of an earlier run over the same layer */
	to->v.n = 0;
	to->is_done = false;
	for (uint32_t first = 0, last; first < slot->view.npieces; first = last + 1) {
		struct ys_piece p;

		for (last = first; last + 1 < slot->view.npieces; last++) {
			ys_piece_at(&slot->view, last + 1, &p);
			if ((p.flags & YS_HEAD_PIECE) != 0)
				break;
		}
		for (uint32_t k = first; k <= last; k++)
			flags |= yf_list_at(s, slot->first_list + 1 + k)->flags;
		OV_TRY(join_variant(s, slot, first, last));
		OV_TRY(take_variant(s, slot, first));
	}
	to->flags |= flags;
	return OV_OK;
}

ov_status yf_join(struct ov_ysearch *s)
{
	for (uint32_t i = 0; i < s->slots.n; i++)
		if (yf_slot_at(s, i)->is_chained)
			OV_TRY(join_slot(s, yf_slot_at(s, i)));
	return OV_OK;
}
