/*
 * The cache of compiled databases: files named by a SHA-256 over all that went into them, in a
 * folder of the user's own. A file found there is data like any other: the worker verifies it
 * before use.
 */
#ifndef OV_CACHE_H
#define OV_CACHE_H

#include "broker_int.h"
#include "save.h"
#include "sources.h"

struct ov_cache {
	char *path; /* of the entry, owned; NULL: there is no cache */
};

/** Computes the key, which reads all sources unless a stamp of theirs is known. @return OVERT_OK,
 * also without a cache; OVERT_IO; OVERT_NO_MEMORY. */
enum overt_status ov_cache_key(const struct overt_options *o, const struct ov_sources *s,
			       struct ov_cache *out, char error[OV_ERROR_MAX]);
void ov_cache_free(struct ov_cache *c);

/** Opens the entry, when it is there, is ours alone to write, and is a file. @return OV_OK; OV_END.
 */
OV_MUST_USE ov_status ov_cache_find(const struct ov_cache *c, struct ov_db_file *out);

/** Removes entries beside this one that nobody has used for OV_CACHE_DAYS: each change of a source
 * leaves one behind. Best effort. */
#define OV_CACHE_DAYS 30
void ov_cache_prune(const struct ov_cache *c);

#endif
