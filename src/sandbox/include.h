/* Files that sources include: a compile worker asks for them by name, the broker opens them. */
#ifndef OV_INCLUDE_H
#define OV_INCLUDE_H

#include "link.h"
#include "sources.h"

#define OV_INCLUDES_MAX 4096

struct include_list { /* starts with `sources`, the rest zero */
	const struct ov_sources *sources;
	char **paths; /* what was included, in order; owned */
	size_t n;
};

/**
 * Answers one NEED: opens the file, relative to the file that includes it, and sends it. A file
 * that can't be had is answered as well. @return OV_OK; OV_BAD when the worker broke the protocol.
 */
OV_MUST_USE ov_status ov_include_serve(struct include_list *l, struct ov_link *link,
				       struct ov_arrival *m);
void ov_include_free(struct include_list *l);

#endif
