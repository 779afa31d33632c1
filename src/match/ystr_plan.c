/*
 * How YARA strings are searched, and the scan of one chunk.
 *
 * By their atoms in a gram table, or, when there are few, in the sieve; pieces without atoms by one
 * to four bytes in the sieve; what has not even that at each place that can begin it.
 */
#include "ystr_find.h"

#include <string.h>

#include "checked.h"

static ov_status add_key(struct vec *to, uint32_t slot, const struct ys_row *row,
			 struct yf_key **out)
{
	struct yf_key *k;

	OV_TRY(vec_more(to, sizeof *k, YF_KEYS_MAX));
	k = yf_key_at(to, to->n++);
	*k = (struct yf_key){ .row = *row, .slot = slot };
	*out = k;
	return OV_OK;
}

/* The masked bytes that each match begins with, at most four. */
static uint32_t head_of(const struct ys_piece *p, uint8_t value[4], uint8_t mask[4])
{
	const bool wide = (p->flags & YS_WIDE) != 0;
	uint32_t n = 0, pc = 0, at = 0;

	while (n < 4) {
		const struct re_ins i = re_ins_at(p->fwd.code, pc);
		const uint8_t *pool;

		if (i.op == RC_RUN) {
			pool = p->fwd.pool + re_ins_at(p->fwd.code, pc + 1).x;
			value[n] = pool[at] & pool[i.b + at];
			mask[n] = pool[i.b + at];
			if (++at == i.b) {
				at = 0;
				pc += 2;
			}
		} else if (i.op == RC_BYTE || i.op == RC_MASK) {
			mask[n] = i.op == RC_BYTE ? 0xff : (uint8_t)i.b;
			value[n] = i.a & mask[n];
			pc++;
		} else {
			break;
		}
		n++;
		if (wide && n < 4) {
			value[n] = 0;
			mask[n++] = 0xff;
		}
	}
	return n;
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
static ov_status plan_piece(struct ov_ysearch *s, uint32_t slot, uint32_t piece)
{
	const struct ys_view *v = &yf_slot_at(s, slot)->view;
	struct ys_row row = { .piece = piece };
	struct yf_key *k;
	struct ys_piece p;
	uint32_t n;

	ys_piece_at(v, piece, &p);
	if ((v->flags & YS_XOR) == 0) {
		n = p.kind == YS_EXPR ? head_of(&p, row.key.value, row.key.mask)
				      : best_stretch(&p, row.key.value, row.key.mask, &row.dist);
		while (n > 0 && row.key.mask[n - 1] == 0)
			n--;
		row.key.n = (uint8_t)n;
		if (n > 0)
			return add_key(&s->shorts, slot, &row, &k);
	}
	OV_TRY(add_key(&s->places, slot, &row, &k));
	memset(k->first, 0xff, sizeof k->first);
	if (p.kind == YS_EXPR)
		first_bytes(&p, k->first);
	return OV_OK;
}

static void extend_reach(struct ov_ysearch *s, const struct ys_view *v)
{
	for (uint32_t i = 0; i < v->npieces; i++) {
		struct ys_piece p;
		size_t most;

		ys_piece_at(v, i, &p);
		most = p.kind == YS_EXPR ? 2 * RE_LOOK : ys_literal_len(&p);
		if (most + 64 > s->reach)
			s->reach = most + 64;
	}
}

static ov_status plan_slot(struct ov_ysearch *s, uint32_t slot)
{
	const struct ys_view v = yf_slot_at(s, slot)->view;
	struct yf_key *k;

	extend_reach(s, &v);
	for (uint32_t i = 0; i < ys_nrows(&v); i++) {
		struct ys_row row;

		ys_row_at(&v, i, &row);
		OV_TRY(add_key(&s->keys, slot, &row, &k));
	}
	for (uint32_t piece = 0; piece < v.npieces; piece++) {
		bool has_key = false;

		for (uint32_t i = 0; i < ys_nrows(&v) && !has_key; i++) {
			struct ys_row row;

			ys_row_at(&v, i, &row);
			has_key = row.piece == piece;
		}
		if (!has_key)
			OV_TRY(plan_piece(s, slot, piece));
	}
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
	return ov_gram_open(ov_buf_cur(&s->table), &s->gram);
}

ov_status yf_plan(struct ov_ysearch *s)
{
	s->keys.n = s->shorts.n = s->places.n = 0;
	s->reach = 0;
	s->gram = (struct ov_gram){ 0 };
	for (uint32_t i = 0; i < s->slots.n; i++)
		OV_TRY(plan_slot(s, i));
	return s->keys.n > OV_SIEVE_KEYS ? build_table(s) : OV_OK;
}

static struct yf_list *list_of(const struct ov_ysearch *s, const struct yf_slot *slot,
			       uint32_t piece)
{
	return yf_list_at(s, slot->is_chained ? slot->first_list + 1 + piece : slot->first_list);
}

/* A key stands at `at` of the source, or a place is to be tried. */
static ov_status look(struct ov_ysearch *s, const struct yf_key *k, uint64_t at, bool is_key)
{
	struct yf_slot *slot = yf_slot_at(s, k->slot);
	struct yf_list *l = list_of(s, slot, k->row.piece);
	const uint64_t before = *s->steps;
	struct ov_ymatch like = { .xor_key = k->row.xor_key };
	struct ys_found f;
	struct ys_piece p;
	ov_status st;

	if (l->is_done)
		return OV_OK;
	if (*s->steps == 0)
		return OV_LIMIT;
	ys_piece_at(&slot->view, k->row.piece, &p);
	like.is_wide = (p.flags & YS_WIDE) != 0;
	if (is_key)
		st = ys_try_row(&s->look, &slot->view, &k->row, &s->bytes,
				(size_t)(at - s->bytes.base), s->steps, &f);
	else
		st = ys_try_piece(&s->look, &slot->view, &p, &s->bytes,
				  (size_t)(at - s->bytes.base), s->steps, &like.xor_key, &f);
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

	if (at >= s->to)
		return true;
	s->trouble = look(s, yf_key_at(s->told, token), at, true);
	return s->trouble == OV_OK;
}

static ov_status sift(struct ov_ysearch *s, const struct vec *keys, size_t first, uint64_t from)
{
	const size_t n = ov_min_size(keys->n - first, OV_SIEVE_KEYS),
		     skip = (size_t)(from - s->bytes.base);
	struct ov_sieve_key sieve_keys[OV_SIEVE_KEYS];
	struct ov_sieve sieve;
	ov_status st;

	for (size_t i = 0; i < n; i++) {
		const struct ov_gram_key *k = &yf_key_at(keys, first + i)->row.key;

		sieve_keys[i] = (struct ov_sieve_key){ .value = ov_le32(k->value),
						       .mask = ov_le32(k->mask),
						       .token = (uint32_t)(first + i),
						       .n = k->n < 4 ? k->n : 4 };
	}
	OV_TRY(ov_sieve_build(&sieve, sieve_keys, n));
	s->told = keys;
	st = ov_sieve_scan(OV_KERNEL_AUTO, &sieve, s->bytes.p + skip, s->bytes.n - skip,
			   (size_t)(s->to - from), from, on_key, s);
	return st == OV_END ? s->trouble : st;
}

static ov_status scan_grams(struct ov_ysearch *s, uint64_t from)
{
	const size_t skip = (size_t)(from - s->bytes.base);
	const size_t n = ov_min_size((size_t)(s->to - from) + OV_GRAM_MAX, s->bytes.n - skip);
	ov_status st;

	if (s->keys.n <= OV_SIEVE_KEYS)
		return s->keys.n > 0 ? sift(s, &s->keys, 0, from) : OV_OK;
	s->told = &s->keys;
	st = ov_gram_scan(&s->gram, s->bytes.p + skip, n, from, on_key, s);
	return st == OV_END ? s->trouble : st;
}

static ov_status scan_places(struct ov_ysearch *s, const struct yf_key *k, uint64_t from)
{
	for (uint64_t at = from; at < s->to; at++)
		if (re_set_has(k->first, s->bytes.p[at - s->bytes.base]))
			OV_TRY(look(s, k, at, false));
	return OV_OK;
}

ov_status yf_scan(struct ov_ysearch *s, uint64_t from)
{
	OV_TRY(scan_grams(s, from));
	for (size_t i = 0; i < s->shorts.n; i += OV_SIEVE_KEYS)
		OV_TRY(sift(s, &s->shorts, i, from));
	for (size_t i = 0; i < s->places.n; i++)
		OV_TRY(scan_places(s, yf_key_at(&s->places, i), from));
	return OV_OK;
}
