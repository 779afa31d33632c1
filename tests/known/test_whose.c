/* What evidence of an engine comes to: a table of hands. And the table of clues itself. */
#include "testing.h"

#include "whose.h"

struct piece {
	enum ov_inv_kind kind;
	const char *value, *detail;
};

static const struct row {
	const char *what;
	struct piece pieces[4];
	enum ov_inv_state state;
	enum ov_relation relation;
	enum ov_grade grade;
} rows[] = {
	{ "one text", { { OV_EV_STRING, "a", "" } }, OV_STATE_PRESENT, OV_REL_MAY_CONTAIN, OV_E1 },
	{ "two texts are one hand",
	  { { OV_EV_STRING, "a", "" }, { OV_EV_STRING, "b", "" } },
	  OV_STATE_PRESENT,
	  OV_REL_MAY_CONTAIN,
	  OV_E2 },
	{ "texts and a constant",
	  { { OV_EV_STRING, "a", "" }, { OV_EV_STRING, "b", "" }, { OV_EV_CONSTANT, "c", "" } },
	  OV_STATE_PRESENT,
	  OV_REL_CONTAINS,
	  OV_E3 },
	{ "a constant and one text",
	  { { OV_EV_STRING, "a", "" }, { OV_EV_CONSTANT, "c", "" } },
	  OV_STATE_PRESENT,
	  OV_REL_MAY_CONTAIN,
	  OV_E2 },
	{ "functions defined, and a constant",
	  { { OV_EV_SYMBOL, "f", "defined" }, { OV_EV_CONSTANT, "c", "" } },
	  OV_STATE_PRESENT,
	  OV_REL_CONTAINS,
	  OV_E3 },
	{ "the library itself",
	  { { OV_EV_SONAME, "lib.so.1", "own" }, { OV_EV_SYMBOL, "f", "defined" } },
	  OV_STATE_PRESENT,
	  OV_REL_IS,
	  OV_E3 },
	{ "only its name",
	  { { OV_EV_SONAME, "lib.so.1", "own" } },
	  OV_STATE_PRESENT,
	  OV_REL_IS,
	  OV_E2 },
	{ "asks for the library and its functions",
	  { { OV_EV_SONAME, "lib.so.1", "needed" }, { OV_EV_SYMBOL, "f", "imported" } },
	  OV_STATE_PRESENT,
	  OV_REL_USES,
	  OV_E3 },
	{ "asks for the library alone",
	  { { OV_EV_SONAME, "lib.so.1", "needed" } },
	  OV_STATE_PRESENT,
	  OV_REL_USES,
	  OV_E2 },
	{ "a function's name in a table that was not read",
	  { { OV_EV_SYMBOL, "f", "named" } },
	  OV_STATE_PRESENT,
	  OV_REL_MAY_CONTAIN,
	  OV_E1 },
	{ "overt's record",
	  { { OV_EV_CARRIER, "v", "whole" } },
	  OV_STATE_PRESENT,
	  OV_REL_CONTAINS,
	  OV_E3 },
	{ "overt's record, altered",
	  { { OV_EV_CARRIER, "v", "altered" } },
	  OV_STATE_PRESENT,
	  OV_REL_MAY_CONTAIN,
	  OV_E1 },
	{ "overt's record in no program",
	  { { OV_EV_CARRIER, "v", "whole" } },
	  OV_STATE_NAMED,
	  OV_REL_MAY_CONTAIN,
	  OV_E2 },
	{ "texts and constants in a document",
	  { { OV_EV_STRING, "a", "mention" },
	    { OV_EV_STRING, "b", "mention" },
	    { OV_EV_CONSTANT, "c", "mention" } },
	  OV_STATE_NAMED,
	  OV_REL_MENTIONS,
	  OV_E0 },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_inv_evidence e[4];
		struct ov_str path = OV_STR("usr/bin/x");
		struct ov_inv_component c = { .what = OV_WHAT_ENGINE,
					      .state = rows[i].state,
					      .name = OV_STR("overt"),
					      .path = &path,
					      .npath = 1,
					      .evidence = e };
		const struct ov_inventory inv = { .components = &c, .ncomponents = 1 };
		struct ov_whose_result r;
		struct ov_arena a;

		for (; c.nevidence < 4 && rows[i].pieces[c.nevidence].value != NULL; c.nevidence++)
			e[c.nevidence] = (struct ov_inv_evidence){
				.kind = rows[i].pieces[c.nevidence].kind,
				.value = ov_str_of(rows[i].pieces[c.nevidence].value),
				.detail = ov_str_of(rows[i].pieces[c.nevidence].detail)
			};
		ov_arena_init(&a, 1 << 20);
		assert_int_equal(ov_whose_judge(&inv, &a, &r), OV_OK);
		ov_expect_eq(rows[i].what, r.nfound, 1);
		ov_expect_eq(rows[i].what, r.found[0].relation, rows[i].relation);
		ov_expect_eq(rows[i].what, r.found[0].grade, rows[i].grade);
		ov_arena_free(&a);
	}
}

/* A note in the same program is a hand; in another one it is a finding of its own. */
static void test_notes(void **state)
{
	struct ov_inv_evidence texts[] = { { .kind = OV_EV_STRING }, { .kind = OV_EV_STRING } },
			       crate[] = { { .kind = OV_EV_RUST_CRATE } };
	struct ov_str here = OV_STR("a"), there = OV_STR("b");
	struct ov_inv_component c[] = {
		{ .what = OV_WHAT_ENGINE,
		  .name = OV_STR("yara-x"),
		  .path = &here,
		  .npath = 1,
		  .evidence = texts,
		  .nevidence = 2 },
		{ .what = OV_WHAT_EMBEDDED,
		  .name = OV_STR("yara-x"),
		  .version = OV_STR("1.2.0"),
		  .path = &here,
		  .npath = 1,
		  .evidence = crate,
		  .nevidence = 1 },
		{ .what = OV_WHAT_EMBEDDED,
		  .name = OV_STR("yara-x-parser"),
		  .path = &there,
		  .npath = 1,
		  .evidence = crate,
		  .nevidence = 1 },
		{ .what = OV_WHAT_EMBEDDED,
		  .name = OV_STR("serde"),
		  .path = &here,
		  .npath = 1,
		  .evidence = crate,
		  .nevidence = 1 },
	};
	const struct ov_inventory inv = { .components = c, .ncomponents = 4 };
	struct ov_whose_result r;
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_whose_judge(&inv, &a, &r), OV_OK);
	assert_int_equal(r.nfound, 2);
	assert_int_equal(r.found[0].relation, OV_REL_CONTAINS);
	assert_true(ov_str_is(r.found[0].version, "1.2.0"));
	assert_int_equal(r.found[1].relation, OV_REL_MAY_CONTAIN);
	assert_int_equal(r.found[1].grade, OV_E2);
	ov_arena_free(&a);
}

/* Each clue can be found by a key, and no two engines share one. */
static void test_table(void **state)
{
	(void)state;
	assert_string_equal(ov_known_engines[0].id, "overt");
	for (size_t i = 0; i < ov_nclues; i++) {
		char room[OV_CLUE_MAX], other[OV_CLUE_MAX];
		const struct ov_str s = ov_clue_text(&ov_clues[i], room);

		assert_true(s.n >= 4 && ov_clues[i].engine < ov_known_nengines);
		assert_true(ov_clue_is(&ov_clues[i], s));
		for (size_t k = 0; k < i; k++)
			if (ov_clues[k].engine != ov_clues[i].engine)
				assert_false(ov_str_eq(s, ov_clue_text(&ov_clues[k], other)));
	}
	assert_int_equal(ov_known_by_name(OV_STR("overt")), 0);
	assert_int_equal(ov_known_by_name(OV_STR("overture")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
