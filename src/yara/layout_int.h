/* What the formatter's files share: words and comments of a source, in order. */
#ifndef OV_YARA_LAYOUT_INT_H
#define OV_YARA_LAYOUT_INT_H

#include "layout.h"

struct yf_item {
	struct ov_str text; /* as it stands in the source */
	enum ov_ytoken_kind kind;
	enum ov_yword word;
	char c;
	bool is_comment, is_to_line_end;
	uint32_t newlines; /* before it */
};

struct yf_items {
	struct yf_item *v;
	uint32_t n;
};

/* layout_items.c */
OV_MUST_USE ov_status yf_collect(struct ov_cur bytes, struct ov_arena *a, struct yf_items *out,
				 struct ov_yerror *err);
bool yf_are_same(const struct yf_items *a, const struct yf_items *b);

static inline bool yf_is(const struct yf_item *i, char c)
{
	return !i->is_comment && i->kind == YT_CHAR && i->c == c;
}
static inline bool yf_word(const struct yf_item *i, enum ov_yword w)
{
	return !i->is_comment && i->kind == YT_IDENT && i->word == w;
}
/* Could a comment or the end be read here? The next word, comments passed over; NULL: none. */
static inline const struct yf_item *yf_after(const struct yf_items *l, uint32_t i)
{
	for (i++; i < l->n; i++)
		if (!l->v[i].is_comment)
			return &l->v[i];
	return NULL;
}
/* `meta:`, `strings:` or `condition:` */
static inline bool yf_is_section(const struct yf_items *l, uint32_t i)
{
	const struct yf_item *x = &l->v[i], *next = yf_after(l, i);

	return (yf_word(x, YW_META) || yf_word(x, YW_STRINGS) || yf_word(x, YW_CONDITION)) &&
	       next != NULL && yf_is(next, ':');
}

#endif
