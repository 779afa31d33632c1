/* Loops in conditions: quantifiers, variables, what they go through; and `with`. */
#include "parse.h"

static ov_status quantifier(struct ov_yparser *p, struct ov_ynode *n)
{
	if (ov_yp_word(p, YW_ALL) || ov_yp_word(p, YW_ANY) || ov_yp_word(p, YW_NONE_OF)) {
		n->quant = p->tok.word == YW_ALL   ? OV_YQ_ALL
			   : p->tok.word == YW_ANY ? OV_YQ_ANY
						   : OV_YQ_NONE;
		return ov_yp_next(p);
	}
	n->quant = OV_YQ_N;
	OV_TRY(ov_yp_relation(p, OV_YP_ARITHMETIC, &n->nquant));
	if (ov_yp_is(p, '%')) {
		n->quant = OV_YQ_PERCENT;
		OV_TRY(ov_yp_next(p));
	}
	return ov_yp_adopt(p, n, n->nquant);
}

static ov_status body(struct ov_yparser *p, struct ov_ynode *n)
{
	OV_TRY(ov_yp_expect(p, ':'));
	OV_TRY(ov_yp_expect(p, '('));
	OV_TRY(ov_yp_expression(p, &n->body));
	OV_TRY(ov_yp_adopt(p, n, n->body));
	return ov_yp_expect(p, ')');
}

static ov_status declare(struct ov_yparser *p, struct ov_ynode *n)
{
	for (uint32_t i = 0; i < n->nvars; i++) {
		if (p->nscope == sizeof p->scope / sizeof *p->scope)
			return ov_yp_fail(p, &p->tok, "too many loops inside each other");
		for (uint32_t k = 0; k < p->nscope; k++)
			if (ov_str_eq(p->scope[k].name, n->vars[i]))
				return ov_yp_fail(p, &p->tok, "duplicated loop identifier \"%.*s\"",
						  (int)n->vars[i].n, n->vars[i].p);
		p->scope[p->nscope].name = n->vars[i];
		p->scope[p->nscope++].slot = p->nslots++;
	}
	if (p->nslots > p->rule->nslots)
		p->rule->nslots = p->nslots;
	return OV_OK;
}

static void undeclare(struct ov_yparser *p, const struct ov_ynode *n)
{
	p->nscope -= n->nvars;
	p->nslots -= n->nvars;
}

/* What a loop goes through: (a..b), (a, b, c), an array, a dictionary. */
static ov_status iterator(struct ov_yparser *p, struct ov_ynode *n)
{
	struct ov_ynode *kid = NULL;

	if (!ov_yp_is(p, '(')) {
		n->iter = OV_YI_OBJECT;
		OV_TRY(ov_yp_unary(p, &n->a));
		return ov_yp_adopt(p, n, n->a);
	}
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_expression(p, &kid));
	if (p->tok.kind == YT_DOTS) {
		n->iter = OV_YI_RANGE;
		n->a = kid;
		OV_TRY(ov_yp_next(p));
		OV_TRY(ov_yp_expression(p, &n->b));
		OV_TRY(ov_yp_adopt(p, n, n->a));
		OV_TRY(ov_yp_adopt(p, n, n->b));
		return ov_yp_expect(p, ')');
	}
	n->iter = OV_YI_LIST;
	OV_TRY(ov_yp_add_kid(p, n, kid));
	while (ov_yp_is(p, ',')) {
		OV_TRY(ov_yp_next(p));
		OV_TRY(ov_yp_expression(p, &kid));
		OV_TRY(ov_yp_add_kid(p, n, kid));
	}
	return ov_yp_expect(p, ')');
}

static ov_status variables(struct ov_yparser *p, struct ov_ynode *n)
{
	for (;;) {
		if (p->tok.kind != YT_IDENT || p->tok.word != YW_NONE)
			return ov_yp_unexpected(p, "a name for the loop's variable");
		if (n->nvars == OV_YVARS_MAX)
			return ov_yp_fail(p, &p->tok, "a loop has at most two variables");
		n->vars[n->nvars++] = p->tok.text;
		OV_TRY(ov_yp_next(p));
		if (!ov_yp_is(p, ','))
			return OV_OK;
		OV_TRY(ov_yp_next(p));
	}
}

/* for quant of set : (..), for quant vars in iterator : (..) */
ov_status ov_yp_loop(struct ov_yparser *p, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL;

	OV_TRY(ov_yp_make(p, YN_FOR_OF, &n));
	OV_TRY(ov_yp_next(p));
	OV_TRY(quantifier(p, n));
	if (ov_yp_word(p, YW_OF)) {
		OV_TRY(ov_yp_next(p));
		OV_TRY(ov_yp_set(p, n, true));
		n->loop = p->loops++;
		if (p->loops > p->rule->nloops)
			p->rule->nloops = p->loops;
		OV_TRY(body(p, n));
		p->loops--;
		*out = n;
		return OV_OK;
	}
	n->kind = YN_FOR_IN;
	OV_TRY(variables(p, n));
	if (!ov_yp_word(p, YW_IN))
		return ov_yp_unexpected(p, "\"in\"");
	OV_TRY(ov_yp_next(p));
	OV_TRY(iterator(p, n));
	n->slot = p->nslots;
	OV_TRY(declare(p, n));
	OV_TRY(body(p, n));
	undeclare(p, n);
	*out = n;
	return OV_OK;
}

/* with a = x, b = y : (..): one node for each name, inside each other. */
ov_status ov_yp_with(struct ov_yparser *p, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL, *inner = NULL;

	OV_TRY(ov_yp_enter(p));
	OV_TRY(ov_yp_make(p, YN_WITH, &n));
	OV_TRY(ov_yp_next(p)); /* with, or the comma before the next name */
	if (p->tok.kind != YT_IDENT || p->tok.word != YW_NONE)
		return ov_yp_unexpected(p, "a name");
	n->vars[0] = p->tok.text;
	n->nvars = 1;
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_expect(p, '='));
	OV_TRY(ov_yp_expression(p, &n->a));
	OV_TRY(ov_yp_adopt(p, n, n->a));
	n->slot = p->nslots;
	OV_TRY(declare(p, n));
	if (ov_yp_is(p, ',')) {
		OV_TRY(ov_yp_with(p, &inner));
		n->body = inner;
		OV_TRY(ov_yp_adopt(p, n, inner));
	} else {
		OV_TRY(body(p, n));
	}
	undeclare(p, n);
	p->depth--;
	*out = n;
	return OV_OK;
}
