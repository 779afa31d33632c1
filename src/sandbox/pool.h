/*
 * The workers that scan, and the files given to them. Each worker answers in order; a file waits in
 * its queue until then.
 *
 *   submit -> queue of the least busy worker -> answer -> finished
 *                 |  worker dies: its first file is "crashed" (or "timeout"), the others go to a
 * fresh worker
 *
 * Nothing here loops for ever: each death retires a file, and workers that die before they serve
 * count towards a cap.
 */
#ifndef OV_POOL_H
#define OV_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "options.h"
#include "verdict_int.h"

#define OV_POOL_DEPTH 48 /* files that one worker may have before it, at most */

struct ov_pool;

struct ov_pool_setup {
	const struct overt_options *options; /* borrowed */
	const char *worker;		     /* program, borrowed */
	int db;				     /* compiled database, borrowed */
	uint64_t db_size;		     /* bytes */
};

/** Starts with one worker; more come when there is work for them. */
OV_MUST_USE ov_status ov_pool_open(const struct ov_pool_setup *s, struct ov_pool **out);
void ov_pool_close(struct ov_pool **at);

/**
 * Waits until the first worker serves. @return OV_OK with the database's facts (until the pool
 * closes); OV_BAD: the worker refused the database; OV_IO: no worker serves. ov_pool_error() has
 * the words.
 */
OV_MUST_USE ov_status ov_pool_ready(struct ov_pool *p, const struct ov_wire_ready **out);
const char *ov_pool_error(const struct ov_pool *p);
/** The status that the worker refused the database with, OV_OK when it did not. */
ov_status ov_pool_refusal(const struct ov_pool *p);

/** Takes the descriptor on OV_OK. @return OV_OK; OV_END: all are busy; OV_IO: no worker is left;
 * OV_NOMEM. */
OV_MUST_USE ov_status ov_pool_submit(struct ov_pool *p, int *fd, uint64_t cookie);

/** @return OV_OK; OV_SHORT: none within the time (-1: wait); OV_END: nothing is outstanding;
 * OV_NOMEM. */
OV_MUST_USE ov_status ov_pool_next(struct ov_pool *p, int timeout_ms, struct ov_box **out);

/** Becomes readable when ov_pool_next() has something to do. */
int ov_pool_fd(const struct ov_pool *p);

#endif
