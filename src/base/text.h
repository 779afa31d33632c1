/* Text that came from outside: numbers, hexadecimal, UTF-8, escaping for people and for JSON. */
#ifndef OV_TEXT_H
#define OV_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "status.h"
#include "str.h"

/** Value of a hexadecimal digit, 0..15, or -1. */
int ov_hex_digit(char c);

/**
 * Decodes pairs of hexadecimal digits, either case.
 * @param max Room in `out`, bytes. @param n  Bytes written.
 * @return OV_OK; OV_BAD for an odd count or another character; OV_LIMIT when it does not fit.
 */
OV_MUST_USE ov_status ov_hex_decode(struct ov_str s, uint8_t *out, size_t max, size_t *n);

/** Writes 2n lower-case digits and a NUL; `out` holds 2n + 1 bytes. */
void ov_hex_encode(const uint8_t *p, size_t n, char *out);

/** Reads decimal digits only, all of `s`. @return OV_OK; OV_BAD; OV_LIMIT past 64 bits. */
OV_MUST_USE ov_status ov_text_u64(struct ov_str s, uint64_t *out);

/** As ov_text_u64 with an upper bound. @return OV_LIMIT when the value is above `max`. */
OV_MUST_USE ov_status ov_text_u32(struct ov_str s, uint32_t max, uint32_t *out);

/** Cuts `*rest` at the first `sep`: *head is what stands before it. @return false when nothing was
 * left at all. */
bool ov_text_split(struct ov_str *rest, char sep, struct ov_str *head);

/** Drops spaces and tabs at both ends. */
struct ov_str ov_text_trim(struct ov_str s);

/** Case-blind (ASCII) comparison. */
bool ov_text_same(struct ov_str a, struct ov_str b);
bool ov_text_ends_with(struct ov_str s, struct ov_str tail); /* case-blind */

/** Whether two texts differ in white space (isspace() of "C") at most. */
bool ov_text_same_but_space(struct ov_str a, struct ov_str b);

/** Length of the valid UTF-8 sequence at the start of `s`, 1..4, or 0 (RFC 3629: no surrogates, no
 * overlongs). */
size_t ov_utf8_len(struct ov_str s);

/**
 * Appends `s` as the inside of a JSON string: valid UTF-8 out, whatever came in. A byte that is not
 * UTF-8 becomes U+DC80..U+DCFF written as an escape (\udcNN), as Python's surrogateescape does, so
 * that the name can be restored byte by byte.
 */
OV_MUST_USE ov_status ov_text_json(struct ov_buf *b, struct ov_str s);

/**
 * Appends `s` for a terminal: control characters, line ends and bytes that are not UTF-8 become
 * \xNN, so a file name can't move the cursor or forge a line.
 */
OV_MUST_USE ov_status ov_text_shown(struct ov_buf *b, struct ov_str s);

/**
 * Matches a shell pattern: `*` (also across '/'), `?`, `[a-z]`, `[!x]`, `\c`; all of `s` must
 * match. No recursion; at worst the length of `s` times the square of the pattern's.
 */
bool ov_text_glob(struct ov_str pattern, struct ov_str s);

#endif
