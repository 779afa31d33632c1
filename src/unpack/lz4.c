/*
 * LZ4 by liblz4: frames (lz4_Frame_format.md), skippable frames, and the legacy frames of the old
 * tool and of Linux kernels, one after another in any mixture.
 *
 *   legacy:  0x184C2102 | packed size (4) | block of at most 8 MiB plain | packed size | block |
 * ...
 *
 * A legacy frame has no end mark: it ends with the input, or where a "size" is a frame's magic
 * number.
 */
#include "decoder_int.h"

#include <lz4.h>
#include <lz4frame.h>
#include <string.h>

#include "checked.h"
#include "le.h"

#define MAGIC_FRAME UINT32_C(0x184D2204)
#define MAGIC_LEGACY UINT32_C(0x184C2102)
#define MAGIC_SKIP UINT32_C(0x184D2A50) /* and the fifteen after it */
#define LEGACY_BLOCK ((size_t)8 << 20)
#define FRAME_MEMORY ((uint64_t)9 << 20) /* 2 blocks of 4 MiB, 128 KiB and the context */

enum kind { NOTHING, FRAME, LEGACY, SKIP };

struct lz4 {
	enum kind kind;
	LZ4F_dctx *frame;
	uint8_t *packed, *plain; /* legacy blocks; metered */
	size_t have, given;	 /* bytes in `plain`, bytes of them handed out */
	uint64_t skip;		 /* bytes of a skippable frame still to pass */
	bool has_begun;
	/*
	 * On a fault the library forgets what it wrote in the same call. So no call sees more
	 * input than one block, and what is left of a block is fetched without input: all bytes
	 * before a fault are given.
	 */
	size_t wanted;
	bool is_flushing;
};

static enum kind kind_of(uint32_t magic)
{
	if (magic == MAGIC_FRAME)
		return FRAME;
	if (magic == MAGIC_LEGACY)
		return LEGACY;
	return (magic & ~UINT32_C(15)) == MAGIC_SKIP ? SKIP : NOTHING;
}

static ov_status open_lz4(struct ov_decoder *d)
{
	struct lz4 *l;

	OV_TRY(ov_arena_new(d->arena, &l));
	d->own = l;
	return OV_OK;
}

static ov_status start_frame(struct ov_decoder *d, struct lz4 *l)
{
	l->wanted = 1;
	l->is_flushing = false;
	if (l->frame != NULL) {
		LZ4F_resetDecompressionContext(l->frame);
		return OV_OK;
	}
	if (d->params.max_memory < FRAME_MEMORY)
		return OV_LIMIT; /* the library's memory can't be counted, but it is bounded */
	if (d->arena->fail_in >= 0 && d->arena->fail_in-- == 0)
		return OV_NOMEM;
	if (LZ4F_isError(LZ4F_createDecompressionContext(&l->frame, LZ4F_VERSION)))
		return OV_NOMEM;
	return OV_OK;
}

static ov_status start_legacy(struct ov_decoder *d, struct lz4 *l)
{
	if (l->plain == NULL)
		l->plain = ov_meter_alloc(&d->meter, LEGACY_BLOCK);
	if (l->packed == NULL)
		l->packed = ov_meter_alloc(&d->meter, (size_t)LZ4_COMPRESSBOUND(LEGACY_BLOCK));
	return l->plain != NULL && l->packed != NULL ? OV_OK : ov_meter_why(&d->meter);
}

/* Looks at the next four bytes, and begins what they announce. */
static ov_status start_next(struct ov_decoder *d, struct lz4 *l)
{
	uint8_t head[8];
	size_t got;

	if (l->has_begun)
		OV_TRY(ov_in_skip_zeros(&d->in));
	OV_TRY(ov_in_peek(&d->in, head, 4, &got));
	l->kind = got == 4 ? kind_of(ov_le32(head)) : NOTHING;
	if (l->kind == NOTHING && l->has_begun)
		return OV_END;
	l->has_begun = true;
	switch (l->kind) {
	case FRAME:
		return start_frame(d, l);
	case LEGACY:
		OV_TRY(ov_in_copy(&d->in, head, 4));
		return start_legacy(d, l);
	case SKIP:
		OV_TRY(ov_in_copy(&d->in, head, 8));
		l->skip = ov_le32(head + 4);
		return OV_OK;
	default:
		return got < 4 ? OV_SHORT : OV_BAD;
	}
}

static ov_status read_frame(struct ov_decoder *d, struct lz4 *l, uint8_t *to, size_t n, size_t *got)
{
	while (*got < n) {
		const ov_status more = ov_in_fill(&d->in);
		size_t in = l->is_flushing ? 0 : ov_min_size(d->in.left, l->wanted);
		size_t out = n - *got, r;

		if (more != OV_OK && more != OV_END)
			return more;
		r = LZ4F_decompress(l->frame, to + *got, &out, d->in.p, &in, NULL);
		if (LZ4F_isError(r))
			return strcmp(LZ4F_getErrorName(r), "ERROR_allocation_failed") == 0
				   ? OV_NOMEM
				   : OV_BAD;
		ov_in_take(&d->in, in);
		*got += out;
		l->wanted = r;
		if (r == 0) {
			l->kind = NOTHING;
			return OV_OK;
		}
		if (in == 0 && out == 0 && !l->is_flushing)
			return more == OV_END ? OV_SHORT : OV_BAD;
		l->is_flushing = *got == n;
	}
	return OV_OK;
}

/* The next legacy block into l->plain. OV_OK with kind NOTHING: another frame begins here. */
static ov_status load_block(struct ov_decoder *d, struct lz4 *l)
{
	uint8_t head[4];
	uint32_t size;
	size_t got;
	int n;

	OV_TRY(ov_in_peek(&d->in, head, sizeof head, &got));
	if (got == 0)
		return OV_END;
	if (got < sizeof head)
		return OV_SHORT;
	size = ov_le32(head);
	if (kind_of(size) != NOTHING || size == 0) {
		l->kind = NOTHING; /* zeros: padding, which start_next() passes */
		return OV_OK;
	}
	if (size > (uint32_t)LZ4_COMPRESSBOUND(LEGACY_BLOCK))
		return OV_BAD;
	OV_TRY(ov_in_copy(&d->in, head, sizeof head));
	OV_TRY(ov_in_copy(&d->in, l->packed, size));
	n = LZ4_decompress_safe((const char *)l->packed, (char *)l->plain, (int)size,
				(int)LEGACY_BLOCK);
	if (n < 0)
		return OV_BAD;
	l->have = (size_t)n;
	l->given = 0;
	return OV_OK;
}

static ov_status read_legacy(struct ov_decoder *d, struct lz4 *l, uint8_t *to, size_t n,
			     size_t *got)
{
	if (l->given == l->have) {
		OV_TRY(load_block(d, l));
		if (l->kind == NOTHING)
			return OV_OK;
	}
	*got = ov_min_size(n, l->have - l->given);
	memcpy(to, l->plain + l->given, *got);
	l->given += *got;
	return OV_OK;
}

static ov_status read_lz4(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct lz4 *l = d->own;

	*got = 0;
	if (l->kind == NOTHING)
		OV_TRY(start_next(d, l));
	if (l->kind == FRAME)
		return read_frame(d, l, to, n, got);
	if (l->kind == LEGACY)
		return read_legacy(d, l, to, n, got);
	while (l->skip > 0) {
		const ov_status more = ov_in_fill(&d->in);
		const size_t some = (size_t)ov_min_u64(l->skip, d->in.left);

		if (more != OV_OK)
			return more == OV_END ? OV_SHORT : more;
		ov_in_take(&d->in, some);
		l->skip -= some;
	}
	l->kind = NOTHING;
	return OV_OK;
}

static void close_lz4(struct ov_decoder *d)
{
	struct lz4 *l = d->own;

	if (l == NULL)
		return;
	if (l->frame != NULL)
		(void)LZ4F_freeDecompressionContext(l->frame);
	ov_meter_free(&d->meter, l->packed);
	ov_meter_free(&d->meter, l->plain);
}

const struct ov_codec_row ov_codec_lz4 = { open_lz4, read_lz4, close_lz4 };
