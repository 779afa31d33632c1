/* Sources of bytes: memory, anything with a read function, and slices of both. */
#include "source.h"

#include <string.h>

#include "checked.h"

struct ov_src ov_src_mem(const void *p, size_t n)
{
	return (struct ov_src){ .size = p != NULL ? n : 0, .mem = p };
}

ov_status ov_src_slice(const struct ov_src *s, uint64_t off, uint64_t len, struct ov_src *out)
{
	if (off > s->size || len > s->size - off)
		return OV_SHORT;
	*out = *s;
	out->size = len;
	if (s->mem != NULL)
		out->mem = s->mem + off;
	out->at = s->at + off; /* can't wrap: at + size is a valid offset of the whole */
	return OV_OK;
}

ov_status ov_src_read_upto(const struct ov_src *s, uint64_t off, void *to, size_t n, size_t *got)
{
	uint8_t *p = to;
	size_t done = 0;

	*got = 0;
	if (off >= s->size)
		return OV_OK;
	n = (size_t)ov_min_u64(n, s->size - off);
	if (s->mem != NULL) {
		memcpy(to, s->mem + off, n);
		*got = n;
		return OV_OK;
	}
	while (done < n) {
		size_t some = 0;

		OV_TRY(s->read(s->ctx, s->at + off + done, p + done, n - done, &some));
		if (some > n - done)
			return OV_BUG;
		if (some == 0)
			break; /* shrank under us */
		done += some;
	}
	*got = done;
	return OV_OK;
}

ov_status ov_src_read(const struct ov_src *s, uint64_t off, void *to, size_t n)
{
	size_t got;

	if (off > s->size || n > s->size - off)
		return OV_SHORT;
	OV_TRY(ov_src_read_upto(s, off, to, n, &got));
	return got == n ? OV_OK : OV_SHORT;
}

ov_status ov_src_view_upto(const struct ov_src *s, uint64_t off, size_t n, struct ov_arena *a,
			   struct ov_cur *out)
{
	size_t got;
	void *p;

	if (off >= s->size) {
		*out = ov_cur_of(NULL, 0);
		return OV_OK;
	}
	n = (size_t)ov_min_u64(n, s->size - off);
	if (s->mem != NULL) {
		*out = ov_cur_of(s->mem + off, n);
		return OV_OK;
	}
	OV_TRY(ov_arena_alloc(a, n, &p));
	OV_TRY(ov_src_read_upto(s, off, p, n, &got));
	*out = ov_cur_of(p, got);
	return OV_OK;
}

ov_status ov_src_view(const struct ov_src *s, uint64_t off, size_t n, struct ov_arena *a,
		      struct ov_cur *out)
{
	struct ov_cur c;

	if (off > s->size || n > s->size - off)
		return OV_SHORT;
	OV_TRY(ov_src_view_upto(s, off, n, a, &c));
	if (c.len != n)
		return OV_SHORT;
	*out = c;
	return OV_OK;
}
