/*
 * Flash films, SWF File Format Specification 19. Packed ones (CWS by zlib, ZWS by LZMA) have one
 * part: the film unpacked, with the header of an unpacked one. Of those (FWS) the parts are the
 * tags DefineBinaryData, in which films carry files.
 *
 *   FWS | version | size (4) | frame (a rectangle of bits) | rate (2) | frames (2) | tags
 *   CWS | version | size (4) | zlib     ZWS | version | size (4) | packed size (4) | LZMA
 */
#include "formats.h"

#include <string.h>

#include "checked.h"
#include "decoder.h"
#include "overt/features.h"
#include "window.h"

#define HEADER 8
#define LZMA_AT 12   /* properties of LZMA: 5 bytes, then its data */
#define LZMA_HEAD 13 /* of a .lzma file: properties, plain size    */
#define BINARY_DATA 87

struct swf {
	const struct ov_fmt_env *env;
	struct ov_window w;
	bool is_packed, is_given, is_over;
	uint8_t head[HEADER]; /* as the unpacked film has it               */
	size_t head_given;
	uint8_t lzma[LZMA_HEAD];
	struct ov_src as_lzma; /* ZWS as a .lzma file                       */
	struct ov_decoder *d;
	uint64_t at;	 /* of the next tag                           */
	uint64_t length; /* as the header tells                   */
	uint64_t position;
};

/* ZWS has the fields of a .lzma file in another order. */
static ov_status read_lzma(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct swf *f = ctx;

	if (off >= LZMA_HEAD)
		return ov_src_read_upto(f->env->src, off - LZMA_HEAD + LZMA_AT + 5, to, n, got);
	*got = (size_t)ov_min_u64(n, LZMA_HEAD - off);
	memcpy(to, f->lzma + off, *got);
	return OV_OK;
}

static ov_status open_lzma(struct swf *f, const struct ov_decoder_params *p)
{
	const struct ov_src *src = f->env->src;

	OV_TRY(ov_src_read(src, LZMA_AT, f->lzma, 5));
	memset(f->lzma + 5, 0xff, 8); /* the size is not believed: the data ends by itself */
	f->as_lzma = (struct ov_src){ .size = src->size - LZMA_AT - 5 + LZMA_HEAD,
				      .read = read_lzma,
				      .ctx = f };
	return ov_decoder_open(OV_CODEC_LZMA_ALONE, &f->as_lzma, p, f->env->arena, &f->d);
}

static void note(struct swf *f, ov_status why, const char *detail)
{
	f->env->note(f->env->ctx, why, OV_STR(""), detail);
}

/* Where the tags begin: behind the frame, whose first 5 bits tell how many each of its 4 numbers
 * has. */
static ov_status find_tags(struct swf *f)
{
	struct ov_cur c;
	uint8_t b;

	OV_TRY(ov_window_get(&f->w, 4, 5, &c));
	f->length = ov_cur_soft_u32le(&c);
	if (f->length > f->env->src->size)
		note(f, OV_SHORT, "it is shorter than its header tells");
	b = ov_cur_soft_u8(&c);
	f->at = HEADER + (5 + 4 * (uint64_t)(b >> 3) + 7) / 8 + 4;
	return OV_OK;
}

static ov_status open_swf(const struct ov_fmt_env *env, void **state)
{
	const struct ov_decoder_params p = { .max_memory = env->max_memory,
					     .plain_size = UINT64_MAX };
	struct ov_src packed;
	struct swf *f;

	if ((env->features_off >> OVERT_FEATURE_SWF & 1) != 0) {
		env->note(env->ctx, OV_UNSUPPORTED, OV_STR(""),
			  "Flash films are not opened, as asked");
		return OV_UNSUPPORTED;
	}
	OV_TRY(ov_arena_new(env->arena, &f));
	f->env = env;
	*state = f;
	OV_TRY(ov_window_init(&f->w, env->src, env->arena));
	OV_TRY(ov_src_read(env->src, 0, f->head, HEADER));
	if (f->head[0] == 'F')
		return find_tags(f);
	f->is_packed = true;
	if (f->head[0] == 'Z') {
		f->head[0] = 'F';
		return open_lzma(f, &p);
	}
	f->head[0] = 'F';
	OV_TRY(ov_src_slice(env->src, HEADER, env->src->size - HEADER, &packed));
	return ov_decoder_open(OV_CODEC_ZLIB, &packed, &p, env->arena, &f->d);
}

static ov_status give_film(struct swf *f, struct ov_child *out)
{
	if (f->is_given)
		return OV_END;
	f->is_given = true;
	*out = (struct ov_child){ .kind = OV_CHILD_STREAM,
				  .name = OV_STR("film"),
				  .size = OV_SIZE_UNKNOWN,
				  .packed = f->env->src->size,
				  .position = 1,
				  .is_coding = true };
	return OV_OK;
}

/* What somebody hung on to the film: the player does not look at it. */
static ov_status give_behind(struct swf *f, struct ov_child *out)
{
	const uint64_t size = f->env->src->size;

	f->is_over = true;
	if (f->at < f->length)
		note(f, OV_BAD, "its end tag stands before the end that its header tells");
	if (f->at >= size)
		return OV_END;
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = OV_STR("behind the film"),
				  .off = f->at,
				  .size = size - f->at,
				  .packed = size - f->at,
				  .position = ++f->position };
	return OV_OK;
}

static ov_status next_swf(void *state, struct ov_child *out)
{
	struct swf *f = state;

	if (f->is_packed)
		return give_film(f, out);
	for (;;) {
		struct ov_cur c;
		uint16_t head;
		uint64_t n;

		if (f->is_over)
			return OV_END;
		OV_TRY(ov_window_upto(&f->w, f->at, 6, &c));
		head = ov_cur_soft_u16le(&c);
		n = head & 0x3f;
		f->at += 2;
		if (n == 0x3f) {
			n = ov_cur_soft_u32le(&c);
			f->at += 4;
		}
		if (ov_cur_status(&c) != OV_OK) {
			note(f, OV_SHORT, "it ends without its end tag");
			return OV_END;
		}
		if (head >> 6 == 0)
			return give_behind(f, out);
		if (n > f->env->src->size - f->at) {
			note(f, OV_SHORT, "a tag goes beyond its end");
			n = f->env->src->size - f->at;
			f->is_over = true;
		}
		f->at += n;
		if (head >> 6 != BINARY_DATA || n <= 6)
			continue;
		*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
					  .name = OV_STR("binary data"),
					  .off = f->at - n + 6,
					  .size = n - 6,
					  .packed = n - 6,
					  .position = ++f->position };
		return OV_OK;
	}
}

static ov_status read_swf(void *state, void *to, size_t n, size_t *got)
{
	struct swf *f = state;

	*got = 0;
	if (f->head_given < HEADER) {
		*got = ov_min_size(n, HEADER - f->head_given);
		memcpy(to, f->head + f->head_given, *got);
		f->head_given += *got;
		return OV_OK;
	}
	return ov_decoder_read(f->d, to, n, got);
}

static void close_swf(void *state)
{
	struct swf *f = state;

	ov_decoder_close(&f->d);
}

const struct ov_format ov_format_swf = { "swf", open_swf, next_swf, read_swf, close_swf };
