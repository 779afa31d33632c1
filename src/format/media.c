/*
 * Broken pictures, as clamscan sees them: found by running it on files with one block changed or
 * cut at a time. It checks the frame of blocks and no more; so does this. Follows PNG (ISO/IEC
 * 15948), GIF89a, JPEG (ITU T.81) with JFIF, Exif and SPIFF, and TIFF 6.0.
 */
#include "media.h"

#include "checked.h"
#include "window.h"

#define BROKEN "Heuristics.Broken.Media."

struct media {
	struct ov_window w;
	uint64_t size;
	const char *name;
};

static ov_status fault(struct media *m, const char *name)
{
	m->name = name;
	return OV_END;
}

/* Bytes that must be there; OV_END when they are not, with the heuristic's name. */
static ov_status need(struct media *m, uint64_t at, size_t n, const char *name, struct ov_cur *out)
{
	const ov_status s = ov_window_get(&m->w, at, n, out);

	return s == OV_SHORT ? fault(m, name) : s;
}

/* ---- PNG ---- */

static ov_status png(struct media *m)
{
	uint64_t at = 8;

	for (;;) {
		struct ov_cur c;
		uint32_t length, kind;

		OV_TRY(ov_window_get(&m->w, at, 4, &c)); /* less: the end */
		length = ov_cur_soft_u32be(&c);
		if (length > INT32_MAX)
			return fault(m, BROKEN "PNG.InvalidChunkLength");
		OV_TRY(need(m, at + 4, 4, BROKEN "PNG.EOFReadingChunkType", &c));
		kind = ov_cur_soft_u32be(&c);
		at += 8;
		if (length > m->size - at)
			return fault(m, BROKEN "PNG.EOFReadingChunk");
		at += length;
		OV_TRY(need(m, at, 4, BROKEN "PNG.EOFReadingChunkCRC", &c));
		at += 4;
		if (kind == 0x49454e44) /* IEND */
			return OV_OK;
	}
}

/* ---- GIF ---- */

/* Data in pieces: a length byte and so many bytes, until a length of 0. */
static ov_status gif_pieces(struct media *m, uint64_t *at, const char *name)
{
	for (;;) {
		struct ov_cur c;
		uint8_t n;

		OV_TRY(need(m, *at, 1, name, &c));
		n = ov_cur_soft_u8(&c);
		(*at)++;
		if (n == 0)
			return OV_OK;
		if (n > m->size - *at)
			return fault(m, name);
		*at += n;
	}
}

static ov_status gif_image(struct media *m, uint64_t *at)
{
	static const char cut[] = BROKEN "GIF.TruncatedImageDataBlock";
	struct ov_cur c;
	uint8_t flags;

	OV_TRY(need(m, *at, 9, BROKEN "GIF.TruncatedImageDescriptor", &c));
	ov_cur_soft_skip(&c, 8);
	flags = ov_cur_soft_u8(&c);
	*at += 9;
	if ((flags & 0x80) != 0)
		*at += (uint64_t)3 << ((flags & 7) + 1);
	OV_TRY(need(m, *at, 1, cut, &c)); /* bits of a code */
	(*at)++;
	return gif_pieces(m, at, cut);
}

static ov_status gif_screen(struct media *m, uint64_t *at)
{
	struct ov_cur c;
	uint8_t flags;

	OV_TRY(need(m, 6, 7, BROKEN "GIF.TruncatedScreenDescriptor", &c));
	ov_cur_soft_skip(&c, 4);
	flags = ov_cur_soft_u8(&c);
	*at = 13;
	if ((flags & 0x80) != 0) {
		*at += (uint64_t)3 << ((flags & 7) + 1);
		if (*at > m->size)
			return fault(m, BROKEN "GIF.TruncatedGlobalColorTable");
	}
	return OV_OK;
}

static ov_status gif(struct media *m)
{
	const char *at_end = BROKEN "GIF.MissingImageData"; /* NULL once there was an image */
	uint64_t at = 0;

	OV_TRY(gif_screen(m, &at));
	for (;;) {
		struct ov_cur c;
		uint8_t label;

		OV_TRY(need(m, at, 1, at_end, &c));
		label = ov_cur_soft_u8(&c);
		at++;
		switch (label) {
		case 0x3b:
			return OV_OK;
		case 0x2c:
			OV_TRY(gif_image(m, &at));
			at_end = NULL;
			break;
		case 0x21:
			OV_TRY(need(m, at, 1, BROKEN "GIF.TruncatedExtension", &c));
			at++;
			OV_TRY(gif_pieces(m, &at, at_end));
			break;
		default:
			return fault(m, BROKEN "GIF.UnknownBlockLabel");
		}
	}
}

/* ---- JPEG ---- */

struct jpeg {
	bool has_jfif, has_exif, has_spiff, has_dti;
	bool has_other; /* a segment that JFIF must come before */
};

static ov_status jpeg_jfif(struct media *m, struct jpeg *j, uint64_t length)
{
	if (j->has_jfif)
		return fault(m, BROKEN "JPEG.JFIFdupAppMarker");
	if (j->has_other || j->has_spiff)
		return fault(m, BROKEN "JPEG.JFIFmarkerBadPosition");
	if (length < 14)
		return fault(m, BROKEN "JPEG.JFIFheaderTooShort");
	j->has_jfif = true;
	return OV_OK;
}

static ov_status jpeg_exif(struct media *m, struct jpeg *j, uint64_t length)
{
	if (j->has_exif || j->has_spiff)
		return fault(m, BROKEN "JPEG.ExifDupAppMarker");
	if (length < 14)
		return fault(m, BROKEN "JPEG.ExifHeaderTooShort");
	j->has_exif = true;
	return OV_OK;
}

static ov_status jpeg_spiff(struct media *m, struct jpeg *j, uint64_t length)
{
	if (j->has_jfif || j->has_exif || j->has_spiff)
		return fault(m, BROKEN "JPEG.SPIFFdupAppMarker");
	if (length < 30)
		return fault(m, BROKEN "JPEG.SPIFFheaderTooShort");
	j->has_spiff = true;
	return OV_OK;
}

/* One segment's data: [at, at + length). */
static ov_status jpeg_segment(struct media *m, struct jpeg *j, uint8_t marker, uint64_t at,
			      uint64_t length)
{
	struct ov_cur c;

	OV_TRY(ov_window_upto(&m->w, at, (size_t)ov_min_u64(length, 6), &c));
	if (marker == 0xe0 && ov_cur_looking_at(&c, "JFIF", 5))
		return jpeg_jfif(m, j, length);
	if (marker == 0xe1 && ov_cur_looking_at(&c, "Exif\0", 6))
		return jpeg_exif(m, j, length);
	if (marker == 0xe8 && ov_cur_looking_at(&c, "SPIFF", 6))
		return jpeg_spiff(m, j, length);
	if (marker == 0xd9)
		return fault(m, BROKEN "JPEG.NoImages");
	if (marker == 0xf2 && !j->has_dti)
		return fault(m, BROKEN "JPEG.DTTMissingDTISegment");
	if (marker == 0xf7 && (j->has_jfif || j->has_exif || j->has_spiff))
		return fault(m, BROKEN "JPEG.AppMarkerBeforeJPG7");
	j->has_dti |= marker == 0xf1;
	j->has_other |= marker != 0xfe;
	return OV_OK;
}

#define NO_SIZE BROKEN "JPEG.CantReadSegmentSize"
#define MARK_BYTES 16 /* within which a segment must begin */

/* The next segment's marker: the first byte but FF behind an FF. *at moves behind it. */
static ov_status jpeg_marker(struct media *m, uint64_t *at, uint8_t *marker)
{
	const bool is_first = *at == 2;
	uint8_t before = 0;

	for (int i = 0; i < MARK_BYTES; i++) {
		struct ov_cur c;

		OV_TRY(need(m, (*at)++, 1, NO_SIZE, &c));
		*marker = ov_cur_soft_u8(&c);
		if (is_first && i == 0 && *marker != 0xff)
			return OV_END; /* clamscan gives up without a word */
		if (before == 0xff && *marker != 0xff)
			return OV_OK;
		before = *marker;
	}
	return fault(m, BROKEN "JPEG.SpuriousBytesBeforeSegment");
}

static ov_status jpeg(struct media *m)
{
	struct jpeg j = { .has_jfif = false };
	uint64_t at = 2;

	if (m->size < 6)
		return OV_OK; /* too little to be a picture, for clamscan */
	for (;;) {
		struct ov_cur c;
		uint8_t marker;
		uint16_t length;

		OV_TRY(jpeg_marker(m, &at, &marker));
		OV_TRY(need(m, at, 2, NO_SIZE, &c));
		length = ov_cur_soft_u16be(&c);
		if (length < 2)
			return fault(m, marker == 0xfe ? "Heuristics.Exploit.W32.MS04-028"
						       : BROKEN "JPEG.InvalidSegmentSize");
		if (at + length > m->size + 1) /* one byte may lack, as clamscan counts */
			return fault(m, BROKEN "JPEG.SegmentDataOutOfFile");
		OV_TRY(jpeg_segment(m, &j, marker, at + 2, length - 2u));
		if (marker == 0xda)
			return OV_OK;
		at += length;
	}
}

/* ---- TIFF ---- */

static uint32_t tiff_number(struct ov_cur *c, bool is_be, int bytes)
{
	if (bytes == 2)
		return is_be ? ov_cur_soft_u16be(c) : ov_cur_soft_u16le(c);
	return is_be ? ov_cur_soft_u32be(c) : ov_cur_soft_u32le(c);
}

static ov_status tiff_entry(struct media *m, bool is_be, uint64_t at)
{
	static const uint8_t sizes[] = { 0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8 };
	struct ov_cur c;
	uint32_t type;
	uint64_t bytes, place;

	OV_TRY(need(m, at, 12, BROKEN "TIFF.EOFReadingIFDEntry", &c));
	ov_cur_soft_skip(&c, 2);
	type = tiff_number(&c, is_be, 2);
	bytes = tiff_number(&c, is_be, 4);
	place = tiff_number(&c, is_be, 4);
	bytes *= type < sizeof sizes ? sizes[type] : 0; /* 35 bits */
	if (bytes > 4 && place + bytes > m->size)
		return fault(m, BROKEN "TIFF.OutOfBoundsAccess");
	return OV_OK;
}

static ov_status tiff(struct media *m)
{
	struct ov_cur c;
	bool is_be;
	uint64_t at;

	OV_TRY(ov_window_get(&m->w, 0, 8, &c));
	is_be = ov_cur_soft_u8(&c) == 'M';
	ov_cur_soft_skip(&c, 3);
	at = tiff_number(&c, is_be, 4);
	if (at == 0)
		return fault(m, BROKEN "TIFF.InvalidIFDOffset");
	while (at != 0) { /* each turn begins further on */
		uint64_t next;
		uint32_t n;

		OV_TRY(need(m, at, 2, BROKEN "TIFF.EOFReadingNumIFDDirectoryEntries", &c));
		n = tiff_number(&c, is_be, 2);
		at += 2;
		for (uint32_t i = 0; i < n; i++, at += 12)
			OV_TRY(tiff_entry(m, is_be, at));
		OV_TRY(need(m, at, 4, BROKEN "TIFF.EOFReadingChunkCRC", &c)); /* its very name */
		next = tiff_number(&c, is_be, 4);
		if (next != 0 && next <= at)
			return fault(m, BROKEN "TIFF.OutOfOrderIFDOffset");
		at = next;
	}
	return OV_OK;
}

ov_status ov_media_find_fault(enum ov_type t, const struct ov_src *src, struct ov_arena *a,
			      const char **name)
{
	struct media m = { .size = src->size };
	ov_status s;

	*name = NULL;
	OV_TRY(ov_window_init(&m.w, src, a));
	s = t == OV_T_PNG    ? png(&m)
	    : t == OV_T_GIF  ? gif(&m)
	    : t == OV_T_JPEG ? jpeg(&m)
	    : t == OV_T_TIFF ? tiff(&m)
			     : OV_OK;
	*name = m.name;
	return s == OV_END || s == OV_SHORT ? OV_OK : s;
}
