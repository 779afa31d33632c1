/* The workers that scan, and the files given to them. See pool.h. */
#include "pool_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "checked.h"
#include "clock.h"
#include "fd.h"

#define FAILED_STARTS_MAX 3
#define READY_MS 1000
#define EVENTS 16
#define GATHER_NS 400000
#define GATHER_LEAST_NS 200000 /* a nap takes some 60 us longer than it should */
#define BUSY_BYTES (1U << 20)  /* a worker with more than this before it is busy */
#define START_DEPTH 4	       /* with as many files, too */

/* Files under way are open files: half of those that this process may have are left to the program.
 */
static size_t depth_for(size_t nslots)
{
	struct rlimit r = { .rlim_cur = 1024 };
	size_t n;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == RLIM_INFINITY)
		return OV_POOL_DEPTH;
	n = ov_min_u64(r.rlim_cur, UINT32_MAX) / 2 / nslots;
	return n < 2 ? 2 : ov_min_size(n, OV_POOL_DEPTH);
}

ov_status ov_pool_open(const struct ov_pool_setup *setup, struct ov_pool **out)
{
	const uint64_t want = setup->options->value[OVERT_OPT_WORKERS];
	struct ov_pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return OV_NOMEM;
	p->options = setup->options;
	p->worker = setup->worker;
	p->db = setup->db;
	p->db_size = setup->db_size;
	p->nslots = want != 0 ? (size_t)want : ov_cpu_count();
	if (p->nslots > OVERT_WORKERS_MAX)
		p->nslots = OVERT_WORKERS_MAX;
	p->depth = depth_for(p->nslots);
	p->finished_tail = &p->finished;
	p->refusal = OV_OK;
	ov_arena_init(&p->arena, 16 << 20);
	p->again = calloc(p->nslots * OV_POOL_DEPTH, sizeof *p->again);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (p->again == NULL || p->epoll < 0) {
		ov_pool_close(&p);
		return OV_NOMEM;
	}
	*out = p;
	return ov_slot_start(p, &p->slots[0]);
}

void ov_pool_close(struct ov_pool **at)
{
	struct ov_pool *p = *at;
	char why[OV_CHILD_TEXT];

	*at = NULL;
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->nslots; i++) {
		struct ov_slot *s = &p->slots[i];

		(void)ov_child_end(&s->child, why);
		for (; s->n > 0; s->n--, s->first = (s->first + 1) % OV_POOL_DEPTH)
			ov_fd_close(&s->queue[s->first].fd);
	}
	for (size_t i = 0; i < p->nagain; i++)
		ov_fd_close(&p->again[i].fd);
	while (p->finished != NULL) {
		struct ov_box *b = p->finished;

		p->finished = b->next;
		ov_box_free(&b);
	}
	ov_arena_free(&p->arena);
	ov_fd_close(&p->epoll);
	free(p->ready_body);
	free(p->again);
	free(p);
}

const char *ov_pool_error(const struct ov_pool *p)
{
	return p->error;
}

ov_status ov_pool_refusal(const struct ov_pool *p)
{
	return p->refusal;
}

int ov_pool_fd(const struct ov_pool *p)
{
	return p->epoll;
}

void ov_pool_finish(struct ov_pool *p, struct ov_box *b, uint64_t cookie)
{
	b->w.v.cookie = cookie;
	b->next = NULL;
	*p->finished_tail = b;
	p->finished_tail = &b->next;
}

void ov_pool_finish_error(struct ov_pool *p, const char *text, uint64_t cookie)
{
	struct ov_box *b = NULL;

	if (ov_box_error(text, &b) == OV_OK)
		ov_pool_finish(p, b, cookie);
	else
		p->is_broken = true;
}

static bool is_worn_out(const struct ov_pool *p)
{
	return p->is_broken || p->failed_starts >= FAILED_STARTS_MAX;
}

/* Serving before starting, few files before many. NULL: none takes any. */
static struct ov_slot *least_busy(struct ov_pool *p, const struct ov_job *j)
{
	struct ov_slot *best = NULL;

	for (size_t i = 0; i < p->nslots; i++) {
		struct ov_slot *s = &p->slots[i];

		if (!ov_slot_takes(p, s, j))
			continue;
		if (best == NULL || s->n < best->n || (s->n == best->n && s->state > best->state))
			best = s;
	}
	return best;
}

static struct ov_slot *empty_slot(struct ov_pool *p)
{
	for (size_t i = 0; i < p->nslots; i++)
		if (p->slots[i].state == OV_SLOT_EMPTY)
			return &p->slots[i];
	return NULL;
}

/*
 * Gives a file to the least busy worker. A further worker is started when all have something to do:
 * that costs milliseconds, so a handful of small files does not start all.
 */
static ov_status place_once(struct ov_pool *p, const struct ov_job *j)
{
	struct ov_slot *s = least_busy(p, j), *empty = empty_slot(p);
	ov_status st;

	if (empty != NULL && !is_worn_out(p) &&
	    (s == NULL || s->n >= START_DEPTH || s->bytes > BUSY_BYTES)) {
		if (ov_slot_start(p, empty) != OV_OK)
			p->failed_starts++;
		else
			s = empty;
	}
	if (s == NULL)
		return OV_END;
	st = ov_slot_give(s, j);
	if (st != OV_IO)
		return st;
	/* It died. What it answered before counts, so that the right file is taken for the last
	 * one. */
	st = ov_slot_read(p, s);
	ov_slot_bury(p, s, st);
	return OV_END;
}

static bool has_workers(const struct ov_pool *p)
{
	for (size_t i = 0; i < p->nslots; i++)
		if (p->slots[i].state != OV_SLOT_EMPTY)
			return true;
	return false;
}

/*
 * The same until it is given to somebody, or there is somebody to wait for. Each turn that finds
 * neither has counted a failed start, so this ends.
 */
static ov_status place(struct ov_pool *p, const struct ov_job *j)
{
	ov_status st = place_once(p, j);

	while (st == OV_END && !has_workers(p) && !is_worn_out(p))
		st = place_once(p, j);
	return st == OV_END && !has_workers(p) ? OV_IO : st;
}

/* No worker is left and none can be started: what is under way is told as such. */
static void give_up(struct ov_pool *p)
{
	while (p->nagain > 0) {
		struct ov_job *j = &p->again[--p->nagain];

		ov_fd_close(&j->fd);
		ov_pool_finish_error(p, "no worker could be started to scan it", j->cookie);
	}
}

/* Gives the files of dead workers to others, in their order. */
static void place_again(struct ov_pool *p)
{
	while (p->nagain > 0) {
		const ov_status st = place(p, &p->again[0]);

		if (st == OV_END)
			return;
		if (st != OV_OK) {
			if (!has_workers(p))
				give_up(p);
			return;
		}
		p->nagain--;
		memmove(&p->again[0], &p->again[1], p->nagain * sizeof p->again[0]);
	}
}

ov_status ov_pool_submit(struct ov_pool *p, int *fd, uint64_t cookie)
{
	struct ov_job j = { .fd = *fd, .cookie = cookie };
	struct ov_fd_facts f;
	ov_status st;

	if (p->nagain > 0)
		return OV_END; /* those first */
	if (ov_fd_facts(*fd, &f) != OV_OK || f.kind == OV_FD_FOLDER) {
		ov_pool_finish_error(
		    p, f.kind == OV_FD_FOLDER ? "it is a folder" : "it can't be read", cookie);
		ov_fd_close(fd);
		p->nunder_way++;
		return OV_OK;
	}
	/* Nobody knows how long a stream will take: nothing waits behind one, and it waits behind
	 * nothing. */
	j.is_stream = f.kind == OV_FD_STREAM;
	j.size = j.is_stream ? UINT32_MAX : f.size;
	st = place(p, &j);
	if (st != OV_OK)
		return st == OV_END && p->nunder_way == 0 ? OV_IO : st;
	*fd = -1;
	p->nunder_way++;
	return OV_OK;
}

/* Milliseconds until something is too late, at most `limit` (-1: no limit). */
static int until_deadline(const struct ov_pool *p, int limit)
{
	const uint64_t now = ov_clock_ms();
	uint64_t at = UINT64_MAX, left;

	for (size_t i = 0; i < p->nslots; i++)
		if (ov_slot_deadline(p, &p->slots[i]) < at)
			at = ov_slot_deadline(p, &p->slots[i]);
	if (at == UINT64_MAX)
		return limit;
	left = at > now ? at - now : 0;
	if (left > 60000)
		left = 60000;
	return limit >= 0 && (uint64_t)limit < left ? limit : (int)left;
}

static void bury_late(struct ov_pool *p)
{
	const uint64_t now = ov_clock_ms();

	for (size_t i = 0; i < p->nslots; i++)
		if (p->slots[i].state != OV_SLOT_EMPTY && ov_slot_deadline(p, &p->slots[i]) <= now)
			ov_slot_bury(p, &p->slots[i], OV_LIMIT);
}

/* A worker that has served enough goes when its queue is empty. */
static void replace_leaving(struct ov_slot *s)
{
	char why[OV_CHILD_TEXT];

	if (!s->is_leaving || s->n > 0)
		return;
	(void)ov_child_end(&s->child, why);
	ov_slot_clear(s);
}

/*
 * Many small files: each verdict that wakes us costs two switches between processes, about as much
 * as scanning the file. While all workers have plenty before them, a few verdicts may gather.
 */
static void let_gather(const struct ov_pool *p)
{
	const uint64_t ns = ov_min_u64(p->mean_ns * (p->depth / 2), GATHER_NS);
	const struct timespec nap = { .tv_nsec = (long)ns };

	if (ns < GATHER_LEAST_NS) /* they would be out of work before we are back */
		return;
	for (size_t i = 0; i < p->nslots; i++)
		if (p->slots[i].state != OV_SLOT_EMPTY && p->slots[i].n < p->depth * 3 / 4)
			return;
	(void)nanosleep(&nap, NULL); /* cut short is fine */
}

/* One turn: waits for something to read, reads it, buries the dead and the late, and finds others
 * for their files. */
static void turn(struct ov_pool *p, int timeout_ms)
{
	struct epoll_event ev[EVENTS];
	int n;

	if (timeout_ms != 0)
		let_gather(p);
	n = epoll_wait(p->epoll, ev, EVENTS, until_deadline(p, timeout_ms));

	for (int i = 0; i < n; i++) {
		struct ov_slot *s = ev[i].data.ptr;
		ov_status st;

		if (s->state == OV_SLOT_EMPTY)
			continue;
		st = ov_slot_read(p, s);
		if (st != OV_OK)
			ov_slot_bury(p, s, st);
		else
			replace_leaving(s);
	}
	bury_late(p);
	if (p->nagain > 0)
		place_again(p);
}

static bool take_finished(struct ov_pool *p, struct ov_box **out)
{
	struct ov_box *b = p->finished;

	if (b == NULL)
		return false;
	p->finished = b->next;
	if (p->finished == NULL)
		p->finished_tail = &p->finished;
	b->next = NULL;
	p->nunder_way--;
	p->mean_ns = p->mean_ns - p->mean_ns / 8 + ov_min_u64(b->w.v.time_ns, UINT32_MAX) / 8;
	*out = b;
	return true;
}

ov_status ov_pool_next(struct ov_pool *p, int timeout_ms, struct ov_box **out)
{
	const uint64_t start = ov_clock_ms();

	if (take_finished(p, out))
		return OV_OK;
	while (p->nunder_way > 0) {
		int left = timeout_ms;

		if (timeout_ms > 0) {
			const uint64_t spent = ov_clock_ms() - start;

			left = spent >= (uint64_t)timeout_ms ? 0 : timeout_ms - (int)spent;
		}
		turn(p, left);
		if (take_finished(p, out))
			return OV_OK;
		if (p->is_broken && !has_workers(p) && p->nagain == 0)
			return OV_NOMEM;
		if (left == 0)
			return OV_SHORT;
	}
	return OV_END;
}

ov_status ov_pool_ready(struct ov_pool *p, const struct ov_wire_ready **out)
{
	while (!p->has_ready) {
		if (p->is_broken)
			return p->refusal != OV_OK ? OV_BAD : OV_IO;
		if (p->slots[0].state == OV_SLOT_EMPTY) {
			if (is_worn_out(p))
				return OV_IO;
			if (ov_slot_start(p, &p->slots[0]) != OV_OK)
				p->failed_starts++;
			continue;
		}
		turn(p, READY_MS);
	}
	p->error[0] = '\0';
	*out = &p->ready;
	return OV_OK;
}
