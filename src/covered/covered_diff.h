/*
 * Two verdicts held against each other: of two days, of two machines, of before and after. What is
 * new, what is gone, and of what stayed the same thing, what is judged otherwise now. No file, no
 * clock.
 */
#ifndef OV_COVERED_DIFF_H
#define OV_COVERED_DIFF_H

#include "covered_judge.h"

enum ov_cov_change { OV_COV_NEW = 0, OV_COV_GONE, OV_COV_CHANGED, OV_COV_CHANGES };

/* What differs of a thing that is on both sides. */
enum {
	OV_COV_DIFF_GRADE = 1,
	OV_COV_DIFF_CLASS = 2,
	OV_COV_DIFF_STATE = 4,
	OV_COV_DIFF_VERSION = 8,
	OV_COV_DIFF_UPDATES = 16, /* whether updates still arrive */
	OV_COV_DIFF_RULES = 32	  /* what a rule says, or since when */
};

struct ov_cov_difference {
	enum ov_cov_change change;
	const struct ov_cov_finding *before, *after; /* NULL: not there */
	unsigned what;				     /* bits, of OV_COV_CHANGED */
};

struct ov_cov_diff {
	struct ov_cov_difference *d; /* new ones, gone ones, changed ones */
	size_t n;
	size_t same; /* findings that are alike on both sides */
};

struct ov_cov_side {
	const struct ov_inventory *inventory;
	const struct ov_cov_result *result;
};

/**
 * Both sides must be judged with the same list. Things are the same when product, kind, name,
 * identity and path are; the first element of a path is left out where it is the target itself, so
 * that two images of one system compare.
 * @param a  For the result, which points into both sides. @return OV_OK; OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_cov_compare(const struct ov_cov_side *before,
				     const struct ov_cov_side *after, struct ov_arena *a,
				     struct ov_cov_diff *out);

/** What a rule says of a finding; NULL: it does not speak of it. */
const struct ov_cov_verdict *ov_cov_says(const struct ov_cov_finding *f,
					 const struct ov_cov_rule *rule);

/** "new", "gone", "changed": static. */
const char *ov_cov_change_name(enum ov_cov_change c);

#endif
