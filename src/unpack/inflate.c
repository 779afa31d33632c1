/*
 * Deflate (RFC 1951) raw, in zlib (RFC 1950) and gzip (RFC 1952) wrapping, by zlib.
 *
 * A stream that lies in one window and whose plain bytes fit the caller's buffer is inflated at one
 * go by libdeflate, where that was there to build with. What it does not take (too large, broken, a
 * header with a checksum) is read by zlib from its start, so results are zlib's.
 *
 * Gzip members may follow one another, with zero bytes between and after them (tapes pad with
 * zeros). What follows that is no member is left unread; ov_decoder_consumed() tells where it
 * begins.
 */
#include "decoder_int.h"

#define ZLIB_CONST
#include <zlib.h>

#ifdef OV_HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "checked.h"
#include "le.h"

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

struct inflate {
	z_stream z;	 /* first: what zlib needs */
	bool is_started; /* zlib has seen bytes of this stream or member */
#ifdef OV_HAVE_LIBDEFLATE
	struct libdeflate_decompressor *whole; /* NULL: not needed yet, or no memory */
#endif
};

static ov_status open_inflate(struct ov_decoder *d)
{
	const int wbits = d->codec == OV_CODEC_GZIP   ? 15 + 16
			  : d->codec == OV_CODEC_ZLIB ? 15
						      : -15;
	struct inflate *own;
	z_stream *z;
	int r;

	OV_TRY(ov_arena_new(d->arena, &own));
	z = &own->z;
	z->zalloc = give;
	z->zfree = take_back;
	z->opaque = &d->meter;
	r = inflateInit2(z, wbits);
	if (r != Z_OK)
		return r == Z_MEM_ERROR ? ov_meter_why(&d->meter) : OV_BUG;
	d->own = own;
	return OV_OK;
}

/* A stream has ended well: is there another gzip member? OV_OK: yes. */
static ov_status next_member(struct ov_decoder *d)
{
	struct inflate *own = d->own;
	uint8_t magic[2];
	size_t got;

	if (d->codec != OV_CODEC_GZIP)
		return OV_END;
	OV_TRY(ov_in_skip_zeros(&d->in));
	OV_TRY(ov_in_peek(&d->in, magic, sizeof magic, &got));
	if (got < sizeof magic || magic[0] != 0x1f || magic[1] != 0x8b)
		return OV_END;
	own->is_started = false;
	return inflateReset(&own->z) == Z_OK ? OV_OK : OV_BUG;
}

#ifdef OV_HAVE_LIBDEFLATE
#define GZIP_HEAD 18u	 /* header and trailer at least                            */
#define GZIP_HCRC 2u	 /* flag: the header has a checksum, which only zlib looks at */
#define RATIO_ALLOWED 4u /* packed bytes may become so many times more, else room is too small */

/* May the stream at the window's beginning fit `n` bytes? Gzip says how many it has, if it is one
 * member. */
static bool may_fit(const struct ov_decoder *d, size_t n)
{
	const uint8_t *p = d->in.p;

	if (d->codec != OV_CODEC_GZIP)
		return d->in.left <= n / RATIO_ALLOWED;
	return d->in.left >= GZIP_HEAD && (p[3] & GZIP_HCRC) == 0 &&
	       ov_le32(p + d->in.left - 4) <= n && d->in.left <= n;
}

/* @return false when zlib is to do it; nothing has changed then. */
static bool inflate_whole(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct inflate *own = d->own;
	enum libdeflate_result r;
	size_t in = 0, out = 0;

	if (own->is_started || d->in.next != d->in.src.size || !may_fit(d, n))
		return false;
	if (own->whole == NULL)
		own->whole = libdeflate_alloc_decompressor();
	if (own->whole == NULL)
		return false;
	if (d->codec == OV_CODEC_GZIP)
		r = libdeflate_gzip_decompress_ex(own->whole, d->in.p, d->in.left, to, n, &in,
						  &out);
	else if (d->codec == OV_CODEC_ZLIB)
		r = libdeflate_zlib_decompress_ex(own->whole, d->in.p, d->in.left, to, n, &in,
						  &out);
	else
		r = libdeflate_deflate_decompress_ex(own->whole, d->in.p, d->in.left, to, n, &in,
						     &out);
	if (r != LIBDEFLATE_SUCCESS || in == 0 || in > d->in.left || out > n)
		return false;
	ov_in_take(&d->in, in);
	*got = out;
	return true;
}
#endif

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
	struct inflate *own = d->own;
	z_stream *z = &own->z;
	const uInt room = (uInt)ov_min_size(n, MOST);

	*got = 0;
#ifdef OV_HAVE_LIBDEFLATE
	if (!own->is_started && ov_in_fill(&d->in) == OV_OK && inflate_whole(d, to, n, got))
		return next_member(d);
#endif
	own->is_started = true;
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
	struct inflate *own = d->own;

	if (own == NULL)
		return;
#ifdef OV_HAVE_LIBDEFLATE
	libdeflate_free_decompressor(own->whole);
#endif
	(void)inflateEnd(&own->z);
}

const struct ov_codec_row ov_codec_inflate = { open_inflate, read_inflate, close_inflate };
