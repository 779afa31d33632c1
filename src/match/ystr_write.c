/* Writes the code of a YARA string. See ystr_int.h for the layout. */
#include "ystr_make.h"

#include <string.h>

struct writer {
	struct ym *m;
	struct re_writer re; /* of the expression that is written */
	struct ov_buf data, table, rev;
	uint32_t base;		   /* offset of the data in the block */
	uint32_t lits[2], rows[2]; /* told, not told */
};

static bool is_variable(const struct re_atom *a)
{
	return a->leaf != NULL && a->leaf->pre_min != a->leaf->pre_max;
}

/* A plain key of a literal is read from its piece again; others must be kept whole. */
static bool is_lit(const struct ym_piece *p)
{
	if (p->kind == YS_EXPR || p->cover.n != 1)
		return false;
	for (unsigned i = 0; p->mask != NULL && i < OV_GRAM_MIN; i++) {
		const uint32_t at = p->cover.first->dist + i;
		const bool wide = (p->flags & YS_WIDE) != 0;

		if (!(wide && at % 2 != 0) &&
		    p->mask[wide ? at / 2 : at] != p->cover.first->key.mask[i])
			return false;
	}
	return true;
}

static void count_atoms(struct writer *w)
{
	for (uint32_t i = 0; i < w->m->npieces; i++) {
		const struct ym_piece *p = &w->m->piece[i];

		if (p->cover.score == UINT64_MAX)
			continue;
		if (is_lit(p))
			w->lits[!p->is_told]++;
		else
			w->rows[!p->is_told] += p->cover.n;
	}
}

static ov_status put_data(struct writer *w, const void *p, size_t n, uint32_t *at)
{
	OV_TRY(ov_buf_align(&w->data, 4));
	*at = w->base + (uint32_t)w->data.n;
	return ov_buf_put(&w->data, p, n);
}

/* Pieces of one text in two widths share their bytes. */
static const struct ym_piece *twin_of(const struct writer *w, uint32_t i)
{
	const struct ym_piece *p = &w->m->piece[i];

	for (uint32_t k = 0; k < i; k++) {
		const struct ym_piece *q = &w->m->piece[k];

		if (q->kind == p->kind && q->n == p->n && q->value == p->value &&
		    q->mask == p->mask && p->kind != YS_EXPR)
			return q;
	}
	return NULL;
}

static ov_status put_literal(struct writer *w, uint32_t i)
{
	struct ym_piece *p = &w->m->piece[i];
	const struct ym_piece *twin = twin_of(w, i);

	if (twin != NULL) {
		p->data = twin->data;
		return OV_OK;
	}
	OV_TRY(put_data(w, p->value, p->n, &p->data));
	return p->mask != NULL ? ov_buf_put(&w->data, p->mask, p->n) : OV_OK;
}

static ov_status put_ext(struct writer *w, struct ym_piece *p)
{
	const struct re_node *root = p->tree != NULL ? p->tree->root : NULL;
	const struct ym_expr *x = &p->expr;
	const uint32_t unit = (p->flags & YS_WIDE) != 0 ? 2 : 1;
	uint32_t min = p->n, max = p->n;
	uint8_t bytes[YS_EXT];

	if (root != NULL) {
		min = root->len_min > RE_LOOK ? RE_LOOK : root->len_min;
		max = root->len_max > RE_LOOK ? RE_LOOK : root->len_max;
	}
	{
		const uint32_t v[12] = { p->gap_min, p->gap_max, min * unit, max * unit,
					 x->rev,     x->nrev,	 x->nstates, x->rev_states,
					 x->pool,    x->npool,	 x->sets,    x->nsets };

		for (size_t i = 0; i < 12; i++)
			ov_put_le32(bytes + 4 * i, v[i]);
	}
	return put_data(w, bytes, sizeof bytes, &p->ext);
}

static bool needs_mirror(const struct ym *m, const struct re_tree *t)
{
	for (uint32_t i = 0; i < m->npieces; i++) {
		const struct ym_piece *p = &m->piece[i];
		const struct re_atom *a = p->cover.first;

		if (p->kind != YS_EXPR || p->tree != t || p->cover.score == UINT64_MAX)
			continue;
		for (uint32_t k = 0; k < p->cover.n; k++, a = a->next)
			if (is_variable(a))
				return true;
	}
	return false;
}

static ov_status put_program(struct writer *w, struct ym_piece *p)
{
	struct ym_expr *x = &p->expr;

	w->re.pool.n = w->re.sets.n = w->rev.n = 0;
	OV_TRY(ov_buf_align(&w->data, 4));
	p->data = w->base + (uint32_t)w->data.n;
	OV_TRY(re_emit(&w->re, p->tree, false, &w->data, &p->n, &x->nstates));
	if (needs_mirror(w->m, p->tree)) {
		OV_TRY(re_emit(&w->re, p->tree, true, &w->rev, &x->nrev, &x->rev_states));
		OV_TRY(put_data(w, w->rev.p, w->rev.n, &x->rev));
	}
	x->npool = (uint32_t)w->re.pool.n;
	x->nsets = (uint32_t)(w->re.sets.n / RC_SET_SIZE);
	if (x->npool > 0)
		OV_TRY(put_data(w, w->re.pool.p, w->re.pool.n, &x->pool));
	return x->nsets > 0 ? put_data(w, w->re.sets.p, w->re.sets.n, &x->sets) : OV_OK;
}

static ov_status put_expr(struct writer *w, uint32_t i)
{
	struct ym_piece *p = &w->m->piece[i];

	for (uint32_t k = 0; k < i; k++) {
		const struct ym_piece *q = &w->m->piece[k];

		if (q->kind != YS_EXPR || q->tree != p->tree)
			continue;
		p->data = q->data; /* the same program serves both widths */
		p->n = q->n;
		p->expr = q->expr;
		return put_ext(w, p);
	}
	OV_TRY(put_program(w, p));
	return put_ext(w, p);
}

static ov_status put_pieces(struct writer *w)
{
	for (uint32_t i = 0; i < w->m->npieces; i++) {
		struct ym_piece *p = &w->m->piece[i];

		if (p->kind == YS_EXPR) {
			OV_TRY(put_expr(w, i));
			continue;
		}
		OV_TRY(put_literal(w, i));
		if ((p->flags & YS_HEAD_PIECE) == 0)
			OV_TRY(put_ext(w, p));
	}
	for (uint32_t i = 0; i < w->m->npieces; i++) {
		const struct ym_piece *p = &w->m->piece[i];

		OV_TRY(ov_buf_u8(&w->table, (uint8_t)p->kind));
		OV_TRY(ov_buf_u8(&w->table, (uint8_t)p->flags));
		OV_TRY(ov_buf_u16(&w->table, 0));
		OV_TRY(ov_buf_u32(&w->table, p->data));
		OV_TRY(ov_buf_u32(&w->table, p->n));
		OV_TRY(ov_buf_u32(&w->table, p->ext));
	}
	return OV_OK;
}

static ov_status put_lits(struct writer *w, bool is_told)
{
	for (uint32_t i = 0; i < w->m->npieces; i++) {
		const struct ym_piece *p = &w->m->piece[i];

		if (p->cover.score == UINT64_MAX || !is_lit(p) || p->is_told != is_told)
			continue;
		OV_TRY(ov_buf_u16(&w->table, (uint16_t)i));
		OV_TRY(ov_buf_u8(&w->table, p->cover.first->key.n));
		OV_TRY(ov_buf_u8(&w->table, 0));
		OV_TRY(ov_buf_u32(&w->table, p->cover.first->dist));
	}
	return OV_OK;
}

static ov_status put_row(struct writer *w, uint32_t piece, const struct re_atom *a)
{
	const struct ym_piece *p = &w->m->piece[piece];
	const uint32_t unit = (p->flags & YS_WIDE) != 0 ? 2 : 1;
	const struct re_node *leaf = a->leaf;
	const bool varies = p->kind == YS_EXPR && is_variable(a);
	uint32_t dist = a->dist;

	if (p->kind == YS_EXPR)
		dist = varies ? 0 : leaf->pre_min * unit;
	OV_TRY(ov_buf_put(&w->table, a->key.value, OV_GRAM_MAX));
	OV_TRY(ov_buf_put(&w->table, a->key.mask, OV_GRAM_MAX));
	OV_TRY(ov_buf_u16(&w->table, (uint16_t)piece));
	OV_TRY(ov_buf_u8(&w->table, a->key.n));
	OV_TRY(ov_buf_u8(
	    &w->table, (uint8_t)((varies ? YS_ROW_VARIES : 0) | (p->is_short ? YS_ROW_SHORT : 0))));
	OV_TRY(ov_buf_u32(&w->table, dist));
	OV_TRY(ov_buf_u32(&w->table, p->kind == YS_EXPR ? leaf->fwd_pc : 0));
	OV_TRY(ov_buf_u32(&w->table, p->kind == YS_EXPR ? leaf->fwd_count : 0));
	OV_TRY(ov_buf_u32(&w->table, varies ? leaf->rev_pc : 0));
	return ov_buf_u32(&w->table, varies ? leaf->rev_count : 0);
}

static ov_status put_rows(struct writer *w, bool is_told)
{
	for (uint32_t i = 0; i < w->m->npieces; i++) {
		const struct ym_piece *p = &w->m->piece[i];
		const struct re_atom *a = p->cover.first;

		if (p->cover.score == UINT64_MAX || is_lit(p) || p->is_told != is_told)
			continue;
		for (uint32_t k = 0; k < p->cover.n; k++, a = a->next)
			OV_TRY(put_row(w, i, a));
	}
	return OV_OK;
}

static ov_status put_head(struct writer *w, struct ov_buf *out, uint32_t bytes)
{
	const struct ym *m = w->m;

	OV_TRY(ov_buf_u32(out, YS_MAGIC));
	OV_TRY(ov_buf_u32(out, bytes));
	OV_TRY(ov_buf_u16(out, (uint16_t)m->npieces));
	OV_TRY(ov_buf_u16(out, (uint16_t)(w->lits[0] + w->lits[1])));
	OV_TRY(ov_buf_u16(out, (uint16_t)(w->rows[0] + w->rows[1])));
	OV_TRY(ov_buf_u16(out, (uint16_t)m->flags));
	OV_TRY(ov_buf_u8(out, m->xor_lo));
	OV_TRY(ov_buf_u8(out, m->xor_hi));
	OV_TRY(ov_buf_u16(out, (uint16_t)w->lits[0]));
	OV_TRY(ov_buf_u16(out, (uint16_t)w->rows[0]));
	return ov_buf_u16(out, 0);
}

static ov_status write_all(struct writer *w, struct ov_buf *out)
{
	const uint32_t lits = w->lits[0] + w->lits[1], rows = w->rows[0] + w->rows[1];

	if (lits > UINT16_MAX || rows > UINT16_MAX) {
		ym_refuse(w->m, "it is too large", "divide it");
		return OV_LIMIT;
	}
	w->base = YS_HEAD + w->m->npieces * YS_PIECE + lits * YS_LIT + rows * YS_ROW;
	OV_TRY(put_pieces(w));
	for (int not_told = 0; not_told < 2; not_told++)
		OV_TRY(put_lits(w, not_told == 0));
	for (int not_told = 0; not_told < 2; not_told++)
		OV_TRY(put_rows(w, not_told == 0));
	OV_TRY(ov_buf_align(&w->data, 4));
	OV_TRY(ov_buf_align(out, 4));
	OV_TRY(put_head(w, out, w->base + (uint32_t)w->data.n));
	OV_TRY(ov_buf_put(out, w->table.p, w->table.n));
	return ov_buf_put(out, w->data.p, w->data.n);
}

ov_status ym_write(struct ym *m, struct ov_buf *out)
{
	struct writer w = { .m = m,
			    .data = ov_buf_of(YS_BYTES_MAX),
			    .table = ov_buf_of(YS_BYTES_MAX),
			    .rev = ov_buf_of(YS_BYTES_MAX) };
	ov_status s;

	w.re = (struct re_writer){ .arena = m->arena,
				   .err = m->err,
				   .pool = ov_buf_of(YS_BYTES_MAX),
				   .sets = ov_buf_of(YS_BYTES_MAX) };
	count_atoms(&w);
	s = write_all(&w, out);
	if (s == OV_LIMIT)
		ym_refuse(m, "it is too large", "repeat less, or divide it");
	ov_buf_free(&w.data);
	ov_buf_free(&w.table);
	ov_buf_free(&w.rev);
	ov_buf_free(&w.re.pool);
	ov_buf_free(&w.re.sets);
	return s;
}
