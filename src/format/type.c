/*
 * File types: names, natures, and the order in which the kinds of evidence are asked.
 *
 * Bytes at fixed places come first (type_magic.c), then the look of text (type_text.c), then marks
 * far inside or at the end, which only binary data is asked for. Nothing here opens a format.
 */
#include "type.h"

#include <string.h>

#include "type_int.h"

static const struct {
	struct ov_str name;
	enum ov_nature nature;
	enum ov_target target;
} types[OV_T_COUNT] = {
#define OV_TYPE(sym, text, nat, tgt)                                                               \
	[OV_T_##sym] = { .name = { .p = (text), .n = sizeof(text) - 1 },                           \
			 .nature = OV_NATURE_##nat,                                                \
			 .target = (enum ov_target)(tgt) },
#include "types.def"
#undef OV_TYPE
};

const char *ov_type_name(enum ov_type t)
{
	return types[(unsigned)t < OV_T_COUNT ? t : OV_T_ERROR].name.p;
}

enum ov_nature ov_type_nature(enum ov_type t)
{
	return types[(unsigned)t < OV_T_COUNT ? t : OV_T_ERROR].nature;
}

enum ov_target ov_type_target(enum ov_type t)
{
	return types[(unsigned)t < OV_T_COUNT ? t : OV_T_ERROR].target;
}

ov_status ov_type_by_name(struct ov_str name, enum ov_type *out)
{
	for (unsigned i = 0; i < OV_T_COUNT; i++) {
		if (ov_str_eq(types[i].name, name)) {
			*out = (enum ov_type)i;
			return OV_OK;
		}
	}
	return OV_BAD;
}

bool ov_probe_has(const struct ov_probe *p, size_t off, const void *magic, size_t n)
{
	struct ov_cur c = p->head;

	return ov_cur_seek(&c, off) == OV_OK && ov_cur_looking_at(&c, magic, n);
}

/* By memchr for the first byte: memmem sets up tables, which costs more than these short texts are
 * long. */
size_t ov_probe_find(const struct ov_probe *p, const void *what, size_t n, size_t within)
{
	struct ov_cur c = p->head;

	if (c.len > within)
		c.len = within;
	while (ov_cur_left(&c) >= n && n > 0) {
		const uint8_t *hit =
		    memchr(ov_cur_rest(&c), *(const uint8_t *)what, ov_cur_left(&c));

		if (hit == NULL || ov_cur_skip(&c, (uint64_t)(hit - ov_cur_rest(&c))) != OV_OK)
			break;
		if (ov_cur_looking_at(&c, what, n))
			return c.pos;
		if (ov_cur_skip(&c, 1) != OV_OK)
			break;
	}
	return SIZE_MAX;
}

#define PROBE_READ(type, kind)                                                                     \
	type ov_probe_##kind(const struct ov_probe *p, size_t off)                                 \
	{                                                                                          \
		struct ov_cur c = p->head;                                                         \
                                                                                                   \
		ov_cur_soft_skip(&c, off);                                                         \
		return ov_cur_soft_##kind(&c);                                                     \
	}

PROBE_READ(uint8_t, u8)
PROBE_READ(uint16_t, u16le)
PROBE_READ(uint16_t, u16be)
PROBE_READ(uint32_t, u32le)
PROBE_READ(uint32_t, u32be)
PROBE_READ(uint64_t, u64le)

enum ov_type ov_type_detect(struct ov_cur head, const struct ov_src *src)
{
	struct ov_probe p = { .head = head, .src = src };
	enum ov_type t;

	p.head.pos = 0;
	p.head.soft = OV_OK;
	if (p.head.len > OV_TYPE_HEAD)
		p.head.len = OV_TYPE_HEAD;
	if (p.head.len == 0)
		return OV_T_BINARY_DATA;
	t = ov_type_by_magic(&p);
	if (t == OV_T_BINARY_DATA)
		t = ov_type_by_text(&p);
	if (t == OV_T_BINARY_DATA)
		t = ov_type_by_far_magic(&p);
	return t;
}
