/* Closing the jail, part by part. See jail.h. */
#include "jail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

const char *ov_jail_part_name(enum ov_jail_part p)
{
	static const char *const names[OV_JAIL_PARTS] = {
		[OV_JAIL_NO_NEW_PRIVS] = "no new privileges",
		[OV_JAIL_SECCOMP] = "seccomp",
		[OV_JAIL_LANDLOCK] = "Landlock",
		[OV_JAIL_NAMESPACES] = "namespaces",
		[OV_JAIL_EMPTY_ROOT] = "empty root folder",
		[OV_JAIL_NO_RIGHTS] = "no rights",
		[OV_JAIL_LIMITS] = "resource limits",
		[OV_JAIL_NOT_DUMPABLE] = "not traceable",
		[OV_JAIL_NO_EXEC_MEMORY] = "no W+X memory",
	};

	return (unsigned)p < OV_JAIL_PARTS ? names[p] : "unknown";
}

void ov_jail_say(struct ov_jail_report *r, enum ov_jail_part p, enum ov_jail_state s, int err,
		 const char *fmt, ...)
{
	char *const text = r->part[p].text;
	va_list ap;
	int n;

	r->part[p].state = s;
	va_start(ap, fmt);
	n = fmt != NULL ? vsnprintf(text, OV_JAIL_TEXT, fmt, ap) : 0;
	va_end(ap);
	if (err != 0 && n >= 0 && n < OV_JAIL_TEXT)
		(void)snprintf(text + n, OV_JAIL_TEXT - (size_t)n, " (%s)", strerrorname_np(err));
}

static int lower_limit(int which, rlim_t to)
{
	struct rlimit was;

	if (getrlimit((__rlimit_resource_t)which, &was) != 0)
		return -1;
	if (was.rlim_max != RLIM_INFINITY && was.rlim_max < to)
		to = was.rlim_max;
	was.rlim_cur = was.rlim_max = to;
	return setrlimit((__rlimit_resource_t)which, &was);
}

#ifndef OV_JAIL_SANITIZED
/* Address space in use now, bytes; 0 when unknown. */
static uint64_t address_space(void)
{
	char text[64];
	unsigned long long pages = 0;
	const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%llu", &pages) != 1)
		return 0;
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
#endif

/* Needs /proc for the memory limit, so it comes before the root folder is emptied. */
static int limit_memory(const struct ov_jail_options *o)
{
#ifdef OV_JAIL_SANITIZED
	(void)o; /* the sanitizer reserves terabytes of addresses */
	return 0;
#else
	const uint64_t room = 64U << 20; /* when /proc is missing: what a fresh worker takes */
	const uint64_t used = address_space();

	if (o->max_memory == 0)
		return 0;
	return lower_limit(RLIMIT_AS, (rlim_t)(o->max_memory + (used != 0 ? used : room)));
#endif
}

static void close_limits(const struct ov_jail_options *o, int memory_status,
			 struct ov_jail_report *r)
{
	int bad = memory_status != 0;

	bad |= lower_limit(RLIMIT_CORE, 0) != 0; /* a dump would write foreign bytes to disk */
	bad |= lower_limit(RLIMIT_FSIZE, (rlim_t)o->max_file_size) != 0;
	bad |= lower_limit(RLIMIT_NPROC, 0) != 0;
	bad |= lower_limit(RLIMIT_MEMLOCK, 0) != 0;
	bad |= lower_limit(RLIMIT_MSGQUEUE, 0) != 0;
	bad |= lower_limit(RLIMIT_NOFILE, o->max_fds) != 0;
	if (bad)
		ov_jail_say(r, OV_JAIL_LIMITS, OV_JAIL_WEAKER, errno, "some could not be set");
	else
		ov_jail_say(r, OV_JAIL_LIMITS, OV_JAIL_ACTIVE, 0,
			    "no new files, processes, dumps; %u descriptors%s", o->max_fds,
			    o->max_memory != 0 ? "; memory" : "");
}

static void close_prctl(struct ov_jail_report *r)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		ov_jail_say(r, OV_JAIL_NOT_DUMPABLE, OV_JAIL_ABSENT, errno,
			    "refused by the kernel");
	else
		ov_jail_say(r, OV_JAIL_NOT_DUMPABLE, OV_JAIL_ACTIVE, 0,
			    "by processes of the same user");
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0)
		ov_jail_say(r, OV_JAIL_NO_EXEC_MEMORY, OV_JAIL_ACTIVE, 0,
			    "by the kernel's MDWE and seccomp");
	else
		ov_jail_say(r, OV_JAIL_NO_EXEC_MEMORY, OV_JAIL_WEAKER, 0,
			    "by seccomp alone: this kernel has no MDWE (Linux 6.3)");
}

static bool is_wanted(const struct ov_jail_options *o, enum ov_jail_part p)
{
	return (o->skip & 1U << p) == 0;
}

/*
 * The order: what needs the file system or rights comes first, seccomp last because it takes away
 * the calls that the others need. PR_SET_NO_NEW_PRIVS is what allows an ordinary user the last two.
 */
ov_status ov_jail_close(const struct ov_jail_options *o, struct ov_jail_report *out)
{
	int memory_status = 0;

	for (int p = 0; p < OV_JAIL_PARTS; p++)
		ov_jail_say(out, (enum ov_jail_part)p, OV_JAIL_ABSENT, 0, "left out");
	if (is_wanted(o, OV_JAIL_LIMITS))
		memory_status = limit_memory(o);
	if (is_wanted(o, OV_JAIL_NAMESPACES))
		ov_jail_namespaces(o, out);
	if (is_wanted(o, OV_JAIL_NO_RIGHTS))
		ov_jail_rights(o, out);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		ov_jail_say(out, OV_JAIL_NO_NEW_PRIVS, OV_JAIL_ABSENT, errno,
			    "refused by the kernel");
	else
		ov_jail_say(out, OV_JAIL_NO_NEW_PRIVS, OV_JAIL_ACTIVE, 0, "set");
	/* Changing the user forgets this setting, so it comes after. */
	if (o->dies_with_parent)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (is_wanted(o, OV_JAIL_LIMITS))
		close_limits(o, memory_status, out);
	if (is_wanted(o, OV_JAIL_NOT_DUMPABLE))
		close_prctl(out);
	if (is_wanted(o, OV_JAIL_LANDLOCK))
		ov_jail_landlock(out);
	if (is_wanted(o, OV_JAIL_SECCOMP))
		ov_jail_seccomp(o, out);
	if (out->part[OV_JAIL_SECCOMP].state != OV_JAIL_ACTIVE &&
	    out->part[OV_JAIL_LANDLOCK].state == OV_JAIL_ABSENT)
		return OV_UNSUPPORTED;
	return OV_OK;
}

bool ov_jail_is_strong(const struct ov_jail_report *r)
{
	return r->part[OV_JAIL_SECCOMP].state == OV_JAIL_ACTIVE &&
	       r->part[OV_JAIL_LANDLOCK].state != OV_JAIL_ABSENT &&
	       r->part[OV_JAIL_NO_NEW_PRIVS].state == OV_JAIL_ACTIVE &&
	       r->part[OV_JAIL_NO_RIGHTS].state == OV_JAIL_ACTIVE;
}
