/* What harnesses of containers have in common: one input, walked in several ways. */
#ifndef OV_FUZZ_WALKS_H
#define OV_FUZZ_WALKS_H

#include "walk.h"

/**
 * Walks the bytes from memory, by a read function, and with an arena of `small` bytes (0: not
 * that). Aborts unless the first two give the same transcript, parts lie inside the file (walk.c),
 * no fault of ours is told, and less memory never gives more bytes when `is_monotone`.
 */
void ov_fuzz_walks(enum ov_type t, const uint8_t *p, size_t n, size_t small, bool is_monotone);

#endif
