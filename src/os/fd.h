/*
 * Descriptors: open, close, sealed memory, and reading with 64-bit offsets. Every descriptor made
 * here is closed on exec.
 */
#ifndef OV_FD_H
#define OV_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"
#include "status.h"

/** Closes *fd unless it is negative, and sets it to -1. errno stays. Fit for OV_CLEANUP. */
void ov_fd_close(int *fd);

/** Hands the descriptor on: returns *fd and leaves -1 behind. */
static inline int ov_fd_take(int *fd)
{
	const int was = *fd;

	*fd = -1;
	return was;
}

/**
 * Opens for reading, without becoming a controlling terminal and without blocking on a FIFO's other
 * end.
 * @return OV_OK; OV_IO with errno. The flag O_NONBLOCK is cleared again after opening.
 */
OV_MUST_USE ov_status ov_fd_open_read(const char *path, int *out);

enum ov_fd_kind { OV_FD_FILE, OV_FD_FOLDER, OV_FD_STREAM };
struct ov_fd_facts {
	enum ov_fd_kind kind; /* FILE: regular or block device, may be read at any offset */
	uint64_t size;	      /* bytes; 0 for streams */
	uint64_t device, inode;
	int64_t mtime_ns, ctime_ns;
	uint32_t owner, mode; /* user number; permission bits */
};

/**
 * What a descriptor is. Uses only fstat(2) and lseek(2) by their numbers, so that it works in a
 * jail, where glibc's fstat() may not (it is newfstatat there, which takes a path).
 * @return OV_OK; OV_IO.
 */
OV_MUST_USE ov_status ov_fd_facts(int fd, struct ov_fd_facts *out);

/** Writes all `n` bytes. @return OV_OK; OV_IO with errno (ENOSPC, EFBIG, ...). */
OV_MUST_USE ov_status ov_fd_write(int fd, const void *p, size_t n);

/** Reads up to `n` bytes, fewer only at the end. @return OV_OK; OV_IO. */
OV_MUST_USE ov_status ov_fd_read(int fd, void *p, size_t n, size_t *got);

/**
 * Reads the file at `off`, fewer bytes only at its end; interrupted calls go on.
 * Fit for struct ov_src: ctx points to the descriptor (an int).
 */
OV_MUST_USE ov_status ov_fd_pread(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got);

/** Reads the next bytes of a stream; `off` is not looked at, fewer bytes only at the end. ctx as
 * above. */
OV_MUST_USE ov_status ov_fd_stream(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got);

/** A source over a file. `*fd` and the descriptor must outlive it. A file that shrinks gives
 * OV_SHORT later. */
struct ov_src ov_fd_src(int *fd, uint64_t size);

/** Makes anonymous memory that can be sealed. @param name For /proc only. */
OV_MUST_USE ov_status ov_fd_memory(const char *name, int *out);

/** Forbids any change of such memory from now on. Fails while somebody has it mapped for writing.
 */
OV_MUST_USE ov_status ov_fd_seal(int fd);

/** Number of descriptors this process has open, for tests of leaks; -1 when /proc is not there. */
int ov_fd_count(void);

#endif
