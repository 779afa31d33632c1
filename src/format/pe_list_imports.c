/*
 * The libraries that a PE imports from, as YARA's rules see them. The records are read by
 * pe_imports.c; what counts when they are broken is here: a library whose name can't be one is
 * passed over, a function whose name lies nowhere counts but is not listed.
 */
#include <stdio.h>

#include "checked.h"
#include "pe_int.h"
#include "pe_view.h"

#define LIBRARIES_MAX 32768u /* rows that are looked at */

/* What Windows takes as a file's name. */
static bool is_file_name(struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || memchr("\"*<>?|", s.p[i], 6) != NULL)
			return false;
	return s.n > 0;
}

static ov_status ordinal_name(struct ov_pe *p, struct ov_str library, uint16_t ordinal,
			      struct ov_str *out)
{
	const struct ov_str known = ov_pe_ordinal_name(library, ordinal);
	char text[16];
	int n;

	if (known.n > 0) {
		*out = known;
		return OV_OK;
	}
	n = snprintf(text, sizeof text, "ord%u", (unsigned)ordinal);
	return ov_arena_str(p->arena, (struct ov_str){ .p = text, .n = (size_t)n }, out);
}

/* A function by its word. @return OV_OK; OV_BAD: its name lies nowhere. */
static ov_status read_function(struct ov_pe *p, struct ov_str library, uint64_t word,
			       struct ov_pe_import *out)
{
	const uint64_t top = p->h.is_64 ? (uint64_t)1 << 63 : (uint64_t)1 << 31;
	uint64_t at;

	if ((word & top) != 0) {
		out->is_ordinal = true;
		out->ordinal = (uint16_t)(word & 0xffff);
		return ordinal_name(p, library, out->ordinal, &out->name);
	}
	OV_TRY(ov_pe_map(p, word, &at));
	if (p->src->size - at < 3)
		return OV_BAD;
	return ov_window_text(&p->names, p->arena, at + 2, OV_PE_SYMBOL_NAME_MAX, &out->name);
}

/* Where a library's words stand: one of two tables may be missing. @return OV_OK; OV_BAD. */
static ov_status table_of(const struct ov_pe *p, const struct ov_pe_import_row *r, uint64_t *at)
{
	if (r->names != 0 && ov_pe_map(p, r->names, at) == OV_OK)
		return OV_OK;
	return ov_pe_map(p, r->addresses, at);
}

/* Where the tables of a library stand. A delayed one needs both. */
struct tables {
	uint64_t names, addresses, base;
	bool is_delayed;
};

/* The next word. @return OV_END at the end of the table. */
static ov_status next_word(struct ov_pe *p, const struct tables *t, uint64_t skip, uint64_t *word)
{
	uint64_t address = 1;
	ov_status s = ov_pe_thunk_read(&p->win, t->names + skip, p->h.is_64, word);

	if (s == OV_OK && *word != 0 && t->is_delayed)
		s = ov_pe_thunk_read(&p->win, t->addresses + skip, p->h.is_64, &address);
	return s == OV_SHORT || (s == OV_OK && (*word == 0 || address == 0)) ? OV_END : s;
}

/* The functions of one library. The number of words is capped. */
static ov_status read_functions(struct ov_pe *p, const struct ov_pe_import_row *r,
				const struct tables *t, struct ov_str name,
				struct ov_pe_imports *out)
{
	const uint32_t width = p->h.is_64 ? 8 : 4;
	struct ov_pe_library lib = { .name = name, .first = out->nfunctions };
	uint64_t word;

	for (uint32_t i = 0;; i++) {
		struct ov_pe_import f = { .rva = r->addresses + i * width };
		ov_status s = next_word(p, t, (uint64_t)i * width, &word);

		if (s == OV_END)
			break;
		OV_TRY(s);
		if (out->thunks >= OV_PE_IMPORTS_MAX) {
			p->is_capped = true;
			break;
		}
		out->thunks++;
		s = read_function(p, name, word >= t->base ? word - t->base : word, &f);
		if (s == OV_BAD)
			continue;
		OV_TRY(s);
		OV_TRY(ov_pe_room(p, &out->functions, out->nfunctions));
		out->functions[out->nfunctions++] = f;
		lib.n++;
	}
	if (lib.n == 0)
		return OV_OK;
	OV_TRY(ov_pe_room(p, &out->libraries, out->nlibraries));
	out->libraries[out->nlibraries++] = lib;
	return OV_OK;
}

/* Delayed rows of before 1998 have virtual addresses, of 32 bits. */
static uint64_t unbase(const struct ov_pe *p, struct ov_pe_import_row *r, bool is_delayed)
{
	const uint32_t base = (uint32_t)p->h.image_base;

	if (!is_delayed || (r->flags & 1) != 0 || p->h.is_64)
		return 0;
	r->library -= base;
	r->names -= base;
	r->addresses -= base;
	return base;
}

/* One row. @return OV_END after the last. */
static ov_status read_library(struct ov_pe *p, uint64_t at, bool is_delayed,
			      struct ov_pe_imports *out)
{
	struct ov_pe_import_row r;
	struct ov_str name;
	struct tables t = { .is_delayed = is_delayed };
	uint64_t where;
	const ov_status s = ov_pe_import_read(&p->win, at, is_delayed, &r);

	if (s == OV_SHORT || (s == OV_OK && (r.library == 0 || (r.flags & ~(uint32_t)1) != 0)))
		return OV_END;
	OV_TRY(s);
	t.base = unbase(p, &r, is_delayed);
	if (ov_pe_map(p, r.library, &where) != OV_OK) {
		out->descriptors++;
		return OV_OK;
	}
	OV_TRY(ov_window_text(&p->names, p->arena, where, OV_PE_LIBRARY_NAME_MAX, &name));
	if (!is_file_name(name))
		return OV_OK;
	if (is_delayed && ov_pe_map(p, r.names, &t.names) != OV_OK)
		return OV_OK;
	out->descriptors++;
	if (is_delayed ? ov_pe_map(p, r.addresses, &t.addresses) != OV_OK
		       : table_of(p, &r, &t.names) != OV_OK)
		return OV_OK;
	return read_functions(p, &r, &t, name, out);
}

ov_status ov_pe_list_imports(struct ov_pe *p, bool is_delayed, struct ov_pe_imports *out)
{
	const uint64_t step = is_delayed ? 32 : 20;
	struct ov_pe_imports im = { .nlibraries = 0 };
	struct ov_pe_dir dir;
	ov_status s = OV_OK;
	uint64_t at;

	*out = im;
	if (!ov_pe_dir(p, is_delayed ? OV_PE_DELAY : OV_PE_IMPORT, &dir) ||
	    ov_pe_map(p, dir.rva, &at) != OV_OK)
		return OV_OK;
	for (uint32_t i = 0; s == OV_OK && i < LIBRARIES_MAX; i++, at += step) {
		if (im.thunks >= OV_PE_IMPORTS_MAX || i == LIBRARIES_MAX - 1) {
			p->is_capped = true;
			break;
		}
		s = read_library(p, at, is_delayed, &im);
	}
	if (s != OV_OK && s != OV_END)
		return s;
	*out = im;
	return OV_OK;
}
