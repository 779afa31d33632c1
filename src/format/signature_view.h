/*
 * The Authenticode signatures of a program as YARA's rules see them: who signed, with which
 * certificates, when. Nothing here trusts anybody: "verified" means that digests and signatures fit
 * together. Trust is in signature.h.
 *
 * Source: "Windows Authenticode Portable Executable Signature Format" (Microsoft, 2008), RFC 2315,
 * RFC 3161, RFC 5280; YARA's manual for what a rule is told.
 */
#ifndef OV_SIGNATURE_VIEW_H
#define OV_SIGNATURE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "pkcs7.h"
#include "signature.h"
#include "str.h"

#define OV_SIGNATURES_MAX 16 /* of a program, nested ones counted */
#define OV_SIGN_COUNTERS_MAX 16

struct ov_sign_cert {
	struct ov_str thumbprint;      /* SHA-1, in hexadecimal */
	struct ov_str issuer, subject; /* "/C=US/O=.../CN=..." */
	struct ov_str algorithm, algorithm_oid, serial;
	int64_t version, not_before, not_after; /* seconds since 1970 */
};

struct ov_sign_certs {
	struct ov_sign_cert *list;
	uint32_t n;
};

struct ov_sign_counter { /* a countersignature */
	bool is_verified, has_time;
	int64_t time; /* seconds since 1970; valid if has_time */
	struct ov_str digest, digest_alg;
	struct ov_sign_certs chain; /* from its signer upwards */
};

struct ov_sign_view {
	struct ov_pkcs7 m;
	struct ov_sign_certs certs, chain; /* all of the message; from its signer upwards */
	bool has_claim;
	struct ov_sign_digest claim;			  /* the digest of the file, as signed */
	struct ov_str digest, digest_alg;		  /* the same as text */
	struct ov_str signer_digest, signer_alg, program; /* empty: not there */
};

/**
 * Lists the signatures of a program: those of its table, each followed by those nested in it. Only
 * messages whose signer's certificate is there count.
 *
 * @param list  OV_SIGNATURES_MAX places for pointers. @param is_capped  Set when there were more,
 * or when a message has more certificates than are read.
 * @return OV_OK (broken ones end the list); OV_LIMIT, OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_signature_list(const struct ov_src *src, const struct ov_exe *x,
					struct ov_arena *a,
					struct ov_sign_view *list[OV_SIGNATURES_MAX], uint32_t *n,
					bool *is_capped);

/** Its countersignatures, usual ones and those of RFC 3161. @return OV_OK; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_signature_counters(const struct ov_sign_view *v, struct ov_arena *a,
					    struct ov_sign_counter **list, uint32_t *n,
					    bool *is_capped);

/** True when the signer's signature fits, whoever that is. */
bool ov_signature_fits(const struct ov_pkcs7 *m, struct ov_arena *a);
/** The same of a SignerInfo over `content`, with the certificates of `m`. */
bool ov_signature_signer_fits(const struct ov_pkcs7 *m, const struct ov_pkcs7_signer *s,
			      struct ov_cur content, struct ov_arena *a);

/** Digest in hexadecimal, in the arena. */
OV_MUST_USE ov_status ov_signature_hex(struct ov_arena *a, const uint8_t *p, size_t n,
				       struct ov_str *out);

#endif
