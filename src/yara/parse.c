/* Rules, imports and includes; tags and metadata. Strings are in parse_string.c, conditions in
 * parse_expr.c. */
#include "parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "checked.h"

#define FIRST_ROOM 8u

ov_status ov_yp_fail(struct ov_yparser *p, const struct ov_ytoken *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(p->err->why, sizeof p->err->why, fmt, ap);
	va_end(ap);
	p->err->line = t->line;
	p->err->column = t->column;
	return OV_BAD;
}

ov_status ov_yp_next(struct ov_yparser *p)
{
	const ov_status s = ov_ylex_next(&p->lex, &p->tok);

	if (s != OV_BAD)
		return s;
	ov_ylex_where(&p->lex, p->lex.bad_at, &p->err->line, &p->err->column);
	(void)snprintf(p->err->why, sizeof p->err->why, "%s%s%s", p->lex.why,
		       p->lex.mend != NULL ? "; " : "", p->lex.mend != NULL ? p->lex.mend : "");
	return OV_BAD;
}

/* A word as people see it. */
static void shown(const struct ov_ytoken *t, char *out, size_t n)
{
	static const char *const signs[] = {
		[YT_EQ] = "==",	 [YT_NE] = "!=",  [YT_LE] = "<=",  [YT_GE] = ">=",
		[YT_SHL] = "<<", [YT_SHR] = ">>", [YT_DOTS] = ".."
	};

	switch (t->kind) {
	case YT_END:
		(void)snprintf(out, n, "end of file");
		return;
	case YT_IDENT:
		(void)snprintf(out, n, "%s \"%.*s\"", t->word != YW_NONE ? "keyword" : "identifier",
			       (int)t->text.n, t->text.p);
		return;
	case YT_STRING:
	case YT_WILD:
	case YT_COUNT:
	case YT_OFFSET:
	case YT_LENGTH:
		(void)snprintf(out, n, "string identifier \"%.*s\"", (int)t->text.n, t->text.p);
		return;
	case YT_INT:
		(void)snprintf(out, n, "integer %lld", (long long)t->i);
		return;
	case YT_FLOAT:
		(void)snprintf(out, n, "a floating point number");
		return;
	case YT_TEXT:
		(void)snprintf(out, n, "a text");
		return;
	case YT_REGEX:
		(void)snprintf(out, n, "a regular expression");
		return;
	case YT_HEX:
		(void)snprintf(out, n, "a hex string");
		return;
	case YT_CHAR:
		(void)snprintf(out, n, "'%c'", t->c);
		return;
	default:
		(void)snprintf(out, n, "'%s'", signs[t->kind]);
		return;
	}
}

ov_status ov_yp_unexpected(struct ov_yparser *p, const char *want)
{
	char what[192];

	shown(&p->tok, what, sizeof what);
	return ov_yp_fail(p, &p->tok, "syntax error, unexpected %s, expecting %s", what, want);
}

ov_status ov_yp_expect(struct ov_yparser *p, char c)
{
	const char want[] = { '\'', c, '\'', '\0' };

	if (!ov_yp_is(p, c))
		return ov_yp_unexpected(p, want);
	return ov_yp_next(p);
}

ov_status ov_yp_grow(struct ov_arena *a, void **rows, uint32_t n, size_t size)
{
	void *more = NULL;

	if (n != 0 && (n < FIRST_ROOM || (n & (n - 1)) != 0))
		return OV_OK;
	OV_TRY(ov_arena_array_(a, n == 0 ? FIRST_ROOM : (size_t)n * 2, size, &more));
	if (n > 0)
		memcpy(more, *rows, n * size);
	*rows = more;
	return OV_OK;
}

static ov_status tags(struct ov_yparser *p, struct ov_yrule_ast *r)
{
	OV_TRY(ov_yp_next(p));
	if (p->tok.kind != YT_IDENT || p->tok.word != YW_NONE)
		return ov_yp_unexpected(p, "a tag");
	while (p->tok.kind == YT_IDENT && p->tok.word == YW_NONE) {
		for (uint32_t i = 0; i < r->ntags; i++)
			if (ov_str_eq(r->tags[i], p->tok.text))
				return ov_yp_fail(p, &p->tok, "duplicated tag identifier \"%.*s\"",
						  (int)p->tok.text.n, p->tok.text.p);
		OV_TRY(ov_yp_grow(p->arena, (void **)&r->tags, r->ntags, sizeof *r->tags));
		r->tags[r->ntags++] = p->tok.text;
		OV_TRY(ov_yp_next(p));
	}
	return OV_OK;
}

static ov_status meta_value(struct ov_yparser *p, struct ov_ymeta_ast *m)
{
	bool is_negative = false;

	if (ov_yp_is(p, '-')) {
		is_negative = true;
		OV_TRY(ov_yp_next(p));
	}
	if (p->tok.kind == YT_INT) {
		m->kind = OV_Y_INT;
		m->i = is_negative ? -p->tok.i : p->tok.i;
	} else if (p->tok.kind == YT_FLOAT) {
		m->kind = OV_Y_FLOAT;
		m->f = is_negative ? -p->tok.f : p->tok.f;
	} else if (!is_negative && p->tok.kind == YT_TEXT) {
		m->kind = OV_Y_STRING;
		m->s = p->tok.text;
	} else if (!is_negative && (ov_yp_word(p, YW_TRUE) || ov_yp_word(p, YW_FALSE))) {
		m->kind = OV_Y_BOOL;
		m->i = p->tok.word == YW_TRUE;
	} else {
		return ov_yp_unexpected(p, "a text, a number, true or false");
	}
	return ov_yp_next(p);
}

static ov_status metas(struct ov_yparser *p, struct ov_yrule_ast *r)
{
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_expect(p, ':'));
	if (p->tok.kind != YT_IDENT || p->tok.word != YW_NONE)
		return ov_yp_unexpected(p, "an identifier");
	while (p->tok.kind == YT_IDENT && p->tok.word == YW_NONE) {
		struct ov_ymeta_ast m = { .name = p->tok.text };

		OV_TRY(ov_yp_next(p));
		OV_TRY(ov_yp_expect(p, '='));
		OV_TRY(meta_value(p, &m));
		OV_TRY(ov_yp_grow(p->arena, (void **)&r->metas, r->nmetas, sizeof *r->metas));
		r->metas[r->nmetas++] = m;
	}
	return OV_OK;
}

static ov_status rule_body(struct ov_yparser *p, struct ov_yrule_ast *r)
{
	if (ov_yp_is(p, ':'))
		OV_TRY(tags(p, r));
	OV_TRY(ov_yp_expect(p, '{'));
	if (ov_yp_word(p, YW_META))
		OV_TRY(metas(p, r));
	if (ov_yp_word(p, YW_STRINGS))
		OV_TRY(ov_yp_strings(p, r));
	if (!ov_yp_word(p, YW_CONDITION))
		return ov_yp_unexpected(p, "\"condition\"");
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_expect(p, ':'));
	OV_TRY(ov_yparse_condition(p, &r->condition));
	if (!ov_yp_is(p, '}'))
		return ov_yp_unexpected(p, "an operator or '}'");
	return OV_OK;
}

static ov_status rule(struct ov_yparser *p, struct ov_yrule_ast *r)
{
	const size_t at = p->tok.at;

	*r = (struct ov_yrule_ast){ 0 };
	p->rule = r;
	p->depth = p->loops = p->nslots = p->nscope = 0;
	p->names = NULL;
	while (ov_yp_word(p, YW_GLOBAL) || ov_yp_word(p, YW_PRIVATE)) {
		bool *flag = p->tok.word == YW_GLOBAL ? &r->is_global : &r->is_private;

		if (*flag && p->env->is_strict)
			return ov_yp_fail(p, &p->tok, "duplicate rule modifier");
		*flag = true;
		OV_TRY(ov_yp_next(p));
	}
	if (!ov_yp_word(p, YW_RULE))
		return ov_yp_unexpected(p, "\"rule\", \"import\" or \"include\"");
	r->line = p->tok.line;
	OV_TRY(ov_yp_next(p));
	if (p->tok.kind != YT_IDENT || p->tok.word != YW_NONE)
		return ov_yp_unexpected(p, "the name of the rule");
	r->name = p->tok.text;
	r->line = p->tok.line;
	r->column = p->tok.column;
	OV_TRY(ov_yp_next(p));
	OV_TRY(rule_body(p, r));
	r->text = (struct ov_str){ .p = p->lex.p + at, .n = p->tok.end - at };
	return OV_OK;
}

ov_status ov_yparse_begin(struct ov_yparser *p, struct ov_cur bytes, struct ov_arena *a,
			  const struct ov_yparse_env *env, struct ov_yerror *err)
{
	*p = (struct ov_yparser){ .arena = a, .env = env, .err = err };
	ov_ylex_init(&p->lex, bytes, a);
	p->tok = (struct ov_ytoken){ .kind = YT_CHAR, .c = '}' };
	return OV_OK;
}

/* The word before is behind us: a rule's last brace, or nothing yet. */
ov_status ov_yparse_next(struct ov_yparser *p, enum ov_yunit *what, struct ov_str *name,
			 struct ov_yrule_ast *r)
{
	p->rule = NULL; /* before the word: if that can't be read, no rule is to blame */
	OV_TRY(ov_yp_next(p));
	if (p->tok.kind == YT_END)
		return OV_END;
	if (!ov_yp_word(p, YW_IMPORT) && !ov_yp_word(p, YW_INCLUDE)) {
		*what = OV_YUNIT_RULE;
		return rule(p, r);
	}
	*what = p->tok.word == YW_IMPORT ? OV_YUNIT_IMPORT : OV_YUNIT_INCLUDE;
	OV_TRY(ov_yp_next(p));
	if (p->tok.kind != YT_TEXT)
		return ov_yp_unexpected(p, "a text");
	*name = p->tok.text;
	return OV_OK;
}

ov_status ov_yparse_recover(struct ov_yparser *p, size_t from)
{
	ov_ylex_resync(&p->lex, from);
	p->tok = (struct ov_ytoken){ .kind = YT_CHAR, .c = '}' };
	return OV_OK;
}
