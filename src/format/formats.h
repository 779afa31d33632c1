/* The formats of this folder, for table.c and tests. */
#ifndef OV_FORMATS_H
#define OV_FORMATS_H

#include "format.h"

extern const struct ov_format ov_format_zip;
extern const struct ov_format ov_format_coding; /* gzip, bzip2, xz, lzma, zstd, lz4, compress */

#endif
