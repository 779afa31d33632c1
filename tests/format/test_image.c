/* Image hashes: samples/images against what `sigtool --fuzzy-img` 1.4.6 says of them (hashes.txt;
 * make.sh makes both), and pictures that lie about their size or end too early. */
#include "image.h"

#include <stdlib.h>

#include "testing.h"
#include "text.h"

#define FILE_MAX 8192

static size_t read_file(const char *name, uint8_t *to)
{
	char path[4096];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/images/%s", getenv("SAMPLES"), name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s: can't be opened", path);
	n = fread(to, 1, FILE_MAX, f);
	(void)fclose(f);
	return n;
}

static enum ov_type type_of(struct ov_str name)
{
	return ov_text_ends_with(name, OV_STR(".png"))	 ? OV_T_PNG
	       : ov_text_ends_with(name, OV_STR(".jpg")) ? OV_T_JPEG
	       : ov_text_ends_with(name, OV_STR(".gif")) ? OV_T_GIF
	       : ov_text_ends_with(name, OV_STR(".bmp")) ? OV_T_BMP
							 : OV_T_WEBP;
}

/* In memory of its own, so that a read past the end is a fault. */
static ov_status hash(enum ov_type t, const uint8_t *p, size_t n, long fail_in, uint64_t *out)
{
	uint8_t *copy = malloc(n + 1);
	struct ov_arena a;
	struct ov_src src;
	ov_status s;

	assert_non_null(copy);
	memcpy(copy, p, n);
	src = ov_src_mem(copy, n);
	ov_arena_init(&a, (size_t)64 << 20);
	a.fail_in = fail_in;
	s = ov_image_hash(t, &src, &a, out);
	ov_arena_free(&a);
	free(copy);
	return s;
}

typedef void (*each_fn)(const char *name, enum ov_type t, uint8_t *p, size_t n, uint64_t want);

static void each(each_fn fn)
{
	static uint8_t list[FILE_MAX], file[FILE_MAX];
	struct ov_cur text = ov_cur_of(list, read_file("hashes.txt", list));
	struct ov_str line, name;
	size_t files = 0;

	while (ov_cur_line(&text, &line) == OV_OK) {
		char path[64];
		uint8_t b[8];
		uint64_t want = 0;
		size_t n = 0;

		assert_true(ov_text_split(&line, ':', &name) && line.n == 17);
		assert_int_equal(ov_hex_decode((struct ov_str){ line.p + 1, 16 }, b, 8, &n), OV_OK);
		for (int i = 0; i < 8; i++)
			want = want << 8 | b[i];
		(void)snprintf(path, sizeof path, "%.*s", (int)name.n, name.p);
		fn(path, type_of(name), file, read_file(path, file), want);
		files++;
	}
	assert_int_equal(files, 15);
}

static void golden(const char *name, enum ov_type t, uint8_t *p, size_t n, uint64_t want)
{
	uint64_t got = 0;
	const ov_status s = hash(t, p, n, -1, &got);

	if (s != OV_OK || got != want)
		fail_msg("%s: %s, %016llx instead of %016llx", name, ov_status_name(s),
			 (unsigned long long)got, (unsigned long long)want);
}

/* A picture that ends early is no picture; what stands behind the last row may be missing. */
static void prefixes(const char *name, enum ov_type t, uint8_t *p, size_t n, uint64_t want)
{
	for (size_t i = 0; i<n; i += n> 1500 ? 13 : 1) {
		uint64_t got = 0;
		const ov_status s = hash(t, p, i, -1, &got);

		if (s == OV_OK && got != want)
			fail_msg("%s cut to %zu bytes: another hash", name, i);
		if (s == OV_OK && i + 64 < n)
			fail_msg("%s cut to %zu bytes: a hash", name, i);
		if (s == OV_BUG || s == OV_NOMEM)
			fail_msg("%s cut to %zu bytes: %s", name, i, ov_status_name(s));
	}
}

/* Any status will do, but calmly. */
static void flips(const char *name, enum ov_type t, uint8_t *p, size_t n, uint64_t want)
{
	(void)want;
	for (size_t i = 0; i < n; i += i < 200 ? 1 : 17) {
		for (unsigned bit = 1; bit < 256; bit <<= 3) {
			uint64_t got = 0;
			ov_status s;

			p[i] = (uint8_t)(p[i] ^ bit);
			s = hash(t, p, n, -1, &got);
			p[i] = (uint8_t)(p[i] ^ bit);
			if (s == OV_BUG)
				fail_msg("%s with a changed byte %zu: bug", name, i);
		}
	}
}

static void faults(const char *name, enum ov_type t, uint8_t *p, size_t n, uint64_t want)
{
	ov_status s = OV_NOMEM;

	for (long i = 0; s != OV_OK && i < 500; i++) {
		uint64_t got = 0;

		s = hash(t, p, n, i, &got);
		if (s != OV_OK && s != OV_NOMEM)
			fail_msg("%s, allocation %ld fails: %s", name, i, ov_status_name(s));
		if (s == OV_OK && got != want)
			fail_msg("%s, allocation %ld fails: another hash", name, i);
	}
	assert_int_equal(s, OV_OK);
}

static void test_golden(void **state)
{
	(void)state;
	each(golden);
}

static void test_prefixes(void **state)
{
	(void)state;
	each(prefixes);
}

static void test_flips(void **state)
{
	(void)state;
	each(flips);
}

static void test_faults(void **state)
{
	(void)state;
	each(faults);
}

/* Headers that promise far more than they hold cost nothing. */
static void test_liars(void **state)
{
	static const struct {
		const char *what, *file;
		size_t at, n;
		const char *bytes;
		ov_status want, or_else;
	} cases[] = {
		{ "a PNG 2^31 wide", "grey.png", 16, 4, "\x7f\xff\xff\xff", OV_BAD, OV_LIMIT },
		{ "a GIF of 65535 x 65535", "plain.gif", 6, 4, "\xff\xff\xff\xff", OV_LIMIT,
		  OV_LIMIT },
		{ "a GIF without area", "plain.gif", 6, 4, "\0\0\0\0", OV_BAD, OV_BAD },
		{ "a BMP of 2^30 rows", "true.bmp", 22, 4, "\0\0\0\x40", OV_LIMIT, OV_LIMIT },
		{ "a BMP of -2^31 rows", "true.bmp", 22, 4, "\0\0\0\x80", OV_LIMIT, OV_LIMIT },
		{ "a BMP of negative width", "true.bmp", 18, 4, "\xff\xff\xff\xff", OV_BAD,
		  OV_BAD },
		{ "a BMP of more rows than bytes", "true.bmp", 22, 4, "\xff\x7f\0\0", OV_SHORT,
		  OV_SHORT },
		{ "a BMP of 7 bits", "true.bmp", 28, 2, "\x07\0", OV_BAD, OV_BAD },
		{ "a BMP packed by runs", "two.bmp", 30, 4, "\1\0\0\0", OV_UNSUPPORTED,
		  OV_UNSUPPORTED },
		{ "no picture at all", "plain.jpg", 0, 2, "xx", OV_BAD, OV_BAD },
	};
	static uint8_t file[FILE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const size_t n = read_file(cases[i].file, file);
		uint64_t got = 0;
		ov_status s;

		memcpy(file + cases[i].at, cases[i].bytes, cases[i].n);
		s = hash(type_of(ov_str_of(cases[i].file)), file, n, -1, &got);
		if (s != cases[i].want && s != cases[i].or_else)
			fail_msg("%s: %s", cases[i].what, ov_status_name(s));
	}
	assert_true(ov_image_is(OV_T_PNG) && !ov_image_is(OV_T_ZIP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_flips),  cmocka_unit_test(test_faults),
		cmocka_unit_test(test_liars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
