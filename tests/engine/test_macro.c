/* Macro subsignatures: ${a-b}g$ after another subsignature, with the group's patterns in .ndb
 * lines. */
#include "testing.h"

#include <stdlib.h>

#include "engine_kit.h"

#define GROUP "D:0:$0$:62626262\n" /* bbbb */
#define RULE(logic, subs) "T.M;Engine:51-255,Target:0;" logic ";" subs "\n"
#define A "61616161" /* aaaa */

static const struct {
	const char *what, *ndb, *ldb, *bytes, *want;
} cases[] = {
	{ "a group's pattern alone is no signature", GROUP, NULL, "..bbbb..", "|" },
	{ "once is enough (clamscan needs a second aaaa)", GROUP, RULE("0&1", A ";${6-8}0$"),
	  "aaaa..bbbb", "T.M@+0|" },
	{ "at the shortest distance", GROUP, RULE("0&1", A ";${4-8}0$"), "aaaabbbb", "T.M@+0|" },
	{ "nearer than that", GROUP, RULE("0&1", A ";${5-8}0$"), "aaaabbbb", "|" },
	{ "at the longest", GROUP, RULE("0&1", A ";${6-8}0$"), "aaaa....bbbb", "T.M@+0|" },
	{ "farther than that", GROUP, RULE("0&1", A ";${6-8}0$"), "aaaa.....bbbb", "|" },
	{ "the other way round", GROUP, RULE("0&1", A ";${0-90}0$"), "bbbb..aaaa", "|" },
	{ "a later match of the first", GROUP, RULE("0&1", A ";${6-8}0$"),
	  "aaaa--------------aaaa..bbbb", "T.M@+0|" },
	{ "another group", GROUP, RULE("0&1", A ";${6-8}1$"), "aaaa..bbbb", "|" },
	{ "the last group", "D:0:$31$:62626262\n", RULE("0&1", A ";${6-8}31$"), "aaaa..bbbb",
	  "T.M@+0|" },
	{ "a group of nobody", NULL, RULE("0&1", A ";${6-8}0$"), "aaaa..bbbb", "|" },
	{ "a group of another target", "D:1:$0$:62626262\n", RULE("0&1", A ";${6-8}0$"),
	  "aaaa..bbbb", "|" },
	{ "the second of a group", "E:0:$0$:63636363\n" GROUP, RULE("0&1", A ";${6-8}0$"),
	  "aaaa..bbbb", "T.M@+0|" },
	{ "a pattern with a gap", "D:0:$0$:6262*6363\n", RULE("0&1", A ";${6-8}0$"),
	  "aaaa..bb........cc", "T.M@+0|" },
	{ "the macro alone", GROUP, RULE("1", A ";${6-8}0$"), "aaaa..bbbb", "T.M@+0|" },
	{ "not the macro", GROUP, RULE("0&1=0", A ";${6-8}0$"), "aaaa......bbbb", "T.M@+0|" },
	{ "counted", GROUP, RULE("0&1=2", A ";${6-8}0$"), "aaaa..bbbb..aaaa..bbbb", "T.M@+0|" },
	{ "one hit of two firsts counts once", GROUP, RULE("0&1=1", A ";${4-20}0$"),
	  "aaaa..aaaa..bbbb", "T.M@+0|" },
	{ "a macro after a macro", GROUP "E:0:$1$:63636363\n",
	  RULE("0&1&2", A ";${6-8}0$;${5-9}1$"), "aaaa..bbbb..cccc", "T.M@+0|" },
	{ "which starts at the first's hit", GROUP "E:0:$1$:63636363\n",
	  RULE("0&1&2", A ";${6-8}0$;${5-9}1$"), "aaaa..bbbb........cccc", "|" },
};

static void test_macros(void **state)
{
	char line[4096];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct kit_source sources[3] = { { NULL, NULL } };
		size_t n = 0;
		struct kit k;

		if (cases[i].ndb != NULL)
			sources[n++] = (struct kit_source){ "t.ndb", cases[i].ndb };
		if (cases[i].ldb != NULL)
			sources[n++] = (struct kit_source){ "t.ldb", cases[i].ldb };
		kit_open(&k, sources);
		kit_line(kit_scan(&k, cases[i].bytes, strlen(cases[i].bytes)), line, sizeof line);
		if (strcmp(line, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", not \"%s\"", cases[i].what, line, cases[i].want);
		kit_close(&k);
	}
}

/* More matches than are kept can't be decided, and that is said. */
static void test_too_many(void **state)
{
	const struct kit_source sources[] = { { "t.ndb", GROUP },
					      { "t.ldb", RULE("0&1", A ";${6-8}0$") },
					      { NULL, NULL } };
	const size_t turns = 5000;
	struct ov_buf b = ov_buf_of(1 << 20);
	char line[4096];
	struct kit k;

	(void)state;
	for (size_t i = 0; i < turns; i++)
		assert_int_equal(ov_buf_str(&b, OV_STR("aaaa.")), OV_OK);
	kit_open(&k, sources);
	assert_int_equal(ov_buf_str(&b, OV_STR(".bbbb")), OV_OK);
	kit_line(kit_scan(&k, b.p, b.n), line, sizeof line);
	if (strncmp(line, "|9:", 3) != 0) /* OVERT_LIMIT_TIME */
		fail_msg("got \"%s\"", line);
	kit_close(&k);
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_macros),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
