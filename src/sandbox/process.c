/*
 * A process's memory, copied to a file of its own: workers can't look at other processes.
 *
 *   0           8         16
 *   | "OVPROC1" | regions | address, bytes (u64 each) ... | the regions' bytes, one after the other
 *
 * Not one of its bytes is looked at here; the list of regions is the kernel's.
 */
#include "overt/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fd.h"

#define REGIONS_MAX 65536u
#define PIECE ((size_t)1 << 20)

struct region {
	uint64_t at, n;
};

/* The kernel's own pages, which are not memory. The process chooses the names of files that it
 * maps, but such a name has a '/' before all else. */
static bool is_kernels(const char *line)
{
	const char *name = strpbrk(line, "/[");

	return name != NULL &&
	       (strncmp(name, "[vvar", 5) == 0 || strncmp(name, "[vsyscall]", 10) == 0);
}

/* One line of /proc/PID/maps. @return false: not to be read. */
static bool parse_line(const char *line, struct region *r)
{
	char *end = NULL;
	const uint64_t from = strtoull(line, &end, 16);
	uint64_t to;

	if (*end != '-')
		return false;
	to = strtoull(end + 1, &end, 16);
	if (*end != ' ' || end[1] != 'r' || to <= from || is_kernels(end))
		return false;
	*r = (struct region){ .at = from, .n = to - from };
	return true;
}

/* Whole lines: a piece of a long name must not be taken for a line. The kernel ends them, at four
 * times the length of a path. */
static ov_status read_maps(long pid, struct ov_buf *out, uint64_t *total, int *cut)
{
	char path[64], *line = NULL;
	ov_status s = OV_OK;
	struct region r;
	size_t room = 0;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/maps", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return OV_IO;
	while (s == OV_OK && getline(&line, &room, f) >= 0) {
		if (!parse_line(line, &r))
			continue;
		if (out->n / sizeof r == REGIONS_MAX || r.n > OVERT_PROCESS_MAX - *total) {
			*cut = 1;
			continue;
		}
		*total += r.n;
		s = ov_buf_put(out, &r, sizeof r);
	}
	free(line);
	(void)fclose(f);
	return s;
}

/* What can't be read of a region stays zero. */
static ov_status copy(int mem, int out, uint64_t to, const struct region *r, uint8_t *piece)
{
	for (uint64_t done = 0; done < r->n;) {
		const size_t want = r->n - done < PIECE ? (size_t)(r->n - done) : PIECE;
		const ssize_t got = pread(mem, piece, want, (off_t)(r->at + done));

		if (got <= 0)
			return OV_OK; /* a mapping behind the end of its file, a device */
		if (pwrite(out, piece, (size_t)got, (off_t)(to + done)) != got)
			return OV_IO;
		done += (uint64_t)got;
	}
	return OV_OK;
}

static ov_status fill(int mem, int out, const struct ov_buf *maps, uint64_t total)
{
	const struct region *r = (const struct region *)(const void *)maps->p;
	const uint64_t n = maps->n / sizeof *r, head = 16 + maps->n;
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(SIZE_MAX), piece = ov_buf_of(PIECE);
	uint64_t at = head;

	OV_TRY(ov_buf_reserve(&piece, PIECE));
	OV_TRY(ov_buf_put(&b, "OVPROC1", 8));
	OV_TRY(ov_buf_u64(&b, n));
	OV_TRY(ov_buf_put(&b, maps->p, maps->n));
	OV_TRY(ov_fd_write(out, b.p, b.n));
	if (ftruncate(out, (off_t)(head + total)) != 0)
		return OV_IO;
	for (uint64_t i = 0; i < n; i++) {
		OV_TRY(copy(mem, out, at, &r[i], piece.p));
		at += r[i].n;
	}
	return OV_OK;
}

int overt_process_open(long pid, int *cut)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf maps = ov_buf_of(REGIONS_MAX * sizeof(struct region));
	OV_CLEANUP(ov_fd_close) int mem = -1, out = -1;
	uint64_t total = 0;
	char path[64];

	*cut = 0;
	(void)snprintf(path, sizeof path, "/proc/%ld/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	if (mem < 0)
		return -1;
	if (read_maps(pid, &maps, &total, cut) != OV_OK ||
	    ov_fd_memory("overt-process", &out) != OV_OK || fill(mem, out, &maps, total) != OV_OK)
		return -1;
	return ov_fd_take(&out);
}
