/*
 * Layout of an image of YARA rules, little-endian; offsets from its first byte.
 *
 *   0       4         8           12       16
 *   | magic | version | sections  | length | directory ... | sections, each at a multiple of 16
 *
 * A directory row is two u32: offset and length. The row's place says what the section is.
 *
 *   namespace  8  name at, bytes
 *   rule     108  see YR_*
 *   string    32  name at, bytes; code at, bytes; flags; least length; fixed offset u64
 *   constant  12  kind; TEXT, REGEX: at, bytes; EXTERNAL: number, 0; SET: first in sets, number
 *   set        4  number of a string in its rule
 *   tag        8  text at, bytes
 *   meta      24  name at, bytes; kind, 0; value, or text at and bytes
 *   external  24  likewise
 *   gate       8  first alternative, number of them
 *   alternative 48  least size u64, greatest size u64, bytes wanted [16], their masks [16]
 *   anchor    12  rule, string, atom
 *   import     8  name of a module at, bytes
 *   globals, always: u32 each, a rule; scouts: u32 each, a string
 */
#ifndef OV_YARA_IMAGE_INT_H
#define OV_YARA_IMAGE_INT_H

#include "yimage.h"
#include "le.h"

#define YI_MAGIC 0x49594f56u /* "VOYI" */
#define YI_VERSION 4u
#define YI_DIR_AT 16u
#define YI_ALIGN 16u
#define YI_RULE 108u
#define YI_STRING 32u
#define YI_CONST 12u
#define YI_META 24u
#define YI_ALT 48u
#define YI_ANCHOR 12u
#define YI_ALTS_MAX 8u

/* Offsets in a rule's row. */
enum {
	YR_NAME = 0,
	YR_NS = 8,
	YR_SOURCE = 12,
	YR_LINE = 16,
	YR_FLAGS = 20,
	YR_STRINGS = 24,
	YR_CODE = 32,
	YR_CONSTS = 40,
	YR_TAGS = 48,
	YR_METAS = 56,
	YR_TEXT = 64,
	YR_GATE = 72,
	YR_SLOTS = 76,
	YR_LOOPS = 80,
	YR_STACK = 84,
	YR_CLASS = 88,
	YR_UNIT = 92, /* the first rule that this one may name */
	YR_SCOUTS = 96,
	YR_WAKE = 104 /* a gate that wakes an ALWAYS rule */
};

struct ov_yalt { /* one way for a gate to be open */
	uint64_t lo, hi;
	uint8_t value[OV_YHEAD], mask[OV_YHEAD];
};

/* A gate's alternatives. @return false: there is no such gate. */
bool ov_yimage_alternatives(const struct ov_yimage *y, uint32_t gate,
			    struct ov_yalt out[YI_ALTS_MAX], uint32_t *n);

#endif
