/* CVD header and signature. */
#include "cvd.h"

#include <openssl/bn.h>

#include "text.h"

#define FIELDS 9

/* clang-format off */
static const struct ov_cvd_key clamav_key = {
	.modulus = {
		0xa8, 0xf3, 0x4c, 0x7b, 0x2b, 0xae, 0x90, 0x2e, 0x1e, 0x60, 0x8c, 0xfc, 0xec, 0x44, 0xc0, 0x24,
		0x37, 0x53, 0x70, 0xc0, 0x9c, 0xd4, 0x60, 0xe1, 0x91, 0x7a, 0x98, 0x54, 0x6d, 0xdf, 0xc5, 0x3a,
		0x90, 0xc6, 0x08, 0xbb, 0x48, 0xba, 0x8c, 0xb7, 0xee, 0xd1, 0xff, 0x34, 0x20, 0x85, 0xec, 0xdd,
		0x14, 0x91, 0x42, 0x8c, 0xa8, 0xa8, 0x95, 0x97, 0x24, 0x03, 0xa3, 0xdb, 0x2a, 0x45, 0x2d, 0xd8,
		0x01, 0x73, 0xbb, 0x07, 0xe1, 0xe2, 0x3a, 0xcb, 0xc8, 0x4f, 0xab, 0x2e, 0x25, 0x86, 0x93, 0x0f,
		0x62, 0x90, 0x9d, 0x56, 0xd2, 0xe2, 0x52, 0x56, 0xc9, 0x89, 0xd3, 0x99, 0xfa, 0x72, 0x2a, 0xb2,
		0x5a, 0xb6, 0x28, 0xdf, 0x79, 0xbc, 0xfc, 0xe4, 0x3b, 0x86, 0xa0, 0xe0, 0x49, 0x26, 0x31, 0x71,
		0x35, 0x2b, 0x75, 0x04, 0x8f, 0x2d, 0x47, 0x78, 0xb6, 0x9a, 0x5e, 0x57, 0x4a, 0x61, 0x30, 0xad,
	},
	.exponent = 100001027,
};
/* clang-format on */

const struct ov_cvd_key *ov_cvd_key_clamav(void)
{
	return &clamav_key;
}

static ov_status bad(const char **why, const char *text)
{
	*why = text;
	return OV_BAD;
}

static struct ov_str trim_padding(struct ov_str s)
{
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

ov_status ov_cvd_header(struct ov_cur bytes, struct ov_cvd_header *out, const char **why)
{
	struct ov_str f[FIELDS + 1] = { 0 }, rest, all;
	struct ov_cvd_header h = { 0 };
	struct ov_cur head;
	size_t n = 0;

	*why = "it is too short for a container of signatures";
	OV_TRY(ov_cur_sub(&bytes, 0, OV_CVD_HEADER, &head));
	all = rest = trim_padding((struct ov_str){ .p = (const char *)head.base, .n = head.len });
	for (size_t i = 0; i < all.n; i++)
		if (all.p[i] < ' ' || all.p[i] > '~')
			return bad(why, "its header is not text");
	while (n <= FIELDS && ov_text_split(&rest, ':', &f[n]))
		n++;
	if (n != FIELDS || !ov_str_is(f[0], "ClamAV-VDB"))
		return bad(why, "its header is not that of a container of signatures");
	h.time = f[1];
	h.md5 = f[5];
	h.dsig = f[6];
	h.builder = f[7];
	if (ov_text_u64(f[2], &h.version) != OV_OK || ov_text_u64(f[3], &h.signatures) != OV_OK ||
	    ov_text_u64(f[4], &h.level) != OV_OK || ov_text_u64(f[8], &h.built) != OV_OK)
		return bad(why, "a number in its header is wrong");
	h.before_md5 = (struct ov_str){ .p = all.p, .n = (size_t)(f[5].p - all.p) };
	h.after_dsig = (struct ov_str){ .p = f[7].p, .n = (size_t)(all.p + all.n - f[7].p) };
	*out = h;
	return OV_OK;
}

bool ov_cvd_same_header(const struct ov_cvd_header *h, struct ov_str line)
{
	static const struct ov_str blank = { .p = "X:X:", .n = 4 }; /* in place of md5 and dsig */

	if (!ov_str_starts(line, h->before_md5))
		return false;
	line.p += h->before_md5.n;
	line.n -= h->before_md5.n;
	if (!ov_str_starts(line, blank))
		return false;
	line.p += blank.n;
	line.n -= blank.n;
	return ov_str_eq(line, h->after_dsig);
}

static int digit64(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ov_status ov_cvd_number(struct ov_str s, uint8_t *out, size_t size)
{
	memset(out, 0, size);
	if (s.n == 0 || s.n > (8 * size + 5) / 6)
		return OV_BAD;
	for (size_t i = 0; i < s.n; i++) {
		const int v = digit64(s.p[i]);

		if (v < 0)
			return OV_BAD;
		for (size_t k = 0; k < 6; k++) {
			const size_t bit = 6 * i + k;

			if ((v >> k & 1) == 0)
				continue;
			if (bit / 8 >= size)
				return OV_BAD;
			out[size - 1 - bit / 8] |= (uint8_t)(1u << bit % 8);
		}
	}
	return OV_OK;
}

struct rsa {
	BN_CTX *ctx;
	BIGNUM *n, *e, *s, *m;
};

static ov_status power(struct rsa *r, const struct ov_cvd_key *key, const uint8_t *sig,
		       uint8_t out[OV_CVD_MODULUS])
{
	r->ctx = BN_CTX_new();
	r->n = BN_bin2bn(key->modulus, OV_CVD_MODULUS, NULL);
	r->e = BN_new();
	r->s = BN_bin2bn(sig, OV_CVD_MODULUS, NULL);
	r->m = BN_new();
	if (r->ctx == NULL || r->n == NULL || r->e == NULL || r->s == NULL || r->m == NULL ||
	    BN_set_word(r->e, key->exponent) != 1)
		return OV_NOMEM;
	if (BN_cmp(r->s, r->n) >= 0 || BN_mod_exp(r->m, r->s, r->e, r->n, r->ctx) != 1 ||
	    BN_bn2binpad(r->m, out, OV_CVD_MODULUS) != OV_CVD_MODULUS)
		return OV_BAD;
	return OV_OK;
}

/* sig^e mod n. */
static ov_status recover(const struct ov_cvd_key *key, const uint8_t *sig,
			 uint8_t out[OV_CVD_MODULUS])
{
	struct rsa r = { 0 };
	const ov_status s = power(&r, key, sig, out);

	BN_CTX_free(r.ctx);
	BN_free(r.n);
	BN_free(r.e);
	BN_free(r.s);
	BN_free(r.m);
	return s;
}

ov_status ov_cvd_verify(struct ov_cur bytes, const struct ov_cvd_header *h,
			const struct ov_cvd_key *key, struct ov_hasher *md5, const char **why)
{
	uint8_t have[OV_DIGEST_MAX], said[16], sig[OV_CVD_MODULUS], want[OV_CVD_MODULUS] = { 0 };
	uint8_t plain[OV_CVD_MODULUS];
	struct ov_cur body;
	size_t n = 0;
	ov_status s;

	OV_TRY(ov_cur_sub(&bytes, OV_CVD_HEADER, bytes.len - OV_CVD_HEADER, &body));
	OV_TRY(ov_hasher_once(md5, body.base, body.len, have));
	if (h->md5.n != 32 || ov_hex_decode(h->md5, said, sizeof said, &n) != OV_OK ||
	    memcmp(have, said, sizeof said) != 0)
		return bad(why, "its bytes are not those that its MD5 was made of");
	if (ov_cvd_number(h->dsig, sig, sizeof sig) != OV_OK)
		return bad(why, "its signature is not a number");
	s = recover(key, sig, plain);
	if (s == OV_NOMEM)
		return s;
	memcpy(want + OV_CVD_MODULUS - sizeof said, said, sizeof said);
	if (s != OV_OK || memcmp(plain, want, sizeof want) != 0)
		return bad(why, "its signature is not ClamAV's over these bytes");
	return OV_OK;
}
