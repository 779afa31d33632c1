/*
 * MD5, SHA-1 and SHA-256, through OpenSSL's libcrypto with its configuration file and engines left
 * out, so that digests work in a jailed process.
 */
#ifndef OV_DIGEST_H
#define OV_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

enum ov_digest_kind { OV_MD5 = 0, OV_SHA1, OV_SHA256, OV_DIGEST_KINDS };

#define OV_DIGEST_MAX 32

/** Bytes of a digest: 16, 20 or 32. */
size_t ov_digest_size(enum ov_digest_kind k);

/** Lower-case name: "md5", "sha1", "sha256". */
const char *ov_digest_name(enum ov_digest_kind k);

struct ov_hasher;

/** Makes a hasher, to be reused for many digests. Call before a jail is closed. Free with
 * ov_hasher_free. */
OV_MUST_USE ov_status ov_hasher_new(enum ov_digest_kind k, struct ov_hasher **out);
void ov_hasher_free(struct ov_hasher **h);

/** Starts a new digest; drops an unfinished one. */
OV_MUST_USE ov_status ov_hasher_start(struct ov_hasher *h);
OV_MUST_USE ov_status ov_hasher_add(struct ov_hasher *h, const void *p, size_t n);

/** Writes ov_digest_size() bytes. A new start must follow. */
OV_MUST_USE ov_status ov_hasher_end(struct ov_hasher *h, uint8_t out[OV_DIGEST_MAX]);

/** One-shot: start, add, end. Threads: one thread at a time per hasher. */
OV_MUST_USE ov_status ov_hasher_once(struct ov_hasher *h, const void *p, size_t n,
				     uint8_t out[OV_DIGEST_MAX]);

#endif
