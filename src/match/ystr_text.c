/*
 * YARA's text strings: their modifiers, and the pieces that they become.
 *
 * base64 as yara 4.2.3 searches it: the text behind none, one and two unknown bytes, without the
 * characters at either end that depend on what stands beside it.
 */
#include "ystr_make.h"

#include <string.h>

static const char usual[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static ov_status check_modifiers(struct ym *m)
{
	const uint32_t f = m->ir->flags;
	const uint32_t coded = f & (OV_YSTR_BASE64 | OV_YSTR_BASE64WIDE);

	if ((f & OV_YSTR_XOR) != 0 && (f & OV_YSTR_NOCASE) != 0)
		return ym_refuse(m, "xor and nocase can't stand together", "leave one out");
	if (coded != 0 && (f & OV_YSTR_NOCASE) != 0)
		return ym_refuse(m, "base64 and nocase can't stand together", "leave one out");
	if (coded != 0 && (f & OV_YSTR_XOR) != 0)
		return ym_refuse(m, "base64 and xor can't stand together", "leave one out");
	if (coded != 0 && (f & OV_YSTR_FULLWORD) != 0)
		return ym_refuse(m, "base64 and fullword can't stand together", "leave one out");
	if ((m->ir->base64.n != 0 && m->ir->base64.n != 64) ||
	    (m->ir->base64wide.n != 0 && m->ir->base64wide.n != 64))
		return ym_refuse(m, "an alphabet of base64 has 64 characters", NULL);
	if ((f & OV_YSTR_XOR) != 0 && m->ir->xor_lo > m->ir->xor_hi)
		return ym_refuse(m, "the range of xor ends before it begins",
				 "write xor(smaller-larger)");
	if (m->ir->body.n == 0)
		return ym_refuse(m, "the text is empty", NULL);
	if (m->ir->body.n > YS_TEXT_MAX / 4)
		return ym_refuse(m, "the text is too long", "at most 256 KiB");
	return OV_OK;
}

static ov_status widen(struct ov_arena *a, struct ov_str s, struct ov_str *out)
{
	char *p = NULL;

	OV_TRY(ov_arena_array(a, s.n * 2, &p));
	for (size_t i = 0; i < s.n; i++)
		p[2 * i] = s.p[i];
	*out = (struct ov_str){ p, s.n * 2 };
	return OV_OK;
}

static uint8_t byte_of(struct ov_str s, unsigned shift, size_t i)
{
	return i < shift || i - shift >= s.n ? 0 : (uint8_t)s.p[i - shift];
}

/* Character `i` of the base64 text of `shift` zero bytes and the text. */
static char character(struct ov_str s, unsigned shift, const char *alphabet, size_t i)
{
	const size_t bit = i * 6, at = bit / 8;
	const unsigned both = (unsigned)byte_of(s, shift, at) << 8 | byte_of(s, shift, at + 1);

	return alphabet[both >> (10 - bit % 8) & 63];
}

/* @return OV_END when no character is certain. */
static ov_status encode(struct ym *m, struct ov_str s, unsigned shift, const char *alphabet,
			struct ov_str *out)
{
	const size_t first = shift == 0 ? 0 : shift + 1; /* that is made of the text alone */
	const size_t end = (s.n + shift) * 8 / 6;
	char *p = NULL;

	if (end <= first)
		return OV_END;
	OV_TRY(ov_arena_array(m->arena, end - first, &p));
	for (size_t i = first; i < end; i++)
		p[i - first] = character(s, shift, alphabet, i);
	*out = (struct ov_str){ p, end - first };
	return OV_OK;
}

static ov_status add_literal(struct ym *m, struct ov_str s, uint32_t flags)
{
	struct ym_piece *p;

	OV_TRY(ym_piece_new(m, YS_LITERAL, flags | YS_HEAD_PIECE, &p));
	p->value = (const uint8_t *)s.p;
	p->n = (uint32_t)s.n;
	return OV_OK;
}

static ov_status add_base64(struct ym *m, struct ov_str s, struct ov_str alphabet, uint32_t flags)
{
	for (unsigned shift = 0; shift < 3; shift++) {
		struct ov_str coded;
		const ov_status st =
		    encode(m, s, shift, alphabet.n == 64 ? alphabet.p : usual, &coded);

		if (st == OV_END)
			return ym_refuse(m, "the text is too short for base64",
					 "three characters at least");
		OV_TRY(st);
		OV_TRY(add_literal(m, coded, flags));
	}
	return OV_OK;
}

static ov_status add_coded(struct ym *m, struct ov_str s)
{
	if ((m->ir->flags & OV_YSTR_BASE64) != 0)
		OV_TRY(add_base64(m, s, m->ir->base64, 0));
	if ((m->ir->flags & OV_YSTR_BASE64WIDE) != 0)
		OV_TRY(add_base64(m, s, m->ir->base64wide, YS_WIDE));
	return OV_OK;
}

ov_status ym_text(struct ym *m)
{
	const uint32_t f = m->ir->flags;
	const bool has_wide = (f & OV_YSTR_WIDE) != 0;
	const bool has_ascii = !has_wide || (f & OV_YSTR_ASCII) != 0;
	const uint32_t flags = ((f & OV_YSTR_NOCASE) != 0 ? YS_NOCASE : 0) |
			       ((f & OV_YSTR_FULLWORD) != 0 ? YS_FULLWORD : 0);

	OV_TRY(check_modifiers(m));
	if ((f & (OV_YSTR_BASE64 | OV_YSTR_BASE64WIDE)) != 0) {
		struct ov_str wide;

		if (has_ascii)
			OV_TRY(add_coded(m, m->ir->body));
		if (!has_wide)
			return OV_OK;
		OV_TRY(widen(m->arena, m->ir->body, &wide));
		return add_coded(m, wide);
	}
	if ((f & OV_YSTR_XOR) != 0) {
		m->flags |= YS_XOR;
		m->xor_lo = m->ir->xor_lo;
		m->xor_hi = m->ir->xor_hi;
	}
	if (has_ascii)
		OV_TRY(add_literal(m, m->ir->body, flags));
	return has_wide ? add_literal(m, m->ir->body, flags | YS_WIDE) : OV_OK;
}
