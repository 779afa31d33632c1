/* Writing a file whole or not at all. See save.h. */
#include "save.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"

#define SALT 16 /* digits at the end of a name aside */
#define SWEEP_AGE_S 3600

static void forget(struct ov_save *s)
{
	const int saved = errno;

	ov_fd_close(&s->fd);
	ov_fd_close(&s->folder);
	free(s->name);
	free(s->aside);
	s->name = s->aside = NULL;
	errno = saved;
}

void ov_save_drop(struct ov_save *s)
{
	const int saved = errno;

	if (s->aside != NULL && s->is_named)
		(void)unlinkat(s->folder, s->aside, 0);
	errno = saved;
	forget(s);
}

/* Splits `path` into an open folder and a name in it, and makes up the name aside. */
static ov_status open_place(const char *path, struct ov_save *s)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char *folder;
	uint64_t salt;

	if (*name == '\0' || getrandom(&salt, sizeof salt, 0) != (ssize_t)sizeof salt) {
		errno = *name == '\0' ? EISDIR : EIO;
		return OV_IO;
	}
	folder = slash == NULL	 ? strdup(".")
		 : slash == path ? strdup("/")
				 : strndup(path, (size_t)(slash - path));
	s->name = strdup(name);
	if (folder == NULL || s->name == NULL ||
	    asprintf(&s->aside, ".%.200s.%0*llx", name, SALT, (unsigned long long)salt) < 0) {
		s->aside = NULL;
		free(folder);
		return OV_NOMEM;
	}
	s->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	return s->folder >= 0 ? OV_OK : OV_IO;
}

/* A file without a name gets one through /proc, or not at all: without it, it needs one at once. */
static void open_aside(struct ov_save *s, mode_t mode)
{
	s->is_named = faccessat(AT_FDCWD, "/proc/self/fd", X_OK, 0) != 0;
	if (!s->is_named)
		s->fd = openat(s->folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, mode);
	if (s->fd >= 0)
		return;
	s->is_named = true; /* this file system can't */
	s->fd =
	    openat(s->folder, s->aside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
}

static bool link_as(struct ov_save *s, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", s->fd);
	return linkat(AT_FDCWD, path, s->folder, name, AT_SYMLINK_FOLLOW) == 0;
}

/* A file that is new gets its name at once; only what takes another's place is renamed, for which
 * it needs a name aside for a moment. */
static bool put_in_place(struct ov_save *s)
{
	if (!s->is_named) {
		if (link_as(s, s->name))
			return true;
		s->is_named = errno == EEXIST && link_as(s, s->aside);
	}
	return s->is_named && renameat(s->folder, s->aside, s->folder, s->name) == 0;
}

ov_status ov_save_begin(const char *path, mode_t mode, struct ov_save *out)
{
	struct ov_save s = { .fd = -1, .folder = -1 };
	const ov_status st = open_place(path, &s);

	if (st != OV_OK) {
		forget(&s);
		return st;
	}
	open_aside(&s, mode);
	if (s.fd < 0) {
		forget(&s);
		return OV_IO;
	}
	*out = s;
	return OV_OK;
}

ov_status ov_save_commit_unsynced(struct ov_save *s)
{
	if (!put_in_place(s)) {
		ov_save_drop(s);
		return OV_IO;
	}
	forget(s);
	return OV_OK;
}

ov_status ov_save_commit(struct ov_save *s)
{
	if (fsync(s->fd) != 0 || !put_in_place(s)) {
		ov_save_drop(s);
		return OV_IO;
	}
	(void)fsync(s->folder); /* some file systems can't; the file itself is synced */
	forget(s);
	return OV_OK;
}

ov_status ov_save_bytes(const char *path, mode_t mode, const void *p, size_t n)
{
	struct ov_save s;

	OV_TRY(ov_save_begin(path, mode, &s));
	if (ov_fd_write(s.fd, p, n) != OV_OK) {
		ov_save_drop(&s);
		return OV_IO;
	}
	return ov_save_commit(&s);
}

/* ".name.0123456789abcdef" */
static bool is_aside(const char *name)
{
	const size_t n = strlen(name);

	return n > 2 + SALT && name[0] == '.' && name[n - SALT - 1] == '.' &&
	       strspn(name + n - SALT, "0123456789abcdef") == SALT;
}

void ov_save_sweep(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;
	struct stat s;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (is_aside(e->d_name) &&
		    fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(s.st_mode) && s.st_mtime < time(NULL) - SWEEP_AGE_S)
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}

ov_status ov_save_folder(const char *path)
{
	return ov_save_folder_mode(path, 0700);
}

ov_status ov_save_folder_mode(const char *path, mode_t mode)
{
	char *copy = strdup(path);
	ov_status st = OV_OK;
	struct stat is;

	if (copy == NULL)
		return OV_NOMEM;
	for (char *at = copy + 1; st == OV_OK && *copy != '\0' && *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
			st = OV_IO; /* a parent that is there but not ours may answer EACCES or
				       EROFS */
		*at = '/';
	}
	if (st == OV_OK && mkdir(copy, mode) != 0 && errno != EEXIST)
		st = OV_IO;
	if (st == OV_OK && (stat(copy, &is) != 0 || !S_ISDIR(is.st_mode))) {
		errno = ENOTDIR;
		st = OV_IO;
	}
	free(copy);
	return st;
}
