/* Embedded files: made polyglots, windows, caps, and the scanner against a naive one. */
#include "carve_int.h"
#include "format.h"

#include <stdlib.h>

#include "testing.h"

static void put(uint8_t *p, size_t at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[at + i] = (uint8_t)(v >> (8 * i));
}

/* A ZIP of one stored member "a" of `n` bytes. @return its size. */
static size_t put_zip(uint8_t *p, const void *body, size_t n, size_t counted_from)
{
	const size_t dir = 31 + n;

	memcpy(p, "PK\3\4\x14", 5);
	put(p, 18, n, 4);
	put(p, 22, n, 4);
	put(p, 26, 1, 2);
	p[30] = 'a';
	memcpy(p + 31, body, n);
	memcpy(p + dir, "PK\1\2", 4);
	put(p, dir + 20, n, 4);
	put(p, dir + 24, n, 4);
	put(p, dir + 28, 1, 2);
	put(p, dir + 42, counted_from, 4);
	p[dir + 46] = 'a';
	memcpy(p + dir + 47, "PK\5\6", 4);
	put(p, dir + 47 + 8, 1, 2);
	put(p, dir + 47 + 10, 1, 2);
	put(p, dir + 47 + 12, 47, 4);
	put(p, dir + 47 + 16, dir + counted_from, 4);
	return dir + 47 + 22;
}

#define PE_SIZE 0x400u

static void put_pe(uint8_t *p)
{
	memcpy(p, "MZ", 2);
	put(p, 60, 0x80, 4);
	memcpy(p + 0x80, "PE\0\0", 4);
	put(p, 0x84, 0x14c, 2);
	put(p, 0x86, 1, 2);
	put(p, 0x94, 0xe0, 2);
	put(p, 0x98, 0x10b, 2);
	put(p, 0x98 + 16, 0x1000, 4);
	put(p, 0x98 + 32, 0x1000, 4);
	put(p, 0x98 + 36, 0x200, 4);
	put(p, 0x98 + 60, 0x200, 4);
	memcpy(p + 0x178, ".text", 5);
	put(p, 0x178 + 8, 0x200, 4);
	put(p, 0x178 + 12, 0x1000, 4);
	put(p, 0x178 + 16, 0x200, 4);
	put(p, 0x178 + 20, 0x200, 4);
}

struct log {
	unsigned limits, others;
};

static void on_note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct log *l = ctx;

	(void)member, (void)detail;
	*(why == OV_LIMIT ? &l->limits : &l->others) += 1;
}

static ov_status piecewise(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	memcpy(to, (const uint8_t *)ctx + off, n);
	*got = n;
	return OV_OK;
}

struct found {
	struct ov_child parts[2000];
	size_t n;
	struct log log;
	ov_status end;
};

static void carve(const uint8_t *p, size_t n, bool in_memory, struct ov_arena *a, struct found *f)
{
	struct ov_src src = ov_src_mem(p, n);
	struct ov_fmt_env env = { .src = &src, .arena = a, .note = on_note, .ctx = &f->log };
	void *state = NULL;

	memset(f, 0, sizeof *f);
	if (!in_memory)
		src = (struct ov_src){ .size = n, .read = piecewise, .ctx = (void *)(uintptr_t)p };
	f->end = ov_format_carve.open(&env, &state);
	while (f->end == OV_OK) {
		struct ov_child c;

		f->end = ov_format_carve.next(state, &c);
		if (f->end != OV_OK)
			break;
		assert_true(c.kind == OV_CHILD_SLICE && c.is_carved);
		assert_true(c.off > 0 && c.off < n && c.size > 0 && c.size <= n - c.off);
		assert_true(f->n == 0 || c.off > f->parts[f->n - 1].off);
		f->parts[f->n++] = c;
	}
}

/* One row: what stands at 100 of a file of 4000 bytes, and whether it is found from where to where.
 */
static const struct row {
	const char *what, *bytes;
	size_t n;
	uint64_t off, end; /* off 0: not found; end 0: the end of the file */
} rows[] = {
#define ROW(what, literal, off, end)                                                               \
	{                                                                                          \
		(what), (literal), sizeof(literal) - 1, (off), (end)                               \
	}
	ROW("RAR", "Rar!\x1a\7\0\xcf\x90\x73\0\0\x0d\0", 100, 0),
	ROW("RAR 5", "Rar!\x1a\7\1\0\x33\x92\xb5\xe5\x0a\1\5\6\0\5\1\1\x80\x80\0", 100, 0),
	ROW("RAR 5 with a wrong checksum",
	    "Rar!\x1a\7\1\0\x33\x92\xb5\xe6\x0a\1\5\6\0\5\1\1\x80\x80\0", 0, 0),
	ROW("gzip with an extra field beyond reason", "\x1f\x8b\x08\4\1\2\3\4\0\3\xff\xff", 0, 0),
	ROW("RAR in words", "a Rar!\x1a file", 0, 0),
	ROW("RAR without a main header", "Rar!\x1a\7\0\xcf\x90\x11\0\0\x0d\0", 0, 0),
	ROW("7z with a wrong checksum",
	    "7z\xbc\xaf\x27\x1c\0\4\1\2\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0, 0),
	ROW("CAB", "MSCF\0\0\0\0\0\1\0\0\0\0\0\0\x2c\0\0\0\0\0\0\0\3\1\1\0\1\0\0\0", 100, 356),
	ROW("CAB of version 7", "MSCF\0\0\0\0\0\1\0\0\0\0\0\0\x2c\0\0\0\0\0\0\0\3\7\1\0\1\0\0\0", 0,
	    0),
	ROW("gzip", "\x1f\x8b\x08\0\1\2\3\4\0\3\x4b\x4c", 100, 0),
	ROW("gzip with a name", "\x1f\x8b\x08\x08\1\2\3\4\0\3name", 100, 0),
	ROW("gzip of a system that does not exist", "\x1f\x8b\x08\0\1\2\3\4\0\x55\x4b\x4c", 0, 0),
	ROW("gzip with an impossible block", "\x1f\x8b\x08\0\1\2\3\4\0\3\7\1", 0, 0),
	ROW("bzip2", "BZh61AY&SYabcd", 100, 0),
	ROW("bzip2 of level 0", "BZh01AY&SYabcd", 0, 0),
	ROW("xz",
	    "\xfd"
	    "7zXZ\0\0\4\xe6\xd6\xb4\x46",
	    100, 0),
	ROW("xz with a wrong checksum",
	    "\xfd"
	    "7zXZ\0\0\4\xe6\xd6\xb4\x47",
	    0, 0),
	ROW("EGG", "EGGA\0\1\0\0", 100, 0),
	ROW("NSIS", "\0\0\0\0\xef\xbe\xad\xdeNullsoftInst\0\1\0\0\0\4\0\0", 100, 100 + 1024),
	ROW("AutoIt",
	    "\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d"
	    "AU3!EA06",
	    100, 0),
	ROW("a ZIP header without a name", "PK\3\4\x14\0\0\0\0\0", 0, 0),
	ROW("PE header without MZ", "PE\0\0\x4c\1\1\0", 0, 0),
	ROW("ELF mark alone",
	    "\x7f"
	    "ELF\2\1\1",
	    0, 0),
	ROW("the end of an empty ZIP", "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0, 0),
};

static void test_rows(void **state)
{
	static struct found f;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		uint8_t p[4000] = { 0 };
		struct ov_arena a;

		memcpy(p + 100, r->bytes, r->n);
		ov_arena_init(&a, 1 << 22);
		carve(p, sizeof p, true, &a, &f);
		ov_expect_eq(r->what, f.end, OV_END);
		ov_expect_eq(r->what, f.n, r->off != 0);
		if (f.n == 1) {
			ov_expect_eq(r->what, f.parts[0].off, r->off);
			ov_expect_eq(r->what, f.parts[0].off + f.parts[0].size,
				     r->end != 0 ? r->end : sizeof p);
		}
		ov_arena_free(&a);
	}
}

static void expect_parts(const char *what, const uint8_t *p, size_t n, const uint64_t (*want)[2],
			 size_t count)
{
	static struct found f;
	struct ov_arena a;

	for (int in_memory = 0; in_memory < 2; in_memory++) {
		ov_arena_init(&a, 1 << 22);
		carve(p, n, in_memory, &a, &f);
		ov_expect_eq(what, f.end, OV_END);
		ov_expect_eq(what, f.n, count);
		for (size_t i = 0; i < f.n; i++) {
			ov_expect_eq(what, f.parts[i].off, want[i][0]);
			ov_expect_eq(what, f.parts[i].off + f.parts[i].size, want[i][1]);
		}
		ov_arena_free(&a);
	}
}

/* A picture with a JAR behind it; what the JAR holds is found through the JAR. */
static void test_zip(void **state)
{
	static uint8_t p[16384], pe[PE_SIZE], inner[2048];
	size_t n, m;

	(void)state;
	put_pe(pe);
	memcpy(p, "\x89PNG\r\n\x1a\n", 8);
	n = put_zip(p + 1000, pe, PE_SIZE, 0);
	expect_parts("a ZIP behind a picture", p, 1000 + n,
		     (const uint64_t[][2]){ { 1000, 1000 + n } }, 1);
	expect_parts("and something behind it", p, 1000 + n + 99,
		     (const uint64_t[][2]){ { 1000, 1000 + n } }, 1);
	n = put_zip(p + 1000, pe, PE_SIZE, 1000);
	expect_parts("offsets from the file's start", p, 1000 + n,
		     (const uint64_t[][2]){ { 1000, 1000 + n } }, 1);
	expect_parts("no directory", p, 1000 + n - 30,
		     (const uint64_t[][2]){ { 1000, 1000 + n - 30 }, { 1031, 1031 + PE_SIZE } }, 2);
	m = put_zip(inner, pe, 100, 0);
	n = put_zip(p + 1000, inner, m, 0);
	expect_parts("a ZIP in a ZIP", p, 1000 + n, (const uint64_t[][2]){ { 1000, 1000 + n } }, 1);
	memset(p, 0, sizeof p);
	m = put_zip(p + 300, "x", 1, 0);
	n = put_zip(p + 1000, "x", 1, 0);
	expect_parts("one ZIP after another", p, 1000 + n,
		     (const uint64_t[][2]){ { 300, 300 + m }, { 1000, 1000 + n } }, 2);
	n = put_zip(p, "x", 1, 0);
	memset(p + n, 0, sizeof p - n);
	expect_parts("the layer itself", p, 4000, NULL, 0);
	memset(p, 0, sizeof p);
	memcpy(p + 100,
	       "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x09\0\0\0",
	       30);
	expect_parts("a local header whose name is no text", p, 900, NULL, 0);
	memcpy(p + 130, "file name", 9);
	n = put_zip(p + 1000, "x", 1, 0);
	expect_parts("a false header before a ZIP", p, 1000 + n,
		     (const uint64_t[][2]){ { 100, 1000 + n }, { 1000, 1000 + n } }, 2);
}

static void test_programs(void **state)
{
	static uint8_t p[16384];

	(void)state;
	put_pe(p);
	expect_parts("the program itself", p, 4000, NULL, 0);
	put_pe(p + 2000);
	expect_parts("a program in a program", p, 8000,
		     (const uint64_t[][2]){ { 2000, 2000 + PE_SIZE } }, 1);
	put_pe(p + 2500);
	expect_parts("two that overlap", p, 8000,
		     (const uint64_t[][2]){ { 2000, 2000 + PE_SIZE }, { 2500, 2500 + PE_SIZE } },
		     2);
	expect_parts("cut in its section", p, 2500 + 0x300,
		     (const uint64_t[][2]){ { 2000, 2000 + PE_SIZE }, { 2500, 2500 + 0x300 } }, 2);
}

/* Each kind across each border of the windows in which layers out of memory are read. */
static void test_windows(void **state)
{
	const size_t size = 600000, step = (size_t)1 << 18;
	uint8_t *p = test_calloc(size, 1), zip[200] = { 0 };
	const size_t n = put_zip(zip, "body", 4, 0);

	(void)state;
	for (size_t at = step - 200; at < step + 200; at++) {
		memcpy(p + at, zip, n);
		memcpy(p + at + 300,
		       "\xfd"
		       "7zXZ\0\0\4\xe6\xd6\xb4\x46",
		       12);
		memcpy(p + at + 320, "BZh61AY&SY", 10);
		expect_parts(
		    "across a border", p, size,
		    (const uint64_t[][2]){ { at, at + n }, { at + 300, size }, { at + 320, size } },
		    3);
		memset(p + at, 0, 400);
	}
	test_free(p);
}

static void test_cap(void **state)
{
	const size_t count = 3000, size = count * 16 + 64;
	uint8_t *p = test_calloc(size, 1);
	static struct found f;
	struct ov_arena a;

	(void)state;
	for (size_t i = 0; i < count; i++)
		memcpy(p + 32 + i * 16, "BZh61AY&SY", 10);
	ov_arena_init(&a, 1 << 22);
	carve(p, size, true, &a, &f);
	assert_int_equal(f.end, OV_END);
	assert_int_equal(f.n, 1024);
	assert_int_equal(f.log.limits, 1);
	ov_arena_free(&a);
	test_free(p);
}

/* The vector scanner finds exactly what the plain one finds, from each start. */
static void test_scanners(void **state)
{
	static const uint8_t hot[] = "PEKRar!\x1a\x7f"
				     "EL7z\xbc\xaf\xef\xbe"
				     "CFGG\x1f\x8b\x11\xe0`\xea\xfd\xa3"
				     "HY&";
	struct ov_carve_tables t;
	uint8_t p[300];
	uint32_t seed = 1;

	(void)state;
	ov_carve_tables_make(&t);
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < sizeof p; i++) {
			seed = seed * 1664525 + 1013904223;
			p[i] = round % 2 ? hot[(seed >> 16) % (sizeof hot - 1)]
					 : (uint8_t)(seed >> 24);
		}
		for (size_t n = 0; n <= sizeof p; n += 7)
			for (size_t from = 0; from <= n; from += 5)
				assert_int_equal(ov_carve_scan(&t, p, n, from),
						 ov_carve_scan_plain(&t, p, n, from));
	}
}

static void put_row(uint8_t *p, const char *what)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].what, what) == 0)
			memcpy(p, rows[i].bytes, rows[i].n);
}

static size_t make_mix(uint8_t *p)
{
	size_t n;

	memset(p, 0, 8192);
	put_pe(p + 100);
	put_row(p + 2000, "RAR");
	put_row(p + 2100, "CAB");
	put_row(p + 2900, "gzip");
	n = put_zip(p + 3000, "body of it", 10, 0);
	return 3000 + n;
}

static void test_prefixes_and_flips(void **state)
{
	static uint8_t p[8192];
	static struct found f;
	const size_t n = make_mix(p);
	struct ov_arena a;

	(void)state;
	ov_arena_init(&a, 1 << 22);
	for (size_t cut = 1; cut <= n; cut += cut < 1000 ? 1 : 3) {
		uint8_t *copy = test_malloc(cut);

		memcpy(copy, p, cut);
		carve(copy, cut, true, &a, &f);
		assert_int_equal(f.end, OV_END);
		ov_arena_reset(&a, 1 << 20);
		test_free(copy);
	}
	for (size_t bit = 100 * 8; bit < n * 8; bit += bit < 700 * 8 ? 1 : 5) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		carve(p, n, true, &a, &f);
		assert_int_equal(f.end, OV_END);
		ov_arena_reset(&a, 1 << 20);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ov_arena_free(&a);
}

static void test_faults(void **state)
{
	static uint8_t p[8192];
	static struct found f;
	const size_t n = make_mix(p);

	(void)state;
	for (int in_memory = 0; in_memory < 2; in_memory++) {
		for (long k = 0; k < 1000; k++) {
			struct ov_arena a;

			ov_arena_init(&a, 1 << 22);
			a.fail_in = k;
			carve(p, n, in_memory, &a, &f);
			ov_arena_free(&a);
			if (f.end == OV_END)
				break;
			assert_int_equal(f.end, OV_NOMEM);
		}
		assert_int_equal(f.n, 5);
	}
}

static bool always_late(void *ctx)
{
	(void)ctx;
	return true;
}

/* A search does not outlive the file's time, and says that it ended early. */
static void test_late(void **state)
{
	static uint8_t p[64 * 256];
	struct log log = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof p; i += 64) /* many marks that turn out to be nothing */
		memcpy(p + i, "7z\xbc\xaf\x27\x1c", 6);
	for (int in_memory = 0; in_memory < 2; in_memory++) {
		struct ov_src src = ov_src_mem(p, sizeof p);
		struct ov_fmt_env env = { .src = &src, .note = on_note, .ctx = &log };
		struct ov_child child;
		struct ov_arena a;
		void *format = NULL;

		if (!in_memory)
			src = (struct ov_src){ .size = sizeof p, .read = piecewise, .ctx = p };
		ov_arena_init(&a, 1 << 22);
		env.arena = &a;
		assert_int_equal(ov_format_carve.open(&env, &format), OV_OK);
		assert_int_equal(ov_format_carve.next(format, &child), OV_END);
		assert_int_equal(ov_format_carve.open(&env, &format), OV_OK);
		env.is_late = always_late;
		assert_int_equal(ov_format_carve.next(format, &child), OV_LIMIT);
		ov_arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	 cmocka_unit_test(test_zip),
		cmocka_unit_test(test_programs), cmocka_unit_test(test_windows),
		cmocka_unit_test(test_cap),	 cmocka_unit_test(test_late),
		cmocka_unit_test(test_scanners), cmocka_unit_test(test_prefixes_and_flips),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
