/* The image: gates, covers and classes; what is damaged; joining. */
#include "testing.h"

#include <stdlib.h>

#include "yara_run.h"

static const char source[] =
    "rule mz { strings: $a = \"rare text one\" condition: uint16(0) == 0x5A4D and filesize < 100 "
    "and $a }\n"
    "rule every { strings: $a = \"common text\" $b = \"rare text two\" condition: all of them }\n"
    "rule some { strings: $a = \"some text\" $b = \"other text\" condition: any of them }\n"
    "rule without { strings: $a = \"not this\" condition: not $a }\n"
    "rule short { strings: $a = \"ab\" condition: $a }\n"
    "rule never { strings: $a = \"whatever it is\" condition: $a and false }\n"
    "rule ref { condition: mz and filesize > 3 }\n"
    "rule place { strings: $m = \"PK\\x03\\x04\" condition: $m at 0 and filesize > 10 }\n";

static void open_image(struct ov_buf *b, struct ov_yimage *y)
{
	struct yara_told told;

	*b = yara_compile(source, &told);
	if (told.n != 0)
		fail_msg("refused: %s", told.why);
	assert_int_equal(ov_yimage_open(ov_buf_cur(b), y), OV_OK);
}

static const struct {
	const char *rule;
	bool is_always;
	uint32_t anchors;  /* at least */
	const char *head;  /* bytes for which its gate is open, of 50 */
	const char *other; /* and for which it is shut; NULL: none */
} rows[] = {
	{ "mz", false, 1, "MZ", "ab" },	  { "every", false, 1, "MZ", NULL },
	{ "some", false, 2, "ab", NULL }, { "without", true, 0, "ab", NULL },
	{ "short", true, 0, "ab", NULL }, { "never", false, 0, "ab", NULL },
	{ "ref", false, 1, "MZ", "ab" },  { "place", false, 1, "PK\x03\x04", "PK\x05\x06" },
};

static void what_wakes_a_rule(void **state)
{
	struct ov_yimage y;
	struct ov_buf b;

	(void)state;
	open_image(&b, &y);
	for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t anchors = 0;
		struct ov_yrule r;

		ov_yimage_rule(&y, i, &r);
		assert_true(ov_str_is(r.name, rows[i].rule));
		for (uint32_t k = 0; k < y.nanchors; k++) {
			struct ov_yanchor a;

			ov_yimage_anchor(&y, k, &a);
			anchors += a.rule == i;
		}
		ov_expect_eq(rows[i].rule, (r.flags & OV_YRULE_ALWAYS) != 0, rows[i].is_always);
		ov_expect(rows[i].rule, anchors >= rows[i].anchors);
		ov_expect(rows[i].rule, rows[i].anchors > 0 || anchors == 0);
		ov_expect(rows[i].rule,
			  ov_yimage_gate(&y, r.gate, 50, (const uint8_t *)rows[i].head,
					 strlen(rows[i].head)) ||
			      strcmp(rows[i].rule, "never") == 0);
		if (rows[i].other != NULL)
			ov_expect(rows[i].rule,
				  !ov_yimage_gate(&y, r.gate, 50, (const uint8_t *)rows[i].other,
						  strlen(rows[i].other)));
	}
	ov_yimage_rule(&y, 0, &(struct ov_yrule){ 0 });
	assert_false(ov_yimage_gate(&y, 0, 100, (const uint8_t *)"MZ", 2)); /* filesize < 100 */
	ov_buf_free(&b);
}

/* A rule of one class stands in no other class's table. */
static void classes_part_rules(void **state)
{
	struct ov_yimage y;
	struct ov_yrule r;
	struct ov_buf b;

	(void)state;
	open_image(&b, &y);
	ov_yimage_rule(&y, 0, &r);
	assert_int_equal(r.class, OV_YCLASS_MZ);
	assert_true(y.gram[OV_YCLASS_MZ].nentries > y.gram[OV_YCLASS_OTHER].nentries);
	assert_int_equal(y.gram[OV_YCLASS_ELF].nentries, y.gram[OV_YCLASS_OTHER].nentries);
	ov_buf_free(&b);
}

/* Whatever one byte is changed to: refused when it is opened or checked, or it evaluates calmly. */
static void every_damaged_byte_is_calm(void **state)
{
	struct ov_yimage y;
	struct ov_buf b;
	uint8_t *copy;
	size_t refused = 0;

	(void)state;
	open_image(&b, &y);
	copy = malloc(b.n);
	assert_non_null(copy);
	for (size_t i = 0; i < b.n; i++) {
		memcpy(copy, b.p, b.n);
		copy[i] ^= (uint8_t)(1u << i % 8);
		if (ov_yimage_open(ov_cur_of(copy, b.n), &y) != OV_OK) {
			refused++;
			continue;
		}
		for (uint32_t r = 0; r < y.nrules && r < 64; r++)
			refused += ov_yimage_check_rule(&y, r) != OV_OK;
		if (i % 61 == 0)
			(void)yara_eval(&y, "MZ rare text one", 16, "mz", false, 10000);
	}
	assert_true(refused > 100);
	for (size_t n = 0; n < b.n; n += 7)
		assert_int_not_equal(ov_yimage_open(ov_cur_of(b.p, n), &y), OV_OK);
	free(copy);
	ov_buf_free(&b);
}

/* Found by fuzz_yara: a string whose code lies outside has none. */
static void code_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ov_ystr_check(ov_cur_of(NULL, 0)), OV_BAD);
	assert_int_equal(ov_re_check(ov_cur_of(NULL, 0)), OV_BAD);
}

/* An image among sources gives the same rules at their new places. */
static void a_joined_image_is_the_same(void **state)
{
	const struct ov_yoptions o = { .modules = NULL };
	struct ov_buf b, out = ov_buf_of(SIZE_MAX);
	struct ov_ycompiler *c = NULL;
	struct ov_ycount count;
	struct ov_yimage y, z;
	const char *const first = "rule first { strings: $a = \"first text\" condition: $a }";

	(void)state;
	open_image(&b, &y);
	assert_int_equal(ov_ycompiler_new(&o, &c), OV_OK);
	assert_int_equal(ov_ycompiler_add(c, OV_STR("n"), OV_STR("f"),
					  ov_cur_of(first, strlen(first)), 0, &count),
			 OV_OK);
	assert_int_equal(ov_ycompiler_join(c, &y, 1, 1), OV_OK);
	assert_int_equal(ov_ycompiler_finish(c, &out), OV_OK);
	assert_int_equal(ov_yimage_open(ov_buf_cur(&out), &z), OV_OK);
	assert_int_equal(z.nrules, y.nrules + 1);
	assert_int_equal(z.nanchors, y.nanchors + 1);
	for (uint32_t i = 0; i < y.nrules; i++) {
		struct ov_yrule a, d;
		char name[32];

		ov_yimage_rule(&y, i, &a);
		ov_yimage_rule(&z, i + 1, &d);
		assert_int_equal(ov_yimage_check_rule(&z, i + 1), OV_OK);
		assert_true(ov_str_eq(a.name, d.name) && ov_str_eq(a.text, d.text));
		assert_int_equal(d.source, 1);
		(void)snprintf(name, sizeof name, "%.*s", (int)a.name.n, a.name.p);
		assert_int_equal(yara_eval(&z, "MZ rare text one", 16, name, false, 10000),
				 yara_eval(&y, "MZ rare text one", 16, name, false, 10000));
	}
	ov_ycompiler_free(&c);
	ov_buf_free(&b);
	ov_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_wakes_a_rule),
		cmocka_unit_test(classes_part_rules),
		cmocka_unit_test(every_damaged_byte_is_calm),
		cmocka_unit_test(code_that_is_not_there_is_refused),
		cmocka_unit_test(a_joined_image_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
