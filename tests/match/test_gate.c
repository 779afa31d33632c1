/* The gate and the census against the slow reference: what they call absent is absent, and much of
 * what is absent they call so. */
#include <stdlib.h>

#include "census.h"
#include "gate.h"
#include "reference.h"
#include "testing.h"

#define PATTERNS 7

static uint64_t seed = 0x2545f4914f6cdd1du;

static uint32_t roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % sides;
}

struct round {
	struct ov_pat_ir ir[PATTERNS];
	uint32_t id[PATTERNS];
	size_t n;
	struct ov_buf bytes;
	struct ov_pats pats;
	uint8_t text[REF_TEXT];
	size_t ntext;
};

/* Some random patterns in one section, and a text that they like. */
static void make_round(struct ov_arena *a, struct round *r)
{
	struct ov_pats_builder *b = NULL;
	uint8_t dice[1024];
	struct ref_dice d = { dice, sizeof dice };

	*r = (struct round){ .bytes = ov_buf_of(1 << 24) };
	assert_int_equal(ov_pats_builder_new(&b), OV_OK);
	for (int i = 0; i < PATTERNS; i++) {
		for (size_t k = 0; k < sizeof dice; k++)
			dice[k] = (uint8_t)roll(256);
		d = (struct ref_dice){ dice, sizeof dice };
		assert_true(ref_pattern(&d, a, &r->ir[r->n]));
		r->n += ov_pats_add(b, &r->ir[r->n], &r->id[r->n], NULL) == OV_OK;
	}
	r->ntext = ref_text(&d, r->text);
	assert_int_equal(ov_pats_finish(b, &r->bytes), OV_OK);
	assert_int_equal(ov_pats_open(ov_buf_cur(&r->bytes), &r->pats), OV_OK);
	ov_pats_builder_free(&b);
}

/* The whole text at once, or windows that overlap by three bytes. */
static void run(struct ov_gate *g, const struct round *r, size_t window)
{
	for (size_t at = 0, next; at < r->ntext; at = next) {
		const size_t from = at < 3 ? 0 : at - 3;

		next = at + window < r->ntext ? at + window : r->ntext;
		assert_int_equal(ov_gate_run(g, r->text + from, next - from, from), OV_OK);
	}
}

struct tally {
	unsigned absent, told, told_by_census;
};

static void check_round(struct ov_gate *g, struct ov_census *c, const struct round *r,
			size_t window, struct tally *t)
{
	uint32_t slots[PATTERNS];

	ov_gate_begin(g, &r->pats, r->ntext);
	for (size_t i = 0; i < r->n; i++) {
		struct ov_gate_pick picks[OV_GATE_PICKS];
		uint64_t cost;
		const size_t n = ov_gate_pick(&r->pats, r->id[i], OV_GATE_NO_PART, picks, &cost);

		ov_expect("a cost when there is something to search",
			  (n == 0) == (cost == UINT64_MAX));
		slots[i] = n > 0 ? ov_gate_add(g, picks, n) : OV_GATE_NO_SLOT;
	}
	run(g, r, window);
	assert_int_equal(ov_census_take(c, r->text, r->ntext), OV_OK);
	for (size_t i = 0; i < r->n; i++) {
		const bool is_absent = ov_gate_is_absent(g, slots[i]);
		const bool may_have = ov_census_may_have(c, &r->pats, r->id[i]);
		struct ref_found found;

		ref_find(&r->ir[i], r->text, r->ntext, NULL, 0, &found);
		ov_expect("absent is absent", !is_absent || found.count == 0);
		ov_expect("not in the census is absent", may_have || found.count == 0);
		t->absent += found.count == 0;
		t->told += is_absent;
		t->told_by_census += !may_have;
	}
}

static void what_is_absent_is_absent(void **state)
{
	struct ov_gate *g = NULL;
	struct ov_census c = { 0 };
	struct tally t = { 0 };
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_gate_new(&g), OV_OK);
	for (int i = 0; i < 500; i++) {
		struct round r;

		ov_arena_reset(&a, 1 << 20);
		make_round(&a, &r);
		check_round(g, &c, &r, i % 2 == 0 ? REF_TEXT : 1 + roll(60), &t);
		ov_buf_free(&r.bytes);
	}
	ov_gate_free(&g);
	ov_census_free(&c);
	ov_arena_free(&a);
	if (t.told < t.absent / 4 || t.told_by_census < t.absent / 20)
		fail_msg("%u absent, %u told, %u by the census: this test tests little", t.absent,
			 t.told, t.told_by_census);
}

static const uint8_t full[16] = { 255, 255, 255, 255, 255, 255, 255, 255,
				  255, 255, 255, 255, 255, 255, 255, 255 };

/* A section of one pattern: "head", a gap, "tail". */
static void make_two_parts(struct ov_buf *out, struct ov_pats *p)
{
	struct ov_pn tail = {
		.kind = OV_PN_BYTES, .value = (const uint8_t *)"tail", .mask = full, .n = 4
	};
	struct ov_pn gap = { .kind = OV_PN_JUMP, .min = 0, .max = OV_JUMP_INF, .next = &tail };
	struct ov_pn head = { .kind = OV_PN_BYTES,
			      .value = (const uint8_t *)"head",
			      .mask = full,
			      .n = 4,
			      .next = &gap };
	struct ov_pn *v = &head;
	struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };
	struct ov_pats_builder *b = NULL;
	uint32_t id;

	*out = ov_buf_of(1 << 20);
	assert_int_equal(ov_pats_builder_new(&b), OV_OK);
	assert_int_equal(ov_pats_add(b, &ir, &id, NULL), OV_OK);
	assert_int_equal(ov_pats_finish(b, out), OV_OK);
	assert_int_equal(ov_pats_open(ov_buf_cur(out), p), OV_OK);
	ov_pats_builder_free(&b);
}

/* The part that woke a rule is there and tells nothing: the other one is searched. */
static void a_part_that_was_met_is_not_searched(void **state)
{
	static const struct {
		const char *what, *text;
		uint32_t met;
		bool is_absent;
	} rows[] = {
		{ "the head was met, the tail lacks", "head head", 0, true },
		{ "the head was met, the tail is there", "head tail", 0, false },
		{ "the tail was met, the head lacks", "tail tail", 1, true },
		{ "the tail was met, the head is there", "tail head", 1, false },
	};
	struct ov_gate *g = NULL;
	struct ov_pats pats;
	struct ov_buf bytes;

	(void)state;
	make_two_parts(&bytes, &pats);
	assert_int_equal(ov_gate_new(&g), OV_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const size_t n = strlen(rows[i].text);
		struct ov_gate_pick picks[OV_GATE_PICKS];
		uint64_t cost;
		uint32_t slot;

		ov_expect_eq(rows[i].what, ov_gate_pick(&pats, 0, rows[i].met, picks, &cost), 1);
		ov_gate_begin(g, &pats, n);
		slot = ov_gate_add(g, picks, 1);
		ov_expect_eq(rows[i].what, ov_gate_add(g, picks, 1), slot);
		assert_int_equal(ov_gate_run(g, (const uint8_t *)rows[i].text, n, 0), OV_OK);
		ov_expect_eq(rows[i].what, ov_gate_is_absent(g, slot), rows[i].is_absent);
		ov_expect_eq(rows[i].what, ov_gate_is_done(g), !rows[i].is_absent);
	}
	ov_gate_free(&g);
	ov_buf_free(&bytes);
}

/* A pattern whose key is everywhere and which is nowhere: when the steps are spent it may be there,
 * and the work is bounded by the size. */
static void work_is_bounded(void **state)
{
	const size_t n = 1 << 20;
	struct ov_pn body = { .kind = OV_PN_BYTES, .n = 3000 };
	struct ov_pn *v = &body;
	struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };
	uint8_t *text = malloc(n), *value = malloc(body.n), *mask = malloc(body.n);
	struct ov_gate_pick picks[OV_GATE_PICKS];
	struct ov_pats_builder *b = NULL;
	struct ov_buf bytes = ov_buf_of(1 << 20);
	struct ov_gate *g = NULL;
	struct ov_pats pats;
	uint32_t id, slot;
	uint64_t cost;

	(void)state;
	assert_true(text != NULL && value != NULL && mask != NULL);
	for (size_t i = 0; i < n; i++)
		text[i] = (uint8_t) "abcd"[i % 4];
	memcpy(value, text, body.n);
	value[body.n - 1] = 'X';
	memset(mask, 255, body.n);
	body.value = value;
	body.mask = mask;
	assert_int_equal(ov_pats_builder_new(&b), OV_OK);
	assert_int_equal(ov_pats_add(b, &ir, &id, NULL), OV_OK);
	assert_int_equal(ov_pats_finish(b, &bytes), OV_OK);
	assert_int_equal(ov_pats_open(ov_buf_cur(&bytes), &pats), OV_OK);
	ov_pats_builder_free(&b);
	assert_int_equal(ov_gate_new(&g), OV_OK);
	assert_int_equal(ov_gate_pick(&pats, 0, OV_GATE_NO_PART, picks, &cost), 1);
	ov_gate_begin(g, &pats, n);
	slot = ov_gate_add(g, picks, 1);
	assert_int_equal(ov_gate_run(g, text, n, 0), OV_OK);
	assert_int_equal(ov_gate_work(g), n / 4 + 65536);
	assert_false(ov_gate_is_absent(g, slot));
	ov_gate_free(&g);
	ov_buf_free(&bytes);
	free(text);
	free(value);
	free(mask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_absent_is_absent),
		cmocka_unit_test(a_part_that_was_met_is_not_searched),
		cmocka_unit_test(work_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
