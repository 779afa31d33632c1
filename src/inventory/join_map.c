/* Hash sets of the joiner. Keys are hashes already. */
#include <stdlib.h>

#include "checked.h"
#include "join_int.h"

static ov_status rehash(struct ov_hash_map *m, size_t cap)
{
	struct ov_hash_map bigger = { .cap = cap };

	bigger.keys = calloc(cap, sizeof *bigger.keys);
	bigger.values = calloc(cap, sizeof *bigger.values);
	if (bigger.keys == NULL || bigger.values == NULL) {
		ov_map_free(&bigger);
		return OV_NOMEM;
	}
	for (size_t i = 0; i < m->cap; i++)
		if (m->keys[i] != 0 &&
		    ov_map_put(&bigger, m->keys[i], m->values[i], true) != OV_OK) {
			ov_map_free(&bigger);
			return OV_BUG;
		}
	ov_map_free(m);
	*m = bigger;
	return OV_OK;
}

static size_t slot_of(const struct ov_hash_map *m, uint64_t key)
{
	size_t i = (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 17) & (m->cap - 1);

	while (m->keys[i] != 0 && m->keys[i] != key) /* a slot in four is free */
		i = (i + 1) & (m->cap - 1);
	return i;
}

ov_status ov_map_put(struct ov_hash_map *m, uint64_t key, uint32_t value, bool replaces)
{
	size_t i;

	if (key == 0)
		key = 1;
	if (m->n >= m->cap / 4 * 3)
		OV_TRY(rehash(m, m->cap == 0 ? 1024 : m->cap * 2));
	i = slot_of(m, key);
	if (m->keys[i] == 0) {
		m->keys[i] = key;
		m->values[i] = value;
		m->n++;
	} else if (replaces) {
		m->values[i] = value;
	}
	return OV_OK;
}

bool ov_map_get(const struct ov_hash_map *m, uint64_t key, uint32_t *value)
{
	size_t i;

	if (m->n == 0)
		return false;
	i = slot_of(m, key == 0 ? 1 : key);
	if (m->keys[i] == 0)
		return false;
	*value = m->values[i];
	return true;
}

void ov_map_free(struct ov_hash_map *m)
{
	free(m->keys);
	free(m->values);
	*m = (struct ov_hash_map){ .n = 0 };
}

ov_status ov_join_grow(void **list, size_t *cap, size_t need, size_t size)
{
	size_t more = *cap == 0 ? 64 : *cap, bytes;
	void *p;

	if (need <= *cap)
		return OV_OK;
	while (more < need)
		OV_TRY(ov_mul_size(more, 2, &more));
	OV_TRY(ov_mul_size(more, size, &bytes));
	p = realloc(*list, bytes);
	if (p == NULL)
		return OV_NOMEM;
	*list = p;
	*cap = more;
	return OV_OK;
}
