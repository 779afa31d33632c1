/*
 * Ed25519 keys of logs and cosigners, as C2SP signed-note writes them.
 *
 *   verifier key   name+<id, 8 hex>+<base64: type byte, 32 bytes>
 *   signer key     PRIVATE+KEY+name+<id, 8 hex>+<base64: type byte, 32 bytes of seed>
 *
 * The id is the first four bytes of SHA-256(name, 0x0A, type byte, public key), big-endian.
 * OpenSSL's libcrypto signs and verifies (raw keys; RFC 8032).
 */
#ifndef OV_KEY_H
#define OV_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "digest.h"
#include "status.h"
#include "str.h"

#define OV_KEY_PLAIN 0x01  /* Ed25519 over the note's text                    */
#define OV_KEY_COSIGN 0x04 /* Ed25519 over a time and the note's text         */
#define OV_KEY_ML_DSA 0x06 /* ML-DSA-44: read, named, never verified by us   */

#define OV_KEY_BYTES 32
#define OV_SIGNATURE_BYTES 64
#define OV_KEY_NAME_MAX 255

struct ov_vkey {
	struct ov_str name; /* a view into the text that was parsed */
	uint32_t id;
	uint8_t type;
	uint8_t key[OV_KEY_BYTES]; /* OV_KEY_ML_DSA: SHA-256 of the key, for telling keys apart */
};

/** True for a name that a key may have: UTF-8, not empty, no space of Unicode, no control byte, no
 * plus sign. */
bool ov_key_name_ok(struct ov_str name);

/** Computes the id. @param n  Bytes of the public key. */
OV_MUST_USE ov_status ov_key_id(struct ov_hasher *h, struct ov_str name, uint8_t type,
				const uint8_t *key, size_t n, uint32_t *out);

/**
 * Parses a verifier key and recomputes its id.
 * @return OV_OK; OV_BAD; OV_UNSUPPORTED for a type that nobody here knows.
 */
OV_MUST_USE ov_status ov_vkey_parse(struct ov_hasher *h, struct ov_str text, struct ov_vkey *out);
OV_MUST_USE ov_status ov_vkey_write(struct ov_buf *b, const struct ov_vkey *k);

/** Verifies an Ed25519 signature. @return OV_OK good; OV_BAD not; OV_NOMEM. */
OV_MUST_USE ov_status ov_vkey_verify(const struct ov_vkey *k, const void *message, size_t n,
				     const uint8_t signature[OV_SIGNATURE_BYTES]);

struct ov_skey { /* secret: wipe with ov_skey_wipe() */
	struct ov_vkey public;
	uint8_t seed[OV_KEY_BYTES];
};

/** Makes a signer of a seed. `name` must outlive it. */
OV_MUST_USE ov_status ov_skey_make(struct ov_hasher *h, struct ov_str name, uint8_t type,
				   const uint8_t seed[OV_KEY_BYTES], struct ov_skey *out);
OV_MUST_USE ov_status ov_skey_parse(struct ov_hasher *h, struct ov_str text, struct ov_skey *out);
OV_MUST_USE ov_status ov_skey_write(struct ov_buf *b, const struct ov_skey *k);
OV_MUST_USE ov_status ov_skey_sign(const struct ov_skey *k, const void *message, size_t n,
				   uint8_t signature[OV_SIGNATURE_BYTES]);
void ov_skey_wipe(struct ov_skey *k);

#endif
