/* Versions and ranges. See versions.h. */
#include "versions.h"

#include <string.h>

#include "text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The next run of digits or of letters; empty at the end. */
static struct ov_str next(struct ov_str *s)
{
	struct ov_str part;

	while (s->n > 0 && !is_digit(s->p[0]) && !is_letter(s->p[0])) {
		s->p++;
		s->n--;
	}
	part = (struct ov_str){ s->p, 0 };
	while (part.n < s->n &&
	       (is_digit(s->p[0]) ? is_digit(s->p[part.n]) : is_letter(s->p[part.n])))
		part.n++;
	s->p += part.n;
	s->n -= part.n;
	return part;
}

/* By length without leading zeros, then by digits: no number is too large. */
static int by_number(struct ov_str a, struct ov_str b)
{
	while (a.n > 1 && a.p[0] == '0') {
		a.p++;
		a.n--;
	}
	while (b.n > 1 && b.p[0] == '0') {
		b.p++;
		b.n--;
	}
	return a.n != b.n ? (a.n < b.n ? -1 : 1) : memcmp(a.p, b.p, a.n);
}

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int by_letters(struct ov_str a, struct ov_str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (small(a.p[i]) != small(b.p[i]))
			return small(a.p[i]) < small(b.p[i]) ? -1 : 1;
	return (a.n > b.n) - (a.n < b.n);
}

int ov_version_compare(struct ov_str a, struct ov_str b)
{
	for (;;) {
		const struct ov_str x = next(&a), y = next(&b);
		int c;

		if (x.n == 0 || y.n == 0)
			return (x.n > 0) - (y.n > 0);
		if (is_digit(x.p[0]) != is_digit(y.p[0]))
			return is_digit(x.p[0]) ? 1 : -1;
		c = is_digit(x.p[0]) ? by_number(x, y) : by_letters(x, y);
		if (c != 0)
			return c;
	}
}

static ov_status holds(struct ov_str version, struct ov_str part, bool *out)
{
	const char op = part.p[0];
	const bool is_equal = part.n > 1 && part.p[1] == '=';
	const size_t skip = op == '<' || op == '>' ? 1U + is_equal : op == '=' ? 1 : 0;
	const struct ov_str bound = { part.p + skip, part.n - skip };
	int c;

	if (bound.n == 0 || (!is_digit(bound.p[0]) && !is_letter(bound.p[0])))
		return OV_BAD;
	c = ov_version_compare(version, bound);
	if (op == '<')
		*out = c < 0 || (is_equal && c == 0);
	else if (op == '>')
		*out = c > 0 || (is_equal && c == 0);
	else
		*out = c == 0;
	return OV_OK;
}

ov_status ov_version_in(struct ov_str version, struct ov_str range, bool *out)
{
	bool all = true, has = false;

	if (ov_str_starts(range, OV_STR("vers:"))) {
		const char *slash = memchr(range.p, '/', range.n);

		if (slash == NULL)
			return OV_BAD;
		range = (struct ov_str){ slash + 1, range.n - (size_t)(slash + 1 - range.p) };
	}
	while (range.n > 0) {
		struct ov_str part = { range.p, 0 };
		bool one = false;

		while (part.n < range.n && range.p[part.n] != ' ' && range.p[part.n] != '|')
			part.n++;
		range.p += part.n + (part.n < range.n);
		range.n -= part.n + (part.n < range.n);
		if (part.n == 0)
			continue;
		OV_TRY(holds(version, part, &one));
		all &= one;
		has = true;
	}
	if (!has || version.n == 0)
		return OV_BAD;
	*out = all;
	return OV_OK;
}
