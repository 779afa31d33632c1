/* Plans of moving as a worker hands them over, how far they are, and commands as people read them.
 */
#include "testing.h"

#include <stdio.h>

#include "run_state.h"
#include "text.h"

#define MOST 16

struct file { /* components as src/evidence/plan.c and journal.c make them */
	struct ov_inv_component c[MOST];
	struct ov_inv_evidence e[MOST][MOST];
	char number[MOST][8];
	struct ov_inventory inv;
};

/* "name|field=value|field=value", one a component; ' ' stands between words of commands. */
static void make(struct file *f, const char *id, const char *const *lines)
{
	for (uint32_t i = 0; lines[i] != NULL; i++) {
		struct ov_str rest = ov_str_of(lines[i]), part, name;
		struct ov_inv_component *c = &f->c[i];

		(void)snprintf(f->number[i], sizeof f->number[i], "%06u", i);
		assert_true(ov_text_split(&rest, '|', &part));
		*c = (struct ov_inv_component){ .name = part,
						.id = ov_str_of(id),
						.version = ov_str_of(f->number[i]),
						.evidence = f->e[i] };
		while (ov_text_split(&rest, '|', &part)) {
			assert_true(ov_text_split(&part, '=', &name));
			f->e[i][c->nevidence++] = (struct ov_inv_evidence){ .where = name,
									    .value = part,
									    .detail = OV_STR("7") };
		}
		f->inv.ncomponents = i + 1;
	}
	f->inv.components = f->c;
}

#define N "name of stanza="
#define HEAD "plan|" N "p|target=/", "group|" N "a|host=h", "group|" N "b|host=h i"
#define INSTALL "step|" N "i|name=I|kind=install|do=i|undo=u"
#define PROBE "step|" N "s|name=S|kind=probe|do=s|no-undo=n"
#define REMOVE "step|" N "r|name=R|kind=remove|do={host}|undo=u"

static void on_error(void *ctx, struct ov_str line, const char *why)
{
	(void)line;
	if (*(const char **)ctx == NULL) /* the first */
		*(const char **)ctx = why;
}

static void test_plans(void **state)
{
	static const struct {
		const char *what, *lines[8], *why; /* why: NULL is taken */
	} cases[] = {
		{ "all of it", { HEAD, INSTALL, PROBE, REMOVE }, NULL },
		{ "nothing", { NULL }, "there is no \"plan NAME\"" },
		{ "no step", { HEAD }, "a plan has a group and a step at least" },
		{ "a removal without a probe",
		  { HEAD, INSTALL, REMOVE },
		  "it removes, and no step above of kind probe shows for the same group that what "
		  "comes after detects" },
		{ "a probe for the other group only",
		  { HEAD, PROBE "|for=a", REMOVE },
		  "it removes, and no step above of kind probe shows for the same group that what "
		  "comes after detects" },
		{ "a probe below",
		  { HEAD, REMOVE, PROBE },
		  "it removes, and no step above of kind probe shows for the same group that what "
		  "comes after detects" },
		{ "a step of nothing",
		  { HEAD, "step|" N "x|name=X" },
		  "a step has a \"do:\" or a \"by-hand:\" for each of its groups" },
		{ "for one group only",
		  { HEAD, "step|" N "x|name=X|do@a=x|no-undo=n" },
		  "a step has a \"do:\" or a \"by-hand:\" for each of its groups" },
		{ "a timeout of days",
		  { HEAD, "step|" N "x|name=X|by-hand=y|timeout=99999999" },
		  "timeout: is a time like 90s, 10m or 2h, of a day at most" },
		{ "a group behind a step",
		  { HEAD, PROBE, "group|" N "c" },
		  "groups stand above all steps" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct file f = { .inv = { .ncomponents = 0 } };
		const char *why = NULL;
		struct ov_run_plan p;
		struct ov_arena a;
		ov_status st;

		make(&f, "overt.plan", cases[i].lines);
		ov_arena_init(&a, 1 << 20);
		st = ov_run_plan_of(&f.inv, &a, on_error, &why, &p);
		if (st != (cases[i].why == NULL ? OV_OK : OV_BAD) ||
		    (why == NULL) != (cases[i].why == NULL) ||
		    (why != NULL && strcmp(why, cases[i].why) != 0))
			fail_msg("%s: %s", cases[i].what, why != NULL ? why : "taken");
		ov_arena_free(&a);
	}
}

static const char *const whole[] = { HEAD, INSTALL, PROBE, REMOVE, NULL };

/* The n-th allocation fails: a status, and no more. */
static void test_no_memory(void **state)
{
	struct file f = { .inv = { .ncomponents = 0 } };
	struct ov_run_plan p;
	const char *why = NULL;
	ov_status st = OV_NOMEM;

	(void)state;
	make(&f, "overt.plan", whole);
	for (long nth = 0; st != OV_OK && nth < 200; nth++) {
		struct ov_arena a;

		ov_arena_init(&a, 1 << 20);
		a.fail_in = nth;
		st = ov_run_plan_of(&f.inv, &a, on_error, &why, &p);
		assert_true(st == OV_OK || st == OV_NOMEM);
		ov_arena_free(&a);
	}
	assert_int_equal(st, OV_OK);
	assert_null(why);
}

static void test_state(void **state)
{
	static const struct {
		const char *what;
		enum ov_run_event event;
		size_t step;
		enum ov_run_way way;
		enum ov_run_status install, probe; /* afterwards */
		bool may_remove;
	} cases[] = {
		{ "installed", OV_RUN_DONE, 0, 0, OV_RUN_IS_DONE, OV_RUN_NONE, false },
		{ "probing", OV_RUN_BEGIN, 1, 0, OV_RUN_IS_DONE, OV_RUN_PART, false },
		{ "the probe ended", OV_RUN_END, 1, 0, OV_RUN_IS_DONE, OV_RUN_PART, false },
		{ "it failed", OV_RUN_FAILED, 1, 0, OV_RUN_IS_DONE, OV_RUN_PART, false },
		{ "proved", OV_RUN_DONE, 1, 0, OV_RUN_IS_DONE, OV_RUN_IS_DONE, true },
		{ "undoing takes the proof away", OV_RUN_BEGIN, 0, OV_RUN_UNDO, OV_RUN_PART,
		  OV_RUN_NONE, false },
		{ "undone", OV_RUN_UNDONE, 0, 0, OV_RUN_NONE, OV_RUN_NONE, false },
		{ "left out proves nothing", OV_RUN_SKIP, 1, 0, OV_RUN_NONE, OV_RUN_SKIPPED,
		  false },
	};
	struct file f = { .inv = { .ncomponents = 0 } };
	const char *why = NULL;
	struct ov_run_state s;
	struct ov_run_plan p;
	struct ov_arena a;

	(void)state;
	make(&f, "overt.plan", whole);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_run_plan_of(&f.inv, &a, on_error, &why, &p), OV_OK);
	assert_int_equal(ov_run_state_new(&p, &a, &s), OV_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct ov_run_entry e = { .event = cases[i].event,
						.step = cases[i].step,
						.group = 1,
						.way = cases[i].way };
		size_t missing;

		assert_int_equal(ov_run_note(&s, &e), OV_OK);
		if (ov_run_unit(&s, 0, 1)->status != cases[i].install ||
		    ov_run_unit(&s, 1, 1)->status != cases[i].probe ||
		    (ov_run_hindrance(&s, 2, 1, &missing) == NULL) != cases[i].may_remove)
			fail_msg("%s", cases[i].what);
		assert_int_equal(ov_run_unit(&s, 1, 0)->status, OV_RUN_NONE); /* the other group */
		assert_non_null(ov_run_hindrance(&s, 2, 0, &missing));
	}
	assert_int_equal(ov_run_note(&s, &(struct ov_run_entry){ .step = 3, .group = 0 }), OV_BAD);
	ov_arena_free(&a);
}

static void test_lines(void **state)
{
	static const struct {
		const char *argv[4], *want;
	} cases[] = {
		{ { "ssh", "h.example", "a/b-c_d=1" }, "ssh h.example a/b-c_d=1" },
		{ { "a b", "", "$x" }, "'a b' '' '$x'" },
		{ { "it's" }, "'it'\"'\"'s'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_buf b = ov_buf_of(4096);

		assert_int_equal(ov_run_line(&b, (char *const *)(uintptr_t)cases[i].argv), OV_OK);
		if (!ov_str_is(ov_buf_text(&b), cases[i].want))
			fail_msg("%.*s", (int)b.n, (const char *)b.p);
		ov_buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
