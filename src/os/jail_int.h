/* What the files of the jail share; not for other folders. */
#ifndef OV_JAIL_INT_H
#define OV_JAIL_INT_H

#include "jail.h"

/* Builds for tests: the sanitizer reserves terabytes of addresses and writes reports. */
#if defined(__SANITIZE_ADDRESS__)
#define OV_JAIL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define OV_JAIL_SANITIZED 1
#endif
#endif

/** Writes one line of the report; errno `err` is appended as text unless it is 0. */
void ov_jail_say(struct ov_jail_report *r, enum ov_jail_part p, enum ov_jail_state s, int err,
		 const char *fmt, ...) OV_PRINTF(5, 6);

/* Each closes its part and says how it went. Order matters: see ov_jail_close(). */
void ov_jail_namespaces(const struct ov_jail_options *o, struct ov_jail_report *r);
void ov_jail_rights(const struct ov_jail_options *o, struct ov_jail_report *r);
void ov_jail_landlock(struct ov_jail_report *r);
void ov_jail_seccomp(const struct ov_jail_options *o, struct ov_jail_report *r);

#endif
