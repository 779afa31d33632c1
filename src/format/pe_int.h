/* What pe.c, pe_imports.c and pe_resources.c share. Not for other folders. */
#ifndef OV_PE_INT_H
#define OV_PE_INT_H

#include "exe_int.h"
#include "pe_header.h"

/* A program being read. Alignments are those of the header, or what is taken where they make no
 * sense. */
struct pe {
	struct ov_exe_in *in;
	uint64_t coff;
	struct ov_pe_header h;
	uint32_t section_align, file_align;
};

/** File offset of a virtual address relative to the image base. @return OV_OK; OV_BAD when no bytes
 * stand behind it. */
OV_MUST_USE ov_status ov_pe_offset(const struct pe *pe, uint64_t rva, uint64_t *out);

/** The name that a numbered function of two well-known libraries has; empty: none. */
struct ov_str ov_pe_ordinal_name(struct ov_str library, uint16_t ordinal);

#define OV_PE_SUBDIRECTORY 0x80000000u

/* One directory of the resource tree: how many entries, and where they begin. */
struct ov_pe_directory {
	uint64_t at;
	uint32_t n;
};

/* pe_resources.c: a directory at a file offset; one longer than is looked at sets *is_capped. */
OV_MUST_USE ov_status ov_pe_directory(struct ov_window *win, uint64_t at,
				      struct ov_pe_directory *out, bool *is_capped);
/* Its entry: a number (or a name's place), and what it leads to, from the tree's root. */
OV_MUST_USE ov_status ov_pe_directory_entry(struct ov_window *win, const struct ov_pe_directory *d,
					    uint32_t i, uint32_t *id, uint32_t *to);

struct ov_pe_version_row {	   /* a pair of a version block */
	struct ov_cur key, value;  /* UTF-16; views that live as long as the call */
	uint64_t key_at, value_at; /* file offsets                                */
	uint16_t value_length;	   /* as declared: bytes or units                 */
	bool is_text;		   /* its kind, as declared                       */
	bool is_string;		   /* it stands in StringFileInfo                 */
	bool is_cut;		   /* it is longer than what is there             */
};

typedef ov_status (*ov_pe_version_fn)(void *ctx, const struct ov_pe_version_row *row);

/* pe_resources.c: gives all pairs of the version block at a file offset. `fixed`: bytes of the part
 * before the texts; 0: as declared. @return also what `fn` says; OV_BAD, OV_SHORT. */
OV_MUST_USE ov_status ov_pe_version_block(struct ov_window *win, uint64_t off, size_t size,
					  size_t fixed, ov_pe_version_fn fn, void *ctx);

/** Fill imports and version information. Broken tables end them and set `broken`. @return OV_OK;
 * OV_LIMIT, OV_NOMEM; OV_IO. */
OV_MUST_USE ov_status ov_pe_imports(struct pe *pe);
OV_MUST_USE ov_status ov_pe_versions(struct pe *pe);

#endif
