#include "key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "b64.h"
#include "text.h"

#define ML_DSA_BYTES 1312

/* White space of Unicode beyond ASCII: U+0085, A0, 1680, 2000-200A, 2028, 2029, 202F, 205F, 3000.
 */
static bool is_wide_space(const uint8_t *p, size_t n)
{
	if (n == 2)
		return p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0);
	if (n != 3)
		return false;
	if (p[0] == 0xe1)
		return p[1] == 0x9a && p[2] == 0x80;
	if (p[0] == 0xe3)
		return p[1] == 0x80 && p[2] == 0x80;
	if (p[0] != 0xe2)
		return false;
	if (p[1] == 0x80)
		return p[2] <= 0x8a || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf;
	return p[1] == 0x81 && p[2] == 0x9f;
}

bool ov_key_name_ok(struct ov_str name)
{
	if (name.n == 0 || name.n > OV_KEY_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n;) {
		const uint8_t *p = (const uint8_t *)name.p + i;
		const size_t n = ov_utf8_len((struct ov_str){ name.p + i, name.n - i });

		if (n == 0 || *p <= ' ' || *p == '+' || *p == 0x7f || is_wide_space(p, n))
			return false;
		i += n;
	}
	return true;
}

ov_status ov_key_id(struct ov_hasher *h, struct ov_str name, uint8_t type, const uint8_t *key,
		    size_t n, uint32_t *out)
{
	const uint8_t middle[2] = { '\n', type };
	uint8_t digest[OV_DIGEST_MAX];

	OV_TRY(ov_hasher_start(h));
	OV_TRY(ov_hasher_add(h, name.p, name.n));
	OV_TRY(ov_hasher_add(h, middle, sizeof middle));
	OV_TRY(ov_hasher_add(h, key, n));
	OV_TRY(ov_hasher_end(h, digest));
	*out = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
	       digest[3];
	return OV_OK;
}

/* "name+id+base64" -> its parts; `raw` gets the type byte and the key. */
static ov_status split_key(struct ov_str text, struct ov_str *name, uint32_t *id, uint8_t *raw,
			   size_t max, size_t *n)
{
	struct ov_str hex;
	uint8_t be[4];
	size_t got;

	if (!ov_text_split(&text, '+', name) || !ov_key_name_ok(*name) ||
	    !ov_text_split(&text, '+', &hex) || hex.n != 8)
		return OV_BAD;
	for (size_t i = 0; i < 8; i++)
		if (hex.p[i] >= 'A' && hex.p[i] <= 'F')
			return OV_BAD; /* one spelling only */
	if (ov_hex_decode(hex, be, sizeof be, &got) != OV_OK ||
	    ov_b64_decode(text, raw, max, n) != OV_OK || *n < 1)
		return OV_BAD;
	*id = (uint32_t)be[0] << 24 | (uint32_t)be[1] << 16 | (uint32_t)be[2] << 8 | be[3];
	return OV_OK;
}

ov_status ov_vkey_parse(struct ov_hasher *h, struct ov_str text, struct ov_vkey *out)
{
	uint8_t raw[1 + ML_DSA_BYTES];
	struct ov_vkey k = { .id = 0 };
	uint32_t id;
	size_t n;

	OV_TRY(split_key(text, &k.name, &k.id, raw, sizeof raw, &n));
	k.type = raw[0];
	OV_TRY(ov_key_id(h, k.name, k.type, raw + 1, n - 1, &id));
	if (id != k.id)
		return OV_BAD;
	if (k.type == OV_KEY_ML_DSA && n == 1 + ML_DSA_BYTES) {
		OV_TRY(ov_hasher_once(h, raw + 1, n - 1, k.key));
		*out = k;
		return OV_OK;
	}
	if (k.type != OV_KEY_PLAIN && k.type != OV_KEY_COSIGN)
		return OV_UNSUPPORTED;
	if (n != 1 + OV_KEY_BYTES)
		return OV_BAD;
	memcpy(k.key, raw + 1, OV_KEY_BYTES);
	*out = k;
	return OV_OK;
}

static ov_status write_key(struct ov_buf *b, const struct ov_vkey *k, const uint8_t *bytes)
{
	uint8_t raw[1 + OV_KEY_BYTES];
	ov_status s;

	if (k->type == OV_KEY_ML_DSA)
		return OV_UNSUPPORTED;
	raw[0] = k->type;
	memcpy(raw + 1, bytes, OV_KEY_BYTES);
	s = ov_buf_str(b, k->name);
	if (s == OV_OK)
		s = ov_buf_fmt(b, "+%08x+", (unsigned)k->id);
	if (s == OV_OK)
		s = ov_b64_encode(b, raw, sizeof raw);
	OPENSSL_cleanse(raw, sizeof raw);
	return s;
}

ov_status ov_vkey_write(struct ov_buf *b, const struct ov_vkey *k)
{
	return write_key(b, k, k->key);
}

ov_status ov_vkey_verify(const struct ov_vkey *k, const void *message, size_t n,
			 const uint8_t signature[OV_SIGNATURE_BYTES])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->key, OV_KEY_BYTES);
	ov_status s = c != NULL && key != NULL ? OV_OK : OV_NOMEM;

	if (k->type == OV_KEY_ML_DSA)
		s = OV_BAD;
	if (s == OV_OK && EVP_DigestVerifyInit(c, NULL, NULL, NULL, key) != 1)
		s = OV_NOMEM;
	if (s == OV_OK && EVP_DigestVerify(c, signature, OV_SIGNATURE_BYTES, message, n) != 1)
		s = OV_BAD;
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(c);
	return s;
}

ov_status ov_skey_make(struct ov_hasher *h, struct ov_str name, uint8_t type,
		       const uint8_t seed[OV_KEY_BYTES], struct ov_skey *out)
{
	EVP_PKEY *key;
	size_t n = OV_KEY_BYTES;
	bool ok;

	if (!ov_key_name_ok(name) || (type != OV_KEY_PLAIN && type != OV_KEY_COSIGN))
		return OV_BAD;
	*out = (struct ov_skey){ .public = { .name = name, .type = type } };
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, OV_KEY_BYTES);
	if (key == NULL)
		return OV_NOMEM;
	ok = EVP_PKEY_get_raw_public_key(key, out->public.key, &n) == 1 && n == OV_KEY_BYTES;
	EVP_PKEY_free(key);
	if (!ok)
		return OV_NOMEM;
	memcpy(out->seed, seed, OV_KEY_BYTES);
	return ov_key_id(h, name, type, out->public.key, OV_KEY_BYTES, &out->public.id);
}

ov_status ov_skey_parse(struct ov_hasher *h, struct ov_str text, struct ov_skey *out)
{
	const struct ov_str head = OV_STR("PRIVATE+KEY+");
	uint8_t raw[1 + OV_KEY_BYTES];
	struct ov_str name;
	uint32_t id;
	size_t n;
	ov_status s;

	if (!ov_str_starts(text, head))
		return OV_BAD;
	OV_TRY(split_key((struct ov_str){ text.p + head.n, text.n - head.n }, &name, &id, raw,
			 sizeof raw, &n));
	s = n == sizeof raw ? ov_skey_make(h, name, raw[0], raw + 1, out) : OV_BAD;
	OPENSSL_cleanse(raw, sizeof raw);
	if (s == OV_OK && out->public.id != id) {
		ov_skey_wipe(out);
		s = OV_BAD;
	}
	return s;
}

ov_status ov_skey_write(struct ov_buf *b, const struct ov_skey *k)
{
	OV_TRY(ov_buf_str(b, OV_STR("PRIVATE+KEY+")));
	return write_key(b, &k->public, k->seed);
}

ov_status ov_skey_sign(const struct ov_skey *k, const void *message, size_t n,
		       uint8_t signature[OV_SIGNATURE_BYTES])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, OV_KEY_BYTES);
	size_t len = OV_SIGNATURE_BYTES;
	const bool ok =
	    c != NULL && key != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(c, signature, &len, message, n) == 1 && len == OV_SIGNATURE_BYTES;

	EVP_PKEY_free(key);
	EVP_MD_CTX_free(c);
	return ok ? OV_OK : OV_NOMEM;
}

void ov_skey_wipe(struct ov_skey *k)
{
	OPENSSL_cleanse(k, sizeof *k);
}
