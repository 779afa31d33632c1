/*
 * Icon resources: a bitmap header whose height counts the mask, colours, pixels, and a mask of one
 * bit a pixel, all rows from the bottom up and padded to four bytes. See docs/formats/icon.md for
 * what is scaled, and how.
 * Source: "BITMAPINFOHEADER structure", "Icons in Win32" (Microsoft).
 */
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "icon.h"
#include "le.h"

#define HEADER 40
#define SIDE_LEAST 16
#define SIDE_MOST 256

struct bitmap {
	const struct ov_src *src;
	unsigned w, h, bits;
	uint64_t colours, pixels, mask; /* offsets in the source */
	size_t stride, mask_stride;
	uint8_t palette[256 * 4];
	bool has_alpha;
};

struct picture { /* w * h pixels, from the top */
	struct ov_pixel *p;
	unsigned w, h;
};

static size_t padded(size_t bits)
{
	return (bits + 31) / 32 * 4;
}

static ov_status read_header(const struct ov_src *src, uint64_t at, struct bitmap *b)
{
	uint8_t raw[HEADER];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);
	uint32_t size, w, h;

	OV_TRY(ov_src_read(src, at, raw, sizeof raw));
	size = ov_cur_soft_u32le(&c);
	w = ov_cur_soft_u32le(&c);
	h = ov_cur_soft_u32le(&c) / 2;
	ov_cur_soft_skip(&c, 2);
	b->bits = ov_cur_soft_u16le(&c);
	if (size < HEADER || w < SIDE_LEAST || w > SIDE_MOST || h < SIDE_LEAST || h > SIDE_MOST ||
	    w * 3 / 4 > h || h * 3 / 4 > w)
		return OV_UNSUPPORTED;
	if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 16 && b->bits != 24 &&
	    b->bits != 32)
		return OV_UNSUPPORTED;
	b->src = src;
	b->w = w;
	b->h = h;
	b->stride = padded((size_t)w * b->bits);
	b->mask_stride = padded(w);
	OV_TRY(ov_add_u64(at, size, &b->colours));
	b->pixels = b->colours + (b->bits <= 8 ? 4u << b->bits : 0);
	b->mask = b->pixels + (uint64_t)b->stride * h;
	return OV_OK;
}

/* Any alpha that is not 0 means that there is one; else the mask counts. */
static ov_status look_for_alpha(struct bitmap *b, uint8_t *row)
{
	for (unsigned y = 0; b->bits == 32 && y < b->h && !b->has_alpha; y++) {
		OV_TRY(ov_src_read(b->src, b->pixels + (uint64_t)b->stride * y, row, b->stride));
		for (unsigned x = 0; x < b->w; x++)
			b->has_alpha = b->has_alpha || row[4 * (size_t)x + 3] != 0;
	}
	return OV_OK;
}

static uint8_t over_white(unsigned v, unsigned alpha)
{
	return (uint8_t)((v * alpha + 255 * (255 - alpha)) / 255);
}

static struct ov_pixel pixel_at(const struct bitmap *b, const uint8_t *row, unsigned x)
{
	const uint8_t *p;
	unsigned v;

	switch (b->bits) {
	case 16:
		v = ov_le16(row + 2 * (size_t)x);
		return (struct ov_pixel){ .r = (uint8_t)((v >> 10 & 31) * 255 / 31),
					  .g = (uint8_t)((v >> 5 & 31) * 255 / 31),
					  .b = (uint8_t)((v & 31) * 255 / 31) };
	case 24:
		p = row + 3 * (size_t)x;
		break;
	case 32:
		p = row + 4 * (size_t)x;
		if (b->has_alpha)
			return (struct ov_pixel){ .r = over_white(p[2], p[3]),
						  .g = over_white(p[1], p[3]),
						  .b = over_white(p[0], p[3]) };
		break;
	default:
		v = row[(size_t)x * b->bits / 8];
		v = v >> (8 - b->bits - x * b->bits % 8) & ((1u << b->bits) - 1);
		p = b->palette + 4 * (size_t)v;
	}
	return (struct ov_pixel){ .r = p[2], .g = p[1], .b = p[0] };
}

/* Masked pixels are white. */
static ov_status read_rows(struct bitmap *b, uint8_t *row, struct picture *out)
{
	static const struct ov_pixel white = { 255, 255, 255 };
	uint8_t mask[SIDE_MOST / 8 + 4] = { 0 };

	for (unsigned y = 0; y < b->h; y++) {
		struct ov_pixel *to = out->p + (size_t)(b->h - 1 - y) * b->w;

		OV_TRY(ov_src_read(b->src, b->pixels + (uint64_t)b->stride * y, row, b->stride));
		if (!b->has_alpha)
			OV_TRY(ov_src_read(b->src, b->mask + (uint64_t)b->mask_stride * y, mask,
					   b->mask_stride));
		for (unsigned x = 0; x < b->w; x++)
			to[x] = (mask[x / 8] >> (7 - x % 8) & 1) != 0 ? white : pixel_at(b, row, x);
	}
	return OV_OK;
}

/* ---- scaling ---- */

static uint8_t mean(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (uint8_t)(((a + b) / 2 + (c + d) / 2) / 2);
}

static void halve(struct picture *m)
{
	for (unsigned y = 0; y < m->h / 2; y++) {
		for (unsigned x = 0; x < m->w / 2; x++) {
			const struct ov_pixel *a = m->p + (size_t)2 * y * m->w + 2 * (size_t)x,
					      *c = a + m->w;

			/* in place: what is written lies before all that is still to be read */
			m->p[(size_t)y * (m->w / 2) + x] = (struct ov_pixel){
				.r = mean(a[0].r, a[1].r, c[0].r, c[1].r),
				.g = mean(a[0].g, a[1].g, c[0].g, c[1].g),
				.b = mean(a[0].b, a[1].b, c[0].b, c[1].b),
			};
		}
	}
	m->w /= 2;
	m->h /= 2;
}

static unsigned far_from(const struct picture *m, unsigned side)
{
	return (unsigned)abs((int)m->w - (int)side) + (unsigned)abs((int)m->h - (int)side);
}

/* Columns by the nearest, rows by the one above. */
static void sample(const struct picture *m, unsigned side, struct ov_pixel *out)
{
	const double sx = (double)m->w / side, sy = (double)m->h / side;

	for (unsigned y = 0; y < side; y++)
		for (unsigned x = 0; x < side; x++)
			out[y * side + x] = m->p[(size_t)(y * sy) * m->w + (size_t)(x * sx + 0.5)];
}

static bool is_halved(const struct picture *m)
{
	return m->w == m->h && m->w > OV_ICON_SIDE && (m->w % 32 == 0 || m->w % 24 == 0);
}

/* To 16, 24 or 32, or to where halving leads. @return the side. */
static unsigned scale(struct picture *m, struct ov_pixel *out)
{
	unsigned side = 16;

	if (is_halved(m)) {
		while (m->w > OV_ICON_SIDE)
			halve(m);
		memcpy(out, m->p, (size_t)m->w * m->w * sizeof *out);
		return m->w;
	}
	for (unsigned s = 24; s <= OV_ICON_SIDE; s += 8)
		if (far_from(m, s) < far_from(m, side))
			side = s;
	sample(m, side, out);
	return side;
}

ov_status ov_icon_read(const struct ov_src *src, uint64_t at, struct ov_arena *a,
		       struct ov_icon *out)
{
	struct ov_pixel small[OV_ICON_SIDE * OV_ICON_SIDE];
	uint8_t row[SIDE_MOST * 4];
	struct bitmap b = { .bits = 0 };
	struct picture m;
	unsigned side;

	OV_TRY(read_header(src, at, &b));
	if (b.bits <= 8)
		OV_TRY(ov_src_read(src, b.colours, b.palette, (size_t)4 << b.bits));
	m = (struct picture){ .w = b.w, .h = b.h };
	OV_TRY(ov_arena_array(a, (size_t)b.w * b.h, &m.p));
	OV_TRY(look_for_alpha(&b, row));
	OV_TRY(read_rows(&b, row, &m));
	side = scale(&m, small);
	ov_icon_hash(small, side, out);
	return OV_OK;
}
