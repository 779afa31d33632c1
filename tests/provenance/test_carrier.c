/* overt's record of itself: read whole, cut everywhere, with each byte changed; and the front
 * door's function. */
#include "testing.h"

#include <stdlib.h>

#include "overt/provenance.h"
#include "overt/version.h"
#include "provenance.h"
#include "provenance_data.h"

static size_t build(const char *body, uint8_t *to, bool good)
{
	struct ov_hasher *h = NULL;
	const size_t n = strlen(body);
	uint8_t digest[OV_DIGEST_MAX];

	ov_carrier_magic(to);
	to[16] = (uint8_t)n;
	to[17] = (uint8_t)(n >> 8);
	to[18] = to[19] = 0;
	assert_int_equal(ov_hasher_new(OV_SHA256, &h), OV_OK);
	assert_int_equal(ov_hasher_once(h, body, n, digest), OV_OK);
	ov_hasher_free(&h);
	memcpy(to + 20, digest, 32);
	to[20] = (uint8_t)(to[20] ^ !good);
	memcpy(to + OV_CARRIER_HEAD, body, n);
	return OV_CARRIER_HEAD + n;
}

static const struct {
	const char *what, *body;
	bool good;
	ov_status want;
} rows[] = {
	{ "one as we write it", "overt-provenance/v1\nname overt\nversion 1\nsbom 2\n{}", true,
	  OV_OK },
	{ "its digest is another", "overt-provenance/v1\nname overt\nversion 1\nsbom 2\n{}", false,
	  OV_BAD },
	{ "a key of a later version", "overt-provenance/v1\nname overt\nmood good\nsbom 0\n", true,
	  OV_OK },
	{ "a later form", "overt-provenance/v2\nname overt\nsbom 0\n", true, OV_UNSUPPORTED },
	{ "another word", "other-provenance/v1\nsbom 0\n", true, OV_BAD },
	{ "no end", "overt-provenance/v1\nname overt\n", true, OV_BAD },
	{ "a line without a value", "overt-provenance/v1\nname\nsbom 0\n", true, OV_BAD },
	{ "an SBOM shorter than it says", "overt-provenance/v1\nsbom 3\n{}", true, OV_BAD },
	{ "an SBOM longer than it says", "overt-provenance/v1\nsbom 1\n{}", true, OV_BAD },
	{ "a number that is none", "overt-provenance/v1\nsbom two\n{}", true, OV_BAD },
	{ "nothing", "", true, OV_BAD },
};

static void test_rows(void **state)
{
	struct ov_hasher *h = NULL;

	(void)state;
	assert_int_equal(ov_hasher_new(OV_SHA256, &h), OV_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t room[512];
		const size_t n = build(rows[i].body, room, rows[i].good);
		struct ov_carrier c;

		ov_expect_eq(rows[i].what, ov_carrier_read(ov_cur_of(room, n), h, &c),
			     rows[i].want);
		if (rows[i].want == OV_OK)
			ov_expect(rows[i].what, ov_str_is(c.name, "overt"));
	}
	ov_hasher_free(&h);
}

/* Our own: no shorter one is whole, and no byte of it can be another. */
static void test_own(void **state)
{
	size_t n = 0;
	const unsigned char *own = ov_provenance_record(&n);
	uint8_t *copy = malloc(n);
	struct ov_hasher *h = NULL;
	struct ov_carrier c;

	(void)state;
	assert_non_null(copy);
	assert_int_equal(ov_hasher_new(OV_SHA256, &h), OV_OK);
	assert_int_equal(ov_provenance_own(h, &c), OV_OK);
	assert_true(ov_str_is(c.version, OVERT_VERSION));
	for (size_t k = 0; k < n; k++) {
		uint8_t *exact = malloc(k > 0 ? k : 1);

		assert_non_null(exact);
		memcpy(exact, own, k);
		assert_int_not_equal(ov_carrier_read(ov_cur_of(exact, k), h, &c), OV_OK);
		free(exact);
	}
	memcpy(copy, own, n);
	for (size_t k = 0; k < n; k++) {
		copy[k] ^= 0x20;
		assert_int_not_equal(ov_carrier_read(ov_cur_of(copy, n), h, &c), OV_OK);
		copy[k] ^= 0x20;
	}
	assert_int_equal(ov_carrier_read(ov_cur_of(copy, n), h, &c), OV_OK);
	ov_hasher_free(&h);
	free(copy);
}

static void test_front_door(void **state)
{
	struct overt_provenance p;

	(void)state;
	assert_int_equal(overt_provenance(&p), OVERT_OK);
	assert_string_equal(p.version, OVERT_VERSION);
	assert_int_equal(p.database_format, OVERT_DATABASE_FORMAT);
	assert_true(strlen(p.commit) >= 7);
	assert_true(strlen(p.machine) > 0);
	assert_true(p.sbom_size > 100 && memcmp(p.sbom, "{\"bomFormat\":\"CycloneDX\"", 24) == 0 &&
		    p.sbom[p.sbom_size - 1] == '}');
	for (const char *c = p.build_id; *c != '\0'; c++)
		assert_non_null(strchr("0123456789abcdef", *c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_front_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
