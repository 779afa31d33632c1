/* Files written whole or not at all. */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <dirent.h>
#include <unistd.h>

#include "fd.h"
#include "save.h"

struct place {
	char folder[32], path[64];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	strcpy(p->folder, "/tmp/overt-test-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->path, sizeof p->path, "%s/file", p->folder);
	*state = p;
	return 0;
}

static int files_in(const char *folder)
{
	DIR *d = opendir(folder);
	int n = -2;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	(void)unlink(p->path);
	assert_int_equal(rmdir(p->folder), 0); /* nothing was left behind */
	free(p);
	return 0;
}

static void expect_content(const char *path, const char *want)
{
	char text[32] = "";
	size_t got = 0;
	int fd = -1;

	assert_int_equal(ov_fd_open_read(path, &fd), OV_OK);
	assert_int_equal(ov_fd_read(fd, text, sizeof text - 1, &got), OV_OK);
	assert_string_equal(text, want);
	ov_fd_close(&fd);
}

static void the_old_file_stays_until_the_new_one_is_whole(void **state)
{
	const struct place *p = *state;
	struct ov_save s;
	struct stat st;

	assert_int_equal(ov_save_bytes(p->path, 0600, "old", 3), OV_OK);
	assert_int_equal(ov_save_begin(p->path, 0600, &s), OV_OK);
	assert_int_equal(ov_fd_write(s.fd, "newer", 5), OV_OK);
	expect_content(p->path, "old");
	assert_int_equal(ov_save_commit(&s), OV_OK);
	expect_content(p->path, "newer");
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ov_save_drop(&s); /* after a commit: nothing */
	expect_content(p->path, "newer");
}

static void dropping_leaves_nothing(void **state)
{
	const struct place *p = *state;
	struct ov_save s;

	assert_int_equal(ov_save_begin(p->path, 0600, &s), OV_OK);
	assert_int_equal(files_in(p->folder), s.is_named ? 1 : 0);
	ov_save_drop(&s);
	assert_int_equal(files_in(p->folder), 0);
}

/* A program that is killed while it writes has nobody to clean up: only a file without a name goes
 * with it. */
static void being_killed_leaves_nothing(void **state)
{
	const struct place *p = *state;
	int status = 0;
	const pid_t child = fork();

	if (child == 0) {
		struct ov_save s;

		if (ov_save_begin(p->path, 0600, &s) != OV_OK ||
		    ov_fd_write(s.fd, "half", 4) != OV_OK)
			_exit(2);
		_exit(s.is_named ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_not_equal(WEXITSTATUS(status), 2);
	if (WEXITSTATUS(status) == 1)
		skip(); /* this file system can't */
	assert_int_equal(files_in(p->folder), 0);
}

static void places_that_can_not_be(void **state)
{
	struct ov_save s;

	(void)state;
	assert_int_equal(ov_save_begin("/nonexistent/folder/file", 0600, &s), OV_IO);
	assert_int_equal(ov_save_begin("/tmp/", 0600, &s), OV_IO);
	assert_int_equal(ov_save_begin("", 0600, &s), OV_IO);
	assert_int_equal(ov_save_bytes("/proc/overt-no", 0600, "x", 1), OV_IO);
}

/* A full disk, as a file size limit gives it. */
static void a_full_disk_leaves_the_old_file(void **state)
{
	const struct place *p = *state;
	static const char big[9000];
	int status = -1;
	pid_t child;

	assert_int_equal(ov_save_bytes(p->path, 0600, "old", 3), OV_OK);
	child = fork();
	if (child == 0) {
		const struct rlimit few = { .rlim_cur = 4096, .rlim_max = 4096 };

		(void)signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &few) != 0)
			_exit(3);
		_exit(ov_save_bytes(p->path, 0600, big, sizeof big) == OV_IO && errno == EFBIG ? 0
											       : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	expect_content(p->path, "old");
	assert_int_equal(files_in(p->folder), 1);
}

static void age(const char *path, time_t by)
{
	const struct timespec t = { .tv_sec = time(NULL) - by };

	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){ t, t }, 0), 0);
}

/* Of a program killed between two steps; nobody else's, and not one that may be at work. */
static void what_was_left_aside_is_swept(void **state)
{
	static const char *const names[] = { ".file.0123456789abcdef", ".file.0123456789ABCDEF",
					     "file.0123456789abcdef",  "..0123456789abcdef",
					     ".file.123456789abcdef",  ".other.00000000000000ff" };
	const struct place *p = *state;
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
		assert_int_equal(ov_save_bytes(path, 0600, "x", 1), OV_OK);
		age(path, i == 5 ? 60 : 4000);
	}
	ov_save_sweep(p->folder);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
		assert_int_equal(unlink(path), i == 0 ? -1 : 0);
	}
	ov_save_sweep("/nonexistent");
}

static void folders_with_parents(void **state)
{
	const struct place *p = *state;
	char deep[96], between[96];

	(void)snprintf(between, sizeof between, "%s/a", p->folder);
	(void)snprintf(deep, sizeof deep, "%s/a/b", p->folder);
	assert_int_equal(ov_save_folder(deep), OV_OK);
	assert_int_equal(ov_save_folder(deep), OV_OK);
	assert_int_equal(rmdir(deep), 0);
	assert_int_equal(rmdir(between), 0);
	assert_int_equal(ov_save_bytes(p->path, 0600, "x", 1), OV_OK);
	assert_int_equal(ov_save_folder(p->path), OV_IO); /* a file stands there */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_old_file_stays_until_the_new_one_is_whole,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(dropping_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(being_killed_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_that_can_not_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_leaves_the_old_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_left_aside_is_swept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(folders_with_parents, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
