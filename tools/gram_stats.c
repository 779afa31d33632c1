/*
 * Makes src/match/gram_cost_table.inc: how common 4-grams are in ordinary files, for ov_gram_cost().
 *
 *   cc -O2 -std=gnu17 -o gram_stats tools/gram_stats.c
 *   ./gram_stats programs=LIST libraries=LIST text=LIST > src/match/gram_cost_table.inc
 *
 * Each LIST names a file with one path a line; each list is a class, and the classes weigh the same. The same files give
 * the same bytes. Grams are folded (| 0x20 in each byte) as the gram filter folds them. Takes 256 MiB.
 *
 * The table: two rows of 2^17 levels, 3 bits each. A gram's level is the lower of its two; a slot holds the highest
 * level of the grams that fall in it. So a common gram is never taken for a rare one, and a rare one seldom for common.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS ((size_t)1 << 25) /* counters; grams that share one add up, which is little against the threshold */
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

static uint64_t count_file(const char *path, uint32_t *count)
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
			count[((x | 0x20202020u) * 0xc2b2ae3du) >> 7]++;
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
static int add_class(const char *arg, double weight, uint32_t *count, float *rate)
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
	while (fgets(path, sizeof path, f) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		bytes += count_file(path, count);
		files++;
	}
	fclose(f);
	for (size_t i = 0; bytes > 0 && i < SLOTS; i++)
		rate[i] += (float)(count[i] * weight * 1e6 / (double)bytes);
	printf(" * %.*s: %llu files, %llu bytes\n", (int)(list - arg), arg, (unsigned long long)files,
	       (unsigned long long)bytes);
	return 0;
}

/* Two levels in a character: printable, but no backslash and no question mark. */
static char shown(unsigned v)
{
	return (char)(v < 28 ? 35 + v : (v < 56 ? 64 + v - 28 : 93 + v - 56));
}

int main(int argc, char **argv)
{
	static uint8_t level[2][ROW];
	uint32_t *count = malloc(SLOTS * sizeof *count);
	float *rate = calloc(SLOTS, sizeof *rate);
	size_t common = 0;

	if (count == NULL || rate == NULL || argc < 2)
		return 2;
	printf("/*\n * Made by tools/gram_stats.c; do not edit. Levels of 4-grams, see there, from:\n");
	for (int i = 1; i < argc; i++)
		if (add_class(argv[i], 1.0 / (argc - 1), count, rate) != 0)
			return 2;
	/* Each folded gram: bits 5, 13, 21 and 29 are set. */
	for (uint32_t g = 0; g < 1u << 28; g++) {
		uint32_t x = 0x20202020u;
		unsigned l;

		for (unsigned b = 0; b < 4; b++) {
			const uint32_t seven = g >> 7 * b & 127;

			x |= ((seven & 31) | (seven & 96) << 1) << 8 * b;
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
	free(count);
	free(rate);
	return 0;
}
