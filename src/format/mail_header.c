/*
 * Headers of a mail's part: RFC 2045 (types, encodings, parameters), 2183 (disposition), 2231
 * (continued and percent-coded parameters), 2047 (encoded words, which RFC 2231 forbids in file
 * names and which mail programs put there all the same).
 *
 * Two headers of one kind, or two parameters, contradict one another: mail programs differ in which
 * one they believe. So nothing is chosen here: what any of them tells is kept.
 */
#include "mail_int.h"

#include <string.h>
#include <strings.h>

#include "checked.h"
#include "text.h"

#define VALUE_MAX 1024

size_t ov_mail_header_name(struct ov_str line)
{
	size_t i = 0, n;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f && line.p[i] != ':')
		i++;
	n = i;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return n > 0 && i < line.n && line.p[i] == ':' ? n : 0;
}

static bool is_name(struct ov_str line, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(line.p, name, n) == 0;
}

bool ov_mail_is_mime_header(struct ov_str line)
{
	size_t n;

	if (line.n < 12 || (line.p[0] | 0x20) != 'c')
		return false;
	n = ov_mail_header_name(line);
	return is_name(line, n, "Content-Type") || is_name(line, n, "Content-Transfer-Encoding") ||
	       is_name(line, n, "Content-Disposition");
}

static void add_boundary(struct ov_mail_part *p, const char *s, size_t n, bool is_guessed)
{
	struct ov_mail_boundary *b = NULL;

	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		n--; /* RFC 2046 5.1.1: it does not end in space */
	n = ov_min_size(n, OV_MAIL_BOUNDARY_MAX);
	for (size_t i = 0; i < p->nb; i++)
		if (p->b[i].n == n && memcmp(p->b[i].s, s, n) == 0)
			return;
	if (p->nb < OV_MAIL_BOUNDARIES)
		b = &p->b[p->nb++];
	else if (is_guessed && p->b[OV_MAIL_BOUNDARIES - 1].is_guessed)
		b = &p->b[OV_MAIL_BOUNDARIES - 1]; /* the newest guess counts */
	if (b == NULL) {
		p->lost_boundaries = true;
		return;
	}
	memcpy(b->s, s, n);
	b->n = n;
	b->is_guessed = is_guessed;
}

void ov_mail_boundary_add(struct ov_mail_part *p, const char *s, size_t n, bool is_guessed)
{
	const char *end = n > 0 ? memchr(s, 0, n) : NULL;

	if (end != NULL) /* for some readers it ends there */
		add_boundary(p, s, (size_t)(end - s), is_guessed);
	add_boundary(p, s, n, is_guessed);
}

/* ---- parameters ---- */

/* A comment in parentheses, which may nest and quote (RFC 822 3.4.3). */
static size_t comment_length(struct ov_str s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.n;
}

static void skip(struct ov_str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static void skip_space(struct ov_str *s)
{
	while (s->n > 0 && (strchr(" \t\r\n", s->p[0]) != NULL || s->p[0] == '('))
		skip(s, s->p[0] == '(' ? comment_length(*s) : 1);
}

struct param {
	struct ov_str key;
	char value[VALUE_MAX];
	size_t n;
	struct ov_str whole; /* a bare value up to the next ';', spaces and all */
};

static void put(struct param *p, char c)
{
	if (p->n < sizeof p->value)
		p->value[p->n++] = c;
}

/* A quoted value; its end mark may be missing. */
static void quoted_value(struct ov_str *s, struct param *p)
{
	skip(s, 1);
	while (s->n > 0 && s->p[0] != '"') {
		if (s->p[0] == '\\' && s->n > 1)
			skip(s, 1);
		if (s->p[0] != '\r' && s->p[0] != '\n')
			put(p, s->p[0]);
		skip(s, 1);
	}
	if (s->n > 0)
		skip(s, 1);
}

/* Next "key=value" of a header. A value without a key is passed over. @return false at the end. */
static bool next_param(struct ov_str *s, struct param *p)
{
	for (;;) {
		const char *end;

		while (s->n > 0 && (strchr(" \t\r\n;,=\"", s->p[0]) != NULL || s->p[0] == '('))
			skip(s, s->p[0] == '(' ? comment_length(*s) : 1);
		if (s->n == 0)
			return false;
		p->key = (struct ov_str){ .p = s->p, .n = 0 };
		while (s->n > 0 && s->p[0] != 0 && strchr(" \t\r\n;=\"", s->p[0]) == NULL) {
			p->key.n++;
			skip(s, 1);
		}
		if (p->key.n == 0) {
			skip(s, 1); /* a NUL byte */
			continue;
		}
		skip_space(s);
		if (s->n == 0 || s->p[0] != '=')
			continue;
		skip(s, 1);
		skip_space(s);
		p->n = 0;
		p->whole = (struct ov_str){ .p = s->p, .n = 0 };
		if (s->n > 0 && s->p[0] == '"') {
			quoted_value(s, p);
			return true;
		}
		end = s->n > 0 ? memchr(s->p, ';', s->n) : NULL;
		p->whole.n = end != NULL ? (size_t)(end - s->p) : s->n;
		p->whole = ov_text_trim(p->whole);
		while (s->n > 0 && strchr(" \t\r\n;", s->p[0]) == NULL) {
			put(p, s->p[0]);
			skip(s, 1);
		}
		return true;
	}
}

/* ---- names ---- */

static void name_put(struct ov_mail_text *t, char c)
{
	if (t->n < sizeof t->s)
		t->s[t->n++] = c;
}

/* %XX, as RFC 2231 writes what is not ASCII. */
static void put_percent(struct ov_mail_text *t, struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const int hi = s.p[i] == '%' && s.n - i > 2 ? ov_hex_digit(s.p[i + 1]) : -1;
		const int lo = hi >= 0 ? ov_hex_digit(s.p[i + 2]) : -1;

		if (lo >= 0) {
			name_put(t, (char)(hi << 4 | lo));
			i += 2;
		} else {
			name_put(t, s.p[i]);
		}
	}
}

static int base64_digit(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != 0 ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static void put_word(struct ov_mail_text *t, struct ov_str s, bool is_base64)
{
	uint32_t bits = 0;
	unsigned nbits = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (is_base64) {
			const int v = base64_digit(s.p[i]);

			if (v < 0)
				continue;
			bits = bits << 6 | (uint32_t)v;
			nbits += 6;
			if (nbits >= 8) {
				nbits -= 8;
				name_put(t, (char)(bits >> nbits & 0xff));
			}
		} else if (s.p[i] == '=' && s.n - i > 2 && ov_hex_digit(s.p[i + 1]) >= 0 &&
			   ov_hex_digit(s.p[i + 2]) >= 0) {
			name_put(t,
				 (char)(ov_hex_digit(s.p[i + 1]) << 4 | ov_hex_digit(s.p[i + 2])));
			i += 2;
		} else {
			name_put(t, s.p[i] == '_' ? ' ' : s.p[i]);
		}
	}
}

/* One "=?charset?B?text?=" at the start of `s`. @return its length, or 0. */
static size_t encoded_word(struct ov_str s, struct ov_mail_text *t)
{
	struct ov_str rest = s, charset, coding, text;
	char kind;

	if (!ov_str_starts(s, OV_STR("=?")))
		return 0;
	skip(&rest, 2);
	if (!ov_text_split(&rest, '?', &charset) || !ov_text_split(&rest, '?', &coding) ||
	    coding.n != 1)
		return 0;
	kind = (char)(coding.p[0] | 0x20);
	text = rest;
	while (text.n > 0 && !ov_str_starts(text, OV_STR("?=")))
		skip(&text, 1);
	if (text.n == 0 || (kind != 'b' && kind != 'q'))
		return 0;
	put_word(t, (struct ov_str){ .p = rest.p, .n = rest.n - text.n }, kind == 'b');
	return s.n - text.n + 2;
}

static void decode_words(struct ov_str s, struct ov_mail_text *t)
{
	bool after_word = false;

	t->n = 0;
	while (s.n > 0) {
		const size_t n = encoded_word(s, t);
		struct ov_str space = s;

		if (n > 0) {
			skip(&s, n);
			after_word = true;
			continue;
		}
		skip_space(&space); /* between encoded words it does not count (RFC 2047 6.2) */
		if (after_word && space.n < s.n && ov_str_starts(space, OV_STR("=?"))) {
			s = space;
			after_word = false;
			continue;
		}
		after_word = false;
		name_put(t, s.p[0]);
		skip(&s, 1);
	}
}

/* ---- one header ---- */

/* What a header's parameters told so far: pieces of RFC 2231 are put together here. */
struct told {
	struct ov_mail_text name, boundary;
	bool has_name, has_boundary;
};

static bool same(struct ov_str a, const char *b)
{
	return ov_text_same(a, ov_str_of(b));
}

/* "name*1*=..." : piece 1, percent-coded. */
static void take_pieces(struct ov_mail_text *t, bool *has, const struct param *v,
			struct ov_str after_star)
{
	const bool is_first = after_star.n == 0 || after_star.p[0] == '0' || after_star.p[0] == '*';
	const bool is_coded = after_star.n == 0 || after_star.p[after_star.n - 1] == '*';
	struct ov_str text = { .p = v->value, .n = v->n };

	if (is_first || !*has)
		t->n = 0;
	*has = true;
	if (is_coded && is_first) {
		struct ov_str rest = text, head;

		if (ov_text_split(&rest, '\'', &head) && head.n < text.n &&
		    ov_text_split(&rest, '\'', &head) && rest.p != NULL)
			text = rest; /* charset'language'text */
	}
	if (is_coded) {
		put_percent(t, text);
		return;
	}
	for (size_t i = 0; i < text.n; i++)
		name_put(t, text.p[i]);
}

static void take_param(struct ov_mail_part *p, struct told *told, const struct param *v)
{
	const char *star = memchr(v->key.p, '*', v->key.n);
	struct ov_str key = v->key, pieces = { 0 };
	const bool is_bare = v->whole.n > v->n && star == NULL;

	if (star != NULL) {
		key.n = (size_t)(star - v->key.p);
		pieces = (struct ov_str){ .p = star + 1, .n = v->key.n - key.n - 1 };
	}
	if (same(key, "boundary")) {
		if (star != NULL) {
			take_pieces(&told->boundary, &told->has_boundary, v, pieces);
			return;
		}
		if (is_bare) /* up to a space for some readers, up to ';' for others */
			ov_mail_boundary_add(p, v->whole.p, v->whole.n, false);
		ov_mail_boundary_add(p, v->value, v->n, false);
	} else if (same(key, "filename") || same(key, "name")) {
		if (star != NULL) {
			take_pieces(&told->name, &told->has_name, v, pieces);
		} else if (!told->has_name) {
			decode_words((struct ov_str){ .p = is_bare ? v->whole.p : v->value,
						      .n = is_bare ? v->whole.n : v->n },
				     &told->name);
			told->has_name = true;
		}
	} else if (same(key, "smime-type")) {
		const struct ov_str kind = { .p = v->value, .n = v->n };

		if (same(kind, "signed-data") || same(kind, "certs-only") ||
		    same(kind, "compressed-data")) {
			p->is_signed = true;
			p->is_encrypted = false;
		}
	}
}

static void take_params(struct ov_mail_part *p, struct ov_str rest, bool is_disposition)
{
	struct told told = { .has_name = false };
	struct param v;

	while (next_param(&rest, &v))
		take_param(p, &told, &v);
	if (told.has_boundary)
		ov_mail_boundary_add(p, told.boundary.s, told.boundary.n, false);
	if (told.has_name && told.name.n > 0 && (is_disposition || !p->has_file_name)) {
		p->name = told.name;
		p->has_file_name = is_disposition;
	}
}

static bool type_starts(struct ov_str type, const char *head)
{
	return type.n >= strlen(head) && strncasecmp(type.p, head, strlen(head)) == 0;
}

static void content_type(struct ov_mail_part *p, struct ov_str value)
{
	struct ov_str type;

	skip_space(&value);
	if (value.n > 0 && value.p[0] == '"')
		skip(&value, 1);
	type = (struct ov_str){ .p = value.p, .n = 0 };
	while (type.n < value.n && strchr(" \t\r\n;\"", value.p[type.n]) == NULL)
		type.n++;
	if (type.n == 0)
		return;
	p->has_type = true;
	p->is_text |= type_starts(type, "text");
	p->is_multipart |= type_starts(type, "multipart");
	p->is_message |= type_starts(type, "message/rfc822") ||
			 type_starts(type, "message/global") || type_starts(type, "message/news");
	p->is_partial |= type_starts(type, "message/partial");
	p->is_encrypted |= type_starts(type, "multipart/encrypted") ||
			   type_starts(type, "application/pkcs7-mime") ||
			   type_starts(type, "application/x-pkcs7-mime");
	p->says_uu |= type_starts(type, "application/x-uu");
	skip(&value, type.n);
	take_params(p, value, false);
}

static bool has_word(struct ov_str s, const char *word)
{
	const size_t n = strlen(word);

	for (size_t i = 0; i + n <= s.n; i++)
		if (strncasecmp(s.p + i, word, n) == 0)
			return true;
	return false;
}

/* 7bit, 8bit, binary, and what sloppy programs write for them. */
static bool is_plain_coding(struct ov_str value)
{
	return has_word(value, "bit") || has_word(value, "binary") || has_word(value, "none") ||
	       ov_text_trim(value).n == 0;
}

/* Unknown ones count as plain and are told of; what looks like base64 is decoded anyway. */
static void transfer_encoding(struct ov_mail_part *p, struct ov_str value)
{
	if (has_word(value, "base64"))
		p->codings |= OV_MAIL_BASE64;
	else if (has_word(value, "quoted"))
		p->codings |= OV_MAIL_QP;
	else
		p->codings |= OV_MAIL_PLAIN;
	p->says_uu |= has_word(value, "uu");
	p->is_unknown |= p->codings == OV_MAIL_PLAIN && !p->says_uu && !is_plain_coding(value);
}

static void disposition(struct ov_mail_part *p, struct ov_str value)
{
	struct ov_str kind = value;

	skip_space(&kind);
	p->is_attachment |= type_starts(kind, "attachment");
	take_params(p, value, true);
}

/* The last piece of a Content-Location is a name, when nothing better tells one (RFC 2557). */
static void location(struct ov_mail_part *p, struct ov_str value)
{
	struct ov_str tail;

	value = ov_text_trim(value);
	tail = value;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '/' || value.p[i] == '\\')
			tail = (struct ov_str){ .p = value.p + i + 1, .n = value.n - i - 1 };
	if (p->name.n > 0 || tail.n == 0)
		return;
	for (size_t i = 0; i < tail.n; i++)
		name_put(&p->name, tail.p[i]);
}

/* The header of the coding, also with up to three letters damaged. */
static bool is_like_encoding(struct ov_str header, size_t n)
{
	static const char name[] = "content-transfer-encoding";
	unsigned wrong = 0;

	if (n != sizeof name - 1)
		return false;
	for (size_t i = 0; i < n; i++)
		wrong += (header.p[i] | 0x20) != name[i];
	return wrong <= 3;
}

void ov_mail_header(struct ov_mail_part *p, struct ov_str header)
{
	const size_t n = ov_mail_header_name(header);
	const char *colon = n > 0 ? memchr(header.p + n, ':', header.n - n) : NULL;
	struct ov_str value;

	if (colon == NULL)
		return;
	value = (struct ov_str){ .p = colon + 1, .n = header.n - (size_t)(colon - header.p) - 1 };
	if (is_name(header, n, "Content-Type"))
		content_type(p, value);
	else if (is_like_encoding(header, n))
		transfer_encoding(p, value);
	else if (is_name(header, n, "Content-Disposition"))
		disposition(p, value);
	else if (is_name(header, n, "Content-Location"))
		location(p, value);
}
