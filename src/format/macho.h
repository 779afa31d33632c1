/*
 * Mach-O headers and load commands, one by one: for exe facts (macho.c) and for whoever asks for
 * single ones. Both widths and byte orders. Source: Apple's <mach-o/loader.h>, <mach-o/fat.h>.
 * Nothing is kept, nothing is allocated.
 */
#ifndef OV_MACHO_H
#define OV_MACHO_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"
#include "window.h"

enum {
	OV_LC_SEGMENT = 1,
	OV_LC_SYMTAB = 2,
	OV_LC_UNIXTHREAD = 5,
	OV_LC_DYSYMTAB = 0xb,
	OV_LC_LOAD_DYLIB = 0xc,
	OV_LC_ID_DYLIB = 0xd,
	OV_LC_LOAD_DYLINKER = 0xe,
	OV_LC_SEGMENT_64 = 0x19,
	OV_LC_UUID = 0x1b,
	OV_LC_CODE_SIGNATURE = 0x1d,
	OV_LC_LAZY_LOAD_DYLIB = 0x20,
	OV_LC_DYLD_INFO = 0x22,
	OV_LC_VERSION_MIN_MACOSX = 0x24,
	OV_LC_VERSION_MIN_IPHONEOS = 0x25,
	OV_LC_SOURCE_VERSION = 0x2a,
	OV_LC_LINKER_OPTION = 0x2d,
	OV_LC_VERSION_MIN_TVOS = 0x2f,
	OV_LC_VERSION_MIN_WATCHOS = 0x30,
	OV_LC_BUILD_VERSION = 0x32
};
/* Those that the loader must understand. */
#define OV_LC_LOAD_WEAK_DYLIB 0x80000018u
#define OV_LC_RPATH 0x8000001cu
#define OV_LC_REEXPORT_DYLIB 0x8000001fu
#define OV_LC_DYLD_INFO_ONLY 0x80000022u
#define OV_LC_MAIN 0x80000028u
#define OV_LC_DYLD_EXPORTS_TRIE 0x80000033u
#define OV_LC_DYLD_CHAINED_FIXUPS 0x80000034u

struct ov_macho {	     /* a header */
	uint64_t base, size; /* where the image stands in the file, bytes */
	bool is_be, is_64;
	uint32_t magic; /* read as a little-endian number */
	uint32_t cpu, subtype, filetype, ncmds, sizeofcmds, flags;
	uint32_t reserved; /* 64 bits only */
};

struct ov_macho_command {
	uint32_t kind, size;
	uint64_t at; /* in the file */
};

struct ov_macho_segment {
	char name[16]; /* without NUL when it is that long */
	bool is_64;
	uint64_t addr, vmsize, off, filesz;
	uint32_t maxprot, initprot, nsections, flags;
};

struct ov_macho_section {
	char name[16], segment[16];
	uint64_t addr, size;
	uint32_t off, align, reloff, nreloc, flags, reserved[3]; /* the last: 64 bits only */
};

struct ov_macho_arch { /* a row of a file for several processors */
	uint32_t cpu, subtype, align, reserved;
	uint64_t off, size;
};

static inline uint32_t ov_macho_header_size(const struct ov_macho *m)
{
	return m->is_64 ? 32 : 28;
}

static inline uint32_t ov_macho_segment_size(bool is_64)
{
	return is_64 ? 72 : 56;
}

static inline uint32_t ov_macho_section_size(bool is_64)
{
	return is_64 ? 80 : 68;
}

/* Numbers in the image's byte order; sticky reads of the cursor. */
uint32_t ov_macho_u32(const struct ov_macho *m, struct ov_cur *c);
uint64_t ov_macho_u64(const struct ov_macho *m, struct ov_cur *c);

/**
 * Reads the header of an image that stands in [base, base + size) of the file.
 * @return OV_OK; OV_BAD: no Mach-O; OV_SHORT: it is cut (*out has its width and order); OV_IO.
 */
OV_MUST_USE ov_status ov_macho_open(struct ov_window *w, uint64_t base, uint64_t size,
				    struct ov_macho *out);

/** The command at `at`, which ends at or before `end`. @return OV_OK; OV_BAD: its size makes no
 * sense; OV_SHORT; OV_IO. */
OV_MUST_USE ov_status ov_macho_command_at(const struct ov_macho *m, struct ov_window *w,
					  uint64_t at, uint64_t end, struct ov_macho_command *out);
/** What a segment command holds; its kind tells the width, not the header. */
OV_MUST_USE ov_status ov_macho_segment_at(const struct ov_macho *m, struct ov_window *w,
					  const struct ov_macho_command *c,
					  struct ov_macho_segment *out);
OV_MUST_USE ov_status ov_macho_section_at(const struct ov_macho *m, struct ov_window *w, bool is_64,
					  uint64_t at, struct ov_macho_section *out);

/** A row of the table of architectures, always big-endian: 20 bytes, or 32. @return OV_OK;
 * OV_SHORT.
 */
OV_MUST_USE ov_status ov_macho_arch_of(struct ov_cur *c, bool is_64, struct ov_macho_arch *out);

#endif
