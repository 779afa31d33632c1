/* Messages with descriptors. See message.h. */
#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "fd.h"

ov_status ov_message_pair(int *a, int *b)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return OV_IO;
	*a = pair[0];
	*b = pair[1];
	return OV_OK;
}

/* Room for one SCM_RIGHTS, aligned as cmsghdr wants. */
union control {
	struct cmsghdr align;
	unsigned char bytes[CMSG_SPACE(OV_MESSAGE_FDS * sizeof(int))];
};

ov_status ov_message_send(int sock, const struct ov_message *m, bool wait)
{
	struct iovec parts[2] = { { .iov_base = (void *)(uintptr_t)m->head, .iov_len = m->nhead },
				  { .iov_base = (void *)(uintptr_t)m->body, .iov_len = m->nbody } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = m->nbody > 0 ? 2 : 1 };
	union control room;
	ssize_t sent;

	if (m->nfds > OV_MESSAGE_FDS)
		return OV_BUG;
	if (m->nfds > 0) {
		struct cmsghdr *c;

		memset(&room, 0, sizeof room);
		msg.msg_control = room.bytes;
		msg.msg_controllen = CMSG_SPACE(m->nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(m->nfds * sizeof(int));
		memcpy(CMSG_DATA(c), m->fds, m->nfds * sizeof(int));
	}
	do {
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return (size_t)sent == m->nhead + m->nbody ? OV_OK : OV_IO;
	/* ETOOMANYREFS: more descriptors are on their way than this user may have open; some will
	 * arrive. */
	return !wait && (errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS) ? OV_END
										       : OV_IO;
}

void ov_received_close(struct ov_received *r)
{
	for (size_t i = 0; i < r->nfds; i++)
		ov_fd_close(&r->fds[i]);
	r->nfds = 0;
}

/* Takes what descriptors came along. The kernel bounds them by our room; OV_BAD when some did not
 * fit. */
static ov_status take_fds(struct msghdr *msg, struct ov_received *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > OV_MESSAGE_FDS - out->nfds)
			return OV_BAD;
		memcpy(out->fds + out->nfds, CMSG_DATA(c), n * sizeof(int));
		out->nfds += n;
	}
	return (msg->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0 ? OV_BAD : OV_OK;
}

ov_status ov_message_recv(int sock, void *to, size_t max, bool wait, struct ov_received *out)
{
	struct iovec part = { .iov_base = to, .iov_len = max };
	union control room;
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = room.bytes,
			      .msg_controllen = sizeof room.bytes };
	struct ov_received r = { .n = 0 };
	int resets = 0;
	ssize_t got;

	/*
	 * When the other end closes with messages of ours unread, the kernel reports ECONNRESET
	 * once, before what it had sent us. That is not lost: the next call gives it.
	 */
	do {
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	} while (got < 0 && (errno == EINTR || (errno == ECONNRESET && resets++ == 0)));
	if (got < 0 && errno == EAGAIN)
		return OV_SHORT;
	if (got < 0)
		return errno == ECONNRESET ? OV_END : OV_IO;
	if (take_fds(&msg, &r) != OV_OK) {
		ov_received_close(&r);
		return OV_BAD;
	}
	if (got == 0 && r.nfds == 0)
		return OV_END; /* we send no empty messages, so this is the other end closing */
	r.n = (size_t)got;
	*out = r;
	return OV_OK;
}
