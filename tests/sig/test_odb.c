/* The database: what is in it, what wakes a rule, that it is the same each time, and that a hostile
 * one is harmless. */
#include "testing.h"

#include <stdlib.h>

#include "build_text.h"
#include "le.h"
#include "odb_int.h"

#define A16 "0123456789abcdef0123456789abcdef"
#define B16 "1123456789abcdef0123456789abcdef"

static const struct text_source sample[] = {
	{ "one.hdb", A16 ":5:First\n" A16 ":5:Second\n" B16 ":*:Any:73\n" },
	{ "two.mdb", "512:" A16 ":Section\n" },
	{ "ok.sfp", A16 A16 ":7:Allowed\n" },
	{ "body.ndb", "Anywhere:0:*:6f7665727420697320616e20616e746976697275730a\n"
		      "AtStart:0:0:4d5a9000\nAtEntry:1:EP+4,2:6a40680030000068\n" },
	{ "logic.ldb", "Both;Engine:51-255,Target:1,FileSize:10-2000,NumberOfSections:1-9;0&1;"
		       "72617265206c69746572616c::wa;6d6f7265206f66207468656d\n"
		       "Either;Engine:81-255,Target:0,Container:CL_TYPE_ZIP,Intermediates:CL_TYPE_"
		       "ZIP>CL_TYPE_ANY;"
		       "(0|1)>1,2&2;7a7a7a7a78787878;79797979;0&1/ab+c/i\n"
		       "Never;Engine:102-255,Target:0,HandlerType:CL_TYPE_PDF;0=0&1;6162636465;0(>>"
		       "4#he2#=0x10,<9)\n" },
};

static const char golden[] =
    "source one.hdb (one.hdb) 3 taken 0 refused 0 skipped\n"
    "source two.mdb (two.mdb) 1 taken 0 refused 0 skipped\n"
    "source ok.sfp (ok.sfp) 1 taken 0 refused 0 skipped\n"
    "source body.ndb (body.ndb) 3 taken 0 refused 0 skipped\n"
    "source logic.ldb (logic.ldb) 3 taken 0 refused 0 skipped\n"
    "rule 0 Anywhere body target 0 source 3 line 1 : 0\n"
    "  sub 0 at any pattern 0\n"
    "rule 1 AtStart body target 0 source 3 line 2 : 0\n"
    "  sub 1 at abs 0+0 #0 pattern 1\n"
    "rule 2 AtEntry body target 1 source 3 line 3 : 0\n"
    "  sub 2 at ep 4+2 #0 pattern 2\n"
    "rule 3 Both logical target 1 source 4 line 1 size 10-2000 sections 1-9 : 0 1 and\n"
    "  sub 3 at any pattern 3\n"
    "  sub 4 at any pattern 4\n"
    "rule 4 Either logical target 0 source 4 line 2 in CL_TYPE_ZIP > %d > 65535 : 0 1 or >1,2 2 "
    "and\n"
    "  sub 5 at any pattern 5\n"
    "  sub 6 at any pattern 6\n"
    "  sub 7 at any /ab+c/i when 0 1 and\n"
    "rule 5 Never logical target 0 source 4 line 3 handler CL_TYPE_PDF : 0=0 1 and\n"
    "  sub 8 at any pattern 7\n"
    "  sub 9 at any compare 0 +4 h exact 2 =16 <9\n";

static void test_golden(void **state)
{
	char want[4096];
	struct built b;
	struct ov_buf text = ov_buf_of(1 << 20);

	(void)state;
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &b);
	assert_int_equal(b.status, OV_OK);
	assert_int_equal(b.said.n, 0);
	assert_int_equal(b.stats.signatures, 10);
	assert_int_equal(b.stats.allowed, 1);
	assert_int_equal(b.db.nsignatures, 10);
	assert_int_equal(dump_odb(&b.db, &text), OV_OK);
	(void)snprintf(want, sizeof want, golden, (int)OV_T_ZIP);
	assert_true(text.n > strlen(want));
	text.p[strlen(want)] = '\0'; /* what wakes the rules follows: test_wakes */
	assert_string_equal((const char *)text.p, want);
	assert_int_equal(ov_odb_check_id(&b.db), OV_OK);
	ov_buf_free(&text);
	built_free(&b);
}

static bool is_always(const struct ov_odb *o, enum ov_target t, uint32_t rule)
{
	for (uint32_t i = 0; i < ov_odb_always_count(o, t); i++)
		if (ov_odb_always(o, t, i) == rule)
			return true;
	return false;
}

static bool is_fixed(const struct ov_odb *o, enum ov_target t, uint32_t rule)
{
	for (uint32_t i = 0; i < ov_odb_fixed_groups(o, t); i++) {
		struct ov_odb_fixed_group g;

		ov_odb_fixed_group(o, t, i, &g);
		for (uint32_t k = 0; k < g.count; k++) {
			struct ov_odb_fixed f;

			ov_odb_fixed(o, g.first + k, &f);
			if (f.rule == rule)
				return true;
		}
	}
	return false;
}

static unsigned anchors_of(const struct ov_odb *o, uint32_t rule)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < o->nanchors; i++) {
		struct ov_odb_anchor a;

		ov_odb_anchor(o, i, &a);
		n += a.rule == rule;
	}
	return n;
}

/* "x:N": always / fixed / number of anchors, for a rule of one line. */
static const struct {
	const char *what, *line;
	bool always, fixed;
	unsigned anchors;
} wakes[] = {
	{ "a literal anywhere", "N;Target:1;0;72617265206c69746572616c", false, false, 1 },
	{ "ascii and wide need an anchor each", "N;Target:1;0;72617265206c69::wa", false, false,
	  2 },
	{ "an exact place", "N;Target:1;0;0:4d5a9000", false, true, 0 },
	{ "an exact place, two bytes", "N;Target:1;0;0:4d5a", false, true, 0 },
	{ "an exact place before the end", "N;Target:1;0;EOF-4:4d5a9000", false, true, 0 },
	{ "a place with a shift is searched", "N;Target:1;0;10,4:72617265206c69", false, false, 1 },
	{ "a whole section is searched", "N;Target:1;0;SE0:72617265206c69", false, false, 1 },
	{ "AND wakes by one", "N;Target:1;0&1;72617265206c69;6d6f7265206f66", false, false, 1 },
	{ "AND prefers an exact place", "N;Target:1;0&1;72617265206c69;0:e8a19000", false, true,
	  0 },
	{ "but not one that each program has", "N;Target:1;0&1;72617265206c69;0:4d5a9000", false,
	  false, 1 },
	{ "nor its first two bytes", "N;Target:1;0&1;72617265206c69;0:4d5a{1-300}5045", false,
	  false, 1 },
	{ "OR needs both", "N;Target:1;0|1;72617265206c69;6d6f7265206f66", false, false, 2 },
	{ "OR with a weak side", "N;Target:1;0|1;72617265206c69;6162", true, false, 0 },
	{ "AND with a weak side", "N;Target:1;0&1;72617265206c69;6162", false, false, 1 },
	{ "absence can't wake", "N;Target:1;0=0;72617265206c69", true, false, 0 },
	{ "presence beside absence can", "N;Target:1;0=0&1;72617265206c69;6d6f7265206f66", false,
	  false, 1 },
	{ "less than", "N;Target:1;0<3;72617265206c69", true, false, 0 },
	{ "less than, but some", "N;Target:1;(0|1)<3,1;72617265206c69;6d6f7265206f66", false, false,
	  2 },
	{ "more than", "N;Target:1;0>3;72617265206c69", false, false, 1 },
	{ "a block's sum", "N;Target:1;(0|1)>3;72617265206c69;6d6f7265206f66", false, false, 2 },
	{ "an AND block's sum", "N;Target:1;(0&1)>3;72617265206c69;6d6f7265206f66", false, false,
	  1 },
	{ "an expression wakes by its trigger", "N;Target:1;1;72617265206c69;0/abc/", false, false,
	  1 },
	{ "an expression on absence", "N;Target:1;1;72617265206c69;0=0/abc/", true, false, 0 },
	{ "a comparison wakes by its base", "N;Target:1;1;72617265206c69;0(>>1#de2#=1)", false,
	  false, 1 },
	{ "one byte over and over is no anchor", "N;Target:1;0;0000000000000000", true, false, 0 },
};

static void test_wakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wakes / sizeof *wakes; i++) {
		const struct text_source src = { "w.ldb", wakes[i].line };
		struct built b;

		build_texts(&src, 1, NULL, &b);
		ov_expect_eq(wakes[i].what, b.status, OV_OK);
		ov_expect_eq(wakes[i].what, b.db.nrules, 1);
		ov_expect_eq(wakes[i].what, is_always(&b.db, OV_TARGET_PE, 0), wakes[i].always);
		ov_expect_eq(wakes[i].what, is_fixed(&b.db, OV_TARGET_PE, 0), wakes[i].fixed);
		ov_expect_eq(wakes[i].what, anchors_of(&b.db, 0), wakes[i].anchors);
		/* Only its own target: not "any", not another. */
		ov_expect(wakes[i].what, !is_always(&b.db, OV_TARGET_ANY, 0) &&
					     !is_fixed(&b.db, OV_TARGET_ELF, 0));
		ov_expect_eq(wakes[i].what, b.db.gram[OV_TARGET_PE].nentries > 0,
			     wakes[i].anchors > 0);
		ov_expect_eq(wakes[i].what, b.db.gram[OV_TARGET_ELF].nentries, 0);
		built_free(&b);
	}
}

/* A rule for "any" stands in the tables of every target. */
static void test_any_is_everywhere(void **state)
{
	const struct text_source src[] = {
		{ "a.ndb", "A:0:*:72617265206c69\nB:0:0:4d5a\nC:1:*:6d6f7265206f66\n" },
		{ "b.ldb", "D;Target:0;0=0;72617265206c69\n" }
	};
	struct built b;

	(void)state;
	build_texts(src, 2, NULL, &b);
	assert_int_equal(b.status, OV_OK);
	for (int t = 0; t < OV_TARGET_COUNT; t++) {
		assert_true(b.db.gram[t].nentries > 0);
		assert_true(is_fixed(&b.db, (enum ov_target)t, 1));
		assert_true(is_always(&b.db, (enum ov_target)t, 3));
	}
	assert_true(b.db.gram[OV_TARGET_PE].nentries > b.db.gram[OV_TARGET_ELF].nentries);
	built_free(&b);
}

static const char *found_name(const struct built *b, enum ov_hash_use use, uint64_t size)
{
	static const uint8_t digest[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					    0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	struct ov_odb_hash_name name;
	uint32_t token;

	if (!ov_hashset_find(&b->db.hashes[use][OV_MD5], digest, size, &token))
		return "";
	ov_odb_hash_name(&b->db, token, &name);
	return name.name.n == 5 && memcmp(name.name.p, "First", 5) == 0	   ? "First"
	       : name.name.n == 6 && memcmp(name.name.p, "Second", 6) == 0 ? "Second"
									   : "other";
}

/* Of two lines with one digest the last loaded gives the name, as in ClamAV. */
static void test_hash_names(void **state)
{
	struct built b;

	(void)state;
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &b);
	assert_int_equal(b.status, OV_OK);
	assert_string_equal(found_name(&b, OV_USE_FILE, 5), "Second");
	assert_string_equal(found_name(&b, OV_USE_FILE, 6), "");
	assert_string_equal(found_name(&b, OV_USE_SECTION, 512), "other");
	assert_string_equal(found_name(&b, OV_USE_ALLOW, 5), "");
	built_free(&b);
}

/* Ignore lists count for all sources, before and behind them. */
static void test_ignore(void **state)
{
	static const char line[] = "N:0:*:6f7665727420697320616e20";
	static const struct {
		const char *what, *list;
		uint64_t kept;
	} lists[] = {
		{ "a name", "N\n", 0 },
		{ "another name", "NN\n", 1 },
		{ "no prefixes", "\nM\n", 1 },
		{ "with the MD5 of its line", "N:98606d7ec358d71c2d76af7f6c352b63\n", 0 },
		{ "with another MD5", "N:00000000000000000000000000000000\n", 1 },
		{ "either of two", "N:00000000000000000000000000000000\nN\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		for (int before = 0; before < 2; before++) {
			const struct text_source list = { "l.ign2", lists[i].list };
			const struct text_source rule = { "r.ndb", line };
			const struct text_source src[2] = { before ? list : rule,
							    before ? rule : list };
			struct built b;

			build_texts(src, 2, NULL, &b);
			ov_expect_eq(lists[i].what, b.status, OV_OK);
			ov_expect_eq(lists[i].what, b.stats.signatures, lists[i].kept);
			ov_expect_eq(lists[i].what, b.db.nrules, lists[i].kept);
			ov_expect_eq(lists[i].what, b.stats.ignored, 1 - lists[i].kept);
			built_free(&b);
		}
	}
}

static void test_ignore_hash_and_neighbours(void **state)
{
	const struct text_source src[] = {
		{ "a.hdb", A16 ":5:First\n" B16 ":6:Gone\n" },
		{ "b.ndb",
		  "Gone:1:*:72617265206c69\nKept:1:*:6d6f7265206f66\nGone:1:0:4d5a9000\n" },
		{ "c.ldb",
		  "Gone;Target:1;0=0;6162636465\nKept2;Target:1;0&1;0:e8a19000;6162636465\n" },
		{ "d.ign2", "Gone\n" },
	};
	struct ov_rule r;
	struct built b;

	(void)state;
	build_texts(src, 4, NULL, &b);
	assert_int_equal(b.status, OV_OK);
	assert_int_equal(b.stats.signatures, 3);
	assert_int_equal(b.stats.ignored, 4);
	assert_int_equal(b.db.nrules, 2);
	ov_odb_rule(&b.db, 1, &r);
	assert_memory_equal(r.name.p, "Kept2", 5);
	assert_int_equal(anchors_of(&b.db, 0), 1);
	assert_true(is_fixed(&b.db, OV_TARGET_PE, 1));
	assert_int_equal(ov_odb_always_count(&b.db, OV_TARGET_PE), 0);
	assert_string_equal(found_name(&b, OV_USE_FILE, 5), "First");
	built_free(&b);
}

/* A hash line is ignored by its MD5 too, whichever comes first. */
static void test_ignore_hash_by_md5(void **state)
{
	const struct text_source hashes = { "a.hdb", "# c\n" A16 ":5:Twice\n" B16 ":6:Twice\n" };
	const struct text_source list = { "b.ign2", "Twice:8fd32213b251bcb3c16b6b2a6f33feb1\n" };

	(void)state;
	for (int before = 0; before < 2; before++) {
		const struct text_source src[2] = { before ? list : hashes,
						    before ? hashes : list };
		struct built b;

		build_texts(src, 2, NULL, &b);
		assert_int_equal(b.status, OV_OK);
		assert_int_equal(b.stats.signatures, 1);
		assert_int_equal(b.stats.ignored, 1);
		assert_string_equal(found_name(&b, OV_USE_FILE, 5), "");
		built_free(&b);
	}
}

static void test_deterministic(void **state)
{
	struct built a, b;

	(void)state;
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &a);
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &b);
	assert_int_equal(a.bytes.n, b.bytes.n);
	assert_memory_equal(a.bytes.p, b.bytes.p, a.bytes.n);
	built_free(&a);
	built_free(&b);
}

static void test_empty(void **state)
{
	struct built b;

	(void)state;
	build_texts(NULL, 0, NULL, &b);
	assert_int_equal(b.status, OV_OK);
	assert_int_equal(b.db.nrules, 0);
	(void)touch_odb(&b.db);
	built_free(&b);
}

/* A copy that ends where its allocation ends, so that a sanitizer sees one byte too far. */
static void try_bytes(const uint8_t *p, size_t n, bool *opened)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	const char *why = NULL;
	struct ov_odb o;

	assert_non_null(copy);
	memcpy(copy, p, n);
	*opened = ov_odb_open(ov_cur_of(copy, n), &o, &why) == OV_OK;
	if (*opened) {
		(void)touch_odb(&o);
		*opened = ov_odb_check_all(&o, &why) == OV_OK;
	}
	if (!*opened)
		assert_non_null(why);
	free(copy);
}

static void test_each_prefix(void **state)
{
	bool opened;
	struct built b;

	(void)state;
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &b);
	for (size_t n = 0; n < b.bytes.n; n += n < 2048 ? 1 : 61) {
		try_bytes(b.bytes.p, n, &opened);
		assert_false(opened);
	}
	built_free(&b);
}

/* Every byte of a small database, with a bit flipped and with other values: refused, or harmless.
 */
static void test_each_byte_changed(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	size_t opens = 0, tries = 0;
	struct built b;

	(void)state;
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &b);
	for (size_t i = 0; i < b.bytes.n; i++) {
		for (size_t k = 0; k < sizeof masks; k++) {
			bool opened;

			if (b.bytes.p[i] == 0 && i % 7 != 0 && k > 0)
				continue; /* padding and empty filters are most of it */
			b.bytes.p[i] ^= masks[k];
			try_bytes(b.bytes.p, b.bytes.n, &opened);
			b.bytes.p[i] ^= masks[k];
			opens += opened;
			tries++;
		}
	}
	assert_true(tries > 1000);
	assert_true(opens < tries); /* names and texts may change; tables may not */
	built_free(&b);
}

/* A rule that is broken is told by its check, and by that of all; the others stay good. */
static void test_broken_rule(void **state)
{
	static const struct {
		const char *what;
		size_t at; /* in the second rule's row */
		uint8_t value;
	} rows[] = {
		{ "no such kind", 6, 99 },	   { "no such target", 7, 99 },
		{ "name outside", 1, 0xff },	   { "source not there", 16, 0xff },
		{ "first sub not there", 74, 1 },  { "condition outside", 77, 0xff },
		{ "too many subs", 84, 65 },	   { "a list that is too long", 87, 17 },
		{ "container unknown", 89, 0xff },
	};
	struct built b;

	(void)state;
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &b);
	assert_int_equal(ov_odb_check_all(&b.db, NULL), OV_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t *row =
		    b.bytes.p + (b.db.rules.base - b.bytes.p) + 8 + ODB_RULE_SIZE + rows[i].at;
		const uint8_t was = *row;
		const char *why = NULL;
		struct ov_odb o;

		*row = rows[i].value;
		ov_expect_eq(rows[i].what, ov_odb_open(ov_buf_cur(&b.bytes), &o, NULL), OV_OK);
		ov_expect_eq(rows[i].what, ov_odb_check_rule(&o, 1), OV_BAD);
		ov_expect_eq(rows[i].what, ov_odb_check_rule(&o, 0), OV_OK);
		ov_expect_eq(rows[i].what, ov_odb_check_rule(&o, 2), OV_OK);
		ov_expect_eq(rows[i].what, ov_odb_check_all(&o, &why), OV_BAD);
		ov_expect(rows[i].what, why != NULL);
		*row = was;
	}
	assert_int_equal(ov_odb_check_rule(&b.db, b.db.nrules), OV_BAD);
	built_free(&b);
}

static void test_id(void **state)
{
	struct built b;

	(void)state;
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &b);
	b.bytes.p[b.bytes.n - 1] ^= 1; /* in a rule's text: opening does not see it */
	assert_int_equal(ov_odb_open(ov_buf_cur(&b.bytes), &b.db, NULL), OV_OK);
	assert_int_equal(ov_odb_check_id(&b.db), OV_BAD);
	built_free(&b);
}

static void test_other_version(void **state)
{
	const char *why = NULL;
	struct ov_odb o;
	struct built b;

	(void)state;
	build_texts(sample, 1, NULL, &b);
	b.bytes.p[8] ^= 1;
	assert_int_equal(ov_odb_open(ov_buf_cur(&b.bytes), &o, &why), OV_UNSUPPORTED);
	b.bytes.p[8] ^= 1;
	assert_int_equal(ov_buf_u8(&b.bytes, 0), OV_OK);
	assert_int_equal(ov_odb_open(ov_buf_cur(&b.bytes), &o, &why), OV_BAD);
	assert_string_equal(why, "bytes follow its end");
	built_free(&b);
}

static void test_memory_limit(void **state)
{
	const struct ov_build_options tight = { .max_memory = 2000 },
				      fair = { .max_memory = 200000 };
	struct ov_buf many = ov_buf_of(1 << 20);
	struct text_source src = { "many.hdb", NULL };
	struct built b;

	(void)state;
	build_texts(sample, sizeof sample / sizeof *sample, &tight, &b);
	assert_int_equal(b.status, OV_LIMIT);
	built_free(&b);
	for (unsigned i = 0; i < 9000; i++)
		assert_int_equal(ov_buf_fmt(&many, "%032x:5:Name\n", i), OV_OK);
	assert_int_equal(ov_buf_u8(&many, 0), OV_OK);
	src.text = (const char *)many.p;
	build_texts(&src, 1, &fair,
		    &b); /* 9000 rows of 24 + 16 bytes and their names: more than that */
	assert_int_equal(b.status, OV_LIMIT);
	built_free(&b);
	ov_buf_free(&many);
}

/* The low level refuses what the parsers never make. */
static void test_low_level(void **state)
{
	const struct ov_build_options o = { .with_pua = false };
	struct ov_cond_node root = { .kind = OV_COND_SUB, .sub = 1 };
	struct ov_rule_ir r = { .name = OV_STR("N"), .kind = OV_RULE_BODY, .condition = &root };
	struct ov_hash_ir h = { .use = OV_HASH_USES, .name = OV_STR("N") };
	struct ov_odb_builder *b = NULL;
	struct ov_odb_source s = { .name = OV_STR("s"), .label = OV_STR("s") };
	struct ov_buf out = ov_buf_of(1 << 20);
	uint32_t id;

	(void)state;
	assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
	assert_int_equal(ov_odb_builder_rule(b, &r), OV_BAD); /* no source yet */
	assert_int_equal(ov_odb_builder_source(b, &s, &id), OV_OK);
	assert_int_equal(ov_odb_builder_rule(b, &r),
			 OV_BAD); /* names a subsignature that is not there */
	assert_int_equal(ov_odb_builder_hash(b, &h), OV_BAD);
	h.use = OV_USE_FILE;
	h.source = 7;
	assert_int_equal(ov_odb_builder_hash(b, &h), OV_BAD);
	assert_int_equal(ov_odb_builder_finish(b, &out, NULL), OV_OK);
	assert_int_equal(ov_odb_builder_finish(b, &out, NULL), OV_BUG); /* once */
	ov_odb_builder_free(&b);
	ov_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_wakes),
		cmocka_unit_test(test_any_is_everywhere),
		cmocka_unit_test(test_hash_names),
		cmocka_unit_test(test_ignore),
		cmocka_unit_test(test_ignore_hash_and_neighbours),
		cmocka_unit_test(test_ignore_hash_by_md5),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_each_prefix),
		cmocka_unit_test(test_each_byte_changed),
		cmocka_unit_test(test_broken_rule),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_other_version),
		cmocka_unit_test(test_memory_limit),
		cmocka_unit_test(test_low_level),
	};

	return cmocka_run_group_tests_name("sig odb", tests, NULL, NULL);
}
