/* Digests through OpenSSL's EVP interface. */
#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct ov_hasher {
	EVP_MD_CTX *ctx;
	EVP_MD *md;
};

static const struct {
	const char *name, *openssl;
	size_t size;
} kinds[OV_DIGEST_KINDS] = {
	[OV_MD5] = { "md5", "MD5", 16 },
	[OV_SHA1] = { "sha1", "SHA1", 20 },
	[OV_SHA256] = { "sha256", "SHA256", 32 },
};

size_t ov_digest_size(enum ov_digest_kind k)
{
	return (unsigned)k < OV_DIGEST_KINDS ? kinds[k].size : 0;
}

const char *ov_digest_name(enum ov_digest_kind k)
{
	return (unsigned)k < OV_DIGEST_KINDS ? kinds[k].name : "unknown";
}

void ov_hasher_free(struct ov_hasher **h)
{
	if (*h == NULL)
		return;
	EVP_MD_CTX_free((*h)->ctx);
	EVP_MD_free((*h)->md);
	free(*h);
	*h = NULL;
}

ov_status ov_hasher_new(enum ov_digest_kind k, struct ov_hasher **out)
{
	OV_CLEANUP(ov_hasher_free) struct ov_hasher *h = NULL;

	if ((unsigned)k >= OV_DIGEST_KINDS)
		return OV_BUG;
	/* No openssl.cnf: it could name modules to load, and a jail could not read it. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return OV_NOMEM;
	h = calloc(1, sizeof *h);
	if (h == NULL)
		return OV_NOMEM;
	h->md = EVP_MD_fetch(NULL, kinds[k].openssl, NULL);
	h->ctx = EVP_MD_CTX_new();
	if (h->md == NULL || h->ctx == NULL)
		return OV_NOMEM;
	*out = h;
	h = NULL;
	return OV_OK;
}

ov_status ov_hasher_start(struct ov_hasher *h)
{
	return EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1 ? OV_OK : OV_NOMEM;
}

ov_status ov_hasher_add(struct ov_hasher *h, const void *p, size_t n)
{
	if (n == 0)
		return OV_OK;
	return EVP_DigestUpdate(h->ctx, p, n) == 1 ? OV_OK : OV_BUG;
}

ov_status ov_hasher_end(struct ov_hasher *h, uint8_t out[OV_DIGEST_MAX])
{
	unsigned char full[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(h->ctx, full, &n) != 1 || n > OV_DIGEST_MAX)
		return OV_BUG;
	for (unsigned i = 0; i < n; i++)
		out[i] = full[i];
	return OV_OK;
}

ov_status ov_hasher_once(struct ov_hasher *h, const void *p, size_t n, uint8_t out[OV_DIGEST_MAX])
{
	OV_TRY(ov_hasher_start(h));
	OV_TRY(ov_hasher_add(h, p, n));
	return ov_hasher_end(h, out);
}
