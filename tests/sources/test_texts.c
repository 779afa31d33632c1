/* DNS answers, records, cool-downs, addresses: what src/sources reads, row by row. */
#include "testing.h"

#include <stdlib.h>
#include <unistd.h>

#include "cool.h"
#include "dns.h"
#include "http.h"
#include "pin.h"
#include "source_conf.h"
#include "source_record.h"

#define QUESTION "\1a\7example\0\0\x10\0\1"
#define HEAD(flags) "\x12\x34" flags "\0\1\0\1\0\0\0\0"
#define ANSWER "\xc0\x0c\0\x10\0\1\0\0\0\x3c"

/* clang-format off */
#define ROW(bytes) (bytes), sizeof(bytes) - 1
static const struct { const char *what; const char *bytes; size_t n; ov_status want; const char *text; } answers[] = {
	{ "one text", ROW(HEAD("\x81\x80") QUESTION ANSWER "\0\4\3abc"), OV_OK, "abc" },
	{ "two strings are one text", ROW(HEAD("\x81\x80") QUESTION ANSWER "\0\5\1a\2bc"), OV_OK, "abc" },
	{ "an empty text", ROW(HEAD("\x81\x80") QUESTION ANSWER "\0\1\0"), OV_OK, "" },
	{ "behind a CNAME", ROW("\x12\x34\x81\x80\0\1\0\2\0\0\0\0" QUESTION "\xc0\x0c\0\5\0\1\0\0\0\1\0\2\xc0\x0e" "\1b\0\0\x10\0\1\0\0\0\1\0\2\1x"), OV_OK, "x" },
	{ "another number", ROW("\x12\x35\x81\x80\0\1\0\1\0\0\0\0" QUESTION ANSWER "\0\2\1a"), OV_BAD, NULL },
	{ "a question, no answer", ROW(HEAD("\1\0") QUESTION ANSWER "\0\2\1a"), OV_BAD, NULL },
	{ "cut by the server", ROW(HEAD("\x83\x80") QUESTION ANSWER "\0\2\1a"), OV_BAD, NULL },
	{ "no such name", ROW(HEAD("\x81\x83") QUESTION), OV_END, NULL },
	{ "the server failed", ROW(HEAD("\x81\x82") QUESTION), OV_BAD, NULL },
	{ "no record", ROW("\x12\x34\x81\x80\0\1\0\0\0\0\0\0" QUESTION), OV_END, NULL },
	{ "another name was asked", ROW(HEAD("\x81\x80") "\1b\7example\0\0\x10\0\1" ANSWER "\0\2\1a"), OV_BAD, NULL },
	{ "letters of any case", ROW(HEAD("\x81\x80") "\1A\7EXAMPLE\0\0\x10\0\1" ANSWER "\0\2\1a"), OV_OK, "a" },
	{ "a pointer to itself", ROW(HEAD("\x81\x80") "\xc0\x0c\0\x10\0\1"), OV_BAD, NULL },
	{ "a pointer forward", ROW(HEAD("\x81\x80") QUESTION "\xc0\x40\0\x10\0\1\0\0\0\1\0\2\1a"), OV_BAD, NULL },
	{ "a string longer than its record", ROW(HEAD("\x81\x80") QUESTION ANSWER "\0\2\2a"), OV_SHORT, NULL },
	{ "a record longer than the message", ROW(HEAD("\x81\x80") QUESTION ANSWER "\0\x20\1a"), OV_SHORT, NULL },
	{ "control characters", ROW(HEAD("\x81\x80") QUESTION ANSWER "\0\2\1\x1b"), OV_BAD, NULL },
	{ "a label of no kind", ROW(HEAD("\x81\x80") "\x81" "a\0\0\x10\0\1"), OV_BAD, NULL },
};
/* clang-format on */

static void test_dns(void **state)
{
	char out[OV_DNS_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		const struct ov_cur c = ov_cur_of(answers[i].bytes, answers[i].n);
		const ov_status s = ov_dns_txt(c, 0x1234, OV_STR("a.example"), out);

		ov_expect_eq(answers[i].what, s, answers[i].want);
		if (s == OV_OK)
			ov_expect(answers[i].what, strcmp(out, answers[i].text) == 0);
		for (size_t n = 0; n < answers[i].n;
		     n++) { /* every prefix, in a block of its own */
			char *copy = malloc(n + 1);

			assert_non_null(copy);
			memcpy(copy, answers[i].bytes, n);
			ov_expect(answers[i].what, ov_dns_txt(ov_cur_of(copy, n), 0x1234,
							      OV_STR("a.example"), out) != OV_OK);
			free(copy);
		}
	}
}

static void test_versions(void **state)
{
	struct ov_dns_versions v;

	(void)state;
	assert_int_equal(ov_dns_versions(OV_STR("1.4.6:62:27501:1700000000:1:90:49192:338"), &v),
			 OV_OK);
	assert_int_equal(v.main, 62);
	assert_int_equal(v.daily, 27501);
	assert_int_equal(v.bytecode, 338);
	assert_int_equal(v.time, 1700000000);
	assert_int_equal(ov_dns_versions(OV_STR("1.4.6:62:27501:1700000000:1:90:49192"), &v),
			 OV_BAD);
	assert_int_equal(ov_dns_versions(OV_STR("1.4.6:62:x:1700000000:1:90:49192:1"), &v), OV_BAD);
	assert_int_equal(ov_dns_versions(OV_STR(""), &v), OV_BAD);
}

#define D "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* clang-format off */
static const struct { const char *what, *text; bool good; } records[] = {
	{ "the least", "overt-source/v1\n", true },
	{ "all", "overt-source/v1\nchecked 1\ntook 2\nversion v\nmodified a b\netag \"x y\"\nraw " D "\nhow " D "\nbefore " D "\nbad daily 7\nfile " D " 1 1 2 3 0 daily.cvd\n", true },
	{ "another version", "overt-source/v2\n", false },
	{ "an unknown line", "overt-source/v1\nfoo 1\n", false },
	{ "a path", "overt-source/v1\nfile " D " 1 1 2 3 0 ../x\n", false },
	{ "a hidden name", "overt-source/v1\nfile " D " 1 1 2 3 0 .x\n", false },
	{ "a claim that is none", "overt-source/v1\nfile " D " 1 2 2 3 0 x\n", false },
	{ "capital digits", "overt-source/v1\nraw AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", false },
	{ "a leading zero", "overt-source/v1\nchecked 01\n", false },
	{ "control characters", "overt-source/v1\nmodified a\x1b\n", false },
	{ "a line twice", "overt-source/v1\nmodified a b c\nmodified d\n", false },
	{ "a digest twice", "overt-source/v1\nraw " D "\nraw " D "\n", false },
	{ "nothing", "", false },
};
/* clang-format on */

static void test_records(void **state)
{
	struct ov_record *r = calloc(1, sizeof *r);

	(void)state;
	assert_non_null(r);
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		struct ov_buf b = ov_buf_of(1 << 16);
		const struct ov_str text = ov_str_of(records[i].text);

		ov_expect_eq(records[i].what, ov_record_parse(text, r) == OV_OK, records[i].good);
		if (records[i].good && text.n > 20) {
			assert_int_equal(ov_record_write(r, &b), OV_OK);
			ov_expect(records[i].what,
				  ov_str_eq((struct ov_str){ (const char *)b.p, b.n }, text));
		}
		for (size_t n = 0; n < text.n; n++)
			(void)!ov_record_parse((struct ov_str){ text.p, n }, r);
		ov_buf_free(&b);
	}
	memset(r, 0, sizeof *r);
	for (uint64_t i = 0; i < OV_RECORD_BAD + 3; i++)
		ov_record_set_bad(r, "daily", i);
	assert_int_equal(r->nbad, OV_RECORD_BAD);
	assert_false(ov_record_is_bad(r, "daily", 2));
	assert_true(ov_record_is_bad(r, "daily", OV_RECORD_BAD + 2));
	assert_false(ov_record_is_bad(r, "main", OV_RECORD_BAD + 2));
	free(r);
}

static void test_servers_that_rest(void **state)
{
	/* clang-format off */
	static const struct { const char *what; unsigned status; uint64_t after, rest; } rows[] = {
		{ "403", 403, 0, OV_COOL_403 }, { "403 is never shortened", 403, 60, OV_COOL_403 },
		{ "403 may be longer", 403, 100000, 100000 }, { "429", 429, 0, OV_COOL_429 },
		{ "429 as it says", 429, 90, 90 }, { "429 for ever", 429, UINT64_MAX, OV_COOL_MAX },
		{ "503 with a time", 503, 30, 30 }, { "503 without", 503, 0, 0 }, { "404", 404, 50, 0 }, { "200", 200, 50, 0 },
	};
	/* clang-format on */
	char folder[] = "/tmp/overt-test-cool-XXXXXX", file[64];
	struct ov_cool *c = calloc(2, sizeof *c);
	unsigned status;

	(void)state;
	assert_non_null(c);
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		memset(c, 0, sizeof *c);
		ov_expect_eq(rows[i].what,
			     ov_cool_answer(c, "h:1", rows[i].status, rows[i].after, 1000),
			     rows[i].rest > 0);
		ov_expect_eq(rows[i].what, ov_cool_until(c, "h:1", 1000, &status),
			     rows[i].rest > 0 ? 1000 + rows[i].rest : 0);
		ov_expect_eq(rows[i].what, ov_cool_until(c, "h:2", 1000, &status), 0);
		assert_int_equal(ov_cool_save(folder, c), OV_OK);
		assert_int_equal(ov_cool_load(folder, 1001, &c[1]), OV_OK);
		ov_expect_eq(rows[i].what, ov_cool_until(&c[1], "h:1", 1001, &status),
			     rows[i].rest > 0 ? 1000 + rows[i].rest : 0);
		assert_int_equal(ov_cool_load(folder, 1000 + rows[i].rest, &c[1]), OV_OK);
		ov_expect_eq(rows[i].what, c[1].n, 0); /* over */
	}
	(void)snprintf(file, sizeof file, "%s/cooldown", folder);
	(void)unlink(file);
	(void)rmdir(folder);
	free(c);
}

static void test_hosts(void **state)
{
	/* clang-format off */
	static const struct { const char *url, *host; } rows[] = {
		{ "https://a.example/x", "a.example" }, { "http://A.Example:8080", "a.example:8080" },
		{ "https://user:pass@a.example/x@y", "a.example" }, { "https://a.example?x", "a.example" },
		{ "https:///x", NULL }, { "a.example", NULL }, { "https://a b/", NULL }, { "", NULL },
	};
	/* clang-format on */
	char host[128];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ov_expect_eq(rows[i].url, ov_http_host(rows[i].url, host), rows[i].host != NULL);
		if (rows[i].host != NULL)
			ov_expect(rows[i].url, strcmp(host, rows[i].host) == 0);
	}
}

/* Each allocation of the arena fails in turn: a status, never half a configuration. */
static void test_configuration_without_memory(void **state)
{
	static const char text[] = "kind = hashes\nfrom = http://a http://b\nprefix = P\n"
				   "hash-column = x\nproxy = http://p\n";
	char error[OV_CONF_ERROR];
	struct ov_source_conf c;
	struct ov_arena a;
	bool done = false;

	(void)state;
	for (long n = 0; !done && n < 100; n++) {
		ov_arena_init(&a, 1 << 20);
		a.fail_in = n;
		done =
		    ov_source_conf_parse("f", OV_STR("f"), ov_str_of(text), &a, &c, error) == OV_OK;
		ov_arena_free(&a);
	}
	assert_true(done);
}

static void test_keys(void **state)
{
	const char *why = "";

	(void)state;
	assert_int_equal(
	    ov_pin_key_ok(OV_STR("RWQxMjM0NTY3OAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
	    OV_OK);
	assert_int_equal(ov_pin_key_ok(OV_STR("RWQxMjM0NTY3OAAA")), OV_BAD);
	assert_int_equal(ov_pin_key_ok(OV_STR("")), OV_BAD);
	assert_int_equal(ov_pin_key_ok(OV_STR("name+00000000+AAAA")), OV_BAD);
	assert_int_equal(
	    ov_pin_verify(OV_STR("RWQxMjM0NTY3OAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
			  OV_STR("untrusted comment: x\nAAAA\n"), ov_cur_of("a", 1), &why),
	    OV_BAD);
	assert_true(*why != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns),	cmocka_unit_test(test_versions),
		cmocka_unit_test(test_records), cmocka_unit_test(test_servers_that_rest),
		cmocka_unit_test(test_hosts),	cmocka_unit_test(test_configuration_without_memory),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
