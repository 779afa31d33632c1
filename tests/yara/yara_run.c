/* See yara_run.h. */
#include "yara_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ymod.h"

static void tell(void *ctx, const struct ov_ydiag *d)
{
	struct yara_told *t = ctx;

	t->n++;
	t->line = d->line;
	t->column = d->column;
	(void)snprintf(t->rule, sizeof t->rule, "%.*s", (int)d->rule.n, d->rule.p);
	(void)snprintf(t->why, sizeof t->why, "%s", d->why);
}

struct ov_buf yara_compile_as(const char *source, bool is_strict, uint32_t max_strings,
			      struct yara_told *told)
{
	const struct ov_yoptions o = { .modules = &ov_ymodules_all,
				       .is_strict = is_strict,
				       .max_strings = max_strings,
				       .diag = tell,
				       .ctx = told };
	const struct ov_yval text = { .kind = OV_Y_STRING, .s = { .p = "file.txt", .n = 8 } };
	const struct ov_yval number = { .kind = OV_Y_INT, .i = 7 };
	struct ov_buf out = ov_buf_of(SIZE_MAX);
	struct ov_ycompiler *c = NULL;
	struct ov_ycount count;

	memset(told, 0, sizeof *told);
	if (ov_ycompiler_new(&o, &c) != OV_OK ||
	    ov_ycompiler_external(c, OV_STR("filename"), &text) != OV_OK ||
	    ov_ycompiler_external(c, OV_STR("seven"), &number) != OV_OK ||
	    ov_ycompiler_add(c, OV_STR("ns"), OV_STR("t.yar"), ov_cur_of(source, strlen(source)), 0,
			     &count) != OV_OK ||
	    ov_ycompiler_finish(c, &out) != OV_OK)
		ov_buf_free(&out);
	ov_ycompiler_free(&c);
	return out;
}

struct ov_buf yara_compile(const char *source, struct yara_told *told)
{
	return yara_compile_as(source, false, 0, told);
}

struct run {
	const struct ov_yimage *y;
	struct ov_ysearch *search;
	struct ov_src src;
	struct ov_ybytes bytes;
	uint64_t steps;
	enum ov_yresult results[64];
	bool blind;
};

static bool list(void *ctx, uint32_t string, struct ov_ylist *out)
{
	struct run *r = ctx;

	if (r->blind)
		return false;
	*out = ov_ysearch_list(r->search, string); /* slots are numbered as strings */
	return true;
}

static ov_status match_at(void *ctx, uint32_t string, uint64_t at)
{
	struct run *r = ctx;
	struct ov_ystring s;
	struct ov_ymatch m;

	ov_yimage_string(r->y, string, &s);
	return ov_ystr_match_at(r->search, s.code, &r->bytes, at, &r->steps, &m);
}

static enum ov_yresult rule(void *ctx, uint32_t id)
{
	const struct run *r = ctx;

	return id < 64 ? r->results[id] : OV_YR_FALSE;
}

static ov_status read_at(void *ctx, uint64_t at, uint8_t *to, size_t n)
{
	const struct run *r = ctx;

	return ov_src_read(&r->src, at, to, n);
}

static ov_status search(struct run *r)
{
	uint32_t slot = 0;

	ov_ysearch_begin(r->search);
	for (uint32_t i = 0; i < r->y->nstrings; i++) {
		struct ov_ystring s;

		ov_yimage_string(r->y, i, &s);
		OV_TRY(ov_ystr_check(s.code));
		OV_TRY(ov_ysearch_add(r->search, s.code, OV_YMATCH_MAX, &slot));
	}
	return r->y->nstrings > 0 ? ov_ysearch_run(r->search, &r->src, 0, 0, &r->steps) : OV_OK;
}

static ov_status eval_all(struct run *r, struct ov_yvm *vm, const struct ov_yhost *host,
			  const char *name, enum ov_yresult *out)
{
	*out = OV_YR_UNKNOWN;
	OV_TRY(search(r));
	for (uint32_t i = 0; i < r->y->nrules && i < 64; i++) {
		struct ov_yrule row;

		OV_TRY(ov_yimage_check_rule(r->y, i));
		ov_yimage_rule(r->y, i, &row);
		OV_TRY(ov_yvm_eval(vm, host, &row, &r->results[i]));
		if (ov_str_is(row.name, name))
			*out = r->results[i];
	}
	return OV_OK;
}

enum ov_yresult yara_eval(const struct ov_yimage *y, const void *data, size_t n, const char *name,
			  bool blind, uint64_t steps)
{
	struct run r = { .y = y, .src = ov_src_mem(data, n), .steps = steps, .blind = blind };
	struct ov_yval externals[16] = { { .kind = OV_Y_UNDEFINED } };
	struct ov_arena arena;
	struct ov_yenv env = { .src = &r.src, .arena = &arena, .steps = &r.steps };
	struct ov_yhost host = { .image = y,
				 .modules = &ov_ymodules_all,
				 .env = &env,
				 .externals = externals,
				 .has_size = true,
				 .size = n,
				 .list = list,
				 .match_at = match_at,
				 .rule = rule,
				 .read = read_at,
				 .ctx = &r };
	enum ov_yresult out = OV_YR_UNKNOWN;
	struct ov_yvm *vm = NULL;

	r.bytes = (struct ov_ybytes){ .p = data, .n = n, .size = n };
	/* Data for the modules that read some: the file itself. */
	if (ov_ymodule_find(&ov_ymodules_all, OV_STR("cuckoo")) >= 0)
		env.data[ov_ymodule_find(&ov_ymodules_all, OV_STR("cuckoo"))] = ov_cur_of(data, n);
	ov_arena_init(&arena, (size_t)16 << 20);
	for (uint32_t i = 0; i < y->nexternals && i < 16; i++) {
		struct ov_str ignored;

		ov_yimage_external(y, i, &ignored, &externals[i]);
	}
	if (ov_ysearch_new(&r.search) == OV_OK && ov_yvm_new(&vm) == OV_OK) {
		env.search = r.search;
		if (ov_hasher_new(OV_MD5, &env.hasher[OV_MD5]) != OV_OK ||
		    ov_hasher_new(OV_SHA1, &env.hasher[OV_SHA1]) != OV_OK ||
		    eval_all(&r, vm, &host, name, &out) != OV_OK)
			out = OV_YR_UNKNOWN;
	}
	ov_hasher_free(&env.hasher[OV_MD5]);
	ov_hasher_free(&env.hasher[OV_SHA1]);
	ov_yvm_free(&vm);
	ov_ysearch_free(&r.search);
	ov_arena_free(&arena);
	return out;
}
