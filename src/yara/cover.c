/*
 * A rule's cover: strings of which at least one must be in a file for the rule to hold; of all that
 * would do, those expected least often. So pass 1 needs to look for few strings, and rules that
 * lack theirs are never evaluated. Where no string is needed, first bytes may be ("MZ", for what
 * the module pe tells): gates stand in a cover beside strings.
 */
#include "ycompile_int.h"

#include <stdlib.h>

/* Sets are ropes while they are made: a union costs one node, whatever it holds. */
struct rope {
	const struct rope *a, *b; /* a union; or: */
	const uint32_t *items;	  /* strings of the rule; NULL: `item` alone */
	uint32_t n, item;	  /* a string's number, or YC_GATE and a gate's */
};

struct cover {
	uint64_t
	    cost; /* YC_NO_COST: nothing is needed; a condition that can't hold has 0 and no rope */
	const struct rope *rope;
	bool needs_loop; /* in a loop's body: it needs the loop's string */
};

struct walk {
	struct ov_ycompiler *c;
	const struct ov_yrule_ast *r;
	const uint64_t *costs;
	uint32_t first_string;
	bool has_gates; /* they may stand for strings */
};

#define GATE_COST ((uint64_t)1 << 40) /* dearer than strings: many files begin alike */
#define SMALL ((int64_t)1 << 31)      /* numbers whose sums do not overflow */
#define RULE_REF_MAX 64u	      /* strings of another rule's cover that are taken over */

static const struct cover nothing = { .cost = YC_NO_COST };

static ov_status walk(struct walk *w, const struct ov_ynode *n, struct cover *out);
static ov_status absent(struct walk *w, const struct ov_ynode *n, struct cover *out);

static uint64_t add_cost(uint64_t a, uint64_t b)
{
	return a == YC_NO_COST || b == YC_NO_COST || a > YC_NO_COST - 1 - b ? YC_NO_COST : a + b;
}

/* The better of two that must both hold. */
static struct cover cheaper(struct cover a, struct cover b)
{
	struct cover out = b.cost < a.cost ? b : a;

	out.needs_loop = a.needs_loop || b.needs_loop;
	return out;
}

static ov_status join(struct walk *w, struct cover a, struct cover b, struct cover *out)
{
	struct rope *r = NULL;

	*out = nothing;
	out->needs_loop = a.needs_loop && b.needs_loop;
	if (add_cost(a.cost, b.cost) == YC_NO_COST)
		return OV_OK;
	out->cost = a.cost + b.cost;
	if (a.rope == NULL || b.rope == NULL) {
		out->rope = a.rope != NULL ? a.rope : b.rope;
		return OV_OK;
	}
	OV_TRY(ov_arena_new(&w->c->rule_arena, &r));
	r->a = a.rope;
	r->b = b.rope;
	out->rope = r;
	return OV_OK;
}

static ov_status one_string(struct walk *w, uint32_t str, struct cover *out)
{
	struct rope *r = NULL;

	*out = nothing;
	if (str == OV_YLOOP_STRING) {
		out->needs_loop = true;
		return OV_OK;
	}
	if (w->costs[str] == YC_NO_COST)
		return OV_OK;
	OV_TRY(ov_arena_new(&w->c->rule_arena, &r));
	r->n = 1;
	r->item = w->first_string + str;
	*out = (struct cover){ .cost = w->costs[str], .rope = r };
	return OV_OK;
}

static ov_status one_gate(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	uint32_t gate = UINT32_MAX;
	struct rope *r = NULL;

	*out = nothing;
	if (w->has_gates)
		OV_TRY(ov_yc_head(w->c, w->r, n, &gate));
	if (gate == UINT32_MAX)
		return OV_OK;
	OV_TRY(ov_arena_new(&w->c->rule_arena, &r));
	r->n = 1;
	r->item = YC_GATE | gate;
	*out = (struct cover){ .cost = GATE_COST, .rope = r };
	return OV_OK;
}

struct priced {
	uint64_t cost;
	uint32_t str;
};

static int by_cost(const void *pa, const void *pb)
{
	const struct priced *a = pa, *b = pb;

	if (a->cost != b->cost)
		return a->cost < b->cost ? -1 : 1;
	return (a->str > b->str) - (a->str < b->str);
}

/* At least `need` of the set must be there: so of any `nset - need + 1` of them, one. The cheapest.
 */
static ov_status some_of(struct walk *w, const struct ov_ynode *n, uint64_t need, struct cover *out)
{
	struct priced *all = NULL;
	uint32_t *items = NULL, many;
	struct rope *r = NULL;
	uint64_t cost = 0;

	*out = nothing;
	if (need == 0 || n->nset == 0)
		return OV_OK;
	if (need > n->nset) {
		out->cost = 0; /* never */
		return OV_OK;
	}
	many = n->nset - (uint32_t)need + 1;
	OV_TRY(ov_arena_array(&w->c->rule_arena, n->nset, &all));
	for (uint32_t i = 0; i < n->nset; i++)
		all[i] = (struct priced){ .cost = w->costs[n->set[i]], .str = n->set[i] };
	qsort(all, n->nset, sizeof *all, by_cost);
	OV_TRY(ov_arena_array(&w->c->rule_arena, many, &items));
	for (uint32_t i = 0; i < many; i++) {
		cost = add_cost(cost, all[i].cost);
		items[i] = w->first_string + all[i].str;
	}
	if (cost == YC_NO_COST)
		return OV_OK;
	OV_TRY(ov_arena_new(&w->c->rule_arena, &r));
	r->items = items;
	r->n = many;
	*out = (struct cover){ .cost = cost, .rope = r };
	return OV_OK;
}

/* How many a quantifier asks for at least; 0: maybe none. */
static uint64_t least(const struct ov_ynode *n, uint64_t total)
{
	switch (n->quant) {
	case OV_YQ_ALL:
		return total;
	case OV_YQ_ANY:
		return 1;
	case OV_YQ_N:
		return ov_yc_is_int(n->nquant) && n->nquant->i > 0 ? (uint64_t)n->nquant->i : 0;
	case OV_YQ_PERCENT:
		return ov_yc_is_int(n->nquant) && n->nquant->i > 0 && n->nquant->i <= 100
			   ? (total * (uint64_t)n->nquant->i + 99) / 100
			   : 0;
	default:
		return 0;
	}
}

static ov_status all_kids(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	struct cover one;

	*out = nothing;
	for (uint32_t i = 0; i < n->nkids; i++) {
		OV_TRY(walk(w, n->kids[i], &one));
		*out = cheaper(*out, one);
	}
	return OV_OK;
}

static ov_status any_kid(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	struct cover one, sum = { .cost = 0, .needs_loop = true };

	for (uint32_t i = 0; i < n->nkids; i++) {
		OV_TRY(walk(w, n->kids[i], &one));
		OV_TRY(join(w, sum, one, &sum));
	}
	*out = sum;
	return OV_OK;
}

static ov_status of(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	const uint64_t need = least(n, n->nkids > 0 ? n->nkids : n->nset);

	*out = nothing;
	if (n->nkids == 0)
		return some_of(w, n, need, out);
	if (need == n->nkids)
		return all_kids(w, n, out);
	return need > 0 ? any_kid(w, n, out) : OV_OK;
}

static ov_status for_of(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	const uint64_t need = least(n, n->nset);
	struct cover body, set;

	*out = nothing;
	if (need == 0)
		return OV_OK;
	OV_TRY(walk(w, n->body, &body));
	*out = body;
	out->needs_loop = false;
	if (!body.needs_loop)
		return OV_OK;
	OV_TRY(some_of(w, n, need, &set));
	*out = cheaper(set, *out);
	return OV_OK;
}

/* A loop that goes round at least once, when it is to hold. In (1..#a): at least one $a. */
static ov_status for_in(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	struct cover range = nothing;

	*out = nothing;
	if (least(n, 1) == 0)
		return OV_OK;
	OV_TRY(walk(w, n->body, out));
	if (n->iter == OV_YI_OBJECT) {
		OV_TRY(absent(w, n->a, &range));
		*out = cheaper(*out, range);
	}
	if (n->iter == OV_YI_RANGE) {
		if (ov_yc_is_int(n->a) && n->a->i >= 1 && n->b->kind == YN_COUNT)
			OV_TRY(one_string(w, n->b->str, &range));
		*out = cheaper(*out, range);
		OV_TRY(absent(w, n->a, &range));
		*out = cheaper(*out, range);
		OV_TRY(absent(w, n->b, &range));
		*out = cheaper(*out, range);
	}
	return OV_OK;
}

/* What a number is at least, as far as that can be told: no count is below zero. */
static int64_t least_value(const struct ov_ynode *n)
{
	int64_t a, b;

	switch (n->kind) {
	case YN_INT:
		return n->i;
	case YN_COUNT:
	case YN_FILESIZE:
	case YN_OFFSET:
	case YN_LENGTH:
		return 0;
	case YN_ADD:
		a = least_value(n->a);
		b = least_value(n->b);
		return a >= 0 && b >= 0 && a <= SMALL && b <= SMALL ? a + b : INT64_MIN;
	case YN_MUL:
		return least_value(n->a) >= 0 && least_value(n->b) >= 0 ? 0 : INT64_MIN;
	default:
		return INT64_MIN;
	}
}

/* What is needed for a number above zero to come out of counts. */
static ov_status above_zero(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	struct cover a = nothing, b = nothing;

	*out = nothing;
	switch (n->kind) {
	case YN_INT:
		if (n->i <= 0 && n->i >= -SMALL)
			out->cost = 0;
		return OV_OK;
	case YN_COUNT:
		return one_string(w, n->str, out);
	case YN_ADD:
		OV_TRY(above_zero(w, n->a, &a));
		OV_TRY(above_zero(w, n->b, &b));
		return join(w, a, b, out);
	case YN_MUL:
		if (least_value(n) < 0)
			return OV_OK;
		OV_TRY(above_zero(w, n->a, &a));
		OV_TRY(above_zero(w, n->b, &b));
		*out = cheaper(a, b);
		return OV_OK;
	case YN_SUB:
		return least_value(n->a) >= 0 && least_value(n->b) >= 0 ? above_zero(w, n->a, out)
									: OV_OK;
	default:
		return OV_OK;
	}
}

/* a OP b: must `a` be above zero? */
static bool is_above_zero(enum ov_ynode_kind op, const struct ov_ynode *a, const struct ov_ynode *b)
{
	switch (op) {
	case YN_GT:
		return least_value(b) >= 0;
	case YN_GE:
	case YN_EQ:
		return least_value(b) >= 1;
	case YN_NE:
		return ov_yc_is_int(b) && b->i == 0 && least_value(a) >= 0;
	default:
		return false;
	}
}

static ov_status compare(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	static const enum ov_ynode_kind turned[] = { YN_EQ, YN_NE, YN_GT, YN_GE, YN_LT, YN_LE };
	struct cover one;

	OV_TRY(absent(w, n, out));
	if (n->kind < YN_EQ || n->kind > YN_GE)
		return OV_OK;
	if (is_above_zero(n->kind, n->a, n->b)) {
		OV_TRY(above_zero(w, n->a, &one));
		*out = cheaper(*out, one);
	}
	if (is_above_zero(turned[n->kind - YN_EQ], n->b, n->a)) {
		OV_TRY(above_zero(w, n->b, &one));
		*out = cheaper(*out, one);
	}
	if (n->kind == YN_EQ) {
		OV_TRY(one_gate(w, n, &one));
		*out = cheaper(*out, one);
	}
	return OV_OK;
}

/* Strings without which a value is undefined: @a, and all that is computed of it. */
static ov_status absent(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	struct cover one;

	*out = nothing;
	switch (n->kind) {
	case YN_OFFSET:
	case YN_LENGTH:
		OV_TRY(one_string(w, n->str, out));
		break;
	case YN_NEG:
	case YN_BITNOT:
	case YN_READ:
	case YN_NOT:
		return absent(w, n->a, out);
	case YN_FIELD:
		OV_TRY(one_gate(w, n, out));
		return out->cost == YC_NO_COST ? absent(w, n->a, out) : OV_OK;
	case YN_CALL:
		OV_TRY(absent(w, n->a, out));
		for (uint32_t i = 0; i < n->nkids; i++) {
			OV_TRY(absent(w, n->kids[i], &one));
			*out = cheaper(*out, one);
		}
		return OV_OK;
	default:
		if (n->kind != YN_INDEX && (n->kind < YN_ADD || n->kind > YN_MATCHES))
			return OV_OK;
		OV_TRY(absent(w, n->a, out));
		break;
	}
	if (n->b == NULL && n->a == NULL)
		return OV_OK;
	OV_TRY(absent(w, n->b != NULL ? n->b : n->a, &one));
	*out = cheaper(*out, one);
	return OV_OK;
}

static ov_status rule_ref(struct walk *w, uint32_t rule, struct cover *out)
{
	const struct yc_rule *other = &yc_rows(w->c->rules, struct yc_rule)[rule];
	struct rope *r = NULL;
	uint32_t *items = NULL;

	*out = nothing;
	if (other->cost == YC_NO_COST || other->ncover > RULE_REF_MAX)
		return OV_OK;
	OV_TRY(ov_arena_new(&w->c->rule_arena, &r));
	OV_TRY(ov_arena_array(&w->c->rule_arena, other->ncover, &items));
	for (uint32_t i = 0; i < other->ncover; i++) {
		items[i] = yc_rows(w->c->covers, uint32_t)[other->first_cover + i];
		if ((items[i] & YC_GATE) != 0 && !w->has_gates)
			return OV_OK;
	}
	r->items = items;
	r->n = other->ncover;
	*out = (struct cover){ .cost = other->cost, .rope = other->ncover > 0 ? r : NULL };
	return OV_OK;
}

static ov_status walk(struct walk *w, const struct ov_ynode *n, struct cover *out)
{
	struct cover head;

	*out = nothing;
	switch (n->kind) {
	case YN_AT:
		OV_TRY(one_gate(w, n, &head));
		OV_TRY(one_string(w, n->str, out));
		*out = cheaper(*out, head);
		return OV_OK;
	case YN_FOUND:
	case YN_IN:
		return one_string(w, n->str, out);
	case YN_COUNT: /* as a condition: not zero */
		return n->a == NULL ? one_string(w, n->str, out) : OV_OK;
	case YN_AND:
		return all_kids(w, n, out);
	case YN_OR:
		return any_kid(w, n, out);
	case YN_OF:
		return of(w, n, out);
	case YN_FOR_OF:
		return for_of(w, n, out);
	case YN_FOR_IN:
		return for_in(w, n, out);
	case YN_WITH:
		return walk(w, n->body, out);
	case YN_RULE:
		return rule_ref(w, (uint32_t)n->i, out);
	case YN_BOOL:
		if (n->i == 0)
			out->cost = 0;
		return OV_OK;
	case YN_DEFINED:
		return absent(w, n->a, out);
	default:
		if (n->kind >= YN_ADD && n->kind <= YN_MATCHES)
			return compare(w, n, out);
		return absent(w, n, out);
	}
}

/* A rope's strings; iterative, for unions may be deep. */
static ov_status flatten(struct ov_arena *a, const struct rope *root, uint32_t **out, uint32_t *n)
{
	const struct rope **stack = NULL;
	uint32_t room = 64, top = 0, cap = 0;

	*n = 0;
	*out = NULL;
	if (root == NULL)
		return OV_OK;
	OV_TRY(ov_arena_array(a, room, &stack));
	stack[top++] = root;
	while (top > 0) {
		const struct rope *r = stack[--top];

		if (r->a != NULL) {
			if (top + 2 > room) {
				const struct rope **more = NULL;

				OV_TRY(ov_arena_array(a, (size_t)room * 2, &more));
				for (uint32_t i = 0; i < top; i++)
					more[i] = stack[i];
				stack = more;
				room *= 2;
			}
			stack[top++] = r->b;
			stack[top++] = r->a;
			continue;
		}
		if (*n + r->n > cap) {
			uint32_t *more = NULL;

			cap = (*n + r->n) * 2;
			OV_TRY(ov_arena_array(a, cap, &more));
			for (uint32_t i = 0; i < *n; i++)
				more[i] = (*out)[i];
			*out = more;
		}
		for (uint32_t i = 0; i < r->n; i++)
			(*out)[(*n)++] = r->items != NULL ? r->items[i] : r->item;
	}
	return OV_OK;
}

static int by_number(const void *pa, const void *pb)
{
	const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

ov_status ov_yc_cover(struct ov_ycompiler *c, const struct ov_yrule_ast *r, const uint64_t *costs,
		      uint32_t first_string, bool has_gates, uint32_t **out, uint32_t *n,
		      uint64_t *cost)
{
	struct walk w = {
		.c = c, .r = r, .costs = costs, .first_string = first_string, .has_gates = has_gates
	};
	struct cover all;
	uint32_t kept = 0;

	*out = NULL;
	*n = 0;
	OV_TRY(walk(&w, r->condition, &all));
	*cost = all.cost;
	if (all.cost == YC_NO_COST)
		return OV_OK;
	OV_TRY(flatten(&c->rule_arena, all.rope, out, n));
	if (*n > 1)
		qsort(*out, *n, sizeof **out, by_number);
	for (uint32_t i = 0; i < *n; i++)
		if (i == 0 || (*out)[i] != (*out)[kept - 1])
			(*out)[kept++] = (*out)[i];
	*n = kept;
	return OV_OK;
}
