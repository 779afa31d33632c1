/*
 * Mail: RFC 822 and MIME (RFC 2045 to 2049), mailboxes of several messages (RFC 4155), and texts
 * with uuencoded passages. One pass over the lines; parts within parts are a stack of frames, never
 * recursion.
 *
 *   Content-Type: multipart/mixed; boundary=A      frame 0, its body is parts
 *                                                  preamble
 *   --A                                            closes what is open above frame 0
 *   Content-Type: text/plain                       frame 1
 *
 *   Hello                                          frame 1's body
 *   --A--                                          closes frame 1; what follows is the epilogue
 *
 * Mail is hidden from scanners by being malformed in a way that mail programs forgive and scanners
 * don't. So nothing here is refused, and what can be read in two ways is given in both:
 *  - a header that tells of a part, in the midst of a body, begins a part of its own, and the line
 *    with "--" before it is taken for a boundary, whatever was declared; the part around it is
 *    given as a whole as well;
 *  - a multipart whose boundary is never met is given as one part;
 *  - parts behind the closing boundary count; lines that are no header don't end the headers when
 *    a header that tells of a part follows;
 *  - contradicting headers all count (mail_header.c), bodies that look like base64 are decoded,
 *    base64 is read on behind padding and up to it (mail_give.c).
 */
#include "mail_int.h"

#include <string.h>

#include "checked.h"
#include "formats.h"
#include "text.h"

#define LINE_LOOK ((size_t)1024)
#define JUNK_MAX 16   /* lines among headers that are none */
#define GUESSED_MAX 4 /* parts begun by their looks within one another */

void ov_mail_note_once(struct ov_mail *m, enum ov_mail_note which, ov_status why,
		       const char *detail)
{
	if ((m->noted & (uint32_t)which) != 0)
		return;
	m->noted |= (uint32_t)which;
	m->env->note(m->env->ctx, why, OV_STR(""), detail);
}

ov_status ov_mail_line_at(struct ov_mail *m, uint64_t at, struct ov_mail_line *l)
{
	size_t n = LINE_LOOK;

	if (at >= m->size)
		return OV_END;
	for (;;) {
		const char *p, *end;
		struct ov_cur c;
		size_t have;

		OV_TRY(ov_window_upto(&m->win, at, n, &c));
		have = ov_cur_left(&c);
		if (have == 0)
			return OV_END; /* the file shrank */
		p = (const char *)ov_cur_rest(&c);
		end = memchr(p, m->eol, have);
		if (end == NULL && n < OV_WINDOW_MAX && have == n) {
			n = OV_WINDOW_MAX;
			continue;
		}
		*l = (struct ov_mail_line){ .text = { .p = p, .n = have }, .at = at };
		if (end != NULL) {
			l->text.n = (size_t)(end - p);
			l->eol = 1;
		}
		l->is_cut = end == NULL && have == OV_WINDOW_MAX;
		l->next = at + l->text.n + l->eol;
		if (l->eol == 1 && l->text.n > 0 && p[l->text.n - 1] == '\r') {
			l->text.n--;
			l->eol = 2;
		}
		return OV_OK;
	}
}

static struct ov_mail_frame *top(struct ov_mail *m)
{
	return &m->f[m->depth - 1];
}

/* ---- headers ---- */

static void flush_header(struct ov_mail *m)
{
	if (m->ntext > 0)
		ov_mail_header(&top(m)->p, (struct ov_str){ .p = m->text, .n = m->ntext });
	m->ntext = 0;
}

static void keep_header(struct ov_mail *m, struct ov_str s)
{
	const size_t n = ov_min_size(s.n, sizeof m->text - m->ntext);

	if (n < s.n)
		ov_mail_note_once(m, OV_MAIL_NOTE_HEADER, OV_LIMIT,
				  "a header of more than 16384 bytes: its rest was not read");
	if (n > 0)
		memcpy(m->text + m->ntext, s.p, n);
	m->ntext += n;
}

static void open_frame(struct ov_mail *m, bool is_guessed)
{
	struct ov_mail_frame *f = &m->f[m->depth++];

	*f = (struct ov_mail_frame){ .is_guessed = is_guessed };
	m->in_headers = true;
	m->headers_at = m->at;
	m->ntext = 0;
	m->has_junk = m->has_mime_after_junk = false;
	m->njunk = 0;
}

static void tell_of(struct ov_mail *m, const struct ov_mail_part *p)
{
	const struct ov_str name = { .p = p->name.s, .n = p->name.n };

	if (p->is_encrypted)
		m->env->note(m->env->ctx, OV_ENCRYPTED, name,
			     "encrypted mail (S/MIME or PGP): only its outside can be read");
	else if (p->is_signed)
		m->env->note(m->env->ctx, OV_UNSUPPORTED, name,
			     "signed mail (S/MIME) that holds its text inside the signature: its "
			     "bytes were matched, its parts were not opened");
	if (p->is_partial)
		m->env->note(m->env->ctx, OV_UNSUPPORTED, name,
			     "a piece of a message that was sent in several: the whole can't be "
			     "put together here");
	if (p->is_unknown)
		m->env->note(m->env->ctx, OV_UNSUPPORTED, name,
			     "an unknown transfer coding: its bytes were matched as they are");
	if (p->lost_boundaries)
		ov_mail_note_once(m, OV_MAIL_NOTE_BOUNDARIES, OV_LIMIT,
				  "more than 4 boundaries for one part: the others were not used");
}

/* The headers end; the body begins at `body`. */
static void end_headers(struct ov_mail *m, uint64_t body)
{
	struct ov_mail_frame *f = top(m);

	flush_header(m);
	if (m->has_junk && (m->depth > 1 || f->p.has_type || f->p.codings != 0))
		m->env->note(m->env->ctx, OV_BAD,
			     (struct ov_str){ .p = f->p.name.s, .n = f->p.name.n },
			     "a line among the headers of a part that is none of them");
	f->body = f->rest = body;
	m->at = body;
	m->in_headers = false;
	m->was_blank = true;
	m->dash_next = UINT64_MAX;
	tell_of(m, &f->p);
}

/* A blank line, or the end: if lines that are no headers stood among them, which of both counts? */
static void end_headers_at(struct ov_mail *m, uint64_t body)
{
	end_headers(m, m->has_junk && !m->has_mime_after_junk ? m->junk_at : body);
}

static bool is_blank(struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(" \t\r", s.p[i]) == NULL || s.p[i] == 0)
			return false;
	return true;
}

static const struct ov_mail_boundary *match_boundary(const struct ov_mail *m, struct ov_str line,
						     size_t *frame, bool *is_close);

/* "From addr date": the line before each message of a mailbox; a mail program may leave it. */
static bool is_from(struct ov_str s)
{
	return ov_str_starts(s, OV_STR("From "));
}

static void junk(struct ov_mail *m, const struct ov_mail_line *l)
{
	flush_header(m);
	if (!m->has_junk)
		m->junk_at = l->at;
	m->has_junk = true;
	if (++m->njunk > JUNK_MAX)
		end_headers_at(m, l->at);
}

static void header_line(struct ov_mail *m, const struct ov_mail_line *l)
{
	const struct ov_str s = l->text;
	size_t frame;
	bool is_close;

	if (s.n == 0) {
		if (m->depth == 1 && m->headers_at == l->at) { /* before the first header */
			m->headers_at = m->at = l->next;
			return;
		}
		end_headers_at(m, l->next);
		return;
	}
	if (m->depth == 1 && m->headers_at == l->at && is_from(s)) {
		m->is_mbox = true;
		m->at = l->next;
		return;
	}
	if (match_boundary(m, s, &frame, &is_close) != NULL) {
		end_headers_at(m, l->at); /* the boundary is seen as a line of the body */
		return;
	}
	m->at = l->next;
	if ((s.p[0] == ' ' || s.p[0] == '\t') && m->ntext > 0 && !is_blank(s)) {
		keep_header(m, s);
	} else if (ov_mail_header_name(s) > 0) {
		flush_header(m);
		keep_header(m, s);
		m->has_mime_after_junk |= m->has_junk && ov_mail_is_mime_header(s);
	} else {
		junk(m, l); /* a line of blanks is, for some readers, the end of the headers */
	}
	if (m->in_headers && l->next - m->headers_at > OV_MAIL_HEADERS_MAX) {
		ov_mail_note_once(m, OV_MAIL_NOTE_HEADERS, OV_LIMIT,
				  "more than 256 KiB of headers: the rest was taken for the body");
		end_headers(m, l->next);
	}
}

/* ---- bodies ---- */

/* Closes all frames above `to`; their bodies end before the line at `at`. */
static void close_frames(struct ov_mail *m, size_t to, uint64_t at, enum ov_mail_after after)
{
	m->close_to = to;
	m->close_end = at;
	m->after = after;
}

static const struct ov_mail_boundary *match_boundary(const struct ov_mail *m, struct ov_str line,
						     size_t *frame, bool *is_close)
{
	struct ov_str s = line;

	if (s.n < 2 || s.p[0] != '-' || s.p[1] != '-')
		return NULL;
	s.p += 2;
	s.n -= 2;
	while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]) != NULL)
		s.n--;
	for (size_t i = m->depth; i-- > 0;) {
		const struct ov_mail_part *p = &m->f[i].p;

		for (size_t k = 0; k < p->nb; k++) {
			const struct ov_mail_boundary *b = &p->b[k];

			if (s.n < b->n || (b->n > 0 && memcmp(s.p, b->s, b->n) != 0))
				continue;
			*is_close = s.n == b->n + 2 && s.p[b->n] == '-' && s.p[b->n + 1] == '-';
			if (s.n == b->n || *is_close || b->n == OV_MAIL_BOUNDARY_MAX) {
				*frame = i;
				return b;
			}
		}
	}
	return NULL;
}

static ov_status at_boundary(struct ov_mail *m, const struct ov_mail_line *l,
			     const struct ov_mail_boundary *b, size_t frame, bool is_close)
{
	struct ov_mail_frame *f = &m->f[frame];
	const uint64_t end = l->at - ov_min_u64(m->last_eol, l->at);
	bool has_text = false;

	if (!b->is_guessed && f->p.is_multipart) {
		if (f->rest < end && m->depth == frame + 1)
			OV_TRY(ov_mail_has_text(m, f->rest, end, &has_text));
		if (has_text) {
			m->job = (struct ov_mail_job){ .off = f->rest,
						       .size = end - f->rest,
						       .is_text = true,
						       .name = f->is_met ? OV_STR("epilogue")
									 : OV_STR("preamble") };
			m->has_job = true;
		}
		f->is_met = true;
		f->is_ended |= is_close;
		f->rest = is_close ? l->next : UINT64_MAX; /* all up to the next one is a part */
	}
	close_frames(m, frame + 1, end, is_close ? OV_MAIL_NOTHING : OV_MAIL_OPEN);
	return OV_OK;
}

/* A line with "--" that is no known boundary: kept, in case that a part's header follows. */
static void keep_dashes(struct ov_mail *m, const struct ov_mail_line *l)
{
	struct ov_str s = { .p = l->text.p + 2, .n = l->text.n - 2 };

	if (ov_str_starts(l->text, OV_STR("-----BEGIN PGP MESSAGE-----")))
		ov_mail_note_once(m, OV_MAIL_NOTE_PGP, OV_ENCRYPTED,
				  "it holds a message encrypted with PGP");
	while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]) != NULL)
		s.n--;
	m->ndash = ov_min_size(s.n, sizeof m->dash);
	if (m->ndash > 0)
		memcpy(m->dash, s.p, m->ndash);
	m->dash_at = l->at;
	m->dash_next = l->next;
}

/*
 * A header that tells of a part, where none is due: a boundary other than the declared one, a mail
 * quoted in a bounce. It opens a part within the one around it, which goes on as if nothing were.
 */
static void guess_part(struct ov_mail *m, const struct ov_mail_line *l)
{
	const bool has_dashes = m->dash_next == l->at;
	size_t to = m->depth, guessed = 0;

	for (size_t i = 0; i < m->depth; i++)
		guessed += m->f[i].is_guessed;
	if (top(m)->is_guessed && (!top(m)->p.is_multipart || guessed >= GUESSED_MAX))
		to--; /* a sibling of the one before, not a child */
	if (to >= OV_MAIL_DEPTH) {
		ov_mail_note_once(m, OV_MAIL_NOTE_DEPTH, OV_LIMIT,
				  "parts nested more than 32 deep: the innermost were not opened");
		return;
	}
	if (has_dashes)
		ov_mail_boundary_add(&m->f[to - 1].p, m->dash, m->ndash, true);
	m->at = l->at; /* the header is read as the part's own */
	close_frames(m, to, has_dashes ? m->dash_at : l->at, OV_MAIL_OPEN_GUESSED);
}

/* A message that is a part is a layer of its own: what is in it is found there. */
static bool is_closed_body(const struct ov_mail_frame *f)
{
	return f->p.is_message && !f->p.is_multipart && f->p.codings <= OV_MAIL_PLAIN;
}

/* In a mailbox: does a message begin with this line? Its first header must follow. */
static ov_status is_separator(struct ov_mail *m, const struct ov_mail_line *l, bool *out)
{
	struct ov_mail_line next;
	ov_status s;

	*out = false;
	if (!m->is_mbox || !is_from(l->text))
		return OV_OK;
	s = ov_mail_line_at(m, l->next, &next);
	if (s == OV_END)
		return OV_OK;
	OV_TRY(s);
	*out = ov_mail_header_name(next.text) > 0;
	return OV_OK;
}

static ov_status body_line(struct ov_mail *m, const struct ov_mail_line *l)
{
	const uint8_t first = l->text.n > 0 ? (uint8_t)l->text.p[0] : 0;
	const struct ov_mail_boundary *b;
	bool is_it = false;
	size_t frame;

	m->at = l->next;
	if (first == 'F' && m->was_blank) {
		OV_TRY(is_separator(m, l, &is_it));
		if (is_it) {
			close_frames(m, 0, l->at, OV_MAIL_MESSAGE);
			return OV_OK;
		}
	}
	m->was_blank = l->text.n == 0;
	if (first == '-' && l->text.n >= 2 && l->text.p[1] == '-') {
		b = match_boundary(m, l->text, &frame, &is_it);
		if (b != NULL)
			return at_boundary(m, l, b, frame, is_it);
		keep_dashes(m, l);
		return OV_OK;
	}
	if (is_closed_body(top(m)))
		return OV_OK;
	if ((first | 0x20) == 'c' && ov_mail_is_mime_header(l->text))
		guess_part(m, l);
	else if (first == 'b' || first == '=' || first == '(') {
		const uint64_t at = m->at;

		OV_TRY(ov_mail_inline(m, l));
		m->at = at;
	}
	return OV_OK;
}

/* ---- the walk ---- */

static void at_end(struct ov_mail *m)
{
	if (m->in_headers)
		end_headers_at(m, m->size);
	if (m->at < m->size)
		return; /* the body began earlier */
	m->is_over = true;
	close_frames(m, 0, m->size, OV_MAIL_NOTHING);
}

static ov_status step(struct ov_mail *m)
{
	struct ov_mail_line l;
	const ov_status s = ov_mail_line_at(m, m->at, &l);

	if (s == OV_END) {
		at_end(m);
		return OV_OK;
	}
	OV_TRY(s);
	if (m->is_mid_line) { /* the rest of a line longer than the window */
		m->is_mid_line = l.is_cut;
		m->at = l.next;
		m->last_eol = l.eol;
		return OV_OK;
	}
	m->is_mid_line = l.is_cut;
	if (m->in_headers)
		header_line(m, &l);
	else
		OV_TRY(body_line(m, &l));
	if (m->at != l.next)
		m->is_mid_line = false; /* it went elsewhere */
	m->last_eol = l.eol;
	return OV_OK;
}

/* The frames are closed; what was to come after that? */
static void go_on(struct ov_mail *m)
{
	const enum ov_mail_after after = m->after;

	m->after = OV_MAIL_NOTHING;
	m->close_to = SIZE_MAX;
	if (after == OV_MAIL_NOTHING)
		return;
	if (m->depth == OV_MAIL_DEPTH) {
		ov_mail_note_once(m, OV_MAIL_NOTE_DEPTH, OV_LIMIT,
				  "parts nested more than 32 deep: the innermost were not opened");
		return;
	}
	open_frame(m, after == OV_MAIL_OPEN_GUESSED);
}

/*
 * A multipart ends with its closing boundary (RFC 2046 5.1.1); where that is missing, so may be
 * parts before it. Without any boundary and any text it is the headers of a mail that a bounce
 * quotes; of a file by itself, a mail that was cut in its headers.
 */
static ov_status tell_of_end(struct ov_mail *m, const struct ov_mail_frame *f, uint64_t end)
{
	const struct ov_str name = { .p = f->p.name.s, .n = f->p.name.n };
	bool has_text;

	if (f->p.says_uu && !f->has_uu && !f->is_guessed)
		m->env->note(m->env->ctx, OV_BAD, name,
			     "said to be uuencode, but none begins in it");
	if (!f->p.is_multipart || f->is_guessed || f->is_silent || f->is_ended ||
	    f->p.codings > OV_MAIL_PLAIN)
		return OV_OK;
	if (f->is_met) {
		m->env->note(m->env->ctx, OV_SHORT, name,
			     "a multipart without its closing boundary: parts may be missing");
		return OV_OK;
	}
	OV_TRY(ov_mail_has_text(m, f->body, end, &has_text));
	if (has_text || !m->env->is_part)
		m->env->note(m->env->ctx, OV_BAD, name,
			     "a multipart whose boundary is never met: it was read as one part");
	return OV_OK;
}

static ov_status next_mail(void *state, struct ov_child *out)
{
	struct ov_mail *m = state;
	struct ov_mail_job job;

	ov_decoder_close(&m->decoder);
	ov_arena_release(m->env->arena, m->mark);
	for (;;) {
		if (m->has_job) {
			m->has_job = false;
			return ov_mail_give_job(m, &m->job, out);
		}
		if (m->depth > m->close_to) {
			struct ov_mail_frame *f = top(m);
			const uint64_t end = m->close_end > f->body ? m->close_end : f->body;
			const ov_status s = ov_mail_give_frame(m, f, end, &job);

			if (s == OV_OK)
				return ov_mail_give_job(m, &job, out);
			if (s != OV_END)
				return s;
			OV_TRY(tell_of_end(m, f, end));
			m->depth--;
			continue;
		}
		go_on(m);
		if (m->is_over)
			return OV_END;
		OV_TRY(step(m));
	}
}

static ov_status read_mail(void *state, void *to, size_t n, size_t *got)
{
	return ov_mail_read(state, to, n, got);
}

/* Lines end in LF, with a CR before it or not. Where no LF is in sight, CR alone ends them. */
static ov_status find_eol(struct ov_mail *m)
{
	struct ov_cur c;
	size_t n;

	OV_TRY(ov_window_upto(&m->win, 0, 4096, &c));
	n = ov_cur_left(&c);
	m->eol = '\n';
	if (n > 0 && memchr(ov_cur_rest(&c), '\n', n) == NULL &&
	    memchr(ov_cur_rest(&c), '\r', n) != NULL)
		m->eol = '\r';
	return OV_OK;
}

static ov_status open_mail(const struct ov_fmt_env *env, void **state)
{
	struct ov_cur mark;
	struct ov_mail *m;

	OV_TRY(ov_arena_new(env->arena, &m));
	m->env = env;
	m->size = env->src->size;
	m->close_to = SIZE_MAX;
	OV_TRY(ov_window_init(&m->win, env->src, env->arena));
	OV_TRY(find_eol(m));
	OV_TRY(ov_window_upto(&m->win, 0, 3, &mark));
	if (ov_cur_looking_at(&mark, "\xef\xbb\xbf", 3))
		m->at = 3;
	open_frame(m, false);
	if (env->type == OV_T_UUENCODED) {
		m->f[0].is_silent = true;
		end_headers(m, m->at);
	}
	m->mark = ov_arena_mark(env->arena);
	*state = m;
	return OV_OK;
}

static void close_mail(void *state)
{
	struct ov_mail *m = state;

	ov_decoder_close(&m->decoder);
}

const struct ov_format ov_format_mail = { "mail", open_mail, next_mail, read_mail, close_mail };
