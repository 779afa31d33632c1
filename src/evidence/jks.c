/*
 * Java key stores (JKS, JCEKS; the layout that sun.security.provider.JavaKeyStore documents):
 *
 *   magic, version 1 or 2, number of entries; each: tag, alias, date in ms, then
 *     1 private key: length, bytes (encrypted, passed over), chain of certificates
 *     2 trusted certificate: one
 *   a certificate: its type (version 2 only), length, DER
 *   SHA-1 over a password and all of it: not verified, for nobody here knows the password
 *
 * Left out: chains of private keys, which are trusted for no other; secret keys of JCEKS, which
 * have no length (told). PKCS#12 stores are pkcs12.c's.
 */
#include "certs.h"

#define ENTRIES_MAX 100000

static ov_status text(struct ov_cur *c, struct ov_cur *out)
{
	uint16_t n;

	OV_TRY(ov_cur_u16be(c, &n));
	return ov_cur_take(c, n, out);
}

static ov_status certificate(struct ov_cur *c, uint32_t version, struct ov_cur *der)
{
	struct ov_cur type;
	uint32_t n;

	if (version == 2)
		OV_TRY(text(c, &type));
	OV_TRY(ov_cur_u32be(c, &n));
	return ov_cur_take(c, n, der);
}

static ov_status key(struct ov_cur *c, uint32_t version)
{
	struct ov_cur der;
	uint32_t n;

	OV_TRY(ov_cur_u32be(c, &n));
	OV_TRY(ov_cur_skip(c, n));
	OV_TRY(ov_cur_u32be(c, &n));
	for (uint32_t i = 0; i < n; i++) /* each takes bytes, or the input is short */
		OV_TRY(certificate(c, version, &der));
	return OV_OK;
}

ov_status ov_ev_jks_read(struct ov_ev *e, struct ov_cur c, bool is_trusted)
{
	uint32_t magic, version, entries, broken = 0;

	OV_TRY(ov_cur_u32be(&c, &magic));
	OV_TRY(ov_cur_u32be(&c, &version));
	OV_TRY(ov_cur_u32be(&c, &entries));
	if (version != 1 && version != 2)
		return OV_UNSUPPORTED;
	if (entries > ENTRIES_MAX)
		return OV_LIMIT;
	for (uint32_t i = 0; i < entries; i++) {
		const struct ov_arena_mark mark = ov_arena_mark(&e->arena);
		struct ov_cur alias, der;
		uint32_t tag;
		ov_status st;

		OV_TRY(ov_cur_u32be(&c, &tag));
		OV_TRY(text(&c, &alias));
		OV_TRY(ov_cur_skip(&c, 8)); /* when it was put there */
		if (tag == 1) {
			OV_TRY(key(&c, version));
			continue;
		}
		if (tag != 2)
			return OV_UNSUPPORTED;
		OV_TRY(certificate(&c, version, &der));
		st = ov_ev_cert_emit(e, is_trusted, der,
				     ov_ev_fmt(e, "alias %.*s", (int)ov_min_size(alias.len, 200),
					       (const char *)alias.base));
		if (st != OV_OK && st != OV_BAD)
			return st;
		broken += st == OV_BAD;
		ov_arena_release(&e->arena, mark);
	}
	return broken > 0 ? OV_BAD : OV_OK;
}
