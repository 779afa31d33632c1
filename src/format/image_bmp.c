/*
 * BMP for image hashes. Source: Microsoft, "Bitmap Storage" and the BITMAPINFOHEADER family.
 *
 *   "BM" | size | 0 | offset of pixels | header size, width, height, planes, bits, packing ... |
 * masks | palette | rows
 *
 * Rows are padded to 4 bytes and stand bottom up, unless the height is negative. Run-length packing
 * is not read.
 */
#include "image_int.h"

#include "checked.h"
#include "le.h"

struct bmp {
	uint32_t width, height, bits, colours;
	bool is_top_down;
	uint32_t mask[3]; /* red, green, blue; 16 and 32 bits */
	uint64_t pixels;  /* offset */
	uint8_t grey[256];
};

enum { PACK_NONE = 0, PACK_MASKS = 3, PACK_MASKS_ALPHA = 6 };

static ov_status read_size(struct bmp *b, uint32_t width, uint32_t height)
{
	b->is_top_down = (height & 0x80000000u) != 0;
	b->width = width;
	b->height = b->is_top_down ? 0u - height : height;
	return (width & 0x80000000u) != 0 ? OV_BAD : OV_OK;
}

static ov_status read_palette(struct bmp *b, struct ov_cur c, unsigned entry)
{
	const uint32_t most = 1u << b->bits;
	uint32_t n = b->colours == 0 || b->colours > most ? most : b->colours;

	for (uint32_t i = 0; i < n; i++) {
		struct ov_cur e;

		OV_TRY(ov_cur_take(&c, entry, &e));
		b->grey[i] = ov_image_grey(e.base[2], e.base[1], e.base[0]);
	}
	return OV_OK;
}

static ov_status read_old(struct bmp *b, struct ov_cur c)
{
	const uint16_t width = ov_cur_soft_u16le(&c), height = ov_cur_soft_u16le(&c);

	ov_cur_soft_skip(&c, 2);
	b->bits = ov_cur_soft_u16le(&c);
	OV_TRY(ov_cur_status(&c));
	b->width = width;
	b->height = height;
	return b->bits <= 8 ? read_palette(b, c, 3) : OV_OK;
}

static ov_status read_masks(struct bmp *b, struct ov_cur *c, uint32_t packing)
{
	if (packing == PACK_NONE) {
		const bool is_16 = b->bits == 16;

		b->mask[0] = is_16 ? 0x7c00 : 0xff0000;
		b->mask[1] = is_16 ? 0x03e0 : 0xff00;
		b->mask[2] = is_16 ? 0x001f : 0xff;
		return OV_OK;
	}
	for (int i = 0; i < 3; i++)
		OV_TRY(ov_cur_u32le(c, &b->mask[i]));
	return OV_OK;
}

static ov_status read_header(struct bmp *b, struct ov_cur c)
{
	uint32_t size = 0, width, height, packing;
	struct ov_cur rest = c;

	OV_TRY(ov_cur_u32le(&c, &size));
	if (size == 12)
		return read_old(b, c);
	if (size < 40)
		return OV_BAD;
	width = ov_cur_soft_u32le(&c);
	height = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 2);
	b->bits = ov_cur_soft_u16le(&c);
	packing = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 12);
	b->colours = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	OV_TRY(ov_cur_status(&c));
	OV_TRY(read_size(b, width, height));
	if (packing != PACK_NONE && packing != PACK_MASKS && packing != PACK_MASKS_ALPHA)
		return OV_UNSUPPORTED;
	if (b->bits == 16 || b->bits == 32)
		return read_masks(b, &c, packing);
	if (b->bits > 8)
		return OV_OK;
	OV_TRY(ov_cur_skip(&rest, size));
	return read_palette(b, rest, 4);
}

/* A masked value scaled to 8 bits. */
static uint32_t part(uint32_t v, uint32_t mask)
{
	uint32_t most;

	if (mask == 0)
		return 0;
	v = (v & mask) >> __builtin_ctz(mask);
	most = mask >> __builtin_ctz(mask);
	return (uint32_t)(((uint64_t)v * 255 + most / 2) / most);
}

static uint8_t pixel(const struct bmp *b, const uint8_t *row, uint32_t x)
{
	uint32_t v;

	switch (b->bits) {
	case 24:
		row += (size_t)3 * x;
		return ov_image_grey(row[2], row[1], row[0]);
	case 16:
	case 32:
		v = b->bits == 16 ? ov_le16(row + (size_t)2 * x) : ov_le32(row + (size_t)4 * x);
		return ov_image_grey(part(v, b->mask[0]), part(v, b->mask[1]), part(v, b->mask[2]));
	default: /* 1, 4, 8: the first pixel stands in the high bits */
		v = row[(uint64_t)x * b->bits / 8];
		v >>= 8 - b->bits - (uint32_t)((uint64_t)x * b->bits % 8);
		return b->grey[v & ((1u << b->bits) - 1)];
	}
}

ov_status ov_image_bmp(struct ov_image_in *in, struct ov_cur bytes)
{
	struct bmp b = { 0 };
	struct ov_cur c = bytes, rows, row;
	uint32_t at = 0;
	uint64_t step;

	OV_TRY(ov_cur_expect(&c, "BM"));
	OV_TRY(ov_cur_skip(&c, 8));
	OV_TRY(ov_cur_u32le(&c, &at));
	OV_TRY(ov_cur_sub(&c, c.pos, ov_cur_left(&c), &c));
	OV_TRY(read_header(&b, c));
	if (b.bits != 1 && b.bits != 4 && b.bits != 8 && b.bits != 16 && b.bits != 24 &&
	    b.bits != 32)
		return OV_BAD;
	step = ((uint64_t)b.width * b.bits + 31) / 32 * 4;
	OV_TRY(ov_image_begin(in, b.width, b.height));
	OV_TRY(ov_cur_sub(&bytes, at, step * b.height, &rows));
	for (uint32_t y = 0; y < b.height; y++) {
		OV_TRY(
		    ov_cur_sub(&rows, step * (b.is_top_down ? y : b.height - 1 - y), step, &row));
		for (uint32_t x = 0; x < b.width; x++)
			in->grey[x] = pixel(&b, row.base, x);
		ov_image_row(in, in->grey);
	}
	return OV_OK;
}
