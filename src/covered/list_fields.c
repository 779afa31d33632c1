/* Fields of a stanza: values, words, grades, dates. See list_int.h. */
#include "list_int.h"

#include <stdio.h>
#include <time.h>

#include "text.h"

void ov_cov_bad(struct reader *r, uint32_t line, const char *why)
{
	r->is_bad = true;
	r->error(r->ctx, line, why);
}

/* ---- fields ---- */

/* The value of a field that may stand once; "" when it is not there. */
struct ov_str ov_cov_one(struct reader *r, const char *name, bool is_needed)
{
	struct ov_str v = OV_STR("");
	char why[96];
	bool is_there = false;

	for (size_t i = 0; i < r->n; i++) {
		if (!ov_str_is(r->f[i].name, name))
			continue;
		if (is_there)
			ov_cov_bad(r, r->f[i].line, "this field may stand once");
		v = r->f[i].value;
		r->f[i].is_used = is_there = true;
	}
	if (is_needed && v.n == 0) {
		(void)snprintf(why, sizeof why, "the stanza needs a field \"%s:\"", name);
		ov_cov_bad(r, r->at, why);
	}
	return v;
}

ov_status ov_cov_many(struct reader *r, const char *name, struct ov_cov_texts *out)
{
	size_t n = 0;

	*out = (struct ov_cov_texts){ .n = 0 };
	for (size_t i = 0; i < r->n; i++)
		n += ov_str_is(r->f[i].name, name);
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&r->l->arena, n, &out->v));
	for (size_t i = 0; i < r->n; i++) {
		if (!ov_str_is(r->f[i].name, name))
			continue;
		out->v[out->n++] = r->f[i].value;
		r->f[i].is_used = true;
	}
	return OV_OK;
}

/* Words of a value, with blanks between. */
ov_status ov_cov_words(struct reader *r, struct ov_str v, struct ov_cov_texts *out)
{
	struct ov_str word, rest = v;
	size_t n = 0;

	*out = (struct ov_cov_texts){ .n = 0 };
	while (rest.n > 0 && ov_text_split(&rest, ' ', &word))
		n += word.n > 0;
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&r->l->arena, n, &out->v));
	for (rest = v; rest.n > 0 && ov_text_split(&rest, ' ', &word);)
		if (word.n > 0)
			out->v[out->n++] = word;
	return OV_OK;
}

enum ov_grade ov_cov_grade(struct reader *r, struct ov_str v, enum ov_grade otherwise)
{
	if (v.n == 0)
		return otherwise;
	if (v.n == 2 && v.p[0] == 'E' && v.p[1] >= '0' && v.p[1] <= '5')
		return (enum ov_grade)(v.p[1] - '0');
	ov_cov_bad(r, r->at, "a grade is E0 to E5");
	return OV_E0;
}

static bool digits(struct ov_str s, size_t at, size_t n, int *out)
{
	*out = 0;
	for (size_t i = at; i < at + n; i++) {
		if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

ov_status ov_cov_date(struct ov_str s, int64_t *out)
{
	struct tm t = { 0 };
	int year, month;

	if ((s.n != 10 && s.n != 20) || !digits(s, 0, 4, &year) || !digits(s, 5, 2, &month) ||
	    !digits(s, 8, 2, &t.tm_mday) || s.p[4] != '-' || s.p[7] != '-')
		return OV_BAD;
	if (s.n == 20 && (s.p[10] != 'T' || s.p[13] != ':' || s.p[16] != ':' || s.p[19] != 'Z' ||
			  !digits(s, 11, 2, &t.tm_hour) || !digits(s, 14, 2, &t.tm_min) ||
			  !digits(s, 17, 2, &t.tm_sec)))
		return OV_BAD;
	if (year < 1970 || month < 1 || month > 12 || t.tm_mday < 1 || t.tm_mday > 31 ||
	    t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 59)
		return OV_BAD;
	t.tm_year = year - 1900;
	t.tm_mon = month - 1;
	*out = timegm(&t);
	return t.tm_mday >= 1 && t.tm_mon == month - 1 ? OV_OK : OV_BAD; /* no 31 February */
}
