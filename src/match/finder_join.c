/*
 * The finder's bookkeeping: matches of parts become chains over gaps, and chains become counts.
 *
 * Matches of parts are noted in the order in which keys are met, which is not the order of their
 * starts. They are sorted and joined in batches, as soon as nothing can come any more that starts
 * before them; from then on all is in order, so a gap needs only: the earliest end before it when
 * it is endless, else the ends that it can still reach.
 */
#include "finder_int.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

ov_status vec_more(struct vec *v, size_t size, size_t max)
{
	size_t cap, bytes;
	void *p;

	if (v->n < v->cap)
		return OV_OK;
	if (v->n >= max)
		return OV_LIMIT;
	cap = v->cap < 16 ? 16 : v->cap * 2;
	OV_TRY(ov_mul_size(cap, size, &bytes));
	p = realloc(v->p, bytes);
	if (p == NULL)
		return OV_NOMEM;
	memset((uint8_t *)p + v->cap * size, 0, (cap - v->cap) * size);
	v->p = p;
	v->cap = cap;
	return OV_OK;
}

/* A list could not grow: its pattern's result is a lower bound from here on. */
static void note(struct ov_finder *f, struct slot *s, ov_status why)
{
	s->find.is_limited = true;
	if (why != OV_LIMIT)
		f->trouble = why;
}

static void push_link(struct ov_finder *f, struct slot *s, struct vec *v, size_t max, struct link l)
{
	const ov_status st = vec_more(v, sizeof l, max);
	struct link *all = v->p;
	size_t i;

	if (st != OV_OK) {
		note(f, s, st);
		return;
	}
	for (i = v->n; i > 0 && all[i - 1].end > l.end; i--) /* ends come nearly in order */
		all[i] = all[i - 1];
	s->steps -= ov_min_u64(s->steps, v->n - i);
	finder_spend(f, v->n - i);
	if (i > 0 && all[i - 1].end == l.end && all[i - 1].origin == l.origin) {
		memmove(all + i, all + i + 1, (v->n - i) * sizeof l);
		return;
	}
	all[i] = l;
	v->n++;
}

static void count(struct ov_finder *f, struct slot *s, uint64_t origin, uint64_t key, uint64_t end)
{
	struct ov_find *r = &s->find;

	if (r->count > 0 && key <= s->last_key)
		return;
	if (r->count == 0) {
		r->first = origin;
		r->first_len = end - origin;
	}
	r->count++;
	r->last = origin;
	r->last_len = end - origin;
	s->last_key = key;
	if (s->kept.n < OV_FINDER_KEPT) {
		const ov_status st = vec_more(&s->kept, sizeof(struct ov_range), OV_FINDER_KEPT);

		if (st == OV_OK)
			((struct ov_range *)s->kept.p)[s->kept.n++] =
			    (struct ov_range){ .lo = origin, .hi = end };
		else
			note(f, s, st);
	}
}

/* A chain is complete up to and with this node. */
static void advance(struct ov_finder *f, struct node *nd, struct slot *s, uint64_t origin,
		    const struct event *e)
{
	const struct link l = { .end = e->start + e->len, .origin = origin };

	if (!nd->is_last) {
		if (nd->next_gap_max == OV_JUMP_INF && s->mode == OV_COUNT_CLAMAV) {
			if (!nd->has_least || l.end < nd->least.end)
				nd->least = l;
			nd->has_least = true;
		} else {
			push_link(f, s, &nd->links, nd->head + FINDER_LINKS_MAX, l);
		}
	} else if (s->mode == OV_COUNT_STARTS && s->is_joined) {
		push_link(f, s, &s->done, FINDER_DONE_MAX,
			  (struct link){ .end = l.origin, .origin = l.end });
	} else {
		count(f, s, origin, e->start, l.end);
	}
}

/* Forgets links that ended before `end`; moves the rest to the front when half of the list is dead.
 */
static void drop_links(struct node *nd, uint64_t end)
{
	struct link *all = nd->links.p;

	while (nd->head < nd->links.n && all[nd->head].end < end)
		nd->head++;
	if (nd->head > 1024 && nd->head > nd->links.n / 2) {
		nd->links.n -= nd->head;
		memmove(all, all + nd->head, nd->links.n * sizeof *all);
		nd->head = 0;
	}
}

/* Joins a match of a part to the chains that end where its gap allows. */
static void join_event(struct ov_finder *f, const struct event *e)
{
	struct node *nd = node_at(f, e->node), *before;
	struct slot *s = slot_at(f, nd->slot);
	const uint64_t gap_min = nd->part.gap_min, gap_max = nd->part.gap_max;
	const struct link *all;

	if (nd->k == 0) {
		advance(f, nd, s, e->start, e);
		return;
	}
	if (e->start < gap_min)
		return;
	before = nd - 1;
	if (gap_max == OV_JUMP_INF && s->mode == OV_COUNT_CLAMAV) {
		if (before->has_least && before->least.end <= e->start - gap_min)
			advance(f, nd, s, before->least.origin, e);
		return;
	}
	drop_links(before, e->start > gap_max ? e->start - gap_max : 0);
	all = before->links.p;
	for (size_t i = before->head; i < before->links.n && all[i].end <= e->start - gap_min;
	     i++) {
		/* What was found before the layer's steps were spent is still counted, once an
		 * event. */
		if (s->steps == 0 || (f->left == 0 && s->mode != OV_COUNT_CLAMAV)) {
			s->find.is_limited = true;
			return;
		}
		s->steps--;
		finder_spend(f, 1);
		advance(f, nd, s, all[i].origin, e);
		if (s->mode == OV_COUNT_CLAMAV)
			break; /* each completed last part counts once, from the earliest origin */
		if (nd->is_last && gap_max == OV_JUMP_INF && nd->part.min == nd->part.max)
			before->head = i + 1; /* a later end can't be shorter */
	}
}

static bool is_before(const struct event *a, const struct event *b)
{
	if (a->start != b->start)
		return a->start < b->start;
	return a->len != b->len ? a->len < b->len : a->node < b->node;
}

static void sift(struct event *e, size_t root, size_t n)
{
	const struct event moving = e[root];

	for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
		if (child + 1 < n && is_before(&e[child], &e[child + 1]))
			child++;
		if (!is_before(&moving, &e[child]))
			break;
		e[root] = e[child];
		root = child;
	}
	e[root] = moving;
}

static void sort_events(struct event *e, size_t n)
{
	size_t i = 1;

	while (i < n && !is_before(&e[i], &e[i - 1]))
		i++;
	if (i >= n)
		return; /* the usual case: they came in order */
	for (i = n / 2; i-- > 0;)
		sift(e, i, n);
	for (i = n; i-- > 1;) {
		const struct event top = e[0];

		e[0] = e[i];
		e[i] = top;
		sift(e, 0, i);
	}
}

static bool is_same(const struct event *a, const struct event *b)
{
	return a->start == b->start && a->len == b->len && a->node == b->node;
}

void finder_join(struct ov_finder *f, size_t first, uint64_t limit)
{
	const size_t n = f->events.n - first;
	struct event *e;
	size_t i = 0;

	if (n == 0)
		return;
	e = (struct event *)f->events.p + first;
	sort_events(e, n);
	for (; i < n && e[i].start < limit; i++)
		if (i == 0 || !is_same(&e[i], &e[i - 1]))
			join_event(f, &e[i]);
	memmove(e, e + i, (n - i) * sizeof *e);
	f->events.n = first + n - i;
}

void finder_finish(struct ov_finder *f)
{
	for (uint32_t i = 0; i < f->slots.n; i++) {
		struct slot *s = slot_at(f, i);
		const struct link *done = s->done.p;
		uint64_t end = 0;

		/* `done` is in order of origins (kept in `end`); of equal origins the shortest
		 * counts. */
		for (size_t k = 0; k < s->done.n; k++) {
			const bool is_new = k == 0 || done[k].end != done[k - 1].end;

			end = is_new || done[k].origin < end ? done[k].origin : end;
			if (k + 1 == s->done.n || done[k + 1].end != done[k].end)
				count(f, s, done[k].end, done[k].end, end);
		}
	}
}

static bool in_ranges(const struct ov_finder *f, const struct slot *s, uint64_t at)
{
	for (uint32_t i = 0; i < s->nranges; i++)
		if (at >= range_at(f, s, i)->lo && at <= range_at(f, s, i)->hi)
			return true;
	return s->nranges == 0;
}

static void note_match(struct ov_finder *f, uint32_t node, uint64_t start, uint32_t len)
{
	struct node *nd = node_at(f, node);
	struct slot *s = slot_at(f, nd->slot);
	ov_status st;

	nd->first_end = nd->has_match ? ov_min_u64(nd->first_end, start + len) : start + len;
	nd->latest_end = ov_max_u64(nd->latest_end, start + len);
	nd->has_match = true;
	if (s->is_plain) {
		count(f, s, start, start, start + len);
		return;
	}
	finder_spend(f, FINDER_EVENT_WORK);
	st = vec_more(&f->events, sizeof(struct event), FINDER_EVENTS_MAX);
	if (st != OV_OK) {
		note(f, s, st);
		return;
	}
	((struct event *)f->events.p)[f->events.n++] =
	    (struct event){ .start = start, .len = len, .node = node };
}

static void try_one(struct ov_finder *f, uint32_t node, uint64_t start)
{
	struct node *nd = node_at(f, node);
	struct slot *s = slot_at(f, nd->slot);
	const uint64_t steps = ov_min_u64(ov_min_u64(s->steps, f->left), FINDER_RUN_STEPS);
	ov_status st;
	uint32_t n;

	finder_spend(f, FINDER_TRY_WORK);
	if (nd->k == 0 && !in_ranges(f, s, start))
		return;
	f->exec.steps = steps;
	st = pat_run(&nd->part, &f->text, start, &f->exec);
	s->steps -= steps - f->exec.steps;
	s->work += FINDER_TRY_WORK + steps - f->exec.steps;
	finder_spend(f, steps - f->exec.steps);
	if (st == OV_LIMIT ||
	    f->exec.is_short) /* SHORT: a key further from the edges than `span`; can't be */
		s->find.is_limited = true;
	n = nd->needs_one_end && f->exec.nends > 1 ? 1 : f->exec.nends;
	for (uint32_t i = 0; i < n; i++)
		note_match(f, node, start, f->exec.ends[i]);
}

/* Do a part's most telling bytes stand there? What lies outside the window is left to the try. */
static bool may_start(const struct ov_finder *f, const struct node *nd, uint64_t start)
{
	const uint64_t at = start + nd->sieve_dist;

	if (at < f->text.base || at - f->text.base > f->text.n ||
	    f->text.n - (at - f->text.base) < OV_SIEVE_WIDTH)
		return true;
	return (ov_le32(f->text.p + (at - f->text.base)) & nd->mask) == nd->value;
}

/* A match of the part before this one ended at `end`. Ends come in order. */
static void follow(struct ov_finder *f, uint32_t node, uint64_t end)
{
	struct node *nd = node_at(f, node);
	const uint64_t to = ov_min_u64(end + nd->part.gap_max + 1, f->text.size);
	uint64_t at = ov_max_u64(end + nd->part.gap_min, nd->followed_to);

	if (at >= to)
		return;
	finder_spend(f, 1 + (to - at) / 4);
	nd->followed_to = to;
	for (; at < to && f->left > 0; at++)
		if (may_start(f, nd, at))
			try_one(f, node, at);
}

void finder_try(struct ov_finder *f, uint32_t node, uint64_t start)
{
	size_t i = f->events.n;

	try_one(f, node, start);
	for (; i < f->events.n; i++) { /* more come at the end while parts are followed */
		const struct event e = ((const struct event *)f->events.p)[i];

		if (!node_at(f, e.node)->is_last && node_at(f, e.node + 1)->how == HOW_FOLLOW)
			follow(f, e.node + 1, e.start + e.len);
	}
}
