/*
 * Detached Ed25519 signatures over a file that a source pins a key for:
 *
 *   minisign   key "RW..." (base64: "Ed", 8 bytes of number, 32 of key); signature file of four
 *              lines, over the file or over its BLAKE2b-512 ("ED")
 *   signify    the same key and the same first two lines
 *   overt      key "name+id+base64"; a signed note "overt-file/v1", "sha256 HEX", "size N"
 *
 * Small and strict, read before anything else looks at the file. Sources: the minisign and
 * signify(1) manuals.
 */
#ifndef OV_PIN_H
#define OV_PIN_H

#include "cursor.h"
#include "digest.h"
#include "status.h"
#include "str.h"

#define OV_PIN_SIGNATURE_MAX ((size_t)64 << 10)

/** @return OV_OK for a key that is one; OV_BAD. */
OV_MUST_USE ov_status ov_pin_key_ok(struct ov_str key);

/** The ending of the signature file that goes with a key: ".minisig" or ".sig". */
const char *ov_pin_ending(struct ov_str key);

/** Is `signature` a good one over `bytes`? @return OV_OK; OV_BAD with *why; OV_NOMEM. */
OV_MUST_USE ov_status ov_pin_verify(struct ov_str key, struct ov_str signature, struct ov_cur bytes,
				    const char **why);

#endif
