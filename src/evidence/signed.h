/* Whose signature a program carries, and how sound it is, without trusting anybody. */
#ifndef OV_EV_SIGNED_H
#define OV_EV_SIGNED_H

#include "ev_sources.h"
#include "exe.h"
#include "pkcs7.h"

/**
 * Adds what a PE's Authenticode signature says: the signer's name with how sound the signature is
 * (OV_SIGNED_*), the keys of its chain, the time stamp. Nothing when there is no signature.
 * @return OV_OK; OV_LIMIT, OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_ev_signed_pe(struct ov_ev *e, const struct ov_ev_file *f,
				      const struct ov_exe *exe, struct ov_ev_found *x);

/** A distinguished name (DER, with its tag) as a line of text by RFC 2253, in UTF-8; "" when it
 * can't be read. */
struct ov_str ov_ev_dn(struct ov_ev *e, struct ov_cur der);

/** Adds a certificate's subject and keys; *is_self: it vouches for itself. `der` is one
 * certificate.
 * @return OV_OK; OV_BAD; ... */
struct ov_ev_cert {
	struct ov_str subject, issuer, organisation, common_name;
	struct ov_str sha256, spki; /* hexadecimal */
	int64_t from, to;
	bool is_self_issued, is_self_signed, is_ca;
};
OV_MUST_USE ov_status ov_ev_cert_read(struct ov_ev *e, struct ov_cur der, struct ov_ev_cert *out);

#endif
