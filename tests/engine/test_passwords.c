/* Locked members of ZIP archives, with passwords that databases carry. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine_kit.h"

/*
 * "a.bin", stored, locked with "secret": overt-test-body in a locked zip.
 * "b.txt", deflated, locked with "other": words, and twice22! six times.
 * Made with zip_raw() of tests/differential/cases_meta.py.
 */
/* clang-format off */
static const uint8_t locked[] = {
	0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x0f, 0x35,
	0x6b, 0xcf, 0x2b, 0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x61, 0x2e,
	0x62, 0x69, 0x6e, 0xc8, 0x88, 0xc2, 0xbf, 0x0d, 0xe3, 0xa4, 0x03, 0xf4, 0x15, 0x53, 0xed, 0x44,
	0xa3, 0x6b, 0x8c, 0xae, 0x74, 0x8d, 0x4a, 0x29, 0x62, 0xdc, 0x1b, 0x52, 0xcf, 0xbd, 0x6f, 0x7f,
	0xb9, 0xf2, 0x31, 0x38, 0xc4, 0x49, 0x57, 0x12, 0x6c, 0x07, 0x52, 0xe0, 0x97, 0x63, 0x50, 0x4b,
	0x03, 0x04, 0x14, 0x00, 0x01, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x00, 0x1b, 0x71, 0x08, 0xcd,
	0x2f, 0x00, 0x00, 0x00, 0x93, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x62, 0x2e, 0x74, 0x78,
	0x74, 0x3a, 0x57, 0xe7, 0x65, 0x87, 0xa7, 0xb1, 0x5b, 0x37, 0x55, 0xa9, 0x29, 0xf7, 0x4d, 0x5c,
	0xd3, 0x6e, 0x33, 0x40, 0xbb, 0x04, 0xce, 0x58, 0x4c, 0x8a, 0x2c, 0xb2, 0xd9, 0x81, 0x0d, 0x02,
	0x6e, 0xb6, 0xe1, 0x5e, 0x2f, 0xe2, 0xdd, 0xf0, 0x64, 0x28, 0x29, 0x1c, 0xd4, 0x82, 0x78, 0x60,
	0x50, 0x4b, 0x01, 0x02, 0x14, 0x00, 0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00,
	0x0f, 0x35, 0x6b, 0xcf, 0x2b, 0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x61, 0x2e,
	0x62, 0x69, 0x6e, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x00, 0x14, 0x00, 0x01, 0x00, 0x08, 0x00, 0x00,
	0x00, 0x21, 0x00, 0x1b, 0x71, 0x08, 0xcd, 0x2f, 0x00, 0x00, 0x00, 0x93, 0x00, 0x00, 0x00, 0x05,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4e, 0x00, 0x00,
	0x00, 0x62, 0x2e, 0x74, 0x78, 0x74, 0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00,
	0x02, 0x00, 0x66, 0x00, 0x00, 0x00, 0xa0, 0x00, 0x00, 0x00, 0x00, 0x00,
};
/* clang-format on */

#define BODY                                                                                       \
	{                                                                                          \
		"t.ndb", "T.Body:0:*:6f766572742d746573742d626f6479\n"                             \
			 "T.Twice:0:*:7477696365323221\n"                                          \
	}
#define PW(container, rest) "P;Engine:81-255,Container:CL_TYPE_" container ";" rest "\n"

static void test_passwords(void **state)
{
	static const struct {
		const char *what, *lines, *want;
	} rows[] = {
		{ "none", "", "|0:a.bin; 0:b.txt" },
		{ "one", PW("ZIP", "0;secret"), "T.Body@a.bin+0|0:b.txt" },
		{ "hexadecimal", PW("ANY", "1;736563726574"), "T.Body@a.bin+0|0:b.txt" },
		{ "the other", PW("ZIP", "0;other"), "T.Twice@b.txt+32|0:a.bin" },
		{ "both, behind wrong ones",
		  PW("ZIP", "0;wrong") PW("ZIP", "0;") PW("ZIP", "0;other") PW("ZIP", "0;secret"),
		  "T.Body@a.bin+0; T.Twice@b.txt+32|" },
		{ "for another kind", PW("RAR", "0;secret"), "|0:a.bin; 0:b.txt" },
		{ "longer", PW("ZIP", "0;secret "), "|0:a.bin; 0:b.txt" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct kit_source sources[] = { BODY,
						      { "t.pwdb", rows[i].lines },
						      { NULL, NULL } };
		char got[1000];
		struct kit k;

		kit_open(&k, sources);
		kit_line(kit_scan(&k, locked, sizeof locked), got, sizeof got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row \"%s\": got \"%s\", not \"%s\"", rows[i].what, got,
				 rows[i].want);
		kit_close(&k);
	}
}

/* A thousand wrong passwords: one in 256 passes the first check, none opens anything. */
static void test_wrong_passwords(void **state)
{
	struct ov_buf text = ov_buf_of(1 << 20);
	struct kit_source sources[] = { BODY, { "t.pwdb", NULL }, { NULL, NULL } };
	char got[1000];
	struct kit k;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ov_buf_fmt(&text, PW("ZIP", "0;wrong%d"), i), OV_OK);
	assert_int_equal(ov_buf_u8(&text, 0), OV_OK);
	sources[1].text = (const char *)text.p;
	kit_open(&k, sources);
	assert_string_equal(kit_line(kit_scan(&k, locked, sizeof locked), got, sizeof got),
			    "|0:a.bin; 0:b.txt");
	ov_buf_free(&text);
	kit_close(&k);
}

/* Damage anywhere, and every cut: never a clean verdict for a locked archive. */
static void test_damage(void **state)
{
	const struct kit_source sources[] = {
		{ "t.pwdb", PW("ZIP", "0;secret") PW("ZIP", "0;other") }, { NULL, NULL }
	};
	uint8_t copy[sizeof locked];
	const struct ov_report *r;
	struct kit k;

	(void)state;
	kit_open(&k, sources);
	r = kit_scan(&k, locked, sizeof locked);
	assert_int_equal(r->nincompletes, 0);
	for (size_t i = 0; i < sizeof locked; i++) {
		memcpy(copy, locked, sizeof locked);
		copy[i] ^= 0x55;
		(void)kit_scan(&k, copy, sizeof copy);
	}
	/* A byte of the first member's data: its CRC no longer fits, so no password does. */
	memcpy(copy, locked, sizeof locked);
	copy[35 + 12 + 3] ^= 1;
	r = kit_scan(&k, copy, sizeof copy);
	assert_int_equal(r->nincompletes, 1);
	for (size_t n = 35; n < sizeof locked - 22; n++) {
		r = kit_scan(&k, locked, n);
		ov_expect_eq("a cut archive is incomplete", r->nincompletes > 0, 1);
	}
	kit_close(&k);
}

/* WinZip's AES, as 7-Zip (sizes in front, no CRC) and libarchive (sizes behind, CRC) write it. */
static size_t read_sample(const char *name, uint8_t *to, size_t max)
{
	char path[512];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", getenv("SAMPLES"), name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(to, 1, max, f);
	(void)fclose(f);
	return n;
}

static void test_aes(void **state)
{
	static const struct {
		const char *file, *lines, *want;
	} rows[] = {
		{ "aes.zip", PW("ZIP", "0;wrong"), "|0:a.bin; 0:b.txt; 0:c.bin" },
		{ "aes.zip", PW("ZIP", "0;secret"), "T.Body@a.bin+0; T.Body@c.bin+0|0:b.txt" },
		{ "aes.zip", PW("ZIP", "0;other"), "T.Twice@b.txt+11|0:a.bin; 0:c.bin" },
		{ "aes.zip", PW("ZIP", "0;") PW("ZIP", "0;other") PW("ZIP", "0;secret"),
		  "T.Body@a.bin+0; T.Twice@b.txt+11; T.Body@c.bin+0|" },
		{ "aes-stream.zip", PW("ZIP", "0;secret"), "T.Body@a.bin+0; T.Body@c.bin+0|" },
		{ "aes-stream.zip", "", "|0:a.bin; 0:c.bin" },
	};
	uint8_t bytes[2048];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct kit_source sources[] = { BODY,
						      { "t.pwdb", rows[i].lines },
						      { NULL, NULL } };
		const size_t n = read_sample(rows[i].file, bytes, sizeof bytes);
		char got[1000];
		struct kit k;

		kit_open(&k, sources);
		k.options.all_matches = true;
		kit_line(kit_scan(&k, bytes, n), got, sizeof got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s, \"%s\": got \"%s\", not \"%s\"", rows[i].file, rows[i].lines,
				 got, rows[i].want);
		kit_close(&k);
	}
}

/* One byte of the data changed, anywhere: the code at its end is no longer that of the data. */
#define AES_DATA (30 + 5 + 43) /* the first member's, behind header, name and extra fields */

static void test_aes_damage(void **state)
{
	const struct kit_source sources[] = { BODY,
					      { "t.pwdb", PW("ZIP", "0;secret") },
					      { NULL, NULL } };
	uint8_t bytes[2048];
	const size_t n = read_sample("aes-stream.zip", bytes, sizeof bytes);
	const struct ov_report *r;
	struct kit k;

	(void)state;
	kit_open(&k, sources);
	k.options.all_matches = true;
	for (size_t at = AES_DATA; at < n - 22; at += 3) {
		bytes[at] ^= 0x10;
		r = kit_scan(&k, bytes, n);
		ov_expect("changed", r->nincompletes > 0 || r->ndetections >= 2);
		bytes[at] ^= 0x10;
	}
	for (size_t cut = 40; cut < n - 22; cut += 3) {
		r = kit_scan(&k, bytes, cut);
		ov_expect("cut", r->nincompletes > 0);
	}
	/* In the first member's data: told as damage, not as a wrong password. */
	bytes[AES_DATA + 16 + 2 + 3] ^= 1;
	r = kit_scan(&k, bytes, n);
	assert_non_null(r->incompletes);
	assert_int_equal(r->incompletes->reason, OVERT_MALFORMED);
	kit_close(&k);
}

/* A caller's own passwords are tried as well as the database's, and first. */
static void test_own_passwords(void **state)
{
	const struct kit_source sources[] = { BODY,
					      { "t.pwdb", PW("ZIP", "0;other") },
					      { NULL, NULL } };
	static const char own[] = "no\0secret"; /* and the NUL that C adds */
	char got[1000];
	struct kit k;

	(void)state;
	kit_open(&k, sources);
	assert_int_equal(ov_engine_passwords(k.engine, (struct ov_str){ own, sizeof own }), OV_OK);
	assert_string_equal(kit_line(kit_scan(&k, locked, sizeof locked), got, sizeof got),
			    "T.Body@a.bin+0; T.Twice@b.txt+32|");
	kit_close(&k);
}

/* Switches of databases: what they switch off is off, and nothing else. */
static void test_switches(void **state)
{
	static const struct {
		const char *what, *lines, *want;
	} rows[] = {
		{ "passwords off", "ARCHIVE:0x3fffff:1:255\n", "|0:a.bin; 0:b.txt" },
		{ "on again", "ARCHIVE:0x0:1:255\nARCHIVE:0x400000:1:255\n",
		  "T.Body@a.bin+0|0:b.txt" },
		{ "nobody knows it", "FOO:0x0:1:255\n", "T.Body@a.bin+0|0:b.txt" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct kit_source sources[] = { BODY,
						      { "t.pwdb", PW("ZIP", "0;secret") },
						      { "t.cfg", rows[i].lines },
						      { NULL, NULL } };
		char got[1000];
		struct kit k;

		kit_open(&k, sources);
		kit_line(kit_scan(&k, locked, sizeof locked), got, sizeof got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row \"%s\": got \"%s\", not \"%s\"", rows[i].what, got,
				 rows[i].want);
		kit_close(&k);
	}
}

/*
 * Types that a database declares: they count for what overt knows no better than data or text, and
 * add to what is matched and opened.
 */
static void test_magic(void **state)
{
	static const struct {
		const char *what, *lines, *bytes;
		size_t n;
		const char *want;
	} rows[] = {
		{ "declared by bytes", "0:0:5151:d:CL_TYPE_ANY:CL_TYPE_PDF\n", "QQ\0\2 find me", 12,
		  "T.Any@+5; T.Data@+5; T.Pdf@+5" },
		{ "not there", "0:1:5151:d:CL_TYPE_ANY:CL_TYPE_PDF\n", "QQ\0\2 find me", 12,
		  "T.Any@+5; T.Data@+5" },
		{ "declared by a pattern", "1:*:6d652021:d:CL_TYPE_ANY:CL_TYPE_PDF\n",
		  "QQ\0\2 find me !", 14, "T.Any@+5; T.Data@+5; T.Pdf@+5" },
		{ "for another type", "1:*:6d652021:d:CL_TYPE_TEXT_ASCII:CL_TYPE_PDF\n",
		  "QQ\0\2 find me !", 14, "T.Any@+5; T.Data@+5" },
		{ "the last one counts",
		  "0:0:5151:d:CL_TYPE_ANY:CL_TYPE_PDF\n0:0:51:d:CL_TYPE_ANY:CL_TYPE_GRAPHICS\n",
		  "QQ\0\2 find me", 12, "T.Any@+5; T.Data@+5; T.Picture@+5" },
		{ "nobody keeps a file from being read", "0:0:5151:d:CL_TYPE_ANY:CL_TYPE_IGNORED\n",
		  "QQ\0\2 find me", 12, "T.Any@+5; T.Data@+5" },
		{ "text stays text as well", "0:0:7465:d:CL_TYPE_ANY:CL_TYPE_GRAPHICS\n",
		  "text to find me", 15, "T.Any@+8; T.Text@~text+8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct kit_source sources[] = {
			{ "t.ndb", "T.Any:0:*:66696e64206d65\nT.Data:14:*:66696e64206d65\n"
				   "T.Pdf:10:*:66696e64206d65\nT.Picture:5:*:66696e64206d65\n"
				   "T.Text:7:*:66696e64206d65\n" },
			{ "t.ftm", rows[i].lines },
			{ NULL, NULL },
		};
		char got[1000];
		struct kit k;

		kit_open(&k, sources);
		kit_line(kit_scan(&k, rows[i].bytes, rows[i].n), got, sizeof got);
		if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("row \"%s\": got \"%s\", not \"%s\"", rows[i].what, got,
				 rows[i].want);
		kit_close(&k);
	}
}

/* A ZIP stays one, whatever a database calls it. */
static void test_magic_never_hides(void **state)
{
	const struct kit_source sources[] = { BODY,
					      { "t.ftm",
						"0:0:504b0304:d:CL_TYPE_ANY:CL_TYPE_GRAPHICS\n"
						"1:*:504b:d:CL_TYPE_ANY:CL_TYPE_PDF\n" },
					      { NULL, NULL } };
	const struct kit_member m[] = { { "a", "overt-test-body", 15, true, false } };
	struct ov_buf zip;
	char got[1000];
	struct kit k;

	(void)state;
	kit_open(&k, sources);
	kit_zip(m, 1, &zip);
	assert_string_equal(kit_line(kit_scan(&k, zip.p, zip.n), got, sizeof got), "T.Body@a+0|");
	ov_buf_free(&zip);
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_wrong_passwords),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_aes),
		cmocka_unit_test(test_aes_damage),
		cmocka_unit_test(test_own_passwords),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_magic),
		cmocka_unit_test(test_magic_never_hides),
	};

	return cmocka_run_group_tests_name("passwords", tests, NULL, NULL);
}
