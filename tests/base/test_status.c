/* Every status kind has a name of its own, and a number that is none has one too. */
#include "testing.h"

#include "status.h"

static void test_names_differ(void **state)
{
	(void)state;
	for (int i = 0; i < OV_STATUS_COUNT; i++) {
		assert_non_null(ov_status_name((ov_status)i));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(ov_status_name((ov_status)i),
						ov_status_name((ov_status)k));
	}
}

static void test_a_number_outside_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(ov_status_name((ov_status)OV_STATUS_COUNT), "unknown status");
	assert_string_equal(ov_status_name((ov_status)-1), "unknown status");
}

static ov_status two_steps(ov_status first, int *reached)
{
	OV_TRY(first);
	*reached = 1;
	return OV_END;
}

static void test_try_leaves_at_anything_but_ok(void **state)
{
	(void)state;
	for (int i = 0; i < OV_STATUS_COUNT; i++) {
		int reached = 0;
		const ov_status got = two_steps((ov_status)i, &reached);

		assert_int_equal(reached, i == OV_OK);
		assert_int_equal(got, i == OV_OK ? OV_END : (ov_status)i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_differ),
		cmocka_unit_test(test_a_number_outside_is_unknown),
		cmocka_unit_test(test_try_leaves_at_anything_but_ok),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
