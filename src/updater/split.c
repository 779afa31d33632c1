#include "split.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "fd.h"
#include "fetch_link.h"
#include "lines.h"
#include "message.h"
#include "save.h"
#include "split_int.h"
#include "text.h"

#define NAME_MAX_BYTES 65

enum ask { ASK_TRY = 1, ASK_LOG };

struct question { /* to the keeper */
	uint32_t ask;
	int32_t priority;
	char hex[2 * OV_SHA256_BYTES + 1], name[NAME_MAX_BYTES];
	char text[OV_CLIENT_ERROR];
};

struct answer {
	int32_t status;
	char why[OV_CLIENT_ERROR];
};

/* Shared by the three: each writes its own. */
struct shared {
	struct ov_fence_report verifier, fetcher;
};

ov_status split_try(void *ctx, const char *path, struct ov_str name, char why[OV_CLIENT_ERROR])
{
	const struct split_ends *ends = ctx;
	const char *slash = strrchr(path, '/');
	struct question q = { .ask = ASK_TRY };
	const struct ov_message m = { .head = &q, .nhead = sizeof q };
	struct ov_received got;
	struct answer a;

	(void)snprintf(q.hex, sizeof q.hex, "%s", slash != NULL ? slash + 1 : path);
	(void)snprintf(q.name, sizeof q.name, "%.*s", (int)name.n, name.p);
	(void)snprintf(why, OV_CLIENT_ERROR, "it could not be tried: the keeper is gone");
	if (ov_message_send(ends->keeper, &m, true) != OV_OK ||
	    ov_message_recv(ends->keeper, &a, sizeof a, true, &got) != OV_OK)
		return OV_IO;
	ov_received_close(&got);
	if (got.n != sizeof a || memchr(a.why, 0, sizeof a.why) == NULL)
		return OV_IO;
	memcpy(why, a.why, OV_CLIENT_ERROR);
	return a.status == OV_OK ? OV_OK : a.status == OV_BAD ? OV_BAD : OV_IO;
}

void split_log(const struct split_ends *ends, int priority, const char *text)
{
	struct question q = { .ask = ASK_LOG, .priority = priority };
	const struct ov_message m = { .head = &q, .nhead = sizeof q };

	(void)snprintf(q.text, sizeof q.text, "%s", text);
	(void)!ov_message_send(ends->keeper, &m, true);
}

/* The keeper believes neither digest nor name to be what they should. */
static void try_for(const struct split *s, const struct question *q, struct answer *a)
{
	const struct ov_str name = ov_str_of(q->name);
	uint8_t sha256[OV_SHA256_BYTES];
	char *path = NULL;

	*a = (struct answer){ .status = OV_IO };
	if (ov_lines_sha256(ov_str_of(q->hex), sha256) != OV_OK || !ov_lines_name_ok(name) ||
	    asprintf(&path, "%s/db/%s", s->folder, q->hex) < 0)
		return;
	a->status = (int32_t)canary_try(s->canary, path, name, a->why);
	free(path);
}

static void log_for(const struct question *q)
{
	char text[OV_CLIENT_ERROR];
	size_t n = 0;

	for (; q->text[n] != '\0'; n++)
		text[n] = (unsigned char)q->text[n] < ' ' ? ' ' : q->text[n];
	text[n] = '\0';
	openlog("overt-update", LOG_PID, LOG_DAEMON);
	syslog(q->priority >= LOG_ALERT && q->priority <= LOG_DEBUG ? q->priority : LOG_WARNING,
	       "%s", text);
	closelog();
}

static bool is_whole(const struct question *q, size_t n)
{
	return n == sizeof *q && memchr(q->hex, 0, sizeof q->hex) != NULL &&
	       memchr(q->name, 0, sizeof q->name) != NULL &&
	       memchr(q->text, 0, sizeof q->text) != NULL;
}

static void keep(const struct split *s, int sock)
{
	struct question q;
	struct ov_received got;

	while (ov_message_recv(sock, &q, sizeof q, true, &got) == OV_OK) {
		struct answer a;
		const struct ov_message m = { .head = &a, .nhead = sizeof a };

		ov_received_close(&got);
		if (!is_whole(&q, got.n))
			return;
		if (q.ask == ASK_LOG)
			log_for(&q);
		if (q.ask != ASK_TRY)
			continue;
		try_for(s, &q, &a);
		if (ov_message_send(sock, &m, true) != OV_OK)
			return;
	}
}

/* In the fetcher. */
static void fetch(const struct split *s, int sock, struct shared *shared)
{
	struct split_paths p;
	uint16_t ports[SPLIT_PORTS];
	struct ov_fence_options o = { .has_network = true, .ports = ports };

	split_fetcher_paths(&p);
	o.paths = p.path;
	o.npaths = p.n;
	o.nports = split_ports(&s->from, ports);
	(void)!ov_fence_close(&o, &shared->fetcher); /* how well is told in the report */
	_exit(ov_fetch_link_serve(sock, &s->from) == OV_OK ? 0 : 1);
}

/* In the verifier. */
static void verify(struct cli *c, const struct split *s, const struct split_ends *ends,
		   struct shared *shared)
{
	struct split_paths p;
	struct ov_fence_options o;
	int code;

	split_verifier_paths(s->folder, &s->from, &p);
	o = (struct ov_fence_options){ .paths = p.path, .npaths = p.n };
	(void)!ov_fence_close(&o, &shared->verifier);
	code = s->work(c, s->ctx, ends);
	cli_flush(&c->out);
	cli_flush(&c->err);
	_exit(code);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* The sockets of all three; -1 where there is none. */
struct sockets {
	int fetcher, to_fetcher, keeper, to_keeper;
};

static void close_all(struct sockets *k)
{
	ov_fd_close(&k->fetcher);
	ov_fd_close(&k->to_fetcher);
	ov_fd_close(&k->keeper);
	ov_fd_close(&k->to_keeper);
}

static pid_t start_fetcher(const struct split *s, struct sockets *k, struct shared *shared)
{
	const pid_t pid = fork();

	if (pid != 0)
		return pid;
	ov_fd_close(&k->to_fetcher);
	ov_fd_close(&k->keeper);
	ov_fd_close(&k->to_keeper);
	fetch(s, k->fetcher, shared);
	_exit(1);
}

static pid_t start_verifier(struct cli *c, const struct split *s, struct sockets *k,
			    struct shared *shared)
{
	const pid_t pid = fork();
	struct split_ends ends = { .verifier = &shared->verifier, .fetcher = &shared->fetcher };

	if (pid != 0)
		return pid;
	ov_fd_close(&k->fetcher);
	ov_fd_close(&k->keeper);
	ends.link = k->to_fetcher > 0 ? k->to_fetcher : 0;
	ends.keeper = k->to_keeper;
	verify(c, s, &ends, shared);
	_exit(CLI_FAILED);
}

static int run(struct cli *c, const char *command, const struct split *s, struct sockets *k,
	       struct shared *shared)
{
	pid_t fetcher = 0, verifier;
	int status;

	if (k->fetcher >= 0)
		fetcher = start_fetcher(s, k, shared);
	verifier = fetcher >= 0 ? start_verifier(c, s, k, shared) : -1;
	ov_fd_close(&k->fetcher);
	ov_fd_close(&k->to_fetcher);
	ov_fd_close(&k->to_keeper);
	if (verifier > 0)
		keep(s, k->keeper);
	ov_fd_close(&k->keeper);
	status = verifier > 0 ? wait_for(verifier) : -1;
	if (fetcher > 0) {
		(void)kill(fetcher, SIGKILL); /* its work is done */
		(void)wait_for(fetcher);
	}
	if (status >= 0 && WIFEXITED(status))
		return WEXITSTATUS(status);
	return cli_fail(c, command, "the part that verifies did not end well",
			status >= 0 && WIFSIGNALED(status) ? sigdescr_np(WTERMSIG(status))
							   : strerror(errno));
}

int split_run(struct cli *c, const char *command, const struct split *s)
{
	struct sockets k = { -1, -1, -1, -1 };
	struct shared *shared =
	    mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int code = -1;

	if (shared == MAP_FAILED)
		return cli_fail(c, command, "no memory", NULL);
	if (ov_save_folder(s->folder) != OV_OK)
		code = cli_fail(c, command, s->folder, strerror(errno));
	else if (ov_message_pair(&k.keeper, &k.to_keeper) != OV_OK ||
		 (ov_fetch_needs_network(&s->from) &&
		  ov_message_pair(&k.fetcher, &k.to_fetcher) != OV_OK))
		code = cli_fail(c, command, "no socket", strerror(errno));
	cli_flush(&c->out); /* or both would write it */
	cli_flush(&c->err);
	if (code < 0)
		code = run(c, command, s, &k, shared);
	close_all(&k);
	(void)munmap(shared, sizeof *shared);
	return code;
}
