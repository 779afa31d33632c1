/*
 * The leaf of the log: the complete state of all channels, so that the newest leaf is all there is
 * to know and parts of two releases can't be mixed. A note, signed by release keys:
 *
 *   overt-state/v1
 *   seq <n>                                             one more than the leaf before
 *   time <unix seconds>
 *   root <version>                                      of the root file that is in force
 *   artifact <channel> <name> <version> <engine> <sha256> <size>
 *   delta <from> <to> <sha256> <size>                   a file that turns `from` into `to`: the
 *                                                       first 16 digits of their digests
 *   rollout <sha256> <per mille>@<unix seconds> ...     when which part of the clients takes it
 *   withdrawn <sha256> <reason>                         never to be used again
 *
 * Kinds stand in this order. Strict: see lines.h. An artifact without a rollout is for all at once.
 */
#ifndef OV_STATE_H
#define OV_STATE_H

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "lines.h"

#define OV_STATE_ARTIFACTS 256
#define OV_STATE_DELTAS 1024
#define OV_STATE_WITHDRAWN 1024
#define OV_STATE_STEPS 8

struct ov_state_artifact {
	struct ov_str channel, name, version;
	uint64_t engine; /* the oldest engine that reads it */
	uint8_t sha256[OV_SHA256_BYTES];
	uint64_t size;
};

struct ov_state_delta {
	uint8_t from[OV_SHORT_BYTES], to[OV_SHORT_BYTES]; /* of digests: see ov_state_is_short() */
	uint8_t sha256[OV_SHA256_BYTES];
	uint64_t size;
};

struct ov_state_rollout {
	uint8_t sha256[OV_SHA256_BYTES];
	struct {
		uint32_t permille;
		uint64_t time;
	} step[OV_STATE_STEPS]; /* both rise; the last is 1000 */
	uint32_t nsteps;
};

struct ov_state_withdrawn {
	uint8_t sha256[OV_SHA256_BYTES];
	struct ov_str reason;
};

struct ov_state { /* texts are views into what was parsed; arrays are the arena's */
	uint64_t seq, time, root;
	struct ov_state_artifact *artifacts;
	struct ov_state_delta *deltas;
	struct ov_state_rollout *rollouts;
	struct ov_state_withdrawn *withdrawn;
	uint32_t nartifacts, ndeltas, nrollouts, nwithdrawn;
};

/** Parses a state's text (without signatures). @param line  On failure: which, from 1. May be NULL.
 * @return OV_OK; OV_BAD; OV_UNSUPPORTED another version; OV_LIMIT; arena's. */
OV_MUST_USE ov_status ov_state_parse(struct ov_str text, struct ov_arena *a, struct ov_state *out,
				     uint32_t *line);

/** Appends the text. What is written parses to the same. @return OV_OK; OV_BAD when it could not be
 * parsed again; OV_NOMEM. */
OV_MUST_USE ov_status ov_state_write(const struct ov_state *s, struct ov_buf *out);

/** Are those the first bytes of this digest? What a delta makes is held against the whole. */
static inline bool ov_state_is_short(const uint8_t part[OV_SHORT_BYTES],
				     const uint8_t sha256[OV_SHA256_BYTES])
{
	return memcmp(part, sha256, OV_SHORT_BYTES) == 0;
}

/** The artifact of a channel by name; NULL when there is none. */
const struct ov_state_artifact *ov_state_find(const struct ov_state *s, struct ov_str channel,
					      struct ov_str name);

/** The reason why an artifact was withdrawn; an empty text when it was not. */
struct ov_str ov_state_reason(const struct ov_state *s, const uint8_t sha256[OV_SHA256_BYTES]);

/**
 * When a client of this cohort may take an artifact.
 * @param cohort  0 .. 999: see ov_cohort(). @return Unix seconds; 0 at once.
 */
uint64_t ov_state_due(const struct ov_state *s, const uint8_t sha256[OV_SHA256_BYTES],
		      uint32_t cohort);

#endif
