/*
 * Conditions. Each level of the grammar that can hold another is counted, and refused beyond
 * OV_YNEST_MAX: so neither this parser nor those who walk the tree can run out of stack.
 */
#include "parse.h"

#include <string.h>

ov_status ov_yp_make(struct ov_yparser *p, enum ov_ynode_kind kind, struct ov_ynode **out)
{
	OV_TRY(ov_arena_new(p->arena, out));
	(*out)->kind = kind;
	(*out)->line = p->tok.line;
	(*out)->column = p->tok.column;
	(*out)->depth = 1;
	(*out)->loop = p->loops;
	return OV_OK;
}

ov_status ov_yp_adopt(struct ov_yparser *p, struct ov_ynode *n, const struct ov_ynode *kid)
{
	if (kid->depth >= OV_YNEST_MAX)
		return ov_yp_fail(p, &p->tok,
				  "the condition is nested too deeply: at most %d levels",
				  OV_YNEST_MAX);
	if (n->depth <= kid->depth)
		n->depth = kid->depth + 1;
	return OV_OK;
}

ov_status ov_yp_add_kid(struct ov_yparser *p, struct ov_ynode *n, struct ov_ynode *kid)
{
	OV_TRY(ov_yp_grow(p->arena, (void **)&n->kids, n->nkids, sizeof(struct ov_ynode *)));
	n->kids[n->nkids++] = kid;
	return ov_yp_adopt(p, n, kid);
}

ov_status ov_yp_enter(struct ov_yparser *p)
{
	if (++p->depth > OV_YNEST_MAX)
		return ov_yp_fail(p, &p->tok,
				  "the condition is nested too deeply: at most %d levels",
				  OV_YNEST_MAX);
	return OV_OK;
}

/* ---- strings ---- */

static ov_status undefined_string(struct ov_yparser *p)
{
	return ov_yp_fail(p, &p->tok,
			  "undefined string \"$%.*s\"; declare it in the section strings",
			  (int)p->tok.text.n, p->tok.text.p);
}

static ov_status string_ref(struct ov_yparser *p, struct ov_ynode *n)
{
	if (p->tok.text.n == 0) {
		if (p->loops == 0)
			return ov_yp_fail(p, &p->tok,
					  "wrong use of anonymous string: only inside for .. of");
		n->str = OV_YLOOP_STRING;
		n->loop = p->loops - 1;
		return OV_OK;
	}
	if (!ov_yp_find_string(p, p->tok.text, &n->str))
		return undefined_string(p);
	p->rule->strings[n->str].flags |= OV_YS_USED;
	return OV_OK;
}

static ov_status add_string(struct ov_yparser *p, struct ov_ynode *n, uint32_t i)
{
	OV_TRY(ov_yp_grow(p->arena, (void **)&n->set, n->nset, sizeof *n->set));
	n->set[n->nset++] = i;
	p->rule->strings[i].flags |= OV_YS_USED;
	return OV_OK;
}

/* $a or $a* in a set. */
static ov_status set_item(struct ov_yparser *p, struct ov_ynode *n)
{
	const uint32_t before = n->nset;
	const struct ov_yrule_ast *r = p->rule;
	uint32_t i = 0;

	if (p->tok.kind == YT_STRING && p->tok.text.n > 0) {
		if (!ov_yp_find_string(p, p->tok.text, &i))
			return undefined_string(p);
		OV_TRY(add_string(p, n, i));
	} else if (p->tok.kind == YT_WILD || p->tok.kind == YT_STRING) {
		for (; i < r->nstrings; i++)
			if (ov_str_starts(r->strings[i].name, p->tok.text) &&
			    (p->tok.kind == YT_WILD || r->strings[i].name.n == 0))
				OV_TRY(add_string(p, n, i));
		if (n->nset == before)
			return ov_yp_fail(p, &p->tok, "undefined string \"$%.*s*\"",
					  (int)p->tok.text.n, p->tok.text.p);
	} else {
		return ov_yp_unexpected(p, "a string identifier");
	}
	return ov_yp_next(p);
}

static ov_status them(struct ov_yparser *p, struct ov_ynode *n)
{
	if (p->rule->nstrings == 0)
		return ov_yp_fail(p, &p->tok, "undefined string \"$*\"; the rule has no strings");
	for (uint32_t i = 0; i < p->rule->nstrings; i++)
		OV_TRY(add_string(p, n, i));
	return ov_yp_next(p);
}

/* `name*` in a set: rules whose names begin so. */
static ov_status rule_wildcard(struct ov_yparser *p, struct ov_ynode *n, bool *was)
{
	struct ov_ylex ahead = p->lex;
	struct ov_str *names = NULL;
	struct ov_ytoken t, after;
	uint32_t nnames = 0;

	*was = false;
	if (p->tok.kind != YT_IDENT || p->tok.word != YW_NONE)
		return OV_OK;
	if (ov_ylex_next(&ahead, &t) != OV_OK || t.kind != YT_CHAR || t.c != '*' ||
	    ov_ylex_next(&ahead, &after) != OV_OK || after.kind != YT_CHAR ||
	    (after.c != ',' && after.c != ')'))
		return OV_OK;
	*was = true;
	OV_TRY(p->env->rules_like(p->env->ctx, p->tok.text, p->arena, &names, &nnames));
	if (nnames == 0)
		return ov_yp_fail(p, &p->tok,
				  "undefined identifier \"%.*s*\"; no rule above has such a name",
				  (int)p->tok.text.n, p->tok.text.p);
	for (uint32_t i = 0; i < nnames; i++) {
		struct ov_ynode *kid = NULL;

		OV_TRY(ov_yp_make(p, YN_NAME, &kid));
		kid->s = names[i];
		OV_TRY(ov_yp_add_kid(p, n, kid));
	}
	OV_TRY(ov_yp_next(p));
	return ov_yp_next(p);
}

/* What stands behind `of`: them, a list of strings, of rules, or of conditions. */
ov_status ov_yp_set(struct ov_yparser *p, struct ov_ynode *n, bool strings_only)
{
	bool are_strings;

	if (ov_yp_word(p, YW_THEM))
		return them(p, n);
	OV_TRY(ov_yp_expect(p, '('));
	are_strings = strings_only || p->tok.kind == YT_WILD;
	if (p->tok.kind == YT_STRING) { /* ($a, $b), or ($a at 0, ...) */
		struct ov_ylex ahead = p->lex;
		struct ov_ytoken t;

		are_strings = ov_ylex_next(&ahead, &t) == OV_OK && t.kind == YT_CHAR &&
			      (t.c == ',' || t.c == ')');
	}
	for (;;) {
		struct ov_ynode *kid = NULL;
		bool was = false;

		if (are_strings) {
			OV_TRY(set_item(p, n));
		} else {
			OV_TRY(rule_wildcard(p, n, &was));
			if (!was) {
				OV_TRY(ov_yp_expression(p, &kid));
				OV_TRY(ov_yp_add_kid(p, n, kid));
			}
		}
		if (!ov_yp_is(p, ','))
			break;
		OV_TRY(ov_yp_next(p));
	}
	return ov_yp_expect(p, ')');
}

/* ---- ranges, places ---- */

ov_status ov_yp_range(struct ov_yparser *p, struct ov_ynode *n)
{
	OV_TRY(ov_yp_expect(p, '('));
	OV_TRY(ov_yp_expression(p, &n->a));
	if (p->tok.kind != YT_DOTS)
		return ov_yp_unexpected(p, "'..'");
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_expression(p, &n->b));
	OV_TRY(ov_yp_adopt(p, n, n->a));
	OV_TRY(ov_yp_adopt(p, n, n->b));
	return ov_yp_expect(p, ')');
}

/* quant of set [at x | in (a..b)] */
static ov_status of(struct ov_yparser *p, enum ov_yquant quant, struct ov_ynode *nquant,
		    struct ov_ynode **out)
{
	struct ov_ynode *n = NULL;

	OV_TRY(ov_yp_make(p, YN_OF, &n));
	n->quant = quant;
	n->nquant = nquant;
	if (nquant != NULL)
		OV_TRY(ov_yp_adopt(p, n, nquant));
	OV_TRY(ov_yp_next(p)); /* of */
	OV_TRY(ov_yp_set(p, n, false));
	if (ov_yp_word(p, YW_IN) || ov_yp_word(p, YW_AT)) {
		if (n->nkids > 0)
			return ov_yp_fail(p, &p->tok, "only strings have a place");
		n->is_at = p->tok.word == YW_AT;
		OV_TRY(ov_yp_next(p));
		if (n->is_at) {
			OV_TRY(ov_yp_unary(p, &n->a));
			OV_TRY(ov_yp_adopt(p, n, n->a));
		} else {
			OV_TRY(ov_yp_range(p, n));
		}
	}
	*out = n;
	return OV_OK;
}

/* $a, $a at x, $a in (a..b) */
static ov_status found(struct ov_yparser *p, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL;

	OV_TRY(ov_yp_make(p, YN_FOUND, &n));
	OV_TRY(string_ref(p, n));
	OV_TRY(ov_yp_next(p));
	if (ov_yp_word(p, YW_AT)) {
		n->kind = YN_AT;
		OV_TRY(ov_yp_next(p));
		OV_TRY(ov_yp_relation(p, OV_YP_ARITHMETIC, &n->a));
		OV_TRY(ov_yp_adopt(p, n, n->a));
	} else if (ov_yp_word(p, YW_IN)) {
		n->kind = YN_IN;
		OV_TRY(ov_yp_next(p));
		OV_TRY(ov_yp_range(p, n));
	}
	*out = n;
	return OV_OK;
}

/* #a, #a in (a..b), @a, @a[i], !a, !a[i] */
static ov_status string_number(struct ov_yparser *p, enum ov_ynode_kind kind, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL;

	OV_TRY(ov_yp_make(p, kind, &n));
	OV_TRY(string_ref(p, n));
	OV_TRY(ov_yp_next(p));
	if (kind == YN_COUNT && ov_yp_word(p, YW_IN)) {
		OV_TRY(ov_yp_next(p));
		OV_TRY(ov_yp_range(p, n));
	} else if (kind != YN_COUNT && ov_yp_is(p, '[')) {
		OV_TRY(ov_yp_next(p));
		OV_TRY(ov_yp_expression(p, &n->a));
		OV_TRY(ov_yp_adopt(p, n, n->a));
		OV_TRY(ov_yp_expect(p, ']'));
	}
	*out = n;
	return OV_OK;
}

static bool is_with(const struct ov_yparser *p)
{
	struct ov_ylex ahead = p->lex;
	struct ov_ytoken t;

	return p->tok.kind == YT_IDENT && ov_str_is(p->tok.text, "with") &&
	       ov_ylex_next(&ahead, &t) == OV_OK && t.kind == YT_IDENT && t.word == YW_NONE;
}

/* ---- values ---- */

static ov_status literal(struct ov_yparser *p, enum ov_ynode_kind kind, struct ov_ynode **out)
{
	OV_TRY(ov_yp_make(p, kind, out));
	(*out)->i = p->tok.i;
	(*out)->f = p->tok.f;
	(*out)->s = p->tok.text;
	(*out)->flags = p->tok.flags;
	return ov_yp_next(p);
}

static ov_status read_function(struct ov_yparser *p, struct ov_ynode **out)
{
	const struct ov_str w = p->tok.text;
	struct ov_ynode *n = NULL;

	OV_TRY(ov_yp_make(p, YN_READ, &n));
	n->i = memchr(w.p, '8', w.n) != NULL ? 1 : memchr(w.p, '1', w.n) != NULL ? 2 : 4;
	if (w.p[0] == 'i')
		n->i |= OV_YREAD_SIGNED;
	if (w.p[w.n - 1] == 'e')
		n->i |= OV_YREAD_BIG;
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_expect(p, '('));
	OV_TRY(ov_yp_expression(p, &n->a));
	OV_TRY(ov_yp_adopt(p, n, n->a));
	*out = n;
	return ov_yp_expect(p, ')');
}

static ov_status arguments(struct ov_yparser *p, struct ov_ynode *n)
{
	struct ov_ynode *kid = NULL;

	OV_TRY(ov_yp_next(p));
	while (!ov_yp_is(p, ')')) {
		OV_TRY(ov_yp_expression(p, &kid));
		OV_TRY(ov_yp_add_kid(p, n, kid));
		if (!ov_yp_is(p, ','))
			break;
		OV_TRY(ov_yp_next(p));
	}
	return ov_yp_expect(p, ')');
}

/* name, name.field, name[index], name(arguments), in any number */
static ov_status name(struct ov_yparser *p, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL, *outer = NULL;

	OV_TRY(literal(p, YN_NAME, &n));
	for (;;) {
		if (ov_yp_is(p, '.')) {
			OV_TRY(ov_yp_next(p));
			if (p->tok.kind != YT_IDENT)
				return ov_yp_unexpected(p, "the name of a field");
			OV_TRY(ov_yp_make(p, YN_FIELD, &outer));
			outer->s = p->tok.text;
			OV_TRY(ov_yp_next(p));
		} else if (ov_yp_is(p, '[')) {
			OV_TRY(ov_yp_make(p, YN_INDEX, &outer));
			OV_TRY(ov_yp_next(p));
			OV_TRY(ov_yp_expression(p, &outer->b));
			OV_TRY(ov_yp_adopt(p, outer, outer->b));
			OV_TRY(ov_yp_expect(p, ']'));
		} else if (ov_yp_is(p, '(')) {
			OV_TRY(ov_yp_make(p, YN_CALL, &outer));
			OV_TRY(arguments(p, outer));
		} else {
			break;
		}
		outer->a = n;
		OV_TRY(ov_yp_adopt(p, outer, n));
		n = outer;
	}
	*out = n;
	return OV_OK;
}

static ov_status keyword(struct ov_yparser *p, struct ov_ynode **out)
{
	switch (p->tok.word) {
	case YW_NONE:
		return is_with(p) ? ov_yp_with(p, out) : name(p, out);
	case YW_TRUE:
	case YW_FALSE:
		p->tok.i = p->tok.word == YW_TRUE;
		return literal(p, YN_BOOL, out);
	case YW_FILESIZE:
		return literal(p, YN_FILESIZE, out);
	case YW_ENTRYPOINT:
		if (p->env->is_strict)
			return ov_yp_fail(p, &p->tok,
					  "entrypoint is not known to YARA-X; use "
					  "pe.entry_point or elf.entry_point");
		return literal(p, YN_ENTRYPOINT, out);
	case YW_FOR:
		return ov_yp_loop(p, out);
	case YW_ALL:
	case YW_ANY:
	case YW_NONE_OF: {
		const enum ov_yquant q = p->tok.word == YW_ALL	 ? OV_YQ_ALL
					 : p->tok.word == YW_ANY ? OV_YQ_ANY
								 : OV_YQ_NONE;

		OV_TRY(ov_yp_next(p));
		if (!ov_yp_word(p, YW_OF))
			return ov_yp_unexpected(p, "\"of\"");
		return of(p, q, NULL, out);
	}
	default:
		if (strstr(ov_yword_text(p->tok.word), "int") != NULL &&
		    p->tok.word != YW_ENTRYPOINT)
			return read_function(p, out);
		return ov_yp_unexpected(p, "an expression");
	}
}

static ov_status primary(struct ov_yparser *p, struct ov_ynode **out)
{
	switch (p->tok.kind) {
	case YT_INT:
		return literal(p, YN_INT, out);
	case YT_FLOAT:
		return literal(p, YN_FLOAT, out);
	case YT_TEXT:
		return literal(p, YN_TEXT, out);
	case YT_REGEX:
		return literal(p, YN_REGEX, out);
	case YT_STRING:
		return found(p, out);
	case YT_COUNT:
		return string_number(p, YN_COUNT, out);
	case YT_OFFSET:
		return string_number(p, YN_OFFSET, out);
	case YT_LENGTH:
		return string_number(p, YN_LENGTH, out);
	case YT_IDENT:
		return keyword(p, out);
	default:
		break;
	}
	if (!ov_yp_is(p, '('))
		return ov_yp_unexpected(p, "an expression");
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_expression(p, out));
	return ov_yp_expect(p, ')');
}

ov_status ov_yp_unary(struct ov_yparser *p, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL;

	if (!ov_yp_is(p, '-') && !ov_yp_is(p, '~'))
		return primary(p, out);
	OV_TRY(ov_yp_enter(p));
	OV_TRY(ov_yp_make(p, ov_yp_is(p, '-') ? YN_NEG : YN_BITNOT, &n));
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_unary(p, &n->a));
	OV_TRY(ov_yp_adopt(p, n, n->a));
	p->depth--;
	*out = n;
	return OV_OK;
}

/* Binary operators by level, the higher the tighter. 0: none. */
static unsigned operator(const struct ov_ytoken *t, enum ov_ynode_kind *kind)
{
	static const struct {
		enum ov_ytoken_kind token;
		char c;
		enum ov_yword word;
		uint8_t level, kind;
	} table[] = {
		{ YT_EQ, 0, YW_NONE, 1, YN_EQ },
		{ YT_NE, 0, YW_NONE, 1, YN_NE },
		{ YT_IDENT, 0, YW_CONTAINS, 1, YN_CONTAINS },
		{ YT_IDENT, 0, YW_ICONTAINS, 1, YN_ICONTAINS },
		{ YT_IDENT, 0, YW_STARTSWITH, 1, YN_STARTSWITH },
		{ YT_IDENT, 0, YW_ISTARTSWITH, 1, YN_ISTARTSWITH },
		{ YT_IDENT, 0, YW_ENDSWITH, 1, YN_ENDSWITH },
		{ YT_IDENT, 0, YW_IENDSWITH, 1, YN_IENDSWITH },
		{ YT_IDENT, 0, YW_IEQUALS, 1, YN_IEQUALS },
		{ YT_IDENT, 0, YW_MATCHES, 1, YN_MATCHES },
		{ YT_CHAR, '<', YW_NONE, 2, YN_LT },
		{ YT_LE, 0, YW_NONE, 2, YN_LE },
		{ YT_CHAR, '>', YW_NONE, 2, YN_GT },
		{ YT_GE, 0, YW_NONE, 2, YN_GE },
		{ YT_CHAR, '|', YW_NONE, 3, YN_BITOR },
		{ YT_CHAR, '^', YW_NONE, 4, YN_BITXOR },
		{ YT_CHAR, '&', YW_NONE, 5, YN_BITAND },
		{ YT_SHL, 0, YW_NONE, 6, YN_SHL },
		{ YT_SHR, 0, YW_NONE, 6, YN_SHR },
		{ YT_CHAR, '+', YW_NONE, 7, YN_ADD },
		{ YT_CHAR, '-', YW_NONE, 7, YN_SUB },
		{ YT_CHAR, '*', YW_NONE, 8, YN_MUL },
		{ YT_CHAR, '\\', YW_NONE, 8, YN_DIV },
		{ YT_CHAR, '%', YW_NONE, 8, YN_MOD },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (t->kind == table[i].token && (t->kind != YT_CHAR || t->c == table[i].c) &&
		    (t->kind != YT_IDENT || t->word == table[i].word)) {
			*kind = (enum ov_ynode_kind)table[i].kind;
			return table[i].level;
		}
	return 0;
}

/* `x % of them`, `for x % i in ..`: the sign is no operator there. */
static bool is_percent_sign(const struct ov_yparser *p)
{
	struct ov_ylex ahead = p->lex;
	struct ov_ytoken t, in;

	if (!ov_yp_is(p, '%') || ov_ylex_next(&ahead, &t) != OV_OK || t.kind != YT_IDENT)
		return false;
	if (t.word == YW_OF)
		return true;
	return t.word == YW_NONE && ov_ylex_next(&ahead, &in) == OV_OK &&
	       ((in.kind == YT_IDENT && in.word == YW_IN) || (in.kind == YT_CHAR && in.c == ','));
}

/*
 * Operators of a level above `level`, by precedence climbing; `<` and `==` come with 2 and 1. Right
 * sides recurse at most once a level.
 */
ov_status ov_yp_relation(struct ov_yparser *p, unsigned level, struct ov_ynode **out)
{
	struct ov_ynode *left = NULL, *n = NULL;
	enum ov_ynode_kind kind = YN_EQ;
	unsigned l;

	OV_TRY(ov_yp_unary(p, &left));
	while ((l = operator(&p->tok, &kind)) > level && !is_percent_sign(p)) {
		OV_TRY(ov_yp_make(p, kind, &n));
		OV_TRY(ov_yp_next(p));
		n->a = left;
		OV_TRY(ov_yp_relation(p, l, &n->b));
		OV_TRY(ov_yp_adopt(p, n, n->a));
		OV_TRY(ov_yp_adopt(p, n, n->b));
		left = n;
	}
	*out = left;
	if (level >= OV_YP_ARITHMETIC)
		return OV_OK;
	if (ov_yp_word(p, YW_OF))
		return of(p, OV_YQ_N, left, out);
	if (is_percent_sign(p)) {
		OV_TRY(ov_yp_next(p));
		return of(p, OV_YQ_PERCENT, left, out);
	}
	return OV_OK;
}

static ov_status negation(struct ov_yparser *p, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL;

	if (!ov_yp_word(p, YW_NOT) && !ov_yp_word(p, YW_DEFINED))
		return ov_yp_relation(p, 0, out);
	OV_TRY(ov_yp_enter(p));
	OV_TRY(ov_yp_make(p, ov_yp_word(p, YW_NOT) ? YN_NOT : YN_DEFINED, &n));
	OV_TRY(ov_yp_next(p));
	OV_TRY(negation(p, &n->a));
	OV_TRY(ov_yp_adopt(p, n, n->a));
	p->depth--;
	*out = n;
	return OV_OK;
}

/* a and b and c: one node, however many there are. */
static ov_status conjunction(struct ov_yparser *p, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL, *kid = NULL;

	OV_TRY(negation(p, out));
	if (!ov_yp_word(p, YW_AND))
		return OV_OK;
	OV_TRY(ov_yp_make(p, YN_AND, &n));
	OV_TRY(ov_yp_add_kid(p, n, *out));
	while (ov_yp_word(p, YW_AND)) {
		OV_TRY(ov_yp_next(p));
		OV_TRY(negation(p, &kid));
		OV_TRY(ov_yp_add_kid(p, n, kid));
	}
	*out = n;
	return OV_OK;
}

ov_status ov_yp_expression(struct ov_yparser *p, struct ov_ynode **out)
{
	struct ov_ynode *n = NULL, *kid = NULL;

	OV_TRY(ov_yp_enter(p));
	OV_TRY(conjunction(p, out));
	if (ov_yp_word(p, YW_OR)) {
		OV_TRY(ov_yp_make(p, YN_OR, &n));
		OV_TRY(ov_yp_add_kid(p, n, *out));
		while (ov_yp_word(p, YW_OR)) {
			OV_TRY(ov_yp_next(p));
			OV_TRY(conjunction(p, &kid));
			OV_TRY(ov_yp_add_kid(p, n, kid));
		}
		*out = n;
	}
	p->depth--;
	return OV_OK;
}

ov_status ov_yparse_condition(struct ov_yparser *p, struct ov_ynode **out)
{
	return ov_yp_expression(p, out);
}
