/* What readers of signatures share: signature.c, signature_chain.c, evidence/signed.c. */
#ifndef OV_SIGNATURE_MD_H
#define OV_SIGNATURE_MD_H

#include <openssl/evp.h>

#include "signature.h"

/** OpenSSL's digest; NULL for none. */
const EVP_MD *ov_sign_md(enum ov_pkcs7_digest kind);

static inline void ov_sign_ctx_free(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
	*ctx = NULL;
}

#endif
