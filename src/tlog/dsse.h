/*
 * Signatures of DSSE envelopes ("Dead Simple Signing Envelope", protocol v1.0), with the keys that
 * notes are signed by: plain Ed25519. What is signed is PAE(type, payload),
 *
 *   "DSSEv1" SP length(type) SP type SP length(payload) SP payload      lengths in decimal bytes
 *
 * so that it can't be taken for a note's text, nor for another type of payload. The envelope's JSON
 * is not read here. A `keyid` is a hint that nobody signed, and is not looked at: each key is
 * tried.
 *
 * Left out: other algorithms (ECDSA, RSA) and certificates (Sigstore's keyless signing): overt
 * knows no root that would say whose those are.
 */
#ifndef OV_DSSE_H
#define OV_DSSE_H

#include "note.h"

#define OV_DSSE_SIGS 16

struct ov_dsse {
	struct ov_str type, payload;	  /* payload: decoded */
	struct ov_str sigs[OV_DSSE_SIGS]; /* base64, of either alphabet, padded or not */
	size_t nsigs;
};

/** Appends what is signed. @return OV_OK; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_dsse_pae(struct ov_buf *b, struct ov_str type, struct ov_str payload);

/** Decodes base64 as DSSE allows it: standard or URL-safe alphabet, with padding or without.
 * @return OV_OK; OV_BAD; OV_LIMIT, OV_NOMEM of the buffer. */
OV_MUST_USE ov_status ov_dsse_b64(struct ov_str s, struct ov_buf *out);

/**
 * Sets `is_good` of each plain key that signed.
 * @return OV_OK when one did; OV_END when none did (a signature that no key explains is an unknown
 * key's); OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_dsse_verify(const struct ov_dsse *d, struct ov_note_key *keys,
				     size_t nkeys);

#endif
