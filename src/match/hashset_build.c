/* Hash sets: sorting entries and writing the table. The layout stands in hashset_int.h. */
#include "hashset.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "hashset_int.h"

#define RADIX 65536u
#define SMALL 64u /* entries that are sorted by insertion */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_entries(const void *pa, const void *pb)
{
	const struct ov_hash_entry *a = pa, *b = pb;
	int c = memcmp(a->key, b->key, OV_HASH_KEY);

	if (c == 0)
		c = compare_numbers(a->size, b->size);
	return c != 0 ? c : compare_numbers(a->token, b->token);
}

static void sort_few(struct ov_hash_entry *e, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct ov_hash_entry moving = e[i];
		size_t k = i;

		for (; k > 0 && compare_entries(&e[k - 1], &moving) > 0; k--)
			e[k] = e[k - 1];
		e[k] = moving;
	}
}

static void sort_bucket(struct ov_hash_entry *e, size_t n)
{
	if (n <= 2 * SMALL)
		sort_few(e, n);
	else /* far from random: made to be slow, or all the same */
		qsort(e, n, sizeof *e, compare_entries);
}

static size_t radix_of(const struct ov_hash_entry *e)
{
	return (size_t)e->key[0] << 8 | e->key[1];
}

/* Puts each entry into the bucket of its first two bytes, in place. next, end: RADIX of each. */
static void deal_out(struct ov_hash_entry *e, size_t n, size_t *next, size_t *end)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		end[radix_of(&e[i])]++;
	for (size_t b = 0; b < RADIX; b++) {
		next[b] = at;
		at += end[b];
		end[b] = at;
	}
	for (size_t b = 0; b < RADIX; b++) {
		while (next[b] < end[b]) {
			struct ov_hash_entry moving = e[next[b]];

			for (size_t to = radix_of(&moving); to != b; to = radix_of(&moving)) {
				const struct ov_hash_entry other = e[next[to]];

				e[next[to]++] = moving;
				moving = other;
			}
			e[next[b]++] = moving;
		}
	}
}

static bool is_sorted(const struct ov_hash_entry *e, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (compare_entries(&e[i - 1], &e[i]) > 0)
			return false;
	return true;
}

static ov_status sort_entries(struct ov_hash_entry *e, size_t n)
{
	size_t *marks, at = 0;

	if (is_sorted(e, n))
		return OV_OK;
	if (n < RADIX / 4) {
		qsort(e, n, sizeof *e, compare_entries);
		return OV_OK;
	}
	marks = calloc((size_t)2 * RADIX, sizeof *marks);
	if (marks == NULL)
		return OV_NOMEM;
	deal_out(e, n, marks, marks + RADIX);
	for (size_t b = 0; b < RADIX; b++) {
		sort_bucket(e + at, marks[RADIX + b] - at);
		at = marks[RADIX + b];
	}
	free(marks);
	return OV_OK;
}

static int compare_sizes(const void *a, const void *b)
{
	return compare_numbers(*(const uint32_t *)a, *(const uint32_t *)b);
}

/* Least significant half first, then the other: linear. Falls back when there is no room. */
static void sort_sizes(uint32_t *s, size_t n)
{
	uint32_t *other = n >= RADIX / 4 ? malloc(n * sizeof *other) : NULL;
	size_t *count = other != NULL ? malloc(RADIX * sizeof *count) : NULL;
	uint32_t *from = s, *to = other;

	if (count == NULL) {
		free(other);
		if (n > 1)
			qsort(s, n, sizeof *s, compare_sizes);
		return;
	}
	for (uint32_t shift = 0; shift < 32; shift += 16) {
		uint32_t *const turn = from;
		size_t at = 0;

		memset(count, 0, RADIX * sizeof *count);
		for (size_t i = 0; i < n; i++)
			count[from[i] >> shift & 0xffff]++;
		for (size_t b = 0; b < RADIX; b++) {
			const size_t here = count[b];

			count[b] = at;
			at += here;
		}
		for (size_t i = 0; i < n; i++)
			to[count[from[i] >> shift & 0xffff]++] = from[i];
		from = to;
		to = turn;
	}
	free(other); /* two turns: the result is back in `s` */
	free(count);
}

/* The distinct sizes, sorted; *out is the caller's to free. */
static ov_status distinct_sizes(const struct ov_hash_entry *e, size_t n, uint32_t **out,
				size_t *nout)
{
	uint32_t *s = malloc((n + 1) * sizeof *s);
	size_t m = 0, kept = 0;

	if (s == NULL)
		return OV_NOMEM;
	for (size_t i = 0; i < n; i++)
		if (e[i].size != OV_HASH_ANY_SIZE)
			s[m++] = e[i].size;
	sort_sizes(s, m);
	for (size_t i = 0; i < m; i++)
		if (kept == 0 || s[i] != s[kept - 1])
			s[kept++] = s[i];
	*out = s;
	*nout = kept;
	return OV_OK;
}

static ov_status put_chunk(struct ov_buf *out, const uint32_t *s, size_t n)
{
	const size_t at = out->n;

	if (n <= HS_ARRAY_MAX) {
		for (size_t i = 0; i < n; i++)
			OV_TRY(ov_buf_u16(out, (uint16_t)s[i]));
		return OV_OK;
	}
	OV_TRY(ov_buf_zero(out, HS_BITMAP));
	for (size_t i = 0; i < n; i++)
		out->p[at + (s[i] & 0xffff) / 8] |= (uint8_t)(1u << s[i] % 8);
	return OV_OK;
}

/* The prefilter: rows of chunks, then their bytes. */
static ov_status put_sizes(const uint32_t *s, size_t n, struct ov_buf *out, uint32_t *nchunks,
			   uint32_t *nbytes)
{
	const size_t rows = out->n;
	size_t bytes;
	uint32_t chunks = 0, k = 0;

	for (size_t i = 0; i < n; i++)
		chunks += i == 0 || s[i] >> 16 != s[i - 1] >> 16;
	OV_TRY(ov_buf_zero(out, (size_t)chunks * HS_CHUNK_ROW));
	bytes = out->n;
	for (size_t i = 0, end; i < n; i = end, k++) {
		uint8_t *row;

		for (end = i + 1; end < n && s[end] >> 16 == s[i] >> 16;)
			end++;
		row = out->p + rows + (size_t)k * HS_CHUNK_ROW;
		ov_put_le16(row, (uint16_t)(s[i] >> 16));
		ov_put_le16(row + 2, (uint16_t)(end - i - 1));
		ov_put_le32(row + 4, (uint32_t)(out->n - bytes));
		OV_TRY(put_chunk(out, s + i, end - i));
	}
	*nchunks = chunks;
	*nbytes = (uint32_t)(out->n - bytes); /* at most 2^16 bitmaps of 2^13 bytes */
	return OV_OK;
}

static uint32_t bits_for(uint64_t max)
{
	return max == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(max);
}

/* Widths of the fields, from the largest values there are. */
static void measure(const struct ov_hash_entry *e, size_t n, struct hs_shape *s)
{
	uint32_t any_bit = 0, max_size = 0, max_token = 0;
	uint64_t codes;

	*s = (struct hs_shape){ .log2 = 0 };
	while (s->log2 < HS_DIR_MAX && (size_t)8 << s->log2 < n) /* about eight for each number */
		s->log2++;
	for (size_t i = 0; i < n; i++) {
		max_token = e[i].token > max_token ? e[i].token : max_token;
		if (e[i].size == OV_HASH_ANY_SIZE) {
			s->has_any = true;
			continue;
		}
		any_bit |= e[i].size;
		max_size = e[i].size > max_size ? e[i].size : max_size;
	}
	s->size_shift = any_bit != 0 ? (uint32_t)__builtin_ctz(any_bit) : 0;
	codes = (uint64_t)(max_size >> s->size_shift) + (s->has_any ? 1 : 0);
	s->size_bits = bits_for(codes);
	s->token_bits = bits_for(max_token);
	s->row_bytes = hs_row_bytes(s->log2, s->size_bits, s->token_bits);
}

static void put_rows(const struct ov_hash_entry *e, size_t n, const struct hs_shape *s,
		     uint8_t *dir, uint8_t *rows)
{
	const uint64_t any = ((uint64_t)1 << s->size_bits) - 1;
	uint8_t row[HS_ROOM];
	size_t d = 0;

	for (size_t i = 0; i < n; i++) {
		const uint64_t code =
		    e[i].size == OV_HASH_ANY_SIZE ? any : e[i].size >> s->size_shift;

		for (; d <= hs_top(e[i].key, s->log2); d++)
			ov_put_le32(dir + 4 * d, (uint32_t)i);
		hs_put_row(s, e[i].key, code, e[i].token, row);
		memcpy(rows + i * s->row_bytes, row, s->row_bytes);
	}
	for (; d <= (size_t)1 << s->log2; d++)
		ov_put_le32(dir + 4 * d, (uint32_t)n);
}

static ov_status put_table(const struct ov_hash_entry *e, size_t n, const uint32_t *sizes,
			   size_t nsizes, struct ov_buf *out)
{
	const size_t start = out->n;
	uint32_t nchunks, nbytes;
	struct hs_shape s;
	size_t rows_at;
	uint8_t *t;

	measure(e, n, &s);
	OV_TRY(ov_buf_zero(out, HS_HEAD + (((size_t)1 << s.log2) + 1) * 4));
	OV_TRY(put_sizes(sizes, nsizes, out, &nchunks, &nbytes));
	rows_at = out->n;
	OV_TRY(ov_buf_zero(out, n * s.row_bytes));
	t = out->p + start;
	put_rows(e, n, &s, t + HS_HEAD, out->p + rows_at);
	ov_put_le32(t, HS_MAGIC);
	ov_put_le32(t + 4, s.log2);
	ov_put_le64(t + 8, n);
	t[16] = (uint8_t)s.size_bits;
	t[17] = (uint8_t)s.size_shift;
	t[18] = (uint8_t)s.token_bits;
	t[19] = (uint8_t)s.row_bytes;
	ov_put_le32(t + 20, s.has_any ? HS_FLAG_ANY : 0);
	ov_put_le32(t + 24, nchunks);
	ov_put_le32(t + 28, nbytes);
	return OV_OK;
}

ov_status ov_hashset_build(struct ov_hash_entry *e, size_t n, struct ov_buf *out)
{
	const size_t start = out->n;
	uint32_t *sizes = NULL;
	size_t nsizes = 0;
	ov_status s;

	if (n > HS_COUNT_MAX)
		return OV_LIMIT;
	OV_TRY(sort_entries(e, n));
	s = distinct_sizes(e, n, &sizes, &nsizes);
	if (s == OV_OK)
		s = put_table(e, n, sizes, nsizes, out);
	free(sizes);
	if (s != OV_OK)
		out->n = start;
	return s;
}
