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

/* What a bucket lets pass: sixteen bits for each half of each byte. */
struct halves {
	uint16_t lo[OV_SIEVE_WIDTH], hi[OV_SIEVE_WIDTH];
};

/* The values of half a byte that fit. */
static uint16_t half_set(unsigned value, unsigned mask)
{
	uint16_t set = 0;

	if (mask == 15)
		return (uint16_t)(1u << value);
	for (unsigned h = 0; h < 16; h++)
		set |= (uint16_t)((h & mask) == value ? 1u << h : 0);
	return set;
}

static void halves_of(const struct ov_sieve_key *k, struct halves *out)
{
	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
		const unsigned value = k->value >> 8 * i & 255, mask = k->mask >> 8 * i & 255;

		out->lo[i] = half_set(value & 15, mask & 15);
		out->hi[i] = half_set(value >> 4, mask >> 4);
	}
}

static void unite(struct halves *a, const struct halves *b)
{
	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
		a->lo[i] |= b->lo[i];
		a->hi[i] |= b->hi[i];
	}
}

/*
 * How common each half of a byte is in programs, roughly, zero above all, and one more. The sums of
 * a set of sixteen values are looked up for four of them at a time.
 */
#define TWO(a, b, more) (more), (a) + (more), (b) + (more), (a) + (b) + (more)
#define FOUR(a, b, c, d)                                                                           \
	{                                                                                          \
		TWO(a, b, 0), TWO(a, b, c), TWO(a, b, d), TWO(a, b, (c) + (d))                     \
	}
static const uint8_t lo_weight[4][16] = { FOUR(17, 4, 3, 3), FOUR(4, 4, 2, 2), FOUR(4, 3, 2, 2),
					  FOUR(3, 2, 3, 4) };
static const uint8_t hi_weight[4][16] = { FOUR(17, 3, 4, 3), FOUR(5, 3, 6, 5), FOUR(3, 2, 2, 2),
					  FOUR(2, 2, 1, 2) };

static unsigned weight(unsigned set, const uint8_t weights[4][16])
{
	return 0u + weights[0][set & 15] + weights[1][set >> 4 & 15] + weights[2][set >> 8 & 15] +
	       weights[3][set >> 12];
}

/* How much passes, as a number that only compares: below 2^48. */
static uint64_t passes(const struct halves *h)
{
	uint64_t product = 1;

	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++)
		product *= (uint64_t)weight(h->lo[i], lo_weight) * weight(h->hi[i], hi_weight);
	return product;
}

struct placed { /* a key on its way to a bucket */
	struct halves halves;
	uint64_t passes;
	uint8_t key, bucket;
};

/* The loosest first: they spoil the buckets that they share. Few keys: insertion. */
static void sort_placed(struct placed *all, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct placed p = all[i];
		size_t at = i;

		for (; at > 0 && all[at - 1].passes < p.passes; at--)
			all[at] = all[at - 1];
		all[at] = p;
	}
}

/* The bucket that grows least by these values. */
static uint8_t choose(const struct halves *buckets, const uint64_t *passed, const struct halves *h)
{
	uint64_t least = UINT64_MAX;
	uint8_t best = 0;

	for (uint8_t b = 0; b < OV_SIEVE_BUCKETS; b++) {
		struct halves both = buckets[b];
		uint64_t more;

		unite(&both, h);
		more = passes(&both) - passed[b];
		if (more < least) {
			least = more;
			best = b;
		}
	}
	return best;
}

static void fill_tables(struct ov_sieve *s, const struct halves *h, uint8_t bit)
{
	for (unsigned i = 0; i < OV_SIEVE_WIDTH; i++) {
		for (unsigned set = h->lo[i]; set != 0; set &= set - 1)
			s->lo[i][__builtin_ctz(set)] |= bit;
		for (unsigned set = h->hi[i]; set != 0; set &= set - 1)
			s->hi[i][__builtin_ctz(set)] |= bit;
	}
}

ov_status ov_sieve_build(struct ov_sieve *s, const struct ov_sieve_key *keys, size_t n)
{
	struct halves buckets[OV_SIEVE_BUCKETS] = { 0 };
	uint64_t passed[OV_SIEVE_BUCKETS] = { 0 };
	struct placed placed[OV_SIEVE_KEYS] OV_SCRATCH;
	uint8_t at = 0;

	if (n > OV_SIEVE_KEYS)
		return OV_LIMIT;
	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < n; i++) {
		if (!is_key_good(&keys[i]))
			return OV_BAD;
		placed[i] = (struct placed){ .key = (uint8_t)i };
		halves_of(&keys[i], &placed[i].halves);
		placed[i].passes = passes(&placed[i].halves);
	}
	sort_placed(placed, n);
	for (size_t i = 0; i < n; i++) {
		const uint8_t b = choose(buckets, passed, &placed[i].halves);

		placed[i].bucket = b;
		unite(&buckets[b], &placed[i].halves);
		passed[b] = passes(&buckets[b]);
	}
	for (uint8_t b = 0; b < OV_SIEVE_BUCKETS; b++) {
		s->first[b] = at;
		for (size_t i = 0; i < n; i++)
			if (placed[i].bucket == b)
				s->keys[at++] = keys[placed[i].key];
		fill_tables(s, &buckets[b], (uint8_t)(1u << b));
	}
	s->first[OV_SIEVE_BUCKETS] = at;
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
	uint32_t cand[SIEVE_CAND] OV_SCRATCH;

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
