/* Strings, ISO 32000-1 7.3.4: parentheses with escapes, or hexadecimal digits; 7.9.2.2: UTF-16. */
#include "pdf_string.h"

#include "checked.h"
#include "text.h"
#include "utf16.h"

#define PIECE 4096

struct decoder {
	struct ov_buf *out;
	bool is_hex, is_escaped, was_return;
	unsigned octal, ndigits; /* of \ooo                    */
	int high;		 /* first digit of a pair, or -1 */
};

static ov_status put_escaped(struct decoder *d, uint8_t b)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *at = memchr(from, b, sizeof from - 1);

	d->is_escaped = false;
	if (b >= '0' && b <= '7') {
		d->octal = (unsigned)(b - '0');
		d->ndigits = 1;
		return OV_OK;
	}
	d->was_return = b == '\r';
	if (b == '\r' || b == '\n') /* a line that goes on */
		return OV_OK;
	return ov_buf_u8(d->out, at != NULL ? (uint8_t)to[at - from] : b);
}

static ov_status put_literal(struct decoder *d, uint8_t b)
{
	if (d->ndigits > 0) {
		if (b >= '0' && b <= '7' && d->ndigits < 3) {
			d->octal = d->octal * 8 + (unsigned)(b - '0');
			d->ndigits++;
			return OV_OK;
		}
		d->ndigits = 0;
		OV_TRY(ov_buf_u8(d->out, (uint8_t)d->octal));
	}
	if (d->is_escaped)
		return put_escaped(d, b);
	if (d->was_return && b == '\n') {
		d->was_return = false;
		return OV_OK;
	}
	d->was_return = false;
	d->is_escaped = b == '\\';
	return d->is_escaped ? OV_OK : ov_buf_u8(d->out, b);
}

static ov_status put_digit(struct decoder *d, uint8_t b)
{
	const int v = ov_hex_digit((char)b);

	if (v < 0)
		return OV_OK;
	if (d->high < 0) {
		d->high = v;
		return OV_OK;
	}
	OV_TRY(ov_buf_u8(d->out, (uint8_t)(d->high << 4 | v)));
	d->high = -1;
	return OV_OK;
}

/* What is still in hand at the end. */
static ov_status finish(struct decoder *d)
{
	if (d->ndigits > 0)
		return ov_buf_u8(d->out, (uint8_t)d->octal);
	return d->high >= 0 ? ov_buf_u8(d->out, (uint8_t)(d->high << 4)) : OV_OK;
}

/* In place: UTF-16 of n bytes never takes more than 3 bytes for 2, so a copy is made. */
static ov_status to_utf8(struct ov_buf *out)
{
	struct ov_buf plain = ov_buf_of(out->max);
	ov_status s = OV_OK;

	for (size_t i = 2; s == OV_OK && i + 1 < out->n; i += 2) {
		uint32_t u = (uint32_t)out->p[i] << 8 | out->p[i + 1];
		char p[4];

		if (u >= 0xd800 && u <= 0xdbff && i + 3 < out->n) {
			const uint32_t low = (uint32_t)out->p[i + 2] << 8 | out->p[i + 3];

			if (low >= 0xdc00 && low <= 0xdfff) {
				u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			}
		}
		s = ov_buf_put(&plain, p, ov_utf8_put(p, u >= 0xd800 && u <= 0xdfff ? 0xfffd : u));
	}
	ov_buf_free(out);
	*out = plain;
	return s;
}

ov_status ov_pdf_string_read(const struct ov_src *src, const struct ov_pdf_string *s,
			     struct ov_buf *out)
{
	struct decoder d = { .out = out, .is_hex = s->is_hex, .high = -1 };
	uint8_t piece[PIECE];
	ov_status end = OV_OK;
	uint64_t at = s->off, left = s->n;

	while (left > 0 && end == OV_OK) {
		size_t got;

		OV_TRY(ov_src_read_upto(src, at, piece, (size_t)ov_min_u64(left, PIECE), &got));
		if (got == 0)
			break;
		for (size_t i = 0; i < got && end == OV_OK; i++)
			end = d.is_hex ? put_digit(&d, piece[i]) : put_literal(&d, piece[i]);
		at += got;
		left -= got;
	}
	if (end == OV_OK)
		end = finish(&d);
	if (out->n >= 2 && out->p[0] == 0xfe && out->p[1] == 0xff &&
	    (end == OV_OK || end == OV_LIMIT)) {
		const ov_status s2 = to_utf8(out);

		end = end == OV_OK ? s2 : end;
	}
	return end;
}
