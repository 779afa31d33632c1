/*
 * Text normalisation. Three kinds of bytes: kept (letters in lower case), white space, dropped. A
 * dropped byte does not end a run of white space.
 *
 * The fast path looks at 16 bytes at once and copies the stretches between bytes that go, of which
 * most blocks have none or one.
 */
#include "norm_text.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t ov_norm_text_plain(struct ov_norm_text *s, const uint8_t *in, size_t n, uint8_t *out)
{
	bool after_space = s->after_space;
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		const uint8_t c = in[i];

		if (is_space(c)) {
			if (!after_space)
				out[o++] = ' ';
			after_space = true;
		} else if (c > ' ' && c < 0x80) {
			out[o++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
			after_space = false;
		}
	}
	s->after_space = after_space;
	return o;
}

#if defined(__SSE2__)

/* Which of 16 signed bytes lie in lo..hi (both at least 0, so that bytes from 0x80 never do). */
static inline __m128i within(__m128i v, char lo, char hi)
{
	return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8((char)(lo - 1))),
			     _mm_cmplt_epi8(v, _mm_set1_epi8((char)(hi + 1))));
}

/* Copies the bytes of `block` (32 readable) whose bit is set. Writes up to 16 bytes past the end.
 */
static inline size_t squeeze(const uint8_t *block, uint32_t keep, uint8_t *out)
{
	size_t o = 0;

	while (keep != 0) {
		const unsigned from = (unsigned)__builtin_ctz(keep);
		const unsigned len = (unsigned)__builtin_ctz(~(keep >> from));

		memcpy(out + o, block + from, 16);
		o += len;
		keep &= ~(((UINT32_C(1) << len) - 1) << from);
	}
	return o;
}

size_t ov_norm_text(struct ov_norm_text *s, const uint8_t *in, size_t n, uint8_t *out)
{
	uint8_t block[32] = { 0 };
	uint32_t carry = s->after_space ? 1 : 0;
	size_t i = 0, o = 0;

	for (; n - i >= 16; i += 16) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(in + i));
		const __m128i space =
		    _mm_or_si128(within(v, '\t', '\r'), _mm_cmpeq_epi8(v, _mm_set1_epi8(' ')));
		const __m128i plain = _mm_cmpgt_epi8(v, _mm_set1_epi8(' '));
		const __m128i upper = within(v, 'A', 'Z');
		const __m128i lower = _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
		const __m128i shown = _mm_or_si128(_mm_andnot_si128(space, lower),
						   _mm_and_si128(space, _mm_set1_epi8(' ')));
		const uint32_t blanks = (uint32_t)_mm_movemask_epi8(space);
		const uint32_t known = blanks | (uint32_t)_mm_movemask_epi8(plain);
		const uint32_t keep = 0xffff & ~(blanks & (blanks << 1 | carry));

		if (known != 0xffff) { /* dropped bytes do not part white space: rare, so slowly */
			s->after_space = carry != 0;
			o += ov_norm_text_plain(s, in + i, 16, out + o);
			carry = s->after_space ? 1 : 0;
			continue;
		}
		carry = blanks >> 15;
		if (keep == 0xffff) {
			_mm_storeu_si128((__m128i *)(void *)(out + o), shown);
			o += 16;
			continue;
		}
		_mm_storeu_si128((__m128i *)(void *)block, shown);
		o += squeeze(block, keep, out + o);
	}
	s->after_space = carry != 0;
	return o + ov_norm_text_plain(s, in + i, n - i, out + o);
}

#else

size_t ov_norm_text(struct ov_norm_text *s, const uint8_t *in, size_t n, uint8_t *out)
{
	return ov_norm_text_plain(s, in, n, out);
}

#endif

enum ov_utf16 ov_utf16_order(const uint8_t *in, size_t n)
{
	size_t even = 0, odd = 0;

	if (n >= 2 && in[0] == 0xfe && in[1] == 0xff)
		return OV_UTF16_BE;
	if (n >= 2 && in[0] == 0xff && in[1] == 0xfe)
		return OV_UTF16_LE;
	for (size_t i = 0; i + 1 < n && i < 512; i += 2) {
		even += in[i] == 0;
		odd += in[i + 1] == 0;
	}
	return even > odd ? OV_UTF16_BE : OV_UTF16_LE;
}

size_t ov_utf16_narrow(enum ov_utf16 order, const uint8_t *in, size_t n, uint8_t *out)
{
	const size_t high = order == OV_UTF16_BE ? 0 : 1;

	for (size_t i = 0; i < n / 2; i++) {
		const uint8_t hi = in[2 * i + high], lo = in[2 * i + 1 - high];

		out[i] = hi == 0 && lo < 0x80 ? lo : 0xff;
	}
	return n / 2;
}
