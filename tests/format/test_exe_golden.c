/*
 * Facts of real linkers' programs against golden texts: samples/NAME and samples/NAME.txt. make.sh
 * there makes the programs. GOLDEN=write in the environment rewrites the texts; a person reads the
 * difference.
 */
#include "buf.h"
#include "digest.h"
#include "exe.h"
#include "text.h"

#include <stdlib.h>

#include "testing.h"

static size_t read_file(const char *name, uint8_t *to, size_t max)
{
	char path[4096];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/%s", getenv("SAMPLES"), name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s: can't be opened", path);
	n = fread(to, 1, max, f);
	(void)fclose(f);
	return n;
}

static void write_file(const char *name, const struct ov_buf *b)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", getenv("SAMPLES"), name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
	assert_int_equal(fclose(f), 0);
}

/* Appends; the tests end at the first failure. */
#define SAY(b, ...) assert_int_equal(ov_buf_fmt((b), __VA_ARGS__), OV_OK)
#define ARG(s) (int)(s).n, (s).p != NULL ? (s).p : ""

static void say_hash(struct ov_buf *b, const struct ov_exe *x)
{
	uint8_t digest[OV_DIGEST_MAX];
	struct ov_hasher *h = NULL;
	uint64_t size = 0;
	char hex[33];

	assert_int_equal(ov_hasher_new(OV_MD5, &h), OV_OK);
	if (ov_exe_imphash(x, h, digest, &size) == OV_OK) {
		ov_hex_encode(digest, 16, hex);
		SAY(b, "imphash %s:%llu\n", hex, (unsigned long long)size);
	}
	ov_hasher_free(&h);
}

static void say(struct ov_buf *b, const struct ov_exe *x)
{
	SAY(b, "%s machine %#x%s%s\n", ov_type_name(x->type), x->machine, x->is_64 ? " 64-bit" : "",
	    x->is_library ? " library" : "");
	if (x->has_entry)
		SAY(b, "entry %#llx\n", (unsigned long long)x->entry);
	SAY(b, "end %#llx%s%s\n", (unsigned long long)x->end, x->is_cut ? " cut" : "",
	    x->is_capped ? " capped" : "");
	if (x->broken != NULL)
		SAY(b, "broken: %s\n", x->broken);
	for (uint32_t i = 0; i < x->nsections; i++)
		SAY(b, "section %u %.*s off %#llx size %#llx addr %#llx vsize %#llx flags %#x\n", i,
		    ARG(x->sections[i].name), (unsigned long long)x->sections[i].off,
		    (unsigned long long)x->sections[i].size,
		    (unsigned long long)x->sections[i].addr,
		    (unsigned long long)x->sections[i].vsize, x->sections[i].flags);
	for (uint32_t i = 0; i < x->nimports; i++)
		SAY(b, "import %.*s %.*s%s\n", ARG(x->imports[i].library),
		    ARG(x->imports[i].symbol), x->imports[i].is_delayed ? " delayed" : "");
	for (uint32_t i = 0; i < x->nversions; i++)
		SAY(b, "version at %#llx, %llu bytes: %.*s = %.*s\n",
		    (unsigned long long)x->versions[i].off, (unsigned long long)x->versions[i].size,
		    ARG(x->versions[i].key), ARG(x->versions[i].value));
	say_hash(b, x);
}

static void check(const char *name, enum ov_type type)
{
	static uint8_t bytes[65536], want[65536];
	const size_t n = read_file(name, bytes, sizeof bytes);
	const struct ov_src src = ov_src_mem(bytes, n);
	struct ov_buf got = ov_buf_of(sizeof want);
	char golden[256];
	struct ov_arena a;
	struct ov_exe x;

	assert_int_equal(
	    ov_type_detect(ov_cur_of(bytes, n < OV_TYPE_HEAD ? n : OV_TYPE_HEAD), &src), type);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_exe_read(type, &src, &a, &x), OV_OK);
	say(&got, &x);
	(void)snprintf(golden, sizeof golden, "%s.txt", name);
	if (getenv("GOLDEN") != NULL) {
		write_file(golden, &got);
	} else if (read_file(golden, want, sizeof want) != got.n ||
		   memcmp(want, got.p, got.n) != 0) {
		fail_msg("%s differs from %s:\n%.*s", name, golden, (int)got.n,
			 (const char *)got.p);
	}
	ov_buf_free(&got);
	ov_arena_free(&a);
}

static void test_pe32(void **state)
{
	(void)state;
	check("version32.exe", OV_T_MSEXE);
}

static void test_pe64(void **state)
{
	(void)state;
	check("version64.dll", OV_T_MSEXE);
}

static void test_elf(void **state)
{
	(void)state;
	check("static.elf", OV_T_ELF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pe32),
		cmocka_unit_test(test_pe64),
		cmocka_unit_test(test_elf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
