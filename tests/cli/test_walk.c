/* The walk: what it hands out of a tree made for it. */
#include "testing.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "operands.h"
#include "walk.h"

struct tree {
	int fd; /* of the tree                              */
	char path[64];
	const char *operands[4];
	size_t at;
};

static const char *next_operand(void *context)
{
	struct tree *t = context;

	return t->operands[t->at] != NULL ? t->operands[t->at++] : NULL;
}

static void put(const struct tree *t, const char *name)
{
	const int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, name, 1), 1);
	(void)close(fd);
}

static int make_tree(void **state)
{
	struct tree *t = calloc(1, sizeof *t);

	(void)snprintf(t->path, sizeof t->path, "/tmp/ov-walk-XXXXXX");
	assert_non_null(mkdtemp(t->path));
	t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->fd >= 0);
	assert_int_equal(fchdir(t->fd), 0);
	put(t, "b");
	put(t, "a");
	put(t, "new\nline");
	put(t, "not\xffutf8");
	assert_int_equal(mkdirat(t->fd, "dir", 0700), 0);
	put(t, "dir/c");
	assert_int_equal(mkdirat(t->fd, "dir/deep", 0700), 0);
	put(t, "dir/deep/d");
	assert_int_equal(symlinkat("a", t->fd, "link"), 0);
	assert_int_equal(symlinkat("dir", t->fd, "linkdir"), 0);
	assert_int_equal(symlinkat("..", t->fd, "dir/up"), 0);
	assert_int_equal(symlinkat("nowhere", t->fd, "dangling"), 0);
	assert_int_equal(mkfifoat(t->fd, "fifo", 0600), 0);
	*state = t;
	return 0;
}

static int drop_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int drop_tree(void **state)
{
	struct tree *t = *state;

	assert_int_equal(chdir("/"), 0);
	(void)close(t->fd);
	assert_int_equal(nftw(t->path, drop_one, 64, FTW_DEPTH | FTW_PHYS), 0);
	free(t);
	return 0;
}

/* Walks and writes down what came: "name " for files, "!name " for errors, "-name " for skipped
 * ones. */
static void walk_to(struct tree *t, const struct walk_options *options, char *got, size_t room)
{
	struct walk_options o = *options;
	struct walk *w = NULL;
	struct walk_item i;
	size_t n = 0;
	ov_status s;

	t->at = 0;
	o.context = t;
	o.next_operand = next_operand;
	got[0] = '\0';
	assert_int_equal(walk_open(&o, &w), OV_OK);
	while ((s = walk_next(w, &i)) == OV_OK) {
		const char *mark = i.kind == WALK_FILE ? "" : i.kind == WALK_ERROR ? "!" : "-";

		n += (size_t)snprintf(got + n, room - n, "%s%s ", mark, i.path.p);
		assert_true(n < room);
		assert_int_equal(strlen(i.path.p), i.path.n);
		assert_true((i.fd >= 0) == (i.kind == WALK_FILE));
		assert_true((i.error != NULL) == (i.kind == WALK_ERROR));
		if (i.fd >= 0)
			(void)close(i.fd);
	}
	assert_int_equal(s, OV_END);
	walk_close(&w);
	assert_null(w);
}

static bool no_deep(void *context, struct ov_str path, size_t name_at, bool is_dir)
{
	(void)context;
	return !(is_dir && strcmp(path.p + name_at, "deep") == 0);
}

static const struct {
	const char *what;
	const char *operands[4];
	struct walk_options o;
	const char *want;
} rows[] = {
	{ "a folder, sorted, links and fifo left out",
	  { "." },
	  { 1, 1, .max_depth = 0 },
	  "./a ./b -./dangling ./dir/c ./dir/deep/d -./dir/up -./fifo -./link -./linkdir "
	  "./new\nline ./not\xffutf8 " },
	{ "a trailing slash is not doubled",
	  { "dir/" },
	  { 1, 1, .max_depth = 0 },
	  "dir/c dir/deep/d -dir/up " },
	{ "given links are followed",
	  { "link", "linkdir" },
	  { 1, 1, .max_depth = 0 },
	  "link linkdir/c linkdir/deep/d -linkdir/up " },
	{ "given links are left out when told",
	  { "link", "linkdir" },
	  { 0, 0, .max_depth = 0 },
	  "-link -linkdir " },
	{ "found links are followed when told, once, without loops",
	  { "." },
	  { 2, 2, .max_depth = 0 },
	  "./a ./b -./dangling ./dir/c ./dir/deep/d -./dir/up -./fifo ./link -./linkdir "
	  "./new\nline ./not\xffutf8 " },
	{ "links to files only",
	  { "." },
	  { 1, 2, .is_flat = true },
	  "./a ./b -./dangling -./fifo ./link -./linkdir "
	  "./new\nline ./not\xffutf8 " },
	{ "one level",
	  { "." },
	  { 1, 1, .max_depth = 1 },
	  "./a ./b -./dangling -./dir -./fifo -./link -./linkdir ./new\nline ./not\xffutf8 " },
	{ "two levels", { "dir" }, { 1, 1, .max_depth = 2 }, "dir/c dir/deep/d -dir/up " },
	{ "excluded folders", { "dir" }, { 1, 1, .accept = no_deep }, "dir/c -dir/deep -dir/up " },
	{ "what is not there", { "none", "a" }, { 1, 1, .max_depth = 0 }, "!none a " },
	{ "a file is no folder", { "a/b" }, { 1, 1, .max_depth = 0 }, "!a/b " },
	{ "a given fifo is an error", { "fifo" }, { 1, 1, .max_depth = 0 }, "!fifo " },
	{ "a given device is an error", { "/dev/zero" }, { 1, 1, .max_depth = 0 }, "!/dev/zero " },
	{ "a dangling link is an error when given",
	  { "dangling" },
	  { 1, 1, .max_depth = 0 },
	  "!dangling " },
	{ "kernel file systems are an error when given",
	  { "/proc" },
	  { 1, 1, .max_depth = 0 },
	  "!/proc " },
	{ "the same path twice is scanned twice", { "a", "a" }, { 1, 1, .max_depth = 0 }, "a a " },
};

static void follows_its_rules(void **state)
{
	struct tree *t = *state;
	char got[1024];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		memcpy(t->operands, rows[i].operands, sizeof t->operands);
		walk_to(t, &rows[i].o, got, sizeof got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row \"%s\": got  %s\nwant %s", rows[i].what, got, rows[i].want);
	}
}

static const struct walk_options usual = { .follow_dirs = WALK_GIVEN, .follow_files = WALK_GIVEN };

static void goes_deeper_than_descriptors_stay_open(void **state)
{
	struct tree *t = *state;
	const int levels = 450;
	size_t files = 0;
	struct walk_options o = usual;
	struct walk *w = NULL;
	struct walk_item item;
	int at = dup(t->fd);

	for (int i = 0; i < levels; i++) { /* a file before and one behind each folder, in order */
		int next;

		assert_int_equal(mkdirat(at, "m", 0700), 0);
		next = openat(at, "m", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(at);
		at = next;
		(void)close(openat(at, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		(void)close(openat(at, "z", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	(void)close(at);
	t->operands[0] = "m";
	t->operands[1] = NULL;
	t->at = 0;
	o.context = t;
	o.next_operand = next_operand;
	assert_int_equal(walk_open(&o, &w), OV_OK);
	while (walk_next(w, &item) == OV_OK) {
		assert_int_equal(item.kind, WALK_FILE);
		assert_true(item.fd < 200); /* few are open at a time */
		(void)close(item.fd);
		files++;
	}
	assert_int_equal(files, 2 * (size_t)levels);
	assert_int_equal(walk_directories(w), levels);
	walk_close(&w);
}

static void takes_directories_of_any_size(void **state)
{
	struct tree *t = *state;
	struct walk_options o = usual;
	struct walk *w = NULL;
	struct walk_item item;
	size_t files = 0;

	assert_int_equal(mkdirat(t->fd, "many", 0700), 0);
	for (int i = 0; i < 5000; i++) { /* more than one read of the directory gives */
		char name[64];

		(void)snprintf(name, sizeof name, "many/a-somewhat-longer-name-%05d", i);
		(void)close(openat(t->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	t->operands[0] = "many";
	t->operands[1] = NULL;
	t->at = 0;
	o.context = t;
	o.next_operand = next_operand;
	assert_int_equal(walk_open(&o, &w), OV_OK);
	while (walk_next(w, &item) == OV_OK) {
		assert_int_equal(item.kind, WALK_FILE);
		(void)close(item.fd);
		files++;
	}
	assert_int_equal(files, 5000);
	walk_close(&w);
}

static void counts_what_vanishes(void **state)
{
	struct tree *t = *state;
	struct walk_options o = usual;
	struct walk *w = NULL;
	struct walk_item item;

	t->operands[0] = "dir";
	t->operands[1] = NULL;
	t->at = 0;
	o.context = t;
	o.next_operand = next_operand;
	assert_int_equal(walk_open(&o, &w), OV_OK);
	assert_int_equal(walk_next(w, &item), OV_OK); /* dir/c; the rest is listed by now */
	(void)close(item.fd);
	assert_int_equal(unlinkat(t->fd, "dir/deep/d", 0), 0);
	assert_int_equal(unlinkat(t->fd, "dir/deep", AT_REMOVEDIR), 0);
	assert_int_equal(walk_next(w, &item), OV_OK);
	assert_int_equal(item.kind, WALK_SKIPPED);
	assert_int_equal(item.skip, WALK_VANISHED);
	walk_close(&w);
}

static void is_not_led_away_by_a_link(void **state)
{
	struct tree *t = *state;
	struct walk_options o = usual;
	struct walk *w = NULL;
	struct walk_item item;

	t->operands[0] = "dir";
	t->operands[1] = NULL;
	t->at = 0;
	o.context = t;
	o.next_operand = next_operand;
	assert_int_equal(walk_open(&o, &w), OV_OK);
	assert_int_equal(walk_next(w, &item), OV_OK);
	(void)close(item.fd);
	/* "deep" was listed as a folder and is a link by the time it is entered. */
	assert_int_equal(renameat(t->fd, "dir/deep", t->fd, "elsewhere"), 0);
	assert_int_equal(symlinkat("../elsewhere", t->fd, "dir/deep"), 0);
	assert_int_equal(walk_next(w, &item), OV_OK);
	assert_int_equal(item.kind, WALK_SKIPPED);
	walk_close(&w);
}

static void says_what_it_may_not_read(void **state)
{
	struct tree *t = *state;
	char got[1024];

	if (geteuid() == 0)
		skip(); /* root may; tests/cli/test_cli.py tries as nobody */
	assert_int_equal(fchmodat(t->fd, "a", 0, 0), 0);
	assert_int_equal(fchmodat(t->fd, "dir/deep", 0, 0), 0);
	t->operands[0] = "a";
	t->operands[1] = "dir";
	t->operands[2] = NULL;
	walk_to(t, &usual, got, sizeof got);
	assert_int_equal(fchmodat(t->fd, "dir/deep", 0700, 0), 0);
	assert_string_equal(got, "!a dir/c !dir/deep -dir/up ");
}

static void reads_lists_of_paths(void **state)
{
	static const struct {
		const char *what, *text;
		size_t n;
		char separator;
		const char *want;
	} lists[] = {
		{ "empty", "", 0, '\n', "given|" },
		{ "lines", "a\nb c\n\nd", 9, '\n', "given|a|b c|d|" },
		{ "NUL", "a\nb\0c\0", 6, '\0', "given|a\nb|c|" },
		{ "no end mark", "a", 1, '\n', "given|a|" },
	};
	const struct tree *t = *state;
	const char *given[] = { "given" };
	const struct cli_list list = { given, 1, 1 };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const int fd =
		    openat(t->fd, "list", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		struct operands o;
		char got[256] = "";
		size_t n = 0;

		assert_true(fd >= 0 && write(fd, lists[i].text, lists[i].n) == (ssize_t)lists[i].n);
		(void)close(fd);
		assert_true(operands_open(&o, &list, "list", lists[i].separator));
		for (const char *p = operands_next(&o); p != NULL; p = operands_next(&o)) {
			n += (size_t)snprintf(got + n, sizeof got - n, "%s|", p);
		}
		assert_null(o.error);
		operands_close(&o);
		if (strcmp(got, lists[i].want) != 0)
			fail_msg("row \"%s\": got %s", lists[i].what, got);
	}
}

/* Found by fuzz_cli: a list that holds nothing has no buffer to point into. */
static void an_empty_list_has_no_path(void **state)
{
	struct cli_list none = { .n = 0 };
	struct operands o;

	(void)state;
	assert_true(operands_open(&o, &none, "/dev/null", '\n'));
	assert_null(operands_next(&o));
	assert_null(o.error);
	operands_close(&o);
}

#define T(f) cmocka_unit_test_setup_teardown(f, make_tree, drop_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_has_no_path),
		T(follows_its_rules),
		T(goes_deeper_than_descriptors_stay_open),
		T(takes_directories_of_any_size),
		T(counts_what_vanishes),
		T(is_not_led_away_by_a_link),
		T(says_what_it_may_not_read),
		T(reads_lists_of_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
