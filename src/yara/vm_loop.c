/* Loops. A loop ends as soon as its outcome is known; rounds spend the layer's steps. */
#include "vm_int.h"

#include <string.h>

#include "le.h"

/* The values of this round into the loop's variables. */
static ov_status round_values(struct ov_yvm *vm, const struct vm_loop *l)
{
	switch (l->kind) {
	case VM_LOOP_RANGE:
		vm_set_int(&vm->slots[l->slot], (int64_t)((uint64_t)l->lo + l->done));
		return OV_OK;
	case VM_LOOP_LIST:
		vm->slots[l->slot] = l->list[l->done];
		return OV_OK;
	case VM_LOOP_OBJECT:
		return vm_element(vm, l, l->done);
	default:
		return OV_OK;
	}
}

static ov_status begin_list(struct ov_yvm *vm, struct vm_loop *l, uint32_t n)
{
	if (n > l->room) {
		OV_TRY(ov_arena_array(vm->h->env->arena, n, &l->list));
		l->room = n;
	}
	memcpy(l->list, &vm->stack[vm->sp - n], n * sizeof *l->list);
	l->total = n;
	vm->sp -= n;
	return OV_OK;
}

/* @return what the loop is at once, or UNKNOWN with *runs set when it has to be run. */
static enum ov_yresult begin_range(struct vm_loop *l, const struct ov_yval *lo,
				   const struct ov_yval *hi, bool *runs)
{
	if (lo->kind == VM_UNKNOWN || hi->kind == VM_UNKNOWN)
		return OV_YR_UNKNOWN;
	if (lo->kind != OV_Y_INT || hi->kind != OV_Y_INT || hi->i < lo->i)
		return OV_YR_FALSE; /* nothing to go through: false, whatever is asked for */
	l->lo = lo->i;
	l->total = (uint64_t)hi->i - (uint64_t)lo->i + 1;
	*runs = true;
	return OV_YR_UNKNOWN;
}

static bool set_need(struct vm_loop *l, const struct ov_yval *n)
{
	l->need = 0;
	if (l->quant == OV_YQ_N || l->quant == OV_YQ_PERCENT) {
		if (n->kind != OV_Y_INT)
			return false;
		l->need = n->i;
	}
	if (l->quant == OV_YQ_PERCENT) {
		const double share = (double)l->total * (double)n->i / 100.0;

		l->need = share > 0.0 && share < 1e15 ? (int64_t)share : 0;
		l->need += (double)l->need < share;
	}
	return true;
}

/* Takes what a loop goes through off the stack. @return OV_OK with *runs; a result otherwise. */
static ov_status begin(struct ov_yvm *vm, struct vm_loop *l, uint8_t op, const uint8_t *o,
		       enum ov_yresult *result, bool *runs)
{
	const struct ov_yval *top = vm->sp > 0 ? &vm->stack[vm->sp - 1] : &vm->stack[0];
	struct ov_yconst c;

	*result = OV_YR_FALSE;
	switch (op) {
	case YO_FOR_STRINGS:
		ov_yimage_const(vm->h->image, vm->r->first_const + ov_le32(o + 2), &c);
		l->kind = VM_LOOP_STRINGS;
		l->set = c.set;
		l->total = c.set.len / 4;
		*runs = l->total > 0;
		return OV_OK;
	case YO_FOR_RANGE:
		l->kind = VM_LOOP_RANGE;
		*result = begin_range(l, top - 1, top, runs);
		vm->sp -= 2;
		return OV_OK;
	case YO_FOR_LIST:
		l->kind = VM_LOOP_LIST;
		OV_TRY(begin_list(vm, l, ov_le32(o + 8)));
		*runs = l->total > 0;
		return OV_OK;
	default:
		l->kind = VM_LOOP_OBJECT;
		if (top->kind == VM_UNKNOWN) {
			*result = OV_YR_UNKNOWN;
		} else if (top->kind == OV_Y_ARRAY || top->kind == OV_Y_DICT) {
			l->o = top->o;
			l->total = top->o.n;
			*runs = l->total > 0;
		}
		vm->sp--;
		return OV_OK;
	}
}

ov_status vm_loop_begin(struct ov_yvm *vm, uint8_t op, const uint8_t *o)
{
	struct vm_loop *l = &vm->loops[o[1]];
	const uint32_t end = ov_le32(o + (op == YO_FOR_STRINGS ? 6 : 4));
	const bool has_need = o[0] == OV_YQ_N || o[0] == OV_YQ_PERCENT;
	enum ov_yresult result = OV_YR_FALSE;
	struct ov_yval out;
	bool runs = false;

	*l = (struct vm_loop){ .list = l->list, .room = l->room, .quant = o[0] };
	if (op != YO_FOR_STRINGS) {
		l->slot = o[2];
		l->nvars = o[3];
	}
	OV_TRY(begin(vm, l, op, o, &result, &runs));
	if (has_need) {
		const struct ov_yval *n = &vm->stack[--vm->sp];

		if (runs && n->kind == VM_UNKNOWN) {
			result = OV_YR_UNKNOWN;
			runs = false;
		} else if (runs && !set_need(l, n)) {
			runs = false;
		}
	}
	if (runs)
		return round_values(vm, l);
	l->kind = VM_LOOP_NONE;
	vm_set_result(&out, result);
	vm_push(vm, out);
	vm->pc = end;
	return OV_OK;
}

/* After a round: the outcome, when it is known. */
static bool is_over(struct vm_loop *l, enum ov_yresult *out)
{
	const uint64_t left = l->total - l->done;

	if (!l->is_unknown) {
		*out = vm_quantify(l->quant, l->need, l->yes, left, l->total);
		return *out != OV_YR_UNKNOWN || left == 0;
	}
	/* Rounds whose outcome is not known: what is certain is certain, else all must be seen. */
	*out = vm_quantify(l->quant, l->need, l->yes, l->total - l->yes, l->total);
	if (*out != OV_YR_UNKNOWN)
		return true;
	return left == 0;
}

ov_status vm_loop_next(struct ov_yvm *vm, const uint8_t *o)
{
	struct vm_loop *l = &vm->loops[o[0]];
	const enum ov_yresult r = vm_truth(&vm->stack[--vm->sp]);
	enum ov_yresult result = OV_YR_FALSE;
	struct ov_yval out;

	if (l->kind == VM_LOOP_NONE)
		return OV_BAD; /* code that was made to deceive */
	l->done++;
	l->yes += r == OV_YR_TRUE;
	l->is_unknown |= r == OV_YR_UNKNOWN;
	if (!is_over(l, &result)) {
		vm->pc = ov_le32(o + 1);
		return round_values(vm, l);
	}
	l->kind = VM_LOOP_NONE;
	vm_set_result(&out, result);
	vm_push(vm, out);
	return OV_OK;
}
