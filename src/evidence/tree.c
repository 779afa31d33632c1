/* What readers of trees share. */
#include "tree.h"

ov_status ov_tree_join(struct ov_arena *a, struct ov_str folder, struct ov_str name,
		       struct ov_str *out)
{
	const bool has_slash = folder.n > 0;
	size_t n;
	void *p;
	char *to;

	OV_TRY(ov_add_size(folder.n, name.n, &n));
	OV_TRY(ov_add_size(n, has_slash, &n));
	OV_TRY(ov_arena_alloc(a, n + 1, &p));
	to = p;
	if (folder.n > 0) {
		memcpy(to, folder.p, folder.n);
		to[folder.n] = '/';
	}
	if (name.n > 0)
		memcpy(to + folder.n + has_slash, name.p, name.n);
	*out = (struct ov_str){ .p = to, .n = n };
	return OV_OK;
}

ov_status ov_tree_push(struct ov_arena *a, struct ov_tree_todo *t, struct ov_str folder,
		       struct ov_str name, uint64_t ref, unsigned depth, struct ov_str *path)
{
	if (depth > OV_TREE_DEPTH)
		return OV_LIMIT;
	if (t->n == t->cap) {
		const size_t cap = t->cap == 0 ? 64 : t->cap * 2;
		struct ov_tree_dir *list;

		OV_TRY(ov_arena_array(a, cap, &list));
		if (t->n > 0)
			memcpy(list, t->list, t->n * sizeof *list);
		t->list = list;
		t->cap = cap;
	}
	OV_TRY(ov_tree_join(a, folder, name, path));
	t->list[t->n++] = (struct ov_tree_dir){ .path = *path, .ref = ref, .depth = depth };
	return OV_OK;
}

struct ov_src ov_tree_src(ov_src_read_fn read, void *ctx, uint64_t size)
{
	return (struct ov_src){ .size = size, .read = read, .ctx = ctx };
}

/* DOS date and time: years since 1980, months, days; hours, minutes, two seconds. Local time. */
int64_t ov_tree_dos_time(uint16_t date, uint16_t clock)
{
	if (date == 0)
		return OV_INV_NO_DATE;
	return ov_ev_civil(1980 + (date >> 9), (date >> 5) & 15, date & 31) + (clock >> 11) * 3600 +
	       ((clock >> 5) & 63) * 60 + (clock & 31) * 2;
}
