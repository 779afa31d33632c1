/* Byte comparisons on made bytes: each row is what clamscan 1.4.6 says of it. */
#include "testing.h"

#include "engine_int.h"
#include "pcre_cache.h"

static const struct {
	const char *what, *bytes;
	size_t n;
	const char *form; /* letters as in a signature */
	uint32_t width;
	uint64_t value;
	bool is_found;
} rows[] = {
	{ "hex text, big", "1234zz", 6, "hb", 4, 0x1234, true },
	{ "hex text, little: pairs swapped", "1234zz", 6, "hl", 4, 0x3412, true },
	{ "hex text needs a byte order", "1234zz", 6, "h", 4, 0, false },
	{ "digits end at another character", "12\xf7\xf7\xf7", 5, "hb", 4, 0x12, true },
	{ "so in little", "12\xf7\xf7\xf7", 5, "hl", 4, 0x12, true },
	{ "exact wants digits only", "12\xf7\xf7\xf7", 5, "hbe", 4, 0, false },
	{ "0x is passed over", "0x1234", 6, "hb", 6, 0x1234, true },
	{ "0x before little", "0x1234", 6, "hl", 6, 0x3412, true },
	{ "0x before big, exact", "0x1234", 6, "hbe", 6, 0x1234, true },
	{ "0x before little, exact", "0x1234", 6, "hle", 6, 0, false },
	{ "odd digits, little", "12345678", 8, "hl", 5, 0x452301, true },
	{ "odd digits, little, exact", "123zz", 5, "hle", 3, 0, false },
	{ "pairs end at one that is not whole", "123zzz", 6, "hl", 4, 0x12, true },
	{ "half a pair is no digit", "ark2 ", 5, "hl", 4, 0, true },
	{ "an odd width begins with half a pair", "12 34", 5, "hl", 5, 0x01, true },
	{ "eight bytes have a sign", "\xff\xff\xff\xff\xff\xff\xff\xff", 8, "il", 8, UINT64_MAX,
	  true },
	{ "white space is passed over", " 1234", 5, "hb", 5, 0x1234, true },
	{ "but not by exact", " 1234", 5, "hbe", 5, 0, false },
	{ "no digits are 0", "xyzw", 4, "hb", 4, 0, true },
	{ "no digits, exact", "xyzw", 4, "hbe", 4, 0, false },
	{ "past the end", "12", 2, "hb", 4, 0, false },
	{ "decimal needs no order", "12ab", 4, "d", 4, 12, true },
	{ "decimal without digits", "ffzz", 4, "d", 4, 0, true },
	{ "decimal past the end", "12", 2, "d", 4, 0, false },
	{ "decimal of 0x12", "0x12", 4, "d", 4, 0, true },
	{ "a sign", "-12 ", 4, "d", 4, 0, false },
	{ "decimal, exact", "1234", 4, "de", 4, 1234, true },
	{ "automatic, hex", "0x12", 4, "al", 4, 0x12, true },
	{ "automatic, hex, exact", "0x12", 4, "abe", 4, 0x12, true },
	{ "automatic, decimal", "1234", 4, "ab", 4, 1234, true },
	{ "automatic, decimal, little", "1234", 4, "al", 4, 0, false },
	{ "automatic without order", "0x12", 4, "a", 4, 0, false },
	{ "automatic of two characters", "12", 2, "ab", 2, 0, false },
	{ "automatic of two after white space", "\t\n12", 4, "ab", 4, 0, false },
	{ "binary, little", "\x34\x12", 2, "il", 2, 0x1234, true },
	{ "binary, big", "\x12\x34", 2, "ib", 2, 0x1234, true },
	{ "binary needs a byte order", "\x12\x34", 2, "i", 2, 0, false },
	{ "binary past the end", "\x12", 1, "ib", 2, 0, false },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct ov_src src = ov_src_mem(rows[i].bytes, rows[i].n);
		struct ov_compare c = { .form = rows[i].form[0],
					.is_big = strchr(rows[i].form, 'b') != NULL,
					.is_little = strchr(rows[i].form, 'l') != NULL,
					.is_exact = strchr(rows[i].form, 'e') != NULL,
					.width = rows[i].width,
					.ncmp = 1,
					.op = { '=' },
					.value = { rows[i].value } };

		ov_expect_eq(rows[i].what, ov_compare_holds(&src, &c, 0), rows[i].is_found);
		c.op[0] = '>';
		c.value[0] = INT64_MAX;
		ov_expect_eq(rows[i].what, ov_compare_holds(&src, &c, 0), false);
		c.op[0] = '<'; /* what is not found has no value at all */
		ov_expect_eq(rows[i].what, ov_compare_holds(&src, &c, 0), rows[i].is_found);
	}
}

/* At a place, an expression's text begins there: '^' matches, and nothing before can be looked at.
 */
static void test_expression_at_a_place(void **state)
{
	static const char text[] = "..........zzmark....";
	static const struct {
		const char *regex, *flags;
		uint64_t lo, hi;
		uint64_t at; /* 0: not found */
	} places[] = {
		{ "^mark", "", 12, 12, 12 },	  { "^mark", "", 10, 10, 0 },
		{ "(?<=zz)mark", "", 12, 12, 0 }, { "\\bmark", "", 12, 12, 12 },
		{ "mark", "", 10, 15, 12 },	  { "mark", "e", 10, 15, 0 },
		{ "(?<=z)mark", "", 10, 15, 12 }, { "mark", "", 10, 11, 0 },
		{ "mark", "", 10, 10, 0 },	  { "mark", "r", 10, 10, 12 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const struct ov_sub sub = { .kind = OV_SUB_PCRE,
					    .place = { .kind = OV_PLACE_ABS },
					    .regex = ov_str_of(places[i].regex),
					    .flags = ov_str_of(places[i].flags) };
		const struct ov_range where = { places[i].lo, places[i].hi };
		struct ov_pcre_cache *c = NULL;
		struct ov_find found = { .count = 0 };
		uint64_t work = 0;

		assert_int_equal(ov_pcre_cache_new(1, &c), OV_OK);
		ov_expect_eq(places[i].regex,
			     ov_pcre_cache_match(c, 0, &sub, ov_cur_of(text, sizeof text - 1),
						 where, &found, &work),
			     OV_OK);
		ov_expect(places[i].regex, work > 0 && work <= 2 * sizeof text);
		ov_expect_eq(places[i].regex, found.count, places[i].at != 0);
		ov_expect_eq(places[i].regex, found.first, places[i].at);
		ov_pcre_cache_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
					    cmocka_unit_test(test_expression_at_a_place) };

	return cmocka_run_group_tests_name("engine compare", tests, NULL, NULL);
}
