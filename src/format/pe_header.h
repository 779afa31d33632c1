/*
 * Headers of Portable Executables, field by field as they stand in the file: what pe.c (the facts
 * that ClamAV's signatures ask for) and pe_view.c (what YARA's rules ask for) build upon.
 * Source: "Microsoft PE and COFF Specification".
 */
#ifndef OV_PE_HEADER_H
#define OV_PE_HEADER_H

#include "cursor.h"
#include "status.h"
#include "window.h"

#define OV_PE_DIRS 16
#define OV_PE_SECTION_SIZE 40u

enum {
	OV_PE_EXPORT = 0,
	OV_PE_IMPORT = 1,
	OV_PE_RESOURCE = 2,
	OV_PE_SECURITY = 4,
	OV_PE_DEBUG = 6,
	OV_PE_DELAY = 13
};

struct ov_pe_dir {
	uint32_t rva, size;
};

struct ov_pe_version2 { /* a version of two parts */
	uint16_t major, minor;
};

struct ov_pe_header {
	uint64_t coff; /* file offset of the COFF header ("PE\0\0" + 4) */
	uint16_t machine, nsections, optional_size, flags;
	uint32_t time, symbols, nsymbols;
	/* the optional header */
	uint16_t magic, subsystem, dll_flags;
	bool is_64;
	struct ov_pe_version2 linker, os, image, subsystem_version;
	uint32_t code_size, data_size, bss_size, entry, code_base, data_base;
	uint64_t image_base;
	uint32_t section_align, file_align, win32_version, image_size, headers_size, checksum;
	uint64_t stack_reserve, stack_commit, heap_reserve, heap_commit;
	uint32_t loader_flags, ndirs;	   /* as declared */
	struct ov_pe_dir dirs[OV_PE_DIRS]; /* also those that `ndirs` leaves out */
};

struct ov_pe_section {
	uint8_t name[8]; /* filled up with NUL */
	uint32_t vsize, rva, raw_size, raw, relocations, lines;
	uint16_t nrelocations, nlines;
	uint32_t flags;
};

/** Finds "PE\0\0" by the DOS header. @return OV_OK with *coff behind it; OV_BAD: no PE; OV_IO. */
OV_MUST_USE ov_status ov_pe_find(struct ov_window *win, uint64_t *coff);

/** Reads COFF and optional header at `coff`. Fields of the optional header past the end of the file
 * are zero. @return OV_OK; OV_SHORT when the COFF header is cut; OV_IO. */
OV_MUST_USE ov_status ov_pe_header_read(struct ov_window *win, uint64_t coff,
					struct ov_pe_header *out);

/** Bytes of the optional header up to and with its 16 directories. */
static inline uint32_t ov_pe_optional_bytes(bool is_64)
{
	return (is_64 ? 112u : 96u) + 8u * OV_PE_DIRS;
}

/** Where the section table begins. */
static inline uint64_t ov_pe_sections_at(const struct ov_pe_header *h)
{
	return h->coff + 20 + h->optional_size;
}

/** Reads row `i` of the section table. @return OV_OK; OV_SHORT; OV_IO. */
OV_MUST_USE ov_status ov_pe_section_read(struct ov_window *win, const struct ov_pe_header *h,
					 uint32_t i, struct ov_pe_section *out);

struct ov_pe_import_row { /* of a library: addresses of its name and tables */
	uint32_t flags;	  /* of delayed ones */
	uint32_t library, names, addresses;
};

/** One row of the import table or the delayed one, and one word of a table that it names (0 ends
 * it). In pe_imports.c. @return OV_OK; OV_SHORT; OV_IO. */
OV_MUST_USE ov_status ov_pe_import_read(struct ov_window *win, uint64_t at, bool is_delayed,
					struct ov_pe_import_row *out);
OV_MUST_USE ov_status ov_pe_thunk_read(struct ov_window *win, uint64_t at, bool is_64,
				       uint64_t *out);

#endif
