/* A witness's answers, status by status, as tlog-witness has them. */
#include "testing.h"

#include "kit.h"
#include "witness.h"

enum twist { AS_IT_IS, STRANGER, UNSIGNED, OTHER_ROOT, NO_PROOF, BROKEN_PROOF, LONG_PROOF };

static const struct {
	const char *what;
	uint64_t stored, old, size;
	enum twist twist;
	int status;
} rows[] = {
	{ "the first tree", 0, 0, 5, AS_IT_IS, 200 },
	{ "an empty tree", 0, 0, 0, AS_IT_IS, 200 },
	{ "it grew", 5, 5, 70, AS_IT_IS, 200 },
	{ "it grew from a power of two", 64, 64, 70, AS_IT_IS, 200 },
	{ "the same again: a heartbeat", 70, 70, 70, AS_IT_IS, 200 },
	{ "an unknown log", 5, 5, 70, STRANGER, 404 },
	{ "not signed by the log", 5, 5, 70, UNSIGNED, 403 },
	{ "old above size", 5, 6, 5, AS_IT_IS, 400 },
	{ "old is not what is stored: behind", 7, 5, 70, AS_IT_IS, 409 },
	{ "old is not what is stored: ahead", 3, 5, 70, AS_IT_IS, 409 },
	{ "nothing is stored yet", 0, 5, 70, AS_IT_IS, 409 },
	{ "one size, two roots: a fork", 70, 70, 70, OTHER_ROOT, 422 },
	{ "another history", 5, 5, 70, OTHER_ROOT, 422 },
	{ "an empty tree with a root", 0, 0, 0, OTHER_ROOT, 422 },
	{ "no proof", 5, 5, 70, NO_PROOF, 422 },
	{ "a broken proof", 5, 5, 70, BROKEN_PROOF, 422 },
	{ "a proof where none belongs", 0, 0, 5, LONG_PROOF, 422 },
	{ "a proof for a heartbeat", 70, 70, 70, LONG_PROOF, 422 },
};

static void make_body(struct kit_log *l, const struct ov_skey *key, size_t i, struct ov_buf *out)
{
	struct ov_checkpoint c = { .origin = OV_STR("overt.example/db"), .size = rows[i].size };
	struct ov_witness_request r = { .old = rows[i].old };
	struct ov_buf note = ov_buf_of(4096), sig = ov_buf_of(4096);

	kit_root(l, 0, rows[i].size, &c.root);
	if (rows[i].twist == OTHER_ROOT)
		c.root.b[3] ^= 1;
	if (rows[i].old <= rows[i].size)
		assert_int_equal(
		    ov_merkle_prove_growth(l->h, kit_read, l, rows[i].old, rows[i].size, &r.proof),
		    OV_OK);
	if (rows[i].twist == NO_PROOF)
		r.proof.n = 0;
	if (rows[i].twist == BROKEN_PROOF)
		r.proof.h[0].b[0] ^= 1;
	if (rows[i].twist == LONG_PROOF)
		r.proof.h[r.proof.n++] = c.root;
	assert_int_equal(ov_checkpoint_write(&c, &note), OV_OK);
	assert_int_equal(ov_note_sign(key, (struct ov_str){ (char *)note.p, note.n }, 0, &sig),
			 OV_OK);
	assert_int_equal(ov_buf_fmt(&note, "\n%.*s", (int)sig.n, (char *)sig.p), OV_OK);
	assert_int_equal(ov_witness_write(&r, (struct ov_str){ (char *)note.p, note.n }, out),
			 OV_OK);
	ov_buf_free(&note);
	ov_buf_free(&sig);
}

static void test_rows(void **state)
{
	uint8_t other_seed[OV_KEY_BYTES] = { 9 };
	struct ov_skey key, other;
	struct kit_log l;

	(void)state;
	kit_log_make(&l, 70);
	kit_key(l.h, OV_KEY_PLAIN, &key);
	assert_int_equal(ov_skey_make(l.h, key.public.name, OV_KEY_PLAIN, other_seed, &other),
			 OV_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_witness_stored stored = { .size = rows[i].stored };
		struct ov_buf b = ov_buf_of(1 << 16);
		struct ov_witness_request r;
		struct ov_arena a;
		int status = 0;

		ov_arena_init(&a, 1 << 20);
		if (stored.size > 0)
			kit_root(&l, 0, stored.size, &stored.root);
		make_body(&l, rows[i].twist == UNSIGNED ? &other : &key, i, &b);
		assert_int_equal(ov_witness_parse((struct ov_str){ (char *)b.p, b.n }, &a, &r),
				 OV_OK);
		assert_int_equal(ov_witness_decide(l.h, &r,
						   rows[i].twist == STRANGER ? NULL : &key.public,
						   &stored, &status),
				 OV_OK);
		ov_expect_eq(rows[i].what, status, rows[i].status);
		for (size_t n = 0; n < b.n; n++) { /* no prefix is a request */
			ov_arena_reset(&a, 1 << 20);
			assert_int_not_equal(
			    ov_witness_parse((struct ov_str){ (char *)b.p, n }, &a, &r), OV_OK);
		}
		ov_arena_free(&a);
		ov_buf_free(&b);
	}
	kit_log_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
