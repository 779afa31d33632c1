/*
 * Makes src/match/gram_cost_table.inc: how common 4-grams are in ordinary files, for
 * ov_gram_cost().
 *
 *   cc -O2 -std=gnu17 -o gram_stats tools/gram_stats.c -lm
 *   ./gram_stats programs=LIST libraries=LIST text=LIST > src/match/gram_cost_table.inc
 *
 * Each LIST names a file with one path a line; each list is a class, and the classes weigh the
 * same. The same files give the same bytes. Grams are folded (| 0x20 in each byte) as the gram
 * filter folds them. Takes 256 MiB.
 *
 * The table: two rows of 2^17 levels, 3 bits each. A gram's level is the lower of its two; a slot
 * holds the highest level of the grams that fall in it. So a common gram is never taken for a rare
 * one, and a rare one seldom for common. Grams of level 0, nearly all, are told apart by an
 * estimate from pairs of bytes: the second table has log2 of the rate per 10^9 of each folded pair,
 * in half steps, and the third that of each folded byte.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS                                                                                      \
	((size_t)1                                                                                 \
	 << 25) /* counters; grams that share one add up, which is little against the threshold */
#define ROW ((size_t)1 << 17)
#define BLOCK ((size_t)1 << 20)

static uint32_t row_slot(uint32_t folded, int row)
{
	return (folded * (row == 0 ? 0x9e3779b1u : 0x85ebca77u)) >> 15;
}

/* Level 0: under 8 per MB; each level above is four times more common. */
static unsigned level_of(double per_mb)
{
	unsigned level = 0;

	for (double at = 8; level < 7 && per_mb >= at; at *= 4)
		level++;
	return level;
}

struct pairs { /* of folded bytes */
	uint64_t of_two[256][256];
	double rate[256][256]; /* of all */
};

static uint64_t count_file(const char *path, uint32_t *count, struct pairs *pairs)
{
	static uint8_t block[BLOCK + 3];
	FILE *f = fopen(path, "rb");
	uint64_t total = 0;
	size_t have = 0, got;

	if (f == NULL)
		return 0;
	while ((got = fread(block + have, 1, BLOCK - have, f)) > 0) {
		have += got;
		for (size_t i = 0; i + 4 <= have; i++) {
			uint32_t x;

			memcpy(&x, block + i, 4);
			x |= 0x20202020u;
			count[(x * 0xc2b2ae3du) >> 7]++;
			pairs->of_two[x & 255][x >> 8 & 255]++;
		}
		total += got;
		if (have > 3) {
			memmove(block, block + have - 3, 3);
			have = 3;
		}
	}
	fclose(f);
	return total;
}

/* Adds a class's rates per MB to `rate`, and tells about it in the output. */
static int add_class(const char *arg, double weight, uint32_t *count, float *rate,
		     struct pairs *pairs)
{
	const char *list = strchr(arg, '=');
	char path[4096];
	uint64_t bytes = 0, files = 0;
	FILE *f = list != NULL ? fopen(list + 1, "r") : NULL;

	if (f == NULL) {
		fprintf(stderr, "gram_stats: %s: not NAME=LIST, or unreadable\n", arg);
		return 1;
	}
	memset(count, 0, SLOTS * sizeof *count);
	memset(pairs->of_two, 0, sizeof pairs->of_two);
	while (fgets(path, sizeof path, f) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		bytes += count_file(path, count, pairs);
		files++;
	}
	fclose(f);
	for (size_t i = 0; bytes > 0 && i < SLOTS; i++)
		rate[i] += (float)(count[i] * weight * 1e6 / (double)bytes);
	for (size_t i = 0; bytes > 0 && i < 65536; i++)
		pairs->rate[i >> 8][i & 255] +=
		    (double)pairs->of_two[i >> 8][i & 255] * weight / (double)bytes;
	printf(" * %.*s: %llu files, %llu bytes\n", (int)(list - arg), arg,
	       (unsigned long long)files, (unsigned long long)bytes);
	return 0;
}

/* Two levels in a character: printable, but no backslash and no question mark. */
static char shown(unsigned v)
{
	return (char)(v < 28 ? 35 + v : (v < 56 ? 64 + v - 28 : 93 + v - 56));
}

static unsigned half_log2(double rate)
{
	const double v = rate > 0 ? 2 * log2(rate * 1e9) : 0;

	return v < 0 ? 0 : (v > 61 ? 61 : (unsigned)(v + 0.5));
}

/* The seven bits of a folded byte that differ. */
static unsigned folded(unsigned seven)
{
	return (seven & 31) | (seven & 96) << 1 | 32;
}

static void put_pairs(const struct pairs *pairs)
{
	for (unsigned a = 0; a < 128; a++) {
		printf("\"");
		for (unsigned b = 0; b < 128; b++) {
			if (b == 64)
				printf("\",\n\"");
			putchar(shown(half_log2(pairs->rate[folded(a)][folded(b)])));
		}
		printf("\",\n");
	}
	for (unsigned a = 0; a < 128; a++) {
		double sum = 0;

		for (unsigned b = 0; b < 256; b++)
			sum += pairs->rate[folded(a)][b];
		if (a % 64 == 0)
			printf(a == 0 ? "\"" : "\",\n\"");
		putchar(shown(half_log2(sum)));
	}
	printf("\",\n");
}

int main(int argc, char **argv)
{
	static uint8_t level[2][ROW];
	uint32_t *count = malloc(SLOTS * sizeof *count);
	float *rate = calloc(SLOTS, sizeof *rate);
	struct pairs *pairs = calloc(1, sizeof *pairs);
	size_t common = 0;

	if (count == NULL || rate == NULL || pairs == NULL || argc < 2)
		return 2;
	printf("/*\n * Made by tools/gram_stats.c; do not edit. Levels of 4-grams, see there, "
	       "from:\n");
	for (int i = 1; i < argc; i++)
		if (add_class(argv[i], 1.0 / (argc - 1), count, rate, pairs) != 0)
			return 2;
	/* Each folded gram: bits 5, 13, 21 and 29 are set. */
	for (uint32_t g = 0; g < 1u << 28; g++) {
		uint32_t x = 0x20202020u;
		unsigned l;

		for (unsigned b = 0; b < 4; b++) {
			x |= folded(g >> 7 * b & 127) << 8 * b;
		}
		l = level_of(rate[(x * 0xc2b2ae3du) >> 7]);
		common += l > 0;
		for (int r = 0; l > 0 && r < 2; r++)
			if (level[r][row_slot(x, r)] < l)
				level[r][row_slot(x, r)] = (uint8_t)l;
	}
	printf(" * %zu of 2^28 folded grams are above level 0.\n */\n", common);
	for (int r = 0; r < 2; r++) {
		for (size_t i = 0; i < ROW; i += 2) {
			if (i % 128 == 0)
				printf("%s\"", i == 0 ? "" : "\",\n");
			putchar(shown(level[r][i] * 8u + level[r][i + 1]));
		}
		printf("\",\n");
	}
	put_pairs(pairs);
	free(pairs);
	free(count);
	free(rate);
	return 0;
}
