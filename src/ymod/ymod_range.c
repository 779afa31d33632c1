/* Ranges: see ymod_range.h. */
#include "ymod_range.h"

#include "checked.h"

#define PIECE ((size_t)64 << 10)
#define STEPS_SHIFT 4 /* a step buys that many times two bytes */

/* Where the range's bytes are. @return OV_END: nowhere. */
static ov_status find(const struct ov_yenv *env, uint64_t at, uint64_t n, struct ov_src *out)
{
	if (env->is_process)
		return env->range != NULL ? env->range(env->ctx, at, n, out) : OV_END;
	if (at >= env->src->size)
		return OV_END;
	return ov_src_slice(env->src, at, ov_min_u64(n, env->src->size - at), out);
}

ov_status ov_ymod_range(struct ov_yenv *env, int64_t at, int64_t n, ov_ymod_piece_fn fn, void *ctx,
			uint64_t *total)
{
	const struct ov_arena_mark mark = ov_arena_mark(env->arena);
	struct ov_src src;
	ov_status s = OV_OK;

	*total = 0;
	if (at < 0 || n < 0)
		return OV_END;
	OV_TRY(find(env, (uint64_t)at, (uint64_t)n, &src));
	if (*env->steps < src.size >> STEPS_SHIFT)
		return OV_LIMIT;
	*env->steps -= src.size >> STEPS_SHIFT;
	while (*total < src.size && s == OV_OK) {
		const size_t some = (size_t)ov_min_u64(src.size - *total, PIECE);
		struct ov_cur view;

		s = ov_src_view(&src, *total, some, env->arena, &view);
		if (s == OV_OK)
			s = fn(ctx, view.base, some);
		ov_arena_release(env->arena, mark);
		*total += some;
	}
	return s == OV_SHORT ? OV_END : s;
}
