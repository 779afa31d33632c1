/* A log with its people, for tests: root keys, release keys, witnesses, mirrors, and the honest or
 * twisted proofs that they make. */
#ifndef OV_TESTS_WORLD_H
#define OV_TESTS_WORLD_H

#include "judge.h"
#include "kit.h"

#define ROOT_KEYS 5
#define RELEASE_KEYS 3
#define WITNESSES 7
#define MIRRORS 2

struct world {
	struct ov_hasher *h;
	struct ov_skey roots[ROOT_KEYS], releases[RELEASE_KEYS], log,
	    cosigners[WITNESSES + MIRRORS];
	char names[32][24];
	struct ov_buf policy, root_bytes;
	struct ov_arena arena; /* the root's */
	struct ov_root root;
	struct ov_buf leaves[64]; /* signed states */
	struct ov_merkle_hash hashes[64];
	uint64_t n;
};

/** Root version 1: 3 of 5 root keys, 2 of 3 release keys, 5 of 7 witnesses and 1 of 2 mirrors. */
void world_make(struct world *w);
void world_free(struct world *w);

/** Signs a root with the first `nold` keys of the world and adds the note to `out`. */
void world_root(struct world *w, uint64_t version, const struct ov_skey *keys, size_t nkeys,
		size_t nsign, struct ov_buf *out);

/** Appends a state with this seq, signed by the first `releases` release keys. */
void world_append(struct world *w, uint64_t seq, size_t releases);

/** How a proof is made; all zero with `size` and `time` set is honest. */
struct world_proof {
	uint64_t size;			     /* of the tree that is signed           */
	uint64_t index;			     /* of the entry, from 1; 0: the last */
	uint64_t time;			     /* of all cosignatures                   */
	size_t skip_witnesses, skip_mirrors; /* how many do not sign */
	uint64_t early; /* so many seconds before `time` is what the first witness says */
	bool no_log, other_log, forged_cosignature, other_root, no_extra;
};
void world_proof(struct world *w, const struct world_proof *how, struct ov_buf *out);

ov_status world_read(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out);

#endif
