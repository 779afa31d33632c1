/* The gram filter: building a table. Deterministic: the same keys in the same order give the same
 * bytes. */
#include "gram.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "gram_int.h"

#define FEW 8u

struct slot {		/* a key's place in the table's order */
	uint64_t order; /* bucket, then "is short" and the folded second dword */
	uint32_t key;	/* number in the caller's array: ties keep its order   */
};

static bool is_key_good(const struct ov_gram_key *k)
{
	if (k->n < OV_GRAM_MIN || k->n > OV_GRAM_MAX)
		return false;
	for (unsigned i = 0; i < k->n; i++) {
		if ((k->value[i] & ~k->mask[i]) != 0)
			return false;
		if (i < OV_GRAM_MIN && k->mask[i] != 0xff &&
		    !(k->mask[i] == 0xdf && k->value[i] >= 'A' && k->value[i] <= 'Z'))
			return false;
	}
	return true;
}

/* Order of keys as bytes: what is not used of value and mask does not count. */
static int compare_keys(const struct ov_gram_key *a, const struct ov_gram_key *b)
{
	int c = a->n - b->n;

	if (c == 0)
		c = memcmp(a->value, b->value, a->n);
	return c != 0 ? c : memcmp(a->mask, b->mask, a->n);
}

static bool is_below(const struct ov_gram_key *keys, const struct slot *a, const struct slot *b)
{
	int c;

	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all n are filled */
	if (a->order != b->order)
		return a->order < b->order;
	c = compare_keys(&keys[a->key], &keys[b->key]);
	return c != 0 ? c < 0 : a->key < b->key;
}

static void sift(const struct ov_gram_key *keys, struct slot *s, size_t root, size_t n)
{
	const struct slot moving = s[root];

	for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
		if (child + 1 < n && is_below(keys, &s[child], &s[child + 1]))
			child++;
		if (!is_below(keys, &moving, &s[child]))
			break;
		s[root] = s[child];
		root = child;
	}
	s[root] = moving;
}

static bool are_sorted(const struct ov_gram_key *keys, const struct slot *s, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (is_below(keys, &s[i], &s[i - 1]))
			return false;
	return true;
}

/* Few slots by insertion, else heap sort: no memory of its own, and no input that makes it slow. */
static void sort_slots(const struct ov_gram_key *keys, struct slot *s, size_t n)
{
	for (size_t i = 1; n <= FEW && i < n; i++) {
		const struct slot moving = s[i];
		size_t at = i;

		for (; at > 0 && is_below(keys, &moving, &s[at - 1]); at--)
			s[at] = s[at - 1];
		s[at] = moving;
	}
	if (n <= FEW || are_sorted(keys, s, n))
		return;
	for (size_t i = n / 2; i-- > 0;)
		sift(keys, s, i, n);
	for (size_t i = n; i-- > 1;) {
		const struct slot top = s[0];

		s[0] = s[i];
		s[i] = top;
		sift(keys, s, 0, i);
	}
}

/* Smallest log2 of at least `n`, between two bounds. */
static uint32_t log2_up(uint64_t n, uint32_t lo, uint32_t hi)
{
	uint32_t k = lo;

	while (k < hi && (uint64_t)1 << k < n)
		k++;
	return k;
}

static uint32_t dword_of(const uint8_t *p)
{
	return ov_le32(p) | GRAM_FOLD;
}

struct work {			       /* what building needs, in one piece of memory */
	struct slot *slots, *unsorted; /* n each                                   */
	uint32_t *starts;	       /* where each bucket begins, and one behind */
};

static ov_status room_for(struct ov_gram_room *room, size_t n, uint32_t bucket_log2,
			  struct work *out)
{
	const size_t nstarts = ((size_t)1 << bucket_log2) + 1;
	size_t slots, bytes;

	OV_TRY(ov_mul_size(n, 2 * sizeof *out->slots, &slots));
	bytes = slots + nstarts * sizeof *out->starts; /* both below 2^30 */
	if (bytes > room->cap || room->p == NULL) {
		void *p = realloc(room->p, bytes > 0 ? bytes : 1);

		if (p == NULL)
			return OV_NOMEM;
		room->p = p;
		room->cap = bytes;
	}
	out->slots = room->p;
	out->unsorted = out->slots + n;
	out->starts = (uint32_t *)(void *)(out->unsorted + n);
	memset(out->starts, 0, nstarts * sizeof *out->starts);
	return OV_OK;
}

void ov_gram_room_free(struct ov_gram_room *room)
{
	free(room->p);
	*room = (struct ov_gram_room){ 0 };
}

/* Slots in the table's order: dealt out to their buckets, which are small, and sorted there. */
static void order_keys(const struct ov_gram_key *keys, size_t n, uint32_t bucket_log2,
		       struct work *w)
{
	for (size_t i = 0; i < n; i++) {
		const struct ov_gram_key *k = &keys[i];
		const uint64_t bucket = gram_bucket(dword_of(k->value), bucket_log2);
		uint64_t second = (uint64_t)1 << 32; /* short: after all others */

		if (k->n >= 8 && (ov_le32(k->mask + 4) | GRAM_FOLD) == 0xffffffffu)
			second = dword_of(k->value + 4);
		w->unsorted[i] =
		    (struct slot){ .order = bucket << 33 | second, .key = (uint32_t)i };
		w->starts[bucket + 1]++;
	}
	for (size_t b = 1; b <= (size_t)1 << bucket_log2; b++)
		w->starts[b] += w->starts[b - 1];
	for (size_t i = 0; i < n; i++) /* each start moves on to the end of its bucket's part */
		w->slots[w->starts[w->unsorted[i].order >> 33]++] = w->unsorted[i];
	for (size_t i = 0, end; i < n; i = end) {
		end = w->starts[w->slots[i].order >> 33];
		sort_slots(keys, w->slots + i, end - i);
	}
}

static void put_entry(uint8_t *e, const struct ov_gram_key *k)
{
	memcpy(e, k->value, k->n);
	memcpy(e + OV_GRAM_MAX, k->mask, k->n);
	ov_put_le32(e + 32, k->token);
	e[36] = k->n;
}

/* Fills a zeroed table whose header's sizes are known. */
static void fill(uint8_t *t, const struct ov_gram_key *keys, size_t n, uint32_t bits_log2,
		 uint32_t bucket_log2, const struct slot *s)
{
	uint8_t *filter = t + GRAM_HEAD;
	uint8_t *buckets = filter + ((size_t)1 << (bits_log2 - 3));
	uint8_t *entries = buckets + (((size_t)1 << bucket_log2) + 2) * 4;
	size_t b = 0;

	for (size_t i = 0; i < n; i++) {
		const struct ov_gram_key *k = &keys[s[i].key];
		const uint32_t x = dword_of(k->value);
		uint8_t *word = filter + (size_t)gram_word(x, bits_log2) * 4;

		ov_put_le32(word, ov_le32(word) | gram_bits(x));
		for (; b <= s[i].order >> 33; b++)
			ov_put_le32(buckets + b * 4, (uint32_t)i);
		put_entry(entries + i * GRAM_ENTRY, k);
	}
	for (; b <= (size_t)1 << bucket_log2; b++)
		ov_put_le32(buckets + b * 4, (uint32_t)n);
	for (size_t i = n; i-- > 1;) { /* from the last back: how many of the same key follow */
		uint8_t *e = entries + (i - 1) * GRAM_ENTRY;
		const uint32_t same = gram_same(e + GRAM_ENTRY) + 1;

		if (same <= GRAM_SAME_MAX &&
		    compare_keys(&keys[s[i - 1].key], &keys[s[i].key]) == 0)
			ov_put_le16(e + 37, (uint16_t)same);
	}
}

ov_status ov_gram_build_with(struct ov_gram_room *room, const struct ov_gram_key *keys, size_t n,
			     struct ov_buf *out)
{
	/* 52 to 104 bits a key: few other grams pass (0.1 %), in 512 bytes to 1 MiB; half of it was
	 * slower to scan with. */
	const uint32_t bits_log2 = log2_up((uint64_t)n * 52, GRAM_BITS_MIN, GRAM_BITS_MAX);
	const uint32_t bucket_log2 = log2_up((uint64_t)n * 2, GRAM_BUCKET_MIN, GRAM_BUCKET_MAX);
	const size_t start = out->n;
	struct work w = { 0 };
	uint64_t bytes;
	uint8_t *t;

	if (n > GRAM_ENTRIES_MAX)
		return OV_LIMIT;
	for (size_t i = 0; i < n; i++)
		if (!is_key_good(&keys[i]))
			return OV_BAD;
	bytes = GRAM_HEAD + ((uint64_t)1 << (bits_log2 - 3)) +
		(((uint64_t)1 << bucket_log2) + 2) * 4 + (uint64_t)n * GRAM_ENTRY; /* < 2^30 */
	OV_TRY(room_for(room, n, bucket_log2, &w));
	OV_TRY(ov_buf_zero(out, (size_t)bytes));
	t = out->p + start;
	ov_put_le32(t, GRAM_MAGIC);
	ov_put_le32(t + 4, bits_log2);
	ov_put_le32(t + 8, bucket_log2);
	ov_put_le32(t + 12, (uint32_t)n);
	ov_put_le32(t + 16, (uint32_t)bytes);
	order_keys(keys, n, bucket_log2, &w);
	fill(t, keys, n, bits_log2, bucket_log2, w.slots);
	return OV_OK;
}

ov_status ov_gram_build(const struct ov_gram_key *keys, size_t n, struct ov_buf *out)
{
	struct ov_gram_room room = { 0 };
	const ov_status s = ov_gram_build_with(&room, keys, n, out);

	ov_gram_room_free(&room);
	return s;
}
