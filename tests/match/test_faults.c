/* Each allocation fails once: every function says so, keeps its state whole, and loses no memory
 * (seen by the sanitizer). */
#include <stdlib.h>

#include "finder.h"
#include "gram.h"
#include "hashset.h"
#include "regex_pcre.h"
#include "testing.h"

/* The linker sends the library's calls here (--wrap). cmocka's own go past. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static long fail_in = -1; /* the test's own state; -1: none fails */

static int fails(void)
{
	return fail_in >= 0 && fail_in-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static const uint8_t full[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };

/* Builds a section of a few patterns and opens it. */
static ov_status build(struct ov_buf *out, struct ov_pats *p)
{
	struct ov_pn tail = {
		.kind = OV_PN_BYTES, .value = (const uint8_t *)"wxyz", .mask = full, .n = 4
	};
	struct ov_pn gap = { .kind = OV_PN_JUMP, .min = 1, .max = 500, .next = &tail };
	struct ov_pn head = { .kind = OV_PN_BYTES,
			      .value = (const uint8_t *)"abcdef",
			      .mask = full,
			      .n = 6,
			      .next = &gap };
	struct ov_pn *v[2] = { &head, &tail };
	struct ov_pat_ir two = { .variants = v, .nvariants = 2 },
			 one = { .variants = v, .nvariants = 1, .count_mode = OV_COUNT_STARTS };
	struct ov_pats_builder *b = NULL;
	ov_status s = ov_pats_builder_new(&b);
	uint32_t id;

	if (s == OV_OK)
		s = ov_pats_add(b, &two, &id, NULL);
	if (s == OV_OK)
		s = ov_pats_add(b, &one, &id, NULL);
	if (s == OV_OK)
		s = ov_pats_finish(b, out);
	ov_pats_builder_free(&b);
	return s == OV_OK ? ov_pats_open(ov_buf_cur(out), p) : s;
}

static ov_status find(const struct ov_pats *p, uint64_t *count)
{
	static const char text[] = "abcdef..wxyz..abcdef..wxyz..wxyz";
	const struct ov_src src = ov_src_mem(text, sizeof text);
	const struct ov_range r = { 0, UINT64_MAX };
	struct ov_finder *f = NULL;
	ov_status s = ov_finder_new(&f);
	uint32_t a = 0, b = 0;

	if (s == OV_OK) {
		ov_finder_begin(f, p);
		s = ov_finder_add(f, 0, NULL, 0, &a);
	}
	if (s == OV_OK)
		s = ov_finder_add(f, 1, &r, 1, &b);
	if (s == OV_OK)
		s = ov_finder_run(f, &src, 0);
	if (s == OV_OK)
		*count = ov_finder_result(f, a)->count + ov_finder_result(f, b)->count;
	ov_finder_free(&f);
	return s;
}

static ov_status pcre(void)
{
	struct ov_pcre_matcher *m = NULL;
	struct ov_pcre_re *re = NULL;
	size_t start, end;
	ov_status s = ov_pcre_compile(ov_str_of("a(b|c)+d"), ov_str_of("i"), 1 << 20, &re, NULL);

	if (s == OV_OK)
		s = ov_pcre_matcher_new(OV_PCRE_LIMITS, 1 << 20, &m);
	if (s == OV_OK)
		s = ov_pcre_match(m, re, (const uint8_t *)"xxabcbd", 7, 0, false, &start, &end);
	ov_pcre_matcher_free(&m);
	ov_pcre_free(&re);
	return s;
}

static ov_status tables(struct ov_buf *out)
{
	struct ov_gram_key k = { .value = "abcd", .mask = { 255, 255, 255, 255 }, .n = 4 };
	struct ov_hash_entry e = { .size = 3 };
	ov_status s = ov_gram_build(&k, 1, out);

	return s == OV_OK ? ov_hashset_build(&e, 1, out) : s;
}

static ov_status all(uint64_t *count)
{
	struct ov_buf section = ov_buf_of(1 << 20), other = ov_buf_of(1 << 20);
	struct ov_pats p;
	ov_status s = build(&section, &p);

	if (s == OV_OK)
		s = find(&p, count);
	if (s == OV_OK)
		s = pcre();
	if (s == OV_OK)
		s = tables(&other);
	ov_buf_free(&section);
	ov_buf_free(&other);
	return s;
}

static void each_failed_allocation_is_told(void **state)
{
	uint64_t want = 0, got = 0;
	long n = 0;

	(void)state;
	assert_int_equal(all(&want), OV_OK);
	assert_int_equal(want, 5); /* three last parts of one, two starts of the other */
	for (;; n++) {
		ov_status s;

		fail_in = n;
		s = all(&got);
		if (fail_in >= 0) { /* it was not reached: all allocations have failed once */
			assert_int_equal(s, OV_OK);
			break;
		}
		assert_int_equal(s, OV_NOMEM);
	}
	fail_in = -1;
	assert_int_equal(got, want);
	assert_true(n > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failed_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
