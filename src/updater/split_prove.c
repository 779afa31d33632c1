/* What the fences let through, and what is tried from inside of them. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "split.h"
#include "split_int.h"
#include "text.h"

static void put(struct split_paths *p, const char *path, bool can_write)
{
	if (path != NULL && *path != '\0' && p->n < SPLIT_PATHS)
		p->path[p->n++] = (struct ov_fence_path){ .path = path, .can_write = can_write };
}

void split_verifier_paths(const char *folder, const struct ov_fetch_options *from,
			  struct split_paths *out)
{
	*out = (struct split_paths){ .n = 0 };
	put(out, folder, true);
	for (size_t i = 0; i < from->nsources; i++)
		if (!ov_fetch_is_url(from->sources[i]))
			put(out, from->sources[i], false);
}

void split_fetcher_paths(struct split_paths *out)
{
	static const char *const fixed[] = {
		"/etc/ssl",
		"/usr/lib/ssl",
		"/usr/share/ca-certificates",
		"/etc/pki",
		"/usr/local/share/ca-certificates",
		"/etc/resolv.conf",
		"/run/systemd/resolve",
		"/etc/hosts",
		"/etc/host.conf",
		"/etc/nsswitch.conf",
		"/etc/gai.conf",
		"/etc/services",
		"/etc/protocols",
		"/etc/ld.so.cache",
		"/lib",
		"/lib64",
		"/usr/lib",
		"/usr/lib64",
		"/dev/urandom",
		"/dev/null",
	};

	*out = (struct split_paths){ .n = 0 };
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		put(out, fixed[i], false);
	put(out, secure_getenv("SSL_CERT_FILE"), false);
	put(out, secure_getenv("SSL_CERT_DIR"), false);
}

static bool has_proxy(const struct ov_fetch_options *from)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					     "all_proxy", "ALL_PROXY" };

	if (from->proxy != NULL)
		return *from->proxy != '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *v = getenv(names[i]);

		if (v != NULL && *v != '\0')
			return true;
	}
	return false;
}

/* "https://host:8443/x" -> 8443. 0: it can't be told. */
static uint16_t port_of(const char *url)
{
	const char *host = strstr(url, "://"), *end, *at;
	uint64_t v = strncmp(url, "https", 5) == 0 ? 443 : 80;

	if (host == NULL)
		return 0;
	host += 3;
	end = host + strcspn(host, "/?#");
	at = memrchr(host, '@', (size_t)(end - host));
	host = at != NULL ? at + 1 : host;
	if (*host == '[') { /* an IPv6 address */
		at = memchr(host, ']', (size_t)(end - host));
		if (at == NULL)
			return 0;
		host = at;
	}
	at = memchr(host, ':', (size_t)(end - host));
	if (at != NULL &&
	    (ov_text_u64((struct ov_str){ at + 1, (size_t)(end - at - 1) }, &v) != OV_OK ||
	     v > UINT16_MAX))
		return 0;
	return (uint16_t)v;
}

size_t split_ports(const struct ov_fetch_options *from, uint16_t ports[SPLIT_PORTS])
{
	size_t n = 0;

	if (has_proxy(from))
		return 0;
	ports[n++] = 53;
	for (size_t i = 0; i < from->nsources; i++) {
		const uint16_t port =
		    ov_fetch_is_url(from->sources[i]) ? port_of(from->sources[i]) : 53;

		if (port == 0 || n == SPLIT_PORTS)
			return 0;
		ports[n++] = port;
	}
	return n;
}

/* Attempts. Each returns 0 when it was possible, else -1 with errno. */
static int read_file(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int read_home(void)
{
	const char *home = getenv("HOME");

	return open(home != NULL ? home : "/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int write_file(void)
{
	return open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

static int run_program(void)
{
	char name[] = "true";
	char *const argv[] = { name, NULL }, *const env[] = { NULL };

	return execve("/bin/true", argv, env);
}

static int start_process(void)
{
	const pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 ? 0 : -1;
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int listen_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_port = htons(18374); /* Landlock lets port 0 be bound by no rule either */
	return fd >= 0 ? bind(fd, (const struct sockaddr *)&a, sizeof a) : -1;
}

/* Nobody listens there, and no packet leaves this machine: refused is not the same as not there. */
static int connect_elsewhere(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_port = htons(9);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
		return fd < 0 ? -1 : 0;
	return errno == EACCES || errno == EPERM ? -1 : 0;
}

static int signal_parent(void)
{
	return kill(getppid(), 0);
}

struct attempt {
	const char *what;
	int (*run)(void);
	bool of_verifier, of_fetcher;
};

static const struct attempt attempts[] = {
	{ "read a file: /etc/passwd", read_file, true, true },
	{ "read the home folder", read_home, true, true },
	{ "write a file in /tmp", write_file, true, true },
	{ "run a program: /bin/true", run_program, true, true },
	{ "start a process", start_process, true, true },
	{ "signal the keeper", signal_parent, true, true },
	{ "make a socket", make_socket, true, false },
	{ "listen on a TCP port", listen_tcp, false, true },
	{ "connect to another TCP port", connect_elsewhere, false, true },
};

/* In a process of its own: closes the fence, tries, tells by its exit status or by how it died. */
static void attempt_inside(const char *folder, bool is_fetcher, int (*run)(void),
			   struct ov_fence_report *report)
{
	static const uint16_t ports[] = { 53, 443 };
	const struct ov_fetch_options none = { .nsources = 0 };
	struct ov_fence_options o = { .has_network = is_fetcher };
	struct split_paths p;

	if (is_fetcher)
		split_fetcher_paths(&p);
	else
		split_verifier_paths(folder, &none, &p);
	o.paths = p.path;
	o.npaths = p.n;
	o.ports = ports;
	o.nports = is_fetcher ? 2 : 0;
	(void)!ov_fence_close(&o, report);
	_exit(run() >= 0 ? 0 : errno & 0xff);
}

static void tell(int status, bool *is_refused, char how[32])
{
	*is_refused = true;
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		(void)snprintf(how, 32, "killed: SIG%s", name != NULL ? name : "?");
	} else if (WEXITSTATUS(status) != 0) {
		const char *name = strerrorname_np(WEXITSTATUS(status));

		(void)snprintf(how, 32, "%s", name != NULL ? name : "refused");
	} else {
		*is_refused = false;
		(void)snprintf(how, 32, "POSSIBLE");
	}
}

ov_status split_prove(const char *folder, bool is_fetcher, struct split_proof *out)
{
	struct ov_fence_report *report =
	    mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	memset(out, 0, sizeof *out);
	if (report == MAP_FAILED)
		return OV_NOMEM;
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		int status = 0;
		pid_t pid;

		if (!(is_fetcher ? attempts[i].of_fetcher : attempts[i].of_verifier) ||
		    out->n == SPLIT_ATTEMPTS)
			continue;
		pid = fork();
		if (pid == 0)
			attempt_inside(folder, is_fetcher, attempts[i].run, report);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			break;
		out->attempt[out->n].what = attempts[i].what;
		tell(status, &out->attempt[out->n].is_refused, out->attempt[out->n].how);
		out->nrefused += out->attempt[out->n].is_refused;
		out->n++;
	}
	out->report = *report;
	(void)munmap(report, sizeof *report);
	return out->n > 0 ? OV_OK : OV_IO;
}
