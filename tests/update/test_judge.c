/* The policy against each attack of the table in the specification that it alone can meet. */
#include "testing.h"

#include "world.h"

#define NOW 1763800000u
#define HOUR 3600u

static struct ov_str str_of(const struct ov_buf *b)
{
	return (struct ov_str){ (const char *)b->p, b->n };
}

/* The log holds states 1 .. 9 (the eighth signed by one release key only, the ninth going back to
 * seq 3). What was accepted before is the tree of `had`. */
static const struct row {
	const char *what;
	struct world_proof how;
	uint64_t had, now;
	enum ov_refusal refusal;
	enum ov_freshness freshness;
} rows[] = {
	{ "the first update of a machine", { .size = 5, .time = NOW }, 0, NOW, OV_TAKEN, OV_FRESH },
	{ "the next", { .size = 6, .time = NOW }, 5, NOW, OV_TAKEN, OV_FRESH },
	{ "nothing new", { .size = 5, .time = NOW }, 5, NOW, OV_TAKEN, OV_FRESH },
	{ "5 of 7 witnesses and one mirror",
	  { .size = 5, .time = NOW, .skip_witnesses = 2, .skip_mirrors = 1 },
	  0,
	  NOW,
	  OV_TAKEN,
	  OV_FRESH },
	{ "arbitrary package: one witness too few",
	  { .size = 5, .time = NOW, .skip_witnesses = 3 },
	  0,
	  NOW,
	  OV_REFUSED_QUORUM,
	  OV_FRESH },
	{ "no mirror holds it",
	  { .size = 5, .time = NOW, .skip_mirrors = 2 },
	  0,
	  NOW,
	  OV_REFUSED_QUORUM,
	  OV_FRESH },
	{ "the log did not sign",
	  { .size = 5, .time = NOW, .no_log = true },
	  0,
	  NOW,
	  OV_REFUSED_UNSIGNED,
	  OV_FRESH },
	{ "another log signed",
	  { .size = 5, .time = NOW, .other_log = true },
	  0,
	  NOW,
	  OV_REFUSED_UNSIGNED,
	  OV_FRESH },
	{ "a forged cosignature",
	  { .size = 5, .time = NOW, .forged_cosignature = true },
	  0,
	  NOW,
	  OV_REFUSED_FORGED,
	  OV_FRESH },
	{ "withheld: an older entry of a fresh tree",
	  { .size = 5, .index = 4, .time = NOW },
	  0,
	  NOW,
	  OV_REFUSED_OLD,
	  OV_FRESH },
	{ "rollback: a smaller tree",
	  { .size = 4, .time = NOW },
	  5,
	  NOW,
	  OV_REFUSED_ROLLBACK,
	  OV_FRESH },
	{ "split view: one size, two roots",
	  { .size = 5, .time = NOW, .other_root = true },
	  5,
	  NOW,
	  OV_REFUSED_NOT_IN,
	  OV_FRESH },
	{ "no state beside the proof",
	  { .size = 5, .time = NOW, .no_extra = true },
	  0,
	  NOW,
	  OV_REFUSED_BROKEN,
	  OV_FRESH },
	{ "one release key of three",
	  { .size = 8, .time = NOW },
	  5,
	  NOW,
	  OV_REFUSED_RELEASE,
	  OV_FRESH },
	{ "a state that goes back in a larger tree",
	  { .size = 9, .time = NOW },
	  5,
	  NOW,
	  OV_REFUSED_ROLLBACK,
	  OV_FRESH },
	{ "freeze: 7 hours",
	  { .size = 5, .time = NOW - 7 * HOUR },
	  5,
	  NOW,
	  OV_TAKEN,
	  OV_FRESH_OLD },
	{ "freeze: 25 hours",
	  { .size = 5, .time = NOW - 25 * HOUR },
	  5,
	  NOW,
	  OV_TAKEN,
	  OV_FRESH_STALE },
	{ "one late witness changes nothing",
	  { .size = 5, .time = NOW, .early = 25 * HOUR },
	  5,
	  NOW,
	  OV_TAKEN,
	  OV_FRESH },
	{ "cosignatures from the future do not count",
	  { .size = 5, .time = NOW + HOUR },
	  0,
	  NOW,
	  OV_REFUSED_QUORUM,
	  OV_FRESH },
	{ "five minutes ahead are a clock's fault",
	  { .size = 5, .time = NOW + 300 },
	  0,
	  NOW,
	  OV_TAKEN,
	  OV_FRESH },
	{ "a local clock set back can't unfreeze",
	  { .size = 5, .time = NOW - 50 * HOUR },
	  6,
	  NOW - 60 * HOUR,
	  OV_REFUSED_ROLLBACK,
	  OV_FRESH_STALE },
};

static void remember(struct world *w, uint64_t size, struct ov_memory *m)
{
	memset(m, 0, sizeof *m);
	m->root = 1;
	if (size == 0)
		return;
	m->origin = w->log.public.name;
	m->size = m->seq = size;
	m->floor = NOW;
	assert_int_equal(ov_merkle_range(w->h, world_read, w, 0, size, &m->tree), OV_OK);
}

static void make(struct world *w)
{
	world_make(w);
	for (uint64_t i = 1; i <= 7; i++)
		world_append(w, i, 2);
	world_append(w, 8, 1);
	world_append(w, 3, 2);
}

static void test_rows(void **state)
{
	static struct ov_judgement j;
	static struct ov_memory m;
	static struct world w;
	struct ov_buf b = ov_buf_of(1 << 20);

	(void)state;
	make(&w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_arena a;

		ov_arena_init(&a, 1 << 22);
		remember(&w, rows[i].had, &m);
		world_proof(&w, &rows[i].how, &b);
		assert_int_equal(ov_judge(w.h, &w.root, &m, str_of(&b), rows[i].now, &a, &j),
				 OV_OK);
		ov_expect_eq(rows[i].what, j.refusal, rows[i].refusal);
		ov_expect_eq(rows[i].what, j.freshness, rows[i].freshness);
		if (j.refusal == OV_TAKEN) {
			ov_expect_eq(rows[i].what, j.state.seq, rows[i].how.size);
			ov_expect_eq(rows[i].what, j.wants_growth,
				     rows[i].had > 0 && rows[i].had < rows[i].how.size);
			ov_judge_remember(&j, &m);
			ov_expect_eq(rows[i].what, m.size, rows[i].how.size);
		}
		ov_arena_free(&a);
	}
	ov_buf_free(&b);
	world_free(&w);
}

/* The root in force must not have expired, by the later of the local clock and the newest time that
 * was ever vouched for. The world's roots expire at 2000000000. */
static void test_expiry(void **state)
{
	static const struct {
		const char *what;
		uint64_t proof, now, floor;
		enum ov_refusal refusal;
	} cases[] = {
		{ "a second before", 1999999999, 1999999999, NOW, OV_TAKEN },
		{ "the second itself", 2000000000, 2000000000, NOW, OV_REFUSED_EXPIRED },
		{ "long after, honestly vouched for", 2100000000, 2100000000, NOW,
		  OV_REFUSED_EXPIRED },
		{ "an old proof does not help", NOW, 2000000001, NOW, OV_REFUSED_EXPIRED },
		{ "a clock set back does not help", NOW, NOW, 2000000001, OV_REFUSED_EXPIRED },
	};
	static struct ov_judgement j;
	static struct ov_memory m;
	static struct world w;
	struct ov_buf b = ov_buf_of(1 << 20);

	(void)state;
	make(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct world_proof how = { .size = 6, .time = cases[i].proof };
		struct ov_arena a;

		ov_arena_init(&a, 1 << 22);
		remember(&w, 5, &m);
		m.floor = cases[i].floor;
		world_proof(&w, &how, &b);
		assert_int_equal(ov_judge(w.h, &w.root, &m, str_of(&b), cases[i].now, &a, &j),
				 OV_OK);
		ov_expect_eq(cases[i].what, j.refusal, cases[i].refusal);
		ov_arena_free(&a);
	}
	ov_buf_free(&b);
	world_free(&w);
}

/* A second history of the same length, signed by everybody: the memory shows it. */
static void test_fork(void **state)
{
	static struct ov_judgement j;
	static struct ov_memory m;
	static struct world w, other;
	const struct world_proof how = { .size = 3, .time = NOW };
	const struct world_proof longer = { .size = 4, .time = NOW };
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_merkle_proof growth;
	struct ov_arena a;

	(void)state;
	world_make(&w);
	world_make(&other);
	for (uint64_t i = 1; i <= 4; i++) {
		world_append(&w, i, 2);
		world_append(&other, i == 2 ? 20 : i + 20, 3); /* the same keys, other leaves */
	}
	ov_arena_init(&a, 1 << 22);
	remember(&w, 3, &m);
	world_proof(&other, &how, &b);
	assert_int_equal(ov_judge(w.h, &w.root, &m, str_of(&b), NOW, &a, &j), OV_OK);
	assert_int_equal(j.refusal, OV_REFUSED_FORK);
	world_proof(&other, &longer, &b); /* a longer one is seen by its consistency only */
	assert_int_equal(ov_judge(w.h, &w.root, &m, str_of(&b), NOW, &a, &j), OV_OK);
	assert_int_equal(j.refusal, OV_TAKEN);
	assert_true(j.wants_growth);
	assert_int_equal(ov_merkle_prove_growth(w.h, world_read, &other, 3, 4, &growth), OV_OK);
	assert_int_equal(ov_judge_growth(w.h, &j, &m, &growth), OV_BAD);
	world_proof(&w, &longer, &b);
	ov_arena_reset(&a, 0);
	assert_int_equal(ov_judge(w.h, &w.root, &m, str_of(&b), NOW, &a, &j), OV_OK);
	assert_int_equal(ov_merkle_prove_growth(w.h, world_read, &w, 3, 4, &growth), OV_OK);
	assert_int_equal(ov_judge_growth(w.h, &j, &m, &growth), OV_OK);
	ov_arena_free(&a);
	ov_buf_free(&b);
	world_free(&w);
	world_free(&other);
}

/* No prefix of a proof is taken, and no flipped bit gives another state than the honest one. */
static void test_nothing_less(void **state)
{
	static struct ov_judgement j;
	static struct ov_memory m;
	static struct world w;
	const struct world_proof how = { .size = 5, .time = NOW };
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_arena a;

	(void)state;
	make(&w);
	world_proof(&w, &how, &b);
	ov_arena_init(&a, 1 << 22);
	for (size_t n = 0; n < b.n; n += 7) {
		remember(&w, 4, &m);
		ov_arena_reset(&a, 1 << 20);
		assert_int_equal(
		    ov_judge(w.h, &w.root, &m, (struct ov_str){ (char *)b.p, n }, NOW, &a, &j),
		    OV_OK);
		assert_int_not_equal(j.refusal, OV_TAKEN);
		b.p[n] ^= 1;
		assert_int_equal(ov_judge(w.h, &w.root, &m, str_of(&b), NOW, &a, &j), OV_OK);
		if (j.refusal == OV_TAKEN) { /* one cosigner's name was spoilt: enough are left */
			assert_int_equal(j.cosigners, WITNESSES + MIRRORS - 1);
			assert_int_equal(j.state.seq, 5);
		}
		b.p[n] ^= 1;
	}
	for (long nth = 0; nth < 8; nth++) { /* and a lack of memory is no refusal */
		ov_arena_free(&a);
		ov_arena_init(&a, 1 << 22);
		a.fail_in = nth;
		assert_int_equal(ov_judge(w.h, &w.root, &m, str_of(&b), NOW, &a, &j), OV_NOMEM);
	}
	ov_arena_free(&a);
	ov_buf_free(&b);
	world_free(&w);
}

/* Root files: what makes version 2 follow version 1. */
static void test_roots(void **state)
{
	static struct ov_root next;
	static struct world w;
	struct ov_skey mixed[ROOT_KEYS];
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_arena a;

	(void)state;
	world_make(&w);
	ov_arena_init(&a, 1 << 22);
	for (size_t signers = 0; signers <= ROOT_KEYS; signers++) {
		ov_arena_reset(&a, 0);
		world_root(&w, 2, w.roots, ROOT_KEYS, signers, &b);
		assert_int_equal(ov_root_parse(w.h, str_of(&b), &a, &next, NULL), OV_OK);
		assert_int_equal(ov_root_follows(&w.root, &next), signers >= 3 ? OV_OK : OV_BAD);
	}
	world_root(&w, 3, w.roots, ROOT_KEYS, 5, &b); /* a version left out */
	assert_int_equal(ov_root_parse(w.h, str_of(&b), &a, &next, NULL), OV_OK);
	assert_int_equal(ov_root_follows(&w.root, &next), OV_BAD);
	/* three of its own five keys sign, of which only two are the old root's */
	memcpy(mixed, w.roots, sizeof mixed);
	mixed[2] = w.releases[0];
	mixed[3] = w.releases[1];
	world_root(&w, 2, mixed, ROOT_KEYS, 3, &b);
	assert_int_equal(ov_root_parse(w.h, str_of(&b), &a, &next, NULL), OV_OK);
	assert_int_equal(ov_root_enough(&next.note, &next.roots), OV_OK);
	assert_int_equal(ov_root_follows(&w.root, &next), OV_BAD);
	for (size_t n = 0; n < w.root_bytes.n; n += 3) {
		ov_arena_reset(&a, 0);
		assert_int_not_equal(ov_root_parse(w.h,
						   (struct ov_str){ (char *)w.root_bytes.p, n }, &a,
						   &next, NULL),
				     OV_OK);
	}
	ov_arena_free(&a);
	ov_buf_free(&b);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_fork),  cmocka_unit_test(test_nothing_less),
		cmocka_unit_test(test_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
