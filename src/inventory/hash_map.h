/* Maps from hashes of paths to small numbers. */
#ifndef OV_HASH_MAP_H
#define OV_HASH_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* A set of path hashes, each with a number; open addressing. */
struct ov_hash_map {
	uint64_t *keys; /* 0: free */
	uint32_t *values;
	size_t n, cap;
};
OV_MUST_USE ov_status ov_map_put(struct ov_hash_map *m, uint64_t key, uint32_t value,
				 bool replaces);
bool ov_map_get(const struct ov_hash_map *m, uint64_t key, uint32_t *value);
void ov_map_free(struct ov_hash_map *m);

#endif
