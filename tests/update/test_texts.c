/* State and memory texts: what is taken, what is refused and on which line, and there and back. */
#include "testing.h"

#include "memory.h"
#include "state.h"

#define H "overt-state/v1\nseq 7\ntime 1000\nroot 1\n"
#define X "1111111111111111111111111111111111111111111111111111111111111111"
#define Y "22222222222222222222222222222222222222222222222222222222222222aa"
#define SX "1111111111111111"
#define SY "2222222222222222"
#define A "artifact stable main 62 1 " X " 1234\n"

static const struct {
	const char *what, *text;
	ov_status st;
	uint32_t line;
} states[] = {
	{ "an empty state", H, OV_OK, 0 },
	{ "one artifact", H A, OV_OK, 0 },
	{ "everything",
	  H A "delta " SY " " SX " " Y " 10\nrollout " X " 10@5 100@50 1000@500\nwithdrawn " Y
	      " it crashed\n",
	  OV_OK, 0 },
	{ "another version", "overt-state/v2\n", OV_UNSUPPORTED, 1 },
	{ "another text", "hello\n", OV_BAD, 1 },
	{ "no time", "overt-state/v1\nseq 7\nroot 1\n", OV_BAD, 3 },
	{ "a zero before", "overt-state/v1\nseq 07\n", OV_BAD, 2 },
	{ "two blanks", "overt-state/v1\nseq  7\n", OV_BAD, 2 },
	{ "a kind that nobody knows", H "artefact x\n", OV_BAD, 5 },
	{ "kinds out of order", H "withdrawn " Y " x\n" A, OV_BAD, 6 },
	{ "an artifact twice", H A A, OV_BAD, 6 },
	{ "a name in capitals", H "artifact stable Main 62 1 " X " 1\n", OV_BAD, 5 },
	{ "a name that leaves its folder", H "artifact stable ../x 62 1 " X " 1\n", OV_BAD, 5 },
	{ "a hidden name", H "artifact stable .x 62 1 " X " 1\n", OV_BAD, 5 },
	{ "a digest in capitals",
	  H "artifact stable main 62 1 AA"
	    "11111111111111111111111111111111111111111111111111111111111111 1\n",
	  OV_BAD, 5 },
	{ "a short digest", H "artifact stable main 62 1 11 1\n", OV_BAD, 5 },
	{ "a size beyond 63 bits", H "artifact stable main 62 1 " X " 9223372036854775808\n",
	  OV_BAD, 5 },
	{ "a word more", H "artifact stable main 62 1 " X " 1 2\n", OV_BAD, 5 },
	{ "a delta by whole digests", H A "delta " Y " " X " " Y " 10\n", OV_BAD, 6 },
	{ "a delta in capitals", H A "delta AAAAAAAAAAAAAAAA " SX " " Y " 10\n", OV_BAD, 6 },
	{ "a rollout that ends too early", H "rollout " X " 10@5\n", OV_BAD, 5 },
	{ "a rollout that falls", H "rollout " X " 10@5 5@6 1000@7\n", OV_BAD, 5 },
	{ "a rollout that goes back in time", H "rollout " X " 10@5 1000@4\n", OV_BAD, 5 },
	{ "a rollout of more than all", H "rollout " X " 1001@5\n", OV_BAD, 5 },
	{ "a rollout without steps", H "rollout " X "\n", OV_BAD, 5 },
	{ "withdrawn without a reason", H "withdrawn " X "\n", OV_BAD, 5 },
	{ "an empty line", H "\n", OV_BAD, 5 },
	{ "no end of the last line", "overt-state/v1\nseq 7\ntime 1000\nroot 1", OV_BAD, 0 },
	{ "nothing", "", OV_BAD, 0 },
};

static void test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		struct ov_buf b = ov_buf_of(1 << 16);
		struct ov_arena a;
		struct ov_state s;
		uint32_t line;

		ov_arena_init(&a, 1 << 21);
		ov_expect_eq(states[i].what,
			     ov_state_parse(ov_str_of(states[i].text), &a, &s, &line),
			     states[i].st);
		if (states[i].st == OV_OK) {
			assert_int_equal(ov_state_write(&s, &b), OV_OK);
			ov_expect(states[i].what,
				  ov_str_is((struct ov_str){ (char *)b.p, b.n }, states[i].text));
		} else {
			ov_expect_eq(states[i].what, line, states[i].line);
		}
		ov_buf_free(&b);
		ov_arena_free(&a);
	}
}

static void test_rollout(void **state)
{
	static const struct {
		uint32_t cohort;
		uint64_t due;
	} rows[] = { { 0, 5 }, { 9, 5 }, { 10, 50 }, { 99, 50 }, { 100, 500 }, { 999, 500 } };
	struct ov_arena a;
	struct ov_state s;
	uint8_t other[32] = { 0 };

	(void)state;
	ov_arena_init(&a, 1 << 21);
	assert_int_equal(ov_state_parse(ov_str_of(states[2].text), &a, &s, NULL), OV_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(ov_state_due(&s, s.artifacts[0].sha256, rows[i].cohort),
				 rows[i].due);
	assert_int_equal(ov_state_due(&s, other, 999), 0);
	assert_int_equal(ov_state_reason(&s, s.withdrawn[0].sha256).n, 10);
	assert_int_equal(ov_state_reason(&s, s.artifacts[0].sha256).n, 0);
	ov_arena_free(&a);
}

static void test_memory(void **state)
{
	static struct ov_memory m, again;
	struct ov_buf b = ov_buf_of(1 << 16), c = ov_buf_of(1 << 16);
	uint8_t sha[32] = { 0 };

	(void)state;
	m.origin = OV_STR("log.example");
	m.size = 12;
	for (uint8_t i = 1; i <= 5; i++) { /* five taken, three remembered, the newest first */
		sha[0] = i;
		assert_int_equal(ov_memory_took(&m, OV_STR("stable"), OV_STR("main"), sha, i),
				 OV_OK);
		assert_int_equal(ov_memory_took(&m, OV_STR("stable"), OV_STR("daily"), sha, i),
				 OV_OK);
	}
	assert_int_equal(m.nhave, 2 * OV_MEMORY_KEPT);
	assert_int_equal(ov_memory_have(&m, OV_STR("stable"), OV_STR("main"), 0)->sha256[0], 5);
	assert_int_equal(ov_memory_have(&m, OV_STR("stable"), OV_STR("main"), 2)->sha256[0], 3);
	assert_null(ov_memory_have(&m, OV_STR("stable"), OV_STR("main"), 3));
	sha[0] = 4; /* taken again: first, and once */
	assert_int_equal(ov_memory_took(&m, OV_STR("stable"), OV_STR("main"), sha, 9), OV_OK);
	assert_int_equal(ov_memory_have(&m, OV_STR("stable"), OV_STR("main"), 1)->sha256[0], 5);
	m.quarantined[m.nquarantined++] =
	    (struct ov_state_withdrawn){ .sha256 = { 1 }, .reason = OV_STR("two crashes") };
	assert_int_equal(ov_memory_write(&m, &b), OV_OK);
	assert_int_equal(ov_memory_parse((struct ov_str){ (char *)b.p, b.n }, &again), OV_OK);
	assert_int_equal(ov_memory_write(&again, &c), OV_OK);
	assert_true(b.n == c.n && memcmp(b.p, c.p, b.n) == 0);
	sha[0] = 1;
	assert_true(ov_memory_is_quarantined(&again, sha));
	for (size_t n = 0; n < b.n; n++) {
		const ov_status s = ov_memory_parse((struct ov_str){ (char *)b.p, n }, &again);

		assert_true(s == OV_BAD || (s == OV_OK && b.p[n - 1] == '\n'));
	}
	ov_buf_free(&b);
	ov_buf_free(&c);
}

/* Cohorts: evenly spread over machines, drawn anew for each release. */
static void test_cohorts(void **state)
{
	struct ov_hasher *h = NULL;
	uint8_t secret[32] = { 0 }, release[32] = { 0 };
	unsigned tenths[10] = { 0 }, again = 0;

	(void)state;
	assert_int_equal(ov_hasher_new(OV_SHA256, &h), OV_OK);
	for (unsigned i = 0; i < 10000; i++) {
		uint32_t a, b;

		secret[0] = (uint8_t)i;
		secret[1] = (uint8_t)(i >> 8);
		release[0] = 0;
		assert_int_equal(ov_cohort(h, secret, release, &a), OV_OK);
		release[0] = 1;
		assert_int_equal(ov_cohort(h, secret, release, &b), OV_OK);
		assert_true(a < 1000 && b < 1000);
		tenths[a / 100]++;
		again += a / 10 == b / 10;
	}
	for (size_t i = 0; i < 10; i++)
		assert_true(tenths[i] > 850 && tenths[i] < 1150);
	assert_true(again < 200); /* one in a hundred is chance */
	ov_hasher_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_rollout),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_cohorts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
