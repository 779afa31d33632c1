/* Rules on which engines hang, die or take for ever: the smallest integer divided by -1, nested
 * quantifiers, very many strings, rules and mistakes. Times are of the processor, and only their
 * ratio counts. */
#include "testing.h"

#include <stdlib.h>
#include <time.h>

#include "yara_run.h"

#define SMALLEST "(-9223372036854775807 - 1)"
#if defined(__SANITIZE_ADDRESS__)
#define SCALE 20u /* sanitizers cost that much */
#else
#define SCALE 1u
#endif
#define STEPS ((uint64_t)1 << 30)

static const struct {
	const char *condition;
	enum ov_yresult want;
} numbers[] = {
	{ "for any i in (-1, -1) : (defined (" SMALLEST " \\ i))", OV_YR_FALSE },
	{ "for any i in (-1, -1) : (defined (" SMALLEST " % i))", OV_YR_FALSE },
	{ "for any i in (0, 0) : (defined (7 \\ i))", OV_YR_FALSE },
	{ "for any i in (0, 0) : (defined (7 % i))", OV_YR_FALSE },
	{ "for any i in (-1, -1) : (" SMALLEST " * i < 0)", OV_YR_TRUE }, /* it wraps */
	{ "defined (" SMALLEST " \\ -1)", OV_YR_FALSE },
	{ "for any i in (64, 65, 9223372036854775807) : (1 << i != 0)", OV_YR_FALSE },
	{ "for any i in (9223372036854775806..9223372036854775807) : (i == 9223372036854775807)",
	  OV_YR_TRUE },
};

static void numbers_that_trap(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		char source[256];
		struct yara_told told;
		struct ov_yimage y;
		struct ov_buf b;

		(void)snprintf(source, sizeof source, "rule a { condition: %s }",
			       numbers[i].condition);
		b = yara_compile(source, &told);
		if (told.n != 0)
			fail_msg("%s: %s", numbers[i].condition, told.why);
		assert_int_equal(ov_yimage_open(ov_buf_cur(&b), &y), OV_OK);
		if (yara_eval(&y, "x", 1, "a", false, STEPS) != numbers[i].want)
			fail_msg("%s: not %d", numbers[i].condition, numbers[i].want);
		ov_buf_free(&b);
	}
}

static void constants_that_trap(void **state)
{
	static const char *const sources[] = { "rule a { condition: 1 \\ 0 == 0 }",
					       "rule a { condition: 1 % 0 == 0 }" };

	(void)state;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct yara_told told;
		struct ov_buf b = yara_compile(sources[i], &told);

		ov_expect_eq(sources[i], told.n, 1);
		ov_buf_free(&b);
	}
}

/* Expressions on which backtracking takes time without end. */
static void nested_quantifiers(void **state)
{
	static const char *const bodies[] = { "(a*)*b",		"((a+)+)+b",	    "(a|a)*b",
					      "(a|aa)+b",	"(a{1,20}){1,20}b", "(.*)*x(.*)*y",
					      "(a?){30}a{30}b", "a.*a.*a.*a.*a.*b" };
	static char data[800];

	(void)state;
	memset(data, 'a', sizeof data);
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		char source[256];
		struct yara_told told;
		struct ov_yimage y;
		struct ov_buf b;

		(void)snprintf(source, sizeof source, "rule a { strings: $a = /%s/ condition: $a }",
			       bodies[i]);
		b = yara_compile(source, &told);
		if (told.n != 0)
			fail_msg("%s: %s", bodies[i], told.why);
		assert_int_equal(ov_yimage_open(ov_buf_cur(&b), &y), OV_OK);
		if (yara_eval(&y, data, sizeof data, "a", false, STEPS) != OV_YR_FALSE)
			fail_msg("%s: it holds, or its steps are spent", bodies[i]);
		ov_buf_free(&b);
	}
}

/* Writes one source of `n` parts. */
typedef char *(*write_fn)(char *to, unsigned n);

static char *many_strings(char *to, unsigned n)
{
	to += sprintf(to, "rule a { strings:");
	for (unsigned i = 0; i < n; i++)
		to += sprintf(to, "\n$s%u = \"text number %u\"", i, i);
	return to + sprintf(to, "\ncondition: any of them }");
}

static char *many_rules(char *to, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to += sprintf(to,
			      "rule r%u { strings: $a = \"text number %u\" condition: $a and "
			      "filesize > %u }\n",
			      i, i, i);
	return to;
}

static char *many_mistakes(char *to, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to += sprintf(to,
			      i % 2 == 0 ? "rule r%u { condition: unknown }\n"
					 : "rule r%u { condition: 1 + }\n",
			      i);
	return to;
}

/* Processor seconds that a source takes. */
static double compile(write_fn write, unsigned n, uint32_t *rules, struct yara_told *told)
{
	char *source = malloc((size_t)n * 100 + 200);
	struct ov_yimage y;
	struct ov_buf b;
	clock_t begun;
	double took;

	assert_non_null(source);
	*write(source, n) = '\0';
	begun = clock();
	b = yara_compile_as(source, false, 200000, told);
	took = (double)(clock() - begun) / CLOCKS_PER_SEC;
	assert_int_equal(ov_yimage_open(ov_buf_cur(&b), &y), OV_OK);
	*rules = y.nrules;
	ov_buf_free(&b);
	free(source);
	return took;
}

static const struct {
	const char *what;
	write_fn write;
	unsigned n;
	bool is_refused, is_one;
} sizes[] = {
	{ "strings of a rule", many_strings, 120000 / SCALE, false, true },
	{ "rules", many_rules, 20000 / SCALE, false, false },
	{ "mistakes", many_mistakes, 20000 / SCALE, true, false },
};

static void many_of_a_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct yara_told told;
		uint32_t rules = 0;
		const double quarter = compile(sizes[i].write, sizes[i].n / 4, &rules, &told);
		const double all = compile(sizes[i].write, sizes[i].n, &rules, &told);

		ov_expect_eq(sizes[i].what, told.n, sizes[i].is_refused ? sizes[i].n : 0);
		ov_expect_eq(sizes[i].what, rules,
			     sizes[i].is_refused ? 0
			     : sizes[i].is_one	 ? 1
						 : sizes[i].n);
		if (all > 8 * quarter + 0.5) /* four times as many; 16 times would be quadratic */
			fail_msg("%u %s take %.2f s, a quarter of them %.2f", sizes[i].n,
				 sizes[i].what, all, quarter);
	}
}

static void too_many_strings_are_refused(void **state)
{
	char *source = malloc(12000000);
	struct yara_told told;
	struct ov_buf b;

	(void)state;
	assert_non_null(source);
	*many_strings(source, 120000) = '\0';
	b = yara_compile(source, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.line, 10002);
	assert_non_null(strstr(told.why, "too many strings in rule \"a\": at most 10000"));
	ov_buf_free(&b);
	free(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_that_trap),
		cmocka_unit_test(constants_that_trap),
		cmocka_unit_test(nested_quantifiers),
		cmocka_unit_test(many_of_a_kind),
		cmocka_unit_test(too_many_strings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
