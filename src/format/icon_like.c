/*
 * How alike two icons' hashes are. A spot counts by its distance from the nearest listed spot of
 * its kind whose average is near its own; kinds have weights. All arithmetic is in whole numbers,
 * as in the program whose signatures these are.
 */
#include <math.h>
#include <stdlib.h>

#include "icon.h"

#define FULL 100u
#define NEAR_COLOUR 814 /* averages that differ by at most so much can be the same spot's */
#define NEAR_BYTE 51
#define AT_THE_RIM 60u /* lost by a spot at the farthest distance that counts */

/* For each side, 16, 24 and 32: the farthest distance, and the likeness from which icons are alike.
 */
static const struct {
	unsigned farthest, alike;
} by_side[] = { { 3, 72 }, { 4, 68 }, { 6, 64 } };

#define ALIKE_WITHOUT_COLOUR 70u

static unsigned row_of(const struct ov_icon *i)
{
	return (i->side - 16u) / 8;
}

static unsigned spot_score(const struct ov_icon_spot *a, const struct ov_icon_spot *b, int near,
			   unsigned farthest)
{
	const int dx = a->x - b->x, dy = a->y - b->y;
	const unsigned distance = (unsigned)sqrt((double)(dx * dx + dy * dy));

	if (distance > farthest || abs(a->average - b->average) > near)
		return 0;
	return FULL - distance * (AT_THE_RIM / farthest);
}

/* Of the three spots of a kind together. */
static unsigned kind_score(const struct ov_icon *icon, const struct ov_icon *listed,
			   enum ov_icon_kind kind)
{
	const bool is_large = kind <= OV_ICON_GREY && icon->coloured > 0;
	unsigned sum = 0;

	for (unsigned i = 0; i < OV_ICON_SPOTS; i++) {
		unsigned best = 0;

		for (unsigned k = 0; k < OV_ICON_SPOTS; k++) {
			const unsigned s = spot_score(
			    &icon->spots[kind][i], &listed->spots[kind][k],
			    is_large ? NEAR_COLOUR : NEAR_BYTE, by_side[row_of(icon)].farthest);

			best = s > best ? s : best;
		}
		sum += best;
	}
	return sum / OV_ICON_SPOTS;
}

static unsigned share_score(unsigned a, unsigned b)
{
	const unsigned d = a > b ? a - b : b - a;

	return d < 10 ? FULL - 10 * d : 0;
}

unsigned ov_icon_likeness(const struct ov_icon *icon, const struct ov_icon *listed)
{
	unsigned s[OV_ICON_KINDS], shares;

	if (row_of(icon) != row_of(listed))
		return 0;
	for (unsigned k = 0; k < OV_ICON_KINDS; k++)
		s[k] = kind_score(icon, listed, (enum ov_icon_kind)k);
	if (icon->coloured == 0 && listed->coloured == 0)
		return (s[OV_ICON_COLOUR] * 3 / 2 + s[OV_ICON_BRIGHT] * 3 / 2 +
			s[OV_ICON_DARK] * 3 / 2 + s[OV_ICON_EDGE] * 3 / 2 +
			s[OV_ICON_GREY] * 3 / 4 + s[OV_ICON_QUIET] * 3 / 4) /
		       9;
	if (icon->coloured == 0 || listed->coloured == 0)
		s[OV_ICON_COLOUR] = s[OV_ICON_GREY] = 0;
	shares = share_score(icon->red, listed->red) + share_score(icon->green, listed->green) +
		 share_score(icon->blue, listed->blue) +
		 share_score(icon->coloured, listed->coloured);
	return (3 * s[OV_ICON_COLOUR] + 2 * s[OV_ICON_GREY] + 2 * s[OV_ICON_BRIGHT] +
		3 * s[OV_ICON_DARK] + 3 * s[OV_ICON_EDGE] + 2 * s[OV_ICON_QUIET] + shares / 4 * 3) /
	       18;
}

bool ov_icon_is_like(const struct ov_icon *icon, const struct ov_icon *listed)
{
	const bool is_grey = icon->coloured == 0 && listed->coloured == 0;

	if (row_of(icon) != row_of(listed))
		return false;
	return ov_icon_likeness(icon, listed) >=
	       (is_grey ? ALIKE_WITHOUT_COLOUR : by_side[row_of(icon)].alike);
}
