/* Sources: memory and a reader behave alike, slices of slices stay inside, a file that shrinks is
 * seen. */
#include "testing.h"

#include <stdbool.h>

#include "source.h"

/* A pretend file of `size` bytes, whose byte at `off` is known; gives at most `step` bytes a call.
 */
struct pretend {
	uint64_t size;
	size_t step;
	bool broken, liar;
};

static uint8_t byte_at(uint64_t off)
{
	return (uint8_t)(off * 7 + (off >> 8) * 3 + (off >> 32));
}

static ov_status pretend_read(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct pretend *f = ctx;
	const uint64_t left = off < f->size ? f->size - off : 0;

	if (f->broken)
		return OV_IO;
	if (n > f->step)
		n = f->step;
	if (n > left)
		n = (size_t)left;
	for (size_t i = 0; i < n; i++)
		to[i] = byte_at(off + i);
	*got = f->liar ? SIZE_MAX : n;
	return OV_OK;
}

static struct ov_src source_of(struct pretend *f, uint64_t claimed)
{
	return (struct ov_src){ .size = claimed, .read = pretend_read, .ctx = f };
}

/* clang-format off */
static const struct { const char *what; uint64_t off; size_t n; ov_status want; size_t upto; } reads[] = {
	{ "all",                      0, 100, OV_OK,    100 },
	{ "nothing",                  0,   0, OV_OK,      0 },
	{ "nothing at the end",     100,   0, OV_OK,      0 },
	{ "the last byte",           99,   1, OV_OK,      1 },
	{ "past the last byte",      99,   2, OV_SHORT,   1 },
	{ "at the end",             100,   1, OV_SHORT,   0 },
	{ "beyond the end",         101,   0, OV_SHORT,   0 },
	{ "far beyond",      UINT64_MAX,   1, OV_SHORT,   0 },
	{ "a middle",                30,  40, OV_OK,     40 },
};
/* clang-format on */

static void check_row(size_t i, const struct ov_src *s)
{
	struct ov_arena a;
	struct ov_cur c = { .len = 0 };
	uint8_t to[200];
	size_t got;

	ov_arena_init(&a, 4096);
	ov_expect_eq(reads[i].what, ov_src_read(s, reads[i].off, to, reads[i].n), reads[i].want);
	ov_expect_eq(reads[i].what, ov_src_read_upto(s, reads[i].off, to, reads[i].n, &got), OV_OK);
	ov_expect_eq(reads[i].what, got, reads[i].upto);
	for (size_t k = 0; k < got; k++)
		ov_expect(reads[i].what, to[k] == byte_at(reads[i].off + k));
	ov_expect_eq(reads[i].what, ov_src_view(s, reads[i].off, reads[i].n, &a, &c),
		     reads[i].want);
	ov_expect_eq(reads[i].what, c.len, reads[i].want == OV_OK ? reads[i].n : 0);
	ov_expect_eq(reads[i].what, ov_src_view_upto(s, reads[i].off, reads[i].n, &a, &c), OV_OK);
	ov_expect_eq(reads[i].what, c.len, reads[i].upto);
	for (size_t k = 0; k < c.len; k++)
		ov_expect(reads[i].what, c.base[k] == byte_at(reads[i].off + k));
	ov_arena_free(&a);
}

static void test_memory_and_readers_alike(void **state)
{
	struct pretend f = { .size = 100, .step = 7 };
	const struct ov_src by_read = source_of(&f, 100);
	struct ov_src by_memory;
	uint8_t mem[100];

	(void)state;
	for (size_t i = 0; i < sizeof mem; i++)
		mem[i] = byte_at(i);
	by_memory = ov_src_mem(mem, sizeof mem);
	for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
		check_row(i, &by_read);
		check_row(i, &by_memory);
	}
}

static void test_slices_of_slices(void **state)
{
	const uint64_t far = UINT64_C(1) << 40;
	struct pretend f = { .size = far + 1000, .step = 1000 };
	const struct ov_src whole = source_of(&f, f.size);
	struct ov_src outer, inner;
	uint8_t to[10];

	(void)state;
	assert_int_equal(ov_src_slice(&whole, far, 1001, &outer), OV_SHORT);
	assert_int_equal(ov_src_slice(&whole, UINT64_MAX, 2, &outer), OV_SHORT);
	assert_int_equal(ov_src_slice(&whole, far, 1000, &outer), OV_OK);
	assert_int_equal(ov_src_slice(&outer, 990, 11, &inner), OV_SHORT);
	assert_int_equal(ov_src_slice(&outer, 500, 10, &inner), OV_OK);
	assert_int_equal(ov_src_read(&inner, 0, to, 10), OV_OK);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(to[i], byte_at(far + 500 + i));
	assert_int_equal(ov_src_read(&inner, 1, to, 10),
			 OV_SHORT); /* the whole has it, the slice has not */
}

static void test_a_slice_of_memory(void **state)
{
	const struct ov_src whole = ov_src_mem("0123456789", 10);
	struct ov_src part;
	char to[3];

	(void)state;
	assert_int_equal(ov_src_slice(&whole, 10, 0, &part), OV_OK);
	assert_int_equal(part.size, 0);
	assert_int_equal(ov_src_slice(&whole, 4, 3, &part), OV_OK);
	assert_int_equal(ov_src_read(&part, 0, to, 3), OV_OK);
	assert_memory_equal(to, "456", 3);
	assert_int_equal(ov_src_read(&part, 0, to, 4), OV_SHORT);
}

static void test_a_file_that_shrank(void **state)
{
	struct pretend f = { .size = 60, .step = 25 };
	const struct ov_src s = source_of(&f, 100);
	struct ov_arena a;
	struct ov_cur c;
	uint8_t to[100];
	size_t got;

	(void)state;
	ov_arena_init(&a, 4096);
	assert_int_equal(ov_src_read(&s, 0, to, 100), OV_SHORT);
	assert_int_equal(ov_src_read_upto(&s, 10, to, 90, &got), OV_OK);
	assert_int_equal(got, 50);
	assert_int_equal(ov_src_view(&s, 10, 90, &a, &c), OV_SHORT);
	assert_int_equal(ov_src_view_upto(&s, 10, 90, &a, &c), OV_OK);
	assert_int_equal(c.len, 50);
	ov_arena_free(&a);
}

static void test_failures_pass_through(void **state)
{
	struct pretend broken = { .size = 100, .step = 10, .broken = true };
	struct pretend liar = { .size = 100, .step = 10, .liar = true };
	const struct ov_src s = source_of(&broken, 100), lies = source_of(&liar, 100);
	struct ov_arena a;
	struct ov_cur c;
	uint8_t to[100];

	(void)state;
	ov_arena_init(&a, 64);
	assert_int_equal(ov_src_read(&s, 0, to, 1), OV_IO);
	assert_int_equal(ov_src_read(&lies, 0, to, 100), OV_BUG); /* more than was asked for */
	assert_int_equal(ov_src_view(&s, 0, 100, &a, &c), OV_LIMIT);
	a.fail_in = 0;
	assert_int_equal(ov_src_view(&s, 0, 10, &a, &c), OV_NOMEM);
	assert_int_equal(ov_src_view(&s, 0, 10, &a, &c), OV_IO);
	ov_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_and_readers_alike),
		cmocka_unit_test(test_slices_of_slices),
		cmocka_unit_test(test_a_slice_of_memory),
		cmocka_unit_test(test_a_file_that_shrank),
		cmocka_unit_test(test_failures_pass_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
