/* UTF-16 of Microsoft's formats as UTF-8. */
#include "utf16.h"

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
