/* The image hash of a layer, for fuzzy_img subsignatures. See image_hash.c. */
#ifndef OV_ENGINE_IMAGE_H
#define OV_ENGINE_IMAGE_H

#include "engine_int.h"

/** The hash of a layer that is an image; computed once a layer. @return false when it has none: no
 * image, switched off, or not to be decoded (told in the report). */
bool ov_image_hash_of(struct ov_engine *e, struct ov_node *n, uint64_t *out);

#endif
