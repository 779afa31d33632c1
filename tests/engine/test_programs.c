/* What signatures say of programs as a whole: import hashes, publishers that are trusted or
 * blocked. The samples are tests/format/samples/signed. */
#include "testing.h"

#include <stdlib.h>

#include "engine_kit.h"
#include "text.h"

#define FILE_MAX 8192
#define BODY "T.Body:1:*:546869732070726f6772616d\n" /* This program */

static size_t read_file(const char *name, uint8_t *to)
{
	char path[4096];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/signed/%s", getenv("SAMPLES"), name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s: can't be opened", path);
	n = fread(to, 1, FILE_MAX, f);
	(void)fclose(f);
	return n;
}

/* A .crb line for a certificate of keys.txt. */
static void crb_line(struct ov_buf *to, const char *name, const char *who, const char *trusted)
{
	static uint8_t bytes[FILE_MAX];
	struct ov_cur text = ov_cur_of(bytes, read_file("keys.txt", bytes));
	struct ov_str line, key, subject, serial;

	while (ov_cur_line(&text, &line) == OV_OK) {
		assert_true(ov_text_split(&line, ' ', &key) &&
			    ov_text_split(&line, ' ', &subject) &&
			    ov_text_split(&line, ' ', &serial));
		if (ov_str_is(key, who))
			assert_int_equal(ov_buf_fmt(to, "%s;%s;%.*s;%.*s;%.*s;;1;1;1;0;c\n", name,
						    trusted, (int)subject.n, subject.p,
						    (int)serial.n, serial.p, (int)line.n, line.p),
					 OV_OK);
	}
}

static void test_publishers(void **state)
{
	static const struct {
		const char *what, *file, *trusted, *blocked, *fp, *want;
		uint64_t features_off;
		bool all;
	} cases[] = {
		{ "nobody trusted", "signed.exe", "tsa", NULL, NULL, "T.Body@+596|", 0, 0 },
		{ "the authority", "signed.exe", "root", NULL, NULL, "|", 0, 0 },
		{ "the publisher", "signed.exe", "leaf", NULL, NULL, "|", 0, 0 },
		{ "an unsigned program", "plain.exe", "root", NULL, NULL, "T.Body@+596|", 0, 0 },
		{ "signed by one who is blocked", "signed.exe", NULL, "leaf", NULL, "T.Bad@+1024|",
		  0, 0 },
		{ "all that is found", "signed.exe", NULL, "leaf", NULL,
		  "T.Bad@+1024; T.Body@+596|", 0, 1 },
		{ "blocked beats trusted", "signed.exe", "root", "leaf", NULL, "T.Bad@+1024|", 0,
		  1 },
		{ "whatever its time", "expired.exe", NULL, "old", NULL, "T.Bad@+1024|", 0, 0 },
		{ "another one is blocked", "signed.exe", NULL, "old", NULL, "T.Body@+596|", 0, 0 },
		{ "certificates switched off", "signed.exe", "root", "leaf", NULL, "T.Body@+596|",
		  (uint64_t)1 << OVERT_FEATURE_CERTIFICATES, 1 },
	};
	static uint8_t bytes[FILE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_buf crb = ov_buf_of(FILE_MAX);
		struct kit_source sources[] = { { "t.ndb", BODY },
						{ "t.crb", NULL },
						{ NULL, NULL } };
		const size_t n = read_file(cases[i].file, bytes);
		char line[4096];
		struct kit k;

		if (cases[i].trusted != NULL)
			crb_line(&crb, "T.Good", cases[i].trusted, "1");
		if (cases[i].blocked != NULL)
			crb_line(&crb, "T.Bad", cases[i].blocked, "0");
		assert_int_equal(ov_buf_u8(&crb, 0), OV_OK);
		sources[1].text = (const char *)crb.p;
		kit_open(&k, sources);
		k.options.features_off = cases[i].features_off;
		k.options.all_matches = cases[i].all;
		kit_line(kit_scan(&k, bytes, n), line, sizeof line);
		if (strcmp(line, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", not \"%s\"", cases[i].what, line, cases[i].want);
		kit_close(&k);
		ov_buf_free(&crb);
	}
}

static void test_import_hash(void **state)
{
	/* MD5 and SHA-256 of "kernel32.exitprocess" */
	static const struct {
		const char *what, *imp, *want;
	} cases[] = {
		{ "its size", "f9ade0aa18f660a34a4fa23392e21838:20:T.Imp\n", "T.Imp@+0|" },
		{ "any size", "f9ade0aa18f660a34a4fa23392e21838:*:T.Imp\n", "T.Imp@+0|" },
		{ "another size", "f9ade0aa18f660a34a4fa23392e21838:21:T.Imp\n", "|" },
		{ "another hash", "00ade0aa18f660a34a4fa23392e21838:20:T.Imp\n", "|" },
	};
	static uint8_t bytes[FILE_MAX];
	const size_t n = read_file("plain.exe", bytes);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct kit_source sources[] = { { "t.imp", cases[i].imp }, { NULL, NULL } };
		const struct ov_report *r;
		char line[4096];
		struct kit k;

		kit_open(&k, sources);
		r = kit_scan(&k, bytes, n);
		kit_line(r, line, sizeof line);
		if (strcmp(line, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", not \"%s\"", cases[i].what, line, cases[i].want);
		if (r->detections != NULL) {
			assert_int_equal(r->detections->kind, OV_RULE_IMPORT_HASH);
			assert_true(ov_str_starts(r->detections->rule_text, OV_STR("f9ade0aa")));
		}
		kit_close(&k);
	}
}

/* The hash is that of tests/format/samples/images/rgb.png, by sigtool. */
static void test_image_hash(void **state)
{
	static const struct {
		const char *what, *subs, *target;
		uint64_t features_off;
		const char *want;
	} cases[] = {
		{ "its hash", "0;fuzzy_img#9e8fe1f070f0e164", "0", 0, "T.Img@+0|" },
		{ "and a distance of 0", "0;fuzzy_img#9e8fe1f070f0e164#0", "5", 0, "T.Img@+0|" },
		{ "another low half", "0;fuzzy_img#9e8fe1f070f0e165", "0", 0, "|" },
		{ "another high half", "0;fuzzy_img#9e8fe1f170f0e164", "0", 0, "|" },
		{ "another target", "0;fuzzy_img#9e8fe1f070f0e164", "1", 0, "|" },
		{ "with a pattern", "0&1;fuzzy_img#9e8fe1f070f0e164;49484452", "0", 0,
		  "T.Img@+0|" },
		{ "with one that is not there", "0&1;fuzzy_img#9e8fe1f070f0e164;61626364", "0", 0,
		  "|" },
		{ "or another", "0|1;fuzzy_img#9e8fe1f070f0e165;fuzzy_img#9e8fe1f070f0e164", "0", 0,
		  "T.Img@+0|" },
		{ "not that one", "0=0&1;fuzzy_img#9e8fe1f070f0e165;49484452", "0", 0,
		  "T.Img@+12|" },
		{ "switched off", "0;fuzzy_img#9e8fe1f070f0e164", "0",
		  (uint64_t)1 << OVERT_FEATURE_IMAGE_HASH, "|" },
		{ "images switched off", "0;fuzzy_img#9e8fe1f070f0e164", "0",
		  (uint64_t)1 << OVERT_FEATURE_IMAGE, "|" },
	};
	static uint8_t bytes[FILE_MAX];
	const size_t n = read_file("../images/rgb.png", bytes);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct kit_source sources[] = { { "t.ldb", NULL }, { NULL, NULL } };
		char line[4096], rule[256];
		struct kit k;

		(void)snprintf(rule, sizeof rule, "T.Img;Engine:150-255,Target:%s;%s\n",
			       cases[i].target, cases[i].subs);
		sources[0].text = rule;
		kit_open(&k, sources);
		k.options.features_off = cases[i].features_off;
		kit_line(kit_scan(&k, bytes, n), line, sizeof line);
		if (strcmp(line, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", not \"%s\"", cases[i].what, line, cases[i].want);
		kit_line(kit_scan(&k, bytes, n / 2), line, sizeof line); /* half a picture */
		if (cases[i].features_off == 0 && cases[i].target[0] != '1' && strlen(line) < 3)
			fail_msg("%s: half a picture is not told of: \"%s\"", cases[i].what, line);
		kit_close(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publishers),
		cmocka_unit_test(test_import_hash),
		cmocka_unit_test(test_image_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
