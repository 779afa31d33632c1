/*
 * Certificates: .crb lines and .cat files.
 *
 *   name;trusted;subject;serial;key;exponent;code;time;cert;notbefore;comment[;min[;max]]
 *
 * A line becomes a record of the table OV_EXTRA_CERT (cert_row.h), a catalog one of
 * OV_EXTRA_CATALOG, whose body is the catalog itself. Source: ClamAV manual,
 * Appendix/AuthenticodeRules.md; what is refused is what clamscan 1.4.6 calls malformed.
 */
#include "build_int.h"
#include "cert_row.h"
#include "pkcs7.h"
#include "text.h"

#define FIELDS_MAX 13

static ov_status read_sha1(struct ov_sig_line *l, struct ov_str s, uint8_t out[20])
{
	size_t n = 0;

	if (s.n != 40 || ov_hex_decode(s, out, 20, &n) != OV_OK)
		return ov_sig_bad(l, "subject and serial number are SHA-1 digests of 40 digits");
	return OV_OK;
}

static ov_status read_bit(struct ov_sig_line *l, struct ov_str s, uint8_t bit, uint8_t *flags)
{
	if (!ov_str_is(s, "0") && !ov_str_is(s, "1"))
		return ov_sig_bad(l, "trusted, code, time and cert are 0 or 1 each");
	if (s.p[0] == '1')
		*flags |= bit;
	return OV_OK;
}

static ov_status read_modulus(struct ov_sig_line *l, struct ov_str s, struct ov_buf *row)
{
	uint8_t bytes[OV_CERT_MODULUS_MAX + 1];
	size_t n = 0, skip = 0;

	if (s.n == 0 || s.n % 2 != 0 || ov_hex_decode(s, bytes, sizeof bytes, &n) != OV_OK)
		return ov_sig_bad(l, "the public key is not an RSA modulus in hexadecimal of at "
				     "most 16384 bits");
	while (skip < n && bytes[skip] == 0)
		skip++;
	if (skip == n || n - skip > OV_CERT_MODULUS_MAX)
		return ov_sig_bad(l, "the public key is 0 or longer than 16384 bits");
	return ov_buf_put(row, bytes + skip, n - skip);
}

static ov_status put_row(struct ov_sig_line *l, const struct ov_str *f, struct ov_buf *row)
{
	uint8_t subject[20] = { 0 }, serial[20] = { 0 }, flags = 0;

	OV_TRY(read_bit(l, f[1], OV_CERT_TRUSTED, &flags));
	OV_TRY(read_sha1(l, f[2], subject));
	if (f[3].n > 0) {
		OV_TRY(read_sha1(l, f[3], serial));
		flags |= OV_CERT_SERIAL;
	}
	OV_TRY(read_bit(l, f[6], OV_CERT_CODE, &flags));
	OV_TRY(read_bit(l, f[7], OV_CERT_TIME, &flags));
	OV_TRY(read_bit(l, f[8], OV_CERT_CERT, &flags));
	OV_TRY(ov_buf_u8(row, flags));
	OV_TRY(ov_buf_put(row, subject, sizeof subject));
	OV_TRY(ov_buf_put(row, serial, sizeof serial));
	return read_modulus(l, f[4], row);
}

ov_status ov_sig_crb(struct ov_sig_line *l)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf row = ov_buf_of(OV_CERT_HEAD + OV_CERT_MODULUS_MAX);
	struct ov_str f[FIELDS_MAX + 1] = { 0 }, rest = l->text;
	size_t n = 0;

	while (n <= FIELDS_MAX && ov_text_split(&rest, ';', &f[n]))
		n++;
	if (n < 11 || n > FIELDS_MAX)
		return ov_sig_bad(l, "a certificate line has 11 to 13 fields");
	if (f[0].n == 0)
		f[0] = OV_STR("(unnamed CRB rule)"); /* as clamscan shows it */
	if (f[0].n > ODB_NAME_MAX)
		return ov_sig_bad(l, "the name is longer than 1024 bytes");
	OV_TRY(put_row(l, f, &row));
	OV_TRY(ov_sig_level(l, f[11], f[12]));
	return ov_build_extra(l, OV_EXTRA_CERT, f[0], true, ov_buf_cur(&row));
}

bool ov_build_is_catalog(struct ov_str name)
{
	return ov_text_ends_with(name, OV_STR(".cat"));
}

ov_status ov_build_catalog(struct ov_odb_builder *b, struct ov_str file, uint32_t source,
			   struct ov_cur bytes)
{
	struct ov_sig_line l = { .b = b, .file = file, .number = 1, .source = source };
	struct ov_diag d = { .file = file };
	struct ov_pkcs7 m;

	if (bytes.len > OV_EXTRA_MAX - OV_EXTRA_HEAD - ODB_NAME_MAX)
		d.reason = "a catalog larger than 1 MiB";
	else if (ov_pkcs7_read(bytes, &m) != OV_OK)
		d.reason = "no catalog: a .cat file is signed data as in PKCS#7";
	else
		return ov_build_extra(&l, OV_EXTRA_CATALOG, OV_STR("catalog"), false, bytes);
	rows_of(b->sources, struct b_source)[source].nrefused++;
	b->stats.refused++;
	ov_build_diag(b, &d);
	return OV_OK;
}
