/* Text from outside: numbers, hexadecimal, UTF-8, escaping, shell patterns. */
#include "text.h"

int ov_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* A digit's value; 255: not a digit. Millions of digests are read: random digits are what a
 * processor can't foresee, so this has no branch on them. */
/* clang-format off */
#define XX 255
static const uint8_t digit_of[256] = {
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, XX, XX, XX, XX, XX, XX,
	XX, 10, 11, 12, 13, 14, 15, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, 10, 11, 12, 13, 14, 15, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
};
#undef XX
/* clang-format on */

ov_status ov_hex_decode(struct ov_str s, uint8_t *out, size_t max, size_t *n)
{
	if (s.n % 2 != 0)
		return OV_BAD;
	if (s.n / 2 > max)
		return OV_LIMIT;
	for (size_t i = 0; i < s.n / 2; i++) {
		const uint8_t hi = digit_of[(uint8_t)s.p[2 * i]];
		const uint8_t lo = digit_of[(uint8_t)s.p[2 * i + 1]];

		if ((hi | lo) > 15)
			return OV_BAD;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	*n = s.n / 2;
	return OV_OK;
}

void ov_hex_encode(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

ov_status ov_text_u64(struct ov_str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return OV_BAD;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return OV_BAD;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return OV_LIMIT;
	}
	*out = v;
	return OV_OK;
}

ov_status ov_text_u32(struct ov_str s, uint32_t max, uint32_t *out)
{
	uint64_t v;

	OV_TRY(ov_text_u64(s, &v));
	if (v > max)
		return OV_LIMIT;
	*out = (uint32_t)v;
	return OV_OK;
}

bool ov_text_split(struct ov_str *rest, char sep, struct ov_str *head)
{
	const char *at;

	if (rest->p == NULL)
		return false;
	at = rest->n > 0 ? memchr(rest->p, sep, rest->n) : NULL;
	if (at == NULL) {
		*head = *rest;
		*rest = (struct ov_str){ .p = NULL, .n = 0 };
		return true;
	}
	*head = (struct ov_str){ .p = rest->p, .n = (size_t)(at - rest->p) };
	rest->n -= head->n + 1;
	rest->p = at + 1;
	return true;
}

struct ov_str ov_text_trim(struct ov_str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool ov_text_same(struct ov_str a, struct ov_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool ov_text_same_but_space(struct ov_str a, struct ov_str b)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < a.n && is_space(a.p[i]))
			i++;
		while (k < b.n && is_space(b.p[k]))
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (a.p[i++] != b.p[k++])
			return false;
	}
}

bool ov_text_ends_with(struct ov_str s, struct ov_str tail)
{
	if (s.n < tail.n)
		return false;
	if (tail.n == 0)
		return true;
	return ov_text_same((struct ov_str){ .p = s.p + (s.n - tail.n), .n = tail.n }, tail);
}

static bool in_range(unsigned char c, unsigned lo, unsigned hi)
{
	return c >= lo && c <= hi;
}

size_t ov_utf8_len(struct ov_str s)
{
	unsigned char c[4] = { 0 };

	if (s.n == 0)
		return 0;
	memcpy(c, s.p, s.n < 4 ? s.n : 4);
	if (c[0] < 0x80)
		return 1;
	if (in_range(c[0], 0xc2, 0xdf))
		return in_range(c[1], 0x80, 0xbf) ? 2 : 0;
	if (in_range(c[0], 0xe0, 0xef)) {
		const unsigned lo = c[0] == 0xe0 ? 0xa0 : 0x80; /* no overlongs */
		const unsigned hi = c[0] == 0xed ? 0x9f : 0xbf; /* no surrogates */

		return in_range(c[1], lo, hi) && in_range(c[2], 0x80, 0xbf) ? 3 : 0;
	}
	if (in_range(c[0], 0xf0, 0xf4)) {
		const unsigned lo = c[0] == 0xf0 ? 0x90 : 0x80;
		const unsigned hi = c[0] == 0xf4 ? 0x8f : 0xbf; /* up to U+10FFFF */

		return in_range(c[1], lo, hi) && in_range(c[2], 0x80, 0xbf) &&
			       in_range(c[3], 0x80, 0xbf)
			   ? 4
			   : 0;
	}
	return 0;
}

static ov_status json_char(struct ov_buf *b, unsigned char c)
{
	switch (c) {
	case '"':
		return ov_buf_str(b, OV_STR("\\\""));
	case '\\':
		return ov_buf_str(b, OV_STR("\\\\"));
	case '\n':
		return ov_buf_str(b, OV_STR("\\n"));
	case '\r':
		return ov_buf_str(b, OV_STR("\\r"));
	case '\t':
		return ov_buf_str(b, OV_STR("\\t"));
	default:
		if (c < 0x20 || c == 0x7f)
			return ov_buf_fmt(b, "\\u%04x", c);
		return ov_buf_u8(b, c);
	}
}

ov_status ov_text_json(struct ov_buf *b, struct ov_str s)
{
	while (s.n > 0) {
		const size_t len = ov_utf8_len(s);

		if (len == 0)
			OV_TRY(ov_buf_fmt(b, "\\udc%02x", (unsigned char)s.p[0]));
		else if (len == 1)
			OV_TRY(json_char(b, (unsigned char)s.p[0]));
		else
			OV_TRY(ov_buf_put(b, s.p, len));
		s.p += len == 0 ? 1 : len;
		s.n -= len == 0 ? 1 : len;
	}
	return OV_OK;
}

/*
 * U+0080..U+009F are control characters to terminals. Marks that turn text around or have no width
 * (Unicode's Cf: U+061C, U+200B..U+200F, U+2028..U+202E, U+2060..U+206F, U+FEFF, U+FFF9..U+FFFB,
 * U+E0000..U+E0FFF) make a name look like another.
 */
static bool is_shown(const unsigned char *c, size_t len)
{
	if (len == 1)
		return c[0] >= 0x20 && c[0] != 0x7f;
	if (len == 2)
		return !(c[0] == 0xc2 && c[1] < 0xa0) && !(c[0] == 0xd8 && c[1] == 0x9c);
	if (len == 4)
		return !(c[0] == 0xf3 && c[1] == 0xa0);
	if (c[0] == 0xe2 && c[1] == 0x80)
		return !in_range(c[2], 0x8b, 0x8f) && !in_range(c[2], 0xa8, 0xae);
	if (c[0] == 0xe2 && c[1] == 0x81)
		return !in_range(c[2], 0xa0, 0xaf);
	if (c[0] == 0xef && c[1] == 0xbb)
		return c[2] != 0xbf;
	if (c[0] == 0xef && c[1] == 0xbf)
		return !in_range(c[2], 0xb9, 0xbb);
	return true;
}

ov_status ov_text_shown(struct ov_buf *b, struct ov_str s)
{
	while (s.n > 0) {
		const size_t len = ov_utf8_len(s);
		const size_t step = len == 0 ? 1 : len;

		if (len > 0 && is_shown((const unsigned char *)s.p, len)) {
			OV_TRY(ov_buf_put(b, s.p, len));
		} else {
			for (size_t i = 0; i < step; i++)
				OV_TRY(ov_buf_fmt(b, "\\x%02x", (unsigned char)s.p[i]));
		}
		s.p += step;
		s.n -= step;
	}
	return OV_OK;
}

/* Matches one character class at pat[*i] == '['; moves *i past it. A class without ']' is a plain
 * '['. */
static bool glob_class(struct ov_str pat, size_t *i, char c)
{
	size_t at = *i + 1;
	bool negate = false, hit = false;
	size_t first;

	if (at < pat.n && (pat.p[at] == '!' || pat.p[at] == '^')) {
		negate = true;
		at++;
	}
	first = at;
	for (; at < pat.n && (pat.p[at] != ']' || at == first); at++) {
		if (at + 2 < pat.n && pat.p[at + 1] == '-' && pat.p[at + 2] != ']') {
			if ((unsigned char)c >= (unsigned char)pat.p[at] &&
			    (unsigned char)c <= (unsigned char)pat.p[at + 2])
				hit = true;
			at += 2;
		} else if (pat.p[at] == c) {
			hit = true;
		}
	}
	if (at >= pat.n) {
		*i += 1;
		return c == '[';
	}
	*i = at + 1;
	return hit != negate;
}

/* Matches one pattern element other than '*' against c; moves *i past the element. */
static bool glob_one(struct ov_str pat, size_t *i, char c)
{
	char want = pat.p[*i];

	if (want == '[')
		return glob_class(pat, i, c);
	if (want == '\\' && *i + 1 < pat.n)
		want = pat.p[++*i];
	else if (want == '?')
		want = c;
	++*i;
	return want == c;
}

bool ov_text_glob(struct ov_str pattern, struct ov_str s)
{
	size_t i = 0, k = 0, star = SIZE_MAX, back = 0;

	while (k < s.n) {
		size_t next = i;

		if (i < pattern.n && pattern.p[i] == '*') {
			star = i++;
			back = k;
		} else if (i < pattern.n && glob_one(pattern, &next, s.p[k])) {
			i = next;
			k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++back;
		} else {
			return false;
		}
	}
	while (i < pattern.n && pattern.p[i] == '*')
		i++;
	return i == pattern.n;
}
