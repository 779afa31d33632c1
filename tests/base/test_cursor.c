/* The bounded cursor: reads at every length, moves only on OV_OK, views stay inside. */
#include "testing.h"

#include "cursor.h"

static const uint8_t bytes[8] = { 0x01, 0x02, 0x03, 0x04, 0x85, 0x06, 0x07, 0xf8 };

enum width { W8, W16LE, W16BE, W32LE, W32BE, W64LE, W64BE };

/* clang-format off */
static const struct { const char *what; enum width w; size_t n; uint64_t want; } widths[] = {
	{ "u8",    W8,    1, 0x01 },
	{ "u16le", W16LE, 2, 0x0201 },
	{ "u16be", W16BE, 2, 0x0102 },
	{ "u32le", W32LE, 4, 0x04030201 },
	{ "u32be", W32BE, 4, 0x01020304 },
	{ "u64le", W64LE, 8, UINT64_C(0xf807068504030201) },
	{ "u64be", W64BE, 8, UINT64_C(0x01020304850607f8) },
};
/* clang-format on */

#define READ(type, name)                                                                           \
	do {                                                                                       \
		type v = 0;                                                                        \
		const ov_status s = ov_cur_##name(c, &v);                                          \
		*out = v;                                                                          \
		return s;                                                                          \
	} while (0)

static ov_status read_width(struct ov_cur *c, enum width w, uint64_t *out)
{
	switch (w) {
	case W8:
		READ(uint8_t, u8);
	case W16LE:
		READ(uint16_t, u16le);
	case W16BE:
		READ(uint16_t, u16be);
	case W32LE:
		READ(uint32_t, u32le);
	case W32BE:
		READ(uint32_t, u32be);
	case W64LE:
		READ(uint64_t, u64le);
	case W64BE:
		READ(uint64_t, u64be);
	}
	return OV_BUG;
}

static uint64_t read_soft(struct ov_cur *c, enum width w)
{
	switch (w) {
	case W8:
		return ov_cur_soft_u8(c);
	case W16LE:
		return ov_cur_soft_u16le(c);
	case W16BE:
		return ov_cur_soft_u16be(c);
	case W32LE:
		return ov_cur_soft_u32le(c);
	case W32BE:
		return ov_cur_soft_u32be(c);
	case W64LE:
		return ov_cur_soft_u64le(c);
	case W64BE:
		return ov_cur_soft_u64be(c);
	}
	return 0;
}

static void test_numbers_at_every_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
		for (size_t len = 0; len <= sizeof bytes; len++) {
			struct ov_cur hard = ov_cur_of(bytes, len), soft = hard;
			uint64_t v = 0;
			const ov_status s = read_width(&hard, widths[i].w, &v);
			const uint64_t sv = read_soft(&soft, widths[i].w);
			const int fits = len >= widths[i].n;

			ov_expect_eq(widths[i].what, s, fits ? OV_OK : OV_SHORT);
			ov_expect_eq(widths[i].what, ov_cur_status(&soft), s);
			ov_expect_eq(widths[i].what, v, fits ? widths[i].want : 0);
			ov_expect_eq(widths[i].what, sv, v);
			ov_expect_eq(widths[i].what, hard.pos, fits ? widths[i].n : 0);
			ov_expect_eq(widths[i].what, soft.pos, hard.pos);
		}
	}
}

static void test_the_first_soft_failure_sticks(void **state)
{
	struct ov_cur c = ov_cur_of(bytes, 3);

	(void)state;
	assert_int_equal(ov_cur_soft_u32le(&c), 0);
	assert_int_equal(ov_cur_soft_u8(&c), 0); /* would fit, but comes after the failure */
	ov_cur_soft_skip(&c, 1);
	assert_int_equal(c.pos, 0);
	assert_int_equal(ov_cur_status(&c), OV_SHORT);
}

static void test_a_sum_that_wraps_is_short(void **state)
{
	struct ov_cur c = ov_cur_of(bytes, 8), view;

	(void)state;
	assert_int_equal(ov_cur_skip(&c, 3), OV_OK);
	assert_int_equal(ov_cur_skip(&c, UINT64_MAX), OV_SHORT);
	assert_int_equal(ov_cur_skip(&c, UINT64_MAX - 2), OV_SHORT);
	assert_int_equal(ov_cur_take(&c, UINT64_MAX - 2, &view), OV_SHORT);
	assert_int_equal(ov_cur_sub(&c, 4, UINT64_MAX - 3, &view), OV_SHORT);
	assert_int_equal(ov_cur_sub(&c, UINT64_MAX, 1, &view), OV_SHORT);
	assert_int_equal(ov_cur_seek(&c, UINT64_MAX), OV_SHORT);
	assert_int_equal(c.pos, 3);
}

/* clang-format off */
static const struct { const char *what; uint64_t off, len; ov_status want; } subs[] = {
	{ "all",                    0, 8, OV_OK },
	{ "empty at the start",     0, 0, OV_OK },
	{ "empty at the end",       8, 0, OV_OK },
	{ "empty past the end",     9, 0, OV_SHORT },
	{ "the last byte",          7, 1, OV_OK },
	{ "one past the last byte", 7, 2, OV_SHORT },
	{ "in the middle",          2, 3, OV_OK },
};
/* clang-format on */

static void test_views_lie_inside(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof subs / sizeof subs[0]; i++) {
		struct ov_cur c = ov_cur_of(bytes, 8), view = { .len = 99 };

		assert_int_equal(ov_cur_seek(&c, 5), OV_OK); /* a view does not depend on it */
		ov_expect_eq(subs[i].what, ov_cur_sub(&c, subs[i].off, subs[i].len, &view),
			     subs[i].want);
		ov_expect_eq(subs[i].what, view.len, subs[i].want == OV_OK ? subs[i].len : 99);
		ov_expect_eq(subs[i].what, c.pos, 5);
		if (subs[i].want == OV_OK)
			ov_expect(subs[i].what, view.base == bytes + subs[i].off && view.pos == 0);
	}
}

static void test_take_moves_and_bounds(void **state)
{
	struct ov_cur c = ov_cur_of(bytes, 8), view;
	uint8_t v, copy[4] = { 0 };

	(void)state;
	assert_int_equal(ov_cur_skip(&c, 1), OV_OK);
	assert_int_equal(ov_cur_take(&c, 2, &view), OV_OK);
	assert_int_equal(c.pos, 3);
	assert_int_equal(ov_cur_u8(&view, &v), OV_OK);
	assert_int_equal(v, 2);
	assert_int_equal(ov_cur_skip(&view, 1), OV_OK);
	assert_int_equal(ov_cur_u8(&view, &v), OV_SHORT); /* the whole has more, the view has not */
	assert_int_equal(ov_cur_copy(&c, copy, 4), OV_OK);
	assert_memory_equal(copy, bytes + 3, 4);
	assert_int_equal(ov_cur_copy(&c, copy, 2), OV_SHORT);
	assert_int_equal(c.pos, 7);
}

static void test_nothing_at_all(void **state)
{
	struct ov_cur c = ov_cur_of(NULL, 7), view;
	struct ov_str s;
	uint8_t v;

	(void)state;
	assert_int_equal(ov_cur_left(&c), 0);
	assert_null(ov_cur_rest(&c));
	assert_int_equal(ov_cur_take(&c, 0, &view), OV_OK);
	assert_int_equal(ov_cur_copy(&c, &v, 0), OV_OK);
	assert_int_equal(ov_cur_expect(&c, ""), OV_OK);
	assert_true(ov_cur_looking_at(&c, "x", 0));
	assert_false(ov_cur_looking_at(&c, "x", 1));
	assert_int_equal(ov_cur_u8(&c, &v), OV_SHORT);
	assert_int_equal(ov_cur_line(&c, &s), OV_END);
	assert_int_equal(ov_cur_zstr(&c, 10, &s), OV_SHORT);
}

static void test_magic(void **state)
{
	struct ov_cur c = ov_cur_of("PK\3\4tail", 8);

	(void)state;
	assert_int_equal(ov_cur_expect(&c, "PK\5\6"), OV_BAD);
	assert_int_equal(ov_cur_expect(&c, "PK\3\4tail."), OV_SHORT);
	assert_int_equal(c.pos, 0);
	assert_int_equal(ov_cur_expect(&c, "PK\3\4"), OV_OK);
	assert_true(ov_cur_looking_at(&c, "tail", 4));
	assert_int_equal(c.pos, 4);
}

/* clang-format off */
static const struct { const char *what, *text; size_t n; const char *lines[4]; } line_cases[] = {
	{ "one line without an end",      "ab",        2, { "ab" } },
	{ "one line with an end",         "ab\n",      3, { "ab" } },
	{ "an empty line is a line",      "\n\n",      2, { "", "" } },
	{ "the other world's ends",       "a\r\nb\r\n", 6, { "a", "b" } },
	{ "a return inside stays",        "a\rb\n",    4, { "a\rb" } },
	{ "only one return is dropped",   "a\r\r\n",   4, { "a\r" } },
	{ "a return at the very end",     "a\r",       2, { "a" } },
};
/* clang-format on */

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof line_cases / sizeof line_cases[0]; i++) {
		struct ov_cur c = ov_cur_of(line_cases[i].text, line_cases[i].n);
		struct ov_str line;

		for (size_t k = 0; line_cases[i].lines[k] != NULL; k++) {
			ov_expect_eq(line_cases[i].what, ov_cur_line(&c, &line), OV_OK);
			ov_expect(line_cases[i].what, ov_str_is(line, line_cases[i].lines[k]));
		}
		ov_expect_eq(line_cases[i].what, ov_cur_line(&c, &line), OV_END);
	}
}

static void test_zero_ended_text(void **state)
{
	struct ov_cur c = ov_cur_of("abc\0\0def", 8);
	struct ov_str s;

	(void)state;
	assert_int_equal(ov_cur_zstr(&c, 2, &s), OV_SHORT); /* longer than 2 */
	assert_int_equal(c.pos, 0);
	assert_int_equal(ov_cur_zstr(&c, 3, &s), OV_OK);
	assert_true(ov_str_is(s, "abc"));
	assert_int_equal(ov_cur_zstr(&c, 0, &s), OV_OK);
	assert_int_equal(s.n, 0);
	assert_int_equal(ov_cur_zstr(&c, SIZE_MAX, &s), OV_SHORT); /* no NUL to the end */
	assert_int_equal(c.pos, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_at_every_length),
		cmocka_unit_test(test_the_first_soft_failure_sticks),
		cmocka_unit_test(test_a_sum_that_wraps_is_short),
		cmocka_unit_test(test_views_lie_inside),
		cmocka_unit_test(test_take_moves_and_bounds),
		cmocka_unit_test(test_nothing_at_all),
		cmocka_unit_test(test_magic),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_zero_ended_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
