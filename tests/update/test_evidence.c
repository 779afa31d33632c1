/* Fork evidence: what is proof of two histories, what is not, and what a lying mirror can't make.
 */
#include "testing.h"

#include <stdlib.h>
#include <unistd.h>

#include "evidence.h"
#include "kit.h"
#include "store.h"

#define LEAVES 70

struct forked { /* one log, and another that differs from leaf `from` on */
	struct kit_log a, b;
	struct ov_skey key, stranger;
};

static void make(struct forked *f)
{
	uint8_t seed[OV_KEY_BYTES] = { 9 };

	kit_log_make(&f->a, LEAVES);
	kit_log_make(&f->b, LEAVES);
	for (size_t i = 5; i < LEAVES; i++)
		f->b.leaves[i].b[0] ^= 1;
	kit_key(f->a.h, OV_KEY_PLAIN, &f->key);
	assert_int_equal(ov_skey_make(f->a.h, f->key.public.name, OV_KEY_PLAIN, seed, &f->stranger),
			 OV_OK);
}

static void release(struct forked *f)
{
	kit_log_free(&f->a);
	kit_log_free(&f->b);
}

static struct ov_str str_of(const struct ov_buf *b)
{
	return (struct ov_str){ (const char *)b->p, b->n };
}

static void note_of(struct kit_log *l, uint64_t size, const struct ov_skey *k, struct ov_buf *out)
{
	struct ov_checkpoint c = { .origin = k->public.name, .size = size };
	struct ov_buf sig = ov_buf_of(4096);

	kit_root(l, 0, size, &c.root);
	assert_int_equal(ov_checkpoint_write(&c, out), OV_OK);
	assert_int_equal(ov_note_sign(k, str_of(out), 0, &sig), OV_OK);
	assert_int_equal(ov_buf_fmt(out, "\n%.*s", (int)sig.n, (char *)sig.p), OV_OK);
	ov_buf_free(&sig);
}

enum twist { AS_IT_IS, STRANGER, WRONG_PROOF, NO_PREFIX, TOO_MANY };

static const struct {
	const char *what;
	uint64_t small, large;
	bool small_is_b, large_is_b; /* whose history each note tells */
	enum twist twist;
	ov_status compared, checked;
} rows[] = {
	{ "one history", 7, 70, false, false, AS_IT_IS, OV_OK, OV_BAD },
	{ "the same note twice", 9, 9, false, false, AS_IT_IS, OV_OK, OV_BAD },
	{ "a fork of one size", 9, 9, false, true, AS_IT_IS, OV_END, OV_OK },
	{ "a fork behind an odd size", 7, 70, true, false, AS_IT_IS, OV_END, OV_OK },
	{ "a fork behind a power of two", 64, 70, true, false, AS_IT_IS, OV_END, OV_OK },
	{ "a fork at the next leaf", 69, 70, true, false, AS_IT_IS, OV_END, OV_OK },
	{ "histories that part later are one until then", 5, 70, true, false, AS_IT_IS, OV_OK,
	  OV_BAD },
	{ "the empty tree contradicts nothing", 0, 70, true, false, AS_IT_IS, OV_OK, OV_BAD },
	{ "not signed by the log", 7, 70, true, false, STRANGER, OV_END, OV_END },
	{ "a proof that leads nowhere", 7, 70, true, false, WRONG_PROOF, OV_END, OV_BAD },
	{ "two sizes without a proof", 7, 70, true, false, NO_PREFIX, OV_END, OV_BAD },
	{ "one size with a proof", 9, 9, false, true, TOO_MANY, OV_END, OV_BAD },
};

static void one_row(struct forked *f, size_t i)
{
	struct kit_log *la = rows[i].small_is_b ? &f->b : &f->a;
	struct kit_log *lb = rows[i].large_is_b ? &f->b : &f->a;
	struct ov_buf small = ov_buf_of(4096), large = ov_buf_of(4096), out = ov_buf_of(1 << 16);
	struct ov_checkpoint a = { .size = rows[i].small }, b = { .size = rows[i].large };
	struct ov_contradiction how;
	struct ov_evidence e;
	struct ov_arena arena;

	kit_root(la, 0, a.size, &a.root);
	kit_root(lb, 0, b.size, &b.root);
	ov_expect_eq(rows[i].what, ov_evidence_compare(f->a.h, kit_read, lb, &a, &b, &how),
		     rows[i].compared);
	note_of(la, a.size, rows[i].twist == STRANGER ? &f->stranger : &f->key, &small);
	note_of(lb, b.size, &f->key, &large);
	if (rows[i].twist == WRONG_PROOF)
		how.proof.h[0].b[0] ^= 1;
	if (rows[i].twist == NO_PREFIX)
		how.has_prefix = false;
	if (rows[i].twist == TOO_MANY)
		how.has_prefix = true;
	assert_int_equal(
	    ov_evidence_write(&f->key.public, str_of(&small), str_of(&large), &how, &out), OV_OK);
	ov_arena_init(&arena, 1 << 20);
	assert_true(ov_evidence_is(str_of(&out)));
	ov_expect_eq(rows[i].what, ov_evidence_parse(f->a.h, str_of(&out), &arena, &e), OV_OK);
	ov_expect_eq(rows[i].what, ov_evidence_check(f->a.h, &e), rows[i].checked);
	for (size_t n = 0; n < out.n; n++) { /* a part of evidence is none */
		ov_arena_reset(&arena, 1 << 20);
		ov_expect(rows[i].what,
			  ov_evidence_parse(f->a.h, (struct ov_str){ (char *)out.p, n }, &arena,
					    &e) != OV_OK);
	}
	ov_arena_free(&arena);
	ov_buf_free(&small);
	ov_buf_free(&large);
	ov_buf_free(&out);
}

static void test_rows(void **state)
{
	struct forked f;

	(void)state;
	make(&f);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		one_row(&f, i);
	release(&f);
}

/* Tiles come from whoever serves them: junk must not look like a fork. */
static void test_lies_are_no_fork(void **state)
{
	struct forked f;
	struct ov_checkpoint a = { .size = 7 }, b = { .size = 70 };
	struct ov_contradiction how;

	(void)state;
	make(&f);
	kit_root(&f.a, 0, 7, &a.root);
	kit_root(&f.a, 0, 70, &b.root);
	assert_int_equal(ov_evidence_compare(f.a.h, kit_read, &f.b, &a, &b, &how), OV_BAD);
	assert_int_equal(ov_evidence_compare(f.a.h, kit_read, &f.a, &b, &a, &how), OV_BUG);
	release(&f);
}

static void test_kept_once(void **state)
{
	char folder[] = "/tmp/overt-evidence-XXXXXX", name[OV_EVIDENCE_NAME];

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(ov_evidence_keep(folder, OV_STR("one"), name), OV_OK);
	assert_string_equal(name, "fork-1.evidence");
	assert_int_equal(ov_evidence_keep(folder, OV_STR("two"), name), OV_OK);
	assert_string_equal(name, "fork-2.evidence");
	assert_int_equal(ov_evidence_keep(folder, OV_STR("one"), name), OV_OK);
	assert_string_equal(name, "fork-1.evidence");
	assert_int_equal(ov_store_remove(folder, "fork-1.evidence"), OV_OK);
	assert_int_equal(ov_store_remove(folder, "fork-2.evidence"), OV_OK);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_lies_are_no_fork),
		cmocka_unit_test(test_kept_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
