/* A checked condition to code: code.h. */
#include "ycompile_int.h"

#include <string.h>

struct gen {
	struct ov_ycompiler *c;
	const struct ov_yrule_ast *r;
	struct ov_buf *code;
	size_t start; /* the rule's code begins there */
	uint32_t id, first_const, nconsts;
	uint32_t depth, most; /* values that wait */
	uint32_t loops, most_loops;
	uint32_t of_loops[OV_YLOOPS_MAX]; /* number of the loop at each depth of `for .. of` */
	uint32_t nof;
};

static ov_status gen(struct gen *g, const struct ov_ynode *n);

static ov_status op(struct gen *g, enum ov_yop o)
{
	return ov_buf_u8(g->code, (uint8_t)o);
}

static ov_status push(struct gen *g, uint32_t n)
{
	g->depth += n;
	if (g->depth > g->most)
		g->most = g->depth;
	if (g->depth + 1 >= OV_YSTACK_MAX)
		return ov_yfail(&g->c->err, g->r->line, g->r->column,
				"the condition needs too many values at once");
	return OV_OK;
}

static uint32_t here(const struct gen *g)
{
	return (uint32_t)(g->code->n - g->start);
}

static void patch(struct gen *g, size_t at)
{
	ov_put_le32(g->code->p + at, here(g));
}

/* A constant of the rule; equal ones are kept once where that is cheap. */
static ov_status constant(struct gen *g, enum ov_yconst_kind kind, uint32_t a, uint32_t b,
			  uint32_t *out)
{
	struct ov_buf *rows = &g->c->sect[YI_CONSTS];
	const uint32_t look = g->nconsts < 64 ? g->nconsts : 64;
	uint8_t row[YI_CONST];

	ov_put_le32(row, (uint32_t)kind);
	ov_put_le32(row + 4, a);
	ov_put_le32(row + 8, b);
	for (uint32_t i = 0; i < look; i++)
		if (memcmp(rows->p + (size_t)(g->first_const + i) * YI_CONST, row, sizeof row) ==
		    0) {
			*out = i;
			return OV_OK;
		}
	*out = g->nconsts++;
	return ov_buf_put(rows, row, sizeof row);
}

static ov_status text_constant(struct gen *g, struct ov_str s, uint32_t *out)
{
	uint32_t at = 0;

	OV_TRY(ov_yc_text(g->c, s, &at));
	return constant(g, OV_YC_TEXT, at, (uint32_t)s.n, out);
}

static ov_status set_constant(struct gen *g, const struct ov_ynode *n, uint32_t *out)
{
	struct ov_buf *sets = &g->c->sect[YI_SETS];
	const uint32_t first = (uint32_t)(sets->n / 4);

	for (uint32_t i = 0; i < n->nset; i++)
		OV_TRY(ov_buf_u32(sets, n->set[i]));
	return constant(g, OV_YC_SET, first, n->nset, out);
}

static ov_status regex_constant(struct gen *g, const struct ov_ynode *n, uint32_t *out)
{
	struct ov_buf *blocks = &g->c->sect[YI_BLOCKS];
	const uint32_t flags = n->flags | (g->c->o.is_strict ? OV_YSTR_STRICT : 0);
	struct ov_ystr_error e = { 0 };
	size_t from;
	ov_status s;

	OV_TRY(ov_buf_align(blocks, 4));
	from = blocks->n;
	ov_arena_reset(&g->c->string_arena, 0);
	s = ov_re_compile(n->s, flags, &g->c->string_arena, blocks, &e);
	if (s == OV_BAD || s == OV_UNSUPPORTED || (s == OV_LIMIT && e.why != NULL))
		return ov_yfail(&g->c->err, n->line, n->column + 1 + (uint32_t)e.at,
				"invalid regular expression: %s%s%s",
				e.why != NULL ? e.why : "it can't be read",
				e.mend != NULL ? "; " : "", e.mend != NULL ? e.mend : "");
	OV_TRY(s);
	return constant(g, OV_YC_REGEX, (uint32_t)from, (uint32_t)(blocks->n - from), out);
}

static ov_status op_u32(struct gen *g, enum ov_yop o, uint32_t v)
{
	OV_TRY(op(g, o));
	return ov_buf_u32(g->code, v);
}

static ov_status integer(struct gen *g, int64_t v)
{
	OV_TRY(push(g, 1));
	if (v >= 0 && v <= 255) {
		OV_TRY(op(g, YO_BYTE));
		return ov_buf_u8(g->code, (uint8_t)v);
	}
	OV_TRY(op(g, YO_INT));
	return ov_buf_u64(g->code, (uint64_t)v);
}

static ov_status leaf(struct gen *g, const struct ov_ynode *n)
{
	uint64_t raw;
	uint32_t k = 0;

	switch (n->kind) {
	case YN_INT:
		return integer(g, n->i);
	case YN_FLOAT:
		OV_TRY(op(g, YO_FLOAT));
		memcpy(&raw, &n->f, sizeof raw);
		OV_TRY(ov_buf_u64(g->code, raw));
		break;
	case YN_BOOL:
		OV_TRY(op(g, YO_BOOL));
		OV_TRY(ov_buf_u8(g->code, n->i != 0));
		break;
	case YN_TEXT:
		OV_TRY(text_constant(g, n->s, &k));
		OV_TRY(op_u32(g, YO_CONST, k));
		break;
	case YN_REGEX:
		OV_TRY(regex_constant(g, n, &k));
		OV_TRY(op_u32(g, YO_CONST, k));
		break;
	case YN_EXTERNAL:
		OV_TRY(constant(g, OV_YC_EXTERNAL, (uint32_t)n->i, 0, &k));
		OV_TRY(op_u32(g, YO_CONST, k));
		break;
	case YN_FILESIZE:
		OV_TRY(op(g, YO_FILESIZE));
		break;
	case YN_ENTRYPOINT:
		OV_TRY(op(g, YO_ENTRYPOINT));
		break;
	case YN_RULE:
		OV_TRY(op_u32(g, YO_RULE, g->id - (uint32_t)n->i));
		break;
	case YN_MODULE:
		OV_TRY(text_constant(g, n->s, &k));
		OV_TRY(op_u32(g, YO_MODULE, k));
		break;
	default: /* LOCAL */
		OV_TRY(op(g, YO_LOAD));
		OV_TRY(ov_buf_u8(g->code, (uint8_t)n->slot));
		break;
	}
	return push(g, 1);
}

/* a and b and c: each is looked at only when those before did not decide. */
static ov_status many(struct gen *g, const struct ov_ynode *n)
{
	const bool is_and = n->kind == YN_AND;
	size_t *jumps = NULL;

	OV_TRY(ov_arena_array(&g->c->rule_arena, n->nkids, &jumps));
	OV_TRY(gen(g, n->kids[0]));
	for (uint32_t i = 1; i < n->nkids; i++) {
		OV_TRY(op_u32(g, is_and ? YO_IF_FALSE : YO_IF_TRUE, 0));
		jumps[i] = g->code->n - 4;
		OV_TRY(gen(g, n->kids[i]));
		OV_TRY(op(g, is_and ? YO_AND : YO_OR));
		g->depth--;
	}
	for (uint32_t i = 1; i < n->nkids; i++)
		patch(g, jumps[i]);
	return OV_OK;
}

static uint32_t string_operand(const struct gen *g, const struct ov_ynode *n)
{
	if (n->str != OV_YLOOP_STRING)
		return n->str;
	return OV_YSTR_LOOP | g->of_loops[n->loop];
}

static ov_status string(struct gen *g, const struct ov_ynode *n)
{
	enum ov_yop o = YO_FOUND;

	if (n->a != NULL)
		OV_TRY(gen(g, n->a));
	if (n->b != NULL)
		OV_TRY(gen(g, n->b));
	if (n->a == NULL && (n->kind == YN_OFFSET || n->kind == YN_LENGTH))
		OV_TRY(integer(g, 1));
	switch (n->kind) {
	case YN_AT:
		o = YO_AT;
		break;
	case YN_IN:
		o = YO_IN;
		break;
	case YN_COUNT:
		o = n->a != NULL ? YO_COUNT_IN : YO_COUNT;
		break;
	case YN_OFFSET:
		o = YO_OFFSET;
		break;
	case YN_LENGTH:
		o = YO_LENGTH;
		break;
	default:
		break;
	}
	g->depth -= o == YO_IN || o == YO_COUNT_IN ? 2 : o == YO_FOUND || o == YO_COUNT ? 0 : 1;
	OV_TRY(op_u32(g, o, string_operand(g, n)));
	return push(g, 1);
}

static ov_status of(struct gen *g, const struct ov_ynode *n)
{
	const uint32_t place = n->b != NULL   ? OV_YPLACE_IN
			       : n->a != NULL ? OV_YPLACE_AT
					      : OV_YPLACE_ANY;
	const uint32_t before = g->depth;
	uint32_t k = 0;

	if (n->nquant != NULL)
		OV_TRY(gen(g, n->nquant));
	for (uint32_t i = 0; i < n->nkids; i++)
		OV_TRY(gen(g, n->kids[i]));
	if (n->nkids > 0) {
		OV_TRY(op(g, YO_TUPLE));
		OV_TRY(ov_buf_u8(g->code, (uint8_t)n->quant));
		OV_TRY(ov_buf_u32(g->code, n->nkids));
	} else {
		if (n->a != NULL)
			OV_TRY(gen(g, n->a));
		if (n->b != NULL)
			OV_TRY(gen(g, n->b));
		OV_TRY(set_constant(g, n, &k));
		OV_TRY(op(g, YO_OF));
		OV_TRY(ov_buf_u8(g->code, (uint8_t)n->quant));
		OV_TRY(ov_buf_u8(g->code, (uint8_t)place));
		OV_TRY(ov_buf_u32(g->code, k));
	}
	g->depth = before;
	return push(g, 1);
}

/* What is common to loops: FOR.. was written, its `end` is at `end`. */
static ov_status loop_body(struct gen *g, const struct ov_ynode *n, uint32_t loop, size_t end)
{
	const uint32_t begin = here(g);

	OV_TRY(gen(g, n->body));
	OV_TRY(op(g, YO_NEXT));
	OV_TRY(ov_buf_u8(g->code, (uint8_t)loop));
	OV_TRY(ov_buf_u32(g->code, begin));
	patch(g, end);
	g->loops--;
	return OV_OK;
}

static ov_status open_loop(struct gen *g, const struct ov_ynode *n, uint32_t *loop)
{
	*loop = g->loops++;
	if (g->loops > g->most_loops)
		g->most_loops = g->loops;
	if (g->loops >= OV_YLOOPS_MAX)
		return ov_yfail(&g->c->err, n->line, n->column, "too many loops inside each other");
	return OV_OK;
}

static ov_status for_of(struct gen *g, const struct ov_ynode *n)
{
	const uint32_t before = g->depth;
	uint32_t loop = 0, k = 0;
	size_t end;

	if (n->nquant != NULL)
		OV_TRY(gen(g, n->nquant));
	OV_TRY(open_loop(g, n, &loop));
	OV_TRY(set_constant(g, n, &k));
	OV_TRY(op(g, YO_FOR_STRINGS));
	OV_TRY(ov_buf_u8(g->code, (uint8_t)n->quant));
	OV_TRY(ov_buf_u8(g->code, (uint8_t)loop));
	OV_TRY(ov_buf_u32(g->code, k));
	OV_TRY(ov_buf_u32(g->code, 0));
	end = g->code->n - 4;
	g->depth = before;
	g->of_loops[g->nof++] = loop;
	OV_TRY(loop_body(g, n, loop, end));
	g->nof--;
	return OV_OK;
}

static ov_status for_in(struct gen *g, const struct ov_ynode *n)
{
	static const enum ov_yop ops[] = { [OV_YI_RANGE] = YO_FOR_RANGE,
					   [OV_YI_LIST] = YO_FOR_LIST,
					   [OV_YI_OBJECT] = YO_FOR_OBJECT };
	const uint32_t before = g->depth;
	uint32_t loop = 0;
	size_t end;

	if (n->nquant != NULL)
		OV_TRY(gen(g, n->nquant));
	if (n->a != NULL)
		OV_TRY(gen(g, n->a));
	if (n->b != NULL)
		OV_TRY(gen(g, n->b));
	for (uint32_t i = 0; i < n->nkids; i++)
		OV_TRY(gen(g, n->kids[i]));
	OV_TRY(open_loop(g, n, &loop));
	OV_TRY(op(g, ops[n->iter]));
	OV_TRY(ov_buf_u8(g->code, (uint8_t)n->quant));
	OV_TRY(ov_buf_u8(g->code, (uint8_t)loop));
	OV_TRY(ov_buf_u8(g->code, (uint8_t)n->slot));
	OV_TRY(ov_buf_u8(g->code, (uint8_t)n->nvars));
	OV_TRY(ov_buf_u32(g->code, 0));
	end = g->code->n - 4;
	if (n->iter == OV_YI_LIST)
		OV_TRY(ov_buf_u32(g->code, n->nkids));
	g->depth = before;
	return loop_body(g, n, loop, end);
}

static ov_status with(struct gen *g, const struct ov_ynode *n)
{
	OV_TRY(gen(g, n->a));
	OV_TRY(op(g, YO_STORE));
	OV_TRY(ov_buf_u8(g->code, (uint8_t)n->slot));
	g->depth--;
	return gen(g, n->body);
}

static ov_status access(struct gen *g, const struct ov_ynode *n)
{
	uint32_t k = 0;

	OV_TRY(gen(g, n->a));
	if (n->kind == YN_FIELD) {
		OV_TRY(text_constant(g, n->s, &k));
		return op_u32(g, YO_FIELD, k);
	}
	if (n->kind == YN_INDEX) {
		OV_TRY(gen(g, n->b));
		g->depth--;
		return op(g, YO_INDEX);
	}
	for (uint32_t i = 0; i < n->nkids; i++)
		OV_TRY(gen(g, n->kids[i]));
	g->depth -= n->nkids;
	OV_TRY(op(g, YO_CALL));
	return ov_buf_u8(g->code, (uint8_t)n->nkids);
}

static ov_status gen(struct gen *g, const struct ov_ynode *n)
{
	switch (n->kind) {
	case YN_FIELD:
	case YN_INDEX:
	case YN_CALL:
		return access(g, n);
	case YN_FOUND:
	case YN_AT:
	case YN_IN:
	case YN_COUNT:
	case YN_OFFSET:
	case YN_LENGTH:
		return string(g, n);
	case YN_NOT:
	case YN_DEFINED:
	case YN_NEG:
	case YN_BITNOT:
		OV_TRY(gen(g, n->a));
		return op(g, n->kind == YN_NOT	     ? YO_NOT
			     : n->kind == YN_DEFINED ? YO_DEFINED
			     : n->kind == YN_NEG     ? YO_NEG
						     : YO_BITNOT);
	case YN_AND:
	case YN_OR:
		return many(g, n);
	case YN_READ:
		OV_TRY(gen(g, n->a));
		OV_TRY(op(g, YO_READ));
		return ov_buf_u8(g->code, (uint8_t)n->i);
	case YN_OF:
		return of(g, n);
	case YN_FOR_OF:
		return for_of(g, n);
	case YN_FOR_IN:
		return for_in(g, n);
	case YN_WITH:
		return with(g, n);
	default:
		break;
	}
	if (n->kind < YN_ADD || n->kind > YN_MATCHES)
		return leaf(g, n);
	OV_TRY(gen(g, n->a));
	OV_TRY(gen(g, n->b));
	g->depth--;
	OV_TRY(op(g, YO_BINARY));
	return ov_buf_u8(g->code, (uint8_t)n->kind);
}

ov_status ov_yc_gen(struct ov_ycompiler *c, struct ov_yrule_ast *r, uint32_t id,
		    struct ov_ygen_out *out)
{
	struct gen g = { .c = c, .r = r, .code = &c->sect[YI_CODE], .id = id };
	uint32_t stack = 0;

	(void)stack;
	g.start = g.code->n;
	g.first_const = (uint32_t)(c->sect[YI_CONSTS].n / YI_CONST);
	OV_TRY(gen(&g, r->condition));
	OV_TRY(op(&g, YO_END));
	if (g.code->n - g.start > OV_YCODE_MAX || g.code->n > UINT32_MAX)
		return ov_yfail(&c->err, r->line, r->column, "the condition is too long");
	*out = (struct ov_ygen_out){ .code_at = (uint32_t)g.start,
				     .code_n = here(&g),
				     .first_const = g.first_const,
				     .nconsts = g.nconsts,
				     .stack = g.most + 1,
				     .nloops = g.most_loops };
	return OV_OK;
}

/* ---- how strings are used ---- */

static void mark(struct ov_yrule_ast *r, uint32_t str, const uint32_t *loop, uint32_t nloop,
		 uint32_t flag)
{
	if (str != OV_YLOOP_STRING) {
		r->strings[str].flags |= flag;
		return;
	}
	for (uint32_t i = 0; i < nloop; i++)
		r->strings[loop[i]].flags |= flag;
}

/* `at` one offset that is known, always the same: YARA looks nowhere else, and lists no other
 * match. */
static void place(struct ov_yrule_ast *r, const struct ov_ynode *n)
{
	struct ov_ystring_ast *s;

	if (n->str == OV_YLOOP_STRING)
		return; /* the loop's set was marked */
	s = &r->strings[n->str];
	if (!ov_yc_is_int(n->a) || n->a->i < 0 ||
	    ((s->flags & OV_YS_FIXED) != 0 && s->fixed != (uint64_t)n->a->i))
		s->flags |= OV_YS_PLACES;
	s->flags |= OV_YS_FIXED;
	s->fixed = ov_yc_is_int(n->a) ? (uint64_t)n->a->i : 0;
}

static void uses(struct ov_yrule_ast *r, const struct ov_ynode *n, const uint32_t *loop,
		 uint32_t nloop)
{
	if (n == NULL)
		return;
	switch (n->kind) {
	case YN_FOUND:
		mark(r, n->str, loop, nloop, OV_YS_ELSEWHERE);
		break;
	case YN_AT: /* looked at in place */
		place(r, n);
		break;
	case YN_IN:
	case YN_COUNT:
	case YN_OFFSET:
	case YN_LENGTH:
		mark(r, n->str, loop, nloop, OV_YS_ELSEWHERE | OV_YS_LISTED);
		break;
	case YN_OF:
		for (uint32_t i = 0; i < n->nset; i++) {
			mark(r, n->set[i], NULL, 0, OV_YS_PLACES);
			if (n->a == NULL || n->b != NULL)
				mark(r, n->set[i], NULL, 0,
				     OV_YS_ELSEWHERE | (n->b != NULL ? OV_YS_LISTED : 0));
		}
		break;
	case YN_FOR_OF:
		for (uint32_t i = 0; i < n->nset; i++)
			mark(r, n->set[i], NULL, 0, OV_YS_PLACES);
		uses(r, n->body, n->set, n->nset);
		uses(r, n->nquant, loop, nloop);
		return;
	default:
		break;
	}
	uses(r, n->a, loop, nloop);
	uses(r, n->b, loop, nloop);
	uses(r, n->body, loop, nloop);
	uses(r, n->nquant, loop, nloop);
	for (uint32_t i = 0; i < n->nkids; i++)
		uses(r, n->kids[i], loop, nloop);
}

void ov_yc_uses(struct ov_yrule_ast *r)
{
	uses(r, r->condition, NULL, 0);
	for (uint32_t i = 0; i < r->nstrings; i++)
		if ((r->strings[i].flags & (OV_YS_ELSEWHERE | OV_YS_PLACES)) != 0)
			r->strings[i].flags &= ~OV_YS_FIXED;
}
