/*
 * Facts about programs that signatures ask for: entry point, sections, imports, version information.
 * Filled by pe.c, elf.c and macho.c; everything lives in the arena given.
 */
#ifndef OV_EXE_H
#define OV_EXE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "source.h"
#include "status.h"
#include "str.h"
#include "type.h"

#define OV_EXE_SECTIONS_MAX 4096
#define OV_EXE_IMPORTS_MAX 65536
#define OV_EXE_VERSIONS_MAX 1024

struct ov_section {
	struct ov_str name;
	uint64_t off, size;     /* raw bytes in the file; size 0: none. Clipped to the file              */
	uint64_t addr, vsize;   /* virtual address (relative to the image base for PE) and size          */
	uint32_t flags;
};

struct ov_import {
	struct ov_str library, symbol; /* symbol may be empty; an ordinal is "ord123" */
};

struct ov_version_entry { /* one key/value of PE version information */
	struct ov_str key, value;   /* UTF-8 */
	uint64_t off, size;         /* where key + value stand in the file, bytes (for VI offsets)        */
};

struct ov_exe {
	enum ov_type type;
	uint16_t machine;
	bool is_64, is_library, has_entry;
	uint64_t entry;              /* file offset of the entry point, valid if has_entry        */
	struct ov_section *sections; /* ELF: index 0 is the null section, as signatures count     */
	uint32_t nsections;
	struct ov_import *imports;
	uint32_t nimports;
	struct ov_version_entry *versions;
	uint32_t nversions;
	uint64_t end;                /* first byte after all that the headers claim: overlay start */
	bool imphash_valid;
	uint8_t imphash[16];         /* PE: MD5 of the lower-cased "dll.func" list                 */
	bool is_cut;                 /* headers claim more bytes than exist                        */
	const char *broken;          /* NULL, or what is wrong in the headers                      */
};

/**
 * Reads the facts of a program. Headers that make no sense leave what was read and set `broken`.
 *
 * @return OV_OK; OV_BAD when it is no program of that type at all; OV_UNSUPPORTED for another type; OV_LIMIT,
 *         OV_NOMEM from the arena; OV_IO.
 * Threads: no shared state.
 */
OV_MUST_USE ov_status ov_exe_read(enum ov_type t, const struct ov_src *src, struct ov_arena *a,
                                  struct ov_exe *out);

#endif
