/*
 * How YARA strings are searched, and the scan of one chunk.
 *
 * By their atoms in a gram table, or, when there are few, in the sieve; pieces without atoms by one
 * to four bytes in the sieve; what has not even that at each place that can begin it.
 */
#include "ystr_find.h"

#include <string.h>

#include "checked.h"

static ov_status add_key(struct vec *to, uint32_t piece, const struct ys_row *row)
{
	OV_TRY(vec_more(to, sizeof(struct yf_key), YF_KEYS_MAX));
	*yf_key_at(to, to->n++) = (struct yf_key){ .row = *row, .piece = piece };
	return OV_OK;
}

/* A stretch of a literal of at most four bytes, the one with the most certain bits. */
static uint32_t best_stretch(const struct ys_piece *p, uint8_t value[4], uint8_t mask[4],
			     uint32_t *dist)
{
	const uint32_t len = ys_literal_len(p), n = len < 4 ? len : 4;
	uint32_t best = 0;

	for (uint32_t at = 0; at + n <= len && at < 256; at++) {
		uint8_t v[4], m[4];
		uint32_t bits = 0;

		for (uint32_t i = 0; i < n; i++) {
			ys_byte_of(p, at + i, 0, &v[i], &m[i]);
			bits += 16 * (uint32_t)__builtin_popcount(m[i]) -
				pat_byte_weight(v[i]) * (m[i] != 0);
		}
		if (bits > best) {
			best = bits;
			*dist = at;
			memcpy(value, v, n);
			memcpy(mask, m, n);
		}
	}
	return best > 0 ? n : 0;
}

static bool leaf_has(const struct re_prog *p, const struct re_ins *i, uint32_t pc, unsigned c)
{
	const uint8_t *pool;

	switch (i->op) {
	case RC_RUN:
		pool = p->pool + re_ins_at(p->code, pc + 1).x;
		return (c & pool[i->b]) == pool[0];
	case RC_BYTE:
		return c == i->a;
	case RC_MASK:
		return (c & i->b) == i->a;
	case RC_NOT:
		return (c & i->b) != i->a;
	case RC_NOTNL:
		return c != '\n';
	case RC_SET:
		return re_set_has(p->sets + (size_t)i->x * RC_SET_SIZE, c);
	default:
		return true;
	}
}

/* The bytes that an expression can begin with: of its first instruction, all when that is no byte.
 */
static void first_bytes(const struct ys_piece *p, uint8_t set[32])
{
	struct re_ins i = re_ins_at(p->fwd.code, 0);

	memset(set, 0, 32);
	if (i.op == RC_LOOP && rc_loop_min(&i) > 0)
		i = re_ins_at(p->fwd.code, 1);
	for (unsigned c = 0; c < 256; c++)
		if (leaf_has(&p->fwd, &i, 0, c))
			re_set_add(set, c);
}

/* A piece that has no atom. */
static ov_status plan_piece(struct ov_ysearch *s, const struct ys_view *v, uint32_t piece)
{
	const struct ys_piece *p = &yf_piece_at(s, piece)->p;
	struct ys_row row = { .piece = 0 };
	struct yf_place *place;
	uint32_t n = 0;

	if (p->kind != YS_EXPR && (v->flags & YS_XOR) == 0)
		n = best_stretch(p, row.key.value, row.key.mask, &row.dist);
	while (n > 0 && row.key.mask[n - 1] == 0)
		n--;
	row.key.n = (uint8_t)n;
	if (n > 0)
		return add_key(&s->shorts, piece, &row);
	OV_TRY(vec_more(&s->places, sizeof *place, YF_KEYS_MAX));
	place = (struct yf_place *)s->places.p + s->places.n++;
	place->piece = piece;
	memset(place->first, 0xff, sizeof place->first);
	if (p->kind == YS_EXPR)
		first_bytes(p, place->first);
	return OV_OK;
}

static ov_status add_pieces(struct ov_ysearch *s, uint32_t slot)
{
	const struct yf_slot *y = yf_slot_at(s, slot);

	for (uint32_t i = 0; i < y->view.npieces; i++) {
		struct yf_piece *p;
		size_t most;

		OV_TRY(vec_more(&s->pieces, sizeof *p, YF_KEYS_MAX));
		p = yf_piece_at(s, (uint32_t)s->pieces.n++);
		*p = (struct yf_piece){ .slot = slot, .list = y->first_list };
		if (y->is_chained)
			p->list += 1 + i;
		ys_piece_at(&y->view, i, &p->p);
		most = p->p.kind == YS_EXPR ? 2 * RE_LOOK : ys_literal_len(&p->p);
		if (most + 64 > s->reach)
			s->reach = most + 64;
	}
	return OV_OK;
}

static ov_status plan_slot(struct ov_ysearch *s, uint32_t slot)
{
	const struct ys_view v = yf_slot_at(s, slot)->view;
	const uint32_t first = (uint32_t)s->pieces.n, n = ys_nrows(&v);

	OV_TRY(add_pieces(s, slot));
	for (uint32_t i = 0; i < n; i++) {
		struct ys_row row;

		ys_row_at(&v, i, &row);
		yf_piece_at(s, first + row.piece)->has_key = true;
		OV_TRY(add_key(row.is_short ? &s->shorts : &s->keys, first + row.piece, &row));
	}
	for (uint32_t i = first; i < s->pieces.n; i++)
		if (!yf_piece_at(s, i)->has_key)
			OV_TRY(plan_piece(s, &v, i));
	return OV_OK;
}

static ov_status build_table(struct ov_ysearch *s)
{
	s->grams.n = s->table.n = 0;
	for (size_t i = 0; i < s->keys.n; i++) {
		struct ov_gram_key *g;

		OV_TRY(vec_more(&s->grams, sizeof *g, YF_KEYS_MAX));
		g = (struct ov_gram_key *)s->grams.p + s->grams.n++;
		*g = yf_key_at(&s->keys, i)->row.key;
		g->token = (uint32_t)i;
	}
	OV_TRY(ov_gram_build_with(&s->room, s->grams.p, s->grams.n, &s->table));
	return ov_gram_view(ov_buf_cur(&s->table), &s->gram); /* our own: its entries are good */
}

static ov_status build_sieve(struct ov_ysearch *s, size_t first)
{
	const size_t n = ov_min_size(s->shorts.n - first, OV_SIEVE_KEYS);
	struct ov_sieve_key keys[OV_SIEVE_KEYS];

	for (size_t i = 0; i < n; i++) {
		const struct ov_gram_key *k = &yf_key_at(&s->shorts, first + i)->row.key;

		keys[i] = (struct ov_sieve_key){ .value = ov_le32(k->value),
						 .mask = ov_le32(k->mask),
						 .token = (uint32_t)(first + i),
						 .n = k->n < 4 ? k->n : 4 };
	}
	OV_TRY(vec_more(&s->sieves, sizeof(struct ov_sieve), YF_KEYS_MAX));
	return ov_sieve_build((struct ov_sieve *)s->sieves.p + s->sieves.n++, keys, n);
}

/* Few keys are the sieve's, with the short ones; many are searched in a table. */
static ov_status build(struct ov_ysearch *s)
{
	if (s->keys.n > OV_SIEVE_KEYS)
		OV_TRY(build_table(s));
	for (size_t i = 0; i < s->keys.n && s->keys.n <= OV_SIEVE_KEYS; i++)
		OV_TRY(add_key(&s->shorts, yf_key_at(&s->keys, i)->piece,
			       &yf_key_at(&s->keys, i)->row));
	if (s->keys.n <= OV_SIEVE_KEYS)
		s->keys.n = 0;
	for (size_t i = 0; i < s->shorts.n; i += OV_SIEVE_KEYS)
		OV_TRY(build_sieve(s, i));
	return OV_OK;
}

/* Files of a kind ask for the same strings again and again: the last plan is kept. */
static bool is_planned(const struct ov_ysearch *s)
{
	const uint8_t *const *code = s->planned.p;

	if (s->planned.n != s->slots.n || s->planned.n == 0)
		return false;
	for (uint32_t i = 0; i < s->slots.n; i++)
		if (code[i] != yf_slot_at(s, i)->view.p)
			return false;
	return true;
}

static ov_status note_plan(struct ov_ysearch *s)
{
	for (uint32_t i = 0; i < s->slots.n; i++) {
		OV_TRY(vec_more(&s->planned, sizeof(const uint8_t *), YF_SLOTS_MAX));
		((const uint8_t **)s->planned.p)[s->planned.n++] = yf_slot_at(s, i)->view.p;
	}
	return OV_OK;
}

ov_status yf_plan(struct ov_ysearch *s)
{
	if (is_planned(s))
		return OV_OK;
	s->keys.n = s->shorts.n = s->places.n = s->pieces.n = s->planned.n = s->sieves.n = 0;
	s->reach = 0;
	s->gram = (struct ov_gram){ 0 };
	for (uint32_t i = 0; i < s->slots.n; i++)
		OV_TRY(plan_slot(s, i));
	OV_TRY(build(s));
	return note_plan(s);
}

/* A key stands at `at` of the source, or, without a key, that place is to be tried. */
static ov_status look(struct ov_ysearch *s, uint32_t piece, const struct ys_row *row, uint64_t at)
{
	const struct yf_piece *p = yf_piece_at(s, piece);
	struct yf_slot *slot = yf_slot_at(s, p->slot);
	struct yf_list *l = yf_list_at(s, p->list);
	const uint64_t before = *s->steps;
	struct ov_ymatch like = { .is_wide = (p->p.flags & YS_WIDE) != 0 };
	const size_t place = (size_t)(at - s->bytes.base);
	struct ys_found f;
	ov_status st;

	if (l->is_done)
		return OV_OK;
	if (before == 0)
		return OV_LIMIT;
	if (row != NULL) {
		like.xor_key = row->xor_key;
		st = ys_try_row(&s->look, &p->p, row, &s->bytes, place, s->steps, &f);
	} else {
		st = ys_try_piece(&s->look, &slot->view, &p->p, &s->bytes, place, s->steps,
				  &like.xor_key, &f);
	}
	slot->work += before - *s->steps;
	if (f.is_cut)
		l->flags |= OV_YLIST_CUT;
	if (st == OV_END)
		return OV_OK;
	OV_TRY(st);
	return yf_add(s, l, &f, like);
}

static bool on_key(void *ctx, uint32_t token, uint64_t at)
{
	struct ov_ysearch *s = ctx;
	const struct yf_key *k = yf_key_at(s->told, token);

	if (at >= s->to)
		return true;
	s->trouble = look(s, k->piece, &k->row, at);
	return s->trouble == OV_OK;
}

static ov_status sift(struct ov_ysearch *s, const struct ov_sieve *sieve, uint64_t from)
{
	const size_t skip = (size_t)(from - s->bytes.base);
	ov_status st;

	s->told = &s->shorts;
	st = ov_sieve_scan(OV_KERNEL_AUTO, sieve, s->bytes.p + skip, s->bytes.n - skip,
			   (size_t)(s->to - from), from, on_key, s);
	return st == OV_END ? s->trouble : st;
}

static ov_status scan_grams(struct ov_ysearch *s, uint64_t from)
{
	const size_t skip = (size_t)(from - s->bytes.base);
	const size_t n = ov_min_size((size_t)(s->to - from) + OV_GRAM_MAX, s->bytes.n - skip);
	ov_status st;

	s->told = &s->keys;
	st = ov_gram_scan(&s->gram, s->bytes.p + skip, n, from, on_key, s);
	return st == OV_END ? s->trouble : st;
}

static ov_status scan_places(struct ov_ysearch *s, const struct yf_place *k, uint64_t from)
{
	for (uint64_t at = from; at < s->to; at++)
		if (re_set_has(k->first, s->bytes.p[at - s->bytes.base]))
			OV_TRY(look(s, k->piece, NULL, at));
	return OV_OK;
}

ov_status yf_scan(struct ov_ysearch *s, uint64_t from)
{
	if (s->keys.n > 0)
		OV_TRY(scan_grams(s, from));
	for (size_t i = 0; i < s->sieves.n; i++)
		OV_TRY(sift(s, (const struct ov_sieve *)s->sieves.p + i, from));
	for (size_t i = 0; i < s->places.n; i++)
		OV_TRY(scan_places(s, (const struct yf_place *)s->places.p + i, from));
	return OV_OK;
}
