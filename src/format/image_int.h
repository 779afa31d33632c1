/* What the image decoders share. Not for other folders. */
#ifndef OV_IMAGE_INT_H
#define OV_IMAGE_INT_H

#include "cursor.h"
#include "image.h"

#define IMAGE_HASH_SIDE 32

/* Takes an image's grey rows from top to bottom and keeps 32 weighted sums of them. */
struct ov_image_in {
	struct ov_arena *arena;
	uint32_t width, height, y;
	struct ov_image_weights *rows; /* IMAGE_HASH_SIDE of them */
	float *sums;		       /* IMAGE_HASH_SIDE rows of `width` */
	uint8_t *grey;		       /* one row, for decoders to fill */
};

/** Starts an image. @return OV_OK; OV_BAD without area; OV_LIMIT; OV_NOMEM. */
OV_MUST_USE ov_status ov_image_begin(struct ov_image_in *in, uint32_t width, uint32_t height);

/** The next row, `width` bytes. Rows past the height are ignored. */
void ov_image_row(struct ov_image_in *in, const uint8_t *grey);

/** A row of `channels` 1 (grey), 3 (RGB) or 4 (RGB and alpha, which is dropped) bytes a pixel. */
void ov_image_pixels(struct ov_image_in *in, const uint8_t *p, unsigned channels);

static inline uint8_t ov_image_grey(uint32_t r, uint32_t g, uint32_t b)
{
	return (uint8_t)((299 * r + 587 * g + 114 * b + 500) / 1000);
}

/* Each decodes `bytes` into `in`. */
OV_MUST_USE ov_status ov_image_png(struct ov_image_in *in, struct ov_cur bytes);
OV_MUST_USE ov_status ov_image_jpeg(struct ov_image_in *in, struct ov_cur bytes);
OV_MUST_USE ov_status ov_image_gif(struct ov_image_in *in, struct ov_cur bytes);
OV_MUST_USE ov_status ov_image_bmp(struct ov_image_in *in, struct ov_cur bytes);
OV_MUST_USE ov_status ov_image_webp(struct ov_image_in *in, struct ov_cur bytes);

#endif
