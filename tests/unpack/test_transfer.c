/* Transfer codings of mail: tables, and any cut of input and output gives the same. */
#include "testing.h"

#include "decoder.h"

static const struct {
	const char *what;
	enum ov_codec codec;
	const char *in, *out;
	ov_status end; /* 0: OV_END */
	size_t n;      /* of `out`; 0: up to its NUL */
} rows[] = {
	{ "base64", OV_CODEC_BASE64, "SGVsbG8=", "Hello" },
	{ "base64 in lines", OV_CODEC_BASE64, "SGVs\r\nbG8g\r\nV29y\r\nbGQh\r\n", "Hello World!" },
	{ "base64 with junk", OV_CODEC_BASE64, "S*G V-s!b\tG8", "Hello", OV_BAD },
	{ "base64 behind padding", OV_CODEC_BASE64, "SGk=SGk=", "HiHi", OV_BAD },
	{ "base64 up to padding", OV_CODEC_BASE64_STRICT, "SGk=SGk=", "Hi" },
	{ "base64: one digit is nothing", OV_CODEC_BASE64, "SGVsb", "Hel", OV_SHORT },
	{ "base64: two digits are a byte", OV_CODEC_BASE64, "SGVsbG", "Hell", OV_SHORT },
	{ "base64: two digits, and spare bits of zero", OV_CODEC_BASE64, "SGVsbA", "Hell" },
	{ "base64: three digits, and spare bits", OV_CODEC_BASE64, "SGVsbGW", "Helle", OV_SHORT },
	{ "base64: a digit before padding", OV_CODEC_BASE64, "SGVsb===", "Hel", OV_BAD },
	{ "base64: more padding than is due", OV_CODEC_BASE64, "SGVsbA====\n", "Hell" },
	{ "base64: less", OV_CODEC_BASE64, "SGVsbA=", "Hell" },
	{ "base64 up to padding that never comes", OV_CODEC_BASE64_STRICT, "SGkh\n", "Hi!",
	  OV_SHORT },
	{ "base64: nothing", OV_CODEC_BASE64, "", "" },
	{ "qp", OV_CODEC_QP, "a=3Db=\r\nc=\nd", "a=bcd" },
	{ "qp: small letters", OV_CODEC_QP, "=c3=a9", "\xc3\xa9" },
	{ "qp: blanks before a soft break", OV_CODEC_QP, "a= \t\r\nb", "ab" },
	{ "qp: no escape", OV_CODEC_QP, "a=zb==3D=4",
	  "a=zb=="
	  "=4",
	  OV_BAD },
	{ "qp: '=' at the end", OV_CODEC_QP, "ab=", "ab=" },
	{ "qp: many blanks are no soft break", OV_CODEC_QP, "a=                    b",
	  "a=                    b", OV_BAD },
	{ "qp: a soft break at the end", OV_CODEC_QP, "ab=\r\n", "ab" },
	{ "qp: a soft break of CR alone", OV_CODEC_QP, "ab=\rcd==\r", "abcd==\r", OV_BAD },
	{ "qp: cut within an escape", OV_CODEC_QP, "ab=4", "ab=4", OV_SHORT },
	{ "uu", OV_CODEC_UU, "%:&5L;&\\\n`\nend\nmore\n", "hello" },
	{ "uu: lost blanks", OV_CODEC_UU, "#\n%:&5L;&\\\nend\n", "\0\0\0hello", OV_END, 8 },
	{ "uu: a line that is none", OV_CODEC_UU, "%:&5L;&\\\nlower case\n%:&5L;&\\\nend\n",
	  "hellohello", OV_BAD },
	{ "uu: the next one begins", OV_CODEC_UU, "%:&5L;&\\\nbegin 644 x\n%:&5L;&\\\n", "hello",
	  OV_SHORT },
	{ "uu: no end", OV_CODEC_UU, "%:&5L;&\\", "hello", OV_SHORT },
	{ "uu: an end without a line's", OV_CODEC_UU, "%:&5L;&\\\n`\nend", "hello" },
	{ "uu: a checksum behind the line", OV_CODEC_UU, "%:&5L;&\\#\n`\nend\n", "hello" },
	{ "uu: too long", OV_CODEC_UU, "!:&5L;&\\\n`\nend\n", "h", OV_BAD },
	{ "uu: too short", OV_CODEC_UU, "%:&`L\nend\n", "h`,\0\0", OV_BAD, 5 },
	{ "uu: a line behind the last", OV_CODEC_UU, "%:&5L;&\\\n#:&5L\nend\n", "hellohel",
	  OV_BAD },
	{ "yenc without an end", OV_CODEC_YENC, "\x92\x8f\r\n", "he", OV_SHORT },
	{ "yenc: the next one", OV_CODEC_YENC, "\x92\x8f\n=ybegin line=1\n", "he", OV_SHORT },
	{ "yenc: no line end", OV_CODEC_YENC, "\x92\n=yend size=1 crc32=916b06e7", "h" },
	{ "yenc: another length", OV_CODEC_YENC, "\x92\n=yend size=2\n", "h", OV_BAD },
	{ "yenc: another checksum", OV_CODEC_YENC, "\x92\n=yend size=1 crc32=916b06e8\n", "h",
	  OV_BAD },
	{ "yenc: a piece's checksum", OV_CODEC_YENC,
	  "\x92\n=yend size=1 part=2 pcrc32=916B06E7 crc32=11\n", "h" },
	{ "yenc: an escape at a line's end", OV_CODEC_YENC, "\x92=\n=yend\n", "h", OV_BAD },
	{ "yenc", OV_CODEC_YENC, "\x92\x8f\x96\r\n\x96\x99\r\n=yend size=5\r\nmore", "hello" },
	{ "yenc: escapes", OV_CODEC_YENC, "=}=M\n=yend\n", "\x13\xe3" },
	{ "yenc: a part line", OV_CODEC_YENC, "=ypart begin=1 end=2\n\x92\n=yend\n", "h" },
	{ "binhex without a start", OV_CODEC_BINHEX, "abcdef", "", OV_SHORT },
	{ "binhex without an end", OV_CODEC_BINHEX, ":!!!!\n", "\0\0\0", OV_SHORT, 3 },
	{ "binhex with junk", OV_CODEC_BINHEX, ":!!~!!:", "\0\0\0", OV_BAD, 3 },
	{ "binhex", OV_CODEC_BINHEX, "x\n:!!!!\n!!!!:more", "\0\0\0\0\0\0", OV_END, 6 },
};

struct bytes {
	const char *p;
	size_t n, step;
};

static ov_status read_some(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct bytes *b = ctx;

	*got = off >= b->n ? 0 : b->n - (size_t)off;
	if (*got > n)
		*got = n;
	if (*got > b->step)
		*got = b->step;
	memcpy(to, b->p + (*got > 0 ? off : 0), *got);
	return OV_OK;
}

static size_t decode(enum ov_codec codec, const char *in, size_t n, size_t step, size_t chunk,
		     uint8_t *out, size_t max, ov_status *end)
{
	struct bytes b = { in, n, step };
	const struct ov_src src = { .size = n, .read = read_some, .ctx = &b };
	const struct ov_decoder_params p = { .max_memory = 1 << 20, .plain_size = UINT64_MAX };
	struct ov_decoder *d = NULL;
	struct ov_arena a;
	size_t have = 0, got = 0;
	uint64_t at;

	ov_arena_init(&a, (size_t)1 << 20);
	assert_int_equal(ov_decoder_open(codec, &src, &p, &a, &d), OV_OK);
	while ((*end = ov_decoder_read(d, out + have, chunk, &got)) == OV_OK) {
		have += got;
		assert_true(have + chunk <= max);
	}
	assert_int_equal(ov_decoder_fault(d, &at) != NULL, *end != OV_END);
	assert_true(at <= n);
	ov_decoder_close(&d);
	ov_arena_free(&a);
	return have;
}

static void each_row_decodes_in_any_pieces(void **state)
{
	uint8_t out[512];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t step = 1; step < 100; step = step * 3 + 1)
			for (size_t chunk = 1; chunk < 100; chunk = chunk * 2 + 1) {
				const ov_status want = rows[i].end != OV_OK ? rows[i].end : OV_END;
				ov_status end;
				const size_t n =
				    decode(rows[i].codec, rows[i].in, strlen(rows[i].in), step,
					   chunk, out, sizeof out, &end);

				ov_expect_eq(rows[i].what, n,
					     rows[i].n != 0 ? rows[i].n : strlen(rows[i].out));
				ov_expect(rows[i].what, memcmp(out, rows[i].out, n) == 0);
				ov_expect_eq(rows[i].what, end, want);
			}
}

/* A prefix of the input gives a beginning of the output, but for what an escape was taken for. */
static void prefixes_end(void **state)
{
	uint8_t out[512];
	ov_status end;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t n = 0; n < strlen(rows[i].in); n++)
			ov_expect(rows[i].what, decode(rows[i].codec, rows[i].in, n, 7, 5, out,
						       sizeof out, &end) < sizeof out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_decodes_in_any_pieces),
		cmocka_unit_test(prefixes_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
