/* Bit readers, both orders, against a plain bit-by-bit reading of the same bytes. */
#include "testing.h"

#include "bits.h"

static const uint8_t bytes[] = { 0xa5, 0x3c, 0xff, 0x00, 0x81, 0x7e, 0x12, 0x34, 0x56 };

/* Bit number `at` of the stream, in the order of the reader. */
static uint32_t bit_at(size_t at, int msb)
{
	const unsigned in_byte = (unsigned)(at % 8);

	return bytes[at / 8] >> (msb ? 7 - in_byte : in_byte) & 1;
}

static uint32_t plain(size_t at, unsigned n, int msb)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < n; i++) {
		if (msb)
			v = v << 1 | bit_at(at + i, 1);
		else
			v |= bit_at(at + i, 0) << i;
	}
	return v;
}

static ov_status read_bits(struct ov_bits *b, unsigned n, int msb, uint32_t *out)
{
	return msb ? ov_bits_msb(b, n, out) : ov_bits_lsb(b, n, out);
}

static void test_all_widths_from_all_places(void **state)
{
	(void)state;
	for (int msb = 0; msb < 2; msb++) {
		for (unsigned skip = 0; skip <= 32; skip++) {
			for (unsigned n = 0; n <= 32; n++) {
				struct ov_cur c = ov_cur_of(bytes, sizeof bytes);
				struct ov_bits b = ov_bits_of(&c);
				uint32_t v;

				assert_int_equal(read_bits(&b, skip, msb, &v), OV_OK);
				assert_int_equal(v, plain(0, skip, msb));
				assert_int_equal(read_bits(&b, n, msb, &v), OV_OK);
				assert_int_equal(v, plain(skip, n, msb));
			}
		}
	}
}

static void test_the_end_loses_nothing(void **state)
{
	(void)state;
	for (int msb = 0; msb < 2; msb++) {
		struct ov_cur c = ov_cur_of(bytes, 3);
		struct ov_bits b = ov_bits_of(&c);
		uint32_t v = 77;

		assert_int_equal(read_bits(&b, 5, msb, &v), OV_OK);
		v = 77;
		assert_int_equal(read_bits(&b, 20, msb, &v), OV_SHORT);
		assert_int_equal(v, 77);
		assert_int_equal(read_bits(&b, 19, msb, &v), OV_OK);
		assert_int_equal(v, plain(5, 19, msb));
		assert_int_equal(read_bits(&b, 1, msb, &v), OV_SHORT);
		assert_int_equal(read_bits(&b, 0, msb, &v), OV_OK);
		assert_int_equal(v, 0);
	}
}

static void test_more_than_32_is_our_bug(void **state)
{
	struct ov_cur c = ov_cur_of(bytes, sizeof bytes);
	struct ov_bits b = ov_bits_of(&c);
	uint32_t v;

	(void)state;
	assert_int_equal(ov_bits_lsb(&b, 33, &v), OV_BUG);
	assert_int_equal(ov_bits_msb(&b, 33, &v), OV_BUG);
	assert_int_equal(c.pos, 0);
}

/* clang-format off */
static const struct { const char *what; unsigned first, failing; size_t want; } aligns[] = {
	{ "nothing read stays",                    0,  0, 0 },
	{ "a part of a byte drops its rest",       3,  0, 1 },
	{ "a whole byte drops nothing",            8,  0, 1 },
	{ "two bytes and a bit",                  17,  0, 3 },
	{ "a failed read gives whole bytes back",  3, 32, 1 },
	{ "also from a border",                    8, 32, 1 },
};
/* clang-format on */

static void test_align(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++) {
		struct ov_cur c = ov_cur_of(bytes, 4);
		struct ov_bits b = ov_bits_of(&c);
		uint32_t v;

		ov_expect_eq(aligns[i].what, ov_bits_lsb(&b, aligns[i].first, &v), OV_OK);
		if (aligns[i].failing > 0)
			ov_expect_eq(aligns[i].what, ov_bits_lsb(&b, aligns[i].failing, &v),
				     OV_SHORT);
		ov_bits_align(&b);
		ov_expect_eq(aligns[i].what, c.pos, aligns[i].want);
		ov_expect_eq(aligns[i].what, ov_bits_lsb(&b, 8, &v), OV_OK);
		ov_expect_eq(aligns[i].what, v, bytes[aligns[i].want]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_widths_from_all_places),
		cmocka_unit_test(test_the_end_loses_nothing),
		cmocka_unit_test(test_more_than_32_is_our_bug),
		cmocka_unit_test(test_align),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
