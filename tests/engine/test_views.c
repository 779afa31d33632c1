/* Normalised views of layers: which rules see what, limits, switches, allow lists, parts of pages.
 */
#include "testing.h"

#include <stdlib.h>

#include "engine_kit.h"

static const struct kit_source rules[] = {
	{ "t.ndb", "Raw.0:0:*:48656c6c6f2020576f726c64\n" /* Hello  World */
		   "Norm.0:0:*:68656c6c6f20776f726c64\n"  /* hello world  */
		   "Norm.7:7:*:68656c6c6f20776f726c64\n"  /* hello world  */
		   "Raw.7:7:*:48656c6c6f2020576f726c64\n" /* Hello  World */
		   "Norm.3:3:*:68656c6c6f20776f726c64\n"  /* hello world  */
		   "Tag.3:3:*:3c693e68656c6c6f\n"	  /* <i>hello     */
		   "Script.3:3:*:6e3030303d226162\n"	  /* n000="ab     */
		   "Script.7:7:*:6e3030303d226162\n" },	  /* n000="ab     */
	{ NULL, NULL },
};

static const struct {
	const char *what, *bytes;
	size_t n;
	uint64_t off; /* features */
	const char *want;
} rows[] = {
#define ROW(what, bytes, off, want)                                                                \
	{                                                                                          \
		what, bytes, sizeof(bytes) - 1, off, want                                          \
	}
	ROW("text", "xx Hello  World", 0, "Raw.0@+3; Norm.0@~text+3; Norm.7@~text+3|"),
	ROW("white space of lines", "Hello\r\n\tWorld", 0, "Norm.0@~text+0; Norm.7@~text+0|"),
	ROW("without normalising", "Hello  World hello world", 1u << OVERT_FEATURE_NORMALISE,
	    "Raw.0@+0; Norm.0@+13|"),
	ROW("UTF-16", "\xff\xfeH\0e\0l\0l\0o\0 \0 \0W\0o\0r\0l\0d\0", 0,
	    "Norm.0@~text+0; Norm.7@~text+0|"),
	ROW("a NUL in front makes it binary", "\0\1\0\2\0\0\3Hello  World", 0, "Raw.0@+7|"),
	ROW("HTML", "<html><i>Hello</i>  World", 0,
	    "Tag.3@~html+6; Norm.0@~notags+1; Norm.3@~notags+1|"),
	ROW("HTML not normalised", "<html><i>Hello  World", 1u << OVERT_FEATURE_HTML, "Raw.0@+9|"),
	ROW("a comment in HTML", "<html><!-- Hello  World -->", 0, "Raw.0@+11|"),
	ROW("a script", "<html><script>var x='A'+\"B\"</script>", 0,
	    "Script.3@~script+12; Script.7@~script+12|"),
	ROW("a page's own file", "<html><img src=\"data:text/plain;base64,SGVsbG8gIFdvcmxk\">", 0,
	    "Raw.0@text/plain;base64+0; Norm.0@text/plain;base64~text+0; "
	    "Norm.7@text/plain;base64~text+0|"),
	ROW("with %", "<html><img src='data:,Hello%20%20World'>", 0,
	    "Raw.0@content+0; Norm.0@content~text+0; Norm.7@content~text+0|"),
	ROW("an address without a comma", "<html><img src=\"data:text/plain\">,x", 0, "|"),
#undef ROW
};

static void test_views(void **state)
{
	struct kit k;
	char line[4096];

	(void)state;
	kit_open(&k, rules);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		k.options.features_off = rows[i].off;
		kit_line(kit_scan(&k, rows[i].bytes, rows[i].n), line, sizeof line);
		if (strcmp(line, rows[i].want) != 0)
			fail_msg("row \"%s\": got \"%s\", not \"%s\"", rows[i].what, line,
				 rows[i].want);
	}
	kit_close(&k);
}

static void test_limits(void **state)
{
	static const char text[] = "Hello  World and Hello  World",
			  html[] = "<html>Hello  World and Hello  World";
	struct kit k;
	const struct ov_report *r;

	(void)state;
	kit_open(&k, rules);
	k.options.limits.max_script = 14;
	r = kit_scan(&k, text, sizeof text - 1);
	assert_int_equal(r->ndetections, 3);
	assert_int_equal(r->nincompletes, 1);
	assert_int_equal(r->incompletes->reason, OVERT_LIMIT_SIZE);
	r = kit_scan(&k, text, 14);
	assert_int_equal(r->nincompletes, 0);
	k.options.limits.max_html = 10;
	r = kit_scan(&k, html, sizeof html - 1);
	assert_int_equal(r->ndetections, 1);
	assert_int_equal(r->nincompletes, 1);
	kit_close(&k);
}

/* Every prefix of a page with everything in it, and the n-th allocation failing. */
static void test_prefixes_and_memory(void **state)
{
	static const char page[] =
	    "<html><!-- c --><a href='x y z'>&lt;b</a><script>var a='b'+'c';"
	    "eval('f(a);')</script><img src=\"data:text/plain;base64,SGVsbG8=\">";
	struct kit k;

	(void)state;
	kit_open(&k, rules);
	for (size_t n = 0; n < sizeof page; n++) {
		char *own = malloc(n > 0 ? n : 1);

		assert_non_null(own);
		memcpy(own, page, n);
		assert_int_equal(kit_scan(&k, own, n)->ndetections, 0);
		free(own);
	}
	for (long i = 0; i < 40; i++) {
		const struct ov_src src = ov_src_mem(page, sizeof page - 1);
		const struct ov_report *r = NULL;

		ov_engine_fail_in(k.engine, i);
		(void)!ov_engine_scan(k.engine, &src, &k.options, &r);
	}
	ov_engine_fail_in(k.engine, -1);
	assert_int_equal(kit_scan(&k, "Hello  World", 12)->ndetections, 3);
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_views),
					    cmocka_unit_test(test_limits),
					    cmocka_unit_test(test_prefixes_and_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
