/* Inventory: files to a worker, records from it. See inspect.h. */
#include "inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker_int.h"
#include "clock.h"
#include "fd.h"

#define WAITING_MAX 12	 /* files with a worker at one time: fewer than its descriptors */
#define ANSWER_MS 120000 /* for one file without a word */
#define DEATHS_MAX 200	 /* workers that die over files before we give up */

struct waiting { /* a file that is with the worker, first come first */
	int fd;
	char *path; /* owned */
	size_t npath;
	int64_t mtime;
	uint32_t mode, job;
	bool is_target, is_held;
};

struct ov_inspect {
	struct overt_options *options;
	struct ov_join *join;
	const struct ov_inv_watch *watch;
	size_t nwatch;
	struct ov_session session;
	bool is_open;
	struct waiting waiting[WAITING_MAX];
	size_t n, sent; /* waiting; of these already given to the worker */
	uint32_t job, deaths;
	uint64_t progress;
	char error[OV_ERROR_MAX];
};

static enum overt_status start(struct ov_inspect *x)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(OV_WIRE_BODY_MAX);
	const enum overt_status st =
	    ov_session_open(x->options, OV_ROLE_INVENTORY, 0, ANSWER_MS, &x->session, x->error);

	if (st != OVERT_OK)
		return st;
	x->is_open = true;
	x->sent = 0;
	x->progress = 0;
	if (x->nwatch == 0)
		return OVERT_OK;
	if (ov_rec_put_watch(&b, x->watch, x->nwatch) != OV_OK ||
	    ov_link_send(&x->session.child.link, OV_WIRE_WATCH, 0, ov_buf_cur(&b), NULL, 0, true) !=
		OV_OK)
		return ov_fail(x->error, OVERT_NO_WORKER, "a worker died at its start");
	return OVERT_OK;
}

static void stop(struct ov_inspect *x)
{
	if (x->is_open)
		ov_session_close(&x->session);
	x->is_open = false;
}

enum overt_status ov_inspect_open(const struct overt_options *o, struct ov_join *j,
				  const struct ov_inv_watch *watch, size_t nwatch,
				  struct ov_inspect **out, char *error)
{
	struct ov_inspect *x = calloc(1, sizeof *x);
	enum overt_status st = OVERT_NO_MEMORY;

	error[0] = '\0';
	if (x == NULL)
		return st;
	x->join = j;
	x->watch = watch;
	x->nwatch = nwatch;
	x->options = ov_options_copy(o);
	if (x->options != NULL)
		st = start(x);
	if (st == OVERT_OK) {
		(void)ov_jail_may_serve(x->options, &x->session.jail, true, x->error);
		*out = x;
		return OVERT_OK;
	}
	(void)snprintf(error, OV_INSPECT_ERROR, "%s", x->error);
	ov_inspect_close(&x);
	return st;
}

static void drop(struct waiting *w)
{
	ov_fd_close(&w->fd);
	free(w->path);
	w->path = NULL;
}

void ov_inspect_close(struct ov_inspect **xp)
{
	struct ov_inspect *x = *xp;

	if (x == NULL)
		return;
	stop(x);
	for (size_t i = 0; i < x->n; i++)
		drop(&x->waiting[i]);
	overt_options_free(&x->options);
	free(x);
	*xp = NULL;
}

const char *ov_inspect_error(const struct ov_inspect *x)
{
	return x->error;
}

static struct ov_str path_of(const struct waiting *w)
{
	return (struct ov_str){ .p = w->path, .n = w->npath };
}

/* The first file is done, whatever came of it. */
static enum overt_status retire(struct ov_inspect *x)
{
	const ov_status st = ov_join_file_end(x->join);

	drop(&x->waiting[0]);
	x->n--;
	x->sent -= x->sent > 0;
	memmove(x->waiting, x->waiting + 1, x->n * sizeof x->waiting[0]);
	x->progress = 0;
	x->session.deadline_ms = ov_clock_ms() + ANSWER_MS;
	return st == OV_OK ? OVERT_OK : ov_fail(x->error, OVERT_NO_MEMORY, "too much to keep");
}

/* The worker is gone, hangs or broke the form: the first file is to blame, the rest goes to the
 * next one. */
static enum overt_status lose(struct ov_inspect *x, const char *reason, const char *detail)
{
	ov_status st = OV_OK;

	stop(x);
	if (++x->deaths > DEATHS_MAX)
		return ov_fail(x->error, OVERT_NO_WORKER, "workers keep dying: %s", detail);
	if (x->n > 0) {
		st = ov_join_unread(x->join, path_of(&x->waiting[0]), OV_BUG, reason, detail);
		if (st == OV_OK && retire(x) != OVERT_OK)
			st = OV_NOMEM;
	}
	if (st != OV_OK)
		return ov_fail(x->error, OVERT_NO_MEMORY, "out of memory");
	return start(x);
}

static enum overt_status lose_dead(struct ov_inspect *x)
{
	char how[OV_CHILD_TEXT] = "";

	(void)ov_child_end(&x->session.child, how);
	return lose(x, "crashed", how);
}

static ov_status send_one(struct ov_inspect *x, const struct waiting *w)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(OV_WIRE_BODY_MAX);
	const struct ov_wire_inspect told = { .path = path_of(w),
					      .mtime = w->mtime,
					      .mode = w->mode,
					      .is_target = w->is_target,
					      .is_held = w->is_held };

	OV_TRY(ov_wire_put_inspect(&b, &told));
	/* A path longer than a datagram waits: the worker reads while it has nothing to do. */
	return ov_link_send(&x->session.child.link, OV_WIRE_INSPECT, w->job, ov_buf_cur(&b), &w->fd,
			    1, b.n > OV_WIRE_PIECE - OV_WIRE_HEAD);
}

static enum overt_status send_waiting(struct ov_inspect *x)
{
	while (x->sent < x->n) {
		const ov_status st = send_one(x, &x->waiting[x->sent]);

		if (st == OV_END) /* its queue is full: answers first */
			return OVERT_OK;
		if (st != OV_OK)
			return lose_dead(x);
		if (x->sent++ == 0)
			x->session.deadline_ms = ov_clock_ms() + ANSWER_MS;
	}
	return OVERT_OK;
}

static enum overt_status take_progress(struct ov_inspect *x, struct ov_cur body)
{
	uint64_t n = 0;

	if (ov_cur_u64le(&body, &n) != OV_OK || ov_cur_left(&body) != 0)
		return lose(x, "crashed", "the worker broke the protocol");
	if (n > x->progress) {
		x->progress = n;
		x->session.deadline_ms = ov_clock_ms() + ANSWER_MS;
	}
	return OVERT_OK;
}

static enum overt_status take(struct ov_inspect *x, struct ov_arrival *m)
{
	struct waiting *const w = &x->waiting[0];
	char error[OV_ERROR_MAX] = "";
	struct ov_str text;
	ov_status st, why;

	if (x->sent == 0 || m->job != w->job)
		return lose(x, "crashed", "the worker broke the protocol");
	switch (m->kind) {
	case OV_WIRE_RECORDS:
		st = ov_join_records(x->join, path_of(w), m->body);
		if (st == OV_NOMEM || st == OV_LIMIT)
			return ov_fail(x->error, OVERT_NO_MEMORY, "too much to keep");
		return st == OV_OK ? OVERT_OK : lose(x, "crashed", "the worker broke the protocol");
	case OV_WIRE_PROGRESS:
		return take_progress(x, m->body);
	case OV_WIRE_DONE:
		return ov_cur_left(&m->body) == 0
			   ? retire(x)
			   : lose(x, "crashed", "the worker broke the protocol");
	case OV_WIRE_FAILED:
		if (ov_wire_get_failed(&m->body, &why, &text) != OV_OK)
			return lose(x, "crashed", "the worker broke the protocol");
		ov_shown(text, error, sizeof error);
		if (ov_join_unread(x->join, path_of(w), why, ov_inv_reason(why), error) != OV_OK)
			return ov_fail(x->error, OVERT_NO_MEMORY, "out of memory");
		return retire(x);
	default:
		return lose(x, "crashed", "the worker broke the protocol");
	}
}

static enum overt_status receive(struct ov_inspect *x)
{
	struct ov_arrival m;
	const ov_status st = ov_session_recv(&x->session, &m);

	if (st == OV_OK)
		return take(x, &m);
	if (st == OV_LIMIT)
		return lose(x, "timeout", "the worker did not answer in time");
	if (st == OV_BAD)
		return lose(x, "crashed", "the worker broke the protocol");
	return lose_dead(x);
}

enum overt_status ov_inspect_file(struct ov_inspect *x, const struct ov_inspect_file *f)
{
	struct waiting w = { .fd = f->fd,
			     .npath = f->path.n,
			     .mtime = f->mtime,
			     .mode = f->mode,
			     .is_target = f->is_target,
			     .is_held = f->is_held,
			     .job = ++x->job };
	enum overt_status st = OVERT_OK;

	while (x->n == WAITING_MAX && st == OVERT_OK) {
		st = send_waiting(x);
		if (st == OVERT_OK && x->n == WAITING_MAX)
			st = receive(x);
	}
	w.path = malloc(f->path.n + 1);
	if (st != OVERT_OK || w.path == NULL) {
		drop(&w);
		return st != OVERT_OK ? st : ov_fail(x->error, OVERT_NO_MEMORY, "out of memory");
	}
	if (f->path.n > 0)
		memcpy(w.path, f->path.p, f->path.n);
	w.path[f->path.n] = '\0';
	x->waiting[x->n++] = w;
	return send_waiting(x);
}

enum overt_status ov_inspect_finish(struct ov_inspect *x)
{
	enum overt_status st = OVERT_OK;

	while (x->n > 0 && st == OVERT_OK) {
		st = send_waiting(x);
		if (st == OVERT_OK && x->n > 0)
			st = receive(x);
	}
	return st;
}
