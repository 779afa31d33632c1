/* Arenas: zeroed and aligned memory, the budget, marks, reuse, and a failing n-th request. */
#include "testing.h"

#include <stdalign.h>
#include <stdbool.h>

#include "arena.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, 1 << 20);
	for (int round = 0; round < 3; round++) {
		for (size_t n = 0; n < 300; n++) {
			uint8_t *p;

			assert_int_equal(ov_arena_alloc(&a, n, (void **)&p), OV_OK);
			assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xee, n);
		}
		ov_arena_reset(&a, round == 0 ? SIZE_MAX : 0);
		assert_int_equal(a.used, 0);
	}
	ov_arena_free(&a);
}

static void test_pieces_do_not_overlap(void **state)
{
	struct ov_arena a;
	uint8_t *p[200];

	(void)state;
	ov_arena_init(&a, 64 << 20);
	for (size_t i = 0; i < 200; i++) {
		const size_t n = i * 997 % 70000; /* some larger than a block */

		assert_int_equal(ov_arena_alloc(&a, n + 1, (void **)&p[i]), OV_OK);
		memset(p[i], (int)i, n + 1);
	}
	for (size_t i = 0; i < 200; i++) {
		const size_t n = i * 997 % 70000;

		assert_int_equal(p[i][0], i);
		assert_int_equal(p[i][n], i);
	}
	ov_arena_free(&a);
}

/* clang-format off */
static const struct { const char *what; size_t budget, n; ov_status want; } budgets[] = {
	{ "within",                 64, 48, OV_OK },
	{ "exactly",                64, 64, OV_OK },
	{ "one over",               64, 65, OV_LIMIT },
	{ "nothing to give",         0,  1, OV_LIMIT },
	{ "an empty piece counts",   0,  0, OV_LIMIT },
	{ "near the largest number", SIZE_MAX, SIZE_MAX, OV_LIMIT },
};
/* clang-format on */

static void test_budget(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof budgets / sizeof budgets[0]; i++) {
		struct ov_arena a;
		void *p = &a;

		ov_arena_init(&a, budgets[i].budget);
		ov_expect_eq(budgets[i].what, ov_arena_alloc(&a, budgets[i].n, &p),
			     budgets[i].want);
		ov_expect(budgets[i].what, (p != &a) == (budgets[i].want == OV_OK));
		ov_arena_free(&a);
	}
}

static void test_a_product_that_wraps_is_refused(void **state)
{
	struct ov_arena a;
	uint64_t *p = NULL;

	(void)state;
	ov_arena_init(&a, SIZE_MAX);
	assert_int_equal(ov_arena_array(&a, SIZE_MAX / 8 + 1, &p), OV_LIMIT);
	assert_null(p);
	assert_int_equal(ov_arena_array(&a, 3, &p), OV_OK);
	assert_non_null(p);
	ov_arena_free(&a);
}

static void test_release_gives_back_what_came_after_the_mark(void **state)
{
	struct ov_arena a;
	struct ov_arena_mark early, late;
	uint8_t *keep, *p, *again;

	(void)state;
	ov_arena_init(&a, 256 * 1024);
	early = ov_arena_mark(&a); /* of an arena that has no block yet */
	assert_int_equal(ov_arena_alloc(&a, 100, (void **)&keep), OV_OK);
	memset(keep, 0x5a, 100);
	late = ov_arena_mark(&a);
	for (int round = 0; round < 50;
	     round++) { /* would be far over the budget without release */
		assert_int_equal(ov_arena_alloc(&a, 100000, (void **)&p), OV_OK);
		assert_int_equal(ov_arena_alloc(&a, 70000, (void **)&p), OV_OK);
		ov_arena_release(&a, late);
	}
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(keep[i], 0x5a);
	ov_arena_release(&a, early);
	assert_int_equal(a.used, 0);
	assert_int_equal(ov_arena_alloc(&a, 100, (void **)&again), OV_OK);
	assert_ptr_equal(again, keep);
	ov_arena_free(&a);
}

static void test_text_is_copied_with_its_end(void **state)
{
	struct ov_arena a;
	struct ov_str s;

	(void)state;
	ov_arena_init(&a, 4096);
	assert_int_equal(ov_arena_str(&a, OV_STR("name\0x"), &s), OV_OK);
	assert_int_equal(s.n, 6);
	assert_memory_equal(s.p, "name\0x", 7); /* a NUL follows */
	assert_int_equal(ov_arena_str(&a, (struct ov_str){ .p = NULL, .n = 0 }, &s), OV_OK);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.p[0], '\0');
	ov_arena_free(&a);
}

/* What a parser would do: several requests; any may fail, and then nothing is lost or used. */
static ov_status several(struct ov_arena *a)
{
	struct ov_str s;
	uint32_t *numbers;
	void *p;

	OV_TRY(ov_arena_str(a, OV_STR("one"), &s));
	OV_TRY(ov_arena_array(a, 50000, &numbers));
	numbers[49999] = 1;
	return ov_arena_alloc(a, 10, &p);
}

static void test_the_nth_request_fails(void **state)
{
	(void)state;
	for (long n = 0; n < 5; n++) {
		struct ov_arena a;

		ov_arena_init(&a, 1 << 20);
		a.fail_in = n;
		assert_int_equal(several(&a), n < 3 ? OV_NOMEM : OV_OK);
		a.fail_in = -1;
		assert_int_equal(several(&a), OV_OK); /* the arena lives on */
		ov_arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_zeroed_and_aligned),
		cmocka_unit_test(test_pieces_do_not_overlap),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_a_product_that_wraps_is_refused),
		cmocka_unit_test(test_release_gives_back_what_came_after_the_mark),
		cmocka_unit_test(test_text_is_copied_with_its_end),
		cmocka_unit_test(test_the_nth_request_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
