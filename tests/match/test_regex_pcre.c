/* The PCRE2 wrapper: flags, limits that are told, memory caps. */
#include "regex_pcre.h"
#include "testing.h"

static const struct {
	const char *what, *regex, *flags, *text;
	size_t from;
	bool is_anchored;
	ov_status want;
	size_t start, end;
} rows[] = {
	{ "found", "b+", "", "aabba", 0, false, OV_OK, 2, 4 },
	{ "not found", "z", "", "aabba", 0, false, OV_END, 0, 0 },
	{ "from an offset", "a", "", "aabba", 2, false, OV_OK, 4, 5 },
	{ "looks back before the offset", "(?<=b)b", "", "aabba", 3, false, OV_OK, 3, 4 },
	{ "anchored at the offset", "b", "", "aabba", 1, true, OV_END, 0, 0 },
	{ "i: case", "B+", "i", "aabba", 0, false, OV_OK, 2, 4 },
	{ "no i", "B+", "", "aabba", 0, false, OV_END, 0, 0 },
	{ "s: dot takes line ends", "a.b", "s", "a\nb", 0, false, OV_OK, 0, 3 },
	{ "no s", "a.b", "", "a\nb", 0, false, OV_END, 0, 0 },
	{ "m: lines", "^b", "m", "a\nb", 0, false, OV_OK, 2, 3 },
	{ "x: spaces", "a b", "x", "ab", 0, false, OV_OK, 0, 2 },
	{ "A: anchored", "b", "A", "ab", 0, false, OV_END, 0, 0 },
	{ "E: dollar", "a$", "E", "a\n", 0, false, OV_END, 0, 0 },
	{ "no E", "a$", "", "a\n", 0, false, OV_OK, 0, 1 },
	{ "U: ungreedy", "a+", "U", "aaa", 0, false, OV_OK, 0, 1 },
	{ "an empty match", "x*", "", "aaa", 1, false, OV_OK, 1, 1 },
	{ "bytes, not UTF-8", "\\xff", "", "a\xff", 0, false, OV_OK, 1, 2 },
	{ "offset past the end", "a", "", "aaa", 4, false, OV_END, 0, 0 },
	{ "too many steps are told", "(a*)*b", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0,
	  false, OV_END, 0, 0 },
	{ "backtracking is limited", "(x+x+)+y", "",
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxz y", 0, false, OV_LIMIT, 0, 0 },
	{ "depth is limited", "(?:(a)|b)*+c", "",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaa",
	  0, false, OV_END, 0, 0 },
};

static void matches_as_told(void **state)
{
	struct ov_pcre_matcher *m = NULL;

	(void)state;
	assert_int_equal(ov_pcre_matcher_new(OV_PCRE_LIMITS, 32 << 20, &m), OV_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_pcre_re *re = NULL;
		size_t start = 0, end = 0;

		ov_expect_eq(rows[i].what,
			     ov_pcre_compile(ov_str_of(rows[i].regex), ov_str_of(rows[i].flags),
					     1 << 20, &re, NULL),
			     OV_OK);
		ov_expect_eq(rows[i].what,
			     ov_pcre_match(m, re, (const uint8_t *)rows[i].text,
					   strlen(rows[i].text), rows[i].from, rows[i].is_anchored,
					   &start, &end),
			     rows[i].want);
		if (rows[i].want == OV_OK) {
			ov_expect_eq(rows[i].what, start, rows[i].start);
			ov_expect_eq(rows[i].what, end, rows[i].end);
		}
		ov_pcre_free(&re);
	}
	ov_pcre_matcher_free(&m);
}

static void drivers_flags_are_told(void **state)
{
	struct ov_pcre_re *re = NULL;

	(void)state;
	assert_int_equal(ov_pcre_compile(ov_str_of("a"), ov_str_of("gre"), 1 << 20, &re, NULL),
			 OV_OK);
	assert_true(ov_pcre_use_of(re).is_global && ov_pcre_use_of(re).is_rolling &&
		    ov_pcre_use_of(re).is_enclosed);
	assert_true(ov_pcre_bytes(re) > 100);
	ov_pcre_free(&re);
}

static void broken_expressions_are_refused(void **state)
{
	static const struct {
		const char *what, *regex, *flags;
		size_t memory;
		ov_status want;
	} bad[] = {
		{ "bracket", "(a", "", 1 << 20, OV_BAD },
		{ "flag", "a", "q", 1 << 20, OV_BAD },
		{ "memory", "(?:a{1,100}b{1,100}){100}", "", 2000, OV_LIMIT },
		{ "utf", "(*UTF)a", "", 1 << 20, OV_BAD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ov_pcre_re *re = NULL;
		const char *why = NULL;

		ov_expect_eq(bad[i].what,
			     ov_pcre_compile(ov_str_of(bad[i].regex), ov_str_of(bad[i].flags),
					     bad[i].memory, &re, &why),
			     bad[i].want);
		ov_expect(bad[i].what, why != NULL && re == NULL);
	}
}

static void memory_of_matching_is_capped(void **state)
{
	const struct ov_pcre_limits deep = { .match = 10000000,
					     .depth = 10000000,
					     .heap_kib = 1 << 20 };
	static uint8_t text[200000];
	struct ov_pcre_matcher *m = NULL;
	struct ov_pcre_re *re = NULL;
	size_t start, end;

	(void)state;
	memset(text, 'a', sizeof text);
	assert_int_equal(ov_pcre_matcher_new(deep, 256 * 1024, &m), OV_OK);
	assert_int_equal(
	    ov_pcre_compile(ov_str_of("(?:a|(b))*c"), ov_str_of(""), 1 << 20, &re, NULL), OV_OK);
	assert_int_equal(ov_pcre_match(m, re, text, sizeof text, 0, true, &start, &end), OV_LIMIT);
	ov_pcre_free(&re);
	ov_pcre_matcher_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_told),
		cmocka_unit_test(drivers_flags_are_told),
		cmocka_unit_test(broken_expressions_are_refused),
		cmocka_unit_test(memory_of_matching_is_capped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
