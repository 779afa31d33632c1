#include "keyfile.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "b64.h"
#include "text.h"

#define COST_LOG2 15 /* 32 MiB, about 0.1 s */
#define COST_MOST 20
#define SALT 16
#define NONCE 12
#define TAG 16
#define HEAD "overt-key/v1 scrypt "

static bool derive(struct ov_str passphrase, const uint8_t salt[SALT], unsigned cost,
		   uint8_t key[32])
{
	return EVP_PBE_scrypt(passphrase.p, passphrase.n, salt, SALT, UINT64_C(1) << cost, 8, 1,
			      (UINT64_C(1024) << cost) * 2 + (1 << 20), key, 32) == 1;
}

/* out: n + TAG bytes. */
static bool seal(const uint8_t key[32], const uint8_t nonce[NONCE], const uint8_t *p, size_t n,
		 uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int got = 0, last = 0;
	const bool ok = c != NULL &&
			EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
			EVP_EncryptUpdate(c, out, &got, p, (int)n) == 1 &&
			EVP_EncryptFinal_ex(c, out + got, &last) == 1 &&
			EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, out + n) == 1;

	EVP_CIPHER_CTX_free(c);
	return ok && (size_t)got == n;
}

static bool unseal(const uint8_t key[32], const uint8_t nonce[NONCE], uint8_t *p, size_t n,
		   uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int got = 0, last = 0;
	const bool ok = c != NULL &&
			EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
			EVP_DecryptUpdate(c, out, &got, p, (int)(n - TAG)) == 1 &&
			EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, p + n - TAG) == 1 &&
			EVP_DecryptFinal_ex(c, out + got, &last) == 1;

	EVP_CIPHER_CTX_free(c);
	return ok;
}

static ov_status write_sealed(const struct ov_buf *plain, struct ov_str passphrase,
			      struct ov_buf *out)
{
	uint8_t salt[SALT], nonce[NONCE], key[32], sealed[OV_KEYFILE_MAX];
	ov_status s = OV_OK;

	if (plain->n + TAG > sizeof sealed)
		return OV_LIMIT;
	if (getrandom(salt, SALT, 0) != SALT || getrandom(nonce, NONCE, 0) != NONCE)
		return OV_IO;
	if (!derive(passphrase, salt, COST_LOG2, key) ||
	    !seal(key, nonce, plain->p, plain->n, sealed))
		s = OV_NOMEM;
	OPENSSL_cleanse(key, sizeof key);
	OV_TRY(s);
	OV_TRY(ov_buf_fmt(out, HEAD "%d ", COST_LOG2));
	OV_TRY(ov_b64_encode(out, salt, SALT));
	OV_TRY(ov_buf_u8(out, ' '));
	OV_TRY(ov_b64_encode(out, nonce, NONCE));
	OV_TRY(ov_buf_u8(out, ' '));
	return ov_b64_encode(out, sealed, plain->n + TAG);
}

ov_status ov_keyfile_write(const struct ov_skey *k, struct ov_str passphrase, struct ov_buf *out)
{
	struct ov_buf plain = ov_buf_of(OV_KEYFILE_MAX);
	ov_status s = ov_skey_write(&plain, k);

	if (s == OV_OK)
		s = passphrase.n == 0 ? ov_buf_put(out, plain.p, plain.n)
				      : write_sealed(&plain, passphrase, out);
	if (s == OV_OK)
		s = ov_buf_u8(out, '\n');
	if (plain.p != NULL)
		OPENSSL_cleanse(plain.p, plain.n);
	ov_buf_free(&plain);
	return s;
}

static ov_status read_sealed(struct ov_str text, struct ov_str passphrase, char *room,
			     struct ov_str *plain)
{
	uint8_t salt[SALT], nonce[NONCE], key[32], sealed[OV_KEYFILE_MAX];
	struct ov_str w;
	uint32_t cost;
	size_t n;
	bool ok;

	if (!ov_text_split(&text, ' ', &w) || ov_text_u32(w, COST_MOST, &cost) != OV_OK ||
	    cost < 10 || !ov_text_split(&text, ' ', &w) ||
	    ov_b64_decode(w, salt, SALT, &n) != OV_OK || n != SALT ||
	    !ov_text_split(&text, ' ', &w) || ov_b64_decode(w, nonce, NONCE, &n) != OV_OK ||
	    n != NONCE || text.p == NULL ||
	    ov_b64_decode(text, sealed, sizeof sealed, &n) != OV_OK || n <= TAG)
		return OV_BAD;
	if (passphrase.n == 0)
		return OV_ENCRYPTED;
	if (!derive(passphrase, salt, cost, key))
		return OV_NOMEM;
	ok = unseal(key, nonce, sealed, n, (uint8_t *)room);
	OPENSSL_cleanse(key, sizeof key);
	*plain = (struct ov_str){ room, n - TAG };
	return ok ? OV_OK : OV_ENCRYPTED;
}

ov_status ov_keyfile_read(struct ov_hasher *h, struct ov_str text, struct ov_str passphrase,
			  char *room, struct ov_skey *out)
{
	const struct ov_str head = OV_STR(HEAD);
	struct ov_str plain;

	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	if (text.n == 0 || text.n >= OV_KEYFILE_MAX)
		return OV_BAD;
	if (ov_str_starts(text, head)) {
		OV_TRY(read_sealed((struct ov_str){ text.p + head.n, text.n - head.n }, passphrase,
				   room, &plain));
	} else {
		memcpy(room, text.p, text.n);
		plain = (struct ov_str){ room, text.n };
	}
	return ov_skey_parse(h, plain, out);
}
