/* Operators on two values. */
#include "vm_int.h"

#include <string.h>

#include "text.h"

static double number(const struct ov_yval *v)
{
	return v->kind == OV_Y_FLOAT ? v->f : (double)v->i;
}

/* Integers wrap as YARA's do; a quotient that has no value is undefined. */
static bool integers(uint8_t kind, int64_t a, int64_t b, int64_t *out)
{
	const uint64_t ua = (uint64_t)a, ub = (uint64_t)b;

	switch (kind) {
	case YN_ADD:
		*out = (int64_t)(ua + ub);
		return true;
	case YN_SUB:
		*out = (int64_t)(ua - ub);
		return true;
	case YN_MUL:
		*out = (int64_t)(ua * ub);
		return true;
	case YN_DIV:
	case YN_MOD:
		if (b == 0 || (a == INT64_MIN && b == -1))
			return false;
		*out = kind == YN_DIV ? a / b : a % b;
		return true;
	case YN_SHL:
	case YN_SHR:
		if (b < 0)
			return false;
		*out = b >= 64 ? 0 : kind == YN_SHL ? (int64_t)(ua << b) : a >> b;
		return true;
	case YN_BITAND:
		*out = a & b;
		return true;
	case YN_BITXOR:
		*out = a ^ b;
		return true;
	default:
		*out = a | b;
		return true;
	}
}

static bool floats(uint8_t kind, double a, double b, double *out)
{
	switch (kind) {
	case YN_ADD:
		*out = a + b;
		return true;
	case YN_SUB:
		*out = a - b;
		return true;
	case YN_MUL:
		*out = a * b;
		return true;
	case YN_DIV:
		if (b == 0.0)
			return false;
		*out = a / b;
		return true;
	default:
		return false;
	}
}

static void arithmetic(uint8_t kind, struct ov_yval *a, const struct ov_yval *b)
{
	struct ov_yval out = { .kind = OV_Y_UNDEFINED };
	const bool are_numbers = (a->kind == OV_Y_INT || a->kind == OV_Y_FLOAT) &&
				 (b->kind == OV_Y_INT || b->kind == OV_Y_FLOAT);

	if (a->kind == OV_Y_INT && b->kind == OV_Y_INT) {
		if (integers(kind, a->i, b->i, &out.i))
			out.kind = OV_Y_INT;
	} else if (are_numbers) {
		if (floats(kind, number(a), number(b), &out.f))
			out.kind = OV_Y_FLOAT;
	}
	*a = out;
}

static int text_order(struct ov_str a, struct ov_str b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	const int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static bool holds(uint8_t kind, bool is_less, bool is_equal)
{
	switch (kind) {
	case YN_EQ:
		return is_equal;
	case YN_NE:
		return !is_equal;
	case YN_LT:
		return is_less;
	case YN_LE:
		return is_less || is_equal;
	case YN_GT:
		return !is_less && !is_equal;
	default:
		return !is_less;
	}
}

static void compare(uint8_t kind, struct ov_yval *a, const struct ov_yval *b)
{
	const bool ints = (a->kind == OV_Y_INT || a->kind == OV_Y_BOOL) &&
			  (b->kind == OV_Y_INT || b->kind == OV_Y_BOOL);

	if (ints) {
		vm_set_bool(a, holds(kind, a->i < b->i, a->i == b->i));
	} else if (a->kind == OV_Y_STRING && b->kind == OV_Y_STRING) {
		const int c = text_order(a->s, b->s);

		vm_set_bool(a, holds(kind, c < 0, c == 0));
	} else if ((a->kind == OV_Y_INT || a->kind == OV_Y_FLOAT) &&
		   (b->kind == OV_Y_INT || b->kind == OV_Y_FLOAT)) {
		const double x = number(a), y = number(b);

		vm_set_bool(a, holds(kind, x < y, x == y));
	} else {
		a->kind = OV_Y_UNDEFINED;
	}
}

static bool same(const char *a, const char *b, size_t n, bool is_blind)
{
	if (n == 0)
		return true;
	if (!is_blind)
		return memcmp(a, b, n) == 0;
	return ov_text_same((struct ov_str){ .p = a, .n = n }, (struct ov_str){ .p = b, .n = n });
}

static bool contains(struct ov_str a, struct ov_str b, bool is_blind)
{
	if (b.n > a.n)
		return false;
	if (!is_blind || b.n == 0)
		return b.n == 0 || memmem(a.p, a.n, b.p, b.n) != NULL;
	for (size_t i = 0; i <= a.n - b.n; i++)
		if (same(a.p + i, b.p, b.n, true))
			return true;
	return false;
}

static ov_status texts(struct ov_yvm *vm, uint8_t kind, struct ov_yval *v, const struct ov_yval *b)
{
	const struct ov_str s = v->s, t = b->s;
	const bool blind = kind == YN_ICONTAINS || kind == YN_ISTARTSWITH || kind == YN_IENDSWITH ||
			   kind == YN_IEQUALS;
	bool is = false;

	/* Looking for a text blindly costs at worst the product of both lengths. */
	if (!vm_spend(vm, kind == YN_ICONTAINS ? s.n / 16 * (t.n + 1) : s.n / 64))
		return OV_LIMIT;
	switch (kind) {
	case YN_CONTAINS:
	case YN_ICONTAINS:
		is = contains(s, t, blind);
		break;
	case YN_STARTSWITH:
	case YN_ISTARTSWITH:
		is = s.n >= t.n && same(s.p, t.p, t.n, blind);
		break;
	case YN_ENDSWITH:
	case YN_IENDSWITH:
		is = s.n >= t.n && same(s.p + (s.n - t.n), t.p, t.n, blind);
		break;
	default:
		is = s.n == t.n && same(s.p, t.p, t.n, blind);
		break;
	}
	vm_set_bool(v, is);
	return OV_OK;
}

static ov_status matches(struct ov_yvm *vm, struct ov_yval *v, const struct ov_yval *regex)
{
	struct ov_ymatch m;
	ov_status s;

	if (v->kind != OV_Y_STRING || regex->kind != OV_Y_REGEX) {
		v->kind = OV_Y_UNDEFINED;
		return OV_OK;
	}
	s = ov_re_find(vm->h->env->search, regex->regex, (const uint8_t *)v->s.p, v->s.n,
		       vm->h->env->steps, &m);
	if (s != OV_OK && s != OV_END)
		return s;
	vm_set_bool(v, s == OV_OK);
	return OV_OK;
}

ov_status vm_binary(struct ov_yvm *vm, uint8_t kind)
{
	struct ov_yval *a = &vm->stack[vm->sp - 2];
	const struct ov_yval *b = &vm->stack[vm->sp - 1];

	vm->sp--;
	if (a->kind == OV_Y_UNDEFINED || b->kind == OV_Y_UNDEFINED) {
		a->kind = OV_Y_UNDEFINED;
		return OV_OK;
	}
	if (a->kind == VM_UNKNOWN || b->kind == VM_UNKNOWN) {
		a->kind = VM_UNKNOWN;
		return OV_OK;
	}
	if (kind <= YN_BITOR) {
		arithmetic(kind, a, b);
	} else if (kind <= YN_GE) {
		compare(kind, a, b);
	} else if (kind == YN_MATCHES) {
		return matches(vm, a, b);
	} else if (a->kind == OV_Y_STRING && b->kind == OV_Y_STRING) {
		return texts(vm, kind, a, b);
	} else {
		a->kind = OV_Y_UNDEFINED;
	}
	return OV_OK;
}
