/* UTF-16 of Microsoft's formats as UTF-8. */
#include "utf16.h"

#include <stdio.h>

#include "checked.h"

/* The next UTF-16 unit as a code point; a lone surrogate gives U+FFFD. */
static uint32_t code_point(struct ov_cur *c)
{
	const uint32_t high = ov_cur_soft_u16le(c);
	struct ov_cur ahead = *c;
	uint32_t low;

	if (high < 0xd800 || high > 0xdfff)
		return high;
	low = ov_cur_soft_u16le(&ahead);
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*c = ahead;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

size_t ov_utf8_put(char *p, uint32_t u)
{
	if (u < 0x80) {
		p[0] = (char)u;
		return 1;
	}
	if (u < 0x800) {
		p[0] = (char)(0xc0 | u >> 6);
		p[1] = (char)(0x80 | (u & 0x3f));
		return 2;
	}
	if (u < 0x10000) {
		p[0] = (char)(0xe0 | u >> 12);
		p[1] = (char)(0x80 | (u >> 6 & 0x3f));
		p[2] = (char)(0x80 | (u & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | u >> 18);
	p[1] = (char)(0x80 | (u >> 12 & 0x3f));
	p[2] = (char)(0x80 | (u >> 6 & 0x3f));
	p[3] = (char)(0x80 | (u & 0x3f));
	return 4;
}

/* Two bytes become three at most. */
ov_status ov_utf16_str(struct ov_arena *a, struct ov_cur c, struct ov_str *out)
{
	size_t room, n = 0;
	void *p = NULL;

	OV_TRY(ov_mul_size(c.len / 2 + 1, 3, &room));
	OV_TRY(ov_arena_alloc(a, room, &p));
	while (ov_cur_left(&c) >= 2) {
		const uint32_t u = code_point(&c);

		if (u == 0)
			break;
		n += ov_utf8_put((char *)p + n, u);
	}
	*out = (struct ov_str){ .p = p, .n = n };
	return OV_OK;
}

/* 0x80 to 0x9f; 0 where it has nothing. */
static const uint16_t cp1252[32] = {
	0x20ac, 0,	0x201a, 0x192,	0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,	0x2030, 0x160,
	0x2039, 0x152,	0,	0x17d,	0,	0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x2dc,	0x2122, 0x161,	0x203a, 0x153,	0,	0x17e,	0x178
};

uint32_t ov_cp1252(uint8_t b)
{
	return b >= 0x80 && b < 0xa0 && cp1252[b - 0x80] != 0 ? cp1252[b - 0x80] : b;
}

/* One byte becomes three at most. */
ov_status ov_cp1252_str(struct ov_arena *a, struct ov_cur c, struct ov_str *out)
{
	size_t room, n = 0;
	void *p = NULL;
	uint8_t b;

	OV_TRY(ov_mul_size(c.len + 1, 3, &room));
	OV_TRY(ov_arena_alloc(a, room, &p));
	while (ov_cur_u8(&c, &b) == OV_OK && b != 0)
		n += ov_utf8_put((char *)p + n, ov_cp1252(b));
	*out = (struct ov_str){ .p = p, .n = n };
	return OV_OK;
}

ov_status ov_guid_text(struct ov_cur *c, char out[OV_GUID_TEXT + 1])
{
	struct ov_cur g;
	uint32_t a, d;
	uint16_t b, e, f;

	OV_TRY(ov_cur_take(c, 16, &g));
	a = ov_cur_soft_u32le(&g);
	b = ov_cur_soft_u16le(&g);
	e = ov_cur_soft_u16le(&g);
	f = ov_cur_soft_u16be(&g);
	d = ov_cur_soft_u32be(&g);
	(void)snprintf(out, OV_GUID_TEXT + 1, "%08x-%04x-%04x-%04x-%08x%04x", a, b, e, f, d,
		       ov_cur_soft_u16be(&g));
	return OV_OK;
}
