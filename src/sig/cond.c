/* Condition code: compile, verify, evaluate. */
#include "cond.h"

#include "odb_int.h"

enum visit { VISIT_FIRST, VISIT_SECOND, VISIT_EMIT };

struct frame {
	const struct ov_cond_node *node;
	enum visit next;
};

static ov_status emit(const struct ov_cond_node *n, uint32_t nsubs, struct ov_buf *out)
{
	OV_TRY(ov_buf_u8(out, (uint8_t)n->kind));
	switch (n->kind) {
	case OV_COND_SUB:
		if (n->sub >= nsubs)
			return OV_BAD;
		return ov_buf_u16(out, (uint16_t)n->sub);
	case OV_COND_COUNT:
		if (n->rel != '=' && n->rel != '<' && n->rel != '>')
			return OV_BAD;
		OV_TRY(ov_buf_u8(out, (uint8_t)n->rel));
		OV_TRY(ov_buf_u64(out, n->want));
		return ov_buf_u32(out, n->min_distinct);
	default:
		return OV_OK;
	}
}

/* The child to visit before `f` goes on, or NULL. Moves the frame's state. */
static const struct ov_cond_node *next_child(struct frame *f)
{
	const bool is_pair = f->node->kind == OV_COND_AND || f->node->kind == OV_COND_OR;

	if (f->next == VISIT_FIRST) {
		f->next = is_pair ? VISIT_SECOND : VISIT_EMIT;
		if (is_pair || f->node->kind == OV_COND_COUNT)
			return f->node->a;
	}
	if (f->next == VISIT_SECOND) {
		f->next = VISIT_EMIT;
		return f->node->b;
	}
	return NULL;
}

static bool is_whole(const struct ov_cond_node *n)
{
	switch (n->kind) {
	case OV_COND_AND:
	case OV_COND_OR:
		return n->a != NULL && n->b != NULL;
	case OV_COND_COUNT:
		return n->a != NULL;
	case OV_COND_SUB:
	case OV_COND_TRUE:
		return true;
	}
	return false;
}

ov_status ov_cond_compile(const struct ov_cond_node *root, uint32_t nsubs, struct ov_buf *out)
{
	struct frame stack[OV_COND_DEPTH];
	size_t depth = 0;

	if (root == NULL || !is_whole(root) || nsubs > ODB_SUBS_MAX)
		return OV_BAD;
	stack[depth++] = (struct frame){ .node = root, .next = VISIT_FIRST };
	while (depth > 0) {
		struct frame *f = &stack[depth - 1];
		const struct ov_cond_node *child = next_child(f);

		if (child == NULL) {
			OV_TRY(emit(f->node, nsubs, out));
			depth--;
			continue;
		}
		if (!is_whole(child))
			return OV_BAD;
		if (depth == OV_COND_DEPTH)
			return OV_LIMIT;
		stack[depth++] = (struct frame){ .node = child, .next = VISIT_FIRST };
	}
	return OV_OK;
}

ov_status ov_cond_next(struct ov_cur *code, struct ov_cond_op *out)
{
	struct ov_cur at = *code;
	struct ov_cond_op op = { 0 };
	uint8_t kind, rel;
	uint16_t sub;

	if (ov_cur_left(&at) == 0)
		return OV_END;
	OV_TRY(ov_cur_u8(&at, &kind));
	if (kind < OV_COND_SUB || kind > OV_COND_TRUE)
		return OV_BAD;
	op.kind = (enum ov_cond_kind)kind;
	if (op.kind == OV_COND_SUB) {
		OV_TRY(ov_cur_u16le(&at, &sub));
		op.sub = sub;
	} else if (op.kind == OV_COND_COUNT) {
		OV_TRY(ov_cur_u8(&at, &rel));
		if (rel != '=' && rel != '<' && rel != '>')
			return OV_BAD;
		op.rel = (char)rel;
		OV_TRY(ov_cur_u64le(&at, &op.want));
		OV_TRY(ov_cur_u32le(&at, &op.min_distinct));
	}
	*code = at;
	*out = op;
	return OV_OK;
}

ov_status ov_cond_verify(struct ov_cur code, uint32_t nsubs)
{
	struct ov_cond_op op;
	size_t depth = 0;
	ov_status s;

	if (nsubs > ODB_SUBS_MAX)
		return OV_BAD;
	while ((s = ov_cond_next(&code, &op)) == OV_OK) {
		size_t takes = 0;

		if (op.kind == OV_COND_AND || op.kind == OV_COND_OR)
			takes = 2;
		else if (op.kind == OV_COND_COUNT)
			takes = 1;
		else if (op.kind == OV_COND_SUB && op.sub >= nsubs)
			return OV_BAD;
		if (depth < takes || depth - takes == OV_COND_DEPTH)
			return OV_BAD;
		depth = depth - takes + 1;
	}
	if (s != OV_END)
		return s;
	return depth == 1 ? OV_OK : OV_BAD;
}

bool ov_cond_holds(char rel, uint64_t have, uint64_t want)
{
	if (rel == '<')
		return have < want;
	if (rel == '>')
		return have > want;
	return have == want;
}

static uint64_t add_sat(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/*
 * ClamAV's rule for a relation: the counts below are summed, at least min_distinct of the parts
 * must have matched, and a block whose relation does not hold adds nothing to the block around it.
 */
static void apply_count(const struct ov_cond_op *op, struct ov_cond_value *v)
{
	v->truth = ov_cond_holds(op->rel, v->sum, op->want) &&
		   (uint32_t)__builtin_popcountll(v->seen) >= op->min_distinct;
	if (!v->truth)
		v->sum = v->seen = 0;
}

bool ov_cond_eval(struct ov_cur code, const uint64_t *counts, uint32_t nsubs)
{
	struct ov_cond_value stack[OV_COND_DEPTH + 1] = { { .truth = false } };
	struct ov_cond_op op;
	size_t n = 0;

	while (ov_cond_next(&code, &op) == OV_OK) {
		struct ov_cond_value *top = n > 0 ? &stack[n - 1] : &stack[0];

		if (op.kind == OV_COND_SUB || op.kind == OV_COND_TRUE) {
			const uint64_t c =
			    op.kind == OV_COND_SUB && op.sub < nsubs ? counts[op.sub] : 0;

			if (n == OV_COND_DEPTH)
				return false; /* verified code never comes here */
			stack[n++] = (struct ov_cond_value){
				.truth = op.kind == OV_COND_TRUE || c > 0,
				.sum = c,
				.seen = c > 0 ? UINT64_C(1) << (op.sub & 63) : 0,
			};
		} else if (op.kind == OV_COND_COUNT) {
			apply_count(&op, top);
		} else if (n >= 2) {
			struct ov_cond_value *under = &stack[n - 2];

			under->truth = op.kind == OV_COND_AND ? under->truth && top->truth
							      : under->truth || top->truth;
			under->sum = add_sat(under->sum, top->sum);
			under->seen |= top->seen;
			if (!under->truth) /* ClamAV: an AND that fails counts nothing */
				under->sum = under->seen = 0;
			n--;
		}
	}
	return n == 1 && stack[0].truth;
}
