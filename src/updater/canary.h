/*
 * Trying a database before it serves, in processes of its own (trial.h), held against the one that
 * serves now. It must
 *
 *   load, within a minute (or 3 times what the old one takes) and 1.5 times the old one's memory;
 *   find signatures of its own in files made of them, and what the old one finds in the test file;
 *   find nothing in clean samples and in overt's own programs;
 *   find nothing that the old one does not find in a sample of the system's files, where the
 * package manager vouches for their content, and in what the user names; crash on none of the last
 * files that were scanned on this machine, unless the old one does too; take no more than 3 times
 * as long for the same files.
 */
#ifndef OV_CANARY_H
#define OV_CANARY_H

#include "cli.h"
#include "client.h"

#define CANARY_SAMPLE ((uint64_t)200 << 20) /* bytes of system files */

struct canary {
	const struct cli_list *tries; /* paths that must stay without a new detection */
	const char *folder;	      /* the client's: the old database is in active/ */
	uint64_t sample;	      /* bytes; 0: none */
	bool no_recent;		      /* leave the list of the last files alone */
};

/* An ov_client_canary_fn. */
ov_status canary_try(void *ctx, const char *path, struct ov_str name, char why[OV_CLIENT_ERROR]);

/**
 * Which of these files crash `bad` and not `good`, or are found by it alone though the package
 * manager vouches for them? For databases that serve already.
 * @param why  On OV_BAD: what and where.
 * @return OV_OK none; OV_BAD some; others when it can't be told.
 */
OV_MUST_USE ov_status canary_compare(const char *bad, const char *good,
				     const struct cli_list *paths, char why[OV_CLIENT_ERROR]);

#endif
