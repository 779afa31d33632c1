/* What clamscan says of RIFF files by itself, without a signature. */
#ifndef OV_RIFF_H
#define OV_RIFF_H

#include "arena.h"
#include "source.h"
#include "status.h"

#define OV_RIFF_CHUNKS (UINT32_C(1) << 20) /* of a file, at most */

/**
 * Looks for an animated cursor whose header is not of the one size that it may have: what
 * CVE-2004-1049 (MS05-002) and CVE-2007-0038 come down to.
 *
 * @param a     For a window over sources that are not in memory.
 * @param name  The heuristic's name, a static text; NULL when there is nothing to say.
 * @return OV_OK; OV_LIMIT for more than OV_RIFF_CHUNKS chunks; OV_NOMEM; OV_IO.
 * Source: Microsoft's Multimedia Programming Interface (RIFF), and clamscan's answers to made
 * files.
 */
OV_MUST_USE ov_status ov_riff_find_fault(const struct ov_src *src, struct ov_arena *a,
					 const char **name);

#endif
