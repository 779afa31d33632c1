/*
 * Import tables of Portable Executables, usual and delayed.
 *
 *   descriptor: names-table rva | time | chain | library name rva | address-table rva      (20
 * bytes) delayed:    flags | library name rva | handle | address table | names table | ... (32
 * bytes) table:      one word a function, 0 ends it: an ordinal (top bit set) or the rva of { hint,
 * name }
 */
#include <stdio.h>

#include "checked.h"
#include "pe_int.h"

#define LIBRARIES_MAX 4096

ov_status ov_pe_import_read(struct ov_window *win, uint64_t at, bool is_delayed,
			    struct ov_pe_import_row *out)
{
	struct ov_pe_import_row r = { .flags = 0 };
	struct ov_cur c;

	OV_TRY(ov_window_get(win, at, is_delayed ? 32 : 20, &c));
	if (is_delayed) {
		r.flags = ov_cur_soft_u32le(&c);
		r.library = ov_cur_soft_u32le(&c);
		ov_cur_soft_skip(&c, 4);
		r.addresses = ov_cur_soft_u32le(&c);
		r.names = ov_cur_soft_u32le(&c);
	} else {
		r.names = ov_cur_soft_u32le(&c);
		ov_cur_soft_skip(&c, 8);
		r.library = ov_cur_soft_u32le(&c);
		r.addresses = ov_cur_soft_u32le(&c);
	}
	*out = r;
	return OV_OK;
}

ov_status ov_pe_thunk_read(struct ov_window *win, uint64_t at, bool is_64, uint64_t *out)
{
	struct ov_cur c;
	uint32_t low = 0;

	OV_TRY(ov_window_get(win, at, is_64 ? 8 : 4, &c));
	if (is_64)
		return ov_cur_u64le(&c, out);
	OV_TRY(ov_cur_u32le(&c, &low));
	*out = low;
	return OV_OK;
}

static ov_status ordinal_name(struct pe *pe, uint64_t word, struct ov_str *out)
{
	char text[16];
	const int n = snprintf(text, sizeof text, "ord%u", (unsigned)(word & 0xffff));

	return ov_arena_str(pe->in->arena, (struct ov_str){ .p = text, .n = (size_t)n }, out);
}

static ov_status text_at(struct pe *pe, uint64_t rva, struct ov_str *out)
{
	uint64_t off;

	OV_TRY(ov_pe_offset(pe, rva, &off));
	return ov_exe_text(pe->in, off, OV_EXE_NAME_MAX, out);
}

/* The functions of one library. @return OV_OK at the table's end; OV_END when the list is full;
 * OV_BAD, OV_SHORT. */
static ov_status read_thunks(struct pe *pe, uint64_t rva, struct ov_str library, bool is_delayed,
			     uint64_t base)
{
	const size_t width = pe->h.is_64 ? 8 : 4;
	const uint64_t top = pe->h.is_64 ? (uint64_t)1 << 63 : (uint64_t)1 << 31;
	uint64_t at;

	OV_TRY(ov_pe_offset(pe, rva, &at));
	for (;; at += width) { /* each turn appends an import, and their number is capped */
		struct ov_import im = { .library = library, .is_delayed = is_delayed };
		uint64_t word;

		OV_TRY(ov_pe_thunk_read(&pe->in->win, at, pe->h.is_64, &word));
		if (word == 0)
			return OV_OK;
		im.is_ordinal = (word & top) != 0;
		im.ordinal = (uint16_t)(im.is_ordinal ? word & 0xffff : 0);
		if (im.is_ordinal)
			OV_TRY(ordinal_name(pe, word, &im.symbol));
		else if (word < base)
			return OV_BAD;
		else
			OV_TRY(text_at(pe, word - base + 2, &im.symbol));
		OV_TRY(ov_exe_import(pe->in, &im));
	}
}

/* One descriptor of the usual table. @return OV_END after the last. */
static ov_status read_library(struct pe *pe, uint64_t at)
{
	struct ov_pe_import_row r;
	struct ov_str library;
	uint64_t off;

	OV_TRY(ov_pe_import_read(&pe->in->win, at, false, &r));
	if (r.library == 0 || r.addresses == 0) /* where Windows stops as well */
		return OV_END;
	OV_TRY(text_at(pe, r.library, &library));
	if (r.names == 0 || ov_pe_offset(pe, r.names, &off) != OV_OK)
		r.names = r.addresses; /* old linkers fill only one of the two */
	return read_thunks(pe, r.names, library, false, 0);
}

static ov_status read_delayed(struct pe *pe, uint64_t at)
{
	struct ov_pe_import_row r;
	struct ov_str library;
	uint64_t base;

	OV_TRY(ov_pe_import_read(&pe->in->win, at, true, &r));
	base = (r.flags & 1) != 0 ? 0 : pe->h.image_base; /* before 1998: virtual addresses */
	if (r.library == 0)
		return OV_END;
	if (r.library < base || r.names < base)
		return OV_BAD;
	OV_TRY(text_at(pe, r.library - base, &library));
	return read_thunks(pe, r.names - base, library, true, base);
}

/* Walks one table. A broken library ends its own functions, not the table. */
static ov_status walk(struct pe *pe, unsigned dir, size_t step,
		      ov_status (*read)(struct pe *pe, uint64_t at))
{
	uint64_t at;

	if (pe->h.dirs[dir].rva == 0)
		return OV_OK;
	if (ov_pe_offset(pe, pe->h.dirs[dir].rva, &at) != OV_OK) {
		ov_exe_broken(pe->in, "the import table lies in no section");
		return OV_OK;
	}
	for (uint32_t i = 0; i < LIBRARIES_MAX; i++, at += step) {
		const ov_status s = read(pe, at);

		if (s == OV_END)
			return OV_OK;
		if (ov_exe_is_news(s)) {
			ov_exe_broken(pe->in, "an import table is broken");
			if (at >= pe->in->win.src->size)
				return OV_OK;
		} else {
			OV_TRY(s);
		}
	}
	pe->in->x->is_capped = true;
	return OV_OK;
}

ov_status ov_pe_imports(struct pe *pe)
{
	OV_TRY(walk(pe, OV_PE_IMPORT, 20, read_library));
	return walk(pe, OV_PE_DELAY, 32, read_delayed);
}
