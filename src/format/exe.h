/*
 * Facts about programs that signatures ask for: entry point, sections, imports, version
 * information. Filled by pe.c, elf.c and macho.c. Texts lie in the arena given or in the source's
 * own memory, so both must outlive the facts.
 */
#ifndef OV_EXE_H
#define OV_EXE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "digest.h"
#include "source.h"
#include "status.h"
#include "str.h"
#include "type.h"

#define OV_EXE_SECTIONS_MAX 4096
#define OV_EXE_IMPORTS_MAX 65536
#define OV_EXE_VERSIONS_MAX 1024 /* a power of two */

struct ov_section {
	struct ov_str name;
	uint64_t off, size;   /* raw bytes in the file; size 0: none. Clipped to the file   */
	uint64_t addr, vsize; /* virtual address (relative to the image base for PE) and size */
	uint32_t flags;
};

struct ov_import {
	struct ov_str library, symbol; /* one may be empty; an ordinal is "ord123" */
	uint16_t ordinal;	       /* valid if is_ordinal                      */
	bool is_ordinal;
	bool is_delayed; /* PE: loaded at first use                  */
};

struct ov_version_entry {	  /* one key/value of PE version information */
	struct ov_str key, value; /* UTF-8 */
	uint64_t off, size; /* where key + value stand in the file, bytes (for VI offsets)        */
};

struct ov_exe {
	enum ov_type type;
	uint16_t machine; /* as in the headers; Mach-O: low 16 bits of the CPU type     */
	bool is_64, is_library, has_entry;
	uint64_t entry;		     /* file offset of the entry point, valid if has_entry        */
	struct ov_section *sections; /* ELF: index 0 is the null section, as signatures count     */
	uint32_t nsections;
	struct ov_import *imports;
	uint32_t nimports;
	struct ov_version_entry *versions;
	uint32_t nversions;
	uint64_t resources;   /* PE: where the tree of resources stands, 0: none */
	uint64_t checksum_at; /* PE: where the header's checksum stands, 0 when it is not there */
	uint64_t security_at; /* PE: where the directory row of the certificate table stands    */
	uint64_t certs, certs_size; /* PE: the certificate table in the file, as declared; size 0:
				       none */
	uint64_t end;		    /* first byte after all that the headers claim: overlay start */
	bool is_cut;		    /* headers claim more bytes than exist                        */
	bool is_capped;		    /* a list was longer than its cap: the rest was left out      */
	const char *broken;	    /* NULL, or the first thing that is wrong in the headers      */
};

/**
 * Reads the facts of a program. Headers that make no sense leave what was read and set `broken`; a
 * list that does not fit its cap or the arena's budget leaves its first part and sets `is_capped`.
 *
 * @param a  Where lists and names go. A few hundred bytes for a usual program's header, more for
 * its imports.
 * @return OV_OK; OV_BAD when it is no program of that type at all; OV_UNSUPPORTED for another type;
 * OV_LIMIT, OV_NOMEM from the arena; OV_IO. Threads: no shared state.
 */
OV_MUST_USE ov_status ov_exe_read(enum ov_type t, const struct ov_src *src, struct ov_arena *a,
				  struct ov_exe *out);

/**
 * The import hash of a PE: a digest of "dll.function,dll.function,...", lower case, .dll .ocx .sys
 * taken off, ordinals as "ordN", those of ws2_32, wsock32 and oleaut32 by their names. Delayed
 * imports don't count. Agrees with `sigtool --imp` where that gives a hash.
 *
 * @param h     Hasher of the wanted kind; left ready for a new start.
 * @param out   ov_digest_size() bytes, written on OV_OK.
 * @param size  Bytes of the text that was hashed: what .imp lines give as size. Written on OV_OK.
 * @return OV_OK; OV_END when there are no imports, so no hash; errors of the hasher.
 */
OV_MUST_USE ov_status ov_exe_imphash(const struct ov_exe *x, struct ov_hasher *h,
				     uint8_t out[OV_DIGEST_MAX], uint64_t *size);

/** Where a program's icons stand: those of its first icon group. */
struct ov_icons {
	uint64_t *at; /* file offsets, n of them; the arena's */
	size_t n;
	bool has_more; /* than were asked for */
};

/**
 * Finds the icons of a PE whose facts were read. Broken resources end the list.
 * @param max  Icons at most. @return OV_OK; OV_LIMIT, OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_exe_icons(const struct ov_exe *x, const struct ov_src *src,
				   struct ov_arena *a, size_t max, struct ov_icons *out);

#endif
