/* Versions of any maker by their parts, and ranges of them. */
#include "testing.h"

#include "versions.h"

static const struct {
	const char *a, *b;
	int want;
} pairs[] = {
	{ "9.5", "18.4R1", -1 },
	{ "18.4R1", "18.4R1.8", -1 },
	{ "18.4R1", "18.4R1", 0 },
	{ "18.4", "18.4R1", -1 },
	{ "18.4R2", "18.4R10", -1 },
	{ "18.4R1-S2", "18.4R1.S2", 0 },
	{ "18.4r1", "18.4R1", 0 },
	{ "1.010", "1.10", 0 },
	{ "0", "00", 0 },
	{ "99999999999999999999", "100000000000000000000", -1 },
	{ "1.2", "1.b", 1 },
	{ "", "", 0 },
	{ "", "1", -1 },
	{ "...", "", 0 },
};

static void compares(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const int c = ov_version_compare(ov_str_of(pairs[i].a), ov_str_of(pairs[i].b));
		const int d = ov_version_compare(ov_str_of(pairs[i].b), ov_str_of(pairs[i].a));

		if ((c > 0) - (c < 0) != pairs[i].want || (d > 0) - (d < 0) != -pairs[i].want)
			fail_msg("%s and %s: %d, %d", pairs[i].a, pairs[i].b, c, d);
	}
}

static const struct {
	const char *version, *range;
	ov_status want;
	bool in;
} ranges[] = {
	{ "12.1X46", ">=9.5 <18.4R1", OV_OK, true },
	{ "18.4R1.8", ">=9.5 <18.4R1", OV_OK, false },
	{ "9.4", ">=9.5 <18.4R1", OV_OK, false },
	{ "9.5", ">=9.5 <18.4R1", OV_OK, true },
	{ "12", "vers:generic/>=9.5|<18.4R1", OV_OK, true },
	{ "4.00", "=4.00", OV_OK, true },
	{ "4.0", "4.00", OV_OK, true },
	{ "4.1", "<=4.00", OV_OK, false },
	{ "4.1", ">4.00", OV_OK, true },
	{ "", ">=1", OV_BAD, false },
	{ "1", "", OV_BAD, false },
	{ "1", ">=", OV_BAD, false },
	{ "1", "vers:generic", OV_BAD, false },
	{ "1", "< 2", OV_BAD, false },
};

static void ranges_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		bool in = false;
		const ov_status s =
		    ov_version_in(ov_str_of(ranges[i].version), ov_str_of(ranges[i].range), &in);

		if (s != ranges[i].want || in != ranges[i].in)
			fail_msg("%s in %s: %d, %d", ranges[i].version, ranges[i].range, (int)s,
				 in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(ranges_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
