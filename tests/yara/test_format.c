/*
 * Laying out: the form, that a second time changes nothing, and that rules stay the same rules.
 * With two files as arguments: whether they compile to the same rules (0) or not.
 */
#include "testing.h"

#include <stdlib.h>

#include "layout.h"
#include "yara_run.h"

static const struct {
	const char *what, *in, *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "blanks and a byte order mark", "\xef\xbb\xbf \r\n\t", "" },
	{ "a rule", "rule a{condition:true}", "rule a {\n    condition:\n        true\n}\n" },
	{ "sections, entries, modifiers",
	  "private   global rule a:x  y{meta:a=\"b\"n=-5 t = true strings:$a=\"x\"wide\n ascii "
	  "$x=\"k\" "
	  "xor( 1 - 5 )$r=/a b/i condition:any of them}",
	  "private global rule a : x y {\n    meta:\n        a = \"b\"\n        n = -5\n        t "
	  "= true\n"
	  "    strings:\n        $a = \"x\" wide ascii\n        $x = \"k\" xor(1-5)\n        $r = "
	  "/a b/i\n"
	  "    condition:\n        any of them\n}\n" },
	{ "hexadecimal strings stay as they are",
	  "rule a { strings: $h = { 4D 5A // }\n  [2-4] /* } */ 90 } condition: $h }",
	  "rule a {\n    strings:\n        $h = { 4D 5A // }\n  [2-4] /* } */ 90 }\n    "
	  "condition:\n"
	  "        $h\n}\n" },
	{ "lines of a condition stay, parentheses indent",
	  "rule a { condition:\nfilesize<1KB and(\nfilesize >-1\n or uint8( 0 )==1)\n}",
	  "rule a {\n    condition:\n        filesize < 1KB and (\n            filesize > -1\n"
	  "            or uint8(0) == 1)\n}\n" },
	{ "operators, ranges, signs, wildcards, percents",
	  "rule a{strings:$a=\"abcd\"$b=\"efgh\" condition:50 % of($a ,$b)and for any i in(1 .. "
	  "#a):(@a[ i "
	  "]==- i+~1 and 10 % 3==1)and any of($*)}",
	  "rule a {\n    strings:\n        $a = \"abcd\"\n        $b = \"efgh\"\n    condition:\n  "
	  "      50% of "
	  "($a, $b) and for any i in (1..#a) : (@a[i] == -i + ~1 and 10 % 3 == 1) and any of "
	  "($*)\n}\n" },
	{ "comments stay where they are",
	  "// top\n\n\n// above a\nrule a { // here\n meta: /* m */ x = 1 // one\n // next\n "
	  "strings: $a = "
	  "\"abcd\" // str\n\n\n condition: // cond\n $a // used\n // and\n and true } // end\n// "
	  "last",
	  "// top\n\n// above a\nrule a { // here\n    meta: /* m */\n        x = 1 // one\n    // "
	  "next\n"
	  "    strings:\n        $a = \"abcd\" // str\n\n    condition: // cond\n        $a // "
	  "used\n"
	  "        // and\n        and true\n} // end\n\n// last\n" },
	{ "one empty line between rules, none needed between imports",
	  "import \"math\" import \"hash\" rule a{condition:true}rule b{condition:a}",
	  "import \"math\"\nimport \"hash\"\n\nrule a {\n    condition:\n        true\n}\n\nrule b "
	  "{\n"
	  "    condition:\n        a\n}\n" },
	{ "a comment to its line's end in odd places",
	  "rule // n\na // m\n{ meta // k\n: x // e\n= // v\n1 condition: not // x\n false }",
	  "rule // n\n    a // m\n    {\n    meta // k\n    :\n        x // e\n            = // v\n"
	  "            1\n    condition:\n        not // x\n        false\n}\n" },
	{ "modules", "import \"math\" rule a{condition:math . entropy( 0 ,filesize )>= 7.5}",
	  "import \"math\"\n\nrule a {\n    condition:\n        math.entropy(0, filesize) >= "
	  "7.5\n}\n" },
};

static ov_status lay_out(const char *in, struct ov_buf *out, struct ov_yerror *err)
{
	struct ov_arena a;
	ov_status s;

	ov_arena_init(&a, (size_t)64 << 20);
	*out = ov_buf_of(SIZE_MAX);
	s = ov_yformat(ov_cur_of((const uint8_t *)in, strlen(in)), &a, out, err);
	ov_arena_free(&a);
	return s;
}

static char *text_of(struct ov_buf *b)
{
	assert_int_equal(ov_buf_u8(b, 0), OV_OK);
	return (char *)b->p;
}

static bool is_same_string(const struct ov_yimage *a, const struct ov_yimage *b, uint32_t id)
{
	struct ov_ystring x, y;

	ov_yimage_string(a, id, &x);
	ov_yimage_string(b, id, &y);
	return ov_str_eq(x.name, y.name) && x.flags == y.flags && x.fixed == y.fixed &&
	       x.code.len == y.code.len && memcmp(x.code.base, y.code.base, x.code.len) == 0;
}

static bool is_same_const(const struct ov_yimage *a, const struct ov_yimage *b, uint32_t id)
{
	struct ov_yconst x, y;

	ov_yimage_const(a, id, &x);
	ov_yimage_const(b, id, &y);
	return x.kind == y.kind && ov_str_eq(x.text, y.text) && x.external == y.external &&
	       x.regex.len == y.regex.len && x.set.len == y.set.len &&
	       (x.regex.len == 0 || memcmp(x.regex.base, y.regex.base, x.regex.len) == 0) &&
	       (x.set.len == 0 || memcmp(x.set.base, y.set.base, x.set.len) == 0);
}

/* All of a rule but its text and its line. */
static bool is_same_rule(const struct ov_yimage *a, const struct ov_yimage *b, uint32_t id)
{
	struct ov_yrule x, y;
	bool is;

	ov_yimage_rule(a, id, &x);
	ov_yimage_rule(b, id, &y);
	is = ov_str_eq(x.name, y.name) && ov_str_eq(x.ns, y.ns) && x.flags == y.flags &&
	     x.first_string == y.first_string && x.nstrings == y.nstrings &&
	     x.nconsts == y.nconsts && x.ntags == y.ntags && x.nmetas == y.nmetas &&
	     x.gate == y.gate && x.class == y.class && x.nscouts == y.nscouts &&
	     x.code.len == y.code.len && memcmp(x.code.base, y.code.base, x.code.len) == 0;
	for (uint32_t i = 0; is && i < x.nstrings; i++)
		is = is_same_string(a, b, x.first_string + i);
	for (uint32_t i = 0; is && i < x.nconsts; i++)
		is = is_same_const(a, b, x.first_const + i);
	for (uint32_t i = 0; is && i < x.ntags; i++)
		is =
		    ov_str_eq(ov_yimage_tag(a, x.first_tag + i), ov_yimage_tag(b, y.first_tag + i));
	for (uint32_t i = 0; is && i < x.nmetas; i++) {
		struct ov_ymeta m, n;

		ov_yimage_meta(a, x.first_meta + i, &m);
		ov_yimage_meta(b, y.first_meta + i, &n);
		is = ov_str_eq(m.name, n.name) && m.value.kind == n.value.kind &&
		     (m.value.kind == OV_Y_STRING ? ov_str_eq(m.value.s, n.value.s)
						  : m.value.i == n.value.i);
	}
	return is;
}

static bool are_same_rules(const char *one, const char *other, uint32_t *n)
{
	struct yara_told told;
	struct ov_buf a = yara_compile(one, &told), b = yara_compile(other, &told);
	struct ov_yimage x, y;
	bool is;

	assert_int_equal(ov_yimage_open(ov_buf_cur(&a), &x), OV_OK);
	assert_int_equal(ov_yimage_open(ov_buf_cur(&b), &y), OV_OK);
	is = x.nrules == y.nrules && x.nanchors == y.nanchors && x.ngates == y.ngates;
	for (uint32_t i = 0; is && i < x.nrules; i++)
		is = is_same_rule(&x, &y, i);
	*n = x.nrules;
	ov_buf_free(&a);
	ov_buf_free(&b);
	return is;
}

static void the_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_yerror err = { .line = 0 };
		struct ov_buf once, twice;
		uint32_t n;

		if (lay_out(cases[i].in, &once, &err) != OV_OK)
			fail_msg("%s: %s at %u:%u", cases[i].what, err.why, err.line, err.column);
		if (strcmp(text_of(&once), cases[i].want) != 0)
			fail_msg("%s: it became\n%s", cases[i].what, once.p);
		assert_int_equal(lay_out((char *)once.p, &twice, &err), OV_OK);
		if (strcmp((char *)once.p, text_of(&twice)) != 0)
			fail_msg("%s: a second time changes it:\n%s", cases[i].what, twice.p);
		if (!are_same_rules(cases[i].in, (char *)once.p, &n))
			fail_msg("%s: it means something else", cases[i].what);
		ov_buf_free(&once);
		ov_buf_free(&twice);
	}
}

static void no_bytes_at_all(void **state)
{
	struct ov_buf out = ov_buf_of(SIZE_MAX);
	struct ov_yerror err;
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	assert_int_equal(ov_yformat(ov_cur_of(NULL, 0), &a, &out, &err), OV_OK);
	assert_int_equal(out.n, 0);
	ov_arena_free(&a);
}

/* Found by fuzz_yara: zeros at the end of a comment were taken for white space, and dropped. */
static void a_comment_keeps_its_zeros(void **state)
{
	static const char in[] = "rule a { condition: true } // b\0\0 \n";
	struct ov_buf out = ov_buf_of(SIZE_MAX);
	struct ov_yerror err;
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, (size_t)1 << 20);
	assert_int_equal(ov_yformat(ov_cur_of(in, sizeof in - 1), &a, &out, &err), OV_OK);
	assert_true(out.n > 7);
	assert_memory_equal(out.p + out.n - 7, "// b\0\0\n", 7);
	ov_buf_free(&out);
	ov_arena_free(&a);
}

static const struct {
	const char *in;
	uint32_t line, column;
} refused[] = {
	{ "rule a { condition: }", 1, 21 },
	{ "rule a {\n condition: $ }} /* ", 2, 13 },
	{ "rule a { strings: $a = \"x condition: $a }", 1, 24 },
	{ "/* no end", 1, 1 },
	{ "rule a { condition: true }\nimport 5", 2, 8 },
};

static void what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct ov_yerror err = { .line = 0 };
		struct ov_buf out;

		assert_int_equal(lay_out(refused[i].in, &out, &err), OV_BAD);
		if (err.line != refused[i].line || err.column != refused[i].column)
			fail_msg("%s: told at %u:%u: %s", refused[i].in, err.line, err.column,
				 err.why);
		ov_buf_free(&out);
	}
}

/* Every prefix of a source is refused or laid out, and never otherwise than checked. */
static void prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t n = 0; n < strlen(cases[i].in); n++) {
			char *cut = strndup(cases[i].in, n);
			struct ov_yerror err;
			struct ov_buf out;
			const ov_status s = lay_out(cut, &out, &err);

			assert_true(s == OV_OK || s == OV_BAD);
			ov_buf_free(&out);
			free(cut);
		}
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *p = calloc(1, (size_t)64 << 20);

	if (f == NULL || p == NULL || fread(p, 1, ((size_t)64 << 20) - 1, f) == 0)
		exit(2);
	(void)fclose(f);
	return p;
}

static int compare_files(const char *one, const char *other)
{
	char *a = read_file(one), *b = read_file(other);
	uint32_t n = 0;
	const bool is = are_same_rules(a, b, &n);

	printf("%u rules, %s\n", n, is ? "the same" : "not the same");
	free(a);
	free(b);
	return is ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form),
		cmocka_unit_test(no_bytes_at_all),
		cmocka_unit_test(a_comment_keeps_its_zeros),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(prefixes),
	};

	if (argc == 3)
		return compare_files(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
