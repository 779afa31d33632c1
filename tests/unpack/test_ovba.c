/* VBA's compression: the examples of [MS-OVBA] 3.2, borders, and each prefix. */
#include "testing.h"

#include "decoder.h"
#include "text.h"

#define MEMORY ((uint64_t)1 << 20)

static const struct {
	const char *what, *hex, *plain;
	ov_status end;
} rows[] = {
	{ "3.2.1: no compression", "0119b0006162636465666768 00696a6b6c6d6e6f70 007172737475762e",
	  "abcdefghijklmnopqrstuv.", OV_END },
	{ "3.2.2: normal compression",
	  "012fb00023616161626364658266007061676869 6a013808616b6c00306d6e6f700671027004107273"
	  "74757610 7778797a003c",
	  "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa", OV_END },
	{ "3.2.3: maximum compression", "0103b002614500",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", OV_END },
	{ "two chunks", "0101b00061 01b00062", "ab", OV_END },
	{ "padding after the last chunk", "0101b00061 000000", "a", OV_END },
	{ "a cut chunk", "0109b00061", "a", OV_SHORT },
	{ "a copy from before the chunk", "0102b0010000", "", OV_BAD },
	{ "half a copy", "0102b0026100", "a", OV_BAD },
	{ "a plain chunk is cut", "01ff3f6162", "ab", OV_SHORT },
	{ "no signature", "0201b00061", "", OV_BAD },
	{ "no chunk", "01", "", OV_BAD },
	{ "a chunk with another signature", "0101f00061", "", OV_BAD },
	{ "nothing", "", "", OV_SHORT },
};

static size_t bytes_of(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		out[n++] = (uint8_t)(ov_hex_digit(hex[0]) << 4 | ov_hex_digit(hex[1]));
		hex++;
	}
	return n;
}

static ov_status decode(const uint8_t *p, size_t n, size_t chunk, char *out, size_t *nout)
{
	const struct ov_decoder_params params = { .max_memory = MEMORY, .plain_size = UINT64_MAX };
	struct ov_src src = ov_src_mem(p, n);
	struct ov_decoder *d = NULL;
	struct ov_arena a;
	ov_status s;

	ov_arena_init(&a, MEMORY);
	*nout = 0;
	s = ov_decoder_open(OV_CODEC_OVBA, &src, &params, &a, &d);
	while (s == OV_OK) {
		size_t got = 0;

		s = ov_decoder_read(d, out + *nout, chunk, &got);
		*nout += got;
	}
	ov_decoder_close(&d);
	ov_arena_free(&a);
	return s;
}

static void examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t chunk = 1; chunk <= 64; chunk += 63) {
			uint8_t packed[128];
			char plain[256];
			const size_t n = bytes_of(rows[i].hex, packed);
			size_t nout;

			ov_expect_eq(rows[i].what, decode(packed, n, chunk, plain, &nout),
				     rows[i].end);
			ov_expect_eq(rows[i].what, nout, strlen(rows[i].plain));
			ov_expect(rows[i].what, memcmp(plain, rows[i].plain, nout) == 0);
		}
}

static void prefixes_give_prefixes(void **state)
{
	uint8_t packed[128];
	char whole[256], plain[256];
	const size_t n = bytes_of(rows[1].hex, packed);
	size_t nwhole, nout;

	(void)state;
	assert_int_equal(decode(packed, n, 64, whole, &nwhole), OV_END);
	for (size_t cut = 0; cut < n; cut++) {
		const ov_status s = decode(packed, cut, 64, plain, &nout);

		assert_true(s == OV_SHORT || s == OV_BAD);
		assert_true(nout < nwhole && memcmp(plain, whole, nout) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(examples),
					    cmocka_unit_test(prefixes_give_prefixes) };

	return cmocka_run_group_tests_name("ovba", tests, NULL, NULL);
}
