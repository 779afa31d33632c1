/* Binary property lists: texts of the topmost dictionary. */
#ifndef OV_EV_BPLIST_H
#define OV_EV_BPLIST_H

#include "arena.h"
#include "cursor.h"
#include "status.h"
#include "str.h"

/** The text that stands for `key` in the topmost dictionary. Texts of 8 bits are views, others are
 * the arena's, in UTF-8. @return OV_OK; OV_END no such key, or no text stands there; OV_BAD,
 * OV_SHORT the list is broken; OV_UNSUPPORTED its top is no dictionary; OV_NOMEM, OV_LIMIT. */
OV_MUST_USE ov_status ov_ev_bplist_text(struct ov_cur in, const char *key, struct ov_arena *a,
					struct ov_str *out);

#endif
