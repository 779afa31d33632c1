/*
 * A client's update: from a repository's newest proof to databases that are in use.
 *
 *   memory              what was accepted (memory.h); written before anything that it allows
 *   last.note           the checkpoint of that, as evidence if the log ever shows another history
 *   root/<version>      the roots that led here
 *   proof               the newest proof that was accepted, whole: overt verify reads it
 *   db/<sha256>         databases that were taken: the newest three of each name
 *   db/<sha256>.proof   the proof that they were taken by
 *   active/<name>       links into db/: what scanners use; swapped in one step
 *   fork-<n>.evidence   two notes that can't both be true
 *   ledger              every request and how many bytes it sent
 *   attempts            what became of the last checks (attempts.h)
 *
 * Nothing is decompressed or parsed before its digest was checked against a state that the
 * judgement took. A failure at any point leaves what was in use in use.
 */
#ifndef OV_CLIENT_H
#define OV_CLIENT_H

#include "fetch.h"
#include "judge.h"

#define OV_CLIENT_ERROR 512

/*
 * Tries a new database before it serves: a file that is complete and verified, not in use yet.
 * @return OV_OK it may serve; OV_BAD it must not (`why` says why); others: could not be tried.
 */
typedef ov_status (*ov_client_canary_fn)(void *ctx, const char *path, struct ov_str name,
					 char why[OV_CLIENT_ERROR]);

struct ov_client_options {
	const char *folder; /* the client's own */
	struct ov_fetch_options from;
	struct ov_str channel;	  /* "stable" */
	const char *const *names; /* artifacts wanted; none: all of the channel */
	size_t nnames;
	struct ov_str first_root; /* a root file, trusted because the user says so; used once */
	uint64_t engine;	  /* this engine's level: newer databases are left alone */
	uint64_t now;		  /* Unix seconds */
	bool ignore_rollout;	  /* a site that tests early */
	bool has_cohort;	  /* the site pins its place in each rollout: */
	uint32_t cohort;	  /* 0 with the first .. 999 with the last */
	bool check_history;	  /* of the log, at each growth; else at one in 50 */
	uint64_t window;	  /* seconds that a proof may be old, for bundles; 0: see judge.h */
	ov_client_canary_fn canary;
	void *ctx;
};

enum ov_client_outcome {
	OV_CLIENT_SAME = 0, /* in use already                                     */
	OV_CLIENT_TOOK,	    /* new, and in use                                    */
	OV_CLIENT_WAITS,    /* its time has not come for this machine             */
	OV_CLIENT_TOO_NEW,  /* for a newer engine                                 */
	OV_CLIENT_FAILED,   /* could not be fetched whole                         */
	OV_CLIENT_REFUSED,  /* by the canary; set aside on this machine           */
	OV_CLIENT_ASIDE,    /* was set aside earlier                              */
	OV_CLIENT_WITHDRAWN /* what was in use was withdrawn: back to the one before */
};

struct ov_client_item { /* one artifact */
	char channel[65], name[65], version[65];
	uint8_t sha256[OV_SHA256_BYTES];
	enum ov_client_outcome outcome;
	bool by_delta;
	uint64_t bytes; /* fetched for it */
	uint64_t due;	/* OV_CLIENT_WAITS: Unix seconds */
	char why[OV_CLIENT_ERROR];
};

struct ov_client_report {
	enum ov_refusal refusal;
	enum ov_freshness freshness;
	uint64_t size, vouched; /* of the log: leaves; when enough witnesses vouched for it */
	uint32_t cosigners, needed_roots;
	uint64_t root, seq, requests, sent, received;
	struct ov_client_item items[OV_STATE_ARTIFACTS];
	uint32_t nitems;
	uint64_t failed, since; /* checks in a row that did not end well; the first of them */
	char evidence[256];	/* file name, when two histories were seen */
	char error[OV_CLIENT_ERROR];
};

/** One check, with all that it allows. @return OV_OK: see the report; others with report->error:
 * nothing was changed. */
OV_MUST_USE ov_status ov_client_update(const struct ov_client_options *o,
				       struct ov_client_report *report);

struct ov_client_rollback {
	const char *folder;
	struct ov_str channel, name;
	struct ov_str to; /* the beginning of a SHA-256, 8 digits at least; empty: the one before */
	const char *why;  /* is set aside with what is left */
	uint64_t now;
};

/** Goes back to an earlier database that is still here; those taken since are set aside, until
 * something newer comes. What was accepted of the log stays. @return OV_OK; OV_END there is none;
 * others with an error. */
OV_MUST_USE ov_status ov_client_rollback(const struct ov_client_rollback *o,
					 char error[OV_CLIENT_ERROR]);

const char *ov_client_outcome_name(enum ov_client_outcome o);

#endif
