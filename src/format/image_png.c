/* PNG for image hashes, by libpng. Its errors jump: nothing between setjmp and the jump owns memory
 * but libpng and the arena. */
#include "image_int.h"

#include <png.h>
#include <setjmp.h>

#include "checked.h"

struct reader {
	struct ov_cur bytes;
	ov_status why; /* when libpng gives up */
};

static void on_error(png_structp png, png_const_charp text)
{
	(void)text;
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void give(png_structp png, png_bytep to, size_t n)
{
	struct reader *r = png_get_io_ptr(png);

	if (ov_cur_copy(&r->bytes, to, n) != OV_OK) {
		r->why = OV_SHORT;
		png_error(png, "");
	}
}

/* All kinds become 8-bit grey or RGB, without transparency. */
static void simplify(png_structp png, png_infop info)
{
	png_set_expand(png);
	png_set_scale_16(png);
	png_set_strip_alpha(png);
	(void)png_set_interlace_handling(png);
	png_read_update_info(png, info);
}

static ov_status read_rows(struct ov_image_in *in, png_structp png, uint8_t *row, unsigned channels)
{
	for (uint32_t y = 0; y < in->height; y++) {
		png_read_row(png, row, NULL);
		ov_image_pixels(in, row, channels);
	}
	return OV_OK;
}

/* Interlaced: each pass fills in more of all rows. */
static ov_status read_passes(struct ov_image_in *in, png_structp png, size_t row_bytes,
			     unsigned channels)
{
	uint8_t *plane = NULL;
	size_t all;

	OV_TRY(ov_mul_size(row_bytes, in->height, &all));
	if (all > OV_IMAGE_PLANE_MAX)
		return OV_LIMIT;
	OV_TRY(ov_arena_array(in->arena, all, &plane));
	for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
		for (uint32_t y = 0; y < in->height; y++)
			png_read_row(png, plane + (size_t)y * row_bytes, NULL);
	for (uint32_t y = 0; y < in->height; y++)
		ov_image_pixels(in, plane + (size_t)y * row_bytes, channels);
	return OV_OK;
}

static ov_status read_image(struct ov_image_in *in, png_structp png, png_infop info)
{
	uint8_t *row = NULL;
	unsigned channels;
	size_t row_bytes;

	png_read_info(png, info);
	simplify(png, info);
	channels = png_get_channels(png, info);
	row_bytes = png_get_rowbytes(png, info);
	if (channels != 1 && channels != 3)
		return OV_BUG;
	OV_TRY(ov_image_begin(in, png_get_image_width(png, info), png_get_image_height(png, info)));
	if (png_get_interlace_type(png, info) != PNG_INTERLACE_NONE)
		return read_passes(in, png, row_bytes, channels);
	OV_TRY(ov_arena_array(in->arena, row_bytes, &row));
	return read_rows(in, png, row, channels);
}

static ov_status guarded(struct ov_image_in *in, png_structp png, png_infop info,
			 const struct reader *r)
{
	if (setjmp(png_jmpbuf(png)) != 0)
		return r->why;
	return read_image(in, png, info);
}

ov_status ov_image_png(struct ov_image_in *in, struct ov_cur bytes)
{
	struct reader r = { .bytes = bytes, .why = OV_BAD };
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
	png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
	ov_status s = OV_NOMEM;

	if (info != NULL) {
		png_set_read_fn(png, &r, give);
		png_set_user_limits(png, OV_IMAGE_SIDE_MAX, OV_IMAGE_SIDE_MAX);
		png_set_chunk_malloc_max(png, (png_alloc_size_t)8 << 20);
		s = guarded(in, png, info, &r);
	}
	png_destroy_read_struct(&png, &info, NULL);
	return s;
}
