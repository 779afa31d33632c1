/*
 * The text of a record of moving off: what one target held on one day, to be signed as a note
 * (src/tlog/note.h), before the move and after it. Lines of a word and its value; texts are JSON
 * strings, so that a name can't forge a line.
 *
 *   overt.migrate/v1
 *   state after
 *   target "/"
 *   taken 2026-11-22T13:00:00Z
 *   judged 2026-11-22T13:00:00Z
 *   profile "us-agency"
 *   list "Covered software and services" "2026-11-22"
 *   found 0
 *   undetermined 1
 *   unread 0
 *   finding E2 D named "kaspersky" "open-source" "app/package-lock.json" "1.2.3"
 *   more 12
 *   before 6e34...                       SHA-256 of the whole note before; only of "after"
 */
#ifndef OV_COVERED_MIG_NOTE_H
#define OV_COVERED_MIG_NOTE_H

#include "covered_judge.h"

#define OV_MIG_FINDINGS 200 /* lines; further ones are counted in `more` */
#define OV_MIG_HASH 64	    /* hexadecimal digits of SHA-256 */

struct ov_mig_facts {
	const struct ov_cov_list *list;
	const struct ov_inventory *inventory;
	const struct ov_cov_result *result;
	struct ov_str profile;
	int64_t at;
	struct ov_str before; /* OV_MIG_HASH digits: a record after the move; "": before it */
};

/** Appends the text. @return OV_OK; OV_LIMIT, OV_NOMEM of the buffer. */
OV_MUST_USE ov_status ov_mig_write(struct ov_buf *b, const struct ov_mig_facts *f);

struct ov_mig_record { /* views into the text; texts are still JSON, with their quotes */
	bool is_after;
	struct ov_str target, taken, judged, profile, list, before;
	uint64_t found, undetermined, unread, more;
	uint64_t findings; /* lines */
};

/** Reads a record's text, which is foreign. Each line must be known and each that must be there
 * must stand once. @return OV_OK; OV_BAD. */
OV_MUST_USE ov_status ov_mig_read(struct ov_str text, struct ov_mig_record *out);

#endif
