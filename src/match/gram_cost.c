/* How common 4-grams are, from a table that tools/gram_stats.c made of ordinary files. Affects speed only. */
#include "gram.h"
#include "gram_int.h"

#define LINE 64u             /* characters of a line, two levels each */
#define ROW_CHARS (1u << 16) /* 2^17 levels                           */

static const char levels[2 * ROW_CHARS / LINE][LINE + 1] = {
#include "gram_cost_table.inc"
};

/* Hits per 1000 MB for each level: level l stands for 8 * 4^(l - 1) per MB and up to four times that. */
static const uint32_t costs[8] = { 500, 16000, 64000, 256000, 1024000, 4096000, 16384000, 65536000 };

/* The characters leave out backslash and question mark: see the tool. */
static unsigned value_of(char c)
{
	if (c < '@')
		return (unsigned)(c - 35);
	return c < ']' ? (unsigned)(c - 64) + 28 : (unsigned)(c - 93) + 56;
}

static unsigned level_at(unsigned row, uint32_t slot)
{
	const uint32_t i = row * ROW_CHARS + slot / 2;
	const unsigned both = value_of(levels[i / LINE][i % LINE]);

	return slot % 2 == 0 ? both >> 3 & 7 : both & 7;
}

uint32_t ov_gram_cost(const uint8_t value[4], const uint8_t mask[4])
{
	const uint32_t x = ov_le32(value) | GRAM_FOLD;
	const unsigned a = level_at(0, (x * 0x9e3779b1u) >> 15), b = level_at(1, (x * 0x85ebca77u) >> 15);

	(void)mask; /* the filter folds case for every gram, so the cost is the folded one either way */
	return costs[a < b ? a : b];
}
