/*
 * The attempts of `overt prove`: each tries, in a worker behind its real jail, something that a
 * worker must not be able to do. Nothing here weakens the jail; a worker with another role does not
 * even take the message.
 *
 * System calls are made by number, so that what is refused is the call itself and not a library's
 * preparation for it. Each returns 0 when it worked, else errno. One that works does no harm: it
 * opens, asks, or signals with 0 or SIGCHLD.
 */
#include "worker_int.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "prove_int.h"

#define CALL(...) (syscall(__VA_ARGS__) >= 0 ? 0 : errno)

/* Numbers that are the same on each architecture since Linux 5.1, for older headers. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static int open_file(void)
{
	return CALL(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int open_own_memory(void)
{
	return CALL(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR | O_CLOEXEC);
}

static int list_folder(void)
{
	return CALL(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int create_file(void)
{
	return CALL(SYS_openat, AT_FDCWD, "/tmp/overt-prove",
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* A name that nobody has: a kernel that would let us gets as far as not finding it. */
static int delete_file(void)
{
	return CALL(SYS_unlinkat, AT_FDCWD, "/tmp/overt-prove-nothing", 0);
}

static int change_mode(void)
{
	return CALL(SYS_fchmodat, AT_FDCWD, "/tmp", 0);
}

static int make_symlink(void)
{
	return CALL(SYS_symlinkat, "/etc/passwd", AT_FDCWD, "/tmp/overt-prove-link");
}

static int write_handed_over(void)
{
	return CALL(SYS_pwrite64, 0, "x", (size_t)1, (off_t)0);
}

static int connect_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(80) };
	const int s = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s < 0)
		return errno;
	/* A refusal by the other side would mean that we got through. */
	return syscall(SYS_connect, s, &a, sizeof a) == 0 || errno == ECONNREFUSED ? 0 : errno;
}

static int listen_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const int s = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return errno;
	if (syscall(SYS_bind, s, &a, sizeof a) != 0)
		return errno;
	return CALL(SYS_listen, s, 1);
}

static int send_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };
	const int s = (int)syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s < 0)
		return errno;
	return CALL(SYS_sendto, s, "x", (size_t)1, 0, &a, sizeof a);
}

static int connect_unix(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
	const int s = (int)syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return errno;
	return CALL(SYS_connect, s, &a, sizeof a);
}

static int open_raw_socket(void)
{
	return CALL(SYS_socket, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static int open_netlink(void)
{
	return CALL(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static int run_program(void)
{
	static char name[] = "true";
	char *const argv[] = { name, NULL };
	char *const env[] = { NULL };

	return CALL(SYS_execve, "/bin/true", argv, env);
}

static int run_memory(void)
{
	char *const none[] = { NULL };
	const int fd = (int)syscall(SYS_memfd_create, "overt-prove", 0);

	if (fd < 0)
		return errno;
	return CALL(SYS_execveat, fd, "", none, none, AT_EMPTY_PATH);
}

static int make_process(void)
{
	const long pid = syscall(SYS_clone, (unsigned long)SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0 ? 0 : errno;
}

static int make_process3(void)
{
	const uint64_t args[8] = {
		[4] = SIGCHLD
	}; /* struct clone_args: flags pidfd child_tid parent_tid exit_signal */
	const long pid = syscall(SYS_clone3, args, sizeof args);

	if (pid == 0)
		_exit(0);
	return pid > 0 ? 0 : errno;
}

static int make_thread(void)
{
	const long pid =
	    syscall(SYS_clone, (unsigned long)(CLONE_VM | CLONE_VFORK | SIGCHLD), 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0 ? 0 : errno;
}

static int trace_parent(void)
{
	return CALL(SYS_ptrace, PTRACE_SEIZE, syscall(SYS_getppid), 0, 0);
}

static int vm_call(long number)
{
	char byte = 0;
	struct iovec here = { .iov_base = &byte, .iov_len = 1 };
	struct iovec there = { .iov_base = (void *)0x10000, .iov_len = 1 };

	/* An address that is not mapped there gives EFAULT, which is as good as getting through. */
	return syscall(number, syscall(SYS_getppid), &here, 1UL, &there, 1UL, 0UL) >= 0 ||
		       errno == EFAULT
		   ? 0
		   : errno;
}

static int read_parent(void)
{
	return vm_call(SYS_process_vm_readv);
}

static int write_parent(void)
{
	return vm_call(SYS_process_vm_writev);
}

static int probe_parent(void)
{
	return CALL(SYS_kill, syscall(SYS_getppid), 0);
}

static int signal_parent(void)
{
	return CALL(SYS_kill, syscall(SYS_getppid), SIGCHLD);
}

static int signal_all(void)
{
	return CALL(SYS_kill, -1, 0);
}

static int take_descriptor(void)
{
	const int pidfd = (int)syscall(SYS_pidfd_open, syscall(SYS_getppid), 0);

	if (pidfd < 0)
		return errno;
	return CALL(SYS_pidfd_getfd, pidfd, 0, 0);
}

static int map(int prot, int flags, int fd)
{
	return syscall(SYS_mmap, NULL, (size_t)4096, prot, flags, fd, (off_t)0) != -1 ? 0 : errno;
}

static int map_code(void)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int protect(long number)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return errno;
	*(volatile char *)p = 0;
	return CALL(number, p, (size_t)4096, PROT_READ | PROT_EXEC, -1);
}

static int turn_to_code(void)
{
	return protect(SYS_mprotect);
}

static int turn_to_code_pkey(void)
{
	return protect(SYS_pkey_mprotect);
}

static int map_memory_file(void)
{
	const int fd = (int)syscall(SYS_memfd_create, "overt-prove", 0);

	if (fd < 0)
		return errno;
	if (syscall(SYS_ftruncate, fd, (off_t)4096) != 0)
		return errno;
	return map(PROT_READ | PROT_EXEC, MAP_SHARED, fd);
}

static int become_root(void)
{
	return CALL(SYS_setuid, 0);
}

static int take_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct all[2] = { { .effective = ~0U, .permitted = ~0U },
						 { .effective = 0 } };

	return CALL(SYS_capset, &head, all);
}

static int new_user_space(void)
{
	return CALL(SYS_unshare, CLONE_NEWUSER);
}

static int join_namespace(void)
{
	return CALL(SYS_setns, 0, 0);
}

static int mount_folder(void)
{
	return CALL(SYS_mount, "overt", "/", "tmpfs", 0UL, NULL);
}

static int change_root(void)
{
	return CALL(SYS_chroot, "/");
}

static int load_bpf(void)
{
	static const uint64_t attr[16]; /* BPF_MAP_CREATE of type 0: refused by each kernel, after
					   the right was checked */

	return CALL(SYS_bpf, 0, attr, sizeof attr);
}

static int use_io_uring(void)
{
	uint64_t params[15] = { 0 };

	return CALL(SYS_io_uring_setup, 1, params);
}

static int use_perf(void)
{
	uint32_t attr[28] = { 1, sizeof attr }; /* PERF_TYPE_SOFTWARE, size */

	return CALL(SYS_perf_event_open, attr, 0, -1, -1, 0UL);
}

static int use_userfault(void)
{
	return CALL(SYS_userfaultfd, 1);
}

static int use_keys(void)
{
	return CALL(SYS_keyctl, 0, -3, 1); /* KEYCTL_GET_KEYRING_ID of the session */
}

static int watch_files(void)
{
	return CALL(SYS_inotify_init1, 0);
}

static int watch_all(void)
{
	return CALL(SYS_fanotify_init, 0x200, 0); /* FAN_REPORT_FID, which needs no rights */
}

static int raise_limit(void)
{
	const struct rlimit more = { .rlim_cur = 4096, .rlim_max = 4096 };

	return CALL(SYS_prlimit64, 0, RLIMIT_NOFILE, &more, NULL);
}

static int lift_dumpable(void)
{
	return CALL(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int drop_filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog all = { .len = 1, .filter = &allow };

	return CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &all);
}

static int share_memory(void)
{
	return CALL(SYS_shmget, 0, (size_t)4096, 0600);
}

static int load_module(void)
{
	return CALL(SYS_finit_module, 0, "", 0);
}

static int set_clock(void)
{
	return CALL(SYS_clock_settime, 0, NULL);
}

static int type_into_terminal(void)
{
	return CALL(SYS_ioctl, 0, 0x5412, "x");
}

ov_status ov_worker_attempt(struct ov_worker *w, struct ov_arrival *m)
{
	static int (*const attempts[OV_ATTEMPTS])(void) = {
#define OV_ATTEMPT(fn, what) fn,
#include "attempts.def"
#undef OV_ATTEMPT
	};
	uint32_t number;

	if (w->setup.role != OV_ROLE_PROVE)
		return OV_BAD;
	OV_TRY(ov_wire_get_u32(&m->body, &number));
	if (number >= OV_ATTEMPTS)
		return OV_BAD;
	w->out.n = 0;
	OV_TRY(ov_wire_put_u32(&w->out, (uint32_t)attempts[number]()));
	return ov_worker_answer(w, OV_WIRE_ATTEMPTED, m->job);
}
