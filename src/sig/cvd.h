/*
 * ClamAV's containers: .cvd (signed), .cld (updated in place, its own signature stale) and .cud
 * (never signed).
 *
 *   0                                                                         512
 *   | ClamAV-VDB:time:version:signatures:level:md5:dsig:builder:seconds  (spaces) | tar, in .cvd
 * and .cud gzipped
 *
 * The signature is textbook RSA over the MD5 of everything behind the header. Both are old: what
 * they prove is that the bytes are those that ClamAV's signing key saw, as far as MD5 goes. The
 * member NAME.info repeats the header's fields and lists each member with its size and SHA-256; it
 * is held against both. Source: docs/formats/cvd.md.
 */
#ifndef OV_CVD_H
#define OV_CVD_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "digest.h"
#include "status.h"
#include "str.h"

#define OV_CVD_HEADER 512
#define OV_CVD_MODULUS 128 /* bytes: 1024 bits */

struct ov_cvd_key {
	uint8_t modulus[OV_CVD_MODULUS]; /* big-endian */
	uint32_t exponent;
};

/** ClamAV's public key, a static constant. */
const struct ov_cvd_key *ov_cvd_key_clamav(void);

struct ov_cvd_header {	    /* views into the container */
	struct ov_str time; /* "20 Aug 2015 10-50 -0400" */
	uint64_t version, signatures, level;
	struct ov_str md5, dsig, builder;
	uint64_t built;			      /* Unix seconds */
	struct ov_str before_md5, after_dsig; /* the fields that a .info repeats */
};

/** Reads the header. @return OV_OK; OV_SHORT; OV_BAD with *why. */
OV_MUST_USE ov_status ov_cvd_header(struct ov_cur bytes, struct ov_cvd_header *out,
				    const char **why);

/**
 * Checks MD5 and signature of a whole container.
 * @param md5  A hasher for OV_MD5.
 * @return OV_OK; OV_BAD with *why; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_cvd_verify(struct ov_cur bytes, const struct ov_cvd_header *h,
				    const struct ov_cvd_key *key, struct ov_hasher *md5,
				    const char **why);

/**
 * Reads a signature's number: digits of six bits, the least significant first.
 * @param out  `size` bytes, big-endian. @return OV_OK; OV_BAD for other characters, or too many.
 */
OV_MUST_USE ov_status ov_cvd_number(struct ov_str s, uint8_t *out, size_t size);

#define OV_CVD_PSS_MODULUS 256 /* bytes */

struct ov_cvd_pss_key {			     /* of .info members and patches */
	uint8_t modulus[OV_CVD_PSS_MODULUS]; /* big-endian */
	uint32_t exponent;
};

/** ClamAV's public key for them, a static constant. */
const struct ov_cvd_pss_key *ov_cvd_pss_clamav(void);

/** Checks the newer signature over a SHA-256. @return OV_OK; OV_BAD; OV_NOMEM. */
OV_MUST_USE ov_status ov_cvd_pss_verify(const struct ov_cvd_pss_key *key, const uint8_t sha256[32],
					struct ov_str dsig);

/** True when a .info member's first line says what the header says. */
bool ov_cvd_same_header(const struct ov_cvd_header *h, struct ov_str info_line);

#endif
