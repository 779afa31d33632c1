/* Trying a database before it serves, in a sandboxed worker of its own: it must load, find what
 * each database must find, find nothing in clean samples and in what the user names. */
#ifndef OV_CANARY_H
#define OV_CANARY_H

#include "cli.h"
#include "client.h"

struct canary {
	struct cli *cli;
	const struct cli_list *tries; /* paths that must stay without detection */
};

/* An ov_client_canary_fn. */
ov_status canary_try(void *ctx, const char *path, struct ov_str name, char why[OV_CLIENT_ERROR]);

#endif
