/* Scripts: what comes out, every prefix, hostile repetition. tests/differential/cases_norm.py holds
 * the same rules against clamscan. */
#include "testing.h"

#include <stdlib.h>

#include "norm_script.h"

static const struct {
	const char *what, *in, *want;
} rows[] = {
	{ "nothing", "", "" },
	{ "a declared name", "var Foo=1; Foo", "var n000=1;n000" },
	{ "before its declaration too", "a; var a;", "n000;var n000;" },
	{ "names differ by case", "var A; a", "var n000;a" },
	{ "several names", "var a = 1, b;", "var n000=1,n001;" },
	{ "not in brackets", "var a=[b,c],d; b", "var n000=[b,c],n001;b" },
	{ "in blocks only the first", "{var a,b;}", "{var n000,b;}" },
	{ "a member is no name", "var a; a.a; x.a", "var n000;n000.a;x.a" },
	{ "a function and its parameters", "function F(x,y){return x+y} F",
	  "function n000(n001,n002){return n001+n002}f" },
	{ "a scope hides another", "var a;function f(a){a}a",
	  "var n000;function n001(n002){n002}n000" },
	{ "keywords stay", "var this; typeof x", "var this;typeof x" },
	{ "strings are joined", "'A' + \"b\" + c + 'd'", "\"ab\"+c+\"d\"" },
	{ "escapes are undone", "\"\\x41\\u20ac\\n\\/\\\"\"", "\"a\xe2\x82\xac /\"\"" },
	{ "an escape that is none", "\"\\x4\\u00\\", "\"x4u00\\</script>\"" },
	{ "a string takes in the end", "'ab", "\"ab</script>\"" },
	{ "block comments go", "a/* b */c /* d", "a c" },
	{ "line comments go to white space", "a // b c\nd //e f", "a b c d f" },
	{ "unescape", "x(unescape('%41%u0042%4'));", "x(\"ab%4\");" },
	{ "unescape as a member stays", "w.unescape('%41')", "w.unescape(\"%41\")" },
	{ "eval of a text", "eval('f(1);');g", "f(1);g" },
	{ "its last word is lost", "eval('f');g", "g" },
	{ "eval of unescape", "eval(unescape('%66%28%29'))", "f()" },
	{ "eval of more stays", "eval('f'+x)", "eval(\"f\"+x)" },
	{ "eval in an eval stays", "eval('eval(\"x\")')", "eval(\"x\")" },
	{ "numbers", "017+1.50+.5+2e3+99999999999", "17+1.5+.5+2 e3+1215752191" },
	{ "nothing but stray bytes", "\xff\xf6#", "" },
	{ "stray bytes part words", "a#b`c\\d\xc3\xa4 e", "a b c d e" },
};

static void expect_script(struct ov_norm_script *s, const char *what, const char *in, size_t n,
			  const char *want)
{
	struct ov_buf out = ov_buf_of(SIZE_MAX);
	uint8_t *own = malloc(n > 0 ? n : 1);

	assert_non_null(own);
	memcpy(own, in, n);
	ov_norm_script_begin(s);
	assert_int_equal(ov_norm_script(s, (struct ov_str){ .p = (char *)own, .n = n }, &out),
			 OV_OK);
	assert_true(out.n <= OV_NORM_SCRIPT_BYTES(n));
	if (want != NULL &&
	    (out.n < 17 || out.n - 17 != strlen(want) || memcmp(out.p + 8, want, out.n - 17) != 0))
		fail_msg("row \"%s\": got \"%.*s\", not \"%s\"", what, (int)out.n,
			 (const char *)out.p, want);
	ov_buf_free(&out);
	free(own);
}

static void test_rows(void **state)
{
	struct ov_norm_script *s = NULL;

	(void)state;
	assert_int_equal(ov_norm_script_new(&s), OV_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_script(s, rows[i].what, rows[i].in, strlen(rows[i].in), rows[i].want);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t n = 0; n < strlen(rows[i].in); n++)
			expect_script(s, rows[i].what, rows[i].in, n, NULL);
	ov_norm_script_free(&s);
}

static void test_page(void **state)
{
	const char *want = "<script>var n000;n000</script>\n<script>a;var n000;</script>";
	struct ov_buf out = ov_buf_of(SIZE_MAX);
	struct ov_norm_script *s = NULL;

	(void)state;
	assert_int_equal(ov_norm_script_new(&s), OV_OK);
	ov_norm_script_begin(s);
	assert_int_equal(ov_norm_script(s, OV_STR("var a;a"), &out), OV_OK);
	assert_int_equal(ov_norm_script(s, OV_STR("a;var b;"), &out), OV_OK);
	assert_int_equal(out.n, strlen(want));
	assert_memory_equal(out.p, want, out.n);
	ov_buf_free(&out);
	ov_norm_script_free(&s);
}

/* What a writer of a slow script would repeat; each in well under a second. */
static void test_hostile(void **state)
{
	static const char *const units[] = { "var a;", "function(a){", "{",  "eval('x');", "'a'+",
					     "'\\",    "/*",	       "//", "a.",	   "var ",
					     "9.e9 ",  "unescape(",    "n,", "}",	   "var a,",
					     "f(" };
	enum { N = 300000 };
	struct ov_norm_script *s = NULL;
	char *bytes = malloc(N);
	uint32_t x = 1;

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(ov_norm_script_new(&s), OV_OK);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		for (size_t k = 0; k < N; k++)
			bytes[k] = units[i][k % strlen(units[i])];
		expect_script(s, units[i], bytes, N, NULL);
	}
	for (size_t k = 0; k < N; k++) { /* many names */
		x = x * 1664525u + 1013904223u;
		bytes[k] = k % 6 == 0 ? ',' : (char)('a' + x % 5 * 5);
	}
	memcpy(bytes, "var ", 4);
	expect_script(s, "many names", bytes, N, NULL);
	ov_norm_script_free(&s);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
					    cmocka_unit_test(test_page),
					    cmocka_unit_test(test_hostile) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
