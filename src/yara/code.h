/*
 * Condition code: what a rule's condition is compiled to. A stack machine without registers; values
 * carry their kinds, so that code that lies about types can only make values undefined. Strings are
 * numbered within their rule, rules by how far back they stand, texts by the rule's constants: so
 * code can be moved.
 *
 *   op u8 | operands, little-endian
 *
 * Jumps are u32 offsets in the rule's code. All go forward but NEXT's, which goes to the
 * instruction after its FOR. ov_ycode_verify() follows the stack's depth; what it passed needs no
 * check of depth, jumps or numbers.
 */
#ifndef OV_YARA_CODE_H
#define OV_YARA_CODE_H

#include <stdint.h>

#include "cursor.h"
#include "status.h"

#define OV_YSTACK_MAX 4096u /* values that wait */
#define OV_YSLOTS_MAX 128u
#define OV_YLOOPS_MAX 64u
#define OV_YCODE_MAX (8u << 20)	 /* bytes of one condition */
#define OV_YTUPLE_MAX 2048u	 /* conditions in one `of (..)` */
#define OV_YSTR_LOOP 0x80000000u /* in a string's number: the loop's string instead */

/* name, bytes of operands, values popped, values pushed. What depends on operands: see code.c. */
#define OV_YOPS(X)                                                                                 \
	X(END, 0, 0, 0)                                                                            \
	X(INT, 8, 0, 1)                                                                            \
	X(BYTE, 1, 0, 1)                                                                           \
	X(FLOAT, 8, 0, 1)                                                                          \
	X(BOOL, 1, 0, 1)                                                                           \
	X(CONST, 4, 0, 1) /* constant */                                                           \
	X(FILESIZE, 0, 0, 1)                                                                       \
	X(ENTRYPOINT, 0, 0, 1)                                                                     \
	X(RULE, 4, 0, 1) /* how far back */                                                        \
	X(LOAD, 1, 0, 1) /* slot */                                                                \
	X(STORE, 1, 1, 0)                                                                          \
	X(MODULE, 4, 0, 1) /* constant: name */                                                    \
	X(FIELD, 4, 1, 1)  /* constant: name */                                                    \
	X(INDEX, 0, 2, 1)                                                                          \
	X(CALL, 1, 1, 1) /* arguments, on top of the function */                                   \
	X(NOT, 0, 1, 1)                                                                            \
	X(DEFINED, 0, 1, 1)                                                                        \
	X(NEG, 0, 1, 1)                                                                            \
	X(BITNOT, 0, 1, 1)                                                                         \
	X(AND, 0, 2, 1)                                                                            \
	X(OR, 0, 2, 1)                                                                             \
	X(IF_FALSE, 4, 1, 1) /* jumps when the top is false for sure; it stays */                  \
	X(IF_TRUE, 4, 1, 1)                                                                        \
	X(BINARY, 1, 2, 1) /* enum ov_ynode_kind, YN_ADD .. YN_MATCHES */                          \
	X(READ, 1, 1, 1)   /* OV_YREAD_* and width */                                              \
	X(FOUND, 4, 0, 1)  /* string */                                                            \
	X(COUNT, 4, 0, 1)                                                                          \
	X(COUNT_IN, 4, 2, 1)                                                                       \
	X(OFFSET, 4, 1, 1)                                                                         \
	X(LENGTH, 4, 1, 1)                                                                         \
	X(AT, 4, 1, 1)                                                                             \
	X(IN, 4, 2, 1)                                                                             \
	X(OF, 6, 0, 1)		 /* quant, place (0, 1 at, 2 in), constant: set */                 \
	X(TUPLE, 5, 0, 1)	 /* quant, number of conditions */                                 \
	X(FOR_STRINGS, 10, 0, 0) /* quant, loop, constant: set, end */                             \
	X(FOR_RANGE, 8, 2, 0)	 /* quant, loop, slot, 1, end */                                   \
	X(FOR_LIST, 12, 0, 0)	 /* quant, loop, slot, 1, end, values */                           \
	X(FOR_OBJECT, 8, 1, 0)	 /* quant, loop, slot, variables, end */                           \
	X(NEXT, 5, 1, 1)	 /* loop, the body's begin */

enum ov_yop {
#define OV_YOP(name, operands, pops, pushes) YO_##name,
	OV_YOPS(OV_YOP)
#undef OV_YOP
	    YO_COUNT_OF
};

enum ov_yplace { OV_YPLACE_ANY = 0, OV_YPLACE_AT, OV_YPLACE_IN };

/* What code may name, for the verifier. */
struct ov_ycode_limits {
	uint32_t nstrings, nconsts, nslots, nloops, back; /* back: rules before this one */
	/* Is constant `i` of a kind: enum ov_yconst_kind of yimage.h. */
	uint32_t (*const_kind)(void *ctx, uint32_t i);
	void *ctx;
};

/** Verifies hostile code. @param stack  The most values that wait. @return OV_OK; OV_BAD; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_ycode_verify(struct ov_cur code, const struct ov_ycode_limits *l,
				      uint32_t *stack);

/** Bytes of operands of an instruction; UINT32_MAX for none. */
uint32_t ov_yop_operands(uint8_t op);
const char *ov_yop_name(uint8_t op);

#endif
