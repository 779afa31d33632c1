/* Signatures as YARA's rules see them. See signature_view.h. */
#include "signature_view.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

#include "checked.h"
#include "signature_view_int.h"
#include "text.h"

#define NAME_MAX_BYTES 4096

ov_status ov_signature_hex(struct ov_arena *a, const uint8_t *p, size_t n, struct ov_str *out)
{
	char *hex = NULL;

	OV_TRY(ov_arena_array(a, 2 * n + 1, &hex));
	ov_hex_encode(p, n, hex);
	*out = (struct ov_str){ .p = hex, .n = 2 * n };
	return OV_OK;
}

const char *ov_sign_digest_name(enum ov_pkcs7_digest kind)
{
	static const char *const names[] = {
		[OV_PKCS7_NO_DIGEST] = "",    [OV_PKCS7_MD5] = "md5",
		[OV_PKCS7_SHA1] = "sha1",     [OV_PKCS7_SHA256] = "sha256",
		[OV_PKCS7_SHA384] = "sha384", [OV_PKCS7_SHA512] = "sha512"
	};

	return names[kind];
}

static ov_status name_text(struct ov_arena *a, const X509_NAME *name, struct ov_str *out)
{
	char text[NAME_MAX_BYTES];

	text[0] = 0;
	(void)X509_NAME_oneline(name, text, sizeof text);
	return ov_arena_str(a, ov_str_of(text), out);
}

/* "52:00:e5": the number's bytes as they are encoded. */
static ov_status serial_text(struct ov_arena *a, const X509 *x, struct ov_str *out)
{
	uint8_t *der = NULL;
	const int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &der);
	struct ov_cur c = ov_cur_of(der, n > 0 ? (size_t)n : 0);
	char text[3 * 64 + 1];
	struct ov_der v = { 0 };
	size_t len = 0;
	ov_status s = OV_OK;

	if (ov_der_next(&c, &v) == OV_OK && v.body.len > 0 && v.body.len <= 64) {
		for (size_t i = 0; i < v.body.len; i++) {
			ov_hex_encode(v.body.base + i, 1, text + 3 * i);
			text[3 * i + 2] = ':';
		}
		len = 3 * v.body.len - 1;
	}
	s = ov_arena_str(a, (struct ov_str){ .p = text, .n = len }, out);
	OPENSSL_free(der);
	return s;
}

static int64_t time_of(const ASN1_TIME *t)
{
	const struct ov_der v = { .tag = (uint8_t)ASN1_STRING_type(t),
				  .body = ov_cur_of(ASN1_STRING_get0_data(t),
						    (size_t)ASN1_STRING_length(t)) };
	int64_t when = 0;

	return ov_der_time(&v, &when) == OV_OK ? when : 0;
}

static ov_status cert_texts(struct ov_arena *a, const X509 *x, struct ov_cur der,
			    struct ov_sign_cert *out)
{
	const int nid = X509_get_signature_nid(x);
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *oid = NULL;
	uint8_t sha1[EVP_MAX_MD_SIZE];
	char number[128];
	unsigned n = 0;

	if (EVP_Digest(der.base, der.len, sha1, &n, EVP_sha1(), NULL) != 1)
		return OV_NOMEM;
	OV_TRY(ov_signature_hex(a, sha1, n, &out->thumbprint));
	OV_TRY(name_text(a, X509_get_issuer_name(x), &out->issuer));
	OV_TRY(name_text(a, X509_get_subject_name(x), &out->subject));
	OV_TRY(ov_arena_str(a, ov_str_of(OBJ_nid2ln(nid)), &out->algorithm));
	X509_get0_signature(NULL, &algorithm, x);
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	if (OBJ_obj2txt(number, sizeof number, oid, 1) <= 0)
		number[0] = 0;
	OV_TRY(ov_arena_str(a, ov_str_of(number), &out->algorithm_oid));
	OV_TRY(serial_text(a, x, &out->serial));
	out->version = X509_get_version(x) + 1;
	out->not_before = time_of(X509_get0_notBefore(x));
	out->not_after = time_of(X509_get0_notAfter(x));
	return OV_OK;
}

/* @return OV_OK; OV_BAD: OpenSSL can't read it; OV_LIMIT, OV_NOMEM. */
static ov_status read_cert(struct ov_arena *a, struct ov_cur der, struct ov_sign_cert *out)
{
	const uint8_t *p = der.base;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	ov_status s;

	if (x == NULL) {
		ERR_clear_error();
		return OV_BAD;
	}
	s = cert_texts(a, x, der, out);
	X509_free(x);
	return s;
}

/* What links certificates: names with their tags, and the number. Source: RFC 5280, 4.1. */
struct link {
	struct ov_cur issuer, subject, serial;
};

static bool same(struct ov_cur a, struct ov_cur b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.base, b.base, a.len) == 0);
}

static ov_status read_link(struct ov_cur der, struct link *out)
{
	struct ov_der v, unused;

	OV_TRY(ov_der_expect(&der, OV_DER_SEQUENCE, &v));
	OV_TRY(ov_der_expect(&v.body, OV_DER_SEQUENCE, &v));
	der = v.body;
	OV_TRY(ov_der_next(&der, &v));
	if (v.tag == OV_DER_CONTEXT_0) /* version */
		OV_TRY(ov_der_next(&der, &v));
	out->serial = v.body;
	OV_TRY(ov_der_next(&der, &unused)); /* algorithm */
	OV_TRY(ov_der_next(&der, &v));
	out->issuer = v.whole;
	OV_TRY(ov_der_next(&der, &unused)); /* validity */
	OV_TRY(ov_der_next(&der, &v));
	out->subject = v.whole;
	return OV_OK;
}

/* The signer's certificate, then its issuer's, and so on; each once. @return how many. */
static uint32_t order_chain(const struct ov_pkcs7 *m, const struct ov_pkcs7_signer *s,
			    uint32_t order[OV_PKCS7_CERTS_MAX])
{
	bool is_used[OV_PKCS7_CERTS_MAX] = { false };
	struct link links[OV_PKCS7_CERTS_MAX] = { { .serial = { 0 } } };
	struct ov_cur want = s->issuer;
	uint32_t n = 0, i;

	for (i = 0; i < m->ncerts; i++)
		is_used[i] = read_link(m->certs[i], &links[i]) != OV_OK;
	do { /* each turn uses one more certificate */
		for (i = 0; i < m->ncerts; i++) {
			if (is_used[i])
				continue;
			if (n == 0 ? same(links[i].issuer, want) && same(links[i].serial, s->serial)
				   : same(links[i].subject, want))
				break;
		}
		if (i == m->ncerts)
			return n;
		is_used[i] = true;
		order[n++] = i;
		want = links[i].issuer;
	} while (!same(links[i].issuer, links[i].subject));
	return n;
}

/* Texts of some certificates of a message; those that can't be read are left out. */
static ov_status read_certs(struct ov_arena *a, const struct ov_pkcs7 *m, const uint32_t *order,
			    uint32_t n, struct ov_sign_certs *out)
{
	struct ov_sign_certs certs = { .n = 0 };

	OV_TRY(ov_arena_array(a, n, &certs.list));
	for (uint32_t i = 0; i < n; i++) {
		const ov_status s =
		    read_cert(a, m->certs[order != NULL ? order[i] : i], &certs.list[certs.n]);

		if (s == OV_OK)
			certs.n++;
		else if (s != OV_BAD)
			return s;
	}
	*out = certs;
	return OV_OK;
}

ov_status ov_sign_chain_of(struct ov_arena *a, const struct ov_pkcs7 *m,
			   const struct ov_pkcs7_signer *s, struct ov_sign_certs *out)
{
	uint32_t order[OV_PKCS7_CERTS_MAX];
	const uint32_t n = order_chain(m, s, order);

	return read_certs(a, m, order, n, out);
}

ov_status ov_sign_attribute(const struct ov_pkcs7_signer *s, const void *oid, size_t n,
			    struct ov_der *out)
{
	struct ov_cur set = s->attributes;
	struct ov_der all;

	OV_TRY(ov_der_next(&set, &all));
	return ov_pkcs7_attribute(all.body, oid, n, out);
}

/* SpcSpOpusInfo: { [0] { [0] BMP or [1] ASCII } ... }; empty if it has none. */
static ov_status program_name(struct ov_arena *a, const struct ov_pkcs7_signer *s,
			      struct ov_str *out)
{
	static const char opus[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0c";
	struct ov_der v;
	uint8_t *text = NULL;
	ASN1_STRING *from;
	ov_status st;
	int n;

	if (ov_sign_attribute(s, opus, sizeof opus - 1, &v) != OV_OK ||
	    ov_der_expect(&v.body, OV_DER_CONTEXT_0, &v) != OV_OK ||
	    ov_der_next(&v.body, &v) != OV_OK || v.body.len > NAME_MAX_BYTES)
		return OV_OK;
	from = ASN1_STRING_type_new(v.tag == 0x80 ? V_ASN1_BMPSTRING : V_ASN1_IA5STRING);
	if (from == NULL || ASN1_STRING_set(from, v.body.base, (int)v.body.len) != 1) {
		ASN1_STRING_free(from);
		return OV_NOMEM;
	}
	n = ASN1_STRING_to_UTF8(&text, from);
	ASN1_STRING_free(from);
	ERR_clear_error();
	if (n < 0)
		return OV_OK;
	st = ov_arena_str(a, (struct ov_str){ .p = (const char *)text, .n = (size_t)n }, out);
	OPENSSL_free(text);
	return st;
}

static ov_status read_view(struct ov_arena *a, struct ov_sign_view *v)
{
	static const char message_digest[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
	struct ov_der d;

	OV_TRY(read_certs(a, &v->m, NULL, v->m.ncerts, &v->certs));
	OV_TRY(program_name(a, &v->m.signer, &v->program));
	v->signer_alg = ov_str_of(ov_sign_digest_name(v->m.signer.digest));
	if (ov_sign_attribute(&v->m.signer, message_digest, sizeof message_digest - 1, &d) ==
		OV_OK &&
	    d.body.len <= OV_SIGN_DIGEST_MAX)
		OV_TRY(ov_signature_hex(a, d.body.base, d.body.len, &v->signer_digest));
	v->has_claim = ov_signature_claim(&v->m, &v->claim) == OV_OK;
	if (!v->has_claim)
		return OV_OK;
	v->digest_alg = ov_str_of(ov_sign_digest_name(v->claim.kind));
	return ov_signature_hex(a, v->claim.bytes, v->claim.n, &v->digest);
}

struct list {
	struct ov_arena *a;
	struct ov_sign_view **items;
	uint32_t n;
	bool is_capped;
};

/* Nested signatures are values of one attribute of the signer. */
static ov_status add_message(struct list *l, struct ov_cur body)
{
	struct ov_sign_view *v = NULL;

	if (l->n == OV_SIGNATURES_MAX) {
		l->is_capped = true;
		return OV_OK;
	}
	OV_TRY(ov_arena_new(l->a, &v));
	*v = (struct ov_sign_view){ .has_claim = false };
	if (ov_pkcs7_read(body, &v->m) != OV_OK)
		return OV_OK;
	l->is_capped |= v->m.is_capped;
	OV_TRY(ov_sign_chain_of(l->a, &v->m, &v->m.signer, &v->chain));
	if (v->chain.n > 0)
		l->items[l->n++] = v;
	return OV_OK;
}

static ov_status add_nested(struct list *l, const struct ov_sign_view *v)
{
	static const char nested[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x04\x01";
	struct ov_cur values;
	struct ov_der one;

	if (ov_pkcs7_values(v->m.signer.unauthorised, nested, sizeof nested - 1, &values) != OV_OK)
		return OV_OK;
	while (ov_der_next(&values, &one) == OV_OK && !l->is_capped)
		OV_TRY(add_message(l, one.whole));
	return OV_OK;
}

ov_status ov_signature_list(const struct ov_src *src, const struct ov_exe *x, struct ov_arena *a,
			    struct ov_sign_view *list[OV_SIGNATURES_MAX], uint32_t *n,
			    bool *is_capped)
{
	struct list l = { .a = a, .items = list };
	struct ov_cur table, body;
	ov_status s;

	*n = 0;
	s = ov_signature_table(src, x, a, &table);
	if (s != OV_OK)
		return s == OV_LIMIT || s == OV_NOMEM || s == OV_IO ? s : OV_OK;
	while (ov_signature_next(&table, &body) == OV_OK && !l.is_capped) {
		uint32_t seen = l.n;

		OV_TRY(add_message(&l, body));
		for (; seen < l.n; seen++) /* the list is its own work list */
			OV_TRY(add_nested(&l, l.items[seen]));
	}
	for (uint32_t i = 0; i < l.n; i++)
		OV_TRY(read_view(a, l.items[i]));
	*n = l.n;
	*is_capped |= l.is_capped;
	return OV_OK;
}
