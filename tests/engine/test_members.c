/* Container-metadata signatures on archives made in memory. */
#include "testing.h"

#include "engine_kit.h"

#define ZIP_OF(members, out) kit_zip((members), sizeof(members) / sizeof *(members), (out))

static const struct kit_member members[] = {
	{ "invoice.pdf.exe", "0123456789", 10, false, false },
	{ "dir/", "", 0, false, false },
	{ "dir/Notes.TXT", "just some words", 15, false, false },
	{ "locked.bin", "????????????", 12, false, true },
};

/* The container's size (447) and its first member's CRC are written into the lines by number. */
static void test_conditions(void **state)
{
	static const struct {
		const char *line;
		const char *want; /* of all matches, without the incomplete part's */
	} rows[] = {
		{ "*:*:exe$:*:*:*:*:*:*", "T@invoice.pdf.exe+0" },
		{ "*:*:EXE$:*:*:*:*:*:*", "" },
		{ "*:*:(?i)NOTES:*:*:*:*:*:*", "T@dir/Notes.TXT+0" },
		{ "CL_TYPE_ZIP:*:invoice:*:*:*:*:*:*", "T@invoice.pdf.exe+0" },
		{ "CL_TYPE_RAR:*:invoice:*:*:*:*:*:*", "" },
		{ "*:440-447:invoice:*:*:*:*:*:*", "T@invoice.pdf.exe+0" },
		{ "*:0-446:invoice:*:*:*:*:*:*", "" },
		{ "*:*:*:*:10:*:*:*:*", "T@invoice.pdf.exe+0" },
		{ "*:*:*:*:11:*:*:*:*", "" },
		{ "*:*:*:10-12:*:*:*:*:*", "T@invoice.pdf.exe+0; T@locked.bin+0" },
		{ "*:*:*:*:*:1:*:*:*", "T@locked.bin+0" },
		{ "*:*:bin:*:*:0:*:*:*", "" },
		{ "*:*:*:*:*:*:1:*:*", "T@invoice.pdf.exe+0" },
		{ "*:*:*:*:*:*:2-3:*:*", "T@dir/+0; T@dir/Notes.TXT+0" },
		{ "*:*:*:*:*:*:9:*:*", "" },
		{ "CL_TYPE_ZIP:*:*:*:*:*:*:a684c7c6:*", "T@invoice.pdf.exe+0" },
		{ "CL_TYPE_ZIP:*:*:*:*:*:*:a684c7c7:*", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char line[200], want[400], got[4096];
		const struct kit_source sources[] = { { "t.cdb", line }, { NULL, NULL } };
		struct ov_buf zip;
		struct kit k;

		(void)snprintf(line, sizeof line, "T:%s\n", rows[i].line);
		(void)snprintf(want, sizeof want, "%s|0:locked.bin", rows[i].want);
		kit_open(&k, sources);
		ZIP_OF(members, &zip);
		kit_line(kit_scan(&k, zip.p, zip.n), got, sizeof got);
		if (strcmp(got, want) != 0)
			fail_msg("row \"%s\": got \"%s\", not \"%s\"", line, got, want);
		ov_buf_free(&zip);
		kit_close(&k);
	}
}

/* Thousands of lines, of which a member meets few: the right ones are found, and what they say. */
static void test_many(void **state)
{
	struct ov_buf text = ov_buf_of(1 << 22), zip;
	struct kit_source sources[] = { { "t.cdb", NULL }, { NULL, NULL } };
	const struct ov_report *r;
	struct kit k;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		assert_int_equal(ov_buf_fmt(&text, "S.%u:CL_TYPE_ZIP:*:*:*:%u:*:*:*:*\n", i, i),
				 OV_OK);
		assert_int_equal(ov_buf_fmt(&text, "N.%u:*:*:^name%u\\.exe$:*:*:*:*:*:*\n", i, i),
				 OV_OK);
	}
	assert_int_equal(ov_buf_u8(&text, 0), OV_OK);
	sources[0].text = (const char *)text.p;
	kit_open(&k, sources);
	const struct kit_member m[] = { { "name77.exe", "abc", 3, false, false } };
	char line[200];

	ZIP_OF(m, &zip);
	r = kit_scan(&k, zip.p, zip.n);
	assert_string_equal(kit_line(r, line, sizeof line), "S.3@name77.exe+0; N.77@name77.exe+0|");
	assert_int_equal(r->detections->kind, OV_RULE_CONTAINER);
	assert_int_equal(r->detections->line, 7);
	assert_true(ov_str_is(r->detections->rule_text, "S.3:CL_TYPE_ZIP:*:*:*:3:*:*:*:*"));
	k.options.all_matches = false;
	assert_string_equal(kit_line(kit_scan(&k, zip.p, zip.n), line, sizeof line),
			    "S.3@name77.exe+0|");
	ov_buf_free(&zip);
	ov_buf_free(&text);
	kit_close(&k);
}

/* An expression that costs much on a name made for it: told, never endless, never silent. */
static void test_costly_names(void **state)
{
	const struct kit_source sources[] = {
		{ "t.cdb", "T:*:*:(a?){200}(a*)*(a?){200}[^b]b$:*:*:*:*:*:*\n" }, { NULL, NULL }
	};
	static char name[60001];
	const struct kit_member m[] = { { name, "x", 1, false, false },
					{ name, "y", 1, false, false } };
	struct ov_buf zip;
	const struct ov_report *r;
	struct kit k;

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[0] = 'b';
	kit_open(&k, sources);
	ZIP_OF(m, &zip);
	r = kit_scan(&k, zip.p, zip.n);
	assert_int_equal(r->ndetections, 0);
	assert_int_equal(r->nincompletes, 1);
	assert_int_equal(r->incompletes->reason, OVERT_LIMIT_TIME);
	ov_buf_free(&zip);
	kit_close(&k);
}

static void test_old_lines(void **state)
{
	const struct kit_source sources[] = { { "t.zmd", "Z:1:locked:12:12:*:0:4:*\n"
							 "Y:*:invoice:*:*:*:8:*:*\n"
							 "X:*:^inv:10:*:a684c7c6:0:1:*\n" },
					      { "t.rmd", "R:*:*:*:*:*:*:*:*\n" },
					      { NULL, NULL } };
	struct ov_buf zip;
	char line[400];
	struct kit k;

	(void)state;
	kit_open(&k, sources);
	ZIP_OF(members, &zip);
	assert_string_equal(kit_line(kit_scan(&k, zip.p, zip.n), line, sizeof line),
			    "X@invoice.pdf.exe+0; Z@locked.bin+0|0:locked.bin");
	ov_buf_free(&zip);
	kit_close(&k);
}

/* Keys that speak of what lies around a layer, and a rule that says what else it is. */
static void test_keys(void **state)
{
	static const struct {
		const char *what, *lines, *want;
	} rows[] = {
		{ "the direct parent",
		  "T;Engine:81-255,Intermediates:CL_TYPE_ZIP,Target:0;0;6b65796d61726b",
		  "T@a.zip/m.bin+5|" },
		{ "two around it",
		  "T;Engine:81-255,Intermediates:CL_TYPE_ZIP>CL_TYPE_ZIP,Target:0;0;6b65796d61726b",
		  "T@a.zip/m.bin+5|" },
		{ "three",
		  "T;Engine:81-255,Intermediates:CL_TYPE_ZIP>CL_TYPE_ZIP>CL_TYPE_ZIP,Target:0;0;"
		  "6b65796d61726b",
		  "|" },
		{ "any as one layer",
		  "T;Engine:81-255,Intermediates:CL_TYPE_ZIP>CL_TYPE_ANY,Target:0;0;6b65796d61726b",
		  "T@a.zip/m.bin+5|" },
		{ "any before it",
		  "T;Engine:81-255,Intermediates:CL_TYPE_ANY>CL_TYPE_ZIP,Target:0;0;6b65796d61726b",
		  "T@a.zip/m.bin+5|" },
		{ "more layers than there are",
		  "T;Engine:81-255,Intermediates:CL_TYPE_ANY>CL_TYPE_ANY>CL_TYPE_ZIP,Target:0;0;"
		  "6b65796d61726b",
		  "|" },
		{ "another type around",
		  "T;Engine:81-255,Intermediates:CL_TYPE_GZ>CL_TYPE_ANY,Target:0;0;6b65796d61726b",
		  "|" },
		{ "a handler alerts, once, and is obeyed",
		  "T;Engine:81-255,HandlerType:CL_TYPE_PDF,Target:0;0;6b65796d61726b\n"
		  "P;Engine:81-255,Target:10;0;6b65796d61726b",
		  "T@a.zip/m.bin+5; P@a.zip/m.bin+5|" },
		{ "two handlers are both obeyed",
		  "T;Engine:81-255,HandlerType:CL_TYPE_PDF,Target:0;0;6b65796d61726b\n"
		  "U;Engine:81-255,HandlerType:CL_TYPE_MSEXE,Target:0;0;6b65796d61726b\n"
		  "V;Engine:81-255,HandlerType:CL_TYPE_PDF,Target:0;0;6d61726b\n"
		  "E;Engine:81-255,Target:1;0;6b65796d61726b\n"
		  "P;Engine:81-255,Target:10;0;6b65796d61726b",
		  "T@a.zip/m.bin+5; U@a.zip/m.bin+5; V@a.zip/m.bin+8; P@a.zip/m.bin+5; "
		  "E@a.zip/m.bin+5|" },
	};
	const struct kit_member in[] = { { "m.bin", "\x01\x02\x03\0\x04keymark\x05\x06", 14, true,
					   false } };
	struct ov_buf a, b;

	(void)state;
	ZIP_OF(in, &a);
	const struct kit_member out[] = { { "a.zip", a.p, a.n, true, false } };

	ZIP_OF(out, &b);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct kit_source sources[] = { { "t.ldb", rows[i].lines }, { NULL, NULL } };
		char got[1000];
		struct kit k;

		kit_open(&k, sources);
		kit_line(kit_scan(&k, b.p, b.n), got, sizeof got);
		if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("row \"%s\": got \"%s\", not \"%s\"", rows[i].what, got,
				 rows[i].want);
		kit_close(&k);
	}
	ov_buf_free(&a);
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),   cmocka_unit_test(test_many),
		cmocka_unit_test(test_costly_names), cmocka_unit_test(test_old_lines),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests_name("members", tests, NULL, NULL);
}
