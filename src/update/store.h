/*
 * Small files and folders of the updater: read whole within a limit, written whole or not at all,
 * one process at a time.
 */
#ifndef OV_STORE_H
#define OV_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "status.h"
#include "str.h"

/*
 * Below, `folder` NULL means that `name` is a path of its own, as a user gives it.
 */

/** "folder/name" in a buffer of its own, NUL-terminated. NULL: no memory. Free with free(). */
char *ov_store_path(const char *folder, const char *name);

/** Appends a file's bytes. @return OV_OK; OV_END when it is not there; OV_LIMIT above `max` bytes;
 * OV_IO with errno; OV_NOMEM. */
OV_MUST_USE ov_status ov_store_read(const char *folder, const char *name, size_t max,
				    struct ov_buf *out);

/** Writes a file whole, synced before it has its name; makes the folders above it. Modes 0644 and
 * 0755, so that a web server can serve it, or 0600 and 0700 when `is_secret`. @return OV_OK; OV_IO
 * with errno; OV_NOMEM. */
OV_MUST_USE ov_status ov_store_write(const char *folder, const char *name, const void *p, size_t n,
				     bool is_secret);

/** Appends to a file of mode 0600, made when it is not there. Not synced. @return OV_OK; OV_IO with
 * errno; OV_NOMEM. */
OV_MUST_USE ov_status ov_store_append(const char *folder, const char *name, const void *p,
				      size_t n);

/** The same without a sync, for many files: ov_store_sync() must come before they count. */
OV_MUST_USE ov_status ov_store_write_unsynced(const char *folder, const char *name, const void *p,
					      size_t n);

/** Makes durable all that was written to the file system that a folder is on. */
OV_MUST_USE ov_status ov_store_sync(const char *folder);

/** Removes a file; one that is not there is fine. The folder is synced. */
OV_MUST_USE ov_status ov_store_remove(const char *folder, const char *name);

/** Removes a folder of plain files with all that is in it; one that is not there is fine. */
OV_MUST_USE ov_status ov_store_clear(const char *folder, const char *name);

/** True when the file is there. */
bool ov_store_has(const char *folder, const char *name);

/** True when the path leads to a regular file. */
bool ov_store_is_file(const char *path);

/** Makes `name` a link to `target`, in place of what it was, in one step. */
OV_MUST_USE ov_status ov_store_link(const char *folder, const char *name, const char *target);

/** Takes the folder for this process, waiting at most `seconds`; makes it when it is not there.
 * @return OV_OK with a descriptor to be closed; OV_LIMIT somebody else has it; OV_IO. */
OV_MUST_USE ov_status ov_store_lock(const char *folder, unsigned seconds, int *out);

/** SHA-256 of a file's bytes and its size. @return OV_OK; OV_END not there; OV_IO; OV_NOMEM. */
OV_MUST_USE ov_status ov_store_digest(const char *path, uint8_t sha256[32], uint64_t *size);

#endif
