/* Containers: signed by a test key, changed byte by byte, and the genuine one when it is at hand.
 */
#include "testing.h"

#include <openssl/bn.h>
#include <stdlib.h>
#include <zlib.h>

#include "build_text.h"
#include "cvd.h"
#include "text.h"

/* A 1024-bit RSA key made for these tests (both halves are here on purpose). */
static const char test_modulus[] =
    "D50588AF35ABE3708969D8F2BF15C175703F60E2EBFF516D328D889DDDA004CE"
    "F206E3EC921FC637600DA0C7FC1F9E41C4E53FD5103D671C4580704BC94808CF"
    "0756696EF82E3A2A3FB99D3C14320B4A8B794AFFBFC356083BA3903A378BB796"
    "BC0B553EAAA327935DB34299A145850B6F929E8442B06931DBB9AD5999B72705";
static const char test_private[] =
    "CDEF7D7CC4C79F8E004D80F1BF253AD5C9ED2078D1F867821514E710646E73D8"
    "F7081431837B35ED9947534E582A1B601C566A6C0248F382D95F855D2BD8BCAC"
    "5732B4DAA37E7AD9D81ABE445F6DBCB9145F36FE8C568915F88843942F3164DC"
    "744890A90E14AF19FE84BD080931B883872605ECAA3699B745B3D69D1A17CF0B";

#define MD5 "0123456789abcdef0123456789abcdef"
#define HEAD "ClamAV-VDB:22 Nov 2026 04-00 +0000:7:2:90:%s:%s:tester:1795320000"

struct member {
	const char *name, *text;
};

static const struct member members[] = {
	{ "COPYING", "none" },
	{ "x.info", NULL }, /* made from the others */
	{ "x.hdb", MD5 ":5:Hash\n" },
	{ "x.ndb", "Body:0:*:72617265206c69746572616c\n" },
	{ "x.cbc", "ClamBC\n" },
	{ "x.cdb", "Member:*:*:exe:*:*:*:*:*:*\n" },
	{ "x.cat", "no catalog: told, so it was read as one\n" },
	{ "x.foo", "A:*:*:*:*:*:*:*:*:*\n\n# c\nB:*:*:*:*:*:*:*:*:*\n" },
};
#define NMEMBERS (sizeof members / sizeof *members)

enum spoil {
	GOOD,
	NO_INFO,
	BAD_HASH,
	BAD_SIZE,
	NOT_LISTED,
	MISSING,
	TWICE,
	OTHER_HEADER,
	LIST_BROKEN
};

static void put(struct ov_buf *b, const void *p, size_t n)
{
	assert_int_equal(ov_buf_put(b, p, n), OV_OK);
}

static void put_member(struct ov_buf *b, const char *name, const char *text, size_t n)
{
	uint8_t h[512] = { 0 };
	unsigned sum = 0;

	(void)snprintf((char *)h, 100, "%s", name);
	(void)snprintf((char *)h + 124, 12, "%011o", (unsigned)n);
	h[156] = '0';
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof h; i++)
		sum += h[i];
	(void)snprintf((char *)h + 148, 8, "%06o", sum);
	put(b, h, sizeof h);
	put(b, text, n);
	assert_int_equal(ov_buf_align(b, 512), OV_OK);
}

static void put_info(struct ov_buf *b, enum spoil how)
{
	struct ov_hasher *sha = NULL;
	char line[512];

	assert_int_equal(ov_hasher_new(OV_SHA256, &sha), OV_OK);
	(void)snprintf(line, sizeof line, HEAD "\n", "X", "X");
	if (how == OTHER_HEADER)
		line[12]++;
	put(b, line, strlen(line));
	for (size_t i = 2; i < NMEMBERS; i++) {
		uint8_t digest[OV_DIGEST_MAX];
		char hex[65];
		size_t n = strlen(members[i].text);

		if (how == NOT_LISTED && i == 3)
			continue;
		assert_int_equal(ov_hasher_once(sha, members[i].text, n, digest), OV_OK);
		if (how == BAD_HASH && i == 3)
			digest[31] ^= 1;
		ov_hex_encode(digest, 32, hex);
		(void)snprintf(line, sizeof line, "%s:%zu:%s\n", members[i].name,
			       n + (how == BAD_SIZE && i == 3), hex);
		put(b, line, strlen(line));
	}
	if (how == LIST_BROKEN)
		put(b, "y.hdb:12\n", 9);
	put(b, "DSIG:whatever\n", 14);
	ov_hasher_free(&sha);
}

static void make_tar(struct ov_buf *tar, enum spoil how)
{
	static const uint8_t end[1024];

	for (size_t i = 0; i < NMEMBERS; i++) {
		struct ov_buf info = ov_buf_of(1 << 16);

		if (i != 1) {
			if (!(how == MISSING && i == 3))
				put_member(tar, members[i].name, members[i].text,
					   strlen(members[i].text));
			if (how == TWICE && i == 3)
				put_member(tar, members[i].name, members[i].text,
					   strlen(members[i].text));
		} else if (how != NO_INFO) {
			put_info(&info, how);
			put_member(tar, members[i].name, (const char *)info.p, info.n);
		}
		ov_buf_free(&info);
	}
	put(tar, end, sizeof end);
}

static void gzip(const struct ov_buf *in, struct ov_buf *out)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(ov_buf_reserve(out, deflateBound(&z, in->n)), OV_OK);
	z.next_in = in->p;
	z.avail_in = (unsigned)in->n;
	z.next_out = out->p + out->n;
	z.avail_out = (unsigned)(out->cap - out->n);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += z.total_out;
	deflateEnd(&z);
}

/* md5^d mod n, in digits of six bits, the least significant first. */
static void sign(const uint8_t md5[16], char out[172])
{
	static const char digits[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";
	BIGNUM *n = NULL, *d = NULL, *m = BN_bin2bn(md5, 16, NULL);
	BN_CTX *ctx = BN_CTX_new();

	assert_true(BN_hex2bn(&n, test_modulus) > 0 && BN_hex2bn(&d, test_private) > 0);
	assert_int_equal(BN_mod_exp(m, m, d, n, ctx), 1);
	for (int i = 0; i < 171; i++) {
		unsigned v = 0;

		for (int k = 0; k < 6; k++)
			v |= (unsigned)BN_is_bit_set(m, 6 * i + k) << k;
		out[i] = digits[v];
	}
	out[171] = '\0';
	BN_free(n);
	BN_free(d);
	BN_free(m);
	BN_CTX_free(ctx);
}

static void make_container(struct ov_buf *out, enum spoil how, bool zipped)
{
	struct ov_buf tar = ov_buf_of(1 << 20), body = ov_buf_of(1 << 20);
	struct ov_hasher *h = NULL;
	uint8_t md5[OV_DIGEST_MAX];
	char hex[33], dsig[172], head[513];

	make_tar(&tar, how);
	if (zipped)
		gzip(&tar, &body);
	else
		put(&body, tar.p, tar.n);
	assert_int_equal(ov_hasher_new(OV_MD5, &h), OV_OK);
	assert_int_equal(ov_hasher_once(h, body.p, body.n, md5), OV_OK);
	ov_hasher_free(&h);
	ov_hex_encode(md5, 16, hex);
	sign(md5, dsig);
	memset(head, ' ', sizeof head);
	head[snprintf(head, sizeof head, HEAD, hex, dsig)] = ' ';
	put(out, head, 512);
	put(out, body.p, body.n);
	ov_buf_free(&tar);
	ov_buf_free(&body);
}

static struct ov_cvd_key test_key(void)
{
	struct ov_cvd_key k = { .exponent = 100001027 };
	size_t n;

	assert_int_equal(ov_hex_decode(ov_str_of(test_modulus), k.modulus, sizeof k.modulus, &n),
			 OV_OK);
	return k;
}

static void keep_reason(void *ctx, const struct ov_diag *d)
{
	if (!d->is_skipped)
		*(const char **)ctx = d->reason;
}

/* Adds a container after a source of its own; gives what the statistics say of both. */
static ov_status add(const char *name, struct ov_cur bytes, const struct ov_cvd_key *key,
		     struct ov_build_stats *stats, struct ov_buf *odb, const char **reason)
{
	const struct ov_build_options o = { .cvd_key = key,
					    .diag = keep_reason,
					    .ctx = (void *)reason };
	static const char own[] = MD5 ":9:Own\n";
	struct ov_odb_builder *b = NULL;
	ov_status s;

	*reason = NULL;
	assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
	assert_int_equal(ov_odb_builder_add(b, OV_STR("own.hdb"), ov_cur_of(own, sizeof own - 1)),
			 OV_OK);
	s = ov_odb_builder_add(b, ov_str_of(name), bytes);
	odb->n = 0;
	assert_int_equal(ov_odb_builder_finish(b, odb, stats), OV_OK);
	ov_odb_builder_free(&b);
	return s;
}

static void test_good(void **state)
{
	static const struct {
		const char *name;
		bool zipped, is_signed;
		const char *label;
	} rows[] = {
		{ "folder/x.cvd", true, true, "ClamAV x 7" },
		{ "x.cld", false, false, "unsigned x 7" },
		{ "x.cld", true, false, "unsigned x 7" },
		{ "x.CUD", true, false, "unsigned x 7" },
	};
	const struct ov_cvd_key key = test_key();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_buf c = ov_buf_of(1 << 20), odb = ov_buf_of(1 << 20);
		struct ov_build_stats stats;
		struct ov_odb_source s;
		const char *reason;
		struct ov_odb db;

		make_container(&c, GOOD, rows[i].zipped);
		ov_expect_eq(rows[i].name,
			     add(rows[i].name, ov_buf_cur(&c), &key, &stats, &odb, &reason), OV_OK);
		ov_expect_eq(rows[i].name, stats.signatures, 4);
		ov_expect_eq(rows[i].name, stats.skipped, 1 + 2);
		ov_expect_eq(rows[i].name, stats.refused, 1);
		ov_expect(rows[i].name, strstr(reason, "PKCS#7") != NULL);
		ov_expect_eq(rows[i].name, ov_odb_open(ov_buf_cur(&odb), &db, NULL), OV_OK);
		ov_expect_eq(rows[i].name, db.built, 1795320000);
		ov_expect_eq(rows[i].name, db.nsources, 6);
		ov_odb_source(&db, 3, &s);
		ov_expect(rows[i].name, s.is_signed == rows[i].is_signed && s.version == 7);
		ov_expect(rows[i].name, ov_str_is(s.label, rows[i].label));
		ov_expect(rows[i].name,
			  ov_text_ends_with(s.name, OV_STR("/x.ndb")) && s.name.n == 11);
		ov_buf_free(&c);
		ov_buf_free(&odb);
	}
}

/* What leaves nothing behind: a container whose parts contradict each other, though its signature
 * is good. */
static void test_spoilt(void **state)
{
	static const struct {
		enum spoil how;
		const char *reason;
	} rows[] = {
		{ NO_INFO, "it has no list of its members" },
		{ BAD_HASH, "a member's SHA-256 is not the listed one" },
		{ BAD_SIZE, "a member's size is not the listed one" },
		{ NOT_LISTED, "a member is not on its list" },
		{ MISSING, "a member on its list is missing" },
		{ TWICE, "a member is there twice" },
		{ OTHER_HEADER, "its header and its list of members contradict each other" },
		{ LIST_BROKEN, "its list of members is broken" },
	};
	const struct ov_cvd_key key = test_key();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_buf c = ov_buf_of(1 << 20), odb = ov_buf_of(1 << 20);
		struct ov_build_stats stats;
		const char *reason;

		make_container(&c, rows[i].how, true);
		ov_expect_eq(rows[i].reason,
			     add("x.cvd", ov_buf_cur(&c), &key, &stats, &odb, &reason), OV_BAD);
		ov_expect(rows[i].reason, reason != NULL && strcmp(reason, rows[i].reason) == 0);
		ov_expect_eq(rows[i].reason, stats.signatures, 1);
		ov_expect_eq(rows[i].reason, stats.skipped, 0);
		ov_expect_eq(rows[i].reason, stats.refused, 1);
		ov_buf_free(&c);
		ov_buf_free(&odb);
	}
}

/* One changed byte anywhere, header and padding included, and nothing of the container counts. */
static void refuse_changes(const char *name, struct ov_buf *c, const struct ov_cvd_key *key,
			   size_t step)
{
	struct ov_buf odb = ov_buf_of(1 << 20);
	struct ov_build_stats stats;
	const char *reason;

	for (size_t i = 0; i < c->n; i += i < 600 ? 1 : step) {
		c->p[i] ^= 1;
		if (add(name, ov_buf_cur(c), key, &stats, &odb, &reason) != OV_BAD)
			fail_msg("byte %zu changed, and it was taken", i);
		assert_int_equal(stats.signatures, 1);
		c->p[i] ^= 1;
	}
	for (size_t n = 0; n < c->n; n += n < 600 ? 1 : step) {
		const struct ov_cur cut = ov_cur_of(c->p, n);

		if (add(name, cut, key, &stats, &odb, &reason) != OV_BAD)
			fail_msg("cut at %zu, and it was taken", n);
	}
	ov_buf_free(&odb);
}

static void test_changed(void **state)
{
	const struct ov_cvd_key key = test_key();
	struct ov_buf c = ov_buf_of(1 << 20);

	(void)state;
	make_container(&c, GOOD, true);
	refuse_changes("x.cvd", &c, &key, 3);
	ov_buf_free(&c);
}

/* Nothing but the key makes it ClamAV's. */
static void test_other_key(void **state)
{
	struct ov_buf c = ov_buf_of(1 << 20), odb = ov_buf_of(1 << 20);
	struct ov_build_stats stats;
	const char *reason;

	(void)state;
	make_container(&c, GOOD, true);
	assert_int_equal(add("x.cvd", ov_buf_cur(&c), NULL, &stats, &odb, &reason), OV_BAD);
	assert_string_equal(reason, "its signature is not ClamAV's over these bytes");
	ov_buf_free(&c);
	ov_buf_free(&odb);
}

/* A changed byte of an unsigned container is found by the list, where it is in a member. */
static void test_unsigned_member_changed(void **state)
{
	struct ov_buf c = ov_buf_of(1 << 20), odb = ov_buf_of(1 << 20);
	struct ov_build_stats stats;
	const char *reason;
	uint8_t *at;

	(void)state;
	make_container(&c, GOOD, false);
	at = memmem(c.p, c.n, "Body:0", 6);
	assert_non_null(at);
	at[0] = 'D';
	assert_int_equal(add("x.cld", ov_buf_cur(&c), NULL, &stats, &odb, &reason), OV_BAD);
	assert_int_equal(stats.signatures, 1);
	ov_buf_free(&c);
	ov_buf_free(&odb);
}

/* The genuine bytecode.cvd is not ours to copy: it is looked for where OV_SHARED says. */
static void test_genuine(void **state)
{
	const char *shared = getenv("OV_SHARED");
	struct ov_buf c = ov_buf_of(1 << 22), odb = ov_buf_of(1 << 20);
	struct ov_build_stats stats;
	const char *reason;
	char path[1024];
	FILE *f;
	size_t n;

	(void)state;
	if (shared == NULL)
		skip();
	(void)snprintf(path, sizeof path, "%s/clamav-db/bytecode.cvd", shared);
	f = fopen(path, "rb");
	if (f == NULL)
		skip();
	assert_int_equal(ov_buf_reserve(&c, 1 << 21), OV_OK);
	n = fread(c.p, 1, 1 << 21, f);
	(void)fclose(f);
	c.n = n;
	assert_int_equal(add("bytecode.cvd", ov_buf_cur(&c), NULL, &stats, &odb, &reason), OV_OK);
	assert_int_equal(stats.skipped, 48); /* 48 .cbc files */
	refuse_changes("bytecode.cvd", &c, NULL, 1009);
	ov_buf_free(&c);
	ov_buf_free(&odb);
}

/* The digest and the signature of the list in the genuine bytecode.cvd 268 of 2015. */
static const char genuine_digest[] =
    "a550f3f825b0756c353bc90c4b186fac2ef856c72c2bd65df949382ae15c5567";
static const char genuine_dsig[] =
    "j7XYwMJVETVwDTJKaerDlhbo7Hu+IJlLVFYtbvFWfVYkBTCSiuQcsXF6cLQ698PUeVekJnRahf1JxVEcKU9UNzwN"
    "Xm9pkYw4kHnzPxxcvKT0SelCJiIiszKVQyr+3KkOFjoeJd+XtjMQwKnjuDSX4QbTkWrLbgTeLp26h2AYCJYAdNcW"
    "REeZkiYr65nmJMxw/rteDoLbrfrmIORmJ75Yqq4634Cr9qWZAAqJK4Q8slc+WsGWEdoYRxvDVbB6l8Bd5nRNjUKu"
    "iJB36ego4ThuZlkPcbxdaEkWZlm4p3PVjBJOGYoatNmb/8waiQoMw4J3b7oFOVUlYCpccY/LnbHon";

static void test_pss(void **state)
{
	uint8_t digest[32];
	char text[sizeof genuine_dsig];
	size_t n;

	(void)state;
	assert_int_equal(ov_hex_decode(ov_str_of(genuine_digest), digest, sizeof digest, &n),
			 OV_OK);
	assert_int_equal(ov_cvd_pss_verify(ov_cvd_pss_clamav(), digest, ov_str_of(genuine_dsig)),
			 OV_OK);
	for (size_t i = 0; i < sizeof digest; i++) {
		digest[i] ^= 1;
		assert_int_equal(
		    ov_cvd_pss_verify(ov_cvd_pss_clamav(), digest, ov_str_of(genuine_dsig)),
		    OV_BAD);
		digest[i] ^= 1;
	}
	for (size_t i = 0; i < sizeof genuine_dsig - 1; i += 7) {
		memcpy(text, genuine_dsig, sizeof text);
		text[i] = text[i] == 'a' ? 'b' : 'a';
		assert_int_equal(ov_cvd_pss_verify(ov_cvd_pss_clamav(), digest, ov_str_of(text)),
				 OV_BAD);
		assert_int_equal(ov_cvd_pss_verify(ov_cvd_pss_clamav(), digest,
						   (struct ov_str){ genuine_dsig, i }),
				 OV_BAD);
	}
	assert_int_equal(ov_cvd_pss_verify(&(struct ov_cvd_pss_key){ .exponent = 3 }, digest,
					   ov_str_of(genuine_dsig)),
			 OV_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pss),	  cmocka_unit_test(test_good),
		cmocka_unit_test(test_spoilt),	  cmocka_unit_test(test_changed),
		cmocka_unit_test(test_other_key), cmocka_unit_test(test_unsigned_member_changed),
		cmocka_unit_test(test_genuine),
	};

	return cmocka_run_group_tests_name("sig cvd", tests, NULL, NULL);
}
