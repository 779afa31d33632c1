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

/* Makes what a module gave into what its tables say: kinds that lie become undefined. */
static void settle(struct ov_yval *v, enum ov_ykind want, const struct ov_yfield *f,
		   unsigned module)
{
	if (v->kind == OV_Y_UNDEFINED)
		return;
	if (v->kind != want) {
		v->kind = OV_Y_UNDEFINED;
		return;
	}
	if (want == OV_Y_STRUCT || want == OV_Y_ARRAY || want == OV_Y_DICT) {
		v->o.module = module;
		v->o.field = f;
		if (want == OV_Y_STRUCT)
			v->o.type = f->of;
	}
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
	if (f->get != NULL) {
		OV_TRY(f->get(vm->h->env, self.module, &self, &v));
	} else if (f->kind == OV_Y_INT) {
		vm_set_int(&v, f->value);
	} else if (f->kind == OV_Y_STRUCT) {
		v.kind = OV_Y_STRUCT;
		v.o = self;
	}
	settle(&v, f->kind, f, self.module);
	*top = v;
	return OV_OK;
}

static ov_status by_key(struct ov_yvm *vm, const struct ov_yobj *self, struct ov_str key,
			struct ov_yval *out)
{
	const struct ov_yfield *f = self->field;

	if (f->by_key != NULL)
		return f->by_key(vm->h->env, self->module, self, key, out);
	for (uint64_t i = 0; f->pair != NULL && i < self->n; i++) {
		struct ov_yval v = { .kind = OV_Y_UNDEFINED };
		struct ov_str name = { 0 };

		if (!vm_spend(vm, 1))
			return OV_LIMIT;
		OV_TRY(f->pair(vm->h->env, self->module, self, i, &name, &v));
		if (ov_str_eq(name, key)) {
			*out = v;
			return OV_OK;
		}
	}
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
	if (top->kind == OV_Y_ARRAY && i->kind == OV_Y_INT && i->i >= 0 &&
	    (uint64_t)i->i < self.n && self.field->at != NULL)
		OV_TRY(self.field->at(vm->h->env, self.module, &self, (uint64_t)i->i, &v));
	else if (top->kind == OV_Y_DICT && i->kind == OV_Y_STRING)
		OV_TRY(by_key(vm, &self, i->s, &v));
	if (v.kind != OV_Y_UNDEFINED)
		settle(&v, self.field->item, self.field, self.module);
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
	const struct ov_yfield *f = l->o.field;
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };
	struct ov_str key = { 0 };

	if (l->nvars == 1 && f->at != NULL) {
		OV_TRY(f->at(vm->h->env, l->o.module, &l->o, i, &v));
	} else if (l->nvars == 2 && f->pair != NULL) {
		OV_TRY(f->pair(vm->h->env, l->o.module, &l->o, i, &key, &v));
		vm->slots[l->slot] = (struct ov_yval){ .kind = OV_Y_STRING, .s = key };
	}
	settle(&v, f->item, f, l->o.module);
	vm->slots[l->slot + l->nvars - 1u] = v;
	return OV_OK;
}
