/* ZIP: what the files of its directory reader share. */
#ifndef OV_ZIP_INT_H
#define OV_ZIP_INT_H

#include "zip_dir.h"

/* zip_hunt.c: adds what the directory does not list and notes overlaps. */
OV_MUST_USE ov_status ov_zip_hunt(struct ov_zip_dir *d);

/* Adds a copy of `e`. @return OV_OK also when it is full, which is noted. */
OV_MUST_USE ov_status ov_zip_add(struct ov_zip_dir *d, const struct ov_zip_entry *e);

/* Reads the local header at e->local into a new entry. @return OV_OK; OV_SHORT, OV_BAD: none is
 * there. */
OV_MUST_USE ov_status ov_zip_local(struct ov_zip_dir *d, uint64_t at, struct ov_zip_entry *out);

#endif
