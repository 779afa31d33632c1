/* The two files of `overt migrate run` that it reads back: what both readers say to it. */
#ifndef OV_EV_MOVING_H
#define OV_EV_MOVING_H

#include "gather_int.h"

/*
 * Both come as components OV_WHAT_CONFIG, one for each stanza or line, and only of a file that the
 * user names. `id` is one of these two words, `name` the stanza's type or the event, `version` its
 * number in the file with leading zeros. Its fields are evidence of kind OV_EV_FIELD: the field's
 * name in `where`, its line or place in `detail`, its text in `value`. Whatever is not as it should
 * be is told as unread; the command then takes nothing of the file.
 */
#define OV_MOVING_PLAN "overt.plan"
#define OV_MOVING_JOURNAL "overt.journal"

/** Tells what is wrong with a line; after 20 no more. */
OV_MUST_USE ov_status ov_ev_wrong_line(struct ov_ev *e, uint32_t *errors, uint32_t line,
				       const char *why);

#endif
