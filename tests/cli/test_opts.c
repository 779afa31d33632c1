/* The option parser: each form of a word, each kind of value, and what is said about a wrong one.
 */
#include "testing.h"

#include <fcntl.h>
#include <unistd.h>

#include "opts.h"

struct set {
	bool flag, yes;
	const char *text;
	struct cli_list list;
	uint64_t size, number, time;
	int choice;
};

static const char *const colours[] = { "red", "green", NULL };

#define AT(m) offsetof(struct set, m)
/* clang-format off */
static const struct cli_option options[] = {
	{ "Things", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "flag", 'f', CLI_FLAG, AT(flag), NULL, "a flag", NULL, 0, 0 },
	{ "yes", 'y', CLI_YESNO, AT(yes), NULL, "yes or no", NULL, 0, 0 },
	{ "text", 't', CLI_TEXT, AT(text), "TEXT", "a text\nin two lines", NULL, 0, 0 },
	{ "list", 'l', CLI_LIST, AT(list), "X", "a list", NULL, 0, 0 },
	{ "size", 's', CLI_SIZE, AT(size), "SIZE", "a size", NULL, 0, 0 },
	{ "number", 'n', CLI_NUMBER, AT(number), "N", "a number", NULL, 2, 9 },
	{ "time", 0, CLI_TIME, AT(time), "TIME", "a time", NULL, 0, 0 },
	{ "choice", 'c', CLI_CHOICE, AT(choice), "C", "a choice", colours, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

static const struct cli_spec exact = {
	.command = "x", .usage = "A\nB", .intro = "Intro.", .after = "After.", .options = options
};
static const struct cli_spec prefix = {
	.command = "x", .usage = "A", .intro = "Intro.", .options = options, .takes_prefix = true
};

#define WORDS 6

static ov_status parse(const struct cli_spec *spec, const char *const *words, struct set *s,
		       struct cli_list *ops, bool *help, char *said, size_t room)
{
	char *argv[WORDS + 2] = { (char *)(uintptr_t) "x" };
	struct cli_out err;
	int argc = 1;
	ov_status st;

	for (; argc <= WORDS && words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	cli_out_open(&err, open("/dev/null", O_WRONLY | O_CLOEXEC));
	st = cli_parse(spec, argc, argv, s, ops, help, &err);
	(void)snprintf(said, room, "%.*s", (int)err.buf.n,
		       err.buf.n > 0 ? (const char *)err.buf.p : "");
	(void)close(err.fd);
	ov_buf_free(&err.buf);
	return st;
}

static const struct {
	const char *what;
	const struct cli_spec *spec;
	const char *words[WORDS + 1];
	struct set want;
	size_t operands;
	bool help;
} good[] = {
	{ "nothing", &exact, { NULL }, { 0 }, 0, false },
	{ "long flag", &exact, { "--flag" }, { .flag = true }, 0, false },
	{ "short flag", &exact, { "-f" }, { .flag = true }, 0, false },
	{ "value after =", &exact, { "--text=a" }, { .text = "a" }, 0, false },
	{ "empty value after =", &exact, { "--text=" }, { .text = "" }, 0, false },
	{ "value with = in it", &exact, { "--text=a=b" }, { .text = "a=b" }, 0, false },
	{ "value in the next word", &exact, { "--text", "a" }, { .text = "a" }, 0, false },
	{ "a value may begin with a dash", &exact, { "--text", "-f" }, { .text = "-f" }, 0, false },
	{ "short value attached", &exact, { "-ta" }, { .text = "a" }, 0, false },
	{ "short value separate", &exact, { "-t", "a" }, { .text = "a" }, 0, false },
	{ "short ones together",
	  &exact,
	  { "-fyta" },
	  { .flag = true, .yes = true, .text = "a" },
	  0,
	  false },
	{ "yes without a value", &exact, { "--yes" }, { .yes = true }, 0, false },
	{ "no", &exact, { "--yes", "--yes=no" }, { .yes = false }, 0, false },
	{ "a yes/no option takes no next word",
	  &exact,
	  { "--yes", "no" },
	  { .yes = true },
	  1,
	  false },
	{ "sizes", &exact, { "--size=2K" }, { .size = 2048 }, 0, false },
	{ "sizes in words", &exact, { "--size=3MiB" }, { .size = 3145728 }, 0, false },
	{ "plain size", &exact, { "-s0" }, { .size = 0 }, 0, false },
	{ "the largest size",
	  &exact,
	  { "-s18446744073709551615" },
	  { .size = UINT64_MAX },
	  0,
	  false },
	{ "number at its bound", &exact, { "--number=9" }, { .number = 9 }, 0, false },
	{ "time in seconds", &exact, { "--time=3s" }, { .time = 3000 }, 0, false },
	{ "time in plain digits", &exact, { "--time=3" }, { .time = 3 }, 0, false },
	{ "choice", &exact, { "--choice=green" }, { .choice = 1 }, 0, false },
	{ "a lone dash is an operand", &exact, { "-" }, { 0 }, 1, false },
	{ "operands between options", &exact, { "a", "-f", "b" }, { .flag = true }, 2, false },
	{ "-- ends options", &exact, { "--", "-f", "--text" }, { 0 }, 2, false },
	{ "help", &exact, { "-h" }, { 0 }, 0, true },
	{ "the last one wins", &exact, { "-ta", "-tb" }, { .text = "b" }, 0, false },
	{ "a beginning will do", &prefix, { "--fl" }, { .flag = true }, 0, false },
	{ "a whole name is no beginning", &prefix, { "--text=x" }, { .text = "x" }, 0, false },
};

static void takes_good_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct set s = { 0 };
		struct cli_list ops = { 0 };
		char said[512];
		bool help;

		ov_expect_eq(good[i].what,
			     parse(good[i].spec, good[i].words, &s, &ops, &help, said, sizeof said),
			     OV_OK);
		ov_expect(good[i].what, s.flag == good[i].want.flag && s.yes == good[i].want.yes);
		ov_expect(good[i].what, (s.text == NULL) == (good[i].want.text == NULL));
		ov_expect(good[i].what, s.text == NULL || good[i].want.text == NULL ||
					    strcmp(s.text, good[i].want.text) == 0);
		ov_expect(good[i].what,
			  s.size == good[i].want.size && s.number == good[i].want.number);
		ov_expect(good[i].what,
			  s.time == good[i].want.time && s.choice == good[i].want.choice);
		ov_expect_eq(good[i].what, ops.n, good[i].operands);
		ov_expect(good[i].what, help == good[i].help && said[0] == '\0');
		cli_list_free(&ops);
		cli_list_free(&s.list);
	}
}

static const struct {
	const char *what;
	const struct cli_spec *spec;
	const char *words[WORDS + 1];
	const char *says[3]; /* parts of the message */
} bad[] = {
	{ "unknown",
	  &exact,
	  { "--frag" },
	  { "no option --frag", "did you mean --flag?", "--help" } },
	{ "unknown and far", &exact, { "--zzzzzz" }, { "no option --zzzzzz", "--help" } },
	{ "unknown letter", &exact, { "-z" }, { "no option -z" } },
	{ "unknown letter among known", &exact, { "-fz" }, { "no option -z" } },
	{ "a beginning where names must be whole", &exact, { "--fl" }, { "no option --fl" } },
	{ "an ambiguous beginning",
	  &prefix,
	  { "--t" },
	  { "more than one option begins with --t" } },
	{ "a flag with a value", &exact, { "--flag=1" }, { "--flag takes no value" } },
	{ "no value", &exact, { "--text" }, { "--text needs a value: --text=TEXT" } },
	{ "no value, short", &exact, { "-s" }, { "--size needs a value", "100M" } },
	{ "bad size", &exact, { "--size=1Q" }, { "--size can't be \"1Q\"", "512K" } },
	{ "size without digits", &exact, { "--size=K" }, { "--size can't be" } },
	{ "empty size", &exact, { "--size=" }, { "--size can't be \"\"" } },
	{ "size too large", &exact, { "--size=18014398509481984K" }, { "--size can't be" } },
	{ "negative number",
	  &exact,
	  { "--number=-3" },
	  { "--number can't be \"-3\"", "from 2 to 9" } },
	{ "number below", &exact, { "--number=1" }, { "from 2 to 9" } },
	{ "number above", &exact, { "--number=10" }, { "from 2 to 9" } },
	{ "bad time", &exact, { "--time=3d" }, { "--time can't be \"3d\"", "30s" } },
	{ "bad choice", &exact, { "--choice=blue" }, { "one of: red, green" } },
	{ "neither yes nor no", &exact, { "--yes=maybe" }, { "yes or no" } },
	{ "escape codes are shown", &exact, { "--size=\033[2J" }, { "\\x1b[2J" } },
};

static void refuses_bad_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct set s = { 0 };
		struct cli_list ops = { 0 };
		char said[512];
		bool help;

		ov_expect_eq(bad[i].what,
			     parse(bad[i].spec, bad[i].words, &s, &ops, &help, said, sizeof said),
			     OV_BAD);
		for (size_t k = 0; k < 3 && bad[i].says[k] != NULL; k++)
			ov_expect(bad[i].what, strstr(said, bad[i].says[k]) != NULL);
		ov_expect(bad[i].what, strchr(said, '\033') == NULL);
		cli_list_free(&ops);
		cli_list_free(&s.list);
	}
}

static void gathers_lists(void **state)
{
	const char *const words[] = { "-l1", "--list=2", "--list", "3", NULL };
	struct set s = { 0 };
	struct cli_list ops = { 0 };
	char said[512];
	bool help;

	(void)state;
	assert_int_equal(parse(&exact, words, &s, &ops, &help, said, sizeof said), OV_OK);
	assert_int_equal(s.list.n, 3);
	assert_string_equal(s.list.v[2], "3");
	cli_list_free(&s.list);
}

static void prints_help_of_the_table(void **state)
{
	static const char want[] = "Usage: x A\n       x B\n\nIntro.\n\nThings:\n"
				   "  -f, --flag                  a flag\n"
				   "  -y, --yes[=yes|no]          yes or no\n"
				   "  -t, --text=TEXT             a text\n"
				   "                              in two lines\n";
	struct cli_out out;

	(void)state;
	cli_out_open(&out, -1);
	cli_help(&exact, &out);
	assert_true(out.buf.n > sizeof want);
	assert_memory_equal(out.buf.p, want, sizeof want - 1);
	ov_buf_free(&out.buf);
}

static void measures_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned want;
	} rows[] = {
		{ "", "", 0 },	       { "a", "", 1 },	      { "scan", "scan", 0 },
		{ "scna", "scan", 1 }, { "sacn", "scan", 1 }, { "scan", "scans", 1 },
		{ "abc", "xyz", 3 },   { "ca", "abc", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ov_expect_eq(rows[i].a, cli_distance(rows[i].a, rows[i].b), rows[i].want);
		ov_expect_eq(rows[i].a, cli_distance(rows[i].b, rows[i].a), rows[i].want);
	}
	assert_true(cli_distance("a", "0123456789012345678901234567890123") > 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_good_words),  cmocka_unit_test(refuses_bad_words),
		cmocka_unit_test(gathers_lists),     cmocka_unit_test(prints_help_of_the_table),
		cmocka_unit_test(measures_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
