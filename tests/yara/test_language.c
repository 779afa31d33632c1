/* Conditions and what they are on a file: the bytes `abcabcabcXYZ`. Where a row is not plain from
 * the manual it is what yara 4.2.3 says. */
#include "testing.h"

#include "yara_run.h"

#define BYTES "abcabcabcXYZ"
#define STRINGS "$a = \"abc\" $b = \"zzz\" $c = \"XYZ\" $_x = /b.a/"

static const struct {
	const char *condition;
	bool want;
} rows[] = {
	{ "true", true },
	{ "not true", false },
	/* undefined values */
	{ "uint8(1000) == 1", false },
	{ "not uint8(1000) == 1", false },
	{ "not (uint8(1000) == 1 and true)", true },
	{ "not (uint8(1000) == 1 or false)", true },
	{ "defined uint8(0)", true },
	{ "defined uint8(1000)", false },
	{ "defined (not uint8(1000))", false },
	{ "defined @a[4]", false },
	{ "defined @a[0]", false },
	{ "uint8(1000) or true", true },
	/* arithmetic */
	{ "2 + 3 * 4 == 14", true },
	{ "7 - 2 - 1 == 4", true },
	{ "1 + 1 << 1 == 4", true },
	{ "1 ^ 3 | 4 == 6", true },
	{ "2 | 1 == 3", true },
	{ "6 & 3 == 2", true },
	{ "-5 % 3 == -2", true },
	{ "5 \\ 2 == 2", true },
	{ "5.0 \\ 2 == 2.5", true },
	{ "~5 == -6", true },
	{ "1 << 63 < 0", true },
	{ "1 << 64 == 0", true },
	{ "-1 >> 64 == 0", true },
	{ "defined (1 << (filesize - 13))", false },
	{ "defined (1 \\ (filesize - 12))", false },
	{ "defined (-9223372036854775807 - 1 + filesize - 12) \\ (filesize - 13)", false },
	{ "defined ((-9223372036854775807 - 1) % -1)", false },
	{ "0x7FFFFFFFFFFFFFFF + filesize < 0", true },
	{ "1KB == 1024 and 1MB == 1048576", true },
	{ "0o17 == 15 and 1_000 == 1000", true },
	{ "0.0 or false", false },
	{ "\"\" or false", false },
	{ "\"a\" and 0.5", true },
	/* bytes */
	{ "uint16be(0) == 0x6162 and uint16(0) == 0x6261", true },
	{ "int8(0) == 97 and uint32(8) == 0x5A595863", true },
	{ "uint32(9) == 0", false },
	{ "filesize == 12", true },
	/* strings */
	{ "$a and not $b", true },
	{ "#a == 3 and @a == 0 and @a[2] == 3 and !a[1] == 3", true },
	{ "#a in (0..3) == 2", true },
	{ "$a at 3 and not $a at 4", true },
	{ "$a in (4..6) and not $a in (7..9)", true },
	{ "$a in (6..4)", false },
	{ "#_x == 2", true },
	{ "any of them and not all of them", true },
	{ "all of ($a, $c)", true },
	{ "2 of ($a, $b, $c) and not 3 of ($a, $b, $c)", true },
	{ "none of ($b)", true },
	{ "0 of ($b) and not 0 of ($a)", true },
	{ "50% of ($a, $b) and not 51% of ($a, $b)", true },
	{ "any of ($a*) at 3", true },
	{ "any of them in (0..5)", true },
	{ "for any of them : ($ at 3)", true },
	{ "for all of ($a, $c) : (# > 0 and @ < 10)", true },
	{ "for 2 of ($a, $c) : (@ >= 0)", true },
	/* loops */
	{ "for any i in (0, 3, 9) : ($c at i)", true },
	{ "for all i in (1..#a) : (@a[i] == (i - 1) * 3)", true },
	{ "for all i in (2..1) : (true)", false },
	{ "for any i in (2..1) : (true)", false },
	{ "for none i in (0..5) : (i > 9)", true },
	{ "for none i in (0..5) : (i > 1)", false },
	{ "for 50% i in (1..4) : (i > 2)", true },
	{ "for any s in (\"x\", \"abc\") : (s == \"abc\")", true },
	{ "for all i in (0..2) : (for any k in (0..2) : (i == k))", true },
	{ "for any i in (0..2) : (for any of ($c) : ($ at i + 9))", true },
	/* texts */
	{ "\"abc\" contains \"b\" and \"ABC\" icontains \"b\"", true },
	{ "\"abc\" startswith \"ab\" and \"aBc\" iendswith \"BC\"", true },
	{ "\"aBc\" iequals \"AbC\" and \"abc\" < \"abd\"", true },
	{ "\"abc\" matches /^a.c$/ and not \"abc\" matches /^c/", true },
	{ "\"abc\" contains \"\"", true },
	/* what YARA-X adds */
	{ "with x = #a + 1, y = x * 2 : (x == 4 and y == 8)", true },
	{ "any of (false, #a == 3) and none of (false, $b)", true },
	{ "2 of (true, $a, $b)", true },
	{ "true == true", true },
	/* externals, modules, other rules */
	{ "filename endswith \".txt\" and seven == 7", true },
	{ "math.entropy(0, filesize) > 2.0", true },
	{ "math.mean(\"aa\") == 97.0 and math.in_range(1.5, 1.0, 2.0)", true },
	{ "hash.md5(\"abc\") == \"900150983cd24fb0d6963f7d28e17f72\"", true },
	{ "hash.crc32(\"123456789\") == 0xcbf43926", true },
	{ "hash.md5(1000, 5) == \"x\"", false },
	{ "math.index_of_coincidence(\"aabb\") > 0.33 and math.index_of_coincidence(\"aabb\") < "
	  "0.34",
	  true },
	{ "defined math.index_of_coincidence(\"a\")", false },
	{ "time.now() > 1700000000", true },
	{ "string.length(\"AXS\\x00ERS\") == 7", true },
	{ "string.to_int(\"1234\") == 1234 and string.to_int(\"-10\") == -10", true },
	{ "string.to_int(\"-010\") == -8 and string.to_int(\"0x1F\") == 31", true },
	{ "string.to_int(\"011\", 8) == 9 and string.to_int(\"-011\", 0) == -9", true },
	{ "string.to_int(\"zz\", 36) == 1295 and string.to_int(\"0xfF\", 16) == 255", true },
	{ "string.to_int(\" +5\") == 5", true },
	{ "string.to_int(\"-9223372036854775808\") < 0", true },
	{ "string.to_int(\"9223372036854775807\") == 0x7FFFFFFFFFFFFFFF", true },
	{ "defined string.to_int(\"9223372036854775808\")", false },
	{ "defined string.to_int(\"\") or defined string.to_int(\"-\")", false },
	{ "defined string.to_int(\"12x\") or defined string.to_int(\"08\")", false },
	{ "defined string.to_int(\"1\", 1) or defined string.to_int(\"1\", 37)", false },
	{ "console.log(\"a\") and console.log(\"a\", 1) and console.log(1.5) and "
	  "console.hex(\"h\", 255)",
	  true },
	{ "yes and not no", true },
	{ "all of (ye*) and none of (n*)", true },
	{ "entrypoint == 0", false },
};

static bool eval(const char *condition, const char *what, bool blind, enum ov_yresult *out)
{
	char source[1200];
	struct yara_told told;
	struct ov_yimage y;
	struct ov_buf b;

	(void)snprintf(source, sizeof source,
		       "import \"math\"\nimport \"hash\"\nimport \"time\"\nimport "
		       "\"string\"\nimport \"console\"\nrule yes { condition: true }\n"
		       "private rule no { condition: false }\n"
		       "rule t : tag { meta: m = -1.5 strings: " STRINGS
		       " condition: (%s) or ($a and $b and $c and $_x and false) }",
		       condition);
	b = yara_compile(source, &told);
	if (told.n != 0)
		fail_msg("row \"%s\": refused: %s", what, told.why);
	ov_expect_eq(what, ov_yimage_open(ov_buf_cur(&b), &y), OV_OK);
	*out = yara_eval(&y, BYTES, sizeof BYTES - 1, "t", blind, 1u << 24);
	ov_buf_free(&b);
	return true;
}

static void conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum ov_yresult r;

		(void)eval(rows[i].condition, rows[i].condition, false, &r);
		ov_expect_eq(rows[i].condition, r, rows[i].want ? OV_YR_TRUE : OV_YR_FALSE);
	}
}

/* What is told before any string was searched is never taken back afterwards. */
static void what_is_known_without_strings_is_right(void **state)
{
	size_t known = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum ov_yresult r;

		(void)eval(rows[i].condition, rows[i].condition, true, &r);
		if (r == OV_YR_UNKNOWN)
			continue;
		known++;
		ov_expect_eq(rows[i].condition, r, rows[i].want ? OV_YR_TRUE : OV_YR_FALSE);
	}
	assert_true(known > 30); /* or the test says nothing */
}

static void loops_end_with_their_budget(void **state)
{
	static const char *const slow[] = {
		"for all i in (0..0x7FFFFFFFFFFFFFFE) : (i >= 0)",
		"for all i in (0..100000) : (for all k in (0..100000) : (true))",
	};

	(void)state;
	for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
		enum ov_yresult r;

		(void)eval(slow[i], slow[i], false, &r);
		ov_expect_eq(slow[i], r, OV_YR_UNKNOWN); /* given up, not wrong */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions),
		cmocka_unit_test(what_is_known_without_strings_is_right),
		cmocka_unit_test(loops_end_with_their_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
