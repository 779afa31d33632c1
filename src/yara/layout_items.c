/* A source as a list of words and comments. */
#include "layout_int.h"

#include <stdio.h>
#include <string.h>

/* Where the reader stands: after `=` in a list of strings a brace begins a hexadecimal string. */
struct place {
	bool in_rule, in_strings, is_value;
};

static void move(struct place *p, const struct ov_ytoken *t, const struct ov_ytoken *before)
{
	const bool is_char = t->kind == YT_CHAR;

	p->is_value = p->in_strings && is_char && t->c == '=';
	if (is_char && t->c == '{')
		p->in_rule = true;
	else if (is_char && t->c == '}')
		*p = (struct place){ 0 };
	else if (p->in_rule && is_char && t->c == ':' && before->kind == YT_IDENT)
		p->in_strings =
		    before->word == YW_STRINGS ||
		    (p->in_strings && before->word != YW_CONDITION && before->word != YW_META);
}

static ov_status add(struct ov_arena *a, struct yf_items *l, const struct yf_item *x)
{
	OV_TRY(ov_yp_grow(a, (void **)&l->v, l->n, sizeof *l->v));
	l->v[l->n++] = *x;
	return OV_OK;
}

/* A comment's bytes; blanks before a line's end are no part of it. */
static size_t comment_end(struct ov_str s, size_t at)
{
	size_t end = at + 2;

	if (s.p[at + 1] == '*') {
		while (end + 1 < s.n && !(s.p[end] == '*' && s.p[end + 1] == '/'))
			end++;
		return end + 2 <= s.n ? end + 2 : s.n;
	}
	while (end < s.n && s.p[end] != '\n')
		end++;
	return end;
}

/* What stands between two words: blanks and comments. */
static ov_status gap(struct ov_arena *a, struct ov_str s, struct yf_items *l, uint32_t *newlines)
{
	*newlines = 0;
	for (size_t at = 0; at < s.n;) {
		struct yf_item x = { .is_comment = true, .newlines = *newlines };
		size_t end;

		if (s.p[at] != '/' || at + 1 >= s.n) {
			*newlines += s.p[at++] == '\n';
			continue;
		}
		end = comment_end(s, at);
		x.is_to_line_end = s.p[at + 1] == '/';
		x.text = (struct ov_str){ .p = s.p + at, .n = end - at };
		at = end;
		while (x.is_to_line_end && x.text.n > 0 &&
		       memchr(" \t\r\v\f", x.text.p[x.text.n - 1], 5) != NULL)
			x.text.n--;
		OV_TRY(add(a, l, &x));
		*newlines = 0;
	}
	return OV_OK;
}

static ov_status fail(const struct ov_ylex *l, struct ov_yerror *err)
{
	ov_ylex_where(l, l->bad_at, &err->line, &err->column);
	(void)snprintf(err->why, sizeof err->why, "%s%s%s", l->why, l->mend != NULL ? "; " : "",
		       l->mend != NULL ? l->mend : "");
	return OV_BAD;
}

ov_status yf_collect(struct ov_cur bytes, struct ov_arena *a, struct yf_items *out,
		     struct ov_yerror *err)
{
	struct ov_ytoken t = { .kind = YT_CHAR }, before = t;
	struct place at = { 0 };
	struct ov_ylex lex;
	size_t end;

	*out = (struct yf_items){ .n = 0 };
	if (bytes.len == 0)
		return OV_OK; /* there may be no address to count from */
	ov_ylex_init(&lex, bytes, a);
	end = lex.pos;
	do {
		struct yf_item x = { .newlines = 0 };
		const ov_status s = at.is_value ? ov_ylex_value(&lex, &t) : ov_ylex_next(&lex, &t);

		if (s == OV_BAD)
			return fail(&lex, err);
		OV_TRY(s);
		OV_TRY(
		    gap(a, (struct ov_str){ .p = lex.p + end, .n = t.at - end }, out, &x.newlines));
		end = t.end;
		if (t.kind == YT_END)
			return OV_OK;
		x.text = (struct ov_str){ .p = lex.p + t.at, .n = t.end - t.at };
		x.kind = t.kind;
		x.word = t.word;
		x.c = t.c;
		OV_TRY(add(a, out, &x));
		move(&at, &t, &before);
		before = t;
	} while (t.kind != YT_END);
	return OV_OK;
}

bool yf_are_same(const struct yf_items *a, const struct yf_items *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->v[i].is_comment != b->v[i].is_comment || a->v[i].kind != b->v[i].kind ||
		    !ov_str_eq(a->v[i].text, b->v[i].text))
			return false;
	return true;
}
