/* The gram filter against a naive search, for each kernel that this machine has. */
#include <stdlib.h>

#include "gram.h"
#include "sieve.h"
#include "gram_int.h"
#include "testing.h"

struct hit {
	uint64_t at;
	uint32_t token;
};

struct hits {
	struct hit *p;
	size_t n, cap, stop_after;
};

static uint64_t seed = 88172645463325252u;

static uint32_t roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % sides;
}

static uint8_t letter(uint32_t alphabet)
{
	static const uint8_t few[] = { 'a', 'b', 'A', 'B', ' ', 0, 'c', '1' };

	return alphabet > sizeof few ? (uint8_t)roll(256) : few[roll(alphabet)];
}

static bool add_hit(void *ctx, uint32_t token, uint64_t at)
{
	struct hits *h = ctx;

	if (h->n == h->cap) {
		h->cap = h->cap == 0 ? 64 : h->cap * 2;
		h->p = realloc(h->p, h->cap * sizeof *h->p);
		assert_non_null(h->p);
	}
	h->p[h->n++] = (struct hit){ .at = at, .token = token };
	return h->stop_after == 0 || h->n < h->stop_after;
}

static int compare(const void *pa, const void *pb)
{
	const struct hit *a = pa, *b = pb;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->token < b->token ? -1 : a->token > b->token;
}

static void naive(const struct ov_gram_key *keys, size_t nkeys, const uint8_t *p, size_t n,
		  struct hits *h)
{
	for (size_t at = 0; at < n; at++) {
		for (size_t k = 0; k < nkeys; k++) {
			bool is_match = keys[k].n <= n - at;

			for (size_t i = 0; is_match && i < keys[k].n; i++)
				is_match = (p[at + i] & keys[k].mask[i]) == keys[k].value[i];
			if (is_match)
				(void)add_hit(h, keys[k].token, 1000 + at);
		}
	}
}

static const enum ov_kernel kernels[] = { OV_KERNEL_AUTO, OV_KERNEL_SCALAR, OV_KERNEL_AVX2,
					  OV_KERNEL_AVX512, OV_KERNEL_NEON };

static void sort_hits(struct hits *h)
{
	if (h->n > 1)
		qsort(h->p, h->n, sizeof *h->p, compare);
}

static void expect_same(const char *what, struct hits *got, struct hits *want)
{
	for (size_t i = 1; i < got->n; i++)
		ov_expect(what, got->p[i - 1].at <=
				    got->p[i].at); /* in order of positions, as the finder needs */
	sort_hits(got);
	sort_hits(want);
	ov_expect_eq(what, got->n, want->n);
	for (size_t i = 0; i < got->n; i++)
		ov_expect(what, compare(&got->p[i], &want->p[i]) == 0);
}

/* Each kernel gives the naive hits, and the same candidates as the scalar kernel. The text is
 * copied to a block of its exact size, so that a read beyond it is seen by the address sanitizer.
 */
static void check(const char *what, const struct ov_gram_key *keys, size_t nkeys,
		  const uint8_t *text, size_t n)
{
	struct ov_buf b = ov_buf_of(1 << 26);
	struct hits want = { 0 };
	struct ov_gram g;
	uint8_t *p = malloc(n + 1);

	assert_non_null(p);
	memcpy(p + 1, text, n); /* an odd address */
	ov_expect_eq(what, ov_gram_build(keys, nkeys, &b), OV_OK);
	ov_expect_eq(what, ov_gram_open(ov_buf_cur(&b), &g), OV_OK);
	naive(keys, nkeys, p + 1, n, &want);
	for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
		struct hits got = { 0 };
		const ov_status s =
		    ov_gram_scan_with(kernels[k], &g, p + 1, n, 1000, add_hit, &got);

		if (s != OV_UNSUPPORTED) {
			ov_expect_eq(what, s, OV_OK);
			expect_same(what, &got, &want);
		}
		free(got.p);
	}
	free(want.p);
	free(p);
	ov_buf_free(&b);
}

static enum ov_wake add_waking(void *ctx, uint32_t token, uint64_t at)
{
	return add_hit(ctx, token, at) ? OV_WAKE_MORE : OV_WAKE_STOP;
}

/* Tables of few keys have a sieve for their first stage: the same hits, in the order of places. */
static void check_few(const char *what, const struct ov_gram_key *keys, size_t nkeys,
		      const uint8_t *text, size_t n)
{
	struct ov_buf b = ov_buf_of(1 << 26);
	struct hits want = { 0 }, got = { 0 };
	uint8_t *p = malloc(n + 1), *settled;
	struct ov_sieve few;
	struct ov_gram g;

	assert_non_null(p);
	memcpy(p + 1, text, n);
	ov_expect_eq(what, ov_gram_build(keys, nkeys, &b), OV_OK);
	ov_expect_eq(what, ov_gram_open(ov_buf_cur(&b), &g), OV_OK);
	if (ov_gram_few(&g, &few) == OV_OK) {
		settled = calloc(ov_gram_settled_bytes(&g), 1);
		assert_non_null(settled);
		naive(keys, nkeys, p + 1, n, &want);
		ov_expect_eq(what,
			     ov_gram_wake_few(&g, &few, settled, p + 1, n, 1000, add_waking, &got),
			     OV_OK);
		expect_same(what, &got, &want);
		free(settled);
	} else {
		ov_expect(what, nkeys == 0 || nkeys > 32);
	}
	free(got.p);
	free(want.p);
	free(p);
	ov_buf_free(&b);
}

static struct ov_gram_key random_key(uint32_t alphabet, uint32_t token)
{
	struct ov_gram_key k = { .n = (uint8_t)(4 + roll(13)), .token = token };

	for (unsigned i = 0; i < k.n; i++) {
		k.value[i] = letter(alphabet);
		k.mask[i] = 0xff;
		if (k.value[i] >= 'A' && k.value[i] <= 'Z' && roll(2))
			k.mask[i] = 0xdf;
		if (i >= 4 && roll(4) == 0)
			k.mask[i] = (uint8_t)(roll(2) ? 0 : 0xf0);
		k.value[i] &= k.mask[i];
	}
	return k;
}

static void random_keys_equal_a_naive_search(void **state)
{
	static const uint32_t alphabets[] = { 2, 5, 8, 256 };
	static struct ov_gram_key keys[3000];
	static uint8_t text[9000];

	(void)state;
	for (int round = 0; round < 120; round++) {
		const uint32_t alphabet = alphabets[roll(4)];
		const size_t nkeys = roll(round % 20 == 0 ? 3000 : 60);
		const size_t n = roll(round % 20 == 0 ? 9000 : 300);
		char what[32];

		for (size_t i = 0; i < nkeys; i++)
			keys[i] = random_key(alphabet, (uint32_t)i);
		for (size_t i = 0; i < n; i++)
			text[i] = letter(alphabet);
		for (size_t i = 0; nkeys > 0 && n > 20 && i < n / 64;
		     i++) { /* or random bytes would seldom match */
			const struct ov_gram_key *k = &keys[roll((uint32_t)nkeys)];

			memcpy(text + roll((uint32_t)(n - k->n)), k->value, k->n);
		}
		(void)snprintf(what, sizeof what, "round %d", round);
		check(what, keys, nkeys, text, n);
		check_few(what, keys, nkeys, text, n);
	}
}

static void adversarial_input_equals_a_naive_search(void **state)
{
	static struct ov_gram_key keys[64];
	static uint8_t text[70000];

	(void)state;
	for (uint32_t i = 0; i < 64; i++)
		keys[i] = random_key(256, i);
	memset(text, 0, sizeof text);
	check("zeros", keys, 64, text, sizeof text);
	memset(&keys[0], 0, sizeof keys[0]);
	memset(keys[0].mask, 0xff, 16);
	keys[0].n = 16;
	check("zeros, and a key of zeros", keys, 64, text, sizeof text);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i / 256 * (i & 1) + i);
	check("counters", keys, 64, text, sizeof text);
	for (size_t i = 0; i + 16 < sizeof text; i += keys[5].n)
		memcpy(text + i, keys[5].value, keys[5].n);
	check("one key again and again", keys, 64, text, sizeof text);
	for (size_t i = 0, k = 0; i + 16 < sizeof text; i += keys[k].n, k = (k + 1) % 64)
		memcpy(text + i, keys[k].value, keys[k].n);
	check("all keys in a row", keys, 64, text, sizeof text);
	for (uint32_t i = 0; i < 64; i++) { /* one bucket, searched by its second dword */
		keys[i] = random_key(5, i);
		memcpy(keys[i].value, "same", 4);
		memset(keys[i].mask, 0xff, 4);
	}
	for (size_t i = 0, k = 0; i + 16 < sizeof text; i += keys[k].n, k = (k + 1) % 64)
		memcpy(text + i, keys[k].value, keys[k].n);
	check("one first dword", keys, 64, text, sizeof text);
}

static void a_million_candidates_fit_no_room(void **state)
{
	struct ov_gram_key k = {
		.value = "abab", .mask = { 255, 255, 255, 255 }, .n = 4, .token = 7
	};
	const size_t n = ((size_t)2 << 20) + 77;
	uint8_t *text = malloc(n);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = (uint8_t)('a' + (i & 1));
	check("across blocks", &k, 1, text, n);
	free(text);
}

static void scan_stops_when_told(void **state)
{
	struct ov_gram_key k = {
		.value = "abab", .mask = { 255, 255, 255, 255 }, .n = 4, .token = 7
	};
	struct hits h = { .stop_after = 2 };
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_gram g;

	(void)state;
	assert_int_equal(ov_gram_build(&k, 1, &b), OV_OK);
	assert_int_equal(ov_gram_open(ov_buf_cur(&b), &g), OV_OK);
	assert_int_equal(ov_gram_scan(&g, (const uint8_t *)"abababababab", 12, 0, add_hit, &h),
			 OV_END);
	assert_int_equal(h.n, 2);
	free(h.p);
	ov_buf_free(&b);
}

struct rules { /* tokens 0..9: settled once heard of twice; from 10 on never */
	unsigned heard[20];
	uint64_t last_at;
};

static enum ov_wake hear(void *ctx, uint32_t token, uint64_t at)
{
	struct rules *r = ctx;

	r->heard[token]++;
	r->last_at = at;
	if (token == 19)
		return OV_WAKE_STOP;
	return token < 10 && r->heard[token] >= 2 ? OV_WAKE_SETTLED : OV_WAKE_MORE;
}

/* @param few  NULL: the table's own first stage. */
static void pass_over(const struct ov_gram *g, const struct ov_sieve *few, const uint8_t *text)
{
	uint8_t *settled = calloc(ov_gram_settled_bytes(g), 1);
	struct rules r = { { 0 }, 0 };

	assert_non_null(settled);
	for (size_t at = 0; at < 3600; at += 1800)
		assert_int_equal(
		    few != NULL ? ov_gram_wake_few(g, few, settled, text + at, 1800, at, hear, &r)
				: ov_gram_wake(g, settled, text + at, 1800, at, hear, &r),
		    OV_OK);
	for (int i = 0; i < 9; i++)
		assert_int_equal(r.heard[i], 2);
	assert_int_equal(r.heard[9], 150); /* shares with 10, which never settles */
	assert_int_equal(r.heard[10], 150);
	assert_int_equal(r.heard[11], 150);
	assert_int_equal(r.last_at, 3600 - 8);
	free(settled);
}

static void settled_keys_are_passed_over(void **state)
{
	struct ov_gram_key keys[12];
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_sieve few;
	uint8_t text[4000];
	struct ov_gram g;

	(void)state;
	for (uint32_t i = 0; i < 12;
	     i++) { /* ten share a key, one has another, one shares with a wakeful one */
		keys[i] = (struct ov_gram_key){ .value = "abcdefgh", .n = 8, .token = i };
		memset(keys[i].mask, 0xff, 8);
	}
	keys[9].value[7] = keys[10].value[7] = 'x';
	keys[11].value[7] = 'y';
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t) "abcdefghabcdefgxabcdefgy"[i % 24];
	assert_int_equal(ov_gram_build(keys, 12, &b), OV_OK);
	assert_int_equal(ov_gram_open(ov_buf_cur(&b), &g), OV_OK);
	assert_int_equal(ov_gram_few(&g, &few), OV_OK);
	pass_over(&g, NULL, text);
	pass_over(&g, &few, text);
	ov_buf_free(&b);
}

static const struct {
	const char *what;
	struct ov_gram_key key;
} bad_keys[] = {
	{ "too short", { .value = "abc", .mask = { 255, 255, 255 }, .n = 3 } },
	{ "too long", { .value = "abcd", .mask = { 255, 255, 255, 255 }, .n = 17 } },
	{ "a wildcard in front", { .value = "ab\0d", .mask = { 255, 255, 0, 255 }, .n = 4 } },
	{ "a value outside its mask",
	  { .value = "abcde", .mask = { 255, 255, 255, 255, 0xf0 }, .n = 5 } },
	{ "a case mask on a digit",
	  { .value = "ab\021d", .mask = { 255, 255, 0xdf, 255 }, .n = 4 } },
};

static void bad_keys_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_keys / sizeof *bad_keys; i++) {
		struct ov_buf b = ov_buf_of(1 << 20);

		ov_expect_eq(bad_keys[i].what, ov_gram_build(&bad_keys[i].key, 1, &b), OV_BAD);
		ov_buf_free(&b);
	}
}

static bool count_hit(void *ctx, uint32_t token, uint64_t at)
{
	(void)token;
	(void)at;
	++*(size_t *)ctx;
	return true;
}

/* Every prefix is refused; a changed bit gives a table that is refused or scans calmly. */
static void hostile_tables_are_refused_or_harmless(void **state)
{
	static struct ov_gram_key keys[40];
	struct ov_buf b = ov_buf_of(1 << 20);
	uint8_t text[500];
	size_t accepted = 0, hits = 0;
	struct ov_gram g;

	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		keys[i] = random_key(8, i);
	assert_int_equal(ov_gram_build(keys, 40, &b), OV_OK);
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(ov_gram_open(ov_cur_of(b.p, n), &g), OV_SHORT);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = letter(8);
	for (size_t bit = 0; bit < b.n * 8; bit++) {
		ov_status s;

		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		s = ov_gram_open(ov_buf_cur(&b), &g);
		assert_true(s == OV_OK || s == OV_BAD || s == OV_SHORT);
		if (s == OV_OK) {
			accepted++;
			assert_int_equal(ov_gram_scan(&g, text, sizeof text, 0, count_hit, &hits),
					 OV_OK);
		}
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(accepted > 100); /* tokens and unused filter bits may change */
	ov_buf_free(&b);
}

static void same_keys_same_bytes(void **state)
{
	static struct ov_gram_key keys[500];
	struct ov_buf a = ov_buf_of(1 << 20), b = ov_buf_of(1 << 20);

	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		keys[i] = random_key(8, i);
	assert_int_equal(ov_gram_build(keys, 500, &a), OV_OK);
	assert_int_equal(ov_gram_build(keys, 500, &b), OV_OK);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	ov_buf_free(&a);
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_keys_equal_a_naive_search),
		cmocka_unit_test(adversarial_input_equals_a_naive_search),
		cmocka_unit_test(a_million_candidates_fit_no_room),
		cmocka_unit_test(scan_stops_when_told),
		cmocka_unit_test(settled_keys_are_passed_over),
		cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(hostile_tables_are_refused_or_harmless),
		cmocka_unit_test(same_keys_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
