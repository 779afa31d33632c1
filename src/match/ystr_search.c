/*
 * The search for chosen YARA strings in one pass: slots, windows and budgets. What is looked for
 * and how is in ystr_plan.c, lists are in ystr_list.c.
 */
#include "ystr_find.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checked.h"

#define YSEARCH_MAGIC 0x48435259u

ov_status ov_ysearch_new(struct ov_ysearch **out)
{
	struct ov_ysearch *s = calloc(1, sizeof *s);

	if (s == NULL)
		return OV_NOMEM;
	s->magic = YSEARCH_MAGIC;
	s->table = ov_buf_of((size_t)1 << 28);
	*out = s;
	return OV_OK;
}

void ov_ysearch_free(struct ov_ysearch **out)
{
	struct ov_ysearch *s = *out;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nlists_made; i++)
		free(yf_list_at(s, (uint32_t)i)->v.p);
	free(s->slots.p);
	free(s->lists.p);
	free(s->keys.p);
	free(s->shorts.p);
	free(s->places.p);
	free(s->grams.p);
	free(s->pieces.p);
	free(s->sieves.p);
	free(s->planned.p);
	free(s->ends.p);
	free(s->more_ends.p);
	free(s->window);
	ov_gram_room_free(&s->room);
	ov_buf_free(&s->table);
	re_run_free(&s->look.run);
	free(s);
	*out = NULL;
}

void ov_ysearch_begin(struct ov_ysearch *s)
{
	s->slots.n = s->lists.n = 0;
	s->kept = 0;
}

void ov_ysearch_again(struct ov_ysearch *s)
{
	for (uint32_t i = 0; i < s->lists.n; i++) {
		struct yf_list *l = yf_list_at(s, i);

		l->v.n = 0;
		l->flags = 0;
		l->is_done = false;
	}
	s->kept = 0;
}

static ov_status new_list(struct ov_ysearch *s, uint32_t max, bool is_greedy)
{
	struct yf_list *l;
	struct vec mine = { 0 };

	OV_TRY(vec_more(&s->lists, sizeof *l, YF_LISTS_MAX));
	l = yf_list_at(s, (uint32_t)s->lists.n);
	if (s->lists.n < s->nlists_made)
		mine = l->v;
	else
		s->nlists_made++;
	s->lists.n++;
	mine.n = 0;
	*l = (struct yf_list){ .v = mine, .max = max, .is_greedy = is_greedy };
	return OV_OK;
}

ov_status ov_ysearch_add(struct ov_ysearch *s, struct ov_cur code, uint32_t max, uint32_t *slot)
{
	struct yf_slot y = { .code = code, .view = ys_open(code) };
	const bool is_greedy = (y.view.flags & YS_GREEDY) != 0;

	y.max = max > OV_YMATCH_MAX ? OV_YMATCH_MAX : max;
	y.first_list = (uint32_t)s->lists.n;
	for (uint32_t i = 0; i < y.view.npieces; i++)
		y.is_chained |= (ys_piece_flags(&y.view, i) & YS_HEAD_PIECE) == 0;
	OV_TRY(vec_more(&s->slots, sizeof y, YF_SLOTS_MAX));
	OV_TRY(new_list(s, y.max, is_greedy));
	for (uint32_t i = 0; y.is_chained && i < y.view.npieces; i++)
		OV_TRY(new_list(s, OV_YMATCH_MAX, is_greedy));
	*slot = (uint32_t)s->slots.n;
	*yf_slot_at(s, *slot) = y;
	s->slots.n++;
	return OV_OK;
}

static bool is_late(uint64_t deadline_ns)
{
	struct timespec t;

	if (deadline_ns == 0 || clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		return false;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec >= deadline_ns;
}

static ov_status room_for_window(struct ov_ysearch *s)
{
	const size_t want = YF_WINDOW + 3 * s->reach;

	if (want > s->window_cap) {
		free(s->window);
		s->window_cap = 0;
		s->window = malloc(want);
		if (s->window == NULL)
			return OV_NOMEM;
		s->window_cap = want;
	}
	return OV_OK;
}

/* Moves the window on: what may still belong to matches stays. */
static ov_status refill(struct ov_ysearch *s, const struct ov_src *src, uint64_t done)
{
	struct ov_ybytes *b = &s->bytes;
	const uint64_t keep = done > s->reach ? done - s->reach : 0;
	const size_t drop = (size_t)(keep - b->base);
	size_t want, got = 0;

	memmove(s->window, s->window + drop, b->n - drop);
	b->p = s->window;
	b->n -= drop;
	b->base = keep;
	want = (size_t)ov_min_u64(s->window_cap - b->n, src->size - (b->base + b->n));
	OV_TRY(ov_src_read_upto(src, b->base + b->n, s->window + b->n, want, &got));
	b->n += got;
	return got < want ? OV_SHORT : OV_OK;
}

/* All that was not looked at may hold more. */
static void mark_spent(struct ov_ysearch *s)
{
	for (uint32_t i = 0; i < s->lists.n; i++)
		yf_list_at(s, i)->flags |= OV_YLIST_SPENT;
}

static ov_status run_windows(struct ov_ysearch *s, const struct ov_src *src, uint64_t deadline_ns)
{
	uint64_t done = 0;

	if (src->mem == NULL && src->size > 0)
		OV_TRY(room_for_window(s));
	s->bytes = (struct ov_ybytes){ .p = src->mem,
				       .n = src->mem != NULL ? (size_t)src->size : 0,
				       .size = src->size };
	while (done < src->size) {
		const struct ov_ybytes *b = &s->bytes;

		if (is_late(deadline_ns))
			return OV_LIMIT;
		if (src->mem == NULL && b->base + b->n < src->size &&
		    done + s->reach + YF_CHUNK > b->base + b->n)
			OV_TRY(refill(s, src, done));
		s->to = ov_min_u64(done + YF_CHUNK, src->size);
		OV_TRY(yf_scan(s, done));
		done = s->to;
	}
	return OV_OK;
}

ov_status ov_ysearch_run(struct ov_ysearch *s, const struct ov_src *src, uint64_t base,
			 uint64_t deadline_ns, uint64_t *steps)
{
	ov_status st;

	s->base = base;
	s->steps = steps;
	s->trouble = OV_OK;
	OV_TRY(yf_plan(s));
	st = run_windows(s, src, deadline_ns);
	if (st == OV_LIMIT || st == OV_SHORT || st == OV_IO)
		mark_spent(s);
	else if (st != OV_OK)
		return st;
	OV_TRY(yf_join(s));
	return st;
}

struct ov_ylist ov_ysearch_list(const struct ov_ysearch *s, uint32_t slot)
{
	const struct yf_list *l;

	if (slot >= s->slots.n)
		return (struct ov_ylist){ 0 };
	l = yf_list_at(s, yf_slot_at(s, slot)->first_list);
	return (struct ov_ylist){ .at = l->v.p, .n = (uint32_t)l->v.n, .flags = l->flags };
}

uint64_t ov_ysearch_work(const struct ov_ysearch *s, uint32_t slot)
{
	return slot < s->slots.n ? yf_slot_at(s, slot)->work : 0;
}

ov_status ov_ystr_probe(struct ov_ysearch *s, struct ov_cur code, uint32_t atom,
			const struct ov_ybytes *bytes, uint64_t at, uint64_t *steps)
{
	const struct ys_view v = ys_open(code);
	struct ys_row row;
	struct ys_found f;
	struct ys_piece p;
	ov_status st;

	if (atom >= ys_ntold(&v) || at < bytes->base || at - bytes->base > bytes->n)
		return OV_SHORT;
	ys_row_at(&v, atom, &row);
	ys_piece_at(&v, row.piece, &p);
	st = ys_try_row(&s->look, &p, &row, bytes, (size_t)(at - bytes->base), steps, &f);
	if (st == OV_END && !f.is_short)
		return OV_END;
	return st == OV_OK ? OV_OK : OV_SHORT;
}

/* One variant at a place. A chain is left to the search. */
static ov_status match_variant(struct ov_ysearch *s, const struct ys_view *v, uint32_t piece,
			       const struct ov_ybytes *b, size_t at, uint64_t *steps,
			       struct ov_ymatch *out)
{
	struct ys_piece p, next;
	struct ys_found f;
	uint8_t key;
	ov_status st;

	ys_piece_at(v, piece, &p);
	if ((p.flags & YS_HEAD_PIECE) == 0)
		return OV_END;
	st = ys_try_piece(&s->look, v, &p, b, at, steps, &key, &f);
	if (st == OV_END)
		return f.is_short ? OV_SHORT : OV_END;
	OV_TRY(st);
	if (f.is_short)
		return OV_SHORT;
	if (piece + 1 < v->npieces) {
		ys_piece_at(v, piece + 1, &next);
		if ((next.flags & YS_HEAD_PIECE) == 0)
			return OV_SHORT;
	}
	*out = (struct ov_ymatch){ .off = b->base + at,
				   .len = f.end - at,
				   .xor_key = key,
				   .is_wide = (p.flags & YS_WIDE) != 0 };
	return OV_OK;
}

ov_status ov_ystr_match_at(struct ov_ysearch *s, struct ov_cur code, const struct ov_ybytes *bytes,
			   uint64_t at, uint64_t *steps, struct ov_ymatch *out)
{
	const struct ys_view v = ys_open(code);
	struct ov_ymatch best = { 0 };
	bool is_found = false;

	if (at >= bytes->size)
		return OV_END;
	if (at < bytes->base || at - bytes->base > bytes->n)
		return OV_SHORT;
	for (uint32_t i = 0; i < v.npieces; i++) {
		struct ov_ymatch m;
		const ov_status st =
		    match_variant(s, &v, i, bytes, (size_t)(at - bytes->base), steps, &m);

		if (st == OV_END)
			continue;
		OV_TRY(st);
		if (!is_found || ((v.flags & YS_GREEDY) != 0 && m.len > best.len))
			best = m;
		is_found = true;
	}
	if (!is_found)
		return OV_END;
	*out = best;
	return OV_OK;
}
