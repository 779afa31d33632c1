/* Strings of PDF documents. */
#ifndef OV_PDF_STRING_H
#define OV_PDF_STRING_H

#include "buf.h"
#include "pdf_int.h"

#define OV_PDF_STRING_MAX ((size_t)16 << 20)

/**
 * Decodes a string of `src` into `out`: escapes or hexadecimal digits undone, UTF-16 (told by its
 * mark) as UTF-8. @return OV_OK; OV_LIMIT when it was cut to fit; OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_pdf_string_read(const struct ov_src *src, const struct ov_pdf_string *s,
					 struct ov_buf *out);

#endif
