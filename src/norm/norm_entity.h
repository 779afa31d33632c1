/* Character references of HTML, as far and as ClamAV decodes them. */
#ifndef OV_NORM_ENTITY_H
#define OV_NORM_ENTITY_H

#include <stddef.h>
#include <stdint.h>

#define OV_ENTITY_OUT 8 /* most bytes that one reference becomes, or 2 for each of its own */

/**
 * Decodes the reference at `in`, which begins with '&'. What is no reference stays as it is, in
 * lower case. Code points from 255 on become "&#x20ac;".
 *
 * @param out  At least 2 * n + OV_ENTITY_OUT bytes.
 * @param nout Bytes written.
 * @return Bytes of `in` that were used, at least 1, at most n.
 */
size_t ov_entity_decode(const uint8_t *in, size_t n, uint8_t *out, size_t *nout);

#endif
