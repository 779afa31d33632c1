/*
 * A source of bytes with 64-bit offsets: a file, a region of memory, a slice of either. Parsers
 * look at it through bounded views and never hold more than they asked for.
 */
#ifndef OV_SOURCE_H
#define OV_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "cursor.h"
#include "status.h"

struct ov_src;

/*
 * Reads up to `n` bytes at `off` into `to`; *got may be less than n only at the end of what exists
 * (a file that shrank). @return OV_OK or OV_IO.
 */
typedef ov_status (*ov_src_read_fn)(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got);

struct ov_src {
	uint64_t size;	     /* bytes                                                          */
	const uint8_t *mem;  /* all bytes, when they are in memory; else NULL (or size is 0)   */
	ov_src_read_fn read; /* used when mem is NULL                                         */
	void *ctx;
	uint64_t at; /* slices: added to each offset given to `read`                   */
};

/** A source over bytes in memory, which must outlive it. */
struct ov_src ov_src_mem(const void *p, size_t n);

/** Part of a source: [off, off + len). @return OV_OK, or OV_SHORT when it does not lie inside. */
OV_MUST_USE ov_status ov_src_slice(const struct ov_src *s, uint64_t off, uint64_t len,
				   struct ov_src *out);

/**
 * Copies exactly [off, off + n) to `to`.
 * @return OV_OK; OV_SHORT when the range leaves the source or the file shrank; OV_IO.
 */
OV_MUST_USE ov_status ov_src_read(const struct ov_src *s, uint64_t off, void *to, size_t n);

/**
 * A cursor over [off, off + n): straight into memory where the source is there, else a copy in `a`.
 * @return as ov_src_read; also OV_LIMIT and OV_NOMEM from the arena.
 */
OV_MUST_USE ov_status ov_src_view(const struct ov_src *s, uint64_t off, size_t n,
				  struct ov_arena *a, struct ov_cur *out);

/** As ov_src_view, with as many of the `n` bytes as exist from `off` on (0 when off is past the
 * end). */
OV_MUST_USE ov_status ov_src_view_upto(const struct ov_src *s, uint64_t off, size_t n,
				       struct ov_arena *a, struct ov_cur *out);

/**
 * Reads up to `n` bytes at `off`, fewer only at the end. @return OV_OK with *got; OV_IO.
 */
OV_MUST_USE ov_status ov_src_read_upto(const struct ov_src *s, uint64_t off, void *to, size_t n,
				       size_t *got);

#endif
