/* Checked arithmetic at its edges. */
#include "testing.h"

#include "checked.h"

enum op { ADD, SUB, MUL };

/* clang-format off */
static const struct { const char *what; enum op op; uint64_t a, b; ov_status st; uint64_t want; } cases[] = {
	{ "a small sum",               ADD, 2, 3, OV_OK, 5 },
	{ "the largest sum",           ADD, UINT64_MAX - 1, 1, OV_OK, UINT64_MAX },
	{ "a sum one too large",       ADD, UINT64_MAX, 1, OV_LIMIT, 0 },
	{ "the same, turned round",    ADD, 1, UINT64_MAX, OV_LIMIT, 0 },
	{ "nothing to nothing",        ADD, 0, 0, OV_OK, 0 },
	{ "a difference",              SUB, 5, 3, OV_OK, 2 },
	{ "no difference",             SUB, 5, 5, OV_OK, 0 },
	{ "below nothing",             SUB, 0, 1, OV_LIMIT, 0 },
	{ "a product",                 MUL, 6, 7, OV_OK, 42 },
	{ "a product at the edge",     MUL, UINT64_C(1) << 32, UINT32_MAX, OV_OK, UINT64_MAX - UINT32_MAX },
	{ "a product past the edge",   MUL, UINT64_C(1) << 32, UINT64_C(1) << 32, OV_LIMIT, 0 },
	{ "times nothing",             MUL, UINT64_MAX, 0, OV_OK, 0 },
};
/* clang-format on */

static ov_status apply(enum op op, uint64_t a, uint64_t b, uint64_t *out)
{
	if (op == ADD)
		return ov_add_u64(a, b, out);
	return op == SUB ? ov_sub_u64(a, b, out) : ov_mul_u64(a, b, out);
}

static void test_sixty_four_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t got = 12345;

		ov_expect_eq(cases[i].what, apply(cases[i].op, cases[i].a, cases[i].b, &got),
			     cases[i].st);
		ov_expect(cases[i].what, got == (cases[i].st == OV_OK ? cases[i].want : 12345));
	}
}

static void test_sizes(void **state)
{
	size_t got = 7;
	uint32_t narrow = 7;

	(void)state;
	assert_int_equal(ov_add_size(SIZE_MAX, 1, &got), OV_LIMIT);
	assert_int_equal(ov_mul_size(SIZE_MAX / 2 + 1, 2, &got), OV_LIMIT);
	assert_int_equal(got, 7);
	assert_int_equal(ov_add_size(SIZE_MAX - 1, 1, &got), OV_OK);
	assert_int_equal(got, SIZE_MAX);
	assert_int_equal(ov_mul_size(3, 4, &got), OV_OK);
	assert_int_equal(got, 12);
	assert_int_equal(ov_size_of_u64(99, &got), OV_OK);
	assert_int_equal(got, 99);
	assert_int_equal(ov_u32_of_size((size_t)UINT32_MAX, &narrow), OV_OK);
	assert_int_equal(narrow, UINT32_MAX);
	assert_int_equal(ov_u32_of_size((size_t)UINT32_MAX + 1, &narrow), OV_LIMIT);
	assert_int_equal(narrow, UINT32_MAX);
	assert_int_equal(ov_min_u64(1, 2), 1);
	assert_int_equal(ov_max_u64(1, 2), 2);
	assert_int_equal(ov_min_size(2, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sixty_four_bits),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
