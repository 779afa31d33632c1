/*
 * The small searches; the first byte chooses one.
 *
 *  - The sieve: keys, masks and text from the input. Claim: each kernel that this machine has
 * reports what a naive search finds.
 *  - Extended regular expressions: expression and text from the input, a zero byte between. Claims:
 * a compiled program passes the verifier; a text without what the program needs does not match; a
 *    match stays one when case is ignored, and behind other text unless the expression has anchors;
 *    enough steps are never spent.
 *  - A program as a database may hold it: what passes the verifier runs in bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "ere.h"
#include "sieve.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- the sieve ---- */

struct hits {
	uint64_t n, sum;
};

static bool add_hit(void *ctx, uint32_t token, uint64_t at)
{
	struct hits *h = ctx;

	h->n++;
	h->sum += (at + 1) * 1000003 + token * UINT64_C(2654435761);
	return true;
}

static void naive(const struct ov_sieve_key *keys, size_t nkeys, const uint8_t *p, size_t n,
		  struct hits *out)
{
	for (size_t at = 0; at < n; at++)
		for (size_t k = 0; k < nkeys; k++) {
			bool is_one = keys[k].n <= n - at;

			for (unsigned i = 0; is_one && i < keys[k].n; i++) {
				const uint8_t mask = (uint8_t)(keys[k].mask >> 8 * i);

				is_one = (p[at + i] & mask) == (uint8_t)(keys[k].value >> 8 * i);
			}
			if (is_one)
				(void)add_hit(out, keys[k].token, at);
		}
}

/* Four bytes of mask, four of value, as far as the input's first bytes go. */
static size_t take_keys(struct ov_sieve_key *keys, const uint8_t *p, size_t n)
{
	const size_t want = p[0] % OV_SIEVE_KEYS + 1;
	size_t made = 0;

	for (size_t i = 0; i < want && 1 + 8 * (i + 1) <= n; i++) {
		struct ov_sieve_key k = { .token = (uint32_t)i };

		for (unsigned b = 0; b < OV_SIEVE_WIDTH; b++) {
			k.mask |= (uint32_t)p[1 + 8 * i + b] << 8 * b;
			k.value |= (uint32_t)p[5 + 8 * i + b] << 8 * b;
			if (p[1 + 8 * i + b] != 0)
				k.n = (uint8_t)(b + 1);
		}
		k.value &= k.mask;
		if (k.mask != 0)
			keys[made++] = k;
	}
	return made;
}

static void sieve(const uint8_t *p, size_t n)
{
	static const enum ov_kernel kernels[] = { OV_KERNEL_AUTO, OV_KERNEL_SCALAR, OV_KERNEL_AVX2,
						  OV_KERNEL_AVX512, OV_KERNEL_NEON };
	struct ov_sieve_key keys[OV_SIEVE_KEYS];
	const size_t nkeys = take_keys(keys, p, n);
	struct hits want = { 0 };
	static struct ov_sieve s;

	if (nkeys == 0)
		return;
	must(ov_sieve_build(&s, keys, nkeys) == OV_OK);
	naive(keys, nkeys, p, n, &want);
	for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
		struct hits got = { 0 };
		const ov_status st = ov_sieve_scan(kernels[k], &s, p, n, n, 0, add_hit, &got);

		must(st == OV_OK || st == OV_UNSUPPORTED);
		must(st != OV_OK || (got.n == want.n && got.sum == want.sum));
	}
}

/* ---- expressions ---- */

static ov_status search(struct ov_cur program, struct ov_str text)
{
	uint64_t steps = UINT64_C(1) << 40;
	struct ov_ere_run run;
	struct ov_arena a;
	ov_status s;

	ov_arena_init(&a, (size_t)1 << 20);
	must(ov_ere_run_new(&a, &run) == OV_OK);
	s = ov_ere_search(program, text, &run, &steps);
	must(s == OV_OK || s == OV_END);
	ov_arena_free(&a);
	return s;
}

static bool has_any(struct ov_str s, const char *of)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0 && strchr(of, s.p[i]) != NULL)
			return true;
	return false;
}

static void check_blind(struct ov_str expression, struct ov_str text)
{
	struct ov_buf with = ov_buf_of(1 << 20), program = ov_buf_of(1 << 24);
	struct ov_str blind;
	const char *why;

	must(ov_buf_str(&with, OV_STR("(?i)")) == OV_OK && ov_buf_str(&with, expression) == OV_OK);
	blind = (struct ov_str){ .p = (const char *)with.p, .n = with.n };
	if (ov_ere_compile(blind, &program, NULL, &why) == OV_OK)
		must(search(ov_buf_cur(&program), text) == OV_OK);
	ov_buf_free(&with);
	ov_buf_free(&program);
}

static void check_behind(struct ov_cur program, struct ov_str text)
{
	struct ov_buf longer = ov_buf_of(1 << 20);

	must(ov_buf_str(&longer, OV_STR("/x ")) == OV_OK && ov_buf_str(&longer, text) == OV_OK);
	must(search(program, (struct ov_str){ .p = (const char *)longer.p, .n = longer.n }) ==
	     OV_OK);
	ov_buf_free(&longer);
}

static void ere(const uint8_t *p, size_t n)
{
	const uint8_t *zero = memchr(p, 0, n);
	const size_t cut = zero != NULL ? (size_t)(zero - p) : n / 2;
	const struct ov_str expression = { .p = (const char *)p, .n = cut };
	struct ov_str text = { .p = (const char *)p + cut, .n = n - cut };
	struct ov_buf program = ov_buf_of(1 << 24);
	struct ov_ere_needs needs = { 0 };
	const char *why = NULL;
	ov_status s = ov_ere_compile(expression, &program, &needs, &why);

	text.n = ov_min_size(text.n, 200);
	must(s != OV_BUG && s != OV_NOMEM && (s == OV_OK || why != NULL));
	if (s == OV_OK) {
		must(ov_ere_verify(ov_buf_cur(&program)) == OV_OK);
		s = search(ov_buf_cur(&program), text);
		must(s == OV_END || (needs.mask & ~ov_ere_mask(text)) == 0);
		if (s == OV_OK && !ov_str_starts(expression, OV_STR("(?i)"))) {
			must(needs.nliteral == 0 ||
			     memmem(text.p, text.n, needs.literal, needs.nliteral) != NULL);
			if (!has_any(expression, "[")) /* [^a] excludes more */
				check_blind(expression, text);
		}
		if (s == OV_OK && !has_any(expression, "^$\\"))
			check_behind(ov_buf_cur(&program), text);
	}
	ov_buf_free(&program);
}

static void hostile(const uint8_t *p, size_t n)
{
	const size_t cut = n - n / 4;
	const struct ov_cur program = ov_cur_of(p, cut);

	if (ov_ere_verify(program) == OV_OK)
		(void)search(program, (struct ov_str){ .p = (const char *)p + cut, .n = n - cut });
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 2 || n > 4096)
		return 0;
	switch (p[0] % 3) {
	case 0:
		sieve(p + 1, n - 1);
		break;
	case 1:
		ere(p + 1, n - 1);
		break;
	default:
		hostile(p + 1, n - 1);
	}
	return 0;
}
