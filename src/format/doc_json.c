/* JSON (RFC 8259) to a tree. Strict, but for a byte order mark at the start. */
#include "doc.h"

struct json {
	struct ov_cur c;
	struct ov_arena *a;
	struct ov_doc *at; /* the container we are in, NULL: none */
	unsigned depth;
};

static void blanks(struct ov_cur *c)
{
	while (ov_cur_left(c) > 0 && strchr(" \t\r\n", *ov_cur_rest(c)) != NULL &&
	       *ov_cur_rest(c) != 0)
		c->pos++;
}

static int peek(struct ov_cur *c)
{
	blanks(c);
	return ov_cur_left(c) > 0 ? *ov_cur_rest(c) : -1;
}

static int hex4(struct ov_cur *c)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		const int ch = ov_cur_soft_u8(c);

		if (ch >= '0' && ch <= '9')
			v = v * 16 + (ch - '0');
		else if ((ch | 32) >= 'a' && (ch | 32) <= 'f')
			v = v * 16 + ((ch | 32) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* Writes one code point; a lone surrogate becomes U+FFFD. */
static size_t put_utf8(char *to, int v)
{
	if (v >= 0xd800 && v < 0xe000)
		v = 0xfffd;
	if (v < 0x80) {
		to[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		to[0] = (char)(0xc0 | v >> 6);
		to[1] = (char)(0x80 | (v & 63));
		return 2;
	}
	if (v < 0x10000) {
		to[0] = (char)(0xe0 | v >> 12);
		to[1] = (char)(0x80 | (v >> 6 & 63));
		to[2] = (char)(0x80 | (v & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | v >> 18);
	to[1] = (char)(0x80 | (v >> 12 & 63));
	to[2] = (char)(0x80 | (v >> 6 & 63));
	to[3] = (char)(0x80 | (v & 63));
	return 4;
}

/* What follows a backslash. An escape is never shorter than what it stands for. */
static ov_status unescape(struct ov_cur *c, char *to, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const int ch = ov_cur_soft_u8(c);
	const char *at = ch != 0 ? strchr(from, ch) : NULL;
	int v, low;

	if (at != NULL) {
		to[(*n)++] = into[at - from];
		return OV_OK;
	}
	if (ch != 'u')
		return OV_BAD;
	v = hex4(c);
	if (v < 0)
		return OV_BAD;
	if (v >= 0xd800 && v < 0xdc00 && ov_cur_looking_at(c, "\\u", 2)) {
		struct ov_cur ahead = *c;

		ov_cur_soft_skip(&ahead, 2);
		low = hex4(&ahead);
		if (low >= 0xdc00 && low < 0xe000) {
			v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
			*c = ahead;
		}
	}
	*n += put_utf8(to + *n, v);
	return OV_OK;
}

/* A string at the cursor, which stands on its quote. Without escapes it is a view. */
static ov_status string(struct json *j, struct ov_str *out)
{
	struct ov_cur inside;
	bool has_escape = false;
	size_t start, n = 0;
	void *to;

	j->c.pos++;
	start = j->c.pos;
	for (;;) {
		uint8_t ch;

		OV_TRY(ov_cur_u8(&j->c, &ch));
		if (ch == '"')
			break;
		if (ch < 0x20)
			return OV_BAD;
		if (ch == '\\') {
			has_escape = true;
			OV_TRY(ov_cur_skip(&j->c, 1));
		}
	}
	OV_TRY(ov_cur_sub(&j->c, start, j->c.pos - 1 - start, &inside));
	*out = (struct ov_str){ .p = (const char *)inside.base, .n = inside.len };
	if (!has_escape)
		return OV_OK;
	OV_TRY(ov_arena_alloc(j->a, inside.len, &to));
	while (ov_cur_left(&inside) > 0) {
		const uint8_t ch = ov_cur_soft_u8(&inside);

		if (ch != '\\')
			((char *)to)[n++] = (char)ch;
		else
			OV_TRY(unescape(&inside, to, &n));
	}
	OV_TRY(ov_cur_status(&inside));
	*out = (struct ov_str){ .p = to, .n = n };
	return OV_OK;
}

/* Numbers and words: checked for their letters only; nobody computes with them. */
static ov_status word(struct json *j, struct ov_str *out)
{
	const size_t start = j->c.pos;

	while (ov_cur_left(&j->c) > 0) {
		const uint8_t ch = *ov_cur_rest(&j->c);

		if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || ch == '-' ||
		      ch == '+' || ch == '.' || ch == 'E'))
			break;
		j->c.pos++;
	}
	*out = (struct ov_str){ .p = (const char *)j->c.base + start, .n = j->c.pos - start };
	if (out->n == 0)
		return OV_BAD;
	if (out->p[0] == '-' || (out->p[0] >= '0' && out->p[0] <= '9'))
		return OV_OK;
	return ov_str_is(*out, "true") || ov_str_is(*out, "false") || ov_str_is(*out, "null")
		   ? OV_OK
		   : OV_BAD;
}

/* One value; a container is entered. */
static ov_status value(struct json *j, struct ov_str key, struct ov_doc **root)
{
	const int ch = peek(&j->c);
	const enum ov_doc_kind kind = ch == '{'	  ? OV_DOC_OBJECT
				      : ch == '[' ? OV_DOC_ARRAY
				      : ch == '"' ? OV_DOC_TEXT
						  : OV_DOC_OTHER;
	struct ov_doc *n;

	if (ch < 0)
		return OV_SHORT;
	OV_TRY(ov_doc_add(j->a, j->at, kind, &n));
	n->key = key;
	if (*root == NULL)
		*root = n;
	if (kind == OV_DOC_TEXT)
		return string(j, &n->text);
	if (kind == OV_DOC_OTHER)
		return word(j, &n->text);
	if (++j->depth > OV_DOC_DEPTH)
		return OV_LIMIT;
	j->c.pos++;
	j->at = n;
	return OV_OK;
}

/* Goes on inside a container: its end, or one more value. */
static ov_status step(struct json *j, struct ov_doc **root)
{
	const bool is_object = j->at->kind == OV_DOC_OBJECT;
	struct ov_str key = { .p = "", .n = 0 };
	int ch = peek(&j->c);

	if (ch == (is_object ? '}' : ']')) {
		j->c.pos++;
		j->depth--;
		j->at = j->at->parent;
		return OV_OK;
	}
	if (j->at->child != NULL) {
		if (ch != ',')
			return ch < 0 ? OV_SHORT : OV_BAD;
		j->c.pos++;
		ch = peek(&j->c);
	}
	if (!is_object)
		return value(j, key, root);
	if (ch != '"')
		return ch < 0 ? OV_SHORT : OV_BAD;
	OV_TRY(string(j, &key));
	if (peek(&j->c) != ':')
		return ov_cur_left(&j->c) == 0 ? OV_SHORT : OV_BAD;
	j->c.pos++;
	return value(j, key, root);
}

ov_status ov_doc_json(struct ov_cur in, struct ov_arena *a, struct ov_doc **root)
{
	struct json j = { .c = in, .a = a };

	*root = NULL;
	if (ov_cur_looking_at(&j.c, "\xef\xbb\xbf", 3))
		j.c.pos += 3;
	OV_TRY(value(&j, (struct ov_str){ .p = "", .n = 0 }, root));
	while (j.at != NULL) /* each turn takes a byte at least */
		OV_TRY(step(&j, root));
	return peek(&j.c) < 0 ? OV_OK : OV_BAD;
}
