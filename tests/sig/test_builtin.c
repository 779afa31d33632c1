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
	size_t n;
	const struct ov_builtin_source *s = ov_builtin_sources(&n);

	*out = (struct built){ .bytes = ov_buf_of(1 << 24), .said = ov_buf_of(1) };
	assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    ov_odb_builder_add(b, ov_str_of(s[i].name), ov_cur_of(s[i].bytes, s[i].n)),
		    OV_OK);
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
	assert_int_equal(b.stats.signatures, 5);
	for (int t = 0; t < OV_TARGET_COUNT; t++) /* none costs a file that has nothing of it */
		assert_int_equal(ov_odb_always_count(&b.db, (enum ov_target)t), 0);
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
		cmocka_unit_test(test_eicar),
		cmocka_unit_test(test_same_in_clamav_test_file),
	};

	return cmocka_run_group_tests_name("sig builtin", tests, NULL, NULL);
}
