/*
 * Moving off: which steps of the list apply to what was found, in the list's order, each with what
 * to do, how it is seen to be done, and how it is undone. A plan is data: nothing here does
 * anything, and nothing that reads it does a step for the person whose step it is.
 */
#ifndef OV_COVERED_PLAN_H
#define OV_COVERED_PLAN_H

#include "covered_judge.h"

struct ov_cov_plan_step {
	const struct ov_cov_step *step;
	const struct ov_cov_finding **because; /* what it is for; NULL and 0: for all of it */
	size_t nbecause;
};

struct ov_cov_plan {
	struct ov_cov_plan_step *steps;
	size_t nsteps;
	size_t nfound;	/* findings at E3 or above, of which each step speaks */
	size_t without; /* of these, how many no step of the list speaks of */
};

/** @param a  For the plan, which points into list and result. Without anything at E3 or above the
 * plan is empty. @return OV_OK; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_cov_plan_make(const struct ov_cov_list *l, const struct ov_cov_result *r,
				       struct ov_arena *a, struct ov_cov_plan *out);

#endif
