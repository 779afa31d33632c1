/*
 * Whose cosignatures count (C2SP tlog-policy): logs, witnesses, groups of them, one quorum.
 *
 *   log <vkey> [<url>]
 *   witness <name> <vkey> [<url>]
 *   group <name> <k|any|all> <member> ...     members stand above; each belongs to one group
 *   quorum <name|none>
 *
 * Words are parted by spaces and tabs. Lines that are empty or begin with # are passed over. Logs
 * may be left out, where the caller knows its log from elsewhere.
 */
#ifndef OV_POLICY_H
#define OV_POLICY_H

#include "arena.h"
#include "key.h"
#include "note.h"

#define OV_POLICY_LOGS 32
#define OV_POLICY_MEMBERS 128 /* witnesses and groups together */

struct ov_policy_log {
	struct ov_vkey key;
	struct ov_str url; /* empty when not given */
};

struct ov_policy_member { /* a witness, or a group of members that stand before it */
	struct ov_str name, url;
	bool is_group;
	struct ov_vkey key;    /* of a witness */
	uint32_t want;	       /* of a group: how many of its members */
	const uint32_t *below; /* of a group: numbers of its members; the arena's */
	uint32_t nbelow;
	bool is_taken; /* belongs to a group */
};

struct ov_policy {
	struct ov_policy_log logs[OV_POLICY_LOGS];
	uint32_t nlogs;
	struct ov_policy_member *members; /* the arena's */
	uint32_t nmembers;
	bool needs_none; /* "quorum none" */
	uint32_t quorum; /* a member's number, unless needs_none */
};

/**
 * Parses a policy. Views point into `bytes`.
 * @param line  On failure: the line that is wrong, from 1; 0: the whole. @param why  A static
 * sentence part. Both may be NULL.
 * @return OV_OK; OV_BAD; OV_LIMIT; arena's.
 */
OV_MUST_USE ov_status ov_policy_parse(struct ov_hasher *h, struct ov_str bytes, struct ov_arena *a,
				      struct ov_policy *out, uint32_t *line, const char **why);

/**
 * The newest time T for which the quorum is met by cosignatures not older than T: of a group that
 * wants k, the k-th newest of its members'.
 * @param times  For each member that is a witness, when it signed; 0: it did not. nmembers of them.
 * @return Unix seconds; 0 when the quorum is not met; UINT64_MAX when none is needed.
 */
uint64_t ov_policy_time(const struct ov_policy *p, const uint64_t *times);

/**
 * Verifies a checkpoint's note: the log's signature (one of p->logs, whose number goes to *log),
 * then all witnesses'. @param times  Out: nmembers of them, for ov_policy_time().
 * @param ignore_after  Cosignatures later than this are passed over (a clock that is ahead), Unix
 * seconds.
 * @return OV_OK when a log signed; OV_END when none did; OV_BAD a known key's signature is wrong.
 */
OV_MUST_USE ov_status ov_policy_verify(const struct ov_policy *p, const struct ov_note *n,
				       struct ov_str origin, uint64_t ignore_after, uint32_t *log,
				       uint64_t *times);

#endif
