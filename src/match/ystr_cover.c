/* The atoms of a YARA string: of each piece, and which of them wake rules. */
#include "ystr_make.h"

#include "checked.h"

#define TOLD_MAX 4096u
#define CELLS_MAX 4096u /* bytes of a literal that are looked at */

static uint32_t xor_values(const struct ym *m)
{
	return (m->flags & YS_XOR) != 0 ? m->xor_hi - m->xor_lo + 1u : 1;
}

/* Value and mask of a literal piece's byte, as ys_byte_of() will give them. */
static struct re_cell cell_at(const struct ym_piece *p, uint32_t i, uint8_t xor_key)
{
	const struct ys_piece as = {
		.kind = YS_LITERAL, .flags = p->flags, .n = p->n, .data = p->value
	};
	struct re_cell c = { .leaf = NULL };

	ys_byte_of(&as, i, xor_key, &c.value, &c.mask);
	if (p->mask != NULL && ((p->flags & YS_WIDE) == 0 || i % 2 == 0))
		c.mask = p->mask[(p->flags & YS_WIDE) != 0 ? i / 2 : i];
	return c;
}

static uint32_t cells_of(const struct ym_piece *p, uint8_t xor_key, struct re_cell *cells)
{
	const uint32_t unit = (p->flags & YS_WIDE) != 0 ? 2 : 1;
	const uint32_t n = (uint32_t)ov_min_u64((uint64_t)p->n * unit, CELLS_MAX);

	for (uint32_t i = 0; i < n; i++)
		cells[i] = cell_at(p, i, xor_key);
	return n;
}

static ov_status cover_literal(struct ym *m, struct ym_piece *p)
{
	/* With xor all keys begin at the same distance: the best for a value in the middle. */
	const uint8_t key = (uint8_t)((m->xor_lo + m->xor_hi + 1) / 2);
	struct re_cell *cells = NULL;
	uint32_t n;

	OV_TRY(ov_arena_array(m->arena, ov_min_size(2 * (size_t)p->n, CELLS_MAX), &cells));
	n = cells_of(p, key, cells);
	if (p->mask != NULL) { /* nibbles may be written out, so leaves must be there */
		const struct re_node *leaf = p->tree->root->first;

		if (p->tree->root->kind != RE_SEQ)
			leaf = p->tree->root;
		for (uint32_t i = 0; i < n;
		     i += (p->flags & YS_WIDE) != 0 ? 2 : 1, leaf = leaf->next)
			cells[i].leaf = leaf;
	}
	OV_TRY(re_cover_cells(m->arena, cells, n, &p->cover));
	if (p->cover.score == UINT64_MAX)
		return OV_OK;
	p->cover.score = ov_min_u64(p->cover.score, UINT64_MAX / 512) * xor_values(m);
	p->cover.cost = ov_min_u64(p->cover.cost, UINT64_MAX / 512) * xor_values(m);
	return OV_OK;
}

static ov_status cover_expr(struct ym *m, struct ym_piece *p)
{
	const bool wide = (p->flags & YS_WIDE) != 0;

	OV_TRY(re_cover_tree(m->arena, p->tree, wide, false, &p->cover));
	if (p->cover.score != UINT64_MAX)
		return OV_OK;
	p->is_short = true;
	return re_cover_tree(m->arena, p->tree, wide, true, &p->cover);
}

static uint64_t score_of(const struct ym_piece *p)
{
	return p->is_short ? UINT64_MAX : p->cover.score;
}

/* The cheapest piece of each variant wakes. */
static void choose(struct ym *m, struct ov_ystr_facts *facts)
{
	uint64_t cost = 0;
	uint32_t n = 0;
	bool all = true;

	for (uint32_t i = 0, end; i < m->npieces; i = end) {
		struct ym_piece *best = &m->piece[i];

		for (end = i + 1; end < m->npieces && (m->piece[end].flags & YS_HEAD_PIECE) == 0;
		     end++)
			if (score_of(&m->piece[end]) < score_of(best))
				best = &m->piece[end];
		all &= score_of(best) != UINT64_MAX;
		best->is_told = score_of(best) != UINT64_MAX;
		if (best->is_told) {
			cost += best->cover.cost;
			n += best->cover.n * xor_values(m);
		}
	}
	if (!all || n > TOLD_MAX || n == 0) {
		for (uint32_t i = 0; i < m->npieces; i++)
			m->piece[i].is_told = false;
		facts->cost = UINT64_MAX;
		facts->natoms = 0;
		return;
	}
	m->flags |= YS_COVERED;
	facts->cost = cost;
	facts->natoms = n;
}

ov_status ym_cover(struct ym *m, struct ov_ystr_facts *facts)
{
	for (uint32_t i = 0; i < m->npieces; i++) {
		struct ym_piece *p = &m->piece[i];

		if (p->kind == YS_EXPR)
			OV_TRY(cover_expr(m, p));
		else
			OV_TRY(cover_literal(m, p));
	}
	choose(m, facts);
	return OV_OK;
}
