/* One end of the socket between broker and worker: whole messages out of pieces, and the other way
 * round. */
#ifndef OV_LINK_H
#define OV_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "message.h"
#include "status.h"
#include "wire.h"

struct ov_link {
	int sock;
	uint8_t *piece;	    /* OV_WIRE_PIECE bytes, owned              */
	struct ov_buf body; /* pieces so far of an unfinished message  */
	bool is_partial;
	struct ov_wire_head first; /* of that message */
	struct ov_received fds;	   /* that came with it */
};

/** Takes over the socket. @return OV_OK; OV_NOMEM (the socket is then still the caller's). */
OV_MUST_USE ov_status ov_link_open(int sock, struct ov_link *out);
void ov_link_close(struct ov_link *l);

/**
 * Sends a message. The descriptors stay the caller's.
 * @param wait  false: OV_END at once when the other side's queue is full; only for messages of one
 * piece.
 * @return OV_OK; OV_END; OV_IO; OV_LIMIT for a body beyond OV_WIRE_BODY_MAX.
 */
OV_MUST_USE ov_status ov_link_send(struct ov_link *l, enum ov_wire_kind kind, uint32_t job,
				   struct ov_cur body, const int *fds, size_t nfds, bool wait);

/* A whole message. The body is a view that lasts until the next call; the descriptors are the
 * receiver's. */
struct ov_arrival {
	enum ov_wire_kind kind;
	uint32_t job;
	struct ov_cur body;
	struct ov_received fds;
};

/**
 * Receives pieces until a message is whole.
 * @return OV_OK; OV_SHORT: not whole yet (only without `wait`); OV_END: the other end is closed;
 * OV_BAD: the other end breaks the protocol (a message that is too long, too); OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_link_recv(struct ov_link *l, bool wait, struct ov_arrival *out);

#endif
