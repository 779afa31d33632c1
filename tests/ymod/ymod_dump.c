/*
 * ymod_dump [-p|-f] MODULE FILE...: all that a module says of files, a line a value:
 *
 *   lnk.tracker_data.version = 0
 *
 * What is undefined and constants are left out; functions that take nothing are called. Module data
 * (`-x`) is the file itself; texts have \xNN for what is not printable. Notes
 * are lines that begin with '!'. With -p every prefix of the file is walked as well, with -f the
 * n-th request for memory fails for each n; both print only what was asked, after that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exe.h"
#include "type.h"
#include "ymod.h"

#define DEPTH 12

struct dump {
	struct ov_yenv env;
	struct ov_src src;
	struct ov_arena arena;
	uint64_t steps;
	unsigned module;
	bool is_quiet;
	struct ov_hasher *hasher[OV_DIGEST_KINDS];
	char path[4096];
};

static void note(void *ctx, ov_status why, const char *detail)
{
	const struct dump *d = ctx;

	if (!d->is_quiet)
		printf("! %d %s\n", (int)why, detail);
}

static void print_text(struct ov_str s)
{
	putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
			putchar(c);
		else
			printf("\\x%02x", c);
	}
	putchar('"');
}

static void struct_fields(struct dump *d, const struct ov_yobj *self, int depth);

static void give(struct dump *d, ov_status s, const struct ov_yfield *f, const struct ov_ytype *of,
		 struct ov_yval *v, int depth);

/* Appends ["key"] to the path. */
static void put_key(struct dump *d, size_t at, struct ov_str key)
{
	at += (size_t)snprintf(d->path + at, sizeof d->path - at, "[\"");
	for (size_t i = 0; i < key.n && at + 8 < sizeof d->path; i++) {
		const unsigned char c = (unsigned char)key.p[i];
		const bool is_plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

		at += (size_t)snprintf(d->path + at, sizeof d->path - at,
				       is_plain ? "%c" : "\\x%02x", c);
	}
	(void)snprintf(d->path + at, sizeof d->path - at, "\"]");
}

static void list(struct dump *d, const struct ov_yfield *f, const struct ov_yobj *self, int depth)
{
	const size_t at = strlen(d->path);

	for (uint64_t i = 0; i < self->n; i++) {
		struct ov_yval v = { .kind = OV_Y_UNDEFINED };
		struct ov_str key = { 0 };
		ov_status s;

		if (f->kind == OV_Y_ARRAY) {
			s = f->at(&d->env, d->module, self, i, &v);
			(void)snprintf(d->path + at, sizeof d->path - at, "[%llu]",
				       (unsigned long long)i);
		} else {
			s = f->pair(&d->env, d->module, self, i, &key, &v);
			put_key(d, at, key);
		}
		give(d, s, f, f->of, &v, depth);
		d->path[at] = '\0';
	}
}

static void give(struct dump *d, ov_status s, const struct ov_yfield *f, const struct ov_ytype *of,
		 struct ov_yval *v, int depth)
{
	if (s != OV_OK) {
		if (!d->is_quiet)
			printf("! %s: status %d\n", d->path, (int)s);
		return;
	}
	v->o.module = d->module;
	if (v->kind == OV_Y_STRUCT) {
		v->o.type = of;
		struct_fields(d, &v->o, depth + 1);
	} else if (v->kind == OV_Y_ARRAY || v->kind == OV_Y_DICT) {
		v->o.field = f;
		list(d, f, &v->o, depth + 1);
	} else if (v->kind != OV_Y_UNDEFINED && !d->is_quiet) {
		printf("%s = ", d->path);
		if (v->kind == OV_Y_STRING)
			print_text(v->s);
		else if (v->kind == OV_Y_FLOAT)
			printf("%f", v->f);
		else
			printf("%lld", (long long)v->i);
		putchar('\n');
	}
}

/* A function without arguments, whose value stands behind `name()`. */
static ov_status call_plain(struct dump *d, const struct ov_yobj *self, const struct ov_yfield *f,
			    size_t at, struct ov_yval *v)
{
	struct ov_yobj o = *self;

	o.field = f;
	(void)snprintf(d->path + at, sizeof d->path - at, ".%s()", f->name);
	for (const struct ov_ysig *s = f->sigs; s != NULL && s->args != NULL; s++)
		if (s->args[0] == '\0')
			return s->call(&d->env, d->module, &o, NULL, 0, v);
	return OV_OK;
}

/* Schemas are no deeper than a few levels; recursion is bounded by them. */
static void struct_fields(struct dump *d, const struct ov_yobj *self, int depth)
{
	const size_t at = strlen(d->path);

	for (size_t i = 0; depth < DEPTH && i < self->type->nfields; i++) {
		const struct ov_yfield *f = &self->type->fields[i];
		struct ov_yval v = { .kind = OV_Y_UNDEFINED };
		ov_status s = OV_OK;

		(void)snprintf(d->path + at, sizeof d->path - at, ".%s", f->name);
		if (f->kind == OV_Y_FUNC) {
			s = call_plain(d, self, f, at, &v);
		} else if (f->kind == OV_Y_STRUCT && f->get == NULL) {
			v.kind = OV_Y_STRUCT;
			v.o = *self;
		} else if (f->get != NULL) {
			s = f->get(&d->env, d->module, self, &v);
		}
		give(d, s, f, f->of, &v, depth);
		d->path[at] = '\0';
	}
}

static void walk(struct dump *d, const uint8_t *p, size_t n, bool is_quiet, long fail_in)
{
	const struct ov_ymodule *m = ov_ymodules_all.rows[d->module];
	const struct ov_yobj root = { .type = m->root, .module = d->module };
	struct ov_exe x;

	d->src = ov_src_mem(p, n);
	d->steps = UINT64_C(1) << 32;
	d->is_quiet = is_quiet;
	(void)snprintf(d->path, sizeof d->path, "%s", m->name);
	ov_arena_init(&d->arena, (size_t)64 << 20);
	d->env = (struct ov_yenv){
		.src = &d->src, .arena = &d->arena, .steps = &d->steps, .note = note, .ctx = d
	};
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		d->env.hasher[k] = d->hasher[k];
	d->env.type =
	    (uint32_t)ov_type_detect(ov_cur_of(p, n < OV_TYPE_HEAD ? n : OV_TYPE_HEAD), &d->src);
	if (ov_exe_read((enum ov_type)d->env.type, &d->src, &d->arena, &x) == OV_OK)
		d->env.exe = &x;
	d->arena.fail_in = fail_in;
	struct_fields(d, &root, 0);
	ov_arena_free(&d->arena);
}

static uint8_t *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;
	long size = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size >= 0 && fseek(f, 0, SEEK_SET) == 0)
		p = malloc((size_t)size + 1);
	if (p == NULL || fread(p, 1, (size_t)size, f) != (size_t)size) {
		(void)fprintf(stderr, "%s: can't be read\n", path);
		exit(2);
	}
	(void)fclose(f);
	*n = (size_t)size;
	return p;
}

/* A copy of exactly these bytes, so that reading past them is seen. */
static void walk_copy(struct dump *d, const uint8_t *p, size_t n, long fail_in)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		exit(2);
	memcpy(copy, p, n);
	walk(d, copy, n, true, fail_in);
	free(copy);
}

int main(int argc, char **argv)
{
	static struct dump d;
	const bool prefixes = argc > 1 && strcmp(argv[1], "-p") == 0;
	const bool faults = argc > 1 && strcmp(argv[1], "-f") == 0;
	int at = prefixes || faults ? 2 : 1, m;

	if (argc < at + 2) {
		(void)fputs("usage: ymod_dump [-p|-f] MODULE FILE...\n", stderr);
		return 2;
	}
	m = ov_ymodule_find(&ov_ymodules_all, ov_str_of(argv[at++]));
	if (m < 0) {
		(void)fputs("ymod_dump: no such module\n", stderr);
		return 2;
	}
	d.module = (unsigned)m;
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		if (ov_hasher_new((enum ov_digest_kind)k, &d.hasher[k]) != OV_OK)
			return 2;
	for (; at < argc; at++) {
		size_t n;
		uint8_t *p = slurp(argv[at], &n);

		for (size_t k = 0; prefixes && k < n; k++)
			walk_copy(&d, p, k, -1);
		for (long k = 0; faults && k < 300; k++)
			walk_copy(&d, p, n, k);
		walk(&d, p, n, false, -1);
		free(p);
	}
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		ov_hasher_free(&d.hasher[k]);
	return 0;
}
