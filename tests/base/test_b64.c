/* Base64: one value, one spelling. */
#include "testing.h"

#include "b64.h"

static const struct {
	const char *what, *in;
	ov_status st;
	const char *want;
} rows[] = {
	{ "nothing", "", OV_OK, "" },
	{ "RFC 4648: f", "Zg==", OV_OK, "f" },
	{ "RFC 4648: fo", "Zm8=", OV_OK, "fo" },
	{ "RFC 4648: foo", "Zm9v", OV_OK, "foo" },
	{ "RFC 4648: foob", "Zm9vYg==", OV_OK, "foob" },
	{ "RFC 4648: fooba", "Zm9vYmE=", OV_OK, "fooba" },
	{ "RFC 4648: foobar", "Zm9vYmFy", OV_OK, "foobar" },
	{ "both signs", "+/+/", OV_OK, "\xfb\xff\xbf" },
	{ "no padding", "Zg", OV_BAD, NULL },
	{ "half the padding", "Zg=", OV_BAD, NULL },
	{ "too much padding", "Z===", OV_BAD, NULL },
	{ "only padding", "====", OV_BAD, NULL },
	{ "padding inside", "Zg==Zg==", OV_BAD, NULL },
	{ "bits that must be 0, one byte", "Zh==", OV_BAD, NULL },
	{ "bits that must be 0, two bytes", "Zm9=", OV_BAD, NULL },
	{ "a line end", "Zm9v\n", OV_BAD, NULL },
	{ "a space", "Zm 9", OV_BAD, NULL },
	{ "the alphabet of URLs", "-_-_", OV_BAD, NULL },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t out[16];
		size_t n = 99;

		ov_expect_eq(rows[i].what,
			     ov_b64_decode(ov_str_of(rows[i].in), out, sizeof out, &n), rows[i].st);
		if (rows[i].st != OV_OK)
			continue;
		ov_expect_eq(rows[i].what, n, strlen(rows[i].want));
		ov_expect(rows[i].what, memcmp(out, rows[i].want, n) == 0);
		if (n > 0)
			ov_expect_eq(rows[i].what,
				     ov_b64_decode(ov_str_of(rows[i].in), out, n - 1, &n),
				     OV_LIMIT);
	}
}

static void test_there_and_back(void **state)
{
	uint8_t in[70], out[70];

	(void)state;
	for (size_t n = 0; n <= sizeof in; n++) {
		struct ov_buf b = ov_buf_of(200);
		size_t got;

		for (size_t i = 0; i < n; i++)
			in[i] = (uint8_t)(i * 97 + n);
		assert_int_equal(ov_b64_encode(&b, in, n), OV_OK);
		assert_int_equal(b.n, OV_B64_SIZE(n));
		assert_int_equal(
		    ov_b64_decode((struct ov_str){ (const char *)b.p, b.n }, out, sizeof out, &got),
		    OV_OK);
		assert_int_equal(got, n);
		assert_memory_equal(in, out, n);
		ov_buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
