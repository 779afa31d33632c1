/*
 * LZW as in PDF, ISO 32000-1 7.4.4: codes of 9 to 12 bits, highest bit first; 256 clears the table,
 * 257 ends. Codes grow one entry early, unless params.lzw_is_late. Own code.
 */
#include "decoder_int.h"

#define CLEAR 256u
#define STOP 257u
#define CODES 4096u

struct pdf_lzw {
	uint32_t hold;
	unsigned nbits, width;
	uint32_t next; /* the code that the next entry gets                           */
	uint32_t last; /* the code before, CODES after a clear                        */
	uint8_t first; /* first byte of the string before                             */
	uint32_t nstack;
	uint16_t prefix[CODES]; /* always a smaller code than its own index, so strings end */
	uint8_t suffix[CODES];
	uint8_t stack[CODES + 1];
};

static void clear(struct pdf_lzw *z)
{
	z->width = 9;
	z->next = STOP + 1;
	z->last = CODES;
}

static ov_status open_lzw(struct ov_decoder *d)
{
	struct pdf_lzw *z;

	if (sizeof *z > d->params.max_memory)
		return OV_LIMIT;
	OV_TRY(ov_arena_new(d->arena, &z));
	for (unsigned i = 0; i < 256; i++)
		z->suffix[i] = (uint8_t)i;
	clear(z);
	d->own = z;
	return OV_OK;
}

/* @return OV_END when the input is used up: writers leave the end mark out. */
static ov_status take_code(struct ov_decoder *d, struct pdf_lzw *z, uint32_t *out)
{
	while (z->nbits < z->width) {
		uint8_t b;

		OV_TRY(ov_in_fill(&d->in));
		OV_TRY(ov_in_u8(&d->in, &b));
		z->hold = z->hold << 8 | b;
		z->nbits += 8;
	}
	z->nbits -= z->width;
	*out = z->hold >> z->nbits & ((1u << z->width) - 1);
	return OV_OK;
}

/* The string of a code onto the stack, last byte first; the table grows. */
static ov_status expand(struct pdf_lzw *z, uint32_t code, bool is_late)
{
	uint32_t at = code;

	if (code >= z->next && (code > z->next || z->last == CODES))
		return OV_BAD;
	if (code == z->next) { /* its own string is the one before and its first byte again */
		z->stack[z->nstack++] = z->first;
		at = z->last;
	}
	while (at > STOP) {
		z->stack[z->nstack++] = z->suffix[at];
		at = z->prefix[at];
	}
	z->first = (uint8_t)at;
	z->stack[z->nstack++] = z->first;
	if (z->last != CODES && z->next < CODES) {
		z->prefix[z->next] = (uint16_t)z->last;
		z->suffix[z->next++] = z->first;
	}
	z->last = code;
	while (z->width < 12 && z->next + (is_late ? 0 : 1) >= 1u << z->width)
		z->width++;
	return OV_OK;
}

static ov_status read_lzw(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct pdf_lzw *z = d->own;

	for (*got = 0; *got < n;) {
		uint32_t code;

		if (z->nstack > 0) {
			to[(*got)++] = z->stack[--z->nstack];
			continue;
		}
		OV_TRY(take_code(d, z, &code));
		if (code == STOP)
			return OV_END;
		if (code == CLEAR)
			clear(z);
		else
			OV_TRY(expand(z, code, d->params.lzw_is_late));
	}
	return OV_OK;
}

const struct ov_codec_row ov_codec_lzw = { open_lzw, read_lzw, NULL };
