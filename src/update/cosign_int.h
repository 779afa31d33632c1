/* What gathering cosignatures from witnesses and from mirrors shares. */
#ifndef OV_COSIGN_INT_H
#define OV_COSIGN_INT_H

#include "b64.h"
#include "cosign.h"

#define OV_COSIGN_ANSWER_MAX ((size_t)64 << 10)

struct ov_cosign_job {
	struct ov_logdir *l;
	struct ov_fetch *f;
	struct ov_str origin;
	unsigned patience_seconds; /* for a mirror that is still fetching */
	const struct ov_policy_member *m;
	struct ov_buf body, answer;
};

/* A cosigner's address with an endpoint behind it. Free with free(). NULL: no memory. */
char *ov_cosign_address(const struct ov_policy_member *m, const char *endpoint);

/* Gives a mirror what it lacks of the log, whose checkpoint it has, until it signs. The answer is
 * in j->answer when *status is 200. @return OV_OK with 200; OV_END it did not sign; OV_IO no
 * answer; OV_NOMEM. */
OV_MUST_USE ov_status ov_cosign_mirror(struct ov_cosign_job *j, int *status);

#endif
