/*
 * XML 1.0 to a tree, as much as SBOMs and manifests need: elements, attributes, text, CDATA,
 * comments, the five entities and character numbers. A DTD is refused (OV_UNSUPPORTED), so there
 * are no entities to expand. Prefixes of names are dropped: no document that is read mixes names.
 * UTF-8, and UTF-16 by its byte order mark refused as unsupported.
 */
#include "doc.h"

struct xml {
	struct ov_cur c;
	struct ov_arena *a;
	struct ov_doc *at, *root;
	unsigned depth;
};

static bool is_blank(uint8_t ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n';
}

static void blanks(struct ov_cur *c)
{
	while (ov_cur_left(c) > 0 && is_blank(*ov_cur_rest(c)))
		c->pos++;
}

/* Moves behind `mark`. */
static ov_status pass(struct ov_cur *c, const char *mark)
{
	const size_t n = strlen(mark);
	const uint8_t *at =
	    ov_cur_left(c) > 0 ? memmem(ov_cur_rest(c), ov_cur_left(c), mark, n) : NULL;

	if (at == NULL)
		return OV_SHORT;
	c->pos = (size_t)(at - c->base) + n;
	return OV_OK;
}

static ov_status name(struct ov_cur *c, struct ov_str *out)
{
	size_t start = c->pos;

	while (ov_cur_left(c) > 0 && !is_blank(*ov_cur_rest(c)) &&
	       memchr("=/>\"'<&", *ov_cur_rest(c), 7) == NULL) {
		if (*ov_cur_rest(c) == ':')
			start = c->pos + 1;
		c->pos++;
	}
	if (c->pos == start)
		return ov_cur_left(c) == 0 ? OV_SHORT : OV_BAD;
	*out = (struct ov_str){ .p = (const char *)c->base + start, .n = c->pos - start };
	return OV_OK;
}

/* A number of a character as UTF-8; at most four bytes, and an escape has four at least. */
static size_t put_number(char *to, struct ov_str s)
{
	const bool is_hex = s.n > 1 && (s.p[1] == 'x' || s.p[1] == 'X');
	uint32_t v = 0;

	for (size_t i = is_hex ? 2 : 1; i < s.n && v < 0x110000; i++) {
		const int ch = s.p[i] | 32;
		const int d = s.p[i] >= '0' && s.p[i] <= '9'	 ? s.p[i] - '0'
			      : is_hex && ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
								 : -1;

		if (d < 0)
			return 0;
		v = v * (is_hex ? 16 : 10) + (uint32_t)d;
	}
	if (v == 0 || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	if (v < 0x80) {
		to[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		to[0] = (char)(0xc0 | v >> 6);
		to[1] = (char)(0x80 | (v & 63));
		return 2;
	}
	to[0] = (char)(v < 0x10000 ? 0xe0 | v >> 12 : 0xf0 | v >> 18);
	if (v >= 0x10000)
		to[1] = (char)(0x80 | (v >> 12 & 63));
	to[v < 0x10000 ? 1 : 2] = (char)(0x80 | (v >> 6 & 63));
	to[v < 0x10000 ? 2 : 3] = (char)(0x80 | (v & 63));
	return v < 0x10000 ? 3 : 4;
}

static size_t put_entity(char *to, struct ov_str s)
{
	static const struct {
		const char *name;
		char ch;
	} known[] = {
		{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' }
	};

	if (s.n > 1 && s.p[0] == '#')
		return put_number(to, s);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (ov_str_is(s, known[i].name)) {
			*to = known[i].ch;
			return 1;
		}
	return 0;
}

/* Text with its entities put in; without any it is a view. What is no entity stays as it is. */
static ov_status plain(struct xml *x, struct ov_str raw, struct ov_str *out)
{
	size_t n = 0;
	void *p;
	char *to;

	*out = raw;
	if (raw.n == 0 || memchr(raw.p, '&', raw.n) == NULL)
		return OV_OK;
	OV_TRY(ov_arena_alloc(x->a, raw.n, &p));
	to = p;
	for (size_t i = 0; i < raw.n;) {
		const char *end = raw.p[i] == '&'
				      ? memchr(raw.p + i, ';', raw.n - i < 12 ? raw.n - i : 12)
				      : NULL;
		size_t put = 0;

		if (end != NULL)
			put = put_entity(to + n,
					 (struct ov_str){ .p = raw.p + i + 1,
							  .n = (size_t)(end - raw.p) - i - 1 });
		if (put > 0) {
			n += put;
			i = (size_t)(end - raw.p) + 1;
		} else {
			to[n++] = raw.p[i++];
		}
	}
	*out = (struct ov_str){ .p = to, .n = n };
	return OV_OK;
}

/* Adds to the text of the element; parts of it stand between children. */
static ov_status add_text(struct xml *x, struct ov_str s)
{
	struct ov_str joined;
	void *p;

	while (s.n > 0 && is_blank((uint8_t)s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank((uint8_t)s.p[s.n - 1]))
		s.n--;
	if (s.n == 0)
		return OV_OK;
	if (x->at == NULL)
		return OV_BAD;
	if (x->at->text.n == 0) {
		x->at->text = s;
		return OV_OK;
	}
	OV_TRY(ov_arena_alloc(x->a, x->at->text.n + 1 + s.n, &p));
	joined = (struct ov_str){ .p = p, .n = x->at->text.n + 1 + s.n };
	memcpy(p, x->at->text.p, x->at->text.n);
	((char *)p)[x->at->text.n] = ' ';
	memcpy((char *)p + x->at->text.n + 1, s.p, s.n);
	x->at->text = joined;
	return OV_OK;
}

static ov_status attribute(struct xml *x, struct ov_doc *element)
{
	struct ov_str key, raw;
	struct ov_doc *n;
	uint8_t quote;
	size_t start;

	OV_TRY(name(&x->c, &key));
	blanks(&x->c);
	OV_TRY(ov_cur_expect(&x->c, "="));
	blanks(&x->c);
	OV_TRY(ov_cur_u8(&x->c, &quote));
	if (quote != '"' && quote != '\'')
		return OV_BAD;
	start = x->c.pos;
	OV_TRY(pass(&x->c, quote == '"' ? "\"" : "'"));
	raw = (struct ov_str){ .p = (const char *)x->c.base + start, .n = x->c.pos - 1 - start };
	OV_TRY(ov_doc_add(x->a, element, OV_DOC_TEXT, &n));
	n->key = key;
	return plain(x, raw, &n->text);
}

static ov_status open_element(struct xml *x)
{
	struct ov_doc *n;

	if (x->at == NULL && x->root != NULL)
		return OV_BAD; /* a second root */
	OV_TRY(ov_doc_add(x->a, x->at, OV_DOC_OBJECT, &n));
	if (x->root == NULL)
		x->root = n;
	OV_TRY(name(&x->c, &n->key));
	for (;;) {
		blanks(&x->c);
		if (ov_cur_looking_at(&x->c, "/>", 2)) {
			x->c.pos += 2;
			return OV_OK;
		}
		if (ov_cur_looking_at(&x->c, ">", 1)) {
			x->c.pos++;
			break;
		}
		OV_TRY(attribute(x, n));
	}
	if (++x->depth > OV_DOC_DEPTH)
		return OV_LIMIT;
	x->at = n;
	return OV_OK;
}

static ov_status close_element(struct xml *x)
{
	struct ov_str key;

	OV_TRY(name(&x->c, &key));
	blanks(&x->c);
	OV_TRY(ov_cur_expect(&x->c, ">"));
	if (x->at == NULL || !ov_str_eq(key, x->at->key))
		return OV_BAD;
	x->at = x->at->parent;
	x->depth--;
	return OV_OK;
}

static ov_status cdata(struct xml *x)
{
	const size_t start = x->c.pos;

	OV_TRY(pass(&x->c, "]]>"));
	return add_text(
	    x, (struct ov_str){ .p = (const char *)x->c.base + start, .n = x->c.pos - 3 - start });
}

/* What begins with '<'. */
static ov_status markup(struct xml *x)
{
	if (ov_cur_expect(&x->c, "<!--") == OV_OK)
		return pass(&x->c, "-->");
	if (ov_cur_expect(&x->c, "<![CDATA[") == OV_OK)
		return cdata(x);
	if (ov_cur_expect(&x->c, "<?") == OV_OK)
		return pass(&x->c, "?>");
	if (ov_cur_expect(&x->c, "<!") == OV_OK)
		return OV_UNSUPPORTED;
	if (ov_cur_expect(&x->c, "</") == OV_OK)
		return close_element(x);
	OV_TRY(ov_cur_skip(&x->c, 1));
	return open_element(x);
}

static ov_status text(struct xml *x)
{
	const uint8_t *rest = ov_cur_rest(&x->c);
	const uint8_t *at = memchr(rest, '<', ov_cur_left(&x->c));
	const size_t n = at != NULL ? (size_t)(at - rest) : ov_cur_left(&x->c);
	struct ov_str s;

	OV_TRY(plain(x, (struct ov_str){ .p = (const char *)rest, .n = n }, &s));
	x->c.pos += n;
	return add_text(x, s);
}

static ov_status all(struct xml *x)
{
	while (ov_cur_left(&x->c) > 0)
		OV_TRY(*ov_cur_rest(&x->c) == '<' ? markup(x) : text(x));
	return x->root != NULL && x->at == NULL ? OV_OK : OV_SHORT;
}

ov_status ov_doc_xml(struct ov_cur in, struct ov_arena *a, struct ov_doc **root)
{
	struct xml x = { .c = in, .a = a };
	ov_status st = OV_UNSUPPORTED;

	if (ov_cur_looking_at(&x.c, "\xef\xbb\xbf", 3))
		x.c.pos += 3;
	if (!ov_cur_looking_at(&x.c, "\xff\xfe", 2) && !ov_cur_looking_at(&x.c, "\xfe\xff", 2))
		st = all(&x);
	*root = x.root;
	return st;
}
