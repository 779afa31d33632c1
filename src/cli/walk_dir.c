/* The stack of directories: reading entries in portions, closing and reopening outer levels of deep
 * trees. */
#include "walk_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEN_MAX ((size_t)1 << 20)

static struct walk_frame *top(struct walk *w)
{
	return &w->frames[w->depth - 1];
}

ov_status walk_push(struct walk *w, int *fd, uint64_t dev, uint64_t ino)
{
	struct walk_frame *f;

	if (w->depth == w->frames_cap) {
		const size_t cap = w->frames_cap == 0 ? 32 : w->frames_cap * 2;
		struct walk_frame *v = reallocarray(w->frames, cap, sizeof *v);

		if (v == NULL)
			return OV_NOMEM;
		memset(v + w->frames_cap, 0, (cap - w->frames_cap) * sizeof *v);
		w->frames = v;
		w->frames_cap = cap;
	}
	f = &w->frames[w->depth++];
	f->fd = *fd;
	*fd = -1;
	f->no_atime = true;
	f->dev = dev;
	f->ino = ino;
	f->path_len = w->path.n;
	f->next_off = 0;
	f->is_read = false;
	f->n = f->at = 0;
	if (w->depth > WALK_OPEN_MAX) {
		struct walk_frame *outer = &w->frames[w->depth - 1 - WALK_OPEN_MAX];

		if (outer->fd >= 0)
			(void)close(outer->fd);
		outer->fd = -1;
	}
	w->directories++;
	return OV_OK;
}

/* Opens the directory above `inner` and makes sure that it still is the one that the walk came
 * through. */
static void reopen(struct walk_frame *outer, int inner)
{
	struct stat st;
	const int fd = inner < 0 ? -1 : openat(inner, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_dev == outer->dev && st.st_ino == outer->ino &&
	    lseek(fd, outer->next_off, SEEK_SET) >= 0)
		outer->fd = fd;
	else
		(void)close(fd);
}

void walk_pop(struct walk *w)
{
	struct walk_frame *f = top(w);

	if (w->depth > 1 && w->frames[w->depth - 2].fd < 0)
		reopen(&w->frames[w->depth - 2], f->fd);
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
	w->depth--;
}

bool walk_is_inside(const struct walk *w, uint64_t dev, uint64_t ino)
{
	for (size_t i = w->depth; i > 0; i--)
		if (w->frames[i - 1].ino == ino && w->frames[i - 1].dev == dev)
			return true;
	return false;
}

static int by_name(const void *a, const void *b, void *names)
{
	const char *base = names;

	return strcmp(base + *(const uint32_t *)a + 1, base + *(const uint32_t *)b + 1);
}

/* Room for what one read of `n` bytes can hold. An entry takes at least 24 bytes there, and fewer
 * here. */
static ov_status reserve(struct walk_frame *f, size_t n)
{
	if (f->names_cap < n) {
		char *names = realloc(f->names, n);

		if (names == NULL)
			return OV_NOMEM;
		f->names = names;
		f->names_cap = n;
	}
	if (f->order_cap < n / 24 + 1) {
		uint32_t *order = reallocarray(f->order, n / 24 + 1, sizeof *order);

		if (order == NULL)
			return OV_NOMEM;
		f->order = order;
		f->order_cap = n / 24 + 1;
	}
	return OV_OK;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Copies the entries of one getdents64 answer (the kernel's own, so trusted in form) into the
 * frame. */
static ov_status keep_entries(struct walk_frame *f, const char *from, size_t n)
{
	size_t used = 0;

	OV_TRY(reserve(f, n));
	f->n = f->at = 0;
	for (size_t i = 0; i < n;) {
		const struct dirent64 *d = (const void *)(from + i);
		const size_t name_n = strlen(d->d_name) + 1;

		i += d->d_reclen;
		f->next_off = d->d_off;
		if (is_dot(d->d_name))
			continue;
		f->order[f->n++] = (uint32_t)used;
		f->names[used++] = (char)d->d_type;
		memcpy(f->names + used, d->d_name, name_n);
		used += name_n;
	}
	qsort_r(f->order, f->n, sizeof *f->order, by_name, f->names);
	return OV_OK;
}

static ov_status read_more(struct walk *w, struct walk_frame *f)
{
	const size_t room = w->depth > WALK_OPEN_MAX ? WALK_READ_BYTES_DEEP : WALK_READ_BYTES;
	const ssize_t n = getdents64(f->fd, w->scratch, room);

	if (n < 0)
		return OV_IO;
	if (n == 0) {
		f->is_read = true;
		f->n = f->at = 0;
		return OV_OK;
	}
	return keep_entries(f, w->scratch, (size_t)n);
}

ov_status walk_entry_next(struct walk *w, struct walk_entry *out)
{
	struct walk_frame *f = top(w);
	const char *at;

	if (f->fd < 0)
		return OV_IO; /* it could not be reopened */
	while (f->at == f->n && !f->is_read)
		OV_TRY(read_more(w, f));
	if (f->at == f->n)
		return OV_END;
	at = f->names + f->order[f->at++];
	out->type = (unsigned char)*at;
	out->name = at + 1;
	return OV_OK;
}

static size_t seen_slot(const struct walk_seen *s, uint64_t dev, uint64_t ino)
{
	size_t i = (size_t)((ino ^ (dev << 32)) * 0x9e3779b97f4a7c15ULL >> 20) & (s->cap - 1);

	while (s->slots[i].ino != 0 && (s->slots[i].ino != ino || s->slots[i].dev != dev))
		i = (i + 1) & (s->cap - 1);
	return i;
}

static bool seen_grow(struct walk_seen *s)
{
	struct walk_seen bigger = { .cap = s->cap == 0 ? 256 : s->cap * 2, .n = s->n };

	bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i].ino != 0)
			bigger.slots[seen_slot(&bigger, s->slots[i].dev, s->slots[i].ino)] =
			    s->slots[i];
	free(s->slots);
	*s = bigger;
	return true;
}

bool walk_seen_add(struct walk_seen *s, uint64_t dev, uint64_t ino)
{
	size_t i;

	if (ino == 0 || s->n >= SEEN_MAX)
		return true;
	if (s->n * 2 >= s->cap && !seen_grow(s))
		return true;
	i = seen_slot(s, dev, ino);
	if (s->slots[i].ino != 0)
		return false;
	s->slots[i].dev = dev;
	s->slots[i].ino = ino;
	s->n++;
	return true;
}
