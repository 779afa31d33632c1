/*
 * overt update in three processes, each with what it needs and no more:
 *
 *   keeper     starts the others and, when it is asked, the canary's workers; parses nothing that
 * came from outside verifier   proofs, states, deltas; writes the client's folder, reads local
 * sources, has no network fetcher    speaks over the network; reads certificates and the resolver's
 * files, writes nothing; there is none when no source is an address
 *
 * Verifier and fetcher are fenced in (os/fence.h): they can start no program and read no file of
 * the user's. They talk over sockets, and each takes the other's word for a stranger's.
 */
#ifndef OV_UPDATER_SPLIT_H
#define OV_UPDATER_SPLIT_H

#include "canary.h"
#include "fence.h"

struct split_ends { /* what the verifier has */
	int link;   /* to the fetcher, for ov_fetch_options; 0 when there is none */
	int keeper;
	const struct ov_fence_report *verifier, *fetcher; /* how well they are fenced in */
};

struct split {
	const char *folder; /* the client's; made when it is not there */
	struct ov_fetch_options from;
	struct canary *canary; /* for the keeper */
	/* The verifier's work; its result is the exit code. */
	int (*work)(struct cli *c, void *ctx, const struct split_ends *ends);
	void *ctx;
};

/** Runs it. @return the exit code, after a message when it could not be run. */
int split_run(struct cli *c, const char *command, const struct split *s);

/* In the verifier. An ov_client_canary_fn whose ctx is a struct split_ends: the keeper tries it. */
ov_status split_try(void *ctx, const char *path, struct ov_str name, char why[OV_CLIENT_ERROR]);

/** In the verifier: a line for the system's log, by the keeper. @param priority  As syslog(3) has
 * them. */
void split_log(const struct split_ends *ends, int priority, const char *text);

/* What is tried from inside of a fence, and what became of it. */
#define SPLIT_ATTEMPTS 8
struct split_proof {
	struct ov_fence_report report;
	struct {
		const char *what;
		bool is_refused;
		char how[32]; /* "EACCES", "killed: SIGSYS", "possible" */
	} attempt[SPLIT_ATTEMPTS];
	uint32_t n, nrefused;
};

/** Tries the fence of the verifier, or of the fetcher, from inside. Nothing is sent anywhere. */
OV_MUST_USE ov_status split_prove(const char *folder, bool is_fetcher, struct split_proof *out);

#endif
