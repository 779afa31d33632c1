/*
 * Each allocation of a build fails once: the answer is OV_NOMEM and nothing leaks (LeakSanitizer
 * watches). The linker puts these functions in front of the C library's (--wrap); libraries that
 * are not ours keep theirs.
 */
#include "testing.h"

#include <stdlib.h>

#include "build_text.h"

static const struct text_source sample[] = {
	{ "a.hdb", "0123456789abcdef0123456789abcdef:5:First\n" },
	{ "b.ign2", "Nobody\nNobody:0123456789abcdef0123456789abcdef\n" },
	{ "c.ndb",
	  "A:0:*:72617265206c69746572616c\nB:1:0:4d5a9000\nC:1:EP+4:6a40(68|69)0030{4-9}000068\n" },
	{ "d.ldb",
	  "D;Engine:51-255,Target:1;0&(1|2)>1&3;72617265206c69::wa;6d6f7265*206f66;0&1/ab+c/i;"
	  "0(>>4#he2#=0x10,<9)\n" },
};

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

/* A test's exception to "no file-scope variables": the wrapped functions take no context. */
static long fails_in = -1;

static bool fails_now(void)
{
	return fails_in >= 0 && fails_in-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails_now() ? NULL : __real_realloc(p, n);
}

static ov_status build(struct ov_buf *out)
{
	const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
	struct ov_odb_builder *b = NULL;
	ov_status s = ov_odb_builder_new(&o, &b);

	for (size_t i = 0; s == OV_OK && i < sizeof sample / sizeof *sample; i++)
		s = ov_odb_builder_add(b, ov_str_of(sample[i].name),
				       ov_cur_of(sample[i].text, strlen(sample[i].text)));
	if (s == OV_OK)
		s = ov_odb_builder_finish(b, out, NULL);
	ov_odb_builder_free(&b);
	return s;
}

/* The same from parts: the all sources as a database, joined to nothing. */
static ov_status join(struct ov_buf *out)
{
	const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
	struct ov_buf part = ov_buf_of((size_t)64 << 20);
	struct ov_odb_builder *first = NULL, *b = NULL;
	const char *why = NULL;
	ov_status s = ov_odb_builder_new(&o, &first);

	for (size_t i = 0; s == OV_OK && i < sizeof sample / sizeof *sample; i++)
		s = ov_odb_builder_add(first, ov_str_of(sample[i].name),
				       ov_cur_of(sample[i].text, strlen(sample[i].text)));
	if (s == OV_OK)
		s = ov_odb_builder_finish(first, &part, NULL);
	if (s == OV_OK)
		s = ov_odb_builder_new(&o, &b);
	if (s == OV_OK)
		s = ov_odb_builder_join(b, ov_buf_cur(&part), ov_cur_of(NULL, 0), &why);
	if (s == OV_OK)
		s = ov_odb_builder_finish(b, out, NULL);
	ov_odb_builder_free(&first);
	ov_odb_builder_free(&b);
	ov_buf_free(&part);
	return s;
}

static void each_allocation(ov_status (*make)(struct ov_buf *out))
{
	struct ov_buf want = ov_buf_of((size_t)64 << 20);
	long n = 0;
	ov_status s;

	assert_int_equal(build(&want), OV_OK);
	do {
		struct ov_buf out = ov_buf_of((size_t)64 << 20);

		fails_in = n++;
		s = make(&out);
		fails_in = -1;
		if (s == OV_OK) {
			if (out.n != want.n)
				fail_msg("allocation %ld failed, and something is missing", n - 1);
			assert_memory_equal(out.p, want.p, want.n);
		} else if (s != OV_NOMEM) {
			fail_msg("allocation %ld failed, and the status is %s", n - 1,
				 ov_status_name(s));
		}
		ov_buf_free(&out);
	} while (s != OV_OK && n < 10000);
	assert_int_equal(s, OV_OK);
	assert_true(n > 50);
	ov_buf_free(&want);
}

static void test_each_allocation(void **state)
{
	(void)state;
	each_allocation(build);
}

static void test_each_allocation_of_joining(void **state)
{
	(void)state;
	each_allocation(join);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_allocation),
					    cmocka_unit_test(test_each_allocation_of_joining) };

	return cmocka_run_group_tests_name("sig nomem", tests, NULL, NULL);
}
