/*
 * Hash sets in a flat sorted table.
 *
 *   0       4        8       16       20     24
 *   | magic | dirlog | count | nsizes | flags | 0 0 | directory | (pad to 8) | entries | sizes |
 *
 * directory: 2^dirlog + 1 entry numbers; number t is the first entry whose key's top dirlog bits
 * are >= t. entries:   key[16] size token, sorted by (key, size, token). 24 bytes each. sizes: the
 * distinct sizes in order, 4 bytes each; "any size" is not among them but flag 1.
 */
#include "hashset.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "le.h"

#define MAGIC 0x3153484fu /* "OHS1" */
#define HEAD 32u
#define ENTRY 24u
#define FLAG_ANY 1u
#define DIR_MAX 22u
#define COUNT_MAX ((uint64_t)1 << 28)

static int compare_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_entries(const void *pa, const void *pb)
{
	const struct ov_hash_entry *a = pa, *b = pb;
	int c = memcmp(a->key, b->key, OV_HASH_KEY);

	if (c == 0)
		c = compare_u32(a->size, b->size);
	return c != 0 ? c : compare_u32(a->token, b->token);
}

static int compare_sizes(const void *a, const void *b)
{
	return compare_u32(ov_le32(a), ov_le32(b));
}

/* The top `log2` bits of a key. */
static uint32_t top_bits(const uint8_t *key, uint32_t log2)
{
	const uint32_t v =
	    (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];

	return log2 == 0 ? 0 : v >> (32 - log2);
}

/* Writes the entries' distinct sizes at `to` (room for n) and tells how many. */
static size_t put_sizes(const struct ov_hash_entry *e, size_t n, uint8_t *to, bool *has_any)
{
	size_t m = 0, kept = 0;

	*has_any = false;
	for (size_t i = 0; i < n; i++) {
		if (e[i].size == OV_HASH_ANY_SIZE)
			*has_any = true;
		else
			ov_put_le32(to + 4 * m++, e[i].size);
	}
	if (m > 1)
		qsort(to, m, 4, compare_sizes);
	for (size_t i = 0; i < m; i++)
		if (kept == 0 || ov_le32(to + 4 * i) != ov_le32(to + 4 * (kept - 1)))
			ov_put_le32(to + 4 * kept++, ov_le32(to + 4 * i));
	return kept;
}

static void put_table(const struct ov_hash_entry *e, size_t n, uint32_t log2, uint8_t *dir,
		      uint8_t *entries)
{
	size_t d = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t *at = entries + i * ENTRY;

		for (; d <= top_bits(e[i].key, log2); d++)
			ov_put_le32(dir + 4 * d, (uint32_t)i);
		memcpy(at, e[i].key, OV_HASH_KEY);
		ov_put_le32(at + 16, e[i].size);
		ov_put_le32(at + 20, e[i].token);
	}
	for (; d <= (size_t)1 << log2; d++)
		ov_put_le32(dir + 4 * d, (uint32_t)n);
}

ov_status ov_hashset_build(struct ov_hash_entry *e, size_t n, struct ov_buf *out)
{
	const size_t start = out->n;
	size_t dir_bytes, nsizes;
	uint32_t log2 = 0;
	bool has_any;
	uint8_t *t;

	if (n > COUNT_MAX)
		return OV_LIMIT;
	while (log2 < DIR_MAX && (size_t)4 << log2 < n) /* about four keys for each number */
		log2++;
	dir_bytes = ((((size_t)1 << log2) + 1) * 4 + 7) & ~(size_t)7;
	if (n > 1)
		qsort(e, n, sizeof *e, compare_entries);
	OV_TRY(ov_buf_zero(out, HEAD + dir_bytes + n * ENTRY + n * 4));
	t = out->p + start;
	put_table(e, n, log2, t + HEAD, t + HEAD + dir_bytes);
	nsizes = put_sizes(e, n, t + HEAD + dir_bytes + n * ENTRY, &has_any);
	out->n -= (n - nsizes) * 4;
	ov_put_le32(t, MAGIC);
	ov_put_le32(t + 4, log2);
	ov_put_le64(t + 8, n);
	ov_put_le32(t + 16, (uint32_t)nsizes);
	ov_put_le32(t + 20, has_any ? FLAG_ANY : 0);
	return OV_OK;
}

static uint32_t directory_at(const struct ov_hashset *h, size_t i)
{
	return ov_le32(h->directory.base + 4 * i);
}

static ov_status check_directory(const struct ov_hashset *h)
{
	const size_t last = (size_t)1 << h->directory_log2;

	if (directory_at(h, 0) != 0 || directory_at(h, last) != h->count)
		return OV_BAD;
	for (size_t i = 0; i < last; i++)
		if (directory_at(h, i) > directory_at(h, i + 1))
			return OV_BAD;
	return OV_OK;
}

ov_status ov_hashset_open(struct ov_cur bytes, struct ov_hashset *out)
{
	struct ov_cur c = bytes, pad;
	struct ov_hashset h;
	uint32_t magic, nsizes, flags;
	uint64_t zero;

	OV_TRY(ov_cur_u32le(&c, &magic));
	OV_TRY(ov_cur_u32le(&c, &h.directory_log2));
	OV_TRY(ov_cur_u64le(&c, &h.count));
	OV_TRY(ov_cur_u32le(&c, &nsizes));
	OV_TRY(ov_cur_u32le(&c, &flags));
	OV_TRY(ov_cur_u64le(&c, &zero));
	if (magic != MAGIC || h.directory_log2 > DIR_MAX || h.count > COUNT_MAX ||
	    flags > FLAG_ANY || zero != 0 || nsizes > h.count)
		return OV_BAD;
	OV_TRY(ov_cur_take(&c, (((uint64_t)1 << h.directory_log2) + 1) * 4, &h.directory));
	OV_TRY(ov_cur_take(&c, -h.directory.len & 7, &pad));
	OV_TRY(ov_cur_take(&c, h.count * ENTRY, &h.entries));
	OV_TRY(ov_cur_take(&c, (uint64_t)nsizes * 4, &h.sizes));
	h.has_any_size = (flags & FLAG_ANY) != 0;
	OV_TRY(check_directory(&h));
	*out = h;
	return OV_OK;
}

bool ov_hashset_wants(const struct ov_hashset *h, uint64_t size)
{
	size_t lo = 0, hi = h->sizes.len / 4;

	if (h->has_any_size)
		return true;
	if (size >= OV_HASH_ANY_SIZE)
		return false;
	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		const uint32_t here = ov_le32(h->sizes.base + 4 * mid);

		if (here == size)
			return true;
		if (here < size)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* Lowest token of entries (key, size), by binary search: equal keys in any number cost nothing. */
static bool find_exact(const struct ov_hashset *h, const uint8_t *key, uint32_t size,
		       uint32_t *token)
{
	const uint32_t t = top_bits(key, h->directory_log2);
	size_t lo = directory_at(h, t), hi = directory_at(h, (size_t)t + 1);
	const size_t end = hi;
	const uint8_t *e;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		int c;

		e = h->entries.base + mid * ENTRY;
		c = memcmp(e, key, OV_HASH_KEY);
		if (c < 0 || (c == 0 && ov_le32(e + 16) < size))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo >= end)
		return false;
	e = h->entries.base + lo * ENTRY;
	if (memcmp(e, key, OV_HASH_KEY) != 0 || ov_le32(e + 16) != size)
		return false;
	*token = ov_le32(e + 20);
	return true;
}

bool ov_hashset_find(const struct ov_hashset *h, const uint8_t *digest, uint64_t size,
		     uint32_t *token)
{
	uint32_t sized = UINT32_MAX, any = UINT32_MAX;
	bool has_sized = false, has_any = false;

	if (h->count == 0)
		return false;
	if (size < OV_HASH_ANY_SIZE)
		has_sized = find_exact(h, digest, (uint32_t)size, &sized);
	if (h->has_any_size)
		has_any = find_exact(h, digest, OV_HASH_ANY_SIZE, &any);
	if (!has_sized && !has_any)
		return false;
	*token = has_sized && (!has_any || sized < any) ? sized : any;
	return true;
}

ov_status ov_hashset_at(const struct ov_hashset *h, uint64_t i, struct ov_hash_entry *out)
{
	const uint8_t *e;

	if (i >= h->count)
		return OV_END;
	e = h->entries.base + (size_t)i * ENTRY;
	memcpy(out->key, e, OV_HASH_KEY);
	out->size = ov_le32(e + 16);
	out->token = ov_le32(e + 20);
	return OV_OK;
}
