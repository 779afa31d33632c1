/* Small reads at any place of a source. */
#include "peek.h"

#include <string.h>

#include "checked.h"

/* Moves the window so that it begins at `off`. */
static ov_status move(struct ov_peek *w, uint64_t off)
{
	size_t got = 0;

	if (w->buf == NULL) {
		void *p = NULL;

		OV_TRY(ov_arena_alloc(w->arena, OV_PEEK_SIZE, &p));
		w->buf = p;
	}
	w->len = 0; /* holds nothing should the read fail */
	OV_TRY(ov_src_read_upto(w->src, off, w->buf, OV_PEEK_SIZE, &got));
	w->off = off;
	w->len = got;
	return OV_OK;
}

ov_status ov_peek_upto(struct ov_peek *w, uint64_t off, size_t n, struct ov_cur *out)
{
	if (n > OV_PEEK_SIZE)
		return OV_BUG;
	if (off >= w->src->size) {
		*out = ov_cur_of(NULL, 0);
		return OV_OK;
	}
	n = (size_t)ov_min_u64(n, w->src->size - off);
	if (w->src->mem != NULL) {
		*out = ov_cur_of(w->src->mem + off, n);
		return OV_OK;
	}
	if (off < w->off || off - w->off > w->len || n > w->len - (size_t)(off - w->off))
		OV_TRY(move(w, off));
	*out = ov_cur_of(w->buf + (off - w->off), ov_min_size(n, w->len - (size_t)(off - w->off)));
	return OV_OK;
}

ov_status ov_peek_need(struct ov_peek *w, uint64_t off, size_t n, struct ov_cur *out)
{
	struct ov_cur c;

	OV_TRY(ov_peek_upto(w, off, n, &c));
	if (c.len != n)
		return OV_SHORT;
	*out = c;
	return OV_OK;
}

ov_status ov_peek_text(struct ov_peek *w, uint64_t off, size_t max, struct ov_str *out)
{
	struct ov_cur c;
	struct ov_str s;
	const uint8_t *nul;

	OV_TRY(ov_peek_upto(w, off, max, &c));
	nul = c.len > 0 ? memchr(c.base, 0, c.len) : NULL;
	s = (struct ov_str){ .p = c.len > 0 ? (const char *)c.base : "",
			     .n = nul != NULL ? (size_t)(nul - c.base) : c.len };
	if (w->src->mem != NULL)
		*out = s;
	else
		OV_TRY(ov_arena_str(w->arena, s, out));
	return OV_OK;
}
