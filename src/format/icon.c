/*
 * The hash of an icon. Three maps of the icon (colour, brightness, edges) are searched for the
 * windows of a quarter of its side with the highest and the lowest sums; windows do not overlap.
 * Every rounding counts: the hash is compared with those of signatures. See docs/formats/icon.md.
 */
#include "icon.h"

#include <math.h>
#include <string.h>

#include "text.h"

#define PIXELS (OV_ICON_SIDE * OV_ICON_SIDE)
#define COLOURED_LEAST 86 /* saturation and value of a pixel that counts as coloured */
#define COLOURED_PERCENT 6

struct spot_sum {
	uint64_t sum;
	unsigned x, y;
	bool is_there;
};

static unsigned max3(const struct ov_pixel *p)
{
	const unsigned m = p->r > p->g ? p->r : p->g;

	return m > p->b ? m : p->b;
}

static unsigned min3(const struct ov_pixel *p)
{
	const unsigned m = p->r < p->g ? p->r : p->g;

	return m < p->b ? m : p->b;
}

static unsigned saturation(const struct ov_pixel *p)
{
	const unsigned most = max3(p);

	return most == 0 ? 0 : 255 * (most - min3(p)) / most;
}

/* ---- windows ---- */

static uint64_t window_sum(const uint32_t *map, unsigned side, unsigned x, unsigned y)
{
	uint64_t sum = 0;

	for (unsigned j = 0; j < side / 4; j++)
		for (unsigned i = 0; i < side / 4; i++)
			sum += map[(y + j) * side + x + i];
	return sum;
}

static bool overlaps(const struct spot_sum *s, unsigned n, unsigned x, unsigned y, unsigned width)
{
	for (unsigned i = 0; i < n; i++) {
		const unsigned dx = s[i].x > x ? s[i].x - x : x - s[i].x;
		const unsigned dy = s[i].y > y ? s[i].y - y : y - s[i].y;

		if (s[i].is_there && dx < width && dy < width)
			return true;
	}
	return false;
}

/*
 * The `n` windows with the highest (or lowest) sums, each apart from those before it. Sums that are
 * not above 0 (not below `none`) are none. The last column and row of places are not tried, and one
 * column more.
 */
static void pick(const uint32_t *map, unsigned side, bool highest, uint64_t none,
		 struct spot_sum *out, unsigned n)
{
	const unsigned width = side / 4;

	for (unsigned k = 0; k < n; k++) {
		struct spot_sum best = { .sum = highest ? 0 : none };

		for (unsigned y = 0; y + width < side; y++) {
			for (unsigned x = 0; x + width + 1 < side; x++) {
				uint64_t sum;

				if (overlaps(out, k, x, y, width))
					continue;
				sum = window_sum(map, side, x, y);
				if (highest ? sum > best.sum : sum < best.sum)
					best = (struct spot_sum){ sum, x, y, true };
			}
		}
		out[k] = best;
	}
}

static void keep(const struct spot_sum *s, unsigned side, struct ov_icon_spot to[OV_ICON_SPOTS])
{
	const unsigned area = side / 4 * (side / 4);

	for (unsigned k = 0; k < OV_ICON_SPOTS; k++)
		to[k] = (struct ov_icon_spot){ .average = (uint16_t)(s[k].sum / area),
					       .x = (uint8_t)s[k].x,
					       .y = (uint8_t)s[k].y };
}

/* ---- hues ---- */

/*
 * The shares of a pixel's hue. Hues that are opposite count as the same, so there are three:
 * red and cyan, green and magenta, blue and yellow; a hue lies between two of them.
 */
static void add_hue(const struct ov_pixel *p, unsigned shares[3])
{
	static const unsigned char other[3][3] = {
		/* between the strongest channel and the second: */
		{ 0, 2, 1 },
		{ 2, 0, 0 },
		{ 1, 0, 0 },
	};
	const unsigned c[3] = { p->r, p->g, p->b };
	const unsigned least = min3(p), range = max3(p) - least;
	const unsigned first = c[0] == max3(p) ? 0 : c[1] == max3(p) ? 1 : 2;
	unsigned second = first == 0 ? 1 : 0, third = first == 2 ? 1 : 2, between;

	if (range == 0)
		return; /* grey has no hue; none comes here */
	if (c[third] > c[second])
		second = third;
	between = c[second] - least;
	shares[first] += 100 - 100 * between / range;
	shares[other[first][second]] += 100 - 100 * (range - between) / range;
}

static void count_hues(const struct ov_pixel *p, unsigned side, struct ov_icon *out)
{
	const unsigned total = side * side;
	unsigned shares[3] = { 0 }, n = 0;

	for (unsigned i = 0; i < total; i++) {
		if (saturation(&p[i]) < COLOURED_LEAST || max3(&p[i]) < COLOURED_LEAST)
			continue;
		add_hue(&p[i], shares);
		n++;
	}
	out->coloured = (uint8_t)(total > 0 ? n * 100 / total : 0);
	if (out->coloured < COLOURED_PERCENT) {
		out->coloured = out->red = out->green = out->blue = 0;
		return;
	}
	out->red = (uint8_t)(shares[0] / n);
	out->green = (uint8_t)(shares[1] / n);
	out->blue = (uint8_t)(shares[2] / n);
}

/* ---- edges ---- */

static double linear(unsigned v)
{
	const double x = v / 255.0;

	return x > 0.04045 ? pow((x + 0.055) / 1.055, 2.4) : x / 12.92;
}

static double lab_curve(double t)
{
	return t > 0.008856 ? pow(t, 1.0 / 3) : 7.787 * t + 16.0 / 116;
}

struct lab {
	double l, a, b;
};

/* sRGB to CIE L*a*b*, white point D65. */
static struct lab to_lab(const struct ov_pixel *p)
{
	const double r = linear(p->r), g = linear(p->g), b = linear(p->b);
	const double x = lab_curve((.4124 * r + .3576 * g + .1805 * b) / .95047);
	const double y = lab_curve(.2126 * r + .7152 * g + .0722 * b);
	const double z = lab_curve((.0193 * r + .1192 * g + .9505 * b) / 1.08883);

	return (struct lab){ 116 * y - 16, 500 * (x - y), 200 * (y - z) };
}

/* How far a colour is from middle grey. */
static double from_grey(const struct ov_pixel *p)
{
	static const struct ov_pixel grey = { 127, 127, 127 };
	const struct lab c = to_lab(p), m = to_lab(&grey);

	return sqrt((c.l - m.l) * (c.l - m.l) + (c.a - m.a) * (c.a - m.a) +
		    (c.b - m.b) * (c.b - m.b));
}

/* Sobel's operator on that distance. @return the highest value. */
static uint32_t find_edges(const struct ov_pixel *p, unsigned side, uint32_t *map)
{
	double d[PIXELS] = { 0 };
	uint32_t most = 0;

	for (unsigned i = 0; i < side * side; i++)
		d[i] = from_grey(&p[i]);
	memset(map, 0, PIXELS * sizeof *map);
	for (unsigned y = 1; y + 1 < side; y++) {
		for (unsigned x = 1; x + 1 < side; x++) {
			const double *up = d + (y - 1) * side + x, *at = up + side,
				     *down = at + side;
			const double h =
			    up[1] + 2 * at[1] + down[1] - up[-1] - 2 * at[-1] - down[-1];
			const double v =
			    down[-1] + 2 * down[0] + down[1] - up[-1] - 2 * up[0] - up[1];
			const uint32_t e = (uint32_t)sqrt(h * h + v * v);

			map[y * side + x] = e;
			most = e > most ? e : most;
		}
	}
	return most;
}

/* Each pixel and its neighbours by 1:2:1; rows from what they were, columns from above downwards.
 */
static void smooth(uint32_t *map, unsigned side)
{
	for (unsigned y = 0; y < side; y++) {
		uint32_t row[OV_ICON_SIDE];

		memcpy(row, map + y * side, side * sizeof *row);
		for (unsigned x = 1; x + 1 < side; x++)
			map[y * side + x] = (row[x - 1] + 2 * row[x] + row[x + 1]) / 4;
	}
	for (unsigned y = 1; y + 1 < side; y++)
		for (unsigned x = 0; x < side; x++)
			map[y * side + x] = (map[(y - 1) * side + x] + 2 * map[y * side + x] +
					     map[(y + 1) * side + x]) /
					    4;
}

static void make_edges(const struct ov_pixel *p, unsigned side, uint32_t *map)
{
	const uint32_t most = find_edges(p, side, map);

	for (unsigned y = 1; y + 1 < side; y++)
		for (unsigned x = 1; x + 1 < side; x++) /* an icon of one colour: its blue */
			map[y * side + x] =
			    most > 0 ? map[y * side + x] * 255 / most : p[y * side + x].b;
	smooth(map, side);
}

/* ---- the hash ---- */

#define NONE_BYTE 0xffffu
#define NONE_COLOUR (UINT64_C(1) << 32)

void ov_icon_hash(const struct ov_pixel *pixels, unsigned side, struct ov_icon *out)
{
	struct spot_sum high[2 * OV_ICON_SPOTS], low[2 * OV_ICON_SPOTS];
	uint32_t map[PIXELS] = { 0 };
	unsigned n;

	*out = (struct ov_icon){ .side = (uint8_t)side };
	if (side < 16 || side > OV_ICON_SIDE)
		return; /* no caller asks for it */
	count_hues(pixels, side, out);
	for (unsigned i = 0; i < side * side; i++)
		map[i] = max3(&pixels[i]);
	pick(map, side, true, 0, high, OV_ICON_SPOTS);
	pick(map, side, false, NONE_BYTE, low, OV_ICON_SPOTS);
	keep(high, side, out->spots[OV_ICON_BRIGHT]);
	keep(low, side, out->spots[OV_ICON_DARK]);

	make_edges(pixels, side, map);
	n = out->coloured > 0 ? OV_ICON_SPOTS : 2 * OV_ICON_SPOTS;
	pick(map, side, true, 0, high, n);
	pick(map, side, false, NONE_BYTE, low, n);
	keep(high, side, out->spots[OV_ICON_EDGE]);
	keep(low, side, out->spots[OV_ICON_QUIET]);
	if (out->coloured == 0) {
		for (unsigned k = 0; k < OV_ICON_SPOTS; k++) { /* its places are the colours' */
			low[OV_ICON_SPOTS + k].x = high[OV_ICON_SPOTS + k].x;
			low[OV_ICON_SPOTS + k].y = high[OV_ICON_SPOTS + k].y;
		}
		keep(high + OV_ICON_SPOTS, side, out->spots[OV_ICON_COLOUR]);
		keep(low + OV_ICON_SPOTS, side, out->spots[OV_ICON_GREY]);
		return;
	}
	for (unsigned i = 0; i < side * side; i++)
		map[i] = (uint32_t)(saturation(&pixels[i]) * sqrt(max3(&pixels[i])));
	pick(map, side, true, 0, high, OV_ICON_SPOTS);
	pick(map, side, false, NONE_COLOUR, low, OV_ICON_SPOTS);
	keep(high, side, out->spots[OV_ICON_COLOUR]);
	keep(low, side, out->spots[OV_ICON_GREY]);
}

/* ---- as text ---- */

static unsigned take(struct ov_str *s, unsigned digits)
{
	unsigned v = 0;

	while (digits-- > 0 && s->n > 0) {
		v = v * 16 + (unsigned)ov_hex_digit(*s->p);
		s->p++;
		s->n--;
	}
	return v;
}

ov_status ov_icon_parse(struct ov_str hex, struct ov_icon *out, const char **why)
{
	bool is_inside = true;

	*why = "an icon's hash has 124 hexadecimal digits";
	if (hex.n != OV_ICON_DIGITS)
		return OV_BAD;
	for (size_t i = 0; i < hex.n; i++)
		if (ov_hex_digit(hex.p[i]) < 0)
			return OV_BAD;
	out->side = (uint8_t)take(&hex, 2);
	for (unsigned kind = 0; kind < OV_ICON_KINDS; kind++) {
		for (unsigned k = 0; k < OV_ICON_SPOTS; k++) {
			struct ov_icon_spot *s = &out->spots[kind][k];

			s->average = (uint16_t)take(&hex, kind <= OV_ICON_GREY ? 3 : 2);
			s->x = (uint8_t)take(&hex, 2);
			s->y = (uint8_t)take(&hex, 2);
			is_inside = is_inside && s->average <= 4072 &&
				    s->x + out->side / 8 <= out->side &&
				    s->y + out->side / 8 <= out->side;
		}
	}
	out->red = (uint8_t)take(&hex, 2);
	out->green = (uint8_t)take(&hex, 2);
	out->blue = (uint8_t)take(&hex, 2);
	out->coloured = (uint8_t)take(&hex, 2);
	*why = "an icon's hash begins with 10, 18 or 20, its side in pixels";
	if (out->side != 16 && out->side != 24 && out->side != 32)
		return OV_BAD;
	*why = "an icon's hash has a value or a place that no icon has";
	return is_inside && out->red + out->green + out->blue <= 103 && out->coloured <= 100
		   ? OV_OK
		   : OV_BAD;
}
