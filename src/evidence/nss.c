/*
 * NSS key stores, as Firefox, Chromium and systems with /etc/pki/nssdb keep them: cert9.db, an
 * SQLite database whose table nssPublic has an object in each row and a PKCS#11 attribute in each
 * column, named "a" and the attribute's number in hexadecimal (NSS, "NSS Shared DB"; PKCS #11
 * v2.40; pkcs11n.h). What was put there is for this program or user only: the maker's own roots are
 * in libnssckbi.so. A certificate is trusted when a trust object of its issuer and serial number
 * says so.
 *
 * Left out: private keys (key4.db); cert8.db of before 2009 (told).
 */
#include "certs.h"
#include "sqlite.h"

#define COLUMNS_MAX 400
#define TRUSTS_MAX 2000 /* each certificate is held against all */
#define DB_MAX ((size_t)256 << 20)

enum { /* PKCS #11's attributes, and NSS's own */
       A_CLASS = 0x0,
       A_VALUE = 0x11,
       A_ISSUER = 0x81,
       A_SERIAL = 0x82,
       A_SERVER = (int)0xce536358,
       A_CLIENT = (int)0xce536359,
       A_CODE = (int)0xce53635a,
       A_MAIL = (int)0xce53635b
};

#define CLASS_CERTIFICATE 1u
#define CLASS_TRUST 0xce534353u
#define TRUSTED_TO_SIGN 0xce534352u

enum { COLUMN_CLASS, COLUMN_VALUE, COLUMN_ISSUER, COLUMN_SERIAL, COLUMN_TRUSTS, COLUMNS = 8 };

struct trust {
	struct ov_str issuer, serial;
};

struct store {
	struct ov_ev *e;
	int at[COLUMNS]; /* of the attributes above, in the table; -1: it has none */
	struct trust *trusts;
	uint32_t n, rows, broken;
};

/* "CREATE TABLE nssPublic (id PRIMARY KEY UNIQUE ON CONFLICT ABORT, a0, a1, ...)" */
static void find_columns(struct store *s, struct ov_str sql)
{
	static const uint32_t wanted[COLUMNS] = { A_CLASS,
						  A_VALUE,
						  A_ISSUER,
						  A_SERIAL,
						  (uint32_t)A_SERVER,
						  (uint32_t)A_CLIENT,
						  (uint32_t)A_CODE,
						  (uint32_t)A_MAIL };
	struct ov_str part;
	int number = 0;

	for (unsigned i = 0; i < COLUMNS; i++)
		s->at[i] = -1;
	while (ov_text_split(&sql, ',', &part) && number < COLUMNS_MAX) {
		const struct ov_str name = ov_ev_trim(part);
		uint32_t v = 0;
		size_t i = 1;

		for (; i < name.n && i < 9 && ov_hex_digit(name.p[i]) >= 0; i++)
			v = v << 4 | (uint32_t)ov_hex_digit(name.p[i]);
		for (unsigned k = 0; k < COLUMNS; k++)
			if (number > 0 && i > 1 && name.p[0] == 'a' && v == wanted[k])
				s->at[k] = number;
		number++;
	}
}

static bool attribute(const struct store *s, struct ov_cur record, unsigned which,
		      struct ov_cur *out)
{
	uint64_t type;

	return s->at[which] >= 0 &&
	       ov_sqlite_column(record, (unsigned)s->at[which], &type, out) == OV_OK &&
	       ov_cur_left(out) > 0;
}

/* Numbers have four bytes, the highest first. */
static uint32_t number(const struct store *s, struct ov_cur record, unsigned which)
{
	struct ov_cur c;
	uint32_t v;

	return attribute(s, record, which, &c) && ov_cur_u32be(&c, &v) == OV_OK ? v : 0;
}

static ov_status take_trust(void *ctx, struct ov_cur record)
{
	struct ov_cur issuer, serial;
	struct store *s = ctx;
	bool is_trusted = false;

	if (number(s, record, COLUMN_CLASS) != CLASS_TRUST ||
	    !attribute(s, record, COLUMN_ISSUER, &issuer) ||
	    !attribute(s, record, COLUMN_SERIAL, &serial))
		return OV_OK;
	for (unsigned i = COLUMN_TRUSTS; i < COLUMNS; i++)
		is_trusted = is_trusted || number(s, record, i) == TRUSTED_TO_SIGN;
	if (!is_trusted)
		return OV_OK;
	if (s->n == TRUSTS_MAX)
		return OV_LIMIT;
	OV_TRY(ov_arena_str(&s->e->kept, ov_ev_str(issuer), &s->trusts[s->n].issuer));
	OV_TRY(ov_arena_str(&s->e->kept, ov_ev_str(serial), &s->trusts[s->n].serial));
	s->n++;
	return OV_OK;
}

static bool same(struct ov_str a, struct ov_cur b)
{
	return a.n == ov_cur_left(&b) && memcmp(a.p, ov_cur_rest(&b), a.n) == 0;
}

static ov_status take_certificate(void *ctx, struct ov_cur record)
{
	struct ov_cur der, issuer, serial;
	struct store *s = ctx;
	bool is_trusted = false;
	ov_status st;

	s->rows++;
	if (number(s, record, COLUMN_CLASS) != CLASS_CERTIFICATE ||
	    !attribute(s, record, COLUMN_VALUE, &der))
		return OV_OK;
	if (attribute(s, record, COLUMN_ISSUER, &issuer) &&
	    attribute(s, record, COLUMN_SERIAL, &serial))
		for (uint32_t i = 0; i < s->n && !is_trusted; i++)
			is_trusted =
			    same(s->trusts[i].issuer, issuer) && same(s->trusts[i].serial, serial);
	st = ov_ev_cert_emit(s->e, is_trusted, der, ov_ev_fmt(s->e, "object %u", s->rows));
	s->broken += st == OV_BAD;
	return st == OV_BAD ? OV_OK : st;
}

bool ov_ev_nss_wants(const struct ov_ev_file *f)
{
	return ov_ev_named(f, "cert9.db") || ov_ev_named(f, "cert8.db");
}

ov_status ov_ev_nss_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct store s = { .e = e };
	struct ov_sqlite q;
	struct ov_str sql;
	struct ov_cur c;
	ov_status st;

	if (ov_ev_named(f, "cert8.db"))
		return OV_UNSUPPORTED;
	OV_TRY(ov_ev_load(e, f, DB_MAX, &c));
	OV_TRY(ov_sqlite_open(e, c, ov_ev_companion(e, f, "-wal"), &q));
	st = ov_sqlite_schema(&q, "nssPublic", &sql);
	OV_TRY(st == OV_END ? OV_BAD : st);
	find_columns(&s, sql);
	if (s.at[COLUMN_CLASS] < 0 || s.at[COLUMN_VALUE] < 0)
		return OV_BAD;
	OV_TRY(ov_arena_array(&e->kept, TRUSTS_MAX, &s.trusts));
	OV_TRY(ov_sqlite_table(&q, "nssPublic", take_trust, &s));
	OV_TRY(ov_sqlite_table(&q, "nssPublic", take_certificate, &s));
	return q.broken > 0 || s.broken > 0 ? OV_BAD : OV_OK;
}
