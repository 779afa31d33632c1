/* What type.c, type_magic.c and type_text.c share. Not for other folders. */
#ifndef OV_TYPE_INT_H
#define OV_TYPE_INT_H

#include "type.h"

/* The layer under test: its head, and all of it for marks that lie further in. */
struct ov_probe {
	struct ov_cur head;
	const struct ov_src *src;
};

/** Types told by bytes at a fixed place in the head. @return OV_T_BINARY_DATA when no row fits. */
enum ov_type ov_type_by_magic(const struct ov_probe *p);

/** For the tests: rows that are out of order would never be asked. */
bool ov_type_rows_are_sorted(void);

/** Types told by bytes far inside or at the end (ISO 9660, DMG): for heads that look binary. */
enum ov_type ov_type_by_far_magic(const struct ov_probe *p);

/** Types of text, OV_T_BINARY_DATA when the head is no text of any kind. */
enum ov_type ov_type_by_text(const struct ov_probe *p);

/** True when `magic` stands at `off` of the head. */
bool ov_probe_has(const struct ov_probe *p, size_t off, const void *magic, size_t n);
#define ov_probe_is(p, off, literal) ov_probe_has((p), (off), ("" literal ""), sizeof(literal) - 1)

/** Finds `what` in the first `within` bytes of the head. @return its offset, or SIZE_MAX. */
size_t ov_probe_find(const struct ov_probe *p, const void *what, size_t n, size_t within);

/* Numbers of the head; bytes that don't exist read as zero, so a check must not accept zero alone.
 */
uint8_t ov_probe_u8(const struct ov_probe *p, size_t off);
uint16_t ov_probe_u16le(const struct ov_probe *p, size_t off);
uint16_t ov_probe_u16be(const struct ov_probe *p, size_t off);
uint32_t ov_probe_u32le(const struct ov_probe *p, size_t off);
uint32_t ov_probe_u32be(const struct ov_probe *p, size_t off);
uint64_t ov_probe_u64le(const struct ov_probe *p, size_t off);

#endif
