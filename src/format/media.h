/* Whether a picture's structure is broken in the sense of ClamAV's Heuristics.Broken.Media. */
#ifndef OV_MEDIA_H
#define OV_MEDIA_H

#include "arena.h"
#include "source.h"
#include "status.h"
#include "type.h"

/**
 * Walks the blocks of a PNG, GIF, JPEG or TIFF file, by the rules that clamscan 1.4 was seen to
 * follow. Pixels are not decoded.
 *
 * @param a     For a window over sources that are not in memory.
 * @param name  The heuristic's name, a static text; NULL when nothing is wrong or the type is
 * another.
 * @return OV_OK; OV_LIMIT, OV_NOMEM from the arena; OV_IO. Threads: no shared state.
 */
OV_MUST_USE ov_status ov_media_find_fault(enum ov_type t, const struct ov_src *src,
					  struct ov_arena *a, const char **name);

#endif
