/* LZO1X, as flash file systems use it. */
#ifndef OV_EV_LZO_H
#define OV_EV_LZO_H

#include "cursor.h"
#include "status.h"

/**
 * Decodes one LZO1X stream, which ends itself.
 *
 * @param in   The packed bytes.
 * @param to   Room for `max` bytes; *n of them are written on OV_OK.
 * @return OV_OK; OV_SHORT when the input ran out; OV_BAD for a copy from before the beginning, or
 *         more than `max` bytes.
 * Threads: no shared state. Allocates nothing.
 * Source: Linux Documentation/staging/lzo.rst. Its version 1 (runs of zeros, for memory only) is
 * not read.
 */
OV_MUST_USE ov_status ov_lzo_read(struct ov_cur in, uint8_t *to, size_t max, size_t *n);

#endif
