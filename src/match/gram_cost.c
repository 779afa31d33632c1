/* How common 4-grams are, from a table that tools/gram_stats.c made of ordinary files. Affects
 * speed only. */
#include "gram.h"
#include "gram_int.h"

#define LINE 64u	     /* characters of a line, two levels each */
#define ROW_CHARS (1u << 16) /* 2^17 levels                           */

#define PAIRS (2 * ROW_CHARS)	   /* then 128 x 128 pairs, a character each */
#define BYTES (PAIRS + 128u * 128) /* then 128 bytes                         */

static const char table[(BYTES + 128) / LINE][LINE + 1] = {
#include "gram_cost_table.inc"
};

/* Hits per 1000 MB for each level: level l stands for 8 * 4^(l - 1) per MB and up to four times
 * that. */
static const uint32_t costs[8] = { 0, 16000, 64000, 256000, 1024000, 4096000, 16384000, 65536000 };

/* The characters leave out backslash and question mark: see the tool. */
static unsigned value_of(char c)
{
	if (c < '@')
		return (unsigned)(c - 35);
	return c < ']' ? (unsigned)(c - 64) + 28 : (unsigned)(c - 93) + 56;
}

static unsigned value_at(uint32_t i)
{
	return value_of(table[i / LINE][i % LINE]);
}

/* A folded byte without its bit that is always set. */
static uint32_t seven_bits(uint32_t folded)
{
	return (folded & 31) | (folded >> 1 & 96);
}

/* Hits per 1000 MB, as if each byte depended on the one before it only; 1 .. costs[1] / 2. */
static uint32_t estimate(uint32_t x)
{
	uint32_t b[4];
	int log = 0; /* half steps of log2, per 10^9 */

	for (int i = 0; i < 4; i++)
		b[i] = seven_bits(x >> 8 * i & 255);
	for (int i = 0; i < 3; i++)
		log += (int)value_at(PAIRS + b[i] * 128 + b[i + 1]);
	log -= (int)value_at(BYTES + b[1]) + (int)value_at(BYTES + b[2]);
	if (log >= 26)
		return 8000;
	return log < 1 ? 1 : 1u << log / 2;
}

static unsigned level_at(unsigned row, uint32_t slot)
{
	const unsigned both = value_at(row * ROW_CHARS + slot / 2);

	return slot % 2 == 0 ? both >> 3 & 7 : both & 7;
}

uint32_t ov_gram_cost(const uint8_t value[4], const uint8_t mask[4])
{
	const uint32_t x = ov_le32(value) | GRAM_FOLD;
	const unsigned a = level_at(0, (x * 0x9e3779b1u) >> 15),
		       b = level_at(1, (x * 0x85ebca77u) >> 15);

	(void)mask; /* the filter folds case for every gram, so the cost is the folded one either
		       way */
	return a == 0 || b == 0 ? estimate(x) : costs[a < b ? a : b];
}
