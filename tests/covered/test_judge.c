/*
 * The covered list and its verdicts: the list that is built in, lists that are wrong, and made
 * inventories: each rule for each class and day, grades of evidence alone and together, decoys,
 * forged names.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "covered_judge.h"

static unsigned errors;
static char all_errors[2000];

static void on_error(void *ctx, uint32_t line, const char *why)
{
	const size_t n = errors++ > 0 ? strlen(all_errors) : 0;

	(void)ctx;
	(void)snprintf(all_errors + n, sizeof all_errors - n, "%u: %s\n", line, why);
}

static void open_builtin(struct ov_cov_list *l)
{
	errors = 0;
	ov_cov_list_init(l);
	assert_int_equal(ov_cov_list_add_builtin(l, on_error, NULL), OV_OK);
	assert_int_equal(errors, 0);
}

static int64_t day(const char *s)
{
	int64_t at = 0;

	assert_int_equal(ov_cov_date(ov_str_of(s), &at), OV_OK);
	return at;
}

/* ---- one component of an inventory ---- */

struct piece {
	enum ov_inv_kind kind;
	enum ov_grade grade;
	const char *value, *detail;
};

#define PIECES 4

struct made {
	struct ov_inv_evidence e[PIECES];
	struct ov_str path[3];
	struct ov_inv_component c;
	struct ov_inventory inv;
};

static void make(struct made *m, const struct piece *p, enum ov_inv_what what, uint32_t depth)
{
	memset(m, 0, sizeof *m);
	for (uint32_t i = 0; i < 3; i++)
		m->path[i] = OV_STR("part");
	m->c = (struct ov_inv_component){ .what = what,
					  .state = what == OV_WHAT_LISTED || what == OV_WHAT_LOCKED
						       ? OV_STATE_NAMED
						       : OV_STATE_PRESENT,
					  .path = m->path,
					  .npath = depth,
					  .updates.last = OV_INV_NO_DATE,
					  .evidence = m->e };
	for (uint32_t i = 0; i < PIECES && p[i].value != NULL; i++) {
		m->e[i] =
		    (struct ov_inv_evidence){ .kind = p[i].kind,
					      .grade = p[i].grade,
					      .value = ov_str_of(p[i].value),
					      .where = OV_STR(""),
					      .detail = p[i].detail != NULL ? ov_str_of(p[i].detail)
									    : OV_STR("") };
		m->c.nevidence++;
	}
	m->inv.components = &m->c;
	m->inv.ncomponents = 1;
}

/* ---- grades, classes, states ---- */

static const struct {
	const char *what;
	struct piece p[PIECES];
	enum ov_inv_what kind;
	uint32_t depth;
	int grade; /* -1: no finding */
	char class_;
	const char *state;
} rows[] = {
	{ "a package",
	  { { OV_EV_DEB, OV_E4, "klnagent64", NULL } },
	  OV_WHAT_DEB,
	  1,
	  4,
	  'A',
	  "present" },
	{ "another package",
	  { { OV_EV_DEB, OV_E4, "kesler", NULL } },
	  OV_WHAT_DEB,
	  1,
	  -1,
	  0,
	  NULL },
	{ "capitals", { { OV_EV_DEB, OV_E4, "KESL", NULL } }, OV_WHAT_DEB, 1, 4, 'A', "present" },
	{ "a company's name alone",
	  { { OV_EV_PE_COMPANY, OV_E2, "AO Kaspersky Lab", NULL } },
	  OV_WHAT_PROGRAM,
	  1,
	  2,
	  'A',
	  "present" },
	{ "two words of itself are one",
	  { { OV_EV_PE_COMPANY, OV_E2, "AO Kaspersky Lab", NULL },
	    { OV_EV_SUPPLIER, OV_E2, "Kaspersky", NULL } },
	  OV_WHAT_PROGRAM,
	  1,
	  2,
	  'A',
	  "present" },
	{ "supplier and CPE",
	  { { OV_EV_SUPPLIER, OV_E2, "AO Kaspersky Lab", NULL },
	    { OV_EV_CPE, OV_E2, "cpe:2.3:a:kaspersky_lab:sdk:8:*:*:*:*:*:*:*", NULL } },
	  OV_WHAT_LISTED,
	  3,
	  3,
	  'B',
	  "named" },
	{ "supplier alone, inside",
	  { { OV_EV_SUPPLIER, OV_E2, "AO Kaspersky Lab", NULL } },
	  OV_WHAT_LISTED,
	  3,
	  2,
	  'B',
	  "supplier-only" },
	{ "supplier alone, by itself",
	  { { OV_EV_SUPPLIER, OV_E2, "AO Kaspersky Lab", NULL } },
	  OV_WHAT_LISTED,
	  2,
	  2,
	  'A',
	  "supplier-only" },
	{ "databases and a host",
	  { { OV_EV_FILE_NAME, OV_E2, "base001.kdc", NULL },
	    { OV_EV_HOST, OV_E1, "dnl-01.geo.kaspersky.com", NULL } },
	  OV_WHAT_TRACES,
	  1,
	  3,
	  'B',
	  "present" },
	{ "a host alone",
	  { { OV_EV_HOST, OV_E1, ".geo.kaspersky.com", NULL } },
	  OV_WHAT_TRACES,
	  1,
	  1,
	  'B',
	  "trace" },
	{ "a host and a word of a text",
	  { { OV_EV_HOST, OV_E1, ".geo.kaspersky.com", NULL },
	    { OV_EV_KEYWORD, OV_E1, "kaspersky-lab-engine", NULL } },
	  OV_WHAT_TRACES,
	  1,
	  1,
	  'B',
	  "trace" },
	{ "an altitude",
	  { { OV_EV_ALTITUDE, OV_E4, "320401", NULL } },
	  OV_WHAT_DRIVER,
	  1,
	  4,
	  'A',
	  "present" },
	{ "its renamed driver",
	  { { OV_EV_DRIVER, OV_E2, "KLIF.KES-21-9.sys", NULL } },
	  OV_WHAT_DRIVER,
	  1,
	  2,
	  'A',
	  "present" },
	{ "the root certificate",
	  { { OV_EV_CERT_CN, OV_E3,
	      "CN=Kaspersky Anti-Virus Personal Root Certificate, O=AO Kaspersky Lab", NULL } },
	  OV_WHAT_ROOT_CA,
	  1,
	  3,
	  'E',
	  "remains" },
	{ "a team",
	  { { OV_EV_TEAM_ID, OV_E4, "2Y8XE5CQ94", NULL } },
	  OV_WHAT_INSTALLED,
	  1,
	  4,
	  'A',
	  "present" },
	{ "its SDK in another app",
	  { { OV_EV_CLASS_PREFIX, OV_E3, "com.kavsdk.license", NULL } },
	  OV_WHAT_ANDROID,
	  1,
	  3,
	  'B',
	  "present" },
	/* forged and broken signatures */
	{ "a self-made signature",
	  { { OV_EV_PE_COMPANY, OV_E2, "AO Kaspersky Lab", NULL },
	    { OV_EV_SIGNER, OV_E2, "CN=AO Kaspersky Lab", OV_SIGNED_SELF_MADE } },
	  OV_WHAT_PROGRAM,
	  1,
	  2,
	  'A',
	  "impersonation" },
	{ "a broken one",
	  { { OV_EV_SIGNER, OV_E4, "CN=AO Kaspersky Lab, O=AO Kaspersky Lab", OV_SIGNED_BROKEN } },
	  OV_WHAT_PROGRAM,
	  1,
	  0,
	  'A',
	  "impersonation" },
	{ "an intact one of an unknown root",
	  { { OV_EV_SIGNER, OV_E4, "CN=AO Kaspersky Lab", OV_SIGNED_INTACT } },
	  OV_WHAT_PROGRAM,
	  1,
	  2,
	  'A',
	  "present" },
	{ "an intact one of an unknown root, and the company's name: of one hand",
	  { { OV_EV_SIGNER, OV_E4, "CN=AO Kaspersky Lab", OV_SIGNED_INTACT },
	    { OV_EV_PE_COMPANY, OV_E2, "AO Kaspersky Lab", NULL } },
	  OV_WHAT_PROGRAM,
	  1,
	  2,
	  'A',
	  "present" },
	/* decoys */
	{ "the UI kit",
	  { { OV_EV_PURL, OV_E3, "pkg:npm/%40kaspersky/hexa-ui-core@1.2.3", NULL },
	    { OV_EV_SUPPLIER, OV_E2, "AO Kaspersky Lab", NULL } },
	  OV_WHAT_LOCKED,
	  1,
	  2,
	  'D',
	  "supplier-only" },
	{ "the UI tests",
	  { { OV_EV_ANDROID_PKG, OV_E3, "com.kaspersky.kaspresso.sample", NULL },
	    { OV_EV_SUPPLIER, OV_E2, "Kaspersky", NULL } },
	  OV_WHAT_ANDROID,
	  1,
	  2,
	  'D',
	  "present" },
	{ "a client of its service",
	  { { OV_EV_PURL, OV_E3, "pkg:pypi/opentip@1.0", NULL } },
	  OV_WHAT_LOCKED,
	  1,
	  0,
	  'F',
	  "supplier-only" },
	{ "a Debian package",
	  { { OV_EV_DEB, OV_E4, "bash", NULL },
	    { OV_EV_SUPPLIER, OV_E2, "Debian Developers", NULL } },
	  OV_WHAT_DEB,
	  1,
	  -1,
	  0,
	  NULL },
};

static void test_findings(void **state)
{
	struct ov_cov_result r;
	struct ov_cov_list l;
	struct ov_arena a;
	struct made m;

	(void)state;
	open_builtin(&l);
	ov_arena_init(&a, 1 << 24);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		make(&m, rows[i].p, rows[i].kind, rows[i].depth);
		assert_int_equal(ov_cov_judge(&l, &m.inv, OV_STR(""), day("2026-11-22"), &a, &r),
				 OV_OK);
		ov_expect_eq(rows[i].what, r.nfindings, rows[i].grade >= 0);
		ov_expect_eq(rows[i].what, r.nfound, rows[i].grade >= 3);
		if (rows[i].grade < 0)
			continue;
		ov_expect_eq(rows[i].what, r.findings[0].grade, rows[i].grade);
		ov_expect_eq(rows[i].what, *ov_cov_class_name(r.findings[0].class_),
			     rows[i].class_);
		if (strcmp(r.findings[0].state, rows[i].state) != 0)
			fail_msg("%s: state %s, not %s", rows[i].what, r.findings[0].state,
				 rows[i].state);
	}
	ov_arena_free(&a);
	ov_cov_list_free(&l);
}

/* ---- rules ---- */

static const char *answer(const struct ov_cov_list *l, const char *package, const char *rule,
			  const char *at)
{
	const struct piece p[PIECES] = { { OV_EV_DEB, OV_E4, package, NULL } };
	const char *said = "no such rule";
	struct ov_cov_result r;
	struct ov_arena a;
	struct made m;

	ov_arena_init(&a, 1 << 20);
	make(&m, p, OV_WHAT_DEB, 1);
	assert_int_equal(ov_cov_judge(l, &m.inv, OV_STR(""), day(at), &a, &r), OV_OK);
	assert_int_equal(r.nfindings, 1);
	for (size_t i = 0; i < r.findings[0].nverdicts; i++) {
		const struct ov_cov_verdict *v = &r.findings[0].verdicts[i];

		if (ov_str_is(v->rule->id, rule))
			said = v->since == NULL ? "not yet" : ov_cov_answer_name(v->answer);
	}
	ov_arena_free(&a);
	return said;
}

/* A list with a product of each class, found by packages a to f. */
static const char six[] = "product pa\nentity: kaspersky\nclass: A\nname: x\nnext: x\nsource: x\n\n"
			  "product pb\nentity: kaspersky\nclass: B\nname: x\nnext: x\nsource: x\n\n"
			  "product pc\nentity: kaspersky\nclass: C\nname: x\nnext: x\nsource: x\n\n"
			  "product pd\nentity: kaspersky\nclass: D\nname: x\nnext: x\nsource: x\n\n"
			  "product pe\nentity: kaspersky\nclass: E\nname: x\nnext: x\nsource: x\n\n"
			  "product pf\nentity: kaspersky\nclass: F\nname: x\nnext: x\nsource: x\n\n"
			  "indicator deb\nproduct: pa\nmost: E4\nvalue: a\nsource: x\n\n"
			  "indicator deb\nproduct: pb\nmost: E4\nvalue: b\nsource: x\n\n"
			  "indicator deb\nproduct: pc\nmost: E4\nvalue: c\nsource: x\n\n"
			  "indicator deb\nproduct: pd\nmost: E4\nvalue: d\nsource: x\n\n"
			  "indicator deb\nproduct: pe\nmost: E4\nvalue: e\nsource: x\n\n"
			  "indicator deb\nproduct: pf\nmost: E4\nvalue: f\nsource: x\n";

static void test_rules(void **state)
{
	/* y, n, a for classes A to F on a day when the rule holds; and the day before it begins */
	static const struct {
		const char *rule, *answers, *before;
	} rules[] = {
		{ "bis-2024", "yynnan", "2024-07-19" },
		{ "far-52.204-23", "yyyyan", "2018-07-15" },
		{ "bod-17-01", "ynnnyn", "2017-09-12" },
		{ "fcc-2022", "yyynan", "2022-03-24" },
		{ "fcc-2024", "yynnan", "2024-07-22" },
		{ "au-002-2025", "yayayn", "2025-03-31" },
	};
	struct ov_cov_list l;

	(void)state;
	open_builtin(&l);
	assert_int_equal(ov_cov_list_add(&l, ov_str_of(six), on_error, NULL), OV_OK);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		for (size_t k = 0; k < 6; k++) {
			const char package[] = { (char)('a' + k), '\0' };
			const char *got = answer(&l, package, rules[i].rule, "2026-11-22");

			if (*got != rules[i].answers[k])
				fail_msg("%s, class %c: %s", rules[i].rule, 'A' + (int)k, got);
		}
		assert_string_equal(answer(&l, "a", rules[i].rule, rules[i].before), "not yet");
	}
	assert_string_equal(answer(&l, "a", "ndaa-889", "2026-11-22"), "no such rule");
	ov_cov_list_free(&l);
}

static void test_profiles_and_updates(void **state)
{
	const struct piece p[PIECES] = { { OV_EV_DEB, OV_E4, "kesl", NULL } };
	struct ov_cov_result r;
	struct ov_cov_list l;
	struct ov_arena a;
	struct made m;

	(void)state;
	open_builtin(&l);
	ov_arena_init(&a, 1 << 20);
	make(&m, p, OV_WHAT_DEB, 1);
	m.c.updates.last = day("2026-01-02");
	assert_int_equal(ov_cov_judge(&l, &m.inv, OV_STR("au-gov"), day("2026-11-22"), &a, &r),
			 OV_OK);
	assert_int_equal(r.findings[0].nverdicts, 1);
	assert_true(ov_str_is(r.findings[0].verdicts[0].rule->id, "au-002-2025"));
	assert_int_equal(r.findings[0].still,
			 OV_COV_STILL_UNKNOWN); /* no rule of it ends updates */
	assert_int_equal(ov_cov_judge(&l, &m.inv, OV_STR("us-person"), day("2026-11-22"), &a, &r),
			 OV_OK);
	assert_int_equal(r.findings[0].nverdicts, 1);
	assert_int_equal(r.findings[0].still, OV_COV_STILL_YES);
	m.c.updates.last = day("2023-05-06");
	assert_int_equal(ov_cov_judge(&l, &m.inv, OV_STR("us-person"), day("2026-11-22"), &a, &r),
			 OV_OK);
	assert_int_equal(r.findings[0].still, OV_COV_STILL_NO);
	m.c.is_undetermined = true;
	m.c.nevidence = 0;
	assert_int_equal(ov_cov_judge(&l, &m.inv, OV_STR(""), day("2026-11-22"), &a, &r), OV_OK);
	assert_int_equal(r.nfindings, 0);
	assert_int_equal(r.nundetermined, 1);
	ov_arena_free(&a);
	ov_cov_list_free(&l);
}

/* A site that knows a key: a signature that holds and leads there is worth all. */
static void test_known_key(void **state)
{
	static const char list[] =
	    "indicator root-spki\nproduct: software\nmost: E5\nvalue: c0ffee\nsource: own copies\n";
	struct piece p[PIECES] = { { OV_EV_SIGNER, OV_E2, "CN=AO Kaspersky Lab", OV_SIGNED_INTACT },
				   { OV_EV_ROOT_KEY, OV_E2, "c0ffee", NULL } };
	struct ov_cov_result r;
	struct ov_cov_list l;
	struct ov_arena a;
	struct made m;

	(void)state;
	open_builtin(&l);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_cov_list_add(&l, ov_str_of(list), on_error, NULL), OV_OK);
	make(&m, p, OV_WHAT_PROGRAM, 1);
	assert_int_equal(ov_cov_judge(&l, &m.inv, OV_STR(""), 1, &a, &r), OV_OK);
	assert_int_equal(r.findings[0].grade, OV_E5);
	m.e[0].detail = OV_STR(OV_SIGNED_BROKEN);
	assert_int_equal(ov_cov_judge(&l, &m.inv, OV_STR(""), 1, &a, &r), OV_OK);
	assert_true(r.findings[0].grade < OV_E3);
	ov_arena_free(&a);
	ov_cov_list_free(&l);
}

/* ---- lists that are wrong ---- */

static void test_bad_lists(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "thing x\nname: y\n", "1: a stanza begins" },
		{ "entity\nname: y\nsource: z\n", "1: a stanza's head" },
		{ "entity x\nname: y\n", "\"source:\"" },
		{ "entity x\nsource: y\n", "at least one \"name:\"" },
		{ "entity x\nname: y\nsource: z\ncolour: red\n", "4: no field" },
		{ "entity x\nname\nsource: z\n", "2: a field is" },
		{ "entity x\nname:\nsource: z\n", "2: the field is empty" },
		{ "entity x\nname: y\nsource: z\nsource: z\n", "once" },
		{ "entity x\nname: y\nsource: z\n\nentity x\nname: y\nsource: z\n", "already" },
		{ "product p\nentity: q\nclass: A\nname: y\nnext: n\nsource: z\n",
		  "entity that no stanza" },
		{ "entity x\nname: y\nsource: z\n\nproduct p\nentity: x\nclass: G\nname: y\nnext: "
		  "n\nsource: z\n",
		  "A to F" },
		{ "indicator deb\nproduct: q\nmost: E4\nvalue: a\nsource: z\n",
		  "product that no stanza" },
		{ "indicator smell\nproduct: q\nmost: E4\nvalue: a\nsource: z\n",
		  "product that no stanza" },
		{ "indicator deb\nproduct: q\nmost: E9\nvalue: a\nsource: z\n",
		  "product that no stanza" },
		{ "embedding e\nproduct: q\nhost: h\nstate: s\nsource: z\n",
		  "product that no stanza" },
		{ "rule r\nname: n\nissuer: i\nkind: k\nprofile: p\nentity: e\nwhat: w\nfor: "
		  "f\nevent: soon x\nsource: z\n",
		  "an event begins with a date" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ov_cov_list l;

		errors = 0;
		ov_cov_list_init(&l);
		ov_expect_eq(bad[i].text,
			     ov_cov_list_add(&l, ov_str_of(bad[i].text), on_error, NULL), OV_BAD);
		if (errors == 0 || strstr(all_errors, bad[i].why) == NULL)
			fail_msg("\"%s\": %u errors, \"%s\", not \"%s\"", bad[i].text, errors,
				 all_errors, bad[i].why);
		ov_cov_list_free(&l);
	}
}

static void test_cut_lists(void **state)
{
	struct ov_arena a;
	struct ov_str whole;

	(void)state;
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_cov_builtin(&a, &whole), OV_OK);
	for (size_t n = 0; n < whole.n;
	     n += 61) { /* any prefix: a status, and what is wrong is told */
		struct ov_cov_list l;
		ov_status s;

		errors = 0;
		ov_cov_list_init(&l);
		s = ov_cov_list_add(&l, (struct ov_str){ whole.p, n }, on_error, NULL);
		ov_expect("cut", s == OV_OK || (s == OV_BAD && errors > 0));
		ov_cov_list_free(&l);
	}
	ov_arena_free(&a);
}

static void test_dates(void **state)
{
	int64_t at;

	(void)state;
	assert_int_equal(day("1970-01-01"), 0);
	assert_int_equal(day("2024-09-29T04:00:00Z"), 1727582400);
	assert_int_equal(day("2024-02-29"), 1709164800);
	for (const char *const *p =
		 (const char *const[]){ "", "2024", "2024-13-01", "2024-02-30", "2024-1-01",
					"2024-01-01T25:00:00Z", "2024-01-01T00:00:00", "1969-12-31",
					NULL };
	     *p != NULL; p++)
		ov_expect_eq(*p, ov_cov_date(ov_str_of(*p), &at), OV_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_profiles_and_updates),
		cmocka_unit_test(test_known_key),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_cut_lists),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests_name("covered", tests, NULL, NULL);
}
