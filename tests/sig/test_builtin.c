/* The built-in signatures: all are taken, and each finds what it is for. */
#include "testing.h"

#include "build_text.h"
#include "builtin.h"

/* In two halves, so that this file is not taken for the test file itself. */
#define EICAR                                                                                      \
	"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-"                                             \
	"ANTIVIRUS-TEST-FILE!$H+H*"

static void build_builtin(struct built *out)
{
	const struct ov_build_options o = { .with_pua = false };
	struct ov_odb_builder *b = NULL;

	*out = (struct built){ .bytes = ov_buf_of(1 << 24), .said = ov_buf_of(1) };
	assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
	assert_int_equal(ov_builtin_add(b), OV_OK);
	assert_int_equal(ov_odb_builder_finish(b, &out->bytes, &out->stats), OV_OK);
	ov_odb_builder_free(&b);
	assert_int_equal(ov_odb_open(ov_buf_cur(&out->bytes), &out->db, NULL), OV_OK);
}

static void test_taken(void **state)
{
	struct built b;

	(void)state;
	build_builtin(&b);
	assert_int_equal(b.stats.refused, 0);
	assert_int_equal(b.stats.skipped, 0);
	assert_int_equal(b.stats.signatures, 5 + b.db.yara.nrules);
	assert_true(b.db.yara.nrules >= 80);
	for (int t = 0; t < OV_TARGET_COUNT; t++) /* none costs a file that has nothing of it */
		assert_int_equal(ov_odb_always_count(&b.db, (enum ov_target)t), 0);
	built_free(&b);
}

/* Rules that no string wakes ask for a kind of file by its first bytes; each rule has a grade. */
static void test_rules_are_cheap_and_graded(void **state)
{
	struct built b;

	(void)state;
	build_builtin(&b);
	for (int c = 0; c < (int)OV_YCLASSES; c++)
		for (uint32_t i = 0; i < ov_yimage_always_count(&b.db.yara, (enum ov_yclass)c);
		     i++) {
			struct ov_yrule r;

			ov_yimage_rule(&b.db.yara,
				       ov_yimage_always(&b.db.yara, (enum ov_yclass)c, i), &r);
			if (r.gate == UINT32_MAX || (r.nstrings > 0 && r.class != OV_YCLASS_ELF))
				fail_msg("%.*s is tried on every file", (int)r.name.n, r.name.p);
		}
	for (uint32_t i = 0; i < b.db.yara.nrules; i++) {
		struct ov_yrule r;

		ov_yimage_rule(&b.db.yara, i, &r);
		assert_in_range(ov_yrule_severity(r.flags), 1, OV_YRULE_GRADES - 1);
		assert_true(r.name.n > 6 && memcmp(r.name.p, "Overt.", 6) == 0);
	}
	built_free(&b);
}

/* The same text from anybody else is a rule like others: its metadata mean nothing. */
static void test_others_are_not_graded(void **state)
{
	size_t n;
	const struct ov_builtin_source *s = ov_builtin_sources(&n);
	const struct ov_build_options o = { .with_pua = false };
	uint32_t nrules = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct built b = { .bytes = ov_buf_of(1 << 24), .said = ov_buf_of(1) };
		struct ov_odb_builder *builder = NULL;

		assert_int_equal(ov_odb_builder_new(&o, &builder), OV_OK);
		assert_int_equal(ov_odb_builder_add(builder, ov_str_of(s[i].name),
						    ov_cur_of(s[i].bytes, s[i].n)),
				 OV_OK);
		assert_int_equal(ov_odb_builder_finish(builder, &b.bytes, &b.stats), OV_OK);
		ov_odb_builder_free(&builder);
		assert_int_equal(ov_odb_open(ov_buf_cur(&b.bytes), &b.db, NULL), OV_OK);
		for (uint32_t k = 0; k < b.db.yara.nrules; k++, nrules++) {
			struct ov_yrule r;

			ov_yimage_rule(&b.db.yara, k, &r);
			assert_int_equal(ov_yrule_severity(r.flags), 0);
			assert_true(memcmp(r.name.p, "Overt_", 6) == 0);
		}
		built_free(&b);
	}
	assert_true(nrules >= 80);
}

/* A database among the sources of another keeps its grades. */
static void test_join_keeps_grades(void **state)
{
	const struct ov_build_options o = { .with_pua = false };
	struct built b, joined = { .bytes = ov_buf_of(1 << 24), .said = ov_buf_of(1) };
	struct ov_yrule was, is;
	struct ov_odb_builder *builder = NULL;
	const char *why = NULL;

	(void)state;
	build_builtin(&b);
	assert_int_equal(ov_odb_builder_new(&o, &builder), OV_OK);
	assert_int_equal(
	    ov_odb_builder_join(builder, ov_buf_cur(&b.bytes), ov_cur_of(NULL, 0), &why), OV_OK);
	assert_int_equal(ov_odb_builder_finish(builder, &joined.bytes, &joined.stats), OV_OK);
	ov_odb_builder_free(&builder);
	assert_int_equal(ov_odb_open(ov_buf_cur(&joined.bytes), &joined.db, NULL), OV_OK);
	assert_int_equal(joined.db.yara.nrules, b.db.yara.nrules);
	for (uint32_t i = 0; i < b.db.yara.nrules; i++) {
		ov_yimage_rule(&b.db.yara, i, &was);
		ov_yimage_rule(&joined.db.yara, i, &is);
		assert_true(ov_str_eq(was.name, is.name));
		assert_int_equal(was.flags, is.flags);
	}
	ov_buf_free(&joined.bytes);
	ov_buf_free(&joined.said);
	built_free(&b);
}

static uint32_t rule_named(const struct ov_odb *o, const char *name)
{
	for (uint32_t i = 0; i < o->nrules; i++) {
		struct ov_rule r;

		ov_odb_rule(o, i, &r);
		if (ov_str_is(r.name, name))
			return i;
	}
	fail_msg("no rule %s", name);
	return 0;
}

static void test_eicar(void **state)
{
	static const char eicar[] = EICAR;
	struct ov_rule r;
	struct ov_sub s;
	uint64_t len;
	struct built b;

	(void)state;
	build_builtin(&b);
	ov_odb_rule(&b.db, rule_named(&b.db, "Eicar-Test-Signature"), &r);
	assert_int_equal(r.file_size.lo, 68);
	assert_int_equal(r.file_size.hi, 128);
	ov_odb_sub(&b.db, r.first_sub, &s);
	assert_int_equal(s.place.kind, OV_PLACE_ABS);
	assert_int_equal(s.place.n, 0);
	assert_int_equal(
	    ov_pat_match_at(&b.db.pats, s.pattern, (const uint8_t *)eicar, 68, 0, 68, 0, &len),
	    OV_OK);
	assert_int_equal(len, 68);
	for (size_t i = 0; i < 68; i++) {
		char changed[sizeof eicar];

		memcpy(changed, eicar, sizeof eicar);
		changed[i] ^= 1;
		assert_int_equal(ov_pat_match_at(&b.db.pats, s.pattern, (const uint8_t *)changed,
						 68, 0, 68, 0, &len),
				 OV_END);
	}
	built_free(&b);
}

static void test_same_in_clamav_test_file(void **state)
{
	static const uint8_t digest[16] = { 0xaa, 0x15, 0xbc, 0xf4, 0x78, 0xd1, 0x65, 0xef,
					    0xd2, 0x06, 0x51, 0x90, 0xeb, 0x47, 0x3b, 0xcb };
	struct ov_odb_hash_name name;
	uint32_t token;
	struct built b;

	(void)state;
	build_builtin(&b);
	assert_true(ov_hashset_wants(&b.db.hashes[OV_USE_FILE][OV_MD5], 544));
	assert_true(ov_hashset_find(&b.db.hashes[OV_USE_FILE][OV_MD5], digest, 544, &token));
	ov_odb_hash_name(&b.db, token, &name);
	assert_true(ov_str_is(name.name, "ClamAV-Test-File"));
	(void)rule_named(&b.db, "ClamAV-Test-File");
	built_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_rules_are_cheap_and_graded),
		cmocka_unit_test(test_others_are_not_graded),
		cmocka_unit_test(test_join_keeps_grades),
		cmocka_unit_test(test_eicar),
		cmocka_unit_test(test_same_in_clamav_test_file),
	};

	return cmocka_run_group_tests_name("sig builtin", tests, NULL, NULL);
}
