/*
 * PNG's row filters, as PDF uses them on Flate and LZW data (ISO 32000-1 7.4.4.4, predictors 10 and
 * above): before each row stands how it differs from the row above. params: row_bytes, the bytes of
 * a row; pixel_bytes, those of a pixel. Own code.
 */
#include "decoder_int.h"

#include <stdlib.h>

#include "checked.h"

struct rows {
	uint8_t *now, *above;
	size_t n, given;
	bool is_last;
};

static ov_status open_rows(struct ov_decoder *d)
{
	struct rows *z;

	if (d->params.row_bytes == 0 || d->params.row_bytes > d->params.max_memory / 4)
		return OV_LIMIT;
	if (d->params.pixel_bytes == 0 || d->params.pixel_bytes > d->params.row_bytes)
		return OV_BAD;
	OV_TRY(ov_arena_new(d->arena, &z));
	OV_TRY(ov_arena_array(d->arena, d->params.row_bytes, &z->now));
	OV_TRY(ov_arena_array(d->arena, d->params.row_bytes, &z->above));
	d->own = z;
	return OV_OK;
}

static int paeth(int a, int b, int c)
{
	const int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);

	if (pa <= pb && pa <= pc)
		return a;
	return pb <= pc ? b : c;
}

static void undo(struct rows *z, unsigned kind, size_t pixel)
{
	for (size_t i = 0; i < z->n; i++) {
		const int left = i >= pixel ? z->now[i - pixel] : 0;
		const int up = z->above[i], corner = i >= pixel ? z->above[i - pixel] : 0;
		int add = 0;

		if (kind == 1)
			add = left;
		else if (kind == 2)
			add = up;
		else if (kind == 3)
			add = (left + up) / 2;
		else if (kind == 4)
			add = paeth(left, up, corner);
		z->now[i] = (uint8_t)(z->now[i] + add);
	}
}

/* The next row into z->now; the last one may be short. */
static ov_status next_row(struct ov_decoder *d, struct rows *z)
{
	uint8_t *swap = z->above;
	uint8_t kind;

	if (z->is_last)
		return OV_END;
	OV_TRY(ov_in_fill(&d->in));
	OV_TRY(ov_in_u8(&d->in, &kind));
	z->above = z->now;
	z->now = swap;
	z->n = z->given = 0;
	while (z->n < d->params.row_bytes) {
		const ov_status s = ov_in_fill(&d->in);

		if (s == OV_END) {
			z->is_last = true;
			break;
		}
		OV_TRY(s);
		OV_TRY(ov_in_u8(&d->in, &z->now[z->n]));
		z->n++;
	}
	undo(z, kind, d->params.pixel_bytes);
	return OV_OK;
}

static ov_status read_rows(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct rows *z = d->own;

	for (*got = 0; *got < n;) {
		if (z->given < z->n)
			to[(*got)++] = z->now[z->given++];
		else
			OV_TRY(next_row(d, z));
	}
	return OV_OK;
}

const struct ov_codec_row ov_codec_png_rows = { open_rows, read_rows, NULL };
