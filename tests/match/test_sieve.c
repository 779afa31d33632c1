/* The sieve against a naive search, with each kernel that this machine has; the finder with each
 * kernel. */
#include <stdlib.h>

#include "sieve.h"
#include "testing.h"

#define HITS 200000u

struct hit {
	uint64_t at;
	uint32_t token;
};

struct hits {
	struct hit *p;
	size_t n, stop_after;
};

static uint64_t seed = 88172645463325252u;

static uint32_t roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % sides;
}

static bool add_hit(void *ctx, uint32_t token, uint64_t at)
{
	struct hits *h = ctx;

	assert_true(h->n < HITS);
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

/* From an alphabet so small that keys match often, or any byte. */
static uint8_t letter(uint32_t alphabet)
{
	return alphabet == 0 ? (uint8_t)roll(256) : (uint8_t)(0x61 + 16 * roll(2) + roll(alphabet));
}

static void random_key(struct ov_sieve_key *k, uint32_t token, uint32_t alphabet)
{
	static const uint8_t masks[] = { 0xff, 0xff, 0xff, 0xdf, 0xf0, 0x0f, 0 };

	*k = (struct ov_sieve_key){ .token = token };
	while (k->mask == 0) {
		const uint32_t n = 1 + roll(4);

		k->n = 0;
		k->value = 0;
		for (uint32_t i = 0; i < n; i++) {
			const uint32_t m = masks[roll(sizeof masks)];

			k->mask |= m << 8 * i;
			k->value |= (letter(alphabet) & m) << 8 * i;
			if (m != 0)
				k->n = (uint8_t)(i + 1);
		}
	}
}

static void naive(const struct ov_sieve_key *keys, size_t nkeys, const uint8_t *p, size_t n,
		  size_t positions, struct hits *h)
{
	for (size_t at = 0; at < n && at < positions; at++) {
		for (size_t k = 0; k < nkeys; k++) {
			bool is_match = keys[k].n <= n - at;

			for (uint32_t i = 0; is_match && i < keys[k].n; i++)
				is_match = (p[at + i] & (keys[k].mask >> 8 * i & 255)) ==
					   (keys[k].value >> 8 * i & 255);
			if (is_match)
				(void)add_hit(h, keys[k].token, 1000 + at);
		}
	}
}

static const enum ov_kernel kernels[] = { OV_KERNEL_AUTO, OV_KERNEL_SCALAR, OV_KERNEL_AVX2,
					  OV_KERNEL_AVX512, OV_KERNEL_NEON };

static void check(const struct ov_sieve_key *keys, size_t nkeys, const uint8_t *p, size_t n,
		  size_t positions, struct hits *want, struct hits *got)
{
	struct ov_sieve s;

	assert_int_equal(ov_sieve_build(&s, keys, nkeys), OV_OK);
	want->n = 0;
	naive(keys, nkeys, p, n, positions, want);
	for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
		ov_status st;
		uint64_t last = 0;

		got->n = 0;
		st = ov_sieve_scan(kernels[k], &s, p, n, positions, 1000, add_hit, got);
		if (st == OV_UNSUPPORTED && kernels[k] > OV_KERNEL_SCALAR)
			continue;
		assert_int_equal(st, OV_OK);
		for (size_t i = 0; i < got->n; i++) {
			assert_true(got->p[i].at >= last); /* the finder counts on the order */
			last = got->p[i].at;
		}
		qsort(got->p, got->n, sizeof *got->p, compare);
		qsort(want->p, want->n, sizeof *want->p, compare);
		assert_int_equal(got->n, want->n);
		assert_memory_equal(got->p, want->p, want->n * sizeof *want->p);
	}
}

static void equals_the_naive_search(void **state)
{
	struct hits want = { .p = calloc(HITS, sizeof(struct hit)) },
		    got = { .p = calloc(HITS, sizeof(struct hit)) };
	size_t total = 0;

	(void)state;
	assert_true(want.p != NULL && got.p != NULL);
	for (int i = 0; i < 1500; i++) {
		struct ov_sieve_key keys[OV_SIEVE_KEYS];
		const uint32_t alphabet = i % 3 == 0 ? 0 : 2 + roll(5);
		const size_t nkeys = i % 5 == 0 ? roll(OV_SIEVE_KEYS + 1) : roll(9);
		const size_t n = i % 7 == 0 ? roll(1500) : roll(220), skew = roll(67);
		/* at each alignment, ending where the allocation does: a read beyond is found */
		uint8_t *block = malloc(n + skew + 1), *p = block + skew;

		assert_non_null(block);
		p = block + 1 + skew;
		for (size_t k = 0; k < n; k++)
			p[k] = letter(alphabet);
		for (uint32_t k = 0; k < nkeys; k++)
			random_key(&keys[k], k, alphabet);
		check(keys, nkeys, p, n, i % 4 == 0 ? roll((uint32_t)n + 1) : n, &want, &got);
		total += want.n;
		free(block);
	}
	assert_true(total > 10000);
	free(want.p);
	free(got.p);
}

static void refuses_bad_keys(void **state)
{
	static const struct {
		const char *what;
		struct ov_sieve_key key;
		ov_status status;
	} rows[] = {
		{ "a byte", { .value = 0x41, .mask = 0xff, .n = 1 }, OV_OK },
		{ "no masked bit", { .value = 0, .mask = 0, .n = 1 }, OV_BAD },
		{ "a value outside its mask", { .value = 0x41, .mask = 0x0f, .n = 1 }, OV_BAD },
		{ "no byte", { .value = 0x41, .mask = 0xff, .n = 0 }, OV_BAD },
		{ "five bytes", { .value = 0x41, .mask = 0xff, .n = 5 }, OV_BAD },
		{ "a mask behind its end", { .value = 0x41, .mask = 0xffff, .n = 1 }, OV_BAD },
	};
	struct ov_sieve_key many[OV_SIEVE_KEYS + 1] = { 0 };
	struct ov_sieve s;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ov_expect_eq(rows[i].what, ov_sieve_build(&s, &rows[i].key, 1), rows[i].status);
	assert_int_equal(ov_sieve_build(&s, many, OV_SIEVE_KEYS + 1), OV_LIMIT);
}

static void stops_when_told(void **state)
{
	const struct ov_sieve_key key = { .value = 0x61, .mask = 0xff, .n = 1 };
	struct hit room[4];
	struct hits h = { .p = room, .stop_after = 3 };
	uint8_t text[300];
	struct ov_sieve s;

	(void)state;
	memset(text, 'a', sizeof text);
	assert_int_equal(ov_sieve_build(&s, &key, 1), OV_OK);
	assert_int_equal(
	    ov_sieve_scan(OV_KERNEL_AUTO, &s, text, sizeof text, sizeof text, 0, add_hit, &h),
	    OV_END);
	assert_int_equal(h.n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_the_naive_search),
		cmocka_unit_test(refuses_bad_keys),
		cmocka_unit_test(stops_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
