/* The engine on files made in memory: detections, layers, limits, and that nothing unscanned
 * becomes clean. */
#include "testing.h"

#include <stdlib.h>

#include "engine_kit.h"
#include "exe.h"

#define ZIP_OF(members, out) kit_zip((members), sizeof(members) / sizeof *(members), (out))

static const struct kit_source body_rules[] = {
	{ "t.ndb", "T.Body:0:*:6f766572742d746573742d626f6479\n" /* overt-test-body */
		   "T.Ends:0:EOF-4:656e6421\n"			 /* end! */
		   "T.Starts:0:0:73746172742d6865\n" },		 /* start-he */
	{ "t.ldb",
	  "T.Both;Engine:51-255,Target:0;0&1;616c7068612d3131;626574612d3232\n" /* alpha-11 beta-22
										 */
	  "T.Twice;Engine:51-255,Target:0;0>1;7477696365323221\n"		/* twice22! */
	  "T.InZip;Engine:51-255,Target:0,Container:CL_TYPE_ZIP;0;6f6e6c79696e7a6970\n" /* onlyinzip
											 */
	  "T.Top;Engine:51-255,Target:0,Container:CL_TYPE_ANY;0;6f6e6c7961746f70\n" },	/* onlyatop
											 */
	{ NULL, NULL },
};

struct row {
	const char *what, *bytes, *want;
};

static void test_bodies(void **state)
{
	static const struct row rows[] = {
		{ "nothing in it", "just some words and more of them", "|" },
		{ "empty file", "", "|" },
		{ "one byte", "x", "|" },
		{ "a body pattern anywhere", "....overt-test-body....", "T.Body@+4|" },
		{ "at the very end", "....overt-test-body", "T.Body@+4|" },
		{ "cut by one byte", "....overt-test-bod", "|" },
		{ "anchored to the end", "xxxx end!", "T.Ends@+5|" },
		{ "not at the end", "xxxx end! ", "|" },
		{ "anchored to the start", "start-here", "T.Starts@+0|" },
		{ "not at the start", " start-here", "|" },
		{ "one half of a conjunction", "alpha-11 alpha-11", "|" },
		{ "both halves", "beta-22 alpha-11", "T.Both@+8|" },
		{ "once is not twice", "twice22! twice22", "|" },
		{ "twice is", "twice22! twice22!", "T.Twice@+0|" },
		{ "needs a zip around", "onlyinzip", "|" },
		{ "a file that lies in nothing", "onlyatop", "T.Top@+0|" },
	};
	struct kit k;
	char line[4096];

	(void)state;
	kit_open(&k, body_rules);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		kit_line(kit_scan(&k, rows[i].bytes, strlen(rows[i].bytes)), line, sizeof line);
		if (strcmp(line, rows[i].want) != 0)
			fail_msg("row \"%s\": got \"%s\", not \"%s\"", rows[i].what, line,
				 rows[i].want);
	}
	kit_close(&k);
}

/* A rule that turns out broken when it is woken: no verdict, least of all "clean". */
static void test_damaged_rule(void **state)
{
	const struct ov_src src = ov_src_mem("overt-test-body", 15);
	const struct ov_report *r = NULL;
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	for (uint32_t i = 0; i < k.db.nrules; i++) /* kind: 7th byte of a row of 96 */
		k.image.p[(size_t)(k.db.rules.base - k.image.p) + 8 + 96 * (size_t)i + 6] = 0xff;
	assert_int_equal(ov_engine_scan(k.engine, &src, &k.options, &r), OV_BAD);
	assert_int_equal(ov_engine_scan(k.engine, &src, &k.options, &r), OV_BAD);
	kit_close(&k);
}

static void expect_line(struct kit *k, const char *what, const struct ov_buf *file,
			const char *want)
{
	char line[4096];

	kit_line(kit_scan(k, file->p, file->n), line, sizeof line);
	if (strcmp(line, want) != 0)
		fail_msg("\"%s\": got \"%s\", not \"%s\"", what, line, want);
}

static void test_layers(void **state)
{
	const struct kit_member inner[] = { { "bad.txt", "overt-test-body", 15, true, false },
					    { "only.txt", "onlyinzip", 9, true, false } };
	struct ov_buf a, b;
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	ZIP_OF(inner, &a);
	const struct kit_member outer[] = { { "a.zip", a.p, a.n, true, false },
					    { "top.txt", "onlyatop", 8, true, false } };

	ZIP_OF(outer, &b);
	expect_line(&k, "members, packed and stored", &a, "T.Body@bad.txt+0; T.InZip@only.txt+0|");
	expect_line(&k, "a zip in a zip", &b, "T.Body@a.zip/bad.txt+0; T.InZip@a.zip/only.txt+0|");
	k.options.all_matches = false;
	expect_line(&k, "the first one only", &b, "T.Body@a.zip/bad.txt+0|");
	ov_buf_free(&a);
	ov_buf_free(&b);
	kit_close(&k);
}

static void test_encrypted_is_incomplete(void **state)
{
	const struct kit_member m[] = { { "secret.txt", "????????????", 12, false, true },
					{ "plain.txt", "nothing here", 12, true, false } };
	struct ov_buf a;
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	ZIP_OF(m, &a);
	expect_line(&k, "encrypted member", &a, "|0:secret.txt");
	ov_buf_free(&a);
	kit_close(&k);
}

/* Wraps `depth` zips around a bad file; fewer than the limit are opened, more are incomplete. */
static void test_depth(void **state)
{
	struct ov_buf a;
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	k.options.limits.max_depth = 3;
	const struct kit_member first[] = { { "bad.txt", "overt-test-body", 15, true, false } };

	ZIP_OF(first, &a);
	for (int depth = 1; depth <= 6; depth++) {
		const struct kit_member m[] = { { "z", a.p, a.n, true, false } };
		const struct ov_report *r = kit_scan(&k, a.p, a.n);
		struct ov_buf b;

		if (depth <= 3) {
			assert_int_equal(r->ndetections, 1);
			assert_int_equal(r->nincompletes, 0);
		} else {
			assert_int_equal(r->ndetections, 0);
			assert_int_equal(r->nincompletes, 1);
			assert_int_equal(r->incompletes->reason, OVERT_LIMIT_DEPTH);
			assert_int_equal(r->incompletes->nlayer, 3);
		}
		ZIP_OF(m, &b);
		ov_buf_free(&a);
		a = b;
	}
	ov_buf_free(&a);
	kit_close(&k);
}

static bool has_reason(const struct ov_report *r, enum overt_reason want)
{
	for (const struct ov_report_incomplete *i = r->incompletes; i != NULL; i = i->next)
		if (i->reason == want)
			return true;
	return false;
}

static void test_limits(void **state)
{
	const size_t big = (size_t)80 << 20;
	uint8_t *zeros = calloc(1, big);
	struct ov_buf bomb, many;
	const struct ov_report *r;
	struct kit k;

	(void)state;
	assert_non_null(zeros);
	kit_open(&k, body_rules);
	memcpy(zeros + 1000, "overt-test-body", 15);
	const struct kit_member m[] = { { "zeros", zeros, big, true, false } };

	ZIP_OF(m, &bomb);
	k.options.limits.max_ratio = 100;
	r = kit_scan(&k, bomb.p, bomb.n);
	assert_true(has_reason(r, OVERT_LIMIT_RATIO));
	assert_int_equal(r->ndetections, 1); /* what was unpacked before the limit was matched */
	ov_limits_default(&k.options.limits);
	k.options.limits.max_kept = 1 << 20;
	r = kit_scan(&k, bomb.p, bomb.n);
	assert_true(has_reason(r, OVERT_LIMIT_SIZE));
	assert_int_equal(r->ndetections, 1);
	k.options.limits.max_kept = 0;
	k.options.limits.max_total = 100000;
	r = kit_scan(&k, bomb.p, bomb.n);
	assert_true(has_reason(r, OVERT_LIMIT_SIZE));
	assert_int_equal(r->ndetections, 1);
	ov_limits_default(&k.options.limits);
	k.options.limits.max_layer = 500;
	r = kit_scan(&k, zeros, big);
	assert_true(has_reason(r, OVERT_LIMIT_SIZE));
	assert_int_equal(r->ndetections, 0);
	ov_limits_default(&k.options.limits);
	k.options.limits.max_files = 2;
	const struct kit_member three[] = { { "1", "one", 3, false, false },
					    { "2", "two", 3, false, false },
					    { "3", "overt-test-body", 15, true, false } };

	ZIP_OF(three, &many);
	r = kit_scan(&k, many.p, many.n);
	assert_true(has_reason(r, OVERT_LIMIT_FILES));
	free(zeros);
	ov_buf_free(&bomb);
	ov_buf_free(&many);
	kit_close(&k);
}

/* What lies beyond max_kept is still matched, also where a pattern straddles two pieces. */
static void test_rest_is_matched(void **state)
{
	const size_t big = (size_t)9 << 20,
		     places[] = { ((size_t)1 << 20) + 5, ((size_t)5 << 20) - 4, big - 15 };
	uint8_t *bytes = malloc(big);
	struct kit k;

	(void)state;
	assert_non_null(bytes);
	kit_open(&k, body_rules);
	k.options.limits.max_kept = 1 << 20;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const struct ov_report *r;
		struct ov_buf zip;

		for (size_t j = 0; j < big; j++)
			bytes[j] = (uint8_t)(j * 2654435761u >> 13);
		memcpy(bytes + places[i], "overt-test-body", 15);
		const struct kit_member m[] = { { "big", bytes, big, true, false } };

		ZIP_OF(m, &zip);
		r = kit_scan(&k, zip.p, zip.n);
		ov_expect_eq("found beyond what is kept", r->ndetections, 1);
		ov_expect("and said to be incomplete", has_reason(r, OVERT_LIMIT_SIZE));
		ov_buf_free(&zip);
	}
	free(bytes);
	kit_close(&k);
}

/* A source that makes its bytes up: a huge file with a few marks, of which nothing is kept in
 * memory. */
struct virtual_file {
	uint64_t size, mark_at, shrunk_to;
	const char *mark;
};

static ov_status virtual_read(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct virtual_file *v = ctx;
	const size_t len = strlen(v->mark);

	if (off >= v->shrunk_to) {
		*got = 0;
		return OV_OK;
	}
	if (n > v->shrunk_to - off)
		n = (size_t)(v->shrunk_to - off);
	memset(to, 'a', n);
	for (size_t i = 0; i < len; i++)
		if (v->mark_at + i >= off && v->mark_at + i - off < n)
			to[v->mark_at + i - off] = (uint8_t)v->mark[i];
	*got = n;
	return OV_OK;
}

static const struct ov_report *scan_virtual(struct kit *k, struct virtual_file *v)
{
	const struct ov_src src = { .size = v->size, .read = virtual_read, .ctx = v };
	const struct ov_report *r = NULL;

	assert_int_equal(ov_engine_scan(k->engine, &src, &k->options, &r), OV_OK);
	return r;
}

static void test_windows(void **state)
{
	const uint64_t size = (uint64_t)70 << 20, mib = 1 << 20;
	const uint64_t places[] = {
		0, mib - 15, mib - 7, mib, 33 * mib - 1, 4 * mib - 8, size - 15
	};
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct virtual_file v = { size, places[i], size, "overt-test-body" };
		const struct ov_report *r = scan_virtual(&k, &v);

		ov_expect_eq("found in a windowed file", r->ndetections, 1);
		ov_expect_eq("at its place", r->detections->off, places[i]);
		ov_expect_eq("complete", r->nincompletes, 0);
	}
	struct virtual_file shrunk = { size, 50 * mib, 40 * mib, "overt-test-body" };

	ov_expect("a file that shrinks is incomplete",
		  has_reason(scan_virtual(&k, &shrunk), OVERT_UNREADABLE));
	struct virtual_file small = { 1000, 0, 400, "overt-test-body" };
	const struct ov_report *r = scan_virtual(&k, &small);

	ov_expect("a small one as well", has_reason(r, OVERT_UNREADABLE));
	ov_expect_eq("and what was read was matched", r->ndetections, 1);
	kit_close(&k);
}

/* The sum of two marks far apart: the parts of a conjunction may lie in different windows. */
static void test_stream(void **state)
{
	struct virtual_file v = { 0, ((uint64_t)3 << 20) - 4, (uint64_t)9 << 20,
				  "overt-test-body" };
	const struct ov_report *r = NULL;
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	assert_int_equal(ov_engine_scan_stream(k.engine, virtual_read, &v, &k.options, &r), OV_OK);
	assert_int_equal(r->ndetections, 1);
	assert_int_equal(r->detections->off, v.mark_at);
	assert_int_equal(r->nincompletes, 0);
	assert_int_equal(r->size, v.shrunk_to);
	k.options.limits.max_kept = 1 << 20;
	assert_int_equal(ov_engine_scan_stream(k.engine, virtual_read, &v, &k.options, &r), OV_OK);
	assert_int_equal(r->ndetections, 1);
	assert_true(has_reason(r, OVERT_LIMIT_SIZE));
	kit_close(&k);
}

static void test_hashes_and_allow_lists(void **state)
{
	struct ov_hasher *h = NULL;
	uint8_t digest[OV_DIGEST_MAX];
	char md5[33], sha[65], rules[512], allow[512];
	struct ov_buf zip;
	char line[512];
	struct kit k;

	(void)state;
	assert_int_equal(ov_hasher_new(OV_MD5, &h), OV_OK);
	assert_int_equal(ov_hasher_once(h, "overt-test-body", 15, digest), OV_OK);
	ov_hasher_free(&h);
	for (int i = 0; i < 16; i++)
		(void)snprintf(md5 + 2 * i, 3, "%02x", digest[i]);
	const struct kit_member m[] = { { "m", "overt-test-body", 15, true, false } };

	ZIP_OF(m, &zip);
	assert_int_equal(ov_hasher_new(OV_SHA256, &h), OV_OK);
	assert_int_equal(ov_hasher_once(h, zip.p, zip.n, digest), OV_OK);
	ov_hasher_free(&h);
	for (int i = 0; i < 32; i++)
		(void)snprintf(sha + 2 * i, 3, "%02x", digest[i]);
	(void)snprintf(rules, sizeof rules, "%s:15:T.Hash\n", md5);
	const struct kit_source hash_only[] = { { "a.hdb", rules }, { NULL, NULL } };

	kit_open(&k, hash_only);
	kit_line(kit_scan(&k, "overt-test-body", 15), line, sizeof line);
	assert_string_equal(line, "T.Hash@+0|");
	kit_line(kit_scan(&k, "overt-test-bodz", 15), line, sizeof line);
	assert_string_equal(line, "|");
	kit_line(kit_scan(&k, zip.p, zip.n), line, sizeof line);
	assert_string_equal(line, "T.Hash@m+0|");
	kit_close(&k);
	/* The archive around it is trusted: what lies in it is as well. The same member alone is
	 * not. */
	(void)snprintf(allow, sizeof allow, "%s:%zu:Good.Zip\n", sha, zip.n);
	const struct kit_source trusted[] = { { "a.hdb", rules },
					      { "a.sfp", allow },
					      { NULL, NULL } };

	kit_open(&k, trusted);
	kit_line(kit_scan(&k, zip.p, zip.n), line, sizeof line);
	assert_string_equal(line, "|");
	kit_line(kit_scan(&k, "overt-test-body", 15), line, sizeof line);
	assert_string_equal(line, "T.Hash@+0|");
	kit_close(&k);
	ov_buf_free(&zip);
}

/* Every cut of an archive ends in a report, and one that lost its bad member is never clean. */
static void test_cut_archives(void **state)
{
	const struct kit_member m[] = { { "a.txt", "some words, some words, some words", 34, true,
					  false },
					{ "bad.txt", "overt-test-body", 15, true, false } };
	struct ov_buf zip;
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	ZIP_OF(m, &zip);
	for (size_t n = 4; n < zip.n; n++) {
		const struct ov_report *r = kit_scan(&k, zip.p, n);

		if (r->ndetections == 0 && r->nincompletes == 0)
			fail_msg("cut to %zu of %zu bytes: clean", n, zip.n);
	}
	ov_buf_free(&zip);
	kit_close(&k);
}

/* The n-th request for memory fails, for each n: a status or a report that is not clean, never a
 * fault. */
static void test_memory_fails(void **state)
{
	const struct kit_member m[] = { { "bad.txt", "overt-test-body", 15, true, false } };
	struct ov_buf zip;
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	ZIP_OF(m, &zip);
	for (long i = 0; i < 200; i++) {
		const struct ov_src src = ov_src_mem(zip.p, zip.n);
		const struct ov_report *r = NULL;

		ov_engine_fail_in(k.engine, i);
		if (ov_engine_scan(k.engine, &src, &k.options, &r) == OV_OK &&
		    r->ndetections == 0 && r->nincompletes == 0)
			fail_msg("request %ld failed: clean", i);
	}
	ov_engine_fail_in(k.engine, -1);
	assert_int_equal(kit_scan(&k, zip.p, zip.n)->ndetections, 1);
	ov_buf_free(&zip);
	kit_close(&k);
}

/* Rules in another order, or split over other files, give the same set of names for each file. */
static void test_order_of_rules(void **state)
{
	static const struct kit_source one[] = {
		{ "a.ndb", "A:0:*:6f7665727431\nB:0:0:6f76657274\nC:0:EOF-2:7431\n"
			   "D:0:*:657274*657274\n" },
		{ NULL, NULL }
	};
	static const struct kit_source other[] = {
		{ "b.ndb", "D:0:*:657274*657274\nC:0:EOF-2:7431\n" },
		{ "c.ndb", "B:0:0:6f76657274\nA:0:*:6f7665727431\n" },
		{ NULL, NULL }
	};
	static const char *const files[] = { "overt1",	"overt1 and overt1",
					     "xovert1", "overtoverty",
					     "t1",	"" };
	struct kit k1, k2;
	uint32_t found = 0;

	(void)state;
	kit_open(&k1, one);
	kit_open(&k2, other);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const struct ov_report *a = kit_scan(&k1, files[i], strlen(files[i]));
		const struct ov_report *b = kit_scan(&k2, files[i], strlen(files[i]));

		ov_expect_eq(files[i], a->ndetections, b->ndetections);
		for (const struct ov_report_detection *d = a->detections; d != NULL; d = d->next) {
			const struct ov_report_detection *e = b->detections;

			while (e != NULL && !ov_str_eq(d->name, e->name))
				e = e->next;
			ov_expect(files[i], e != NULL && e->off == d->off && e->len == d->len);
			found++;
		}
	}
	assert_true(found >= 8); /* else this has compared nothing */
	kit_close(&k1);
	kit_close(&k2);
}

/* Many incomplete parts are cut in the list, never in the count. */
static void test_many_incompletes(void **state)
{
	enum { COUNT = 1500 };
	static struct kit_member m[COUNT];
	static char names[COUNT][8];
	const struct ov_report *r;
	struct ov_buf zip;
	uint32_t listed = 0;
	struct kit k;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		(void)snprintf(names[i], sizeof names[i], "m%d", i);
		m[i] = (struct kit_member){ names[i], "????????????", 12, false, true };
	}
	kit_open(&k, body_rules);
	kit_zip(m, COUNT, &zip);
	r = kit_scan(&k, zip.p, zip.n);
	for (const struct ov_report_incomplete *i = r->incompletes; i != NULL; i = i->next)
		listed++;
	assert_int_equal(r->nincompletes, COUNT);
	assert_int_equal(listed, OV_REPORT_MAX);
	ov_buf_free(&zip);
	kit_close(&k);
}

static void put_le(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* Sections beyond the cap can't be asked about: the file is not clean then. */
static void test_too_many_sections(void **state)
{
	const size_t sections[] = { 100, OV_EXE_SECTIONS_MAX + 100 };
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	for (size_t i = 0; i < 2; i++) {
		const size_t n = 64 + sections[i] * 64;
		uint8_t *p = calloc(n, 1);
		const struct ov_report *r;

		assert_non_null(p);
		memcpy(p,
		       "\x7f"
		       "ELF\2\1\1",
		       7);
		put_le(p + 16, 2, 2);
		put_le(p + 18, 62, 2);
		put_le(p + 20, 1, 4);
		put_le(p + 40, 64, 8); /* section headers */
		put_le(p + 52, 64, 2);
		put_le(p + 58, 64, 2);
		put_le(p + 60, sections[i], 2);
		r = kit_scan(&k, p, n);
		assert_int_equal(r->type, OV_T_ELF);
		assert_int_equal(has_reason(r, OVERT_LIMIT_SIZE), i == 1);
		free(p);
	}
	kit_close(&k);
}

/* A packed program was not seen: UPX's mark in an ELF file without sections. */
static void test_packed_is_incomplete(void **state)
{
	uint8_t p[512] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	struct kit k;

	(void)state;
	kit_open(&k, body_rules);
	put_le(p + 16, 2, 2);
	put_le(p + 18, 62, 2);
	put_le(p + 20, 1, 4);
	put_le(p + 52, 64, 2);
	assert_int_equal(kit_scan(&k, p, sizeof p)->nincompletes, 0);
	memcpy(p + 180, "UPX!", 4);
	assert_true(has_reason(kit_scan(&k, p, sizeof p), OVERT_UNSUPPORTED));
	kit_close(&k);
}

/* "And none of those" proves nothing about bytes that a limit kept from being matched. */
static void test_negation_beyond_a_limit(void **state)
{
	static const struct kit_source rules[] = {
		{ "a.ldb", "Test.Only;Engine:51-255,Target:0;0&1=0;6e6565646c65;686179737461636b\n"
			   "Test.Has;Engine:51-255,Target:0;0;6e6565646c65\n" },
		{ NULL, NULL },
	};
	static const char text[] = "a needle, and then, far behind it, the haystack";
	char line[256];
	struct kit k;

	(void)state;
	kit_open(&k, rules);
	k.options.all_matches = true;
	kit_line(kit_scan(&k, text, sizeof text - 1), line, sizeof line);
	assert_null(strstr(line, "Test.Only"));
	kit_line(kit_scan(&k, text, 20), line, sizeof line);
	assert_non_null(strstr(line, "Test.Only")); /* there really is none */
	k.options.limits.max_layer = 20; /* of the bytes, and of the text that is made of them */
	kit_line(kit_scan(&k, text, sizeof text - 1), line, sizeof line);
	assert_null(strstr(line, "Test.Only"));
	assert_non_null(strstr(line, "Test.Has"));
	k.options.limits.max_layer = 0;
	k.options.limits.max_script = 20;
	kit_line(kit_scan(&k, text, sizeof text - 1), line, sizeof line);
	assert_null(strstr(line, "Test.Only"));
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_rule),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_encrypted_is_incomplete),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_negation_beyond_a_limit),
		cmocka_unit_test(test_packed_is_incomplete),
		cmocka_unit_test(test_too_many_sections),
		cmocka_unit_test(test_rest_is_matched),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_hashes_and_allow_lists),
		cmocka_unit_test(test_cut_archives),
		cmocka_unit_test(test_memory_fails),
		cmocka_unit_test(test_order_of_rules),
		cmocka_unit_test(test_many_incompletes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
