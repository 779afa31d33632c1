/* A growable byte buffer with a ceiling, for writers: compiled databases, messages, decoded layers.
 */
#ifndef OV_BUF_H
#define OV_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "status.h"
#include "str.h"

struct ov_buf {
	uint8_t *p; /* owned; NULL while cap is 0 */
	size_t n;   /* bytes in use               */
	size_t cap; /* bytes allocated            */
	size_t max; /* ceiling; growth past it gives OV_LIMIT */
};

/** An empty buffer that never grows past `max` bytes. Release with ov_buf_free(). */
static inline struct ov_buf ov_buf_of(size_t max)
{
	return (struct ov_buf){ .p = NULL, .n = 0, .cap = 0, .max = max };
}

/** Frees the bytes and empties the buffer; the ceiling stays. Fit for OV_CLEANUP. */
void ov_buf_free(struct ov_buf *b);

/** Makes room for `n` more bytes. @return OV_OK; OV_LIMIT past the ceiling; OV_NOMEM. */
OV_MUST_USE ov_status ov_buf_reserve(struct ov_buf *b, size_t n);

/** Appends bytes, a text, a fixed-width little-endian number, or `n` zero bytes. Nothing changes on
 * failure. */
OV_MUST_USE ov_status ov_buf_put(struct ov_buf *b, const void *p, size_t n);
OV_MUST_USE ov_status ov_buf_str(struct ov_buf *b, struct ov_str s);
OV_MUST_USE ov_status ov_buf_u8(struct ov_buf *b, uint8_t v);
OV_MUST_USE ov_status ov_buf_u16(struct ov_buf *b, uint16_t v);
OV_MUST_USE ov_status ov_buf_u32(struct ov_buf *b, uint32_t v);
OV_MUST_USE ov_status ov_buf_u64(struct ov_buf *b, uint64_t v);
OV_MUST_USE ov_status ov_buf_zero(struct ov_buf *b, size_t n);

/** Appends formatted text, without a NUL. */
OV_MUST_USE ov_status ov_buf_fmt(struct ov_buf *b, const char *fmt, ...) OV_PRINTF(2, 3);

/** Appends zero bytes until the length is a multiple of `align` (a power of two). */
OV_MUST_USE ov_status ov_buf_align(struct ov_buf *b, size_t align);

/** A cursor over what the buffer holds; valid until the buffer changes. */
static inline struct ov_cur ov_buf_cur(const struct ov_buf *b)
{
	return ov_cur_of(b->p, b->n);
}

/** The same as text. */
static inline struct ov_str ov_buf_text(const struct ov_buf *b)
{
	return (struct ov_str){ (const char *)b->p, b->n };
}

#endif
