/*
 * Parser of YARA's regular expressions.
 *
 *   alternatives: sequence ('|' sequence?)*        sequence: (atom quantifier?)+
 *   atom: byte . \escape [class] ( alternatives ) ^ $ \b \B
 *   quantifier: (* + ? {n} {n,} {,m} {n,m}) ??     a brace that does not read like that is itself
 *
 * As yara 4.2.3 takes them. From YARA-X come `(?:..)` and the groups of flags `(?ism-ism:..)`. No
 * recursion: open groups stand on a stack.
 */
#include "re_ast.h"

#include <string.h>

struct group { /* an open parenthesis; the first is the whole */
	struct re_node *alt, *seq;
	size_t at;
	bool nocase, dotall, multiline; /* to come back to when it closes */
};

struct reader {
	struct re_parse *p;
	struct re_tree *tree;
	struct group open[RE_DEPTH];
	uint32_t nopen;
	bool nocase, dotall, multiline;
};

static bool is_at(const struct re_parse *p, char c)
{
	return p->at < p->body.n && p->body.p[p->at] == c;
}

static ov_status open_group(struct reader *r, size_t at)
{
	struct group *g;

	if (r->nopen == RE_DEPTH)
		return re_refuse(r->p, at, "groups are nested too deeply", "nest at most 127");
	g = &r->open[r->nopen++];
	*g = (struct group){
		.at = at, .nocase = r->nocase, .dotall = r->dotall, .multiline = r->multiline
	};
	OV_TRY(re_node_new(r->p, RE_ALT, &g->alt));
	return re_node_new(r->p, RE_SEQ, &g->seq);
}

/* Ends one alternative. */
static ov_status end_sequence(struct reader *r, struct group *g)
{
	const bool is_first = g->alt->first == NULL;

	if (g->seq->first == NULL && is_first)
		return re_refuse(r->p, r->p->at, "something is missing here",
				 r->p->at < r->p->body.n && r->p->body.p[r->p->at] == '|'
				     ? "put the empty alternative last"
				     : "write an expression");
	re_append(g->alt, g->seq);
	return OV_OK;
}

/* The group as one node: a sequence when it has no alternatives. */
static struct re_node *node_of(struct group *g)
{
	struct re_node *only = g->alt->first;

	if (only->next != NULL)
		return g->alt;
	only->parent = NULL;
	return only;
}

/* Decimal digits, at most 6 count. @return false when there are none. */
static bool read_number(const struct re_parse *p, size_t *at, uint32_t *out)
{
	uint32_t v = 0;
	const size_t start = *at;

	for (; *at < p->body.n && p->body.p[*at] >= '0' && p->body.p[*at] <= '9'; ++*at)
		v = v > 100000 ? v : v * 10 + (uint32_t)(p->body.p[*at] - '0');
	*out = v;
	return *at > start;
}

struct quantifier {
	uint32_t min, max;
	bool is_range; /* written with braces */
};

/* `{n}` and kin at the cursor. @return OV_END when it is a plain brace. */
static ov_status read_braces(struct re_parse *p, struct quantifier *q)
{
	const size_t start = p->at;
	size_t at = start + 1;
	bool has_min = read_number(p, &at, &q->min), has_max = false;

	q->max = q->min;
	q->is_range = true;
	if (at < p->body.n && p->body.p[at] == ',') {
		at++;
		has_max = read_number(p, &at, &q->max);
		if (!has_max)
			q->max = RE_INF;
		has_min = true;
	}
	if (!has_min || at >= p->body.n || p->body.p[at] != '}')
		return OV_END;
	p->at = at + 1;
	if ((q->max != RE_INF && q->max > RE_REPEAT_MAX) || q->min > RE_REPEAT_MAX)
		return re_refuse(p, start, "it repeats too often", "at most 32767 times");
	if (q->max < q->min || q->max == 0)
		return re_refuse(p, start, "the repetition ends before it begins",
				 "write {smaller,larger}, the larger at least 1");
	return OV_OK;
}

/* @return OV_END when there is no quantifier. */
static ov_status read_quantifier(struct re_parse *p, struct quantifier *q)
{
	static const char marks[] = "*+?";
	const char *mark;

	if (p->at >= p->body.n)
		return OV_END;
	if (p->body.p[p->at] == '{')
		return read_braces(p, q);
	mark = strchr(marks, p->body.p[p->at]);
	if (mark == NULL || *mark == 0)
		return OV_END;
	p->at++;
	*q = (struct quantifier){ .min = *mark == '+', .max = *mark == '?' ? 1 : RE_INF };
	return OV_OK;
}

/* A group without alternatives is a part of the sequence around it. */
static void append_flat(struct re_node *seq, struct re_node *n)
{
	if (n->kind != RE_SEQ) {
		re_append(seq, n);
		return;
	}
	for (struct re_node *c = n->first, *next; c != NULL; c = next) {
		next = c->next;
		re_append(seq, c);
	}
}

#define WRITE_OUT 16u /* a byte repeated that often stands there as often: atoms can see it */

static ov_status append_copies(struct re_parse *p, struct re_node *seq, const struct re_node *leaf,
			       uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct re_node *copy;

		OV_TRY(re_node_new(p, leaf->kind, &copy));
		*copy = *leaf;
		re_append(seq, copy);
	}
	return OV_OK;
}

static ov_status append_repeat(struct reader *r, struct re_node *seq, struct re_node *n,
			       struct quantifier q, bool is_lazy)
{
	struct re_node *rep;

	if (is_lazy)
		r->tree->has_lazy = true;
	else
		r->tree->has_greedy = true;
	if (re_is_leaf(n) && q.min <= WRITE_OUT && (n->kind != RE_ANY || !is_lazy)) {
		OV_TRY(append_copies(r->p, seq, n, q.min));
		q.max = q.max == RE_INF ? RE_INF : q.max - q.min;
		q.min = 0;
		if (q.max == 0)
			return OV_OK;
	}
	OV_TRY(re_node_new(r->p, RE_REPEAT, &rep));
	rep->min = q.min;
	rep->max = q.max;
	rep->greedy = !is_lazy;
	rep->value = q.is_range; /* see cut_chain() */
	re_append(rep, n);
	re_append(seq, rep);
	return OV_OK;
}

/* An atom is read: what follows may repeat it. */
static ov_status take(struct reader *r, struct re_node *n, bool can_repeat)
{
	struct re_parse *p = r->p;
	struct re_node *seq = r->open[r->nopen - 1].seq;
	const size_t here = p->at;
	struct quantifier q = { 0 };
	bool is_lazy;
	ov_status s = read_quantifier(p, &q);

	if (s == OV_END) {
		append_flat(seq, n);
		return OV_OK;
	}
	OV_TRY(s);
	if (!can_repeat)
		return re_refuse(p, here, "a place can't be repeated", "leave the quantifier out");
	is_lazy = is_at(p, '?');
	p->at += is_lazy;
	OV_TRY(append_repeat(r, seq, n, q, is_lazy));
	if (r->tree->has_greedy && r->tree->has_lazy)
		return re_refuse(p, here, "greedy and lazy quantifiers can't be mixed",
				 "write all of them with `?` behind, or none");
	if (read_quantifier(p, &q) == OV_OK)
		return re_refuse(p, p->at - 1, "a quantifier follows a quantifier",
				 "put the first one into parentheses");
	return OV_OK;
}

/* `(?:`, `(?i)`, `(?i-s:`: the cursor stands behind the question mark. */
static ov_status read_flags(struct reader *r, size_t at)
{
	struct re_parse *p = r->p;
	bool on = true;

	for (;; p->at++) {
		const char c = p->at < p->body.n ? p->body.p[p->at] : 0;

		if (c == '-' && on)
			on = false;
		else if (c == 'i')
			r->nocase = on;
		else if (c == 's')
			r->dotall = on;
		else if (c == 'm')
			r->multiline = on;
		else if (c == ')' || c == ':')
			break;
		else
			return re_refuse(p, at, "this kind of group is not known",
					 "known are ( ), (?: ) and the flags (?i) (?s) (?m)");
	}
	p->at++;
	return OV_OK;
}

static ov_status open_parenthesis(struct reader *r)
{
	struct re_parse *p = r->p;
	const size_t at = p->at++;
	const bool nocase = r->nocase, dotall = r->dotall, multiline = r->multiline;
	struct group *g;

	if (!is_at(p, '?'))
		return open_group(r, at);
	p->at++;
	OV_TRY(read_flags(r, at));
	if (p->body.p[p->at - 1] == ')')
		return OV_OK; /* until the group around it closes */
	OV_TRY(open_group(r, at));
	g = &r->open[r->nopen - 1];
	g->nocase = nocase;
	g->dotall = dotall;
	g->multiline = multiline;
	return OV_OK;
}

static ov_status close_parenthesis(struct reader *r)
{
	struct group *g = &r->open[r->nopen - 1];

	if (r->nopen == 1)
		return re_refuse(r->p, r->p->at, "a parenthesis closes that was not opened",
				 "write `\\)` for a parenthesis");
	OV_TRY(end_sequence(r, g));
	r->p->at++;
	r->nopen--;
	r->nocase = g->nocase;
	r->dotall = g->dotall;
	r->multiline = g->multiline;
	return take(r, node_of(g), true);
}

static ov_status next_alternative(struct reader *r)
{
	struct group *g = &r->open[r->nopen - 1];

	OV_TRY(end_sequence(r, g));
	r->p->at++;
	return re_node_new(r->p, RE_SEQ, &g->seq);
}

static ov_status read_place(struct reader *r, char c)
{
	struct re_node *n;
	enum re_kind kind = c == '^' ? RE_BEGIN : RE_END;

	if (r->multiline)
		kind = c == '^' ? RE_LINE_BEGIN : RE_LINE_END;
	r->p->at++;
	OV_TRY(re_node_new(r->p, kind, &n));
	return take(r, n, false);
}

static ov_status read_one(struct reader *r, char c)
{
	struct re_parse *p = r->p;
	struct re_node *n;

	p->at++;
	if (c == '\\')
		OV_TRY(re_parse_escape(p, r->nocase, &n));
	else if (c == '[')
		OV_TRY(re_parse_class(p, r->nocase, &n));
	else if (c == '.')
		OV_TRY(re_node_new(p, r->dotall ? RE_ANY : RE_NOTNL, &n));
	else
		OV_TRY(re_byte_node(p, (uint8_t)c, r->nocase, &n));
	return take(r, n, re_is_leaf(n));
}

static ov_status read_next(struct reader *r)
{
	struct re_parse *p = r->p;
	const char c = p->body.p[p->at];
	struct quantifier q;

	switch (c) {
	case '(':
		return open_parenthesis(r);
	case ')':
		return close_parenthesis(r);
	case '|':
		return next_alternative(r);
	case '^':
	case '$':
		return read_place(r, c);
	case '*':
	case '+':
	case '?':
		return re_refuse(p, p->at, "there is nothing to repeat",
				 "write a backslash before it for the sign itself");
	case '{':
		if (read_braces(p, &q) != OV_END)
			return re_refuse(p, p->at, "there is nothing to repeat",
					 "write `\\{` for a brace");
		if ((p->flags & OV_YSTR_STRICT) != 0)
			return re_refuse(p, p->at, "a bare brace", "write `\\{`");
		break;
	default:
		break;
	}
	return read_one(r, c);
}

static ov_status read_all(struct re_parse *p, struct re_tree *out)
{
	struct reader *r = NULL;

	*out = (struct re_tree){ 0 };
	OV_TRY(ov_arena_new(p->arena, &r));
	r->p = p;
	r->tree = out;
	r->nocase = (p->flags & OV_YSTR_NOCASE) != 0;
	r->dotall = (p->flags & OV_YSTR_DOTALL) != 0;
	OV_TRY(open_group(r, 0));
	while (p->at < p->body.n)
		OV_TRY(read_next(r));
	if (r->nopen > 1)
		return re_refuse(p, r->open[r->nopen - 1].at, "a parenthesis is not closed",
				 "write `\\(` for a parenthesis");
	OV_TRY(end_sequence(r, &r->open[0]));
	out->root = node_of(&r->open[0]);
	return OV_OK;
}

/* A lazy `.{n,m}?` under /s that is longer than RE_CHAIN cuts the expression, as in a hexadecimal
 * string. */
static bool is_long_gap(const struct re_node *n)
{
	return n->kind == RE_REPEAT && n->value && !n->greedy && n->first->kind == RE_ANY &&
	       n->max > RE_CHAIN && n->prev != NULL && n->next != NULL;
}

static ov_status cut_chain(struct re_parse *p, struct re_tree *t, uint32_t *n)
{
	struct re_node *seq = t->root, *at;

	*n = 1;
	if (seq->kind != RE_SEQ || !t->has_lazy)
		return OV_OK;
	at = seq->first;
	while (at != NULL && !is_long_gap(at))
		at = at->next;
	while (at != NULL && *n < RE_PIECES) {
		struct re_node *rest, *next = at->next;
		struct re_tree *to = &t[*n];

		OV_TRY(re_node_new(p, RE_SEQ, &rest));
		*to = (struct re_tree){
			.root = rest, .gap_min = at->min, .gap_max = at->max, .has_lazy = true
		};
		at->prev->next = NULL;
		at->parent->last = at->prev;
		at = NULL;
		for (struct re_node *c = next, *after; c != NULL; c = after) {
			after = c->next;
			if (at == NULL && c != next && is_long_gap(c))
				at = c;
			re_append(rest, c);
		}
		++*n;
	}
	return OV_OK;
}

ov_status re_parse_whole(struct re_parse *p, struct re_tree *out)
{
	OV_TRY(read_all(p, out));
	return re_measure(p, out);
}

ov_status re_parse_regex(struct re_parse *p, struct re_tree *out, uint32_t *n)
{
	OV_TRY(read_all(p, out));
	OV_TRY(cut_chain(p, out, n));
	for (uint32_t i = 0; i < *n; i++)
		OV_TRY(re_measure(p, &out[i]));
	return OV_OK;
}
