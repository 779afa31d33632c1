/*
 * What was in force when: a log of this machine's own, as tlog-tiles in the folder "history", with
 * a checkpoint signed by a key of this machine. Each entry is the whole of what is in force:
 *
 *   overt-in-force/v1
 *   time <unix seconds>
 *   source <name> <kind> <version> <files> <sha256 of its list of files>
 *
 * An entry that is changed, left out or put between shows, unless somebody with the machine's key
 * writes the whole log anew; a checkpoint kept elsewhere shows that too.
 */
#ifndef OV_HISTORY_H
#define OV_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "status.h"
#include "str.h"

#define OV_HISTORY_ERROR 256

/**
 * Appends what is in force, when it is not what the newest entry says. Makes log and key when they
 * are not there. @param sources  The "source" lines. @param added  Whether there is a new entry.
 */
OV_MUST_USE ov_status ov_history_note(const char *folder, uint64_t now, struct ov_str sources,
				      bool *added, char error[OV_HISTORY_ERROR]);

struct ov_history_entry {
	uint64_t index, time;
	struct ov_str sources; /* its "source" lines */
};
/** @return false to stop */
typedef bool (*ov_history_fn)(void *ctx, const struct ov_history_entry *e);

/** Tells each entry, oldest first, and proves nothing. @return OV_OK; OV_END there is none. */
OV_MUST_USE ov_status ov_history_read(const char *folder, ov_history_fn fn, void *ctx,
				      char error[OV_HISTORY_ERROR]);

/**
 * Computes the whole log anew from its entries and holds it against the checkpoint and its
 * signature. @param earlier  A checkpoint that was kept elsewhere, or empty: the log must begin
 * with it. @param size  Entries. @return OV_OK; OV_END there is no log; OV_BAD with the reason.
 */
OV_MUST_USE ov_status ov_history_verify(const char *folder, struct ov_str earlier, uint64_t *size,
					char error[OV_HISTORY_ERROR]);

/** Appends the newest checkpoint, to be kept elsewhere. @return OV_OK; OV_END. */
OV_MUST_USE ov_status ov_history_checkpoint(const char *folder, struct ov_buf *out);

#endif
