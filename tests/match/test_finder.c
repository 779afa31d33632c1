/* The finder and the pattern programs against the slow reference, window borders, and ClamAV's
 * counting rules. */
#include <stdlib.h>

#include "finder_int.h"
#include "reference.h"
#include "sieve.h"
#include "testing.h"

struct rng {
	uint64_t s;
};

static uint64_t next_random(struct rng *r)
{
	r->s ^= r->s << 13;
	r->s ^= r->s >> 7;
	r->s ^= r->s << 17;
	return r->s;
}

static ov_status read_text(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	memcpy(to, (const uint8_t *)ctx + off, n);
	*got = n;
	return OV_OK;
}

struct section {
	struct ov_buf bytes;
	struct ov_pats pats;
	uint32_t id;
};

static ov_status make_section(const struct ov_pat_ir *ir, struct section *s)
{
	struct ov_pats_builder *b = NULL;
	ov_status st;

	assert_int_equal(ov_pats_builder_new(&b), OV_OK);
	st = ov_pats_add(b, ir, &s->id, NULL);
	s->bytes = ov_buf_of(1 << 24);
	if (st == OV_OK) {
		assert_int_equal(ov_pats_finish(b, &s->bytes), OV_OK);
		assert_int_equal(ov_pats_open(ov_buf_cur(&s->bytes), &s->pats), OV_OK);
	}
	ov_pats_builder_free(&b);
	return st;
}

static struct ov_find find_in(struct ov_finder *f, const struct section *s,
			      const struct ov_src *src, const struct ov_range *r, size_t nr)
{
	uint32_t slot;

	ov_finder_begin(f, &s->pats);
	assert_int_equal(ov_finder_add(f, s->id, r, nr, &slot), OV_OK);
	assert_int_equal(ov_finder_run(f, src, 0), OV_OK);
	return *ov_finder_result(f, slot);
}

/* All that is claimed of one pattern on one text. */
static void check_one(struct ov_finder *f, const struct ov_pat_ir *ir, const struct section *s,
		      uint8_t *text, size_t n, const struct ov_range *r, size_t nr,
		      const char *what)
{
	struct ov_src mem = ov_src_mem(text, n),
		      file = { .size = n, .read = read_text, .ctx = text };
	struct ov_find a = find_in(f, s, &mem, r, nr), b;
	struct ov_places places = { 0 };
	struct ref_found want;

	ref_find(ir, text, n, r, nr, &want);
	ov_expect(what, !a.is_limited);
	ov_expect_eq(what, a.count, want.count);
	if (a.count > 0) {
		ov_expect(what, ref_matches(ir, text, n, a.first, a.first_len));
		ov_expect(what, ref_matches(ir, text, n, a.last, a.last_len));
	}
	if (a.count > 0 && ir->count_mode == OV_COUNT_STARTS) {
		ov_expect_eq(what, a.first, want.first);
		ov_expect_eq(what, a.first_len, want.first_len);
	}
	ov_finder_set_window(f, 64);
	b = find_in(f, s, &file, r, nr);
	ov_expect(what, memcmp(&a, &b, sizeof a) == 0);
	assert_int_equal(ov_places_take(&places, text, n), OV_OK);
	ov_finder_set_sieve(f, OV_KERNEL_AUTO, 0); /* else few keys are the sieve's */
	ov_finder_places(f, &places);
	b = find_in(f, s, &mem, r, nr);
	ov_expect(what, memcmp(&a, &b, sizeof a) == 0);
	ov_expect(what, ov_places_may_have(&places, &s->pats, s->id) || want.count == 0);
	ov_places_free(&places);
}

static void check_match_at(const struct ov_pat_ir *ir, const struct section *s, const uint8_t *text,
			   size_t n, const char *what)
{
	for (size_t at = 0; at <= n; at += 1 + at / 8) {
		uint64_t len = 0, want = 0;
		const ov_status st = ov_pat_match_at(&s->pats, s->id, text, n, 0, n, at, &len);
		const bool found = ref_shortest(ir, text, n, at, &want);

		ov_expect_eq(what, st, found ? OV_OK : OV_END);
		if (found)
			ov_expect_eq(what, len, want);
	}
}

static bool is_key_at(const struct ov_gram_key *k, const uint8_t *text, size_t n, size_t at)
{
	if (n - at < k->n)
		return false;
	for (size_t i = 0; i < k->n; i++)
		if ((text[at + i] & k->mask[i]) != k->value[i])
			return false;
	return true;
}

struct looks {
	unsigned yes, no; /* what the probes said */
};

/*
 * What wakes rules: if a pattern matches, then a look where its anchor stands does not deny it.
 * @return false when it has no anchor to be looked at.
 */
static bool look_where_anchors_are(struct ov_finder *f, const struct ov_pat_ir *ir,
				   const struct section *s, const uint8_t *text, size_t n,
				   bool is_match, struct looks *l)
{
	bool is_wakened = false;

	for (size_t i = 0; i < ir->nvariants; i++) {
		struct ov_probe what = { .pattern = s->id, .p = text, .n = n, .size = n };
		struct ov_pats_builder *b = NULL;
		struct ov_anchor a;
		uint32_t id;

		if (ov_pat_anchor(ir->variants[i], &a) != OV_OK)
			return false;
		assert_int_equal(ov_pats_builder_new(&b), OV_OK);
		assert_int_equal(ov_pats_add(b, ir, &id, NULL), OV_OK);
		if (ov_pats_part_of_key(b, id, (uint32_t)i, &a.key, &what.part) != OV_OK)
			what.part = UINT32_MAX;
		ov_pats_builder_free(&b);
		if (what.part == UINT32_MAX)
			return false;
		for (size_t at = 0; at < n; at++) {
			uint64_t steps = 1 << 20;
			ov_status st;

			if (!is_key_at(&a.key, text, n, at))
				continue;
			st = ov_finder_probe(f, &s->pats, &what, at, &steps);
			assert_true(steps < 1 << 20);
			is_wakened |= st != OV_END;
			l->yes += st == OV_OK;
			l->no += st == OV_END;
		}
	}
	ov_expect("a match wakes", is_wakened || !is_match);
	return true;
}

static void random_patterns_equal_the_reference(void **state)
{
	struct rng r = { 0x9e3779b97f4a7c15u };
	struct ov_finder *f = NULL;
	struct ov_arena a;
	unsigned compiled = 0, hit = 0, anchored = 0;
	struct looks looks = { 0 };

	(void)state;
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_finder_new(&f), OV_OK);
	for (int i = 0; i < 1500; i++) {
		uint8_t dice[1024], text[REF_TEXT];
		struct ref_dice d = { dice, sizeof dice };
		struct ov_range range[2] = { { 3, 40 }, { 90, UINT64_MAX } };
		struct ov_pat_ir ir;
		struct section s;
		char what[32];
		size_t n;

		for (size_t k = 0; k < sizeof dice; k++)
			dice[k] = (uint8_t)(next_random(&r) >> 32);
		ov_arena_reset(&a, 1 << 20);
		assert_true(ref_pattern(&d, &a, &ir));
		n = ref_text(&d, text);
		(void)snprintf(what, sizeof what, "pattern %d", i);
		if (make_section(&ir, &s) == OV_OK) {
			struct ref_found got;

			compiled++;
			ov_finder_set_sieve(f, i % 5 == 0 ? OV_KERNEL_SCALAR : OV_KERNEL_AUTO,
					    i % 3 == 0 ? 0 : OV_SIEVE_KEYS);
			check_one(f, &ir, &s, text, n, range, (size_t)i % 3, what);
			check_match_at(&ir, &s, text, n, what);
			ref_find(&ir, text, n, NULL, 0, &got);
			hit += got.count > 0;
			anchored +=
			    look_where_anchors_are(f, &ir, &s, text, n, got.count > 0, &looks) &&
			    got.count > 0;
		}
		ov_buf_free(&s.bytes);
	}
	ov_finder_free(&f);
	ov_arena_free(&a);
	if (compiled < 600 || hit < 120)
		fail_msg("%u compiled, %u hit: this test tests little", compiled, hit);
	if (anchored < 15 || looks.yes < 15 || looks.no < 5)
		fail_msg("%u anchored, %u yes, %u no: this test tests little", anchored, looks.yes,
			 looks.no);
}

#define TOGETHER 9

/* Several patterns at once, by a table of their keys and by the places of the text's grams: each
 * counts what the reference counts. @return how many matched. */
static unsigned check_together(struct ov_finder *f, const struct ov_pat_ir *ir, size_t n,
			       const struct ov_pats *pats, const uint32_t *ids, const uint8_t *text,
			       size_t ntext)
{
	const struct ov_src src = ov_src_mem(text, ntext);
	struct ov_places places = { 0 };
	unsigned hits = 0;

	assert_int_equal(ov_places_take(&places, text, ntext), OV_OK);
	for (int by_places = 0; by_places < 2; by_places++) {
		uint32_t slots[TOGETHER];

		ov_finder_begin(f, pats);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(ov_finder_add(f, ids[i], NULL, 0, &slots[i]), OV_OK);
		ov_finder_places(f, by_places ? &places : NULL);
		assert_int_equal(ov_finder_run(f, &src, 0), OV_OK);
		for (size_t i = 0; i < n; i++) {
			struct ref_found want;
			char what[64];

			(void)snprintf(what, sizeof what, "pattern %zu of %zu, %s", i, n,
				       by_places ? "by places" : "by a table");
			ref_find(&ir[i], text, ntext, NULL, 0, &want);
			if (ov_finder_result(f, slots[i])->is_limited)
				continue; /* gaps that join too much: told */
			ov_expect_eq(what, ov_finder_result(f, slots[i])->count, want.count);
			hits += want.count > 0;
		}
	}
	ov_places_free(&places);
	return hits;
}

static void patterns_are_found_together(void **state)
{
	struct rng r = { 0x9e3779b97f4a7c15u };
	struct ov_finder *f = NULL;
	unsigned hits = 0;
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_finder_new(&f), OV_OK);
	for (int i = 0; i < 300; i++) {
		struct ov_buf bytes = ov_buf_of(1 << 24);
		struct ov_pats_builder *b = NULL;
		uint8_t dice[1024], text[REF_TEXT];
		struct ov_pat_ir ir[TOGETHER];
		struct ref_dice d = { dice, sizeof dice };
		uint32_t ids[TOGETHER];
		struct ov_pats pats;
		size_t n = 0;

		ov_arena_reset(&a, 1 << 20);
		assert_int_equal(ov_pats_builder_new(&b), OV_OK);
		for (int p = 0; p < TOGETHER; p++) {
			for (size_t k = 0; k < sizeof dice; k++)
				dice[k] = (uint8_t)(next_random(&r) >> 32);
			d = (struct ref_dice){ dice, sizeof dice };
			assert_true(ref_pattern(&d, &a, &ir[n]));
			n += ov_pats_add(b, &ir[n], &ids[n], NULL) == OV_OK;
		}
		assert_int_equal(ov_pats_finish(b, &bytes), OV_OK);
		assert_int_equal(ov_pats_open(ov_buf_cur(&bytes), &pats), OV_OK);
		ov_finder_set_sieve(f, OV_KERNEL_AUTO, i % 2 == 0 ? 0 : 3);
		hits += check_together(f, ir, n, &pats, ids, text, ref_text(&d, text));
		ov_pats_builder_free(&b);
		ov_buf_free(&bytes);
	}
	ov_finder_free(&f);
	ov_arena_free(&a);
	if (hits < 100)
		fail_msg("%u hits: this test tests little", hits);
}

/* Rows found by running clamscan 1.4.6: signature in the manual's notation, text, count. */
enum { MAX_NODES = 8 };
struct row {
	const char *what, *text;
	uint64_t count, last;
	struct {
		enum ov_pn_kind kind;
		const char *bytes;
		uint64_t min, max;
	} n[MAX_NODES];
};
#define B(s)                                                                                       \
	{                                                                                          \
		OV_PN_BYTES, s, 0, 0                                                               \
	}
#define J(lo, hi)                                                                                  \
	{                                                                                          \
		OV_PN_JUMP, NULL, lo, hi                                                           \
	}
static const struct row rows[] = {
	{ "overlaps count", "abababab", 3, 4, { B("abab") } },
	{ "one first, three last parts",
	  "AABB..CCDD..CCDD..CCDD",
	  3,
	  0,
	  { B("AABB"), J(0, OV_JUMP_INF), B("CCDD") } },
	{ "three first, one last",
	  "AABB..AABB..AABB..CCDD",
	  1,
	  0,
	  { B("AABB"), J(0, OV_JUMP_INF), B("CCDD") } },
	{ "first and last by turns",
	  "AABB..CCDD..AABB..CCDD",
	  2,
	  0,
	  { B("AABB"), J(0, OV_JUMP_INF), B("CCDD") } },
	{ "last before first is nothing",
	  "CCDD.AABB.CCDD",
	  1,
	  5,
	  { B("AABB"), J(0, OV_JUMP_INF), B("CCDD") } },
	{ "range reaches one", "AABB..CCDD..CCDD..CCDD", 1, 0, { B("AABB"), J(1, 5), B("CCDD") } },
	{ "range: two origins", "AABB.AABB.CCDD.CCDD", 2, 5, { B("AABB"), J(1, 9), B("CCDD") } },
	{ "range: earliest origin", "AABB..AABB..CCDD", 1, 0, { B("AABB"), J(1, 9), B("CCDD") } },
	{ "fixed gap", "AABB..CCDD..CCDD..AABB..CCDD", 2, 18, { B("AABB"), J(2, 2), B("CCDD") } },
	{ "[1-4] before a byte counts starts",
	  "AABB.Q.Q.Q AABB..Q",
	  2,
	  11,
	  { B("AABB"), J(1, 4), B("Q") } },
	{ "[1-4] behind a byte", "Q.Q.AABB...Q.AABB", 2, 11, { B("Q"), J(1, 4), B("AABB") } },
	{ "[1-4] out of reach", "Q......AABB...Q......AABB", 0, 0, { B("Q"), J(1, 4), B("AABB") } },
	{ "three parts",
	  "AABB CCDD EEFF EEFF CCDD EEFF",
	  3,
	  0,
	  { B("AABB"), J(0, OV_JUMP_INF), B("CCDD"), J(0, OV_JUMP_INF), B("EEFF") } },
	{ "parts may touch", "abababababab", 3, 0, { B("abab"), J(0, OV_JUMP_INF), B("abab") } },
	{ "small gap, touching", "abababababab", 3, 2, { B("abab"), J(0, 3), B("abab") } },
	{ "trailing ?? past the end", "...AABB", 0, 0, { B("AABB"), J(1, 1) } },
	{ "trailing ?? at the end", "...AABBx", 1, 3, { B("AABB"), J(1, 1) } },
};

static void counts_as_clamav_does(void **state)
{
	struct ov_finder *f = NULL;

	(void)state;
	assert_int_equal(ov_finder_new(&f), OV_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static const uint8_t full[16] = {
			255, 255, 255, 255, 255, 255, 255, 255, 255, 255
		};
		struct ov_pn nodes[MAX_NODES] = { 0 }, *first = nodes;
		struct ov_pat_ir ir = { .variants = &first, .nvariants = 1 };
		const struct row *r = &rows[i];
		struct ov_src src = ov_src_mem(r->text, strlen(r->text));
		struct section s;
		struct ov_find got;

		for (size_t k = 0; k < MAX_NODES && r->n[k].kind != 0; k++) {
			nodes[k].kind = r->n[k].kind;
			nodes[k].value = (const uint8_t *)r->n[k].bytes;
			nodes[k].mask = full;
			nodes[k].n = r->n[k].bytes != NULL ? strlen(r->n[k].bytes) : 0;
			nodes[k].min = r->n[k].min;
			nodes[k].max = r->n[k].max;
			if (k > 0)
				nodes[k - 1].next = &nodes[k];
		}
		ov_expect_eq(r->what, make_section(&ir, &s), OV_OK);
		got = find_in(f, &s, &src, NULL, 0);
		ov_expect_eq(r->what, got.count, r->count);
		if (got.count > 0)
			ov_expect_eq(r->what, got.last, r->last);
		ov_buf_free(&s.bytes);
	}
	ov_finder_free(&f);
}

/* What can't be held or is late is told, never silently wrong. */
static void spent_budgets_are_told(void **state)
{
	static const uint8_t full[2] = { 255, 255 };
	const size_t n = 600000;
	struct ov_pn a = { .kind = OV_PN_BYTES,
			   .value = (const uint8_t *)"aa",
			   .mask = full,
			   .n = 2 },
		     b = a, *v = &a;
	struct ov_pn gap = { .kind = OV_PN_JUMP, .min = 0, .max = 400000, .next = &b };
	struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };
	struct ov_finder *f = NULL;
	uint8_t *text = malloc(n);
	struct ov_src src;
	struct section s;
	uint32_t slot;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', n);
	src = ov_src_mem(text, n);
	a.next = &gap;
	assert_int_equal(make_section(&ir, &s), OV_OK);
	assert_int_equal(ov_finder_new(&f), OV_OK);
	ov_finder_begin(f, &s.pats);
	assert_int_equal(ov_finder_add(f, s.id, NULL, 0, &slot), OV_OK);
	assert_int_equal(ov_finder_run(f, &src, 0), OV_OK);
	/* More ends are alive than a list holds; else the count would be exact. */
	assert_true(ov_finder_result(f, slot)->is_limited ||
		    ov_finder_result(f, slot)->count == n - 3);
	assert_true(ov_finder_result(f, slot)->count > 0);
	ov_finder_begin(f, &s.pats);
	assert_int_equal(ov_finder_add(f, s.id, NULL, 0, &slot), OV_OK);
	assert_int_equal(ov_finder_run(f, &src, 1),
			 OV_LIMIT); /* a nanosecond after the machine started */
	assert_true(ov_finder_result(f, slot)->is_limited);
	ov_finder_free(&f);
	ov_buf_free(&s.bytes);
	free(text);
}

static ov_status read_short(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	(void)ctx;
	(void)off;
	memset(to, 'a', n);
	*got = n / 2;
	return off > 0 ? OV_IO : OV_OK;
}

static void a_file_that_fails_is_told(void **state)
{
	static const uint8_t full[4] = { 255, 255, 255, 255 };
	struct ov_pn a = { .kind = OV_PN_BYTES,
			   .value = (const uint8_t *)"abcd",
			   .mask = full,
			   .n = 4 },
		     *v = &a;
	struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };
	const struct ov_src src = { .size = 5000, .read = read_short };
	struct ov_finder *f = NULL;
	struct section s;
	uint32_t slot;

	(void)state;
	assert_int_equal(make_section(&ir, &s), OV_OK);
	assert_int_equal(ov_finder_new(&f), OV_OK);
	ov_finder_begin(f, &s.pats);
	assert_int_equal(ov_finder_add(f, s.id, NULL, 0, &slot), OV_OK);
	assert_int_equal(ov_finder_run(f, &src, 0), OV_IO);
	assert_true(ov_finder_result(f, slot)->is_limited);
	assert_int_equal(ov_finder_add(f, 77, NULL, 0, &slot), OV_BUG);
	ov_finder_free(&f);
	ov_buf_free(&s.bytes);
}

/* Found by fuzz_pattern: with no range asked for by any pattern, there is no list to point into. */
static void a_pattern_without_ranges_starts_anywhere(void **state)
{
	uint8_t value[] = "needle", mask[] = { 255, 255, 255, 255, 255, 255 };
	struct ov_pn bytes = { .kind = OV_PN_BYTES, .value = value, .mask = mask, .n = 6 };
	struct ov_pn *variants[] = { &bytes };
	const struct ov_pat_ir ir = { .variants = variants, .nvariants = 1 };
	uint8_t text[] = "needle in a needle";
	struct ov_src src = ov_src_mem(text, sizeof text - 1);
	struct section s = { .id = 0 };
	struct ov_finder *f = NULL;

	(void)state;
	assert_int_equal(ov_finder_new(&f), OV_OK); /* fresh: no layer has had ranges before */
	assert_int_equal(make_section(&ir, &s), OV_OK);
	assert_int_equal(find_in(f, &s, &src, NULL, 0).count, 2);
	ov_buf_free(&s.bytes);
	ov_finder_free(&f);
}

/* Many patterns that begin alike, all over a layer: together they have no more steps than its size
 * gives, and what is left undecided is told. */
static void many_patterns_share_one_budget(void **state)
{
	enum { PATTERNS = 400, TEXT = 1 << 20, BODY = 2000 };
	uint8_t *body = malloc(BODY), *mask = malloc(BODY), *text = malloc(TEXT);
	struct ov_pats_builder *b = NULL;
	struct ov_buf bytes = ov_buf_of(1 << 26);
	struct ov_finder *f = NULL;
	struct ov_pats pats;
	struct ov_src src;
	uint64_t work = 0;
	uint32_t id;

	(void)state;
	assert_true(body != NULL && mask != NULL && text != NULL);
	memset(mask, 255, BODY);
	for (size_t i = 0; i < BODY; i++)
		body[i] = (uint8_t)("anchored"[i % 8]);
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (uint8_t)("anchored"[i % 8]);
	assert_int_equal(ov_pats_builder_new(&b), OV_OK);
	for (uint32_t i = 0; i < PATTERNS; i++) { /* each ends otherwise */
		struct ov_pn bytes_node = {
			.kind = OV_PN_BYTES, .value = body, .mask = mask, .n = BODY
		};
		struct ov_pn *v = &bytes_node;
		const struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };

		for (uint32_t k = 0; k < 3;
		     k++) { /* by half bytes, so that no key tells them apart */
			mask[BODY - 1 - k] = 0xf0;
			body[BODY - 1 - k] = (uint8_t)((i >> (4 * k) & 15) << 4);
		}
		assert_int_equal(ov_pats_add(b, &ir, &id, NULL), OV_OK);
	}
	assert_int_equal(ov_pats_finish(b, &bytes), OV_OK);
	assert_int_equal(ov_pats_open(ov_buf_cur(&bytes), &pats), OV_OK);
	assert_int_equal(ov_finder_new(&f), OV_OK);
	ov_finder_begin(f, &pats);
	for (uint32_t i = 0; i < PATTERNS; i++) {
		uint32_t slot;

		assert_int_equal(ov_finder_add(f, i, NULL, 0, &slot), OV_OK);
	}
	src = ov_src_mem(text, TEXT);
	assert_int_equal(ov_finder_run(f, &src, 0), OV_OK);
	for (uint32_t i = 0; i < PATTERNS; i++)
		work += ov_finder_work(f, i);
	assert_true(ov_finder_is_spent(f));
	assert_true(work <=
		    FINDER_LAYER_STEPS + (uint64_t)TEXT * FINDER_LAYER_STEPS_A_BYTE + 100000);
	assert_true(ov_finder_result(f, 0)->is_limited);
	memset(text, 'x', TEXT); /* nothing to do: nothing is spent */
	ov_finder_begin(f, &pats);
	assert_int_equal(ov_finder_add(f, 0, NULL, 0, &id), OV_OK);
	assert_int_equal(ov_finder_run(f, &src, 0), OV_OK);
	assert_false(ov_finder_is_spent(f));
	assert_false(ov_finder_result(f, 0)->is_limited);
	ov_finder_free(&f);
	ov_pats_builder_free(&b);
	ov_buf_free(&bytes);
	free(body);
	free(mask);
	free(text);
}

/* A part without four certain bytes, a wide gap behind one that has a key: it is looked for behind
 * that one, not at each byte, however many patterns the sieve has taken before. */
static void a_part_without_a_key_follows(void **state)
{
	enum { TEXT = 1 << 20, PATTERNS = 80 };
	static const uint8_t dde[] = "DDE", fold[] = { 0xdf, 0xdf, 0xdf };
	static const uint8_t full[] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	uint8_t *text = calloc(1, TEXT);
	struct ov_pats_builder *b = NULL;
	struct ov_buf bytes = ov_buf_of(1 << 24);
	struct ov_finder *f = NULL;
	uint32_t slots[PATTERNS];
	struct ov_pats pats;
	struct ov_src src;

	(void)state;
	assert_non_null(text);
	assert_int_equal(ov_pats_builder_new(&b), OV_OK);
	for (uint32_t i = 0; i < PATTERNS; i++) {
		const uint8_t head[] = { 'h', 'e', 'a', 'd', (uint8_t)('0' + i), '7', 'x', 'y' };
		struct ov_pn tail = { .kind = OV_PN_BYTES, .value = dde, .mask = fold, .n = 3 };
		struct ov_pn gap = { .kind = OV_PN_JUMP, .max = 1000, .next = &tail };
		struct ov_pn first = {
			.kind = OV_PN_BYTES, .value = head, .mask = full, .n = 8, .next = &gap
		};
		struct ov_pn *v = &first;
		const struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };
		uint32_t id;

		assert_int_equal(ov_pats_add(b, &ir, &id, NULL), OV_OK);
		memcpy(text + (size_t)i * 12000, head, 8);
		memcpy(text + (size_t)i * 12000 + 8 + 1000 + (i % 2), "dDe", 3);
	}
	assert_int_equal(ov_pats_finish(b, &bytes), OV_OK);
	assert_int_equal(ov_pats_open(ov_buf_cur(&bytes), &pats), OV_OK);
	assert_int_equal(ov_finder_new(&f), OV_OK);
	ov_finder_begin(f, &pats);
	for (uint32_t i = 0; i < PATTERNS; i++)
		assert_int_equal(ov_finder_add(f, i, NULL, 0, &slots[i]), OV_OK);
	src = ov_src_mem(text, TEXT);
	ov_finder_allow(f, 1 << 16);
	assert_int_equal(ov_finder_run(f, &src, 0), OV_OK);
	assert_false(ov_finder_is_spent(f));
	for (uint32_t i = 0; i < PATTERNS; i++)
		ov_expect_eq("the farthest place counts, none behind it",
			     ov_finder_result(f, slots[i])->count, i % 2 == 0);
	ov_finder_free(&f);
	ov_pats_builder_free(&b);
	ov_buf_free(&bytes);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_without_ranges_starts_anywhere),
		cmocka_unit_test(counts_as_clamav_does),
		cmocka_unit_test(spent_budgets_are_told),
		cmocka_unit_test(many_patterns_share_one_budget),
		cmocka_unit_test(a_file_that_fails_is_told),
		cmocka_unit_test(a_part_without_a_key_follows),
		cmocka_unit_test(random_patterns_equal_the_reference),
		cmocka_unit_test(patterns_are_found_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
