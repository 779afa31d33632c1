/* Inventory: a descriptor in, records of what the file says of software out. */
#include "worker_int.h"

#include "clock.h"
#include "fd.h"

#define PROGRESS_MS 1000

ov_status ov_worker_watch(struct ov_worker *w, struct ov_arrival *m)
{
	struct ov_inv_watch *list;
	struct ov_cur body = m->body;
	uint8_t *copy;
	size_t n;

	if (w->setup.role != OV_ROLE_INVENTORY || m->fds.nfds != 0)
		return OV_BAD;
	/* The body goes with the next message; the list points into a copy. */
	OV_TRY(ov_arena_array(&w->arena, ov_cur_left(&body), &copy));
	OV_TRY(ov_cur_copy(&body, copy, ov_cur_left(&body)));
	body = ov_cur_of(copy, body.pos);
	OV_TRY(ov_rec_get_watch(&body, &w->arena, &list, &n));
	if (w->ev == NULL)
		OV_TRY(ov_ev_new(&w->ev));
	return ov_ev_watch(w->ev, list, n);
}

struct inspecting {
	struct ov_worker *w;
	uint32_t job;
	uint64_t told, told_ms;
};

static ov_status give(void *ctx, struct ov_cur body)
{
	const struct inspecting *i = ctx;

	return ov_link_send(&i->w->link, OV_WIRE_RECORDS, i->job, body, NULL, 0, true);
}

/* Long work is no hung worker: a rising number now and then. */
static ov_status progress(void *ctx)
{
	struct inspecting *i = ctx;
	const uint64_t now = ov_clock_ms();

	if (now - i->told_ms < PROGRESS_MS)
		return OV_OK;
	i->told_ms = now;
	i->w->out.n = 0;
	OV_TRY(ov_buf_u64(&i->w->out, ++i->told));
	return ov_worker_answer(i->w, OV_WIRE_PROGRESS, i->job);
}

#define HELD_MAX 4096

/* Its descriptor stays open for as long as this worker lives. */
static ov_status hold(struct ov_worker *w, struct ov_arrival *m, struct ov_str path, uint64_t size)
{
	struct ov_str copy;
	struct ov_src src;
	int *fd;

	if (w->nheld++ >= HELD_MAX)
		return ov_worker_fail(w, m->job, OV_LIMIT, "more blobs than are held");
	OV_TRY(ov_arena_str(&w->arena, path, &copy));
	OV_TRY(ov_arena_new(&w->arena, &fd));
	*fd = m->fds.fds[0];
	m->fds.nfds = 0;
	src = ov_fd_src(fd, size);
	OV_TRY(ov_ev_hold(w->ev, copy, &src));
	w->out.n = 0;
	return ov_worker_answer(w, OV_WIRE_DONE, m->job);
}

ov_status ov_worker_inspect(struct ov_worker *w, struct ov_arrival *m)
{
	struct inspecting i = { .w = w, .job = m->job, .told_ms = ov_clock_ms() };
	const struct ov_ev_sink sink = { .records = give, .progress = progress, .ctx = &i };
	struct ov_wire_inspect told;
	struct ov_fd_facts f;
	struct ov_src src;

	if (w->setup.role != OV_ROLE_INVENTORY || m->fds.nfds != 1)
		return OV_BAD;
	OV_TRY(ov_wire_get_inspect(&m->body, &told));
	if (w->ev == NULL)
		OV_TRY(ov_ev_new(&w->ev));
	if (ov_fd_facts(m->fds.fds[0], &f) != OV_OK || f.kind != OV_FD_FILE)
		return ov_worker_fail(w, m->job, OV_IO, "not a file that can be read anywhere");
	if (told.is_held)
		return hold(w, m, told.path, f.size);
	src = ov_fd_src(&m->fds.fds[0], f.size);
	OV_TRY(ov_ev_file(w->ev,
			  &(struct ov_ev_in){ .path = told.path,
					      .src = &src,
					      .mtime = told.mtime,
					      .mode = told.mode,
					      .is_target = told.is_target },
			  &sink));
	return ov_worker_answer(w, OV_WIRE_DONE, m->job);
}
