/* The bytes of a range that a condition names, for modules that compute something of them. */
#ifndef OV_YMOD_RANGE_H
#define OV_YMOD_RANGE_H

#include "module.h"

/* Some of a range's bytes, in order; at most 64 KiB. */
typedef ov_status (*ov_ymod_piece_fn)(void *ctx, const uint8_t *p, size_t n);

/**
 * Gives a range to `fn`, piece by piece: offsets in a file, addresses in a process. In a file the
 * range is cut at its end; in a process it must lie in one stretch of memory.
 *
 * @param total  Bytes that were given.
 * @return OV_OK; OV_END undefined: it begins nowhere; OV_LIMIT steps are spent; what `fn` says;
 * OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_ymod_range(struct ov_yenv *env, int64_t at, int64_t n, ov_ymod_piece_fn fn,
				    void *ctx, uint64_t *total);

#endif
