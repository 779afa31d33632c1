/*
 * Landlock: a process gives up all access to files, TCP ports and foreign processes that it does
 * not already hold.
 *
 * The system calls and numbers are the kernel's documented ABI
 * (Documentation/userspace-api/landlock.rst), spelled out here because the distribution's headers
 * are older than the kernels it may run on. Every right that the running kernel knows is handled,
 * and no rule grants any of them.
 */
#include "jail_int.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

#define ASK_VERSION 1U /* LANDLOCK_CREATE_RULESET_VERSION */

/* The kernel takes shorter versions of the struct as older ABIs. */
struct ruleset_attr {
	uint64_t files;	 /* handled_access_fs,  since ABI 1 */
	uint64_t net;	 /* handled_access_net, since ABI 4 */
	uint64_t scoped; /* scoped,             since ABI 6 */
};

/* Rights that each ABI knows: bits 0 .. n-1 are all defined. */
struct abi_rights {
	unsigned files, net, scoped, bytes;
};

static struct abi_rights rights_of(int abi)
{
	struct abi_rights r = { .files = 13, .bytes = 8 }; /* ABI 1: EXECUTE .. MAKE_SYM */

	if (abi >= 2)
		r.files = 14; /* REFER */
	if (abi >= 3)
		r.files = 15; /* TRUNCATE */
	if (abi >= 4) {
		r.net = 2; /* BIND_TCP, CONNECT_TCP */
		r.bytes = 16;
	}
	if (abi >= 5)
		r.files = 16; /* IOCTL_DEV */
	if (abi >= 6) {
		r.scoped = 2; /* ABSTRACT_UNIX_SOCKET, SIGNAL */
		r.bytes = 24;
	}
	return r; /* ABI 7 adds audit flags only; later ones are used as 7 */
}

static const char *missing_of(int abi)
{
	if (abi < 3)
		return ", without truncation, TCP and signals";
	if (abi < 4)
		return ", without TCP and signals";
	if (abi < 6)
		return ", without signals";
	return "";
}

void ov_jail_landlock(struct ov_jail_report *r)
{
	const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	struct abi_rights known;
	struct ruleset_attr attr;
	long fd;

	if (abi < 1) {
		ov_jail_say(r, OV_JAIL_LANDLOCK, OV_JAIL_ABSENT, errno,
			    "not available: kernel older than 5.13, or built or booted without it");
		return;
	}
	known = rights_of((int)abi);
	attr = (struct ruleset_attr){ .files = (1U << known.files) - 1,
				      .net = (1U << known.net) - 1,
				      .scoped = (1U << known.scoped) - 1 };
	fd = syscall(SYS_landlock_create_ruleset, &attr, (size_t)known.bytes, 0U);
	if (fd < 0) {
		ov_jail_say(r, OV_JAIL_LANDLOCK, OV_JAIL_ABSENT, errno,
			    "no rule set could be made");
		return;
	}
	if (syscall(SYS_landlock_restrict_self, (int)fd, 0U) != 0)
		ov_jail_say(r, OV_JAIL_LANDLOCK, OV_JAIL_ABSENT, errno, "refused by the kernel");
	else
		ov_jail_say(r, OV_JAIL_LANDLOCK, abi < 6 ? OV_JAIL_WEAKER : OV_JAIL_ACTIVE, 0,
			    "ABI %ld%s", abi, missing_of((int)abi));
	(void)close((int)fd);
}
