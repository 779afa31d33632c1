#include "fence.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "jail_int.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define ASK_VERSION 1U
#define RULE_PATH 1
#define RULE_PORT 2

/* Access rights of files, Documentation/userspace-api/landlock.rst. */
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_DIR (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR (UINT64_C(1) << 7)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_MAKE_SYM (UINT64_C(1) << 12)
#define FS_REFER (UINT64_C(1) << 13)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_OF_FILES (FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)
#define FS_READS (FS_READ_FILE | FS_READ_DIR)
#define FS_WRITES                                                                                  \
	(FS_READS | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG |   \
	 FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)
#define NET_CONNECT (UINT64_C(1) << 1)

struct ruleset_attr {
	uint64_t files, net, scoped;
};

struct path_attr {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_attr {
	uint64_t allowed, port;
};

static unsigned file_rights(long abi)
{
	return abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
}

static int add_path(int rules, const struct ov_fence_path *p, uint64_t known)
{
	OV_CLEANUP(ov_fd_close) int fd = open(p->path, O_PATH | O_CLOEXEC);
	struct path_attr a = { .allowed = p->can_write ? FS_WRITES : FS_READS, .fd = fd };
	struct stat st;

	if (fd < 0)
		return 0; /* not there: nothing to open either */
	if (fstat(fd, &st) != 0)
		return -1;
	if (!S_ISDIR(st.st_mode))
		a.allowed &= FS_OF_FILES;
	a.allowed &= known;
	return (int)syscall(SYS_landlock_add_rule, rules, RULE_PATH, &a, 0U);
}

/* @return 0, or -1 with errno. */
static int restrict_self(const struct ov_fence_options *o, long abi)
{
	struct ruleset_attr attr = { .files = (UINT64_C(1) << file_rights(abi)) - 1 };
	const bool any_port = o->has_network && o->nports == 0;
	OV_CLEANUP(ov_fd_close) int fd = -1;

	if (abi >= 4) /* without ports, connecting is left alone */
		attr.net = any_port ? 1 : 3;
	if (abi >= 6)
		attr.scoped = 3;
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr,
			  abi >= 6   ? sizeof attr
			  : abi >= 4 ? (size_t)16
				     : (size_t)8,
			  0U);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < o->npaths; i++)
		if (add_path(fd, &o->paths[i], attr.files) != 0)
			return -1;
	for (size_t i = 0; abi >= 4 && o->has_network && i < o->nports; i++) {
		const struct port_attr a = { .allowed = NET_CONNECT, .port = o->ports[i] };

		if (syscall(SYS_landlock_add_rule, fd, RULE_PORT, &a, 0U) != 0)
			return -1;
	}
	return (int)syscall(SYS_landlock_restrict_self, fd, 0U);
}

static void say(char text[OV_JAIL_TEXT], const char *what, int err)
{
	(void)snprintf(text, OV_JAIL_TEXT, "%s (%s)", what, strerrorname_np(err));
}

static void close_landlock(const struct ov_fence_options *o, struct ov_fence_report *r)
{
	const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);

	r->landlock = OV_JAIL_ABSENT;
	if (abi < 1) {
		say(r->landlock_text, "not available", errno);
	} else if (restrict_self(o, abi) != 0) {
		say(r->landlock_text, "refused by the kernel", errno);
	} else {
		r->landlock = abi < 4 ? OV_JAIL_WEAKER : OV_JAIL_ACTIVE;
		(void)snprintf(r->landlock_text, OV_JAIL_TEXT, "ABI %ld, %s%s", abi,
			       o->has_network ? "no file is written" : "one folder is written",
			       abi < 4 ? ", without TCP" : "");
	}
}

/* What any of our processes needs: memory, descriptors, time, its end. */
static const int common[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents64),
	SCMP_SYS(fcntl),
	SCMP_SYS(ioctl),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(memfd_create),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(clock_getres),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getrandom),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(tgkill),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(prlimit64),
	SCMP_SYS(getrusage),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(membarrier),
};

/* Of who writes one folder. Landlock says which. */
static const int writer[] = {
	SCMP_SYS(fsync),	   SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(rename),
	SCMP_SYS(renameat),	   SCMP_SYS(renameat2), SCMP_SYS(link),	     SCMP_SYS(linkat),
	SCMP_SYS(symlink),	   SCMP_SYS(symlinkat), SCMP_SYS(unlink),    SCMP_SYS(unlinkat),
	SCMP_SYS(mkdir),	   SCMP_SYS(mkdirat),	SCMP_SYS(flock),     SCMP_SYS(fallocate),
	SCMP_SYS(copy_file_range),
};

/* Of who speaks over the network: libcurl and the C library's resolver, with its threads. */
static const int network[] = {
	SCMP_SYS(socket),     SCMP_SYS(connect),     SCMP_SYS(bind),	      SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),   SCMP_SYS(sendmmsg),    SCMP_SYS(recvmmsg),      SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),  SCMP_SYS(getsockname),   SCMP_SYS(getpeername),
	SCMP_SYS(socketpair), SCMP_SYS(pipe),	     SCMP_SYS(pipe2),	      SCMP_SYS(eventfd2),
	SCMP_SYS(select),     SCMP_SYS(pselect6),    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(mprotect),      SCMP_SYS(sendfile),
};

/* No honest path leads here: whoever tries is not us any more. */
static const int deadly[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(kexec_load),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(keyctl),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(setuid),
	SCMP_SYS(setresuid),
#ifndef OV_JAIL_SANITIZED
	SCMP_SYS(ptrace), /* the leak checker's way */
#endif
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int add_all(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		if (calls[i] >= 0)
			rc = seccomp_rule_add(ctx, action, calls[i], 0);
	return rc;
}

#ifdef OV_JAIL_SANITIZED
/* Sanitizers need much and differ: what is deadly stays so, and there are no sockets. */
static int fill(scmp_filter_ctx ctx, const struct ov_fence_options *o)
{
	int rc = add_all(ctx, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));

	(void)common;
	(void)writer;
	(void)network;
	if (rc == 0 && !o->has_network)
		rc = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 0);
	if (rc == 0) /* a process; the leak checker's helper and threads share memory */
		rc = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
				      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_VM, 0));
	return rc;
}
#define DEFAULT_ACTION SCMP_ACT_ALLOW
#else
/* Threads, but no processes; clone3 can't be looked into, and the C library falls back to clone. */
static int fill_threads(scmp_filter_ctx ctx)
{
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
				      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	return rc;
}

static int fill(scmp_filter_ctx ctx, const struct ov_fence_options *o)
{
	int rc = add_all(ctx, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));

	if (rc == 0)
		rc = add_all(ctx, SCMP_ACT_ALLOW, common, COUNT(common));
	if (rc == 0 && o->has_network)
		rc = add_all(ctx, SCMP_ACT_ALLOW, network, COUNT(network));
	else if (rc == 0)
		rc = add_all(ctx, SCMP_ACT_ALLOW, writer, COUNT(writer));
	if (rc == 0 && !o->has_network)
		rc = seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 0);
	if (rc == 0 && o->has_network)
		rc = fill_threads(ctx);
	/* The resolver's modules are loaded when they are first asked: code of the system's
	 * folders, which Landlock lets it read and nobody here can write. */
	if (rc == 0 && o->has_network)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 0);
	else if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0 && !o->has_network)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return rc;
}
#define DEFAULT_ACTION SCMP_ACT_ERRNO(EPERM)
#endif

static void close_seccomp(const struct ov_fence_options *o, struct ov_fence_report *r)
{
	scmp_filter_ctx ctx = seccomp_init(DEFAULT_ACTION);
	int rc = ctx == NULL ? -ENOMEM : fill(ctx, o);

	if (rc == 0)
		rc = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	r->seccomp = rc == 0 ? OV_JAIL_ACTIVE : OV_JAIL_ABSENT;
	if (rc != 0)
		say(r->seccomp_text, "refused by the kernel", -rc);
	else
		(void)snprintf(r->seccomp_text, OV_JAIL_TEXT, "no program can be started%s",
			       o->has_network ? "" : ", no socket made");
}

ov_status ov_fence_close(const struct ov_fence_options *o, struct ov_fence_report *out)
{
	memset(out, 0, sizeof *out);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		say(out->landlock_text, "no new privileges: refused", errno);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	close_landlock(o, out);
	close_seccomp(o, out);
	return out->landlock != OV_JAIL_ABSENT && out->seccomp == OV_JAIL_ACTIVE ? OV_OK
										 : OV_UNSUPPORTED;
}
