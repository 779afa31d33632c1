/*
 * Deltas between versions of a file: one zstd frame whose window begins with the old file
 * (ZSTD_CCtx_refPrefix). Needs no knowledge of the format. Applied only after its digest was
 * checked.
 */
#ifndef OV_DELTA_H
#define OV_DELTA_H

#include "buf.h"
#include "cursor.h"
#include "status.h"

#define OV_DELTA_MAX ((uint64_t)1 << 31) /* bytes of old, or of new: the window's largest size */

/** Makes a delta. @return OV_OK; OV_LIMIT above OV_DELTA_MAX; OV_NOMEM. */
OV_MUST_USE ov_status ov_delta_make(struct ov_cur old, struct ov_cur new_bytes, struct ov_buf *out);

/** Applies one. @param size  Bytes that must come out. @return OV_OK; OV_BAD; OV_LIMIT; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_delta_apply(struct ov_cur old, struct ov_cur delta, uint64_t size,
				     struct ov_buf *out);

#endif
