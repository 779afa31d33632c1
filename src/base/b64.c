#include "b64.h"

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ov_status ov_b64_decode(struct ov_str s, uint8_t *out, size_t max, size_t *n)
{
	size_t pad = 0, at = 0;

	*n = 0;
	if (s.n % 4 != 0)
		return OV_BAD;
	while (pad < 2 && pad < s.n && s.p[s.n - 1 - pad] == '=')
		pad++;
	if (s.n / 4 * 3 - pad > max)
		return OV_LIMIT;
	for (size_t i = 0; i < s.n; i += 4) {
		const size_t chars = i + 4 == s.n ? 4 - pad : 4;
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			const int x = k < chars ? value_of(s.p[i + k]) : 0;

			if (x < 0)
				return OV_BAD;
			v = v << 6 | (uint32_t)x;
		}
		if ((chars == 3 && (v & 0xff) != 0) || (chars == 2 && (v & 0xffff) != 0))
			return OV_BAD;
		for (size_t k = 0; k + 1 < chars; k++)
			out[at++] = (uint8_t)(v >> (16 - 8 * k));
	}
	*n = at;
	return OV_OK;
}

ov_status ov_b64_encode(struct ov_buf *b, const void *p, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *in = p;

	if (n > SIZE_MAX / 2)
		return OV_LIMIT;
	OV_TRY(ov_buf_reserve(b, OV_B64_SIZE(n)));
	for (size_t i = 0; i < n; i += 3) {
		const size_t some = n - i < 3 ? n - i : 3;
		uint32_t v = (uint32_t)in[i] << 16;
		char four[4];

		if (some > 1)
			v |= (uint32_t)in[i + 1] << 8;
		if (some > 2)
			v |= in[i + 2];
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= some ? digits[v >> (18 - 6 * k) & 63] : '=';
		OV_TRY(ov_buf_put(b, four, sizeof four));
	}
	return OV_OK;
}
