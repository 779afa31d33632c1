/* Bump allocation with a budget. */
#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"

#define BLOCK_MIN ((size_t)64 * 1024)
#define ALIGN alignof(max_align_t)

struct ov_arena_block {
	struct ov_arena_block *next;
	size_t cap, used;
	alignas(max_align_t) unsigned char bytes[];
};

void ov_arena_init(struct ov_arena *a, size_t budget)
{
	*a = (struct ov_arena){ .budget = budget, .fail_in = -1 };
}

static void free_from(struct ov_arena_block *b)
{
	while (b != NULL) {
		struct ov_arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void ov_arena_free(struct ov_arena *a)
{
	free_from(a->first);
	a->first = a->at = NULL;
	a->used = 0;
}

void ov_arena_reset(struct ov_arena *a, size_t keep)
{
	struct ov_arena_block **link = &a->first;
	size_t kept = 0;

	while (*link != NULL && (*link)->cap <= keep - kept) {
		kept += (*link)->cap;
		(*link)->used = 0;
		link = &(*link)->next;
	}
	free_from(*link);
	*link = NULL;
	a->at = a->first;
	a->used = 0;
}

/* Finds room in the current block or a later, empty one; else adds a block after the current one.
 */
static ov_status find_block(struct ov_arena *a, size_t n, struct ov_arena_block **out)
{
	struct ov_arena_block *b = a->at;
	size_t cap, bytes;

	if (b != NULL && n <= b->cap - b->used) {
		*out = b;
		return OV_OK;
	}
	for (b = b != NULL ? b->next : a->first; b != NULL; b = b->next) {
		b->used = 0;
		if (n <= b->cap) {
			a->at = b;
			*out = b;
			return OV_OK;
		}
	}
	cap = n > BLOCK_MIN ? n : BLOCK_MIN;
	OV_TRY(ov_add_size(cap, sizeof *b, &bytes));
	b = malloc(bytes);
	if (b == NULL)
		return OV_NOMEM;
	b->cap = cap;
	b->used = 0;
	if (a->at != NULL) {
		b->next = a->at->next;
		a->at->next = b;
	} else {
		b->next = a->first;
		a->first = b;
	}
	a->at = b;
	*out = b;
	return OV_OK;
}

ov_status ov_arena_alloc(struct ov_arena *a, size_t n, void **out)
{
	struct ov_arena_block *b = NULL;
	size_t rounded;

	if (a->fail_in >= 0 && a->fail_in-- == 0)
		return OV_NOMEM;
	OV_TRY(ov_add_size(n, ALIGN - 1, &rounded));
	rounded -= rounded % ALIGN;
	if (rounded == 0)
		rounded = ALIGN; /* distinct addresses for empty requests */
	if (rounded > a->budget - a->used)
		return OV_LIMIT;
	OV_TRY(find_block(a, rounded, &b));
	*out = b->bytes + b->used;
	b->used += rounded;
	a->used += rounded;
	memset(*out, 0, rounded);
	return OV_OK;
}

ov_status ov_arena_array_(struct ov_arena *a, size_t count, size_t size, void **out)
{
	size_t n;

	OV_TRY(ov_mul_size(count, size, &n));
	return ov_arena_alloc(a, n, out);
}

ov_status ov_arena_str(struct ov_arena *a, struct ov_str s, struct ov_str *out)
{
	void *p;
	size_t n;

	OV_TRY(ov_add_size(s.n, 1, &n));
	OV_TRY(ov_arena_alloc(a, n, &p));
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	*out = (struct ov_str){ .p = p, .n = s.n };
	return OV_OK;
}

struct ov_arena_mark ov_arena_mark(const struct ov_arena *a)
{
	return (struct ov_arena_mark){ .at = a->at,
				       .block_used = a->at != NULL ? a->at->used : 0,
				       .used = a->used };
}

void ov_arena_release(struct ov_arena *a, struct ov_arena_mark m)
{
	a->at = m.at; /* later blocks are emptied when find_block() comes to them */
	if (m.at != NULL)
		m.at->used = m.block_used;
	a->used = m.used;
}
