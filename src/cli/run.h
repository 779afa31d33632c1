/*
 * The loop behind every command that scans: walk, hand over, take verdicts, tell a sink.
 *
 * Verdicts come in the order in which files finish. A sink that wants the order of the walk gets it
 * within a window: a file that takes long holds back at most RUN_SLOTS others, or two seconds of
 * them.
 */
#ifndef OV_CLI_RUN_H
#define OV_CLI_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "overt/engine.h"

#include "cli.h"
#include "walk.h"

#define RUN_SLOTS 1024

struct run_counts {
	uint64_t files;	  /* scanned or tried: clean + detected + incomplete + errors           */
	uint64_t bytes;	  /* of these files                                                     */
	uint64_t matched; /* bytes of all layers                                                */
	uint64_t clean, detected, incomplete, errors;
	uint64_t partly; /* detected, and also not fully scanned                                */
	uint64_t detections; /* single ones */
	uint64_t reported;   /* what was told beside them */
	uint64_t skipped[WALK_SKIPS];
	uint64_t directories;
	uint64_t unfinished; /* handed over, and given up when interrupted */
	double seconds;
	int signal; /* 0, or what interrupted                                             */
};

/* What happened to one path. Borrowed during the call. */
struct run_file {
	enum walk_kind kind;
	enum walk_skip skip;		     /* WALK_SKIPPED                                     */
	struct ov_str path;		     /* as walked, NUL-terminated; "-": standard input    */
	const struct overt_verdict *verdict; /* WALK_FILE; NULL when is_empty                    */
	struct ov_str error;		     /* WALK_ERROR, or the verdict's                      */
	uint64_t number;		     /* of its first detection, from 1                    */
	uint64_t size, dev, ino;
	int error_number; /* WALK_ERROR: errno, 0 when it is our own rule      */
	bool is_stdin, is_given, is_dir, is_empty;
};

struct run_sink {
	void (*file)(void *context, const struct run_file *f);
	/* Called ten times a second at most; may be NULL. */
	void (*progress)(void *context, const struct run_counts *n, struct ov_str path);
	void *context;
	bool in_order;	  /* the order of the walk                                              */
	bool wants_skips; /* file() also for WALK_SKIPPED                                       */
	bool skips_empty; /* empty files are not handed over: is_empty                          */
};

/**
 * Scans all that the walk gives. @param out  Checked for write errors: a broken pipe ends the scan.
 * @return OV_OK, also when interrupted (counts->signal); OV_NOMEM; OV_IO when the engine failed:
 * `error` tells.
 */
OV_MUST_USE ov_status run_scan(struct overt_engine *engine, const struct walk_options *walk,
			       const struct run_sink *sink, struct cli_out *out,
			       struct run_counts *counts, char error[512]);

/** 1 detection, else 2 error, else 3 incomplete, else 0; 128 + signal when interrupted. */
int run_exit_code(const struct run_counts *n);

/** Verdict of a file as the counts see it. */
enum overt_verdict_kind run_kind(const struct run_file *f);

#endif
