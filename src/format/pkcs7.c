/* PKCS#7 SignedData as a view. See pkcs7.h. */
#include "pkcs7.h"

#include <string.h>

static const char oid_signed_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

ov_status ov_der_next(struct ov_cur *in, struct ov_der *out)
{
	struct ov_cur at = *in;
	struct ov_der v = { 0 };
	uint8_t first = 0;
	uint64_t n;

	if (ov_cur_left(&at) == 0)
		return OV_END;
	OV_TRY(ov_cur_u8(&at, &v.tag));
	if ((v.tag & 0x1f) == 0x1f)
		return OV_BAD;
	OV_TRY(ov_cur_u8(&at, &first));
	n = first;
	if (first >= 0x80) {
		if (first == 0x80 || first > 0x84)
			return OV_BAD;
		n = 0;
		for (unsigned i = 0; i < (first & 0x7fu); i++) {
			uint8_t b = 0;

			OV_TRY(ov_cur_u8(&at, &b));
			n = n << 8 | b;
		}
	}
	OV_TRY(ov_cur_take(&at, n, &v.body));
	OV_TRY(ov_cur_sub(in, in->pos, at.pos - in->pos, &v.whole));
	*in = at;
	*out = v;
	return OV_OK;
}

ov_status ov_der_expect(struct ov_cur *in, uint8_t tag, struct ov_der *out)
{
	struct ov_cur at = *in;
	struct ov_der v;
	const ov_status s = ov_der_next(&at, &v);

	if (s != OV_OK)
		return s == OV_END ? OV_BAD : s;
	if (v.tag != tag)
		return OV_BAD;
	*in = at;
	*out = v;
	return OV_OK;
}

bool ov_der_is_oid(const struct ov_der *v, const void *oid, size_t n)
{
	return v->tag == OV_DER_OID && v->body.len == n && memcmp(v->body.base, oid, n) == 0;
}

enum ov_pkcs7_digest ov_pkcs7_digest_of(struct ov_cur algorithm)
{
	static const struct {
		const char *oid;
		size_t n;
		enum ov_pkcs7_digest d;
	} known[] = {
		{ "\x2a\x86\x48\x86\xf7\x0d\x02\x05", 8, OV_PKCS7_MD5 },
		{ "\x2b\x0e\x03\x02\x1a", 5, OV_PKCS7_SHA1 },
		{ "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9, OV_PKCS7_SHA256 },
		{ "\x60\x86\x48\x01\x65\x03\x04\x02\x02", 9, OV_PKCS7_SHA384 },
		{ "\x60\x86\x48\x01\x65\x03\x04\x02\x03", 9, OV_PKCS7_SHA512 },
	};
	struct ov_der oid;

	if (ov_der_next(&algorithm, &oid) != OV_OK)
		return OV_PKCS7_NO_DIGEST;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (ov_der_is_oid(&oid, known[i].oid, known[i].n))
			return known[i].d;
	return OV_PKCS7_NO_DIGEST;
}

ov_status ov_pkcs7_values(struct ov_cur set, const void *oid, size_t n, struct ov_cur *out)
{
	struct ov_der attribute, type, values;
	ov_status s;

	while ((s = ov_der_next(&set, &attribute)) == OV_OK) {
		struct ov_cur in = attribute.body;

		if (attribute.tag != OV_DER_SEQUENCE)
			return OV_BAD;
		OV_TRY(ov_der_expect(&in, OV_DER_OID, &type));
		if (!ov_der_is_oid(&type, oid, n))
			continue;
		OV_TRY(ov_der_expect(&in, OV_DER_SET, &values));
		*out = values.body;
		return OV_OK;
	}
	return s;
}

ov_status ov_pkcs7_attribute(struct ov_cur set, const void *oid, size_t n, struct ov_der *out)
{
	struct ov_cur values;
	ov_status s;

	OV_TRY(ov_pkcs7_values(set, oid, n, &values));
	s = ov_der_next(&values, out);
	return s == OV_END ? OV_BAD : s;
}

ov_status ov_pkcs7_signer_read(struct ov_cur *in, struct ov_pkcs7_signer *out)
{
	struct ov_pkcs7_signer r = { 0 };
	struct ov_der info, v;
	struct ov_cur at = *in, c, name;

	OV_TRY(ov_der_expect(&at, OV_DER_SEQUENCE, &info));
	c = info.body;
	OV_TRY(ov_der_expect(&c, OV_DER_INTEGER, &v)); /* version */
	OV_TRY(ov_der_expect(&c, OV_DER_SEQUENCE, &v));
	name = v.body;
	OV_TRY(ov_der_expect(&name, OV_DER_SEQUENCE, &v));
	r.issuer = v.whole;
	OV_TRY(ov_der_expect(&name, OV_DER_INTEGER, &v));
	r.serial = v.body;
	OV_TRY(ov_der_expect(&c, OV_DER_SEQUENCE, &v));
	r.digest = ov_pkcs7_digest_of(v.body);
	OV_TRY(ov_der_next(&c, &v));
	if (v.tag == OV_DER_CONTEXT_0) {
		r.attributes = v.whole;
		OV_TRY(ov_der_next(&c, &v));
	}
	if (v.tag != OV_DER_SEQUENCE) /* how it was encrypted: the certificate's key tells */
		return OV_BAD;
	OV_TRY(ov_der_expect(&c, OV_DER_OCTETS, &v));
	r.signature = v.body;
	if (ov_der_next(&c, &v) == OV_OK && v.tag == OV_DER_CONTEXT_1)
		r.unauthorised = v.body;
	*in = at;
	*out = r;
	return OV_OK;
}

/* { type, [0] content } */
static ov_status read_content(struct ov_cur c, struct ov_pkcs7 *m)
{
	struct ov_der v;
	ov_status s;

	OV_TRY(ov_der_expect(&c, OV_DER_OID, &m->type));
	s = ov_der_next(&c, &v);
	if (s == OV_END)
		return OV_OK; /* a detached signature */
	OV_TRY(s);
	if (v.tag != OV_DER_CONTEXT_0)
		return OV_BAD;
	OV_TRY(ov_der_next(&v.body, &v));
	m->content = v.whole;
	m->content_bytes = v.body;
	return OV_OK;
}

static ov_status read_certs(struct ov_cur c, struct ov_pkcs7 *m)
{
	struct ov_der v;
	ov_status s;

	while ((s = ov_der_next(&c, &v)) == OV_OK) {
		if (v.tag != OV_DER_SEQUENCE)
			continue; /* attribute certificates and kin */
		if (m->ncerts == OV_PKCS7_CERTS_MAX) {
			m->is_capped = true;
			return OV_OK;
		}
		m->certs[m->ncerts++] = v.whole;
	}
	return s == OV_END ? OV_OK : s;
}

ov_status ov_pkcs7_read(struct ov_cur in, struct ov_pkcs7 *out)
{
	struct ov_pkcs7 m = { 0 };
	struct ov_der v;
	struct ov_cur c;

	OV_TRY(ov_der_expect(&in, OV_DER_SEQUENCE, &v));
	c = v.body;
	OV_TRY(ov_der_expect(&c, OV_DER_OID, &v));
	if (!ov_der_is_oid(&v, oid_signed_data, sizeof oid_signed_data - 1))
		return OV_UNSUPPORTED;
	OV_TRY(ov_der_expect(&c, OV_DER_CONTEXT_0, &v));
	OV_TRY(ov_der_expect(&v.body, OV_DER_SEQUENCE, &v));
	c = v.body;
	OV_TRY(ov_der_expect(&c, OV_DER_INTEGER, &v));
	OV_TRY(ov_der_expect(&c, OV_DER_SET, &v)); /* digest algorithms: each signer says its own */
	OV_TRY(ov_der_expect(&c, OV_DER_SEQUENCE, &v));
	OV_TRY(read_content(v.body, &m));
	do {
		const ov_status s = ov_der_next(&c, &v);

		if (s != OV_OK)
			return s == OV_END ? OV_BAD : s;
		if (v.tag == OV_DER_CONTEXT_0)
			OV_TRY(read_certs(v.body, &m));
	} while (v.tag != OV_DER_SET);
	c = v.body;
	OV_TRY(ov_pkcs7_signer_read(&c, &m.signer));
	if (ov_cur_left(&c) != 0)
		return OV_UNSUPPORTED; /* more than one signer */
	*out = m;
	return OV_OK;
}

static bool two(const uint8_t *p, unsigned *out)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	return true;
}

/* Days from 1970-01-01 in the Gregorian calendar. */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	const int64_t y = (int64_t)year - (month <= 2);
	const int64_t era = y / 400, in_era = y - era * 400;
	const int64_t in_year =
	    (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

ov_status ov_der_time(const struct ov_der *v, int64_t *out)
{
	const size_t digits = v->tag == OV_DER_UTC_TIME ? 12 : 14;
	const uint8_t *p = v->body.base;
	unsigned f[7] = { 0 };
	unsigned year;

	if (v->tag != OV_DER_UTC_TIME && v->tag != OV_DER_TIME)
		return OV_BAD;
	if (v->body.len < digits + 1 || p[v->body.len - 1] != 'Z')
		return OV_BAD;
	for (size_t i = 0; i < digits / 2; i++)
		if (!two(p + 2 * i, &f[i]))
			return OV_BAD;
	if (digits == 12) {
		memmove(f + 1, f, 6 * sizeof *f);
		f[0] = f[1] >= 50 ? 19 : 20;
	}
	year = f[0] * 100 + f[1];
	if (f[2] < 1 || f[2] > 12 || f[3] < 1 || f[3] > 31 || f[4] > 23 || f[5] > 59 || f[6] > 60)
		return OV_BAD;
	*out = days_of(year, f[2], f[3]) * 86400 + f[4] * 3600 + f[5] * 60 + f[6];
	return OV_OK;
}
