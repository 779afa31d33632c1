/* YARA strings: what matches where, as Debian's yara 4.2.3 says; refused bodies; hostile code. */
#include "testing.h"

#include <stdlib.h>

#include "ystr.h"

#define A OV_YSTR_ASCII
#define W OV_YSTR_WIDE
#define I OV_YSTR_NOCASE
#define F OV_YSTR_FULLWORD
#define X OV_YSTR_XOR
#define S OV_YSTR_DOTALL
#define B64 OV_YSTR_BASE64
#define B64W OV_YSTR_BASE64WIDE
#define T OV_YSTR_TEXT
#define H OV_YSTR_HEX
#define R OV_YSTR_REGEX
#define STR(s)                                                                                     \
	{                                                                                          \
		"" s "", sizeof(s) - 1                                                             \
	}

struct row {
	enum ov_ystr_kind kind;
	uint32_t flags;
	struct ov_str body, text;
	const char *want; /* "offset+length ..." */
};

/* clang-format off */
static const struct row rows[] = {
	{ T, 0, STR("abab"), STR("ababab"), "0+4 2+4" },
	{ T, I, STR("fOo"), STR("FooFOOfoo"), "0+3 3+3 6+3" },
	{ T, F, STR("foo"), STR("foo foobar foo_bar xfoo foo1"), "0+3 11+3" },
	{ T, W | F, STR("foo"), STR("f\0o\0o\0 \0f\0o\0o\0b\0xf\0o\0o\0 f\0o\0o\0"), "0+6 17+6 24+6" },
	{ T, A | W, STR("foo"), STR("foof\0o\0o\0"), "0+3 3+6" },
	{ T, A | W, STR("a"), STR("a\0"), "0+1" },
	{ T, X, STR("foo"), STR("foognnFOOzfoo"), "0+3 3+3 6+3 10+3" },
	{ T, X | W, STR("foo"), STR("g\1n\1n\1."), "0+6" },
	{ T, B64, STR("This program"), STR("VGhpcyBwcm9ncmFt"), "0+16" },
	{ T, B64, STR("This program"), STR("eFRoaXMgcHJvZ3JhbSBj"), "2+15" },
	{ T, B64, STR("Thi"), STR("eHlUaGlz"), "3+3" },
	{ T, B64 | W, STR("ab"), STR("YQBiAA=="), "0+5" },
	{ T, B64W, STR("Thi"), STR("V\0G\0h\0p\0"), "0+8" },

	{ H, 0, STR("AA [0-3] BB"), STR("\xaa\1\xbb\xbb\xaa\xbb\0\xbb"), "0+3 4+2" },
	{ H, 0, STR("?? BB"), STR("\xaa\1\xbb\xbb\xaa\xbb\0\xbb"), "1+2 2+2 4+2 6+2" },
	{ H, 0, STR("11 22 33 44 AA (BB 00 | BB)"), STR("\x11\x22\x33\x44\xaa\xbb\0\xbb"), "0+7" },
	{ H, 0, STR("11 22 33 44 AA (BB | BB 00)"), STR("\x11\x22\x33\x44\xaa\xbb\0\xbb"), "0+6" },
	{ H, 0, STR("A? ?B // x\n /* y */ cc"), STR("\xaa\xbb\xcc"), "0+3" },
	{ H, 0, STR("~AA BB"), STR("\xaa\xbb\xab\xbb"), "2+2" },
	{ H, 0, STR("~A? BB"), STR("\xaa\xbb\xba\xbb"), "2+2" },
	{ H, 0, STR("AA [1] [1] DD"), STR("\xaa\xbb\xcc\xdd"), "0+4" },
	{ H, 0, STR("AA (BB [1-2] DD | CC) EE"), STR("\xaa\xbb\xcc\xdd\xee"), "0+5" },
	{ H, 0, STR("41 [-] 42 [300-] 43"), STR("ABC"), "" },
	{ H, 0, STR("41 [0-300] 42 [-] 43"), STR("A.A..BBxC"), "0+9 2+7" },
	{ H, 0, STR("41 [250-] 42"), STR("AB"), "" },

	{ R, 0, STR("a+b"), STR("aaab-aab"), "0+4 1+3 2+2 5+3 6+2" },
	{ R, 0, STR("a{2,}?"), STR("aaab-aab"), "0+2 1+2 5+2" },
	{ R, 0, STR("a*"), STR("aaab-aab"), "0+3 1+2 2+1 5+2 6+1" },
	{ R, 0, STR("b*?"), STR("aaab-aab"), "" },
	{ R, 0, STR("a(a|ab)?"), STR("aaab-aab"), "0+2 1+2 2+1 5+2 6+1" },
	{ R, 0, STR("QQWWx(a|ab)"), STR("QQWWxab QQWWxabb"), "0+6 8+6" },
	{ R, 0, STR("QQWWx(ab|a)(b|)"), STR("QQWWxab QQWWxabb"), "0+7 8+8" },
	{ R, 0, STR("^a+"), STR("aaab-aab"), "0+3" },
	{ R, 0, STR("b$"), STR("aaab-aab"), "7+1" },
	{ R, 0, STR("\\ba"), STR("aXb a-b a_b 1b"), "0+1 4+1 8+1" },
	{ R, 0, STR("b\\b"), STR("aXb a-b a_b 1b"), "2+1 6+1 10+1 13+1" },
	{ R, 0, STR("a.*"), STR("aa\nbb\r\n"), "0+2 1+1" },
	{ R, S, STR("a.*"), STR("aa\nbb\r\n"), "0+7 1+6" },
	{ R, 0, STR("[^\\W]+"), STR("aXb a-b"), "0+3 1+2 2+1 4+1 6+1" },
	{ R, 0, STR("[a-\\d]"), STR("abcde5-"), "0+1 1+1 2+1 3+1" },
	{ R, 0, STR("[]a]"), STR("]a^"), "0+1 1+1" },
	{ R, 0, STR("[[:digit:]]"), STR("5d:]"), "2+2" },
	{ R, OV_YSTR_STRICT, STR("[[:digit:]]"), STR("5d:]"), "0+1" },
	{ R, 0, STR("a{1,x}"), STR("a{1,x}"), "0+6" },
	{ R, 0, STR("a{,2}b"), STR("a{,2}b"), "5+1" },
	{ R, 0, STR("a||b"), STR("ab"), "0+1" },
	{ R, I, STR("[^f]oo"), STR("FooFOOfoo"), "" },
	{ R, W, STR("f.o"), STR("f\0o\0o\0 \0f\0o\0o\0"), "0+6 8+6" },
	{ R, W, STR("o\\b"), STR("f\0o\0o\0 \0f\0o\0o\0b\0xf\0o\0o\0 f\0o\0o\0"), "4+2 21+2 28+2" },
	{ R, W | A, STR("f.*"), STR("f\0o\0\n"), "0+4" },
	{ R, F, STR("foo\\w*"), STR("foo foobar foo_bar xfoo foo1"), "0+3 4+6 11+7 24+4" },
	{ R, F, STR("foo( ?b)?"), STR("foo bar"), "" },
	{ R, 0, STR("(?i)ab(?:c|d)"), STR("xABc"), "1+3" },
	{ R, 0, STR("a(?i:b)c"), STR("aBc aBC"), "0+3" },
	{ R, 0, STR("(abca|bcab|cabcabc)"), STR("abcabcabc"), "0+4 1+4 2+7 3+4 4+4" },
	{ R, 0, STR("x.*abcd.?y"), STR("x-xabcdabcdzy"), "0+13 2+11" },
	{ R, S, STR("ABCDEF.{1,300}?GHIJ"), STR("ABCDEF--GHIJGHIJ"), "0+12" },
};
/* clang-format on */

static ov_status compile(const struct row *r, struct ov_buf *out, struct ov_ystr_facts *facts,
			 struct ov_ystr_error *err)
{
	const struct ov_ystr_ir ir = {
		.kind = r->kind, .body = r->body, .flags = r->flags, .xor_hi = 255
	};
	struct ov_arena a;
	ov_status s;

	ov_arena_init(&a, (size_t)1 << 26);
	s = ov_ystr_compile(&ir, &a, out, facts, err);
	ov_arena_free(&a);
	return s;
}

/* Matches as text, searched in memory and in a file that must be read. */
static void search(struct ov_cur code, const struct ov_src *src, char *to, size_t cap)
{
	struct ov_ysearch *s = NULL;
	uint64_t steps = 1u << 30;
	struct ov_ylist l;
	uint32_t slot;
	size_t n = 0;

	to[0] = 0;
	assert_int_equal(ov_ysearch_new(&s), OV_OK);
	ov_ysearch_begin(s);
	assert_int_equal(ov_ysearch_add(s, code, OV_YMATCH_MAX, &slot), OV_OK);
	assert_int_equal(ov_ysearch_run(s, src, 0, 0, &steps), OV_OK);
	l = ov_ysearch_list(s, slot);
	for (uint32_t i = 0; i < l.n && n + 32 < cap; i++)
		n += (size_t)snprintf(to + n, cap - n, "%s%u+%u", i > 0 ? " " : "",
				      (unsigned)l.at[i].off, (unsigned)l.at[i].len);
	ov_ysearch_free(&s);
}

static ov_status read_text(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	memcpy(to, (const char *)ctx + off, n);
	*got = n;
	return OV_OK;
}

static void test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct ov_src src = ov_src_mem(r->text.p, r->text.n);
		struct ov_buf code = ov_buf_of(1u << 22);
		struct ov_ystr_facts facts;
		struct ov_ystr_error err;
		char text[512], got[512];

		if (compile(r, &code, &facts, &err) != OV_OK)
			fail_msg("row %.*s: %s", (int)r->body.n, r->body.p, err.why);
		ov_expect(r->body.p, ov_ystr_check(ov_buf_cur(&code)) == OV_OK);
		memcpy(text, r->text.p, r->text.n);
		search(ov_buf_cur(&code), &src, got, sizeof got);
		if (strcmp(got, r->want) != 0)
			fail_msg("row %.*s: %s, not %s", (int)r->body.n, r->body.p, got, r->want);
		src = (struct ov_src){ .size = r->text.n, .read = read_text, .ctx = text };
		search(ov_buf_cur(&code), &src, got, sizeof got);
		if (strcmp(got, r->want) != 0)
			fail_msg("row %.*s, as a file: %s, not %s", (int)r->body.n, r->body.p, got,
				 r->want);
		ov_buf_free(&code);
	}
}

/* clang-format off */
static const struct row refused[] = {
	{ T, X | I, STR("abc"), STR(""), NULL },
	{ T, B64 | I, STR("abc"), STR(""), NULL },
	{ T, B64 | X, STR("abc"), STR(""), NULL },
	{ T, B64 | F, STR("abc"), STR(""), NULL },
	{ T, 0, STR(""), STR(""), NULL },
	{ H, 0, STR(""), STR(""), NULL },
	{ H, 0, STR("AA B"), STR(""), NULL },
	{ H, 0, STR("a abb"), STR(""), NULL },
	{ H, 0, STR("AA [1]"), STR(""), NULL },
	{ H, 0, STR("[1] AA"), STR(""), NULL },
	{ H, 0, STR("AA [2-1] BB"), STR(""), NULL },
	{ H, 0, STR("AA [0] BB"), STR(""), NULL },
	{ H, 0, STR("AA [-3] BB"), STR(""), NULL },
	{ H, 0, STR("AA (BB | ) CC"), STR(""), NULL },
	{ H, 0, STR("AA (BB [201] CC | DD) EE"), STR(""), NULL },
	{ H, 0, STR("AA (BB [-] CC | DD) EE"), STR(""), NULL },
	{ H, 0, STR("AA (BB"), STR(""), NULL },
	{ H, 0, STR("AA BB)"), STR(""), NULL },
	{ H, 0, STR("AA | BB"), STR(""), NULL },
	{ H, 0, STR("AA /* BB"), STR(""), NULL },
	{ H, 0, STR("AA ~?? BB"), STR(""), NULL },
	{ H, W, STR("AA BB"), STR(""), NULL },
	{ R, 0, STR("a**"), STR(""), NULL },
	{ R, 0, STR("a???"), STR(""), NULL },
	{ R, 0, STR("*a"), STR(""), NULL },
	{ R, 0, STR("a|*"), STR(""), NULL },
	{ R, 0, STR("^*a"), STR(""), NULL },
	{ R, 0, STR("a{2,1}"), STR(""), NULL },
	{ R, 0, STR("a{0}"), STR(""), NULL },
	{ R, 0, STR("a{32768}"), STR(""), NULL },
	{ R, 0, STR("{2}"), STR(""), NULL },
	{ R, 0, STR("(a"), STR(""), NULL },
	{ R, 0, STR("a)"), STR(""), NULL },
	{ R, 0, STR("()"), STR(""), NULL },
	{ R, 0, STR("|b"), STR(""), NULL },
	{ R, 0, STR("[a"), STR(""), NULL },
	{ R, 0, STR("[z-a]"), STR(""), NULL },
	{ R, 0, STR("\\x4"), STR(""), NULL },
	{ R, 0, STR("a\\"), STR(""), NULL },
	{ R, 0, STR("(a)\\1"), STR(""), NULL },
	{ R, 0, STR("(?=a)b"), STR(""), NULL },
	{ R, 0, STR("a+b+?"), STR(""), NULL },
	{ R, 0, STR("((((((a{200}){200}){200}){200}){200}){200})"), STR(""), NULL },
	{ R, OV_YSTR_STRICT, STR("a{"), STR(""), NULL },
	{ R, OV_YSTR_STRICT, STR("\\g"), STR(""), NULL },
	{ R, OV_YSTR_STRICT, STR("a*"), STR(""), NULL },
	{ R, B64, STR("abc"), STR(""), NULL },
};
/* clang-format on */

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct ov_buf code = ov_buf_of(1u << 22);
		struct ov_ystr_facts facts;
		struct ov_ystr_error err;
		const ov_status s = compile(&refused[i], &code, &facts, &err);

		ov_expect(refused[i].body.p, s == OV_BAD || s == OV_LIMIT);
		ov_expect(refused[i].body.p, err.why != NULL && err.at <= refused[i].body.n);
		ov_expect(refused[i].body.p, code.n == 0);
		ov_buf_free(&code);
	}
}

/* A deep nest of groups, and a long chain of alternatives: no recursion, no surprise. */
static void test_deep(void **state)
{
	char text[4000];

	(void)state;
	for (unsigned depth = 100; depth < 400; depth += 100) {
		const struct row r = { R, 0, { text, 2 * depth + 1 }, STR(""), NULL };
		struct ov_buf code = ov_buf_of(1u << 22);
		struct ov_ystr_facts facts;
		struct ov_ystr_error err;

		memset(text, '(', depth);
		text[depth] = 'a';
		memset(text + depth + 1, ')', depth);
		assert_int_equal(compile(&r, &code, &facts, &err), depth < 128 ? OV_OK : OV_BAD);
		ov_buf_free(&code);
	}
}

/* Damaged code is refused, or does no harm. */
static void harmless(struct ov_cur code, struct ov_str text)
{
	const struct ov_src src = ov_src_mem(text.p, text.n);
	struct ov_ysearch *s = NULL;
	uint64_t steps = 100000;
	uint32_t slot;

	if (ov_ystr_check(code) != OV_OK)
		return;
	assert_int_equal(ov_ysearch_new(&s), OV_OK);
	ov_ysearch_begin(s);
	assert_int_equal(ov_ysearch_add(s, code, 100, &slot), OV_OK);
	(void)!ov_ysearch_run(s, &src, 0, 0, &steps);
	for (uint32_t i = 0; i < ov_ystr_natoms(code) && i < 8; i++) {
		const struct ov_ybytes b = { (const uint8_t *)text.p, text.n, 0, text.n };
		struct ov_gram_key k;

		assert_int_equal(ov_ystr_atom(code, i, &k), OV_OK);
		for (size_t at = 0; at <= text.n; at++)
			(void)!ov_ystr_probe(s, code, i, &b, at, &steps);
	}
	ov_ysearch_free(&s);
}

static void test_damaged(void **state)
{
	static const size_t some[] = { 3, 5, 6, 8, 15, 23, 30, 51, 53 };

	(void)state;
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		const struct row *r = &rows[some[i]];
		struct ov_buf code = ov_buf_of(1u << 22);
		struct ov_ystr_facts facts;
		struct ov_ystr_error err;

		assert_int_equal(compile(r, &code, &facts, &err), OV_OK);
		for (size_t n = 0; n < code.n; n++) {
			uint8_t *part = malloc(n > 0 ? n : 1); /* the sanitizer sees its end */

			assert_non_null(part);
			memcpy(part, code.p, n);
			assert_int_equal(ov_ystr_check(ov_cur_of(part, n)), OV_BAD);
			free(part);
		}
		for (size_t bit = 0; bit < code.n * 8; bit++) {
			code.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			harmless(ov_buf_cur(&code), r->text);
			code.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		ov_buf_free(&code);
	}
}

/* One search for other strings in each layer: nothing of a plan may outlive it. */
static void test_plans(void **state)
{
	static const struct row asked[] = { { T, 0, STR("abcdef"), STR(""), NULL },
					    { T, 0, STR("ab"), STR(""), NULL },
					    { R, 0, STR("[a-c]+\\d"), STR(""), NULL } };
	static const char text[] = "xabcdef1 ab2";
	const struct ov_src src = ov_src_mem(text, sizeof text - 1);
	static const uint32_t want[] = { 1, 2, 2 };
	struct ov_buf code[3];
	struct ov_ysearch *s = NULL;

	(void)state;
	assert_int_equal(ov_ysearch_new(&s), OV_OK);
	for (unsigned i = 0; i < 3; i++) {
		struct ov_ystr_facts facts;
		struct ov_ystr_error err;

		code[i] = ov_buf_of(1u << 20);
		assert_int_equal(compile(&asked[i], &code[i], &facts, &err), OV_OK);
	}
	for (unsigned mask = 0; mask < 64; mask++) { /* each set after each other */
		uint64_t steps = 1u << 20;
		uint32_t slot[3];

		ov_ysearch_begin(s);
		for (unsigned i = 0; i < 3; i++)
			if ((mask * 5 >> i & 1) != 0)
				assert_int_equal(
				    ov_ysearch_add(s, ov_buf_cur(&code[i]), 100, &slot[i]), OV_OK);
		assert_int_equal(ov_ysearch_run(s, &src, 0, 0, &steps), OV_OK);
		for (unsigned i = 0; i < 3; i++)
			if ((mask * 5 >> i & 1) != 0)
				assert_int_equal(ov_ysearch_list(s, slot[i]).n, want[i]);
	}
	for (unsigned i = 0; i < 3; i++)
		ov_buf_free(&code[i]);
	ov_ysearch_free(&s);
}

static void test_conditions(void **state)
{
	static const struct {
		const char *what, *body, *text;
		uint32_t flags;
		ov_status want;
	} cases[] = {
		{ "in the middle", "b+c", "aabbcc", 0, OV_OK },
		{ "not there", "b+d", "aabbcc", 0, OV_END },
		{ "at the end", "c$", "aabbcc", 0, OV_OK },
		{ "at the beginning", "^b", "aabbcc", 0, OV_END },
		{ "either case", "BB", "aabbcc", I, OV_OK },
		{ "nothing at all", "x*", "aabbcc", 0, OV_OK },
		{ "an empty text", "^$", "", 0, OV_OK },
		{ "long", "a.{2,3}c", "aabbcc", 0, OV_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_buf code = ov_buf_of(1u << 20);
		struct ov_ysearch *s = NULL;
		struct ov_ystr_error err;
		struct ov_ymatch m;
		struct ov_arena a;
		uint64_t steps = 10000;

		ov_arena_init(&a, 1u << 24);
		assert_int_equal(ov_ysearch_new(&s), OV_OK);
		ov_expect(cases[i].what, ov_re_compile(ov_str_of(cases[i].body), cases[i].flags, &a,
						       &code, &err) == OV_OK);
		ov_expect(cases[i].what, ov_re_check(ov_buf_cur(&code)) == OV_OK);
		ov_expect_eq(cases[i].what,
			     ov_re_find(s, ov_buf_cur(&code), (const uint8_t *)cases[i].text,
					strlen(cases[i].text), &steps, &m),
			     cases[i].want);
		ov_ysearch_free(&s);
		ov_arena_free(&a);
		ov_buf_free(&code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),	   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_deep),	   cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_plans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
