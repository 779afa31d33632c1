/*
 * Countersignatures: somebody else's word that a signature was there at a time. PKCS#9 has them as
 * a SignerInfo over the signature's bytes, RFC 3161 as a message of its own.
 */
#include <string.h>

#include <openssl/evp.h>

#include "signature_md.h"
#include "signature_view_int.h"

struct counters {
	const struct ov_sign_view *v;
	struct ov_arena *a;
	struct ov_sign_counter *list;
	uint32_t n;
	bool is_capped;
};

static ov_status add(struct counters *c, const struct ov_sign_counter *one)
{
	if (c->n == OV_SIGN_COUNTERS_MAX) {
		c->is_capped = true;
		return OV_END;
	}
	if (c->n == 0)
		OV_TRY(ov_arena_array(c->a, OV_SIGN_COUNTERS_MAX, &c->list));
	c->list[c->n++] = *one;
	return OV_OK;
}

static ov_status old_counter(struct counters *c, struct ov_cur value)
{
	static const char message_digest[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
	static const char signing_time[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
	const struct ov_pkcs7 *m = &c->v->m;
	struct ov_sign_counter one = { .is_verified = false };
	struct ov_pkcs7_signer s;
	struct ov_der v;

	if (ov_pkcs7_signer_read(&value, &s) != OV_OK)
		return OV_OK;
	OV_TRY(ov_sign_chain_of(c->a, m, &s, &one.chain));
	one.digest_alg = ov_str_of(ov_sign_digest_name(s.digest));
	one.has_time = ov_sign_attribute(&s, signing_time, sizeof signing_time - 1, &v) == OV_OK &&
		       ov_der_time(&v, &one.time) == OV_OK;
	if (ov_sign_attribute(&s, message_digest, sizeof message_digest - 1, &v) == OV_OK &&
	    v.body.len <= OV_SIGN_DIGEST_MAX)
		OV_TRY(ov_signature_hex(c->a, v.body.base, v.body.len, &one.digest));
	one.is_verified = ov_signature_signer_fits(m, &s, m->signer.signature, c->a);
	return add(c, &one);
}

/* TSTInfo: { version, policy, { algorithm, digest }, serial, time ... }. RFC 3161, 2.4.2. */
struct token {
	enum ov_pkcs7_digest kind;
	struct ov_cur digest;
	struct ov_der time;
};

static ov_status read_token(const struct ov_pkcs7 *m, struct token *out)
{
	static const char info[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
	struct ov_cur c = m->content_bytes;
	struct ov_der all, imprint, v;

	if (!ov_der_is_oid(&m->type, info, sizeof info - 1))
		return OV_BAD;
	OV_TRY(ov_der_expect(&c, OV_DER_SEQUENCE, &all));
	OV_TRY(ov_der_expect(&all.body, OV_DER_INTEGER, &v));
	OV_TRY(ov_der_expect(&all.body, OV_DER_OID, &v));
	OV_TRY(ov_der_expect(&all.body, OV_DER_SEQUENCE, &imprint));
	OV_TRY(ov_der_expect(&imprint.body, OV_DER_SEQUENCE, &v));
	out->kind = ov_pkcs7_digest_of(v.body);
	OV_TRY(ov_der_expect(&imprint.body, OV_DER_OCTETS, &v));
	out->digest = v.body;
	OV_TRY(ov_der_expect(&all.body, OV_DER_INTEGER, &v));
	return ov_der_next(&all.body, &out->time);
}

/* Whether a digest is that of these bytes. */
static bool is_digest_of(enum ov_pkcs7_digest kind, struct ov_cur digest, struct ov_cur bytes)
{
	uint8_t got[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	return ov_sign_md(kind) != NULL &&
	       EVP_Digest(bytes.base, bytes.len, got, &n, ov_sign_md(kind), NULL) == 1 &&
	       digest.len == n && memcmp(digest.base, got, n) == 0;
}

static ov_status new_counter(struct counters *c, struct ov_cur value)
{
	struct ov_sign_counter one = { .is_verified = false };
	struct ov_pkcs7 *m = NULL;
	struct token t;

	OV_TRY(ov_arena_new(c->a, &m));
	if (ov_pkcs7_read(value, m) != OV_OK || read_token(m, &t) != OV_OK ||
	    t.digest.len > OV_SIGN_DIGEST_MAX)
		return OV_OK;
	OV_TRY(ov_sign_chain_of(c->a, m, &m->signer, &one.chain));
	one.digest_alg = ov_str_of(ov_sign_digest_name(t.kind));
	OV_TRY(ov_signature_hex(c->a, t.digest.base, t.digest.len, &one.digest));
	one.has_time = ov_der_time(&t.time, &one.time) == OV_OK;
	one.is_verified =
	    is_digest_of(t.kind, t.digest, c->v->m.signer.signature) && ov_signature_fits(m, c->a);
	return add(c, &one);
}

static ov_status each(struct counters *c, const char *oid, size_t n,
		      ov_status (*fn)(struct counters *c, struct ov_cur value))
{
	struct ov_cur values;
	struct ov_der v;
	ov_status s = OV_OK;

	if (ov_pkcs7_values(c->v->m.signer.unauthorised, oid, n, &values) != OV_OK)
		return OV_OK;
	while (s == OV_OK && ov_der_next(&values, &v) == OV_OK)
		s = fn(c, v.whole);
	return s == OV_END ? OV_OK : s;
}

ov_status ov_signature_counters(const struct ov_sign_view *v, struct ov_arena *a,
				struct ov_sign_counter **list, uint32_t *n, bool *is_capped)
{
	static const char counter[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06";
	static const char token[] = "\x2b\x06\x01\x04\x01\x82\x37\x03\x03\x01";
	struct counters c = { .v = v, .a = a };

	OV_TRY(each(&c, counter, sizeof counter - 1, old_counter));
	OV_TRY(each(&c, token, sizeof token - 1, new_counter));
	*list = c.list;
	*n = c.n;
	*is_capped |= c.is_capped;
	return OV_OK;
}
