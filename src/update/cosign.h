/* Gathering cosignatures for a checkpoint from the witnesses and mirrors of a policy (C2SP
 * tlog-witness, tlog-mirror). Which one is a mirror it says itself: it answers without a signature.
 */
#ifndef OV_COSIGN_H
#define OV_COSIGN_H

#include "fetch.h"
#include "logdir.h"
#include "policy.h"

/* What became of one witness, for people. `status`: HTTP's; 0: it did not answer. */
typedef void (*ov_cosign_told_fn)(void *ctx, struct ov_str witness, int status, const char *text);

struct ov_cosign_caller {
	ov_cosign_told_fn told; /* may be NULL */
	void *ctx;
	unsigned patience_seconds; /* a mirror that does not hold all yet is asked again so long */
};

/**
 * Asks each witness and mirror that has an address; a mirror is given the entries that it lacks.
 * Lines that verify are appended to the note.
 * @param note  The signed checkpoint; grows by cosignature lines. @param sizes  For each member of
 * the policy, the size that it is believed to have; brought up to date. nmembers of them.
 * @param vouched  The quorum's time with what was gathered; 0: not met.
 * @return OV_OK also when nobody answered; OV_NOMEM and kin.
 */
OV_MUST_USE ov_status ov_cosign(struct ov_logdir *l, const struct ov_policy *p, struct ov_fetch *f,
				struct ov_buf *note, uint64_t *sizes, uint64_t *vouched,
				const struct ov_cosign_caller *who);

#endif
