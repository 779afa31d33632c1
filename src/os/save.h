/*
 * Writing a file so that it is there whole or not at all: written aside in the same folder, synced,
 * renamed.
 */
#ifndef OV_SAVE_H
#define OV_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "status.h"

struct ov_save {
	int fd; /* write here; -1 when none is open      */
	int folder;
	char *name, *aside;
	bool is_named; /* `aside` is in the folder; else the file has no name until the commit */
};

/**
 * Starts. The file aside has no name where the system can do that (O_TMPFILE), so that nothing of
 * it is left when the program is killed; else one that nobody else uses. @param mode  Permission
 * bits, as open(2).
 * @return OV_OK; OV_NOMEM; OV_IO with errno. Call ov_save_commit or ov_save_drop afterwards.
 */
OV_MUST_USE ov_status ov_save_begin(const char *path, mode_t mode, struct ov_save *out);

/** Syncs and renames over the old file, then syncs the folder. On failure nothing of the new file
 * is left. */
OV_MUST_USE ov_status ov_save_commit(struct ov_save *s);

/** The same without a sync: after a power cut the file may be empty. For many files that a later
 * sync of the whole file system covers before they count. */
OV_MUST_USE ov_status ov_save_commit_unsynced(struct ov_save *s);

/** Removes what was written. Does nothing after a commit. Fit for OV_CLEANUP. */
void ov_save_drop(struct ov_save *s);

/** All in one for bytes in memory. */
OV_MUST_USE ov_status ov_save_bytes(const char *path, mode_t mode, const void *p, size_t n);

/** Removes what killed programs left aside in a folder, when an hour has passed since it was
 * written. Of nothing else; what can't be removed stays. */
void ov_save_sweep(const char *folder);

/** Makes a folder with all its parents, mode 0700. It being there already is fine. */
OV_MUST_USE ov_status ov_save_folder(const char *path);

/** The same with a mode, less the umask. */
OV_MUST_USE ov_status ov_save_folder_mode(const char *path, mode_t mode);

#endif
