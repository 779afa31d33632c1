/* Scripts that Microsoft's Script Encoder has made unreadable (VBScript.Encode, JScript.Encode). */
#ifndef OV_SCRENC_H
#define OV_SCRENC_H

#include <stddef.h>
#include <stdint.h>

/** Where the next encoded script begins, or n. */
size_t ov_screnc_find(const uint8_t *in, size_t n);

/**
 * Decodes the script that begins at `in` (see ov_screnc_find). Its checksum is not asked: a script
 * with a wrong one may still be run by somebody.
 *
 * @param out   n bytes; may be `in`.
 * @param nout  Bytes written, fewer than were used.
 * @return Bytes of `in` that were used: to behind the end mark, or n without one.
 * Threads: no shared state. Allocates nothing.
 */
size_t ov_screnc_decode(const uint8_t *in, size_t n, uint8_t *out, size_t *nout);

#endif
