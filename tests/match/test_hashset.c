/* Hash sets against a plain search, and broken tables. */
#include <stdlib.h>

#include "hashset.h"
#include "testing.h"

#define N 700

static uint64_t seed = 0x2545f4914f6cdd1du;

static uint32_t roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % sides;
}

/* Few distinct keys and sizes, so that they meet. */
static struct ov_hash_entry random_entry(uint32_t spread)
{
	static const uint32_t sizes[] = { 1, 2, 3, 4096, OV_HASH_ANY_SIZE, UINT32_MAX - 1 };
	struct ov_hash_entry e = { .size = sizes[roll(6)], .token = roll(1000) };

	for (int i = 0; i < OV_HASH_KEY; i++)
		e.key[i] = (uint8_t)(i < 2 ? roll(spread) * 37 : (i == 14 ? roll(2) : 5));
	return e;
}

static bool plain_find(const struct ov_hash_entry *e, size_t n, const uint8_t *key, uint64_t size,
		       uint32_t *token)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (memcmp(e[i].key, key, OV_HASH_KEY) != 0 ||
		    (e[i].size != size && e[i].size != OV_HASH_ANY_SIZE))
			continue;
		if (!found || e[i].token > *token)
			*token = e[i].token;
		found = true;
	}
	return found;
}

static bool plain_wants(const struct ov_hash_entry *e, size_t n, uint64_t size)
{
	for (size_t i = 0; i < n; i++)
		if (e[i].size == size || e[i].size == OV_HASH_ANY_SIZE)
			return true;
	return false;
}

static void check_queries(const struct ov_hashset *h, const struct ov_hash_entry *e, size_t n,
			  uint32_t spread)
{
	static const uint64_t sizes[] = {
		0, 1, 2, 3, 4, 4096, UINT32_MAX - 1, UINT32_MAX, (uint64_t)1 << 32, 1ull << 40
	};

	for (int i = 0; i < 400; i++) {
		const struct ov_hash_entry q = random_entry(spread);
		const uint64_t size = sizes[roll(10)];
		uint32_t got = 0, want = 0;
		const bool found = plain_find(e, n, q.key, size == UINT32_MAX ? 77 : size, &want);

		assert_int_equal(ov_hashset_find(h, q.key, size, &got), found);
		if (found)
			assert_int_equal(got, want);
		assert_int_equal(ov_hashset_wants(h, size),
				 plain_wants(e, n, size == UINT32_MAX ? 77 : size));
	}
}

static bool is_same(const struct ov_hash_entry *a, const struct ov_hash_entry *b)
{
	return memcmp(a->key, b->key, OV_HASH_KEY) == 0 && a->size == b->size &&
	       a->token == b->token;
}

static void finds_what_a_plain_search_finds(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 5, 40, N };
	static struct ov_hash_entry e[N], all[N];

	(void)state;
	for (size_t c = 0; c < 6 * 8; c++) {
		const size_t n = counts[c % 6];
		const uint32_t spread = c % 3 == 0 ? 2 : 7;
		struct ov_buf b = ov_buf_of(1 << 20);
		struct ov_hashset h;
		struct ov_hash_entry at;

		for (size_t i = 0; i < n; i++)
			do
				e[i] = random_entry(spread);
			while (c % 2 == 0 && e[i].size == OV_HASH_ANY_SIZE);
		assert_int_equal(ov_hashset_build(e, n, &b), OV_OK);
		assert_int_equal(ov_hashset_open(ov_buf_cur(&b), &h), OV_OK);
		assert_int_equal(h.count, n);
		ov_hashset_all(&h, all);
		check_queries(&h, e, n, spread);
		for (size_t i = 0; i < n; i++) { /* build left them sorted */
			assert_int_equal(ov_hashset_at(&h, i, &at), OV_OK);
			assert_true(is_same(&at, &e[i]));
			assert_true(is_same(&all[i], &e[i]));
		}
		assert_int_equal(ov_hashset_at(&h, n, &at), OV_END);
		ov_buf_free(&b);
	}
}

static void an_unset_view_holds_nothing(void **state)
{
	const struct ov_hashset h = { 0 };
	const uint8_t key[OV_HASH_KEY] = { 0 };
	uint32_t token;

	(void)state;
	assert_false(ov_hashset_find(&h, key, 5, &token));
	assert_false(ov_hashset_wants(&h, 5));
}

static void hostile_tables_are_refused_or_harmless(void **state)
{
	static struct ov_hash_entry e[60];
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_hashset h;

	(void)state;
	for (size_t i = 0; i < 60; i++)
		e[i] = random_entry(7);
	assert_int_equal(ov_hashset_build(e, 60, &b), OV_OK);
	for (size_t n = 0; n < b.n; n++) {
		const ov_status s = ov_hashset_open(ov_cur_of(b.p, n), &h);

		assert_true(s == OV_SHORT || s == OV_BAD);
	}
	for (size_t bit = 0; bit < b.n * 8; bit++) {
		ov_status s;
		uint32_t token;

		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		s = ov_hashset_open(ov_buf_cur(&b), &h);
		assert_true(s == OV_OK || s == OV_BAD || s == OV_SHORT);
		for (size_t i = 0; s == OV_OK && i < 60; i += 7) {
			(void)ov_hashset_find(&h, e[i].key, e[i].size, &token);
			(void)ov_hashset_wants(&h, e[i].size);
		}
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ov_buf_free(&b);
}

/* Enough entries for the radix sort, lists and bitmaps of sizes, and rows of several widths. */
static void large_sets_hold_all(void **state)
{
	static const struct {
		const char *what;
		uint32_t sizes, step, tokens, same;
	} cases[] = {
		{ "random keys, sizes of one chunk", 60000, 1, 1u << 20, 0 },
		{ "sizes of many chunks", 4000000, 1, 1u << 23, 0 },
		{ "multiples of 512", 8000, 512, 1, 0 },
		{ "all keys begin alike", 100, 3, 70000, 1 },
	};
	const size_t n = 40000;
	struct ov_hash_entry *e = calloc(n, sizeof *e), *was = calloc(n, sizeof *was);

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct ov_buf b = ov_buf_of(1 << 24), again = ov_buf_of(1 << 24);
		struct ov_hashset h;
		uint32_t token;

		for (size_t i = 0; i < n; i++) {
			for (size_t k = cases[c].same * 4; k < OV_HASH_KEY; k++)
				e[i].key[k] = (uint8_t)roll(256);
			e[i].size = (1 + roll(cases[c].sizes)) * cases[c].step;
			e[i].token = roll(cases[c].tokens);
		}
		memcpy(was, e, n * sizeof *e);
		ov_expect_eq(cases[c].what, ov_hashset_build(e, n, &b), OV_OK);
		ov_expect_eq(cases[c].what, ov_hashset_open(ov_buf_cur(&b), &h), OV_OK);
		for (size_t i = 0; i < n; i++) {
			const bool found = ov_hashset_find(&h, was[i].key, was[i].size, &token);

			ov_expect(cases[c].what,
				  found && token == was[i].token &&
				      ov_hashset_wants(&h, was[i].size) &&
				      !ov_hashset_find(&h, was[i].key, was[i].size + 1, &token));
			was[i].key[OV_HASH_KEY - 1] ^= 1;
			ov_expect(cases[c].what,
				  !ov_hashset_find(&h, was[i].key, was[i].size, &token));
			was[i].key[OV_HASH_KEY - 1] ^= 1;
		}
		for (size_t i = n; i-- > 1;) { /* another order */
			const size_t k = roll((uint32_t)i + 1);
			const struct ov_hash_entry t = was[i];

			was[i] = was[k];
			was[k] = t;
		}
		ov_expect_eq(cases[c].what, ov_hashset_build(was, n, &again), OV_OK);
		ov_expect(cases[c].what, again.n == b.n && memcmp(again.p, b.p, b.n) == 0);
		ov_buf_free(&b);
		ov_buf_free(&again);
	}
	free(e);
	free(was);
}

static void sizes_in_a_bitmap_are_exact(void **state)
{
	static struct ov_hash_entry e[9000];
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_hashset h;

	(void)state;
	for (uint32_t i = 0; i < 9000; i++)
		e[i] = (struct ov_hash_entry){ .key = { (uint8_t)i, (uint8_t)(i >> 8) },
					       .size = 65536 + 3 * i };
	assert_int_equal(ov_hashset_build(e, 9000, &b), OV_OK);
	assert_int_equal(ov_hashset_open(ov_buf_cur(&b), &h), OV_OK);
	for (uint32_t size = 0; size < 300000; size++)
		if (ov_hashset_wants(&h, size) !=
		    (size >= 65536 && size < 65536 + 27000 && (size - 65536) % 3 == 0))
			fail_msg("size %u", size);
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_plain_search_finds),
		cmocka_unit_test(an_unset_view_holds_nothing),
		cmocka_unit_test(large_sets_hold_all),
		cmocka_unit_test(sizes_in_a_bitmap_are_exact),
		cmocka_unit_test(hostile_tables_are_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
