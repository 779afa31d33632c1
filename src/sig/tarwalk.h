/*
 * A small tar reader for containers of signatures: plain files in one flat folder, read once from
 * front to back out of a decoder. Not for scanning archives: format/ does that. Source:
 * POSIX.1-1988 ustar interchange format, tar(5).
 */
#ifndef OV_TARWALK_H
#define OV_TARWALK_H

#include <stdint.h>

#include "buf.h"
#include "decoder.h"
#include "status.h"
#include "str.h"

#define OV_TAR_NAME 100

struct ov_tarwalk {
	struct ov_decoder *in;
	uint64_t budget; /* plain bytes that may still be read */
	uint64_t skip;	 /* bytes up to the next header        */
	uint64_t size;	 /* of the member not yet read; 0 once it is */
	char name[OV_TAR_NAME + 1];
	const char *why;
};

/** Starts. The decoder is borrowed. */
void ov_tarwalk_init(struct ov_tarwalk *t, struct ov_decoder *in, uint64_t budget);

/**
 * Moves to the next member that is a plain file.
 * @param name  Valid until the next call. @param size  Bytes.
 * @return OV_OK; OV_END; OV_SHORT; OV_BAD with t->why; OV_LIMIT when the budget is spent; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_tarwalk_next(struct ov_tarwalk *t, struct ov_str *name, uint64_t *size);

/** Appends the current member's bytes to `out`. At most once a member; without it, the member is
 * skipped. */
OV_MUST_USE ov_status ov_tarwalk_read(struct ov_tarwalk *t, struct ov_buf *out);

#endif
