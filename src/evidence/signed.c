/*
 * Signatures of programs: Authenticode (see format/signature.h for the documents), as evidence.
 *
 * The scanner asks whether somebody it trusts has signed; here nobody is trusted, so each link is
 * told by itself: does the digest hold, does the signature hold, who vouches for whom, and is there
 * a time stamp whose own signature holds. Self-made certificates carry any name they like.
 */
#include "signed.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "signature.h"
#include "signature_md.h"

#define CHAIN_MAX 16
#define CERT_MAX ((size_t)64 << 10)

struct certs {
	X509 *x[2 * OV_PKCS7_CERTS_MAX];
	uint32_t n;
};

static void certs_free(struct certs *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		X509_free(c->x[i]);
	c->n = 0;
	ERR_clear_error();
}

static void certs_add(struct certs *c, const struct ov_pkcs7 *m)
{
	for (uint32_t i = 0; i < m->ncerts && c->n < sizeof c->x / sizeof c->x[0]; i++) {
		const uint8_t *p = m->certs[i].base;

		if (m->certs[i].len > CERT_MAX)
			continue;
		c->x[c->n] = d2i_X509(NULL, &p, (long)m->certs[i].len);
		c->n += c->x[c->n] != NULL;
	}
}

static struct ov_str dn_text(struct ov_ev *e, const X509_NAME *name)
{
	struct ov_str s = { .p = "", .n = 0 };
	BIO *b = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	if (b == NULL || name == NULL)
		return s;
	if (X509_NAME_print_ex(b, name, 0,
			       XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
		n = BIO_get_mem_data(b, &p);
		if (n > 0 &&
		    ov_arena_str(&e->arena, (struct ov_str){ .p = p, .n = (size_t)n }, &s) != OV_OK)
			s.n = 0;
	}
	BIO_free(b);
	return s;
}

struct ov_str ov_ev_dn(struct ov_ev *e, struct ov_cur der)
{
	struct ov_str s = { .p = "", .n = 0 };
	const uint8_t *p = der.base;
	X509_NAME *name;

	if (der.len == 0 || der.len > CERT_MAX)
		return s;
	name = d2i_X509_NAME(NULL, &p, (long)der.len);
	s = dn_text(e, name);
	X509_NAME_free(name);
	ERR_clear_error();
	return s;
}

static struct ov_str hex(struct ov_ev *e, const uint8_t *p, size_t n)
{
	char *to = NULL;

	if (ov_arena_array(&e->arena, 2 * n + 1, &to) != OV_OK)
		return (struct ov_str){ .p = "", .n = 0 };
	ov_hex_encode(p, n, to);
	return (struct ov_str){ .p = to, .n = 2 * n };
}

static struct ov_str sha256_of(struct ov_ev *e, const uint8_t *p, size_t n)
{
	uint8_t digest[32];
	unsigned got = 0;

	if (EVP_Digest(p, n, digest, &got, EVP_sha256(), NULL) != 1 || got != sizeof digest)
		return (struct ov_str){ .p = "", .n = 0 };
	return hex(e, digest, sizeof digest);
}

static struct ov_str spki_of(struct ov_ev *e, X509 *x)
{
	struct ov_str s = { .p = "", .n = 0 };
	uint8_t *der = NULL;
	const int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	if (n > 0)
		s = sha256_of(e, der, (size_t)n);
	OPENSSL_free(der);
	return s;
}

static bool is_self_signed(X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0 &&
	       X509_verify(x, X509_get0_pubkey(x)) == 1;
}

static int64_t seconds_of(const ASN1_TIME *t)
{
	struct tm tm = { 0 };

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return OV_INV_NO_DATE;
	return ov_ev_civil((int64_t)tm.tm_year + 1900, (unsigned)tm.tm_mon + 1,
			   (unsigned)tm.tm_mday) +
	       (int64_t)tm.tm_hour * 3600 + (int64_t)tm.tm_min * 60 + tm.tm_sec;
}

static struct ov_str part_of(struct ov_ev *e, const X509_NAME *name, int nid)
{
	const int at = X509_NAME_get_index_by_NID(name, nid, -1);
	struct ov_str s = { .p = "", .n = 0 };
	unsigned char *utf8 = NULL;
	int n;

	if (at < 0)
		return s;
	n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (n > 0 &&
	    ov_arena_str(&e->arena, (struct ov_str){ .p = (const char *)utf8, .n = (size_t)n },
			 &s) != OV_OK)
		s.n = 0;
	OPENSSL_free(utf8);
	return s;
}

ov_status ov_ev_cert_read(struct ov_ev *e, struct ov_cur der, struct ov_ev_cert *out)
{
	const uint8_t *p = der.base;
	X509 *x = der.len > 0 && der.len <= CERT_MAX ? d2i_X509(NULL, &p, (long)der.len) : NULL;

	if (x == NULL) {
		ERR_clear_error();
		return OV_BAD;
	}
	*out = (struct ov_ev_cert){
		.subject = dn_text(e, X509_get_subject_name(x)),
		.issuer = dn_text(e, X509_get_issuer_name(x)),
		.organisation = part_of(e, X509_get_subject_name(x), NID_organizationName),
		.common_name = part_of(e, X509_get_subject_name(x), NID_commonName),
		.sha256 = sha256_of(e, der.base, der.len),
		.spki = spki_of(e, x),
		.from = seconds_of(X509_get0_notBefore(x)),
		.to = seconds_of(X509_get0_notAfter(x)),
		.is_self_signed = is_self_signed(x),
		.is_ca = X509_check_ca(x) >= 1,
	};
	out->is_self_issued = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
	X509_free(x);
	ERR_clear_error();
	return OV_OK;
}

static X509 *signer_of(const struct certs *c, const struct ov_pkcs7_signer *s)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const ASN1_INTEGER *serial = X509_get0_serialNumber(c->x[i]);
		uint8_t *der = NULL;
		const int n = i2d_X509_NAME(X509_get_issuer_name(c->x[i]), &der);
		uint8_t *number = NULL;
		const int k = i2d_ASN1_INTEGER((ASN1_INTEGER *)(uintptr_t)serial, &number);
		bool is_it = n > 0 && (size_t)n == s->issuer.len &&
			     memcmp(der, s->issuer.base, (size_t)n) == 0;

		/* tag and a short or long length stand before the number's bytes */
		is_it =
		    is_it && k > 0 && (size_t)k >= s->serial.len + 2 &&
		    memcmp(number + (size_t)k - s->serial.len, s->serial.base, s->serial.len) == 0;
		OPENSSL_free(der);
		OPENSSL_free(number);
		if (is_it)
			return c->x[i];
	}
	return NULL;
}

/* Do the attributes name this content? Without that, a signature over other attributes would do. */
static bool names_content(const struct ov_pkcs7_signer *s, struct ov_cur content)
{
	static const char message_digest[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
	struct ov_cur set = s->attributes;
	uint8_t got[EVP_MAX_MD_SIZE];
	struct ov_der all, v;
	unsigned n = 0;

	return ov_der_next(&set, &all) == OV_OK &&
	       ov_pkcs7_attribute(all.body, message_digest, sizeof message_digest - 1, &v) ==
		   OV_OK &&
	       v.tag == OV_DER_OCTETS &&
	       EVP_Digest(content.base, content.len, got, &n, ov_sign_md(s->digest), NULL) == 1 &&
	       v.body.len == n && memcmp(got, v.body.base, n) == 0;
}

static bool key_signed(X509 *x, enum ov_pkcs7_digest digest, struct ov_cur signature,
		       const uint8_t *p, size_t n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = X509_get0_pubkey(x);
	const bool is_good = ctx != NULL && key != NULL &&
			     EVP_DigestVerifyInit(ctx, NULL, ov_sign_md(digest), NULL, key) == 1 &&
			     EVP_DigestVerify(ctx, signature.base, signature.len, p, n) == 1;

	EVP_MD_CTX_free(ctx);
	return is_good;
}

/* RFC 2315, 9.3: what is signed is the attributes as a SET, or the content if there are none. */
static bool signer_holds(struct ov_ev *e, X509 *x, const struct ov_pkcs7_signer *s,
			 struct ov_cur content)
{
	uint8_t *copy = NULL;

	if (ov_sign_md(s->digest) == NULL)
		return false;
	if (s->attributes.len == 0)
		return key_signed(x, s->digest, s->signature, content.base, content.len);
	if (!names_content(s, content) ||
	    ov_arena_array(&e->arena, s->attributes.len, &copy) != OV_OK)
		return false;
	memcpy(copy, s->attributes.base, s->attributes.len);
	copy[0] = OV_DER_SET;
	return key_signed(x, s->digest, s->signature, copy, s->attributes.len);
}

static X509 *issuer_of(const struct certs *c, X509 *x)
{
	X509 *first = NULL;

	for (uint32_t i = 0; i < c->n; i++) {
		if (c->x[i] == x ||
		    X509_NAME_cmp(X509_get_subject_name(c->x[i]), X509_get_issuer_name(x)) != 0)
			continue;
		if (first == NULL)
			first = c->x[i];
		if (X509_verify(x, X509_get0_pubkey(c->x[i])) == 1)
			return c->x[i]; /* several may have the name; one has the key */
	}
	return first;
}

struct chain {
	X509 *x[CHAIN_MAX];
	uint32_t n;
	bool is_broken, ends_in_root;
};

static void climb(const struct certs *c, X509 *x, struct chain *ch)
{
	ch->n = 0;
	ch->is_broken = ch->ends_in_root = false;
	while (x != NULL && ch->n < CHAIN_MAX) {
		X509 *up;

		ch->x[ch->n++] = x;
		ch->ends_in_root = is_self_signed(x);
		if (ch->ends_in_root)
			return;
		up = issuer_of(c, x);
		if (up != NULL && X509_verify(x, X509_get0_pubkey(up)) != 1)
			ch->is_broken = true;
		x = up;
	}
}

/* A countersignature (PKCS#9) or a token (RFC 3161) whose own signature holds. */
static bool old_stamp(struct ov_ev *e, const struct certs *c, const struct ov_pkcs7_signer *s,
		      int64_t *when, bool *is_sound)
{
	static const char counter[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06";
	static const char signing_time[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
	struct ov_pkcs7_signer stamp;
	struct ov_der v, all;
	struct ov_cur set;
	X509 *x;

	if (ov_pkcs7_attribute(s->unauthorised, counter, sizeof counter - 1, &v) != OV_OK ||
	    ov_pkcs7_signer_read(&v.whole, &stamp) != OV_OK)
		return false;
	set = stamp.attributes;
	if (ov_der_next(&set, &all) != OV_OK ||
	    ov_pkcs7_attribute(all.body, signing_time, sizeof signing_time - 1, &v) != OV_OK ||
	    ov_der_time(&v, when) != OV_OK)
		return false;
	x = signer_of(c, &stamp);
	*is_sound = x != NULL && signer_holds(e, x, &stamp, s->signature);
	return true;
}

/* { version, policy, { algorithm, digest }, serial, time ... } */
static bool token_time(const struct ov_pkcs7 *m, struct ov_cur signature, int64_t *when,
		       bool *names_it)
{
	uint8_t got[EVP_MAX_MD_SIZE];
	struct ov_cur c = m->content_bytes;
	struct ov_der all, imprint, v;
	const EVP_MD *md;
	unsigned n = 0;

	if (ov_der_expect(&c, OV_DER_SEQUENCE, &all) != OV_OK ||
	    ov_der_expect(&all.body, OV_DER_INTEGER, &v) != OV_OK ||
	    ov_der_expect(&all.body, OV_DER_OID, &v) != OV_OK ||
	    ov_der_expect(&all.body, OV_DER_SEQUENCE, &imprint) != OV_OK ||
	    ov_der_expect(&imprint.body, OV_DER_SEQUENCE, &v) != OV_OK)
		return false;
	md = ov_sign_md(ov_pkcs7_digest_of(v.body));
	if (ov_der_expect(&imprint.body, OV_DER_OCTETS, &v) != OV_OK)
		return false;
	*names_it = md != NULL &&
		    EVP_Digest(signature.base, signature.len, got, &n, md, NULL) == 1 &&
		    v.body.len == n && memcmp(got, v.body.base, n) == 0;
	return ov_der_expect(&all.body, OV_DER_INTEGER, &v) == OV_OK &&
	       ov_der_next(&all.body, &v) == OV_OK && ov_der_time(&v, when) == OV_OK;
}

static bool new_stamp(struct ov_ev *e, const struct ov_pkcs7_signer *s, int64_t *when,
		      bool *is_sound)
{
	static const char token[] = "\x2b\x06\x01\x04\x01\x82\x37\x03\x03\x01";
	struct certs c = { .n = 0 };
	struct ov_pkcs7 m;
	struct ov_der v;
	bool names_it = false;
	X509 *x;

	if (ov_pkcs7_attribute(s->unauthorised, token, sizeof token - 1, &v) != OV_OK ||
	    ov_pkcs7_read(v.whole, &m) != OV_OK || !token_time(&m, s->signature, when, &names_it))
		return false;
	certs_add(&c, &m);
	x = signer_of(&c, &m.signer);
	*is_sound = names_it && x != NULL && signer_holds(e, x, &m.signer, m.content_bytes);
	certs_free(&c);
	return true;
}

static void note_stamp(struct ov_ev *e, struct ov_ev_found *x, int64_t when, bool is_sound)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);
	struct ov_str text = { .p = "", .n = 0 };

	if (ov_inv_iso(&b, when) == OV_OK && b.n > 0 &&
	    ov_arena_str(&e->arena, (struct ov_str){ .p = (const char *)b.p, .n = b.n }, &text) ==
		OV_OK)
		ov_ev_add_detail(x, OV_EV_TIMESTAMP, is_sound ? OV_E3 : OV_E1, text,
				 OV_STR("signature"), is_sound ? "sound" : "broken");
	if (is_sound) { /* the file is not older than this */
		x->c.since.earliest = when;
		x->c.since.from = OV_STR("signature time stamp");
	}
}

static bool is_valid_at(X509 *x, int64_t when)
{
	const int64_t from = seconds_of(X509_get0_notBefore(x));
	const int64_t to = seconds_of(X509_get0_notAfter(x));

	return from != OV_INV_NO_DATE && to != OV_INV_NO_DATE && when >= from && when <= to;
}

static const char *soundness(const struct chain *ch, bool holds, bool digest_holds, bool is_stamped,
			     int64_t when)
{
	if (!digest_holds)
		return OV_SIGNED_BROKEN;
	if (!holds || ch->is_broken)
		return OV_SIGNED_BAD_CHAIN;
	if (ch->n == 1 && ch->ends_in_root)
		return OV_SIGNED_SELF_MADE;
	if (!is_valid_at(ch->x[0], is_stamped ? when : (int64_t)time(NULL)))
		return OV_SIGNED_EXPIRED;
	return ch->ends_in_root ? OV_SIGNED_INTACT : OV_SIGNED_INCOMPLETE;
}

/* Does the program still have the digest that was signed? */
static bool program_holds(const struct ov_ev_file *f, const struct ov_exe *exe,
			  const struct ov_pkcs7 *m)
{
	struct ov_sign_digest claimed, real;

	return ov_signature_claim(m, &claimed) == OV_OK &&
	       ov_signature_digest(f->src, exe, claimed.kind, &real) == OV_OK &&
	       claimed.n == real.n && memcmp(claimed.bytes, real.bytes, real.n) == 0;
}

static void describe(struct ov_ev *e, const struct ov_ev_file *f, const struct ov_exe *exe,
		     const struct ov_pkcs7 *m, struct certs *c, struct ov_ev_found *x)
{
	bool is_sound = false;
	const bool digest_holds = program_holds(f, exe, m);
	X509 *who = signer_of(c, &m->signer);
	int64_t when = OV_INV_NO_DATE;
	const bool is_stamped = old_stamp(e, c, &m->signer, &when, &is_sound) ||
				new_stamp(e, &m->signer, &when, &is_sound);
	struct chain ch = { .n = 0 };
	const struct ov_str where = OV_STR("certificate table");

	if (who == NULL) {
		ov_ev_add_detail(x, OV_EV_SIGNER, OV_E1, ov_ev_dn(e, m->signer.issuer), where,
				 digest_holds ? OV_SIGNED_INCOMPLETE : OV_SIGNED_BROKEN);
		return;
	}
	climb(c, who, &ch);
	ov_ev_add_detail(x, OV_EV_SIGNER, OV_E2, dn_text(e, X509_get_subject_name(who)), where,
			 soundness(&ch, signer_holds(e, who, &m->signer, m->content_bytes),
				   digest_holds, is_stamped && is_sound, when));
	for (uint32_t i = 0; i < ch.n; i++)
		ov_ev_add(x, OV_EV_SIGNER_KEY, OV_E1, spki_of(e, ch.x[i]),
			  dn_text(e, X509_get_subject_name(ch.x[i])));
	if (ch.ends_in_root)
		ov_ev_add(x, OV_EV_ROOT_KEY, OV_E1, spki_of(e, ch.x[ch.n - 1]),
			  dn_text(e, X509_get_subject_name(ch.x[ch.n - 1])));
	if (is_stamped)
		note_stamp(e, x, when, is_sound);
}

ov_status ov_ev_signed_pe(struct ov_ev *e, const struct ov_ev_file *f, const struct ov_exe *exe,
			  struct ov_ev_found *x)
{
	struct certs c = { .n = 0 };
	struct ov_pkcs7 m;
	const ov_status st = ov_signature_find(f->src, exe, &e->arena, &m);

	if (st == OV_END)
		return OV_OK;
	if (st == OV_SHORT || st == OV_BAD || st == OV_UNSUPPORTED) {
		ov_ev_add_detail(x, OV_EV_SIGNER, OV_E0, OV_STR("(unreadable)"),
				 OV_STR("certificate table"), OV_SIGNED_UNREADABLE);
		return OV_OK;
	}
	OV_TRY(st);
	certs_add(&c, &m);
	describe(e, f, exe, &m, &c, x);
	certs_free(&c);
	return OV_OK;
}
