#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "overt/engine.h"

#include "clock.h"
#include "fd.h"

#define FILE_MS 20000 /* for one file */

static int open_file(const struct trial_file *f)
{
	int fd = -1;

	if (f->path != NULL)
		return ov_fd_open_read(f->path, &fd) == OV_OK ? fd : -1;
	if (ov_fd_memory("overt-canary", &fd) != OV_OK)
		return -1;
	if (ov_fd_write(fd, f->bytes, f->n) != OV_OK)
		ov_fd_close(&fd);
	return fd;
}

static enum trial_outcome outcome_of(const struct overt_verdict *v)
{
	for (size_t i = 0; i < v->nincompletes; i++)
		if (v->incompletes[i].reason == OVERT_CRASHED ||
		    v->incompletes[i].reason == OVERT_TIMEOUT)
			return TRIAL_CRASHED;
	return v->kind == OVERT_DETECTED ? TRIAL_FOUND : TRIAL_NOTHING;
}

/* @return false when the engine is at its end. */
static bool scan(struct overt_engine *e, const struct trial_file *f, size_t nth,
		 struct trial_result *r)
{
	struct overt_verdict *v = NULL;
	const int fd = open_file(f);

	if (fd < 0)
		return true; /* gone since: that is no fault of the database */
	if (overt_engine_submit(e, fd, nth) != OVERT_OK ||
	    overt_engine_next(e, FILE_MS * 2, &v) != OVERT_OK) {
		r->outcomes[nth] = TRIAL_CRASHED;
		(void)snprintf(r->why, sizeof r->why, "%s", overt_engine_error(e));
		return false;
	}
	r->outcomes[nth] = (uint8_t)outcome_of(v);
	if (r->outcomes[nth] == TRIAL_FOUND && r->nnames < TRIAL_NAMES) {
		r->names[r->nnames].file = nth;
		(void)snprintf(r->names[r->nnames].name, sizeof r->names[0].name, "%.*s",
			       (int)v->detections[0].name.length, v->detections[0].name.bytes);
		r->nnames++;
	}
	overt_verdict_free(&v);
	return true;
}

static void scan_all(const struct trial *t, struct overt_engine *e, struct trial_result *r)
{
	const uint64_t begun = ov_clock_ms();

	for (size_t i = 0; i < t->nfiles; i++) {
		if (ov_clock_ms() - begun > t->scan_ms)
			break;
		if (!scan(e, &t->files[i], i, r))
			return;
		if (i + 1 == t->nmeasured)
			r->measured_ms = ov_clock_ms() - begun;
	}
	r->is_done = true;
}

static uint64_t peak_memory(int who)
{
	struct rusage u;

	return getrusage(who, &u) == 0 ? (uint64_t)u.ru_maxrss * 1024 : 0;
}

/* In the child. */
static void run(const struct trial *t, struct trial_result *r)
{
	const uint64_t begun = ov_clock_ms();
	struct overt_options *o = overt_options_new();
	struct overt_engine *e = NULL;

	if (o == NULL || overt_options_add_database(o, t->database) != OVERT_OK ||
	    overt_options_set(o, OVERT_OPT_WORKERS, 1) != OVERT_OK ||
	    overt_options_set(o, OVERT_OPT_MAX_SCANTIME, FILE_MS) != OVERT_OK ||
	    (t->max_memory > 0 &&
	     overt_options_set(o, OVERT_OPT_WORKER_MEMORY, t->max_memory) != OVERT_OK) ||
	    overt_options_set_cache(o, NULL) != OVERT_OK) {
		(void)snprintf(r->why, sizeof r->why, "no memory");
		return;
	}
	if (overt_engine_open(o, &e) != OVERT_OK) {
		(void)snprintf(r->why, sizeof r->why, "%s",
			       e != NULL ? overt_engine_error(e) : "no memory");
		return;
	}
	r->load_ms = ov_clock_ms() - begun;
	r->signatures = overt_engine_database(e)->signatures;
	r->is_loaded = true;
	scan_all(t, e, r);
	overt_engine_close(&e);
	while (waitpid(-1, NULL, 0) > 0 ||
	       errno == EINTR) /* each worker is counted, however slowly it dies */
		;
	r->peak = peak_memory(RUSAGE_CHILDREN);
}

/* Waits for the pipe's other end to close, which is the child's death. */
static bool wait_until(int fd, uint64_t until)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		const uint64_t now = ov_clock_ms();
		const int rc = poll(&p, 1, now < until ? (int)(until - now) : 0);

		if (rc > 0)
			return true;
		if (rc == 0 || errno != EINTR)
			return false;
	}
}

static void watch(const struct trial *t, pid_t pid, int fd, struct trial_result *r)
{
	const uint64_t begun = ov_clock_ms();
	bool is_over = wait_until(fd, begun + t->load_ms);
	int status = 0;

	if (!is_over && r->is_loaded) /* at most one file goes on past the end */
		is_over = wait_until(fd, begun + t->load_ms + t->scan_ms + 3 * FILE_MS);
	if (!is_over) {
		(void)kill(pid, SIGKILL); /* its workers die with it */
		(void)snprintf(r->why, sizeof r->why,
			       r->is_loaded ? "scanning does not end" : "it did not load in %u s",
			       t->load_ms / 1000);
		r->is_done = false;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (is_over && WIFSIGNALED(status)) {
		(void)snprintf(r->why, sizeof r->why, "the trial died: SIG%s",
			       sigabbrev_np(WTERMSIG(status)));
		r->is_done = false;
	}
}

ov_status trial_run(const struct trial *t, struct trial_result **out)
{
	const size_t bytes = sizeof(struct trial_result) + t->nfiles;
	struct trial_result *r =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ends[2];
	pid_t pid;

	if (r == MAP_FAILED)
		return OV_NOMEM;
	r->bytes = bytes;
	r->outcomes = (uint8_t *)(r + 1);
	if (pipe2(ends, O_CLOEXEC) != 0) {
		(void)munmap(r, bytes);
		return OV_IO;
	}
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		ov_fd_close(&ends[0]);
		run(t, r);
		_exit(0);
	}
	ov_fd_close(&ends[1]);
	if (pid > 0)
		watch(t, pid, ends[0], r);
	ov_fd_close(&ends[0]);
	if (pid < 0) {
		(void)munmap(r, bytes);
		return OV_IO;
	}
	*out = r;
	return OV_OK;
}

void trial_free(struct trial_result **r)
{
	if (*r != NULL)
		(void)munmap(*r, (*r)->bytes);
	*r = NULL;
}

const char *trial_name(const struct trial_result *r, size_t file)
{
	for (size_t i = 0; i < r->nnames; i++)
		if (r->names[i].file == file)
			return r->names[i].name;
	return "something";
}
