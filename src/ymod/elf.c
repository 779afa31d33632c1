/*
 * elf: headers, sections, segments, symbols and the dynamic table of an ELF file. Names and order
 * of the fields are those of `yara -D`; source: the manuals of YARA 4.5 and YARA-X, and what
 * Debian's yara says of files that are broken in each way. Format: System V ABI, chapters 4 and 5.
 */
#include "elf_int.h"
#include "ymod.h"
#include "ymod_give.h"

/* A getter of an expression over the header `e`. */
#define OF_ELF(name, answer)                                                                       \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct ymod_elf *e = NULL;                                                         \
                                                                                                   \
		(void)self;                                                                        \
		OV_TRY(ymod_elf_load(env, module, &e));                                            \
		return e == NULL ? OV_OK : (answer);                                               \
	}
#define NUMBER(name, v) OF_ELF(name, ov_give_int(out, v))

NUMBER(type, e->h.type)
NUMBER(machine, e->h.machine)
NUMBER(osabi, e->h.osabi)
NUMBER(sh_offset, e->h.shoff)
NUMBER(sh_entry_size, e->h.shentsize)
NUMBER(ph_offset, e->h.phoff)
NUMBER(ph_entry_size, e->h.phentsize)
NUMBER(number_of_sections, e->h.shnum)
NUMBER(number_of_segments, e->h.phnum)
OF_ELF(symtab_entries, e->symtab.is_there ? ov_give_int(out, e->symtab.n) : OV_OK)
OF_ELF(dynsym_entries, e->dynsym.is_there ? ov_give_int(out, e->dynsym.n) : OV_OK)
OF_ELF(dynamic_entries, e->has_dynamic ? ov_give_int(out, e->ndynamic) : OV_OK)
OF_ELF(sections, ov_give_array(out, e, 0, e->has_sections ? e->h.shnum : 0))
OF_ELF(segments, ov_give_array(out, e, 0, e->has_segments ? e->h.phnum : 0))
OF_ELF(symtab, ov_give_array(out, &e->symtab, 0, e->symtab.is_there ? e->symtab.n : 0))
OF_ELF(dynsym, ov_give_array(out, &e->dynsym, 0, e->dynsym.is_there ? e->dynsym.n : 0))
OF_ELF(dynamic, ov_give_array(out, e, 0, e->has_dynamic ? e->ndynamic : 0))

OV_GET(entry_point)
{
	struct ymod_elf *e = NULL;
	uint64_t at = 0;
	bool has = false;

	(void)self;
	OV_TRY(ymod_elf_load(env, module, &e));
	if (e == NULL)
		return OV_OK;
	OV_TRY(ov_ymod_spend(env, 16));
	OV_TRY(ymod_elf_entry(e, &has, &at));
	return has ? ov_give_int(out, at) : OV_OK;
}

/* ---- rows: p is the table, a the row's number ---- */

OV_ITEM(row)
{
	OV_UNUSED_GET();
	return ov_give_struct(out, self->p, i);
}

/* A getter over row `r` of a kind; the file may have changed since it was measured. */
#define OF_ROW(name, kind, place, answer)                                                          \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct ymod_elf *e = (struct ymod_elf *)(uintptr_t)self->p;                        \
		struct ov_elf_##kind r;                                                            \
		ov_status s;                                                                       \
                                                                                                   \
		(void)env;                                                                         \
		(void)module;                                                                      \
		s = ov_elf_##kind##_at(&e->h, &e->win,                                             \
				       (place) + self->a * ov_elf_##kind##_size(&e->h), &r);       \
		if (s == OV_OK)                                                                    \
			s = (answer);                                                              \
		return s == OV_SHORT ? OV_OK : s;                                                  \
	}
#define OF_SECTION(name, v) OF_ROW(name, section, e->h.shoff, ov_give_int(out, v))
#define OF_SEGMENT(name, v) OF_ROW(name, segment, e->h.phoff, ov_give_int(out, v))
#define OF_DYN(name, v) OF_ROW(name, dyn, e->dynamic_at, ov_give_int(out, v))

static ov_status give_name(struct ymod_elf *e, struct ov_yenv *env, uint32_t at,
			   struct ov_yval *out)
{
	struct ov_str s;

	OV_TRY(ymod_elf_section_name(e, env, at, &s));
	return ov_give_text(out, s);
}

OF_SECTION(section_type, r.type)
OF_SECTION(section_flags, r.flags)
OF_SECTION(section_address, r.addr)
OF_SECTION(section_size, r.size)
OF_SECTION(section_offset, r.off)
OF_ROW(section_name, section, e->h.shoff, give_name(e, env, r.name, out))
OF_SEGMENT(segment_type, r.type)
OF_SEGMENT(segment_flags, r.flags)
OF_SEGMENT(segment_offset, r.off)
OF_SEGMENT(segment_address, r.addr)
OF_SEGMENT(segment_paddress, r.paddr)
OF_SEGMENT(segment_file_size, r.filesz)
OF_SEGMENT(segment_memory_size, r.memsz)
OF_SEGMENT(segment_alignment, r.align)
OF_DYN(dyn_type, r.tag)
OF_DYN(dyn_value, r.value)

#define OF_SYMBOL(name_, answer)                                                                   \
	OV_GET(name_)                                                                              \
	{                                                                                          \
		struct ov_elf_symbol r;                                                            \
		struct ov_str name;                                                                \
		ov_status s;                                                                       \
                                                                                                   \
		(void)module;                                                                      \
		s = ymod_elf_symbol(self->p, env, self->a, &r, &name);                             \
		if (s == OV_OK)                                                                    \
			s = (answer);                                                              \
		return s == OV_SHORT ? OV_OK : s;                                                  \
	}

OF_SYMBOL(symbol_name, ov_give_text(out, name))
OF_SYMBOL(symbol_value, ov_give_int(out, r.value))
OF_SYMBOL(symbol_size, ov_give_int(out, r.size))
OF_SYMBOL(symbol_type, ov_give_int(out, r.info & 15))
OF_SYMBOL(symbol_bind, ov_give_int(out, r.info >> 4))
OF_SYMBOL(symbol_shndx, ov_give_int(out, r.shndx))
OF_SYMBOL(symbol_visibility, ov_give_int(out, r.other & 3))

/* ---- tables ---- */

static const struct ov_yfield symbol_fields[] = {
	OV_F_STR("name", symbol_name),
	OV_F_INT("value", symbol_value),
	OV_F_INT("size", symbol_size),
	OV_F_INT("type", symbol_type),
	OV_F_INT("bind", symbol_bind),
	OV_F_INT("shndx", symbol_shndx),
	OV_F_INT("visibility", symbol_visibility),
};
OV_YTYPE(symbol, "elf.symbol");

static const struct ov_yfield dyn_fields[] = {
	OV_F_INT("type", dyn_type),
	OV_F_INT("val", dyn_value),
};
OV_YTYPE(dyn, "elf.dynamic");

static const struct ov_yfield segment_fields[] = {
	OV_F_INT("type", segment_type),
	OV_F_INT("flags", segment_flags),
	OV_F_INT("offset", segment_offset),
	OV_F_INT("virtual_address", segment_address),
	OV_F_INT("physical_address", segment_paddress),
	OV_F_INT("file_size", segment_file_size),
	OV_F_INT("memory_size", segment_memory_size),
	OV_F_INT("alignment", segment_alignment),
};
OV_YTYPE(segment, "elf.segment");

static const struct ov_yfield section_fields[] = {
	OV_F_INT("type", section_type),	      OV_F_INT("flags", section_flags),
	OV_F_INT("address", section_address), OV_F_STR("name", section_name),
	OV_F_INT("size", section_size),	      OV_F_INT("offset", section_offset),
};
OV_YTYPE(section, "elf.section");

static const struct ov_yfield root_fields[] = {
	OV_F_STRUCTS("dynsym", dynsym, row, symbol),
	OV_F_INT("dynsym_entries", dynsym_entries),
	OV_F_STRUCTS("symtab", symtab, row, symbol),
	OV_F_INT("symtab_entries", symtab_entries),
	OV_F_STRUCTS("dynamic", dynamic, row, dyn),
	OV_F_INT("dynamic_section_entries", dynamic_entries),
	OV_F_STRUCTS("segments", segments, row, segment),
	OV_F_STRUCTS("sections", sections, row, section),
	OV_F_INT("ph_entry_size", ph_entry_size),
	OV_F_INT("ph_offset", ph_offset),
	OV_F_INT("number_of_segments", number_of_segments),
	OV_F_INT("sh_entry_size", sh_entry_size),
	OV_F_INT("sh_offset", sh_offset),
	OV_F_INT("number_of_sections", number_of_sections),
	OV_F_INT("entry_point", entry_point),
	OV_F_INT("machine", machine),
	OV_F_INT("type", type),
	OV_F_INT("osabi", osabi),
	OV_F_FUNC("import_md5", ymod_elf_import_md5),
	OV_F_FUNC("telfhash", ymod_elf_telfhash),
#define OV_NAME(name, value) OV_F_CONST(#name, value),
#include "elf_names.def"
#undef OV_NAME
};
OV_YTYPE(root, "elf");

const struct ov_ymodule ov_ymod_elf = { "elf", &root,
					.head = "\x7f"
						"ELF" };
