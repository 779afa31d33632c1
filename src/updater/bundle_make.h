/* Making a bundle: what a site needs of a repository, as one file. */
#ifndef OV_UPDATER_BUNDLE_MAKE_H
#define OV_UPDATER_BUNDLE_MAKE_H

#include "client.h"
#include "site.h"

#define BUNDLE_ERROR 512

struct bundle_make {
	struct ov_fetch_options from;
	const char *output;
	const struct site *site; /* NULL: what any site may need */
	struct ov_str root; /* a root file: what is offered is judged by it first; may be empty */
	struct ov_str channel;
	const char *const *names; /* artifacts; none: all of the channel */
	size_t nnames;
	uint64_t now;
};

struct bundle_made {
	uint64_t size, bytes, files, roots, tiles, artifacts, deltas; /* size: the log's */
	char error[BUNDLE_ERROR];
};

/**
 * Fetches and writes. Only artifacts that have the digest that the state names go in; the rest is
 * for the site to verify, which believes no bundle.
 * @return OV_OK; others with made->error.
 */
OV_MUST_USE ov_status bundle_make(const struct bundle_make *o, struct bundle_made *made);

#endif
