/*
 * Files that are one coded stream: gzip, bzip2, xz, lzma, zstd, lz4, compress, SZDD. The plain
 * bytes are the one child; bytes after the stream that are not padding are a second, carved one.
 */
#include "formats.h"

#include "checked.h"
#include "cursor.h"
#include "decoder.h"

#define NAME_MAX_BYTES 4096
#define GZIP_HEADER_LOOK (10 + 2 + 65535 + NAME_MAX_BYTES + 1)

struct coding {
	const struct ov_fmt_env *env;
	struct ov_decoder *decoder;
	struct ov_str name;
	uint64_t stage; /* children handed out */
	ov_status end;	/* how the stream ended; OV_OK while it has not */
};

static enum ov_codec codec_of(enum ov_type t)
{
	switch (t) {
	case OV_T_GZ:
		return OV_CODEC_GZIP;
	case OV_T_BZ:
		return OV_CODEC_BZIP2;
	case OV_T_XZ:
		return OV_CODEC_XZ;
	case OV_T_LZMA:
		return OV_CODEC_LZMA_ALONE;
	case OV_T_ZSTD:
		return OV_CODEC_ZSTD;
	case OV_T_LZ4:
		return OV_CODEC_LZ4;
	case OV_T_COMPRESS:
		return OV_CODEC_COMPRESS;
	case OV_T_MSSZDD:
		return OV_CODEC_SZDD;
	default:
		return OV_CODEC_COUNT;
	}
}

/* RFC 1952, 2.3: the original name, when FNAME is set. A header that breaks off has no name; zlib
 * will tell. */
static ov_status gzip_name(const struct ov_fmt_env *env, struct ov_str *out)
{
	const struct ov_arena_mark m = ov_arena_mark(env->arena);
	struct ov_cur c;
	struct ov_str name;
	uint8_t flags;

	OV_TRY(ov_src_view_upto(env->src, 0, GZIP_HEADER_LOOK, env->arena, &c));
	ov_cur_soft_skip(&c, 3);
	flags = ov_cur_soft_u8(&c);
	ov_cur_soft_skip(&c, 6);
	if ((flags & 4) != 0) /* FEXTRA */
		ov_cur_soft_skip(&c, ov_cur_soft_u16le(&c));
	if (ov_cur_status(&c) != OV_OK || (flags & 8) == 0 ||
	    ov_cur_zstr(&c, NAME_MAX_BYTES, &name) != OV_OK) {
		ov_arena_release(env->arena, m);
		return OV_OK;
	}
	return ov_arena_str(env->arena, name, out);
}

static ov_status open_coding(const struct ov_fmt_env *env, void **state)
{
	const struct ov_decoder_params params = { .max_memory = env->max_memory,
						  .plain_size = UINT64_MAX };
	struct coding *c;

	OV_TRY(ov_arena_new(env->arena, &c));
	c->env = env;
	c->name = OV_STR("");
	if (env->type == OV_T_GZ)
		OV_TRY(gzip_name(env, &c->name));
	OV_TRY(ov_decoder_open(codec_of(env->type), env->src, &params, env->arena, &c->decoder));
	*state = c;
	return OV_OK;
}

/* What follows the stream, if it ended well. */
static ov_status give_rest(struct coding *c, struct ov_child *out)
{
	const uint64_t at = ov_decoder_consumed(c->decoder);

	if (c->end != OV_END || at >= c->env->src->size)
		return OV_END;
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = OV_STR("trailer"),
				  .off = at,
				  .size = c->env->src->size - at,
				  .packed = c->env->src->size - at,
				  .position = ++c->stage,
				  .is_carved = true };
	return OV_OK;
}

static ov_status next_coding(void *state, struct ov_child *out)
{
	struct coding *c = state;

	if (c->stage == 1)
		return give_rest(c, out);
	if (c->stage > 1)
		return OV_END;
	c->stage = 1;
	*out = (struct ov_child){ .kind = OV_CHILD_STREAM,
				  .name = c->name,
				  .size = OV_SIZE_UNKNOWN,
				  .packed = c->env->src->size,
				  .position = 1,
				  .is_coding = true };
	return OV_OK;
}

static ov_status read_coding(void *state, void *to, size_t n, size_t *got)
{
	struct coding *c = state;
	const ov_status s = ov_decoder_read(c->decoder, to, n, got);

	if (s != OV_OK)
		c->end = s;
	return s;
}

static void close_coding(void *state)
{
	struct coding *c = state;

	ov_decoder_close(&c->decoder);
}

const struct ov_format ov_format_coding = { "coding", open_coding, next_coding, read_coding,
					    close_coding };
