/*
 * A written plan of moving off, as `overt migrate run` carries it out (docs/MIGRATE.md): groups of
 * machines, steps in order, the site's own commands to do, to see and to undo each.
 *
 * Read from what the jailed worker made of the file (src/evidence/plan.c); whether it fits together
 * is seen here. A command is words, never a line for a shell.
 */
#ifndef OV_COVERED_RUN_PLAN_H
#define OV_COVERED_RUN_PLAN_H

#include "covered_judge.h"

enum ov_run_way { OV_RUN_DO = 0, OV_RUN_VERIFY, OV_RUN_UNDO, OV_RUN_WAYS };

/* What a step is to the order of things. */
enum ov_run_kind {
	OV_RUN_STEP = 0,
	OV_RUN_INSTALL, /* brings what comes after the old product */
	OV_RUN_PROBE,	/* its commands show, by exit code 0, that the new product detects */
	OV_RUN_REMOVE	/* takes the old product away: only once a probe has shown that */
};

struct ov_run_group {
	struct ov_str id;
	struct ov_cov_texts hosts; /* each stands in for {host} */
};

struct ov_run_command {
	enum ov_run_way way;
	struct ov_str group; /* "": of every group */
	struct ov_str words; /* with a zero byte between */
	bool has_host;	     /* {host} stands in it */
};

struct ov_run_step {
	struct ov_str id, name, undo_by_hand, no_undo; /* no_undo: why there is none */
	enum ov_run_kind kind;
	struct ov_cov_texts by_hand, checks;
	struct ov_cov_texts needs; /* steps above, done for the same group first */
	struct ov_run_command *commands;
	size_t ncommands;
	bool *has_group; /* for each of the plan's groups */
	uint64_t timeout_s;
	struct ov_str line; /* where it begins */
};

struct ov_run_plan {
	struct ov_str id, target;
	struct ov_run_group *groups;
	struct ov_run_step *steps;
	size_t ngroups, nsteps;
};

#define OV_RUN_TIMEOUT_S 3600

/** Something does not fit: the plan is refused. */
typedef void (*ov_run_error_fn)(void *ctx, struct ov_str line, const char *why);

/**
 * Makes the plan of the components of one file. Texts are the inventory's; lists the arena's.
 * @return OV_OK; OV_BAD after at least one error was told; OV_NOMEM, OV_LIMIT of the arena.
 */
OV_MUST_USE ov_status ov_run_plan_of(const struct ov_inventory *inv, struct ov_arena *a,
				     ov_run_error_fn error, void *ctx, struct ov_run_plan *out);

/** Index; SIZE_MAX when there is none. */
size_t ov_run_step_by_id(const struct ov_run_plan *p, struct ov_str id);
size_t ov_run_group_by_id(const struct ov_run_plan *p, struct ov_str id);

/* A command for one machine, or for a group as such. */
struct ov_run_act {
	enum ov_run_way way;
	struct ov_str host; /* "" when the command names no {host} */
	char **argv;	    /* NULL at the end */
	char digest[65];    /* SHA-256 of its words, each with a zero byte behind it, in hex */
};

/**
 * The commands of a step for a group, in the order of running: as they are written, each for one
 * host after the other.
 * @return OV_OK; OV_NOMEM, OV_LIMIT.
 */
OV_MUST_USE ov_status ov_run_acts(const struct ov_run_plan *p, size_t step, size_t group,
				  enum ov_run_way way, struct ov_arena *a, struct ov_run_act **out,
				  size_t *n);

/** SHA-256, in hex, of the digests of what a step does for a group: changes when the plan does. */
OV_MUST_USE ov_status ov_run_digest(const struct ov_run_plan *p, size_t step, size_t group,
				    struct ov_arena *a, char hex[65]);

/** Words as a line that can be read and typed: quoted where it needs it. */
OV_MUST_USE ov_status ov_run_line(struct ov_buf *b, char *const *argv);

/**
 * The components of a plan's or a journal's file, in its order. @param id  See
 * src/evidence/moving.h. @return OV_OK; OV_NOMEM, OV_LIMIT of the arena.
 */
OV_MUST_USE ov_status ov_run_sorted(const struct ov_inventory *inv, const char *id,
				    struct ov_arena *a, const struct ov_inv_component ***out,
				    size_t *n);

/** Fields of a component of the worker, by name; "" when there is none. */
struct ov_str ov_run_field(const struct ov_inv_component *c, const char *name);

#endif
