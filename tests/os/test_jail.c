/*
 * The jail holds: each row is one attempt in a fresh jailed process, with parts of the jail left
 * out to see that the others hold alone. Run as root, each row runs again as an ordinary user.
 */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

#include "jail.h"

#define BIT(part) (1U << OV_JAIL_##part)
#define NO_SECCOMP BIT(SECCOMP)
#define ONLY_LANDLOCK                                                                              \
	(BIT(SECCOMP) | BIT(NAMESPACES) | BIT(EMPTY_ROOT) | BIT(LIMITS) | BIT(NO_RIGHTS))
#define ONLY_ROOT (BIT(SECCOMP) | BIT(LANDLOCK) | BIT(LIMITS))

/* Exit statuses of the child besides errno. */
#define DID_IT 200
#define NOT_HERE 201 /* this machine lacks the part under test */

static int failed(long rc)
{
	return rc >= 0 ? DID_IT : errno;
}

static int open_file(void)
{
	return failed(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}
static int create_file(void)
{
	return failed(open("/tmp/overt-jail-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}
static int make_folder(void)
{
	return failed(mkdir("/tmp/overt-jail-folder", 0700));
}
static int make_process(void)
{
	return failed(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static int make_socket(void)
{
	return failed(socket(AF_INET, SOCK_STREAM, 0));
}
static int become_root(void)
{
	return failed(setuid(0));
}
static int trace_parent(void)
{
	return failed(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}
static int signal_parent(void)
{
	return failed(kill(getppid(), 0));
}
static int use_program(void)
{
	char *const argv[] = { (char *)(uintptr_t) "true", NULL };

	return failed(execv("/bin/true", argv));
}
static int map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED
		   ? DID_IT
		   : errno;
}
static int turn_into_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NOT_HERE : failed(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static int connect_home(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };
	const int s = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return s < 0 ? failed(s) : failed(connect(s, (struct sockaddr *)&a, sizeof a));
}
static int many_descriptors(void)
{
	int n = 0;

	while (n < 100 && dup(0) >= 0)
		n++;
	return n < 100 ? errno : DID_IT;
}
static int dump_core(void)
{
	struct rlimit l;

	return getrlimit(RLIMIT_CORE, &l) == 0 && l.rlim_max == 0 ? EPERM : DID_IT;
}
static int compute(void)
{
	char *p = malloc(1 << 20);

	if (p == NULL)
		return 1;
	memset(p, 1, 1 << 20);
	free(p);
	return DID_IT;
}

static const struct {
	const char *what;
	uint32_t skip;
	int (*attempt)(void);
	int signal, error; /* how it must end; 0 and 0: it must work */
} rows[] = {
	{ "memory can be used", 0, compute, 0, 0 },
	{ "whole jail: open", 0, open_file, 0, EPERM },
	{ "whole jail: create", 0, create_file, 0, EPERM },
	{ "whole jail: mkdir", 0, make_folder, SIGSYS, 0 },
	{ "whole jail: fork", 0, make_process, SIGSYS, 0 },
	{ "whole jail: exec", 0, use_program, SIGSYS, 0 },
	{ "whole jail: socket", 0, make_socket, SIGSYS, 0 },
	{ "whole jail: ptrace", 0, trace_parent, SIGSYS, 0 },
	{ "whole jail: kill", 0, signal_parent, SIGSYS, 0 },
	{ "whole jail: setuid", 0, become_root, SIGSYS, 0 },
	{ "whole jail: W+X", 0, map_code, SIGSYS, 0 },
	{ "whole jail: data to code", 0, turn_into_code, SIGSYS, 0 },
	{ "Landlock alone: open", ONLY_LANDLOCK, open_file, 0, EACCES },
	{ "Landlock alone: create", ONLY_LANDLOCK, create_file, 0, EACCES },
	{ "Landlock alone: mkdir", ONLY_LANDLOCK, make_folder, 0, EACCES },
	{ "Landlock alone: exec", ONLY_LANDLOCK, use_program, 0, EACCES },
	{ "Landlock alone: connect", ONLY_LANDLOCK, connect_home, 0, EACCES },
	{ "Landlock alone: signals", ONLY_LANDLOCK, signal_parent, 0, EPERM },
	{ "empty root: open", ONLY_ROOT, open_file, 0, ENOENT },
	{ "empty root: create", ONLY_ROOT, create_file, 0, ENOENT },
	{ "empty network: connect", ONLY_ROOT, connect_home, 0, ENETUNREACH },
	{ "no rights: root", NO_SECCOMP | BIT(NAMESPACES), become_root, 0, EPERM },
	{ "limits: processes", NO_SECCOMP, make_process, 0, EAGAIN },
	{ "limits: descriptors", NO_SECCOMP, many_descriptors, 0, EMFILE },
	{ "limits: no dumps", NO_SECCOMP, dump_core, 0, EPERM },
	{ "kernel: W+X", NO_SECCOMP, map_code, 0, EACCES },
	{ "kernel: data to code", NO_SECCOMP, turn_into_code, 0, EACCES },
};

/* A row can't be held against a machine that lacks what it tests; the report must have said so. */
static bool is_lacking(const struct ov_jail_report *r, const char *what, uint32_t skip)
{
	if (skip == ONLY_LANDLOCK)
		return r->part[OV_JAIL_LANDLOCK].state != OV_JAIL_ACTIVE;
	if (skip == ONLY_ROOT)
		return r->part[OV_JAIL_EMPTY_ROOT].state != OV_JAIL_ACTIVE;
	if (strncmp(what, "kernel", 6) == 0)
		return r->part[OV_JAIL_NO_EXEC_MEMORY].state != OV_JAIL_ACTIVE;
	return skip == 0 && r->part[OV_JAIL_SECCOMP].state != OV_JAIL_ACTIVE;
}

static void run_row(size_t i, bool as_nobody)
{
	const struct ov_jail_options o = { .max_fds = 32, .skip = rows[i].skip };
	int status = 0;
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct ov_jail_report r;

		if (as_nobody && (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 ||
				  setresuid(65534, 65534, 65534) != 0))
			_exit(NOT_HERE);
		if (ov_jail_close(&o, &r) != OV_OK && rows[i].skip == 0)
			_exit(NOT_HERE);
		if (is_lacking(&r, rows[i].what, rows[i].skip))
			_exit(NOT_HERE);
		_exit(rows[i].attempt());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE) {
		print_message("[  LACKING ] %s%s\n", rows[i].what, as_nobody ? " (nobody)" : "");
		return;
	}
	if (rows[i].signal != 0)
		ov_expect_eq(rows[i].what,
			     WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status),
			     rows[i].signal);
	else
		ov_expect_eq(rows[i].what,
			     WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
			     rows[i].error != 0 ? rows[i].error : DID_IT);
}

static void as_this_user(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		run_row(i, false);
}

static void as_an_ordinary_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		run_row(i, true);
}

static void a_report_says_what_was_left_out(void **state)
{
	int status = 0;
	const pid_t child = fork();

	(void)state;
	if (child == 0) {
		const struct ov_jail_options o = { .max_fds = 32, .skip = ~0U };
		struct ov_jail_report r;
		bool good = ov_jail_close(&o, &r) == OV_UNSUPPORTED && !ov_jail_is_strong(&r);

		for (int p = 1; p < OV_JAIL_PARTS; p++)
			good =
			    good && r.part[p].state == OV_JAIL_ABSENT && r.part[p].text[0] != '\0';
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* As inside a container or on an old kernel: namespaces refused, Landlock not known. */
static void take_away_mechanisms(bool with_seccomp)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (ctx == NULL ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 0) != 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), 444, 0) != 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
			     SCMP_A0(SCMP_CMP_EQ, 65)) != 0)
		_exit(NOT_HERE);
	if (!with_seccomp &&
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0) != 0)
		_exit(NOT_HERE);
	if (!with_seccomp && seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
					      SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) != 0)
		_exit(NOT_HERE);
	if (seccomp_load(ctx) != 0)
		_exit(NOT_HERE);
	seccomp_release(ctx);
}

static int weak_system(bool with_seccomp)
{
	const struct ov_jail_options o = { .max_fds = 32 };
	struct ov_jail_report r;
	ov_status st;

	take_away_mechanisms(with_seccomp);
	st = ov_jail_close(&o, &r);
	if (st != (with_seccomp ? OV_OK : OV_UNSUPPORTED) || ov_jail_is_strong(&r))
		return 1;
	if (r.part[OV_JAIL_LANDLOCK].state != OV_JAIL_ABSENT ||
	    strstr(r.part[OV_JAIL_LANDLOCK].text, "ENOSYS") == NULL)
		return 2;
	if (r.part[OV_JAIL_NAMESPACES].state != OV_JAIL_ABSENT ||
	    strstr(r.part[OV_JAIL_NAMESPACES].text, "EPERM") == NULL)
		return 3;
	if (r.part[OV_JAIL_EMPTY_ROOT].state != OV_JAIL_ABSENT ||
	    r.part[OV_JAIL_NO_EXEC_MEMORY].state != OV_JAIL_WEAKER)
		return 4;
	if (r.part[OV_JAIL_NO_RIGHTS].state != OV_JAIL_ACTIVE ||
	    r.part[OV_JAIL_LIMITS].state != OV_JAIL_ACTIVE)
		return 5;
	return with_seccomp == (r.part[OV_JAIL_SECCOMP].state == OV_JAIL_ACTIVE) ? 0 : 6;
}

static void what_a_system_lacks_is_told(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		int status = 0;
		const pid_t child = fork();

		if (child == 0)
			_exit(weak_system(i == 0));
		assert_int_equal(waitpid(child, &status, 0), child);
		if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
			skip();
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_this_user),
		cmocka_unit_test(as_an_ordinary_user),
		cmocka_unit_test(a_report_says_what_was_left_out),
		cmocka_unit_test(what_a_system_lacks_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
