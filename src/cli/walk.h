/*
 * From the paths on the command line to open files: a walk without recursion, in constant memory
 * for directories of any size. Names are opened relative to their directory and never through a
 * link that the walk found, so that nobody who changes the tree meanwhile can lead the walk
 * elsewhere.
 *
 * Within a directory entries come sorted by name, as far as one read of the directory goes (about
 * 2,000 entries); larger directories come in such portions. Rules: links            given on the
 * command line: followed; found: not, unless asked for special files    found: skipped and counted;
 * given: an error item /proc, /sys, ... skipped and counted, known by the file system's type, not
 * by name vanished files   found and then gone: counted; given: an error item
 */
#ifndef OV_CLI_WALK_H
#define OV_CLI_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "str.h"

enum walk_follow { WALK_NEVER = 0, WALK_GIVEN, WALK_ALWAYS };

enum walk_kind { WALK_FILE = 0, WALK_ERROR, WALK_SKIPPED };

enum walk_skip {
	WALK_LINK = 0,	/* a link, not followed                       */
	WALK_SPECIAL,	/* a fifo, socket or device                   */
	WALK_OTHER_FS,	/* another file system, with --one-file-system */
	WALK_KERNEL_FS, /* /proc, /sys and kin                       */
	WALK_EXCLUDED,	/* by the caller's accept()                   */
	WALK_VANISHED,	/* listed, and gone when it was opened        */
	WALK_LOOP,	/* a directory that is being walked already   */
	WALK_DEPTH,	/* below max_depth                            */
	WALK_SKIPS
};

struct walk_options {
	int follow_dirs, follow_files; /* enum walk_follow                                    */
	bool is_flat;	    /* a given directory's own files only                              */
	bool one_fs;	    /* stay on the file system of the given path                       */
	bool kernel_fs;	    /* walk into /proc, /sys and kin as well                           */
	uint64_t max_depth; /* levels below a given directory; 0: no bound but our own          */
	/* May the path be scanned or entered? `name_at`: where its last part begins. NULL: all may.
	 */
	bool (*accept)(void *context, struct ov_str path, size_t name_at, bool is_dir);
	/* The next given path, or NULL at the end; it stays valid until the next call. */
	const char *(*next_operand)(void *context);
	void *context;
};

struct walk_item { /* path: valid until the next walk_next() */
	enum walk_kind kind;
	enum walk_skip skip; /* WALK_SKIPPED                                                    */
	int fd;		     /* WALK_FILE: the caller's                                         */
	struct ov_str path;  /* NUL-terminated                                                  */
	uint64_t size, dev, ino;
	const char *error; /* WALK_ERROR: static text                                         */
	int error_number;  /* WALK_ERROR: errno, or 0 when it is a rule of ours                */
	bool is_stdin, is_given, is_dir;
};

struct walk;

/** Starts a walk. `o` is copied; its context must outlive the walk. @return OV_OK; OV_NOMEM. */
OV_MUST_USE ov_status walk_open(const struct walk_options *o, struct walk **out);
void walk_close(struct walk **w);

/** Gives the next item. @return OV_OK; OV_END; OV_NOMEM. */
OV_MUST_USE ov_status walk_next(struct walk *w, struct walk_item *out);

/** Directories entered so far. */
uint64_t walk_directories(const struct walk *w);

/** A short lower-case text for an errno: "permission denied". Static. */
const char *walk_error_text(int error);

/** "links not followed", "special files", ...: static. */
const char *walk_skip_text(enum walk_skip s);

#endif
