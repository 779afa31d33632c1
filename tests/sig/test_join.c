/* Joining: whatever the parts, in whatever order, the result is that of all sources at once. */
#include <stdlib.h>

#include "build_text.h"
#include "testing.h"

#define A16 "0123456789abcdef0123456789abcdef"
#define B16 "1123456789abcdef0123456789abcdef"

static const struct text_source sources[] = {
	{ "one.hdb", A16 ":5:First-1\n" A16 ":5:Second-2\n" B16 ":*:Any:73\nbroken\n" },
	{ "two.mdb", "512:" A16 ":Section-1\n1024:" B16 ":Section-2\n" },
	{ "more.hsb",
	  A16 A16 ":700:Agent-100\n" A16 B16 ":701:Agent-101\n" A16 "01234567:9:Sha1-5\n" },
	{ "ok.sfp", A16 A16 ":7:Allowed\n" },
	{ "body.ndb", "Anywhere:0:*:6f7665727420697320616e20616e746976697275730a\n"
		      "AtStart:0:0:4d5a9000\nAtEntry:1:EP+4,2:6a40680030000068\n"
		      "Gone:1:*:72617265206c69746572616c\n" },
	{ "logic.ldb", "Both;Engine:51-255,Target:1,FileSize:10-2000,NumberOfSections:1-9;0&1;"
		       "72617265206c69746572616c::wa;6d6f7265206f66207468656d\n"
		       "Either;Engine:81-255,Target:0,Container:CL_TYPE_ZIP,Intermediates:CL_TYPE_"
		       "ZIP>CL_TYPE_ANY;(0|1)>1,2&2;7a7a7a7a78787878;79797979;0&1/ab+c/i\n"
		       "Never;Engine:102-255,Target:0,HandlerType:CL_TYPE_PDF;0=0&1;6162636465;0(>>"
		       "4#he2#=0x10,<9)\n" },
	{ "again.ndb",
	  "Same:0:*:6f7665727420697320616e20616e746976697275730a\n"
	  "Elf:6:*:72617265206c69746572616c\nFixed:0:0:4d5a9000\nPe:1:EP+0:60be0050\n" },
	{ "always.ldb",
	  "Absent;Target:0;0=0;72617265206c69\nAbsentPe;Target:1;0=0;72617265206c69\n" },
	{ "macro.ndb", "Group:0:$3$:61626364\nGroup2:1:$3$:65666768\n" },
	{ "macro.ldb", "Macro;Engine:51-255,Target:0;0&1;72617265206c69;${1-20}3$\n"
		       "Image;Engine:150-255,Target:5;0;fuzzy_img#0123456789abcdef\n"
		       "Icon;Engine:51-255,IconGroup1:First,IconGroup2:*,Target:1;0;69636f6e\n" },
	{ "a.idb",
	  "One:First:Second:20c8a0017c3a16009d3000f2270d0d4cb15105310d15db1617d40017d408178000"
	  "00800800800008e20b12e10c07dc04045116005e000b690e0026261755\n" },
	{ "old.db", "Old-1=72617265206c69746572616c\n" },
	{ "imports.imp", A16 ":35:Imports-9\n" },
	{ "meta.cdb", "Zipped:CL_TYPE_ZIP:*:a.*\\.exe$:*:*:*:*:*:*\nGone:*:*:b:*:*:*:*:*:*\n" },
	{ "secret.pwdb", "P;Engine:81-255,Container:CL_TYPE_ZIP;0;secret\n" },
	{ "off.cfg", "ARCHIVE:0x0:1:255\n" },
	{ "links.pdb", "H:paypal.com\n" },
	{ "code.cbc", "ClamBC\n" },
	{ "some.ign2", "Gone\nAgent-100\nNobody\nGroup2\n" },
	{ "line.ign2", "Anywhere:00000000000000000000000000000000\n"
		       "AtStart:013543f708cfcae2d1bc1b9871ce6f7a\nGone\n" },
};
#define N (sizeof sources / sizeof *sources)

static uint64_t seed = 0x853c49e6748fea9bu;

static size_t roll(size_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed >> 33) % sides;
}

static void shuffle(struct text_source *s, size_t n)
{
	for (size_t i = n; i-- > 1;) {
		const size_t k = roll(i + 1);
		const struct text_source t = s[i];

		s[i] = s[k];
		s[k] = t;
	}
}

/* Sources s[0..n-1] in order: some by themselves, some as databases of a few, some of those again
 * of databases. */
static void build_in_parts(const struct text_source *s, size_t n, int depth, struct ov_buf *out)
{
	const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
	struct ov_build_stats stats;
	struct ov_buf parts[N];
	size_t nparts = 0;
	struct ov_odb_builder *b = NULL;
	const char *why = NULL;

	assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
	for (size_t i = 0, some; i < n; i += some) {
		const struct ov_cur text = ov_cur_of(s[i].text, strlen(s[i].text));

		some = 1 + roll(n - i);
		if (depth == 0 || (some == 1 && roll(2) == 0)) {
			some = 1;
			assert_int_equal(ov_odb_builder_add(b, ov_str_of(s[i].name), text), OV_OK);
			continue;
		}
		parts[nparts] = ov_buf_of((size_t)64 << 20);
		build_in_parts(s + i, some, depth - 1, &parts[nparts]);
		assert_int_equal(ov_odb_builder_join(b, ov_buf_cur(&parts[nparts]),
						     some == 1 ? text : ov_cur_of(NULL, 0), &why),
				 OV_OK);
		nparts++;
	}
	assert_int_equal(ov_odb_builder_finish(b, out, &stats), OV_OK);
	ov_odb_builder_free(&b);
	while (nparts > 0)
		ov_buf_free(&parts[--nparts]);
}

static void joined_is_all_at_once(void **state)
{
	struct text_source order[N];

	(void)state;
	memcpy(order, sources, sizeof order);
	for (int turn = 0; turn < 60; turn++) {
		struct ov_buf joined = ov_buf_of((size_t)64 << 20);
		const size_t n = turn == 0 ? N : 1 + roll(N);
		struct built all;

		build_texts(order, n, NULL, &all);
		assert_int_equal(all.status, OV_OK);
		build_in_parts(order, n, 1 + turn % 3, &joined);
		if (joined.n != all.bytes.n || memcmp(joined.p, all.bytes.p, joined.n) != 0)
			fail_msg("turn %d: %zu bytes, not %zu, or others", turn, joined.n,
				 all.bytes.n);
		ov_buf_free(&joined);
		built_free(&all);
		shuffle(order, N);
	}
}

/* An ignore list counts for a database that was compiled without it. */
static void lists_count_across(void **state)
{
	const struct text_source list = { "l.ign2", "Both\nSection-1\nAllowed\n" };
	const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
	struct ov_buf out = ov_buf_of((size_t)64 << 20);
	struct ov_odb_builder *b = NULL;
	struct ov_build_stats stats;
	const char *why = NULL;
	struct ov_odb db;
	struct built part;

	(void)state;
	build_texts(sources, 6, NULL, &part);
	assert_int_equal(part.status, OV_OK);
	assert_int_equal(part.db.nrules, 7);
	assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
	assert_int_equal(
	    ov_odb_builder_add(b, ov_str_of(list.name), ov_cur_of(list.text, strlen(list.text))),
	    OV_OK);
	assert_int_equal(ov_odb_builder_join(b, ov_buf_cur(&part.bytes), ov_cur_of(NULL, 0), &why),
			 OV_OK);
	assert_int_equal(ov_odb_builder_finish(b, &out, &stats), OV_OK);
	assert_int_equal(stats.ignored, 3);
	assert_int_equal(stats.refused, 1); /* the part's */
	assert_int_equal(ov_odb_open(ov_buf_cur(&out), &db, &why), OV_OK);
	assert_int_equal(db.nrules, 6);
	assert_int_equal(db.hashes[OV_USE_SECTION][OV_MD5].count, 1);
	assert_int_equal(db.hashes[OV_USE_ALLOW][OV_SHA256].count, 0);
	assert_int_equal(db.nignores, 3);
	assert_int_equal(db.nignored, 3);
	ov_odb_builder_free(&b);
	ov_buf_free(&out);
	built_free(&part);
}

/* The MD5 of a hash's line needs the line: a part of one source may bring it along. */
static void lines_of_hashes_need_their_text(void **state)
{
	const struct text_source hashes = { "two.mdb",
					    "512:" A16 ":Section-1\n1024:" B16 ":Section-2\n" };
	const struct text_source list = { "l.ign2",
					  "Section-2:010ccded05dab63312bf9153227b2f09\n" };
	const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
	const struct ov_cur text = ov_cur_of(hashes.text, strlen(hashes.text));

	(void)state;
	for (int with = 0; with < 2; with++) {
		struct ov_buf out = ov_buf_of((size_t)64 << 20);
		struct ov_odb_builder *b = NULL;
		struct ov_build_stats stats;
		struct built part;

		build_texts(&hashes, 1, NULL, &part);
		assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
		assert_int_equal(ov_odb_builder_join(b, ov_buf_cur(&part.bytes),
						     with ? text : ov_cur_of(NULL, 0), NULL),
				 OV_OK);
		assert_int_equal(ov_odb_builder_add(b, ov_str_of(list.name),
						    ov_cur_of(list.text, strlen(list.text))),
				 OV_OK);
		assert_int_equal(ov_odb_builder_finish(b, &out, &stats), OV_OK);
		assert_int_equal(stats.signatures, with ? 1 : 2);
		assert_int_equal(stats.skipped, with ? 0 : 1); /* and said so */
		ov_odb_builder_free(&b);
		ov_buf_free(&out);
		built_free(&part);
	}
}

/* Each byte changed: refused, or joined without harm to a database that is sound. */
static void hostile_parts_are_harmless(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	struct built part;
	size_t refused = 0;

	(void)state;
	build_texts(sources, N, NULL, &part);
	assert_int_equal(part.status, OV_OK);
	for (size_t i = 0; i < part.bytes.n; i++) {
		const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
		struct ov_buf out = ov_buf_of((size_t)64 << 20);
		struct ov_odb_builder *b = NULL;
		struct ov_build_stats stats;
		const char *why = NULL;
		struct ov_odb db;
		ov_status s;

		if (part.bytes.p[i] == 0 && i % 29 != 0)
			continue; /* padding and empty filters are most of it */
		part.bytes.p[i] ^= masks[i % 3];
		assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
		s = ov_odb_builder_join(b, ov_buf_cur(&part.bytes), ov_cur_of(NULL, 0), &why);
		assert_true(s == OV_OK || why != NULL || s == OV_LIMIT);
		if (s == OV_OK)
			s = ov_odb_builder_finish(b, &out, &stats);
		if (s == OV_OK) {
			assert_int_equal(ov_odb_open(ov_buf_cur(&out), &db, &why), OV_OK);
			assert_int_equal(ov_odb_check_all(&db, &why), OV_OK);
			(void)touch_odb(&db);
		} else {
			refused++;
		}
		ov_odb_builder_free(&b);
		ov_buf_free(&out);
		part.bytes.p[i] ^= masks[i % 3];
	}
	assert_true(refused > 100);
	built_free(&part);
}

static void each_prefix_is_refused(void **state)
{
	struct built part;

	(void)state;
	build_texts(sources, N, NULL, &part);
	for (size_t n = 0; n < part.bytes.n; n += 97) {
		const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
		struct ov_odb_builder *b = NULL;
		const char *why = NULL;

		assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
		assert_int_not_equal(
		    ov_odb_builder_join(b, ov_cur_of(part.bytes.p, n), ov_cur_of(NULL, 0), &why),
		    OV_OK);
		assert_non_null(why);
		ov_odb_builder_free(&b);
	}
	built_free(&part);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joined_is_all_at_once),
		cmocka_unit_test(lists_count_across),
		cmocka_unit_test(lines_of_hashes_need_their_text),
		cmocka_unit_test(hostile_parts_are_harmless),
		cmocka_unit_test(each_prefix_is_refused),
	};

	return cmocka_run_group_tests_name("sig join", tests, NULL, NULL);
}
