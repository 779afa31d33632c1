/*
 * ELF tables, row by row: for exe facts (elf.c) and for whoever asks for single rows. Both widths
 * and byte orders. Source: System V ABI, chapters 4 and 5. Nothing is kept, nothing is allocated; a
 * row is read where the caller says that it stands.
 */
#ifndef OV_ELF_H
#define OV_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"
#include "window.h"

struct ov_elf { /* the header */
	bool is_be, is_64;
	uint8_t class, order, osabi; /* as they stand there: 1, 2 are those that exist */
	uint16_t type, machine, phentsize, phnum, shentsize, shnum, shstrndx;
	uint64_t entry, phoff, shoff;
};

struct ov_elf_segment {
	uint32_t type, flags;
	uint64_t off, addr, paddr, filesz, memsz, align;
};

struct ov_elf_section {
	uint32_t name, type, link;
	uint64_t flags, addr, off, size;
};

struct ov_elf_symbol {
	uint32_t name;
	uint8_t info, other; /* info: binding << 4 | type; other: visibility */
	uint16_t shndx;
	uint64_t value, size;
};

struct ov_elf_dyn {
	uint64_t tag, value;
};

/* Bytes of the header and of each kind of row, by width. */
static inline uint32_t ov_elf_header_size(const struct ov_elf *e)
{
	return e->is_64 ? 64 : 52;
}

static inline uint32_t ov_elf_segment_size(const struct ov_elf *e)
{
	return e->is_64 ? 56 : 32;
}

static inline uint32_t ov_elf_section_size(const struct ov_elf *e)
{
	return e->is_64 ? 64 : 40;
}

static inline uint32_t ov_elf_symbol_size(const struct ov_elf *e)
{
	return e->is_64 ? 24 : 16;
}

static inline uint32_t ov_elf_dyn_size(const struct ov_elf *e)
{
	return e->is_64 ? 16 : 8;
}

/**
 * Reads the header. A class or byte order that does not exist is read as 32 bits, little-endian.
 * @return OV_OK; OV_BAD: no ELF; OV_SHORT: it is cut, *out has the width; OV_IO.
 */
OV_MUST_USE ov_status ov_elf_open(struct ov_window *w, struct ov_elf *out);

/** A row that stands at file offset `at`. @return OV_OK; OV_SHORT past the end; OV_IO. */
OV_MUST_USE ov_status ov_elf_segment_at(const struct ov_elf *e, struct ov_window *w, uint64_t at,
					struct ov_elf_segment *out);
OV_MUST_USE ov_status ov_elf_section_at(const struct ov_elf *e, struct ov_window *w, uint64_t at,
					struct ov_elf_section *out);
OV_MUST_USE ov_status ov_elf_symbol_at(const struct ov_elf *e, struct ov_window *w, uint64_t at,
				       struct ov_elf_symbol *out);
OV_MUST_USE ov_status ov_elf_dyn_at(const struct ov_elf *e, struct ov_window *w, uint64_t at,
				    struct ov_elf_dyn *out);

#endif
