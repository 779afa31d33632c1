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

#define SECTION_SIZE 40u
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

static void read_coff(struct pe *pe, struct ov_cur *c)
{
	pe->in->x->machine = ov_cur_soft_u16le(c);
	pe->nsections = ov_cur_soft_u16le(c);
	ov_cur_soft_skip(c, 4); /* time */
	pe->symbols = ov_cur_soft_u32le(c);
	pe->nsymbols = ov_cur_soft_u32le(c);
	pe->optional_size = ov_cur_soft_u16le(c);
	pe->flags = ov_cur_soft_u16le(c);
}

/*
 * The optional header. Its declared size is not asked: Windows reads the fields wherever the
 * section table begins, and tiny programs lay one over the other. Fields past the end of the file
 * read as zero.
 */
static void read_optional(struct pe *pe, struct ov_cur *c)
{
	const uint16_t magic = ov_cur_soft_u16le(c);
	uint32_t ndirs;

	pe->is_64 = magic == 0x20b;
	if (magic != 0x10b && magic != 0x20b)
		ov_exe_broken(pe->in, "the optional header is of no known kind");
	ov_cur_soft_skip(c, 14);
	pe->entry_rva = ov_cur_soft_u32le(c);
	ov_cur_soft_skip(c, pe->is_64 ? 4 : 8);
	pe->image_base = pe->is_64 ? ov_cur_soft_u64le(c) : ov_cur_soft_u32le(c);
	pe->section_align = ov_cur_soft_u32le(c);
	pe->file_align = ov_cur_soft_u32le(c);
	ov_cur_soft_skip(c, 20); /* versions, size of image */
	pe->headers_size = ov_cur_soft_u32le(c);
	ov_cur_soft_skip(c, pe->is_64 ? 4 + 2 + 2 + 4 * 8 + 4 : 4 + 2 + 2 + 4 * 4 + 4);
	ndirs = ov_cur_soft_u32le(c);
	for (uint32_t i = 0; i < ndirs && i < PE_DIRS; i++) {
		pe->dirs[i].rva = ov_cur_soft_u32le(c);
		pe->dirs[i].size = ov_cur_soft_u32le(c);
	}
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

static void read_section(struct pe *pe, struct ov_cur *c, struct ov_section *s, struct ov_cur *name)
{
	uint32_t vsize, rva, raw_size, raw;
	uint64_t end;

	if (ov_cur_take(c, 8, name) != OV_OK)
		return;
	vsize = ov_cur_soft_u32le(c);
	rva = ov_cur_soft_u32le(c);
	raw_size = ov_cur_soft_u32le(c);
	raw = ov_cur_soft_u32le(c);
	ov_cur_soft_skip(c, 12); /* relocations, line numbers */
	s->flags = ov_cur_soft_u32le(c);
	s->addr = round_down(rva, pe->section_align);
	s->vsize = round_up(vsize != 0 ? vsize : raw_size, pe->section_align);
	s->off = round_down(raw, pe->file_align);
	s->size = round_up(raw_size, pe->file_align);
	end = s->off + s->size;
	(void)ov_exe_claim(pe->in, raw, raw_size);
	if (s->off >= pe->in->win.src->size)
		s->size = 0;
	else if (end > pe->in->win.src->size)
		s->size = pe->in->win.src->size - s->off;
	if (raw_size != 0 && s->size == 0)
		ov_exe_broken(pe->in, "a section lies past the end of the file");
}

/* Names are 8 bytes, filled up with NUL. */
static ov_status keep_name(struct ov_arena *a, struct ov_cur field, struct ov_str *out)
{
	const size_t n = field.len > 0 ? strnlen((const char *)field.base, field.len) : 0;

	return ov_arena_str(a, (struct ov_str){ .p = (const char *)field.base, .n = n }, out);
}

static ov_status read_sections(struct pe *pe)
{
	const uint64_t table = pe->coff + 20 + pe->optional_size;
	struct ov_exe *x = pe->in->x;
	struct ov_cur c, name;
	uint32_t room;

	if (pe->nsections == 0)
		ov_exe_broken(pe->in, "there are no sections");
	if (pe->nsections > WINDOWS_SECTIONS_MAX)
		ov_exe_broken(pe->in, "more sections than Windows loads");
	OV_TRY(ov_exe_sections(pe->in, pe->nsections, &room));
	for (uint32_t i = 0; i < room; i++) {
		OV_TRY(ov_window_upto(&pe->in->win, table + (uint64_t)i * SECTION_SIZE,
				      SECTION_SIZE, &c));
		if (c.len < SECTION_SIZE) {
			ov_exe_broken(pe->in, "the section table is cut");
			x->is_cut = true;
			break;
		}
		read_section(pe, &c, &x->sections[i], &name);
		OV_TRY(keep_name(pe->in->arena, name, &x->sections[i].name));
		x->nsections = i + 1;
	}
	(void)ov_exe_claim(pe->in, table, (uint64_t)x->nsections * SECTION_SIZE);
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
	if ((rva < pe->headers_size || x->nsections == 0) && rva < pe->in->win.src->size) {
		*out = rva;
		return OV_OK;
	}
	return OV_BAD;
}

static void find_entry(struct pe *pe)
{
	struct ov_exe *x = pe->in->x;

	x->has_entry = ov_pe_offset(pe, pe->entry_rva, &x->entry) == OV_OK;
	if (!x->has_entry && pe->entry_rva != 0)
		ov_exe_broken(pe->in, "the entry point lies in no section");
}

/* The symbol table of linkers that keep one: records of 18 bytes, then text that begins with its
 * own length. */
static ov_status claim_symbols(struct pe *pe)
{
	const uint64_t text = pe->symbols + (uint64_t)pe->nsymbols * 18;
	struct ov_cur c;
	uint32_t n;

	if (pe->symbols == 0 || text >= pe->in->win.src->size)
		return OV_OK;
	(void)ov_exe_claim(pe->in, pe->symbols, (uint64_t)pe->nsymbols * 18);
	OV_TRY(ov_window_upto(&pe->in->win, text, 4, &c));
	if (ov_cur_u32le(&c, &n) == OV_OK && n >= 4 && n <= pe->in->win.src->size - text)
		(void)ov_exe_claim(pe->in, text, n);
	return OV_OK;
}

/* Reads what follows "PE\0\0" at pe->coff. */
static ov_status read_headers(struct pe *pe)
{
	struct ov_exe *x = pe->in->x;
	struct ov_cur c;

	OV_TRY(ov_window_upto(&pe->in->win, pe->coff, 20 + 112 + 8 * PE_DIRS, &c));
	read_coff(pe, &c);
	if (ov_cur_status(&c) != OV_OK) {
		ov_exe_broken(pe->in, "the PE header is cut");
		x->is_cut = true;
		return OV_OK;
	}
	read_optional(pe, &c);
	x->is_64 = pe->is_64;
	x->is_library = (pe->flags & 0x2000) != 0;
	check_alignments(pe);
	(void)ov_exe_claim(pe->in, 0, ov_min_u64(pe->headers_size, pe->in->win.src->size));
	OV_TRY(read_sections(pe));
	find_entry(pe);
	OV_TRY(claim_symbols(pe));
	if (pe->dirs[PE_DIR_SECURITY].rva != 0) { /* the only one that holds a file offset */
		(void)ov_exe_claim(pe->in, pe->dirs[PE_DIR_SECURITY].rva,
				   pe->dirs[PE_DIR_SECURITY].size);
		x->certs = pe->dirs[PE_DIR_SECURITY].rva;
		x->certs_size = pe->dirs[PE_DIR_SECURITY].size;
	}
	x->checksum_at = pe->coff + 20 + 64;
	x->security_at = pe->coff + 20 + (pe->is_64 ? 112 : 96) + 8 * PE_DIR_SECURITY;
	OV_TRY(ov_pe_imports(pe));
	return ov_pe_versions(pe);
}

ov_status ov_pe_read(struct ov_exe_in *in)
{
	struct pe pe = { .in = in };
	struct ov_cur dos, sign;
	uint32_t at = 0;

	OV_TRY(ov_window_upto(&in->win, 0, 64, &dos));
	if (!ov_cur_looking_at(&dos, "MZ", 2))
		return OV_BAD;
	if (ov_cur_seek(&dos, 60) == OV_OK && ov_cur_u32le(&dos, &at) == OV_OK) {
		OV_TRY(ov_window_upto(&in->win, at, 4, &sign));
		if (ov_cur_looking_at(&sign, "PE\0\0", 4)) {
			pe.coff = (uint64_t)at + 4;
			return read_headers(&pe);
		}
		OV_TRY(ov_window_upto(&in->win, 0, 64,
				      &dos)); /* the look above may have moved the window */
	}
	OV_TRY(ov_cur_seek(&dos, 0));
	return read_dos(in, dos);
}
