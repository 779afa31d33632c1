/* Compiled regular expressions of the database's PCRE subsignatures, made when first triggered. */
#ifndef OV_PCRE_CACHE_H
#define OV_PCRE_CACHE_H

#include "finder.h"
#include "odb.h"
#include "source.h"
#include "status.h"

struct ov_pcre_cache;

/** @param nsubs  Subsignatures of the database. */
OV_MUST_USE ov_status ov_pcre_cache_new(uint32_t nsubs, struct ov_pcre_cache **out);
void ov_pcre_cache_free(struct ov_pcre_cache **c);

/** Forgets the bytes of the layer before. Compiled expressions stay. */
void ov_pcre_cache_new_layer(struct ov_pcre_cache *c);

/** Reads a whole layer into the cache's buffer, once a layer. The caller has bounded its size. */
OV_MUST_USE ov_status ov_pcre_cache_layer(struct ov_pcre_cache *c, const struct ov_src *src,
					  struct ov_cur *out);

/**
 * Matches subsignature `id` in `bytes` with starts in `where`; adds to *find. Adds the bytes that
 * it went over to *work, of which each takes about as long as a step of the finder's.
 * @return OV_OK looked at (find->count says); OV_LIMIT match limits reached; OV_NOMEM; OV_BUG.
 */
OV_MUST_USE ov_status ov_pcre_cache_match(struct ov_pcre_cache *c, uint32_t id,
					  const struct ov_sub *sub, struct ov_cur bytes,
					  struct ov_range where, struct ov_find *find,
					  uint64_t *work);

#endif
