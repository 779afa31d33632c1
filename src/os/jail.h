/*
 * The jail: after ov_jail_close() this process can compute, read and write what it already holds,
 * and nothing else.
 *
 * Independent mechanisms are stacked, so that one that is missing or broken leaves the others.
 * Which of them hold is told in a report, with the reason for each that does not: a weak jail is
 * never silent. See docs/SANDBOX.md. There is no way back, and no call here opens the jail again.
 */
#ifndef OV_JAIL_H
#define OV_JAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

enum ov_jail_part {
	OV_JAIL_NO_NEW_PRIVS = 0, /* exec can't give rights (and seccomp, Landlock need it) */
	OV_JAIL_SECCOMP,      /* the system calls that are left                                  */
	OV_JAIL_LANDLOCK,     /* no files, no TCP, no signals or abstract sockets to outside     */
	OV_JAIL_NAMESPACES,   /* a network without interfaces, an own IPC, mount and UTS space   */
	OV_JAIL_EMPTY_ROOT,   /* the file system seen is an empty read-only folder               */
	OV_JAIL_NO_RIGHTS,    /* not root, no groups, no capabilities                            */
	OV_JAIL_LIMITS,	      /* no new files, processes, core dumps, locked memory              */
	OV_JAIL_NOT_DUMPABLE, /* other processes of the same user can't trace it                 */
	OV_JAIL_NO_EXEC_MEMORY, /* the kernel refuses memory that is writable and executable */
	OV_JAIL_PARTS
};

enum ov_jail_state {
	OV_JAIL_ACTIVE = 0,
	OV_JAIL_WEAKER, /* active in part: an older kernel, or a stand-in does the work */
	OV_JAIL_ABSENT
};

#define OV_JAIL_TEXT 96

struct ov_jail_report {
	struct {
		enum ov_jail_state state;
		char text[OV_JAIL_TEXT]; /* "ABI 7" or why it is not there; ends in NUL */
	} part[OV_JAIL_PARTS];
};

struct ov_jail_options {
	uint64_t max_memory;	/* address space, bytes on top of what is in use; 0: no limit   */
	uint64_t max_file_size; /* bytes that may be written to a descriptor; 0: nothing at all */
	unsigned max_fds;	/* descriptors at one time                                      */
	bool dies_with_parent;	/* SIGKILL when the thread that started this process ends       */
	uint32_t skip; /* bits 1 << part: tests leave parts out to see that others hold; never set
			  in a worker */
};

/** Name of a part for people: "seccomp", "Landlock", "namespaces", ... */
const char *ov_jail_part_name(enum ov_jail_part p);

/**
 * Closes the jail around this process, which must have one thread and be done with opening things.
 *
 * @return OV_OK when at least system calls are filtered or Landlock holds; else OV_UNSUPPORTED: the
 * process must not read foreign bytes. *out is written in both cases.
 */
OV_MUST_USE ov_status ov_jail_close(const struct ov_jail_options *o, struct ov_jail_report *out);

/**
 * True when a report is as strong as overt wants it: seccomp, Landlock, no new rights, no
 * capabilities. The rest (namespaces, an empty root) adds depth, and is often refused inside
 * containers.
 */
bool ov_jail_is_strong(const struct ov_jail_report *r);

#endif
