/* Inside of the walk: the stack of directories and the set of directories seen. */
#ifndef OV_CLI_WALK_INT_H
#define OV_CLI_WALK_INT_H

#include "buf.h"
#include "walk.h"

/* Our own bound on depth; a path this deep has no use but to exhaust programs. */
#define WALK_DEPTH_MAX 10000
/* Directories that stay open; those further out are closed and reopened through "..". */
#define WALK_OPEN_MAX 100
#define WALK_READ_BYTES ((size_t)64 * 1024)
/* What one level may hold once levels are many: 100 * 64 KiB + 10,000 * 4 KiB is the most. */
#define WALK_READ_BYTES_DEEP ((size_t)4 * 1024)

struct walk_entry {
	unsigned char type; /* DT_* */
	const char *name;
};

struct walk_frame {
	int fd;	       /* -1: closed for a while                                       */
	bool no_atime; /* O_NOATIME has not been refused here yet                       */
	uint64_t dev, ino;
	size_t path_len;  /* of the directory's own path                                  */
	int64_t next_off; /* where the directory is read on                               */
	bool is_read;	  /* nothing follows the entries at hand                          */
	char *names;	  /* type byte, name, NUL, one after another                      */
	size_t names_cap;
	uint32_t *order; /* offsets into names, sorted by name                           */
	size_t n, at, order_cap;
};

struct walk_seen {
	struct {
		uint64_t dev, ino;
	} * slots;
	size_t cap, n;
};

struct walk {
	struct walk_options o;
	struct walk_frame *frames;
	size_t depth, frames_cap;
	struct ov_buf path; /* of the item being visited, with a NUL behind its length      */
	uint64_t root_dev, directories;
	struct walk_seen seen;
	char *scratch; /* WALK_READ_BYTES                                               */
};

/** Pushes an open directory; takes *fd. @return OV_OK; OV_NOMEM (then *fd stays the caller's). */
OV_MUST_USE ov_status walk_push(struct walk *w, int *fd, uint64_t dev, uint64_t ino);

/** Drops the innermost directory and reopens the one around it where needed; a failure shows when
 * that is read. */
void walk_pop(struct walk *w);

/** The next entry of the innermost directory. @return OV_OK; OV_END; OV_IO; OV_NOMEM. */
OV_MUST_USE ov_status walk_entry_next(struct walk *w, struct walk_entry *out);

/** True when one of the directories being walked is this one. */
bool walk_is_inside(const struct walk *w, uint64_t dev, uint64_t ino);

/** Adds a directory. @return false when it was there. A full set takes no more and says true. */
bool walk_seen_add(struct walk_seen *s, uint64_t dev, uint64_t ino);

#endif
