/* A plan written for `overt migrate run`, to be read, filled in and kept by people. */
#ifndef OV_COVERED_PLAN_TEXT_H
#define OV_COVERED_PLAN_TEXT_H

#include "plan.h"

struct ov_plan_text {
	const struct ov_cov_plan *plan;
	struct ov_str target, id, made;
	struct ov_str *groups; /* 0: one group "here", whose commands run on this machine */
	size_t ngroups;
};

/**
 * Appends the file (docs/MIGRATE.md). Commands stand there where overt knows them: the probe, and
 * the removal of packages that were found; what only the site knows stands between < and >, and the
 * plan is refused until it is filled in.
 * @return OV_OK; OV_LIMIT, OV_NOMEM of the buffer.
 */
OV_MUST_USE ov_status ov_plan_text(struct ov_buf *b, const struct ov_plan_text *p);

#endif
