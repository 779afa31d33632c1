/*
 * The publisher's folder:
 *
 *   public/                 static files, to be served as they are by any web server
 *     root/<version>        root files, signed
 *     checkpoint, tile/...  the log
 *     latest.tlog-proof     the newest state with its proof and cosignatures
 *     a/<sha256>            artifacts and deltas
 *   private/
 *     draft                 the next state, unsigned; signatures gather behind it
 *     pending               a signed state on its way into the log: it must be finished first
 *     sizes                 the tree size that each witness has
 *     history               artifacts of earlier releases, newest first, for deltas: lines
 *                           "channel name sha256 time"
 *
 * Each step can be cut short and done again: a state that is pending is appended once and as it is.
 */
#ifndef OV_PUBLISH_H
#define OV_PUBLISH_H

#include "cosign.h"
#include "root.h"
#include "state.h"
#include "tile.h"

#define OV_PUBLISH_ERROR 512
#define OV_PUBLISH_NEWEST 8 /* releases before, from which there are deltas */
#define OV_PUBLISH_WEEKS 4  /* and the last ones of so many weeks before those */
#define OV_PUBLISH_DELTAS (OV_PUBLISH_NEWEST + OV_PUBLISH_WEEKS) /* of an artifact */
#define OV_PUBLISH_WEEK (7 * 86400)

struct ov_publisher {
	char *public, *private;
	struct ov_hasher *h;
	struct ov_arena arena; /* the root's */
	struct ov_buf root_bytes;
	struct ov_root root; /* the newest */
	int lock;	     /* one publisher at a time */
	char error[OV_PUBLISH_ERROR];
};

/** Makes a folder with its first root file, which must be signed by enough of its own keys. */
OV_MUST_USE ov_status ov_publish_init(const char *folder, struct ov_str root, char *error);

/** Opens a folder. *out must be closed in any case; error says why it failed. */
OV_MUST_USE ov_status ov_publish_open(const char *folder, struct ov_publisher *out);
void ov_publish_close(struct ov_publisher *p);

/** Adds the next root file, signed by the keys of the one before and its own. */
OV_MUST_USE ov_status ov_publish_root(struct ov_publisher *p, struct ov_str root);

struct ov_publish_artifact {
	struct ov_str channel, name, version;
	uint64_t engine;
	const char *file;
	const struct ov_state_rollout *rollout; /* steps only; NULL: for all at once */
};

/** Puts an artifact into the draft (made of the newest state), with deltas from earlier ones. Drops
 * signatures that the draft had. */
OV_MUST_USE ov_status ov_publish_add(struct ov_publisher *p, const struct ov_publish_artifact *x,
				     uint64_t now);

/** Withdraws a digest, in the draft; it takes its artifact, delta and rollout lines out. */
OV_MUST_USE ov_status ov_publish_withdraw(struct ov_publisher *p,
					  const uint8_t sha256[OV_SHA256_BYTES],
					  struct ov_str reason, uint64_t now);

/** The draft's text, to be signed. @return OV_OK; OV_END there is none. */
OV_MUST_USE ov_status ov_publish_draft(struct ov_publisher *p, struct ov_buf *text);

/** Adds a signature line to the draft, after verifying that a release key made it. */
OV_MUST_USE ov_status ov_publish_signature(struct ov_publisher *p, struct ov_str line);

/**
 * Finishes what is pending, else releases the draft if enough keys signed it, else only asks for
 * fresh cosignatures of the newest tree. Writes latest.tlog-proof when the quorum is met.
 * @return OV_OK; OV_END the quorum is not met: run it again; others with p->error.
 */
OV_MUST_USE ov_status ov_publish_release(struct ov_publisher *p, const struct ov_skey *log,
					 struct ov_fetch *f, const struct ov_cosign_caller *who);

#endif
