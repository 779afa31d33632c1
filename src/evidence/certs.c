/*
 * Trust stores: certificates in PEM or DER where systems keep their roots. A root that nobody's
 * package brought was put there by something, which can read what it is used for. Java's own stores
 * are read by jks.c and pkcs12.c, NSS's by nss.c. Private keys are not read.
 */
#include "certs.h"
#include "signed.h"

#define CERTS_MAX 100000
#define BUNDLE_MAX ((size_t)32 << 20)

/* Where systems look for whom to trust. */
static bool is_store(const struct ov_ev_file *f)
{
	static const char *const places[] = { "etc/ssl/certs/",
					      "etc/pki/",
					      "usr/local/share/ca-certificates/",
					      "usr/share/ca-certificates/",
					      "usr/share/pki/",
					      "etc/ca-certificates/",
					      "usr/local/etc/ssl/",
					      "system/etc/security/cacerts/",
					      "data/misc/keychain/cacerts-added/",
					      "data/misc/user/0/cacerts-added/" };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (ov_ev_under(f, places[i]) && !ov_ev_ends(f, ".so") && !ov_ev_ends(f, ".txt"))
			return true;
	return false;
}

static bool is_jks(const struct ov_ev_file *f)
{
	return ov_ev_head_is(f, "\xfe\xed\xfe\xed\0\0\0", 7) ||
	       ov_ev_head_is(f, "\xce\xce\xce\xce\0\0\0", 7);
}

/* The store of a Java runtime, wherever that stands. A copy elsewhere is nobody's: what is trusted
 * by it is told where the runtime is. */
static bool is_of_java(const struct ov_ev_file *f)
{
	return ov_ev_named(f, "cacerts") && (is_store(f) || ov_ev_has(f->path, "lib/security/"));
}

static bool is_pkcs12(const struct ov_ev_file *f)
{
	return ov_ev_ends(f, ".p12") || ov_ev_ends(f, ".pfx") ||
	       (ov_ev_named(f, "cacerts") && ov_ev_head_is(f, "\x30", 1));
}

bool ov_ev_certs_wants(const struct ov_ev_file *f)
{
	return is_store(f) || is_jks(f) || is_pkcs12(f) || ov_ev_ends(f, ".cer") ||
	       ov_ev_ends(f, ".crt") || ov_ev_ends(f, ".pem");
}

ov_status ov_ev_cert_emit(struct ov_ev *e, bool is_trusted, struct ov_cur der, struct ov_str where)
{
	struct ov_ev_cert c;
	struct ov_ev_found x;

	OV_TRY(ov_ev_cert_read(e, der, &c));
	if (!c.is_self_issued || !c.is_ca)
		return OV_OK; /* a server's or an intermediate one: it is trusted for no other */
	ov_ev_begin(&x, OV_WHAT_ROOT_CA, c.common_name.n > 0 ? c.common_name : c.subject);
	x.c.is_privileged = is_trusted;
	x.is_minor = !is_trusted; /* a certificate in some package's files */
	x.c.supplier = (struct ov_str){ .p = "", .n = 0 };
	x.c.id = c.sha256;
	x.c.key = ov_ev_fmt(e, "root:%.*s", (int)c.sha256.n, c.sha256.p);
	x.c.since.earliest = c.from;
	x.c.since.from = OV_STR("certificate's notBefore");
	ov_ev_add_detail(&x, OV_EV_CERT_CN, OV_E2, c.subject, where,
			 c.is_self_signed ? "self-signed" : "signature-broken");
	ov_ev_add(&x, OV_EV_CERT_HASH, OV_E1, c.sha256, where);
	ov_ev_add(&x, OV_EV_ROOT_KEY, OV_E1, c.spki, where);
	return ov_ev_emit(e, &x);
}

static int digit_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64, line ends and all; four digits are three bytes. */
static ov_status decode(struct ov_ev *e, struct ov_str text, struct ov_cur *out)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;
	uint8_t *to = NULL;

	OV_TRY(ov_arena_array(&e->arena, text.n / 4 * 3 + 3, &to));
	for (size_t i = 0; i < text.n; i++) {
		const int d = digit_of((uint8_t)text.p[i]);

		if (d < 0)
			continue;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[n++] = (uint8_t)(bits >> have);
		}
	}
	*out = ov_cur_of(to, n);
	return OV_OK;
}

static ov_status pem(struct ov_ev *e, bool is_trusted, struct ov_str all)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----",
			  old[] = "-----BEGIN TRUSTED CERTIFICATE-----", end[] = "-----END";
	uint32_t number = 0, broken = 0;

	while (all.p != NULL && all.n > 0 && number < CERTS_MAX) {
		const struct ov_arena_mark mark = ov_arena_mark(&e->arena);
		const char *at = memmem(all.p, all.n, begin, sizeof begin - 1);
		size_t skip = sizeof begin - 1;
		struct ov_cur der;
		const char *stop;
		ov_status st;

		if (at == NULL) {
			at = memmem(all.p, all.n, old, sizeof old - 1);
			skip = sizeof old - 1;
		}
		if (at == NULL)
			break;
		all.n -= (size_t)(at - all.p) + skip;
		all.p = at + skip;
		stop = memmem(all.p, all.n, end, sizeof end - 1);
		if (stop == NULL)
			return OV_SHORT;
		number++;
		OV_TRY(decode(e, (struct ov_str){ .p = all.p, .n = (size_t)(stop - all.p) }, &der));
		st = ov_ev_cert_emit(e, is_trusted, der, ov_ev_fmt(e, "certificate %u", number));
		if (st != OV_OK && st != OV_BAD)
			return st;
		broken += st == OV_BAD;
		all.n -= (size_t)(stop - all.p);
		all.p = stop;
		ov_arena_release(&e->arena, mark);
	}
	return broken > 0 ? OV_BAD : OV_OK;
}

ov_status ov_ev_certs_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_str text;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, BUNDLE_MAX, &c));
	if (is_jks(f))
		return ov_ev_jks_read(e, c, is_store(f) || is_of_java(f));
	if (is_pkcs12(f))
		return ov_ev_pkcs12_read(e, c, is_of_java(f));
	text = ov_ev_str(c);
	if (memmem(text.p, text.n, "-----BEGIN ", 11) != NULL)
		return pem(e, is_store(f), text);
	if (text.n > 4 && ov_ev_head_is(f, "\x30\x82", 2))
		return ov_ev_cert_emit(e, is_store(f), c, OV_STR("certificate 1"));
	return OV_OK;
}
