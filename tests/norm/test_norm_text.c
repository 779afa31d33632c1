/* Text normalisation: the rules, pieces, and the fast path against the plain one. */
#include "testing.h"

#include <stdlib.h>

#include "norm_text.h"

static const struct {
	const char *what, *in;
	size_t n;
	const char *want;
} rows[] = {
	{ "nothing", "", 0, "" },
	{ "letters in lower case", "Hello WORLD az", 14, "hello world az" },
	{ "digits and marks stay", "0@[`{~\x7f", 7, "0@[`{~\x7f" },
	{ "white space is one blank", "a \t\n\v\f\r b", 9, "a b" },
	{ "at the start and the end too", "  a\n\n", 5, " a " },
	{ "control characters are dropped",
	  "a\x01\x08\x0e\x1f"
	  "b",
	  6, "ab" },
	{ "NUL is dropped", "a\0b", 3, "ab" },
	{ "bytes from 0x80 are dropped",
	  "a\x80\xc3\xa4\xff"
	  "b",
	  6, "ab" },
	{ "what is dropped does not end white space", "a \x01 b", 5, "a b" },
	{ "a long run over blocks", "A                                      B", 40, "a b" },
	{ "exactly a block", "ABCDEFGHIJKLMNOP", 16, "abcdefghijklmnop" },
	{ "a blank on the edge of a block", "ABCDEFGHIJKLMNO  Q", 18, "abcdefghijklmno q" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t out[64 + OV_NORM_SLACK];
		struct ov_norm_text s = { 0 };
		const size_t n = ov_norm_text(&s, (const uint8_t *)rows[i].in, rows[i].n, out);

		ov_expect_eq(rows[i].what, n, strlen(rows[i].want));
		ov_expect(rows[i].what, memcmp(out, rows[i].want, n) == 0);
	}
}

/* Bytes that are mostly text, with runs of blanks and some that are dropped. */
static void make_bytes(uint8_t *p, size_t n, unsigned *seed)
{
	static const char mix[] = "abcXYZ09.,;<>   \t\n\r\n    ";
	const unsigned rare = (unsigned)rand_r(seed) % 3;

	for (size_t i = 0; i < n; i++) {
		const unsigned r = (unsigned)rand_r(seed);

		p[i] = rare != 0 && r % 29 == 0 ? (uint8_t)(r >> 8)
						: (uint8_t)mix[r % (sizeof mix - 1)];
	}
}

static void test_fast_is_plain(void **state)
{
	enum { N = 777 };
	uint8_t in[N], fast[N + OV_NORM_SLACK], plain[N];
	unsigned seed = 7;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct ov_norm_text a = { 0 }, b = { 0 };
		const size_t n = (size_t)rand_r(&seed) % N;
		size_t cut = n > 0 ? (size_t)rand_r(&seed) % n : 0, na, nb;

		make_bytes(in, n, &seed);
		na = ov_norm_text(&a, in, cut, fast);
		na += ov_norm_text(&a, in + cut, n - cut, fast + na);
		nb = ov_norm_text_plain(&b, in, n, plain);
		assert_true(na <= n);
		assert_int_equal(na, nb);
		assert_memory_equal(fast, plain, na);
		/* normalised text is its own normal form */
		a = (struct ov_norm_text){ 0 };
		assert_int_equal(ov_norm_text(&a, plain, nb, fast), nb);
		assert_memory_equal(fast, plain, nb);
	}
}

static void test_utf16(void **state)
{
	uint8_t out[16];

	(void)state;
	assert_int_equal(ov_utf16_order((const uint8_t *)"\xff\xfe"
							 "A",
					3),
			 OV_UTF16_LE);
	assert_int_equal(ov_utf16_order((const uint8_t *)"\xfe\xff", 2), OV_UTF16_BE);
	assert_int_equal(ov_utf16_order((const uint8_t *)"\0A\0B", 4), OV_UTF16_BE);
	assert_int_equal(ov_utf16_order((const uint8_t *)"A\0B\0", 4), OV_UTF16_LE);
	assert_int_equal(ov_utf16_order((const uint8_t *)"A", 1), OV_UTF16_LE);
	assert_int_equal(ov_utf16_narrow(OV_UTF16_LE,
					 (const uint8_t *)"A\0\x10\x04"
							  "b\0c",
					 7, out),
			 3);
	assert_memory_equal(out,
			    "A\xff"
			    "b",
			    3);
	assert_int_equal(ov_utf16_narrow(OV_UTF16_BE, (const uint8_t *)"\0A\x04\x10\0\x80", 6, out),
			 3);
	assert_memory_equal(out, "A\xff\xff", 3);
	assert_int_equal(ov_utf16_narrow(OV_UTF16_BE, (const uint8_t *)"", 0, out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
					    cmocka_unit_test(test_fast_is_plain),
					    cmocka_unit_test(test_utf16) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
