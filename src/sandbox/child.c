/* A worker process, seen from the broker. See child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"

extern char **environ;

/* What a worker's environment keeps: the sanitizers' settings in test builds. Nothing else is its
 * business. */
static bool is_kept(const char *entry)
{
	static const char *const kept[] = { "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LLVM_PROFILE_FILE=",
					    "QEMU_LD_PREFIX=" };

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (strncmp(entry, kept[i], strlen(kept[i])) == 0)
			return true;
	return false;
}

#define ENVIRONMENT_MAX 8

static void make_environment(char *env[ENVIRONMENT_MAX])
{
	static char zone[] = "TZ=UTC", locale[] = "LC_ALL=C";
	size_t n = 0;

	env[n++] = zone;
	env[n++] = locale;
	for (char **e = environ; e != NULL && *e != NULL && n < ENVIRONMENT_MAX - 1; e++)
		if (is_kept(*e))
			env[n++] = *e;
	env[n] = NULL;
}

/*
 * The descriptors of the worker: 0 and 1 go nowhere, 2 is ours until its jail is closed, 3 is the
 * socket, and all others are closed, whatever the embedding program forgot to mark.
 */
static int plan_descriptors(posix_spawn_file_actions_t *plan, int sock)
{
	int rc = posix_spawn_file_actions_addopen(plan, 0, "/dev/null", O_RDWR, 0);

	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(plan, 0, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(plan, sock, OV_WORKER_FD);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(plan, OV_WORKER_FD + 1);
	return rc;
}

static int plan_signals(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int rc;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	rc = posix_spawnattr_setsigdefault(attr, &all);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setpgroup(
		    attr, 0); /* Ctrl-C reaches the broker, which ends them in order */
	if (rc == 0)
		rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
							POSIX_SPAWN_SETPGROUP);
	return rc;
}

static int spawn(const char *program, int sock, pid_t *pid)
{
	static char name[] = "overt-worker";
	char *const argv[] = { name, NULL };
	char *env[ENVIRONMENT_MAX];
	posix_spawn_file_actions_t plan;
	posix_spawnattr_t attr;
	int rc;

	make_environment(env);
	rc = posix_spawn_file_actions_init(&plan);
	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc == 0) {
		rc = plan_descriptors(&plan, sock);
		if (rc == 0)
			rc = plan_signals(&attr);
		if (rc == 0)
			rc = posix_spawn(pid, program, &plan, &attr, argv, env);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&plan);
	return rc;
}

ov_status ov_child_start(const char *program, struct ov_child *out)
{
	OV_CLEANUP(ov_fd_close) int ours = -1;
	OV_CLEANUP(ov_fd_close) int theirs = -1;
	struct ov_child c = { .pid = 0 };
	int rc;

	OV_TRY(ov_message_pair(&ours, &theirs));
	if (theirs == OV_WORKER_FD) { /* dup2 onto itself would keep it close-on-exec */
		const int moved = fcntl(theirs, F_DUPFD_CLOEXEC, OV_WORKER_FD + 1);

		if (moved < 0)
			return OV_IO;
		ov_fd_close(&theirs);
		theirs = moved;
	}
	OV_TRY(ov_link_open(ours, &c.link));
	rc = spawn(program, theirs, &c.pid);
	if (rc != 0) {
		c.link.sock = -1;
		ov_link_close(&c.link);
		errno = rc;
		return OV_IO;
	}
	(void)ov_fd_take(&ours);
	*out = c;
	return OV_OK;
}

/* Waits up to `ms`. @return true when it is gone, with *status (-1: the embedding program reaped
 * it). */
static bool wait_for(pid_t pid, int ms, int *status)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	for (int i = 0; i <= ms; i++) {
		const pid_t got = waitpid(pid, status, WNOHANG);

		if (got == pid)
			return true;
		if (got < 0 && errno != EINTR) {
			*status = -1;
			return true;
		}
		(void)nanosleep(&nap, NULL);
	}
	return false;
}

/* How a process ended, in words. @return the signal, or 0. */
static int describe(int status, char why[OV_CHILD_TEXT])
{
	if (status == -1) {
		(void)snprintf(why, OV_CHILD_TEXT, "ended, nobody knows how");
		return 0;
	}
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		(void)snprintf(why, OV_CHILD_TEXT, "signal %d (SIG%s)", WTERMSIG(status),
			       name != NULL ? name : "?");
		return WTERMSIG(status);
	}
	(void)snprintf(why, OV_CHILD_TEXT, "exit status %d", WEXITSTATUS(status));
	return 0;
}

int ov_child_end(struct ov_child *c, char why[OV_CHILD_TEXT])
{
	int status = 0, sig = 0;

	if (c->pid == 0)
		return 0;
	/* A worker that is dying already has its status fixed; the signal then changes nothing. */
	(void)kill(c->pid, SIGKILL);
	ov_link_close(&c->link);
	if (wait_for(c->pid, 2000, &status))
		sig = describe(status, why);
	else
		(void)snprintf(why, OV_CHILD_TEXT, "it can't be killed");
	c->pid = 0;
	return sig;
}

void ov_child_dismiss(struct ov_child *c)
{
	char why[OV_CHILD_TEXT];

	if (c->pid == 0)
		return;
	(void)ov_child_end(c, why);
}

bool ov_child_is_main_thread(void)
{
	return (pid_t)syscall(SYS_gettid) == getpid();
}
