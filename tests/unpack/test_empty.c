/* Codecs on no input at all. */
#include "testing.h"

#include "decoder.h"

#define MEMORY ((uint64_t)64 << 20)

static ov_status read_nothing(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	(void)ctx;
	(void)off;
	(void)to;
	(void)n;
	*got = 0;
	return OV_OK;
}

/* Found by fuzz_decoder: an empty window is a null pointer, from which nothing may be counted. */
static void empty_input_ends_each_codec(void **state)
{
	static const struct ov_decoder_params params = { .max_memory = MEMORY,
							 .plain_size = UINT64_MAX };

	(void)state;
	for (int c = 0; c < OV_CODEC_COUNT; c++) {
		const struct ov_src sources[] = { ov_src_mem(NULL, 0),
						  { .size = 0, .read = read_nothing } };

		for (size_t i = 0; i < 2; i++) {
			struct ov_decoder *d = NULL;
			struct ov_arena a;
			uint8_t to[16];
			size_t got = 0;
			ov_status s;

			ov_arena_init(&a, (size_t)1 << 20);
			s = ov_decoder_open((enum ov_codec)c, &sources[i], &params, &a, &d);
			if (s == OV_OK)
				s = ov_decoder_read(d, to, sizeof to, &got);
			assert_int_not_equal(s, OV_OK);
			assert_int_not_equal(s, OV_BUG);
			assert_int_equal(got, 0);
			ov_decoder_close(&d);
			ov_arena_free(&a);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(empty_input_ends_each_codec) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
