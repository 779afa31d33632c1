/* Records: put and taken again, cut everywhere, each bit flipped; and what joining makes of them.
 */
#include "testing.h"

#include <stdlib.h>

#include "join.h"
#include "record.h"

static struct ov_str path_of_one[] = { { "usr/bin/x", 9 }, { "inner", 5 } };

static struct ov_inv_component blank(enum ov_inv_what what, const char *name)
{
	return (struct ov_inv_component){
		.what = what,
		.name = ov_str_of(name),
		.since = { OV_INV_NO_DATE, OV_INV_NO_DATE, OV_STR("") },
		.updates = { OV_INV_NO_DATE, OV_STR("") },
		.owner = OV_INV_NONE,
	};
}

static void put_all(struct ov_buf *b)
{
	static const uint8_t rows[2 * OV_REC_ROW] = { 1, 2, 3 };
	struct ov_inv_evidence e = { .kind = OV_EV_DEB,
				     .grade = OV_E3,
				     .value = OV_STR("kesl"),
				     .where = OV_STR("status:3"),
				     .count = 1 };
	struct ov_inv_component c = blank(OV_WHAT_DEB, "kesl");

	c.path = path_of_one;
	c.npath = 2;
	c.evidence = &e;
	c.nevidence = 1;
	c.key = OV_STR("deb:kesl:amd64");
	assert_int_equal(ov_rec_put_component(b, &c, OV_REC_SUPPLEMENT), OV_OK);
	assert_int_equal(ov_rec_put_rows(b, OV_REC_OWNS,
					 &(struct ov_rec_rows){ .what = OV_WHAT_DEB,
								.name = OV_STR("kesl"),
								.since = 7,
								.rows = rows,
								.n = 2 }),
			 OV_OK);
	assert_int_equal(ov_rec_put_unread(b, &(struct ov_inv_unread){ .path = path_of_one,
								       .npath = 1,
								       .why = OV_BAD,
								       .detail = OV_STR("cut") }),
			 OV_OK);
	assert_int_equal(ov_rec_put_scope(b, &(struct ov_rec_scope){ .kind = OV_SCOPE_LAYER,
								     .label = OV_STR("sha256:aa"),
								     .layer = 1,
								     .made = OV_INV_NO_DATE }),
			 OV_OK);
}

/* Takes all; @return the last status, with *n records before it. */
static ov_status take_all(const void *p, size_t len, unsigned *n)
{
	struct ov_cur c = ov_cur_of(p, len);
	struct ov_arena a;
	struct ov_rec r;
	ov_status st;

	ov_arena_init(&a, 1 << 20);
	for (*n = 0; (st = ov_rec_get(&c, &a, &r)) == OV_OK; ++*n)
		if (*n == 0 && r.kind == OV_REC_COMPONENT && r.component.nevidence == 1)
			(void)ov_inv_grade(&r.component);
	ov_arena_free(&a);
	return st;
}

static void test_round_trip(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_arena a;
	struct ov_cur c;
	struct ov_rec r;
	unsigned n;

	(void)state;
	put_all(&b);
	assert_int_equal(take_all(b.p, b.n, &n), OV_END);
	assert_int_equal(n, 4);
	ov_arena_init(&a, 1 << 20);
	c = ov_buf_cur(&b);
	assert_int_equal(ov_rec_get(&c, &a, &r), OV_OK);
	assert_true(r.flags == OV_REC_SUPPLEMENT && r.component.what == OV_WHAT_DEB);
	assert_true(ov_str_is(r.component.path[1], "inner"));
	assert_true(ov_str_is(r.component.evidence[0].where, "status:3"));
	assert_true(r.component.since.latest == OV_INV_NO_DATE);
	ov_arena_free(&a);
	ov_buf_free(&b);
}

/* A prefix is refused or ends at a record's end; it never gives all four. */
static void test_prefixes(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20);

	(void)state;
	put_all(&b);
	for (size_t i = 0; i < b.n; i++) {
		uint8_t *exact = malloc(i + 1);
		unsigned n = 0;

		memcpy(exact, b.p, i);
		(void)take_all(exact, i, &n);
		assert_true(n < 4);
		free(exact);
	}
	ov_buf_free(&b);
}

static void test_flips(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20);

	(void)state;
	put_all(&b);
	for (size_t i = 0; i < b.n * 8; i++) {
		struct ov_join *j = NULL;
		const struct ov_inventory *inv;
		unsigned n = 0;

		b.p[i / 8] ^= (uint8_t)(1U << i % 8);
		(void)take_all(b.p, b.n, &n);
		assert_int_equal(ov_join_new(OV_STR("t"), NULL, 0, &j), OV_OK);
		assert_int_not_equal(ov_join_records(j, OV_STR("f"), ov_buf_cur(&b)), OV_BUG);
		assert_int_equal(ov_join_finish(j, &inv), OV_OK);
		ov_join_free(&j);
		b.p[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	ov_buf_free(&b);
}

static void own(struct ov_buf *b, const char *name, const char *path)
{
	uint8_t row[OV_REC_ROW] = { 0 };
	const uint64_t h = ov_rec_hash(ov_str_of(path));

	memcpy(row, &h, sizeof h);
	assert_int_equal(ov_rec_put_rows(b, OV_REC_OWNS,
					 &(struct ov_rec_rows){ .what = OV_WHAT_DEB,
								.name = ov_str_of(name),
								.since = 5,
								.rows = row,
								.n = 1 }),
			 OV_OK);
}

static void package(struct ov_buf *b, const char *name)
{
	struct ov_inv_evidence e = {
		.kind = OV_EV_DEB, .grade = OV_E3, .value = ov_str_of(name), .count = 1
	};
	struct ov_inv_component c = blank(OV_WHAT_DEB, name);

	c.evidence = &e;
	c.nevidence = 1;
	c.version = OV_STR("1.0+x\0");
	c.arch = OV_STR("amd64");
	assert_int_equal(ov_rec_put_component(b, &c, 0), OV_OK);
}

/* Packages, the files that are there, a setuid program of one and of none. */
static void test_settle(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_inv_component suid = blank(OV_WHAT_PROGRAM, "su");
	const struct ov_inventory *inv;
	struct ov_join *j = NULL;

	(void)state;
	package(&b, "there");
	own(&b, "there", "/bin/su");
	package(&b, "gone");
	own(&b, "gone", "/opt/gone/x");
	assert_int_equal(ov_join_new(OV_STR("/"), NULL, 0, &j), OV_OK);
	assert_int_equal(ov_join_records(j, OV_STR("var/lib/dpkg/status"), ov_buf_cur(&b)), OV_OK);
	b.n = 0;
	suid.is_privileged = true;
	assert_int_equal(ov_rec_put_component(&b, &suid, 0), OV_OK);
	assert_int_equal(ov_join_records(j, OV_STR("usr/bin/su"), ov_buf_cur(&b)), OV_OK);
	assert_int_equal(ov_join_records(j, OV_STR("usr/bin/odd"), ov_buf_cur(&b)), OV_OK);
	assert_int_equal(ov_join_entry(j, OV_STR("usr/bin/su"), 1, true), OV_OK);
	assert_int_equal(ov_join_entry(j, OV_STR("usr/bin/odd"), 1, true), OV_OK);
	assert_int_equal(ov_join_finish(j, &inv), OV_OK);
	assert_int_equal(inv->ncomponents, 4);
	assert_true(ov_str_is(inv->components[0].name, "gone"));
	assert_int_equal(inv->components[0].state, OV_STATE_FILES_GONE);
	assert_int_equal(ov_inv_grade(&inv->components[0]), OV_E3);
	assert_int_equal(inv->components[1].state, OV_STATE_PRESENT);
	assert_int_equal(ov_inv_grade(&inv->components[1]), OV_E4);
	assert_true(inv->components[1].since.latest == 5);
	assert_true(
	    ov_str_is(inv->components[1].purl, "pkg:deb/debian/there@1.0%2Bx%00?arch=amd64"));
	assert_true(inv->components[2].is_undetermined); /* usr/bin/odd */
	assert_int_equal(inv->components[3].owner, 1);
	assert_false(inv->components[3].is_undetermined);
	ov_join_free(&j);
	ov_buf_free(&b);
}

static void test_watch(void **state)
{
	static const struct {
		const char *what, *pattern, *path;
		enum ov_watch_kind kind;
		bool want;
	} rows[] = {
		{ "the place", "/opt/kaspersky", "opt/kaspersky", OV_WATCH_PATH, true },
		{ "beneath it", "opt/kaspersky", "opt/kaspersky/kesl/x", OV_WATCH_PATH, true },
		{ "a longer name", "opt/kaspersky", "opt/kasperskyx", OV_WATCH_PATH, false },
		{ "shorter", "opt/kaspersky", "opt/kasp", OV_WATCH_PATH, false },
		{ "wildcard", "var/*/base*.kdc", "var/db/base001.kdc", OV_WATCH_PATH, true },
		{ "wildcard, other", "var/*.kdc", "var/db/base001.kdx", OV_WATCH_PATH, false },
		{ "name", "base[0-9]*.kdc", "a/b/base001.kdc", OV_WATCH_FILE_NAME, true },
		{ "name is not the path", "b*", "a/b/c", OV_WATCH_FILE_NAME, false },
		{ "texts are no paths", "opt", "opt", OV_WATCH_HOST, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct ov_inv_watch w = { .kind = rows[i].kind,
						.pattern = ov_str_of(rows[i].pattern) };

		ov_expect_eq(rows[i].what, ov_inv_watches(&w, ov_str_of(rows[i].path)),
			     rows[i].want);
	}
}

static void test_text(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 16);

	(void)state;
	assert_int_equal(
	    ov_inv_utf8(&b, (struct ov_str){ .p = "a\xff\xc3\xbc\xed\xa0\x80z", .n = 8 }), OV_OK);
	assert_int_equal(ov_buf_u8(&b, 0), OV_OK);
	assert_string_equal((const char *)b.p,
			    "a\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
	b.n = 0;
	assert_int_equal(ov_inv_iso(&b, 1727582400), OV_OK);
	assert_int_equal(ov_inv_iso(&b, OV_INV_NO_DATE), OV_OK);
	assert_int_equal(ov_inv_iso(&b, INT64_MAX), OV_OK);
	assert_int_equal(ov_buf_u8(&b, 0), OV_OK);
	assert_string_equal((const char *)b.p, "2024-09-29T04:00:00Z");
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_flips),	   cmocka_unit_test(test_settle),
		cmocka_unit_test(test_watch),	   cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
