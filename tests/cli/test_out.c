/* Numbers for people, escaping for each kind of reader, the hexdump, and failures to write. */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "hexdump.h"
#include "out.h"

static void speaks_of_numbers(void **state)
{
	char to[CLI_NUMBER_MAX];

	(void)state;
	assert_string_equal(cli_count(0, to), "0");
	assert_string_equal(cli_count(999, to), "999");
	assert_string_equal(cli_count(1000, to), "1,000");
	assert_string_equal(cli_count(UINT64_MAX, to), "18,446,744,073,709,551,615");
	assert_string_equal(cli_bytes(0, to), "0 B");
	assert_string_equal(cli_bytes(1023, to), "1023 B");
	assert_string_equal(cli_bytes(1024, to), "1.0 KiB");
	assert_string_equal(cli_bytes(1048575, to), "1.0 MiB");
	assert_string_equal(cli_bytes(4402341478, to), "4.1 GiB");
	assert_string_equal(cli_bytes(UINT64_MAX, to), "16.0 EiB");
	assert_string_equal(cli_seconds(0.0004, to), "0 ms");
	assert_string_equal(cli_seconds(0.18, to), "180 ms");
	assert_string_equal(cli_seconds(3.21, to), "3.2 s");
	assert_string_equal(cli_seconds(242, to), "4 min 02 s");
	assert_string_equal(cli_seconds(7860, to), "2 h 11 min");
	assert_string_equal(cli_age(1000, 900, to), "just built");
	assert_string_equal(cli_age(0, 7200, to), "2 h old");
	assert_string_equal(cli_age(0, 86400 * 3, to), "3 days old");
	assert_string_equal(cli_date(0, to), "1970-01-01 00:00 UTC");
	assert_string_equal(cli_date(UINT64_MAX, to), "unknown");
}

static void expect_text(struct cli_out *out, const char *want)
{
	assert_int_equal(out->buf.n, strlen(want));
	assert_memory_equal(out->buf.p, want, out->buf.n);
	out->buf.n = 0;
}

static void escapes_for_each_reader(void **state)
{
	struct cli_out out;

	(void)state;
	cli_out_open(&out, -1);
	cli_shown(&out, OV_STR("a\033[31m\n\xff"));
	expect_text(&out, "a\\x1b[31m\\x0a\\xff");
	cli_json(&out, OV_STR("a\"\\\n\xff"));
	expect_text(&out, "\"a\\\"\\\\\\n\\udcff\"");
	cli_html(&out, OV_STR("<b a='\"'>&\n\xff"));
	expect_text(&out, "&lt;b a=&#39;&quot;&#39;&gt;&amp;\\x0a\\xff");
	cli_uri(&out, OV_STR("/a b/%\xff~"));
	expect_text(&out, "file:///a%20b/%25%FF~");
	cli_uri(&out, OV_STR("a:b"));
	expect_text(&out, "a%3Ab");
	ov_buf_free(&out.buf);
}

static void keeps_the_first_failure(void **state)
{
	struct cli_out out;
	const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (full < 0)
		skip();
	cli_out_open(&out, full);
	cli_put(&out, "text");
	assert_int_equal(out.error, 0);
	cli_flush(&out);
	assert_int_equal(out.error, ENOSPC);
	cli_put(&out, "more");
	assert_int_equal(out.buf.n, 0);
	(void)close(full);
	ov_buf_free(&out.buf);
}

static void marks_bytes(void **state)
{
	static const struct {
		const char *what;
		size_t n;
		uint64_t at, mark, marked;
		const char *want;
	} rows[] = {
		{ "nothing", 0, 0, 0, 0, "" },
		{ "in the middle", 6, 16, 17, 2,
		  "00000010  41[42 43]44 45 46                                 |ABCDEF          "
		  "|\n" },
		{ "from the first", 2, 0, 0, 1,
		  "00000000 [41]42                                             |AB              "
		  "|\n" },
		{ "to the last", 2, 14, 14, 2,
		  "00000000                                            [41 42] |              "
		  "AB|\n" },
		{ "ending at the gap", 9, 0, 6, 2,
		  "00000000  41 42 43 44 45 46[47 48] 49                       |ABCDEFGHI       "
		  "|\n" },
		{ "beginning at the gap", 9, 0, 8, 1,
		  "00000000  41 42 43 44 45 46 47 48 [49]                      |ABCDEFGHI       "
		  "|\n" },
		{ "across rows", 4, 14, 15, 2,
		  "00000000                                             41[42] |              AB|\n"
		  "00000010 [43]44                                             |CD              "
		  "|\n" },
		{ "mark outside", 2, 0, 100, 5,
		  "00000000  41 42                                             |AB              "
		  "|\n" },
	};
	struct cli_out out;

	(void)state;
	cli_out_open(&out, -1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		hexdump(&out, 0, (const uint8_t *)"ABCDEFGHI", rows[i].n, rows[i].at, rows[i].mark,
			rows[i].marked);
		if (out.buf.n != strlen(rows[i].want) ||
		    (out.buf.n > 0 && memcmp(out.buf.p, rows[i].want, out.buf.n) != 0))
			fail_msg("row \"%s\": got\n%.*s", rows[i].what, (int)out.buf.n,
				 (const char *)out.buf.p);
		out.buf.n = 0;
	}
	hexdump(&out, 0, (const uint8_t *)"AB", 2, UINT64_MAX - 4, 0,
		0); /* would wrap: says nothing */
	assert_int_equal(out.buf.n, 0);
	ov_buf_free(&out.buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_of_numbers),
		cmocka_unit_test(escapes_for_each_reader),
		cmocka_unit_test(keeps_the_first_failure),
		cmocka_unit_test(marks_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
