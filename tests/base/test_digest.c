/* Digests: the standards' own vectors, in one piece and in all two-piece cuts, with one hasher
 * reused. */
#include "testing.h"

#include "digest.h"
#include "text.h"

/* RFC 1321 A.5 and FIPS 180-4's examples. */
/* clang-format off */
static const struct { const char *what; enum ov_digest_kind k; const char *in, *want; } vectors[] = {
	{ "MD5 of nothing",     OV_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
	{ "MD5 of abc",         OV_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
	{ "MD5 of the digits",  OV_MD5, "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
	  "57edf4a22be3c955ac49da2e2107b67a" },
	{ "SHA-1 of nothing",   OV_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ "SHA-1 of abc",       OV_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "SHA-1 of two blocks", OV_SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
	{ "SHA-256 of nothing", OV_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "SHA-256 of abc",     OV_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "SHA-256 of two blocks", OV_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};
/* clang-format on */

static void expect_digest(size_t i, const uint8_t *got)
{
	char text[2 * OV_DIGEST_MAX + 1];

	ov_hex_encode(got, ov_digest_size(vectors[i].k), text);
	if (strcmp(text, vectors[i].want) != 0)
		fail_msg("row \"%s\": %s, not %s", vectors[i].what, text, vectors[i].want);
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		OV_CLEANUP(ov_hasher_free) struct ov_hasher *h = NULL;
		const size_t n = strlen(vectors[i].in);
		uint8_t out[OV_DIGEST_MAX];

		assert_int_equal(ov_hasher_new(vectors[i].k, &h), OV_OK);
		assert_int_equal(ov_hasher_once(h, vectors[i].in, n, out), OV_OK);
		expect_digest(i, out);
		for (size_t cut = 0; cut <= n; cut++) {
			assert_int_equal(ov_hasher_start(h), OV_OK);
			assert_int_equal(ov_hasher_add(h, vectors[i].in, cut), OV_OK);
			assert_int_equal(ov_hasher_add(h, vectors[i].in + cut, n - cut), OV_OK);
			assert_int_equal(ov_hasher_end(h, out), OV_OK);
			expect_digest(i, out);
		}
	}
}

static void test_a_new_start_drops_the_old(void **state)
{
	OV_CLEANUP(ov_hasher_free) struct ov_hasher *h = NULL;
	uint8_t out[OV_DIGEST_MAX];

	(void)state;
	assert_int_equal(ov_hasher_new(OV_MD5, &h), OV_OK);
	assert_int_equal(ov_hasher_start(h), OV_OK);
	assert_int_equal(ov_hasher_add(h, "xyz", 3), OV_OK);
	assert_int_equal(ov_hasher_once(h, "abc", 3, out), OV_OK);
	expect_digest(1, out);
}

static void test_kinds(void **state)
{
	struct ov_hasher *h = NULL;

	(void)state;
	assert_int_equal(ov_digest_size(OV_MD5), 16);
	assert_int_equal(ov_digest_size(OV_SHA1), 20);
	assert_int_equal(ov_digest_size(OV_SHA256), 32);
	assert_int_equal(ov_digest_size(OV_DIGEST_KINDS), 0);
	assert_string_equal(ov_digest_name(OV_SHA1), "sha1");
	assert_string_equal(ov_digest_name(OV_DIGEST_KINDS), "unknown");
	assert_int_equal(ov_hasher_new(OV_DIGEST_KINDS, &h), OV_BUG);
	assert_null(h);
	ov_hasher_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_a_new_start_drops_the_old),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
