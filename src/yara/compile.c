/* Sources to an image: files and what they include, namespaces, tables in the end. */
#include "ycompile_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"

#define MAX_STRINGS 10000u
#define INCLUDE_DEPTH 16u
#define RULE_ARENA ((size_t)512 << 20)
#define RULE_KEEP ((size_t)1 << 20)
#define SECTION_MAX ((size_t)UINT32_MAX)

void ov_ycompiler_free(struct ov_ycompiler **pc)
{
	struct ov_ycompiler *c = *pc;

	if (c == NULL)
		return;
	for (int i = 0; i < YI_SECTIONS; i++)
		ov_buf_free(&c->sect[i]);
	ov_buf_free(&c->rules);
	ov_buf_free(&c->covers);
	ov_buf_free(&c->nss);
	ov_buf_free(&c->text_rows);
	ov_arena_free(&c->rule_arena);
	ov_arena_free(&c->string_arena);
	ov_arena_free(&c->keep);
	free(c->by_name);
	free(c->texts);
	free(c->gates);
	free(c);
	*pc = NULL;
}

ov_status ov_ycompiler_new(const struct ov_yoptions *o, struct ov_ycompiler **out)
{
	struct ov_ycompiler *c = calloc(1, sizeof *c);

	if (c == NULL)
		return OV_NOMEM;
	c->o = *o;
	if (c->o.max_strings == 0)
		c->o.max_strings = MAX_STRINGS;
	for (int i = 0; i < YI_SECTIONS; i++)
		c->sect[i] = ov_buf_of(SECTION_MAX);
	c->rules = c->covers = c->nss = c->text_rows = ov_buf_of(SECTION_MAX);
	ov_arena_init(&c->rule_arena, RULE_ARENA);
	ov_arena_init(&c->string_arena, RULE_ARENA);
	ov_arena_init(&c->keep, RULE_ARENA);
	*out = c;
	return OV_OK;
}

uint32_t ov_ycompiler_rules(const struct ov_ycompiler *c)
{
	return (uint32_t)(c->sect[YI_RULES].n / YI_RULE);
}

uint32_t ov_ycompiler_source(const struct ov_ycompiler *c, uint32_t rule)
{
	return ov_le32(c->sect[YI_RULES].p + (size_t)rule * YI_RULE + YR_SOURCE);
}

void ov_ycompiler_graded(struct ov_ycompiler *c, bool is_graded)
{
	c->is_graded = is_graded;
}

ov_status ov_ycompiler_external(struct ov_ycompiler *c, struct ov_str name,
				const struct ov_yval *value)
{
	struct ov_buf *b = &c->sect[YI_EXTERNALS];
	enum ov_ykind kind;
	uint32_t id;
	size_t at;

	if (!ov_yc_find_external(c, name, &id, &kind))
		return ov_yc_value(c, b, name, value);
	at = b->n;
	OV_TRY(ov_yc_value(c, b, name, value));
	memcpy(b->p + (size_t)id * YI_META, b->p + at, YI_META);
	b->n = at;
	return OV_OK;
}

/* ---- sources ---- */

struct unit { /* a file being read; those that it stands in are below it */
	struct ov_yparser parser;
	struct ov_str file;
};

struct sources {
	struct ov_ycompiler *c;
	struct unit *stack;
	uint32_t depth;
	struct ov_ycount *count;
	struct ov_yparse_env env;
	struct ov_yrule_ast rule;
};

static ov_status rules_like(void *ctx, struct ov_str prefix, struct ov_arena *a,
			    struct ov_str **names, uint32_t *n)
{
	const struct sources *s = ctx;
	const struct ov_ycompiler *c = s->c;
	const uint32_t nrules = ov_ycompiler_rules(c);

	for (uint32_t i = yc_rows(c->nss, struct yc_ns)[c->current_ns].first_rule; i < nrules;
	     i++) {
		const uint8_t *row = c->sect[YI_RULES].p + (size_t)i * YI_RULE;
		const struct ov_str name = { .p = (const char *)c->sect[YI_TEXTS].p +
						  ov_le32(row + YR_NAME),
					     .n = ov_le32(row + YR_NAME + 4) };

		if (ov_le32(row + YR_NS) != c->current_ns || !ov_str_starts(name, prefix))
			continue;
		OV_TRY(ov_yp_grow(a, (void **)names, *n, sizeof **names));
		OV_TRY(ov_arena_str(a, name, &(*names)[*n]));
		++*n;
	}
	return OV_OK;
}

static void tell(struct sources *s, const struct unit *u, bool is_warning)
{
	struct ov_ydiag d = { .file = u->file,
			      .line = s->c->err.line,
			      .column = s->c->err.column,
			      .why = s->c->err.why,
			      .is_warning = is_warning };

	if (u->parser.rule != NULL)
		d.rule = s->rule.name;
	if (!is_warning)
		s->count->refused++;
	if (s->c->o.diag != NULL)
		s->c->o.diag(s->c->o.ctx, &d);
}

static ov_status push(struct sources *s, struct ov_str file, struct ov_cur bytes)
{
	struct unit *u = &s->stack[s->depth];

	u->file = file;
	OV_TRY(ov_yparse_begin(&u->parser, bytes, &s->c->rule_arena, &s->env, &s->c->err));
	s->depth++;
	return OV_OK;
}

static ov_status import(struct sources *s, const struct unit *u, struct ov_str name)
{
	struct ov_ycompiler *c = s->c;
	const int m = ov_ymodule_find(c->o.modules, name);

	if (m < 0)
		return ov_yfail(&c->err, u->parser.tok.line, u->parser.tok.column,
				"unknown module \"%.*s\"", (int)name.n, name.p);
	yc_rows(c->nss, struct yc_ns)[c->current_ns].imported |= UINT64_C(1) << m;
	return ov_yc_import(c, (unsigned)m);
}

static ov_status include(struct sources *s, const struct unit *u, struct ov_str name)
{
	struct ov_ycompiler *c = s->c;
	const uint32_t line = u->parser.tok.line, column = u->parser.tok.column;
	struct ov_str path = name;
	struct ov_cur bytes;
	ov_status st;

	if (s->depth == INCLUDE_DEPTH)
		return ov_yfail(&c->err, line, column, "include depth exceeded: at most %u",
				INCLUDE_DEPTH);
	st = c->o.include != NULL ? c->o.include(c->o.ctx, u->file, name, &bytes, &path) : OV_BAD;
	if (st == OV_NOMEM || st == OV_BUG)
		return st;
	if (st != OV_OK)
		return ov_yfail(&c->err, line, column, "can't open include file: %.*s", (int)name.n,
				name.p);
	OV_TRY(ov_arena_str(&c->keep, path, &path));
	return push(s, path, bytes);
}

/* A mistake that leaves the rest of the file readable. */
static ov_status or_tell(struct sources *s, const struct unit *u, ov_status st)
{
	if (st != OV_BAD)
		return st;
	tell(s, u, false);
	return OV_OK;
}

/* One rule, import or include of the innermost file. */
static ov_status step(struct sources *s)
{
	struct unit *u = &s->stack[s->depth - 1];
	enum ov_yunit what = OV_YUNIT_RULE;
	struct ov_str name = { 0 };
	const size_t from = u->parser.lex.pos;
	ov_status st;

	ov_arena_reset(&s->c->rule_arena, RULE_KEEP);
	st = ov_yparse_next(&u->parser, &what, &name, &s->rule);
	if (st == OV_END) {
		s->depth--;
		return OV_OK;
	}
	if (st == OV_OK && what == OV_YUNIT_RULE)
		st = ov_yc_rule(s->c, &s->rule);
	else if (st == OV_OK && what == OV_YUNIT_IMPORT)
		return or_tell(s, u, import(s, u, name));
	else if (st == OV_OK)
		return or_tell(s, u, include(s, u, name));
	if (st == OV_OK) {
		s->count->rules++;
		return OV_OK;
	}
	if (st == OV_LIMIT && s->c->rule_arena.used > RULE_ARENA / 2)
		st = ov_yfail(&s->c->err, s->rule.line, s->rule.column, "the rule is too large");
	if (st != OV_BAD)
		return st;
	tell(s, u, false);
	if (u->parser.tok.kind == YT_CHAR && u->parser.tok.c == '}' && s->rule.text.n > 0 &&
	    u->parser.rule != NULL)
		return OV_OK; /* read to its end: the next one follows */
	return ov_yparse_recover(&u->parser, from);
}

static ov_status find_ns(struct ov_ycompiler *c, struct ov_str name)
{
	const uint32_t n = yc_count(c->nss, struct yc_ns);
	struct yc_ns ns = { .first_rule = ov_ycompiler_rules(c) };
	uint32_t at = 0;

	for (uint32_t i = 0; i < n; i++)
		if (yc_rows(c->nss, struct yc_ns)[i].name.p != NULL &&
		    ov_str_eq(yc_rows(c->nss, struct yc_ns)[i].name, name)) {
			c->current_ns = i;
			return OV_OK;
		}
	OV_TRY(ov_arena_str(&c->keep, name, &ns.name));
	OV_TRY(ov_yc_text(c, name, &at));
	OV_TRY(ov_buf_u32(&c->sect[YI_NAMESPACES], at));
	OV_TRY(ov_buf_u32(&c->sect[YI_NAMESPACES], (uint32_t)name.n));
	c->current_ns = n;
	return ov_buf_put(&c->nss, &ns, sizeof ns);
}

ov_status ov_ycompiler_add(struct ov_ycompiler *c, struct ov_str ns, struct ov_str file,
			   struct ov_cur bytes, uint32_t source, struct ov_ycount *count)
{
	struct sources s = { .c = c, .count = count };
	ov_status st;

	*count = (struct ov_ycount){ 0 };
	s.env = (struct ov_yparse_env){ .rules_like = rules_like,
					.ctx = &s,
					.max_strings = c->o.max_strings,
					.is_strict = c->o.is_strict };
	OV_TRY(find_ns(c, ns));
	c->source = source;
	s.stack = calloc(INCLUDE_DEPTH, sizeof *s.stack);
	if (s.stack == NULL)
		return OV_NOMEM;
	st = push(&s, file, bytes);
	while (st == OV_OK && s.depth > 0)
		st = step(&s);
	free(s.stack);
	return st;
}

/* ---- the image ---- */

static const uint8_t *rule_row(const struct ov_ycompiler *c, uint32_t id)
{
	return c->sect[YI_RULES].p + (size_t)id * YI_RULE;
}

static ov_status always(struct ov_ycompiler *c, enum ov_yclass class)
{
	struct ov_buf *list = &c->sect[YI_ALWAYS + (int)class];

	list->n = 0;
	for (uint32_t i = 0; i < ov_ycompiler_rules(c); i++) {
		const uint8_t *r = rule_row(c, i);
		const uint32_t its = ov_le32(r + YR_CLASS);

		if ((ov_le32(r + YR_FLAGS) & OV_YRULE_ALWAYS) != 0 &&
		    (its == OV_YCLASS_OTHER || its == (uint32_t) class) &&
		    ov_yc_gate_lets_in(c, ov_le32(r + YR_WAKE), class))
			OV_TRY(ov_buf_u32(list, i));
	}
	return OV_OK;
}

/* The gram table of a class: anchors of its own rules and of those for any. */
static ov_status gram(struct ov_ycompiler *c, enum ov_yclass class)
{
	const uint32_t n = (uint32_t)(c->sect[YI_ANCHORS].n / YI_ANCHOR);
	struct ov_buf keys = ov_buf_of(SIZE_MAX), *out = &c->sect[YI_GRAM + (int)class];
	ov_status s = OV_OK;

	out->n = 0;
	for (uint32_t i = 0; i < n && s == OV_OK; i++) {
		const uint8_t *a = c->sect[YI_ANCHORS].p + (size_t)i * YI_ANCHOR;
		const uint32_t its = ov_le32(rule_row(c, ov_le32(a)) + YR_CLASS);
		const uint8_t *str = c->sect[YI_STRINGS].p + (size_t)ov_le32(a + 4) * YI_STRING;
		struct ov_gram_key key;

		if (its != OV_YCLASS_OTHER && its != (uint32_t) class)
			continue;
		s = ov_ystr_atom(
		    ov_cur_of(c->sect[YI_BLOCKS].p + ov_le32(str + 8), ov_le32(str + 12)),
		    ov_le32(a + 8), &key);
		key.token = i;
		if (s == OV_OK)
			s = ov_buf_put(&keys, &key, sizeof key);
	}
	if (s == OV_OK && keys.n > 0)
		s = ov_gram_build((const struct ov_gram_key *)(const void *)keys.p,
				  keys.n / sizeof(struct ov_gram_key), out);
	ov_buf_free(&keys);
	return s;
}

/* What only served to add rules. */
static void let_go(struct ov_ycompiler *c)
{
	ov_buf_free(&c->rules);
	ov_buf_free(&c->covers);
	ov_buf_free(&c->nss);
	ov_buf_free(&c->text_rows);
	ov_arena_free(&c->rule_arena);
	ov_arena_free(&c->string_arena);
	free(c->by_name);
	free(c->texts);
	free(c->gates);
	c->by_name = c->texts = c->gates = NULL;
}

ov_status ov_ycompiler_finish(struct ov_ycompiler *c, struct ov_buf *out)
{
	const size_t start = out->n;
	size_t dir;

	OV_TRY(ov_yc_settle_ignored(c));
	for (int i = 0; i < OV_YCLASSES; i++) {
		OV_TRY(always(c, (enum ov_yclass)i));
		OV_TRY(gram(c, (enum ov_yclass)i));
	}
	let_go(c);
	OV_TRY(ov_buf_u32(out, YI_MAGIC));
	OV_TRY(ov_buf_u32(out, YI_VERSION));
	OV_TRY(ov_buf_u32(out, YI_SECTIONS));
	OV_TRY(ov_buf_u32(out, 0));
	dir = out->n;
	OV_TRY(ov_buf_zero(out, (size_t)8 * YI_SECTIONS));
	for (size_t i = 0; i < YI_SECTIONS; i++) {
		while ((out->n - start) % YI_ALIGN != 0)
			OV_TRY(ov_buf_u8(out, 0));
		if (out->n - start > UINT32_MAX - c->sect[i].n)
			return OV_LIMIT;
		ov_put_le32(out->p + dir + 8 * i, (uint32_t)(out->n - start));
		ov_put_le32(out->p + dir + 8 * i + 4, (uint32_t)c->sect[i].n);
		OV_TRY(ov_buf_put(out, c->sect[i].p, c->sect[i].n));
		ov_buf_free(&c->sect[i]); /* so that no more than one stands twice in memory */
	}
	ov_put_le32(out->p + start + 12, (uint32_t)(out->n - start));
	return OV_OK;
}
