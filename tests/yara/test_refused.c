/* What the compiler refuses, with what words and where; and that the rules around it stand. */
#include "testing.h"

#include <stdlib.h>

#include "yara_run.h"

static const struct {
	const char *source, *why; /* why: part of the words */
	uint32_t line, column;
} rows[] = {
	{ "rule a { condition: $x }", "undefined string \"$x\"", 1, 21 },
	{ "rule a { condition: x }", "undefined identifier \"x\"", 1, 21 },
	{ "rule a {\n strings: $s = \"x\"\n condition: true }", "unreferenced string \"$s\"", 2,
	  11 },
	{ "rule a { strings: $s = \"x\" $s = \"y\" condition: $s }", "duplicated string", 1, 28 },
	{ "rule a { condition: 1 + \"x\" == 2 }", "wrong type \"string\"", 1, 23 },
	{ "rule a { condition: \"x\" > 2 }", "wrong type", 1, 25 },
	{ "rule a { condition: 1 \\ 0 == 1 }", "division by zero", 1, 23 },
	/* behind a rule that is good: it was told without end */
	{ "rule a { condition: true } \x99\x99", "unexpected character", 1, 28 },
	{ "rule a { condition: 9223372036854775808 > 0 }", "integer overflow", 1, 21 },
	{ "rule a { condition: 9223372036854775807 + 1 > 0 }", "integer overflow", 1, 41 },
	{ "rule a { condition: math.x }", "add: import \"math\"", 1, 21 },
	{ "import \"math\" rule a { condition: math.nope == 1 }", "no such field", 1, 40 },
	{ "import \"math\" rule a { condition: math.mean(1) == 1 }", "wrong arguments", 1, 44 },
	{ "import \"nope\"", "unknown module", 1, 8 },
	{ "rule a { condition: true } rule a { condition: true }", "duplicated identifier", 1, 33 },
	{ "rule a : t t { condition: true }", "duplicated tag", 1, 12 },
	{ "rule a { condition: true", "unexpected end of file", 1, 25 },
	{ "rule a { strings: $s = \"x\\q\" condition: $s }", "illegal escape", 1, 26 },
	{ "rule a { strings: $s = \"x\n\" condition: $s }", "unterminated string", 1, 24 },
	{ "rule a { strings: $s = { 41 condition: $s ", "unterminated hex", 1, 24 },
	{ "rule a { strings: $s = { 4 } condition: $s }", "string \"$s\"", 1, 26 },
	{ "rule a { strings: $s = /x/z condition: $s }", "unknown flag", 1, 27 },
	{ "rule a { strings: $s = \"x\" xor(300) condition: $s }", "above 255", 1, 35 },
	{ "rule a { strings: $s = \"x\" base64(\"short\") condition: $s }", "must be 64", 1, 35 },
	{ "rule a { condition: 0% of them }", "undefined string", 1, 27 },
	{ "rule a { strings: $s = \"x\" condition: 101% of them }", "percentage must be", 1, 39 },
	{ "rule a { condition: for any i in (1, \"x\") : (true) }", "enumeration", 1, 38 },
	{ "rule a { condition: for any i, k in (1..2) : (true) }", "2 variables", 1, 21 },
	{ "rule a { condition: for any i in (1..2) : (for any i in (1..2) : (true)) }",
	  "duplicated loop identifier", 1, 64 },
	{ "rule a { condition: $ }", "wrong use of anonymous string", 1, 21 },
	{ "/* open", "a comment is not closed", 1, 1 },
	{ "rule a { condition: any of (b*) }", "no rule above", 1, 29 },
	{ "nonsense", "expecting \"rule\"", 1, 1 },
	{ "include \"x\"", "can't open include file", 1, 9 },
};

static void words_and_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct yara_told told;
		struct ov_buf b = yara_compile(rows[i].source, &told);

		if (told.n != 1 || strstr(told.why, rows[i].why) == NULL)
			fail_msg("row \"%s\": %u told, the last: %s", rows[i].source, told.n,
				 told.why);
		ov_expect_eq(rows[i].source, told.line, rows[i].line);
		ov_expect_eq(rows[i].source, told.column, rows[i].column);
		ov_buf_free(&b);
	}
}

static void rules_around_a_bad_one_stand(void **state)
{
	static const char source[] = "rule one { condition: true }\n"
				     "rule two { strings: $a = \"}\" condition: nope }\n"
				     "rule three { condition: @@ }\n"
				     "rule four {\n condition: one and\n}\n"
				     "rule five { condition: one }\n"
				     "rule six { condition: two }\n";
	struct yara_told told;
	struct ov_buf b = yara_compile(source, &told);
	struct ov_yimage y;

	(void)state;
	assert_int_equal(told.n, 4);
	assert_int_equal(ov_yimage_open(ov_buf_cur(&b), &y), OV_OK);
	assert_int_equal(y.nrules, 2);
	assert_int_equal(yara_eval(&y, "", 0, "one", false, 1000), OV_YR_TRUE);
	assert_int_equal(yara_eval(&y, "", 0, "five", false, 1000), OV_YR_TRUE);
	ov_buf_free(&b);
}

static void nesting_is_bounded(void **state)
{
	static const char *const opens[] = { "(", "not ", "-", "~", "defined " };
	const size_t deep = 20000;

	(void)state;
	for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
		char *source = malloc(deep * strlen(opens[i]) + 64), *to;
		struct yara_told told;
		struct ov_buf b;

		assert_non_null(source);
		to = source + sprintf(source, "rule a { condition: ");
		for (size_t k = 0; k < deep; k++)
			to += sprintf(to, "%s", opens[i]);
		(void)sprintf(to, "1 }");
		b = yara_compile(source, &told);
		if (strstr(told.why, "nested too deeply") == NULL)
			fail_msg("row \"%s\": %s", opens[i], told.why);
		ov_buf_free(&b);
		free(source);
	}
}

/* `or` has as many parts as one likes; `+` is as deep as it is long. */
static void long_conditions(void **state)
{
	char *source = malloc(800000), *to;
	struct yara_told told;
	struct ov_yimage y;
	struct ov_buf b;

	(void)state;
	assert_non_null(source);
	to = source + sprintf(source, "rule a { condition: false");
	for (int i = 0; i < 20000; i++)
		to += sprintf(to, " or filesize == %d", i);
	(void)sprintf(to, " }");
	b = yara_compile(source, &told);
	assert_int_equal(told.n, 0);
	assert_int_equal(ov_yimage_open(ov_buf_cur(&b), &y), OV_OK);
	assert_int_equal(yara_eval(&y, "12345", 5, "a", false, 1u << 20), OV_YR_TRUE);
	ov_buf_free(&b);
	to = source + sprintf(source, "rule a { condition: 1");
	for (int i = 0; i < 5000; i++)
		to += sprintf(to, " + filesize");
	(void)sprintf(to, " > 0 }");
	b = yara_compile(source, &told);
	assert_non_null(strstr(told.why, "nested too deeply"));
	ov_buf_free(&b);
	free(source);
}

static void strings_of_a_rule_are_counted(void **state)
{
	char source[2000], *to = source + sprintf(source, "rule a { strings: ");
	struct yara_told told;
	struct ov_buf b;

	(void)state;
	for (int i = 0; i < 20; i++)
		to += sprintf(to, "$s%d = \"text%d\" ", i, i);
	(void)sprintf(to, "condition: any of them }");
	b = yara_compile_as(source, false, 20, &told);
	assert_int_equal(told.n, 0);
	ov_buf_free(&b);
	b = yara_compile_as(source, false, 19, &told);
	assert_non_null(strstr(told.why, "too many strings"));
	ov_buf_free(&b);
}

/* Where 4.5 and X contradict each other, 4.5 is followed unless X is asked for. */
static void strict_as_x(void **state)
{
	static const char *const sources[] = {
		"rule a { condition: entrypoint == 1 }",
		"private private rule a { condition: true }",
		"rule a { strings: $s = \"abcd\" wide wide condition: $s }",
		"rule a { strings: $s = \"abcd\" condition: $s in (9..1) }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct yara_told told;
		struct ov_buf b = yara_compile(sources[i], &told);

		ov_expect_eq(sources[i], told.n, 0);
		ov_buf_free(&b);
		b = yara_compile_as(sources[i], true, 0, &told);
		ov_expect_eq(sources[i], told.n, 1);
		ov_buf_free(&b);
	}
}

/* What YARA-X takes stays taken. */
static void what_strictness_does_not_refuse(void **state)
{
	static const char *const sources[] = {
		"rule a { strings: $s = { 41 ?? [1-2] (42 | 43) } condition: $s }",
		"rule a { strings: $s = /abcd/i nocase condition: $s }",
		"rule a { strings: $s = \"abcd\" wide ascii private condition: $s }",
		"private global rule a { condition: true }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct yara_told told;
		struct ov_buf b = yara_compile_as(sources[i], true, 0, &told);

		if (told.n != 0)
			fail_msg("%s: %s", sources[i], told.why);
		ov_buf_free(&b);
	}
}

static void every_prefix_has_an_answer(void **state)
{
	static const char source[] =
	    "import \"hash\" rule a : t { meta: x = \"y\" z = 1.5 strings: $a = \"x\\x41\" wide "
	    "xor(1-2) "
	    "$h = { 41 ?? [1-2] (42 | 43) } $r = /a[bc]+/i condition: for any i in (1..#a) : "
	    "(@a[i] > "
	    "1) and 1 of ($h, $r) or hash.md5(0, 1) == \"\" or with q = 1 : (q == 1) }";

	(void)state;
	for (size_t n = 0; n < sizeof source; n++) {
		char *cut = strndup(source, n);
		struct yara_told told;
		struct ov_buf b;

		assert_non_null(cut);
		b = yara_compile(cut, &told);
		assert_true(b.n > 0);
		assert_true(told.n <= 2);
		ov_buf_free(&b);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_places),
		cmocka_unit_test(rules_around_a_bad_one_stand),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(long_conditions),
		cmocka_unit_test(strings_of_a_rule_are_counted),
		cmocka_unit_test(strict_as_x),
		cmocka_unit_test(what_strictness_does_not_refuse),
		cmocka_unit_test(every_prefix_has_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
