/*
 * --move, --copy and --remove of clamscan, without races.
 *
 * The file's real folder and name come from the kernel (/proc/self/fd), the folder is opened, and
 * from there on names are only used relative to that descriptor. A file is first renamed to a name
 * nobody knows and then compared by device and inode with what was scanned; when it is another one,
 * it gets its name back. So the worst that someone who may write in that folder can do is to keep
 * us from acting on their own file.
 */
#include "clam.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 1000

bool clam_action_open(struct clam_action *a, const struct clam_settings *s, const char **what)
{
	const char *folder = s->move != NULL ? s->move : s->copy;

	*a = (struct clam_action){ .moves = s->move != NULL,
				   .copies = s->move == NULL && s->copy != NULL,
				   .removes = s->remove && folder == NULL,
				   .folder = -1 };
	if (folder == NULL)
		return true;
	*what = folder;
	a->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->folder < 0)
		return false;
	a->folder_path = realpath(folder, NULL);
	return a->folder_path != NULL && faccessat(a->folder, ".", W_OK, AT_EACCESS) == 0;
}

void clam_action_close(struct clam_action *a)
{
	if (a->folder >= 0)
		(void)close(a->folder);
	a->folder = -1;
	free((char *)(uintptr_t)a->folder_path);
	a->folder_path = NULL;
}

/* The file as it is now: opened, its real path, its folder. */
struct target {
	int fd, folder;
	char path[4096];  /* real */
	const char *name; /* inside path */
	mode_t mode;
	uint64_t dev, ino;
};

static bool is_same(const struct target *t, const struct stat *st)
{
	return st->st_dev == t->dev && st->st_ino == t->ino;
}

static bool target_open(struct target *t, const struct run_file *f)
{
	char link[64], *slash;
	struct stat st;
	ssize_t n;

	*t = (struct target){ .folder = -1, .dev = f->dev, .ino = f->ino };
	t->fd = open(f->path.p, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (t->fd < 0 || fstat(t->fd, &st) != 0 || !is_same(t, &st))
		return false;
	t->mode = st.st_mode;
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", t->fd);
	n = readlink(link, t->path, sizeof t->path - 1);
	if (n <= 0)
		return false;
	t->path[n] = '\0';
	slash = strrchr(t->path, '/');
	if (slash == NULL)
		return false;
	t->name = slash + 1;
	*slash = '\0';
	t->folder = open(slash == t->path ? "/" : t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	return t->folder >= 0 && fstatat(t->folder, t->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is_same(t, &st);
}

static void target_close(struct target *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	if (t->folder >= 0)
		(void)close(t->folder);
}

/* Gives the file a name that nobody can guess, and makes sure that it is the file. */
static bool hold(const struct target *t, char name[64])
{
	uint64_t r[2];
	struct stat st;

	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		return false;
	(void)snprintf(name, 64, ".overt-%016llx%016llx", (unsigned long long)r[0],
		       (unsigned long long)r[1]);
	if (renameat(t->folder, t->name, t->folder, name) != 0)
		return false;
	if (fstatat(t->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_same(t, &st))
		return true;
	(void)renameat2(t->folder, name, t->folder, t->name, RENAME_NOREPLACE);
	errno = EBUSY;
	return false;
}

static void give_back(const struct target *t, const char *name)
{
	const int error = errno;

	(void)renameat2(t->folder, name, t->folder, t->name, RENAME_NOREPLACE);
	errno = error;
}

static bool remove_target(const struct target *t)
{
	char name[64];

	if (!hold(t, name))
		return false;
	if (unlinkat(t->folder, name, 0) == 0)
		return true;
	give_back(t, name);
	return false;
}

/* "name", then "name.001", ... as clamscan numbers them. */
static void numbered(char to[300], const char *name, unsigned i)
{
	if (i == 0)
		(void)snprintf(to, 300, "%.255s", name);
	else
		(void)snprintf(to, 300, "%.250s.%03u", name, i);
}

static bool copy_bytes(int from, int to)
{
	char bytes[32 * 1024];

	if (lseek(from, 0, SEEK_SET) != 0)
		return false;
	for (;;) {
		const ssize_t n = read(from, bytes, sizeof bytes);
		ssize_t done = 0;

		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		while (n > 0 && done < n) {
			const ssize_t w = write(to, bytes + done, (size_t)(n - done));

			if (w < 0 && errno != EINTR)
				return false;
			done += w > 0 ? w : 0;
		}
		if (n < 0)
			return false;
	}
}

/* Copies the bytes that were scanned: from the open file, into a new name. The copy can't be
 * executed. */
static bool copy_target(const struct clam_action *a, const struct target *t, char to[300])
{
	for (unsigned i = 0; i < TRIES; i++) {
		bool good;
		int fd;

		numbered(to, t->name, i);
		fd = openat(a->folder, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    t->mode & 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return false;
		good = copy_bytes(t->fd, fd);
		good = close(fd) == 0 && good;
		if (!good)
			(void)unlinkat(a->folder, to, 0);
		return good;
	}
	errno = EEXIST;
	return false;
}

static bool move_target(const struct clam_action *a, const struct target *t, char to[300])
{
	char name[64];

	if (!hold(t, name))
		return false;
	for (unsigned i = 0; i < TRIES; i++) {
		numbered(to, t->name, i);
		if (renameat2(t->folder, name, a->folder, to, RENAME_NOREPLACE) == 0)
			return true;
		if (errno != EEXIST)
			break;
	}
	/* Another file system, or one without RENAME_NOREPLACE. */
	if ((errno == EXDEV || errno == EINVAL || errno == ENOSYS) && copy_target(a, t, to) &&
	    unlinkat(t->folder, name, 0) == 0)
		return true;
	give_back(t, name);
	return false;
}

static void say_path(struct cli_out *out, const struct run_file *f, const struct target *t)
{
	cli_shown(out, f->path);
	cli_put(out, " (real path: '");
	cli_shown(out, ov_str_of(t->path));
	cli_put(out, "'): ");
}

static void say_to(struct cli_out *out, const char *verb, const struct clam_action *a,
		   const char *to)
{
	cli_fmt(out, "%s to '", verb);
	cli_shown(out, ov_str_of(a->folder_path));
	cli_put(out, "/");
	cli_shown(out, ov_str_of(to));
	cli_put(out, "'\n");
}

void clam_action_do(const struct clam_action *a, const struct run_file *f, struct cli_out *say,
		    struct cli_out *err)
{
	struct target t;
	char to[300] = "";
	bool good;

	if (f->is_stdin || !(a->moves || a->copies || a->removes))
		return;
	errno = EBUSY; /* stands for: it is another file now */
	good = target_open(&t, f);
	if (good && a->removes) {
		good = remove_target(&t);
		if (good) {
			say_path(say, f, &t);
			cli_put(say, "Removed.\n");
		}
	} else if (good) {
		good = a->moves ? move_target(a, &t, to) : copy_target(a, &t, to);
		if (good) {
			say_path(say, f, &t);
			say_to(say, a->moves ? "moved" : "copied", a, to);
		}
	}
	if (!good) {
		cli_put(err, "ERROR: ");
		cli_shown(err, f->path);
		cli_fmt(err, ": can't be %s: %s\n",
			a->moves    ? "moved"
			: a->copies ? "copied"
				    : "removed",
			errno == EBUSY ? "it is not the file that was scanned"
				       : strerrordesc_np(errno));
	}
	target_close(&t);
}
