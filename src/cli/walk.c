/* The walk: what each name is, and what is done with it. See walk.h for the rules. */
#include "walk_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "checked.h"

#define PATH_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

ov_status walk_open(const struct walk_options *o, struct walk **out)
{
	struct walk *w = calloc(1, sizeof *w);

	if (w == NULL)
		return OV_NOMEM;
	w->o = *o;
	w->path = ov_buf_of(PATH_BYTES_MAX);
	w->scratch = malloc(WALK_READ_BYTES);
	if (w->scratch == NULL) {
		free(w);
		return OV_NOMEM;
	}
	*out = w;
	return OV_OK;
}

void walk_close(struct walk **wp)
{
	struct walk *w = *wp;

	if (w == NULL)
		return;
	for (size_t i = 0; i < w->frames_cap; i++) {
		if (i < w->depth && w->frames[i].fd >= 0)
			(void)close(w->frames[i].fd);
		free(w->frames[i].names);
		free(w->frames[i].order);
	}
	free(w->frames);
	free(w->seen.slots);
	free(w->scratch);
	ov_buf_free(&w->path);
	free(w);
	*wp = NULL;
}

uint64_t walk_directories(const struct walk *w)
{
	return w->directories;
}

const char *walk_error_text(int error)
{
	const char *text;

	switch (error) {
	case ENOENT:
		return "no such file or directory";
	case EACCES:
		return "permission denied";
	case EPERM:
		return "operation not permitted";
	case ENOTDIR:
		return "a part of the path is not a directory";
	case ELOOP:
		return "too many links in the path";
	case ENAMETOOLONG:
		return "the path is too long";
	case EIO:
		return "the device failed to read it (input/output error)";
	case EMFILE:
	case ENFILE:
		return "too many open files";
	default:
		text = strerrordesc_np(error);
		return text != NULL ? text : "unknown error";
	}
}

const char *walk_skip_text(enum walk_skip s)
{
	static const char *const texts[WALK_SKIPS] = {
		"link",
		"fifo, socket or device",
		"on another file system",
		"kernel file system",
		"excluded",
		"vanished",
		"directory loop",
		"below the depth asked for",
	};

	return s < WALK_SKIPS ? texts[s] : "unknown";
}

/* A name being visited: where it is and how it came. */
struct visit {
	int dir_fd;
	const char *name;
	size_t name_at;
	bool is_given, is_link; /* is_link: to be followed */
};

static void fill(struct walk *w, const struct visit *v, enum walk_kind kind, struct walk_item *out)
{
	*out = (struct walk_item){ .kind = kind,
				   .fd = -1,
				   .path = { (const char *)w->path.p, w->path.n },
				   .is_given = v->is_given };
}

static ov_status skipped(struct walk *w, const struct visit *v, enum walk_skip why,
			 struct walk_item *out)
{
	fill(w, v, WALK_SKIPPED, out);
	out->skip = why;
	return OV_OK;
}

static ov_status refused(struct walk *w, const struct visit *v, const char *text,
			 struct walk_item *out)
{
	fill(w, v, WALK_ERROR, out);
	out->error = text;
	return OV_OK;
}

static ov_status failed(struct walk *w, const struct visit *v, int error, struct walk_item *out)
{
	fill(w, v, WALK_ERROR, out);
	out->error = walk_error_text(error);
	out->error_number = error;
	return OV_OK;
}

/* An open that failed: news about the name, or about us. */
static ov_status open_failed(struct walk *w, const struct visit *v, int error,
			     struct walk_item *out)
{
	if (!v->is_given && (error == ENOENT || error == ENOTDIR))
		return skipped(w, v, WALK_VANISHED, out);
	if (!v->is_given && !v->is_link && error == ELOOP)
		return skipped(w, v, WALK_LINK, out); /* became a link since it was listed */
	if (!v->is_given && (error == ENXIO || error == ENODEV))
		return skipped(w, v, WALK_SPECIAL, out);
	return failed(w, v, error, out);
}

static bool is_kernel_fs(int fd)
{
	static const unsigned long types[] = {
		PROC_SUPER_MAGIC,
		SYSFS_MAGIC,
		DEBUGFS_MAGIC,
		TRACEFS_MAGIC,
		SECURITYFS_MAGIC,
		CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC,
		DEVPTS_SUPER_MAGIC,
		BPF_FS_MAGIC,
		SELINUX_MAGIC,
		EFIVARFS_MAGIC,
		PSTOREFS_MAGIC,
		BINFMTFS_MAGIC,
		0x19800202UL /* mqueue */,
		0x62656570UL /* configfs */,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if ((unsigned long)fs.f_type == types[i])
			return true;
	return false;
}

/* Atime is kept where the system lets us; the first refusal in a directory settles it for the rest
 * of it. */
static int open_file(struct walk *w, const struct visit *v)
{
	const int follow = v->is_given || v->is_link ? 0 : O_NOFOLLOW;
	bool *no_atime = w->depth > 0 ? &w->frames[w->depth - 1].no_atime : NULL;

	if (no_atime == NULL || *no_atime) {
		const int fd = openat(v->dir_fd, v->name, OPEN_FLAGS | follow | O_NOATIME);

		if (fd >= 0 || errno != EPERM)
			return fd;
		if (no_atime != NULL)
			*no_atime = false;
	}
	return openat(v->dir_fd, v->name, OPEN_FLAGS | follow);
}

static const char *special_text(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "a fifo, not a file; to scan what comes out of it: overt scan - < FIFO";
	if (S_ISSOCK(mode))
		return "a socket, not a file";
	if (S_ISBLK(mode) || S_ISCHR(mode))
		return "a device, not a file; to scan what it holds: overt scan - < DEVICE";
	return "not a file";
}

static ov_status visit_special(struct walk *w, const struct visit *v, mode_t mode,
			       struct walk_item *out)
{
	if (v->is_given)
		return refused(w, v, special_text(mode), out);
	return skipped(w, v, WALK_SPECIAL, out);
}

static ov_status visit_file(struct walk *w, const struct visit *v, struct walk_item *out)
{
	struct stat st;
	int fd;

	if (w->o.accept != NULL &&
	    !w->o.accept(w->o.context, (struct ov_str){ (const char *)w->path.p, w->path.n },
			 v->name_at, false))
		return skipped(w, v, WALK_EXCLUDED, out);
	fd = open_file(w, v);
	if (fd < 0)
		return open_failed(w, v, errno, out);
	if (fstat(fd, &st) != 0 ||
	    !S_ISREG(st.st_mode)) { /* another thing took its name meanwhile */
		(void)close(fd);
		return visit_special(w, v, st.st_mode, out);
	}
	if (w->o.one_fs && w->depth > 0 && st.st_dev != w->root_dev) {
		(void)close(fd);
		return skipped(w, v, WALK_OTHER_FS, out);
	}
	fill(w, v, WALK_FILE, out);
	out->fd = fd;
	out->size = (uint64_t)st.st_size;
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	return OV_OK;
}

/* Whether an opened directory is to be walked. @return WALK_SKIPS: yes. */
static enum walk_skip judge_dir(struct walk *w, const struct visit *v, int fd,
				const struct stat *st)
{
	if (walk_is_inside(w, st->st_dev, st->st_ino))
		return WALK_LOOP;
	if (w->depth == 0)
		w->root_dev = st->st_dev;
	if (w->o.one_fs && st->st_dev != w->root_dev)
		return WALK_OTHER_FS;
	if (!w->o.kernel_fs && (w->depth == 0 || st->st_dev != w->frames[w->depth - 1].dev) &&
	    is_kernel_fs(fd))
		return WALK_KERNEL_FS;
	if (w->o.follow_dirs == WALK_ALWAYS && !v->is_given &&
	    !walk_seen_add(&w->seen, st->st_dev, st->st_ino))
		return WALK_LOOP;
	return WALK_SKIPS;
}

/* Enters a directory, or says why not. @return OV_END: entered, nothing to hand out. */
static ov_status enter(struct walk *w, const struct visit *v, int *fd, struct walk_item *out)
{
	struct stat st;
	enum walk_skip why;

	if (fstat(*fd, &st) != 0)
		return failed(w, v, errno, out);
	why = judge_dir(w, v, *fd, &st);
	if (why == WALK_KERNEL_FS && v->is_given)
		return refused(
		    w, v, "a kernel file system, not files; to scan it all the same: --kernel-fs",
		    out);
	if (why != WALK_SKIPS) {
		ov_status s = skipped(w, v, why, out);

		out->is_dir = true;
		return s;
	}
	OV_TRY(walk_push(w, fd, st.st_dev, st.st_ino));
	return OV_END;
}

static ov_status visit_dir(struct walk *w, const struct visit *v, struct walk_item *out)
{
	const int follow = v->is_given || v->is_link ? 0 : O_NOFOLLOW;
	ov_status s;
	int fd;

	if (w->o.accept != NULL &&
	    !w->o.accept(w->o.context, (struct ov_str){ (const char *)w->path.p, w->path.n },
			 v->name_at, true)) {
		s = skipped(w, v, WALK_EXCLUDED, out);
		out->is_dir = true;
		return s;
	}
	if (w->o.is_flat && w->depth > 0)
		return OV_END;
	if (w->depth >= WALK_DEPTH_MAX)
		return refused(w, v, "the directory lies too deep (over 10,000 levels)", out);
	if (w->o.max_depth != 0 && w->depth >= w->o.max_depth) {
		s = skipped(w, v, WALK_DEPTH, out);
		out->is_dir = true;
		return s;
	}
	fd = openat(v->dir_fd, v->name, OPEN_FLAGS | O_DIRECTORY | follow);
	if (fd < 0) {
		s = open_failed(w, v, errno, out);
		out->is_dir = true;
		return s;
	}
	s = enter(w, v, &fd, out);
	if (fd >= 0)
		(void)close(fd);
	return s;
}

static ov_status visit_mode(struct walk *w, const struct visit *v, mode_t mode,
			    struct walk_item *out)
{
	if (S_ISDIR(mode))
		return visit_dir(w, v, out);
	if (S_ISREG(mode))
		return visit_file(w, v, out);
	return visit_special(w, v, mode, out);
}

/* A link that may be followed: by what it leads to. */
static ov_status visit_link(struct walk *w, struct visit *v, struct walk_item *out)
{
	const int needed = v->is_given ? WALK_GIVEN : WALK_ALWAYS;
	struct stat st;

	if (w->o.follow_dirs < needed && w->o.follow_files < needed)
		return skipped(w, v, WALK_LINK, out);
	if (fstatat(v->dir_fd, v->name, &st, 0) != 0) {
		if (!v->is_given && (errno == ENOENT || errno == ELOOP))
			return skipped(w, v, WALK_LINK, out); /* leads nowhere */
		return failed(w, v, errno, out);
	}
	if ((S_ISDIR(st.st_mode) ? w->o.follow_dirs : w->o.follow_files) < needed)
		return skipped(w, v, WALK_LINK, out);
	v->is_link = true;
	return visit_mode(w, v, st.st_mode, out);
}

static ov_status visit_unknown(struct walk *w, struct visit *v, struct walk_item *out)
{
	struct stat st;

	if (fstatat(v->dir_fd, v->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return open_failed(w, v, errno, out);
	if (S_ISLNK(st.st_mode))
		return visit_link(w, v, out);
	return visit_mode(w, v, st.st_mode, out);
}

static ov_status set_path(struct walk *w, size_t keep, const char *name, size_t *name_at)
{
	w->path.n = keep;
	if (keep > 0 && w->path.p[keep - 1] != '/')
		OV_TRY(ov_buf_u8(&w->path, '/'));
	*name_at = w->path.n;
	OV_TRY(ov_buf_put(&w->path, name, strlen(name) + 1));
	w->path.n--; /* the NUL stays behind the length */
	return OV_OK;
}

static ov_status visit_stdin(struct walk *w, struct visit *v, struct walk_item *out)
{
	const int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	struct stat st;

	if (fd < 0)
		return refused(w, v, "there is no standard input", out);
	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return refused(w, v, "standard input is a directory", out);
	}
	fill(w, v, WALK_FILE, out);
	out->fd = fd;
	out->is_stdin = true;
	out->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return OV_OK;
}

static ov_status visit_operand(struct walk *w, const char *operand, struct walk_item *out)
{
	struct visit v = { .dir_fd = AT_FDCWD, .is_given = true };

	OV_TRY(set_path(w, 0, operand, &v.name_at));
	v.name = (const char *)w->path.p;
	if (strcmp(operand, "-") == 0)
		return visit_stdin(w, &v, out);
	return visit_unknown(w, &v, out);
}

static ov_status visit_entry(struct walk *w, const struct walk_entry *e, struct walk_item *out)
{
	const struct walk_frame *f = &w->frames[w->depth - 1];
	struct visit v = { .dir_fd = f->fd };

	OV_TRY(set_path(w, f->path_len, e->name, &v.name_at));
	v.name = (const char *)w->path.p + v.name_at;
	switch (e->type) {
	case DT_UNKNOWN:
		return visit_unknown(w, &v, out);
	case DT_LNK:
		return visit_link(w, &v, out);
	case DT_DIR:
		return visit_dir(w, &v, out);
	case DT_REG:
		return visit_file(w, &v, out);
	default:
		return skipped(w, &v, WALK_SPECIAL, out);
	}
}

/* The innermost directory can't be read on: one error item for it, and the walk goes on around it.
 */
static ov_status dir_failed(struct walk *w, struct walk_item *out)
{
	const struct walk_frame *f = &w->frames[w->depth - 1];
	const struct visit v = { .dir_fd = AT_FDCWD };
	const int error = errno;
	ov_status s;

	w->path.n = f->path_len;
	w->path.p[w->path.n] = '\0'; /* the path is longer or this long: the byte is ours */
	if (f->fd < 0)
		s = refused(w, &v, "the directory was moved while it was read", out);
	else
		s = failed(w, &v, error, out);
	out->is_dir = true;
	walk_pop(w);
	return s;
}

ov_status walk_next(struct walk *w, struct walk_item *out)
{
	for (;;) {
		struct walk_entry e;
		ov_status s;

		if (w->depth == 0) {
			const char *operand = w->o.next_operand(w->o.context);

			if (operand == NULL)
				return OV_END;
			s = visit_operand(w, operand, out);
		} else {
			s = walk_entry_next(w, &e);
			if (s == OV_OK) {
				s = visit_entry(w, &e, out);
			} else if (s == OV_IO) {
				return dir_failed(w, out);
			} else if (s == OV_END) {
				walk_pop(w);
			}
		}
		if (s != OV_END)
			return s;
	}
}
