/* One end of the socket between broker and worker. See link.h. */
#include "link.h"

#include <stdlib.h>

#include "checked.h"
#include "fd.h"

#define ROOM (OV_WIRE_PIECE - OV_WIRE_HEAD) /* body bytes of one piece */

ov_status ov_link_open(int sock, struct ov_link *out)
{
	uint8_t *piece = malloc(OV_WIRE_PIECE);

	if (piece == NULL)
		return OV_NOMEM;
	*out =
	    (struct ov_link){ .sock = sock, .piece = piece, .body = ov_buf_of(OV_WIRE_BODY_MAX) };
	return OV_OK;
}

void ov_link_close(struct ov_link *l)
{
	ov_received_close(&l->fds);
	ov_buf_free(&l->body);
	free(l->piece);
	l->piece = NULL;
	ov_fd_close(&l->sock);
}

ov_status ov_link_send(struct ov_link *l, enum ov_wire_kind kind, uint32_t job, struct ov_cur body,
		       const int *fds, size_t nfds, bool wait)
{
	uint8_t head[OV_WIRE_HEAD];

	if (ov_cur_left(&body) > OV_WIRE_BODY_MAX)
		return OV_LIMIT;
	if (!wait && ov_cur_left(&body) > ROOM)
		return OV_BUG;
	do {
		const size_t n = ov_min_size(ov_cur_left(&body), ROOM);
		const struct ov_wire_head h = { .kind = kind,
						.has_more = ov_cur_left(&body) > n,
						.job = job,
						.length = (uint32_t)n };
		const struct ov_message m = { .head = head,
					      .nhead = sizeof head,
					      .body = ov_cur_rest(&body),
					      .nbody = n,
					      .fds = fds,
					      .nfds = nfds };

		ov_wire_put_head(head, &h);
		OV_TRY(ov_message_send(l->sock, &m, wait));
		OV_TRY(ov_cur_skip(&body, n));
		nfds = 0; /* they travel with the first piece */
	} while (ov_cur_left(&body) > 0);
	return OV_OK;
}

/* Joins a further piece, or starts a message of several. */
static ov_status join(struct ov_link *l, const struct ov_wire_head *h, struct ov_cur body)
{
	if (!l->is_partial) {
		l->first = *h;
		l->body.n = 0;
		l->is_partial = true;
	} else if (h->kind != l->first.kind || h->job != l->first.job || ov_cur_left(&body) == 0) {
		return OV_BAD; /* an empty piece would be a message without end */
	}
	if (ov_cur_left(&body) > OV_WIRE_BODY_MAX - l->body.n)
		return OV_BAD;
	return ov_buf_put(&l->body, ov_cur_rest(&body), ov_cur_left(&body));
}

static ov_status one_piece(struct ov_link *l, bool wait, struct ov_arrival *out, bool *is_whole)
{
	struct ov_received r;
	struct ov_wire_head h;
	struct ov_cur c;

	OV_TRY(ov_message_recv(l->sock, l->piece, OV_WIRE_PIECE, wait, &r));
	c = ov_cur_of(l->piece, r.n);
	if ((l->is_partial && r.nfds > 0) || ov_wire_get_head(&c, &h) != OV_OK) {
		ov_received_close(&r);
		return OV_BAD;
	}
	if (r.nfds > 0)
		l->fds = r;
	if (!h.has_more && !l->is_partial) {
		*out = (struct ov_arrival){ .kind = h.kind, .job = h.job };
		OV_TRY(ov_cur_take(&c, ov_cur_left(&c), &out->body));
	} else {
		OV_TRY(join(l, &h, c));
		if (h.has_more)
			return OV_OK;
		*out = (struct ov_arrival){ .kind = h.kind,
					    .job = h.job,
					    .body = ov_buf_cur(&l->body) };
	}
	out->fds = l->fds;
	l->fds.nfds = 0;
	l->is_partial = false;
	*is_whole = true;
	return OV_OK;
}

ov_status ov_link_recv(struct ov_link *l, bool wait, struct ov_arrival *out)
{
	bool is_whole = false;

	while (!is_whole)
		OV_TRY(one_piece(l, wait, out, &is_whole));
	return OV_OK;
}
