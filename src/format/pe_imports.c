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
	const size_t width = pe->is_64 ? 8 : 4;
	const uint64_t top = pe->is_64 ? (uint64_t)1 << 63 : (uint64_t)1 << 31;
	uint64_t at;

	OV_TRY(ov_pe_offset(pe, rva, &at));
	for (;; at += width) { /* each turn appends an import, and their number is capped */
		struct ov_cur c;
		struct ov_import im = { .library = library, .is_delayed = is_delayed };
		uint64_t word;
		uint32_t low;

		OV_TRY(ov_window_get(&pe->in->win, at, width, &c));
		if (pe->is_64) {
			OV_TRY(ov_cur_u64le(&c, &word));
		} else {
			OV_TRY(ov_cur_u32le(&c, &low));
			word = low;
		}
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
	uint32_t names, library_rva, addresses;
	struct ov_str library;
	uint64_t off;
	struct ov_cur c;

	OV_TRY(ov_window_get(&pe->in->win, at, 20, &c));
	names = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 8);
	library_rva = ov_cur_soft_u32le(&c);
	addresses = ov_cur_soft_u32le(&c);
	if (library_rva == 0 || addresses == 0) /* where Windows stops as well */
		return OV_END;
	OV_TRY(text_at(pe, library_rva, &library));
	if (names == 0 || ov_pe_offset(pe, names, &off) != OV_OK)
		names = addresses; /* old linkers fill only one of the two */
	return read_thunks(pe, names, library, false, 0);
}

static ov_status read_delayed(struct pe *pe, uint64_t at)
{
	uint32_t flags, library_rva, names;
	uint64_t base;
	struct ov_str library;
	struct ov_cur c;

	OV_TRY(ov_window_get(&pe->in->win, at, 32, &c));
	flags = ov_cur_soft_u32le(&c);
	library_rva = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 8);
	names = ov_cur_soft_u32le(&c);
	base = (flags & 1) != 0 ? 0 : pe->image_base; /* before 1998: virtual addresses */
	if (library_rva == 0)
		return OV_END;
	if (library_rva < base || names < base)
		return OV_BAD;
	OV_TRY(text_at(pe, library_rva - base, &library));
	return read_thunks(pe, names - base, library, true, base);
}

/* Walks one table. A broken library ends its own functions, not the table. */
static ov_status walk(struct pe *pe, unsigned dir, size_t step,
		      ov_status (*read)(struct pe *pe, uint64_t at))
{
	uint64_t at;

	if (pe->dirs[dir].rva == 0)
		return OV_OK;
	if (ov_pe_offset(pe, pe->dirs[dir].rva, &at) != OV_OK) {
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
	OV_TRY(walk(pe, PE_DIR_IMPORT, 20, read_library));
	return walk(pe, PE_DIR_DELAY, 32, read_delayed);
}
