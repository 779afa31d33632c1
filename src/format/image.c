/* Image hashes: scaling and transform. See image.h; decoders are in image_*.c. */
#include "image_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"

#define LOBES 3.0f
#define SIDE IMAGE_HASH_SIDE
#define LOW 8 /* frequencies each way that count */
#define PI_F 3.14159265358979323846f
/* Frequencies that a picture does not have come out as noise of the arithmetic; noise decides no
 * bit. */
#define NOISE 1e-4

struct ov_image_weights { /* how much each input line adds to one output line */
	uint32_t first, n;
	float *w;
};

static float sinc(float x)
{
	const float a = x * PI_F;

	return x == 0.0f ? 1.0f : sinf(a) / a;
}

static float lanczos(float x)
{
	return fabsf(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0.0f;
}

/* Output line `o` of SIDE over an input of n lines. */
static ov_status weigh(struct ov_arena *a, uint32_t n, uint32_t o, struct ov_image_weights *out)
{
	const float ratio = (float)n / SIDE, scale = ratio > 1.0f ? ratio : 1.0f;
	const float middle = ((float)o + 0.5f) * ratio, reach = LOBES * scale;
	const float from = floorf(middle - reach), to = ceilf(middle + reach);
	struct ov_image_weights w = { .first = from > 0.0f ? (uint32_t)from : 0 };
	uint32_t end = to < (float)n ? (uint32_t)to : n;
	float sum = 0.0f;

	if (w.first > n - 1)
		w.first = n - 1;
	if (end <= w.first)
		end = w.first + 1;
	w.n = end - w.first;
	OV_TRY(ov_arena_array(a, w.n, &w.w));
	for (uint32_t i = 0; i < w.n; i++) {
		w.w[i] = lanczos(((float)(w.first + i) - (middle - 0.5f)) / scale);
		sum += w.w[i];
	}
	for (uint32_t i = 0; i < w.n; i++)
		w.w[i] /= sum;
	*out = w;
	return OV_OK;
}

ov_status ov_image_begin(struct ov_image_in *in, uint32_t width, uint32_t height)
{
	if (width == 0 || height == 0)
		return OV_BAD;
	if (width > OV_IMAGE_SIDE_MAX || height > OV_IMAGE_SIDE_MAX)
		return OV_LIMIT;
	in->width = width;
	in->height = height;
	in->y = 0;
	OV_TRY(ov_arena_array(in->arena, SIDE, &in->rows));
	OV_TRY(ov_arena_array(in->arena, (size_t)SIDE * width, &in->sums));
	OV_TRY(ov_arena_array(in->arena, width, &in->grey));
	for (uint32_t i = 0; i < SIDE; i++)
		OV_TRY(weigh(in->arena, height, i, &in->rows[i]));
	return OV_OK;
}

void ov_image_row(struct ov_image_in *in, const uint8_t *grey)
{
	const uint32_t y = in->y;

	if (y >= in->height)
		return;
	in->y++;
	for (uint32_t i = 0; i < SIDE; i++) {
		const struct ov_image_weights *w = &in->rows[i];
		float *sums = in->sums + (size_t)i * in->width;

		if (y < w->first || y - w->first >= w->n)
			continue;
		for (uint32_t x = 0; x < in->width; x++)
			sums[x] += (float)grey[x] * w->w[y - w->first];
	}
}

void ov_image_pixels(struct ov_image_in *in, const uint8_t *p, unsigned channels)
{
	if (channels == 1) {
		ov_image_row(in, p);
		return;
	}
	for (uint32_t x = 0; x < in->width; x++, p += channels)
		in->grey[x] = ov_image_grey(p[0], p[1], p[2]);
	ov_image_row(in, in->grey);
}

/* The other direction: SIDE x SIDE whole numbers from 0 to 255. */
static ov_status shrink(struct ov_image_in *in, double small[SIDE][SIDE])
{
	for (uint32_t x = 0; x < SIDE; x++) {
		struct ov_image_weights w;

		OV_TRY(weigh(in->arena, in->width, x, &w));
		for (uint32_t y = 0; y < SIDE; y++) {
			const float *sums = in->sums + (size_t)y * in->width + w.first;
			float t = 0.0f;

			for (uint32_t i = 0; i < w.n; i++)
				t += sums[i] * w.w[i];
			small[y][x] = (double)roundf(t < 0.0f ? 0.0f : t > 255.0f ? 255.0f : t);
		}
	}
	return OV_OK;
}

/* Cosine transform (II), only its lowest frequencies. */
static void transform(double small[SIDE][SIDE], double low[LOW * LOW])
{
	double wave[LOW][SIDE], rows[SIDE][LOW];

	for (unsigned k = 0; k < LOW; k++)
		for (unsigned i = 0; i < SIDE; i++)
			wave[k][i] = cos(M_PI * (i + 0.5) * k / SIDE);
	for (unsigned y = 0; y < SIDE; y++) {
		for (unsigned k = 0; k < LOW; k++) {
			rows[y][k] = 0;
			for (unsigned x = 0; x < SIDE; x++)
				rows[y][k] += small[y][x] * wave[k][x];
		}
	}
	for (unsigned k = 0; k < LOW; k++) {
		for (unsigned m = 0; m < LOW; m++) {
			double t = 0;

			for (unsigned y = 0; y < SIDE; y++)
				t += rows[y][m] * wave[k][y];
			low[k * LOW + m] = fabs(t) < NOISE ? 0 : t;
		}
	}
}

static int by_value(const void *pa, const void *pb)
{
	const double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

static uint64_t bits_of(const double low[LOW * LOW])
{
	double sorted[LOW * LOW], median;
	uint64_t bits = 0;

	memcpy(sorted, low, sizeof sorted);
	qsort(sorted, LOW * LOW, sizeof *sorted, by_value);
	median = (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2;
	for (unsigned i = 0; i < LOW * LOW; i++)
		bits = bits << 1 | (low[i] > median);
	return bits;
}

static const struct {
	enum ov_type type;
	ov_status (*decode)(struct ov_image_in *in, struct ov_cur bytes);
} decoders[] = {
	{ OV_T_PNG, ov_image_png }, { OV_T_JPEG, ov_image_jpeg }, { OV_T_GIF, ov_image_gif },
	{ OV_T_BMP, ov_image_bmp }, { OV_T_WEBP, ov_image_webp },
};

bool ov_image_is(enum ov_type t)
{
	for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
		if (decoders[i].type == t)
			return true;
	return false;
}

static ov_status decode(enum ov_type t, struct ov_image_in *in, struct ov_cur bytes)
{
	for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
		if (decoders[i].type == t)
			return decoders[i].decode(in, bytes);
	return OV_UNSUPPORTED;
}

ov_status ov_image_hash(enum ov_type t, const struct ov_src *src, struct ov_arena *a, uint64_t *out)
{
	struct ov_image_in in = { .arena = a };
	double small[SIDE][SIDE], low[LOW * LOW];

	if (src->mem == NULL || src->size > SIZE_MAX / 2)
		return src->size == 0 ? OV_SHORT : OV_LIMIT;
	OV_TRY(decode(t, &in, ov_cur_of(src->mem, (size_t)src->size)));
	if (in.sums == NULL || in.y < in.height)
		return OV_SHORT;
	OV_TRY(shrink(&in, small));
	transform(small, low);
	*out = bits_of(low);
	return OV_OK;
}
