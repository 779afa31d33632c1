/* Encoded scripts: one made by us, every prefix of it, and what is none. */
#include "testing.h"

#include <stdlib.h>

#include "screnc.h"

static const char encoded[] =
    "#@~^awAAAA==9b:~z41@#@&z41~',Ju+^VG~,\177WMsNrP[,E@!4@*J,B~+U^KNnN,8X,EdS,lY~@$,tG:\177I,"
    "VG\to,+xKET4PDW~mK:n~MWE\t[PmVV,\177*PaVmmn/@#@&uCAAAA==^#~@";
static const char script[] =
    "Dim Abc\r\nAbc = \"Hello  World\" & \"<b>\" ' encoded by us, at @ home; "
    "long enough to come round all 64 places\r\n";

static void test_sample(void **state)
{
	const size_t n = sizeof encoded - 1;
	uint8_t out[sizeof encoded];
	size_t got = 0;

	(void)state;
	assert_int_equal(ov_screnc_find((const uint8_t *)encoded, n), 0);
	assert_int_equal(ov_screnc_decode((const uint8_t *)encoded, n, out, &got), n);
	assert_int_equal(got, sizeof script - 1);
	assert_memory_equal(out, script, got);
	for (size_t k = 0; k <= n; k++) {
		uint8_t *own = malloc(k > 0 ? k : 1);

		assert_non_null(own);
		memcpy(own, encoded, k);
		assert_int_equal(ov_screnc_find(own, k), k < 12 ? k : 0);
		assert_true(ov_screnc_decode(own, k, own, &got) <= k && got <= k);
		free(own);
	}
}

static void test_marks(void **state)
{
	static const uint8_t none[] = "#@~^ #@~^AAAAAA=#@~^", late[] = "#@~^ x #@~^AAAAAA==ab";
	static const uint8_t bytes[] = "#@~^AAAAAA==\x80@@&@#@*@!@$@x\n\xff";
	uint8_t out[64];
	size_t got = 0;

	(void)state;
	assert_int_equal(ov_screnc_find(none, sizeof none - 1), sizeof none - 1);
	assert_int_equal(ov_screnc_find(late, sizeof late - 1), 7);
	assert_int_equal(ov_screnc_decode(bytes, sizeof bytes - 1, out, &got), sizeof bytes - 1);
	assert_int_equal(got, 9);
	assert_memory_equal(out, "\x80@\n\r><@\xff\xff", 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sample),
					    cmocka_unit_test(test_marks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
