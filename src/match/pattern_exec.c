/*
 * Running one part at a position. States (instruction, offset) are taken in order of the
 * instruction, and each at most once; since all targets lie forward, no input makes this
 * exponential. While one state is alive, as nearly always, the heap stays empty.
 */
#include <string.h>

#include "checked.h"
#include "pattern_int.h"

static bool is_alnum(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
}

/* Adds a state, unless the heap is full. */
static bool heap_push(struct pat_exec *x, uint64_t v)
{
	size_t i = x->nheap;

	if (x->nheap == EXEC_HEAP)
		return false;
	x->nheap++;
	for (; i > 0 && x->heap[(i - 1) / 2] > v; i = (i - 1) / 2)
		x->heap[i] = x->heap[(i - 1) / 2];
	x->heap[i] = v;
	return true;
}

static uint64_t heap_pop(struct pat_exec *x)
{
	const uint64_t top = x->heap[0], v = x->heap[--x->nheap];
	size_t i = 0;

	for (size_t c = 1; c < x->nheap; c = 2 * i + 1) {
		if (c + 1 < x->nheap && x->heap[c + 1] < x->heap[c])
			c++;
		if (x->heap[c] >= v)
			break;
		x->heap[i] = x->heap[c];
		i = c;
	}
	x->heap[i] = v;
	return top;
}

struct run {
	const struct part_view *part;
	const struct pat_text *t;
	struct pat_exec *x;
	uint64_t at;
};

/* The n bytes at offset `off` from the start, or NULL: beyond the file, or outside the window
 * (noted). */
static const uint8_t *bytes_at(struct run *r, uint64_t off, uint64_t n)
{
	const uint64_t pos = r->at + off; /* both far below 2^63: see pat_run */

	if (off + n > r->part->max || pos > r->t->size || n > r->t->size - pos)
		return NULL;
	if (pos < r->t->base || pos - r->t->base > r->t->n || n > r->t->n - (pos - r->t->base)) {
		r->x->is_short = true;
		return NULL;
	}
	return r->t->p + (pos - r->t->base);
}

static bool has_mask(const uint8_t *p, const uint8_t *value, const uint8_t *mask, size_t n)
{
	for (; n >= 8; n -= 8, p += 8, value += 8, mask += 8)
		if ((ov_le64(p) & ov_le64(mask)) != ov_le64(value))
			return false;
	for (size_t i = 0; i < n; i++)
		if ((p[i] & mask[i]) != value[i])
			return false;
	return true;
}

static bool in_set(const uint8_t *set, uint8_t b)
{
	return (set[b / 8] >> b % 8 & 1) != 0;
}

/* A byte of the file beside the match. @return false at the file's edge; *b is unset outside the
 * window too (noted). */
static bool byte_beside(struct run *r, uint64_t pos, uint8_t *b)
{
	if (pos >= r->t->size) /* also position -1 */
		return false;
	if (pos < r->t->base || pos - r->t->base >= r->t->n) {
		r->x->is_short = true;
		return false;
	}
	*b = r->t->p[pos - r->t->base];
	return true;
}

/* FULLWORD_W: an alphanumeric byte and 00 beyond the edge. At the file's end its 00 may be missing,
 * as in ClamAV. */
static bool is_wide_border(struct run *r, uint64_t pos, bool is_after)
{
	uint8_t letter, zero = 0;

	if (is_after) {
		if (!byte_beside(r, pos, &letter))
			return !r->x->is_short;
		(void)byte_beside(r, pos + 1, &zero);
	} else {
		if (!byte_beside(r, pos - 1, &zero) || !byte_beside(r, pos - 2, &letter))
			return !r->x->is_short;
	}
	return !r->x->is_short && !(is_alnum(letter) && zero == 0);
}

static bool is_border(struct run *r, enum ov_assert kind, bool is_after, uint64_t off)
{
	const uint64_t pos = r->at + off;
	uint8_t set[32] = { 0 }, b, next;

	if (kind == OV_AT_FULLWORD_W)
		return is_wide_border(r, pos, is_after);
	if (!byte_beside(r, is_after ? pos : pos - 1, &b))
		return !r->x->is_short;
	if (kind == OV_AT_FULLWORD || kind == OV_AT_NONALNUM)
		return !is_alnum(b);
	border_set(kind, is_after, set);
	if (kind == OV_AT_LINE && is_after && b == '\r')
		return byte_beside(r, pos + 1, &next) && next == '\n';
	return in_set(set, b);
}

static bool equals_none(const uint8_t *p, const uint8_t *alts, size_t n, size_t count)
{
	for (size_t i = 0; i < count; i++, alts += 2 * n)
		if (has_mask(p, alts, alts + n, n))
			return false;
	return true;
}

/* Long comparisons count as more than one step. */
static void charge(struct run *r, uint32_t n)
{
	r->x->steps -= ov_min_u64(r->x->steps, n / 32);
}

enum step { STEP_DEAD, STEP_ON, STEP_FULL };

/* Adds all states but the first of a fork; the first goes on in *pc and *off. */
static enum step fork_targets(struct run *r, const uint8_t *i, uint32_t *pc, uint32_t off)
{
	const uint32_t count = ov_le16(i + 1);

	for (uint32_t k = 1; k < count; k++)
		if (!heap_push(r->x, (uint64_t)ov_le32(i + 3 + 4 * k) << 32 | off))
			return STEP_FULL;
	*pc = ov_le32(i + 3);
	return STEP_ON;
}

static enum step fork_jump(struct run *r, const uint8_t *i, uint32_t pc, uint32_t *off)
{
	const uint32_t min = ov_le32(i + 1), max = ov_le32(i + 5);

	if (bytes_at(r, *off, min) == NULL)
		return STEP_DEAD;
	for (uint32_t k = min + 1; k <= max; k++) {
		if (bytes_at(r, *off, k) == NULL)
			break;
		if (!heap_push(r->x, (uint64_t)pc << 32 | (*off + k)))
			return STEP_FULL;
	}
	*off += min;
	return STEP_ON;
}

/* Runs the instruction at *pc for the state at *off; moves both. */
static enum step run_one(struct run *r, uint32_t *pc, uint32_t *off)
{
	const uint8_t *i = r->part->code + *pc, *p;
	uint32_t n = 0, len = 0;
	bool is_good = true;

	switch ((enum pat_op)i[0]) {
	case OP_LIT:
		n = ov_le16(i + 1);
		charge(r, n);
		p = bytes_at(r, *off, n);
		is_good = p != NULL && memcmp(p, i + 3, n) == 0;
		len = 3 + n;
		break;
	case OP_MASK:
		n = ov_le16(i + 1);
		charge(r, n);
		p = bytes_at(r, *off, n);
		is_good = p != NULL && has_mask(p, i + 3, i + 3 + n, n);
		len = 3 + 2 * n;
		break;
	case OP_ANY:
		n = ov_le32(i + 1);
		is_good = bytes_at(r, *off, n) != NULL;
		len = 5;
		break;
	case OP_SET:
		n = 1;
		p = bytes_at(r, *off, n);
		is_good = p != NULL && in_set(i + 1, *p);
		len = 33;
		break;
	case OP_NONE:
		n = ov_le16(i + 1);
		p = bytes_at(r, *off, n);
		is_good = p != NULL && equals_none(p, i + 5, n, ov_le16(i + 3));
		len = 5 + 2 * n * ov_le16(i + 3);
		break;
	case OP_BORDER:
		is_good = is_border(r, (enum ov_assert)i[1], i[2] != 0, *off);
		len = 3;
		break;
	case OP_SPLIT:
		return fork_targets(r, i, pc, *off);
	case OP_GOTO:
		*pc = ov_le32(i + 1);
		return STEP_ON;
	case OP_JUMP:
		*pc += 9;
		return fork_jump(r, i, *pc, off);
	case OP_END:
	case OP_COUNT:
		return STEP_DEAD;
	}
	*pc += len;
	*off += n;
	return is_good ? STEP_ON : STEP_DEAD;
}

/* Runs one state until it dies or ends, or until others are alive and must be taken in order. */
static enum step run_state(struct run *r, uint64_t state)
{
	uint32_t pc = (uint32_t)(state >> 32), off = (uint32_t)state;

	for (;;) {
		enum step s;

		if (r->part->code[pc] == OP_END) {
			if (r->x->nends == EXEC_ENDS)
				return STEP_FULL;
			r->x->ends[r->x->nends++] = off;
			return STEP_DEAD;
		}
		if (r->x->steps == 0)
			return STEP_FULL;
		r->x->steps--;
		s = run_one(r, &pc, &off);
		if (s != STEP_ON)
			return s;
		if (r->x->nheap > 0)
			return heap_push(r->x, (uint64_t)pc << 32 | off) ? STEP_DEAD : STEP_FULL;
	}
}

ov_status pat_run(const struct part_view *part, const struct pat_text *t, uint64_t at,
		  struct pat_exec *x)
{
	struct run r = { .part = part, .t = t, .x = x, .at = at };
	uint64_t last = UINT64_MAX, state = 0;

	x->nends = x->nheap = 0;
	x->is_short = false;
	if (at > t->size || t->size > UINT64_MAX / 4)
		return OV_END;
	for (;;) {
		if (state != last && run_state(&r, state) == STEP_FULL)
			return OV_LIMIT;
		if (x->nheap == 0)
			break;
		last = state;
		state = heap_pop(x);
	}
	if (x->nends > 0)
		return OV_OK;
	return x->is_short ? OV_SHORT : OV_END;
}
