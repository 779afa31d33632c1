/* Condition code: compile, verify, evaluate. */
#include "cond.h"

#include "le.h"
#include "odb_int.h"

enum visit { VISIT_FIRST, VISIT_SECOND, VISIT_EMIT };

struct frame {
	const struct ov_cond_node *node;
	enum visit next;
};

static bool is_sub_count(const struct ov_cond_node *n)
{
	return n->kind == OV_COND_COUNT && n->a->kind == OV_COND_SUB;
}

static ov_status emit_sub(const struct ov_cond_node *n, uint32_t nsubs, struct ov_buf *out)
{
	return n->sub < nsubs ? ov_buf_u16(out, (uint16_t)n->sub) : OV_BAD;
}

static ov_status emit(const struct ov_cond_node *n, uint32_t nsubs, struct ov_buf *out)
{
	const bool one = is_sub_count(n);

	OV_TRY(ov_buf_u8(out, (uint8_t)(one ? OV_COND_SUB_COUNT : n->kind)));
	if (n->kind == OV_COND_SUB)
		return emit_sub(n, nsubs, out);
	if (n->kind != OV_COND_COUNT)
		return OV_OK;
	if (n->rel != '=' && n->rel != '<' && n->rel != '>')
		return OV_BAD;
	if (one)
		OV_TRY(emit_sub(n->a, nsubs, out));
	OV_TRY(ov_buf_u8(out, (uint8_t)n->rel));
	OV_TRY(ov_buf_u64(out, n->want));
	return one ? OV_OK : ov_buf_u32(out, n->min_distinct);
}

/* The child to visit before `f` goes on, or NULL. Moves the frame's state. */
static const struct ov_cond_node *next_child(struct frame *f)
{
	const bool is_pair = f->node->kind == OV_COND_AND || f->node->kind == OV_COND_OR;

	if (f->next == VISIT_FIRST) {
		f->next = is_pair ? VISIT_SECOND : VISIT_EMIT;
		if (is_pair || (f->node->kind == OV_COND_COUNT && !is_sub_count(f->node)))
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
	case OV_COND_SUB_COUNT:
		return false;
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

/* Bytes of an instruction with its operands. */
static size_t size_of(enum ov_cond_kind kind)
{
	switch (kind) {
	case OV_COND_SUB:
		return 1 + 2;
	case OV_COND_SUB_COUNT:
		return 1 + 2 + 1 + 8;
	case OV_COND_COUNT:
		return 1 + 1 + 8 + 4;
	case OV_COND_AND:
	case OV_COND_OR:
	case OV_COND_TRUE:
		break;
	}
	return 1;
}

ov_status ov_cond_next(struct ov_cur *code, struct ov_cond_op *out)
{
	const uint8_t *p = ov_cur_rest(code);
	const size_t left = ov_cur_left(code);
	struct ov_cond_op op = { 0 };

	if (left == 0)
		return OV_END;
	if (p[0] < OV_COND_SUB || p[0] > OV_COND_SUB_COUNT)
		return OV_BAD;
	op.kind = (enum ov_cond_kind)p[0];
	if (left < size_of(op.kind))
		return OV_SHORT;
	p++;
	if (op.kind == OV_COND_SUB || op.kind == OV_COND_SUB_COUNT) {
		op.sub = ov_le16(p);
		p += 2;
	}
	if (op.kind == OV_COND_COUNT || op.kind == OV_COND_SUB_COUNT) {
		op.rel = (char)p[0];
		if (op.rel != '=' && op.rel != '<' && op.rel != '>')
			return OV_BAD;
		op.want = ov_le64(p + 1);
		if (op.kind == OV_COND_COUNT)
			op.min_distinct = ov_le32(p + 1 + 8);
	}
	*out = op;
	return ov_cur_skip(code, size_of(op.kind));
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
		else if (op.kind != OV_COND_TRUE && op.sub >= nsubs)
			return OV_BAD;
		if (depth < takes || depth - takes == OV_COND_DEPTH)
			return OV_BAD;
		depth = depth - takes + 1;
	}
	if (s != OV_END)
		return s;
	return depth == 1 ? OV_OK : OV_BAD;
}

uint64_t ov_cond_all_of(struct ov_cur code)
{
	const uint8_t *p = ov_cur_rest(&code);
	size_t left = ov_cur_left(&code);
	uint64_t subs = 0;

	while (left > 0) {
		if (*p == OV_COND_AND) {
			p++;
			left--;
			continue;
		}
		if (*p != OV_COND_SUB || left < size_of(OV_COND_SUB) ||
		    ov_le16(p + 1) >= OV_COND_SUBS)
			return 0;
		subs |= UINT64_C(1) << ov_le16(p + 1);
		p += size_of(OV_COND_SUB);
		left -= size_of(OV_COND_SUB);
	}
	return subs;
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
 * ClamAV's rules. A relation behind a block: the counts below are summed, and at least min_distinct
 * of the subsignatures below must have counted. To the block around it, it gives its sum, but not
 * who counted; nothing if it does not hold.
 */
static void apply_count(const struct ov_cond_op *op, struct ov_cond_value *v)
{
	v->truth = ov_cond_holds(op->rel, v->sum, op->want) &&
		   (uint32_t)__builtin_popcountll(v->seen) >= op->min_distinct;
	v->seen = 0;
	if (!v->truth)
		v->sum = 0;
}

/* One subsignature. With a relation it counts as one that matched when that holds, even "=0". */
static struct ov_cond_value sub_value(const struct ov_cond_op *op, uint64_t count)
{
	struct ov_cond_value v = { .truth = count > 0, .sum = count };

	if (op->kind == OV_COND_SUB_COUNT)
		v.truth = ov_cond_holds(op->rel, count, op->want);
	if (v.truth)
		v.seen = UINT64_C(1) << (op->sub & 63);
	else
		v.sum = 0;
	return v;
}

/* An AND that fails counts nothing, whatever its sides counted. */
static void join_values(bool is_and, struct ov_cond_value *under, const struct ov_cond_value *top)
{
	under->truth = is_and ? under->truth && top->truth : under->truth || top->truth;
	under->sum = under->truth ? add_sat(under->sum, top->sum) : 0;
	under->seen = under->truth ? under->seen | top->seen : 0;
}

/* The most that a subsignature may be. */
static struct ov_cond_value most_of(const struct ov_cond_op *op, const uint64_t *counts,
				    uint64_t known)
{
	if ((known >> (op->sub & 63) & 1) != 0)
		return sub_value(op, counts[op->sub]);
	return (struct ov_cond_value){ .truth = true,
				       .sum = UINT64_MAX,
				       .seen = UINT64_C(1) << (op->sub & 63) };
}

/* Sums and who counted are upper bounds here; a relation that a lower sum could satisfy may hold.
 */
static void may_count(const struct ov_cond_op *op, struct ov_cond_value *v)
{
	if (op->rel == '>')
		v->truth = v->sum > op->want;
	else
		v->truth = op->rel == '<' || v->sum >= op->want;
	v->truth = v->truth && (uint32_t)__builtin_popcountll(v->seen) >= op->min_distinct;
	v->seen = 0;
	if (!v->truth)
		v->sum = 0;
}

bool ov_cond_may(struct ov_cur code, const uint64_t *counts, uint64_t known, uint32_t nsubs)
{
	struct ov_cond_value stack[OV_COND_DEPTH] OV_SCRATCH;
	struct ov_cond_op op;
	size_t n = 0;

	while (ov_cond_next(&code, &op) == OV_OK) {
		if (op.kind == OV_COND_COUNT) {
			if (n < 1)
				return true;
			may_count(&op, &stack[n - 1]);
		} else if (op.kind == OV_COND_AND || op.kind == OV_COND_OR) {
			if (n < 2)
				return true;
			n--;
			join_values(op.kind == OV_COND_AND, &stack[n - 1], &stack[n]);
		} else {
			if (n == OV_COND_DEPTH || op.sub >= (nsubs > 0 ? nsubs : 1))
				return true;
			stack[n++] = op.kind == OV_COND_TRUE || nsubs == 0
					 ? (struct ov_cond_value){ .truth = true }
					 : most_of(&op, counts, known);
		}
	}
	return n != 1 || stack[0].truth;
}

bool ov_cond_eval(struct ov_cur code, const uint64_t *counts, uint32_t nsubs)
{
	struct ov_cond_value stack[OV_COND_DEPTH] OV_SCRATCH;
	struct ov_cond_op op;
	size_t n = 0;

	while (ov_cond_next(&code, &op) == OV_OK) {
		switch (op.kind) {
		case OV_COND_TRUE:
		case OV_COND_SUB:
		case OV_COND_SUB_COUNT:
			if (n == OV_COND_DEPTH || op.sub >= (nsubs > 0 ? nsubs : 1))
				return false; /* verified code never comes here */
			stack[n++] = op.kind == OV_COND_TRUE
					 ? (struct ov_cond_value){ .truth = true }
					 : sub_value(&op, nsubs > 0 ? counts[op.sub] : 0);
			break;
		case OV_COND_COUNT:
			if (n < 1)
				return false;
			apply_count(&op, &stack[n - 1]);
			break;
		case OV_COND_AND:
		case OV_COND_OR:
			if (n < 2)
				return false;
			n--;
			join_values(op.kind == OV_COND_AND, &stack[n - 1], &stack[n]);
			break;
		}
	}
	return n == 1 && stack[0].truth;
}
