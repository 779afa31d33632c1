/* Messages with descriptors over a SOCK_SEQPACKET socket: each is sent and received whole, or not
 * at all. */
#ifndef OV_MESSAGE_H
#define OV_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define OV_MESSAGE_FDS 4 /* descriptors one message may carry */

/** Two connected ends, closed on exec. */
OV_MUST_USE ov_status ov_message_pair(int *a, int *b);

/**
 * Sends one message of one or two pieces. The descriptors stay the caller's.
 * @param wait  false: give OV_END at once when the other side's queue is full.
 * @return OV_OK; OV_END would block; OV_IO with errno (EPIPE: nobody is left at the other end). No
 * SIGPIPE is raised.
 */
struct ov_message {
	const void *head, *body;
	size_t nhead, nbody; /* bytes */
	const int *fds;
	size_t nfds;
};
OV_MUST_USE ov_status ov_message_send(int sock, const struct ov_message *m, bool wait);

/* What arrived. Descriptors are the receiver's: ov_received_close() or take them. */
struct ov_received {
	size_t n; /* bytes */
	int fds[OV_MESSAGE_FDS];
	size_t nfds;
};
void ov_received_close(struct ov_received *r);

/**
 * Receives one message into `to`.
 * @return OV_OK; OV_END: the other end is closed; OV_SHORT: nothing there (only without `wait`);
 * OV_BAD: the message is longer than `max`, or carries too many descriptors (all are closed);
 * OV_IO.
 */
OV_MUST_USE ov_status ov_message_recv(int sock, void *to, size_t max, bool wait,
				      struct ov_received *out);

#endif
