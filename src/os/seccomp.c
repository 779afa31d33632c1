/*
 * seccomp: the list of system calls that are left, each with its reason. Everything else kills the
 * process.
 *
 * Three answers: ALLOW; EPERM for what libraries try in passing and do without (locales, time
 * zones, terminals); and, for all the rest, the kernel kills the process with SIGSYS, because no
 * honest code path leads there. libseccomp translates it for the architecture; a call by another
 * architecture's numbers (i386, x32) kills.
 */
#include "jail_int.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

/* Numbers below 0 are libseccomp's marks for "not on this architecture". */
static const int allowed[] = {
	SCMP_SYS(recvmsg),	 /* jobs come in                                        */
	SCMP_SYS(sendmsg),	 /* answers go out; there is one socket, and no other can be made */
	SCMP_SYS(read),		 /* streams handed over                                 */
	SCMP_SYS(pread64),	 /* files handed over                                   */
	SCMP_SYS(lseek),	 /* size of a block device handed over                  */
	SCMP_SYS(fstat),	 /* size of a file handed over; takes no path           */
	SCMP_SYS(close),	 /* done with it                                        */
	SCMP_SYS(munmap),	 /* memory                                              */
	SCMP_SYS(mremap),	 /* memory: growth in place keeps the protection        */
	SCMP_SYS(madvise),	 /* memory: free() of large areas                       */
	SCMP_SYS(brk),		 /* memory                                              */
	SCMP_SYS(futex),	 /* locks inside libraries                              */
	SCMP_SYS(clock_gettime), /* time budget, where the vDSO falls back              */
	SCMP_SYS(gettimeofday),	 /* the same                                            */
	SCMP_SYS(getrandom),	 /* seeds of hash tables in libraries                   */
	SCMP_SYS(rt_sigaction),	 /* abort() sets the default action                     */
	SCMP_SYS(rt_sigprocmask),  /* abort() unblocks                                    */
	SCMP_SYS(rt_sigreturn),	   /* end of a handler                                    */
	SCMP_SYS(restart_syscall), /* after SIGSTOP and SIGCONT                          */
	SCMP_SYS(getpid),	   /* abort()                                             */
	SCMP_SYS(gettid),	   /* abort()                                             */
	SCMP_SYS(exit),		   /* the end                                             */
	SCMP_SYS(exit_group),	   /* the end                                             */
};

/* Only in the process that compiles a database: its output descriptor. */
static const int allowed_writer[] = {
	SCMP_SYS(write),
	SCMP_SYS(pwrite64),
	SCMP_SYS(ftruncate),
};

/* Answered with EPERM: libraries try these and go on without. */
static const int refused[] = {
	SCMP_SYS(open),		     /* iconv modules, locales, time zones, /proc */
	SCMP_SYS(openat),	     /* the same                                  */
	SCMP_SYS(access),	     /* the same                                  */
	SCMP_SYS(faccessat),	     /* the same                                  */
	SCMP_SYS(faccessat2),	     /* the same                                  */
	SCMP_SYS(stat),		     /* the same                                  */
	SCMP_SYS(lstat),	     /* the same                                  */
	SCMP_SYS(newfstatat),	     /* the same, and glibc's fstat()             */
	SCMP_SYS(statx),	     /* the same                                  */
	SCMP_SYS(statfs),	     /* the same                                  */
	SCMP_SYS(readlink),	     /* /proc/self/exe                            */
	SCMP_SYS(readlinkat),	     /* the same                                  */
	SCMP_SYS(getcwd),	     /* libarchive                                */
	SCMP_SYS(getdents64),	     /* a folder that was handed over by mistake  */
	SCMP_SYS(ioctl),	     /* isatty() of stdio                         */
	SCMP_SYS(fcntl),	     /* flags of stdio                            */
	SCMP_SYS(write),	     /* messages of abort() and assert()          */
	SCMP_SYS(writev),	     /* the same                                  */
	SCMP_SYS(prctl),	     /* glibc names its heaps                     */
	SCMP_SYS(uname),	     /* OpenSSL, libarchive                       */
	SCMP_SYS(sysinfo),	     /* liblzma asks for the memory size          */
	SCMP_SYS(sched_getaffinity), /* liblzma and zstd count processors  */
	SCMP_SYS(prlimit64),	     /* stack size                                */
	SCMP_SYS(getuid),	     /* secure_getenv() stand-ins                 */
	SCMP_SYS(geteuid),	     /* the same                                  */
	SCMP_SYS(getgid),	     /* the same                                  */
	SCMP_SYS(getegid),	     /* the same                                  */
};

#ifdef OV_JAIL_SANITIZED
/* Test builds only: the sanitizer's own reports. */
static const int allowed_sanitizer[] = {
	SCMP_SYS(write),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getrusage),
};
#endif

static int allow_all(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		if (calls[i] >= 0)
			rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	return rc;
}

static bool is_listed(const int *calls, size_t n, int call)
{
	for (size_t i = 0; i < n; i++)
		if (calls[i] == call)
			return true;
	return false;
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int refuse_all(scmp_filter_ctx ctx, bool is_writer)
{
	int rc = 0;

	for (size_t i = 0; i < COUNT(refused) && rc == 0; i++) {
		if (refused[i] < 0)
			continue;
		if (is_writer && is_listed(allowed_writer, COUNT(allowed_writer), refused[i]))
			continue;
#ifdef OV_JAIL_SANITIZED
		if (is_listed(allowed_sanitizer, COUNT(allowed_sanitizer), refused[i]))
			continue;
#endif
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	}
	return rc;
}

/* Calls that are fine with some arguments only. */
static int allow_some(scmp_filter_ctx ctx)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	int rc;

	/* Memory, never executable: code can't be brought in. */
	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* abort() signals its own process and no other. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				      SCMP_A0(SCMP_CMP_EQ, self));
	return rc;
}

static int fill(scmp_filter_ctx ctx, const struct ov_jail_options *o)
{
	const bool is_writer = o->max_file_size > 0;
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (rc == 0)
		rc = allow_all(ctx, allowed, COUNT(allowed));
	if (rc == 0 && is_writer)
		rc = allow_all(ctx, allowed_writer, COUNT(allowed_writer));
#ifdef OV_JAIL_SANITIZED
	if (rc == 0 && !is_writer)
		rc = allow_all(ctx, allowed_sanitizer, COUNT(allowed_sanitizer));
	else if (rc == 0)
		rc = allow_all(ctx, allowed_sanitizer + 1,
			       COUNT(allowed_sanitizer) - 1); /* has write */
#endif
	if (rc == 0)
		rc = allow_some(ctx);
	return rc == 0 ? refuse_all(ctx, is_writer) : rc;
}

void ov_jail_seccomp(const struct ov_jail_options *o, struct ov_jail_report *r)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = ctx == NULL ? -ENOMEM : fill(ctx, o);

	if (rc == 0)
		rc = seccomp_load(ctx);
	/* On success this is our own answer: the filter is on from here. free() needs no call that
	 * is refused. */
	if (ctx != NULL)
		seccomp_release(ctx);
	if (rc != 0)
		ov_jail_say(r, OV_JAIL_SECCOMP, OV_JAIL_ABSENT, -rc,
			    "not available: refused by the kernel");
	else
		ov_jail_say(r, OV_JAIL_SECCOMP, OV_JAIL_ACTIVE, 0,
			    "%zu calls allowed, others kill the process",
			    COUNT(allowed) + 3 +
				(o->max_file_size > 0 ? COUNT(allowed_writer) : 0));
}
