/*
 * The witness's endpoints (C2SP tlog-witness):
 *
 *   POST /add-checkpoint             a request of witness.h; 200 with the cosignature line
 *   GET  /<hex of SHA-256(origin)>/checkpoint    the newest cosigned checkpoint, for monitors
 *
 * One thread reads requests and decides, one after the other, so that what is stored and what is
 * compared can't come apart. A second thread makes what was decided durable: all that came while it
 * wrote goes with the next sync. An answer leaves only after that.
 */
#include <stdlib.h>
#include <string.h>

#include "evidence.h"
#include "store.h"
#include "text.h"
#include "witness_int.h"

#define BODY_MAX (OV_NOTE_MAX + 64 * 64)
#define CONNECTIONS 4096
#define SIZE_TYPE "text/x.tlog.size"

struct request {
	struct ov_buf body, out; /* as far as it has come; the answer */
	bool is_too_long, waits, is_done;
	int status;
	struct seen *log;
	struct ov_buf note; /* to be shown once it is on the disk */
	struct MHD_Connection *conn;
	struct request *next;
};

/* A note with the log's own line and ours, not those of others. */
static ov_status make_note(const struct ov_witness_request *r, const struct seen *log,
			   const struct ov_buf *line, struct ov_buf *out)
{
	OV_TRY(ov_buf_str(out, r->note.text));
	OV_TRY(ov_buf_u8(out, '\n'));
	for (uint32_t i = 0; i < r->note.nsigs; i++)
		if (r->note.sigs[i].id == log->key.id &&
		    ov_str_eq(r->note.sigs[i].name, log->key.name))
			OV_TRY(ov_buf_fmt(out, "%.*s\n", (int)r->note.sigs[i].line.n,
					  r->note.sigs[i].line.p));
	return ov_buf_put(out, line->p, line->n);
}

/* Decided: from here on no other tree of this size is signed; the answer waits for the disk. */
static ov_status promise(struct witness *w, const struct ov_witness_request *r, struct request *q)
{
	OV_TRY(ov_note_sign(&w->key, r->note.text, updater_now(), &q->out));
	OV_TRY(make_note(r, q->log, &q->out, &q->note));
	(void)pthread_mutex_lock(&w->lock);
	q->status = w->is_broken || ov_journal_put(w->h, &w->batch, ov_buf_text(&q->note)) != OV_OK
			? 500
			: 200;
	if (q->status == 200) {
		q->log->stored = (struct ov_witness_stored){ .size = r->checkpoint.size,
							     .root = r->checkpoint.root };
		q->waits = true;
		q->next = w->waiting;
		w->waiting = q;
		MHD_suspend_connection(q->conn);
		(void)pthread_cond_signal(&w->more);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return q->status == 200 ? OV_OK : OV_IO;
}

/* One size, two roots, both signed by the log: that is evidence. */
static void keep_fork(struct witness *w, const struct ov_witness_request *r, const struct seen *log)
{
	const struct ov_contradiction how = { .has_prefix = false };
	const struct ov_buf nothing = ov_buf_of(0);
	struct ov_buf note = ov_buf_of(2 * OV_NOTE_MAX), both = ov_buf_of(2 * OV_EVIDENCE_MAX);
	char name[OV_EVIDENCE_NAME];

	(void)pthread_mutex_lock(&w->lock);
	if (make_note(r, log, &nothing, &note) == OV_OK && log->note.n > 0 &&
	    ov_evidence_write(&log->key, log->note, ov_buf_text(&note), &how, &both) == OV_OK &&
	    ov_evidence_keep(w->folder, ov_buf_text(&both), name) == OV_OK) {
		cli_put(&w->cli->out, "  ALARM  two histories of ");
		cli_shown(&w->cli->out, log->key.name);
		cli_fmt(&w->cli->out, ": %s/%s\n", w->folder, name);
		cli_flush(&w->cli->out);
	}
	(void)pthread_mutex_unlock(&w->lock);
	ov_buf_free(&note);
	ov_buf_free(&both);
}

static struct seen *find_origin(struct witness *w, struct ov_str origin)
{
	uint8_t digest[OV_DIGEST_MAX];
	char hex[65];

	if (ov_hasher_once(w->h, origin.p, origin.n, digest) != OV_OK)
		return NULL;
	ov_hex_encode(digest, 32, hex);
	return witness_log(w, hex);
}

/* @return true: the answer is ready. */
static bool add_checkpoint(struct witness *w, struct request *q)
{
	static const struct ov_witness_stored nothing;
	struct ov_witness_request r;
	struct ov_arena a;
	ov_status s;

	ov_arena_init(&a, 4 << 20);
	q->status = 500;
	s = ov_witness_parse(ov_buf_text(&q->body), &a, &r);
	if (s == OV_OK) {
		q->log = find_origin(w, r.checkpoint.origin);
		s = ov_witness_decide(w->h, &r, q->log != NULL ? &q->log->key : NULL,
				      q->log != NULL ? &q->log->stored : &nothing, &q->status);
	} else if (s != OV_NOMEM) {
		q->status = 400;
		s = OV_OK;
	}
	if (s == OV_OK && q->log != NULL && q->status == 200)
		s = promise(w, &r, q);
	else if (s == OV_OK && q->log != NULL && q->status == 409)
		s = ov_buf_fmt(&q->out, "%llu\n", (unsigned long long)q->log->stored.size);
	if (s == OV_OK && q->log != NULL && (q->status == 409 || q->status == 422) &&
	    r.checkpoint.size == q->log->stored.size &&
	    memcmp(r.checkpoint.root.b, q->log->stored.root.b, OV_MERKLE_HASH) != 0)
		keep_fork(w, &r, q->log);
	if (s != OV_OK) {
		q->out.n = 0;
		q->status = 500;
	}
	ov_arena_free(&a);
	return !q->waits;
}

/* ---- the writer ---- */

static void answer_all(struct witness *w, struct request *all, bool is_good)
{
	while (all != NULL) {
		struct request *next = all->next;

		(void)pthread_mutex_lock(&w->lock);
		if (!is_good || witness_keep_note(all->log, ov_buf_text(&all->note)) != OV_OK) {
			all->status = 500;
			all->out.n = 0;
		}
		all->is_done = true;
		(void)pthread_mutex_unlock(&w->lock);
		MHD_resume_connection(all->conn); /* `all` may be gone after this */
		all = next;
	}
}

/* Oldest first, so that of one log the newest note stays. */
static struct request *reversed(struct request *list)
{
	struct request *out = NULL;

	while (list != NULL) {
		struct request *next = list->next;

		list->next = out;
		out = list;
		list = next;
	}
	return out;
}

void *witness_write(void *witness)
{
	struct witness *w = witness;
	struct ov_buf batch = ov_buf_of(w->batch.max);

	(void)pthread_mutex_lock(&w->lock);
	while (!w->must_stop || w->waiting != NULL) {
		struct request *all;
		struct ov_buf taken;
		bool good;

		if (w->waiting == NULL) {
			(void)pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		all = reversed(w->waiting);
		w->waiting = NULL;
		taken = w->batch;
		w->batch = batch;
		(void)pthread_mutex_unlock(&w->lock);
		good = ov_journal_commit(&w->journal, &taken) == OV_OK;
		answer_all(w, all, good);
		taken.n = 0;
		batch = taken;
		(void)pthread_mutex_lock(&w->lock);
		w->is_broken = w->is_broken || !good;
	}
	w->is_broken = true; /* nobody writes what would be promised from here on */
	(void)pthread_mutex_unlock(&w->lock);
	ov_buf_free(&batch);
	return NULL;
}

/* ---- requests ---- */

static int get_checkpoint(struct witness *w, const char *path, struct ov_buf *out)
{
	char hex[65];
	struct seen *log;
	ov_status s = OV_END;

	if (strlen(path) != 1 + 64 + 11 || strcmp(path + 65, "/checkpoint") != 0)
		return 404;
	memcpy(hex, path + 1, 64);
	hex[64] = '\0';
	(void)pthread_mutex_lock(&w->lock);
	log = witness_log(w, hex);
	if (log != NULL && log->note.n > 0)
		s = ov_buf_str(out, log->note);
	(void)pthread_mutex_unlock(&w->lock);
	return s == OV_OK ? 200 : s == OV_END ? 404 : 500;
}

static enum MHD_Result finish(struct witness *w, const char *path, const char *method,
			      struct request *q)
{
	if (q->is_done) /* it waited for the disk */
		return serve_answer(q->conn, q->status, NULL, &q->out);
	if (strcmp(method, "POST") == 0 && strcmp(path, "/add-checkpoint") == 0) {
		if (q->is_too_long)
			q->status = 413;
		else if (!add_checkpoint(w, q))
			return MHD_YES;
	} else if (strcmp(method, "GET") == 0) {
		q->status = get_checkpoint(w, path, &q->out);
	} else {
		q->status = strcmp(path, "/add-checkpoint") == 0 ? 405 : 404;
	}
	return serve_answer(q->conn, q->status, q->status == 409 ? SIZE_TYPE : NULL, &q->out);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *conn, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	struct request *q = *state;

	(void)version;
	if (q == NULL) {
		q = calloc(1, sizeof *q);
		if (q == NULL)
			return MHD_NO;
		q->conn = conn;
		q->body = ov_buf_of(BODY_MAX);
		q->out = ov_buf_of(1 << 17);
		q->note = ov_buf_of(2 * OV_NOTE_MAX);
		*state = q;
		return MHD_YES;
	}
	if (*size > 0) {
		if (!q->is_too_long && ov_buf_put(&q->body, data, *size) != OV_OK)
			q->is_too_long = true;
		*size = 0;
		return MHD_YES;
	}
	return finish(ctx, path, method, q);
}

static void on_done(void *ctx, struct MHD_Connection *conn, void **state,
		    enum MHD_RequestTerminationCode why)
{
	struct request *q = *state;

	(void)ctx;
	(void)conn;
	(void)why;
	if (q != NULL) {
		ov_buf_free(&q->body);
		ov_buf_free(&q->out);
		ov_buf_free(&q->note);
		free(q);
	}
	*state = NULL;
}

struct MHD_Daemon *witness_serve(struct witness *w, const struct sockaddr_storage *at)
{
	return MHD_start_daemon(
	    MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME |
		(at->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0),
	    0, NULL, NULL, on_request, w, MHD_OPTION_SOCK_ADDR, at, MHD_OPTION_NOTIFY_COMPLETED,
	    on_done, NULL, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVE_TIMEOUT_SECONDS,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)16384, MHD_OPTION_END);
}
