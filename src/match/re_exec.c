/*
 * Runs programs of YARA's regular expressions over all their states at once: time is at most the
 * bytes looked at times the states. See re_code.h.
 */
#include "re_code.h"

#include <stdlib.h>
#include <string.h>

#define PUT 0x80000000u /* in a count on the stack: the thread itself, not what it leads to */

ov_status re_run_room(struct re_run *r, uint32_t nstates)
{
	struct re_thread *threads;
	uint32_t *seen;

	if (nstates <= r->cap && r->cap > 0)
		return OV_OK;
	nstates = nstates < 1024 ? 1024 : nstates;
	threads = malloc((size_t)nstates * 4 * sizeof *threads + sizeof *threads);
	seen = calloc(nstates, sizeof *seen);
	if (threads == NULL || seen == NULL) {
		free(threads);
		free(seen);
		return OV_NOMEM;
	}
	re_run_free(r);
	*r = (struct re_run){ .now = threads,
			      .next = threads + nstates,
			      .stack = threads + (size_t)nstates * 2,
			      .first = threads,
			      .seen = seen,
			      .cap = nstates };
	return OV_OK;
}

void re_run_free(struct re_run *r)
{
	free(r->first);
	free(r->seen);
	*r = (struct re_run){ 0 };
}

struct list {
	struct re_thread *v;
	uint32_t n;
};

struct step { /* of a run */
	const struct re_prog *p;
	struct re_run *r;
	const struct re_text *t;
	struct list now, next;
	bool mirrored, is_short;
	uint64_t work;
};

static void new_stamp(struct step *s)
{
	if (++s->r->stamp == 0) { /* wrapped: old stamps could be taken for new ones */
		memset(s->r->seen, 0, s->r->cap * sizeof *s->r->seen);
		s->r->stamp = 1;
	}
}

static bool is_new(struct step *s, uint32_t state)
{
	if (s->r->seen[state] == s->r->stamp)
		return false;
	s->r->seen[state] = s->r->stamp;
	s->work++;
	return true;
}

/* The byte before, and at, a place; -1: there is none. */
static int byte_before(struct step *s, size_t at)
{
	const size_t unit = s->t->wide ? 2 : 1;

	if (at >= unit)
		return s->t->p[at - unit];
	s->is_short |= s->t->base > 0;
	return -1;
}

static int byte_at(struct step *s, size_t at)
{
	if (at < s->t->n)
		return s->t->p[at];
	s->is_short |= s->t->base + s->t->n < s->t->size;
	return -1;
}

static bool place_holds(struct step *s, enum re_kind k, size_t at)
{
	const uint64_t off = s->t->base + at;
	int before, after;
	bool is_edge;

	if (k == RE_BEGIN || (k == RE_LINE_BEGIN && off == 0))
		return off == 0;
	if (k == RE_END || (k == RE_LINE_END && off == s->t->size))
		return off == s->t->size;
	if (k == RE_LINE_BEGIN)
		return byte_before(s, at) == '\n';
	if (k == RE_LINE_END)
		return byte_at(s, at) == '\n';
	before = byte_before(s, at);
	after = byte_at(s, at);
	/* As yara 4.2.3: the ends of a file are edges, whatever stands there. */
	is_edge =
	    before < 0 || after < 0 || re_is_word((uint8_t)before) != re_is_word((uint8_t)after);
	return is_edge == (k == RE_WORD_EDGE);
}

static void put_thread(struct list *to, uint32_t pc, uint32_t count)
{
	to->v[to->n++] = (struct re_thread){ .pc = pc, .count = count };
}

/* A thread in a loop goes on in it, and out of it, in the order of its preference. @return the
 * next state in *at, or false when there is none. */
static bool reach_loop(struct step *s, struct list *to, const struct re_ins *i,
		       struct re_thread *at, uint32_t *depth)
{
	const bool can_stay = i->b == UINT16_MAX || at->count < i->b;
	const bool can_leave = at->count >= rc_loop_min(i);

	if (!is_new(s, rc_loop_base(i) + at->count))
		return false;
	if (can_stay && (i->a == 0 || !can_leave))
		put_thread(to, at->pc, at->count);
	else if (can_stay)
		s->r->stack[(*depth)++] =
		    (struct re_thread){ .pc = at->pc, .count = at->count | PUT };
	*at = (struct re_thread){ .pc = at->pc + 2 };
	return can_leave;
}

/* One state of the closure. @return as reach_loop(). */
static bool reach_one(struct step *s, struct list *to, struct re_thread *at, size_t where,
		      uint32_t *depth)
{
	const struct re_ins i = re_ins_at(s->p->code, at->pc);

	if (i.op == RC_LOOP)
		return reach_loop(s, to, &i, at, depth);
	if (i.op == RC_RUN) {
		if (at->count >= i.b) {
			*at = (struct re_thread){ .pc = at->pc + 2 };
			return true;
		}
		if (is_new(s, i.x + at->count))
			put_thread(to, at->pc, at->count);
		return false;
	}
	if (!is_new(s, at->pc))
		return false;
	switch (i.op) {
	case RC_SPLIT:
		s->r->stack[(*depth)++] = (struct re_thread){ .pc = i.a ? at->pc + 1 : i.x };
		*at = (struct re_thread){ .pc = i.a ? i.x : at->pc + 1 };
		return true;
	case RC_JUMP:
		*at = (struct re_thread){ .pc = i.x };
		return true;
	case RC_PLACE:
		*at = (struct re_thread){ .pc = at->pc + 1 };
		return place_holds(s, (enum re_kind)i.a, where);
	case RC_DATA:
		return false;
	default:
		put_thread(to, at->pc, 0);
		return false;
	}
}

/*
 * Adds all that is reached from `from` without reading, in order of preference. Each state is
 * entered once and leaves at most one on the stack.
 */
static void reach(struct step *s, struct list *to, struct re_thread from, size_t where)
{
	uint32_t depth = 0;
	struct re_thread at = from;

	for (;;) {
		if ((at.count & PUT) != 0)
			put_thread(to, at.pc, at.count & ~PUT);
		else if (reach_one(s, to, &at, where, &depth))
			continue;
		if (depth == 0)
			return;
		at = s->r->stack[--depth];
	}
}

/* Where a thread stands after the byte. @return false when it does not take it. */
static bool advance(const struct re_prog *p, struct re_thread *th, uint8_t c)
{
	const struct re_ins i = re_ins_at(p->code, th->pc);
	struct re_ins leaf;

	if (i.op == RC_RUN) {
		if (!re_run_takes(p, &i, th->pc, th->count, c))
			return false;
		th->count++;
		return true;
	}
	if (i.op == RC_LOOP) {
		leaf = re_ins_at(p->code, th->pc + 1);
		if (!re_leaf_takes(p, &leaf, c))
			return false;
		if (i.b != UINT16_MAX || th->count < rc_loop_min(&i))
			th->count++;
		return true;
	}
	th->pc++;
	return re_leaf_takes(p, &i, c);
}

/* The byte to be read from `at`. @return OV_OK; OV_END there is none. */
static ov_status next_byte(struct step *s, size_t at, uint8_t *out)
{
	const struct re_text *t = s->t;
	const size_t unit = t->wide ? 2 : 1;

	if (s->mirrored) {
		if (at < unit) {
			s->is_short |= t->base > 0;
			return OV_END;
		}
		*out = t->p[at - unit];
		return t->wide && t->p[at - 1] != 0 ? OV_END : OV_OK;
	}
	if (t->n - at < unit) {
		s->is_short |= t->base + t->n < t->size;
		return OV_END;
	}
	*out = t->p[at];
	return t->wide && t->p[at + 1] != 0 ? OV_END : OV_OK;
}

static void swap_lists(struct step *s)
{
	const struct list now = s->now;

	s->now = s->next;
	s->next = now;
	s->next.n = 0;
}

static bool is_match(const struct step *s, const struct re_thread *th)
{
	return re_ins_at(s->p->code, th->pc).op == RC_MATCH;
}

static struct step begin(const struct re_prog *p, struct re_run *r, const struct re_text *t,
			 bool mirrored)
{
	return (struct step){ .p = p,
			      .r = r,
			      .t = t,
			      .now = { .v = r->now },
			      .next = { .v = r->next },
			      .mirrored = mirrored };
}

/* All threads read one byte; those of `next` stand behind it. */
static void step_all(struct step *s, uint32_t n, uint8_t c, size_t to)
{
	new_stamp(s);
	for (uint32_t i = 0; i < n; i++) {
		struct re_thread th = s->now.v[i];

		if (advance(s->p, &th, c))
			reach(s, &s->next, th, to);
	}
	s->work += n;
	swap_lists(s);
}

ov_status re_forward(const struct re_prog *p, struct re_run *r, const struct re_text *t,
		     struct re_thread from, size_t at, uint64_t *steps, struct re_end *out)
{
	const size_t unit = t->wide ? 2 : 1;
	struct step s = begin(p, r, t, false);
	bool is_found = false;
	size_t i = at;

	*out = (struct re_end){ 0 };
	if (!re_may_match(p, t, from, at, false, steps))
		return OV_END;
	new_stamp(&s);
	reach(&s, &s.now, from, i);
	for (;; i += unit) {
		uint32_t n = 0;
		uint8_t c;

		while (n < s.now.n && !is_match(&s, &s.now.v[n]))
			n++;
		if (n < s.now.n) { /* what is less preferred than this match is dropped */
			is_found = true;
			out->at = i;
		}
		if (n == 0)
			break;
		if (i - at >= t->limit) {
			out->is_cut = true;
			break;
		}
		if (next_byte(&s, i, &c) != OV_OK)
			break;
		if (s.work >= *steps) {
			*steps = 0;
			return OV_LIMIT;
		}
		step_all(&s, n, c, i + unit);
	}
	*steps -= s.work < *steps ? s.work : *steps;
	out->is_short = s.is_short;
	return is_found ? OV_OK : OV_END;
}

ov_status re_backward(const struct re_prog *p, struct re_run *r, const struct re_text *t,
		      struct re_thread from, size_t at, uint64_t *steps, size_t *starts,
		      size_t *nstarts, struct re_end *out)
{
	const size_t unit = t->wide ? 2 : 1;
	struct step s = begin(p, r, t, true);
	size_t i = at, n = 0;

	*out = (struct re_end){ 0 };
	*nstarts = 0;
	if (!re_may_match(p, t, from, at, true, steps))
		return OV_OK;
	new_stamp(&s);
	reach(&s, &s.now, from, i);
	for (;; i -= unit) {
		bool is_start = false;
		uint8_t c;

		for (uint32_t k = 0; k < s.now.n && !is_start; k++)
			is_start = is_match(&s, &s.now.v[k]);
		if (is_start)
			starts[n++] = i;
		if (s.now.n == 0 || (s.now.n == 1 && is_start))
			break;
		if (at - i >= t->limit) {
			out->is_cut = true;
			break;
		}
		if (next_byte(&s, i, &c) != OV_OK)
			break;
		if (s.work >= *steps) {
			*steps = 0;
			return OV_LIMIT;
		}
		step_all(&s, s.now.n, c, i - unit);
	}
	*steps -= s.work < *steps ? s.work : *steps;
	*nstarts = n;
	out->is_short = s.is_short;
	return OV_OK;
}

ov_status re_search(const struct re_prog *p, struct re_run *r, const struct re_text *t,
		    uint64_t *steps, struct re_end *out)
{
	struct step s = begin(p, r, t, false);
	const struct re_thread start = { 0 };

	*out = (struct re_end){ 0 };
	new_stamp(&s);
	for (size_t i = 0;; i++) {
		uint8_t c;

		reach(&s, &s.now, start,
		      i); /* a match may begin here too; the stamp is the step's */
		for (uint32_t k = 0; k < s.now.n; k++)
			if (is_match(&s, &s.now.v[k])) {
				out->at = i;
				return OV_OK;
			}
		if (next_byte(&s, i, &c) != OV_OK)
			return OV_END;
		if (s.work >= *steps) {
			*steps = 0;
			return OV_LIMIT;
		}
		*steps -= s.work;
		s.work = 0;
		step_all(&s, s.now.n, c, i + 1);
	}
}
