/*
 * The root of trust: who may release, which log counts, whose cosignatures are asked for. A note:
 *
 *   overt-root/v1
 *   version <n>
 *   expires <unix seconds>
 *   root-threshold <k>
 *   root-key <verifier key>            one line each, of type 1
 *   release-threshold <k>
 *   release-key <verifier key>
 *   policy <a line of a tlog-policy>   one line each, in order
 *
 * Version n + 1 counts when it is signed by enough root keys of version n and by enough of its own.
 * Clients go step by step, so that no key that was taken away can bring itself back.
 */
#ifndef OV_ROOT_H
#define OV_ROOT_H

#include "lines.h"
#include "policy.h"

#define OV_ROOT_KEYS 32

struct ov_root_keys {
	struct ov_vkey key[OV_ROOT_KEYS];
	uint32_t n, threshold;
};

struct ov_root {
	uint64_t version, expires;
	struct ov_root_keys roots, releases;
	struct ov_policy policy;
	struct ov_note note; /* the whole, for checking its signatures */
};

/**
 * Parses a root file. Verifies no signature. Texts are views into `bytes`.
 * @param why  On failure: a static sentence part. May be NULL.
 * @return OV_OK; OV_BAD; OV_UNSUPPORTED another version of the format; OV_LIMIT; arena's.
 */
OV_MUST_USE ov_status ov_root_parse(struct ov_hasher *h, struct ov_str bytes, struct ov_arena *a,
				    struct ov_root *out, const char **why);

/** Do enough different keys of a set sign the note? A key that signs twice counts once. @return
 * OV_OK; OV_END too few; OV_BAD a known key's signature is wrong; OV_NOMEM. */
OV_MUST_USE ov_status ov_root_enough(const struct ov_note *n, const struct ov_root_keys *keys);

/** Is `next` the version after `old`, by the keys of both? @return OV_OK; OV_BAD no; OV_NOMEM. */
OV_MUST_USE ov_status ov_root_follows(const struct ov_root *old, const struct ov_root *next);

/** Appends a root's text, without signatures. Key lists are taken from `r`; policy lines from
 * `policy`. */
OV_MUST_USE ov_status ov_root_write(const struct ov_root *r, struct ov_str policy,
				    struct ov_buf *out);

#endif
