/*
 * The normaliser of HTML: one pass, a state a function. Each function consumes bytes or changes the
 * state to one that does.
 *
 *   TEXT --'<'--> OPEN --> NAME --> GAP <--> ATTR --'='--> EQUALS --> QUOTED --> CLOSED
 *     ^            |'!'      \        \________________________ PLAIN _________/    |
 *     |__ BANG <___|          \____________________ '>' ___________________________/
 *     |__ BODY of script and style <____|
 *
 * After its first white space a quoted value is read like one without quotes, up to the next white
 * space or '>'. That is how clamscan does it, and what its signatures were made from.
 */
#include "norm_html.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "norm_entity.h"

#define NAME_KEPT ((size_t)12)

enum state { TEXT, OPEN, NAME, GAP, ATTR, EQUALS, QUOTED, PLAIN, CLOSED, BANG, BODY };

struct page {
	const uint8_t *p, *end;
	uint8_t *tags, *text; /* where the next byte goes */
	const struct ov_norm_html *to;
	enum state state;
	bool skips_space;  /* text: white space says nothing here             */
	bool has_space;	   /* text: a blank is due before the next byte       */
	bool after_blank;  /* the last byte of `text` is a blank              */
	bool value_parted; /* a quoted value has had its white space          */
	bool is_kept;	   /* the value is one that goes to `text`           */
	uint8_t quote;
	uint8_t tag[NAME_KEPT], attr[NAME_KEPT];
	size_t ntag, nattr;
	/* A value is kept behind `text` until something follows its tag; then it stays there. */
	size_t nvalue;
	bool value_is_due; /* shown as soon as another byte follows */
};

/* What a byte is in running text: 0 nothing special, else white space, control, '<' or '&'. */
enum { C_SPACE = 1, C_CONTROL, C_MARK };

static uint8_t class_of(uint8_t c)
{
	static const uint8_t classes[256] = {
		[0] = C_CONTROL,  [1] = C_CONTROL,  [2] = C_CONTROL,  [3] = C_CONTROL,
		[4] = C_CONTROL,  [5] = C_CONTROL,  [6] = C_CONTROL,  [7] = C_CONTROL,
		[8] = C_CONTROL,  ['\t'] = C_SPACE, ['\n'] = C_SPACE, ['\v'] = C_SPACE,
		['\f'] = C_SPACE, ['\r'] = C_SPACE, [14] = C_CONTROL, [15] = C_CONTROL,
		[16] = C_CONTROL, [17] = C_CONTROL, [18] = C_CONTROL, [19] = C_CONTROL,
		[20] = C_CONTROL, [21] = C_CONTROL, [22] = C_CONTROL, [23] = C_CONTROL,
		[24] = C_CONTROL, [25] = C_CONTROL, [26] = C_CONTROL, [27] = C_CONTROL,
		[28] = C_CONTROL, [29] = C_CONTROL, [30] = C_CONTROL, [31] = C_CONTROL,
		[' '] = C_SPACE,  ['<'] = C_MARK,   ['&'] = C_MARK,
	};

	return classes[c];
}

static inline bool is_space(uint8_t c)
{
	return class_of(c) == C_SPACE;
}

static inline uint8_t lower(uint8_t c)
{
	return (uint8_t)(c - 'A') < 26 ? c | 0x20 : c;
}

static bool is_word(const uint8_t *p, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(p, word, n) == 0;
}

static void blank(struct page *g)
{
	if (!g->after_blank)
		*g->text++ = ' ';
	g->after_blank = true;
}

/* ---- addresses ---- */

static struct ov_str view(const uint8_t *p, size_t n)
{
	return (struct ov_str){ .p = (const char *)p, .n = n };
}

/* Something follows a tag whose address is to be shown. */
static void show_value(struct page *g)
{
	g->value_is_due = false;
	g->text += g->nvalue;
	g->after_blank = g->nvalue == 0 && g->after_blank;
	g->nvalue = 0;
	*g->text++ = ' ';
	g->after_blank = true;
}

static bool keeps_value(const struct page *g)
{
	return (is_word(g->tag, g->ntag, "a") && is_word(g->attr, g->nattr, "href")) ||
	       (is_word(g->tag, g->ntag, "img") && is_word(g->attr, g->nattr, "src"));
}

/* ---- states ---- */

static void put_reference(struct page *g)
{
	size_t n = 0;

	g->p += ov_entity_decode(g->p, (size_t)(g->end - g->p), g->tags, &n);
	g->tags += n;
}

static void do_mark(struct page *g)
{
	if (g->has_space)
		*g->tags++ = ' ';
	g->has_space = false;
	blank(g);
	if (*g->p == '&') {
		put_reference(g);
		g->skips_space = false;
		return;
	}
	g->p++;
	*g->tags++ = '<';
	g->state = OPEN;
}

static void do_text(struct page *g)
{
	if (g->value_is_due)
		show_value(g);
	while (g->p < g->end) {
		const uint8_t c = *g->p, k = class_of(c);

		if (k == C_SPACE) {
			g->p++;
			if (g->skips_space)
				continue;
			g->has_space = g->skips_space = true;
			blank(g);
			continue;
		}
		if (k == C_MARK) {
			do_mark(g);
			if (g->state != TEXT)
				return;
			continue;
		}
		if (g->has_space)
			*g->tags++ = ' ';
		g->has_space = g->skips_space = false;
		if (k == C_CONTROL) {
			*g->tags++ = c;
			blank(g);
			g->p++;
			continue;
		}
		g->after_blank = false;
		while (g->p < g->end && class_of(*g->p) == 0)
			*g->tags++ = *g->text++ = lower(*g->p++);
	}
}

static void skip_space(struct page *g)
{
	while (g->p < g->end && is_space(*g->p))
		g->p++;
}

static void do_open(struct page *g)
{
	skip_space(g);
	if (g->p == g->end)
		return;
	g->ntag = g->nattr = 0;
	g->is_kept = false;
	if (*g->p == '!') {
		g->tags--; /* the '<' */
		g->state = BANG;
		return;
	}
	g->state = NAME;
}

static void do_bang(struct page *g)
{
	const uint8_t *close = memchr(g->p, '>', (size_t)(g->end - g->p));

	g->p = close != NULL ? close + 1 : g->end;
	g->state = TEXT;
	g->skips_space = true;
}

static bool is_style(const struct page *g)
{
	return g->tag[1] == 't';
}

static void end_tag(struct page *g)
{
	*g->tags++ = '>';
	g->p++;
	g->skips_space = true;
	g->state = TEXT;
	g->value_is_due = g->nvalue > 0;
	if (is_word(g->tag, g->ntag, "script") || is_word(g->tag, g->ntag, "style"))
		g->state = BODY;
}

/* Names of tags and attributes: to white space, '>' and, for attributes, '='. */
static void do_name(struct page *g)
{
	const bool is_attr = g->state == ATTR;
	uint8_t *name = is_attr ? g->attr : g->tag;
	size_t *n = is_attr ? &g->nattr : &g->ntag;

	while (g->p < g->end) {
		const uint8_t c = *g->p;

		if (is_space(c)) {
			g->state = GAP;
			return;
		}
		if (c == '>') {
			end_tag(g);
			return;
		}
		g->p++;
		*g->tags++ = lower(c);
		if (is_attr && c == '=') {
			g->state = EQUALS;
			return;
		}
		if (*n < NAME_KEPT)
			name[(*n)++] = lower(c);
	}
}

/* Between attributes, or between a name and its '='. */
static void do_gap(struct page *g)
{
	skip_space(g);
	if (g->p == g->end)
		return;
	if (*g->p == '>') {
		end_tag(g);
		return;
	}
	if (*g->p == '=') {
		g->p++;
		*g->tags++ = '=';
		g->state = EQUALS;
		return;
	}
	*g->tags++ = ' ';
	g->nattr = 0;
	g->state = ATTR;
}

/* "data:...": its content is a file of its own, found by the format (src/format/html.c). */
static bool skip_data(struct page *g)
{
	const uint8_t *stop;

	if (g->end - g->p < 5 || memcmp(g->p, "data:", 5) != 0)
		return false;
	memcpy(g->tags, "data", 4);
	g->tags += 4;
	if (g->state == QUOTED) {
		stop = memchr(g->p, g->quote, (size_t)(g->end - g->p));
		g->p = stop != NULL ? stop : g->end;
		return true;
	}
	while (g->p < g->end && *g->p != '>' && !is_space(*g->p))
		g->p++;
	return true;
}

static void do_equals(struct page *g)
{
	skip_space(g);
	if (g->p == g->end)
		return;
	if (*g->p == '>') {
		end_tag(g);
		return;
	}
	g->is_kept = keeps_value(g);
	if (g->is_kept)
		g->nvalue = 0;
	g->value_parted = false;
	g->state = PLAIN;
	if (*g->p == '"' || *g->p == '\'') {
		g->quote = *g->p++;
		*g->tags++ = '"';
		g->state = QUOTED;
	}
	if (skip_data(g))
		g->is_kept = false;
}

/* One byte or reference of a value, to `tags` and, when it is kept, as written behind `text`. */
static inline void value_byte(struct page *g)
{
	const uint8_t c = *g->p;
	const uint8_t *from = g->tags;

	if (c == '&') {
		put_reference(g);
		if (g->is_kept) {
			memcpy(g->text + g->nvalue, from, (size_t)(g->tags - from));
			g->nvalue += (size_t)(g->tags - from);
		}
		return;
	}
	g->p++;
	*g->tags++ = c == '\'' ? '"' : lower(c);
	if (g->is_kept)
		g->text[g->nvalue++] = c == '\'' ? '"' : c;
}

/* A quoted value that had white space ends with its quote, or with what is taken for it. */
static void end_plain(struct page *g)
{
	if (g->is_kept && g->value_parted && g->nvalue > 0)
		g->nvalue--;
	g->is_kept = false;
}

static void do_plain(struct page *g)
{
	while (g->p < g->end) {
		if (is_space(*g->p)) {
			end_plain(g);
			g->state = GAP;
			return;
		}
		if (*g->p == '>') {
			end_plain(g);
			end_tag(g);
			return;
		}
		value_byte(g);
	}
}

static void do_quoted(struct page *g)
{
	while (g->p < g->end) {
		const uint8_t c = *g->p;

		if (c == g->quote) {
			g->p++;
			*g->tags++ = '"';
			g->state = CLOSED;
			return;
		}
		if (!is_space(c)) {
			value_byte(g);
			continue;
		}
		*g->tags++ = c == '\n' ? ' ' : c;
		if (g->is_kept)
			g->text[g->nvalue++] = ' ';
		skip_space(g);
		g->value_parted = true;
		g->state = PLAIN;
		return;
	}
}

static void do_closed(struct page *g)
{
	g->is_kept = false;
	if (is_space(*g->p)) {
		g->state = GAP;
		return;
	}
	if (*g->p == '>') {
		end_tag(g);
		return;
	}
	*g->tags++ = ' ';
	g->nattr = 0;
	g->state = ATTR;
}

/* The end tag of the body at `p`, which is a '<': where its name ends, or NULL. A style also ends
 * at the end of a script. White space may part '<' and '/'. */
static const uint8_t *end_of_body(const struct page *g, const uint8_t *p)
{
	static const char *const ends[] = { "/script", "/style" };

	for (p++; p < g->end && is_space(*p); p++) {
	}
	for (size_t i = 0; i < (is_style(g) ? 2 : 1); i++) {
		const size_t n = strlen(ends[i]);

		if ((size_t)(g->end - p) > n && strncasecmp((const char *)p, ends[i], n) == 0 &&
		    (p[n] == '>' || is_space(p[n])))
			return p + n;
	}
	return NULL;
}

static ov_status do_body(struct page *g)
{
	const uint8_t *const start = g->p;
	const uint8_t *stop = g->end, *after = g->end;

	while (g->p < g->end) {
		const uint8_t c = *g->p;

		if (c == '<') {
			const uint8_t *e = end_of_body(g, g->p);

			if (e != NULL) {
				stop = *e == '>' ? g->p : e; /* clamscan's reader of scripts sees
								other ends as script */
				after = e;
				break;
			}
		}
		if (c == '&') {
			put_reference(g);
			continue;
		}
		g->p++;
		*g->tags = c == '\'' ? '"' : lower(c);
		g->tags += !is_space(c);
	}
	if (!is_style(g) && g->to->script != NULL)
		OV_TRY(g->to->script(g->to->ctx, view(start, (size_t)(stop - start))));
	for (; g->p < after; g->p++) { /* the end tag; what follows white space in it is text */
		*g->tags = lower(*g->p);
		g->tags += !is_space(*g->p);
	}
	if (g->p < g->end && *g->p == '>')
		*g->tags++ = *g->p++;
	g->state = TEXT;
	return OV_OK;
}

static ov_status step(struct page *g)
{
	switch (g->state) {
	case TEXT:
		do_text(g);
		break;
	case OPEN:
		do_open(g);
		break;
	case NAME:
	case ATTR:
		do_name(g);
		break;
	case GAP:
		do_gap(g);
		break;
	case EQUALS:
		do_equals(g);
		break;
	case QUOTED:
		do_quoted(g);
		break;
	case PLAIN:
		do_plain(g);
		break;
	case CLOSED:
		do_closed(g);
		break;
	case BANG:
		do_bang(g);
		break;
	case BODY:
		return do_body(g);
	}
	return OV_OK;
}

size_t ov_norm_html_clean(const uint8_t *in, size_t n, uint8_t *out)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		out[o] = in[i];
		o += in[i] != 0 && in[i] != '\r';
	}
	return o;
}

ov_status ov_norm_html(const uint8_t *in, size_t n, const struct ov_norm_html *to)
{
	struct page g = { .p = in, .end = in + n, .to = to, .skips_space = true };

	if (n > SIZE_MAX / 4)
		return OV_LIMIT;
	to->tags->n = to->text->n = 0;
	OV_TRY(ov_buf_reserve(to->tags, OV_NORM_HTML_BYTES(n)));
	OV_TRY(ov_buf_reserve(to->text, OV_NORM_HTML_BYTES(n)));
	if (n == 0)
		return OV_OK;
	g.tags = to->tags->p;
	g.text = to->text->p;
	while (g.p < g.end)
		OV_TRY(step(&g));
	to->tags->n = (size_t)(g.tags - to->tags->p);
	to->text->n = (size_t)(g.text - to->text->p);
	return OV_OK;
}
