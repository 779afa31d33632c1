/*
 * The fence: for a process that must still do something outside of itself, one folder or the
 * network, and nothing else. Weaker than the jail (jail.h), which leaves nothing.
 *
 * Landlock: files only beneath the paths that are given, nothing is executed, no TCP port is bound,
 * connections go only to the ports that are given. seccomp: an allow-list; starting a program,
 * another process, tracing, mounting and kin kill the process, the rest is answered with EPERM.
 */
#ifndef OV_FENCE_H
#define OV_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jail.h"
#include "status.h"

struct ov_fence_path {
	const char
	    *path; /* a file or a folder with all beneath; one that is not there is passed over */
	bool can_write; /* also make, remove, rename, link, truncate */
};

struct ov_fence_options {
	const struct ov_fence_path *paths;
	size_t npaths;
	bool has_network; /* sockets of the internet, and what resolvers need; else none can be made
			   */
	const uint16_t *ports; /* TCP, to which connections may go; none: any */
	size_t nports;
};

struct ov_fence_report {
	enum ov_jail_state landlock, seccomp;
	char landlock_text[OV_JAIL_TEXT], seccomp_text[OV_JAIL_TEXT];
};

/**
 * Closes the fence around this process, which must have one thread. There is no way back.
 * @return OV_OK when both hold; OV_UNSUPPORTED when one does not, which the report tells: the
 * caller decides.
 */
OV_MUST_USE ov_status ov_fence_close(const struct ov_fence_options *o, struct ov_fence_report *out);

#endif
