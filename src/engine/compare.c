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

/* Base of the digits ahead, or 0 when this form can't be read. Moves past "0x". */
static unsigned base_of(struct ov_cur *c, const struct ov_compare *cmp)
{
	const bool has_0x = ov_cur_looking_at(c, "0x", 2) || ov_cur_looking_at(c, "0X", 2);
	const bool has_order = cmp->is_big || cmp->is_little;

	if (cmp->form == 'd')
		return 10;
	if (!has_order || (cmp->form == 'a' && ov_cur_left(c) <= 2))
		return 0;
	if (cmp->form == 'a' && !has_0x)
		return cmp->is_little ? 0 : 10;
	if (has_0x && ov_cur_skip(c, 2) != OV_OK)
		return 0;
	return has_0x && cmp->is_little && cmp->is_exact ? 0 : 16;
}

/* "0x" is passed over; then pairs of digits, the first pair the lowest. An odd width gets a '0' in
 * front. */
static ov_status read_little(struct ov_cur c, bool is_exact, uint64_t *out)
{
	bool first_is_half = ov_cur_left(&c) % 2 != 0;
	uint64_t v = 0;
	uint8_t hi = '0', lo;

	for (unsigned i = 0; ov_cur_left(&c) > 0; i++) {
		if (!first_is_half)
			OV_TRY(ov_cur_u8(&c, &hi));
		first_is_half = false;
		OV_TRY(ov_cur_u8(&c, &lo));
		if (ov_hex_digit((char)hi) < 0 || ov_hex_digit((char)lo) < 0 || i == sizeof v) {
			if (is_exact || i == sizeof v)
				return OV_END;
			break;
		}
		v |= (uint64_t)(ov_hex_digit((char)hi) << 4 | ov_hex_digit((char)lo)) << 8 * i;
	}
	*out = v;
	return OV_OK;
}

/*
 * Digits after white space; they end at another character. Without any the value is 0. `e` (exact)
 * wants digits and nothing else. As clamscan does it: `h` needs a byte order; `a` is hexadecimal
 * after "0x", else decimal, needs more than two characters, and its decimal `b`.
 * @return OV_OK; OV_END when there is nothing to compare.
 */
static ov_status read_text(struct ov_cur c, const struct ov_compare *cmp, uint64_t *out)
{
	uint64_t v = 0;
	size_t digits = 0;
	unsigned base;
	uint8_t b = 0;

	while (!cmp->is_exact && ov_cur_left(&c) > 0 && is_space(*ov_cur_rest(&c)))
		OV_TRY(ov_cur_u8(&c, &b));
	if (ov_cur_looking_at(&c, "-", 1) || ov_cur_looking_at(&c, "+", 1))
		return OV_END;
	base = base_of(&c, cmp);
	if (base == 0 || (cmp->is_exact && cmp->is_little && ov_cur_left(&c) % 2 != 0))
		return OV_END;
	if (ov_cur_sub(&c, c.pos, ov_cur_left(&c), &c) != OV_OK)
		return OV_END;
	if (base == 16 && cmp->is_little)
		return read_little(c, cmp->is_exact, out);
	while (ov_cur_u8(&c, &b) == OV_OK) {
		const int d = ov_hex_digit((char)b);

		if (d < 0 || (unsigned)d >= base) {
			if (cmp->is_exact)
				return OV_END;
			break;
		}
		if (ov_mul_u64(v, base, &v) != OV_OK || ov_add_u64(v, (uint64_t)d, &v) != OV_OK)
			return OV_END;
		digits++;
	}
	if (cmp->is_exact && digits == 0)
		return OV_END;
	*out = v;
	return OV_OK;
}

/* ClamAV's numbers have a sign: eight bytes with the top bit set are below 0. */
static bool relation(char op, int64_t a, int64_t b)
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
	if (got < c->width)
		return false; /* past the end: ClamAV compares nothing there */
	if (c->form == 'i') {
		if (!c->is_big && !c->is_little)
			return false;
		for (size_t i = 0; i < c->width; i++)
			v = v << 8 | bytes[c->is_big ? i : c->width - 1 - i];
	} else if (read_text(ov_cur_of(bytes, got), c, &v) != OV_OK) {
		return false;
	}
	for (uint32_t i = 0; i < c->ncmp && i < 2; i++)
		if (!relation(c->op[i], (int64_t)v, (int64_t)c->value[i]))
			return false;
	return true;
}
