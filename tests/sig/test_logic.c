/* Logical expressions and condition code. The verdicts are those of clamscan 1.4.6 on files with
 * these counts. */
#include "testing.h"

#include "cond.h"
#include "logic.h"
#include "odb.h"

static const struct {
	const char *text;
	uint64_t counts[4];
	bool want;
} cases[] = {
	{ "0", { 1 }, true },
	{ "0", { 0 }, false },
	{ "0&1", { 1, 0 }, false },
	{ "0 & 1", { 1, 1 }, true },
	{ "0|1", { 0, 1 }, true },
	{ "0&1|0", { 1, 0 }, true },
	{ "0&1|2", { 0, 0, 1 }, false }, /* 0&(1|2) */
	{ "(0&1)|2", { 0, 0, 1 }, true },
	{ "0|1&2", { 1, 0, 0 }, true }, /* 0|(1&2) */
	{ "(0|1)&2", { 1, 0, 0 }, false },
	{ "((((0))))&1", { 1, 1 }, true },
	{ "00&1", { 1, 1 }, true },
	{ "0=0", { 0 }, true },
	{ "0=0", { 1 }, false },
	{ "0=2", { 2 }, true },
	{ "0=2", { 3 }, false },
	{ "0>1", { 1 }, false },
	{ "0>1", { 2 }, true },
	{ "0<2", { 1 }, true },
	{ "0<2", { 2 }, false },
	{ "0==2", { 2 }, true },
	{ "0>=2", { 3 }, false }, /* the second sign counts */
	{ "0>=2", { 2 }, true },
	{ "0=>1", { 2 }, true },
	{ "0<=1", { 1 }, true },
	{ "0=2,", { 2 }, true },
	{ "0=1,5", { 1 }, true }, /* ",Y" means nothing behind an index */
	{ "0=1&1", { 1, 1 }, true },
	{ "(0|1)=2", { 1, 1 }, true },
	{ "(0|1)=2", { 2, 0 }, true },
	{ "(0|1)>1,2", { 2, 0 }, false },
	{ "(0|1)>1,2", { 1, 1 }, true },
	{ "(0|1)<2,1", { 0, 0 }, false },
	{ "(0|1)<3,1", { 1, 0 }, true },
	{ "(0|1)=0,1", { 0, 0 }, false },
	{ "(0&1)>1", { 3, 0 }, false }, /* an AND that fails counts nothing */
	{ "(0&1)=2", { 2, 0 }, false },
	{ "(1&0)=2", { 2, 0 }, false },
	{ "(0&1)=0", { 1, 0 }, true },
	{ "(0&1)<1", { 1, 0 }, true },
	{ "(0&1)=3", { 2, 1 }, true },
	{ "(0=1|1=0)=1", { 1, 0 }, true },
	{ "(0>1|1>0)>1", { 1, 1 }, false },
	{ "(0>1|1>0)=1", { 1, 1 }, true },
	{ "(0<5|1>0)=2", { 1, 1 }, true },
	{ "(0<5|1=0)=1", { 1, 0 }, true },
	{ "(0=2|1)=1", { 1, 1 }, true },
	{ "(0=2|1)=2", { 1, 1 }, false },
	{ "((0|1)=2|1)=3", { 1, 1 }, true },
	{ "((0|1)=2|1)=1", { 1, 1 }, false },
	{ "((0|1)>0&1)=3", { 1, 1 }, true },
	{ "(0=9|1=5)=14", { 9, 5 }, true },
	/* inside parentheses the last operator splits, and an AND that fails counts nothing */
	{ "((0&1)|2)=1", { 2, 0, 1 }, true },
	{ "((0&1)|2)=2", { 2, 0, 1 }, false },
	{ "(2|0&1)=0", { 2, 0, 1 }, true },
	{ "(2|0&1)=1", { 2, 0, 1 }, false },
	{ "(2|0&1)=3", { 0, 2, 1 }, true },
	{ "(2|0&1)=4", { 0, 2, 1 }, false },
	{ "(0&1|2)=1", { 2, 0, 1 }, true },
	{ "(0&1|2)=2", { 2, 0, 1 }, false },
	{ "(0&1|2)=1", { 0, 2, 1 }, true },
	{ "(0&1|2)=2", { 0, 2, 1 }, false },
	{ "(0&(1|2))=0", { 0, 2, 1 }, true },
	{ "(0&(1|2))=1", { 0, 2, 1 }, false },
	{ "(0|(1&2))=1", { 1, 2, 0 }, true },
	{ "(0|(1&2))=2", { 1, 2, 0 }, false },
	{ "((0&1)=0|2)=1", { 2, 0, 1 }, true },
	{ "((0&1)=0|2)=2", { 2, 0, 1 }, false },
	{ "((0|1)=2|2)=3", { 1, 1, 1 }, true },
	{ "((0|1)=2|2)=4", { 1, 1, 1 }, false },
	{ "((0&1)&2|3)=3", { 1, 0, 2, 3 }, true },
	{ "((0&1)&2|3)=4", { 1, 0, 2, 3 }, false },
	{ "(3|(0&1)&2)=5", { 1, 0, 2, 3 }, true },
	{ "(3|(0&1)&2)=6", { 1, 0, 2, 3 }, false },
	{ "(3|2&(0&1))=0", { 1, 0, 2, 3 }, true },
	{ "(3|2&(0&1))=1", { 1, 0, 2, 3 }, false },
	{ "(3|(2&(0=1|1)))=3", { 2, 0, 2, 3 }, true },
	{ "(3|(2&(0=1|1)))=4", { 2, 0, 2, 3 }, false },
	{ "(3|(2&(0=2|1)))=8", { 2, 1, 2, 3 }, true },
	{ "(3|(2&(0=2|1)))=9", { 2, 1, 2, 3 }, false },
	{ "(3|((0=2|1)=9&2))=3", { 2, 1, 2, 3 }, true },
	{ "(3|((0=2|1)=9&2))=4", { 2, 1, 2, 3 }, false },
	{ "0|1&2", { 1, 0, 0 }, true },
	{ "(0|1&2)&3", { 1, 0, 0, 1 }, false },
	{ "(0&1|2)&3", { 0, 0, 1, 1 }, true },
	{ "3&(0|1&2)", { 1, 0, 0, 1 }, false },
	{ "0&(1|2&3)", { 1, 1, 0, 0 }, false },
	{ "(0<9|1)=1,2", { 0, 1 }, true },
	{ "(0<9|1<8)=0,2", { 0, 0 }, true },
	{ "((0|1)<9|2)=2,1", { 1, 0, 1 }, true },
	{ "((0|1)<9|2)=2,2", { 1, 0, 1 }, false },
	{ "((0|1)|2)=2,2", { 1, 0, 1 }, true },
	{ "((0|1)>0,2|2|3)=4,2", { 1, 1, 1, 1 }, true },
	{ "((0|1)>0|2|3)=4,3", { 1, 1, 1, 1 }, false },
	{ "((0|1)|2>0)=2,2", { 1, 0, 1 }, true },
	{ "((0<9)|2)=2,2", { 1, 0, 1 }, true },
	{ "(0=1|(1=1|2))=3,3", { 1, 1, 1 }, true },
	{ "((0&1)|2)=3,3", { 1, 1, 1 }, true },
	{ "0|(1<3|2&3)=4,2", { 0, 0, 0, 4 }, true },
};

static ov_status compile(const char *text, uint32_t nsubs, struct ov_arena *a, struct ov_buf *code,
			 const char **why)
{
	struct ov_cond_node *root = NULL;
	uint32_t top = 0;

	OV_TRY(ov_logic_parse(ov_str_of(text), nsubs, a, &root, &top, why));
	return ov_cond_compile(root, nsubs, code);
}

static void test_verdicts(void **state)
{
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_buf code = ov_buf_of(1 << 16);
		const char *why = NULL;

		ov_expect_eq(cases[i].text, compile(cases[i].text, 4, &a, &code, &why), OV_OK);
		ov_expect_eq(cases[i].text, ov_cond_verify(ov_buf_cur(&code), 4), OV_OK);
		for (uint64_t known = 0; known < 16; known++)
			ov_expect(cases[i].text,
				  !cases[i].want ||
				      ov_cond_may(ov_buf_cur(&code), cases[i].counts, known, 4));
		ov_expect_eq(cases[i].text, ov_cond_eval(ov_buf_cur(&code), cases[i].counts, 4),
			     cases[i].want);
		ov_buf_free(&code);
		ov_arena_reset(&a, (size_t)1 << 20);
	}
	ov_arena_free(&a);
}

/* A conjunction is told as such, and nothing else is. */
static void test_conjunctions(void **state)
{
	static const struct {
		const char *text;
		uint64_t all_of;
	} rows[] = {
		{ "0", 1 },	      { "0&1", 3 },	{ "0&(1&3)", 11 }, { "(3&2)&(1&0)", 15 },
		{ "0|1", 0 },	      { "0&(1|2)", 0 }, { "0&1>2", 0 },	   { "(0&1)=0", 0 },
		{ "0&(1&2)>1,2", 0 },
	};
	const uint8_t broken[] = { OV_COND_SUB, 1 }, beyond[] = { OV_COND_SUB, 64, 0 };
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_buf code = ov_buf_of(1 << 16);
		const char *why = NULL;

		ov_expect_eq(rows[i].text, compile(rows[i].text, 4, &a, &code, &why), OV_OK);
		ov_expect_eq(rows[i].text, ov_cond_all_of(ov_buf_cur(&code)), rows[i].all_of);
		ov_buf_free(&code);
		ov_arena_reset(&a, (size_t)1 << 20);
	}
	ov_arena_free(&a);
	assert_int_equal(ov_cond_all_of(ov_cur_of(broken, sizeof broken)), 0);
	assert_int_equal(ov_cond_all_of(ov_cur_of(beyond, sizeof beyond)), 0);
	assert_int_equal(ov_cond_all_of(ov_cur_of(NULL, 0)), 0);
}

/* What is known to be missing is enough to drop a rule. */
static void test_may(void **state)
{
	static const struct {
		const char *text;
		uint64_t counts[4], known;
		bool want;
	} rows[] = {
		{ "0&1", { 0, 0 }, 0, true },
		{ "0&1", { 0, 0 }, 2, false },
		{ "0&1", { 0, 1 }, 2, true },
		{ "0|1", { 0, 0 }, 2, true },
		{ "0|1", { 0, 0 }, 3, false },
		{ "(0>5)&1", { 5, 0 }, 1, false },
		{ "(0>5)&1", { 6, 0 }, 1, true },
		{ "(0=2)&1", { 3, 0 }, 1, false },
		{ "(0|1|2)>1,2", { 0, 0, 0 }, 6, false },
		{ "(0|1|2)>1,2", { 0, 0, 0 }, 2, true },
		{ "(0|1)=0", { 0, 0 }, 0, true },
		{ "(0&1)&2", { 0, 0, 0 }, 1, false },
	};
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_buf code = ov_buf_of(1 << 16);
		const char *why = NULL;

		ov_expect_eq(rows[i].text, compile(rows[i].text, 4, &a, &code, &why), OV_OK);
		ov_expect_eq(rows[i].text,
			     ov_cond_may(ov_buf_cur(&code), rows[i].counts, rows[i].known, 4),
			     rows[i].want);
		ov_buf_free(&code);
		ov_arena_reset(&a, (size_t)1 << 20);
	}
	ov_arena_free(&a);
}

static void test_refused(void **state)
{
	static const char *const texts[] = { "",
					     "x",
					     "0&",
					     "&0",
					     "()",
					     "0(1)",
					     "(0",
					     "0)",
					     "0=",
					     "0=,",
					     "0=1,2,3",
					     "0>1=2",
					     "0&&1",
					     "3",
					     "0&64",
					     "0=-1",
					     "0,1",
					     "0=1=1",
					     "0 1",
					     "99999999999999999999",
					     "0=99999999999999999999",
					     "0===1" };
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct ov_buf code = ov_buf_of(1 << 16);
		const char *why = NULL;

		ov_expect_eq(texts[i], compile(texts[i], 3, &a, &code, &why), OV_BAD);
		ov_expect(texts[i], why != NULL);
		ov_buf_free(&code);
	}
	ov_arena_free(&a);
}

/* Depth is bounded on the way in and on the stack. */
static void test_depth(void **state)
{
	struct ov_buf text = ov_buf_of(1 << 16), code = ov_buf_of(1 << 20);
	struct ov_cond_node *root = NULL;
	const char *why = NULL;
	struct ov_arena a;
	uint32_t top;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	for (int i = 0; i < OV_LOGIC_NEST + 1; i++)
		assert_int_equal(ov_buf_u8(&text, '('), OV_OK);
	assert_int_equal(ov_logic_parse((struct ov_str){ .p = (char *)text.p, .n = text.n }, 1, &a,
					&root, &top, &why),
			 OV_LIMIT);
	text.n = 0;
	for (int i = 0; i < OV_COND_DEPTH; i++)
		assert_int_equal(ov_buf_fmt(&text, "0&"), OV_OK);
	assert_int_equal(ov_buf_fmt(&text, "0"), OV_OK);
	assert_int_equal(ov_logic_parse((struct ov_str){ .p = (char *)text.p, .n = text.n }, 1, &a,
					&root, &top, &why),
			 OV_OK);
	assert_int_equal(ov_cond_compile(root, 1, &code), OV_LIMIT);
	ov_buf_free(&text);
	ov_buf_free(&code);
	ov_arena_free(&a);
}

/* Hostile code: whatever the verifier lets through, evaluating stays inside its stack (sanitizers
 * watch). */
static void test_hostile_code(void **state)
{
	static const struct {
		const char *what, *code;
		size_t n;
		ov_status want;
	} rows[] = {
		{ "nothing", "", 0, OV_BAD },
		{ "an AND of nothing", "\x02", 1, OV_BAD },
		{ "two values left", "\x05\x05", 2, OV_BAD },
		{ "cut index", "\x01\x00", 2, OV_SHORT },
		{ "index too large", "\x01\x03\x00", 3, OV_BAD },
		{ "unknown instruction", "\x07", 1, OV_BAD },
		{ "cut relation", "\x06\x00\x00=", 4, OV_SHORT },
		{ "zero", "\x00", 1, OV_BAD },
		{ "unknown relation", "\x05\x04!\0\0\0\0\0\0\0\0\0\0\0\0", 15, OV_BAD },
		{ "one TRUE", "\x05", 1, OV_OK },
	};
	uint8_t deep[OV_COND_DEPTH + 1];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ov_expect_eq(rows[i].what, ov_cond_verify(ov_cur_of(rows[i].code, rows[i].n), 3),
			     rows[i].want);
	memset(deep, OV_COND_TRUE, sizeof deep);
	assert_int_equal(ov_cond_verify(ov_cur_of(deep, sizeof deep), 3), OV_BAD);
	assert_false(ov_cond_eval(ov_cur_of(deep, sizeof deep), cases[0].counts, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts), cmocka_unit_test(test_conjunctions),
		cmocka_unit_test(test_may),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depth),	 cmocka_unit_test(test_hostile_code),
	};

	return cmocka_run_group_tests_name("sig logic", tests, NULL, NULL);
}
