/* What the two halves of the packed names share. */
#ifndef OV_NAMES_INT_H
#define OV_NAMES_INT_H

#include "le.h"
#include "names.h"

/*
 *   0          4         8
 *   | segments | names | segment rows | segments' bytes
 *
 * segment row: first token u32, source u32, offset u64, length u64. Tokens ascend without a gap.
 * segment: names u32, templates u32, bytes of blocks u32, bytes of templates u32; offset of each
 *   block u32; offset of each group of NAMES_GROUP templates u32; blocks; templates.
 * block: at most OV_NAMES_BLOCK names. An entry begins with a variable-length number v:
 *   0: a run. Then how many more names follow that have the template of the last, its number + 1
 *      and its line + 1 each.
 *   else: v - 1 is 2 * template + (1 if the line is not the last's + 1). Then the number, if the
 *      template has one: as it is, or as a signed difference from what the template had last, when
 *      the block's memory (one slot a template number modulo NAMES_SLOTS) still holds that. Then
 *      the line's difference from the last's + 1, signed, if told.
 * template: inside its group: bytes shared with the prefix before, length of the rest of the
 *   prefix, 2 * length of the suffix + (1 if there is a number between), rest of prefix, suffix.
 *
 * Variable-length numbers: seven bits a byte, lowest first, bit 7 says that more follow. Signed
 * ones: zig-zag.
 */
#define NAMES_HEAD 8u
#define NAMES_ROW 24u
#define NAMES_SEGMENT 16u
#define NAMES_GROUP 16u
#define NAMES_SLOTS 64u
#define NAMES_VAR 10u /* most bytes of a variable-length number */

struct names_memory { /* of one block */
	struct {
		uint32_t id; /* + 1; 0: empty */
		uint64_t number;
	} slot[NAMES_SLOTS];
};

static inline uint64_t names_zigzag(uint64_t d)
{
	return d << 1 ^ (0 - (d >> 63));
}

static inline uint64_t names_unzigzag(uint64_t z)
{
	return z >> 1 ^ (0 - (z & 1));
}

#endif
