/*
 * The detached signatures of ClamAV 1.5 (.cvd.sign, .cdiff.sign): lines
 *
 *   <min level>:<max level, may be empty>:pkcs7-pem:<fingerprint>:<base64 of a PKCS#7 message>
 *
 * with comments after '#'. One good signature, up to a certificate that the site trusts, is enough;
 * the fingerprint is a hint and not looked at. Source: ClamAV's own description of the change that
 * brought them (Cisco-Talos/clamav pull request 1417).
 */
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "b64.h"
#include "foreign_int.h"
#include "text.h"

#define MESSAGE_MAX ((size_t)64 << 10)
#define LINES_MAX 32

/* Certificates of the job into a store. @return how many; -1 no memory. */
static int add_certificates(const struct ov_foreign_job *j, X509_STORE *store)
{
	int n = 0;

	for (size_t i = 0; i < j->ninputs; i++) {
		const struct ov_foreign_input *in = &j->inputs[i];
		BIO *bio;
		X509 *x;

		if (!ov_str_starts(in->name, OV_STR("cert:")) || in->bytes.len > INT_MAX)
			continue;
		bio = BIO_new_mem_buf(in->bytes.base, (int)in->bytes.len);
		if (bio == NULL)
			return -1;
		while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
			n += X509_STORE_add_cert(store, x) == 1;
			X509_free(x);
		}
		(void)BIO_free(bio);
	}
	ERR_clear_error();
	return n;
}

static bool is_good(PKCS7 *message, X509_STORE *store, struct ov_cur bytes)
{
	BIO *data = BIO_new_mem_buf(bytes.base, (int)bytes.len);
	const bool good = data != NULL && PKCS7_type_is_signed(message) &&
			  PKCS7_get_detached(message) == 1 &&
			  PKCS7_verify(message, NULL, store, data, NULL, PKCS7_BINARY) == 1;

	(void)BIO_free(data);
	ERR_clear_error();
	return good;
}

static bool line_is_good(struct ov_str line, X509_STORE *store, struct ov_cur bytes, uint8_t *room)
{
	struct ov_str f[4], rest = line;
	const uint8_t *at = room;
	PKCS7 *message;
	bool good;
	size_t n;

	for (size_t i = 0; i < 4; i++)
		if (!ov_text_split(&rest, ':', &f[i]))
			return false;
	if (!ov_str_is(f[2], "pkcs7-pem") || rest.n == 0 ||
	    ov_b64_decode(rest, room, MESSAGE_MAX, &n) != OV_OK)
		return false;
	message = d2i_PKCS7(NULL, &at, (long)n);
	ERR_clear_error();
	if (message == NULL)
		return false;
	good = at == room + n && is_good(message, store, bytes);
	PKCS7_free(message);
	return good;
}

static ov_status verify(struct ov_foreign_job *j, struct ov_cur sign, struct ov_cur bytes,
			X509_STORE *store, uint8_t *room)
{
	struct ov_str line;
	unsigned lines = 0;
	int n = add_certificates(j, store);

	if (n < 0)
		return OV_NOMEM;
	if (n == 0)
		return ov_foreign_fail(j, OV_BAD, "no certificate to hold a .sign file against");
	if (X509_STORE_set_purpose(store, X509_PURPOSE_ANY) != 1)
		return OV_NOMEM;
	while (ov_cur_line(&sign, &line) == OV_OK && lines < LINES_MAX) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		lines++;
		if (line_is_good(line, store, bytes, room))
			return OV_OK;
	}
	return ov_foreign_fail(j, OV_BAD,
			       "its .sign file holds no signature over these bytes by a "
			       "certificate that is trusted here");
}

ov_status ov_foreign_detached(struct ov_foreign_job *j, struct ov_cur sign, struct ov_cur bytes)
{
	X509_STORE *store = X509_STORE_new();
	struct ov_buf room = ov_buf_of(MESSAGE_MAX);
	ov_status s = store != NULL ? ov_buf_reserve(&room, MESSAGE_MAX) : OV_NOMEM;

	sign.pos = bytes.pos = 0;
	if (s == OV_OK && bytes.len > INT_MAX)
		s = OV_LIMIT;
	if (s == OV_OK)
		s = verify(j, sign, bytes, store, room.p);
	X509_STORE_free(store);
	ov_buf_free(&room);
	return s;
}
