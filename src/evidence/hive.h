/* Reading a registry hive: keys, values, lists. */
#ifndef OV_EV_HIVE_H
#define OV_EV_HIVE_H

#include "ev_sources.h"

#define OV_HIVE_STEPS 20000000u /* rows of lists looked at in one hive: circles end here */

struct ov_hive {
	struct ov_ev *e;
	const struct ov_ev_file *file;
	struct ov_cur bins;
	uint32_t steps, broken; /* cells that are not what they should be */
};

struct ov_hive_key {
	struct ov_str name; /* UTF-8 */
	uint64_t written;
	uint32_t nkeys, keys, nvalues, values;
};

struct ov_hive_list {
	struct ov_cur c;
	uint32_t left;
	unsigned each;
	bool is_outer;
};

struct ov_hive_walk {
	struct ov_hive_list outer, inner;
};

OV_MUST_USE ov_status ov_hive_key(struct ov_hive *h, uint32_t at, struct ov_hive_key *out);
OV_MUST_USE ov_status ov_hive_keys(struct ov_hive *h, uint32_t at, struct ov_hive_list *l);
bool ov_hive_next(struct ov_hive_list *l, uint32_t *at);

/** Walks the children of a key. */
OV_MUST_USE ov_status ov_hive_walk(struct ov_hive *h, const struct ov_hive_key *k,
				   struct ov_hive_walk *w);
bool ov_hive_step(struct ov_hive *h, struct ov_hive_walk *w, struct ov_hive_key *out);

/** A child by name, case-blind. @return OV_OK; OV_END; ... */
OV_MUST_USE ov_status ov_hive_child(struct ov_hive *h, const struct ov_hive_key *k,
				    const char *name, struct ov_hive_key *out);
/** Down a path with backslashes. */
bool ov_hive_path(struct ov_hive *h, const struct ov_hive_key *from, const char *path,
		  struct ov_hive_key *out);

/** A value as text (numbers too, in decimal). @return OV_OK; OV_END: there is none; ... */
OV_MUST_USE ov_status ov_hive_value(struct ov_hive *h, const struct ov_hive_key *k,
				    const char *name, struct ov_str *text, uint32_t *number);
struct ov_str ov_hive_text(struct ov_hive *h, const struct ov_hive_key *k, const char *name);

int64_t ov_hive_time(uint64_t written);

/**
 * Applies the transaction logs beside a hive that was being written.
 *
 * @param hive      All of it; replaced by a copy in e->arena when something was applied.
 * @param is_dirty  What its logs hold is missing: there were none, or none that fits.
 * @return OV_OK; OV_LIMIT, OV_NOMEM, OV_IO, OV_SHORT, OV_BAD: a log can't be read.
 */
OV_MUST_USE ov_status ov_hive_recover(struct ov_ev *e, const struct ov_ev_file *f,
				      struct ov_cur *hive, bool *is_dirty);

/** What the keys say: hive_report.c. */
OV_MUST_USE ov_status ov_hive_report(struct ov_hive *h, const struct ov_hive_key *root);

#endif
