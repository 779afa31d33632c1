/*
 * Inventory from the broker's side: files go to a jailed worker, records come back and are joined.
 * A worker that dies or hangs over a file is replaced; that file is noted as not read, the others
 * go on.
 */
#ifndef OV_INSPECT_H
#define OV_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "join.h"
#include "overt/engine.h"

struct ov_inspect;

#define OV_INSPECT_ERROR 512

/**
 * Starts a worker. @param j  Gets the records; borrowed until closing. @param watch  Borrowed.
 * @return OVERT_OK; else *error says why (OV_INSPECT_ERROR bytes).
 */
enum overt_status ov_inspect_open(const struct overt_options *o, struct ov_join *j,
				  const struct ov_inv_watch *watch, size_t nwatch,
				  struct ov_inspect **out, char *error);
void ov_inspect_close(struct ov_inspect **x);

struct ov_inspect_file {
	int fd;
	struct ov_str path; /* in the root, without a leading '/'; copied */
	int64_t mtime;	    /* seconds */
	uint32_t mode;
	bool is_target;
	bool is_held; /* a part of an OCI layout, to be kept until index.json comes as the target */
};

/** Hands a file over; the descriptor is taken in any case. Records of earlier files may arrive
 * meanwhile. */
enum overt_status ov_inspect_file(struct ov_inspect *x, const struct ov_inspect_file *f);

/** Waits for all answers. */
enum overt_status ov_inspect_finish(struct ov_inspect *x);

const char *ov_inspect_error(const struct ov_inspect *x);

#endif
