/* Words of a YARA source: YARA's manual, "Writing YARA rules". */
#include "lex.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "ystr.h"

#define IDENT_MAX 128
#define NUMBER_MAX 64

static const char *const keywords[YW_COUNT] = {
	NULL,
#define OV_YWORD(id, text) text,
#include "words.def"
#undef OV_YWORD
};

const char *ov_yword_text(enum ov_yword w)
{
	return w > YW_NONE && w < YW_COUNT ? keywords[w] : "";
}

void ov_ylex_init(struct ov_ylex *l, struct ov_cur bytes, struct ov_arena *a)
{
	*l = (struct ov_ylex){
		.p = (const char *)bytes.base, .n = bytes.len, .line = 1, .arena = a
	};
	if (l->n >= 3 && memcmp(l->p, "\xef\xbb\xbf", 3) == 0) {
		l->pos = 3; /* a byte order mark, as editors leave it */
		l->line_at = 3;
	}
}

static ov_status bad(struct ov_ylex *l, size_t at, const char *why, const char *mend)
{
	l->why = why;
	l->mend = mend;
	l->bad_at = at;
	return OV_BAD;
}

static int peek(const struct ov_ylex *l, size_t ahead)
{
	return ahead < l->n - l->pos ? (unsigned char)l->p[l->pos + ahead] : -1;
}

static void newline(struct ov_ylex *l)
{
	l->line++;
	l->line_at = l->pos;
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

static ov_status skip_block_comment(struct ov_ylex *l)
{
	const size_t at = l->pos;

	l->pos += 2;
	while (l->pos < l->n) {
		if (peek(l, 0) == '*' && peek(l, 1) == '/') {
			l->pos += 2;
			return OV_OK;
		}
		if (l->p[l->pos++] == '\n')
			newline(l);
	}
	return bad(l, at, "a comment is not closed", "close it with */");
}

static ov_status skip_blank(struct ov_ylex *l, bool *new_line)
{
	for (;;) {
		const int c = peek(l, 0);

		if (is_space(c)) {
			l->pos++;
			if (c == '\n') {
				newline(l);
				*new_line = true;
			}
		} else if (c == '/' && peek(l, 1) == '/') {
			while (l->pos < l->n && l->p[l->pos] != '\n')
				l->pos++;
		} else if (c == '/' && peek(l, 1) == '*') {
			OV_TRY(skip_block_comment(l));
		} else {
			return OV_OK;
		}
	}
}

/* One escape of a text, `\` behind us. */
static ov_status escape(struct ov_ylex *l, char *out)
{
	const int c = peek(l, 0);
	const char *const from = "tnr\"\\", *const to = "\t\n\r\"\\";
	const char *at = c > 0 ? strchr(from, c) : NULL;

	if (at != NULL) {
		*out = to[at - from];
		l->pos++;
		return OV_OK;
	}
	if (c == 'x') {
		const int hi = ov_hex_digit((char)peek(l, 1)), lo = ov_hex_digit((char)peek(l, 2));

		if (hi >= 0 && lo >= 0 && l->n - l->pos >= 3) {
			*out = (char)(hi << 4 | lo);
			l->pos += 3;
			return OV_OK;
		}
	}
	return bad(l, l->pos - 1, "illegal escape sequence",
		   "write \\\\ for a backslash; \\\" \\t \\n \\r and \\xNN are the other escapes");
}

static ov_status text(struct ov_ylex *l, struct ov_ytoken *t)
{
	const size_t at = l->pos;
	size_t end = l->pos + 1, n = 0;
	char *out = NULL;

	while (end < l->n && l->p[end] != '"' && l->p[end] != '\n')
		end += l->p[end] == '\\' && end + 1 < l->n ? 2 : 1;
	if (end >= l->n || l->p[end] != '"')
		return bad(l, at, "unterminated string", "close it with \" on the same line");
	OV_TRY(ov_arena_array(l->arena, end - at, &out));
	l->pos++;
	while (l->pos < end) {
		char c = l->p[l->pos++];

		if (c == '\\')
			OV_TRY(escape(l, &c));
		out[n++] = c;
	}
	l->pos = end + 1;
	t->kind = YT_TEXT;
	t->text = (struct ov_str){ .p = out, .n = n };
	return OV_OK;
}

static ov_status regex(struct ov_ylex *l, struct ov_ytoken *t)
{
	const size_t at = l->pos;
	size_t end = l->pos + 1;

	while (end < l->n && l->p[end] != '/' && l->p[end] != '\n')
		end += l->p[end] == '\\' && end + 1 < l->n && l->p[end + 1] != '\n' ? 2 : 1;
	if (end >= l->n || l->p[end] != '/')
		return bad(l, at, "unterminated regular expression",
			   "close it with / on the same line; write \\/ for a slash inside");
	t->kind = YT_REGEX;
	t->text = (struct ov_str){ .p = l->p + at + 1, .n = end - at - 1 };
	t->flags = 0;
	l->pos = end + 1;
	if (t->text.n == 0)
		return bad(l, at, "empty regular expression", NULL);
	for (;; l->pos++) {
		if (peek(l, 0) == 'i')
			t->flags |= OV_YSTR_NOCASE;
		else if (peek(l, 0) == 's')
			t->flags |= OV_YSTR_DOTALL;
		else
			break;
	}
	if (is_word(peek(l, 0)))
		return bad(l, l->pos, "unknown flag of a regular expression",
			   "only i and s follow it");
	return OV_OK;
}

static ov_status hex(struct ov_ylex *l, struct ov_ytoken *t)
{
	const size_t at = l->pos;

	l->pos++;
	for (;;) {
		const int c = peek(l, 0);

		if (c < 0)
			return bad(l, at, "unterminated hex string", "close it with }");
		if (c == '}')
			break;
		if (c == '/' && peek(l, 1) == '*') {
			OV_TRY(skip_block_comment(l));
		} else if (c == '/' && peek(l, 1) == '/') {
			while (l->pos < l->n && l->p[l->pos] != '\n')
				l->pos++;
		} else {
			l->pos++;
			if (c == '\n')
				newline(l);
		}
	}
	t->kind = YT_HEX;
	t->text = (struct ov_str){ .p = l->p + at + 1, .n = l->pos - at - 1 };
	l->pos++;
	return OV_OK;
}

static int digit_of(int c, unsigned base)
{
	const int v = c < 0 ? -1 : ov_hex_digit((char)c);

	return v >= 0 && (unsigned)v < base ? v : -1;
}

static ov_status scale(struct ov_ylex *l, uint64_t *v)
{
	unsigned shift = 0;

	if (peek(l, 1) == 'B' && (peek(l, 0) == 'K' || peek(l, 0) == 'M')) {
		shift = peek(l, 0) == 'K' ? 10 : 20;
		l->pos += 2;
	}
	if (*v > (uint64_t)INT64_MAX >> shift)
		return bad(l, l->pos, "integer overflow",
			   "the largest integer is 9223372036854775807");
	*v <<= shift;
	return OV_OK;
}

static ov_status floating(struct ov_ylex *l, size_t at, struct ov_ytoken *t)
{
	char digits[NUMBER_MAX];
	size_t n = 0;

	l->pos++;
	while (is_digit(peek(l, 0)))
		l->pos++;
	for (size_t i = at; i < l->pos && n < sizeof digits - 1; i++)
		if (l->p[i] != '_')
			digits[n++] = l->p[i];
	digits[n] = '\0';
	t->kind = YT_FLOAT;
	t->f = strtod(digits, NULL); /* the C locale: nobody calls setlocale() */
	return OV_OK;
}

static ov_status number(struct ov_ylex *l, struct ov_ytoken *t)
{
	const size_t at = l->pos;
	unsigned base = 10;
	uint64_t v = 0;
	int d = -1;

	if (peek(l, 0) == '0' && (peek(l, 1) == 'x' || peek(l, 1) == 'o')) {
		base = peek(l, 1) == 'x' ? 16 : 8;
		l->pos += 2;
		if (digit_of(peek(l, 0), base) < 0)
			return bad(l, at, "a number without digits", NULL);
	}
	while ((d = digit_of(peek(l, 0), base)) >= 0 || peek(l, 0) == '_') {
		l->pos++;
		if (d < 0)
			continue; /* 1_000, as YARA-X has it */
		if (v > (UINT64_MAX - (uint64_t)d) / base)
			return bad(l, at, "integer overflow",
				   "the largest integer is 9223372036854775807");
		v = v * base + (uint64_t)d;
	}
	if (base == 10 && peek(l, 0) == '.' && is_digit(peek(l, 1)))
		return floating(l, at, t);
	if (v > INT64_MAX)
		return bad(l, at, "integer overflow", "the largest integer is 9223372036854775807");
	if (base == 10)
		OV_TRY(scale(l, &v));
	if (is_word(peek(l, 0)))
		return bad(l, l->pos, "a number runs into letters",
			   "KB and MB are the only endings");
	t->kind = YT_INT;
	t->i = (int64_t)v;
	return OV_OK;
}

static enum ov_yword word_of(struct ov_str s)
{
	for (int w = YW_NONE + 1; w < YW_COUNT; w++)
		if (ov_str_is(s, keywords[w]))
			return (enum ov_yword)w;
	return YW_NONE;
}

static ov_status identifier(struct ov_ylex *l, struct ov_ytoken *t)
{
	const size_t at = l->pos;

	while (is_word(peek(l, 0)))
		l->pos++;
	if (l->pos - at > IDENT_MAX)
		return bad(l, at, "an identifier is too long", "at most 128 characters");
	t->kind = YT_IDENT;
	t->text = (struct ov_str){ .p = l->p + at, .n = l->pos - at };
	t->word = word_of(t->text);
	return OV_OK;
}

/* $a #a @a !a, and $a*. */
static ov_status string_name(struct ov_ylex *l, enum ov_ytoken_kind kind, struct ov_ytoken *t)
{
	const size_t at = l->pos + 1;

	l->pos++;
	while (is_word(peek(l, 0)))
		l->pos++;
	if (l->pos - at > IDENT_MAX)
		return bad(l, at, "an identifier is too long", "at most 128 characters");
	t->kind = kind;
	t->text = (struct ov_str){ .p = l->p + at, .n = l->pos - at };
	if (kind == YT_STRING && peek(l, 0) == '*') {
		t->kind = YT_WILD;
		l->pos++;
	}
	return OV_OK;
}

static bool two_chars(struct ov_ylex *l, struct ov_ytoken *t)
{
	static const struct {
		char text[3];
		enum ov_ytoken_kind kind;
	} pairs[] = { { "==", YT_EQ },	{ "!=", YT_NE },  { "<=", YT_LE },  { ">=", YT_GE },
		      { "<<", YT_SHL }, { ">>", YT_SHR }, { "..", YT_DOTS } };

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (peek(l, 0) == pairs[i].text[0] && peek(l, 1) == pairs[i].text[1]) {
			t->kind = pairs[i].kind;
			l->pos += 2;
			return true;
		}
	return false;
}

static ov_status any_word(struct ov_ylex *l, struct ov_ytoken *t)
{
	const int c = peek(l, 0);

	if (c < 0) {
		t->kind = YT_END;
		return OV_OK;
	}
	if (c == '"')
		return text(l, t);
	if (c == '/')
		return regex(l, t);
	if (is_digit(c))
		return number(l, t);
	if (is_word(c))
		return identifier(l, t);
	if (two_chars(l, t))
		return OV_OK;
	switch (c) {
	case '$':
		return string_name(l, YT_STRING, t);
	case '#':
		return string_name(l, YT_COUNT, t);
	case '@':
		return string_name(l, YT_OFFSET, t);
	case '!':
		return string_name(l, YT_LENGTH, t);
	default:
		break;
	}
	if (strchr("{}()[]:=,.<>+-*\\%&|^~", c) == NULL)
		return bad(l, l->pos, "an unexpected character", NULL);
	t->kind = YT_CHAR;
	t->c = (char)c;
	l->pos++;
	return OV_OK;
}

static ov_status take(struct ov_ylex *l, bool is_value, struct ov_ytoken *out)
{
	struct ov_ytoken t = { .kind = YT_END };
	const bool at_start = l->pos == 0;

	OV_TRY(skip_blank(l, &t.has_line));
	t.has_line |= at_start;
	t.at = l->pos;
	t.line = l->line;
	t.column = (uint32_t)(l->pos - l->line_at) + 1;
	if (is_value && peek(l, 0) == '{')
		OV_TRY(hex(l, &t));
	else
		OV_TRY(any_word(l, &t));
	t.end = l->pos;
	*out = t;
	return OV_OK;
}

ov_status ov_ylex_next(struct ov_ylex *l, struct ov_ytoken *out)
{
	return take(l, false, out);
}

ov_status ov_ylex_value(struct ov_ylex *l, struct ov_ytoken *out)
{
	return take(l, true, out);
}

/* Does a line begin a rule, an import or an include? */
static bool begins_unit(struct ov_str s)
{
	static const char *const heads[] = { "rule", "private", "global", "import", "include" };

	while (s.n > 0 && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.n--;
	}
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		const size_t n = strlen(heads[i]);

		if (ov_str_starts(s, ov_str_of(heads[i])) && s.n > n && is_space(s.p[n]))
			return true;
	}
	return false;
}

void ov_ylex_resync(struct ov_ylex *l, size_t from)
{
	while (l->pos < l->n) {
		const size_t at = l->pos;
		size_t end = at;

		while (end < l->n && l->p[end] != '\n')
			end++;
		if (at > from && at == l->line_at &&
		    begins_unit((struct ov_str){ .p = l->p + at, .n = end - at }))
			return;
		l->pos = end < l->n ? end + 1 : end;
		if (end < l->n)
			newline(l);
	}
}

void ov_ylex_where(const struct ov_ylex *l, size_t at, uint32_t *line, uint32_t *column)
{
	size_t line_at = 0;

	*line = 1;
	for (size_t i = 0; i < at && i < l->n; i++)
		if (l->p[i] == '\n') {
			++*line;
			line_at = i + 1;
		}
	*column = (uint32_t)(at - line_at) + 1;
}
