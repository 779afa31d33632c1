/*
 * HTML as ClamAV's signatures of target 3 see it, in three forms:
 *
 *   tags    the page in lower case: comments and <!...> gone, white space collapsed, each quote of
 *           an attribute a double one, entities decoded, no white space inside scripts and styles
 *   text    what a reader would see, in lower case, blanks for tags and entities; targets of links
 *           and pictures as they are written
 *   script  the bodies of <script>, normalised (norm_script.h)
 *
 * The rules were found by running `sigtool --html-normalise` on made input; the differential tests
 * hold the two together. docs/formats/html.md tells them, and where we differ.
 */
#ifndef OV_NORM_HTML_H
#define OV_NORM_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "status.h"
#include "str.h"

/* Bytes of each output for n bytes of input: an entity of 4 can become 8. */
#define OV_NORM_HTML_BYTES(n) (2 * (n) + 64)

struct ov_norm_html {
	struct ov_buf *tags, *text; /* emptied, then filled */
	/* The body of a script, as written; a view into the input. */
	ov_status (*script)(void *ctx, struct ov_str body);
	void *ctx;
};

/**
 * Drops what ClamAV's reader of lines drops: NUL and CR.
 * @param out  n bytes; may be `in`.  @return Bytes written.
 */
size_t ov_norm_html_clean(const uint8_t *in, size_t n, uint8_t *out);

/**
 * Normalises a page in one pass.
 *
 * @param in  Clean bytes (see above), `n` of them.
 * @return OV_OK; OV_NOMEM or OV_LIMIT from the buffers; what `script` returned when that is not
 * OV_OK. Threads: no shared state. No recursion; time and memory are linear in n.
 */
OV_MUST_USE ov_status ov_norm_html(const uint8_t *in, size_t n, const struct ov_norm_html *to);

#endif
