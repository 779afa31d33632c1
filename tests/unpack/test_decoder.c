/*
 * Codecs: round trips with streams that the libraries make here, exact ends, any chunk size, every
 * prefix, damage, lack of memory. Streams that no library makes (.Z, deflate64, LZMA in ZIP) are
 * covered by tests/format/test_archive.c too.
 */
#include "testing.h"

#include <bzlib.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "buf.h"
#include "decoder.h"
#include "le.h"

#define PLAIN ((size_t)150000)
#define MEMORY ((uint64_t)64 << 20)

/* Text-like bytes with long repetitions, incompressible stretches and runs; the same each time. */
static uint8_t *make_plain(size_t n)
{
	uint8_t *p = malloc(n);
	uint32_t r = 7;

	assert_non_null(p);
	for (size_t i = 0; i < n; i++) {
		r = r * 1664525 + 1013904223;
		if (i % 20000 < 3000)
			p[i] = (uint8_t)(r >> 24);
		else if (i % 20000 < 6000)
			p[i] = 'x';
		else
			p[i] = (uint8_t) "the quick brown fox "[(r >> 28) % 4 * 5 + i % 5];
	}
	return p;
}

static uint8_t *room(struct ov_buf *b, size_t n)
{
	assert_int_equal(ov_buf_reserve(b, n), OV_OK);
	return b->p + b->n;
}

static void pack_zlib(struct ov_buf *b, const uint8_t *p, size_t n, int wbits)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)n };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, wbits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = room(b, n + 1000);
	z.avail_out = (uInt)(n + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->n += z.total_out;
	(void)deflateEnd(&z);
}

static void pack_bzip2(struct ov_buf *b, const uint8_t *p, size_t n)
{
	unsigned size = (unsigned)(n + n / 100 + 1000);

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)room(b, size), &size,
						  (char *)(uintptr_t)p, (unsigned)n, 1, 0, 0),
			 BZ_OK);
	b->n += size;
}

static void pack_lzma(struct ov_buf *b, const uint8_t *p, size_t n, bool is_alone)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	const lzma_filter chain[2] = { { .id = LZMA_FILTER_LZMA2, .options = &o },
				       { .id = LZMA_VLI_UNKNOWN } };

	assert_false(lzma_lzma_preset(&o, 1));
	o.dict_size = 65536; /* thousands of decoders are opened below */
	if (is_alone)
		assert_int_equal(lzma_alone_encoder(&s, &o), LZMA_OK);
	else
		assert_int_equal(lzma_stream_encoder(&s, chain, LZMA_CHECK_CRC64), LZMA_OK);
	s.next_in = p;
	s.avail_in = n;
	s.next_out = room(b, n + 1000);
	s.avail_out = n + 1000;
	assert_int_equal(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
	b->n += (size_t)s.total_out;
	lzma_end(&s);
}

/* ZIP's wrapping of LZMA: version, size of properties, properties, the raw stream of a .lzma file.
 */
static void pack_lzma_zip(struct ov_buf *b, const uint8_t *p, size_t n)
{
	struct ov_buf alone = ov_buf_of(SIZE_MAX / 2);

	pack_lzma(&alone, p, n, true);
	assert_int_equal(ov_buf_put(b, "\x09\x14\x05\0", 4), OV_OK);
	assert_int_equal(ov_buf_put(b, alone.p, 5), OV_OK);
	assert_int_equal(ov_buf_put(b, alone.p + 13, alone.n - 13), OV_OK);
	ov_buf_free(&alone);
}

static void pack_zstd(struct ov_buf *b, const uint8_t *p, size_t n)
{
	const size_t r =
	    ZSTD_compress(room(b, ZSTD_compressBound(n)), ZSTD_compressBound(n), p, n, 3);

	assert_false(ZSTD_isError(r));
	b->n += r;
}

static void pack_lz4(struct ov_buf *b, const uint8_t *p, size_t n)
{
	LZ4F_preferences_t prefs = { .frameInfo = { .contentChecksumFlag =
							LZ4F_contentChecksumEnabled } };
	const size_t bound = LZ4F_compressFrameBound(n, &prefs);
	const size_t r = LZ4F_compressFrame(room(b, bound), bound, p, n, &prefs);

	assert_false(LZ4F_isError(r));
	b->n += r;
}

static void pack_lz4_legacy(struct ov_buf *b, const uint8_t *p, size_t n)
{
	int r;

	assert_int_equal(ov_buf_u32(b, 0x184C2102), OV_OK);
	(void)room(b, 4 + (size_t)LZ4_compressBound((int)n));
	r = LZ4_compress_default((const char *)p, (char *)b->p + b->n + 4, (int)n,
				 LZ4_compressBound((int)n));
	assert_true(r > 0);
	assert_int_equal(ov_buf_u32(b, (uint32_t)r), OV_OK);
	b->n += (size_t)r;
}

enum maker { STORED, RAW, ZLIB, GZIP, BZIP2, XZ, ALONE, INZIP, ZSTD, LZ4, LEGACY };

static void make(enum maker m, struct ov_buf *b, const uint8_t *p, size_t n)
{
	switch (m) {
	case STORED:
		assert_int_equal(ov_buf_put(b, p, n), OV_OK);
		return;
	case RAW:
		pack_zlib(b, p, n, -15);
		return;
	case ZLIB:
		pack_zlib(b, p, n, 15);
		return;
	case GZIP:
		pack_zlib(b, p, n, 31);
		return;
	case BZIP2:
		pack_bzip2(b, p, n);
		return;
	case XZ:
		pack_lzma(b, p, n, false);
		return;
	case ALONE:
		pack_lzma(b, p, n, true);
		return;
	case INZIP:
		pack_lzma_zip(b, p, n);
		return;
	case ZSTD:
		pack_zstd(b, p, n);
		return;
	case LZ4:
		pack_lz4(b, p, n);
		return;
	case LEGACY:
		pack_lz4_legacy(b, p, n);
		return;
	}
}

static const struct row {
	const char *what;
	enum maker maker;
	enum ov_codec codec;
	bool is_checked; /* the format has a checksum over the plain bytes                */
	bool has_end;	 /* a cut stream can be told from a whole one at every byte       */
	bool joins;	 /* streams may follow one another                                */
} rows[] = {
	{ "stored", STORED, OV_CODEC_STORED, false, false, false },
	{ "raw deflate", RAW, OV_CODEC_DEFLATE, false, true, false },
	{ "zlib", ZLIB, OV_CODEC_ZLIB, true, true, false },
	{ "gzip", GZIP, OV_CODEC_GZIP, true, true, true },
	{ "bzip2", BZIP2, OV_CODEC_BZIP2, true, true, true },
	{ "xz", XZ, OV_CODEC_XZ, true, true, true },
	{ "lzma alone", ALONE, OV_CODEC_LZMA_ALONE, false, true, false },
	{ "lzma in zip", INZIP, OV_CODEC_LZMA_ZIP, false, true, false },
	{ "zstd", ZSTD, OV_CODEC_ZSTD, false, true, true },
	{ "lz4 frame", LZ4, OV_CODEC_LZ4, true, true, true },
	{ "lz4 legacy", LEGACY, OV_CODEC_LZ4, false, false, true },
};
#define ROWS (sizeof rows / sizeof *rows)

static ov_status read_slowly(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct ov_buf *b = ctx;

	*got = 0;
	if (off >= b->n)
		return OV_OK;
	*got = n < b->n - off ? n : b->n - (size_t)off;
	*got -= *got / 3; /* fewer than asked: allowed */
	memcpy(to, b->p + off, *got);
	return OV_OK;
}

struct run {
	size_t chunk;
	bool by_callback;
	long fail_in;
	uint64_t max_memory;
	/* results */
	ov_status end;
	uint64_t consumed;
	struct ov_buf plain;
};

#define RUN_DEFAULT                                                                                \
	{                                                                                          \
		.chunk = 65536, .fail_in = -1, .max_memory = MEMORY, .plain = {                    \
			.max = SIZE_MAX / 2                                                        \
		}                                                                                  \
	}

static void run(struct run *r, enum ov_codec c, const uint8_t *p, size_t n)
{
	const struct ov_decoder_params params = { .max_memory = r->max_memory,
						  .plain_size = UINT64_MAX,
						  .lzma_has_end_mark = true };
	struct ov_buf bytes = { .p = (uint8_t *)(uintptr_t)p, .n = n };
	struct ov_src src = ov_src_mem(p, n);
	struct ov_decoder *d = NULL;
	struct ov_arena a;

	if (r->by_callback)
		src = (struct ov_src){ .size = n, .read = read_slowly, .ctx = &bytes };
	ov_arena_init(&a, (size_t)2 << 20);
	a.fail_in = r->fail_in;
	r->end = ov_decoder_open(c, &src, &params, &a, &d);
	while (r->end == OV_OK) {
		size_t got = 0;

		r->end = ov_decoder_read(d, room(&r->plain, r->chunk), r->chunk, &got);
		if (r->end != OV_OK)
			break;
		assert_true(got > 0 && got <= r->chunk);
		r->plain.n += got;
	}
	if (d != NULL) {
		size_t got;

		r->consumed = ov_decoder_consumed(d);
		assert_int_equal(ov_decoder_read(d, &got, 1, &got),
				 r->end); /* an end stays an end */
	}
	ov_decoder_close(&d);
	assert_null(d);
	ov_decoder_close(&d);
	ov_arena_free(&a);
}

static void round_trips(void **state)
{
	static const size_t sizes[] = { 0, 1, 5, 65536, PLAIN };
	uint8_t *plain = make_plain(PLAIN);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			struct ov_buf b = ov_buf_of(SIZE_MAX / 2);
			struct run r = RUN_DEFAULT;

			make(rows[i].maker, &b, plain, sizes[k]);
			r.by_callback = k % 2 == 1;
			run(&r, rows[i].codec, b.p, b.n);
			ov_expect_eq(rows[i].what, r.end, OV_END);
			ov_expect_eq(rows[i].what, r.consumed, b.n);
			ov_expect_eq(rows[i].what, r.plain.n, sizes[k]);
			ov_expect(rows[i].what,
				  sizes[k] == 0 || memcmp(r.plain.p, plain, sizes[k]) == 0);
			ov_buf_free(&r.plain);
			ov_buf_free(&b);
		}
	}
	free(plain);
}

static void any_chunk_size_gives_the_same(void **state)
{
	static const size_t chunks[] = { 1, 2, 3, 7, 100, 4096, 65535, 65537, 1000000 };
	const size_t n = 30000;
	uint8_t *plain = make_plain(n);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct ov_buf b = ov_buf_of(SIZE_MAX / 2);

		make(rows[i].maker, &b, plain, n);
		for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
			struct run r = RUN_DEFAULT;

			r.chunk = chunks[k];
			r.by_callback = k % 2 == 0;
			run(&r, rows[i].codec, b.p, b.n);
			ov_expect_eq(rows[i].what, r.end, OV_END);
			ov_expect(rows[i].what, r.plain.n == n && memcmp(r.plain.p, plain, n) == 0);
			ov_buf_free(&r.plain);
		}
		ov_buf_free(&b);
	}
	free(plain);
}

static void streams_join_and_their_end_is_exact(void **state)
{
	uint8_t *plain = make_plain(1000);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct ov_buf b = ov_buf_of(SIZE_MAX / 2);
		struct run r = RUN_DEFAULT;
		size_t one, end;

		if (rows[i].maker == STORED)
			continue;
		make(rows[i].maker, &b, plain, 1000);
		one = b.n;
		if (rows[i].joins) {
			assert_int_equal(ov_buf_zero(&b, 8), OV_OK); /* padding between them */
			make(rows[i].maker, &b, plain, 1000);
			assert_int_equal(ov_buf_zero(&b, 512), OV_OK);
		}
		end = b.n;
		if (rows[i].has_end)
			assert_int_equal(ov_buf_str(&b, OV_STR("GARBAGE")), OV_OK);
		run(&r, rows[i].codec, b.p, b.n);
		ov_expect_eq(rows[i].what, r.end, OV_END);
		ov_expect_eq(rows[i].what, r.consumed, end);
		ov_expect_eq(rows[i].what, r.plain.n, rows[i].joins ? 2000 : 1000);
		ov_expect(rows[i].what, one <= end);
		ov_buf_free(&r.plain);
		ov_buf_free(&b);
	}
	free(plain);
}

/* Every byte, unless a decoder takes megabytes at its start. */
static size_t stride(const struct row *r, size_t n)
{
	const bool is_heavy = r->maker == LEGACY || r->maker == BZIP2;

	return is_heavy ? n / 60 + 1 : 1;
}

static void prefixes_are_short(void **state)
{
	const size_t n = 900;
	uint8_t *plain = make_plain(n);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct ov_buf b = ov_buf_of(SIZE_MAX / 2);

		make(rows[i].maker, &b, plain, n);
		for (size_t len = 0; len < b.n; len += stride(&rows[i], b.n)) {
			uint8_t *copy =
			    malloc(len > 0 ? len : 1); /* so that the sanitizer sees its end */
			struct run r = RUN_DEFAULT;

			assert_non_null(copy);
			memcpy(copy, b.p, len);
			run(&r, rows[i].codec, copy, len);
			if (rows[i].has_end)
				ov_expect_eq(rows[i].what, r.end, OV_SHORT);
			else
				ov_expect(rows[i].what, r.end == OV_END || r.end == OV_SHORT);
			ov_expect(rows[i].what,
				  r.plain.n <= n &&
				      (r.plain.n == 0 || memcmp(r.plain.p, plain, r.plain.n) == 0));
			ov_buf_free(&r.plain);
			free(copy);
		}
		ov_buf_free(&b);
	}
	free(plain);
}

/* Deflate is read by two libraries, by how much room there is: what comes out is the same, of
 * broken streams too. */
static void check_bytewise(const struct row *row, const struct ov_buf *b, const struct run *whole)
{
	struct run r = RUN_DEFAULT;

	r.chunk = 1;
	run(&r, row->codec, b->p, b->n);
	ov_expect_eq(row->what, r.end, whole->end);
	ov_expect_eq(row->what, r.consumed, whole->consumed);
	ov_expect_eq(row->what, r.plain.n, whole->plain.n);
	ov_expect(row->what, r.plain.n == 0 || memcmp(r.plain.p, whole->plain.p, r.plain.n) == 0);
	ov_buf_free(&r.plain);
}

static void a_changed_bit_is_noticed(void **state)
{
	const size_t n = 900;
	uint8_t *plain = make_plain(n);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct ov_buf b = ov_buf_of(SIZE_MAX / 2);

		make(rows[i].maker, &b, plain, n);
		for (size_t at = 0; at < b.n; at += stride(&rows[i], b.n)) {
			struct run r = RUN_DEFAULT;

			b.p[at] ^= (uint8_t)(1u << at % 8);
			run(&r, rows[i].codec, b.p, b.n);
			ov_expect(rows[i].what,
				  r.end != OV_BUG && r.end != OV_NOMEM && r.end != OV_IO);
			if (rows[i].is_checked && r.end == OV_END)
				ov_expect(rows[i].what, r.plain.n <= n && memcmp(r.plain.p, plain,
										 r.plain.n) == 0);
			if (rows[i].codec >= OV_CODEC_DEFLATE && rows[i].codec <= OV_CODEC_GZIP)
				check_bytewise(&rows[i], &b, &r);
			b.p[at] ^= (uint8_t)(1u << at % 8);
			ov_buf_free(&r.plain);
		}
		ov_buf_free(&b);
	}
	free(plain);
}

static void lack_of_memory_is_told(void **state)
{
	uint8_t *plain = make_plain(5000);

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct ov_buf b = ov_buf_of(SIZE_MAX / 2);
		long nth = 0;

		make(rows[i].maker, &b, plain, 5000);
		if (rows[i].joins)
			make(rows[i].maker, &b, plain, 5000);
		for (;; nth++) {
			struct run r = RUN_DEFAULT;

			r.fail_in = nth;
			r.by_callback = true;
			r.chunk = 999;
			run(&r, rows[i].codec, b.p, b.n);
			ov_buf_free(&r.plain);
			if (r.end == OV_END)
				break;
			ov_expect_eq(rows[i].what, r.end, OV_NOMEM);
			ov_expect(rows[i].what, nth < 100);
		}
		ov_expect(rows[i].what, nth > 0);
		ov_buf_free(&b);
	}
	free(plain);
}

static void memory_limits_hold(void **state)
{
	static const struct {
		const char *what;
		enum maker maker;
		enum ov_codec codec;
	} big[] = { { "bzip2", BZIP2, OV_CODEC_BZIP2 },
		    { "xz", XZ, OV_CODEC_XZ },
		    { "lzma alone", ALONE, OV_CODEC_LZMA_ALONE },
		    { "lzma in zip", INZIP, OV_CODEC_LZMA_ZIP },
		    { "zstd", ZSTD, OV_CODEC_ZSTD },
		    { "lz4 frame", LZ4, OV_CODEC_LZ4 },
		    { "lz4 legacy", LEGACY, OV_CODEC_LZ4 },
		    { "gzip", GZIP, OV_CODEC_GZIP } };
	uint8_t *plain = make_plain(PLAIN);

	(void)state;
	for (size_t i = 0; i < sizeof big / sizeof *big; i++) {
		struct ov_buf b = ov_buf_of(SIZE_MAX / 2);
		struct run r = RUN_DEFAULT;

		make(big[i].maker, &b, plain, PLAIN);
		r.max_memory = 5000;
		run(&r, big[i].codec, b.p, b.n);
		ov_expect_eq(big[i].what, r.end, OV_LIMIT);
		ov_buf_free(&r.plain);
		ov_buf_free(&b);
	}
	free(plain);
}

/* Hand-written streams. `hex` may hold spaces. */
static const struct hand {
	const char *what;
	enum ov_codec codec;
	const char *hex, *plain;
	ov_status end;
	long consumed; /* -1: any */
} hands[] = {
	{ "deflate64: stored block", OV_CODEC_DEFLATE64, "01 0300 fcff 616263 ff", "abc", OV_END,
	  8 },
	{ "deflate64: wrong complement", OV_CODEC_DEFLATE64, "01 0300 fcfe 616263", "", OV_BAD,
	  -1 },
	{ "deflate64: fixed codes", OV_CODEC_DEFLATE64, "4b4c4a0600", "abc", OV_END, 5 },
	{ "deflate64: block kind 3", OV_CODEC_DEFLATE64, "07", "", OV_BAD, -1 },
	{ "deflate64: nothing", OV_CODEC_DEFLATE64, "", "", OV_SHORT, 0 },
	{ "deflate64: a distance before the start", OV_CODEC_DEFLATE64, "0302", "", OV_BAD, -1 },
	{ "deflate64: an incomplete code", OV_CODEC_DEFLATE64, "05 ff ff ff ff ff ff ff ff ff", "",
	  OV_BAD, -1 },
	{ "compress: header only", OV_CODEC_COMPRESS, "1f9d90", "", OV_END, 3 },
	{ "compress: one byte", OV_CODEC_COMPRESS, "1f9d90 6100", "a", OV_END, 5 },
	{ "compress: a string that repeats itself", OV_CODEC_COMPRESS, "1f9d90 61020a04", "aaaaaa",
	  OV_END, -1 },
	{ "compress: 17 bits", OV_CODEC_COMPRESS, "1f9d91 6100", "", OV_UNSUPPORTED, -1 },
	{ "compress: 8 bits", OV_CODEC_COMPRESS, "1f9d88 6100", "", OV_BAD, -1 },
	{ "compress: a code of the future", OV_CODEC_COMPRESS, "1f9d90 61fe03", "a", OV_BAD, -1 },
	{ "compress: first code no byte", OV_CODEC_COMPRESS, "1f9d90 0101", "", OV_BAD, -1 },
	{ "compress: not this format", OV_CODEC_COMPRESS, "1f8b08", "", OV_BAD, -1 },
	{ "deflate: nothing", OV_CODEC_DEFLATE, "", "", OV_SHORT, 0 },
	{ "gzip: nothing", OV_CODEC_GZIP, "", "", OV_SHORT, 0 },
	{ "lz4: empty input", OV_CODEC_LZ4, "", "", OV_SHORT, 0 },
	{ "lz4: garbage", OV_CODEC_LZ4, "00112233", "", OV_BAD, -1 },
	{ "lz4: a skippable frame only", OV_CODEC_LZ4, "502a4d18 02000000 aabb", "", OV_END, 10 },
	{ "lz4: a skippable frame cut", OV_CODEC_LZ4, "502a4d18 ffffffff aabb", "", OV_SHORT, -1 },
	{ "lz4 legacy: block beyond all bounds", OV_CODEC_LZ4, "02214c18 ffffff7f 00", "", OV_BAD,
	  -1 },
	{ "implode: nobody tells the size", OV_CODEC_EXPLODE, "03f5f5f5f503f5f5f5f5", "",
	  OV_UNSUPPORTED, -1 },
	{ "szdd: cut in the header", OV_CODEC_SZDD, "535a444488f027334100", "", OV_SHORT, -1 },
	{ "szdd: mode B", OV_CODEC_SZDD, "535a444488f02733420000000000", "", OV_UNSUPPORTED, -1 },
	{ "szdd: not this format", OV_CODEC_SZDD, "0000444488f02733410000000000", "", OV_BAD, -1 },
	{ "szdd: empty", OV_CODEC_SZDD, "535a444488f02733410000000000", "", OV_END, 14 },
	{ "szdd: one letter and a match of spaces", OV_CODEC_SZDD,
	  "535a444488f02733410004000000 01610000", "a   ", OV_END, 18 },
	{ "szdd: cut in a match", OV_CODEC_SZDD, "535a444488f02733410004000000 016100", "a",
	  OV_SHORT, -1 },
	{ "szdd: more than told", OV_CODEC_SZDD, "535a444488f02733410001000000 036162", "ab",
	  OV_BAD, -1 },
	{ "zstd: a skippable frame only", OV_CODEC_ZSTD, "502a4d18 02000000 aabb", "", OV_END, 10 },
	{ "zstd: format 0.7", OV_CODEC_ZSTD, "27b52ffd 24 15a90000", "", OV_BAD, -1 },
	{ "zstd: 0.7 inside a header (from fuzz_decoder)", OV_CODEC_ZSTD,
	  "2827b52ffd2415a900002948c379805b", "", OV_BAD, 0 },
	{ "zstd: an empty skippable frame", OV_CODEC_ZSTD, "502a4d18 00000000", "", OV_END, 8 },
	{ "zstd: a raw block cut", OV_CODEC_ZSTD, "28b52ffd 2415 a90000 616263", "abc", OV_SHORT,
	  -1 },
	{ "zstd: a broken block header after a good block (from fuzz_decoder)", OV_CODEC_ZSTD,
	  "28b52ffd 2415 180000 616263 070000", "abc", OV_BAD, -1 },
	{ "zstd: garbage", OV_CODEC_ZSTD, "0011223344", "", OV_BAD, -1 },
	{ "zlib: a preset dictionary", OV_CODEC_ZLIB, "78bb 00000001 0300", "", OV_UNSUPPORTED,
	  -1 },
	{ "gzip: method 7", OV_CODEC_GZIP, "1f8b07000000000000ff", "", OV_BAD, -1 },
	{ "gzip: a member cut after the first", OV_CODEC_GZIP,
	  "1f8b08000000000000ff 0300 00000000 00000000 1f8b08", "", OV_SHORT, -1 },
	{ "lzma in zip: seven bytes of properties", OV_CODEC_LZMA_ZIP, "0914 0700 5d00008000 0000",
	  "", OV_BAD, -1 },
	{ "lzma in zip: impossible properties", OV_CODEC_LZMA_ZIP, "0914 0500 ff00008000 0000", "",
	  OV_BAD, -1 },
};

static size_t unhex(const char *hex, uint8_t *out, size_t max)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		unsigned v;

		if (*hex == ' ')
			continue;
		assert_true(n < max);
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		out[n++] = (uint8_t)v;
		hex++;
	}
	return n;
}

static void hand_written_streams(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof hands / sizeof *hands; i++) {
		const struct hand *h = &hands[i];
		struct run r = RUN_DEFAULT;
		uint8_t bytes[128];
		const size_t n = unhex(h->hex, bytes, sizeof bytes);

		run(&r, h->codec, bytes, n);
		ov_expect_eq(h->what, r.end, h->end);
		ov_expect_eq(h->what, r.plain.n, strlen(h->plain));
		ov_expect(h->what, r.plain.n == 0 || memcmp(r.plain.p, h->plain, r.plain.n) == 0);
		if (h->consumed >= 0)
			ov_expect_eq(h->what, r.consumed, h->consumed);
		ov_buf_free(&r.plain);
	}
}

static void ten_thousand_empty_members(void **state)
{
	struct ov_buf b = ov_buf_of(SIZE_MAX / 2);
	struct run r = RUN_DEFAULT;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		pack_zlib(&b, (const uint8_t *)"", 0, 31);
	run(&r, OV_CODEC_GZIP, b.p, b.n);
	assert_int_equal(r.end, OV_END);
	assert_int_equal(r.plain.n, 0);
	assert_int_equal(r.consumed, b.n);
	ov_buf_free(&b);
	ov_buf_free(&r.plain);
}

/* Deflate64 reads what zlib writes, as long as no match has the one length that differs. */
static void deflate64_reads_plain_deflate(void **state)
{
	uint8_t *plain = make_plain(PLAIN);
	struct ov_buf b = ov_buf_of(SIZE_MAX / 2);
	struct run r = RUN_DEFAULT;
	z_stream z = { .next_in = plain, .avail_in = (uInt)PLAIN };

	(void)state;
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflateTune(&z, 4, 4, 16, 16), Z_OK);
	for (size_t i = 0; i < PLAIN; i++) /* no run as long as a match of 258 */
		plain[i] = i % 97 == 0 ? (uint8_t)(i * 31 >> 3) : plain[i];
	z.next_out = room(&b, PLAIN + 1000);
	z.avail_out = (uInt)(PLAIN + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b.n = z.total_out;
	(void)deflateEnd(&z);
	run(&r, OV_CODEC_DEFLATE64, b.p, b.n);
	assert_int_equal(r.end, OV_END);
	assert_int_equal(r.consumed, b.n);
	assert_int_equal(r.plain.n, PLAIN);
	assert_memory_equal(r.plain.p, plain, PLAIN);
	ov_buf_free(&b);
	ov_buf_free(&r.plain);
	free(plain);
}

/* Found by fuzz_decoder: libzstd decoded the whole frame at once, and dropped it all for its wrong
 * checksum. */
static void zstd_gives_what_is_good_before_a_fault(void **state)
{
	static const size_t chunks[] = { 1, 100, 65536 };
	uint8_t *plain = make_plain(PLAIN);
	struct ov_buf b = ov_buf_of(SIZE_MAX / 2);

	(void)state;
	pack_zstd(&b, plain, PLAIN);
	for (size_t i = 0; i < 3; i++) {
		struct run r = RUN_DEFAULT;

		r.chunk = chunks[i];
		b.p[b.n - 1] ^= 0xff;
		run(&r, OV_CODEC_ZSTD, b.p, b.n);
		b.p[b.n - 1] ^= 0xff;
		assert_int_not_equal(r.end, OV_BUG);
		assert_true(r.plain.n >= 65536); /* whole blocks before the last */
		ov_buf_free(&r.plain);
	}
	ov_buf_free(&b);
	free(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(any_chunk_size_gives_the_same),
		cmocka_unit_test(streams_join_and_their_end_is_exact),
		cmocka_unit_test(prefixes_are_short),
		cmocka_unit_test(a_changed_bit_is_noticed),
		cmocka_unit_test(lack_of_memory_is_told),
		cmocka_unit_test(memory_limits_hold),
		cmocka_unit_test(hand_written_streams),
		cmocka_unit_test(ten_thousand_empty_members),
		cmocka_unit_test(deflate64_reads_plain_deflate),
		cmocka_unit_test(zstd_gives_what_is_good_before_a_fault),
	};

	return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
