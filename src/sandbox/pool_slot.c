/* One worker's life: started, given files, listened to, buried. */
#include "pool_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "broker_int.h"
#include "clock.h"
#include "fd.h"
#include "le.h"
#include "pace.h"
#include "text.h"

#define START_MS 60000	       /* a worker has this long to verify the database and serve     */
#define GRACE_MS 1000	       /* and a quarter of the limit, past which it is killed */
#define SERVED_MAX 20000       /* files until a worker is replaced by a fresh one             */
#define BYTES_AHEAD (8U << 20) /* bytes that wait behind another file of the same worker     */
#define MESSAGES_A_TURN 64     /* answers taken from one worker before others get their turn  */

void ov_slot_clear(struct ov_slot *s)
{
	*s = (struct ov_slot){ .state = OV_SLOT_EMPTY };
}

static ov_status send_open(struct ov_pool *p, struct ov_slot *s)
{
	return ov_link_send(&s->child.link, OV_WIRE_OPEN, 0, ov_cur_of(NULL, 0), &p->db, 1, true);
}

/* Files for modules of YARA rules. */
static ov_status send_data(const struct ov_pool *p, struct ov_slot *s)
{
	for (size_t i = 0; i < p->options->nmodule_data; i++) {
		const struct ov_module_data *d = &p->options->module_data[i];
		const struct ov_str name = ov_str_of(d->module);

		OV_TRY(ov_link_send(&s->child.link, OV_WIRE_DATA, 0,
				    ov_cur_of((const uint8_t *)name.p, name.n), &d->fd, 1, true));
	}
	return OV_OK;
}

ov_status ov_slot_start(struct ov_pool *p, struct ov_slot *s)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	const struct ov_wire_setup setup = ov_setup_of(p->options, OV_ROLE_SCAN, p->db_size);
	char why[OV_CHILD_TEXT];

	ov_slot_clear(s);
	if (ov_child_start(p->worker, &s->child) != OV_OK) {
		(void)snprintf(p->error, sizeof p->error, "can't start %s: %s", p->worker,
			       strerror(errno));
		ov_slot_clear(s);
		return OV_IO;
	}
	if (ov_setup_send(&s->child.link, &setup) != OV_OK || send_data(p, s) != OV_OK ||
	    send_open(p, s) != OV_OK ||
	    epoll_ctl(p->epoll, EPOLL_CTL_ADD, s->child.link.sock, &ev) != 0) {
		(void)ov_child_end(&s->child, why);
		(void)snprintf(p->error, sizeof p->error, "%s ended at its start: %s", p->worker,
			       why);
		ov_slot_clear(s);
		return OV_IO;
	}
	s->state = OV_SLOT_STARTING;
	s->since_ms = ov_clock_ms();
	return OV_OK;
}

bool ov_slot_takes(const struct ov_pool *p, const struct ov_slot *s, const struct ov_job *j)
{
	if (s->state == OV_SLOT_EMPTY || s->is_leaving || s->n >= p->depth)
		return false;
	return s->n == 0 || (j->size <= BYTES_AHEAD && s->bytes <= BYTES_AHEAD - j->size);
}

ov_status ov_slot_give(struct ov_slot *s, const struct ov_job *j)
{
	const bool is_empty = s->n == 0;
	uint8_t size[8];

	ov_put_le64(size, j->size);
	OV_TRY(ov_link_send(&s->child.link, OV_WIRE_SCAN, s->sent,
			    ov_cur_of(size, j->is_stream ? 0 : sizeof size), &j->fd, 1, false));
	s->queue[(s->first + s->n) % OV_POOL_DEPTH] = *j;
	s->n++;
	s->sent++;
	s->bytes += j->size;
	if (is_empty && s->state == OV_SLOT_SERVING)
		s->since_ms = ov_clock_ms();
	return OV_OK;
}

static struct ov_job take_first(struct ov_slot *s)
{
	const struct ov_job j = s->queue[s->first];

	s->first = (s->first + 1) % OV_POOL_DEPTH;
	s->n--;
	s->bytes -= j.size;
	s->answered++;
	return j;
}

static ov_status on_hello(struct ov_pool *p, struct ov_slot *s, struct ov_cur body)
{
	struct ov_jail_report r;

	if (s->said_hello)
		return OV_BAD;
	OV_TRY(ov_wire_get_hello(&body, &r));
	s->said_hello = true;
	if (!ov_jail_may_serve(p->options, &r, !p->warned, p->error)) {
		p->is_broken = true;
		return OV_UNSUPPORTED;
	}
	p->warned = true;
	return OV_OK;
}

static ov_status on_ready(struct ov_pool *p, struct ov_slot *s, struct ov_cur body)
{
	struct ov_arena again;
	struct ov_wire_ready r;
	ov_status st;

	if (!s->said_hello || s->state != OV_SLOT_STARTING)
		return OV_BAD;
	if (!p->has_ready) { /* keep the first one's words: the labels are views into the body */
		p->ready_body = malloc(ov_cur_left(&body) + 1);
		if (p->ready_body == NULL)
			return OV_NOMEM;
		memcpy(p->ready_body, ov_cur_rest(&body), ov_cur_left(&body));
		body = ov_cur_of(p->ready_body, ov_cur_left(&body));
		OV_TRY(ov_wire_get_ready(&body, &p->arena, &p->ready));
		p->has_ready = true;
	} else {
		ov_arena_init(&again, 16 << 20);
		st = ov_wire_get_ready(&body, &again, &r);
		ov_arena_free(&again);
		OV_TRY(st);
		if (memcmp(r.id, p->ready.id, sizeof r.id) != 0)
			return OV_BAD; /* the database changed under us */
	}
	s->state = OV_SLOT_SERVING;
	s->since_ms = ov_clock_ms();
	p->failed_starts = 0;
	return OV_OK;
}

static ov_status on_failed(struct ov_pool *p, struct ov_slot *s, struct ov_cur body)
{
	struct ov_str text;
	ov_status why;

	if (!s->said_hello || s->state != OV_SLOT_STARTING)
		return OV_BAD;
	OV_TRY(ov_wire_get_failed(&body, &why, &text));
	if (!p->has_ready) {
		p->refusal = why;
		p->is_broken = true;
		ov_shown(text, p->error, sizeof p->error);
	}
	return OV_UNSUPPORTED;
}

static ov_status on_verdict(struct ov_pool *p, struct ov_slot *s, uint32_t number,
			    struct ov_cur body)
{
	struct ov_box *b = NULL;
	struct ov_job j;
	ov_status st;

	if (s->state != OV_SLOT_SERVING || s->n == 0 || number != s->answered)
		return OV_BAD;
	st = ov_box_received(body, &b);
	if (st != OV_OK)
		return st == OV_NOMEM ? OV_NOMEM : OV_BAD;
	j = take_first(s);
	ov_fd_close(&j.fd);
	s->since_ms = ov_clock_ms();
	s->served++;
	s->memory = b->w.memory;
	if (s->served >= SERVED_MAX || s->memory > p->options->value[OVERT_OPT_WORKER_MEMORY] / 4)
		s->is_leaving =
		    p->options->value[OVERT_OPT_WORKER_MEMORY] != 0 || s->served >= SERVED_MAX;
	ov_pool_finish(p, b, j.cookie);
	return OV_OK;
}

/* A stream may take as long as its writer does, provided that bytes keep coming. */
static ov_status on_progress(struct ov_slot *s, uint32_t number, struct ov_cur body)
{
	struct ov_job *j = &s->queue[s->first];
	uint64_t bytes;

	if (s->state != OV_SLOT_SERVING || s->n == 0 || number != s->answered || !j->is_stream)
		return OV_BAD;
	OV_TRY(ov_cur_u64le(&body, &bytes));
	if (ov_cur_left(&body) != 0 || bytes <= j->progress)
		return OV_BAD;
	j->progress = bytes;
	s->since_ms = ov_clock_ms();
	return OV_OK;
}

static ov_status on_message(struct ov_pool *p, struct ov_slot *s, struct ov_arrival *m)
{
	if (m->fds.nfds > 0) { /* workers have none to give */
		ov_received_close(&m->fds);
		return OV_BAD;
	}
	switch (m->kind) {
	case OV_WIRE_VERDICT:
		return on_verdict(p, s, m->job, m->body);
	case OV_WIRE_PROGRESS:
		return on_progress(s, m->job, m->body);
	case OV_WIRE_HELLO:
		return on_hello(p, s, m->body);
	case OV_WIRE_READY:
		return on_ready(p, s, m->body);
	case OV_WIRE_FAILED:
		return on_failed(p, s, m->body);
	default:
		return OV_BAD;
	}
}

ov_status ov_slot_read(struct ov_pool *p, struct ov_slot *s)
{
	struct ov_arrival m;

	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		const ov_status st = ov_link_recv(&s->child.link, false, &m);

		if (st == OV_SHORT)
			return OV_OK;
		OV_TRY(st);
		OV_TRY(on_message(p, s, &m));
	}
	return OV_OK;
}

uint64_t ov_slot_deadline(const struct ov_pool *p, const struct ov_slot *s)
{
	const struct ov_job *j = &s->queue[s->first];
	uint64_t limit = p->options->value[OVERT_OPT_MAX_SCANTIME];

	if (s->state == OV_SLOT_STARTING)
		return s->since_ms + START_MS;
	if (s->state != OV_SLOT_SERVING || s->n == 0 || limit == 0)
		return UINT64_MAX;
	limit = ov_pace_ms(limit, j->is_stream ? 0 : j->size);
	return s->since_ms + limit + limit / 4 + GRACE_MS;
}

/* The file that the worker was at: it alone pays. */
static void settle_first(struct ov_pool *p, struct ov_slot *s, ov_status why, const char *how)
{
	struct ov_job j = take_first(s);
	struct ov_box *b = NULL;
	char text[OV_CHILD_TEXT + 64];

	ov_fd_close(&j.fd);
	if (why == OV_LIMIT)
		(void)snprintf(text, sizeof text,
			       "the worker did not answer in time and was killed");
	else if (why == OV_BAD)
		(void)snprintf(text, sizeof text, "the worker broke the protocol and was killed");
	else
		(void)snprintf(text, sizeof text, "the worker died: %s", how);
	if (ov_box_incomplete(why == OV_LIMIT ? OVERT_TIMEOUT : OVERT_CRASHED, text, &b) != OV_OK)
		p->is_broken = true;
	else
		ov_pool_finish(p, b, j.cookie);
}

/* The files behind it were not begun. */
static void give_back(struct ov_pool *p, struct ov_slot *s)
{
	while (s->n > 0) {
		const struct ov_job j = take_first(s);

		p->again[p->nagain++] = j; /* there is room for all that is under way */
	}
}

void ov_slot_bury(struct ov_pool *p, struct ov_slot *s, ov_status why)
{
	const bool was_serving = s->state == OV_SLOT_SERVING;
	char how[OV_CHILD_TEXT] = "";

	(void)ov_child_end(&s->child, how); /* closing the socket takes it out of epoll */
	if (was_serving && s->n > 0)
		settle_first(p, s, why, how);
	if (!was_serving) {
		p->failed_starts++;
		if (!p->is_broken && p->error[0] == '\0')
			(void)snprintf(p->error, sizeof p->error,
				       "a worker ended before it served: %s", how);
	}
	give_back(p, s);
	ov_slot_clear(s);
}
