/*
 * The mirror's endpoints (C2SP tlog-mirror):
 *
 *   POST /add-checkpoint     as a witness's, without a signature in the answer
 *   POST /add-entries        packages of entries; the mirror's cosignature when all is held
 *   GET  /<hex>/...          the log as static files: checkpoint, tile/..., a/..., root/...,
 *                            latest.tlog-proof
 *
 * One thread for each connection, so that one that stalls stalls nobody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "mirror_int.h"
#include "store.h"
#include "text.h"

#define BODY_MAX (OV_NOTE_MAX + 64 * 64)
#define CONNECTIONS 32	/* each may hold a package */
#define WAIT_SECONDS 20 /* for artifacts that are on their way */
#define INFO_TYPE "text/x.tlog.mirror-info"
#define SIZE_TYPE "text/x.tlog.size"

struct request { /* as far as it has come */
	struct ov_buf body;
	bool is_upload, has_head;
	struct mirrored *log; /* an upload's, once its head was read */
	uint64_t at, end;     /* its next entry, and where it leads */
	unsigned packages;    /* that were taken */
	int status;	      /* 0: undecided; the rest of the body is passed over otherwise */
};

static struct mirrored *find_origin(struct mirror *m, struct ov_str origin)
{
	for (size_t i = 0; i < m->nlogs; i++)
		if (ov_str_eq(m->logs[i].a.log.name, origin))
			return &m->logs[i];
	return NULL;
}

/* ---- add-checkpoint ---- */

static int add_checkpoint(struct mirror *m, struct ov_str body, struct ov_buf *out,
			  const char **type)
{
	struct ov_witness_request r;
	struct mirrored *l;
	struct ov_arena a;
	int status = 400;
	ov_status s;

	ov_arena_init(&a, 4 << 20);
	s = ov_witness_parse(body, &a, &r);
	l = s == OV_OK ? find_origin(m, r.checkpoint.origin) : NULL;
	if (s == OV_NOMEM)
		status = 500;
	else if (s == OV_OK && l == NULL)
		status = 404;
	else if (s == OV_OK) {
		(void)pthread_mutex_lock(&l->lock);
		s = ov_archive_checkpoint(&l->a, &r, &status);
		if (s == OV_OK && status == 409) {
			*type = SIZE_TYPE;
			s = ov_buf_fmt(out, "%llu\n",
				       (unsigned long long)ov_archive_pending(&l->a));
		}
		if (l->a.alarm[0] != '\0')
			mirror_say(l, "ALARM: %s", l->a.alarm);
		l->is_wanted = true;
		(void)pthread_cond_signal(&l->wanted);
		(void)pthread_mutex_unlock(&l->lock);
		if (s != OV_OK)
			status = 500;
	}
	ov_arena_free(&a);
	return status;
}

/* ---- add-entries ---- */

/* May an upload begin and end there? The lock is held. @return HTTP's status; 0: yes. */
static int check_head(const struct mirrored *l, const struct ov_mirror_head *h)
{
	const uint64_t next = ov_archive_next(&l->a);

	if (l->a.npending == 0)
		return 422;
	if (!ov_archive_knows(&l->a, h->end) || h->end < l->a.held || h->start > next ||
	    (next > OV_ARCHIVE_BEHIND && h->start < next - OV_ARCHIVE_BEHIND) ||
	    (h->start == h->end && h->end != next && h->end != l->a.held))
		return 409;
	return 0;
}

static int take_head(struct mirror *m, struct request *q, struct ov_cur *c)
{
	struct ov_mirror_head head;
	ov_status s = ov_mirror_head_read(c, &head);

	if (s == OV_SHORT)
		return 0;
	if (s != OV_OK)
		return 400;
	q->has_head = true;
	q->at = head.start;
	q->end = head.end;
	q->log = find_origin(m, head.origin);
	if (q->log == NULL)
		return 404;
	(void)pthread_mutex_lock(&q->log->lock);
	q->status = check_head(q->log, &head);
	(void)pthread_mutex_unlock(&q->log->lock);
	return q->status;
}

static int status_of(ov_status s)
{
	switch (s) {
	case OV_OK:
		return 0;
	case OV_BAD:
		return 422;
	case OV_LIMIT:
		return 507;
	default:
		return 500;
	}
}

static int take_package(struct request *q, const struct ov_mirror_package *p)
{
	struct mirrored *l = q->log;
	ov_status s;

	(void)pthread_mutex_lock(&l->lock);
	s = ov_archive_package(&l->a, p, q->end);
	if (s == OV_LIMIT)
		mirror_say(l, "full: no room for more entries");
	(void)pthread_mutex_unlock(&l->lock);
	if (s != OV_OK)
		return status_of(s);
	q->at = p->end;
	q->packages++;
	return 0;
}

/* Whatever is complete in the body is taken, and goes. */
static void digest_body(struct mirror *m, struct request *q)
{
	struct ov_cur c = ov_buf_cur(&q->body);

	if (!q->has_head)
		q->status = take_head(m, q, &c);
	while (q->status == 0 && q->has_head && q->at < q->end) {
		struct ov_mirror_package p;
		const ov_status s = ov_mirror_package_read(&c, q->at, q->end, &p);

		if (s == OV_SHORT)
			break;
		q->status = s == OV_OK ? take_package(q, &p) : 400;
	}
	if (c.pos > 0) {
		memmove(q->body.p, q->body.p + c.pos, q->body.n - c.pos);
		q->body.n -= c.pos;
	}
}

static ov_status put_info(const struct request *q, struct ov_buf *out)
{
	const struct ov_archive *a = &q->log->a;
	const bool is_good = ov_archive_knows(a, q->end) && q->end >= a->held;
	struct ov_mirror_info i = { .size = is_good ? q->end : ov_archive_pending(a),
				    .next = ov_archive_next(a) };

	if (i.next > i.size)
		i.next = i.size;
	return ov_mirror_info_write(out, &i);
}

/* All entries are here: artifacts may still be on their way. The lock is held. */
static ov_status wait_and_sign(struct mirrored *l, uint64_t size, struct ov_buf *out)
{
	const uint64_t looks = l->looks;
	struct timespec until;
	ov_status s;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_SECONDS;
	for (;;) {
		s = size < l->a.held ? OV_SHORT : mirror_sign(l, size, out);
		/* The second look from now on began after all that was asked for was known. */
		if (s != OV_END || l->nsources == 0 || l->looks >= looks + 2)
			return s;
		l->is_wanted = true;
		(void)pthread_cond_signal(&l->wanted);
		if (pthread_cond_timedwait(&l->arrived, &l->lock, &until) == ETIMEDOUT)
			return OV_END;
	}
}

/* The upload has ended. The lock is held. @return HTTP's status. */
static int finish_upload(struct request *q, struct ov_buf *out)
{
	ov_status s;

	if (q->at < q->end) {
		if (q->packages == 0)
			return 400;
		return ov_archive_flush(&q->log->a) == OV_OK ? 202 : 500;
	}
	s = wait_and_sign(q->log, q->end, out);
	switch (s) {
	case OV_OK:
		return 200;
	case OV_SHORT: /* somebody else brought a later one meanwhile */
		return 409;
	case OV_END:
		return ov_buf_str(out,
				  OV_STR("artifacts that the entries name are not here yet\n")) ==
			       OV_OK
			   ? 503
			   : 500;
	case OV_LIMIT:
		return ov_buf_str(out, OV_STR("this mirror is full\n")) == OV_OK ? 507 : 500;
	default:
		return 500;
	}
}

static int add_entries(struct request *q, struct ov_buf *out, const char **type)
{
	int status = q->status;

	if (q->log == NULL)
		return status != 0 ? status : 400;
	(void)pthread_mutex_lock(&q->log->lock);
	if (status == 0)
		status = finish_upload(q, out);
	else if (q->packages > 0 && ov_archive_flush(&q->log->a) != OV_OK)
		status = 500;
	if (status == 202 || status == 409) {
		*type = INFO_TYPE;
		if (put_info(q, out) != OV_OK)
			status = 500;
	}
	(void)pthread_mutex_unlock(&q->log->lock);
	return status;
}

/* ---- static files ---- */

static bool is_served(struct ov_str path)
{
	const struct ov_str artifact = OV_STR("a/"), root = OV_STR("root/");
	struct ov_tile tile;

	if (ov_str_is(path, "checkpoint") || ov_str_is(path, "latest.tlog-proof"))
		return true;
	if (ov_str_starts(path, artifact)) {
		uint8_t sha256[OV_SHA256_BYTES];

		return ov_lines_sha256((struct ov_str){ path.p + 2, path.n - 2 }, sha256) == OV_OK;
	}
	if (ov_str_starts(path, root)) {
		uint64_t version;

		return ov_lines_u64((struct ov_str){ path.p + root.n, path.n - root.n },
				    &version) == OV_OK;
	}
	return ov_tile_parse(path, &tile) == OV_OK;
}

static enum MHD_Result send_file(struct MHD_Connection *conn, const char *folder, const char *name)
{
	char *path = ov_store_path(folder, name);
	struct MHD_Response *r = NULL;
	enum MHD_Result done = MHD_NO;
	struct stat st;
	int fd = -1;

	if (path != NULL && ov_fd_open_read(path, &fd) == OV_OK && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode))
		r = MHD_create_response_from_fd((uint64_t)st.st_size, fd); /* which closes it */
	else
		ov_fd_close(&fd);
	free(path);
	if (r == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(r, "Content-Type",
				      name[0] == 't' || name[0] == 'a'
					  ? "application/octet-stream"
					  : "text/plain; charset=utf-8");
	done = MHD_queue_response(conn, 200, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result get(struct mirror *m, struct MHD_Connection *conn, const char *path)
{
	static const struct ov_buf nothing;

	for (size_t i = 0; i < m->nlogs && path[0] == '/'; i++) {
		const size_t n = strlen(m->logs[i].hex);

		if (strncmp(path + 1, m->logs[i].hex, n) == 0 && path[1 + n] == '/' &&
		    is_served(ov_str_of(path + n + 2)) &&
		    send_file(conn, m->logs[i].a.public, path + n + 2) == MHD_YES)
			return MHD_YES;
	}
	return serve_answer(conn, 404, NULL, &nothing);
}

/* ---- requests ---- */

static enum MHD_Result finish(struct mirror *m, struct MHD_Connection *conn, const char *path,
			      const char *method, struct request *q)
{
	struct ov_buf out = ov_buf_of(1 << 17);
	const char *type = NULL;
	enum MHD_Result done;
	int status = q->status;

	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return get(m, conn, path);
	if (strcmp(method, "POST") != 0)
		status = 405;
	else if (q->is_upload)
		status = add_entries(q, &out, &type);
	else if (strcmp(path, "/add-checkpoint") != 0)
		status = 404;
	else if (status == 0)
		status = add_checkpoint(m, ov_buf_text(&q->body), &out, &type);
	done = serve_answer(conn, status, type, &out);
	ov_buf_free(&out);
	return done;
}

static struct request *begin(struct MHD_Connection *conn, const char *path)
{
	struct request *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->is_upload = strcmp(path, "/add-entries") == 0;
	q->body = ov_buf_of(q->is_upload ? OV_MIRROR_PACKAGE_MAX + OV_MIRROR_HEAD_MAX + (1 << 20)
					 : BODY_MAX);
	/* What nobody has vouched for reaches no decompressor. */
	if (MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Content-Encoding") != NULL)
		q->status = 415;
	return q;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *conn, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	struct request *q = *state;

	(void)version;
	if (q == NULL) {
		*state = begin(conn, path);
		return *state != NULL ? MHD_YES : MHD_NO;
	}
	if (*size == 0)
		return finish(ctx, conn, path, method, q);
	if (q->status == 0 && ov_buf_put(&q->body, data, *size) != OV_OK)
		q->status = 413;
	if (q->status == 0 && q->is_upload)
		digest_body(ctx, q);
	*size = 0;
	return MHD_YES;
}

static void on_done(void *ctx, struct MHD_Connection *conn, void **state,
		    enum MHD_RequestTerminationCode why)
{
	struct request *q = *state;

	(void)ctx;
	(void)conn;
	(void)why;
	if (q != NULL)
		ov_buf_free(&q->body);
	free(q);
	*state = NULL;
}

struct MHD_Daemon *mirror_serve(struct mirror *m, const struct sockaddr_storage *at)
{
	return MHD_start_daemon(
	    MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
		(at->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0),
	    0, NULL, NULL, on_request, m, MHD_OPTION_SOCK_ADDR, at, MHD_OPTION_NOTIFY_COMPLETED,
	    on_done, NULL, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVE_TIMEOUT_SECONDS,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)65536, MHD_OPTION_END);
}
