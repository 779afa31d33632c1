/* ClamAV body patterns: text to tree. One pass, an explicit stack for nested alternatives, no
 * recursion. */
#include "body.h"

#include "text.h"

#define SHORT_GAP 128 /* {n} below this is n single-byte wildcards and does not split a part */
#define SQUARE_MAX 32 /* largest m of [n-m] */

struct alt {
	struct ov_pn *first;
	struct alt *prev;
};

/* One open parenthesis: what it interrupted and what it holds so far. */
struct group {
	struct ov_pn *head, **tail; /* the sequence around it */
	struct alt *alts;
	size_t nalts;
	bool negate;
};

/*
 * A part is what stands between two gaps. ClamAV wants two bytes in a row without wildcard in each;
 * a [n-m] may stand between a part and one single byte on either side of it.
 */
struct part {
	size_t bytes, run, best;
	bool has_left, has_right;
	size_t after_right; /* bytes after the right-hand [n-m] */
};

struct body {
	struct ov_str in;
	size_t at;
	bool nocase, wide;
	struct ov_arena *a;
	const char *why;
	struct ov_pn *head, **tail; /* sequence being built */
	struct ov_buf value, mask;  /* its last run of bytes, not yet a node */
	size_t total;
	struct part part;
	struct group groups[OV_BODY_NEST];
	size_t depth;
};

static ov_status bad(struct body *b, const char *why)
{
	b->why = why;
	return OV_BAD;
}

static ov_status too_large(struct body *b, const char *why)
{
	b->why = why;
	return OV_LIMIT;
}

static ov_status append(struct body *b, enum ov_pn_kind kind, struct ov_pn **out)
{
	struct ov_pn *n;

	OV_TRY(ov_arena_new(b->a, &n));
	n->kind = kind;
	*b->tail = n;
	b->tail = &n->next;
	*out = n;
	return OV_OK;
}

/* Turns the waiting bytes into a node. */
static ov_status flush(struct body *b)
{
	struct ov_pn *n;
	struct ov_str copy;

	if (b->value.n == 0)
		return OV_OK;
	OV_TRY(append(b, OV_PN_BYTES, &n));
	n->n = b->value.n;
	OV_TRY(
	    ov_arena_str(b->a, (struct ov_str){ .p = (const char *)b->value.p, .n = n->n }, &copy));
	n->value = (const uint8_t *)copy.p;
	OV_TRY(
	    ov_arena_str(b->a, (struct ov_str){ .p = (const char *)b->mask.p, .n = n->n }, &copy));
	n->mask = (const uint8_t *)copy.p;
	b->value.n = b->mask.n = 0;
	return OV_OK;
}

static void count_in_part(struct body *b, bool is_static)
{
	struct part *p = &b->part;

	if (b->depth > 0)
		return;
	p->bytes++;
	p->run = is_static ? p->run + 1 : 0;
	if (p->has_right)
		p->after_right++;
	else if (p->run > p->best)
		p->best = p->run;
}

static ov_status put_plain(struct body *b, uint8_t value, uint8_t mask)
{
	if (b->total >= OV_BODY_BYTES)
		return too_large(b, "the pattern spans more than 65536 bytes");
	b->total++;
	OV_TRY(ov_buf_u8(&b->value, value));
	OV_TRY(ov_buf_u8(&b->mask, mask));
	count_in_part(b, mask == 0xff || mask == 0xdf);
	return OV_OK;
}

static ov_status put_byte(struct body *b, uint8_t value, uint8_t mask)
{
	if (b->nocase && mask == 0xff &&
	    ((value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z'))) {
		mask = 0xdf;
		value &= 0xdf;
	}
	OV_TRY(put_plain(b, value, mask));
	return b->wide ? put_plain(b, 0, 0xff) : OV_OK;
}

/* Two characters: hexadecimal digits or '?'. */
static ov_status read_byte(struct body *b)
{
	uint8_t value = 0, mask = 0;

	if (b->in.n - b->at < 2)
		return bad(b, "half a byte: hexadecimal digits come in pairs");
	for (size_t i = 0; i < 2; i++) {
		const char c = b->in.p[b->at + i];
		const int digit = ov_hex_digit(c);

		if (digit < 0 && c != '?')
			return bad(
			    b,
			    "a character that is neither hexadecimal nor an element of a pattern");
		value = (uint8_t)(value << 4 | (digit < 0 ? 0 : digit));
		mask = (uint8_t)(mask << 4 | (digit < 0 ? 0 : 15));
	}
	b->at += 2;
	return put_byte(b, value, mask);
}

static ov_status end_part(struct body *b)
{
	const struct part *p = &b->part;

	if (p->bytes == 0)
		return bad(b, "a gap with nothing on one side");
	if (p->best < 2)
		return bad(b, "a part without two bytes in a row that have no wildcard");
	if (p->has_right && p->after_right != 1)
		return bad(b, "[n-m] needs exactly one single byte on one side");
	b->part = (struct part){ 0 };
	return OV_OK;
}

static ov_status put_gap(struct body *b, uint64_t min, uint64_t max)
{
	struct ov_pn *n;

	OV_TRY(flush(b));
	OV_TRY(append(b, OV_PN_JUMP, &n));
	n->min = min;
	n->max = max;
	return OV_OK;
}

/* The numbers of {n} {n-m} {-m} {n-} and [..]; moves past the closing bracket. */
static ov_status read_bounds(struct body *b, char close, uint64_t *min, uint64_t *max)
{
	const char *from = b->in.p + b->at + 1;
	const char *end = memchr(from, close, b->in.n - b->at - 1);
	struct ov_str rest, lo;
	bool has_dash;

	if (end == NULL)
		return bad(b, "a gap without its closing bracket");
	rest = (struct ov_str){ .p = from, .n = (size_t)(end - from) };
	b->at += rest.n + 2;
	has_dash = rest.n > 0 && memchr(rest.p, '-', rest.n) != NULL;
	if (!ov_text_split(&rest, '-', &lo) || (lo.n == 0 && (!has_dash || rest.n == 0)))
		return bad(b, "a gap without a number");
	*min = 0;
	if (lo.n > 0 && ov_text_u64(lo, min) != OV_OK)
		return bad(b, "a gap whose bounds are not numbers");
	*max = has_dash ? OV_JUMP_INF : *min;
	if (has_dash && rest.n > 0 && ov_text_u64(rest, max) != OV_OK)
		return bad(b, "a gap whose bounds are not numbers");
	if (*min > *max || *min > INT32_MAX)
		return bad(b,
			   "a gap whose lower bound is larger than the upper or than 2147483647");
	return OV_OK;
}

static ov_status read_curly(struct body *b)
{
	uint64_t min, max;

	OV_TRY(read_bounds(b, '}', &min, &max));
	if (min == max && min < SHORT_GAP) {
		for (uint64_t i = 0; i < min; i++)
			OV_TRY(put_plain(b, 0, 0)); /* not widened: ClamAV counts these in bytes */
		return OV_OK;
	}
	if (b->depth > 0)
		return bad(b, "a gap of varying or large size inside alternatives");
	OV_TRY(end_part(b));
	return put_gap(b, min, max);
}

static ov_status read_square(struct body *b)
{
	struct part *p = &b->part;
	uint64_t min, max;

	OV_TRY(read_bounds(b, ']', &min, &max));
	if (b->depth > 0)
		return bad(b, "[n-m] inside alternatives");
	if (max > SQUARE_MAX)
		return bad(b, "[n-m] with an m above 32");
	if (p->bytes == 1 && !p->has_left && !p->has_right) {
		*p = (struct part){ .has_left = true };
	} else if (!p->has_right && p->bytes > 1) {
		p->has_right = true;
	} else {
		return bad(b, "[n-m] needs exactly one single byte on one side");
	}
	p->run = 0;
	return put_gap(b, min, max);
}

static ov_status read_star(struct body *b)
{
	b->at++;
	if (b->depth > 0)
		return bad(b, "'*' inside alternatives");
	OV_TRY(end_part(b));
	return put_gap(b, 0, OV_JUMP_INF);
}

/* (B) (L) (W). */
static ov_status read_border(struct body *b, bool *was)
{
	static const struct {
		char text[4];
		enum ov_assert what;
	} borders[] = { { "(B)", OV_AT_WORD_B }, { "(L)", OV_AT_LINE }, { "(W)", OV_AT_NONALNUM } };

	*was = false;
	for (size_t i = 0; i < sizeof borders / sizeof *borders; i++) {
		struct ov_pn *n;

		if (b->in.n - b->at < 3 || memcmp(b->in.p + b->at, borders[i].text, 3) != 0)
			continue;
		OV_TRY(flush(b));
		OV_TRY(append(b, OV_PN_ASSERT, &n));
		n->assertion = borders[i].what;
		b->at += 3;
		*was = true;
		return OV_OK;
	}
	return OV_OK;
}

static ov_status open_group(struct body *b)
{
	struct group *g;
	bool negate = false, was_border = false;

	if (b->in.p[b->at] == '!') {
		negate = true;
		b->at++;
		if (b->at == b->in.n || b->in.p[b->at] != '(')
			return bad(b, "'!' that is not followed by alternatives in parentheses");
		if (b->nocase || b->wide)
			return bad(b, "'!(...)' together with ::i or ::w");
	} else {
		OV_TRY(read_border(b, &was_border));
		if (was_border)
			return OV_OK;
	}
	if (b->depth == OV_BODY_NEST)
		return too_large(b, "alternatives nested deeper than 16");
	OV_TRY(flush(b));
	g = &b->groups[b->depth++];
	*g = (struct group){ .head = b->head, .tail = b->tail, .negate = negate };
	b->head = NULL;
	b->tail = &b->head;
	b->at++;
	return OV_OK;
}

/* Ends one alternative at '|' or ')'. */
static ov_status end_alternative(struct body *b)
{
	struct group *g = &b->groups[b->depth - 1];
	struct alt *alt;

	OV_TRY(flush(b));
	if (b->head == NULL)
		return bad(b, "an empty alternative");
	OV_TRY(ov_arena_new(b->a, &alt));
	alt->first = b->head;
	alt->prev = g->alts;
	g->alts = alt;
	g->nalts++;
	b->head = NULL;
	b->tail = &b->head;
	return OV_OK;
}

static bool is_one_run(const struct ov_pn *n)
{
	return n->kind == OV_PN_BYTES && n->next == NULL;
}

static bool is_static_run(const struct ov_pn *n)
{
	if (!is_one_run(n))
		return false;
	for (size_t i = 0; i < n->n; i++)
		if (n->mask[i] != 0xff)
			return false;
	return true;
}

static void fill_set(struct ov_pn *set, const struct group *g)
{
	for (unsigned v = 0; v < 256; v++) {
		bool in = false;

		for (const struct alt *a = g->alts; a != NULL; a = a->prev)
			in = in || (v & a->first->mask[0]) == a->first->value[0];
		if (in != g->negate)
			set->set[v / 8] |= (uint8_t)(1u << v % 8);
	}
}

static ov_status check_negated(struct body *b, const struct group *g)
{
	for (const struct alt *a = g->alts; a != NULL; a = a->prev)
		if (!is_static_run(a->first) || a->first->n != g->alts->first->n)
			return bad(
			    b, "'!(...)' whose alternatives differ in length or have wildcards");
	return OV_OK;
}

static ov_status close_group(struct body *b)
{
	struct group *g;
	struct ov_pn *n;
	bool is_set = true;
	size_t i;

	OV_TRY(end_alternative(b));
	g = &b->groups[--b->depth];
	b->at++;
	b->head = g->head;
	b->tail = g->head == NULL ? &b->head : g->tail;
	if (g->negate)
		OV_TRY(check_negated(b, g));
	for (const struct alt *a = g->alts; a != NULL; a = a->prev)
		is_set = is_set && is_one_run(a->first) && a->first->n == 1;
	OV_TRY(append(b, is_set ? OV_PN_SET : OV_PN_ALT, &n));
	count_in_part(b, false);
	if (is_set) {
		fill_set(n, g);
		return OV_OK;
	}
	n->negate = g->negate;
	n->nalts = i = g->nalts;
	OV_TRY(ov_arena_array(b->a, n->nalts, &n->alts));
	for (const struct alt *a = g->alts; a != NULL; a = a->prev)
		n->alts[--i] = a->first;
	return OV_OK;
}

static ov_status read_element(struct body *b)
{
	switch (b->in.p[b->at]) {
	case '*':
		return read_star(b);
	case '{':
		return read_curly(b);
	case '[':
		return read_square(b);
	case '(':
	case '!':
		return open_group(b);
	case '|':
		if (b->depth == 0)
			return bad(b, "'|' outside parentheses");
		b->at++;
		return end_alternative(b);
	case ')':
		if (b->depth == 0)
			return bad(b, "')' without '('");
		return close_group(b);
	default:
		return read_byte(b);
	}
}

static ov_status run(struct body *b, bool fullword)
{
	const enum ov_assert edge = b->wide ? OV_AT_FULLWORD_W : OV_AT_FULLWORD;
	struct ov_pn *n;

	b->tail = &b->head;
	if (fullword) {
		OV_TRY(append(b, OV_PN_ASSERT, &n));
		n->assertion = edge;
	}
	while (b->at < b->in.n)
		OV_TRY(read_element(b));
	if (b->depth > 0)
		return bad(b, "'(' without ')'");
	OV_TRY(end_part(b));
	OV_TRY(flush(b));
	if (fullword) {
		OV_TRY(append(b, OV_PN_ASSERT, &n));
		n->assertion = edge;
	}
	return OV_OK;
}

static ov_status parse_variant(struct ov_str text, const struct ov_body_options *o, bool wide,
			       struct ov_arena *a, struct ov_pn **out, const char **why)
{
	struct body b = { .in = text,
			  .nocase = o->nocase,
			  .wide = wide,
			  .a = a,
			  .value = ov_buf_of(OV_BODY_BYTES + 1),
			  .mask = ov_buf_of(OV_BODY_BYTES + 1) };
	const ov_status s = run(&b, o->fullword);

	if (s == OV_OK)
		*out = b.head;
	else
		*why = b.why != NULL ? b.why : "the pattern takes too much memory";
	ov_buf_free(&b.value);
	ov_buf_free(&b.mask);
	return s;
}

ov_status ov_body_options(struct ov_str letters, struct ov_body_options *out)
{
	struct ov_body_options o = { 0 };

	for (size_t i = 0; i < letters.n; i++) {
		switch (letters.p[i]) {
		case 'i':
			o.nocase = true;
			break;
		case 'w':
			o.wide = true;
			break;
		case 'a':
			o.ascii = true;
			break;
		case 'f':
			o.fullword = true;
			break;
		default:
			return OV_BAD;
		}
	}
	*out = o;
	return OV_OK;
}

ov_status ov_body_parse(struct ov_str text, const struct ov_body_options *o, struct ov_arena *a,
			struct ov_pat_ir *out, const char **why)
{
	struct ov_pat_ir ir = { .count_mode = OV_COUNT_CLAMAV };

	if (text.n == 0) {
		*why = "an empty pattern";
		return OV_BAD;
	}
	OV_TRY(ov_arena_array(a, 2, &ir.variants));
	if (o->ascii || !o->wide)
		OV_TRY(parse_variant(text, o, false, a, &ir.variants[ir.nvariants++], why));
	if (o->wide)
		OV_TRY(parse_variant(text, o, true, a, &ir.variants[ir.nvariants++], why));
	*out = ir;
	return OV_OK;
}
