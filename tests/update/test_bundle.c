/* Bundles: written and read back, by us and by tar; every other spelling is refused. */
#include "testing.h"

#include <stdlib.h>
#include <unistd.h>

#include "bundle.h"
#include "fd.h"

/* A bundle of three files. */
static void make(struct ov_buf *out)
{
	static const char tile[512] = "hashes";
	struct ov_bundle_writer w;
	size_t got;
	int fd = -1;

	assert_int_equal(ov_fd_memory("bundle", &fd), OV_OK);
	assert_int_equal(ov_bundle_begin(fd, &w), OV_OK);
	assert_int_equal(ov_bundle_put(&w, "a/00", "abc", 3), OV_OK);
	assert_int_equal(ov_bundle_put(&w, "latest.tlog-proof", "", 0), OV_OK);
	assert_int_equal(ov_bundle_put(&w, "latest.tlog-proof", "x", 1), OV_BAD); /* twice */
	assert_int_equal(ov_bundle_put(&w, "a/01", "x", 1), OV_BAD);		  /* not in order */
	assert_int_equal(ov_bundle_put(&w, "tile/../x", "x", 1), OV_BAD);
	assert_int_equal(ov_bundle_put(&w, "tile/0/000", tile, sizeof tile), OV_OK);
	assert_int_equal(ov_bundle_end(&w), OV_OK);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(ov_buf_reserve(out, (size_t)w.bytes + 1), OV_OK);
	assert_int_equal(ov_fd_read(fd, out->p, (size_t)w.bytes + 1, &got), OV_OK);
	assert_int_equal(got, w.bytes);
	out->n = got;
	ov_fd_close(&fd);
}

static ov_status open_bytes(const struct ov_buf *b, size_t n, struct ov_bundle *out)
{
	const ov_status s = ov_bundle_open(ov_src_mem(b->p, n), out);

	if (s != OV_OK)
		ov_bundle_close(out);
	return s;
}

static void test_there_and_back(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20), got = ov_buf_of(1 << 16);
	struct ov_bundle x;

	(void)state;
	make(&b);
	assert_int_equal(open_bytes(&b, b.n, &x), OV_OK);
	assert_int_equal(x.n, 4);
	assert_int_equal(ov_bundle_read(&x, "a/00", 3, &got), OV_OK);
	assert_int_equal(got.n, 3);
	assert_memory_equal(got.p, "abc", 3);
	assert_int_equal(ov_bundle_read(&x, "a/00", 2, &got), OV_LIMIT);
	assert_int_equal(ov_bundle_read(&x, "latest.tlog-proof", 0, &got), OV_OK);
	assert_int_equal(ov_bundle_read(&x, "tile/0/000", 512, &got), OV_OK);
	assert_int_equal(ov_bundle_read(&x, OV_BUNDLE_FIRST, 512, &got), OV_END);
	assert_int_equal(ov_bundle_read(&x, "a/02", 512, &got), OV_END);
	ov_bundle_close(&x);
	for (size_t n = 0; n < b.n; n++) /* nothing less is a bundle */
		assert_int_not_equal(open_bytes(&b, n, &x), OV_OK);
	assert_int_equal(ov_buf_u8(&b, 0), OV_OK);
	assert_int_equal(open_bytes(&b, b.n, &x), OV_BAD); /* nor anything more */
	ov_buf_free(&b);
	ov_buf_free(&got);
}

/* A changed byte is refused, unless it is content. */
static void test_one_spelling(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_bundle x;
	size_t taken = 0;

	(void)state;
	make(&b);
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= 1;
		if (open_bytes(&b, b.n, &x) == OV_OK) {
			taken++;
			ov_bundle_close(&x);
		}
		b.p[i] ^= 1;
	}
	assert_int_equal(taken, 3 + 512);
	ov_buf_free(&b);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "a/0f", true },	{ "root/1", true }, { "tile/0/x001/067.p/3", true },
		{ "", false },		{ "/a", false },    { "a/", false },
		{ "a//b", false },	{ "..", false },    { "a/../b", false },
		{ "a/.hidden", false }, { "A", false },	    { "a\\b", false },
		{ "a b", false },	{ "a\nb", false },  { "tile/entries/000", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ov_expect_eq(rows[i].name, ov_bundle_name_ok(ov_str_of(rows[i].name)), rows[i].ok);
}

/* tar itself lists what we write. */
static void test_tar_reads_it(void **state)
{
	char path[] = "/tmp/overt-bundle-XXXXXX", command[128], line[4][64] = { "" };
	struct ov_buf b = ov_buf_of(1 << 20);
	int fd = mkstemp(path);
	FILE *p;

	(void)state;
	make(&b);
	assert_true(fd >= 0);
	assert_int_equal(ov_fd_write(fd, b.p, b.n), OV_OK);
	(void)snprintf(command, sizeof command, "tar -tf %s", path);
	p = popen(command, "r"); /* NOLINT(cert-env33-c): a test's own constant command */
	assert_non_null(p);
	for (size_t i = 0; i < 4; i++)
		assert_non_null(fgets(line[i], sizeof line[i], p));
	assert_int_equal(pclose(p), 0);
	assert_string_equal(line[0], OV_BUNDLE_FIRST "\n");
	assert_string_equal(line[3], "tile/0/000\n");
	ov_fd_close(&fd);
	(void)unlink(path);
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_one_spelling),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_tar_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
