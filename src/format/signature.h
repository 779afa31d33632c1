/*
 * Authenticode: who signed a program, and is it true. The certificates that are trusted or blocked
 * come from the caller (a signature database); no system store, no network.
 *
 * Source: "Windows Authenticode Portable Executable Signature Format" (Microsoft, 2008), RFC 2315,
 * RFC 3161, RFC 5280. What decides was found by running clamscan 1.4.6 on programs that we signed;
 * docs/formats/authenticode.md has it.
 */
#ifndef OV_SIGNATURE_H
#define OV_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "exe.h"
#include "pkcs7.h"
#include "source.h"
#include "status.h"

#define OV_SHA1_BYTES 20

struct ov_sign_anchor {			/* a certificate that a database speaks of */
	uint8_t subject[OV_SHA1_BYTES]; /* SHA-1 of the name's content              */
	uint8_t serial[OV_SHA1_BYTES];	/* SHA-1 of the number's bytes              */
	bool has_serial, is_trusted;	/* not trusted: blocked                     */
	bool may_code, may_time, may_cert;
	struct ov_cur modulus; /* of its RSA key, no leading zeros; the exponent is 65537 */
};

/** What libraries load at their first use happens now. Call before a jail is closed. */
void ov_signature_prepare(void);

/**
 * Finds a program's signature. @param a  Takes the table's bytes when the source is not in memory.
 * @return OV_OK; OV_END when it has none; OV_SHORT, OV_BAD, OV_UNSUPPORTED for a broken one;
 * OV_LIMIT, OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_signature_find(const struct ov_src *src, const struct ov_exe *x,
					struct ov_arena *a, struct ov_pkcs7 *out);

/** The bytes of a program's certificate table. @return as ov_signature_find(). */
OV_MUST_USE ov_status ov_signature_table(const struct ov_src *src, const struct ov_exe *x,
					 struct ov_arena *a, struct ov_cur *out);
/** The next message of a table. Moves. @return OV_OK; OV_END; OV_BAD. */
OV_MUST_USE ov_status ov_signature_next(struct ov_cur *table, struct ov_cur *out);

struct ov_sign_id { /* what anchors know a certificate by */
	uint8_t subject[OV_SHA1_BYTES], serial[OV_SHA1_BYTES];
	struct ov_cur modulus; /* empty: no RSA key */
};

/** The ids of a message's certificates; those that can't be read are left out. @return how many. */
uint32_t ov_signature_ids(const struct ov_pkcs7 *m, struct ov_sign_id ids[OV_PKCS7_CERTS_MAX]);

/**
 * True when a certificate is this one: name, key, and the serial number if the anchor gives one.
 * Nothing is verified: a blocked publisher's certificate is reason enough.
 */
bool ov_signature_is(const struct ov_sign_id *id, const struct ov_sign_anchor *anchor);

/**
 * Decides whether a message is signed by somebody whom the anchors trust to sign code, and was
 * when it was signed: at its time stamp's time if that is trusted too, else now.
 * @param now  Seconds since 1970. @param a  For copies, a few KiB.
 * @return OV_OK: yes; OV_BAD: no; OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_signature_verify(const struct ov_pkcs7 *m,
					  const struct ov_sign_anchor *anchors, size_t n,
					  int64_t now, struct ov_arena *a);

/** Largest digest that a signature may use. */
#define OV_SIGN_DIGEST_MAX 64

struct ov_sign_digest {
	enum ov_pkcs7_digest kind;
	uint8_t bytes[OV_SIGN_DIGEST_MAX];
	size_t n;
};

/** The digest that a program's signature speaks of. @return OV_OK; OV_BAD. */
OV_MUST_USE ov_status ov_signature_claim(const struct ov_pkcs7 *m, struct ov_sign_digest *out);

/** Computes a program's Authenticode digest: all of it but its checksum and its certificate table.
 * @return OV_OK; OV_BAD when bytes follow the table (nobody signed those); OV_IO, OV_SHORT. */
OV_MUST_USE ov_status ov_signature_digest(const struct ov_src *src, const struct ov_exe *x,
					  enum ov_pkcs7_digest kind, struct ov_sign_digest *out);

/** True when a catalog (a signed list of digests, .cat) holds this digest. The catalog's own
 * signature is not looked at: see ov_signature_verify(). */
bool ov_signature_lists(const struct ov_pkcs7 *catalog, const struct ov_sign_digest *d);

#endif
