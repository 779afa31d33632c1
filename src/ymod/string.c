/*
 * string: length of a text, and the number that it is. Source: the manuals of YARA 4.5 and YARA-X.
 * What is no number as a whole, or does not fit 64 bits, is undefined.
 */
#include "ymod.h"
#include "ymod_give.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 99;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* "0x" before a digit: base 16 may have it, base 0 takes it or a leading 0 for its base. */
static int64_t find_base(struct ov_str *s, int64_t base)
{
	const bool is_hex = s->n > 2 && s->p[0] == '0' && (s->p[1] == 'x' || s->p[1] == 'X') &&
			    digit_of(s->p[2]) < 16;

	if (is_hex && (base == 0 || base == 16)) {
		s->p += 2;
		s->n -= 2;
		return 16;
	}
	if (base != 0)
		return base;
	return s->n > 0 && s->p[0] == '0' ? 8 : 10;
}

/* As strtoll() reads it, in a text that need not end in NUL. */
static bool number_of(struct ov_str s, int64_t base, int64_t *out)
{
	bool is_negative = false;
	uint64_t v = 0, most;

	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		is_negative = s.p[0] == '-';
		s.p++;
		s.n--;
	}
	base = find_base(&s, base);
	most = (uint64_t)INT64_MAX + is_negative;
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const uint64_t d = (uint64_t)digit_of(s.p[i]);

		if (d >= (uint64_t)base || v > (most - d) / (uint64_t)base)
			return false;
		v = v * (uint64_t)base + d;
	}
	*out = is_negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

OV_CALL(to_int)
{
	const int64_t base = nargs == 2 ? args[1].i : 0;
	int64_t v = 0;

	OV_UNUSED_CALL();
	if (base != 0 && (base < 2 || base > 36))
		return OV_OK;
	OV_TRY(ov_ymod_spend(env, args[0].s.n));
	return number_of(args[0].s, base, &v) ? ov_give_int(out, (uint64_t)v) : OV_OK;
}

OV_CALL(length)
{
	OV_UNUSED_CALL();
	return ov_give_int(out, (uint64_t)args[0].s.n);
}

OV_SIGS(to_int_sigs, { "s", OV_Y_INT, to_int }, { "si", OV_Y_INT, to_int });
OV_SIGS(length_sigs, { "s", OV_Y_INT, length });

static const struct ov_yfield root_fields[] = {
	OV_F_FUNC("to_int", to_int_sigs),
	OV_F_FUNC("length", length_sigs),
};
OV_YTYPE(root, "string");

const struct ov_ymodule ov_ymod_string = { "string", &root };
