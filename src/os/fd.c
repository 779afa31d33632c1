/* Descriptors. See fd.h. */
#include "fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void ov_fd_close(int *fd)
{
	const int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* EINTR: on Linux the descriptor is gone all the same */
	*fd = -1;
	errno = saved;
}

ov_status ov_fd_open_read(const char *path, int *out)
{
	int fd, flags;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return OV_IO;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) {
		ov_fd_close(&fd);
		return OV_IO;
	}
	*out = fd;
	return OV_OK;
}

static int plain_fstat(int fd, struct stat *st)
{
#ifdef SYS_fstat
	return (int)syscall(SYS_fstat, fd, st);
#else
	return fstat(fd, st);
#endif
}

ov_status ov_fd_facts(int fd, struct ov_fd_facts *out)
{
	struct ov_fd_facts f = { .kind = OV_FD_STREAM };
	struct stat st;

	if (plain_fstat(fd, &st) != 0)
		return OV_IO;
	f.device = st.st_dev;
	f.inode = st.st_ino;
	f.owner = st.st_uid;
	f.mode = st.st_mode & 07777;
	f.mtime_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	f.ctime_ns = st.st_ctim.tv_sec * 1000000000LL + st.st_ctim.tv_nsec;
	if (S_ISDIR(st.st_mode)) {
		f.kind = OV_FD_FOLDER;
	} else if (S_ISREG(st.st_mode)) {
		f.kind = OV_FD_FILE;
		f.size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	} else if (S_ISBLK(st.st_mode)) {
		const off_t end =
		    lseek(fd, 0, SEEK_END); /* reads are by pread: the position is free */

		if (end >= 0) {
			f.kind = OV_FD_FILE;
			f.size = (uint64_t)end;
		}
	}
	*out = f;
	return OV_OK;
}

ov_status ov_fd_write(int fd, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n > 0) {
		const ssize_t some = write(fd, at, n);

		if (some < 0 && errno == EINTR)
			continue;
		if (some <= 0)
			return OV_IO;
		at += some;
		n -= (size_t)some;
	}
	return OV_OK;
}

ov_status ov_fd_read(int fd, void *p, size_t n, size_t *got)
{
	uint8_t *to = p;
	size_t done = 0;

	while (done < n) {
		const ssize_t some = read(fd, to + done, n - done);

		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return OV_IO;
		if (some == 0)
			break;
		done += (size_t)some;
	}
	*got = done;
	return OV_OK;
}

ov_status ov_fd_pread(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const int fd = *(const int *)ctx;
	size_t done = 0;

	if (off > INT64_MAX || n > INT64_MAX - off)
		return OV_IO;
	while (done < n) {
		const ssize_t some = pread(fd, to + done, n - done, (off_t)(off + done));

		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return OV_IO;
		if (some == 0)
			break;
		done += (size_t)some;
	}
	*got = done;
	return OV_OK;
}

ov_status ov_fd_stream(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	(void)off;
	return ov_fd_read(*(const int *)ctx, to, n, got);
}

struct ov_src ov_fd_src(int *fd, uint64_t size)
{
	return (struct ov_src){ .size = size, .read = ov_fd_pread, .ctx = fd };
}

ov_status ov_fd_memory(const char *name, int *out)
{
	/* 8 is MFD_NOEXEC_SEAL (Linux 6.3): these pages can never become a program. Older kernels
	 * refuse the flag. */
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | 8U);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return OV_IO;
	*out = fd;
	return OV_OK;
}

ov_status ov_fd_seal(int fd)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	return fcntl(fd, F_ADD_SEALS, seals) == 0 ? OV_OK : OV_IO;
}

int ov_fd_count(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = -3; /* ".", ".." and the folder itself */

	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}
