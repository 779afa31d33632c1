/*
 * Portable Executables: headers, sections, entry point, end. Imports and resources are in files of
 * their own.
 *
 * Follows "Microsoft PE and COFF Specification"; where files break it, what Windows loads and
 * ClamAV counts is taken: raw offsets are rounded down and sizes up to the file alignment, and
 * clipped to the file. Not here: relocations, exports, certificates, .NET metadata.
 */
#include <string.h>

#include "checked.h"
#include "pe_int.h"

#define WINDOWS_SECTIONS_MAX 96 /* the loader refuses more */

static uint64_t round_down(uint64_t v, uint32_t align)
{
	return align > 1 ? v - v % align : v;
}

/* Values are 32-bit, so the sum can't wrap. */
static uint64_t round_up(uint64_t v, uint32_t align)
{
	return align > 1 ? (v + align - 1) / align * align : v;
}

/* A program of DOS has no more than a size: pages of 512 bytes, and how many count in the last. */
static ov_status read_dos(struct ov_exe_in *in, struct ov_cur c)
{
	uint16_t last, pages;

	ov_cur_soft_skip(&c, 2);
	last = ov_cur_soft_u16le(&c);
	pages = ov_cur_soft_u16le(&c);
	if (ov_cur_status(&c) != OV_OK) {
		ov_exe_broken(in, "the DOS header is cut");
		pages = 0;
	}
	if (pages > 0) {
		const uint64_t tail = last > 0 && last < 512 ? 512u - last : 0;

		(void)ov_exe_claim(in, 0, (uint64_t)pages * 512 - tail);
	}
	if (in->x->end == 0)
		in->x->end = in->win.src->size;
	return OV_OK;
}

static void check_alignments(struct pe *pe)
{
	if (pe->file_align == 0 || (pe->file_align & (pe->file_align - 1)) != 0) {
		ov_exe_broken(pe->in, "the file alignment is no power of two");
		pe->file_align = 512;
	}
	if (pe->section_align == 0 || (pe->section_align & (pe->section_align - 1)) != 0) {
		ov_exe_broken(pe->in, "the section alignment is no power of two");
		pe->section_align = 4096;
	}
}

/* A section as it is mapped. */
static void map_section(struct pe *pe, const struct ov_pe_section *raw, struct ov_section *s)
{
	uint64_t end;

	s->flags = raw->flags;
	s->addr = round_down(raw->rva, pe->section_align);
	s->vsize = round_up(raw->vsize != 0 ? raw->vsize : raw->raw_size, pe->section_align);
	s->off = round_down(raw->raw, pe->file_align);
	s->size = round_up(raw->raw_size, pe->file_align);
	end = s->off + s->size;
	(void)ov_exe_claim(pe->in, raw->raw, raw->raw_size);
	if (s->off >= pe->in->win.src->size)
		s->size = 0;
	else if (end > pe->in->win.src->size)
		s->size = pe->in->win.src->size - s->off;
	if (raw->raw_size != 0 && s->size == 0)
		ov_exe_broken(pe->in, "a section lies past the end of the file");
}

/* Names are 8 bytes, filled up with NUL. */
static ov_status keep_name(struct ov_arena *a, const uint8_t name[8], struct ov_str *out)
{
	const size_t n = strnlen((const char *)name, 8);

	return ov_arena_str(a, (struct ov_str){ .p = (const char *)name, .n = n }, out);
}

static ov_status read_sections(struct pe *pe)
{
	const uint64_t table = ov_pe_sections_at(&pe->h);
	struct ov_exe *x = pe->in->x;
	uint32_t room;

	if (pe->h.nsections == 0)
		ov_exe_broken(pe->in, "there are no sections");
	if (pe->h.nsections > WINDOWS_SECTIONS_MAX)
		ov_exe_broken(pe->in, "more sections than Windows loads");
	OV_TRY(ov_exe_sections(pe->in, pe->h.nsections, &room));
	for (uint32_t i = 0; i < room; i++) {
		struct ov_pe_section raw;
		const ov_status s = ov_pe_section_read(&pe->in->win, &pe->h, i, &raw);

		if (s == OV_SHORT) {
			ov_exe_broken(pe->in, "the section table is cut");
			x->is_cut = true;
			break;
		}
		OV_TRY(s);
		map_section(pe, &raw, &x->sections[i]);
		OV_TRY(keep_name(pe->in->arena, raw.name, &x->sections[i].name));
		x->nsections = i + 1;
	}
	(void)ov_exe_claim(pe->in, table, (uint64_t)x->nsections * OV_PE_SECTION_SIZE);
	return OV_OK;
}

ov_status ov_pe_offset(const struct pe *pe, uint64_t rva, uint64_t *out)
{
	const struct ov_exe *x = pe->in->x;
	const uint32_t loaded = (uint32_t)ov_min_u64(x->nsections, WINDOWS_SECTIONS_MAX);

	/* The last section that fits counts: later ones are mapped over earlier ones. */
	for (uint32_t i = loaded; i-- > 0;) {
		const struct ov_section *s = &x->sections[i];

		if (rva >= s->addr && rva - s->addr < s->size) {
			*out = s->off + (rva - s->addr);
			return OV_OK;
		}
	}
	/* Headers are mapped as they stand in the file. Without sections all of it is. */
	if ((rva < pe->h.headers_size || x->nsections == 0) && rva < pe->in->win.src->size) {
		*out = rva;
		return OV_OK;
	}
	return OV_BAD;
}

static void find_entry(struct pe *pe)
{
	struct ov_exe *x = pe->in->x;

	x->has_entry = ov_pe_offset(pe, pe->h.entry, &x->entry) == OV_OK;
	if (!x->has_entry && pe->h.entry != 0)
		ov_exe_broken(pe->in, "the entry point lies in no section");
}

/* The symbol table of linkers that keep one: records of 18 bytes, then text that begins with its
 * own length. */
static ov_status claim_symbols(struct pe *pe)
{
	const uint64_t text = pe->h.symbols + (uint64_t)pe->h.nsymbols * 18;
	struct ov_cur c;
	uint32_t n;

	if (pe->h.symbols == 0 || text >= pe->in->win.src->size)
		return OV_OK;
	(void)ov_exe_claim(pe->in, pe->h.symbols, (uint64_t)pe->h.nsymbols * 18);
	OV_TRY(ov_window_upto(&pe->in->win, text, 4, &c));
	if (ov_cur_u32le(&c, &n) == OV_OK && n >= 4 && n <= pe->in->win.src->size - text)
		(void)ov_exe_claim(pe->in, text, n);
	return OV_OK;
}

/* Reads what follows "PE\0\0" at pe->coff. */
static ov_status read_headers(struct pe *pe)
{
	struct ov_exe *x = pe->in->x;
	const ov_status s = ov_pe_header_read(&pe->in->win, pe->coff, &pe->h);

	if (s == OV_SHORT) {
		ov_exe_broken(pe->in, "the PE header is cut");
		x->is_cut = true;
		return OV_OK;
	}
	OV_TRY(s);
	for (uint32_t i = pe->h.ndirs; i < OV_PE_DIRS; i++)
		pe->h.dirs[i] = (struct ov_pe_dir){ 0 };
	if (pe->h.magic != 0x10b && !pe->h.is_64)
		ov_exe_broken(pe->in, "the optional header is of no known kind");
	x->machine = pe->h.machine;
	x->is_64 = pe->h.is_64;
	x->is_library = (pe->h.flags & 0x2000) != 0;
	pe->section_align = pe->h.section_align;
	pe->file_align = pe->h.file_align;
	check_alignments(pe);
	(void)ov_exe_claim(pe->in, 0, ov_min_u64(pe->h.headers_size, pe->in->win.src->size));
	OV_TRY(read_sections(pe));
	find_entry(pe);
	OV_TRY(claim_symbols(pe));
	if (pe->h.dirs[OV_PE_SECURITY].rva != 0) { /* the only one that holds a file offset */
		(void)ov_exe_claim(pe->in, pe->h.dirs[OV_PE_SECURITY].rva,
				   pe->h.dirs[OV_PE_SECURITY].size);
		x->certs = pe->h.dirs[OV_PE_SECURITY].rva;
		x->certs_size = pe->h.dirs[OV_PE_SECURITY].size;
	}
	x->checksum_at = pe->coff + 20 + 64;
	x->security_at = pe->coff + 20 + (pe->h.is_64 ? 112 : 96) + 8 * OV_PE_SECURITY;
	OV_TRY(ov_pe_imports(pe));
	return ov_pe_versions(pe);
}

ov_status ov_pe_read(struct ov_exe_in *in)
{
	struct pe pe = { .in = in };
	struct ov_cur dos;
	ov_status s;

	OV_TRY(ov_window_upto(&in->win, 0, 64, &dos));
	if (!ov_cur_looking_at(&dos, "MZ", 2))
		return OV_BAD;
	s = ov_pe_find(&in->win, &pe.coff);
	if (s == OV_OK)
		return read_headers(&pe);
	if (s != OV_BAD)
		return s;
	/* the look above may have moved the window */
	OV_TRY(ov_window_upto(&in->win, 0, 64, &dos));
	return read_dos(in, dos);
}
