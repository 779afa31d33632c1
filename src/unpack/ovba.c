/*
 * The compression of VBA sources, [MS-OVBA] 2.4.1: chunks of at most 4096 plain bytes, each a kind
 * of LZ77 of its own. Own code.
 *
 *   01 | chunk ...       chunk: size - 3 (12 bits), 011 (3), is compressed (1) | items or 4096
 * bytes eight items after a byte of flags, lowest first: 0 literal | 1 copy: offset and length in
 * 16 bits, whose border moves with the place in the chunk
 *
 * There is no end mark and no checksum: the container ends where no chunk can begin. Bytes after
 * its last chunk (VBA pads) are left unread.
 */
#include "decoder_int.h"

#include <string.h>

#include "checked.h"
#include "le.h"

#define CHUNK 4096u
#define PACKED_MAX (4095u + 3)

struct ovba {
	uint8_t packed[PACKED_MAX];
	uint8_t plain[CHUNK];
	uint32_t n, given;
	uint64_t chunks;
	ov_status end; /* of the chunk in hand: told after its bytes */
};

static ov_status open_ovba(struct ov_decoder *d)
{
	struct ovba *z;
	uint8_t signature;

	if (sizeof *z > d->params.max_memory)
		return OV_LIMIT;
	OV_TRY(ov_in_u8(&d->in, &signature));
	if (signature != 1)
		return OV_BAD;
	OV_TRY(ov_arena_new(d->arena, &z));
	d->own = z;
	return OV_OK;
}

/* Bits of a copy's offset at `at` plain bytes of the chunk, 2.4.1.3.19.1: 4 to 12. */
static unsigned offset_bits(uint32_t at)
{
	unsigned n = 4;

	while ((1u << n) < at)
		n++;
	return n;
}

/* One copy item. @return OV_OK; OV_BAD when it reaches before the chunk. */
static ov_status copy(struct ovba *z, uint16_t token)
{
	const unsigned bits = offset_bits(z->n);
	const uint32_t back = (uint32_t)(token >> (16 - bits)) + 1;
	uint32_t length = (token & (0xffffu >> bits)) + 3u;

	if (back > z->n)
		return OV_BAD;
	if (length > CHUNK - z->n)
		length = CHUNK - z->n; /* writers of old let the last one run over */
	for (; length > 0; length--, z->n++)
		z->plain[z->n] = z->plain[z->n - back];
	return OV_OK;
}

/* Plain bytes of a compressed chunk of `size` bytes; those before a fault stay. */
static ov_status expand(struct ovba *z, uint32_t size)
{
	uint32_t at = 0;

	while (at < size) {
		unsigned flags = z->packed[at++];

		for (unsigned i = 0; i < 8 && at < size; i++, flags >>= 1) {
			if (z->n == CHUNK)
				return OV_OK;
			if ((flags & 1) == 0) {
				z->plain[z->n++] = z->packed[at++];
				continue;
			}
			if (size - at < 2)
				return OV_BAD;
			OV_TRY(copy(z, ov_le16(z->packed + at)));
			at += 2;
		}
	}
	return OV_OK;
}

/* Takes up to n bytes of the input. *got tells how many there were. */
static ov_status take(struct ov_inflow *in, uint8_t *to, uint32_t n, uint32_t *got)
{
	for (*got = 0; *got < n;) {
		const ov_status s = ov_in_fill(in);
		const size_t some = ov_min_size(n - *got, in->left);

		if (s != OV_OK)
			return s == OV_END ? OV_OK : s;
		memcpy(to + *got, in->p, some);
		ov_in_take(in, some);
		*got += (uint32_t)some;
	}
	return OV_OK;
}

/* The next chunk into z->plain. @return OV_OK; OV_END; OV_IO. */
static ov_status next_chunk(struct ov_decoder *d, struct ovba *z)
{
	uint8_t head[2];
	uint32_t size, got;
	size_t peeked;

	OV_TRY(ov_in_peek(&d->in, head, 2, &peeked));
	if (peeked < 2 || (head[1] & 0x70) != 0x30)
		return z->chunks > 0 ? OV_END : OV_BAD;
	OV_TRY(ov_in_copy(&d->in, head, 2));
	size = (ov_le16(head) & 0x0fffu) + 1;
	if ((head[1] & 0x80) == 0)
		size = CHUNK; /* 2.4.1.3.3: plain chunks are whole, whatever they say */
	z->n = z->given = 0;
	z->chunks++;
	if ((head[1] & 0x80) == 0) {
		OV_TRY(take(&d->in, z->plain, size, &z->n));
		z->end = z->n < size ? OV_SHORT : OV_OK;
		return OV_OK;
	}
	OV_TRY(take(&d->in, z->packed, size, &got));
	z->end = expand(z, got);
	if (z->end == OV_OK && got < size)
		z->end = OV_SHORT;
	return OV_OK;
}

static ov_status read_ovba(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got)
{
	struct ovba *z = d->own;
	size_t some;

	*got = 0;
	if (z->given == z->n) {
		OV_TRY(z->end);
		OV_TRY(next_chunk(d, z));
	}
	some = ov_min_size(n, z->n - z->given);
	memcpy(to, z->plain + z->given, some);
	z->given += (uint32_t)some;
	*got = some;
	return OV_OK;
}

const struct ov_codec_row ov_codec_ovba = { open_ovba, read_ovba, NULL };
