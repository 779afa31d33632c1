/*
 * macho: what a code signature says: keys of the entitlements, names in the certificates. Nothing
 * is verified. Source: Apple's <kern/cs_blobs.h>; the message is PKCS#7 (format/pkcs7.h), names are
 * X.520 common names in the order of the certificates.
 *
 *   0xfade0cc0 | length | count | count x { kind, offset }     all big-endian
 *   at each offset: magic | length | content
 */
#include <string.h>

#include "checked.h"
#include "macho_int.h"
#include "pkcs7.h"
#include "ymod_give.h"

#define BLOBS_MAX 64u
#define PLIST_MAX ((uint64_t)1 << 20)

enum { SUPERBLOB = (int)0xfade0cc0, ENTITLEMENTS = (int)0xfade7171, WRAPPER = (int)0xfade0b01 };

/* Content of the first blob with a magic number. @return OV_END when there is none. */
static ov_status find_blob(struct ov_yenv *env, const struct macho_image *x, uint32_t magic,
			   uint64_t max, struct ov_cur *out)
{
	uint64_t at, size, n;
	struct ov_cur c;

	if (x->signature == 0)
		return OV_END;
	OV_TRY(ov_window_get(&x->of->win, x->signature + 8, 8, &c));
	at = ov_macho_u32(&x->h, &c);
	size = ov_macho_u32(&x->h, &c);
	if (at > x->size || size > x->size - at || size < 12)
		return OV_END;
	at += x->base;
	OV_TRY(ov_window_get(&x->of->win, at, 12, &c));
	if (ov_cur_soft_u32be(&c) != (uint32_t)SUPERBLOB)
		return OV_END;
	ov_cur_soft_skip(&c, 4);
	n = ov_cur_soft_u32be(&c);
	if (n > BLOBS_MAX) {
		ov_ymod_note(env, OV_LIMIT, "more parts of a code signature than are read");
		n = BLOBS_MAX;
	}
	for (uint64_t i = 0; i < n && 12 + 8 * (i + 1) <= size; i++) {
		uint64_t off, len;

		OV_TRY(ov_window_get(&x->of->win, at + 12 + 8 * i, 8, &c));
		ov_cur_soft_skip(&c, 4);
		off = ov_cur_soft_u32be(&c);
		if (off > size || size - off < 8)
			continue;
		OV_TRY(ov_window_get(&x->of->win, at + off, 8, &c));
		if (ov_cur_soft_u32be(&c) != magic)
			continue;
		len = ov_min_u64(ov_cur_soft_u32be(&c), size - off);
		if (len < 8 || len - 8 > max)
			continue;
		return ov_src_view(x->of->win.src, at + off + 8, (size_t)(len - 8), env->arena,
				   out);
	}
	return OV_END;
}

/* <key>NAME</key>, wherever it stands in the property list. */
static ov_status keys(struct ov_yenv *env, struct ov_cur c, struct macho_names *out)
{
	static const char open[] = "<key>", close[] = "</key>";

	OV_TRY(ov_ymod_spend(env, c.len / 8));
	for (;;) {
		const char *from, *to;
		struct ov_str s;

		if (ov_cur_left(&c) == 0)
			return OV_OK;
		from = memmem(ov_cur_rest(&c), ov_cur_left(&c), open, sizeof open - 1);
		if (from == NULL)
			return OV_OK;
		from += sizeof open - 1;
		OV_TRY(ov_cur_seek(&c, (uint64_t)((const uint8_t *)from - c.base)));
		to = ov_cur_left(&c) > 0 ? memmem(from, ov_cur_left(&c), close, sizeof close - 1)
					 : NULL;
		if (to == NULL)
			return OV_OK;
		s = (struct ov_str){ .p = from, .n = (size_t)(to - from) };
		OV_TRY(ov_cur_skip(&c, s.n + sizeof close - 1));
		OV_TRY(macho_names_add(env, out, s));
	}
}

ov_status macho_entitlements(struct ov_yenv *env, struct macho_image *x, struct macho_names *out)
{
	struct ov_cur c;

	OV_TRY(find_blob(env, x, (uint32_t)ENTITLEMENTS, PLIST_MAX, &c));
	return keys(env, c, out);
}

/* The common name of a Name: SEQUENCE of SET of SEQUENCE { 2.5.4.3, text }; the last one. */
static ov_status common_name(struct ov_der *name, struct ov_str *out)
{
	struct ov_cur sets = name->body;
	struct ov_der set, pair, type, text;

	*out = (struct ov_str){ .p = NULL };
	while (ov_der_next(&sets, &set) == OV_OK) {
		while (ov_der_next(&set.body, &pair) == OV_OK) {
			if (ov_der_next(&pair.body, &type) != OV_OK ||
			    ov_der_next(&pair.body, &text) != OV_OK)
				break;
			if (ov_der_is_oid(&type, "\x55\x04\x03", 3))
				*out = (struct ov_str){ .p = (const char *)text.body.base,
							.n = text.body.len };
		}
	}
	return out->p != NULL ? OV_OK : OV_END;
}

/* Certificate: { version [0], serial, algorithm, issuer, validity, subject ... }. */
static ov_status subject_of(struct ov_cur cert, struct ov_der *serial, struct ov_der *issuer,
			    struct ov_der *subject)
{
	struct ov_der v;

	OV_TRY(ov_der_expect(&cert, OV_DER_SEQUENCE, &v));
	cert = v.body;
	OV_TRY(ov_der_expect(&cert, OV_DER_SEQUENCE, &v));
	cert = v.body;
	OV_TRY(ov_der_next(&cert, serial));
	if (serial->tag == OV_DER_CONTEXT_0)
		OV_TRY(ov_der_next(&cert, serial));
	OV_TRY(ov_der_expect(&cert, OV_DER_SEQUENCE, &v));
	OV_TRY(ov_der_expect(&cert, OV_DER_SEQUENCE, issuer));
	OV_TRY(ov_der_expect(&cert, OV_DER_SEQUENCE, &v));
	return ov_der_expect(&cert, OV_DER_SEQUENCE, subject);
}

static bool equal(const struct ov_cur *a, const struct ov_cur *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->base, b->base, a->len) == 0);
}

static ov_status certificates(struct ov_yenv *env, struct macho_image *x)
{
	struct ov_pkcs7 *m = NULL;
	struct ov_cur c;

	OV_TRY(find_blob(env, x, (uint32_t)WRAPPER, OV_PKCS7_MAX, &c));
	OV_TRY(ov_arena_new(env->arena, &m));
	OV_TRY(ov_pkcs7_read(c, m));
	if (m->is_capped)
		ov_ymod_note(env, OV_LIMIT, "more certificates than are listed");
	for (uint32_t i = 0; i < m->ncerts; i++) {
		struct ov_der serial, issuer, subject;
		struct ov_str name;

		if (subject_of(m->certs[i], &serial, &issuer, &subject) != OV_OK ||
		    common_name(&subject, &name) != OV_OK)
			continue;
		OV_TRY(macho_names_add(env, &x->certs[0], name));
		if (equal(&serial.body, &m->signer.serial) &&
		    equal(&issuer.whole, &m->signer.issuer))
			OV_TRY(macho_names_add(env, &x->certs[1], name));
	}
	return OV_OK;
}

ov_status macho_certificates(struct ov_yenv *env, struct macho_image *x)
{
	ov_status s;

	if (x->has_certs)
		return OV_OK;
	s = certificates(env, x);
	if (s != OV_OK && s != OV_END && s != OV_SHORT && s != OV_BAD && s != OV_UNSUPPORTED)
		return s;
	x->has_certs = true;
	return OV_OK;
}
