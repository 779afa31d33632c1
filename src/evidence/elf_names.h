/* Names that a program's tables hold: libraries, functions. ELF, PE and Mach-O. */
#ifndef OV_ELF_NAMES_H
#define OV_ELF_NAMES_H

#include "elf_parts.h"

enum ov_ev_elf_name {
	OV_ELF_NEEDED = 0, /* a library that it asks for   */
	OV_ELF_SONAME,	   /* its own name as a library    */
	OV_ELF_DEFINED,	   /* a symbol that it holds       */
	OV_ELF_IMPORTED	   /* a symbol that it asks for    */
};

/* @return OV_OK to go on; anything else ends it and is returned. */
typedef ov_status (*ov_ev_elf_name_fn)(void *ctx, enum ov_ev_elf_name kind, struct ov_str name);

/**
 * Calls `fn` for each name: of the dynamic section, whether there are section headers or not, and
 * of the symbol table that linking leaves behind, where it was not stripped.
 * @return OV_OK; OV_LIMIT when there are more symbols than are looked at; what `fn` returned;
 * OV_IO, OV_NOMEM. Tables that make no sense end the reading, and are no error: the loader judges
 * them.
 */
OV_MUST_USE ov_status ov_ev_elf_names(struct ov_ev *e, const struct ov_ev_elf *x,
				      ov_ev_elf_name_fn fn, void *ctx);

/**
 * The same for a PE: its imports, usual and delayed, and exports (exe_names.c).
 * @return As above; a file that is no PE has none.
 */
OV_MUST_USE ov_status ov_ev_pe_names(struct ov_ev *e, const struct ov_src *src,
				     ov_ev_elf_name_fn fn, void *ctx);

/** The same for a Mach-O: its libraries, and the symbol table without the '_' of C's names. */
OV_MUST_USE ov_status ov_ev_macho_names(struct ov_ev *e, const struct ov_src *src,
					ov_ev_elf_name_fn fn, void *ctx);

#endif
