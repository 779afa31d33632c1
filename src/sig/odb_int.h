/*
 * Layout of an .odb, shared by the writer and the reader; see docs/formats/odb.md. Little-endian
 * throughout.
 *
 *   0      8        12         16      24      56       64            72       80
 *   | magic | version | sections | length | id ... | built | signatures | spare | directory ... |
 * sections
 *
 * A directory row is two u64: offset and length. The row's place in the directory says what the
 * section is. The id is the SHA-256 of everything from ODB_ID_END on.
 */
#ifndef OV_ODB_INT_H
#define OV_ODB_INT_H

#include "odb.h"

#define ODB_MAGIC "\x89OVDB\r\n\x1a"
#define ODB_MAGIC_LEN 8
#define ODB_VERSION OV_ODB_VERSION
#define ODB_ID_AT 24
#define ODB_ID_END 56
#define ODB_DIR_AT 80
#define ODB_DIR_ROW 16
#define ODB_ALIGN 64

enum odb_section {
	ODB_RULES,
	ODB_SUBS,
	ODB_CONDS,
	ODB_ANCHORS,
	ODB_GROUPS,
	ODB_FIXED,
	ODB_ALWAYS,
	ODB_TARGETS,
	ODB_SOURCES,
	ODB_NAMES,
	ODB_TEXTS,
	ODB_HASH_NAMES,
	ODB_IGNORES,
	ODB_PATS,
	ODB_GRAM,
	ODB_HASH = ODB_GRAM + OV_TARGET_COUNT,
	ODB_EXTRA = ODB_HASH + OV_HASH_USES * OV_DIGEST_KINDS,
	ODB_YARA = ODB_EXTRA + OV_EXTRA_COUNT,
	ODB_SECTIONS
};

/* Bytes of one record of each table. */
#define ODB_RULE_SIZE 96
#define ODB_SUB_SIZE 56
#define ODB_ANCHOR_SIZE 16
#define ODB_GROUP_SIZE 32
#define ODB_FIXED_SIZE 16
#define ODB_TARGET_SIZE 16
#define ODB_SOURCE_SIZE 64
#define ODB_IGNORE_SIZE 24

#define ODB_INTER_MAX OV_INTERMEDIATES_MAX
#define ODB_TYPE_ANY 0xffffu /* in a list of intermediates */

#define ODB_RULE_CONTAINER 1u
#define ODB_RULE_TOP 2u
#define ODB_RULE_HANDLER 4u

/* Row `i` of a table whose length has been checked, or NULL. */
static inline const uint8_t *odb_row(const struct ov_cur *c, uint64_t i, size_t size)
{
	return i < c->len / size ? c->base + i * size : NULL;
}

static inline bool odb_in(const struct ov_cur *heap, uint64_t at, uint64_t n)
{
	return at <= heap->len && n <= heap->len - at;
}

static inline struct ov_cur odb_cur(const struct ov_cur *heap, uint64_t at, uint64_t n)
{
	return odb_in(heap, at, n) && n > 0 ? ov_cur_of(heap->base + at, (size_t)n)
					    : ov_cur_of(NULL, 0);
}

/* Rules begin after their count; lists of intermediates stand behind the last. */
static inline const uint8_t *odb_rule_row(const struct ov_odb *o, uint32_t id)
{
	return id < o->nrules ? o->rules.base + 8 + (size_t)id * ODB_RULE_SIZE : NULL;
}

/* odb_check.c */
bool odb_is_good_place(const struct ov_place *p);

#define ODB_SUBS_MAX 64	     /* a rule's; also what the condition evaluator's bit mask holds */
#define ODB_COMPARE_WIDTH 32 /* most bytes that a byte comparison reads */
#define ODB_NAME_MAX 1024
#define ODB_SOURCES_MAX 0xffffu

#endif
