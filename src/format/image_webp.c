/* WebP for image hashes, by libwebp. Of an animation nothing is read. */
#include "image_int.h"

#include <webp/decode.h>

ov_status ov_image_webp(struct ov_image_in *in, struct ov_cur bytes)
{
	WebPBitstreamFeatures f;
	VP8StatusCode code = WebPGetFeatures(bytes.base, bytes.len, &f);
	uint8_t *pixels = NULL;
	size_t all;

	if (code != VP8_STATUS_OK)
		return code == VP8_STATUS_NOT_ENOUGH_DATA ? OV_SHORT : OV_BAD;
	if (f.has_animation)
		return OV_UNSUPPORTED;
	if (f.width <= 0 || f.height <= 0)
		return OV_BAD;
	all = (size_t)f.width * (size_t)f.height * 3;
	if (all > OV_IMAGE_PLANE_MAX / 2) /* the arena has one layer's budget */
		return OV_LIMIT;
	OV_TRY(ov_image_begin(in, (uint32_t)f.width, (uint32_t)f.height));
	OV_TRY(ov_arena_array(in->arena, all, &pixels));
	if (WebPDecodeRGBInto(bytes.base, bytes.len, pixels, all, f.width * 3) == NULL)
		return OV_BAD;
	for (uint32_t y = 0; y < in->height; y++)
		ov_image_pixels(in, pixels + (size_t)y * in->width * 3, 3);
	return OV_OK;
}
