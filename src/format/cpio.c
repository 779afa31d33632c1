/*
 * cpio archives: old binary in both byte orders, odc (POSIX.1-1988), newc and its kind with sums
 * (SVR4). Every member with bytes is a slice, whatever its mode says: links too, whose bytes are
 * the name that they lead to.
 *
 *   binary 26: magic dev ino mode uid gid nlink rdev | mtime (2) | namesize | filesize (2), words
 *   odc    76: magic dev ino mode uid gid nlink rdev (6 each) | mtime 11 | namesize 6 | filesize 11
 *   newc  110: magic 6 | ino mode uid gid nlink mtime filesize major minor rmajor rminor namesize
 *              check (8 each, hexadecimal)
 *
 * Name and data follow, padded to 2 bytes (binary) or 4 (newc). "TRAILER!!!" ends the archive;
 * behind it stands padding, the next archive (as in a kernel's initramfs), or a part of its own.
 */
#include "formats.h"

#include <string.h>

#include "checked.h"
#include "text.h"
#include "window.h"

#define HEADER_MAX 110
#define NAME_MAX_BYTES 4096

enum kind { BINARY_LE, BINARY_BE, ODC, NEWC, CRC };

struct cpio {
	const struct ov_fmt_env *env;
	struct ov_window win;
	uint64_t at, position;
	bool is_behind; /* the trailer was met */
	struct ov_arena_mark mark;
};

struct header {
	enum kind kind;
	uint64_t size, name_at, name_n, body, next;
	uint32_t sum;
};

static ov_status open_cpio(const struct ov_fmt_env *env, void **state)
{
	struct cpio *f;

	OV_TRY(ov_arena_new(env->arena, &f));
	f->env = env;
	OV_TRY(ov_window_init(&f->win, env->src, env->arena));
	f->mark = ov_arena_mark(env->arena);
	*state = f;
	return OV_OK;
}

/* Digits of base 8 or 16, all of them. */
static ov_status take_number(struct ov_cur *c, size_t n, unsigned base, uint64_t *out)
{
	struct ov_cur field;
	uint64_t v = 0;

	OV_TRY(ov_cur_take(c, n, &field)); /* at most 11 digits: no overflow */
	for (size_t i = 0; i < n; i++) {
		const int d = ov_hex_digit((char)field.base[i]);

		if (d < 0 || (unsigned)d >= base)
			return OV_BAD;
		v = v * base + (unsigned)d;
	}
	*out = v;
	return OV_OK;
}

static uint64_t word(struct ov_cur *c, bool is_le)
{
	return is_le ? ov_cur_soft_u16le(c) : ov_cur_soft_u16be(c);
}

/* Sizes of old binary headers are two words, the high one first, in either order of bytes. */
static ov_status read_binary(struct ov_cur *c, struct header *h)
{
	const bool is_le = h->kind == BINARY_LE;

	ov_cur_soft_skip(c, 18);
	h->name_n = word(c, is_le);
	h->size = word(c, is_le) << 16;
	h->size |= word(c, is_le);
	return ov_cur_status(c);
}

static ov_status read_text(struct ov_cur *c, struct header *h)
{
	uint64_t sum = 0, v;

	if (h->kind == ODC) {
		for (unsigned i = 0; i < 7; i++)
			OV_TRY(take_number(c, 6, 8, &v));
		OV_TRY(take_number(c, 11, 8, &v));
		OV_TRY(take_number(c, 6, 8, &h->name_n));
		return take_number(c, 11, 8, &h->size);
	}
	for (unsigned i = 0; i < 6; i++)
		OV_TRY(take_number(c, 8, 16, &v));
	OV_TRY(take_number(c, 8, 16, &h->size));
	for (unsigned i = 0; i < 4; i++)
		OV_TRY(take_number(c, 8, 16, &v));
	OV_TRY(take_number(c, 8, 16, &h->name_n));
	OV_TRY(take_number(c, 8, 16, &sum));
	h->sum = (uint32_t)sum;
	return OV_OK;
}

static bool magic(struct ov_cur *c, enum kind *kind)
{
	static const struct {
		const char *text;
		size_t n;
		enum kind kind;
	} rows[] = { { "\xc7\x71", 2, BINARY_LE },
		     { "\x71\xc7", 2, BINARY_BE },
		     { "070707", 6, ODC },
		     { "070701", 6, NEWC },
		     { "070702", 6, CRC } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (ov_cur_looking_at(c, rows[i].text, rows[i].n)) {
			ov_cur_soft_skip(c, rows[i].n);
			*kind = rows[i].kind;
			return true;
		}
	return false;
}

static uint64_t padded(uint64_t n, enum kind kind)
{
	const uint64_t to = kind == NEWC || kind == CRC ? 4 : kind == ODC ? 1 : 2;

	return n + (to - n % to) % to; /* n is below 2^37 and an offset in the file */
}

/* @return OV_OK; OV_BAD: no header stands there; OV_SHORT: it is cut. */
static ov_status read_header(struct cpio *f, struct header *h)
{
	static const size_t length[] = { 26, 26, 76, 110, 110 };
	struct ov_cur c;

	OV_TRY(ov_window_upto(&f->win, f->at, HEADER_MAX, &c));
	if (ov_cur_looking_at(&c, "07070X", 6))
		return OV_UNSUPPORTED; /* rpm's own: sizes stand in the package's header */
	if (!magic(&c, &h->kind))
		return OV_BAD;
	OV_TRY(h->kind == BINARY_LE || h->kind == BINARY_BE ? read_binary(&c, h)
							    : read_text(&c, h));
	if (h->name_n == 0)
		return OV_BAD;
	h->name_at = f->at + length[h->kind];
	h->body = h->kind == NEWC || h->kind == CRC
		      ? f->at + padded(length[h->kind] + h->name_n, h->kind)
		      : h->name_at + padded(h->name_n, h->kind);
	h->next = h->body + padded(h->size, h->kind);
	return h->body <= f->env->src->size ? OV_OK : OV_SHORT;
}

static ov_status read_name(struct cpio *f, const struct header *h, struct ov_str *out)
{
	struct ov_cur c;
	size_t n = (size_t)ov_min_u64(h->name_n, NAME_MAX_BYTES);

	OV_TRY(ov_window_get(&f->win, h->name_at, n, &c));
	n = strnlen((const char *)c.base, n);
	if (n + 1 != h->name_n && h->name_n <= NAME_MAX_BYTES)
		f->env->note(f->env->ctx, OV_BAD,
			     (struct ov_str){ .p = (const char *)c.base, .n = n },
			     "its name is not as long as the header tells");
	return ov_arena_str(f->env->arena, (struct ov_str){ .p = (const char *)c.base, .n = n },
			    out);
}

/* "070702": the sum of all bytes. */
static ov_status check_sum(struct cpio *f, const struct header *h, struct ov_str name, uint64_t n)
{
	uint64_t done = 0;
	uint32_t sum = 0;

	while (done < n) {
		struct ov_cur c;
		size_t some;

		OV_TRY(ov_window_some(&f->win, h->body + done, 1, &c));
		some = (size_t)ov_min_u64(ov_cur_left(&c), n - done);
		if (some == 0 || ov_fmt_is_late(f->env))
			break;
		for (size_t i = 0; i < some; i++)
			sum += c.base[i];
		done += some;
	}
	if (done < n)
		f->env->note(f->env->ctx, OV_LIMIT, name, "its sum could not be checked");
	else if (sum != h->sum)
		f->env->note(f->env->ctx, OV_BAD, name, "its sum does not match");
	return OV_OK;
}

/* Behind the trailer: @return OV_OK when something but padding stands at f->at. */
static ov_status find_rest(struct cpio *f)
{
	const uint64_t size = f->env->src->size;

	while (f->at < size) {
		struct ov_cur c;
		size_t i = 0;

		OV_TRY(ov_window_some(&f->win, f->at, 1, &c));
		while (i < ov_cur_left(&c) && ov_cur_rest(&c)[i] == 0)
			i++;
		f->at += i;
		if (i < ov_cur_left(&c))
			return OV_OK;
		if (i == 0)
			return OV_END; /* the file shrank */
	}
	return OV_END;
}

static void give(struct cpio *f, struct ov_child *out, struct ov_str name, uint64_t off, uint64_t n)
{
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = name,
				  .off = off,
				  .size = n,
				  .packed = n,
				  .position = f->position };
}

/* What follows is no archive, and nothing of this one. */
static ov_status give_rest(struct cpio *f, struct ov_child *out)
{
	const uint64_t off = f->at;

	f->at = f->env->src->size;
	f->position++;
	give(f, out, OV_STR("behind the archive"), off, f->at - off);
	return OV_OK;
}

static ov_status next_cpio(void *state, struct ov_child *out)
{
	struct cpio *f = state;
	const uint64_t size = f->env->src->size;

	for (;;) {
		struct header h = { .size = 0 };
		struct ov_str name;
		ov_status s;
		uint64_t n;

		ov_arena_release(f->env->arena, f->mark);
		if (f->is_behind)
			OV_TRY(find_rest(f));
		if (f->at >= size)
			return OV_SHORT; /* without a trailer */
		s = read_header(f, &h);
		if (s == OV_BAD && f->is_behind)
			return give_rest(f, out);
		OV_TRY(s);
		f->position++;
		OV_TRY(read_name(f, &h, &name));
		f->is_behind = h.size == 0 && ov_str_is(name, "TRAILER!!!");
		n = ov_min_u64(h.size, size - h.body);
		f->at = ov_min_u64(h.next, size);
		if (n < h.size)
			f->env->note(f->env->ctx, OV_SHORT, name,
				     "goes beyond the end of the archive");
		else if (h.kind == CRC)
			OV_TRY(check_sum(f, &h, name, n));
		if (n == 0)
			continue;
		give(f, out, name, h.body, n);
		return OV_OK;
	}
}

const struct ov_format ov_format_cpio = { "cpio", open_cpio, next_cpio, NULL, NULL };
