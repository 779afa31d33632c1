/* Rows of ELF tables: see elf.h. */
#include "elf.h"

static uint16_t u16(const struct ov_elf *e, struct ov_cur *c)
{
	return e->is_be ? ov_cur_soft_u16be(c) : ov_cur_soft_u16le(c);
}

static uint32_t u32(const struct ov_elf *e, struct ov_cur *c)
{
	return e->is_be ? ov_cur_soft_u32be(c) : ov_cur_soft_u32le(c);
}

/* An address, offset or size: as wide as the file's class. */
static uint64_t word(const struct ov_elf *e, struct ov_cur *c)
{
	if (!e->is_64)
		return u32(e, c);
	return e->is_be ? ov_cur_soft_u64be(c) : ov_cur_soft_u64le(c);
}

ov_status ov_elf_open(struct ov_window *w, struct ov_elf *out)
{
	struct ov_elf e = { 0 };
	struct ov_cur c;

	OV_TRY(ov_window_upto(w, 0, 64, &c));
	if (ov_cur_expect(&c, "\x7f"
			      "ELF") != OV_OK)
		return OV_BAD;
	e.class = ov_cur_soft_u8(&c);
	e.order = ov_cur_soft_u8(&c);
	e.is_64 = e.class == 2;
	e.is_be = e.order == 2;
	ov_cur_soft_skip(&c, 1); /* version */
	e.osabi = ov_cur_soft_u8(&c);
	ov_cur_soft_skip(&c, 8);
	e.type = u16(&e, &c);
	e.machine = u16(&e, &c);
	ov_cur_soft_skip(&c, 4);
	e.entry = word(&e, &c);
	e.phoff = word(&e, &c);
	e.shoff = word(&e, &c);
	ov_cur_soft_skip(&c, 6); /* flags, size of this header */
	e.phentsize = u16(&e, &c);
	e.phnum = u16(&e, &c);
	e.shentsize = u16(&e, &c);
	e.shnum = u16(&e, &c);
	e.shstrndx = u16(&e, &c);
	*out = e; /* of a cut one too: its caller tells how wide it is */
	return ov_cur_status(&c);
}

ov_status ov_elf_segment_at(const struct ov_elf *e, struct ov_window *w, uint64_t at,
			    struct ov_elf_segment *out)
{
	struct ov_elf_segment s;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, ov_elf_segment_size(e), &c));
	s.type = u32(e, &c);
	s.flags = e->is_64 ? u32(e, &c) : 0; /* they stand here in 64-bit files */
	s.off = word(e, &c);
	s.addr = word(e, &c);
	s.paddr = word(e, &c);
	s.filesz = word(e, &c);
	s.memsz = word(e, &c);
	if (!e->is_64)
		s.flags = u32(e, &c);
	s.align = word(e, &c);
	OV_TRY(ov_cur_status(&c));
	*out = s;
	return OV_OK;
}

ov_status ov_elf_section_at(const struct ov_elf *e, struct ov_window *w, uint64_t at,
			    struct ov_elf_section *out)
{
	struct ov_elf_section s;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, ov_elf_section_size(e), &c));
	s.name = u32(e, &c);
	s.type = u32(e, &c);
	s.flags = word(e, &c);
	s.addr = word(e, &c);
	s.off = word(e, &c);
	s.size = word(e, &c);
	s.link = u32(e, &c);
	OV_TRY(ov_cur_status(&c));
	*out = s;
	return OV_OK;
}

ov_status ov_elf_symbol_at(const struct ov_elf *e, struct ov_window *w, uint64_t at,
			   struct ov_elf_symbol *out)
{
	struct ov_elf_symbol s = { 0 };
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, ov_elf_symbol_size(e), &c));
	s.name = u32(e, &c);
	if (!e->is_64) {
		s.value = u32(e, &c);
		s.size = u32(e, &c);
	}
	s.info = ov_cur_soft_u8(&c);
	s.other = ov_cur_soft_u8(&c);
	s.shndx = u16(e, &c);
	if (e->is_64) {
		s.value = word(e, &c);
		s.size = word(e, &c);
	}
	OV_TRY(ov_cur_status(&c));
	*out = s;
	return OV_OK;
}

ov_status ov_elf_dyn_at(const struct ov_elf *e, struct ov_window *w, uint64_t at,
			struct ov_elf_dyn *out)
{
	struct ov_elf_dyn d;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, ov_elf_dyn_size(e), &c));
	d.tag = word(e, &c);
	d.value = word(e, &c);
	OV_TRY(ov_cur_status(&c));
	*out = d;
	return OV_OK;
}
