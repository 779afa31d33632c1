/* What the parts of `overt migrate run` and `undo` share. */
#ifndef OV_CLI_MIGRATE_RUN_H
#define OV_CLI_MIGRATE_RUN_H

#include <sys/stat.h>

#include "digest.h"
#include "migrate.h"
#include "run_state.h"

struct run {
	struct cli *c;
	const struct migrate_settings *s;
	const char *path; /* of the plan */
	char *journal;	  /* path; owned */
	int fd;		  /* the journal, locked; -1: not open */
	char sum[65];	  /* of its last line */
	struct ov_hasher *hasher;
	struct ov_arena arena;
	struct inventory_taken *taken[2]; /* of plan and journal: texts live there */
	struct ov_run_plan plan;
	struct ov_run_state state;
	bool has_terminal;
};

/** Reads plan and journal, each in a jailed worker, and locks the journal unless `is_dry`.
 * @return false after a message; migrate_run_close() in any case. */
bool migrate_run_open(struct run *r, bool is_dry);
void migrate_run_close(struct run *r);

/* ---- the journal ---- */

struct run_note { /* further fields of an entry, for people and their programs */
	char *const *argv;
	int exit, signal;
	bool is_timeout;
	const char *output; /* SHA-256 in hex; NULL: none */
	uint64_t bytes, ms;
	const char *how; /* NULL: none */
};

/** Appends an entry, synced to the disk, and notes it. @param more  May be NULL. @return false
 * after a message: nothing may go on then. */
bool migrate_note(struct run *r, struct ov_run_entry *e, const struct run_note *more);

/** Opens and locks the journal, cuts off a line that was never finished, and notes who runs. */
bool migrate_journal_open(struct run *r, uint64_t torn);

/* ---- one command ---- */

struct run_ended {
	int exit, signal;	 /* signal 0: it exited */
	bool is_timeout, is_cut; /* is_cut: not all output was kept */
	char output[65];
	uint64_t bytes, ms;
};

/** Where a program is: a path, `overt` itself, or found in PATH's absolute folders. @return a fresh
 * path; NULL when it is nowhere. */
char *migrate_program(const char *name);

/** Runs a command, shows and keeps its output. @param keep  File of the output, made anew.
 * @return false after a message when it could not be started or its output not be kept. */
bool migrate_exec(struct cli *c, char *const *argv, uint64_t timeout_s, const char *keep,
		  struct run_ended *out);

/* ---- asking ---- */

enum run_answer { RUN_NO = 0, RUN_YES, RUN_SKIP, RUN_AGAIN, RUN_DONE, RUN_NOBODY };

/** Shows a step for a group: what is done, seen and undone, command by command. */
bool migrate_show(struct run *r, size_t step, size_t group, enum ov_run_way way);

/** Is STEP@GROUP on such a list? */
bool migrate_listed(const struct run *r, const struct cli_list *l, size_t step, size_t group);

/** Every entry of the yes lists must name a step and a group of the plan. @return false after a
 * message. */
bool migrate_check_lists(struct run *r);

/** A yes, or not, of this step and group. RUN_NOBODY: there is nobody to ask. */
enum run_answer migrate_consent(struct run *r, size_t step, size_t group, const char *question);

/** Asks on the terminal for one of these words, separated by blanks. */
enum run_answer migrate_ask(struct run *r, const char *question, const char *words);

/** Says which step and group a message is about. @return COVERED_ERROR, for callers that end. */
int migrate_tell(struct run *r, size_t step, size_t group, const char *what);

/* ---- the walk ---- */

/** Runs the commands of one way that have not ended well yet. @return COVERED_NONE; COVERED_FOUND:
 * one failed, told and noted; COVERED_ERROR. */
int migrate_acts(struct run *r, size_t step, size_t group, enum ov_run_way way);

/** A command was begun and its end is not known. @return COVERED_NONE: settled, or there was none;
 * COVERED_UNDETERMINED: nobody said what became of it; COVERED_ERROR. */
int migrate_settle(struct run *r, size_t step, size_t group);

bool migrate_has_group(const struct run *r, size_t group); /* --group */

/** Is every step of the plan done or left out, whatever groups this run is for? */
bool migrate_is_all_done(const struct run *r);

/** --dry-run, as text or JSON. @return COVERED_NONE: nothing to do; COVERED_FOUND; COVERED_ERROR.
 */
int migrate_dry(struct run *r);

/** Can nobody else change what is there? @return false after a message that says why it matters. */
bool migrate_is_ours(struct run *r, const char *path, const struct stat *s, const char *why);

/** Undoes what was done, the newest first, each after a yes of its own. */
int migrate_undo_all(struct run *r);

#endif
