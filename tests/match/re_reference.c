/* See re_reference.h. Recursion is bounded by RR_NODES. */
#include "re_reference.h"

#include <stdio.h>
#include <string.h>

unsigned rr_roll(struct rr_dice *d, unsigned n)
{
	const unsigned v = d->n > 0 ? *d->p : 0;

	d->p += d->n > 0;
	d->n -= d->n > 0;
	return n > 0 ? v % n : 0;
}

static bool put(struct rr *r, const char *s)
{
	const size_t n = strlen(s);

	if (r->nbody + n >= sizeof r->body)
		return false;
	memcpy(r->body + r->nbody, s, n + 1);
	r->nbody += n;
	return true;
}

static int leaf(struct rr *r, char kind, uint8_t byte)
{
	static const char *const sets[] = { "[ab]", "[^a]", "[b-d]", "\\w" };
	struct rr_node *x = &r->node[r->n];
	char text[8];

	*x = (struct rr_node){ .kind = kind, .byte = byte, .a = -1, .b = -1 };
	if (kind == 'b')
		(void)snprintf(text, sizeof text, "\\x%02x", byte);
	else if (kind == '[')
		(void)snprintf(text, sizeof text, "%s", sets[byte]);
	else if (kind == 'B')
		(void)snprintf(text, sizeof text, "\\b");
	else
		(void)snprintf(text, sizeof text, "%c", kind);
	return put(r, text) ? r->n++ : -1;
}

static int make(struct rr *r, struct rr_dice *d, unsigned depth);

static int make_atom(struct rr *r, struct rr_dice *d, unsigned depth)
{
	const unsigned what = rr_roll(d, depth < 4 ? 12 : 8);
	int inner;

	if (what < 6)
		return leaf(r, 'b', (uint8_t)("abcd\n\0 -"[rr_roll(d, 8)]));
	if (what == 6)
		return leaf(r, '.', 0);
	if (what == 7)
		return leaf(r, '[', (uint8_t)rr_roll(d, 4));
	if (!put(r, "("))
		return -1;
	inner = make(r, d, depth + 1);
	return inner >= 0 && put(r, ")") ? inner : -1;
}

static int make_repeat(struct rr *r, struct rr_dice *d, int inner)
{
	static const struct {
		const char *text;
		unsigned min, max;
	} q[] = { { "*", 0, 99 },  { "+", 1, 99 },    { "{0,2}", 0, 2 },
		  { "{2}", 2, 2 }, { "{1,3}", 1, 3 }, { "{2,}", 2, 99 } };
	const unsigned k = rr_roll(d, 6);

	if (inner < 0 || r->n >= (int)RR_NODES || !put(r, q[k].text) || (r->lazy && !put(r, "?")))
		return -1;
	r->has_greedy |= !r->lazy;
	r->node[r->n] =
	    (struct rr_node){ .kind = '*', .a = inner, .b = -1, .min = q[k].min, .max = q[k].max };
	return r->n++;
}

static int make_sequence(struct rr *r, struct rr_dice *d, unsigned depth)
{
	const unsigned many = 1 + rr_roll(d, 5);
	int all = -1;

	for (unsigned i = 0; i < many; i++) {
		int one;

		if (r->n + 4 >= (int)RR_NODES)
			return -1;
		if (rr_roll(d, 16) == 15)
			one = leaf(r, "B^$"[rr_roll(d, 3)], 0);
		else {
			one = make_atom(r, d, depth);
			if (one >= 0 && rr_roll(d, 4) == 3)
				one = make_repeat(r, d, one);
		}
		if (one < 0 || r->n >= (int)RR_NODES)
			return -1;
		if (all < 0) {
			all = one;
			continue;
		}
		r->node[r->n] = (struct rr_node){ .kind = 's', .a = all, .b = one };
		all = r->n++;
	}
	return all;
}

static int make(struct rr *r, struct rr_dice *d, unsigned depth)
{
	int all = make_sequence(r, d, depth);

	while (all >= 0 && rr_roll(d, 5) == 4) {
		int other;

		if (!put(r, "|"))
			return -1;
		other = make_sequence(r, d, depth);
		if (other < 0 || r->n >= (int)RR_NODES)
			return -1;
		r->node[r->n] = (struct rr_node){ .kind = '|', .a = all, .b = other };
		all = r->n++;
	}
	return all;
}

bool rr_make(struct rr *r, struct rr_dice *d)
{
	const unsigned how = rr_roll(d, 4);

	*r = (struct rr){ .lazy = (how & 1) != 0, .wide = (how & 2) != 0 };
	r->root = make(r, d, 0);
	return r->root >= 0;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

static bool takes(const struct rr_node *x, uint8_t c)
{
	if (x->kind == 'b')
		return c == x->byte;
	if (x->kind == '.')
		return c != '\n';
	switch (x->byte) {
	case 0:
		return c == 'a' || c == 'b';
	case 1:
		return c != 'a';
	case 2:
		return c >= 'b' && c <= 'd';
	default:
		return is_word(c);
	}
}

struct on {
	const struct rr *r;
	const uint8_t *text;
	size_t n, unit;
};

/* Ends of a node's matches, from any of the places in `from`. */
static uint64_t walk(const struct on *o, int node, uint64_t from);

static uint64_t walk_leaf(const struct on *o, const struct rr_node *x, uint64_t from)
{
	uint64_t to = 0;

	for (size_t i = 0; i <= o->n; i++) {
		const bool before = i >= o->unit && is_word(o->text[i - o->unit]);
		const bool after = i < o->n && is_word(o->text[i]);

		if ((from >> i & 1) == 0)
			continue;
		if (x->kind == '^')
			to |= i == 0 ? (uint64_t)1 << i : 0;
		else if (x->kind == '$')
			to |= i == o->n ? (uint64_t)1 << i : 0;
		else if (x->kind == 'B')
			to |= i < o->unit || i == o->n || before != after ? (uint64_t)1 << i : 0;
		else if (i + o->unit <= o->n && takes(x, o->text[i]) &&
			 (o->unit == 1 || o->text[i + 1] == 0))
			to |= (uint64_t)1 << (i + o->unit);
	}
	return to;
}

static uint64_t walk(const struct on *o, int node, uint64_t from)
{
	const struct rr_node *x = &o->r->node[node];
	uint64_t all = 0, at = from;

	switch (x->kind) {
	case 's':
		return walk(o, x->b, walk(o, x->a, from));
	case '|':
		return walk(o, x->a, from) | walk(o, x->b, from);
	case '*':
		for (unsigned i = 0; i <= x->max && at != 0; i++) {
			if (i >= x->min && (at & ~all) == 0)
				break; /* a further turn reaches nothing new */
			if (i >= x->min)
				all |= at;
			at = walk(o, x->a, at);
		}
		return all;
	default:
		return walk_leaf(o, x, from);
	}
}

uint64_t rr_ends(const struct rr *r, const uint8_t *text, size_t n, size_t from)
{
	const struct on o = { .r = r, .text = text, .n = n, .unit = r->wide ? 2 : 1 };

	return walk(&o, r->root, (uint64_t)1 << from);
}
