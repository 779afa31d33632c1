/*
 * How far a plan is carried out: what its journal tells, entry by entry (docs/MIGRATE.md). The same
 * function takes entries that are read back and those that are being written.
 */
#ifndef OV_COVERED_RUN_STATE_H
#define OV_COVERED_RUN_STATE_H

#include "run_plan.h"

enum ov_run_event {
	OV_RUN_OPEN = 0, /* a run starts: by whom, with which plan              */
	OV_RUN_CONSENT,	 /* somebody said yes to a step for a group              */
	OV_RUN_BEGIN,	 /* a command is about to start                          */
	OV_RUN_END,	 /* it ended: exit 0, or not                             */
	OV_RUN_DONE,	 /* a step is done for a group, and what it is to be seen by held */
	OV_RUN_SKIP,	 /* somebody left it out                                 */
	OV_RUN_FAILED,
	OV_RUN_UNDONE,
	OV_RUN_RECORD, /* a signed record was written: before, after             */
	OV_RUN_EVENTS
};

extern const char *const ov_run_event_names[OV_RUN_EVENTS];
extern const char *const ov_run_way_names[OV_RUN_WAYS];

struct ov_run_entry {
	enum ov_run_event event;
	size_t step, group;	     /* SIZE_MAX: of no step */
	struct ov_str host, command; /* command: digest of its words */
	enum ov_run_way way;
	bool is_good;	     /* END: exit 0 */
	struct ov_str at;    /* when, as text */
	struct ov_str value; /* DONE: digest of what was done, "" by hand; RECORD: before, after */
	struct ov_str file;  /* RECORD */
};

enum ov_run_status {
	OV_RUN_NONE = 0,
	OV_RUN_PART, /* begun: some of its commands ran, or one failed */
	OV_RUN_IS_DONE,
	OV_RUN_SKIPPED
};

struct ov_run_unit { /* a step for a group */
	enum ov_run_status status;
	size_t since;	 /* entries before this one count no more: it was undone */
	size_t last;	 /* entry that made it what it is */
	size_t open;	 /* BEGIN without an END; SIZE_MAX: none */
	bool is_undoing; /* its newest command was one to undo */
};

struct ov_run_state {
	const struct ov_run_plan *plan;
	struct ov_arena *arena;
	struct ov_run_entry *entries;
	size_t n, cap;
	struct ov_run_unit *units;   /* step * ngroups + group */
	struct ov_str before, after; /* files of records */
};

OV_MUST_USE ov_status ov_run_state_new(const struct ov_run_plan *p, struct ov_arena *a,
				       struct ov_run_state *out);

/** Takes an entry; its texts must live as long as the state. @return OV_OK; OV_BAD: no such step
 * or group; OV_NOMEM, OV_LIMIT. */
OV_MUST_USE ov_status ov_run_note(struct ov_run_state *s, const struct ov_run_entry *e);

/**
 * Takes what the worker made of a journal. @param sum  SHA-256 of its last line in hex, or zeros.
 * @param torn  Where a line begins that was never finished; UINT64_MAX: none.
 * @return OV_OK; OV_BAD: it is of another plan, or tells of steps that the plan does not have, and
 * that was told; OV_NOMEM, OV_LIMIT.
 */
OV_MUST_USE ov_status ov_run_journal(struct ov_run_state *s, const struct ov_inventory *inv,
				     ov_run_error_fn error, void *ctx, char sum[65],
				     uint64_t *torn);

struct ov_run_unit *ov_run_unit(const struct ov_run_state *s, size_t step, size_t group);

/** Did this command end well for this host, and was not undone since? */
bool ov_run_has_ended(const struct ov_run_state *s, size_t step, size_t group,
		      const struct ov_run_act *a);

/** Are the words of the BEGIN without END those of this command? */
bool ov_run_is_open(const struct ov_run_state *s, size_t step, size_t group,
		    const struct ov_run_act *a);

/**
 * What stands against carrying out a step for a group now. @return NULL: nothing; else a reason,
 * and the step that is missing (SIZE_MAX: none).
 */
const char *ov_run_hindrance(const struct ov_run_state *s, size_t step, size_t group,
			     size_t *missing);

#endif
