/* The journal: what was committed comes back, whatever a crash or a bad disk did; or it says so. */
#include "testing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"

struct seen {
	char text[4096];
};

static ov_status on_record(void *ctx, struct ov_str r)
{
	struct seen *s = ctx;
	const size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof s->text - n, "%.*s;", (int)r.n, r.p);
	return OV_OK;
}

static char path[64];

static int make_path(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof path, "/tmp/overt-journal-%ld", (long)getpid());
	(void)unlink(path);
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static void commit(struct ov_journal *j, const char *a, const char *b)
{
	struct ov_buf batch = ov_buf_of(4096);

	assert_int_equal(ov_journal_put(j->h, &batch, ov_str_of(a)), OV_OK);
	if (b != NULL)
		assert_int_equal(ov_journal_put(j->h, &batch, ov_str_of(b)), OV_OK);
	assert_int_equal(ov_journal_commit(j, &batch), OV_OK);
	ov_buf_free(&batch);
}

static ov_status reopen(struct seen *s)
{
	struct ov_journal j;
	ov_status st;

	memset(s, 0, sizeof *s);
	st = ov_journal_open(path, on_record, s, &j);
	if (st == OV_OK)
		ov_journal_close(&j);
	return st;
}

static void make(void)
{
	struct ov_journal j;
	struct seen s = { "" };

	(void)unlink(path);
	assert_int_equal(ov_journal_open(path, on_record, &s, &j), OV_OK);
	commit(&j, "one", "two");
	commit(&j, "three", NULL);
	ov_journal_close(&j);
}

static void test_what_was_committed_comes_back(void **state)
{
	struct ov_buf batch = ov_buf_of(4096);
	struct ov_journal j;
	struct seen s;

	(void)state;
	make();
	assert_int_equal(reopen(&s), OV_OK);
	assert_string_equal(s.text, "one;two;three;");
	memset(&s, 0, sizeof s);
	assert_int_equal(ov_journal_open(path, on_record, &s, &j), OV_OK);
	commit(&j, "four", NULL);
	assert_int_equal(ov_journal_put(j.h, &batch, OV_STR("new")), OV_OK);
	assert_int_equal(ov_journal_replace(&j, path, &batch), OV_OK);
	commit(&j, "newer", NULL);
	ov_journal_close(&j);
	assert_int_equal(reopen(&s), OV_OK);
	assert_string_equal(s.text, "new;newer;");
	ov_buf_free(&batch);
}

/* A crash while a batch was written: the end is torn, the mark is the old one. */
static void test_a_torn_end_goes(void **state)
{
	static const char torn[] = "\x05\0\0\0halfarec";
	struct seen s;
	int fd;

	(void)state;
	for (size_t n = 1; n <= sizeof torn - 1; n++) {
		make();
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
		assert_true(fd >= 0 && write(fd, torn, n) == (ssize_t)n);
		(void)close(fd);
		assert_int_equal(reopen(&s), OV_OK);
		assert_string_equal(s.text, "one;two;three;");
		assert_int_equal(reopen(&s), OV_OK);
	}
}

/* Anything less than what was committed is refused: it would be a promise forgotten. */
static void test_what_is_lost_is_noticed(void **state)
{
	struct stat st;
	struct seen s;

	(void)state;
	make();
	assert_int_equal(stat(path, &st), 0);
	for (off_t n = 0; n < st.st_size; n += n < 4096 ? 512 : 1) {
		make();
		assert_int_equal(truncate(path, n), 0);
		assert_int_equal(reopen(&s), OV_BAD);
	}
}

static void flip(off_t at)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	char c = 0;

	assert_true(fd >= 0 && pread(fd, &c, 1, at) == 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	(void)close(fd);
}

/* A bit that turned: in a record it is refused; in a mark, the other mark stands behind it, and
 * what it does not cover is there as well. */
static void test_turned_bits(void **state)
{
	struct stat st;
	struct seen s;

	(void)state;
	make();
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 4096; at < st.st_size; at++) {
		make();
		flip(at);
		assert_int_equal(reopen(&s), OV_BAD);
	}
	for (off_t at = 0; at < 76; at += 5) {
		make();
		flip(at);
		assert_int_equal(reopen(&s), OV_OK);
		assert_string_equal(s.text, "one;two;three;");
		make();
		flip(at);
		flip(2048 + at);
		assert_int_equal(reopen(&s), OV_BAD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_committed_comes_back),
		cmocka_unit_test(test_a_torn_end_goes),
		cmocka_unit_test(test_what_is_lost_is_noticed),
		cmocka_unit_test(test_turned_bits),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
