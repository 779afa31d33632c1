/* CBOR (RFC 8949) to a tree: maps, arrays, texts, bytes, integers, tags. Keys of maps that are
 * integers become decimal texts. Floating point is kept as "". */
#include "doc.h"

#include <stdio.h>

struct cbor {
	struct ov_cur c;
	struct ov_arena *a;
	struct ov_doc *at, *root;
	unsigned depth;
	struct {
		uint64_t left; /* items; UINT64_MAX: until a break */
		bool is_map, wants_value;
		struct ov_str key;
	} level[OV_DOC_DEPTH + 1];
};

struct head {
	unsigned major, minor;
	uint64_t value;
};

static ov_status take_head(struct ov_cur *c, struct head *h)
{
	uint32_t v32;
	uint16_t v16;
	uint8_t v8;

	OV_TRY(ov_cur_u8(c, &v8));
	h->major = v8 >> 5;
	h->minor = v8 & 31;
	h->value = h->minor;
	switch (h->minor) {
	case 24:
		OV_TRY(ov_cur_u8(c, &v8));
		h->value = v8;
		return OV_OK;
	case 25:
		OV_TRY(ov_cur_u16be(c, &v16));
		h->value = v16;
		return OV_OK;
	case 26:
		OV_TRY(ov_cur_u32be(c, &v32));
		h->value = v32;
		return OV_OK;
	case 27:
		return ov_cur_u64be(c, &h->value);
	case 31:
		h->value = UINT64_MAX;
		return OV_OK;
	default:
		return h->minor < 24 ? OV_OK : OV_BAD;
	}
}

static ov_status number(struct cbor *x, const struct head *h, struct ov_str *out)
{
	char text[32];
	const int n = snprintf(text, sizeof text, h->major == 1 ? "-%llu" : "%llu",
			       (unsigned long long)(h->major == 1 ? h->value + 1 : h->value));

	return ov_arena_str(x->a, (struct ov_str){ .p = text, .n = n > 0 ? (size_t)n : 0 }, out);
}

static ov_status take_text(struct cbor *x, const struct head *h, struct ov_str *out)
{
	struct ov_cur part;

	if (h->minor == 31)
		return OV_UNSUPPORTED; /* texts in pieces */
	OV_TRY(ov_cur_take(&x->c, h->value, &part));
	*out = (struct ov_str){ .p = part.len > 0 ? (const char *)part.base : "", .n = part.len };
	return OV_OK;
}

static ov_status enter(struct cbor *x, struct ov_doc *n, const struct head *h)
{
	if (++x->depth > OV_DOC_DEPTH)
		return OV_LIMIT;
	x->at = n;
	x->level[x->depth].left = h->value;
	x->level[x->depth].is_map = h->major == 5;
	x->level[x->depth].wants_value = false;
	return OV_OK;
}

/* An item as a node. */
static ov_status take_node(struct cbor *x, const struct head *h, struct ov_str key, uint64_t tag)
{
	struct ov_doc *n;
	const enum ov_doc_kind kind = h->major == 5		       ? OV_DOC_OBJECT
				      : h->major == 4		       ? OV_DOC_ARRAY
				      : h->major == 2 || h->major == 3 ? OV_DOC_TEXT
								       : OV_DOC_OTHER;

	OV_TRY(ov_doc_add(x->a, x->at, kind, &n));
	n->key = key;
	n->tag = tag;
	if (x->root == NULL)
		x->root = n;
	if (h->major >= 4 && h->major <= 5)
		return enter(x, n, h);
	if (h->major == 2 || h->major == 3)
		return take_text(x, h, &n->text);
	if (h->major <= 1)
		return number(x, h, &n->text);
	return h->minor == 31 ? OV_BAD : OV_OK; /* simple values and floats */
}

static bool is_break(struct cbor *x)
{
	if (x->depth == 0 || x->level[x->depth].left != UINT64_MAX ||
	    !ov_cur_looking_at(&x->c, "\xff", 1) || x->level[x->depth].wants_value)
		return false;
	x->c.pos++;
	return true;
}

static void leave(struct cbor *x)
{
	x->at = x->at->parent;
	x->depth--;
}

static ov_status step(struct cbor *x)
{
	struct ov_str key = { .p = "", .n = 0 };
	struct head h;
	uint64_t tag = 0;
	const unsigned d = x->depth;

	if (d > 0 && (is_break(x) || (x->level[d].left == 0 && !x->level[d].wants_value))) {
		leave(x);
		return OV_OK;
	}
	OV_TRY(take_head(&x->c, &h));
	while (h.major == 6) { /* each tag takes a byte */
		tag = h.value;
		OV_TRY(take_head(&x->c, &h));
	}
	if (d > 0 && x->level[d].is_map && !x->level[d].wants_value) {
		x->level[d].left -= x->level[d].left != UINT64_MAX;
		x->level[d].wants_value = true;
		x->level[d].key = key;
		return h.major <= 1   ? number(x, &h, &x->level[d].key)
		       : h.major <= 3 ? take_text(x, &h, &x->level[d].key)
				      : OV_UNSUPPORTED;
	}
	if (d > 0 && x->level[d].is_map) {
		x->level[d].wants_value = false;
		key = x->level[d].key;
	} else if (d > 0) {
		x->level[d].left -= x->level[d].left != UINT64_MAX;
	}
	return take_node(x, &h, key, tag);
}

ov_status ov_doc_cbor(struct ov_cur in, struct ov_arena *a, struct ov_doc **root)
{
	struct cbor *x;
	ov_status st;

	*root = NULL;
	OV_TRY(ov_arena_new(a, &x));
	x->c = in;
	x->a = a;
	do /* each turn takes a byte or closes a container */
		st = step(x);
	while (st == OV_OK && (x->depth > 0 || x->root == NULL));
	*root = x->root;
	return st;
}
