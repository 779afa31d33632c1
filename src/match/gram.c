/*
 * The gram filter: table format, opening a table as hostile input, and the scan's second stage.
 * Building is in gram_build.c, the first stage in gram_kernel*.c.
 */
#include "gram.h"

#include <string.h>

#include "checked.h"
#include "gram_int.h"
#include "sieve.h"

/* Positions given to a kernel are 32 bits wide and relative to a block of this many bytes. */
#define BLOCK ((size_t)1 << 20)

/* At most as many different keys: more of them let too much through a sieve's eight buckets. */
#define FEW_KEYS 32u

/* A chain longer than this is searched by its second dword instead of walked. */
#define CHAIN_WALK 8u

static uint32_t bucket_start(const struct ov_gram *g, uint32_t b)
{
	return ov_le32(g->buckets + (size_t)b * 4);
}

static const uint8_t *entry_of(const struct ov_gram *g, uint32_t i)
{
	return g->entries + (size_t)i * GRAM_ENTRY;
}

/* Order inside a bucket: entries whose second dword is certain but for case come first, by that
 * dword. */
static uint64_t entry_order(const uint8_t *e)
{
	const uint32_t mask = ov_le32(e + OV_GRAM_MAX + 4);

	if ((mask | GRAM_FOLD) != 0xffffffffu)
		return UINT64_MAX;
	return ov_le32(e + 4) | GRAM_FOLD;
}

static bool is_entry_good(const struct ov_gram *g, const uint8_t *e, uint32_t bucket)
{
	const uint32_t n = e[36], first = ov_le32(e) | GRAM_FOLD;

	if (n < OV_GRAM_MIN || n > OV_GRAM_MAX || e[39] != 0)
		return false;
	for (uint32_t i = 0; i < OV_GRAM_MAX; i++) {
		const uint8_t v = e[i], m = e[OV_GRAM_MAX + i];

		if ((v & ~m) != 0 || (i >= n && m != 0))
			return false;
		if (i < OV_GRAM_MIN && m != 0xff && !(m == 0xdf && v >= 'A' && v <= 'Z'))
			return false;
	}
	if (gram_bucket(first, g->bucket_log2) != bucket)
		return false;
	return (ov_le32(g->filter + (size_t)gram_word(first, g->filter_bits_log2) * 4) &
		gram_bits(first)) == gram_bits(first);
}

/* Entries of one key count down to its last. `left` stand behind this one in its bucket. */
static bool is_run_good(const uint8_t *e, uint32_t left)
{
	const uint32_t same = gram_same(e);
	const uint8_t *next = e + GRAM_ENTRY;

	if (same == 0)
		return true;
	return same <= left && gram_same(next) == same - 1 && memcmp(e, next, 32) == 0 &&
	       e[36] == next[36];
}

/* Each entry stands in its own bucket, in order, and passes the filter: then a scan finds all that
 * a naive one would. */
static ov_status check_entries(const struct ov_gram *g)
{
	uint32_t at = 0;

	if (bucket_start(g, 0) != 0)
		return OV_BAD;
	for (uint32_t b = 0; b < 1u << g->bucket_log2; b++) {
		const uint32_t end = bucket_start(g, b + 1);
		uint64_t last = 0;

		if (end < at || end > g->nentries)
			return OV_BAD;
		for (; at < end; at++) {
			const uint64_t order = entry_order(entry_of(g, at));

			if (order < last || !is_entry_good(g, entry_of(g, at), b) ||
			    !is_run_good(entry_of(g, at), end - at - 1))
				return OV_BAD;
			last = order;
		}
	}
	return at == g->nentries ? OV_OK : OV_BAD;
}

ov_status ov_gram_open(struct ov_cur bytes, struct ov_gram *out)
{
	struct ov_gram g;

	OV_TRY(ov_gram_view(bytes, &g));
	OV_TRY(check_entries(&g));
	*out = g;
	return OV_OK;
}

ov_status ov_gram_view(struct ov_cur bytes, struct ov_gram *out)
{
	struct ov_gram g;
	struct ov_cur c = bytes, filter, buckets, entries;
	uint32_t magic, size, zero[3];

	OV_TRY(ov_cur_u32le(&c, &magic));
	OV_TRY(ov_cur_u32le(&c, &g.filter_bits_log2));
	OV_TRY(ov_cur_u32le(&c, &g.bucket_log2));
	OV_TRY(ov_cur_u32le(&c, &g.nentries));
	OV_TRY(ov_cur_u32le(&c, &size));
	for (int i = 0; i < 3; i++)
		OV_TRY(ov_cur_u32le(&c, &zero[i]));
	if (magic != GRAM_MAGIC || (zero[0] | zero[1] | zero[2]) != 0)
		return OV_BAD;
	if (g.filter_bits_log2 < GRAM_BITS_MIN || g.filter_bits_log2 > GRAM_BITS_MAX ||
	    g.bucket_log2 < GRAM_BUCKET_MIN || g.bucket_log2 > GRAM_BUCKET_MAX ||
	    g.nentries > GRAM_ENTRIES_MAX)
		return OV_BAD;
	OV_TRY(ov_cur_take(&c, (uint64_t)1 << (g.filter_bits_log2 - 3), &filter));
	OV_TRY(ov_cur_take(&c, (((uint64_t)1 << g.bucket_log2) + 1) * 4 + 4, &buckets));
	OV_TRY(ov_cur_take(&c, (uint64_t)g.nentries * GRAM_ENTRY, &entries));
	if (size != c.pos - bytes.pos || ov_le32(buckets.base + buckets.len - 4) != 0)
		return OV_BAD;
	g.filter = filter.base;
	g.buckets = buckets.base;
	g.entries = entries.base;
	*out = g;
	return OV_OK;
}

struct ov_cur ov_gram_bytes(const struct ov_gram *g)
{
	if (g->nentries == 0)
		return ov_cur_of(NULL, 0);
	return ov_cur_of(g->filter, (size_t)(entry_of(g, g->nentries) - g->filter));
}

void ov_gram_key_at(const struct ov_gram *g, uint32_t i, struct ov_gram_key *out)
{
	const uint8_t *e = entry_of(g, i);

	memcpy(out->value, e, OV_GRAM_MAX);
	memcpy(out->mask, e + OV_GRAM_MAX, OV_GRAM_MAX);
	out->token = ov_le32(e + 32);
	out->n = e[36];
}

/* The bytes at a candidate, zero beyond the end. */
struct window {
	uint64_t lo, hi;
	size_t left; /* bytes that exist, at most 16 count */
};

static struct window window_at(const uint8_t *p, size_t n, size_t at)
{
	struct window w = { .left = n - at };

	if (w.left >= OV_GRAM_MAX) {
		w.lo = ov_le64(p + at);
		w.hi = ov_le64(p + at + 8);
	} else {
		uint8_t pad[OV_GRAM_MAX] = { 0 };

		memcpy(pad, p + at, w.left);
		w.lo = ov_le64(pad);
		w.hi = ov_le64(pad + 8);
	}
	return w;
}

static inline bool is_match(const uint8_t *e, const struct window *w)
{
	return (w->lo & ov_le64(e + 16)) == ov_le64(e) &&
	       (w->hi & ov_le64(e + 24)) == ov_le64(e + 8) && e[36] <= w->left;
}

/* First entry in [lo, hi) whose order is not below `want`. */
static uint32_t lower_bound(const struct ov_gram *g, uint32_t lo, uint32_t hi, uint64_t want)
{
	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (entry_order(entry_of(g, mid)) < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct sink {
	ov_gram_wake_fn wake;
	void *ctx;
	uint8_t *settled; /* a bit for each entry that begins a run of one key; NULL: none is passed
			     over */
	uint64_t base;	  /* file offset of p */
};

/* A receiver that hears of every hit, in a waker's clothes. */
struct hearer {
	ov_gram_hit_fn hit;
	void *ctx;
};

static enum ov_wake hear(void *ctx, uint32_t token, uint64_t at)
{
	const struct hearer *h = ctx;

	return h->hit(h->ctx, token, at) ? OV_WAKE_MORE : OV_WAKE_STOP;
}

/* Tells of all entries of one key. @return false when the sink wants no more. */
static bool tell(const struct ov_gram *g, uint32_t first, uint32_t end, uint64_t at,
		 const struct sink *s)
{
	bool is_settled = true;

	for (uint32_t i = first; i < end; i++) {
		const enum ov_wake w = s->wake(s->ctx, ov_le32(entry_of(g, i) + 32), at);

		if (w == OV_WAKE_STOP)
			return false;
		is_settled &= w == OV_WAKE_SETTLED;
	}
	if (is_settled && s->settled != NULL)
		s->settled[first / 8] |= (uint8_t)(1u << first % 8);
	return true;
}

static bool walk(const struct ov_gram *g, uint32_t from, uint32_t to, const struct window *w,
		 uint64_t at, const struct sink *s)
{
	for (uint32_t i = from, next; i < to; i = next) {
		const uint8_t *e = entry_of(g, i);

		next = i + 1 + gram_same(e);
		if (!is_match(e, w) ||
		    (s->settled != NULL && (s->settled[i / 8] >> i % 8 & 1) != 0))
			continue;
		if (!tell(g, i, next, at, s))
			return false;
	}
	return true;
}

struct chain { /* a candidate and the entries that may fit it */
	uint32_t at, first, end;
};

/* Second stage at one candidate. @return false when the sink wants no more. */
static bool look_at(const struct ov_gram *g, const uint8_t *p, size_t n, const struct chain *c,
		    const struct sink *s)
{
	const struct window w = window_at(p, n, c->at);
	const uint64_t at = s->base + c->at, second = w.lo >> 32 | GRAM_FOLD;
	uint32_t some, rest;

	if (c->end - c->first <= CHAIN_WALK)
		return walk(g, c->first, c->end, &w, at, s);
	/* Those that agree in the second dword, then the short ones. A short window can't hold a
	 * long key. */
	some = lower_bound(g, c->first, c->end, second);
	rest = lower_bound(g, some, c->end, second + 1);
	if (!walk(g, some, rest, &w, at, s))
		return false;
	rest = lower_bound(g, rest, c->end, UINT64_MAX);
	return walk(g, rest, c->end, &w, at, s);
}

/* Finds the candidates' chains, dropping those whose bucket is empty. In two passes, so that memory
 * is waited for once. */
static size_t find_chains(const struct ov_gram *g, const uint8_t *p, const uint32_t *cand, size_t n,
			  struct chain *chains)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const uint32_t b = gram_bucket(ov_le32(p + cand[i]) | GRAM_FOLD, g->bucket_log2);

		__builtin_prefetch(g->buckets + (size_t)b * 4);
		chains[i] = (struct chain){ .at = cand[i], .first = b };
	}
	for (size_t i = 0; i < n; i++) {
		const uint32_t b = chains[i].first, first = bucket_start(g, b);

		chains[kept] = (struct chain){ .at = chains[i].at,
					       .first = first,
					       .end = bucket_start(g, b + 1) };
		__builtin_prefetch(g->entries + (size_t)first * GRAM_ENTRY);
		kept += chains[kept].end > first;
	}
	return kept;
}

static ov_status scan_block(gram_kernel_fn kernel, const struct ov_gram *g, const uint8_t *p,
			    size_t n, size_t to, const struct sink *s)
{
	uint32_t cand[GRAM_CAND] OV_SCRATCH;
	struct chain chains[GRAM_CAND] OV_SCRATCH;
	size_t at = 0;

	while (at < to) {
		size_t k = 0;

		at = kernel(g, p, at, to, cand, &k);
		k = find_chains(g, p, cand, k, chains);
		for (size_t i = 0; i < k; i++)
			if (!look_at(g, p, n, &chains[i], s))
				return OV_END;
	}
	return OV_OK;
}

static ov_status scan(gram_kernel_fn kernel, const struct ov_gram *g, const uint8_t *p, size_t n,
		      struct sink *s)
{
	const uint64_t base = s->base;
	size_t done = 0, positions;

	if (g->nentries == 0 || n < OV_GRAM_MIN)
		return OV_OK;
	positions = n - (OV_GRAM_MIN - 1);
	while (done < positions) {
		const size_t some = ov_min_size(BLOCK, positions - done);

		s->base = base + done;
		OV_TRY(scan_block(kernel, g, p + done, n - done, some, s));
		done += some;
	}
	return OV_OK;
}

ov_status ov_gram_scan_with(enum ov_kernel k, const struct ov_gram *g, const uint8_t *p, size_t n,
			    uint64_t base, ov_gram_hit_fn hit, void *ctx)
{
	const gram_kernel_fn kernel = gram_kernel(k);
	struct hearer h = { .hit = hit, .ctx = ctx };
	struct sink s = { .wake = hear, .ctx = &h, .base = base };

	return kernel != NULL ? scan(kernel, g, p, n, &s) : OV_UNSUPPORTED;
}

ov_status ov_gram_scan(const struct ov_gram *g, const uint8_t *p, size_t n, uint64_t base,
		       ov_gram_hit_fn hit, void *ctx)
{
	return ov_gram_scan_with(OV_KERNEL_AUTO, g, p, n, base, hit, ctx);
}

size_t ov_gram_settled_bytes(const struct ov_gram *g)
{
	return (size_t)g->nentries / 8 + 1;
}

ov_status ov_gram_wake(const struct ov_gram *g, uint8_t *settled, const uint8_t *p, size_t n,
		       uint64_t base, ov_gram_wake_fn wake, void *ctx)
{
	struct sink s = { .wake = wake, .settled = settled, .ctx = ctx, .base = base };

	return scan(gram_kernel(OV_KERNEL_AUTO), g, p, n, &s);
}

/* ---- tables of few keys ---- */

ov_status ov_gram_few(const struct ov_gram *g, struct ov_sieve *out)
{
	struct ov_sieve_key keys[FEW_KEYS];
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->nentries; i += 1 + gram_same(entry_of(g, i))) {
		if (n == FEW_KEYS)
			return OV_END;
		keys[n++] = (struct ov_sieve_key){ .value = ov_le32(entry_of(g, i)),
						   .mask = ov_le32(entry_of(g, i) + OV_GRAM_MAX),
						   .token = i,
						   .n = OV_GRAM_MIN };
	}
	return n > 0 ? ov_sieve_build(out, keys, n) : OV_END;
}

struct few { /* a scan whose first stage is a sieve */
	const struct ov_gram *g;
	const uint8_t *p;
	size_t n;
	const struct sink *s;
};

/* The first four bytes of the key that begins a run of entries stand at `at`. */
static bool on_prefix(void *ctx, uint32_t first, uint64_t at)
{
	const struct few *f = ctx;
	const struct window w = window_at(f->p, f->n, (size_t)at);

	return walk(f->g, first, first + 1 + gram_same(entry_of(f->g, first)), &w, f->s->base + at,
		    f->s);
}

ov_status ov_gram_wake_few(const struct ov_gram *g, const struct ov_sieve *few, uint8_t *settled,
			   const uint8_t *p, size_t n, uint64_t base, ov_gram_wake_fn wake,
			   void *ctx)
{
	struct sink s = { .wake = wake, .settled = settled, .ctx = ctx };

	if (n < OV_GRAM_MIN)
		return OV_OK;
	for (size_t done = 0, positions = n - (OV_GRAM_MIN - 1); done < positions;) {
		const size_t some = ov_min_size(BLOCK, positions - done);
		struct few f = { .g = g, .p = p + done, .s = &s };

		f.n = ov_min_size(n - done, some + OV_GRAM_MAX);
		s.base = base + done;
		OV_TRY(ov_sieve_scan(OV_KERNEL_AUTO, few, f.p, f.n, some, 0, on_prefix, &f));
		done += some;
	}
	return OV_OK;
}
