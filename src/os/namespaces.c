/*
 * Namespaces and rights: an own network without interfaces, an empty root folder, and no
 * capabilities or root identity.
 *
 * With CAP_SYS_ADMIN the namespaces are made directly; else in a user namespace, where the kernel
 * and the container allow one. See namespaces(7), user_namespaces(7),
 * capabilities(7).
 */
#include "jail_int.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#define NOBODY 65534U
#define SPACES (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWUTS)

/*
 * Puts an empty read-only file system at the root: a tmpfs laid over a folder that every system
 * has. chroot(2) holds here because all capabilities go afterwards and no descriptor of a folder is
 * held; pivot_root(2) would also let the old tree go, at 5 to 15 ms for each worker, and without
 * those two nobody can reach it.
 */
static int empty_root(void)
{
	static const char *const places[] = { "/proc", "/dev", "/tmp", "/usr" };
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
	size_t i = 0;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return -1;
	while (i < sizeof places / sizeof places[0] &&
	       mount("overt", places[i], "tmpfs", flags, "size=4k,nr_inodes=2,mode=0555") != 0)
		i++;
	if (i == sizeof places / sizeof places[0])
		return -1;
	return chdir(places[i]) == 0 && chroot(".") == 0 && chdir("/") == 0 ? 0 : -1;
}

/* Takes all capabilities from every set. @return 0, or -1 with errno. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct none[2] = { { .effective = 0 }, { .effective = 0 } };

	for (unsigned long c = 0; c < 64;
	     c++) /* without CAP_SETPCAP this is refused, and not needed */
		(void)prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &head, none);
}

static bool has_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct now[2] = { { .effective = 0 }, { .effective = 0 } };

	if (syscall(SYS_capget, &head, now) != 0)
		return true;
	for (size_t i = 0; i < 2; i++)
		if ((now[i].effective | now[i].permitted | now[i].inheritable) != 0)
			return true;
	return false;
}

/* Becomes an ordinary user for good, when this process is root outside of any user namespace. */
static int drop_root(void)
{
	if (geteuid() != 0 && getuid() != 0)
		return 0;
	if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0)
		return -1;
	return setresuid(NOBODY, NOBODY, NOBODY);
}

static bool is_wanted_rights(const struct ov_jail_options *o)
{
	return (o->skip & 1U << OV_JAIL_NO_RIGHTS) == 0;
}

void ov_jail_namespaces(const struct ov_jail_options *o, struct ov_jail_report *r)
{
	const bool direct = unshare(SPACES) == 0;

	/* A root without the right (a container): the user must change before, inside there are no
	 * others to be. */
	if (!direct && is_wanted_rights(o))
		(void)drop_root();
	if (!direct && unshare(CLONE_NEWUSER | SPACES) != 0) {
		ov_jail_say(r, OV_JAIL_NAMESPACES, OV_JAIL_ABSENT, errno,
			    "refused by the kernel, its settings or the container");
		ov_jail_say(r, OV_JAIL_EMPTY_ROOT, OV_JAIL_ABSENT, 0, "needs namespaces");
		return;
	}
	ov_jail_say(r, OV_JAIL_NAMESPACES, OV_JAIL_ACTIVE, 0, "%snetwork, IPC, mount, UTS",
		    direct ? "" : "user, ");
	if ((o->skip & 1U << OV_JAIL_EMPTY_ROOT) != 0)
		return;
	if (empty_root() != 0)
		ov_jail_say(r, OV_JAIL_EMPTY_ROOT, OV_JAIL_ABSENT, errno, "mounts are refused");
	else
		ov_jail_say(r, OV_JAIL_EMPTY_ROOT, OV_JAIL_ACTIVE, 0, "an empty read-only folder");
}

void ov_jail_rights(const struct ov_jail_options *o, struct ov_jail_report *r)
{
	const bool was_root = geteuid() == 0 || getuid() == 0;
	const int root = drop_root();
	const int root_errno = errno;

	(void)o;
	if (drop_capabilities() != 0 || has_capabilities()) {
		ov_jail_say(r, OV_JAIL_NO_RIGHTS, OV_JAIL_ABSENT, errno, "capabilities are left");
		return;
	}
	if (root != 0)
		ov_jail_say(r, OV_JAIL_NO_RIGHTS, OV_JAIL_WEAKER, root_errno,
			    "no capabilities, but still the user root");
	else if (was_root)
		ov_jail_say(r, OV_JAIL_NO_RIGHTS, OV_JAIL_ACTIVE, 0,
			    "user %u instead of root, no capabilities", NOBODY);
	else
		ov_jail_say(r, OV_JAIL_NO_RIGHTS, OV_JAIL_ACTIVE, 0,
			    "an ordinary user, no capabilities");
}
