/* See merkle.h. Proofs are verified as RFC 9162 writes it out (2.1.3.2, 2.1.4.2): loops over the
 * proof, no recursion. */
#include "merkle.h"

#include <string.h>

ov_status ov_merkle_leaf(struct ov_hasher *h, const void *entry, size_t n,
			 struct ov_merkle_hash *out)
{
	static const uint8_t prefix = 0;

	OV_TRY(ov_hasher_start(h));
	OV_TRY(ov_hasher_add(h, &prefix, 1));
	if (n > 0)
		OV_TRY(ov_hasher_add(h, entry, n));
	return ov_hasher_end(h, out->b);
}

ov_status ov_merkle_node(struct ov_hasher *h, const struct ov_merkle_hash *left,
			 const struct ov_merkle_hash *right, struct ov_merkle_hash *out)
{
	uint8_t all[1 + 2 * OV_MERKLE_HASH];

	all[0] = 1;
	memcpy(all + 1, left->b, OV_MERKLE_HASH);
	memcpy(all + 1 + OV_MERKLE_HASH, right->b, OV_MERKLE_HASH);
	return ov_hasher_once(h, all, sizeof all, out->b);
}

ov_status ov_merkle_empty(struct ov_hasher *h, struct ov_merkle_hash *out)
{
	return ov_hasher_once(h, NULL, 0, out->b);
}

ov_status ov_merkle_append(struct ov_hasher *h, struct ov_merkle_edge *e,
			   const struct ov_merkle_hash *leaf)
{
	struct ov_merkle_hash up = *leaf;
	unsigned l = 0;

	if (e->size >= OV_MERKLE_SIZE_MAX)
		return OV_LIMIT;
	for (; (e->size >> l & 1) != 0; l++)
		OV_TRY(ov_merkle_node(h, &e->h[l], &up, &up));
	e->h[l] = up;
	e->size++;
	return OV_OK;
}

ov_status ov_merkle_root(struct ov_hasher *h, const struct ov_merkle_edge *e,
			 struct ov_merkle_hash *out)
{
	bool is_first = true;

	if (e->size == 0)
		return ov_merkle_empty(h, out);
	for (unsigned l = 0; l < 64; l++) {
		if ((e->size >> l & 1) == 0)
			continue;
		if (is_first)
			*out = e->h[l];
		else
			OV_TRY(ov_merkle_node(h, &e->h[l], out, out));
		is_first = false;
	}
	return OV_OK;
}

/* Largest power of two below n; n > 1. */
static uint64_t split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* The complete subtrees of [lo, hi), the smallest and last first, folded from the right. */
ov_status ov_merkle_range(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx, uint64_t lo,
			  uint64_t hi, struct ov_merkle_hash *out)
{
	bool is_first = true;

	if (hi <= lo || hi > OV_MERKLE_SIZE_MAX)
		return OV_BUG;
	while (hi > lo) {
		const unsigned l = (unsigned)__builtin_ctzll(hi - lo);
		struct ov_merkle_hash part;

		hi -= UINT64_C(1) << l;
		OV_TRY(read(ctx, l, hi >> l, &part));
		if (is_first)
			*out = part;
		else
			OV_TRY(ov_merkle_node(h, &part, out, out));
		is_first = false;
	}
	return OV_OK;
}

static void reverse(struct ov_merkle_proof *p)
{
	for (size_t i = 0; i < p->n / 2; i++) {
		const struct ov_merkle_hash t = p->h[i];

		p->h[i] = p->h[p->n - 1 - i];
		p->h[p->n - 1 - i] = t;
	}
}

static ov_status add_range(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx, uint64_t lo,
			   uint64_t hi, struct ov_merkle_proof *out)
{
	if (out->n >= OV_MERKLE_PROOF_MAX)
		return OV_BUG;
	OV_TRY(ov_merkle_range(h, read, ctx, lo, hi, &out->h[out->n]));
	out->n++;
	return OV_OK;
}

ov_status ov_merkle_prove(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx, uint64_t index,
			  uint64_t size, struct ov_merkle_proof *out)
{
	uint64_t lo = 0, hi = size;

	out->n = 0;
	if (index >= size || size > OV_MERKLE_SIZE_MAX)
		return OV_BUG;
	while (hi - lo > 1) { /* from the root down: the other half at each step */
		const uint64_t mid = lo + split(hi - lo);

		if (index < mid) {
			OV_TRY(add_range(h, read, ctx, mid, hi, out));
			hi = mid;
		} else {
			OV_TRY(add_range(h, read, ctx, lo, mid, out));
			lo = mid;
		}
	}
	reverse(out);
	return OV_OK;
}

ov_status ov_merkle_prove_growth(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx,
				 uint64_t old, uint64_t size, struct ov_merkle_proof *out)
{
	uint64_t lo = 0, hi = size;
	bool is_known = true; /* the old tree's own root is what [lo, old) comes to */

	out->n = 0;
	if (old > size || size > OV_MERKLE_SIZE_MAX)
		return OV_BUG;
	if (old == 0 || old == size)
		return OV_OK;
	while (old < hi) {
		const uint64_t mid = lo + split(hi - lo);

		if (old <= mid) {
			OV_TRY(add_range(h, read, ctx, mid, hi, out));
			hi = mid;
		} else {
			OV_TRY(add_range(h, read, ctx, lo, mid, out));
			lo = mid;
			is_known = false;
		}
	}
	if (!is_known)
		OV_TRY(add_range(h, read, ctx, lo, hi, out));
	reverse(out);
	return OV_OK;
}

static bool same(const struct ov_merkle_hash *a, const struct ov_merkle_hash *b)
{
	return memcmp(a->b, b->b, OV_MERKLE_HASH) == 0;
}

ov_status ov_merkle_verify(struct ov_hasher *h, const struct ov_merkle_proof *p, uint64_t index,
			   uint64_t size, const struct ov_merkle_hash *leaf,
			   const struct ov_merkle_hash *root)
{
	struct ov_merkle_hash r = *leaf;
	uint64_t fn = index, sn;

	if (index >= size || size > OV_MERKLE_SIZE_MAX)
		return OV_BAD;
	sn = size - 1;
	for (size_t i = 0; i < p->n; i++) {
		if (sn == 0)
			return OV_BAD; /* longer than the tree is high */
		if ((fn & 1) != 0 || fn == sn) {
			OV_TRY(ov_merkle_node(h, &p->h[i], &r, &r));
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			OV_TRY(ov_merkle_node(h, &r, &p->h[i], &r));
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(&r, root) ? OV_OK : OV_BAD;
}

/* Trees that need no hash to compare: the empty one, and two of one size. @return OV_END: others.
 */
static ov_status verify_trivial(struct ov_hasher *h, const struct ov_merkle_proof *p, uint64_t old,
				const struct ov_merkle_hash *old_root, uint64_t size,
				const struct ov_merkle_hash *root)
{
	struct ov_merkle_hash empty;

	if (old > size || size > OV_MERKLE_SIZE_MAX)
		return OV_BAD;
	if (old != 0 && old != size)
		return OV_END;
	if (p->n != 0)
		return OV_BAD;
	if (old == size && !same(old_root, root))
		return OV_BAD;
	if (old != 0)
		return OV_OK;
	OV_TRY(ov_merkle_empty(h, &empty));
	return same(old_root, &empty) ? OV_OK : OV_BAD;
}

ov_status ov_merkle_verify_growth(struct ov_hasher *h, const struct ov_merkle_proof *p,
				  uint64_t old, const struct ov_merkle_hash *old_root,
				  uint64_t size, const struct ov_merkle_hash *root)
{
	const ov_status trivial = verify_trivial(h, p, old, old_root, size, root);
	const bool is_power = old != 0 && (old & (old - 1)) == 0;
	struct ov_merkle_hash fr, sr;
	uint64_t fn = old - 1, sn = size - 1;
	size_t at = 0;

	if (trivial != OV_END)
		return trivial;
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	if (!is_power && p->n == 0)
		return OV_BAD;
	fr = sr = is_power ? *old_root : p->h[at++];
	for (; at < p->n; at++) {
		const struct ov_merkle_hash *c = &p->h[at];

		if (sn == 0)
			return OV_BAD;
		if ((fn & 1) != 0 || fn == sn) {
			OV_TRY(ov_merkle_node(h, c, &fr, &fr));
			OV_TRY(ov_merkle_node(h, c, &sr, &sr));
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			OV_TRY(ov_merkle_node(h, &sr, c, &sr));
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(&fr, old_root) && same(&sr, root) ? OV_OK : OV_BAD;
}

/* Leaves that one node of some tree covers, perhaps not all of them. */
static bool is_subtree(uint64_t lo, uint64_t hi, uint64_t size)
{
	uint64_t width = 1;

	if (hi <= lo || hi > size || size > OV_MERKLE_SIZE_MAX)
		return false;
	if (hi - lo > 1)
		width = 2 * split(hi - lo);
	return lo % width == 0;
}

ov_status ov_merkle_prove_subtree(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx,
				  uint64_t lo, uint64_t hi, uint64_t size,
				  struct ov_merkle_proof *out)
{
	uint64_t a = 0, b = size;
	bool is_known = true; /* the subtree's own root is what [a, hi) comes to */

	out->n = 0;
	if (!is_subtree(lo, hi, size))
		return OV_BUG;
	while ((is_known && a < lo) || hi < b) {
		const uint64_t mid = a + split(b - a);

		if (hi <= mid) {
			OV_TRY(add_range(h, read, ctx, mid, b, out));
			b = mid;
		} else {
			OV_TRY(add_range(h, read, ctx, a, mid, out));
			is_known = is_known && mid <= lo;
			a = mid;
		}
	}
	if (!is_known)
		OV_TRY(add_range(h, read, ctx, a, b, out));
	reverse(out);
	return OV_OK;
}

ov_status ov_merkle_verify_subtree(struct ov_hasher *h, const struct ov_merkle_proof *p,
				   uint64_t lo, uint64_t hi, const struct ov_merkle_hash *subtree,
				   uint64_t size, const struct ov_merkle_hash *root)
{
	uint64_t fn = lo, sn = hi - 1, tn = size - 1;
	struct ov_merkle_hash fr, sr;
	size_t at = 0;

	if (!is_subtree(lo, hi, size))
		return OV_BAD;
	while (fn != sn && (sn == tn || (sn & 1) != 0)) {
		fn >>= 1;
		sn >>= 1;
		tn >>= 1;
	}
	if (fn != sn && p->n == 0)
		return OV_BAD;
	fr = sr = fn == sn ? *subtree : p->h[at++];
	for (; at < p->n; at++) {
		const struct ov_merkle_hash *c = &p->h[at];

		if (tn == 0)
			return OV_BAD;
		if ((sn & 1) != 0 || sn == tn) {
			if (fn < sn)
				OV_TRY(ov_merkle_node(h, c, &fr, &fr));
			OV_TRY(ov_merkle_node(h, c, &sr, &sr));
			for (; (sn & 1) == 0 && sn != 0; tn >>= 1) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			OV_TRY(ov_merkle_node(h, &sr, c, &sr));
		}
		fn >>= 1;
		sn >>= 1;
		tn >>= 1;
	}
	return tn == 0 && same(&fr, subtree) && same(&sr, root) ? OV_OK : OV_BAD;
}
