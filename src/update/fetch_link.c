#include "fetch_link.h"

#include <stdio.h>
#include <string.h>

#include "fd.h"
#include "message.h"

struct request {
	uint64_t source, max;
	char path[OV_LINK_PATH]; /* ends in NUL */
};

struct reply {
	uint64_t size, sent, received;
	int32_t status, http;
	uint32_t has_error;
	char error[OV_LINK_ERROR]; /* ends in NUL */
};

/* What a fetch told of its request. */
static void on_request(void *ctx, const struct ov_fetch_record *rec)
{
	struct reply *r = ctx;

	r->sent += rec->sent;
	r->received += rec->received;
	r->http = rec->status;
	r->has_error = rec->error != NULL;
	(void)snprintf(r->error, sizeof r->error, "%s", rec->error != NULL ? rec->error : "");
}

/* The body goes in memory of its own, or none when there is none. */
static ov_status answer(int sock, const struct ov_buf *body, struct reply *r)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	struct ov_message m = { .head = r, .nhead = sizeof *r };

	if (r->status == OV_OK) {
		OV_TRY(ov_fd_memory("overt-fetch", &fd));
		OV_TRY(ov_fd_write(fd, body->p, body->n));
		r->size = body->n;
		m.fds = &fd;
		m.nfds = 1;
	}
	return ov_message_send(sock, &m, true);
}

static ov_status serve_one(int sock, struct ov_fetch *f, size_t nsources, struct reply *r)
{
	struct request q;
	struct ov_received got;
	struct ov_buf body;
	ov_status s;

	memset(r, 0, sizeof *r); /* also what f tells of a request */
	OV_TRY(ov_message_recv(sock, &q, sizeof q, true, &got));
	ov_received_close(&got);
	if (got.n != sizeof q || q.source >= nsources || q.max > SIZE_MAX / 4 ||
	    memchr(q.path, 0, sizeof q.path) == NULL)
		return OV_BAD;
	body = ov_buf_of((size_t)q.max * 2 + 4096);
	r->status = (int32_t)ov_fetch_get_from(f, (size_t)q.source, q.path, (size_t)q.max, &body);
	if (r->error[0] == '\0') {
		(void)snprintf(r->error, sizeof r->error, "%s", ov_fetch_error(f));
		r->has_error = r->error[0] != '\0';
	}
	s = answer(sock, &body, r);
	ov_buf_free(&body);
	return s;
}

ov_status ov_fetch_link_serve(int sock, const struct ov_fetch_options *o)
{
	struct ov_fetch_options mine = *o;
	struct ov_fetch *f = NULL;
	struct reply r;
	ov_status s;

	mine.told = on_request;
	mine.ctx = &r;
	mine.link = 0;
	OV_TRY(ov_fetch_open(&mine, &f));
	do {
		s = serve_one(sock, f, o->nsources, &r);
	} while (s == OV_OK);
	ov_fetch_close(&f);
	return s == OV_END ? OV_OK : s;
}

/* Copies the body: what the other side does to its memory afterwards changes nothing here. */
static ov_status take_body(int fd, uint64_t size, size_t max, struct ov_buf *out)
{
	size_t got = 0;

	if (size > max)
		return OV_IO;
	OV_TRY(ov_buf_reserve(out, (size_t)size));
	OV_TRY(ov_fd_pread(&fd, 0, out->p, (size_t)size, &got));
	if (got != size)
		return OV_IO;
	out->n = got;
	return OV_OK;
}

static bool is_status(int32_t s)
{
	return s == OV_OK || s == OV_END || s == OV_LIMIT || s == OV_NOMEM || s == OV_IO;
}

ov_status ov_fetch_link_ask(int sock, size_t source, const char *path, size_t max,
			    struct ov_buf *out, struct ov_fetch_link_answer *a)
{
	struct request q = { .source = source, .max = max };
	const struct ov_message m = { .head = &q, .nhead = sizeof q };
	struct ov_received got;
	struct reply r;
	ov_status s = OV_OK;

	out->n = 0;
	if (strlen(path) >= sizeof q.path)
		return OV_IO;
	(void)snprintf(q.path, sizeof q.path, "%s", path);
	OV_TRY(ov_message_send(sock, &m, true));
	s = ov_message_recv(sock, &r, sizeof r, true, &got);
	if (s != OV_OK)
		return s == OV_NOMEM ? s : OV_IO;
	if (got.n != sizeof r || !is_status(r.status) ||
	    memchr(r.error, 0, sizeof r.error) == NULL || got.nfds != (r.status == OV_OK ? 1 : 0))
		s = OV_IO;
	if (s == OV_OK && r.status == OV_OK)
		s = take_body(got.fds[0], r.size, max, out);
	ov_received_close(&got);
	if (s != OV_OK)
		return s;
	*a = (struct ov_fetch_link_answer){
		.status = (ov_status)r.status,
		.record = { .sent = r.sent, .received = r.received, .status = r.http }
	};
	memcpy(a->text, r.error, sizeof a->text);
	a->record.error = r.has_error ? a->text : NULL;
	return OV_OK;
}
