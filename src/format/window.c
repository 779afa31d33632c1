/* A movable window over a source. */
#include "window.h"

#include <string.h>

#include "checked.h"

/* Bytes read at least. Small, since an attacker chooses where the next hop goes. */
#define LEAST ((size_t)8 * 1024)

ov_status ov_window_init(struct ov_window *w, const struct ov_src *src, struct ov_arena *a)
{
	*w = (struct ov_window){ .src = src };
	if (src->mem == NULL && src->size > 0)
		OV_TRY(ov_arena_array(a, OV_WINDOW_MAX, &w->buf));
	return OV_OK;
}

ov_status ov_window_upto(struct ov_window *w, uint64_t at, size_t n, struct ov_cur *out)
{
	if (n > OV_WINDOW_MAX)
		return OV_BUG;
	if (at >= w->src->size) {
		*out = ov_cur_of(NULL, 0);
		return OV_OK;
	}
	n = (size_t)ov_min_u64(n, w->src->size - at);
	if (w->src->mem != NULL) {
		*out = ov_cur_of(w->src->mem + at, n);
		return OV_OK;
	}
	if (at < w->at || at - w->at > w->n || n > w->n - (size_t)(at - w->at)) {
		w->n = 0; /* nothing counts while the read may fail */
		w->at = at;
		OV_TRY(ov_src_read_upto(w->src, at, w->buf, n > LEAST ? n : LEAST, &w->n));
	}
	n = ov_min_size(n, w->n - (size_t)(at - w->at)); /* less, if the file shrank */
	*out = ov_cur_of(w->buf + (at - w->at), n);
	return OV_OK;
}

ov_status ov_window_get(struct ov_window *w, uint64_t at, size_t n, struct ov_cur *out)
{
	struct ov_cur c;

	if (at > w->src->size || n > w->src->size - at)
		return OV_SHORT;
	OV_TRY(ov_window_upto(w, at, n, &c));
	if (c.len != n)
		return OV_SHORT;
	*out = c;
	return OV_OK;
}

ov_status ov_window_some(struct ov_window *w, uint64_t at, size_t least, struct ov_cur *out)
{
	if (w->src->mem == NULL && at >= w->at && at - w->at < w->n &&
	    least <= w->n - (size_t)(at - w->at)) {
		*out = ov_cur_of(w->buf + (at - w->at), w->n - (size_t)(at - w->at));
		return OV_OK;
	}
	return ov_window_upto(w, at, OV_WINDOW_MAX, out);
}

ov_status ov_window_find(struct ov_window *w, uint64_t *at, uint64_t end, const void *what,
			 size_t n, bool *found)
{
	*found = false;
	while (*at < end && end - *at >= n) {
		const uint8_t *hit;
		struct ov_cur c;

		OV_TRY(ov_window_some(w, *at, n, &c));
		c.len = (size_t)ov_min_u64(c.len, end - *at);
		if (c.len < n || c.base == NULL)
			break;
		hit = memmem(c.base, c.len, what, n);
		if (hit != NULL) {
			*at += (uint64_t)(hit - c.base);
			*found = true;
			return OV_OK;
		}
		*at += c.len - (n - 1);
	}
	*at = end;
	return OV_OK;
}

ov_status ov_window_text(struct ov_window *w, struct ov_arena *a, uint64_t at, size_t max,
			 struct ov_str *out)
{
	struct ov_cur c;
	struct ov_str s;

	OV_TRY(ov_window_upto(w, at, max, &c));
	s = (struct ov_str){ .p = c.len > 0 ? (const char *)c.base : "",
			     .n = c.len > 0 ? strnlen((const char *)c.base, c.len) : 0 };
	if (w->src->mem == NULL)
		return ov_arena_str(a, s, out);
	*out = s;
	return OV_OK;
}
