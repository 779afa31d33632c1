/*
 * A trial: files scanned with one database, in a process of its own that starts workers of its own.
 * It can hang, grow or die without harm: what it did is read from memory that it shares.
 */
#ifndef OV_UPDATER_TRIAL_H
#define OV_UPDATER_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define TRIAL_NAMES 256
#define TRIAL_WHY 256

enum trial_outcome {
	TRIAL_UNSEEN = 0, /* no time was left for it, or it is gone */
	TRIAL_NOTHING,	  /* nothing was found                     */
	TRIAL_FOUND,
	TRIAL_CRASHED, /* a worker died, or hung, on it           */
	TRIAL_OUTCOMES
};

struct trial_file { /* bytes, or a path */
	const char *path;
	const void *bytes;
	size_t n;
};

struct trial {
	const char *database; /* a path whose name says what it is */
	const struct trial_file *files;
	size_t nfiles;
	size_t nmeasured; /* the first so many are timed by themselves: see scan_ms */
	uint64_t
	    max_memory; /* bytes of a worker's address space beyond the database; 0: the default */
	unsigned load_ms,
	    scan_ms; /* longer is too long for loading; for scanning, the rest is left out */
};

struct trial_result {
	bool is_loaded, is_done;
	uint64_t load_ms, measured_ms, signatures;
	uint64_t peak;	     /* bytes, of the largest of its processes */
	char why[TRIAL_WHY]; /* not loaded, or not done: why */
	size_t nnames;
	struct {
		size_t file;
		char name[128]; /* what was found there first */
	} names[TRIAL_NAMES];
	uint8_t *outcomes; /* nfiles of enum trial_outcome; the result's own */
	size_t bytes;	   /* of the mapping that holds it all */
};

/** Runs one. @param out  Free with trial_free(). @return OV_OK, whatever came of it; OV_NOMEM;
 * OV_IO with errno: no process could be made. */
OV_MUST_USE ov_status trial_run(const struct trial *t, struct trial_result **out);
void trial_free(struct trial_result **r);

/** Name of what was found in a file; "something" when it is not among the first TRIAL_NAMES. */
const char *trial_name(const struct trial_result *r, size_t file);

#endif
