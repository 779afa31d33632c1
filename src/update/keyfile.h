/*
 * Signer keys in files, plain or under a passphrase.
 *
 *   PRIVATE+KEY+name+id+base64                                   plain, as Go's x/mod writes it
 *   overt-key/v1 scrypt <log2 N> <salt> <nonce> <sealed>         base64; scrypt (r 8, p 1) and
 *                                                                AES-256-GCM over the plain line
 */
#ifndef OV_KEYFILE_H
#define OV_KEYFILE_H

#include "buf.h"
#include "key.h"

#define OV_KEYFILE_MAX 4096

/** Writes a key as one line. @param passphrase  Empty: plain. @return OV_OK; OV_IO no random
 * numbers; OV_NOMEM. */
OV_MUST_USE ov_status ov_keyfile_write(const struct ov_skey *k, struct ov_str passphrase,
				       struct ov_buf *out);

/**
 * Reads a key. @param room  OV_KEYFILE_MAX bytes that the key's name will point into; wipe it with
 * the key.
 * @return OV_OK; OV_ENCRYPTED a passphrase is needed, or this one is wrong; OV_BAD; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_keyfile_read(struct ov_hasher *h, struct ov_str text,
				      struct ov_str passphrase, char *room, struct ov_skey *out);

#endif
