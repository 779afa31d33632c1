/*
 * A census: which folded grams of four bytes occur in some bytes, as far as a bitmap tells; in few
 * bytes also where (places.h).
 *
 * To hold thousands of patterns against one layer: each costs a few looks at the bitmap, where a
 * search for all of them would cost a table of their keys. A pattern one of whose keys has a gram
 * that does not occur is not there, nor one whose parts stand in another order. Never says that of
 * one that is there.
 */
#ifndef OV_CENSUS_H
#define OV_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "pattern.h"
#include "places.h"
#include "status.h"

struct ov_census {		 /* starts as zeros; used again for other bytes */
	struct ov_places places; /* of at most OV_PLACES_MAX bytes; else nothing is known to it */
	struct ov_buf bits;	 /* of more */
	uint32_t bits_log2;	 /* 0: none */
};

/** Takes the census of n bytes. @return OV_OK; OV_NOMEM: then all may occur. Its memory is at most
 * 3 MiB, and kept. */
OV_MUST_USE ov_status ov_census_take(struct ov_census *c, const uint8_t *p, size_t n);
void ov_census_free(struct ov_census *c);

/** Forgets the bytes: all may occur. */
void ov_census_drop(struct ov_census *c);

/** @param pattern  It need not be verified: of a broken one anything may be said.
 * @return false when it can't match anywhere in the bytes of the census. */
bool ov_census_may_have(const struct ov_census *c, const struct ov_pats *pats, uint32_t pattern);

/** Asks the memory for what ov_census_may_have() will look at. */
void ov_census_ask_ahead(const struct ov_census *c, const struct ov_pats *pats, uint32_t pattern);

#endif
