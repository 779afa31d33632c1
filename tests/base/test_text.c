/* Text from outside: numbers, hexadecimal, UTF-8, escaping, shell patterns. */
#include "testing.h"

#include "text.h"

#define S(literal)                                                                                 \
	{                                                                                          \
		("" literal ""), sizeof(literal) - 1                                               \
	}
#define ROWS(table) (sizeof(table) / sizeof(table)[0])

/* clang-format off */
static const struct { const char *what; struct ov_str in; ov_status st; size_t n; const char *want; } hexes[] = {
	{ "nothing",           S(""),         OV_OK,    0, "" },
	{ "both cases",        S("00fFAb"),   OV_OK,    3, "\x00\xff\xab" },
	{ "an odd count",      S("abc"),      OV_BAD,   0, NULL },
	{ "another character", S("0g"),       OV_BAD,   0, NULL },
	{ "a blank",           S("0 "),       OV_BAD,   0, NULL },
	{ "exactly full",      S("01020304"), OV_OK,    4, "\1\2\3\4" },
	{ "too long",          S("0102030405"), OV_LIMIT, 0, NULL },
};

static const struct { const char *what; struct ov_str in; ov_status st; uint64_t want; } numbers[] = {
	{ "nothing",            S(""),                     OV_BAD,   0 },
	{ "zero",               S("0"),                    OV_OK,    0 },
	{ "leading zeros",      S("0007"),                 OV_OK,    7 },
	{ "the largest",        S("18446744073709551615"), OV_OK,    UINT64_MAX },
	{ "one more",           S("18446744073709551616"), OV_LIMIT, 0 },
	{ "ten times as much",  S("184467440737095516150"), OV_LIMIT, 0 },
	{ "a sign",             S("-1"),                   OV_BAD,   0 },
	{ "a blank in front",   S(" 1"),                   OV_BAD,   0 },
	{ "hexadecimal",        S("0x1"),                  OV_BAD,   0 },
	{ "a NUL inside",       S("1\0"),                  OV_BAD,   0 },
};

static const struct { const char *what; struct ov_str in; size_t want; } utf8[] = {
	{ "nothing",                       S(""),                 0 },
	{ "ASCII",                         S("a"),                1 },
	{ "NUL is a character",            S("\0"),               1 },
	{ "two bytes, smallest",           S("\xc2\x80"),         2 },
	{ "two bytes, overlong",           S("\xc1\xbf"),         0 },
	{ "three bytes, smallest",         S("\xe0\xa0\x80"),     3 },
	{ "three bytes, overlong",         S("\xe0\x9f\xbf"),     0 },
	{ "last before the surrogates",    S("\xed\x9f\xbf"),     3 },
	{ "a surrogate",                   S("\xed\xa0\x80"),     0 },
	{ "first after the surrogates",    S("\xee\x80\x80"),     3 },
	{ "four bytes, smallest",          S("\xf0\x90\x80\x80"), 4 },
	{ "four bytes, overlong",          S("\xf0\x8f\xbf\xbf"), 0 },
	{ "U+10FFFF",                      S("\xf4\x8f\xbf\xbf"), 4 },
	{ "past U+10FFFF",                 S("\xf4\x90\x80\x80"), 0 },
	{ "five bytes of old",             S("\xf8\x88\x80\x80\x80"), 0 },
	{ "a continuation alone",          S("\x80"),             0 },
	{ "cut after one of two",          S("\xc3"),             0 },
	{ "cut after two of three",        S("\xe2\x82"),         0 },
	{ "cut after three of four",       S("\xf0\x9f\x98"),     0 },
	{ "a break inside",                S("\xe2\x28\xa1"),     0 },
};

static const struct { const char *what; struct ov_str in, json, shown; } escapes[] = {
	{ "plain",                    S("abc"),              S("abc"),                 S("abc") },
	{ "quotes and backslashes",   S("a\"b\\"),           S("a\\\"b\\\\"),          S("a\"b\\") },
	{ "line ends and tabs",       S("\n\r\t"),           S("\\n\\r\\t"),           S("\\x0a\\x0d\\x09") },
	{ "a terminal's escape",      S("\x1b[2J"),          S("\\u001b[2J"),          S("\\x1b[2J") },
	{ "NUL and DEL",              S("\0\x7f"),           S("\\u0000\\u007f"),      S("\\x00\\x7f") },
	{ "umlauts stay",             S("\xc3\xa4"),         S("\xc3\xa4"),            S("\xc3\xa4") },
	{ "Latin-1 is not UTF-8",     S("\xe4x"),            S("\\udce4x"),            S("\\xe4x") },
	{ "a C1 control",             S("\xc2\x9b"),         S("\xc2\x9b"),            S("\\xc2\\x9b") },
	{ "the first after C1",       S("\xc2\xa0"),         S("\xc2\xa0"),            S("\xc2\xa0") },
	{ "text turned round",        S("a\xe2\x80\xae" "b"), S("a\xe2\x80\xae" "b"),  S("a\\xe2\\x80\\xae" "b") },
	{ "an isolate",               S("\xe2\x81\xa6"),     S("\xe2\x81\xa6"),        S("\\xe2\\x81\\xa6") },
	{ "a width of nothing",       S("\xef\xbb\xbf"),     S("\xef\xbb\xbf"),        S("\\xef\\xbb\\xbf") },
	{ "the Arabic mark",          S("\xd8\x9c"),         S("\xd8\x9c"),            S("\\xd8\\x9c") },
	{ "a dash stays",             S("\xe2\x80\x94"),     S("\xe2\x80\x94"),        S("\xe2\x80\x94") },
	{ "a face stays",             S("\xf0\x9f\x98\x80"), S("\xf0\x9f\x98\x80"),    S("\xf0\x9f\x98\x80") },
	{ "an invisible tag",         S("\xf3\xa0\x80\x81"), S("\xf3\xa0\x80\x81"),    S("\\xf3\\xa0\\x80\\x81") },
	{ "a sequence that is cut",   S("\xf0\x9f"),         S("\\udcf0\\udc9f"),      S("\\xf0\\x9f") },
};

static const struct { const char *what; struct ov_str pattern, s; bool want; } globs[] = {
	{ "nothing in nothing",          S(""),         S(""),        true },
	{ "nothing in something",        S(""),         S("a"),       false },
	{ "itself",                      S("abc"),      S("abc"),     true },
	{ "a beginning is not enough",   S("ab"),       S("abc"),     false },
	{ "a star is anything",          S("*"),        S("a/b"),     true },
	{ "a star is nothing too",       S("a*b"),      S("ab"),      true },
	{ "an ending",                   S("*.exe"),    S("x/y.exe"), true },
	{ "another ending",              S("*.exe"),    S("y.exec"),  false },
	{ "two stars go back",           S("*a*b"),     S("xaabab"),  true },
	{ "two stars in vain",           S("*a*b"),     S("xaaba"),   false },
	{ "one character",               S("a?c"),      S("abc"),     true },
	{ "one, not none",               S("a?c"),      S("ac"),      false },
	{ "a range",                     S("[a-c]x"),   S("bx"),      true },
	{ "outside a range",             S("[a-c]x"),   S("dx"),      false },
	{ "a negated class",             S("[!a-c]"),   S("d"),       true },
	{ "negated the other way",       S("[^a-c]"),   S("b"),       false },
	{ "a bracket first in a class",  S("[]x]"),     S("]"),       true },
	{ "a dash last in a class",      S("[a-]"),     S("-"),       true },
	{ "a class without end is text", S("[ab"),      S("[ab"),     true },
	{ "and does not match its set",  S("[ab"),      S("a"),       false },
	{ "an escaped star",             S("\\*"),      S("*"),       true },
	{ "is only that",                S("\\*"),      S("a"),       false },
	{ "a backslash at the end",      S("a\\"),      S("a\\"),     true },
	{ "high bytes in a range",       S("[\x80-\xff]"), S("\xe4"), true },
	{ "stars after the end",         S("a**"),      S("a"),       true },
};

static const struct { const char *what; struct ov_str in; const char *parts[4]; } splits[] = {
	{ "no separator",       S("ab"),   { "ab" } },
	{ "three parts",        S("a:b:c"), { "a", "b", "c" } },
	{ "empty parts count",  S(":b:"),  { "", "b", "" } },
	{ "an empty text",      S(""),     { "" } },
};

static const struct { const char *what; struct ov_str in, want; } trims[] = {
	{ "nothing",       S(""),          S("") },
	{ "only blanks",   S(" \t "),      S("") },
	{ "both ends",     S("\t a b \t"), S("a b") },
	{ "no line ends",  S("a\n"),       S("a\n") },
};
/* clang-format on */

static void test_hexadecimal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(hexes); i++) {
		uint8_t out[4] = { 0 };
		size_t n = 99;

		ov_expect_eq(hexes[i].what, ov_hex_decode(hexes[i].in, out, sizeof out, &n),
			     hexes[i].st);
		ov_expect_eq(hexes[i].what, n, hexes[i].st == OV_OK ? hexes[i].n : 99);
		if (hexes[i].st == OV_OK)
			ov_expect(hexes[i].what, memcmp(out, hexes[i].want, n) == 0);
	}
}

static void test_hexadecimal_there_and_back(void **state)
{
	uint8_t in[256], back[256];
	char text[513];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	ov_hex_encode(in, sizeof in, text);
	assert_int_equal(strlen(text), 512);
	assert_int_equal(ov_hex_decode(ov_str_of(text), back, sizeof back, &n), OV_OK);
	assert_memory_equal(in, back, sizeof in);
}

static void test_decimal(void **state)
{
	uint32_t narrow = 5;

	(void)state;
	for (size_t i = 0; i < ROWS(numbers); i++) {
		uint64_t got = 99;

		ov_expect_eq(numbers[i].what, ov_text_u64(numbers[i].in, &got), numbers[i].st);
		ov_expect(numbers[i].what, got == (numbers[i].st == OV_OK ? numbers[i].want : 99));
	}
	assert_int_equal(ov_text_u32(OV_STR("100"), 100, &narrow), OV_OK);
	assert_int_equal(narrow, 100);
	assert_int_equal(ov_text_u32(OV_STR("101"), 100, &narrow), OV_LIMIT);
	assert_int_equal(ov_text_u32(OV_STR("4294967296"), UINT32_MAX, &narrow), OV_LIMIT);
	assert_int_equal(ov_text_u32(OV_STR("x"), 100, &narrow), OV_BAD);
	assert_int_equal(narrow, 100);
}

static void test_utf8_by_rfc_3629(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(utf8); i++)
		ov_expect_eq(utf8[i].what, ov_utf8_len(utf8[i].in), utf8[i].want);
}

static void expect_text(const char *what, const struct ov_buf *got, struct ov_str want)
{
	if (got->n != want.n || (want.n > 0 && memcmp(got->p, want.p, want.n) != 0))
		fail_msg("row \"%s\": \"%.*s\" is not \"%.*s\"", what, (int)got->n,
			 (const char *)got->p, (int)want.n, want.p);
}

static void test_escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(escapes); i++) {
		OV_CLEANUP(ov_buf_free)
		struct ov_buf json = ov_buf_of(1000), shown = ov_buf_of(1000);

		ov_expect_eq(escapes[i].what, ov_text_json(&json, escapes[i].in), OV_OK);
		expect_text(escapes[i].what, &json, escapes[i].json);
		ov_expect_eq(escapes[i].what, ov_text_shown(&shown, escapes[i].in), OV_OK);
		expect_text(escapes[i].what, &shown, escapes[i].shown);
	}
}

static void test_escapes_stop_at_the_ceiling(void **state)
{
	(void)state;
	for (size_t max = 0; max < 6; max++) {
		OV_CLEANUP(ov_buf_free) struct ov_buf json = ov_buf_of(max), shown = ov_buf_of(max);

		assert_int_equal(ov_text_json(&json, OV_STR("\x01")), OV_LIMIT);
		assert_int_equal(ov_text_shown(&shown, OV_STR("a\x01")),
				 max < 5 ? OV_LIMIT : OV_OK);
	}
}

static void test_shell_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(globs); i++)
		ov_expect_eq(globs[i].what, ov_text_glob(globs[i].pattern, globs[i].s),
			     globs[i].want);
}

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(splits); i++) {
		struct ov_str rest = splits[i].in, head;

		for (size_t k = 0; splits[i].parts[k] != NULL; k++) {
			ov_expect(splits[i].what, ov_text_split(&rest, ':', &head));
			ov_expect(splits[i].what, ov_str_is(head, splits[i].parts[k]));
		}
		ov_expect(splits[i].what, !ov_text_split(&rest, ':', &head));
	}
}

static void test_trim_and_compare(void **state)
{
	const struct ov_str none = { .p = NULL, .n = 0 };

	(void)state;
	for (size_t i = 0; i < ROWS(trims); i++)
		ov_expect(trims[i].what, ov_str_eq(ov_text_trim(trims[i].in), trims[i].want));
	assert_true(ov_text_same(OV_STR("AbZ"), OV_STR("aBz")));
	assert_false(ov_text_same(OV_STR("@"), OV_STR("`"))); /* 32 apart, but no letters */
	assert_false(ov_text_same(OV_STR("a"), OV_STR("ab")));
	assert_true(ov_text_same_but_space(OV_STR("a b"), OV_STR("\v ab\r\n")));
	assert_true(ov_text_same_but_space(OV_STR(""), OV_STR(" \t\f")));
	assert_false(ov_text_same_but_space(OV_STR("ab"), OV_STR("a b c")));
	assert_false(ov_text_same_but_space(OV_STR("ab c"), OV_STR("ab")));
	assert_false(ov_text_same_but_space(OV_STR("ab"), OV_STR("a B")));
	assert_false(ov_text_same_but_space(OV_STR("ab"), OV_STR("a\0b"))); /* no space */
	assert_true(ov_text_ends_with(OV_STR("x.ODB"), OV_STR(".odb")));
	assert_false(ov_text_ends_with(OV_STR("odb"), OV_STR(".odb")));
	assert_true(ov_text_ends_with(none, none));
	assert_false(ov_text_ends_with(none, OV_STR("x")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hexadecimal),
		cmocka_unit_test(test_hexadecimal_there_and_back),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_utf8_by_rfc_3629),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_escapes_stop_at_the_ceiling),
		cmocka_unit_test(test_shell_patterns),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_trim_and_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
