/* A program's layout, shared by ere.c and ere_compile.c.
 *
 *   0        2       3      4
 *   | steps  | flags | sets | steps: 8 bytes each | sets: 32 bytes each |
 *
 *   step:  | kind | byte | set | x: 16 bits | y: 16 bits | 0 |   x, y: signed, relative to the step
 */
#ifndef OV_ERE_INT_H
#define OV_ERE_INT_H

#include <stdint.h>

#define ERE_HEAD 4
#define ERE_STEP 8
#define ERE_SET 32
#define ERE_SETS 255
#define ERE_NOCASE 1u

enum ere_kind {
	ERE_BYTE = 1, /* one byte                        */
	ERE_ANY,
	ERE_IN,	   /* one byte of a set               */
	ERE_SPLIT, /* go on at x and at y             */
	ERE_JUMP,  /* go on at x                      */
	ERE_START, /* at the beginning of the text    */
	ERE_END,
	ERE_WORD_START,
	ERE_WORD_END,
	ERE_MATCH,
	ERE_KINDS
};

struct ere_step {
	uint8_t kind, byte, set;
	int16_t x, y;
};

#endif
