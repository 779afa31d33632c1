/*
 * The dynamic section is found by its segment, and its tables by their addresses through the load
 * segments, as the loader does: section headers may have been removed. How many dynamic symbols
 * there are stands in the old hash table; without that, linkers put the names right behind them.
 */
#include "elf_names.h"

#define PHDRS_MAX 256
#define SECTIONS_MAX 4096
#define DYNAMIC_MAX ((size_t)64 << 10)
#define NAMES_MAX ((size_t)64 << 20)
#define SYMBOLS_MAX ((size_t)1 << 20)
#define NAME_MAX_ 512 /* of one; C++ has longer ones, which are no clue */

enum {
	DT_NEEDED_ = 1,
	DT_HASH_ = 4,
	DT_STRTAB_ = 5,
	DT_SYMTAB_ = 6,
	DT_STRSZ_ = 10,
	DT_SONAME_ = 14
};

struct dynamic {
	uint64_t names, names_size, symbols, hash, soname;
	struct ov_cur rows;
	bool has_soname;
};

struct where { /* load segments */
	struct ov_ev_elf_part part[PHDRS_MAX];
	uint32_t n;
};

static bool offset_of(const struct where *w, uint64_t addr, uint64_t *off)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (addr >= w->part[i].addr && addr - w->part[i].addr < w->part[i].size) {
			*off = w->part[i].off + (addr - w->part[i].addr);
			return true;
		}
	return false;
}

static bool take_row(const struct ov_ev_elf *x, struct ov_cur *c, uint64_t *tag, uint64_t *value)
{
	*tag = ov_ev_elf_word(x, c);
	*value = ov_ev_elf_word(x, c);
	return ov_cur_status(c) == OV_OK && *tag != 0;
}

static void read_dynamic(const struct ov_ev_elf *x, struct ov_cur c, struct dynamic *d)
{
	uint64_t tag, value;

	while (take_row(x, &c, &tag, &value)) {
		if (tag == DT_STRTAB_)
			d->names = value;
		else if (tag == DT_STRSZ_)
			d->names_size = value;
		else if (tag == DT_SYMTAB_)
			d->symbols = value;
		else if (tag == DT_HASH_)
			d->hash = value;
		else if (tag == DT_SONAME_) {
			d->soname = value;
			d->has_soname = true;
		}
	}
}

static bool name_at(struct ov_cur names, uint64_t at, struct ov_str *out)
{
	return ov_cur_seek(&names, at) == OV_OK && ov_cur_zstr(&names, NAME_MAX_, out) == OV_OK &&
	       out->n > 0;
}

/* 24 or 16 bytes each; undefined ones have section 0. */
static ov_status symbols(const struct ov_ev_elf *x, struct ov_cur all, struct ov_cur names,
			 ov_ev_elf_name_fn fn, void *ctx)
{
	const size_t each = x->is_64 ? 24 : 16;
	struct ov_cur c;

	while (ov_cur_take(&all, each, &c) == OV_OK) {
		const uint32_t name = ov_ev_elf_u32(x, &c);
		uint16_t section;
		struct ov_str s;

		ov_cur_soft_skip(&c, x->is_64 ? 2 : 10);
		section = ov_ev_elf_u16(x, &c);
		if (name != 0 && name_at(names, name, &s))
			OV_TRY(fn(ctx, section == 0 ? OV_ELF_IMPORTED : OV_ELF_DEFINED, s));
	}
	return OV_OK;
}

/* Bytes of the dynamic symbol table. */
static uint64_t size_of_symbols(struct ov_ev *e, const struct ov_ev_elf *x, const struct where *w,
				const struct dynamic *d)
{
	const size_t each = x->is_64 ? 24 : 16;
	uint64_t off;
	struct ov_cur c;

	if (d->hash != 0 && offset_of(w, d->hash, &off) &&
	    ov_src_view(x->src, off, 8, &e->arena, &c) == OV_OK) {
		(void)ov_ev_elf_u32(x, &c);
		return (uint64_t)ov_ev_elf_u32(x, &c) * each;
	}
	return d->names > d->symbols ? d->names - d->symbols : 0;
}

static ov_status libraries(const struct ov_ev_elf *x, const struct dynamic *d, struct ov_cur names,
			   ov_ev_elf_name_fn fn, void *ctx)
{
	struct ov_cur rows = d->rows;
	uint64_t tag, value;
	struct ov_str s;

	if (d->has_soname && name_at(names, d->soname, &s))
		OV_TRY(fn(ctx, OV_ELF_SONAME, s));
	while (take_row(x, &rows, &tag, &value))
		if (tag == DT_NEEDED_ && name_at(names, value, &s))
			OV_TRY(fn(ctx, OV_ELF_NEEDED, s));
	return OV_OK;
}

static ov_status dynamic(struct ov_ev *e, const struct ov_ev_elf *x, const struct where *w,
			 const struct ov_ev_elf_part *p, ov_ev_elf_name_fn fn, void *ctx)
{
	struct dynamic d = { .names = 0 };
	struct ov_cur names, all;
	uint64_t off, size;

	OV_TRY(ov_ev_elf_bytes(e, x, p, DYNAMIC_MAX, &d.rows));
	read_dynamic(x, d.rows, &d);
	if (!offset_of(w, d.names, &off))
		return OV_OK;
	OV_TRY(ov_src_view_upto(x->src, off, (size_t)ov_min_u64(d.names_size, NAMES_MAX), &e->arena,
				&names));
	OV_TRY(libraries(x, &d, names, fn, ctx));
	if (!offset_of(w, d.symbols, &off))
		return OV_OK;
	size = size_of_symbols(e, x, w, &d);
	OV_TRY(ov_src_view_upto(x->src, off, (size_t)ov_min_u64(size, SYMBOLS_MAX * 24), &e->arena,
				&all));
	OV_TRY(symbols(x, all, names, fn, ctx));
	return size > SYMBOLS_MAX * 24 ? OV_LIMIT : OV_OK;
}

static ov_status segments(struct ov_ev *e, const struct ov_ev_elf *x, ov_ev_elf_name_fn fn,
			  void *ctx)
{
	struct ov_ev_elf_part p, found = { .type = 0 };
	struct where *w;
	struct ov_cur all;

	OV_TRY(ov_arena_new(&e->arena, &w));
	OV_TRY(ov_ev_elf_table(e, x, x->phoff, x->phnum < PHDRS_MAX ? x->phnum : PHDRS_MAX,
			       x->phentsize, &all));
	while (ov_ev_elf_segment(x, &all, &p)) {
		if (p.type == 1 && w->n < PHDRS_MAX) /* PT_LOAD */
			w->part[w->n++] = p;
		else if (p.type == 2) /* PT_DYNAMIC */
			found = p;
	}
	return found.type == 2 ? dynamic(e, x, w, &found, fn, ctx) : OV_OK;
}

static ov_status linked_symbols(struct ov_ev *e, const struct ov_ev_elf *x, ov_ev_elf_name_fn fn,
				void *ctx)
{
	const uint32_t n = x->shnum < SECTIONS_MAX ? x->shnum : SECTIONS_MAX;
	struct ov_ev_elf_part p, text;
	struct ov_cur all, at, names, rows;

	OV_TRY(ov_ev_elf_table(e, x, x->shoff, n, x->shentsize, &all));
	at = all;
	while (ov_ev_elf_section(x, &at, &p)) {
		struct ov_cur row = all;

		if (p.type != 2 || /* SHT_SYMTAB */
		    ov_cur_skip(&row, (uint64_t)p.link * x->shentsize) != OV_OK ||
		    !ov_ev_elf_section(x, &row, &text))
			continue;
		OV_TRY(ov_ev_elf_bytes(e, x, &text, NAMES_MAX, &names));
		OV_TRY(ov_ev_elf_bytes(e, x, &p, SYMBOLS_MAX * 24, &rows));
		OV_TRY(symbols(x, rows, names, fn, ctx));
		return p.size > SYMBOLS_MAX * 24 ? OV_LIMIT : OV_OK;
	}
	return OV_OK;
}

ov_status ov_ev_elf_names(struct ov_ev *e, const struct ov_ev_elf *x, ov_ev_elf_name_fn fn,
			  void *ctx)
{
	const ov_status st = segments(e, x, fn, ctx);

	if (st != OV_OK && st != OV_LIMIT)
		return st;
	OV_TRY(linked_symbols(e, x, fn, ctx));
	return st;
}
