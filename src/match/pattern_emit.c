/* From pattern nodes to a part's instructions. Alternatives nest at most NEST_MAX deep; no
 * recursion. */
#include "pattern_emit.h"

#include <string.h>

#include "pattern_int.h"

#define NO_GOTO UINT32_MAX

struct frame { /* an alternative being written */
	const struct ov_pn *node;
	size_t i;	/* which of its sequences                                  */
	size_t targets; /* where SPLIT's targets stand in the buffer               */
	uint32_t gotos; /* the last GOTO to be patched; each holds the one before  */
};

static ov_status put_literal(struct ov_buf *b, const uint8_t *value, const uint8_t *mask, size_t n)
{
	bool is_exact = true, is_any = true;

	for (size_t i = 0; i < n; i++) {
		is_exact &= mask[i] == 0xff;
		is_any &= mask[i] == 0;
	}
	if (is_any) {
		OV_TRY(ov_buf_u8(b, OP_ANY));
		return ov_buf_u32(b, (uint32_t)n);
	}
	OV_TRY(ov_buf_u8(b, is_exact ? OP_LIT : OP_MASK));
	OV_TRY(ov_buf_u16(b, (uint16_t)n));
	OV_TRY(ov_buf_put(b, value, n));
	return is_exact ? OV_OK : ov_buf_put(b, mask, n);
}

static ov_status put_bytes(struct ov_buf *b, const struct ov_pn *n)
{
	for (size_t at = 0; at < n->n;) {
		const size_t some = n->n - at < 0xffff ? n->n - at : 0xffff;

		for (size_t i = at; i < at + some; i++)
			if ((n->value[i] & ~n->mask[i]) != 0)
				return OV_BAD;
		OV_TRY(put_literal(b, n->value + at, n->mask + at, some));
		at += some;
	}
	return OV_OK;
}

static ov_status put_set(struct ov_buf *b, const uint8_t set[32])
{
	OV_TRY(ov_buf_u8(b, OP_SET));
	return ov_buf_put(b, set, 32);
}

static ov_status put_jump(struct ov_buf *b, const struct ov_pn *n)
{
	if (n->max < n->min || n->max > PART_BYTES_MAX || n->max - n->min > WALK_MAX)
		return OV_BAD;
	if (n->min == n->max) {
		OV_TRY(ov_buf_u8(b, OP_ANY));
		return ov_buf_u32(b, (uint32_t)n->min);
	}
	OV_TRY(ov_buf_u8(b, OP_JUMP));
	OV_TRY(ov_buf_u32(b, (uint32_t)n->min));
	return ov_buf_u32(b, (uint32_t)n->max);
}

static ov_status put_border(struct ov_buf *b, const struct ov_pn *n, enum emit_side side)
{
	uint8_t set[32] = { 0 }, other[32] = { 0 };

	if (side != EMIT_BETWEEN) {
		OV_TRY(ov_buf_u8(b, OP_BORDER));
		OV_TRY(ov_buf_u8(b, (uint8_t)n->assertion));
		return ov_buf_u8(b, side == EMIT_AFTER);
	}
	if (n->assertion > OV_AT_NONALNUM)
		return OV_BAD;
	border_set(n->assertion, false, set);
	border_set(n->assertion, true, other);
	for (int i = 0; i < 32; i++)
		set[i] |= other[i];
	return put_set(b, set);
}

/* One byte out of several, written as alternatives: a set. @return false when it is not that. */
static bool is_set(const struct ov_pn *alt, uint8_t set[32])
{
	memset(set, 0, 32);
	for (size_t i = 0; i < alt->nalts; i++) {
		const struct ov_pn *n = alt->alts[i];

		if (n == NULL || n->next != NULL)
			return false;
		if (n->kind == OV_PN_SET) {
			for (int k = 0; k < 32; k++)
				set[k] |= n->set[k];
			continue;
		}
		if (n->kind != OV_PN_BYTES || n->n != 1)
			return false;
		for (unsigned v = 0; v < 256; v++)
			if ((v & n->mask[0]) == n->value[0])
				set[v / 8] |= (uint8_t)(1u << v % 8);
	}
	return true;
}

/* Negated alternatives: BYTES of one length. */
static ov_status put_none(struct ov_buf *b, const struct ov_pn *alt)
{
	const struct ov_pn *first = alt->alts[0];

	for (size_t i = 0; i < alt->nalts; i++) {
		const struct ov_pn *n = alt->alts[i];

		if (n == NULL || n->next != NULL || n->kind != OV_PN_BYTES || n->n != first->n ||
		    n->n == 0 || n->n > 0xffff)
			return OV_BAD;
	}
	OV_TRY(ov_buf_u8(b, OP_NONE));
	OV_TRY(ov_buf_u16(b, (uint16_t)first->n));
	OV_TRY(ov_buf_u16(b, (uint16_t)alt->nalts));
	for (size_t i = 0; i < alt->nalts; i++) {
		OV_TRY(ov_buf_put(b, alt->alts[i]->value, first->n));
		OV_TRY(ov_buf_put(b, alt->alts[i]->mask, first->n));
	}
	return OV_OK;
}

/* Alternatives that need no branch. @return OV_END when this one does. */
static ov_status put_simple_alt(struct ov_buf *b, const struct ov_pn *n)
{
	uint8_t set[32];

	if (n->nalts == 0)
		return OV_BAD;
	if (n->nalts > ALTS_MAX)
		return OV_LIMIT;
	if (is_set(n, set)) {
		for (int i = 0; n->negate && i < 32; i++)
			set[i] = (uint8_t)~set[i];
		return put_set(b, set);
	}
	return n->negate ? put_none(b, n) : OV_END;
}

static ov_status open_alt(struct ov_buf *b, const struct ov_pn *n, size_t start, struct frame *f)
{
	OV_TRY(ov_buf_u8(b, OP_SPLIT));
	OV_TRY(ov_buf_u16(b, (uint16_t)n->nalts));
	*f = (struct frame){ .node = n, .targets = b->n, .gotos = NO_GOTO };
	OV_TRY(ov_buf_zero(b, n->nalts * 4));
	ov_put_le32(b->p + f->targets, (uint32_t)(b->n - start));
	return OV_OK;
}

/* A sequence is written: goes on with the next, or joins them all. @return OV_END when that was the
 * last. */
static ov_status next_alt(struct ov_buf *b, size_t start, struct frame *f)
{
	if (f->i + 1 < f->node->nalts) {
		const uint32_t here = (uint32_t)(b->n - start) + 1;

		OV_TRY(ov_buf_u8(b, OP_GOTO));
		OV_TRY(ov_buf_u32(b, f->gotos));
		f->gotos = here;
		f->i++;
		ov_put_le32(b->p + f->targets + 4 * f->i, (uint32_t)(b->n - start));
		return OV_OK;
	}
	while (f->gotos != NO_GOTO) {
		uint8_t *at = b->p + start + f->gotos;

		f->gotos = ov_le32(at);
		ov_put_le32(at, (uint32_t)(b->n - start));
	}
	return OV_END;
}

static ov_status put_leaf(struct ov_buf *b, const struct ov_pn *n, enum emit_side side)
{
	switch (n->kind) {
	case OV_PN_BYTES:
		return put_bytes(b, n);
	case OV_PN_SET:
		return put_set(b, n->set);
	case OV_PN_JUMP:
		return put_jump(b, n);
	case OV_PN_ASSERT:
		return put_border(b, n, side);
	case OV_PN_ALT:
		break;
	}
	return OV_BAD;
}

ov_status emit_part(struct ov_buf *b, const struct ov_pn *first, const struct ov_pn *end,
		    const struct ov_pn *body, const struct ov_pn *tail)
{
	struct frame stack[NEST_MAX];
	const size_t start = b->n;
	const struct ov_pn *n = first;
	enum emit_side side = first == body ? EMIT_BETWEEN : EMIT_BEFORE;
	size_t depth = 0;

	for (;;) {
		ov_status s = OV_END;

		if (depth == 0 && n == end)
			return ov_buf_u8(b, OP_END);
		if (depth == 0 && (n == body || n == tail))
			side = n == tail ? EMIT_AFTER : EMIT_BETWEEN;
		if (n == NULL) { /* only inside an alternative */
			struct frame *f;

			if (depth == 0)
				return OV_BUG;
			f = &stack[depth - 1];
			s = next_alt(b, start, f);
			if (s == OV_OK) {
				n = f->node->alts[f->i];
				continue;
			}
			n = f->node->next;
			depth -= s == OV_END;
		} else {
			s = n->kind == OV_PN_ALT ? put_simple_alt(b, n)
						 : put_leaf(b, n, depth > 0 ? EMIT_BETWEEN : side);
			if (s == OV_END && depth == NEST_MAX)
				return OV_LIMIT;
			if (s == OV_END) {
				OV_TRY(open_alt(b, n, start, &stack[depth]));
				n = stack[depth++].node->alts[0];
				continue;
			}
			n = n->next;
		}
		if (s != OV_OK && s != OV_END)
			return s;
	}
}
