/*
 * The paths of the last files that were really scanned, for a new database's trial (overt update):
 * a file that crashed nothing yesterday must crash nothing tomorrow. Kept in the user's own state
 * folder (keep.h), mode 0600, never sent anywhere; `overt scan --no-recent` leaves it alone.
 *
 *   overt-recent-files/v1 LF
 *   path NUL ...                 newest first, absolute, each once, at most RECENT_MAX
 */
#ifndef OV_CLI_RECENT_H
#define OV_CLI_RECENT_H

#include <stddef.h>

#include "buf.h"
#include "opts.h"
#include "str.h"

#define RECENT_MAX 100

struct recent { /* the last ones of this run, in a ring */
	char *path[RECENT_MAX];
	size_t n; /* added in all */
};

/** Adds a path as walked. Without memory, or for a path that is too long, it is left out. */
void recent_add(struct recent *r, struct ov_str path);

/** Puts this run's before those that were kept, saves, and frees. @return false: not saved. */
bool recent_save(struct recent *r);

void recent_free(struct recent *r);

/** Reads the list. @param text  Holds the paths that `paths` gets. @return false: there is none. */
bool recent_load(struct ov_buf *text, struct cli_list *paths);

/** As recent_load, from bytes. */
bool recent_parse(const struct ov_buf *text, struct cli_list *paths);

#endif
