/*
 * The layout of a source of rules.
 *
 *   import "pe"
 *
 *   rule name : tag {
 *       meta:
 *           author = "..."
 *       strings:
 *           $a = "..." ascii
 *       condition:
 *           $a and (
 *               filesize < 1MB or
 *               pe.is_dll()
 *           )
 *   }
 *
 * Lines of a condition stay as their writer broke them; one empty line between entries stays.
 */
#include "layout_int.h"

#include <stdio.h>

#define STEP 4u
#define ENTRY (2 * STEP)

enum where { TOP = 0, HEAD, BODY, META, STRINGS, CONDITION };

struct layout {
	const struct yf_items *l;
	struct ov_buf *out;
	enum where where;
	uint32_t depth;	   /* parentheses that are open in a condition */
	bool is_begun;	   /* an entry, or the condition, has begun      */
	bool after_rule;   /* the rule before has ended                  */
	bool was_unary;	   /* the word before is a sign                  */
	bool must_break;   /* the item before is a comment to its line's end */
	bool is_open_head; /* the line before ends with `{` or a section's `:` */
};

static ov_status newline(struct layout *x, uint32_t n, uint32_t indent)
{
	if (x->out->n > 0)
		for (uint32_t i = 0; i < n; i++)
			OV_TRY(ov_buf_u8(x->out, '\n'));
	for (uint32_t i = 0; i < indent; i++)
		OV_TRY(ov_buf_u8(x->out, ' '));
	return OV_OK;
}

/* One or two line ends: an empty line of the writer's stays, but not at the top of a section. */
static uint32_t kept(const struct layout *x, const struct yf_item *i)
{
	return i->newlines >= 2 && !x->is_open_head ? 2 : 1;
}

/* Behind these a sign is one of a number, and a parenthesis stands apart. */
static bool is_operator(const struct yf_item *i)
{
	if (i->is_comment)
		return false;
	if (i->kind == YT_IDENT)
		return i->word == YW_AND || i->word == YW_OR || i->word == YW_NOT ||
		       i->word == YW_OF || i->word == YW_IN || i->word == YW_AT ||
		       i->word == YW_ALL || i->word == YW_ANY || i->word == YW_NONE_OF ||
		       i->word == YW_FOR || i->word == YW_CONTAINS || i->word == YW_ICONTAINS ||
		       i->word == YW_STARTSWITH || i->word == YW_ISTARTSWITH ||
		       i->word == YW_ENDSWITH || i->word == YW_IENDSWITH || i->word == YW_IEQUALS ||
		       i->word == YW_MATCHES || i->word == YW_DEFINED;
	if (i->kind == YT_CHAR)
		return i->c != ')' && i->c != ']' && i->c != '}';
	return i->kind >= YT_EQ && i->kind <= YT_DOTS;
}

static bool is_sign(const struct yf_item *before, const struct yf_item *i)
{
	return yf_is(i, '~') || (yf_is(i, '-') && is_operator(before));
}

static bool has_space_before_bracket(const struct yf_item *before)
{
	return is_operator(before) && !yf_is(before, '(') && !yf_is(before, '[');
}

/* Between two words of a line. */
static bool has_space(const struct layout *x, uint32_t at)
{
	const struct yf_item *b = &x->l->v[at - 1], *i = &x->l->v[at];
	const struct yf_item *next = yf_after(x->l, at);

	if (b->is_comment || i->is_comment)
		return true;
	if (yf_is(i, ')') || yf_is(i, ']') || yf_is(i, ',') || yf_is(i, '.') || yf_is(i, '[') ||
	    yf_is(b, '(') || yf_is(b, '[') || yf_is(b, '.') || i->kind == YT_DOTS ||
	    b->kind == YT_DOTS || x->was_unary)
		return false;
	if (yf_is(i, '('))
		return has_space_before_bracket(b);
	if (x->where == STRINGS && (yf_is(i, '-') || yf_is(b, '-')))
		return false; /* xor(1-5) */
	if (yf_is(i, '*') && next != NULL && (yf_is(next, ')') || yf_is(next, ',')))
		return false;						 /* of (name*) */
	return !(yf_is(i, '%') && next != NULL && yf_word(next, YW_OF)); /* 50% of */
}

/* Does an entry of a section begin here? */
static bool begins_entry(const struct layout *x, uint32_t at)
{
	const struct yf_item *i = &x->l->v[at], *next = yf_after(x->l, at);

	if (i->is_comment || next == NULL || !yf_is(next, '='))
		return false;
	return x->where == META ? i->kind == YT_IDENT : x->where == STRINGS && i->kind == YT_STRING;
}

static uint32_t condition_indent(const struct layout *x, const struct yf_item *i)
{
	const bool closes = yf_is(i, ')') || yf_is(i, ']');

	return ENTRY + STEP * (x->depth - (closes && x->depth > 0));
}

static ov_status put_words(struct layout *x, uint32_t at, uint32_t newlines, uint32_t indent)
{
	const struct yf_item *i = &x->l->v[at];

	if (x->must_break && newlines == 0)
		newlines = 1;
	if (newlines > 0)
		OV_TRY(newline(x, newlines, indent));
	else if (at > 0 && has_space(x, at))
		OV_TRY(ov_buf_u8(x->out, ' '));
	x->must_break = i->is_to_line_end;
	x->was_unary = at > 0 && x->where != TOP && is_sign(&x->l->v[at - 1], i);
	x->is_open_head = false;
	return ov_buf_str(x->out, i->text);
}

static uint32_t comment_indent(const struct layout *x, uint32_t at)
{
	const struct yf_item *next = yf_after(x->l, at);

	switch (x->where) {
	case TOP:
		return 0;
	case HEAD:
	case BODY:
		return STEP;
	case CONDITION:
		return x->is_begun && next != NULL ? condition_indent(x, next) : ENTRY;
	default:
		for (uint32_t i = at + 1; i < x->l->n; i++)
			if (!x->l->v[i].is_comment)
				return yf_is_section(x->l, i) ? STEP : ENTRY;
		return ENTRY;
	}
}

static ov_status comment(struct layout *x, uint32_t at)
{
	const struct yf_item *i = &x->l->v[at];
	const bool open = x->is_open_head;
	uint32_t newlines = i->newlines > 0 || at == 0 || x->must_break ? kept(x, i) : 0;

	if (x->where == TOP && x->after_rule && newlines > 0)
		newlines = 2;
	if (newlines > 0)
		x->after_rule = false;
	OV_TRY(put_words(x, at, newlines, comment_indent(x, at)));
	x->is_open_head = open && newlines == 0;
	return OV_OK;
}

static ov_status top(struct layout *x, uint32_t at)
{
	const struct yf_item *i = &x->l->v[at];
	const bool is_rule = !yf_word(i, YW_IMPORT) && !yf_word(i, YW_INCLUDE);
	const bool after_comment = at > 0 && x->l->v[at - 1].is_comment;
	uint32_t newlines = kept(x, i);

	if (x->after_rule || (is_rule && at > 0 && !after_comment))
		newlines = 2;
	x->after_rule = false;
	x->where = HEAD;
	return put_words(x, at, newlines, 0);
}

/* From the first word of a rule to its brace; or `import "x"`. */
static ov_status head(struct layout *x, uint32_t at)
{
	const struct yf_item *i = &x->l->v[at];

	OV_TRY(put_words(x, at, 0, STEP));
	if (i->kind == YT_TEXT)
		x->where = TOP;
	if (yf_is(i, '{')) {
		x->where = BODY;
		x->is_open_head = true;
	}
	return OV_OK;
}

static ov_status section(struct layout *x, uint32_t at)
{
	const struct yf_item *i = &x->l->v[at];

	OV_TRY(put_words(x, at, kept(x, i), STEP));
	x->where = i->word == YW_META ? META : i->word == YW_STRINGS ? STRINGS : CONDITION;
	x->is_begun = false;
	return OV_OK;
}

static ov_status end_of_rule(struct layout *x, uint32_t at)
{
	OV_TRY(put_words(x, at, 1, 0));
	x->where = TOP;
	x->after_rule = true;
	x->depth = 0;
	return OV_OK;
}

static ov_status entries(struct layout *x, uint32_t at)
{
	const struct yf_item *i = &x->l->v[at];

	if (begins_entry(x, at))
		return put_words(x, at, kept(x, i), ENTRY);
	return put_words(x, at, 0, ENTRY + STEP);
}

static ov_status condition(struct layout *x, uint32_t at)
{
	const struct yf_item *i = &x->l->v[at];
	uint32_t newlines = i->newlines > 0 ? kept(x, i) : 0;

	if (!x->is_begun)
		newlines = kept(x, i);
	x->is_begun = true;
	OV_TRY(put_words(x, at, newlines, condition_indent(x, i)));
	if (yf_is(i, '(') || yf_is(i, '['))
		x->depth++;
	else if ((yf_is(i, ')') || yf_is(i, ']')) && x->depth > 0)
		x->depth--;
	return OV_OK;
}

static ov_status item(struct layout *x, uint32_t at)
{
	const struct yf_item *i = &x->l->v[at];

	if (i->is_comment)
		return comment(x, at);
	if (x->where == TOP)
		return top(x, at);
	if (x->where == HEAD)
		return head(x, at);
	if (x->where != CONDITION && yf_is_section(x->l, at))
		return section(x, at);
	if (!x->is_begun && yf_is(i, ':')) { /* of a section */
		if (x->must_break)
			OV_TRY(newline(x, 1, STEP));
		x->must_break = false;
		OV_TRY(ov_buf_u8(x->out, ':'));
		x->is_open_head = true;
		x->is_begun = x->where != CONDITION;
		return OV_OK;
	}
	if (yf_is(i, '}'))
		return end_of_rule(x, at);
	return x->where == CONDITION ? condition(x, at) : entries(x, at);
}

static ov_status rules_like(void *ctx, struct ov_str prefix, struct ov_arena *a,
			    struct ov_str **names, uint32_t *n)
{
	(void)ctx;
	OV_TRY(ov_yp_grow(a, (void **)names, *n, sizeof **names));
	(*names)[(*n)++] = prefix; /* it is not known here which there are: some */
	return OV_OK;
}

/* Is it a source at all? */
static ov_status check(struct ov_cur bytes, struct ov_arena *a, struct ov_yerror *err)
{
	const struct ov_yparse_env env = { .rules_like = rules_like, .max_strings = UINT32_MAX };
	struct ov_yrule_ast rule;
	enum ov_yunit what;
	struct ov_yparser p;
	struct ov_str name;
	ov_status s;

	OV_TRY(ov_yparse_begin(&p, bytes, a, &env, err));
	do {
		s = ov_yparse_next(&p, &what, &name, &rule);
	} while (s == OV_OK);
	return s == OV_END ? OV_OK : s;
}

ov_status ov_yformat(struct ov_cur bytes, struct ov_arena *a, struct ov_buf *out,
		     struct ov_yerror *err)
{
	const size_t start = out->n;
	struct yf_items l, again;
	struct layout x = { .l = &l, .out = out };

	if (start != 0)
		return OV_BUG;
	OV_TRY(check(bytes, a, err));
	OV_TRY(yf_collect(bytes, a, &l, err));
	for (uint32_t i = 0; i < l.n; i++)
		OV_TRY(item(&x, i));
	if (out->n > 0)
		OV_TRY(ov_buf_u8(out, '\n'));
	OV_TRY(yf_collect(ov_buf_cur(out), a, &again, err));
	return yf_are_same(&l, &again) ? OV_OK : OV_BUG;
}
