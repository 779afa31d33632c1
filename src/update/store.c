#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checked.h"
#include "digest.h"
#include "fd.h"
#include "save.h"

#define STEP ((size_t)256 << 10)

char *ov_store_path(const char *folder, const char *name)
{
	char *path = NULL;

	if (folder == NULL)
		return strdup(name);
	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static ov_status open_file(const char *path, int *fd)
{
	const ov_status s = ov_fd_open_read(path, fd);

	return s == OV_IO && errno == ENOENT ? OV_END : s;
}

static ov_status read_all(int fd, size_t max, struct ov_buf *out)
{
	const size_t before = out->n;

	for (;;) { /* a byte more than may be, to see that it is there */
		const size_t want = ov_min_size(STEP, max - (out->n - before) + 1);
		size_t got;

		OV_TRY(ov_buf_reserve(out, want));
		OV_TRY(ov_fd_read(fd, out->p + out->n, want, &got));
		out->n += got;
		if (out->n - before > max)
			return OV_LIMIT;
		if (got < want)
			return OV_OK;
	}
}

ov_status ov_store_read(const char *folder, const char *name, size_t max, struct ov_buf *out)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	char *path = ov_store_path(folder, name);
	ov_status s = path != NULL ? open_file(path, &fd) : OV_NOMEM;

	free(path);
	return s == OV_OK ? read_all(fd, max, out) : s;
}

static ov_status make_parents(const char *path, bool is_secret)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	ov_status s = OV_OK;

	if (slash == NULL || slash == path)
		return OV_OK;
	folder = strndup(path, (size_t)(slash - path));
	if (folder == NULL)
		return OV_NOMEM;
	if (access(folder, F_OK) != 0)
		s = ov_save_folder_mode(folder, is_secret ? 0700 : 0755);
	free(folder);
	return s;
}

ov_status ov_store_write(const char *folder, const char *name, const void *p, size_t n,
			 bool is_secret)
{
	char *path = ov_store_path(folder, name);
	ov_status s = path != NULL ? make_parents(path, is_secret) : OV_NOMEM;

	if (s == OV_OK)
		s = ov_save_bytes(path, is_secret ? 0600 : 0644, p, n);
	free(path);
	return s;
}

static ov_status save_unsynced(const char *path, const void *p, size_t n)
{
	struct ov_save s;

	OV_TRY(ov_save_begin(path, 0644, &s));
	if (ov_fd_write(s.fd, p, n) != OV_OK) {
		ov_save_drop(&s);
		return OV_IO;
	}
	return ov_save_commit_unsynced(&s);
}

ov_status ov_store_write_unsynced(const char *folder, const char *name, const void *p, size_t n)
{
	char *path = ov_store_path(folder, name);
	ov_status s = path != NULL ? make_parents(path, false) : OV_NOMEM;

	if (s == OV_OK)
		s = save_unsynced(path, p, n);
	free(path);
	return s;
}

ov_status ov_store_sync(const char *folder)
{
	OV_CLEANUP(ov_fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && syncfs(fd) == 0 ? OV_OK : OV_IO;
}

ov_status ov_store_append(const char *folder, const char *name, const void *p, size_t n)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	char *path = ov_store_path(folder, name);

	if (path == NULL)
		return OV_NOMEM;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	free(path);
	return fd >= 0 ? ov_fd_write(fd, p, n) : OV_IO;
}

/* Syncs the folder that holds a path. Cuts the path there. */
static ov_status sync_parent(char *path)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	char *slash = strrchr(path, '/');

	if (slash != NULL)
		*slash = '\0';
	fd = open(slash == NULL	  ? "."
		  : slash == path ? "/"
				  : path,
		  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? OV_OK : OV_IO;
}

ov_status ov_store_remove(const char *folder, const char *name)
{
	char *path = ov_store_path(folder, name);
	ov_status s = path != NULL ? OV_OK : OV_NOMEM;

	if (s == OV_OK && unlink(path) != 0)
		s = errno == ENOENT ? OV_END : OV_IO;
	if (s == OV_OK)
		s = sync_parent(path);
	free(path);
	return s == OV_END ? OV_OK : s;
}

/* Unlinks what is in an open folder. */
static ov_status empty_folder(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	ov_status s = OV_OK;

	if (d == NULL)
		return errno == ENOENT ? OV_END : OV_IO;
	while (s == OV_OK && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    unlinkat(dirfd(d), e->d_name, 0) != 0)
			s = OV_IO;
	(void)closedir(d);
	return s;
}

ov_status ov_store_clear(const char *folder, const char *name)
{
	char *path = ov_store_path(folder, name);
	ov_status s = path != NULL ? empty_folder(path) : OV_NOMEM;

	if (s == OV_OK && rmdir(path) != 0)
		s = OV_IO;
	free(path);
	return s == OV_END ? OV_OK : s;
}

bool ov_store_has(const char *folder, const char *name)
{
	char *path = ov_store_path(folder, name);
	const bool is = path != NULL && access(path, F_OK) == 0;

	free(path);
	return is;
}

bool ov_store_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

ov_status ov_store_link(const char *folder, const char *name, const char *target)
{
	char *path = ov_store_path(folder, name), *aside = NULL;
	ov_status s = OV_IO;

	if (path == NULL || asprintf(&aside, "%s.new", path) < 0) {
		free(path);
		return OV_NOMEM;
	}
	if (make_parents(path, false) == OV_OK && (unlink(aside) == 0 || errno == ENOENT) &&
	    symlink(target, aside) == 0 && rename(aside, path) == 0)
		s = sync_parent(path);
	free(aside);
	free(path);
	return s;
}

ov_status ov_store_lock(const char *folder, unsigned seconds, int *out)
{
	const struct timespec nap = { .tv_nsec = 100000000 };
	OV_CLEANUP(ov_fd_close) int fd = -1;

	OV_TRY(ov_save_folder(folder));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return OV_IO;
	for (unsigned i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return OV_IO;
		if (i >= seconds * 10)
			return OV_LIMIT;
		(void)nanosleep(&nap, NULL);
	}
	ov_save_sweep(folder);
	*out = ov_fd_take(&fd);
	return OV_OK;
}

static ov_status digest_fd(int fd, struct ov_hasher *h, uint8_t *room, uint8_t sha256[32],
			   uint64_t *size)
{
	size_t got;

	*size = 0;
	OV_TRY(ov_hasher_start(h));
	do {
		OV_TRY(ov_fd_read(fd, room, STEP, &got));
		OV_TRY(ov_hasher_add(h, room, got));
		*size += got;
	} while (got == STEP);
	return ov_hasher_end(h, sha256);
}

ov_status ov_store_digest(const char *path, uint8_t sha256[32], uint64_t *size)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	struct ov_hasher *h = NULL;
	uint8_t *room;
	ov_status s;

	OV_TRY(open_file(path, &fd));
	room = malloc(STEP);
	s = room != NULL ? ov_hasher_new(OV_SHA256, &h) : OV_NOMEM;
	if (s == OV_OK)
		s = digest_fd(fd, h, room, sha256, size);
	ov_hasher_free(&h);
	free(room);
	return s;
}
