/* Names and kinds of a condition. Integers that are known are folded, so that mistakes in them are
 * told now. */
#include "ycompile_int.h"

#include <string.h>

struct scope { /* of one local value */
	struct ov_str name;
	uint32_t slot;
	const struct ov_ynode *like; /* its kind is this node's */
	const struct scope *up;
};

struct check {
	struct ov_ycompiler *c;
	struct ov_yrule_ast *r;
	const struct scope *scope;
};

static ov_status check(struct check *k, struct ov_ynode *n);

#define FAIL(k, n, ...) ov_yfail(&(k)->c->err, (n)->line, (n)->column, __VA_ARGS__)

static const char *kind_name(enum ov_ykind t)
{
	static const char *const names[OV_YKINDS] = { "undefined", "integer", "float",
						      "boolean",   "string",  "regular expression",
						      "struct",	   "array",   "dictionary",
						      "function" };

	return t < OV_YKINDS ? names[t] : "?";
}

static ov_status want_int(struct check *k, struct ov_ynode *n, const char *what)
{
	OV_TRY(check(k, n));
	if (n->type != OV_Y_INT)
		return FAIL(k, n, "wrong type \"%s\" for %s: an integer is wanted",
			    kind_name(n->type), what);
	return OV_OK;
}

static ov_status want_bool(struct check *k, struct ov_ynode *n)
{
	OV_TRY(check(k, n));
	if (n->type < OV_Y_INT || n->type > OV_Y_STRING)
		return FAIL(k, n,
			    "wrong type \"%s\": a condition is wanted; name one of its fields",
			    kind_name(n->type));
	return OV_OK;
}

static void be_int(struct ov_ynode *n, int64_t v)
{
	n->kind = YN_INT;
	n->type = OV_Y_INT;
	n->i = v;
	n->a = n->b = NULL;
}

/* ---- names ---- */

static void like(struct ov_ynode *n, const struct ov_ynode *other, enum ov_ykind type)
{
	n->type = type;
	n->otype = other->otype;
	n->field = other->field;
	n->item = other->item;
}

static ov_status check_name(struct check *k, struct ov_ynode *n)
{
	struct ov_ycompiler *c = k->c;
	uint32_t id = 0;
	int m;

	for (const struct scope *s = k->scope; s != NULL; s = s->up)
		if (ov_str_eq(s->name, n->s)) {
			n->kind = YN_LOCAL;
			n->slot = s->slot;
			like(n, s->like, s->like->type);
			return OV_OK;
		}
	if (ov_yc_find_external(c, n->s, &id, &n->type)) {
		n->kind = YN_EXTERNAL;
		n->i = id;
		return OV_OK;
	}
	m = ov_ymodule_find(c->o.modules, n->s);
	if (m >= 0 && (yc_rows(c->nss, struct yc_ns)[c->current_ns].imported >> m & 1) != 0) {
		n->kind = YN_MODULE;
		c->says |= ov_str_is(n->s, "console");
		n->type = OV_Y_STRUCT;
		n->i = m;
		n->otype = c->o.modules->rows[m]->root;
		return OV_OK;
	}
	if (ov_yc_find_rule(c, c->current_ns, n->s, &id)) {
		n->kind = YN_RULE;
		n->type = OV_Y_BOOL;
		n->i = id;
		return OV_OK;
	}
	if (m >= 0)
		return FAIL(k, n, "undefined identifier \"%.*s\"; add: import \"%.*s\"",
			    (int)n->s.n, n->s.p, (int)n->s.n, n->s.p);
	return FAIL(k, n,
		    "undefined identifier \"%.*s\"; a rule must stand above its use, an external "
		    "variable is given with -d",
		    (int)n->s.n, n->s.p);
}

/* A value out of a module: its kind, and for structs and lists what is in them. */
static void be_value(struct ov_ynode *n, const struct ov_yfield *f, enum ov_ykind kind)
{
	n->type = kind;
	n->field = f;
	n->otype = kind == OV_Y_STRUCT ? f->of : NULL;
	n->item = f->item;
}

static ov_status check_field(struct check *k, struct ov_ynode *n)
{
	const struct ov_yfield *f;

	OV_TRY(check(k, n->a));
	if (n->a->type != OV_Y_STRUCT)
		return FAIL(k, n, "\"%.*s\" is asked of something that has no fields", (int)n->s.n,
			    n->s.p);
	f = ov_ytype_field(n->a->otype, n->s);
	if (f == NULL)
		return FAIL(k, n, "invalid field name \"%.*s\": \"%s\" has no such field",
			    (int)n->s.n, n->s.p, n->a->otype != NULL ? n->a->otype->name : "?");
	if (f->kind == OV_Y_INT && f->get == NULL) {
		be_int(n, f->value);
		return OV_OK;
	}
	be_value(n, f, f->kind);
	return OV_OK;
}

static ov_status check_index(struct check *k, struct ov_ynode *n)
{
	enum ov_ykind want;

	OV_TRY(check(k, n->a));
	OV_TRY(check(k, n->b));
	if (n->a->type != OV_Y_ARRAY && n->a->type != OV_Y_DICT)
		return FAIL(k, n, "[] is asked of something that is no array or dictionary");
	want = n->a->type == OV_Y_ARRAY ? OV_Y_INT : OV_Y_STRING;
	if (n->b->type != want)
		return FAIL(k, n->b, "wrong type \"%s\" for an index: %s is wanted",
			    kind_name(n->b->type), kind_name(want));
	be_value(n, n->a->field, n->a->field->item);
	return OV_OK;
}

static bool arg_fits(char letter, enum ov_ykind kind, bool is_loose)
{
	switch (letter) {
	case 'i':
		return kind == OV_Y_INT;
	case 'f':
		return kind == OV_Y_FLOAT || (is_loose && kind == OV_Y_INT);
	case 's':
		return kind == OV_Y_STRING;
	case 'b':
		return kind == OV_Y_BOOL;
	case 'r':
		return kind == OV_Y_REGEX;
	default:
		return false;
	}
}

static const struct ov_ysig *fitting(const struct ov_ynode *n, bool is_loose)
{
	for (const struct ov_ysig *s = n->a->field->sigs; s != NULL && s->args != NULL; s++) {
		bool fits = strlen(s->args) == n->nkids;

		for (uint32_t i = 0; fits && i < n->nkids; i++)
			fits = arg_fits(s->args[i], n->kids[i]->type, is_loose);
		if (fits)
			return s;
	}
	return NULL;
}

static ov_status check_call(struct check *k, struct ov_ynode *n)
{
	const struct ov_ysig *s;

	OV_TRY(check(k, n->a));
	for (uint32_t i = 0; i < n->nkids; i++)
		OV_TRY(check(k, n->kids[i]));
	if (n->a->type != OV_Y_FUNC)
		return FAIL(k, n, "() is asked of something that is no function");
	s = fitting(n, false);
	if (s == NULL)
		s = fitting(n, true);
	if (s == NULL)
		return FAIL(k, n, "wrong arguments for function \"%s\"", n->a->field->name);
	n->type = s->result;
	return OV_OK;
}

/* ---- operators ---- */

static bool is_number(enum ov_ykind t)
{
	return t == OV_Y_INT || t == OV_Y_FLOAT;
}

static const char *operator_name(enum ov_ynode_kind k)
{
	static const char *const names[] = {
		"+",	      "-",	     "*",	 "\\",	      "%",	  "<<",
		">>",	      "&",	     "^",	 "|",	      "==",	  "!=",
		"<",	      "<=",	     ">",	 ">=",	      "contains", "icontains",
		"startswith", "istartswith", "endswith", "iendswith", "iequals",  "matches"
	};

	return names[k - YN_ADD];
}

static ov_status wrong(struct check *k, const struct ov_ynode *n)
{
	const bool left_is_wrong = !is_number(n->a->type) || n->b->type == OV_Y_INT;

	return FAIL(k, n, "wrong type \"%s\" for %s operator",
		    kind_name(left_is_wrong ? n->a->type : n->b->type), operator_name(n->kind));
}

/* Both sides are known integers: the result. Wraps are told, as YARA does. */
static ov_status fold(struct check *k, struct ov_ynode *n)
{
	const int64_t a = n->a->i, b = n->b->i;
	const uint64_t ua = (uint64_t)a;
	int64_t v = 0;
	bool wraps = false;

	switch (n->kind) {
	case YN_ADD:
		wraps = __builtin_add_overflow(a, b, &v);
		break;
	case YN_SUB:
		wraps = __builtin_sub_overflow(a, b, &v);
		break;
	case YN_MUL:
		wraps = __builtin_mul_overflow(a, b, &v);
		break;
	case YN_DIV:
	case YN_MOD:
		if (b == 0)
			return FAIL(k, n, "division by zero");
		if (b == -1 && a == INT64_MIN)
			return OV_OK; /* left to the evaluator, which makes it undefined */
		v = n->kind == YN_DIV ? a / b : a % b;
		break;
	case YN_SHL:
	case YN_SHR:
		if (b < 0)
			return FAIL(k, n, "a shift by a negative number of bits");
		v = b >= 64 ? 0 : n->kind == YN_SHL ? (int64_t)(ua << b) : a >> b;
		break;
	case YN_BITAND:
		v = a & b;
		break;
	case YN_BITXOR:
		v = a ^ b;
		break;
	case YN_BITOR:
		v = a | b;
		break;
	default:
		return OV_OK;
	}
	if (wraps)
		return FAIL(k, n, "integer overflow in \"%lld %s %lld\"", (long long)a,
			    operator_name(n->kind), (long long)b);
	be_int(n, v);
	return OV_OK;
}

static ov_status check_arithmetic(struct check *k, struct ov_ynode *n)
{
	const enum ov_ykind a = n->a->type, b = n->b->type;

	if (n->kind >= YN_MOD && n->kind <= YN_BITOR) {
		if (a != OV_Y_INT || b != OV_Y_INT)
			return FAIL(k, n, "wrong type \"%s\" for %s operator",
				    kind_name(a != OV_Y_INT ? a : b), operator_name(n->kind));
	} else if (!is_number(a) || !is_number(b)) {
		return wrong(k, n);
	}
	n->type = a == OV_Y_FLOAT || b == OV_Y_FLOAT ? OV_Y_FLOAT : OV_Y_INT;
	if (ov_yc_is_int(n->a) && ov_yc_is_int(n->b))
		return fold(k, n);
	if ((n->kind == YN_DIV || n->kind == YN_MOD) && ov_yc_is_int(n->b) && n->b->i == 0)
		return FAIL(k, n, "division by zero");
	return OV_OK;
}

static ov_status check_binary(struct check *k, struct ov_ynode *n)
{
	enum ov_ykind a, b;
	bool fits;

	OV_TRY(check(k, n->a));
	OV_TRY(check(k, n->b));
	a = n->a->type;
	b = n->b->type;
	if (n->kind <= YN_BITOR)
		return check_arithmetic(k, n);
	n->type = OV_Y_BOOL;
	if (n->kind == YN_MATCHES)
		fits = a == OV_Y_STRING && n->b->kind == YN_REGEX;
	else if (n->kind >= YN_CONTAINS)
		fits = a == OV_Y_STRING && b == OV_Y_STRING;
	else if (n->kind == YN_EQ || n->kind == YN_NE)
		fits = (is_number(a) && is_number(b)) || (a == OV_Y_STRING && b == OV_Y_STRING) ||
		       ((a == OV_Y_BOOL || a == OV_Y_INT) && (b == OV_Y_BOOL || b == OV_Y_INT));
	else
		fits = (is_number(a) && is_number(b)) || (a == OV_Y_STRING && b == OV_Y_STRING);
	return fits ? OV_OK : wrong(k, n);
}

static ov_status check_unary(struct check *k, struct ov_ynode *n)
{
	OV_TRY(check(k, n->a));
	if (n->a->type != OV_Y_INT && (n->kind == YN_BITNOT || n->a->type != OV_Y_FLOAT))
		return FAIL(k, n, "wrong type \"%s\" for %s operator", kind_name(n->a->type),
			    n->kind == YN_NEG ? "-" : "~");
	n->type = n->a->type;
	if (ov_yc_is_int(n->a))
		be_int(n, n->kind == YN_NEG ? (int64_t)(0 - (uint64_t)n->a->i) : ~n->a->i);
	return OV_OK;
}

/* ---- strings, quantifiers, loops ---- */

static ov_status check_range(struct check *k, struct ov_ynode *n)
{
	OV_TRY(want_int(k, n->a, "range's lower bound"));
	OV_TRY(want_int(k, n->b, "range's upper bound"));
	if (ov_yc_is_int(n->a) && n->a->i < 0)
		return FAIL(k, n->a, "range lower bound can not be negative");
	if (ov_yc_is_int(n->a) && ov_yc_is_int(n->b) && n->a->i > n->b->i && n->kind != YN_FOR_IN &&
	    k->c->o.is_strict)
		return FAIL(k, n->a, "range lower bound must be less than upper bound");
	return OV_OK;
}

static ov_status check_string(struct check *k, struct ov_ynode *n)
{
	n->type = OV_Y_BOOL;
	switch (n->kind) {
	case YN_FOUND:
		return OV_OK;
	case YN_AT:
		return want_int(k, n->a, "an offset");
	case YN_IN:
		return check_range(k, n);
	case YN_COUNT:
		n->type = OV_Y_INT;
		return n->a != NULL ? check_range(k, n) : OV_OK;
	default:
		n->type = OV_Y_INT;
		return n->a != NULL ? want_int(k, n->a, "a match's number") : OV_OK;
	}
}

static ov_status check_quant(struct check *k, struct ov_ynode *n)
{
	struct ov_ynode *q = n->nquant;

	if (q == NULL)
		return OV_OK;
	OV_TRY(want_int(k, q, n->quant == OV_YQ_PERCENT ? "a percentage" : "a quantifier"));
	if (n->quant == OV_YQ_PERCENT && ov_yc_is_int(q) && (q->i < 1 || q->i > 100))
		return FAIL(k, q, "percentage must be between 1 and 100 (inclusive)");
	return OV_OK;
}

static ov_status check_of(struct check *k, struct ov_ynode *n)
{
	n->type = OV_Y_BOOL;
	OV_TRY(check_quant(k, n));
	for (uint32_t i = 0; i < n->nkids; i++)
		OV_TRY(want_bool(k, n->kids[i]));
	if (n->nkids > OV_YTUPLE_MAX)
		return FAIL(k, n, "too many conditions in one list: at most %u", OV_YTUPLE_MAX);
	if (n->kind == YN_FOR_OF)
		return want_bool(k, n->body);
	if (n->b != NULL)
		return check_range(k, n);
	return n->a != NULL ? want_int(k, n->a, "an offset") : OV_OK;
}

static ov_status check_list(struct check *k, struct ov_ynode *n)
{
	if (n->nkids > OV_YTUPLE_MAX)
		return FAIL(k, n, "too many values in one list: at most %u", OV_YTUPLE_MAX);
	for (uint32_t i = 0; i < n->nkids; i++) {
		OV_TRY(check(k, n->kids[i]));
		if (n->kids[i]->type != n->kids[0]->type || n->kids[i]->type > OV_Y_STRING)
			return FAIL(k, n->kids[i], "wrong type for enumeration item");
	}
	return OV_OK;
}

static ov_status check_for_in(struct check *k, struct ov_ynode *n)
{
	struct ov_ynode key = { .type = OV_Y_STRING }, value = { .type = OV_Y_INT };
	struct scope scopes[OV_YVARS_MAX];
	const struct scope *up = k->scope;
	uint32_t want = 1;

	n->type = OV_Y_BOOL;
	OV_TRY(check_quant(k, n));
	if (n->iter == OV_YI_RANGE) {
		OV_TRY(check_range(k, n));
	} else if (n->iter == OV_YI_LIST) {
		OV_TRY(check_list(k, n));
		value.type = n->kids[0]->type;
	} else {
		OV_TRY(check(k, n->a));
		if (n->a->type != OV_Y_ARRAY && n->a->type != OV_Y_DICT)
			return FAIL(k, n->a,
				    "a loop can't go through this: an array, a dictionary, "
				    "a range or a list is wanted");
		be_value(&value, n->a->field, n->a->field->item);
		want = n->a->type == OV_Y_DICT ? 2 : 1;
	}
	if (n->nvars != want)
		return FAIL(k, n, "the loop has %u variables, but gives %u values at a time",
			    n->nvars, want);
	for (uint32_t i = 0; i < want; i++) {
		scopes[i] =
		    (struct scope){ .name = n->vars[i], .slot = n->slot + i, .up = k->scope };
		scopes[i].like = want == 2 && i == 0 ? &key : &value;
		k->scope = &scopes[i];
	}
	OV_TRY(want_bool(k, n->body));
	k->scope = up;
	return OV_OK;
}

static ov_status check_with(struct check *k, struct ov_ynode *n)
{
	struct scope scope = { .name = n->vars[0], .slot = n->slot, .like = n->a };

	OV_TRY(check(k, n->a));
	if (n->a->type == OV_Y_REGEX || n->a->type == OV_Y_FUNC)
		return FAIL(k, n->a, "a name can't be given to this");
	scope.up = k->scope;
	k->scope = &scope;
	OV_TRY(want_bool(k, n->body));
	k->scope = scope.up;
	n->type = OV_Y_BOOL;
	return OV_OK;
}

static ov_status check(struct check *k, struct ov_ynode *n)
{
	switch (n->kind) {
	case YN_INT:
	case YN_FILESIZE:
	case YN_ENTRYPOINT:
		n->type = OV_Y_INT;
		return OV_OK;
	case YN_FLOAT:
		n->type = OV_Y_FLOAT;
		return OV_OK;
	case YN_BOOL:
		n->type = OV_Y_BOOL;
		return OV_OK;
	case YN_TEXT:
		n->type = OV_Y_STRING;
		return OV_OK;
	case YN_REGEX:
		n->type = OV_Y_REGEX;
		return OV_OK;
	case YN_NAME:
		return check_name(k, n);
	case YN_FIELD:
		return check_field(k, n);
	case YN_INDEX:
		return check_index(k, n);
	case YN_CALL:
		return check_call(k, n);
	case YN_NOT:
		n->type = OV_Y_BOOL;
		return want_bool(k, n->a);
	case YN_DEFINED:
		n->type = OV_Y_BOOL;
		return check(k, n->a);
	case YN_NEG:
	case YN_BITNOT:
		return check_unary(k, n);
	case YN_AND:
	case YN_OR:
		n->type = OV_Y_BOOL;
		for (uint32_t i = 0; i < n->nkids; i++)
			OV_TRY(want_bool(k, n->kids[i]));
		return OV_OK;
	case YN_READ:
		n->type = OV_Y_INT;
		return want_int(k, n->a, "an offset");
	case YN_OF:
	case YN_FOR_OF:
		return check_of(k, n);
	case YN_FOR_IN:
		return check_for_in(k, n);
	case YN_WITH:
		return check_with(k, n);
	case YN_FOUND:
	case YN_AT:
	case YN_IN:
	case YN_COUNT:
	case YN_OFFSET:
	case YN_LENGTH:
		return check_string(k, n);
	default:
		return check_binary(k, n);
	}
}

ov_status ov_yc_check(struct ov_ycompiler *c, struct ov_yrule_ast *r)
{
	struct check k = { .c = c, .r = r };

	OV_TRY(want_bool(&k, r->condition));
	for (uint32_t i = 0; i < r->nstrings; i++) {
		const struct ov_ystring_ast *s = &r->strings[i];

		if ((s->flags & OV_YS_USED) == 0 && s->name.n > 0 && s->name.p[0] != '_')
			return ov_yfail(&c->err, s->line, s->column,
					"unreferenced string \"$%.*s\"; use it, or begin its name "
					"with an underscore",
					(int)s->name.n, s->name.p);
	}
	return OV_OK;
}
