/*
 * LZMA in its three wrappings, by liblzma: .xz (streams one after another, padding), .lzma (13-byte
 * header) and ZIP method 14 (APPNOTE 5.8.8: version, size of properties, properties, raw LZMA1).
 *
 * Dictionaries are bounded twice: by liblzma's own limit before it allocates, and by the meter.
 */
#include "decoder_int.h"

#include <lzma.h>
#include <string.h>

#include "checked.h"

struct xz {
	lzma_stream s;
	lzma_allocator alloc;
};

static void *give(void *opaque, size_t count, size_t size)
{
	size_t n;

	if (ov_mul_size(count, size, &n) != OV_OK)
		return NULL;
	return ov_meter_alloc(opaque, n);
}

static void take_back(void *opaque, void *p)
{
	ov_meter_free(opaque, p);
}

static ov_status status_of(const struct ov_decoder *d, lzma_ret r)
{
	switch (r) {
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* no progress: the reader decides whether the input is at its end */
		return OV_OK;
	case LZMA_MEM_ERROR:
		return ov_meter_why(&d->meter);
	case LZMA_MEMLIMIT_ERROR:
		return OV_LIMIT;
	case LZMA_FORMAT_ERROR:
	case LZMA_DATA_ERROR:
		return OV_BAD;
	case LZMA_OPTIONS_ERROR:
	case LZMA_UNSUPPORTED_CHECK: /* told before any byte: its checksum could not be tested */
		return OV_UNSUPPORTED;
	default:
		return OV_BUG;
	}
}

/* APPNOTE 5.8.8: the SDK's version (2 bytes), size of properties (2, always 5), properties. */
static ov_status start_zip(struct ov_decoder *d, lzma_stream *s)
{
	lzma_filter chain[2] = { { .id = LZMA_FILTER_LZMA1EXT }, { .id = LZMA_VLI_UNKNOWN } };
	lzma_options_lzma *opt;
	uint64_t need;
	uint8_t head[4 + 5];
	lzma_ret r;

	OV_TRY(ov_in_copy(&d->in, head, sizeof head));
	if (head[2] != 5 || head[3] != 0)
		return OV_BAD;
	r = lzma_properties_decode(&chain[0], s->allocator, head + 4, 5);
	if (r != LZMA_OK)
		return r == LZMA_MEM_ERROR ? ov_meter_why(&d->meter) : OV_BAD;
	opt = chain[0].options;
	opt->ext_flags = LZMA_LZMA1EXT_ALLOW_EOPM;
	lzma_set_ext_size(*opt, d->params.lzma_has_end_mark ? UINT64_MAX : d->params.plain_size);
	need = lzma_raw_decoder_memusage(chain);
	r = need > d->params.max_memory ? LZMA_MEMLIMIT_ERROR : lzma_raw_decoder(s, chain);
	take_back(&d->meter, opt);
	return status_of(d, r);
}

static ov_status start(struct ov_decoder *d, lzma_stream *s)
{
	const uint64_t limit =
	    ov_max_u64(d->params.max_memory, 1); /* 0 would mean 1 to the library too */

	switch (d->codec) {
	case OV_CODEC_XZ:
		return status_of(d, lzma_stream_decoder(s, limit, LZMA_TELL_UNSUPPORTED_CHECK));
	case OV_CODEC_LZMA_ALONE:
		return status_of(d, lzma_alone_decoder(s, limit));
	default:
		return start_zip(d, s);
	}
}

static ov_status open_lzma(struct ov_decoder *d)
{
	struct xz *x;

	OV_TRY(ov_arena_new(d->arena, &x));
	x->s = (lzma_stream)LZMA_STREAM_INIT;
	x->alloc = (lzma_allocator){ .alloc = give, .free = take_back, .opaque = &d->meter };
	x->s.allocator = &x->alloc;
	d->own = x; /* lzma_end() is right at any time from here on */
	return start(d, &x->s);
}

/* A stream has ended well: is there another .xz stream? OV_OK: yes, and the library is ready. */
static ov_status next_stream(struct ov_decoder *d)
{
	static const uint8_t magic[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	struct xz *x = d->own;
	uint8_t head[6];
	size_t got;

	if (d->codec == OV_CODEC_LZMA_ZIP)
		return OV_END;
	OV_TRY(ov_in_skip_zeros(&d->in));
	OV_TRY(ov_in_peek(&d->in, head, sizeof head, &got));
	if (d->codec != OV_CODEC_XZ || got < sizeof head || memcmp(head, magic, sizeof head) != 0)
		return OV_END;
	return start(d, &x->s); /* reuses what is allocated */
}

static ov_status read_lzma(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	lzma_stream *s = &((struct xz *)d->own)->s;

	*got = 0;
	s->next_out = to;
	s->avail_out = n;
	while (s->avail_out > 0) {
		const ov_status more = ov_in_fill(&d->in);
		const size_t in = d->in.left, before = s->avail_out;
		lzma_ret r;

		if (more != OV_OK && more != OV_END)
			return more;
		s->next_in = d->in.p;
		s->avail_in = in;
		r = lzma_code(s, more == OV_END ? LZMA_FINISH : LZMA_RUN);
		ov_in_take(&d->in, in - s->avail_in);
		*got = n - s->avail_out;
		if (r == LZMA_STREAM_END)
			return next_stream(d);
		OV_TRY(status_of(d, r));
		if (s->avail_out == before && s->avail_in == in) {
			/* Twice nothing: a cut input, or a library that wants neither. */
			if (more == OV_END)
				return OV_SHORT;
			if (r == LZMA_BUF_ERROR)
				return OV_BUG;
		}
	}
	return OV_OK;
}

static void close_lzma(struct ov_decoder *d)
{
	if (d->own != NULL)
		lzma_end(&((struct xz *)d->own)->s);
}

const struct ov_codec_row ov_codec_lzma = { open_lzma, read_lzma, close_lzma };
