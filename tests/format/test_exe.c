/* Facts of programs, on small files that the tests lay out themselves. */
#include "exe.h"

#include "text.h"

#include "testing.h"

/* A file being made: numbers little-endian at a place. */
static void put(uint8_t *p, size_t at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[at + i] = (uint8_t)(v >> (8 * i));
}

#define PE_SIZE 2048u

/*
 * PE32: headers to 0x200, .text at 0x200 (rva 0x1000), .rdata with imports at 0x400 (rva 0x2000),
 * 0x600 end of sections, overlay to PE_SIZE.
 */
static void make_pe(uint8_t p[PE_SIZE])
{
	memset(p, 0, PE_SIZE);
	memcpy(p, "MZ", 2);
	put(p, 60, 0x80, 4);
	memcpy(p + 0x80, "PE\0\0", 4);
	put(p, 0x84, 0x14c, 2);
	put(p, 0x86, 2, 2);
	put(p, 0x94, 0xe0, 2);
	put(p, 0x98, 0x10b, 2);
	put(p, 0x98 + 16, 0x1010, 4);	/* entry */
	put(p, 0x98 + 28, 0x400000, 4); /* base */
	put(p, 0x98 + 32, 0x1000, 4);
	put(p, 0x98 + 36, 0x200, 4);
	put(p, 0x98 + 60, 0x200, 4); /* headers */
	put(p, 0x98 + 92, 16, 4);
	put(p, 0x98 + 96 + 8, 0x2000, 4); /* imports */
	memcpy(p + 0x178, ".text", 5);
	put(p, 0x178 + 8, 0x100, 4);
	put(p, 0x178 + 12, 0x1000, 4);
	put(p, 0x178 + 16, 0x200, 4);
	put(p, 0x178 + 20, 0x200, 4);
	memcpy(p + 0x1a0, ".rdatalg", 8); /* a name without NUL */
	put(p, 0x1a0 + 8, 0x100, 4);
	put(p, 0x1a0 + 12, 0x2000, 4);
	put(p, 0x1a0 + 16, 0x200, 4);
	put(p, 0x1a0 + 20, 0x400, 4);
	put(p, 0x400, 0x2040, 4);
	put(p, 0x40c, 0x2080, 4);
	put(p, 0x410, 0x2060, 4);
	put(p, 0x440, 0x20a0, 4);
	put(p, 0x444, 0x80000000u | 17, 4);
	memcpy(p + 0x480, "KERNEL32.dll", 12);
	memcpy(p + 0x4a0, "\0\0ExitProcess", 13);
}

static ov_status facts(enum ov_type t, const uint8_t *p, size_t n, struct ov_arena *a,
		       struct ov_exe *x)
{
	const struct ov_src src = ov_src_mem(p, n);

	return ov_exe_read(t, &src, a, x);
}

static void test_pe(void **state)
{
	uint8_t p[PE_SIZE], hash[OV_DIGEST_MAX], want[OV_DIGEST_MAX];
	struct ov_hasher *h = NULL;
	struct ov_arena a;
	struct ov_exe x;
	uint64_t hashed = 0;

	(void)state;
	make_pe(p);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(facts(OV_T_MSEXE, p, sizeof p, &a, &x), OV_OK);
	assert_null(x.broken);
	assert_int_equal(x.machine, 0x14c);
	assert_false(x.is_64 || x.is_library || x.is_cut || x.is_capped);
	assert_true(x.has_entry);
	assert_int_equal(x.entry, 0x210);
	assert_int_equal(x.nsections, 2);
	assert_true(ov_str_is(x.sections[0].name, ".text"));
	assert_true(ov_str_is(x.sections[1].name, ".rdatalg"));
	assert_int_equal(x.sections[1].off, 0x400);
	assert_int_equal(x.sections[1].size, 0x200);
	assert_int_equal(x.sections[1].addr, 0x2000);
	assert_int_equal(x.end, 0x600);
	assert_int_equal(x.nimports, 2);
	assert_true(ov_str_is(x.imports[0].library, "KERNEL32.dll"));
	assert_true(ov_str_is(x.imports[0].symbol, "ExitProcess"));
	assert_true(ov_str_is(x.imports[1].symbol, "ord17"));
	assert_int_equal(ov_hasher_new(OV_MD5, &h), OV_OK);
	assert_int_equal(ov_exe_imphash(&x, h, hash, &hashed), OV_OK);
	assert_int_equal(ov_hasher_once(h, "kernel32.exitprocess,kernel32.ord17", 35, want), OV_OK);
	assert_memory_equal(hash, want, 16);
	assert_int_equal(hashed, 35);
	ov_hasher_free(&h);
	ov_arena_free(&a);
}

/* What text an import becomes before it is hashed; the rules are those of `sigtool --imp` 1.4.6. */
static void test_imphash_rules(void **state)
{
	static const struct {
		const char *what, *library, *symbol, *want;
		uint16_t ordinal;
		bool is_ordinal, is_delayed;
	} cases[] = {
		{ "lower case, no extension", "KERNEL32.dll", "ExitProcess", "kernel32.exitprocess",
		  0, 0, 0 },
		{ "the extension's own case", "a.SyS", "x", "a.x", 0, 0, 0 },
		{ "an ordinal", "mfc42.dll", "ord5", "mfc42.ord5", 5, 1, 0 },
		{ "an ordinal with a name", "WS2_32.DLL", "ord151", "ws2_32.__wsafdisset", 151, 1,
		  0 },
		{ "the older library", "wsock32.dll", "ord1", "wsock32.accept", 1, 1, 0 },
		{ "a number that has no name", "ws2_32.dll", "ord999", "ws2_32.ord999", 999, 1, 0 },
		{ "automation", "OLEAUT32.dll", "ord2", "oleaut32.sysallocstring", 2, 1, 0 },
		{ "only that very library", "ws2_32.ocx", "ord1", "ws2_32.ord1", 1, 1, 0 },
		{ "another extension stays", "winspool.drv", "a", "winspool.drv.a", 0, 0, 0 },
		{ "the first dot counts", "a.b.dll", "a", "a.b.dll.a", 0, 0, 0 },
		{ "from the first dot on", "a.dllx", "a", "a.a", 0, 0, 0 },
		{ "a short end", "a.dl", "a", "a.dl.a", 0, 0, 0 },
		{ "no name", "a.dll", "", "a.", 0, 0, 0 },
		{ "delayed ones don't count", "a.dll", "x", NULL, 0, 0, 1 },
	};
	uint8_t got[OV_DIGEST_MAX], want[OV_DIGEST_MAX];
	struct ov_hasher *h = NULL;

	(void)state;
	assert_int_equal(ov_hasher_new(OV_MD5, &h), OV_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_import im = { .library = ov_str_of(cases[i].library),
					.symbol = ov_str_of(cases[i].symbol),
					.ordinal = cases[i].ordinal,
					.is_ordinal = cases[i].is_ordinal,
					.is_delayed = cases[i].is_delayed };
		const struct ov_exe x = { .type = OV_T_MSEXE, .imports = &im, .nimports = 1 };
		uint64_t size = 0;
		const ov_status s = ov_exe_imphash(&x, h, got, &size);

		if (cases[i].want == NULL) {
			if (s != OV_END)
				fail_msg("%s: hashed", cases[i].what);
			continue;
		}
		assert_int_equal(ov_hasher_once(h, cases[i].want, strlen(cases[i].want), want),
				 OV_OK);
		if (s != OV_OK || size != strlen(cases[i].want) || memcmp(got, want, 16) != 0)
			fail_msg("%s", cases[i].what);
	}
	ov_hasher_free(&h);
}

/* What liars write into a header, and what is left of the facts. */
static void test_pe_tricks(void **state)
{
	static const struct {
		const char *what;
		size_t at, n;
		uint64_t value;
		const char *broken;
		uint32_t sections;
		long long entry; /* -1: none */
	} cases[] = {
		{ "as it is", 0, 1, 'M', NULL, 2, 0x210 },
		{ "entry in the headers", 0x98 + 16, 4, 0x20, NULL, 2, 0x20 },
		{ "entry outside", 0x98 + 16, 4, 0x900000, "the entry point lies in no section", 2,
		  -1 },
		{ "no sections", 0x86, 2, 0, "there are no sections", 0, -1 },
		{ "a section past the end", 0x178 + 20, 4, 0x100000,
		  "a section lies past the end of the file", 2, -1 },
		{ "an odd raw offset is rounded down", 0x178 + 20, 4, 0x2ff, NULL, 2, 0x210 },
		{ "a raw size past the end is cut", 0x1a0 + 16, 4, 0x10000, NULL, 2, 0x210 },
		{ "no file alignment", 0x98 + 36, 4, 0, "the file alignment is no power of two", 2,
		  0x210 },
		{ "an unknown optional header", 0x98, 2, 0x777,
		  "the optional header is of no known kind", 2, 0x210 },
		{ "imports outside", 0x98 + 104, 4, 0x99999, "the import table lies in no section",
		  2, 0x210 },
		{ "a name outside", 0x440, 4, 0x99999, "an import table is broken", 2, 0x210 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ov_arena a;
		struct ov_exe x;
		uint8_t p[PE_SIZE];

		make_pe(p);
		put(p, cases[i].at, cases[i].value, cases[i].n);
		ov_arena_init(&a, 1 << 20);
		ov_expect_eq(cases[i].what, facts(OV_T_MSEXE, p, sizeof p, &a, &x), OV_OK);
		ov_expect(cases[i].what, (x.broken == NULL) == (cases[i].broken == NULL));
		if (cases[i].broken != NULL)
			assert_string_equal(x.broken, cases[i].broken);
		ov_expect_eq(cases[i].what, x.nsections, cases[i].sections);
		ov_expect_eq(cases[i].what, x.has_entry ? (long long)x.entry : -1, cases[i].entry);
		ov_arena_free(&a);
	}
}

static void test_pe_many_sections(void **state)
{
	uint8_t p[PE_SIZE];
	struct ov_arena a;
	struct ov_exe x;

	(void)state;
	make_pe(p);
	put(p, 0x86, 65535, 2);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(facts(OV_T_MSEXE, p, sizeof p, &a, &x), OV_OK);
	assert_int_equal(x.nsections, (PE_SIZE - 0x178) / 40);
	assert_string_equal(x.broken, "more sections than Windows loads");
	assert_true(x.is_cut && x.is_capped);
	ov_arena_free(&a);
}

static void test_dos(void **state)
{
	uint8_t p[700] = "MZ";
	struct ov_arena a;
	struct ov_exe x;

	(void)state;
	put(p, 2, 100, 2);
	put(p, 4, 2, 2); /* 512 + 100 bytes */
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(facts(OV_T_MSEXE, p, sizeof p, &a, &x), OV_OK);
	assert_int_equal(x.end, 612);
	assert_false(x.has_entry || x.is_cut);
	assert_int_equal(facts(OV_T_MSEXE, (const uint8_t *)"MZ", 2, &a, &x), OV_OK);
	assert_non_null(x.broken);
	assert_int_equal(facts(OV_T_MSEXE, (const uint8_t *)"MY", 2, &a, &x), OV_BAD);
	assert_int_equal(facts(OV_T_ELF, (const uint8_t *)"MZ", 2, &a, &x), OV_BAD);
	assert_int_equal(facts(OV_T_ZIP, (const uint8_t *)"PK", 2, &a, &x), OV_UNSUPPORTED);
	ov_arena_free(&a);
}

#define ELF_SIZE 1024u

static void put_order(uint8_t *p, size_t at, uint64_t v, size_t n, bool is_be)
{
	for (size_t i = 0; i < n; i++)
		p[at + (is_be ? n - 1 - i : i)] = (uint8_t)(v >> (8 * i));
}

/* 64-bit library: one PT_LOAD of all at 0x10000, PT_DYNAMIC at 0x200, texts at 0x280, symbols at
 * 0x240; 3 sections. */
static void make_elf(uint8_t p[ELF_SIZE], bool be)
{
	static const uint64_t dynamic[][2] = {
		{ 1, 1 }, { 5, 0x10280 }, { 6, 0x10240 }, { 10, 0x40 }
	};
	static const struct {
		uint64_t name, type, addr, off, size;
	} sections[] = { { 0, 0, 0, 0, 0 },
			 { 20, 1, 0x10100, 0x100, 0x20 },
			 { 26, 8, 0x20000, 0x120, 0x1000 } };

	memset(p, 0, ELF_SIZE);
	memcpy(p,
	       "\x7f"
	       "ELF\2",
	       5);
	p[5] = be ? 2 : 1;
	put_order(p, 16, 3, 2, be);
	put_order(p, 18, 62, 2, be);
	put_order(p, 24, 0x10108, 8, be);
	put_order(p, 32, 64, 8, be);
	put_order(p, 40, 0x300, 8, be);
	put_order(p, 54, 56, 2, be);
	put_order(p, 56, 2, 2, be);
	put_order(p, 58, 64, 2, be);
	put_order(p, 60, 4, 2, be);
	put_order(p, 62, 3, 2, be);
	put_order(p, 64, 1, 4, be); /* PT_LOAD */
	put_order(p, 64 + 16, 0x10000, 8, be);
	put_order(p, 64 + 32, ELF_SIZE, 8, be);
	put_order(p, 120, 2, 4, be); /* PT_DYNAMIC */
	put_order(p, 120 + 8, 0x1c0, 8, be);
	put_order(p, 120 + 16, 0x101c0, 8, be);
	put_order(p, 120 + 32, 0x50, 8, be);
	for (size_t i = 0; i < 4; i++) {
		put_order(p, 0x1c0 + i * 16, dynamic[i][0], 8, be);
		put_order(p, 0x1c0 + i * 16 + 8, dynamic[i][1], 8, be);
	}
	put_order(p, 0x240 + 24, 11, 4, be); /* symbol 1: "printf", elsewhere */
	memcpy(p + 0x280, "\0libc.so.6\0printf\0\0\0.text\0.bss", 31);
	for (size_t i = 0; i < 3; i++) {
		const size_t at = 0x300 + i * 64;

		put_order(p, at, sections[i].name, 4, be);
		put_order(p, at + 4, sections[i].type, 4, be);
		put_order(p, at + 16, sections[i].addr, 8, be);
		put_order(p, at + 24, sections[i].off, 8, be);
		put_order(p, at + 32, sections[i].size, 8, be);
	}
	put_order(p, 0x300 + 3 * 64 + 4, 3, 4, be); /* .shstrtab */
	put_order(p, 0x300 + 3 * 64 + 24, 0x280, 8, be);
	put_order(p, 0x300 + 3 * 64 + 32, 0x40, 8, be);
}

static void test_elf(void **state)
{
	(void)state;
	for (int be = 0; be < 2; be++) {
		const char *what = be ? "big-endian" : "little-endian";
		uint8_t p[ELF_SIZE];
		struct ov_arena a;
		struct ov_exe x;

		make_elf(p, be);
		ov_arena_init(&a, 1 << 20);
		ov_expect_eq(what, facts(OV_T_ELF, p, sizeof p, &a, &x), OV_OK);
		if (x.broken != NULL)
			fail_msg("%s: %s", what, x.broken);
		ov_expect(what, x.is_64 && x.is_library && x.has_entry && !x.is_cut);
		ov_expect_eq(what, x.machine, 62);
		ov_expect_eq(what, x.entry, 0x108);
		ov_expect_eq(what, x.nsections, 4);
		ov_expect_eq(what, x.sections[0].size, 0);
		ov_expect(what, ov_str_is(x.sections[1].name, ".text"));
		ov_expect_eq(what, x.sections[1].off, 0x100);
		ov_expect_eq(what, x.sections[2].size, 0); /* NOBITS */
		ov_expect_eq(what, x.sections[2].vsize, 0x1000);
		ov_expect_eq(what, x.end, ELF_SIZE);
		ov_expect_eq(what, x.nimports, 2);
		ov_expect(what, ov_str_is(x.imports[0].library, "libc.so.6"));
		ov_expect(what, ov_str_is(x.imports[1].symbol, "printf"));
		ov_arena_free(&a);
	}
}

static void test_elf_tricks(void **state)
{
	static const struct {
		const char *what;
		size_t at, n;
		uint64_t value;
		const char *broken;
		uint32_t sections;
		bool has_entry;
	} cases[] = {
		{ "no section table", 40, 8, 0, NULL, 0, true },
		{ "a section table past the end", 40, 8, 0x99999, "the section table is broken", 0,
		  true },
		{ "section records too small", 58, 2, 8, "the section table is broken", 0, true },
		{ "more sections than room", 60, 2, 9, "the section table is broken", 4, true },
		{ "an entry outside", 24, 8, 0x999999, "the entry point lies in no segment", 4,
		  false },
		{ "program headers past the end", 32, 8, 0x99999, "the program headers are broken",
		  4, false },
		{ "program headers at the end of all numbers", 32, 8, UINT64_MAX - 8,
		  "the program headers are broken", 4, false },
		{ "a segment whose place wraps", 64 + 8, 8, UINT64_MAX,
		  "the entry point lies in no segment", 4, false },
		{ "texts outside", 0x1c0 + 24, 8, 0x99999999, "the dynamic segment is broken", 4,
		  true },
		{ "a class that does not exist", 4, 1, 7,
		  "the class or the byte order is none that exists", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t p[ELF_SIZE];
		struct ov_arena a;
		struct ov_exe x;

		make_elf(p, false);
		put(p, cases[i].at, cases[i].value, cases[i].n);
		ov_arena_init(&a, 1 << 20);
		ov_expect_eq(cases[i].what, facts(OV_T_ELF, p, sizeof p, &a, &x), OV_OK);
		ov_expect(cases[i].what, (x.broken == NULL) == (cases[i].broken == NULL));
		if (cases[i].broken != NULL)
			assert_string_equal(x.broken, cases[i].broken);
		if (i + 1 < sizeof cases / sizeof cases[0]) {
			ov_expect_eq(cases[i].what, x.nsections, cases[i].sections);
			ov_expect_eq(cases[i].what, x.has_entry, cases[i].has_entry);
		}
		ov_arena_free(&a);
	}
}

#define MACHO_SIZE 1024u

/* 32 or 64 bits: __TEXT of all at 0x1000 with one section, a library, a symbol from elsewhere, and
 * an entry. */
static void make_macho(uint8_t p[MACHO_SIZE], bool wide, bool be, bool by_thread)
{
	const size_t w = wide ? 8 : 4, head = wide ? 32 : 28, seg = wide ? 72 : 56,
		     sec = wide ? 80 : 68;
	size_t at = head;

	memset(p, 0, MACHO_SIZE);
	put_order(p, 0, wide ? 0xfeedfacf : 0xfeedface, 4, be);
	put_order(p, 4, wide ? 0x01000007 : 7, 4, be);
	put_order(p, 12, 2, 4, be);
	put_order(p, 16, 4, 4, be);
	put_order(p, at, wide ? 0x19 : 1, 4, be);
	put_order(p, at + 4, seg + sec, 4, be);
	memcpy(p + at + 8, "__TEXT", 6);
	put_order(p, at + 24, 0x1000, w, be);
	put_order(p, at + 24 + w, 0x2000, w, be);
	put_order(p, at + 24 + 3 * w, MACHO_SIZE, w, be);
	put_order(p, at + 24 + 4 * w + 8, 1, 4, be);
	memcpy(p + at + seg, "__text", 6);
	memcpy(p + at + seg + 16, "__TEXT", 6);
	put_order(p, at + seg + 32, 0x1200, w, be);
	put_order(p, at + seg + 32 + w, 0x80, w, be);
	put_order(p, at + seg + 32 + 2 * w, 0x200, 4, be);
	at += seg + sec;
	put_order(p, at, 0xc, 4, be);
	put_order(p, at + 4, 40, 4, be);
	put_order(p, at + 8, 24, 4, be);
	memcpy(p + at + 24, "/lib/x.dylib", 12);
	at += 40;
	put_order(p, at, 2, 4, be);
	put_order(p, at + 4, 24, 4, be);
	put_order(p, at + 8, 0x300, 4, be);
	put_order(p, at + 12, 1, 4, be);
	put_order(p, at + 16, 0x340, 4, be);
	put_order(p, at + 20, 16, 4, be);
	at += 24;
	put_order(p, 0x300, 1, 4, be);
	p[0x304] = 1;
	memcpy(p + 0x341, "_printf", 7);
	if (by_thread) {
		put_order(p, at, 5, 4, be);
		put_order(p, at + 4, wide ? 184 : 80, 4, be);
		put_order(p, at + 8, wide ? 4 : 1, 4, be);
		put_order(p, at + 16 + (wide ? 16 * 8 : 10 * 4), 0x1210, w, be);
		at += wide ? 184 : 80;
	} else {
		put_order(p, at, 0x80000028, 4, be);
		put_order(p, at + 4, 24, 4, be);
		put_order(p, at + 8, 0x210, 8, be);
		at += 24;
	}
	put_order(p, 20, at - head, 4, be);
}

static void test_macho(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 8; kind++) {
		char what[32];
		uint8_t p[MACHO_SIZE];
		struct ov_arena a;
		struct ov_exe x;

		(void)snprintf(what, sizeof what, "wide %u, be %u, thread %u", kind & 1,
			       kind >> 1 & 1, kind >> 2);
		make_macho(p, kind & 1, kind >> 1 & 1, kind >> 2);
		ov_arena_init(&a, 1 << 20);
		ov_expect_eq(what, facts(OV_T_MACHO, p, sizeof p, &a, &x), OV_OK);
		if (x.broken != NULL)
			fail_msg("%s: %s", what, x.broken);
		ov_expect_eq(what, x.is_64, kind & 1);
		ov_expect_eq(what, x.machine, 7);
		ov_expect(what, x.has_entry && !x.is_cut && !x.is_library);
		ov_expect_eq(what, x.entry, 0x210);
		ov_expect_eq(what, x.nsections, 1);
		ov_expect(what, ov_str_is(x.sections[0].name, "__text"));
		ov_expect_eq(what, x.sections[0].off, 0x200);
		ov_expect_eq(what, x.sections[0].size, 0x80);
		ov_expect_eq(what, x.sections[0].addr, 0x1200);
		ov_expect_eq(what, x.nimports, 2);
		ov_expect(what, ov_str_is(x.imports[0].library, "/lib/x.dylib"));
		ov_expect(what, ov_str_is(x.imports[1].symbol, "_printf"));
		ov_arena_free(&a);
	}
}

static void test_macho_tricks(void **state)
{
	static const struct {
		const char *what;
		size_t at, n;
		uint64_t value;
		const char *broken;
	} cases[] = {
		{ "as it is", 0, 1, 0xcf, NULL },
		{ "more commands than there are", 16, 4, 9, "the load commands are broken" },
		{ "a command of size 0", 36, 4, 0, "the load commands are broken" },
		{ "a command past the others", 36, 4, 0x90000000, "the load commands are broken" },
		{ "more sections than room", 32 + 64, 4, 1000, "a load command is broken" },
		{ "a library name outside", 32 + 152 + 8, 4, 4000, "a load command is broken" },
		{ "a symbol name outside", 0x300, 4, 4000, "the symbol table is broken" },
		{ "an entry outside", 32 + 152 + 40 + 24 + 8, 8, 1 << 20,
		  "a load command is broken" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t p[MACHO_SIZE];
		struct ov_arena a;
		struct ov_exe x;

		make_macho(p, true, false, false);
		put(p, cases[i].at, cases[i].value, cases[i].n);
		ov_arena_init(&a, 1 << 20);
		ov_expect_eq(cases[i].what, facts(OV_T_MACHO, p, sizeof p, &a, &x), OV_OK);
		if (cases[i].broken == NULL)
			ov_expect(cases[i].what, x.broken == NULL);
		else
			assert_string_equal(x.broken, cases[i].broken);
		ov_arena_free(&a);
	}
}

/* Whatever the bytes: sections and entry lie in the file, lists are as long as told. */
static void check_claims(const struct ov_exe *x, size_t size)
{
	assert_true(x->end <= size);
	assert_true(!x->has_entry || x->entry < size);
	for (uint32_t i = 0; i < x->nsections; i++)
		if (x->sections[i].size > 0)
			assert_true(x->sections[i].off <= size &&
				    x->sections[i].size <= size - x->sections[i].off);
	for (uint32_t i = 0; i < x->nversions; i++)
		assert_true(x->versions[i].off <= size &&
			    x->versions[i].size <= size - x->versions[i].off);
}

static void read_calmly(enum ov_type t, const uint8_t *p, size_t n)
{
	uint8_t *copy = test_malloc(n + (n == 0));
	struct ov_arena a;
	struct ov_exe x;

	memcpy(copy, p, n);
	ov_arena_init(&a, 1 << 20);
	if (facts(t, copy, n, &a, &x) == OV_OK)
		check_claims(&x, n);
	ov_arena_free(&a);
	test_free(copy);
}

static void test_prefixes_and_flips(void **state)
{
	uint8_t pe[PE_SIZE], elf[ELF_SIZE], macho[MACHO_SIZE];

	(void)state;
	make_pe(pe);
	make_elf(elf, false);
	make_macho(macho, false, true, true);
	for (size_t n = 0; n <= MACHO_SIZE; n++)
		read_calmly(OV_T_MACHO, macho, n);
	for (size_t bit = 0; bit < 0x350u * 8; bit++) {
		macho[bit / 8] ^= (uint8_t)(1u << bit % 8);
		read_calmly(OV_T_MACHO, macho, MACHO_SIZE);
		macho[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n <= 0x600; n++)
		read_calmly(OV_T_MSEXE, pe, n);
	for (size_t n = 0; n <= ELF_SIZE; n++)
		read_calmly(OV_T_ELF, elf, n);
	for (size_t bit = 0; bit < 0x4b0u * 8; bit++) {
		pe[bit / 8] ^= (uint8_t)(1u << bit % 8);
		read_calmly(OV_T_MSEXE, pe, PE_SIZE);
		pe[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < ELF_SIZE * 8; bit++) {
		elf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		read_calmly(OV_T_ELF, elf, ELF_SIZE);
		elf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* The same bytes through a read function, in small pieces, give the same facts; and each request
 * may fail. */
struct slow {
	const uint8_t *p;
	size_t n;
};

static ov_status slow_read(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct slow *s = ctx;
	const size_t some = n < 100 ? n : 100;

	memcpy(to, s->p + off, some);
	*got = some;
	return OV_OK;
}

static void same_facts(enum ov_type t, const uint8_t *p, size_t n)
{
	struct slow slow = { .p = p, .n = n };
	const struct ov_src src = { .size = n, .read = slow_read, .ctx = &slow };
	struct ov_arena a, b;
	struct ov_exe x, y;
	ov_status s;

	ov_arena_init(&a, 1 << 20);
	ov_arena_init(&b, 1 << 20);
	assert_int_equal(facts(t, p, n, &a, &x), OV_OK);
	assert_int_equal(ov_exe_read(t, &src, &b, &y), OV_OK);
	assert_int_equal(x.nsections, y.nsections);
	assert_int_equal(x.entry, y.entry);
	assert_int_equal(x.nimports, y.nimports);
	for (uint32_t i = 0; i < x.nimports; i++)
		assert_true(ov_str_eq(x.imports[i].symbol, y.imports[i].symbol));
	for (uint32_t i = 0; i < x.nsections; i++)
		assert_true(ov_str_eq(x.sections[i].name, y.sections[i].name));
	for (long k = 0;; k++) {
		ov_arena_reset(&b, 0);
		b.fail_in = k;
		s = ov_exe_read(t, &src, &b, &y);
		if (s == OV_OK)
			break;
		assert_int_equal(s, OV_NOMEM);
	}
	ov_arena_free(&a);
	ov_arena_free(&b);
}

static void test_sources_and_faults(void **state)
{
	uint8_t pe[PE_SIZE], elf[ELF_SIZE], macho[MACHO_SIZE];

	(void)state;
	make_pe(pe);
	make_elf(elf, true);
	make_macho(macho, true, true, true);
	same_facts(OV_T_MACHO, macho, sizeof macho);
	same_facts(OV_T_MSEXE, pe, sizeof pe);
	same_facts(OV_T_ELF, elf, sizeof elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pe),
		cmocka_unit_test(test_imphash_rules),
		cmocka_unit_test(test_pe_tricks),
		cmocka_unit_test(test_pe_many_sections),
		cmocka_unit_test(test_dos),
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_elf_tricks),
		cmocka_unit_test(test_macho),
		cmocka_unit_test(test_macho_tricks),
		cmocka_unit_test(test_prefixes_and_flips),
		cmocka_unit_test(test_sources_and_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
