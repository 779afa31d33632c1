/*
 * All codecs; the first byte chooses one, the second how its input comes. Claims: the plain bytes,
 * the end and the place of the end are the same whether bytes are asked for one by one or 4096 at a
 * time, from memory or from a read function; no call gives OV_OK without a byte; no more is
 * consumed than there is. An exception: liblz4, libbz2 and liblzma hand out bytes of a block
 * before they know that it is whole, and when they notice a fault depends on the room they are
 * given; so the amounts may then differ by bytes of the broken block.
 */
#include <stdlib.h>
#include <string.h>

#include "decoder.h"

#define MOST 40000 /* plain bytes compared */

struct outcome {
	uint8_t plain[MOST];
	size_t n;
	ov_status end;
	uint64_t consumed;
};

struct bytes {
	const uint8_t *p;
	size_t n;
};

static ov_status read_bytes(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct bytes *b = ctx;

	*got = 0;
	if (off >= b->n)
		return OV_OK;
	*got = n < b->n - off ? n : b->n - (size_t)off;
	*got -= *got / 2;
	memcpy(to, b->p + off, *got);
	return OV_OK;
}

static void decode(enum ov_codec c, unsigned how, struct bytes *b, bool by_callback, size_t chunk,
		   struct outcome *o)
{
	const struct ov_decoder_params params = { .max_memory = UINT64_C(32) << 20,
						  .plain_size = (how & 1) != 0 ? 1000 : UINT64_MAX,
						  .lzma_has_end_mark = (how & 2) != 0,
						  .zip_flags = (how & 4) != 0 ? 6 : 0 };
	struct ov_src src = ov_src_mem(b->p, b->n);
	struct ov_decoder *d = NULL;
	struct ov_arena a;

	if (by_callback)
		src = (struct ov_src){ .size = b->n, .read = read_bytes, .ctx = b };
	ov_arena_init(&a, (size_t)1 << 20);
	o->n = 0;
	o->consumed = 0;
	o->end = ov_decoder_open(c, &src, &params, &a, &d);
	while (o->end == OV_OK && o->n < MOST) {
		size_t got = 0;

		o->end = ov_decoder_read(d, o->plain + o->n,
					 chunk < MOST - o->n ? chunk : MOST - o->n, &got);
		if (o->end == OV_OK && (got == 0 || got > chunk))
			abort();
		if (o->end == OV_OK)
			o->n += got;
	}
	if (o->end == OV_BUG)
		abort();
	if (d != NULL)
		o->consumed = ov_decoder_consumed(d);
	if (o->consumed > b->n)
		abort();
	ov_decoder_close(&d);
	ov_arena_free(&a);
}

static bool notices_late(enum ov_codec c)
{
	return c == OV_CODEC_LZ4 || c == OV_CODEC_BZIP2 || c == OV_CODEC_XZ ||
	       c == OV_CODEC_LZMA_ALONE || c == OV_CODEC_LZMA_ZIP;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome one, many; /* too large for the stack */
	struct bytes b;
	enum ov_codec c;

	if (size < 2)
		return 0;
	b = (struct bytes){ data + 2, size - 2 };
	c = data[0] % OV_CODEC_COUNT;
	decode(c, data[1], &b, false, 4096, &many);
	decode(c, data[1], &b, true, 1, &one);
	if (memcmp(one.plain, many.plain, one.n < many.n ? one.n : many.n) != 0)
		abort();
	if (one.n != many.n && !(notices_late(c) && one.end == OV_BAD))
		abort();
	if (one.end != many.end)
		abort();
	if (one.end == OV_END && one.consumed != many.consumed)
		abort();
	return 0;
}
