/* Links of an HTML text. See links.h. */
#include "links.h"

#include <string.h>
#include <strings.h>

struct reader {
	struct ov_links *l;
	const char *p;
	size_t n, at;
	ov_link_fn fn;
	void *ctx;
	bool is_stopped;
	/* Marks that were sought to the end in vain: not sought again, or many would cost the
	 * square of the text. */
	bool no_quote, no_apostrophe, no_comment_end;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void tell(struct reader *r, const char *target, size_t ntarget, const char *shown,
		 size_t nshown)
{
	if (!r->is_stopped)
		r->is_stopped = !r->fn(r->ctx, (struct ov_str){ .p = target, .n = ntarget },
				       (struct ov_str){ .p = shown, .n = nshown });
}

static void put(char *to, size_t max, size_t *n, char c)
{
	if (*n < max)
		to[(*n)++] = c;
}

/* "&#65;" or "&#x41;". @return bytes read, 0 when it is none or no ASCII character. */
static size_t numeric_entity(const char *p, size_t n, char *out)
{
	const bool is_hex = n > 3 && (p[2] | 0x20) == 'x';
	const size_t first = is_hex ? 3 : 2;
	unsigned v = 0;
	size_t i;

	for (i = first; i < n && i < 10; i++) {
		const char c = (char)(p[i] | 0x20);

		if (p[i] >= '0' && p[i] <= '9')
			v = v * (is_hex ? 16 : 10) + (unsigned)(p[i] - '0');
		else if (is_hex && c >= 'a' && c <= 'f')
			v = v * 16 + (unsigned)(c - 'a' + 10);
		else
			break;
	}
	if (v == 0 || v >= 0x80)
		return 0;
	*out = (char)v;
	return i < n && p[i] == ';' ? i + 1 : i;
}

/* The character that "&...;" stands for; 0 for none. @return bytes read, 0 when we don't undo it.
 */
static size_t entity(const char *p, size_t n, char *out)
{
	static const struct {
		const char *name;
		char c;
	} named[] = { { "&amp;", '&' },	 { "&lt;", '<' },   { "&gt;", '>' },
		      { "&quot;", '"' }, { "&nbsp;", ' ' }, { "&shy;", 0 } };

	if (n > 3 && p[1] == '#')
		return numeric_entity(p, n, out);
	for (size_t k = 0; k < sizeof named / sizeof *named; k++) {
		const size_t len = strlen(named[k].name);

		if (n >= len && strncasecmp(p, named[k].name, len) == 0) {
			*out = named[k].c;
			return len;
		}
	}
	return 0;
}

/* Copies text with entities undone. */
static void put_text(char *to, size_t max, size_t *nto, const char *p, size_t n)
{
	for (size_t i = 0; i < n && *nto < max; i++) {
		char c = p[i];
		const size_t len = c == '&' ? entity(p + i, n - i, &c) : 0;

		if (len > 0)
			i += len - 1;
		if (c != 0)
			put(to, max, nto, c);
	}
}

static void skip_space(struct reader *r)
{
	while (r->at < r->n && is_space(r->p[r->at]))
		r->at++;
}

/* A value in quotes that are closed. @return false when they are not. */
static bool quoted(struct reader *r, struct ov_str *value)
{
	const char mark = r->p[r->at];
	bool *none = mark == '"' ? &r->no_quote : &r->no_apostrophe;
	const char *start = r->p + r->at + 1, *end;

	if ((mark != '"' && mark != '\'') || *none)
		return false;
	end = memchr(start, mark, r->n - r->at - 1);
	*none = end == NULL;
	if (end == NULL)
		return false;
	*value = (struct ov_str){ .p = start, .n = (size_t)(end - start) };
	r->at += value->n + 2;
	return true;
}

/* One attribute of a tag. @return false at the tag's end, which is passed. */
static bool attribute(struct reader *r, struct ov_str *key, struct ov_str *value)
{
	size_t start;

	while (r->at < r->n && (is_space(r->p[r->at]) || r->p[r->at] == '/'))
		r->at++;
	if (r->at >= r->n || r->p[r->at] == '>') {
		r->at += r->at < r->n;
		return false;
	}
	start = r->at++;
	while (r->at < r->n && !is_space(r->p[r->at]) && r->p[r->at] != '=' && r->p[r->at] != '>' &&
	       r->p[r->at] != '/')
		r->at++;
	*key = (struct ov_str){ .p = r->p + start, .n = r->at - start };
	*value = (struct ov_str){ .p = "", .n = 0 };
	skip_space(r);
	if (r->at >= r->n || r->p[r->at] != '=')
		return true;
	r->at++;
	skip_space(r);
	if (r->at >= r->n || quoted(r, value))
		return true;
	start = r->at;
	while (r->at < r->n && !is_space(r->p[r->at]) && r->p[r->at] != '>')
		r->at++;
	*value = (struct ov_str){ .p = r->p + start, .n = r->at - start };
	return true;
}

static bool is(struct ov_str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

/* What the tags of interest tell: an address and a title. */
static void attributes(struct reader *r, const char *address, const char *other)
{
	struct ov_links *l = r->l;
	struct ov_str key, value;

	l->nattr = l->ntitle = 0;
	while (attribute(r, &key, &value)) {
		if ((is(key, address) || is(key, other)) && l->nattr == 0)
			put_text(l->attr, sizeof l->attr, &l->nattr, value.p, value.n);
		else if (is(key, "title") && l->ntitle == 0)
			put_text(l->title, sizeof l->title, &l->ntitle, value.p, value.n);
	}
}

static void end_link(struct reader *r)
{
	struct ov_links *l = r->l;

	if (l->in_link)
		tell(r, l->href, l->nhref, l->shown, l->nshown);
	l->in_link = false;
}

static void start_link(struct reader *r)
{
	struct ov_links *l = r->l;

	end_link(r); /* a link in a link ends the first */
	attributes(r, "href", "href");
	if (l->nattr == 0)
		return;
	if (l->in_form)
		tell(r, l->action, l->naction, l->attr, l->nattr);
	memcpy(l->href, l->attr, l->nattr);
	l->nhref = l->nattr;
	l->nshown = 0;
	l->in_link = true;
	if (l->ntitle > 0)
		tell(r, l->href, l->nhref, l->title, l->ntitle);
}

static void picture(struct reader *r, const char *address, const char *other)
{
	struct ov_links *l = r->l;

	attributes(r, address, other);
	if (l->nattr == 0)
		return;
	if (l->in_link)
		tell(r, l->href, l->nhref, l->attr, l->nattr);
	if (l->in_form)
		tell(r, l->action, l->naction, l->attr, l->nattr);
}

/* Passes everything up to "</name". */
static void skip_element(struct reader *r, struct ov_str name)
{
	while (r->at < r->n) {
		const char *hit = memchr(r->p + r->at, '<', r->n - r->at);

		if (hit == NULL) {
			r->at = r->n;
			return;
		}
		r->at = (size_t)(hit - r->p);
		if (r->n - r->at > name.n + 2 && hit[1] == '/' &&
		    strncasecmp(hit + 2, name.p, name.n) == 0)
			return;
		r->at++;
	}
}

static void open_tag(struct reader *r, struct ov_str name)
{
	struct ov_links *l = r->l;

	if (is(name, "a")) {
		start_link(r);
	} else if (is(name, "form")) {
		attributes(r, "action", "action");
		memcpy(l->action, l->attr, l->nattr);
		l->naction = l->nattr;
		l->in_form = l->nattr > 0;
	} else if (is(name, "img") || is(name, "iframe")) {
		picture(r, "src", "dynsrc");
	} else if (is(name, "area")) {
		picture(r, "href", "href");
	} else {
		attributes(r, "href", "href");
		if (is(name, "script") || is(name, "style"))
			skip_element(r, name);
	}
}

static bool comment(struct reader *r)
{
	const char *p = r->p + r->at, *end = NULL;

	if (r->n - r->at < 4 || memcmp(p, "<!--", 4) != 0)
		return false;
	if (!r->no_comment_end)
		end = memmem(p + 4, r->n - r->at - 4, "-->", 3);
	r->no_comment_end = end == NULL;
	/* One that is not closed hides nothing: mail programs differ in what they show then. */
	r->at = end != NULL ? (size_t)(end - r->p) + 3 : r->at + 4;
	return true;
}

/* "<" of something: a tag, a comment, or only a character. */
static void tag(struct reader *r)
{
	const size_t start = r->at;
	struct ov_str name;
	bool is_end;

	if (comment(r))
		return;
	r->at++;
	is_end = r->at < r->n && r->p[r->at] == '/';
	r->at += is_end;
	name = (struct ov_str){ .p = r->p + r->at, .n = 0 };
	while (r->at < r->n && (is_letter(r->p[r->at]) ||
				(name.n > 0 && r->p[r->at] >= '0' && r->p[r->at] <= '9'))) {
		name.n++;
		r->at++;
	}
	if (name.n == 0 && r->at < r->n && (r->p[r->at] == '!' || r->p[r->at] == '?')) {
		attributes(r, "href", "href");
	} else if (name.n == 0) {
		if (r->l->in_link)
			put(r->l->shown, sizeof r->l->shown, &r->l->nshown, '<');
		r->at = start + 1;
	} else if (is_end) {
		if (is(name, "a"))
			end_link(r);
		else if (is(name, "form"))
			r->l->in_form = false;
		attributes(r, "href", "href");
	} else {
		open_tag(r, name);
	}
}

void ov_links(struct ov_links *l, struct ov_cur html, ov_link_fn fn, void *ctx)
{
	struct reader r = { .l = l,
			    .p = (const char *)ov_cur_rest(&html),
			    .n = ov_cur_left(&html),
			    .fn = fn,
			    .ctx = ctx };

	l->in_link = l->in_form = false;
	if (r.p == NULL)
		return;
	while (r.at < r.n && !r.is_stopped) {
		const char *hit = memchr(r.p + r.at, '<', r.n - r.at);
		const size_t end = hit != NULL ? (size_t)(hit - r.p) : r.n;

		if (l->in_link)
			put_text(l->shown, sizeof l->shown, &l->nshown, r.p + r.at, end - r.at);
		r.at = end;
		if (hit != NULL)
			tag(&r);
	}
	end_link(&r);
}
