/*
 * A module's values as text: a walk over its tables. Depth is that of the tables, which are ours,
 * not the file's, and is capped all the same; each value costs a step.
 *
 * YARA prints the fields of a struct in the order that its lists happen to have: those outside of
 * arrays backwards, those of an array's elements as declared, one array deeper backwards again.
 */
#include "dump.h"

#include <stdio.h>

#include "text.h"

#define DEPTH_MAX 12

struct dump {
	struct ov_yenv *env;
	struct ov_buf *out;
	enum ov_ydump_form form;
	unsigned absent; /* inside of a struct that is not there */
};

static ov_status value(struct dump *d, struct ov_str name, const struct ov_yval *v, unsigned depth,
		       unsigned arrays);

static bool spend(const struct dump *d)
{
	if (*d->env->steps == 0)
		return false;
	--*d->env->steps;
	return true;
}

static ov_status indent(const struct dump *d, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		OV_TRY(ov_buf_u8(d->out, '\t'));
	return OV_OK;
}

static bool is_list(const struct ov_yval *v)
{
	return v->kind == OV_Y_STRUCT || v->kind == OV_Y_ARRAY || v->kind == OV_Y_DICT;
}

static ov_status text(const struct dump *d, struct ov_str s)
{
	if (d->form == OV_YDUMP_JSON) {
		OV_TRY(ov_buf_u8(d->out, '"'));
		OV_TRY(ov_text_json(d->out, s));
		return ov_buf_u8(d->out, '"');
	}
	OV_TRY(ov_buf_u8(d->out, '"'));
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c >= 32 && c <= 126)
			OV_TRY(ov_buf_u8(d->out, c));
		else
			OV_TRY(ov_buf_fmt(d->out, "\\x%02x", c));
	}
	return ov_buf_u8(d->out, '"');
}

static ov_status plain(const struct dump *d, const struct ov_yval *v)
{
	switch (v->kind) {
	case OV_Y_INT:
		return ov_buf_fmt(d->out, "%lld", (long long)v->i);
	case OV_Y_BOOL:
		if (d->form == OV_YDUMP_JSON)
			return ov_buf_fmt(d->out, v->i != 0 ? "true" : "false");
		return ov_buf_fmt(d->out, "%d", v->i != 0);
	case OV_Y_FLOAT:
		if (d->form == OV_YDUMP_JSON && !(v->f - v->f == 0)) /* no number, or infinite */
			return ov_buf_fmt(d->out, "null");
		return ov_buf_fmt(d->out, d->form == OV_YDUMP_JSON ? "%.17g" : "%f", v->f);
	case OV_Y_STRING:
		return text(d, v->s);
	default:
		return ov_buf_fmt(d->out, "YR_UNDEFINED");
	}
}

/* In JSON, a comma before all but the first. */
static ov_status separate(const struct dump *d)
{
	const uint8_t last = d->out->n > 0 ? d->out->p[d->out->n - 1] : '{';

	if (d->form != OV_YDUMP_JSON || last == '{' || last == '[')
		return OV_OK;
	return ov_buf_u8(d->out, ',');
}

static ov_status field(struct dump *d, const struct ov_yobj *self, const struct ov_yfield *f,
		       unsigned depth, unsigned arrays)
{
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };
	const bool is_constant = f->kind == OV_Y_INT && f->get == NULL;

	if (f->kind == OV_Y_FUNC || (is_constant && d->form != OV_YDUMP_YARA))
		return OV_OK;
	if (d->absent == 0 || is_constant)
		OV_TRY(ov_yfield_value(d->env, self, f, &v));
	if (v.kind != OV_Y_UNDEFINED)
		return value(d, ov_str_of(f->name), &v, depth, arrays);
	if (d->form != OV_YDUMP_YARA)
		return OV_OK;
	v.o = (struct ov_yobj){ .field = f, .type = f->of };
	if (f->kind == OV_Y_ARRAY || f->kind == OV_Y_DICT || f->kind == OV_Y_STRUCT)
		v.kind = f->kind; /* its name, without elements */
	d->absent++;
	OV_TRY(value(d, ov_str_of(f->name), &v, depth, arrays));
	d->absent--;
	return OV_OK;
}

static ov_status fields(struct dump *d, const struct ov_yobj *o, unsigned depth, unsigned arrays)
{
	const size_t n = o->type != NULL ? o->type->nfields : 0;

	for (size_t i = 0; i < n; i++) {
		const bool is_backwards = d->form == OV_YDUMP_YARA && arrays % 2 == 0;

		OV_TRY(field(d, o, &o->type->fields[is_backwards ? n - 1 - i : i], depth, arrays));
	}
	return OV_OK;
}

static ov_status items(struct dump *d, const struct ov_yobj *o, unsigned depth, unsigned arrays)
{
	for (uint64_t i = 0; i < o->n; i++) {
		struct ov_yval v = { .kind = OV_Y_UNDEFINED };
		char number[24];
		struct ov_str name = { 0 }; /* in JSON elements have none */

		OV_TRY(ov_yarray_item(d->env, o, i, &v));
		(void)snprintf(number, sizeof number, "[%llu]", (unsigned long long)i);
		if (d->form != OV_YDUMP_JSON)
			name = ov_str_of(number);
		OV_TRY(value(d, name, &v, depth, arrays + 1));
	}
	return OV_OK;
}

static ov_status pairs(struct dump *d, const struct ov_yobj *o, unsigned depth, unsigned arrays)
{
	for (uint64_t i = 0; i < o->n; i++) {
		struct ov_yval v = { .kind = OV_Y_UNDEFINED };
		struct ov_str key = { 0 };

		OV_TRY(ov_ydict_pair(d->env, o, i, &key, &v));
		if (key.p == NULL)
			key = OV_STR("");
		if (v.kind != OV_Y_UNDEFINED || d->form == OV_YDUMP_YARA)
			OV_TRY(value(d, key, &v, depth, arrays + 1));
	}
	return OV_OK;
}

static ov_status inside(struct dump *d, const struct ov_yval *v, unsigned depth, unsigned arrays)
{
	if (depth > DEPTH_MAX)
		return OV_OK;
	if (v->kind == OV_Y_STRUCT)
		return fields(d, &v->o, depth, arrays);
	return v->kind == OV_Y_ARRAY ? items(d, &v->o, depth, arrays)
				     : pairs(d, &v->o, depth, arrays);
}

static ov_status json_value(struct dump *d, struct ov_str name, const struct ov_yval *v,
			    unsigned depth, unsigned arrays)
{
	const bool is_array = v->kind == OV_Y_ARRAY;

	OV_TRY(separate(d));
	if (name.p != NULL) {
		OV_TRY(text(d, name));
		OV_TRY(ov_buf_u8(d->out, ':'));
	}
	if (v->kind == OV_Y_UNDEFINED)
		return ov_buf_fmt(d->out, "null");
	if (!is_list(v))
		return plain(d, v);
	OV_TRY(ov_buf_u8(d->out, is_array ? '[' : '{'));
	OV_TRY(inside(d, v, depth + 1, arrays));
	return ov_buf_u8(d->out, is_array ? ']' : '}');
}

static ov_status value(struct dump *d, struct ov_str name, const struct ov_yval *v, unsigned depth,
		       unsigned arrays)
{
	if (!spend(d))
		return OV_LIMIT;
	if (d->form == OV_YDUMP_JSON)
		return json_value(d, name, v, depth, arrays);
	OV_TRY(indent(d, depth));
	OV_TRY(ov_buf_str(d->out, name));
	if (is_list(v)) {
		OV_TRY(ov_buf_u8(d->out, '\n'));
		return inside(d, v, depth + 1, arrays);
	}
	OV_TRY(ov_buf_put(d->out, " = ", 3));
	OV_TRY(plain(d, v));
	return ov_buf_u8(d->out, '\n');
}

ov_status ov_ydump(struct ov_yenv *env, const struct ov_ymodules *modules, unsigned module,
		   enum ov_ydump_form form, struct ov_buf *out)
{
	struct dump d = { .env = env, .out = out, .form = form };
	const struct ov_yval root = { .kind = OV_Y_STRUCT, .o = ov_ymodule_root(modules, module) };
	const size_t start = out->n;
	ov_status s = value(&d, ov_str_of(modules->rows[module]->name), &root, 0, 0);

	if (s == OV_OK)
		return OV_OK;
	if (form == OV_YDUMP_JSON)
		out->n = start;
	while (out->n > start && out->p[out->n - 1] != '\n')
		out->n--;
	return s;
}

ov_status ov_ydump_knows(struct ov_yenv *env, const struct ov_ymodules *modules, unsigned module,
			 bool *out)
{
	const struct ov_yobj root = ov_ymodule_root(modules, module);

	*out = false;
	for (size_t i = 0; i < root.type->nfields && !*out; i++) {
		const struct ov_yfield *f = &root.type->fields[i];
		struct ov_yval v = { .kind = OV_Y_UNDEFINED };

		if (f->kind == OV_Y_FUNC || f->get == NULL)
			continue;
		OV_TRY(ov_yfield_value(env, &root, f, &v));
		*out = (v.kind == OV_Y_INT && v.i != 0) || v.kind == OV_Y_STRING ||
		       ((v.kind == OV_Y_ARRAY || v.kind == OV_Y_DICT) && v.o.n > 0);
	}
	return OV_OK;
}
