/*
 * A look ahead for programs of the shape of hexadecimal strings, bytes [1-10] bytes [4-16] bytes:
 * the places that can be reached behind each piece are bits of a set, a jump spreads them, a piece
 * keeps those where its bytes stand. When none is left there is no match. Anything else a program
 * may hold (alternatives, edges, endless loops) is left to re_exec.c.
 */
#include "re_code.h"

#define PLACES 256 /* most between the first and the last place of a set */
#define WORDS (PLACES / 64)

struct places {
	uint64_t bits[WORDS];
	size_t base; /* bytes from where the run starts to bit 0 */
};

enum answer { NO, YES, UNSURE };

struct look {
	const struct re_prog *p;
	const struct re_text *t;
	size_t at;
	bool mirrored;
	uint64_t work;
};

/* The byte `off` bytes on. */
static enum answer byte_of(const struct look *l, size_t off, uint8_t *c)
{
	const struct re_text *t = l->t;

	if (off >= t->limit)
		return UNSURE;
	if (l->mirrored) {
		if (off >= l->at)
			return t->base > 0 ? UNSURE : NO;
		*c = t->p[l->at - 1 - off];
		return YES;
	}
	if (off >= t->n - l->at)
		return t->base + t->n < t->size ? UNSURE : NO;
	*c = t->p[l->at + off];
	return YES;
}

/* Whether a piece stands at `off`: a leaf, or what is left of a run. */
static enum answer piece_at(struct look *l, const struct re_ins *i, struct re_thread th, size_t off)
{
	const uint32_t end = i->op == RC_RUN ? i->b : 1;

	for (uint32_t k = th.count; k < end; k++, off++) {
		uint8_t c;
		const enum answer a = byte_of(l, off, &c);

		l->work++;
		if (a != YES)
			return a;
		if (!(i->op == RC_RUN ? re_run_takes(l->p, i, th.pc, k, c)
				      : re_leaf_takes(l->p, i, c)))
			return NO;
	}
	return YES;
}

/* Keeps the places where the piece stands. @return whether some are left, and all are known. */
static enum answer keep(struct look *l, const struct re_ins *i, struct re_thread th,
			struct places *s)
{
	enum answer left = NO;

	for (int w = 0; w < WORDS; w++)
		for (uint64_t rest = s->bits[w]; rest != 0; rest &= rest - 1) {
			const unsigned bit = (unsigned)__builtin_ctzll(rest);
			const enum answer a = piece_at(l, i, th, s->base + (size_t)w * 64 + bit);

			if (a == UNSURE)
				return UNSURE;
			if (a == YES)
				left = YES;
			else
				s->bits[w] &= ~((uint64_t)1 << bit);
		}
	return left;
}

static void shift_up(const struct places *from, unsigned n, struct places *to)
{
	const unsigned words = n / 64, bits = n % 64;

	for (unsigned w = 0; w < WORDS; w++) {
		to->bits[w] = 0;
		if (w >= words)
			to->bits[w] = from->bits[w - words] << bits;
		if (bits != 0 && w >= words + 1)
			to->bits[w] |= from->bits[w - words - 1] >> (64 - bits);
	}
}

/* First and last place of a set that is not empty. */
static void ends(const struct places *s, unsigned *first, unsigned *last)
{
	unsigned a = 0, b = WORDS - 1;

	while (s->bits[a] == 0)
		a++;
	while (s->bits[b] == 0)
		b--;
	*first = a * 64 + (unsigned)__builtin_ctzll(s->bits[a]);
	*last = b * 64 + 63 - (unsigned)__builtin_clzll(s->bits[b]);
}

/* A jump over `min` to `max` bytes. @return false: the set does not hold so many. */
static bool spread(struct places *s, uint32_t min, uint32_t max)
{
	struct places moved = { .base = 0 };
	unsigned first, last, have = 0;
	const uint32_t wide = max - min;

	ends(s, &first, &last);
	if (wide >= PLACES || last - first + wide >= PLACES)
		return false;
	for (unsigned w = 0; w < WORDS; w++) { /* the first place to bit 0 */
		const unsigned from = w + first / 64, bits = first % 64;

		moved.bits[w] = from < WORDS ? s->bits[from] >> bits : 0;
		if (bits != 0 && from + 1 < WORDS)
			moved.bits[w] |= s->bits[from + 1] << (64 - bits);
	}
	moved.base = s->base + first + min;
	while (have < wide) { /* each turn doubles how far they are spread */
		const unsigned more = have + 1 < wide - have ? have + 1 : wide - have;
		struct places up;

		shift_up(&moved, more, &up);
		for (unsigned w = 0; w < WORDS; w++)
			moved.bits[w] |= up.bits[w];
		have += more;
	}
	*s = moved;
	return true;
}

/* One instruction, or two. @return YES: go on; NO: no match; UNSURE: this can't tell. */
static enum answer pass(struct look *l, struct re_thread *th, struct places *s)
{
	const struct re_ins i = re_ins_at(l->p->code, th->pc);
	enum answer a;

	if (i.op == RC_LOOP) {
		const uint32_t min = rc_loop_min(&i);

		if (i.b == UINT16_MAX || th->count > i.b ||
		    !spread(s, min > th->count ? min - th->count : 0, i.b - th->count))
			return UNSURE;
		*th = (struct re_thread){ .pc = th->pc + 2 };
		return YES;
	}
	if (i.op != RC_RUN && (i.op < RC_BYTE || i.op > RC_SET))
		return UNSURE;
	if (i.op == RC_RUN && th->count > i.b)
		return UNSURE;
	a = keep(l, &i, *th, s);
	s->base += i.op == RC_RUN ? i.b - th->count : 1;
	*th = (struct re_thread){ .pc = th->pc + (i.op == RC_RUN ? 2 : 1) };
	return a;
}

bool re_may_match(const struct re_prog *p, const struct re_text *t, struct re_thread from,
		  size_t at, bool mirrored, uint64_t *steps)
{
	struct look l = { .p = p, .t = t, .at = at, .mirrored = mirrored };
	struct places s = { .bits = { 1 } };
	enum answer a = YES;

	if (t->wide)
		return true;
	while (a == YES && l.work < *steps)
		a = pass(&l, &from, &s);
	*steps -= l.work < *steps ? l.work : *steps;
	return a != NO;
}
