/*
 * overt-worker: reads foreign bytes in a jail. Started by the broker with a socket as descriptor 3.
 *
 * Its life: initialise libraries, take the SETUP message, close the jail, say HELLO with the jail's
 * report, then serve one message after the other until the socket is closed. It exits at the first
 * thing that it does not understand: the broker starts another. Nothing that a file says reaches
 * this process before the jail is closed.
 */
#include "worker_int.h"

#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "digest.h"
#include "fd.h"
#include "jail.h"
#include "prepare.h"
#include "provenance.h"
#include "signature.h"

/* Exit statuses, for the broker's messages; sysexits(3) where there is one. */
enum { EXIT_DONE = 0, EXIT_BY_HAND = 2, EXIT_PROTOCOL = 76, EXIT_MEMORY = 71, EXIT_JAIL = 77 };

ov_status ov_worker_answer(struct ov_worker *w, enum ov_wire_kind kind, uint32_t job)
{
	const ov_status st = ov_link_send(&w->link, kind, job, ov_buf_cur(&w->out), NULL, 0, true);

	w->out.n = 0;
	return st;
}

ov_status ov_worker_fail(struct ov_worker *w, uint32_t job, ov_status why, const char *text)
{
	w->out.n = 0;
	OV_TRY(ov_wire_put_failed(&w->out, why, ov_str_of(text)));
	return ov_worker_answer(w, OV_WIRE_FAILED, job);
}

#define MAGIC_MAX ((uint64_t)64 << 20)

static bool is_socket(int fd)
{
	socklen_t len = sizeof(int);
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

/* What libraries load or open at their first use has to happen now. */
static ov_status warm_up(void)
{
	struct ov_carrier own;

	(void)setlocale(LC_ALL, "C");
	ov_format_prepare(); /* a UTF-8 LC_CTYPE: libarchive opens no conversion modules then */
	(void)signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to report, not a death */
	ov_signature_prepare();
	if (setenv("TZ", "UTC", 1) != 0)
		return OV_NOMEM;
	tzset();
	for (int k = 0; k < OV_DIGEST_KINDS; k++) {
		struct ov_hasher *h = NULL;
		uint8_t digest[OV_DIGEST_MAX];

		OV_TRY(ov_hasher_new((enum ov_digest_kind)k, &h));
		OV_TRY(ov_hasher_once(h, "", 0, digest));
		if (k == OV_SHA256) /* an altered worker does not serve */
			OV_TRY(ov_provenance_own(h, &own));
		ov_hasher_free(&h);
	}
	return OV_OK;
}

/*
 * libmagic's database, as Debian installs it, for YARA's module magic. Its pages are read only when
 * a rule asks; they are private, for libmagic may write to them. Without it the module knows
 * nothing.
 */
static void map_magic(struct ov_worker *w)
{
	struct ov_fd_facts f;
	int fd = -1;
	void *p;

	if (ov_fd_open_read("/usr/share/misc/magic.mgc", &fd) != OV_OK)
		return;
	if (ov_fd_facts(fd, &f) == OV_OK && f.kind == OV_FD_FILE && f.size > 0 &&
	    f.size < MAGIC_MAX) {
		p = mmap(NULL, (size_t)f.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
		if (p != MAP_FAILED)
			w->magic = ov_cur_of(p, (size_t)f.size);
	}
	ov_fd_close(&fd);
}

/* Messages of libraries and of the loader are the broker's terminal's until here; afterwards
 * nothing is printed. */
static void silence(void)
{
#if !defined(__SANITIZE_ADDRESS__)
	(void)dup2(0, 2);
#endif
}

static ov_status take_setup(struct ov_worker *w)
{
	struct ov_arrival m;
	const struct ov_wire_scan *s = &w->setup.scan;

	OV_TRY(ov_link_recv(&w->link, true, &m));
	ov_received_close(&m.fds);
	if (m.kind != OV_WIRE_SETUP)
		return OV_BAD;
	OV_TRY(ov_wire_get_setup(&m.body, &w->setup));
	/* What is freed of a database's parts goes back at once, while the whole is written. */
	if (w->setup.role == OV_ROLE_COMPILE)
		(void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
	w->scan = (struct ov_scan_options){
		.limits = { .max_layer = s->max_layer,
			    .max_total = s->max_total,
			    .max_files = s->max_files,
			    .max_depth = (uint32_t)s->max_depth,
			    .max_ratio = s->max_ratio,
			    .max_time_ms = (uint32_t)s->max_time_ms,
			    .max_kept = s->max_kept,
			    .max_html = s->max_html,
			    .max_html_text = s->max_html_text,
			    .max_script = s->max_script,
			    .max_icons = s->max_icons,
			    .pcre_match = s->pcre_match,
			    .pcre_depth = s->pcre_depth,
			    .pcre_filesize = s->pcre_filesize },
		.all_matches = s->all_matches,
		.want_sha256 = s->want_sha256,
		.want_context = s->want_context,
		.no_archives = s->no_archives,
		.heuristics_first = s->heuristics_first,
		.cards_only = s->cards_only,
		.pua = s->pua,
		.pua_excludes = s->pua_excludes,
		.features_off = s->features_off,
		.alerts = s->alerts,
		.min_cards = s->min_cards,
		.min_ssns = s->min_ssns,
		.ssn_formats = s->ssn_formats,
		.yara_only = s->yara_only,
		.yara_negate = s->yara_negate,
		.yara_fast = s->yara_fast,
		.yara_process = s->yara_process,
		.yara_matches = s->yara_matches,
		.yara_dump = s->yara_dump,
		.detect = s->detect,
		.report = s->report,
	};
	return OV_OK;
}

static ov_status close_jail(struct ov_worker *w)
{
	const struct ov_jail_options o = { .max_memory = w->setup.max_memory,
					   .max_file_size = w->setup.max_file_size,
					   .max_fds = w->setup.max_fds,
					   .dies_with_parent = w->setup.parent != 0 };
	struct ov_jail_report report;

	/* The report goes to the broker even when the jail is too weak: it decides, and says why.
	 */
	if (ov_jail_close(&o, &report) == OV_BUG)
		return OV_BUG;
	OV_TRY(ov_wire_put_hello(&w->out, &report));
	return ov_worker_answer(w, OV_WIRE_HELLO, 0);
}

static ov_status serve(struct ov_worker *w, struct ov_arrival *m)
{
	switch (m->kind) {
	case OV_WIRE_DATA:
		return ov_worker_data(w, m);
	case OV_WIRE_OPEN:
		return ov_worker_open(w, m);
	case OV_WIRE_SCAN:
		return ov_worker_scan(w, m);
	case OV_WIRE_SOURCE:
		return ov_worker_source(w, m);
	case OV_WIRE_COMPILE:
		return ov_worker_compile(w, m);
	case OV_WIRE_CONVERT:
		return ov_worker_convert(w, m);
	case OV_WIRE_LIST:
		return ov_worker_list(w, m);
	case OV_WIRE_COST:
		return ov_worker_cost(w, m);
	case OV_WIRE_FACTS:
		return ov_worker_facts(w, m);
	case OV_WIRE_WATCH:
		return ov_worker_watch(w, m);
	case OV_WIRE_INSPECT:
		return ov_worker_inspect(w, m);
	case OV_WIRE_ATTEMPT:
		return ov_worker_attempt(w, m);
	default:
		return OV_BAD;
	}
}

static ov_status serve_all(struct ov_worker *w)
{
	struct ov_arrival m;

	for (;;) {
		ov_status st = ov_link_recv(&w->link, true, &m);

		if (st != OV_OK)
			return st;
		st = serve(w, &m);
		ov_received_close(&m.fds);
		if (st != OV_OK)
			return st;
	}
}

static ov_status run(struct ov_worker *w)
{
	OV_TRY(ov_link_open(OV_WORKER_FD, &w->link));
	OV_TRY(warm_up());
	map_magic(w);
	OV_TRY(take_setup(w));
	/* The broker may have ended before PR_SET_PDEATHSIG was set; then the socket is closed, and
	 * recv tells. */
	silence();
	OV_TRY(close_jail(w));
	return serve_all(w);
}

int main(void)
{
	struct ov_worker w = { .out = ov_buf_of(OV_WIRE_BODY_MAX) };
	ov_status st;

	if (!is_socket(OV_WORKER_FD)) {
		(void)fputs("overt-worker is started by overt, with a socket as descriptor 3.\n",
			    stderr);
		return EXIT_BY_HAND;
	}
	ov_arena_init(&w.arena, (size_t)64 << 20);
	ov_arena_init(&w.scratch, (size_t)64 << 20);
	st = run(&w);
	/* No exit handlers: they belong to libraries that may have been broken by what they read.
	 */
	_exit(st == OV_END ? EXIT_DONE : st == OV_NOMEM ? EXIT_MEMORY : EXIT_PROTOCOL);
}
