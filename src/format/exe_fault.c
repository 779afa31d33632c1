/*
 * Broken programs, as clamscan sees them: found by running it on files with one field changed at a
 * time (docs/COMPATIBILITY.md). What it does not mind is not minded here either: raw data beyond
 * the end of the file, unknown machines, overlaid sections.
 */
#include "exe_fault.h"

#include "checked.h"
#include "window.h"

#define ELF_SEGMENTS_MAX 128
#define ELF_SECTIONS_MAX 2048 /* more are not looked at */
#define MACHO_COMMANDS_MAX 1024
#define MACHO_SECTIONS_MAX 255
#define SECTOR 0x200u
#define PAGE 0x1000u

struct broken {
	struct ov_window w;
	uint64_t size;
	const char *why;
};

/* Notes the first thing that is wrong. */
static ov_status broken(struct broken *b, const char *why)
{
	b->why = why;
	return OV_END;
}

/* Bytes that must be there; OV_END when they are not, which is noted as `why`. */
static ov_status need(struct broken *b, uint64_t at, size_t n, const char *why, struct ov_cur *out)
{
	const ov_status s = ov_window_get(&b->w, at, n, out);

	return s == OV_SHORT ? broken(b, why) : s;
}

/* ---- PE ---- */

struct pe {
	uint64_t header; /* of the PE signature */
	uint16_t nsections, option_size;
	bool is_64, is_native;
	uint32_t entry, section_align, file_align, headers, ndirs;
};

struct pe_section {
	uint32_t va, vsize, raw, size;
};

static uint64_t round_up(uint64_t v, uint64_t unit)
{
	return unit == 0 ? v : (v + unit - 1) / unit * unit;
}

static ov_status pe_options(struct broken *b, struct pe *p)
{
	static const char cut[] = "the file ends within the optional header";
	const uint64_t at = p->header + 24;
	struct ov_cur c;

	OV_TRY(need(b, at, 96, cut, &c));
	p->is_64 = ov_cur_soft_u16le(&c) == 0x20b;
	if (p->is_64)
		OV_TRY(need(b, at, 112, cut, &c));
	else
		OV_TRY(need(b, at, 96, cut, &c));
	ov_cur_soft_skip(&c, 16);
	p->entry = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 12);
	p->section_align = ov_cur_soft_u32le(&c);
	p->file_align = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 20);
	p->headers = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	p->is_native = ov_cur_soft_u16le(&c) == 1;
	ov_cur_soft_skip(&c, p->is_64 ? 38 : 22);
	p->ndirs = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	if (p->ndirs > 16)
		p->ndirs = 16;
	if (p->option_size < (p->is_64 ? 112u : 96u) + 8 * p->ndirs)
		return broken(b, "the optional header is smaller than what it holds");
	return OV_OK;
}

static ov_status pe_alignment(struct broken *b, const struct pe *p)
{
	if (p->is_native)
		return OV_OK;
	if (p->section_align == 0 || p->section_align % PAGE != 0)
		return broken(b, "the alignment of sections is no multiple of a page");
	if (p->file_align == 0 || p->file_align % SECTOR != 0)
		return broken(b, "the alignment in the file is no multiple of a sector");
	return OV_OK;
}

static ov_status pe_section(struct broken *b, const struct pe *p, uint32_t i, struct pe_section *s)
{
	struct ov_cur c;

	OV_TRY(need(b, p->header + 24 + p->option_size + (uint64_t)i * 40, 40,
		    "the file ends within the section table", &c));
	ov_cur_soft_skip(&c, 8);
	s->vsize = ov_cur_soft_u32le(&c);
	s->va = ov_cur_soft_u32le(&c);
	s->size = ov_cur_soft_u32le(&c);
	s->raw = ov_cur_soft_u32le(&c);
	return ov_cur_status(&c);
}

/* Sections whose place is no multiple of the alignment but of a sector: loaders take the latter. */
static ov_status pe_unit(struct broken *b, const struct pe *p, uint32_t *unit)
{
	struct pe_section s;

	*unit = p->file_align;
	for (uint32_t i = 0; i < p->nsections; i++) {
		OV_TRY(pe_section(b, p, i, &s));
		if (*unit != 0 && s.size != 0 && s.raw % *unit != 0 && s.raw % SECTOR == 0)
			*unit = SECTOR;
	}
	return OV_OK;
}

/* Walks the sections: in order, side by side in memory. *entry_found: the entry point has bytes. */
static ov_status pe_sections(struct broken *b, const struct pe *p, uint32_t unit, bool *entry_found)
{
	uint64_t next = round_up(p->headers, p->section_align);
	struct pe_section s;

	for (uint32_t i = 0; i < p->nsections; i++) {
		uint64_t raw, size, vsize;

		OV_TRY(pe_section(b, p, i, &s));
		raw = unit > 0 ? s.raw / unit * unit : s.raw;
		size = round_up(s.size, unit);
		size = raw >= b->size ? 0 : ov_min_u64(size, b->size - raw);
		vsize = round_up(s.vsize > 0 ? s.vsize : size, p->section_align);
		if ((s.va | s.vsize) >> 31 != 0)
			return broken(b, "a section lies in the upper half of memory");
		if (!p->is_native && s.va != next)
			return broken(b, "sections do not follow each other in memory");
		next = s.va + vsize;
		if (p->entry >= s.va && p->entry - s.va < size)
			*entry_found = true;
	}
	return OV_OK;
}

static ov_status pe_broken(struct broken *b)
{
	struct pe p = { .header = 0 };
	bool entry_found = false;
	struct ov_cur c;
	uint32_t unit;

	OV_TRY(ov_window_get(&b->w, 60, 4, &c));
	p.header = ov_cur_soft_u32le(&c);
	OV_TRY(ov_window_get(&b->w, p.header, 24, &c)); /* less: no PE */
	ov_cur_soft_skip(&c, 6);
	p.nsections = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 12);
	p.option_size = ov_cur_soft_u16le(&c);
	if (p.nsections == 0)
		return broken(b, "it has no sections");
	OV_TRY(pe_options(b, &p));
	OV_TRY(pe_alignment(b, &p));
	if (ov_window_get(&b->w, p.header + 24 + (p.is_64 ? 112 : 96), 8 * (size_t)p.ndirs, &c) !=
	    OV_OK)
		return OV_END; /* cut within the directories: clamscan gives up without a word */
	OV_TRY(pe_unit(b, &p, &unit));
	OV_TRY(pe_sections(b, &p, unit, &entry_found));
	if (p.entry < round_up(p.headers, p.section_align))
		entry_found = p.entry < b->size;
	return entry_found ? OV_OK : broken(b, "the entry point has no bytes in the file");
}

/* ---- ELF ---- */

struct elf {
	bool is_64, is_be;
	uint64_t entry, segments, sections;
	uint16_t nsegments, segment_size, nsections, section_size;
};

static uint32_t get16(struct ov_cur *c, bool is_be)
{
	return is_be ? ov_cur_soft_u16be(c) : ov_cur_soft_u16le(c);
}

static uint32_t get32(struct ov_cur *c, bool is_be)
{
	return is_be ? ov_cur_soft_u32be(c) : ov_cur_soft_u32le(c);
}

static uint64_t elf_word(struct ov_cur *c, const struct elf *e)
{
	if (!e->is_64)
		return get32(c, e->is_be);
	return e->is_be ? ov_cur_soft_u64be(c) : ov_cur_soft_u64le(c);
}

static ov_status elf_header(struct broken *b, struct elf *e)
{
	struct ov_cur c;
	uint8_t class, order;

	OV_TRY(ov_window_get(&b->w, 0, 52, &c)); /* less: no ELF */
	ov_cur_soft_skip(&c, 4);
	class = ov_cur_soft_u8(&c);
	order = ov_cur_soft_u8(&c);
	if (class != 1 && class != 2)
		return broken(b, "its class is unknown");
	e->is_64 = class == 2;
	e->is_be = order != 1;
	if (e->is_64)
		OV_TRY(ov_window_get(&b->w, 0, 64, &c));
	else
		OV_TRY(ov_window_get(&b->w, 0, 52, &c));
	ov_cur_soft_skip(&c, 24);
	e->entry = elf_word(&c, e);
	e->segments = elf_word(&c, e);
	e->sections = elf_word(&c, e);
	ov_cur_soft_skip(&c, 6);
	e->segment_size = (uint16_t)get16(&c, e->is_be);
	e->nsegments = (uint16_t)get16(&c, e->is_be);
	e->section_size = (uint16_t)get16(&c, e->is_be);
	e->nsections = (uint16_t)get16(&c, e->is_be);
	return ov_cur_status(&c);
}

static ov_status elf_segments(struct broken *b, const struct elf *e)
{
	const size_t size = e->is_64 ? 56 : 32;
	bool is_mapped = false;

	if (e->nsegments > ELF_SEGMENTS_MAX)
		return broken(b, "it has more than 128 segments");
	if (e->nsegments > 0 && e->segment_size != size)
		return broken(b, "its segments have another size");
	for (uint32_t i = 0; i < e->nsegments; i++) {
		struct ov_cur c;
		uint64_t at, addr, room;

		if (ov_add_u64(e->segments, i * size, &at) != OV_OK)
			return broken(b, "its segment table lies outside the file");
		OV_TRY(need(b, at, size, "its segment table lies outside the file", &c));
		ov_cur_soft_skip(&c, e->is_64 ? 16 : 8);
		addr = elf_word(&c, e);
		ov_cur_soft_skip(&c, e->is_64 ? 16 : 8);
		room = elf_word(&c, e);
		OV_TRY(ov_cur_status(&c));
		is_mapped |= e->entry >= addr && e->entry - addr < room;
	}
	if (e->nsegments > 0 && e->entry != 0 && !is_mapped)
		return broken(b, "its entry point lies in no segment");
	return OV_OK;
}

static ov_status elf_broken(struct broken *b)
{
	struct elf e = { .entry = 0 };
	uint64_t bytes;

	OV_TRY(elf_header(b, &e));
	OV_TRY(elf_segments(b, &e));
	if (e.nsections == 0 || e.nsections > ELF_SECTIONS_MAX)
		return OV_OK;
	bytes = (uint64_t)e.nsections * (e.is_64 ? 64 : 40);
	if (e.section_size != (e.is_64 ? 64 : 40))
		return broken(b, "its sections have another size");
	if (e.sections > b->size || bytes > b->size - e.sections)
		return broken(b, "its section table lies outside the file");
	return OV_OK;
}

/* ---- Mach-O ---- */

/* The sections of one segment command at `*at`, which moves behind them. */
static ov_status macho_segment(struct broken *b, bool is_be, bool is_64, uint64_t *at)
{
	static const char cut[] = "the file ends within a segment";
	const size_t head = is_64 ? 72 : 56, row = is_64 ? 80 : 68;
	struct ov_cur c;
	uint32_t n;

	OV_TRY(need(b, *at, head, cut, &c));
	ov_cur_soft_skip(&c, head - 8);
	n = get32(&c, is_be);
	if (n > MACHO_SECTIONS_MAX)
		return broken(b, "a segment has more than 255 sections");
	*at += head;
	for (uint32_t i = 0; i < n; i++) {
		OV_TRY(need(b, *at, row, cut, &c));
		ov_cur_soft_skip(&c, is_64 ? 52 : 44);
		if (get32(&c, is_be) > 31)
			return broken(b, "a section's alignment is beyond 31 bits");
		*at += row;
	}
	return OV_OK;
}

/* The registers that a thread begins with, as far as its machine is one that clamscan knows. */
static ov_status macho_thread(struct broken *b, uint32_t cpu, uint64_t at)
{
	static const struct {
		uint32_t cpu;
		size_t state;
	} known[] = { { 7, 64 }, { 18, 160 }, { 0x1000012, 304 } };
	struct ov_cur c;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].cpu == cpu)
			return need(b, at + 16, known[i].state,
				    "the file ends within a thread's registers", &c);
	return OV_OK;
}

static ov_status macho_broken(struct broken *b)
{
	struct ov_cur c;
	bool is_be, is_64;
	uint32_t n, magic, cpu;
	uint64_t at;

	OV_TRY(ov_window_get(&b->w, 0, 28, &c)); /* less: no Mach-O */
	magic = ov_cur_soft_u32be(&c);
	is_be = magic >> 24 == 0xfe;
	is_64 = (is_be ? magic & 0xff : magic >> 24) == 0xcf;
	cpu = get32(&c, is_be);
	ov_cur_soft_skip(&c, 8);
	n = get32(&c, is_be);
	at = is_64 ? 32 : 28;
	if (n == 0 || n > MACHO_COMMANDS_MAX)
		return broken(b, "it has no load commands, or more than 1024");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t kind, size;

		OV_TRY(need(b, at, 8, "the file ends within its load commands", &c));
		kind = get32(&c, is_be);
		size = get32(&c, is_be);
		if (kind == 4 || kind == 5)
			OV_TRY(macho_thread(b, cpu, at));
		if (kind == 1 || kind == 0x19)
			OV_TRY(macho_segment(b, is_be, kind == 0x19, &at));
		else
			at += ov_max_u64(size, 8);
	}
	return OV_OK;
}

ov_status ov_exe_find_fault(enum ov_type t, const struct ov_src *src, struct ov_arena *a,
			    const char **why)
{
	struct broken b = { .size = src->size };
	ov_status s;

	*why = NULL;
	OV_TRY(ov_window_init(&b.w, src, a));
	s = t == OV_T_MSEXE   ? pe_broken(&b)
	    : t == OV_T_ELF   ? elf_broken(&b)
	    : t == OV_T_MACHO ? macho_broken(&b)
			      : OV_OK;
	*why = b.why;
	return s == OV_END || s == OV_SHORT ? OV_OK : s;
}
