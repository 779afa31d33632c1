/* What the broker's files share. */
#ifndef OV_BROKER_INT_H
#define OV_BROKER_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "options.h"
#include "overt/database.h"
#include "wire.h"

#define OV_ERROR_MAX 512 /* bytes of an error text, its NUL included */

/** What a worker of a role is told before its jail closes. @param db_size Bytes of the database
 * that it will map. */
struct ov_wire_setup ov_setup_of(const struct overt_options *o, enum ov_role role,
				 uint64_t db_size);
OV_MUST_USE ov_status ov_setup_send(struct ov_link *l, const struct ov_wire_setup *s);

/**
 * Judges a worker's jail: warns (when `warn`) about each mechanism that is missing, and refuses one
 * that has neither seccomp nor Landlock unless the caller, or OVERT_WEAK_SANDBOX=allow in the
 * environment, allows that.
 */
bool ov_jail_may_serve(const struct overt_options *o, const struct ov_jail_report *r, bool warn,
		       char error[OV_ERROR_MAX]);

/** Copies a text that came from outside, as it may be shown on a terminal. */
void ov_shown(struct ov_str s, char *to, size_t room);

/** Writes an error text. @return `st`, for use in a return. */
enum overt_status ov_fail(char error[OV_ERROR_MAX], enum overt_status st, const char *fmt, ...)
    OV_PRINTF(3, 4);

/** Is this copy's record of itself whole? A copy that was altered does not start workers.
 * @return OVERT_OK; OVERT_INTERNAL with an error text. */
enum overt_status ov_check_own(char error[OV_ERROR_MAX]);

/* A worker for one task: started, spoken to in turn, ended. */
struct ov_session {
	struct ov_child child;
	struct ov_jail_report jail;
	uint64_t deadline_ms; /* on the clock */
};

/** Starts a worker and takes its HELLO. @return OVERT_OK; else with an error text, and nothing is
 * left to close. */
enum overt_status ov_session_open(const struct overt_options *o, enum ov_role role,
				  uint64_t db_size, int timeout_ms, struct ov_session *out,
				  char error[OV_ERROR_MAX]);
void ov_session_close(struct ov_session *s);

/**
 * Waits for the next message. FAILED becomes OVERT_REFUSED with its text; a dead, silent or
 * misbehaving worker OVERT_NO_WORKER with what happened; `m` is then not written.
 */
enum overt_status ov_session_next(struct ov_session *s, struct ov_arrival *m,
				  char error[OV_ERROR_MAX]);

/** The same without words. @return as ov_link_recv(); also OV_LIMIT when it is too late. */
OV_MUST_USE ov_status ov_session_recv(struct ov_session *s, struct ov_arrival *m);

/* A compiled database, open for reading. */
struct ov_db_file {
	int fd;
	uint64_t size;	/* bytes */
	bool is_cached; /* from the cache: if it turns out broken, it may be made anew */
};

struct ov_db_sink { /* who hears about a compilation; all may be NULL */
	overt_diagnostic_fn fn;
	void *context;
	struct overt_build_result *result;
	bool must_compile; /* whatever the cache holds */
};

/** Finds, compiles or takes from the cache what the options name. */
enum overt_status ov_database_open(const struct overt_options *o, const struct ov_db_sink *sink,
				   struct ov_db_file *out, char error[OV_ERROR_MAX]);

#endif
