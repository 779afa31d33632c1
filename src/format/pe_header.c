/* Headers of Portable Executables. See pe_header.h. */
#include "pe_header.h"

ov_status ov_pe_find(struct ov_window *win, uint64_t *coff)
{
	struct ov_cur dos, sign;
	uint32_t at = 0;

	OV_TRY(ov_window_upto(win, 0, 64, &dos));
	if (!ov_cur_looking_at(&dos, "MZ", 2) || ov_cur_seek(&dos, 60) != OV_OK ||
	    ov_cur_u32le(&dos, &at) != OV_OK)
		return OV_BAD;
	OV_TRY(ov_window_upto(win, at, 4, &sign));
	if (!ov_cur_looking_at(&sign, "PE\0\0", 4))
		return OV_BAD;
	*coff = (uint64_t)at + 4;
	return OV_OK;
}

static void read_coff(struct ov_cur *c, struct ov_pe_header *h)
{
	h->machine = ov_cur_soft_u16le(c);
	h->nsections = ov_cur_soft_u16le(c);
	h->time = ov_cur_soft_u32le(c);
	h->symbols = ov_cur_soft_u32le(c);
	h->nsymbols = ov_cur_soft_u32le(c);
	h->optional_size = ov_cur_soft_u16le(c);
	h->flags = ov_cur_soft_u16le(c);
}

static struct ov_pe_version2 version(struct ov_cur *c)
{
	struct ov_pe_version2 v;

	v.major = ov_cur_soft_u16le(c);
	v.minor = ov_cur_soft_u16le(c);
	return v;
}

static uint64_t word(struct ov_cur *c, bool is_64)
{
	return is_64 ? ov_cur_soft_u64le(c) : ov_cur_soft_u32le(c);
}

/*
 * The optional header. Its declared size is not asked: Windows reads the fields wherever the
 * section table begins, and tiny programs lay one over the other.
 */
static void read_optional(struct ov_cur *c, struct ov_pe_header *h)
{
	h->magic = ov_cur_soft_u16le(c);
	h->is_64 = h->magic == 0x20b;
	h->linker.major = ov_cur_soft_u8(c);
	h->linker.minor = ov_cur_soft_u8(c);
	h->code_size = ov_cur_soft_u32le(c);
	h->data_size = ov_cur_soft_u32le(c);
	h->bss_size = ov_cur_soft_u32le(c);
	h->entry = ov_cur_soft_u32le(c);
	h->code_base = ov_cur_soft_u32le(c);
	if (!h->is_64)
		h->data_base = ov_cur_soft_u32le(c);
	h->image_base = word(c, h->is_64);
	h->section_align = ov_cur_soft_u32le(c);
	h->file_align = ov_cur_soft_u32le(c);
	h->os = version(c);
	h->image = version(c);
	h->subsystem_version = version(c);
	h->win32_version = ov_cur_soft_u32le(c);
	h->image_size = ov_cur_soft_u32le(c);
	h->headers_size = ov_cur_soft_u32le(c);
	h->checksum = ov_cur_soft_u32le(c);
	h->subsystem = ov_cur_soft_u16le(c);
	h->dll_flags = ov_cur_soft_u16le(c);
	h->stack_reserve = word(c, h->is_64);
	h->stack_commit = word(c, h->is_64);
	h->heap_reserve = word(c, h->is_64);
	h->heap_commit = word(c, h->is_64);
	h->loader_flags = ov_cur_soft_u32le(c);
	h->ndirs = ov_cur_soft_u32le(c);
	for (uint32_t i = 0; i < OV_PE_DIRS; i++) {
		h->dirs[i].rva = ov_cur_soft_u32le(c);
		h->dirs[i].size = ov_cur_soft_u32le(c);
	}
}

ov_status ov_pe_header_read(struct ov_window *win, uint64_t coff, struct ov_pe_header *out)
{
	struct ov_pe_header h = { .coff = coff };
	struct ov_cur c;

	OV_TRY(ov_window_upto(win, coff, 20 + ov_pe_optional_bytes(true), &c));
	read_coff(&c, &h);
	OV_TRY(ov_cur_status(&c));
	read_optional(&c, &h);
	*out = h;
	return OV_OK;
}

ov_status ov_pe_section_read(struct ov_window *win, const struct ov_pe_header *h, uint32_t i,
			     struct ov_pe_section *out)
{
	struct ov_pe_section s = { .vsize = 0 };
	struct ov_cur c;

	OV_TRY(ov_window_get(win, ov_pe_sections_at(h) + (uint64_t)i * OV_PE_SECTION_SIZE,
			     OV_PE_SECTION_SIZE, &c));
	OV_TRY(ov_cur_copy(&c, s.name, sizeof s.name));
	s.vsize = ov_cur_soft_u32le(&c);
	s.rva = ov_cur_soft_u32le(&c);
	s.raw_size = ov_cur_soft_u32le(&c);
	s.raw = ov_cur_soft_u32le(&c);
	s.relocations = ov_cur_soft_u32le(&c);
	s.lines = ov_cur_soft_u32le(&c);
	s.nrelocations = ov_cur_soft_u16le(&c);
	s.nlines = ov_cur_soft_u16le(&c);
	s.flags = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	*out = s;
	return OV_OK;
}
