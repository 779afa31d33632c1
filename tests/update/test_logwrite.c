/* A log in a folder: whatever it is appended by, and cut short in, the files are the same. */
#include "testing.h"

#include <stdlib.h>
#include <unistd.h>

#include "kit.h"
#include "logdir.h"
#include "store.h"

#define MOST 700

static void entry_of(size_t i, char out[32], struct ov_cur *c)
{
	const int n = snprintf(out, 32, "leaf %zu\n", i);

	*c = ov_cur_of(out, (size_t)n);
}

static void add(struct ov_logwriter *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct ov_cur c;
		char text[32];

		entry_of(i, text, &c);
		assert_int_equal(ov_logwriter_add(w, c), OV_OK);
	}
}

static void check(const char *what, const char *folder, struct kit_log *l, size_t size)
{
	struct ov_logdir d = { .folder = folder, .h = l->h, .size = size };
	struct ov_merkle_hash got, want;

	kit_root(l, 0, size, &want);
	assert_int_equal(ov_merkle_range(l->h, ov_logdir_hash, &d, 0, size, &got), OV_OK);
	ov_expect(what, memcmp(got.b, want.b, sizeof got.b) == 0);
	for (size_t i = 0; i < size; i += 37) {
		struct ov_buf b = ov_buf_of(1 << 17);
		struct ov_cur c;
		char text[32];

		entry_of(i, text, &c);
		ov_expect_eq(what, ov_logdir_entry(&d, i, &b), OV_OK);
		ov_expect(what, b.n == c.len && memcmp(b.p, c.base, b.n) == 0);
		ov_buf_free(&b);
	}
}

static const struct {
	const char *what;
	size_t stops[6]; /* sizes at which the writer is flushed, closed and opened; 0 ends */
} rows[] = {
	{ "in one go", { MOST } },
	{ "one by one at the edge of a tile", { 254, 255, 256, 257, MOST } },
	{ "a tile at a time", { 256, 512, MOST } },
	{ "unevenly", { 1, 3, 300, 511, 513, MOST } },
};

static void test_rows(void **state)
{
	struct kit_log l;

	(void)state;
	kit_log_make(&l, MOST);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char folder[] = "/tmp/overt-logwrite-XXXXXX", command[80];
		size_t at = 0;

		assert_non_null(mkdtemp(folder));
		for (size_t k = 0; k < 6 && rows[i].stops[k] != 0; k++) {
			struct ov_logwriter w;

			ov_expect_eq(rows[i].what, ov_logwriter_open(folder, l.h, at, &w), OV_OK);
			add(&w, at, rows[i].stops[k]);
			ov_expect_eq(rows[i].what, ov_logwriter_flush(&w), OV_OK);
			ov_logwriter_close(&w);
			/* Cut short behind this: the same entries come again. */
			if (at + 300 < rows[i].stops[k]) {
				ov_expect_eq(rows[i].what, ov_logwriter_open(folder, l.h, at, &w),
					     OV_OK);
				add(&w, at, rows[i].stops[k]);
				ov_expect_eq(rows[i].what, ov_logwriter_flush(&w), OV_OK);
				ov_logwriter_close(&w);
			}
			at = rows[i].stops[k];
			check(rows[i].what, folder, &l, at);
			ov_expect(rows[i].what,
				  at < 256 || (ov_store_has(folder, "tile/0/000") &&
					       !ov_store_has(folder, "tile/0/000.p") &&
					       !ov_store_has(folder, "tile/entries/000.p")));
		}
		(void)snprintf(command, sizeof command, "rm -r %s", folder);
		assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): our own folder */
	}
	kit_log_free(&l);
}

static void test_damaged_tiles_are_refused(void **state)
{
	char folder[] = "/tmp/overt-logwrite-XXXXXX", command[80];
	struct ov_logwriter w;
	struct kit_log l;

	(void)state;
	kit_log_make(&l, 1);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(ov_logwriter_open(folder, l.h, 0, &w), OV_OK);
	add(&w, 0, 9);
	assert_int_equal(ov_logwriter_flush(&w), OV_OK);
	ov_logwriter_close(&w);
	assert_int_equal(ov_store_write(folder, "tile/entries/000.p/9", "\0\7", 2, false), OV_OK);
	assert_int_equal(ov_logwriter_open(folder, l.h, 9, &w), OV_BAD);
	ov_logwriter_close(&w);
	assert_int_equal(ov_store_write(folder, "tile/0/000.p/9", "x", 1, false), OV_OK);
	assert_int_equal(ov_logwriter_open(folder, l.h, 9, &w), OV_BAD);
	ov_logwriter_close(&w);
	assert_int_equal(ov_logwriter_open(folder, l.h, 10, &w), OV_IO);
	ov_logwriter_close(&w);
	(void)snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): our own folder */
	kit_log_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_damaged_tiles_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
