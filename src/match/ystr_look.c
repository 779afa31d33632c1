/* Verification of YARA strings in place: a piece where its atom was met, or from one place on. */
#include "ystr_int.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

#define TRY_COST 4u /* of a look that ends at once, in steps */

static bool is_alnum(uint8_t c)
{
	return re_is_word(c) && c != '_';
}

/* Fullword: no letter or digit may stand beside it, wide ones when it is wide itself. */
static bool is_word_alone(const struct ov_ybytes *b, size_t start, size_t end, bool wide)
{
	if (wide)
		return !(start >= 2 && b->p[start - 1] == 0 && is_alnum(b->p[start - 2])) &&
		       !(b->n - end >= 2 && b->p[end + 1] == 0 && is_alnum(b->p[end]));
	return !(start >= 1 && is_alnum(b->p[start - 1])) && !(end < b->n && is_alnum(b->p[end]));
}

static bool equals(const struct ys_piece *p, const uint8_t *t, uint8_t xor_key)
{
	const uint32_t n = ys_literal_len(p);

	if (p->kind == YS_LITERAL && (p->flags & (YS_WIDE | YS_NOCASE)) == 0 && xor_key == 0)
		return memcmp(t, p->data, n) == 0;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t value, mask;

		ys_byte_of(p, i, xor_key, &value, &mask);
		if ((t[i] & mask) != value)
			return false;
	}
	return true;
}

/* What lies beside the bytes that are there, and may matter. */
static bool is_edge_unknown(const struct ys_piece *p, const struct ov_ybytes *b, size_t start,
			    size_t end)
{
	if ((p->flags & YS_FULLWORD) == 0)
		return false;
	return (start < 2 && b->base > 0) || (b->n - end < 2 && b->base + b->n < b->size);
}

static ov_status try_literal(struct ys_look *l, const struct ys_piece *p, const struct ov_ybytes *b,
			     size_t start, uint8_t xor_key, uint64_t *steps, struct ys_found *out)
{
	const uint32_t n = ys_literal_len(p);
	const uint64_t cost = TRY_COST + n / 16;

	*steps -= ov_min_u64(cost, *steps);
	if (start > b->n || n > b->n - start) {
		out->is_short = b->base + b->n < b->size;
		return OV_END;
	}
	if (!equals(p, b->p + start, xor_key))
		return OV_END;
	out->end = start + n;
	out->is_short |= is_edge_unknown(p, b, start, out->end);
	if ((p->flags & YS_FULLWORD) != 0 &&
	    !is_word_alone(b, start, out->end, (p->flags & YS_WIDE) != 0))
		return OV_END;
	l->starts[0] = start;
	out->n = 1;
	return OV_OK;
}

static struct re_text text_of(const struct ys_piece *p, const struct ov_ybytes *b, size_t limit)
{
	return (struct re_text){ .p = b->p,
				 .n = b->n,
				 .base = b->base,
				 .size = b->size,
				 .wide = (p->flags & YS_WIDE) != 0,
				 .limit = limit };
}

static ov_status forward(struct ys_look *l, const struct ys_piece *p, const struct ov_ybytes *b,
			 struct re_thread from, size_t at, size_t limit, uint64_t *steps,
			 struct ys_found *out)
{
	const struct re_text t = text_of(p, b, limit);
	struct re_end e;
	ov_status s;

	*steps -= ov_min_u64(TRY_COST, *steps);
	OV_TRY(re_run_room(&l->run, p->fwd.nstates));
	s = re_forward(&p->fwd, &l->run, &t, from, at, steps, &e);
	out->is_cut |= e.is_cut;
	out->is_short |= e.is_short;
	out->end = e.at;
	return s;
}

/* Drops the starts that make no match: empty ones, words that do not stand alone. */
static ov_status keep_good(struct ys_look *l, const struct ys_piece *p, const struct ov_ybytes *b,
			   size_t n, struct ys_found *out)
{
	out->n = 0;
	for (size_t i = 0; i < n; i++) {
		const size_t start = l->starts[i];

		if (start >= out->end)
			continue;
		out->is_short |= is_edge_unknown(p, b, start, out->end);
		if ((p->flags & YS_FULLWORD) == 0 ||
		    is_word_alone(b, start, out->end, (p->flags & YS_WIDE) != 0))
			l->starts[out->n++] = start;
	}
	return out->n > 0 ? OV_OK : OV_END;
}

static ov_status try_expr(struct ys_look *l, const struct ys_piece *p, const struct ov_ybytes *b,
			  size_t start, size_t limit, uint64_t *steps, struct ys_found *out)
{
	OV_TRY(forward(l, p, b, (struct re_thread){ 0 }, start, limit, steps, out));
	l->starts[0] = start;
	return keep_good(l, p, b, 1, out);
}

static void reverse(size_t *v, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		const size_t other = v[i];

		v[i] = v[n - 1 - i];
		v[n - 1 - i] = other;
	}
}

/* The key stands at no certain distance: all starts before it, one end behind it. */
static ov_status try_both(struct ys_look *l, const struct ys_piece *p, const struct ys_row *row,
			  const struct ov_ybytes *b, size_t at, uint64_t *steps,
			  struct ys_found *out)
{
	const struct re_text t = text_of(p, b, RE_LOOK);
	struct re_end e;
	size_t n = 0;

	OV_TRY(forward(l, p, b, row->fwd, at, RE_LOOK, steps, out));
	OV_TRY(re_run_room(&l->run, p->rev.nstates));
	OV_TRY(re_backward(&p->rev, &l->run, &t, row->rev, at, steps, l->starts, &n, &e));
	out->is_cut |= e.is_cut;
	out->is_short |= e.is_short;
	reverse(l->starts, n);
	return keep_good(l, p, b, n, out);
}

/*
 * A wide expression that is ascii too is only tried where the ascii one does not match from the
 * same atom on: so does yara 4.2.3. It matters for those that can end after one byte.
 */
static ov_status matches_narrow(struct ys_look *l, const struct ys_piece *p,
				const struct ov_ybytes *b, struct re_thread from, size_t at,
				uint64_t *steps)
{
	struct ys_found ignored = { .starts = l->starts };
	struct ys_piece narrow = *p;

	narrow.flags &= ~(YS_WIDE | YS_FULLWORD);
	return forward(l, &narrow, b, from, at, RE_LOOK, steps, &ignored);
}

ov_status ys_try_row(struct ys_look *l, const struct ys_piece *p, const struct ys_row *row,
		     const struct ov_ybytes *b, size_t at, uint64_t *steps, struct ys_found *out)
{
	*out = (struct ys_found){ .starts = l->starts };
	if (at < row->dist) {
		out->is_short = b->base > 0;
		return OV_END;
	}
	if (p->kind != YS_EXPR)
		return try_literal(l, p, b, at - row->dist, row->xor_key, steps, out);
	if (p->has_narrow) {
		const ov_status s = matches_narrow(l, p, b, row->fwd, at, steps);

		if (s != OV_END)
			return s == OV_OK ? OV_END : s;
	}
	if (row->is_variable)
		return try_both(l, p, row, b, at, steps, out);
	return try_expr(l, p, b, at - row->dist, RE_LOOK + row->dist, steps, out);
}

static ov_status try_place(struct ys_look *l, const struct ys_piece *p, const struct ov_ybytes *b,
			   size_t at, uint64_t *steps, struct ys_found *out)
{
	const struct re_thread start = { 0 };

	if (p->has_narrow) {
		const ov_status s = matches_narrow(l, p, b, start, at, steps);

		if (s != OV_END)
			return s == OV_OK ? OV_END : s;
	}
	return try_expr(l, p, b, at, RE_LOOK, steps, out);
}

ov_status ys_try_piece(struct ys_look *l, const struct ys_view *v, const struct ys_piece *p,
		       const struct ov_ybytes *b, size_t at, uint64_t *steps, uint8_t *xor_key,
		       struct ys_found *out)
{
	uint8_t key;

	*out = (struct ys_found){ .starts = l->starts };
	*xor_key = 0;
	if (p->kind == YS_EXPR)
		return try_place(l, p, b, at, steps, out);
	if ((v->flags & YS_XOR) == 0)
		return try_literal(l, p, b, at, 0, steps, out);
	if (at >= b->n) {
		out->is_short = b->base + b->n < b->size;
		return OV_END;
	}
	key = b->p[at] ^ p->data[0]; /* the first byte tells the only key that can be */
	if (key < v->xor_lo || key > v->xor_hi)
		return OV_END;
	*xor_key = key;
	return try_literal(l, p, b, at, key, steps, out);
}
