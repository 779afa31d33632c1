/*
 * Memory for one scanned node: bump allocation with a budget, released all at once.
 *
 * Parsers take an arena and free nothing. A request beyond the budget is refused with OV_LIMIT, so
 * that a hostile input can't make the process grow. Blocks are kept for reuse by ov_arena_reset().
 */
#ifndef OV_ARENA_H
#define OV_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "status.h"
#include "str.h"

struct ov_arena_block;

struct ov_arena {
	struct ov_arena_block *first, *at;
	size_t used;   /* bytes given out since the last reset                        */
	size_t budget; /* most bytes that may be given out                            */
	long fail_in;  /* fault injection: the n-th request from now fails; <0: never */
};

/* A place to come back to, see ov_arena_mark(). */
struct ov_arena_mark {
	struct ov_arena_block *at;
	size_t block_used, used;
};

/** Makes an empty arena that gives out at most `budget` bytes. Allocates nothing yet. */
void ov_arena_init(struct ov_arena *a, size_t budget);

/** Returns all memory to the system. The arena may be used again. */
void ov_arena_free(struct ov_arena *a);

/** Forgets all that was given out; keeps at most `keep` bytes of blocks for the next use. */
void ov_arena_reset(struct ov_arena *a, size_t keep);

/**
 * Gives `n` zeroed bytes, aligned for any type; n may be 0. *out is written only on OV_OK.
 * @return OV_OK; OV_LIMIT beyond the budget; OV_NOMEM.
 * Threads: one thread at a time per arena. Ownership: the arena's, until reset, release or free.
 */
OV_MUST_USE ov_status ov_arena_alloc(struct ov_arena *a, size_t n, void **out);

/** As ov_arena_alloc, for `count` elements of `size` bytes, with the product checked. */
OV_MUST_USE ov_status ov_arena_array_(struct ov_arena *a, size_t count, size_t size, void **out);
#define ov_arena_array(a, count, out) ov_arena_array_((a), (count), sizeof **(out), (void **)(out))
#define ov_arena_new(a, out) ov_arena_alloc((a), sizeof **(out), (void **)(out))

/** Copies text into the arena; a NUL follows it, outside its length. */
OV_MUST_USE ov_status ov_arena_str(struct ov_arena *a, struct ov_str s, struct ov_str *out);

/** Remembers the arena's state; ov_arena_release() gives back all that was taken since. */
struct ov_arena_mark ov_arena_mark(const struct ov_arena *a);
void ov_arena_release(struct ov_arena *a, struct ov_arena_mark m);

#endif
