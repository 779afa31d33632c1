/*
 * One subsignature of an .ldb line: a body pattern, a PCRE, a byte comparison, a macro or an image
 * hash. Source: ClamAV manual, Signatures/LogicalSignatures.md,
 * ByteCompareSignatures.md, and PCRE subsignatures.
 */
#include "body.h"
#include "build_int.h"
#include "logic.h"
#include "regex_pcre.h"
#include "text.h"

#define WIDTH_MAX ODB_COMPARE_WIDTH
#define REGEX_BYTES ((size_t)1 << 20) /* that a compiled regular expression may take */

static const char *find(struct ov_str s, struct ov_str what)
{
	return s.n > 0 && what.n > 0 ? memmem(s.p, s.n, what.p, what.n) : NULL;
}

static struct ov_str upto(struct ov_str s, const char *end)
{
	return (struct ov_str){ .p = s.p, .n = (size_t)(end - s.p) };
}

static struct ov_str from(struct ov_str s, const char *start)
{
	return (struct ov_str){ .p = start, .n = s.n - (size_t)(start - s.p) };
}

static char take_char(struct ov_str *s)
{
	const char c = s->n > 0 ? s->p[0] : '\0';

	if (s->n > 0) {
		s->p++;
		s->n--;
	}
	return c;
}

/* Decimal, or hexadecimal after "0x". Moves past the digits. */
static ov_status take_number(struct ov_str *s, uint64_t *out)
{
	uint64_t v = 0, base = 10;
	size_t digits = 0;

	if (s->n > 2 && s->p[0] == '0' && (s->p[1] == 'x' || s->p[1] == 'X')) {
		base = 16;
		(void)take_char(s);
		(void)take_char(s);
	}
	while (s->n > 0 && ov_hex_digit(s->p[0]) >= 0 && (uint64_t)ov_hex_digit(s->p[0]) < base) {
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)ov_hex_digit(s->p[0]), &v))
			return OV_LIMIT;
		(void)take_char(s);
		digits++;
	}
	*out = v;
	return digits > 0 ? OV_OK : OV_BAD;
}

/* "[hdai][lb][e]N", in that order. */
static ov_status read_form(struct ov_sig_line *l, struct ov_str s, struct ov_compare *c)
{
	uint64_t width;

	c->form = take_char(&s);
	if (c->form != 'h' && c->form != 'd' && c->form != 'a' && c->form != 'i')
		return ov_sig_bad(l, "a byte comparison reads h, d, a or i");
	if (s.n > 0 && (s.p[0] == 'l' || s.p[0] == 'b')) {
		c->is_little = s.p[0] == 'l';
		c->is_big = !c->is_little;
		(void)take_char(&s);
	}
	if (s.n > 0 && s.p[0] == 'e') {
		c->is_exact = true;
		(void)take_char(&s);
	}
	if (take_number(&s, &width) != OV_OK || s.n > 0 || width < 1 || width > WIDTH_MAX)
		return ov_sig_bad(l, "a byte comparison needs a number of bytes from 1 to 32");
	c->width = (uint32_t)width;
	if (c->form == 'i' && width != 1 && width != 2 && width != 4 && width != 8)
		return ov_sig_bad(l, "a binary comparison reads 1, 2, 4 or 8 bytes");
	if (c->form == 'd' && c->is_little)
		return ov_sig_bad(l, "decimal text has no byte order: d with l");
	return OV_OK;
}

/* "<N", ">N", "=N", one or two with a comma between. */
static ov_status read_comparisons(struct ov_sig_line *l, struct ov_str s, struct ov_compare *c)
{
	struct ov_str one;

	while (ov_text_split(&s, ',', &one)) {
		const char op = take_char(&one);

		if (c->ncmp == 2)
			return ov_sig_bad(l, "a byte comparison has one or two relations");
		if (op != '<' && op != '>' && op != '=')
			return ov_sig_bad(l, "a byte comparison's relation is <, > or =");
		if (take_number(&one, &c->value[c->ncmp]) != OV_OK || one.n > 0)
			return ov_sig_bad(l,
					  "a byte comparison compares with a decimal or 0x number");
		c->op[c->ncmp++] = op;
	}
	return c->ncmp > 0 ? OV_OK : ov_sig_bad(l, "a byte comparison without a relation");
}

/* sub(>>off#form#relations) */
static ov_status read_compare(struct ov_sig_line *l, struct ov_str s, uint32_t index,
			      struct ov_compare *out)
{
	struct ov_compare c = { .ncmp = 0 };
	struct ov_str part;
	uint64_t v;
	char sign;

	if (take_number(&s, &v) != OV_OK || v >= index)
		return ov_sig_bad(l, "a byte comparison stands on an earlier subsignature");
	c.ref = (uint32_t)v;
	if (s.n < 4 || s.p[s.n - 1] != ')' || take_char(&s) != '(')
		return ov_sig_bad(l, "a byte comparison is N(>>offset#form#relation)");
	s.n--;
	sign = take_char(&s);
	if ((sign != '<' && sign != '>') || take_char(&s) != sign)
		return ov_sig_bad(l, "a byte comparison's offset begins with >> or <<");
	if (!ov_text_split(&s, '#', &part) || take_number(&part, &v) != OV_OK || part.n > 0 ||
	    v > INT32_MAX)
		return ov_sig_bad(l, "a byte comparison's offset is not a number");
	c.off = sign == '<' ? -(int64_t)v : (int64_t)v;
	if (!ov_text_split(&s, '#', &part))
		return ov_sig_bad(l, "a byte comparison is N(>>offset#form#relation)");
	OV_TRY(read_form(l, part, &c));
	OV_TRY(read_comparisons(l, s, &c));
	*out = c;
	return OV_OK;
}

static ov_status check_flags(struct ov_sig_line *l, struct ov_str flags)
{
	for (size_t i = 0; i < flags.n; i++)
		if (memchr("gresimxAEU", flags.p[i], 10) == NULL)
			return ov_sig_bad(
			    l,
			    "a flag after the regular expression is none of g r e s i m x A E U");
	return OV_OK;
}

/* Compiles it once, to learn whether it can be. */
static ov_status check_regex(struct ov_sig_line *l, const struct ov_pcre *p)
{
	struct ov_pcre_re *re = NULL;
	const ov_status s = ov_pcre_compile(p->regex, p->flags, REGEX_BYTES, &re, &l->why);

	ov_pcre_free(&re);
	return s == OV_UNSUPPORTED ? OV_BAD : s;
}

/* [offset:]trigger/regex/flags */
static ov_status read_pcre(struct ov_sig_line *l, struct ov_str s, enum ov_target target,
			   uint32_t index, struct ov_sub_ir *out)
{
	const char *open = memchr(s.p, '/', s.n);
	struct ov_str head = upto(s, open), body = from(s, open + 1), place;
	const char *close = body.n > 0 ? memrchr(body.p, '/', body.n) : NULL;
	struct ov_str rest = head;
	uint32_t top;

	if (close == NULL || close == body.p)
		return ov_sig_bad(l, "a regular expression is empty or lacks its closing slash");
	out->pcre.regex = upto(body, close);
	out->pcre.flags = from(body, close + 1);
	OV_TRY(check_flags(l, out->pcre.flags));
	out->kind = OV_SUB_PCRE;
	if (memchr(head.p, ':', head.n) != NULL && ov_text_split(&rest, ':', &place)) {
		OV_TRY(ov_sig_place(l, place, target, &out->place));
		head = rest;
	}
	if (head.n == 0)
		return ov_sig_bad(l, "a regular expression needs a trigger in front");
	OV_TRY(check_regex(l, &out->pcre));
	return ov_logic_parse(head, index, &l->b->scratch, &out->pcre.trigger, &top, &l->why);
}

/* ${lo-hi}group$ */
static ov_status read_macro(struct ov_sig_line *l, struct ov_str s, uint32_t index,
			    struct ov_sub_ir *out)
{
	struct ov_str rest = from(s, s.p + 2), lo, hi, group;
	struct ov_macro m = { 0 };

	if (!ov_text_split(&rest, '-', &lo) || !ov_text_split(&rest, '}', &hi) ||
	    !ov_text_split(&rest, '$', &group) || rest.p == NULL || rest.n > 0 ||
	    ov_text_u32(lo, UINT32_MAX, &m.lo) != OV_OK ||
	    ov_text_u32(hi, UINT32_MAX, &m.hi) != OV_OK ||
	    ov_text_u32(group, OV_MACRO_GROUPS - 1, &m.group) != OV_OK)
		return ov_sig_bad(l, "a macro is ${a-b}g$ with a group g from 0 to 31");
	if (m.lo > m.hi)
		return ov_sig_bad(l, "a macro's distance a-b needs a <= b");
	if (index == 0)
		return ov_sig_bad(l, "a macro needs a subsignature in front of it");
	out->kind = OV_SUB_MACRO;
	out->macro = m;
	return OV_OK;
}

/* fuzzy_img#16 digits[#distance], where only the distance 0 is known. */
static ov_status read_image(struct ov_sig_line *l, struct ov_str s, struct ov_sub_ir *out)
{
	struct ov_str rest = s, word, hash, distance = { 0 };
	uint8_t bytes[8];
	size_t n = 0;
	uint32_t d = 0;

	if (!ov_text_split(&rest, '#', &word) || !ov_text_split(&rest, '#', &hash) ||
	    hash.n != 16 || ov_hex_decode(hash, bytes, sizeof bytes, &n) != OV_OK)
		return ov_sig_bad(l, "an image hash is fuzzy_img# and 16 hexadecimal digits");
	if (rest.p != NULL && (!ov_text_split(&rest, '#', &distance) || rest.p != NULL ||
			       ov_text_u32(distance, UINT32_MAX, &d) != OV_OK || d != 0))
		return ov_sig_bad(l, "an image hash's distance is 0: others are not known");
	out->kind = OV_SUB_IMAGE;
	out->place.kind = OV_PLACE_IMAGE;
	for (size_t i = 0; i < sizeof bytes; i++)
		out->image = out->image << 8 | bytes[i];
	return OV_OK;
}

/* [offset:]pattern[::letters] */
static ov_status read_pattern(struct ov_sig_line *l, struct ov_str s, enum ov_target target,
			      struct ov_sub_ir *out)
{
	struct ov_body_options o = { .nocase = false };
	const char *mods = find(s, OV_STR("::"));
	struct ov_str letters, place, rest;

	if (mods != NULL) {
		letters = from(s, mods + 2);
		/* Lines with a lost ';' read "a::i*b::i"; ClamAV takes a and the last letters. */
		for (const char *next; (next = find(letters, OV_STR("::"))) != NULL;)
			letters = from(letters, next + 2);
		if (ov_body_options(letters, &o) != OV_OK)
			return ov_sig_bad(l, "a letter after :: is none of i w f a");
		s = upto(s, mods);
	}
	rest = s;
	if (s.n > 0 && memchr(s.p, ':', s.n) != NULL && ov_text_split(&rest, ':', &place)) {
		OV_TRY(ov_sig_place(l, place, target, &out->place));
		s = rest;
	}
	out->kind = OV_SUB_PATTERN;
	return ov_body_parse(s, &o, &l->b->scratch, &out->pattern, &l->why);
}

ov_status ov_sig_subsig(struct ov_sig_line *l, struct ov_str s, enum ov_target target,
			uint32_t index, struct ov_sub_ir *out)
{
	if (s.n == 0)
		return ov_sig_bad(l, "an empty subsignature");
	if (ov_str_starts(s, OV_STR("fuzzy_img#")))
		return read_image(l, s, out);
	if (ov_str_starts(s, OV_STR("${")))
		return read_macro(l, s, index, out);
	if (memchr(s.p, '/', s.n) != NULL)
		return read_pcre(l, s, target, index, out);
	if (find(s, OV_STR("(>>")) != NULL || find(s, OV_STR("(<<")) != NULL) {
		out->kind = OV_SUB_COMPARE;
		return read_compare(l, s, index, &out->compare);
	}
	return read_pattern(l, s, target, out);
}
