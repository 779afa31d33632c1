/*
 * A census: which folded grams of four bytes occur in some bytes, as far as a bitmap tells.
 *
 * To hold thousands of patterns against one layer: each costs a few looks at the bitmap, where a
 * search for all of them would cost a table of their keys. A pattern one of whose keys has a gram
 * that does not occur is not there. Never says that of one that is there.
 */
#ifndef OV_CENSUS_H
#define OV_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "pattern.h"
#include "status.h"

struct ov_census { /* starts as zeros; used again for other bytes */
	struct ov_buf bits;
	uint32_t bits_log2;
};

/** Takes the census of n bytes. @return OV_OK; OV_NOMEM: then all may occur. Its memory is at most
 * 2 MiB, and kept. */
OV_MUST_USE ov_status ov_census_take(struct ov_census *c, const uint8_t *p, size_t n);
void ov_census_free(struct ov_census *c);

/** @param pattern  One that ov_pats_check() has passed. @return false when it can't match anywhere
 * in the bytes of the census. */
bool ov_census_may_have(const struct ov_census *c, const struct ov_pats *pats, uint32_t pattern);

#endif
