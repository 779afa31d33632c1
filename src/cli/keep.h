/*
 * What overt keeps for a user between runs: small files of mode 0600 in $XDG_STATE_HOME/overt, else
 * ~/.local/state/overt, for root /var/lib/overt. Each is written aside and renamed; no part of the
 * path that is ours may be a link, and nothing of it anybody else's.
 */
#ifndef OV_CLI_KEEP_H
#define OV_CLI_KEEP_H

#include <stdbool.h>

#include "buf.h"
#include "status.h"

/** Opens (is_new: makes) the folder. The base ($HOME, $XDG_STATE_HOME) is the user's word and may
 * hold links. @return a descriptor to be closed, or -1. */
int keep_folder(bool is_new);

/** Writes a file whole, or not at all. */
bool keep_save(int folder, const char *name, const struct ov_buf *text);

/** Appends a file's bytes. @return OV_OK; OV_IO: there is none; OV_LIMIT above the buffer's
 * ceiling; OV_NOMEM. */
OV_MUST_USE ov_status keep_read(const char *name, struct ov_buf *out);

#endif
