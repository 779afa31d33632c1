/* The one face of all codecs: input windows, counted memory, exact ends. The codecs are one file
 * each. */
#include "decoder_int.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

/* What stands before each block of a meter; a union, so that what follows is aligned for any type.
 */
union meter_head {
	size_t n;
	max_align_t align;
};

void *ov_meter_alloc(struct ov_meter *m, size_t n)
{
	union meter_head *h;

	if (m->fault != NULL && m->fault->fail_in >= 0 && m->fault->fail_in-- == 0)
		return NULL;
	if (n > m->max - m->used || n > SIZE_MAX - sizeof *h) {
		m->refused = true;
		return NULL;
	}
	h = malloc(sizeof *h + n);
	if (h == NULL)
		return NULL;
	h->n = n;
	m->used += n;
	return h + 1;
}

void ov_meter_free(struct ov_meter *m, void *p)
{
	union meter_head *h = p;

	if (h == NULL)
		return;
	h--;
	m->used -= h->n;
	free(h);
}

ov_status ov_meter_why(const struct ov_meter *m)
{
	return m->refused ? OV_LIMIT : OV_NOMEM;
}

ov_status ov_in_fill(struct ov_inflow *in)
{
	size_t got;

	if (in->left > 0)
		return OV_OK;
	if (in->next >= in->src.size)
		return OV_END;
	if (in->src.mem != NULL) {
		in->p = in->src.mem + in->next;
		got = (size_t)ov_min_u64(in->src.size - in->next, UINT64_C(1) << 30);
	} else {
		in->p = in->buf;
		OV_TRY(ov_src_read_upto(&in->src, in->next, in->buf, OV_IN_WINDOW, &got));
		if (got == 0)
			return OV_END; /* the file shrank: as if cut here */
	}
	in->left = got;
	in->next += got;
	return OV_OK;
}

ov_status ov_in_copy(struct ov_inflow *in, void *to, size_t n)
{
	uint8_t *p = to;

	while (n > 0) {
		const ov_status s = ov_in_fill(in);
		const size_t some = ov_min_size(n, in->left);

		if (s != OV_OK)
			return s == OV_END ? OV_SHORT : s;
		memcpy(p, in->p, some);
		ov_in_take(in, some);
		p += some;
		n -= some;
	}
	return OV_OK;
}

ov_status ov_in_peek(const struct ov_inflow *in, uint8_t *to, size_t n, size_t *got)
{
	return ov_src_read_upto(&in->src, ov_in_at(in), to, n, got);
}

ov_status ov_in_skip_zeros(struct ov_inflow *in)
{
	for (;;) {
		const ov_status s = ov_in_fill(in);

		if (s != OV_OK)
			return s == OV_END ? OV_OK : s;
		while (in->left > 0) {
			if (*in->p != 0)
				return OV_OK;
			ov_in_take(in, 1);
		}
	}
}

static ov_status read_stored(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	*got = 0;
	OV_TRY(ov_in_fill(&d->in)); /* OV_END: all was given */
	*got = ov_min_size(n, d->in.left);
	memcpy(to, d->in.p, *got);
	ov_in_take(&d->in, *got);
	return OV_OK;
}

const struct ov_codec_row ov_codec_stored = { .read = read_stored };

static const struct ov_codec_row *const rows[OV_CODEC_COUNT] = {
	[OV_CODEC_STORED] = &ov_codec_stored,
	[OV_CODEC_DEFLATE] = &ov_codec_inflate,
	[OV_CODEC_DEFLATE64] = &ov_codec_inflate64,
	[OV_CODEC_ZLIB] = &ov_codec_inflate,
	[OV_CODEC_GZIP] = &ov_codec_inflate,
	[OV_CODEC_BZIP2] = &ov_codec_bzip2,
	[OV_CODEC_XZ] = &ov_codec_lzma,
	[OV_CODEC_LZMA_ALONE] = &ov_codec_lzma,
	[OV_CODEC_LZMA_ZIP] = &ov_codec_lzma,
	[OV_CODEC_ZSTD] = &ov_codec_zstd,
	[OV_CODEC_LZ4] = &ov_codec_lz4,
	[OV_CODEC_COMPRESS] = &ov_codec_compress,
	[OV_CODEC_EXPLODE] = &ov_codec_explode,
	[OV_CODEC_SZDD] = &ov_codec_szdd,
	[OV_CODEC_BASE64] = &ov_codec_transfer,
	[OV_CODEC_BASE64_STRICT] = &ov_codec_transfer,
	[OV_CODEC_QP] = &ov_codec_transfer,
	[OV_CODEC_UU] = &ov_codec_transfer,
	[OV_CODEC_YENC] = &ov_codec_transfer,
	[OV_CODEC_BINHEX] = &ov_codec_transfer,
	[OV_CODEC_OVBA] = &ov_codec_ovba,
	[OV_CODEC_ASCIIHEX] = &ov_codec_ascii,
	[OV_CODEC_ASCII85] = &ov_codec_ascii,
	[OV_CODEC_RUNS] = &ov_codec_runs,
	[OV_CODEC_LZW] = &ov_codec_lzw,
	[OV_CODEC_PNG_ROWS] = &ov_codec_png_rows,
};

static void close_codec(struct ov_decoder *d)
{
	if (d->row->close != NULL)
		d->row->close(d);
	d->own = NULL;
	d->magic = 0;
}

ov_status ov_decoder_open(enum ov_codec c, const struct ov_src *in,
			  const struct ov_decoder_params *p, struct ov_arena *a,
			  struct ov_decoder **out)
{
	struct ov_decoder *d;
	ov_status s = OV_OK;

	if ((unsigned)c >= OV_CODEC_COUNT || rows[c] == NULL)
		return OV_UNSUPPORTED;
	OV_TRY(ov_arena_new(a, &d));
	d->magic = OV_DECODER_MAGIC;
	d->codec = c;
	d->row = rows[c];
	d->in.src = *in;
	d->in.p = (const uint8_t *)""; /* so that moving by nothing is defined */
	d->params = *p;
	d->arena = a;
	d->meter = (struct ov_meter){ .fault = a, .max = p->max_memory };
	if (in->mem == NULL && in->size > 0)
		OV_TRY(ov_arena_array(a, OV_IN_WINDOW, &d->in.buf));
	if (d->row->open != NULL)
		s = d->row->open(d);
	if (s != OV_OK) {
		close_codec(d);
		return s == OV_END ? OV_BUG : s;
	}
	*out = d;
	return OV_OK;
}

ov_status ov_decoder_read(struct ov_decoder *d, void *to, size_t n, size_t *got)
{
	OV_TRY(ov_check(d, OV_DECODER_MAGIC));
	*got = 0;
	if (n == 0)
		return OV_BUG;
	while (d->ended == OV_OK) { /* each turn consumes input, gives output or ends */
		d->ended = d->row->read(d, to, n, got);
		if (*got > 0)
			return OV_OK;
	}
	return d->ended;
}

const char *ov_decoder_fault(const struct ov_decoder *d, uint64_t *at)
{
	*at = d->fault_at;
	return d->fault;
}

uint64_t ov_decoder_consumed(const struct ov_decoder *d)
{
	return ov_in_at(&d->in) - d->in.ahead;
}

void ov_decoder_close(struct ov_decoder **d)
{
	if (d == NULL || *d == NULL)
		return;
	if ((*d)->magic == OV_DECODER_MAGIC)
		close_codec(*d);
	*d = NULL;
}
