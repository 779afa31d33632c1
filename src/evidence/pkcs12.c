/*
 * PKCS#12 stores (RFC 7292), as Java's cacerts has been since JDK 18: certificates in bags, which
 * may be encrypted. Java trusts those of a store without keys, so only certificates are looked at.
 * Encrypted bags are told: nobody here knows the password. The outer MAC is not verified.
 */
#include "certs.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#define BAGS_MAX 100000

static void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags)
{
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

static ov_status bag(struct ov_ev *e, const PKCS12_SAFEBAG *b, uint32_t number, bool is_trusted)
{
	const struct ov_arena_mark mark = ov_arena_mark(&e->arena);
	unsigned char *der = NULL;
	ov_status st = OV_OK;
	X509 *x;
	int n;

	if (PKCS12_SAFEBAG_get_nid(b) != NID_certBag)
		return OV_OK; /* a key */
	x = PKCS12_SAFEBAG_get1_cert(b);
	n = x != NULL ? i2d_X509(x, &der) : 0;
	if (n > 0)
		st = ov_ev_cert_emit(e, is_trusted, ov_cur_of(der, (size_t)n),
				     ov_ev_fmt(e, "certificate %u", number));
	else
		st = OV_BAD;
	OPENSSL_free(der);
	X509_free(x);
	ov_arena_release(&e->arena, mark);
	return st;
}

struct reading {
	struct ov_ev *e;
	bool is_trusted;
	uint32_t n, broken, encrypted;
};

static ov_status safe(struct reading *r, PKCS7 *p)
{
	STACK_OF(PKCS12_SAFEBAG) * bags;
	ov_status st = OV_OK;

	if (OBJ_obj2nid(p->type) != NID_pkcs7_data) {
		r->encrypted++;
		return OV_OK;
	}
	bags = PKCS12_unpack_p7data(p);
	if (bags == NULL)
		return OV_BAD;
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags) && st == OV_OK; i++) {
		if (++r->n > BAGS_MAX) {
			st = OV_LIMIT;
			break;
		}
		st = bag(r->e, sk_PKCS12_SAFEBAG_value(bags, i), r->n, r->is_trusted);
		r->broken += st == OV_BAD;
		st = st == OV_BAD ? OV_OK : st;
	}
	free_bags(bags);
	return st;
}

ov_status ov_ev_pkcs12_read(struct ov_ev *e, struct ov_cur c, bool is_trusted)
{
	struct reading r = { .e = e, .is_trusted = is_trusted };
	const unsigned char *at = ov_cur_rest(&c);
	STACK_OF(PKCS7) * safes;
	ov_status st = OV_OK;
	PKCS12 *p;

	if (ov_cur_left(&c) > LONG_MAX)
		return OV_LIMIT;
	p = d2i_PKCS12(NULL, &at, (long)ov_cur_left(&c));
	if (p == NULL) {
		ERR_clear_error();
		return OV_BAD;
	}
	safes = PKCS12_unpack_authsafes(p);
	if (safes == NULL)
		st = OV_BAD;
	for (int i = 0; safes != NULL && i < sk_PKCS7_num(safes) && st == OV_OK; i++)
		st = safe(&r, sk_PKCS7_value(safes, i));
	sk_PKCS7_pop_free(safes, PKCS7_free);
	PKCS12_free(p);
	ERR_clear_error();
	OV_TRY(st);
	if (r.encrypted > 0)
		OV_TRY(ov_ev_unread(e, OV_ENCRYPTED, (struct ov_str){ 0 },
				    "PKCS#12: certificates behind a password"));
	return r.broken > 0 ? OV_BAD : OV_OK;
}
