/* GIF for image hashes, by giflib: the first picture on its canvas. */
#include "image_int.h"

#include <gif_lib.h>
#include <string.h>

#include "checked.h"

static int give(GifFileType *g, GifByteType *to, int n)
{
	struct ov_cur *c = g->UserData;
	const size_t take = ov_min_size(n > 0 ? (size_t)n : 0, ov_cur_left(c));

	if (ov_cur_copy(c, to, take) != OV_OK)
		return 0;
	return (int)take;
}

/* Finds the first picture; extensions before it are passed over. Each turn reads input. */
static ov_status find_picture(GifFileType *g)
{
	GifRecordType type;
	GifByteType *block;
	int code;

	for (;;) {
		if (DGifGetRecordType(g, &type) != GIF_OK || type == TERMINATE_RECORD_TYPE)
			return OV_SHORT;
		if (type == IMAGE_DESC_RECORD_TYPE)
			return DGifGetImageDesc(g) == GIF_OK ? OV_OK : OV_BAD;
		if (type != EXTENSION_RECORD_TYPE)
			continue;
		if (DGifGetExtension(g, &code, &block) != GIF_OK)
			return OV_SHORT;
		while (block != NULL)
			if (DGifGetExtensionNext(g, &block) != GIF_OK)
				return OV_SHORT;
	}
}

/* The grey of each colour; those that the map lacks are black. */
static ov_status read_colours(const GifFileType *g, uint8_t grey[256])
{
	const ColorMapObject *map = g->Image.ColorMap != NULL ? g->Image.ColorMap : g->SColorMap;

	memset(grey, 0, 256);
	if (map == NULL)
		return OV_BAD;
	for (int i = 0; i < map->ColorCount && i < 256; i++)
		grey[i] =
		    ov_image_grey(map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue);
	return OV_OK;
}

/* The row that comes n-th in the file. */
static uint32_t row_of(uint32_t n, uint32_t height, bool is_interlaced)
{
	static const uint32_t first[] = { 0, 4, 2, 1 }, step[] = { 8, 8, 4, 2 };

	for (unsigned pass = 0; is_interlaced && pass < 4; pass++) {
		const uint32_t rows =
		    height > first[pass] ? (height - first[pass] + step[pass] - 1) / step[pass] : 0;

		if (n < rows)
			return first[pass] + n * step[pass];
		n -= rows;
	}
	return n;
}

static ov_status read_picture(struct ov_image_in *in, GifFileType *g, uint8_t *plane)
{
	const uint32_t left = (uint32_t)g->Image.Left, top = (uint32_t)g->Image.Top;
	const uint32_t width = (uint32_t)g->Image.Width, height = (uint32_t)g->Image.Height;
	uint8_t colours[256], *line = NULL;

	OV_TRY(read_colours(g, colours));
	OV_TRY(ov_arena_array(in->arena, width, &line));
	for (uint32_t n = 0; n < height; n++) {
		const uint32_t y = top + row_of(n, height, g->Image.Interlace);

		if (DGifGetLine(g, line, (int)width) != GIF_OK)
			return g->Error == D_GIF_ERR_READ_FAILED ? OV_SHORT : OV_BAD;
		if (y >= in->height)
			continue;
		for (uint32_t x = 0; x < width && left + x < in->width; x++)
			plane[(size_t)y * in->width + left + x] = colours[line[x]];
	}
	return OV_OK;
}

static ov_status read_gif(struct ov_image_in *in, GifFileType *g)
{
	const uint32_t width = (uint32_t)g->SWidth, height = (uint32_t)g->SHeight;
	uint8_t *plane = NULL;

	if (g->SWidth <= 0 || g->SHeight <= 0)
		return OV_BAD;
	if ((uint64_t)width * height > OV_IMAGE_PLANE_MAX)
		return OV_LIMIT;
	OV_TRY(find_picture(g));
	if (g->Image.Width <= 0 || g->Image.Height <= 0 || g->Image.Left < 0 || g->Image.Top < 0)
		return OV_BAD;
	OV_TRY(ov_image_begin(in, width, height));
	OV_TRY(ov_arena_array(in->arena, (size_t)width * height, &plane));
	OV_TRY(read_picture(in, g, plane));
	for (uint32_t y = 0; y < height; y++)
		ov_image_row(in, plane + (size_t)y * width);
	return OV_OK;
}

ov_status ov_image_gif(struct ov_image_in *in, struct ov_cur bytes)
{
	int why = 0;
	GifFileType *g = DGifOpen(&bytes, give, &why);
	ov_status s;

	if (g == NULL)
		return why == D_GIF_ERR_NOT_ENOUGH_MEM ? OV_NOMEM
		       : why == D_GIF_ERR_READ_FAILED  ? OV_SHORT
						       : OV_BAD;
	s = read_gif(in, g);
	(void)DGifCloseFile(g, &why);
	return s;
}
