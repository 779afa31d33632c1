/*
 * ymod_ask FILE RULES: evaluates conditions on a file. RULES is a source whose rules are r0, r1,
 * ...; a line for each says true, false or unknown. What is refused is printed as "refused: why".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yara_run.h"

static char *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	long size = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size >= 0 && fseek(f, 0, SEEK_SET) == 0)
		p = calloc((size_t)size + 1, 1);
	if (p == NULL || fread(p, 1, (size_t)size, f) != (size_t)size) {
		(void)fprintf(stderr, "%s: can't be read\n", path);
		exit(2);
	}
	(void)fclose(f);
	*n = (size_t)size;
	return p;
}

int main(int argc, char **argv)
{
	static const char *const said[] = { "false", "true", "unknown" };
	struct yara_told told;
	struct ov_yimage y;
	struct ov_buf b;
	char *data, *rules;
	size_t n, ignored;

	if (argc != 3) {
		(void)fputs("usage: ymod_ask FILE RULES\n", stderr);
		return 2;
	}
	data = slurp(argv[1], &n);
	rules = slurp(argv[2], &ignored);
	b = yara_compile(rules, &told);
	if (told.n > 0) {
		printf("refused: %s\n", told.why);
	} else if (ov_yimage_open(ov_buf_cur(&b), &y) == OV_OK) {
		for (uint32_t i = 0; i < y.nrules; i++) {
			char name[16];

			(void)snprintf(name, sizeof name, "r%u", (unsigned)i);
			puts(said[yara_eval(&y, data, n, name, false, UINT64_C(1) << 30)]);
		}
	}
	ov_buf_free(&b);
	free(data);
	free(rules);
	return 0;
}
