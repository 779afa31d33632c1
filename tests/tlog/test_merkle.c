/* The tree: vectors made by Go's x/mod/sumdb/tlog, and every proof of every small tree, right and
 * wrong. */
#include "testing.h"

#include "kit.h"
#include "text.h"
#include "tile.h"

#define MOST 70

static void hex_root(const struct ov_merkle_hash *r, char out[65])
{
	ov_hex_encode(r->b, sizeof r->b, out);
}

static const struct {
	const char *what;
	size_t size;
	const char *root;
} roots[] = {
	{ "the empty tree", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "one leaf", 1, "30e7ae800dede55dce8f47d2cbf1651934297739e399eb0b691ec8dfe036d86d" },
	{ "three", 3, "25ea5a56875c26e773a050c92b3de3ee0a67893632a07487ecb99c90da9e4299" },
	{ "a full tile", 256, "c98210d1704e1416ee4be4d60baf5b4680e3da1fccc4397aa062864f0fb4ed84" },
	{ "one more", 257, "5d7824d575e101baa70fa0586abe8f1bbc595518133c31d0a059a22d67b909b1" },
	{ "300", 300, "8d79a698692ae356f63fefbf4490b7513ca310bba16278e0d85118442b316935" },
};

static void roots_are_go_s(void **state)
{
	struct kit_log l;

	(void)state;
	kit_log_make(&l, 300);
	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		struct ov_merkle_edge e = { .size = 0 };
		struct ov_merkle_hash r;
		char hex[65];

		for (size_t k = 0; k < roots[i].size; k++)
			assert_int_equal(ov_merkle_append(l.h, &e, &l.leaves[k]), OV_OK);
		assert_int_equal(ov_merkle_root(l.h, &e, &r), OV_OK);
		hex_root(&r, hex);
		ov_expect(roots[i].what, strcmp(hex, roots[i].root) == 0);
		if (roots[i].size == 0)
			continue;
		assert_int_equal(ov_merkle_range(l.h, kit_read, &l, 0, roots[i].size, &r), OV_OK);
		hex_root(&r, hex);
		ov_expect(roots[i].what, strcmp(hex, roots[i].root) == 0);
	}
	kit_log_free(&l);
}

/* A good proof verifies; with one bit, one hash or one number changed it does not. */
static void inclusion(void **state)
{
	struct ov_merkle_proof p, q;
	struct ov_merkle_hash root, other;
	struct kit_log l;

	(void)state;
	kit_log_make(&l, MOST);
	for (uint64_t size = 1; size <= MOST; size++) {
		kit_root(&l, 0, size, &root);
		for (uint64_t i = 0; i < size; i++) {
			assert_int_equal(ov_merkle_prove(l.h, kit_read, &l, i, size, &p), OV_OK);
			assert_int_equal(ov_merkle_verify(l.h, &p, i, size, &l.leaves[i], &root),
					 OV_OK);
			q = p;
			q.n++;
			q.h[p.n] = root;
			assert_int_equal(ov_merkle_verify(l.h, &q, i, size, &l.leaves[i], &root),
					 OV_BAD);
			if (p.n > 0) {
				q = p;
				q.n--;
				assert_int_equal(
				    ov_merkle_verify(l.h, &q, i, size, &l.leaves[i], &root),
				    OV_BAD);
				q = p;
				q.h[i % p.n].b[i % 32] ^= (uint8_t)(1u << size % 8);
				assert_int_equal(
				    ov_merkle_verify(l.h, &q, i, size, &l.leaves[i], &root),
				    OV_BAD);
			}
			assert_int_equal(ov_merkle_verify(l.h, &p, size, size, &l.leaves[i], &root),
					 OV_BAD);
			other = l.leaves[i];
			other.b[0] ^= 1;
			assert_int_equal(ov_merkle_verify(l.h, &p, i, size, &other, &root), OV_BAD);
			if (i + 1 < size)
				assert_int_equal(
				    ov_merkle_verify(l.h, &p, i + 1, size, &l.leaves[i], &root),
				    OV_BAD);
		}
	}
	kit_log_free(&l);
}

static void growth(void **state)
{
	struct ov_merkle_proof p, q;
	struct ov_merkle_hash root, was, wrong;
	struct kit_log l;

	(void)state;
	kit_log_make(&l, MOST);
	for (uint64_t size = 0; size <= MOST; size++) {
		kit_root(&l, 0, size, &root);
		for (uint64_t old = 0; old <= size; old++) {
			kit_root(&l, 0, old, &was);
			assert_int_equal(ov_merkle_prove_growth(l.h, kit_read, &l, old, size, &p),
					 OV_OK);
			assert_true(old == 0 || old == size ? p.n == 0 : p.n > 0);
			assert_int_equal(ov_merkle_verify_growth(l.h, &p, old, &was, size, &root),
					 OV_OK);
			q = p;
			q.h[q.n++] = root;
			assert_int_equal(ov_merkle_verify_growth(l.h, &q, old, &was, size, &root),
					 OV_BAD);
			for (size_t k = 0; k < p.n; k++) {
				q = p;
				q.h[k].b[size % 32] ^= 0x10;
				assert_int_equal(
				    ov_merkle_verify_growth(l.h, &q, old, &was, size, &root),
				    OV_BAD);
			}
			if (p.n > 0) {
				q = p;
				q.n--;
				assert_int_equal(
				    ov_merkle_verify_growth(l.h, &q, old, &was, size, &root),
				    OV_BAD);
			}
			wrong = was;
			wrong.b[31] ^= 1;
			assert_int_equal(ov_merkle_verify_growth(l.h, &p, old, &wrong, size, &root),
					 OV_BAD);
			if (old > 0) {
				wrong = root;
				wrong.b[0] ^= 1;
				assert_int_equal(
				    ov_merkle_verify_growth(l.h, &p, old, &was, size, &wrong),
				    OV_BAD);
			}
			assert_int_equal(
			    ov_merkle_verify_growth(l.h, &p, size + 1, &was, size, &root), OV_BAD);
		}
	}
	kit_log_free(&l);
}

static void counts_of_hashes_are_go_s(void **state)
{
	struct ov_merkle_proof p;
	struct kit_log l;

	(void)state;
	kit_log_make(&l, 300);
	assert_int_equal(ov_merkle_prove(l.h, kit_read, &l, 77, 300, &p), OV_OK);
	assert_int_equal(p.n, 9);
	assert_int_equal(ov_merkle_prove_growth(l.h, kit_read, &l, 257, 300, &p), OV_OK);
	assert_int_equal(p.n, 8);
	assert_int_equal(ov_merkle_prove(l.h, kit_read, &l, 300, 300, &p), OV_BUG);
	assert_int_equal(ov_merkle_prove_growth(l.h, kit_read, &l, 301, 300, &p), OV_BUG);
	kit_log_free(&l);
}

static const struct {
	const char *what, *path;
	bool ok;
	struct ov_tile t;
} paths[] = {
	{ "a small one", "tile/0/000", true, { .width = 256 } },
	{ "groups of three",
	  "tile/2/x001/x234/067",
	  true,
	  { .level = 2, .index = 1234067, .width = 256 } },
	{ "partial", "tile/0/x273/000.p/112", true, { .index = 273000, .width = 112 } },
	{ "entries", "tile/entries/999", true, { .is_entries = true, .index = 999, .width = 256 } },
	{ "entries, partial",
	  "tile/entries/x001/000.p/1",
	  true,
	  { .is_entries = true, .index = 1000, .width = 1 } },
	{ "width 0", "tile/0/000.p/0", false, { 0 } },
	{ "width 256 said aloud", "tile/0/000.p/256", false, { 0 } },
	{ "a width with a zero before it", "tile/0/000.p/01", false, { 0 } },
	{ "an empty group before", "tile/0/x000/001", false, { 0 } },
	{ "two digits", "tile/0/01", false, { 0 } },
	{ "no x", "tile/0/001/234", false, { 0 } },
	{ "an x at the last", "tile/0/x001/x234", false, { 0 } },
	{ "level 8", "tile/8/000", false, { 0 } },
	{ "a slash more", "tile/0//000", false, { 0 } },
	{ "up and out", "tile/0/../000", false, { 0 } },
	{ "something behind", "tile/0/000.pp/1", false, { 0 } },
	{ "beyond 64 bits", "tile/0/x999/x999/x999/x999/x999/x999/x999/999", false, { 0 } },
	{ "nothing", "", false, { 0 } },
};

static void tiles_have_one_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct ov_buf b = ov_buf_of(256);
		struct ov_tile t;

		ov_expect(paths[i].what,
			  (ov_tile_parse(ov_str_of(paths[i].path), &t) == OV_OK) == paths[i].ok);
		if (!paths[i].ok)
			continue;
		ov_expect(paths[i].what, t.is_entries == paths[i].t.is_entries);
		ov_expect_eq(paths[i].what, t.level, paths[i].t.level);
		ov_expect_eq(paths[i].what, t.index, paths[i].t.index);
		ov_expect_eq(paths[i].what, t.width, paths[i].t.width);
		assert_int_equal(ov_tile_path(&b, &t), OV_OK);
		ov_expect(paths[i].what,
			  ov_str_is((struct ov_str){ (const char *)b.p, b.n }, paths[i].path));
		ov_buf_free(&b);
	}
}

/* Each subtree's hash out of tiles as a server would hold them, against the tree itself. */
static void tiles_hold_the_tree(void **state)
{
	const uint64_t size = 600;
	struct kit_log l;

	(void)state;
	kit_log_make(&l, size);
	for (unsigned level = 0; level < 10; level++) {
		for (uint64_t i = 0; i < size >> level; i++) {
			uint8_t bytes[OV_TILE_BYTES];
			struct ov_merkle_hash want, got;
			struct ov_tile t;

			assert_int_equal(ov_tile_of(level, i, size, &t), OV_OK);
			assert_true(t.width > 0 && t.width <= 256);
			if (level % 8 > 2 && i % 5 != 0)
				continue; /* enough of the slow ones */
			for (unsigned k = 0; k < t.width; k++) {
				assert_int_equal(
				    kit_read(&l, 8 * t.level, t.index * 256 + k, &want), OV_OK);
				memcpy(bytes + k * 32, want.b, 32);
			}
			assert_int_equal(kit_read(&l, level, i, &want), OV_OK);
			assert_int_equal(ov_tile_hash(l.h, &t,
						      ov_cur_of(bytes, t.width * (size_t)32), level,
						      i, &got),
					 OV_OK);
			assert_memory_equal(&got, &want, sizeof got);
			assert_int_equal(
			    ov_tile_hash(l.h, &t, ov_cur_of(bytes, 31), level, i, &got), OV_SHORT);
		}
		assert_int_equal(ov_tile_of(level, size >> level, size, &(struct ov_tile){ 0 }),
				 OV_BUG);
	}
	kit_log_free(&l);
}

static void entries(void **state)
{
	static const char *const texts[] = { "one", "", "three" };
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_cur c, e;
	uint8_t *large = NULL;

	(void)state;
	(void)large;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ov_entry_put(&b, texts[i], strlen(texts[i])), OV_OK);
	assert_int_equal(ov_entry_put(&b, texts[0], 65536), OV_LIMIT);
	c = ov_buf_cur(&b);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(ov_entry_next(&c, &e), OV_OK);
		assert_int_equal(e.len, strlen(texts[i]));
	}
	assert_int_equal(ov_entry_next(&c, &e), OV_END);
	for (size_t n = 0; n < b.n; n++) {
		size_t whole = 0;
		ov_status s;

		c = ov_cur_of(b.p, n);
		while ((s = ov_entry_next(&c, &e)) == OV_OK)
			whole++;
		assert_true(whole < 3);
		assert_true(s == OV_END ? n == 0 || n == 5 || n == 7 : s == OV_SHORT);
	}
	assert_true(ov_tile_of_entry(299, 300).width == 44 &&
		    ov_tile_of_entry(0, 300).width == 256);
	ov_buf_free(&b);
}

/* Every subtree of every small tree: a leaf's proof is that of inclusion, one from 0 that of
 * growth. */
static void subtrees(void **state)
{
	struct ov_merkle_proof p, q;
	struct ov_merkle_hash root, sub, wrong;
	struct kit_log l;

	(void)state;
	kit_log_make(&l, MOST);
	for (uint64_t size = 1; size <= MOST; size++) {
		kit_root(&l, 0, size, &root);
		for (uint64_t lo = 0; lo < size; lo++) {
			const uint64_t most = lo == 0 ? size : lo + (lo & (~lo + 1));

			for (uint64_t hi = lo + 1; hi <= size; hi++) {
				if (hi > most) { /* `lo` is not where such a node begins */
					assert_int_equal(ov_merkle_prove_subtree(l.h, kit_read, &l,
										 lo, hi, size, &p),
							 OV_BUG);
					continue;
				}
				kit_root(&l, lo, hi, &sub);
				assert_int_equal(
				    ov_merkle_prove_subtree(l.h, kit_read, &l, lo, hi, size, &p),
				    OV_OK);
				assert_int_equal(
				    ov_merkle_verify_subtree(l.h, &p, lo, hi, &sub, size, &root),
				    OV_OK);
				q.n = 0;
				if (hi == lo + 1)
					assert_int_equal(
					    ov_merkle_prove(l.h, kit_read, &l, lo, size, &q),
					    OV_OK);
				else if (lo == 0)
					assert_int_equal(
					    ov_merkle_prove_growth(l.h, kit_read, &l, hi, size, &q),
					    OV_OK);
				if (hi == lo + 1 || lo == 0) {
					assert_int_equal(q.n, p.n);
					assert_memory_equal(q.h, p.h, p.n * sizeof *p.h);
				}
				wrong = sub;
				wrong.b[1] ^= 1;
				assert_int_equal(
				    ov_merkle_verify_subtree(l.h, &p, lo, hi, &wrong, size, &root),
				    OV_BAD);
				q = p;
				q.h[q.n++] = root;
				assert_int_equal(
				    ov_merkle_verify_subtree(l.h, &q, lo, hi, &sub, size, &root),
				    OV_BAD);
				if (p.n == 0)
					continue;
				q = p;
				q.h[lo % p.n].b[0] ^= 1;
				assert_int_equal(
				    ov_merkle_verify_subtree(l.h, &q, lo, hi, &sub, size, &root),
				    OV_BAD);
				q = p;
				q.n--;
				assert_int_equal(
				    ov_merkle_verify_subtree(l.h, &q, lo, hi, &sub, size, &root),
				    OV_BAD);
			}
		}
	}
	kit_log_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_go_s),
		cmocka_unit_test(inclusion),
		cmocka_unit_test(growth),
		cmocka_unit_test(subtrees),
		cmocka_unit_test(counts_of_hashes_are_go_s),
		cmocka_unit_test(tiles_have_one_path),
		cmocka_unit_test(tiles_hold_the_tree),
		cmocka_unit_test(entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
