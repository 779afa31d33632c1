/*
 * Escapes and bracket expressions of YARA's regular expressions.
 *
 * As yara 4.2.3 takes them: an unknown escape stands for its letter; inside brackets `\b` is the
 * letter b, a class that ends a range counts as its letter, `]` in first place is itself, and
 * `[:digit:]` is a plain set of characters. YARA-X reads the last as a class of POSIX: so does
 * OV_YSTR_STRICT.
 */
#include "re_ast.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_space(unsigned c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* \w \d \s and their opposites. */
static bool class_of(char letter, uint8_t set[32])
{
	const bool is_not = letter >= 'A' && letter <= 'Z';
	const char kind = (char)(letter | 0x20);

	if (kind != 'w' && kind != 'd' && kind != 's')
		return false;
	memset(set, 0, 32);
	for (unsigned c = 0; c < 256; c++) {
		bool is_in = is_space(c);

		if (kind == 'w')
			is_in = re_is_word((uint8_t)c);
		else if (kind == 'd')
			is_in = c >= '0' && c <= '9';
		if (is_in != is_not)
			re_set_add(set, c);
	}
	return true;
}

/* A byte written as an escape; `p->at` stands behind the backslash. */
static ov_status escaped_byte(struct re_parse *p, uint8_t *out)
{
	static const char from[] = "ntrfa", to[] = "\n\t\r\f\a";
	const size_t start = p->at - 1;
	const char *known;
	char c;

	if (p->at >= p->body.n)
		return re_refuse(p, start, "a backslash ends it", "write `\\\\` for a backslash");
	c = p->body.p[p->at++];
	known = c != 0 ? strchr(from, c) : NULL;
	if (known != NULL) {
		*out = (uint8_t)to[known - from];
	} else if (c == 'x') {
		int high, low;

		if (p->body.n - p->at < 2)
			return re_refuse(p, start, "`\\x` wants two hexadecimal digits", NULL);
		high = hex_digit(p->body.p[p->at]);
		low = hex_digit(p->body.p[p->at + 1]);
		if (high < 0 || low < 0)
			return re_refuse(p, start, "`\\x` wants two hexadecimal digits",
					 "write `x` for the letter");
		p->at += 2;
		*out = (uint8_t)(high * 16 + low);
	} else {
		const bool is_unknown = re_is_letter((uint8_t)c) || (c >= '0' && c <= '9');

		if (is_unknown && (p->flags & OV_YSTR_STRICT) != 0)
			return re_refuse(p, start, "this escape is not known",
					 "leave the backslash out");
		*out = (uint8_t)c;
	}
	return OV_OK;
}

ov_status re_byte_node(struct re_parse *p, uint8_t c, bool nocase, struct re_node **out)
{
	struct re_node *n;

	OV_TRY(re_node_new(p, RE_BYTE, &n));
	n->value = c;
	n->mask = 0xff;
	if (nocase && re_is_letter(c)) {
		n->kind = RE_MASK;
		n->mask = 0xdf;
		n->value = c & 0xdf;
	}
	*out = n;
	return OV_OK;
}

static ov_status set_node(struct re_parse *p, const uint8_t set[32], struct re_node **out)
{
	struct re_node *n;
	uint8_t *copy = NULL;

	OV_TRY(re_node_new(p, RE_SET, &n));
	OV_TRY(ov_arena_array(p->arena, 32, &copy));
	memcpy(copy, set, 32);
	n->set = copy;
	*out = n;
	return OV_OK;
}

ov_status re_parse_escape(struct re_parse *p, bool nocase, struct re_node **out)
{
	uint8_t set[32], c;

	if (p->at < p->body.n) {
		const char letter = p->body.p[p->at];

		if (letter == 'b' || letter == 'B') {
			p->at++;
			return re_node_new(p, letter == 'b' ? RE_WORD_EDGE : RE_WORD_INSIDE, out);
		}
		if (class_of(letter, set)) {
			p->at++;
			return set_node(p, set, out);
		}
		if (letter >= '1' && letter <= '9')
			return re_refuse(p, p->at - 1, "references back are not known",
					 "write what is meant a second time");
	}
	OV_TRY(escaped_byte(p, &c));
	return re_byte_node(p, c, nocase, out);
}

static const struct {
	const char *name;
	const char *bytes; /* ranges: pairs of first and last */
} posix[] = { { "alnum", "09AZaz" },
	      { "alpha", "AZaz" },
	      { "ascii", "\1\177" },
	      { "blank", "\t\t  " },
	      { "cntrl", "\1\37\177\177" },
	      { "digit", "09" },
	      { "graph", "!~" },
	      { "lower", "az" },
	      { "print", " ~" },
	      { "punct", "!/:@[`{~" },
	      { "space", "\t\r  " },
	      { "upper", "AZ" },
	      { "word", "09AZ__az" },
	      { "xdigit", "09AFaf" } };

/* `[:name:]` at the cursor, which stands on its `[`. @return OV_END when there is none. */
static ov_status posix_class(struct re_parse *p, uint8_t set[32])
{
	const char *rest = p->body.p + p->at;
	const size_t left = p->body.n - p->at;
	const bool is_not = left > 2 && rest[2] == '^';
	const size_t skip = is_not ? 3 : 2;

	if ((p->flags & OV_YSTR_STRICT) == 0 || left < 2 || rest[1] != ':')
		return OV_END;
	for (size_t i = 0; i < sizeof posix / sizeof *posix; i++) {
		const size_t n = strlen(posix[i].name);
		const char *r = posix[i].bytes;

		if (left < skip + n + 2 || memcmp(rest + skip, posix[i].name, n) != 0 ||
		    memcmp(rest + skip + n, ":]", 2) != 0)
			continue;
		for (unsigned c = 0; c < 256; c++) {
			bool is_in = c == 0 && (n == 5 && (r[0] == '\1'));

			for (const char *at = r; *at != 0; at += 2)
				is_in |= c >= (uint8_t)at[0] && c <= (uint8_t)at[1];
			if (is_in != is_not)
				re_set_add(set, c);
		}
		p->at += skip + n + 2;
		return OV_OK;
	}
	return OV_END;
}

struct member { /* of a bracket expression */
	uint8_t byte;
	bool is_class; /* `set` is meant */
	uint8_t set[32];
};

static ov_status next_member(struct re_parse *p, struct member *m)
{
	const char c = p->body.p[p->at];
	ov_status s;

	m->is_class = false;
	memset(m->set, 0, sizeof m->set);
	if (c == '[') {
		s = posix_class(p, m->set);
		if (s != OV_END) {
			m->is_class = s == OV_OK;
			return s;
		}
	}
	p->at++;
	m->byte = (uint8_t)c;
	if (c != '\\')
		return OV_OK;
	if (p->at < p->body.n && class_of(p->body.p[p->at], m->set)) {
		m->byte = (uint8_t)p->body.p[p->at++];
		m->is_class = true;
		return OV_OK;
	}
	return escaped_byte(p, &m->byte);
}

static bool at_range(const struct re_parse *p)
{
	return p->at + 1 < p->body.n && p->body.p[p->at] == '-' && p->body.p[p->at + 1] != ']';
}

static ov_status add_members(struct re_parse *p, size_t start, uint8_t set[32])
{
	struct member a, b;

	for (bool is_first = true;; is_first = false) {
		const size_t here = p->at;

		if (p->at >= p->body.n)
			return re_refuse(p, start, "the bracket is not closed",
					 "write `\\[` for a bracket");
		if (p->body.p[p->at] == ']' && !is_first)
			break;
		OV_TRY(next_member(p, &a));
		if (a.is_class) {
			for (unsigned i = 0; i < 32; i++)
				set[i] |= a.set[i];
			continue;
		}
		b = a;
		if (at_range(p)) {
			p->at++;
			OV_TRY(next_member(p, &b));
		}
		if (b.byte < a.byte)
			return re_refuse(p, here, "the range ends before it begins",
					 "write the smaller byte first");
		for (unsigned c = a.byte; c <= b.byte; c++)
			re_set_add(set, c);
	}
	p->at++;
	return OV_OK;
}

ov_status re_parse_class(struct re_parse *p, bool nocase, struct re_node **out)
{
	const size_t start = p->at - 1;
	uint8_t set[32] = { 0 };
	bool is_not = false;

	if (p->at < p->body.n && p->body.p[p->at] == '^') {
		is_not = true;
		p->at++;
	}
	OV_TRY(add_members(p, start, set));
	for (unsigned c = 'A'; nocase && c <= 'Z'; c++)
		if (re_set_has(set, c) || re_set_has(set, c | 0x20)) {
			re_set_add(set, c);
			re_set_add(set, c | 0x20);
		}
	for (unsigned i = 0; is_not && i < 32; i++)
		set[i] = (uint8_t)~set[i];
	return set_node(p, set, out);
}
