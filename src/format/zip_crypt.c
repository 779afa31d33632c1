/*
 * ZIP's traditional encryption (PKWARE APPNOTE 6.1): a stream cipher of three words that each plain
 * byte moves on. Weak, and still what most locked ZIP files use.
 */
#include "zip_crypt.h"

#include <zlib.h>

#include "checked.h"

static uint32_t crc_step(uint32_t crc, uint8_t b)
{
	return crc >> 8 ^ (uint32_t)get_crc_table()[(crc ^ b) & 0xff];
}

static void move_on(struct ov_zip_keys *k, uint8_t plain)
{
	k->k[0] = crc_step(k->k[0], plain);
	k->k[1] = (k->k[1] + (k->k[0] & 0xff)) * UINT32_C(134775813) + 1;
	k->k[2] = crc_step(k->k[2], (uint8_t)(k->k[1] >> 24));
}

static void decrypt(struct ov_zip_keys *k, uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t t = (k->k[2] | 2) & 0xffff;

		p[i] ^= (uint8_t)(t * (t ^ 1) >> 8);
		move_on(k, p[i]);
	}
}

ov_status ov_zip_try_password(const struct ov_src *member, const struct ov_zip_entry *e,
			      struct ov_str password, struct ov_zip_keys *out)
{
	struct ov_zip_keys k = { .k = { 0x12345678, 0x23456789, 0x34567890 } };
	uint8_t head[OV_ZIP_CRYPT_HEAD], last;

	OV_TRY(ov_src_read(member, 0, head, sizeof head));
	for (size_t i = 0; i < password.n; i++)
		move_on(&k, (uint8_t)password.p[i]);
	decrypt(&k, head, sizeof head);
	/* The CRC's high byte; where the CRC follows the data, the time's. */
	last = (uint8_t)((e->flags & OV_ZIP_DESCRIPTOR) != 0 ? e->time >> 8 : e->crc >> 24);
	if (head[OV_ZIP_CRYPT_HEAD - 1] != last)
		return OV_END;
	*out = k;
	return OV_OK;
}

struct cipher {
	struct ov_src in;
	struct ov_zip_keys start, now;
	uint64_t at; /* of the next byte */
};

static ov_status read_cipher(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	struct cipher *c = ctx;

	if (off < c->at) {
		c->now = c->start;
		c->at = 0;
	}
	for (;;) {
		const size_t want =
		    off > c->at ? (size_t)ov_min_u64(n, off - c->at) : n; /* skipped, or wanted */
		const bool is_wanted = off == c->at;

		OV_TRY(ov_src_read_upto(&c->in, c->at, to, want, got));
		decrypt(&c->now, to, *got);
		c->at += *got;
		if (is_wanted || *got == 0)
			return OV_OK;
	}
}

ov_status ov_zip_decrypt(const struct ov_src *member, const struct ov_zip_keys *keys,
			 struct ov_arena *a, struct ov_src *out)
{
	struct cipher *c;

	if (member->size < OV_ZIP_CRYPT_HEAD)
		return OV_SHORT;
	OV_TRY(ov_arena_new(a, &c));
	c->start = c->now = *keys;
	OV_TRY(ov_src_slice(member, OV_ZIP_CRYPT_HEAD, member->size - OV_ZIP_CRYPT_HEAD, &c->in));
	*out = (struct ov_src){ .size = c->in.size, .read = read_cipher, .ctx = c };
	return OV_OK;
}
