/* Small readings that sources share: paths, pairs, dates. */
#include "gather_int.h"

bool ov_ev_is(const struct ov_ev_file *f, const char *path)
{
	return ov_str_is(f->path, path);
}

bool ov_ev_under(const struct ov_ev_file *f, const char *folder)
{
	return ov_str_starts(f->path, ov_str_of(folder));
}

bool ov_ev_named(const struct ov_ev_file *f, const char *name)
{
	return ov_str_is(f->name, name);
}

bool ov_ev_ends(const struct ov_ev_file *f, const char *tail)
{
	return ov_text_ends_with(f->name, ov_str_of(tail));
}

bool ov_ev_head_is(const struct ov_ev_file *f, const void *magic, size_t n)
{
	return f->head.len >= n && memcmp(f->head.base, magic, n) == 0;
}

struct ov_str ov_ev_str(struct ov_cur c)
{
	const size_t n = ov_cur_left(&c);

	return (struct ov_str){ .p = n > 0 ? (const char *)ov_cur_rest(&c) : "", .n = n };
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

struct ov_str ov_ev_trim(struct ov_str s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool ov_ev_has(struct ov_str s, const char *part)
{
	const size_t n = strlen(part);

	for (size_t i = 0; n <= s.n && i <= s.n - n; i++)
		if (ov_text_same((struct ov_str){ .p = s.p + i, .n = n }, ov_str_of(part)))
			return true;
	return false;
}

bool ov_ev_pair(struct ov_str line, char sep, struct ov_str *key, struct ov_str *value)
{
	const char *at = line.n > 0 ? memchr(line.p, sep, line.n) : NULL;
	size_t n;

	if (at == NULL)
		return false;
	n = (size_t)(at - line.p);
	*key = ov_ev_trim((struct ov_str){ .p = line.p, .n = n });
	*value = ov_ev_trim((struct ov_str){ .p = at + 1, .n = line.n - n - 1 });
	return true;
}

struct ov_str ov_ev_unquote(struct ov_str s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct ov_str){ .p = s.p + 1, .n = s.n - 2 };
	return s;
}

/* Days since 1970 of a date in the Gregorian calendar: years begin in March, 400 of them are one
 * period of 146,097 days. Years are 1 to 9999. */
int64_t ov_ev_civil(int64_t year, unsigned month, unsigned day)
{
	const int64_t y = month <= 2 ? year - 1 : year;
	const int64_t era = y / 400, yoe = y - era * 400;
	const int64_t doy = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (era * 146097 + doe - 719468) * 86400;
}

/* `n` digits at `at`. @return -1 for anything else. */
static int digits(struct ov_str s, size_t at, size_t n)
{
	int v = 0;

	if (at > s.n || n > s.n - at)
		return -1;
	for (size_t i = at; i < at + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

/* "+02:00" or "-0500" at `at`, in seconds east; 0 for 'Z' and for none. */
static int64_t zone(struct ov_str s, size_t at)
{
	int h, m;

	while (at < s.n && (s.p[at] == '.' || (s.p[at] >= '0' && s.p[at] <= '9')))
		at++;
	if (at >= s.n || (s.p[at] != '+' && s.p[at] != '-'))
		return 0;
	h = digits(s, at + 1, 2);
	m = digits(s, at + 3 + (at + 3 < s.n && s.p[at + 3] == ':'), 2);
	if (h < 0)
		return 0;
	return (s.p[at] == '-' ? -1 : 1) * ((int64_t)h * 3600 + (m > 0 ? m : 0) * 60);
}

int64_t ov_ev_time(struct ov_str s)
{
	const int year = digits(s, 0, 4), month = digits(s, 5, 2), day = digits(s, 8, 2);
	int hour, minute, second;

	if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || s.p[4] != '-' ||
	    s.p[7] != '-')
		return OV_INV_NO_DATE;
	hour = digits(s, 11, 2);
	minute = digits(s, 14, 2);
	second = digits(s, 17, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return ov_ev_civil(year, (unsigned)month, (unsigned)day);
	return ov_ev_civil(year, (unsigned)month, (unsigned)day) + hour * 3600 + minute * 60 +
	       (second > 0 && second <= 60 ? second : 0) - zone(s, second >= 0 ? 19 : 16);
}
