/*
 * Names that programs for Windows and macOS ask for or hold: by the import and export tables of a
 * PE (format/pe_view.h), by the libraries and the symbol table of a Mach-O (format/macho.h; Apple's
 * <mach-o/nlist.h>). Of a file for several processors the first one that can be read.
 */
#include "elf_names.h"

#include "macho.h"
#include "pe_view.h"

#define SYMBOLS_MAX (1u << 20)
#define COMMANDS_MAX 4096u
#define NAME_MAX_BYTES 512u

static ov_status pe_imports(struct ov_pe *p, bool is_delayed, ov_ev_elf_name_fn fn, void *ctx)
{
	struct ov_pe_imports im;

	OV_TRY(ov_pe_list_imports(p, is_delayed, &im));
	for (uint32_t i = 0; i < im.nlibraries; i++)
		OV_TRY(fn(ctx, OV_ELF_NEEDED, im.libraries[i].name));
	for (uint32_t i = 0; i < im.nfunctions; i++)
		if (!im.functions[i].is_ordinal)
			OV_TRY(fn(ctx, OV_ELF_IMPORTED, im.functions[i].name));
	return OV_OK;
}

ov_status ov_ev_pe_names(struct ov_ev *e, const struct ov_src *src, ov_ev_elf_name_fn fn, void *ctx)
{
	struct ov_pe_exports ex;
	struct ov_pe p;
	ov_status st = ov_pe_open(src, &e->arena, &p);

	if (st == OV_BAD)
		return OV_OK;
	OV_TRY(st);
	OV_TRY(pe_imports(&p, false, fn, ctx));
	OV_TRY(pe_imports(&p, true, fn, ctx));
	OV_TRY(ov_pe_list_exports(&p, &ex));
	if (ex.has_library)
		OV_TRY(fn(ctx, OV_ELF_SONAME, ex.library));
	for (uint32_t i = 0; i < ex.n; i++)
		if (ex.list[i].has_name)
			OV_TRY(fn(ctx, OV_ELF_DEFINED, ex.list[i].name));
	return p.is_capped ? OV_LIMIT : OV_OK;
}

struct macho {
	struct ov_ev *e;
	struct ov_window w, names;
	struct ov_macho h;
	ov_ev_elf_name_fn fn;
	void *ctx;
};

/* The last part of a path: where a library lies is its user's affair. */
static ov_status library(struct macho *m, const struct ov_macho_command *c,
			 enum ov_ev_elf_name kind)
{
	struct ov_str path;
	struct ov_cur cur;
	size_t at;

	OV_TRY(ov_window_get(&m->w, c->at + 8, 4, &cur));
	OV_TRY(ov_window_text(&m->names, &m->e->arena, c->at + ov_macho_u32(&m->h, &cur),
			      NAME_MAX_BYTES, &path));
	for (at = path.n; at > 0 && path.p[at - 1] != '/'; at--)
		;
	return m->fn(m->ctx, kind, (struct ov_str){ .p = path.p + at, .n = path.n - at });
}

/* C names begin with '_' here. Kind: bits 0xe0 are a debugger's, 0x0e where it is defined (0:
 * nowhere). */
static ov_status symbol(struct macho *m, uint64_t at, uint64_t texts, uint32_t size)
{
	const struct ov_arena_mark mark = ov_arena_mark(&m->e->arena);
	struct ov_str name;
	struct ov_cur c;
	uint32_t off;
	uint8_t kind;
	ov_status st;

	OV_TRY(ov_window_some(&m->w, at, m->h.is_64 ? 16 : 12, &c));
	off = ov_macho_u32(&m->h, &c);
	kind = ov_cur_soft_u8(&c);
	OV_TRY(ov_cur_status(&c));
	if ((kind & 0xe0) != 0 || off == 0 || off >= size)
		return OV_OK;
	OV_TRY(ov_window_text(&m->names, &m->e->arena, texts + off, NAME_MAX_BYTES, &name));
	if (name.n > 0 && name.p[0] == '_') {
		name.p++;
		name.n--;
	}
	st = m->fn(m->ctx, (kind & 0x0e) == 0 ? OV_ELF_IMPORTED : OV_ELF_DEFINED, name);
	ov_arena_release(&m->e->arena, mark);
	return st;
}

static ov_status symbols(struct macho *m, const struct ov_macho_command *c)
{
	uint32_t at, n, texts, size;
	struct ov_cur cur;

	OV_TRY(ov_window_get(&m->w, c->at + 8, 16, &cur));
	at = ov_macho_u32(&m->h, &cur);
	n = ov_macho_u32(&m->h, &cur);
	texts = ov_macho_u32(&m->h, &cur);
	size = ov_macho_u32(&m->h, &cur);
	for (uint32_t i = 0; i < n; i++) {
		if (i == SYMBOLS_MAX)
			return OV_LIMIT;
		OV_TRY(symbol(m, m->h.base + at + (uint64_t)i * (m->h.is_64 ? 16 : 12),
			      m->h.base + texts, size));
	}
	return OV_OK;
}

static ov_status command(struct macho *m, const struct ov_macho_command *c)
{
	switch (c->kind) {
	case OV_LC_LOAD_DYLIB:
	case OV_LC_LAZY_LOAD_DYLIB:
	case OV_LC_LOAD_WEAK_DYLIB:
	case OV_LC_REEXPORT_DYLIB:
		return library(m, c, OV_ELF_NEEDED);
	case OV_LC_ID_DYLIB:
		return library(m, c, OV_ELF_SONAME);
	case OV_LC_SYMTAB:
		return symbols(m, c);
	default:
		return OV_OK;
	}
}

static ov_status one_image(struct macho *m, uint64_t base, uint64_t size)
{
	uint64_t at, end;

	OV_TRY(ov_macho_open(&m->w, base, size, &m->h));
	at = base + ov_macho_header_size(&m->h);
	end = at + m->h.sizeofcmds;
	for (uint32_t i = 0; i < m->h.ncmds && i < COMMANDS_MAX; i++) {
		struct ov_macho_command c;

		OV_TRY(ov_macho_command_at(&m->h, &m->w, at, end, &c));
		OV_TRY(command(m, &c));
		at += c.size;
	}
	return OV_OK;
}

/* Broken tables end the reading: what they name is the loader's affair. */
static ov_status news(ov_status st)
{
	return st == OV_BAD || st == OV_SHORT ? OV_OK : st;
}

ov_status ov_ev_macho_names(struct ov_ev *e, const struct ov_src *src, ov_ev_elf_name_fn fn,
			    void *ctx)
{
	struct macho m = { .e = e, .fn = fn, .ctx = ctx };
	struct ov_macho_arch arch;
	uint32_t magic, n;
	struct ov_cur c;

	OV_TRY(ov_window_init(&m.w, src, &e->arena));
	OV_TRY(ov_window_init(&m.names, src, &e->arena));
	OV_TRY(ov_window_upto(&m.w, 0, 40, &c));
	magic = ov_cur_soft_u32be(&c);
	n = ov_cur_soft_u32be(&c);
	if (magic != 0xcafebabe && magic != 0xcafebabf)
		return news(one_image(&m, 0, src->size));
	if (n == 0 || ov_macho_arch_of(&c, magic == 0xcafebabf, &arch) != OV_OK ||
	    arch.off >= src->size)
		return OV_OK;
	return news(one_image(&m, arch.off, ov_min_u64(arch.size, src->size - arch.off)));
}
