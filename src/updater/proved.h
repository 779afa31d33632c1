/* What the log proves of this machine, verified anew from the files of a client's folder. */
#ifndef OV_UPDATER_PROVED_H
#define OV_UPDATER_PROVED_H

#include "client.h"

struct proved {
	const char *folder;
	struct ov_hasher *h;
	struct ov_arena arena;
	struct ov_buf memory_text;
	struct ov_memory memory;
	struct ov_root *root;  /* the newest */
	struct ov_judgement j; /* of the newest proof */
	uint64_t *times;       /* when each member of root->policy signed it; 0: it did not */
	char why[160];
};

/**
 * Loads and verifies. @param p  Free with proved_close() whatever is returned.
 * @return OV_OK; OV_END nothing was accepted here yet; others with p->why.
 */
OV_MUST_USE ov_status proved_open(const char *folder, struct proved *p);
void proved_close(struct proved *p);

/**
 * Judges the proof that a database was taken by, with the root that was in force then. @param j Its
 * texts live as long as `p`.
 * @return OV_OK with a judgement; OV_END there is none; others when it can't be judged.
 */
OV_MUST_USE ov_status proved_taken(struct proved *p, const uint8_t sha256[OV_SHA256_BYTES],
				   struct ov_judgement *j);

/** The artifact with these bytes in a state; NULL when it names none. */
const struct ov_state_artifact *proved_find(const struct ov_state *s,
					    const uint8_t sha256[OV_SHA256_BYTES]);

#endif
