/*
 * WinZip's AE-1 and AE-2: a key for AES and one for HMAC-SHA-1 from password and salt (PBKDF2,
 * 1,000 rounds), AES in counter mode with a counter that begins at 1 and grows from its first byte,
 * and the first ten bytes of the code behind the data. Source: "AES Encryption Information:
 * Encryption Specification AE-1 and AE-2", WinZip.
 */
#include "zip_aes.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"

#define ROUNDS 1000
#define CHECK 2	  /* bytes that tell a wrong password */
#define CODE 10	  /* bytes of the authentication code */
#define BLOCK 16u /* bytes of AES */
#define STEP ((size_t)16 << 10)
#define PASSWORD_MAX 256

struct ov_zip_aes {
	EVP_CIPHER_CTX *cipher; /* AES of one block, with the key of the member that is open */
	EVP_MAC *hmac;
	struct ov_src in; /* the encrypted data alone */
	uint8_t step[STEP];
	uint8_t stream[STEP + 2 * BLOCK];
};

void ov_zip_aes_free(struct ov_zip_aes **x)
{
	if (*x == NULL)
		return;
	EVP_CIPHER_CTX_free((*x)->cipher);
	EVP_MAC_free((*x)->hmac);
	free(*x);
	*x = NULL;
}

ov_status ov_zip_aes_new(struct ov_zip_aes **out)
{
	struct ov_zip_aes *x = calloc(1, sizeof *x);

	if (x == NULL)
		return OV_NOMEM;
	x->cipher = EVP_CIPHER_CTX_new();
	x->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (x->cipher == NULL || x->hmac == NULL)
		ov_zip_aes_free(&x);
	*out = x;
	return x != NULL ? OV_OK : OV_NOMEM;
}

/* The code of the data. @return as ov_zip_aes_open(). */
static ov_status authenticate(struct ov_zip_aes *x, const struct ov_fmt_env *env,
			      const uint8_t *key, size_t n, uint8_t code[EVP_MAX_MD_SIZE])
{
	char sha1[] = "SHA1";
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha1,
								       0),
				      OSSL_PARAM_construct_end() };
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(x->hmac);
	uint64_t at = 0;
	ov_status s = mac != NULL && EVP_MAC_init(mac, key, n, params) == 1 ? OV_OK : OV_NOMEM;
	size_t got;

	while (s == OV_OK && at < x->in.size) {
		s = ov_fmt_is_late(env) ? OV_LIMIT
					: ov_src_read_upto(&x->in, at, x->step, STEP, &got);
		if (s == OV_OK && got == 0)
			s = OV_SHORT;
		if (s == OV_OK && EVP_MAC_update(mac, x->step, got) != 1)
			s = OV_NOMEM;
		if (s == OV_OK)
			at += got;
	}
	if (s == OV_OK && EVP_MAC_final(mac, code, &got, EVP_MAX_MD_SIZE) != 1)
		s = OV_NOMEM;
	EVP_MAC_CTX_free(mac);
	return s;
}

/* Key stream for `n` bytes from block `first` on, to x->stream. */
static ov_status make_stream(struct ov_zip_aes *x, uint64_t first, size_t n)
{
	int made = 0;

	n = (n + BLOCK - 1) / BLOCK * BLOCK;
	memset(x->stream, 0, n);
	for (size_t i = 0; i < n; i += BLOCK)
		for (unsigned k = 0; k < 8; k++)
			x->stream[i + k] = (uint8_t)((first + i / BLOCK + 1) >> (8 * k));
	return EVP_EncryptUpdate(x->cipher, x->stream, &made, x->stream, (int)n) == 1 &&
		       (size_t)made == n
		   ? OV_OK
		   : OV_BUG;
}

static ov_status read_plain(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	struct ov_zip_aes *x = ctx;
	const size_t skip = off % BLOCK;

	OV_TRY(ov_src_read_upto(&x->in, off, to, ov_min_size(n, STEP), got));
	OV_TRY(make_stream(x, off / BLOCK, skip + *got));
	for (size_t i = 0; i < *got; i++)
		to[i] ^= x->stream[skip + i];
	return OV_OK;
}

ov_status ov_zip_aes_open(struct ov_zip_aes *x, const struct ov_fmt_env *env,
			  const struct ov_src *member, unsigned strength, struct ov_str password,
			  struct ov_src *plain)
{
	const size_t nkey = 8 + 8 * (size_t)strength, nsalt = nkey / 2;
	const EVP_CIPHER *const ciphers[] = { EVP_aes_128_ecb(), EVP_aes_192_ecb(),
					      EVP_aes_256_ecb() };
	uint8_t head[16 + CHECK], want[CODE], keys[2 * 32 + CHECK], code[EVP_MAX_MD_SIZE];

	if (strength < 1 || strength > 3 || password.n > PASSWORD_MAX ||
	    member->size < nsalt + CHECK + CODE)
		return OV_END;
	OV_TRY(ov_src_read(member, 0, head, nsalt + CHECK));
	OV_TRY(ov_src_read(member, member->size - CODE, want, CODE));
	if (PKCS5_PBKDF2_HMAC_SHA1(password.n > 0 ? password.p : "", (int)password.n, head,
				   (int)nsalt, ROUNDS, (int)(2 * nkey + CHECK), keys) != 1)
		return OV_NOMEM;
	if (memcmp(keys + 2 * nkey, head + nsalt, CHECK) != 0)
		return OV_END;
	OV_TRY(ov_src_slice(member, nsalt + CHECK, member->size - nsalt - CHECK - CODE, &x->in));
	OV_TRY(authenticate(x, env, keys + nkey, nkey, code));
	if (memcmp(code, want, CODE) != 0)
		return OV_BAD;
	if (EVP_EncryptInit_ex(x->cipher, ciphers[strength - 1], NULL, keys, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(x->cipher, 0) != 1)
		return OV_NOMEM;
	*plain = (struct ov_src){ .size = x->in.size, .read = read_plain, .ctx = x };
	return OV_OK;
}
