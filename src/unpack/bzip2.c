/*
 * bzip2 by libbz2: streams one after another, each with its own block size (as pbzip2 and `cat`
 * make them), zero bytes after them. Memory: at most 3.7 MB.
 */
#include "decoder_int.h"

#include <bzlib.h>
#include <string.h>

#include "checked.h"

#define MOST ((size_t)1 << 30)

static void *give(void *opaque, int count, int size)
{
	size_t n;

	if (count < 0 || size < 0 || ov_mul_size((size_t)count, (size_t)size, &n) != OV_OK)
		return NULL;
	return ov_meter_alloc(opaque, n);
}

static void take_back(void *opaque, void *p)
{
	ov_meter_free(opaque, p);
}

static ov_status start(struct ov_decoder *d, bz_stream *b)
{
	int r;

	*b = (bz_stream){ .bzalloc = give, .bzfree = take_back, .opaque = &d->meter };
	r = BZ2_bzDecompressInit(b, 0, 0);
	if (r != BZ_OK)
		return r == BZ_MEM_ERROR ? ov_meter_why(&d->meter) : OV_BUG;
	return OV_OK;
}

static ov_status open_bzip2(struct ov_decoder *d)
{
	bz_stream *b;

	OV_TRY(ov_arena_new(d->arena, &b));
	OV_TRY(start(d, b));
	d->own = b;
	return OV_OK;
}

/* A stream has ended well: is there another? OV_OK: yes, and the library is ready for it. */
static ov_status next_stream(struct ov_decoder *d)
{
	bz_stream *b = d->own;
	uint8_t magic[3];
	size_t got;

	OV_TRY(ov_in_skip_zeros(&d->in));
	OV_TRY(ov_in_peek(&d->in, magic, sizeof magic, &got));
	if (got < sizeof magic || memcmp(magic, "BZh", 3) != 0)
		return OV_END;
	(void)BZ2_bzDecompressEnd(b);
	d->own = NULL; /* nothing to end, should the start fail */
	OV_TRY(start(d, b));
	d->own = b;
	return OV_OK;
}

static ov_status status_of(const struct ov_decoder *d, int r)
{
	switch (r) {
	case BZ_OK:
		return OV_OK;
	case BZ_DATA_ERROR:
	case BZ_DATA_ERROR_MAGIC:
		return OV_BAD;
	case BZ_MEM_ERROR:
		return ov_meter_why(&d->meter);
	default:
		return OV_BUG;
	}
}

static ov_status read_bzip2(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	bz_stream *b = d->own;
	const unsigned room = (unsigned)ov_min_size(n, MOST);

	*got = 0;
	b->next_out = (char *)to;
	b->avail_out = room;
	while (b->avail_out > 0) {
		const ov_status more = ov_in_fill(&d->in);
		const unsigned in = (unsigned)ov_min_size(d->in.left, MOST);
		const unsigned before = b->avail_out;
		int r;

		if (more != OV_OK && more != OV_END)
			return more;
		b->next_in = (char *)(uintptr_t)d->in.p; /* the library only reads it */
		b->avail_in = in;
		r = BZ2_bzDecompress(b);
		ov_in_take(&d->in, in - b->avail_in);
		*got = room - b->avail_out;
		if (r == BZ_STREAM_END)
			return next_stream(d);
		OV_TRY(status_of(d, r));
		if (more == OV_END && b->avail_out == before)
			return OV_SHORT;
	}
	return OV_OK;
}

static void close_bzip2(struct ov_decoder *d)
{
	if (d->own != NULL)
		(void)BZ2_bzDecompressEnd(d->own);
}

const struct ov_codec_row ov_codec_bzip2 = { open_bzip2, read_bzip2, close_bzip2 };
