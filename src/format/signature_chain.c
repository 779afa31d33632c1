/*
 * The chain of trust of a signed message: from certificates that the caller trusts, through those
 * that the message carries, to its signer, and the same for its time stamp.
 *
 * Trust spreads from the anchors: a certificate is trusted when it is an anchor itself or when
 * somebody who is trusted to sign certificates signed it. What it is trusted to do is what its
 * issuer is and what it says of itself. Each signature that is checked comes out of one budget.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "checked.h"
#include "signature_md.h"
#include "signature_view.h"

#define CHECKS_MAX 96 /* signatures verified for one message */
#define CERT_BYTES_MAX ((size_t)64 << 10)
#define CERTS_MAX ((uint32_t)2 * OV_PKCS7_CERTS_MAX) /* the message's and its time stamp's */

struct powers { /* what a certificate may sign */
	bool code, time, cert;
};

struct cert {
	struct ov_cur subject, issuer; /* names, with their tags */
	struct ov_cur serial;
	struct ov_sign_id id;
	uint8_t issuer_sha1[OV_SHA1_BYTES];
	int64_t from, to;
	X509 *x; /* NULL: OpenSSL can't read it */
	struct powers own, granted;
	bool is_trusted;
};

struct chain {
	const struct ov_sign_anchor *anchors;
	size_t nanchors;
	struct ov_arena *arena;
	struct cert *certs;
	uint32_t ncerts;
	uint32_t checks;
};

static bool same(struct ov_cur a, struct ov_cur b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.base, b.base, a.len) == 0);
}

static ov_status sha1_of(struct ov_cur bytes, uint8_t out[OV_SHA1_BYTES])
{
	unsigned n = 0;

	return EVP_Digest(bytes.base, bytes.len, out, &n, EVP_sha1(), NULL) == 1 ? OV_OK : OV_NOMEM;
}

static struct ov_cur without_zeros(struct ov_cur c)
{
	while (c.len > 0 && c.base[0] == 0)
		c = ov_cur_of(c.base + 1, c.len - 1);
	return c;
}

/* { { rsaEncryption, NULL }, BIT STRING { { modulus, exponent } } }. Other keys have no modulus. */
static void read_key(struct ov_cur c, struct cert *out)
{
	static const char rsa[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
	struct ov_der v, oid;
	uint8_t spare = 0;

	if (ov_der_expect(&c, OV_DER_SEQUENCE, &v) != OV_OK ||
	    ov_der_next(&v.body, &oid) != OV_OK || !ov_der_is_oid(&oid, rsa, sizeof rsa - 1) ||
	    ov_der_expect(&c, OV_DER_BIT_STRING, &v) != OV_OK ||
	    ov_cur_u8(&v.body, &spare) != OV_OK || spare != 0 ||
	    ov_der_expect(&v.body, OV_DER_SEQUENCE, &v) != OV_OK ||
	    ov_der_expect(&v.body, OV_DER_INTEGER, &v) != OV_OK)
		return;
	out->id.modulus = without_zeros(v.body);
}

/* The fields that anchors speak of. Source: RFC 5280, 4.1. */
static ov_status read_cert(struct ov_cur bytes, struct cert *out)
{
	struct cert c = { 0 };
	struct ov_der v, when;
	struct ov_cur in;

	OV_TRY(ov_der_expect(&bytes, OV_DER_SEQUENCE, &v));
	OV_TRY(ov_der_expect(&v.body, OV_DER_SEQUENCE, &v));
	in = v.body;
	OV_TRY(ov_der_next(&in, &v));
	if (v.tag == OV_DER_CONTEXT_0) /* version */
		OV_TRY(ov_der_next(&in, &v));
	if (v.tag != OV_DER_INTEGER)
		return OV_BAD;
	c.serial = v.body;
	OV_TRY(ov_der_expect(&in, OV_DER_SEQUENCE, &v)); /* algorithm */
	OV_TRY(ov_der_expect(&in, OV_DER_SEQUENCE, &v));
	c.issuer = v.whole;
	OV_TRY(sha1_of(c.serial, c.id.serial));
	OV_TRY(sha1_of(v.body, c.issuer_sha1));
	OV_TRY(ov_der_expect(&in, OV_DER_SEQUENCE, &v));
	OV_TRY(ov_der_next(&v.body, &when));
	OV_TRY(ov_der_time(&when, &c.from));
	OV_TRY(ov_der_next(&v.body, &when));
	OV_TRY(ov_der_time(&when, &c.to));
	OV_TRY(ov_der_expect(&in, OV_DER_SEQUENCE, &v));
	c.subject = v.whole;
	OV_TRY(sha1_of(v.body, c.id.subject));
	OV_TRY(ov_der_expect(&in, OV_DER_SEQUENCE, &v));
	read_key(v.body, &c);
	*out = c;
	return OV_OK;
}

bool ov_signature_is(const struct ov_sign_id *id, const struct ov_sign_anchor *a)
{
	return id->modulus.len > 0 && same(id->modulus, a->modulus) &&
	       memcmp(id->subject, a->subject, OV_SHA1_BYTES) == 0 &&
	       (!a->has_serial || memcmp(id->serial, a->serial, OV_SHA1_BYTES) == 0);
}

uint32_t ov_signature_ids(const struct ov_pkcs7 *m, struct ov_sign_id ids[OV_PKCS7_CERTS_MAX])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->ncerts; i++) {
		struct cert c;

		if (read_cert(m->certs[i], &c) == OV_OK)
			ids[n++] = c.id;
	}
	return n;
}

/* What the certificate says of itself: no word on its use means any use. */
static struct powers powers_of(X509 *x)
{
	const uint32_t use = X509_get_extended_key_usage(x);

	return (struct powers){ .code = use == UINT32_MAX || (use & XKU_CODE_SIGN) != 0,
				.time = use == UINT32_MAX || (use & XKU_TIMESTAMP) != 0,
				.cert = X509_check_ca(x) == 1 };
}

static void add_certs(struct chain *ch, const struct ov_pkcs7 *m)
{
	for (uint32_t i = 0; i < m->ncerts && ch->ncerts < CERTS_MAX; i++) {
		struct cert *c = &ch->certs[ch->ncerts];
		const uint8_t *p = m->certs[i].base;

		if (m->certs[i].len > CERT_BYTES_MAX || read_cert(m->certs[i], c) != OV_OK)
			continue;
		c->x = d2i_X509(NULL, &p, (long)m->certs[i].len);
		if (c->x != NULL)
			c->own = powers_of(c->x);
		ch->ncerts++;
	}
}

static void drop_certs(struct chain *ch)
{
	for (uint32_t i = 0; i < ch->ncerts; i++)
		X509_free(ch->certs[i].x);
	ch->ncerts = 0;
	ERR_clear_error();
}

static EVP_PKEY *key_of_params(OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* An anchor's key: its modulus and the exponent that all of them have. NULL when it is none. */
static EVP_PKEY *anchor_key(const struct ov_sign_anchor *a)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(a->modulus.base, (int)a->modulus.len, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (b != NULL && n != NULL && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_uint(b, OSSL_PKEY_PARAM_RSA_E, 65537) == 1)
		params = OSSL_PARAM_BLD_to_param(b);
	if (params != NULL)
		key = key_of_params(params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	BN_free(n);
	return key;
}

/* True when `key` signed the certificate. Spends one check. */
static bool is_signed_by(struct chain *ch, const struct cert *c, EVP_PKEY *key)
{
	if (c->x == NULL || key == NULL || ch->checks == 0)
		return false;
	ch->checks--;
	return X509_verify(c->x, key) == 1;
}

static void grant(struct cert *c, struct powers p)
{
	c->is_trusted = true;
	c->granted.code |= p.code && c->own.code;
	c->granted.time |= p.time && c->own.time;
	c->granted.cert |= p.cert && c->own.cert;
}

/* An anchor's word on a certificate: it is the anchor itself, or the anchor signed it. */
static bool grant_by_anchor(struct chain *ch, struct cert *c, const struct ov_sign_anchor *a)
{
	const struct powers p = { .code = a->may_code, .time = a->may_time, .cert = a->may_cert };
	EVP_PKEY *key;
	bool is_good;

	if (!a->is_trusted)
		return false;
	if (ov_signature_is(&c->id, a)) {
		grant(c, p);
		return true;
	}
	if (!a->may_cert || memcmp(c->issuer_sha1, a->subject, OV_SHA1_BYTES) != 0)
		return false;
	key = anchor_key(a);
	is_good = is_signed_by(ch, c, key);
	EVP_PKEY_free(key);
	if (is_good)
		grant(c, p);
	return is_good;
}

static bool grant_by_cert(struct chain *ch, struct cert *c, const struct cert *issuer)
{
	if (c == issuer || !issuer->is_trusted || !issuer->granted.cert || issuer->x == NULL ||
	    !same(c->issuer, issuer->subject) || !is_signed_by(ch, c, X509_get0_pubkey(issuer->x)))
		return false;
	grant(c, issuer->granted);
	return true;
}

/* One certificate's turn. @return true when it became trusted. */
static bool try_cert(struct chain *ch, struct cert *c, bool with_anchors)
{
	bool is_new = false;

	for (size_t i = 0; with_anchors && i < ch->nanchors; i++)
		is_new |= grant_by_anchor(ch, c, &ch->anchors[i]);
	for (uint32_t i = 0; !is_new && i < ch->ncerts; i++)
		is_new = grant_by_cert(ch, c, &ch->certs[i]);
	return is_new;
}

/* Spreads trust over all certificates that are valid at a time, until nothing changes. */
static void spread(struct chain *ch, int64_t when)
{
	bool is_first = true, is_changed = true;

	for (uint32_t i = 0; i < ch->ncerts; i++) {
		ch->certs[i].is_trusted = false;
		ch->certs[i].granted = (struct powers){ 0 };
	}
	while (is_changed) { /* each turn but the last makes one more certificate trusted */
		is_changed = false;
		for (uint32_t i = 0; i < ch->ncerts; i++) {
			struct cert *c = &ch->certs[i];

			if (!c->is_trusted && when >= c->from && when <= c->to)
				is_changed |= try_cert(ch, c, is_first);
		}
		is_first = false;
	}
}

static const struct cert *signer_cert(const struct chain *ch, const struct ov_pkcs7_signer *s)
{
	for (uint32_t i = 0; i < ch->ncerts; i++)
		if (same(ch->certs[i].issuer, s->issuer) && same(ch->certs[i].serial, s->serial))
			return &ch->certs[i];
	return NULL;
}

static bool verifies(struct chain *ch, const struct cert *c, enum ov_pkcs7_digest digest,
		     struct ov_cur signature, const uint8_t *p, size_t n)
{
	OV_CLEANUP(ov_sign_ctx_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = X509_get0_pubkey(c->x);

	if (ctx == NULL || key == NULL || ch->checks == 0 || ov_sign_md(digest) == NULL)
		return false;
	ch->checks--;
	return EVP_DigestVerifyInit(ctx, NULL, ov_sign_md(digest), NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, signature.base, signature.len, p, n) == 1;
}

/* The attributes must name this content: without that, a signature over other attributes would
 * do. */
static ov_status check_attributes(const struct ov_pkcs7_signer *s, struct ov_cur content)
{
	static const char message_digest[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
	struct ov_cur set = s->attributes;
	uint8_t got[EVP_MAX_MD_SIZE];
	struct ov_der all, v;
	unsigned n = 0;

	if (ov_sign_md(s->digest) == NULL)
		return OV_BAD;
	OV_TRY(ov_der_next(&set, &all));
	OV_TRY(ov_pkcs7_attribute(all.body, message_digest, sizeof message_digest - 1, &v));
	if (v.tag != OV_DER_OCTETS ||
	    EVP_Digest(content.base, content.len, got, &n, ov_sign_md(s->digest), NULL) != 1)
		return OV_BAD;
	return v.body.len == n && memcmp(got, v.body.base, n) == 0 ? OV_OK : OV_BAD;
}

/* RFC 2315, 9.3: what is signed is the attributes as a SET, or the content if there are none. */
static ov_status check_signer(struct chain *ch, const struct ov_pkcs7_signer *s,
			      struct ov_cur content, const struct cert **who)
{
	const struct cert *c = signer_cert(ch, s);
	uint8_t *copy = NULL;
	const uint8_t *p = content.base;
	size_t n = content.len;

	if (c == NULL || c->x == NULL || !c->is_trusted)
		return OV_BAD;
	if (s->attributes.len > 0) {
		if (check_attributes(s, content) != OV_OK)
			return OV_BAD;
		n = s->attributes.len;
		OV_TRY(ov_arena_array(ch->arena, n, &copy));
		memcpy(copy, s->attributes.base, n);
		copy[0] = OV_DER_SET;
		p = copy;
	}
	if (!verifies(ch, c, s->digest, s->signature, p, n))
		return OV_BAD;
	*who = c;
	return OV_OK;
}

/* A countersignature as in PKCS#9: a SignerInfo over the signature's bytes. */
static ov_status old_stamp(struct chain *ch, const struct ov_pkcs7_signer *s, int64_t *when)
{
	static const char counter[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06";
	static const char signing_time[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
	struct ov_pkcs7_signer stamp;
	const struct cert *who = NULL;
	struct ov_der v, all;
	struct ov_cur set;

	OV_TRY(ov_pkcs7_attribute(s->unauthorised, counter, sizeof counter - 1, &v));
	OV_TRY(ov_pkcs7_signer_read(&v.whole, &stamp));
	set = stamp.attributes;
	OV_TRY(ov_der_next(&set, &all));
	OV_TRY(ov_pkcs7_attribute(all.body, signing_time, sizeof signing_time - 1, &v));
	OV_TRY(ov_der_time(&v, when));
	spread(ch, *when);
	OV_TRY(check_signer(ch, &stamp, s->signature, &who));
	return who->granted.time ? OV_OK : OV_BAD;
}

/* What an RFC 3161 token says: { version, policy, { algorithm, digest }, serial, time ... } */
static ov_status read_token(const struct ov_pkcs7 *m, struct ov_cur signature, int64_t *when)
{
	static const char info[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
	uint8_t got[EVP_MAX_MD_SIZE];
	struct ov_cur c = m->content_bytes;
	struct ov_der all, imprint, v;
	const EVP_MD *md;
	unsigned n = 0;

	if (!ov_der_is_oid(&m->type, info, sizeof info - 1))
		return OV_BAD;
	OV_TRY(ov_der_expect(&c, OV_DER_SEQUENCE, &all));
	OV_TRY(ov_der_expect(&all.body, OV_DER_INTEGER, &v));
	OV_TRY(ov_der_expect(&all.body, OV_DER_OID, &v));
	OV_TRY(ov_der_expect(&all.body, OV_DER_SEQUENCE, &imprint));
	OV_TRY(ov_der_expect(&imprint.body, OV_DER_SEQUENCE, &v));
	md = ov_sign_md(ov_pkcs7_digest_of(v.body));
	OV_TRY(ov_der_expect(&imprint.body, OV_DER_OCTETS, &v));
	if (md == NULL || EVP_Digest(signature.base, signature.len, got, &n, md, NULL) != 1 ||
	    v.body.len != n || memcmp(got, v.body.base, n) != 0)
		return OV_BAD;
	OV_TRY(ov_der_expect(&all.body, OV_DER_INTEGER, &v));
	OV_TRY(ov_der_next(&all.body, &v));
	return ov_der_time(&v, when);
}

static ov_status new_stamp(struct chain *ch, const struct ov_pkcs7_signer *s, int64_t *when)
{
	static const char token[] = "\x2b\x06\x01\x04\x01\x82\x37\x03\x03\x01";
	const struct cert *who = NULL;
	struct ov_pkcs7 m;
	struct ov_der v;

	OV_TRY(ov_pkcs7_attribute(s->unauthorised, token, sizeof token - 1, &v));
	OV_TRY(ov_pkcs7_read(v.whole, &m));
	OV_TRY(read_token(&m, s->signature, when));
	add_certs(ch, &m);
	spread(ch, *when);
	OV_TRY(check_signer(ch, &m.signer, m.content_bytes, &who));
	return who->granted.time ? OV_OK : OV_BAD;
}

static ov_status verify(struct chain *ch, const struct ov_pkcs7 *m, int64_t now)
{
	const struct cert *who = NULL;
	int64_t stamped = 0;
	ov_status s;

	add_certs(ch, m);
	s = old_stamp(ch, &m->signer, &stamped);
	if (s == OV_END && new_stamp(ch, &m->signer, &stamped) == OV_OK)
		s = OV_OK;
	else if (s != OV_END)
		OV_TRY(s); /* a countersignature that nobody vouches for: ClamAV trusts none such */
	spread(ch, s == OV_OK ? stamped : now);
	OV_TRY(check_signer(ch, &m->signer, m->content_bytes, &who));
	return who->granted.code ? OV_OK : OV_BAD;
}

ov_status ov_signature_verify(const struct ov_pkcs7 *m, const struct ov_sign_anchor *anchors,
			      size_t n, int64_t now, struct ov_arena *a)
{
	struct chain ch = { .anchors = anchors, .nanchors = n, .arena = a, .checks = CHECKS_MAX };
	ov_status s;

	OV_TRY(ov_arena_array(a, CERTS_MAX, &ch.certs));
	s = verify(&ch, m, now);
	drop_certs(&ch);
	return s == OV_OK || s == OV_LIMIT || s == OV_NOMEM ? s : OV_BAD;
}

bool ov_signature_signer_fits(const struct ov_pkcs7 *m, const struct ov_pkcs7_signer *s,
			      struct ov_cur content, struct ov_arena *a)
{
	struct chain ch = { .arena = a, .checks = 1 };
	const struct cert *who = NULL;
	bool fits;

	if (ov_arena_array(a, CERTS_MAX, &ch.certs) != OV_OK)
		return false;
	add_certs(&ch, m);
	for (uint32_t i = 0; i < ch.ncerts; i++) /* who it is, is not the question */
		ch.certs[i].is_trusted = true;
	fits = check_signer(&ch, s, content, &who) == OV_OK;
	drop_certs(&ch);
	return fits;
}

bool ov_signature_fits(const struct ov_pkcs7 *m, struct ov_arena *a)
{
	return ov_signature_signer_fits(m, &m->signer, m->content_bytes, a);
}

/* The fetches of OpenSSL's digests and of RSA, and what they set up behind them. The number is no
 * key of anybody's. */
void ov_signature_prepare(void)
{
	static const enum ov_pkcs7_digest kinds[] = { OV_PKCS7_MD5, OV_PKCS7_SHA1, OV_PKCS7_SHA256,
						      OV_PKCS7_SHA384, OV_PKCS7_SHA512 };
	uint8_t modulus[128], signature[128] = { 1 };
	const struct ov_sign_anchor a = { .modulus = ov_cur_of(modulus, sizeof modulus) };
	EVP_PKEY *key;

	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return;
	memset(modulus, 0xc5, sizeof modulus);
	key = anchor_key(&a);
	for (size_t i = 0; key != NULL && i < sizeof kinds / sizeof *kinds; i++) {
		OV_CLEANUP(ov_sign_ctx_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		if (ctx != NULL &&
		    EVP_DigestVerifyInit(ctx, NULL, ov_sign_md(kinds[i]), NULL, key) == 1)
			(void)EVP_DigestVerify(ctx, signature, sizeof signature, modulus,
					       sizeof modulus);
	}
	EVP_PKEY_free(key);
	ERR_clear_error();
}
