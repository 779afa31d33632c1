/* What signature_view.c and signature_counter.c share. Not for other folders. */
#ifndef OV_SIGNATURE_VIEW_INT_H
#define OV_SIGNATURE_VIEW_INT_H

#include "signature_view.h"

/** "sha256"; empty for none. */
const char *ov_sign_digest_name(enum ov_pkcs7_digest kind);

/** The texts of a signer's certificate and of those above it, as far as the message has them. */
OV_MUST_USE ov_status ov_sign_chain_of(struct ov_arena *a, const struct ov_pkcs7 *m,
				       const struct ov_pkcs7_signer *s, struct ov_sign_certs *out);

/** A signed attribute's first value. @return as ov_pkcs7_attribute(). */
OV_MUST_USE ov_status ov_sign_attribute(const struct ov_pkcs7_signer *s, const void *oid, size_t n,
					struct ov_der *out);

#endif
