/* Hash sets: opening a table as hostile input, and lookups. The layout stands in hashset_int.h. */
#include "hashset.h"

#include <string.h>

#include "checked.h"
#include "hashset_int.h"

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

static const uint8_t *chunk_row(const struct ov_hashset *h, size_t i)
{
	return h->chunks.base + i * HS_CHUNK_ROW;
}

static uint32_t chunk_sizes(const uint8_t *row)
{
	return (uint32_t)ov_le16(row + 2) + 1;
}

static ov_status check_chunks(const struct ov_hashset *h)
{
	for (size_t i = 0; i < h->chunks.len / HS_CHUNK_ROW; i++) {
		const uint8_t *row = chunk_row(h, i);
		const uint32_t n = chunk_sizes(row);
		const uint64_t len = n <= HS_ARRAY_MAX ? 2 * (uint64_t)n : HS_BITMAP;

		if (i > 0 && ov_le16(row) <= ov_le16(row - HS_CHUNK_ROW))
			return OV_BAD;
		if (ov_le32(row + 4) > h->sizes.len || len > h->sizes.len - ov_le32(row + 4))
			return OV_BAD;
	}
	return OV_OK;
}

ov_status ov_hashset_open(struct ov_cur bytes, struct ov_hashset *out)
{
	uint8_t widths[4] = { 0 };
	struct ov_cur c = bytes;
	struct ov_hashset h;
	uint32_t magic, nchunks, nbytes, flags;

	OV_TRY(ov_cur_u32le(&c, &magic));
	OV_TRY(ov_cur_u32le(&c, &h.directory_log2));
	OV_TRY(ov_cur_u64le(&c, &h.count));
	OV_TRY(ov_cur_copy(&c, widths, sizeof widths));
	OV_TRY(ov_cur_u32le(&c, &flags));
	OV_TRY(ov_cur_u32le(&c, &nchunks));
	OV_TRY(ov_cur_u32le(&c, &nbytes));
	h.size_bits = widths[0];
	h.size_shift = widths[1];
	h.token_bits = widths[2];
	h.row_bytes = widths[3];
	if (magic != HS_MAGIC || h.directory_log2 > HS_DIR_MAX || h.count > HS_COUNT_MAX ||
	    flags > HS_FLAG_ANY || h.size_bits > 32 || h.size_shift > 31 || h.token_bits > 32 ||
	    h.row_bytes != hs_row_bytes(h.directory_log2, h.size_bits, h.token_bits))
		return OV_BAD;
	OV_TRY(ov_cur_take(&c, (((uint64_t)1 << h.directory_log2) + 1) * 4, &h.directory));
	OV_TRY(ov_cur_take(&c, (uint64_t)nchunks * HS_CHUNK_ROW, &h.chunks));
	OV_TRY(ov_cur_take(&c, nbytes, &h.sizes));
	OV_TRY(ov_cur_take(&c, h.count * h.row_bytes, &h.rows));
	h.has_any_size = (flags & HS_FLAG_ANY) != 0;
	OV_TRY(check_directory(&h));
	OV_TRY(check_chunks(&h));
	*out = h;
	return OV_OK;
}

static bool is_in_list(const uint8_t *list, uint32_t n, uint32_t want)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (ov_le16(list + 2 * (size_t)mid) < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && ov_le16(list + 2 * (size_t)lo) == want;
}

static bool is_in_chunk(const struct ov_hashset *h, const uint8_t *row, uint32_t low)
{
	const uint8_t *bytes = h->sizes.base + ov_le32(row + 4);

	if (chunk_sizes(row) <= HS_ARRAY_MAX)
		return is_in_list(bytes, chunk_sizes(row), low);
	return (bytes[low / 8] >> low % 8 & 1) != 0;
}

bool ov_hashset_wants(const struct ov_hashset *h, uint64_t size)
{
	const size_t n = h->chunks.len / HS_CHUNK_ROW;
	size_t lo = 0, hi = n;

	if (h->has_any_size)
		return true;
	if (size >= OV_HASH_ANY_SIZE)
		return false;
	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (ov_le16(chunk_row(h, mid)) < size >> 16)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && ov_le16(chunk_row(h, lo)) == size >> 16 &&
	       is_in_chunk(h, chunk_row(h, lo), size & 0xffff);
}

static struct hs_shape shape_of(const struct ov_hashset *h)
{
	return (struct hs_shape){ .log2 = h->directory_log2,
				  .size_bits = h->size_bits,
				  .size_shift = h->size_shift,
				  .token_bits = h->token_bits,
				  .row_bytes = h->row_bytes };
}

static void load_row(const struct ov_hashset *h, size_t i, uint8_t row[HS_ROOM])
{
	memset(row, 0, HS_ROOM);
	memcpy(row, h->rows.base + i * h->row_bytes, h->row_bytes);
}

static uint32_t token_of(const struct ov_hashset *h, const uint8_t *row)
{
	return (uint32_t)hs_get_bits(row, HS_KEY_BITS - h->directory_log2 + h->size_bits,
				     h->token_bits);
}

/* Highest token of entries (key, code), by binary search: equal keys in any number cost nothing. */
static bool find_exact(const struct ov_hashset *h, const uint8_t *key, uint64_t code,
		       uint32_t *token)
{
	const struct hs_shape s = shape_of(h);
	const uint32_t t = hs_top(key, h->directory_log2);
	const size_t first = directory_at(h, t);
	size_t lo = first, hi = directory_at(h, (size_t)t + 1);
	uint8_t past[HS_ROOM], here[HS_ROOM];

	/* the last row that (key, code) could have; those up to it stand in front */
	hs_put_row(&s, key, code, UINT32_MAX, past);
	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (memcmp(h->rows.base + mid * h->row_bytes, past, h->row_bytes) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == first)
		return false;
	load_row(h, lo - 1, here);
	*token = token_of(h, here);
	hs_put_row(&s, key, code, *token, past);
	return memcmp(here, past, h->row_bytes) == 0;
}

bool ov_hashset_find(const struct ov_hashset *h, const uint8_t *digest, uint64_t size,
		     uint32_t *token)
{
	const uint64_t any = ((uint64_t)1 << h->size_bits) - 1, code = size >> h->size_shift;
	uint32_t by_size = 0, by_any = 0;
	bool has_sized = false, has_any = false;

	if (h->count == 0)
		return false;
	if (size < OV_HASH_ANY_SIZE && code << h->size_shift == size &&
	    (h->has_any_size ? code < any : code <= any))
		has_sized = find_exact(h, digest, code, &by_size);
	if (h->has_any_size)
		has_any = find_exact(h, digest, any, &by_any);
	if (!has_sized && !has_any)
		return false;
	*token = has_sized && (!has_any || by_size > by_any) ? by_size : by_any;
	return true;
}

/* Entry `i`, which belongs to directory number t. */
static void decode(const struct ov_hashset *h, uint32_t t, size_t i, struct ov_hash_entry *out)
{
	const uint32_t log2 = h->directory_log2, high = 64 - log2;
	uint64_t code;
	uint8_t row[HS_ROOM];

	load_row(h, i, row);
	code = hs_get_bits(row, HS_KEY_BITS - log2, h->size_bits);
	out->token = token_of(h, row);
	/* the last 8 of 15 bytes, then the first 8: one byte is in both */
	ov_put_le64(out->key + OV_HASH_KEY - 8,
		    __builtin_bswap64(hs_get_bits(row, high, HS_KEY_BITS - 64)));
	ov_put_le64(out->key, __builtin_bswap64((log2 > 0 ? (uint64_t)t << high : 0) |
						hs_get_bits(row, 0, high)));
	out->size = (uint32_t)(code << h->size_shift);
	if (h->has_any_size && code == ((uint64_t)1 << h->size_bits) - 1)
		out->size = OV_HASH_ANY_SIZE;
}

ov_status ov_hashset_at(const struct ov_hashset *h, uint64_t i, struct ov_hash_entry *out)
{
	size_t lo = 0, hi = (size_t)1 << h->directory_log2;

	if (i >= h->count)
		return OV_END;
	while (lo < hi) { /* the last number that starts at or before i and is not empty */
		const size_t mid = lo + (hi - lo) / 2;

		if (directory_at(h, mid + 1) <= i)
			lo = mid + 1;
		else
			hi = mid;
	}
	decode(h, (uint32_t)lo, (size_t)i, out);
	return OV_OK;
}

void ov_hashset_all(const struct ov_hashset *h, struct ov_hash_entry *e)
{
	uint32_t t = 0;

	for (size_t i = 0; i < h->count; i++) {
		while (directory_at(h, (size_t)t + 1) <= i)
			t++;
		decode(h, t, i, &e[i]);
	}
}
