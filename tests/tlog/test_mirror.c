/* What is said to a mirror: written and read back, cut anywhere, and broken. */
#include "testing.h"

#include "kit.h"
#include "mirror.h"

static const struct {
	uint64_t start, end, want;
} ends[] = {
	{ 0, 1, 1 },	   { 0, 256, 256 },   { 0, 257, 256 },	 { 255, 300, 256 },
	{ 256, 300, 300 }, { 300, 600, 512 }, { 511, 512, 512 },
};

static void test_packages_end_at_tiles(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		assert_int_equal(ov_mirror_package_end(ends[i].start, ends[i].end), ends[i].want);
}

static void test_heads(void **state)
{
	const struct ov_mirror_head h = {
		.origin = OV_STR("overt.example/db"), .ticket = OV_STR("t"), .start = 5, .end = 70
	};
	struct ov_buf b = ov_buf_of(4096);
	struct ov_mirror_head got;
	struct ov_cur c;

	(void)state;
	assert_int_equal(ov_mirror_head_write(&b, &h), OV_OK);
	assert_int_equal(ov_buf_u8(&b, 7), OV_OK); /* the first package */
	for (size_t n = 0; n + 1 < b.n; n++) {
		c = ov_cur_of(b.p, n);
		assert_int_equal(ov_mirror_head_read(&c, &got), OV_SHORT);
		assert_int_equal(c.pos, 0);
	}
	c = ov_buf_cur(&b);
	assert_int_equal(ov_mirror_head_read(&c, &got), OV_OK);
	assert_int_equal(ov_cur_left(&c), 1);
	assert_true(ov_str_eq(got.origin, h.origin) && ov_str_eq(got.ticket, h.ticket));
	assert_true(got.start == 5 && got.end == 70);
	b.p[2 + h.origin.n + 7] = 71; /* start above end */
	c = ov_buf_cur(&b);
	assert_int_equal(ov_mirror_head_read(&c, &got), OV_BAD);
	b.p[0] = 0xff; /* an origin longer than any name */
	c = ov_buf_cur(&b);
	assert_int_equal(ov_mirror_head_read(&c, &got), OV_LIMIT);
	ov_buf_free(&b);
}

static void test_packages(void **state)
{
	struct ov_mirror_package p = { .base = 0, .start = 3, .end = 9 }, got;
	struct ov_buf entries = ov_buf_of(4096), b = ov_buf_of(4096);
	struct kit_log l;
	struct ov_cur c;

	(void)state;
	kit_log_make(&l, 20);
	for (uint64_t i = p.start; i < p.end; i++) {
		char text[32];
		const int n = snprintf(text, sizeof text, "leaf %llu\n", (unsigned long long)i);

		assert_int_equal(ov_entry_put(&entries, text, (size_t)n), OV_OK);
	}
	p.entries = ov_buf_cur(&entries);
	assert_int_equal(ov_merkle_prove_subtree(l.h, kit_read, &l, 0, 9, 20, &p.proof), OV_OK);
	assert_int_equal(ov_mirror_package_write(&b, &p), OV_OK);
	for (size_t n = 0; n < b.n; n++) {
		c = ov_cur_of(b.p, n);
		assert_int_equal(ov_mirror_package_read(&c, 3, 9, &got), OV_SHORT);
		assert_int_equal(c.pos, 0);
	}
	c = ov_buf_cur(&b);
	assert_int_equal(ov_mirror_package_read(&c, 3, 9, &got), OV_OK);
	assert_int_equal(ov_cur_left(&c), 0);
	assert_true(got.base == 0 && got.start == 3 && got.end == 9);
	assert_int_equal(got.entries.len, entries.n);
	assert_int_equal(got.proof.n, p.proof.n);
	assert_memory_equal(got.proof.h, p.proof.h, p.proof.n * sizeof *p.proof.h);
	b.p[entries.n] = 64; /* more hashes than a proof can have */
	c = ov_buf_cur(&b);
	assert_int_equal(ov_mirror_package_read(&c, 3, 9, &got), OV_BAD);
	ov_buf_free(&entries);
	ov_buf_free(&b);
	kit_log_free(&l);
}

static const struct {
	const char *what, *text;
	ov_status want;
} infos[] = {
	{ "without a ticket", "300\n256\n\n", OV_OK },
	{ "with one", "300\n256\ndGlja2V0\n", OV_OK },
	{ "no ticket's line", "300\n256\n", OV_BAD },
	{ "no end", "300\n256\ndGlja2V0", OV_BAD },
	{ "a line more", "300\n256\n\n\n", OV_BAD },
	{ "a leading zero", "0300\n256\n\n", OV_BAD },
	{ "words", "many\n256\n\n", OV_BAD },
	{ "nothing", "", OV_BAD },
};

static void test_infos(void **state)
{
	const struct ov_mirror_info i = { .size = 300, .next = 256, .ticket = OV_STR("dGlja2V0") };
	struct ov_buf b = ov_buf_of(256);
	struct ov_mirror_info got;

	(void)state;
	for (size_t k = 0; k < sizeof infos / sizeof *infos; k++)
		ov_expect_eq(infos[k].what, ov_mirror_info_read(ov_str_of(infos[k].text), &got),
			     infos[k].want);
	assert_int_equal(ov_mirror_info_write(&b, &i), OV_OK);
	assert_int_equal(ov_mirror_info_read(ov_buf_text(&b), &got), OV_OK);
	assert_true(got.size == 300 && got.next == 256 && ov_str_eq(got.ticket, i.ticket));
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packages_end_at_tiles),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_packages),
		cmocka_unit_test(test_infos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
