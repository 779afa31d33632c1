/*
 * Deflate (RFC 1951) raw, in zlib (RFC 1950) and gzip (RFC 1952) wrapping, by zlib.
 *
 * Gzip members may follow one another, with zero bytes between and after them (tapes pad with
 * zeros). What follows that is no member is left unread; ov_decoder_consumed() tells where it
 * begins.
 */
#include "decoder_int.h"

#define ZLIB_CONST
#include <zlib.h>

#include "checked.h"

#define MOST ((size_t)1 << 30) /* fits zlib's 32-bit counts */

static voidpf give(voidpf opaque, uInt count, uInt size)
{
	size_t n;

	if (ov_mul_size(count, size, &n) != OV_OK)
		return NULL;
	return ov_meter_alloc(opaque, n);
}

static void take_back(voidpf opaque, voidpf p)
{
	ov_meter_free(opaque, p);
}

static ov_status open_inflate(struct ov_decoder *d)
{
	const int wbits = d->codec == OV_CODEC_GZIP   ? 15 + 16
			  : d->codec == OV_CODEC_ZLIB ? 15
						      : -15;
	z_stream *z;
	int r;

	OV_TRY(ov_arena_new(d->arena, &z));
	z->zalloc = give;
	z->zfree = take_back;
	z->opaque = &d->meter;
	r = inflateInit2(z, wbits);
	if (r != Z_OK)
		return r == Z_MEM_ERROR ? ov_meter_why(&d->meter) : OV_BUG;
	d->own = z;
	return OV_OK;
}

/* A stream has ended well: is there another gzip member? OV_OK: yes. */
static ov_status next_member(struct ov_decoder *d)
{
	uint8_t magic[2];
	size_t got;

	if (d->codec != OV_CODEC_GZIP)
		return OV_END;
	OV_TRY(ov_in_skip_zeros(&d->in));
	OV_TRY(ov_in_peek(&d->in, magic, sizeof magic, &got));
	if (got < sizeof magic || magic[0] != 0x1f || magic[1] != 0x8b)
		return OV_END;
	return inflateReset(d->own) == Z_OK ? OV_OK : OV_BUG;
}

static ov_status status_of(const struct ov_decoder *d, int r)
{
	switch (r) {
	case Z_OK:
		return OV_OK;
	case Z_NEED_DICT: /* a preset dictionary that only the writer has */
		return OV_UNSUPPORTED;
	case Z_DATA_ERROR:
		return OV_BAD;
	case Z_MEM_ERROR:
		return ov_meter_why(&d->meter);
	default:
		return OV_BUG;
	}
}

static ov_status read_inflate(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	z_stream *z = d->own;
	const uInt room = (uInt)ov_min_size(n, MOST);

	*got = 0;
	z->next_out = to;
	z->avail_out = room;
	while (z->avail_out > 0) {
		const ov_status more = ov_in_fill(&d->in);
		const uInt in = (uInt)ov_min_size(d->in.left, MOST);
		int r;

		if (more != OV_OK && more != OV_END)
			return more;
		z->next_in = d->in.p; /* zlib reads it only: ZLIB_CONST */
		z->avail_in = in;
		r = inflate(z, Z_NO_FLUSH);
		ov_in_take(&d->in, in - z->avail_in);
		*got = room - z->avail_out;
		if (r == Z_STREAM_END)
			return next_member(d);
		if (r == Z_BUF_ERROR || (r == Z_OK && more == OV_END && z->avail_out > 0))
			return OV_SHORT; /* it wants input, and there is none */
		OV_TRY(status_of(d, r));
	}
	return OV_OK;
}

static void close_inflate(struct ov_decoder *d)
{
	if (d->own != NULL)
		(void)inflateEnd(d->own);
}

const struct ov_codec_row ov_codec_inflate = { open_inflate, read_inflate, close_inflate };
