/* JPEG for image hashes, by libjpeg. Its errors jump: nothing between setjmp and the jump owns
 * memory but libjpeg and the arena. */
#include "image_int.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

#define SCANS_MAX 200 /* a progressive image of more is made to cost time */

struct errors {
	struct jpeg_error_mgr base; /* first: libjpeg hands it back */
	jmp_buf jump;
	ov_status why;
};

static void on_error(j_common_ptr c)
{
	struct errors *e = (struct errors *)(void *)c->err;

	longjmp(e->jump, 1);
}

/* Warnings are about data that is repaired, but for one: the end came too early. */
static void on_message(j_common_ptr c, int level)
{
	struct errors *e = (struct errors *)(void *)c->err;

	if (level < 0 && e->base.msg_code == JWRN_JPEG_EOF) {
		e->why = OV_SHORT;
		longjmp(e->jump, 1);
	}
}

static void on_output(j_common_ptr c)
{
	(void)c;
}

static void on_progress(j_common_ptr c)
{
	struct errors *e = (struct errors *)(void *)c->err;
	const struct jpeg_decompress_struct *d = (const struct jpeg_decompress_struct *)(void *)c;

	if (d->input_scan_number > SCANS_MAX) {
		e->why = OV_LIMIT;
		longjmp(e->jump, 1);
	}
}

/* Four inks as Adobe stores them (inverted). */
static void row_of_inks(struct ov_image_in *in, const uint8_t *p)
{
	for (uint32_t x = 0; x < in->width; x++, p += 4)
		in->grey[x] =
		    ov_image_grey((uint32_t)p[0] * p[3] / 255, (uint32_t)p[1] * p[3] / 255,
				  (uint32_t)p[2] * p[3] / 255);
	ov_image_row(in, in->grey);
}

static ov_status read_image(struct ov_image_in *in, struct jpeg_decompress_struct *d)
{
	uint8_t *row = NULL;
	JSAMPROW rows[1];

	(void)jpeg_read_header(d, TRUE);
	if ((uint64_t)d->image_width * d->image_height * 8 > 2 * OV_IMAGE_PLANE_MAX &&
	    jpeg_has_multiple_scans(d))
		return OV_LIMIT; /* all coefficients are held until the last scan */
	if (d->jpeg_color_space == JCS_GRAYSCALE)
		d->out_color_space = JCS_GRAYSCALE;
	else if (d->num_components == 4)
		d->out_color_space = JCS_CMYK;
	else
		d->out_color_space = JCS_RGB;
	OV_TRY(ov_image_begin(in, d->image_width, d->image_height));
	(void)jpeg_start_decompress(d);
	if (d->output_width != in->width || d->output_height != in->height)
		return OV_BUG;
	OV_TRY(ov_arena_array(in->arena, (size_t)in->width * (size_t)d->output_components, &row));
	rows[0] = row;
	while (d->output_scanline < d->output_height) {
		if (jpeg_read_scanlines(d, rows, 1) != 1)
			return OV_SHORT;
		if (d->output_components == 4)
			row_of_inks(in, row);
		else
			ov_image_pixels(in, row, (unsigned)d->output_components);
	}
	return OV_OK;
}

static ov_status guarded(struct ov_image_in *in, struct jpeg_decompress_struct *d, struct errors *e,
			 struct jpeg_progress_mgr *progress, struct ov_cur bytes)
{
	if (setjmp(e->jump) != 0)
		return e->why;
	jpeg_create_decompress(d);
	d->progress = progress;
	d->mem->max_memory_to_use = (long)(4 * OV_IMAGE_PLANE_MAX);
	jpeg_mem_src(d, bytes.base, (unsigned long)bytes.len);
	return read_image(in, d);
}

ov_status ov_image_jpeg(struct ov_image_in *in, struct ov_cur bytes)
{
	struct jpeg_decompress_struct d = { 0 };
	struct jpeg_progress_mgr progress = { .progress_monitor = on_progress };
	struct errors e = { .why = OV_BAD };
	ov_status s;

	if (bytes.len == 0)
		return OV_SHORT;
	d.err = jpeg_std_error(&e.base);
	e.base.error_exit = on_error;
	e.base.emit_message = on_message;
	e.base.output_message = on_output;
	s = guarded(in, &d, &e, &progress, bytes);
	jpeg_destroy_decompress(&d);
	return s;
}
