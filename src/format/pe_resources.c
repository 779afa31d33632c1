/*
 * Version information of Portable Executables.
 *
 * Resources are a tree of three levels (kind, name, language) that is walked with one loop a level.
 * A version block is a tree too, of { length, value length, kind, key in UTF-16, value, children },
 * all aligned to 4:
 *
 *   VS_VERSION_INFO > StringFileInfo > 040904b0    > CompanyName = "..."
 *                   > VarFileInfo    > Translation = 0409 04b0
 *
 * Source: "VS_VERSIONINFO structure", "Resource formats" (Microsoft). Other resources are not read.
 */
#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "utf16.h"
#include "pe_int.h"

#define RT_VERSION 16
#define NODES_MAX                                                                                  \
	256 /* resource nodes of one directory, and version blocks, that are looked at             \
	     */
#define BLOCK_MAX                                                                                  \
	((size_t)32768) /* bytes of one version block: its own length field has 16 bits            \
			 */

/* A node of a version block, as a piece of the block. */
struct node {
	uint64_t off;	      /* of its key in the file */
	struct ov_cur key;    /* UTF-16, without its NUL */
	struct ov_cur value;  /* as long as the header says */
	struct ov_cur inside; /* all after the key's padding: value and children */
	bool is_text, is_cut;
	uint16_t value_length;
};

/* Moves to the next multiple of 4 from the block's start; `base` is where the cursor's bytes begin
 * in it. */
static void align(struct ov_cur *c, size_t base)
{
	const size_t off = (base + c->pos) % 4;

	if (off != 0 && ov_cur_skip(c, 4 - off) != OV_OK)
		c->pos = c->len;
}

/*
 * Takes the node at the cursor, whose bytes begin `base` bytes into the block at file offset
 * `start`. Tools disagree on whether the value's length counts bytes or units, so texts run to
 * their NUL.
 */
static ov_status take_node(struct ov_cur *c, size_t base, uint64_t start, struct node *out,
			   size_t *inside_base)
{
	const size_t at = c->pos;
	uint16_t length, value_length, kind;
	struct ov_cur body;
	size_t key;

	if (ov_cur_left(c) < 6)
		return OV_END;
	OV_TRY(ov_cur_u16le(c, &length));
	if (length < 6) {
		c->pos = at;
		return OV_END; /* zeros fill up the end */
	}
	c->pos = at;
	out->is_cut = length > ov_cur_left(c);
	OV_TRY(ov_cur_take(c, ov_min_size(length, ov_cur_left(c)), &body));
	ov_cur_soft_skip(&body, 2);
	value_length = ov_cur_soft_u16le(&body);
	kind = ov_cur_soft_u16le(&body);
	OV_TRY(ov_cur_status(&body));
	key = body.pos;
	out->off = start + base + at + key;
	while (ov_cur_left(&body) >= 2 && ov_cur_soft_u16le(&body) != 0)
		;
	OV_TRY(ov_cur_sub(&body, key, body.pos - key, &out->key));
	align(&body, base + at);
	*inside_base = base + at + body.pos;
	out->is_text = kind == 1;
	out->value_length = value_length;
	OV_TRY(ov_cur_sub(&body, body.pos, body.len - body.pos, &out->inside));
	out->value = out->inside;
	if (!out->is_text)
		out->value.len = ov_min_size(out->value.len, value_length);
	align(c, base);
	return OV_OK;
}

static bool key_is(const struct node *n, const char *name)
{
	struct ov_cur c = n->key;

	for (; *name != 0; name++)
		if (ov_cur_soft_u16le(&c) != (uint8_t)*name)
			return false;
	return ov_cur_soft_u16le(&c) == 0;
}

/* "040904b0" of a Translation: pairs of language and code page. */
static ov_status translation(struct ov_arena *a, struct ov_cur c, struct ov_str *out)
{
	char text[64];
	size_t n = 0;

	while (ov_cur_left(&c) >= 4 && n + 8 < sizeof text) {
		const unsigned language = ov_cur_soft_u16le(&c), page = ov_cur_soft_u16le(&c);

		n += (size_t)snprintf(text + n, sizeof text - n, "%04x%04x", language, page);
	}
	return ov_arena_str(a, (struct ov_str){ .p = text, .n = n }, out);
}

/* Doubles the list; what it took before stays in the arena. */
static ov_status grow(struct ov_exe *x, struct ov_arena *a)
{
	struct ov_version_entry *list = NULL;

	if (x->nversions >= OV_EXE_VERSIONS_MAX) {
		x->is_capped = true;
		return OV_END;
	}
	OV_TRY(ov_arena_array(a, x->nversions == 0 ? 32 : x->nversions * 2, &list));
	if (x->nversions > 0)
		memcpy(list, x->versions, x->nversions * sizeof *list);
	x->versions = list;
	return OV_OK;
}

static ov_status keep(void *ctx, const struct ov_pe_version_row *n)
{
	struct pe *pe = ctx;
	struct ov_exe *x = pe->in->x;
	struct ov_arena *a = pe->in->arena;
	struct ov_version_entry e = { .off = n->key_at };

	/* lists have 32, 64, ... places */
	if (x->nversions == 0 || (x->nversions >= 32 && (x->nversions & (x->nversions - 1)) == 0))
		OV_TRY(grow(x, a));
	OV_TRY(ov_utf16_str(a, n->key, &e.key));
	if (n->is_text)
		OV_TRY(ov_utf16_str(a, n->value, &e.value));
	else
		OV_TRY(translation(a, n->value, &e.value));
	e.size = (uint64_t)(n->value.base - n->key.base) + n->value.len;
	x->versions[x->nversions++] = e;
	return OV_OK;
}

/* A block being read, and who wants its texts. */
struct block {
	uint64_t start; /* file offset */
	ov_pe_version_fn fn;
	void *ctx;
};

static ov_status give(const struct block *b, const struct node *n, bool is_string)
{
	const struct ov_pe_version_row row = { .key = n->key,
					       .value = n->value,
					       .key_at = n->off,
					       .value_at =
						   n->off + (uint64_t)(n->value.base - n->key.base),
					       .value_length = n->value_length,
					       .is_text = n->is_text,
					       .is_cut = n->is_cut,
					       .is_string = is_string };

	return b->fn(b->ctx, &row);
}

/* The entries of one StringFileInfo or VarFileInfo. */
static ov_status read_info(const struct block *b, const struct node *info, size_t base)
{
	const bool is_var = key_is(info, "VarFileInfo");
	const bool is_string = key_is(info, "StringFileInfo");
	struct ov_cur tables = info->inside;
	struct node table, text;
	size_t table_base, unused;
	ov_status s;

	while ((s = take_node(&tables, base, b->start, &table, &table_base)) == OV_OK) {
		if (is_var) {
			OV_TRY(give(b, &table, false));
			continue;
		}
		while ((s = take_node(&table.inside, table_base, b->start, &text, &unused)) ==
		       OV_OK)
			OV_TRY(give(b, &text, is_string));
		if (s != OV_END)
			return s;
	}
	return s == OV_END ? OV_OK : s;
}

ov_status ov_pe_version_block(struct ov_window *win, uint64_t off, size_t size, size_t fixed,
			      ov_pe_version_fn fn, void *ctx)
{
	const struct block b = { .start = off, .fn = fn, .ctx = ctx };
	struct node top, info;
	size_t base, info_base;
	struct ov_cur c;
	ov_status s;

	OV_TRY(ov_window_upto(win, off, size < BLOCK_MAX ? size : BLOCK_MAX, &c));
	OV_TRY(take_node(&c, 0, off, &top, &base));
	if (!key_is(&top, "VS_VERSION_INFO"))
		return OV_BAD;
	if (fixed == 0)
		fixed = top.is_text ? 52 : top.value.len; /* VS_FIXEDFILEINFO */
	OV_TRY(ov_cur_skip(&top.inside, fixed));
	align(&top.inside, base);
	while ((s = take_node(&top.inside, base, off, &info, &info_base)) == OV_OK)
		OV_TRY(read_info(&b, &info, info_base));
	return s == OV_END ? OV_OK : s;
}

ov_status ov_pe_directory(struct ov_window *win, uint64_t at, struct ov_pe_directory *out,
			  bool *is_capped)
{
	struct ov_cur c;

	OV_TRY(ov_window_get(win, at, 16, &c));
	ov_cur_soft_skip(&c, 12);
	out->n = ov_cur_soft_u16le(&c); /* named, then numbered */
	out->n += ov_cur_soft_u16le(&c);
	out->at = at + 16;
	if (out->n > NODES_MAX) {
		*is_capped = true;
		out->n = NODES_MAX;
	}
	return OV_OK;
}

ov_status ov_pe_directory_entry(struct ov_window *win, const struct ov_pe_directory *d, uint32_t i,
				uint32_t *id, uint32_t *to)
{
	struct ov_cur c;

	OV_TRY(ov_window_get(win, d->at + (uint64_t)i * 8, 8, &c));
	*id = ov_cur_soft_u32le(&c);
	*to = ov_cur_soft_u32le(&c);
	return OV_OK;
}

static ov_status open_directory(struct pe *pe, uint64_t at, struct ov_pe_directory *out)
{
	return ov_pe_directory(&pe->in->win, at, out, &pe->in->x->is_capped);
}

static ov_status directory_entry(struct pe *pe, const struct ov_pe_directory *d, uint32_t i,
				 uint32_t *id, uint32_t *to)
{
	return ov_pe_directory_entry(&pe->in->win, d, i, id, to);
}

/* A leaf: { rva, size, code page, 0 }. */
static ov_status read_leaf(struct pe *pe, uint64_t at)
{
	uint32_t rva, size;
	struct ov_cur c;
	uint64_t off;

	OV_TRY(ov_window_get(&pe->in->win, at, 16, &c));
	rva = ov_cur_soft_u32le(&c);
	size = ov_cur_soft_u32le(&c);
	OV_TRY(ov_pe_offset(pe, rva, &off));
	return ov_pe_version_block(&pe->in->win, off, size, 0, keep, pe);
}

/* The languages of one version resource. */
static ov_status read_languages(struct pe *pe, uint64_t root, uint32_t to)
{
	struct ov_pe_directory d;
	uint32_t id, leaf;

	if ((to & OV_PE_SUBDIRECTORY) == 0)
		return read_leaf(pe, root + to);
	OV_TRY(open_directory(pe, root + (to & ~OV_PE_SUBDIRECTORY), &d));
	for (uint32_t i = 0; i < d.n; i++) {
		OV_TRY(directory_entry(pe, &d, i, &id, &leaf));
		if ((leaf & OV_PE_SUBDIRECTORY) == 0)
			OV_TRY(read_leaf(pe, root + leaf));
	}
	return OV_OK;
}

static ov_status read_tree(struct pe *pe, uint64_t root)
{
	struct ov_pe_directory kinds, names;
	uint32_t id, to, name;

	OV_TRY(open_directory(pe, root, &kinds));
	for (uint32_t i = 0; i < kinds.n; i++) {
		OV_TRY(directory_entry(pe, &kinds, i, &id, &to));
		if (id != RT_VERSION || (to & OV_PE_SUBDIRECTORY) == 0)
			continue;
		OV_TRY(open_directory(pe, root + (to & ~OV_PE_SUBDIRECTORY), &names));
		for (uint32_t k = 0; k < names.n; k++) {
			OV_TRY(directory_entry(pe, &names, k, &name, &to));
			OV_TRY(read_languages(pe, root, to));
		}
		return OV_OK; /* kinds are sorted, each stands there once */
	}
	return OV_OK;
}

ov_status ov_pe_versions(struct pe *pe)
{
	uint64_t root;
	ov_status s;

	if (pe->h.dirs[OV_PE_RESOURCE].rva == 0)
		return OV_OK;
	if (ov_pe_offset(pe, pe->h.dirs[OV_PE_RESOURCE].rva, &root) != OV_OK) {
		ov_exe_broken(pe->in, "the resources lie in no section");
		return OV_OK;
	}
	pe->in->x->resources = root;
	s = read_tree(pe, root);
	if (ov_exe_is_news(s))
		ov_exe_broken(pe->in, "the version information is broken");
	else if (s != OV_OK && s != OV_END)
		return s;
	return OV_OK;
}
