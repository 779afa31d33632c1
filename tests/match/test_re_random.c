/* Random expressions and texts, the search against the slow reference. */
#include "testing.h"

#include "re_check.h"

static void test_random(void **state)
{
	uint64_t x = 88172645463325252u;
	uint8_t data[200];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof data; i++) {
			x ^= x << 13; /* Marsaglia's xorshift */
			x ^= x >> 7;
			x ^= x << 17;
			data[i] = (uint8_t)(x >> 32);
		}
		re_check(data, sizeof data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
