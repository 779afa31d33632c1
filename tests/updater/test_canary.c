/*
 * The canary's gates, one by one, with an engine of our own: a database is a text of lines "find
 * X", "crash X", "refuse", "slow", "large", "hang", "empty"; a file that holds X is found, or kills
 * the engine.
 */
#include "testing.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "overt/engine.h"

#include "buf.h"
#include "canary.h"
#include "fd.h"
#include "store.h"
#include "text.h"

/* The engine. */
struct overt_options {
	char *database;
};

struct overt_engine {
	struct ov_buf rules;
	struct overt_database_info info;
	int fd;
	uint64_t cookie;
	pid_t helper;
};

struct overt_options *overt_options_new(void)
{
	return calloc(1, sizeof(struct overt_options));
}

void overt_options_free(struct overt_options **o)
{
	free((*o)->database);
	free(*o);
	*o = NULL;
}

enum overt_status overt_options_add_database(struct overt_options *o, const char *path)
{
	o->database = strdup(path);
	return OVERT_OK;
}

enum overt_status overt_options_set(struct overt_options *o, enum overt_option which,
				    uint64_t value)
{
	(void)o;
	(void)which;
	(void)value;
	return OVERT_OK;
}

enum overt_status overt_options_set_cache(struct overt_options *o, const char *dir)
{
	(void)o;
	(void)dir;
	return OVERT_OK;
}

static bool has_line(const struct overt_engine *e, const char *line)
{
	struct ov_str rest = ov_buf_text(&e->rules), l;

	while (ov_text_split(&rest, '\n', &l))
		if (ov_str_is(l, line))
			return true;
	return false;
}

/* A helper process that is as large as the database says: the trial counts children. */
static pid_t start_helper(size_t bytes)
{
	const pid_t pid = fork();

	if (pid == 0) {
		char *p = malloc(bytes + 1);

		for (size_t i = 0; p != NULL && i < bytes; i += 4096)
			((volatile char *)p)[i] = 1;
		_exit(0);
	}
	return pid;
}

enum overt_status overt_engine_open(const struct overt_options *o, struct overt_engine **out)
{
	struct overt_engine *e = calloc(1, sizeof *e);

	*out = e;
	e->rules = ov_buf_of(1 << 20);
	if (ov_store_read(NULL, o->database, 1 << 19, &e->rules) != OV_OK || has_line(e, "refuse"))
		return OVERT_REFUSED;
	if (has_line(e, "hang"))
		for (;;)
			(void)pause();
	e->info.signatures = has_line(e, "empty") ? 0 : 1;
	e->helper = start_helper(has_line(e, "large") ? (size_t)300 << 20 : 1 << 20);
	return OVERT_OK;
}

void overt_engine_close(struct overt_engine **at)
{
	(void)waitpid((*at)->helper, NULL, 0);
	ov_buf_free(&(*at)->rules);
	free(*at);
	*at = NULL;
}

const char *overt_engine_error(const struct overt_engine *e)
{
	(void)e;
	return "a line that is none";
}

const struct overt_database_info *overt_engine_database(const struct overt_engine *e)
{
	return &e->info;
}

enum overt_status overt_engine_submit(struct overt_engine *e, int fd, uint64_t cookie)
{
	e->fd = fd;
	e->cookie = cookie;
	return OVERT_OK;
}

static bool holds(const struct ov_buf *b, struct ov_str s)
{
	return b->n > 0 && memmem(b->p, b->n, s.p, s.n) != NULL;
}

enum overt_status overt_engine_next(struct overt_engine *e, int timeout_ms,
				    struct overt_verdict **out)
{
	static const struct overt_incomplete crash = { .reason = OVERT_CRASHED };
	static const struct overt_detection found = { .name = { "Test.X", 6 } };
	struct overt_verdict *v = calloc(1, sizeof *v);
	struct ov_buf b = ov_buf_of(8 << 20);
	struct ov_str rest = ov_buf_text(&e->rules), l;
	size_t got = 0;

	(void)timeout_ms;
	v->cookie = e->cookie;
	assert_int_equal(ov_buf_reserve(&b, 4 << 20), OV_OK);
	(void)lseek(e->fd, 0, SEEK_SET);
	assert_int_equal(ov_fd_read(e->fd, b.p, 4 << 20, &got), OV_OK);
	b.n = got;
	while (ov_text_split(&rest, '\n', &l)) {
		const bool finds = ov_str_starts(l, OV_STR("find "));

		if (!finds && !ov_str_starts(l, OV_STR("crash ")))
			continue;
		l = (struct ov_str){ l.p + (finds ? 5 : 6), l.n - (finds ? 5 : 6) };
		if (!holds(&b, l))
			continue;
		v->kind = finds ? OVERT_DETECTED : OVERT_INCOMPLETE;
		v->detections = &found;
		v->ndetections = finds;
		v->incompletes = &crash;
		v->nincompletes = !finds;
	}
	if (has_line(e, "slow"))
		(void)usleep(600000);
	ov_buf_free(&b);
	ov_fd_close(&e->fd);
	*out = v;
	return OVERT_OK;
}

void overt_verdict_free(struct overt_verdict **v)
{
	free(*v);
	*v = NULL;
}

/* The tests. */
struct place {
	char folder[64], state[96], named[96], recent[96];
};

static void write_text(const char *folder, const char *name, const char *text)
{
	assert_int_equal(ov_store_write(folder, name, text, strlen(text), false), OV_OK);
}

static void make_place(struct place *p)
{
	struct ov_buf list = ov_buf_of(4096);

	(void)snprintf(p->folder, sizeof p->folder, "/tmp/overt-canary-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	(void)snprintf(p->state, sizeof p->state, "%s/state", p->folder);
	(void)snprintf(p->named, sizeof p->named, "%s/named", p->folder);
	(void)snprintf(p->recent, sizeof p->recent, "%s/recent", p->folder);
	write_text(p->folder, "named", "what the user names: alpha");
	write_text(p->folder, "recent", "scanned yesterday: omega");
	assert_int_equal(ov_buf_fmt(&list, "overt-recent-files/v1\n%s", p->recent), OV_OK);
	assert_int_equal(ov_buf_u8(&list, 0), OV_OK);
	assert_int_equal(
	    ov_store_write(p->folder, "state/overt/recent-files", list.p, list.n, true), OV_OK);
	assert_int_equal(chmod(p->state, 0700), 0);
	assert_int_equal(setenv("XDG_STATE_HOME", p->state, 1), 0);
	ov_buf_free(&list);
}

static void remove_place(const struct place *p)
{
	static const char *const names[] = { "named",
					     "recent",
					     "db/new",
					     "active/main",
					     "active/main.ndb",
					     "state/overt/recent-files",
					     "state/overt",
					     "state",
					     "db",
					     "active",
					     "." };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = ov_store_path(p->folder, names[i]);

		assert_int_equal(remove(path) == 0 || errno == ENOENT ||
				     i + 1 == sizeof names / sizeof *names,
				 1);
		free(path);
	}
	(void)rmdir(p->folder);
}

static const struct row {
	const char *what, *old, *fresh; /* old NULL: there is none */
	ov_status want;
	const char *why; /* stands in the reason */
} rows[] = {
	{ "the first of a machine", NULL, "find gamma\n", OV_OK, NULL },
	{ "the next", "find gamma\n", "find delta\n", OV_OK, NULL },
	{ "does not load", "find gamma\n", "refuse\n", OV_BAD, "does not load" },
	{ "holds nothing", "find gamma\n", "empty\n", OV_BAD, "no signature" },
	{ "finds a clean sample", NULL, "find brown fox\n", OV_BAD, "which is clean" },
	{ "as the old one did: still refused", "find brown fox\n", "find brown fox\n", OV_BAD,
	  "which is clean" },
	{ "finds what the user names", "find gamma\n", "find alpha\n", OV_BAD, "named" },
	{ "which the old one finds too", "find alpha\n", "find alpha\n", OV_OK, NULL },
	{ "lost the test file", "find EICAR\n", "find gamma\n", OV_BAD, "test file" },
	{ "never had it", "find gamma\n", "find delta\n", OV_OK, NULL },
	{ "crashes on a file of yesterday", "find gamma\n", "crash omega\n", OV_BAD, "crashed" },
	{ "so did the old one: no fault of it", "crash omega\n", "crash omega\n", OV_OK, NULL },
	{ "finds a file of yesterday: that may be right", "find gamma\n", "find omega\n", OV_OK,
	  NULL },
	{ "crashes on what is clean", NULL, "crash exit 0\n", OV_BAD, "crashed" },
	{ "needs far more memory", "find gamma\n", "large\n", OV_BAD, "memory" },
	{ "needs as much as the old one", "large\n", "large\n", OV_OK, NULL },
	{ "takes far longer", "find gamma\n", "slow\n", OV_BAD, "ms for files" },
};

static void test_gates(void **state)
{
	struct place p;
	const char *tries[1];
	struct cli_list list = { .v = tries, .n = 1 };
	struct canary c = { .tries = &list, .sample = 0 };

	(void)state;
	make_place(&p);
	tries[0] = p.named;
	c.folder = p.folder;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char why[OV_CLIENT_ERROR] = "";
		char *path = ov_store_path(p.folder, "db/new");

		write_text(p.folder, "db/new", rows[i].fresh);
		(void)!ov_store_remove(p.folder, "active/main");
		if (rows[i].old != NULL)
			write_text(p.folder, "active/main", rows[i].old);
		ov_expect_eq(rows[i].what, canary_try(&c, path, OV_STR("main"), why), rows[i].want);
		ov_expect(rows[i].what, rows[i].why == NULL || strstr(why, rows[i].why) != NULL);
		free(path);
	}
	remove_place(&p);
}

/* A database that finds nothing of what it says it finds: this engine knows no hex. */
static void test_own_signatures(void **state)
{
	struct cli_list none = { 0 };
	struct canary c = { .tries = &none };
	char why[OV_CLIENT_ERROR] = "", *path;
	struct place p;

	(void)state;
	make_place(&p);
	c.folder = p.folder;
	path = ov_store_path(p.folder, "db/new");
	write_text(p.folder, "db/new", "Name.X:0:*:00112233445566778899aabbccddeeff\n");
	assert_int_equal(canary_try(&c, path, OV_STR("main.ndb"), why), OV_BAD);
	assert_non_null(strstr(why, "its own signatures"));
	assert_int_equal(canary_try(&c, path, OV_STR("main.txt"), why),
			 OV_OK); /* only of an .ndb */
	free(path);
	remove_place(&p);
}

/* Databases that serve already: is it the new one's fault? */
static void test_compare(void **state)
{
	struct place p;
	const char *paths[2];
	struct cli_list list = { .v = paths, .n = 2 };
	char why[OV_CLIENT_ERROR] = "", *now, *before;

	(void)state;
	make_place(&p);
	paths[0] = p.named;
	paths[1] = p.recent;
	now = ov_store_path(p.folder, "db/new");
	before = ov_store_path(p.folder, "active/main");
	write_text(p.folder, "db/new", "crash omega\n");
	write_text(p.folder, "active/main", "find gamma\n");
	assert_int_equal(canary_compare(now, before, &list, why), OV_BAD);
	assert_non_null(strstr(why, "crash"));
	write_text(p.folder, "active/main", "crash omega\n");
	assert_int_equal(canary_compare(now, before, &list, why), OV_OK);
	write_text(p.folder, "db/new", "find omega\n"); /* no package vouches for that file */
	assert_int_equal(canary_compare(now, before, &list, why), OV_OK);
	free(now);
	free(before);
	remove_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_own_signatures),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
