/* Trees of regular expressions: making, measuring and simplifying them. See re_ast.h. */
#include "re_ast.h"

#include <string.h>

ov_status re_refuse(struct re_parse *p, size_t at, const char *why, const char *mend)
{
	*p->err = (struct ov_ystr_error){ .why = why, .mend = mend, .at = at };
	return OV_BAD;
}

ov_status re_node_new(struct re_parse *p, enum re_kind kind, struct re_node **out)
{
	struct re_node *n = NULL;

	if (++p->nnodes > RE_NODES) {
		*p->err = (struct ov_ystr_error){ "it is too large", "divide it", p->at };
		return OV_LIMIT;
	}
	OV_TRY(ov_arena_new(p->arena, &n));
	n->kind = kind;
	*out = n;
	return OV_OK;
}

void re_append(struct re_node *to, struct re_node *n)
{
	n->parent = to;
	n->prev = to->last;
	n->next = NULL;
	if (to->last != NULL)
		to->last->next = n;
	else
		to->first = n;
	to->last = n;
}

void re_replace(struct re_node *old, struct re_node *by)
{
	by->parent = old->parent;
	by->prev = old->prev;
	by->next = old->next;
	if (by->prev != NULL)
		by->prev->next = by;
	else if (by->parent != NULL)
		by->parent->first = by;
	if (by->next != NULL)
		by->next->prev = by;
	else if (by->parent != NULL)
		by->parent->last = by;
}

void re_leaf_set(const struct re_node *n, uint8_t set[32])
{
	if (n->kind == RE_SET) {
		memcpy(set, n->set, 32);
		return;
	}
	memset(set, 0, 32);
	for (unsigned c = 0; c < 256; c++) {
		bool fits = true;

		if (n->kind == RE_BYTE)
			fits = c == n->value;
		else if (n->kind == RE_MASK)
			fits = ((c & n->mask) == n->value) != n->negated;
		else if (n->kind == RE_NOTNL)
			fits = c != '\n';
		if (fits)
			re_set_add(set, c);
	}
}

/* Alternatives that each take one byte are one leaf: the order among them tells nothing. */
static ov_status join_leaves(struct re_parse *p, struct re_node *alt, struct re_node **out)
{
	struct re_node *leaf;
	uint8_t *set = NULL;

	*out = alt;
	for (const struct re_node *c = alt->first; c != NULL; c = c->next) {
		const struct re_node *only = c->kind == RE_SEQ ? c->first : c;

		if (only == NULL || !re_is_leaf(only) || (c->kind == RE_SEQ && only->next != NULL))
			return OV_OK;
	}
	OV_TRY(re_node_new(p, RE_SET, &leaf));
	OV_TRY(ov_arena_array(p->arena, 32, &set));
	for (const struct re_node *c = alt->first; c != NULL; c = c->next) {
		uint8_t more[32];

		re_leaf_set(c->kind == RE_SEQ ? c->first : c, more);
		for (unsigned i = 0; i < 32; i++)
			set[i] |= more[i];
	}
	leaf->set = set;
	re_replace(alt, leaf);
	*out = leaf;
	return OV_OK;
}

static uint32_t plus(uint32_t a, uint32_t b)
{
	return a >= RE_INF - b ? RE_INF : a + b;
}

static uint32_t times(uint32_t a, uint32_t b)
{
	const uint64_t r = (uint64_t)a * b;

	if (a == 0 || b == 0)
		return 0;
	return a == RE_INF || b == RE_INF || r >= RE_INF ? RE_INF : (uint32_t)r;
}

static void measure_one(struct re_node *n)
{
	n->len_min = n->len_max = re_is_leaf(n) ? 1 : 0;
	if (n->kind == RE_REPEAT) {
		n->len_min = times(n->first->len_min, n->min);
		n->len_max = times(n->first->len_max, n->max);
	}
	if (n->kind == RE_ALT)
		n->len_min = RE_INF;
	for (const struct re_node *c = n->first; c != NULL; c = c->next) {
		if (n->kind == RE_SEQ) {
			n->len_min = plus(n->len_min, c->len_min);
			n->len_max = plus(n->len_max, c->len_max);
		} else if (n->kind == RE_ALT) {
			n->len_min = c->len_min < n->len_min ? c->len_min : n->len_min;
			n->len_max = c->len_max > n->len_max ? c->len_max : n->len_max;
		}
	}
}

/* What stands before a node, once its parent's is known. */
static void place_one(struct re_node *n)
{
	const struct re_node *up = n->parent;

	if (up == NULL) {
		n->pre_min = n->pre_max = 0;
		return;
	}
	n->pre_min = up->pre_min;
	n->pre_max = up->pre_max;
	if (up->kind == RE_SEQ && n->prev != NULL) {
		n->pre_min = plus(n->prev->pre_min, n->prev->len_min);
		n->pre_max = plus(n->prev->pre_max, n->prev->len_max);
	}
	/* What is repeated is written out as often as it must be there, and atoms stand in the
	 * first copy: only when that is the one that loops, its own turns stand before it too. */
	if (up->kind == RE_REPEAT && up->max == RE_INF && up->min <= 1)
		n->pre_max = plus(n->pre_max, times(n->len_max, RE_INF));
}

/* The first node of a walk from the leaves up, inside `n`. */
static struct re_node *deepest(struct re_node *n)
{
	while (n->first != NULL)
		n = n->first;
	return n;
}

ov_status re_measure(struct re_parse *p, struct re_tree *t)
{
	struct re_node *n = deepest(t->root);

	t->nnodes = p->nnodes;
	for (;;) {
		const bool is_root = n == t->root;

		if (n->kind == RE_ALT)
			OV_TRY(join_leaves(p, n, &n));
		measure_one(n);
		if (is_root) {
			t->root = n;
			break;
		}
		n = n->next != NULL ? deepest(n->next) : n->parent;
	}
	for (n = t->root; n != NULL;) { /* from the root down */
		place_one(n);
		if (n->first != NULL) {
			n = n->first;
			continue;
		}
		while (n != t->root && n->next == NULL)
			n = n->parent;
		n = n == t->root ? NULL : n->next;
	}
	return OV_OK;
}
