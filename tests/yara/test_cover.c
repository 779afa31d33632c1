/*
 * Covers and gates: a rule that holds is never left asleep, and a string that is there is never
 * taken for absent. Random conditions over few strings, held against evaluation without any of it.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yara_run.h"
#include "ast.h"
#include "ymod.h"

#define RULES 12
#define FILES 24

static const char *const terms[] = {
	"$a",
	"$b",
	"$c",
	"not $a",
	"#a > #b",
	"#a + #b > #c",
	"#c < #a + #b",
	"#a - #b >= 1",
	"#a * #b == 2",
	"#a == #b",
	"#a != 0",
	"0 < #b",
	"#a + 1 > 1",
	"#a > -1",
	"#a - 1 == #c",
	"$p at 0",
	"$q at 0",
	"$p at 2",
	"#a in (0..9) > 0",
	"@a + 1 > 3",
	"!b[1] == 5",
	"uint16(0) == 0x5a4d",
	"uint32(0) == 0x464c457f",
	"uint16(0) != 0x5a4d",
	"uint8(0) == 0x3c",
	"pe.number_of_sections >= 0",
	"not pe.is_pe",
	"pe.is_pe == 0",
	"defined pe.entry_point",
	"for any s in pe.sections : (s.virtual_size >= 0)",
	"pe.imphash() == \"x\"",
	"not pe.is_dll()",
	"pe.MACHINE_I386 == 0x14c",
	"elf.type >= 0",
	"not elf.type",
	"dotnet.is_dotnet == 0",
	"any of ($a, $b)",
	"2 of ($a, $b, $c)",
	"none of ($a, $b)",
	"for any of ($a, $b) : (# > 1)",
	"for all i in (1..#a) : (@a[i] > 2)",
	"for any i in (1..#a + #b) : (i > 0)",
	"filesize < 40",
	"filesize > 60",
	"any of ($p, $q)",
};

static uint32_t seed = 1;

static uint32_t pick(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* Of rule `id`, which may name those before it. */
static void condition(FILE *out, unsigned depth, uint32_t id)
{
	if (id > 0 && pick(12) == 0) {
		(void)fprintf(out, "r%u", (unsigned)pick(id));
		return;
	}
	if (depth == 0 || pick(3) == 0) {
		(void)fputs(terms[pick(sizeof terms / sizeof *terms)], out);
		return;
	}
	(void)fputs(pick(6) == 0 ? "not (" : "(", out);
	condition(out, depth - 1, id);
	(void)fputs(pick(2) == 0 ? " and " : " or ", out);
	condition(out, depth - 1, id);
	(void)fputs(")", out);
}

static struct ov_buf rules(struct ov_yimage *y)
{
	struct yara_told told;
	struct ov_buf b;
	char *source = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&source, &n);

	assert_non_null(out);
	(void)fputs("import \"pe\" import \"elf\" import \"dotnet\"\n", out);
	for (uint32_t i = 0; i < RULES; i++) {
		(void)fprintf(
		    out,
		    "rule r%u { strings: $a = \"alpha\" $b = \"bravo\" $c = \"charlie\" $p = "
		    "\"<?\" $q = \"PK\\x03\\x04\" condition: ",
		    (unsigned)i);
		condition(out, 3, i);
		(void)fputs(" or (false and #a + #b + #c + #p + #q > 0) }\n", out);
	}
	assert_int_equal(fclose(out), 0);
	b = yara_compile(source, &told);
	if (told.n != 0)
		fail_msg("refused: %s\n%s", told.why, source);
	assert_int_equal(ov_yimage_open(ov_buf_cur(&b), y), OV_OK);
	free(source);
	return b;
}

/* A small program: enough for the module pe. */
static size_t program(uint8_t *p)
{
	memset(p, 0, 512);
	memcpy(p, "MZ", 2);
	p[0x3c] = 0x40;
	memcpy(p + 0x40, "PE\0\0\x4c\x01", 6);
	p[0x40 + 6] = 1;     /* sections */
	p[0x40 + 20] = 0xe0; /* optional header */
	p[0x40 + 24] = 0x0b;
	p[0x40 + 25] = 0x01;
	return 512;
}

static size_t file(uint8_t *p)
{
	static const char *const pieces[] = { "alpha", "bravo",	     "charlie",
					      "<?",    "PK\x03\x04", "MZ",
					      "xx",    "  ",	     "alphabravo" };
	size_t n = pick(4) == 0 ? program(p) : 0;

	if (n == 0 && pick(6) == 0) {
		memcpy(p,
		       "\x7f"
		       "ELF\2\1\1",
		       7);
		memset(p + 7, 0, 57);
		n = 64;
	}
	for (uint32_t k = pick(8); k > 0; k--) {
		const char *piece = pieces[pick(sizeof pieces / sizeof *pieces)];

		memcpy(p + n, piece, strlen(piece));
		n += strlen(piece);
	}
	return n;
}

struct met {
	const struct ov_yimage *y;
	bool rule[RULES], string[RULES * 5];
};

static bool on_key(void *ctx, uint32_t token, uint64_t at)
{
	struct met *m = ctx;
	struct ov_yanchor a;

	(void)at;
	ov_yimage_anchor(m->y, token, &a);
	m->rule[a.rule] = m->string[a.string] = true;
	return true;
}

static bool has(const uint8_t *p, size_t n, const char *s)
{
	return n > 0 && memmem(p, n, s, strlen(s)) != NULL;
}

static const char *const texts[] = { "alpha", "bravo", "charlie", "<?", "PK\x03\x04" };

/* A rule without scouts, or one of whose scouts is in the file. */
static bool is_scouted(const struct ov_yimage *y, uint32_t id, const uint8_t *p, size_t n)
{
	const struct ov_ydoor d = ov_yimage_door(y, id);

	for (uint32_t i = 0; i < d.nscouts; i++)
		if (has(p, n, texts[ov_yimage_scout(y, d.first_scout + i) % 5]))
			return true;
	return d.nscouts == 0;
}

/* As the engine does: what the keys of the file's class meet, what the gates let in, and of that
 * what scouts find. */
static void wake(const struct ov_yimage *y, const uint8_t *p, size_t n, struct met *m)
{
	const enum ov_yclass c = ov_yclass_of(p, n);

	*m = (struct met){ .y = y };
	assert_int_equal(ov_gram_scan(&y->gram[c], p, n, 0, on_key, m), OV_OK);
	for (uint32_t i = 0; i < ov_yimage_always_count(y, c); i++) {
		const uint32_t id = ov_yimage_always(y, c, i);

		if (ov_yimage_gate(y, ov_yimage_door(y, id).wake, n, p, n) &&
		    is_scouted(y, id, p, n))
			m->rule[id] = true;
	}
	for (uint32_t i = 0; i < y->nrules; i++)
		m->rule[i] &= ov_yimage_gate(y, ov_yimage_door(y, i).gate, n, p, n);
}

static void check(const struct ov_yimage *y, const uint8_t *p, size_t n, size_t *held,
		  size_t *asleep)
{
	struct met m;

	wake(y, p, n, &m);
	for (uint32_t i = 0; i < y->nrules; i++) {
		struct ov_yrule r;
		char name[16];

		ov_yimage_rule(y, i, &r);
		(void)snprintf(name, sizeof name, "r%u", (unsigned)i);
		*asleep += !m.rule[i];
		if (yara_eval(y, p, n, name, false, 1 << 20) == OV_YR_TRUE) {
			++*held;
			if (!m.rule[i])
				fail_msg("it holds, and sleeps: %.*s", (int)r.text.n, r.text.p);
		}
		for (uint32_t k = 0; m.rule[i] && k < r.nstrings; k++) {
			const struct ov_ystring_facts f =
			    ov_yimage_string_facts(y, r.first_string + k);

			assert_int_equal(f.min_len, strlen(texts[k]));
			if ((f.flags & OV_YS_ANCHORED) != 0 && has(p, n, texts[k]) &&
			    !m.string[r.first_string + k])
				fail_msg("%s is there, and taken for absent", texts[k]);
		}
	}
}

static void nothing_that_holds_sleeps(void **state)
{
	uint8_t p[1024];
	size_t held = 0, asleep = 0;

	(void)state;
	for (int round = 0; round < 150; round++) {
		struct ov_yimage y;
		struct ov_buf b = rules(&y);

		for (uint32_t i = 0; i < y.nrules; i++)
			assert_int_equal(ov_yimage_check_rule(&y, i), OV_OK);
		for (int i = 0; i < FILES; i++) {
			const size_t n = file(p);

			check(&y, p, n, &held, &asleep);
		}
		ov_buf_free(&b);
	}
	/* The test says something: many held, and many were never looked at. */
	assert_true(held > 5000);
	assert_true(asleep > 5000);
}

/* What wakes a rule that strings alone do not cover. */
static const struct {
	const char *condition;
	bool is_always;
	uint32_t anchors;	    /* 0: none */
	const char *wakes, *sleeps; /* first bytes; NULL: all */
} rows[] = {
	{ "pe.imphash() == \"x\" or $a", true, 1, "MZ", "ab" },
	{ "pe.imphash() == \"x\" and $a", false, 1, NULL, NULL },
	{ "$p at 0 or $a", true, 1, "<?", "a?" },
	{ "$p at 0 and $p", true, 0, "<?", "a?" },
	{ "#a > #b + #c", false, 1, NULL, NULL },
	{ "#a + #b > #c", false, 2, NULL, NULL },
	{ "#a - #b > 2", false, 1, NULL, NULL },
	{ "#a >= #b", true, 0, NULL, NULL },
	{ "not pe.is_pe", true, 0, NULL, NULL },
	{ "for any s in pe.sections : (s.name == \"x\")", true, 0, "MZ", "ab" },
	{ "elf.type == 2 or pe.is_dll()", true, 0,
	  "\x7f"
	  "ELF",
	  "ab" },
};

static void gates_wake(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct yara_told told;
		struct ov_yimage y;
		struct ov_ydoor d;
		struct ov_buf b;
		char source[512];

		(void)snprintf(
		    source, sizeof source,
		    "import \"pe\" import \"elf\" rule r { strings: $a = \"alpha\" $b = "
		    "\"bravo\" $c = \"charlie\" $p = \"<?\" condition: (%s) or (false and "
		    "#a + #b + #c + #p > 0) }",
		    rows[i].condition);
		b = yara_compile(source, &told);
		assert_int_equal(told.n, 0);
		assert_int_equal(ov_yimage_open(ov_buf_cur(&b), &y), OV_OK);
		d = ov_yimage_door(&y, 0);
		ov_expect_eq(rows[i].condition, (d.flags & OV_YRULE_ALWAYS) != 0,
			     rows[i].is_always);
		ov_expect_eq(rows[i].condition, y.nanchors, rows[i].anchors);
		ov_expect_eq(rows[i].condition, d.wake != UINT32_MAX, rows[i].wakes != NULL);
		if (rows[i].wakes != NULL) {
			ov_expect(rows[i].condition,
				  ov_yimage_gate(&y, d.wake, 99, (const uint8_t *)rows[i].wakes,
						 strlen(rows[i].wakes)));
			ov_expect(rows[i].condition,
				  !ov_yimage_gate(&y, d.wake, 99, (const uint8_t *)rows[i].sleeps,
						  strlen(rows[i].sleeps)));
		}
		ov_buf_free(&b);
	}
}

struct asking {
	struct ov_yenv env;
	unsigned module;
	uint32_t asked;
};

static void is_undefined(struct asking *k, const struct ov_yobj *self, const struct ov_yfield *f)
{
	static const struct ov_yval args[] = { { .kind = OV_Y_INT, .i = 1 } };
	struct ov_yval v = { .kind = OV_Y_UNDEFINED };

	k->asked++;
	if (f->kind != OV_Y_FUNC)
		assert_int_equal(ov_yfield_value(&k->env, self, f, &v), OV_OK);
	for (const struct ov_ysig *s = f->sigs; s != NULL && s->args != NULL; s++)
		if (strlen(s->args) <= 1 && (s->args[0] == '\0' || s->args[0] == 'i'))
			assert_int_equal(
			    s->call(&k->env, k->module, self, args, strlen(s->args), &v), OV_OK);
	if (v.kind != OV_Y_UNDEFINED)
		fail_msg("%s.%s is defined in a file of another kind", self->type->name, f->name);
}

static void all_are_undefined(struct asking *k, const struct ov_yobj *self)
{
	for (size_t i = 0; i < self->type->nfields; i++) {
		const struct ov_yfield *f = &self->type->fields[i];

		if (!ov_yfield_is_certain(f)) {
			if (ov_ymodule_head(&ov_ymodules_all, k->module, f) != NULL)
				is_undefined(k, self, f);
		} else if (f->kind == OV_Y_STRUCT) {
			struct ov_yval v = { .kind = OV_Y_UNDEFINED };

			assert_int_equal(ov_yfield_value(&k->env, self, f, &v), OV_OK);
			all_are_undefined(k, &v.o);
		}
	}
}

/* A field of a module that names its files' first bytes is not defined in others. */
static void modules_keep_their_word(void **state)
{
	uint8_t bytes[512];
	uint32_t asked = 0;

	(void)state;
	(void)program(bytes);
	bytes[1] = 'z';
	for (unsigned m = 0; m < ov_ymodules_all.n; m++) {
		const struct ov_src src = ov_src_mem(bytes, sizeof bytes);
		const struct ov_yobj self = ov_ymodule_root(&ov_ymodules_all, m);
		uint64_t steps = 1 << 20;
		struct ov_arena a;
		struct asking k = { .env = { .src = &src, .arena = &a, .steps = &steps },
				    .module = m };

		ov_arena_init(&a, 1 << 20);
		if (ov_ymodules_all.rows[m]->head != NULL)
			all_are_undefined(&k, &self);
		asked += k.asked;
		ov_arena_free(&a);
	}
	assert_true(asked > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_holds_sleeps),
		cmocka_unit_test(gates_wake),
		cmocka_unit_test(modules_keep_their_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
