/*
 * Container-metadata signatures (.cdb .zmd .rmd): bodies of OV_EXTRA_CONTAINER records.
 *
 *   0      2       4        6       8     12     16        80     88
 *   | type | flags | method | ntext | crc | nlit | 4 x lo,hi | mask | text ... literal ... program
 * |
 *
 * Little-endian. type: number of an ov_type or ODB_TYPE_ANY; the ranges are those of the
 * container's size, the member's packed size, its real size and its position. The program (ere.h)
 * is missing when any name will do.
 */
#ifndef OV_MEMBER_H
#define OV_MEMBER_H

#include "buf.h"
#include "ere.h"
#include "rule.h"
#include "type.h"

#define OV_MEMBER_TYPE_ANY 0xffffu

struct ov_member_sig {
	bool has_type, has_crc, has_method, has_encrypted, is_encrypted;
	enum ov_type type; /* of the container */
	uint16_t method;   /* of compression, ZIP's numbers */
	uint32_t crc;
	struct ov_u64_range container, packed, real, position;
	struct ov_str text; /* the signature's line */
	bool has_name;
	struct ov_ere_needs needs; /* of the name; `literal` is not filled by reading */
	struct ov_str literal;
	struct ov_cur program;
};

/** Appends a body. `s->program`: the compiled name expression; `needs.literal` counts. @return
 * OV_OK; OV_LIMIT for a line beyond 65535 bytes; OV_NOMEM. */
OV_MUST_USE ov_status ov_member_put(const struct ov_member_sig *s, struct ov_buf *out);

/** Reads a body, with views into it. @return OV_OK or OV_BAD, which no verified body gives. */
OV_MUST_USE ov_status ov_member_get(struct ov_cur body, struct ov_member_sig *out);

/** Verifies a body as hostile input, its program too. */
OV_MUST_USE ov_status ov_member_verify(struct ov_cur body);

#endif
