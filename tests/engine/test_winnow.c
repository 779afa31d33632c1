/*
 * Rules that wake together: those that can't hold are dropped before anything is searched exactly,
 * and no others. Many of them (a census of the layer's grams) and few (the gate), each with the
 * same conditions.
 */
#include <stdlib.h>

#include "engine_kit.h"
#include "testing.h"

#define WORDS 900
#define RULES_MAX 300

/* Word i: eight letters, each another. */
static void word(unsigned i, char out[9])
{
	uint32_t x = (i + 1) * 0x9e3779b1u;

	for (int k = 0; k < 8; k++) {
		out[k] = (char)('a' + x % 26);
		x = x * 0x85ebca77u + 12345;
		x ^= x >> 15;
	}
	out[8] = 0;
}

static void put_hex(struct ov_buf *b, unsigned i)
{
	char w[9];

	word(i, w);
	for (int k = 0; k < 8; k++)
		assert_int_equal(ov_buf_fmt(b, "%02x", (unsigned)w[k]), OV_OK);
}

/* Whether a condition holds when the second word stands there `two` times and the third `three`
 * times; the first, which wakes the rule, stands there once. */
static bool both(unsigned two, unsigned three)
{
	return two > 0 && three > 0;
}

static bool either(unsigned two, unsigned three)
{
	return two > 0 || three > 0;
}

static bool not_third(unsigned two, unsigned three)
{
	return two > 0 && three == 0;
}

static bool twice(unsigned two, unsigned three)
{
	(void)three;
	return two > 1;
}

static bool any_two(unsigned two, unsigned three)
{
	return two + three > 0;
}

static bool neither(unsigned two, unsigned three)
{
	return two == 0 && three == 0;
}

static const struct {
	const char *condition;
	bool (*holds)(unsigned two, unsigned three);
} conditions[] = {
	{ "0&1&2", both },	    { "0&(1|2)", either },
	{ "0&1&(2=0)", not_third }, { "0&(1>1)&((2=0)|2)", twice },
	{ "(0|1|2)>1,2", any_two }, { "0&(1=0)&(2=0)", neither },
};
#define CONDITIONS (sizeof conditions / sizeof *conditions)

/* How often rule i's second and third words stand in the file. */
static unsigned times_of(unsigned i, unsigned which)
{
	return (i * 7 + which * 5) / 3 % 3;
}

static void make_rules(struct ov_buf *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(
		    ov_buf_fmt(b, "R%u.;Target:0;%s", i, conditions[i % CONDITIONS].condition),
		    OV_OK);
		for (unsigned k = 0; k < 3; k++) {
			assert_int_equal(ov_buf_fmt(b, ";"), OV_OK);
			put_hex(b, 3 * i + k);
		}
		assert_int_equal(ov_buf_fmt(b, "\n"), OV_OK);
	}
	assert_int_equal(ov_buf_u8(b, 0), OV_OK);
}

static void make_file(struct ov_buf *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < 3; k++) {
			const unsigned times = k == 0 ? 1 : times_of(i, k);
			char w[9];

			word(3 * i + k, w);
			for (unsigned t = 0; t < times; t++)
				assert_int_equal(ov_buf_fmt(b, "%s ", w), OV_OK);
		}
	}
}

static bool is_found(const struct ov_report *r, unsigned i)
{
	char name[16];
	const size_t n = (size_t)snprintf(name, sizeof name, "R%u.", i);

	for (const struct ov_report_detection *d = r->detections; d != NULL; d = d->next)
		if (d->name.n >= n && memcmp(d->name.p, name, n) == 0)
			return true;
	return false;
}

/* n rules that all wake; then the same file behind a megabyte of other bytes. */
static void check_rules(unsigned n, size_t before)
{
	struct ov_buf rules = ov_buf_of(1 << 20), file = ov_buf_of(4 << 20);
	const struct ov_report *r;
	unsigned found = 0;
	struct kit k;

	make_rules(&rules, n);
	assert_int_equal(ov_buf_zero(&file, before), OV_OK);
	make_file(&file, n);
	kit_open(&k, (const struct kit_source[]){ { "a.ldb", (const char *)rules.p }, { 0 } });
	k.options.all_matches = true;
	r = kit_scan(&k, file.p, file.n);
	for (unsigned i = 0; i < n; i++) {
		const bool want = conditions[i % CONDITIONS].holds(times_of(i, 1), times_of(i, 2));
		char what[64];

		(void)snprintf(what, sizeof what, "rule %u of %u behind %zu bytes", i, n, before);
		ov_expect_eq(what, is_found(r, i), want);
		found += want;
	}
	assert_int_equal(r->nincompletes, 0);
	assert_true(found > n / 5 && found < n - n / 5);
	kit_close(&k);
	ov_buf_free(&rules);
	ov_buf_free(&file);
}

static void test_exactly_those_that_hold(void **state)
{
	static const unsigned counts[] = { 12, 20, 47, 60, 120, 200, RULES_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		check_rules(counts[i], 0);
		check_rules(counts[i], 1 << 20);
	}
}

/* Two words with a gap, of which both are there: in order, the other way round, or as a pair before
 * and behind which the second stands too. */
static void check_order(unsigned n, size_t before)
{
	struct ov_buf rules = ov_buf_of(1 << 20), file = ov_buf_of(4 << 20);
	const struct ov_report *r;
	struct kit k;

	assert_int_equal(ov_buf_zero(&file, before), OV_OK);
	for (unsigned i = 0; i < n; i++) {
		char a[9], b[9];

		word(2 * i, a);
		word(2 * i + 1, b);
		assert_int_equal(ov_buf_fmt(&rules, "R%u.;Target:0;0;", i), OV_OK);
		put_hex(&rules, 2 * i);
		assert_int_equal(ov_buf_fmt(&rules, i % 2 == 0 ? "*" : "{-20}"), OV_OK);
		put_hex(&rules, 2 * i + 1);
		assert_int_equal(ov_buf_fmt(&rules, "\n"), OV_OK);
		if (i % 3 == 0)
			assert_int_equal(ov_buf_fmt(&file, "%s %s ", b, a), OV_OK);
		else if (i % 3 == 1)
			assert_int_equal(ov_buf_fmt(&file, "%s  %s ", a, b), OV_OK);
		else
			assert_int_equal(ov_buf_fmt(&file, "%s %s %s %s ", b, a, b, a), OV_OK);
	}
	assert_int_equal(ov_buf_u8(&rules, 0), OV_OK);
	kit_open(&k, (const struct kit_source[]){ { "a.ldb", (const char *)rules.p }, { 0 } });
	k.options.all_matches = true;
	r = kit_scan(&k, file.p, file.n);
	for (unsigned i = 0; i < n; i++) {
		char what[64];

		(void)snprintf(what, sizeof what, "order %u of %u behind %zu bytes", i, n, before);
		ov_expect_eq(what, is_found(r, i), i % 3 != 0);
	}
	kit_close(&k);
	ov_buf_free(&rules);
	ov_buf_free(&file);
}

static void test_order_of_parts(void **state)
{
	(void)state;
	check_order(20, 0);
	check_order(300, 0);
	check_order(300, 1 << 20);
}

/* Bodies that differ at their end only, in a file made of their beginning: the layer's steps are
 * spent, which is told, and what was found until then counts. */
static void test_steps_are_one_budget(void **state)
{
	struct ov_buf rules = ov_buf_of(4 << 20), file = ov_buf_of(4 << 20);
	const struct ov_report *r;
	struct kit k;

	(void)state;
	assert_int_equal(ov_buf_fmt(&rules, "First.;Target:0;0;"), OV_OK);
	put_hex(&rules, 0);
	for (unsigned i = 1; i < 400; i++) {
		assert_int_equal(ov_buf_fmt(&rules, "\nR%u.;Target:0;0;", i), OV_OK);
		for (unsigned n = 0; n < 250; n++)
			put_hex(&rules, 0);
		put_hex(&rules, i);
	}
	assert_int_equal(ov_buf_u8(&rules, 0), OV_OK);
	for (unsigned n = 0; n < 40000; n++) {
		char w[9];

		word(0, w);
		assert_int_equal(ov_buf_put(&file, w, 8), OV_OK);
	}
	kit_open(&k, (const struct kit_source[]){ { "a.ldb", (const char *)rules.p }, { 0 } });
	k.options.all_matches = true;
	r = kit_scan(&k, file.p, file.n);
	assert_int_equal(r->ndetections, 1);
	assert_memory_equal(r->detections->name.p, "First.", 6);
	assert_true(r->nincompletes > 0);
	assert_int_equal(r->incompletes->reason, OVERT_LIMIT_TIME);
	kit_close(&k);
	ov_buf_free(&rules);
	ov_buf_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_those_that_hold),
		cmocka_unit_test(test_order_of_parts),
		cmocka_unit_test(test_steps_are_one_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
