/* ZIP files of a size that is no sample: many members, little memory, hops in hostile order. */
#include "testing.h"

#include <zlib.h>

#include <stdlib.h>

#include "buf.h"
#include "formats.h"

struct seen {
	unsigned parts, limits, others;
};

static void count_note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct seen *s = ctx;

	(void)member;
	(void)detail;
	if (why == OV_LIMIT)
		s->limits++;
	else
		s->others++;
}

static void put(struct ov_buf *b, ov_status s)
{
	(void)b;
	assert_int_equal(s, OV_OK);
}

/* Member `i`: a stored file of one byte, named by two. `at`: its local header. */
static void put_entry(struct ov_buf *b, unsigned i, bool is_central, uint32_t at)
{
	put(b, ov_buf_u32(b, is_central ? 0x02014b50 : 0x04034b50));
	if (is_central)
		put(b, ov_buf_u16(b, 20));
	put(b, ov_buf_u16(b, 20));
	put(b, ov_buf_zero(b, 2 + 2 + 4)); /* flags, method, time */
	put(b, ov_buf_u32(b, (uint32_t)crc32(0, (const uint8_t[]){ (uint8_t)i }, 1)));
	put(b, ov_buf_u32(b, 1));
	put(b, ov_buf_u32(b, 1));
	put(b, ov_buf_u16(b, 2));
	put(b, ov_buf_zero(b, 2));
	if (is_central) {
		put(b, ov_buf_zero(b, 2 + 2 + 2 + 4));
		put(b, ov_buf_u32(b, at));
	}
	put(b, ov_buf_u16(b, (uint16_t)('A' + i % 26 + ('a' + i / 26 % 26) * 256)));
	if (!is_central)
		put(b, ov_buf_u8(b, (uint8_t)i));
}

#define LOCAL_BYTES 33u

/* `n` members; the directory names them from the back. */
static struct ov_buf make_zip(unsigned n)
{
	struct ov_buf b = ov_buf_of(SIZE_MAX / 2);
	size_t cd;

	for (unsigned i = 0; i < n; i++)
		put_entry(&b, i, false, 0);
	cd = b.n;
	for (unsigned i = n; i-- > 0;)
		put_entry(&b, i, true, i * LOCAL_BYTES);
	put(&b, ov_buf_u32(&b, 0x06054b50));
	put(&b, ov_buf_zero(&b, 4));
	put(&b, ov_buf_u16(&b, 0xffff));
	put(&b, ov_buf_u16(&b, 0xffff));
	put(&b, ov_buf_u32(&b, (uint32_t)(b.n - 12 - cd)));
	put(&b, ov_buf_u32(&b, (uint32_t)cd));
	put(&b, ov_buf_zero(&b, 2));
	return b;
}

static struct seen read_zip(const struct ov_buf *b, size_t budget, unsigned n)
{
	const struct ov_src src = ov_src_mem(b->p, b->n);
	struct seen seen = { 0 };
	struct ov_arena a;
	const struct ov_fmt_env env = { .src = &src,
					.type = OV_T_ZIP,
					.arena = &a,
					.max_memory = 1 << 20,
					.note = count_note,
					.ctx = &seen };
	struct ov_child c;
	void *state;

	ov_arena_init(&a, budget);
	assert_int_equal(ov_format_zip.open(&env, &state), OV_OK);
	while (ov_format_zip.next(state, &c) == OV_OK) {
		assert_int_equal(c.kind, OV_CHILD_SLICE);
		assert_int_equal(c.size, 1);
		assert_int_equal(c.position, seen.parts + 1);
		assert_int_equal(b->p[c.off], (uint8_t)(n - 1 - seen.parts));
		seen.parts++;
	}
	ov_format_zip.close(state);
	ov_arena_free(&a);
	return seen;
}

static void more_members_than_the_end_record_can_count(void **state)
{
	const unsigned n = 70000;
	struct ov_buf b = make_zip(n);
	const struct seen s = read_zip(&b, (size_t)64 << 20, n);

	(void)state;
	assert_int_equal(s.parts, n);
	assert_int_equal(s.limits + s.others, 0);
	ov_buf_free(&b);
}

static void what_memory_does_not_hold_is_told(void **state)
{
	const unsigned n = 5000;
	struct ov_buf b = make_zip(n);
	const struct seen s = read_zip(&b, 100000, n);

	(void)state;
	assert_true(s.parts > 500 && s.parts < n); /* those before it are given */
	assert_true(s.limits > 0);
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_members_than_the_end_record_can_count),
		cmocka_unit_test(what_memory_does_not_hold_is_told),
	};

	return cmocka_run_group_tests_name("zip", tests, NULL, NULL);
}
