/* PDF's tokens, ISO 32000-1 7.2 and 7.3. */
#include "pdf_int.h"

#include <string.h>

#include "checked.h"
#include "text.h"

ov_status ov_pdf_lex_init(struct ov_pdf_lex *l, const struct ov_src *src, struct ov_arena *a)
{
	*l = (struct ov_pdf_lex){ .stream_from = 1,
				  .budget = 8 * ov_min_u64(src->size, UINT64_MAX / 16) + 65536 };
	OV_TRY(ov_window_init(&l->tokens, src, a));
	return ov_window_init(&l->w, src, a);
}

void ov_pdf_lex_seek(struct ov_pdf_lex *l, uint64_t to)
{
	l->at = to;
	l->c = ov_cur_of(NULL, 0);
}

uint64_t ov_pdf_lex_at(const struct ov_pdf_lex *l)
{
	return l->at + l->c.pos;
}

/* The next byte, or -1 at the end. */
static ov_status peek(struct ov_pdf_lex *l, int *b)
{
	*b = -1;
	if (l->budget == 0) {
		l->is_over = true;
		return OV_OK;
	}
	if (ov_cur_left(&l->c) == 0) {
		const uint64_t at = ov_pdf_lex_at(l);

		OV_TRY(ov_window_some(&l->tokens, at, 1, &l->c));
		l->at = at;
		if (l->c.len == 0)
			return OV_OK;
	}
	*b = *ov_cur_rest(&l->c);
	return OV_OK;
}

static void pass(struct ov_pdf_lex *l)
{
	ov_cur_soft_skip(&l->c, 1);
	l->budget--;
}

static bool is_blank(int b)
{
	return b == ' ' || b == '\n' || b == '\r' || b == '\t' || b == '\f' || b == 0;
}

static bool is_border(int b)
{
	return b < 0 || is_blank(b) || memchr("()<>[]{}/%", b, 10) != NULL;
}

static ov_status pass_blanks(struct ov_pdf_lex *l, int *b)
{
	bool in_comment = false;

	for (;;) {
		OV_TRY(peek(l, b));
		if (*b < 0)
			return OV_OK;
		if (in_comment)
			in_comment = *b != '\n' && *b != '\r';
		else if (*b == '%')
			in_comment = true;
		else if (!is_blank(*b))
			return OV_OK;
		pass(l);
	}
}

/* A name or a word up to the next border; names have their #xx decoded. */
static ov_status take_word(struct ov_pdf_lex *l, struct ov_pdf_token *t)
{
	size_t n = 0;
	int b, high = -1;
	unsigned digits = 0; /* of an escape that is being read */

	for (;;) {
		OV_TRY(peek(l, &b));
		if (is_border(b))
			break;
		pass(l);
		if (t->kind == OV_PDF_NAME && b == '#' && digits == 0) {
			digits = 2;
			continue;
		}
		if (digits == 2 && ov_hex_digit((char)b) >= 0) {
			high = ov_hex_digit((char)b);
			digits = 1;
			continue;
		}
		if (digits == 1 && ov_hex_digit((char)b) >= 0) {
			b = high << 4 | ov_hex_digit((char)b);
			t->is_escaped = true;
		}
		digits = 0;
		if (n + 1 < sizeof t->text)
			t->text[n++] = (char)b;
	}
	t->text[n] = '\0';
	return OV_OK;
}

/* After the first parenthesis: up to its partner. */
static ov_status take_string(struct ov_pdf_lex *l, struct ov_pdf_token *t)
{
	uint64_t depth = 1;
	bool is_escaped = false;
	int b;

	t->off = ov_pdf_lex_at(l);
	for (;;) {
		OV_TRY(peek(l, &b));
		t->n = ov_pdf_lex_at(l) - t->off;
		if (b < 0)
			return OV_OK;
		pass(l);
		if (is_escaped)
			is_escaped = false;
		else if (b == '\\')
			is_escaped = true;
		else if (b == '(')
			depth++;
		else if (b == ')' && --depth == 0)
			return OV_OK;
	}
}

static ov_status take_hex(struct ov_pdf_lex *l, struct ov_pdf_token *t)
{
	int b;

	t->off = ov_pdf_lex_at(l);
	do {
		OV_TRY(peek(l, &b));
		t->n = ov_pdf_lex_at(l) - t->off;
		if (b >= 0)
			pass(l);
	} while (b >= 0 && b != '>');
	return OV_OK;
}

/* Brackets, doubled or not. */
static ov_status take_bracket(struct ov_pdf_lex *l, struct ov_pdf_token *t, int b)
{
	int next;

	pass(l);
	t->bracket = (uint8_t)b;
	t->kind = b == '[' || b == '{' || b == '<' ? OV_PDF_OPEN : OV_PDF_CLOSE;
	if (b != '<' && b != '>')
		return OV_OK;
	OV_TRY(peek(l, &next));
	if (next == b) {
		pass(l);
		return OV_OK;
	}
	if (b == '>')
		return OV_OK;
	t->kind = OV_PDF_HEX;
	return take_hex(l, t);
}

ov_status ov_pdf_lex_next(struct ov_pdf_lex *l, struct ov_pdf_token *t)
{
	int b;

	t->kind = OV_PDF_EOF;
	t->text[0] = '\0';
	t->is_escaped = false;
	t->bracket = 0;
	OV_TRY(pass_blanks(l, &b));
	if (b < 0)
		return OV_OK;
	if (b == '/') {
		pass(l);
		t->kind = OV_PDF_NAME;
		return take_word(l, t);
	}
	if (b == '(') {
		pass(l);
		t->kind = OV_PDF_STRING;
		return take_string(l, t);
	}
	if (is_border(b)) {
		if (b != ')')
			return take_bracket(l, t, b);
		pass(l); /* one without a partner */
		t->kind = OV_PDF_CLOSE;
		t->bracket = ')';
		return OV_OK;
	}
	t->kind = OV_PDF_WORD_TOKEN;
	return take_word(l, t);
}

ov_status ov_pdf_find(struct ov_window *w, uint64_t *at, uint64_t end, const char *word,
		      bool *found)
{
	return ov_window_find(w, at, end, word, strlen(word), found);
}
