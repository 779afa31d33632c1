/*
 * One command of a plan: started without a shell, its output shown line by line so that it can't
 * forge what is on the terminal, kept in a file, and digested. It reads nothing from standard
 * input; what asks for a password (ssh, sudo) asks the terminal itself.
 */
#include "migrate_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "text.h"

#define KEPT_MAX ((uint64_t)16 << 20) /* of one command's output */
#define LINE_SHOWN 1000
#define GRACE_MS 5000 /* between asking and killing */
#define PART 4096
#define LEFT_READS 257 /* more than a pipe holds: what it left running may write for ever */

extern char **environ;

/* ---- finding ---- */

static char *self(void)
{
	char path[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	return strdup(path);
}

char *migrate_program(const char *name)
{
	const char *dirs = getenv("PATH");
	struct ov_str rest = ov_str_of(dirs != NULL ? dirs
						    : "/usr/local/sbin:/usr/local/bin:"
						      "/usr/sbin:/usr/bin:/sbin:/bin"),
		      dir;
	char *path = NULL;

	if (strcmp(name, "overt") == 0)
		return self();
	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 ? strdup(name) : NULL;
	while (ov_text_split(&rest, ':', &dir)) {
		if (dir.n == 0 || dir.p[0] != '/') /* not where we happen to stand */
			continue;
		if (asprintf(&path, "%.*s/%s", (int)dir.n, dir.p, name) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
		path = NULL;
	}
	return NULL;
}

/* ---- starting ---- */

static int plan_descriptors(posix_spawn_file_actions_t *a, int out)
{
	int rc = posix_spawn_file_actions_addopen(a, 0, "/dev/null", O_RDONLY, 0);

	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(a, out, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(a, out, 2);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(a, 3);
	return rc;
}

/* It stays in our process group, so that it may ask the terminal, and Ctrl-C reaches it. */
static int spawn(const char *path, char *const *argv, int out, pid_t *pid)
{
	posix_spawn_file_actions_t a;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int rc = posix_spawn_file_actions_init(&a);

	if (rc != 0)
		return rc;
	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	rc = posix_spawnattr_init(&attr);
	if (rc == 0) {
		rc = plan_descriptors(&a, out);
		if (rc == 0)
			rc = posix_spawnattr_setsigdefault(&attr, &all);
		if (rc == 0)
			rc = posix_spawnattr_setsigmask(&attr, &none);
		if (rc == 0)
			rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF |
								 POSIX_SPAWN_SETSIGMASK);
		if (rc == 0)
			rc = posix_spawn(pid, path, &a, &attr, argv, environ);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&a);
	return rc;
}

/* ---- its output ---- */

struct output {
	struct cli *c;
	struct ov_hasher *h;
	int keep;
	struct ov_buf line;
	struct run_ended *r;
	bool is_bad; /* it could not be kept or digested */
};

static void show_line(struct output *o)
{
	cli_put(&o->c->out, "  | ");
	cli_shown(&o->c->out, ov_buf_text(&o->line));
	cli_put(&o->c->out, "\n");
	o->line.n = 0;
}

static void take(struct output *o, const uint8_t *p, size_t n)
{
	const uint64_t room = o->r->bytes < KEPT_MAX ? KEPT_MAX - o->r->bytes : 0;

	o->is_bad |= ov_hasher_add(o->h, p, n) != OV_OK ||
		     ov_fd_write(o->keep, p, n < room ? n : (size_t)room) != OV_OK;
	o->r->is_cut |= n > room;
	o->r->bytes += n;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' || o->line.n >= LINE_SHOWN)
			show_line(o);
		if (p[i] != '\n' && p[i] != '\r')
			o->is_bad |= ov_buf_u8(&o->line, p[i]) != OV_OK;
	}
	cli_flush(&o->c->out);
}

/* @return false at the end, or when nothing is there now. */
static bool take_some(struct output *o, int fd, bool *is_end)
{
	uint8_t part[PART];
	const ssize_t n = read(fd, part, sizeof part);

	if (n > 0)
		take(o, part, (size_t)n);
	*is_end = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	return n > 0;
}

/* Until the child is gone: what it left running may hold the pipe open for ever. */
static void follow(struct output *o, pid_t pid, int fd, uint64_t timeout_s, int *status)
{
	const uint64_t start = cli_now_ms(), until = start + timeout_s * 1000;
	bool is_end = false, is_gone = false, is_killed = false;

	while (!is_gone) {
		struct pollfd p = { .fd = is_end ? -1 : fd, .events = POLLIN };
		const uint64_t now = cli_now_ms();

		(void)poll(&p, 1, 50);
		(void)take_some(o, fd, &is_end);
		is_gone = waitpid(pid, status, WNOHANG) == pid;
		if (!is_gone && now >= until && !o->r->is_timeout) {
			o->r->is_timeout = true;
			(void)kill(pid, SIGTERM);
		} else if (!is_gone && now >= until + GRACE_MS && !is_killed) {
			is_killed = true;
			(void)kill(pid, SIGKILL);
		}
	}
	for (int i = 0; i < LEFT_READS && take_some(o, fd, &is_end); i++)
		continue;
	if (o->line.n > 0)
		show_line(o);
	o->r->ms = cli_now_ms() - start;
}

static bool watch(struct output *o, const char *path, char *const *argv, uint64_t timeout_s)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, was[2];
	uint8_t d[OV_DIGEST_MAX];
	int fds[2], status = 0, rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return false;
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	(void)sigaction(SIGINT, &ignore, &was[0]); /* the command's, not ours: its end is noted */
	(void)sigaction(SIGQUIT, &ignore, &was[1]);
	rc = spawn(path, argv, fds[1], &pid);
	ov_fd_close(&fds[1]);
	if (rc == 0)
		follow(o, pid, fds[0], timeout_s, &status);
	ov_fd_close(&fds[0]);
	(void)sigaction(SIGINT, &was[0], NULL);
	(void)sigaction(SIGQUIT, &was[1], NULL);
	errno = rc;
	if (rc != 0)
		return false;
	o->r->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	o->r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	o->is_bad |= ov_hasher_end(o->h, d) != OV_OK || fsync(o->keep) != 0;
	ov_hex_encode(d, 32, o->r->output);
	return true;
}

bool migrate_exec(struct cli *c, char *const *argv, uint64_t timeout_s, const char *keep,
		  struct run_ended *out)
{
	struct output o = { .c = c, .keep = -1, .line = ov_buf_of(4 * LINE_SHOWN), .r = out };
	char *path = migrate_program(argv[0]);
	bool ok = false;

	*out = (struct run_ended){ .exit = -1 };
	if (path == NULL) {
		(void)cli_fail(c, "overt migrate", argv[0], "no such program is found");
		return false;
	}
	o.keep = open(keep, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o.keep < 0)
		(void)cli_fail(c, "overt migrate", keep, strerror(errno));
	else if (ov_hasher_new(OV_SHA256, &o.h) != OV_OK || ov_hasher_start(o.h) != OV_OK)
		(void)cli_fail(c, "overt migrate", "out of memory", NULL);
	else if (!watch(&o, path, argv, timeout_s))
		(void)cli_fail(c, "overt migrate", path, strerror(errno));
	else
		ok = true;
	if (ok && o.is_bad)
		(void)cli_fail(c, "overt migrate", keep, "the output could not be kept whole");
	ov_fd_close(&o.keep);
	ov_hasher_free(&o.h);
	ov_buf_free(&o.line);
	free(path);
	return ok;
}
