/* Body patterns: text to tree, and what is refused. The verdicts on odd cases are clamscan 1.4.6's.
 */
#include "testing.h"

#include "body.h"
#include "build_text.h"

static const struct {
	const char *what, *text, *letters;
	const char *want; /* variants, joined by " || "; NULL: refused */
} cases[] = {
	{ "plain bytes", "61626364", "", "61 62 63 64" },
	{ "upper-case digits", "ABcd", "", "ab cd" },
	{ "wildcards and nibbles", "6162??6?64?5", "", "61 62 ?? 60/f0 64 05/0f" },
	{ "star", "6162*6364", "", "61 62 [0-] 63 64" },
	{ "short {n} is bytes", "6162{3}6364", "", "61 62 ?? ?? ?? 63 64" },
	{ "{n} of 128 splits", "6162{128}6364", "", "61 62 [128-128] 63 64" },
	{ "{n-m}", "6162{2-40}6364", "", "61 62 [2-40] 63 64" },
	{ "{-m}", "6162{-4}6364", "", "61 62 [0-4] 63 64" },
	{ "{n-}", "6162{7-}6364", "", "61 62 [7-] 63 64" },
	{ "two short gaps", "6162{1}{2}6364", "", "61 62 ?? ?? ?? 63 64" },
	{ "[n-m] after one byte", "61[2-4]6263", "", "61 [2-4] 62 63" },
	{ "[n-m] before one byte", "6162[2-4]63", "", "61 62 [2-4] 63" },
	{ "[n-m] on both sides", "63[1-4]6465[1-4]65", "", "63 [1-4] 64 65 [1-4] 65" },
	{ "single-byte alternatives", "6162(63|64)65", "", "61 62 { 63 64 } 65" },
	{ "nibble in single bytes", "6162(6?|41)", "",
	  "61 62 { 41 60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f }" },
	{ "equal-length alternatives", "6162(6364|6566)", "", "61 62 (63 64 | 65 66)" },
	{ "generic alternatives", "6162(63|64??65|66{2}67)", "",
	  "61 62 (63 | 64 ?? 65 | 66 ?? ?? 67)" },
	{ "nested alternatives", "6162(63(64|65)|66)", "", "61 62 (63 { 64 65 } | 66)" },
	{ "alternatives first", "(61|62)6364", "", "{ 61 62 } 63 64" },
	{ "one in parentheses", "6162(6364)", "", "61 62 (63 64)" },
	{ "negated byte", "6162!(63)6465", "", "61 62 not{ 63 } 64 65" },
	{ "negated sequence", "6162!(6364|6566)", "", "61 62 !(63 64 | 65 66)" },
	{ "borders", "(B)6162(W)6364(L)", "", "(B) 61 62 (W) 63 64 (L)" },
	{ "border before a gap", "6162(L)*6364", "", "61 62 (L) [0-] 63 64" },
	{ "case-blind letters", "61425b", "i", "41/df 42/df 5b" },
	{ "case-blind alternatives", "6162(63|64)", "i", "41/df 42/df { 43 44 63 64 }" },
	{ "nibbles have no case", "61626?", "i", "41/df 42/df 60/f0" },
	{ "wide", "616263", "w", "61 00 62 00 63 00" },
	{ "wide wildcards widen", "6162??", "w", "61 00 62 00 ?? 00" },
	{ "wide gaps do not", "6162{2}63", "w", "61 00 62 00 ?? ?? 63 00" },
	{ "wide alternatives", "6162(63|64)", "w", "61 00 62 00 (63 00 | 64 00)" },
	{ "wide and ascii", "6162", "wa", "61 62 || 61 00 62 00" },
	{ "ascii alone", "6162", "a", "61 62" },
	{ "full word", "6162", "f", "(f) 61 62 (f)" },
	{ "full word, wide", "6162", "fw", "(fw) 61 00 62 00 (fw)" },
	{ "all letters", "6162", "iwfa", "(f) 41/df 42/df (f) || (fw) 41/df 00 42/df 00 (fw)" },

	{ "empty", "", "", NULL },
	{ "half a byte", "61626", "", NULL },
	{ "not hexadecimal", "61zz", "", NULL },
	{ "a space", "6162 6364", "", NULL },
	{ "no static pair", "61??62", "", NULL },
	{ "only wildcards", "????", "", NULL },
	{ "nibbles are not static", "?e65?564", "", NULL },
	{ "alternatives are not static", "(6162|6364)", "", NULL },
	{ "star at the end", "6162*", "", NULL },
	{ "star at the start", "*6162", "", NULL },
	{ "two stars", "6162**6364", "", NULL },
	{ "two gaps", "6162{1-2}{3-4}6364", "", NULL },
	{ "gap with a weak side", "61{-3}6263", "", NULL },
	{ "gap without number", "6162{}6364", "", NULL },
	{ "gap of a dash", "6162{-}6364", "", NULL },
	{ "gap upside down", "6162{5-1}6364", "", NULL },
	{ "gap of letters", "6162{a}6364", "", NULL },
	{ "gap without end", "6162{2", "", NULL },
	{ "gap with two dashes", "6162{1-2-3}6364", "", NULL },
	{ "[n-m] between pairs", "6162[2-4]6364", "", NULL },
	{ "[n-m] too large", "6162[1-33]63", "", NULL },
	{ "[n-m] twice on one side", "6162[1-4]63[1-4]64656667", "", NULL },
	{ "parenthesis not closed", "6162(63|64", "", NULL },
	{ "parenthesis not opened", "616263)64", "", NULL },
	{ "bar outside", "6162|6364", "", NULL },
	{ "nothing in parentheses", "6162()6364", "", NULL },
	{ "empty alternative", "6162(63|)6364", "", NULL },
	{ "star in alternatives", "6162(61*62|63)", "", NULL },
	{ "varying gap in alternatives", "6162(61{1-2}62|63)", "", NULL },
	{ "[n-m] in alternatives", "6162(61[1-2]62|63)", "", NULL },
	{ "negated, lengths differ", "6162!(4f|4f4e45)", "", NULL },
	{ "negated, wildcard", "6162!(6?|71)", "", NULL },
	{ "negated, nested", "6162!((61|62)|63)6364", "", NULL },
	{ "negation of nothing", "6162!6364", "", NULL },
	{ "negation twice", "6162!!(61)", "", NULL },
	{ "negated and case-blind", "6162!(63)", "i", NULL },
	{ "negated and wide", "6162!(63)", "w", NULL },
	{ "seventeen levels", "6162(((((((((((((((((61|62)))))))))))))))))", "", NULL },
};

static void dump_variants(const char *what, const struct ov_pat_ir *ir, struct ov_buf *out)
{
	for (size_t i = 0; i < ir->nvariants; i++) {
		ov_expect_eq(what, ov_buf_fmt(out, i > 0 ? " || " : ""), OV_OK);
		ov_expect_eq(what, dump_pattern(ir->variants[i], out), OV_OK);
	}
}

static void test_cases(void **state)
{
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_buf out = ov_buf_of(1 << 16);
		struct ov_body_options o;
		struct ov_pat_ir ir;
		const char *why = NULL;
		ov_status s;

		ov_expect_eq(cases[i].what, ov_body_options(ov_str_of(cases[i].letters), &o),
			     OV_OK);
		s = ov_body_parse(ov_str_of(cases[i].text), &o, &a, &ir, &why);
		if (cases[i].want == NULL) {
			ov_expect(cases[i].what, s == OV_BAD || s == OV_LIMIT);
			ov_expect(cases[i].what, why != NULL);
		} else {
			ov_expect_eq(cases[i].what, s, OV_OK);
			dump_variants(cases[i].what, &ir, &out);
			ov_expect_eq(cases[i].what, ov_buf_u8(&out, 0), OV_OK);
			if (strcmp((const char *)out.p, cases[i].want) != 0)
				fail_msg("row \"%s\": is %s, not %s", cases[i].what,
					 (const char *)out.p, cases[i].want);
		}
		ov_buf_free(&out);
		ov_arena_reset(&a, 0);
	}
	ov_arena_free(&a);
}

/* A line can ask for far more bytes than it has: {127} a thousand times. */
static void test_bounded(void **state)
{
	const struct ov_body_options o = { .wide = true };
	struct ov_buf text = ov_buf_of(1 << 16);
	struct ov_pat_ir ir;
	const char *why = NULL;
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)64 << 20);
	assert_int_equal(ov_buf_fmt(&text, "6162"), OV_OK);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ov_buf_fmt(&text, "{127}"), OV_OK);
	assert_int_equal(
	    ov_body_parse((struct ov_str){ .p = (char *)text.p, .n = text.n }, &o, &a, &ir, &why),
	    OV_LIMIT);
	assert_non_null(why);
	ov_buf_free(&text);
	ov_arena_free(&a);
}

/* Each cut of each case gives a status. */
static void test_prefixes(void **state)
{
	static const struct ov_body_options o = { .nocase = true };
	struct ov_pat_ir ir;
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t n = 0; n < strlen(cases[i].text); n++) {
			const char *why = NULL;
			const ov_status s = ov_body_parse(
			    (struct ov_str){ .p = cases[i].text, .n = n }, &o, &a, &ir, &why);

			ov_expect(cases[i].what, s == OV_OK || why != NULL);
		}
		ov_arena_reset(&a, (size_t)1 << 20);
	}
	ov_arena_free(&a);
}

static void test_letters(void **state)
{
	struct ov_body_options o;

	(void)state;
	assert_int_equal(ov_body_options(OV_STR("x"), &o), OV_BAD);
	assert_int_equal(ov_body_options(OV_STR("iI"), &o), OV_BAD);
	assert_int_equal(ov_body_options(OV_STR("ii"), &o), OV_OK);
	assert_true(o.nocase && !o.wide && !o.ascii && !o.fullword);
}

/* Each allocation may fail; what comes back is OV_NOMEM and nothing else. */
static void test_no_memory(void **state)
{
	const struct ov_str text = OV_STR("6162(6364|6?65)*666768!(69)[2-3]6a");
	static const struct ov_body_options o = { .ascii = true };
	struct ov_pat_ir ir;
	const char *why = NULL;
	ov_status s = OV_NOMEM;
	long n = 0;

	(void)state;
	for (; s == OV_NOMEM && n < 100; n++) {
		struct ov_arena a;

		ov_arena_init(&a, (size_t)1 << 20);
		a.fail_in = n;
		s = ov_body_parse(text, &o, &a, &ir, &why);
		ov_arena_free(&a);
	}
	assert_int_equal(s, OV_OK);
	assert_true(n > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),	  cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_prefixes),  cmocka_unit_test(test_letters),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests_name("sig body", tests, NULL, NULL);
}
