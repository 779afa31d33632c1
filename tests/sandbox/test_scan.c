/* Real workers behind their real jail: verdicts, deaths in mid-scan, deadlines, databases, the
 * cache, the proof. */
#include "testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "options.h"
#include "overt/database.h"

/* The EICAR test string in two parts, so that this file is not itself one. */
#define EICAR                                                                                      \
	"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD"                                              \
	"-ANTIVIRUS-TEST-FILE!$H+H*"

struct place {
	char folder[32], rules[64], cache[64], other[96];
	char warnings[2048];
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ov_fd_write(fd, text, strlen(text)), OV_OK);
	ov_fd_close(&fd);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	if (p == NULL)
		return -1;
	strcpy(p->folder, "/tmp/overt-test-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->rules, sizeof p->rules, "%s/mine.hdb", p->folder);
	(void)snprintf(p->cache, sizeof p->cache, "%s/cache", p->folder);
	(void)snprintf(p->other, sizeof p->other, "%s/other", p->folder);
	write_file(p->rules, "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n");
	*state = p;
	return 0;
}

/* Removes the files of a folder and the folder. @return how many there were. */
static int clear_folder(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	char name[512];
	int n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		n += unlink(name) == 0;
	}
	(void)closedir(d);
	(void)rmdir(path);
	return n;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	(void)clear_folder(p->cache);
	(void)clear_folder(p->folder);
	free(p);
	return 0;
}

static void keep_warning(void *context, const char *line)
{
	struct place *p = context;
	const size_t n = strnlen(p->warnings, sizeof p->warnings);

	(void)snprintf(p->warnings + n, sizeof p->warnings - n, "%s\n", line);
}

static struct overt_options *plain_options(struct place *p)
{
	struct overt_options *o = overt_options_new();

	assert_non_null(o);
	assert_int_equal(overt_options_set(o, OVERT_OPT_WORKERS, 1), OVERT_OK);
	assert_int_equal(overt_options_set_cache(o, p->cache), OVERT_OK);
	overt_options_on_warning(o, keep_warning, p);
	return o;
}

static struct overt_options *options_for(struct place *p, const char *database)
{
	struct overt_options *o = plain_options(p);

	assert_int_equal(overt_options_add_database(o, database), OVERT_OK);
	return o;
}

static struct overt_engine *engine_for(const struct overt_options *o)
{
	struct overt_engine *e = NULL;

	if (overt_engine_open(o, &e) != OVERT_OK)
		fail_msg("engine: %s", overt_engine_error(e));
	return e;
}

static struct overt_engine *simple_engine(struct place *p, uint64_t scantime_ms)
{
	struct overt_options *o = options_for(p, p->rules);
	struct overt_engine *e;

	assert_int_equal(overt_options_set(o, OVERT_OPT_MAX_SCANTIME, scantime_ms), OVERT_OK);
	e = engine_for(o);
	overt_options_free(&o);
	return e;
}

static int memory_file(const char *text)
{
	int fd = -1;

	assert_int_equal(ov_fd_memory("test", &fd), OV_OK);
	assert_int_equal(ov_fd_write(fd, text, strlen(text)), OV_OK);
	return fd;
}

static struct overt_verdict *next(struct overt_engine *e)
{
	struct overt_verdict *v = NULL;

	assert_int_equal(overt_engine_next(e, 30000, &v), OVERT_OK);
	return v;
}

/* Hands a descriptor over and expects one verdict, with a detection's name or an incomplete part's
 * reason. */
static void expect(struct overt_engine *e, int fd, enum overt_verdict_kind kind, const char *word)
{
	struct overt_verdict *v;

	assert_int_equal(overt_engine_submit(e, fd, 42), OVERT_OK);
	v = next(e);
	assert_int_equal(v->kind, kind);
	assert_true(v->cookie == 42);
	if (v->ndetections > 0)
		assert_memory_equal(v->detections[0].name.bytes, word, strlen(word));
	else if (v->nincompletes > 0)
		assert_string_equal(overt_reason_name(v->incompletes[0].reason), word);
	overt_verdict_free(&v);
}

static void files_streams_and_nothing(void **state)
{
	struct place *p = *state;
	struct overt_engine *e = simple_engine(p, 20000);
	int pair[2];

	expect(e, memory_file(EICAR), OVERT_DETECTED, "Eicar-Test-Signature");
	expect(e, memory_file("harmless"), OVERT_CLEAN, "");
	expect(e, memory_file(""), OVERT_CLEAN, "");
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	assert_int_equal(ov_fd_write(pair[1], EICAR, 68), OV_OK);
	ov_fd_close(&pair[1]);
	expect(e, pair[0], OVERT_DETECTED, "Eicar-Test-Signature");
	expect(e, open("/dev/null", O_RDONLY | O_CLOEXEC), OVERT_CLEAN, "");
	expect(e, open("/", O_RDONLY | O_CLOEXEC), OVERT_ERROR, "");
	expect(e, open("/dev/null", O_WRONLY | O_CLOEXEC), OVERT_INCOMPLETE, "unreadable");
	assert_int_equal(overt_engine_submit(e, -1, 0), OVERT_BAD_ARGUMENT);
	overt_engine_close(&e);
}

/* A line of /proc/PID/stat: "PID (overt-worker) S PARENT ...". */
static bool is_our_worker(const char *stat)
{
	static const char name[] = " (overt-worker) ";
	const char *at = strstr(stat, name);

	return at != NULL && strtol(at + sizeof name - 1 + 2, NULL, 10) == getpid();
}

/* One of this process's workers, or 0. */
static pid_t a_worker(void)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	pid_t found = 0;

	assert_non_null(d);
	while (found == 0 && (e = readdir(d)) != NULL) {
		char path[300], text[256] = "";
		int fd = -1;
		size_t got = 0;

		(void)snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || ov_fd_open_read(path, &fd) != OV_OK)
			continue;
		(void)!ov_fd_read(fd, text, sizeof text - 1, &got);
		ov_fd_close(&fd);
		if (is_our_worker(text))
			found = (pid_t)strtol(text, NULL, 10);
	}
	(void)closedir(d);
	return found;
}

static void a_worker_killed_in_mid_scan_costs_one_file(void **state)
{
	struct place *p = *state;
	struct overt_engine *e = simple_engine(p, 20000);
	struct overt_verdict *v = NULL;
	int pair[2];
	pid_t worker;

	assert_int_equal(pipe2(pair, O_CLOEXEC),
			 0); /* a stream that gives nothing: the worker waits in it */
	assert_int_equal(overt_engine_submit(e, pair[0], 1), OVERT_OK);
	assert_int_equal(overt_engine_next(e, 200, &v), OVERT_AGAIN);
	worker = a_worker();
	assert_true(worker > 0);
	assert_int_equal(kill(worker, SIGKILL), 0);
	v = next(e);
	assert_int_equal(v->kind, OVERT_INCOMPLETE);
	assert_int_equal(v->incompletes[0].reason, OVERT_CRASHED);
	assert_memory_equal(v->incompletes[0].detail.bytes, "the worker died: signal 9", 25);
	overt_verdict_free(&v);
	expect(e, memory_file(EICAR), OVERT_DETECTED, "Eicar-Test-Signature"); /* by a fresh one */
	worker = a_worker();
	assert_true(worker > 0);
	assert_int_equal(kill(worker, SIGKILL), 0); /* while it is idle: costs nothing */
	(void)usleep(300000);			    /* a signal takes its time */
	expect(e, memory_file(EICAR), OVERT_DETECTED, "Eicar-Test-Signature");
	overt_engine_close(&e);
	ov_fd_close(&pair[1]);
}

static void a_batch_survives_killed_workers(void **state)
{
	struct place *p = *state;
	struct overt_engine *e = simple_engine(p, 20000);
	int under_way = 0, told = 0, crashed = 0;
	uint64_t seen[4] = { 0 };

	for (int i = 0; i < 200 || under_way > 0;) {
		struct overt_verdict *v = NULL;
		int fd;

		if (i % 60 == 30 && a_worker() > 0)
			(void)kill(a_worker(), SIGKILL);
		if (i < 200 &&
		    overt_engine_submit(e, fd = memory_file("x"), (uint64_t)i) == OVERT_OK) {
			i++;
			under_way++;
			continue;
		}
		if (i < 200)
			ov_fd_close(&fd);
		v = next(e);
		assert_true((seen[v->cookie / 64] & 1ULL << v->cookie % 64) == 0);
		seen[v->cookie / 64] |= 1ULL << v->cookie % 64;
		told++;
		under_way--;
		if (v->kind != OVERT_CLEAN) {
			assert_int_equal(v->kind, OVERT_INCOMPLETE);
			assert_int_equal(v->incompletes[0].reason, OVERT_CRASHED);
			crashed++;
		}
		overt_verdict_free(&v);
	}
	assert_int_equal(told, 200);
	assert_true(crashed < 60); /* each kill costs at most one */
	overt_engine_close(&e);
}

static void a_file_past_its_time_is_given_up(void **state)
{
	struct place *p = *state;
	struct overt_engine *e = simple_engine(p, 50);
	int pair[2];

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	expect(e, pair[0], OVERT_INCOMPLETE, "timeout");
	expect(e, memory_file("after it"), OVERT_CLEAN, "");
	overt_engine_close(&e);
	ov_fd_close(&pair[1]);
}

static void nothing_leaks(void **state)
{
	struct place *p = *state;
	const int before = ov_fd_count();
	struct overt_engine *e = simple_engine(p, 20000);

	for (int i = 0; i < 10; i++)
		expect(e, memory_file("x"), OVERT_CLEAN, "");
	assert_int_equal(overt_engine_submit(e, memory_file("never fetched"), 1), OVERT_OK);
	overt_engine_close(&e);
	assert_int_equal(ov_fd_count(), before);
	assert_int_equal(a_worker(), 0);
}

static void text_is_compiled_once(void **state)
{
	struct place *p = *state;
	struct overt_engine *e = simple_engine(p, 20000);
	char id[65];
	struct stat st;

	assert_true(overt_engine_database(e)->signatures == 1);
	memcpy(id, overt_engine_database(e)->id, sizeof id);
	overt_engine_close(&e);
	assert_int_equal(stat(p->cache, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	e = simple_engine(p, 20000);
	assert_string_equal(overt_engine_database(e)->id, id);
	overt_engine_close(&e);
	assert_int_equal(clear_folder(p->cache), 1); /* one entry: the second run took it */
	write_file(p->rules, "44d88612fea8a8f36de82e1278abb02f:68:Other-Name\n");
	e = simple_engine(p, 20000);
	assert_string_not_equal(overt_engine_database(e)->id, id);
	expect(e, memory_file(EICAR), OVERT_DETECTED, "Other-Name");
	overt_engine_close(&e);
}

/* Sources that have not changed for a while are known by their stamp; a change that keeps size and
 * time is still seen. */
static void stamps_do_not_deceive(void **state)
{
	struct place *p = *state;
	struct overt_engine *e;
	struct timespec times[2];
	struct stat st;

	(void)usleep(3100000);
	for (int i = 0; i < 2; i++) {
		e = simple_engine(p, 20000);
		overt_engine_close(&e);
	}
	assert_int_equal(stat(p->rules, &st), 0);
	write_file(
	    p->rules,
	    "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Text-Signature\n"); /* as long as before */
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, p->rules, times, 0), 0);
	e = simple_engine(p, 20000);
	expect(e, memory_file(EICAR), OVERT_DETECTED, "Eicar-Text-Signature");
	overt_engine_close(&e);
	assert_int_equal(clear_folder(p->cache), 3); /* two databases, one stamp */
}

/* Overwrites the one entry of the cache. */
static void damage_cache(const struct place *p, const char *text, mode_t mode)
{
	DIR *d = opendir(p->cache);
	const struct dirent *e;
	char name[400];

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			(void)snprintf(name, sizeof name, "%s/%s", p->cache, e->d_name);
			if (text != NULL)
				write_file(name, text);
			assert_int_equal(chmod(name, mode), 0);
		}
	(void)closedir(d);
}

static void a_damaged_cache_is_made_anew(void **state)
{
	struct place *p = *state;
	struct overt_engine *e = simple_engine(p, 20000);

	overt_engine_close(&e);
	damage_cache(p, "not a database", 0600);
	e = simple_engine(p, 20000);
	expect(e, memory_file(EICAR), OVERT_DETECTED, "Eicar-Test-Signature");
	assert_non_null(strstr(p->warnings, "compiled again"));
	overt_engine_close(&e);
	damage_cache(p, "not a database",
		     0666); /* others could have written it: not even looked at */
	p->warnings[0] = '\0';
	e = simple_engine(p, 20000);
	expect(e, memory_file(EICAR), OVERT_DETECTED, "Eicar-Test-Signature");
	assert_null(strstr(p->warnings, "compiled again")); /* a weaker jail may have warned */
	overt_engine_close(&e);
}

/* A cache that can't be written, and one on a full disk, cost time and a warning. */
static void a_cache_without_room(void **state)
{
	struct place *p = *state;
	struct overt_options *o = options_for(p, p->rules);
	struct overt_engine *e;
	int status = -1;
	pid_t child;

	assert_int_equal(overt_options_set_cache(o, "/proc/overt-cache"), OVERT_OK);
	e = engine_for(o);
	expect(e, memory_file(EICAR), OVERT_DETECTED, "Eicar-Test-Signature");
	assert_non_null(strstr(p->warnings, "no cache"));
	overt_engine_close(&e);
	overt_options_free(&o);
	child = fork();
	if (child == 0) { /* a file system of one page, in a mount space of its own */
		struct overt_engine *full = NULL;

		if (unshare(CLONE_NEWNS) != 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		    mkdir(p->cache, 0700) != 0 ||
		    mount("t", p->cache, "tmpfs", 0, "size=4k,mode=0700") != 0)
			_exit(77);
		o = options_for(p, p->rules);
		p->warnings[0] = '\0';
		(void)snprintf(p->other, sizeof p->other, "%s/filler", p->cache);
		write_file(p->other, "x"); /* the page is taken */
		if (overt_engine_open(o, &full) != OVERT_OK)
			_exit(1);
		_exit(strstr(p->warnings, "could not be cached") != NULL ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static enum overt_status try_open(const struct overt_options *o, char *error, size_t room)
{
	struct overt_engine *e = NULL;
	const enum overt_status st = overt_engine_open(o, &e);

	(void)snprintf(error, room, "%s", overt_engine_error(e));
	overt_engine_close(&e);
	return st;
}

static void databases_that_are_refused(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} rows[] = {
		{ "x.odb", "not a database", "the database was refused" },
		{ "x.odb", "", "the database was refused" },
		{ "x.txt", "text", "not a kind of database" },
		{ "x.cvd", "ClamAV-VDB:nonsense", "x.cvd" },
	};
	struct place *p = *state;
	char error[512];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct overt_options *o;

		(void)snprintf(p->other, sizeof p->other, "%s/%s", p->folder, rows[i].name);
		write_file(p->other, rows[i].text);
		o = options_for(p, p->other);
		ov_expect_eq(rows[i].name, try_open(o, error, sizeof error), OVERT_REFUSED);
		if (strstr(error, rows[i].want) == NULL)
			fail_msg("row \"%s\": the error is \"%s\"", rows[i].name, error);
		overt_options_free(&o);
		(void)unlink(p->other);
	}
	{
		struct overt_options *o = options_for(p, "/nonexistent");

		assert_int_equal(try_open(o, error, sizeof error), OVERT_REFUSED);
		overt_options_free(&o);
	}
}

static void a_bad_line_is_told_and_strict_refuses(void **state)
{
	struct place *p = *state;
	struct overt_options *o;
	struct overt_engine *e;
	char error[512];

	write_file(p->rules,
		   "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\nnonsense\n");
	o = options_for(p, p->rules);
	e = engine_for(o);
	assert_non_null(strstr(p->warnings, "mine.hdb:2: refused"));
	expect(e, memory_file(EICAR), OVERT_DETECTED, "Eicar-Test-Signature");
	overt_engine_close(&e);
	assert_int_equal(overt_options_set(o, OVERT_OPT_STRICT, 1), OVERT_OK);
	assert_int_equal(try_open(o, error, sizeof error), OVERT_REFUSED);
	assert_int_equal(try_open(o, error, sizeof error),
			 OVERT_REFUSED); /* nor by way of the cache */
	overt_options_free(&o);
}

static void folders_are_read_in_order(void **state)
{
	struct place *p = *state;
	struct overt_options *o = options_for(p, p->folder);
	struct overt_engine *e;
	char yara[64], notes[64];

	(void)snprintf(yara, sizeof yara, "%s/r.yar", p->folder);
	(void)snprintf(notes, sizeof notes, "%s/notes.txt", p->folder);
	(void)snprintf(p->other, sizeof p->other, "%s/b.hdb", p->folder);
	write_file(yara, "rule x { condition: true }");
	write_file(notes, "not a database");
	write_file(p->other, "44d88612fea8a8f36de82e1278abb02f:68:In-Another-File\n");
	e = engine_for(o);
	assert_true(overt_engine_database(e)->signatures == 3);
	assert_string_equal(overt_engine_database(e)->sources[0], "b.hdb");
	assert_string_equal(overt_engine_database(e)->sources[1], "mine.hdb");
	assert_string_equal(overt_engine_database(e)->sources[2], "r.yar");
	overt_engine_close(&e);
	overt_options_free(&o);
}

static int count_signatures(void *context, const struct overt_signature *s)
{
	int *n = context;

	assert_true(s->name.length > 0 && s->kind != NULL);
	return ++*n < 3;
}

static void check_facts(void *context, const struct overt_database_facts *f)
{
	bool *called = context;

	*called = true;
	assert_true(f->signatures == 2);
	assert_true(f->by_kind[1] == 2);
	assert_int_equal(f->nsources, 1);
	assert_true(f->sources[0].refused == 1);
}

static void count_diagnostics(void *context, const struct overt_diagnostic *d)
{
	int *n = context;

	*n += !d->is_skipped && d->line == 2;
}

static void building_listing_and_facts(void **state)
{
	struct place *p = *state;
	struct overt_options *o, *built;
	struct overt_build_result r;
	bool called = false;
	char error[512];
	int n = 0;

	write_file(p->rules, "44d88612fea8a8f36de82e1278abb02f:68:A\nnonsense\n"
			     "54d88612fea8a8f36de82e1278abb02f:69:B\n");
	(void)snprintf(p->other, sizeof p->other, "%s/out.odb", p->folder);
	o = options_for(p, p->rules);
	assert_int_equal(overt_database_build(o, p->other, count_diagnostics, &n, &r, error),
			 OVERT_OK);
	assert_int_equal(n, 1);
	assert_true(r.signatures == 2 && r.refused == 1);
	assert_int_equal(strlen(r.id), 64);
	built = options_for(p, p->other);
	n = 0;
	assert_int_equal(overt_database_list(built, count_signatures, &n, error), OVERT_OK);
	assert_int_equal(n, 2);
	assert_int_equal(overt_database_facts(built, check_facts, &called, error), OVERT_OK);
	assert_true(called);
	assert_int_equal(overt_database_build(built, p->other, NULL, NULL, NULL, error),
			 OVERT_REFUSED);
	assert_int_equal(overt_database_build(o, "/nonexistent/out.odb", NULL, NULL, NULL, error),
			 OVERT_IO);
	overt_options_free(&built);
	overt_options_free(&o);
}

static void check_proof(void *context, const struct overt_proof *proof)
{
	size_t *attempts = context;

	*attempts = proof->nattempts;
	for (size_t i = 0; i < proof->nattempts; i++)
		if (!proof->attempts[i].refused)
			fail_msg("\"%s\": %s", proof->attempts[i].what, proof->attempts[i].how);
	assert_int_equal(proof->nrefused, proof->nattempts);
	for (size_t i = 0; i < proof->nmechanisms; i++)
		assert_true(strlen(proof->mechanisms[i].state) > 0);
}

static void all_attempts_are_refused(void **state)
{
	struct place *p = *state;
	struct overt_options *o = plain_options(p);
	size_t attempts = 0;
	char error[512] = "";

	if (overt_prove(o, check_proof, &attempts, error) != OVERT_OK)
		fail_msg("%s", error);
	assert_true(attempts >= 40);
	overt_options_free(&o);
}

int main(void)
{
#define WITH_PLACE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_PLACE(files_streams_and_nothing),
		WITH_PLACE(a_worker_killed_in_mid_scan_costs_one_file),
		WITH_PLACE(a_batch_survives_killed_workers),
		WITH_PLACE(a_file_past_its_time_is_given_up),
		WITH_PLACE(nothing_leaks),
		WITH_PLACE(text_is_compiled_once),
		WITH_PLACE(stamps_do_not_deceive),
		WITH_PLACE(a_damaged_cache_is_made_anew),
		WITH_PLACE(a_cache_without_room),
		WITH_PLACE(databases_that_are_refused),
		WITH_PLACE(a_bad_line_is_told_and_strict_refuses),
		WITH_PLACE(folders_are_read_in_order),
		WITH_PLACE(building_listing_and_facts),
		WITH_PLACE(all_attempts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
