/*
 * What a mirror holds of one log (C2SP tlog-mirror), and more than that specification asks: the
 * artifacts that the log's states name.
 *
 *   <folder>/public/<hex>/          hex: SHA-256 of the log's origin. Static files, for clients
 *     checkpoint                    the mirror checkpoint: signed by the log and by this mirror
 *     tile/..., a/<sha256>          entries, hashes, artifacts and deltas
 *     root/<n>, latest.tlog-proof   copies, so that this folder is a whole repository
 *   <folder>/private/<hex>/
 *     pending                       the newest checkpoint of the log, by the witness's rules
 *     next                          entries that are held beyond the mirror checkpoint
 *     fork-<n>.evidence             two checkpoints that can't both be true
 *
 * A checkpoint is signed when all its entries are held and lead to its root, and when each artifact
 * and delta that a state among them names is held and has its digest. All of that is on the disk
 * before the signature is. An entry that is no state of ours names nothing, and is held as it is.
 *
 * Threads: one at a time, but ov_archive_fetch(), which uses only what it is given.
 */
#ifndef OV_ARCHIVE_H
#define OV_ARCHIVE_H

#include "evidence.h"
#include "fetch.h"
#include "logwrite.h"
#include "mirror.h"
#include "state.h"
#include "witness.h"

#define OV_ARCHIVE_PENDING 8   /* checkpoints that an upload may lead to */
#define OV_ARCHIVE_BEHIND 4096 /* entries behind the next one, from which an upload may start */
#define OV_ARCHIVE_TROUBLE 256

struct ov_quota { /* room on the disk, for all logs together */
	const char *folder;
	uint64_t used, most; /* bytes; most 0: no limit of its own */
	uint64_t spare;	     /* bytes that must stay free on the file system */
};

/** Counts what is there. @return OV_OK; OV_NOMEM. */
OV_MUST_USE ov_status ov_quota_open(const char *folder, uint64_t most, uint64_t spare,
				    struct ov_quota *out);
/** May `n` more bytes be written? @return OV_OK: they count as used; OV_LIMIT: it is full. */
OV_MUST_USE ov_status ov_quota_take(struct ov_quota *q, uint64_t n);

struct ov_archive {
	char *public, *private; /* folders; owned */
	struct ov_vkey log;	/* its name is a view into the text that was given */
	struct ov_hasher *h;
	struct ov_quota *quota;
	uint64_t since; /* artifacts of earlier entries are not asked for */
	struct {
		struct ov_witness_stored tree;
		struct ov_buf note;
	} pending[OV_ARCHIVE_PENDING]; /* newest first */
	unsigned npending;
	uint64_t held; /* size of the mirror checkpoint; 0: none yet */
	struct ov_logwriter w;
	uint64_t checked;     /* entries whose artifacts are all held */
	struct ov_buf bundle; /* the last one that was read */
	uint64_t bundle_index;
	char trouble[OV_ARCHIVE_TROUBLE]; /* why nothing can be signed; "" */
	char alarm[OV_ARCHIVE_TROUBLE];	  /* a fork was seen, and where its evidence is; "" */
};

/**
 * Opens. *out must be closed in any case.
 * @param vkey  The log's verifier key; the text must outlive it.
 * @return OV_OK; OV_BAD what is stored can't be read, or is not what was signed (trouble says
 * which): a mirror that forgets could sign a fork; OV_UNSUPPORTED no Ed25519 key; OV_IO; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_archive_open(const char *folder, struct ov_str vkey,
				      struct ov_quota *quota, uint64_t since,
				      struct ov_archive *out);
void ov_archive_close(struct ov_archive *a);

/** Entries that are held: the index of the next one wanted. */
uint64_t ov_archive_next(const struct ov_archive *a);

/** The newest pending size; 0: none. */
uint64_t ov_archive_pending(const struct ov_archive *a);

/** Is this the size of a checkpoint that can be signed? */
bool ov_archive_knows(const struct ov_archive *a, uint64_t size);

/**
 * add-checkpoint: as a witness, but nothing is signed. A checkpoint that contradicts what is stored
 * is kept as evidence. @param status  HTTP's. @return OV_OK with a status.
 */
OV_MUST_USE ov_status ov_archive_checkpoint(struct ov_archive *a,
					    const struct ov_witness_request *r, int *status);

/**
 * Takes a package of entries of an upload to `end`, a size that is known. p->start is not above the
 * next entry. @return OV_OK; OV_BAD the proof does not lead there; OV_LIMIT no room; OV_IO;
 * OV_NOMEM.
 */
OV_MUST_USE ov_status ov_archive_package(struct ov_archive *a, const struct ov_mirror_package *p,
					 uint64_t end);

/** Makes what was taken durable. */
OV_MUST_USE ov_status ov_archive_flush(struct ov_archive *a);

struct ov_archive_file {
	uint8_t sha256[OV_SHA256_BYTES];
	uint64_t size;
};

/** The first artifact or delta that the entries before `size` name and that is not here. @return
 * OV_OK there is one; OV_END all are here; OV_UNSUPPORTED a state of a newer version: nobody can
 * say what it names; OV_IO; OV_NOMEM. */
OV_MUST_USE ov_status ov_archive_missing(struct ov_archive *a, uint64_t size,
					 struct ov_archive_file *out);

/** Fetches a file from the sources in turn and keeps it if its digest is right. Memory does not
 * grow with it. @return OV_OK; OV_END nobody has it; OV_BAD only other bytes; OV_LIMIT no room;
 * OV_IO. */
OV_MUST_USE ov_status ov_archive_fetch(const char *public, struct ov_quota *quota,
				       struct ov_hasher *h, struct ov_fetch *f, size_t nsources,
				       const struct ov_archive_file *file);

/**
 * Signs the checkpoint of `size`, which is known and not below what is held, or signs the one held
 * anew. @param line  The cosignature line is appended.
 * @return OV_OK; OV_END something is not held yet; OV_LIMIT no room; OV_BAD what is held does not
 * lead to the checkpoint's root: it is damaged; OV_IO; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_archive_sign(struct ov_archive *a, const struct ov_skey *key,
				      uint64_t size, uint64_t now, struct ov_buf *line);

#endif
