/* What the two halves of the hash sets share: the table's layout and its bit fields. */
#ifndef OV_HASHSET_INT_H
#define OV_HASHSET_INT_H

#include <string.h>

#include "hashset.h"
#include "le.h"

/*
 *   0       4        8       16         17          18          19    20      24        28
 *   | magic | dirlog | count | size bits | size shift | token bits | row | flags | chunks | size
 *   bytes | directory | chunk rows | chunk bytes | rows
 *
 * directory: 2^dirlog + 1 entry numbers; number t is the first entry whose key's top dirlog bits
 *   are >= t.
 * rows: `row` bytes each, big-endian bit fields without a gap: the key's bits behind the top
 *   dirlog, the size's code, the token, and zero bits to the end of the byte. Rows of one directory
 *   number are in the order of their bytes, which is that of (key, size, token).
 * size code: size >> size shift; all ones is "any size" when flag 1 is set.
 * chunks: the distinct sizes, by their upper 16 bits. A chunk row: upper half u16, sizes - 1 u16,
 *   offset of its bytes u32. Up to HS_ARRAY_MAX sizes are a sorted list of lower halves (u16),
 *   more are a bitmap of 65536.
 */
#define HS_MAGIC 0x3253484fu /* "OHS2" */
#define HS_HEAD 32u
#define HS_FLAG_ANY 1u
#define HS_KEY_BITS (8u * OV_HASH_KEY)
#define HS_DIR_MAX 24u /* leaves 96 bits of a key in its row */
#define HS_COUNT_MAX ((uint64_t)1 << 28)
#define HS_CHUNK_ROW 8u
#define HS_ARRAY_MAX 4096u
#define HS_BITMAP 8192u
#define HS_ROW_MAX 23u /* bytes: 120 + 32 + 32 bits */

static inline uint64_t hs_be64(const uint8_t *p)
{
	return __builtin_bswap64(ov_le64(p));
}

/* The key as numbers: its first 64 bits and the 56 behind them. */
static inline uint64_t hs_high(const uint8_t *key)
{
	return hs_be64(key);
}

static inline uint64_t hs_low(const uint8_t *key)
{
	return hs_be64(key + OV_HASH_KEY - 8) & (((uint64_t)1 << 56) - 1);
}

static inline uint32_t hs_top(const uint8_t *key, uint32_t log2)
{
	return log2 == 0 ? 0 : (uint32_t)(hs_high(key) >> (64 - log2));
}

/*
 * Bit fields are put and taken in a row that is HS_ROOM bytes long, so that each is one load. A
 * field has at most 64 bits when it begins at a byte, else at most 57.
 */
#define HS_ROOM 32u

static inline void hs_put_bits(uint8_t *row, uint32_t at, uint32_t n, uint64_t v)
{
	uint8_t *p = row + at / 8;

	if (n > 0)
		ov_put_le64(p, ov_le64(p) | __builtin_bswap64(v << (64 - n) >> at % 8));
}

static inline uint64_t hs_get_bits(const uint8_t *row, uint32_t at, uint32_t n)
{
	return n == 0 ? 0 : hs_be64(row + at / 8) << at % 8 >> (64 - n);
}

/* What a row's fields need, one behind the other. */
struct hs_shape {
	uint32_t log2, size_bits, size_shift, token_bits, row_bytes;
	bool has_any;
};

static inline uint32_t hs_row_bytes(uint32_t log2, uint32_t size_bits, uint32_t token_bits)
{
	return (HS_KEY_BITS - log2 + size_bits + token_bits + 7) / 8;
}

/* `row` has HS_ROOM bytes, of which s->row_bytes are the row. */
static inline void hs_put_row(const struct hs_shape *s, const uint8_t *key, uint64_t code,
			      uint32_t token, uint8_t *row)
{
	const uint32_t high = 64 - s->log2;

	memset(row, 0, HS_ROOM);
	hs_put_bits(row, 0, high, hs_high(key));
	hs_put_bits(row, high, HS_KEY_BITS - 64, hs_low(key));
	hs_put_bits(row, HS_KEY_BITS - s->log2, s->size_bits, code);
	hs_put_bits(row, HS_KEY_BITS - s->log2 + s->size_bits, s->token_bits, token);
}

#endif
