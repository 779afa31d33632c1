/*
 * Evidence: what a file says about the software that it is, or that it speaks of. Runs in the
 * worker only; what it finds leaves as records (inventory/record.h).
 *
 * Each source (a package database, a kind of program, a document) is one file here and one row in
 * sources.c. A source never judges and never opens: it is handed a file that the walk met, with the
 * path that it has in its root, and reads as little of it as will do.
 */
#ifndef OV_GATHER_H
#define OV_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "inventory.h"
#include "source.h"
#include "status.h"

struct ov_ev;

/* Who hears. Both return what ends the work: the broker is gone. */
struct ov_ev_sink {
	ov_status (*records)(void *ctx, struct ov_cur body); /* whole records */
	ov_status (*progress)(void *ctx);		     /* work goes on; may be NULL */
	void *ctx;
};

struct ov_ev_in {
	struct ov_str path; /* in its root, without a leading '/' */
	const struct ov_src *src;
	int64_t mtime;	/* seconds; OV_INV_NO_DATE: not known */
	uint32_t mode;	/* permission bits with setuid and setgid */
	bool is_target; /* named by the user: an image or archive is opened, whatever its name */
};

OV_MUST_USE ov_status ov_ev_new(struct ov_ev **out);
void ov_ev_free(struct ov_ev **e);

/** What to look for beside the rest. The list must outlive `e`. @return OV_OK; OV_NOMEM. */
OV_MUST_USE ov_status ov_ev_watch(struct ov_ev *e, const struct ov_inv_watch *w, size_t n);

/**
 * Reads one file. All that can't be read becomes a record that says so.
 * @return OV_OK; what the sink returned; OV_NOMEM; OV_BUG.
 * Threads: one at a time for each struct ov_ev.
 */
OV_MUST_USE ov_status ov_ev_file(struct ov_ev *e, const struct ov_ev_in *in,
				 const struct ov_ev_sink *sink);

/**
 * Hands over a part of an image that is many files (an OCI layout): read when its index is. `path`
 * and what `src` stands on must outlive `e`. @return OV_OK; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_ev_hold(struct ov_ev *e, struct ov_str path, const struct ov_src *src);

/** Name of a source, for docs and fuzzing; NULL past the last. */
const char *ov_ev_source_name(size_t i);

#endif
