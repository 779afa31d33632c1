/*
 * overt migrate probe: does the product that guards a folder detect? Writes the EICAR test file
 * (harmless, 68 bytes, made for this) under a new name, looks what becomes of it, and removes it.
 * "Detected" is said only when somebody else blocked, emptied, changed or removed it.
 */
#include "migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 200

/* In two halves, so that this program is no test file itself. */
static const char first[] = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-",
		  second[] = "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
#define TEST_SIZE (sizeof first - 1 + sizeof second - 1)

enum fate { FATE_WHOLE = 0, FATE_GONE, FATE_BLOCKED, FATE_CHANGED, FATE_ERROR };

static const char *const fates[] = { "it is there, whole", "it was removed",
				     "opening it is refused", "its content was changed",
				     "it can't be looked at" };

/* A refusal at making the file is a detection too, if an empty file may be made there. */
static bool refused(int error)
{
	return error == EPERM || error == EACCES;
}

static enum fate look(int dir, const char *name)
{
	char is[TEST_SIZE + 1], want[TEST_SIZE + 1];
	ssize_t n;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? FATE_GONE : refused(errno) ? FATE_BLOCKED : FATE_ERROR;
	n = read(fd, is, sizeof is);
	if (n < 0) {
		const int error = errno;

		(void)close(fd);
		return refused(error) ? FATE_BLOCKED : FATE_ERROR;
	}
	(void)close(fd);
	(void)snprintf(want, sizeof want, "%s%s", first, second);
	return (size_t)n == TEST_SIZE && memcmp(is, want, TEST_SIZE) == 0 ? FATE_WHOLE
									  : FATE_CHANGED;
}

/* @return 0; an errno. */
static int put(int dir, const char *name, bool is_test)
{
	char bytes[TEST_SIZE + 1];
	int error = 0;
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno;
	(void)snprintf(bytes, sizeof bytes, "%s%s", first, second);
	if (is_test && write(fd, bytes, TEST_SIZE) != (ssize_t)TEST_SIZE)
		error = errno != 0 ? errno : EIO;
	if (close(fd) != 0 && error == 0)
		error = errno;
	return error;
}

static enum fate watch(int dir, const char *name, uint64_t wait_ms)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	const uint64_t until = cli_now_ms() + wait_ms;
	enum fate f = look(dir, name);

	while (f == FATE_WHOLE && cli_now_ms() < until) {
		(void)nanosleep(&pause, NULL);
		f = look(dir, name);
	}
	return f;
}

static int tell(struct cli *c, const struct migrate_settings *s, const char *folder, enum fate f)
{
	const bool is_detected = f == FATE_GONE || f == FATE_BLOCKED || f == FATE_CHANGED;

	if (f == FATE_ERROR) {
		(void)cli_fail(c, "overt migrate", folder, fates[f]);
		return COVERED_ERROR;
	}
	if (s->format != 0) {
		cli_put(&c->out, "{\"folder\":");
		cli_json(&c->out, ov_str_of(folder));
		cli_fmt(&c->out, ",\"detected\":%s,\"how\":\"%s\"}\n",
			is_detected ? "true" : "false", fates[f]);
	} else {
		cli_fmt(&c->out, "%s: %s\n", is_detected ? "detected" : "not detected", fates[f]);
	}
	return is_detected ? COVERED_NONE : COVERED_FOUND;
}

int migrate_probe(struct cli *c, const struct migrate_settings *s, const char *folder)
{
	char name[64], plain[64];
	enum fate f = FATE_ERROR;
	int error;
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		(void)cli_fail(c, "overt migrate", folder, strerror(errno));
		return COVERED_ERROR;
	}
	(void)snprintf(name, sizeof name, "overt-probe-%ld.com", (long)getpid());
	(void)snprintf(plain, sizeof plain, "overt-probe-%ld.txt", (long)getpid());
	error = put(dir, plain, false); /* may a file be made here at all? */
	if (error == 0) {
		(void)unlinkat(dir, plain, 0);
		error = put(dir, name, true);
		f = error == 0	     ? watch(dir, name, s->wait_ms)
		    : refused(error) ? FATE_BLOCKED
				     : FATE_ERROR;
		(void)unlinkat(dir, name, 0);
	}
	(void)close(dir);
	if (f == FATE_ERROR && error != 0) {
		(void)cli_fail(c, "overt migrate", folder, strerror(error));
		return COVERED_ERROR;
	}
	return tell(c, s, folder, f);
}
