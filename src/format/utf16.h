/* Texts of Microsoft's formats as UTF-8. */
#ifndef OV_UTF16_H
#define OV_UTF16_H

#include "arena.h"
#include "cursor.h"
#include "str.h"

/** Writes a code point as UTF-8, 1 to 4 bytes. @return how many. */
size_t ov_utf8_put(char *p, uint32_t u);

/** UTF-16LE up to a NUL or the end, as UTF-8 in the arena; lone surrogates become U+FFFD. */
OV_MUST_USE ov_status ov_utf16_str(struct ov_arena *a, struct ov_cur c, struct ov_str *out);

/** A byte of code page 1252 as a code point. */
uint32_t ov_cp1252(uint8_t b);

/** Text of code page 1252 up to a NUL or the end, as UTF-8 in the arena. */
OV_MUST_USE ov_status ov_cp1252_str(struct ov_arena *a, struct ov_cur c, struct ov_str *out);

#define OV_GUID_TEXT 36

/** Takes a GUID and writes it as text: lower case, no braces, a NUL. @return OV_OK; OV_SHORT. */
OV_MUST_USE ov_status ov_guid_text(struct ov_cur *c, char out[OV_GUID_TEXT + 1]);

#endif
