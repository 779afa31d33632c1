/*
 * For tests/differential/ystr_diff.py: compiles the strings that a file lists, searches another
 * file, and prints each match as `number offset length`, or `number ! why` for a refused string.
 *
 * With `-` for the file it prints `number c cost atoms` instead.
 *
 * A line: kind flags xor_lo xor_hi body alphabet; the last two in hexadecimal, `-` for nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ystr.h"

#define LINE ((size_t)1 << 20)

struct slots {
	uint32_t slot[65536], line[65536];
	uint32_t n;
};

static size_t unhex(const char *s, char *to)
{
	size_t n = 0;
	unsigned v;

	for (; s[0] != 0 && s[0] != '-' && sscanf(s, "%2x", &v) == 1; s += 2)
		to[n++] = (char)v;
	return n;
}

static int read_line(char *line, char *body, struct ov_ystr_ir *ir)
{
	static char text[LINE], alphabet[LINE];
	unsigned kind, flags, lo, hi;

	if (sscanf(line, "%u %u %u %u %1000000s %200s", &kind, &flags, &lo, &hi, text, alphabet) !=
	    6)
		return 0;
	*ir = (struct ov_ystr_ir){ .kind = (enum ov_ystr_kind)kind,
				   .flags = flags,
				   .xor_lo = (uint8_t)lo,
				   .xor_hi = (uint8_t)hi };
	ir->body = (struct ov_str){ body, unhex(text, body) };
	ir->base64 = (struct ov_str){ body + ir->body.n, unhex(alphabet, body + ir->body.n) };
	ir->base64wide = ir->base64;
	return 1;
}

static void print(const struct ov_ysearch *s, const struct slots *k)
{
	for (uint32_t i = 0; i < k->n; i++) {
		const struct ov_ylist l = ov_ysearch_list(s, k->slot[i]);

		for (uint32_t m = 0; m < l.n; m++)
			printf("%u %llu %llu\n", k->line[i], (unsigned long long)l.at[m].off,
			       (unsigned long long)l.at[m].len);
		if (l.flags != 0)
			printf("%u # %u\n", k->line[i], l.flags);
	}
}

static int search(const struct slots *k, struct ov_ysearch *s, const char *path)
{
	FILE *f = fopen(path, "rb");
	uint64_t steps = UINT64_MAX / 2;
	struct ov_src src;
	char *bytes;
	size_t n;

	if (f == NULL)
		return 2;
	bytes = malloc((size_t)1 << 26);
	if (bytes == NULL)
		abort();
	n = fread(bytes, 1, (size_t)1 << 26, f);
	(void)fclose(f);
	src = ov_src_mem(bytes, n);
	if (ov_ysearch_run(s, &src, 0, 0, &steps) != OV_OK)
		return 2;
	print(s, k);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	static char line[LINE], body[LINE];
	static struct slots k;
	struct ov_ysearch *s = NULL;
	struct ov_buf blocks[65536];
	const bool is_costs = argc == 3 && strcmp(argv[2], "-") == 0;
	struct ov_arena a;
	uint32_t n = 0;
	FILE *f;
	int status;

	if (argc != 3 || (f = fopen(argv[1], "r")) == NULL || ov_ysearch_new(&s) != OV_OK)
		return 2;
	ov_arena_init(&a, (size_t)1 << 28);
	ov_ysearch_begin(s);
	for (; fgets(line, sizeof line, f) != NULL && n < 65536; n++) {
		struct ov_ystr_facts facts;
		struct ov_ystr_error err;
		struct ov_ystr_ir ir;

		blocks[n] = ov_buf_of((size_t)1 << 24);
		if (!read_line(line, body, &ir))
			return 2;
		if (ov_ystr_compile(&ir, &a, &blocks[n], &facts, &err) != OV_OK)
			printf("%u ! %s (at %zu)\n", n, err.why, err.at);
		else if (ov_ystr_check(ov_buf_cur(&blocks[n])) != OV_OK)
			printf("%u ! CHECK REFUSES IT\n", n);
		else if (is_costs)
			printf("%u c %llu %u\n", n, (unsigned long long)facts.cost, facts.natoms);
		else if (ov_ysearch_add(s, ov_buf_cur(&blocks[n]), OV_YMATCH_MAX, &k.slot[k.n]) ==
			 OV_OK)
			k.line[k.n++] = n;
		ov_arena_reset(&a, (size_t)1 << 24);
	}
	(void)fclose(f);
	status = is_costs ? 0 : search(&k, s, argv[2]);
	for (uint32_t i = 0; i < n; i++)
		ov_buf_free(&blocks[i]);
	ov_arena_free(&a);
	ov_ysearch_free(&s);
	return status;
}
