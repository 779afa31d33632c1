/*
 * What a client remembers between updates: the largest tree it has accepted, the newest time that
 * enough witnesses vouched for, the root in force, which databases it took, and a secret that never
 * leaves the machine. One strict text file, written whole.
 *
 *   overt-memory/v1
 *   origin <origin>            - before the first update
 *   size <n>
 *   tree <root hash, hex>
 *   floor <unix seconds>
 *   root <version>
 *   seq <n>
 *   asked <unix seconds>       when a newer root was last looked for
 *   secret <hex>
 *   have <channel> <name> <sha256> <unix seconds>     when it was taken; newest first
 *   quarantined <sha256> <reason>
 */
#ifndef OV_MEMORY_H
#define OV_MEMORY_H

#include "merkle.h"
#include "state.h"

#define OV_MEMORY_HAVE 64
#define OV_MEMORY_QUARANTINED 64
#define OV_MEMORY_KEPT 3 /* databases kept for going back, of each name */
#define OV_SECRET_BYTES 32

struct ov_memory_have {
	struct ov_str channel, name;
	uint8_t sha256[OV_SHA256_BYTES];
	uint64_t time; /* when it was taken */
};

struct ov_memory {
	struct ov_str origin; /* empty: nothing was accepted yet */
	uint64_t size;
	struct ov_merkle_hash tree;
	uint64_t floor, root, seq, asked;
	uint8_t secret[OV_SECRET_BYTES];
	struct ov_memory_have have[OV_MEMORY_HAVE];
	struct ov_state_withdrawn quarantined[OV_MEMORY_QUARANTINED];
	uint32_t nhave, nquarantined;
};

/** Parses; texts are views. @return OV_OK; OV_BAD; OV_UNSUPPORTED; OV_LIMIT. */
OV_MUST_USE ov_status ov_memory_parse(struct ov_str text, struct ov_memory *out);
OV_MUST_USE ov_status ov_memory_write(const struct ov_memory *m, struct ov_buf *out);

/** Notes that a database was taken: it stands first of its name; more than OV_MEMORY_KEPT are
 * forgotten. Texts are borrowed. */
OV_MUST_USE ov_status ov_memory_took(struct ov_memory *m, struct ov_str channel, struct ov_str name,
				     const uint8_t sha256[OV_SHA256_BYTES], uint64_t time);

/** The nth newest of a name, from 0; NULL when there are fewer. */
const struct ov_memory_have *ov_memory_have(const struct ov_memory *m, struct ov_str channel,
					    struct ov_str name, uint32_t nth);

/** Forgets that a database was set aside: a person wants it back. */
void ov_memory_readmit(struct ov_memory *m, const uint8_t sha256[OV_SHA256_BYTES]);

/** True when a database was set aside on this machine. */
bool ov_memory_is_quarantined(const struct ov_memory *m, const uint8_t sha256[OV_SHA256_BYTES]);

/**
 * The client's cohort for a release, 0 .. 999: drawn anew for each by the secret, so that nobody
 * else can tell or choose it, and nobody is always first.
 */
OV_MUST_USE ov_status ov_cohort(struct ov_hasher *h, const uint8_t secret[OV_SECRET_BYTES],
				const uint8_t sha256[OV_SHA256_BYTES], uint32_t *out);

#endif
