/* The scan loop. See run.h. */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 50
#define WAIT_MS 100
#define HOLD_MS 2000
#define NONE UINT32_MAX

enum slot_state { SLOT_FREE = 0, SLOT_RUNNING, SLOT_DONE };

/* One path between the walk and the sink. Its path's memory stays for the next one. */
struct slot {
	enum slot_state state;
	struct run_file file; /* file.path points to `path` */
	char *path;
	size_t path_cap;
	struct overt_verdict *verdict;
	uint64_t since_ms;
	uint32_t next, prev; /* by order of the walk; `next` also links free ones */
};

struct run {
	struct overt_engine *engine;
	struct walk *walk;
	const struct run_sink *sink;
	struct cli_out *out;
	struct run_counts *n;
	struct slot *slots;
	uint32_t free, first, last; /* first..last: in the order of the walk */
	uint32_t running;
	int signals;
	uint64_t ticked_ms;
	bool is_stopped;
	char *error;
};

uint64_t cli_now_ms(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC_COARSE, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

enum overt_verdict_kind run_kind(const struct run_file *f)
{
	if (f->kind == WALK_ERROR)
		return OVERT_ERROR;
	if (f->verdict == NULL)
		return OVERT_CLEAN; /* empty */
	return f->verdict->kind;
}

int run_exit_code(const struct run_counts *n)
{
	if (n->signal != 0)
		return 128 + n->signal;
	if (n->detected > 0)
		return CLI_FOUND;
	if (n->errors > 0)
		return CLI_FAILED;
	return n->incomplete > 0 ? CLI_INCOMPLETE : CLI_OK;
}

static ov_status slots_new(struct run *r)
{
	r->slots = calloc(RUN_SLOTS, sizeof *r->slots);
	if (r->slots == NULL)
		return OV_NOMEM;
	for (uint32_t i = 0; i < RUN_SLOTS; i++)
		r->slots[i].next = i + 1 < RUN_SLOTS ? i + 1 : NONE;
	r->free = 0;
	r->first = r->last = NONE;
	return OV_OK;
}

static void slots_free(struct run *r)
{
	for (uint32_t i = 0; r->slots != NULL && i < RUN_SLOTS; i++) {
		overt_verdict_free(&r->slots[i].verdict);
		free(r->slots[i].path);
	}
	free(r->slots);
}

/* Takes a free slot and puts it last in the order of the walk. There is one: make_room() came
 * before. */
static struct slot *slot_take(struct run *r)
{
	const uint32_t i = r->free;
	struct slot *s = &r->slots[i];

	r->free = s->next;
	s->prev = r->last;
	s->next = NONE;
	if (r->last != NONE)
		r->slots[r->last].next = i;
	else
		r->first = i;
	r->last = i;
	return s;
}

static void slot_give(struct run *r, struct slot *s)
{
	const uint32_t i = (uint32_t)(s - r->slots);

	overt_verdict_free(&s->verdict);
	if (s->prev != NONE)
		r->slots[s->prev].next = s->next;
	else
		r->first = s->next;
	if (s->next != NONE)
		r->slots[s->next].prev = s->prev;
	else
		r->last = s->prev;
	s->state = SLOT_FREE;
	s->next = r->free;
	r->free = i;
}

static ov_status slot_fill(struct slot *s, const struct walk_item *item)
{
	if (s->path_cap < item->path.n + 1) {
		const size_t cap = item->path.n + 128;
		char *path = realloc(s->path, cap);

		if (path == NULL)
			return OV_NOMEM;
		s->path = path;
		s->path_cap = cap;
	}
	memcpy(s->path, item->path.p, item->path.n + 1);
	s->file = (struct run_file){ .kind = item->kind,
				     .skip = item->skip,
				     .size = item->size,
				     .dev = item->dev,
				     .ino = item->ino,
				     .error_number = item->error_number,
				     .is_stdin = item->is_stdin,
				     .is_given = item->is_given,
				     .is_dir = item->is_dir };
	s->file.path = (struct ov_str){ s->path, item->path.n };
	if (item->kind == WALK_ERROR)
		s->file.error = ov_str_of(item->error);
	s->since_ms = cli_now_ms();
	return OV_OK;
}

static void count(struct run_counts *n, const struct run_file *f)
{
	if (f->kind == WALK_SKIPPED) {
		n->skipped[f->skip]++;
		return;
	}
	n->files++;
	n->bytes += f->verdict != NULL && f->verdict->size > f->size ? f->verdict->size : f->size;
	n->matched += f->verdict != NULL ? f->verdict->bytes : 0;
	n->reported += f->verdict != NULL ? f->verdict->reported_total : 0;
	switch (run_kind(f)) {
	case OVERT_DETECTED:
		n->detected++;
		n->detections += f->verdict->detections_total;
		n->partly += f->verdict->nincompletes > 0;
		break;
	case OVERT_INCOMPLETE:
		n->incomplete++;
		break;
	case OVERT_ERROR:
		n->errors++;
		break;
	default:
		n->clean++;
		break;
	}
}

static void emit(struct run *r, struct slot *s)
{
	s->file.number = r->n->detections + 1;
	s->file.verdict = s->verdict;
	if (s->verdict != NULL && s->verdict->kind == OVERT_ERROR)
		s->file.error = cli_str(s->verdict->error);
	count(r->n, &s->file);
	if (s->file.kind != WALK_SKIPPED || r->sink->wants_skips)
		r->sink->file(r->sink->context, &s->file);
	slot_give(r, s);
}

/* Tells what is finished: in order, or (is_all) everything that is. */
static void emit_finished(struct run *r, bool is_all)
{
	uint32_t i = r->first;

	while (i != NONE) {
		struct slot *s = &r->slots[i];

		i = s->next;
		if (s->state == SLOT_DONE)
			emit(r, s);
		else if (!is_all)
			break;
	}
}

static void slot_done(struct run *r, struct slot *s)
{
	s->state = SLOT_DONE;
	if (!r->sink->in_order)
		emit(r, s);
	else if (s->prev == NONE)
		emit_finished(r, false);
}

static ov_status engine_failed(struct run *r)
{
	const char *text = overt_engine_error(r->engine);
	const size_t n = text != NULL ? strnlen(text, 511) : 0;

	if (n > 0)
		memcpy(r->error, text, n);
	r->error[n] = '\0';
	return OV_IO;
}

/* Takes one verdict. @return OV_OK; OV_END: none within the time, or nothing runs; OV_IO. */
static ov_status pump(struct run *r, int timeout_ms)
{
	struct overt_verdict *v = NULL;
	const enum overt_status s = overt_engine_next(r->engine, timeout_ms, &v);
	struct slot *slot;

	if (s == OVERT_AGAIN || s == OVERT_END)
		return OV_END;
	if (s != OVERT_OK)
		return engine_failed(r);
	if (v->cookie >= RUN_SLOTS || r->slots[v->cookie].state != SLOT_RUNNING) {
		overt_verdict_free(&v); /* not one of ours: the engine checks this too */
		return OV_OK;
	}
	slot = &r->slots[v->cookie];
	slot->verdict = v;
	r->running--;
	slot_done(r, slot);
	return OV_OK;
}

static void read_signal(struct run *r)
{
	struct signalfd_siginfo info;

	if (r->signals >= 0 && read(r->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		r->n->signal = (int)info.ssi_signo;
		r->is_stopped = true;
	}
}

/* What happens by the clock: signals, held-back results, progress, output that waits. */
static ov_status tick(struct run *r)
{
	const uint64_t now = cli_now_ms();
	ov_status s = OV_OK;

	if (now - r->ticked_ms < TICK_MS)
		return OV_OK;
	r->ticked_ms = now;
	read_signal(r);
	while (s == OV_OK && r->running > 0 && !r->is_stopped)
		s = pump(r, 0);
	if (s == OV_IO)
		return s;
	if (r->first != NONE && now - r->slots[r->first].since_ms > HOLD_MS)
		emit_finished(r, true);
	cli_flush(r->out);
	if (r->out->error != 0)
		r->is_stopped = true;
	r->n->directories = walk_directories(r->walk);
	if (r->sink->progress != NULL)
		r->sink->progress(r->sink->context, r->n,
				  r->last == NONE ? OV_STR("") : r->slots[r->last].file.path);
	return OV_OK;
}

/* Hands a file over, taking verdicts while the workers are busy. The descriptor is gone in any
 * case. */
static ov_status hand_over(struct run *r, struct slot *s, int fd)
{
	while (!r->is_stopped) {
		const enum overt_status st =
		    overt_engine_submit(r->engine, fd, (uint64_t)(s - r->slots));
		ov_status p;

		if (st == OVERT_OK) {
			r->running++;
			return OV_OK;
		}
		if (st != OVERT_AGAIN)
			return engine_failed(r);
		p = pump(r, WAIT_MS);
		if (p == OV_IO) {
			(void)close(fd);
			return p;
		}
		p = tick(r);
		if (p != OV_OK) {
			(void)close(fd);
			return p;
		}
	}
	(void)close(fd);
	r->n->unfinished++;
	slot_give(r, s);
	return OV_OK;
}

static ov_status take_item(struct run *r, const struct walk_item *item)
{
	struct slot *s = slot_take(r);
	const ov_status st = slot_fill(s, item);

	if (st != OV_OK) {
		slot_give(r, s);
		if (item->fd >= 0)
			(void)close(item->fd);
		return st;
	}
	if (item->kind == WALK_FILE && item->size == 0 && r->sink->skips_empty && !item->is_stdin) {
		(void)close(item->fd);
		s->file.is_empty = true;
	} else if (item->kind == WALK_FILE) {
		s->state = SLOT_RUNNING;
		return hand_over(r, s, item->fd);
	}
	slot_done(r, s);
	return OV_OK;
}

/* Waits until a slot is free. Some are running or finished, since all are taken. */
static ov_status make_room(struct run *r)
{
	while (r->free == NONE && !r->is_stopped) {
		emit_finished(r, true);
		if (r->free == NONE) {
			const ov_status s = pump(r, WAIT_MS);

			if (s == OV_IO)
				return s;
		}
		OV_TRY(tick(r));
	}
	return OV_OK;
}

static ov_status walk_all(struct run *r)
{
	while (!r->is_stopped) {
		struct walk_item item;
		ov_status s;

		OV_TRY(make_room(r));
		if (r->is_stopped)
			break;
		s = walk_next(r->walk, &item);
		if (s == OV_END)
			break;
		OV_TRY(s);
		OV_TRY(take_item(r, &item));
		OV_TRY(tick(r));
	}
	while (r->running > 0 && !r->is_stopped) {
		const ov_status s = pump(r, WAIT_MS);

		if (s == OV_IO)
			return s;
		OV_TRY(tick(r));
	}
	return OV_OK;
}

/* Signals are read from a descriptor, so that a scan ends between two files and tells what it has.
 */
static int watch_signals(sigset_t *old)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

ov_status run_scan(struct overt_engine *engine, const struct walk_options *walk,
		   const struct run_sink *sink, struct cli_out *out, struct run_counts *counts,
		   char error[512])
{
	struct run r = { .engine = engine,
			 .sink = sink,
			 .out = out,
			 .n = counts,
			 .signals = -1,
			 .error = error };
	struct timespec from, to;
	sigset_t old;
	ov_status s;

	*counts = (struct run_counts){ 0 };
	error[0] = '\0';
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	r.signals = watch_signals(&old);
	s = slots_new(&r);
	if (s == OV_OK)
		s = walk_open(walk, &r.walk);
	if (s == OV_OK) {
		s = walk_all(&r);
		emit_finished(&r, true);
		counts->directories = walk_directories(r.walk);
		counts->unfinished += r.running;
	}
	walk_close(&r.walk);
	slots_free(&r);
	if (r.signals >= 0)
		(void)close(r.signals);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	counts->seconds =
	    (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	return s;
}
