/* What conditions ask of modules. */
#include "vm_int.h"

#include <string.h>

#include "le.h"

static struct ov_str name_of(struct ov_yvm *vm, const uint8_t *o)
{
	struct ov_yconst c;

	ov_yimage_const(vm->h->image, vm->r->first_const + ov_le32(o), &c);
	return c.text;
}

ov_status vm_module(struct ov_yvm *vm, const uint8_t *o)
{
	const int m = ov_ymodule_find(vm->h->modules, name_of(vm, o));
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };

	if (m >= 0) {
		v.kind = OV_Y_STRUCT;
		v.o = (struct ov_yobj){ .type = vm->h->modules->rows[m]->root,
					.module = (unsigned)m };
	}
	vm_push(vm, v);
	return OV_OK;
}

static void function_value(struct ov_yval *v, const struct ov_yobj *self, const struct ov_yfield *f)
{
	struct ov_yobj o = *self;

	o.field = f;
	v->kind = OV_Y_FUNC;
	v->o = o;
}

ov_status vm_field(struct ov_yvm *vm, const uint8_t *o)
{
	struct ov_yval *top = &vm->stack[vm->sp - 1];
	const struct ov_yfield *f;
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };
	struct ov_yobj self;

	if (top->kind == VM_UNKNOWN)
		return OV_OK;
	if (top->kind != OV_Y_STRUCT) {
		top->kind = OV_Y_UNDEFINED;
		return OV_OK;
	}
	self = top->o;
	f = ov_ytype_field(self.type, name_of(vm, o));
	top->kind = OV_Y_UNDEFINED;
	if (f == NULL)
		return OV_OK;
	if (f->kind == OV_Y_FUNC) {
		function_value(top, &self, f);
		return OV_OK;
	}
	OV_TRY(ov_yfield_value(vm->h->env, &self, f, &v));
	*top = v;
	return OV_OK;
}

ov_status vm_index(struct ov_yvm *vm)
{
	const struct ov_yval *i = &vm->stack[vm->sp - 1];
	struct ov_yval *top = &vm->stack[vm->sp - 2];
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };
	const struct ov_yobj self = top->o;

	vm->sp--;
	if (top->kind == VM_UNKNOWN || i->kind == VM_UNKNOWN) {
		top->kind = VM_UNKNOWN;
		return OV_OK;
	}
	if (top->kind == OV_Y_ARRAY && i->kind == OV_Y_INT && i->i >= 0)
		OV_TRY(ov_yarray_item(vm->h->env, &self, (uint64_t)i->i, &v));
	else if (top->kind == OV_Y_DICT && i->kind == OV_Y_STRING)
		OV_TRY(ov_ydict_value(vm->h->env, &self, i->s, &v));
	*top = v;
	return OV_OK;
}

static bool fits(char letter, const struct ov_yval *v, bool is_loose)
{
	switch (letter) {
	case 'i':
		return v->kind == OV_Y_INT;
	case 'f':
		return v->kind == OV_Y_FLOAT || (is_loose && v->kind == OV_Y_INT);
	case 's':
		return v->kind == OV_Y_STRING;
	case 'b':
		return v->kind == OV_Y_BOOL;
	default:
		return letter == 'r' && v->kind == OV_Y_REGEX;
	}
}

static const struct ov_ysig *signature(const struct ov_yfield *f, struct ov_yval *args, uint32_t n)
{
	for (int loose = 0; loose < 2; loose++)
		for (const struct ov_ysig *s = f->sigs; s != NULL && s->args != NULL; s++) {
			bool is = strlen(s->args) == n;

			for (uint32_t i = 0; is && i < n; i++)
				is = fits(s->args[i], &args[i], loose != 0);
			if (!is)
				continue;
			for (uint32_t i = 0; i < n; i++)
				if (s->args[i] == 'f' && args[i].kind == OV_Y_INT)
					args[i] = (struct ov_yval){ .kind = OV_Y_FLOAT,
								    .f = (double)args[i].i };
			return s;
		}
	return NULL;
}

ov_status vm_call(struct ov_yvm *vm, uint32_t nargs)
{
	struct ov_yval *args = &vm->stack[vm->sp - nargs], *func = args - 1;
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };
	const struct ov_ysig *s;
	struct ov_yobj self;

	vm->sp -= nargs;
	for (uint32_t i = 0; i < nargs; i++)
		if (args[i].kind == VM_UNKNOWN)
			func->kind = VM_UNKNOWN;
	if (func->kind == VM_UNKNOWN)
		return OV_OK;
	if (func->kind == OV_Y_FUNC) {
		self = func->o;
		s = signature(self.field, args, nargs);
		if (s != NULL)
			OV_TRY(s->call(vm->h->env, self.module, &self, args, nargs, &v));
		if (s != NULL && v.kind != s->result)
			v.kind = OV_Y_UNDEFINED;
	}
	*func = v;
	return OV_OK;
}

ov_status vm_element(struct ov_yvm *vm, const struct vm_loop *l, uint64_t i)
{
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };
	struct ov_str key = { 0 };

	if (l->nvars == 1) {
		OV_TRY(ov_yarray_item(vm->h->env, &l->o, i, &v));
	} else if (l->nvars == 2) {
		OV_TRY(ov_ydict_pair(vm->h->env, &l->o, i, &key, &v));
		vm->slots[l->slot] = (struct ov_yval){ .kind = OV_Y_STRING, .s = key };
	}
	vm->slots[l->slot + l->nvars - 1u] = v;
	return OV_OK;
}
