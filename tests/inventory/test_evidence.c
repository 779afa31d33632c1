/* Every source on small valid files (the fuzzer's seeds): whole, cut everywhere, and without memory
 * at the n-th request. What is held is in families.h. */
#include "testing.h"

#include <dirent.h>
#include <stdlib.h>

#include "families.h"

#define SEED_MAX 65536
#define CUTS 400 /* of one seed, at equal distances */

struct seed {
	char name[256];
	uint8_t bytes[SEED_MAX];
	size_t n;
};

static DIR *seeds(void)
{
	const char *folder = getenv("OVERT_SEEDS");
	DIR *d;

	if (folder == NULL)
		skip();
	d = opendir(folder);
	assert_non_null(d);
	return d;
}

static bool next_seed(DIR *d, struct seed *s)
{
	for (;;) {
		const struct dirent *e = readdir(d);
		char path[4096];
		FILE *f;

		if (e == NULL)
			return false;
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", getenv("OVERT_SEEDS"), e->d_name);
		(void)snprintf(s->name, sizeof s->name, "%s", e->d_name);
		f = fopen(path, "rb");
		assert_non_null(f);
		s->n = fread(s->bytes, 1, SEED_MAX, f);
		(void)fclose(f);
		return true;
	}
}

static void test_whole(void **state)
{
	struct seed *s = calloc(1, sizeof *s);
	DIR *d = seeds();
	unsigned n = 0;

	(void)state;
	assert_non_null(s);
	for (; next_seed(d, s); n++)
		ov_expect_eq(s->name, family_run(s->bytes, s->n, -1), OV_OK);
	assert_true(n >= 20);
	(void)closedir(d);
	free(s);
}

/* In memory of exactly that size, so that the sanitizer sees a step too far. */
static void test_cut(void **state)
{
	struct seed *s = calloc(1, sizeof *s);
	DIR *d = seeds();

	(void)state;
	assert_non_null(s);
	while (next_seed(d, s)) {
		const size_t step = s->n / CUTS + 1;

		for (size_t n = 1; n < s->n; n += step) {
			uint8_t *exact = malloc(n);

			assert_non_null(exact);
			memcpy(exact, s->bytes, n);
			ov_expect_eq(s->name, family_run(exact, n, -1), OV_OK);
			free(exact);
		}
	}
	(void)closedir(d);
	free(s);
}

static void test_no_memory(void **state)
{
	struct seed *s = calloc(1, sizeof *s);
	DIR *d = seeds();

	(void)state;
	assert_non_null(s);
	while (next_seed(d, s))
		for (long n = 0; n < 120; n++) {
			const ov_status st = family_run(s->bytes, s->n, n);

			ov_expect(s->name, st == OV_OK || st == OV_NOMEM || st == OV_LIMIT);
		}
	(void)closedir(d);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
