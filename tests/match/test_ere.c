/* POSIX extended expressions: what is taken and refused is clamscan 1.4.6's; what matches is held
 * against the C library's. */
#include "ere.h"
#include "testing.h"

#include <regex.h>
#include <stdlib.h>

static ov_status search(struct ov_cur program, struct ov_str text, uint64_t steps)
{
	struct ov_ere_run run;
	struct ov_arena a;
	ov_status s;

	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_ere_run_new(&a, &run), OV_OK);
	s = ov_ere_search(program, text, &run, &steps);
	ov_arena_free(&a);
	return s;
}

/* OV_BAD: refused. Else what the search says; a text that matches must hold what is needed. */
static ov_status answer(const char *regex, const char *text)
{
	struct ov_buf program = ov_buf_of(1 << 20);
	struct ov_ere_needs needs;
	const char *why = NULL;
	ov_status s = ov_ere_compile(ov_str_of(regex), &program, &needs, &why);

	if (s != OV_OK) {
		ov_expect(regex, why != NULL && program.n == 0);
		return s;
	}
	ov_expect_eq(regex, ov_ere_verify(ov_buf_cur(&program)), OV_OK);
	s = search(ov_buf_cur(&program), ov_str_of(text), UINT64_MAX);
	if (s == OV_OK) {
		ov_expect(regex, (needs.mask & ~ov_ere_mask(ov_str_of(text))) == 0);
		if (strncmp(regex, "(?i)", 4) != 0)
			ov_expect(regex, memmem(text, strlen(text), needs.literal,
						needs.nliteral) != NULL);
	}
	ov_buf_free(&program);
	return s;
}

static void table(void **state)
{
	static const struct {
		const char *regex, *text;
		ov_status want;
	} rows[] = {
		{ "exe", "a.exe", OV_OK },
		{ "EXE", "a.exe", OV_END },
		{ "(?i)EXE$", "a.exe", OV_OK },
		{ "(?i)[A-C]x", "Bx", OV_OK },
		{ "(?i)[^a]x", "Ax", OV_END },
		{ "^a\\.exe", "a.exe", OV_OK },
		{ "^a\\.exe", "aXexe", OV_END },
		{ ".*", "", OV_OK },
		{ "^$", "", OV_OK },
		{ "^$", "a", OV_END },
		{ "a$1", "a$1", OV_END },
		{ "a[+]b", "a+b", OV_OK },
		{ "[]a]", "]", OV_OK },
		{ "[^]a]", "]a", OV_END },
		{ "[a-]", "-", OV_OK },
		{ "[[:digit:]]{3}", "ab123", OV_OK },
		{ "[[:digit:]]{3}", "ab12", OV_END },
		{ "[[.a.]]", "a", OV_OK },
		{ "x{3}$", "xx", OV_END },
		{ "^x{2,3}$", "xxxx", OV_END },
		{ "^x{2,}$", "xxxx", OV_OK },
		{ "^(ab|cd)+$", "abcdab", OV_OK },
		{ "^(ab|cd)+$", "abcda", OV_END },
		{ "(a)\\1", "a1", OV_OK },
		{ "\\d", "1", OV_END },
		{ "\\<a", "b a", OV_OK },
		{ "\\<a", "ba", OV_END },
		{ "a\\>", "ba b", OV_OK },
		{ "a\\>", "ab", OV_END },
		{ "()", "x", OV_OK },
		{ "a()b", "ab", OV_OK },
		{ "a]", "a]", OV_OK },
		{ "a{", "a{", OV_OK },
		{ "a{,2}", "a{,2}", OV_OK },
		{ "^^a", "a", OV_OK },
		{ "\xc3\xa9", "\xc3\xa9", OV_OK },
		{ "", "x", OV_BAD },
		{ "(?i)", "x", OV_BAD },
		{ "a|", "x", OV_BAD },
		{ "|a", "x", OV_BAD },
		{ "(|a)", "x", OV_BAD },
		{ "(a|)", "x", OV_BAD },
		{ "*a", "x", OV_BAD },
		{ "^*", "x", OV_BAD },
		{ "(*a)", "x", OV_BAD },
		{ "a|+", "x", OV_BAD },
		{ "a**", "x", OV_BAD },
		{ "a++", "x", OV_BAD },
		{ "a(?i)b", "x", OV_BAD },
		{ "a{0}", "x", OV_BAD },
		{ "a{2,1}", "x", OV_BAD },
		{ "a{256}", "x", OV_BAD },
		{ "a{1", "x", OV_BAD },
		{ "a{1,x}", "x", OV_BAD },
		{ "[a", "x", OV_BAD },
		{ "[]", "x", OV_BAD },
		{ "[z-a]", "x", OV_BAD },
		{ "[[:foo:]]", "x", OV_BAD },
		{ "[[:digit:", "x", OV_BAD },
		{ "[[.ab.]]", "x", OV_BAD },
		{ "a(", "x", OV_BAD },
		{ "a)", "x", OV_BAD },
		{ "a\\", "x", OV_BAD },
		{ "((a{255}){255})", "x", OV_LIMIT },
		{ "(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a", "x",
		  OV_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ov_expect_eq(rows[i].regex, answer(rows[i].regex, rows[i].text), rows[i].want);
}

static void needs_are_told(void **state)
{
	static const struct {
		const char *regex, *literal;
	} rows[] = {
		{ "invoice", "invoice" }, { "a.*invoice", "invoice" }, { "ab?cd", "cd" },
		{ "ab+cd", "cd" },	  { "abc|def", "" },	       { "(abc)", "" },
		{ "(a|b)cde", "cde" },	  { "^ab\\.c$", "ab.c" },      { "(?i)ABC", "abc" },
		{ "abcd[e]fgh", "abcd" }, { "a{3}bc", "bc" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_buf program = ov_buf_of(1 << 20);
		struct ov_ere_needs n;
		const char *why = NULL;

		ov_expect_eq(rows[i].regex,
			     ov_ere_compile(ov_str_of(rows[i].regex), &program, &n, &why), OV_OK);
		ov_expect(rows[i].regex, n.nliteral == strlen(rows[i].literal) &&
					     memcmp(n.literal, rows[i].literal, n.nliteral) == 0);
		ov_buf_free(&program);
	}
}

/* A few letters, all operators that both read alike. */
static void random_regex(unsigned *seed, char *out, size_t n)
{
	static const char *const pieces[] = { "a",    "b",	  "c",	     "a",	   "b",
					      ".",    "[ab]",	  "[^a]",    "a*",	   "b+",
					      "c?",   "(a|b)",	  "(ab|c)*", "^",	   "$",
					      "a{2}", "(b){1,2}", "|a",	     "(a|(b|c)a)+" };
	const int count = 1 + rand_r(seed) % 6;

	out[0] = '\0';
	for (int i = 0; i < count; i++) {
		const char *p = pieces[(size_t)rand_r(seed) % (sizeof pieces / sizeof *pieces)];

		if (out[0] == '\0' && p[0] == '|')
			continue;
		(void)snprintf(out + strlen(out), n - strlen(out), "%s", p);
	}
	if (out[0] == '\0')
		(void)snprintf(out, n, "a");
}

static void random_text(unsigned *seed, char *out, size_t n)
{
	const size_t len = (size_t)rand_r(seed) % n;

	for (size_t i = 0; i < len; i++)
		out[i] = (char)('a' + rand_r(seed) % 3);
	out[len] = '\0';
}

static void agrees_with_the_library(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		char regex[200], text[12];
		regex_t re;

		random_regex(&seed, regex, sizeof regex);
		assert_int_equal(regcomp(&re, regex, REG_EXTENDED | REG_NOSUB), 0);
		for (int k = 0; k < 6; k++) {
			random_text(&seed, text, sizeof text);
			ov_expect_eq(regex, answer(regex, text),
				     regexec(&re, text, 0, NULL, 0) == 0 ? OV_OK : OV_END);
		}
		regfree(&re);
	}
}

static void hostile_programs(void **state)
{
	struct ov_buf program = ov_buf_of(1 << 20);
	const char *why = NULL;
	unsigned seed = 3;
	uint8_t copy[2048];

	(void)state;
	assert_int_equal(
	    ov_ere_compile(OV_STR("(?i)^(ab|[c-e]{2,3})+x*\\>y$"), &program, NULL, &why), OV_OK);
	assert_true(program.n <= sizeof copy);
	for (size_t n = 0; n < program.n; n++)
		assert_int_equal(ov_ere_verify(ov_cur_of(program.p, n)), OV_BAD);
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, program.p, program.n);
		copy[(size_t)rand_r(&seed) % program.n] = (uint8_t)rand_r(&seed);
		if (ov_ere_verify(ov_cur_of(copy, program.n)) == OV_OK)
			(void)(search(ov_cur_of(copy, program.n), OV_STR("abcdexxy"), 10000) ==
			       OV_OK);
	}
	ov_buf_free(&program);
}

static void steps_are_bounded(void **state)
{
	struct ov_buf program = ov_buf_of(1 << 20);
	const char *why = NULL;
	char text[4000];

	(void)state;
	memset(text, 'a', sizeof text);
	assert_int_equal(ov_ere_compile(OV_STR("(a*)*(a?){200}b"), &program, NULL, &why), OV_OK);
	assert_int_equal(search(ov_buf_cur(&program), (struct ov_str){ text, sizeof text }, 5000),
			 OV_LIMIT);
	assert_int_equal(
	    search(ov_buf_cur(&program), (struct ov_str){ text, sizeof text }, UINT64_MAX), OV_END);
	ov_buf_free(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(needs_are_told),
		cmocka_unit_test(agrees_with_the_library),
		cmocka_unit_test(hostile_programs),
		cmocka_unit_test(steps_are_bounded),
	};

	return cmocka_run_group_tests_name("ere", tests, NULL, NULL);
}
