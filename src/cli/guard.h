/*
 * After a new database serves: what would speak against it is told to overt-update, which holds it
 * against the one before and goes back if it is the database's fault.
 *
 * A worker that crashed, something found in a system folder, an engine that does not start with it.
 * Only for databases of overt update, and only where this user may change them.
 */
#ifndef OV_CLI_GUARD_H
#define OV_CLI_GUARD_H

#include "cli.h"
#include "run.h"

#define GUARD_FILES 8

struct guard {
	char *crashed[GUARD_FILES], *found[GUARD_FILES]; /* paths */
	size_t ncrashed, nfound;
};

/** Notes a file if it matters. */
void guard_note(struct guard *g, const struct run_file *f);

/** Tells overt-update what was noted, or that the engine did not start, waits for it, and frees.
 * Nothing happens when there is nothing to tell. */
void guard_tell(struct cli *c, const struct cli_engine *e, struct guard *g, bool has_started);

/** The folder of overt update that a database path lies in: ".../active", or a file in there,
 * beside a memory. @return a fresh string; NULL when it is none. */
char *guard_folder_of(const char *database);

#endif
