/*
 * ClamAV byte comparison: a number near the last match of a subsignature, as text or binary,
 * against one or two limits. Source: the manual's chapter on logical signatures and what clamscan
 * does with small made files.
 */
#include "engine_int.h"

#include "checked.h"
#include "text.h"

#define WIDTH_MAX 32

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Digits in base 10 or 16 after spaces and "0x"; stops at another character. @return OV_END without
 * any digit. */
static ov_status read_text(struct ov_cur c, char form, bool is_exact, uint64_t *out)
{
	uint64_t v = 0, base = form == 'd' ? 10 : 16;
	size_t digits = 0;
	uint8_t b = 0;

	while (ov_cur_left(&c) > 0 && is_space(*ov_cur_rest(&c)))
		OV_TRY(ov_cur_u8(&c, &b));
	if (form == 'a')
		base = ov_cur_looking_at(&c, "0x", 2) || ov_cur_looking_at(&c, "0X", 2) ? 16 : 10;
	if (base == 16 && (ov_cur_looking_at(&c, "0x", 2) || ov_cur_looking_at(&c, "0X", 2)))
		OV_TRY(ov_cur_skip(&c, 2));
	while (ov_cur_u8(&c, &b) == OV_OK) {
		const int d = ov_hex_digit((char)b);

		if (d < 0 || (uint64_t)d >= base) {
			if (is_exact)
				return OV_END;
			break;
		}
		if (ov_mul_u64(v, base, &v) != OV_OK || ov_add_u64(v, (uint64_t)d, &v) != OV_OK)
			return OV_END;
		digits++;
	}
	if (digits == 0)
		return OV_END;
	*out = v;
	return OV_OK;
}

/* Text with `l`: the characters are in reversed order, pair by pair (hex only). */
static void swap_pairs(uint8_t *p, size_t n)
{
	for (size_t i = 0, k = n; i + 2 <= k - 2 && k >= 4; i += 2, k -= 2) {
		const uint8_t a = p[i], b = p[i + 1];

		p[i] = p[k - 2];
		p[i + 1] = p[k - 1];
		p[k - 2] = a;
		p[k - 1] = b;
	}
}

static bool relation(char op, uint64_t a, uint64_t b)
{
	return op == '<' ? a < b : op == '>' ? a > b : a == b;
}

bool ov_compare_holds(const struct ov_src *src, const struct ov_compare *c, uint64_t base)
{
	uint8_t bytes[WIDTH_MAX];
	uint64_t at = 0, v = 0;
	size_t got = 0;

	if (c->width == 0 || c->width > WIDTH_MAX)
		return false;
	if (c->off >= 0 ? ov_add_u64(base, (uint64_t)c->off, &at) != OV_OK
			: ov_sub_u64(base, (uint64_t) - (c->off + 1) + 1, &at) != OV_OK)
		return false;
	if (ov_src_read_upto(src, at, bytes, c->width, &got) != OV_OK || got == 0)
		return false;
	if (got < c->width && (c->is_exact || c->form == 'i'))
		return false;
	if (c->form == 'i') {
		for (size_t i = 0; i < c->width; i++)
			v = v << 8 | bytes[c->is_big ? i : c->width - 1 - i];
	} else {
		if (!c->is_big && c->form == 'h' && got % 2 == 0)
			swap_pairs(bytes, got);
		if (read_text(ov_cur_of(bytes, got), c->form, c->is_exact, &v) != OV_OK)
			return false;
	}
	for (uint32_t i = 0; i < c->ncmp && i < 2; i++)
		if (!relation(c->op[i], v, c->value[i]))
			return false;
	return true;
}
