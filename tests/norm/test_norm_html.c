/* HTML normalisation: what comes out, bounds, every prefix. tests/differential/cases_norm.py
 * holds the same rules against clamscan. */
#include "testing.h"

#include <stdlib.h>

#include "norm_entity.h"
#include "norm_html.h"

struct result {
	struct ov_buf tags, text, scripts;
};

static ov_status on_script(void *ctx, struct ov_str body)
{
	struct result *r = ctx;

	OV_TRY(ov_buf_str(&r->scripts, body));
	return ov_buf_u8(&r->scripts, '|');
}

static void normalise(const void *in, size_t n, struct result *r)
{
	const struct ov_norm_html to = {
		.tags = &r->tags, .text = &r->text, .script = on_script, .ctx = r
	};
	uint8_t *clean = malloc(n + 1); /* of its own size, so that sanitizers see its end */
	size_t len;

	assert_non_null(clean);
	len = ov_norm_html_clean(in, n, clean);
	clean = realloc(clean, len > 0 ? len : 1);
	assert_non_null(clean);
	r->scripts.n = 0;
	assert_int_equal(ov_norm_html(clean, len, &to), OV_OK);
	assert_true(r->tags.n <= OV_NORM_HTML_BYTES(len));
	assert_true(r->text.n <= OV_NORM_HTML_BYTES(len));
	free(clean);
}

static struct result result_new(void)
{
	return (struct result){ ov_buf_of(SIZE_MAX), ov_buf_of(SIZE_MAX), ov_buf_of(SIZE_MAX) };
}

static void result_free(struct result *r)
{
	ov_buf_free(&r->tags);
	ov_buf_free(&r->text);
	ov_buf_free(&r->scripts);
}

static const struct {
	const char *what, *in, *tags, *text, *scripts;
} rows[] = {
	{ "nothing", "", "", "", "" },
	{ "words", " Some \n Words ", "some words", "some words ", "" },
	{ "tags are blanks in the text", "a<B>c</b>", "a<b>c</b>", "a c ", "" },
	{ "white space after a tag goes", "<p>\n One <b> Two", "<p>one <b>two", " one two", "" },
	{ "quotes become double ones", "<i a='B' c=\"D\">", "<i a=\"b\" c=\"d\">", " ", "" },
	{ "a blank between attributes", "<i  a=\"B\"c>", "<i a=\"b\" c>", " ", "" },
	{ "a value ends at its quote", "<i a=\"b>c\">d", "<i a=\"b>c\">d", " d", "" },
	{ "but not after white space", "<i a=\"b c>d", "<i a=\"b c>d", " d", "" },
	{ "comments go", "a <!-- b > c --> d", "a c --> d", "a c --> d", "" },
	{ "so do declarations", "<!DOCTYPE x>a", "a", " a", "" },
	{ "an open comment goes to the end", "a<!-- b", "a", "a ", "" },
	{ "entities", "&lt;B&gt;&#65;&euro;&nbsp;", "<b>a&#x20ac;\xa0", " b ", "" },
	{ "unknown entities stay", "&Foo;&foo bar", "&foo;&foo bar", " bar", "" },
	{ "an entity opens no tag", "&lt;i a='b'", "<i a='b'", " i a='b'", "" },
	{ "a script", "<Script>Var  x='A B';</SCRIPT >y", "<script>varx=\"ab\";</script>y", " >y",
	  "Var  x='A B';</SCRIPT|" },
	{ "a script that never ends", "<script>a", "<script>a", " ", "a|" },
	{ "two scripts", "<script>a</script><script>b</script>",
	  "<script>a</script><script>b</script>", " ", "a|b|" },
	{ "a style is no script", "<style>A  B</style>c", "<style>ab</style>c", " c", "" },
	{ "a link", "<a href=\"Http://X\">Go  <b>There</b></a>!",
	  "<a href=\"http://x\">go <b>there</b></a>!", " Http://X go there !", "" },
	{ "a link that never ends", "<a href=Q>x", "<a href=q>x", " Q x", "" },
	{ "a link in a link", "<a href=Q>x<a href=R>y</a>", "<a href=q>x<a href=r>y</a>",
	  " Q x R y ", "" },
	{ "a picture", "<img src=\"P\">z", "<img src=\"p\">z", " P z", "" },
	{ "a picture in a link", "<a href=Q><img src=P>z</a>", "<a href=q><img src=p>z</a>",
	  " Q P z ", "" },
	{ "a form", "<form action='F'>z", "<form action=\"f\">z", " z", "" },
	{ "data is a file of its own", "<img src=\"data:image/gif;base64,AAAA\">x",
	  "<img src=\"data\">x", " x", "" },
	{ "control characters",
	  "a\x01"
	  "b",
	  "a\x01"
	  "b",
	  "a b", "" },
	{ "bytes from 0x80", "\xc3\xa4", "\xc3\xa4", "\xc3\xa4", "" },
	{ "CR is dropped", "<scr\ript>a</script>", "<script>a</script>", " ", "a|" },
};

static void expect_bytes(const char *what, const char *which, const struct ov_buf *got,
			 const char *want)
{
	if (got->n != strlen(want) || (got->n > 0 && memcmp(got->p, want, got->n) != 0))
		fail_msg("row \"%s\", %s: got \"%.*s\", not \"%s\"", what, which, (int)got->n,
			 (const char *)got->p, want);
}

static void test_rows(void **state)
{
	struct result r = result_new();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		normalise(rows[i].in, strlen(rows[i].in), &r);
		expect_bytes(rows[i].what, "tags", &r.tags, rows[i].tags);
		expect_bytes(rows[i].what, "text", &r.text, rows[i].text);
		expect_bytes(rows[i].what, "scripts", &r.scripts, rows[i].scripts);
	}
	result_free(&r);
}

static void test_prefixes(void **state)
{
	struct result r = result_new();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t n = 0; n <= strlen(rows[i].in); n++)
			normalise(rows[i].in, n, &r);
	result_free(&r);
}

/* What grows most: short names of large code points; and what could cost a square of its size. */
static void test_bounds(void **state)
{
	static const char *const units[] = {
		"&ge;",	      "&Mu", "<",     "<a href=&ge;",	 "<!", "<script>", "</script",
		"<a href=x>", "='",  "data:", "<style></script>"
	};
	enum { N = 200000 };
	char *bytes = malloc(N);
	struct result r = result_new();

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		for (size_t k = 0; k < N; k++)
			bytes[k] = units[i][k % strlen(units[i])];
		normalise(bytes, N, &r);
	}
	result_free(&r);
	free(bytes);
}

static void test_random(void **state)
{
	static const char *const parts[] = { "<a href=\"", ">",		"<",	    "</a>", " ",
					     "\n",	   "&amp;",	"&#65",	    "\"",   "'",
					     "=",	   "<!--",	"<script>", "text", "/",
					     "\0",	   "<img src=", "&" };
	struct result r = result_new();
	unsigned seed = 3;
	char page[512];

	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		size_t n = 0;

		for (int k = rand_r(&seed) % 30; k > 0; k--) {
			const char *p =
			    parts[(size_t)rand_r(&seed) % (sizeof parts / sizeof *parts)];

			memcpy(page + n, p, strlen(p));
			n += strlen(p);
		}
		normalise(page, n, &r);
	}
	result_free(&r);
}

static void test_entities(void **state)
{
	static const struct {
		const char *in, *want;
		size_t used;
	} cases[] = {
		{ "&lt;x", "<", 4 },
		{ "&lt", "<", 3 },
		{ "&lt x", "&lt", 3 },
		{ "&thetasym;", "&#x03d1;", 10 },
		{ "&thetasyms;", "&thetasyms;", 11 },
		{ "&#65;", "a", 5 },
		{ "&#65x", "A", 4 },
		{ "&#x4A;", "j", 6 },
		{ "&#65", "", 4 },
		{ "&", "", 1 },
		{ "&;", "&;", 2 },
		{ "&#99999999999;", "&#xe7ff;", 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t out[64];
		size_t n = 0;

		ov_expect_eq(
		    cases[i].in,
		    ov_entity_decode((const uint8_t *)cases[i].in, strlen(cases[i].in), out, &n),
		    cases[i].used);
		ov_expect_eq(cases[i].in, n, strlen(cases[i].want));
		ov_expect(cases[i].in, memcmp(out, cases[i].want, n) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	 cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_bounds),	 cmocka_unit_test(test_random),
		cmocka_unit_test(test_entities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
