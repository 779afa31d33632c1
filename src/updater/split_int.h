/* What fences of overt update let through: shared by running and proving. */
#ifndef OV_UPDATER_SPLIT_INT_H
#define OV_UPDATER_SPLIT_INT_H

#include "fence.h"
#include "fetch.h"

#define SPLIT_PATHS 40
#define SPLIT_PORTS 32

struct split_paths {
	struct ov_fence_path path[SPLIT_PATHS];
	size_t n;
};

/* The client's folder, for writing, and local sources. */
void split_verifier_paths(const char *folder, const struct ov_fetch_options *from,
			  struct split_paths *out);

/* Certificates, and what the C library's resolver reads. */
void split_fetcher_paths(struct split_paths *out);

/* TCP ports of the sources, and that of name servers. @return how many; 0: any, since a proxy is
 * asked that only libcurl knows. */
size_t split_ports(const struct ov_fetch_options *from, uint16_t ports[SPLIT_PORTS]);

#endif
