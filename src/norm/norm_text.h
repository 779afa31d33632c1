/*
 * Text as ClamAV's signatures of target 7 see it: lower case, each run of white space as one blank,
 * everything that is not printable ASCII left out.
 *
 * The rules were found by running `sigtool --ascii-normalise` on made input; the differential tests
 * hold the two together.
 */
#ifndef OV_NORM_TEXT_H
#define OV_NORM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OV_NORM_SLACK 32 /* bytes behind the output that may be overwritten */

struct ov_norm_text { /* carried from one piece of a text to the next; zero at its start */
	bool after_space;
};

/**
 * Normalises the next piece of a text. How it is cut into pieces does not change what comes out.
 *
 * @param out  n + OV_NORM_SLACK bytes; may not overlap `in`.
 * @return Bytes written, at most n.
 *
 * Threads: no shared state. Allocates nothing.
 */
size_t ov_norm_text(struct ov_norm_text *s, const uint8_t *in, size_t n, uint8_t *out);

/** The same, byte by byte: what the fast one is tested against, and what machines without SSE2 run.
 */
size_t ov_norm_text_plain(struct ov_norm_text *s, const uint8_t *in, size_t n, uint8_t *out);

enum ov_utf16 { OV_UTF16_LE = 0, OV_UTF16_BE };

/** Which order UTF-16 text has: by its mark, else by where the zero bytes of its first letters are.
 */
enum ov_utf16 ov_utf16_order(const uint8_t *in, size_t n);

/**
 * UTF-16 to bytes: units below 0x80 as they are, all others as 0xff each, which normalising drops;
 * a byte order mark as well, half a unit at the end is left out.
 * @param out  n / 2 bytes.  @return Bytes written.
 */
size_t ov_utf16_narrow(enum ov_utf16 order, const uint8_t *in, size_t n, uint8_t *out);

#endif
