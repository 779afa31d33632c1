/*
 * BinHex 4.0 (RFC 1741): a Macintosh file as text. Its two forks are two parts.
 *
 *   length of name (1) | name | 0 | type (4) | creator (4) | flags (2) | data length (4) |
 *   resource length (4) | checksum (2) | data fork | checksum (2) | resource fork | checksum (2)
 *
 * A checksum (CRC-16 of polynomial 0x1021) that is wrong is told of; the file is given all the
 * same.
 */
#include "formats.h"

#include <string.h>

#include "checked.h"
#include "decoder.h"

#define LOOK 2048 /* bytes in which the mark is sought */

struct binhex {
	const struct ov_fmt_env *env;
	struct ov_decoder *decoder;
	char name[64];
	uint32_t size[2];
	unsigned forks; /* handed out */
	bool is_over;
	uint64_t left; /* bytes of the current fork, not read yet */
	uint16_t crc;  /* of what was read behind the last one    */
};

static uint16_t crc16(uint16_t crc, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		crc = (uint16_t)(crc ^ p[i] << 8);
		for (unsigned k = 0; k < 8; k++)
			crc = (uint16_t)(crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021 : 0));
	}
	return crc;
}

/* Reads exactly `n` decoded bytes. */
static ov_status take(struct binhex *b, void *to, size_t n)
{
	uint8_t *p = to;

	while (n > 0) {
		size_t got = 0;
		const ov_status s = ov_decoder_read(b->decoder, p, n, &got);

		if (s != OV_OK)
			return s == OV_END ? OV_SHORT : s;
		b->crc = crc16(b->crc, p, got);
		p += got;
		n -= got;
	}
	return OV_OK;
}

static ov_status check_sum(struct binhex *b, const char *detail)
{
	const uint16_t want = b->crc;
	uint8_t sum[2];

	OV_TRY(take(b, sum, sizeof sum));
	if (want != (sum[0] << 8 | sum[1]))
		b->env->note(b->env->ctx, OV_BAD, OV_STR(""), detail);
	b->crc = 0;
	return OV_OK;
}

static ov_status read_header(struct binhex *b)
{
	uint8_t n, fields[1 + 4 + 4 + 2 + 4 + 4];
	struct ov_cur c = ov_cur_of(fields, sizeof fields);

	OV_TRY(take(b, &n, 1));
	if (n == 0 || n >= sizeof b->name)
		return OV_BAD;
	OV_TRY(take(b, b->name, n));
	OV_TRY(take(b, fields, sizeof fields));
	OV_TRY(ov_cur_skip(&c, 11));
	OV_TRY(ov_cur_u32be(&c, &b->size[0]));
	OV_TRY(ov_cur_u32be(&c, &b->size[1]));
	return check_sum(b, "the checksum of its header is wrong");
}

static ov_status open_binhex(const struct ov_fmt_env *env, void **state)
{
	static const char mark[] = "(This file must be converted with BinHex";
	const struct ov_decoder_params params = { .max_memory = env->max_memory,
						  .plain_size = UINT64_MAX };
	struct binhex *b;
	struct ov_cur head;
	const uint8_t *at;
	struct ov_src src;
	uint64_t off;

	OV_TRY(ov_arena_new(env->arena, &b));
	b->env = env;
	OV_TRY(ov_src_view_upto(env->src, 0, LOOK, env->arena, &head));
	at = ov_cur_left(&head) == 0
		 ? NULL
		 : memmem(ov_cur_rest(&head), ov_cur_left(&head), mark, sizeof mark - 1);
	if (at == NULL)
		return OV_BAD;
	off = (uint64_t)(at - ov_cur_rest(&head)) + sizeof mark - 1;
	/* the mark's own line may hold a ':' only by malice: then nothing decodes, and that is told
	 */
	OV_TRY(ov_src_slice(env->src, off, env->src->size - off, &src));
	OV_TRY(ov_decoder_open(OV_CODEC_BINHEX, &src, &params, env->arena, &b->decoder));
	OV_TRY(read_header(b));
	*state = b;
	return OV_OK;
}

/* Passes the rest of a fork and its checksum. */
static ov_status pass_fork(struct binhex *b)
{
	uint8_t block[512];
	uint64_t n = b->left;

	while (n > 0) {
		const size_t some = (size_t)ov_min_u64(n, sizeof block);

		OV_TRY(take(b, block, some));
		n -= some;
	}
	b->left = 0;
	return check_sum(b, "the checksum of a fork is wrong");
}

/* Behind the last checksum the text ends with ':'. */
static ov_status finish(struct binhex *b)
{
	uint8_t block[512];
	size_t got;
	ov_status s;

	OV_TRY(pass_fork(b));
	do {
		s = ov_decoder_read(b->decoder, block, sizeof block, &got);
	} while (s == OV_OK);
	b->is_over = true;
	return s;
}

static ov_status next_binhex(void *state, struct ov_child *out)
{
	struct binhex *b = state;
	struct ov_str name;

	for (;;) {
		if (b->is_over)
			return OV_END;
		if (b->forks == 2)
			return finish(b);
		if (b->forks == 1)
			OV_TRY(pass_fork(b));
		b->left = b->size[b->forks++];
		if (b->left > 0)
			break;
	}
	name = ov_str_of(b->name);
	if (b->forks == 2) {
		char *p;

		OV_TRY(ov_arena_alloc(b->env->arena, name.n + 8, (void **)&p));
		memcpy(p, name.p, name.n);
		memcpy(p + name.n, ".rsrc", 5);
		name = (struct ov_str){ .p = p, .n = name.n + 5 };
	}
	*out = (struct ov_child){ .kind = OV_CHILD_STREAM,
				  .name = name,
				  .size = b->left,
				  .packed = OV_SIZE_UNKNOWN,
				  .position = b->forks };
	return OV_OK;
}

static ov_status read_binhex(void *state, void *to, size_t n, size_t *got)
{
	struct binhex *b = state;
	ov_status s;

	*got = 0;
	if (b->left == 0)
		return OV_END;
	s = ov_decoder_read(b->decoder, to, (size_t)ov_min_u64(n, b->left), got);
	b->left -= *got;
	b->crc = crc16(b->crc, to, *got);
	return s == OV_END ? OV_SHORT : s;
}

static void close_binhex(void *state)
{
	struct binhex *b = state;

	ov_decoder_close(&b->decoder);
}

const struct ov_format ov_format_binhex = { "binhex", open_binhex, next_binhex, read_binhex,
					    close_binhex };
