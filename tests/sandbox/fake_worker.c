/*
 * A worker that misbehaves. How is the last part of the name it is started by: tests link this
 * program under the names of the table below. It is not jailed: it stands for a worker that has
 * been taken over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "fd.h"
#include "link.h"
#include "wire.h"

struct fake {
	struct ov_link link;
	struct ov_buf out;
	const char *how;
	uint32_t scans;
};

static bool is(const struct fake *f, const char *how)
{
	return strcmp(f->how, how) == 0;
}

static void leave_unless(ov_status st)
{
	if (st != OV_OK)
		_exit(70);
}

static void send(struct fake *f, enum ov_wire_kind kind, uint32_t job)
{
	leave_unless(ov_link_send(&f->link, kind, job, ov_buf_cur(&f->out), NULL, 0, true));
	f->out.n = 0;
}

static void say_hello(struct fake *f)
{
	struct ov_jail_report r;

	memset(&r, 0, sizeof r);
	if (is(f, "control-characters"))
		strcpy(r.part[0].text, "\033[2J");
	if (is(f, "no-jail"))
		for (int i = 0; i < OV_JAIL_PARTS; i++)
			r.part[i].state = OV_JAIL_ABSENT;
	leave_unless(ov_wire_put_hello(&f->out, &r));
	send(f, OV_WIRE_HELLO, 0);
}

static void say_ready(struct fake *f)
{
	struct ov_str label = OV_STR("a \033[31mfake");
	const struct ov_wire_ready r = {
		.id = { 7 }, .signatures = 1, .labels = &label, .nlabels = 1
	};

	leave_unless(ov_wire_put_ready(&f->out, &r));
	send(f, OV_WIRE_READY, 0);
}

static void say_clean(struct fake *f, uint32_t job)
{
	const struct overt_verdict v = { .type = "CL_TYPE_ANY" };

	leave_unless(ov_wire_put_verdict(&f->out, &v, 0));
	send(f, OV_WIRE_VERDICT, job);
}

static void sleep_long(void)
{
	const struct timespec t = { .tv_sec = 60 };

	(void)nanosleep(&t, NULL);
	_exit(0);
}

/* 17 MiB in pieces: more than a message may have. */
static void say_too_much(struct fake *f, uint32_t job)
{
	static uint8_t piece[OV_WIRE_PIECE];
	const struct ov_wire_head h = { .kind = OV_WIRE_VERDICT,
					.has_more = true,
					.job = job,
					.length = OV_WIRE_PIECE - OV_WIRE_HEAD };

	ov_wire_put_head(piece, &h);
	for (int i = 0; i < 17 * 32; i++) {
		const struct ov_message m = { .head = piece, .nhead = sizeof piece };

		leave_unless(ov_message_send(f->link.sock, &m, true));
	}
}

static void say_pieces_of_nothing(struct fake *f, uint32_t job)
{
	const struct ov_wire_head h = { .kind = OV_WIRE_VERDICT, .has_more = true, .job = job };
	uint8_t head[OV_WIRE_HEAD];

	ov_wire_put_head(head, &h);
	for (;;) {
		const struct ov_message m = { .head = head, .nhead = sizeof head };

		leave_unless(ov_message_send(f->link.sock, &m, true));
	}
}

static void answer_scan(struct fake *f, uint32_t job)
{
	static const uint8_t garbage[64] = { 0xff, 0xff, 0xff, 0xff };

	f->scans++;
	if (is(f, "dies-at-third") && f->scans == 3)
		abort();
	if (is(f, "dies-at-each"))
		abort();
	if (is(f, "exits"))
		_exit(9);
	if (is(f, "silent"))
		sleep_long();
	if (is(f, "closes")) {
		(void)close(f->link.sock);
		sleep_long();
	}
	if (is(f, "too-much"))
		say_too_much(f, job);
	if (is(f, "pieces-of-nothing"))
		say_pieces_of_nothing(f, job);
	if (is(f, "giant-count")) {
		leave_unless(ov_wire_put_verdict(
		    &f->out, &(struct overt_verdict){ .type = "", .detections_total = 1 }, 0));
		memset(f->out.p + f->out.n - 8, 0xff, 4);
		send(f, OV_WIRE_VERDICT, job);
	}
	if (is(f, "garbage")) {
		leave_unless(ov_buf_put(&f->out, garbage, sizeof garbage));
		send(f, OV_WIRE_VERDICT, job);
	}
	if (is(f, "wrong-kind"))
		send(f, OV_WIRE_DONE, job);
	if (is(f, "descriptor")) {
		const int fd = 0;

		leave_unless(
		    ov_link_send(&f->link, OV_WIRE_VERDICT, job, ov_cur_of("", 0), &fd, 1, true));
	}
	if (is(f, "hello-again"))
		say_hello(f);
	if (is(f, "not-a-message")) {
		const struct ov_message m = { .head = "x", .nhead = 1 };

		leave_unless(ov_message_send(f->link.sock, &m, true));
	}
	say_clean(f, is(f, "wrong-number") ? job + 1 : job);
	if (is(f, "twice"))
		say_clean(f, job);
}

static void serve(struct fake *f, const struct ov_arrival *m)
{
	if (m->kind == OV_WIRE_SETUP && is(f, "silent-at-start"))
		sleep_long();
	if (m->kind == OV_WIRE_SETUP && !is(f, "no-hello"))
		say_hello(f);
	if (m->kind == OV_WIRE_OPEN && is(f, "dies-at-open"))
		abort();
	if (m->kind == OV_WIRE_OPEN && is(f, "refuses")) {
		leave_unless(ov_wire_put_failed(&f->out, OV_BAD, OV_STR("I \033don't like it")));
		send(f, OV_WIRE_FAILED, 0);
	} else if (m->kind == OV_WIRE_OPEN) {
		say_ready(f);
	}
	if (m->kind == OV_WIRE_SCAN)
		answer_scan(f, m->job);
}

int main(void)
{
	const char *path = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	struct fake f = { .how = slash != NULL ? slash + 1 : "", .out = ov_buf_of(1 << 20) };

	if (is(&f, "dies-at-start"))
		_exit(3);
	leave_unless(ov_link_open(OV_WORKER_FD, &f.link));
	for (;;) {
		struct ov_arrival m;

		leave_unless(ov_link_recv(&f.link, true, &m));
		serve(&f, &m);
		ov_received_close(&m.fds);
	}
}
