/* What the archive's files share. */
#ifndef OV_ARCHIVE_INT_H
#define OV_ARCHIVE_INT_H

#include "archive.h"

/* A note with its log's signature lines only. */
OV_MUST_USE ov_status ov_archive_note(const struct ov_note *n, const struct ov_vkey *log,
				      struct ov_buf *out);

#endif
