/*
 * A Portable Executable as YARA's rules ask of it: each list is read when it is asked for, and kept
 * by the caller. exe.h has what ClamAV's signatures ask for; the two agree on the records
 * (pe_header.h, pe_imports.c, pe_resources.c) but not on what counts when a file breaks the rules:
 * there ClamAV's behaviour is taken, here that of yara 4.2.3, found by running it on made programs
 * (docs/formats/pe.md).
 *
 * All lists lie in the arena given, texts in the source's memory or in the arena. Every list has a
 * cap; a longer one is cut there and sets `is_capped`. Broken tables end a list: no status tells of
 * them. Errors of all functions, if not said otherwise: OV_LIMIT, OV_NOMEM from the arena; OV_IO.
 * Threads: one at a time for each view.
 */
#ifndef OV_PE_VIEW_H
#define OV_PE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "digest.h"
#include "pe_header.h"
#include "source.h"
#include "str.h"
#include "window.h"

#define OV_PE_SECTIONS_MAX 96 /* what Windows loads */
#define OV_PE_IMPORTS_MAX 16384
#define OV_PE_EXPORTS_MAX 16384
#define OV_PE_RESOURCES_MAX 65537
#define OV_PE_VERSIONS_MAX 32768
#define OV_PE_LIBRARY_NAME_MAX 1024 /* bytes of a name that are kept */
#define OV_PE_SYMBOL_NAME_MAX 512
#define OV_PE_PATH_MAX 1024

struct ov_pe {
	const struct ov_src *src;
	struct ov_arena *arena;
	struct ov_window win, names; /* tables; texts */
	struct ov_pe_header h;
	struct ov_pe_section *sections;
	uint32_t nsections; /* rows that the file has, at most OV_PE_SECTIONS_MAX */
	bool is_capped;
};

/** Reads headers and sections. `src` and `a` must outlive the view. @return OV_OK; OV_BAD: this is
 * no PE, or its headers are cut. */
OV_MUST_USE ov_status ov_pe_open(const struct ov_src *src, struct ov_arena *a, struct ov_pe *out);

/** File offset of an address relative to the image base. @return OV_OK; OV_BAD: there is none. */
OV_MUST_USE ov_status ov_pe_map(const struct ov_pe *p, uint64_t rva, uint64_t *out);

/** A directory, if the header has it and it is not empty. */
bool ov_pe_dir(const struct ov_pe *p, unsigned i, struct ov_pe_dir *out);

/** A section's name as it stands there: 8 bytes without the NULs at their end. */
struct ov_str ov_pe_section_short_name(const struct ov_pe_section *s);

/** A section's name; the long one from the symbol table's texts, if it begins with '/'.
 * @return OV_OK; OV_BAD: it lies outside the file. */
OV_MUST_USE ov_status ov_pe_section_name(struct ov_pe *p, uint32_t i, struct ov_str *out);

/** Where what no section covers begins, and its size: 0 and 0 when there is none. */
void ov_pe_overlay(const struct ov_pe *p, uint64_t *off, uint64_t *size);

/** The checksum that the header should have. Reads all of the file. @return also OV_SHORT. */
OV_MUST_USE ov_status ov_pe_checksum(const struct ov_pe *p, uint32_t *out);

struct ov_pe_import {
	struct ov_str name; /* of an ordinal: as it is known, else "ord5" */
	uint32_t rva;	    /* of its place in the address table */
	uint16_t ordinal;
	bool is_ordinal;
};

struct ov_pe_library {
	struct ov_str name;
	uint32_t first, n; /* of its functions in the list; at least one */
};

struct ov_pe_imports {
	struct ov_pe_library *libraries;
	struct ov_pe_import *functions;
	uint32_t nlibraries, nfunctions;
	uint32_t descriptors, thunks; /* with those that could not be read */
};

/** The libraries that are imported from, usual or delayed. */
OV_MUST_USE ov_status ov_pe_list_imports(struct ov_pe *p, bool is_delayed,
					 struct ov_pe_imports *out);

/** The import hash: MD5 over usual imports; that of nothing if there are none. */
OV_MUST_USE ov_status ov_pe_imphash(const struct ov_pe_imports *im, struct ov_hasher *md5,
				    uint8_t out[OV_DIGEST_MAX]);

struct ov_pe_exported {
	struct ov_str name, forward;
	bool has_name, is_forward, is_mapped;
	uint32_t ordinal, rva;
	uint64_t off; /* valid if is_mapped */
};

struct ov_pe_exports {
	bool is_there, has_library;
	uint32_t time;
	struct ov_str library;
	struct ov_pe_exported *list;
	uint32_t n;
};

OV_MUST_USE ov_status ov_pe_list_exports(struct ov_pe *p, struct ov_pe_exports *out);

struct ov_pe_key {  /* of one level of the tree: a number, or a text in UTF-16 */
	int64_t id; /* -1: the tree has no such level */
	struct ov_str text;
	bool is_text;
};

struct ov_pe_resource {
	struct ov_pe_key keys[3]; /* type, name, language */
	uint32_t rva, size;
	bool is_mapped;
	uint64_t off; /* valid if is_mapped */
};

struct ov_pe_resources {
	bool is_there;
	uint32_t time;
	struct ov_pe_version2 version;
	struct ov_pe_resource *list;
	uint32_t n;
};

OV_MUST_USE ov_status ov_pe_list_resources(struct ov_pe *p, struct ov_pe_resources *out);

struct ov_pe_text { /* a pair of the version information; the low bytes of its units */
	struct ov_str key, value;
};

struct ov_pe_texts {
	struct ov_pe_text *list;
	uint32_t n;
};

OV_MUST_USE ov_status ov_pe_list_versions(struct ov_pe *p, const struct ov_pe_resources *r,
					  struct ov_pe_texts *out);

struct ov_pe_rich { /* what Microsoft's linker tells of the tools used */
	bool is_there;
	uint64_t off;
	uint32_t key;
	struct ov_str raw, clear; /* bytes; the second with the key taken off */
};

OV_MUST_USE ov_status ov_pe_read_rich(struct ov_pe *p, struct ov_pe_rich *out);

/** The path of the debug information. @return OV_OK; OV_END: none. */
OV_MUST_USE ov_status ov_pe_debug_path(struct ov_pe *p, struct ov_str *out);

/** Makes room for one more element in a list of the arena that doubles. */
OV_MUST_USE ov_status ov_pe_room_(struct ov_pe *p, void **list, uint32_t n, size_t size);
#define ov_pe_room(p, list, n) ov_pe_room_((p), (void **)(list), (n), sizeof **(list))

#endif
