/* Animated cursors and JPEG comments of impossible sizes: what clamscan names without a signature.
 */
#include <stdlib.h>

#include "media.h"
#include "riff.h"
#include "testing.h"

#define CURSOR "Heuristics.Exploit.W32.MS05-002"
#define JPEG "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
#define SPURIOUS "Heuristics.Broken.Media.JPEG.SpuriousBytesBeforeSegment"
#define B(s) s, sizeof(s) - 1

static const struct {
	const char *what;
	enum ov_type type;
	const char *bytes;
	size_t n;
	const char *name; /* NULL: nothing to say */
} rows[] = {
	{ "a header of 36 bytes", OV_T_RIFF, B("RIFF\0\0\0\0ACONanih\x24\0\0\0"), NULL },
	{ "of 35", OV_T_RIFF, B("RIFF\0\0\0\0ACONanih\x23\0\0\0"), CURSOR },
	{ "of 36 in the other order", OV_T_RIFF, B("RIFX\0\0\0\0ACONanih\0\0\0\x24"), NULL },
	{ "of 36 in the wrong order", OV_T_RIFF, B("RIFF\0\0\0\0ACONanih\0\0\0\x24"), CURSOR },
	{ "in a list", OV_T_RIFF, B("RIFF\0\0\0\0ACONLIST\x10\0\0\0framanih\x23\0\0\0"), CURSOR },
	{ "behind an odd chunk", OV_T_RIFF, B("RIFF\0\0\0\0ACONseq \1\0\0\0a\0anih\x23\0\0\0"),
	  CURSOR },
	{ "behind a chunk that never ends", OV_T_RIFF,
	  B("RIFF\0\0\0\0ACONseq \xff\xff\xff\xff\0\0anih\x23\0\0\0"), NULL },
	{ "no cursor", OV_T_RIFF, B("RIFF\0\0\0\0WAVEanih\x23\0\0\0"), NULL },
	{ "a comment of no bytes", OV_T_JPEG, B(JPEG "\xff\xfe\0\0xxxx"),
	  "Heuristics.Exploit.W32.MS04-028" },
	{ "another segment of no bytes", OV_T_JPEG, B(JPEG "\xff\xe1\0\0xxxx"),
	  "Heuristics.Broken.Media.JPEG.InvalidSegmentSize" },
	{ "14 bytes between segments", OV_T_JPEG, B(JPEG "aaaaaaaaaaaaaa\xff\xda\0\2xx"), NULL },
	{ "15 bytes between segments", OV_T_JPEG, B(JPEG "aaaaaaaaaaaaaaa\xff\xda\0\2xx"),
	  SPURIOUS },
};

/* @param n  Bytes of it that are there. */
static const char *name_of(size_t row, size_t n)
{
	uint8_t *copy = malloc(n + 1); /* of its own, so that a read past the end is a fault */
	const char *name = NULL;
	struct ov_arena a;
	struct ov_src src;

	assert_non_null(copy);
	memcpy(copy, rows[row].bytes, n);
	src = ov_src_mem(copy, n);
	ov_arena_init(&a, 1 << 20);
	if (rows[row].type == OV_T_RIFF)
		ov_expect_eq(rows[row].what, ov_riff_find_fault(&src, &a, &name), OV_OK);
	else
		ov_expect_eq(rows[row].what, ov_media_find_fault(OV_T_JPEG, &src, &a, &name),
			     OV_OK);
	ov_arena_free(&a);
	free(copy);
	return name;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *name = name_of(i, rows[i].n);

		ov_expect(rows[i].what, (name == NULL) == (rows[i].name == NULL));
		if (name != NULL && rows[i].name != NULL)
			assert_string_equal(name, rows[i].name);
		for (size_t n = 0; n < rows[i].n; n++)
			(void)name_of(i, n);
	}
}

static void test_chunks_are_bounded(void **state)
{
	const size_t n = 12 + 8 * (size_t)OV_RIFF_CHUNKS;
	uint8_t *p = calloc(n + 8, 1);
	const char *name = NULL;
	struct ov_arena a;
	struct ov_src src;

	(void)state;
	assert_non_null(p);
	memcpy(p, "RIFF\0\0\0\0ACON", 12);
	ov_arena_init(&a, 1 << 20);
	src = ov_src_mem(p, n + 8);
	assert_int_equal(ov_riff_find_fault(&src, &a, &name), OV_LIMIT);
	src = ov_src_mem(p, n - 1);
	assert_int_equal(ov_riff_find_fault(&src, &a, &name), OV_OK);
	ov_arena_free(&a);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
					    cmocka_unit_test(test_chunks_are_bounded) };

	return cmocka_run_group_tests_name("format riff", tests, NULL, NULL);
}
