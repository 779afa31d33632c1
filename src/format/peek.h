/*
 * Small reads at any place of a source, for parsers that jump about (tables of programs).
 *
 * Bytes in memory are looked at where they are. Of other sources one window is kept and moved, so
 * that a thousand small reads cost a few real ones. What a call hands out is valid until the next
 * call.
 */
#ifndef OV_PEEK_H
#define OV_PEEK_H

#include "arena.h"
#include "cursor.h"
#include "source.h"
#include "status.h"
#include "str.h"

#define OV_PEEK_SIZE ((size_t)65536) /* most bytes of one look */

struct ov_peek {
	const struct ov_src *src;
	struct ov_arena *arena;
	uint8_t *buf; /* OV_PEEK_SIZE bytes, from the arena, made when first needed */
	uint64_t off; /* of buf[0] in the source */
	size_t len;
};

/** A window over `src`. Allocates nothing yet. */
static inline struct ov_peek ov_peek_of(const struct ov_src *src, struct ov_arena *a)
{
	return (struct ov_peek){ .src = src, .arena = a };
}

/**
 * As many of the `n` (at most OV_PEEK_SIZE) bytes at `off` as exist; none is OV_OK as well.
 * @return OV_OK; OV_IO; OV_LIMIT or OV_NOMEM from the arena; OV_BUG when n is too large.
 */
OV_MUST_USE ov_status ov_peek_upto(struct ov_peek *w, uint64_t off, size_t n, struct ov_cur *out);

/** All `n` bytes at `off`. @return as ov_peek_upto; OV_SHORT when they don't all exist. */
OV_MUST_USE ov_status ov_peek_need(struct ov_peek *w, uint64_t off, size_t n, struct ov_cur *out);

/**
 * Text at `off` up to a NUL, at most `max` bytes (a longer one is cut there, one at the end of the
 * file too). It stays valid: it lies in the source's memory or in the arena.
 */
OV_MUST_USE ov_status ov_peek_text(struct ov_peek *w, uint64_t off, size_t max, struct ov_str *out);

#endif
