/*
 * Scans files in this very process, without workers: what containment costs is told against this
 * figure.
 *
 *   bench_inprocess [--all] DATABASE... < list-of-files        (one .odb, or signature files to
 * compile first; --all: do not stop at the first match, and name no file)
 *
 * Prints one line: files, bytes matched, detections, incomplete files, user and system CPU seconds
 * of the scan alone.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "odb.h"
#include "odb_build.h"

static ov_status read_fd(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const ssize_t r = pread(*(const int *)ctx, to, n, (off_t)off);

	if (r < 0)
		return OV_IO;
	*got = (size_t)r;
	return OV_OK;
}

static double cpu_seconds(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) != 0)
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static ov_status map_file(const char *path, struct ov_cur *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) != 0)
		return OV_IO;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p == MAP_FAILED)
		return OV_IO;
	*out = ov_cur_of(p, (size_t)st.st_size);
	return OV_OK;
}

struct totals {
	uint64_t files, bytes, detected, incomplete;
};

static void scan_path(struct ov_engine *e, const char *path, const struct ov_scan_options *o,
		      struct totals *t)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const struct ov_report *r = NULL;
	struct ov_src src = { .read = read_fd, .ctx = &fd };
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		src.size = (uint64_t)st.st_size;
		if (ov_engine_scan(e, &src, o, &r) == OV_OK) {
			t->files++;
			t->bytes += r->bytes;
			t->detected += r->ndetections > 0;
			t->incomplete += r->nincompletes > 0;
			for (const struct ov_report_detection *d = r->detections;
			     d != NULL && !o->all_matches; d = d->next)
				printf("%s: %.*s FOUND\n", path, (int)d->name.n, d->name.p);
		}
	}
	(void)close(fd);
}

/* The database: an .odb as it is, or signature files compiled here. */
static ov_status load(int n, char **paths, struct ov_buf *image, struct ov_cur *out)
{
	const struct ov_build_options o = { .max_memory = (uint64_t)4 << 30, .flevel_max = 255 };
	struct ov_odb_builder *b = NULL;
	struct ov_build_stats stats;
	ov_status s;

	if (n == 1 && !ov_odb_is_source_name(ov_str_of(paths[0])))
		return map_file(paths[0], out);
	OV_TRY(ov_odb_builder_new(&o, &b));
	s = OV_OK;
	for (int i = 0; i < n && s == OV_OK; i++) {
		struct ov_cur bytes;

		s = map_file(paths[i], &bytes);
		if (s == OV_OK)
			s = ov_odb_builder_add(b, ov_str_of(paths[i]), bytes);
	}
	if (s == OV_OK)
		s = ov_odb_builder_finish(b, image, &stats);
	ov_odb_builder_free(&b);
	*out = ov_buf_cur(image);
	return s;
}

int main(int argc, char **argv)
{
	struct ov_scan_options o = { .all_matches = false };
	struct ov_buf built = ov_buf_of(SIZE_MAX / 2);
	struct ov_engine *e = NULL;
	struct totals t = { 0 };
	const char *why = "";
	struct ov_cur image;
	struct ov_odb db;
	char line[4096];
	double start;

	start = cpu_seconds();
	if (argc > 1 && strcmp(argv[1], "--all") == 0) {
		o.all_matches = true;
		argc--;
		argv++;
	}
	if (argc < 2 || load(argc - 1, argv + 1, &built, &image) != OV_OK) {
		(void)fprintf(stderr,
			      "usage: bench_inprocess [--all] DATABASE... < list-of-files\n");
		return 2;
	}
	if (ov_odb_open(image, &db, &why) != OV_OK || ov_engine_new(&db, &e) != OV_OK) {
		(void)fprintf(stderr, "bench_inprocess: %s: %s\n", argv[1], why);
		return 2;
	}
	printf("database %zu bytes, %llu signatures, loaded in %.3f s CPU\n", image.len,
	       (unsigned long long)db.nsignatures, cpu_seconds() - start);
	ov_limits_default(&o.limits);
	start = cpu_seconds();
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		scan_path(e, line, &o, &t);
	}
	printf("files %llu bytes %llu detected %llu incomplete %llu cpu_s %.3f\n",
	       (unsigned long long)t.files, (unsigned long long)t.bytes,
	       (unsigned long long)t.detected, (unsigned long long)t.incomplete,
	       cpu_seconds() - start);
	ov_engine_free(&e);
	ov_buf_free(&built);
	return 0;
}
