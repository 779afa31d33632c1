/*
 * Modules of YARA rules: the input is a layer. Every field, element and pair of every module is
 * asked for by the schema, every way to call a function is called with arguments out of the input.
 *
 *   input: u8 what to do: 1 with module data (`-x`), which is the layer as well; 2 a process; 4
 * little memory; 8 few steps; 16 read piece by piece the layer
 *
 * Claims: what comes is of the kind that the schema names, or undefined; texts lie in memory that
 * may be read; a field gives the same twice; statuses are those that module.h names.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exe.h"
#include "type.h"
#include "ymod.h"

#define CLAIM(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

#define OBJECTS_MAX 4096 /* structs and lists that are walked */
#define ELEMENTS_MAX 24
#define TEXTS_MAX 6

enum { WITH_DATA = 1, PROCESS = 2, SMALL = 4, SHORT = 8, PIECES = 16 };

struct run {
	struct ov_yenv env;
	struct ov_src src;
	struct ov_arena arena;
	uint64_t steps;
	const uint8_t *p;
	size_t n;
	unsigned module;
	struct ov_yobj todo[OBJECTS_MAX];
	bool is_list[OBJECTS_MAX];
	size_t ntodo;
	struct ov_str texts[TEXTS_MAX]; /* met on the way: arguments */
	size_t ntexts;
	uint64_t sum; /* of all bytes that were given out */
};

struct lasting { /* made once: making them costs more than a run */
	struct ov_hasher *hasher[OV_DIGEST_KINDS];
	struct ov_ysearch *search;
	struct ov_buf regex[2];
};

static ov_status piecewise(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct run *r = ctx;

	CLAIM(off < r->n && n <= r->n - off);
	memcpy(to, r->p + off, n);
	*got = n;
	return OV_OK;
}

static void note(void *ctx, ov_status why, const char *detail)
{
	struct run *r = ctx;

	CLAIM(why != OV_OK && detail != NULL && detail[0] != '\0');
	r->sum += strlen(detail);
}

static void say(void *ctx, struct ov_str line)
{
	struct run *r = ctx;

	for (size_t i = 0; i < line.n; i++)
		r->sum += (uint8_t)line.p[i];
}

static void text(struct run *r, struct ov_str s)
{
	CLAIM(s.n == 0 || s.p != NULL);
	for (size_t i = 0; i < s.n; i++)
		r->sum += (uint8_t)s.p[i];
	if (s.n > 0 && s.n < 200 && r->ntexts < TEXTS_MAX)
		r->texts[r->ntexts++] = s;
}

static void push(struct run *r, const struct ov_yval *v, const struct ov_yfield *f)
{
	struct ov_yobj o = v->o;

	if (r->ntodo == OBJECTS_MAX)
		return;
	o.module = r->module;
	o.field = f;
	if (v->kind == OV_Y_STRUCT)
		o.type = f->of;
	r->is_list[r->ntodo] = v->kind != OV_Y_STRUCT;
	r->todo[r->ntodo++] = o;
}

/* A value of a field, of an element or of a call. @return whether there is one. */
static bool value(struct run *r, ov_status s, enum ov_ykind want, const struct ov_yfield *f,
		  const struct ov_yval *v)
{
	CLAIM(s == OV_OK || s == OV_LIMIT || s == OV_NOMEM || s == OV_IO);
	if (s != OV_OK || v->kind == OV_Y_UNDEFINED)
		return false;
	CLAIM(v->kind == want);
	CLAIM(v->kind != OV_Y_BOOL || v->i == 0 || v->i == 1);
	if (v->kind == OV_Y_STRING)
		text(r, v->s);
	else if (v->kind == OV_Y_STRUCT || v->kind == OV_Y_ARRAY || v->kind == OV_Y_DICT)
		push(r, v, f);
	return true;
}

static void same(const struct ov_yval *a, const struct ov_yval *b)
{
	CLAIM(a->kind == b->kind);
	if (a->kind == OV_Y_INT || a->kind == OV_Y_BOOL)
		CLAIM(a->i == b->i);
	else if (a->kind == OV_Y_STRING)
		CLAIM(ov_str_eq(a->s, b->s));
	else if (a->kind == OV_Y_FLOAT)
		CLAIM(a->f == b->f || (isnan(a->f) && isnan(b->f)));
	else if (a->kind == OV_Y_ARRAY || a->kind == OV_Y_DICT)
		CLAIM(a->o.n == b->o.n);
}

/* The input's bytes choose an argument that fits a letter. */
static struct ov_yval argument(struct run *r, const struct lasting *l, char letter, unsigned turn)
{
	const uint8_t at = r->n > 0 ? r->p[(turn * 7919u + r->sum % 31u) % r->n] : 0;
	static const int64_t ints[] = { 0,	   1,	      2,	 -1,   16,
					255,	   INT64_MAX, INT64_MIN, 4096, 0x100000c,
					0x1000007, 65535,     UINT32_MAX };
	struct ov_yval v = { .kind = OV_Y_INT };

	switch (letter) {
	case 'i':
		v.i = (at & 1) != 0 ? at >> 1 : ints[(at >> 1) % (sizeof ints / sizeof *ints)];
		break;
	case 'f':
		v.kind = OV_Y_FLOAT;
		v.f = (double)at / 3.0;
		break;
	case 'b':
		v.kind = OV_Y_BOOL;
		v.i = at & 1;
		break;
	case 'r':
		v.kind = OV_Y_REGEX;
		v.regex = ov_buf_cur(&l->regex[at & 1]);
		break;
	default:
		CLAIM(letter == 's');
		v.kind = OV_Y_STRING;
		if (r->ntexts > 0 && (at & 3) != 0)
			v.s = r->texts[at % r->ntexts];
		else
			v.s =
			    (struct ov_str){ .p = (const char *)r->p, .n = r->n < at ? r->n : at };
	}
	return v;
}

static void calls(struct run *r, const struct lasting *l, const struct ov_yobj *self,
		  const struct ov_yfield *f)
{
	CLAIM(f->sigs != NULL);
	for (const struct ov_ysig *s = f->sigs; s->args != NULL; s++)
		for (unsigned turn = 0; turn < 3; turn++) {
			const size_t nargs = strlen(s->args);
			struct ov_yval args[8], v = { .kind = OV_Y_UNDEFINED };
			struct ov_yobj o = *self;

			CLAIM(nargs <= 8 && s->result >= OV_Y_INT && s->result <= OV_Y_STRING);
			for (size_t i = 0; i < nargs; i++)
				args[i] = argument(r, l, s->args[i], turn * 8 + (unsigned)i + 1);
			o.field = f;
			(void)value(r, s->call(&r->env, r->module, &o, args, nargs, &v), s->result,
				    f, &v);
			if (nargs == 0)
				break;
		}
}

static void fields(struct run *r, const struct lasting *l, const struct ov_yobj *self)
{
	for (size_t i = 0; i < self->type->nfields; i++) {
		const struct ov_yfield *f = &self->type->fields[i];
		struct ov_yval v = { .kind = OV_Y_UNDEFINED }, again = v;

		CLAIM(ov_ytype_field(self->type, ov_str_of(f->name)) == f); /* no name twice */
		if (f->kind == OV_Y_FUNC) {
			calls(r, l, self, f);
		} else if (f->get == NULL) {
			CLAIM(f->kind == OV_Y_INT || f->kind == OV_Y_STRUCT);
			if (f->kind == OV_Y_STRUCT) {
				v.kind = OV_Y_STRUCT;
				v.o = *self;
				push(r, &v, f);
			}
		} else if (value(r, f->get(&r->env, r->module, self, &v), f->kind, f, &v) &&
			   f->get(&r->env, r->module, self, &again) == OV_OK) {
			same(&v, &again);
		}
	}
}

static void elements(struct run *r, const struct ov_yobj *self)
{
	const struct ov_yfield *f = self->field;
	const uint64_t n = self->n;

	for (uint64_t k = 0; k < ELEMENTS_MAX && k < n; k++) {
		const uint64_t i =
		    k < ELEMENTS_MAX / 2 || n <= ELEMENTS_MAX ? k : n - (ELEMENTS_MAX - k);
		struct ov_yval v = { .kind = OV_Y_UNDEFINED }, again = v;
		struct ov_str key = { 0 };

		if (f->kind == OV_Y_ARRAY) {
			CLAIM(f->at != NULL);
			(void)value(r, f->at(&r->env, r->module, self, i, &v), f->item, f, &v);
			continue;
		}
		CLAIM(f->pair != NULL);
		if (!value(r, f->pair(&r->env, r->module, self, i, &key, &v), f->item, f, &v))
			continue;
		text(r, key);
		if (f->by_key != NULL)
			(void)value(r, f->by_key(&r->env, r->module, self, key, &again), f->item, f,
				    &again);
	}
}

static void module(struct run *r, const struct lasting *l, unsigned m)
{
	const struct ov_ytype *root = ov_ymodules_all.rows[m]->root;

	r->module = m;
	r->ntodo = 1;
	r->todo[0] = (struct ov_yobj){ .type = root, .module = m };
	r->is_list[0] = false;
	for (size_t i = 0; i < r->ntodo; i++) { /* a list of work: objects are added at its end */
		const struct ov_yobj o = r->todo[i];

		if (r->is_list[i])
			elements(r, &o);
		else
			fields(r, l, &o);
	}
}

static struct lasting *prepare(void)
{
	static struct lasting l;
	static const char *const bodies[2] = { "a.c|/[0-9]+", "(http|Soft|E)?[^x]*$" };
	struct ov_ystr_error err;
	struct ov_arena a;

	if (l.search != NULL)
		return &l;
	ov_arena_init(&a, (size_t)1 << 20);
	CLAIM(ov_ysearch_new(&l.search) == OV_OK);
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		CLAIM(ov_hasher_new((enum ov_digest_kind)k, &l.hasher[k]) == OV_OK);
	for (int k = 0; k < 2; k++) {
		l.regex[k] = ov_buf_of(1 << 16);
		CLAIM(ov_re_compile(ov_str_of(bodies[k]), 0, &a, &l.regex[k], &err) == OV_OK);
	}
	ov_arena_free(&a);
	return &l;
}

/* As the engine: the type by content, facts if it is a program. */
static void begin(struct run *r, const struct lasting *l, uint8_t what, struct ov_exe *x)
{
	const enum ov_type t =
	    ov_type_detect(ov_cur_of(r->p, r->n < OV_TYPE_HEAD ? r->n : OV_TYPE_HEAD), &r->src);

	r->steps = (what & SHORT) != 0 ? 300 : 4000000;
	r->env = (struct ov_yenv){ .src = &r->src,
				   .arena = &r->arena,
				   .steps = &r->steps,
				   .search = l->search,
				   .type = (uint32_t)t,
				   .is_process = (what & PROCESS) != 0,
				   .say = say,
				   .note = note,
				   .ctx = r };
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		r->env.hasher[k] = l->hasher[k];
	if (ov_exe_read(t, &r->src, &r->arena, x) == OV_OK)
		r->env.exe = x;
	/* What libmagic reads as its database comes from the system, never from outside. */
	for (size_t m = 0; m < ov_ymodules_all.n && (what & WITH_DATA) != 0; m++)
		if (strcmp(ov_ymodules_all.rows[m]->name, "magic") != 0)
			r->env.data[m] = ov_cur_of(r->p, r->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct lasting *l = prepare();
	static struct run r; /* too large for the stack */
	struct ov_exe x;

	if (n == 0)
		return 0;
	memset(&r, 0, sizeof r);
	r.p = p + 1;
	r.n = n - 1;
	r.src = ov_src_mem(r.p, r.n);
	if ((p[0] & PIECES) != 0)
		r.src = (struct ov_src){ .size = r.n, .read = piecewise, .ctx = &r };
	ov_arena_init(&r.arena, (p[0] & SMALL) != 0 ? 4096 : (size_t)16 << 20);
	begin(&r, l, p[0], &x);
	for (unsigned m = 0; m < ov_ymodules_all.n; m++)
		module(&r, l, m);
	ov_arena_free(&r.arena);
	return 0;
}
