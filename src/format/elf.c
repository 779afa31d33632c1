/*
 * ELF programs and libraries: sections, entry point, needed libraries and dynamic symbols, end.
 *
 * Follows "System V ABI, chapters 4 and 5". Both widths and byte orders. The loader reads program
 * headers only, and files without sections (or with false ones) run, so entry and libraries are
 * found through them.
 */
#include "checked.h"
#include "elf.h"
#include "exe_int.h"

#define PHDRS_MAX 4096
#define DYNAMIC_MAX 8192
#define SYMBOLS_MAX (16u * OV_EXE_IMPORTS_MAX) /* looked at; most are not imports */

enum {
	ET_REL = 1,
	ET_DYN = 3,
	PT_LOAD = 1,
	PT_DYNAMIC = 2,
	PT_INTERP = 3,
	SHT_NOBITS = 8,
	SHT_DYNSYM = 11
};
enum { DT_NEEDED = 1, DT_STRTAB = 5, DT_SYMTAB = 6, DT_STRSZ = 10 };

struct elf {
	struct ov_exe_in *in;
	struct ov_elf h;
	bool has_interpreter;
	uint64_t shnum; /* 32 bits at most, so products with 16-bit sizes can't wrap */
	uint32_t shstrndx;
	uint64_t dynamic_off, dynamic_size;
	uint64_t dynsym_size; /* from the section table; 0: not told */
};

static ov_status read_segment(struct elf *e, uint32_t i, struct ov_elf_segment *s)
{
	uint64_t at;

	OV_TRY(ov_exe_add(e->h.phoff, (uint64_t)i * e->h.phentsize, &at));
	return ov_elf_segment_at(&e->h, &e->in->win, at, s);
}

static uint32_t nsegments(const struct elf *e)
{
	return e->h.phoff == 0 || e->h.phentsize == 0 ? 0
						      : (uint32_t)ov_min_u64(e->h.phnum, PHDRS_MAX);
}

/* File offset of a virtual address. @return OV_OK; OV_BAD when no segment holds it; errors of
 * reading. */
static ov_status offset_of(struct elf *e, uint64_t addr, uint64_t *out)
{
	struct ov_elf_segment s;

	for (uint32_t i = 0; i < nsegments(e); i++) {
		OV_TRY(read_segment(e, i, &s));
		if (s.type == PT_LOAD && addr >= s.addr && addr - s.addr < s.filesz) {
			OV_TRY(ov_exe_add(s.off, addr - s.addr, out));
			return *out < e->in->win.src->size ? OV_OK : OV_BAD;
		}
	}
	return OV_BAD;
}

static ov_status read_segments(struct elf *e)
{
	struct ov_elf_segment s;

	if (e->h.phnum > PHDRS_MAX)
		e->in->x->is_capped = true;
	(void)ov_exe_claim(e->in, e->h.phoff, (uint64_t)nsegments(e) * e->h.phentsize);
	for (uint32_t i = 0; i < nsegments(e); i++) {
		OV_TRY(read_segment(e, i, &s));
		if (s.type == PT_LOAD || s.type == PT_DYNAMIC)
			(void)ov_exe_claim(e->in, s.off, s.filesz);
		e->has_interpreter |= s.type == PT_INTERP;
		if (s.type == PT_DYNAMIC) {
			e->dynamic_off = s.off;
			e->dynamic_size = s.filesz;
		}
	}
	return OV_OK;
}

static ov_status read_section(struct elf *e, uint64_t i, struct ov_elf_section *s)
{
	uint64_t at;

	/* i has 32 bits at most, shentsize 16 */
	OV_TRY(ov_exe_add(e->h.shoff, i * e->h.shentsize, &at));
	return ov_elf_section_at(&e->h, &e->in->win, at, s);
}

/* Counts that do not fit 16 bits stand in the null section. */
static ov_status read_counts(struct elf *e)
{
	struct ov_elf_section null;

	if (e->shnum != 0 && e->shstrndx != 0xffff)
		return OV_OK;
	OV_TRY(read_section(e, 0, &null));
	if (e->shnum == 0)
		e->shnum = ov_min_u64(null.size, UINT32_MAX);
	if (e->shstrndx == 0xffff)
		e->shstrndx = null.link;
	return OV_OK;
}

static ov_status keep_section(struct elf *e, const struct ov_elf_section *r,
			      const struct ov_elf_section *strings, struct ov_section *s)
{
	uint64_t at;

	s->addr = r->addr;
	s->vsize = r->size;
	s->flags = (uint32_t)r->flags;
	s->off = r->off;
	if (r->type != SHT_NOBITS && r->type != 0)
		s->size = ov_exe_claim(e->in, r->off, r->size);
	if (r->type == SHT_DYNSYM)
		e->dynsym_size = r->size;
	if (r->name == 0 || r->name >= strings->size ||
	    ov_exe_add(strings->off, r->name, &at) != OV_OK)
		return OV_OK;
	return ov_exe_text(e->in, at, strings->size - r->name, &s->name);
}

static ov_status read_sections(struct elf *e)
{
	struct ov_elf_section raw, strings = { 0 };
	struct ov_exe *x = e->in->x;
	uint64_t in_file;
	uint32_t room;

	if (e->h.shoff == 0)
		return OV_OK;
	if (e->h.shentsize < ov_elf_section_size(&e->h))
		return OV_BAD;
	OV_TRY(read_counts(e));
	/* A count beyond what the file can hold is cut before memory is taken for it. */
	in_file = e->h.shoff < e->in->win.src->size
		      ? (e->in->win.src->size - e->h.shoff) / e->h.shentsize
		      : 0;
	(void)ov_exe_claim(e->in, e->h.shoff, e->shnum * e->h.shentsize);
	if (e->shstrndx < e->shnum && e->shstrndx != 0)
		OV_TRY(read_section(e, e->shstrndx, &strings));
	OV_TRY(ov_exe_sections(e->in, ov_min_u64(e->shnum, in_file), &room));
	for (uint32_t i = 0; i < room; i++) {
		OV_TRY(read_section(e, i, &raw));
		OV_TRY(keep_section(e, &raw, &strings, &x->sections[i]));
		x->nsections = i + 1;
	}
	return in_file < e->shnum ? OV_SHORT : OV_OK;
}

/* The places that the dynamic segment names, as file offsets; 0: not told. */
struct dynamic {
	uint64_t strings, symbols, strings_size;
};

static ov_status read_dynamic(struct elf *e, uint32_t i, struct ov_elf_dyn *d)
{
	uint64_t at;

	OV_TRY(ov_exe_add(e->dynamic_off, (uint64_t)i * ov_elf_dyn_size(&e->h), &at));
	OV_TRY(ov_elf_dyn_at(&e->h, &e->in->win, at, d));
	return d->tag == 0 ? OV_END : OV_OK;
}

static uint32_t ndynamic(const struct elf *e)
{
	return (uint32_t)ov_min_u64(e->dynamic_size / ov_elf_dyn_size(&e->h), DYNAMIC_MAX);
}

static ov_status find_dynamic(struct elf *e, struct dynamic *d)
{
	struct ov_elf_dyn row;
	ov_status s = OV_OK;

	for (uint32_t i = 0; i < ndynamic(e) && (s = read_dynamic(e, i, &row)) == OV_OK; i++) {
		if (row.tag == DT_STRSZ)
			d->strings_size = row.value;
		if (row.tag == DT_STRTAB)
			OV_TRY(offset_of(e, row.value, &d->strings));
		if (row.tag == DT_SYMTAB)
			OV_TRY(offset_of(e, row.value, &d->symbols));
	}
	return s == OV_END ? OV_OK : s;
}

static ov_status dynamic_text(struct elf *e, const struct dynamic *d, uint64_t at,
			      struct ov_str *out)
{
	uint64_t off;

	if (d->strings == 0 || at >= d->strings_size)
		return OV_BAD;
	OV_TRY(ov_exe_add(d->strings, at, &off));
	return ov_exe_text(e->in, off, d->strings_size - at, out);
}

static ov_status read_needed(struct elf *e, const struct dynamic *d)
{
	struct ov_elf_dyn row;
	struct ov_str name;
	ov_status s = OV_OK;

	for (uint32_t i = 0; i < ndynamic(e) && (s = read_dynamic(e, i, &row)) == OV_OK; i++) {
		if (row.tag != DT_NEEDED)
			continue;
		OV_TRY(dynamic_text(e, d, row.value, &name));
		OV_TRY(ov_exe_import(e->in, &(struct ov_import){ .library = name }));
	}
	return s == OV_END ? OV_OK : s;
}

/*
 * Symbols that the file takes from elsewhere (section index 0). Their number stands in the section
 * table; without one the text table ends them, as linkers lay it behind.
 */
static ov_status read_symbols(struct elf *e, const struct dynamic *d)
{
	const uint32_t size = ov_elf_symbol_size(&e->h);
	uint64_t all = e->dynsym_size;

	if (d->symbols == 0)
		return OV_OK;
	if (all == 0 && d->strings > d->symbols)
		all = d->strings - d->symbols;
	if (all / size > SYMBOLS_MAX) {
		e->in->x->is_capped = true;
		all = (uint64_t)SYMBOLS_MAX * size;
	}
	for (uint64_t i = 1; i < all / size;
	     i++) { /* ends at the file's end, or when the list is full */
		struct ov_elf_symbol row;
		struct ov_str text;

		OV_TRY(ov_elf_symbol_at(&e->h, &e->in->win, d->symbols + i * size, &row));
		if (row.shndx != 0 || row.name == 0)
			continue;
		OV_TRY(dynamic_text(e, d, row.name, &text));
		OV_TRY(ov_exe_import(e->in, &(struct ov_import){ .symbol = text }));
	}
	return OV_OK;
}

static ov_status read_imports(struct elf *e)
{
	struct dynamic d = { 0 };

	if (e->dynamic_size == 0)
		return OV_OK;
	OV_TRY(find_dynamic(e, &d));
	OV_TRY(read_needed(e, &d));
	return read_symbols(e, &d);
}

/* News about the input sets `broken` and is no error; the rest is. */
static ov_status settle(struct elf *e, ov_status s, const char *why)
{
	if (s == OV_END || s == OV_OK)
		return OV_OK;
	if (!ov_exe_is_news(s))
		return s;
	ov_exe_broken(e->in, why);
	return OV_OK;
}

static ov_status find_entry(struct elf *e)
{
	struct ov_exe *x = e->in->x;
	ov_status s;

	if (e->h.entry == 0 || e->h.type == ET_REL)
		return OV_OK;
	s = offset_of(e, e->h.entry, &x->entry);
	x->has_entry = s == OV_OK;
	return s;
}

ov_status ov_elf_read(struct ov_exe_in *in)
{
	struct elf e = { .in = in };
	const ov_status s = ov_elf_open(&in->win, &e.h);

	if (s == OV_BAD)
		return OV_BAD;
	if (s == OV_OK || s == OV_SHORT) {
		if (e.h.class < 1 || e.h.class > 2 || e.h.order < 1 || e.h.order > 2)
			ov_exe_broken(in, "the class or the byte order is none that exists");
		in->x->is_64 = e.h.is_64;
		in->x->machine = e.h.machine;
	}
	if (s != OV_OK) {
		in->x->is_cut = true;
		return settle(&e, s, "the header is cut");
	}
	e.shnum = e.h.shnum;
	e.shstrndx = e.h.shstrndx;
	(void)ov_exe_claim(in, 0, ov_elf_header_size(&e.h));
	OV_TRY(settle(&e, read_segments(&e), "the program headers are broken"));
	in->x->is_library =
	    e.h.type == ET_DYN && !e.has_interpreter; /* programs are ET_DYN as well now */
	OV_TRY(settle(&e, read_sections(&e), "the section table is broken"));
	OV_TRY(settle(&e, find_entry(&e), "the entry point lies in no segment"));
	return settle(&e, read_imports(&e), "the dynamic segment is broken");
}
