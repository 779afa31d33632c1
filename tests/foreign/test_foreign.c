/* Patches as sigtool 1.4.6 applies them (its answers were asked for each row), lists, names. */
#include "testing.h"

#include <stdlib.h>

#include "cdiff.h"
#include "foreign.h"
#include "text.h"

static ov_status apply(const char *x, const char *script, size_t n, char *out, size_t room)
{
	struct ov_cdiff_files f;
	struct ov_cdiff_file *one;
	const char *why = NULL;
	uint64_t line = 0;
	ov_status s;

	assert_int_equal(ov_cdiff_files_new(1 << 16, &f), OV_OK);
	assert_int_equal(ov_cdiff_new_file(&f, OV_STR("x.ndb"), &one), OV_OK);
	assert_int_equal(ov_buf_str(&one->bytes, ov_str_of(x)), OV_OK);
	assert_int_equal(ov_cdiff_new_file(&f, OV_STR("y.ndb"), &one), OV_OK);
	assert_int_equal(ov_buf_str(&one->bytes, OV_STR("m1\nm2\n")), OV_OK);
	s = ov_cdiff_apply(&f, ov_cur_of(script, n), &line, &why);
	out[0] = '\0';
	for (size_t i = 0; s == OV_OK && i < f.n; i++)
		(void)snprintf(out + strlen(out), room - strlen(out), "%s{%.*s}", f.f[i].name,
			       (int)f.f[i].bytes.n, (const char *)f.f[i].bytes.p);
	if (s != OV_OK)
		assert_non_null(why);
	ov_cdiff_files_free(&f);
	return s;
}

#define LINES "l1\nl2\nl3\nl4\nl5\n"
#define Y "y.ndb{m1\nm2\n}"

/* clang-format off */
static const struct { const char *what, *file, *script, *want; /* NULL: refused */ } patches[] = {
	{ "add, delete, change", LINES, "OPEN x.ndb\nADD new\nDEL 2 l2\nXCHG 3 l3 L3\nCLOSE\n", "x.ndb{l1\nL3\nl4\nl5\nnew\n}" Y },
	{ "a beginning is enough", LINES, "OPEN x.ndb\nDEL 3 l\nCLOSE\n", "x.ndb{l1\nl2\nl4\nl5\n}" Y },
	{ "another line than said", LINES, "OPEN x.ndb\nDEL 3 l4\nCLOSE\n", NULL },
	{ "numbers are those of before, in any order", LINES, "OPEN x.ndb\nXCHG 5 l5 b\nXCHG 2 l2 b\nDEL 3 l3\nDEL 1 l1\nCLOSE\n", "x.ndb{b\nl4\nb\n}" Y },
	{ "a line that is not there", LINES, "OPEN x.ndb\nDEL 9 l3\nCLOSE\n", NULL },
	{ "line 0", LINES, "OPEN x.ndb\nDEL 0 l1\nCLOSE\n", NULL },
	{ "cut: the file stays open (sigtool says nothing)", LINES, "OPEN x.ndb\nADD a\n", NULL },
	{ "no file is open", LINES, "ADD a\n", NULL },
	{ "close without open", LINES, "CLOSE\n", NULL },
	{ "a new file", LINES, "OPEN q.ndb\nADD a\nCLOSE\n", "x.ndb{" LINES "}" Y "q.ndb{a\n}" },
	{ "unlink", LINES, "UNLINK y.ndb\n", "x.ndb{" LINES "}" },
	{ "unlink what is not there", LINES, "UNLINK nope.ndb\n", NULL },
	{ "move", LINES, "MOVE x.ndb y.ndb 2 l2 4 l4\n", "x.ndb{l1\nl5\n}y.ndb{m1\nm2\nl2\nl3\nl4\n}" },
	{ "move to a file that is not there", LINES, "MOVE x.ndb z.ndb 2 l2 2 l2\n", NULL },
	{ "move other lines", LINES, "MOVE x.ndb y.ndb 2 zz 4 l4\n", NULL },
	{ "move backwards", LINES, "MOVE x.ndb y.ndb 4 l4 2 l2\n", NULL },
	{ "move to itself (sigtool never ends)", LINES, "MOVE x.ndb x.ndb 1 l1 1 l1\n", NULL },
	{ "open twice", LINES, "OPEN x.ndb\nOPEN y.ndb\nCLOSE\n", NULL },
	{ "move while open", LINES, "OPEN x.ndb\nMOVE x.ndb y.ndb 2 l2 4 l4\nCLOSE\n", NULL },
	{ "the new text may have spaces", LINES, "OPEN x.ndb\nXCHG 3 l a b c\nCLOSE\n", "x.ndb{l1\nl2\na b c\nl4\nl5\n}" Y },
	{ "or be empty", LINES, "OPEN x.ndb\nXCHG 3 l3 \nCLOSE\n", "x.ndb{l1\nl2\n\nl4\nl5\n}" Y },
	{ "but not missing", LINES, "OPEN x.ndb\nXCHG 3 l3\nCLOSE\n", NULL },
	{ "an empty line goes", "l1\n\nl3\n", "OPEN x.ndb\nDEL 2 \nCLOSE\n", "x.ndb{l1\nl3\n}" Y },
	{ "its beginning must be there", "l1\n\nl3\n", "OPEN x.ndb\nDEL 2\nCLOSE\n", NULL },
	{ "the last of two edits counts", LINES, "OPEN x.ndb\nXCHG 2 l2 a\nXCHG 2 l2 b\nCLOSE\n", "x.ndb{l1\nb\nl3\nl4\nl5\n}" Y },
	{ "comments", LINES, "# x\nOPEN x.ndb\nDEL 3 l3\nCLOSE\n", "x.ndb{l1\nl2\nl4\nl5\n}" Y },
	{ "no empty lines", LINES, "\nOPEN x.ndb\nCLOSE\n", NULL },
	{ "unknown", LINES, "FOO x\n", NULL },
	{ "small letters", LINES, "open x.ndb\nclose\n", NULL },
	{ "no path", LINES, "OPEN ../x.ndb\nADD k\nCLOSE\n", NULL },
	{ "no hidden file", LINES, "OPEN .x\nADD k\nCLOSE\n", NULL },
	{ "a last line without end stays", "l1\nl2", "OPEN x.ndb\nADD n\nCLOSE\n", "x.ndb{l1\nl2n\n}" Y },
	{ "and refuses edits", "l1\nl2", "OPEN x.ndb\nDEL 1 l1\nCLOSE\n", NULL },
	{ "twice the same file", LINES, "OPEN x.ndb\nDEL 2 l2\nCLOSE\nOPEN x.ndb\nDEL 1 l1\nCLOSE", "x.ndb{l3\nl4\nl5\n}" Y },
	{ "no line is 2^64", LINES, "OPEN x.ndb\nDEL 18446744073709551616 l\nCLOSE\n", NULL },
};
/* clang-format on */

static void test_patches(void **state)
{
	char out[4096];

	(void)state;
	for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
		const ov_status s = apply(patches[i].file, patches[i].script,
					  strlen(patches[i].script), out, sizeof out);

		ov_expect_eq(patches[i].what, s == OV_OK, patches[i].want != NULL);
		if (patches[i].want != NULL && strcmp(out, patches[i].want) != 0)
			fail_msg("row \"%s\": %s", patches[i].what, out);
	}
}

static void test_every_prefix_has_a_status(void **state)
{
	char out[4096];

	(void)state;
	for (size_t i = 0; i < sizeof patches / sizeof *patches; i++)
		for (size_t n = 0; n < strlen(patches[i].script); n++)
			(void)!apply(patches[i].file, patches[i].script, n, out, sizeof out);
}

static void test_frames(void **state)
{
	static const char whole[] = "ClamAV-Diff:7:3:abc:AAAA\n";
	struct ov_cdiff_head h;

	(void)state;
	assert_int_equal(ov_cdiff_head(ov_cur_of(whole, sizeof whole - 1), &h), OV_OK);
	assert_int_equal(h.version, 7);
	assert_int_equal(h.text_bytes, 3);
	assert_int_equal(h.packed.len, 3);
	assert_int_equal(h.is_signed.len, 19);
	assert_int_equal(h.dsig.n, 4);
	for (size_t n = 0; n < 16; n++)
		assert_int_not_equal(ov_cdiff_head(ov_cur_of(whole, n), &h), OV_OK);
	assert_int_equal(ov_cdiff_head(ov_cur_of("ClamAV-Dif:7:3:a:A", 18), &h), OV_BAD);
	assert_int_equal(ov_cdiff_head(ov_cur_of("ClamAV-Diff:x:3:a:A", 19), &h), OV_BAD);
}

static ov_status run(enum ov_foreign_kind kind, const char *arguments, const char *bytes, size_t n,
		     struct ov_buf *out, struct ov_foreign_result *r)
{
	const struct ov_foreign_input in = { OV_STR("file:f"), ov_cur_of(bytes, n) };
	struct ov_foreign_job j = { .kind = kind,
				    .arguments = ov_str_of(arguments),
				    .inputs = &in,
				    .ninputs = 1,
				    .out = out };
	const ov_status s = ov_foreign_run(&j, r);

	if (s != OV_OK)
		assert_true(j.error[0] != '\0');
	return s;
}

#define D32 "0123456789abcdef0123456789abcdef"
#define D64 D32 D32

/* clang-format off */
static const struct { const char *what, *arguments, *list, *want; } lists[] = {
	{ "plain", "prefix P\n", D64 "\n" D32 "\n", D64 ":*:P.Hash:73\n" D32 ":*:P.Hash:73\n" },
	{ "the longest counts", "prefix P\n", D32 "," D64 "\n", D64 ":*:P.Hash:73\n" },
	{ "by name", "prefix P\nhash-column md5\nname-column sig\n", "# sha256,md5,sig\n" D64 "," D32 ",\"a, b\"\n", D32 ":*:P.a__b:73\n" },
	{ "by number", "prefix P\nhash-column 2\nname-column 1\n", "X " D32 "\n", D32 ":*:P.X:73\n" },
	{ "capitals", "prefix P\n", "ABCDEF0123456789ABCDEF0123456789\n", "ABCDEF0123456789ABCDEF0123456789:*:P.Hash:73\n" },
	{ "the empty file's, alone", "prefix P\n", "d41d8cd98f00b204e9800998ecf8427e\n", NULL },
	{ "a column that is not there", "prefix P\nhash-column no\n", "# a,b\n" D32 "\n", NULL },
	{ "more that is none", "prefix P\n", D32 "\nx\ny\nz\n", NULL },
	{ "nothing", "prefix P\n", "", NULL },
	{ "31 digits", "prefix P\n", "0123456789abcdef0123456789abcde\n", NULL },
};
/* clang-format on */

static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct ov_buf out = ov_buf_of(1 << 16);
		struct ov_foreign_result r;
		const ov_status s = run(OV_FOREIGN_HASHES, lists[i].arguments, lists[i].list,
					strlen(lists[i].list), &out, &r);
		const char *at;

		ov_expect_eq(lists[i].what, s == OV_OK, lists[i].want != NULL);
		if (s == OV_OK) {
			at = memchr(out.p, '\n', out.n);
			ov_expect(lists[i].what, at != NULL);
			ov_expect(lists[i].what,
				  out.n - (size_t)(at + 1 - (const char *)out.p) ==
					  strlen(lists[i].want) &&
				      memcmp(at + 1, lists[i].want, strlen(lists[i].want)) == 0);
			ov_expect(lists[i].what, r.is_readable);
		}
		ov_buf_free(&out);
	}
}

static void test_single_rule_files(void **state)
{
	struct ov_buf out = ov_buf_of(1 << 16);
	struct ov_foreign_result r;

	(void)state;
	assert_int_equal(
	    run(OV_FOREIGN_RULES, "name a.ndb\nas-is yes\n", "X:0:*:aabbccdd\n", 15, &out, &r),
	    OV_OK);
	assert_memory_equal(out.p, "a.ndb 15 1\nX:0", 14);
	out.n = 0;
	assert_int_equal(
	    run(OV_FOREIGN_RULES, "name ../../-x y.exe\nas-is yes\n", "MZ", 2, &out, &r), OV_OK);
	assert_memory_equal(out.p, "_._.._-x_y.exe 2 0\nMZ", 21);
	out.n = 0;
	assert_int_equal(run(OV_FOREIGN_RULES, "name a.yar\nwant .yar\n", "a\0b", 3, &out, &r),
			 OV_BAD); /* no text */
	ov_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patches),
		cmocka_unit_test(test_every_prefix_has_a_status),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_single_rule_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
