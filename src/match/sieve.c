/* The sieve: building, the scalar kernel, and exact comparison of what passes. */
#include "sieve.h"

#include <string.h>

#include "checked.h"
#include "le.h"
#include "sieve_int.h"

static bool is_key_good(const struct ov_sieve_key *k)
{
	if (k->mask == 0 || (k->value & ~k->mask) != 0 || k->n < 1 || k->n > OV_SIEVE_WIDTH)
		return false;
	return k->n == OV_SIEVE_WIDTH || k->mask >> 8 * k->n == 0;
}

/* Keys that begin alike share a bucket, so that its tables stay sparse. Few keys: insertion. */
static void sort_keys(struct ov_sieve_key *keys, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct ov_sieve_key k = keys[i];
		size_t at = i;

		for (; at > 0 && keys[at - 1].value > k.value; at--)
			keys[at] = keys[at - 1];
		keys[at] = k;
	}
}

static void add_to_tables(struct ov_sieve *s, const struct ov_sieve_key *k, uint8_t bit)
{
	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
		const unsigned value = k->value >> 8 * i & 255, mask = k->mask >> 8 * i & 255;

		for (unsigned h = 0; h < 16; h++) {
			if ((h & mask & 15) == (value & 15))
				s->lo[i][h] |= bit;
			if ((h & mask >> 4) == value >> 4)
				s->hi[i][h] |= bit;
		}
	}
}

ov_status ov_sieve_build(struct ov_sieve *s, const struct ov_sieve_key *keys, size_t n)
{
	size_t at = 0;

	if (n > OV_SIEVE_KEYS)
		return OV_LIMIT;
	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < n; i++) {
		if (!is_key_good(&keys[i]))
			return OV_BAD;
		s->keys[i] = keys[i];
	}
	sort_keys(s->keys, n);
	for (unsigned b = 0; b < OV_SIEVE_BUCKETS; b++) {
		s->first[b] = (uint8_t)at;
		for (; at < (b + 1) * n / OV_SIEVE_BUCKETS; at++)
			add_to_tables(s, &s->keys[at], (uint8_t)(1u << b));
	}
	s->first[OV_SIEVE_BUCKETS] = (uint8_t)n;
	return OV_OK;
}

/* The buckets whose keys may stand at p, where four bytes can be read. */
static unsigned buckets_at(const struct ov_sieve *s, const uint8_t *p)
{
	unsigned m = 255;

	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++)
		m &= s->lo[i][p[i] & 15] & s->hi[i][p[i] >> 4];
	return m;
}

size_t sieve_kernel_scalar(const struct ov_sieve *s, const uint8_t *p, size_t from, size_t to,
			   uint32_t *cand, size_t *ncand)
{
	size_t n = 0, at = from;

	for (; at < to && n < SIEVE_CAND; at++) {
		cand[n] = (uint32_t)at;
		n += buckets_at(s, p + at) != 0;
	}
	*ncand = n;
	return at;
}

static sieve_kernel_fn kernel_of(enum ov_kernel k)
{
	if (k == OV_KERNEL_SCALAR)
		return sieve_kernel_scalar;
#if defined(__x86_64__)
	__builtin_cpu_init();
	if ((k == OV_KERNEL_AUTO || k == OV_KERNEL_AVX512) && __builtin_cpu_supports("avx512bw"))
		return sieve_kernel_avx512;
	if ((k == OV_KERNEL_AUTO || k == OV_KERNEL_AVX2) && __builtin_cpu_supports("avx2"))
		return sieve_kernel_avx2;
#elif defined(__aarch64__)
	if (k == OV_KERNEL_AUTO || k == OV_KERNEL_NEON)
		return sieve_kernel_neon;
#endif
	return k == OV_KERNEL_AUTO ? sieve_kernel_scalar : NULL;
}

struct report {
	const struct ov_sieve *s;
	const uint8_t *p; /* four bytes can be read at each candidate */
	size_t left;	  /* bytes of p that exist: the rest is padding */
	uint64_t base;
	ov_gram_hit_fn hit;
	void *ctx;
};

/* @return false when the receiver wants no more. */
static bool compare_at(const struct report *r, size_t at)
{
	const uint32_t there = ov_le32(r->p + at);

	for (unsigned m = buckets_at(r->s, r->p + at); m != 0; m &= m - 1) {
		const unsigned b = (unsigned)__builtin_ctz(m);

		for (unsigned i = r->s->first[b]; i < r->s->first[b + 1]; i++) {
			const struct ov_sieve_key *k = &r->s->keys[i];

			if ((there & k->mask) == k->value && k->n <= r->left - at &&
			    !r->hit(r->ctx, k->token, r->base + at))
				return false;
		}
	}
	return true;
}

/* Places from .. to - 1, with `to + 3` readable bytes. *from moves to the first not looked at. */
static ov_status run(sieve_kernel_fn kernel, const struct report *r, size_t *from, size_t to)
{
	uint32_t cand[SIEVE_CAND];

	while (*from < to) {
		size_t n = 0;
		const size_t next = kernel(r->s, r->p, *from, to, cand, &n);

		for (size_t i = 0; i < n; i++)
			if (!compare_at(r, cand[i]))
				return OV_END;
		if (next == *from)
			break; /* the rest is not the kernel's */
		*from = next;
	}
	return OV_OK;
}

ov_status ov_sieve_scan(enum ov_kernel k, const struct ov_sieve *s, const uint8_t *p, size_t n,
			size_t positions, uint64_t base, ov_gram_hit_fn hit, void *ctx)
{
	const sieve_kernel_fn kernel = kernel_of(k);
	struct report r = { .s = s, .p = p, .left = n, .base = base, .hit = hit, .ctx = ctx };
	uint8_t pad[2 * OV_SIEVE_WIDTH] = { 0 };
	size_t at = 0, to;

	if (kernel == NULL)
		return OV_UNSUPPORTED;
	if (n > UINT32_MAX)
		return OV_LIMIT;
	positions = ov_min_size(positions, n);
	to = n < OV_SIEVE_WIDTH ? 0 : ov_min_size(positions, n - (OV_SIEVE_WIDTH - 1));
	OV_TRY(run(kernel, &r, &at, to));
	OV_TRY(run(sieve_kernel_scalar, &r, &at, to));
	if (at >= positions)
		return OV_OK;
	memcpy(pad, p + at, n - at); /* at most three bytes */
	r.p = pad;
	r.left = n - at;
	r.base += at;
	positions -= at;
	at = 0;
	return run(sieve_kernel_scalar, &r, &at, positions);
}
