/* A growable byte buffer with a ceiling. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "le.h"

#define FIRST_CAP ((size_t)256)
#define HUGE_CAP ((size_t)4 << 20)

void ov_buf_free(struct ov_buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}

/* Large buffers are written and read all over: their pages are asked for in pieces of 2 MB, where
 * the system has them. */
static void ask_for_huge_pages(const struct ov_buf *b)
{
#ifdef MADV_HUGEPAGE
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t skip = (page - (uintptr_t)b->p % page) % page;

	(void)madvise(b->p + skip, (b->cap - skip) / page * page, MADV_HUGEPAGE);
#else
	(void)b;
#endif
}

ov_status ov_buf_reserve(struct ov_buf *b, size_t n)
{
	size_t want, cap;
	uint8_t *p;

	if (b->n > b->max || n > b->max - b->n)
		return OV_LIMIT;
	want = b->n + n;
	if (want <= b->cap)
		return OV_OK;
	cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap;
	while (cap < want)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	p = realloc(b->p, cap);
	if (p == NULL)
		return OV_NOMEM;
	b->p = p;
	b->cap = cap;
	if (cap >= HUGE_CAP)
		ask_for_huge_pages(b);
	return OV_OK;
}

ov_status ov_buf_put(struct ov_buf *b, const void *p, size_t n)
{
	OV_TRY(ov_buf_reserve(b, n));
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	return OV_OK;
}

ov_status ov_buf_str(struct ov_buf *b, struct ov_str s)
{
	return ov_buf_put(b, s.p, s.n);
}

ov_status ov_buf_u8(struct ov_buf *b, uint8_t v)
{
	return ov_buf_put(b, &v, 1);
}

ov_status ov_buf_u16(struct ov_buf *b, uint16_t v)
{
	uint8_t w[2];

	ov_put_le16(w, v);
	return ov_buf_put(b, w, sizeof w);
}

ov_status ov_buf_u32(struct ov_buf *b, uint32_t v)
{
	uint8_t w[4];

	ov_put_le32(w, v);
	return ov_buf_put(b, w, sizeof w);
}

ov_status ov_buf_u64(struct ov_buf *b, uint64_t v)
{
	uint8_t w[8];

	ov_put_le64(w, v);
	return ov_buf_put(b, w, sizeof w);
}

ov_status ov_buf_zero(struct ov_buf *b, size_t n)
{
	OV_TRY(ov_buf_reserve(b, n));
	if (n > 0)
		memset(b->p + b->n, 0, n);
	b->n += n;
	return OV_OK;
}

ov_status ov_buf_fmt(struct ov_buf *b, const char *fmt, ...)
{
	va_list ap;
	int need;

	va_start(ap, fmt);
	need = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (need < 0)
		return OV_BUG;
	OV_TRY(ov_buf_reserve(b, (size_t)need));
	if (b->cap - b->n == (size_t)need) { /* vsnprintf wants a byte for its NUL */
		uint8_t *p = realloc(b->p, b->cap + 1);

		if (p == NULL)
			return OV_NOMEM;
		b->p = p;
		b->cap++;
	}
	va_start(ap, fmt);
	(void)vsnprintf((char *)b->p + b->n, (size_t)need + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)need;
	return OV_OK;
}

ov_status ov_buf_align(struct ov_buf *b, size_t align)
{
	const size_t over = b->n & (align - 1);

	return over == 0 ? OV_OK : ov_buf_zero(b, align - over);
}
