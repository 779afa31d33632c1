/*
 * Microsoft's COMPRESS.EXE ("SZDD", files named like SETUP.EX_): LZSS with a window of 4096 bytes.
 * Own code; the format is known from expand.exe's behaviour only (Microsoft never published it).
 *
 *   53 5a 44 44 88 f0 27 33 | 'A' | last letter of the name | plain size (4) | items
 *   eight items after a byte of flags, lowest first: 1 literal | 0 position low 8, position high 4
 * : length - 3
 */
#include "decoder_int.h"

#include <string.h>

#include "le.h"

#define RING 4096u

struct szdd {
	uint8_t ring[RING];
	uint32_t at;	       /* in the ring                          */
	uint32_t from, length; /* what is left of a match              */
	unsigned flags, nflags;
	uint64_t made, size;
};

static ov_status open_szdd(struct ov_decoder *d)
{
	static const uint8_t magic[8] = { 'S', 'Z', 'D', 'D', 0x88, 0xf0, 0x27, 0x33 };
	struct szdd *z;
	uint8_t head[14];

	if (sizeof *z > d->params.max_memory)
		return OV_LIMIT;
	OV_TRY(ov_in_copy(&d->in, head, sizeof head));
	if (memcmp(head, magic, sizeof magic) != 0)
		return OV_BAD;
	if (head[8] != 'A')
		return OV_UNSUPPORTED;
	OV_TRY(ov_arena_new(d->arena, &z));
	memset(z->ring, ' ', sizeof z->ring);
	z->at = RING - 16;
	z->size = ov_le32(head + 10);
	d->own = z;
	return OV_OK;
}

/*
 * The next literal into *out, or a match begun (z->length > 0 then). The input's end between items
 * is the end.
 */
static ov_status read_item(struct ov_inflow *in, struct szdd *z, uint8_t *out)
{
	uint8_t b[2];
	bool is_literal;

	if (z->nflags == 0) {
		OV_TRY(ov_in_fill(in));
		OV_TRY(ov_in_u8(in, b));
		z->flags = b[0];
		z->nflags = 8;
	}
	OV_TRY(ov_in_fill(in)); /* the last flags need not all have items */
	is_literal = (z->flags & 1) != 0;
	z->flags >>= 1;
	z->nflags--;
	if (is_literal)
		return ov_in_u8(in, out);
	OV_TRY(ov_in_copy(in, b, 2));
	z->from = b[0] | (b[1] & 0xf0u) << 4;
	z->length = (b[1] & 0x0fu) + 3;
	return OV_OK;
}

/* The input is used up: has it given what the header told? */
static ov_status at_end(const struct szdd *z)
{
	if (z->made == z->size)
		return OV_END;
	return z->made < z->size ? OV_SHORT : OV_BAD;
}

static ov_status read_szdd(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct szdd *z = d->own;

	for (*got = 0; *got < n;) {
		uint8_t b = 0;

		if (z->length == 0) {
			const ov_status s = read_item(&d->in, z, &b);

			if (s != OV_OK)
				return s == OV_END ? at_end(z) : s;
		}
		if (z->length > 0) {
			z->length--;
			b = z->ring[z->from];
			z->from = (z->from + 1) % RING;
		}
		z->ring[z->at] = b;
		z->at = (z->at + 1) % RING;
		z->made++;
		to[(*got)++] = b;
	}
	return OV_OK;
}

const struct ov_codec_row ov_codec_szdd = { open_szdd, read_szdd, NULL };
