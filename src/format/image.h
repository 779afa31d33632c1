/*
 * The perceptual hash of an image: what fuzzy_img subsignatures compare.
 *
 *   any picture -> grey (ITU-R 601) -> 32 x 32 (Lanczos, 3 lobes) -> cosine transform -> its 8 x 8
 * lowest frequencies -> one bit each: above the median or not
 *
 * Found by experiment with `sigtool --fuzzy-img` 1.4.6 on generated images; docs/formats/image.md
 * has the figures. PNG, JPEG, GIF (first picture), BMP and WebP are read, by the libraries that
 * everyone uses but BMP. Transparency is ignored.
 */
#ifndef OV_IMAGE_H
#define OV_IMAGE_H

#include <stdint.h>

#include "arena.h"
#include "source.h"
#include "status.h"
#include "type.h"

#define OV_IMAGE_SIDE_MAX 65535
#define OV_IMAGE_PLANE_MAX ((uint64_t)96 << 20) /* bytes of pixels that are held at once */

/** True for types that ov_image_hash() reads. */
bool ov_image_is(enum ov_type t);

/**
 * Computes the hash.
 * @param src  In memory. @param a  Takes some rows, or a plane of the image.
 * @param out  The first bit (lowest frequency) is the top one.
 * @return OV_OK; OV_SHORT, OV_BAD when it can't be decoded; OV_UNSUPPORTED another type or variant;
 * OV_LIMIT larger than the limits above or the arena's budget; OV_NOMEM.
 * Threads: no shared state. libpng, libjpeg, giflib and libwebp allocate by themselves, no more
 * than a small multiple of OV_IMAGE_PLANE_MAX.
 */
OV_MUST_USE ov_status ov_image_hash(enum ov_type t, const struct ov_src *src, struct ov_arena *a,
				    uint64_t *out);

#endif
