/* Authenticode: finding the signature of a program, its digest, and what is said of it. The chain
 * of trust is in signature_chain.c. */
#include "signature.h"

#include <openssl/evp.h>
#include <string.h>

#include "checked.h"
#include "signature_md.h"

#define PIECE ((size_t)64 << 10)
#define TABLE_ROW 8 /* length, revision, type */
#define TYPE_PKCS7 2

const EVP_MD *ov_sign_md(enum ov_pkcs7_digest kind)
{
	switch (kind) {
	case OV_PKCS7_MD5:
		return EVP_md5();
	case OV_PKCS7_SHA1:
		return EVP_sha1();
	case OV_PKCS7_SHA256:
		return EVP_sha256();
	case OV_PKCS7_SHA384:
		return EVP_sha384();
	case OV_PKCS7_SHA512:
		return EVP_sha512();
	case OV_PKCS7_NO_DIGEST:
		break;
	}
	return NULL;
}

ov_status ov_signature_table(const struct ov_src *src, const struct ov_exe *x, struct ov_arena *a,
			     struct ov_cur *out)
{
	if (x->type != OV_T_MSEXE || x->certs_size < TABLE_ROW || x->certs >= src->size)
		return OV_END;
	return ov_src_view_upto(src, x->certs, (size_t)ov_min_u64(x->certs_size, OV_PKCS7_MAX), a,
				out);
}

ov_status ov_signature_next(struct ov_cur *table, struct ov_cur *out)
{
	while (ov_cur_left(table) >= TABLE_ROW) { /* each turn takes a row of at least 8 bytes */
		const uint32_t n = ov_cur_soft_u32le(table);
		const uint32_t kind = ov_cur_soft_u32le(table) >> 16;
		struct ov_cur body;

		OV_TRY(ov_cur_status(table));
		if (n < TABLE_ROW)
			return OV_BAD;
		OV_TRY(ov_cur_take(table, ov_min_u64(n - TABLE_ROW, ov_cur_left(table)), &body));
		ov_cur_soft_skip(table, ov_min_u64((8 - n % 8) % 8, ov_cur_left(table)));
		if (kind == TYPE_PKCS7) {
			*out = body;
			return OV_OK;
		}
	}
	return OV_END;
}

ov_status ov_signature_find(const struct ov_src *src, const struct ov_exe *x, struct ov_arena *a,
			    struct ov_pkcs7 *out)
{
	struct ov_cur table, body;

	OV_TRY(ov_signature_table(src, x, a, &table));
	OV_TRY(ov_signature_next(&table, &body));
	return ov_pkcs7_read(body, out);
}

ov_status ov_signature_claim(const struct ov_pkcs7 *m, struct ov_sign_digest *out)
{
	static const char indirect[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04";
	struct ov_sign_digest d = { 0 };
	struct ov_cur c = m->content_bytes;
	struct ov_der v, algorithm;

	if (!ov_der_is_oid(&m->type, indirect, sizeof indirect - 1))
		return OV_BAD;
	OV_TRY(ov_der_expect(&c, OV_DER_SEQUENCE, &v)); /* what kind of file */
	OV_TRY(ov_der_expect(&c, OV_DER_SEQUENCE, &v));
	OV_TRY(ov_der_expect(&v.body, OV_DER_SEQUENCE, &algorithm));
	d.kind = ov_pkcs7_digest_of(algorithm.body);
	OV_TRY(ov_der_expect(&v.body, OV_DER_OCTETS, &v));
	if (d.kind == OV_PKCS7_NO_DIGEST || v.body.len > sizeof d.bytes ||
	    (int)v.body.len != EVP_MD_get_size(ov_sign_md(d.kind)))
		return OV_BAD;
	d.n = v.body.len;
	memcpy(d.bytes, v.body.base, d.n);
	*out = d;
	return OV_OK;
}

static ov_status add_range(EVP_MD_CTX *ctx, const struct ov_src *src, uint64_t from, uint64_t to)
{
	uint8_t piece[4096];

	if (to > src->size || from > to)
		return OV_BAD;
	if (src->mem != NULL)
		return EVP_DigestUpdate(ctx, src->mem + from, (size_t)(to - from)) == 1 ? OV_OK
											: OV_NOMEM;
	while (from < to) {
		const size_t n = (size_t)ov_min_u64(to - from, sizeof piece);

		OV_TRY(ov_src_read(src, from, piece, n));
		if (EVP_DigestUpdate(ctx, piece, n) != 1)
			return OV_NOMEM;
		from += n;
	}
	return OV_OK;
}

static ov_status add_program(EVP_MD_CTX *ctx, const struct ov_src *src, const struct ov_exe *x,
			     uint64_t end)
{
	OV_TRY(add_range(ctx, src, 0, x->checksum_at));
	OV_TRY(add_range(ctx, src, x->checksum_at + 4, x->security_at));
	return add_range(ctx, src, x->security_at + 8, end);
}

ov_status ov_signature_digest(const struct ov_src *src, const struct ov_exe *x,
			      enum ov_pkcs7_digest kind, struct ov_sign_digest *out)
{
	OV_CLEANUP(ov_sign_ctx_free) EVP_MD_CTX *ctx = NULL;
	struct ov_sign_digest d = { .kind = kind };
	uint64_t end = src->size, table_end;
	unsigned n = 0;

	if (ov_sign_md(kind) == NULL || x->checksum_at == 0)
		return OV_BAD;
	if (x->certs_size > 0) {
		OV_TRY(ov_add_u64(x->certs, x->certs_size, &table_end));
		if (table_end != src->size)
			return OV_BAD;
		end = x->certs;
	}
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL || EVP_DigestInit_ex(ctx, ov_sign_md(kind), NULL) != 1)
		return OV_NOMEM;
	OV_TRY(add_program(ctx, src, x, end));
	if (EVP_DigestFinal_ex(ctx, d.bytes, &n) != 1)
		return OV_NOMEM;
	d.n = n;
	*out = d;
	return OV_OK;
}

/* A catalog's member: { tag, { attributes } }; one attribute holds the digest as in a signature. */
static bool member_has(struct ov_cur attributes, const struct ov_sign_digest *want)
{
	static const char indirect[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04";
	struct ov_sign_digest d;
	struct ov_pkcs7 claim = { 0 };
	struct ov_der v;

	if (ov_pkcs7_attribute(attributes, indirect, sizeof indirect - 1, &v) != OV_OK)
		return false;
	claim.type =
	    (struct ov_der){ .tag = OV_DER_OID, .body = ov_cur_of(indirect, sizeof indirect - 1) };
	claim.content_bytes = v.body;
	return ov_signature_claim(&claim, &d) == OV_OK && d.kind == want->kind && d.n == want->n &&
	       memcmp(d.bytes, want->bytes, d.n) == 0;
}

bool ov_signature_lists(const struct ov_pkcs7 *catalog, const struct ov_sign_digest *d)
{
	static const char list[] = "\x2b\x06\x01\x04\x01\x82\x37\x0a\x01";
	struct ov_cur c = catalog->content_bytes;
	struct ov_der v, member, tag, set;

	if (!ov_der_is_oid(&catalog->type, list, sizeof list - 1))
		return false;
	/* { usage { }, identifier, time, algorithm { }, members { } ... } */
	for (;;) {
		struct ov_cur members;

		if (ov_der_next(&c, &v) != OV_OK)
			return false;
		members = v.body;
		if (v.tag != OV_DER_SEQUENCE)
			continue;
		while (ov_der_expect(&members, OV_DER_SEQUENCE, &member) == OV_OK) {
			if (ov_der_expect(&member.body, OV_DER_OCTETS, &tag) == OV_OK &&
			    ov_der_expect(&member.body, OV_DER_SET, &set) == OV_OK &&
			    member_has(set.body, d))
				return true;
		}
	}
}
