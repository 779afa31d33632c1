/* macOS programs: identifier and Team ID from the code signature's directory, and the names of the
 * certificates that signed it. Thin and universal files (the first architecture). The signature is
 * not verified here: what it says of itself is E2. Source: Apple's <mach-o/loader.h>,
 * "codesign" in xnu's cs_blobs.h as documented in TN3126. */
#include "ev_sources.h"
#include "pkcs7.h"
#include "signed.h"

#define COMMANDS_MAX 4096u
#define SIGNATURE_MAX ((uint32_t)64 << 20)

bool ov_ev_prog_macho_wants(const struct ov_ev_file *f)
{
	static const char magics[][4] = { { '\xce', '\xfa', '\xed', '\xfe' },
					  { '\xcf', '\xfa', '\xed', '\xfe' },
					  { '\xca', '\xfe', '\xba', '\xbe' } };

	for (size_t i = 0; i < 3; i++)
		if (ov_ev_head_is(f, magics[i], 4))
			return i < 2 ||
			       (f->head.len > 8 && f->head.base[7] > 0 && f->head.base[7] < 20);
	return false; /* a Java class has its version where a universal file counts */
}

/* Where the code signature lies. @return OV_END: there is none. */
static ov_status find_signature(struct ov_ev *e, const struct ov_src *src, uint32_t *off,
				uint32_t *size)
{
	uint32_t magic, n, bytes;
	struct ov_cur c;

	OV_TRY(ov_src_view_upto(src, 0, 32, &e->arena, &c));
	OV_TRY(ov_cur_u32le(&c, &magic));
	if (magic != 0xfeedface && magic != 0xfeedfacf)
		return OV_END;
	ov_cur_soft_skip(&c, 12);
	n = ov_cur_soft_u32le(&c);
	bytes = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	if (n > COMMANDS_MAX || bytes > (1u << 20))
		return OV_BAD;
	OV_TRY(ov_src_view(src, magic == 0xfeedfacf ? 32 : 28, bytes, &e->arena, &c));
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t kind = ov_cur_soft_u32le(&c), length = ov_cur_soft_u32le(&c);

		if (ov_cur_status(&c) != OV_OK || length < 8)
			return OV_BAD;
		if (kind == 0x1d) {
			*off = ov_cur_soft_u32le(&c);
			*size = ov_cur_soft_u32le(&c);
			return ov_cur_status(&c);
		}
		OV_TRY(ov_cur_skip(&c, length - 8));
	}
	return OV_END;
}

static struct ov_str text_at(const struct ov_cur *blob, uint32_t off)
{
	struct ov_str s = { .p = "", .n = 0 };
	struct ov_cur c = *blob;

	if (off == 0 || ov_cur_seek(&c, off) != OV_OK || ov_cur_zstr(&c, 1024, &s) != OV_OK)
		s = (struct ov_str){ .p = "", .n = 0 };
	return s;
}

/* CodeDirectory: { magic, length, version, flags, hash, identifier, ... scatter, team }. */
static void directory(struct ov_cur blob, struct ov_ev_found *x)
{
	struct ov_cur c = blob;
	uint32_t version, ident, team = 0;

	c.pos = 8;
	version = ov_cur_soft_u32le(&c);
	version = __builtin_bswap32(version);
	c.pos = 20;
	ident = ov_cur_soft_u32be(&c);
	if (version >= 0x20200 && ov_cur_seek(&c, 48) == OV_OK)
		team = ov_cur_soft_u32be(&c);
	if (ov_cur_status(&c) != OV_OK)
		return;
	x->c.id = text_at(&blob, ident);
	ov_ev_add(x, OV_EV_BUNDLE_ID, OV_E2, x->c.id, OV_STR("code directory"));
	ov_ev_add(x, OV_EV_TEAM_ID, OV_E2, text_at(&blob, team), OV_STR("code directory"));
}

/* The first certificate that is the signer's, by its organisation. */
static void signer(struct ov_ev *e, struct ov_cur blob, struct ov_ev_found *x)
{
	struct ov_pkcs7 m;
	struct ov_cur c = blob;

	if (ov_cur_skip(&c, 8) != OV_OK || ov_cur_take(&c, ov_cur_left(&c), &c) != OV_OK ||
	    ov_pkcs7_read(c, &m) != OV_OK)
		return;
	for (uint32_t i = 0; i < m.ncerts; i++) {
		struct ov_ev_cert cert;

		if (ov_ev_cert_read(e, m.certs[i], &cert) != OV_OK || cert.is_ca)
			continue;
		ov_ev_add_detail(x, OV_EV_SIGNER, OV_E2, cert.subject, OV_STR("code signature"),
				 OV_SIGNED_INCOMPLETE);
		ov_ev_add(x, OV_EV_SIGNER_KEY, OV_E1, cert.spki, cert.subject);
		if (x->c.supplier.n == 0)
			x->c.supplier = cert.organisation;
	}
}

/* SuperBlob: { magic, length, count, { kind, offset } ... }. */
static ov_status super_blob(struct ov_ev *e, struct ov_cur all, struct ov_ev_found *x)
{
	struct ov_cur c = all;
	uint32_t magic, n;

	OV_TRY(ov_cur_u32be(&c, &magic));
	OV_TRY(ov_cur_skip(&c, 4));
	OV_TRY(ov_cur_u32be(&c, &n));
	if (magic != 0xfade0cc0 || n > 64)
		return OV_BAD;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t kind = ov_cur_soft_u32be(&c), off = ov_cur_soft_u32be(&c);
		struct ov_cur head, blob;
		uint32_t length;

		OV_TRY(ov_cur_status(&c));
		if (ov_cur_sub(&all, off, 8, &head) != OV_OK)
			return OV_BAD;
		ov_cur_soft_skip(&head, 4);
		length = ov_cur_soft_u32be(&head);
		if (ov_cur_sub(&all, off, length, &blob) != OV_OK)
			return OV_BAD;
		if (kind == 0)
			directory(blob, x);
		else if (kind == 0x10000)
			signer(e, blob, x);
	}
	return OV_OK;
}

/* The first architecture of a universal file. */
static ov_status thin(struct ov_ev *e, const struct ov_ev_file *f, struct ov_src *out)
{
	uint32_t off, size;
	struct ov_cur c = f->head;

	(void)e;
	*out = *f->src;
	if (!ov_ev_head_is(f, "\xca\xfe\xba\xbe", 4))
		return OV_OK;
	ov_cur_soft_skip(&c, 16);
	off = ov_cur_soft_u32be(&c);
	size = ov_cur_soft_u32be(&c);
	OV_TRY(ov_cur_status(&c));
	return ov_src_slice(f->src, off, size, out);
}

ov_status ov_ev_prog_macho_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	uint32_t off = 0, size = 0;
	struct ov_ev_found x;
	struct ov_src src;
	struct ov_cur c;
	ov_status st;

	OV_TRY(thin(e, f, &src));
	ov_ev_program(e, &x, f, OV_WHAT_PROGRAM);
	st = find_signature(e, &src, &off, &size);
	if (st == OV_OK && size <= SIGNATURE_MAX)
		st = ov_src_view(&src, off, size, &e->arena, &c);
	if (st == OV_OK)
		st = super_blob(e, c, &x);
	OV_TRY(ov_ev_emit(e, &x));
	return st == OV_END ? OV_OK : st;
}
