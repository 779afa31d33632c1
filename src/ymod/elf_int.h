/* What the files of the module elf share. */
#ifndef OV_YMOD_ELF_INT_H
#define OV_YMOD_ELF_INT_H

#include "elf.h"
#include "module.h"

struct ymod_elf;

/* A table of symbols with its texts. */
struct ymod_elf_symbols {
	struct ymod_elf *of;
	bool is_there;
	uint64_t at, n; /* rows */
	uint64_t strings, strings_size;
};

/* A layer's ELF; made when first asked for. */
struct ymod_elf {
	bool is_elf;
	struct ov_elf h;
	struct ov_window win, names;
	bool has_segments, has_sections, has_dynamic;
	uint64_t names_at, names_size; /* texts of the sections' names */
	uint64_t dynamic_at, ndynamic;
	struct ymod_elf_symbols symtab, dynsym;
	bool is_hashed[2]; /* elf_hash.c: telfhash, import_md5 */
	struct ov_str hash[2];
};

/* @return OV_OK with *out NULL when the layer is no ELF. */
OV_MUST_USE ov_status ymod_elf_load(struct ov_yenv *env, unsigned module, struct ymod_elf **out);

/* A symbol and its name; without a name that ends inside the texts p is NULL. */
OV_MUST_USE ov_status ymod_elf_symbol(const struct ymod_elf_symbols *t, struct ov_yenv *env,
				      uint64_t i, struct ov_elf_symbol *out, struct ov_str *name);

/* A section's name; p is NULL when it has none that ends inside the texts. */
OV_MUST_USE ov_status ymod_elf_section_name(struct ymod_elf *e, struct ov_yenv *env, uint32_t at,
					    struct ov_str *out);

/* File offset of the entry point: of programs by segments, of all else by sections. */
OV_MUST_USE ov_status ymod_elf_entry(struct ymod_elf *e, bool *has, uint64_t *out);

/* elf_hash.c */
extern const struct ov_ysig ymod_elf_telfhash[], ymod_elf_import_md5[];

#endif
