/*
 * Trees to programs, see re_code.h. Each node is entered and left on a stack of frames: what is
 * repeated is written out as often as it must be there.
 */
#include "re_code.h"

#include <string.h>

#define NONE UINT32_MAX

struct frame {
	const struct re_node *n;
	const struct re_node *child; /* that is being written          */
	uint32_t turn;		     /* of a repetition                */
	uint32_t mark;		     /* where its loop begins          */
	uint32_t pending;	     /* jumps to its end, linked by x  */
	uint32_t split;		     /* of the alternative before      */
};

struct emitter {
	struct re_writer *w;
	struct ov_buf *out;
	size_t start;	/* of the program in `out` */
	uint32_t n;	/* instructions            */
	uint32_t extra; /* states of RUN and LOOP: their numbers follow the instructions' */
	bool mirrored;
	struct frame stack[2 * RE_DEPTH + 8];
	uint32_t depth;
};

static ov_status too_large(struct emitter *e)
{
	*e->w->err = (struct ov_ystr_error){ "it is too large", "repeat less, or divide it", 0 };
	return OV_LIMIT;
}

static ov_status put(struct emitter *e, enum re_op op, uint8_t a, uint16_t b, uint32_t x)
{
	uint8_t bytes[RC_SIZE] = { (uint8_t)op, a };

	if (e->n >= RC_CODES_MAX)
		return too_large(e);
	ov_put_le16(bytes + 2, b);
	ov_put_le32(bytes + 4, x);
	e->n++;
	return ov_buf_put(e->out, bytes, sizeof bytes);
}

static uint8_t *x_of(struct emitter *e, uint32_t pc)
{
	return e->out->p + e->start + (size_t)pc * RC_SIZE + 4;
}

static ov_status put_set(struct emitter *e, const uint8_t set[32])
{
	const struct ov_buf *sets = &e->w->sets;
	uint32_t i = 0;

	while (i < sets->n / RC_SET_SIZE &&
	       memcmp(sets->p + i * RC_SET_SIZE, set, RC_SET_SIZE) != 0)
		i++;
	if (i == sets->n / RC_SET_SIZE)
		OV_TRY(ov_buf_put(&e->w->sets, set, RC_SET_SIZE));
	return put(e, RC_SET, 0, 0, i);
}

static ov_status put_leaf(struct emitter *e, const struct re_node *n)
{
	switch (n->kind) {
	case RE_BYTE:
		return put(e, RC_BYTE, n->value, 0, 0);
	case RE_MASK:
		return put(e, n->negated ? RC_NOT : RC_MASK, n->value, n->mask, 0);
	case RE_ANY:
		return put(e, RC_ANY, 0, 0, 0);
	case RE_NOTNL:
		return put(e, RC_NOTNL, 0, 0, 0);
	default:
		return put_set(e, n->set);
	}
}

/* The first copy in the order of the text is where atoms are: it is the first that is written, or
 * the last when it is mirrored. */
static void note_place(struct emitter *e, struct re_node *n, uint32_t pc, uint32_t count)
{
	if (e->mirrored) {
		n->rev_pc = pc;
		n->rev_count = count;
	} else if (!n->placed) {
		n->placed = true;
		n->fwd_pc = pc;
		n->fwd_count = count;
	}
}

static bool can_run(const struct re_node *n)
{
	return n->kind == RE_BYTE || n->kind == RE_ANY || (n->kind == RE_MASK && !n->negated);
}

/* Values and masks of a run, once: copies and the mirrored program use the same. */
static ov_status pool_of(struct emitter *e, struct re_node *first, uint32_t n, uint32_t *out)
{
	struct ov_buf *pool = &e->w->pool;

	if (first->has_pool) {
		*out = first->pool;
		return OV_OK;
	}
	*out = (uint32_t)pool->n;
	for (int what = 0; what < 2; what++) {
		const struct re_node *at = first;

		for (uint32_t i = 0; i < n; i++, at = at->next)
			OV_TRY(ov_buf_u8(pool, what == 0	     ? at->value
					       : at->kind == RE_BYTE ? 0xff
								     : at->mask));
	}
	first->has_pool = true;
	first->pool = *out;
	return OV_OK;
}

/* `first` .. `last` in the order of the text, n of them. */
static ov_status put_run(struct emitter *e, struct re_node *first, uint32_t n)
{
	const uint32_t pc = e->n, base = e->extra;
	uint32_t offset = 0, i = 0;

	OV_TRY(pool_of(e, first, n, &offset));
	e->extra += n;
	OV_TRY(put(e, RC_RUN, e->mirrored, (uint16_t)n, base));
	OV_TRY(put(e, RC_DATA, 0, 0, offset));
	for (struct re_node *at = first; i < n; i++, at = at->next)
		note_place(e, at, pc, e->mirrored ? n - i : i);
	return OV_OK;
}

static ov_status put_single(struct emitter *e, struct re_node *n)
{
	note_place(e, n, e->mirrored ? e->n + 1 : e->n, 0);
	return put_leaf(e, n);
}

/* The run that `n` begins in the direction of writing; moves to its last node. */
static ov_status put_leaves(struct emitter *e, struct re_node **at)
{
	struct re_node *n = *at, *first = n;
	uint32_t count = 1;

	if (!can_run(n))
		return put_single(e, n);
	for (;;) {
		struct re_node *next = e->mirrored ? n->prev : n->next;

		if (next == NULL || !can_run(next) || count == RC_RUN_MAX)
			break;
		n = next;
		count++;
	}
	*at = n;
	if (count == 1)
		return put_single(e, first);
	return put_run(e, e->mirrored ? n : first, count);
}

static ov_status put_loop(struct emitter *e, const struct re_node *n)
{
	const bool is_endless = n->max == RE_INF;
	const uint32_t min = n->min < RC_TIMES_MAX ? n->min : RC_TIMES_MAX;
	const uint32_t max = n->max < RC_TIMES_MAX ? n->max : RC_TIMES_MAX;
	const uint32_t base = e->extra;

	e->extra += (is_endless ? min : max) + 1;
	if (e->extra > RC_STATES_MAX - RC_CODES_MAX)
		return too_large(e);
	OV_TRY(
	    put(e, RC_LOOP, !n->greedy, is_endless ? UINT16_MAX : (uint16_t)max, base | min << 18));
	return put_leaf(e, n->first);
}

/* Of a repetition: how often its child is written, and what stands around copy `turn`. */
enum copy { COPY_PLAIN, COPY_OPTIONAL, COPY_STAR, COPY_PLUS };

static uint32_t copies(const struct re_node *n)
{
	if (n->max == RE_INF)
		return n->min > 1 ? n->min : 1;
	return n->max;
}

static enum copy copy_kind(const struct emitter *e, const struct re_node *n, uint32_t turn)
{
	const uint32_t all = copies(n);
	const uint32_t i = e->mirrored ? all - 1 - turn : turn; /* in the order of the text */

	if (i < n->min && (n->max != RE_INF || i + 1 < all))
		return COPY_PLAIN;
	if (n->max != RE_INF)
		return COPY_OPTIONAL;
	return n->min == 0 ? COPY_STAR : COPY_PLUS;
}

/* Writes a jump whose target is the end of the frame. */
static ov_status put_pending(struct emitter *e, struct frame *f, enum re_op op, uint8_t a)
{
	const uint32_t pc = e->n;

	OV_TRY(put(e, op, a, 0, f->pending));
	f->pending = pc;
	return OV_OK;
}

static void settle(struct emitter *e, struct frame *f)
{
	while (f->pending != NONE) {
		uint8_t *x = x_of(e, f->pending);

		f->pending = ov_le32(x);
		ov_put_le32(x, e->n);
	}
}

static ov_status begin_copy(struct emitter *e, struct frame *f)
{
	const enum copy k = copy_kind(e, f->n, f->turn);

	/* Mirrored, the copies that may be left out come first: their jumps end before the others.
	 */
	if (k == COPY_PLAIN && e->mirrored)
		settle(e, f);
	f->mark = e->n;
	if (k == COPY_OPTIONAL || k == COPY_STAR)
		return put_pending(e, f, RC_SPLIT, !f->n->greedy);
	return OV_OK;
}

static ov_status end_copy(struct emitter *e, const struct frame *f)
{
	const enum copy k = copy_kind(e, f->n, f->turn);

	if (k == COPY_STAR)
		return put(e, RC_JUMP, 0, 0, f->mark);
	if (k == COPY_PLUS)
		return put(e, RC_SPLIT, f->n->greedy, 0, f->mark);
	return OV_OK;
}

static ov_status enter(struct emitter *e, struct re_node *n)
{
	struct frame *f;

	if (n->kind == RE_REPEAT && re_is_leaf(n->first))
		return put_loop(e, n);
	if (re_is_leaf(n))
		return put_single(e, n);
	if (n->kind == RE_EMPTY)
		return OV_OK;
	if (n->kind < RE_SEQ)
		return put(e, RC_PLACE, (uint8_t)n->kind, 0, 0);
	if (e->depth == sizeof e->stack / sizeof *e->stack)
		return too_large(e);
	f = &e->stack[e->depth++];
	*f = (struct frame){ .n = n, .pending = NONE, .split = NONE };
	return OV_OK;
}

static ov_status next_in_sequence(struct emitter *e, struct frame *f)
{
	struct re_node *at;

	if (f->child == NULL)
		at = e->mirrored ? f->n->last : f->n->first;
	else
		at = e->mirrored ? f->child->prev : f->child->next;
	if (at == NULL) {
		e->depth--;
		return OV_OK;
	}
	if (!re_is_leaf(at)) {
		f->child = at;
		return enter(e, at);
	}
	OV_TRY(put_leaves(e, &at));
	f->child = at;
	return OV_OK;
}

/*   SPLIT 1 | a | JUMP end | 1: SPLIT 2 | b | JUMP end | 2: c | end:   */
static ov_status next_alternative(struct emitter *e, struct frame *f)
{
	struct re_node *at = f->child == NULL ? f->n->first : f->child->next;

	if (f->child != NULL && at != NULL)
		OV_TRY(put_pending(e, f, RC_JUMP, 0));
	if (f->split != NONE) {
		ov_put_le32(x_of(e, f->split), e->n);
		f->split = NONE;
	}
	if (at == NULL) {
		settle(e, f);
		e->depth--;
		return OV_OK;
	}
	if (at->next != NULL) {
		f->split = e->n;
		OV_TRY(put(e, RC_SPLIT, 0, 0, 0));
	}
	f->child = at;
	return enter(e, at);
}

static ov_status next_copy(struct emitter *e, struct frame *f)
{
	if (f->child != NULL) {
		OV_TRY(end_copy(e, f));
		f->turn++;
	}
	if (f->turn == copies(f->n)) {
		settle(e, f);
		e->depth--;
		return OV_OK;
	}
	f->child = f->n->first;
	OV_TRY(begin_copy(e, f));
	return enter(e, f->n->first);
}

static ov_status next(struct emitter *e)
{
	struct frame *f = &e->stack[e->depth - 1];

	if (f->n->kind == RE_SEQ)
		return next_in_sequence(e, f);
	return f->n->kind == RE_ALT ? next_alternative(e, f) : next_copy(e, f);
}

/* The states of RUN and LOOP have numbers behind those of the instructions. */
static void number_states(struct emitter *e)
{
	for (uint32_t pc = 0; pc < e->n; pc++) {
		const uint8_t op = x_of(e, pc)[-4];

		if (op == RC_RUN || op == RC_LOOP)
			ov_put_le32(x_of(e, pc), ov_le32(x_of(e, pc)) + e->n);
	}
}

ov_status re_emit(struct re_writer *w, const struct re_tree *t, bool mirrored, struct ov_buf *out,
		  uint32_t *ncodes, uint32_t *nstates)
{
	struct emitter *e = NULL;

	OV_TRY(ov_arena_new(w->arena, &e));
	e->w = w;
	e->out = out;
	e->start = out->n;
	e->mirrored = mirrored;
	OV_TRY(enter(e, t->root));
	while (e->depth > 0)
		OV_TRY(next(e));
	OV_TRY(put(e, RC_MATCH, 0, 0, 0));
	if (e->n + e->extra > RC_STATES_MAX)
		return too_large(e);
	number_states(e);
	*ncodes = e->n;
	*nstates = e->n + e->extra;
	return OV_OK;
}
