/*
 * Parts of a mail as children. A part whose headers contradict one another, or whose body does not
 * look like what they say, is given in each way that a reader may take it.
 */
#include "mail_int.h"

#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "text.h"

#define LOOK 1024

static bool is_base64_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

static ov_status look(struct ov_mail *m, uint64_t off, uint64_t end, struct ov_str *out)
{
	struct ov_cur c;

	OV_TRY(ov_window_upto(&m->win, off, (size_t)ov_min_u64(LOOK, end - off), &c));
	*out = OV_STR("");
	if (ov_cur_rest(&c) != NULL)
		*out = (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = ov_cur_left(&c) };
	return OV_OK;
}

ov_status ov_mail_has_text(struct ov_mail *m, uint64_t off, uint64_t end, bool *out)
{
	struct ov_str s;

	*out = false;
	if (off >= end)
		return OV_OK;
	OV_TRY(look(m, off, end, &s));
	for (size_t i = 0; i < s.n && !*out; i++)
		*out = strchr(" \t\r\n", s.p[i]) == NULL || s.p[i] == 0;
	*out |= end - off > s.n;
	return OV_OK;
}

/* The first lines (at most four) hold nothing but base64, and the first of them 24 characters. */
static ov_status looks_base64(struct ov_mail *m, uint64_t off, uint64_t end, bool *out)
{
	struct ov_str s, line;
	unsigned lines = 0;

	*out = false;
	OV_TRY(look(m, off, end, &s));
	while (lines < 4 && ov_text_split(&s, '\n', &line)) {
		while (line.n > 0 && strchr(" \t\r", line.p[line.n - 1]) != NULL)
			line.n--;
		if (line.n == 0 && lines == 0)
			continue;
		if (line.n == 0)
			break;
		if (lines == 0 && line.n < 24)
			return OV_OK;
		for (size_t i = 0; i < line.n; i++)
			if (!is_base64_char(line.p[i]))
				return OV_OK;
		lines++;
	}
	*out = lines > 0;
	return OV_OK;
}

/* Does base64 go on behind padding? Readers differ in whether that counts. */
static ov_status goes_on(struct ov_mail *m, uint64_t off, uint64_t end, bool *out)
{
	bool is_padded = false;

	*out = false;
	while (off < end && !*out) {
		struct ov_cur c;
		const uint8_t *p;
		size_t i = 0, n;

		OV_TRY(ov_window_upto(&m->win, off, (size_t)ov_min_u64(8192, end - off), &c));
		n = ov_cur_left(&c);
		p = ov_cur_rest(&c);
		if (n == 0)
			return OV_OK; /* the file shrank */
		if (!is_padded) {
			const uint8_t *hit = memchr(p, '=', n);

			is_padded = hit != NULL;
			i = hit != NULL ? (size_t)(hit - p) : n;
		}
		for (; i < n && !*out; i++)
			*out = p[i] != '=' && is_base64_char((char)p[i]);
		off += n;
	}
	return OV_OK;
}

/* The ways in which a part may be given, in this order. */
enum way { AS_IT_IS = 0, BASE64, BASE64_TO_PADDING, QP, GUESSED_BASE64, WAYS };

/* Is this way one for this part? */
static ov_status is_way(struct ov_mail *m, const struct ov_mail_frame *f, uint64_t end,
			enum way way, bool *out)
{
	const unsigned codings = f->p.codings != 0 ? f->p.codings : OV_MAIL_PLAIN;
	bool is_like = false;

	*out = false;
	switch (way) {
	case AS_IT_IS:
		*out = (codings & OV_MAIL_PLAIN) != 0;
		if (codings != OV_MAIL_BASE64)
			return OV_OK;
		OV_TRY(looks_base64(m, f->body, end, &is_like));
		*out = !is_like && end - f->body > 100; /* short ones have short lines */
		return OV_OK;
	case BASE64:
		*out = (codings & OV_MAIL_BASE64) != 0;
		return OV_OK;
	case BASE64_TO_PADDING:
		if ((codings & OV_MAIL_BASE64) == 0)
			return OV_OK;
		return goes_on(m, f->body, end, out);
	case QP:
		*out = (codings & OV_MAIL_QP) != 0;
		return OV_OK;
	case GUESSED_BASE64:
		if ((codings & OV_MAIL_BASE64) != 0)
			return OV_OK;
		return looks_base64(m, f->body, end, out);
	default:
		return OV_BUG;
	}
}

static const enum ov_codec codecs[WAYS] = { [AS_IT_IS] = OV_CODEC_STORED,
					    [BASE64] = OV_CODEC_BASE64,
					    [BASE64_TO_PADDING] = OV_CODEC_BASE64_STRICT,
					    [QP] = OV_CODEC_QP,
					    [GUESSED_BASE64] = OV_CODEC_BASE64 };

/* What stands between and behind the parts of a multipart. */
static ov_status give_rest(struct ov_mail *m, struct ov_mail_frame *f, uint64_t end,
			   struct ov_mail_job *job)
{
	bool has_text;

	if (f->stage++ > 0)
		return OV_END;
	OV_TRY(ov_mail_has_text(m, f->rest, end, &has_text));
	if (!has_text)
		return OV_END;
	*job = (struct ov_mail_job){
		.off = f->rest, .size = end - f->rest, .name = OV_STR("epilogue"), .is_text = true
	};
	return OV_OK;
}

ov_status ov_mail_give_frame(struct ov_mail *m, struct ov_mail_frame *f, uint64_t end,
			     struct ov_mail_job *job)
{
	const struct ov_mail_part *p = &f->p;
	bool has_text = false, is_now = false;
	enum way way;

	if (f->is_silent)
		return OV_END;
	if (p->is_multipart && f->is_met && !p->is_message)
		return give_rest(m, f, end, job);
	if (f->stage == 0) {
		OV_TRY(ov_mail_has_text(m, f->body, end, &has_text));
		if (!has_text)
			return OV_END;
	}
	while (!is_now) {
		if (f->stage >= WAYS)
			return OV_END;
		OV_TRY(is_way(m, f, end, (enum way)f->stage, &is_now));
		f->stage++;
	}
	way = (enum way)(f->stage - 1);
	*job =
	    (struct ov_mail_job){ .off = f->body,
				  .size = end - f->body,
				  .is_stream = way != AS_IT_IS,
				  .codec = codecs[way],
				  .name = { .p = p->name.s, .n = p->name.n },
				  .is_text = (p->is_text || !p->has_type) && !p->is_attachment,
				  .is_encrypted = p->is_encrypted,
				  .is_guess = way == GUESSED_BASE64 || way == BASE64_TO_PADDING };
	if (p->is_message || (p->is_multipart && way != AS_IT_IS))
		job->hint = OV_T_MAIL;
	return OV_OK;
}

ov_status ov_mail_give_job(struct ov_mail *m, const struct ov_mail_job *job, struct ov_child *out)
{
	const struct ov_decoder_params params = { .max_memory = m->env->max_memory,
						  .plain_size = UINT64_MAX };
	struct ov_src part;
	struct ov_str name = job->name;

	m->position++;
	if (name.n == 0) {
		(void)snprintf(m->unnamed, sizeof m->unnamed, "part %llu",
			       (unsigned long long)m->position);
		name = ov_str_of(m->unnamed);
	}
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = name,
				  .off = job->off,
				  .size = job->size,
				  .packed = job->size,
				  .position = m->position,
				  .hint = job->hint,
				  .is_text = job->is_text,
				  .is_encrypted = job->is_encrypted };
	if (!job->is_stream)
		return OV_OK;
	OV_TRY(ov_src_slice(m->env->src, job->off, job->size, &part));
	OV_TRY(ov_decoder_open(job->codec, &part, &params, m->env->arena, &m->decoder));
	m->decoded = *job;
	m->decoded.name = name;
	out->kind = OV_CHILD_STREAM;
	out->size = OV_SIZE_UNKNOWN;
	return OV_OK;
}

ov_status ov_mail_read(struct ov_mail *m, void *to, size_t n, size_t *got)
{
	const ov_status s = m->decoder != NULL ? ov_decoder_read(m->decoder, to, n, got) : OV_BUG;
	const char *what;
	char detail[128];
	uint64_t at;

	if (s != OV_BAD && s != OV_SHORT)
		return s;
	what = ov_decoder_fault(m->decoder, &at);
	if (what == NULL)
		return s;
	if (m->decoded.is_guess)
		return OV_END;
	at += m->decoded.off;
	(void)snprintf(detail, sizeof detail, "%s, at byte %llu of the mail", what,
		       (unsigned long long)at);
	m->env->note(m->env->ctx, s, m->decoded.name, detail);
	return OV_END; /* what the others make of it was given */
}
