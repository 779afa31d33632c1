/* Compiles YARA strings: bodies to pieces, pieces to atoms, both to one block of code. */
#include "ystr_make.h"

#include <string.h>

#include "checked.h"

ov_status ym_refuse(struct ym *m, const char *why, const char *mend)
{
	*m->err = (struct ov_ystr_error){ .why = why, .mend = mend };
	return OV_BAD;
}

ov_status ym_piece_new(struct ym *m, enum ys_kind kind, uint32_t flags, struct ym_piece **out)
{
	if (m->npieces == YM_FEW) {
		struct ym_piece *more = NULL;

		OV_TRY(ov_arena_array(m->arena, YM_PIECES, &more));
		memcpy(more, m->piece, YM_FEW * sizeof *more);
		m->piece = more;
	}
	if (m->npieces == YM_PIECES) {
		ym_refuse(m, "it has too many pieces", "divide it");
		return OV_LIMIT;
	}
	*out = &m->piece[m->npieces++];
	**out = (struct ym_piece){ .kind = kind, .flags = flags };
	return OV_OK;
}

static bool is_simple(const struct re_node *n)
{
	return n->kind == RE_BYTE || n->kind == RE_ANY || (n->kind == RE_MASK && !n->negated);
}

/* A tree that is nothing but certain and masked bytes needs no program. */
static bool is_plain(const struct re_node *root)
{
	if (root->kind != RE_SEQ)
		return is_simple(root);
	for (const struct re_node *n = root->first; n != NULL; n = n->next)
		if (!is_simple(n))
			return false;
	return root->first != NULL;
}

static ov_status add_plain(struct ym *m, const struct re_node *root, struct ym_piece *p)
{
	const struct re_node *n = root->kind == RE_SEQ ? root->first : root;
	uint8_t *value = NULL, *mask = NULL;
	bool is_masked = false;

	p->n = root->kind == RE_SEQ ? root->len_min : 1;
	OV_TRY(ov_arena_array(m->arena, p->n, &value));
	OV_TRY(ov_arena_array(m->arena, p->n, &mask));
	for (uint32_t i = 0; i < p->n; i++, n = n->next) {
		value[i] = n->value;
		mask[i] = n->kind == RE_BYTE ? 0xff : n->mask;
		is_masked |= mask[i] != 0xff;
	}
	p->kind = is_masked ? YS_MASKED : YS_LITERAL;
	p->value = value;
	p->mask = is_masked ? mask : NULL;
	return OV_OK;
}

static ov_status add_tree(struct ym *m, const struct re_tree *t, uint32_t flags)
{
	struct ym_piece *p;

	OV_TRY(ym_piece_new(m, YS_EXPR, flags, &p));
	p->gap_min = t->gap_min;
	p->gap_max = t->gap_max;
	p->tree = t;
	return is_plain(t->root) ? add_plain(m, t->root, p) : OV_OK;
}

static ov_status add_trees(struct ym *m, const struct re_tree *t, uint32_t n, uint32_t flags)
{
	for (uint32_t i = 0; i < n; i++) {
		OV_TRY(add_tree(m, &t[i], i == 0 ? flags | YS_HEAD_PIECE : flags));
		if (t[i].has_greedy)
			m->flags |= YS_GREEDY;
	}
	return OV_OK;
}

static ov_status compile_hex(struct ym *m, struct re_parse *p)
{
	struct re_tree *t = NULL;
	uint32_t n = 0;

	if ((m->ir->flags & ~OV_YSTR_STRICT) != 0)
		return ym_refuse(m, "hexadecimal strings have no modifiers but private", NULL);
	OV_TRY(ov_arena_array(m->arena, RE_PIECES, &t));
	OV_TRY(re_parse_hex(p, t, &n));
	return add_trees(m, t, n, 0);
}

static ov_status compile_regex(struct ym *m, struct re_parse *p)
{
	const uint32_t f = m->ir->flags;
	const uint32_t flags = (f & OV_YSTR_FULLWORD) != 0 ? YS_FULLWORD : 0;
	struct re_tree *t = NULL;
	uint32_t n = 0;

	if ((f & (OV_YSTR_XOR | OV_YSTR_BASE64 | OV_YSTR_BASE64WIDE)) != 0)
		return ym_refuse(m, "regular expressions have no xor and no base64", NULL);
	OV_TRY(ov_arena_array(m->arena, RE_PIECES, &t));
	OV_TRY(re_parse_regex(p, t, &n));
	if ((f & OV_YSTR_STRICT) != 0 && t->root->len_min == 0 && n == 1)
		return ym_refuse(m, "it can match nothing at all",
				 "let it match one byte at least");
	if ((f & OV_YSTR_WIDE) == 0 || (f & OV_YSTR_ASCII) != 0)
		OV_TRY(add_trees(m, t, n, flags));
	return (f & OV_YSTR_WIDE) != 0 ? add_trees(m, t, n, flags | YS_WIDE) : OV_OK;
}

static uint32_t shortest(const struct ym *m)
{
	uint32_t least = UINT32_MAX, sum = 0;

	for (uint32_t i = m->npieces; i-- > 0;) {
		const struct ym_piece *p = &m->piece[i];
		const uint32_t unit = (p->flags & YS_WIDE) != 0 ? 2 : 1;

		sum += (p->kind == YS_EXPR ? p->tree->root->len_min : p->n) * unit;
		if ((p->flags & YS_HEAD_PIECE) != 0) {
			least = sum < least ? sum : least;
			sum = 0;
		} else {
			sum += p->gap_min;
		}
	}
	return least;
}

static ov_status compile(struct ym *m, struct re_parse *p)
{
	switch (m->ir->kind) {
	case OV_YSTR_TEXT:
		return ym_text(m);
	case OV_YSTR_HEX:
		return compile_hex(m, p);
	case OV_YSTR_REGEX:
		return compile_regex(m, p);
	default:
		return OV_BUG;
	}
}

ov_status ov_ystr_compile(const struct ov_ystr_ir *ir, struct ov_arena *scratch, struct ov_buf *out,
			  struct ov_ystr_facts *facts, struct ov_ystr_error *err)
{
	struct re_parse p = { .arena = scratch, .body = ir->body, .flags = ir->flags, .err = err };
	const size_t start = out->n;
	struct ov_ystr_facts f = { .cost = 0 };
	struct ym *m = NULL;
	ov_status s;

	*err = (struct ov_ystr_error){ .why = "it could not be compiled" };
	OV_TRY(ov_arena_new(scratch, &m));
	OV_TRY(ov_arena_array(scratch, YM_FEW, &m->piece));
	m->arena = scratch;
	m->ir = ir;
	m->err = err;
	OV_TRY(compile(m, &p));
	OV_TRY(ym_cover(m, &f));
	f.min_len = shortest(m);
	if (f.min_len == 0)
		f.note = "it can match nothing at all, and such matches do not count";
	s = ym_write(m, out);
	if (s != OV_OK) {
		out->n = start;
		return s;
	}
	*facts = f;
	return OV_OK;
}
