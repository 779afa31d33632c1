#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens (mode not 0: makes) one folder below `at`, never through a link, and only if it is ours. */
static int sub_folder(int at, const char *name, mode_t mode)
{
	struct stat st;
	int fd;

	if (mode != 0 && mkdirat(at, name, mode) != 0 && errno != EEXIST)
		return -1;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 &&
	    (fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & S_IWOTH) != 0)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Steps from `at` (taken) into `name`. */
static int step(int at, const char *name, mode_t mode)
{
	const int fd = at < 0 ? -1 : sub_folder(at, name, mode);

	if (at >= 0)
		(void)close(at);
	return fd;
}

int keep_folder(bool is_new)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	const mode_t own = is_new ? 0700 : 0, shared = is_new ? 0755 : 0;

	if (geteuid() != getuid())
		return -1; /* the environment is not ours to trust */
	if (state != NULL && state[0] == '/')
		return step(open(state, flags), "overt", own);
	if (geteuid() == 0) /* everybody's databases will stand there too; our files are 0600 */
		return step(open("/var/lib", flags), "overt", shared);
	if (home == NULL || home[0] != '/')
		return -1;
	return step(step(step(open(home, flags), ".local", own), "state", own), "overt", own);
}

static bool write_all(int fd, const struct ov_buf *b)
{
	for (size_t done = 0; done < b->n;) {
		const ssize_t n = write(fd, b->p + done, b->n - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return false;
	}
	return true;
}

bool keep_save(int folder, const char *name, const struct ov_buf *text)
{
	char aside[64];
	bool good = false;
	int fd;

	(void)snprintf(aside, sizeof aside, "%s.%ld", name, (long)getpid());
	(void)unlinkat(folder, aside, 0);
	fd = openat(folder, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = write_all(fd, text);
	good = close(fd) == 0 && good;
	good = good && renameat(folder, aside, folder, name) == 0;
	if (!good)
		(void)unlinkat(folder, aside, 0);
	return good;
}

static ov_status read_all(int fd, struct ov_buf *b)
{
	for (;;) {
		ssize_t n;

		OV_TRY(ov_buf_reserve(b, 64 * 1024));
		n = read(fd, b->p + b->n, 64 * 1024);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return OV_IO;
		if (n == 0)
			return OV_OK;
		b->n += (size_t)n;
	}
}

ov_status keep_read(const char *name, struct ov_buf *out)
{
	const int folder = keep_folder(false);
	const int fd =
	    folder < 0 ? -1 : openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ov_status s;

	if (folder >= 0)
		(void)close(folder);
	if (fd < 0)
		return OV_IO;
	s = read_all(fd, out);
	(void)close(fd);
	return s;
}
