/*
 * Unix compress (.Z): LZW with codes of 9 to 16 bits. Own code, after the behaviour of
 * ncompress 4.2, which is the format's only definition.
 *
 *   1f 9d | flags: bits 0-4 most bits of a code, bit 7 code 256 clears the table | codes, lowest
 * bit first
 *
 * Codes are written in groups of eight; when their width changes, or the table is cleared, the rest
 * of the group is padding. There is no end mark and no checksum: a cut file can't be told from a
 * whole one.
 */
#include "decoder_int.h"

#include <string.h>

#include "checked.h"

#define CLEAR 256
#define CODES ((uint32_t)1 << 16)

struct lzw {
	uint64_t hold;
	unsigned nbits;	      /* bits in `hold`                                             */
	unsigned width, most; /* bits of a code: now, at most by the header                 */
	unsigned in_group;    /* codes taken since the last group border, 0..7              */
	uint32_t next;	      /* the code that the next entry gets                          */
	uint32_t last;	      /* the code before, CODES at the start                        */
	bool can_clear;
	uint8_t first;		/* first byte of the string before                            */
	uint32_t nstack;	/* bytes of the current string, last one first                */
	uint16_t prefix[CODES]; /* always a smaller code than its own index, so strings end   */
	uint8_t suffix[CODES];
	uint8_t stack[CODES + 1];
};

static ov_status open_compress(struct ov_decoder *d)
{
	struct lzw *z;
	uint8_t head[3];

	if (sizeof *z > d->params.max_memory)
		return OV_LIMIT;
	OV_TRY(ov_in_copy(&d->in, head, sizeof head));
	if (head[0] != 0x1f || head[1] != 0x9d)
		return OV_BAD;
	if ((head[2] & 0x60) != 0 || (head[2] & 31) > 16)
		return OV_UNSUPPORTED;
	if ((head[2] & 31) < 9)
		return OV_BAD;
	OV_TRY(ov_arena_new(d->arena, &z));
	z->most = head[2] & 31;
	z->can_clear = (head[2] & 0x80) != 0;
	z->width = 9;
	z->next = z->can_clear ? CLEAR + 1 : CLEAR;
	z->last = CODES;
	for (unsigned i = 0; i < 256; i++)
		z->suffix[i] = (uint8_t)i;
	d->own = z;
	return OV_OK;
}

/* @return OV_END when fewer bits than a code are left. */
static ov_status take_code(struct ov_inflow *in, struct lzw *z, uint32_t *out)
{
	while (z->nbits < z->width) {
		OV_TRY(ov_in_fill(in));
		z->hold |= (uint64_t)*in->p << z->nbits;
		z->nbits += 8;
		ov_in_take(in, 1);
	}
	*out = (uint32_t)(z->hold & ((UINT64_C(1) << z->width) - 1));
	z->hold >>= z->width;
	z->nbits -= z->width;
	z->in_group = (z->in_group + 1) % 8;
	return OV_OK;
}

/* Passes the rest of a group of eight codes. */
static ov_status leave_group(struct ov_inflow *in, struct lzw *z)
{
	uint32_t skipped;

	while (z->in_group != 0)
		OV_TRY(take_code(in, z, &skipped));
	return OV_OK;
}

/* Unrolls a code's string onto the stack, last byte first. */
static ov_status unroll(struct lzw *z, uint32_t code)
{
	uint32_t at = code;

	if (code >= z->next) { /* not yet in the table: the string before and its own first byte */
		if (code > z->next || z->last == CODES)
			return OV_BAD;
		z->stack[z->nstack++] = z->first;
		at = z->last;
	}
	while (at >= 256) {
		if (z->nstack >= CODES || z->prefix[at] >= at)
			return OV_BUG;
		z->stack[z->nstack++] = z->suffix[at];
		at = z->prefix[at];
	}
	z->first = (uint8_t)at;
	z->stack[z->nstack++] = z->first;
	return OV_OK;
}

static ov_status next_string(struct ov_inflow *in, struct lzw *z)
{
	/* A file of 9-bit codes still goes to 10 once its table is full: an accident of the first
	 * program that all later ones share. */
	const unsigned widest = z->most > 9 ? z->most : 10;
	uint32_t code;

	if (z->next > (UINT32_C(1) << z->width) - 1 && z->width < widest) {
		OV_TRY(leave_group(in, z));
		z->width++;
	}
	OV_TRY(take_code(in, z, &code));
	if (code == CLEAR && z->can_clear) {
		OV_TRY(leave_group(in, z));
		z->width = 9;
		z->next = CLEAR; /* the next string's entry falls on 256, which is never used */
		return OV_OK;
	}
	if (z->last == CODES && code >= 256)
		return OV_BAD;
	OV_TRY(unroll(z, code));
	if (z->last != CODES && z->next < UINT32_C(1) << z->most) {
		z->prefix[z->next] = (uint16_t)z->last;
		z->suffix[z->next] = z->first;
		z->next++;
	}
	z->last = code;
	return OV_OK;
}

static ov_status read_compress(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct lzw *z = d->own;

	for (*got = 0; *got < n;) {
		if (z->nstack == 0) {
			OV_TRY(next_string(&d->in, z));
			continue;
		}
		while (z->nstack > 0 && *got < n)
			to[(*got)++] = z->stack[--z->nstack];
	}
	return OV_OK;
}

const struct ov_codec_row ov_codec_compress = { open_compress, read_compress, NULL };
