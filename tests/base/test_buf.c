/* The growable buffer: its ceiling holds, failures change nothing, numbers are little-endian. */
#include "testing.h"

#include "buf.h"

static void test_everything_in_order(void **state)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1000);

	(void)state;
	assert_int_equal(ov_buf_u8(&b, 0x11), OV_OK);
	assert_int_equal(ov_buf_u16(&b, 0x2233), OV_OK);
	assert_int_equal(ov_buf_u32(&b, 0x44556677), OV_OK);
	assert_int_equal(ov_buf_u64(&b, UINT64_C(0x8899aabbccddeeff)), OV_OK);
	assert_int_equal(ov_buf_str(&b, OV_STR("text")), OV_OK);
	assert_int_equal(ov_buf_align(&b, 8), OV_OK);
	assert_int_equal(ov_buf_align(&b, 8), OV_OK);
	assert_int_equal(ov_buf_zero(&b, 1), OV_OK);
	assert_int_equal(b.n, 25);
	assert_memory_equal(b.p,
			    "\x11\x33\x22\x77\x66\x55\x44\xff\xee\xdd\xcc\xbb\xaa\x99\x88"
			    "text\0\0\0\0\0\0",
			    25);
}

static void test_growth_keeps_what_was_written(void **state)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1 << 20);

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(ov_buf_u32(&b, i), OV_OK);
	for (uint32_t i = 0; i < 100000; i += 997) {
		struct ov_cur c = ov_buf_cur(&b);
		uint32_t v;

		assert_int_equal(ov_cur_seek(&c, (uint64_t)i * 4), OV_OK);
		assert_int_equal(ov_cur_u32le(&c, &v), OV_OK);
		assert_int_equal(v, i);
	}
}

/* clang-format off */
static const struct { const char *what; size_t max, have, more; ov_status want; } ceilings[] = {
	{ "room",                         10, 4, 5, OV_OK },
	{ "exactly full",                 10, 4, 6, OV_OK },
	{ "one over",                     10, 4, 7, OV_LIMIT },
	{ "nothing fits in nothing",       0, 0, 1, OV_LIMIT },
	{ "nothing into nothing",          0, 0, 0, OV_OK },
	{ "a number that would wrap",     10, 4, SIZE_MAX - 2, OV_LIMIT },
	{ "over the first allocation",   300, 250, 50, OV_OK },
	{ "over it and the ceiling",     300, 250, 51, OV_LIMIT },
};
/* clang-format on */

static void test_ceiling(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
		OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(ceilings[i].max);

		ov_expect_eq(ceilings[i].what, ov_buf_zero(&b, ceilings[i].have), OV_OK);
		ov_expect_eq(ceilings[i].what, ov_buf_zero(&b, ceilings[i].more), ceilings[i].want);
		ov_expect_eq(ceilings[i].what, b.n,
			     ceilings[i].have + (ceilings[i].want == OV_OK ? ceilings[i].more : 0));
	}
}

static void test_formatted_text_fills_to_the_last_byte(void **state)
{
	(void)state;
	for (size_t have = 0; have < 260; have++) { /* 256 is the first allocation */
		OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(have + 5);

		assert_int_equal(ov_buf_zero(&b, have), OV_OK);
		assert_int_equal(ov_buf_fmt(&b, "%s-%d", "abcd", 1), OV_LIMIT); /* 6 bytes */
		assert_int_equal(b.n, have);
		assert_int_equal(ov_buf_fmt(&b, "%s-%d", "abc", 1), OV_OK);
		assert_int_equal(b.n, have + 5);
		assert_memory_equal(b.p + have, "abc-1", 5);
		assert_int_equal(ov_buf_fmt(&b, "%s", ""), OV_OK);
		assert_int_equal(ov_buf_u8(&b, 0), OV_LIMIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_in_order),
		cmocka_unit_test(test_growth_keeps_what_was_written),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_formatted_text_fills_to_the_last_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
