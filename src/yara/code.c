/* Verifying condition code: one pass, with the stack's depth at each place that is jumped to. */
#include "code.h"

#include <stdlib.h>

#include "ast.h"
#include "yimage.h"
#include "le.h"

static const struct {
	const char *name;
	uint8_t operands, pops, pushes;
} ops[YO_COUNT_OF] = {
#define OV_YOP(name, operands, pops, pushes) { #name, operands, pops, pushes },
	OV_YOPS(OV_YOP)
#undef OV_YOP
};

uint32_t ov_yop_operands(uint8_t op)
{
	return op < YO_COUNT_OF ? ops[op].operands : UINT32_MAX;
}

const char *ov_yop_name(uint8_t op)
{
	return op < YO_COUNT_OF ? ops[op].name : "?";
}

struct check {
	const struct ov_ycode_limits *l;
	const uint8_t *code;
	uint32_t n;
	uint16_t *depth; /* stack's depth at a byte, plus one; 0: not known. OV_YSTACK_MAX fits */
	uint8_t *starts; /* an instruction begins there */
	uint8_t open[OV_YLOOPS_MAX]; /* a loop of that number is open: its body is being read */
	uint32_t body[OV_YLOOPS_MAX];
};

static bool is_const(const struct check *c, const uint8_t *operand, enum ov_yconst_kind kind)
{
	const uint32_t i = ov_le32(operand);

	return i < c->l->nconsts && c->l->const_kind(c->l->ctx, i) == (uint32_t)kind;
}

static bool is_string(const struct check *c, const uint8_t *operand)
{
	const uint32_t i = ov_le32(operand);

	if ((i & OV_YSTR_LOOP) != 0)
		return (i & ~OV_YSTR_LOOP) < c->l->nloops && c->open[i & ~OV_YSTR_LOOP] != 0;
	return i < c->l->nstrings;
}

static bool is_quant(uint8_t q)
{
	return q >= OV_YQ_ALL && q <= OV_YQ_PERCENT;
}

static bool has_number(uint8_t q)
{
	return q == OV_YQ_N || q == OV_YQ_PERCENT;
}

/* A jump forward to `to`, where the stack will hold `depth` values. */
static bool jump(struct check *c, uint32_t from, uint32_t to, uint32_t depth)
{
	if (to <= from || to >= c->n || depth >= OV_YSTACK_MAX)
		return false;
	if (c->depth[to] != 0 && c->depth[to] != depth + 1)
		return false;
	c->depth[to] = (uint16_t)(depth + 1);
	return true;
}

/* Opens a loop; `end` is where it goes when it is over, with its result on the stack. */
static bool open_loop(struct check *c, uint32_t at, const uint8_t *o, const uint8_t *end,
		      uint32_t next, uint32_t depth)
{
	if (!is_quant(o[0]) || o[1] >= c->l->nloops || c->open[o[1]] != 0)
		return false;
	c->open[o[1]] = 1;
	c->body[o[1]] = next;
	return jump(c, at, ov_le32(end), depth + 1);
}

static bool is_slots(const struct check *c, uint8_t first, uint8_t n)
{
	return n >= 1 && n <= OV_YVARS_MAX && first < c->l->nslots && n <= c->l->nslots - first;
}

/* What an instruction takes beyond its table row. */
static bool more_pops(uint8_t op, const uint8_t *o, uint32_t *pops)
{
	switch (op) {
	case YO_CALL:
		*pops += o[0];
		return true;
	case YO_OF:
		*pops += o[1];
		*pops += has_number(o[0]);
		return is_quant(o[0]) && o[1] <= OV_YPLACE_IN;
	case YO_TUPLE:
		*pops += ov_le32(o + 1) + has_number(o[0]);
		return is_quant(o[0]) && ov_le32(o + 1) <= OV_YTUPLE_MAX;
	case YO_FOR_LIST:
		*pops += ov_le32(o + 8);
		if (ov_le32(o + 8) > OV_YTUPLE_MAX)
			return false;
		*pops += has_number(o[0]);
		return true;
	case YO_FOR_STRINGS:
	case YO_FOR_RANGE:
	case YO_FOR_OBJECT:
		*pops += has_number(o[0]);
		return true;
	default:
		return true;
	}
}

/* Operands of one instruction; `depth` is that behind it. */
static bool operands(struct check *c, uint32_t at, uint8_t op, const uint8_t *o, uint32_t depth)
{
	const uint32_t next = at + 1 + ops[op].operands;

	switch (op) {
	case YO_CONST:
		return is_const(c, o, OV_YC_TEXT) || is_const(c, o, OV_YC_REGEX) ||
		       is_const(c, o, OV_YC_EXTERNAL);
	case YO_MODULE:
	case YO_FIELD:
		return is_const(c, o, OV_YC_TEXT);
	case YO_RULE:
		return ov_le32(o) >= 1 && ov_le32(o) <= c->l->back;
	case YO_LOAD:
	case YO_STORE:
		return o[0] < c->l->nslots;
	case YO_BINARY:
		return o[0] >= YN_ADD && o[0] <= YN_MATCHES;
	case YO_READ:
		return (o[0] & ~(OV_YREAD_SIGNED | OV_YREAD_BIG)) == 1 ||
		       (o[0] & ~(OV_YREAD_SIGNED | OV_YREAD_BIG)) == 2 ||
		       (o[0] & ~(OV_YREAD_SIGNED | OV_YREAD_BIG)) == 4;
	case YO_FOUND:
	case YO_COUNT:
	case YO_COUNT_IN:
	case YO_OFFSET:
	case YO_LENGTH:
	case YO_AT:
	case YO_IN:
		return is_string(c, o);
	case YO_OF:
		return is_const(c, o + 2, OV_YC_SET);
	case YO_IF_FALSE:
	case YO_IF_TRUE:
		return jump(c, at, ov_le32(o), depth);
	case YO_FOR_STRINGS:
		return is_const(c, o + 2, OV_YC_SET) && open_loop(c, at, o, o + 6, next, depth);
	case YO_FOR_RANGE:
	case YO_FOR_LIST:
	case YO_FOR_OBJECT:
		return is_slots(c, o[2], o[3]) && open_loop(c, at, o, o + 4, next, depth);
	case YO_NEXT:
		if (o[0] >= c->l->nloops || c->open[o[0]] == 0 || ov_le32(o + 1) != c->body[o[0]] ||
		    c->depth[c->body[o[0]]] != depth) /* the body begins one value lower */
			return false;
		c->open[o[0]] = 0;
		return true;
	default:
		return true;
	}
}

static bool one(struct check *c, uint32_t *at, uint32_t *depth, uint32_t *most)
{
	const uint8_t op = c->code[*at];
	uint32_t pops;

	if (op >= YO_COUNT_OF || ops[op].operands > c->n - *at - 1)
		return false;
	if (c->depth[*at] != 0 && c->depth[*at] != *depth + 1)
		return false;
	c->depth[*at] = (uint16_t)(*depth + 1);
	c->starts[*at] = 1;
	pops = ops[op].pops;
	if (!more_pops(op, c->code + *at + 1, &pops) || pops > *depth)
		return false;
	*depth = *depth - pops + ops[op].pushes;
	if (*depth >= OV_YSTACK_MAX)
		return false;
	if (*depth + 1 > *most)
		*most = *depth + 1;
	if (!operands(c, *at, op, c->code + *at + 1, *depth))
		return false;
	*at += 1 + ops[op].operands;
	return true;
}

/* Each place that something jumps to must be the beginning of an instruction. */
static bool targets_are_starts(const struct check *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->depth[i] != 0 && c->starts[i] == 0)
			return false;
	return true;
}

static bool verify(struct check *c, uint32_t *stack)
{
	uint32_t at = 0, depth = 0, most = 1;

	while (at < c->n - 1)
		if (c->code[at] == YO_END || !one(c, &at, &depth, &most))
			return false;
	if (at != c->n - 1 || c->code[at] != YO_END || depth != 1 ||
	    (c->depth[at] != 0 && c->depth[at] != 2))
		return false;
	c->starts[at] = 1;
	for (uint32_t i = 0; i < c->l->nloops; i++)
		if (c->open[i] != 0)
			return false;
	*stack = most;
	return targets_are_starts(c);
}

ov_status ov_ycode_verify(struct ov_cur code, const struct ov_ycode_limits *l, uint32_t *stack)
{
	struct check c = { .l = l, .code = code.base, .n = (uint32_t)code.len };
	bool is_good = false;

	if (code.len < 2 || code.len > OV_YCODE_MAX || l->nloops > OV_YLOOPS_MAX ||
	    l->nslots > OV_YSLOTS_MAX)
		return OV_BAD;
	c.depth = calloc(c.n, sizeof *c.depth);
	c.starts = calloc(c.n, 1);
	if (c.depth != NULL && c.starts != NULL)
		is_good = verify(&c, stack);
	free(c.depth);
	free(c.starts);
	if (c.depth == NULL || c.starts == NULL)
		return OV_NOMEM;
	return is_good ? OV_OK : OV_BAD;
}
