/* tar read as a stream, from a decoder or a file: layers of container images are packed and large.
 */
#ifndef OV_EV_TARSTREAM_H
#define OV_EV_TARSTREAM_H

#include "gather_int.h"

struct ov_tar_in {
	/* Next bytes, fewer only at the end. @return OV_OK; OV_END; what broke. */
	ov_status (*read)(void *ctx, void *to, size_t n, size_t *got);
	void *ctx;
	struct ov_arena *arena; /* of names; released with each member */
};

struct ov_tar_entry {
	struct ov_str path;
	char type; /* '0' file, '5' folder, '1' and '2' links, ... */
	uint32_t mode;
	int64_t mtime;
	uint64_t size, left; /* bytes of content, and not yet read */
};

/** Moves to the next member; what was left of the last one is passed over.
 * @return OV_OK; OV_END; OV_SHORT, OV_BAD: no tar (any more). */
OV_MUST_USE ov_status ov_tar_next(const struct ov_tar_in *in, struct ov_tar_entry *t);
/** Bytes of the member; *got 0 at its end. */
OV_MUST_USE ov_status ov_tar_read(const struct ov_tar_in *in, struct ov_tar_entry *t, void *to,
				  size_t n, size_t *got);

#endif
