/* The formats of this folder, for table.c and tests. */
#ifndef OV_FORMATS_H
#define OV_FORMATS_H

#include "format.h"

extern const struct ov_format ov_format_partition;
extern const struct ov_format ov_format_zip;
extern const struct ov_format
    ov_format_coding; /* gzip, bzip2, xz, lzma, zstd, lz4, compress, SZDD */
extern const struct ov_format ov_format_tar;
extern const struct ov_format ov_format_ar;
extern const struct ov_format ov_format_macho_fat;
extern const struct ov_format ov_format_libarchive; /* 7z, RAR, CAB, ISO, XAR, LHA */
extern const struct ov_format ov_format_cpio, ov_format_rpm, ov_format_warc;
extern const struct ov_format ov_format_tnef, ov_format_binhex;
extern const struct ov_format ov_format_mail; /* mail, mailboxes, uuencode */
extern const struct ov_format ov_format_ole2;
extern const struct ov_format ov_format_pdf;
extern const struct ov_format ov_format_rtf;
extern const struct ov_format ov_format_swf;
extern const struct ov_format ov_format_onenote;
extern const struct ov_format ov_format_html;
extern const struct ov_format ov_format_screnc;
extern const struct ov_format ov_format_xmldoc; /* Word and Excel 2003, XDP, HWPML, ActiveMime */

#endif
