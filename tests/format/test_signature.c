/* Authenticode on samples that samples/signed/make.py made: who is trusted, who is blocked, when,
 * and that nothing else is. */
#include "signature.h"

#include <stdlib.h>

#include "testing.h"
#include "text.h"

#define FILE_MAX 8192
#define NOW 1800000000 /* 2027: within the leaf's time, not within the old one's */

struct key {
	struct ov_sign_anchor a;
	uint8_t modulus[512];
};

struct keys {
	struct key root, leaf, old, tsa;
};

static size_t read_file(const char *name, uint8_t *to)
{
	char path[4096];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/signed/%s", getenv("SAMPLES"), name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s: can't be opened", path);
	n = fread(to, 1, FILE_MAX, f);
	(void)fclose(f);
	return n;
}

static void read_key(struct ov_cur *text, struct key *k)
{
	struct ov_str line, name, subject = { .n = 0 }, serial = { .n = 0 };
	size_t n = 0;

	assert_int_equal(ov_cur_line(text, &line), OV_OK);
	assert_true(ov_text_split(&line, ' ', &name) && ov_text_split(&line, ' ', &subject) &&
		    ov_text_split(&line, ' ', &serial));
	assert_int_equal(ov_hex_decode(subject, k->a.subject, 20, &n), OV_OK);
	assert_int_equal(ov_hex_decode(serial, k->a.serial, 20, &n), OV_OK);
	assert_int_equal(ov_hex_decode(line, k->modulus, sizeof k->modulus, &n), OV_OK);
	k->a.modulus = ov_cur_of(k->modulus, n);
	k->a.is_trusted = k->a.has_serial = true;
	k->a.may_code = k->a.may_time = k->a.may_cert = true;
}

static void read_keys(struct keys *k)
{
	static uint8_t bytes[FILE_MAX];
	struct ov_cur text = ov_cur_of(bytes, read_file("keys.txt", bytes));

	read_key(&text, &k->root);
	read_key(&text, &k->leaf);
	read_key(&text, &k->old);
	read_key(&text, &k->tsa);
}

/* The whole judgement on bytes that may be anything. */
static ov_status judge(const uint8_t *p, size_t n, const struct ov_sign_anchor *anchors,
		       size_t nanchors, int64_t now)
{
	const struct ov_src src = ov_src_mem(p, n);
	struct ov_sign_digest claim, is;
	struct ov_arena a;
	struct ov_exe x;
	struct ov_pkcs7 m;
	ov_status s;

	ov_arena_init(&a, 1 << 20);
	s = ov_exe_read(OV_T_MSEXE, &src, &a, &x);
	if (s == OV_OK)
		s = ov_signature_find(&src, &x, &a, &m);
	if (s == OV_OK)
		s = ov_signature_claim(&m, &claim);
	if (s == OV_OK)
		s = ov_signature_digest(&src, &x, claim.kind, &is);
	if (s == OV_OK && memcmp(claim.bytes, is.bytes, is.n) != 0)
		s = OV_BAD;
	if (s == OV_OK)
		s = ov_signature_verify(&m, anchors, nanchors, now, &a);
	ov_arena_free(&a);
	return s;
}

enum who { ROOT, LEAF, OLD, TSA, WHOS };

static void test_trust(void **state)
{
	static const struct {
		const char *what, *file;
		enum who who;
		const char *lacks; /* "code", "time", "cert", "trust", "serial" */
		int64_t now;
		ov_status want;
	} cases[] = {
		{ "no signature", "plain.exe", ROOT, "", NOW, OV_END },
		{ "by the authority's word", "signed.exe", ROOT, "", NOW, OV_OK },
		{ "SHA-1", "sha1.exe", ROOT, "", NOW, OV_OK },
		{ "by the publisher's own", "signed.exe", LEAF, "", NOW, OV_OK },
		{ "which need not certify", "signed.exe", LEAF, "cert", NOW, OV_OK },
		{ "but must sign code", "signed.exe", LEAF, "code", NOW, OV_BAD },
		{ "an authority that may not certify", "signed.exe", ROOT, "cert", NOW, OV_BAD },
		{ "an authority not for code", "signed.exe", ROOT, "code", NOW, OV_BAD },
		{ "an authority not for time", "signed.exe", ROOT, "time", NOW, OV_OK },
		{ "a blocked row trusts nobody", "signed.exe", ROOT, "trust", NOW, OV_BAD },
		{ "somebody else", "signed.exe", TSA, "", NOW, OV_BAD },
		{ "the same key, another number", "signed.exe", OLD, "", NOW, OV_BAD },
		{ "any number of that key", "signed.exe", OLD, "serial", NOW, OV_OK },
		{ "before it was valid", "signed.exe", ROOT, "", 1500000000, OV_BAD },
		{ "after it was valid", "expired.exe", ROOT, "", NOW, OV_BAD },
		{ "while it was valid", "expired.exe", ROOT, "", 1500000000, OV_OK },
		{ "signed in time: RFC 3161", "stamped.exe", ROOT, "", NOW, OV_OK },
		{ "a stamp of nobody's", "stamped.exe", ROOT, "time", NOW, OV_BAD },
		{ "a countersignature's time counts", "counter.exe", ROOT, "", 0, OV_OK },
		{ "if it is trusted", "counter.exe", ROOT, "time", NOW, OV_BAD },
		{ "by somebody", "counter.exe", LEAF, "", NOW, OV_BAD },
	};
	static uint8_t bytes[FILE_MAX];
	struct keys k;

	(void)state;
	read_keys(&k);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_sign_anchor a = cases[i].who == ROOT	 ? k.root.a
					  : cases[i].who == LEAF ? k.leaf.a
					  : cases[i].who == OLD	 ? k.old.a
								 : k.tsa.a;
		const char *lacks = cases[i].lacks;
		const size_t n = read_file(cases[i].file, bytes);
		ov_status s;

		a.may_code = strcmp(lacks, "code") != 0;
		a.may_time = strcmp(lacks, "time") != 0;
		a.may_cert = strcmp(lacks, "cert") != 0;
		a.is_trusted = strcmp(lacks, "trust") != 0;
		a.has_serial = strcmp(lacks, "serial") != 0;
		s = judge(bytes, n, &a, 1, cases[i].now);
		if (s != cases[i].want)
			fail_msg("%s (%s): %s", cases[i].what, cases[i].file, ov_status_name(s));
	}
}

/* Each single byte counts: a flipped one anywhere outside the checksum, or in the padding or what
 * is not signed of the message, never leaves the program signed. */
static void test_flips(void **state)
{
	static uint8_t bytes[FILE_MAX];
	const size_t n = read_file("signed.exe", bytes);
	size_t still = 0;
	struct keys k;

	(void)state;
	read_keys(&k);
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= 0x10;
		if (judge(bytes, n, &k.root.a, 1, NOW) == OV_OK) {
			still++;
			if (i < 1024 && (i < 64 + 88 || i >= 64 + 92)) /* the program itself */
				fail_msg("byte %zu may be changed", i);
		}
		bytes[i] ^= 0x10;
	}
	/* Of the message: versions, the list of digests, an authority's certificate and kin. */
	assert_in_range(still, 4, n - 1024);
	bytes[n] = 0;
	assert_int_not_equal(judge(bytes, n + 1, &k.root.a, 1, NOW), OV_OK);
}

static void test_prefixes(void **state)
{
	static const char *const files[] = { "signed.exe", "stamped.exe", "counter.exe" };
	static uint8_t bytes[FILE_MAX];
	struct keys k;

	(void)state;
	read_keys(&k);
	for (size_t f = 0; f < 3; f++) {
		const size_t n = read_file(files[f], bytes);

		for (size_t i = 0; i < n; i++) { /* in memory of its own: past its end is a fault */
			uint8_t *copy = malloc(i + 1);

			assert_non_null(copy);
			memcpy(copy, bytes, i);
			assert_int_not_equal(judge(copy, i, &k.root.a, 1, NOW), OV_OK);
			free(copy);
		}
	}
}

static void test_ids(void **state)
{
	static uint8_t bytes[FILE_MAX];
	const struct ov_src src = ov_src_mem(bytes, read_file("signed.exe", bytes));
	struct ov_sign_id ids[OV_PKCS7_CERTS_MAX];
	bool is_leaf = false, is_root = false, is_old = false;
	struct ov_arena a;
	struct ov_pkcs7 m;
	struct ov_exe x;
	struct keys k;
	uint32_t n;

	(void)state;
	read_keys(&k);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_exe_read(OV_T_MSEXE, &src, &a, &x), OV_OK);
	assert_int_equal(ov_signature_find(&src, &x, &a, &m), OV_OK);
	n = ov_signature_ids(&m, ids);
	assert_int_equal(n, 2);
	for (uint32_t i = 0; i < n; i++) {
		is_leaf |= ov_signature_is(&ids[i], &k.leaf.a);
		is_root |= ov_signature_is(&ids[i], &k.root.a);
		is_old |= ov_signature_is(&ids[i], &k.old.a); /* the same key and name */
	}
	assert_true(is_leaf && is_root && !is_old);
	ov_arena_free(&a);
}

static void test_catalog(void **state)
{
	static uint8_t list[FILE_MAX], program[FILE_MAX];
	const size_t n = read_file("list.cat", list);
	const struct ov_src src = ov_src_mem(program, read_file("plain.exe", program));
	struct ov_sign_digest d;
	struct ov_pkcs7 m;
	struct ov_arena a;
	struct ov_exe x;
	struct keys k;

	(void)state;
	read_keys(&k);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_exe_read(OV_T_MSEXE, &src, &a, &x), OV_OK);
	assert_int_equal(ov_signature_digest(&src, &x, OV_PKCS7_SHA1, &d), OV_OK);
	assert_int_equal(ov_pkcs7_read(ov_cur_of(list, n), &m), OV_OK);
	assert_true(ov_signature_lists(&m, &d));
	assert_int_equal(ov_signature_verify(&m, &k.root.a, 1, NOW, &a), OV_OK);
	d.bytes[0] ^= 1;
	assert_false(ov_signature_lists(&m, &d));
	for (size_t i = 0; i + 1 < n; i++)
		assert_int_not_equal(ov_pkcs7_read(ov_cur_of(list, i), &m), OV_OK);
	ov_arena_free(&a);
}

static void test_times(void **state)
{
	static const struct {
		uint8_t tag;
		const char *text;
		ov_status want;
		int64_t seconds;
	} cases[] = {
		{ OV_DER_UTC_TIME, "700101000000Z", OV_OK, 0 },
		{ OV_DER_UTC_TIME, "000229123456Z", OV_OK, 951827696 },
		{ OV_DER_UTC_TIME, "491231235959Z", OV_OK, 2524607999 },
		{ OV_DER_TIME, "21200101000000Z", OV_OK, 4733510400 },
		{ OV_DER_TIME, "20170714024000.5Z", OV_OK, 1500000000 },
		{ OV_DER_TIME, "20170714024000", OV_BAD, 0 },
		{ OV_DER_UTC_TIME, "7001010000Z", OV_BAD, 0 },
		{ OV_DER_UTC_TIME, "701301000000Z", OV_BAD, 0 },
		{ OV_DER_UTC_TIME, "7001x1000000Z", OV_BAD, 0 },
		{ OV_DER_OCTETS, "700101000000Z", OV_BAD, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct ov_der v = { .tag = cases[i].tag,
					  .body = ov_cur_of(cases[i].text, strlen(cases[i].text)) };
		int64_t t = 0;

		if (ov_der_time(&v, &t) != cases[i].want || t != cases[i].seconds)
			fail_msg("%s: %lld", cases[i].text, (long long)t);
	}
}

/* Lengths that lie, and forms that DER does not have. */
static void test_der(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t n;
		ov_status want;
		size_t body;
	} cases[] = {
		{ "nothing", "", 0, OV_END, 0 },
		{ "no length", "\x30", 1, OV_SHORT, 0 },
		{ "empty", "\x30\x00", 2, OV_OK, 0 },
		{ "short form", "\x04\x02xy", 4, OV_OK, 2 },
		{ "cut", "\x04\x03xy", 4, OV_SHORT, 0 },
		{ "long form", "\x04\x81\x02xy", 5, OV_OK, 2 },
		{ "four bytes of length", "\x04\x84\x00\x00\x00\x01x", 7, OV_OK, 1 },
		{ "five", "\x04\x85\x00\x00\x00\x00\x01x", 8, OV_BAD, 0 },
		{ "huge", "\x04\x84\xff\xff\xff\xffx", 7, OV_SHORT, 0 },
		{ "indefinite", "\x30\x80\x00\x00", 4, OV_BAD, 0 },
		{ "a tag of more bytes", "\x1f\x81\x01\x00", 4, OV_BAD, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ov_cur c = ov_cur_of(cases[i].bytes, cases[i].n);
		struct ov_der v = { 0 };

		if (ov_der_next(&c, &v) != cases[i].want || v.body.len != cases[i].body)
			fail_msg("%s", cases[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),	 cmocka_unit_test(test_flips),
		cmocka_unit_test(test_prefixes), cmocka_unit_test(test_ids),
		cmocka_unit_test(test_catalog),	 cmocka_unit_test(test_times),
		cmocka_unit_test(test_der),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
