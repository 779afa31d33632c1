/*
 * What containment costs: CPU time for each small file, scanned through the broker and its worker,
 * less the same scanned in this process. One command, bench_containment [FILES [BYTES [WORKERS]]].
 *
 * Both ways open each file, use the same database (the built-in set) and the same engine. The
 * broker's figure is the slope between a short and a long run, user and system time of this process
 * and its workers, so that starting is not in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine.h"
#include "fd.h"
#include "odb.h"
#include "overt/database.h"
#include "overt/engine.h"

#define DISTINCT 500 /* files that are there; each is scanned many times */

struct bench {
	char folder[64], db[96];
	unsigned long files, bytes;
	uint64_t workers;
};

static double cpu_seconds(void)
{
	struct rusage a, b;

	(void)getrusage(RUSAGE_SELF, &a);
	(void)getrusage(RUSAGE_CHILDREN, &b);
	return (double)(a.ru_utime.tv_sec + a.ru_stime.tv_sec + b.ru_utime.tv_sec +
			b.ru_stime.tv_sec) +
	       (double)(a.ru_utime.tv_usec + a.ru_stime.tv_usec + b.ru_utime.tv_usec +
			b.ru_stime.tv_usec) /
		   1e6;
}

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "bench_containment: %s: %s\n", what, why);
	exit(2);
}

static int open_nth(const struct bench *b, unsigned long i)
{
	char path[96];
	int fd = -1;

	(void)snprintf(path, sizeof path, "%s/%lu", b->folder, i % DISTINCT);
	if (ov_fd_open_read(path, &fd) != OV_OK)
		die(path, strerror(errno));
	return fd;
}

static void write_file(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ov_fd_write(fd, p, n) != OV_OK)
		die(path, strerror(errno));
	ov_fd_close(&fd);
}

static void make_files(struct bench *b)
{
	char path[96], *text = malloc(b->bytes + 1);

	if (text == NULL || mkdtemp(b->folder) == NULL)
		die("set-up", strerror(errno));
	for (unsigned long i = 0; i < DISTINCT; i++) {
		for (unsigned long k = 0; k < b->bytes; k++)
			text[k] = "etaoin shrdlu\n"[(k * 7 + i * 13 + k / 11) % 14];
		(void)snprintf(path, sizeof path, "%s/%lu", b->folder, i);
		write_file(path, text, b->bytes);
	}
	free(text);
}

static void make_database(struct bench *b)
{
	static const char line[] = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n";
	struct overt_options *o = overt_options_new();
	char path[96], error[512] = "";

	(void)snprintf(path, sizeof path, "%s/bench.hdb", b->folder);
	(void)snprintf(b->db, sizeof b->db, "%s/bench.odb", b->folder);
	write_file(path, line, sizeof line - 1);
	if (o == NULL || overt_options_add_database(o, path) != OVERT_OK ||
	    overt_database_build(o, b->db, NULL, NULL, NULL, error) != OVERT_OK)
		die("database", error);
	overt_options_free(&o);
}

static void remove_all(const struct bench *b)
{
	char path[96];

	for (unsigned long i = 0; i < DISTINCT; i++) {
		(void)snprintf(path, sizeof path, "%s/%lu", b->folder, i);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof path, "%s/bench.hdb", b->folder);
	(void)unlink(path);
	(void)unlink(b->db);
	(void)rmdir(b->folder);
}

/* CPU seconds for `n` files in this process. */
static double in_process(const struct bench *b, unsigned long n)
{
	struct ov_scan_options o = { .all_matches = false };
	const struct ov_report *r;
	struct ov_engine *e = NULL;
	struct ov_fd_facts f;
	struct ov_odb db;
	double start;
	void *p;
	int fd = -1;

	if (ov_fd_open_read(b->db, &fd) != OV_OK || ov_fd_facts(fd, &f) != OV_OK)
		die(b->db, strerror(errno));
	p = mmap(NULL, (size_t)f.size, PROT_READ, MAP_SHARED, fd, 0);
	ov_fd_close(&fd);
	if (p == MAP_FAILED || ov_odb_open(ov_cur_of(p, (size_t)f.size), &db, NULL) != OV_OK ||
	    ov_engine_new(&db, &e) != OV_OK)
		die("engine", "it can't be made");
	ov_limits_default(&o.limits);
	start = cpu_seconds();
	for (unsigned long i = 0; i < n; i++) {
		struct ov_src src;

		fd = open_nth(b, i);
		if (ov_fd_facts(fd, &f) != OV_OK)
			die("file", strerror(errno));
		src = ov_fd_src(&fd, f.size);
		if (ov_engine_scan(e, &src, &o, &r) != OV_OK)
			die("scan", "failed");
		ov_fd_close(&fd);
	}
	start = cpu_seconds() - start;
	ov_engine_free(&e);
	(void)munmap(p, (size_t)f.size);
	return start;
}

static void take(struct overt_engine *e, unsigned long *done)
{
	struct overt_verdict *v = NULL;

	if (overt_engine_next(e, -1, &v) != OVERT_OK || v->kind != OVERT_CLEAN)
		die("verdict", v != NULL && v->nincompletes > 0 ? v->incompletes[0].detail.bytes
								: "not clean");
	overt_verdict_free(&v);
	++*done;
}

/* CPU seconds of this process and its workers, start and end included. */
static double contained(const struct bench *b, unsigned long n)
{
	struct overt_options *o = overt_options_new();
	struct overt_engine *e = NULL;
	unsigned long done = 0;
	const double start = cpu_seconds();

	if (o == NULL || overt_options_set(o, OVERT_OPT_WORKERS, b->workers) != OVERT_OK ||
	    overt_options_add_database(o, b->db) != OVERT_OK ||
	    overt_engine_open(o, &e) != OVERT_OK)
		die("engine", overt_engine_error(e));
	for (unsigned long i = 0; i < n; i++) {
		const int fd = open_nth(b, i);

		while (overt_engine_submit(e, fd, i) == OVERT_AGAIN)
			take(e, &done);
	}
	while (done < n)
		take(e, &done);
	overt_engine_close(&e);
	overt_options_free(&o);
	return cpu_seconds() - start;
}

int main(int argc, char **argv)
{
	struct bench b = {
		.folder = "/tmp/overt-bench-XXXXXX", .files = 20000, .bytes = 2048, .workers = 1
	};
	double inside, with, few;

	if (argc > 1)
		b.files = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		b.bytes = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		b.workers = strtoul(argv[3], NULL, 10);
	if (b.files < 2000 || b.bytes > (1 << 20))
		die("usage", "bench_containment [FILES>=2000 [BYTES<=1048576 [WORKERS]]]");
	make_files(&b);
	make_database(&b);
	(void)in_process(&b, 1000); /* warm the page cache */
	inside = in_process(&b, b.files) / (double)b.files;
	few = contained(&b, 1000);
	with = (contained(&b, b.files) - few) / (double)(b.files - 1000);
	printf("%lu files of %lu bytes, %llu worker(s)\n", b.files, b.bytes,
	       (unsigned long long)b.workers);
	printf("in process        %6.2f us CPU a file\n", inside * 1e6);
	printf("contained         %6.2f us CPU a file\n", with * 1e6);
	printf("containment costs %6.2f us CPU a file; starting and ending, with 1000 files: %.1f "
	       "ms CPU\n",
	       (with - inside) * 1e6, few * 1e3);
	remove_all(&b);
	return 0;
}
