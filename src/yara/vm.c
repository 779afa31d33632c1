/*
 * The evaluator: a loop over verified code. Values carry their kinds; what does not fit is
 * undefined, and undefined values pass through operators as YARA says: a comparison with one is
 * undefined, `and`, `or` and quantifiers take it for false, `not` of it is undefined.
 */
#include "vm_int.h"

#include <stdlib.h>
#include <string.h>

#include "le.h"

ov_status ov_yvm_new(struct ov_yvm **out)
{
	struct ov_yvm *vm = calloc(1, sizeof *vm);

	if (vm == NULL)
		return OV_NOMEM;
	vm->stack = calloc(OV_YSTACK_MAX + 2, sizeof *vm->stack);
	if (vm->stack == NULL) {
		free(vm);
		return OV_NOMEM;
	}
	*out = vm;
	return OV_OK;
}

void ov_yvm_free(struct ov_yvm **pvm)
{
	if (*pvm == NULL)
		return;
	free((*pvm)->stack);
	free(*pvm);
	*pvm = NULL;
}

enum ov_yresult vm_truth(const struct ov_yval *v)
{
	switch (v->kind) {
	case OV_Y_INT:
	case OV_Y_BOOL:
		return v->i != 0 ? OV_YR_TRUE : OV_YR_FALSE;
	case OV_Y_FLOAT:
		return v->f != 0.0 ? OV_YR_TRUE : OV_YR_FALSE;
	case OV_Y_STRING:
		return v->s.n > 0 ? OV_YR_TRUE : OV_YR_FALSE;
	default:
		return v->kind == VM_UNKNOWN ? OV_YR_UNKNOWN : OV_YR_FALSE;
	}
}

static void constant(struct ov_yvm *vm, uint32_t i)
{
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };
	struct ov_yconst c;

	ov_yimage_const(vm->h->image, vm->r->first_const + i, &c);
	if (c.kind == OV_YC_TEXT) {
		v.kind = OV_Y_STRING;
		v.s = c.text;
	} else if (c.kind == OV_YC_REGEX) {
		v.kind = OV_Y_REGEX;
		v.regex = c.regex;
	} else if (c.kind == OV_YC_EXTERNAL && c.external < vm->h->image->nexternals) {
		v = vm->h->externals[c.external];
	}
	vm_push(vm, v);
}

static void negate(struct ov_yval *v)
{
	const enum ov_yresult t = vm_truth(v);

	if (v->kind == OV_Y_UNDEFINED || t == OV_YR_UNKNOWN)
		return;
	vm_set_bool(v, t == OV_YR_FALSE);
}

static void unary(struct ov_yval *v, uint8_t op)
{
	if (op == YO_NOT) {
		negate(v);
	} else if (op == YO_DEFINED) {
		if (v->kind != VM_UNKNOWN)
			vm_set_bool(v, v->kind != OV_Y_UNDEFINED);
	} else if (v->kind == OV_Y_FLOAT && op == YO_NEG) {
		v->f = -v->f;
	} else if (v->kind == OV_Y_INT) {
		v->i = op == YO_NEG ? (int64_t)(0 - (uint64_t)v->i) : ~v->i;
	} else if (v->kind != VM_UNKNOWN) {
		v->kind = OV_Y_UNDEFINED;
	}
}

/* The two topmost conditions to one. What is false in `and`, true in `or`, decides alone. */
static void combine(struct ov_yvm *vm, bool is_and)
{
	const enum ov_yresult decides = is_and ? OV_YR_FALSE : OV_YR_TRUE;
	const enum ov_yresult a = vm_truth(&vm->stack[vm->sp - 2]);
	const enum ov_yresult b = vm_truth(&vm->stack[vm->sp - 1]);
	enum ov_yresult r = is_and ? OV_YR_TRUE : OV_YR_FALSE;

	if (a == decides || b == decides)
		r = decides;
	else if (a == OV_YR_UNKNOWN || b == OV_YR_UNKNOWN)
		r = OV_YR_UNKNOWN;
	vm->sp--;
	vm_set_result(&vm->stack[vm->sp - 1], r);
}

/* uintNN(at): undefined where there are no such bytes. */
static void read_integer(struct ov_yvm *vm, uint8_t how)
{
	struct ov_yval *v = &vm->stack[vm->sp - 1];
	const unsigned width = how & 0xfu;
	const int64_t at = v->kind == OV_Y_INT ? v->i : -1;
	uint8_t b[8] = { 0 };
	uint64_t raw = 0;

	if (v->kind == VM_UNKNOWN)
		return;
	v->kind = OV_Y_UNDEFINED;
	if (at < 0 || width < 1 || width > 4 ||
	    vm->h->read(vm->h->ctx, (uint64_t)at, b, width) != OV_OK)
		return;
	for (unsigned i = 0; i < width; i++)
		raw |= (uint64_t)b[i] << 8 * ((how & OV_YREAD_BIG) != 0 ? width - 1 - i : i);
	if ((how & OV_YREAD_SIGNED) != 0 && (raw >> (8 * width - 1)) != 0)
		raw |= UINT64_MAX << (8 * width);
	vm_set_int(v, (int64_t)raw);
}

static void offset(struct ov_yvm *vm, bool is_there, uint64_t v)
{
	struct ov_yval out = { .kind = OV_Y_UNDEFINED };

	if (is_there && v <= INT64_MAX)
		vm_set_int(&out, (int64_t)v);
	vm_push(vm, out);
}

/* Pushes that need nothing but their operand. */
static void load(struct ov_yvm *vm, uint8_t op, const uint8_t *o)
{
	struct ov_yval v = { .kind = OV_Y_INT };
	uint64_t raw;

	switch (op) {
	case YO_INT:
		v.i = (int64_t)ov_le64(o);
		break;
	case YO_BYTE:
		v.i = o[0];
		break;
	case YO_FLOAT:
		v.kind = OV_Y_FLOAT;
		raw = ov_le64(o);
		memcpy(&v.f, &raw, sizeof v.f);
		break;
	case YO_BOOL:
		v.kind = OV_Y_BOOL;
		v.i = o[0] != 0;
		break;
	case YO_RULE:
		vm_set_result(&v, vm->h->rule(vm->h->ctx, vm->r->id - ov_le32(o)));
		break;
	default: /* LOAD */
		v = vm->slots[o[0]];
		break;
	}
	vm_push(vm, v);
}

static ov_status step(struct ov_yvm *vm, uint8_t op, const uint8_t *o)
{
	switch (op) {
	case YO_CONST:
		constant(vm, ov_le32(o));
		return OV_OK;
	case YO_FILESIZE:
		offset(vm, vm->h->has_size, vm->h->size);
		return OV_OK;
	case YO_ENTRYPOINT:
		offset(vm, vm->h->has_entry, vm->h->entry);
		return OV_OK;
	case YO_INT:
	case YO_BYTE:
	case YO_FLOAT:
	case YO_BOOL:
	case YO_RULE:
	case YO_LOAD:
		load(vm, op, o);
		return OV_OK;
	case YO_STORE:
		vm->slots[o[0]] = vm->stack[--vm->sp];
		return OV_OK;
	case YO_NOT:
	case YO_DEFINED:
	case YO_NEG:
	case YO_BITNOT:
		unary(&vm->stack[vm->sp - 1], op);
		return OV_OK;
	case YO_AND:
	case YO_OR:
		combine(vm, op == YO_AND);
		return OV_OK;
	case YO_IF_FALSE:
		if (vm_truth(&vm->stack[vm->sp - 1]) == OV_YR_FALSE) {
			vm_set_bool(&vm->stack[vm->sp - 1], false);
			vm->pc = ov_le32(o);
		}
		return OV_OK;
	case YO_IF_TRUE:
		if (vm_truth(&vm->stack[vm->sp - 1]) == OV_YR_TRUE) {
			vm_set_bool(&vm->stack[vm->sp - 1], true);
			vm->pc = ov_le32(o);
		}
		return OV_OK;
	case YO_BINARY:
		return vm_binary(vm, o[0]);
	case YO_READ:
		read_integer(vm, o[0]);
		return OV_OK;
	case YO_MODULE:
		return vm_module(vm, o);
	case YO_FIELD:
		return vm_field(vm, o);
	case YO_INDEX:
		return vm_index(vm);
	case YO_CALL:
		return vm_call(vm, o[0]);
	case YO_OF:
		return vm_of(vm, o);
	case YO_TUPLE:
		return vm_tuple(vm, o);
	case YO_FOR_STRINGS:
	case YO_FOR_RANGE:
	case YO_FOR_LIST:
	case YO_FOR_OBJECT:
		return vm_loop_begin(vm, op, o);
	case YO_NEXT:
		return vm_loop_next(vm, o);
	default:
		return vm_string(vm, op, o);
	}
}

ov_status ov_yvm_eval(struct ov_yvm *vm, const struct ov_yhost *host, const struct ov_yrule *rule,
		      enum ov_yresult *out)
{
	vm->h = host;
	vm->r = rule;
	vm->sp = 0;
	vm->pc = 0;
	vm->code = rule->code.base;
	memset(vm->slots, 0, sizeof *vm->slots * rule->nslots);
	memset(vm->loops, 0, sizeof *vm->loops * rule->nloops);
	if (rule->code.len == 0)
		return OV_BUG;
	while (vm->code[vm->pc] != YO_END) {
		const uint8_t op = vm->code[vm->pc];
		const uint8_t *o = vm->code + vm->pc + 1;

		if (!vm_spend(vm, 1))
			return OV_LIMIT;
		vm->pc += 1 + ov_yop_operands(op);
		OV_TRY(step(vm, op, o));
	}
	*out = vm_truth(&vm->stack[0]);
	return OV_OK;
}
