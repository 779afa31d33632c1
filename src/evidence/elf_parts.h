/* The tables of an ELF file, for the sources that read programs. ELF-64 and 32, both byte orders.
 * Document: System V ABI 4 and 5. */
#ifndef OV_ELF_PARTS_H
#define OV_ELF_PARTS_H

#include "gather_int.h"

struct ov_ev_elf {
	const struct ov_src *src;
	bool is_be, is_64;
	uint16_t type, phentsize, phnum, shentsize, shnum, shstrndx;
	uint64_t phoff, shoff;
	struct ov_cur names; /* of sections */
};

struct ov_ev_elf_part { /* a section or segment */
	uint32_t name, type, link;
	uint64_t off, size, addr, flags, each;
};

/* Fields in the file's byte order; the word is 4 or 8 bytes. Soft: see cursor.h. */
uint16_t ov_ev_elf_u16(const struct ov_ev_elf *x, struct ov_cur *c);
uint32_t ov_ev_elf_u32(const struct ov_ev_elf *x, struct ov_cur *c);
uint64_t ov_ev_elf_word(const struct ov_ev_elf *x, struct ov_cur *c);

/** Reads the header; x->src must be set. @return OV_OK; OV_SHORT. */
OV_MUST_USE ov_status ov_ev_elf_header(struct ov_ev_elf *x, struct ov_cur head);

/** The section or segment table, as much as is there of `n` rows. */
OV_MUST_USE ov_status ov_ev_elf_table(struct ov_ev *e, const struct ov_ev_elf *x, uint64_t off,
				      uint32_t n, uint16_t each, struct ov_cur *out);

/** Takes the next row. @return false at the end, and for rows that are too small. */
bool ov_ev_elf_section(const struct ov_ev_elf *x, struct ov_cur *all, struct ov_ev_elf_part *p);
bool ov_ev_elf_segment(const struct ov_ev_elf *x, struct ov_cur *all, struct ov_ev_elf_part *p);

/** Bytes of a part, at most `max`, as far as they are there. */
OV_MUST_USE ov_status ov_ev_elf_bytes(struct ov_ev *e, const struct ov_ev_elf *x,
				      const struct ov_ev_elf_part *p, size_t max,
				      struct ov_cur *out);

#endif
