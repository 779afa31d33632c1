/* Names and values in modules' tables. */
#include "module.h"

#include <string.h>

/* Conditions look fields up while they are evaluated: no name's length is taken. */
static bool is_named(const char *name, struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (name[i] != s.p[i] || name[i] == '\0')
			return false;
	return name[s.n] == '\0';
}

const struct ov_yfield *ov_ytype_field(const struct ov_ytype *t, struct ov_str name)
{
	for (size_t i = 0; t != NULL && i < t->nfields; i++)
		if (is_named(t->fields[i].name, name))
			return &t->fields[i];
	return NULL;
}

int ov_ymodule_find(const struct ov_ymodules *m, struct ov_str name)
{
	for (size_t i = 0; m != NULL && i < m->n && i < OV_YMODULES_MAX; i++)
		if (is_named(m->rows[i]->name, name))
			return (int)i;
	return -1;
}

const char *ov_ymodule_head(const struct ov_ymodules *m, unsigned module,
			    const struct ov_yfield *field)
{
	const struct ov_ymodule *row = m->rows[module];

	return row->anyway != NULL && strcmp(field->name, row->anyway) == 0 ? NULL : row->head;
}

bool ov_yfield_is_certain(const struct ov_yfield *f)
{
	return f->get == NULL && (f->kind == OV_Y_INT || f->kind == OV_Y_STRUCT);
}

struct ov_yobj ov_ymodule_root(const struct ov_ymodules *m, unsigned module)
{
	return (struct ov_yobj){ .type = m->rows[module]->root, .module = module };
}

static void settle(struct ov_yval *v, enum ov_ykind want, const struct ov_yfield *f,
		   unsigned module)
{
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

ov_status ov_yfield_value(struct ov_yenv *env, const struct ov_yobj *self,
			  const struct ov_yfield *f, struct ov_yval *out)
{
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };

	if (f->get != NULL) {
		OV_TRY(f->get(env, self->module, self, &v));
	} else if (f->kind == OV_Y_INT) {
		v = (struct ov_yval){ .kind = OV_Y_INT, .i = f->value };
	} else if (f->kind == OV_Y_STRUCT) {
		v.kind = OV_Y_STRUCT;
		v.o = *self;
	}
	settle(&v, f->kind, f, self->module);
	*out = v;
	return OV_OK;
}

ov_status ov_yarray_item(struct ov_yenv *env, const struct ov_yobj *self, uint64_t i,
			 struct ov_yval *out)
{
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };

	if (self->field->at != NULL && i < self->n)
		OV_TRY(self->field->at(env, self->module, self, i, &v));
	settle(&v, self->field->item, self->field, self->module);
	*out = v;
	return OV_OK;
}

ov_status ov_ydict_pair(struct ov_yenv *env, const struct ov_yobj *self, uint64_t i,
			struct ov_str *key, struct ov_yval *out)
{
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };
	struct ov_str k = { 0 };

	if (self->field->pair != NULL && i < self->n)
		OV_TRY(self->field->pair(env, self->module, self, i, &k, &v));
	settle(&v, self->field->item, self->field, self->module);
	*key = k;
	*out = v;
	return OV_OK;
}

static ov_status find_pair(struct ov_yenv *env, const struct ov_yobj *self, struct ov_str key,
			   struct ov_yval *out)
{
	for (uint64_t i = 0; self->field->pair != NULL && i < self->n; i++) {
		struct ov_yval v = { .kind = OV_Y_UNDEFINED };
		struct ov_str name = { 0 };

		if (*env->steps == 0)
			return OV_LIMIT;
		--*env->steps;
		OV_TRY(self->field->pair(env, self->module, self, i, &name, &v));
		if (ov_str_eq(name, key)) {
			*out = v;
			return OV_OK;
		}
	}
	return OV_OK;
}

ov_status ov_ydict_value(struct ov_yenv *env, const struct ov_yobj *self, struct ov_str key,
			 struct ov_yval *out)
{
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };

	if (self->field->by_key != NULL)
		OV_TRY(self->field->by_key(env, self->module, self, key, &v));
	else
		OV_TRY(find_pair(env, self, key, &v));
	settle(&v, self->field->item, self->field, self->module);
	*out = v;
	return OV_OK;
}
