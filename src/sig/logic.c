/* Logical expressions, by a stack of parentheses; a level is folded when it ends. */
#include "logic.h"

#include "text.h"

/* An operand that waits for its level to end, with the operator that stands after it. */
struct operand {
	struct ov_cond_node *node;
	char op;
	struct operand *prev;
};

struct logic {
	struct ov_str in;
	size_t at;
	uint32_t nsubs, top;
	struct ov_arena *a;
	const char *why;
	struct operand *levels[OV_LOGIC_NEST + 1];
	size_t depth;
};

static ov_status bad(struct logic *l, const char *why)
{
	l->why = why;
	return OV_BAD;
}

static char peek(struct logic *l)
{
	while (l->at < l->in.n && (l->in.p[l->at] == ' ' || l->in.p[l->at] == '\t'))
		l->at++;
	return l->at < l->in.n ? l->in.p[l->at] : '\0';
}

static ov_status read_number(struct logic *l, uint64_t *out)
{
	struct ov_str digits;

	(void)peek(l);
	digits = (struct ov_str){ .p = l->in.p + l->at, .n = 0 };
	while (l->at < l->in.n && l->in.p[l->at] >= '0' && l->in.p[l->at] <= '9') {
		l->at++;
		digits.n++;
	}
	if (ov_text_u64(digits, out) != OV_OK)
		return bad(l, "a number is missing or too large in the logical expression");
	return OV_OK;
}

static ov_status new_node(struct logic *l, enum ov_cond_kind kind, struct ov_cond_node **out)
{
	OV_TRY(ov_arena_new(l->a, out));
	(*out)->kind = kind;
	return OV_OK;
}

static bool is_relation(char c)
{
	return c == '=' || c == '<' || c == '>';
}

/*
 * "=X", "<X", ">X", each with an optional ",Y", after an index or a closing parenthesis.
 * As ClamAV has it: of a doubled sign the second counts (">=2" is "=2"), ",Y" means nothing behind
 * an index, and Y may be missing. Real signatures depend on it.
 */
static ov_status read_relation(struct logic *l, struct ov_cond_node **node)
{
	const bool is_block = (*node)->kind != OV_COND_SUB;
	char rel = peek(l);
	struct ov_cond_node *n;
	uint64_t distinct = 0;

	if (!is_relation(rel))
		return OV_OK;
	l->at++;
	if (is_relation(peek(l))) {
		rel = peek(l);
		l->at++;
	}
	OV_TRY(new_node(l, OV_COND_COUNT, &n));
	OV_TRY(read_number(l, &n->want));
	if (peek(l) == ',') {
		l->at++;
		if (peek(l) >= '0' && peek(l) <= '9')
			OV_TRY(read_number(l, &distinct));
		if (distinct > UINT32_MAX)
			return bad(l, "a number is too large in the logical expression");
	}
	n->rel = rel;
	n->min_distinct = is_block ? (uint32_t)distinct : 0;
	n->a = *node;
	*node = n;
	return OV_OK;
}

static ov_status push_operand(struct logic *l, struct ov_cond_node *node)
{
	struct operand *o;

	OV_TRY(read_relation(l, &node));
	OV_TRY(ov_arena_new(l->a, &o));
	o->node = node;
	o->prev = l->levels[l->depth];
	l->levels[l->depth] = o;
	return OV_OK;
}

static ov_status join(struct logic *l, char op, struct ov_cond_node *a, struct ov_cond_node *b,
		      struct ov_cond_node **out)
{
	struct ov_cond_node *n;

	OV_TRY(new_node(l, op == '&' ? OV_COND_AND : OV_COND_OR, &n));
	n->a = a;
	n->b = b;
	*out = n;
	return OV_OK;
}

/* The operands are chained from the last to the first; folding from the left needs them turned. */
static struct operand *turn(struct operand *last)
{
	struct operand *first = NULL;

	while (last != NULL) {
		struct operand *prev = last->prev;

		last->prev = first;
		first = last;
		last = prev;
	}
	return first;
}

/*
 * Joins the operands of the current level. ClamAV reads the outermost level from the right,
 * a & (b | c), and what stands in parentheses from the left, ((a & b) | c): not in its manual, but
 * its verdicts on all combinations of small expressions say so.
 */
static ov_status fold(struct logic *l, struct ov_cond_node **out)
{
	struct operand *o = l->levels[l->depth];
	struct ov_cond_node *n;
	char op;

	if (o == NULL || o->op != '\0')
		return bad(l, "an operand is missing in the logical expression");
	if (l->depth > 0)
		o = turn(o);
	n = o->node;
	op = o->op;
	for (o = o->prev; o != NULL; o = o->prev) {
		if (l->depth > 0)
			OV_TRY(join(l, op, n, o->node, &n));
		else
			OV_TRY(join(l, o->op, o->node, n, &n));
		op = o->op;
	}
	*out = n;
	return OV_OK;
}

/* What may stand where an operand is expected: an index or '('. */
static ov_status read_operand(struct logic *l)
{
	struct ov_cond_node *n;
	uint64_t index;

	if (peek(l) == '(') {
		if (l->depth == OV_LOGIC_NEST) {
			l->why = "parentheses nested deeper than 64";
			return OV_LIMIT;
		}
		l->at++;
		l->levels[++l->depth] = NULL;
		return OV_OK;
	}
	OV_TRY(read_number(l, &index));
	if (index >= l->nsubs)
		return bad(l, "the logical expression names a subsignature that is not there");
	OV_TRY(new_node(l, OV_COND_SUB, &n));
	n->sub = (uint32_t)index;
	l->top = n->sub > l->top ? n->sub : l->top;
	return push_operand(l, n);
}

/* What may stand after an operand: an operator or ')'. */
static ov_status read_operator(struct logic *l)
{
	const char c = peek(l);
	struct ov_cond_node *n = NULL;

	if (c == '&' || c == '|') {
		l->levels[l->depth]->op = c;
	} else if (c == ')' && l->depth > 0) {
		OV_TRY(fold(l, &n));
		l->depth--;
		l->at++;
		return push_operand(l, n);
	} else {
		return bad(l, "an operator or a parenthesis is wrong in the logical expression");
	}
	l->at++;
	return OV_OK;
}

static ov_status run(struct logic *l, struct ov_cond_node **out)
{
	while (peek(l) != '\0' || l->at < l->in.n) {
		const struct operand *o = l->levels[l->depth];

		if (o == NULL || o->op != '\0')
			OV_TRY(read_operand(l));
		else
			OV_TRY(read_operator(l));
	}
	if (l->depth > 0)
		return bad(l, "'(' without ')' in the logical expression");
	return fold(l, out);
}

ov_status ov_logic_parse(struct ov_str text, uint32_t nsubs, struct ov_arena *a,
			 struct ov_cond_node **out, uint32_t *top, const char **why)
{
	struct logic l = { .in = text, .nsubs = nsubs, .a = a };
	const ov_status s = run(&l, out);

	if (s == OV_OK)
		*top = l.top;
	else
		*why = l.why != NULL ? l.why : "the logical expression takes too much memory";
	return s;
}
