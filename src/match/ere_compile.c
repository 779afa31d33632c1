/*
 * Expressions to programs. One pass, no tree: a fragment is a run of steps that is entered at its
 * first and left behind its last, with relative jumps, so it may be moved and copied. Groups are a
 * stack of where they began.
 */
#include "ere.h"

#include <stdlib.h>

#include "ere_int.h"
#include "le.h"
#include "text.h"

#define NEST 64
#define REPEAT_MAX 255
#define NO_JUMP UINT32_MAX

struct level {
	uint32_t start;	 /* first step of the group          */
	uint32_t branch; /* first step of this alternative    */
	uint32_t
	    last_jump; /* of those that wait for the group's end; each holds the one before it */
	uint64_t mask; /* needed by this alternative        */
	uint64_t all_mask; /* needed by each of those before it */
	bool has_branch;   /* there is one before it            */
};

struct ere {
	struct ov_str in;
	size_t at;
	bool nocase;
	struct ere_step step[OV_ERE_STATES];
	uint32_t n;
	uint8_t set[ERE_SETS][ERE_SET];
	uint32_t nsets;
	struct level level[NEST + 1];
	uint32_t depth;
	uint32_t atom; /* first step of the last atom */
	uint64_t atom_mask;
	bool has_atom; /* something that may be repeated stands before */
	uint8_t run[OV_ERE_LITERAL], best[OV_ERE_LITERAL];
	size_t nrun, nbest;
	const char *why;
};

static ov_status bad(struct ere *e, const char *why)
{
	e->why = why;
	return OV_BAD;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static uint64_t bit_of(uint8_t c)
{
	return UINT64_C(1) << (lower(c) & 63);
}

uint64_t ov_ere_mask(struct ov_str text)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < text.n; i++)
		mask |= bit_of((uint8_t)text.p[i]);
	return mask;
}

static bool more(const struct ere *e)
{
	return e->at < e->in.n;
}

static char peek(const struct ere *e)
{
	return more(e) ? e->in.p[e->at] : '\0';
}

static ov_status emit(struct ere *e, struct ere_step s)
{
	if (e->n == OV_ERE_STATES) {
		e->why = "the regular expression is too large";
		return OV_LIMIT;
	}
	e->step[e->n++] = s;
	return OV_OK;
}

/* Makes room for one step before the fragment that begins at `at`. */
static ov_status insert(struct ere *e, uint32_t at, struct ere_step s)
{
	OV_TRY(emit(e, s));
	memmove(e->step + at + 1, e->step + at, (e->n - 1 - at) * sizeof *e->step);
	e->step[at] = s;
	return OV_OK;
}

static ov_status copy(struct ere *e, uint32_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		OV_TRY(emit(e, e->step[from + i]));
	return OV_OK;
}

/* ---- literals that must occur ---- */

static void end_run(struct ere *e)
{
	if (e->nrun > e->nbest) {
		memcpy(e->best, e->run, e->nrun);
		e->nbest = e->nrun;
	}
	e->nrun = 0;
}

/* A byte that stands once, outside of any group. */
static void add_to_run(struct ere *e, uint8_t c)
{
	if (e->nrun == OV_ERE_LITERAL)
		end_run(e);
	e->run[e->nrun++] = c;
}

static bool is_repeat_at(const struct ere *e, size_t at)
{
	const char c = at < e->in.n ? e->in.p[at] : '\0';

	if (c == '{')
		return at + 1 < e->in.n && e->in.p[at + 1] >= '0' && e->in.p[at + 1] <= '9';
	return c == '*' || c == '+' || c == '?';
}

/* ---- atoms ---- */

static ov_status atom(struct ere *e, struct ere_step s, uint64_t mask)
{
	e->atom = e->n;
	e->atom_mask = mask;
	e->has_atom = true;
	return emit(e, s);
}

static ov_status byte_atom(struct ere *e, char c)
{
	const uint8_t b = e->nocase ? lower((uint8_t)c) : (uint8_t)c;

	OV_TRY(atom(e, (struct ere_step){ .kind = ERE_BYTE, .byte = b }, bit_of(b)));
	if (e->depth == 0 && !is_repeat_at(e, e->at))
		add_to_run(e, b);
	else
		end_run(e);
	return OV_OK;
}

static ov_status place_atom(struct ere *e, enum ere_kind kind)
{
	e->has_atom = false; /* a place can't be repeated */
	return emit(e, (struct ere_step){ .kind = (uint8_t)kind });
}

static const struct {
	const char *name;
	const char *ranges; /* pairs of first and last */
} classes[] = {
	{ "alnum", "09AZaz" },	 { "alpha", "AZaz" },
	{ "blank", "\t\t  " },	 { "cntrl", "\x01\x1f\x7f\x7f" },
	{ "digit", "09" },	 { "graph", "!~" },
	{ "lower", "az" },	 { "print", " ~" },
	{ "punct", "!/:@[`{~" }, { "space", "\t\r  " },
	{ "upper", "AZ" },	 { "xdigit", "09AFaf" },
};

static void put_range(uint8_t set[ERE_SET], uint8_t first, uint8_t last)
{
	for (unsigned c = first; c <= last; c++)
		set[c / 8] = (uint8_t)(set[c / 8] | 1u << c % 8);
}

/* "[:alpha:]", "[.x.]", "[=x=]": `at` stands behind the inner '['. */
static ov_status named(struct ere *e, uint8_t set[ERE_SET], uint8_t *single)
{
	const char mark = peek(e);
	const char end[2] = { mark, ']' };
	const char *from = e->in.p + e->at + 1, *to;
	struct ov_str name;

	if (e->at + 1 >= e->in.n)
		return bad(e, "'[' without ']' in the regular expression");
	to = memmem(from, e->in.n - e->at - 1, end, 2);
	if (to == NULL)
		return bad(e, "'[' without ']' in the regular expression");
	name = (struct ov_str){ .p = from, .n = (size_t)(to - from) };
	e->at += name.n + 3;
	if (mark != ':') {
		if (name.n != 1)
			return bad(e, "a collating element longer than one character");
		*single = (uint8_t)name.p[0];
		return OV_OK;
	}
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		if (!ov_str_is(name, classes[i].name))
			continue;
		for (const char *r = classes[i].ranges; *r != '\0'; r += 2)
			put_range(set, (uint8_t)r[0], (uint8_t)r[1]);
		return OV_END; /* a class: no end of a range */
	}
	return bad(e, "an unknown character class in the regular expression");
}

/* One end of a range, or a class. @return OV_OK with *c; OV_END for a class. */
static ov_status bracket_char(struct ere *e, uint8_t set[ERE_SET], uint8_t *c)
{
	const char in = peek(e);

	if (!more(e))
		return bad(e, "'[' without ']' in the regular expression");
	e->at++;
	if (in == '[' && (peek(e) == ':' || peek(e) == '.' || peek(e) == '='))
		return named(e, set, c);
	*c = (uint8_t)in;
	return OV_OK;
}

static ov_status bracket_items(struct ere *e, uint8_t set[ERE_SET])
{
	for (bool is_first = true; peek(e) != ']' || is_first; is_first = false) {
		uint8_t first = 0, last = 0;
		const ov_status s = bracket_char(e, set, &first);

		if (s == OV_END)
			continue;
		OV_TRY(s);
		last = first;
		if (peek(e) == '-' && e->at + 1 < e->in.n && e->in.p[e->at + 1] != ']') {
			e->at++;
			if (bracket_char(e, set, &last) != OV_OK || last < first)
				return bad(e, "a range in the regular expression is wrong");
		}
		put_range(set, first, last);
	}
	e->at++;
	return OV_OK;
}

static void fold_set(uint8_t set[ERE_SET])
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		const unsigned up = c ^ 0x20;

		if ((set[up / 8] >> up % 8 & 1) != 0)
			put_range(set, (uint8_t)c, (uint8_t)c);
	}
}

static ov_status bracket(struct ere *e)
{
	uint8_t set[ERE_SET] = { 0 };
	const bool is_not = peek(e) == '^';
	uint32_t i;

	e->at += is_not;
	OV_TRY(bracket_items(e, set));
	if (e->nocase)
		fold_set(set);
	for (i = 0; is_not && i < ERE_SET; i++)
		set[i] = (uint8_t)~set[i];
	for (i = 0; i < e->nsets; i++)
		if (memcmp(e->set[i], set, ERE_SET) == 0)
			break;
	if (i == ERE_SETS) {
		e->why = "more than 255 sets in a regular expression";
		return OV_LIMIT;
	}
	if (i == e->nsets)
		memcpy(e->set[e->nsets++], set, ERE_SET);
	end_run(e);
	return atom(e, (struct ere_step){ .kind = ERE_IN, .set = (uint8_t)i }, 0);
}

/* ---- groups and alternatives ---- */

static void open_level(struct ere *e)
{
	e->level[e->depth] = (struct level){ .start = e->n, .branch = e->n, .last_jump = NO_JUMP };
	e->has_atom = false;
	end_run(e);
}

static ov_status end_branch(struct ere *e, bool is_last)
{
	struct level *l = &e->level[e->depth];

	/* "()" is nothing, and taken; "(a|)" and "(|a)" are not, as in ClamAV. */
	if (e->n == l->branch && (l->has_branch || !is_last || e->depth == 0))
		return bad(e, "an empty alternative in the regular expression");
	if (e->n == l->branch)
		OV_TRY(emit(e, (struct ere_step){ .kind = ERE_JUMP, .x = 1 }));
	l->all_mask = l->has_branch ? l->all_mask & l->mask : l->mask;
	l->has_branch = true;
	l->mask = 0;
	return OV_OK;
}

/* '|': what stood before becomes one of two ways. */
static ov_status alternative(struct ere *e)
{
	struct level *l = &e->level[e->depth];
	uint32_t n;

	OV_TRY(end_branch(e, false));
	n = e->n - l->branch;
	OV_TRY(insert(e, l->branch,
		      (struct ere_step){ .kind = ERE_SPLIT, .x = 1, .y = (int16_t)(n + 2) }));
	/* Until the group's end is known, a jump holds the number of the one before it. */
	OV_TRY(emit(e, (struct ere_step){
			   .kind = ERE_JUMP,
			   .x = (int16_t)(l->last_jump == NO_JUMP ? 0 : e->n - l->last_jump) }));
	l->last_jump = e->n - 1;
	l->branch = e->n;
	e->has_atom = false;
	return OV_OK;
}

static ov_status close_level(struct ere *e)
{
	struct level *l = &e->level[e->depth];
	const bool has_jumps = l->last_jump != NO_JUMP;
	uint32_t at = l->last_jump;

	OV_TRY(end_branch(e, true));
	while (has_jumps) {
		const uint32_t back = (uint32_t)e->step[at].x;

		e->step[at].x = (int16_t)(e->n - at);
		if (back == 0)
			break;
		at -= back;
	}
	return OV_OK;
}

static ov_status close_group(struct ere *e)
{
	const struct level *l = &e->level[e->depth];

	if (e->depth == 0)
		return bad(e, "')' without '(' in the regular expression");
	OV_TRY(close_level(e));
	e->atom = l->start;
	e->atom_mask = l->all_mask;
	e->has_atom = true;
	e->depth--;
	return OV_OK;
}

static ov_status open_group(struct ere *e)
{
	if (e->depth == NEST) {
		e->why = "groups nested deeper than 64 in the regular expression";
		return OV_LIMIT;
	}
	end_run(e);
	e->depth++;
	open_level(e);
	return OV_OK;
}

/* ---- repetition ---- */

static ov_status make_optional(struct ere *e, uint32_t at)
{
	return insert(
	    e, at, (struct ere_step){ .kind = ERE_SPLIT, .x = 1, .y = (int16_t)(e->n - at + 1) });
}

static ov_status make_star(struct ere *e, uint32_t at)
{
	OV_TRY(insert(
	    e, at, (struct ere_step){ .kind = ERE_SPLIT, .x = 1, .y = (int16_t)(e->n - at + 2) }));
	return emit(e, (struct ere_step){ .kind = ERE_JUMP, .x = (int16_t) - (int)(e->n - at) });
}

static ov_status read_count(struct ere *e, uint32_t *out)
{
	uint32_t v = 0;

	if (peek(e) < '0' || peek(e) > '9')
		return bad(e, "a repetition is {n}, {n,} or {n,m}");
	while (peek(e) >= '0' && peek(e) <= '9') {
		v = v * 10 + (uint32_t)(peek(e) - '0');
		e->at++;
		if (v > REPEAT_MAX)
			return bad(e, "a repetition of more than 255 in the regular expression");
	}
	*out = v;
	return OV_OK;
}

/* The fragment from `atom` on becomes `lo` copies, and then up to `hi`, or any number. */
static ov_status repeat(struct ere *e, uint32_t lo, uint32_t hi, bool is_open)
{
	const uint32_t from = e->atom, n = e->n - from;
	uint32_t done = 1;

	for (; done < lo; done++)
		OV_TRY(copy(e, from, n));
	if (is_open) {
		if (lo == 0)
			return make_star(e, from);
		return emit(
		    e, (struct ere_step){ .kind = ERE_SPLIT, .x = (int16_t) - (int)n, .y = 1 });
	}
	for (; done < hi; done++) {
		OV_TRY(copy(e, from, n));
		OV_TRY(make_optional(e, e->n - n));
	}
	return lo == 0 ? make_optional(e, from) : OV_OK;
}

static ov_status repetition(struct ere *e)
{
	uint32_t lo = 0, hi = 0;
	bool is_open = false;
	const char c = peek(e);

	if (!e->has_atom)
		return bad(e, "a repetition of nothing in the regular expression");
	e->at++;
	if (c == '{') {
		OV_TRY(read_count(e, &lo));
		hi = lo;
		if (peek(e) == ',') {
			e->at++;
			is_open = peek(e) == '}';
			if (!is_open)
				OV_TRY(read_count(e, &hi));
		}
		if (peek(e) != '}' || (!is_open && (hi < lo || hi == 0)))
			return bad(e, "a repetition is {n}, {n,} or {n,m}");
		e->at++;
	} else {
		lo = c == '+';
		hi = 1;
		is_open = c != '?';
	}
	if (lo == 0)
		e->atom_mask = 0;
	e->level[e->depth].mask |= e->atom_mask;
	OV_TRY(repeat(e, lo, hi, is_open));
	e->has_atom = false; /* a** is refused, as ClamAV does */
	return OV_OK;
}

/* ---- all of it ---- */

static ov_status escape(struct ere *e)
{
	const char c = peek(e);

	if (!more(e))
		return bad(e, "the regular expression ends in a backslash");
	e->at++;
	if (c == '<' || c == '>')
		return place_atom(e, c == '<' ? ERE_WORD_START : ERE_WORD_END);
	return byte_atom(e, c);
}

static ov_status one(struct ere *e)
{
	const char c = peek(e);

	if (is_repeat_at(e, e->at))
		return repetition(e);
	if (e->has_atom) /* it stands once: what follows does not repeat it */
		e->level[e->depth].mask |= e->atom_mask;
	e->has_atom = false;
	if (c == '|') {
		OV_TRY(alternative(e));
		e->at++;
		return OV_OK;
	}
	e->at++;
	switch (c) {
	case '(':
		return open_group(e);
	case ')':
		return close_group(e);
	case '[':
		return bracket(e);
	case '^':
		return place_atom(e, ERE_START);
	case '$':
		return place_atom(e, ERE_END);
	case '\\':
		return escape(e);
	case '.':
		end_run(e);
		return atom(e, (struct ere_step){ .kind = ERE_ANY }, 0);
	default:
		return byte_atom(e, c);
	}
}

static ov_status parse(struct ere *e)
{
	open_level(e);
	if (ov_str_starts(e->in, OV_STR("(?i)"))) {
		e->nocase = true;
		e->at = 4;
	}
	while (more(e))
		OV_TRY(one(e));
	if (e->depth > 0)
		return bad(e, "'(' without ')' in the regular expression");
	if (e->has_atom)
		e->level[0].mask |= e->atom_mask;
	OV_TRY(close_level(e));
	end_run(e);
	if (e->level[0].last_jump != NO_JUMP)
		e->nbest = 0; /* each alternative has its own */
	return emit(e, (struct ere_step){ .kind = ERE_MATCH });
}

static ov_status put_program(const struct ere *e, struct ov_buf *out)
{
	OV_TRY(ov_buf_u16(out, (uint16_t)e->n));
	OV_TRY(ov_buf_u8(out, e->nocase ? ERE_NOCASE : 0));
	OV_TRY(ov_buf_u8(out, (uint8_t)e->nsets));
	for (uint32_t i = 0; i < e->n; i++) {
		const struct ere_step *s = &e->step[i];

		OV_TRY(ov_buf_u8(out, s->kind));
		OV_TRY(ov_buf_u8(out, s->byte));
		OV_TRY(ov_buf_u8(out, s->set));
		OV_TRY(ov_buf_u8(out, 0));
		OV_TRY(ov_buf_u16(out, (uint16_t)s->x));
		OV_TRY(ov_buf_u16(out, (uint16_t)s->y));
	}
	return ov_buf_put(out, e->set, e->nsets * (size_t)ERE_SET);
}

ov_status ov_ere_compile(struct ov_str text, struct ov_buf *out, struct ov_ere_needs *needs,
			 const char **why)
{
	struct ere *e = calloc(1, sizeof *e);
	const size_t before = out->n;
	ov_status s;

	if (e == NULL)
		return OV_NOMEM;
	e->in = text;
	s = parse(e);
	if (s == OV_OK)
		s = put_program(e, out);
	if (s != OV_OK) {
		out->n = before;
		*why = e->why != NULL ? e->why : "the regular expression is too large";
	} else if (needs != NULL) {
		needs->mask = e->level[0].all_mask;
		needs->nliteral = e->nbest;
		memcpy(needs->literal, e->best, e->nbest);
	}
	free(e);
	return s;
}
