/* Where programs are looked for. */
#include "testing.h"

#include <stdlib.h>

#include "program.h"

static void test_places(void **state)
{
	char *path;

	(void)state;
	assert_int_equal(setenv("OVERT_TEST_PROGRAM", "/somewhere/else", 1), 0);
	path = ov_program_find("test_os_program", "OVERT_TEST_PROGRAM");
	assert_string_equal(path, "/somewhere/else"); /* as given, even if it is not there */
	free(path);
	assert_int_equal(setenv("OVERT_TEST_PROGRAM", "", 1), 0);
	path = ov_program_find("test_os_program", "OVERT_TEST_PROGRAM"); /* beside itself */
	assert_non_null(path);
	assert_non_null(strstr(path, "/test_os_program"));
	free(path);
	assert_null(ov_program_find("overt-no-such-program", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_places) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
