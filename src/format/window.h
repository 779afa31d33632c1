/*
 * A movable window over a source, for parsers that hop through a file: bounded views, few reads, no
 * copy where the source is in memory.
 */
#ifndef OV_WINDOW_H
#define OV_WINDOW_H

#include <stdbool.h>

#include "arena.h"
#include "cursor.h"
#include "source.h"
#include "status.h"

#define OV_WINDOW_MAX ((size_t)128 * 1024)

struct ov_window {
	const struct ov_src *src; /* borrowed                                        */
	uint8_t *buf;		  /* OV_WINDOW_MAX bytes; NULL for memory            */
	uint64_t at;		  /* offset of buf[0] in src                         */
	size_t n;		  /* bytes in buf                                    */
};

/** Makes a window over `src`, which must outlive it. @return OV_OK; OV_LIMIT, OV_NOMEM from the
 * arena. */
OV_MUST_USE ov_status ov_window_init(struct ov_window *w, const struct ov_src *src,
				     struct ov_arena *a);

/**
 * A cursor over exactly [at, at + n), n <= OV_WINDOW_MAX; valid until the next call.
 * @return OV_OK; OV_SHORT when the range leaves the source; OV_IO; OV_BUG for a larger n.
 */
OV_MUST_USE ov_status ov_window_get(struct ov_window *w, uint64_t at, size_t n, struct ov_cur *out);

/** As ov_window_get, with as many of the `n` bytes as exist. */
OV_MUST_USE ov_status ov_window_upto(struct ov_window *w, uint64_t at, size_t n,
				     struct ov_cur *out);

/** What is at hand from `at` on, at least `least` bytes if they exist; else as much as fits. For
 * walks that go forward in small steps: no byte is read twice. */
OV_MUST_USE ov_status ov_window_some(struct ov_window *w, uint64_t at, size_t least,
				     struct ov_cur *out);

/**
 * Finds `what` (n bytes, at least 1) from *at on, within [*at, end). *at moves onto it, or to
 * `end`.
 * @return OV_OK with *found; OV_IO. Linear in the bytes that it passes.
 */
OV_MUST_USE ov_status ov_window_find(struct ov_window *w, uint64_t *at, uint64_t end,
				     const void *what, size_t n, bool *found);

/**
 * Text at `at` up to a NUL, at most `max` bytes: a longer one is cut there, one at the end of the
 * source too. It lies in the source's memory or in the arena.
 */
OV_MUST_USE ov_status ov_window_text(struct ov_window *w, struct ov_arena *a, uint64_t at,
				     size_t max, struct ov_str *out);

#endif
