/* Anchors, borders, refusals, and pattern sections as hostile input. */
#include <stdlib.h>

#include "reference.h"
#include "testing.h"

#define EIGHT 255, 255, 255, 255, 255, 255, 255, 255
static const uint8_t full[24] = { EIGHT, EIGHT, EIGHT };

static struct ov_pn bytes_of(const char *s, size_t n) /* at most as many as `full` has */
{
	return (
	    struct ov_pn){ .kind = OV_PN_BYTES, .value = (const uint8_t *)s, .mask = full, .n = n };
}

static const struct {
	const char *what, *a;
	size_t an;
	uint64_t jump_min, jump_max; /* between a and b, when b is set */
	const char *b;
	size_t bn;
	ov_status want;
	const char *key; /* begins with */
	bool is_fixed;
	uint32_t distance;
} anchors[] = {
	{ "three bytes are too few", "abc", 3, 0, 0, NULL, 0, OV_END, NULL, false, 0 },
	{ "one distinct byte is none", "\0\0\0\0\0\0", 6, 0, 0, NULL, 0, OV_END, NULL, false, 0 },
	{ "nor when only folding makes it one", "\0 \0 \0 ", 6, 0, 0, NULL, 0, OV_END, NULL, false,
	  0 },
	{ "a run", "x9Qz", 4, 0, 0, NULL, 0, OV_OK, "x9Qz", true, 0 },
	{ "behind a fixed gap", "ab", 2, 5, 5, "x9Qz", 4, OV_OK, "x9Qz", true, 7 },
	{ "behind a range", "ab", 2, 5, 9, "x9Qz", 4, OV_OK, "x9Qz", false, 0 },
	{ "behind an endless gap", "ab", 2, 5, OV_JUMP_INF, "x9Qz", 4, OV_OK, "x9Qz", false, 0 },
};

static void anchors_are_the_rarest_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof anchors / sizeof *anchors; i++) {
		struct ov_pn a = bytes_of(anchors[i].a, anchors[i].an), b = { 0 };
		struct ov_pn j = { .kind = OV_PN_JUMP,
				   .min = anchors[i].jump_min,
				   .max = anchors[i].jump_max };
		struct ov_anchor got;

		if (anchors[i].b != NULL) {
			b = bytes_of(anchors[i].b, anchors[i].bn);
			a.next = &j;
			j.next = &b;
		}
		ov_expect_eq(anchors[i].what, ov_pat_anchor(&a, &got), anchors[i].want);
		if (anchors[i].want != OV_OK)
			continue;
		ov_expect(anchors[i].what, memcmp(got.key.value, anchors[i].key, 4) == 0);
		ov_expect_eq(anchors[i].what, got.is_fixed, anchors[i].is_fixed);
		ov_expect_eq(anchors[i].what, got.distance, anchors[i].distance);
	}
}

static void a_key_does_not_begin_with_common_bytes(void **state)
{
	struct ov_pn a = bytes_of("\0\0\0\0\0\0\0\0\xc9\x9d\x51\xe7\x1f\0\0\0\0\0\0", 19);
	struct ov_anchor got;

	(void)state;
	assert_int_equal(ov_pat_anchor(&a, &got), OV_OK);
	assert_true(ov_gram_cost(got.key.value, got.key.mask) < 100000);
	assert_true(got.is_fixed && got.distance >= 5 && got.distance <= 9 && got.key.n >= 10);
	assert_true(got.cost < 1000);
}

static void common_grams_cost_more(void **state)
{
	static const uint8_t mask[4] = { 255, 255, 255, 255 };

	(void)state;
	assert_true(ov_gram_cost((const uint8_t *)"\0\0\0\0", mask) >
		    100 * ov_gram_cost((const uint8_t *)"this", mask));
	assert_true(ov_gram_cost((const uint8_t *)"this", mask) >
		    10 * ov_gram_cost((const uint8_t *)"\x93q\xf1Z", mask));
	assert_int_equal(ov_gram_cost((const uint8_t *)"THIS", mask),
			 ov_gram_cost((const uint8_t *)"this", mask));
}

/* What may not be compiled. */
static ov_status add(struct ov_pn *first, enum ov_count_mode mode, const char **why)
{
	struct ov_pat_ir ir = { .variants = &first,
				.nvariants = first != NULL,
				.count_mode = mode };
	struct ov_pats_builder *b = NULL;
	ov_status s;
	uint32_t id;

	assert_int_equal(ov_pats_builder_new(&b), OV_OK);
	s = ov_pats_add(b, &ir, &id, why);
	ov_pats_builder_free(&b);
	return s;
}

static void what_can_not_match_is_refused(void **state)
{
	struct ov_pn a = bytes_of("ab", 2), b = bytes_of("ef", 2);
	struct ov_pn j = { .kind = OV_PN_JUMP, .min = 1, .max = 300 };
	struct ov_pn border = { .kind = OV_PN_ASSERT, .assertion = OV_AT_FULLWORD };
	struct ov_pn alt = { .kind = OV_PN_ALT };
	struct ov_pn nest[20];
	struct ov_pn *next[20];
	const char *why = NULL;

	(void)state;
	assert_int_equal(add(NULL, OV_COUNT_CLAMAV, &why), OV_BAD);
	assert_non_null(why);
	assert_int_equal(add(&border, OV_COUNT_CLAMAV, &why), OV_BAD);
	assert_int_equal(add(&alt, OV_COUNT_CLAMAV, &why), OV_BAD);
	j.next = &a;
	assert_int_equal(add(&j, OV_COUNT_CLAMAV, &why), OV_BAD);
	j.next = NULL;
	a.next = &j;
	assert_int_equal(add(&a, OV_COUNT_CLAMAV, &why), OV_BAD);
	a.next = &border;
	border.next = &b;
	assert_int_equal(add(&a, OV_COUNT_STARTS, &why), OV_BAD);
	j.min = 9;
	j.max = 3;
	a.next = &j;
	j.next = &b;
	assert_int_equal(add(&a, OV_COUNT_CLAMAV, &why), OV_BAD);
	for (int i = 0; i < 20; i++) {
		nest[i] = (struct ov_pn){ .kind = OV_PN_ALT, .nalts = 1, .alts = &next[i] };
		next[i] = i < 19 ? &nest[i + 1] : &b;
	}
	assert_int_equal(add(&nest[0], OV_COUNT_CLAMAV, &why), OV_LIMIT);
	assert_int_equal(add(&nest[8], OV_COUNT_CLAMAV, &why), OV_OK);
}

static void equal_patterns_share_a_number(void **state)
{
	struct ov_pn a = bytes_of("abcd", 4), b = bytes_of("abcd", 4), c = bytes_of("abce", 4),
		     *v[3] = { &a, &b, &c };
	struct ov_pats_builder *pb = NULL;
	uint32_t id[4];

	(void)state;
	assert_int_equal(ov_pats_builder_new(&pb), OV_OK);
	for (int i = 0; i < 3; i++) {
		struct ov_pat_ir ir = { .variants = &v[i], .nvariants = 1 };

		assert_int_equal(ov_pats_add(pb, &ir, &id[i], NULL), OV_OK);
	}
	for (uint32_t i = 0; i < 3000; i++) { /* the index grows */
		char text[8];
		struct ov_pn n = bytes_of(text, 7), *p = &n;
		struct ov_pat_ir ir = { .variants = &p, .nvariants = 1 };

		(void)snprintf(text, sizeof text, "z%06u", i % 1500);
		assert_int_equal(ov_pats_add(pb, &ir, &id[3], NULL), OV_OK);
		assert_int_equal(id[3], 2 + i % 1500);
	}
	assert_int_equal(id[0], id[1]);
	assert_int_not_equal(id[0], id[2]);
	ov_pats_builder_free(&pb);
}

/* From running clamscan 1.4.6 with each of the 256 bytes beside a word. */
static const struct {
	const char *what;
	enum ov_assert a;
	bool is_after;
	const char *text; /* the word is WORD */
	bool want;
} borders[] = {
	{ "(B) file edge", OV_AT_WORD_B, false, "WORD....", true },
	{ "(B) before: dot", OV_AT_WORD_B, false, "qq.WORD.", true },
	{ "(B) before: line feed is none", OV_AT_WORD_B, false, "qq\nWORD.", false },
	{ "(B) after: dot is none", OV_AT_WORD_B, true, "qqWORD.q", false },
	{ "(B) after: quote", OV_AT_WORD_B, true, "qqWORD\"q", true },
	{ "(L) before: LF", OV_AT_LINE, false, "qq\nWORD.", true },
	{ "(L) before: CR is none", OV_AT_LINE, false, "qq\rWORD.", false },
	{ "(L) after: CRLF", OV_AT_LINE, true, "qqWORD\r\nq", true },
	{ "(L) after: CR is none", OV_AT_LINE, true, "qqWORD\rq", false },
	{ "(L) after: file edge", OV_AT_LINE, true, "qq.WORD", true },
	{ "(W) before: letter is none", OV_AT_NONALNUM, false, "qqWORD..", false },
	{ "(W) before: byte 80", OV_AT_NONALNUM, false, "q\x80WORD..", true },
	{ "full word after: digit is none", OV_AT_FULLWORD, true, "..WORD5", false },
	{ "full word after: underscore", OV_AT_FULLWORD, true, "..WORD_", true },
	{ "wide: letter and another byte", OV_AT_FULLWORD_W, true, "..WORDx\1", true },
	{ "wide: letter at the very end is none", OV_AT_FULLWORD_W, true, "..WORDx", false },
};

static void borders_are_those_of_clamav(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof borders / sizeof *borders; i++) {
		struct ov_pn w = bytes_of("WORD", 4), *v = &w;
		struct ov_pn b = { .kind = OV_PN_ASSERT, .assertion = borders[i].a };
		struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };
		const char *text = borders[i].text;
		struct ov_pats_builder *pb = NULL;
		struct ov_buf buf = ov_buf_of(1 << 16);
		struct ov_pats p;
		uint64_t len;
		uint32_t id;

		if (borders[i].is_after) {
			w.next = &b;
		} else {
			b.next = &w;
			v = &b;
		}
		assert_int_equal(ov_pats_builder_new(&pb), OV_OK);
		ov_expect_eq(borders[i].what, ov_pats_add(pb, &ir, &id, NULL), OV_OK);
		assert_int_equal(ov_pats_finish(pb, &buf), OV_OK);
		assert_int_equal(ov_pats_open(ov_buf_cur(&buf), &p), OV_OK);
		ov_expect_eq(borders[i].what,
			     ov_pat_match_at(&p, id, (const uint8_t *)text, strlen(text), 0,
					     strlen(text), (uint64_t)(strstr(text, "WORD") - text),
					     &len),
			     borders[i].want ? OV_OK : OV_END);
		ov_pats_builder_free(&pb);
		ov_buf_free(&buf);
	}
}

static uint64_t seed = 0x1234567887654321u;

static void fill_random(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		p[i] = (uint8_t)(seed >> 32);
	}
}

static void make_section(struct ov_buf *out, size_t npatterns)
{
	struct ov_pats_builder *b = NULL;
	struct ov_arena a;

	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_pats_builder_new(&b), OV_OK);
	for (size_t i = 0; i < npatterns; i++) {
		uint8_t dice[512];
		struct ref_dice d = { dice, sizeof dice };
		struct ov_pat_ir ir;
		uint32_t id;

		fill_random(dice, sizeof dice);
		ov_arena_reset(&a, 1 << 20);
		assert_true(ref_pattern(&d, &a, &ir));
		(void)!ov_pats_add(b, &ir, &id, NULL);
	}
	assert_int_equal(ov_pats_finish(b, out), OV_OK);
	ov_pats_builder_free(&b);
	ov_arena_free(&a);
}

/* Runs whatever a section that was accepted holds. */
static void run_all(struct ov_finder *f, const struct ov_pats *p, const uint8_t *text, size_t n)
{
	const struct ov_src src = ov_src_mem(text, n);
	uint32_t slot;

	ov_finder_begin(f, p);
	for (uint32_t i = 0; i < p->count; i++)
		assert_int_equal(ov_finder_add(f, i, NULL, 0, &slot), OV_OK);
	assert_int_equal(ov_finder_run(f, &src, 0), OV_OK);
	for (uint32_t i = 0; i < p->count; i++) {
		const struct ov_find *r = ov_finder_result(f, i);

		assert_true(r->count == 0 || (r->first <= n && r->first_len <= n - r->first));
		assert_true(r->count == 0 || (r->last <= n && r->last_len <= n - r->last));
	}
}

static void hostile_sections_are_refused_or_harmless(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_finder *f = NULL;
	struct ov_pats p;
	uint8_t text[200];
	size_t accepted = 0;

	(void)state;
	assert_int_equal(ov_finder_new(&f), OV_OK);
	make_section(&b, 12);
	fill_random(text, sizeof text);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t) "abA \n"[text[i] % 5];
	assert_int_equal(ov_pats_open(ov_buf_cur(&b), &p), OV_OK);
	assert_true(p.count >= 4);
	for (size_t n = 0; n < b.n; n++) {
		const ov_status s = ov_pats_open(ov_cur_of(b.p, n), &p);

		assert_true(s == OV_SHORT || s == OV_BAD);
	}
	for (size_t bit = 0; bit < b.n * 8; bit++) {
		const size_t bytes = b.n;
		uint8_t *copy =
		    malloc(bytes); /* exact, so that the sanitizer sees a read beyond it */
		ov_status s;

		assert_non_null(copy);
		memcpy(copy, b.p, bytes);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		s = ov_pats_open(ov_cur_of(copy, bytes), &p);
		assert_true(s == OV_OK || s == OV_BAD || s == OV_SHORT);
		if (s == OV_OK) {
			accepted++;
			run_all(f, &p, text, sizeof text);
		}
		if (ov_pats_view(ov_cur_of(copy, bytes), &p) == OV_OK) {
			bool are_good = p.count < 100; /* one by one is as strict for what is run */

			for (uint32_t i = 0; i < p.count && are_good; i++)
				are_good = ov_pats_check(&p, i) == OV_OK;
			assert_true(are_good || s != OV_OK);
			if (are_good)
				run_all(f, &p, text, sizeof text);
		}
		free(copy);
	}
	assert_true(accepted > 1000);
	ov_finder_free(&f);
	ov_buf_free(&b);
}

static void same_patterns_same_bytes(void **state)
{
	struct ov_buf a = ov_buf_of(1 << 20), b = ov_buf_of(1 << 20);

	(void)state;
	seed = 99;
	make_section(&a, 100);
	seed = 99;
	make_section(&b, 100);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	ov_buf_free(&a);
	ov_buf_free(&b);
}

/* (a|aa)(a|aa)... on a long run of a: exponential for a backtracking matcher. */
static void nested_choices_are_not_exponential(void **state)
{
	struct ov_pn one = bytes_of("a", 1), two = bytes_of("aa", 2), end = bytes_of("b", 1),
		     head = bytes_of("zzab", 4);
	struct ov_pn *both[2] = { &one, &two }, alts[60], *v = &head;
	struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };
	struct ov_pats_builder *pb = NULL;
	struct ov_buf buf = ov_buf_of(1 << 20);
	char text[300];
	struct ov_pats p;
	uint64_t len;
	uint32_t id;

	(void)state;
	head.next = &alts[0];
	for (int i = 0; i < 60; i++)
		alts[i] = (struct ov_pn){ .kind = OV_PN_ALT,
					  .alts = both,
					  .nalts = 2,
					  .next = i < 59 ? &alts[i + 1] : &end };
	memset(text, 'a', sizeof text);
	memcpy(text, "zzab", 4);
	assert_int_equal(ov_pats_builder_new(&pb), OV_OK);
	assert_int_equal(ov_pats_add(pb, &ir, &id, NULL), OV_OK);
	assert_int_equal(ov_pats_finish(pb, &buf), OV_OK);
	assert_int_equal(ov_pats_open(ov_buf_cur(&buf), &p), OV_OK);
	assert_int_equal(
	    ov_pat_match_at(&p, id, (const uint8_t *)text, sizeof text, 0, sizeof text, 0, &len),
	    OV_END);
	text[4 + 100] = 'b';
	assert_int_equal(
	    ov_pat_match_at(&p, id, (const uint8_t *)text, sizeof text, 0, sizeof text, 0, &len),
	    OV_OK);
	assert_int_equal(len, 105);
	/* A window that ends before the match does can't tell. */
	assert_int_equal(
	    ov_pat_match_at(&p, id, (const uint8_t *)text, 50, 0, sizeof text, 0, &len), OV_SHORT);
	ov_pats_builder_free(&pb);
	ov_buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anchors_are_the_rarest_runs),
		cmocka_unit_test(a_key_does_not_begin_with_common_bytes),
		cmocka_unit_test(common_grams_cost_more),
		cmocka_unit_test(what_can_not_match_is_refused),
		cmocka_unit_test(equal_patterns_share_a_number),
		cmocka_unit_test(borders_are_those_of_clamav),
		cmocka_unit_test(hostile_sections_are_refused_or_harmless),
		cmocka_unit_test(same_patterns_same_bytes),
		cmocka_unit_test(nested_choices_are_not_exponential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
