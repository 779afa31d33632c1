/* The broker against workers that misbehave: each costs the file it was at, and nothing else. */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "overt/engine.h"

#define FILES 6

struct place {
	char folder[32], db[64];
	const char *fake; /* the program */
	char warning[256];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	int fd = -1;

	assert_non_null(p);
	p->fake = getenv("OVERT_FAKE_WORKER");
	assert_non_null(p->fake);
	strcpy(p->folder, "/tmp/overt-test-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->db, sizeof p->db, "%s/x.odb", p->folder);
	fd = creat(p->db, 0600);
	assert_int_equal(ov_fd_write(fd, "x", 1), OV_OK);
	ov_fd_close(&fd);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	(void)unlink(p->db);
	assert_int_equal(rmdir(p->folder), 0);
	free(p);
	return 0;
}

static void keep_warning(void *context, const char *line)
{
	struct place *p = context;

	(void)snprintf(p->warning, sizeof p->warning, "%s", line);
}

static int made_file(void)
{
	int fd = -1;

	assert_int_equal(ov_fd_memory("test", &fd), OV_OK);
	assert_int_equal(ov_fd_write(fd, "text", 4), OV_OK);
	return fd;
}

/* Opens an engine whose worker behaves as `how` says. */
static enum overt_status open_with(struct place *p, const char *how, struct overt_engine **e)
{
	struct overt_options *o = overt_options_new();
	enum overt_status st;
	char program[96];

	(void)snprintf(program, sizeof program, "%s/%s", p->folder, how);
	assert_int_equal(symlink(p->fake, program), 0);
	assert_non_null(o);
	assert_int_equal(overt_options_set(o, OVERT_OPT_WORKERS, 1), OVERT_OK);
	assert_int_equal(overt_options_set(o, OVERT_OPT_MAX_SCANTIME, 40), OVERT_OK);
	assert_int_equal(overt_options_add_database(o, p->db), OVERT_OK);
	assert_int_equal(overt_options_set_worker(o, program), OVERT_OK);
	overt_options_on_warning(o, keep_warning, p);
	st = overt_engine_open(o, e);
	overt_options_free(&o);
	return st;
}

static void forget(const struct place *p, const char *how)
{
	char program[96];

	(void)snprintf(program, sizeof program, "%s/%s", p->folder, how);
	(void)unlink(program);
}

struct tally {
	int clean, crashed, timeout, other;
	uint64_t cookies; /* one bit each */
};

static void take(const char *what, struct overt_engine *e, struct tally *t)
{
	struct overt_verdict *v = NULL;

	ov_expect_eq(what, overt_engine_next(e, 20000, &v), OVERT_OK);
	if (v->kind == OVERT_CLEAN)
		t->clean++;
	else if (v->kind == OVERT_INCOMPLETE && v->nincompletes == 1 &&
		 v->incompletes[0].reason == OVERT_CRASHED)
		t->crashed++;
	else if (v->kind == OVERT_INCOMPLETE && v->nincompletes == 1 &&
		 v->incompletes[0].reason == OVERT_TIMEOUT)
		t->timeout++;
	else
		t->other++;
	ov_expect(what, (t->cookies & 1ULL << v->cookie) == 0); /* each file is told once */
	t->cookies |= 1ULL << v->cookie;
	overt_verdict_free(&v);
}

static struct tally scan_all(const char *what, struct overt_engine *e, int nfiles)
{
	struct tally t = { .clean = 0 };
	struct overt_verdict *v = NULL;
	int told = 0;

	for (int i = 0; i < nfiles; i++) {
		int fd = made_file();
		enum overt_status st;

		while ((st = overt_engine_submit(e, fd, (uint64_t)i)) == OVERT_AGAIN) {
			take(what, e, &t);
			told++;
		}
		ov_expect_eq(what, st, OVERT_OK);
	}
	for (; told < nfiles; told++)
		take(what, e, &t);
	ov_expect_eq(what, overt_engine_next(e, -1, &v), OVERT_END);
	return t;
}

static const struct {
	const char *how;
	int files, clean, crashed, timeout;
} rows[] = {
	{ "good", FILES, FILES, 0, 0 },
	{ "dies-at-third", FILES, 4, 2, 0 },
	{ "dies-at-each", FILES, 0, FILES, 0 },
	{ "exits", FILES, 0, FILES, 0 },
	{ "closes", FILES, 0, FILES, 0 },
	{ "silent", 2, 0, 0, 2 },
	{ "wrong-number", FILES, 0, FILES, 0 },
	{ "giant-count", FILES, 0, FILES, 0 },
	{ "garbage", FILES, 0, FILES, 0 },
	{ "wrong-kind", FILES, 0, FILES, 0 },
	{ "descriptor", FILES, 0, FILES, 0 },
	{ "hello-again", FILES, 0, FILES, 0 },
	{ "not-a-message", FILES, 0, FILES, 0 },
	{ "too-much", 2, 0, 2, 0 },
	{ "pieces-of-nothing", FILES, 0, FILES, 0 },
};

static void each_way_costs_one_file(void **state)
{
	struct place *p = *state;
	const int before = ov_fd_count();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct overt_engine *e = NULL;
		struct tally t;

		ov_expect_eq(rows[i].how, open_with(p, rows[i].how, &e), OVERT_OK);
		t = scan_all(rows[i].how, e, rows[i].files);
		ov_expect_eq(rows[i].how, t.clean, rows[i].clean);
		ov_expect_eq(rows[i].how, t.crashed, rows[i].crashed);
		ov_expect_eq(rows[i].how, t.timeout, rows[i].timeout);
		ov_expect_eq(rows[i].how, t.other, 0);
		overt_engine_close(&e);
		forget(p, rows[i].how);
		ov_expect_eq(rows[i].how, ov_fd_count(), before);
	}
}

/* An answer too many is for the next file, by its number a wrong one: each second answer breaks the
 * protocol. */
static void a_second_answer_is_not_taken_for_another_file(void **state)
{
	struct place *p = *state;
	struct overt_engine *e = NULL;
	struct tally t;

	assert_int_equal(open_with(p, "twice", &e), OVERT_OK);
	t = scan_all("twice", e, FILES);
	assert_int_equal(t.clean + t.crashed, FILES);
	assert_true(t.crashed > 0);
	overt_engine_close(&e);
	forget(p, "twice");
}

static const struct {
	const char *how;
	enum overt_status want;
	const char *error; /* part of the text */
} starts[] = {
	{ "dies-at-start", OVERT_NO_WORKER, "no worker serves" },
	{ "dies-at-open", OVERT_NO_WORKER, "SIGABRT" },
	{ "no-hello", OVERT_NO_WORKER, "no worker serves" },
	{ "control-characters", OVERT_NO_WORKER, "no worker serves" },
	{ "refuses", OVERT_REFUSED, "I \\x1bdon't like it" },
	{ "no-jail", OVERT_NO_WORKER, "neither seccomp nor Landlock" },
};

static void workers_that_never_serve(void **state)
{
	struct place *p = *state;
	const int before = ov_fd_count();

	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		struct overt_engine *e = NULL;

		ov_expect_eq(starts[i].how, open_with(p, starts[i].how, &e), starts[i].want);
		if (strstr(overt_engine_error(e), starts[i].error) == NULL)
			fail_msg("row \"%s\": the error is \"%s\"", starts[i].how,
				 overt_engine_error(e));
		overt_engine_close(&e);
		forget(p, starts[i].how);
		ov_expect_eq(starts[i].how, ov_fd_count(), before);
	}
	assert_non_null(strstr(p->warning, "the sandbox is weaker here")); /* by the last row */
}

static void labels_are_made_fit_to_be_shown(void **state)
{
	struct place *p = *state;
	struct overt_engine *e = NULL;

	assert_int_equal(open_with(p, "good", &e), OVERT_OK);
	assert_string_equal(overt_engine_database(e)->sources[0], "a \\x1b[31mfake");
	assert_null(overt_engine_database(e)->sources[1]);
	overt_engine_close(&e);
	forget(p, "good");
}

static void a_program_that_is_not_there(void **state)
{
	struct place *p = *state;
	struct overt_options *o = overt_options_new();
	struct overt_engine *e = NULL;

	assert_int_equal(overt_options_add_database(o, p->db), OVERT_OK);
	assert_int_equal(overt_options_set_worker(o, "/nonexistent/worker"), OVERT_OK);
	assert_int_equal(overt_engine_open(o, &e), OVERT_NO_WORKER);
	assert_non_null(strstr(overt_engine_error(e), "/nonexistent/worker"));
	overt_engine_close(&e);
	overt_options_free(&o);
}

static void names_and_arguments(void **state)
{
	struct overt_options *o = overt_options_new();

	(void)state;
	assert_string_equal(overt_verdict_kind_name(OVERT_INCOMPLETE), "incomplete");
	assert_string_equal(overt_reason_name(OVERT_LIMIT_TIME), "limit-time");
	assert_string_equal(overt_status_text(OVERT_REFUSED), "refused");
	assert_int_equal(overt_options_set(o, OVERT_OPT_COUNT, 1), OVERT_BAD_ARGUMENT);
	assert_int_equal(overt_options_set(o, OVERT_OPT_MAX_SCANTIME, 1ULL << 32),
			 OVERT_BAD_ARGUMENT);
	assert_int_equal(overt_options_set(o, OVERT_OPT_WORKERS, 1000), OVERT_OK);
	assert_int_equal(overt_options_get(o, OVERT_OPT_WORKERS), OVERT_WORKERS_MAX);
	assert_int_equal(overt_options_add_database(o, ""), OVERT_BAD_ARGUMENT);
	overt_options_free(&o);
	overt_options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_way_costs_one_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_answer_is_not_taken_for_another_file,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(workers_that_never_serve, set_up, tear_down),
		cmocka_unit_test_setup_teardown(labels_are_made_fit_to_be_shown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_program_that_is_not_there, set_up, tear_down),
		cmocka_unit_test(names_and_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
