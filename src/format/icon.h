/*
 * Icons of programs, as signatures compare them: a hash that tells where in the icon colour,
 * brightness and edges are strongest and weakest, and how alike two such hashes are.
 *
 * How the hash is made stands in docs/formats/icon.md. It was found by asking clamscan --debug for
 * the hashes of some thousand made icons.
 */
#ifndef OV_ICON_H
#define OV_ICON_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "source.h"
#include "status.h"
#include "str.h"

enum ov_icon_kind {
	OV_ICON_COLOUR = 0, /* most colour; of icons without colour: further edges           */
	OV_ICON_GREY,	    /* least colour; of icons without colour: further quiet places   */
	OV_ICON_BRIGHT,
	OV_ICON_DARK,
	OV_ICON_EDGE,
	OV_ICON_QUIET, /* least edges */
	OV_ICON_KINDS
};

#define OV_ICON_SPOTS 3
#define OV_ICON_SIDE 32	   /* pixels, at most */
#define OV_ICON_DIGITS 124 /* of a hash as text */

struct ov_icon_spot {
	uint16_t average; /* of a window of a quarter of the side */
	uint8_t x, y;	  /* its upper left corner */
};

struct ov_icon {
	uint8_t side; /* 16 to 32 pixels; in signatures 16, 24 or 32 */
	struct ov_icon_spot spots[OV_ICON_KINDS][OV_ICON_SPOTS];
	uint8_t red, green, blue; /* shares of hues in coloured pixels, percent */
	uint8_t coloured;	  /* percent of the pixels; 0: an icon without colour */
};

struct ov_pixel {
	uint8_t r, g, b;
};

/** The hash of a square icon, side * side pixels, row by row from the top. `side` is 16 to 32.
 */
void ov_icon_hash(const struct ov_pixel *pixels, unsigned side, struct ov_icon *out);

/** Reads a hash from its text. @return OV_OK; OV_BAD with *why, a static text. */
OV_MUST_USE ov_status ov_icon_parse(struct ov_str hex, struct ov_icon *out, const char **why);

/** Is `icon` alike enough to be what `listed` describes? */
bool ov_icon_is_like(const struct ov_icon *icon, const struct ov_icon *listed);

/** How alike, in percent; 0 for icons of different sides. */
unsigned ov_icon_likeness(const struct ov_icon *icon, const struct ov_icon *listed);

/**
 * Reads an icon resource (a bitmap with its mask; not PNG) and makes its hash, scaled to 16, 24 or
 * 32 pixels.
 *
 * @param at  Where it stands in `src`. @param a  For its pixels, at most 400 KiB.
 * @return OV_OK; OV_UNSUPPORTED: no bitmap, or one whose hash nobody can ask for (too small, too
 *     large, far from square, another size after scaling); OV_SHORT; OV_LIMIT, OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_icon_read(const struct ov_src *src, uint64_t at, struct ov_arena *a,
				   struct ov_icon *out);

#endif
