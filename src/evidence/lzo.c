/*
 * LZO1X: an instruction is a byte, which tells by its high bits how a distance and a length are
 * written. Up to three literal bytes follow each copy; how many there were (0, 1 to 3, or more)
 * changes what the smallest instructions mean. lzo.h names the document. Debian's own library for
 * this has another licence.
 */
#include "lzo.h"

#include <string.h>

struct lzo {
	struct ov_cur in;
	uint8_t *to;
	size_t max, n;
	unsigned literals; /* after the last instruction; 4: more than three */
};

struct copy { /* from what was written */
	size_t distance, length;
};

static ov_status put_literals(struct lzo *z, size_t n)
{
	if (n > z->max - z->n)
		return OV_BAD;
	OV_TRY(ov_cur_copy(&z->in, z->to + z->n, n));
	z->n += n;
	return OV_OK;
}

static ov_status put_copy(struct lzo *z, struct copy c)
{
	if (c.distance > z->n || c.length > z->max - z->n)
		return OV_BAD;
	for (size_t i = 0; i < c.length; i++, z->n++)
		z->to[z->n] = z->to[z->n - c.distance]; /* may overlap what it writes */
	return OV_OK;
}

/* The low bits of the instruction; all zero: bytes of zero count 255 each, and one more ends it. */
static ov_status take_length(struct lzo *z, uint8_t op, unsigned bits, size_t *out)
{
	const size_t mask = (1U << bits) - 1;
	size_t v = op & mask;
	uint8_t b = 0;

	if (v == 0) {
		for (v = mask; b == 0; v += b == 0 ? 255 : b) /* each turn takes a byte */
			OV_TRY(ov_cur_u8(&z->in, &b));
	}
	*out = v;
	return OV_OK;
}

/* 16 to 63: a distance of 14 bits, whose lowest two are the literals that follow. */
static ov_status far_copy(struct lzo *z, uint8_t op, struct copy *c)
{
	uint16_t d;

	OV_TRY(take_length(z, op, op < 32 ? 3 : 5, &c->length));
	OV_TRY(ov_cur_u16le(&z->in, &d));
	c->length += 2;
	z->literals = d & 3;
	c->distance = (size_t)(d >> 2) + 1;
	if (op >= 32)
		return OV_OK;
	c->distance += 16383 + ((size_t)(op & 8) << 11);
	return c->distance == 16384 ? OV_END : OV_OK;
}

/* 0 to 15 after literals, and 64 to 255. */
static ov_status near_copy(struct lzo *z, uint8_t op, struct copy *c)
{
	uint8_t high;

	OV_TRY(ov_cur_u8(&z->in, &high));
	if (op >= 64) {
		c->distance = ((size_t)high << 3) + (op >> 2 & 7) + 1;
		c->length = (size_t)(op >> 5) + 1;
	} else {
		c->distance = ((size_t)high << 2) + (op >> 2) + (z->literals == 4 ? 2049 : 1);
		c->length = z->literals == 4 ? 3 : 2;
	}
	z->literals = op & 3;
	return OV_OK;
}

/* The first byte may be literals only. */
static ov_status first(struct lzo *z)
{
	struct ov_cur ahead = z->in;
	uint8_t op;

	OV_TRY(ov_cur_u8(&ahead, &op));
	if (op < 18)
		return OV_OK;
	z->in = ahead;
	z->literals = op < 22 ? op - 17U : 4;
	return put_literals(z, op - 17U);
}

ov_status ov_lzo_read(struct ov_cur in, uint8_t *to, size_t max, size_t *n)
{
	struct lzo z = { .in = in, .to = to, .max = max };

	OV_TRY(first(&z));
	for (;;) { /* each turn takes a byte */
		struct copy c;
		ov_status st;
		uint8_t op;

		OV_TRY(ov_cur_u8(&z.in, &op));
		if (op < 16 && z.literals == 0) {
			OV_TRY(take_length(&z, op, 4, &c.length));
			OV_TRY(put_literals(&z, c.length + 3));
			z.literals = 4;
			continue;
		}
		st = op >= 16 && op < 64 ? far_copy(&z, op, &c) : near_copy(&z, op, &c);
		if (st == OV_END) {
			*n = z.n;
			return OV_OK;
		}
		OV_TRY(st);
		OV_TRY(put_copy(&z, c));
		OV_TRY(put_literals(&z, z.literals));
	}
}
