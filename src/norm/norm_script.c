/*
 * The normaliser of JavaScript: a lexer that writes what it reads, with one blank where two words
 * would run together, strings in double quotes and decoded, "a" + "b" as "ab", unescape("%41") as
 * "A" and eval("...") as what is in the string; comments and stray bytes go, letters are lower
 * case. Names are written as they are and noted; when all declarations are known, a second pass
 * puts n000 and so on in their places.
 *
 * As clamscan does, and because signatures were made so: a // comment ends at the next white space;
 * a quote behind a backslash never ends a string, even if the backslash is escaped; the last word
 * of an eval, when nothing follows it, is lost; regular expressions are not known.
 *
 * No recursion: an eval in an eval stays as it is.
 */
#include "norm_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "norm_names.h"

#define FUNCTIONS_MAX 128   /* nested: deeper ones share the scope around them */
#define USES_MAX (1u << 20) /* names of a script that can be replaced; more stay as they are */

enum mode { CODE, VAR_NAME, VAR_VALUE, FUNCTION_NAME, PARAMETERS, FUNCTION_BODY };

struct use { /* a name in `flat` */
	uint32_t at, len, name, scope;
};

struct function {
	uint32_t scope, braces, brackets;
	enum mode mode; /* of the code around it */
};

struct ov_norm_script {
	bool is_begun;
	const uint8_t *p, *end;
	const uint8_t *outer_p, *outer_end; /* while the string of an eval is read */
	bool in_eval;
	struct ov_buf flat, uses, string, decoded;
	struct ov_names names;
	bool after_word, after_dot;
	enum mode mode;
	uint32_t scope, braces, brackets; /* open { and [ of the function */
	struct function functions[FUNCTIONS_MAX];
	uint32_t nfunctions;
};

ov_status ov_norm_script_new(struct ov_norm_script **out)
{
	struct ov_norm_script *s = calloc(1, sizeof *s);

	if (s == NULL)
		return OV_NOMEM;
	s->flat = s->uses = s->string = s->decoded = ov_buf_of(UINT32_MAX);
	if (ov_names_init(&s->names) != OV_OK) {
		ov_norm_script_free(&s);
		return OV_NOMEM;
	}
	*out = s;
	return OV_OK;
}

void ov_norm_script_free(struct ov_norm_script **ps)
{
	struct ov_norm_script *s = *ps;

	if (s == NULL)
		return;
	ov_buf_free(&s->flat);
	ov_buf_free(&s->uses);
	ov_buf_free(&s->string);
	ov_buf_free(&s->decoded);
	ov_names_free(&s->names);
	free(s);
	*ps = NULL;
}

void ov_norm_script_begin(struct ov_norm_script *s)
{
	s->is_begun = false;
}

/* ---- bytes ---- */

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_byte(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26 || is_digit(c) || c == '_' || c == '$';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static int hex_of(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	return (uint8_t)((c | 0x20) - 'a') < 6 ? (c | 0x20) - 'a' + 10 : -1;
}

/* Four or two hexadecimal digits. @return false when they are not there. */
static bool take_hex(const uint8_t **p, const uint8_t *end, int digits, uint32_t *out)
{
	uint32_t v = 0;

	if (end - *p < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (hex_of((*p)[i]) < 0)
			return false;
		v = v << 4 | (uint32_t)hex_of((*p)[i]);
	}
	*p += digits;
	*out = v;
	return true;
}

/* A 16-bit unit as UTF-8; zero as 1, as clamscan has it. @return bytes written, at most 3. */
static size_t put_unit(uint32_t v, uint8_t *to)
{
	if (v == 0)
		v = 1;
	if (v < 0x80) {
		to[0] = (uint8_t)v;
		return 1;
	}
	if (v < 0x800) {
		to[0] = (uint8_t)(0xc0 | v >> 6);
		to[1] = (uint8_t)(0x80 | (v & 63));
		return 2;
	}
	to[0] = (uint8_t)(0xe0 | v >> 12);
	to[1] = (uint8_t)(0x80 | (v >> 6 & 63));
	to[2] = (uint8_t)(0x80 | (v & 63));
	return 3;
}

static size_t put_byte(uint32_t v, uint8_t *to)
{
	to[0] = v == 0 ? 1 : (uint8_t)v;
	return 1;
}

/* ---- strings ---- */

/* What stands behind a backslash, at *p. @return bytes written. */
static size_t put_escape(const uint8_t **p, const uint8_t *end, uint8_t *to)
{
	const uint8_t c = *(*p)++;
	uint32_t v;

	if (c == 'x' && take_hex(p, end, 2, &v))
		return put_byte(v, to);
	if (c == 'u' && take_hex(p, end, 4, &v))
		return put_unit(v, to);
	switch (c) {
	case 'n':
	case 'r':
	case 't':
	case 'v':
	case 'f':
	case '\n':
		to[0] = ' ';
		break;
	case 'b':
		to[0] = '\b';
		break;
	case '0':
		to[0] = 1;
		break;
	default:
		to[0] = c;
	}
	return 1;
}

static ov_status add_decoded(struct ov_buf *b, const uint8_t *p, const uint8_t *end)
{
	uint8_t *to;

	OV_TRY(ov_buf_reserve(b, (size_t)(end - p) + 4));
	to = b->p + b->n;
	while (p < end) {
		if (*p != '\\' || p + 1 == end) {
			*to++ = *p == '\n' ? ' ' : *p;
			p++;
			continue;
		}
		p++;
		to += put_escape(&p, end, to);
	}
	b->n = (size_t)(to - b->p);
	return OV_OK;
}

/* The string at s->p, decoded and appended to s->string. Without its end, it takes in the end of
 * the script. */
static ov_status take_string(struct ov_norm_script *s)
{
	const uint8_t quote = *s->p++;
	const uint8_t *const start = s->p;
	const uint8_t *stop = start;

	for (;;) {
		stop = s->end > stop ? memchr(stop, quote, (size_t)(s->end - stop)) : NULL;
		if (stop == NULL || stop == start || stop[-1] != '\\')
			break;
		stop++;
	}
	if (stop != NULL) {
		s->p = stop + 1;
		return add_decoded(&s->string, start, stop);
	}
	s->p = s->end;
	if (s->in_eval)
		return OV_OK; /* unfinished, it is lost */
	OV_TRY(add_decoded(&s->string, start, s->end));
	return ov_buf_str(&s->string, OV_STR("</script>"));
}

/* White space and comments. */
static void skip_blank(struct ov_norm_script *s)
{
	while (s->p < s->end) {
		if (is_space(*s->p)) {
			s->p++;
		} else if (*s->p == '/' && s->end - s->p > 1 && s->p[1] == '/') {
			while (s->p < s->end && !is_space(*s->p))
				s->p++;
		} else if (*s->p == '/' && s->end - s->p > 1 && s->p[1] == '*') {
			const uint8_t *e = memmem(s->p + 2, (size_t)(s->end - s->p) - 2, "*/", 2);

			s->p = e != NULL ? e + 2 : s->end;
		} else {
			break;
		}
	}
}

static bool is_quote(const struct ov_norm_script *s)
{
	return s->p < s->end && (*s->p == '"' || *s->p == '\'');
}

/* "a" + "b" + ...: all of them in s->string. The first quote is at s->p. */
static ov_status take_strings(struct ov_norm_script *s)
{
	s->string.n = 0;
	OV_TRY(take_string(s));
	for (;;) {
		const uint8_t *const here = s->p;

		skip_blank(s);
		if (s->p == s->end || *s->p != '+') {
			s->p = here;
			return OV_OK;
		}
		s->p++;
		skip_blank(s);
		if (!is_quote(s)) {
			s->p = here;
			return OV_OK;
		}
		OV_TRY(take_string(s));
	}
}

static ov_status write_string(struct ov_norm_script *s)
{
	uint8_t *to;

	OV_TRY(ov_buf_reserve(&s->flat, s->string.n + 2));
	to = s->flat.p + s->flat.n;
	*to++ = '"';
	for (size_t i = 0; i < s->string.n; i++)
		*to++ = lower(s->string.p[i]);
	*to++ = '"';
	s->flat.n = (size_t)(to - s->flat.p);
	s->after_word = s->after_dot = false;
	return OV_OK;
}

/* Decodes %41 and %u0041 of s->string in place. */
static void unescape(struct ov_buf *b)
{
	const uint8_t *p = b->p, *const end = b->p + b->n;
	uint8_t *to = b->p;

	while (p < end) {
		const uint8_t *at = p + 1;
		uint32_t v;

		if (*p != '%') {
			*to++ = *p++;
			continue;
		}
		if (at < end && (*at | 0x20) == 'u') {
			at++;
			if (take_hex(&at, end, 4, &v)) {
				to += put_unit(v, to);
				p = at;
				continue;
			}
		} else if (take_hex(&at, end, 2, &v)) {
			to += put_byte(v, to);
			p = at;
			continue;
		}
		*to++ = *p++;
	}
	b->n = (size_t)(to - b->p);
}

/* ---- calls that are folded ---- */

/* After the word `unescape`: ( "..." and whatever follows it. @return OV_END when it is no such
 * call. */
static ov_status fold_unescape(struct ov_norm_script *s)
{
	const uint8_t *const here = s->p;

	skip_blank(s);
	if (s->p < s->end && *s->p == '(') {
		s->p++;
		skip_blank(s);
		if (is_quote(s)) {
			OV_TRY(take_strings(s));
			unescape(&s->string);
			skip_blank(s);
			s->p += s->p < s->end; /* the closing parenthesis */
			return OV_OK;
		}
	}
	s->p = here;
	return OV_END;
}

static bool is_word(const uint8_t *p, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(p, word, n) == 0;
}

static void skip_byte(struct ov_norm_script *s, uint8_t c)
{
	const uint8_t *const here = s->p;

	skip_blank(s);
	if (s->p < s->end && *s->p == c)
		s->p++;
	else
		s->p = here;
}

/* After the word `eval`: ( "..." ) or ( unescape( "..." ) ). What is in the string is read next.
 * @return OV_END when it is no such call. */
static ov_status fold_eval(struct ov_norm_script *s)
{
	const uint8_t *const here = s->p;
	ov_status st = OV_END;

	if (s->in_eval)
		return OV_END;
	skip_blank(s);
	if (s->p < s->end && *s->p == '(') {
		s->p++;
		skip_blank(s);
		if (is_quote(s)) {
			st = take_strings(s);
		} else if (s->end - s->p > 8 && is_word(s->p, 8, "unescape")) {
			s->p += 8;
			st = fold_unescape(s);
		}
	}
	skip_blank(s);
	if (st != OV_OK || s->p == s->end || *s->p != ')') {
		s->p = here;
		return st == OV_OK ? OV_END : st;
	}
	s->p++;
	skip_byte(s, ';');
	s->decoded.n = 0;
	OV_TRY(ov_buf_put(&s->decoded, s->string.p, s->string.n));
	s->outer_p = s->p;
	s->outer_end = s->end;
	s->p = s->decoded.p;
	s->end = s->decoded.p + s->decoded.n;
	s->in_eval = true;
	return OV_OK;
}

/* ---- scopes ---- */

static ov_status begin_function(struct ov_norm_script *s)
{
	struct function *f;

	if (s->nfunctions == FUNCTIONS_MAX)
		return OV_OK;
	f = &s->functions[s->nfunctions++];
	*f = (struct function){ s->scope, s->braces, s->brackets, s->mode };
	s->mode = FUNCTION_NAME;
	s->braces = s->brackets = 0;
	return ov_names_scope(&s->names, f->scope, &s->scope);
}

static void end_function(struct ov_norm_script *s)
{
	const struct function *f = &s->functions[--s->nfunctions];

	s->scope = f->scope;
	s->braces = f->braces;
	s->brackets = f->brackets;
	s->mode = f->mode;
}

/* Which names a mark ends or begins to declare. After a comma a var's next name is seen only
 * outside brackets and blocks, a function's own included: clamscan's rule, not the language's. */
static void see_mark(struct ov_norm_script *s, uint8_t c)
{
	switch (s->mode) {
	case VAR_NAME:
	case VAR_VALUE:
		if (c == ',' && s->brackets == 0 && s->braces == 0)
			s->mode = VAR_NAME;
		else if (c == ';')
			s->mode = CODE;
		break;
	case FUNCTION_NAME:
		if (c == '(')
			s->mode = PARAMETERS;
		else if (c == ';')
			end_function(s);
		break;
	case PARAMETERS:
		if (c == ')')
			s->mode = FUNCTION_BODY;
		return;
	case FUNCTION_BODY:
		s->mode = CODE;
		break;
	case CODE:
		break;
	}
	if (c == '[')
		s->brackets++;
	if (c == ']' && s->brackets > 0)
		s->brackets--;
	if (c == '{')
		s->braces++;
	if (c == '}' && s->braces > 0) {
		s->braces--;
		if (s->braces == 0 && s->nfunctions > 0)
			end_function(s);
	}
}

/* ---- tokens ---- */

static ov_status part_words(struct ov_norm_script *s)
{
	if (s->after_word)
		OV_TRY(ov_buf_u8(&s->flat, ' '));
	s->after_word = true;
	return OV_OK;
}

static ov_status write_lower(struct ov_norm_script *s, const uint8_t *p, size_t n)
{
	OV_TRY(ov_buf_reserve(&s->flat, n));
	for (size_t i = 0; i < n; i++)
		s->flat.p[s->flat.n + i] = lower(p[i]);
	s->flat.n += n;
	return OV_OK;
}

static bool is_keyword(const uint8_t *p, size_t n)
{
	static const char *const words[] = { "break",  "case",	 "catch",  "continue",	 "default",
					     "delete", "do",	 "else",   "false",	 "finally",
					     "for",    "if",	 "in",	   "instanceof", "new",
					     "null",   "return", "switch", "this",	 "throw",
					     "true",   "try",	 "typeof", "void",	 "while",
					     "with" };

	if (n < 2 || n > 10)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((uint8_t)words[i][0] == p[0] && is_word(p, n, words[i]))
			return true;
	return false;
}

static ov_status declare(struct ov_norm_script *s, uint32_t name)
{
	const bool is_declared =
	    s->mode == VAR_NAME || s->mode == FUNCTION_NAME || s->mode == PARAMETERS;

	if (s->mode == VAR_NAME)
		s->mode = VAR_VALUE;
	return is_declared ? ov_names_declare(&s->names, s->scope, name) : OV_OK;
}

static ov_status do_name(struct ov_norm_script *s, const uint8_t *p, size_t n)
{
	struct use u = { (uint32_t)s->flat.n, (uint32_t)n, OV_NAMES_NONE, s->scope };

	OV_TRY(write_lower(s, p, n));
	if (s->after_dot || s->uses.n / sizeof u >= USES_MAX)
		return OV_OK;
	OV_TRY(ov_names_intern(&s->names, p, n, &u.name));
	if (u.name == OV_NAMES_NONE)
		return OV_OK;
	OV_TRY(declare(s, u.name));
	return ov_buf_put(&s->uses, &u, sizeof u);
}

static ov_status do_word(struct ov_norm_script *s)
{
	const uint8_t *const p = s->p;
	ov_status st = OV_END;
	size_t n;

	while (s->p < s->end && is_name_byte(*s->p))
		s->p++;
	n = (size_t)(s->p - p);
	if (s->in_eval && s->p == s->end)
		return OV_OK; /* the last word of an eval is lost */
	if (!s->after_dot && is_word(p, n, "unescape"))
		st = fold_unescape(s);
	if (st == OV_OK)
		return write_string(s);
	if (st == OV_END && !s->after_dot && is_word(p, n, "eval"))
		st = fold_eval(s);
	if (st != OV_END)
		return st;
	OV_TRY(part_words(s));
	if (is_word(p, n, "var")) {
		OV_TRY(write_lower(s, p, n));
		s->mode = VAR_NAME;
		s->brackets = 0;
	} else if (is_word(p, n, "function")) {
		OV_TRY(write_lower(s, p, n));
		OV_TRY(begin_function(s));
	} else if (is_keyword(p, n)) {
		OV_TRY(write_lower(s, p, n));
	} else {
		OV_TRY(do_name(s, p, n));
	}
	s->after_dot = false;
	return OV_OK;
}

/* 017 as 17, 1.50 as 1.5; whole numbers wrap at 32 bits, as clamscan's do. */
static ov_status do_number(struct ov_norm_script *s)
{
	const uint8_t *const p = s->p;
	uint32_t whole = 0;
	char text[64];
	size_t n;

	while (s->p < s->end && is_digit(*s->p))
		whole = whole * 10 + (uint32_t)(*s->p++ - '0');
	if (s->p == s->end || *s->p != '.') {
		OV_TRY(part_words(s));
		s->after_dot = false;
		return ov_buf_fmt(&s->flat, "%d", (int)whole);
	}
	s->p++;
	while (s->p < s->end && is_digit(*s->p))
		s->p++;
	if (s->end - s->p > 1 && (*s->p | 0x20) == 'e') {
		const size_t sign = s->p[1] == '+' || s->p[1] == '-';

		if ((size_t)(s->end - s->p) > 1 + sign && is_digit(s->p[1 + sign]))
			for (s->p += 1 + sign; s->p < s->end && is_digit(*s->p);)
				s->p++;
	}
	n = (size_t)(s->p - p) < sizeof text ? (size_t)(s->p - p) : sizeof text - 1;
	memcpy(text, p, n);
	text[n] = '\0';
	OV_TRY(part_words(s));
	s->after_dot = false;
	return ov_buf_fmt(&s->flat, "%g", strtod(text, NULL));
}

static ov_status do_mark(struct ov_norm_script *s)
{
	const uint8_t c = *s->p++;

	/* Bytes that no program has outside strings part words and say nothing. */
	if (c <= ' ' || c >= 0x7f || c == '#' || c == '@' || c == '`' || c == '\\')
		return OV_OK;
	s->after_word = false;
	s->after_dot = c == '.';
	see_mark(s, c);
	return ov_buf_u8(&s->flat, c);
}

static ov_status do_token(struct ov_norm_script *s)
{
	if (is_quote(s)) {
		OV_TRY(take_strings(s));
		if (s->in_eval && s->p == s->end && s->string.n == 0)
			return OV_OK;
		return write_string(s);
	}
	if (is_digit(*s->p))
		return do_number(s);
	return is_name_byte(*s->p) ? do_word(s) : do_mark(s);
}

static ov_status lex(struct ov_norm_script *s)
{
	for (;;) {
		skip_blank(s);
		if (s->p < s->end) {
			OV_TRY(do_token(s));
			continue;
		}
		if (!s->in_eval)
			return OV_OK;
		s->in_eval = false;
		s->p = s->outer_p;
		s->end = s->outer_end;
	}
}

/* The second pass: all but the names is copied. */
static ov_status write_out(struct ov_norm_script *s, struct ov_buf *out)
{
	uint32_t at = 0;

	if (s->flat.n == 0)
		return OV_OK;
	OV_TRY(ov_buf_reserve(out, s->flat.n));
	for (size_t i = 0; i < s->uses.n; i += sizeof(struct use)) {
		struct use u;
		uint32_t number;

		memcpy(&u, s->uses.p + i, sizeof u);
		number = ov_names_find(&s->names, u.scope, u.name);
		if (number == OV_NAMES_NONE)
			continue;
		OV_TRY(ov_buf_put(out, s->flat.p + at, u.at - at));
		OV_TRY(ov_buf_fmt(out, "n%03u", number));
		at = u.at + u.len;
	}
	return ov_buf_put(out, s->flat.p + at, s->flat.n - at);
}

ov_status ov_norm_script(struct ov_norm_script *s, struct ov_str body, struct ov_buf *out)
{
	uint32_t global;

	if (body.n > UINT32_MAX / 8)
		return OV_LIMIT;
	if (s->is_begun)
		OV_TRY(ov_buf_u8(out, '\n'));
	s->is_begun = true;
	s->p = (const uint8_t *)body.p;
	s->end = s->p + body.n;
	s->in_eval = s->after_word = s->after_dot = false;
	s->flat.n = s->uses.n = 0;
	s->mode = CODE;
	s->braces = s->brackets = s->nfunctions = 0;
	ov_names_begin(&s->names);
	OV_TRY(ov_names_scope(&s->names, OV_NAMES_NONE, &global));
	s->scope = global;
	OV_TRY(lex(s));
	OV_TRY(ov_buf_str(out, OV_STR("<script>")));
	OV_TRY(write_out(s, out));
	return ov_buf_str(out, OV_STR("</script>"));
}
