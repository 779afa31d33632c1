/* What pe.c, pe_imports.c and pe_resources.c share. Not for other folders. */
#ifndef OV_PE_INT_H
#define OV_PE_INT_H

#include "exe_int.h"

enum {
	PE_DIR_IMPORT = 1,
	PE_DIR_RESOURCE = 2,
	PE_DIR_SECURITY = 4,
	PE_DIR_DELAY = 13,
	PE_DIRS = 16
};

/* Header fields that the parts need; "Microsoft PE and COFF Specification" names them. */
struct pe {
	struct ov_exe_in *in;
	uint64_t coff; /* file offset of the COFF header ("PE\0\0" + 4)     */
	uint16_t nsections, optional_size, flags;
	uint32_t symbols, nsymbols;
	bool is_64;
	uint32_t entry_rva, section_align, file_align, headers_size;
	uint64_t image_base;
	struct {
		uint32_t rva, size;
	} dirs[PE_DIRS];
};

/** File offset of a virtual address relative to the image base. @return OV_OK; OV_BAD when no bytes
 * stand behind it. */
OV_MUST_USE ov_status ov_pe_offset(const struct pe *pe, uint64_t rva, uint64_t *out);

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

/** Fill imports and version information. Broken tables end them and set `broken`. @return OV_OK;
 * OV_LIMIT, OV_NOMEM; OV_IO. */
OV_MUST_USE ov_status ov_pe_imports(struct pe *pe);
OV_MUST_USE ov_status ov_pe_versions(struct pe *pe);

#endif
