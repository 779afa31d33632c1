/* What conditions ask of strings. */
#include "vm_int.h"

#include "le.h"

/* A string's number in the image; of a loop's, the one that the loop is at. */
static bool number_of(const struct ov_yvm *vm, const uint8_t *o, uint32_t *out)
{
	const uint32_t i = ov_le32(o);
	const struct vm_loop *l;

	if ((i & OV_YSTR_LOOP) == 0) {
		*out = vm->r->first_string + i;
		return true;
	}
	l = &vm->loops[i & ~OV_YSTR_LOOP];
	if (l->kind != VM_LOOP_STRINGS || l->done >= l->set.len / 4)
		return false; /* code that was made to deceive */
	*out = vm->r->first_string + ov_le32(l->set.base + 4 * l->done);
	return true;
}

/* The first match at or behind `off`: its number. */
static uint32_t lower_bound(const struct ov_ylist *l, uint64_t off)
{
	uint32_t lo = 0, hi = l->n;

	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (l->at[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static enum ov_yresult is_at(struct ov_yvm *vm, uint32_t str, const struct ov_yval *at)
{
	struct ov_ylist l;
	ov_status s;
	uint32_t i;

	if (at->kind == VM_UNKNOWN)
		return OV_YR_UNKNOWN;
	if (at->kind != OV_Y_INT || at->i < 0)
		return OV_YR_FALSE;
	s = vm->h->match_at(vm->h->ctx, str, (uint64_t)at->i);
	if (s == OV_OK || s == OV_END)
		return s == OV_OK ? OV_YR_TRUE : OV_YR_FALSE;
	if (!vm->h->list(vm->h->ctx, str, &l))
		return OV_YR_UNKNOWN;
	i = lower_bound(&l, (uint64_t)at->i);
	return i < l.n && l.at[i].off == (uint64_t)at->i ? OV_YR_TRUE : OV_YR_FALSE;
}

/* How many begin in lo..hi. */
static bool count_in(struct ov_yvm *vm, uint32_t str, const struct ov_yval *lo,
		     const struct ov_yval *hi, struct ov_yval *out)
{
	struct ov_ylist l;
	uint64_t from, to;

	out->kind = OV_Y_UNDEFINED;
	if (lo->kind == VM_UNKNOWN || hi->kind == VM_UNKNOWN || !vm->h->list(vm->h->ctx, str, &l)) {
		out->kind = VM_UNKNOWN;
		return false;
	}
	if (lo->kind != OV_Y_INT || hi->kind != OV_Y_INT)
		return false;
	from = lo->i > 0 ? (uint64_t)lo->i : 0;
	to = hi->i >= 0 ? (uint64_t)hi->i : 0;
	vm_set_int(out, 0);
	if (hi->i < 0 || to < from)
		return true;
	out->i = (int64_t)lower_bound(&l, to + 1) - (int64_t)lower_bound(&l, from);
	return true;
}

static void nth(struct ov_yvm *vm, uint32_t str, struct ov_yval *v, bool is_offset)
{
	const int64_t i = v->kind == OV_Y_INT ? v->i : 0;
	struct ov_ylist l;

	if (v->kind == VM_UNKNOWN)
		return;
	v->kind = OV_Y_UNDEFINED;
	if (!vm->h->list(vm->h->ctx, str, &l)) {
		v->kind = VM_UNKNOWN;
		return;
	}
	if (i >= 1 && (uint64_t)i <= l.n)
		vm_set_int(v, (int64_t)(is_offset ? l.at[i - 1].off : l.at[i - 1].len));
}

static void presence(struct ov_yvm *vm, uint32_t str, bool is_count)
{
	struct ov_yval v = { .kind = VM_UNKNOWN };
	struct ov_ylist l;

	if (vm->h->list(vm->h->ctx, str, &l)) {
		if (is_count)
			vm_set_int(&v, l.n);
		else
			vm_set_bool(&v, l.n > 0);
	}
	vm_push(vm, v);
}

ov_status vm_string(struct ov_yvm *vm, uint8_t op, const uint8_t *o)
{
	struct ov_yval *top = &vm->stack[vm->sp > 0 ? vm->sp - 1 : 0];
	struct ov_yval v;
	uint32_t str = 0;

	if (!number_of(vm, o, &str))
		return OV_BAD;
	switch (op) {
	case YO_FOUND:
	case YO_COUNT:
		presence(vm, str, op == YO_COUNT);
		return OV_OK;
	case YO_AT:
		if (top->kind != OV_Y_UNDEFINED) /* `at` an undefined place is undefined */
			vm_set_result(top, is_at(vm, str, top));
		return OV_OK;
	case YO_OFFSET:
	case YO_LENGTH:
		nth(vm, str, top, op == YO_OFFSET);
		return OV_OK;
	default: /* IN, COUNT_IN */
		if (count_in(vm, str, top - 1, top, &v) && op == YO_IN)
			vm_set_bool(&v, v.i > 0);
		vm->sp--;
		vm->stack[vm->sp - 1] = v;
		return OV_OK;
	}
}

/* ---- quantifiers ---- */

enum ov_yresult vm_quantify(uint8_t quant, int64_t need, uint64_t yes, uint64_t unknown,
			    uint64_t total)
{
	const uint64_t most = yes + unknown;
	uint64_t want;

	switch (quant) {
	case OV_YQ_ALL:
		want = total;
		break;
	case OV_YQ_ANY:
		want = 1;
		break;
	case OV_YQ_NONE:
		if (yes > 0)
			return OV_YR_FALSE;
		return unknown > 0 ? OV_YR_UNKNOWN : OV_YR_TRUE;
	default:
		want = need > 0 ? (uint64_t)need : 0;
		break;
	}
	if (yes >= want)
		return OV_YR_TRUE;
	return most >= want ? OV_YR_UNKNOWN : OV_YR_FALSE;
}

/* N of, N% of: how many that is. `0 of` means none. @return false: undefined. */
static bool needed(uint8_t *quant, const struct ov_yval *n, uint64_t total, int64_t *need)
{
	*need = 0;
	if (*quant != OV_YQ_N && *quant != OV_YQ_PERCENT)
		return true;
	if (n->kind != OV_Y_INT)
		return false;
	*need = n->i;
	if (*quant == OV_YQ_PERCENT) {
		const double share = (double)total * (double)n->i / 100.0;

		*need = share > 0.0 && share < 1e15 ? (int64_t)share : 0;
		*need += (double)*need < share;
	} else if (n->i == 0) {
		*quant = OV_YQ_NONE;
	}
	return true;
}

static enum ov_yresult member(struct ov_yvm *vm, uint32_t str, uint8_t place,
			      const struct ov_yval *args)
{
	struct ov_ylist l;
	struct ov_yval v;

	if (place == OV_YPLACE_AT)
		return is_at(vm, str, args);
	if (place == OV_YPLACE_IN) {
		if (count_in(vm, str, args, args + 1, &v))
			return v.i > 0 ? OV_YR_TRUE : OV_YR_FALSE;
		return v.kind == VM_UNKNOWN ? OV_YR_UNKNOWN : OV_YR_FALSE;
	}
	if (!vm->h->list(vm->h->ctx, str, &l))
		return OV_YR_UNKNOWN;
	return l.n > 0 ? OV_YR_TRUE : OV_YR_FALSE;
}

ov_status vm_of(struct ov_yvm *vm, const uint8_t *o)
{
	const uint8_t place = o[1];
	const struct ov_yval *args = &vm->stack[vm->sp - place];
	uint8_t quant = o[0];
	const bool has_need = quant == OV_YQ_N || quant == OV_YQ_PERCENT;
	struct ov_yval out = { .kind = OV_Y_UNDEFINED };
	const struct ov_yval *n = has_need ? args - 1 : args;
	uint64_t yes = 0, unknown = 0;
	struct ov_yconst c;
	int64_t need = 0;

	ov_yimage_const(vm->h->image, vm->r->first_const + ov_le32(o + 2), &c);
	if (has_need && n->kind == VM_UNKNOWN) {
		out.kind = VM_UNKNOWN;
	} else if (needed(&quant, n, c.set.len / 4, &need)) {
		for (size_t i = 0; i + 4 <= c.set.len; i += 4) {
			const enum ov_yresult r =
			    member(vm, vm->r->first_string + ov_le32(c.set.base + i), place, args);

			yes += r == OV_YR_TRUE;
			unknown += r == OV_YR_UNKNOWN;
		}
		if (!vm_spend(vm, c.set.len / 4))
			return OV_LIMIT;
		vm_set_result(&out, vm_quantify(quant, need, yes, unknown, c.set.len / 4));
	}
	vm->sp -= place + (has_need ? 1u : 0u);
	vm_push(vm, out);
	return OV_OK;
}

ov_status vm_tuple(struct ov_yvm *vm, const uint8_t *o)
{
	const uint32_t total = ov_le32(o + 1);
	uint8_t quant = o[0];
	const bool has_need = quant == OV_YQ_N || quant == OV_YQ_PERCENT;
	const struct ov_yval *args = &vm->stack[vm->sp - total];
	const struct ov_yval *n = has_need ? args - 1 : args;
	struct ov_yval out = { .kind = OV_Y_UNDEFINED };
	uint64_t yes = 0, unknown = 0;
	int64_t need = 0;

	if (has_need && n->kind == VM_UNKNOWN) {
		out.kind = VM_UNKNOWN;
	} else if (needed(&quant, n, total, &need)) {
		for (uint32_t i = 0; i < total; i++) {
			const enum ov_yresult r = vm_truth(&args[i]);

			yes += r == OV_YR_TRUE;
			unknown += r == OV_YR_UNKNOWN;
		}
		vm_set_result(&out, vm_quantify(quant, need, yes, unknown, total));
	}
	vm->sp -= total + (has_need ? 1u : 0u);
	vm_push(vm, out);
	return OV_OK;
}
