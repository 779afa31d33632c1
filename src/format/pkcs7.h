/*
 * PKCS#7 SignedData (RFC 2315, RFC 5652), as far as Authenticode uses it: what was signed, by which
 * certificate, with which attributes. A view of the bytes: nothing is verified and nothing is
 * allocated here; signature.c does the cryptography.
 *
 *   ContentInfo { SignedData { version, digests, { type, [0] content }, [0] certificates, [1]
 * lists, { SignerInfo ... } } }
 *
 * Only DER with definite lengths is read. Nothing recurses: each level is taken by name.
 */
#ifndef OV_PKCS7_H
#define OV_PKCS7_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "status.h"

#define OV_PKCS7_MAX ((size_t)4 << 20) /* bytes of a message that is read */
#define OV_PKCS7_CERTS_MAX 32

enum ov_der_tag {
	OV_DER_INTEGER = 0x02,
	OV_DER_BIT_STRING = 0x03,
	OV_DER_OCTETS = 0x04,
	OV_DER_OID = 0x06,
	OV_DER_UTC_TIME = 0x17,
	OV_DER_TIME = 0x18,
	OV_DER_SEQUENCE = 0x30,
	OV_DER_SET = 0x31,
	OV_DER_CONTEXT_0 = 0xa0,
	OV_DER_CONTEXT_1 = 0xa1
};

struct ov_der { /* one value */
	uint8_t tag;
	struct ov_cur body;  /* its content */
	struct ov_cur whole; /* with tag and length */
};

/** Takes the next value. Moves on OV_OK. @return OV_OK; OV_END at the end; OV_SHORT; OV_BAD for
 * lengths that are indefinite or over four bytes, and for tags over one byte. */
OV_MUST_USE ov_status ov_der_next(struct ov_cur *in, struct ov_der *out);

/** The next value, which must be of that tag. @return as above; OV_BAD for another tag or the end.
 */
OV_MUST_USE ov_status ov_der_expect(struct ov_cur *in, uint8_t tag, struct ov_der *out);

/** True when the value is an object identifier of these bytes. */
bool ov_der_is_oid(const struct ov_der *v, const void *oid, size_t n);

enum ov_pkcs7_digest {
	OV_PKCS7_NO_DIGEST = 0,
	OV_PKCS7_MD5,
	OV_PKCS7_SHA1,
	OV_PKCS7_SHA256,
	OV_PKCS7_SHA384,
	OV_PKCS7_SHA512
};

struct ov_pkcs7_signer {
	struct ov_cur issuer, serial; /* Name with its tag; the integer's bytes */
	enum ov_pkcs7_digest digest;
	struct ov_cur attributes;   /* authenticated, with their tag [0]; empty: none */
	struct ov_cur signature;    /* bytes                                          */
	struct ov_cur unauthorised; /* the other attributes, content; may be empty    */
};

struct ov_pkcs7 {
	struct ov_der type;    /* object identifier of the content   */
	struct ov_cur content; /* what stands inside [0]: one value with its tag; empty: none */
	struct ov_cur content_bytes; /* its content without tag and length: what is digested  */
	struct ov_cur certs[OV_PKCS7_CERTS_MAX]; /* each with its tag */
	uint32_t ncerts;
	bool is_capped; /* there were more certificates */
	struct ov_pkcs7_signer signer;
};

/** Reads a message. Bytes after it are left alone (tables pad). @return OV_OK; OV_SHORT, OV_BAD,
 * OV_UNSUPPORTED (no SignedData, or not exactly one signer). Threads: no shared state. */
OV_MUST_USE ov_status ov_pkcs7_read(struct ov_cur in, struct ov_pkcs7 *out);

/** Reads one SignerInfo, which stands alone in countersignatures. Moves on OV_OK. */
OV_MUST_USE ov_status ov_pkcs7_signer_read(struct ov_cur *in, struct ov_pkcs7_signer *out);

/** Finds an attribute: the values in its SET, one behind the other. @return as below. */
OV_MUST_USE ov_status ov_pkcs7_values(struct ov_cur set, const void *oid, size_t n,
				      struct ov_cur *out);

/** Finds an attribute's first value. `set`: content of a SET of attributes. @return OV_OK; OV_END
 * when there is none of that type; OV_SHORT, OV_BAD. */
OV_MUST_USE ov_status ov_pkcs7_attribute(struct ov_cur set, const void *oid, size_t n,
					 struct ov_der *out);

/** A digest by its AlgorithmIdentifier's content. OV_PKCS7_NO_DIGEST for one that is not known. */
enum ov_pkcs7_digest ov_pkcs7_digest_of(struct ov_cur algorithm);

/** Seconds since 1970 of a UTCTime or GeneralizedTime "...Z". @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status ov_der_time(const struct ov_der *v, int64_t *out);

#endif
