/* A worker process, seen from the broker: started, killed, waited for. */
#ifndef OV_CHILD_H
#define OV_CHILD_H

#include <sys/types.h>

#include "link.h"
#include "status.h"

#define OV_CHILD_TEXT 160
#define OV_WORKER_FD 3 /* where a worker finds its socket */

struct ov_child {
	pid_t pid; /* 0: none */
	struct ov_link link;
};

/** Starts `program` with one end of a socket pair as descriptor 3 and nothing else of ours. @return
 * OV_OK; OV_IO; OV_NOMEM. */
OV_MUST_USE ov_status ov_child_start(const char *program, struct ov_child *out);

/**
 * Closes the socket, kills the process and waits for it; `why` gets how it ended ("signal 11
 * (SIGSEGV)"). A process that the kernel does not let die (a hung network file system) is left
 * behind after two seconds.
 * @return the signal that ended it, 0 when it ended by itself.
 */
int ov_child_end(struct ov_child *c, char why[OV_CHILD_TEXT]);

/** The same for a worker that has nothing left to do. */
void ov_child_dismiss(struct ov_child *c);

/** True in the thread that a worker may be tied to: when it ends, so does the process. */
bool ov_child_is_main_thread(void);

#endif
