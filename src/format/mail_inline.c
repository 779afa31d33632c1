/*
 * What is coded inside a body of text, without a header that says so: uuencode, yEnc, BinHex. Mail
 * programs show such passages as attachments.
 */
#include "mail_int.h"

#include <string.h>

#include "checked.h"
#include "text.h"

static struct ov_str after(struct ov_str s, size_t n)
{
	return (struct ov_str){ .p = s.p + n, .n = s.n - n };
}

static void keep_name(struct ov_mail *m, struct ov_str name)
{
	name = ov_text_trim(name);
	m->job_name.n = ov_min_size(name.n, sizeof m->job_name.s);
	if (m->job_name.n > 0)
		memcpy(m->job_name.s, name.p, m->job_name.n);
	m->job.name = (struct ov_str){ .p = m->job_name.s, .n = m->job_name.n };
}

/* "begin 644 name" or "begin-base64 644 name". @return the name's place in the line, or 0. */
static size_t begin_line(struct ov_str s, bool *is_base64)
{
	size_t i = 6, digits = 0;

	*is_base64 = ov_str_starts(s, OV_STR("begin-base64 "));
	if (*is_base64)
		i = 13;
	else if (!ov_str_starts(s, OV_STR("begin ")))
		return 0;
	while (i < s.n && s.p[i] == ' ')
		i++;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '7'; i++)
		digits++;
	return digits >= 3 && digits <= 6 && i < s.n && s.p[i] == ' ' ? i : 0;
}

/* Is it a line of uuencode: as long as its first character says? Trailing spaces may be lost. */
static bool is_uu_line(struct ov_str s)
{
	size_t want;

	if (s.n == 0 || s.p[0] < ' ' || s.p[0] > '`')
		return false;
	want = (((size_t)(s.p[0] - ' ') & 63) + 2) / 3 * 4 + 1;
	if (s.n > want + 5)
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] < ' ' || (s.p[i] > '`' && i < want))
			return false;
	return s.n + 1 >= want || (s.n > 8 && s.n + 20 >= want);
}

/* One of the two lines from `at` on is uuencode: the first may be damaged. */
static ov_status uu_follows(struct ov_mail *m, uint64_t at, bool *out)
{
	struct ov_mail_line line;

	*out = false;
	for (unsigned i = 0; i < 2 && !*out; i++) {
		const ov_status s = ov_mail_line_at(m, at, &line);

		if (s == OV_END)
			return OV_OK;
		OV_TRY(s);
		*out = is_uu_line(line.text) && (i == 0 || line.text.n > 8);
		at = line.next;
	}
	return OV_OK;
}

static ov_status uuencode(struct ov_mail *m, const struct ov_mail_line *l, bool is_told)
{
	bool is_base64;
	size_t name = begin_line(l->text, &is_base64);
	bool is_it = is_told || is_base64;

	if (name == 0 && is_told && ov_str_starts(l->text, OV_STR("begin ")))
		name = 6; /* its mode is damaged */
	if (name == 0)
		return OV_OK;
	keep_name(m, after(l->text, name));
	if (!is_it)
		OV_TRY(uu_follows(m, l->next, &is_it));
	if (!is_it)
		return OV_OK;
	if (m->depth > 0)
		m->f[m->depth - 1].has_uu = true;
	m->job = (struct ov_mail_job){ .off = l->next,
				       .size = m->size - l->next,
				       .is_stream = true,
				       .codec = is_base64 ? OV_CODEC_BASE64_STRICT : OV_CODEC_UU,
				       .name = m->job.name };
	m->has_job = true;
	return OV_OK;
}

/* "=ybegin line=128 size=1234 name=the rest of the line" */
static void yenc(struct ov_mail *m, const struct ov_mail_line *l)
{
	const struct ov_str s = l->text;
	const char *name = memmem(s.p, s.n, " name=", 6);

	if (memmem(s.p, s.n, " line=", 6) == NULL)
		return;
	m->job.name = OV_STR("");
	if (name != NULL)
		keep_name(m, after(s, (size_t)(name - s.p) + 6));
	m->job = (struct ov_mail_job){ .off = l->next,
				       .size = m->size - l->next,
				       .is_stream = true,
				       .codec = OV_CODEC_YENC,
				       .name = m->job.name };
	m->has_job = true;
	m->in_yenc = true;
}

static void yend(struct ov_mail *m)
{
	if (!m->in_yenc)
		ov_mail_note_once(m, OV_MAIL_NOTE_YEND, OV_BAD,
				  "the end of a yEnc file whose beginning is not there");
	m->in_yenc = false;
}

static const char binhex_mark[] = "(This file must be converted with BinHex";

/* From the mark to the line that ends in ':', or to the next mark: so that each line is looked at
 * once. */
static ov_status binhex(struct ov_mail *m, const struct ov_mail_line *l)
{
	uint64_t at = l->next;
	const uint64_t start = l->at;
	bool is_started = false;

	for (;;) {
		struct ov_mail_line next;
		const ov_status s = ov_mail_line_at(m, at, &next);
		struct ov_str t;

		if (s == OV_END)
			break;
		OV_TRY(s);
		t = ov_text_trim(next.text);
		if (ov_str_starts(t, OV_STR("(This file must be converted with BinHex")))
			break;
		at = next.next;
		if (t.n > 0 && t.p[t.n - 1] == ':' && (is_started || t.n > 1))
			break;
		is_started |= t.n > 0 && t.p[0] == ':';
	}
	m->job = (struct ov_mail_job){
		.off = start, .size = at - start, .hint = OV_T_BINHEX, .name = OV_STR("BinHex")
	};
	m->has_job = true;
	return OV_OK;
}

ov_status ov_mail_inline(struct ov_mail *m, const struct ov_mail_line *l)
{
	const struct ov_str s = l->text;
	const bool is_whole = m->depth == 1 && m->f[0].is_silent;

	if (s.n < 8)
		return OV_OK;
	switch (s.p[0]) {
	case 'b':
		return uuencode(m, l, is_whole || (m->depth > 0 && m->f[m->depth - 1].p.says_uu));
	case '=':
		if (ov_str_starts(s, OV_STR("=ybegin ")))
			yenc(m, l);
		else if (ov_str_starts(s, OV_STR("=yend size=")))
			yend(m);
		return OV_OK;
	case '(':
		if (!is_whole && s.n >= sizeof binhex_mark - 1 &&
		    memcmp(s.p, binhex_mark, sizeof binhex_mark - 1) == 0)
			return binhex(m, l);
		return OV_OK;
	default:
		return OV_OK;
	}
}
