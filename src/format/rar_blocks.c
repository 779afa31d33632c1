/*
 * Blocks of RAR archives, as unrar's technote.txt (1.5 to 4) and "RAR 5.0 archive format" of
 * rarlab.com describe them.
 *
 *   4: sum (2) | type (1) | flags (2) | size (2) | ... ; with flag 8000: bytes that follow (4)
 *      the sum: low half of the CRC-32 of what is behind it
 *   5: sum (4) | size | type | flags | extra size (flag 1) | bytes that follow (flag 2) | ...
 *      numbers of 7 bits a byte, the low ones first; the sum: CRC-32 of what is behind it
 */
#include "rar_blocks.h"

#include <zlib.h>

#include "checked.h"
#include "window.h"

#define HEADER_MAX ((size_t)64 * 1024)

enum type4 { MAIN4 = 0x73, FILE4 = 0x74, END4 = 0x7b };
enum type5 { MAIN5 = 1, FILE5 = 2, LOCK5 = 4, END5 = 5 };

#define LOCKED4 0x80u	   /* in the main block: headers are encrypted */
#define SPLIT4 0x03u	   /* a file that goes on in another volume    */
#define LOCKED_FILE4 0x04u /* encrypted                                */
#define BIG4 0x100u	   /* high halves of sizes                     */
#define DATA4 0x8000u

struct ov_rar {
	const struct ov_fmt_env *env;
	struct ov_window win;
	uint64_t at;
	bool is_5, is_over; /* nothing more can be told */
	bool has_crc;
	uint32_t crc; /* of the member in hand */
};

struct block {
	uint64_t type, flags, next;
	bool is_end, is_file, is_locked, has_crc;
	uint32_t crc;
};

ov_status ov_rar_open(const struct ov_fmt_env *env, struct ov_rar **out)
{
	struct ov_rar *r;
	struct ov_cur c;

	*out = NULL;
	OV_TRY(ov_arena_new(env->arena, &r));
	r->env = env;
	OV_TRY(ov_window_init(&r->win, env->src, env->arena));
	OV_TRY(ov_window_upto(&r->win, 0, 8, &c));
	if (ov_cur_looking_at(&c, "Rar!\x1a\x07\x00", 7)) {
		r->at = 7;
	} else if (ov_cur_looking_at(&c, "Rar!\x1a\x07\x01\x00", 8)) {
		r->at = 8;
		r->is_5 = true;
	} else {
		return OV_OK;
	}
	*out = r;
	return OV_OK;
}

static void note(struct ov_rar *r, ov_status why, const char *detail)
{
	r->env->note(r->env->ctx, why, OV_STR(""), detail);
}

/* Moves behind what follows a header. */
static ov_status go_on(const struct ov_rar *r, uint64_t header_end, uint64_t data, struct block *b)
{
	if (header_end > r->env->src->size || data > r->env->src->size - header_end)
		return OV_SHORT;
	b->next = header_end + data;
	return OV_OK;
}

static ov_status read_4(struct ov_rar *r, struct block *b)
{
	struct ov_cur c, all, body;
	uint16_t sum, size;
	uint64_t data = 0;

	OV_TRY(ov_window_upto(&r->win, r->at, HEADER_MAX, &c));
	OV_TRY(ov_cur_u16le(&c, &sum));
	all = c;
	b->type = ov_cur_soft_u8(&c);
	b->flags = ov_cur_soft_u16le(&c);
	size = ov_cur_soft_u16le(&c);
	OV_TRY(ov_cur_status(&c));
	if (size < 7)
		return OV_BAD;
	OV_TRY(ov_cur_take(&all, size - 2u, &body));
	if ((crc32(0, body.base, (uInt)body.len) & 0xffff) != sum)
		return OV_BAD;
	c = body;
	ov_cur_soft_skip(&c, 5);
	b->is_file = b->type == FILE4;
	b->is_end = b->type == END4;
	b->is_locked = b->type == MAIN4 && (b->flags & LOCKED4) != 0;
	if ((b->flags & DATA4) != 0 || b->is_file)
		data = ov_cur_soft_u32le(&c);
	if (b->is_file) { /* plain size, system | CRC | time, version, method, name, mode | high */
		ov_cur_soft_skip(&c, 5);
		b->crc = ov_cur_soft_u32le(&c);
		ov_cur_soft_skip(&c, 4 + 1 + 1 + 2 + 4);
		if ((b->flags & BIG4) != 0)
			data |= (uint64_t)ov_cur_soft_u32le(&c) << 32;
		b->has_crc = (b->flags & (SPLIT4 | LOCKED_FILE4)) == 0;
	}
	OV_TRY(ov_cur_status(&c));
	return go_on(r, r->at + size, data, b);
}

/* Seven bits a byte, at most ten bytes. */
static uint64_t soft_vint(struct ov_cur *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const uint8_t b = ov_cur_soft_u8(c);

		v |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			break;
	}
	return v;
}

/* The CRC-32 of a file's bytes, where it is told. */
static void read_file_5(struct ov_cur c, struct block *b)
{
	const uint64_t flags = soft_vint(&c);

	(void)soft_vint(&c); /* plain size */
	(void)soft_vint(&c); /* attributes */
	if ((flags & 2) != 0)
		(void)ov_cur_soft_u32le(&c);		/* time */
	if ((flags & 4) == 0 || (b->flags & 0x18) != 0) /* split over volumes */
		return;
	b->crc = ov_cur_soft_u32le(&c);
	b->has_crc = ov_cur_status(&c) == OV_OK;
}

static ov_status read_5(struct ov_rar *r, struct block *b)
{
	struct ov_cur c, body;
	uint64_t data = 0, size;
	uint32_t sum;
	size_t before;

	OV_TRY(ov_window_upto(&r->win, r->at, HEADER_MAX, &c));
	OV_TRY(ov_cur_u32le(&c, &sum));
	before = c.pos;
	size = soft_vint(&c);
	OV_TRY(ov_cur_status(&c));
	if (size > UINT32_MAX)
		return OV_BAD;
	OV_TRY(ov_cur_sub(&c, before, c.pos - before + size, &body));
	if (crc32(0, body.base, (uInt)body.len) != sum)
		return OV_BAD;
	b->type = soft_vint(&c);
	b->flags = soft_vint(&c);
	if ((b->flags & 1) != 0)
		(void)soft_vint(&c); /* of the extra area, at the header's end */
	if ((b->flags & 2) != 0)
		data = soft_vint(&c);
	OV_TRY(ov_cur_status(&c));
	b->is_file = b->type == FILE5;
	b->is_end = b->type == END5;
	b->is_locked = b->type == LOCK5;
	if (b->is_file)
		read_file_5(c, b);
	return go_on(r, r->at + before + body.len, data, b);
}

/*
 * The next block. @return OV_END behind the last one. RAR wrote no end block before its version 3:
 * an archive of that kind may end between two blocks.
 */
static ov_status next_block(struct ov_rar *r, struct block *b)
{
	ov_status s;

	*b = (struct block){ .type = 0 };
	if (r->is_over)
		return OV_END;
	if (r->at >= r->env->src->size) {
		r->is_over = true;
		if (r->is_5)
			note(r, OV_SHORT, "it has no end: members may be missing");
		return OV_END;
	}
	s = r->is_5 ? read_5(r, b) : read_4(r, b);
	r->is_over = s != OV_OK || b->is_end || b->is_locked;
	if (s == OV_BAD || s == OV_SHORT)
		note(r, s, "a block of it is broken: members may be missing");
	r->at = b->next;
	return s == OV_BAD || s == OV_SHORT || r->is_over ? OV_END : s;
}

static ov_status next_file(struct ov_rar *r)
{
	struct block b;

	r->has_crc = false;
	do {
		OV_TRY(next_block(r, &b)); /* each turn moves on by 7 bytes at least */
	} while (!b.is_file);
	r->has_crc = b.has_crc;
	r->crc = b.crc;
	return OV_OK;
}

ov_status ov_rar_next(struct ov_rar *r)
{
	const ov_status s = next_file(r);

	return s == OV_END ? OV_OK : s;
}

void ov_rar_check(struct ov_rar *r, uint32_t crc, struct ov_str name)
{
	if (r->has_crc && crc != r->crc)
		r->env->note(r->env->ctx, OV_BAD, name, "its CRC-32 does not match");
	r->has_crc = false;
}

ov_status ov_rar_finish(struct ov_rar *r)
{
	ov_status s;

	do {
		s = next_file(r);
		if (s == OV_OK)
			note(r, OV_BAD, "a member was not met while unpacking");
	} while (s == OV_OK);
	return s;
}
