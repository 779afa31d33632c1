/* The bounded cursor. This file, and no other, indexes input freely. */
#include "cursor.h"

#include <string.h>

ov_status ov_cur_seek(struct ov_cur *c, uint64_t at)
{
	if (at > c->len)
		return OV_SHORT;
	c->pos = (size_t)at;
	return OV_OK;
}

ov_status ov_cur_skip(struct ov_cur *c, uint64_t n)
{
	if (n > ov_cur_left(c))
		return OV_SHORT;
	c->pos += (size_t)n;
	return OV_OK;
}

ov_status ov_cur_take(struct ov_cur *c, uint64_t n, struct ov_cur *out)
{
	if (n > ov_cur_left(c))
		return OV_SHORT;
	*out = ov_cur_of(ov_cur_rest(c), (size_t)n);
	c->pos += (size_t)n;
	return OV_OK;
}

ov_status ov_cur_sub(const struct ov_cur *c, uint64_t off, uint64_t len, struct ov_cur *out)
{
	if (off > c->len || len > c->len - off)
		return OV_SHORT;
	*out = ov_cur_of(c->base == NULL ? NULL : c->base + off, (size_t)len);
	return OV_OK;
}

ov_status ov_cur_copy(struct ov_cur *c, void *to, size_t n)
{
	if (n > ov_cur_left(c))
		return OV_SHORT;
	if (n > 0)
		memcpy(to, ov_cur_rest(c), n);
	c->pos += n;
	return OV_OK;
}

bool ov_cur_looking_at(const struct ov_cur *c, const void *magic, size_t n)
{
	return n <= ov_cur_left(c) && (n == 0 || memcmp(ov_cur_rest(c), magic, n) == 0);
}

ov_status ov_cur_expect_n(struct ov_cur *c, const void *magic, size_t n)
{
	if (n > ov_cur_left(c))
		return OV_SHORT;
	if (!ov_cur_looking_at(c, magic, n))
		return OV_BAD;
	c->pos += n;
	return OV_OK;
}

ov_status ov_cur_line(struct ov_cur *c, struct ov_str *out)
{
	const uint8_t *p = ov_cur_rest(c);
	const size_t left = ov_cur_left(c);
	const uint8_t *nl;
	size_t n;

	if (left == 0)
		return OV_END;
	nl = memchr(p, '\n', left);
	n = nl != NULL ? (size_t)(nl - p) : left;
	c->pos += nl != NULL ? n + 1 : n;
	if (n > 0 && p[n - 1] == '\r')
		n--;
	*out = (struct ov_str){ .p = (const char *)p, .n = n };
	return OV_OK;
}

ov_status ov_cur_zstr(struct ov_cur *c, size_t max, struct ov_str *out)
{
	const uint8_t *p = ov_cur_rest(c);
	const size_t left = ov_cur_left(c);
	const size_t look =
	    max < left ? max + 1 : left; /* the NUL itself may stand after `max` bytes */
	const uint8_t *nul = look > 0 ? memchr(p, 0, look) : NULL;

	if (nul == NULL)
		return OV_SHORT;
	*out = (struct ov_str){ .p = (const char *)p, .n = (size_t)(nul - p) };
	c->pos += out->n + 1;
	return OV_OK;
}

ov_status ov_cur_u8(struct ov_cur *c, uint8_t *out)
{
	if (ov_cur_left(c) < 1)
		return OV_SHORT;
	*out = c->base[c->pos++];
	return OV_OK;
}

ov_status ov_cur_u16le(struct ov_cur *c, uint16_t *out)
{
	uint64_t v = 0;

	if (ov_cur_left(c) < 2)
		return OV_SHORT;
	for (size_t i = 0; i < 2; i++)
		v = v << 8 | c->base[c->pos + 1 - i];
	c->pos += 2;
	*out = (uint16_t)v;
	return OV_OK;
}

ov_status ov_cur_u16be(struct ov_cur *c, uint16_t *out)
{
	uint64_t v = 0;

	if (ov_cur_left(c) < 2)
		return OV_SHORT;
	for (size_t i = 0; i < 2; i++)
		v = v << 8 | c->base[c->pos + i];
	c->pos += 2;
	*out = (uint16_t)v;
	return OV_OK;
}

ov_status ov_cur_u32le(struct ov_cur *c, uint32_t *out)
{
	uint64_t v = 0;

	if (ov_cur_left(c) < 4)
		return OV_SHORT;
	for (size_t i = 0; i < 4; i++)
		v = v << 8 | c->base[c->pos + 3 - i];
	c->pos += 4;
	*out = (uint32_t)v;
	return OV_OK;
}

ov_status ov_cur_u32be(struct ov_cur *c, uint32_t *out)
{
	uint64_t v = 0;

	if (ov_cur_left(c) < 4)
		return OV_SHORT;
	for (size_t i = 0; i < 4; i++)
		v = v << 8 | c->base[c->pos + i];
	c->pos += 4;
	*out = (uint32_t)v;
	return OV_OK;
}

ov_status ov_cur_u64le(struct ov_cur *c, uint64_t *out)
{
	uint64_t v = 0;

	if (ov_cur_left(c) < 8)
		return OV_SHORT;
	for (size_t i = 0; i < 8; i++)
		v = v << 8 | c->base[c->pos + 7 - i];
	c->pos += 8;
	*out = (uint64_t)v;
	return OV_OK;
}

ov_status ov_cur_u64be(struct ov_cur *c, uint64_t *out)
{
	uint64_t v = 0;

	if (ov_cur_left(c) < 8)
		return OV_SHORT;
	for (size_t i = 0; i < 8; i++)
		v = v << 8 | c->base[c->pos + i];
	c->pos += 8;
	*out = (uint64_t)v;
	return OV_OK;
}

/* Remembers the first failure; later reads see it and give 0. */
static void keep_first(struct ov_cur *c, ov_status s)
{
	if (c->soft == OV_OK)
		c->soft = s;
}

#define SOFT_READ(name, type)                                                                      \
	type ov_cur_soft_##name(struct ov_cur *c)                                                  \
	{                                                                                          \
		type v = 0;                                                                        \
                                                                                                   \
		if (c->soft == OV_OK)                                                              \
			keep_first(c, ov_cur_##name(c, &v));                                       \
		return v;                                                                          \
	}

SOFT_READ(u8, uint8_t)
SOFT_READ(u16le, uint16_t)
SOFT_READ(u16be, uint16_t)
SOFT_READ(u32le, uint32_t)
SOFT_READ(u32be, uint32_t)
SOFT_READ(u64le, uint64_t)
SOFT_READ(u64be, uint64_t)

void ov_cur_soft_skip(struct ov_cur *c, uint64_t n)
{
	if (c->soft == OV_OK)
		keep_first(c, ov_cur_skip(c, n));
}

ov_status ov_cur_status(const struct ov_cur *c)
{
	return c->soft;
}
