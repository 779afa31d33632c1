/*
 * The bounded cursor: the only way in which hostile bytes are read.
 *
 *      base                pos                      base + len
 *        |--- already read ---|------ left ------------|
 *
 * Invariant: pos <= len. Reads move the cursor only on OV_OK. Every comparison is made by
 * subtraction on the trusted side. Byte order is in the function's name. A cursor borrows its
 * bytes.
 */
#ifndef OV_CURSOR_H
#define OV_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "str.h"

struct ov_cur {
	const uint8_t *base; /* may be NULL only when len is 0 */
	size_t len, pos;
	ov_status soft; /* first failure of the sticky reads */
};

/**
 * Makes a cursor at the start of `len` bytes. The bytes must outlive it.
 */
static inline struct ov_cur ov_cur_of(const void *base, size_t len)
{
	return (
	    struct ov_cur){ .base = base, .len = base != NULL ? len : 0, .pos = 0, .soft = OV_OK };
}

static inline size_t ov_cur_left(const struct ov_cur *c)
{
	return c->len - c->pos;
}

/* The bytes not yet read, for a bounded walk by ov_cur_left(); never NULL-dereferenced when 0 left.
 */
static inline const uint8_t *ov_cur_rest(const struct ov_cur *c)
{
	return c->base == NULL ? NULL : c->base + c->pos;
}

/**
 * Moves to an absolute position. @return OV_OK, or OV_SHORT when `at` lies past the end (equal is
 * fine).
 */
OV_MUST_USE ov_status ov_cur_seek(struct ov_cur *c, uint64_t at);

/** Moves forward by `n` bytes. @return OV_OK or OV_SHORT. */
OV_MUST_USE ov_status ov_cur_skip(struct ov_cur *c, uint64_t n);

/** Takes the next `n` bytes as a view of their own. @return OV_OK or OV_SHORT. */
OV_MUST_USE ov_status ov_cur_take(struct ov_cur *c, uint64_t n, struct ov_cur *out);

/** A view of [off, off + len) of the whole, wherever the cursor stands. @return OV_OK or OV_SHORT.
 */
OV_MUST_USE ov_status ov_cur_sub(const struct ov_cur *c, uint64_t off, uint64_t len,
				 struct ov_cur *out);

/** Copies the next `n` bytes to `to` and moves. @return OV_OK or OV_SHORT. */
OV_MUST_USE ov_status ov_cur_copy(struct ov_cur *c, void *to, size_t n);

/** Reads the exact bytes of `magic` (n bytes). @return OV_OK; OV_SHORT; OV_BAD when they differ. */
OV_MUST_USE ov_status ov_cur_expect_n(struct ov_cur *c, const void *magic, size_t n);
#define ov_cur_expect(c, literal) ov_cur_expect_n((c), ("" literal ""), sizeof(literal) - 1)

/** True when the bytes at the cursor begin with `magic`; does not move. */
bool ov_cur_looking_at(const struct ov_cur *c, const void *magic, size_t n);

/**
 * Takes the next line as text without its end ("\n" or "\r\n").
 * @return OV_OK; OV_END when nothing is left. The last line needs no end mark.
 */
OV_MUST_USE ov_status ov_cur_line(struct ov_cur *c, struct ov_str *out);

/** Takes text up to a NUL byte, at most `max` bytes, and moves past the NUL. @return OV_OK;
 * OV_SHORT when no NUL. */
OV_MUST_USE ov_status ov_cur_zstr(struct ov_cur *c, size_t max, struct ov_str *out);

OV_MUST_USE ov_status ov_cur_u8(struct ov_cur *c, uint8_t *out);
OV_MUST_USE ov_status ov_cur_u16le(struct ov_cur *c, uint16_t *out);
OV_MUST_USE ov_status ov_cur_u16be(struct ov_cur *c, uint16_t *out);
OV_MUST_USE ov_status ov_cur_u32le(struct ov_cur *c, uint32_t *out);
OV_MUST_USE ov_status ov_cur_u32be(struct ov_cur *c, uint32_t *out);
OV_MUST_USE ov_status ov_cur_u64le(struct ov_cur *c, uint64_t *out);
OV_MUST_USE ov_status ov_cur_u64be(struct ov_cur *c, uint64_t *out);

/*
 * Sticky reads for dense headers: after the first failure each gives 0. Ask ov_cur_status() before
 * any of the values is used.
 */
uint8_t ov_cur_soft_u8(struct ov_cur *c);
uint16_t ov_cur_soft_u16le(struct ov_cur *c);
uint16_t ov_cur_soft_u16be(struct ov_cur *c);
uint32_t ov_cur_soft_u32le(struct ov_cur *c);
uint32_t ov_cur_soft_u32be(struct ov_cur *c);
uint64_t ov_cur_soft_u64le(struct ov_cur *c);
uint64_t ov_cur_soft_u64be(struct ov_cur *c);
void ov_cur_soft_skip(struct ov_cur *c, uint64_t n);
OV_MUST_USE ov_status ov_cur_status(const struct ov_cur *c);

#endif
