/*
 * Zstandard (RFC 8878) by libzstd: frames and skippable frames one after another. The window is
 * bounded by the caller's memory; frames that need a dictionary are unsupported. Formats before 0.8
 * are not looked for.
 */
#include "decoder_int.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "checked.h"
#include "le.h"

#define HEADER_MAX 18 /* 5 + window 1 + dictionary 4 + size 8 */
#define BLOCK_HEADER 3

/*
 * On a fault the library forgets what it wrote in the same call. So no call sees more input than
 * one block, without the header of the next that the library would like to have with it, and what
 * is left of a block is fetched without input: all bytes before a fault are given.
 */
struct zst {
	ZSTD_DStream *z;
	size_t wanted;	  /* bytes of input for the next call; 0 at the start of a frame */
	bool is_flushing; /* the last call filled the caller's room: more may wait       */
};

static ov_status open_zstd(struct ov_decoder *d)
{
	struct zst *x;
	int log = 10; /* the smallest window of the format */

	while (log < 31 && (UINT64_C(2) << log) <= d->params.max_memory)
		log++;
	if (d->arena->fail_in >= 0 && d->arena->fail_in-- == 0)
		return OV_NOMEM; /* the library can't take our allocator in its stable interface */
	OV_TRY(ov_arena_new(d->arena, &x));
	x->z = ZSTD_createDStream();
	if (x->z == NULL)
		return OV_NOMEM;
	d->own = x;
	if (ZSTD_isError(ZSTD_DCtx_setParameter(x->z, ZSTD_d_windowLogMax, log)))
		return OV_BUG;
	return OV_OK;
}

/* Is this the start of a frame that we read? */
static bool is_frame(uint32_t magic)
{
	return magic == ZSTD_MAGICNUMBER || (magic & ~UINT32_C(15)) == ZSTD_MAGIC_SKIPPABLE_START;
}

/* A frame has ended well: is there another? OV_OK: yes. */
static ov_status next_frame(struct ov_decoder *d)
{
	uint8_t head[4];
	size_t got;

	OV_TRY(ov_in_skip_zeros(&d->in));
	OV_TRY(ov_in_peek(&d->in, head, sizeof head, &got));
	return got == sizeof head && is_frame(ov_le32(head)) ? OV_OK : OV_END;
}

static ov_status status_of(size_t r)
{
	if (!ZSTD_isError(r))
		return OV_OK;
	switch (ZSTD_getErrorCode(r)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return OV_LIMIT;
	case ZSTD_error_memory_allocation:
		return OV_NOMEM;
	case ZSTD_error_dictionary_wrong:
	case ZSTD_error_frameParameter_unsupported:
	case ZSTD_error_version_unsupported:
		return OV_UNSUPPORTED;
	default:
		return OV_BAD;
	}
}

/* RFC 8878, 3.1.1.1: bytes of a frame's header, by its descriptor byte. */
static size_t header_size(const uint8_t head[5])
{
	static const uint8_t dictionary[4] = { 0, 1, 2, 4 }, content[4] = { 0, 2, 4, 8 };
	const uint8_t f = head[4];
	const bool is_single = (f & 0x20) != 0;

	if (ov_le32(head) != ZSTD_MAGICNUMBER)
		return 8; /* a skippable frame: magic and size */
	return 5u + !is_single + dictionary[f & 3] + content[f >> 6] + (is_single && f >> 6 == 0);
}

/*
 * Gives the library a frame's header, whole and at once, after a look at its magic number. It would
 * take formats before 0.8 too, and looks for their numbers in every piece of a header that it does
 * not like: those decoders are old, and hand out bytes that they never wrote.
 */
static ov_status start_frame(struct ov_decoder *d, struct zst *x)
{
	uint8_t head[HEADER_MAX];
	ZSTD_outBuffer none = { .dst = head, .size = 0, .pos = 0 };
	ZSTD_inBuffer in = { .src = head, .size = 0, .pos = 0 };
	size_t got, r;

	OV_TRY(ov_in_peek(&d->in, head, 5, &got));
	if (got >= 4 && !is_frame(ov_le32(head)))
		return OV_BAD;
	if (got < 5)
		return OV_SHORT;
	in.size = header_size(head);
	OV_TRY(ov_in_copy(&d->in, head, in.size));
	r = ZSTD_decompressStream(x->z, &none, &in);
	OV_TRY(status_of(r));
	x->wanted = r;
	if (in.pos != in.size)
		return OV_BAD;
	return r > 0 ? OV_OK : next_frame(d); /* an empty skippable frame is over already */
}

/* How much of the input the next call may see. */
static size_t piece(const struct zst *x)
{
	if (x->is_flushing)
		return 0;
	return x->wanted > BLOCK_HEADER ? x->wanted - BLOCK_HEADER : x->wanted;
}

static ov_status read_zstd(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct zst *x = d->own;
	ZSTD_outBuffer out = { .dst = to, .size = n, .pos = 0 };

	*got = 0;
	if (x->wanted == 0)
		OV_TRY(start_frame(d, x));
	while (out.pos < n && x->wanted > 0) {
		const ov_status more = ov_in_fill(&d->in);
		ZSTD_inBuffer in = { .src = d->in.p,
				     .size = ov_min_size(d->in.left, piece(x)),
				     .pos = 0 };
		const size_t before = out.pos;
		size_t r;

		if (more != OV_OK && more != OV_END)
			return more;
		r = ZSTD_decompressStream(x->z, &out, &in);
		ov_in_take(&d->in, in.pos);
		*got = out.pos;
		OV_TRY(status_of(r));
		x->wanted = r;
		if (r == 0) {
			x->is_flushing = false;
			return next_frame(d);
		}
		if (in.pos == 0 && out.pos == before && !x->is_flushing)
			return more == OV_END ? OV_SHORT : OV_BAD;
		x->is_flushing = out.pos == n;
	}
	return OV_OK;
}

static void close_zstd(struct ov_decoder *d)
{
	if (d->own != NULL)
		(void)ZSTD_freeDStream(((struct zst *)d->own)->z);
}

const struct ov_codec_row ov_codec_zstd = { open_zstd, read_zstd, close_zstd };
