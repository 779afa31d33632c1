/*
 * The cursor and the bit readers, driven by a small program in the input. Claims: pos never passes
 * len; a failed read moves nothing; views lie inside what they were taken from; bits read in pieces
 * equal bits read one by one.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "bits.h"
#include "cursor.h"

static void claim(bool true_)
{
	if (!true_)
		abort();
}

static void check_view(const struct ov_cur *whole, const struct ov_cur *view)
{
	claim(view->pos == 0 && view->len <= whole->len);
	claim(view->len == 0 ||
	      (view->base >= whole->base && view->base + view->len <= whole->base + whole->len));
}

/* One operation on `c`; true when it said OV_OK. */
static bool step(struct ov_cur *c, unsigned op, uint64_t arg)
{
	struct ov_cur view = *c;
	struct ov_str s = { 0 };
	uint64_t v64;
	uint32_t v32;
	uint8_t copy[64];

	switch (op % 10) {
	case 0:
		return ov_cur_seek(c, arg) == OV_OK;
	case 1:
		return ov_cur_skip(c, arg) == OV_OK;
	case 2:
		if (ov_cur_take(c, arg, &view) != OV_OK)
			return false;
		check_view(c, &view);
		return true;
	case 3:
		if (ov_cur_sub(c, arg, arg >> 7, &view) == OV_OK)
			check_view(c, &view);
		return true;
	case 4:
		return ov_cur_line(c, &s) == OV_OK;
	case 5:
		return ov_cur_zstr(c, (size_t)arg, &s) == OV_OK;
	case 6:
		return ov_cur_u64be(c, &v64) == OV_OK;
	case 7:
		return ov_cur_u32le(c, &v32) == OV_OK;
	case 8:
		return ov_cur_copy(c, copy, arg % sizeof copy) == OV_OK;
	default:
		return ov_cur_expect_n(c, copy, 0) == OV_OK;
	}
}

static void check_steps(struct ov_cur program, struct ov_cur c)
{
	uint8_t op;
	uint64_t arg;

	while (ov_cur_u8(&program, &op) == OV_OK && ov_cur_u64le(&program, &arg) == OV_OK) {
		const size_t before = c.pos;

		arg >>= op / 16 * 4; /* small numbers as often as large ones */
		if (!step(&c, op, arg))
			claim(c.pos == before);
		claim(c.pos <= c.len);
	}
}

static void check_bits(struct ov_cur widths, struct ov_cur in, bool msb)
{
	struct ov_cur one_by_one = in;
	struct ov_bits a = ov_bits_of(&in), b = ov_bits_of(&one_by_one);
	uint8_t width;

	while (ov_cur_u8(&widths, &width) == OV_OK) {
		const unsigned n = width % 33;
		uint32_t whole = 0, bit = 0, sum = 0;

		if ((msb ? ov_bits_msb(&a, n, &whole) : ov_bits_lsb(&a, n, &whole)) != OV_OK) {
			ov_bits_align(&a); /* gives back whole bytes that the failed read took */
			ov_bits_align(&b);
			claim(in.pos == one_by_one.pos);
			return;
		}
		for (unsigned i = 0; i < n; i++) {
			claim((msb ? ov_bits_msb(&b, 1, &bit) : ov_bits_lsb(&b, 1, &bit)) == OV_OK);
			sum = msb ? sum << 1 | bit : sum | bit << i;
		}
		claim(sum == whole);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_cur all = ov_cur_of(data, size), head, rest;
	uint8_t cut;

	if (ov_cur_u8(&all, &cut) != OV_OK)
		return 0;
	if (ov_cur_take(&all, ov_cur_left(&all) * cut / 256, &head) != OV_OK ||
	    ov_cur_take(&all, ov_cur_left(&all), &rest) != OV_OK)
		abort();
	check_steps(head, rest);
	check_bits(head, rest, false);
	check_bits(head, rest, true);
	return 0;
}
